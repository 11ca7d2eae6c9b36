/* slot.c - executors: who runs which slice of which lease. */
#include "worker/agent/state.h"

/* ---- handing out ---- */

static bool startable(const struct gc_agent *a, const struct agent_lease *l)
{
    if (!thing_ready(a, l->program) || !thing_ready(a, l->input))
        return false;
    return l->kind != GC_LEASE_LIST || a->listing < GC_AGENT_LISTS;
}

static void start(struct gc_agent *a, struct agent_slot *s, struct agent_lease *l, struct agent_span span)
{
    s->state = AGENT_BUSY;
    s->slice = ++a->last_slice;
    s->lease = l->handle;
    s->next = span.first;
    s->end = span.first + span.count;
    s->cap = span.cap;
    s->item = GC_UNSET;
    l->slices++;
    a->idle--;
    const struct agent_given *given = gc_pool_at(&a->given_pool, l->given);
    fx_add(a, GC_AFX_START)->as.start = (struct gc_agent_slice){
        .slot = (uint32_t)(s - a->slots),
        .slice = s->slice,
        .fresh = l->alone,
        .term = l->term,
        .lease = l->id,
        .run_no = l->run_no,
        .stage = l->stage,
        .kind = l->kind,
        .first = span.first,
        .count = span.count,
        .page_first = l->page_first,
        .want = l->want,
        .attempt = l->attempt,
        .n_given = given ? given->n : 0,
        .given = given ? given->rows : NULL,
        .program = l->program,
        .input = l->input,
    };
}

static struct agent_slot *idle_slot(struct gc_agent *a)
{
    for (uint32_t i = 0; i < a->config.slots; i++) {
        if (a->slots[i].state == AGENT_IDLE)
            return &a->slots[i];
    }
    GC_NEVER("an executor is idle and none is found");
}

/* A lease is one executor's worth; it is split where others would have nothing to do. */
static uint64_t share(const struct gc_agent *a, const struct agent_lease *l, uint64_t ready)
{
    if (ready >= a->idle)
        return GC_CHUNK_ITEMS;
    uint64_t hands = gc_div_up_u64(a->idle, ready);
    return gc_min_u64(gc_div_up_u64(l->todo, hands), GC_CHUNK_ITEMS);
}

/* While the coordinator does not take results there is no use in making more of them than there is room for. */
static bool room_for_results(const struct gc_agent *a)
{
    uint32_t busy = a->config.slots - a->idle;
    return a->result_pool.capacity - a->result_pool.count > busy;
}

/* All of a lease that executors are free for. The count of ready leases falls as they are served. */
static void serve(struct gc_agent *a, struct agent_lease *l, uint64_t ready)
{
    if (l->kind == GC_LEASE_LIST) {
        (void)span_take(a, l, 1);
        list_start(a, l);
        return;
    }
    uint64_t most = share(a, l, ready);
    while (l->todo > 0 && a->idle > 0 && room_for_results(a))
        start(a, idle_slot(a), l, span_take(a, l, most));
}

void slot_hand_out(struct gc_agent *a)
{
    if (a->now_ns < a->hold_ns)
        return;
    uint64_t ready = 0;
    GC_LIST_EACH (it, &a->queue) {
        const struct agent_lease *l = GC_CONTAINER(it, struct agent_lease, queue);
        ready += l->kind != GC_LEASE_LIST && startable(a, l);
    }
    GC_LIST_EACH_SAFE (it, after, &a->queue) {
        struct agent_lease *l = GC_CONTAINER(it, struct agent_lease, queue);
        if (!startable(a, l))
            continue;
        serve(a, l, ready);
        ready -= l->kind != GC_LEASE_LIST;
    }
}

/* ---- what comes of it ---- */

static struct agent_slot *running(struct gc_agent *a, uint32_t slot, uint64_t slice)
{
    if (slot >= a->config.slots)
        return NULL;
    struct agent_slot *s = &a->slots[slot];
    return s->state != AGENT_IDLE && s->slice == slice ? s : NULL;
}

static void free_slot(struct gc_agent *a, struct agent_slot *s)
{
    s->state = AGENT_IDLE;
    s->lease = GC_HANDLE_NONE;
    a->idle++;
}

static void ended(struct gc_agent *a, struct agent_slot *s, struct agent_lease *l)
{
    GC_ASSERT(l->slices > 0);
    l->slices--;
    free_slot(a, s);
}

void slot_kill(struct gc_agent *a, struct agent_slot *s)
{
    GC_ASSERT(s->state == AGENT_BUSY);
    lease_at(a, s->lease)->slices--;
    s->state = AGENT_KILLED;
    s->lease = GC_HANDLE_NONE;
    struct gc_agent_effect *fx = fx_add(a, GC_AFX_KILL);
    fx->as.kill.slot = (uint32_t)(s - a->slots);
    fx->as.kill.slice = s->slice;
}

void slot_stopped(struct gc_agent *a, uint32_t slot, uint64_t slice)
{
    struct agent_slot *s = running(a, slot, slice);
    if (s && s->state == AGENT_KILLED)
        free_slot(a, s);
}

static void take_chunk(struct gc_agent *a, struct agent_lease *l, const struct gc_agent_chunk *chunk,
                       uint64_t cap)
{
    struct agent_result *r = result_new(a, l, AGENT_CHUNK);
    if (!r) {
        /* More than the shell may have; still, nothing is lost but time. */
        fx_free(a, chunk->chunk);
        span_add(a, l, chunk->first, chunk->count, cap);
        return;
    }
    r->first = chunk->first;
    r->count = chunk->count;
    r->chunk = *chunk;
    if (chunk->n_deltas > 0)
        memcpy(r->deltas, chunk->deltas, chunk->n_deltas * sizeof r->deltas[0]);
    result_queue(a, r);
}

void slot_chunk(struct gc_agent *a, uint32_t slot, uint64_t slice, const struct gc_agent_chunk *chunk)
{
    struct agent_slot *s = running(a, slot, slice);
    if (!s) {
        fx_free(a, chunk->chunk);
        return;
    }
    GC_ASSERT(chunk->first == s->next);
    GC_ASSERT(chunk->count >= 1);
    GC_ASSERT(chunk->count <= s->end - s->next);
    GC_ASSERT(chunk->n_deltas <= GC_MAX_STAGE_NODES);
    s->next += chunk->count;
    if (s->state == AGENT_KILLED) {
        /* It was on its way when the slice was killed. */
        fx_free(a, chunk->chunk);
        if (s->next == s->end)
            free_slot(a, s);
        return;
    }
    struct agent_lease *l = lease_at(a, s->lease);
    l->unblamed = 0;
    a->hold_step_ns = GC_BACKOFF_NS;
    take_chunk(a, l, chunk, s->cap);
    if (s->next == s->end)
        ended(a, s, l);
}

/* The machine has failed, not the item: what comes next would fail as well. */
static void hold(struct gc_agent *a)
{
    a->hold_ns = gc_add_u64_capped(a->now_ns, a->hold_step_ns);
    a->hold_step_ns = gc_min_u64(a->hold_step_ns * 2, GC_BACKOFF_MAX_NS);
}

/* Whether one item is to blame: the one the executor was at, or, where executors end again and again without a word or could not
 * be had at all, the first one. */
static bool blame(struct agent_lease *l, const struct agent_slot *s, uint64_t item, uint32_t cause,
                  uint64_t *ret)
{
    if (item != GC_UNSET && item >= s->next && item < s->end) {
        l->unblamed = 0;
        *ret = item;
        return true;
    }
    if (cause != GC_CAUSE_INFRA && ++l->unblamed < AGENT_UNBLAMED_MAX)
        return false;
    l->unblamed = 0;
    *ret = s->next;
    return true;
}

void slot_fault(struct gc_agent *a, const struct gc_agent_event *event)
{
    struct agent_slot *s = running(a, event->as.fault.slot, event->as.fault.slice);
    if (!s)
        return;
    if (s->state == AGENT_KILLED) {
        free_slot(a, s);
        return;
    }
    struct agent_lease *l = lease_at(a, s->lease);
    uint32_t cause = event->as.fault.cause;
    if (cause == GC_CAUSE_INFRA)
        hold(a);
    uint64_t next = s->next, end = s->end, cap = s->cap, item = 0;
    bool blamed = blame(l, s, event->as.fault.item, cause, &item);
    uint64_t node = item == event->as.fault.item ? event->as.fault.node : GC_UNSET;
    ended(a, s, l);
    if (blamed && result_fault(a, l, item, node, cause, event->as.fault.text)) {
        span_add(a, l, next, item - next, cap);
        span_add(a, l, item + 1, end - item - 1, cap);
    } else {
        span_add(a, l, next, end - next, cap);
    }
    (void)lease_settle(a, l);
}
