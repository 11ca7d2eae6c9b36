/* slice.c - one slice, from its order to its last chunk.
 *
 * What a chunk has made is published while the executor goes on with the next one. One batch is under way at a time: a chunk that comes
 * before it is through waits, and with it its executor. So items lie in this order: handed in [first, done), being published
 * [done, at), under way [at, sent). */
#include <string.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/sys/clock.h"
#include "common/sys/log.h"
#include "worker/pool/tender.h"
#include "worker/pool/verify.h"

/* What to do after a message. */
enum next {
    ON,    /* hear the next */
    AGAIN, /* the executor was stopped; what is not handed in runs again */
    OVER,  /* the slice has ended, and that was told */
};

static uint64_t end_of(const struct gc_tender *t)
{
    return t->now->slice.first + t->now->slice.count;
}

/* ---- the batch that is being published ---- */

/* With the last chunk the loop may give out the slot again. */
static void hand_in(struct gc_tender *t, const struct gc_crew_event *event)
{
    GC_ASSERT(event->chunk.first == t->done);
    t->done += event->chunk.count;
    crew_post(t->crew, event);
}

/* It is over: its chunk is handed in, or does not count. `stop`: nothing more of it is wanted. */
static enum gc_cause end_batch(struct gc_tender *t, bool stop, char text[GC_SHARE_TEXT])
{
    struct gc_publisher *p = &t->publisher;
    gc_publisher_take(p, stop);
    enum gc_cause cause = stop ? GC_CAUSE_INFRA : p->cause;
    for (uint32_t i = 0; i < p->n; i++) {
        if (p->outputs[i].refused == cause && p->outputs[i].item == p->item)
            memcpy(text, p->outputs[i].text, GC_SHARE_TEXT);
    }
    if (cause == GC_CAUSE_OUTPUT)
        task_note(t, p->outputs, p->n);
    gc_publisher_clear(p);
    if (cause == GC_CAUSE_NONE)
        hand_in(t, &t->batch);
    else
        gc_crew_free(t->crew, t->batch.chunk.chunk);
    return cause;
}

/* Before the slice is told to be over: what was made before still counts, unless the slice is not wanted. */
static void wind_up(struct gc_tender *t, bool stop)
{
    char text[GC_SHARE_TEXT];
    if (gc_publisher_busy(&t->publisher))
        (void)end_batch(t, stop, text);
}

static enum next end_by(struct gc_tender *t, enum gc_heard heard)
{
    wind_up(t, heard == GC_HEARD_KILL);
    tender_end_by(t, heard);
    return OVER;
}

static enum next give_up(struct gc_tender *t, uint64_t item, uint64_t node, uint32_t cause, const char *text,
                         size_t len)
{
    wind_up(t, false);
    tender_fault(t, item, node, cause, text, len);
    return OVER;
}

/* The executor waits for a word. */
static enum next stop(struct gc_tender *t)
{
    return tender_order(t, GC_SHARE_STOP) ? AGAIN : end_by(t, GC_HEARD_DEAD);
}

/* The publisher is through. Where an output was refused, its item and all after it run again, with the refusal known from the start;
 * the executor can be stopped when it next hands something in. */
static enum next settle(struct gc_tender *t)
{
    char text[GC_SHARE_TEXT] = "";
    enum gc_cause cause = end_batch(t, false, text);
    uint64_t item = t->publisher.item;
    t->redo = cause != GC_CAUSE_NONE;
    if (cause != GC_CAUSE_INFRA)
        return ON;
    if (t->at < end_of(t))
        tender_retire(t); /* it is at what nobody wants now */
    return give_up(t, item, GC_UNSET, cause, text, strnlen(text, sizeof text));
}

static enum next await(struct gc_tender *t)
{
    if (!gc_publisher_busy(&t->publisher))
        return ON;
    return tender_await(t) ? settle(t) : end_by(t, GC_HEARD_KILL);
}

/* Before the executor's next chunk is looked at, or its slice begins anew: nothing is being published any more. */
static enum next settled(struct gc_tender *t)
{
    enum next next = await(t);
    return next == ON && t->redo ? stop(t) : next;
}

/* The executor has nothing left to do. */
static enum next finish(struct gc_tender *t)
{
    enum next next = await(t);
    if (next != ON)
        return next;
    return t->redo ? AGAIN : OVER;
}

/* ---- the order ---- */

static void write_given(struct gc_share *share, const struct gc_agent_slice *s)
{
    for (uint32_t i = 0; i < s->n_given; i++) {
        struct gc_share_given *g = &share->given[i];
        g->node = s->given[i].node;
        g->cause = s->given[i].cause;
        g->attempts = s->given[i].attempts;
        g->len = s->given[i].text.len;
        if (g->len > 0)
            memcpy(g->text, s->given[i].text.ptr, (size_t)g->len);
    }
}

/* A page whose bytes are gone has items without a text: each fails for want of its input. */
static size_t write_missing(uint8_t *in, uint64_t count)
{
    memset(in, 0, (size_t)count * 2);
    return (size_t)count * 2;
}

static size_t write_input(const struct gc_tender *t, struct gc_share *share, struct gc_share_slice *out)
{
    const struct gc_blob *input = t->now->input;
    const struct gc_agent_slice *s = &t->now->slice;
    struct gc_bytes bytes = {0};
    if (!input)
        return 0;
    if (t->scan) {
        return 0;
    } else if (s->kind != GC_LEASE_ITEMS) {
        out->n_states = input->n_states;
        memcpy(out->lengths, input->lengths, sizeof out->lengths);
        bytes = gc_blob_bytes(input);
    } else if (input->missing != GC_CAUSE_NONE) {
        return write_missing(share->in, out->count);
    } else {
        bytes = gc_blob_items(input, (uint32_t)(t->at - s->page_first), (uint32_t)out->count);
    }
    GC_ASSERT(bytes.len <= GC_SHARE_IN);
    if (bytes.len > 0)
        memcpy(share->in, bytes.ptr, bytes.len);
    return bytes.len;
}

/* `spool`: the results to read, or -1. */
static bool send_order(struct gc_tender *t, int spool)
{
    struct gc_share *share = t->share;
    const struct gc_agent_slice *s = &t->now->slice;
    struct gc_share_msg msg = {.op = GC_SHARE_SLICE};
    struct gc_share_slice *out = &msg.as.slice;
    out->place = t->place;
    out->kind = s->kind;
    out->first = t->at;
    out->count = end_of(t) - t->at;
    out->want = s->want;
    out->attempt = s->attempt;
    out->whole = s->kind == GC_LEASE_ITEMS && !t->now->input;
    out->tasks = t->tasks;
    out->scan = t->scan;
    out->n_given = s->n_given;
    out->cap = t->cap;
    write_given(share, s);
    out->items = write_input(t, share, out);
    return tender_say(t, &msg, offsetof(struct gc_share_msg, as) + sizeof msg.as.slice, &spool, spool >= 0);
}

/* False: the slice is over, and that was told. */
static bool open_spool(struct gc_tender *t, int *ret)
{
    struct gc_fault fault = {0};
    if (!t->scan || gc_blob_open_spool(t->now->input, ret, &fault) == GC_OK)
        return true;
    tender_fault(t, t->at, GC_UNSET, GC_CAUSE_INFRA, fault.text, strlen(fault.text));
    return false;
}

/* ---- chunks ---- */

/* The parts in shared memory, one behind the other, as RESULT wants them. */
static void copy_out(struct gc_crew_chunk *chunk, const struct gc_share *share,
                     const struct gc_share_chunk *in, uint64_t deltas)
{
    memcpy(chunk->bytes, share->status, in->status);
    memcpy(chunk->bytes + in->status, share->values, in->values);
    memcpy(chunk->bytes + in->status + in->values, share->deltas, deltas);
    for (uint32_t i = 0; i < in->n_deltas; i++)
        chunk->deltas[i] =
            (struct gc_delta){.reducer = i, .items = in->delta_items[i], .bytes = in->delta_bytes[i]};
}

static const char *sizes_wrong(const struct gc_tender *t, const struct gc_share_chunk *c,
                               uint64_t *ret_deltas)
{
    if (c->first != t->at || c->count < 1 || c->count > end_of(t) - t->at || c->count > GC_CHUNK_ITEMS)
        return "another range than the slice's";
    if (t->tasks && c->count > t->sent - t->at)
        return "items that it was not given";
    if (c->count > t->cap)
        return "more items than it may hand in at once";
    if (c->status > GC_SHARE_STATUS || c->values > GC_SHARE_VALUES || c->n_made > GC_SHARE_MADE)
        return "more than there is room for";
    uint64_t sum = 0;
    if (c->n_deltas > GC_MAX_STAGE_NODES)
        return "more states than reducers";
    for (uint32_t i = 0; i < c->n_deltas; i++) {
        if (c->delta_bytes[i] > GC_MAX_DELTA || c->delta_items[i] > c->count)
            return "a state that is too large";
        sum += c->delta_bytes[i];
    }
    *ret_deltas = sum;
    return sum <= GC_SHARE_DELTAS ? NULL : "states that are too large together";
}

static const char *content_wrong(const struct gc_tender *t, const struct gc_crew_chunk *chunk,
                                 const struct gc_share_chunk *c)
{
    struct gc_bytes status = {chunk->bytes, (size_t)c->status};
    struct gc_bytes values = {chunk->bytes + c->status, (size_t)c->values};
    switch (t->now->slice.kind) {
    case GC_LEASE_ITEMS:
        if (c->n_deltas != gc_stage_reducers(t->stage))
            return "states of other reducers";
        return gc_verify_items(status, values, c->count, gc_stage_nodes(t->stage), t->now->slice.want);
    case GC_LEASE_FINISH: return gc_verify_finish(status, values, c->n_deltas, t->scan);
    case GC_LEASE_MERGE:
        return c->status == 0 && c->n_deltas == 0 && c->values <= GC_MAX_DELTA ? NULL : "more than a state";
    case GC_LEASE_LIST:
    case GC_LEASE_KINDS: break;
    }
    GC_NEVER("a kind of slice that no executor runs");
}

/* What it handed in is not to be had: it counts as dead by its own fault. */
static enum next distrust(struct gc_tender *t, const char *wrong)
{
    gc_log(GC_LOG_ERROR, "executor_not_trusted", gc_kv_u64("slot", t->slot), gc_kv_str("text", wrong));
    tender_retire(t);
    return give_up(t, t->at, GC_UNSET, GC_CAUSE_CRASH, wrong, strlen(wrong));
}

/* The event of a chunk that is sound. */
static struct gc_crew_event event_of(const struct gc_tender *t, struct gc_crew_chunk *chunk,
                                     const struct gc_share_chunk *c)
{
    struct gc_crew_event event = {.kind = GC_CREW_CHUNK, .slot = t->slot, .slice = t->now->slice.slice};
    event.chunk = (struct gc_agent_chunk){
        .chunk = (uint64_t)(uintptr_t)chunk,
        .first = c->first,
        .count = c->count,
        .busy_ns = c->busy_ns,
        .pixels = c->pixels,
        .status = c->status,
        .values = c->values,
        .n_deltas = c->n_deltas,
        .deltas = chunk->deltas,
        .bulk = {chunk->bytes, chunk->len},
    };
    return event;
}

/* The executor waits for a word: it goes on while what it has made is published. */
static enum next pass_on(struct gc_tender *t, struct gc_crew_chunk *chunk, const struct gc_share_chunk *c)
{
    struct gc_crew_event event = event_of(t, chunk, c);
    bool publish = task_made(t, c->count, t->share->made, c->n_made);
    t->items += c->count;
    t->at += c->count;
    t->heard_ns = gc_clock_now();
    /* Before the loop hears of the end of the slice: the next order must find the executor waiting for one. */
    bool hears = tender_order(t, GC_SHARE_GO);
    if (publish) {
        t->batch = event;
        gc_publisher_begin(&t->publisher, task_split(t, t->at, t->publisher.outputs));
    } else {
        task_close(t, t->at);
        hand_in(t, &event);
    }
    if (t->at == end_of(t))
        return publish ? finish(t) : OVER;
    return hears ? ON : end_by(t, GC_HEARD_DEAD);
}

static enum next take_chunk(struct gc_tender *t)
{
    struct gc_share_chunk c = t->msg.as.chunk;
    uint64_t deltas;
    const char *wrong = sizes_wrong(t, &c, &deltas);
    if (wrong)
        return distrust(t, wrong);
    enum next next = settled(t);
    if (next != ON)
        return next;
    struct gc_crew_chunk *chunk = crew_chunk(t, (size_t)(c.status + c.values + deltas));
    if (!chunk)
        return end_by(t, GC_HEARD_KILL);
    copy_out(chunk, t->share, &c, deltas);
    wrong = content_wrong(t, chunk, &c);
    if (!wrong)
        return pass_on(t, chunk, &c);
    crew_chunk_drop(t->crew, chunk);
    return distrust(t, wrong);
}

/* ---- other words ---- */

static enum next too_much(struct gc_tender *t)
{
    uint64_t count = t->msg.as.said.count;
    if (t->msg.as.said.item != t->at || count < 1 || count > t->cap)
        return distrust(t, "another range than the slice's");
    enum next next = settled(t);
    if (next == ON)
        next = stop(t);
    if (next != AGAIN || t->redo || count > 1) {
        t->cap = gc_max_u64(count / 2, 1);
        return next;
    }
    const char *text = "the states of its reducers are too large together";
    return give_up(t, t->at, GC_UNSET, GC_CAUSE_TOO_LARGE, text, strlen(text));
}

static enum next its_fault(struct gc_tender *t)
{
    uint32_t cause = t->msg.cause == GC_CAUSE_OOM ? GC_CAUSE_OOM : GC_CAUSE_INFRA;
    uint64_t node = t->msg.as.said.node;
    if (node != GC_UNSET && node >= gc_stage_nodes(t->stage))
        node = GC_UNSET;
    /* One that has run out of memory once keeps the pieces. */
    if (cause == GC_CAUSE_OOM)
        tender_retire(t);
    return give_up(t, t->msg.as.said.item, node, cause, (const char *)t->msg.as.said.text,
                   gc_min_size(t->msg.as.said.len, GC_SHARE_TEXT));
}

static enum next took(struct gc_tender *t)
{
    if (t->msg.as.said.item != t->took || t->took >= t->sent)
        return distrust(t, "another task than the next");
    /* A full chunk is handed in when the item after it is through. Descriptors are open as long as one is not. */
    if (t->took - t->at > t->cap)
        return distrust(t, "no chunk for more items than one may have");
    for (uint32_t i = 0; i < t->n_outputs; i++) {
        if (t->outputs[i].item == t->took)
            gc_files_start_sync(&t->outputs[i]);
    }
    t->took++;
    return ON;
}

/* A merge that cannot be made: states of another build, or damaged ones. */
static enum next bad(struct gc_tender *t)
{
    return give_up(t, t->at, GC_UNSET, GC_CAUSE_OP_ERROR, (const char *)t->msg.as.said.text,
                   gc_min_size(t->msg.as.said.len, GC_SHARE_TEXT));
}

static enum next heed(struct gc_tender *t)
{
    switch ((enum gc_share_op)t->msg.op) {
    case GC_SHARE_CHUNK: return take_chunk(t);
    case GC_SHARE_TOOK: return took(t);
    case GC_SHARE_FAULT: return its_fault(t);
    case GC_SHARE_OVER: return too_much(t);
    case GC_SHARE_BAD: return bad(t);
    case GC_SHARE_READY:
    case GC_SHARE_PROGRAM:
    case GC_SHARE_SLICE:
    case GC_SHARE_TASK:
    case GC_SHARE_GO:
    case GC_SHARE_STOP: break;
    }
    return distrust(t, "a word that is not its to say");
}

/* ---- the whole ---- */

static bool feed(struct gc_tender *t)
{
    while (t->tasks && t->sent < end_of(t) && t->sent - t->took < GC_SHARE_AHEAD) {
        if (!task_send(t))
            return false;
    }
    return true;
}

/* Once through what is left, until it has ended or the executor was stopped. */
static enum next go_through(struct gc_tender *t)
{
    t->at = t->done;
    t->sent = t->at;
    t->took = t->at;
    t->redo = false;
    gc_watch_begin(&t->watch, t->at, gc_max_u64(end_of(t), t->at + 1), gc_clock_now());
    int spool = -1;
    if (!open_spool(t, &spool))
        return OVER;
    bool hears = send_order(t, spool);
    if (spool >= 0)
        close(spool);
    if (!hears)
        return end_by(t, GC_HEARD_DEAD);
    for (;;) {
        if (!feed(t))
            return end_by(t, GC_HEARD_DEAD);
        enum gc_heard heard = tender_hear(t);
        enum next next = heard == GC_HEARD_MSG         ? heed(t)
                         : heard == GC_HEARD_PUBLISHED ? settle(t)
                                                       : end_by(t, heard);
        if (next != ON)
            return next;
    }
}

/* Files come in the order of their numbers, and the item's own is the first. */
static bool reads_item(const struct gc_stage_needs *needs)
{
    return needs->n_inputs > 0 && needs->inputs[0].path.len == 0;
}

void slice_run(struct gc_tender *t)
{
    const struct gc_agent_slice *s = &t->now->slice;
    bool items = s->kind == GC_LEASE_ITEMS;
    t->done = items ? s->first : 0;
    t->at = t->done;
    t->cap = t->needs.n_outputs > 0 ? gc_max_u64(TENDER_OUTPUTS / t->needs.n_outputs, 1) : GC_CHUNK_ITEMS;
    t->n_refusals = 0;
    task_begin(t);
    const struct gc_blob *input = t->now->input;
    t->scan = s->kind == GC_LEASE_FINISH && input && input->kind == GC_BLOB_SPOOL;
    t->tasks = (items && t->needs.n_inputs > 0) || ((items || t->scan) && t->needs.n_outputs > 0);
    if (!items && gc_stage_scans(t->stage) != t->scan) {
        const char *text = "results are to be read by what merges states, or the other way round";
        tender_fault(t, t->at, GC_UNSET, GC_CAUSE_OP_ERROR, text, strlen(text));
        return;
    }
    if (items && input && input->missing != GC_CAUSE_NONE && !reads_item(&t->needs)) {
        /* Nothing in the stage would notice that its items are not there. */
        tender_fault(t, t->at, GC_UNSET, input->missing, (const char *)input->text, input->text_len);
        return;
    }
    while (go_through(t) == AGAIN)
        task_close(t, UINT64_MAX);
    task_close(t, UINT64_MAX);
    task_end(t);
}
