/* Files as daemons need them: read with a cap, written whole or not at all, locked with the
 * holder's name, opened without leaving a folder. Each call loops over EINTR and short transfers,
 * each descriptor is close-on-exec. Faults name the path and the system's reason. Thread: any.
 */
#ifndef GC_COMMON_SYS_FILE_H
#define GC_COMMON_SYS_FILE_H

#include "common/error.h"
#include "common/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads the whole file into memory that the caller frees with free(). A NUL stands behind the last
 * byte, not counted in *ret_len. More than `cap` bytes: GC_ERR_LIMIT. Works on pipes too. */
GC_MUST_CHECK enum gc_err gc_file_read(const char *path, size_t cap, char **ret_data, size_t *ret_len,
                                       struct gc_fault *f);
/* The same from where a descriptor stands; `name` is for the fault. */
GC_MUST_CHECK enum gc_err gc_file_read_fd(int fd, const char *name, size_t cap, char **ret_data,
                                          size_t *ret_len, struct gc_fault *f);

/* Makes `path` hold exactly these bytes, durably: a temporary file beside it is written, synced and
 * renamed over it, and the folder is synced. A reader sees the old bytes or the new; after a power
 * cut it is one of the two as well. */
GC_MUST_CHECK enum gc_err gc_file_write(const char *path, struct gc_bytes bytes, mode_t mode,
                                        struct gc_fault *f);

/* Exactly `len` bytes at `offset`: GC_ERR_CORRUPT where the file ends before. */
GC_MUST_CHECK enum gc_err gc_file_pread(int fd, void *to, size_t len, uint64_t offset);
/* Exactly these bytes where the descriptor stands. */
GC_MUST_CHECK enum gc_err gc_file_write_all(int fd, const void *from, size_t len);

/* fsync of a folder: makes names in it durable. */
GC_MUST_CHECK enum gc_err gc_file_sync_dir(const char *path, struct gc_fault *f);

/* Makes the folder and all that are missing above it, with `mode` (the umask applies). That it is
 * there already is success. */
GC_MUST_CHECK enum gc_err gc_file_make_dirs(const char *path, mode_t mode, struct gc_fault *f);

/* Takes the lock file, making it where it is missing (mode 0600), and writes our pid into it. The
 * lock ends when *ret_fd is closed, that is with the process at the latest. GC_ERR_BUSY when
 * somebody has it: *ret_holder (may be NULL) is then the pid in the file, 0 where it cannot be
 * told. */
GC_MUST_CHECK enum gc_err gc_file_lock(const char *path, int *ret_fd, pid_t *ret_holder, struct gc_fault *f);

#endif
