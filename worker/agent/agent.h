/* agent.h - a worker's side of the protocol as a function: gc_agent_step(agent, event) gives effects.
 *
 * Of the same shape as coordinator/core: no socket, clock, file, thread, random source or callback, and no memory but the arena's.
 * The worker's loop feeds it messages, what executors and the lister hand in, and the time; it carries out the effects in order.
 * The simulator runs the same code.
 *
 * What it keeps: the session (HELLO, terms, beats), leases and what of them is still to do, which slice of which lease each
 * executor has, *things* pulled from the coordinator (programs, pages, cursors, states), and results until they are acknowledged.
 *
 * Laws:
 *  - nothing is reported for an item that another worker may have by now: beats renew leases; when the last acknowledged beat is
 *    older than the fence (counted from when it was *sent*), work is killed and forgotten. Results already made stay: their
 *    token decides. gc_agent_fence() is the same time for whoever publishes files.
 *  - an item is in exactly one of: still to do, in a slice, in a result, in a fault, given back.
 *  - a chunk's memory is the shell's; the agent says when it is free, once.
 *  - messages may come twice, late, or out of order; each is judged by term, token and range, never by when it came.
 *
 * What it expects of the coordinator beyond messages.def:
 *  - HELLO.held may name a lease in several rows: each a range of it that is still to do here (result = 0) or that waits for its
 *    acknowledgement (result = 1, a fault being a result of one item). Together they are all that is left of the lease here.
 *  - a FAULT is answered by RESULT_ACK with its term and lease, first = its item, count = 1.
 *  - PAGES are acknowledged one message at a time, by RESULT_ACK with header.re = the seq of any sending of it.
 *  - `wanted` makes the agent run the range again in halves, so that the ended part of it comes to stand alone.
 *  - GET of a page names the stage of the lease, which reads the items; DATA then names the stage that listed them (whose program
 *    is pulled too where the page is a reference into a manifest). Of the states asked for, DATA brings the first ones, as many as
 *    fit and at least one; the rest is asked for again.
 *  - RECALLED may come unasked (a drain gives back what has not started), and BYE comes again with each beat until the end.
 *  - GET of results names the stage of LEASE.scan and where a part begins; DATA names the same `index`, and in `total` where the next
 *    part begins, above it. One part of a thing is under way at a time.
 * Of a RESULT: MERGE has values = the new state and no status; FINISH has a status of one item, values = its value, and one
 * delta, the merged state, or none where it has read results.
 *
 * Thread: one at a time.
 */
#ifndef GC_AGENT_AGENT_H
#define GC_AGENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "proto/message.h"

/* ---- what comes in ---- */

/* What an executor hands in for a contiguous part of its slice, beginning where the last chunk ended. Everything that it points to
 * is the shell's and stays until GC_AFX_FREE of `chunk`. */
struct gc_agent_chunk {
    uint64_t chunk; /* the shell's name for it; not 0 */
    uint64_t first; /* MERGE, FINISH: 0 */
    uint64_t count; /* MERGE, FINISH: 1 */
    uint64_t busy_ns;
    uint64_t pixels;
    uint64_t status; /* lengths in the bulk, as in RESULT */
    uint64_t values;
    uint32_t n_deltas;
    const struct gc_delta *deltas;
    struct gc_bytes bulk;
};

enum gc_agent_event_kind {
    GC_AEV_TIMER,   /* time has passed; also what the deadline asked for */
    GC_AEV_MESSAGE, /* from the coordinator, decoded */
    GC_AEV_CHUNK,   /* the one that reaches the slice's end ends the slice: the slot can take another */
    GC_AEV_FAULT, /* the slice is over: its executor ended, or could not be had. What it handed in before counts; the blamed item
                       leaves the lease, the rest of the slice runs again */
    GC_AEV_STOPPED, /* answers GC_AFX_KILL; nothing more comes of that slice. A slice that had ended by itself needs no answer */
    GC_AEV_THING, /* answers GC_AFX_KEEP with `last`: it can be used now (GC_OK); the shell has dropped it and wants it anew
                       (GC_ERR_CORRUPT: its bytes are not those of its digest); or it can never be used here. Of results each part is
                       answered: the next one is not asked for before */
    GC_AEV_PAGES,    /* the lister's next pages of a LIST lease */
    GC_AEV_UNLISTED, /* the lister failed: cause and text */
    GC_AEV_DRAIN,    /* end what has started, take nothing new, then GC_AFX_EXIT; again: no effect */
};

struct gc_agent_event {
    enum gc_agent_event_kind kind;
    uint64_t now_ns; /* monotonic; never falls */
    union {
        struct {
            uint32_t n; /* of slots; 0: not known */
            const uint64_t
                *items;   /* item that each executor is at (its blame slot); GC_UNSET: none. For beats */
            uint64_t rss; /* bytes, with the children */
        } timer;
        const struct gc_msg *msg;
        struct {
            uint32_t slot;
            uint64_t slice;
            struct gc_agent_chunk chunk;
        } chunk;
        struct {
            uint32_t slot;
            uint64_t slice;
            uint64_t item;        /* GC_UNSET: none is to blame */
            uint64_t node;        /* GC_UNSET: none is to blame */
            uint32_t cause;       /* timeout, crash, oom, infra */
            struct gc_bytes text; /* copied */
        } fault;
        struct {
            uint32_t slot;
            uint64_t slice;
        } stopped;
        struct {
            uint64_t thing;
            enum gc_err err;
            struct gc_bytes text; /* why it cannot be used; copied; empty: what the error says */
        } thing;
        struct {
            uint64_t list;  /* of GC_AFX_LIST */
            uint64_t chunk; /* as in gc_agent_chunk: pages, cursor, note and bulk stay until it is freed */
            const struct gc_msg_pages *pages; /* term, lease, run_no and stage are the agent's to fill */
            struct gc_bytes bulk;
        } pages;
        struct {
            uint64_t list;
            uint32_t cause;
            struct gc_bytes text;
        } unlisted;
    } as;
};

/* ---- what goes out ---- */

struct gc_agent_slice {
    uint32_t slot;
    uint64_t slice; /* never used twice */
    bool fresh;     /* in an executor that has run nothing yet */
    uint64_t term;  /* the token: for temporary names */
    uint64_t lease;
    uint64_t run_no;
    uint64_t stage;
    enum gc_lease_kind kind; /* ITEMS, MERGE, FINISH */
    uint64_t first;
    uint64_t count;
    uint64_t page_first;
    uint64_t want;
    uint64_t attempt; /* earlier attempts of these items */
    uint32_t n_given;
    const struct gc_given *given;
    uint64_t program; /* thing */
    uint64_t
        input; /* thing: the page, the states, or the results to scan; 0: the run itself is the item, or nothing to merge */
};

struct gc_agent_list {
    uint64_t list; /* not 0; never used twice */
    uint64_t run_no;
    uint64_t stage;
    uint64_t first;
    uint64_t pages;   /* at most */
    uint64_t program; /* thing */
    uint64_t cursor;  /* thing */
};

enum gc_agent_effect_kind {
    GC_AFX_SEND,  /* header and bulk are complete */
    GC_AFX_START, /* the slot is free */
    GC_AFX_KILL, /* end the slot's slice and its executor, publish nothing more of it; answered by GC_AEV_STOPPED */
    GC_AFX_KEEP, /* copy what DATA brought; the parts of a thing (states, results) come in order, `last` with the last one. Then,
                     when it can be used, GC_AEV_THING; of results, which may be more than memory holds, after each part */
    GC_AFX_DROP, /* nobody needs the thing any more; it may be one that is not usable yet, or could not be used */
    GC_AFX_LIST, /* begin a listing; its pages come one message's worth at a time, without being asked for */
    GC_AFX_LIST_STOP, /* that listing is not wanted any more; nothing of it is answered */
    GC_AFX_FREE,      /* the chunk's memory is the shell's again */
    GC_AFX_EXIT,      /* drained, or the coordinator is gone for good: the process may end */
};

struct gc_agent_effect {
    enum gc_agent_effect_kind kind;
    union {
        struct gc_msg msg;
        struct gc_agent_slice start;
        struct {
            uint32_t slot;
            uint64_t slice;
        } kill;
        struct {
            uint64_t
                thing; /* not 0; a name that was dropped may mean another thing later, with another generation */
            enum gc_get_what what;
            uint64_t run_no;
            uint64_t stage;
            uint64_t program; /* a page that is a reference: the thing that is its source's program; else 0 */
            bool last;
            const struct gc_msg_data *data;
            struct gc_bytes bulk;
        } keep;
        uint64_t drop;
        struct gc_agent_list list;
        uint64_t list_stop;
        uint64_t free;
        struct {
            bool drained; /* false: no coordinator for config.away_ns */
        } exit;
    } as;
};

/* The list lives in the agent; pointers in it are good until the next step. */
struct gc_agent_effects {
    uint32_t n;
    const struct gc_agent_effect *list;
};

struct gc_agent;

struct gc_agent_config {
    struct gc_id128 worker; /* stable */
    struct gc_id128 boot;   /* new at each start */
    struct gc_bytes name;
    struct gc_bytes version;
    struct gc_digest digest;   /* of the catalogue */
    struct gc_bytes catalogue; /* these three outlive the agent */
    uint32_t slots;            /* executors: 1 to GC_MAX_SLOTS */
    uint64_t away_ns;          /* GC_AFX_EXIT after so long without a word from the coordinator; 0: never */
    /* Capacities; 0 takes the default. Small ones make full pools easy to test. */
    uint32_t leases;  /* held, or with results that wait */
    uint32_t results; /* chunks and pages that are not acknowledged: how many the shell has at most */
    uint32_t faults;
    uint32_t spans; /* pieces of leases that are still to do */
    uint32_t things;
    uint64_t seed;
};

#define GC_AGENT_LISTS   4u   /* listings at once */
#define GC_AGENT_RESULTS 256u /* default of config.results */

/* Bytes of arena that such an agent needs; touched as used. */
size_t gc_agent_size(const struct gc_agent_config *config);

/* Everything lies in the arena; there is nothing to destroy. The first step, whatever its event, says HELLO.
 * GC_ERR_NOMEM: the arena is too small. */
enum gc_err gc_agent_init(struct gc_arena *arena, const struct gc_agent_config *config,
                          struct gc_agent **ret) GC_MUST_CHECK;

/* Never fails. What is full is not taken: the coordinator gives away what a worker does not name in its beats. */
struct gc_agent_effects gc_agent_step(struct gc_agent *agent, const struct gc_agent_event *event);

/* When to step with GC_AEV_TIMER at the latest (monotonic ns); UINT64_MAX: never. O(1). */
uint64_t gc_agent_deadline(const struct gc_agent *agent);

/* Until when (monotonic ns) what is held may be published; 0: nothing may. O(1). */
uint64_t gc_agent_fence(const struct gc_agent *agent);

/* For log lines and tests. O(1). */
bool gc_agent_joined(const struct gc_agent *agent);
uint64_t gc_agent_term(const struct gc_agent *agent);
uint32_t gc_agent_leases(const struct gc_agent *agent);
uint32_t gc_agent_results(const struct gc_agent *agent);

/* Derives every counter and list again and asserts that they agree: for tests and the simulator. */
void gc_agent_check(const struct gc_agent *agent);

#endif
