/* text.h - a text that grows, on the heap. Once memory ran out it stays as it is and says so (gc_text_ok), so that a sequence
 * of calls is checked once, at its end. A NUL stands behind the last byte whenever ptr is not NULL. Amortised O(bytes). */
#ifndef GC_COMMON_JSON_TEXT_H
#define GC_COMMON_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/macros.h"
#include "common/slice.h"

struct gc_text {
    char *ptr;
    size_t len;
    size_t capacity;
    bool failed;
};

static inline bool gc_text_ok(const struct gc_text *t)
{
    return !t->failed;
}

void gc_text_release(struct gc_text *t);
/* Empty and ok again; the memory stays. */
void gc_text_reset(struct gc_text *t);

void gc_text_append(struct gc_text *t, const void *bytes, size_t len);
void gc_text_put(struct gc_text *t, const char *cstring);
void gc_text_putc(struct gc_text *t, char c);
void gc_text_format(struct gc_text *t, const char *format, ...) GC_PRINTF(2, 3);

/* "" instead of NULL. */
static inline const char *gc_text_str(const struct gc_text *t)
{
    return t->ptr ? t->ptr : "";
}

/* The text as a heap string of the caller's; NULL where memory ran out. The text is empty afterwards. */
char *gc_text_take(struct gc_text *t);

#endif
