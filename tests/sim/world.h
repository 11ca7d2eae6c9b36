/* world.h - the inside of a world: its heap of happenings, its parties, and what connects them. */
#ifndef GC_SIM_WORLD_H
#define GC_SIM_WORLD_H

#include "tests/sim/jobs.h"

struct sim_worker; /* worker.c */

/* What a party says before it is on the wire. */
struct sim_saying {
    gc_peer peer;
    uint8_t *bytes;
    size_t frame, bulk;
};

/* A step's effects, waiting for the disk. */
struct sim_unit {
    struct sim_unit *next;
    uint32_t n_commits, n_sayings;
    struct gc_commit *commits; /* deep copies, in the disk's memory */
    struct sim_saying *sayings;
};

/* A connection, as the coordinator's shell sees it. */
struct sim_peer {
    uint32_t party;
    uint64_t life; /* of that party */
    enum gc_role role;
};
#define SIM_PEERS 4096u

struct sim_coordinator {
    bool alive;
    uint64_t life; /* raised at each start */
    void *memory;  /* of the core's arena */
    size_t memory_size;
    struct gc_core *core;
    uint64_t term, seq;
    struct sim_peer peers[SIM_PEERS]; /* index is the gc_peer; 0 is nobody */
    uint32_t n_peers;
    struct sim_unit *queue, **queue_end; /* waiting */
    struct sim_unit *flight;             /* under way on the disk */
    bool flying;
    bool full; /* the disk */
    uint64_t timer_at;
    uint64_t paused_until;
};

struct sim_client {
    bool alive;
    uint64_t life;
    uint64_t seq;
    uint64_t session;
    bool welcome;
    bool ended[SIM_RUNS_MAX];
};

struct sim_world {
    struct sim_options options;
    struct sim_rng rng;
    struct sim_faults faults;
    struct sim_counters *counters;
    struct sim_mem *mem;
    uint64_t now_ns;
    uint64_t order;
    uint64_t steps;
    uint64_t trace;
    bool healed;
    bool wrong; /* something was found; the text is on stderr */

    struct sim_happening **heap;
    size_t n_heap, heap_capacity;

    struct gc_codec *codec; /* one is enough: decoded structs are used before the next decode */
    struct sim_disk disk;
    struct sim_coordinator coordinator;
    struct sim_worker *workers[SIM_WORKERS_MAX];
    uint32_t n_workers;
    struct sim_client client;
    struct sim_job jobs[SIM_RUNS_MAX];
    uint32_t n_jobs;
};

/* heap */
struct sim_happening *sim_will(struct sim_world *w, uint64_t at_ns, enum sim_kind kind, uint32_t party,
                               uint64_t life);
struct sim_happening *sim_next(struct sim_world *w); /* the caller frees it with sim_forget */
void sim_forget(struct sim_happening *h);

/* Mixes what happened into the trace hash. */
void sim_note(struct sim_world *w, uint64_t what, uint64_t a, uint64_t b);

/* The network: encodes a message (header filled by the caller) and sends it from one party to another, with all that may happen to
 * it. `to_life`: of the receiver as the sender knows it; 0: whoever is there then. */
void sim_encode(struct sim_world *w, const struct gc_msg *msg, struct sim_saying *ret);
void sim_post(struct sim_world *w, struct sim_saying s, uint32_t from, uint64_t from_life, uint32_t to,
              uint64_t to_life);
/* Decodes what arrived. The message is good until the next decode or encode. */
bool sim_decode(struct sim_world *w, const struct sim_happening *h, struct gc_msg *ret);

/* coordinator.c */
void sim_coordinator_start(struct sim_world *w);
void sim_coordinator_crash(struct sim_world *w);
void sim_coordinator_deliver(struct sim_world *w, const struct sim_happening *h);
void sim_coordinator_timer(struct sim_world *w);
void sim_coordinator_committed(struct sim_world *w);
void sim_coordinator_disk(struct sim_world *w, bool full);
bool sim_coordinator_read_back(struct sim_world *w); /* the store read back equals memory */
void sim_coordinator_release(struct sim_world *w);

/* worker.c */
struct sim_worker *sim_worker_new(struct sim_world *w, uint32_t index);
void sim_worker_destroy(struct sim_worker **self_p);
void sim_worker_start(struct sim_world *w, uint32_t index);
void sim_worker_crash(struct sim_world *w, uint32_t index);
void sim_worker_deliver(struct sim_world *w, uint32_t index, const struct sim_happening *h);
void sim_worker_timer(struct sim_world *w, uint32_t index);
void sim_worker_executor(struct sim_world *w, uint32_t index, uint64_t slot, uint64_t generation);
void sim_worker_happens(struct sim_world *w, uint32_t index, const struct sim_happening *h); /* SIM_LISTER */
void sim_worker_kill_executor(struct sim_world *w, uint32_t index);
void sim_worker_pause(struct sim_world *w, uint32_t index, uint64_t until_ns);
bool sim_worker_alive(const struct sim_worker *k);
uint64_t sim_worker_life(const struct sim_worker *k);
uint64_t sim_worker_paused_until(const struct sim_worker *k);

/* client.c */
void sim_client_start(struct sim_world *w);
void sim_client_crash(struct sim_world *w);
void sim_client_deliver(struct sim_world *w, const struct sim_happening *h);
void sim_client_act(struct sim_world *w);
bool sim_client_done(const struct sim_world *w);

#endif
