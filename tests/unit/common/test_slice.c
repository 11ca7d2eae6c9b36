#include "common/slice.h"
#include "tests/unit/suite.h"

START_TEST(equal_and_ordered)
{
    ck_assert(gc_str_equal(GC_STR("abc"), gc_str_of("abc")));
    ck_assert(!gc_str_equal(GC_STR("abc"), GC_STR("abd")));
    ck_assert(!gc_str_equal(GC_STR("abc"), GC_STR("ab")));
    ck_assert(gc_str_equal(GC_STR(""), (struct gc_str){NULL, 0}));
    ck_assert(gc_str_is(GC_STR(""), ""));
    ck_assert(gc_bytes_equal(gc_bytes_of("x\0y", 3), gc_str_bytes(GC_STR("x\0y"))));
    ck_assert_int_lt(gc_str_compare(GC_STR("ab"), GC_STR("abc")), 0);
    ck_assert_int_gt(gc_str_compare(GC_STR("b"), GC_STR("abc")), 0);
    ck_assert_int_eq(gc_str_compare(GC_STR(""), (struct gc_str){NULL, 0}), 0);
    ck_assert_int_gt(gc_str_compare(GC_STR("\xff"), GC_STR("a")), 0);
}
END_TEST

START_TEST(starts_and_ends)
{
    ck_assert(gc_str_starts(GC_STR("r-abc"), GC_STR("r-")));
    ck_assert(!gc_str_starts(GC_STR("r"), GC_STR("r-")));
    ck_assert(gc_str_starts((struct gc_str){NULL, 0}, GC_STR("")));
    ck_assert(gc_str_ends(GC_STR("a.jpg"), GC_STR(".jpg")));
    ck_assert(!gc_str_ends(GC_STR("jpg"), GC_STR(".jpg")));
}
END_TEST

START_TEST(parts_are_cut_at_the_ends)
{
    ck_assert(gc_str_is(gc_str_part(GC_STR("abcdef"), 1, 3), "bc"));
    ck_assert(gc_str_is(gc_str_part(GC_STR("abcdef"), 4, 100), "ef"));
    ck_assert(gc_str_is(gc_str_part(GC_STR("abcdef"), 100, 200), ""));
    ck_assert(gc_str_is(gc_str_part(GC_STR("abcdef"), 3, 1), ""));
    ck_assert(gc_str_is(gc_str_part((struct gc_str){NULL, 0}, 0, 1), ""));
}
END_TEST

START_TEST(a_copy_is_whole_or_not_at_all)
{
    char to[4] = "zzz";
    ck_assert(!gc_str_copy(to, sizeof to, GC_STR("abcd")));
    ck_assert(!gc_str_copy(to, sizeof to, GC_STR("a\0b")));
    ck_assert_str_eq(to, "zzz");
    ck_assert(!gc_str_copy(to, 0, GC_STR("")));
    ck_assert(gc_str_copy(to, sizeof to, GC_STR("abc")));
    ck_assert_str_eq(to, "abc");
    ck_assert(gc_str_copy(to, sizeof to, gc_str_of(NULL)));
    ck_assert_str_eq(to, "");
}
END_TEST

GC_SUITE("slice", GC_TEST(equal_and_ordered), GC_TEST(starts_and_ends), GC_TEST(parts_are_cut_at_the_ends),
         GC_TEST(a_copy_is_whole_or_not_at_all))
