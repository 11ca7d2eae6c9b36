/* Random bytes from the kernel (getrandom). There is no way to go on without them, and a kernel
 * that has none is not one we run on: a failure aborts with a message. Thread: any. */
#ifndef GC_COMMON_SYS_RANDOM_H
#define GC_COMMON_SYS_RANDOM_H

#include "common/id.h"

#include <stddef.h>
#include <stdint.h>

void gc_random_bytes(void *to, size_t len);
uint64_t gc_random_u64(void);

/* A new id, never all zero. */
struct gc_id128 gc_random_id(void);

#endif
