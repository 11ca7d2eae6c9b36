#include "worker/pool/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

void gc_files_refuse(struct gc_output *out, enum gc_cause cause, const char *text)
{
    out->refused = cause;
    explain(out->text, text);
}

/* A full disk is not the image's fault, and may have room again. */
void gc_files_refuse_errno(struct gc_output *out, const char *what)
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
    int n = snprintf(ours, sizeof ours, GC_FILES_PREFIX "%016llx-", (unsigned long long)life->worker);
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
    snprintf(out->temporary, sizeof out->temporary, GC_FILES_PREFIX "%016llx-%016llx-%llu-%u-%llu-%llu-%llu",
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
        gc_files_refuse_errno(out, "making a temporary file");
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
    gc_files_refuse(
        out, machine ? GC_CAUSE_INFRA : (err == GC_ERR_DENIED ? GC_CAUSE_NOT_ALLOWED : GC_CAUSE_OUTPUT),
        fault.text);
    return false;
}

/* Whether it may come to have a name for a moment: as a temporary, or aside of what it replaces. */
static bool may_be_named(const struct gc_output *out)
{
    return out->temporary[0] != '\0' || out->exists == GC_EXISTS_OVERWRITE;
}

void gc_files_output(const struct gc_roots *roots, struct gc_str folder, struct gc_bytes path,
                     const struct gc_files_token *token, struct gc_output *out)
{
    out->fd = -1;
    out->home = -1;
    out->folder = -1;
    struct gc_str at = out->by_digest ? GC_STR("x") : gc_bytes_str(path);
    if (!open_folder(roots, folder, at, out))
        return;
    if (!out->by_digest && out->exists == GC_EXISTS_SKIP && take_existing(out))
        return;
    out->home = out->folder;
    make_temporary(out->home, token, out);
    if (may_be_named(out))
        sweep(out->life, out->home);
}

void gc_files_place(const struct gc_roots *roots, struct gc_str folder, struct gc_bytes path,
                    struct gc_output *out)
{
    if (open_folder(roots, folder, gc_bytes_str(path), out) && may_be_named(out))
        sweep(out->life, out->folder);
}

void gc_files_start_sync(const struct gc_output *out)
{
    if (out->fd >= 0 && !out->there)
        (void)sync_file_range(out->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
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
