/* guard.h - the first look at bytes that claim to be msgpack.
 *
 * Five bytes (dd ff ff ff ff) make a decoder that believes them ask for gigabytes. So nothing is decoded before this walk has seen
 * all of it: every container has no more elements than there are bytes left for them and than GC_MAX_CONTAINER, nesting stays
 * within GC_MAX_DEPTH, lengths lie inside the bytes, there is no extension type, and the one object ends where the bytes end.
 * It allocates nothing, recurses nowhere, reads each byte at most once; the bodies of strings it skips.
 */
#ifndef GC_PROTO_GUARD_H
#define GC_PROTO_GUARD_H

#include "common/error.h"
#include "common/slice.h"

/* *ret_objects: how many objects all its containers hold together (a pair of a map is two), which is what a decoder has to make
 * room for. GC_ERR_LIMIT: more than `max_objects`. GC_ERR_INVALID: anything else. */
enum gc_err gc_guard(struct gc_bytes bytes, size_t max_objects, size_t *ret_objects) GC_MUST_CHECK;

#endif
