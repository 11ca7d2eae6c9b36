#include "common/sys/file.h"

#include "common/assert.h"
#include "common/num.h"
#include "common/sys/random.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* "PATH: cannot WHAT: REASON" with the code for errno. */
static enum gc_err fault_errno(struct gc_fault *f, const char *path, const char *what)
{
    int errnum = errno;
    return gc_fault_set(f, gc_err_from_errno(errnum), "%s: cannot %s: %s", path, what, strerror(errnum));
}

static int open_retry(const char *path, int flags, mode_t mode)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

enum gc_err gc_file_read_fd(int fd, const char *name, size_t cap, char **ret_data, size_t *ret_len,
                            struct gc_fault *f)
{
    /* The size is a hint only: pipes have none, and /proc says 0. One byte more than is needed tells
     * the end of the file without growing, and is where the NUL goes. */
    struct stat st;
    size_t size = 4096;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        size = (size_t)gc_min_u64((uint64_t)st.st_size, cap) + 1;
    char *data = malloc(size);
    size_t len = 0;
    while (data) {
        if (len == size) {
            size_t more;
            char *grown = gc_mul_size(size, 2, &more) ? realloc(data, more) : NULL;
            if (!grown)
                break;
            data = grown;
            size = more;
        }
        ssize_t n = read(fd, data + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            enum gc_err err = fault_errno(f, name, "read");
            free(data);
            return err;
        }
        len += (size_t)n;
        if (len > cap) {
            free(data);
            return gc_fault_set(f, GC_ERR_LIMIT, "%s: more than %zu bytes", name, cap);
        }
        if (n == 0) {
            GC_ASSERT(len < size);
            data[len] = '\0';
            *ret_data = data;
            *ret_len = len;
            return GC_OK;
        }
    }
    free(data);
    return gc_fault_set(f, GC_ERR_NOMEM, "%s: no memory to read it", name);
}

enum gc_err gc_file_read(const char *path, size_t cap, char **ret_data, size_t *ret_len, struct gc_fault *f)
{
    int fd = open_retry(path, O_RDONLY, 0);
    if (fd < 0)
        return fault_errno(f, path, "open");
    enum gc_err err = gc_file_read_fd(fd, path, cap, ret_data, ret_len, f);
    close(fd);
    return err;
}

enum gc_err gc_file_pread(int fd, void *to, size_t len, uint64_t offset)
{
    uint8_t *at = to;
    while (len > 0) {
        if (offset > INT64_MAX)
            return GC_ERR_INVALID;
        ssize_t n = pread(fd, at, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gc_err_from_errno(errno);
        if (n == 0)
            return GC_ERR_CORRUPT;
        at += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return GC_OK;
}

enum gc_err gc_file_write_all(int fd, const void *from, size_t len)
{
    const uint8_t *at = from;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gc_err_from_errno(errno);
        at += n;
        len -= (size_t)n;
    }
    return GC_OK;
}

enum gc_err gc_file_sync_dir(const char *path, struct gc_fault *f)
{
    int fd = open_retry(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return fault_errno(f, path, "open");
    enum gc_err err = fsync(fd) == 0 ? GC_OK : fault_errno(f, path, "sync");
    close(fd);
    return err;
}

/* The folder that holds `path`, into `folder`; false where it is too long. */
static bool folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return gc_str_copy(folder, PATH_MAX, GC_STR("."));
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    return gc_str_copy(folder, PATH_MAX, gc_str_from(path, len));
}

/* Bytes to the temporary file and down to the disk. */
static enum gc_err fill(int fd, const char *temporary, struct gc_bytes bytes, struct gc_fault *f)
{
    enum gc_err err = gc_file_write_all(fd, bytes.ptr, bytes.len);
    if (err != GC_OK)
        return gc_fault_set(f, err, "%s: cannot write: %s", temporary, strerror(errno));
    /* A failed fsync is never tried again: the kernel may have dropped the pages. */
    if (fsync(fd) != 0)
        return fault_errno(f, temporary, "sync");
    return GC_OK;
}

enum gc_err gc_file_write(const char *path, struct gc_bytes bytes, mode_t mode, struct gc_fault *f)
{
    char folder[PATH_MAX];
    char temporary[PATH_MAX];
    int len =
        snprintf(temporary, sizeof temporary, "%s.%016llx.tmp", path, (unsigned long long)gc_random_u64());
    if (len < 0 || (size_t)len >= sizeof temporary || !folder_of(path, folder))
        return gc_fault_set(f, GC_ERR_LIMIT, "%s: the path is too long", path);

    int fd = open_retry(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (fd < 0)
        return fault_errno(f, temporary, "create");
    enum gc_err err = fill(fd, temporary, bytes, f);
    /* On NFS this is where a write fails. */
    if (close(fd) != 0 && err == GC_OK)
        err = fault_errno(f, temporary, "close");
    if (err == GC_OK && rename(temporary, path) != 0)
        err = fault_errno(f, path, "rename into place");
    if (err != GC_OK) {
        unlink(temporary);
        return err;
    }
    return gc_file_sync_dir(folder, f);
}

enum gc_err gc_file_make_dirs(const char *path, mode_t mode, struct gc_fault *f)
{
    char part[PATH_MAX];
    if (!gc_str_copy(part, sizeof part, gc_str_of(path)) || part[0] == '\0')
        return gc_fault_set(f, GC_ERR_LIMIT, "'%s': not a path", path);
    for (char *at = part + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char end = *at;
        *at = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST)
            return fault_errno(f, part, "make the folder");
        *at = end;
        if (end == '\0')
            break;
    }
    /* What exists may be no folder. */
    struct stat st;
    if (stat(path, &st) != 0)
        return fault_errno(f, path, "look at it");
    if (!S_ISDIR(st.st_mode))
        return gc_fault_set(f, GC_ERR_EXISTS, "%s: exists and is no folder", path);
    return GC_OK;
}

/* The pid in a lock file; 0 where there is none. */
static pid_t read_holder(int fd)
{
    char text[32];
    ssize_t len = pread(fd, text, sizeof text - 1, 0);
    if (len <= 0)
        return 0;
    text[len] = '\0';
    long pid = strtol(text, NULL, 10);
    return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

enum gc_err gc_file_lock(const char *path, int *ret_fd, pid_t *ret_holder, struct gc_fault *f)
{
    int fd = open_retry(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fault_errno(f, path, "open");
    int locked;
    do
        locked = flock(fd, LOCK_EX | LOCK_NB);
    while (locked != 0 && errno == EINTR);
    if (locked != 0) {
        enum gc_err err;
        if (errno == EWOULDBLOCK) {
            pid_t holder = read_holder(fd);
            if (ret_holder)
                *ret_holder = holder;
            err = gc_fault_set(f, GC_ERR_BUSY, "%s: locked by process %ld", path, (long)holder);
        } else {
            err = fault_errno(f, path, "lock");
        }
        close(fd);
        return err;
    }
    char text[32];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    GC_ASSERT(len > 0);
    enum gc_err err = GC_OK;
    if (ftruncate(fd, 0) != 0)
        err = fault_errno(f, path, "empty");
    else if (gc_file_write_all(fd, text, (size_t)len) != GC_OK)
        err = fault_errno(f, path, "write");
    if (err != GC_OK) {
        close(fd);
        return err;
    }
    *ret_fd = fd;
    return GC_OK;
}
