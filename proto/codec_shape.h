/* codec_shape.h - inside of the codec: what a record or a message looks like, and its two walkers.
 *
 * The tables of records.def and messages.def become arrays of `struct codec_field` (kind, place in the struct, limits), and one
 * encoder and one decoder walk them. There is no function a message, so a field that the table has cannot be forgotten by the code,
 * and what is checked for one is checked for all. */
#ifndef GC_PROTO_CODEC_SHAPE_H
#define GC_PROTO_CODEC_SHAPE_H

#include <msgpack.h>
#include <stddef.h>
#include <string.h>

#include "proto/codec.h"

/* ---- the tables: codec_shape.c ---- */

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
#define REC_BEGIN(name, doc) CODEC_SHAPE_##name,
#define REC_END(name)
enum {
#include "proto/records.def"
    CODEC_SHAPES
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

enum codec_kind {
    CODEC_U64,
    CODEC_F64,
    CODEC_FLAG,
    CODEC_ID,
    CODEC_STR,
    CODEC_BIN,
    CODEC_VALUE,
    CODEC_LIST,
    CODEC_U64S
};

struct codec_field {
    const char *name;
    enum codec_kind kind;
    uint32_t max;    /* of STR and BIN bytes, of LIST and U64S elements */
    size_t at;       /* its place in the struct */
    size_t count_at; /* LIST, U64S: place of n_field, a uint32_t */
    size_t of;       /* LIST: its record's index in `shapes` */
    uint64_t first;  /* U64, U64S: a closed set's bounds, or all numbers */
    uint64_t last;
    const char *set; /* the set's name, or NULL */
};

struct codec_shape {
    const char *name;
    const struct codec_field *fields;
    uint32_t n;
    size_t size;
    size_t align;
};

extern const struct codec_shape codec_shapes[CODEC_SHAPES];

/* NULL: there is no such message. */
const struct codec_shape *codec_message_shape(uint64_t type);

/* ---- the walkers ---- */

/* codec_write.c: appends the record, at most `max` bytes, or nothing. */
enum gc_err codec_write(const struct codec_shape *s, const void *record, size_t max, struct gc_buf *out);

/* codec_read.c: bytes that a zone needs for so many objects. */
size_t codec_zone_bytes(size_t objects);
/* Counts the objects of what may be decoded. The fault is the peer's. */
enum gc_err codec_guard(struct gc_bytes bytes, size_t max_objects, const struct codec_shape *s,
                        size_t *ret_objects, struct gc_fault *fault);
/* `bytes` have passed the guard, and the zone has room for what it counted. */
enum gc_err codec_read(const struct codec_shape *s, struct gc_bytes bytes, msgpack_zone *zone,
                       struct gc_arena *arena, void *ret, struct gc_fault *fault);
/* Puts the blame on the peer; returns `err`. */
enum gc_err codec_peers(struct gc_fault *f, enum gc_err err);

/* ---- members and texts ---- */

/* The struct's members are reached through the table's offsets. Pointers to records are of many types with one representation; they
 * are copied as bytes, since writing one through a void ** would be an access of the wrong type. */
static inline const void *codec_part(const void *record, size_t at)
{
    return (const uint8_t *)record + at;
}

static inline void *codec_part_mut(void *record, size_t at)
{
    return (uint8_t *)record + at;
}

static inline const void *codec_pointer_at(const void *record, size_t at)
{
    const void *p;
    memcpy(&p, codec_part(record, at), sizeof p);
    return p;
}

static inline void codec_pointer_put(void *record, size_t at, const void *p)
{
    memcpy(codec_part_mut(record, at), &p, sizeof p);
}

static inline bool codec_has_nul(struct gc_bytes s)
{
    return s.len > 0 && memchr(s.ptr, '\0', s.len) != NULL;
}

/* A key twice would mean something else to each reader. Maps are short (GC_MAX_CONFIG), so every pair is looked at. */
static inline bool codec_keys_differ(const struct gc_bytes *keys, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (gc_bytes_equal(keys[i], keys[j]))
                return false;
        }
    }
    return true;
}

static inline bool codec_is_nan(double v)
{
    return v != v;
}

#endif
