#include "common/bits.h"
#include "tests/unit/suite.h"

#include <string.h>

/* All against arrays of one byte an entry, at lengths around the word's. */
enum { MOST = 200 };
static const size_t lengths[] = {0, 1, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200};

START_TEST(bits_agree_with_bytes)
{
    uint64_t seed = 3;
    for (size_t k = 0; k < GC_COUNT_OF(lengths); k++) {
        size_t n = lengths[k];
        uint64_t words[4] = {0};
        struct gc_bits b = {words, n};
        bool model[MOST] = {false};
        for (int step = 0; step < 300; step++) {
            uint64_t r = gc_suite_random(&seed);
            size_t first = n ? (size_t)(r >> 8) % (n + 1) : 0;
            if (first < n) {
                if (r & 64)
                    gc_bits_set(b, first);
                else
                    gc_bits_clear(b, first);
                model[first] = r & 64;
            }
            for (size_t i = 0; i < n; i++)
                ck_assert_int_eq(gc_bits_get(b, i), model[i]);
        }
    }
}
END_TEST

START_TEST(pairs_agree_with_bytes)
{
    uint64_t seed = 5;
    for (size_t k = 0; k < GC_COUNT_OF(lengths); k++) {
        size_t n = lengths[k];
        uint64_t words[7];
        memset(words, k % 2 ? 0xff : 0, sizeof words);
        struct gc_pairs p = {words, n};
        uint8_t model[MOST] = {0};
        gc_pairs_fill(p, 0, n, 0);
        for (int step = 0; step < 300; step++) {
            uint64_t r = gc_suite_random(&seed);
            unsigned value = (unsigned)(r >> 4) % 4;
            size_t first = n ? (size_t)(r >> 8) % (n + 1) : 0;
            size_t len = (size_t)(r >> 24) % (n - first + 1);
            if (r % 3 == 0) {
                gc_pairs_fill(p, first, len, value);
                memset(model + first, (int)value, len);
            } else if (first < n) {
                gc_pairs_fill(p, first, 1, value);
                model[first] = (uint8_t)value;
            }
            size_t next = n, other = n;
            for (size_t i = n; i-- > 0;) {
                ck_assert_uint_eq(gc_pairs_get(p, i), model[i]);
                if (i >= first)
                    *(model[i] == value ? &next : &other) = i;
            }
            ck_assert_uint_eq(gc_pairs_next(p, first, value), next);
            ck_assert_uint_eq(gc_pairs_next_other(p, first, value), other);
        }
    }
}
END_TEST

START_TEST(the_rest_of_the_last_word_is_kept)
{
    uint64_t word = UINT64_C(0xffff000000000000);
    struct gc_pairs p = {&word, 24};
    gc_pairs_fill(p, 0, 24, 3);
    gc_pairs_fill(p, 0, 24, 0);
    ck_assert_uint_eq(word, UINT64_C(0xffff000000000000));
    ck_assert_uint_eq(gc_pairs_next(p, 0, 3), 24);
}
END_TEST

START_TEST(words_needed)
{
    ck_assert_uint_eq(gc_bits_words(0), 0);
    ck_assert_uint_eq(gc_bits_words(64), 1);
    ck_assert_uint_eq(gc_bits_words(65), 2);
    ck_assert_uint_eq(gc_pairs_words(32), 1);
    ck_assert_uint_eq(gc_pairs_words(33), 2);
}
END_TEST

START_TEST(a_bit_outside)
{
    uint64_t word = 0;
    gc_bits_set((struct gc_bits){&word, 10}, 10);
}
END_TEST

START_TEST(a_range_outside)
{
    uint64_t word = 0;
    gc_pairs_fill((struct gc_pairs){&word, 10}, 5, SIZE_MAX, 1);
}
END_TEST

START_TEST(a_fifth_state)
{
    uint64_t word = 0;
    gc_pairs_fill((struct gc_pairs){&word, 10}, 0, 1, 4);
}
END_TEST

GC_SUITE("bits", GC_TEST(bits_agree_with_bytes), GC_TEST(pairs_agree_with_bytes),
         GC_TEST(the_rest_of_the_last_word_is_kept), GC_TEST(words_needed), GC_TEST_ABORTS(a_bit_outside),
         GC_TEST_ABORTS(a_range_outside), GC_TEST_ABORTS(a_fifth_state))
