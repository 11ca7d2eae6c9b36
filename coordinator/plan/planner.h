/* planner.h - what the planner's files share: one job on its way to a plan. Private to this folder.
 *
 * Passes, in this order: expand.c (nodes that the planner adds), validate.c (ops, inputs, types, config), scope.c and hoist.c
 * (whose values are whose), expression.c (conditions), publish.c and format.c (names of outputs), policy.c (what failures
 * cost), and, where none of them found an error, stage.c (the cut), program.c (steps), reads.c (files of a task), publish.c again (which
 * names the lister compares) and fuse.c (push-down, reasons). Each reads what those before it wrote, and nothing else. A pass goes on
 * past a problem, so that all are told at once; of a node that is wrong it assumes whatever gives no second problem for the same mistake.
 */
#ifndef GC_PLAN_PLANNER_H
#define GC_PLAN_PLANNER_H

#include "coordinator/plan/plan.h"
#include "proto/catalogue.h"

#define GC_PLAN_NONE    UINT32_MAX
#define GC_PLAN_LARGEST 1000000000 /* a side of an image: two of them multiply without overflow */

/* The value of a node's first output; where the op hands its input on, what that brings. */
struct gc_plan_gives {
    uint64_t type;
    uint32_t n_shape; /* 0: its fields are not known, or it has none */
    struct gc_field *shape;
    uint32_t origin; /* the node that made it */
};

/* A node as the planner sees it. Arrays of a node's inputs and config run parallel to the job's. */
struct gc_plan_vertex {
    const struct gc_node *node; /* its inputs name vertices */
    uint32_t told;              /* its index in the job; of an added node its reducer's: whose a problem is */
    bool added;                 /* by expand.c, for the node behind it */
    uint32_t
        n_own; /* inputs that its op takes; one more, the last, is what an added node makes, and fills none of the op's */
    const struct gc_op
        *op; /* NULL: the catalogue has none of that name; told, and everything about it unknown */

    uint32_t *slots;           /* for each input: which of the op's inputs it fills, or GC_PLAN_NONE */
    struct gc_setting *config; /* values typed as the op declares them */
    struct gc_plan_gives gives;

    bool known;      /* its scope could be told; else nothing that hangs on it is judged */
    bool per_item;   /* one value an item; a source's too: its items */
    bool reduced;    /* a reducing node, or below one */
    uint32_t source; /* node whose items it belongs to (a reducer: which it reduces); GC_PLAN_NONE: none */
    uint64_t *
        of_run; /* the set of the run's nodes whose values it needs, without those that its items' values bring along; itself too
                         where it is the run's. NULL: a source, a reducer, or not known */

    bool sifted;   /* an op above it hands on what it may hold back: not all items come to it */
    bool compared; /* two items could make one name of its output: found when they are listed */

    struct gc_policy policy; /* merged: nothing unset but max_bad */

    uint32_t runs_in; /* stage whose program has its step */
    uint32_t stage;   /* stage that commits it: the same, but for a reducer its own */
    uint32_t step;    /* in the program of runs_in */
};

/* What the cut knows of a stage beside what the plan says. */
struct gc_plan_part {
    uint32_t n_nodes;  /* of it that reduce nothing: these steps come first */
    uint64_t *hoisted; /* the set of the run's nodes that come next; NULL: none */
};

struct gc_planner {
    const struct gc_job *job;
    const struct gc_catalogue *catalogue;
    struct gc_arena *arena;
    uint32_t n;
    struct gc_plan_vertex *v;
    struct gc_plan_part *parts; /* by stage */
    struct gc_plan_draft *draft;
    bool errors;
    bool full; /* the arena is: everything after it is void */
};

static inline bool gc_plan_has(const struct gc_plan_vertex *v, enum gc_trait trait)
{
    return v->op && (v->op->traits & trait) != 0;
}

static inline bool gc_plan_is(const struct gc_plan_vertex *v, enum gc_scope scope)
{
    return v->op && v->op->scope == scope;
}

/* Whether it reads what was committed of its inputs, when all items have ended. */
static inline bool gc_plan_scans(const struct gc_plan_vertex *v)
{
    return gc_plan_is(v, GC_SCOPE_REDUCE) && gc_plan_has(v, GC_TRAIT_SCANS);
}

/* Memory of `count` elements, zeroed; NULL sets `full`. Pointers are aligned for any type. */
void *gc_planner_take(struct gc_planner *p, size_t count, size_t size);
#define GC_PLANNER_ARRAY(p, type, count) ((type *)gc_planner_take((p), (count), sizeof(type)))

/* text.c: texts without printf. In a format %b is a struct gc_bytes, %s a C string, %u a uint64_t, %g a double (six
 * significant digits, for people); what does not fit is cut. */
struct gc_bytes gc_plan_text(struct gc_planner *p, size_t max, const char *format, ...);

/* 'a', 'b', 'c' and 12 more */
struct gc_bytes gc_plan_names(struct gc_planner *p, const struct gc_name *names, uint32_t n);

/* One problem of a node (GC_PLAN_NONE: the job), told of the job's node that it belongs to. `field` and `format` take the arguments
 * in that order. */
void gc_plan_error(struct gc_planner *p, uint32_t node, struct gc_bytes field, const char *format, ...);
void gc_plan_warn(struct gc_planner *p, uint32_t node, struct gc_bytes field, const char *format, ...);
/* Texts were made for a problem that was not found, or is beyond those kept: gives them back. */
struct gc_plan_texts {
    size_t mark;
    uint32_t problems;
};
struct gc_plan_texts gc_plan_texts_begin(const struct gc_planner *p);
void gc_plan_texts_end(struct gc_planner *p, struct gc_plan_texts since);
struct gc_bytes gc_plan_field(struct gc_planner *p, const char *prefix, struct gc_bytes name);

/* The passes. The first one makes p->v. */
void gc_plan_expand(struct gc_planner *p, const struct gc_node *nodes);
void gc_plan_validate(struct gc_planner *p);
void gc_plan_config(struct gc_planner *p, uint32_t node);
void gc_plan_inputs(struct gc_planner *p, uint32_t node);
void gc_plan_scopes(struct gc_planner *p);
void gc_plan_expressions(struct gc_planner *p);
void gc_plan_publish(struct gc_planner *p);
void gc_plan_compare(struct gc_planner *p);
void gc_plan_policies(struct gc_planner *p);
void gc_plan_cut(struct gc_planner *p);
void gc_plan_steps(struct gc_planner *p);
void gc_plan_cascade(struct gc_planner *p, struct gc_program *program);
void gc_plan_reads(struct gc_planner *p);
void gc_plan_fuse(struct gc_planner *p);

/* expand.c: whether two values of config are the same. */
bool gc_plan_same_value(const struct gc_value *a, const struct gc_value *b);
/* cascade.c: whether the step is fed by a larger thumbnail, and not by the decode that its node names. */
bool gc_plan_cascades(const struct gc_planner *p, const struct gc_step *step);

/* config.c: what a node's setting is, as written or as the op's default; NULL where there is neither. */
const struct gc_value *gc_plan_setting(const struct gc_plan_vertex *v, const char *key);
/* As written; NULL where it is not. */
const struct gc_value *gc_plan_own_setting(const struct gc_plan_vertex *v, struct gc_bytes key);

/* format.c: the ending of a published file's name. `tail` is the name behind its last {field}, `whole`: it has none. */
void gc_plan_format(struct gc_planner *p, uint32_t node, struct gc_bytes field, struct gc_str tail,
                    bool whole);

/* number.c: the value of a decimal number as YAML 1.2's core schema writes it; false where it is none, or where no double is
 * exactly told by few digits (then it must stand in the file as a number). */
bool gc_plan_parse_int(struct gc_bytes text, int64_t *ret);
bool gc_plan_parse_real(struct gc_bytes text, double *ret);

/* inputs.c: the output that an input of the node takes, or NULL where it is not there. */
const struct gc_op_output *gc_plan_output(const struct gc_planner *p, const struct gc_input *in);
struct gc_bytes gc_plan_input_field(struct gc_planner *p, uint32_t node, uint32_t at);

/* types.c: fills in what the node gives; what an input of a node brings, whose own node has an op; and the input that fills the op's
 * first one, NULL: none does, or its node cannot be looked at. */
void gc_plan_types(struct gc_planner *p, uint32_t node);
struct gc_plan_gives gc_plan_gives(const struct gc_planner *p, const struct gc_input *in);
const struct gc_input *gc_plan_first_input(const struct gc_planner *p, uint32_t node);

/* hoist.c: fills in of_run of a node whose scope is known. And sets of nodes: an empty one (NULL sets `full`), all of `set` put
 * into `to`, how many are in either of two, how many are before a node. */
void gc_plan_of_run(struct gc_planner *p, uint32_t node);
uint64_t *gc_plan_set(struct gc_planner *p);
void gc_plan_set_add(const struct gc_planner *p, uint64_t *to, const uint64_t *set);
uint32_t gc_plan_set_both(const struct gc_planner *p, const uint64_t *a, const uint64_t *b);
uint32_t gc_plan_set_rank(const uint64_t *set, uint32_t node);

/* policy.c: widens a stage's policy by that of one of its nodes. */
void gc_plan_widen(struct gc_plan_stage *stage, const struct gc_policy *by);

#endif
