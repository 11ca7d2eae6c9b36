#include "common/buf.h"
#include "tests/unit/suite.h"

START_TEST(numbers_are_little_endian)
{
    uint8_t data[32];
    struct gc_buf b;
    gc_buf_init(&b, data, sizeof data);
    gc_buf_put_u8(&b, 0x11);
    gc_buf_put_u16(&b, 0x2233);
    gc_buf_put_u32(&b, 0x44556677);
    gc_buf_put_u64(&b, UINT64_C(0x8899aabbccddeeff));
    const uint8_t expected[] = {0x11, 0x33, 0x22, 0x77, 0x66, 0x55, 0x44, 0xff,
                                0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88};
    ck_assert(gc_buf_ok(&b));
    ck_assert(gc_bytes_equal(gc_buf_bytes(&b), gc_bytes_of(expected, sizeof expected)));

    struct gc_reader r;
    gc_reader_init(&r, gc_buf_bytes(&b));
    uint8_t v8;
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;
    ck_assert(gc_reader_u8(&r, &v8) && gc_reader_u16(&r, &v16) && gc_reader_u32(&r, &v32));
    ck_assert(gc_reader_u64(&r, &v64));
    ck_assert_uint_eq(v8, 0x11);
    ck_assert_uint_eq(v16, 0x2233);
    ck_assert_uint_eq(v32, 0x44556677);
    ck_assert_uint_eq(v64, UINT64_C(0x8899aabbccddeeff));
    ck_assert(gc_reader_done(&r));
}
END_TEST

START_TEST(what_does_not_fit_is_not_begun)
{
    uint8_t data[5] = {9, 9, 9, 9, 9};
    struct gc_buf b;
    gc_buf_init(&b, data, 4);
    ck_assert(gc_buf_put_u8(&b, 1));
    ck_assert(!gc_buf_put_u32(&b, 2));
    ck_assert(!gc_buf_ok(&b));
    ck_assert(!gc_buf_put_u8(&b, 3)); /* it would fit, but something is missing before it */
    ck_assert(!gc_buf_append(&b, "", 0));
    ck_assert_uint_eq(b.len, 1);
    ck_assert_uint_eq(data[1], 9);
    gc_buf_reset(&b);
    ck_assert(gc_buf_put_str(&b, GC_STR("abcd")));
    ck_assert_uint_eq(gc_buf_left(&b), 0);
    ck_assert(gc_buf_append(&b, NULL, 0));
    ck_assert_ptr_nonnull(gc_buf_reserve(&b, 0));
    ck_assert_uint_eq(data[4], 9);
}
END_TEST

START_TEST(no_memory_at_all)
{
    struct gc_buf b;
    gc_buf_init(&b, NULL, 0);
    ck_assert(gc_buf_append(&b, NULL, 0));
    ck_assert(!gc_buf_put_u8(&b, 1));
    struct gc_reader r;
    gc_reader_init(&r, (struct gc_bytes){NULL, 0});
    ck_assert(gc_reader_done(&r));
    uint8_t v = 7;
    ck_assert(!gc_reader_u8(&r, &v));
    ck_assert_uint_eq(v, 7);
    ck_assert(!gc_reader_done(&r));
}
END_TEST

START_TEST(varints_come_back)
{
    uint8_t data[GC_VARINT_MAX];
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int delta = -1; delta <= 1; delta++) {
            uint64_t v = (UINT64_C(1) << bit) + (uint64_t)delta, back;
            struct gc_buf b;
            gc_buf_init(&b, data, sizeof data);
            ck_assert(gc_buf_put_varint(&b, v));
            ck_assert_uint_eq(b.len, gc_varint_size(v));
            struct gc_reader r;
            gc_reader_init(&r, gc_buf_bytes(&b));
            ck_assert(gc_reader_varint(&r, &back));
            ck_assert_uint_eq(back, v);
            ck_assert(gc_reader_done(&r));
            /* One byte less is no number, and no room. */
            gc_reader_init(&r, gc_bytes_of(data, b.len - 1));
            ck_assert(!gc_reader_varint(&r, &back));
            size_t needed = b.len;
            gc_buf_init(&b, data, needed - 1);
            ck_assert(!gc_buf_put_varint(&b, v));
        }
    }
    ck_assert_uint_eq(gc_varint_size(UINT64_MAX), GC_VARINT_MAX);
}
END_TEST

START_TEST(crooked_varints_are_refused)
{
    const struct {
        uint8_t bytes[12];
        size_t len;
    } bad[] = {
        {{0x80}, 1},
        {{0x80, 0x00}, 2},                                                        /* 0 in two bytes */
        {{0xff, 0x80, 0x00}, 3},                                                  /* 127 in three */
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 10},       /* bit 65 */
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x00}, 11}, /* eleven bytes */
        {{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, 12},
    };
    for (size_t i = 0; i < GC_COUNT_OF(bad); i++) {
        struct gc_reader r;
        uint64_t v = 7;
        gc_reader_init(&r, gc_bytes_of(bad[i].bytes, bad[i].len));
        ck_assert(!gc_reader_varint(&r, &v));
        ck_assert_uint_eq(v, 7);
        ck_assert(!gc_reader_ok(&r));
    }
}
END_TEST

START_TEST(a_reader_stays_bad)
{
    struct gc_reader r;
    uint64_t big;
    uint8_t small;
    struct gc_bytes bytes;
    gc_reader_init(&r, gc_bytes_of("abc", 3));
    ck_assert(gc_reader_bytes(&r, 2, &bytes));
    ck_assert(gc_bytes_equal(bytes, gc_bytes_of("ab", 2)));
    ck_assert_uint_eq(gc_reader_left(&r), 1);
    ck_assert(!gc_reader_u64(&r, &big));
    ck_assert(!gc_reader_u8(&r, &small));
    ck_assert(!gc_reader_bytes(&r, SIZE_MAX, &bytes));
    ck_assert(!gc_reader_varint(&r, &big));
    ck_assert(!gc_reader_done(&r));
}
END_TEST

GC_SUITE("buf", GC_TEST(numbers_are_little_endian), GC_TEST(what_does_not_fit_is_not_begun),
         GC_TEST(no_memory_at_all), GC_TEST(varints_come_back), GC_TEST(crooked_varints_are_refused),
         GC_TEST(a_reader_stays_bad))
