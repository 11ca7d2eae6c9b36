#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/assert.h"
#include "common/buf.h"
#include "common/manifest/record.h"
#include "proto/values.h"

/* ---- fields ---- */

static bool put_json(struct gc_buf *b, const json_t *v, unsigned depth);

static bool put_object(struct gc_buf *b, const json_t *v, unsigned depth)
{
    const char *key;
    json_t *value;
    json_t *object = (json_t *)(uintptr_t)v; /* jansson's walk wants one that may be written, and does not */
    bool ok = json_object_size(v) <= GC_MAX_CONTAINER;
    if (ok)
        gc_value_put_map(b, (uint32_t)json_object_size(v));
    json_object_foreach(object, key, value)
    {
        if (!ok)
            break;
        gc_value_put_str(b, gc_str_bytes(gc_str_of(key)));
        ok = put_json(b, value, depth + 1);
    }
    return ok;
}

static bool put_array(struct gc_buf *b, const json_t *v, unsigned depth)
{
    size_t n = json_array_size(v);
    if (n > GC_MAX_CONTAINER)
        return false;
    gc_value_put_array(b, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        if (!put_json(b, json_array_get(v, i), depth + 1))
            return false;
    return true;
}

static bool put_json(struct gc_buf *b, const json_t *v, unsigned depth)
{
    if (depth >= GC_MAX_DEPTH)
        return false;
    switch (json_typeof(v)) {
    case JSON_OBJECT: return put_object(b, v, depth);
    case JSON_ARRAY: return put_array(b, v, depth);
    case JSON_STRING:
        gc_value_put_str(b, gc_bytes_of(json_string_value(v), json_string_length(v)));
        return true;
    case JSON_INTEGER: gc_value_put_int(b, json_integer_value(v)); return true;
    case JSON_REAL: gc_value_put_real(b, json_real_value(v)); return true;
    case JSON_TRUE:
    case JSON_FALSE: gc_value_put_bool(b, json_is_true(v)); return true;
    case JSON_NULL: gc_value_put_nil(b); return true;
    }
    return false;
}

/* ---- the item ---- */

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool from_base64(const char *in, size_t len, struct gc_buf *out)
{
    uint32_t bits = 0;
    unsigned have = 0;
    while (len > 0 && in[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        int digit = base64_digit(in[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            (void)gc_buf_put_u8(out, (uint8_t)(bits >> have & 0xff));
        }
    }
    return gc_buf_ok(out) && have < 6;
}

/* Writes the item's text into the scratch. */
static bool put_text(struct gc_manifest *m, const json_t *v, bool base64, struct gc_bytes *ret)
{
    struct gc_buf out;
    gc_buf_init(&out, m->scratch, sizeof m->scratch);
    if (base64) {
        if (!json_is_string(v) || !from_base64(json_string_value(v), json_string_length(v), &out))
            return false;
    } else if (json_is_string(v)) {
        (void)gc_buf_append(&out, json_string_value(v), json_string_length(v));
    } else if (json_is_integer(v)) {
        char number[32];
        int n = snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        (void)gc_buf_append(&out, number, (size_t)n);
    } else {
        return false;
    }
    *ret = gc_buf_bytes(&out);
    return gc_buf_ok(&out) && out.len > 0 && !memchr(m->scratch, '\0', out.len);
}

static bool ends_in_base64(struct gc_str key)
{
    return gc_str_ends(key, GC_STR("_base64")) && key.len > 7;
}

/* Which key is the item: `column`, or the first; or that with _base64 behind. */
static const char *find_main(const struct gc_manifest *m, json_t *object, bool *ret_base64)
{
    const char *key;
    json_t *value;
    struct gc_str column = gc_str_from((const char *)m->column, m->column_len);
    const char *found = NULL;
    json_object_foreach(object, key, value)
    {
        struct gc_str k = gc_str_of(key);
        struct gc_str plain = ends_in_base64(k) ? gc_str_part(k, 0, k.len - 7) : k;
        bool mine = column.len == 0 ? found == NULL : gc_str_equal(k, column) || gc_str_equal(plain, column);
        if (mine && (!found || plain.len != k.len)) { /* exact bytes win over text */
            found = key;
            *ret_base64 = plain.len != k.len;
        }
        if (column.len == 0)
            column = plain;
    }
    return found;
}

static enum gc_err parse_object(struct gc_manifest *m, json_t *object, struct gc_bytes *ret_text,
                                struct gc_bytes *ret_fields, struct gc_fault *fault)
{
    const char *key;
    json_t *value;
    bool base64 = false;
    struct gc_buf fields;
    const char *main_key = find_main(m, object, &base64);
    if (!main_key)
        return gc_fault_set(fault, GC_ERR_INVALID, "no key '%.*s'", (int)m->column_len,
                            (const char *)m->column);
    if (!put_text(m, json_object_get(object, main_key), base64, ret_text))
        return gc_fault_set(fault, GC_ERR_INVALID, "'%s' is no text of an item", main_key);
    gc_buf_init(&fields, m->fields, sizeof m->fields);
    size_t n = json_object_size(object) - 1;
    if (n > GC_MAX_FIELDS)
        return gc_fault_set(fault, GC_ERR_INVALID, "more than %u fields", GC_MAX_FIELDS);
    if (n > 0)
        gc_value_put_map(&fields, (uint32_t)n);
    json_object_foreach(object, key, value)
    {
        if (key == main_key || strcmp(key, main_key) == 0)
            continue;
        if (key[0] == '\0' || strlen(key) > GC_MAX_NAME)
            return gc_fault_set(fault, GC_ERR_INVALID, "a key without a name, or one above %u bytes",
                                GC_MAX_NAME);
        gc_value_put_str(&fields, gc_str_bytes(gc_str_of(key)));
        if (!put_json(&fields, value, 1))
            return gc_fault_set(fault, GC_ERR_INVALID, "'%s' is nested too deeply, or too large", key);
    }
    if (!gc_buf_ok(&fields) || fields.len + ret_text->len > GC_MANIFEST_LINE)
        return gc_fault_set(fault, GC_ERR_LIMIT, "its fields are longer than %u bytes", GC_MANIFEST_LINE);
    *ret_fields = gc_buf_bytes(&fields);
    return GC_OK;
}

static bool blank(struct gc_bytes line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] != ' ' && line.ptr[i] != '\t')
            return false;
    return true;
}

enum gc_err gc_manifest_parse_json(struct gc_manifest *m, struct gc_bytes line, bool *ret_empty,
                                   struct gc_bytes *ret_text, struct gc_bytes *ret_fields,
                                   struct gc_fault *fault)
{
    json_error_t error;
    *ret_empty = blank(line);
    if (*ret_empty)
        return GC_OK;
    json_t *v =
        json_loadb((const char *)line.ptr, line.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!v)
        return gc_fault_set(fault, GC_ERR_INVALID, "no JSON: %s", error.text);
    enum gc_err err = GC_OK;
    if (json_is_object(v))
        err = parse_object(m, v, ret_text, ret_fields, fault);
    else if (!put_text(m, v, false, ret_text))
        err = gc_fault_set(fault, GC_ERR_INVALID, "neither an object nor a string");
    json_decref(v);
    return err;
}
