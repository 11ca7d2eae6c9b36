/* Every message and every record, with contents made from the tables, comes back as it went. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arbitrary.h"
#include "proto/codec.h"

#define ROUNDS 300

static struct gc_codec *codec;
static struct gc_arena arena;
static struct gc_arena decoded;
static struct gc_buf out;
static struct gc_buf again;
static struct gc_fault fault;

static void setup(void)
{
    ck_assert_int_eq(gc_codec_new(GC_CODEC_SCRATCH, &codec), GC_OK);
    gc_arena_init(&arena, malloc(64u << 20), 64u << 20);
    gc_arena_init(&decoded, malloc(64u << 20), 64u << 20);
    gc_buf_init(&out, malloc(GC_MAX_DOCUMENT), GC_MAX_DOCUMENT);
    gc_buf_init(&again, malloc(GC_MAX_DOCUMENT), GC_MAX_DOCUMENT);
}

static void teardown(void)
{
    gc_codec_destroy(&codec);
    ck_assert_ptr_null(codec);
    gc_codec_destroy(&codec); /* twice is once */
    free(arena.base);
    free(decoded.base);
    free(out.data);
    free(again.data);
}

static void start(struct arbitrary *a, uint64_t seed, size_t budget)
{
    gc_arena_rewind(&arena, 0);
    gc_arena_rewind(&decoded, 0);
    *a = (struct arbitrary){.state = seed, .arena = &arena, .budget = budget};
}

START_TEST(messages)
{
    enum gc_msg_type types[MSG_TYPES_MAX];
    size_t n = msg_types(types);
    for (size_t t = 0; t < n; t++) {
        for (uint64_t seed = 0; seed < ROUNDS; seed++) {
            struct arbitrary a;
            struct gc_msg msg;
            struct gc_msg back;
            start(&a, seed << 8 | types[t], 20000);
            arbitrary_msg(&a, types[t], &msg);
            ck_assert_msg(gc_msg_wrong(&msg) == NULL, "%s: %s", gc_msg_name(msg.type), gc_msg_wrong(&msg));
            ck_assert_int_eq(gc_codec_encode(codec, &msg, &out), GC_OK);
            enum gc_err err = gc_codec_decode(codec, gc_buf_bytes(&out), msg.bulk, &back, &fault);
            ck_assert_msg(err == GC_OK, "%s seed %lu: %s", gc_msg_name(types[t]), (unsigned long)seed,
                          fault.text);
            ck_assert_msg(msg_equal(&msg, &back), "%s seed %lu differs", gc_msg_name(types[t]),
                          (unsigned long)seed);
            ck_assert_int_eq(gc_codec_encode(codec, &back, &again), GC_OK);
            ck_assert(gc_bytes_equal(gc_buf_bytes(&out), gc_buf_bytes(&again)));
        }
    }
}
END_TEST

/* One function a record: they differ only in type. */
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
#define REC_BEGIN(name, doc)                                                                                 \
    static void round_##name(uint64_t seed)                                                                  \
    {                                                                                                        \
        struct arbitrary a;                                                                                  \
        struct gc_##name in;                                                                                 \
        struct gc_##name back;                                                                               \
        memset(&in, 0, sizeof in);                                                                           \
        start(&a, seed, 100000);                                                                             \
        arbitrary_##name(&a, &in);                                                                           \
        gc_buf_reset(&out);                                                                                  \
        gc_buf_put_u8(&out, 0x55); /* encoding appends */                                                    \
        ck_assert_int_eq(gc_encode_##name(&in, &out), GC_OK);                                                \
        ck_assert_int_eq(out.data[0], 0x55);                                                                 \
        enum gc_err err = gc_decode_##name(gc_bytes_of(out.data + 1, out.len - 1), &decoded, &back, &fault); \
        ck_assert_msg(err == GC_OK, #name " seed %lu: %s", (unsigned long)seed, fault.text);                 \
        ck_assert_msg(equal_##name(&in, &back), #name " seed %lu differs", (unsigned long)seed);             \
        /* One byte less is none, and leaves the record and the arena alone. */                              \
        struct gc_##name before;                                                                             \
        memcpy(&before, &back, sizeof before);                                                               \
        size_t mark = gc_arena_mark(&decoded);                                                               \
        err = gc_decode_##name(gc_bytes_of(out.data + 1, out.len - 2), &decoded, &back, &fault);             \
        ck_assert_msg(err == GC_ERR_INVALID, #name " seed %lu is decoded cut", (unsigned long)seed);         \
        ck_assert_mem_eq(&before, &back, sizeof back);                                                       \
        ck_assert_uint_eq(gc_arena_mark(&decoded), mark);                                                    \
    }
#define REC_END(name)
#include "proto/records.def"
#undef REC_BEGIN

START_TEST(records)
{
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
#define REC_BEGIN(name, doc) round_##name(seed);
#include "proto/records.def"
#undef REC_BEGIN
    }
}
END_TEST

/* A plan and a catalogue as large as documents get: far beyond one message. */
START_TEST(large_documents)
{
    struct arbitrary a;
    struct gc_catalogue in = {.n_ops = GC_MAX_OPS};
    struct gc_catalogue back;
    start(&a, 1, 3u << 20);
    in.ops = GC_ARENA_ARRAY(&arena, struct gc_op, GC_MAX_OPS);
    memset(in.ops, 0, sizeof *in.ops * GC_MAX_OPS);
    for (uint32_t i = 0; i < GC_MAX_OPS; i++) {
        a.budget = 2500;
        arbitrary_op(&a, &in.ops[i]);
    }
    gc_buf_reset(&out);
    ck_assert_int_eq(gc_encode_catalogue(&in, &out), GC_OK);
    ck_assert_uint_gt(out.len, 512u * 1024u);
    ck_assert_int_eq(gc_decode_catalogue(gc_buf_bytes(&out), &decoded, &back, &fault), GC_OK);
    ck_assert(equal_catalogue(&in, &back));

    /* An arena that cannot hold it says so and is left as it was. */
    struct gc_arena small;
    gc_arena_init(&small, decoded.base, 10000);
    ck_assert_ptr_nonnull(gc_arena_take(&small, 100, 8));
    ck_assert_int_eq(gc_decode_catalogue(gc_buf_bytes(&out), &small, &back, &fault), GC_ERR_LIMIT);
    ck_assert_uint_eq(gc_arena_mark(&small), 100);
}
END_TEST

/* What `scratch` must hold: no element of any list takes more than this many times its bytes on the wire. */
START_TEST(scratch_is_enough)
{
    struct gc_run_row rows[1];
    struct gc_pair tags[1];
    (void)rows;
    (void)tags;
    /* The densest: a pair is 3 bytes at least (array of 2, two empty strings) and 32 in memory. A u64 is 1 and 8. */
    ck_assert_uint_le(sizeof(struct gc_pair) / 3 * GC_MAX_BODY, GC_CODEC_SCRATCH);
    ck_assert_uint_le(sizeof(struct gc_held) / 9 * GC_MAX_BODY, GC_CODEC_SCRATCH);
    ck_assert_uint_le(sizeof(struct gc_problem) / 5 * GC_MAX_BODY, GC_CODEC_SCRATCH);
    ck_assert_uint_le(8u * GC_MAX_BODY, GC_CODEC_SCRATCH);
}
END_TEST

/* Sizes that do not fit are errors and leave the buffer as it was. */
START_TEST(too_large)
{
    struct arbitrary a;
    struct gc_msg msg;
    start(&a, 7, 0);
    arbitrary_msg(&a, GC_MSG_RUN_LIST, &msg);
    struct gc_run_row *rows = GC_ARENA_ARRAY(&arena, struct gc_run_row, 256);
    struct gc_pair *tags = GC_ARENA_ARRAY(&arena, struct gc_pair, GC_MAX_TAGS);
    static uint8_t text[GC_MAX_NAME];
    memset(text, 'x', sizeof text);
    for (uint32_t i = 0; i < GC_MAX_TAGS; i++)
        tags[i] = (struct gc_pair){.key = gc_bytes_of(text, sizeof text), .value = gc_bytes_of(text, 20)};
    memset(rows, 0, sizeof *rows * 256);
    for (uint32_t i = 0; i < 256; i++) {
        rows[i].tags = tags;
        rows[i].n_tags = GC_MAX_TAGS;
    }
    msg.as.run_list.rows = rows;
    msg.as.run_list.n_rows = 256;
    ck_assert_int_eq(gc_codec_encode(codec, &msg, &out), GC_ERR_LIMIT);
    ck_assert_uint_eq(out.len, 0);
    ck_assert(gc_buf_ok(&out));

    msg.as.run_list.n_rows = 1;
    for (size_t room = 0; room < 1000; room += 7) {
        struct gc_buf small;
        gc_buf_init(&small, out.data, room);
        ck_assert_int_eq(gc_codec_encode(codec, &msg, &small), GC_ERR_LIMIT);
        gc_buf_init(&small, out.data, room);
        ck_assert(gc_buf_put_u8(&small, 1) || room == 0);
        ck_assert_int_eq(gc_encode_run_row(&rows[0], &small), GC_ERR_LIMIT);
        ck_assert_uint_le(small.len, 1);
    }
}
END_TEST

static enum gc_err try_value(struct gc_value v)
{
    struct gc_setting s = {.key = gc_bytes_of("k", 1), .value = v};
    gc_buf_reset(&out);
    enum gc_err err = gc_encode_setting(&s, &out);
    ck_assert(err == GC_OK || out.len == 0);
    return err;
}

/* Values are a user's: what cannot be sent is an error. */
START_TEST(values_that_cannot_be_sent)
{
    static uint8_t long_text[GC_MAX_STRING + 1];
    memset(long_text, 'x', sizeof long_text);
    struct gc_value leaf = {.kind = GC_VALUE_INT, .as.integer = -1};
    ck_assert_int_eq(try_value(leaf), GC_OK);
    struct gc_value v = {.kind = GC_VALUE_STRING, .as.string = gc_bytes_of("a\0b", 3)};
    ck_assert_int_eq(try_value(v), GC_ERR_INVALID);
    v.as.string = gc_bytes_of(long_text, sizeof long_text);
    ck_assert_int_eq(try_value(v), GC_ERR_LIMIT);
    v.as.string.len--;
    ck_assert_int_eq(try_value(v), GC_OK);
    v = (struct gc_value){.kind = GC_VALUE_REAL, .as.real = __builtin_nan("")};
    ck_assert_int_eq(try_value(v), GC_ERR_INVALID);

    struct gc_value two[2] = {leaf, leaf};
    struct gc_bytes keys[2] = {gc_bytes_of("a", 1), gc_bytes_of("a", 1)};
    struct gc_value map = {.kind = GC_VALUE_MAP, .n = 2, .as.items = two, .keys = keys};
    ck_assert_int_eq(try_value(map), GC_ERR_INVALID);
    keys[1] = gc_bytes_of("b", 1);
    ck_assert_int_eq(try_value(map), GC_OK);
    keys[1] = gc_bytes_of(long_text, GC_MAX_NAME + 1);
    ck_assert_int_eq(try_value(map), GC_ERR_LIMIT);
    map.n = GC_MAX_CONFIG + 1;
    ck_assert_int_eq(try_value(map), GC_ERR_LIMIT);
    struct gc_value list = {.kind = GC_VALUE_LIST, .n = GC_MAX_CONTAINER + 1, .as.items = two};
    ck_assert_int_eq(try_value(list), GC_ERR_LIMIT);

    /* More objects than a document may have, in few bytes. */
    static struct gc_value nulls[GC_MAX_CONTAINER];
    static struct gc_value lists[257];
    for (int i = 0; i < 257; i++)
        lists[i] = (struct gc_value){.kind = GC_VALUE_LIST, .n = GC_MAX_CONTAINER, .as.items = nulls};
    list = (struct gc_value){.kind = GC_VALUE_LIST, .n = 255, .as.items = lists};
    ck_assert_int_eq(try_value(list), GC_OK);
    list.n = 257;
    ck_assert_int_eq(try_value(list), GC_ERR_LIMIT);

    /* A setting is one container: seven lists inside are as deep as may be. */
    struct gc_value nest[9];
    nest[0] = leaf;
    for (int i = 1; i < 9; i++)
        nest[i] = (struct gc_value){.kind = GC_VALUE_LIST, .n = 1, .as.items = &nest[i - 1]};
    ck_assert_int_eq(try_value(nest[7]), GC_OK);
    struct gc_setting back;
    ck_assert_int_eq(gc_decode_setting(gc_buf_bytes(&out), &decoded, &back, &fault), GC_OK);
    ck_assert_int_eq(try_value(nest[8]), GC_ERR_LIMIT);
    for (int i = 1; i < 9; i++) {
        nest[i].kind = GC_VALUE_MAP;
        nest[i].keys = keys;
    }
    ck_assert_int_eq(try_value(nest[7]), GC_OK);
    ck_assert_int_eq(try_value(nest[8]), GC_ERR_LIMIT);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("codec: round trips");
    TCase *tc = tcase_create("all");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, messages);
    tcase_add_test(tc, records);
    tcase_add_test(tc, large_documents);
    tcase_add_test(tc, scratch_is_enough);
    tcase_add_test(tc, too_large);
    tcase_add_test(tc, values_that_cannot_be_sent);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
