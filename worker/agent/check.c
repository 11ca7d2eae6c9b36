/* check.c - everything that the agent counts or lists, derived again. */
#include "worker/agent/state.h"

static uint32_t busy_with(const struct gc_agent *a, const struct agent_lease *l)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->config.slots; i++) {
        const struct agent_slot *s = &a->slots[i];
        if (s->state == AGENT_BUSY && s->lease == l->handle) {
            GC_ASSERT(s->next < s->end);
            GC_ASSERT(s->end <= lease_end(l));
            n++;
        }
    }
    return n;
}

static uint32_t results_of(const struct gc_list *list, const struct agent_lease *l, bool sent)
{
    uint32_t n = 0;
    GC_LIST_EACH (it, list) {
        const struct agent_result *r = GC_CONTAINER(it, struct agent_result, link);
        GC_ASSERT(r->sent == sent);
        n += r->lease == l->handle;
    }
    return n;
}

static void check_spans(const struct gc_agent *a, const struct agent_lease *l)
{
    uint64_t todo = 0, end = 0;
    GC_LIST_EACH (it, &l->spans) {
        const struct agent_span *s = GC_CONTAINER(it, struct agent_span, link);
        GC_ASSERT(s->count > 0);
        GC_ASSERT(s->cap > 0);
        GC_ASSERT(s->first >= end);
        end = s->first + s->count;
        todo += s->count;
        for (uint32_t i = 0; i < a->config.slots; i++) {
            const struct agent_slot *slot = &a->slots[i];
            bool ours = slot->state == AGENT_BUSY && slot->lease == l->handle;
            GC_ASSERT(!ours || slot->end <= s->first || slot->next >= end);
        }
    }
    GC_ASSERT(gc_list_sound(&l->spans));
    GC_ASSERT(end <= lease_end(l));
    GC_ASSERT(todo == l->todo);
    GC_ASSERT((todo > 0) == gc_link_linked(&l->queue));
}

static void check_lease(const struct gc_agent *a, const struct agent_lease *l)
{
    GC_ASSERT(lease_by_id(a, l->id) == l);
    check_spans(a, l);
    GC_ASSERT(l->slices == busy_with(a, l));
    GC_ASSERT(l->results ==
              results_of(&a->waiting, l, false) + results_of(&a->sent, l, true) + l->parked.count);
    GC_ASSERT(l->todo > 0 || l->slices > 0 || l->results > 0 || l->list != 0);
    GC_ASSERT(gc_pool_at(&a->thing_pool, l->program) != NULL);
    GC_ASSERT(l->list == 0 || l->kind == GC_LEASE_LIST);
}

static uint32_t needed_by(const struct gc_agent *a, uint64_t thing)
{
    uint32_t n = 0;
    GC_LIST_EACH (it, &a->leases) {
        const struct agent_lease *l = GC_CONTAINER(it, struct agent_lease, link);
        n += (uint32_t)(l->program == thing) + (uint32_t)(l->input == thing);
    }
    GC_LIST_EACH (it, &a->things)
        n += GC_CONTAINER(it, struct agent_thing, all)->program == thing;
    return n;
}

static void check_things(const struct gc_agent *a)
{
    size_t asked = 0, derived = 0, spare = 0;
    GC_LIST_EACH (it, &a->things) {
        const struct agent_thing *t = GC_CONTAINER(it, struct agent_thing, all);
        GC_ASSERT(t->refs == needed_by(a, t->handle));
        GC_ASSERT(t->refs > 0 || t->state == AGENT_READY);
        asked += t->state == AGENT_ASKED;
        derived += t->state == AGENT_DERIVED;
        spare += t->refs == 0;
    }
    GC_ASSERT(asked == a->asked.count);
    GC_ASSERT(derived == a->derived.count);
    GC_ASSERT(spare == a->spare.count);
    GC_ASSERT(a->spare.count <= AGENT_CACHE);
    GC_ASSERT(a->things.count == a->thing_pool.count);
}

static void check_totals(const struct gc_agent *a)
{
    uint32_t idle = 0, listing = 0, given = 0;
    size_t parked = 0, queued = 0, spans = 0;
    for (uint32_t i = 0; i < a->config.slots; i++)
        idle += a->slots[i].state == AGENT_IDLE;
    GC_LIST_EACH (it, &a->leases) {
        const struct agent_lease *l = GC_CONTAINER(it, struct agent_lease, link);
        check_lease(a, l);
        listing += l->list != 0;
        given += l->given != GC_HANDLE_NONE;
        parked += l->parked.count;
        queued += l->todo > 0;
        spans += l->spans.count;
    }
    GC_ASSERT(idle == a->idle);
    GC_ASSERT(listing == a->listing);
    GC_ASSERT(given == a->given_pool.count);
    GC_ASSERT(queued == a->queue.count);
    GC_ASSERT(spans == a->span_pool.count);
    GC_ASSERT(a->result_pool.count == a->waiting.count + a->sent.count + parked);
    GC_ASSERT(a->leases.count == a->lease_pool.count);
    GC_ASSERT(a->leases.count == a->lease_ids.count);
}

void gc_agent_check(const struct gc_agent *a)
{
    check_totals(a);
    check_things(a);
    GC_ASSERT(a->joined || a->sent.count == 0);
    const struct gc_list *lists[] = {&a->leases, &a->queue, &a->waiting, &a->sent,
                                     &a->things, &a->asked, &a->derived, &a->spare};
    for (size_t i = 0; i < GC_COUNT_OF(lists); i++)
        GC_ASSERT(gc_list_sound(lists[i]));
    GC_ASSERT(gc_map_sound(&a->lease_ids));
    GC_ASSERT(gc_pool_sound(&a->result_pool));
}
