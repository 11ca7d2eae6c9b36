/* loop.h - the worker's one thread that talks and decides: socket, agent, crew, lister, time and signals. Nothing in it waits for a
 * disk. */
#ifndef GC_WORKER_LOOP_H
#define GC_WORKER_LOOP_H

#include "worker/agent/agent.h"
#include "worker/home.h"
#include "worker/listing.h"
#include "worker/pool/crew.h"
#include "worker/pool/spool.h"
#include "worker/settings.h"
#include "worker/things.h"
#include "worker/wire.h"

struct gc_loop {
    const struct gc_settings *settings;
    const char *program; /* our own file */
    struct gc_home home;
    struct gc_wire wire;
    struct gc_crew *crew;
    struct gc_listing listing;
    struct gc_things things;
    struct gc_spooler *spooler;
    struct gc_agent *agent;
    void *memory; /* the agent's */
    size_t memory_size;
    int signal_fd;
    uint64_t now_ns;
    uint32_t n_words;
    uint32_t max_words;
    struct gc_agent_event *words; /* what the agent is to be told once its effects are carried out */
    uint64_t *items;              /* where each executor is */
    bool joined;                  /* as last logged */
    bool draining;
    bool end;     /* the agent says so */
    bool at_once; /* a second signal says so */
};

enum gc_err gc_loop_init(struct gc_loop *loop, const struct gc_settings *settings, const char *program,
                         struct gc_fault *f) GC_MUST_CHECK;
enum gc_err gc_loop_run(struct gc_loop *loop, struct gc_fault *f) GC_MUST_CHECK;
void gc_loop_release(struct gc_loop *loop);

/* One step of the agent, with all that follows from it. */
void gc_loop_step(struct gc_loop *loop, struct gc_agent_event *event);

#endif
