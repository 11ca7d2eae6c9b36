/* roots.h - files by the paths of jobs, below the roots and nowhere else.
 *
 * A root is a folder that jobs may read and write; it may itself be a link. A job's path is relative to the job's folder, absolute,
 * or NAME:rest for the root of that name. `.` and `..` are resolved first, by the letter; then the path must lie below a root. The
 * kernel keeps each opening below it (openat2, RESOLVE_BENEATH), whatever is renamed meanwhile. Links are followed where their
 * target lies below a root as well, the same one or another.
 *
 * Errors of all calls, which name the path in *fault, whole where it has a place below a root:
 *   GC_ERR_NOT_FOUND   it is not there (or a part of it is no folder)
 *   GC_ERR_DENIED      it lies outside of the roots, or a link leads there, or links go round in a circle
 *   GC_ERR_IO          the system refuses: permissions, a broken disk
 *   GC_ERR_FULL, GC_ERR_NOMEM, GC_ERR_EXISTS, GC_ERR_LIMIT (a path above 4095 bytes)
 * Descriptors are close-on-exec. After gc_roots_new nothing changes: any number of threads.
 */
#ifndef GC_COMMON_ROOTS_ROOTS_H
#define GC_COMMON_ROOTS_ROOTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/slice.h"

enum { GC_ROOTS_MAX = 64, GC_ROOTS_PATH = 4096 };

struct gc_root {
    const char *name; /* "" for one that has none */
    const char *path; /* absolute */
};

struct gc_roots;

/* Opens each root. GC_ERR_INVALID: a name that is no name ([A-Za-z0-9_.-]+) or is there twice, a path that is not absolute. */
enum gc_err gc_roots_new(const struct gc_root *roots, uint32_t n, struct gc_roots **ret,
                         struct gc_fault *fault) GC_MUST_CHECK;
void gc_roots_destroy(struct gc_roots **self_p);

/* A place below a root: which one, and the path from there ("." for the root itself), without `.`, `..` and empty parts. */
struct gc_place {
    uint32_t root;
    char rest[GC_ROOTS_PATH];
};

/* Where a path lies, by the letter: nothing is opened. `folder`: absolute; what relative paths start from. */
enum gc_err gc_roots_place(const struct gc_roots *r, struct gc_str folder, struct gc_str path,
                           struct gc_place *ret, struct gc_fault *fault) GC_MUST_CHECK;

/* What the system said of a place, as one of the errors above; the text names the place as an absolute path, a long one by its end. */
enum gc_err gc_roots_fault(const struct gc_roots *r, const struct gc_place *p, int errnum,
                           struct gc_fault *fault);

/* Opens it: gc_roots_place, then open(2) with these flags (and O_CLOEXEC, and O_NONBLOCK until it is known to be no pipe). With
 * O_CREAT, `mode`. `follow`: links on the way and at the end, as above; else any link is GC_ERR_DENIED. */
enum gc_err gc_roots_open(const struct gc_roots *r, struct gc_str folder, struct gc_str path, int flags,
                          mode_t mode, bool follow, int *ret_fd, struct gc_fault *fault) GC_MUST_CHECK;

/* The folder that holds the path, opened (O_PATH), with all that is missing made first where `make`. *ret_name: the path's last part,
 * in `name`. For who makes a file there under another name and renames it. */
enum gc_err gc_roots_open_parent(const struct gc_roots *r, struct gc_str folder, struct gc_str path,
                                 bool make, int *ret_fd, char name[256],
                                 struct gc_fault *fault) GC_MUST_CHECK;

/* Whether a name that begins so would be taken for NAME:rest. */
bool gc_roots_named(const struct gc_roots *r, struct gc_str path);

/* From an open folder, one step down, staying below the roots: for walks. `from`: where that folder lies. A link is resolved, and
 * *ret_place is then where its target lies. `flags` as above. */
enum gc_err gc_roots_step(const struct gc_roots *r, const struct gc_place *from, int from_fd,
                          const char *name, int flags, int *ret_fd, struct gc_place *ret_place,
                          struct gc_fault *fault) GC_MUST_CHECK;

#endif
