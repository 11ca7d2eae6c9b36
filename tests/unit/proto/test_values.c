/* Values: what the writer puts, the cursor reads; widths, edges, and bytes that are no values. */
#include <stdlib.h>
#include <string.h>

#include "proto/values.h"
#include "tests/unit/suite.h"

static uint8_t memory[70000];
static struct gc_buf buf;
static struct gc_value_token token;

static void start(void)
{
    gc_buf_init(&buf, memory, sizeof memory);
}

/* Reads the one token that was written. */
static size_t read_back(void)
{
    struct gc_bytes in = gc_buf_bytes(&buf);
    ck_assert(gc_buf_ok(&buf));
    ck_assert_int_eq(gc_value_next(&in, &token), GC_OK);
    if (token.kind != GC_TOKEN_ARRAY && token.kind != GC_TOKEN_MAP)
        ck_assert_uint_eq(in.len, 0);
    size_t len = buf.len;
    gc_buf_reset(&buf);
    return len;
}

START_TEST(ints)
{
    static const struct {
        int64_t v;
        size_t bytes;
    } some[] = {
        {0, 1},
        {127, 1},
        {128, 2},
        {255, 2},
        {256, 3},
        {65535, 3},
        {65536, 5},
        {UINT32_MAX, 5},
        {INT64_C(1) << 32, 9},
        {INT64_MAX, 9},
        {-1, 1},
        {-32, 1},
        {-33, 2},
        {-128, 2},
        {-129, 3},
        {-32768, 3},
        {-32769, 5},
        {INT32_MIN, 5},
        {(int64_t)INT32_MIN - 1, 9},
        {INT64_MIN, 9},
    };
    start();
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        gc_value_put_int(&buf, some[i].v);
        ck_assert_uint_eq(read_back(), some[i].bytes);
        ck_assert_int_eq(token.kind, GC_TOKEN_INT);
        ck_assert_int_eq(token.integer, some[i].v);
        ck_assert_uint_eq(token.unsigned_integer, some[i].v >= 0 ? (uint64_t)some[i].v : 0);
    }
    gc_value_put_uint(&buf, UINT64_MAX);
    ck_assert_uint_eq(read_back(), 9);
    ck_assert_int_eq(token.kind, GC_TOKEN_UINT);
    ck_assert_uint_eq(token.unsigned_integer, UINT64_MAX);
    gc_value_put_uint(&buf, INT64_MAX);
    read_back();
    ck_assert_int_eq(token.kind, GC_TOKEN_INT);
    ck_assert_int_eq(token.integer, INT64_MAX);
}
END_TEST

START_TEST(others)
{
    start();
    gc_value_put_nil(&buf);
    ck_assert_uint_eq(read_back(), 1);
    ck_assert_int_eq(token.kind, GC_TOKEN_NIL);
    gc_value_put_bool(&buf, true);
    read_back();
    ck_assert_int_eq(token.kind, GC_TOKEN_BOOL);
    ck_assert(token.flag);
    gc_value_put_bool(&buf, false);
    read_back();
    ck_assert(!token.flag);
    gc_value_put_real(&buf, -1.25e-300);
    ck_assert_uint_eq(read_back(), 9);
    ck_assert_int_eq(token.kind, GC_TOKEN_REAL);
    ck_assert_double_eq(token.real, -1.25e-300);
    gc_buf_append(&buf, "\xca\xc0\x20\x00\x00", 5);
    read_back();
    ck_assert_double_eq(token.real, -2.5);
}
END_TEST

START_TEST(strings)
{
    static const size_t lengths[] = {0, 1, 31, 32, 255, 256, 65535, 65536};
    static const size_t heads_str[] = {1, 1, 1, 2, 2, 3, 3, 5};
    static const size_t heads_bin[] = {2, 2, 2, 2, 2, 3, 3, 5};
    uint8_t *text = malloc(65536);
    memset(text, 'x', 65536);
    start();
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct gc_bytes b = gc_bytes_of(lengths[i] ? text : NULL, lengths[i]);
        gc_value_put_str(&buf, b);
        ck_assert_uint_eq(read_back(), heads_str[i] + lengths[i]);
        ck_assert_int_eq(token.kind, GC_TOKEN_STR);
        ck_assert(gc_bytes_equal(token.bytes, b));
        gc_value_put_bin(&buf, b);
        ck_assert_uint_eq(read_back(), heads_bin[i] + lengths[i]);
        ck_assert_int_eq(token.kind, GC_TOKEN_BIN);
        ck_assert(gc_bytes_equal(token.bytes, b));
    }
    free(text);
}
END_TEST

START_TEST(containers)
{
    static const uint32_t counts[] = {0, 1, 15, 16, GC_MAX_CONTAINER};
    start();
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (int map = 0; map < 2; map++) {
            if (map)
                gc_value_put_map(&buf, counts[i]);
            else
                gc_value_put_array(&buf, counts[i]);
            for (uint32_t k = 0; k < counts[i] * (map ? 2u : 1u); k++)
                gc_value_put_nil(&buf);
            struct gc_bytes in = gc_buf_bytes(&buf);
            struct gc_bytes whole;
            ck_assert_int_eq(gc_value_skip(&in, &whole), GC_OK);
            ck_assert_uint_eq(in.len, 0);
            ck_assert_uint_eq(whole.len, buf.len);
            read_back();
            ck_assert_int_eq(token.kind, map ? GC_TOKEN_MAP : GC_TOKEN_ARRAY);
            ck_assert_uint_eq(token.n, counts[i]);
        }
    }
    /* Above the limit: written, since the writer counts nothing, and refused. */
    gc_value_put_array(&buf, 65536);
    ck_assert_uint_eq(buf.len, 5);
    memset(gc_buf_reserve(&buf, 65000), 0xc0, 65000);
    struct gc_bytes in = gc_buf_bytes(&buf);
    ck_assert_int_eq(gc_value_next(&in, &token), GC_ERR_INVALID);
    gc_buf_reset(&buf);
    gc_value_put_array(&buf, GC_MAX_CONTAINER + 1);
    memset(gc_buf_reserve(&buf, GC_MAX_CONTAINER + 1), 0xc0, GC_MAX_CONTAINER + 1);
    in = gc_buf_bytes(&buf);
    ck_assert_int_eq(gc_value_next(&in, &token), GC_ERR_INVALID);
}
END_TEST

static size_t sample(void)
{
    start();
    gc_value_put_array(&buf, 9);
    gc_value_put_int(&buf, -70000);
    gc_value_put_uint(&buf, UINT64_MAX);
    gc_value_put_real(&buf, 2.5);
    gc_value_put_str(&buf, gc_bytes_of("caption", 7));
    gc_value_put_bin(&buf, gc_bytes_of("\0\1", 2));
    gc_value_put_map(&buf, 2);
    gc_value_put_str(&buf, gc_bytes_of("w", 1));
    gc_value_put_int(&buf, 640);
    gc_value_put_str(&buf, gc_bytes_of("list", 4));
    gc_value_put_array(&buf, 2);
    gc_value_put_nil(&buf);
    gc_value_put_bool(&buf, true);
    gc_value_put_int(&buf, 300);
    gc_value_put_int(&buf, -5);
    gc_value_put_array(&buf, 0);
    ck_assert(gc_buf_ok(&buf));
    return buf.len;
}

START_TEST(truncated)
{
    size_t len = sample();
    for (size_t cut = 0; cut <= len; cut++) {
        uint8_t *exact = malloc(cut > 0 ? cut : 1);
        memcpy(exact, memory, cut);
        struct gc_bytes in = gc_bytes_of(exact, cut);
        struct gc_bytes whole;
        enum gc_err err = gc_value_skip(&in, &whole);
        ck_assert_int_eq(err, cut == len ? GC_OK : GC_ERR_INVALID);
        ck_assert_uint_eq(in.len, cut == len ? 0 : cut); /* unchanged when refused */
        free(exact);
    }
}
END_TEST

START_TEST(flipped)
{
    size_t len = sample();
    for (size_t at = 0; at < len; at++) {
        for (unsigned mask = 1; mask < 256; mask++) {
            uint8_t *exact = malloc(len);
            memcpy(exact, memory, len);
            exact[at] ^= (uint8_t)mask;
            struct gc_bytes in = gc_bytes_of(exact, len);
            struct gc_bytes whole;
            if (gc_value_skip(&in, &whole) == GC_OK)
                ck_assert_uint_eq(whole.len + in.len, len);
            in = gc_bytes_of(exact, len);
            while (gc_value_next(&in, &token) == GC_OK)
                ;
            free(exact);
        }
    }
}
END_TEST

START_TEST(every_first_byte)
{
    for (unsigned head = 0; head < 256; head++) {
        uint8_t bytes[40] = {0};
        bytes[0] = (uint8_t)head;
        struct gc_bytes in = gc_bytes_of(bytes, sizeof bytes);
        bool refused = head == 0xc1 || (head >= 0xc7 && head <= 0xc9) || (head >= 0xd4 && head <= 0xd8);
        ck_assert_int_eq(gc_value_next(&in, &token), refused ? GC_ERR_INVALID : GC_OK);
        in = gc_bytes_of(bytes, 1);
        bool alone = head <= 0x80 || head == 0x90 || head == 0xa0 || head == 0xc0 || head == 0xc2 ||
                     head == 0xc3 || head >= 0xe0;
        ck_assert_int_eq(gc_value_next(&in, &token), alone ? GC_OK : GC_ERR_INVALID);
    }
}
END_TEST

START_TEST(depth)
{
    struct gc_bytes whole;
    for (size_t deep = 1; deep < 20; deep++) {
        memset(memory, 0x91, deep);
        memory[deep] = 0xc0;
        struct gc_bytes in = gc_bytes_of(memory, deep + 1);
        ck_assert_int_eq(gc_value_skip(&in, &whole), deep <= GC_MAX_DEPTH ? GC_OK : GC_ERR_INVALID);
    }
}
END_TEST

/* A full buffer keeps what is whole and remembers. */
START_TEST(full)
{
    uint8_t small[16];
    for (size_t room = 0; room < sizeof small; room++) {
        struct gc_buf b;
        gc_buf_init(&b, small, room);
        gc_value_put_str(&b, gc_bytes_of("0123456789", 10));
        ck_assert(gc_buf_ok(&b) == (room >= 11));
        ck_assert_uint_eq(b.len, room >= 11 ? 11 : 0);
        gc_value_put_nil(&b);
        ck_assert_uint_eq(b.len, room >= 12 ? 12 : room >= 11 ? 11 : 0);
    }
}
END_TEST

GC_SUITE("proto: values", GC_TEST(ints), GC_TEST(others), GC_TEST(strings), GC_TEST(containers),
         GC_TEST(truncated), GC_TEST(flipped), GC_TEST(every_first_byte), GC_TEST(depth), GC_TEST(full))
