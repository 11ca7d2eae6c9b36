/* Asserts on the programmer. They are on in every build, since a scheduler that goes on with a
 * broken invariant writes its error to disk. What comes from wire, disk, user, clock or a library
 * is never asserted: it is an error value (common/error.h).
 *
 * One condition an assert, so that the line names what broke. The condition must have no side
 * effect that the program needs.
 *
 * With GC_ASSERT_PLAIN (the coverage build) the branch moves into a function, so that branch
 * coverage counts the code's branches and not the asserts'.
 */
#ifndef GC_COMMON_ASSERT_H
#define GC_COMMON_ASSERT_H

#include "common/macros.h"

/* Writes `FILE:LINE: assert failed: TEXT` to standard error with one write(2) and aborts.
 * Allocates nothing, takes no lock: may be called from any thread and from a signal handler. */
GC_NORETURN void gc_assert_failed(const char *file, int line, const char *text);

void gc_assert_check(int ok, const char *file, int line, const char *text);

#ifdef GC_ASSERT_PLAIN
#define GC_ASSERT(cond) gc_assert_check((cond) != 0, __FILE__, __LINE__, #cond)
#else
#define GC_ASSERT(cond) \
    (__builtin_expect((cond) != 0, 1) ? (void)0 : gc_assert_failed(__FILE__, __LINE__, #cond))
#endif

/* For the place that is never reached: a switch's default over a closed set, say. */
#define GC_NEVER(text) gc_assert_failed(__FILE__, __LINE__, text)

#endif
