/* inside.h - a simulated worker's state, shared by the files that make it up: worker.c (things, lister, agent, life), executor.c and
 * scan.c. */
#ifndef GC_SIM_INSIDE_H
#define GC_SIM_INSIDE_H

#include "proto/values.h"
#include "tests/sim/world.h"
#include "worker/agent/agent.h"

#define SLOTS_MAX   4u
#define STATE_BYTES 16u /* of a reducer: count, sum */
#define CHUNK_ROOM  (256u * 1024u)

/* Something pulled: a decoded program, a page's items, a cursor, or states or results in order. */
struct thing {
    struct thing *next;
    uint64_t name;
    enum gc_get_what what;
    uint64_t stage;
    const struct sim_job *job;
    struct gc_program program;
    void *memory; /* of the program's parts, or the bytes */
    size_t len;
    uint32_t n_states;
    bool dropped;
};

struct chunk {
    struct chunk *next;
    uint64_t name;
    uint8_t *bytes;
    struct gc_delta deltas[GC_MAX_STAGE_NODES];
    struct gc_msg_pages listed; /* a lister's chunk: stays until it is freed, as all that it points to */
    struct gc_page pages[GC_PAGES_A_MESSAGE];
    uint8_t cursor[8];
    uint8_t digest[32];
};

struct slot {
    bool busy;
    struct gc_agent_slice slice;
    struct gc_given given[GC_MAX_STAGE_NODES]; /* the slice's, which live in the agent */
    uint64_t at;                               /* next item not handed in */
    uint64_t until; /* where the segment under way ends (a chunk), or the item that ends the executor */
    bool dies;
    uint64_t node;
    uint32_t cause;
    uint64_t generation; /* raised with each segment: an old happening is not for this one */
};

struct listing {
    uint64_t list; /* 0: none */
    struct gc_agent_list what;
    uint64_t at; /* next item */
    uint64_t page, left;
};

struct sim_worker {
    uint32_t index;
    bool alive;
    uint64_t life, paused_until;
    void *memory;
    struct gc_agent *agent;
    struct gc_id128 id;
    uint32_t n_slots;
    struct slot slots[SLOTS_MAX];
    struct listing lists[GC_AGENT_LISTS];
    struct thing *things;
    struct chunk *chunks;
    uint64_t next_chunk;
    uint64_t timer_at;
    struct gc_status_writer writer;
};

/* worker.c */
struct thing *sim_thing_at(struct sim_worker *k, uint64_t name); /* NULL: there is none */
struct chunk *sim_chunk_new(struct sim_worker *k);
void sim_worker_step(struct sim_world *w, struct sim_worker *k, const struct gc_agent_event *event);
struct gc_agent_event sim_worker_event(const struct sim_world *w, enum gc_agent_event_kind kind);

/* scan.c: what a scanning reducer makes of the results kept. */
void sim_scan(const struct thing *results, const struct gc_program *program, uint64_t *ret_count,
              uint64_t *ret_digest);

/* executor.c */
void sim_executor_start(struct sim_world *w, struct sim_worker *k, const struct gc_agent_slice *slice);
void sim_executor_kill(struct sim_world *w, struct sim_worker *k, uint32_t index, uint64_t slice);

#endif
