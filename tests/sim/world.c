/* A world under one seed: drawn, run under faults, healed, run to its end, judged. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "tests/sim/world.h"

#define HEAL_NS         (25 * GC_S)   /* faults stop */
#define END_NS          (3600 * GC_S) /* by then every run must have ended: virtual time is cheap */
#define READ_BACK_STEPS 977u          /* how often the store is read back */

enum fault {
    FAULT_WORKER_CRASH,
    FAULT_COORDINATOR_CRASH,
    FAULT_CLIENT_CRASH,
    FAULT_EXECUTOR_KILL,
    FAULT_WORKER_PAUSE,
    FAULT_COORDINATOR_PAUSE,
    FAULT_DISK_FULL,
    FAULT_DISK_ROOM
};

/* Options are drawn by seed, each fault off in some seeds: with all of them always on, some states are never reached. */
static void draw_faults(struct sim_world *w)
{
    struct sim_rng *r = &w->rng;
    struct sim_faults *f = &w->faults;
    *f = (struct sim_faults){.delay_min_ns = 20 * 1000,
                             .delay_max_ns = 200 * 1000,
                             .commit_min_ns = 100 * 1000,
                             .commit_max_ns = 2 * GC_MS};
    if (w->options.calm)
        return;
    if (sim_rng_chance(r, 600000))
        f->drop = (uint32_t)sim_rng_below(r, 100000);
    if (sim_rng_chance(r, 600000))
        f->duplicate = (uint32_t)sim_rng_below(r, 150000);
    if (sim_rng_chance(r, 600000))
        f->delay_max_ns = sim_rng_between(r, GC_MS, 400 * GC_MS);
    if (sim_rng_chance(r, 400000))
        f->commit_max_ns = sim_rng_between(r, 5 * GC_MS, 800 * GC_MS);
    f->worker_crash_ns = sim_rng_chance(r, 600000) ? sim_rng_between(r, 3, 20) * GC_S : 0;
    f->coordinator_crash_ns = sim_rng_chance(r, 600000) ? sim_rng_between(r, 3, 20) * GC_S : 0;
    f->client_crash_ns = sim_rng_chance(r, 300000) ? 8 * GC_S : 0;
    f->executor_crash_ns = sim_rng_chance(r, 500000) ? sim_rng_between(r, 1, 5) * GC_S : 0;
    f->worker_pause_ns = sim_rng_chance(r, 400000) ? sim_rng_between(r, 5, 20) * GC_S : 0;
    f->coordinator_pause_ns = sim_rng_chance(r, 300000) ? sim_rng_between(r, 5, 20) * GC_S : 0;
    f->disk_full_ns = sim_rng_chance(r, 300000) ? sim_rng_between(r, 5, 15) * GC_S : 0;
}

static void fault_later(struct sim_world *w, enum fault kind, uint64_t mean_ns)
{
    if (!mean_ns)
        return;
    struct sim_happening *h =
        sim_will(w, w->now_ns + sim_rng_between(&w->rng, mean_ns / 4, mean_ns * 7 / 4), SIM_FAULT, 0, 0);
    h->a = (uint64_t)kind;
}

static uint64_t mean_of(const struct sim_world *w, enum fault kind)
{
    const struct sim_faults *f = &w->faults;
    switch (kind) {
    case FAULT_WORKER_CRASH: return f->worker_crash_ns;
    case FAULT_COORDINATOR_CRASH: return f->coordinator_crash_ns;
    case FAULT_CLIENT_CRASH: return f->client_crash_ns;
    case FAULT_EXECUTOR_KILL: return f->executor_crash_ns;
    case FAULT_WORKER_PAUSE: return f->worker_pause_ns;
    case FAULT_COORDINATOR_PAUSE: return f->coordinator_pause_ns;
    case FAULT_DISK_FULL: return f->disk_full_ns;
    case FAULT_DISK_ROOM: break;
    }
    return 0;
}

static void restart_later(struct sim_world *w, uint32_t party)
{
    sim_will(w, w->now_ns + sim_rng_between(&w->rng, 50 * GC_MS, 4 * GC_S), SIM_RESTART, party, 0);
}

static void strike(struct sim_world *w, enum fault kind)
{
    struct sim_counters *n = w->counters;
    uint32_t victim = (uint32_t)sim_rng_below(&w->rng, w->n_workers);
    struct sim_worker *k = w->workers[victim];
    uint64_t until = w->now_ns + sim_rng_between(&w->rng, 500 * GC_MS, 14 * GC_S);
    if (kind == FAULT_WORKER_CRASH && sim_worker_alive(k)) {
        n->worker_crashes++;
        sim_worker_crash(w, victim);
        restart_later(w, victim);
    } else if (kind == FAULT_COORDINATOR_CRASH && w->coordinator.alive) {
        n->coordinator_crashes++;
        sim_coordinator_crash(w);
        restart_later(w, SIM_COORDINATOR);
    } else if (kind == FAULT_CLIENT_CRASH && w->client.alive) {
        n->client_crashes++;
        sim_client_crash(w);
        restart_later(w, SIM_CLIENT_PARTY);
    } else if (kind == FAULT_EXECUTOR_KILL && sim_worker_alive(k)) {
        sim_worker_kill_executor(w, victim);
    } else if (kind == FAULT_WORKER_PAUSE && sim_worker_alive(k)) {
        n->worker_pauses++;
        sim_worker_pause(w, victim, until);
    } else if (kind == FAULT_COORDINATOR_PAUSE && w->coordinator.alive) {
        n->coordinator_pauses++;
        w->coordinator.paused_until = until;
    } else if (kind == FAULT_DISK_FULL && !w->coordinator.full) {
        n->disk_full++;
        sim_coordinator_disk(w, true);
        struct sim_happening *h =
            sim_will(w, w->now_ns + sim_rng_between(&w->rng, GC_S, 5 * GC_S), SIM_FAULT, 0, 0);
        h->a = FAULT_DISK_ROOM;
    }
}

static void fault(struct sim_world *w, enum fault kind)
{
    if (kind == FAULT_DISK_ROOM) {
        if (w->coordinator.full)
            sim_coordinator_disk(w, false);
        return;
    }
    if (w->healed)
        return;
    strike(w, kind);
    fault_later(w, kind, mean_of(w, kind));
}

/* Pauses end by themselves, what has crashed comes back by itself; from here on nothing more goes wrong. */
static void heal(struct sim_world *w)
{
    w->healed = true;
    w->faults.delay_max_ns = w->faults.delay_min_ns + GC_MS;
    w->faults.commit_max_ns = w->faults.commit_min_ns + GC_MS;
    if (w->coordinator.full)
        sim_coordinator_disk(w, false);
}

static uint64_t paused_until(const struct sim_world *w, uint32_t party)
{
    if (party == SIM_COORDINATOR)
        return w->coordinator.paused_until;
    return party < w->n_workers ? sim_worker_paused_until(w->workers[party]) : 0;
}

static uint64_t life_of(const struct sim_world *w, uint32_t party)
{
    if (party == SIM_COORDINATOR)
        return w->coordinator.alive ? w->coordinator.life : 0;
    if (party == SIM_CLIENT_PARTY)
        return w->client.alive ? w->client.life : 0;
    return sim_worker_alive(w->workers[party]) ? sim_worker_life(w->workers[party]) : 0;
}

/* A message for a coordinator that is not there waits for the next one, as a DEALER's queue does, or is lost with the connection. */
static bool nobody_there(struct sim_world *w, struct sim_happening *h)
{
    if (h->party != SIM_COORDINATOR || w->coordinator.alive || sim_rng_chance(&w->rng, 300000)) {
        w->counters->lost_with_connection++;
        return true;
    }
    struct sim_happening *again = sim_will(w, w->now_ns + 200 * GC_MS, SIM_DELIVER, h->party, 0);
    again->a = h->a;
    again->b = h->b;
    again->bytes = h->bytes;
    again->frame = h->frame;
    again->bulk = h->bulk;
    h->bytes = NULL;
    return true;
}

static void deliver(struct sim_world *w, struct sim_happening *h)
{
    uint64_t life = life_of(w, h->party);
    if (!life || (h->life && h->life != life)) {
        nobody_there(w, h);
        return;
    }
    sim_note(w, 1, h->party, h->frame + h->bulk);
    if (h->party == SIM_COORDINATOR)
        sim_coordinator_deliver(w, h);
    else if (h->party == SIM_CLIENT_PARTY)
        sim_client_deliver(w, h);
    else
        sim_worker_deliver(w, h->party, h);
}

static void restart(struct sim_world *w, uint32_t party)
{
    if (party == SIM_COORDINATOR)
        sim_coordinator_start(w);
    else if (party == SIM_CLIENT_PARTY)
        sim_client_start(w);
    else
        sim_worker_start(w, party);
}

static void own(struct sim_world *w, struct sim_happening *h)
{
    if (h->life != life_of(w, h->party))
        return;
    if (h->kind == SIM_TIMER && h->party == SIM_COORDINATOR)
        sim_coordinator_timer(w);
    else if (h->kind == SIM_TIMER)
        sim_worker_timer(w, h->party);
    else if (h->kind == SIM_EXECUTOR)
        sim_worker_executor(w, h->party, h->a, h->b);
    else if (h->kind == SIM_LISTER)
        sim_worker_happens(w, h->party, h);
    else if (h->kind == SIM_COMMIT)
        sim_coordinator_committed(w);
    else if (h->kind == SIM_CLIENT)
        sim_client_act(w);
}

/* True when the happening was put off: its party is stopped. What an executor does goes on meanwhile, but nobody hears of it. */
static bool put_off(struct sim_world *w, struct sim_happening *h)
{
    if (h->kind == SIM_FAULT || h->kind == SIM_RESTART || h->kind == SIM_HEAL ||
        paused_until(w, h->party) <= w->now_ns)
        return false;
    struct sim_happening *again = sim_will(w, paused_until(w, h->party), h->kind, h->party, h->life);
    again->a = h->a;
    again->b = h->b;
    again->bytes = h->bytes;
    again->frame = h->frame;
    again->bulk = h->bulk;
    h->bytes = NULL;
    return true;
}

static void happen(struct sim_world *w, struct sim_happening *h)
{
    if (put_off(w, h))
        return;
    if (h->kind == SIM_DELIVER)
        deliver(w, h);
    else if (h->kind == SIM_FAULT)
        fault(w, (enum fault)h->a);
    else if (h->kind == SIM_RESTART)
        restart(w, h->party);
    else if (h->kind == SIM_HEAL)
        heal(w);
    else
        own(w, h);
}

static void draw(struct sim_world *w)
{
    draw_faults(w);
    w->n_workers = (uint32_t)sim_rng_between(&w->rng, 3, 5);
    for (uint32_t i = 0; i < w->n_workers; i++)
        w->workers[i] = sim_worker_new(w, i);
    w->n_jobs = (uint32_t)sim_rng_between(&w->rng, 2, SIM_RUNS_MAX);
    for (uint32_t i = 0; i < w->n_jobs; i++) {
        bool flaky = !w->options.calm && i % 2 == 1;
        sim_job_draw(&w->jobs[i], w->mem, &w->rng, i, !flaky, flaky);
    }
    if (w->n_jobs > 2)
        w->jobs[2].cancel = sim_rng_chance(&w->rng, 500000);
    for (enum fault kind = FAULT_WORKER_CRASH; kind <= FAULT_DISK_FULL; kind++)
        fault_later(w, kind, mean_of(w, kind));
    sim_will(w, HEAL_NS, SIM_HEAL, 0, 0);
}

static bool live(struct sim_world *w)
{
    sim_coordinator_start(w);
    for (uint32_t i = 0; i < w->n_workers; i++)
        sim_worker_start(w, i);
    sim_client_start(w);
    while (!w->wrong && !(w->healed && sim_client_done(w))) {
        struct sim_happening *h = sim_next(w);
        if (!h || w->now_ns > END_NS || w->steps > w->options.max_steps) {
            fprintf(stderr, "at %.3f s, after %" PRIu64 " steps: not all runs have ended\n",
                    (double)w->now_ns / 1e9, w->steps);
            if (h)
                sim_forget(h);
            return false;
        }
        happen(w, h);
        sim_forget(h);
        if (w->steps % READ_BACK_STEPS == 0 && !sim_coordinator_read_back(w))
            return false;
    }
    return !w->wrong;
}

/* Lets what is still under way on the disk arrive there, so that the log can be judged. */
static bool settle(struct sim_world *w)
{
    uint64_t until = w->now_ns + 5 * GC_S;
    while (w->now_ns < until) {
        struct sim_happening *h = sim_next(w);
        if (!h)
            break;
        happen(w, h);
        sim_forget(h);
    }
    return !w->wrong && sim_coordinator_read_back(w);
}

static void release(struct sim_world *w)
{
    struct sim_happening *h;
    sim_coordinator_release(w);
    for (uint32_t i = 0; i < w->n_workers; i++)
        sim_worker_destroy(&w->workers[i]);
    while ((h = sim_next(w)))
        sim_forget(h);
    free(w->heap);
    free(w->disk.log);
    gc_codec_destroy(&w->codec);
    sim_mem_destroy(&w->mem);
}

const uint64_t *sim_steps_now;

bool sim_run(const struct sim_options *options, struct sim_counters *counters, uint64_t *ret_steps,
             uint64_t *ret_trace)
{
    struct sim_world *w = calloc(1, sizeof *w);
    GC_ASSERT(w);
    w->options = *options;
    w->counters = counters;
    sim_steps_now = &w->steps;
    w->mem = sim_mem_new();
    w->disk.mem = w->mem;
    w->coordinator.queue_end = &w->coordinator.queue;
    sim_rng_init(&w->rng, options->seed);
    enum gc_err err = gc_codec_new(GC_CODEC_SCRATCH, &w->codec);
    GC_ASSERT(err == GC_OK);
    draw(w);
    bool good = live(w) && settle(w);
    for (uint32_t i = 0; good && i < w->n_jobs; i++)
        good = sim_oracle(&w->jobs[i], &w->disk);
    if (!good)
        fprintf(stderr, "seed %" PRIu64 ", step %" PRIu64 ": wrong. Again: gc-sim --seed %" PRIu64 "\n",
                options->seed, w->steps, options->seed);
    *ret_steps = w->steps;
    *ret_trace = w->trace;
    sim_steps_now = NULL;
    release(w);
    free(w);
    return good;
}
