/* worker.h - sessions of workers: beats, credit, and how they end.
 *
 * A worker is known by its id, one session at a time; its connection may come and go within a session. What is not renewed by a
 * beat (or HELLO) for GC_LEASE_NS of the coordinator's own running time is lost, with all it held.
 * Invariants: a worker is in the heap of expiry; it is in the list of the hungry exactly if it is connected, does not drain and
 * holds fewer than GC_LEASES_A_SLOT x slots leases, in the first list while it holds fewer than its slots.
 */
#ifndef GC_CORE_WORKER_H
#define GC_CORE_WORKER_H

#include "common/heap.h"
#include "common/list.h"
#include "common/map.h"
#include "common/pool.h"
#include "coordinator/core/core.h"

struct core_lease;

#define CORE_HUNGERS 2u
#define CORE_LEAVING 2u /* the list of those that drain and hold nothing more */
#define CORE_SATED   3u /* in none */

struct core_worker {
    struct gc_id128 id;
    struct gc_id128 boot;
    struct gc_id128
        displaced; /* the life before it: one that comes back is a copy that lives, not a restart */
    gc_peer peer;  /* 0: its connection is gone */
    uint32_t slots;
    bool draining;
    bool stored;      /* the store knows that it may hold leases */
    uint64_t beats;   /* since the session began */
    uint64_t beat_ns; /* when the last one came */
    uint64_t expires; /* core_clock */
    size_t expires_at;
    uint64_t rss;
    uint64_t done;
    struct gc_list leases;
    struct gc_link hungry;
    uint32_t hunger; /* in which list */
    bool idle;       /* counted as such */
    uint32_t name_len;
    uint32_t version_len;
    uint8_t name[GC_MAX_NAME];
    uint8_t version[GC_MAX_NAME];
    uint32_t n_running; /* as of its last beat */
    struct gc_running running[GC_MAX_SLOTS];
};

struct core_workers {
    struct gc_pool pool;
    struct gc_map by_peer; /* handle */
    struct gc_map by_id;   /* hash of the id -> handle */
    struct gc_heap expiry;
    struct gc_list hungry[CORE_HUNGERS + 1]; /* the last: the leaving */
    uint64_t seed;
    uint32_t connected; /* and not draining */
    uint64_t slots;     /* of those */
    uint32_t idle;      /* of those: that hold nothing */
};

enum gc_err core_workers_init(struct gc_core *core, struct gc_arena *arena, uint32_t workers,
                              uint64_t seed) GC_MUST_CHECK;

struct core_worker *core_worker_by_peer(const struct gc_core *core, gc_peer peer);
struct core_worker *core_worker_by_id(const struct gc_core *core, const struct gc_id128 *id);
uint64_t core_worker_handle(const struct gc_core *core, const struct core_worker *worker);
struct gc_bytes core_worker_name(const struct core_worker *worker);

/* GC_ERR_BUSY: no room (or, once in 2^64, another worker's id has the same hash). */
enum gc_err core_worker_new(struct gc_core *core, const struct gc_id128 *id,
                            struct core_worker **ret) GC_MUST_CHECK;
/* Takes a connection over for it (0: none); an older one of it is forgotten. */
void core_worker_connect(struct gc_core *core, struct core_worker *worker, gc_peer peer, uint32_t slots);
/* It gets nothing more; what it holds goes on. */
void core_worker_drain(struct gc_core *core, struct core_worker *worker, bool draining);
/* The store is to know whether it may hold leases. */
void core_worker_store(struct gc_core *core, struct core_worker *worker, bool holds);
/* Call after the number of its leases, its slots or its connection have changed. */
void core_worker_touch(struct gc_core *core, struct core_worker *worker);
/* A beat or HELLO: it lives. */
void core_worker_renew(struct gc_core *core, struct core_worker *worker);
/* The list it belongs into. */
uint32_t core_worker_hunger(const struct core_worker *worker);
bool core_worker_serves(const struct core_worker *worker); /* connected and not draining */
/* Who is served next: the hungriest that waited longest. NULL: nobody. */
struct core_worker *core_worker_next(const struct gc_core *core);
/* Another hungry one than `not`; looks at a few. */
struct core_worker *core_worker_other(const struct gc_core *core, uint64_t not );

/* Suspects what it was running by its last beat. */
void core_worker_suspect(struct gc_core *core, struct core_worker *worker);
/* The session is over: leases that are left go back. */
void core_worker_close(struct gc_core *core, struct core_worker *worker);
/* One of those that have been silent too long, if there is one: at most one a step. */
void core_worker_expire(struct gc_core *core);
/* When the next one expires, on the clock of events. */
uint64_t core_worker_deadline(const struct gc_core *core);

void core_worker_beat(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);
void core_worker_bye(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);
/* Draining ones that hold nothing more go, unsuspected. */
void core_worker_leave(struct gc_core *core);
void core_worker_list(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);

#endif
