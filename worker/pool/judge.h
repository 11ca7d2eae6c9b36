/* judge.h - why an executor ended that nobody here has ended. */
#ifndef GC_POOL_JUDGE_H
#define GC_POOL_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/message.h"
#include "worker/pool/said.h"

/* Out of memory or a crash? An executor that gets no memory says so where its code looks (libvips does: that is a failure of the task
 * and no death). What does not look ends in its own way, and these are told from a crash:
 *   GLib        ends by a trap or SIGABRT, after "failed to allocate N bytes", or after "Error creating thread" for want of a stack
 *   C++         aborts after "std::bad_alloc"
 *   anybody     dies by SIGSEGV, SIGBUS, SIGTRAP or SIGABRT, without a word since that would take memory, at its limit
 *   the kernel  kills with SIGKILL when the machine, or our cgroup, has no memory left; then its count of such kills has grown
 * What reads through a null pointer that it got for one large block is not told, and counts as a crash. Either cause is retried alike;
 * the text tells a person where to look. `kills`: by how much the kernel's count has grown in its life. */
enum gc_cause gc_judge(int wait_status, uint64_t peak_bytes, uint64_t kills, const struct gc_said *said,
                       char *text, size_t cap);

/* How often the kernel has killed for want of memory since it was started (/proc/vmstat); 0 where it does not say. */
uint64_t gc_judge_kills(void);

#endif
