#include "worker/pool/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/num.h"
#include "common/sys/clock.h"
#include "common/sys/random.h"

#define PREFIX ".graphcap-"

static void explain(char text[GC_SHARE_TEXT], const char *what)
{
    snprintf(text, GC_SHARE_TEXT, "%.*s", GC_SHARE_TEXT - 1, what);
}

static enum gc_cause cause_of(enum gc_err err)
{
    if (err == GC_ERR_NOT_FOUND)
        return GC_CAUSE_MISSING;
    if (err == GC_ERR_DENIED)
        return GC_CAUSE_NOT_ALLOWED;
    if (err == GC_ERR_NOMEM)
        return GC_CAUSE_INFRA;
    return GC_CAUSE_UNREADABLE;
}

enum gc_cause gc_files_input(const struct gc_roots *roots, struct gc_str folder, struct gc_bytes path,
                             uint64_t max_file, int *ret_fd, char text[GC_SHARE_TEXT])
{
    struct gc_fault fault = {0};
    int fd;
    enum gc_err err = gc_roots_open(roots, folder, gc_bytes_str(path), O_RDONLY | O_NOCTTY | O_NONBLOCK, 0,
                                    true, &fd, &fault);
    if (err != GC_OK) {
        explain(text, fault.text);
        return cause_of(err);
    }
    struct stat st;
    enum gc_cause cause = GC_CAUSE_NONE;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        explain(text, "it is no regular file");
        cause = GC_CAUSE_UNREADABLE;
    } else if (max_file != GC_UNSET && (uint64_t)st.st_size > max_file) {
        snprintf(text, GC_SHARE_TEXT, "%lld bytes, max_file is %llu", (long long)st.st_size,
                 (unsigned long long)max_file);
        cause = GC_CAUSE_TOO_LARGE;
    }
    if (cause != GC_CAUSE_NONE) {
        close(fd);
        return cause;
    }
    *ret_fd = fd;
    return GC_CAUSE_NONE;
}

/* ---- temporaries ---- */

static void refuse(struct gc_output *out, enum gc_cause cause, const char *text)
{
    out->refused = cause;
    explain(out->text, text);
}

/* A full disk is not the image's fault, and may have room again. */
static void refuse_errno(struct gc_output *out, const char *what)
{
    int errnum = errno;
    bool machine = errnum == ENOSPC || errnum == EDQUOT || errnum == EIO || errnum == EMFILE ||
                   errnum == ENFILE || errnum == ENOMEM;
    const char *name = out->name[0] ? out->name : "output";
    snprintf(out->text, sizeof out->text, "'%.120s': %s: %s", name, what, strerror(errnum));
    out->refused = machine ? GC_CAUSE_INFRA : GC_CAUSE_OUTPUT;
}

/* Whether it is the first time that this life looks at the folder, as far as it remembers. */
static bool unswept(struct gc_files_life *life, int folder)
{
    struct stat st;
    if (fstat(folder, &st) != 0)
        return false;
    uint64_t device = st.st_dev, inode = st.st_ino;
    size_t place = inode % GC_FILES_SWEPT;
    if (life->swept[place].device == device && life->swept[place].inode == inode)
        return false;
    life->swept[place].device = device;
    life->swept[place].inode = inode;
    return true;
}

/* What an earlier life of this worker left in the folder. */
static void sweep(struct gc_files_life *life, int folder)
{
    if (!unswept(life, folder))
        return;
    char ours[64], this_life[64];
    int n = snprintf(ours, sizeof ours, PREFIX "%016llx-", (unsigned long long)life->worker);
    int m = snprintf(this_life, sizeof this_life, "%s%016llx-", ours, (unsigned long long)life->boot);
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        if (strncmp(e->d_name, ours, (size_t)n) == 0 && strncmp(e->d_name, this_life, (size_t)m) != 0)
            unlinkat(folder, e->d_name, 0);
    }
    closedir(dir);
}

static int named_temporary(int folder, const struct gc_files_token *token, struct gc_output *out)
{
    const struct gc_files_life *life = out->life;
    sweep(out->life, folder);
    snprintf(out->temporary, sizeof out->temporary, PREFIX "%016llx-%016llx-%llu-%u-%llu-%llu-%llu",
             (unsigned long long)life->worker, (unsigned long long)life->boot,
             (unsigned long long)token->run_no, out->step, (unsigned long long)out->item,
             (unsigned long long)token->term, (unsigned long long)token->lease);
    unlinkat(folder, out->temporary, 0);
    int fd = openat(folder, out->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        out->temporary[0] = '\0';
    return fd;
}

static void make_temporary(int folder, const struct gc_files_token *token, struct gc_output *out)
{
    out->fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    /* EISDIR, EOPNOTSUPP, EINVAL: the file system or the kernel has no such thing. */
    if (out->fd < 0 && (errno == EISDIR || errno == EOPNOTSUPP || errno == EINVAL || errno == ENOENT))
        out->fd = named_temporary(folder, token, out);
    if (out->fd < 0)
        refuse_errno(out, "making a temporary file");
}

/* exists: skip. */
static bool take_existing(struct gc_output *out)
{
    int fd = openat(out->folder, out->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (fd < 0)
        return false;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return false;
    }
    out->there = true;
    out->fd = fd;
    return true;
}

static bool open_folder(const struct gc_roots *roots, struct gc_str folder, struct gc_str path,
                        struct gc_output *out)
{
    struct gc_fault fault = {0};
    enum gc_err err = gc_roots_open_parent(roots, folder, path, true, &out->folder, out->name, &fault);
    if (err == GC_OK)
        return true;
    out->folder = -1;
    bool machine = err == GC_ERR_FULL || err == GC_ERR_NOMEM;
    refuse(out, machine ? GC_CAUSE_INFRA : (err == GC_ERR_DENIED ? GC_CAUSE_NOT_ALLOWED : GC_CAUSE_OUTPUT),
           fault.text);
    return false;
}

void gc_files_output(const struct gc_roots *roots, struct gc_str folder, const struct gc_stage *stage,
                     const struct gc_task *task, const struct gc_files_token *token, struct gc_output *out)
{
    out->fd = -1;
    out->home = -1;
    out->folder = -1;
    uint8_t path[GC_MAX_PATH];
    struct gc_buf buf;
    gc_buf_init(&buf, path, sizeof path);
    struct gc_fault fault = {0};
    enum gc_cause cause = gc_stage_path(stage, out->step, task, NULL, &buf, &fault);
    if (cause != GC_CAUSE_NONE) {
        refuse(out, cause, fault.text);
        return;
    }
    /* One that is named by its digest has no folder yet: its temporary lies in the job's. */
    struct gc_str at = out->by_digest ? GC_STR("x") : gc_bytes_str(gc_buf_bytes(&buf));
    if (!open_folder(roots, folder, at, out))
        return;
    if (!out->by_digest && out->exists == GC_EXISTS_SKIP && take_existing(out))
        return;
    out->home = out->folder;
    make_temporary(out->home, token, out);
}

/* ---- publishing ---- */

void gc_files_start_sync(const struct gc_output *out)
{
    if (out->fd >= 0 && !out->there)
        (void)sync_file_range(out->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static bool same_bytes(int a, int b, uint64_t len)
{
    uint8_t mine[16384], theirs[16384];
    for (uint64_t at = 0; at < len;) {
        size_t n = (size_t)gc_min_u64(len - at, sizeof mine);
        ssize_t got = pread(a, mine, n, (off_t)at);
        ssize_t had = got > 0 ? pread(b, theirs, (size_t)got, (off_t)at) : -1;
        if (got <= 0 || had != got || memcmp(mine, theirs, (size_t)got) != 0)
            return false;
        at += (uint64_t)got;
    }
    return true;
}

/* A file of that name is there already. */
static enum gc_cause compare(struct gc_output *out, uint64_t bytes)
{
    int fd = openat(out->folder, out->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    bool same = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == bytes &&
                same_bytes(out->fd, fd, bytes);
    if (fd >= 0)
        close(fd);
    if (same)
        return GC_CAUSE_NONE;
    snprintf(out->text, sizeof out->text, "'%.200s' exists with other bytes", out->name);
    return GC_CAUSE_OUTPUT;
}

static int link_as(const struct gc_output *out, const char *name)
{
    if (out->temporary[0] != '\0')
        return linkat(out->home, out->temporary, out->folder, name, 0);
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", out->fd);
    return linkat(AT_FDCWD, self, out->folder, name, AT_SYMLINK_FOLLOW);
}

/* Over whatever is there: under a name of its own first, since a link replaces nothing. */
static int replace(const struct gc_output *out)
{
    char aside[128];
    sweep(out->life, out->folder);
    snprintf(aside, sizeof aside, PREFIX "%016llx-%016llx-%016llx", (unsigned long long)out->life->worker,
             (unsigned long long)out->life->boot, (unsigned long long)gc_random_u64());
    if (link_as(out, aside) != 0)
        return -1;
    if (renameat(out->folder, aside, out->folder, out->name) == 0)
        return 0;
    int errnum = errno;
    unlinkat(out->folder, aside, 0);
    errno = errnum;
    return -1;
}

static enum gc_cause give_name(struct gc_output *out, uint64_t bytes)
{
    int failed = link_as(out, out->name);
    if (failed && errno == EEXIST) {
        if (out->exists != GC_EXISTS_OVERWRITE)
            return compare(out, bytes);
        failed = replace(out);
    }
    if (failed) {
        refuse_errno(out, "giving it its name");
        return out->refused;
    }
    return GC_CAUSE_NONE;
}

static enum gc_cause make_durable(struct gc_output *out, uint64_t bytes)
{
    struct stat st;
    if (fstat(out->fd, &st) != 0 || (uint64_t)st.st_size != bytes) {
        snprintf(out->text, sizeof out->text, "'%.120s': not as long as its op says", out->name);
        return GC_CAUSE_OUTPUT;
    }
    if (fsync(out->fd) != 0) {
        refuse_errno(out, "writing it to the disk");
        return GC_CAUSE_INFRA;
    }
    return GC_CAUSE_NONE;
}

/* An O_PATH descriptor cannot be synced. */
static enum gc_cause sync_folder(struct gc_output *out)
{
    int fd = openat(out->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        refuse_errno(out, "writing its folder to the disk");
    if (fd >= 0)
        close(fd);
    return ok ? GC_CAUSE_NONE : GC_CAUSE_INFRA;
}

enum gc_cause gc_files_publish(const struct gc_roots *roots, struct gc_str folder, struct gc_bytes path,
                               uint64_t bytes, const atomic_uint_fast64_t *fence_ns, struct gc_output *out)
{
    if (out->there)
        return GC_CAUSE_NONE;
    if (out->by_digest) {
        if (!open_folder(roots, folder, gc_bytes_str(path), out))
            return out->refused;
    }
    enum gc_cause cause = make_durable(out, bytes);
    if (cause == GC_CAUSE_NONE && gc_clock_now() >= atomic_load(fence_ns)) {
        explain(out->text, "the lease may be somebody else's by now");
        return GC_CAUSE_INFRA;
    }
    if (cause == GC_CAUSE_NONE)
        cause = give_name(out, bytes);
    return cause == GC_CAUSE_NONE ? sync_folder(out) : cause;
}

void gc_files_close(struct gc_output *out)
{
    if (out->temporary[0] != '\0' && out->home >= 0)
        unlinkat(out->home, out->temporary, 0);
    if (out->fd >= 0)
        close(out->fd);
    if (out->home >= 0 && out->home != out->folder)
        close(out->home);
    if (out->folder >= 0)
        close(out->folder);
    out->fd = -1;
    out->home = -1;
    out->folder = -1;
    out->temporary[0] = '\0';
}
