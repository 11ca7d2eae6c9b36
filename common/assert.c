#include "common/assert.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Appends what fits. No stdio: we may be in a signal handler, or out of memory. */
static size_t put(char *line, size_t cap, size_t at, const char *text)
{
    size_t len = strnlen(text, cap - at);
    memcpy(line + at, text, len);
    return at + len;
}

void gc_assert_failed(const char *file, int line, const char *text)
{
    char out[512];
    const size_t cap = sizeof out - 1; /* the last byte is the line break's */
    char digits[sizeof(int) * 3 + 1];
    size_t first = sizeof digits - 1;
    digits[first] = '\0';
    for (unsigned left = line > 0 ? (unsigned)line : 0; left > 0 || digits[first] == '\0'; left /= 10)
        digits[--first] = (char)('0' + left % 10);

    size_t len = put(out, cap, 0, file);
    len = put(out, cap, len, ":");
    len = put(out, cap, len, digits + first);
    len = put(out, cap, len, ": assert failed: ");
    len = put(out, cap, len, text);
    out[len++] = '\n';
    /* Nothing is left to be done about a failure to say it. */
    ssize_t written = write(STDERR_FILENO, out, len);
    (void)written;
    abort();
}

void gc_assert_check(int ok, const char *file, int line, const char *text)
{
    if (!ok)
        gc_assert_failed(file, line, text);
}
