/* zygote.c - the child's side. */
#include "worker/pool/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/sys/file.h"
#include "proto/limits.h"
#include "worker/ops/ops.h"
#include "worker/pool/executor.h"
#include "worker/pool/fds.h"
#include "worker/pool/seal_try.h"

#define CHILDREN (2u * GC_MAX_SLOTS) /* the dying beside the new */

/* Of a request. */
enum { FD_TALK, FD_MEMORY, FD_STATUS, FD_SAID, FDS };

struct child {
    pid_t pid;
    int pidfd;
    int status;
};

struct zygote {
    int sock;
    struct child children[CHILDREN];
    unsigned n;
};

static int pid_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* The catalogue, as a sealed file in memory, with its length in the file's size. */
static int catalogue_file(struct gc_fault *fault)
{
    uint8_t *bytes = malloc(GC_MAX_DOCUMENT);
    int fd = memfd_create("catalogue", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct gc_buf buf;
    gc_buf_init(&buf, bytes, bytes ? GC_MAX_DOCUMENT : 0);
    enum gc_err err = fd < 0 || !bytes ? GC_ERR_NOMEM : gc_ops_catalogue(&buf, fault);
    if (err == GC_OK)
        err = gc_file_write_all(fd, buf.data, buf.len);
    free(bytes);
    if (err == GC_OK)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* ---- children ---- */

/* Where the machine has no memory left the kernel ends an executor before it ends a worker. */
static void die_first(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    enum gc_err err = gc_file_write_all(fd, "1000", 4);
    (void)err;
    close(fd);
}

GC_NORETURN static void be_child(struct zygote *z, char order, const int fds[FDS])
{
    for (unsigned i = 0; i < z->n; i++) {
        close(z->children[i].pidfd);
        close(z->children[i].status);
    }
    close(z->sock);
    close(fds[FD_STATUS]);
    dup2(fds[FD_SAID], STDOUT_FILENO);
    /* GC_EXECUTOR_STDERR is for who looks for a sanitizer's report, which is longer than what is kept. */
    if (!getenv("GC_EXECUTOR_STDERR"))
        dup2(fds[FD_SAID], STDERR_FILENO);
    close(fds[FD_SAID]);
    die_first();
    if (order == GC_ZYGOTE_TRIAL)
        _exit(gc_seal_trial_main(fds[FD_TALK], fds[FD_MEMORY]));
    _exit(gc_executor_main(fds[FD_TALK], fds[FD_MEMORY]));
}

static void tell(int status, const struct gc_zygote_status *word, int pidfd)
{
    (void)gc_fds_send(status, word, sizeof *word, &pidfd, pidfd >= 0 ? 1 : 0, MSG_DONTWAIT);
}

static void bear(struct zygote *z, char order, int fds[FDS])
{
    struct gc_zygote_status word = {.word = GC_ZYGOTE_STILLBORN};
    pid_t parent = getpid();
    errno = EAGAIN; /* if there are too many */
    pid_t pid = z->n < CHILDREN ? fork() : -1;
    if (pid == 0) {
        /* Should the zygote have died in between, nobody would be left to end us. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(0);
        be_child(z, order, fds);
    }
    int pidfd = pid > 0 ? pid_open(pid) : -1;
    if (pidfd < 0) {
        word.status = errno;
        tell(fds[FD_STATUS], &word, -1);
        gc_fds_close(fds, FDS);
        if (pid > 0) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        }
        return;
    }
    word = (struct gc_zygote_status){.word = GC_ZYGOTE_BORN, .pid = pid};
    tell(fds[FD_STATUS], &word, pidfd);
    z->children[z->n++] = (struct child){.pid = pid, .pidfd = pidfd, .status = fds[FD_STATUS]};
    close(fds[FD_TALK]);
    close(fds[FD_MEMORY]);
    close(fds[FD_SAID]);
}

static void bury(struct zygote *z, unsigned i)
{
    struct child *c = &z->children[i];
    struct rusage used;
    int status = 0;
    if (wait4(c->pid, &status, WNOHANG, &used) != c->pid)
        return;
    struct gc_zygote_status word = {
        .word = GC_ZYGOTE_ENDED, .pid = c->pid, .status = status, .peak = (uint64_t)used.ru_maxrss * 1024};
    tell(c->status, &word, -1);
    close(c->status);
    close(c->pidfd);
    *c = z->children[--z->n];
}

/* False: the worker has gone. */
static bool serve(struct zygote *z)
{
    struct pollfd polls[CHILDREN + 1];
    polls[0] = (struct pollfd){.fd = z->sock, .events = POLLIN};
    for (unsigned i = 0; i < z->n; i++)
        polls[i + 1] = (struct pollfd){.fd = z->children[i].pidfd, .events = POLLIN};
    if (poll(polls, z->n + 1, -1) < 0)
        return errno == EINTR;
    /* From the end: burying one moves the last into its place. */
    for (unsigned i = z->n; i > 0; i--) {
        if (polls[i].revents)
            bury(z, i - 1);
    }
    if (!polls[0].revents)
        return true;
    char order;
    int fds[GC_FDS_MAX];
    unsigned n;
    if (gc_fds_recv(z->sock, &order, sizeof order, fds, &n, 0) <= 0)
        return false;
    if (n == FDS)
        bear(z, order, fds);
    else
        gc_fds_close(fds, n);
    return true;
}

int gc_zygote_main(const char *argv0, int fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "gc-zygote");
    /* Executors inherit it. Over 515 photographs one had 399 MiB resident with glibc's default, 217 with two arenas and 164 with one,
     * which was no slower: an executor computes in one thread. (The variable is read before main: to set it here would be too late.) */
    if (!getenv("MALLOC_ARENA_MAX"))
        mallopt(M_ARENA_MAX, 1);
    static struct zygote z;
    z.sock = fd;
    struct gc_fault fault = {0};
    int file = gc_ops_init(argv0, &fault) == GC_OK ? catalogue_file(&fault) : -1;
    /* The catalogue, or why there is none. */
    size_t len = file >= 0 ? 0 : strlen(fault.text);
    if (!gc_fds_send(fd, file >= 0 ? "ok" : fault.text, file >= 0 ? 2 : (len > 0 ? len : 1), &file, file >= 0,
                     0) ||
        file < 0)
        return 1;
    close(file);
    while (serve(&z)) {
    }
    return 0;
}
