#include "common/arena.h"
#include "tests/unit/suite.h"

static _Alignas(64) uint8_t block[256];

START_TEST(takes_are_aligned_and_apart)
{
    struct gc_arena a;
    gc_arena_init(&a, block + 1, 128); /* the block itself is not aligned */
    uint8_t *one = gc_arena_take(&a, 1, 1);
    uint64_t *eight = GC_ARENA_ONE(&a, uint64_t);
    uint8_t *wide = gc_arena_take(&a, 3, 64);
    ck_assert_ptr_eq(one, block + 1);
    ck_assert_ptr_eq(eight, block + 8);
    ck_assert_ptr_eq(wide, block + 64);
    ck_assert_uint_eq(a.used, 64 + 3 - 1);
    ck_assert_uint_eq(gc_arena_left(&a), 128 - a.used);
}
END_TEST

START_TEST(full_is_an_answer)
{
    struct gc_arena a;
    gc_arena_init(&a, block, 16);
    ck_assert_ptr_null(gc_arena_take(&a, 17, 1));
    ck_assert_ptr_nonnull(gc_arena_take(&a, 15, 1));
    ck_assert_ptr_null(gc_arena_take(&a, 1, 8)); /* padding alone would pass the end */
    ck_assert_ptr_null(gc_arena_take(&a, SIZE_MAX, 1));
    ck_assert_ptr_null(gc_arena_take(&a, 0, 64));
    ck_assert_ptr_nonnull(gc_arena_take(&a, 1, 1));
    ck_assert_uint_eq(gc_arena_left(&a), 0);
    ck_assert_ptr_nonnull(gc_arena_take(&a, 0, 1));
}
END_TEST

START_TEST(an_array_too_large_to_count)
{
    struct gc_arena a;
    gc_arena_init(&a, block, sizeof block);
    ck_assert_ptr_null(GC_ARENA_ARRAY(&a, uint64_t, SIZE_MAX / 8 + 2));
    ck_assert_uint_eq(a.used, 0);
    ck_assert_ptr_nonnull(GC_ARENA_ARRAY(&a, uint64_t, 32));
    ck_assert_uint_eq(a.used, 256);
}
END_TEST

START_TEST(scratch_is_given_back)
{
    struct gc_arena a;
    gc_arena_init(&a, block, sizeof block);
    uint8_t *kept = gc_arena_take(&a, 10, 1);
    size_t mark = gc_arena_mark(&a);
    uint8_t *first = gc_arena_take(&a, 100, 1);
    gc_arena_rewind(&a, mark);
    ck_assert_ptr_eq(gc_arena_take(&a, 100, 1), first);
    ck_assert_ptr_eq(first, kept + 10);
}
END_TEST

START_TEST(no_memory_at_all)
{
    struct gc_arena a;
    gc_arena_init(&a, NULL, 0);
    ck_assert_ptr_null(gc_arena_take(&a, 1, 1));
    ck_assert_ptr_null(gc_arena_take(&a, 0, 1));
}
END_TEST

START_TEST(alignment_is_a_power_of_two)
{
    struct gc_arena a;
    gc_arena_init(&a, block, sizeof block);
    ck_assert_ptr_nonnull(gc_arena_take(&a, 1, 12));
}
END_TEST

START_TEST(marks_nest)
{
    struct gc_arena a;
    gc_arena_init(&a, block, sizeof block);
    gc_arena_rewind(&a, 1);
}
END_TEST

GC_SUITE("arena", GC_TEST(takes_are_aligned_and_apart), GC_TEST(full_is_an_answer),
         GC_TEST(an_array_too_large_to_count), GC_TEST(scratch_is_given_back), GC_TEST(no_memory_at_all),
         GC_TEST_ABORTS(alignment_is_a_power_of_two), GC_TEST_ABORTS(marks_nest))
