/* zygote_parent.c - the worker's side of the zygote. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/sys/file.h"
#include "common/sys/log.h"
#include "common/sys/proc.h"
#include "proto/limits.h"
#include "worker/pool/fds.h"
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

static bool send_order(struct gc_zygote *z, const int fds[3])
{
    char order = 'f';
    return z->pid != 0 && gc_fds_send(z->sock, &order, 1, fds, 3, 0);
}

static enum gc_err order(struct gc_zygote *z, const int fds[3], struct gc_fault *fault)
{
    pthread_mutex_lock(&z->lock);
    enum gc_err err = GC_OK;
    if (!send_order(z, fds)) {
        /* It was killed: it serves nothing else, and so it costs nothing but a new one. */
        end(z);
        gc_log_bare(GC_LOG_WARN, "zygote_lost");
        err = begin(z, fault);
        if (err == GC_OK && !send_order(z, fds))
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

enum gc_err gc_zygote_fork(struct gc_zygote *z, int memory, struct gc_zygote_child *ret,
                           struct gc_fault *fault)
{
    int talk[2], status[2];
    if (!gc_fds_pair(talk))
        return gc_fault_set(fault, GC_ERR_UNREACHABLE, "a socket for an executor: %s", strerror(errno));
    if (!gc_fds_pair(status)) {
        gc_fds_close(talk, 2);
        return gc_fault_set(fault, GC_ERR_UNREACHABLE, "a socket for an executor: %s", strerror(errno));
    }
    const int fds[3] = {talk[1], memory, status[1]};
    enum gc_err err = order(z, fds, fault);
    close(talk[1]);
    close(status[1]);
    struct gc_zygote_child child = {.sock = talk[0], .status = status[0]};
    if (err == GC_OK)
        err = birth(status[0], &child, fault);
    if (err != GC_OK) {
        close(talk[0]);
        close(status[0]);
        return err;
    }
    *ret = child;
    return GC_OK;
}
