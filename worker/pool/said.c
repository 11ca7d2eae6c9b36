#include "worker/pool/said.h"

#include <string.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"

#define READ_AT_MOST 65536u /* what a pipe holds: somebody who prints on meanwhile is not waited for */

static void keep(struct gc_said *s, const char *bytes, size_t n)
{
    size_t from = n > sizeof s->kept ? n - sizeof s->kept : 0;
    bytes += from;
    n -= from;
    size_t old = gc_min_size(s->len, sizeof s->kept - n);
    memmove(s->kept, s->kept + (s->len - old), old);
    memcpy(s->kept + old, bytes, n);
    s->len = old + n;
}

void gc_said_take(struct gc_said *s, int fd)
{
    char bytes[4096];
    size_t all = 0;
    while (all < READ_AT_MOST) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0)
            break;
        keep(s, bytes, (size_t)n);
        s->bytes += (uint64_t)n;
        all += (size_t)n;
    }
}

void gc_said_forget(struct gc_said *s)
{
    s->len = 0;
    s->bytes = 0;
}

static bool is_printable(char c)
{
    return (unsigned char)c > ' ' && (unsigned char)c != 0x7f;
}

/* Where the last line with something on it begins and ends; equal: there is none. */
static void find_last(const struct gc_said *s, size_t *ret_from, size_t *ret_to)
{
    size_t to = s->len;
    while (to > 0 && !is_printable(s->kept[to - 1]))
        to--;
    size_t from = to;
    while (from > 0 && s->kept[from - 1] != '\n')
        from--;
    *ret_from = from;
    *ret_to = to;
}

bool gc_said_last(const struct gc_said *s, char *text, size_t cap)
{
    GC_ASSERT(cap > 0);
    size_t from, to, n = 0;
    find_last(s, &from, &to);
    for (; from < to && n + 1 < cap; from++)
        text[n++] = is_printable(s->kept[from]) ? s->kept[from] : ' ';
    text[n] = '\0';
    return n > 0;
}

bool gc_said_holds(const struct gc_said *s, const char *what)
{
    return memmem(s->kept, s->len, what, strlen(what)) != NULL;
}
