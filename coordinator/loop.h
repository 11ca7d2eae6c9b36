/* loop.h - the coordinator's one loop: messages, time, signals and what comes back from the store, each a step of the core.
 *
 * Law kept here (core.h asks for it): a message of a kind that is durable leaves after every commit of its own and all earlier
 * steps is on disk. A step's effects become a unit (unit.h); one with commits, or with durable messages while another is under
 * way, goes through the store's thread and its messages leave when it is back; all else leaves at once.
 *
 * Overload: while the store's queue is full nothing is read from the socket, and peers wait in their pipes. While the disk is full
 * that would silence beats, so then messages are read, and those that would queue are dropped as if lost: workers and clients send
 * again what is not answered.
 */
#ifndef GC_COORDINATOR_LOOP_H
#define GC_COORDINATOR_LOOP_H

#include "coordinator/catalogue.h"
#include "coordinator/drafts.h"
#include "coordinator/net.h"
#include "coordinator/ownworker.h"
#include "coordinator/settings.h"
#include "coordinator/store/store.h"
#include "coordinator/submit.h"
#include "coordinator/writer.h"

/* What the loop knows of runs that have not ended: whether they keep a private coordinator alive. */
struct gc_loop_run {
    uint64_t run_no;
    struct gc_id128 id;
    bool paused;
};

struct gc_loop {
    const struct gc_settings *settings;
    struct gc_store *store; /* the writer's, between gc_writer_start and _stop */
    struct gc_writer *writer;
    struct gc_net net;
    struct gc_packer packer; /* its codec decodes too */
    struct gc_mapping core_memory;
    struct gc_core *core;
    struct gc_submits submits;
    struct gc_drafts drafts;
    struct gc_catalogues catalogues;
    struct gc_ownworker worker;
    struct gc_loop_run runs[GC_MAX_RUNS];
    uint32_t n_runs;
    uint64_t term;
    uint64_t now_ns;    /* of this turn */
    uint64_t tend_ns;   /* the next housekeeping */
    uint64_t needed_ns; /* when a client or a run was there last */
    bool probed;
    int signal_fd;
    uint64_t end_ns; /* once ending: when what is under way is waited for no longer */
    bool full;       /* the disk is */
    bool ending;     /* SIGTERM, or nobody needs us */
    bool broken;     /* the store failed, or there is no memory */
};

/* Opens everything but the socket: store, term, what was kept. */
enum gc_err gc_loop_init(struct gc_loop *loop, const struct gc_settings *settings,
                         struct gc_fault *f) GC_MUST_CHECK;
/* Binds and serves until the end is due. */
enum gc_err gc_loop_run(struct gc_loop *loop, struct gc_fault *f) GC_MUST_CHECK;
void gc_loop_release(struct gc_loop *loop);

/* ---- between the loop's files ---- */

/* One step of the core, and its effects on their way. `frames`: what the event points into, taken where a unit needs it;
 * `held`: likewise a submission's memory. Both may be NULL. */
void gc_loop_step(struct gc_loop *loop, struct gc_event *event, struct gc_frames *frames,
                  struct gc_mapping *held);
/* Sends it now, or behind what is under way where the table says durable. Takes the parcel (NULL: nothing). */
void gc_loop_post(struct gc_loop *loop, struct gc_parcel *parcel);
/* Asks the store; the answer goes to the peer by itself. */
void gc_loop_ask(struct gc_loop *loop, gc_peer peer, const struct gc_msg *msg);
void gc_loop_error(struct gc_loop *loop, gc_peer peer, uint64_t re, enum gc_err code, const char *text);

/* Units that have come back from the store: their messages leave, what they were asked is known. */
void gc_loop_returned(struct gc_loop *loop);
/* What is done from time to time, and the end of a private coordinator that nobody needs (idle.c). */
void gc_loop_tend(struct gc_loop *loop);
/* A commit of the core, as far as the loop has to know runs; and whether one of them goes on. */
void gc_loop_note(struct gc_loop *loop, const struct gc_commit *commit);
/* Begins the end: nothing more is granted, a private coordinator's runs are paused and its worker drains. */
void gc_loop_begin_end(struct gc_loop *loop);
/* Whether nothing is left to wait for. */
bool gc_loop_at_end(const struct gc_loop *loop);

/* One received message (route.c). Takes the frames. */
void gc_route(struct gc_loop *loop, struct gc_frames *frames);
/* The messages of a submission (admit.c), and what a look-up of the store brought. */
void gc_admit(struct gc_loop *loop, gc_peer peer, const struct gc_msg *msg);
void gc_admit_looked_up(struct gc_loop *loop, const struct gc_errand *errand);

#endif
