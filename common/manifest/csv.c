#include <string.h>

#include "common/buf.h"
#include "common/manifest/record.h"
#include "proto/values.h"

void gc_csv_init(struct gc_csv *c, struct gc_bytes record, uint8_t *scratch, size_t room)
{
    *c = (struct gc_csv){.left = record, .scratch = scratch, .room = room};
}

/* Behind a value stands a comma or nothing. */
static bool step_over_comma(struct gc_csv *c)
{
    if (c->left.len == 0) {
        c->ended = true;
        return true;
    }
    if (c->left.ptr[0] != ',')
        return false;
    c->left = gc_bytes_of(c->left.ptr + 1, c->left.len - 1);
    return true;
}

static bool quoted(struct gc_csv *c, struct gc_bytes *ret)
{
    size_t n = 0;
    size_t at = 1;
    for (;; at++) {
        if (at >= c->left.len || n >= c->room)
            return false; /* the quote does not end */
        if (c->left.ptr[at] == '"' && (at + 1 >= c->left.len || c->left.ptr[at + 1] != '"'))
            break;
        at += c->left.ptr[at] == '"';
        c->scratch[n++] = c->left.ptr[at];
    }
    *ret = gc_bytes_of(c->scratch, n);
    c->scratch += n;
    c->room -= n;
    c->left = gc_bytes_of(c->left.ptr + at + 1, c->left.len - at - 1);
    return step_over_comma(c);
}

static bool plain(struct gc_csv *c, struct gc_bytes *ret)
{
    const uint8_t *comma = c->left.len ? memchr(c->left.ptr, ',', c->left.len) : NULL;
    size_t n = comma ? (size_t)(comma - c->left.ptr) : c->left.len;
    if (n > 0 && memchr(c->left.ptr, '"', n))
        return false;
    *ret = gc_bytes_of(c->left.ptr, n);
    c->left = gc_bytes_of(c->left.ptr + n, c->left.len - n);
    return step_over_comma(c);
}

bool gc_csv_next(struct gc_csv *c, struct gc_bytes *ret)
{
    if (c->ended || c->bad)
        return false;
    bool ok = c->left.len > 0 && c->left.ptr[0] == '"' ? quoted(c, ret) : plain(c, ret);
    c->bad = !ok;
    return ok;
}

static enum gc_err wrong_number(const struct gc_manifest *m, uint32_t n, const struct gc_csv *csv,
                                struct gc_fault *fault)
{
    if (csv->bad)
        return gc_fault_set(fault, GC_ERR_INVALID, "a quote in the wrong place");
    return gc_fault_set(fault, GC_ERR_INVALID, "%u values for %u columns", n, m->n_columns);
}

enum gc_err gc_manifest_parse_csv(struct gc_manifest *m, struct gc_bytes line, struct gc_bytes *ret_text,
                                  struct gc_bytes *ret_fields, struct gc_fault *fault)
{
    struct gc_csv csv;
    struct gc_buf fields;
    struct gc_bytes value;
    struct gc_bytes text = {NULL, 0};
    uint32_t n = 0;
    gc_csv_init(&csv, line, m->scratch, sizeof m->scratch);
    gc_buf_init(&fields, m->fields, sizeof m->fields);
    if (m->n_columns > 1)
        gc_value_put_map(&fields, m->n_columns - 1);
    for (; gc_csv_next(&csv, &value); n++) {
        if (n == m->main) {
            text = value;
        } else if (n < m->n_columns) {
            gc_value_put_str(&fields, gc_bytes_of(m->names[n], m->name_lens[n]));
            gc_value_put_str(&fields, value);
        }
    }
    if (csv.bad || n != m->n_columns)
        return wrong_number(m, n, &csv, fault);
    if (text.len == 0 || memchr(text.ptr, '\0', text.len))
        return gc_fault_set(fault, GC_ERR_INVALID, "column '%.*s' is empty", (int)m->name_lens[m->main],
                            (const char *)m->names[m->main]);
    if (!gc_buf_ok(&fields) || fields.len + text.len > GC_MANIFEST_LINE)
        return gc_fault_set(fault, GC_ERR_LIMIT, "its fields are longer than %u bytes", GC_MANIFEST_LINE);
    *ret_text = text;
    *ret_fields = gc_buf_bytes(&fields);
    return GC_OK;
}
