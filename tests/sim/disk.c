#include "tests/sim/disk.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/assert.h"
#include "common/buf.h"
#include "proto/scan.h"

/* ---- memory ---- */
struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(16) uint8_t bytes[];
};
struct sim_mem {
    struct chunk *first;
};

struct sim_mem *sim_mem_new(void)
{
    struct sim_mem *m = calloc(1, sizeof *m);
    GC_ASSERT(m);
    return m;
}

void sim_mem_destroy(struct sim_mem **self_p)
{
    struct sim_mem *m = *self_p;
    if (!m)
        return;
    for (struct chunk *c = m->first, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(m);
    *self_p = NULL;
}

void *sim_mem_take(struct sim_mem *m, size_t bytes)
{
    bytes = (bytes + 15) & ~(size_t)15;
    if (!m->first || m->first->size - m->first->used < bytes) {
        size_t size = bytes > (1u << 18) ? bytes : (1u << 18);
        struct chunk *c = malloc(sizeof *c + size);
        GC_ASSERT(c);
        c->next = m->first;
        c->used = 0;
        c->size = size;
        m->first = c;
    }
    void *p = m->first->bytes + m->first->used;
    m->first->used += bytes;
    memset(p, 0, bytes);
    return p;
}

struct gc_bytes sim_mem_copy(struct sim_mem *m, struct gc_bytes bytes)
{
    if (!bytes.len)
        return (struct gc_bytes){0};
    void *p = sim_mem_take(m, bytes.len);
    memcpy(p, bytes.ptr, bytes.len);
    return gc_bytes_of(p, bytes.len);
}

static const void *copy_array(struct sim_mem *m, const void *from, size_t bytes)
{
    if (!bytes)
        return NULL;
    void *p = sim_mem_take(m, bytes);
    memcpy(p, from, bytes);
    return p;
}

/* ---- copies of commits ---- */
/* Through the codec, as the real store does: what a plan loses there it must lose here. */
static const struct gc_plan *copy_plan(struct sim_mem *m, const struct gc_plan *plan)
{
    size_t room = 1u << 20;
    struct gc_buf out;
    void *bytes = malloc(room);
    GC_ASSERT(bytes);
    gc_buf_init(&out, bytes, room);
    enum gc_err err = gc_encode_plan(plan, &out);
    GC_ASSERT(err == GC_OK);
    struct gc_bytes kept = sim_mem_copy(m, gc_buf_bytes(&out));
    free(bytes);

    struct gc_arena arena;
    size_t size = 1u << 18;
    gc_arena_init(&arena, sim_mem_take(m, size), size);
    struct gc_plan *copy = sim_mem_take(m, sizeof *copy);
    struct gc_fault fault;
    err = gc_decode_plan(kept, &arena, copy, &fault);
    GC_ASSERT(err == GC_OK);
    return copy;
}

static const struct gc_job *copy_job(struct sim_mem *m, const struct gc_job *job)
{
    struct gc_job *copy = sim_mem_take(m, sizeof *copy);
    *copy = (struct gc_job){.name = sim_mem_copy(m, job->name),
                            .priority = job->priority,
                            .limit = job->limit,
                            .n_nodes = job->n_nodes,
                            .folder = sim_mem_copy(m, job->folder)};
    return copy;
}

static struct gc_commit_run_state copy_run_state(struct sim_mem *m, struct gc_commit_run_state s)
{
    s.text = sim_mem_copy(m, s.text);
    struct gc_node_info *nodes =
        (struct gc_node_info *)(uintptr_t)copy_array(m, s.nodes, s.n_nodes * sizeof *s.nodes);
    for (uint32_t i = 0; i < s.n_nodes; i++) {
        nodes[i].id = sim_mem_copy(m, nodes[i].id);
        nodes[i].op = sim_mem_copy(m, nodes[i].op);
        nodes[i].n_shape = 0;
        nodes[i].shape = NULL;
    }
    s.nodes = nodes;
    struct gc_source_info *sources =
        (struct gc_source_info *)(uintptr_t)copy_array(m, s.sources, s.n_sources * sizeof *s.sources);
    for (uint32_t i = 0; i < s.n_sources; i++)
        sources[i].note = sim_mem_copy(m, sources[i].note);
    s.sources = sources;
    return s;
}

static struct gc_commit_pages copy_pages(struct sim_mem *m, struct gc_commit_pages p)
{
    struct gc_page *pages = (struct gc_page *)(uintptr_t)copy_array(m, p.pages, p.n_pages * sizeof *p.pages);
    for (uint32_t i = 0; i < p.n_pages; i++)
        pages[i].digest = sim_mem_copy(m, pages[i].digest);
    p.pages = pages;
    p.blocks = sim_mem_copy(m, p.blocks);
    p.n_named = 0; /* its sources name no outputs */
    p.cursor = sim_mem_copy(m, p.cursor);
    p.note = sim_mem_copy(m, p.note);
    return p;
}

static struct gc_commit_batch copy_batch(struct sim_mem *m, struct gc_commit_batch b)
{
    b.worker = sim_mem_copy(m, b.worker);
    b.status = sim_mem_copy(m, b.status);
    b.values = sim_mem_copy(m, b.values);
    struct gc_commit_delta *deltas =
        (struct gc_commit_delta *)(uintptr_t)copy_array(m, b.deltas, b.n_deltas * sizeof *b.deltas);
    for (uint32_t i = 0; i < b.n_deltas; i++)
        deltas[i].state = sim_mem_copy(m, deltas[i].state);
    b.deltas = deltas;
    return b;
}

static struct gc_commit_odd copy_odd(struct sim_mem *m, struct gc_commit_odd o)
{
    struct gc_given *given =
        (struct gc_given *)(uintptr_t)copy_array(m, o.given, o.n_given * sizeof *o.given);
    for (uint32_t i = 0; i < o.n_given; i++)
        given[i].text = sim_mem_copy(m, given[i].text);
    o.given = given;
    return o;
}

struct gc_commit sim_commit_copy(struct sim_mem *m, const struct gc_commit *c)
{
    struct gc_commit copy = *c;
    switch (c->kind) {
    case GC_COMMIT_NONE:
    case GC_COMMIT_FRONTIER: break;
    case GC_COMMIT_RUN:
        copy.as.run.job = copy_job(m, c->as.run.job);
        copy.as.run.plan = copy_plan(m, c->as.run.plan);
        break;
    case GC_COMMIT_RUN_STATE: copy.as.run_state = copy_run_state(m, c->as.run_state); break;
    case GC_COMMIT_PAGES: copy.as.pages = copy_pages(m, c->as.pages); break;
    case GC_COMMIT_BATCH: copy.as.batch = copy_batch(m, c->as.batch); break;
    case GC_COMMIT_MERGED:
        copy.as.merged.inputs =
            copy_array(m, c->as.merged.inputs, c->as.merged.n_inputs * sizeof *c->as.merged.inputs);
        copy.as.merged.output.state = sim_mem_copy(m, c->as.merged.output.state);
        break;
    case GC_COMMIT_ODD: copy.as.odd = copy_odd(m, c->as.odd); break;
    case GC_COMMIT_WORKER: copy.as.worker.name = sim_mem_copy(m, c->as.worker.name); break;
    }
    return copy;
}

void sim_disk_append(struct sim_disk *d, const struct gc_commit *c)
{
    if (d->n == d->capacity) {
        d->capacity = d->capacity ? d->capacity * 2 : 1024;
        d->log = realloc(d->log, d->capacity * sizeof *d->log);
        GC_ASSERT(d->log);
    }
    d->log[d->n++] = *c;
}

/* ---- reading ---- */
bool sim_disk_program(const struct sim_disk *d, uint64_t run_no, uint64_t stage, struct gc_bytes *ret)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct gc_commit *c = &d->log[i];
        if (c->kind == GC_COMMIT_RUN && c->as.run.run_no == run_no && stage < c->as.run.plan->n_stages) {
            *ret = c->as.run.plan->stages[stage].program;
            return true;
        }
    }
    return false;
}

bool sim_disk_page(const struct sim_disk *d, uint64_t run_no, uint64_t stage, uint64_t index,
                   struct gc_page *ret_page, struct gc_bytes *ret_block)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct gc_commit_pages *p = &d->log[i].as.pages;
        if (d->log[i].kind != GC_COMMIT_PAGES || p->run_no != run_no || p->stage != stage ||
            index < p->index || index >= p->index + p->n_pages)
            continue;
        size_t at = 0;
        for (uint64_t k = 0; k < index - p->index; k++)
            at += p->pages[k].inlined ? p->pages[k].bytes : 0;
        *ret_page = p->pages[index - p->index];
        *ret_block =
            ret_page->inlined ? gc_bytes_of(p->blocks.ptr + at, ret_page->bytes) : (struct gc_bytes){0};
        return true;
    }
    return false;
}

bool sim_disk_cursor(const struct sim_disk *d, uint64_t run_no, uint64_t stage, struct gc_bytes *ret)
{
    *ret = (struct gc_bytes){0};
    for (size_t i = d->n; i-- > 0;)
        if (d->log[i].kind == GC_COMMIT_PAGES && d->log[i].as.pages.run_no == run_no &&
            d->log[i].as.pages.stage == stage) {
            *ret = d->log[i].as.pages.cursor;
            return true;
        }
    return true;
}

/* The batch with the lowest first item from `index` on. */
static const struct gc_commit_batch *batch_from(const struct sim_disk *d, uint64_t run_no, uint64_t stage,
                                                uint64_t index)
{
    const struct gc_commit_batch *best = NULL;
    for (size_t i = 0; i < d->n; i++) {
        const struct gc_commit_batch *b = &d->log[i].as.batch;
        if (d->log[i].kind == GC_COMMIT_BATCH && b->run_no == run_no && b->stage == stage &&
            b->first >= index && (!best || b->first < best->first))
            best = b;
    }
    return best;
}

void sim_disk_scan(const struct sim_disk *d, uint64_t run_no, uint64_t stage, uint64_t index, uint64_t max,
                   struct gc_buf *out, uint64_t *ret_next)
{
    const struct gc_commit_batch *b;
    while ((b = batch_from(d, run_no, stage, index)) != NULL && max-- > 0) {
        struct gc_scan_part part = {b->first, b->count, b->status, b->values};
        bool fits = gc_scan_part_put(out, &part);
        GC_ASSERT(fits);
        index = b->first + b->count;
    }
    *ret_next = b ? index : GC_UNSET;
}

bool sim_disk_delta(const struct sim_disk *d, uint64_t run_no, uint64_t id, struct gc_bytes *ret)
{
    bool found = false;
    for (size_t i = 0; i < d->n; i++) {
        const struct gc_commit *c = &d->log[i];
        if (c->kind == GC_COMMIT_BATCH && c->as.batch.run_no == run_no)
            for (uint32_t k = 0; k < c->as.batch.n_deltas; k++)
                if (c->as.batch.deltas[k].id == id) {
                    *ret = c->as.batch.deltas[k].state;
                    found = true;
                }
        if (c->kind == GC_COMMIT_MERGED && c->as.merged.run_no == run_no) {
            if (c->as.merged.output.id == id) {
                *ret = c->as.merged.output.state;
                found = true;
            }
            for (uint32_t k = 0; k < c->as.merged.n_inputs; k++)
                if (c->as.merged.inputs[k] == id)
                    return false; /* consumed */
        }
    }
    return found;
}

bool sim_disk_run(const struct sim_disk *d, const struct gc_id128 *run, uint64_t *ret_run_no,
                  uint64_t *ret_state, const struct gc_commit_run_state **ret_last)
{
    bool found = false;
    *ret_last = NULL;
    for (size_t i = 0; i < d->n; i++) {
        const struct gc_commit *c = &d->log[i];
        if (c->kind == GC_COMMIT_RUN && memcmp(c->as.run.run.b, run->b, sizeof run->b) == 0) {
            *ret_run_no = c->as.run.run_no;
            *ret_state = c->as.run.state;
            found = true;
        } else if (found && c->kind == GC_COMMIT_RUN_STATE && c->as.run_state.run_no == *ret_run_no) {
            *ret_state = c->as.run_state.state;
            *ret_last = &c->as.run_state;
        }
    }
    return found;
}
