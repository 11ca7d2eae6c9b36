#include "fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gc_spec *kept[256];
static size_t n_kept;

static void free_kept(void)
{
    while (n_kept > 0)
        gc_spec_destroy(&kept[--n_kept]);
}

static struct gc_spec *keep(struct gc_spec *spec)
{
    if (n_kept == 0)
        atexit(free_kept);
    ck_assert_uint_lt(n_kept, sizeof kept / sizeof kept[0]);
    kept[n_kept++] = spec;
    return spec;
}

static struct gc_spec *parse_str(const char *file, struct gc_str text, const struct gc_spec_options *options)
{
    struct gc_spec *spec;
    struct gc_fault fault;
    /* A copy of exactly that length: a read beyond it is seen by the sanitizer. */
    char *copy = malloc(text.len ? text.len : 1);
    memcpy(copy, text.ptr, text.len);
    enum gc_err err = gc_spec_parse(gc_str_from(copy, text.len), file, options, &spec, &fault);
    free(copy);
    if (err)
        ck_abort_msg("%s", fault.text);
    return keep(spec);
}

struct gc_spec *parse_with(const char *file, const char *text, const struct gc_spec_options *options)
{
    return parse_str(file, gc_str_of(text), options);
}

struct gc_spec *parse(const char *file, const char *text)
{
    return parse_opt(file, text, .limit = 0);
}

struct gc_spec *parse_bytes(const char *file, const char *text, size_t len)
{
    return parse_str(file, gc_str_from(text, len), &(const struct gc_spec_options){.folder = "/"});
}

void says(const struct gc_spec *spec, const char *lines)
{
    static char all[GC_MAX_PROBLEMS * 1200];
    size_t at = 0;
    all[0] = '\0';
    for (uint32_t i = 0; i < spec->n_problems; i++) {
        at += gc_spec_problem_text(spec, &spec->problems[i], all + at, sizeof all - at);
        ck_assert_uint_lt(at + 1, sizeof all);
        all[at++] = '\n';
        all[at] = '\0';
    }
    ck_assert_str_eq(all, lines);
}

void yaml_says(const char *text, const char *lines)
{
    says(parse("j.yaml", text), lines);
}

void json_says(const char *text, const char *lines)
{
    says(parse("j.json", text), lines);
}

static const struct gc_value *value_in(const char *file, const char *before, const char *text,
                                       const char *after)
{
    char all[4096];
    snprintf(all, sizeof all, "%s%s%s", before, text, after);
    struct gc_spec *spec = parse(file, all);
    says(spec, "");
    return config_of(spec, "a", "v");
}

const struct gc_value *yaml_value(const char *text)
{
    return value_in("j.yaml", "nodes: [{id: a, op: o, config: {v: ", text, "}}]");
}

const struct gc_value *json_value(const char *text)
{
    return value_in("j.json", "{\"nodes\": [{\"id\": \"a\", \"op\": \"o\", \"config\": {\"v\": ", text,
                    "}}]}");
}

const struct gc_node *node_of(const struct gc_spec *spec, const char *id)
{
    for (uint64_t i = 0; i < spec->job.n_nodes; i++)
        if (gc_str_is(gc_bytes_str(spec->nodes[i].id), id))
            return &spec->nodes[i];
    ck_abort_msg("there is no node %s", id);
}

const struct gc_value *config_of(const struct gc_spec *spec, const char *id, const char *key)
{
    const struct gc_node *n = node_of(spec, id);
    for (uint32_t i = 0; i < n->n_config; i++)
        if (gc_str_is(gc_bytes_str(n->config[i].key), key))
            return &n->config[i].value;
    ck_abort_msg("%s has no %s", id, key);
}

void is(struct gc_bytes bytes, const char *text)
{
    if (!gc_str_is(gc_bytes_str(bytes), text))
        ck_abort_msg("'%.*s' is not '%s'", GC_STR_ARGS(gc_bytes_str(bytes)), text);
}

void order_is(const struct gc_spec *spec, const char *ids)
{
    char all[4096] = "";
    for (uint64_t i = 0; i < spec->job.n_nodes; i++) {
        strcat(all, i ? " " : "");
        strncat(all, (const char *)spec->nodes[i].id.ptr, spec->nodes[i].id.len);
    }
    ck_assert_str_eq(all, ids);
}
