/* glob.h - patterns of file names, matched on the way down, so that folders in which nothing can match are never opened. Pure.
 *
 *   **\/       any number of folders, none as well; not into those with a leading dot
 *   * ?        any bytes, one character, within a name
 *   [a-z]      one byte of these, [!a-z] one of the others
 *   {a,b}      either; may hold slashes and more braces
 *   \x         x itself
 * A name with a leading dot is matched only where the pattern's name begins with the dot itself. Without regard to case (of ASCII
 * letters) unless told so.
 *
 * A pattern becomes a list of positions, one a part of each alternative; a folder's state is the set of positions that are next.
 */
#ifndef GC_WORKER_LISTER_GLOB_H
#define GC_WORKER_LISTER_GLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/slice.h"

enum { GC_GLOB_POSITIONS = 512, GC_GLOB_WORDS = GC_GLOB_POSITIONS / 64 };

struct gc_glob_state {
    uint64_t bits[GC_GLOB_WORDS];
};

struct gc_glob;

/* GC_ERR_INVALID with the reason; GC_ERR_NOMEM. */
enum gc_err gc_glob_new(struct gc_str pattern, bool with_case, struct gc_glob **ret,
                        struct gc_fault *fault) GC_MUST_CHECK;
void gc_glob_destroy(struct gc_glob **self_p);

/* Of the folder that the pattern starts from. */
struct gc_glob_state gc_glob_start(const struct gc_glob *g);
/* Of a folder `name` in a folder of that state; false: nothing in it can match. */
bool gc_glob_enter(const struct gc_glob *g, const struct gc_glob_state *in, struct gc_str name,
                   struct gc_glob_state *ret);
/* Whether a file of that name in a folder of that state is taken. */
bool gc_glob_takes(const struct gc_glob *g, const struct gc_glob_state *in, struct gc_str name);

#endif
