/* The coordinator's shell, simulated: peers, units that wait for the disk, what GET and SHOW read from it. The core is the real one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "tests/sim/world.h"

#define CORE_CONFIG(t, next)                                                                   \
    (struct gc_core_config)                                                                    \
    {                                                                                          \
        .term = (t), .next_run = (next), .runs = 8, .workers = 32, .leases = 512, .odd = 8192, \
        .spans = 8192, .watchers = 16, .blocks = 256, .pages = 64, .deltas = 4096, .seed = 7   \
    }

static void step(struct sim_world *w, const struct gc_event *event);

static struct gc_event event_of(const struct sim_world *w, enum gc_event_kind kind)
{
    return (struct gc_event){.kind = kind, .now_ns = w->now_ns, .wall_ns = w->now_ns};
}

/* ---- peers ---- */
static gc_peer peer_of(struct sim_coordinator *c, uint32_t party, uint64_t life)
{
    for (uint32_t i = c->n_peers; i > 1; i--)
        if (c->peers[i - 1].party == party && c->peers[i - 1].life == life)
            return i - 1;
    GC_ASSERT(c->n_peers < SIM_PEERS);
    c->peers[c->n_peers] = (struct sim_peer){.party = party, .life = life};
    return c->n_peers++;
}

static struct sim_saying say(struct sim_world *w, gc_peer peer, struct gc_msg msg)
{
    struct sim_coordinator *c = &w->coordinator;
    struct sim_saying s = {.peer = peer};
    msg.term = c->term;
    msg.session = peer;
    msg.seq = ++c->seq;
    sim_encode(w, &msg, &s);
    return s;
}

static void leave(struct sim_world *w, struct sim_saying s)
{
    struct sim_peer *p = &w->coordinator.peers[s.peer];
    sim_post(w, s, SIM_COORDINATOR, w->coordinator.life, p->party, p->life);
}

/* ---- units ---- */
static bool disk_idle(const struct sim_coordinator *c)
{
    return !c->flying && !c->queue;
}

static struct sim_unit *unit_new(uint32_t commits, uint32_t sayings)
{
    struct sim_unit *u = calloc(1, sizeof *u);
    GC_ASSERT(u);
    u->commits = calloc(commits + 1, sizeof *u->commits);
    u->sayings = calloc(sayings + 1, sizeof *u->sayings);
    GC_ASSERT(u->commits && u->sayings);
    return u;
}

static void unit_free(struct sim_unit *u)
{
    for (uint32_t i = 0; i < u->n_sayings; i++)
        free(u->sayings[i].bytes);
    free(u->commits);
    free(u->sayings);
    free(u);
}

static void take_off(struct sim_world *w)
{
    struct sim_coordinator *c = &w->coordinator;
    if (c->flying || !c->queue)
        return;
    c->flight = c->queue;
    c->queue = NULL;
    c->queue_end = &c->queue;
    c->flying = true;
    uint64_t takes = sim_rng_between(&w->rng, w->faults.commit_min_ns, w->faults.commit_max_ns);
    sim_will(w, w->now_ns + takes, SIM_COMMIT, SIM_COORDINATOR, c->life);
}

static void enqueue(struct sim_world *w, struct sim_unit *u)
{
    struct sim_coordinator *c = &w->coordinator;
    *c->queue_end = u;
    c->queue_end = &u->next;
    take_off(w);
}

void sim_coordinator_committed(struct sim_world *w)
{
    struct sim_coordinator *c = &w->coordinator;
    if (!c->flying)
        return;
    if (c->full) { /* rolled back, and tried again when there is room */
        sim_will(w, w->now_ns + 50 * GC_MS, SIM_COMMIT, SIM_COORDINATOR, c->life);
        return;
    }
    struct sim_unit *u = c->flight;
    c->flight = NULL;
    c->flying = false;
    for (struct sim_unit *k = u; k; k = k->next)
        for (uint32_t i = 0; i < k->n_commits; i++)
            sim_disk_append(&w->disk, &k->commits[i]);
    while (u) {
        struct sim_unit *next = u->next;
        for (uint32_t i = 0; i < u->n_sayings; i++)
            leave(w, u->sayings[i]);
        u->n_sayings = 0;
        unit_free(u);
        u = next;
    }
    take_off(w);
}

/* ---- what the store answers ---- */
static void answer(struct sim_world *w, gc_peer peer, struct gc_msg msg)
{
    if (disk_idle(&w->coordinator)) {
        leave(w, say(w, peer, msg));
        return;
    }
    struct sim_unit *u = unit_new(0, 1);
    u->sayings[u->n_sayings++] = say(w, peer, msg);
    enqueue(w, u);
}

static struct gc_msg error_msg(uint64_t re, enum gc_err code)
{
    return (struct gc_msg){.type = GC_MSG_ERROR, .re = re, .as.error = {.code = code}};
}

/* The source stage whose pages an ITEM stage reads. */
static uint64_t source_stage(const struct sim_world *w, uint64_t run_no, uint64_t stage)
{
    for (size_t i = 0; i < w->disk.n; i++)
        if (w->disk.log[i].kind == GC_COMMIT_RUN && w->disk.log[i].as.run.run_no == run_no)
            return w->disk.log[i].as.run.plan->stages[stage].source;
    return GC_UNSET;
}

/* A few batches a part, so that there are many. */
static struct gc_bytes get_results(struct sim_world *w, const struct gc_msg_get *g, uint64_t *ret_next)
{
    static uint8_t memory[GC_MAX_BULK];
    struct gc_buf parts;
    gc_buf_init(&parts, memory, sizeof memory);
    uint64_t most = sim_rng_between(&w->rng, 1, 40);
    sim_disk_scan(&w->disk, g->run_no, g->stage, g->index, most, &parts, ret_next);
    w->counters->scan_parts++;
    return gc_buf_bytes(&parts);
}

static void get(struct sim_world *w, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_msg_get *g = &msg->as.get;
    struct gc_msg out = {
        .type = GC_MSG_DATA,
        .re = msg->seq,
        .as.data = {.what = g->what, .run_no = g->run_no, .stage = g->stage, .index = g->index}};
    uint8_t states[GC_MERGE_INPUTS * 64];
    uint64_t lengths[GC_MERGE_INPUTS];
    struct gc_page page;
    bool found = false;
    if (g->what == GC_GET_PROGRAM) {
        found = sim_disk_program(&w->disk, g->run_no, g->stage, &out.bulk);
        out.as.data.total = out.bulk.len;
    } else if (g->what == GC_GET_CURSOR) {
        found = sim_disk_cursor(&w->disk, g->run_no, g->stage, &out.bulk);
        out.as.data.total = out.bulk.len;
    } else if (g->what == GC_GET_PAGE) {
        out.as.data.stage = source_stage(w, g->run_no, g->stage);
        found = sim_disk_page(&w->disk, g->run_no, out.as.data.stage, g->index, &page, &out.bulk);
        out.as.data.n_page = 1;
        out.as.data.page = &page;
    } else if (g->what == GC_GET_DELTAS) {
        struct gc_bytes state;
        size_t at = 0;
        found = true;
        for (uint32_t i = 0; i < g->n_ids && found; i++) {
            found = sim_disk_delta(&w->disk, g->run_no, g->ids[i], &state);
            if (found) {
                GC_ASSERT(state.len <= 64);
                memcpy(states + at, state.ptr, state.len);
                at += state.len;
                lengths[i] = state.len;
            }
        }
        out.as.data.n_lengths = g->n_ids;
        out.as.data.lengths = lengths;
        out.bulk = gc_bytes_of(states, at);
    } else if (g->what == GC_GET_RESULTS) {
        found = true;
        out.bulk = get_results(w, g, &out.as.data.total);
    }
    answer(w, peer, found ? out : error_msg(msg->seq, GC_ERR_NOT_FOUND));
}

static void read_ended(struct sim_world *w, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_id128 *run = msg->type == GC_MSG_SHOW ? &msg->as.show.run : &msg->as.control.run;
    uint64_t run_no, state;
    const struct gc_commit_run_state *last;
    if (!sim_disk_run(&w->disk, run, &run_no, &state, &last)) {
        answer(w, peer, error_msg(msg->seq, GC_ERR_NOT_FOUND));
    } else if (msg->type == GC_MSG_SHOW) {
        answer(w, peer,
               (struct gc_msg){.type = GC_MSG_RUN_INFO,
                               .re = msg->seq,
                               .as.run_info = {.run = *run, .run_no = run_no, .state = state}});
    } else {
        answer(w, peer, (struct gc_msg){.type = GC_MSG_OK, .re = msg->seq});
    }
}

/* ---- submission: the whole of it is one message here; parts are the real shell's ---- */
static void submit(struct sim_world *w, gc_peer peer, const struct gc_msg *msg)
{
    struct gc_id128 run = msg->as.submit_end.run;
    uint64_t run_no, state;
    const struct gc_commit_run_state *last;
    if (!gc_core_find(w->coordinator.core, &run, &run_no) &&
        sim_disk_run(&w->disk, &run, &run_no, &state, &last)) {
        answer(w, peer,
               (struct gc_msg){.type = GC_MSG_SUBMITTED,
                               .re = msg->seq,
                               .as.submitted = {.run = run, .accepted = true, .run_no = run_no}});
        return;
    }
    for (uint32_t i = 0; i < w->n_jobs; i++) {
        struct sim_job *j = &w->jobs[i];
        if (memcmp(j->run.b, run.b, sizeof run.b) != 0)
            continue;
        sim_job_plan(j, w->mem, gc_core_next_run(w->coordinator.core));
        struct gc_event e = event_of(w, GC_EV_SUBMIT);
        e.peer = peer;
        e.as.submit.re = msg->seq;
        e.as.submit.run = run;
        e.as.submit.job = &j->job;
        e.as.submit.plan = &j->plan;
        step(w, &e);
    }
}

/* ---- the core ---- */
static void carry_out(struct sim_world *w, struct gc_effects fx)
{
    struct sim_coordinator *c = &w->coordinator;
    struct sim_unit *u = unit_new(fx.n, fx.n);
    bool commits = false;
    for (uint32_t i = 0; i < fx.n; i++)
        commits |= fx.list[i].kind == GC_FX_COMMIT;
    for (uint32_t i = 0; i < fx.n; i++) {
        struct gc_effect *e = &fx.list[i];
        sim_note(w, 100 + e->kind, e->peer,
                 e->kind == GC_FX_SEND     ? e->as.msg.type
                 : e->kind == GC_FX_COMMIT ? e->as.commit.kind
                                           : 0);
        if (e->kind == GC_FX_COMMIT) {
            u->commits[u->n_commits++] = sim_commit_copy(w->mem, &e->as.commit);
        } else if (e->kind == GC_FX_READ) {
            read_ended(w, e->peer, e->as.read);
        } else {
            struct sim_saying s = say(w, e->peer, e->as.msg);
            if (gc_msg_durable(e->as.msg.type) && (commits || !disk_idle(c)))
                u->sayings[u->n_sayings++] = s;
            else
                leave(w, s);
            if (e->as.msg.type == GC_MSG_RESULT_ACK && e->as.msg.as.result_ack.verdict == GC_VERDICT_STALE)
                w->counters->stale_results++;
        }
    }
    if (u->n_commits || u->n_sayings)
        enqueue(w, u);
    else
        unit_free(u);
}

static void schedule(struct sim_world *w)
{
    struct sim_coordinator *c = &w->coordinator;
    uint64_t at = gc_core_deadline(c->core);
    if (at == UINT64_MAX || (c->timer_at > w->now_ns && c->timer_at <= at))
        return;
    c->timer_at = at > w->now_ns ? at : w->now_ns + 1;
    sim_will(w, c->timer_at, SIM_TIMER, SIM_COORDINATOR, c->life);
}

static void trace_message(const struct gc_msg *m)
{
    if (m->type == GC_MSG_FAULT)
        fprintf(stderr, "    fault: lease %llx item %llu node %llu %s\n",
                (unsigned long long)m->as.fault.lease, (unsigned long long)m->as.fault.item,
                (unsigned long long)m->as.fault.node, gc_cause_name(m->as.fault.cause));
    if (m->type == GC_MSG_RESULT)
        fprintf(stderr, "    result: lease %llx run %llu stage %llu [%llu,+%llu)\n",
                (unsigned long long)m->as.result.lease, (unsigned long long)m->as.result.run_no,
                (unsigned long long)m->as.result.stage, (unsigned long long)m->as.result.first,
                (unsigned long long)m->as.result.count);
    for (uint32_t i = 0; m->type == GC_MSG_HELLO && i < m->as.hello.n_held; i++)
        fprintf(stderr, "    held: lease %llx run %llu stage %llu kind %llu [%llu,+%llu) %s\n",
                (unsigned long long)m->as.hello.held[i].lease, (unsigned long long)m->as.hello.held[i].run_no,
                (unsigned long long)m->as.hello.held[i].stage, (unsigned long long)m->as.hello.held[i].kind,
                (unsigned long long)m->as.hello.held[i].first, (unsigned long long)m->as.hello.held[i].count,
                m->as.hello.held[i].result ? "result" : "work");
}

static void step(struct sim_world *w, const struct gc_event *event)
{
    struct sim_coordinator *c = &w->coordinator;
    sim_note(w, event->kind, event->peer, event->kind == GC_EV_MESSAGE ? event->as.msg->type : 0);
    if (w->options.trace)
        fprintf(stderr, "%12.6f core %d %s\n", (double)w->now_ns / 1e9, (int)event->kind,
                event->kind == GC_EV_MESSAGE ? gc_msg_name(event->as.msg->type) : "");
    if (w->options.trace && event->kind == GC_EV_MESSAGE)
        trace_message(event->as.msg);
    struct gc_effects fx = gc_core_step(c->core, event);
    w->steps++;
    carry_out(w, fx);
    gc_core_check(c->core);
    schedule(w);
}

static struct gc_core *core_new(const struct sim_world *w, uint64_t term, void **ret_memory)
{
    uint64_t next = 1;
    for (size_t i = 0; i < w->disk.n; i++)
        if (w->disk.log[i].kind == GC_COMMIT_RUN && w->disk.log[i].as.run.run_no >= next)
            next = w->disk.log[i].as.run.run_no + 1;
    struct gc_core_config config = CORE_CONFIG(term, next);
    size_t size = gc_core_size(&config);
    *ret_memory = calloc(1, size);
    GC_ASSERT(*ret_memory);
    struct gc_arena arena;
    gc_arena_init(&arena, *ret_memory, size);
    struct gc_core *core;
    enum gc_err err = gc_core_init(&arena, &config, &core);
    GC_ASSERT(err == GC_OK);
    return core;
}

static bool run_has_ended(const struct sim_disk *d, uint64_t run_no)
{
    for (size_t i = d->n; i-- > 0;)
        if (d->log[i].kind == GC_COMMIT_RUN_STATE && d->log[i].as.run_state.run_no == run_no)
            return gc_run_state_ended(d->log[i].as.run_state.state);
    return false;
}

static uint64_t run_of(const struct gc_commit *c)
{
    switch (c->kind) {
    case GC_COMMIT_RUN: return c->as.run.run_no;
    case GC_COMMIT_RUN_STATE: return c->as.run_state.run_no;
    case GC_COMMIT_PAGES: return c->as.pages.run_no;
    case GC_COMMIT_BATCH: return c->as.batch.run_no;
    case GC_COMMIT_MERGED: return c->as.merged.run_no;
    case GC_COMMIT_ODD: return c->as.odd.run_no;
    case GC_COMMIT_FRONTIER: return c->as.frontier.run_no;
    case GC_COMMIT_WORKER:
    case GC_COMMIT_NONE: break;
    }
    return 0;
}

/* Gives the core what the log has of runs that have not ended; the real store does the same. */
static void recover(struct sim_world *w, struct gc_core *core,
                    void (*effects)(struct sim_world *, struct gc_effects))
{
    for (size_t i = 0; i < w->disk.n; i++) {
        const struct gc_commit *c = &w->disk.log[i];
        if (run_of(c) && run_has_ended(&w->disk, run_of(c)))
            continue;
        struct gc_event e = event_of(w, GC_EV_RECOVER);
        e.as.recover = c;
        struct gc_effects fx = gc_core_step(core, &e);
        GC_ASSERT(fx.n == 0);
    }
    struct gc_event e = event_of(w, GC_EV_RECOVERED);
    struct gc_effects fx = gc_core_step(core, &e);
    effects(w, fx);
    gc_core_check(core);
}

void sim_coordinator_start(struct sim_world *w)
{
    struct sim_coordinator *c = &w->coordinator;
    c->alive = true;
    c->life++;
    c->term = ++w->disk.term;
    c->n_peers = 1;
    c->queue = NULL;
    c->queue_end = &c->queue;
    c->timer_at = 0;
    c->paused_until = 0;
    c->core = core_new(w, c->term, &c->memory);
    recover(w, c->core, carry_out);
    if (c->full) {
        struct gc_event e = event_of(w, GC_EV_STORE);
        e.as.store.full = true;
        step(w, &e);
    }
    schedule(w);
}

/* What was under way on the disk is there or is not; what waited behind it is not. */
void sim_coordinator_crash(struct sim_world *w)
{
    struct sim_coordinator *c = &w->coordinator;
    bool made_it = c->flying && !c->full && sim_rng_chance(&w->rng, 500000);
    for (struct sim_unit *u = c->flight, *next; u; u = next) {
        next = u->next;
        for (uint32_t i = 0; made_it && i < u->n_commits; i++)
            sim_disk_append(&w->disk, &u->commits[i]);
        w->counters->commits_lost += made_it ? 0 : u->n_commits;
        unit_free(u);
    }
    for (struct sim_unit *u = c->queue, *next; u; u = next) {
        next = u->next;
        w->counters->commits_lost += u->n_commits;
        unit_free(u);
    }
    c->flight = c->queue = NULL;
    c->flying = false;
    c->alive = false;
    free(c->memory);
    c->memory = NULL;
    c->core = NULL;
}

void sim_coordinator_release(struct sim_world *w)
{
    if (w->coordinator.alive)
        sim_coordinator_crash(w);
}

static bool role_fits(enum gc_direction d, enum gc_role role)
{
    return d == GC_DIR_ANY_C || (d == GC_DIR_CLIENT_C && role == GC_ROLE_CLIENT) ||
           (d == GC_DIR_WORKER_C && role == GC_ROLE_WORKER);
}

void sim_coordinator_deliver(struct sim_world *w, const struct sim_happening *h)
{
    struct sim_coordinator *c = &w->coordinator;
    gc_peer peer = peer_of(c, (uint32_t)h->a, h->b);
    struct gc_msg msg;
    if (!sim_decode(w, h, &msg)) {
        fprintf(stderr, "the coordinator cannot decode what a party sent\n");
        w->wrong = true;
        return;
    }
    if (msg.type == GC_MSG_HELLO)
        c->peers[peer].role = (enum gc_role)msg.as.hello.role;
    if (c->peers[peer].role == GC_ROLE_NONE) {
        leave(w, say(w, peer, (struct gc_msg){.type = GC_MSG_WHO, .re = msg.seq}));
        return;
    }
    GC_ASSERT(role_fits(gc_msg_direction(msg.type), c->peers[peer].role));
    if (msg.type == GC_MSG_GET) {
        get(w, peer, &msg);
    } else if (msg.type == GC_MSG_SUBMIT_END) {
        submit(w, peer, &msg);
    } else if (msg.type != GC_MSG_CATALOGUE) {
        struct gc_event e = event_of(w, GC_EV_MESSAGE);
        e.peer = peer;
        e.as.msg = &msg;
        step(w, &e);
    }
}

void sim_coordinator_timer(struct sim_world *w)
{
    w->coordinator.timer_at = 0;
    struct gc_event e = event_of(w, GC_EV_TIMER);
    step(w, &e);
}

void sim_coordinator_disk(struct sim_world *w, bool full)
{
    w->coordinator.full = full;
    if (!w->coordinator.alive)
        return;
    struct gc_event e = event_of(w, GC_EV_STORE);
    e.as.store.full = full;
    step(w, &e);
}

/* ---- the store read back equals memory ---- */
static void nothing(struct sim_world *w, struct gc_effects fx)
{
    (void)w;
    (void)fx;
}

/* The accounts of a run, as a core tells them to one who asks. */
static bool ask(struct sim_world *w, struct gc_core *core, gc_peer peer, const struct gc_id128 *run,
                uint64_t *ret_state, struct gc_node_info *ret, uint32_t *ret_n)
{
    struct gc_msg hello = {
        .type = GC_MSG_HELLO, .seq = 1, .as.hello = {.role = GC_ROLE_CLIENT, .peer = {{9}}, .boot = {{9}}}};
    struct gc_msg show = {.type = GC_MSG_SHOW, .seq = 2, .as.show = {.run = *run}};
    struct gc_event e = event_of(w, GC_EV_MESSAGE);
    e.peer = peer;
    e.as.msg = &hello;
    (void)gc_core_step(core, &e);
    e.as.msg = &show;
    struct gc_effects fx = gc_core_step(core, &e);
    for (uint32_t i = 0; i < fx.n; i++)
        if (fx.list[i].kind == GC_FX_SEND && fx.list[i].as.msg.type == GC_MSG_RUN_INFO) {
            *ret_state = fx.list[i].as.msg.as.run_info.state;
            *ret_n = fx.list[i].nodes.n_nodes;
            memcpy(ret, fx.list[i].nodes.nodes, *ret_n * sizeof *ret);
            return true;
        }
    for (uint32_t i = 0; i < fx.n; i++)
        if (fx.list[i].kind == GC_FX_SEND)
            fprintf(stderr, "SHOW is answered with %s %.*s\n", gc_msg_name(fx.list[i].as.msg.type),
                    fx.list[i].as.msg.type == GC_MSG_ERROR ? (int)fx.list[i].as.msg.as.error.text.len : 0,
                    (const char *)fx.list[i].as.msg.as.error.text.ptr);
    return false;
}

static bool equal(const struct gc_node_info *a, const struct gc_node_info *b)
{
    if (a->total == b->total && a->total_known == b->total_known && a->done == b->done &&
        a->failed == b->failed && a->skipped == b->skipped)
        return true;
    fprintf(stderr,
            "node %.*s: total %llu %llu, known %d %d, done %llu %llu, failed %llu %llu, skipped %llu %llu\n",
            (int)a->id.len, (const char *)a->id.ptr, (unsigned long long)a->total,
            (unsigned long long)b->total, a->total_known, b->total_known, (unsigned long long)a->done,
            (unsigned long long)b->done, (unsigned long long)a->failed, (unsigned long long)b->failed,
            (unsigned long long)a->skipped, (unsigned long long)b->skipped);
    return false;
}

/* Only while nothing waits for the disk: then what a new core reads must be what the old one knows. */
bool sim_coordinator_read_back(struct sim_world *w)
{
    struct sim_coordinator *c = &w->coordinator;
    if (!c->alive || !disk_idle(c) || c->full) /* with a full disk, that is what SHOW is answered */
        return true;
    static struct gc_node_info mine[GC_MAX_JOB_NODES], theirs[GC_MAX_JOB_NODES];
    void *memory;
    struct gc_core *other = core_new(w, w->disk.term + 1, &memory);
    recover(w, other, nothing);
    bool same = gc_core_live_runs(other) == gc_core_live_runs(c->core);
    for (uint32_t i = 0; same && i < w->n_jobs; i++) {
        uint64_t run_no, state[2] = {0, 0};
        uint32_t n[2] = {0, 0};
        if (!gc_core_find(c->core, &w->jobs[i].run, &run_no))
            continue;
        same = ask(w, c->core, SIM_PEERS + 1, &w->jobs[i].run, &state[0], mine, &n[0]) &&
               ask(w, other, SIM_PEERS + 1, &w->jobs[i].run, &state[1], theirs, &n[1]) &&
               state[0] == state[1] && n[0] == n[1];
        for (uint32_t k = 0; same && k < n[0]; k++)
            same = equal(&mine[k], &theirs[k]);
        if (!same && state[0] != state[1])
            fprintf(stderr, "%s in memory, %s in the store\n", gc_run_state_name(state[0]),
                    gc_run_state_name(state[1]));
        if (!same)
            fprintf(stderr, "run %llu read back from the store differs from memory\n",
                    (unsigned long long)run_no);
    }
    free(memory);
    return same;
}
