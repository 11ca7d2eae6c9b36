#include "common/manifest/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/manifest/record.h"
#include "proto/limits.h"

enum gc_err gc_manifest_format_of(struct gc_str name, struct gc_str path, enum gc_manifest_format *ret)
{
    if (gc_str_is(name, "csv") || (name.len == 0 && gc_str_ends(path, GC_STR(".csv"))))
        *ret = GC_MANIFEST_CSV;
    else if (gc_str_is(name, "jsonl") ||
             (name.len == 0 && (gc_str_ends(path, GC_STR(".jsonl")) || gc_str_ends(path, GC_STR(".ndjson")))))
        *ret = GC_MANIFEST_JSONL;
    else if (gc_str_is(name, "text") || name.len == 0)
        *ret = GC_MANIFEST_TEXT;
    else
        return GC_ERR_INVALID;
    return GC_OK;
}

enum gc_err gc_manifest_new(enum gc_manifest_format format, struct gc_str column, struct gc_manifest **ret)
{
    if (column.len > GC_MAX_NAME)
        return GC_ERR_LIMIT;
    struct gc_manifest *m = calloc(1, sizeof *m);
    if (!m)
        return GC_ERR_NOMEM;
    m->format = format;
    m->column_len = column.len;
    if (column.len)
        memcpy(m->column, column.ptr, column.len);
    *ret = m;
    return GC_OK;
}

void gc_manifest_destroy(struct gc_manifest **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

/* ---- cutting ---- */

/* The line break that ends a CSV record is the first outside of quotes. A quote inside an unquoted value counts too, which RFC 4180
 * does not allow anyway. */
static const uint8_t *csv_end(struct gc_bytes bytes, uint64_t *ret_lines)
{
    bool quoted = false;
    const uint8_t *end = bytes.ptr + bytes.len;
    for (const uint8_t *p = bytes.ptr; p < end; p++) {
        if (*p == '"')
            quoted = !quoted;
        if (*p != '\n')
            continue;
        ++*ret_lines;
        if (!quoted)
            return p;
    }
    return NULL;
}

enum gc_err gc_manifest_cut(const struct gc_manifest *m, struct gc_bytes bytes, bool last, size_t *ret_len,
                            uint64_t *ret_lines)
{
    uint64_t lines = 0;
    struct gc_bytes seen = {bytes.ptr, bytes.len < GC_MANIFEST_LINE ? bytes.len : GC_MANIFEST_LINE};
    const uint8_t *end = NULL;
    if (m->format == GC_MANIFEST_CSV)
        end = csv_end(seen, &lines);
    else if (seen.len > 0)
        end = memchr(seen.ptr, '\n', seen.len);
    if (m->format != GC_MANIFEST_CSV)
        lines = end != NULL;
    if (!end && bytes.len >= GC_MANIFEST_LINE)
        return GC_ERR_LIMIT;
    *ret_len = end ? (size_t)(end - bytes.ptr) + 1 : last ? bytes.len : 0;
    *ret_lines = lines;
    return GC_OK;
}

/* Without its line break. */
static struct gc_bytes trimmed(struct gc_bytes record)
{
    if (record.len > 0 && record.ptr[record.len - 1] == '\n')
        record.len--;
    if (record.len > 0 && record.ptr[record.len - 1] == '\r')
        record.len--;
    return record;
}

/* ---- the header ---- */

static size_t mark_length(struct gc_bytes start)
{
    return start.len >= 3 && memcmp(start.ptr, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static enum gc_err add_column(struct gc_manifest *m, struct gc_bytes name, struct gc_fault *fault)
{
    if (m->n_columns == GC_MAX_FIELDS)
        return gc_fault_set(fault, GC_ERR_INVALID, "more than %u columns", GC_MAX_FIELDS);
    if (name.len == 0 || name.len > GC_MAX_NAME || memchr(name.ptr, '\0', name.len))
        return gc_fault_set(fault, GC_ERR_INVALID, "column %u has no name, or one above %u bytes",
                            m->n_columns + 1, GC_MAX_NAME);
    for (uint32_t i = 0; i < m->n_columns; i++)
        if (gc_bytes_equal(name, gc_bytes_of(m->names[i], m->name_lens[i])))
            return gc_fault_set(fault, GC_ERR_INVALID, "two columns are named '%.*s'",
                                GC_STR_ARGS(gc_bytes_str(name)));
    memcpy(m->names[m->n_columns], name.ptr, name.len);
    m->name_lens[m->n_columns++] = name.len;
    return GC_OK;
}

static enum gc_err take_header(struct gc_manifest *m, struct gc_bytes record, struct gc_fault *fault)
{
    struct gc_csv csv;
    struct gc_bytes name;
    gc_csv_init(&csv, trimmed(record), m->scratch, sizeof m->scratch);
    m->n_columns = 0;
    while (gc_csv_next(&csv, &name)) {
        enum gc_err err = add_column(m, name, fault);
        if (err)
            return err;
    }
    if (csv.bad || m->n_columns == 0)
        return gc_fault_set(fault, GC_ERR_INVALID, "no header line");
    m->main = 0;
    if (m->column_len == 0)
        return GC_OK;
    for (uint32_t i = 0; i < m->n_columns; i++) {
        if (gc_bytes_equal(gc_bytes_of(m->column, m->column_len),
                           gc_bytes_of(m->names[i], m->name_lens[i]))) {
            m->main = i;
            return GC_OK;
        }
    }
    return gc_fault_set(fault, GC_ERR_INVALID, "no column is named '%.*s'", (int)m->column_len,
                        (const char *)m->column);
}

enum gc_err gc_manifest_head(struct gc_manifest *m, struct gc_bytes start, bool last, size_t *ret_len,
                             uint64_t *ret_lines, struct gc_fault *fault)
{
    size_t mark = mark_length(start);
    size_t len = 0;
    *ret_len = mark;
    *ret_lines = 0;
    if (m->format != GC_MANIFEST_CSV)
        return GC_OK;
    struct gc_bytes rest = {start.ptr + mark, start.len - mark};
    enum gc_err err = gc_manifest_cut(m, rest, last, &len, ret_lines);
    if (err || len == 0)
        return gc_fault_set(fault, GC_ERR_INVALID, "no header line, or one longer than %u bytes",
                            GC_MANIFEST_LINE);
    err = take_header(m, gc_bytes_of(rest.ptr, len), fault);
    if (!err)
        *ret_len = mark + len;
    return err;
}

/* ---- records ---- */

static enum gc_err parse_text(struct gc_bytes line, struct gc_bytes *ret_text, struct gc_fault *fault)
{
    if (memchr(line.ptr, '\0', line.len))
        return gc_fault_set(fault, GC_ERR_INVALID, "a zero byte");
    *ret_text = line;
    return GC_OK;
}

enum gc_err gc_manifest_parse(struct gc_manifest *m, struct gc_bytes record, bool *ret_empty,
                              struct gc_bytes *ret_text, struct gc_bytes *ret_fields, struct gc_fault *fault)
{
    struct gc_bytes line = trimmed(record);
    *ret_fields = gc_bytes_of(NULL, 0);
    *ret_empty = line.len == 0;
    if (*ret_empty)
        return GC_OK;
    switch (m->format) {
    case GC_MANIFEST_TEXT: return parse_text(line, ret_text, fault);
    case GC_MANIFEST_CSV: return gc_manifest_parse_csv(m, line, ret_text, ret_fields, fault);
    case GC_MANIFEST_JSONL: return gc_manifest_parse_json(m, line, ret_empty, ret_text, ret_fields, fault);
    }
    GC_NEVER("a format that is none");
}
