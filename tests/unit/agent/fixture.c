#include "fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fixture_open(struct fixture *f, const struct gc_agent_config *config)
{
    struct gc_agent_config c = config ? *config : (struct gc_agent_config){0};
    if (c.slots == 0)
        c.slots = 2;
    c.name = (struct gc_bytes){(const uint8_t *)"w", 1};
    memset(f, 0, sizeof *f);
    f->term = 1;
    f->session = 7;
    f->now = 1000 * GC_S;
    size_t size = gc_agent_size(&c);
    f->memory = malloc(size);
    ck_assert_ptr_nonnull(f->memory);
    memset(f->memory, 0xa5, size < (1u << 20) ? size : (1u << 20));
    struct gc_arena arena;
    gc_arena_init(&arena, f->memory, size);
    ck_assert_int_eq(gc_agent_init(&arena, &c, &f->agent), GC_OK);
}

void fixture_close(struct fixture *f)
{
    free(f->memory);
}

/* ---- effects as text ---- */

static void put(struct fixture *f, const char *format, ...)
{
    size_t len = strlen(f->text);
    va_list args;
    va_start(args, format);
    vsnprintf(f->text + len, sizeof f->text - len, format, args);
    va_end(args);
    ck_assert_uint_lt(strlen(f->text), sizeof f->text - 1);
}

static const char *what_name(uint64_t what)
{
    static const char *const names[] = {"?",      "program",   "page", "deltas",
                                        "cursor", "catalogue", "plan", "results"};
    return names[what];
}

static unsigned long long n_(uint64_t v)
{
    return v;
}

static void put_hello(struct fixture *f, const struct gc_msg *msg)
{
    const struct gc_msg_hello *m = &msg->as.hello;
    f->hello = msg->seq;
    f->held = m->n_held;
    put(f, "HELLO");
    for (uint32_t i = 0; i < m->n_held; i++)
        put(f, " %s %llu:%llu %llu+%llu", m->held[i].result ? "result" : "work", n_(m->held[i].term),
            n_(m->held[i].lease), n_(m->held[i].first), n_(m->held[i].count));
}

static void put_beat(struct fixture *f, const struct gc_msg_beat *m)
{
    put(f, "BEAT");
    for (uint32_t i = 0; i < m->n_leases; i++)
        put(f, " %llu", n_(m->leases[i]));
    for (uint32_t i = 0; i < m->n_running; i++)
        put(f, " at %llu:%llu", n_(m->running[i].lease), n_(m->running[i].item));
}

static void put_get(struct fixture *f, const struct gc_msg *msg)
{
    const struct gc_msg_get *m = &msg->as.get;
    memmove(f->asked + 1, f->asked, sizeof f->asked - sizeof f->asked[0]);
    f->asked[0] = msg->seq;
    put(f, "GET %s %llu/%llu/%llu", what_name(m->what), n_(m->run_no), n_(m->stage), n_(m->index));
    for (uint32_t i = 0; i < m->n_ids; i++)
        put(f, " %llu", n_(m->ids[i]));
}

static void put_fault(struct fixture *f, const struct gc_msg_fault *m)
{
    put(f, "FAULT %llu:%llu %llu %s", n_(m->term), n_(m->lease), n_(m->item), gc_cause_name(m->cause));
    if (m->node != GC_UNSET)
        put(f, " node %llu", n_(m->node));
    put(f, " '%.*s'", (int)m->text.len, (const char *)m->text.ptr);
}

static void put_result(struct fixture *f, const struct gc_msg *msg)
{
    const struct gc_msg_result *m = &msg->as.result;
    put(f, "RESULT %llu:%llu %s %llu+%llu", n_(m->term), n_(m->lease), gc_lease_kind_name(m->kind),
        n_(m->first), n_(m->count));
    for (uint32_t i = 0; i < m->n_deltas; i++)
        put(f, " delta of %llu", n_(m->deltas[i].items));
    if (msg->bulk.len > 0)
        put(f, " '%.*s'", (int)msg->bulk.len, (const char *)msg->bulk.ptr);
}

static void put_msg(struct fixture *f, const struct gc_msg *msg)
{
    ck_assert_uint_eq(msg->seq, ++f->seq);
    if (msg->type == GC_MSG_HELLO)
        put_hello(f, msg);
    else if (msg->type == GC_MSG_BEAT)
        put_beat(f, &msg->as.beat);
    else if (msg->type == GC_MSG_GET)
        put_get(f, msg);
    else if (msg->type == GC_MSG_FAULT)
        put_fault(f, &msg->as.fault);
    else if (msg->type == GC_MSG_RESULT)
        put_result(f, msg);
    else if (msg->type == GC_MSG_PAGES)
        put(f, "PAGES %llu:%llu '%.*s'%s", n_(msg->as.pages.term), n_(msg->as.pages.lease),
            (int)msg->bulk.len, (const char *)msg->bulk.ptr, msg->as.pages.last ? " last" : "");
    else if (msg->type == GC_MSG_RECALLED)
        put(f, "RECALLED %llu %llu", n_(msg->as.recalled.lease), n_(msg->as.recalled.from));
    else if (msg->type == GC_MSG_CATALOGUE)
        put(f, "CATALOGUE %llu+%zu/%llu", n_(msg->as.catalogue.offset), msg->bulk.len,
            n_(msg->as.catalogue.total));
    else
        put(f, "%s", msg->type == GC_MSG_BYE ? "BYE" : "?");
    ck_assert_uint_eq(msg->session, msg->type == GC_MSG_HELLO || !gc_agent_joined(f->agent) ? 0 : f->session);
}

static void put_start(struct fixture *f, const struct gc_agent_slice *s)
{
    put(f, "start %u #%llu %llu %s %llu+%llu%s", s->slot, n_(s->slice), n_(s->lease),
        gc_lease_kind_name(s->kind), n_(s->first), n_(s->count), s->fresh ? " fresh" : "");
    for (uint32_t i = 0; i < s->n_given; i++)
        put(f, " given %llu '%.*s'", n_(s->given[i].node), (int)s->given[i].text.len,
            (const char *)s->given[i].text.ptr);
}

static void put_effect(struct fixture *f, const struct gc_agent_effect *fx)
{
    switch (fx->kind) {
    case GC_AFX_SEND: put_msg(f, &fx->as.msg); break;
    case GC_AFX_START: put_start(f, &fx->as.start); break;
    case GC_AFX_KILL: put(f, "kill %u #%llu", fx->as.kill.slot, n_(fx->as.kill.slice)); break;
    case GC_AFX_KEEP:
        put(f, "keep %u %s%s%s", (unsigned)fx->as.keep.thing + 1, what_name(fx->as.keep.what),
            fx->as.keep.last ? "" : " part", fx->as.keep.program ? " by program" : "");
        break;
    case GC_AFX_DROP: put(f, "drop %u", (unsigned)fx->as.drop + 1); break;
    case GC_AFX_LIST:
        put(f, "list %llu %llu+%llu", n_(fx->as.list.list), n_(fx->as.list.first), n_(fx->as.list.pages));
        break;
    case GC_AFX_LIST_STOP: put(f, "unlist %llu", n_(fx->as.list_stop)); break;
    case GC_AFX_FREE: put(f, "free %llu", n_(fx->as.free)); break;
    case GC_AFX_EXIT: put(f, "exit%s", fx->as.exit.drained ? " drained" : ""); break;
    }
    put(f, "\n");
}

void fixture_step(struct fixture *f, struct gc_agent_event *event)
{
    event->now_ns = f->now;
    f->fx = gc_agent_step(f->agent, event);
    gc_agent_check(f->agent);
    f->text[0] = '\0';
    for (uint32_t i = 0; i < f->fx.n; i++)
        put_effect(f, &f->fx.list[i]);
    ck_assert_uint_gt(gc_agent_deadline(f->agent), 0);
}

/* ---- events ---- */

void timer(struct fixture *f, uint64_t later_ns)
{
    f->now += later_ns;
    fixture_step(f, &(struct gc_agent_event){.kind = GC_AEV_TIMER});
}

void say(struct fixture *f, struct gc_msg *msg)
{
    if (msg->term == 0)
        msg->term = f->term;
    if (msg->session == 0)
        msg->session = f->session;
    msg->seq = ++f->said;
    fixture_step(f, &(struct gc_agent_event){.kind = GC_AEV_MESSAGE, .as.msg = msg});
}

void welcome(struct fixture *f, uint32_t n, const uint64_t *verdicts)
{
    uint64_t copy[64];
    memcpy(copy, verdicts, n * sizeof copy[0]);
    struct gc_msg msg = {.type = GC_MSG_WELCOME, .re = f->hello};
    msg.as.welcome = (struct gc_msg_welcome){
        .beat_ns = GC_BEAT_NS, .lease_ns = GC_LEASE_NS, .window = 4, .n_verdicts = n, .verdicts = copy};
    say(f, &msg);
}

void join(struct fixture *f)
{
    timer(f, 0);
    expect(f, "HELLO\n");
    welcome(f, 0, f->asked);
    expect(f, "BEAT\n");
    ck_assert(gc_agent_joined(f->agent));
}

void beat_ack(struct fixture *f, uint64_t sent_ns)
{
    struct gc_msg msg = {.type = GC_MSG_BEAT_ACK};
    msg.as.beat_ack.sent_ns = sent_ns;
    say(f, &msg);
}

struct gc_msg lease_items(uint64_t id, uint64_t first, uint64_t count)
{
    struct gc_msg msg = {.type = GC_MSG_LEASE};
    msg.as.lease = (struct gc_msg_lease){.lease = id,
                                         .run_no = 1,
                                         .stage = 2,
                                         .kind = GC_LEASE_ITEMS,
                                         .first = first,
                                         .count = count,
                                         .page = GC_UNSET,
                                         .want = 1,
                                         .scan = GC_UNSET};
    return msg;
}

struct gc_msg lease_paged(uint64_t id, uint64_t page, uint64_t page_first, uint64_t first, uint64_t count)
{
    struct gc_msg msg = lease_items(id, first, count);
    msg.as.lease.page = page;
    msg.as.lease.page_first = page_first;
    return msg;
}

struct gc_msg lease_of(uint64_t id, enum gc_lease_kind kind)
{
    static uint64_t deltas[3] = {11, 12, 13};
    struct gc_msg msg = lease_items(id, 0, 1);
    msg.as.lease.kind = kind;
    if (kind == GC_LEASE_LIST) {
        msg.as.lease.first = 100;
        msg.as.lease.count = 5;
    } else {
        msg.as.lease.n_deltas = 3;
        msg.as.lease.deltas = deltas;
    }
    return msg;
}

void ack(struct fixture *f, uint64_t lease, uint64_t first, uint64_t count, enum gc_verdict verdict)
{
    struct gc_msg msg = {.type = GC_MSG_RESULT_ACK, .re = f->seq};
    msg.as.result_ack = (struct gc_msg_result_ack){
        .term = 1, .lease = lease, .first = first, .count = count, .verdict = verdict};
    say(f, &msg);
}

void recall(struct fixture *f, uint64_t lease)
{
    struct gc_msg msg = {.type = GC_MSG_RECALL};
    msg.as.recall.lease = lease;
    say(f, &msg);
}

void cancel(struct fixture *f, uint64_t lease)
{
    struct gc_msg msg = {.type = GC_MSG_CANCEL};
    msg.as.cancel.lease = lease;
    say(f, &msg);
}

void data(struct fixture *f, uint32_t back, enum gc_get_what what, uint64_t stage, uint64_t index)
{
    static uint8_t digest[32];
    struct gc_page page = {.count = 10, .inlined = true, .digest = {digest, 32}};
    struct gc_msg msg = {.type = GC_MSG_DATA, .re = f->asked[back]};
    msg.as.data = (struct gc_msg_data){.what = what, .run_no = 1, .stage = stage, .index = index};
    if (what == GC_GET_PAGE) {
        msg.as.data.n_page = 1;
        msg.as.data.page = &page;
    }
    say(f, &msg);
}

void thing(struct fixture *f, uint64_t name, enum gc_err err)
{
    struct gc_agent_event e = {.kind = GC_AEV_THING};
    e.as.thing.thing = name;
    e.as.thing.err = err;
    fixture_step(f, &e);
}

void program(struct fixture *f)
{
    data(f, 0, GC_GET_PROGRAM, 2, 0);
    expect(f, "keep 1 program\n");
    thing(f, thing_name(1), GC_OK);
}

void chunk(struct fixture *f, uint32_t slot, uint64_t slice, uint64_t first, uint64_t count, uint64_t name)
{
    struct gc_agent_event e = {.kind = GC_AEV_CHUNK};
    e.as.chunk.slot = slot;
    e.as.chunk.slice = slice;
    e.as.chunk.chunk = (struct gc_agent_chunk){.chunk = name, .first = first, .count = count};
    fixture_step(f, &e);
}

void fault(struct fixture *f, uint32_t slot, uint64_t slice, uint64_t item, enum gc_cause cause)
{
    struct gc_agent_event e = {.kind = GC_AEV_FAULT};
    e.as.fault.slot = slot;
    e.as.fault.slice = slice;
    e.as.fault.item = item;
    e.as.fault.node = 3;
    e.as.fault.cause = cause;
    e.as.fault.text = (struct gc_bytes){(const uint8_t *)"why", 3};
    fixture_step(f, &e);
}

void stopped(struct fixture *f, uint32_t slot, uint64_t slice)
{
    struct gc_agent_event e = {.kind = GC_AEV_STOPPED};
    e.as.stopped.slot = slot;
    e.as.stopped.slice = slice;
    fixture_step(f, &e);
}

void pages(struct fixture *f, uint64_t list, uint64_t name, bool last)
{
    static const struct gc_msg_pages more = {0}, end = {.last = true, .ended = true};
    struct gc_agent_event e = {.kind = GC_AEV_PAGES};
    e.as.pages.list = list;
    e.as.pages.chunk = name;
    e.as.pages.pages = last ? &end : &more;
    e.as.pages.bulk = (struct gc_bytes){(const uint8_t *)"abcdefgh" + name % 8, 1};
    fixture_step(f, &e);
}

void unlisted(struct fixture *f, uint64_t list, enum gc_cause cause)
{
    struct gc_agent_event e = {.kind = GC_AEV_UNLISTED};
    e.as.unlisted.list = list;
    e.as.unlisted.cause = cause;
    e.as.unlisted.text = (struct gc_bytes){(const uint8_t *)"why", 3};
    fixture_step(f, &e);
}

void drain(struct fixture *f)
{
    fixture_step(f, &(struct gc_agent_event){.kind = GC_AEV_DRAIN});
}

/* {index, generation 1}, as common/pool.h makes them for slots that were never used before. */
uint64_t thing_name(uint32_t n)
{
    return (uint64_t)1 << 32 | (n - 1);
}
