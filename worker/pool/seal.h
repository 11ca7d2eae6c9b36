/* seal.h - what an executor gives up before it sees the first image.
 *
 * No new privileges; limits on memory, descriptors and file sizes, no core file; no file by its name and no port (Landlock); no system
 * call but those that image code needs: nothing opens, connects, executes, or signals another process (seccomp; the rest is EPERM,
 * not death, so that a library that asks for something harmless goes on without it). Descriptors come from the tender.
 *
 * Each wall is one more, none is the only one: where the kernel has no Landlock the filter of calls closes the same doors. What must
 * hold is not that a wall is there but that nothing gets through: seal_try.h tries, and a worker that finds a way runs nothing.
 *
 * Not closed: fstatat tells whether a name exists and how large it is (no filter sees into a name, and glibc's fstat is that call). */
#ifndef GC_POOL_SEAL_H
#define GC_POOL_SEAL_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of address space an executor may have, and of a file it may write. */
#define GC_SEAL_MEMORY    ((uint64_t)2 << 30)
#define GC_SEAL_FILE_SIZE ((uint64_t)4 << 30)

struct gc_seal {
    bool sanitized;    /* this build has a sanitizer: no limit on memory, no Landlock, no filter */
    bool filtered;     /* system calls are */
    uint32_t landlock; /* its version here; 0: none */
};

/* For ever, and for threads that are started later. Says which walls stand. */
struct gc_seal gc_seal(void);

#endif
