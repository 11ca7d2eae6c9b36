/* json_value.c - the values of results and of configs, as JSON. */
#include "common/json/json.h"
#include "proto/limits.h"
#include "proto/values.h"

/* Map keys may be of any kind in msgpack, in JSON only strings: a number becomes its digits. */
static enum gc_err put_key(struct gc_text *t, struct gc_bytes *in)
{
    struct gc_value_token token;
    enum gc_err err = gc_value_next(in, &token);
    if (err != GC_OK)
        return err;
    switch (token.kind) {
    case GC_TOKEN_STR:
    case GC_TOKEN_BIN: gc_json_key_bytes(t, token.bytes); return GC_OK;
    case GC_TOKEN_INT:
        gc_json_item(t);
        gc_text_format(t, "\"%lld\": ", (long long)token.integer);
        return GC_OK;
    case GC_TOKEN_UINT:
        gc_json_item(t);
        gc_text_format(t, "\"%llu\": ", (unsigned long long)token.unsigned_integer);
        return GC_OK;
    case GC_TOKEN_NIL:
    case GC_TOKEN_BOOL:
    case GC_TOKEN_REAL:
    case GC_TOKEN_ARRAY:
    case GC_TOKEN_MAP:
    default: return GC_ERR_INVALID;
    }
}

static enum gc_err put_value(struct gc_text *t, struct gc_bytes *in, unsigned depth,
                             const struct gc_field *shape, uint32_t n_shape);

static enum gc_err put_hash(struct gc_text *t, struct gc_bytes *in)
{
    struct gc_value_token token;
    enum gc_err err = gc_value_next(in, &token);
    if (err != GC_OK)
        return err;
    if (token.kind == GC_TOKEN_NIL)
        gc_json_null(t);
    else if (token.kind == GC_TOKEN_UINT || (token.kind == GC_TOKEN_INT && token.integer >= 0))
        gc_text_format(t, "\"%016llx\"",
                       (unsigned long long)(token.kind == GC_TOKEN_UINT ? token.unsigned_integer
                                                                        : (uint64_t)token.integer));
    else
        return GC_ERR_INVALID;
    return GC_OK;
}

static enum gc_err put_array(struct gc_text *t, struct gc_bytes *in, unsigned depth, uint32_t n,
                             const struct gc_field *shape, uint32_t n_shape)
{
    bool named = n_shape > 0 && n == n_shape;
    gc_json_open(t, named ? '{' : '[');
    for (uint32_t i = 0; i < n; i++) {
        if (named)
            gc_json_key_bytes(t, shape[i].name);
        else
            gc_json_item(t);
        bool hash = named && shape[i].type == GC_TYPE_HASH;
        enum gc_err err = hash ? put_hash(t, in) : put_value(t, in, depth + 1, NULL, 0);
        if (err != GC_OK)
            return err;
    }
    gc_json_close(t, named ? '}' : ']');
    return GC_OK;
}

static enum gc_err put_map(struct gc_text *t, struct gc_bytes *in, unsigned depth, uint32_t n)
{
    gc_json_open(t, '{');
    for (uint32_t i = 0; i < n; i++) {
        enum gc_err err = put_key(t, in);
        if (err == GC_OK)
            err = put_value(t, in, depth + 1, NULL, 0);
        if (err != GC_OK)
            return err;
    }
    gc_json_close(t, '}');
    return GC_OK;
}

static enum gc_err put_value(struct gc_text *t, struct gc_bytes *in, unsigned depth,
                             const struct gc_field *shape, uint32_t n_shape)
{
    struct gc_value_token token;
    if (depth > GC_MAX_DEPTH)
        return GC_ERR_INVALID;
    enum gc_err err = gc_value_next(in, &token);
    if (err != GC_OK)
        return err;
    switch (token.kind) {
    case GC_TOKEN_NIL: gc_json_null(t); break;
    case GC_TOKEN_BOOL: gc_json_bool(t, token.flag); break;
    case GC_TOKEN_INT: gc_json_i64(t, token.integer); break;
    case GC_TOKEN_UINT: gc_text_format(t, "%llu", (unsigned long long)token.unsigned_integer); break;
    case GC_TOKEN_REAL: gc_json_real(t, token.real); break;
    case GC_TOKEN_STR: gc_json_bytes(t, token.bytes); break;
    case GC_TOKEN_BIN: gc_json_base64(t, token.bytes); break;
    case GC_TOKEN_ARRAY: return put_array(t, in, depth, token.n, shape, n_shape);
    case GC_TOKEN_MAP: return put_map(t, in, depth, token.n);
    default: return GC_ERR_INVALID;
    }
    return GC_OK;
}

enum gc_err gc_json_value(struct gc_text *t, struct gc_bytes value, const struct gc_field *shape,
                          uint32_t n_shape)
{
    enum gc_err err = put_value(t, &value, 0, shape, n_shape);
    if (err != GC_OK)
        return err;
    return value.len == 0 ? GC_OK : GC_ERR_INVALID;
}

enum gc_err gc_json_fields(struct gc_text *t, struct gc_bytes fields, bool *ret_any)
{
    struct gc_value_token token = {.kind = GC_TOKEN_MAP};
    *ret_any = false;
    if (fields.len && (gc_value_next(&fields, &token) != GC_OK || token.kind != GC_TOKEN_MAP))
        return GC_ERR_INVALID;
    gc_json_open(t, '{');
    for (uint32_t i = 0; i < token.n; i++) {
        struct gc_value_token key;
        struct gc_bytes value;
        if (gc_value_next(&fields, &key) != GC_OK || key.kind != GC_TOKEN_STR ||
            gc_value_skip(&fields, &value) != GC_OK)
            return GC_ERR_INVALID;
        if (key.bytes.len == 0)
            continue;
        gc_json_key_bytes(t, key.bytes);
        enum gc_err err = gc_json_value(t, value, NULL, 0);
        if (err != GC_OK)
            return err;
        *ret_any = true;
    }
    gc_json_close(t, '}');
    return GC_OK;
}

void gc_json_tree(struct gc_text *t, const struct gc_value *v)
{
    switch (v->kind) {
    case GC_VALUE_NULL: gc_json_null(t); break;
    case GC_VALUE_BOOL: gc_json_bool(t, v->as.flag); break;
    case GC_VALUE_INT: gc_json_i64(t, v->as.integer); break;
    case GC_VALUE_REAL: gc_json_real(t, v->as.real); break;
    case GC_VALUE_STRING: gc_json_bytes(t, v->as.string); break;
    case GC_VALUE_LIST:
    case GC_VALUE_MAP:
        gc_json_open(t, v->kind == GC_VALUE_MAP ? '{' : '[');
        for (uint32_t i = 0; i < v->n; i++) {
            if (v->kind == GC_VALUE_MAP)
                gc_json_key_bytes(t, v->keys[i]);
            else
                gc_json_item(t);
            gc_json_tree(t, &v->as.items[i]); /* at most GC_MAX_DEPTH deep: the decoder saw to it */
        }
        gc_json_close(t, v->kind == GC_VALUE_MAP ? '}' : ']');
        break;
    default: gc_json_null(t); break;
    }
}
