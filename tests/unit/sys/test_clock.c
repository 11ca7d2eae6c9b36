#include "common/sys/clock.h"
#include "tests/unit/suite.h"

#include <string.h>

START_TEST(never_goes_back)
{
    uint64_t last = gc_clock_now();
    for (int i = 0; i < 10000; i++) {
        uint64_t now = gc_clock_now();
        ck_assert_uint_ge(now, last);
        last = now;
    }
}
END_TEST

START_TEST(sleeps_as_long_as_asked)
{
    uint64_t start = gc_clock_now();
    gc_clock_sleep(20 * GC_MS);
    ck_assert_uint_ge(gc_clock_now() - start, 20 * GC_MS);
}
END_TEST

START_TEST(texts)
{
    char text[GC_CLOCK_TEXT_SIZE];
    gc_clock_text(0, text);
    ck_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
    gc_clock_text(UINT64_C(1709210096) * GC_SEC + 789 * GC_MS + 999999, text);
    ck_assert_str_eq(text, "2024-02-29T12:34:56.789Z");
    gc_clock_text(UINT64_MAX, text);
    ck_assert_str_eq(text, "2554-07-21T23:34:33.709Z");
    gc_clock_text(gc_clock_wall(), text);
    ck_assert_int_ge(strncmp(text, "2024", 4), 0);
}
END_TEST

GC_SUITE("clock", GC_TEST(never_goes_back), GC_TEST(sleeps_as_long_as_asked), GC_TEST(texts))
