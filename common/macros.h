/* The few words of the compiler that every part uses. */
#ifndef GC_COMMON_MACROS_H
#define GC_COMMON_MACROS_H

#include <stddef.h>

/* The caller must look at what comes back. */
#define GC_MUST_CHECK __attribute__((warn_unused_result))

/* The compiler checks the arguments against the format; both are counted from 1. */
#define GC_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

#define GC_NORETURN                    __attribute__((noreturn))

#define GC_STATIC_ASSERT(cond, text)   _Static_assert(cond, text)

#define GC_COUNT_OF(array)             (sizeof(array) / sizeof((array)[0]))

/* The structure that `ptr` is the member `member` of. */
#define GC_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
