/* seal.h - takes from the lister what it does not need: everything but reading below the roots. */
#ifndef GC_WORKER_LISTER_SEAL_H
#define GC_WORKER_LISTER_SEAL_H

#include <stdint.h>

#include "worker/lister/lister.h"

/* Before any thread is started. Where the kernel has no Landlock the roots are kept by openat2 alone, as they are with it. */
void gc_lister_seal(const struct gc_lister_root *roots, uint32_t n);

#endif
