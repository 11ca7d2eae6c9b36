/* Manifests: cutting at any place gives the same records; records give the right items; broken ones say why. */
#include "common/manifest/manifest.h"

#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/manifest/items.h"
#include "proto/values.h"

static struct gc_bytes bytes(const char *text)
{
    return gc_str_bytes(gc_str_of(text));
}

/* All items of a text as "text|field=value,...;", or the fault. */
static const char *parse_all(enum gc_manifest_format format, const char *column, struct gc_bytes in)
{
    static char out[4096];
    size_t n = 0;
    struct gc_manifest *m;
    struct gc_fault fault = {0};
    size_t len;
    uint64_t lines;
    out[0] = '\0';
    ck_assert_int_eq(gc_manifest_new(format, gc_str_of(column), &m), GC_OK);
    enum gc_err err = gc_manifest_head(m, in, true, &len, &lines, &fault);
    while (!err) {
        bool empty;
        struct gc_bytes text;
        struct gc_bytes fields;
        in = gc_bytes_of(in.ptr + len, in.len - len);
        ck_assert_int_eq(gc_manifest_cut(m, in, true, &len, &lines), GC_OK);
        if (len == 0)
            break;
        err = gc_manifest_parse(m, gc_bytes_of(in.ptr, len), &empty, &text, &fields, &fault);
        if (err || empty)
            continue;
        n += (size_t)snprintf(out + n, sizeof out - n, "%.*s|", GC_STR_ARGS(gc_bytes_str(text)));
        struct gc_value_token t = {0};
        if (fields.len)
            ck_assert_int_eq(gc_value_next(&fields, &t), GC_OK);
        for (uint32_t i = 0; i < 2 * t.n; i++) {
            struct gc_value_token v;
            ck_assert_int_eq(gc_value_next(&fields, &v), GC_OK);
            if (v.kind == GC_TOKEN_STR)
                n += (size_t)snprintf(out + n, sizeof out - n, "%.*s%c", GC_STR_ARGS(gc_bytes_str(v.bytes)),
                                      i % 2 ? ',' : '=');
            else
                n += (size_t)snprintf(out + n, sizeof out - n, "#%d,", (int)v.integer);
        }
        ck_assert_uint_eq(fields.len, 0);
        n += (size_t)snprintf(out + n, sizeof out - n, ";");
    }
    if (err)
        (void)snprintf(out, sizeof out, "%s", fault.text);
    gc_manifest_destroy(&m);
    return out;
}

START_TEST(records_are_items)
{
    static const struct {
        enum gc_manifest_format format;
        const char *column;
        const char *in;
        const char *out;
    } rows[] = {
        {GC_MANIFEST_TEXT, "", "", ""},
        {GC_MANIFEST_TEXT, "", "a\nb\r\n\n\r\nc d", "a|;b|;c d|;"},
        {GC_MANIFEST_TEXT, "",
         "\xef\xbb\xbf"
         "a\n",
         "a|;"},
        {GC_MANIFEST_CSV, "", "p,q\na,1\n", "a|q=1,;"},
        {GC_MANIFEST_CSV, "q", "p,q\na,1\n\nb,2", "1|p=a,;2|p=b,;"},
        {GC_MANIFEST_CSV, "", "p\n\"a,\"\"b\"\"\r\nc\"\n", "a,\"b\"\r\nc|;"},
        {GC_MANIFEST_CSV, "", "p,q\na,\n", "a|q=,;"},
        {GC_MANIFEST_CSV, "z", "p,q\na,1\n", "no column is named 'z'"},
        {GC_MANIFEST_CSV, "", "p,p\n", "two columns are named 'p'"},
        {GC_MANIFEST_CSV, "", "p,q\na\n", "1 values for 2 columns"},
        {GC_MANIFEST_CSV, "", "p,q\na,b,c\n", "3 values for 2 columns"},
        {GC_MANIFEST_CSV, "", "p,q\n,b\n", "column 'p' is empty"},
        {GC_MANIFEST_CSV, "", "p,q\n\"a\"x,b\n", "a quote in the wrong place"},
        {GC_MANIFEST_JSONL, "", "\"a\"\n{\"p\":\"b\",\"n\":3}\n  \n7\n", "a|;b|n=#3,;7|;"},
        {GC_MANIFEST_JSONL, "q", "{\"p\":\"b\",\"q\":\"c\"}", "c|p=b,;"},
        {GC_MANIFEST_JSONL, "q", "{\"p\":\"b\"}", "no key 'q'"},
        {GC_MANIFEST_JSONL, "", "{\"p_base64\":\"YQ==\",\"n\":1}", "a|n=#1,;"},
        {GC_MANIFEST_JSONL, "", "{\"p\":{}}", "'p' is no text of an item"},
        {GC_MANIFEST_JSONL, "", "{\"p\":\"\"}", "'p' is no text of an item"},
        {GC_MANIFEST_JSONL, "", "[1]", "neither an object nor a string"},
        {GC_MANIFEST_JSONL, "", "{\"p\":\"a\",\"x\":[[[[[[[[[1]]]]]]]]]}",
         "'x' is nested too deeply, or too large"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *out = parse_all(rows[i].format, rows[i].column, bytes(rows[i].in));
        ck_assert_msg(strcmp(out, rows[i].out) == 0, "%zu: got '%s', wanted '%s'", i, out, rows[i].out);
    }
}
END_TEST

/* Whatever comes, and wherever a window of it ends: records tile the text, and nothing is read beyond it. */
START_TEST(any_bytes_are_cut)
{
    static const char alphabet[] = "ab,\"\n\r{}:[]\\";
    uint64_t seed = 99;
    for (int round = 0; round < 3000; round++) {
        char text[64];
        size_t len = gc_suite_random(&seed) % sizeof text;
        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[gc_suite_random(&seed) % (sizeof alphabet - 1)];
        for (int format = 0; format < 3; format++) {
            char *exact = malloc(len + 1); /* so that a sanitizer sees its end */
            memcpy(exact, text, len);
            (void)parse_all((enum gc_manifest_format)format, "", gc_bytes_of(exact, len));
            struct gc_manifest *m;
            size_t cut;
            uint64_t lines;
            ck_assert_int_eq(gc_manifest_new((enum gc_manifest_format)format, GC_STR(""), &m), GC_OK);
            ck_assert_int_eq(gc_manifest_cut(m, gc_bytes_of(exact, len), false, &cut, &lines), GC_OK);
            ck_assert_uint_le(cut, len);
            ck_assert(cut == 0 || exact[cut - 1] == '\n');
            gc_manifest_destroy(&m);
            free(exact);
        }
    }
}
END_TEST

START_TEST(long_records_are_refused)
{
    static char text[GC_MANIFEST_LINE + 1];
    struct gc_manifest *m;
    size_t len;
    uint64_t lines;
    memset(text, 'x', sizeof text);
    ck_assert_int_eq(gc_manifest_new(GC_MANIFEST_TEXT, GC_STR(""), &m), GC_OK);
    ck_assert_int_eq(gc_manifest_cut(m, gc_bytes_of(text, sizeof text), false, &len, &lines), GC_ERR_LIMIT);
    ck_assert_int_eq(gc_manifest_cut(m, gc_bytes_of(text, sizeof text - 2), true, &len, &lines), GC_OK);
    ck_assert_uint_eq(len, sizeof text - 2);
    gc_manifest_destroy(&m);
}
END_TEST

START_TEST(blocks_are_checked)
{
    uint8_t memory[64];
    struct gc_buf b;
    gc_buf_init(&b, memory, sizeof memory);
    ck_assert(gc_items_put(&b, bytes("abc"), bytes("")));
    ck_assert(gc_items_put(&b, bytes(""), bytes("xy")));
    struct gc_bytes block = gc_buf_bytes(&b);
    ck_assert(gc_items_check(block, 2));
    ck_assert(!gc_items_check(block, 1));
    ck_assert(!gc_items_check(block, 3));
    for (size_t len = 0; len < block.len; len++)
        ck_assert(!gc_items_check(gc_bytes_of(block.ptr, len), 2));
    ck_assert(!gc_items_put(&b, gc_bytes_of(memory, 60), bytes("")));
    ck_assert(gc_items_check(gc_buf_bytes(&b), 2));
}
END_TEST

START_TEST(formats_go_by_name)
{
    enum gc_manifest_format f;
    ck_assert_int_eq(gc_manifest_format_of(GC_STR(""), GC_STR("a.csv"), &f), GC_OK);
    ck_assert_int_eq(f, GC_MANIFEST_CSV);
    ck_assert_int_eq(gc_manifest_format_of(GC_STR(""), GC_STR("a.ndjson"), &f), GC_OK);
    ck_assert_int_eq(f, GC_MANIFEST_JSONL);
    ck_assert_int_eq(gc_manifest_format_of(GC_STR("text"), GC_STR("a.csv"), &f), GC_OK);
    ck_assert_int_eq(f, GC_MANIFEST_TEXT);
    ck_assert_int_eq(gc_manifest_format_of(GC_STR("xml"), GC_STR("a.csv"), &f), GC_ERR_INVALID);
}
END_TEST

GC_SUITE("manifest", GC_TEST(records_are_items), GC_TEST(any_bytes_are_cut),
         GC_TEST(long_records_are_refused), GC_TEST(blocks_are_checked), GC_TEST(formats_go_by_name))
