#include "common/sys/clock.h"

#include "common/assert.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
    struct timespec t;
    /* Fails only for a clock that the kernel does not have, and these are older than C17. */
    int failed = clock_gettime(clock, &t);
    GC_ASSERT(failed == 0);
    return (uint64_t)t.tv_sec * GC_SEC + (uint64_t)t.tv_nsec;
}

uint64_t gc_clock_now(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

uint64_t gc_clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

void gc_clock_text(uint64_t wall_ns, char ret_text[GC_CLOCK_TEXT_SIZE])
{
    time_t seconds = (time_t)(wall_ns / GC_SEC);
    struct tm tm;
    struct tm *ok = gmtime_r(&seconds, &tm);
    GC_ASSERT(ok != NULL); /* 64 bits of nanoseconds end in 2554 */
    size_t len = strftime(ret_text, GC_CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    unsigned ms = (unsigned)(wall_ns / GC_MS % 1000);
    snprintf(ret_text + len, GC_CLOCK_TEXT_SIZE - len, ".%03uZ", ms);
}

void gc_clock_sleep(uint64_t ns)
{
    uint64_t end = gc_clock_now() + ns;
    struct timespec until = {.tv_sec = (time_t)(end / GC_SEC), .tv_nsec = (long)(end % GC_SEC)};
    while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}
