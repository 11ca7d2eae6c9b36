#include "common/list.h"
#include "tests/unit/suite.h"

struct number {
    int value;
    struct gc_link link;
};

static int value_of(struct gc_link *link)
{
    return GC_CONTAINER(link, struct number, link)->value;
}

static struct gc_list list;
static struct number n[5] = {{.value = 0}, {.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};

static void fill(void)
{
    gc_list_init(&list);
    for (size_t i = 0; i < GC_COUNT_OF(n); i++)
        gc_list_append(&list, &n[i].link);
}

START_TEST(an_empty_list)
{
    gc_list_init(&list);
    ck_assert(gc_list_empty(&list));
    ck_assert_ptr_null(gc_list_first(&list));
    ck_assert_ptr_null(gc_list_last(&list));
    ck_assert_ptr_null(gc_list_take_first(&list));
    GC_LIST_EACH (it, &list)
        ck_abort_msg("nothing to walk");
    ck_assert(gc_list_sound(&list));
}
END_TEST

START_TEST(order_is_kept)
{
    fill();
    int expected = 0;
    GC_LIST_EACH (it, &list)
        ck_assert_int_eq(value_of(it), expected++);
    ck_assert_int_eq(expected, 5);
    ck_assert_uint_eq(list.count, 5);
    ck_assert_int_eq(value_of(gc_list_first(&list)), 0);
    ck_assert_int_eq(value_of(gc_list_last(&list)), 4);
    ck_assert_int_eq(value_of(gc_list_next(&list, &n[1].link)), 2);
    ck_assert_ptr_null(gc_list_next(&list, &n[4].link));
    ck_assert(gc_list_sound(&list));
}
END_TEST

START_TEST(elements_leave_from_anywhere)
{
    fill();
    gc_list_remove(&list, &n[2].link);
    gc_list_remove(&list, &n[0].link);
    gc_list_remove(&list, &n[4].link);
    ck_assert(!gc_link_linked(&n[2].link));
    ck_assert_uint_eq(list.count, 2);
    ck_assert_int_eq(value_of(gc_list_take_first(&list)), 1);
    ck_assert_int_eq(value_of(gc_list_take_first(&list)), 3);
    ck_assert(gc_list_empty(&list));
    gc_list_prepend(&list, &n[2].link);
    gc_list_prepend(&list, &n[1].link);
    gc_list_insert_before(&list, &n[2].link, &n[4].link);
    ck_assert_int_eq(value_of(gc_list_next(&list, &n[1].link)), 4);
    ck_assert_int_eq(value_of(gc_list_last(&list)), 2);
    ck_assert(gc_list_sound(&list));
}
END_TEST

START_TEST(a_walk_may_remove_what_it_is_at)
{
    fill();
    GC_LIST_EACH_SAFE (it, after, &list) {
        if (value_of(it) % 2 == 0)
            gc_list_remove(&list, it);
    }
    ck_assert_uint_eq(list.count, 2);
    ck_assert_int_eq(value_of(gc_list_first(&list)), 1);
    ck_assert(gc_list_sound(&list));
}
END_TEST

START_TEST(in_two_places_at_once)
{
    fill();
    gc_list_append(&list, &n[0].link);
}
END_TEST

START_TEST(removed_twice)
{
    fill();
    gc_list_remove(&list, &n[0].link);
    gc_list_remove(&list, &n[0].link);
}
END_TEST

START_TEST(a_wrong_count_is_seen)
{
    fill();
    list.count--;
    ck_assert(!gc_list_sound(&list));
    list.count += 2;
    ck_assert(!gc_list_sound(&list));
    list.count--;
    n[3].link.prev = &n[1].link;
    ck_assert(!gc_list_sound(&list));
}
END_TEST

GC_SUITE("list", GC_TEST(an_empty_list), GC_TEST(order_is_kept), GC_TEST(elements_leave_from_anywhere),
         GC_TEST(a_walk_may_remove_what_it_is_at), GC_TEST_ABORTS(in_two_places_at_once),
         GC_TEST_ABORTS(removed_twice), GC_TEST(a_wrong_count_is_seen))
