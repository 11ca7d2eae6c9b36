/* zygote_parent.c - the worker's side of the zygote. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/sys/file.h"
#include "common/sys/log.h"
#include "common/sys/proc.h"
#include "proto/limits.h"
#include "worker/pool/fds.h"
#include "worker/pool/share.h"
#include "worker/pool/zygote.h"

#define START_MS 30000 /* for libvips and its plug-ins, on a cold and busy disk */
#define BIRTH_MS 10000

struct gc_zygote {
    pthread_mutex_t lock; /* held while a new one is started, which takes as long as the disk wants */
    char *program;
    _Atomic pid_t pid; /* 0: there is none; changed under the lock, read without */
    int sock;
    uint8_t *catalogue;
    size_t catalogue_len;
};

static bool wait_for(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int n;
    do
        n = poll(&p, 1, ms);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

static void end(struct gc_zygote *z)
{
    if (z->pid == 0)
        return;
    close(z->sock);
    kill(z->pid, SIGKILL);
    while (waitpid(z->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    z->pid = 0;
}

/* The first time it is kept; later ones are the same, being of the same build. */
static enum gc_err take_catalogue(struct gc_zygote *z, int file, struct gc_fault *fault)
{
    if (z->catalogue)
        return GC_OK;
    struct stat st;
    if (fstat(file, &st) != 0 || st.st_size <= 0 || st.st_size > (off_t)GC_MAX_DOCUMENT)
        return gc_fault_set(fault, GC_ERR_INTERNAL, "the zygote wrote no catalogue");
    uint8_t *bytes = malloc((size_t)st.st_size);
    if (!bytes)
        return gc_fault_set(fault, GC_ERR_NOMEM, "no memory for the catalogue");
    enum gc_err err = gc_file_pread(file, bytes, (size_t)st.st_size, 0);
    if (err != GC_OK) {
        free(bytes);
        return gc_fault_set(fault, err, "the catalogue cannot be read");
    }
    z->catalogue = bytes;
    z->catalogue_len = (size_t)st.st_size;
    return GC_OK;
}

static enum gc_err greet(struct gc_zygote *z, struct gc_fault *fault)
{
    char text[GC_FAULT_TEXT_SIZE];
    int fds[GC_FDS_MAX];
    unsigned n = 0;
    ssize_t len = wait_for(z->sock, START_MS) ? gc_fds_recv(z->sock, text, sizeof text - 1, fds, &n, 0) : 0;
    enum gc_err err;
    if (len <= 0)
        err = gc_fault_set(fault, GC_ERR_INTERNAL, "the zygote ended, or was not ready in time");
    else if (n != 1)
        err = gc_fault_set(fault, GC_ERR_UNSUPPORTED, "libvips cannot be started: %.*s", (int)len, text);
    else
        err = take_catalogue(z, fds[0], fault);
    gc_fds_close(fds, n);
    return err;
}

static enum gc_err begin(struct gc_zygote *z, struct gc_fault *fault)
{
    int pair[2];
    if (!gc_fds_pair(pair))
        return gc_fault_set(fault, gc_err_from_errno(errno), "a socket for the zygote: %s", strerror(errno));
    char *const argv[] = {z->program, (char[]){"--zygote"}, NULL};
    const int fds[] = {-1, -1, STDERR_FILENO, pair[1]};
    const struct gc_proc_spawn spawn = {
        .path = z->program, .argv = argv, .fds = fds, .fd_count = GC_COUNT_OF(fds)};
    pid_t pid;
    enum gc_err err = gc_proc_spawn(&spawn, &pid, fault);
    close(pair[1]);
    if (err != GC_OK) {
        close(pair[0]);
        return err;
    }
    z->pid = pid;
    z->sock = pair[0];
    err = greet(z, fault);
    if (err != GC_OK)
        end(z);
    return err;
}

enum gc_err gc_zygote_start(const char *program, struct gc_zygote **ret, struct gc_fault *fault)
{
    struct gc_zygote *z = calloc(1, sizeof *z);
    if (z)
        z->program = strdup(program);
    if (!z || !z->program) {
        free(z);
        return gc_fault_set(fault, GC_ERR_NOMEM, "no memory for the zygote");
    }
    pthread_mutex_init(&z->lock, NULL);
    enum gc_err err = begin(z, fault);
    if (err != GC_OK) {
        gc_zygote_destroy(&z);
        return err;
    }
    *ret = z;
    return GC_OK;
}

void gc_zygote_destroy(struct gc_zygote **self_p)
{
    struct gc_zygote *z = *self_p;
    if (!z)
        return;
    end(z);
    pthread_mutex_destroy(&z->lock);
    free(z->catalogue);
    free(z->program);
    free(z);
    *self_p = NULL;
}

struct gc_bytes gc_zygote_catalogue(const struct gc_zygote *z)
{
    return (struct gc_bytes){z->catalogue, z->catalogue_len};
}

pid_t gc_zygote_pid(const struct gc_zygote *z)
{
    return z->pid;
}

/* Of a request, as the child has them; ours are in struct gc_zygote_child. */
enum { TALK, MEMORY, STATUS, SAID, FDS };

static bool send_order(struct gc_zygote *z, char order, const int fds[FDS])
{
    return z->pid != 0 && gc_fds_send(z->sock, &order, 1, fds, FDS, 0);
}

static enum gc_err send_or_begin(struct gc_zygote *z, char order, const int fds[FDS], struct gc_fault *fault)
{
    pthread_mutex_lock(&z->lock);
    enum gc_err err = GC_OK;
    if (!send_order(z, order, fds)) {
        /* It was killed: it serves nothing else, and so it costs nothing but a new one. */
        end(z);
        gc_log_bare(GC_LOG_WARN, "zygote_lost");
        err = begin(z, fault);
        if (err == GC_OK && !send_order(z, order, fds))
            err = gc_fault_set(fault, GC_ERR_UNREACHABLE, "the zygote does not take orders");
    }
    pthread_mutex_unlock(&z->lock);
    return err;
}

static enum gc_err birth(int status, struct gc_zygote_child *child, struct gc_fault *fault)
{
    struct gc_zygote_status word;
    int fds[GC_FDS_MAX];
    unsigned n = 0;
    ssize_t len = wait_for(status, BIRTH_MS) ? gc_fds_recv(status, &word, sizeof word, fds, &n, 0) : 0;
    if (len == sizeof word && word.word == GC_ZYGOTE_BORN && n == 1) {
        child->pidfd = fds[0];
        child->pid = word.pid;
        return GC_OK;
    }
    gc_fds_close(fds, n);
    int errnum = len == sizeof word ? word.status : EPIPE;
    return gc_fault_set(fault, GC_ERR_UNREACHABLE, "no executor can be forked: %s", strerror(errnum));
}

/* A pair of ends, ours and the child's, of each of its three ways. */
static bool make_ways(struct gc_zygote_child *child, int fds[FDS])
{
    int talk[2], status[2], said[2];
    if (!gc_fds_pair(talk))
        return false;
    if (!gc_fds_pair(status)) {
        gc_fds_close(talk, 2);
        return false;
    }
    /* Neither end blocks: an executor that prints without end loses what does not fit, and goes on. */
    if (pipe2(said, O_CLOEXEC | O_NONBLOCK) != 0) {
        gc_fds_close(talk, 2);
        gc_fds_close(status, 2);
        return false;
    }
    /* Where it cannot be had the system's default is what there is. */
    const int unread = (GC_SHARE_AHEAD + 2) * (int)sizeof(struct gc_share_msg);
    (void)setsockopt(talk[0], SOL_SOCKET, SO_SNDBUF, &unread, sizeof unread);
    *child = (struct gc_zygote_child){.pidfd = -1, .sock = talk[0], .status = status[0], .said = said[0]};
    fds[TALK] = talk[1];
    fds[STATUS] = status[1];
    fds[SAID] = said[1];
    return true;
}

enum gc_err gc_zygote_fork(struct gc_zygote *z, enum gc_zygote_order order, int memory,
                           struct gc_zygote_child *ret, struct gc_fault *fault)
{
    struct gc_zygote_child child;
    int fds[FDS];
    if (!make_ways(&child, fds))
        return gc_fault_set(fault, GC_ERR_UNREACHABLE, "sockets for an executor: %s", strerror(errno));
    fds[MEMORY] = memory;
    enum gc_err err = send_or_begin(z, (char)order, fds, fault);
    close(fds[TALK]);
    close(fds[STATUS]);
    close(fds[SAID]);
    if (err == GC_OK)
        err = birth(child.status, &child, fault);
    if (err != GC_OK) {
        gc_zygote_leave(&child);
        return err;
    }
    *ret = child;
    return GC_OK;
}

void gc_zygote_kill(const struct gc_zygote_child *child)
{
    (void)syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
}

bool gc_zygote_ended(const struct gc_zygote_child *child, int ms, struct gc_zygote_status *ret)
{
    int fds[GC_FDS_MAX];
    unsigned n = 0;
    ssize_t len = wait_for(child->status, ms) ? gc_fds_recv(child->status, ret, sizeof *ret, fds, &n, 0) : 0;
    gc_fds_close(fds, n);
    return len == sizeof *ret && ret->word == GC_ZYGOTE_ENDED;
}

void gc_zygote_leave(const struct gc_zygote_child *child)
{
    if (child->pidfd >= 0)
        close(child->pidfd);
    close(child->sock);
    close(child->status);
    close(child->said);
}
