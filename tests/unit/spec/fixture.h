/* Job files as strings, and what is said of them. */
#ifndef GC_TESTS_UNIT_SPEC_FIXTURE_H
#define GC_TESTS_UNIT_SPEC_FIXTURE_H

#include "client/spec/spec.h"

#define SET(...)                                \
    .sets = (const char *const[]){__VA_ARGS__}, \
    .n_sets = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)
#define PARAM(...)                                \
    .params = (const char *const[]){__VA_ARGS__}, \
    .n_params = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

/* Freed at exit. `file` decides the format: "j.yaml", "j.json". */
struct gc_spec *parse_with(const char *file, const char *text, const struct gc_spec_options *options);
struct gc_spec *parse_bytes(const char *file, const char *text, size_t len);
struct gc_spec *parse(const char *file, const char *text); /* in /home/me */
#define parse_opt(file, text, ...) \
    parse_with((file), (text), &(const struct gc_spec_options){.folder = "/home/me", __VA_ARGS__})

/* All problems, one a line, are exactly these. */
void says(const struct gc_spec *spec, const char *lines);
/* The file, parsed, has exactly these problems. */
void yaml_says(const char *text, const char *lines);
void json_says(const char *text, const char *lines);
/* A config value of a one-node YAML or JSON file. */
const struct gc_value *yaml_value(const char *text);
const struct gc_value *json_value(const char *text);

const struct gc_node *node_of(const struct gc_spec *spec, const char *id);
const struct gc_value *config_of(const struct gc_spec *spec, const char *id, const char *key);
void is(struct gc_bytes bytes, const char *text);
/* "a b c": the ids in the order of their numbers. */
void order_is(const struct gc_spec *spec, const char *ids);

#endif
