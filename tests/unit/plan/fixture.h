/* A catalogue and jobs in one line a node, for the planner's tests. */
#ifndef GC_TESTS_UNIT_PLAN_FIXTURE_H
#define GC_TESTS_UNIT_PLAN_FIXTURE_H

#include "coordinator/plan/plan.h"

/* A catalogue with at least one op of every scope, type and trait; the same for the life of the process. With `other`, each op
 * has another name (op_name tells which). Sorted. */
const struct gc_catalogue *catalogue(bool other);
struct gc_bytes op_name(const char *name, bool other);

struct fixture {
    struct gc_job job;
    struct gc_node nodes[GC_MAX_JOB_NODES + 1];
    uint32_t n;
    struct gc_plan_draft draft;
    bool other; /* names of ops in `node` are translated */
    struct gc_arena strings;
    struct gc_arena arena;
};

/* A fresh one with a job that sets nothing; it is the only one until the next call. */
struct fixture *fixture(void);

/* "ID OP [INPUT,INPUT...|-] [KEY=VALUE ...]": INPUT is [SLOT:]NODE[.OUTPUT] or [SLOT:]#NUMBER; VALUE is an integer, a real, true,
 * false, null, [] (an empty list), {} (an empty map), 'a string, or a string. Returns the node to be changed further. */
struct gc_node *node(struct fixture *f, const char *line);
struct gc_policy *policy_of(struct fixture *f, struct gc_node *n); /* all unset; NULL: the job's */

/* Plans; asserts that the function itself did not fail. */
const struct gc_plan_draft *plan(struct fixture *f);
/* Plans, and asserts that there is no problem, not even a warning. */
const struct gc_plan *good(struct fixture *f);

/* Whether a problem of that kind says so: node id (NULL: the job), field, and a part of its text. Fails with the whole list. */
void has_error(const struct fixture *f, const char *id, const char *field, const char *part);
void has_warning(const struct fixture *f, const char *id, const char *field, const char *part);
/* Exactly so many problems. */
void has_problems(const struct fixture *f, uint32_t n);
/* The reason given for the node holds the text; "": there is none. */
void has_reason(const struct fixture *f, const char *id, const char *part);

uint32_t index_of(const struct fixture *f, const char *id);
const struct gc_step *step_of(const struct fixture *f, const char *id); /* in the stage that runs it */

#endif
