/* core.h - the scheduler as a function: gc_core_step(core, event, effects).
 *
 * No socket, clock, file, thread, random source or callback is in here, and no allocation outside the arena given at the start.
 * Time and everything else arrives in events; everything that is to happen leaves in the list of effects, which the shell
 * carries out in order. The same events give the same effects, so the simulator and the coordinator run the same code.
 *
 * Laws:
 *  - durable before told: in one list, a GC_FX_SEND of a message whose table row says `durable` leaves only after every
 *    GC_FX_COMMIT of this and all earlier lists is on disk. The shell keeps that; the core only keeps the order.
 *  - one step does bounded work (GC_GRANTS_A_STEP leases at most); what is left over makes gc_core_deadline() answer `now`.
 *  - a commit that fails is the shell's to repeat until it passes or the process ends; the core is never told "undone".
 * What the tables of the wire leave open, decided here:
 *  - FAULT and PAGES are answered like RESULT, by RESULT_ACK with header.re set (FAULT: first = item, count = 1).
 *  - RESULT of MERGE: no status, `values` is the new state, no deltas. RESULT of FINISH: the status of one item and one node,
 *    `values` is the node's value (nothing when it failed), and one delta, the merged state (none when it failed, and never one
 *    of a reducer that scans).
 *  - RESULT of ITEMS: its status and values fit one part of DATA (results), whether somebody is going to scan them or not.
 *  - A failure of a source is a BATCH of its stage, one item beyond those listed; one of a reducer is item 0 of its stage.
 *  - A result that an inventory names is answered with `send` or `cancel`, never with `already`: WELCOME does not wait for
 *    commits that are under way, the RESULT_ACK to what is sent again does.
 * Thread: one at a time.
 */
#ifndef GC_CORE_CORE_H
#define GC_CORE_CORE_H

#include "common/arena.h"
#include "common/error.h"
#include "coordinator/core/commit.h"
#include "proto/message.h"

/* A connection, as the shell names it; never used again for another one. 0: nobody. */
typedef uint64_t gc_peer;

enum gc_event_kind {
    GC_EV_TIMER,     /* time has passed; also what the deadline asked for */
    GC_EV_MESSAGE,   /* decoded and checked against its direction's role by the shell: `msg` from `peer` */
    GC_EV_PEER_GONE, /* a send to it was answered with "unreachable", or the shell gave it up */
    GC_EV_SUBMIT, /* a submission that was validated and planned; answered with SUBMITTED to `peer`, re `re` */
    GC_EV_STORE,  /* the disk is full (grant and admit nothing) or has room again */
    GC_EV_RECOVER,   /* before anything else: one thing that the store kept */
    GC_EV_RECOVERED, /* that was all; the grace begins */
    GC_EV_DRAIN,     /* grant nothing more; the coordinator is about to end */
};

struct gc_event {
    enum gc_event_kind kind;
    uint64_t now_ns;  /* monotonic; never falls */
    uint64_t wall_ns; /* for display and records only */
    gc_peer peer;
    union {
        const struct gc_msg *msg;
        struct {
            uint64_t re;
            struct gc_id128 run;
            bool paused;
            const struct gc_job *job;
            const struct gc_plan *plan;
            uint32_t n_problems; /* warnings, passed on in SUBMITTED */
            struct gc_problem *problems;
        } submit;
        struct {
            bool full;
        } store;
        const struct gc_commit *recover;
    } as;
};

enum gc_effect_kind {
    GC_FX_COMMIT,
    GC_FX_SEND, /* msg.term, .session, .seq are the shell's to fill; .re is set */
    GC_FX_READ, /* the core does not hold this run any more: answer `msg` (SHOW, RESULTS, CONTROL) of `peer` from the store */
};

struct gc_effect {
    enum gc_effect_kind kind;
    gc_peer peer;
    struct gc_node_infos
        nodes; /* GC_FX_SEND of RUN_INFO: its bulk is this record, encoded by the shell; else empty */
    union {
        struct gc_commit commit;
        struct gc_msg msg;
        const struct gc_msg *read;
    } as;
};

/* The list lives in the core; pointers in it are good until the next step. */
struct gc_effects {
    uint32_t n;
    struct gc_effect *list;
};

struct gc_core;

#define GC_CORE_BLOCK  1024u /* GC_BLOCK_ITEMS states of two bits */
#define GC_CORE_BLOCKS 1048576u
#define GC_CORE_PAGE   16384u
#define GC_CORE_PAGES  16384u
#define GC_CORE_DELTAS 1048576u

struct gc_core_config {
    uint64_t term;     /* committed before this */
    uint64_t next_run; /* first run_no not used yet */
    /* Capacities, each at most its limit in limits.h or below; 0 takes the limit. Small ones make full pools easy to test. */
    uint32_t runs, workers, leases, odd, spans, watchers;
    uint32_t blocks; /* units of GC_CORE_BLOCK bytes: states of items in flight, tables of blocks and pages */
    uint32_t pages;  /* of GC_CORE_PAGE bytes: names, shapes and plans of live runs */
    uint32_t deltas; /* states of reducers that wait to be merged */
    uint64_t seed;   /* of the hash maps */
};

/* Bytes of arena that such a core needs. Memory is touched as it is used: map it without reserving. */
size_t gc_core_size(const struct gc_core_config *config);

/* Everything of the core lies in the arena; there is nothing to destroy. GC_ERR_NOMEM: the arena is too small. */
enum gc_err gc_core_init(struct gc_arena *arena, const struct gc_core_config *config,
                         struct gc_core **ret) GC_MUST_CHECK;

/* Never fails: what a peer does wrong is answered to the peer; what is full answers "busy". */
struct gc_effects gc_core_step(struct gc_core *core, const struct gc_event *event);

/* When to step with GC_EV_TIMER at the latest (monotonic ns); UINT64_MAX: never. O(1). */
uint64_t gc_core_deadline(const struct gc_core *core);

/* Whether a run that has not ended has that id; its number in *ret. O(1). */
bool gc_core_find(const struct gc_core *core, const struct gc_id128 *run, uint64_t *ret_run_no);

/* The run_no that the next submission gets if it is accepted: its programs, which the shell encodes before it steps with
 * GC_EV_SUBMIT, carry it. A submission that is refused, or was there already, uses none up. O(1). */
uint64_t gc_core_next_run(const struct gc_core *core);

/* How many runs have not ended, how many workers are in a session. O(1). */
uint32_t gc_core_live_runs(const struct gc_core *core);
uint32_t gc_core_live_workers(const struct gc_core *core);

/* Derives every counter, list and heap again from the states of the items and asserts that they agree. Linear: for tests, the
 * simulator, and a debug option. */
void gc_core_check(const struct gc_core *core);

#endif
