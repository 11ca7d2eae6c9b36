/* seal.h - what an executor gives up before it sees the first image. */
#ifndef GC_POOL_SEAL_H
#define GC_POOL_SEAL_H

#include <stdint.h>

/* No new privileges; limits on memory, descriptors and file sizes, no core file; no file by its name (Landlock); no system call but
 * those that image code needs: nothing opens, connects, executes or signals (seccomp; the rest is EPERM, not death, so that a
 * library that asks for something harmless goes on without it). What the kernel does not know is left out: each is one more wall,
 * none is the only one; returns those that stayed open, so that somebody says it. Descriptors come from the tender. For ever, and
 * for threads that are started later. */
uint32_t gc_seal(void);

#define GC_SEAL_FILES 1u /* files can be opened by name: no Landlock */
#define GC_SEAL_CALLS 2u /* any system call can be made: no seccomp filter */

#endif
