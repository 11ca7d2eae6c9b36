#include "common/roots/roots.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/assert.h"

enum {
    MAX_LINKS = 40,
    TRIES = 64,
    SHOWN = 160 /* bytes of a path in a text: some texts are short, and what is behind it matters too */
};

struct root {
    char name[129];
    char path[GC_ROOTS_PATH]; /* as given, by the letter */
    char real[GC_ROOTS_PATH]; /* where it really is */
    int fd;
};

struct gc_roots {
    uint32_t n;
    struct root roots[];
};

/* ---- paths, by the letter ---- */

static enum gc_err too_long(struct gc_fault *fault)
{
    return gc_fault_set(fault, GC_ERR_LIMIT, "a path longer than %d bytes", GC_ROOTS_PATH - 1);
}

/* Adds the parts of `more` to the absolute path `path`: "/" and no slash at the end otherwise. `..` at the top stays there. */
static bool join(char path[GC_ROOTS_PATH], struct gc_str more)
{
    size_t len = strlen(path);
    for (size_t at = 0; at < more.len;) {
        size_t end = at;
        while (end < more.len && more.ptr[end] != '/')
            end++;
        struct gc_str part = gc_str_part(more, at, end);
        at = end + 1;
        if (part.len == 0 || gc_str_is(part, "."))
            continue;
        if (gc_str_is(part, "..")) {
            while (len > 0 && path[--len] != '/')
                continue;
            path[len] = '\0';
            continue;
        }
        if (len == 1 && path[0] == '/')
            len = 0;
        if (len + 1 + part.len >= GC_ROOTS_PATH)
            return false;
        path[len] = '/';
        memcpy(path + len + 1, part.ptr, part.len);
        len += 1 + part.len;
        path[len] = '\0';
    }
    if (len == 0)
        memcpy(path, "/", 2);
    return true;
}

static bool absolute(char path[GC_ROOTS_PATH], struct gc_str folder, struct gc_str rest)
{
    path[0] = '\0';
    if (rest.len > 0 && rest.ptr[0] == '/')
        return join(path, rest);
    return join(path, folder) && join(path, rest);
}

/* What is left of `path` below `root`; NULL: it does not lie there. */
static const char *below(const char *path, const char *root)
{
    size_t n = strlen(root);
    if (n == 1)
        return path[1] ? path + 1 : ".";
    if (strncmp(path, root, n) != 0)
        return NULL;
    if (path[n] == '\0')
        return ".";
    return path[n] == '/' ? path + n + 1 : NULL;
}

/* ---- roots ---- */

static bool name_is_good(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    return strlen(name) < sizeof((struct root *)NULL)->name && name[strspn(name, letters)] == '\0';
}

static enum gc_err open_root(struct gc_roots *r, const struct gc_root *from, struct gc_fault *fault)
{
    struct root *to = &r->roots[r->n];
    if (!name_is_good(from->name))
        return gc_fault_set(fault, GC_ERR_INVALID, "root '%s': not a name", from->name);
    for (uint32_t i = 0; i < r->n; i++)
        if (from->name[0] && strcmp(from->name, r->roots[i].name) == 0)
            return gc_fault_set(fault, GC_ERR_INVALID, "two roots are named '%s'", from->name);
    if (from->path[0] != '/' || !absolute(to->path, GC_STR(""), gc_str_of(from->path)))
        return gc_fault_set(fault, GC_ERR_INVALID, "root '%s': not an absolute path", from->path);
    memcpy(to->name, from->name, strlen(from->name) + 1);
    if (!realpath(from->path, to->real))
        return gc_fault_set(fault, gc_err_from_errno(errno), "root '%s': %s", from->path, strerror(errno));
    to->fd = open(to->real, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (to->fd < 0)
        return gc_fault_set(fault, gc_err_from_errno(errno), "root '%s': %s", from->path, strerror(errno));
    r->n++;
    return GC_OK;
}

enum gc_err gc_roots_new(const struct gc_root *roots, uint32_t n, struct gc_roots **ret,
                         struct gc_fault *fault)
{
    if (n == 0 || n > GC_ROOTS_MAX)
        return gc_fault_set(fault, GC_ERR_INVALID, "1 to %d roots are possible", GC_ROOTS_MAX);
    struct gc_roots *r = calloc(1, sizeof *r + n * sizeof r->roots[0]);
    if (!r)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        enum gc_err err = open_root(r, &roots[i], fault);
        if (err) {
            gc_roots_destroy(&r);
            return err;
        }
    }
    *ret = r;
    return GC_OK;
}

void gc_roots_destroy(struct gc_roots **self_p)
{
    struct gc_roots *r = *self_p;
    *self_p = NULL;
    if (!r)
        return;
    for (uint32_t i = 0; i < r->n; i++)
        (void)close(r->roots[i].fd);
    free(r);
}

/* The root that the path names, and what follows its colon. */
static const struct root *named(const struct gc_roots *r, struct gc_str path, struct gc_str *ret_rest)
{
    const char *colon = path.len ? memchr(path.ptr, ':', path.len) : NULL;
    if (!colon || colon == path.ptr)
        return NULL;
    struct gc_str name = gc_str_from(path.ptr, (size_t)(colon - path.ptr));
    for (uint32_t i = 0; i < r->n; i++) {
        if (gc_str_is(name, r->roots[i].name)) {
            *ret_rest = gc_str_part(path, name.len + 1, path.len);
            return &r->roots[i];
        }
    }
    return NULL;
}

bool gc_roots_named(const struct gc_roots *r, struct gc_str path)
{
    struct gc_str rest;
    return named(r, path, &rest) != NULL;
}

/* The deepest root above an absolute path. */
static bool find_root(const struct gc_roots *r, const char *path, struct gc_place *ret)
{
    const char *best = NULL;
    for (uint32_t i = 0; i < r->n; i++) {
        const char *names[2] = {r->roots[i].path, r->roots[i].real};
        for (int k = 0; k < 2; k++) {
            const char *rest = below(path, names[k]);
            if (!rest || (best && strlen(rest) >= strlen(best)))
                continue;
            best = rest;
            ret->root = i;
        }
    }
    if (best)
        memcpy(ret->rest, best, strlen(best) + 1);
    return best != NULL;
}

enum gc_err gc_roots_place(const struct gc_roots *r, struct gc_str folder, struct gc_str path,
                           struct gc_place *ret, struct gc_fault *fault)
{
    char whole[GC_ROOTS_PATH];
    struct gc_str rest;
    if (path.len && memchr(path.ptr, '\0', path.len))
        return gc_fault_set(fault, GC_ERR_NOT_FOUND, "a path with a zero byte");
    const struct root *root = named(r, path, &rest);
    if (root) {
        if (!absolute(whole, GC_STR("/"), rest) || strlen(whole) + strlen(root->path) >= GC_ROOTS_PATH)
            return too_long(fault);
        ret->root = (uint32_t)(root - r->roots);
        const char *from = whole[1] ? whole + 1 : ".";
        memcpy(ret->rest, from, strlen(from) + 1);
        return GC_OK;
    }
    if (!absolute(whole, folder, path))
        return too_long(fault);
    if (!find_root(r, whole, ret))
        return gc_fault_set(fault, GC_ERR_DENIED, "'%.*s' lies below none of the worker's roots",
                            GC_STR_ARGS(path));
    return GC_OK;
}

/* ---- opening ---- */

static int open_beneath(int dirfd, const char *path, int flags, mode_t mode, bool follow)
{
    struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
                           .mode = flags & O_CREAT ? mode : 0,
                           .resolve =
                               RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (follow ? 0u : RESOLVE_NO_SYMLINKS)};
    long fd;
    int tries = 0;
    do /* EAGAIN: somebody renames while the kernel walks; for ever, if he likes */
        fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
    while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < TRIES)));
    return (int)fd;
}

enum gc_err gc_roots_fault(const struct gc_roots *r, const struct gc_place *p, int errnum,
                           struct gc_fault *fault)
{
    enum gc_err err = gc_err_from_errno(errnum);
    char whole[2 * GC_ROOTS_PATH];
    const char *root = r->roots[p->root].path;
    const char *rest = strcmp(p->rest, ".") == 0 ? "" : p->rest;
    int len = snprintf(whole, sizeof whole, "%s%s%s", root, rest[0] && root[1] ? "/" : "", rest);
    GC_ASSERT(len > 0 && (size_t)len < sizeof whole);
    const char *cut = len > SHOWN ? "..." : "";
    const char *path = len > SHOWN ? whole + len - SHOWN : whole;
    if (errnum == ENOENT || errnum == ENOTDIR)
        err = GC_ERR_NOT_FOUND;
    else if (errnum == EACCES || errnum == EPERM)
        err = GC_ERR_IO;
    else if (errnum == ENOSYS)
        return gc_fault_set(fault, GC_ERR_UNSUPPORTED, "this kernel has no openat2 (Linux 5.6 or later)");
    else if (errnum == ELOOP || errnum == EXDEV)
        return gc_fault_set(fault, GC_ERR_DENIED,
                            "'%s%s': a link that leads out of the roots, or in a circle", cut, path);
    return gc_fault_set(fault, err, "'%s%s': %s", cut, path, strerror(errnum));
}

/* Reads the link at `rest` below a root into an absolute path with what follows it; false: it is no link. */
static bool expand_link(const struct root *root, const char *rest, size_t end, char whole[GC_ROOTS_PATH])
{
    char part[GC_ROOTS_PATH];
    char target[GC_ROOTS_PATH];
    memcpy(part, rest, end);
    part[end] = '\0';
    int fd = open_beneath(root->fd, part, O_PATH | O_NOFOLLOW, 0, true);
    if (fd < 0)
        return false;
    ssize_t n = readlinkat(fd, "", target, sizeof target);
    (void)close(fd);
    if (n <= 0 || n == (ssize_t)sizeof target)
        return false;
    size_t dir = end;
    while (dir > 0 && rest[dir - 1] != '/')
        dir--;
    whole[0] = '\0';
    bool ok = true;
    if (target[0] != '/')
        ok = join(whole, gc_str_of(root->real)) && join(whole, gc_str_from(rest, dir));
    return ok && join(whole, gc_str_from(target, (size_t)n)) && join(whole, gc_str_of(rest + end));
}

/* Replaces the first link of the place by where it leads. GC_ERR_DENIED where that is outside. */
static bool follow_one(const struct gc_roots *r, struct gc_place *p)
{
    char whole[GC_ROOTS_PATH];
    for (size_t end = 0; p->rest[end];) {
        end += p->rest[end] == '/';
        end += strcspn(p->rest + end, "/");
        if (expand_link(&r->roots[p->root], p->rest, end, whole))
            return find_root(r, whole, p);
    }
    return false;
}

/* The kernel follows what stays below the root; a link to an absolute path, or into another root, is followed here, one at a time:
 * each new place is opened by the kernel under the same rule. */
static enum gc_err open_place(const struct gc_roots *r, struct gc_place *p, int flags, mode_t mode,
                              bool follow, int *ret_fd, struct gc_fault *fault)
{
    for (int links = 0; links <= MAX_LINKS; links++) {
        int fd = open_beneath(r->roots[p->root].fd, p->rest, flags, mode, follow);
        if (fd >= 0) {
            *ret_fd = fd;
            return GC_OK;
        }
        int errnum = errno;
        if (errnum != EXDEV || !follow || !follow_one(r, p))
            return gc_roots_fault(r, p, errnum, fault);
    }
    return gc_roots_fault(r, p, ELOOP, fault);
}

enum gc_err gc_roots_open(const struct gc_roots *r, struct gc_str folder, struct gc_str path, int flags,
                          mode_t mode, bool follow, int *ret_fd, struct gc_fault *fault)
{
    struct gc_place p;
    int fd;
    enum gc_err err = gc_roots_place(r, folder, path, &p, fault);
    if (!err)
        err = open_place(r, &p, flags | O_NONBLOCK | O_NOCTTY, mode, follow, &fd, fault);
    if (err)
        return err;
    if (!(flags & (O_NONBLOCK | O_PATH)))
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    *ret_fd = fd;
    return GC_OK;
}

/* Makes the folders of `rest` one after the other; each is opened below the one before. */
static enum gc_err make_folders(const struct gc_roots *r, struct gc_place *p, struct gc_fault *fault)
{
    char whole[GC_ROOTS_PATH];
    memcpy(whole, p->rest, strlen(p->rest) + 1);
    for (size_t end = 0; whole[end];) {
        end += whole[end] == '/';
        end += strcspn(whole + end, "/");
        struct gc_place parent = {.root = p->root};
        size_t dir = end;
        while (dir > 0 && whole[dir - 1] != '/')
            dir--;
        char name[GC_ROOTS_PATH];
        memcpy(name, whole + dir, end - dir);
        name[end - dir] = '\0';
        memcpy(parent.rest, dir ? whole : ".", dir ? dir - 1 : 1);
        parent.rest[dir ? dir - 1 : 1] = '\0';
        int fd;
        enum gc_err err = open_place(r, &parent, O_PATH | O_DIRECTORY, 0, true, &fd, fault);
        if (err)
            return err;
        int made = mkdirat(fd, name, 0777);
        int errnum = errno;
        (void)close(fd);
        if (made < 0 && errnum != EEXIST) {
            whole[end] = '\0';
            memcpy(parent.rest, whole, end + 1);
            return gc_roots_fault(r, &parent, errnum, fault);
        }
    }
    return GC_OK;
}

enum gc_err gc_roots_open_parent(const struct gc_roots *r, struct gc_str folder, struct gc_str path,
                                 bool make, int *ret_fd, char name[256], struct gc_fault *fault)
{
    struct gc_place p;
    enum gc_err err = gc_roots_place(r, folder, path, &p, fault);
    if (err)
        return err;
    char *slash = strrchr(p.rest, '/');
    char *last = slash ? slash + 1 : p.rest;
    if (strcmp(p.rest, ".") == 0)
        return gc_fault_set(fault, GC_ERR_EXISTS, "'%.*s' is a root", GC_STR_ARGS(path));
    if (strlen(last) > 255)
        return gc_fault_set(fault, GC_ERR_LIMIT, "a name longer than 255 bytes");
    memcpy(name, last, strlen(last) + 1);
    if (slash)
        *slash = '\0';
    else
        memcpy(p.rest, ".", 2);
    struct gc_place found = p;
    err = open_place(r, &found, O_PATH | O_DIRECTORY, 0, true, ret_fd, NULL);
    if (!err || !make || err != GC_ERR_NOT_FOUND)
        return err ? open_place(r, &p, O_PATH | O_DIRECTORY, 0, true, ret_fd, fault) : GC_OK;
    err = make_folders(r, &p, fault);
    return err ? err : open_place(r, &p, O_PATH | O_DIRECTORY, 0, true, ret_fd, fault);
}

enum gc_err gc_roots_step(const struct gc_roots *r, const struct gc_place *from, int from_fd,
                          const char *name, int flags, int *ret_fd, struct gc_place *ret_place,
                          struct gc_fault *fault)
{
    struct gc_place p = {.root = from->root};
    size_t len = strcmp(from->rest, ".") == 0 ? 0 : strlen(from->rest);
    if (len + 1 + strlen(name) >= GC_ROOTS_PATH)
        return too_long(fault);
    memcpy(p.rest, from->rest, len);
    if (len)
        p.rest[len++] = '/';
    memcpy(p.rest + len, name, strlen(name) + 1);
    int fd = open_beneath(from_fd, name, flags, 0, false);
    if (fd < 0 && errno == ELOOP) {
        /* a link: every one on the way is replaced by hand, so that the place says where its target really lies */
        for (int links = 0; fd < 0; links++) {
            if (links > MAX_LINKS || !follow_one(r, &p))
                return gc_roots_fault(r, &p, ELOOP, fault);
            fd = open_beneath(r->roots[p.root].fd, p.rest, flags, 0, false);
            if (fd < 0 && errno != ELOOP)
                return gc_roots_fault(r, &p, errno, fault);
        }
    } else if (fd < 0) {
        return gc_roots_fault(r, &p, errno, fault);
    }
    *ret_fd = fd;
    *ret_place = p;
    return GC_OK;
}
