/* Leases, slices, and what comes of them. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct fixture f;

static void give(uint64_t id, uint64_t first, uint64_t count)
{
    struct gc_msg lease = lease_items(id, first, count);
    say(&f, &lease);
}

/* One slot, joined, lease 5 of [0, count) running as slice 1. */
static void one_slot(uint64_t count)
{
    struct gc_agent_config c = {.slots = 1};
    fixture_open(&f, &c);
    join(&f);
    give(5, 0, count);
    expect(&f, "GET program 1/2/0\n");
    program(&f);
    ck_assert_uint_eq(f.fx.n, 1);
}

START_TEST(a_lease_becomes_a_result)
{
    fixture_open(&f, NULL);
    join(&f);
    give(5, 0, 4);
    expect(&f, "GET program 1/2/0\n");
    program(&f);
    expect(&f, "start 0 #1 5 items 0+2\n"
               "start 1 #2 5 items 2+2\n");
    chunk(&f, 0, 1, 0, 1, 101);
    expect(&f, "RESULT 1:5 items 0+1\n");
    chunk(&f, 0, 1, 1, 1, 102);
    expect(&f, "RESULT 1:5 items 1+1\n");
    chunk(&f, 1, 2, 2, 2, 103);
    expect(&f, "RESULT 1:5 items 2+2\n");
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 101\n");
    ack(&f, 5, 2, 2, GC_VERDICT_COMMITTED);
    expect(&f, "free 103\n");
    ack(&f, 5, 2, 2, GC_VERDICT_COMMITTED);
    expect(&f, "");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 1);
    ack(&f, 5, 1, 1, GC_VERDICT_STALE);
    expect(&f, "free 102\n");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    /* The lease said again after its end is not a new one. */
    give(5, 0, 4);
    expect(&f, "");
    fixture_close(&f);
}
END_TEST

START_TEST(a_result_carries_what_the_chunk_has)
{
    one_slot(3);
    struct gc_delta deltas[2] = {{.reducer = 0, .items = 3, .bytes = 1},
                                 {.reducer = 1, .items = 2, .bytes = 1}};
    struct gc_agent_event e = {.kind = GC_AEV_CHUNK};
    e.as.chunk.slice = 1;
    e.as.chunk.chunk = (struct gc_agent_chunk){.chunk = 9,
                                               .count = 3,
                                               .busy_ns = 11,
                                               .pixels = 12,
                                               .status = 1,
                                               .values = 2,
                                               .n_deltas = 2,
                                               .deltas = deltas,
                                               .bulk = {(const uint8_t *)"svvde", 5}};
    fixture_step(&f, &e);
    expect(&f, "RESULT 1:5 items 0+3 delta of 3 delta of 2 'svvde'\n");
    const struct gc_msg_result *r = &f.fx.list[0].as.msg.as.result;
    ck_assert_uint_eq(r->busy_ns, 11);
    ck_assert_uint_eq(r->pixels, 12);
    ck_assert_uint_eq(r->status, 1);
    ck_assert_uint_eq(r->values, 2);
    ck_assert_uint_eq(r->run_no, 1);
    ck_assert_uint_eq(r->stage, 2);
    fixture_close(&f);
}
END_TEST

START_TEST(leases_are_served_in_order_and_not_split_while_all_are_busy)
{
    fixture_open(&f, NULL);
    join(&f);
    give(5, 0, 10);
    give(6, 10, 10);
    expect(&f, "");
    give(7, 20, 5000);
    program(&f);
    expect(&f, "start 0 #1 5 items 0+10\nstart 1 #2 6 items 10+10\n");
    chunk(&f, 1, 2, 10, 10, 100);
    /* A chunk is the most that a slice may have; the rest of it waits. */
    expect(&f, "RESULT 1:6 items 10+10\nstart 1 #3 7 items 20+4096\n");
    chunk(&f, 0, 1, 0, 10, 101);
    expect(&f, "RESULT 1:5 items 0+10\nstart 0 #4 7 items 4116+904\n");
    fixture_close(&f);
}
END_TEST

START_TEST(leases_share_what_is_idle)
{
    struct gc_agent_config c = {.slots = 4};
    fixture_open(&f, &c);
    join(&f);
    give(5, 0, 3);
    give(6, 10, 10);
    program(&f);
    expect(&f, "start 0 #1 5 items 0+2\nstart 1 #2 5 items 2+1\n"
               "start 2 #3 6 items 10+5\nstart 3 #4 6 items 15+5\n");
    fixture_close(&f);
}
END_TEST

START_TEST(what_is_to_run_alone_runs_alone)
{
    fixture_open(&f, NULL);
    join(&f);
    struct gc_given given = {
        .node = 4, .cause = GC_CAUSE_CRASH, .attempts = 2, .text = {(const uint8_t *)"was bad", 7}};
    struct gc_msg lease = lease_items(5, 7, 2);
    lease.as.lease.alone = true;
    lease.as.lease.attempt = 1;
    lease.as.lease.n_given = 1;
    lease.as.lease.given = &given;
    say(&f, &lease);
    memset(&given, 0, sizeof given);
    program(&f);
    expect(
        &f,
        "start 0 #1 5 items 7+1 fresh given 4 'was bad'\nstart 1 #2 5 items 8+1 fresh given 4 'was bad'\n");
    ck_assert_uint_eq(f.fx.list[0].as.start.attempt, 1);
    fixture_close(&f);
}
END_TEST

START_TEST(leases_that_make_no_sense_are_not_taken)
{
    fixture_open(&f, NULL);
    join(&f);
    give(0, 0, 1);
    expect(&f, "");
    struct gc_msg before = lease_paged(5, 0, 100, 99, 1),
                  beyond = lease_paged(6, 0, 100, 100, GC_PAGE_ITEMS + 1),
                  far = lease_paged(7, 0, 100, 100 + GC_PAGE_ITEMS + 1, 1);
    say(&f, &before);
    say(&f, &beyond);
    say(&f, &far);
    expect(&f, "");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    fixture_close(&f);
}
END_TEST

START_TEST(a_blamed_item_leaves_its_neighbours)
{
    one_slot(9);
    chunk(&f, 0, 1, 0, 2, 100);
    expect(&f, "RESULT 1:5 items 0+2\n");
    fault(&f, 0, 1, 5, GC_CAUSE_CRASH);
    expect(&f, "FAULT 1:5 5 crash node 3 'why'\nstart 0 #2 5 items 2+3\n");
    chunk(&f, 0, 2, 2, 3, 101);
    expect(&f, "RESULT 1:5 items 2+3\nstart 0 #3 5 items 6+3\n");
    fault(&f, 0, 3, 8, GC_CAUSE_TIMEOUT);
    expect(&f, "FAULT 1:5 8 timeout node 3 'why'\nstart 0 #4 5 items 6+2\n");
    fault(&f, 0, 3, 6, GC_CAUSE_CRASH);
    expect(&f, "");
    ack(&f, 5, 5, 1, GC_VERDICT_COMMITTED);
    expect(&f, "");
    /* A fault that is not answered is said again. */
    timer(&f, GC_RESEND_NS);
    expect(&f,
           "RESULT 1:5 items 0+2\nRESULT 1:5 items 2+3\nFAULT 1:5 8 timeout node 3 'why'\nBEAT 5 at 5:6\n");
    /* One that is wanted again runs again. */
    ack(&f, 5, 8, 1, GC_VERDICT_WANTED);
    expect(&f, "");
    chunk(&f, 0, 4, 6, 2, 102);
    expect(&f, "RESULT 1:5 items 6+2\nstart 0 #5 5 items 8+1\n");
    fixture_close(&f);
}
END_TEST

START_TEST(nobody_is_blamed_at_first)
{
    one_slot(4);
    fault(&f, 0, 1, GC_UNSET, GC_CAUSE_CRASH);
    expect(&f, "start 0 #2 5 items 0+4\n");
    fault(&f, 0, 2, 99, GC_CAUSE_CRASH);
    expect(&f, "start 0 #3 5 items 0+4\n");
    /* Who ends executors again and again without a word is blamed: the first that can be. */
    fault(&f, 0, 3, GC_UNSET, GC_CAUSE_CRASH);
    expect(&f, "FAULT 1:5 0 crash 'why'\nstart 0 #4 5 items 1+3\n");
    fixture_close(&f);
}
END_TEST

START_TEST(a_chunk_forgives)
{
    one_slot(4);
    fault(&f, 0, 1, GC_UNSET, GC_CAUSE_CRASH);
    fault(&f, 0, 2, GC_UNSET, GC_CAUSE_CRASH);
    chunk(&f, 0, 3, 0, 1, 100);
    fault(&f, 0, 3, GC_UNSET, GC_CAUSE_CRASH);
    expect(&f, "start 0 #4 5 items 1+3\n");
    fixture_close(&f);
}
END_TEST

START_TEST(a_failing_machine_is_given_time)
{
    one_slot(4);
    fault(&f, 0, 1, GC_UNSET, GC_CAUSE_INFRA);
    expect(&f, "FAULT 1:5 0 infra 'why'\n");
    ck_assert_uint_eq(gc_agent_deadline(f.agent), f.now + GC_BACKOFF_NS);
    timer(&f, GC_BACKOFF_NS - 1);
    expect(&f, "");
    timer(&f, 1);
    expect(&f, "start 0 #2 5 items 1+3\n");
    fault(&f, 0, 2, 2, GC_CAUSE_INFRA);
    expect(&f, "FAULT 1:5 2 infra node 3 'why'\n");
    timer(&f, GC_BACKOFF_NS);
    expect(&f, "");
    timer(&f, GC_BACKOFF_NS);
    expect(&f, "start 0 #3 5 items 1+1\n");
    chunk(&f, 0, 3, 1, 1, 100);
    expect(&f, "RESULT 1:5 items 1+1\nstart 0 #4 5 items 3+1\n");
    fault(&f, 0, 4, 3, GC_CAUSE_INFRA);
    give(6, 10, 1);
    ck_assert_uint_le(gc_agent_deadline(f.agent), f.now + GC_BACKOFF_NS);
    fixture_close(&f);
}
END_TEST

START_TEST(a_refused_range_is_halved)
{
    one_slot(5);
    chunk(&f, 0, 1, 0, 5, 100);
    ack(&f, 5, 0, 5, GC_VERDICT_WANTED);
    expect(&f, "free 100\nstart 0 #2 5 items 0+2\n");
    chunk(&f, 0, 2, 0, 2, 101);
    expect(&f, "RESULT 1:5 items 0+2\nstart 0 #3 5 items 2+2\n");
    ack(&f, 5, 0, 2, GC_VERDICT_WANTED);
    expect(&f, "free 101\n");
    chunk(&f, 0, 3, 2, 2, 102);
    expect(&f, "RESULT 1:5 items 2+2\nstart 0 #4 5 items 0+1\n");
    chunk(&f, 0, 4, 0, 1, 103);
    expect(&f, "RESULT 1:5 items 0+1\nstart 0 #5 5 items 1+1\n");
    chunk(&f, 0, 5, 1, 1, 104);
    expect(&f, "RESULT 1:5 items 1+1\nstart 0 #6 5 items 4+1\n");
    ack(&f, 5, 0, 1, GC_VERDICT_KEEP);
    expect(&f, "");
    ack(&f, 5, 0, 1, GC_VERDICT_ALREADY);
    expect(&f, "free 103\n");
    ack(&f, 5, 1, 1, GC_VERDICT_CANCEL);
    expect(&f, "free 104\n");
    fixture_close(&f);
}
END_TEST

START_TEST(the_window_and_what_is_sent_again)
{
    struct gc_agent_config c = {.slots = 1, .results = 8, .faults = 8};
    fixture_open(&f, &c);
    join(&f);
    give(5, 0, 6);
    program(&f);
    for (uint64_t i = 0; i < 5; i++) {
        chunk(&f, 0, 1, i, 1, 100 + i);
        f.now += GC_MS;
    }
    expect(&f, ""); /* four may be out */
    ck_assert_uint_eq(gc_agent_results(f.agent), 5);
    ack(&f, 5, 1, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 101\nRESULT 1:5 items 4+1\n");
    ck_assert_uint_le(gc_agent_deadline(f.agent), f.now - 5 * GC_MS + GC_RESEND_NS);
    timer(&f, GC_BEAT_NS);
    expect(&f, "BEAT 5 at 5:5\n");
    f.now += GC_RESEND_NS - GC_BEAT_NS - 4 * GC_MS;
    timer(&f, 0);
    expect(&f, "RESULT 1:5 items 0+1\n");
    timer(&f, 5 * GC_MS);
    expect(&f, "RESULT 1:5 items 2+1\nRESULT 1:5 items 3+1\nRESULT 1:5 items 4+1\n");
    fixture_close(&f);
}
END_TEST

START_TEST(no_more_slices_than_results_have_room)
{
    struct gc_agent_config c = {.slots = 2, .results = 1, .faults = 2};
    fixture_open(&f, &c);
    join(&f);
    give(5, 0, 4);
    program(&f);
    expect(&f, "start 0 #1 5 items 0+2\nstart 1 #2 5 items 2+2\n");
    chunk(&f, 0, 1, 0, 1, 100);
    chunk(&f, 0, 1, 1, 1, 101);
    chunk(&f, 1, 2, 2, 1, 102);
    expect(&f, "RESULT 1:5 items 2+1\n");
    /* One too many: nothing is lost but time. */
    chunk(&f, 1, 2, 3, 1, 103);
    expect(&f, "free 103\n");
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 100\nstart 0 #3 5 items 3+1\n");
    ack(&f, 5, 1, 1, GC_VERDICT_COMMITTED);
    give(6, 10, 1);
    expect(&f, "start 1 #4 6 items 10+1\n");
    fixture_close(&f);
}
END_TEST

START_TEST(a_fault_without_room_runs_again)
{
    struct gc_agent_config c = {.slots = 1, .results = 1, .faults = 1};
    fixture_open(&f, &c);
    join(&f);
    give(5, 0, 4);
    program(&f);
    chunk(&f, 0, 1, 0, 1, 100);
    chunk(&f, 0, 1, 1, 1, 101);
    fault(&f, 0, 1, 2, GC_CAUSE_CRASH);
    expect(&f, ""); /* no room to start it either */
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 100\nstart 0 #2 5 items 2+2\n");
    fixture_close(&f);
}
END_TEST

START_TEST(gives_back_what_has_not_started)
{
    one_slot(4096);
    give(6, 5000, 10);
    recall(&f, 6);
    expect(&f, "RECALLED 6 5000\n");
    recall(&f, 6);
    expect(&f, "");
    recall(&f, 5);
    expect(&f, "RECALLED 5 4096\n");
    /* What is to do again lies between what runs and what waits. */
    fault(&f, 0, 1, 100, GC_CAUSE_CRASH);
    expect(&f, "FAULT 1:5 100 crash node 3 'why'\nstart 0 #2 5 items 0+100\n");
    recall(&f, 5);
    expect(&f, "RECALLED 5 101\n");
    recall(&f, 5);
    expect(&f, "RECALLED 5 101\n");
    fixture_close(&f);
}
END_TEST

START_TEST(pieces_that_touch_are_given_back_together)
{
    one_slot(10);
    chunk(&f, 0, 1, 0, 4, 100);
    chunk(&f, 0, 1, 4, 2, 101);
    give(6, 50, 1);
    fault(&f, 0, 1, 6, GC_CAUSE_CRASH);
    expect(&f, "FAULT 1:5 6 crash node 3 'why'\nstart 0 #2 6 items 50+1\n");
    ack(&f, 5, 6, 1, GC_VERDICT_WANTED);
    ack(&f, 5, 4, 2, GC_VERDICT_WANTED);
    expect(&f, "free 101\n");
    recall(&f, 5);
    expect(&f, "RECALLED 5 4\n");
    fixture_close(&f);
}
END_TEST

START_TEST(cancel_kills_and_reports_nothing)
{
    fixture_open(&f, NULL);
    join(&f);
    give(5, 0, 4);
    program(&f);
    give(6, 10, 2);
    chunk(&f, 0, 1, 0, 1, 100);
    cancel(&f, 5);
    expect(&f, "kill 0 #1\nkill 1 #2\nfree 100\n");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 1);
    /* What was on its way when it was killed. */
    chunk(&f, 0, 1, 1, 1, 101);
    expect(&f, "free 101\nstart 0 #3 6 items 10+2\n");
    chunk(&f, 1, 2, 2, 1, 102);
    expect(&f, "free 102\n");
    fault(&f, 1, 2, 3, GC_CAUSE_CRASH);
    expect(&f, "");
    stopped(&f, 1, 2);
    stopped(&f, 0, 3);
    stopped(&f, 7, 3);
    expect(&f, "");
    cancel(&f, 6);
    expect(&f, "kill 0 #3\n");
    stopped(&f, 0, 3);
    expect(&f, "");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    fixture_close(&f);
}
END_TEST

static void error(uint64_t re, enum gc_err code)
{
    struct gc_msg msg = {.type = GC_MSG_ERROR, .re = re};
    msg.as.error.code = code;
    msg.as.error.text = (struct gc_bytes){(const uint8_t *)"no", 2};
    say(&f, &msg);
}

START_TEST(a_result_that_is_wrong_is_not_said_for_ever)
{
    one_slot(4);
    chunk(&f, 0, 1, 0, 4, 100);
    uint64_t re = f.seq;
    error(0, GC_ERR_INVALID);
    error(re, GC_ERR_BUSY);
    error(re, GC_ERR_FULL);
    error(re + 7, GC_ERR_INVALID);
    expect(&f, "");
    timer(&f, GC_RESEND_NS);
    expect(&f, "RESULT 1:5 items 0+4\nBEAT 5\n");
    error(re + 1, GC_ERR_INVALID);
    expect(&f, "free 100\nFAULT 1:5 0 crash 'no'\nstart 0 #2 5 items 1+2\n");
    /* Nor is a fault: its lease is dropped, and comes back otherwise. */
    error(f.seq, GC_ERR_INVALID);
    expect(&f, "kill 0 #2\n");
    fixture_close(&f);
}
END_TEST

START_TEST(full_of_leases)
{
    struct gc_agent_config c = {.slots = 1, .leases = 2};
    fixture_open(&f, &c);
    join(&f);
    give(5, 0, 1);
    give(6, 1, 1);
    give(7, 2, 1);
    expect(&f, "");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 2);
    fixture_close(&f);
}
END_TEST

START_TEST(full_of_spans)
{
    struct gc_agent_config c = {.slots = 1, .spans = 1};
    fixture_open(&f, &c);
    join(&f);
    give(5, 0, 9);
    give(6, 20, 9); /* nothing of it can be kept: it goes */
    ck_assert_uint_eq(gc_agent_leases(f.agent), 1);
    program(&f);
    fault(&f, 0, 1, 4, GC_CAUSE_CRASH);
    /* One piece has room, the other is forgotten; the coordinator has it back when the lease is no longer named. */
    expect(&f, "FAULT 1:5 4 crash node 3 'why'\nstart 0 #2 5 items 0+4\n");
    chunk(&f, 0, 2, 0, 4, 100);
    ack(&f, 5, 0, 4, GC_VERDICT_COMMITTED);
    ack(&f, 5, 4, 1, GC_VERDICT_COMMITTED);
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    fixture_close(&f);
}
END_TEST

START_TEST(what_is_given_up_goes_with_its_lease)
{
    struct gc_agent_config c = {.slots = 1, .leases = 1};
    struct gc_given given[] = {
        {.node = 3, .cause = GC_CAUSE_CRASH, .attempts = 2},
        {.node = 5, .cause = GC_CAUSE_OOM, .attempts = 1, .text = {(const uint8_t *)"why", 3}}};
    fixture_open(&f, &c);
    join(&f);
    give(4, 0, 1);
    program(&f);
    chunk(&f, 0, 1, 0, 1, 100);
    ack(&f, 4, 0, 1, GC_VERDICT_COMMITTED);
    /* One after the other, since there is room for one; that each is given back is what the agent's own check counts. */
    for (uint64_t id = 5; id < 8; id++) {
        struct gc_msg lease = lease_items(id, id, 1);
        lease.as.lease.n_given = 2;
        lease.as.lease.given = given;
        say(&f, &lease);
        ck_assert_uint_eq(f.fx.n, 1);
        const struct gc_agent_slice *start = &f.fx.list[0].as.start;
        ck_assert_int_eq(f.fx.list[0].kind, GC_AFX_START);
        ck_assert_uint_eq(start->n_given, 2);
        ck_assert_uint_eq(start->given[0].node, 3);
        ck_assert_uint_eq(start->given[0].text.len, 0);
        ck_assert_uint_eq(start->given[1].cause, GC_CAUSE_OOM);
        ck_assert_mem_eq(start->given[1].text.ptr, "why", 3);
        chunk(&f, 0, id - 3, id, 1, 100 + id);
        ack(&f, id, id, 1, GC_VERDICT_COMMITTED);
        ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    }
    fixture_close(&f);
}
END_TEST

START_TEST(what_comes_of_no_slice_is_freed)
{
    one_slot(2);
    chunk(&f, 0, 9, 0, 1, 100);
    expect(&f, "free 100\n");
    fault(&f, 0, 9, 0, GC_CAUSE_CRASH);
    expect(&f, "");
    chunk(&f, 0, 1, 0, 2, 101);
    expect(&f, "RESULT 1:5 items 0+2\n");
    fixture_close(&f);
}
END_TEST

START_TEST(an_ack_says_its_term_too)
{
    one_slot(1);
    chunk(&f, 0, 1, 0, 1, 100);
    struct gc_msg msg = {.type = GC_MSG_RESULT_ACK, .re = f.seq};
    msg.as.result_ack =
        (struct gc_msg_result_ack){.term = 2, .lease = 5, .count = 1, .verdict = GC_VERDICT_COMMITTED};
    say(&f, &msg);
    expect(&f, "");
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 100\n");
    fixture_close(&f);
}
END_TEST

/* The blame slot may still name what the slice has left behind: nobody is blamed for that. */
START_TEST(an_item_that_the_slice_has_done_is_not_blamed)
{
    one_slot(4);
    chunk(&f, 0, 1, 0, 2, 100);
    fault(&f, 0, 1, 1, GC_CAUSE_CRASH);
    expect(&f, "start 0 #2 5 items 2+2\n");
    fixture_close(&f);
}
END_TEST

static void chunk_that_skips(void)
{
    one_slot(4);
    chunk(&f, 0, 1, 1, 1, 100);
}

START_TEST(a_chunk_that_skips_items_is_an_error_of_the_program)
{
    chunk_that_skips();
}
END_TEST

GC_SUITE("agent work", GC_TEST(a_lease_becomes_a_result), GC_TEST(a_result_carries_what_the_chunk_has),
         GC_TEST(leases_are_served_in_order_and_not_split_while_all_are_busy),
         GC_TEST(leases_share_what_is_idle), GC_TEST(what_is_to_run_alone_runs_alone),
         GC_TEST(leases_that_make_no_sense_are_not_taken), GC_TEST(a_blamed_item_leaves_its_neighbours),
         GC_TEST(nobody_is_blamed_at_first), GC_TEST(a_chunk_forgives),
         GC_TEST(a_failing_machine_is_given_time), GC_TEST(a_refused_range_is_halved),
         GC_TEST(the_window_and_what_is_sent_again), GC_TEST(no_more_slices_than_results_have_room),
         GC_TEST(a_fault_without_room_runs_again), GC_TEST(gives_back_what_has_not_started),
         GC_TEST(pieces_that_touch_are_given_back_together), GC_TEST(cancel_kills_and_reports_nothing),
         GC_TEST(a_result_that_is_wrong_is_not_said_for_ever), GC_TEST(full_of_leases),
         GC_TEST(full_of_spans), GC_TEST(what_is_given_up_goes_with_its_lease),
         GC_TEST(what_comes_of_no_slice_is_freed), GC_TEST(an_ack_says_its_term_too),
         GC_TEST(an_item_that_the_slice_has_done_is_not_blamed),
         GC_TEST_ABORTS(a_chunk_that_skips_items_is_an_error_of_the_program))
