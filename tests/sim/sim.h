/* sim.h - the whole system in one process under one seed: real core, planner, agent and codec; network, disk, clock, executors
 * and lister are made here, with their faults.
 *
 * A world is a heap of things that will happen, by virtual time. Parties (one coordinator, some workers, one client) are stepped
 * by deliveries and timers; what they say is encoded by the real codec and travels as bytes. The same seed gives the same world
 * to the last byte: the trace hash says so.
 */
#ifndef GC_SIM_SIM_H
#define GC_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/id.h"
#include "common/slice.h"
#include "coordinator/core/core.h"
#include "proto/codec.h"
#include "proto/message.h"

#define SIM_WORKERS_MAX 8u
#define SIM_RUNS_MAX    4u

/* ---- chance (xoshiro256**, seeded by splitmix64: Blackman and Vigna) ---- */
struct sim_rng {
    uint64_t s[4];
};
void sim_rng_init(struct sim_rng *r, uint64_t seed);
uint64_t sim_rng_next(struct sim_rng *r);
uint64_t sim_rng_below(struct sim_rng *r, uint64_t n);                    /* n > 0 */
uint64_t sim_rng_between(struct sim_rng *r, uint64_t low, uint64_t high); /* both included */
bool sim_rng_chance(struct sim_rng *r, uint32_t per_million);
uint64_t sim_mix(uint64_t a, uint64_t b); /* a fixed function of two numbers: what items "are" */

/* ---- what goes wrong, drawn for each seed; nothing does once the world is healed ---- */
struct sim_faults {
    uint32_t drop, duplicate;                                        /* per million messages */
    uint64_t delay_min_ns, delay_max_ns;                             /* of a message; a wide range reorders */
    uint64_t worker_crash_ns, coordinator_crash_ns, client_crash_ns; /* mean time between; 0: never */
    uint64_t executor_crash_ns; /* mean time between kills of one executor's process */
    uint64_t worker_pause_ns;   /* mean time between pauses of a worker (SIGSTOP) */
    uint64_t coordinator_pause_ns;
    uint64_t disk_full_ns;                 /* mean time between full disks */
    uint64_t commit_min_ns, commit_max_ns; /* how long a commit takes */
};

/* A counter for each kind of fault done, and of work that few jobs have: a campaign in which one stays zero has tested nothing of it. */
/* clang-format never comes to rest on this. */
// clang-format off
#define SIM_COUNTERS(X)                                                                                      \
    X(dropped)                                                                                               \
    X(duplicated)                                                                                            \
    X(scans) X(scan_parts) X(finish_crashes)                                                                 \
    X(lost_with_connection) X(worker_crashes) X(coordinator_crashes) X(client_crashes) X(executor_kills)     \
        X(worker_pauses) X(coordinator_pauses) X(disk_full) X(commits_lost) X(item_crashes) X(item_timeouts) \
            X(item_failures) X(stale_results)
// clang-format on
struct sim_counters {
#define X(name) uint64_t name;
    SIM_COUNTERS(X)
#undef X
};

enum sim_kind {
    SIM_DELIVER,  /* bytes arrive at a party */
    SIM_TIMER,    /* a party's deadline */
    SIM_COMMIT,   /* the disk has finished what it was given */
    SIM_EXECUTOR, /* an executor hands in, dies, or is ready */
    SIM_LISTER,
    SIM_FAULT,   /* something goes wrong */
    SIM_RESTART, /* a party that crashed is started again */
    SIM_CLIENT,  /* the client does the next thing of its script */
    SIM_HEAL,
};

struct sim_happening {
    uint64_t at_ns;
    uint64_t order; /* ties are broken by the order of making */
    enum sim_kind kind;
    uint32_t party; /* SIM_COORDINATOR, SIM_CLIENT_PARTY, or a worker's index */
    uint64_t life;  /* of that party: what was meant for an earlier life does not happen */
    uint64_t a, b;  /* by kind */
    uint8_t *bytes; /* SIM_DELIVER: frame, then bulk; owned */
    size_t frame, bulk;
};

#define SIM_COORDINATOR  1000u
#define SIM_CLIENT_PARTY 1001u

struct sim_world;

struct sim_options {
    uint64_t seed;
    bool trace; /* print every step */
    bool calm;  /* no faults: the reference */
    uint64_t max_steps;
};

/* The steps of the world that runs now; NULL between worlds. For whoever reports that an assert ended it. */
extern const uint64_t *sim_steps_now;

/* Runs one seed to its end: every run ended, then the oracles. False, with a text on stderr, when something is wrong. */
bool sim_run(const struct sim_options *options, struct sim_counters *counters, uint64_t *ret_steps,
             uint64_t *ret_trace);

#endif
