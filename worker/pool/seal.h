/* seal.h - what an executor gives up before it sees the first image. */
#ifndef GC_POOL_SEAL_H
#define GC_POOL_SEAL_H

/* No new privileges; limits on memory, descriptors and file sizes, no core file; no file by its name (Landlock); no system call but
 * those that image code needs: nothing opens, connects, executes or signals (seccomp; the rest is EPERM, not death, so that a
 * library that asks for something harmless goes on without it). What the kernel does not know is left out: each is one more wall,
 * none is the only one. Descriptors come from the tender. For ever, and for threads that are started later. */
void gc_seal(void);

#endif
