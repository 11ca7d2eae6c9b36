/* codec_write.c - records as msgpack. */
#include "common/assert.h"
#include "proto/codec_shape.h"

struct encoder {
    msgpack_packer packer;
    struct gc_buf *out;
    enum gc_err err; /* the first that happened */
    unsigned depth;  /* containers open */
    size_t objects;  /* in all containers */
};

/* msgpack's own answer to a failed write is not looked at: the buffer remembers it. */
static int write_out(void *out, const char *bytes, size_t len)
{
    return gc_buf_append(out, bytes, len) ? 0 : -1;
}

static void encoder_init(struct encoder *e, struct gc_buf *out)
{
    *e = (struct encoder){.out = out};
    msgpack_packer_init(&e->packer, out, write_out);
}

static void fail(struct encoder *e, enum gc_err err)
{
    if (e->err == GC_OK)
        e->err = err;
}

static bool going(const struct encoder *e)
{
    return e->err == GC_OK && gc_buf_ok(e->out);
}

/* Opens a container; false where the reader's guard would refuse it. */
static bool enter(struct encoder *e, size_t objects)
{
    e->objects += objects;
    if (e->depth == GC_MAX_DEPTH || e->objects > GC_MAX_DOCUMENT_OBJECTS) {
        fail(e, GC_ERR_LIMIT);
        return false;
    }
    e->depth++;
    return true;
}

static void leave(struct encoder *e)
{
    GC_ASSERT(e->depth > 0);
    e->depth--;
}

static void put_str(struct encoder *e, struct gc_bytes s)
{
    msgpack_pack_str(&e->packer, s.len);
    if (s.len > 0)
        msgpack_pack_str_body(&e->packer, s.ptr, s.len);
}

static void put_bin(struct encoder *e, struct gc_bytes s)
{
    msgpack_pack_bin(&e->packer, s.len);
    if (s.len > 0)
        msgpack_pack_bin_body(&e->packer, s.ptr, s.len);
}

/* Config values are what a user wrote, so what they break is an error, never an assert. */
static void put_value_str(struct encoder *e, struct gc_bytes s, size_t max)
{
    if (s.len > max)
        fail(e, GC_ERR_LIMIT);
    else if (codec_has_nul(s))
        fail(e, GC_ERR_INVALID);
    else
        put_str(e, s);
}

static void put_value(struct encoder *e, const struct gc_value *v);

static void put_value_list(struct encoder *e, const struct gc_value *v)
{
    if (v->n > GC_MAX_CONTAINER)
        fail(e, GC_ERR_LIMIT);
    else if (enter(e, v->n)) {
        msgpack_pack_array(&e->packer, v->n);
        for (uint32_t i = 0; i < v->n && going(e); i++)
            put_value(e, &v->as.items[i]);
        leave(e);
    }
}

static void put_value_map(struct encoder *e, const struct gc_value *v)
{
    if (v->n > GC_MAX_CONFIG)
        fail(e, GC_ERR_LIMIT);
    else if (!codec_keys_differ(v->keys, v->n))
        fail(e, GC_ERR_INVALID);
    else if (enter(e, 2u * (size_t)v->n)) {
        msgpack_pack_map(&e->packer, v->n);
        for (uint32_t i = 0; i < v->n && going(e); i++) {
            put_value_str(e, v->keys[i], GC_MAX_NAME);
            put_value(e, &v->as.items[i]);
        }
        leave(e);
    }
}

static void put_value(struct encoder *e, const struct gc_value *v)
{
    switch (v->kind) {
    case GC_VALUE_NULL: msgpack_pack_nil(&e->packer); break;
    case GC_VALUE_BOOL: v->as.flag ? msgpack_pack_true(&e->packer) : msgpack_pack_false(&e->packer); break;
    case GC_VALUE_INT: msgpack_pack_int64(&e->packer, v->as.integer); break;
    case GC_VALUE_REAL:
        if (codec_is_nan(v->as.real))
            fail(e, GC_ERR_INVALID);
        msgpack_pack_double(&e->packer, v->as.real);
        break;
    case GC_VALUE_STRING: put_value_str(e, v->as.string, GC_MAX_STRING); break;
    case GC_VALUE_LIST: put_value_list(e, v); break;
    case GC_VALUE_MAP: put_value_map(e, v); break;
    default: GC_NEVER("a kind of value");
    }
}

static void put_number(struct encoder *e, const struct codec_field *f, uint64_t v)
{
    GC_ASSERT(v >= f->first);
    GC_ASSERT(v <= f->last);
    msgpack_pack_uint64(&e->packer, v);
}

static void put_record(struct encoder *e, const struct codec_shape *s, const void *record);

static void put_list(struct encoder *e, const struct codec_field *f, const void *record)
{
    uint32_t n = *(const uint32_t *)codec_part(record, f->count_at);
    const uint8_t *element = codec_pointer_at(record, f->at);
    const struct codec_shape *of = &codec_shapes[f->of];
    GC_ASSERT(n <= f->max);
    if (!enter(e, n))
        return;
    msgpack_pack_array(&e->packer, n);
    for (uint32_t i = 0; i < n && going(e); i++)
        put_record(e, of, element + i * of->size);
    leave(e);
}

static void put_numbers(struct encoder *e, const struct codec_field *f, const void *record)
{
    uint32_t n = *(const uint32_t *)codec_part(record, f->count_at);
    const uint64_t *numbers = codec_pointer_at(record, f->at);
    GC_ASSERT(n <= f->max);
    if (!enter(e, n))
        return;
    msgpack_pack_array(&e->packer, n);
    for (uint32_t i = 0; i < n; i++)
        put_number(e, f, numbers[i]);
    leave(e);
}

static void put_field(struct encoder *e, const struct codec_field *f, const void *record)
{
    const void *p = codec_part(record, f->at);
    switch (f->kind) {
    case CODEC_U64: put_number(e, f, *(const uint64_t *)p); break;
    case CODEC_F64:
        GC_ASSERT(!codec_is_nan(*(const double *)p));
        msgpack_pack_double(&e->packer, *(const double *)p);
        break;
    case CODEC_FLAG: *(const bool *)p ? msgpack_pack_true(&e->packer) : msgpack_pack_false(&e->packer); break;
    case CODEC_ID: put_bin(e, gc_bytes_of(((const struct gc_id128 *)p)->b, sizeof(struct gc_id128))); break;
    case CODEC_STR:
        GC_ASSERT(((const struct gc_bytes *)p)->len <= f->max);
        GC_ASSERT(!codec_has_nul(*(const struct gc_bytes *)p));
        put_str(e, *(const struct gc_bytes *)p);
        break;
    case CODEC_BIN:
        GC_ASSERT(((const struct gc_bytes *)p)->len <= f->max);
        put_bin(e, *(const struct gc_bytes *)p);
        break;
    case CODEC_VALUE: put_value(e, p); break;
    case CODEC_LIST: put_list(e, f, record); break;
    case CODEC_U64S: put_numbers(e, f, record); break;
    }
}

static void put_record(struct encoder *e, const struct codec_shape *s, const void *record)
{
    if (!enter(e, s->n))
        return;
    msgpack_pack_array(&e->packer, s->n);
    for (uint32_t i = 0; i < s->n && going(e); i++)
        put_field(e, &s->fields[i], record);
    leave(e);
}

enum gc_err codec_write(const struct codec_shape *s, const void *record, size_t max, struct gc_buf *out)
{
    size_t start = out->len;
    struct encoder e;
    encoder_init(&e, out);
    put_record(&e, s, record);
    if (!gc_buf_ok(out) || out->len - start > max)
        fail(&e, GC_ERR_LIMIT);
    if (e.err != GC_OK)
        out->len = start;
    return e.err;
}
