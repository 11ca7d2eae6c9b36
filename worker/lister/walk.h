/* walk.h - the files below a folder, depth first, sorted by name within a folder (bytes, files and folders together), so that item
 * numbers are the same every time. Goes on behind any path that it gave before.
 *
 * Folders are read whole and sorted; memory is that of the largest folder on the way down. A link is followed while its target lies
 * below a root, and not into a folder that the walk is inside of. One thread a walk.
 */
#ifndef GC_WORKER_LISTER_WALK_H
#define GC_WORKER_LISTER_WALK_H

#include <stdbool.h>

#include "common/error.h"
#include "common/roots/roots.h"
#include "common/slice.h"
#include "worker/lister/glob.h"

enum { GC_WALK_DEPTH = 128, GC_WALK_PATH = 3600 };

struct gc_walk;

struct gc_walk_options {
    const struct gc_roots *roots;
    struct gc_str folder; /* of the job */
    struct gc_str path;   /* where to start */
    const struct gc_glob *glob;
    bool follow;
    struct gc_str after; /* relative path to go on behind; empty: from the start */
};

/* Opens the folder. Errors as of roots.h; a path that is no folder is GC_ERR_NOT_FOUND. Borrows roots and glob. */
enum gc_err gc_walk_new(const struct gc_walk_options *o, struct gc_walk **ret,
                        struct gc_fault *fault) GC_MUST_CHECK;
void gc_walk_destroy(struct gc_walk **self_p);

enum gc_walk_kind {
    GC_WALK_END,
    GC_WALK_TAKEN,    /* a file that the pattern takes */
    GC_WALK_LEFT_OUT, /* a file that it does not */
    GC_WALK_PAUSE,    /* nothing yet, after some work: a chance to look at the clock */
};

/* The next file; its path relative to the start lives until the next call. A folder that cannot be read ends the walk with
 * GC_ERR_IO: leaving it out in silence would be a listing with a hole. */
enum gc_err gc_walk_next(struct gc_walk *w, enum gc_walk_kind *ret_kind, struct gc_str *ret_path,
                         struct gc_fault *fault) GC_MUST_CHECK;

/* The next call of gc_walk_next gives the last file again. */
void gc_walk_put_back(struct gc_walk *w);

#endif
