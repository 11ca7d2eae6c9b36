/* A worker's shell, simulated: executors that take virtual time and sometimes die, a lister, things kept. The agent is the real one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "proto/values.h"
#include "tests/sim/world.h"
#include "worker/agent/agent.h"

#define SLOTS_MAX 4u
#define STATE_BYTES 16u /* of a reducer: count, sum */
#define CHUNK_ROOM (256u * 1024u)

/* Something pulled: a decoded program, a page's items, a cursor, or states in order. */
struct thing {
    struct thing *next;
    uint64_t name;
    enum gc_get_what what;
    uint64_t stage;
    const struct sim_job *job;
    struct gc_program program;
    void *memory; /* of the program's parts, or the bytes */
    size_t len;
    uint32_t n_states;
    bool dropped;
};

struct chunk {
    struct chunk *next;
    uint64_t name;
    uint8_t *bytes;
    struct gc_delta deltas[GC_MAX_STAGE_NODES];
    struct gc_msg_pages listed; /* a lister's chunk: stays until it is freed, as all that it points to */
    struct gc_page pages[GC_PAGES_A_MESSAGE];
    uint8_t cursor[8];
    uint8_t digest[32];
};

struct slot {
    bool busy;
    struct gc_agent_slice slice;
    struct gc_given given[GC_MAX_STAGE_NODES]; /* the slice's, which live in the agent */
    uint64_t at;         /* next item not handed in */
    uint64_t until;      /* where the segment under way ends (a chunk), or the item that ends the executor */
    bool dies;
    uint64_t node;
    uint32_t cause;
    uint64_t generation; /* raised with each segment: an old happening is not for this one */
};

struct listing {
    uint64_t list; /* 0: none */
    struct gc_agent_list what;
    uint64_t at;   /* next item */
    uint64_t page, left;
};

struct sim_worker {
    uint32_t index;
    bool alive;
    uint64_t life, paused_until;
    void *memory;
    struct gc_agent *agent;
    struct gc_id128 id;
    uint32_t n_slots;
    struct slot slots[SLOTS_MAX];
    struct listing lists[GC_AGENT_LISTS];
    struct thing *things;
    struct chunk *chunks;
    uint64_t next_chunk;
    uint64_t timer_at;
    struct gc_status_writer writer;
};

static void step(struct sim_world *w, struct sim_worker *k, const struct gc_agent_event *event);

static struct gc_agent_event event_of(const struct sim_world *w, enum gc_agent_event_kind kind)
{
    return (struct gc_agent_event){.kind = kind, .now_ns = w->now_ns};
}

/* ---- things ---- */
static struct thing *thing_at(struct sim_worker *k, uint64_t name)
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
    enum gc_err err = gc_decode_program(gc_bytes_of((uint8_t *)t->memory + size, bytes.len), &arena, &t->program, &fault);
    GC_ASSERT(err == GC_OK);
    t->job = job_of_run(w, &t->program.run);
}

static void keep_states(struct thing *t, const struct gc_msg_data *data, struct gc_bytes bulk)
{
    GC_ASSERT(bulk.len == data->n_lengths * STATE_BYTES);
    t->memory = realloc(t->memory, t->len + bulk.len + 1);
    GC_ASSERT(t->memory);
    if (bulk.len)
        memcpy((uint8_t *)t->memory + t->len, bulk.ptr, bulk.len);
    t->len += bulk.len;
    t->n_states += data->n_lengths;
}

/* Where a thing can be used at once: the event is made when the effects are done. */
static void keep(struct sim_world *w, struct sim_worker *k, const struct gc_agent_effect *e)
{
    struct thing *t = thing_at(k, e->as.keep.thing);
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
    } else {
        free(t->memory);
        t->memory = malloc(e->as.keep.bulk.len + 1);
        GC_ASSERT(t->memory);
        if (e->as.keep.bulk.len)
            memcpy(t->memory, e->as.keep.bulk.ptr, e->as.keep.bulk.len);
        t->len = e->as.keep.bulk.len;
    }
    if (e->as.keep.last) {
        struct sim_happening *h = sim_will(w, w->now_ns + sim_rng_between(&w->rng, 1000, 3 * GC_MS), SIM_LISTER, k->index, k->life);
        h->a = 1;
        h->b = t->name;
    }
}

/* ---- chunks ---- */
static struct chunk *chunk_new(struct sim_worker *k)
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

/* ---- executors ---- */
static void put_state(struct gc_buf *out, uint64_t count, uint64_t sum)
{
    gc_buf_put_u64(out, count);
    gc_buf_put_u64(out, sum);
}

static void sum_states(const struct thing *t, uint64_t *ret_count, uint64_t *ret_sum)
{
    *ret_count = *ret_sum = 0;
    for (uint32_t i = 0; t && i < t->n_states; i++) {
        struct gc_reader r;
        uint64_t count = 0, sum = 0;
        gc_reader_init(&r, gc_bytes_of((const uint8_t *)t->memory + i * STATE_BYTES, STATE_BYTES));
        bool ok = gc_reader_u64(&r, &count) && gc_reader_u64(&r, &sum);
        GC_ASSERT(ok);
        *ret_count += count;
        *ret_sum += sum;
    }
}

static const struct gc_given *given_at(const struct slot *s, uint32_t node)
{
    for (uint32_t i = 0; i < s->slice.n_given; i++)
        if (s->given[i].node == node)
            return &s->given[i];
    return NULL;
}

/* The outcomes of one item, by the fates; stops at a node that ends the executor (its index goes to *ret_fatal). */
static void run_item(const struct slot *s, const struct thing *program, uint64_t item, uint8_t *pattern,
                     struct gc_status_fault *faults, uint32_t *n_faults, uint32_t *ret_fatal)
{
    const struct gc_program *p = &program->program;
    *n_faults = 0;
    *ret_fatal = UINT32_MAX;
    for (uint32_t i = 0; i < p->n_steps && !p->steps[i].reduce; i++) {
        const struct gc_step *st = &p->steps[i];
        const struct gc_given *given = given_at(s, i);
        enum sim_fate fate = sim_job_fate(program->job, st->node, item);
        uint64_t reads = st->inputs[0].step;
        if (reads != GC_UNSET && pattern[reads] != GC_OUTCOME_DONE) {
            pattern[i] = GC_OUTCOME_SKIPPED;
        } else if (given) {
            pattern[i] = GC_OUTCOME_FAILED;
            faults[(*n_faults)++] = (struct gc_status_fault){.node = i, .cause = (uint32_t)given->cause, .attempts = given->attempts,
                                                             .text = given->text};
        } else if (fate == SIM_FATE_CRASH || fate == SIM_FATE_TIMEOUT) {
            *ret_fatal = i;
            return;
        } else if (fate == SIM_FATE_BAD) {
            pattern[i] = GC_OUTCOME_FAILED;
            faults[(*n_faults)++] = (struct gc_status_fault){.node = i, .cause = GC_CAUSE_BAD_INPUT,
                                                             .attempts = s->slice.attempt + 1, .text = gc_bytes_of("bad", 3)};
        } else {
            pattern[i] = GC_OUTCOME_DONE;
        }
    }
}

/* Decides how far the executor gets until it hands something in or dies, and when. */
static void segment(struct sim_world *w, struct sim_worker *k, uint32_t index)
{
    struct slot *s = &k->slots[index];
    const struct thing *program = thing_at(k, s->slice.program);
    GC_ASSERT(program);
    uint64_t t = 0, end = s->slice.first + s->slice.count, item = s->at;
    s->dies = false;
    s->node = GC_UNSET;
    if (s->slice.kind != GC_LEASE_ITEMS) {
        t = 2 * GC_MS;
        item = end;
    }
    uint8_t pattern[GC_MAX_STAGE_NODES];
    struct gc_status_fault faults[GC_MAX_STAGE_NODES];
    while (item < end && t < GC_FLUSH_NS) {
        uint32_t n_faults, fatal;
        run_item(s, program, item, pattern, faults, &n_faults, &fatal);
        t += program->job->task_ns / 2 + sim_rng_below(&w->rng, program->job->task_ns);
        bool flaky = program->job->flaky && !w->healed && sim_rng_chance(&w->rng, 10000);
        if (fatal != UINT32_MAX || flaky) {
            bool slow = fatal != UINT32_MAX && sim_job_fate(program->job, program->program.steps[fatal].node, item) == SIM_FATE_TIMEOUT;
            s->dies = true;
            s->node = fatal != UINT32_MAX ? fatal : 0;
            s->cause = slow ? GC_CAUSE_TIMEOUT : GC_CAUSE_CRASH;
            t += slow ? program->program.timeout_ns : 0;
            w->counters->item_timeouts += slow;
            w->counters->item_crashes += !slow;
            break;
        }
        item++;
        if (sim_rng_chance(&w->rng, 30000))
            break;
    }
    s->until = item;
    struct sim_happening *h = sim_will(w, w->now_ns + t, SIM_EXECUTOR, k->index, k->life);
    h->a = index;
    h->b = ++s->generation;
}

static void fill_items(struct sim_world *w, struct sim_worker *k, struct slot *s, struct chunk *c, struct gc_agent_chunk *out)
{
    const struct thing *program = thing_at(k, s->slice.program);
    const struct gc_program *p = &program->program;
    static uint8_t runs[65536], faulty[65536], values_room[65536];
    struct gc_buf runs_buf, faults_buf, values, bulk;
    uint32_t n_nodes = 0;
    while (n_nodes < p->n_steps && !p->steps[n_nodes].reduce)
        n_nodes++;
    gc_buf_init(&runs_buf, runs, sizeof runs);
    gc_buf_init(&faults_buf, faulty, sizeof faulty);
    gc_buf_init(&values, values_room, sizeof values_room);
    gc_buf_init(&bulk, c->bytes, CHUNK_ROOM);
    gc_status_writer_init(&k->writer, n_nodes, runs_buf, faults_buf);
    uint64_t counts[GC_MAX_STAGE_NODES] = {0}, sums[GC_MAX_STAGE_NODES] = {0};
    uint64_t item = s->at;
    for (; item < s->until; item++) {
        uint8_t pattern[GC_MAX_STAGE_NODES];
        struct gc_status_fault faults[GC_MAX_STAGE_NODES];
        uint32_t n_faults, fatal;
        run_item(s, program, item, pattern, faults, &n_faults, &fatal);
        GC_ASSERT(fatal == UINT32_MAX);
        if (gc_status_writer_add(&k->writer, pattern, faults, n_faults) != GC_OK)
            break; /* too many patterns: this chunk ends here */
        w->counters->item_failures += n_faults;
        for (uint32_t i = 0; i < n_nodes; i++)
            if (pattern[i] == GC_OUTCOME_DONE)
                gc_value_put_uint(&values, sim_job_value(program->job, p->steps[i].node, item));
        for (uint32_t i = n_nodes; i < p->n_steps; i++)
            if (pattern[p->steps[i].inputs[0].step] == GC_OUTCOME_DONE) {
                counts[i - n_nodes]++;
                sums[i - n_nodes] += sim_job_value(program->job, p->steps[p->steps[i].inputs[0].step].node, item);
            }
    }
    s->until = item;
    out->first = s->at;
    out->count = item - s->at;
    enum gc_err err = gc_status_writer_finish(&k->writer, &bulk);
    GC_ASSERT(err == GC_OK);
    out->status = gc_buf_bytes(&bulk).len;
    out->values = gc_buf_bytes(&values).len;
    gc_buf_append(&bulk, values_room, out->values);
    for (uint32_t i = n_nodes; i < p->n_steps; i++) {
        c->deltas[i - n_nodes] = (struct gc_delta){.reducer = i - n_nodes, .items = counts[i - n_nodes], .bytes = STATE_BYTES};
        put_state(&bulk, counts[i - n_nodes], sums[i - n_nodes]);
    }
    out->n_deltas = p->n_steps - n_nodes;
    out->deltas = c->deltas;
    out->bulk = gc_buf_bytes(&bulk);
    GC_ASSERT(gc_buf_ok(&bulk) && gc_buf_ok(&values));
}

static void fill_reduced(struct sim_worker *k, struct slot *s, struct chunk *c, struct gc_agent_chunk *out)
{
    uint64_t count, sum;
    struct gc_buf bulk;
    sum_states(s->slice.input ? thing_at(k, s->slice.input) : NULL, &count, &sum);
    gc_buf_init(&bulk, c->bytes, CHUNK_ROOM);
    out->first = 0;
    out->count = 1;
    if (s->slice.kind == GC_LEASE_MERGE) {
        put_state(&bulk, count, sum);
        out->values = STATE_BYTES;
    } else {
        static uint8_t runs[64], faulty[64];
        struct gc_buf runs_buf, faults_buf;
        uint8_t pattern = GC_OUTCOME_DONE;
        gc_buf_init(&runs_buf, runs, sizeof runs);
        gc_buf_init(&faults_buf, faulty, sizeof faulty);
        gc_status_writer_init(&k->writer, 1, runs_buf, faults_buf);
        enum gc_err err = gc_status_writer_add(&k->writer, &pattern, NULL, 0);
        GC_ASSERT(err == GC_OK);
        err = gc_status_writer_finish(&k->writer, &bulk);
        GC_ASSERT(err == GC_OK);
        out->status = gc_buf_bytes(&bulk).len;
        gc_value_put_array(&bulk, 2);
        gc_value_put_uint(&bulk, count);
        gc_value_put_uint(&bulk, sum);
        out->values = gc_buf_bytes(&bulk).len - out->status;
        c->deltas[0] = (struct gc_delta){.reducer = 0, .items = count, .bytes = STATE_BYTES};
        out->n_deltas = 1;
        out->deltas = c->deltas;
        put_state(&bulk, count, sum);
    }
    out->bulk = gc_buf_bytes(&bulk);
}

static void hand_in(struct sim_world *w, struct sim_worker *k, uint32_t index)
{
    struct slot *s = &k->slots[index];
    struct chunk *c = chunk_new(k);
    struct gc_agent_event e = event_of(w, GC_AEV_CHUNK);
    e.as.chunk.slot = index;
    e.as.chunk.slice = s->slice.slice;
    e.as.chunk.chunk.chunk = c->name;
    e.as.chunk.chunk.busy_ns = 1000;
    if (s->slice.kind == GC_LEASE_ITEMS)
        fill_items(w, k, s, c, &e.as.chunk.chunk);
    else
        fill_reduced(k, s, c, &e.as.chunk.chunk);
    e.as.chunk.chunk.busy_ns = e.as.chunk.chunk.count * 30 * GC_MS;
    s->at = s->until;
    bool over = s->slice.kind != GC_LEASE_ITEMS || s->at == s->slice.first + s->slice.count;
    if (over)
        s->busy = false;
    uint64_t slice = s->slice.slice;
    step(w, k, &e);
    if (k->alive && !over && s->busy && s->slice.slice == slice)
        segment(w, k, index);
}

static void die(struct sim_world *w, struct sim_worker *k, uint32_t index, uint64_t item, uint64_t node, uint32_t cause)
{
    struct slot *s = &k->slots[index];
    struct gc_agent_event e = event_of(w, GC_AEV_FAULT);
    e.as.fault.slot = index;
    e.as.fault.slice = s->slice.slice;
    e.as.fault.item = item;
    e.as.fault.node = node;
    e.as.fault.cause = cause;
    e.as.fault.text = gc_bytes_of("died", 4);
    s->busy = false;
    step(w, k, &e);
}

void sim_worker_executor(struct sim_world *w, uint32_t index, uint64_t slot, uint64_t generation)
{
    struct sim_worker *k = w->workers[index];
    struct slot *s = &k->slots[slot];
    if (!s->busy || s->generation != generation)
        return;
    /* What was made since the last chunk dies with the executor; the items before the blamed one run again, unblamed. */
    if (s->dies)
        die(w, k, (uint32_t)slot, s->until, s->node, s->cause);
    else
        hand_in(w, k, (uint32_t)slot);
}

/* A kill from outside. It is blamed on the item under way like a crash, so only items that may be tried without end are hit. */
void sim_worker_kill_executor(struct sim_world *w, uint32_t index)
{
    struct sim_worker *k = w->workers[index];
    for (uint32_t i = 0; k->alive && i < k->n_slots; i++) {
        struct slot *s = &k->slots[i];
        const struct thing *program = s->busy ? thing_at(k, s->slice.program) : NULL;
        if (!program || !program->job->flaky)
            continue;
        w->counters->executor_kills++;
        bool item = s->slice.kind == GC_LEASE_ITEMS && s->until > s->at;
        die(w, k, i, item ? sim_rng_between(&w->rng, s->at, s->until - 1) : GC_UNSET, item ? 0 : GC_UNSET,
            item ? GC_CAUSE_CRASH : GC_CAUSE_INFRA);
        return;
    }
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
    struct sim_happening *h = sim_will(w, w->now_ns + sim_rng_between(&w->rng, GC_MS, 40 * GC_MS), SIM_LISTER, k->index, k->life);
    h->a = 0;
    h->b = list;
}

static void list_begin(struct sim_world *w, struct sim_worker *k, const struct gc_agent_list *what)
{
    struct listing *l = listing_at(k, 0);
    GC_ASSERT(l);
    const struct thing *cursor = thing_at(k, what->cursor);
    *l = (struct listing){.list = what->list, .what = *what, .at = what->first, .left = what->pages};
    if (cursor && cursor->len) { /* the cursor and the item number say the same */
        uint64_t at;
        GC_ASSERT(cursor->len == 8);
        memcpy(&at, cursor->memory, 8);
        GC_ASSERT(at == what->first);
    }
    list_later(w, k, what->list);
}

static void list_more(struct sim_world *w, struct sim_worker *k, uint64_t list)
{
    struct listing *l = listing_at(k, list);
    if (!l)
        return;
    const struct thing *program = thing_at(k, l->what.program);
    GC_ASSERT(program && program->job);
    const struct sim_job *j = program->job;
    struct chunk *c = chunk_new(k);
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
        c->pages[pages->n_pages++] = (struct gc_page){.first = l->at, .count = count, .inlined = j->inlined,
                                                     .bytes = j->inlined ? gc_buf_bytes(&bulk).len - begin : count * 10,
                                                     .offset = l->at * 10, .digest = gc_bytes_of(c->digest, 32)};
        l->at += count;
        l->left--;
    }
    GC_ASSERT(gc_buf_ok(&bulk));
    pages->ended = l->at == j->items;
    pages->last = pages->ended || l->left == 0;
    memcpy(c->cursor, &l->at, 8);
    pages->cursor = gc_bytes_of(c->cursor, 8);
    struct gc_agent_event e = event_of(w, GC_AEV_PAGES);
    e.as.pages.list = list;
    e.as.pages.chunk = c->name;
    e.as.pages.pages = pages;
    e.as.pages.bulk = gc_buf_bytes(&bulk);
    if (pages->last)
        l->list = 0;
    else
        list_later(w, k, list);
    step(w, k, &e);
}

static void thing_ready(struct sim_world *w, struct sim_worker *k, uint64_t name)
{
    if (!thing_at(k, name))
        return;
    struct gc_agent_event e = event_of(w, GC_AEV_THING);
    e.as.thing.thing = name;
    e.as.thing.err = GC_OK;
    step(w, k, &e);
}

/* ---- the agent ---- */
static void start(struct sim_world *w, struct sim_worker *k, const struct gc_agent_slice *slice)
{
    struct slot *s = &k->slots[slice->slot];
    GC_ASSERT(slice->slot < k->n_slots && !s->busy);
    s->busy = true;
    s->slice = *slice;
    for (uint32_t i = 0; i < slice->n_given; i++) {
        s->given[i] = slice->given[i];
        s->given[i].text = sim_mem_copy(w->mem, slice->given[i].text);
    }
    s->at = slice->first;
    segment(w, k, slice->slot);
}

static void kill_slot(struct sim_world *w, struct sim_worker *k, uint32_t index, uint64_t slice)
{
    struct slot *s = &k->slots[index];
    if (!s->busy || s->slice.slice != slice)
        return;
    s->busy = false;
    s->generation++;
    struct sim_happening *h = sim_will(w, w->now_ns + 2 * GC_MS, SIM_LISTER, k->index, k->life);
    h->a = 2 + index;
    h->b = slice;
}

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
        case GC_AFX_START:
            start(w, k, &e->as.start);
            break;
        case GC_AFX_KILL:
            kill_slot(w, k, e->as.kill.slot, e->as.kill.slice);
            break;
        case GC_AFX_KEEP:
            keep(w, k, e);
            break;
        case GC_AFX_DROP:
            thing_drop(k, e->as.drop);
            break;
        case GC_AFX_LIST:
            list_begin(w, k, &e->as.list);
            break;
        case GC_AFX_LIST_STOP: {
            struct listing *l = listing_at(k, e->as.list_stop);
            if (l)
                l->list = 0;
            break;
        }
        case GC_AFX_FREE:
            chunk_free(k, e->as.free);
            break;
        case GC_AFX_EXIT:
            GC_ASSERT(!"nobody drains this worker");
            break;
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

static void step(struct sim_world *w, struct sim_worker *k, const struct gc_agent_event *event)
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
    struct gc_agent_event e = event_of(w, GC_AEV_MESSAGE);
    e.as.msg = &msg;
    step(w, k, &e);
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
    struct gc_agent_event e = event_of(w, GC_AEV_TIMER);
    e.as.timer.n = k->n_slots;
    e.as.timer.items = items;
    step(w, k, &e);
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
        struct gc_agent_event e = event_of(w, GC_AEV_STOPPED);
        e.as.stopped.slot = (uint32_t)(h->a - 2);
        e.as.stopped.slice = h->b;
        step(w, k, &e);
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
    struct gc_agent_config config = {.worker = k->id, .name = gc_bytes_of("w", 1), .version = gc_bytes_of("0", 1),
                                     .slots = k->n_slots, .leases = 64, .results = 64, .faults = 64, .spans = 256, .things = 64,
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
    struct gc_agent_event e = event_of(w, GC_AEV_TIMER);
    step(w, k, &e);
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
