/* Conditions: what they say, what they are not, and that they stay within their bounds. */
#include "common/expr.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Alignas(16) uint8_t memory[(GC_EXPR_MAX_TEXT + 1) * 128];

/* ---- fields to ask for ---- */

static void resolve(void *context, struct gc_str field, struct gc_expr_value *ret)
{
    (void)context;
    static const struct {
        const char *name;
        struct gc_expr_value value;
    } fields[] = {
        {"width", {GC_EXPR_INT, .as.integer = 800}},
        {"zero", {GC_EXPR_INT, .as.integer = 0}},
        {"big", {GC_EXPR_INT, .as.integer = INT64_C(9007199254740993)}},
        {"most", {GC_EXPR_INT, .as.integer = INT64_MAX}},
        {"least", {GC_EXPR_INT, .as.integer = INT64_MIN}},
        {"mean", {GC_EXPR_REAL, .as.real = 127.5}},
        {"nan", {GC_EXPR_REAL, .as.real = NAN}},
        {"inf", {GC_EXPR_REAL, .as.real = INFINITY}},
        {"yes", {GC_EXPR_BOOL, .as.flag = true}},
        {"no", {GC_EXPR_BOOL, .as.flag = false}},
        {"ext", {GC_EXPR_STRING, .as.text = GC_STR_INIT("jpg")}},
        {"price", {GC_EXPR_TEXT, .as.text = GC_STR_INIT("12.50")}},
        {"cheap", {GC_EXPR_TEXT, .as.text = GC_STR_INIT("9")}},
        {"maker", {GC_EXPR_TEXT, .as.text = GC_STR_INIT("Canon")}},
        {"flag", {GC_EXPR_TEXT, .as.text = GC_STR_INIT("true")}},
        {"Image ID", {GC_EXPR_INT, .as.integer = 7}},
        {"exif.iso-speed", {GC_EXPR_INT, .as.integer = 400}},
        {"größe", {GC_EXPR_INT, .as.integer = 3}},
        {"nothing", {GC_EXPR_NULL, .as.integer = 0}},
    };
    for (size_t i = 0; i < GC_COUNT_OF(fields); i++)
        if (gc_str_is(field, fields[i].name))
            *ret = fields[i].value;
}

static bool holds(const char *text)
{
    struct gc_arena arena;
    struct gc_expr e;
    struct gc_expr_fault fault;
    gc_arena_init(&arena, memory, sizeof memory);
    enum gc_err err = gc_expr_parse(gc_str_of(text), &arena, &e, &fault);
    ck_assert_msg(err == GC_OK, "%s: at %u: expected %s", text, fault.at, fault.expected);
    return gc_expr_holds(&e, resolve, NULL);
}

static void all(const char *const *texts, size_t n, bool wanted)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(holds(texts[i]) == wanted, "%s", texts[i]);
}

START_TEST(comparisons)
{
    static const char *const true_ones[] = {
        "width == 800",          "width!=801",   "width<801",           "width <= 800", "width > -1",
        "width >= +800",         "800 == width", "mean > 127",          "mean < 128",   "mean == 127.5",
        "mean >= 1.275e2",       "zero == -0.0", "zero < .5",           "zero >= 0.",   "ext == 'jpg'",
        "ext == \"jpg\"",        "ext < 'png'",  "ext >= 'jpe'",        "'b' > 'a'",    "1 < 2",
        "ext != 'JPG'",          "yes == true",  "no != true",          "yes != no",    "`Image ID` == 7",
        "exif.iso-speed == 400", "größe < 4",    "\twidth\n== 800\r\n",
    };
    static const char *const false_ones[] = {
        "width != 800", "width < 800", "width > 800",  "ext == 'jp'",
        "ext < 'jpg'",  "yes == no",   "mean < 127.5",
    };
    all(true_ones, GC_COUNT_OF(true_ones), true);
    all(false_ones, GC_COUNT_OF(false_ones), false);
}
END_TEST

/* A double between two whole numbers that it cannot tell apart. */
START_TEST(whole_numbers_and_reals_compare_exactly)
{
    static const char *const true_ones[] = {
        "big > 9007199254740992.0",
        "big != 9007199254740992.0",
        "9007199254740994.0 > big",
        "most < 9223372036854775808.0",
        "least == -9223372036854775808.0",
        "least > -9.3e18",
        "most < inf",
        "width > -1e300",
        "width < 800.0000001",
        "width > 799.9999999",
        "-1 > -1.5",
        "-2 < -1.5",
        "most == 9223372036854775807",
    };
    static const char *const false_ones[] = {"big == 9007199254740992.0", "most == 9223372036854775808.0",
                                             "most >= inf"};
    all(true_ones, GC_COUNT_OF(true_ones), true);
    all(false_ones, GC_COUNT_OF(false_ones), false);
}
END_TEST

START_TEST(words_bind_as_they_say)
{
    static const char *const true_ones[] = {
        "yes",
        "not no",
        "not not yes",
        "yes or no and no",
        "(yes or no) and yes",
        "not no and yes",
        "not (no or no)",
        "no or no or yes",
        "true",
        "not false",
        "yes and not no and width > 1 or no",
        "((((yes))))",
        "not(no)",
        "width>1 and(yes)",
        "not width == 1",
        "yes or yes and no",
        "no and no or yes",
    };
    static const char *const false_ones[] = {
        "no",          "not yes",       "(yes or no) and no",  "not (yes or no)",        "yes and no",
        "false or no", "not yes or no", "no and (yes or yes)", "not (no and no) and no",
    };
    all(true_ones, GC_COUNT_OF(true_ones), true);
    all(false_ones, GC_COUNT_OF(false_ones), false);
}
END_TEST

START_TEST(what_is_not_there_equals_null_alone)
{
    static const char *const true_ones[] = {
        "missing == null",  "width != null", "missing != 1",      "missing != 'x'",     "nothing == missing",
        "missing != false", "not missing",   "not (missing < 1)", "not (missing >= 1)",
    };
    static const char *const false_ones[] = {
        "missing",       "missing == 0",     "missing < 1",   "missing > 1",     "missing <= null",
        "missing == ''", "missing == false", "width == null", "nothing != null", "missing > 'a'",
    };
    all(true_ones, GC_COUNT_OF(true_ones), true);
    all(false_ones, GC_COUNT_OF(false_ones), false);
}
END_TEST

START_TEST(values_of_different_kinds_differ_and_have_no_order)
{
    static const char *const true_ones[] = {"width != '800'", "ext != 1",   "yes != 1",
                                            "yes != 'true'",  "nan != nan", "nan != 1"};
    static const char *const false_ones[] = {
        "width == '800'", "width <= '800'", "ext > 1",  "ext < 1", "yes == 1", "yes >= true", "no < yes",
        "nan == nan",     "nan < 1",        "nan >= 1", "width",   "ext",      "zero",        "width >= true",
    };
    all(true_ones, GC_COUNT_OF(true_ones), true);
    all(false_ones, GC_COUNT_OF(false_ones), false);
}
END_TEST

START_TEST(a_text_of_no_stated_kind_is_what_the_other_side_asks_for)
{
    static const char *const true_ones[] = {
        "price == 12.5",
        "price > 9",
        "price == '12.50'",
        "price != '12.5'",
        "cheap < price",
        "price > cheap",
        "maker == 'Canon'",
        "maker > 'B'",
        "maker != 5",
        "flag",
        "flag == true",
        "flag == 'true'",
        "price < 'a'",
        "maker != price",
        "price == price",
        "maker == maker",
        "cheap < 12",
        "price > mean or price < mean",
        "cheap > maker or cheap < maker",
    };
    static const char *const false_ones[] = {
        "maker > 5", "maker < 5",   "maker == true", "maker",
        "price",     "price == 12", "flag == false", "price == null",
    };
    all(true_ones, GC_COUNT_OF(true_ones), true);
    all(false_ones, GC_COUNT_OF(false_ones), false);
}
END_TEST

/* ---- what is no condition ---- */

START_TEST(errors_say_where_and_what)
{
    static const struct {
        const char *text;
        uint32_t at;
        const char *expected; /* a part of it */
    } rows[] = {
        {"", 0, "a field"},
        {"   ", 3, "a field"},
        {"width >", 7, "a field, a number"},
        {"width > > 3", 8, "a field, a number"},
        {"width = 3", 6, "'=='"},
        {"width ! 3", 6, "'!='"},
        {"a && b", 2, "'and'"},
        {"a || b", 2, "'or'"},
        {"1", 1, "a comparison"},
        {"'x'", 3, "a comparison"},
        {"null and yes", 5, "a comparison"},
        {"1 < width < 3", 10, "two operands"},
        {"width > 3 4", 10, "the end"},
        {"(width > 3", 10, "')'"},
        {"width > 3)", 9, "the end"},
        {"()", 1, "a field"},
        {"not", 3, "a field"},
        {"a and", 5, "a field"},
        {"and a", 0, "a field"},
        {"a or or b", 5, "a field"},
        {"a == 'x", 7, "'"},
        {"a == \"x", 7, "\""},
        {"a == `x", 7, "`"},
        {"`` == 1", 1, "the name"},
        {"a == 12px", 5, "a number"},
        {"a == 0x10", 5, "a number"},
        {"a == 1e999", 5, "a number"},
        {"a == 1..2", 5, "a number"},
        {"a # b", 2, "a field"},
        {"a - b", 2, "a field"},
    };
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        struct gc_arena arena;
        struct gc_expr e;
        struct gc_expr_fault fault;
        gc_arena_init(&arena, memory, sizeof memory);
        ck_assert_msg(gc_expr_parse(gc_str_of(rows[i].text), &arena, &e, &fault) == GC_ERR_INVALID, "%s",
                      rows[i].text);
        ck_assert_msg(fault.at == rows[i].at, "%s: at %u", rows[i].text, fault.at);
        ck_assert_msg(strstr(fault.expected, rows[i].expected) != NULL, "%s: %s", rows[i].text,
                      fault.expected);
        ck_assert_uint_eq(arena.used, 0);
    }
}
END_TEST

/* ---- bounds ---- */

static enum gc_err nested(uint32_t depth, struct gc_expr *e, struct gc_expr_fault *fault, char *text)
{
    static struct gc_arena arena;
    size_t n = 0;
    for (uint32_t i = 0; i < depth; i++)
        n += (size_t)sprintf(text + n, "no or yes and (");
    n += (size_t)sprintf(text + n, "yes and width > 1");
    for (uint32_t i = 0; i < depth; i++)
        text[n++] = ')';
    gc_arena_init(&arena, memory, sizeof memory);
    return gc_expr_parse(gc_str_from(text, n), &arena, e, fault);
}

START_TEST(depth_is_bounded_and_the_deepest_works)
{
    static char text[GC_EXPR_MAX_TEXT];
    struct gc_expr e;
    struct gc_expr_fault fault;
    ck_assert_int_eq(nested(GC_EXPR_MAX_DEPTH, &e, &fault, text), GC_OK);
    ck_assert(gc_expr_holds(&e, resolve, NULL));
    ck_assert_int_eq(nested(GC_EXPR_MAX_DEPTH + 1, &e, &fault, text), GC_ERR_LIMIT);
    ck_assert_uint_eq(fault.at, GC_EXPR_MAX_DEPTH * 15 + 14);
}
END_TEST

START_TEST(length_is_bounded_and_the_longest_works)
{
    static char text[GC_EXPR_MAX_TEXT + 1];
    struct gc_arena arena;
    struct gc_expr e;
    struct gc_expr_fault fault;
    size_t n = (size_t)sprintf(text, "yes");
    while (n + 7 <= GC_EXPR_MAX_TEXT)
        n += (size_t)sprintf(text + n, " or yes");
    memset(text + n, ' ', sizeof text - n);
    gc_arena_init(&arena, memory, sizeof memory);
    ck_assert_int_eq(gc_expr_parse(gc_str_from(text, GC_EXPR_MAX_TEXT), &arena, &e, &fault), GC_OK);
    ck_assert(gc_expr_holds(&e, resolve, NULL));
    ck_assert_int_eq(gc_expr_parse(gc_str_from(text, GC_EXPR_MAX_TEXT + 1), &arena, &e, &fault),
                     GC_ERR_LIMIT);
}
END_TEST

/* The densest code a byte: one-letter fields alone, and quoted ones that need no blanks. */
START_TEST(code_never_outgrows_its_text)
{
    static const char *const pieces[] = {"a", "`a`or`b`or", "a<b or", "not a and"};
    for (size_t k = 0; k < GC_COUNT_OF(pieces); k++) {
        char text[256];
        struct gc_arena arena;
        struct gc_expr e;
        struct gc_expr_fault fault;
        size_t n = 0;
        for (int i = 0; i < 20; i++)
            n += (size_t)sprintf(text + n, "%s ", k ? pieces[k] : i ? "or a" : "a");
        if (k)
            n += (size_t)sprintf(text + n, "a");
        gc_arena_init(&arena, memory, sizeof memory);
        ck_assert_int_eq(gc_expr_parse(gc_str_from(text, n), &arena, &e, &fault), GC_OK);
        ck_assert_uint_le(e.n, n + 1);
    }
}
END_TEST

START_TEST(a_full_arena_is_told)
{
    struct gc_arena arena;
    struct gc_expr e;
    struct gc_expr_fault fault;
    gc_arena_init(&arena, memory, 64);
    ck_assert_int_eq(gc_expr_parse(GC_STR("width > 1 and height > 1"), &arena, &e, &fault), GC_ERR_NOMEM);
    ck_assert_ptr_null(fault.expected);
}
END_TEST

/* Two conditions in one arena: the first keeps what is its own. */
START_TEST(conditions_share_an_arena)
{
    struct gc_arena arena;
    struct gc_expr a;
    struct gc_expr b;
    struct gc_expr_fault fault;
    gc_arena_init(&arena, memory, sizeof memory);
    ck_assert_int_eq(gc_expr_parse(GC_STR("width == 800"), &arena, &a, &fault), GC_OK);
    ck_assert_int_eq(gc_expr_parse(GC_STR("not (yes and"), &arena, &b, &fault), GC_ERR_INVALID);
    ck_assert_int_eq(gc_expr_parse(GC_STR("no or no or no"), &arena, &b, &fault), GC_OK);
    ck_assert(gc_expr_holds(&a, resolve, NULL));
    ck_assert(!gc_expr_holds(&b, resolve, NULL));
}
END_TEST

START_TEST(fields_are_told_in_order)
{
    static const struct {
        const char *name;
        uint32_t at;
    } wanted[] = {{"width", 0}, {"Image ID", 14}, {"ext", 36}, {"width", 41}};
    struct gc_arena arena;
    struct gc_expr e;
    struct gc_expr_fault fault;
    gc_arena_init(&arena, memory, sizeof memory);
    ck_assert_int_eq(
        gc_expr_parse(GC_STR("width > 3 and `Image ID` == 'ext'or(ext<=width)"), &arena, &e, &fault), GC_OK);
    uint32_t cursor = 0;
    uint32_t at;
    struct gc_str name;
    for (size_t i = 0; i < GC_COUNT_OF(wanted); i++) {
        ck_assert(gc_expr_field(&e, &cursor, &name, &at));
        ck_assert(gc_str_is(name, wanted[i].name));
        ck_assert_uint_eq(at, wanted[i].at);
    }
    ck_assert(!gc_expr_field(&e, &cursor, &name, &at));
    ck_assert(!gc_expr_field(&e, &cursor, &name, &at));
}
END_TEST

GC_SUITE("expr", GC_TEST(comparisons), GC_TEST(whole_numbers_and_reals_compare_exactly),
         GC_TEST(words_bind_as_they_say), GC_TEST(what_is_not_there_equals_null_alone),
         GC_TEST(values_of_different_kinds_differ_and_have_no_order),
         GC_TEST(a_text_of_no_stated_kind_is_what_the_other_side_asks_for),
         GC_TEST(errors_say_where_and_what), GC_TEST(depth_is_bounded_and_the_deepest_works),
         GC_TEST(length_is_bounded_and_the_longest_works), GC_TEST(code_never_outgrows_its_text),
         GC_TEST(a_full_arena_is_told), GC_TEST(conditions_share_an_arena), GC_TEST(fields_are_told_in_order))
