/* session.c - being known to a coordinator: HELLO until WELCOME, beats, the fence, and the ways out.
 *
 * A term lower than the known one is a voice from the past. A higher one, or WHO, means that the coordinator does not know this
 * session: HELLO again, and work goes on meanwhile. Only the fence ends work. */
#include "worker/agent/state.h"

#define BEAT_MIN_NS (10u * GC_MS)

void session_leave(struct gc_agent *a)
{
    a->joined = false;
    result_unsend_all(a);
}

void session_hello(struct gc_agent *a)
{
    session_leave(a);
    /* The rows may end leases and free chunks: before the message, whose place in the list is fixed when it is added. */
    struct gc_msg_hello hello = {
        .role = GC_ROLE_WORKER,
        .name = a->config.name,
        .version = a->config.version,
        .peer = a->config.worker,
        .boot = a->config.boot,
        .slots = a->config.slots,
        .catalogue = {a->config.digest.b, sizeof a->config.digest.b},
    };
    inventory_fill(a, &hello);
    struct gc_msg *msg = fx_send(a, GC_MSG_HELLO);
    msg->as.hello = hello;
    a->greeted = true;
    a->hello_seq = msg->seq;
    a->hello_ns = a->now_ns;
}

/* ---- joining ---- */

static void send_catalogue(struct gc_agent *a)
{
    struct gc_bytes all = a->config.catalogue;
    for (size_t offset = 0; offset < all.len; offset += GC_MAX_BULK) {
        struct gc_msg *msg = fx_send(a, GC_MSG_CATALOGUE);
        msg->as.catalogue.digest = (struct gc_bytes){a->config.digest.b, sizeof a->config.digest.b};
        msg->as.catalogue.total = all.len;
        msg->as.catalogue.offset = offset;
        msg->bulk = (struct gc_bytes){all.ptr + offset, gc_min_size(all.len - offset, GC_MAX_BULK)};
    }
}

static void adopt_times(struct gc_agent *a, const struct gc_msg_welcome *welcome)
{
    a->beat_ns = gc_clamp_u64(welcome->beat_ns, BEAT_MIN_NS, GC_BEAT_NS);
    /* Of shorter leases the same part as of the usual ones. */
    uint64_t lease_ns = gc_clamp_u64(welcome->lease_ns, 4 * BEAT_MIN_NS, GC_LEASE_NS);
    a->fence_after_ns = lease_ns / (GC_LEASE_NS / GC_MS) * (GC_FENCE_NS / GC_MS);
    a->window = gc_clamp_u64(welcome->window, 1, GC_RESULT_WINDOW);
}

void session_welcome(struct gc_agent *a, const struct gc_msg *msg)
{
    const struct gc_msg_welcome *welcome = &msg->as.welcome;
    if (a->joined || msg->re != a->hello_seq || welcome->n_verdicts != a->n_rows)
        return;
    a->joined = true;
    a->term = msg->term;
    a->session = msg->session;
    a->acked_ns = a->hello_ns;
    a->beat_due_ns = a->now_ns;
    adopt_times(a, welcome);
    inventory_judge(a, welcome->verdicts);
    if (welcome->want_catalogue)
        send_catalogue(a);
    thing_ask_again(a);
}

/* ---- beats ---- */

static uint32_t running_rows(struct gc_agent *a)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->config.slots; i++) {
        const struct agent_slot *s = &a->slots[i];
        if (s->state != AGENT_BUSY)
            continue;
        bool known = s->item != GC_UNSET && s->item >= s->next && s->item < s->end;
        a->beat_running[n].lease = lease_at(a, s->lease)->id;
        a->beat_running[n].item = known ? s->item : s->next;
        n++;
    }
    return n;
}

static void beat(struct gc_agent *a)
{
    uint32_t n = 0;
    GC_LIST_EACH (it, &a->leases) {
        GC_ASSERT(n < GC_MAX_INVENTORY);
        a->beat_leases[n++] = GC_CONTAINER(it, struct agent_lease, link)->id;
    }
    struct gc_msg *msg = fx_send(a, GC_MSG_BEAT);
    msg->as.beat.sent_ns = a->now_ns;
    msg->as.beat.rss = a->rss;
    msg->as.beat.n_leases = n;
    msg->as.beat.leases = n > 0 ? a->beat_leases : NULL;
    msg->as.beat.n_running = running_rows(a);
    msg->as.beat.running = msg->as.beat.n_running > 0 ? a->beat_running : NULL;
    a->beat_sent_ns = a->now_ns;
    a->beat_due_ns = gc_add_u64_capped(a->now_ns, a->beat_ns);
    /* A goodbye may get lost like anything else. */
    if (a->draining)
        fx_send(a, GC_MSG_BYE);
}

void session_beat_ack(struct gc_agent *a, const struct gc_msg_beat_ack *ack)
{
    /* Only times that we have sent: an echo of the future would hold the fence open. */
    if (ack->sent_ns > a->acked_ns && ack->sent_ns <= a->beat_sent_ns)
        a->acked_ns = ack->sent_ns;
}

/* ---- the fence ---- */

static void drop_all_work(struct gc_agent *a)
{
    GC_LIST_EACH_SAFE (it, after, &a->leases) {
        struct agent_lease *l = GC_CONTAINER(it, struct agent_lease, link);
        lease_drop_work(a, l);
        (void)lease_settle(a, l);
    }
}

void session_fence(struct gc_agent *a)
{
    if (a->acked_ns == 0 || a->now_ns < gc_agent_fence(a))
        return;
    drop_all_work(a);
    a->acked_ns = 0;
    if (a->joined)
        session_hello(a);
}

/* ---- ways out ---- */

void session_drain(struct gc_agent *a)
{
    if (a->draining)
        return;
    a->draining = true;
    a->drain_ns = a->now_ns;
    GC_LIST_EACH_SAFE (it, after, &a->leases) {
        struct agent_lease *l = GC_CONTAINER(it, struct agent_lease, link);
        if (l->todo == 0)
            continue;
        if (a->joined) {
            lease_recall(a, l);
            continue;
        }
        span_clear(a, l);
        (void)lease_settle(a, l);
    }
    if (a->joined)
        fx_send(a, GC_MSG_BYE);
}

/* What is made and not taken is waited for, but not for ever where nobody is there to take it. */
static bool drained(const struct gc_agent *a)
{
    if (!a->draining || a->idle < a->config.slots)
        return false;
    return a->leases.count == 0 || (!a->joined && a->now_ns - a->drain_ns >= GC_GRACE_NS);
}

static bool given_up(const struct gc_agent *a)
{
    return a->config.away_ns > 0 && a->now_ns - a->heard_ns >= a->config.away_ns;
}

static void leave_for_good(struct gc_agent *a)
{
    if (!drained(a) && !given_up(a))
        return;
    if (a->joined)
        fx_send(a, GC_MSG_BYE);
    fx_add(a, GC_AFX_EXIT)->as.exit.drained = drained(a);
    a->exited = true;
}

void session_turn(struct gc_agent *a)
{
    if (!a->exited)
        leave_for_good(a);
    if (!a->greeted || (!a->joined && a->now_ns - a->hello_ns >= GC_RESEND_NS))
        session_hello(a);
    else if (a->joined && a->now_ns >= a->beat_due_ns)
        beat(a);
}

uint64_t session_deadline(const struct gc_agent *a)
{
    if (!a->greeted)
        return 0;
    uint64_t at = a->joined ? a->beat_due_ns : gc_add_u64_capped(a->hello_ns, GC_RESEND_NS);
    if (a->acked_ns != 0)
        at = gc_min_u64(at, gc_agent_fence(a));
    if (a->config.away_ns > 0 && !a->exited)
        at = gc_min_u64(at, gc_add_u64_capped(a->heard_ns, a->config.away_ns));
    if (a->draining && !a->joined && !a->exited)
        at =
            gc_min_u64(at, gc_max_u64(gc_add_u64_capped(a->drain_ns, GC_GRACE_NS), a->now_ns + GC_RESEND_NS));
    return at;
}
