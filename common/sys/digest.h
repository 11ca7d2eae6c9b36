/* BLAKE2b with 32 bytes out (libsodium's): the names of artifacts, pages, catalogues and jobs. The
 * same as `b2sum -l 256`. About 1 GB/s. Thread: any, a stream in one at a time. */
#ifndef GC_COMMON_SYS_DIGEST_H
#define GC_COMMON_SYS_DIGEST_H

#include "common/error.h"
#include "common/id.h"
#include "common/slice.h"

#include <stdint.h>

/* Holds libsodium's state, so that users of this header need not see libsodium. */
struct gc_digest_stream {
    _Alignas(64) uint8_t state[384];
};

struct gc_digest gc_digest_of(struct gc_bytes bytes);

void gc_digest_init(struct gc_digest_stream *s);
void gc_digest_update(struct gc_digest_stream *s, struct gc_bytes bytes);
/* Ends the stream; only gc_digest_init may follow. */
struct gc_digest gc_digest_final(struct gc_digest_stream *s);

/* Of all that a descriptor gives from where it stands; the length goes to ret_len (may be NULL). */
GC_MUST_CHECK enum gc_err gc_digest_fd(int fd, struct gc_digest *ret, uint64_t *ret_len);

#endif
