/* span.c - what of a lease is still to do: spans in ascending order, neighbours of the same cap joined. */
#include "worker/agent/state.h"

static struct agent_span *span_of(struct gc_link *link)
{
    return GC_CONTAINER(link, struct agent_span, link);
}

static void give(struct gc_agent *a, struct agent_lease *l, struct agent_span *s)
{
    gc_list_remove(&l->spans, &s->link);
    gc_pool_give(&a->span_pool, gc_pool_handle_of(&a->span_pool, s));
}

/* The queue holds exactly the leases with something to do. */
static void requeue(struct gc_agent *a, struct agent_lease *l)
{
    bool wanted = l->todo > 0;
    if (wanted == gc_link_linked(&l->queue))
        return;
    if (wanted)
        gc_list_append(&a->queue, &l->queue);
    else
        gc_list_remove(&a->queue, &l->queue);
}

static bool join(struct agent_span *low, const struct agent_span *high)
{
    if (low->cap != high->cap || low->first + low->count != high->first)
        return false;
    low->count += high->count;
    return true;
}

/* Puts a new span before `at` (the list's head: at the end). False: there is no room for another. */
static bool insert(struct gc_agent *a, struct agent_lease *l, struct gc_link *at, uint64_t first,
                   uint64_t count, uint64_t cap)
{
    struct agent_span *s = gc_pool_take(&a->span_pool, NULL);
    if (!s)
        return false;
    s->first = first;
    s->count = count;
    s->cap = cap;
    gc_list_insert_before(&l->spans, at, &s->link);
    return true;
}

/* Where there is no room the items are forgotten: the coordinator has them back when the lease is no longer named. */
void span_add(struct gc_agent *a, struct agent_lease *l, uint64_t first, uint64_t count, uint64_t cap)
{
    if (count == 0)
        return;
    struct gc_link *at = l->spans.head.next;
    while (at != &l->spans.head && span_of(at)->first < first)
        at = at->next;
    struct agent_span fresh = {.first = first, .count = count, .cap = cap};
    struct agent_span *low = at->prev == &l->spans.head ? NULL : span_of(at->prev);
    struct agent_span *high = at == &l->spans.head ? NULL : span_of(at);
    GC_ASSERT(!low || low->first + low->count <= first);
    GC_ASSERT(!high || first + count <= high->first);
    if (low && join(low, &fresh)) {
        if (high && join(low, high))
            give(a, l, high);
    } else if (high && join(&fresh, high)) {
        high->first = first;
        high->count = fresh.count;
    } else if (!insert(a, l, at, first, count, cap)) {
        return;
    }
    l->todo += count;
    requeue(a, l);
}

/* Takes [first, end) out of one span; the part behind it may become a span of its own. */
static void cut_one(struct gc_agent *a, struct agent_lease *l, struct agent_span *s, uint64_t first,
                    uint64_t end)
{
    uint64_t s_end = s->first + s->count;
    uint64_t from = gc_max_u64(first, s->first);
    uint64_t to = gc_min_u64(end, s_end);
    if (from >= to)
        return;
    l->todo -= to - from;
    if (from == s->first && to == s_end) {
        give(a, l, s);
    } else if (from == s->first) {
        s->first = to;
        s->count = s_end - to;
    } else {
        s->count = from - s->first;
        if (to < s_end && !insert(a, l, s->link.next, to, s_end - to, s->cap))
            l->todo -= s_end - to;
    }
}

void span_cut(struct gc_agent *a, struct agent_lease *l, uint64_t first, uint64_t end)
{
    /* A span that cut_one puts behind the one cut lies beyond `end`: seeing it or not is the same. */
    GC_LIST_EACH_SAFE (it, after, &l->spans)
        cut_one(a, l, span_of(it), first, end);
    requeue(a, l);
}

void span_clear(struct gc_agent *a, struct agent_lease *l)
{
    span_cut(a, l, 0, UINT64_MAX);
}

struct agent_span span_take(struct gc_agent *a, struct agent_lease *l, uint64_t most)
{
    struct gc_link *link = gc_list_first(&l->spans);
    GC_ASSERT(link != NULL);
    GC_ASSERT(most > 0);
    struct agent_span taken = *span_of(link);
    taken.count = gc_min_u64(gc_min_u64(taken.count, taken.cap), most);
    cut_one(a, l, span_of(link), taken.first, taken.first + taken.count);
    requeue(a, l);
    return taken;
}
