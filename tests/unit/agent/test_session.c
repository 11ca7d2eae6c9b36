/* HELLO, terms, beats, the fence, and the ways out. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct fixture f;

/* Lease 5, one item of it running on slot 0. */
static void one_running(void)
{
    join(&f);
    struct gc_msg lease = lease_items(5, 10, 1);
    say(&f, &lease);
    program(&f);
    expect(&f, "start 0 #1 5 items 10+1\n");
}

static void who(uint64_t re)
{
    struct gc_msg msg = {.type = GC_MSG_WHO, .re = re};
    say(&f, &msg);
}

START_TEST(says_hello_until_welcome)
{
    fixture_open(&f, NULL);
    ck_assert_uint_eq(gc_agent_deadline(f.agent), 0);
    timer(&f, 0);
    expect(&f, "HELLO\n");
    ck_assert_uint_eq(gc_agent_deadline(f.agent), f.now + GC_RESEND_NS);
    timer(&f, GC_RESEND_NS - 1);
    expect(&f, "");
    uint64_t old = f.hello;
    timer(&f, 1);
    expect(&f, "HELLO\n");
    /* A WELCOME to the first one says nothing of the second. */
    uint64_t newer = f.hello;
    f.hello = old;
    welcome(&f, 0, f.asked);
    expect(&f, "");
    ck_assert(!gc_agent_joined(f.agent));
    f.hello = newer;
    welcome(&f, 0, f.asked);
    expect(&f, "BEAT\n");
    welcome(&f, 0, f.asked);
    expect(&f, "");
    ck_assert_uint_eq(gc_agent_term(f.agent), 1);
    fixture_close(&f);
}
END_TEST

START_TEST(welcome_with_other_verdicts_than_rows_is_none)
{
    fixture_open(&f, NULL);
    timer(&f, 0);
    welcome(&f, 1, (uint64_t[]){GC_VERDICT_KEEP});
    expect(&f, "");
    fixture_close(&f);
}
END_TEST

START_TEST(beats_tell_of_leases_and_tasks)
{
    fixture_open(&f, NULL);
    one_running();
    timer(&f, GC_BEAT_NS);
    expect(&f, "BEAT 5 at 5:10\n");
    struct gc_msg lease = lease_items(6, 20, 8);
    say(&f, &lease);
    expect(&f, "start 1 #2 6 items 20+8\n");
    uint64_t items[] = {99, 23, 7};
    struct gc_agent_event e = {.kind = GC_AEV_TIMER};
    e.as.timer.n = 3;
    e.as.timer.items = items;
    e.as.timer.rss = 4711;
    f.now += GC_BEAT_NS;
    fixture_step(&f, &e);
    /* An item outside of the slice is not believed. */
    expect(&f, "BEAT 5 6 at 5:10 at 6:23\n");
    ck_assert_uint_eq(f.fx.list[0].as.msg.as.beat.rss, 4711);
    fixture_close(&f);
}
END_TEST

START_TEST(lower_terms_are_the_past)
{
    fixture_open(&f, NULL);
    f.term = 3;
    join(&f);
    struct gc_msg lease = lease_items(5, 0, 1);
    lease.term = 2;
    say(&f, &lease);
    expect(&f, "");
    lease.term = 0;
    say(&f, &lease);
    expect(&f, "GET program 1/2/0\n");
    fixture_close(&f);
}
END_TEST

START_TEST(other_sessions_are_not_obeyed)
{
    fixture_open(&f, NULL);
    join(&f);
    struct gc_msg lease = lease_items(5, 0, 1);
    lease.session = 8;
    say(&f, &lease);
    expect(&f, "");
    fixture_close(&f);
}
END_TEST

START_TEST(higher_term_or_who_means_hello)
{
    fixture_open(&f, NULL);
    one_running();
    f.term = 2;
    beat_ack(&f, f.now);
    expect(&f, "HELLO work 1:5 10+1\n");
    /* Nothing is obeyed before the WELCOME; work goes on. */
    cancel(&f, 5);
    expect(&f, "");
    chunk(&f, 0, 1, 10, 1, 100);
    expect(&f, "");
    welcome(&f, 1, (uint64_t[]){GC_VERDICT_KEEP});
    expect(&f, "RESULT 1:5 items 10+1\nBEAT 5\n");
    uint64_t hello = f.hello;
    who(hello - 1);
    expect(&f, "");
    who(hello + 1);
    expect(&f, "HELLO result 1:5 10+1\n");
    who(0);
    expect(&f, "");
    welcome(&f, 1, (uint64_t[]){GC_VERDICT_SEND});
    expect(&f, "RESULT 1:5 items 10+1\nBEAT 5\n");
    who(0);
    expect(&f, "HELLO result 1:5 10+1\n");
    welcome(&f, 1, (uint64_t[]){GC_VERDICT_ALREADY});
    expect(&f, "free 100\nBEAT\n");
    fixture_close(&f);
}
END_TEST

START_TEST(verdicts_on_work)
{
    fixture_open(&f, NULL);
    one_running();
    struct gc_msg lease = lease_items(6, 20, 6);
    say(&f, &lease);
    expect(&f, "start 1 #2 6 items 20+6\n");
    fault(&f, 1, 2, 22, GC_CAUSE_CRASH);
    expect(&f, "FAULT 1:6 22 crash node 3 'why'\n"
               "start 1 #3 6 items 20+2\n");
    who(0);
    expect(&f, "HELLO result 1:6 22+1 work 1:5 10+1 work 1:6 20+2 work 1:6 23+3\n");
    /* What comes between HELLO and WELCOME goes the way of its row. */
    chunk(&f, 1, 3, 20, 1, 100);
    expect(&f, "");
    welcome(&f, 4, (uint64_t[]){GC_VERDICT_SEND, GC_VERDICT_CANCEL, GC_VERDICT_STALE, GC_VERDICT_KEEP});
    expect(&f, "kill 0 #1\n"
               "kill 1 #3\n"
               "free 100\n"
               "FAULT 1:6 22 crash node 3 'why'\n"
               "BEAT 6\n");
    stopped(&f, 0, 1);
    expect(&f, "start 0 #4 6 items 23+3\n");
    fixture_close(&f);
}
END_TEST

START_TEST(wanted_result_runs_again)
{
    fixture_open(&f, NULL);
    one_running();
    chunk(&f, 0, 1, 10, 1, 100);
    who(0);
    welcome(&f, 1, (uint64_t[]){GC_VERDICT_WANTED});
    expect(&f, "free 100\nstart 0 #2 5 items 10+1\nBEAT 5 at 5:10\n");
    fixture_close(&f);
}
END_TEST

START_TEST(rows_that_are_gone_are_not_judged)
{
    fixture_open(&f, NULL);
    one_running();
    chunk(&f, 0, 1, 10, 1, 100);
    struct gc_msg lease = lease_items(6, 20, 1);
    say(&f, &lease);
    who(0);
    expect(&f, "HELLO result 1:5 10+1 work 1:6 20+1\n");
    /* The fence ends the work, and the next HELLO tells of the rest. */
    timer(&f, GC_FENCE_NS);
    expect(&f, "kill 0 #2\nHELLO result 1:5 10+1\n");
    welcome(&f, 1, (uint64_t[]){GC_VERDICT_CANCEL});
    expect(&f, "free 100\nBEAT\n");
    fixture_close(&f);
}
END_TEST

START_TEST(welcome_after_the_fence)
{
    fixture_open(&f, NULL);
    one_running();
    who(0);
    expect(&f, "HELLO work 1:5 10+1\n");
    f.now += GC_RESEND_NS - 1;
    timer(&f, 0);
    /* Within one HELLO's time the fence falls: what its row names is gone. */
    f.now += 1;
    timer(&f, 0);
    expect(&f, "HELLO work 1:5 10+1\n");
    f.now += GC_RESEND_NS;
    timer(&f, 0);
    f.now += GC_FENCE_NS - 2 * GC_RESEND_NS;
    timer(&f, 0);
    expect(&f, "kill 0 #1\n");
    ck_assert_uint_eq(gc_agent_fence(f.agent), 0);
    welcome(&f, 1, (uint64_t[]){GC_VERDICT_KEEP});
    expect(&f, "BEAT\n");
    fixture_close(&f);
}
END_TEST

START_TEST(fence_counts_from_the_sending_of_an_acked_beat)
{
    fixture_open(&f, NULL);
    one_running();
    uint64_t joined = f.now;
    ck_assert_uint_eq(gc_agent_fence(f.agent), joined + GC_FENCE_NS);
    timer(&f, GC_BEAT_NS);
    uint64_t sent = f.now;
    f.now += GC_S;
    beat_ack(&f, sent);
    ck_assert_uint_eq(gc_agent_fence(f.agent), sent + GC_FENCE_NS);
    beat_ack(&f, joined);
    beat_ack(&f, f.now + GC_S);
    ck_assert_uint_eq(gc_agent_fence(f.agent), sent + GC_FENCE_NS);
    f.now = sent + GC_FENCE_NS - 1;
    timer(&f, 0);
    expect(&f, "BEAT 5 at 5:10\n");
    timer(&f, 1);
    expect(&f, "kill 0 #1\nHELLO\n");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    /* It comes before whatever else the step is about. */
    chunk(&f, 0, 1, 10, 1, 100);
    expect(&f, "free 100\n");
    fixture_close(&f);
}
END_TEST

START_TEST(shorter_leases_have_a_nearer_fence)
{
    fixture_open(&f, NULL);
    timer(&f, 0);
    struct gc_msg msg = {.type = GC_MSG_WELCOME, .re = f.hello};
    msg.as.welcome = (struct gc_msg_welcome){.beat_ns = 1, .lease_ns = 100 * GC_MS, .window = 1000};
    say(&f, &msg);
    expect(&f, "BEAT\n");
    ck_assert_uint_eq(gc_agent_fence(f.agent), f.now + 80 * GC_MS);
    ck_assert_uint_eq(gc_agent_deadline(f.agent), f.now + 10 * GC_MS);
    fixture_close(&f);
}
END_TEST

START_TEST(catalogue_in_parts)
{
    static uint8_t bytes[GC_MAX_BULK + 5];
    struct gc_agent_config c = {.catalogue = {bytes, sizeof bytes}};
    fixture_open(&f, &c);
    timer(&f, 0);
    struct gc_msg msg = {.type = GC_MSG_WELCOME, .re = f.hello};
    msg.as.welcome = (struct gc_msg_welcome){
        .beat_ns = GC_BEAT_NS, .lease_ns = GC_LEASE_NS, .window = 1, .want_catalogue = true};
    say(&f, &msg);
    expect(&f, "CATALOGUE 0+1048576/1048581\nCATALOGUE 1048576+5/1048581\nBEAT\n");
    fixture_close(&f);
}
END_TEST

START_TEST(drains)
{
    fixture_open(&f, NULL);
    join(&f);
    struct gc_msg lease = lease_items(5, 0, 2), more = lease_items(6, 10, 9), late = lease_items(7, 30, 9);
    say(&f, &lease);
    program(&f);
    expect(&f, "start 0 #1 5 items 0+1\nstart 1 #2 5 items 1+1\n");
    say(&f, &more);
    expect(&f, "");
    drain(&f);
    expect(&f, "RECALLED 6 10\nBYE\n");
    drain(&f);
    expect(&f, "");
    say(&f, &late);
    expect(&f, "RECALLED 7 30\n");
    struct gc_msg list = lease_of(8, GC_LEASE_LIST); /* has no items to begin at */
    say(&f, &list);
    expect(&f, "RECALLED 8 0\n");
    chunk(&f, 0, 1, 0, 1, 100);
    expect(&f, "RESULT 1:5 items 0+1\n");
    timer(&f, GC_BEAT_NS);
    expect(&f, "BEAT 5 at 5:1\nBYE\n");
    chunk(&f, 1, 2, 1, 1, 101);
    expect(&f, "RESULT 1:5 items 1+1\n");
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 100\n");
    ack(&f, 5, 1, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 101\nBYE\nexit drained\n");
    timer(&f, GC_MS);
    expect(&f, "");
    fixture_close(&f);
}
END_TEST

START_TEST(drains_without_a_coordinator)
{
    fixture_open(&f, NULL);
    one_running();
    struct gc_msg lease = lease_items(6, 20, 9);
    say(&f, &lease);
    struct gc_msg queued = lease_items(8, 50, 9);
    say(&f, &queued);
    who(0);
    drain(&f);
    expect(&f, "");
    ck_assert_uint_le(gc_agent_deadline(f.agent), f.now + GC_GRACE_NS);
    chunk(&f, 0, 1, 10, 1, 100);
    chunk(&f, 1, 2, 20, 9, 101);
    expect(&f, "");
    /* Results that nobody takes are not waited for longer than the grace. */
    timer(&f, GC_GRACE_NS);
    expect(&f, "exit drained\nHELLO result 1:5 10+1 result 1:6 20+9\n");
    fixture_close(&f);
}
END_TEST

START_TEST(gives_up_a_coordinator_that_is_away)
{
    struct gc_agent_config c = {.away_ns = 60 * GC_S};
    fixture_open(&f, &c);
    timer(&f, 0);
    timer(&f, 59 * GC_S);
    expect(&f, "HELLO\n");
    ck_assert_uint_eq(gc_agent_deadline(f.agent), f.now + GC_S);
    timer(&f, GC_S);
    expect(&f, "exit\n");
    timer(&f, 60 * GC_S);
    expect(&f, "HELLO\n");
    fixture_close(&f);
}
END_TEST

START_TEST(what_no_worker_is_sent_means_nothing)
{
    fixture_open(&f, NULL);
    join(&f);
    struct gc_msg msg = {.type = GC_MSG_OK};
    say(&f, &msg);
    expect(&f, "");
    recall(&f, 77);
    expect(&f, "");
    cancel(&f, 0);
    expect(&f, "");
    /* A CANCEL that was faster than its LEASE. */
    cancel(&f, 5);
    struct gc_msg lease = lease_items(5, 0, 1);
    say(&f, &lease);
    expect(&f, "");
    fixture_close(&f);
}
END_TEST

START_TEST(wants_its_arena)
{
    struct gc_agent_config c = {.slots = 1, .leases = 2, .results = 2, .faults = 2, .spans = 4, .things = 4};
    size_t size = gc_agent_size(&c);
    uint8_t *memory = malloc(size);
    /* In steps smaller than the smallest pool, so that each of them is once the one that does not fit. */
    for (size_t room = 0; room < size * 64 / 100; room += 16) {
        struct gc_arena arena;
        struct gc_agent *agent;
        gc_arena_init(&arena, memory, room);
        ck_assert_int_eq(gc_agent_init(&arena, &c, &agent), GC_ERR_NOMEM);
    }
    free(memory);
}
END_TEST

START_TEST(an_inventory_has_an_end)
{
    struct gc_agent_config c = {
        .slots = 1, .leases = 4, .results = 16, .faults = 2100, .spans = 3000, .things = 8};
    fixture_open(&f, &c);
    join(&f);
    struct gc_msg lease = lease_items(5, 0, 4096), small = lease_items(6, 9000, 1);
    say(&f, &lease);
    program(&f);
    for (uint64_t item = 0; item < GC_MAX_INVENTORY + 6; item++)
        fault(&f, 0, item + 1, item, GC_CAUSE_CRASH);
    say(&f, &small);
    who(0);
    /* What it has no room for is dropped: the faults beyond it, and the work, running or not. */
    ck_assert_uint_eq(f.held, GC_MAX_INVENTORY);
    ck_assert_ptr_nonnull(strstr(f.text, "kill 0 #1031\n"));
    ck_assert_uint_eq(gc_agent_leases(f.agent), 1);
    ck_assert_uint_eq(gc_agent_results(f.agent), GC_MAX_INVENTORY);
    fixture_close(&f);
}
END_TEST

GC_SUITE("agent session", GC_TEST(says_hello_until_welcome),
         GC_TEST(welcome_with_other_verdicts_than_rows_is_none), GC_TEST(beats_tell_of_leases_and_tasks),
         GC_TEST(lower_terms_are_the_past), GC_TEST(other_sessions_are_not_obeyed),
         GC_TEST(higher_term_or_who_means_hello), GC_TEST(verdicts_on_work),
         GC_TEST(wanted_result_runs_again), GC_TEST(rows_that_are_gone_are_not_judged),
         GC_TEST(welcome_after_the_fence), GC_TEST(fence_counts_from_the_sending_of_an_acked_beat),
         GC_TEST(shorter_leases_have_a_nearer_fence), GC_TEST(catalogue_in_parts), GC_TEST(drains),
         GC_TEST(drains_without_a_coordinator), GC_TEST(gives_up_a_coordinator_that_is_away),
         GC_TEST(what_no_worker_is_sent_means_nothing), GC_TEST(wants_its_arena),
         GC_TEST(an_inventory_has_an_end))
