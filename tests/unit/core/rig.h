/* rig.h - drives gc_core_step with events and looks at every effect: a step is refused while an effect of the one before it is not
 * explained. After each step gc_core_check runs.
 *
 * A rig is one core, a clock and fake peers: workers are peers 1, 2 ... (rig_hello), clients whatever a test names. The expect_
 * functions take the effects in their order and fail the test where it is another one. The pointers they return are good until the
 * next step.
 */
#ifndef RIG_H
#define RIG_H

#include <check.h>

#include "coordinator/core/core.h"

#define RIG_BULK (512u * 1024u)
#define CLIENT   1000u /* a peer */

struct rig {
    struct gc_core *core;
    void *memory;
    size_t size;
    uint64_t now;
    uint64_t seq;
    uint64_t term;
    struct gc_effects effects;
    uint32_t seen;
    struct rig_log *log; /* commits go here too, where it is set */
    uint8_t bulk[RIG_BULK];
};

/* ---- the core ---- */

/* Opened (GC_EV_RECOVERED) unless `closed`. */
void rig_make(struct rig *rig, struct gc_core_config config, bool closed);
void rig_end(struct rig *rig);
void rig_step(struct rig *rig, struct gc_event event);
void rig_message(struct rig *rig, gc_peer peer, struct gc_msg *msg);
/* Time passes; one timer event. */
void rig_wait(struct rig *rig, uint64_t ns);
/* Steps as long as the core wants at once, without any effect. */
void rig_settle(struct rig *rig);

/* ---- plans: stage 0 lists (unless `source` is false), the next is an ITEM stage of `nodes` nodes in a chain, then `reducers`, then
 * as many REDUCE stages that scan, then with `beside` another ITEM stage of one node ---- */

struct rig_shape {
    bool source;
    uint32_t nodes;
    uint32_t reducers;
    uint32_t scanners;
    bool beside;
    uint64_t retries, suspicions;
    uint64_t max_bad, max_bad_ppm; /* of each node; 0: any */
    uint64_t priority;
};
#define RIG_NODES 70u
struct rig_plan {
    struct gc_job job;
    struct gc_plan plan;
    struct gc_plan_node nodes[RIG_NODES];
    struct gc_plan_stage stages[RIG_NODES];
    uint64_t sets[9][RIG_NODES];
};
void rig_plan(struct rig_plan *box, struct rig_shape shape);
struct gc_id128 rig_id(uint64_t n);

void rig_submit(struct rig *rig, uint64_t id, struct rig_plan *box, bool paused);
/* Submits and takes the two effects. */
void rig_run(struct rig *rig, uint64_t id, struct rig_shape shape);

/* ---- workers ---- */

struct rig_held {
    const struct gc_held *list;
    uint32_t n;
};
/* Worker number `worker`, life `boot`, from that peer. */
void rig_hello(struct rig *rig, gc_peer peer, uint64_t worker, uint64_t boot, uint64_t slots,
               struct rig_held held);
/* The same, for one that holds nothing, and takes the WELCOME. */
void rig_join(struct rig *rig, gc_peer worker, uint64_t slots);
void rig_beat(struct rig *rig, gc_peer peer, const uint64_t *leases, uint32_t n,
              const struct gc_running *running, uint32_t n_running);

/* What a worker remembers of a LEASE. */
struct rig_lease {
    uint64_t id, run_no, stage, kind, first, count, page, page_first, attempt, want, scan;
    bool alone;
    uint32_t n_given, n_deltas;
    struct gc_given given[4];
    uint64_t deltas[GC_MERGE_INPUTS];
};

/* PAGES with `n` pages of `items` each, from `first` on. */
void rig_pages(struct rig *rig, gc_peer peer, const struct rig_lease *lease, uint64_t first, uint32_t n,
               uint64_t items, bool ended, bool last);
/* RESULT of ITEMS: every node of every item has that outcome (`nodes`: of the stage); failed ones are `damaged`. */
struct rig_result {
    uint64_t first, count;
    uint32_t nodes;
    uint32_t reducers;
    enum gc_outcome outcome;
    uint64_t busy_ns;
    const uint8_t *pattern; /* instead: an outcome a node */
};
void rig_result(struct rig *rig, gc_peer peer, const struct rig_lease *lease, struct rig_result result);
/* The message of such a result, to be spoilt and sent by rig_message. */
struct gc_msg rig_result_msg(struct rig *rig, const struct rig_lease *lease, struct rig_result result);
void rig_merged(struct rig *rig, gc_peer peer, const struct rig_lease *lease);
/* With a state if it is done, unless the lease is a scan. */
void rig_finished(struct rig *rig, gc_peer peer, const struct rig_lease *lease, enum gc_outcome outcome);
void rig_fault(struct rig *rig, gc_peer peer, const struct rig_lease *lease, uint64_t item, uint64_t node,
               uint64_t cause);
void rig_recalled(struct rig *rig, gc_peer peer, uint64_t lease, uint64_t from);

/* ---- clients ---- */

void rig_control(struct rig *rig, uint64_t id, enum gc_action action);
void rig_show(struct rig *rig, gc_peer peer, uint64_t id, bool watch);

/* ---- effects ---- */

#define expect_none(rig)               rig_expect_none((rig), __FILE__, __LINE__)
#define expect_send(rig, peer, type)   rig_expect_send((rig), (peer), (type), __FILE__, __LINE__)
#define expect_commit(rig, kind)       rig_expect_commit((rig), (kind), __FILE__, __LINE__)
#define expect_lease(rig, peer)        rig_expect_lease((rig), (peer), __FILE__, __LINE__)
#define expect_ack(rig, peer, verdict) rig_expect_ack((rig), (peer), (verdict), __FILE__, __LINE__)
#define expect_error(rig, peer, code)  rig_expect_error((rig), (peer), (code), __FILE__, __LINE__)
#define expect_read(rig, peer)         rig_expect_read((rig), (peer), __FILE__, __LINE__)
#define expect_text(found, wanted)     rig_expect_text((found), (wanted), __FILE__, __LINE__)

void rig_expect_none(struct rig *rig, const char *file, int line);
const struct gc_msg *rig_expect_send(struct rig *rig, gc_peer peer, enum gc_msg_type type, const char *file,
                                     int line);
const struct gc_commit *rig_expect_commit(struct rig *rig, enum gc_commit_kind kind, const char *file,
                                          int line);
struct rig_lease rig_expect_lease(struct rig *rig, gc_peer peer, const char *file, int line);
void rig_expect_ack(struct rig *rig, gc_peer peer, enum gc_verdict verdict, const char *file, int line);
void rig_expect_error(struct rig *rig, gc_peer peer, enum gc_err code, const char *file, int line);
void rig_expect_read(struct rig *rig, gc_peer peer, const char *file, int line);
/* Of an effect that was taken: its text, which no zero ends. */
void rig_expect_text(struct gc_bytes found, const char *wanted, const char *file, int line);
/* The next effect, whatever it is; NULL at the end. */
const struct gc_effect *rig_next(struct rig *rig);
/* Whether the next effect is a message of that type to that peer; it stays the next. */
bool rig_is_next(const struct rig *rig, gc_peer peer, enum gc_msg_type type);
void rig_skip(struct rig *rig);
struct rig_lease rig_lease_of(const struct gc_msg *msg);
/* RUN_INFO by SHOW: a node's info. */
struct gc_node_info rig_node(struct rig *rig, uint64_t id, uint32_t node);
struct gc_msg_run_info rig_info(struct rig *rig, uint64_t id);

/* ---- commits kept, and given to another core ---- */

struct rig_log *rig_log_new(void);
void rig_log_free(struct rig_log *log);
void rig_log_add(struct rig_log *log, const struct gc_commit *commit);
/* Feeds all of it to a closed rig; the caller opens it. */
void rig_log_replay(const struct rig_log *log, struct rig *rig);
void rig_open(struct rig *rig);

#endif
