/* verify.h - whether what an executor handed in is what it should be. Image code is not trusted: a broken chunk ends its executor and
 * counts as its crash. */
#ifndef GC_POOL_VERIFY_H
#define GC_POOL_VERIFY_H

#include <stdbool.h>

#include "common/slice.h"
#include "proto/status.h"

/* NULL: sound. Else what is wrong. `want`: the nodes that must have an outcome; all others must have none. */
const char *gc_verify_items(struct gc_bytes status, struct gc_bytes values, uint64_t count, uint32_t n_nodes,
                            uint64_t want);
/* `scan`: it has read results, so that there is no state to keep. */
const char *gc_verify_finish(struct gc_bytes status, struct gc_bytes value, uint32_t n_deltas, bool scan);

#endif
