/* result.c - what was made and is not acknowledged: chunks, faults, pages. Each is sent, within the coordinator's window, and sent
 * again until it is answered; a new session begins with telling of them and is told which are still of use. */
#include "worker/agent/state.h"

static struct agent_result *result_of(struct gc_link *link)
{
    return GC_CONTAINER(link, struct agent_result, link);
}

struct agent_result *result_new(struct gc_agent *a, struct agent_lease *l, enum agent_result_kind kind)
{
    uint64_t handle;
    struct agent_result *r = gc_pool_take(&a->result_pool, &handle);
    if (!r)
        return NULL;
    r->handle = handle;
    r->lease = l->handle;
    r->kind = kind;
    l->results++;
    return r;
}

/* Pages of one lease are told one message at a time, in order: each says where the next listing goes on. */
static bool pages_under_way(const struct gc_list *list, const struct agent_result *r)
{
    GC_LIST_EACH (it, list) {
        const struct agent_result *other = result_of(it);
        if (other->kind == AGENT_PAGES && other->lease == r->lease)
            return true;
    }
    return false;
}

void result_queue(struct gc_agent *a, struct agent_result *r)
{
    bool wait = r->kind == AGENT_PAGES && (pages_under_way(&a->waiting, r) || pages_under_way(&a->sent, r));
    gc_list_append(wait ? &lease_at(a, r->lease)->parked : &a->waiting, &r->link);
}

bool result_fault(struct gc_agent *a, struct agent_lease *l, uint64_t item, uint64_t node, uint32_t cause,
                  struct gc_bytes text)
{
    struct agent_result *r = result_new(a, l, AGENT_FAULT);
    if (!r)
        return false;
    r->first = item;
    r->count = 1;
    r->node = node;
    r->cause = cause;
    r->text_len = (uint32_t)gc_min_size(text.len, GC_MAX_TEXT);
    if (r->text_len > 0)
        memcpy(r->text, text.ptr, r->text_len);
    result_queue(a, r);
    return true;
}

static struct gc_list *list_of(struct gc_agent *a, const struct agent_result *r)
{
    if (r->sent)
        return &a->sent;
    if (r->kind != AGENT_PAGES)
        return &a->waiting;
    /* Pages that are not sent are in one of two lists. */
    struct gc_list *parked = &lease_at(a, r->lease)->parked;
    GC_LIST_EACH (it, parked) {
        if (it == &r->link)
            return parked;
    }
    return &a->waiting;
}

void result_release(struct gc_agent *a, struct agent_result *r)
{
    struct agent_lease *l = lease_at(a, r->lease);
    struct gc_list *list = list_of(a, r);
    gc_list_remove(list, &r->link);
    if (list != &l->parked && r->kind == AGENT_PAGES && l->parked.count > 0)
        gc_list_append(&a->waiting, gc_list_take_first(&l->parked));
    if (r->kind != AGENT_FAULT)
        fx_free(a, r->chunk.chunk);
    GC_ASSERT(l->results > 0);
    l->results--;
    gc_pool_give(&a->result_pool, r->handle);
}

static void drop_in(struct gc_agent *a, const struct gc_list *list, uint64_t lease, bool unnamed_only,
                    uint64_t first, uint64_t end)
{
    GC_LIST_EACH_SAFE (it, after, list) {
        struct agent_result *r = result_of(it);
        bool inside = r->first >= first && r->first < end;
        if (r->lease == lease && inside && !(unnamed_only && r->named))
            result_release(a, r);
    }
}

void result_drop_all(struct gc_agent *a, struct agent_lease *l, bool unnamed_only, uint64_t first,
                     uint64_t end)
{
    /* Parked ones first: the release of one that is not would move them. */
    drop_in(a, &l->parked, l->handle, unnamed_only, first, end);
    drop_in(a, &a->waiting, l->handle, unnamed_only, first, end);
    drop_in(a, &a->sent, l->handle, unnamed_only, first, end);
}

/* ---- sending ---- */

static void say_result(struct gc_msg *msg, const struct agent_lease *l, const struct agent_result *r)
{
    msg->as.result = (struct gc_msg_result){
        .term = l->term,
        .lease = l->id,
        .run_no = l->run_no,
        .stage = l->stage,
        .kind = l->kind,
        .first = r->first,
        .count = r->count,
        .busy_ns = r->chunk.busy_ns,
        .pixels = r->chunk.pixels,
        .status = r->chunk.status,
        .values = r->chunk.values,
        .n_deltas = r->chunk.n_deltas,
        .deltas = r->chunk.n_deltas > 0 ? (struct gc_delta *)(uintptr_t)r->deltas : NULL,
    };
    msg->bulk = r->chunk.bulk;
}

static void say_fault(struct gc_msg *msg, const struct agent_lease *l, const struct agent_result *r)
{
    msg->as.fault = (struct gc_msg_fault){
        .term = l->term,
        .lease = l->id,
        .item = r->first,
        .node = r->node,
        .cause = r->cause,
        .text = {r->text, r->text_len},
    };
}

static void say_pages(struct gc_msg *msg, const struct agent_lease *l, const struct agent_result *r)
{
    msg->as.pages = *r->pages;
    msg->as.pages.term = l->term;
    msg->as.pages.lease = l->id;
    msg->as.pages.run_no = l->run_no;
    msg->as.pages.stage = l->stage;
    msg->bulk = r->chunk.bulk;
}

static void say(struct gc_agent *a, struct agent_result *r)
{
    static const enum gc_msg_type types[] = {
        [AGENT_CHUNK] = GC_MSG_RESULT, [AGENT_FAULT] = GC_MSG_FAULT, [AGENT_PAGES] = GC_MSG_PAGES};
    const struct agent_lease *l = lease_at(a, r->lease);
    struct gc_msg *msg = fx_send(a, types[r->kind]);
    if (r->kind == AGENT_CHUNK)
        say_result(msg, l, r);
    else if (r->kind == AGENT_FAULT)
        say_fault(msg, l, r);
    else
        say_pages(msg, l, r);
    if (!r->sent)
        r->seq = msg->seq;
    r->seq_last = msg->seq;
    r->sent = true;
    r->sent_ns = a->now_ns;
    gc_list_append(&a->sent, &r->link);
}

void result_turn(struct gc_agent *a)
{
    if (!a->joined)
        return;
    /* What is sent again goes to the end, as one that is not due. */
    for (struct gc_link *first = gc_list_first(&a->sent); first; first = gc_list_first(&a->sent)) {
        struct agent_result *r = result_of(first);
        if (a->now_ns - r->sent_ns < GC_RESEND_NS)
            break;
        gc_list_remove(&a->sent, &r->link);
        say(a, r);
    }
    while (a->sent.count < a->window && a->waiting.count > 0)
        say(a, result_of(gc_list_take_first(&a->waiting)));
}

void result_unsend_all(struct gc_agent *a)
{
    /* In front of what was never sent, in their order. */
    while (a->sent.count > 0) {
        struct gc_link *last = gc_list_last(&a->sent);
        gc_list_remove(&a->sent, last);
        result_of(last)->sent = false;
        gc_list_prepend(&a->waiting, last);
    }
}

/* ---- answers ---- */

static bool answers(const struct agent_result *r, const struct agent_lease *l, const struct gc_msg *msg)
{
    const struct gc_msg_result_ack *ack = &msg->as.result_ack;
    if (r->lease != l->handle || ack->term != l->term)
        return false;
    /* A message of pages may have none: it is known by the number of one of its sendings. */
    if (r->kind == AGENT_PAGES)
        return msg->re >= r->seq;
    return ack->first == r->first && ack->count == r->count;
}

static struct agent_result *find_sent(struct gc_agent *a, const struct agent_lease *l,
                                      const struct gc_msg *msg)
{
    GC_LIST_EACH (it, &a->sent) {
        if (answers(result_of(it), l, msg))
            return result_of(it);
    }
    return NULL;
}

void result_again(struct gc_agent *a, struct agent_result *r)
{
    struct agent_lease *l = lease_at(a, r->lease);
    uint64_t first = r->first, count = r->count;
    /* Halves: what made the coordinator refuse the whole stands alone at last, and a single item is never refused so. */
    uint64_t cap = gc_max_u64(count / 2, 1);
    result_release(a, r);
    span_add(a, l, first, count, cap);
}

void result_ack(struct gc_agent *a, const struct gc_msg *msg)
{
    struct agent_lease *l = lease_by_id(a, msg->as.result_ack.lease);
    struct agent_result *r = l ? find_sent(a, l, msg) : NULL;
    if (!r)
        return;
    switch ((enum gc_verdict)msg->as.result_ack.verdict) {
    case GC_VERDICT_COMMITTED:
    case GC_VERDICT_ALREADY: result_release(a, r); break;
    case GC_VERDICT_STALE:
    case GC_VERDICT_CANCEL:
        /* Who lists under a token that does not count lists for nobody. */
        if (r->kind == AGENT_PAGES) {
            lease_cancel(a, l);
            return;
        }
        result_release(a, r);
        break;
    case GC_VERDICT_WANTED:
        /* Pages are not made again: they are sent again when that is due. */
        if (r->kind != AGENT_PAGES)
            result_again(a, r);
        break;
    case GC_VERDICT_KEEP:
    case GC_VERDICT_SEND:
    case GC_VERDICTS: break;
    }
    (void)lease_settle(a, l);
}

/* Saying it again would be refused again: the first item is told to have failed, so that it comes to an end, and the rest runs again. */
static void refused(struct gc_agent *a, struct agent_result *r, const struct gc_msg *msg)
{
    struct agent_lease *l = lease_at(a, r->lease);
    uint64_t first = r->first, count = r->count;
    if (r->kind != AGENT_CHUNK) {
        lease_cancel(a, l);
        return;
    }
    result_release(a, r);
    bool told = result_fault(a, l, first, GC_UNSET, GC_CAUSE_CRASH, msg->as.error.text);
    GC_ASSERT(told); /* the one that was released has left room */
    span_add(a, l, first + 1, count - 1, gc_max_u64(count / 2, 1));
    (void)lease_settle(a, l);
}

bool result_error(struct gc_agent *a, const struct gc_msg *msg)
{
    GC_LIST_EACH (it, &a->sent) {
        struct agent_result *r = result_of(it);
        if (msg->re != r->seq && msg->re != r->seq_last)
            continue;
        /* What has no room now is sent again when that is due. */
        if (msg->as.error.code != GC_ERR_BUSY && msg->as.error.code != GC_ERR_FULL)
            refused(a, r, msg);
        return true;
    }
    return false;
}
