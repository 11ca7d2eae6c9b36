/* How it works: the tables of records.def and messages.def become arrays of `struct field` (kind, place in the struct, limits), and
 * one encoder and one decoder walk them. There is no function a message, so a field that the table has cannot be forgotten by the
 * code, and what is checked for one is checked for all. */
#include "proto/codec.h"

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "proto/guard.h"

/* ---- the tables ---- */

#define U64(...)
#define F64(...)
#define FLAG(...)
#define ID(...)
#define STR(...)
#define BIN(...)
#define VALUE(...)
#define LIST(...)
#define U64S(...)
#define ENUM(...)
#define ENUMS(...)
#define REC_BEGIN(name, doc) SHAPE_##name,
#define REC_END(name)
enum {
#include "proto/records.def"
    SHAPES
};
#undef REC_BEGIN
#undef REC_END
#undef U64
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUM
#undef ENUMS

enum kind { KIND_U64, KIND_F64, KIND_FLAG, KIND_ID, KIND_STR, KIND_BIN, KIND_VALUE, KIND_LIST, KIND_U64S };

struct field {
    const char *name;
    enum kind kind;
    uint32_t max;    /* of STR and BIN bytes, of LIST and U64S elements */
    size_t at;       /* its place in the struct */
    size_t count_at; /* LIST, U64S: place of n_field, a uint32_t */
    size_t of;       /* LIST: its record's index in `shapes` */
    uint64_t first;  /* U64, U64S: a closed set's bounds, or all numbers */
    uint64_t last;
    const char *set; /* the set's name, or NULL */
};

struct shape {
    const char *name;
    const struct field *fields;
    uint32_t n;
    size_t size;
    size_t align;
};

#define AT(owner, field)              .name = #field, .at = offsetof(OWNER(owner), field)
#define COUNT_AT(owner, field)        .count_at = offsetof(OWNER(owner), n_##field)
#define ALL                           .first = 0, .last = UINT64_MAX
#define OF_SET(NAME)                  .first = GC_SET_##NAME##_FIRST, .last = GC_SET_##NAME##_LAST, .set = #NAME
#define U64(owner, field, doc)        {AT(owner, field), .kind = KIND_U64, ALL},
#define ENUM(owner, field, NAME, doc) {AT(owner, field), .kind = KIND_U64, OF_SET(NAME)},
#define F64(owner, field, doc)        {AT(owner, field), .kind = KIND_F64},
#define FLAG(owner, field, doc)       {AT(owner, field), .kind = KIND_FLAG},
#define ID(owner, field, doc)         {AT(owner, field), .kind = KIND_ID},
#define STR(owner, field, most, doc)  {AT(owner, field), .kind = KIND_STR, .max = (most)},
#define BIN(owner, field, most, doc)  {AT(owner, field), .kind = KIND_BIN, .max = (most)},
#define VALUE(owner, field, doc)      {AT(owner, field), .kind = KIND_VALUE},
#define LIST(owner, field, record, most, doc) \
    {AT(owner, field), COUNT_AT(owner, field), .kind = KIND_LIST, .max = (most), .of = SHAPE_##record},
#define U64S(owner, field, most, doc) \
    {AT(owner, field), COUNT_AT(owner, field), .kind = KIND_U64S, .max = (most), ALL},
#define ENUMS(owner, field, NAME, most, doc) \
    {AT(owner, field), COUNT_AT(owner, field), .kind = KIND_U64S, .max = (most), OF_SET(NAME)},

/* C has no empty arrays, and some messages no fields: each table ends with a row that is not counted. */
#define TABLE_END    \
    {                \
        .name = NULL \
    }                \
    }
#define SHAPE(name, type, table)                                                          \
    {                                                                                     \
        name, table, sizeof(table) / sizeof((table)[0]) - 1, sizeof(type), _Alignof(type) \
    }

#define OWNER(owner)         struct gc_##owner
#define REC_BEGIN(name, doc) static const struct field record_##name[] = {
#define REC_END(name)        TABLE_END;
#include "proto/records.def"
#undef OWNER
#undef REC_BEGIN
#undef REC_END

#define OWNER(owner) struct gc_msg_##owner
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) \
    static const struct field message_##name[] = {
#define MSG_END(name) TABLE_END;
#include "proto/messages.def"
#undef OWNER
#undef MSG_BEGIN
#undef MSG_END
#undef U64
#undef ENUM
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUMS

#define U64(...)
#define F64(...)
#define FLAG(...)
#define ID(...)
#define STR(...)
#define BIN(...)
#define VALUE(...)
#define LIST(...)
#define U64S(...)
#define ENUM(...)
#define ENUMS(...)
#define REC_BEGIN(name, doc) [SHAPE_##name] = SHAPE(#name, struct gc_##name, record_##name),
#define REC_END(name)
static const struct shape shapes[SHAPES] = {
#include "proto/records.def"
};
#undef REC_BEGIN
#undef REC_END

#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) \
    [GC_MSG_##NAME] = SHAPE(#name, struct gc_msg_##name, message_##name),
#define MSG_END(name)
static const struct shape messages[] = {
#include "proto/messages.def"
};
#undef MSG_BEGIN
#undef MSG_END

/* A type without a message has a hole in the array. */
static const struct shape *message_shape(uint64_t type)
{
    return type < sizeof messages / sizeof messages[0] && messages[type].name != NULL ? &messages[type]
                                                                                      : NULL;
}

/* The struct's members are reached through the table's offsets. Pointers to records are of many types with one representation; they
 * are copied as bytes, since writing one through a void ** would be an access of the wrong type. */
static const void *part(const void *record, size_t at)
{
    return (const uint8_t *)record + at;
}

static void *part_mut(void *record, size_t at)
{
    return (uint8_t *)record + at;
}

static const void *pointer_at(const void *record, size_t at)
{
    const void *p;
    memcpy(&p, part(record, at), sizeof p);
    return p;
}

static void pointer_put(void *record, size_t at, const void *p)
{
    memcpy(part_mut(record, at), &p, sizeof p);
}

static bool has_nul(struct gc_bytes s)
{
    return s.len > 0 && memchr(s.ptr, '\0', s.len) != NULL;
}

/* A key twice would mean something else to each reader. Maps are short (GC_MAX_CONFIG), so every pair is looked at. */
static bool keys_differ(const struct gc_bytes *keys, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (gc_bytes_equal(keys[i], keys[j]))
                return false;
        }
    }
    return true;
}

static bool is_nan(double v)
{
    return v != v;
}

/* ---- encoding ---- */

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
    else if (has_nul(s))
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
    else if (!keys_differ(v->keys, v->n))
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
        if (is_nan(v->as.real))
            fail(e, GC_ERR_INVALID);
        msgpack_pack_double(&e->packer, v->as.real);
        break;
    case GC_VALUE_STRING: put_value_str(e, v->as.string, GC_MAX_STRING); break;
    case GC_VALUE_LIST: put_value_list(e, v); break;
    case GC_VALUE_MAP: put_value_map(e, v); break;
    default: GC_NEVER("a kind of value");
    }
}

static void put_number(struct encoder *e, const struct field *f, uint64_t v)
{
    GC_ASSERT(v >= f->first);
    GC_ASSERT(v <= f->last);
    msgpack_pack_uint64(&e->packer, v);
}

static void put_record(struct encoder *e, const struct shape *s, const void *record);

static void put_list(struct encoder *e, const struct field *f, const void *record)
{
    uint32_t n = *(const uint32_t *)part(record, f->count_at);
    const uint8_t *element = pointer_at(record, f->at);
    const struct shape *of = &shapes[f->of];
    GC_ASSERT(n <= f->max);
    if (!enter(e, n))
        return;
    msgpack_pack_array(&e->packer, n);
    for (uint32_t i = 0; i < n && going(e); i++)
        put_record(e, of, element + i * of->size);
    leave(e);
}

static void put_numbers(struct encoder *e, const struct field *f, const void *record)
{
    uint32_t n = *(const uint32_t *)part(record, f->count_at);
    const uint64_t *numbers = pointer_at(record, f->at);
    GC_ASSERT(n <= f->max);
    if (!enter(e, n))
        return;
    msgpack_pack_array(&e->packer, n);
    for (uint32_t i = 0; i < n; i++)
        put_number(e, f, numbers[i]);
    leave(e);
}

static void put_field(struct encoder *e, const struct field *f, const void *record)
{
    const void *p = part(record, f->at);
    switch (f->kind) {
    case KIND_U64: put_number(e, f, *(const uint64_t *)p); break;
    case KIND_F64:
        GC_ASSERT(!is_nan(*(const double *)p));
        msgpack_pack_double(&e->packer, *(const double *)p);
        break;
    case KIND_FLAG: *(const bool *)p ? msgpack_pack_true(&e->packer) : msgpack_pack_false(&e->packer); break;
    case KIND_ID: put_bin(e, gc_bytes_of(((const struct gc_id128 *)p)->b, sizeof(struct gc_id128))); break;
    case KIND_STR:
        GC_ASSERT(((const struct gc_bytes *)p)->len <= f->max);
        GC_ASSERT(!has_nul(*(const struct gc_bytes *)p));
        put_str(e, *(const struct gc_bytes *)p);
        break;
    case KIND_BIN:
        GC_ASSERT(((const struct gc_bytes *)p)->len <= f->max);
        put_bin(e, *(const struct gc_bytes *)p);
        break;
    case KIND_VALUE: put_value(e, p); break;
    case KIND_LIST: put_list(e, f, record); break;
    case KIND_U64S: put_numbers(e, f, record); break;
    }
}

static void put_record(struct encoder *e, const struct shape *s, const void *record)
{
    if (!enter(e, s->n))
        return;
    msgpack_pack_array(&e->packer, s->n);
    for (uint32_t i = 0; i < s->n && going(e); i++)
        put_field(e, &s->fields[i], record);
    leave(e);
}

/* Appends the record, at most `max` bytes, or nothing. */
static enum gc_err encode(const struct shape *s, const void *record, size_t max, struct gc_buf *out)
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

/* ---- decoding ---- */

struct decoder {
    struct gc_arena *arena;
    struct gc_fault *fault;
    const struct shape *shape; /* where it stands, for the fault */
    const struct field *field;
};

static enum gc_err peers(struct gc_fault *f, enum gc_err err)
{
    if (f != NULL)
        f->whose = GC_WHOSE_PEER;
    return err;
}

static enum gc_err bad(const struct decoder *d, const char *what)
{
    return peers(d->fault,
                 gc_fault_set(d->fault, GC_ERR_INVALID, "%s.%s: %s", d->shape->name, d->field->name, what));
}

static enum gc_err arena_full(const struct decoder *d)
{
    return peers(d->fault, gc_fault_set(d->fault, GC_ERR_LIMIT, "%s.%s: larger than there is room for",
                                        d->shape->name, d->field->name));
}

static enum gc_err take_number(const struct decoder *d, const msgpack_object *o, uint64_t *ret)
{
    if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
        return bad(d, "not an unsigned number");
    if (o->via.u64 < d->field->first || o->via.u64 > d->field->last) {
        return peers(d->fault, gc_fault_set(d->fault, GC_ERR_INVALID, "%s.%s: %llu is no %s", d->shape->name,
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
    if (!is_real(o) || is_nan(o->via.f64))
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
    if (has_nul(s))
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
    if (!keys_differ(keys, n))
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

static enum gc_err take_record(struct decoder *d, const struct shape *s, const msgpack_object *o, void *ret);

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
    const struct field *f = d->field;
    const struct shape *of = &shapes[f->of];
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
    pointer_put(record, f->at, elements);
    *(uint32_t *)part_mut(record, f->count_at) = n;
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
    pointer_put(record, d->field->at, numbers);
    *(uint32_t *)part_mut(record, d->field->count_at) = n;
    return GC_OK;
}

static enum gc_err take_field(struct decoder *d, const msgpack_object *o, void *record)
{
    void *p = part_mut(record, d->field->at);
    switch (d->field->kind) {
    case KIND_U64: return take_number(d, o, p);
    case KIND_F64: return take_real(d, o, p);
    case KIND_FLAG:
        if (o->type != MSGPACK_OBJECT_BOOLEAN)
            return bad(d, "not true or false");
        *(bool *)p = o->via.boolean;
        return GC_OK;
    case KIND_ID: return take_id(d, o, p);
    case KIND_STR: return take_str(d, o, d->field->max, p);
    case KIND_BIN: return take_bin(d, o, d->field->max, p);
    case KIND_VALUE: return take_value(d, o, p);
    case KIND_LIST: return take_list(d, o, record);
    case KIND_U64S: return take_numbers(d, o, record);
    }
    GC_NEVER("a kind of field");
}

static enum gc_err take_record(struct decoder *d, const struct shape *s, const msgpack_object *o, void *ret)
{
    if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size != s->n) {
        return peers(d->fault, gc_fault_set(d->fault, GC_ERR_INVALID, "%s: not an array of its %u fields",
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

static size_t zone_bytes(size_t objects)
{
    return objects * sizeof(msgpack_object);
}

/* `bytes` have passed the guard, and the zone has room for what it counted. */
static enum gc_err decode(struct decoder *d, const struct shape *s, struct gc_bytes bytes, msgpack_zone *zone,
                          void *ret)
{
    msgpack_object root;
    size_t off = 0;
    msgpack_unpack_return rc = msgpack_unpack((const char *)bytes.ptr, bytes.len, &off, zone, &root);
    /* The guard is stricter than msgpack, so this cannot happen unless one of them is wrong; refusing costs nothing. */
    if (rc != MSGPACK_UNPACK_SUCCESS || off != bytes.len)
        return peers(d->fault, gc_fault_set(d->fault, GC_ERR_INVALID, "%s: not msgpack", s->name));
    return take_record(d, s, &root, ret);
}

static enum gc_err guard(struct gc_bytes bytes, size_t max_objects, const struct shape *s,
                         size_t *ret_objects, struct gc_fault *fault)
{
    enum gc_err err = gc_guard(bytes, max_objects, ret_objects);
    if (err != GC_OK)
        return peers(
            fault, gc_fault_set(fault, err, "%s: %s", s->name,
                                err == GC_ERR_LIMIT ? "too many objects" : "not msgpack as it may be sent"));
    return GC_OK;
}

/* ---- records on their own ---- */

static enum gc_err decode_document(const struct shape *s, struct gc_bytes in, struct gc_arena *arena,
                                   void *ret, struct gc_fault *fault)
{
    size_t objects = 0;
    if (in.len > GC_MAX_DOCUMENT)
        return peers(fault, gc_fault_set(fault, GC_ERR_LIMIT, "%s: %zu bytes", s->name, in.len));
    enum gc_err err = guard(in, GC_MAX_DOCUMENT_OBJECTS, s, &objects, fault);
    if (err != GC_OK)
        return err;
    msgpack_zone zone;
    if (!msgpack_zone_init(&zone, zone_bytes(objects + 1)))
        return gc_fault_set(fault, GC_ERR_NOMEM, "%s: no memory to decode it", s->name);
    struct decoder d = {.arena = arena, .fault = fault};
    size_t mark = gc_arena_mark(arena);
    err = decode(&d, s, in, &zone, ret);
    if (err != GC_OK)
        gc_arena_rewind(arena, mark);
    msgpack_zone_destroy(&zone);
    return err;
}

/* *ret is written only on success, so the record is made aside. */
#define REC_BEGIN(name, doc)                                                                        \
    enum gc_err gc_encode_##name(const struct gc_##name *in, struct gc_buf *out)                    \
    {                                                                                               \
        return encode(&shapes[SHAPE_##name], in, GC_MAX_DOCUMENT, out);                             \
    }                                                                                               \
    enum gc_err gc_decode_##name(struct gc_bytes in, struct gc_arena *arena, struct gc_##name *ret, \
                                 struct gc_fault *fault)                                            \
    {                                                                                               \
        struct gc_##name made;                                                                      \
        enum gc_err err = decode_document(&shapes[SHAPE_##name], in, arena, &made, fault);          \
        if (err == GC_OK)                                                                           \
            *ret = made;                                                                            \
        return err;                                                                                 \
    }
#define REC_END(name)
#include "proto/records.def"
#undef REC_BEGIN
#undef REC_END
#undef U64
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUM
#undef ENUMS

const char *gc_codec_library(void)
{
    return "msgpack " MSGPACK_VERSION;
}

/* ---- messages ---- */

struct gc_codec {
    msgpack_zone zone; /* for the largest body there may be */
    struct gc_arena arena;
};

/* Each object of a body takes a byte of it at least. */
#define BODY_OBJECTS ((size_t)GC_MAX_BODY)

enum gc_err gc_codec_new(size_t scratch, struct gc_codec **ret)
{
    struct gc_codec *c = malloc(sizeof *c + scratch);
    if (c == NULL)
        return GC_ERR_NOMEM;
    if (!msgpack_zone_init(&c->zone, zone_bytes(BODY_OBJECTS))) {
        free(c);
        return GC_ERR_NOMEM;
    }
    gc_arena_init(&c->arena, c + 1, scratch);
    *ret = c;
    return GC_OK;
}

void gc_codec_destroy(struct gc_codec **self_p)
{
    struct gc_codec *c = *self_p;
    if (c == NULL)
        return;
    msgpack_zone_destroy(&c->zone);
    free(c);
    *self_p = NULL;
}

/* The header's fields in the order of message.h. */
static void put_header(struct gc_buf *out, const struct gc_msg *msg, uint32_t body)
{
    gc_buf_put_u16(out, GC_WIRE_MAGIC);
    gc_buf_put_u8(out, GC_WIRE_VERSION);
    gc_buf_put_u8(out, (uint8_t)msg->type);
    gc_buf_put_u32(out, body);
    gc_buf_put_u64(out, msg->term);
    gc_buf_put_u64(out, msg->session);
    gc_buf_put_u64(out, msg->seq);
    gc_buf_put_u64(out, msg->re);
}

enum gc_err gc_codec_encode(struct gc_codec *c, const struct gc_msg *msg, struct gc_buf *out)
{
    const struct shape *s = message_shape(msg->type);
    GC_ASSERT(c != NULL);
    GC_ASSERT(s != NULL);
    GC_ASSERT(gc_msg_wrong(msg) == NULL);
    gc_buf_reset(out);
    if (gc_buf_reserve(out, GC_HEADER_BYTES) == NULL)
        return GC_ERR_LIMIT;
    enum gc_err err = encode(s, &msg->as, GC_MAX_BODY, out);
    if (err != GC_OK) {
        gc_buf_reset(out);
        return err;
    }
    struct gc_buf header;
    gc_buf_init(&header, out->data, GC_HEADER_BYTES);
    put_header(&header, msg, (uint32_t)(out->len - GC_HEADER_BYTES));
    GC_ASSERT(gc_buf_ok(&header));
    GC_ASSERT(header.len == GC_HEADER_BYTES);
    return GC_OK;
}

/* The header, and that the frame is as long as it says. */
static enum gc_err take_header(struct gc_bytes frame, struct gc_msg *msg, struct gc_fault *fault)
{
    struct gc_reader r;
    uint16_t magic = 0;
    uint8_t version = 0;
    uint8_t type = 0;
    uint32_t body = 0;
    gc_reader_init(&r, frame);
    if (!gc_reader_u16(&r, &magic) || magic != GC_WIRE_MAGIC)
        return gc_fault_set(fault, GC_ERR_INVALID, "not a frame of this protocol");
    if (!gc_reader_u8(&r, &version))
        return gc_fault_set(fault, GC_ERR_INVALID, "a header of %zu bytes", frame.len);
    if (version != GC_WIRE_VERSION)
        return gc_fault_set(fault, GC_ERR_VERSION, "it speaks version %u, this program version %u",
                            (unsigned)version, GC_WIRE_VERSION);
    gc_reader_u8(&r, &type);
    gc_reader_u32(&r, &body);
    gc_reader_u64(&r, &msg->term);
    gc_reader_u64(&r, &msg->session);
    gc_reader_u64(&r, &msg->seq);
    gc_reader_u64(&r, &msg->re);
    if (!gc_reader_ok(&r))
        return gc_fault_set(fault, GC_ERR_INVALID, "a header of %zu bytes", frame.len);
    if (message_shape(type) == NULL)
        return gc_fault_set(fault, GC_ERR_INVALID, "there is no message %u", (unsigned)type);
    if (body > GC_MAX_BODY)
        return gc_fault_set(fault, GC_ERR_LIMIT, "a body of %lu bytes", (unsigned long)body);
    if (body != gc_reader_left(&r))
        return gc_fault_set(fault, GC_ERR_INVALID, "a body of %zu bytes whose header says %lu",
                            gc_reader_left(&r), (unsigned long)body);
    msg->type = (enum gc_msg_type)type;
    return GC_OK;
}

static enum gc_err take_bulk(struct gc_bytes bulk, struct gc_msg *msg, struct gc_fault *fault)
{
    if (bulk.ptr == NULL)
        return GC_OK;
    if (!gc_msg_has_bulk(msg->type))
        return gc_fault_set(fault, GC_ERR_INVALID, "%s: a bulk where none may be", gc_msg_name(msg->type));
    if (bulk.len > GC_MAX_BULK)
        return gc_fault_set(fault, GC_ERR_LIMIT, "%s: a bulk of %zu bytes", gc_msg_name(msg->type), bulk.len);
    msg->bulk = bulk;
    return GC_OK;
}

enum gc_err gc_codec_decode(struct gc_codec *c, struct gc_bytes frame, struct gc_bytes bulk,
                            struct gc_msg *ret, struct gc_fault *fault)
{
    struct gc_msg msg;
    size_t objects = 0;
    memset(&msg, 0, sizeof msg);
    enum gc_err err = take_header(frame, &msg, fault);
    if (err == GC_OK)
        err = take_bulk(bulk, &msg, fault);
    if (err != GC_OK)
        return peers(fault, err);
    const struct shape *s = message_shape(msg.type);
    struct gc_bytes body = gc_bytes_of(frame.ptr + GC_HEADER_BYTES, frame.len - GC_HEADER_BYTES);
    err = guard(body, BODY_OBJECTS, s, &objects, fault);
    if (err != GC_OK)
        return err;
    msgpack_zone_clear(&c->zone);
    gc_arena_rewind(&c->arena, 0);
    struct decoder d = {.arena = &c->arena, .fault = fault};
    err = decode(&d, s, body, &c->zone, &msg.as);
    if (err != GC_OK)
        return err;
    const char *wrong = gc_msg_wrong(&msg);
    if (wrong != NULL)
        return peers(fault, gc_fault_set(fault, GC_ERR_INVALID, "%s: %s", gc_msg_name(msg.type), wrong));
    *ret = msg;
    return GC_OK;
}
