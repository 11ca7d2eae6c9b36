#include "common/nearest.h"
#include "tests/unit/suite.h"

#include <stdint.h>

static const char *nearest_of(const char *word)
{
    static const char *const names[] = {"thumbnail_image", "sharpen",   "save", "load",
                                        "describe",        "hist_find", ""};
    struct gc_nearest n;
    gc_nearest_init(&n, gc_str_of(word));
    for (size_t i = 0; i < GC_COUNT_OF(names); i++)
        gc_nearest_offer(&n, gc_str_of(names[i]));
    return gc_nearest_found(&n) ? n.best.ptr : NULL;
}

START_TEST(typing_errors_find_their_name)
{
    ck_assert_str_eq(nearest_of("thumbnial_image"), "thumbnail_image"); /* two letters swapped: 1 */
    ck_assert_str_eq(nearest_of("sharpn"), "sharpen");
    ck_assert_str_eq(nearest_of("shaarpen"), "sharpen");
    ck_assert_str_eq(nearest_of("sabe"), "save");
    ck_assert_str_eq(nearest_of("hist-find"), "hist_find");
    ck_assert_str_eq(nearest_of("save"), "save");
}
END_TEST

START_TEST(what_is_far_is_not_proposed)
{
    ck_assert_ptr_null(nearest_of("rotate"));
    ck_assert_ptr_null(nearest_of("x"));
    ck_assert_ptr_null(
        nearest_of("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
}
END_TEST

START_TEST(distances)
{
    const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        {"abcdef", "abcdef", 0}, {"abcdef", "abdcef", 1}, {"abcdef", "bcdef", 1}, {"abcdef", "axcdxf", 2}};
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        struct gc_nearest n;
        gc_nearest_init(&n, gc_str_of(rows[i].a));
        gc_nearest_offer(&n, gc_str_of(rows[i].b));
        ck_assert_uint_eq(n.distance, rows[i].distance);
        gc_nearest_init(&n, gc_str_of(rows[i].b));
        gc_nearest_offer(&n, gc_str_of(rows[i].a));
        ck_assert_uint_eq(n.distance, rows[i].distance);
    }
}
END_TEST

START_TEST(of_equals_the_first_offered_wins)
{
    struct gc_nearest n;
    gc_nearest_init(&n, GC_STR("node_x"));
    gc_nearest_offer(&n, GC_STR("node_a"));
    gc_nearest_offer(&n, GC_STR("node_b"));
    ck_assert(gc_str_is(n.best, "node_a"));
}
END_TEST

GC_SUITE("nearest", GC_TEST(typing_errors_find_their_name), GC_TEST(what_is_far_is_not_proposed),
         GC_TEST(distances), GC_TEST(of_equals_the_first_offered_wins))
