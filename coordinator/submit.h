/* submit.h - submissions while they come in, and what is made of a whole one.
 *
 * SUBMIT_BEGIN, SUBMIT_PART..., SUBMIT_END may be sent again, in whole or in part, by the same client or after a reconnect: parts
 * that are there already are passed over, and a run that is there already is answered as accepted. Each piece is decoded when it
 * comes, so that what is malformed is refused at once and named by the message that carried it; what is kept is its bytes.
 *
 * Whether a run of that id has ended is known to the store alone: BEGIN has it looked up, and END waits for that.
 * Bounds: GC_SUBMITS_OPEN at a time, GC_MAX_DOCUMENT bytes each, GC_SUBMITS_BYTES in all, forgotten GC_SUBMIT_IDLE_NS after their
 * last message. Thread: the loop's.
 */
#ifndef GC_COORDINATOR_SUBMIT_H
#define GC_COORDINATOR_SUBMIT_H

#include "common/list.h"
#include "coordinator/core/core.h"
#include "coordinator/memory.h"

#define GC_SUBMITS_OPEN   64u
#define GC_SUBMITS_BYTES  (16u * 1024u * 1024u)
#define GC_SUBMIT_IDLE_NS (60u * GC_S)

struct gc_submit_part {
    struct gc_submit_part *next;
    struct gc_bytes bytes;
};

struct gc_submission {
    struct gc_link link;
    struct gc_id128 run;
    bool dry;
    bool paused;
    bool fresh;        /* the store has no run of that id */
    uint64_t run_no;   /* it has, and this is its number; 0: it has not, or that is not known yet */
    uint64_t n_nodes;  /* that the job says it has */
    uint64_t received; /* nodes so far */
    struct gc_memory memory;
    struct gc_bytes job;
    struct gc_submit_part *parts;
    struct gc_submit_part **last;
    size_t bytes;
    uint64_t used_ns;
    gc_peer end_peer; /* SUBMIT_END came and waits for the look-up; 0: it did not */
    uint64_t end_re;
};

struct gc_submits {
    struct gc_list open; /* the one used longest ago first */
    size_t bytes;
};

/* What is to be done after a message. */
enum gc_submit_next {
    GC_SUBMIT_NOTHING,
    GC_SUBMIT_LOOKUP, /* ask the store whether the run is there; then gc_submits_looked_up */
    GC_SUBMIT_PLAN,   /* it is whole: gc_submit_plan, then gc_submits_close */
    GC_SUBMIT_THERE,  /* answer: accepted, as *ret_run_no; close what is open */
};

void gc_submits_init(struct gc_submits *s);
void gc_submits_release(struct gc_submits *s);

enum gc_err gc_submits_begin(struct gc_submits *s, const struct gc_core *core, const struct gc_msg *msg,
                             uint64_t now_ns, enum gc_submit_next *ret, struct gc_fault *f) GC_MUST_CHECK;
enum gc_err gc_submits_part(struct gc_submits *s, const struct gc_core *core, const struct gc_msg *msg,
                            uint64_t now_ns, struct gc_fault *f) GC_MUST_CHECK;
enum gc_err gc_submits_end(struct gc_submits *s, const struct gc_core *core, gc_peer peer,
                           const struct gc_msg *msg, uint64_t now_ns, enum gc_submit_next *ret,
                           struct gc_submission **ret_whole, uint64_t *ret_run_no,
                           struct gc_fault *f) GC_MUST_CHECK;

/* What the store knows: the number of the run, 0: none. *ret_waiting: the submission whose END waited for it (to be planned, or, when
 * there is a run, to be answered and closed); NULL: none did. */
void gc_submits_looked_up(struct gc_submits *s, const struct gc_id128 *run, uint64_t run_no,
                          struct gc_submission **ret_waiting);

void gc_submits_close(struct gc_submits *s, struct gc_submission *sub);
/* Forgets what nobody went on with. */
void gc_submits_tend(struct gc_submits *s, uint64_t now_ns);

/* ---- a whole one ---- */

struct gc_planned {
    struct gc_job job;
    struct gc_plan plan;      /* programs encoded */
    struct gc_bytes document; /* the plan, where it was accepted */
    bool accepted;
    uint32_t n_problems;
    struct gc_problem *problems;
    uint64_t more;
};

/* Plans it against what the fleet can do. Problems of the job are no error; GC_ERR_LIMIT, GC_ERR_NOMEM are. The plan lies in
 * *ret_memory with all it points to, itself included. */
enum gc_err gc_submit_plan(const struct gc_submission *sub, const struct gc_catalogue *catalogue,
                           uint64_t run_no, struct gc_mapping *ret_memory, const struct gc_planned **ret,
                           struct gc_fault *f) GC_MUST_CHECK;

#endif
