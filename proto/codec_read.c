/* codec_read.c - msgpack as records: after the guard, with every field within its limit, or an error that says which is not. */
#include "common/assert.h"
#include "proto/codec_shape.h"
#include "proto/guard.h"

struct decoder {
    struct gc_arena *arena;
    struct gc_fault *fault;
    const struct codec_shape *shape; /* where it stands, for the fault */
    const struct codec_field *field;
};

enum gc_err codec_peers(struct gc_fault *f, enum gc_err err)
{
    if (f != NULL)
        f->whose = GC_WHOSE_PEER;
    return err;
}

static enum gc_err bad(const struct decoder *d, const char *what)
{
    return codec_peers(
        d->fault, gc_fault_set(d->fault, GC_ERR_INVALID, "%s.%s: %s", d->shape->name, d->field->name, what));
}

static enum gc_err arena_full(const struct decoder *d)
{
    return codec_peers(d->fault, gc_fault_set(d->fault, GC_ERR_LIMIT, "%s.%s: larger than there is room for",
                                              d->shape->name, d->field->name));
}

static enum gc_err take_number(const struct decoder *d, const msgpack_object *o, uint64_t *ret)
{
    if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
        return bad(d, "not an unsigned number");
    if (o->via.u64 < d->field->first || o->via.u64 > d->field->last) {
        return codec_peers(d->fault,
                           gc_fault_set(d->fault, GC_ERR_INVALID, "%s.%s: %llu is no %s", d->shape->name,
                                        d->field->name, (unsigned long long)o->via.u64, d->field->set));
    }
    *ret = o->via.u64;
    return GC_OK;
}

static bool is_real(const msgpack_object *o)
{
    return o->type == MSGPACK_OBJECT_FLOAT32 || o->type == MSGPACK_OBJECT_FLOAT64;
}

static enum gc_err take_real(const struct decoder *d, const msgpack_object *o, double *ret)
{
    if (!is_real(o) || codec_is_nan(o->via.f64))
        return bad(d, "not a real number");
    *ret = o->via.f64;
    return GC_OK;
}

static enum gc_err take_str(const struct decoder *d, const msgpack_object *o, size_t max,
                            struct gc_bytes *ret)
{
    if (o->type != MSGPACK_OBJECT_STR)
        return bad(d, "not a string");
    struct gc_bytes s = gc_bytes_of(o->via.str.ptr, o->via.str.size);
    if (s.len > max)
        return bad(d, "a string above its limit");
    if (codec_has_nul(s))
        return bad(d, "a string with a NUL in it");
    *ret = s;
    return GC_OK;
}

static enum gc_err take_bin(const struct decoder *d, const msgpack_object *o, size_t max,
                            struct gc_bytes *ret)
{
    if (o->type != MSGPACK_OBJECT_BIN)
        return bad(d, "not bytes");
    if (o->via.bin.size > max)
        return bad(d, "bytes above their limit");
    *ret = gc_bytes_of(o->via.bin.ptr, o->via.bin.size);
    return GC_OK;
}

static enum gc_err take_id(const struct decoder *d, const msgpack_object *o, struct gc_id128 *ret)
{
    struct gc_bytes b = {0};
    enum gc_err err = take_bin(d, o, sizeof ret->b, &b);
    if (err != GC_OK)
        return err;
    if (b.len != sizeof ret->b)
        return bad(d, "not an id of 16 bytes");
    memcpy(ret->b, b.ptr, sizeof ret->b);
    return GC_OK;
}

static enum gc_err take_value(const struct decoder *d, const msgpack_object *o, struct gc_value *ret);

static enum gc_err take_value_list(const struct decoder *d, const msgpack_object *o, struct gc_value *ret)
{
    uint32_t n = o->via.array.size;
    struct gc_value *items = GC_ARENA_ARRAY(d->arena, struct gc_value, n);
    if (items == NULL)
        return arena_full(d);
    for (uint32_t i = 0; i < n; i++) {
        enum gc_err err = take_value(d, &o->via.array.ptr[i], &items[i]);
        if (err != GC_OK)
            return err;
    }
    ret->kind = GC_VALUE_LIST;
    ret->n = n;
    ret->as.items = items;
    return GC_OK;
}

static enum gc_err take_value_map(const struct decoder *d, const msgpack_object *o, struct gc_value *ret)
{
    uint32_t n = o->via.map.size;
    if (n > GC_MAX_CONFIG)
        return bad(d, "a map above the limit");
    struct gc_value *items = GC_ARENA_ARRAY(d->arena, struct gc_value, n);
    struct gc_bytes *keys = GC_ARENA_ARRAY(d->arena, struct gc_bytes, n);
    if (items == NULL || keys == NULL)
        return arena_full(d);
    for (uint32_t i = 0; i < n; i++) {
        const msgpack_object_kv *pair = &o->via.map.ptr[i];
        enum gc_err err = take_str(d, &pair->key, GC_MAX_NAME, &keys[i]);
        if (err == GC_OK)
            err = take_value(d, &pair->val, &items[i]);
        if (err != GC_OK)
            return err;
    }
    if (!codec_keys_differ(keys, n))
        return bad(d, "a key twice");
    ret->kind = GC_VALUE_MAP;
    ret->n = n;
    ret->as.items = items;
    ret->keys = keys;
    return GC_OK;
}

/* Recursion is bounded: the guard let no more than GC_MAX_DEPTH containers through. */
static enum gc_err take_value(const struct decoder *d, const msgpack_object *o, struct gc_value *ret)
{
    *ret = (struct gc_value){.kind = GC_VALUE_NULL};
    if (o->type == MSGPACK_OBJECT_NIL)
        return GC_OK;
    if (o->type == MSGPACK_OBJECT_BOOLEAN) {
        ret->kind = GC_VALUE_BOOL;
        ret->as.flag = o->via.boolean;
        return GC_OK;
    }
    if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        if (o->via.u64 > INT64_MAX)
            return bad(d, "a number above 2^63 - 1");
        ret->kind = GC_VALUE_INT;
        ret->as.integer = (int64_t)o->via.u64;
        return GC_OK;
    }
    if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        ret->kind = GC_VALUE_INT;
        ret->as.integer = o->via.i64;
        return GC_OK;
    }
    if (o->type == MSGPACK_OBJECT_ARRAY)
        return take_value_list(d, o, ret);
    if (o->type == MSGPACK_OBJECT_MAP)
        return take_value_map(d, o, ret);
    if (is_real(o)) {
        ret->kind = GC_VALUE_REAL;
        return take_real(d, o, &ret->as.real);
    }
    ret->kind = GC_VALUE_STRING;
    return take_str(d, o, GC_MAX_STRING, &ret->as.string);
}

static enum gc_err take_record(struct decoder *d, const struct codec_shape *s, const msgpack_object *o,
                               void *ret);

/* The count of an array field, within its limit. */
static enum gc_err take_count(const struct decoder *d, const msgpack_object *o, uint32_t *ret)
{
    if (o->type != MSGPACK_OBJECT_ARRAY)
        return bad(d, "not an array");
    if (o->via.array.size > d->field->max)
        return bad(d, "more elements than its limit");
    *ret = o->via.array.size;
    return GC_OK;
}

static enum gc_err take_list(struct decoder *d, const msgpack_object *o, void *record)
{
    const struct codec_field *f = d->field;
    const struct codec_shape *of = &codec_shapes[f->of];
    uint32_t n = 0;
    enum gc_err err = take_count(d, o, &n);
    if (err != GC_OK)
        return err;
    uint8_t *elements = gc_arena_take_array(d->arena, n, of->size, of->align);
    if (elements == NULL)
        return arena_full(d);
    struct decoder inner = {.arena = d->arena, .fault = d->fault, .shape = d->shape, .field = f};
    for (uint32_t i = 0; i < n; i++) {
        err = take_record(&inner, of, &o->via.array.ptr[i], elements + i * of->size);
        if (err != GC_OK)
            return err;
    }
    codec_pointer_put(record, f->at, elements);
    *(uint32_t *)codec_part_mut(record, f->count_at) = n;
    return GC_OK;
}

static enum gc_err take_numbers(const struct decoder *d, const msgpack_object *o, void *record)
{
    uint32_t n = 0;
    enum gc_err err = take_count(d, o, &n);
    if (err != GC_OK)
        return err;
    uint64_t *numbers = GC_ARENA_ARRAY(d->arena, uint64_t, n);
    if (numbers == NULL)
        return arena_full(d);
    for (uint32_t i = 0; i < n; i++) {
        err = take_number(d, &o->via.array.ptr[i], &numbers[i]);
        if (err != GC_OK)
            return err;
    }
    codec_pointer_put(record, d->field->at, numbers);
    *(uint32_t *)codec_part_mut(record, d->field->count_at) = n;
    return GC_OK;
}

static enum gc_err take_field(struct decoder *d, const msgpack_object *o, void *record)
{
    void *p = codec_part_mut(record, d->field->at);
    switch (d->field->kind) {
    case CODEC_U64: return take_number(d, o, p);
    case CODEC_F64: return take_real(d, o, p);
    case CODEC_FLAG:
        if (o->type != MSGPACK_OBJECT_BOOLEAN)
            return bad(d, "not true or false");
        *(bool *)p = o->via.boolean;
        return GC_OK;
    case CODEC_ID: return take_id(d, o, p);
    case CODEC_STR: return take_str(d, o, d->field->max, p);
    case CODEC_BIN: return take_bin(d, o, d->field->max, p);
    case CODEC_VALUE: return take_value(d, o, p);
    case CODEC_LIST: return take_list(d, o, record);
    case CODEC_U64S: return take_numbers(d, o, record);
    }
    GC_NEVER("a kind of field");
}

static enum gc_err take_record(struct decoder *d, const struct codec_shape *s, const msgpack_object *o,
                               void *ret)
{
    if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size != s->n) {
        return codec_peers(d->fault,
                           gc_fault_set(d->fault, GC_ERR_INVALID, "%s: not an array of its %u fields",
                                        s->name, (unsigned)s->n));
    }
    memset(ret, 0, s->size);
    d->shape = s;
    for (uint32_t i = 0; i < s->n; i++) {
        d->field = &s->fields[i];
        enum gc_err err = take_field(d, &o->via.array.ptr[i], ret);
        if (err != GC_OK)
            return err;
    }
    return GC_OK;
}

/* Bytes that the zone needs for so many objects: an array takes one msgpack_object an element, a map two a pair. All are of one
 * size and alignment, so nothing is lost between them. */
_Static_assert(sizeof(msgpack_object_kv) == 2 * sizeof(msgpack_object), "a pair is two objects");
_Static_assert(sizeof(msgpack_object) % MSGPACK_ZONE_ALIGN == 0, "objects leave no gaps in a zone");

size_t codec_zone_bytes(size_t objects)
{
    return objects * sizeof(msgpack_object);
}

enum gc_err codec_read(const struct codec_shape *s, struct gc_bytes bytes, msgpack_zone *zone,
                       struct gc_arena *arena, void *ret, struct gc_fault *fault)
{
    struct decoder d = {.arena = arena, .fault = fault};
    msgpack_object root;
    size_t off = 0;
    msgpack_unpack_return rc = msgpack_unpack((const char *)bytes.ptr, bytes.len, &off, zone, &root);
    /* The guard is stricter than msgpack, so this cannot happen unless one of them is wrong; refusing costs nothing. */
    if (rc != MSGPACK_UNPACK_SUCCESS || off != bytes.len)
        return codec_peers(fault, gc_fault_set(fault, GC_ERR_INVALID, "%s: not msgpack", s->name));
    return take_record(&d, s, &root, ret);
}

enum gc_err codec_guard(struct gc_bytes bytes, size_t max_objects, const struct codec_shape *s,
                        size_t *ret_objects, struct gc_fault *fault)
{
    enum gc_err err = gc_guard(bytes, max_objects, ret_objects);
    if (err != GC_OK)
        return codec_peers(
            fault, gc_fault_set(fault, err, "%s: %s", s->name,
                                err == GC_ERR_LIMIT ? "too many objects" : "not msgpack as it may be sent"));
    return GC_OK;
}
