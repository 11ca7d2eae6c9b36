/* Job files that are wrong, most of them in several ways, and every line that is said of them. */
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "tests/unit/suite.h"

START_TEST(the_three_that_graphcap_knows)
{
    yaml_says("nodes:\n"
              "- {id: a, op: o, inputs: [x]}\n"
              "- {id: a, op: o}\n"
              "- {id: b, op: o, inputs: [c]}\n"
              "- {id: c, op: o, inputs: [d]}\n"
              "- {id: d, op: o, inputs: [b]}\n"
              "- {id: e, op: o, inputs: [e]}\n",
              "j.yaml:2: node 'a': inputs: Node 'a' depends on undefined node 'x'\n"
              "j.yaml:3: node 'a': id: Node with id a already exists (line 2)\n"
              "j.yaml:4: node 'b': inputs: Cycle detected in the DAG: b -> d -> c -> b\n"
              "j.yaml:7: node 'e': inputs: Cycle detected in the DAG: e -> e\n");
}
END_TEST

START_TEST(what_is_whole_is_kept)
{
    struct gc_spec *s = parse("j.yaml", "nodes:\n"
                                        "- {id: a, op: o, inputs: [missing]}\n"
                                        "- {op: o}\n"
                                        "- {id: c, inputs: [a]}\n"
                                        "- {id: d, op: o, inputs: [c, a]}\n"
                                        "- {id: e, op: o, inputs: [f]}\n"
                                        "- {id: f, op: o, inputs: [e, d]}\n"
                                        "- nonsense\n");
    says(s, "j.yaml:2: node 'a': inputs: Node 'a' depends on undefined node 'missing'\n"
            "j.yaml:3: nodes[1].id: is missing: a node needs an id\n"
            "j.yaml:4: node 'c': op: is missing: a node needs an op (`gcctl ops` lists them)\n"
            "j.yaml:6: node 'e': inputs: Cycle detected in the DAG: e -> f -> e\n"
            "j.yaml:8: nodes[6]: must be a map with id and op, not a string\n");
    order_is(s, "a d e f");
    ck_assert_uint_eq(node_of(s, "a")->n_inputs, 0);
    ck_assert_uint_eq(node_of(s, "d")->n_inputs, 1);
    ck_assert_uint_eq(node_of(s, "f")->n_inputs, 2);
    ck_assert_uint_eq(s->n_errors, 5);
}
END_TEST

START_TEST(fields_that_are_not_there)
{
    yaml_says("nmae: x\n"
              "taggs: {}\n"
              "zzzzzzzzzz: 1\n"
              "dag:\n"
              "  nodez: []\n"
              "  nodes:\n"
              "  - {id: a, op: o, ops: p, confg: {}, policy: {retrys: 1, timeuot: 5s}}\n"
              "policy: {maxbad: 1}\n",
              "j.yaml:1: nmae: there is no such field; did you mean 'name'?\n"
              "j.yaml:2: taggs: there is no such field; did you mean 'tags'?\n"
              "j.yaml:3: zzzzzzzzzz: there is no such field\n"
              "j.yaml:5: dag.nodez: there is no such field; did you mean 'nodes'?\n"
              "j.yaml:7: node 'a': ops: there is no such field; did you mean 'op'?\n"
              "j.yaml:7: node 'a': confg: there is no such field; did you mean 'config'?\n"
              "j.yaml:7: node 'a': policy.retrys: there is no such field; did you mean 'retries'?\n"
              "j.yaml:7: node 'a': policy.timeuot: there is no such field; did you mean 'timeout'?\n"
              "j.yaml:8: policy.maxbad: there is no such field; did you mean 'max_bad'?\n");
}
END_TEST

START_TEST(fields_of_the_wrong_kind)
{
    yaml_says(
        "name: 5\n"
        "description: [a]\n"
        "tags: {a: 1, b: yes, c: {}, '': x, d: }\n"
        "metadata: none\n"
        "workflow_metadata: []\n"
        "policy: 3\n"
        "nodes:\n"
        "- {id: 1, op: true}\n"
        "- {id: a, op: 1.5, inputs: b, config: [], keep: maybe, policy: []}\n"
        "- {id: b, op: '', inputs: 3, keep: 1, requires: {gpus: 1}}\n"
        "- {id: '', op: o}\n"
        "- {id: \"c\\0d\", op: o, inputs: [1, [a], '']}\n",
        "j.yaml:1: name: must be a string, not an integer: put it into quotes\n"
        "j.yaml:2: description: must be a string, not a list\n"
        "j.yaml:3: tags.a: must be a string, not an integer: put it into quotes\n"
        "j.yaml:3: tags.c: must be a string, not a map\n"
        "j.yaml:3: tags.: a tag's name has 1 to 128 bytes and no NUL\n"
        "j.yaml:3: tags.d: must be a string, not nothing\n"
        "j.yaml:4: metadata: must be a map, not a string\n"
        "j.yaml:5: workflow_metadata: must be a map, not a list\n"
        "j.yaml:6: policy: must be a map such as {retries: 1, timeout: 60s}, not an integer\n"
        "j.yaml:8: nodes[0].id: must be a string, not an integer: put it into quotes\n"
        "j.yaml:8: op: must be a string, not true: put it into quotes\n"
        "j.yaml:9: node 'a': op: must be a string, not a number: put it into quotes\n"
        "j.yaml:9: node 'a': inputs: must be a list of nodes; did you mean [b]?\n"
        "j.yaml:9: node 'a': config: must be a map, not a list\n"
        "j.yaml:9: node 'a': policy: must be a map such as {retries: 1, timeout: 60s}, not a list\n"
        "j.yaml:9: node 'a': keep: must be true or false, not a string\n"
        "j.yaml:10: node 'b': op: is empty\n"
        "j.yaml:10: node 'b': inputs: must be a list of nodes, or a map from input to node, not an integer\n"
        "j.yaml:10: node 'b': keep: must be true or false, not an integer\n"
        "j.yaml:10: node 'b': requires: is not carried out yet: leave it out, and every worker may run the node\n"
        "j.yaml:11: nodes[3].id: is empty\n"
        "j.yaml:12: nodes[4].id: has a NUL in it\n"
        "j.yaml:12: inputs[0]: must be a string, not an integer: put it into quotes\n"
        "j.yaml:12: inputs[1]: must be a string, not a list\n"
        "j.yaml:12: inputs[2]: is empty\n");
}
END_TEST

START_TEST(jobs_without_nodes)
{
    yaml_says("name: x", "j.yaml:1: dag.nodes: is missing: a job has a list of nodes\n");
    yaml_says("dag: {}", "j.yaml:1: dag.nodes: is missing: a job has a list of nodes\n");
    yaml_says("dag: []", "j.yaml:1: dag: must be a map, not a list\n");
    yaml_says("nodes: {a: b}", "j.yaml:1: nodes: must be a list, not a map\n");
    yaml_says("nodes: []", "j.yaml:1: nodes: has 0 entries: a job has 1 to 512 nodes\n");
    yaml_says("- 1", "j.yaml:1: a job is a map with name and dag, not a list\n");
    yaml_says("nodes: [{id: a, op: o}]\ndag: {nodes: [{id: b, op: o}]}",
              "j.yaml:1: nodes: nodes stand here and in dag (line 2)\n");
    json_says("{\"test_cases\": []}", "j.json:1: test_cases: there is no such field\n"
                                      "j.json:1: dag.nodes: is missing: a job has a list of nodes\n");
    struct gc_spec *s = parse("j.yaml", "name: x");
    ck_assert_uint_eq(s->job.n_nodes, 0);
    ck_assert_uint_eq(gc_spec_problem_line(s, 0, gc_str_bytes(GC_STR("op"))), 1);
}
END_TEST

START_TEST(names)
{
    yaml_says("name: my photos!\nnodes: [{id: a, op: o}]",
              "j.yaml:1: name: can have letters, digits, _ . and -; did you mean 'my_photos_'?\n");
    yaml_says("id: ''\nnodes: [{id: a, op: o}]", "j.yaml:1: id: is empty\n");
    yaml_says("id: []\nnodes: [{id: a, op: o}]", "j.yaml:1: id: must be a string, not a list\n");
}
END_TEST

START_TEST(both_shapes_at_once)
{
    yaml_says("nodes:\n- id: a\n  op: o\n  type: p\n  inputs: []\n  dependencies: []\n",
              "j.yaml:4: node 'a': type: means the same as op, which stands in line 3\n"
              "j.yaml:6: node 'a': dependencies: means the same as inputs, which stands in line 5\n");
}
END_TEST

START_TEST(policies)
{
    yaml_says(
        "policy: {retries: -1, timeout: 60, suspicions: 0, max_bad: 0.1}\n"
        "nodes:\n"
        "- {id: a, op: o, policy: {retries: few, timeout: soon, suspicions: 1000001, max_bad: ten}}\n"
        "- {id: b, op: o, policy: {retries: 1.5, timeout: 0, max_bad: 101%}}\n"
        "- {id: c, op: o, policy: {retries: , timeout: 0s, max_bad: -1}}\n"
        "- {id: d, op: o, policy: {max_bad: 1.23456%}}\n"
        "- {id: e, op: o, policy: {max_bad: 100.5%}}\n"
        "- {id: f, op: o, policy: {max_bad: '%'}}\n"
        "- {id: g, op: o, policy: {max_bad: 1.%, timeout: []}}\n"
        "- {id: h, op: o, policy: {max_bad: 1.5}}\n",
        "j.yaml:1: policy.retries: must be a number from 0 to 1000000\n"
        "j.yaml:1: policy.timeout: needs a unit; did you mean 60s?\n"
        "j.yaml:1: policy.suspicions: must be a number from 1 to 1000000\n"
        "j.yaml:1: policy.max_bad: must be a number of items or a percentage; did you mean 10%?\n"
        "j.yaml:3: node 'a': policy.retries: must be a number from 0 to 1000000\n"
        "j.yaml:3: node 'a': policy.timeout: must be a duration such as 60s or 1h30m\n"
        "j.yaml:3: node 'a': policy.suspicions: must be a number from 1 to 1000000\n"
        "j.yaml:3: node 'a': policy.max_bad: must be a number of items, or a percentage such as 10%\n"
        "j.yaml:4: node 'b': policy.retries: must be a number from 0 to 1000000\n"
        "j.yaml:4: node 'b': policy.timeout: must be a duration such as 60s or 1h30m\n"
        "j.yaml:4: node 'b': policy.max_bad: must be a number of items, or a percentage such as 10%\n"
        "j.yaml:5: node 'c': policy.timeout: must be a duration such as 60s or 1h30m\n"
        "j.yaml:5: node 'c': policy.max_bad: must be a number of items, or a percentage such as 10%\n"
        "j.yaml:6: node 'd': policy.max_bad: must be a number of items, or a percentage such as 10%\n"
        "j.yaml:7: node 'e': policy.max_bad: must be a number of items, or a percentage such as 10%\n"
        "j.yaml:8: node 'f': policy.max_bad: must be a number of items, or a percentage such as 10%\n"
        "j.yaml:9: node 'g': policy.max_bad: must be a number of items, or a percentage such as 10%\n"
        "j.yaml:9: node 'g': policy.timeout: must be a duration such as 60s or 1h30m\n"
        "j.yaml:10: node 'h': policy.max_bad: must be a number of items, or a percentage such as 10%\n");
    struct gc_spec *s =
        parse("j.yaml",
              "policy: {max_bad: 2.5%}\nnodes: [{id: a, op: o, policy: {max_bad: 100%, timeout: 1h30m}}]");
    says(s, "");
    ck_assert_uint_eq(s->job.policy->max_bad_ppm, 25000);
    ck_assert_uint_eq(s->nodes[0].policy->max_bad_ppm, 1000000);
    ck_assert_uint_eq(s->nodes[0].policy->timeout_ns, 5400 * GC_S);
}
END_TEST

START_TEST(priorities)
{
    yaml_says(
        "metadata: {priority: hihg}\nnodes: [{id: a, op: o}]",
        "j.yaml:1: metadata.priority: warning: is none of low, normal and high: the run gets the share of normal; did you "
        "mean 'high'?\n");
    struct gc_spec *s = parse("j.yaml", "metadata: {priority: 7}\nnodes: [{id: a, op: o}]");
    ck_assert_uint_eq(s->n_errors, 0);
    ck_assert_uint_eq(s->n_problems, 1);
    ck_assert_uint_eq(s->job.priority, 4);
    ck_assert_uint_eq(parse("j.yaml", "metadata: {priority: low}\nnodes: [{id: a, op: o}]")->job.priority, 1);
    ck_assert_uint_eq(parse("j.yaml", "metadata: {priority: normal}\nnodes: [{id: a, op: o}]")->job.priority,
                      4);
}
END_TEST

START_TEST(inputs)
{
    yaml_says(
        "nodes:\n"
        "- {id: small, op: o}\n"
        "- {id: b, op: o, inputs: [smal, small., smal.out]}\n"
        "- {id: c, op: o, inputs: {base: smlal, '': small, many: [small, smaall]}}\n"
        "- {id: d, op: o, inputs: [d2]}\n"
        "- {op: o, inputs: [nowhere]}\n",
        "j.yaml:3: node 'b': inputs: Node 'b' depends on undefined node 'smal'; did you mean 'small'?\n"
        "j.yaml:3: node 'b': inputs: 'small.' should be NODE or NODE.OUTPUT\n"
        "j.yaml:3: node 'b': inputs: Node 'b' depends on undefined node 'smal'; did you mean 'small'?\n"
        "j.yaml:4: node 'c': inputs: the name of an input has 1 to 128 bytes and no NUL\n"
        "j.yaml:4: node 'c': inputs: Node 'c' depends on undefined node 'smlal'; did you mean 'small'?\n"
        "j.yaml:4: node 'c': inputs: Node 'c' depends on undefined node 'smaall'; did you mean 'small'?\n"
        "j.yaml:5: node 'd': inputs: Node 'd' depends on undefined node 'd2'\n"
        "j.yaml:6: nodes[4].id: is missing: a node needs an id\n"
        "j.yaml:6: inputs: Node '' depends on undefined node 'nowhere'\n");
}
END_TEST

START_TEST(references_in_config)
{
    yaml_says(
        "nodes:\n"
        "- {id: a, op: o}\n"
        "- id: b\n"
        "  op: o\n"
        "  config:\n"
        "    x: {$ref: a.v}\n"
        "    y: {$concat: [{$ref: a.v}, {$ref: a.w}]}\n"
        "    z: [{$ref: a.v}]\n",
        "j.yaml:6: node 'b': config.x: $ref takes a value from another node: that is not carried out in config yet, only in inputs\n"
        "j.yaml:7: node 'b': config.y: $concat takes a value from another node: that is not carried out in config yet, only in inputs\n"
        "j.yaml:8: node 'b': config.z: $ref takes a value from another node: that is not carried out in config yet, only in inputs\n");
}
END_TEST

START_TEST(duplicate_keys)
{
    yaml_says("nodes:\n"
              "- id: a\n"
              "  op: o\n"
              "  op: p\n"
              "  config: {w: 1, w: {x: 2}, v: 3, 'w': 4}\n"
              "nodes: []\n",
              "j.yaml:4: 'op' stands here and in line 3: a key can be there once\n"
              "j.yaml:5: 'w' stands here and in line 5: a key can be there once\n"
              "j.yaml:5: 'w' stands here and in line 5: a key can be there once\n"
              "j.yaml:6: 'nodes' stands here and in line 1: a key can be there once\n");
    json_says("{\"nodes\": [{\"id\": \"a\", \"op\": \"o\",\n\"op\": [1]}]}",
              "j.json:2: 'op' stands here and in line 1: a key can be there once\n");
}
END_TEST

START_TEST(values_out_of_bounds)
{
    yaml_says(
        "nodes: [{id: a, op: o, config: {a: 9223372036854775808, b: [[[[1]]]], c: 0xffffffffffffffff}}]",
        "j.yaml:1: 9223372036854775808 is beyond 64 bits: put it into quotes, or write it with .0\n"
        "j.yaml:1: 0xffffffffffffffff is beyond 64 bits: put it into quotes, or write it with .0\n"
        "j.yaml:1: node 'a': config.b: lists and maps in a setting can be nested 3 deep\n");
    yaml_says("nodes: [{id: a, op: o, config: {a: \"x\\0\", '': 1, b: {\"k\\0\": 1}, c: [\"\\0\"]}}]",
              "j.yaml:1: node 'a': config.a: has a NUL in it\n"
              "j.yaml:1: node 'a': config.: the name of a setting has 1 to 128 bytes and no NUL\n"
              "j.yaml:1: node 'a': config.b: has a NUL in it\n"
              "j.yaml:1: node 'a': config.c: has a NUL in it\n");
    yaml_says("nodes: [{id: a, op: o, config: {a: .nan, b: [1, .NaN]}}]",
              "j.yaml:1: node 'a': config.a: is .nan, which is no number\n"
              "j.yaml:1: node 'a': config.b: is .nan, which is no number\n");
    yaml_says("metadata: {a: .nan}\nnodes: [{id: a, op: o}]",
              "j.yaml:1: metadata: cannot be written as JSON (it has no .nan and no .inf)\n");
    yaml_says("metadata: {a: [x, .inf]}\nnodes: [{id: a, op: o}]",
              "j.yaml:1: metadata: cannot be written as JSON (it has no .nan and no .inf)\n");
}
END_TEST

/* A value of `n` times the letter x. */
static const char *with_long(const char *before, size_t n, const char *after)
{
    static char text[70000];
    char *to = stpcpy(text, before);
    memset(to, 'x', n);
    strcpy(to + n, after);
    return text;
}

START_TEST(lengths)
{
    yaml_says(with_long("nodes: [{id: ", 129, ", op: o}]"),
              "j.yaml:1: nodes[0].id: has 129 bytes, the limit is 128\n");
    yaml_says(with_long("nodes: [{id: a, op: ", 129, "}]"),
              "j.yaml:1: node 'a': op: has 129 bytes, the limit is 128\n");
    yaml_says(with_long("nodes: [{id: a, op: o, config: {a: ", 16385, "}}]"),
              "j.yaml:1: node 'a': config.a: has 16385 bytes, the limit is 16384\n");
    yaml_says(with_long("nodes: [{id: a, op: o, config: {a: ", 16384, "}}]"), "");
    yaml_says(with_long("{metadata: {a: ", 32768, "}, nodes: [{id: a, op: o}]}"),
              "j.yaml:1: metadata: is more than 32768 bytes as JSON\n");
    yaml_says(with_long("{description: ", 16385, ", nodes: [{id: a, op: o}]}"),
              "j.yaml:1: description: has 16385 bytes, the limit is 16384\n");
    yaml_says(with_long("{tags: {a: ", 513, "}, nodes: [{id: a, op: o}]}"),
              "j.yaml:1: tags.a: has 513 bytes, the limit is 512\n");
    struct gc_spec *s = parse("j.yaml", with_long("{nodes: [{id: a, op: o, inputs: [", 200, "]}]}"));
    ck_assert_uint_eq(s->n_errors, 1);
    s = parse("j.yaml", with_long("{nodes: [{id: a, op: o, inputs: [a.", 129, "]}]}"));
    ck_assert_uint_eq(s->n_errors, 1);
    ck_assert_ptr_nonnull(strstr(s->problems[0].text, "should be NODE or NODE.OUTPUT"));
    s = parse("j.yaml", with_long("{nodes: [{id: a, op: o, config: {? ", 700, " : 1}}]}"));
    ck_assert_uint_eq(s->n_errors, 1);
    ck_assert_uint_lt(strlen(s->problems[0].field), GC_MAX_TEXT); /* cut */
}
END_TEST

START_TEST(counts)
{
    static char text[70000];
    char *to = stpcpy(text, "tags: {");
    for (unsigned i = 0; i <= GC_MAX_TAGS; i++)
        to += sprintf(to, "k%u: v, ", i);
    to = stpcpy(to, "}\nnodes:\n- id: a\n  op: o\n  config: {");
    for (unsigned i = 0; i <= GC_MAX_CONFIG; i++)
        to += sprintf(to, "k%u: v, ", i);
    to = stpcpy(to, "}\n  inputs: [");
    for (unsigned i = 0; i <= GC_MAX_INPUTS + 3; i++)
        to += sprintf(to, "a, ");
    stpcpy(to, "]\n");
    struct gc_spec *s = parse("j.yaml", text);
    says(
        s,
        "j.yaml:1: tags: has 65 entries, the limit is 64\n"
        "j.yaml:5: node 'a': config: has 129 settings, the limit is 128\n"
        "j.yaml:6: node 'a': inputs[64]: is one too many: a node has at most 64 inputs\n"
        "j.yaml:6: node 'a': inputs: Cycle detected in the DAG: a -> a\n"); /* once, however many edges there are */
}
END_TEST

START_TEST(too_many_nodes)
{
    static char text[70000];
    char *to = stpcpy(text, "nodes:\n");
    for (unsigned i = 0; i <= GC_MAX_JOB_NODES; i++)
        to += sprintf(to, "- {id: n%u, op: o}\n", i);
    yaml_says(text, "j.yaml:1: nodes: has 513 entries: a job has 1 to 512 nodes\n");
}
END_TEST

START_TEST(parameters)
{
    static const char text[] =
        "description: ${\n"
        "name: ${NAEM}\n"
        "nodes:\n"
        "- {id: a, op: o, config: {a: \"${}\", b: \"${1x}\", c: \"${W:=x}\", d: \"${x y}\"}}\n";
    says(
        parse_opt("j.yaml", text, PARAM("NAME=x", "=5", "nothing", "5=x", "UNUSED=1")),
        "j.yaml: --param: '=5' should be NAME=VALUE\n"
        "j.yaml: --param: 'nothing' should be NAME=VALUE\n"
        "j.yaml: --param: '5=x' should be NAME=VALUE\n"
        "j.yaml: --param: the file has no ${NAME}\n"
        "j.yaml: --param: the file has no ${UNUSED}\n"
        "j.yaml:1: '${' begins a parameter that no } ends ($${ for the two characters)\n"
        "j.yaml:2: the parameter NAEM has no value: give --param NAEM=VALUE, or write ${NAEM:-default}; did you mean 'NAME'?\n"
        "j.yaml:2: name: is empty\n"
        "j.yaml:4: '${}' is no parameter: ${NAME} or ${NAME:-default} ($${ for the two characters)\n"
        "j.yaml:4: '${1x}' is no parameter: ${NAME} or ${NAME:-default} ($${ for the two characters)\n"
        "j.yaml:4: '${W:=x}' is no parameter: ${NAME} or ${NAME:-default} ($${ for the two characters)\n"
        "j.yaml:4: '${x y}' is no parameter: ${NAME} or ${NAME:-default} ($${ for the two characters)\n");
    says(parse_opt("j.yaml", "nodes: [{id: a, op: o, config: {a: \"${X}${X}${X}\"}}]",
                   PARAM(with_long("X=", 16000, ""))),
         "j.yaml:1: is longer than 32768 bytes with its parameters\n"
         "j.yaml:1: node 'a': config.a: has 32000 bytes, the limit is 16384\n");
}
END_TEST

START_TEST(settings_from_outside)
{
    static const char text[] = "nodes:\n- {id: small, op: o, config: {}}\n- {op: o}\n";
    says(
        parse_opt("j.yaml", text,
                  SET("smal.w=1", "nothing", "small=5", "small.=5", "=5", "small.x=[1",
                      "small.y={a: [[[1]]]}", "zzzzz.x=1", "")),
        "j.yaml: --set: there is no node 'smal'; did you mean 'small'?\n"
        "j.yaml: --set: 'nothing' should be NODE.KEY=VALUE\n"
        "j.yaml: --set: 'small=5' should be NODE.KEY=VALUE\n"
        "j.yaml: --set: 'small.=5' should be NODE.KEY=VALUE\n"
        "j.yaml: --set: '=5' should be NODE.KEY=VALUE\n"
        "j.yaml: --set: no YAML: did not find expected ',' or ']' (column 1), while parsing a flow sequence\n"
        "j.yaml: node 'small': config.y: lists and maps in a setting can be nested 3 deep\n"
        "j.yaml: --set: there is no node 'zzzzz'\n"
        "j.yaml: --set: '' should be NODE.KEY=VALUE\n"
        "j.yaml:3: nodes[1].id: is missing: a node needs an id\n");
    char many[4000];
    char *to = stpcpy(many, "nodes: [{id: a, op: o, config: {");
    for (unsigned i = 0; i < GC_MAX_CONFIG; i++)
        to += sprintf(to, "k%u: v, ", i);
    stpcpy(to, "}}]");
    says(
        parse_opt("j.yaml", many, SET("a.k5=6", "a.more=7", with_long("a.", 129, "=5"))),
        "j.yaml: node 'a': config.more: a node has at most 128 settings, with names of at most 128 bytes\n"
        "j.yaml: node 'a': config."
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        ": a node has at most 128 settings, with names of at most 128 bytes\n");
}
END_TEST

START_TEST(problems_of_the_coordinator)
{
    struct gc_spec *s = parse("j.yaml", "name: x\n"
                                        "nodes:\n"
                                        "- id: b\n"
                                        "  op: o\n"
                                        "  inputs: [a]\n"
                                        "- id: a\n"
                                        "  op: o\n"
                                        "  config:\n"
                                        "    w: 5\n"
                                        "  kepe: true\n");
    const struct gc_problem found[] = {
        {.node = 0, .field = gc_str_bytes(GC_STR("config.w")), .text = gc_str_bytes(GC_STR("is wrong"))},
        {.node = 1, .field = gc_str_bytes(GC_STR("op")), .text = gc_str_bytes(GC_STR("is\x1b[2J\nunknown"))},
        {.node = GC_UNSET,
         .field = gc_str_bytes(GC_STR("nodes")),
         .text = gc_str_bytes(GC_STR("are many")),
         .warning = true},
        {.node = 0, .text = gc_str_bytes(GC_STR("hangs"))},
    };
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
        ck_assert_int_eq(gc_spec_add_problem(s, &found[i]), GC_OK);
    says(s, "j.yaml:2: nodes: warning: are many\n"
            "j.yaml:4: node 'b': op: is?[2J?unknown\n"
            "j.yaml:6: node 'a': hangs\n"
            "j.yaml:9: node 'a': config.w: is wrong\n"
            "j.yaml:10: node 'a': kepe: there is no such field; did you mean 'keep'?\n");
    ck_assert_uint_eq(s->n_errors, 4);
    char small[10];
    ck_assert_uint_eq(gc_spec_problem_text(s, &s->problems[2], small, sizeof small),
                      strlen("j.yaml:6: node 'a': hangs"));
    ck_assert_str_eq(small, "j.yaml:6:");
    ck_assert_uint_eq(gc_spec_problem_text(s, &s->problems[2], NULL, 0), strlen("j.yaml:6: node 'a': hangs"));
    for (uint32_t i = s->n_problems; i < GC_MAX_PROBLEMS + 3; i++)
        ck_assert_int_eq(gc_spec_add_problem(s, &found[0]), GC_OK);
    ck_assert_uint_eq(s->n_problems, GC_MAX_PROBLEMS);
    ck_assert_uint_eq(s->more, 3);
}
END_TEST

GC_SUITE("spec: problems", GC_TEST(the_three_that_graphcap_knows), GC_TEST(what_is_whole_is_kept),
         GC_TEST(fields_that_are_not_there), GC_TEST(fields_of_the_wrong_kind), GC_TEST(jobs_without_nodes),
         GC_TEST(names), GC_TEST(both_shapes_at_once), GC_TEST(policies), GC_TEST(priorities),
         GC_TEST(inputs), GC_TEST(references_in_config), GC_TEST(duplicate_keys),
         GC_TEST(values_out_of_bounds), GC_TEST(lengths), GC_TEST(counts), GC_TEST(too_many_nodes),
         GC_TEST(parameters), GC_TEST(settings_from_outside), GC_TEST(problems_of_the_coordinator))
