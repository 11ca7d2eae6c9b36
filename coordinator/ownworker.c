#include "coordinator/ownworker.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/sys/clock.h"
#include "common/sys/file.h"
#include "common/sys/log.h"
#include "common/sys/proc.h"
#include "proto/limits.h"

#define WAIT_FIRST_NS (200u * GC_MS)
#define WAIT_MOST_NS  (30u * GC_S)
#define HEALTHY_NS    (60u * GC_S) /* who lived so long did not die of its start */
#define OTHER_NS      (2u * GC_S)  /* how often one that is not our child is looked for */
#define MAX_ARGS      (12u + 2u * GC_SETTINGS_ROOTS)

static enum gc_err find_program(char **ret, struct gc_fault *f)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return gc_fault_set(f, gc_err_from_errno(errno), "/proc/self/exe: %s", strerror(errno));
    self[len] = '\0';
    char *slash = strrchr(self, '/');
    GC_ASSERT(slash != NULL);
    if (asprintf(ret, "%.*s/gc-worker", (int)(slash - self), self) < 0)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory");
    return GC_OK;
}

enum gc_err gc_ownworker_init(struct gc_ownworker *w, const struct gc_settings *settings, struct gc_fault *f)
{
    *w = (struct gc_ownworker){.settings = settings, .wait_ns = WAIT_FIRST_NS};
    enum gc_err err = find_program(&w->program, f);
    if (err != GC_OK)
        return err;
    if (asprintf(&w->folder, "%s/worker", settings->state) < 0 ||
        asprintf(&w->lock, "%s/worker.lock", w->folder) < 0)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory");
    return gc_file_make_dirs(w->folder, 0700, f);
}

void gc_ownworker_release(struct gc_ownworker *w)
{
    free(w->program);
    free(w->folder);
    free(w->lock);
    *w = (struct gc_ownworker){.settings = NULL};
}

/* ---- starting ---- */

/* The worker that holds the folder's lock; 0: nobody does. The lock is given back at once: the worker takes it for itself. */
static pid_t holder_of(const struct gc_ownworker *w)
{
    int fd;
    pid_t holder = 0;
    enum gc_err err = gc_file_lock(w->lock, &fd, &holder, NULL);
    if (err == GC_OK)
        close(fd);
    return err == GC_ERR_BUSY ? holder : 0;
}

/* argv wants writable strings and changes none. */
static char *word(const char *constant)
{
    return (char *)(uintptr_t)constant;
}

static void make_argv(const struct gc_ownworker *w, char *executors, char **argv)
{
    const struct gc_settings *s = w->settings;
    size_t n = 0;
    argv[n++] = w->program;
    argv[n++] = word("--private");
    argv[n++] = word("--connect");
    argv[n++] = word(s->endpoints[0]);
    argv[n++] = word("--state");
    argv[n++] = w->folder;
    if (s->executors > 0) {
        argv[n++] = word("--executors");
        argv[n++] = executors;
    }
    for (size_t i = 0; i < s->n_roots; i++) {
        argv[n++] = word("--root");
        argv[n++] = word(s->roots[i]);
    }
    GC_ASSERT(n <= MAX_ARGS);
    argv[n] = NULL;
}

static enum gc_err spawn(struct gc_ownworker *w, struct gc_fault *f)
{
    char executors[24];
    char *argv[MAX_ARGS + 1];
    (void)snprintf(executors, sizeof executors, "%llu", (unsigned long long)w->settings->executors);
    make_argv(w, executors, argv);
    const int fds[] = {-1, STDERR_FILENO, STDERR_FILENO}; /* it logs where we do */
    struct gc_proc_spawn child = {
        .path = w->program, .argv = argv, .fds = fds, .fd_count = GC_COUNT_OF(fds), .own_group = true};
    /* The store's thread may make a file meanwhile: it lies in a folder that is closed to others. */
    mode_t ours = umask(w->settings->user_mask);
    enum gc_err err = gc_proc_spawn(&child, &w->pid, f);
    umask(ours);
    return err;
}

static void start(struct gc_ownworker *w, uint64_t now_ns)
{
    struct gc_fault f;
    gc_fault_clear(&f);
    enum gc_err err = spawn(w, &f);
    w->started_ns = now_ns;
    if (err == GC_OK) {
        w->due_ns = UINT64_MAX;
        gc_log(GC_LOG_INFO, "worker_started", gc_kv_i64("pid", w->pid));
        return;
    }
    w->pid = 0;
    gc_log(GC_LOG_ERROR, "worker_not_started", gc_kv_err(err), gc_kv_text(&f));
    w->due_ns = now_ns + w->wait_ns;
    w->wait_ns = w->wait_ns * 2 < WAIT_MOST_NS ? w->wait_ns * 2 : WAIT_MOST_NS;
}

void gc_ownworker_tend(struct gc_ownworker *w, uint64_t now_ns)
{
    if (!w->settings || w->ending || w->pid || now_ns < w->due_ns)
        return;
    pid_t other = holder_of(w);
    if (other && other != w->other)
        gc_log(GC_LOG_INFO, "worker_found", gc_kv_i64("pid", other));
    w->other = other;
    if (other)
        w->due_ns = now_ns + OTHER_NS;
    else
        start(w, now_ns);
}

/* ---- ending ---- */

void gc_ownworker_reap(struct gc_ownworker *w, uint64_t now_ns)
{
    int status;
    if (!w->pid || waitpid(w->pid, &status, WNOHANG) != w->pid)
        return;
    if (now_ns - w->started_ns >= HEALTHY_NS)
        w->wait_ns = WAIT_FIRST_NS;
    gc_log(w->ending ? GC_LOG_INFO : GC_LOG_WARN, w->ending ? "worker_ended" : "worker_died",
           gc_kv_i64("pid", w->pid),
           gc_kv_i64(WIFSIGNALED(status) ? "signal" : "exit",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)),
           gc_kv_u64("again_in_ms", w->wait_ns / GC_MS));
    w->pid = 0;
    w->due_ns = now_ns + w->wait_ns;
    w->wait_ns = w->wait_ns * 2 < WAIT_MOST_NS ? w->wait_ns * 2 : WAIT_MOST_NS;
}

/* Whether the child has ended within that time. SIGCHLD is blocked, so it can be waited for. */
static bool ended_within(struct gc_ownworker *w, uint64_t patience_ns)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    uint64_t end = gc_clock_now() + patience_ns;
    for (;;) {
        if (waitpid(w->pid, NULL, WNOHANG) == w->pid)
            return true;
        uint64_t now = gc_clock_now();
        if (now >= end)
            return false;
        struct timespec left = {.tv_sec = (time_t)((end - now) / GC_S),
                                .tv_nsec = (long)((end - now) % GC_S)};
        (void)sigtimedwait(&child, NULL, &left);
    }
}

void gc_ownworker_ask_end(struct gc_ownworker *w)
{
    if (!w->settings || w->ending)
        return;
    w->ending = true;
    /* One that is not our child is ours all the same: it holds the lock of our folder. */
    pid_t pid = w->pid ? w->pid : holder_of(w);
    if (pid > 0)
        kill(pid, SIGTERM);
}

void gc_ownworker_stop(struct gc_ownworker *w, uint64_t patience_ns)
{
    gc_ownworker_ask_end(w);
    if (!w->pid)
        return;
    if (!ended_within(w, patience_ns)) {
        gc_log(GC_LOG_WARN, "worker_killed", gc_kv_i64("pid", w->pid));
        kill(-w->pid, SIGKILL); /* a group of its own: its children too */
        waitpid(w->pid, NULL, 0);
    }
    w->pid = 0;
}
