/* Decimal numbers against the C library's, which rounds correctly (and is in the C locale here). */
#include "common/decimal.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void same_as_strtod(const char *text)
{
    double got = 12345;
    double wanted = strtod(text, NULL);
    bool ok = gc_decimal_real(gc_str_of(text), &got);
    ck_assert_msg(ok == (isfinite(wanted) != 0), "'%s'", text);
    ck_assert_msg(!ok || memcmp(&got, &wanted, sizeof got) == 0, "'%s': %.17g, not %.17g", text, got, wanted);
}

START_TEST(what_people_write)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "1",
                                        "800",
                                        "0.1",
                                        "-2.5",
                                        ".5",
                                        "5.",
                                        "+7",
                                        "1e6",
                                        "1E-6",
                                        "6.02e23",
                                        "1e22",
                                        "1e23",
                                        "0e0",
                                        "000.10",
                                        "123456789012345678901234567890"};
    for (size_t i = 0; i < GC_COUNT_OF(texts); i++)
        same_as_strtod(texts[i]);
}
END_TEST

START_TEST(edges)
{
    static const char *const texts[] = {
        "9007199254740993", /* 2^53 + 1: a tie, to the even one */
        "9007199254740995", /* a tie the other way */
        "9007199254740993.0000000000000000000000000000001",
        "1.7976931348623157e308", /* the largest */
        "1.7976931348623158e308", /* still it */
        "1.7976931348623159e308", /* beyond */
        "1e309",
        "2.2250738585072014e-308", /* the smallest normal one */
        "2.2250738585072011e-308", /* just below */
        "2.2250738585072012e-308", /* between them */
        "4.9406564584124654e-324", /* the smallest */
        "2.4703282292062327e-324", /* below a half of it */
        "2.4703282292062328e-324", /* above a half */
        "1e-400",
        "0.0000000000000000000000000000000000000000000000000001e-400",
        "9999999999999999999999999999999999999999999999999999999999e240",
        "18446744073709551615",
        "18446744073709551616",
        "0.30000000000000004",
        "179769313486231580793728971405301e276",
    };
    for (size_t i = 0; i < GC_COUNT_OF(texts); i++)
        same_as_strtod(texts[i]);
}
END_TEST

START_TEST(random_doubles_come_back)
{
    uint64_t seed = 20261125;
    for (int i = 0; i < 100000; i++) {
        char text[64];
        double v;
        uint64_t bits = gc_suite_random(&seed);
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        (void)snprintf(text, sizeof text, "%.*g", 1 + (int)(gc_suite_random(&seed) % 30), v);
        same_as_strtod(text);
    }
}
END_TEST

START_TEST(whole_numbers)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {{"0", true, 0},
                {"-0", true, 0},
                {"+12", true, 12},
                {"007", true, 7},
                {"9223372036854775807", true, INT64_MAX},
                {"-9223372036854775808", true, INT64_MIN},
                {"9223372036854775808", false, 0},
                {"-9223372036854775809", false, 0},
                {"1.0", false, 0},
                {"1.", false, 0},
                {".1", false, 0},
                {"1e3", false, 0},
                {"", false, 0},
                {"-", false, 0},
                {"1 ", false, 0},
                {"0x1", false, 0}};
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        int64_t v = 12345;
        ck_assert_msg(gc_decimal_int(gc_str_of(rows[i].text), &v) == rows[i].ok, "'%s'", rows[i].text);
        ck_assert_int_eq(v, rows[i].ok ? rows[i].value : 12345);
    }
}
END_TEST

START_TEST(no_numbers)
{
    static const char *const texts[] = {
        "",     "-",     ".",    "e5",   "1e",
        "1e+",  "1e401", "--1",  "1..2", "1.2.3",
        "0x10", "nan",   "inf",  " 1",   "1 ",
        "1,5",  "1_000", "1e5x", "١",    "00000000000000000000000000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < GC_COUNT_OF(texts); i++) {
        double v = 12345;
        ck_assert_msg(!gc_decimal_real(gc_str_of(texts[i]), &v), "'%s'", texts[i]);
        ck_assert_double_eq(v, 12345);
    }
}
END_TEST

GC_SUITE("decimal", GC_TEST(what_people_write), GC_TEST(edges), GC_TEST(random_doubles_come_back),
         GC_TEST(whole_numbers), GC_TEST(no_numbers))
