/* unit.c - owning what effects point to. */
#include "coordinator/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/assert.h"

struct gc_unit *gc_unit_new(void)
{
    struct gc_unit *unit = calloc(1, sizeof *unit);
    if (unit)
        gc_list_init(&unit->parcels);
    return unit;
}

void gc_unit_free(struct gc_unit *unit)
{
    if (!unit)
        return;
    for (struct gc_link *it; (it = gc_list_take_first(&unit->parcels));)
        gc_parcel_free(GC_CONTAINER(it, struct gc_parcel, link));
    if (unit->has_frames)
        gc_frames_release(&unit->frames);
    gc_mapping_release(&unit->held);
    gc_memory_release(&unit->memory);
    free(unit);
}

void gc_unit_hold_frames(struct gc_unit *unit, struct gc_frames *frames)
{
    GC_ASSERT(!unit->has_frames);
    unit->frames = *frames;
    unit->has_frames = true;
    unit->bytes += gc_frame_bytes(frames->frame).len + gc_frame_bytes(frames->bulk).len;
    *frames = (struct gc_frames){.frame = NULL};
}

void gc_unit_hold_mapping(struct gc_unit *unit, struct gc_mapping *mapping)
{
    GC_ASSERT(!unit->held.base);
    unit->held = *mapping;
    *mapping = (struct gc_mapping){.base = NULL};
}

void gc_unit_add_parcel(struct gc_unit *unit, struct gc_parcel *parcel)
{
    gc_list_append(&unit->parcels, &parcel->link);
    unit->bytes += gc_parcel_size(parcel);
}

/* ---- copies ---- */

static bool inside(struct gc_bytes outer, const uint8_t *at)
{
    return outer.ptr && at >= outer.ptr && at < outer.ptr + outer.len;
}

/* Makes the bytes outlive the step. What lies in the frames does already. */
static bool own(struct gc_unit *unit, struct gc_bytes *bytes)
{
    if (bytes->len == 0 || (unit->has_frames && (inside(gc_frame_bytes(unit->frames.frame), bytes->ptr) ||
                                                 inside(gc_frame_bytes(unit->frames.bulk), bytes->ptr))))
        return true;
    return gc_memory_keep(&unit->memory, *bytes, bytes);
}

/* The same for an array; false: no memory. */
static bool own_array(struct gc_unit *unit, const void *from, size_t n, size_t size, void **ret)
{
    *ret = gc_memory_take(&unit->memory, n * size);
    if (!*ret)
        return false;
    if (n)
        memcpy(*ret, from, n * size);
    return true;
}

static bool own_nodes(struct gc_unit *unit, struct gc_commit_run_state *c)
{
    void *copy;
    bool ok = own_array(unit, c->nodes, c->n_nodes, sizeof *c->nodes, &copy);
    struct gc_node_info *nodes = copy;
    for (uint32_t i = 0; ok && i < c->n_nodes; i++) {
        ok = own(unit, &nodes[i].id) && own(unit, &nodes[i].op) &&
             own_array(unit, nodes[i].shape, nodes[i].n_shape, sizeof *nodes[i].shape, &copy);
        if (ok)
            nodes[i].shape = copy;
        for (uint32_t k = 0; ok && k < nodes[i].n_shape; k++)
            ok = own(unit, &nodes[i].shape[k].name);
    }
    c->nodes = nodes;
    return ok;
}

static bool own_run_state(struct gc_unit *unit, struct gc_commit_run_state *c)
{
    void *copy;
    bool ok = own(unit, &c->text) && own_nodes(unit, c) &&
              own_array(unit, c->sources, c->n_sources, sizeof *c->sources, &copy);
    if (!ok)
        return false;
    struct gc_source_info *sources = copy;
    c->sources = sources;
    for (uint32_t i = 0; ok && i < c->n_sources; i++)
        ok = own(unit, &sources[i].note);
    return ok;
}

static bool own_pages(struct gc_unit *unit, struct gc_commit_pages *c)
{
    void *copy;
    bool ok = own(unit, &c->blocks) && own(unit, &c->names) && own(unit, &c->cursor) && own(unit, &c->note) &&
              own_array(unit, c->named, c->n_named, sizeof *c->named, &copy);
    if (!ok)
        return false;
    c->named = copy;
    if (!own_array(unit, c->pages, c->n_pages, sizeof *c->pages, &copy))
        return false;
    struct gc_page *pages = copy;
    c->pages = pages;
    for (uint32_t i = 0; ok && i < c->n_pages; i++)
        ok = own(unit, &pages[i].digest);
    return ok;
}

static bool own_batch(struct gc_unit *unit, struct gc_commit_batch *c)
{
    void *copy;
    bool ok = own(unit, &c->worker) && own(unit, &c->status) && own(unit, &c->values) &&
              own_array(unit, c->deltas, c->n_deltas, sizeof *c->deltas, &copy);
    if (!ok)
        return false;
    struct gc_commit_delta *deltas = copy;
    c->deltas = deltas;
    for (uint32_t i = 0; ok && i < c->n_deltas; i++)
        ok = own(unit, &deltas[i].state);
    return ok;
}

static bool own_merged(struct gc_unit *unit, struct gc_commit_merged *c)
{
    void *copy;
    bool ok =
        own(unit, &c->output.state) && own_array(unit, c->inputs, c->n_inputs, sizeof *c->inputs, &copy);
    if (ok)
        c->inputs = copy;
    return ok;
}

static bool own_odd(struct gc_unit *unit, struct gc_commit_odd *c)
{
    void *copy;
    if (!own_array(unit, c->given, c->n_given, sizeof *c->given, &copy))
        return false;
    struct gc_given *given = copy;
    c->given = given;
    bool ok = true;
    for (uint32_t i = 0; ok && i < c->n_given; i++)
        ok = own(unit, &given[i].text);
    return ok;
}

static bool own_commit(struct gc_unit *unit, struct gc_commit *c)
{
    switch (c->kind) {
    case GC_COMMIT_RUN: return true; /* job and plan lie in the submission's mapping, which comes along */
    case GC_COMMIT_RUN_STATE: return own_run_state(unit, &c->as.run_state);
    case GC_COMMIT_PAGES: return own_pages(unit, &c->as.pages);
    case GC_COMMIT_BATCH: return own_batch(unit, &c->as.batch);
    case GC_COMMIT_MERGED: return own_merged(unit, &c->as.merged);
    case GC_COMMIT_ODD: return own_odd(unit, &c->as.odd);
    case GC_COMMIT_FRONTIER: return true;
    case GC_COMMIT_WORKER: return own(unit, &c->as.worker.name);
    case GC_COMMIT_NONE: break;
    }
    GC_NEVER("a commit of no kind");
}

enum gc_err gc_unit_add_commits(struct gc_unit *unit, const struct gc_effects *fx)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < fx->n; i++)
        n += fx->list[i].kind == GC_FX_COMMIT;
    if (n == 0)
        return GC_OK;
    unit->commits = gc_memory_take(&unit->memory, n * sizeof *unit->commits);
    bool ok = unit->commits != NULL;
    for (uint32_t i = 0; ok && i < fx->n; i++) {
        if (fx->list[i].kind != GC_FX_COMMIT)
            continue;
        struct gc_commit *c = &unit->commits[unit->n_commits++];
        *c = fx->list[i].as.commit;
        ok = own_commit(unit, c);
    }
    unit->bytes += unit->memory.total;
    return ok ? GC_OK : GC_ERR_NOMEM;
}

/* ---- questions ---- */

enum gc_err gc_unit_ask(struct gc_unit *unit, gc_peer peer, const struct gc_msg *msg)
{
    struct gc_errand *e = &unit->errand;
    GC_ASSERT(e->kind == GC_ERRAND_NONE);
    *e = (struct gc_errand){.kind = GC_ERRAND_ANSWER, .peer = peer, .msg = *msg};
    void *copy = NULL;
    bool ok = true;
    if (msg->type == GC_MSG_GET) {
        ok = own_array(unit, msg->as.get.ids, msg->as.get.n_ids, sizeof *msg->as.get.ids, &copy);
        e->msg.as.get.ids = copy;
    } else if (msg->type == GC_MSG_LIST_RUNS) {
        ok = gc_memory_keep(&unit->memory, msg->as.list_runs.prefix, &e->msg.as.list_runs.prefix);
    }
    e->msg.bulk = (struct gc_bytes){NULL, 0};
    unit->bytes += sizeof *unit + unit->memory.total;
    return ok ? GC_OK : GC_ERR_NOMEM;
}
