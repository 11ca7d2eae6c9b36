/* What is pulled from the coordinator, and listings. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct fixture f;

static void error(uint32_t back, enum gc_err code)
{
    struct gc_msg msg = {.type = GC_MSG_ERROR, .re = f.asked[back]};
    msg.as.error.code = code;
    say(&f, &msg);
}

static void give(struct gc_msg msg)
{
    say(&f, &msg);
}

START_TEST(programs_and_pages_are_pulled_once)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_paged(5, 3, 0, 0, 4));
    expect(&f, "GET program 1/2/0\nGET page 1/2/3\n");
    give(lease_paged(6, 3, 0, 4, 4));
    expect(&f, "");
    data(&f, 0, GC_GET_PAGE, 1, 3);
    expect(&f, "keep 2 page\n");
    data(&f, 0, GC_GET_PAGE, 1, 3); /* twice */
    expect(&f, "");
    thing(&f, thing_name(2), GC_OK);
    expect(&f, "");
    thing(&f, thing_name(2), GC_OK);
    data(&f, 1, GC_GET_PROGRAM, 2, 0);
    expect(&f, "keep 1 program\n");
    thing(&f, thing_name(1), GC_OK);
    expect(&f, "start 0 #1 5 items 0+4\nstart 1 #2 6 items 4+4\n");
    ck_assert_uint_eq(f.fx.list[0].as.start.input, thing_name(2));
    ck_assert_uint_eq(f.fx.list[0].as.start.program, thing_name(1));
    thing(&f, 4711, GC_OK);
    expect(&f, "");
    fixture_close(&f);
}
END_TEST

START_TEST(answers_that_do_not_fit_are_none)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_items(5, 0, 1));
    data(&f, 0, GC_GET_CURSOR, 2, 0);
    expect(&f, "");
    struct gc_msg msg = {.type = GC_MSG_DATA, .re = f.asked[0]};
    msg.as.data = (struct gc_msg_data){.what = GC_GET_PROGRAM, .run_no = 2, .stage = 2};
    say(&f, &msg);
    msg.re = 0;
    msg.as.data.run_no = 1;
    say(&f, &msg);
    msg.re = 4711;
    say(&f, &msg);
    expect(&f, "");
    error(1, GC_ERR_NOT_FOUND);
    expect(&f, "");
    fixture_close(&f);
}
END_TEST

START_TEST(asks_again)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_paged(5, 3, 0, 0, 4));
    timer(&f, GC_BEAT_NS);
    expect(&f, "BEAT 5\n");
    ck_assert_uint_eq(gc_agent_deadline(f.agent), f.now - GC_BEAT_NS + GC_RESEND_NS);
    timer(&f, GC_RESEND_NS - GC_BEAT_NS);
    expect(&f, "GET program 1/2/0\nGET page 1/2/3\n");
    /* The answer to the first question counts as well. */
    data(&f, 2, GC_GET_PAGE, 1, 3);
    expect(&f, "keep 2 page\n");
    struct gc_msg who = {.type = GC_MSG_WHO};
    say(&f, &who);
    expect(&f, "HELLO work 1:5 0+4\n");
    timer(&f, GC_MS);
    welcome(&f, 1, (uint64_t[]){GC_VERDICT_KEEP});
    expect(&f, "GET program 1/2/0\nBEAT 5\n");
    fixture_close(&f);
}
END_TEST

START_TEST(a_page_of_other_bytes_is_asked_for_again)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_paged(5, 3, 0, 0, 1));
    data(&f, 0, GC_GET_PAGE, 1, 3);
    thing(&f, thing_name(2), GC_ERR_CORRUPT);
    expect(&f, "");
    timer(&f, GC_RESEND_NS);
    expect(&f, "GET program 1/2/0\nGET page 1/2/3\nBEAT 5\n");
    fixture_close(&f);
}
END_TEST

START_TEST(what_the_coordinator_has_not_ends_the_lease)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_paged(5, 3, 0, 0, 1));
    give(lease_items(6, 0, 1));
    error(0, GC_ERR_BUSY);
    error(0, GC_ERR_FULL);
    expect(&f, "");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 2);
    error(0, GC_ERR_NOT_FOUND);
    expect(&f, "");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 1);
    fixture_close(&f);
}
END_TEST

START_TEST(what_cannot_be_used_here_is_told)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_items(5, 4, 3));
    data(&f, 0, GC_GET_PROGRAM, 2, 0);
    thing(&f, thing_name(1), GC_ERR_INVALID);
    expect(&f, "FAULT 1:5 4 infra 'not valid'\n");
    /* A later lease asks anew: it may be another program by then. */
    give(lease_items(6, 9, 1));
    expect(&f, "GET program 1/2/0\n");
    ack(&f, 5, 4, 1, GC_VERDICT_COMMITTED);
    expect(&f, "drop 1\n");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 1);
    fixture_close(&f);
}
END_TEST

START_TEST(what_cannot_be_told_is_dropped)
{
    struct gc_agent_config c = {.slots = 1, .results = 1, .faults = 1};
    fixture_open(&f, &c);
    join(&f);
    give(lease_items(5, 0, 2));
    program(&f);
    chunk(&f, 0, 1, 0, 1, 100);
    chunk(&f, 0, 1, 1, 1, 101);
    struct gc_msg other = lease_of(7, GC_LEASE_FINISH);
    other.as.lease.stage = 3;
    say(&f, &other);
    data(&f, 1, GC_GET_PROGRAM, 3, 0);
    expect(&f, "keep 2 program\n");
    thing(&f, thing_name(2), GC_ERR_INVALID);
    expect(&f, "drop 2\n");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 1);
    fixture_close(&f);
}
END_TEST

static void reference(uint32_t back, uint64_t index)
{
    static uint8_t digest[32] = {7};
    struct gc_page page = {.first = 0, .count = 10, .bytes = 99, .offset = 1000, .digest = {digest, 32}};
    struct gc_msg msg = {.type = GC_MSG_DATA, .re = f.asked[back]};
    msg.as.data = (struct gc_msg_data){
        .what = GC_GET_PAGE, .run_no = 1, .stage = 9, .index = index, .n_page = 1, .page = &page};
    say(&f, &msg);
}

START_TEST(a_reference_wants_its_sources_program)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_paged(5, 3, 0, 0, 1));
    reference(0, 3);
    expect(&f, "GET program 1/9/0\n");
    data(&f, 0, GC_GET_PROGRAM, 9, 0);
    expect(&f, "keep 3 program\n");
    thing(&f, thing_name(3), GC_OK);
    expect(&f, "keep 2 page by program\n");
    const struct gc_page *page = &f.fx.list[0].as.keep.data->page[0];
    ck_assert_uint_eq(page->offset, 1000);
    ck_assert_uint_eq(page->digest.ptr[0], 7);
    ck_assert_uint_eq(f.fx.list[0].as.keep.program, thing_name(3));
    /* The next one finds the program there. */
    give(lease_paged(6, 4, 10, 10, 1));
    expect(&f, "GET page 1/2/4\n");
    reference(0, 4);
    expect(&f, "keep 4 page by program\n");
    cancel(&f, 5);
    expect(&f, "drop 2\n");
    fixture_close(&f);
}
END_TEST

START_TEST(a_reference_whose_program_is_gone)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_paged(5, 3, 0, 0, 1));
    reference(0, 3);
    error(0, GC_ERR_NOT_FOUND);
    expect(&f, "");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    fixture_close(&f);
}
END_TEST

START_TEST(things_are_kept_for_a_while)
{
    struct gc_agent_config c = {.slots = 1, .things = 3};
    fixture_open(&f, &c);
    join(&f);
    give(lease_paged(5, 3, 0, 0, 1));
    data(&f, 1, GC_GET_PROGRAM, 2, 0);
    thing(&f, thing_name(1), GC_OK);
    data(&f, 0, GC_GET_PAGE, 1, 3);
    thing(&f, thing_name(2), GC_OK);
    expect(&f, "start 0 #1 5 items 0+1\n");
    chunk(&f, 0, 1, 0, 1, 100);
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 100\n");
    /* The program is still there, and so is the page. */
    give(lease_paged(6, 3, 0, 1, 1));
    expect(&f, "start 0 #2 6 items 1+1\n");
    cancel(&f, 6);
    expect(&f, "kill 0 #2\n");
    stopped(&f, 0, 2);
    give(lease_paged(7, 4, 10, 10, 1));
    expect(&f, "GET page 1/2/4\n");
    cancel(&f, 7);
    expect(&f, "");
    /* Full: what was longest unused makes room, and what has no room is not taken. */
    give(lease_paged(8, 5, 20, 20, 1));
    expect(&f, "GET page 1/2/5\n");
    give(lease_paged(9, 6, 30, 30, 1));
    expect(&f, "drop 2\nGET page 1/2/6\n");
    give(lease_paged(10, 7, 40, 40, 1));
    expect(&f, "");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 2);
    struct gc_msg other = lease_items(11, 0, 1);
    other.as.lease.stage = 8;
    say(&f, &other);
    other = lease_of(12, GC_LEASE_MERGE);
    say(&f, &other);
    ck_assert_uint_eq(gc_agent_leases(f.agent), 2);
    reference(0, 6); /* no room for its program: asked for again when that is due */
    expect(&f, "");
    fixture_close(&f);
}
END_TEST

START_TEST(the_cache_has_an_end)
{
    struct gc_agent_config c = {.slots = 1, .things = 100};
    fixture_open(&f, &c);
    join(&f);
    give(lease_items(5, 0, 1));
    program(&f);
    for (uint32_t i = 0; i < 40; i++) {
        give(lease_paged(100 + i, i, i * 10, i * 10, 1));
        data(&f, 0, GC_GET_PAGE, 1, i);
        uint64_t name = f.fx.list[0].as.keep.thing;
        thing(&f, name, GC_OK);
        cancel(&f, 100 + i);
        ck_assert_str_eq(f.text, i < 32 ? "" : strstr(f.text, "drop"));
    }
    fixture_close(&f);
}
END_TEST

static void some_states(uint32_t back, uint32_t n)
{
    static uint64_t lengths[4] = {1, 1, 1, 1};
    struct gc_msg msg = {.type = GC_MSG_DATA, .re = f.asked[back], .bulk = {(const uint8_t *)"abcd", n}};
    msg.as.data = (struct gc_msg_data){
        .what = GC_GET_DELTAS, .run_no = 1, .stage = 2, .n_lengths = n, .lengths = lengths};
    say(&f, &msg);
}

START_TEST(states_come_in_parts)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_of(5, GC_LEASE_MERGE));
    expect(&f, "GET program 1/2/0\nGET deltas 1/2/0 11 12 13\n");
    some_states(0, 0);
    some_states(0, 4);
    expect(&f, "");
    some_states(0, 2);
    expect(&f, "keep 2 deltas part\nGET deltas 1/2/0 13\n");
    some_states(1, 1); /* of the first question: it was answered */
    expect(&f, "");
    some_states(0, 1);
    expect(&f, "keep 2 deltas\n");
    thing(&f, thing_name(2), GC_OK);
    data(&f, 2, GC_GET_PROGRAM, 2, 0);
    thing(&f, thing_name(1), GC_OK);
    expect(&f, "start 0 #1 5 merge 0+1\n");
    chunk(&f, 0, 1, 0, 1, 100);
    expect(&f, "RESULT 1:5 merge 0+1\n");
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 100\ndrop 2\n");
    fixture_close(&f);
}
END_TEST

START_TEST(states_that_came_in_part_are_dropped)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_of(5, GC_LEASE_MERGE));
    some_states(0, 2);
    cancel(&f, 5);
    expect(&f, "drop 2\n");
    give(lease_of(6, GC_LEASE_MERGE));
    some_states(0, 3);
    thing(&f, (uint64_t)3 << 32 | 1, GC_ERR_CORRUPT); /* states have no digest that could be wrong */
    ck_assert_uint_eq(gc_agent_results(f.agent), 1);
    fixture_close(&f);
}
END_TEST

START_TEST(a_finish_of_nothing)
{
    fixture_open(&f, NULL);
    join(&f);
    struct gc_msg lease = lease_of(5, GC_LEASE_FINISH);
    lease.as.lease.n_deltas = 0;
    say(&f, &lease);
    program(&f);
    expect(&f, "start 0 #1 5 finish 0+1\n");
    fault(&f, 0, 1, 0, GC_CAUSE_OOM);
    expect(&f, "FAULT 1:5 0 oom node 3 'why'\n");
    recall(&f, 5);
    expect(&f, "RECALLED 5 1\n");
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    fixture_close(&f);
}
END_TEST

/* ---- results ---- */

/* A FINISH of stage 2 that reads the results of stage 7. */
static struct gc_msg lease_scan(uint64_t id)
{
    struct gc_msg msg = lease_of(id, GC_LEASE_FINISH);
    msg.as.lease.n_deltas = 0;
    msg.as.lease.scan = 7;
    return msg;
}

static void part(uint32_t back, uint64_t index, uint64_t next)
{
    struct gc_msg msg = {.type = GC_MSG_DATA, .re = f.asked[back], .bulk = {(const uint8_t *)"part", 4}};
    msg.as.data =
        (struct gc_msg_data){.what = GC_GET_RESULTS, .run_no = 1, .stage = 7, .index = index, .total = next};
    say(&f, &msg);
}

START_TEST(results_come_in_parts)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_scan(5));
    expect(&f, "GET program 1/2/0\nGET results 1/7/0\n");
    data(&f, 1, GC_GET_PROGRAM, 2, 0);
    thing(&f, thing_name(1), GC_OK);
    expect(&f, "");
    part(0, 0, 900);
    expect(&f, "keep 2 results part\n");
    ck_assert_uint_eq(f.fx.list[0].as.keep.bulk.len, 4);
    part(0, 0, 900); /* twice: nothing is asked for now */
    expect(&f, "");
    thing(&f, thing_name(2), GC_OK);
    expect(&f, "GET results 1/7/900\n");
    part(1, 0, 900);   /* of the first question: it was answered */
    part(0, 0, 900);   /* another part than the one asked for */
    part(0, 900, 900); /* leads nowhere */
    part(0, 900, 7);
    expect(&f, "");
    /* Lost: asked for again; the answer to either question counts, once. */
    timer(&f, GC_RESEND_NS);
    expect(&f, "GET results 1/7/900\nBEAT 5\n");
    part(1, 900, 1000);
    expect(&f, "keep 2 results part\n");
    part(0, 900, 1000);
    expect(&f, "");
    thing(&f, thing_name(2), GC_OK);
    expect(&f, "GET results 1/7/1000\n");
    part(0, 1000, GC_UNSET);
    expect(&f, "keep 2 results\n");
    thing(&f, thing_name(2), GC_OK);
    expect(&f, "start 0 #1 5 finish 0+1\n");
    ck_assert_uint_eq(f.fx.list[0].as.start.input, thing_name(2));
    chunk(&f, 0, 1, 0, 1, 100);
    expect(&f, "RESULT 1:5 finish 0+1\n");
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "free 100\ndrop 2\n");
    fixture_close(&f);
}
END_TEST

START_TEST(other_work_does_not_wait_for_results)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_scan(5));
    data(&f, 1, GC_GET_PROGRAM, 2, 0);
    thing(&f, thing_name(1), GC_OK);
    part(0, 0, 900);
    give(lease_items(6, 0, 1));
    expect(&f, "start 0 #1 6 items 0+1\n");
    fixture_close(&f);
}
END_TEST

START_TEST(results_outlive_a_session)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_scan(5));
    part(0, 0, 900);
    struct gc_msg who = {.type = GC_MSG_WHO};
    say(&f, &who);
    /* Put away while there is no session: the next part is asked for in the next one. */
    thing(&f, thing_name(2), GC_OK);
    expect(&f, "");
    welcome(&f, 1, (uint64_t[]){GC_VERDICT_KEEP});
    expect(&f, "GET program 1/2/0\nGET results 1/7/900\nBEAT 5\n");
    part(0, 900, GC_UNSET);
    expect(&f, "keep 2 results\n");
    fixture_close(&f);
}
END_TEST

START_TEST(unfinished_results_go_with_their_lease)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_scan(5));
    part(0, 0, 900);
    cancel(&f, 5); /* while the part is put away */
    expect(&f, "drop 2\n");
    thing(&f, thing_name(2), GC_OK);
    expect(&f, "");
    give(lease_scan(6));
    expect(&f, "GET program 1/2/0\nGET results 1/7/0\n");
    part(0, 0, 900);
    uint64_t name = f.fx.list[0].as.keep.thing;
    thing(&f, name, GC_OK);
    expect(&f, "GET results 1/7/900\n");
    timer(&f, GC_FENCE_NS); /* while the next one is asked for */
    ck_assert_ptr_nonnull(strstr(f.text, "drop 2\n"));
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    fixture_close(&f);
}
END_TEST

START_TEST(results_without_room_are_told)
{
    fixture_open(&f, NULL);
    join(&f);
    give(lease_scan(5));
    part(0, 0, 900);
    struct gc_agent_event e = {.kind = GC_AEV_THING};
    e.as.thing.thing = thing_name(2);
    e.as.thing.err = GC_ERR_FULL;
    e.as.thing.text = gc_str_bytes(GC_STR("no room in /var/lib"));
    fixture_step(&f, &e);
    expect(&f, "FAULT 1:5 0 infra 'no room in /var/lib'\n");
    part(0, 900, GC_UNSET);
    expect(&f, "");
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "drop 2\n");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    fixture_close(&f);
}
END_TEST

/* ---- listings ---- */

/* Lease 5 lists as list 1. */
static void list_runs(void)
{
    join(&f);
    give(lease_of(5, GC_LEASE_LIST));
    expect(&f, "GET program 1/2/0\nGET cursor 1/2/0\n");
    data(&f, 0, GC_GET_CURSOR, 2, 0);
    expect(&f, "keep 2 cursor\n");
    thing(&f, thing_name(2), GC_OK);
    data(&f, 1, GC_GET_PROGRAM, 2, 0);
    thing(&f, thing_name(1), GC_OK);
    expect(&f, "list 1 100+5\n");
}

START_TEST(pages_are_told_one_by_one)
{
    fixture_open(&f, NULL);
    list_runs();
    pages(&f, 1, 1, false);
    expect(&f, "PAGES 1:5 'b'\n");
    uint64_t first = f.seq;
    pages(&f, 1, 2, false);
    pages(&f, 1, 3, true);
    expect(&f, "");
    timer(&f, GC_RESEND_NS);
    expect(&f, "PAGES 1:5 'b'\nBEAT 5\n");
    /* The answer to either sending is one to both; wanted ones are sent again when that is due. */
    f.seq = first;
    struct gc_msg msg = {.type = GC_MSG_RESULT_ACK, .re = first};
    msg.as.result_ack = (struct gc_msg_result_ack){.term = 1, .lease = 5, .verdict = GC_VERDICT_WANTED};
    f.seq = first + 2;
    say(&f, &msg);
    expect(&f, "");
    msg.as.result_ack.verdict = GC_VERDICT_COMMITTED;
    say(&f, &msg);
    expect(&f, "free 1\nPAGES 1:5 'c'\n");
    say(&f, &msg); /* again: it does not answer the second page */
    expect(&f, "");
    ack(&f, 5, 0, 0, GC_VERDICT_ALREADY);
    expect(&f, "free 2\nPAGES 1:5 'd' last\n");
    ack(&f, 5, 0, 0, GC_VERDICT_COMMITTED);
    expect(&f, "free 3\ndrop 2\n");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    pages(&f, 1, 4, false);
    expect(&f, "free 4\n");
    unlisted(&f, 1, GC_CAUSE_MISSING);
    expect(&f, "");
    fixture_close(&f);
}
END_TEST

START_TEST(a_listing_outlives_its_session)
{
    fixture_open(&f, NULL);
    list_runs();
    pages(&f, 1, 1, false);
    pages(&f, 1, 2, true);
    struct gc_msg who = {.type = GC_MSG_WHO};
    say(&f, &who);
    expect(&f, "HELLO work 1:5 100+5\n");
    welcome(&f, 1, (uint64_t[]){GC_VERDICT_KEEP});
    expect(&f, "PAGES 1:5 'b'\nBEAT 5\n");
    say(&f, &who);
    welcome(&f, 1, (uint64_t[]){GC_VERDICT_CANCEL});
    expect(&f, "free 2\nfree 1\ndrop 2\nBEAT\n");
    fixture_close(&f);
}
END_TEST

START_TEST(pages_of_no_listing_are_freed)
{
    fixture_open(&f, NULL);
    join(&f);
    struct gc_msg lease = lease_items(4, 0, 1); /* lists nothing: its list is 0 */
    say(&f, &lease);
    pages(&f, 0, 1, false);
    expect(&f, "free 1\n");
    fixture_close(&f);
}
END_TEST

START_TEST(a_stale_listing_stops)
{
    fixture_open(&f, NULL);
    list_runs();
    pages(&f, 1, 1, false);
    ack(&f, 5, 0, 0, GC_VERDICT_STALE);
    expect(&f, "unlist 1\nfree 1\ndrop 2\n");
    fixture_close(&f);
}
END_TEST

START_TEST(a_listing_that_fails)
{
    fixture_open(&f, NULL);
    list_runs();
    unlisted(&f, 1, GC_CAUSE_MISSING);
    expect(&f, "FAULT 1:5 0 missing 'why'\n");
    recall(&f, 5);
    ack(&f, 5, 0, 1, GC_VERDICT_COMMITTED);
    expect(&f, "drop 2\n");
    fixture_close(&f);
}
END_TEST

START_TEST(pages_without_room)
{
    struct gc_agent_config c = {.slots = 1, .results = 1, .faults = 1};
    fixture_open(&f, &c);
    list_runs();
    pages(&f, 1, 1, false);
    pages(&f, 1, 2, false);
    pages(&f, 1, 3, false);
    expect(&f, "free 3\nunlist 1\nfree 2\nfree 1\ndrop 2\n");
    ck_assert_uint_eq(gc_agent_leases(f.agent), 0);
    fixture_close(&f);
}
END_TEST

START_TEST(so_many_listings_at_once)
{
    fixture_open(&f, NULL);
    list_runs();
    for (uint64_t i = 0; i < GC_AGENT_LISTS; i++) {
        give(lease_of(6 + i, GC_LEASE_LIST));
        data(&f, 0, GC_GET_CURSOR, 2, 0);
        thing(&f, f.fx.list[0].as.keep.thing, GC_OK);
        ck_assert_uint_eq(f.fx.n, i + 1 < GC_AGENT_LISTS);
    }
    recall(&f, 9);
    expect(&f, "RECALLED 9 0\ndrop 6\n");
    timer(&f, GC_FENCE_NS);
    expect(&f, "unlist 1\ndrop 2\nunlist 2\ndrop 3\nunlist 3\ndrop 4\nunlist 4\ndrop 5\nHELLO\n");
    fixture_close(&f);
}
END_TEST

GC_SUITE("agent things", GC_TEST(programs_and_pages_are_pulled_once),
         GC_TEST(answers_that_do_not_fit_are_none), GC_TEST(asks_again),
         GC_TEST(a_page_of_other_bytes_is_asked_for_again),
         GC_TEST(what_the_coordinator_has_not_ends_the_lease), GC_TEST(what_cannot_be_used_here_is_told),
         GC_TEST(what_cannot_be_told_is_dropped), GC_TEST(a_reference_wants_its_sources_program),
         GC_TEST(a_reference_whose_program_is_gone), GC_TEST(things_are_kept_for_a_while),
         GC_TEST(the_cache_has_an_end), GC_TEST(states_come_in_parts),
         GC_TEST(states_that_came_in_part_are_dropped), GC_TEST(a_finish_of_nothing),
         GC_TEST(results_come_in_parts), GC_TEST(other_work_does_not_wait_for_results),
         GC_TEST(results_outlive_a_session), GC_TEST(unfinished_results_go_with_their_lease),
         GC_TEST(results_without_room_are_told), GC_TEST(pages_are_told_one_by_one),
         GC_TEST(a_listing_outlives_its_session), GC_TEST(pages_of_no_listing_are_freed),
         GC_TEST(a_stale_listing_stops), GC_TEST(a_listing_that_fails), GC_TEST(pages_without_room),
         GC_TEST(so_many_listings_at_once))
