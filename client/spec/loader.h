/* loader.h - what the reader's files share: one file on its way to a job. Private to this folder.
 *
 * The way: yaml.c or json.c make a tree (tree.c, with the line of everything) · params.c fills in ${NAME} · job.c and node.c
 * read the fields · graph.c resolves inputs, finds cycles, numbers the nodes. Each goes on past a problem; only a file that is
 * no YAML or JSON ends the way early.
 */
#ifndef GC_SPEC_LOADER_H
#define GC_SPEC_LOADER_H

#include <locale.h>

#include "client/spec/spec.h"

/* ---- memory.c: blocks that are freed together ---- */

#define GC_SPEC_MAX_MEMORY ((size_t)64 * 1024 * 1024)

struct gc_loader {
    struct gc_spec *spec;
    const struct gc_spec_options *options;
    locale_t c_locale;     /* strtod must not follow the program's */
    enum gc_err err;       /* GC_ERR_NOMEM or GC_ERR_LIMIT: memory ended; everything after it is void */
    uint64_t config_bytes; /* strings in the configs, aliases counted each time */
};

/* Zeroed, aligned for any type; NULL sets l->err. */
void *gc_loader_take(struct gc_loader *l, size_t count, size_t size);
#define GC_LOADER_ARRAY(l, type, count) ((type *)gc_loader_take((l), (count), sizeof(type)))
/* A copy with a NUL behind it. */
struct gc_str gc_loader_copy(struct gc_loader *l, struct gc_str text);
enum gc_err gc_spec_grow(struct gc_spec *spec, size_t size, void **ret);
void gc_spec_free(struct gc_spec *spec);

/* ---- problem.c ---- */

/* Where a problem is: a node (or NULL) and a field. */
struct gc_place {
    uint32_t line;
    const char *id;
    const char *field;
};

#define GC_PLACE(line, id, field) ((struct gc_place){(line), (id), (field)})

void gc_loader_error(struct gc_loader *l, struct gc_place at, const char *format, ...) GC_PRINTF(3, 4);
void gc_loader_warn(struct gc_loader *l, struct gc_place at, const char *format, ...) GC_PRINTF(3, 4);
/* A formatted string that lives as long as the spec; "" where memory ended. */
const char *gc_loader_text(struct gc_loader *l, const char *format, ...) GC_PRINTF(2, 3);
/* "; did you mean 'x'?" where one of the names is near, else "". */
const char *gc_loader_meant(struct gc_loader *l, struct gc_str word, const struct gc_str *names, size_t n);

/* Where fields stand. One list a node, the job's is the last. */
struct gc_spec_line {
    struct gc_str field;
    uint32_t line;
    struct gc_spec_line *next;
};

struct gc_spec_lines {
    uint32_t line; /* of the node as a whole */
    struct gc_spec_line *fields;
};

void gc_loader_line(struct gc_loader *l, struct gc_spec_lines *of, const char *field, uint32_t line);

/* ---- tree.c: the document ---- */

struct gc_tree_entry {
    struct gc_str key; /* of a map; empty in a list */
    uint32_t line;     /* of the key; in a list of the value */
    uint32_t hash;
    struct gc_tree *value;
    struct gc_tree_entry *next;
};

struct gc_tree {
    enum gc_value_kind kind;
    uint32_t line;
    uint32_t weight; /* values in it, itself counted, aliases each time */
    bool open;       /* its end was not seen yet */
    bool filled;     /* params.c was here */
    union {
        bool flag;
        int64_t integer;
        double real;
        struct gc_str string;
    } as;
    uint32_t n;
    struct gc_tree_entry *first;
};

struct gc_tree_builder {
    struct gc_loader *l;
    struct gc_tree *root;
    uint32_t depth;
    struct {
        struct gc_tree *tree;
        struct gc_tree_entry **end; /* where the next entry is hung */
        struct gc_str key;
        uint32_t key_line;
        bool has_key;
        bool dropped; /* the key is a duplicate, its value goes nowhere */
    } stack[GC_SPEC_MAX_DEPTH];
};

/* All return false after a problem that ends the reading. In a map a key comes before each value. */
bool gc_tree_wants_key(const struct gc_tree_builder *b);
bool gc_tree_key(struct gc_tree_builder *b, struct gc_str key, uint32_t line);
bool gc_tree_value(struct gc_tree_builder *b, struct gc_tree *value, uint32_t line);
bool gc_tree_open(struct gc_tree_builder *b, enum gc_value_kind kind, uint32_t line, struct gc_tree **ret);
bool gc_tree_close(struct gc_tree_builder *b);
struct gc_tree *gc_tree_new(struct gc_loader *l, enum gc_value_kind kind, uint32_t line);

/* The entry of a map, or NULL; one whose value is null counts as not there, as `inputs:` alone does in YAML. */
const struct gc_tree_entry *gc_tree_find(const struct gc_tree *map, const char *key);
const char *gc_tree_kind_text(const struct gc_tree *t); /* "a list" */

/* ---- scalar.c ---- */

/* Types a plain scalar as YAML 1.2's core schema does. False: an integer above 64 bits (told). */
bool gc_scalar_core(struct gc_loader *l, struct gc_str text, struct gc_tree *ret);
/* Typed by the field: from a number, or from a string that is one. */
bool gc_scalar_u64(const struct gc_tree *t, uint64_t *ret);
bool gc_scalar_bool(const struct gc_tree *t, bool *ret);

/* ---- the readers: a tree, or NULL with a problem told ---- */
struct gc_tree *gc_yaml_read(struct gc_loader *l, struct gc_str text, uint32_t line);
struct gc_tree *gc_json_read(struct gc_loader *l, struct gc_str text);

/* ---- params.c ---- */
void gc_params_fill(struct gc_loader *l, struct gc_tree *root);

/* ---- value.c ---- */
bool gc_value_of_tree(struct gc_loader *l, struct gc_place at, const struct gc_tree *t, struct gc_value *ret);
/* JSON text of a map; `extra` (may be NULL) is added under `extra_key`. */
bool gc_json_of_tree(struct gc_loader *l, struct gc_place at, const struct gc_tree *t, const char *extra_key,
                     const struct gc_tree *extra, struct gc_bytes *ret);

/* ---- job.c, node.c, policy.c ---- */

/* One input as the file has it. */
struct gc_raw_input {
    struct gc_str ref; /* NODE or NODE.OUTPUT */
    struct gc_str slot;
    uint32_t line;
    uint32_t from; /* raw node, once resolved */
    struct gc_str output;
    bool dropped;
};

struct gc_raw_node {
    const char *id;
    bool whole; /* has id and op, and is no duplicate */
    struct gc_node node;
    uint32_t n_inputs;
    struct gc_raw_input *inputs;
    struct gc_spec_lines lines;
    uint32_t waits;  /* inputs not numbered yet */
    uint32_t number; /* topological */
};

struct gc_raw_job {
    uint32_t n;
    struct gc_raw_node *nodes;
};

void gc_job_read(struct gc_loader *l, const struct gc_tree *root, struct gc_spec_lines *lines,
                 struct gc_raw_job *raw);
void gc_node_read(struct gc_loader *l, const struct gc_tree *t, uint32_t at, struct gc_raw_node *ret);
void gc_node_sets(struct gc_loader *l, struct gc_raw_job *raw);
void gc_policy_read(struct gc_loader *l, const struct gc_tree_entry *e, const char *id,
                    struct gc_spec_lines *lines, uint32_t *ret_n, struct gc_policy **ret);
/* Tells each entry of a map that is none of the names. `prefix` stands before it in the field: "policy.". */
void gc_fields_check(struct gc_loader *l, const struct gc_tree *map, const char *id, const char *prefix,
                     const struct gc_str *names, size_t n);
/* A string of 1 to `max` bytes without NUL; otherwise told. */
bool gc_field_string(struct gc_loader *l, struct gc_place at, const struct gc_tree *t, size_t max,
                     struct gc_str *ret);

/* ---- graph.c ---- */
void gc_graph_resolve(struct gc_loader *l, struct gc_raw_job *raw);
void gc_graph_number(struct gc_loader *l, struct gc_raw_job *raw, uint32_t *order, uint32_t *ret_n);

#endif
