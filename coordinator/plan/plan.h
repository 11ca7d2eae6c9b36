/* plan.h - from a job and a catalogue to stages: validation, scopes, fusion, push-down, and the reasons. Pure.
 *
 * The planner decides on traits, scopes and types, never on an op's name: renaming every op of a catalogue (and of the job)
 * gives the same plan. What it makes lies in the caller's arena and borrows strings from job and catalogue.
 *
 * How a job is cut: a source node is a stage of its own. All item-scoped nodes below one source are one ITEM stage (values are
 * images or small records: nothing is encoded between them); reducing nodes end in a REDUCE stage each and feed from the ITEM
 * stage as its last steps, but for those that scan: they read its results when it has ended, and are no steps of it. Nodes without
 * a source above them are one ITEM stage of a single task ("the run itself").
 * A node may be added before a scanning reducer, by what its op `maps` to: then the plan has more nodes than the job. Problems are
 * told at the job's own nodes.
 * Cost: O(nodes × (inputs + nodes added) + edges).
 */
#ifndef GC_PLAN_PLAN_H
#define GC_PLAN_PLAN_H

#include "common/arena.h"
#include "common/error.h"
#include "proto/message.h"

/* An arena of this size is enough for any job within the limits: settings and inputs twice over, problems, reasons. A usual
 * job takes some tens of kB of it. */
#define GC_PLAN_ARENA (12u * 1024u * 1024u)

struct gc_plan_draft {
    struct gc_plan plan; /* but for plan.stages[i].program: the shell encodes */
    struct gc_program
        *programs; /* programs[i] belongs to plan.stages[i]; run and run_no are the shell's to fill. A REDUCE
                                    stage's program is the one step of its node */
    uint32_t
        n_problems; /* all there are, errors and warnings, in the order of the nodes; at most GC_MAX_PROBLEMS kept */
    struct gc_problem *problems;
    uint64_t more; /* problems beyond those kept */
    bool accepted; /* no problem but warnings */
};

/* `nodes` in topological order (an input's index is below its reader's: asserted by the decoder's caller, else a problem).
 * GC_ERR_NOMEM: the arena is too small. Problems are no error of this function. */
enum gc_err gc_plan_make(const struct gc_job *job, const struct gc_node *nodes, uint32_t n_nodes,
                         const struct gc_catalogue *catalogue, struct gc_arena *arena,
                         struct gc_plan_draft *ret) GC_MUST_CHECK;

/* The union of catalogues: ops of the same name must agree, the first one wins; sorted by name. */
enum gc_err gc_catalogue_union(const struct gc_catalogue *const *all, uint32_t n, struct gc_arena *arena,
                               struct gc_catalogue *ret) GC_MUST_CHECK;

#endif
