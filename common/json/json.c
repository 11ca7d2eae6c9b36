/* json.c - see json.h. */
#include "common/json/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/sys/clock.h"

static bool comma_wanted(const struct gc_text *t)
{
    if (t->len == 0)
        return false;
    char last = t->ptr[t->len - 1];
    return last != '{' && last != '[' && last != ' ';
}

void gc_json_item(struct gc_text *t)
{
    if (comma_wanted(t))
        gc_text_append(t, ", ", 2);
}

void gc_json_open(struct gc_text *t, char bracket)
{
    GC_ASSERT(bracket == '{' || bracket == '[');
    gc_text_putc(t, bracket);
}

void gc_json_close(struct gc_text *t, char bracket)
{
    GC_ASSERT(bracket == '}' || bracket == ']');
    gc_text_putc(t, bracket);
}

void gc_json_key(struct gc_text *t, const char *key)
{
    gc_json_item(t);
    gc_text_format(t, "\"%s\": ", key);
}

void gc_json_key_bytes(struct gc_text *t, struct gc_bytes key)
{
    gc_json_item(t);
    gc_json_bytes(t, key);
    gc_text_append(t, ": ", 2);
}

/* Which second bytes a first byte allows, and how many bytes the character has: table 3-7 of the Unicode standard. */
static size_t utf8_lead(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
    *ret_low = 0x80;
    *ret_high = 0xbf;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef) {
        if (lead == 0xe0)
            *ret_low = 0xa0;
        if (lead == 0xed)
            *ret_high = 0x9f;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (lead == 0xf0)
            *ret_low = 0x90;
        if (lead == 0xf4)
            *ret_high = 0x8f;
        return 4;
    }
    return 0;
}

size_t gc_utf8_next(struct gc_bytes s, size_t *ret_wrong)
{
    GC_ASSERT(s.len > 0);
    uint8_t low, high;
    size_t n = utf8_lead(s.ptr[0], &low, &high);
    *ret_wrong = 1;
    if (n <= 1)
        return n;
    for (size_t i = 1; i < n; i++) {
        if (i >= s.len || s.ptr[i] < low || s.ptr[i] > high) {
            *ret_wrong = i;
            return 0;
        }
        low = 0x80;
        high = 0xbf;
    }
    return n;
}

bool gc_utf8_valid(struct gc_bytes s)
{
    size_t wrong;
    while (s.len) {
        size_t n = gc_utf8_next(s, &wrong);
        if (n == 0)
            return false;
        s.ptr += n;
        s.len -= n;
    }
    return true;
}

/* A character that must not stand as it is; false where it may. */
static bool escape(struct gc_text *t, const uint8_t *at, size_t n)
{
    uint8_t c = at[0];
    if (n == 1 && (c == '"' || c == '\\')) {
        gc_text_putc(t, '\\');
        gc_text_putc(t, (char)c);
    } else if (n == 1 && (c < 0x20 || c == 0x7f)) {
        static const char letters[] = "btn?fr";
        if (c >= 8 && c <= 13 && c != 11)
            gc_text_format(t, "\\%c", letters[c - 8]);
        else
            gc_text_format(t, "\\u%04x", c);
    } else if (n == 2 && c == 0xc2 && at[1] < 0xa0) {
        gc_text_format(t, "\\u%04x", at[1]);
    } else {
        return false;
    }
    return true;
}

void gc_json_bytes(struct gc_text *t, struct gc_bytes s)
{
    gc_text_putc(t, '"');
    size_t from = 0; /* of what is copied as it is */
    size_t at = 0;
    while (at < s.len) {
        size_t wrong;
        size_t n = gc_utf8_next((struct gc_bytes){s.ptr + at, s.len - at}, &wrong);
        size_t used = n ? n : wrong;
        bool plain = n > 1 || (n == 1 && s.ptr[at] >= 0x20 && s.ptr[at] != '"' && s.ptr[at] != '\\' &&
                               s.ptr[at] != 0x7f);
        if (!plain || (n == 2 && s.ptr[at] == 0xc2)) {
            gc_text_append(t, s.ptr + from, at - from);
            if (n == 0)
                gc_text_put(t, "\xef\xbf\xbd");
            else if (!escape(t, s.ptr + at, n))
                gc_text_append(t, s.ptr + at, n);
            from = at + used;
        }
        at += used;
    }
    if (s.len > from)
        gc_text_append(t, s.ptr + from, s.len - from);
    gc_text_putc(t, '"');
}

void gc_json_str(struct gc_text *t, const char *s)
{
    if (s)
        gc_json_bytes(t, gc_bytes_of(s, strlen(s)));
    else
        gc_json_null(t);
}

void gc_json_null(struct gc_text *t)
{
    gc_text_put(t, "null");
}

void gc_json_bool(struct gc_text *t, bool v)
{
    gc_text_put(t, v ? "true" : "false");
}

void gc_json_u64(struct gc_text *t, uint64_t v)
{
    if (v == GC_UNSET)
        gc_json_null(t);
    else
        gc_text_format(t, "%" PRIu64, v);
}

void gc_json_i64(struct gc_text *t, int64_t v)
{
    gc_text_format(t, "%" PRId64, v);
}

/* printf writes the decimal point of the host program's locale. */
static void put_number(struct gc_text *t, char *digits)
{
    for (char *c = digits; *c; c++) {
        if (!strchr("+-0123456789eE", *c))
            *c = '.';
    }
    gc_text_put(t, digits);
}

void gc_json_real(struct gc_text *t, double v)
{
    if (!isfinite(v)) {
        gc_json_null(t);
        return;
    }
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, v);
        if (strtod(digits, NULL) == v)
            break;
    }
    if (!strpbrk(digits, ".,e")) /* a real stays a real for who reads it */
        strcat(digits, ".0");
    put_number(t, digits);
}

void gc_json_fixed(struct gc_text *t, double v, int digits)
{
    char number[400];
    if (!isfinite(v)) {
        gc_json_null(t);
        return;
    }
    (void)snprintf(number, sizeof number, "%.*f", digits, v);
    put_number(t, number);
}

void gc_json_time(struct gc_text *t, uint64_t wall_ns)
{
    char text[GC_CLOCK_TEXT_SIZE];
    if (wall_ns == 0) {
        gc_json_null(t);
        return;
    }
    gc_clock_text(wall_ns, text);
    gc_json_str(t, text);
}

void gc_json_base64(struct gc_text *t, struct gc_bytes s)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    gc_text_putc(t, '"');
    for (size_t i = 0; i < s.len; i += 3) {
        size_t left = s.len - i;
        uint32_t v = (uint32_t)s.ptr[i] << 16;
        v |= left > 1 ? (uint32_t)s.ptr[i + 1] << 8 : 0;
        v |= left > 2 ? s.ptr[i + 2] : 0;
        char four[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63], left > 1 ? alphabet[v >> 6 & 63] : '=',
                        left > 2 ? alphabet[v & 63] : '='};
        gc_text_append(t, four, sizeof four);
    }
    gc_text_putc(t, '"');
}

void gc_json_named_bytes(struct gc_text *t, const char *key, struct gc_bytes s)
{
    gc_json_key(t, key);
    gc_json_bytes(t, s);
    if (gc_utf8_valid(s))
        return;
    gc_json_item(t);
    gc_text_format(t, "\"%s_base64\": ", key);
    gc_json_base64(t, s);
}
