#include "worker/lister/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* In lower case; empty where there is none, and where it is longer than any that means something. */
static struct gc_tally_row extension_of(struct gc_str path)
{
    struct gc_tally_row row = {0};
    size_t dot = path.len;
    while (dot > 0 && path.ptr[dot - 1] != '.' && path.ptr[dot - 1] != '/')
        dot--;
    size_t len = path.len - dot;
    bool hidden = dot < 2 || path.ptr[dot - 2] == '/';
    if (dot == 0 || path.ptr[dot - 1] != '.' || hidden || len > GC_TALLY_EXTENSION)
        return row;
    for (size_t i = 0; i < len; i++) {
        char c = path.ptr[dot + i];
        row.extension[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        if ((unsigned char)c <= 0x20 || (unsigned char)c >= 0x7f)
            return (struct gc_tally_row){0};
    }
    row.len = (uint8_t)len;
    return row;
}

void gc_tally_add(struct gc_tally *t, struct gc_str path, bool taken)
{
    struct gc_tally_row key = extension_of(path);
    uint32_t i = 0;
    while (i < t->n &&
           (t->rows[i].len != key.len || memcmp(t->rows[i].extension, key.extension, key.len) != 0))
        i++;
    struct gc_tally_row *row = i < GC_TALLY_ROWS ? &t->rows[i] : &t->others;
    if (i == t->n && i < GC_TALLY_ROWS)
        t->rows[t->n++] = key;
    row->taken += taken;
    row->left_out += !taken;
}

uint64_t gc_tally_left_out(const struct gc_tally *t)
{
    uint64_t n = t->others.left_out;
    for (uint32_t i = 0; i < t->n; i++)
        n += t->rows[i].left_out;
    return n;
}

/* ---- the note ---- */

static void say(char *text, size_t cap, const char *what, struct gc_str more, uint64_t n)
{
    size_t len = strlen(text);
    (void)snprintf(text + len, cap - len, "%s%.*s %" PRIu64, what, GC_STR_ARGS(more), n);
}

static uint64_t count_of(const struct gc_tally_row *r, bool taken)
{
    return taken ? r->taken : r->left_out;
}

static void say_half(const struct gc_tally *t, bool taken, char *text, size_t cap)
{
    uint64_t total = count_of(&t->others, taken);
    const char *before = " (";
    for (uint32_t i = 0; i < t->n; i++)
        total += count_of(&t->rows[i], taken);
    size_t len = strlen(text);
    (void)snprintf(text + len, cap - len, "%" PRIu64 " %s", total, taken ? "taken" : "left out");
    for (uint32_t i = 0; i <= t->n; i++) {
        const struct gc_tally_row *r = i < t->n ? &t->rows[i] : &t->others;
        struct gc_str name = i == t->n ? GC_STR("others")
                             : r->len  ? gc_str_from(r->extension, r->len)
                                       : GC_STR("no extension");
        if (count_of(r, taken) == 0)
            continue;
        say(text, cap, before, name, count_of(r, taken));
        before = ", ";
    }
    len = strlen(text);
    if (total)
        (void)snprintf(text + len, cap - len, ")");
}

void gc_tally_note(const struct gc_tally *t, char *text, size_t cap)
{
    text[0] = '\0';
    say_half(t, true, text, cap);
    size_t len = strlen(text);
    (void)snprintf(text + len, cap - len, ", ");
    say_half(t, false, text, cap);
}

/* ---- bytes ---- */

static void put_row(const struct gc_tally_row *r, struct gc_buf *out)
{
    (void)gc_buf_put_u8(out, r->len);
    (void)gc_buf_append(out, r->extension, r->len);
    (void)gc_buf_put_varint(out, r->taken);
    (void)gc_buf_put_varint(out, r->left_out);
}

static bool take_row(struct gc_reader *in, struct gc_tally_row *r)
{
    struct gc_bytes extension;
    *r = (struct gc_tally_row){0};
    if (!gc_reader_u8(in, &r->len) || r->len > GC_TALLY_EXTENSION || !gc_reader_bytes(in, r->len, &extension))
        return false;
    if (r->len)
        memcpy(r->extension, extension.ptr, r->len);
    return gc_reader_varint(in, &r->taken) && gc_reader_varint(in, &r->left_out);
}

void gc_tally_put(const struct gc_tally *t, struct gc_buf *out)
{
    (void)gc_buf_put_u8(out, (uint8_t)t->n);
    for (uint32_t i = 0; i < t->n; i++)
        put_row(&t->rows[i], out);
    put_row(&t->others, out);
}

bool gc_tally_take(struct gc_reader *in, struct gc_tally *ret)
{
    uint8_t n;
    *ret = (struct gc_tally){0};
    if (!gc_reader_u8(in, &n) || n > GC_TALLY_ROWS)
        return false;
    for (; ret->n < n; ret->n++)
        if (!take_row(in, &ret->rows[ret->n]))
            return false;
    return take_row(in, &ret->others);
}
