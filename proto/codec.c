/* codec.c - records on their own, and messages: a header, a body, a bulk. How a body is walked: codec_shape.h. */
#include "proto/codec.h"

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "proto/codec_shape.h"

/* ---- records on their own ---- */

static enum gc_err decode_document(const struct codec_shape *s, struct gc_bytes in, struct gc_arena *arena,
                                   void *ret, struct gc_fault *fault)
{
    size_t objects = 0;
    if (in.len > GC_MAX_DOCUMENT)
        return codec_peers(fault, gc_fault_set(fault, GC_ERR_LIMIT, "%s: %zu bytes", s->name, in.len));
    enum gc_err err = codec_guard(in, GC_MAX_DOCUMENT_OBJECTS, s, &objects, fault);
    if (err != GC_OK)
        return err;
    msgpack_zone zone;
    if (!msgpack_zone_init(&zone, codec_zone_bytes(objects + 1)))
        return gc_fault_set(fault, GC_ERR_NOMEM, "%s: no memory to decode it", s->name);
    size_t mark = gc_arena_mark(arena);
    err = codec_read(s, in, &zone, arena, ret, fault);
    if (err != GC_OK)
        gc_arena_rewind(arena, mark);
    msgpack_zone_destroy(&zone);
    return err;
}

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
/* *ret is written only on success, so the record is made aside. */
#define REC_BEGIN(name, doc)                                                                           \
    enum gc_err gc_encode_##name(const struct gc_##name *in, struct gc_buf *out)                       \
    {                                                                                                  \
        return codec_write(&codec_shapes[CODEC_SHAPE_##name], in, GC_MAX_DOCUMENT, out);               \
    }                                                                                                  \
    enum gc_err gc_decode_##name(struct gc_bytes in, struct gc_arena *arena, struct gc_##name *ret,    \
                                 struct gc_fault *fault)                                               \
    {                                                                                                  \
        struct gc_##name made;                                                                         \
        enum gc_err err = decode_document(&codec_shapes[CODEC_SHAPE_##name], in, arena, &made, fault); \
        if (err == GC_OK)                                                                              \
            *ret = made;                                                                               \
        return err;                                                                                    \
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
    if (!msgpack_zone_init(&c->zone, codec_zone_bytes(BODY_OBJECTS))) {
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
    const struct codec_shape *s = codec_message_shape(msg->type);
    GC_ASSERT(c != NULL);
    GC_ASSERT(s != NULL);
    GC_ASSERT(gc_msg_wrong(msg) == NULL);
    gc_buf_reset(out);
    if (gc_buf_reserve(out, GC_HEADER_BYTES) == NULL)
        return GC_ERR_LIMIT;
    enum gc_err err = codec_write(s, &msg->as, GC_MAX_BODY, out);
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
    if (codec_message_shape(type) == NULL)
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
        return codec_peers(fault, err);
    const struct codec_shape *s = codec_message_shape(msg.type);
    struct gc_bytes body = gc_bytes_of(frame.ptr + GC_HEADER_BYTES, frame.len - GC_HEADER_BYTES);
    err = codec_guard(body, BODY_OBJECTS, s, &objects, fault);
    if (err != GC_OK)
        return err;
    msgpack_zone_clear(&c->zone);
    gc_arena_rewind(&c->arena, 0);
    err = codec_read(s, body, &c->zone, &c->arena, &msg.as, fault);
    if (err != GC_OK)
        return err;
    const char *wrong = gc_msg_wrong(&msg);
    if (wrong != NULL)
        return codec_peers(fault,
                           gc_fault_set(fault, GC_ERR_INVALID, "%s: %s", gc_msg_name(msg.type), wrong));
    *ret = msg;
    return GC_OK;
}
