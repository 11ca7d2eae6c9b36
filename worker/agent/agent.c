/* agent.c - the step: fence first, then the event, then whatever can go out now. */
#include "worker/agent/state.h"

#define LEASES_BESIDE  64u /* leases that only wait for acknowledgements, beside those a worker may hold */
#define FAULTS_DEFAULT 256u

static void complete(struct gc_agent_config *c)
{
    GC_ASSERT(c->slots >= 1);
    GC_ASSERT(c->slots <= GC_MAX_SLOTS);
    if (c->leases == 0)
        c->leases = c->slots * GC_LEASES_A_SLOT + LEASES_BESIDE;
    if (c->results == 0)
        c->results = GC_AGENT_RESULTS;
    if (c->faults == 0)
        c->faults = FAULTS_DEFAULT;
    if (c->spans == 0)
        c->spans = c->leases + 2 * (c->results + c->faults) + c->slots;
    if (c->things == 0)
        c->things = 3 * c->leases + AGENT_CACHE;
    GC_ASSERT(c->leases <= GC_MAX_INVENTORY);
}

/* The most effects that one step can have: what it can do to each slot, lease, result and thing, and a few messages. */
static uint32_t effects_of(const struct gc_agent_config *c)
{
    return 4 * c->slots + 4 * c->leases + 3 * (c->results + c->faults) + 4 * c->things + 64;
}

static enum gc_err take_pools(struct gc_agent *a, struct gc_arena *arena, const struct gc_agent_config *c)
{
    enum gc_err err = gc_pool_init(&a->lease_pool, arena, sizeof(struct agent_lease), c->leases);
    if (err == GC_OK)
        err = gc_pool_init(&a->span_pool, arena, sizeof(struct agent_span), c->spans);
    if (err == GC_OK)
        err = gc_pool_init(&a->given_pool, arena, sizeof(struct agent_given), c->leases);
    if (err == GC_OK)
        err = gc_pool_init(&a->result_pool, arena, sizeof(struct agent_result), c->results + c->faults);
    if (err == GC_OK)
        err = gc_pool_init(&a->thing_pool, arena, sizeof(struct agent_thing), c->things);
    if (err == GC_OK)
        err = gc_map_init(&a->lease_ids, arena, c->leases, c->seed);
    return err;
}

static enum gc_err take_arrays(struct gc_agent *a, struct gc_arena *arena, const struct gc_agent_config *c)
{
    a->max_effects = effects_of(c);
    a->slots = GC_ARENA_ARRAY(arena, struct agent_slot, c->slots);
    a->rows = GC_ARENA_ARRAY(arena, struct agent_row, GC_MAX_INVENTORY);
    a->held = GC_ARENA_ARRAY(arena, struct gc_held, GC_MAX_INVENTORY);
    a->beat_leases = GC_ARENA_ARRAY(arena, uint64_t, GC_MAX_INVENTORY);
    a->beat_running = GC_ARENA_ARRAY(arena, struct gc_running, c->slots);
    a->effects = GC_ARENA_ARRAY(arena, struct gc_agent_effect, a->max_effects);
    bool whole = a->slots && a->rows && a->held && a->beat_leases && a->beat_running && a->effects;
    return whole ? GC_OK : GC_ERR_NOMEM;
}

/* What the parts take, with the largest loss to alignment each. */
size_t gc_agent_size(const struct gc_agent_config *config)
{
    struct gc_agent_config c = *config;
    complete(&c);
    size_t words = 2 * sizeof(uint32_t), pad = _Alignof(max_align_t);
    size_t size = sizeof(struct gc_agent) + 32 * pad;
    size += c.leases * (sizeof(struct agent_lease) + sizeof(struct agent_given) + 2 * (words + pad));
    size += c.spans * (sizeof(struct agent_span) + words + pad);
    size += (size_t)(c.results + c.faults) * (sizeof(struct agent_result) + words + pad);
    size += c.things * (sizeof(struct agent_thing) + words + pad);
    size += 2 * gc_round_up_pow2((uint64_t)c.leases * 4 / 3 + 2) * (sizeof(struct gc_map_entry) + 1) + 64;
    size += c.slots * (sizeof(struct agent_slot) + sizeof(struct gc_running));
    size += GC_MAX_INVENTORY * (sizeof(struct agent_row) + sizeof(struct gc_held) + sizeof(uint64_t));
    size += effects_of(&c) * sizeof(struct gc_agent_effect);
    return size;
}

static void make_empty(struct gc_agent *a, const struct gc_agent_config *c)
{
    a->config = *c;
    struct gc_list *lists[] = {&a->leases, &a->queue, &a->waiting, &a->sent,
                               &a->things, &a->asked, &a->derived, &a->spare};
    for (size_t i = 0; i < GC_COUNT_OF(lists); i++)
        gc_list_init(lists[i]);
    memset(a->slots, 0, c->slots * sizeof a->slots[0]);
    a->idle = c->slots;
    a->hold_step_ns = GC_BACKOFF_NS;
    a->beat_ns = GC_BEAT_NS;
    a->fence_after_ns = GC_FENCE_NS;
    a->window = 1;
}

enum gc_err gc_agent_init(struct gc_arena *arena, const struct gc_agent_config *config, struct gc_agent **ret)
{
    struct gc_agent_config c = *config;
    complete(&c);
    struct gc_agent *a = GC_ARENA_ONE(arena, struct gc_agent);
    if (!a)
        return GC_ERR_NOMEM;
    memset(a, 0, sizeof *a);
    enum gc_err err = take_pools(a, arena, &c);
    if (err == GC_OK)
        err = take_arrays(a, arena, &c);
    if (err != GC_OK)
        return err;
    make_empty(a, &c);
    *ret = a;
    return GC_OK;
}

/* ---- events ---- */

static void cancel(struct gc_agent *a, uint64_t id)
{
    struct agent_lease *l = lease_by_id(a, id);
    if (l)
        lease_cancel(a, l);
    else if (id != 0)
        lease_gone(a, id); /* should it come after this */
}

static void hear_error(struct gc_agent *a, const struct gc_msg *msg)
{
    if (msg->re != 0 && !result_error(a, msg))
        thing_error(a, msg);
}

static void recall(struct gc_agent *a, uint64_t id)
{
    struct agent_lease *l = lease_by_id(a, id);
    if (l)
        lease_recall(a, l);
}

/* Within the session. What only a coordinator is sent, or only a client, does not come here: the decoder's caller sees to it, and
 * it would mean nothing. */
static void obey(struct gc_agent *a, const struct gc_msg *msg)
{
    if (msg->type == GC_MSG_LEASE)
        lease_come(a, msg);
    else if (msg->type == GC_MSG_RESULT_ACK)
        result_ack(a, msg);
    else if (msg->type == GC_MSG_BEAT_ACK)
        session_beat_ack(a, &msg->as.beat_ack);
    else if (msg->type == GC_MSG_DATA)
        thing_data(a, msg);
    else if (msg->type == GC_MSG_ERROR)
        hear_error(a, msg);
    else if (msg->type == GC_MSG_RECALL)
        recall(a, msg->as.recall.lease);
    else if (msg->type == GC_MSG_CANCEL)
        cancel(a, msg->as.cancel.lease);
}

static void hear(struct gc_agent *a, const struct gc_msg *msg)
{
    if (msg->term < a->term)
        return;
    a->heard_ns = a->now_ns;
    if (msg->type == GC_MSG_WELCOME) {
        session_welcome(a, msg);
        return;
    }
    /* While a HELLO is out there is no session to obey in. */
    if (!a->joined)
        return;
    if (msg->type == GC_MSG_WHO && msg->re != 0 && msg->re < a->hello_seq)
        return; /* it answers what was said before this session */
    if (msg->type == GC_MSG_WHO || msg->term > a->term)
        session_hello(a);
    else if (msg->session == a->session)
        obey(a, msg);
}

static void note_items(struct gc_agent *a, uint32_t n, const uint64_t *items)
{
    for (uint32_t i = 0; i < gc_min_u64(n, a->config.slots); i++)
        a->slots[i].item = items[i];
}

static void handle(struct gc_agent *a, const struct gc_agent_event *e)
{
    switch (e->kind) {
    case GC_AEV_TIMER:
        note_items(a, e->as.timer.n, e->as.timer.items);
        if (e->as.timer.rss > 0)
            a->rss = e->as.timer.rss;
        break;
    case GC_AEV_MESSAGE: hear(a, e->as.msg); break;
    case GC_AEV_CHUNK: slot_chunk(a, e->as.chunk.slot, e->as.chunk.slice, &e->as.chunk.chunk); break;
    case GC_AEV_FAULT: slot_fault(a, e); break;
    case GC_AEV_STOPPED: slot_stopped(a, e->as.stopped.slot, e->as.stopped.slice); break;
    case GC_AEV_THING: thing_kept(a, e->as.thing.thing, e->as.thing.err, e->as.thing.text); break;
    case GC_AEV_PAGES:
        list_pages(a, e->as.pages.list, e->as.pages.chunk, e->as.pages.pages, e->as.pages.bulk);
        break;
    case GC_AEV_UNLISTED:
        list_failed(a, e->as.unlisted.list, e->as.unlisted.cause, e->as.unlisted.text);
        break;
    case GC_AEV_DRAIN: session_drain(a); break;
    }
}

struct gc_agent_effects gc_agent_step(struct gc_agent *a, const struct gc_agent_event *event)
{
    GC_ASSERT(event->now_ns >= a->now_ns);
    if (!a->greeted)
        a->heard_ns = event->now_ns;
    a->now_ns = event->now_ns;
    a->n_effects = 0;
    session_fence(a);
    handle(a, event);
    thing_turn(a);
    result_turn(a);
    slot_hand_out(a);
    session_turn(a);
    return (struct gc_agent_effects){a->n_effects, a->effects};
}

/* ---- looking ---- */

static uint64_t oldest_result(const struct gc_agent *a)
{
    const struct gc_link *first = gc_list_first(&a->sent);
    return first ? GC_CONTAINER(first, struct agent_result, link)->sent_ns : UINT64_MAX;
}

static uint64_t oldest_question(const struct gc_agent *a)
{
    const struct gc_link *first = gc_list_first(&a->asked);
    return first ? GC_CONTAINER(first, struct agent_thing, link)->asked_ns : UINT64_MAX;
}

uint64_t gc_agent_deadline(const struct gc_agent *a)
{
    uint64_t at = session_deadline(a);
    if (a->joined)
        at =
            gc_min_u64(at, gc_add_u64_capped(gc_min_u64(oldest_result(a), oldest_question(a)), GC_RESEND_NS));
    if (a->queue.count > 0 && a->hold_ns > a->now_ns)
        at = gc_min_u64(at, a->hold_ns);
    return at;
}

uint64_t gc_agent_fence(const struct gc_agent *a)
{
    return a->acked_ns == 0 ? 0 : gc_add_u64_capped(a->acked_ns, a->fence_after_ns);
}

bool gc_agent_joined(const struct gc_agent *a)
{
    return a->joined;
}

uint64_t gc_agent_term(const struct gc_agent *a)
{
    return a->term;
}

uint32_t gc_agent_leases(const struct gc_agent *a)
{
    return (uint32_t)a->leases.count;
}

uint32_t gc_agent_results(const struct gc_agent *a)
{
    return a->result_pool.count;
}
