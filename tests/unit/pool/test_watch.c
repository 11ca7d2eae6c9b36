/* An executor that lies about when it began gains the time between two looks, and no more. */
#include "tests/unit/suite.h"
#include "worker/pool/watch.h"

enum { TIMEOUT = 1000, GRACE = 100 };

static uint64_t until(const struct gc_watch *w, uint64_t heard)
{
    return gc_watch_until(w, heard, TIMEOUT, GRACE);
}

static struct gc_watch began(uint64_t first, uint64_t end, uint64_t now)
{
    struct gc_watch w;
    gc_watch_begin(&w, first, end, now);
    return w;
}

START_TEST(an_item_has_its_timeout)
{
    struct gc_watch w = began(10, 20, 5000);
    gc_watch_look(&w, 5100, 10, 5200);
    ck_assert_uint_eq(until(&w, 5000), 5100 + TIMEOUT);
    /* A word of it while it is at one changes nothing. */
    ck_assert_uint_eq(until(&w, 5300), 5100 + TIMEOUT);
    gc_watch_look(&w, 5800, 13, 5900);
    ck_assert_uint_eq(until(&w, 5300), 5800 + TIMEOUT);
}
END_TEST

START_TEST(between_items_it_has_the_grace)
{
    struct gc_watch w = began(10, 20, 5000);
    gc_watch_look(&w, 0, 0, 5200);
    ck_assert_uint_eq(until(&w, 4000), 5000 + TIMEOUT + GRACE);
    ck_assert_uint_eq(until(&w, 5600), 5600 + TIMEOUT + GRACE);
    gc_watch_look(&w, 5700, 10, 5750);
    gc_watch_look(&w, 0, 10, 5800);
    ck_assert_uint_eq(until(&w, 5600), 5700 + TIMEOUT + GRACE);
}
END_TEST

START_TEST(the_same_item_does_not_begin_again)
{
    struct gc_watch w = began(10, 20, 5000);
    gc_watch_look(&w, 5100, 10, 5200);
    for (uint64_t now = 5300; now < 9000; now += 100) {
        gc_watch_look(&w, now, 10, now);
        ck_assert_uint_eq(until(&w, 5000), 5100 + TIMEOUT);
        gc_watch_look(&w, 0, 10, now);
        ck_assert_uint_eq(until(&w, 5000), 5100 + TIMEOUT + GRACE);
    }
}
END_TEST

START_TEST(no_other_item_helps)
{
    struct gc_watch w = began(10, 20, 5000);
    gc_watch_look(&w, 5100, 15, 5200);
    static const uint64_t wrong[] = {0, 9, 10, 14, 15, 20, UINT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        gc_watch_look(&w, 6000, wrong[i], 6000);
        ck_assert_uint_eq(until(&w, 5000), 5100 + TIMEOUT);
    }
}
END_TEST

START_TEST(a_time_lies_between_two_looks)
{
    struct gc_watch w = began(10, 20, 5000);
    gc_watch_look(&w, UINT64_MAX, 10, 5200);
    ck_assert_uint_eq(until(&w, 5000), 5200 + TIMEOUT);
    gc_watch_look(&w, 1, 11, 5400);
    ck_assert_uint_eq(until(&w, 5000), 5200 + TIMEOUT);
}
END_TEST

/* Whatever it writes, at whatever looks: it is ended in time. */
START_TEST(a_slice_ends)
{
    uint64_t seed = 7;
    for (int round = 0; round < 2000; round++) {
        uint64_t count = gc_suite_random(&seed) % 5 + 1, now = 1000;
        struct gc_watch w = began(10, 10 + count, now);
        while (now < until(&w, 1000)) {
            uint64_t started = gc_suite_random(&seed) % 3 == 0 ? 0 : now + gc_suite_random(&seed) % 50 - 25;
            gc_watch_look(&w, started, 8 + gc_suite_random(&seed) % 10, now);
            ck_assert_uint_le(now, 1000 + (count + 1) * (TIMEOUT + 50) + GRACE);
            now += gc_suite_random(&seed) % 50;
        }
    }
}
END_TEST

GC_SUITE("watch", GC_TEST(an_item_has_its_timeout), GC_TEST(between_items_it_has_the_grace),
         GC_TEST(the_same_item_does_not_begin_again), GC_TEST(no_other_item_helps),
         GC_TEST(a_time_lies_between_two_looks), GC_TEST(a_slice_ends))
