#include "common/sys/proc.h"

#include "common/assert.h"
#include "common/num.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* dup2(a, b) in the child would overwrite a b that is still wanted as another's source. So each
 * source is first copied above all targets here, and the copies are close-on-exec. */
static enum gc_err copy_sources(const struct gc_proc_spawn *s, int copies[GC_PROC_MAX_FDS])
{
    for (size_t i = 0; i < s->fd_count; i++)
        copies[i] = -1;
    for (size_t i = 0; i < s->fd_count; i++) {
        copies[i] = s->fds[i] >= 0 ? fcntl(s->fds[i], F_DUPFD_CLOEXEC, GC_PROC_MAX_FDS)
                                   : open("/dev/null", O_RDWR | O_CLOEXEC);
        if (copies[i] < 0)
            return gc_err_from_errno(errno);
        if (copies[i] < GC_PROC_MAX_FDS) {
            /* /dev/null got a low number: lift it as well. */
            int high = fcntl(copies[i], F_DUPFD_CLOEXEC, GC_PROC_MAX_FDS);
            int errnum = errno;
            close(copies[i]);
            copies[i] = high;
            if (high < 0)
                return gc_err_from_errno(errnum);
        }
    }
    return GC_OK;
}

static int add_actions(const struct gc_proc_spawn *s, const int copies[GC_PROC_MAX_FDS],
                       posix_spawn_file_actions_t *actions)
{
    int failed = 0;
    for (size_t i = 0; i < s->fd_count && !failed; i++)
        failed = posix_spawn_file_actions_adddup2(actions, copies[i], (int)i);
    if (!failed)
        failed = posix_spawn_file_actions_addclosefrom_np(actions, (int)s->fd_count);
    return failed;
}

static int add_attributes(const struct gc_proc_spawn *s, posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (s->own_group)
        flags = (short)(flags | POSIX_SPAWN_SETPGROUP);
    int failed = posix_spawnattr_setflags(attributes, flags);
    if (!failed)
        failed = posix_spawnattr_setsigmask(attributes, &none);
    if (!failed)
        failed = posix_spawnattr_setsigdefault(attributes, &all);
    if (!failed && s->own_group)
        failed = posix_spawnattr_setpgroup(attributes, 0);
    return failed;
}

enum gc_err gc_proc_spawn(const struct gc_proc_spawn *s, pid_t *ret_pid, struct gc_fault *f)
{
    GC_ASSERT(s->fd_count <= GC_PROC_MAX_FDS);
    int copies[GC_PROC_MAX_FDS];
    enum gc_err err = copy_sources(s, copies);
    if (err != GC_OK) {
        err = gc_fault_set(f, err, "%s: cannot pass its descriptors on", s->path);
    } else {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        pid_t pid = 0;
        /* glibc's initialisers cannot fail. */
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        int failed = add_actions(s, copies, &actions);
        if (!failed)
            failed = add_attributes(s, &attributes);
        if (!failed)
            failed = posix_spawn(&pid, s->path, &actions, &attributes, s->argv, s->env ? s->env : environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        if (failed)
            err = gc_fault_set(f, gc_err_from_errno(failed), "%s: cannot run it: %s", s->path,
                               strerror(failed));
        else
            *ret_pid = pid;
    }
    for (size_t i = 0; i < s->fd_count; i++) {
        if (copies[i] >= 0)
            close(copies[i]);
    }
    return err;
}

/* The kB behind "NAME:" in the text of /proc/PID/status, as bytes. */
static bool status_bytes(const char *text, const char *name, uint64_t *ret)
{
    const char *at = strstr(text, name);
    if (!at)
        return false;
    char *end;
    unsigned long long kilobytes = strtoull(at + strlen(name), &end, 10);
    return end != at + strlen(name) && gc_mul_u64(kilobytes, 1024, ret);
}

enum gc_err gc_proc_memory(pid_t pid, uint64_t *ret_peak, uint64_t *ret_now)
{
    char path[64];
    if (pid == 0)
        snprintf(path, sizeof path, "/proc/self/status");
    else
        snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gc_err_from_errno(errno);
    /* Both lines stand in the first kilobyte; one read is one consistent picture. */
    char text[4096];
    ssize_t len = read(fd, text, sizeof text - 1);
    int errnum = errno;
    close(fd);
    if (len < 0)
        return gc_err_from_errno(errnum);
    text[len] = '\0';
    uint64_t peak, now;
    /* A zombie has a status and no memory. */
    if (!status_bytes(text, "\nVmHWM:", &peak) || !status_bytes(text, "\nVmRSS:", &now))
        return GC_ERR_NOT_FOUND;
    if (ret_peak)
        *ret_peak = peak;
    if (ret_now)
        *ret_now = now;
    return GC_OK;
}
