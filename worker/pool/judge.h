/* judge.h - why an executor ended that nobody here has ended. */
#ifndef GC_POOL_JUDGE_H
#define GC_POOL_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/message.h"
#include "worker/pool/said.h"

/* Out of memory or a crash? An executor that gets no memory says so where its code looks (libvips does: that is a failure of the task
 * and no death). What does not look ends in its own way, and these are told from a crash:
 *   GLib      aborts, by a trap or SIGABRT, after "failed to allocate N bytes"
 *   C++       aborts after "std::bad_alloc"
 *   the kernel kills with SIGKILL when the machine, or our cgroup, has no memory left; then its count of such kills has grown
 * What reads through the null pointer that it got dies by SIGSEGV, and counts as a crash. `kills`: by how much the kernel's count has
 * grown in its life. Either cause is retried alike; the text tells a person what to look at. */
enum gc_cause gc_judge(int wait_status, uint64_t peak_bytes, uint64_t kills, const struct gc_said *said,
                       char *text, size_t cap);

/* How often the kernel has killed for want of memory since it was started (/proc/vmstat); 0 where it does not say. */
uint64_t gc_judge_kills(void);

#endif
