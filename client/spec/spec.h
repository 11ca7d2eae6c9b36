/* spec.h - a job file (YAML 1.2 core, or JSON) as a job and its nodes, with the line of everything.
 *
 * The file is read whole or refused, but never only in part: all its problems are collected, and what is
 * whole in spite of them is kept, so that the coordinator can check it against the catalogue and the user
 * sees both lists at once. A job with errors must not be run, it may be sent for a dry run: nodes without
 * id or op and edges that lead nowhere or close a cycle are left out of it.
 *
 * Nodes are numbered topologically (Kahn, ties in the order of the file), so an input's index is below its
 * reader's. Everything a spec points to is its own. Memory is bounded by the limits on the file, whatever is
 * in it. Thread: one at a time.
 *
 * Fields in problems, the coordinator's too: "id", "op", "inputs", "inputs[2]" (from 0) or "inputs.SLOT",
 * "config.KEY", "policy", "policy.timeout", "keep"; of the job "name", "tags", "metadata", "policy.max_bad" and so
 * on, or "" for the whole.
 */
#ifndef GC_SPEC_SPEC_H
#define GC_SPEC_SPEC_H

#include "common/error.h"
#include "proto/message.h"

#define GC_SPEC_MAX_FILE   GC_MAX_DOCUMENT /* bytes of a job file */
#define GC_SPEC_MAX_VALUES 262144u         /* scalars, lists and maps in it, aliases expanded */
#define GC_SPEC_MAX_DEPTH  32u             /* nesting of the file */
#define GC_SPEC_VALUE_DEPTH \
    (GC_MAX_DEPTH - 5u) /* of a config value: five containers are around it on the wire */

struct gc_spec_options {
    const char *folder; /* absolute path that the job's relative paths start from: the caller's own folder */
    uint64_t limit;     /* take at most so many items of each source; 0: all */
    uint32_t n_sets;
    const char *const
        *sets; /* "NODE.KEY=VALUE": over the file's config. [..] and {..} are YAML, the rest is a
                                string that the planner types by the field */
    uint32_t n_params;
    const char *const *params; /* "NAME=VALUE": for ${NAME}; the last of a name counts */
};

struct gc_spec_problem {
    uint32_t line;     /* in the file, from 1; 0: not in the file (an option, the file as a whole) */
    bool warning;      /* the job runs all the same */
    const char *id;    /* of the node; NULL: the job */
    const char *field; /* may be empty */
    const char *text;
};

struct gc_spec_lines; /* where each field stands */
struct gc_spec_block; /* memory */

struct gc_spec {
    struct gc_job job; /* job.n_nodes nodes follow */
    struct gc_node *nodes;
    const char *file; /* as messages name it */
    uint32_t n_errors;
    uint32_t n_problems; /* errors and warnings, sorted by line; at most GC_MAX_PROBLEMS of them are kept */
    struct gc_spec_problem *problems;
    uint64_t more; /* problems beyond those kept */

    struct gc_spec_lines *lines;
    struct gc_spec_block *memory;
};

/* Reads the file at `path`, or standard input for "-". A wrong file is no error of this function: look at n_errors. Errors:
 * the file cannot be read, is over GC_SPEC_MAX_FILE, or there is no memory. */
enum gc_err gc_spec_load(const char *path, const struct gc_spec_options *options, struct gc_spec **ret,
                         struct gc_fault *fault) GC_MUST_CHECK;

/* The same from memory; `file` names it in messages and gives the job its name where nothing else does, and the format: JSON
 * where it ends in .json, or where it does not end in .yaml or .yml and the first character is a brace. `text` is not needed
 * afterwards. */
enum gc_err gc_spec_parse(struct gc_str text, const char *file, const struct gc_spec_options *options,
                          struct gc_spec **ret, struct gc_fault *fault) GC_MUST_CHECK;

/* The version of libyaml. Static. */
const char *gc_spec_yaml_version(void);

void gc_spec_destroy(struct gc_spec **self_p);

/* The line of a node's field, of the node where the field does not stand in the file, of the job where `node` is no node; 0
 * where that is not in the file either. */
uint32_t gc_spec_problem_line(const struct gc_spec *spec, uint64_t node, struct gc_bytes field);

/* Adds a problem that the coordinator found, at its place in the list. */
enum gc_err gc_spec_add_problem(struct gc_spec *spec, const struct gc_problem *problem) GC_MUST_CHECK;

/* `FILE:LINE: node 'ID': FIELD: text`, without what there is not; "warning: " stands before the text of a warning. Writes at
 * most `size` bytes with the NUL and returns the length that the whole has, as snprintf does. */
size_t gc_spec_problem_text(const struct gc_spec *spec, const struct gc_spec_problem *problem, char *buf,
                            size_t size);

#endif
