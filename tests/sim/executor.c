/* Executors, simulated: a slice takes virtual time, is handed in in chunks, and dies where its items or chance say so. */
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "tests/sim/inside.h"

/* ---- what items become ---- */
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
            faults[(*n_faults)++] = (struct gc_status_fault){
                .node = i, .cause = (uint32_t)given->cause, .attempts = given->attempts, .text = given->text};
        } else if (fate == SIM_FATE_CRASH || fate == SIM_FATE_TIMEOUT) {
            *ret_fatal = i;
            return;
        } else if (fate == SIM_FATE_BAD) {
            pattern[i] = GC_OUTCOME_FAILED;
            faults[(*n_faults)++] = (struct gc_status_fault){.node = i,
                                                             .cause = GC_CAUSE_BAD_INPUT,
                                                             .attempts = s->slice.attempt + 1,
                                                             .text = gc_bytes_of("bad", 3)};
        } else {
            pattern[i] = GC_OUTCOME_DONE;
        }
    }
}

/* Whom to blame for what happens by chance. */
static uint64_t first_node(const struct gc_program *program)
{
    return program->n_steps > 0 && !program->steps[0].reduce ? 0 : GC_UNSET;
}

/* A FINISH may end its executor by chance where retries are without end. */
static bool finish_dies(struct sim_world *w, const struct slot *s, const struct thing *program)
{
    bool dies = s->slice.kind == GC_LEASE_FINISH && program->job->flaky && !w->healed &&
                sim_rng_chance(&w->rng, 200000);
    w->counters->finish_crashes += dies;
    return dies;
}

/* Decides how far the executor gets until it hands something in or dies, and when. */
static void segment(struct sim_world *w, struct sim_worker *k, uint32_t index)
{
    struct slot *s = &k->slots[index];
    const struct thing *program = sim_thing_at(k, s->slice.program);
    GC_ASSERT(program);
    uint64_t t = 0, end = s->slice.first + s->slice.count, item = s->at;
    s->dies = false;
    s->node = GC_UNSET;
    if (s->slice.kind != GC_LEASE_ITEMS) {
        t = 2 * GC_MS;
        s->dies = finish_dies(w, s, program);
        s->node = 0;
        s->cause = GC_CAUSE_CRASH;
        item = s->dies ? s->at : end;
    }
    uint8_t pattern[GC_MAX_STAGE_NODES];
    struct gc_status_fault faults[GC_MAX_STAGE_NODES];
    while (item < end && t < GC_FLUSH_NS && !s->dies) {
        uint32_t n_faults, fatal;
        run_item(s, program, item, pattern, faults, &n_faults, &fatal);
        t += program->job->task_ns / 2 + sim_rng_below(&w->rng, program->job->task_ns);
        bool flaky = program->job->flaky && !w->healed && sim_rng_chance(&w->rng, 10000);
        if (fatal != UINT32_MAX || flaky) {
            bool slow = fatal != UINT32_MAX && sim_job_fate(program->job, program->program.steps[fatal].node,
                                                            item) == SIM_FATE_TIMEOUT;
            s->dies = true;
            s->node = fatal != UINT32_MAX ? fatal : first_node(&program->program);
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

static void fill_items(struct sim_world *w, struct sim_worker *k, struct slot *s, struct chunk *c,
                       struct gc_agent_chunk *out)
{
    const struct thing *program = sim_thing_at(k, s->slice.program);
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
                sums[i - n_nodes] +=
                    sim_job_value(program->job, p->steps[p->steps[i].inputs[0].step].node, item);
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
        c->deltas[i - n_nodes] =
            (struct gc_delta){.reducer = i - n_nodes, .items = counts[i - n_nodes], .bytes = STATE_BYTES};
        put_state(&bulk, counts[i - n_nodes], sums[i - n_nodes]);
    }
    out->n_deltas = p->n_steps - n_nodes;
    out->deltas = c->deltas;
    out->bulk = gc_buf_bytes(&bulk);
    GC_ASSERT(gc_buf_ok(&bulk) && gc_buf_ok(&values));
}

static void fill_reduced(struct sim_world *w, struct sim_worker *k, struct slot *s, struct chunk *c,
                         struct gc_agent_chunk *out)
{
    uint64_t count, sum;
    struct gc_buf bulk;
    const struct gc_program *program = &sim_thing_at(k, s->slice.program)->program;
    const struct thing *input = s->slice.input ? sim_thing_at(k, s->slice.input) : NULL;
    bool scans = (program->steps[0].traits & GC_TRAIT_SCANS) != 0;
    if (scans)
        sim_scan(input, program, &count, &sum);
    else
        sum_states(input, &count, &sum);
    w->counters->scans += scans;
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
        if (!scans) {
            c->deltas[0] = (struct gc_delta){.reducer = 0, .items = count, .bytes = STATE_BYTES};
            out->n_deltas = 1;
            out->deltas = c->deltas;
            put_state(&bulk, count, sum);
        }
    }
    out->bulk = gc_buf_bytes(&bulk);
}

static void hand_in(struct sim_world *w, struct sim_worker *k, uint32_t index)
{
    struct slot *s = &k->slots[index];
    struct chunk *c = sim_chunk_new(k);
    struct gc_agent_event e = sim_worker_event(w, GC_AEV_CHUNK);
    e.as.chunk.slot = index;
    e.as.chunk.slice = s->slice.slice;
    e.as.chunk.chunk.chunk = c->name;
    e.as.chunk.chunk.busy_ns = 1000;
    if (s->slice.kind == GC_LEASE_ITEMS)
        fill_items(w, k, s, c, &e.as.chunk.chunk);
    else
        fill_reduced(w, k, s, c, &e.as.chunk.chunk);
    e.as.chunk.chunk.busy_ns = e.as.chunk.chunk.count * 30 * GC_MS;
    s->at = s->until;
    bool over = s->slice.kind != GC_LEASE_ITEMS || s->at == s->slice.first + s->slice.count;
    if (over)
        s->busy = false;
    uint64_t slice = s->slice.slice;
    sim_worker_step(w, k, &e);
    if (k->alive && !over && s->busy && s->slice.slice == slice)
        segment(w, k, index);
}

static void die(struct sim_world *w, struct sim_worker *k, uint32_t index, uint64_t item, uint64_t node,
                uint32_t cause)
{
    struct slot *s = &k->slots[index];
    struct gc_agent_event e = sim_worker_event(w, GC_AEV_FAULT);
    e.as.fault.slot = index;
    e.as.fault.slice = s->slice.slice;
    e.as.fault.item = item;
    e.as.fault.node = node;
    e.as.fault.cause = cause;
    e.as.fault.text = gc_bytes_of("died", 4);
    s->busy = false;
    sim_worker_step(w, k, &e);
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
        const struct thing *program = s->busy ? sim_thing_at(k, s->slice.program) : NULL;
        if (!program || !program->job->flaky)
            continue;
        w->counters->executor_kills++;
        bool item = s->slice.kind == GC_LEASE_ITEMS && s->until > s->at;
        die(w, k, i, item ? sim_rng_between(&w->rng, s->at, s->until - 1) : GC_UNSET,
            item ? first_node(&program->program) : GC_UNSET, item ? GC_CAUSE_CRASH : GC_CAUSE_INFRA);
        return;
    }
}

/* ---- slices ---- */
void sim_executor_start(struct sim_world *w, struct sim_worker *k, const struct gc_agent_slice *slice)
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

void sim_executor_kill(struct sim_world *w, struct sim_worker *k, uint32_t index, uint64_t slice)
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
