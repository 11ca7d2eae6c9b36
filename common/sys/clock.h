/* The two clocks. Everything that decides (leases, deadlines, beats) uses gc_clock_now; the wall
 * clock is for people and for log lines, and may jump. Thread: any. */
#ifndef GC_COMMON_SYS_CLOCK_H
#define GC_COMMON_SYS_CLOCK_H

#include <stdint.h>

#define GC_US  ((uint64_t)1000)
#define GC_MS  ((uint64_t)1000000)
#define GC_SEC ((uint64_t)1000000000)

enum { GC_CLOCK_TEXT_SIZE = sizeof "2026-01-31T23:59:59.999Z" };

/* Nanoseconds of CLOCK_BOOTTIME: never goes back, and counts while the machine sleeps, so that a
 * lease cannot outlive its time in a closed laptop. */
uint64_t gc_clock_now(void);

/* Nanoseconds since 1970, UTC. */
uint64_t gc_clock_wall(void);

/* "2026-01-31T23:59:59.999Z" of a gc_clock_wall time. */
void gc_clock_text(uint64_t wall_ns, char ret_text[GC_CLOCK_TEXT_SIZE]);

/* Sleeps that long, through signals. */
void gc_clock_sleep(uint64_t ns);

#endif
