/* Borrowed bytes and borrowed text: a pointer and a length, owning nothing, valid as long as what
 * they point into. Text is bytes that are meant to be read; it need not be UTF-8, is not
 * NUL-terminated and may hold NUL. A slice of length 0 may have a NULL pointer.
 */
#ifndef GC_COMMON_SLICE_H
#define GC_COMMON_SLICE_H

#include "common/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct gc_bytes {
    const uint8_t *ptr;
    size_t len;
};

struct gc_str {
    const char *ptr;
    size_t len;
};

/* Of a string literal (or a char array: its last byte is taken for the NUL). */
#define GC_STR(literal) ((struct gc_str){(literal), sizeof(literal) - 1})

/* The same as an initialiser: a compound literal is no constant to a table. */
#define GC_STR_INIT(literal)           \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

/* For printf: "%.*s", GC_STR_ARGS(s). */
#define GC_STR_ARGS(s) (int)(s).len, (s).ptr

static inline struct gc_bytes gc_bytes_of(const void *ptr, size_t len)
{
    return (struct gc_bytes){ptr, len};
}

/* NULL gives the empty text. */
static inline struct gc_str gc_str_of(const char *cstring)
{
    return (struct gc_str){cstring, cstring ? strlen(cstring) : 0};
}

static inline struct gc_str gc_str_from(const char *ptr, size_t len)
{
    return (struct gc_str){ptr, len};
}

static inline struct gc_bytes gc_str_bytes(struct gc_str s)
{
    return (struct gc_bytes){(const uint8_t *)s.ptr, s.len};
}

static inline struct gc_str gc_bytes_str(struct gc_bytes b)
{
    return (struct gc_str){(const char *)b.ptr, b.len};
}

static inline bool gc_bytes_equal(struct gc_bytes a, struct gc_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool gc_str_equal(struct gc_str a, struct gc_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool gc_str_is(struct gc_str s, const char *cstring)
{
    return gc_str_equal(s, gc_str_of(cstring));
}

/* Whether it is one of a list that ends with NULL. */
static inline bool gc_str_among(struct gc_str s, const char *const *list)
{
    for (; *list; list++)
        if (gc_str_is(s, *list))
            return true;
    return false;
}

/* By bytes, as memcmp does; a prefix stands before what it begins. */
static inline int gc_str_compare(struct gc_str a, struct gc_str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static inline bool gc_str_starts(struct gc_str s, struct gc_str with)
{
    return s.len >= with.len && (with.len == 0 || memcmp(s.ptr, with.ptr, with.len) == 0);
}

static inline bool gc_str_ends(struct gc_str s, struct gc_str with)
{
    return s.len >= with.len && (with.len == 0 || memcmp(s.ptr + s.len - with.len, with.ptr, with.len) == 0);
}

/* The part from `from` to before `to`, both cut at the length. */
static inline struct gc_str gc_str_part(struct gc_str s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (struct gc_str){s.ptr ? s.ptr + from : NULL, to - from};
}

/* Copies with a NUL behind. False, and nothing written, where it does not fit into `cap` bytes or
 * holds a NUL itself (a C string would silently end there). */
GC_MUST_CHECK static inline bool gc_str_copy(char *dst, size_t cap, struct gc_str s)
{
    if (s.len >= cap || (s.len && memchr(s.ptr, '\0', s.len)))
        return false;
    if (s.len)
        memcpy(dst, s.ptr, s.len);
    dst[s.len] = '\0';
    return true;
}

#endif
