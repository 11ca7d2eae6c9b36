/* private.c - see private.h. */
#include "client/private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/error.h"
#include "common/sys/clock.h"
#include "common/sys/file.h"
#include "common/sys/proc.h"

enum {
    READY_FD = 3,
    START_SECONDS = 30, /* to read the store of a large state folder */
    LAST_WORDS = 400,
};

bool gc_private_alive(const char *socket_path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(socket_path);
    if (len >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, socket_path, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    /* EAGAIN: its queue is full, so it is there. */
    bool alive = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN;
    close(fd);
    return alive;
}

/* ---- waiting ---- */

static bool woken(int wake)
{
    struct pollfd fd = {.fd = wake, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

static int interrupted(struct graphcap_error *error)
{
    return gc_fail(error, GRAPHCAP_INTERRUPTED, "interrupted while the private coordinator was starting");
}

static int take_turn(const struct gc_private *p, int *ret_fd, struct graphcap_error *error)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/start.lock", p->place->state) >= (int)sizeof path)
        return gc_fail(error, GRAPHCAP_LIMIT, "%s: the state folder's path is too long", p->place->state);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return gc_fail(error, (int)gc_err_from_errno(errno), "%s: %s; the state folder must be writable",
                       path, strerror(errno));
    while (flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR && !woken(p->wake))
            continue;
        int code = errno == EINTR
                       ? interrupted(error)
                       : gc_fail(error, (int)gc_err_from_errno(errno), "%s: %s", path, strerror(errno));
        close(fd);
        return code;
    }
    *ret_fd = fd;
    return GRAPHCAP_OK;
}

/* The last line of the log, for the error message: what the daemon itself said. */
static void last_words(const char *log, char *ret, size_t size)
{
    char tail[LAST_WORDS + 1];
    ret[0] = '\0';
    int fd = open(log, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    off_t end = lseek(fd, 0, SEEK_END);
    off_t from = end > LAST_WORDS ? end - LAST_WORDS : 0;
    ssize_t n = end > 0 ? pread(fd, tail, LAST_WORDS, from) : 0;
    close(fd);
    while (n > 0 && (tail[n - 1] == '\n' || tail[n - 1] == ' '))
        n--;
    if (n <= 0)
        return;
    tail[n] = '\0';
    const char *line = strrchr(tail, '\n');
    (void)snprintf(ret, size, ": %s", line ? line + 1 : tail);
}

/* It ended, or said nothing: why, and where to look. */
static int not_ready(const char *log, const char *what, struct graphcap_error *error)
{
    char words[LAST_WORDS + 4];
    last_words(log, words, sizeof words);
    return gc_fail(error, GRAPHCAP_UNREACHABLE, "the private coordinator %s%s (its log is %s)", what, words,
                   log);
}

static int wait_ready(const struct gc_private *p, int ready, const char *log, struct graphcap_error *error)
{
    struct pollfd fds[2] = {{.fd = ready, .events = POLLIN}, {.fd = p->wake, .events = POLLIN}};
    uint64_t until = gc_clock_now() + START_SECONDS * GC_SEC;
    for (;;) {
        uint64_t now = gc_clock_now();
        if (now >= until)
            return not_ready(log, "did not answer within 30 s", error);
        int n = poll(fds, 2, (int)((until - now) / GC_MS) + 1);
        if (n < 0 && errno != EINTR)
            return gc_fail(error, GRAPHCAP_IO, "poll: %s", strerror(errno));
        if (n > 0 && fds[1].revents)
            return interrupted(error);
        if (n > 0 && fds[0].revents)
            break;
    }
    char byte;
    ssize_t got;
    do
        got = read(ready, &byte, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 ? GRAPHCAP_OK : not_ready(log, "ended as it started", error);
}

/* ---- the program ---- */

/* DIR/name where that can be executed. */
static char *program_in(const char *dir, size_t len, const char *name)
{
    size_t size = len + strlen(name) + 2;
    char *path = malloc(size);
    if (!path)
        return NULL;
    (void)snprintf(path, size, "%.*s/%s", (int)len, dir, name);
    if (access(path, X_OK) == 0)
        return path;
    free(path);
    return NULL;
}

static char *program_beside_us(const char *name)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return NULL;
    self[n] = '\0';
    const char *slash = strrchr(self, '/');
    return slash ? program_in(self, (size_t)(slash - self), name) : NULL;
}

static char *program_by_library(const char *name)
{
    char *path = gc_private_library();
    char *slash = path ? strrchr(path, '/') : NULL;
    char *found = NULL;
    if (slash) {
        char dir[4096];
        if (snprintf(dir, sizeof dir, "%.*s/../bin", (int)(slash - path), path) < (int)sizeof dir)
            found = program_in(dir, strlen(dir), name);
    }
    free(path);
    return found;
}

static char *program_in_path(const char *name)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t len = strcspn(path, ":");
        char *found = len && path[0] == '/' ? program_in(path, len, name) : NULL;
        if (found)
            return found;
        path += len + (path[len] == ':');
    }
    return NULL;
}

int gc_private_program(const char *bindir, const char *name, char **ret, struct graphcap_error *error)
{
    const char *variable = getenv("GRAPHCAP_BINDIR");
    if (!bindir && variable && variable[0])
        bindir = variable;
    if (bindir) {
        *ret = program_in(bindir, strlen(bindir), name);
        return *ret ? GRAPHCAP_OK
                    : gc_fail(error, GRAPHCAP_UNREACHABLE, "%s/%s: %s", bindir, name, strerror(errno));
    }
    *ret = program_beside_us(name);
    if (!*ret)
        *ret = program_by_library(name);
    if (!*ret)
        *ret = program_in_path(name);
    if (*ret)
        return GRAPHCAP_OK;
    return gc_fail(
        error, GRAPHCAP_UNREACHABLE,
        "cannot start a private coordinator: no %s beside this program, by its library or in PATH; set "
        "GRAPHCAP_BINDIR, or name a coordinator with --connect ENDPOINT",
        name);
}

/* ---- the start ---- */

static int open_log(const struct gc_place *place, char *path, size_t size, int *ret_fd,
                    struct graphcap_error *error)
{
    struct gc_fault fault = {0};
    if (snprintf(path, size, "%s/log", place->state) >= (int)size)
        return gc_fail(error, GRAPHCAP_LIMIT, "%s: the state folder's path is too long", place->state);
    enum gc_err err = gc_file_make_dirs(path, 0700, &fault);
    if (err != GC_OK)
        return gc_fail_fault(error, err, &fault);
    if (snprintf(path, size, "%s/log/coordinator.log", place->state) >= (int)size)
        return gc_fail(error, GRAPHCAP_LIMIT, "%s: the state folder's path is too long", place->state);
    *ret_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (*ret_fd < 0)
        return gc_fail(error, (int)gc_err_from_errno(errno), "%s: %s", path, strerror(errno));
    return GRAPHCAP_OK;
}

static int spawn(const struct gc_private *p, char *program, int log, int ready, pid_t *ret,
                 struct graphcap_error *error)
{
    char executors[16];
    char fd[16];
    (void)snprintf(executors, sizeof executors, "%u", p->executors);
    (void)snprintf(fd, sizeof fd, "%d", READY_FD);
    char *argv[] = {program,         "--private", "--state",
                    p->place->state, "--listen",  p->place->endpoint,
                    "--ready-fd",    fd,          p->executors ? "--executors" : NULL,
                    executors,       NULL};
    int fds[] = {-1, log, log, ready};
    GC_STATIC_ASSERT(GC_COUNT_OF(fds) == READY_FD + 1,
                     "the ready pipe is the descriptor that the argument names");
    struct gc_proc_spawn s = {
        .path = program, .argv = argv, .fds = fds, .fd_count = GC_COUNT_OF(fds), .own_group = true};
    struct gc_fault fault = {0};
    enum gc_err err = gc_proc_spawn(&s, ret, &fault);
    if (err == GC_OK)
        return GRAPHCAP_OK;
    return gc_fail_context(error, gc_fail_fault(error, err, &fault), "cannot start the private coordinator");
}

static int start(const struct gc_private *p, char *program, pid_t *ret_child, struct graphcap_error *error)
{
    char log_path[4096];
    int log = -1;
    int ready[2];
    pid_t child;
    int code = open_log(p->place, log_path, sizeof log_path, &log, error);
    if (code != GRAPHCAP_OK)
        return code;
    if (pipe2(ready, O_CLOEXEC) != 0) {
        close(log);
        return gc_fail(error, (int)gc_err_from_errno(errno), "pipe: %s", strerror(errno));
    }
    code = spawn(p, program, log, ready[1], &child, error);
    close(log);
    close(ready[1]); /* so that the child's death is an end of file */
    if (code == GRAPHCAP_OK) {
        code = wait_ready(p, ready[0], log_path, error);
        if (code == GRAPHCAP_OK || code == GRAPHCAP_INTERRUPTED)
            *ret_child = child; /* interrupted: it goes on coming up, and ends when nobody comes */
        else
            (void)waitpid(child, NULL, WNOHANG);
    }
    close(ready[0]);
    return code;
}

int gc_private_start(const struct gc_private *p, pid_t *ret_child, struct graphcap_error *error)
{
    int turn;
    char *program;
    *ret_child = 0;
    int code = take_turn(p, &turn, error);
    if (code != GRAPHCAP_OK)
        return code;
    if (!gc_private_alive(p->place->socket)) { /* else somebody was faster */
        code = gc_private_program(p->bindir, "gc-coordinator", &program, error);
        if (code == GRAPHCAP_OK) {
            code = start(p, program, ret_child, error);
            free(program);
        }
    }
    close(turn);
    return code;
}
