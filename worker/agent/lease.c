/* lease.c - leases from their coming to their end. */
#include "worker/agent/state.h"

static struct agent_lease *lease_of(struct gc_link *link)
{
    return GC_CONTAINER(link, struct agent_lease, link);
}

struct agent_lease *lease_by_id(const struct gc_agent *a, uint64_t id)
{
    uint64_t handle;
    return gc_map_get(&a->lease_ids, id, &handle) ? lease_at(a, handle) : NULL;
}

void lease_gone(struct gc_agent *a, uint64_t id)
{
    a->gone[a->gone_at] = id;
    a->gone_at = (a->gone_at + 1) % AGENT_GONE;
}

static bool was_here(const struct gc_agent *a, uint64_t id)
{
    for (uint32_t i = 0; i < AGENT_GONE; i++) {
        if (a->gone[i] == id)
            return true;
    }
    return false;
}

/* ---- coming ---- */

static void give_back(struct gc_agent *a, uint64_t id, uint64_t from)
{
    struct gc_msg *msg = fx_send(a, GC_MSG_RECALLED);
    msg->as.recalled.lease = id;
    msg->as.recalled.from = from;
}

static void copy_given(struct gc_agent *a, struct agent_lease *l, const struct gc_msg_lease *in)
{
    if (in->n_given == 0)
        return;
    struct agent_given *g = gc_pool_take(&a->given_pool, &l->given);
    GC_ASSERT(g != NULL); /* there is one a lease */
    g->n = in->n_given;
    for (uint32_t i = 0; i < in->n_given; i++) {
        g->rows[i] = in->given[i];
        size_t len = gc_min_size(in->given[i].text.len, GC_MAX_TEXT);
        if (len > 0)
            memcpy(g->texts[i], in->given[i].text.ptr, len);
        g->rows[i].text = (struct gc_bytes){g->texts[i], len};
    }
}

/* What it runs on: the page, the cursor, the states, the results. */
static bool take_input(struct gc_agent *a, struct agent_lease *l, const struct gc_msg_lease *in)
{
    struct agent_thing *t = NULL;
    switch (l->kind) {
    case GC_LEASE_ITEMS:
        if (in->page == GC_UNSET)
            return true; /* the run itself is the item */
        t = thing_take(a, GC_GET_PAGE, in->run_no, in->stage, in->page);
        break;
    case GC_LEASE_LIST: t = thing_take(a, GC_GET_CURSOR, in->run_no, in->stage, 0); break;
    case GC_LEASE_MERGE:
    case GC_LEASE_FINISH:
        if (in->kind == GC_LEASE_FINISH && in->scan != GC_UNSET)
            t = thing_take(a, GC_GET_RESULTS, in->run_no, in->scan, 0);
        else if (in->n_deltas > 0)
            t = thing_take_deltas(a, in->run_no, in->stage, in->deltas, in->n_deltas);
        else
            return true; /* no items at all */
        break;
    case GC_LEASE_KINDS: GC_NEVER("a kind of lease that the decoder let pass");
    }
    if (t)
        l->input = t->handle;
    return t != NULL;
}

static bool take_things(struct gc_agent *a, struct agent_lease *l, const struct gc_msg_lease *in)
{
    struct agent_thing *program = thing_take(a, GC_GET_PROGRAM, in->run_no, in->stage, 0);
    if (!program)
        return false;
    l->program = program->handle;
    return take_input(a, l, in);
}

static void release(struct gc_agent *a, struct agent_lease *l)
{
    thing_release(a, l->input);
    thing_release(a, l->program);
    if (l->given != GC_HANDLE_NONE)
        gc_pool_give(&a->given_pool, l->given);
    gc_list_remove(&a->leases, &l->link);
    gc_pool_give(&a->lease_pool, l->handle);
}

static struct agent_lease *make(struct gc_agent *a, uint64_t term, const struct gc_msg_lease *in)
{
    uint64_t handle;
    struct agent_lease *l = gc_pool_take(&a->lease_pool, &handle);
    if (!l)
        return NULL;
    l->handle = handle;
    l->term = term;
    l->id = in->lease;
    l->run_no = in->run_no;
    l->stage = in->stage;
    l->kind = (enum gc_lease_kind)in->kind;
    /* What is not items is one piece of work; only LIST's numbers say more. */
    bool numbered = l->kind == GC_LEASE_ITEMS || l->kind == GC_LEASE_LIST;
    l->first = numbered ? in->first : 0;
    l->count = numbered ? in->count : 1;
    l->page_first = in->page_first;
    l->want = in->want;
    l->attempt = in->attempt;
    l->alone = in->alone;
    gc_list_init(&l->spans);
    gc_list_init(&l->parked);
    gc_list_append(&a->leases, &l->link);
    return l;
}

/* A lease of items lies in its page. */
static bool in_page(const struct gc_msg_lease *in)
{
    if (in->kind != GC_LEASE_ITEMS || in->page == GC_UNSET)
        return true;
    return in->first >= in->page_first && in->first - in->page_first <= GC_PAGE_ITEMS &&
           in->count <= GC_PAGE_ITEMS - (in->first - in->page_first);
}

void lease_come(struct gc_agent *a, const struct gc_msg *msg)
{
    const struct gc_msg_lease *in = &msg->as.lease;
    if (in->lease == 0 || lease_by_id(a, in->lease) || was_here(a, in->lease) || !in_page(in))
        return;
    if (a->draining) {
        lease_gone(a, in->lease);
        give_back(a, in->lease, in->kind == GC_LEASE_ITEMS ? in->first : 0);
        return;
    }
    /* Where something is full it is not taken: not being named in beats, the lease goes to others. */
    struct agent_lease *l = make(a, msg->term, in);
    if (!l)
        return;
    copy_given(a, l, in);
    if (!take_things(a, l, in)) {
        release(a, l);
        return;
    }
    bool put = gc_map_put(&a->lease_ids, l->id, l->handle);
    GC_ASSERT(put); /* the map is as large as the pool */
    uint64_t first = l->kind == GC_LEASE_ITEMS ? l->first : 0;
    span_add(a, l, first, lease_end(l) - first, l->alone ? 1 : GC_CHUNK_ITEMS);
    (void)lease_settle(a, l);
}

/* ---- ending ---- */

bool lease_settle(struct gc_agent *a, struct agent_lease *l)
{
    if (l->todo > 0 || l->slices > 0 || l->results > 0 || l->list != 0)
        return false;
    lease_gone(a, l->id);
    bool known = gc_map_remove(&a->lease_ids, l->id);
    GC_ASSERT(known);
    release(a, l);
    return true;
}

static void kill_slices(struct gc_agent *a, struct agent_lease *l, uint64_t first, uint64_t end)
{
    for (uint32_t i = 0; i < a->config.slots; i++) {
        struct agent_slot *s = &a->slots[i];
        if (s->state == AGENT_BUSY && s->lease == l->handle && s->next < end && s->end > first)
            slot_kill(a, s);
    }
}

void lease_drop_work(struct gc_agent *a, struct agent_lease *l)
{
    span_clear(a, l);
    kill_slices(a, l, 0, UINT64_MAX);
    list_stop(a, l);
}

void lease_cancel(struct gc_agent *a, struct agent_lease *l)
{
    lease_drop_work(a, l);
    result_drop_all(a, l, false, 0, UINT64_MAX);
    bool gone = lease_settle(a, l);
    GC_ASSERT(gone);
}

void lease_cut(struct gc_agent *a, struct agent_lease *l, uint64_t first, uint64_t count)
{
    uint64_t end = first + count;
    if (l->kind != GC_LEASE_ITEMS) {
        first = 0;
        end = UINT64_MAX;
        list_stop(a, l);
    }
    span_cut(a, l, first, end);
    kill_slices(a, l, first, end);
    result_drop_all(a, l, true, first, end);
    (void)lease_settle(a, l);
}

void lease_recall(struct gc_agent *a, struct agent_lease *l)
{
    uint64_t end = lease_end(l);
    struct gc_link *last = gc_list_last(&l->spans);
    struct agent_span *s = last ? GC_CONTAINER(last, struct agent_span, link) : NULL;
    uint64_t from = s && s->first + s->count == end ? s->first : end;
    /* Pieces that touch and differ only in how they may be cut are one suffix. */
    for (last = last ? last->prev : NULL; last && last != &l->spans.head; last = last->prev) {
        s = GC_CONTAINER(last, struct agent_span, link);
        if (s->first + s->count != from)
            break;
        from = s->first;
    }
    span_cut(a, l, from, end);
    if (l->kind == GC_LEASE_ITEMS)
        l->count = from - l->first;
    give_back(a, l->id, from);
    (void)lease_settle(a, l);
}

/* ---- things that cannot be had ---- */

static bool needs(const struct gc_agent *a, const struct agent_lease *l, uint64_t thing)
{
    if (l->program == thing || l->input == thing)
        return true;
    const struct agent_thing *input = gc_pool_at(&a->thing_pool, l->input);
    return input && input->program == thing;
}

void lease_lost_thing(struct gc_agent *a, uint64_t thing, struct gc_bytes why)
{
    GC_LIST_EACH_SAFE (it, after, &a->leases) {
        struct agent_lease *l = lease_of(it);
        if (!needs(a, l, thing))
            continue;
        /* What the coordinator no longer has belongs to a run that is over. What this worker cannot use another may: the
         * first item says so, with a backoff; the rest goes back by not being named. */
        uint64_t item = l->kind == GC_LEASE_ITEMS ? l->first : 0;
        bool told = why.len > 0 && l->todo > 0 && result_fault(a, l, item, GC_UNSET, GC_CAUSE_INFRA, why);
        if (told)
            lease_drop_work(a, l);
        else
            lease_cancel(a, l);
    }
}
