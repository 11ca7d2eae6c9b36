/* The JSON writer: what comes out is JSON, whatever goes in. */
#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json/json.h"
#include "proto/values.h"

static struct gc_text t;

static const char *bytes(const void *s, size_t len)
{
    gc_text_reset(&t);
    gc_json_bytes(&t, gc_bytes_of(s, len));
    return gc_text_str(&t);
}

#define BYTES(literal) bytes(literal, sizeof(literal) - 1)

START_TEST(strings)
{
    ck_assert_str_eq(BYTES(""), "\"\"");
    ck_assert_str_eq(BYTES("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
    ck_assert_str_eq(BYTES("\b\t\n\v\f\r\x1b\x7f"), "\"\\b\\t\\n\\u000b\\f\\r\\u001b\\u007f\"");
    ck_assert_str_eq(BYTES("a\0b"), "\"a\\u0000b\"");
    ck_assert_str_eq(BYTES("\xc2\x9b"), "\"\\u009b\""); /* CSI: starts an escape on a terminal */
    ck_assert_str_eq(BYTES("gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xab"), "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xab\"");
}
END_TEST

/* Maximal subparts, as the Unicode standard's table 3-8 has them. */
START_TEST(wrong_utf8)
{
    ck_assert_str_eq(BYTES("\xff"), "\"\xef\xbf\xbd\"");
    ck_assert_str_eq(BYTES("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    ck_assert_str_eq(BYTES("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
                           "A"),
                     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                     "A\"");
    ck_assert_str_eq(BYTES("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* a surrogate */
    ck_assert(!gc_utf8_valid(gc_bytes_of("\xf4\x90\x80\x80", 4)));
    ck_assert(gc_utf8_valid(gc_bytes_of("\xf4\x8f\xbf\xbf", 4)));
}
END_TEST

/* Any bytes give a string that a strict parser takes. */
START_TEST(any_bytes)
{
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        unsigned char s[16];
        size_t n = (size_t)(rand_r(&seed) % 16);
        for (size_t i = 0; i < n; i++)
            s[i] = (unsigned char)(rand_r(&seed) % 2 ? rand_r(&seed) : 0xe0 + rand_r(&seed) % 0x20);
        json_t *j = json_loads(bytes(s, n), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        ck_assert_msg(j != NULL, "%s", gc_text_str(&t));
        json_decref(j);
    }
}
END_TEST

START_TEST(named_bytes)
{
    gc_text_reset(&t);
    gc_json_open(&t, '{');
    gc_json_named_bytes(&t, "source", gc_bytes_of("a.jpg", 5));
    gc_json_named_bytes(&t, "other", gc_bytes_of("\xff\xfe", 2));
    gc_json_close(&t, '}');
    ck_assert_str_eq(
        gc_text_str(&t),
        "{\"source\": \"a.jpg\", \"other\": \"\xef\xbf\xbd\xef\xbf\xbd\", \"other_base64\": \"//4=\"}");
}
END_TEST

START_TEST(base64)
{
    static const char *const rows[][2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[32];
        gc_text_reset(&t);
        gc_json_base64(&t, gc_bytes_of(rows[i][0], strlen(rows[i][0])));
        (void)snprintf(expected, sizeof expected, "\"%s\"", rows[i][1]);
        ck_assert_str_eq(gc_text_str(&t), expected);
    }
}
END_TEST

static const char *real(double v)
{
    gc_text_reset(&t);
    gc_json_real(&t, v);
    return gc_text_str(&t);
}

START_TEST(reals)
{
    ck_assert_str_eq(real(0), "0.0");
    ck_assert_str_eq(real(-2), "-2.0");
    ck_assert_str_eq(real(0.1), "0.1");
    ck_assert_str_eq(real(1.0 / 3), "0.3333333333333333");
    ck_assert_str_eq(real(1e300), "1e+300");
    ck_assert_str_eq(real(NAN), "null");
    ck_assert_str_eq(real(-INFINITY), "null");
    unsigned seed = 7;
    for (int i = 0; i < 10000; i++) {
        double v = ldexp(rand_r(&seed) - RAND_MAX / 2.0, rand_r(&seed) % 200 - 100) / 3;
        ck_assert(strtod(real(v), NULL) == v);
    }
}
END_TEST

START_TEST(values)
{
    uint8_t memory[256];
    struct gc_buf b;
    struct gc_field shape[] = {{.name = gc_str_bytes(GC_STR("w")), .type = GC_TYPE_INT},
                               {.name = gc_str_bytes(GC_STR("list")), .type = GC_TYPE_LIST}};
    gc_buf_init(&b, memory, sizeof memory);
    gc_value_put_array(&b, 2);
    gc_value_put_int(&b, -5);
    gc_value_put_array(&b, 3);
    gc_value_put_nil(&b);
    gc_value_put_bool(&b, true);
    gc_value_put_map(&b, 1);
    gc_value_put_str(&b, gc_str_bytes(GC_STR("k")));
    gc_value_put_uint(&b, UINT64_MAX);
    gc_text_reset(&t);
    ck_assert_int_eq(gc_json_value(&t, gc_buf_bytes(&b), shape, 2), GC_OK);
    ck_assert_str_eq(gc_text_str(&t), "{\"w\": -5, \"list\": [null, true, {\"k\": 18446744073709551615}]}");
    /* Without a shape, or with one of another length, it is what it is. */
    gc_text_reset(&t);
    ck_assert_int_eq(gc_json_value(&t, gc_buf_bytes(&b), shape, 1), GC_OK);
    ck_assert_str_eq(gc_text_str(&t), "[-5, [null, true, {\"k\": 18446744073709551615}]]");
    for (size_t cut = 0; cut < b.len; cut++)
        ck_assert_int_ne(gc_json_value(&t, gc_bytes_of(memory, cut), shape, 2), GC_OK);
    gc_value_put_nil(&b);
    ck_assert_int_ne(gc_json_value(&t, gc_buf_bytes(&b), shape, 2), GC_OK);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("json");
    TCase *c = tcase_create("writer");
    tcase_add_test(c, strings);
    tcase_add_test(c, wrong_utf8);
    tcase_add_test(c, any_bytes);
    tcase_add_test(c, named_bytes);
    tcase_add_test(c, base64);
    tcase_add_test(c, reals);
    tcase_add_test(c, values);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
