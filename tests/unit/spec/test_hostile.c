/* Bytes that are no job file, by accident or on purpose: a clear line, and bounded memory and time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "tests/unit/suite.h"

START_TEST(no_yaml)
{
    yaml_says("", "j.yaml:1: the file is empty\n");
    yaml_says("# nothing\n", "j.yaml:1: the file is empty\n");
    yaml_says("~", "j.yaml:1: a job is a map with name and dag, not nothing\n");
    yaml_says(
        "a: [1\nb: 2\n",
        "j.yaml:2: no YAML: did not find expected ',' or ']' (column 2), while parsing a flow sequence\n");
    yaml_says("a: b: c", "j.yaml:1: no YAML: mapping values are not allowed in this context (column 5)\n");
    yaml_says("a: 1\n---\nb: 2\n", "j.yaml:2: a second document begins: a job file holds one\n");
    yaml_says("? [a]\n: 1", "j.yaml:1: a key must be a string\n");
    yaml_says("a: &x 1\n*x : 2", "j.yaml:2: an alias cannot be a key\n");
    yaml_says("a: *x", "j.yaml:1: there is no anchor &x above\n");
    yaml_says("a: &x [*x]", "j.yaml:1: an alias to what it stands in\n");
    yaml_says("a: &x {y: 1}\nb: {<<: *x}", "j.yaml:2: merge keys (<<) are not part of YAML 1.2\n");
    yaml_says("a: !!int x", "j.yaml:1: the tag tag:yaml.org,2002:int does not fit this value\n");
    yaml_says("a: !!bool 1", "j.yaml:1: the tag tag:yaml.org,2002:bool does not fit this value\n");
    yaml_says("a: !!float x", "j.yaml:1: the tag tag:yaml.org,2002:float does not fit this value\n");
    yaml_says("a: !!null x", "j.yaml:1: the tag tag:yaml.org,2002:null does not fit this value\n");
    yaml_says("a: !mine x", "j.yaml:1: the tag !mine does not fit this value\n");
    yaml_says("a: !!set {x: }", "j.yaml:1: the tag tag:yaml.org,2002:set is not known\n");
    yaml_says("a: !!map []", "j.yaml:1: the tag tag:yaml.org,2002:map is not known\n");
}
END_TEST

START_TEST(no_text)
{
    yaml_says("a: 1\nb: \xff\n", "j.yaml:2: no UTF-8 text: invalid leading UTF-8 octet (byte 8)\n");
    yaml_says("a: \xc3(\n", "j.yaml:1: no UTF-8 text: invalid trailing UTF-8 octet (byte 4)\n");
    says(parse_bytes("j.yaml", "a: \0b\n", 6),
         "j.yaml:1: no UTF-8 text: control characters are not allowed (byte 3)\n");
    says(parse_bytes("j.yaml", "\xff\xfe{\0}\0", 6),
         "j.yaml:1: no UTF-8 text: invalid leading UTF-8 octet (byte 0)\n");
    says(parse_bytes("j", "\0", 1), "j:1: no UTF-8 text: control characters are not allowed (byte 0)\n");
    struct gc_spec *s;
    ck_assert_int_eq(gc_spec_parse((struct gc_str){NULL, 0}, "j",
                                   &(const struct gc_spec_options){.folder = "/"}, &s, NULL),
                     GC_OK);
    says(s, "j:1: the file is empty\n");
    gc_spec_destroy(&s);
}
END_TEST

static void json_is_no(const char *text, const char *why)
{
    char expected[200];
    snprintf(expected, sizeof expected, "j.json:1: no JSON: %s\n", why);
    json_says(text, expected);
}

START_TEST(no_json)
{
    json_says("", "j.json:1: the file is empty\n");
    json_says(" \n", "j.json:1: the file is empty\n");
    json_is_no("{", "here should be a key in double quotes");
    json_is_no("[", "the file ends too early");
    json_is_no("[1,", "the file ends too early");
    json_is_no("[1", "here should be a comma or ]");
    json_is_no("[1}", "here should be a comma or ]");
    json_is_no("{\"a\":1]", "here should be a comma or }");
    json_is_no("[1,]", "here should be a value");
    json_is_no("[,]", "here should be a value");
    json_is_no("{\"a\":1,}", "here should be a key in double quotes");
    json_is_no("{a:1}", "here should be a key in double quotes");
    json_is_no("{\"a\" 1}", "a colon should stand behind the key");
    json_is_no("{\"a\":", "the file ends too early");
    json_is_no("{} x", "something stands behind its end");
    json_is_no("[nul]", "here should be a value");
    json_is_no("[True]", "here should be a value");
    json_says("[1,\n\n2 3]", "j.json:3: no JSON: here should be a comma or ]\n");
}
END_TEST

START_TEST(no_json_numbers)
{
    static const char *const wrong[] = {"[01]", "[-]",   "[+1]",   "[.5]",  "[1.]",
                                        "[1e]", "[1e+]", "[0x10]", "[-01]", "[NaN]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (parse("j.json", wrong[i])->n_errors != 1 ||
            !strstr(parse("j.json", wrong[i])->problems[0].text, "no JSON"))
            ck_abort_msg("%s was taken", wrong[i]);
    json_says("-", "j.json:1: no JSON: here should be a value\n");
    json_says("1", "j.json:1: a job is a map with name and dag, not an integer\n");
}
END_TEST

START_TEST(no_json_strings)
{
    json_is_no("[\"a", "a string does not end");
    json_is_no("[\"a\\", "a string does not end");
    json_is_no("[\"a\\\"", "a string does not end");
    json_is_no("{\"a", "a string does not end");
    json_is_no("[\"\\x\"]", "an escape that is none (\\\\ is a backslash)");
    json_is_no("[\"\\u12\"]", "\\u wants four hexadecimal digits");
    json_is_no("[\"\\ud800\"]", "half of a surrogate pair");
    json_is_no("[\"\\ud800\\u0041\"]", "half of a surrogate pair");
    json_is_no("[\"\\ud800\\u12\"]", "\\u wants four hexadecimal digits");
    json_is_no("[\"\\udc00\"]", "half of a surrogate pair");
    json_is_no("[\"a\tb\"]", "a control character in a string (a line break is \\n)");
    static const char *const wrong[] = {"\xff",
                                        "\x80",
                                        "\xc0\x80",
                                        "\xc3(",
                                        "\xe0\x80\x80",
                                        "\xed\xa0\x80",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80",
                                        "\xf0\x80\x80\x80",
                                        "\xe2\x82"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[16];
        snprintf(text, sizeof text, "[\"%s\"]", wrong[i]);
        json_is_no(text, "bytes that are no UTF-8");
    }
    says(parse_bytes("j.json", "[\"\xe2\x82", 4), "j.json:1: no JSON: a string does not end\n");
    says(parse_bytes("j.json", "[\"\\\0\"]", 6),
         "j.json:1: no JSON: an escape that is none (\\\\ is a backslash)\n");
    json_says("{\"\\u0000x\": 1, \"nodes\": [{\"id\": \"a\", \"op\": \"\\u0000\"}]}",
              "j.json:1: there is no such field\nj.json:1: node 'a': op: has a NUL in it\n");
}
END_TEST

static char *repeat(const char *before, const char *what, size_t n, const char *after)
{
    size_t len = strlen(what);
    char *text = malloc(strlen(before) + len * n + strlen(after) + 1);
    char *to = stpcpy(text, before);
    for (size_t i = 0; i < n; i++, to += len)
        memcpy(to, what, len);
    strcpy(to, after);
    return text;
}

static void repeated_says(const char *file, const char *before, const char *what, size_t n, const char *after,
                          const char *lines)
{
    char *text = repeat(before, what, n, after);
    says(parse(file, text), lines);
    free(text);
}

START_TEST(depth)
{
    repeated_says("j.json", "", "[", 32, "", "j.json:1: no JSON: the file ends too early\n");
    repeated_says("j.json", "", "[", 1000000, "", "j.json:1: nested more than 32 deep\n");
    repeated_says("j.json", "", "{\"a\":", 800000, "", "j.json:1: nested more than 32 deep\n");
    repeated_says("j.yaml", "", "[", 500000, "", "j.yaml:1: nested more than 32 deep\n");
    repeated_says("j.yaml", "", "{a: ", 500000, "", "j.yaml:1: nested more than 32 deep\n");
    repeated_says("j.yaml", "", "- ", 500000, "x", "j.yaml:1: nested more than 32 deep\n");
}
END_TEST

START_TEST(width)
{
    repeated_says("j.json", "[", "1,", 2000000, "1]", "j.json:1: more than 4096 entries in a list\n");
    repeated_says("j.json", "[", "[1],", 4096, "1]", "j.json:1: more than 4096 entries in a list\n");
    static char text[4 << 20];
    char *to = stpcpy(text, "[");
    for (unsigned i = 0; i < 200; i++) {
        to = stpcpy(to, "[");
        for (unsigned k = 0; k < 4096; k++)
            to = stpcpy(to, "1,");
        to = stpcpy(to - 1, "],");
    }
    stpcpy(to - 1, "]");
    json_says(text, "j.json:1: more than 262144 values are in the file, aliases counted each time\n");
    to = stpcpy(text, "{");
    for (unsigned k = 0; k <= 4096; k++)
        to += sprintf(to, "\"%u\":1,", k);
    stpcpy(to - 1, "}");
    json_says(text, "j.json:1: more than 4096 entries in a map\n");
}
END_TEST

/* Ten lines that would unfold to ten thousand million values. */
START_TEST(aliases_that_unfold)
{
    char text[4096];
    char *to = stpcpy(text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (unsigned i = 1; i < 10; i++) {
        to += sprintf(to, "a%u: &a%u [", i, i);
        for (unsigned k = 0; k < 10; k++)
            to += sprintf(to, "*a%u, ", i - 1);
        to = stpcpy(to, "]\n");
    }
    struct gc_spec *s = parse("j.yaml", text);
    ck_assert_uint_eq(s->n_problems, 1);
    ck_assert_str_eq(s->problems[0].text,
                     "more than 262144 values are in the file, aliases counted each time");
}
END_TEST

/* Few values, but the same long string in each. */
START_TEST(aliases_of_long_strings)
{
    char *text = malloc(200000);
    char *to = stpcpy(text, "nodes:\n- {id: a, op: o, config: {s: &s ");
    memset(to, 'x', 16000);
    to = stpcpy(to + 16000, ", l: [");
    for (unsigned i = 0; i < 1000; i++)
        to = stpcpy(to, "*s, ");
    stpcpy(to, "]}}\n- {id: b, op: o, config: {s: *s}}\n");
    yaml_says(text, "j.yaml:2: node 'a': config.l: the settings of all nodes are more than 4194304 bytes\n");
    to = stpcpy(text, "metadata: {s: &s ");
    memset(to, 'x', 16000);
    to = stpcpy(to + 16000, ", l: [*s, *s, *s]}\nnodes: [{id: a, op: o}]\n");
    yaml_says(text, "j.yaml:1: metadata: is more than 32768 bytes as JSON\n");
    free(text);
    char *wide = repeat("metadata: {x: &x [", "1, ", 4000,
                        "], l: [*x, *x, *x, *x, *x]}\nworkflow_metadata: {}\nnodes: [{id: a, op: o}]\n");
    yaml_says(wide, "j.yaml:1: metadata: is more than 32768 bytes as JSON\n");
    free(wide);
    wide = repeat("workflow_metadata: {x: &x [", "1, ", 4000,
                  "], l: [*x, *x, *x, *x, *x]}\nmetadata: {}\nnodes: [{id: a, op: o}]\n");
    yaml_says(wide, "j.yaml:2: metadata: is more than 32768 bytes as JSON\n");
    free(wide);
}
END_TEST

START_TEST(many_anchors)
{
    char *text = malloc(100000);
    char *to = stpcpy(text, "[");
    for (unsigned i = 0; i < 1025; i++)
        to += sprintf(to, "&a%u x, ", i);
    stpcpy(to, "]");
    yaml_says(text, "j.yaml:1: more than 1024 anchors\n");
    free(text);
}
END_TEST

/* 512 nodes, each of which takes 64 others on both sides: nothing but cycles. */
START_TEST(nothing_but_cycles)
{
    char *text = malloc(512 * 600);
    char *to = stpcpy(text, "nodes:\n");
    for (unsigned i = 0; i < 512; i++) {
        to += sprintf(to, "- {id: n%u, op: o, inputs: [", i);
        for (unsigned k = 1; k <= 64; k++)
            to += sprintf(to, "n%u, ", (i + k) % 512);
        to = stpcpy(to, "]}\n");
    }
    struct gc_spec *s = parse("j.yaml", text);
    free(text);
    ck_assert_uint_eq(s->n_errors, 32);
    ck_assert_uint_eq(s->job.n_nodes, 512);
    ck_assert_uint_eq(s->problems[0].line, 2);
    for (uint32_t i = 0; i < 512; i++)
        for (uint32_t k = 0; k < s->nodes[i].n_inputs; k++)
            ck_assert_uint_lt(s->nodes[i].inputs[k].node, i);
}
END_TEST

START_TEST(a_long_cycle)
{
    char *text = malloc(512 * 300);
    char *to = stpcpy(text, "nodes:\n");
    for (unsigned i = 0; i < 512; i++)
        to += sprintf(to, "- {id: node_number_%u, op: o, inputs: [node_number_%u]}\n", i, (i + 511) % 512);
    struct gc_spec *s = parse("j.yaml", text);
    free(text);
    ck_assert_uint_eq(s->n_errors, 1);
    ck_assert_ptr_nonnull(
        strstr(s->problems[0].text, "in the DAG: node_number_0 -> node_number_1 -> node_number_2 -> "));
    ck_assert_uint_lt(strlen(s->problems[0].text), GC_MAX_TEXT);
}
END_TEST

START_TEST(more_problems_than_are_kept)
{
    char *text = malloc(512 * 40);
    char *to = stpcpy(text, "nodes:\n");
    for (unsigned i = 0; i < 512; i++)
        to = stpcpy(to, "- {op: o}\n");
    struct gc_spec *s = parse("j.yaml", text);
    free(text);
    ck_assert_uint_eq(s->n_problems, GC_MAX_PROBLEMS);
    ck_assert_uint_eq(s->n_errors, 512);
    ck_assert_uint_eq(s->more, 512 - GC_MAX_PROBLEMS);
}
END_TEST

/* Names that are cut in the middle of a character stay text. */
START_TEST(texts_stay_utf8)
{
    char *text = repeat("\"a", "\xc3\xa4", 300, "\": 1\nnodes: [{id: a, op: o}]");
    struct gc_spec *s = parse("j.yaml", text);
    free(text);
    ck_assert_uint_eq(s->n_errors, 1);
    const char *field = s->problems[0].field;
    ck_assert_uint_eq(strlen(field), 60);
    ck_assert_int_eq(field[59], '?');
}
END_TEST

START_TEST(files_and_folders)
{
    struct gc_spec *s;
    struct gc_fault fault;
    char *big = repeat("", "x", GC_SPEC_MAX_FILE + 1, "");
    const struct gc_spec_options here = {.folder = "."};
    const struct gc_spec_options root = {.folder = "/"};
    ck_assert_int_eq(gc_spec_parse(gc_str_of(big), "j", &root, &s, &fault), GC_ERR_LIMIT);
    ck_assert_str_eq(fault.text, "j: has more than 4194304 bytes");
    ck_assert_int_eq(gc_spec_parse(GC_STR("a: 1"), "j", &here, &s, &fault), GC_ERR_INVALID);
    memset(big, '/', GC_MAX_PATH + 1);
    big[GC_MAX_PATH + 1] = '\0';
    const struct gc_spec_options deep = {.folder = big};
    ck_assert_int_eq(gc_spec_parse(GC_STR("a: 1"), "j", &deep, &s, &fault), GC_ERR_INVALID);
    free(big);
}
END_TEST

START_TEST(memory_ends_before_the_machine_does)
{
    char *text = repeat("nodes: [{id: a, op: o, config: {l: [", "\"${X:-y}\", ", 4000, "]}}]");
    says(parse("j.yaml", text), "");
    free(text);
    /* Values of parameters are no part of the file: */
    static char value[30010] = "X=";
    memset(value + 2, 'x', 30000);
    text = repeat("nodes: [{id: a, op: o, config: {l: [", "\"${X}\", ", 4000, "]}}]");
    struct gc_spec *s;
    struct gc_fault fault;
    const char *const params[] = {value};
    const struct gc_spec_options options = {.folder = "/", .n_params = 1, .params = params};
    ck_assert_int_eq(gc_spec_parse(gc_str_of(text), "j.yaml", &options, &s, &fault), GC_ERR_LIMIT);
    ck_assert_str_eq(fault.text, "j.yaml: needs more memory than a job file may");
    free(text);
}
END_TEST

GC_SUITE("spec: hostile files", GC_TEST(no_yaml), GC_TEST(no_text), GC_TEST(no_json),
         GC_TEST(no_json_numbers), GC_TEST(no_json_strings), GC_TEST(depth), GC_TEST(width),
         GC_TEST(aliases_that_unfold), GC_TEST(aliases_of_long_strings), GC_TEST(many_anchors),
         GC_TEST(nothing_but_cycles), GC_TEST(a_long_cycle), GC_TEST(more_problems_than_are_kept),
         GC_TEST(texts_stay_utf8), GC_TEST(files_and_folders), GC_TEST(memory_ends_before_the_machine_does))
