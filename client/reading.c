/* reading.c - see reading.h. */
#include "client/reading.h"

#include <string.h>

#include "client/error.h"
#include "common/json/json.h"
#include "common/nearest.h"

/* What the decoder cannot know: that the plan's indexes lead somewhere. */
static bool plan_is_sound(const struct gc_plan *plan)
{
    for (uint32_t s = 0; s < plan->n_stages; s++) {
        const struct gc_plan_stage *stage = &plan->stages[s];
        if (stage->kind != GC_STAGE_SOURCE && stage->source != GC_UNSET && stage->source >= plan->n_stages)
            return false;
        for (uint32_t i = 0; i < stage->n_nodes; i++) {
            if (stage->nodes[i] >= plan->n_nodes)
                return false;
        }
    }
    return true;
}

int gc_reading_open(struct gc_reading *r, struct graphcap *gc, const char *run, struct graphcap_error *error)
{
    *r = (struct gc_reading){.gc = gc, .last_stage = GC_UNSET};
    int code = gc_conn_run_id(run, &r->run, error);
    if (code == GRAPHCAP_OK)
        code = gc_plan_get(gc, &r->run, &r->document, &r->run_no, &r->plan, error);
    if (code == GRAPHCAP_OK && !plan_is_sound(&r->plan)) {
        gc_document_release(&r->document);
        code = gc_fail(error, GRAPHCAP_CORRUPT, "%s: its stored plan does not agree with itself", run);
    }
    if (code == GRAPHCAP_OK)
        gc_id_text(r->run, r->name);
    return code;
}

void gc_reading_release(struct gc_reading *r)
{
    for (size_t i = 0; i < GC_MAX_STAGES; i++)
        gc_listed_close(&r->items[i]);
    gc_document_release(&r->document);
}

int gc_reading_node(const struct gc_reading *r, const char *id, uint32_t *ret, struct graphcap_error *error)
{
    struct gc_nearest nearest;
    *ret = GC_ANY_NODE;
    if (!id)
        return GRAPHCAP_OK;
    gc_nearest_init(&nearest, gc_str_of(id));
    for (uint32_t i = 0; i < r->plan.n_nodes; i++) {
        struct gc_str name = gc_bytes_str(r->plan.nodes[i].id);
        gc_nearest_offer(&nearest, name);
        if (gc_str_is(name, id))
            *ret = i;
    }
    if (*ret != GC_ANY_NODE)
        return GRAPHCAP_OK;
    if (gc_nearest_found(&nearest))
        return gc_fail(error, GRAPHCAP_NOT_FOUND, "%s has no node '%s'; did you mean '%.*s'?", r->name, id,
                       GC_STR_ARGS(nearest.best));
    return gc_fail(error, GRAPHCAP_NOT_FOUND, "%s has no node '%s'; `gcctl show %s` lists its nodes", r->name,
                   id, r->name);
}

const struct gc_plan_node *gc_reading_bit(const struct gc_reading *r, uint64_t stage, uint32_t bit)
{
    return &r->plan.nodes[r->plan.stages[stage].nodes[bit]];
}

bool gc_reading_wanted(const struct gc_reading *r, uint64_t stage, uint32_t node)
{
    const struct gc_plan_stage *s = &r->plan.stages[stage];
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        if (node == GC_ANY_NODE || s->nodes[i] == node)
            return true;
    }
    return false;
}

int gc_reading_item(struct gc_reading *r, uint64_t stage, uint64_t item, struct gc_item *ret,
                    struct graphcap_error *error)
{
    const struct gc_plan_stage *s = &r->plan.stages[stage];
    *ret = (struct gc_item){0};
    if (s->kind == GC_STAGE_REDUCE || (s->kind == GC_STAGE_ITEM && s->source == GC_UNSET))
        return GRAPHCAP_OK;
    if (r->last_stage == stage && r->last_item == item) {
        *ret = r->last; /* the nodes of one item follow one another */
        return GRAPHCAP_OK;
    }
    int code = GRAPHCAP_OK;
    if (!r->items[stage])
        code = gc_listed_open(r->gc, r->run_no, &r->plan, stage, &r->items[stage], error);
    if (code == GRAPHCAP_OK)
        code = gc_listed_get(r->items[stage], item, ret, error);
    r->last_stage = code == GRAPHCAP_OK && ret->there ? stage : GC_UNSET;
    r->last_item = item;
    r->last = *ret;
    return code;
}

void gc_reading_put_item(struct gc_text *t, uint64_t item, const struct gc_item *found)
{
    gc_json_key(t, "item");
    gc_json_u64(t, item);
    if (found->known) {
        gc_json_named_bytes(t, "source", found->text);
        return;
    }
    gc_json_key(t, "source");
    gc_json_null(t);
}
