/* commit.h - what the core tells the store to make durable, and what the store tells the core when it starts.
 *
 * The commits of one step are one transaction: all or nothing. Order inside a step is the order of the list. The same structs
 * come back at a start (GC_EV_RECOVER), runs first, then what belongs to them; a store may fold several into fewer as long as
 * replaying them gives the same state.
 *
 * Pointers are borrowed: from the event that caused the commit or from the core, until the next step. Whoever needs them longer
 * copies (the shell hands the whole event over with them).
 */
#ifndef GC_CORE_COMMIT_H
#define GC_CORE_COMMIT_H

#include "proto/message.h"
#include "proto/status.h"

enum gc_commit_kind {
    GC_COMMIT_NONE,
    GC_COMMIT_RUN,       /* a run is there: the answer to its submit waits for this */
    GC_COMMIT_RUN_STATE, /* its state changed */
    GC_COMMIT_PAGES,     /* more items are listed */
    GC_COMMIT_BATCH,    /* outcomes and values of a contiguous range, with the deltas of exactly that range */
    GC_COMMIT_MERGED,   /* states consumed, one state made */
    GC_COMMIT_ODD,      /* an item has a history: attempts, suspicions, nodes given up */
    GC_COMMIT_FRONTIER, /* no item at or above it was ever leased */
    GC_COMMIT_WORKER,   /* a worker that may hold leases */
};

struct gc_commit_run {
    uint64_t run_no;
    struct gc_id128 run;
    uint64_t state;
    uint64_t created_ns; /* wall clock */
    const struct gc_job *job;
    const struct gc_plan *plan; /* on recovery: decoded from what was stored */
};

struct gc_commit_run_state {
    uint64_t run_no;
    uint64_t state;
    struct gc_bytes text;
    uint64_t started_ns; /* wall clock */
    uint64_t ended_ns;
    uint64_t active_ns;
    uint64_t pixels;
    uint64_t refused;
    /* When the state has ended: the account that answers SHOW from then on. Else none. */
    uint32_t n_nodes;
    const struct gc_node_info *nodes;
    uint32_t n_sources;
    const struct gc_source_info *sources;
};

struct gc_commit_pages {
    uint64_t run_no;
    uint64_t stage;
    uint64_t index; /* of the first page */
    uint32_t n_pages;
    const struct gc_page *pages;
    struct gc_bytes blocks; /* of the inlined ones, one after the other; on recovery: not read */
    uint32_t n_named;
    const uint64_t *named; /* nodes whose outputs' names are looked at */
    struct gc_bytes
        names; /* for each item of the pages, for each of those, a hash (proto/names.h); on recovery: not read */
    struct gc_bytes cursor;
    bool ended;
    uint64_t left_out;
    struct gc_bytes note;
};

struct gc_commit_delta {
    uint64_t id; /* never used again within its run */
    uint64_t stage;
    uint64_t items;
    struct gc_bytes state; /* on recovery: not read */
};

struct gc_commit_batch {
    uint64_t run_no;
    uint64_t stage;
    uint64_t first;
    uint64_t count;
    uint64_t lease; /* 0: made by the core itself (nothing was left to run) */
    uint64_t busy_ns;
    uint64_t pixels;
    struct gc_bytes worker; /* name */
    struct gc_bytes status; /* proto/status.h */
    struct gc_bytes values; /* on recovery: not read */
    uint32_t n_deltas;
    const struct gc_commit_delta *deltas;
};

struct gc_commit_merged {
    uint64_t run_no;
    uint64_t stage;
    uint32_t n_inputs;
    const uint64_t *inputs;
    struct gc_commit_delta output;
};

struct gc_commit_odd {
    uint64_t run_no;
    uint64_t stage;
    uint64_t item;
    uint64_t attempts;
    uint64_t suspicions;
    /* The last lease granted when a fault or loss was counted. What that or an earlier one has to say, even after a restart, is in it
     * already, or comes from a worker that was given the item beside the one that is, and knew of no node that was given up since. */
    uint64_t counted;
    uint32_t n_given;
    const struct gc_given *given;
};

struct gc_commit_frontier {
    uint64_t run_no;
    uint64_t stage;
    uint64_t frontier;
};

struct gc_commit_worker {
    struct gc_id128 worker;
    struct gc_bytes name;
    bool holds; /* false: it said goodbye and holds nothing */
};

struct gc_commit {
    enum gc_commit_kind kind;
    union {
        struct gc_commit_run run;
        struct gc_commit_run_state run_state;
        struct gc_commit_pages pages;
        struct gc_commit_batch batch;
        struct gc_commit_merged merged;
        struct gc_commit_odd odd;
        struct gc_commit_frontier frontier;
        struct gc_commit_worker worker;
    } as;
};

#endif
