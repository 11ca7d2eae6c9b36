/* Job files that are right: every field, in both formats and both shapes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "tests/unit/suite.h"

static const char MAIN_JOB[] =
    "name: web_photos\n"
    "description: Web sizes and a summary of every photo\n"
    "tags: {release: v1.0, data_batch: batch_1}\n"
    "metadata: {author: data_team, priority: high}\n"
    "policy: {retries: 2, timeout: 90s, max_bad: 10%}\n"
    "dag:\n"
    "  nodes:\n"
    "    - {id: photos,  op: files, config: {path: photos, pattern: \"**/*.{jpg,jpeg,png,webp,tif}\"}}\n"
    "    - {id: image,   op: load, inputs: [photos]}\n"
    "    - {id: small,   op: thumbnail_image, inputs: [image], config: {width: 512, size: down}}\n"
    "    - {id: crisp,   op: sharpen, inputs: [small], config: {sigma: 0.6}}\n"
    "    - {id: saved,   op: save, inputs: [crisp], config: {to: \"out/{dir}/{stem}.webp\", Q: 80}, keep: true}\n"
    "    - {id: tone,    op: describe, inputs: [small], policy: {max_bad: 3, suspicions: 5, retries: 0}}\n"
    "    - {id: summary, op: summarize, inputs: [tone]}\n";

START_TEST(the_main_job)
{
    struct gc_spec *s = parse("dir/j.yaml", MAIN_JOB);
    says(s, "");
    ck_assert_uint_eq(s->n_errors, 0);
    is(s->job.name, "web_photos");
    is(s->job.description, "Web sizes and a summary of every photo");
    is(s->job.folder, "/home/me");
    is(s->job.metadata, "{\"author\":\"data_team\",\"priority\":\"high\"}");
    ck_assert_uint_eq(s->job.n_tags, 2);
    is(s->job.tags[1].key, "data_batch");
    is(s->job.tags[0].value, "v1.0");
    ck_assert_uint_eq(s->job.priority, 16);
    ck_assert_uint_eq(s->job.limit, GC_UNSET);
    ck_assert_uint_eq(s->job.policy->retries, 2);
    ck_assert_uint_eq(s->job.policy->timeout_ns, 90 * GC_S);
    ck_assert_uint_eq(s->job.policy->max_bad_ppm, 100000);
    ck_assert_uint_eq(s->job.policy->max_bad, GC_UNSET);
    ck_assert_uint_eq(s->job.policy->suspicions, GC_UNSET);
    order_is(s, "photos image small crisp tone saved summary"); /* first in, first out */
    const struct gc_node *tone = node_of(s, "tone");
    ck_assert_uint_eq(tone->policy->max_bad, 3);
    ck_assert_uint_eq(tone->policy->suspicions, 5);
    ck_assert_uint_eq(tone->policy->retries, 0);
    ck_assert_uint_eq(tone->n_inputs, 1);
    ck_assert_uint_eq(tone->inputs[0].node, 2);
    ck_assert(node_of(s, "saved")->keep);
    ck_assert(!tone->keep);
    ck_assert_int_eq(config_of(s, "small", "width")->as.integer, 512);
    is(config_of(s, "photos", "pattern")->as.string, "**/*.{jpg,jpeg,png,webp,tif}");
}
END_TEST

START_TEST(a_job_with_the_least)
{
    struct gc_spec *s = parse_opt("some/My photos, 2024.yaml", "nodes: [{id: a, op: o}]", .limit = 7);
    says(s, "");
    is(s->job.name, "My_photos__2024");
    ck_assert_uint_eq(s->job.priority, 4);
    ck_assert_uint_eq(s->job.n_policy, 0);
    ck_assert_uint_eq(s->job.metadata.len, 0);
    ck_assert_uint_eq(s->job.limit, 7);
    is(parse("stdin", "nodes: [{id: a, op: o}]")->job.name, "stdin");
    is(parse(".yaml", "nodes: [{id: a, op: o}]")->job.name, ".yaml");
    is(parse("x/", "nodes: [{id: a, op: o}]")->job.name, "job");
}
END_TEST

START_TEST(where_names_come_from)
{
    is(parse("f.yaml", "{name: n, id: i, metadata: {name: m}, nodes: [{id: a, op: o}]}")->job.name, "n");
    is(parse("f.yaml", "{id: i i, metadata: {name: m}, nodes: [{id: a, op: o}]}")->job.name, "i_i");
    struct gc_spec *s = parse(
        "f.yaml",
        "{workflow_metadata: {name: w!, description: d}, metadata: {name: m}, nodes: [{id: a, op: o}]}");
    is(s->job.name, "w_");
    is(s->job.description, "d");
    is(s->job.metadata, "{\"name\":\"m\",\"workflow_metadata\":{\"name\":\"w!\",\"description\":\"d\"}}");
    s = parse("f.yaml", "{metadata: {name: m, description: x}, nodes: [{id: a, op: o}]}");
    is(s->job.name, "m");
    is(s->job.description, "x");
    is(parse("f.yaml", "{metadata: {name: 5}, nodes: [{id: a, op: o}]}")->job.name, "f");
    s = parse("f.yaml", "{workflow_metadata: {version: 1}, description: '', nodes: [{id: a, op: o}]}");
    is(s->job.metadata, "{\"version\":1}");
    ck_assert_uint_eq(s->job.description.len, 0);
    char longer[600];
    snprintf(longer, sizeof longer, "{id: %0400d, nodes: [{id: a, op: o}]}", 0);
    ck_assert_uint_eq(parse("f.yaml", longer)->n_errors, 1); /* an integer, and no name */
    snprintf(longer, sizeof longer, "{id: x%0400d, nodes: [{id: a, op: o}]}", 0);
    ck_assert_uint_eq(parse("f.yaml", longer)->job.name.len, GC_MAX_NAME);
}
END_TEST

/* Its shape is accepted as it is; whether there is such an op, the coordinator says. */
START_TEST(a_graphcap_file)
{
    struct gc_spec *s = parse(
        "x.json",
        "{ \"id\": \"nightly_owl_copy\",\n"
        "  \"workflow_metadata\": {\"name\": \"Nightly copy\", \"description\": \"sample then copy\", "
        "\"version\": \"0.2.0\"},\n"
        "  \"nodes\": [\n"
        "    {\"id\": \"pick\", \"type\": \"ImageSamplingNode\", \"dependencies\": [],\n"
        "     \"config\": {\"path\": \"/data/in\", \"sample_size\": 5, \"sample_method\": \"latest\"}},\n"
        "    {\"id\": \"keep\", \"type\": \"CopyImagesNode\", \"dependencies\": [\"pick\"],\n"
        "     \"config\": {\"target_dir\": \"/data/out\", \"preserve_structure\": true}} ] }");
    says(s, "");
    is(s->job.name, "nightly_owl_copy");
    is(s->job.description, "sample then copy");
    order_is(s, "pick keep");
    is(node_of(s, "keep")->op, "CopyImagesNode");
    ck_assert(config_of(s, "keep", "preserve_structure")->as.flag);
    ck_assert_uint_eq(gc_spec_problem_line(s, 1, gc_str_bytes(GC_STR("op"))), 6);
    ck_assert_uint_eq(gc_spec_problem_line(s, 0, gc_str_bytes(GC_STR("config.path"))), 5);
    ck_assert_uint_eq(gc_spec_problem_line(s, 1, gc_str_bytes(GC_STR("inputs[0]"))), 6);
}
END_TEST

START_TEST(inputs)
{
    struct gc_spec *s = parse("f.yaml", "nodes:\n"
                                        "- {id: a, op: o}\n"
                                        "- {id: b.c, op: o, inputs: [a.exif]}\n"
                                        "- id: d\n"
                                        "  op: o\n"
                                        "  inputs:\n"
                                        "    base: b.c\n"
                                        "    many: [a, b.c.out]\n"
                                        "- {id: e, op: o, inputs: }\n");
    says(s, "");
    const struct gc_node *d = node_of(s, "d");
    ck_assert_uint_eq(d->n_inputs, 3);
    is(d->inputs[0].slot, "base");
    ck_assert_uint_eq(d->inputs[0].node, 2); /* e has no inputs, so it is numbered before */
    ck_assert_uint_eq(d->inputs[0].output.len, 0);
    is(d->inputs[2].slot, "many");
    is(d->inputs[2].output, "out");
    is(node_of(s, "b.c")->inputs[0].output, "exif");
    ck_assert_uint_eq(gc_spec_problem_line(s, 3, gc_str_bytes(GC_STR("inputs.base"))), 7);
    ck_assert_uint_eq(gc_spec_problem_line(s, 3, gc_str_bytes(GC_STR("inputs[2]"))), 8);
    ck_assert_uint_eq(gc_spec_problem_line(s, 3, gc_str_bytes(GC_STR("inputs[7]"))), 6);
    ck_assert_uint_eq(gc_spec_problem_line(s, 3, gc_str_bytes(GC_STR("config.x"))), 4);
    ck_assert_uint_eq(gc_spec_problem_line(s, GC_UNSET, gc_str_bytes(GC_STR("nodes"))), 1);
    ck_assert_uint_eq(gc_spec_problem_line(s, GC_UNSET, gc_str_bytes(GC_STR("name"))), 1);
}
END_TEST

START_TEST(numbers_are_topological)
{
    order_is(
        parse(
            "f.yaml",
            "nodes: [{id: z, op: o, inputs: [m]}, {id: m, op: o}, {id: a, op: o}, {id: k, op: o, inputs: [a, m]}]"),
        "m a z k"); /* as graphcap sorts it */
    order_is(parse("f.yaml",
                   "nodes: [{id: c, op: o, inputs: [b, b]}, {id: b, op: o, inputs: [a]}, {id: a, op: o}]"),
             "a b c");
}
END_TEST

START_TEST(a_long_chain_in_reverse)
{
    static char text[GC_MAX_JOB_NODES * 64];
    size_t at = (size_t)snprintf(text, sizeof text, "nodes:\n");
    for (int i = GC_MAX_JOB_NODES - 1; i > 0; i--)
        at += (size_t)snprintf(text + at, sizeof text - at, "- {id: n%d, op: o, inputs: [n%d]}\n", i, i - 1);
    snprintf(text + at, sizeof text - at, "- {id: n0, op: o}\n");
    struct gc_spec *s = parse("f.yaml", text);
    says(s, "");
    for (uint32_t i = 1; i < GC_MAX_JOB_NODES; i++)
        ck_assert_uint_eq(s->nodes[i].inputs[0].node, i - 1);
}
END_TEST

START_TEST(core_scalars)
{
    static const char *const strings[] = {
        "yes", "no",         "on",   "off",   "y",        "1_000",   "0b11", "12:30:45", "1e",    "0x",
        "0o8", "0xg",        "+0x1", "1.2.3", "e5",       ".",       "-",    ".inf.",    "+.nan", "tRUE",
        "nul", "2001-01-01", "0o",   "'5'",   "\"true\"", "!!str 5", "! 5",  "-.",       "1e+"};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        if (yaml_value(strings[i])->kind != GC_VALUE_STRING)
            ck_abort_msg("%s is no string", strings[i]);
    static const struct {
        const char *text;
        int64_t value;
    } integers[] = {{"0", 0},
                    {"-5", -5},
                    {"+5", 5},
                    {"010", 10},
                    {"0o10", 8},
                    {"0xfF", 255},
                    {"!!int 3", 3},
                    {"9223372036854775807", INT64_MAX},
                    {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        ck_assert_int_eq(yaml_value(integers[i].text)->kind, GC_VALUE_INT);
        ck_assert_int_eq(yaml_value(integers[i].text)->as.integer, integers[i].value);
    }
}
END_TEST

START_TEST(more_core_scalars)
{
    static const struct {
        const char *text;
        double value;
    } reals[] = {{"0.", 0},     {".5", 0.5},  {"-1.5e3", -1500},   {"1E-2", 0.01},
                 {"+2.5", 2.5}, {"1e5", 1e5}, {"!!float 2.5", 2.5}};
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        ck_assert_int_eq(yaml_value(reals[i].text)->kind, GC_VALUE_REAL);
        ck_assert_double_eq(yaml_value(reals[i].text)->as.real, reals[i].value);
    }
    ck_assert(yaml_value(".inf")->as.real > 1e308);
    ck_assert(yaml_value("-.INF")->as.real < -1e308);
    ck_assert_int_eq(yaml_value("!!float 2")->kind, GC_VALUE_INT);
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", "!!null ~"};
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        ck_assert_int_eq(yaml_value(nulls[i])->kind, GC_VALUE_NULL);
    ck_assert(yaml_value("True")->as.flag);
    ck_assert(yaml_value("!!bool TRUE")->as.flag);
    ck_assert(!yaml_value("FALSE")->as.flag);
}
END_TEST

START_TEST(nested_values)
{
    const struct gc_value *v = yaml_value("{a: [1, {b: x}], c: }");
    ck_assert_int_eq(v->kind, GC_VALUE_MAP);
    ck_assert_uint_eq(v->n, 2);
    is(v->keys[0], "a");
    ck_assert_int_eq(v->as.items[0].as.items[0].as.integer, 1);
    is(v->as.items[0].as.items[1].as.items[0].as.string, "x");
    ck_assert_int_eq(v->as.items[1].kind, GC_VALUE_NULL);
    ck_assert_uint_eq(yaml_value("[]")->n, 0);
}
END_TEST

START_TEST(json_strings)
{
    is(json_value("\"\\ud83d\\ude00 \\u00e4 \\uFFFD\"")->as.string, "\xf0\x9f\x98\x80 \xc3\xa4 \xef\xbf\xbd");
    is(json_value("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")->as.string, "\"\\/\b\f\n\r\t");
    is(json_value("\"\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa4\"")->as.string,
       "\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa4");
    is(json_value("\"\\u0041\"")->as.string, "A");
    is(json_value("\"no: [yaml] # here\"")->as.string, "no: [yaml] # here");
    is(json_value("\"5\"")->as.string, "5");
}
END_TEST

START_TEST(json_scalars)
{
    ck_assert_int_eq(json_value("-0")->as.integer, 0);
    ck_assert_int_eq(json_value("12")->as.integer, 12);
    ck_assert_double_eq(json_value("1.5E+2")->as.real, 150);
    ck_assert_double_eq(json_value("1e-2")->as.real, 0.01);
    ck_assert_int_eq(json_value("null")->kind, GC_VALUE_NULL);
    ck_assert(json_value("true")->as.flag);
    ck_assert(!json_value("false")->as.flag);
    ck_assert_int_eq(json_value("false")->kind, GC_VALUE_BOOL);
    ck_assert_uint_eq(json_value("[ ]")->n, 0);
    ck_assert_uint_eq(json_value("{ }")->n, 0);
    ck_assert_uint_eq(json_value("[1,[2 , 3],{\"a\":4}]")->as.items[1].n, 2);
}
END_TEST

START_TEST(formats)
{
    static const char tabs[] = "\n\t{\"nodes\":\r\n\t[{\"id\": \"a\",\t\"op\": \"o\"}]\n}\n";
    says(parse("j.json", tabs), "");
    says(parse("stdin", tabs), ""); /* a brace is JSON where the name says nothing */
    says(parse("j.yml", "{nodes: [{id: a, op: o}]}"), "");
    says(parse("stdin", "---\nnodes:\n- id: a\n  op: o\n...\n"), "");
    says(parse("j.yaml", "%YAML 1.2\n---\nnodes:\n- id: a\n  op: o\n"), "");
    says(parse("j.yaml", "\xef\xbb\xbfnodes: [{id: a, op: o}]"), "");
    says(parse("j.json", "\xef\xbb\xbf{\"nodes\": [{\"id\": \"a\", \"op\": \"o\"}]}"), "");
}
END_TEST

START_TEST(aliases)
{
    struct gc_spec *s = parse("j.yaml", "nodes:\n"
                                        "- {id: a, op: o, config: &c {w: &w 5}}\n"
                                        "- {id: b, op: o, config: *c}\n"
                                        "- {id: c, op: o, config: {w: *w, x: !!map {y: !!seq [*w]}}}\n"
                                        "- {id: &i d, op: o, config: &c {w: 6}}\n"
                                        "- {id: e, op: o, inputs: [*i], config: *c}\n");
    says(s, "");
    ck_assert_int_eq(config_of(s, "b", "w")->as.integer, 5);
    ck_assert_int_eq(config_of(s, "c", "w")->as.integer, 5);
    ck_assert_int_eq(config_of(s, "e", "w")->as.integer, 6);
    ck_assert_uint_eq(node_of(s, "e")->n_inputs, 1);
}
END_TEST

START_TEST(parameters)
{
    static const char text[] =
        "description: $${X} ${WHO} and ${WHO:-x}\n"
        "policy: {retries: \"${R:-3}\", timeout: \"${T}s\"}\n"
        "nodes:\n"
        "- {id: \"${WHO}1\", op: o, keep: \"${K:-true}\", config: {w: \"${W}\", e: \"a${E:-}b\"}}\n";
    struct gc_spec *s = parse_opt("j.yaml", text, PARAM("WHO=them", "W=1", "W=a=${b}\nname: x", "T=5"));
    says(s, "");
    is(s->job.description, "${X} them and them");
    ck_assert_uint_eq(s->job.policy->retries, 3);
    ck_assert_uint_eq(s->job.policy->timeout_ns, 5 * GC_S);
    is(config_of(s, "them1", "w")->as.string, "a=${b}\nname: x"); /* the last counts, and is no YAML */
    is(config_of(s, "them1", "e")->as.string, "ab");
    ck_assert(node_of(s, "them1")->keep);
}
END_TEST

START_TEST(settings_from_outside)
{
    static const char text[] = "nodes:\n"
                               "- {id: a, op: o, config: {w: 5}}\n"
                               "- {id: a.b, op: o}\n";
    struct gc_spec *s =
        parse_opt("j.yaml", text,
                  SET("a.w=512", "a.b.c.d=x=y", "a.b.list=[1, {k: v}]", "a.empty=", "a.text='5", "a.w=513"));
    says(s, "");
    is(config_of(s, "a", "w")->as.string, "513"); /* typed by its field, by the planner */
    ck_assert_uint_eq(node_of(s, "a")->n_config, 3);
    is(config_of(s, "a.b", "c.d")->as.string, "x=y");
    ck_assert_uint_eq(config_of(s, "a.b", "list")->n, 2);
    is(config_of(s, "a", "empty")->as.string, "");
    is(config_of(s, "a", "text")->as.string, "'5");
    ck_assert_uint_eq(gc_spec_problem_line(s, 0, gc_str_bytes(GC_STR("config.w"))), 0);
}
END_TEST

START_TEST(a_file_from_disk)
{
    char path[] = "/tmp/graphcap-spec-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, MAIN_JOB, sizeof MAIN_JOB - 1), sizeof MAIN_JOB - 1);
    struct gc_spec *s;
    struct gc_fault fault;
    const struct gc_spec_options options = {.folder = "/"};
    ck_assert_int_eq(gc_spec_load(path, &options, &s, &fault), GC_OK);
    ck_assert_uint_eq(s->job.n_nodes, 7);
    gc_spec_destroy(&s);
    ck_assert_ptr_null(s);
    gc_spec_destroy(&s);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    ck_assert_int_eq(dup2(fd, 0), 0);
    ck_assert_int_eq(gc_spec_load("-", &options, &s, &fault), GC_OK);
    ck_assert_str_eq(s->file, "stdin");
    ck_assert_uint_eq(s->job.n_nodes, 7);
    gc_spec_destroy(&s);
    ck_assert_int_eq(ftruncate(fd, 100 * 1024 * 1024), 0);
    ck_assert_int_eq(gc_spec_load(path, &options, &s, &fault), GC_ERR_LIMIT);
    close(fd);
    unlink(path);
    ck_assert_int_eq(gc_spec_load(path, &options, &s, &fault), GC_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(fault.text, path));
}
END_TEST

GC_SUITE("spec: jobs", GC_TEST(the_main_job), GC_TEST(a_job_with_the_least), GC_TEST(where_names_come_from),
         GC_TEST(a_graphcap_file), GC_TEST(inputs), GC_TEST(numbers_are_topological),
         GC_TEST(a_long_chain_in_reverse), GC_TEST(core_scalars), GC_TEST(more_core_scalars),
         GC_TEST(nested_values), GC_TEST(json_strings), GC_TEST(json_scalars), GC_TEST(formats),
         GC_TEST(aliases), GC_TEST(parameters), GC_TEST(settings_from_outside), GC_TEST(a_file_from_disk))
