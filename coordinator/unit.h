/* unit.h - what one step wants done, owned: commits, what else the store is asked, and the messages that wait for it.
 *
 * The core's effects point into the message that caused them and into the core, and neither lives longer than the step. A unit
 * keeps the message's frames as they are (results are never copied), copies the little that lies elsewhere, and has its messages
 * encoded already. It goes from the loop to the store's thread and back; one thread has it at a time.
 */
#ifndef GC_COORDINATOR_UNIT_H
#define GC_COORDINATOR_UNIT_H

#include "common/list.h"
#include "coordinator/core/core.h"
#include "coordinator/memory.h"
#include "coordinator/parcel.h"
#include "proto/socket.h"

enum gc_errand_kind {
    GC_ERRAND_NONE,
    GC_ERRAND_ANSWER, /* `msg` of `peer` is answered from the store: GET, RESULTS, LIST_RUNS, SHOW, CONTROL */
    GC_ERRAND_LOOKUP, /* whether a run is there */
    GC_ERRAND_CATALOGUE, /* keep one */
};

/* What the store is asked besides commits. It is done after the transaction of the unit's round. */
struct gc_errand {
    enum gc_errand_kind kind;
    gc_peer peer;
    struct gc_msg msg;      /* ANSWER: without lists and texts but those copied with it */
    struct gc_id128 run;    /* LOOKUP */
    struct gc_bytes digest; /* CATALOGUE */
    struct gc_bytes bytes;
    enum gc_err err; /* what came of a LOOKUP; GC_ERR_NOT_FOUND: there is no such run */
    uint64_t run_no;
};

struct gc_unit {
    struct gc_link link;
    struct gc_frames frames;
    bool has_frames;
    struct gc_memory memory; /* what was copied */
    struct gc_mapping held;  /* a submission's memory */
    uint32_t n_commits;
    struct gc_commit *commits;
    struct gc_list parcels; /* those that must wait */
    struct gc_errand errand;
    size_t bytes; /* what it holds, for the bound of the queue */
};

struct gc_unit *gc_unit_new(void) GC_MUST_CHECK;
void gc_unit_free(struct gc_unit *unit);

/* Takes over the frames behind the effects; commits that point into them stay as they are. */
void gc_unit_hold_frames(struct gc_unit *unit, struct gc_frames *frames);
void gc_unit_hold_mapping(struct gc_unit *unit, struct gc_mapping *mapping);
/* Takes the parcel. */
void gc_unit_add_parcel(struct gc_unit *unit, struct gc_parcel *parcel);
/* Copies the commits among the effects. GC_ERR_NOMEM: the coordinator cannot go on without. */
enum gc_err gc_unit_add_commits(struct gc_unit *unit, const struct gc_effects *fx) GC_MUST_CHECK;
/* Copies the question. */
enum gc_err gc_unit_ask(struct gc_unit *unit, gc_peer peer, const struct gc_msg *msg) GC_MUST_CHECK;

#endif
