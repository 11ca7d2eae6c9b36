/* state.h - what an agent is made of. Seen inside worker/agent only.
 *
 * Ownership: a lease owns its spans, its results and its list of given-up nodes; slots and results name their lease by handle.
 * A lease lives while anything of it is still to do, runs, or waits for an acknowledgement; lease_settle ends it.
 */
#ifndef GC_AGENT_STATE_H
#define GC_AGENT_STATE_H

#include "common/assert.h"
#include "common/list.h"
#include "common/map.h"
#include "common/num.h"
#include "common/pool.h"
#include "worker/agent/agent.h"

#define AGENT_GONE  256u /* leases that ended: what comes late for them is not taken for new */
#define AGENT_CACHE 32u  /* things kept though no lease needs them */
#define AGENT_UNBLAMED_MAX \
    3u /* executors that may end under a lease without a word before its first item is blamed */

/* Items [first, first + count) of a lease, still to do. `cap`: items of one slice at most. */
struct agent_span {
    struct gc_link link; /* lease.spans, ascending */
    uint64_t first;
    uint64_t count;
    uint64_t cap;
};

/* Nodes given up in earlier attempts, with their texts. */
struct agent_given {
    uint32_t n;
    struct gc_given rows[GC_MAX_STAGE_NODES];
    uint8_t texts[GC_MAX_STAGE_NODES][GC_MAX_TEXT];
};

struct agent_lease {
    struct gc_link link;  /* agent.leases, in the order in which they came */
    struct gc_link queue; /* agent.queue, while something is to do */
    uint64_t handle;
    uint64_t term;
    uint64_t id;
    uint64_t run_no;
    uint64_t stage;
    enum gc_lease_kind kind;
    uint64_t first; /* as LEASE has it: of LIST the number of the next item */
    uint64_t count; /* of LIST pages */
    uint64_t page_first;
    uint64_t want;
    uint64_t attempt;
    bool alone;
    uint64_t given;   /* handle of an agent_given, or none */
    uint64_t program; /* things */
    uint64_t input;
    struct gc_list spans;
    uint64_t todo;         /* items in the spans */
    uint32_t slices;       /* under way */
    uint32_t results;      /* that wait for their acknowledgement, faults too */
    uint32_t unblamed;     /* slices that ended without a word, one after the other */
    uint64_t list;         /* LIST: its name while the lister works on it; 0: it does not */
    struct gc_list parked; /* LIST: pages that wait for the ones before them */
};

enum agent_slot_state { AGENT_IDLE, AGENT_BUSY, AGENT_KILLED };

struct agent_slot {
    enum agent_slot_state state;
    uint64_t slice;
    uint64_t lease; /* BUSY */
    uint64_t next;  /* first item not handed in */
    uint64_t end;
    uint64_t cap;  /* of the span it was cut from */
    uint64_t item; /* where its executor was when the shell last said so; GC_UNSET */
};

enum agent_result_kind { AGENT_CHUNK, AGENT_FAULT, AGENT_PAGES };

struct agent_result {
    struct gc_link link; /* agent.waiting, agent.sent, or lease.parked */
    uint64_t handle;
    uint64_t lease;
    enum agent_result_kind kind;
    bool sent;      /* it is in agent.sent */
    bool named;     /* the last HELLO told of it */
    uint64_t first; /* FAULT: the item */
    uint64_t count; /* FAULT: 1; PAGES: 0 */
    uint64_t sent_ns;
    uint64_t seq; /* of its first sending in this session */
    uint64_t seq_last;
    struct gc_agent_chunk chunk; /* CHUNK; PAGES: chunk and bulk alone */
    struct gc_delta deltas[GC_MAX_STAGE_NODES];
    const struct gc_msg_pages *pages;
    uint64_t node; /* FAULT */
    uint32_t cause;
    uint32_t text_len;
    uint8_t text[GC_MAX_TEXT];
};

enum agent_thing_state {
    AGENT_ASKED,   /* GET is out */
    AGENT_DERIVED, /* a page that is a reference: waits for its source's program */
    AGENT_KEPT,    /* the shell has it, or a part of results, and makes it usable */
    AGENT_READY,
};

struct agent_thing {
    struct gc_link link; /* by state and use: agent.asked, agent.derived, agent.spare; or none */
    struct gc_link all;  /* agent.things */
    uint64_t handle;
    enum agent_thing_state state;
    enum gc_get_what what;
    uint64_t run_no;
    uint64_t stage;
    uint64_t index; /* RESULTS: of the part that is missing; GC_UNSET: none is */
    uint32_t refs;
    bool told; /* the shell has heard of it */
    bool lost; /* it cannot be had: not to be shared with another lease */
    uint64_t asked_ns;
    uint64_t seq_first; /* of the GETs for what is missing */
    uint64_t seq_last;
    uint64_t program; /* DERIVED and after: the source's program */
    struct gc_page page;
    uint8_t digest[32];
    struct gc_msg_data data; /* what the KEEP of a reference points to */
    uint32_t n_ids;          /* DELTAS */
    uint32_t got;
    uint64_t ids[GC_MERGE_INPUTS];
};

/* A row of the last HELLO, to read the verdict on it by. */
struct agent_row {
    uint64_t result; /* handle; none: work */
    uint64_t lease;
    uint64_t first;
    uint64_t count;
};

struct gc_agent {
    struct gc_agent_config config;
    uint64_t now_ns;

    /* session */
    bool greeted; /* a HELLO was said */
    bool joined;
    bool exited;
    bool draining;
    uint64_t drain_ns;
    uint64_t term;
    uint64_t session;
    uint64_t seq;
    uint64_t hello_seq;
    uint64_t hello_ns;
    uint64_t heard_ns; /* the coordinator's last word */
    uint64_t beat_ns;  /* how often */
    uint64_t beat_due_ns;
    uint64_t beat_sent_ns;
    uint64_t acked_ns; /* when the last acknowledged beat (or HELLO) was sent; 0: there is none */
    uint64_t fence_after_ns;
    uint64_t window;
    uint64_t rss;
    uint32_t n_rows;
    struct agent_row *rows; /* GC_MAX_INVENTORY each */
    struct gc_held *held;
    uint64_t *beat_leases;
    struct gc_running *beat_running; /* slots */

    /* work */
    struct gc_pool lease_pool;
    struct gc_pool span_pool;
    struct gc_pool given_pool;
    struct gc_pool result_pool;
    struct gc_pool thing_pool;
    struct gc_map lease_ids; /* id -> handle */
    struct gc_list leases;
    struct gc_list queue;
    struct gc_list waiting; /* results not sent in this session */
    struct gc_list sent;    /* oldest sending first */
    struct gc_list things;
    struct gc_list asked; /* oldest GET first */
    struct gc_list derived;
    struct gc_list spare; /* READY, needed by nobody, longest unused first */
    struct agent_slot *slots;
    uint32_t idle;
    uint32_t listing;
    uint64_t last_slice;
    uint64_t last_list;
    uint64_t hold_ns;      /* no slice begins before: something of the machine failed */
    uint64_t hold_step_ns; /* how long the next hold is */
    uint64_t gone[AGENT_GONE];
    uint32_t gone_at;

    struct gc_agent_effect *effects;
    uint32_t n_effects;
    uint32_t max_effects;
};

/* fx.c */
struct gc_agent_effect *fx_add(struct gc_agent *a, enum gc_agent_effect_kind kind);
/* A message with its header filled; the caller fills the rest. */
struct gc_msg *fx_send(struct gc_agent *a, enum gc_msg_type type);
void fx_free(struct gc_agent *a, uint64_t chunk);

/* session.c: HELLO, WELCOME, beats, fence, drain */
void session_hello(struct gc_agent *a);
void session_leave(struct gc_agent *a); /* the session is over: what was sent is unsent */
void session_welcome(struct gc_agent *a, const struct gc_msg *msg);
void session_beat_ack(struct gc_agent *a, const struct gc_msg_beat_ack *ack);
void session_drain(struct gc_agent *a);
void session_fence(struct gc_agent *a); /* before anything else of a step */
void session_turn(struct gc_agent *a);  /* what is due: HELLO, BEAT, EXIT */
uint64_t session_deadline(const struct gc_agent *a);

/* inventory.c: what a HELLO tells, and what is done with the verdicts */
void inventory_fill(struct gc_agent *a, struct gc_msg_hello *hello);
void inventory_judge(struct gc_agent *a, const uint64_t *verdicts);

/* thing.c */
/* A reference to the thing of that name, asked for where it is not there. Deltas, cursors and results are never shared. NULL: no
 * room. */
struct agent_thing *thing_take(struct gc_agent *a, enum gc_get_what what, uint64_t run_no, uint64_t stage,
                               uint64_t index);
struct agent_thing *thing_take_deltas(struct gc_agent *a, uint64_t run_no, uint64_t stage,
                                      const uint64_t *ids, uint32_t n);
void thing_release(struct gc_agent *a, uint64_t handle);     /* none is fine */
bool thing_ready(const struct gc_agent *a, uint64_t handle); /* none is ready */
void thing_data(struct gc_agent *a, const struct gc_msg *msg);
void thing_error(struct gc_agent *a, const struct gc_msg *msg);
void thing_kept(struct gc_agent *a, uint64_t handle, enum gc_err err, struct gc_bytes text);
void thing_ask_again(struct gc_agent *a); /* all that is asked for: a new session */
void thing_turn(struct gc_agent *a);      /* resends what is due */

/* lease.c */
void lease_come(struct gc_agent *a, const struct gc_msg *msg);
struct agent_lease *lease_by_id(const struct gc_agent *a, uint64_t id);
void lease_cancel(struct gc_agent *a, struct agent_lease *l); /* everything of it, results too */
void lease_recall(struct gc_agent *a,
                  struct agent_lease *l); /* gives back the suffix that has not started, and says so */
/* Work in [first, first + count) is dropped, results made since the last HELLO with it. */
void lease_cut(struct gc_agent *a, struct agent_lease *l, uint64_t first, uint64_t count);
void lease_drop_work(struct gc_agent *a, struct agent_lease *l); /* what waits for an acknowledgement stays */
/* Of leases that need it. `why`: what to tell where the fault is this worker's; empty: the coordinator has it no longer. */
void lease_lost_thing(struct gc_agent *a, uint64_t thing, struct gc_bytes why);
bool lease_settle(struct gc_agent *a,
                  struct agent_lease *l);         /* ends it when nothing is left of it; true: it is gone */
void lease_gone(struct gc_agent *a, uint64_t id); /* that id is not to be taken for new */

/* span.c */
void span_add(struct gc_agent *a, struct agent_lease *l, uint64_t first, uint64_t count, uint64_t cap);
void span_cut(struct gc_agent *a, struct agent_lease *l, uint64_t first, uint64_t end);
void span_clear(struct gc_agent *a, struct agent_lease *l);
/* The first `most` items of the first span, as far as they are to be one slice. */
struct agent_span span_take(struct gc_agent *a, struct agent_lease *l, uint64_t most);

/* slot.c */
void slot_hand_out(struct gc_agent *a);
void slot_kill(struct gc_agent *a, struct agent_slot *s);
void slot_chunk(struct gc_agent *a, uint32_t slot, uint64_t slice, const struct gc_agent_chunk *chunk);
void slot_fault(struct gc_agent *a, const struct gc_agent_event *event);
void slot_stopped(struct gc_agent *a, uint32_t slot, uint64_t slice);

/* list.c */
void list_start(struct gc_agent *a, struct agent_lease *l);
void list_stop(struct gc_agent *a, struct agent_lease *l);
void list_pages(struct gc_agent *a, uint64_t list, uint64_t chunk, const struct gc_msg_pages *pages,
                struct gc_bytes bulk);
void list_failed(struct gc_agent *a, uint64_t list, uint32_t cause, struct gc_bytes text);

/* result.c */
struct agent_result *result_new(struct gc_agent *a, struct agent_lease *l,
                                enum agent_result_kind kind); /* NULL: no room */
void result_queue(struct gc_agent *a, struct agent_result *r);
/* False: no room for it. */
bool result_fault(struct gc_agent *a, struct agent_lease *l, uint64_t item, uint64_t node, uint32_t cause,
                  struct gc_bytes text);
void result_release(struct gc_agent *a, struct agent_result *r); /* does not settle its lease */
void result_drop_all(struct gc_agent *a, struct agent_lease *l, bool unnamed_only, uint64_t first,
                     uint64_t end);
void result_ack(struct gc_agent *a, const struct gc_msg *msg);
/* The coordinator says that one that we sent is wrong. False: it was none that we know. */
bool result_error(struct gc_agent *a, const struct gc_msg *msg);
void result_again(struct gc_agent *a, struct agent_result *r); /* refused whole: its items are to do again */
void result_unsend_all(struct gc_agent *a);
void result_turn(struct gc_agent *a); /* sends what the window allows, resends what is due */

static inline struct agent_lease *lease_at(const struct gc_agent *a, uint64_t handle)
{
    struct agent_lease *l = gc_pool_at(&a->lease_pool, handle);
    GC_ASSERT(l != NULL);
    return l;
}

static inline uint64_t lease_end(const struct agent_lease *l)
{
    return l->kind == GC_LEASE_ITEMS ? l->first + l->count : 1;
}

#endif
