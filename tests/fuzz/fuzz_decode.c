/* The decoders against arbitrary bytes:
 *
 *     byte 0        0: the rest is a frame, header and all
 *                   1 to 127: number of a message; bytes 1 and 2: length of the bulk, little-endian; the rest: the body
 *                   128 and on: a record, by its place in records.def; the rest: its bytes
 *
 * What is accepted must be what an encoder sends: its asserts check every limit, and what it makes of it, decoded and encoded again,
 * must be the same bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "proto/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gc_codec *codec;
static struct gc_arena arena;
static struct gc_buf first;
static struct gc_buf second;

static void start(void)
{
    static uint8_t memory[4u << 20];
    static uint8_t out[2][1u << 20];
    if (codec != NULL)
        return;
    enum gc_err err = gc_codec_new(GC_CODEC_SCRATCH, &codec);
    GC_ASSERT(err == GC_OK);
    gc_arena_init(&arena, memory, sizeof memory);
    gc_buf_init(&first, out[0], sizeof out[0]);
    gc_buf_init(&second, out[1], sizeof out[1]);
}

static void message(struct gc_bytes frame, struct gc_bytes bulk)
{
    struct gc_msg msg;
    struct gc_fault fault = {.code = GC_OK};
    enum gc_err err = gc_codec_decode(codec, frame, bulk, &msg, &fault);
    GC_ASSERT(fault.code == err);
    if (err != GC_OK) {
        GC_ASSERT(fault.whose == GC_WHOSE_PEER);
        return;
    }
    err = gc_codec_encode(codec, &msg, &first);
    /* An encoder's form is never longer than what was accepted. */
    GC_ASSERT(err == GC_OK);
    GC_ASSERT(first.len <= frame.len);
    err = gc_codec_decode(codec, gc_buf_bytes(&first), bulk, &msg, NULL);
    GC_ASSERT(err == GC_OK);
    err = gc_codec_encode(codec, &msg, &second);
    GC_ASSERT(err == GC_OK);
    GC_ASSERT(gc_bytes_equal(gc_buf_bytes(&first), gc_buf_bytes(&second)));
}

/* The header that belongs to a body. */
static void body(uint8_t type, struct gc_bytes bytes, struct gc_bytes bulk)
{
    struct gc_buf frame;
    size_t room = GC_HEADER_BYTES + bytes.len;
    gc_buf_init(&frame, malloc(room), room); /* of its exact size, for the sanitizer */
    GC_ASSERT(frame.data != NULL);
    gc_buf_put_u16(&frame, GC_WIRE_MAGIC);
    gc_buf_put_u8(&frame, GC_WIRE_VERSION);
    gc_buf_put_u8(&frame, type);
    gc_buf_put_u32(&frame, (uint32_t)bytes.len);
    for (uint64_t i = 1; i <= 4; i++)
        gc_buf_put_u64(&frame, i);
    gc_buf_append(&frame, bytes.ptr, bytes.len);
    GC_ASSERT(gc_buf_ok(&frame));
    message(gc_buf_bytes(&frame), bulk);
    free(frame.data);
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
#define REC_BEGIN(name, doc)                                                    \
    static void record_##name(struct gc_bytes bytes)                            \
    {                                                                           \
        struct gc_##name record;                                                \
        gc_arena_rewind(&arena, 0);                                             \
        if (gc_decode_##name(bytes, &arena, &record, NULL) != GC_OK) {          \
            GC_ASSERT(gc_arena_mark(&arena) == 0);                              \
            return;                                                             \
        }                                                                       \
        gc_buf_reset(&first);                                                   \
        enum gc_err err = gc_encode_##name(&record, &first);                    \
        GC_ASSERT(err == GC_OK);                                                \
        gc_arena_rewind(&arena, 0);                                             \
        err = gc_decode_##name(gc_buf_bytes(&first), &arena, &record, NULL);    \
        GC_ASSERT(err == GC_OK);                                                \
        gc_buf_reset(&second);                                                  \
        err = gc_encode_##name(&record, &second);                               \
        GC_ASSERT(err == GC_OK);                                                \
        GC_ASSERT(gc_bytes_equal(gc_buf_bytes(&first), gc_buf_bytes(&second))); \
    }
#define REC_END(name)
#include "proto/records.def"
#undef REC_BEGIN

static void (*const records[])(struct gc_bytes) = {
#define REC_BEGIN(name, doc) record_##name,
#include "proto/records.def"
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[UINT16_MAX];
    start();
    if (size == 0)
        return 0;
    if (data[0] == 0) {
        message(gc_bytes_of(data + 1, size - 1), (struct gc_bytes){NULL, 0});
    } else if (data[0] < 128) {
        if (size < 3)
            return 0;
        size_t bulk = (size_t)data[1] | (size_t)data[2] << 8;
        body(data[0], gc_bytes_of(data + 3, size - 3), gc_bytes_of(bulk > 0 ? zeros : NULL, bulk));
    } else {
        records[(data[0] - 128u) % (sizeof records / sizeof records[0])](gc_bytes_of(data + 1, size - 1));
    }
    return 0;
}
