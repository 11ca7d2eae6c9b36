#include "common/id.h"
#include "tests/unit/suite.h"

static struct gc_id128 id_of(uint64_t high, uint64_t low)
{
    struct gc_id128 id;
    for (size_t i = 0; i < 8; i++) {
        id.b[i] = (uint8_t)(high >> (56 - 8 * i));
        id.b[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    }
    return id;
}

START_TEST(known_texts)
{
    char text[GC_ID_TEXT_SIZE];
    gc_id_text(id_of(0, 0), text);
    ck_assert_str_eq(text, "r-aaaaaaaaaaaaaaaaaaaaaaaaaa");
    gc_id_text(id_of(UINT64_MAX, UINT64_MAX), text);
    ck_assert_str_eq(text, "r-7777777777777777777777777"
                           "4");
    /* python3: base64.b32encode(bytes(range(16))) */
    gc_id_text(id_of(UINT64_C(0x0001020304050607), UINT64_C(0x08090a0b0c0d0e0f)), text);
    ck_assert_str_eq(text, "r-aaaqeayeaudaocajbifqydiob4");
}
END_TEST

START_TEST(texts_come_back_and_keep_the_order)
{
    uint64_t seed = 1;
    struct gc_id128 last = id_of(0, 0);
    char last_text[GC_ID_TEXT_SIZE];
    gc_id_text(last, last_text);
    for (int i = 0; i < 2000; i++) {
        struct gc_id128 id = id_of(gc_suite_random(&seed), gc_suite_random(&seed));
        char text[GC_ID_TEXT_SIZE];
        gc_id_text(id, text);
        struct gc_id128 back;
        ck_assert_int_eq(gc_id_parse(gc_str_of(text), &back), GC_OK);
        ck_assert(gc_id_equal(id, back));
        /* RFC 4648 puts 2-7 behind a-z, ASCII before: the order is the alphabet's, not strcmp's. */
        int order = 0;
        for (size_t c = 0; order == 0 && text[c]; c++) {
            int a = text[c] >= 'a' ? text[c] - 'a' : text[c] - '2' + 26;
            int b = last_text[c] >= 'a' ? last_text[c] - 'a' : last_text[c] - '2' + 26;
            order = a - b;
        }
        ck_assert_int_eq(order > 0, gc_id_compare(id, last) > 0);
        last = id;
        memcpy(last_text, text, sizeof text);
    }
}
END_TEST

START_TEST(only_the_one_form_is_taken)
{
    struct gc_id128 id;
    const char *bad[] = {
        "",
        "r-",
        "r-aaaaaaaaaaaaaaaaaaaaaaaaa",   /* 25 */
        "r-aaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 27 */
        "x-aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "r-aaaaaaaaaaaaaaaaaaaaaaaaab", /* a bit beyond the 128th */
        "r-Aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "r-1aaaaaaaaaaaaaaaaaaaaaaaaa",
        "r-aaaaaaaaaaaaaaaaaaaaaaaaa=",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    for (size_t i = 0; i < GC_COUNT_OF(bad); i++)
        ck_assert_msg(gc_id_parse(gc_str_of(bad[i]), &id) == GC_ERR_INVALID, "'%s' was taken", bad[i]);
}
END_TEST

START_TEST(a_prefix_is_a_range)
{
    struct gc_id128 id = id_of(UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210));
    char text[GC_ID_TEXT_SIZE];
    gc_id_text(id, text);
    struct gc_id_range range;
    for (size_t len = 3; len < GC_ID_TEXT_SIZE; len++) {
        ck_assert_int_eq(gc_id_parse_prefix(gc_str_from(text, len), &range), GC_OK);
        ck_assert(gc_id_in(range, id));
        /* Another first bit is another first character. */
        ck_assert(!gc_id_in(range, id_of(UINT64_C(0x8123456789abcdef), 0)));
    }
    ck_assert(gc_id_equal(range.low, range.high));

    ck_assert_int_eq(gc_id_parse_prefix(GC_STR("r-7"), &range), GC_OK);
    ck_assert(gc_id_equal(range.low, id_of(UINT64_C(0xf8) << 56, 0)));
    ck_assert(gc_id_equal(range.high, id_of(UINT64_MAX, UINT64_MAX)));
    ck_assert_int_eq(gc_id_parse_prefix(GC_STR("r-"), &range), GC_ERR_INVALID);
    ck_assert_int_eq(gc_id_parse_prefix(GC_STR("r-8"), &range), GC_ERR_INVALID);
    ck_assert_int_eq(gc_id_parse_prefix(GC_STR("7"), &range), GC_ERR_INVALID);
}
END_TEST

START_TEST(none)
{
    ck_assert(gc_id_none(id_of(0, 0)));
    ck_assert(!gc_id_none(id_of(0, 1)));
}
END_TEST

START_TEST(digests)
{
    struct gc_digest d;
    for (size_t i = 0; i < sizeof d.b; i++)
        d.b[i] = (uint8_t)(i * 9);
    char text[GC_DIGEST_TEXT_SIZE];
    gc_digest_text(d, text);
    ck_assert_uint_eq(strlen(text), 64);
    ck_assert_int_eq(strncmp(text, "0009121b242d", 12), 0);
}
END_TEST

GC_SUITE("id", GC_TEST(known_texts), GC_TEST(texts_come_back_and_keep_the_order),
         GC_TEST(only_the_one_form_is_taken), GC_TEST(a_prefix_is_a_range), GC_TEST(none), GC_TEST(digests))
