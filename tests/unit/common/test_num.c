#include "common/num.h"
#include "tests/unit/suite.h"

START_TEST(checked_sums_and_products)
{
    uint64_t v = 7;
    ck_assert(gc_add_u64(UINT64_MAX - 1, 1, &v));
    ck_assert_uint_eq(v, UINT64_MAX);
    v = 7;
    ck_assert(!gc_add_u64(UINT64_MAX, 1, &v));
    ck_assert(!gc_mul_u64(UINT64_C(1) << 32, UINT64_C(1) << 32, &v));
    ck_assert_uint_eq(v, 7);
    ck_assert(gc_mul_u64(UINT64_C(1) << 32, (UINT64_C(1) << 32) - 1, &v));
    ck_assert_uint_eq(v, UINT64_MAX - UINT32_MAX);

    size_t s = 7;
    ck_assert(!gc_mul_size(SIZE_MAX, 2, &s));
    ck_assert(!gc_add_size(SIZE_MAX, 1, &s));
    ck_assert_uint_eq(s, 7);
    ck_assert(gc_add_size(1, 2, &s));
    ck_assert_uint_eq(s, 3);

    int64_t i = 7;
    ck_assert(!gc_add_i64(INT64_MAX, 1, &i));
    ck_assert(!gc_add_i64(INT64_MIN, -1, &i));
    ck_assert_int_eq(i, 7);
    ck_assert(gc_add_i64(INT64_MIN, INT64_MAX, &i));
    ck_assert_int_eq(i, -1);
}
END_TEST

START_TEST(the_target_may_be_an_operand)
{
    uint64_t v = 5;
    ck_assert(gc_mul_u64(v, 10, &v));
    ck_assert(gc_add_u64(v, v, &v));
    ck_assert_uint_eq(v, 100);
}
END_TEST

START_TEST(never_stays_never)
{
    ck_assert_uint_eq(gc_add_u64_capped(UINT64_MAX, 10), UINT64_MAX);
    ck_assert_uint_eq(gc_add_u64_capped(UINT64_MAX - 5, 10), UINT64_MAX);
    ck_assert_uint_eq(gc_add_u64_capped(5, 10), 15);
    ck_assert_uint_eq(gc_sub_u64_floored(5, 10), 0);
    ck_assert_uint_eq(gc_sub_u64_floored(10, 5), 5);
}
END_TEST

START_TEST(clamp_and_rounding)
{
    ck_assert_uint_eq(gc_clamp_u64(5, 1, 9), 5);
    ck_assert_uint_eq(gc_clamp_u64(0, 1, 9), 1);
    ck_assert_uint_eq(gc_clamp_u64(10, 1, 9), 9);
    ck_assert_uint_eq(gc_div_up_u64(0, 4), 0);
    ck_assert_uint_eq(gc_div_up_u64(8, 4), 2);
    ck_assert_uint_eq(gc_div_up_u64(9, 4), 3);
    ck_assert_uint_eq(gc_div_up_u64(UINT64_MAX, 2), UINT64_C(1) << 63);
    ck_assert_int_eq(gc_min_i64(-1, 1), -1);
    ck_assert_int_eq(gc_max_i64(-1, 1), 1);
    ck_assert_uint_eq(gc_min_size(1, 2), 1);
    ck_assert_uint_eq(gc_max_size(1, 2), 2);
}
END_TEST

START_TEST(powers_of_two)
{
    ck_assert_uint_eq(gc_round_up_pow2(0), 1);
    ck_assert_uint_eq(gc_round_up_pow2(1), 1);
    ck_assert_uint_eq(gc_round_up_pow2(2), 2);
    ck_assert_uint_eq(gc_round_up_pow2(3), 4);
    ck_assert_uint_eq(gc_round_up_pow2(UINT64_C(1) << 63), UINT64_C(1) << 63);
    ck_assert_uint_eq(gc_round_up_pow2((UINT64_C(1) << 63) + 1), 0);
}
END_TEST

GC_SUITE("num", GC_TEST(checked_sums_and_products), GC_TEST(the_target_may_be_an_operand),
         GC_TEST(never_stays_never), GC_TEST(clamp_and_rounding), GC_TEST(powers_of_two))
