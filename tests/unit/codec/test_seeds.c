/* The seeds of the fuzz targets guard, decode and status: small good inputs, one for each message and record.
 *
 *     test_codec_seeds                                checks that the decoder still takes them
 *     test_codec_seeds --write tests/fuzz/corpus      writes them, after the tables have changed
 */
#include <stdio.h>
#include <string.h>

#include "arbitrary.h"
#include "proto/codec.h"
#include "proto/status.h"
#include "tests/unit/suite.h"

static struct gc_codec *codec;
static struct gc_arena arena;
static struct gc_buf out;

static void prepare(void)
{
    enum gc_err err = gc_codec_new(GC_CODEC_SCRATCH, &codec);
    if (err != GC_OK)
        abort();
    gc_arena_init(&arena, malloc(1u << 20), 1u << 20);
    gc_buf_init(&out, malloc(1u << 17), 1u << 17);
}

static bool save(const char *folder, const char *target, const char *name, struct gc_bytes head,
                 struct gc_bytes bytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
    FILE *f = fopen(path, "wb");
    if (f == NULL) {
        perror(path);
        return false;
    }
    bool ok = fwrite(head.ptr, 1, head.len, f) == head.len && fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len;
    return fclose(f) == 0 && ok;
}

/* The first of a series of random messages that is small and, where that can be, not trivial. */
static bool write_message(const char *folder, enum gc_msg_type type)
{
    for (uint64_t seed = 1; seed < 1000; seed++) {
        struct gc_msg msg;
        gc_arena_rewind(&arena, 0);
        struct arbitrary a = {.state = seed << 8 | type, .arena = &arena, .budget = 200};
        arbitrary_msg(&a, type, &msg);
        if (msg.bulk.len > UINT16_MAX || gc_codec_encode(codec, &msg, &out) != GC_OK)
            continue;
        if (out.len > 400 || (out.len < GC_HEADER_BYTES + 60 && seed < 500))
            continue;
        uint8_t head[3] = {(uint8_t)type, (uint8_t)msg.bulk.len, (uint8_t)(msg.bulk.len >> 8)};
        struct gc_bytes body = gc_bytes_of(out.data + GC_HEADER_BYTES, out.len - GC_HEADER_BYTES);
        return save(folder, "decode", gc_msg_name(type), gc_bytes_of(head, 3), body) &&
               save(folder, "guard", gc_msg_name(type), gc_bytes_of("", 0), body);
    }
    fprintf(stderr, "%s: no seed\n", gc_msg_name(type));
    return false;
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
#define REC_BEGIN(name, doc) RECORD_##name,
#define REC_END(name)
enum {
#include "proto/records.def"
};
#undef REC_BEGIN

#define REC_BEGIN(name, doc)                                                                 \
    static bool write_##name(const char *folder)                                             \
    {                                                                                        \
        for (uint64_t seed = 1; seed < 1000; seed++) {                                       \
            struct gc_##name r;                                                              \
            memset(&r, 0, sizeof r);                                                         \
            gc_arena_rewind(&arena, 0);                                                      \
            struct arbitrary a = {.state = seed, .arena = &arena, .budget = 200};            \
            arbitrary_##name(&a, &r);                                                        \
            gc_buf_reset(&out);                                                              \
            if (gc_encode_##name(&r, &out) != GC_OK || out.len > 400)                        \
                continue;                                                                    \
            if (out.len < 100 && seed < 500)                                                 \
                continue;                                                                    \
            uint8_t head = 128 + RECORD_##name;                                              \
            return save(folder, "decode", #name, gc_bytes_of(&head, 1), gc_buf_bytes(&out)); \
        }                                                                                    \
        return false;                                                                        \
    }
#include "proto/records.def"
#undef REC_BEGIN

static bool write_status(const char *folder, uint8_t n_nodes, uint64_t seed)
{
    static uint8_t memory[2][4096];
    static struct gc_status_writer w;
    struct arbitrary a = {.state = seed, .arena = &arena};
    struct gc_buf runs;
    struct gc_buf faults;
    gc_buf_init(&runs, memory[0], sizeof memory[0]);
    gc_buf_init(&faults, memory[1], sizeof memory[1]);
    gc_status_writer_init(&w, n_nodes, runs, faults);
    uint64_t items = 5 + arbitrary_below(&a, 20);
    for (uint64_t i = 0; i < items; i++) {
        uint8_t pattern[GC_MAX_STAGE_NODES];
        struct gc_status_fault f[GC_MAX_STAGE_NODES];
        uint32_t n = 0;
        for (uint8_t node = 0; node < n_nodes; node++) {
            bool plain = arbitrary_below(&a, 5) > 0;
            pattern[node] = plain ? GC_OUTCOME_DONE : (uint8_t)arbitrary_below(&a, GC_OUTCOMES);
            if (pattern[node] == GC_OUTCOME_FAILED) {
                f[n++] = (struct gc_status_fault){.node = node,
                                                  .cause = 1 + (uint32_t)arbitrary_below(&a, GC_CAUSES - 1),
                                                  .attempts = arbitrary_below(&a, 300),
                                                  .text = gc_bytes_of("why", arbitrary_below(&a, 4))};
            }
        }
        if (gc_status_writer_add(&w, pattern, f, n) != GC_OK)
            return false;
    }
    gc_buf_reset(&out);
    if (gc_status_writer_finish(&w, &out) != GC_OK)
        return false;
    char name[32];
    uint8_t head[3] = {n_nodes, (uint8_t)items, (uint8_t)(items >> 8)};
    snprintf(name, sizeof name, "nodes-%u-%u", (unsigned)n_nodes, (unsigned)seed);
    return save(folder, "status", name, gc_bytes_of(head, 3), gc_buf_bytes(&out));
}

static int write_all(const char *folder)
{
    enum gc_msg_type types[MSG_TYPES_MAX];
    size_t n = msg_types(types);
    bool ok = true;
    prepare();
    for (size_t i = 0; i < n; i++)
        ok &= write_message(folder, types[i]);
#define REC_BEGIN(name, doc) ok &= write_##name(folder);
#include "proto/records.def"
#undef REC_BEGIN
    for (uint64_t seed = 1; seed <= 3; seed++) {
        ok &= write_status(folder, 1, seed);
        ok &= write_status(folder, 3, seed);
    }
    ok &= write_status(folder, GC_MAX_STAGE_NODES, 1);
    return ok ? 0 : 1;
}

/* The bytes of a seed, or fails the test. */
static size_t load(const char *name, uint8_t *ret, size_t room)
{
    char path[4096];
    const char *source = getenv("GC_SOURCE");
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/decode/%s", source != NULL ? source : ".", name);
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s is missing: test_codec_seeds --write", path);
    size_t n = fread(ret, 1, room, f);
    fclose(f);
    return n;
}

START_TEST(messages)
{
    static const uint8_t zeros[UINT16_MAX];
    static uint8_t bytes[4096];
    enum gc_msg_type types[MSG_TYPES_MAX];
    size_t n = msg_types(types);
    prepare();
    for (size_t i = 0; i < n; i++) {
        struct gc_msg msg;
        struct gc_fault fault;
        size_t len = load(gc_msg_name(types[i]), bytes, sizeof bytes);
        ck_assert_uint_ge(len, 3);
        ck_assert_uint_eq(bytes[0], types[i]);
        size_t bulk = (size_t)bytes[1] | (size_t)bytes[2] << 8;
        gc_buf_reset(&out);
        gc_buf_put_u16(&out, GC_WIRE_MAGIC);
        gc_buf_put_u8(&out, GC_WIRE_VERSION);
        gc_buf_put_u8(&out, (uint8_t)types[i]);
        gc_buf_put_u32(&out, (uint32_t)(len - 3));
        memset(gc_buf_reserve(&out, 32), 0, 32);
        gc_buf_append(&out, bytes + 3, len - 3);
        enum gc_err err = gc_codec_decode(codec, gc_buf_bytes(&out),
                                          gc_bytes_of(bulk > 0 ? zeros : NULL, bulk), &msg, &fault);
        ck_assert_msg(err == GC_OK, "%s: %s: test_codec_seeds --write", gc_msg_name(types[i]), fault.text);
    }
}
END_TEST

START_TEST(records)
{
    static uint8_t bytes[4096];
    struct gc_fault fault;
    size_t len;
    prepare();
#define REC_BEGIN(name, doc)                                                                     \
    {                                                                                            \
        struct gc_##name r;                                                                      \
        len = load(#name, bytes, sizeof bytes);                                                  \
        ck_assert_uint_ge(len, 1);                                                               \
        ck_assert_uint_eq(bytes[0], 128 + RECORD_##name);                                        \
        enum gc_err err = gc_decode_##name(gc_bytes_of(bytes + 1, len - 1), &arena, &r, &fault); \
        ck_assert_msg(err == GC_OK, "%s: %s: test_codec_seeds --write", #name, fault.text);      \
    }
#include "proto/records.def"
#undef REC_BEGIN
}
END_TEST

int main(int argc, char **argv)
{
    const struct gc_suite_test tests[] = {GC_TEST(messages), GC_TEST(records)};
    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_all(argv[2]);
    return gc_suite_run("codec: seeds", tests, sizeof tests / sizeof tests[0]);
}
