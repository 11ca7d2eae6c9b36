/* run.h - runs: what is in memory of one, from its submit until its end has been told and its memory given back.
 *
 * A run is found by number and by id while it has not ended. Its nodes and stages lie in its own memory (memory.h), stages in
 * their pool. Its counters are those of the outcomes that were committed.
 */
#ifndef GC_CORE_RUN_H
#define GC_CORE_RUN_H

#include "common/list.h"
#include "common/map.h"
#include "common/pool.h"
#include "coordinator/core/core.h"
#include "coordinator/core/memory.h"

struct core_stage;

struct core_node {
    struct gc_bytes id;
    struct gc_bytes op;
    struct core_stage *stage;
    bool per_item;
    uint64_t max_bad;
    uint64_t max_bad_ppm;
    uint32_t n_shape;
    struct gc_field *shape;
    uint64_t n[GC_OUTCOMES];
};

struct core_run {
    uint64_t no;
    struct gc_id128 id;
    enum gc_run_state state;
    struct core_mem mem;
    struct gc_bytes job;
    uint32_t n_nodes;
    struct core_node **nodes;
    uint32_t n_stages;
    struct core_stage **stages;
    uint32_t open;     /* stages that have not ended */
    uint32_t unreaped; /* stages that still hold something */
    bool failing;      /* a source or run-scoped node has failed */
    bool stuck;        /* its stored state does not fit into memory: nothing is granted */
    uint32_t text_len;
    uint8_t text[GC_MAX_TEXT];
    uint32_t trouble_len; /* what is in its way now, for who looks at it */
    uint8_t trouble[GC_MAX_TEXT];

    uint64_t created_ns; /* wall clock, as the next two */
    uint64_t started_ns;
    uint64_t ended_ns;
    uint64_t active_ns; /* until `since` */
    uint64_t since;     /* monotonic; while it is running */
    uint64_t pixels;
    uint64_t refused;
    uint64_t next_delta;

    uint64_t weight;
    uint64_t vtime;                       /* see share.h */
    size_t share_at;                      /* core->share.runs */
    struct gc_list ready[GC_STAGE_KINDS]; /* stages with something to grant, by kind */
    struct gc_link settling;              /* core->grace.runs */
    struct gc_link pausing;               /* core->runs.pausing */

    struct gc_list watchers; /* see watch.h */
    size_t tell_at;          /* core->watch.due */
    uint64_t tell_due;
    uint64_t told;      /* when they were last told */
    uint64_t tell_left; /* of the round under way */
};

struct core_runs {
    struct gc_pool pool;
    struct gc_map by_no;
    struct gc_map by_id;    /* hash of the id */
    struct gc_list pausing; /* whose leases are being asked back */
    uint64_t next_no;
    uint64_t seed;
    uint32_t live;
};

/* Whether it may be granted something: pending or running. */
bool core_run_serves(const struct core_run *run);
bool core_run_live(const struct core_run *run);
struct core_run *core_run_by_no(const struct gc_core *core, uint64_t no);
struct core_run *core_run_by_id(const struct gc_core *core, const struct gc_id128 *id);
/* A live run's stage, or NULL. */
struct core_stage *core_run_stage(const struct gc_core *core, uint64_t run_no, uint64_t stage);

/* GC_ERR_INVALID: the plan contradicts itself; GC_ERR_BUSY: no room; GC_ERR_EXISTS: the hash of the id is taken. */
enum gc_err core_run_new(struct gc_core *core, uint64_t no, const struct gc_id128 *id,
                         const struct gc_job *job, const struct gc_plan *plan,
                         struct core_run **ret) GC_MUST_CHECK;
/* Gives its memory back; it must have ended, with every stage reaped and nobody watching. */
void core_run_free(struct gc_core *core, struct core_run *run);

void core_run_submit(struct gc_core *core, const struct gc_event *event);

/* The state moves (asserted to be legal), and is committed; to an ended one, use core_run_end. */
void core_run_move(struct gc_core *core, struct core_run *run, enum gc_run_state state);
/* The run is over in that state: commits its account, kills what is open, reaps. */
void core_run_end(struct gc_core *core, struct core_run *run, enum gc_run_state state);
/* The same without a commit: nothing of it is found or served any more. */
void core_run_close(struct gc_core *core, struct core_run *run, enum gc_run_state state);
/* A node of the stage may have failed too often: ends the run then, and returns false. */
bool core_run_judge(struct gc_core *core, struct core_stage *stage);
/* All its stages have ended: in which state, and ends it. */
void core_run_complete(struct gc_core *core, struct core_run *run);
/* Something of it has changed that a watcher wants to know. */
void core_run_changed(struct gc_core *core, struct core_run *run);
/* Keeps the first text that says why it failed (or a warning). */
void core_run_say(struct core_run *run, const char *what, struct gc_bytes name, const char *how,
                  struct gc_bytes more);
/* What is in its way, told until core_run_fine: somebody must make room, or plug something in. Not stored. */
void core_run_trouble(struct gc_core *core, struct core_run *run, struct gc_bytes text);
void core_run_fine(struct gc_core *core, struct core_run *run);
uint64_t core_run_active_ns(const struct gc_core *core, const struct core_run *run);

#endif
