/* seal.h - what an executor gives up before it sees the first image. */
#ifndef GC_POOL_SEAL_H
#define GC_POOL_SEAL_H

/* No new privileges, limits on memory, descriptors and file sizes, no core file, nothing readable on standard input, death with the
 * parent. What the system does not know is left out: each is one more wall, none is the only one. */
void gc_seal(void);

#endif
