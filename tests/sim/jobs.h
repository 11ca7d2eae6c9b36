/* jobs.h - random jobs over a made-up catalogue, and what must come of each item: the closed form that the oracles compare with.
 *
 * An item's fate at a node is a fixed function of (seed, run, node, item), so a run without faults and one under all of them must
 * end with the same outcomes and the same reduced values. Nodes are numbered as in the plan, which may have more than the job: what
 * those must be is said here by hand, and not taken from the planner.
 */
#ifndef GC_SIM_JOBS_H
#define GC_SIM_JOBS_H

#include "tests/sim/disk.h"

enum sim_fate {
    SIM_FATE_FINE,
    SIM_FATE_BAD,     /* the op refuses the item */
    SIM_FATE_CRASH,   /* ends its executor each time */
    SIM_FATE_TIMEOUT, /* never ends by itself */
};

#define SIM_NODES 24u
#define SIM_READS 4u

/* A node as it must be in the plan. */
struct sim_node {
    bool scans;
    bool added;
    uint32_t n_reads;
    uint64_t reads[SIM_READS]; /* nodes; 0, the source: the item itself */
};

struct sim_job {
    struct gc_id128 run;
    struct gc_job job;
    uint32_t n_nodes;
    struct gc_node *nodes;
    uint32_t n_planned;
    struct sim_node planned[SIM_NODES];
    uint64_t at[SIM_NODES]; /* by the job's number: the plan's */
    struct gc_plan plan;    /* with programs */
    uint64_t seed;          /* of its items */
    uint64_t items;
    uint64_t page_items; /* the lister's page size */
    bool inlined;        /* pages inlined, else references */
    bool
        flaky; /* any task may end its executor by chance; retries are then without end, and no item is poisoned */
    uint32_t bad, crash, timeout; /* per million items and node */
    uint64_t task_ns;             /* mean duration */
    bool submitted;               /* SUBMITTED was seen */
    bool cancel;                  /* the client cancels it in the middle */
};

/* Draws a job: a source, a chain or tree of working nodes (which may be empty), reducers on some, of which some scan. run_no is filled into programs at
 * submit. */
void sim_job_draw(struct sim_job *j, struct sim_mem *m, struct sim_rng *rng, uint32_t index, bool poison,
                  bool flaky);
/* Plans it and encodes its programs for run_no: what the coordinator's shell does. The plan lives in m. */
void sim_job_plan(struct sim_job *j, struct sim_mem *m, uint64_t run_no);

enum sim_fate sim_job_fate(const struct sim_job *j, uint64_t node, uint64_t item);
uint64_t sim_job_value(const struct sim_job *j, uint64_t node, uint64_t item);

/* What must be committed for a node of the ITEM stage: DONE, FAILED or SKIPPED. */
enum gc_outcome sim_job_outcome(const struct sim_job *j, uint64_t node, uint64_t item);
/* What one that scans makes of one input of one item, after `digest`: any other order, item or value gives another. */
uint64_t sim_job_digest(uint64_t digest, uint64_t item, enum gc_outcome outcome, uint64_t value);
/* What a reducing node must end with: how many items, and the sum of their values (mod 2^64); of one that scans all items, and the
 * digest of what its inputs made of each, in their order. */
void sim_job_reduced(const struct sim_job *j, uint64_t node, uint64_t *ret_count, uint64_t *ret_sum);

/* Reads every outcome, delta and state of a run out of the log and compares. False with a text on stderr. `ended`: the state
 * must be one that has ended, and everything accounted for. */
bool sim_oracle(const struct sim_job *j, const struct sim_disk *d);

#endif
