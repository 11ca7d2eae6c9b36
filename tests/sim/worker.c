/* A worker's shell, simulated: things kept, a lister, and the real agent. Its executors are in executor.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "tests/sim/inside.h"

struct gc_agent_event sim_worker_event(const struct sim_world *w, enum gc_agent_event_kind kind)
{
    return (struct gc_agent_event){.kind = kind, .now_ns = w->now_ns};
}

/* ---- things ---- */
struct thing *sim_thing_at(struct sim_worker *k, uint64_t name)
{
    for (struct thing *t = k->things; t; t = t->next)
        if (t->name == name && !t->dropped)
            return t;
    return NULL;
}

static void thing_drop(struct sim_worker *k, uint64_t name)
{
    for (struct thing **at = &k->things; *at; at = &(*at)->next)
        if ((*at)->name == name) {
            struct thing *t = *at;
            *at = t->next;
            free(t->memory);
            free(t);
            return;
        }
}

static const struct sim_job *job_of_run(const struct sim_world *w, const struct gc_id128 *run)
{
    for (uint32_t i = 0; i < w->n_jobs; i++)
        if (memcmp(w->jobs[i].run.b, run->b, sizeof run->b) == 0)
            return &w->jobs[i];
    return NULL;
}

static void keep_program(struct sim_world *w, struct thing *t, struct gc_bytes bytes)
{
    size_t size = 1u << 18;
    t->memory = malloc(size + bytes.len);
    GC_ASSERT(t->memory);
    memcpy((uint8_t *)t->memory + size, bytes.ptr, bytes.len);
    struct gc_arena arena;
    struct gc_fault fault;
    gc_arena_init(&arena, t->memory, size);
    enum gc_err err =
        gc_decode_program(gc_bytes_of((uint8_t *)t->memory + size, bytes.len), &arena, &t->program, &fault);
    GC_ASSERT(err == GC_OK);
    t->job = job_of_run(w, &t->program.run);
}

/* What comes in parts. */
static void keep_more(struct thing *t, struct gc_bytes bulk)
{
    t->memory = realloc(t->memory, t->len + bulk.len + 1);
    GC_ASSERT(t->memory);
    if (bulk.len)
        memcpy((uint8_t *)t->memory + t->len, bulk.ptr, bulk.len);
    t->len += bulk.len;
}

static void keep_states(struct thing *t, const struct gc_msg_data *data, struct gc_bytes bulk)
{
    GC_ASSERT(bulk.len == data->n_lengths * STATE_BYTES);
    keep_more(t, bulk);
    t->n_states += data->n_lengths;
}

/* Where a thing can be used at once: the event is made when the effects are done. */
static void keep(struct sim_world *w, struct sim_worker *k, const struct gc_agent_effect *e)
{
    struct thing *t = sim_thing_at(k, e->as.keep.thing);
    if (!t) {
        t = calloc(1, sizeof *t);
        GC_ASSERT(t);
        t->name = e->as.keep.thing;
        t->what = e->as.keep.what;
        t->stage = e->as.keep.stage;
        t->next = k->things;
        k->things = t;
    }
    if (t->what == GC_GET_PROGRAM) {
        keep_program(w, t, e->as.keep.bulk);
    } else if (t->what == GC_GET_DELTAS) {
        keep_states(t, e->as.keep.data, e->as.keep.bulk);
    } else if (t->what == GC_GET_RESULTS) {
        keep_more(t, e->as.keep.bulk);
    } else {
        free(t->memory);
        t->memory = malloc(e->as.keep.bulk.len + 1);
        GC_ASSERT(t->memory);
        if (e->as.keep.bulk.len)
            memcpy(t->memory, e->as.keep.bulk.ptr, e->as.keep.bulk.len);
        t->len = e->as.keep.bulk.len;
    }
    if (e->as.keep.last || t->what == GC_GET_RESULTS) { /* each part of results is answered */
        struct sim_happening *h =
            sim_will(w, w->now_ns + sim_rng_between(&w->rng, 1000, 3 * GC_MS), SIM_LISTER, k->index, k->life);
        h->a = 1;
        h->b = t->name;
    }
}

/* ---- chunks ---- */
struct chunk *sim_chunk_new(struct sim_worker *k)
{
    struct chunk *c = calloc(1, sizeof *c);
    GC_ASSERT(c);
    c->bytes = malloc(CHUNK_ROOM);
    GC_ASSERT(c->bytes);
    c->name = ++k->next_chunk;
    c->next = k->chunks;
    k->chunks = c;
    return c;
}

static void chunk_free(struct sim_worker *k, uint64_t name)
{
    for (struct chunk **at = &k->chunks; *at; at = &(*at)->next)
        if ((*at)->name == name) {
            struct chunk *c = *at;
            *at = c->next;
            free(c->bytes);
            free(c);
            return;
        }
    GC_ASSERT(!"a chunk is freed that is not there");
}

/* ---- the lister ---- */
static struct listing *listing_at(struct sim_worker *k, uint64_t list)
{
    for (uint32_t i = 0; i < GC_AGENT_LISTS; i++)
        if (k->lists[i].list == list)
            return &k->lists[i];
    return NULL;
}

static void list_later(struct sim_world *w, struct sim_worker *k, uint64_t list)
{
    struct sim_happening *h =
        sim_will(w, w->now_ns + sim_rng_between(&w->rng, GC_MS, 40 * GC_MS), SIM_LISTER, k->index, k->life);
    h->a = 0;
    h->b = list;
}

static void list_begin(struct sim_world *w, struct sim_worker *k, const struct gc_agent_list *what)
{
    struct listing *l = listing_at(k, 0);
    GC_ASSERT(l);
    *l = (struct listing){.list = what->list, .what = *what, .at = what->first, .left = what->pages};
    /* The cursor that was fetched may be ahead of the lease, if that was lost and another worker went on: what is listed under it then
     * is for the core to refuse. */
    list_later(w, k, what->list);
}

static void list_more(struct sim_world *w, struct sim_worker *k, uint64_t list)
{
    struct listing *l = listing_at(k, list);
    if (!l)
        return;
    const struct thing *program = sim_thing_at(k, l->what.program);
    GC_ASSERT(program && program->job);
    const struct sim_job *j = program->job;
    struct chunk *c = sim_chunk_new(k);
    c->listed.pages = c->pages;
    struct gc_msg_pages *pages = &c->listed;
    struct gc_buf bulk;
    gc_buf_init(&bulk, c->bytes, CHUNK_ROOM);
    uint64_t most = sim_rng_between(&w->rng, 1, 4);
    while (pages->n_pages < most && l->left > 0 && l->at < j->items) {
        uint64_t count = j->page_items < j->items - l->at ? j->page_items : j->items - l->at;
        size_t begin = gc_buf_bytes(&bulk).len;
        for (uint64_t i = 0; j->inlined && i < count; i++) {
            gc_buf_put_varint(&bulk, 1);
            gc_buf_put_u8(&bulk, 'x');
            gc_buf_put_varint(&bulk, 0);
        }
        c->pages[pages->n_pages++] =
            (struct gc_page){.first = l->at,
                             .count = count,
                             .inlined = j->inlined,
                             .bytes = j->inlined ? gc_buf_bytes(&bulk).len - begin : count * 10,
                             .offset = l->at * 10,
                             .digest = gc_bytes_of(c->digest, 32)};
        l->at += count;
        l->left--;
    }
    GC_ASSERT(gc_buf_ok(&bulk));
    pages->ended = l->at == j->items;
    pages->last = pages->ended || l->left == 0;
    memcpy(c->cursor, &l->at, 8);
    pages->cursor = gc_bytes_of(c->cursor, 8);
    struct gc_agent_event e = sim_worker_event(w, GC_AEV_PAGES);
    e.as.pages.list = list;
    e.as.pages.chunk = c->name;
    e.as.pages.pages = pages;
    e.as.pages.bulk = gc_buf_bytes(&bulk);
    if (pages->last)
        l->list = 0;
    else
        list_later(w, k, list);
    sim_worker_step(w, k, &e);
}

static void thing_ready(struct sim_world *w, struct sim_worker *k, uint64_t name)
{
    if (!sim_thing_at(k, name))
        return;
    struct gc_agent_event e = sim_worker_event(w, GC_AEV_THING);
    e.as.thing.thing = name;
    e.as.thing.err = GC_OK;
    sim_worker_step(w, k, &e);
}

/* ---- the agent ---- */
static void carry_out(struct sim_world *w, struct sim_worker *k, struct gc_agent_effects fx)
{
    for (uint32_t i = 0; i < fx.n; i++) {
        const struct gc_agent_effect *e = &fx.list[i];
        sim_note(w, 200 + e->kind, k->index, e->kind == GC_AFX_SEND ? e->as.msg.type : 0);
        switch (e->kind) {
        case GC_AFX_SEND: {
            struct sim_saying s = {0};
            sim_encode(w, &e->as.msg, &s);
            sim_post(w, s, k->index, k->life, SIM_COORDINATOR, 0);
            break;
        }
        case GC_AFX_START: sim_executor_start(w, k, &e->as.start); break;
        case GC_AFX_KILL: sim_executor_kill(w, k, e->as.kill.slot, e->as.kill.slice); break;
        case GC_AFX_KEEP: keep(w, k, e); break;
        case GC_AFX_DROP: thing_drop(k, e->as.drop); break;
        case GC_AFX_LIST: list_begin(w, k, &e->as.list); break;
        case GC_AFX_LIST_STOP: {
            struct listing *l = listing_at(k, e->as.list_stop);
            if (l)
                l->list = 0;
            break;
        }
        case GC_AFX_FREE: chunk_free(k, e->as.free); break;
        case GC_AFX_EXIT: GC_ASSERT(!"nobody drains this worker"); break;
        }
    }
}

static void schedule(struct sim_world *w, struct sim_worker *k)
{
    uint64_t at = gc_agent_deadline(k->agent);
    if (at == UINT64_MAX || (k->timer_at > w->now_ns && k->timer_at <= at))
        return;
    k->timer_at = at > w->now_ns ? at : w->now_ns + 1;
    sim_will(w, k->timer_at, SIM_TIMER, k->index, k->life);
}

void sim_worker_step(struct sim_world *w, struct sim_worker *k, const struct gc_agent_event *event)
{
    sim_note(w, 50 + event->kind, k->index, event->kind == GC_AEV_MESSAGE ? event->as.msg->type : 0);
    if (w->options.trace)
        fprintf(stderr, "%12.6f worker %u %d %s\n", (double)w->now_ns / 1e9, k->index, (int)event->kind,
                event->kind == GC_AEV_MESSAGE ? gc_msg_name(event->as.msg->type) : "");
    w->steps++;
    carry_out(w, k, gc_agent_step(k->agent, event));
    gc_agent_check(k->agent);
    schedule(w, k);
}

void sim_worker_deliver(struct sim_world *w, uint32_t index, const struct sim_happening *h)
{
    struct sim_worker *k = w->workers[index];
    struct gc_msg msg;
    if (!sim_decode(w, h, &msg)) {
        fprintf(stderr, "a worker cannot decode what the coordinator sent\n");
        w->wrong = true;
        return;
    }
    struct gc_agent_event e = sim_worker_event(w, GC_AEV_MESSAGE);
    e.as.msg = &msg;
    sim_worker_step(w, k, &e);
}

void sim_worker_timer(struct sim_world *w, uint32_t index)
{
    struct sim_worker *k = w->workers[index];
    uint64_t items[SLOTS_MAX];
    k->timer_at = 0;
    for (uint32_t i = 0; i < k->n_slots; i++) {
        const struct slot *s = &k->slots[i];
        items[i] = s->busy && s->slice.kind == GC_LEASE_ITEMS && s->until > s->at ? s->at : GC_UNSET;
    }
    struct gc_agent_event e = sim_worker_event(w, GC_AEV_TIMER);
    e.as.timer.n = k->n_slots;
    e.as.timer.items = items;
    sim_worker_step(w, k, &e);
}

/* The lister's answers, things that can be used now, executors that were killed: one kind of happening, told apart by `a`. */
void sim_worker_happens(struct sim_world *w, uint32_t index, const struct sim_happening *h)
{
    struct sim_worker *k = w->workers[index];
    if (h->a == 0) {
        list_more(w, k, h->b);
    } else if (h->a == 1) {
        thing_ready(w, k, h->b);
    } else {
        struct gc_agent_event e = sim_worker_event(w, GC_AEV_STOPPED);
        e.as.stopped.slot = (uint32_t)(h->a - 2);
        e.as.stopped.slice = h->b;
        sim_worker_step(w, k, &e);
    }
}

/* ---- life ---- */
struct sim_worker *sim_worker_new(struct sim_world *w, uint32_t index)
{
    struct sim_worker *k = calloc(1, sizeof *k);
    GC_ASSERT(k);
    k->index = index;
    k->n_slots = (uint32_t)sim_rng_between(&w->rng, 1, SLOTS_MAX);
    k->id.b[0] = (uint8_t)(index + 1);
    return k;
}

static void forget_all(struct sim_worker *k)
{
    while (k->things)
        thing_drop(k, k->things->name);
    while (k->chunks)
        chunk_free(k, k->chunks->name);
    memset(k->slots, 0, sizeof k->slots);
    memset(k->lists, 0, sizeof k->lists);
    free(k->memory);
    k->memory = NULL;
    k->agent = NULL;
}

void sim_worker_destroy(struct sim_worker **self_p)
{
    forget_all(*self_p);
    free(*self_p);
    *self_p = NULL;
}

void sim_worker_start(struct sim_world *w, uint32_t index)
{
    struct sim_worker *k = w->workers[index];
    k->alive = true;
    k->life++;
    k->timer_at = 0;
    k->paused_until = 0;
    struct gc_agent_config config = {.worker = k->id,
                                     .name = gc_bytes_of("w", 1),
                                     .version = gc_bytes_of("0", 1),
                                     .slots = k->n_slots,
                                     .leases = 64,
                                     .results = 64,
                                     .faults = 64,
                                     .spans = 256,
                                     .things = 64,
                                     .seed = 3};
    config.boot.b[0] = (uint8_t)(index + 1);
    memcpy(config.boot.b + 8, &k->life, 8);
    size_t size = gc_agent_size(&config);
    k->memory = calloc(1, size);
    GC_ASSERT(k->memory);
    struct gc_arena arena;
    gc_arena_init(&arena, k->memory, size);
    enum gc_err err = gc_agent_init(&arena, &config, &k->agent);
    GC_ASSERT(err == GC_OK);
    struct gc_agent_event e = sim_worker_event(w, GC_AEV_TIMER);
    sim_worker_step(w, k, &e);
}

void sim_worker_crash(struct sim_world *w, uint32_t index)
{
    (void)w;
    w->workers[index]->alive = false;
    forget_all(w->workers[index]);
}

void sim_worker_pause(struct sim_world *w, uint32_t index, uint64_t until_ns)
{
    w->workers[index]->paused_until = until_ns;
}

bool sim_worker_alive(const struct sim_worker *k)
{
    return k->alive;
}

uint64_t sim_worker_life(const struct sim_worker *k)
{
    return k->life;
}

uint64_t sim_worker_paused_until(const struct sim_worker *k)
{
    return k->paused_until;
}
