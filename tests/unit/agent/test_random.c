/* Any events in any order: what is never said is never believed, and the account of items holds after every step.
 *
 * A coordinator of a few lines grants, acknowledges, recalls and cancels at random, loses, repeats and delays what it says, restarts;
 * executors hand in, fail, or die. In the end everything is healed and each item must have had an end. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <string.h>

#define STEPS 4000u
#define SLOTS 3u

struct slot {
    uint64_t slice, next, end;
    bool busy, killed;
};

struct world {
    struct fixture f;
    uint64_t seed;
    uint64_t next_lease;
    uint64_t leases[64]; /* ids granted, some long gone */
    struct slot slots[SLOTS];
    uint64_t lists[GC_AGENT_LISTS];
    uint64_t chunk;
    uint64_t beat_sent;
    struct gc_msg heard[8]; /* what the agent said last that wants an answer */
    uint32_t n_heard;
    uint64_t things[16]; /* kept, not told to be usable yet */
    uint32_t n_things;
    bool hello; /* it waits for a WELCOME */
};

static uint64_t below(struct world *w, uint64_t n)
{
    return gc_suite_random(&w->seed) % n;
}

static void hear(struct world *w, const struct gc_msg *msg)
{
    if (msg->type == GC_MSG_HELLO)
        w->hello = true;
    if (msg->type == GC_MSG_BEAT)
        w->beat_sent = msg->as.beat.sent_ns;
    bool wants = msg->type == GC_MSG_GET || msg->type == GC_MSG_RESULT || msg->type == GC_MSG_FAULT ||
                 msg->type == GC_MSG_PAGES;
    if (wants) {
        w->heard[w->n_heard++ % 8] = *msg;
    }
}

static void note(struct world *w, const struct gc_agent_effect *fx)
{
    if (fx->kind == GC_AFX_SEND)
        hear(w, &fx->as.msg);
    if (fx->kind == GC_AFX_START) {
        struct slot *s = &w->slots[fx->as.start.slot];
        ck_assert(!s->busy);
        *s = (struct slot){fx->as.start.slice, fx->as.start.first, fx->as.start.first + fx->as.start.count,
                           true, false};
    }
    if (fx->kind == GC_AFX_KILL) {
        ck_assert(w->slots[fx->as.kill.slot].busy);
        w->slots[fx->as.kill.slot].killed = true;
    }
    bool answered = fx->kind == GC_AFX_KEEP && (fx->as.keep.last || fx->as.keep.what == GC_GET_RESULTS);
    if (answered && w->n_things < 16)
        w->things[w->n_things++] = fx->as.keep.thing;
    for (unsigned i = 0; i < GC_AGENT_LISTS; i++) {
        if (fx->kind == GC_AFX_LIST_STOP && w->lists[i] == fx->as.list_stop)
            w->lists[i] = 0;
    }
    for (unsigned i = 0; fx->kind == GC_AFX_LIST && i < GC_AGENT_LISTS; i++) {
        if (w->lists[i] == 0) {
            w->lists[i] = fx->as.list.list;
            break;
        }
    }
}

static void look(struct world *w)
{
    for (uint32_t i = 0; i < w->f.fx.n; i++)
        note(w, &w->f.fx.list[i]);
}

static void grant(struct world *w)
{
    static const uint64_t sizes[] = {1, 2, 7, 100, 4000};
    uint64_t id = w->next_lease++;
    enum gc_lease_kind kind =
        below(w, 8) == 0 ? (enum gc_lease_kind)below(w, GC_LEASE_KINDS) : GC_LEASE_ITEMS;
    struct gc_msg msg = kind == GC_LEASE_ITEMS ? lease_paged(id, id % 5, 0, below(w, 96), sizes[below(w, 5)])
                                               : lease_of(id, kind);
    msg.as.lease.alone = below(w, 10) == 0;
    msg.as.lease.stage = 2 + below(w, 2);
    if (kind == GC_LEASE_FINISH && below(w, 2))
        msg.as.lease.scan = 2 + below(w, 2);
    w->leases[id % 64] = id;
    say(&w->f, &msg);
    look(w);
    if (below(w, 10) == 0) {
        say(&w->f, &msg);
        look(w);
    }
}

static void answer_get(struct world *w, const struct gc_msg *get)
{
    static uint8_t digest[32];
    static uint64_t lengths[GC_MERGE_INPUTS];
    const struct gc_msg_get *g = &get->as.get;
    struct gc_page page = {.count = 4096, .inlined = below(w, 4) != 0, .digest = {digest, 32}};
    struct gc_msg msg = {.type = below(w, 20) ? GC_MSG_DATA : GC_MSG_ERROR, .re = get->seq};
    if (msg.type == GC_MSG_ERROR) {
        msg.as.error.code = below(w, 2) ? GC_ERR_BUSY : GC_ERR_NOT_FOUND;
    } else {
        msg.as.data =
            (struct gc_msg_data){.what = g->what, .run_no = g->run_no, .stage = g->stage, .index = g->index};
        msg.as.data.n_page = g->what == GC_GET_PAGE;
        msg.as.data.page = &page;
        msg.as.data.n_lengths = g->what == GC_GET_DELTAS ? 1 + (uint32_t)below(w, 3) : 0;
        msg.as.data.lengths = lengths;
        if (g->what == GC_GET_RESULTS)
            msg.as.data.total = below(w, 3) ? g->index + below(w, 9) : GC_UNSET;
    }
    say(&w->f, &msg);
}

static void answer(struct world *w, bool kind)
{
    if (w->n_heard == 0)
        return;
    static const enum gc_verdict verdicts[] = {GC_VERDICT_COMMITTED, GC_VERDICT_COMMITTED,
                                               GC_VERDICT_COMMITTED, GC_VERDICT_ALREADY,
                                               GC_VERDICT_STALE,     GC_VERDICT_WANTED};
    struct gc_msg said = w->heard[below(w, w->n_heard < 8 ? w->n_heard : 8)];
    struct gc_msg msg = {.type = GC_MSG_RESULT_ACK, .re = said.seq};
    struct gc_msg_result_ack *a = &msg.as.result_ack;
    a->verdict = kind ? GC_VERDICT_COMMITTED : verdicts[below(w, 6)];
    if (said.type == GC_MSG_GET) {
        answer_get(w, &said);
        look(w);
        return;
    }
    a->term = said.type == GC_MSG_RESULT  ? said.as.result.term
              : said.type == GC_MSG_FAULT ? said.as.fault.term
                                          : said.as.pages.term;
    a->lease = said.type == GC_MSG_RESULT  ? said.as.result.lease
               : said.type == GC_MSG_FAULT ? said.as.fault.lease
                                           : said.as.pages.lease;
    a->first = said.type == GC_MSG_RESULT ? said.as.result.first : said.as.fault.item;
    a->count = said.type == GC_MSG_RESULT ? said.as.result.count : 1;
    if (!kind && below(w, 30) == 0) {
        msg.type = GC_MSG_ERROR;
        msg.as.error = (struct gc_msg_error){.code = GC_ERR_INVALID};
    }
    say(&w->f, &msg);
    look(w);
}

static void greet(struct world *w, bool kind)
{
    if (!w->hello)
        return;
    uint64_t verdicts[GC_MAX_INVENTORY];
    static const enum gc_verdict any[] = {GC_VERDICT_KEEP, GC_VERDICT_SEND, GC_VERDICT_CANCEL,
                                          GC_VERDICT_ALREADY};
    for (uint32_t i = 0; i < w->f.held; i++)
        verdicts[i] = kind ? GC_VERDICT_SEND : any[below(w, 4)];
    struct gc_msg msg = {.type = GC_MSG_WELCOME, .re = w->f.hello};
    msg.as.welcome = (struct gc_msg_welcome){.beat_ns = GC_BEAT_NS,
                                             .lease_ns = GC_LEASE_NS,
                                             .window = 4,
                                             .n_verdicts = w->f.held,
                                             .verdicts = verdicts};
    w->hello = false;
    say(&w->f, &msg);
    look(w);
}

static void work(struct world *w, bool kind)
{
    uint32_t slot = (uint32_t)below(w, SLOTS);
    struct slot *s = &w->slots[slot];
    if (!s->busy)
        return;
    uint64_t what = below(w, 10), slice = s->slice;
    if (s->killed && what < 7) {
        s->busy = false;
        stopped(&w->f, slot, slice);
    } else if (what < 7 || kind) {
        uint64_t first = s->next, count = 1 + below(w, s->end - s->next);
        s->next += count;
        s->busy = s->next < s->end;
        chunk(&w->f, slot, slice, first, count, ++w->chunk * 2);
    } else {
        s->busy = false;
        static const enum gc_cause causes[] = {GC_CAUSE_CRASH, GC_CAUSE_OOM, GC_CAUSE_INFRA};
        fault(&w->f, slot, slice, below(w, 3) ? s->next + below(w, s->end - s->next) : GC_UNSET,
              causes[below(w, 3)]);
    }
    look(w);
}

static void lister(struct world *w, bool kind)
{
    uint64_t *list = &w->lists[below(w, GC_AGENT_LISTS)];
    if (*list == 0)
        return;
    uint64_t name = *list;
    bool last = below(w, 3) == 0;
    if (last)
        *list = 0;
    if (last && !kind && below(w, 3) == 0)
        unlisted(&w->f, name, GC_CAUSE_MISSING);
    else
        pages(&w->f, name, ++w->chunk * 2 + 1, last);
    look(w);
}

static void usable(struct world *w, bool kind)
{
    if (w->n_things == 0)
        return;
    uint64_t name = w->things[--w->n_things];
    static const enum gc_err errs[] = {GC_ERR_CORRUPT, GC_ERR_INVALID};
    thing(&w->f, name, !kind && below(w, 12) == 0 ? errs[below(w, 2)] : GC_OK);
    look(w);
}

static void disturb(struct world *w)
{
    uint64_t id = w->leases[below(w, 64)];
    uint64_t what = below(w, 12);
    if (what < 4) {
        recall(&w->f, id);
    } else if (what < 6) {
        cancel(&w->f, id);
    } else if (what < 7) {
        struct gc_msg msg = {.type = GC_MSG_WHO};
        say(&w->f, &msg);
    } else if (what < 8) {
        w->f.term++;
        w->f.session++;
        beat_ack(&w->f, 0);
    } else {
        timer(&w->f, below(w, 2) ? below(w, GC_S) : below(w, 5 * GC_S));
    }
    look(w);
}

static void pass_time(struct world *w)
{
    uint64_t at = gc_agent_deadline(w->f.agent);
    timer(&w->f, at > w->f.now && at - w->f.now < GC_LEASE_NS ? at - w->f.now : GC_MS);
    look(w);
    if (below(w, 2)) {
        beat_ack(&w->f, w->beat_sent);
        look(w);
    }
}

static void one(struct world *w, bool kind)
{
    switch (below(w, 8)) {
    case 0: greet(w, kind); break;
    case 1: answer(w, kind); break;
    case 2: answer(w, kind); break;
    case 3: work(w, kind); break;
    case 4: lister(w, kind); break;
    case 5: usable(w, kind); break;
    case 6: pass_time(w); break;
    default:
        if (kind)
            work(w, kind);
        else if (below(w, 3))
            grant(w);
        else
            disturb(w);
    }
}

/* Everything that is held comes to an end once nothing goes wrong any more and nothing new is granted. */
static void heal(struct world *w)
{
    for (uint32_t i = 0; i < 200000 && gc_agent_leases(w->f.agent) > 0; i++)
        one(w, true);
    ck_assert_uint_eq(gc_agent_leases(w->f.agent), 0);
    ck_assert_uint_eq(gc_agent_results(w->f.agent), 0);
}

START_TEST(any_events_in_any_order)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    struct gc_agent_config c = {.slots = SLOTS};
    if (_i % 3 == 0)
        c = (struct gc_agent_config){
            .slots = SLOTS, .leases = 4, .results = 4, .faults = 3, .spans = 6, .things = 7};
    fixture_open(&w.f, &c);
    w.seed = 0x9e3779b97f4a7c15u + (uint64_t)_i;
    w.next_lease = 1;
    timer(&w.f, 0);
    look(&w);
    for (uint32_t i = 0; i < STEPS; i++)
        one(&w, false);
    heal(&w);
    fixture_close(&w.f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent random");
    TCase *tcase = tcase_create("agent random");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, any_events_in_any_order, 0, 60);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
