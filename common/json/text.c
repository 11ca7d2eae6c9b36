/* text.c - see text.h. */
#include "common/json/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void gc_text_release(struct gc_text *t)
{
    free(t->ptr);
    *t = (struct gc_text){0};
}

void gc_text_reset(struct gc_text *t)
{
    t->len = 0;
    t->failed = false;
    if (t->ptr)
        t->ptr[0] = '\0';
}

/* Room for `more` bytes and a NUL. */
static bool grow(struct gc_text *t, size_t more)
{
    if (t->failed)
        return false;
    if (t->ptr && t->capacity - t->len > more)
        return true;
    size_t wanted = t->capacity ? t->capacity : FIRST_CAPACITY;
    while (wanted - t->len <= more) {
        if (wanted > SIZE_MAX / 2) {
            t->failed = true;
            return false;
        }
        wanted *= 2;
    }
    char *ptr = realloc(t->ptr, wanted);
    if (!ptr) {
        t->failed = true;
        return false;
    }
    t->ptr = ptr;
    t->capacity = wanted;
    return true;
}

void gc_text_append(struct gc_text *t, const void *bytes, size_t len)
{
    if (!grow(t, len))
        return;
    if (len)
        memcpy(t->ptr + t->len, bytes, len);
    t->len += len;
    t->ptr[t->len] = '\0';
}

void gc_text_put(struct gc_text *t, const char *cstring)
{
    gc_text_append(t, cstring, strlen(cstring));
}

void gc_text_putc(struct gc_text *t, char c)
{
    gc_text_append(t, &c, 1);
}

void gc_text_format(struct gc_text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !grow(t, (size_t)n))
        return;
    va_start(args, format);
    (void)vsnprintf(t->ptr + t->len, (size_t)n + 1, format, args);
    va_end(args);
    t->len += (size_t)n;
}

char *gc_text_take(struct gc_text *t)
{
    gc_text_append(t, "", 0); /* an empty text is a string too */
    if (t->failed) {
        gc_text_release(t);
        return NULL;
    }
    char *ptr = t->ptr;
    *t = (struct gc_text){0};
    return ptr;
}
