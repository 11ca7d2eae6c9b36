/* test_work.c - results and faults: what is refused, retried, given up; merging and finishing. */
#include <string.h>

#include "rig.h"
#include "tests/unit/suite.h"

static struct rig rig;

/* Worker 1 of `slots` has run 1 of that shape, listed: `items` in one page. Returns the first ITEM lease. */
static struct rig_lease start(struct gc_core_config config, uint64_t slots, struct rig_shape shape,
                              uint64_t items)
{
    rig_make(&rig, config, false);
    rig_join(&rig, 1, slots);
    rig_run(&rig, 1, shape);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    struct rig_lease list = expect_lease(&rig, 1);
    rig_pages(&rig, 1, &list, 0, 1, items, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    return expect_lease(&rig, 1);
}

static const struct gc_commit_batch *good(const struct rig_lease *lease, uint64_t first, uint64_t count,
                                          struct rig_shape shape)
{
    rig_result(&rig, 1, lease,
               (struct rig_result){.first = first,
                                   .count = count,
                                   .nodes = shape.nodes,
                                   .reducers = shape.reducers,
                                   .outcome = GC_OUTCOME_DONE,
                                   .busy_ns = 1});
    const struct gc_commit_batch *batch = &expect_commit(&rig, GC_COMMIT_BATCH)->as.batch;
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    return batch;
}

static void ended(enum gc_run_state state)
{
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_str_eq(gc_run_state_name(end->state), gc_run_state_name(state));
    for (uint32_t i = 0; i < end->n_nodes; i++)
        ck_assert_uint_eq(end->nodes[i].done + end->nodes[i].failed + end->nodes[i].skipped,
                          end->nodes[i].total);
}

static const struct rig_shape PLAIN = {.source = true, .nodes = 3, .retries = 1};

/* A lease of 8 items, [1, 9), of 40. */
static struct rig_lease eight(struct rig_shape shape)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, shape, 40);
    expect_lease(&rig, 1);
    good(&lease, 0, 1, shape);
    struct rig_lease next = expect_lease(&rig, 1);
    ck_assert_uint_eq(next.first, 2);
    ck_assert_uint_eq(next.count, 8);
    return next;
}

START_TEST(results_may_come_in_pieces_and_in_any_order)
{
    struct rig_lease lease = eight(PLAIN);
    good(&lease, 5, 2, PLAIN);
    good(&lease, 2, 1, PLAIN);
    rig_result(&rig, 1, &lease,
               (struct rig_result){.first = 5, .count = 2, .nodes = 3, .outcome = GC_OUTCOME_DONE});
    expect_ack(&rig, 1, GC_VERDICT_ALREADY);
    rig_result(&rig, 1, &lease,
               (struct rig_result){.first = 4, .count = 3, .nodes = 3, .outcome = GC_OUTCOME_DONE});
    expect_ack(&rig, 1, GC_VERDICT_WANTED);
    rig_result(&rig, 1, &lease,
               (struct rig_result){.first = 9, .count = 3, .nodes = 3, .outcome = GC_OUTCOME_DONE});
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    rig_result(&rig, 1, &lease,
               (struct rig_result){.first = 0, .count = 1, .nodes = 3, .outcome = GC_OUTCOME_DONE});
    expect_ack(&rig, 1, GC_VERDICT_ALREADY);
    rig_result(&rig, 1, &lease,
               (struct rig_result){.first = 4000, .count = 1, .nodes = 3, .outcome = GC_OUTCOME_DONE});
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    good(&lease, 3, 2, PLAIN);
    good(&lease, 7, 3, PLAIN);
    expect_lease(&rig, 1);
    rig_result(&rig, 1, &lease,
               (struct rig_result){.first = 7, .count = 3, .nodes = 3, .outcome = GC_OUTCOME_DONE});
    expect_ack(&rig, 1, GC_VERDICT_ALREADY);
    ck_assert_uint_eq(rig_info(&rig, 1).refused, 6);
    ck_assert_uint_eq(rig_node(&rig, 1, 1).done, 9);
    rig_end(&rig);
}
END_TEST

START_TEST(a_result_that_contradicts_its_lease_changes_nothing)
{
    static const struct rig_shape shape = {.source = true, .nodes = 3, .reducers = 2};
    struct rig_lease lease = start((struct gc_core_config){0}, 1, shape, 9);
    expect_lease(&rig, 1);
    struct rig_result fine = {.count = 1, .nodes = 3, .reducers = 2, .outcome = GC_OUTCOME_DONE};
    static const uint8_t silent[] = {GC_OUTCOME_DONE, GC_OUTCOME_NONE, GC_OUTCOME_DONE};
    for (int spoil = 0; spoil < 8; spoil++) {
        struct rig_result r = fine;
        if (spoil == 0)
            r.nodes = 2;
        if (spoil == 1)
            r.pattern = silent;
        if (spoil == 2)
            r.reducers = 1;
        struct gc_msg msg = rig_result_msg(&rig, &lease, r);
        if (spoil == 3)
            msg.as.result.deltas[1].reducer = 0;
        if (spoil == 4)
            msg.as.result.deltas[1].items = 2;
        if (spoil == 5)
            msg.as.result.run_no = 7;
        if (spoil == 6)
            msg.as.result.stage = 2;
        if (spoil == 7)
            msg.as.result.kind = GC_LEASE_MERGE;
        rig_message(&rig, 1, &msg);
        expect_error(&rig, 1, GC_ERR_INVALID);
    }
    struct rig_lease unknown = lease;
    unknown.id += 100;
    rig_result(&rig, 1, &unknown, fine);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    unknown.run_no = 55;
    rig_result(&rig, 1, &unknown, fine);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    unknown = lease;
    unknown.id += UINT64_C(1) << 40; /* of another term */
    rig_result(&rig, 1, &unknown, fine);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    rig_join(&rig, 2, 1); /* of another worker */
    while (rig_is_next(&rig, 2, GC_MSG_LEASE) || rig.seen < rig.effects.n)
        rig_next(&rig);
    rig_result(&rig, 2, &lease, fine);
    expect_ack(&rig, 2, GC_VERDICT_STALE);
    rig_end(&rig);
}
END_TEST

START_TEST(a_fault_is_retried_alone_and_then_gives_its_node_up)
{
    struct rig_lease lease = eight(PLAIN);
    rig_fault(&rig, 1, &lease, 4, 1, GC_CAUSE_CRASH);
    const struct gc_commit_odd *odd = &expect_commit(&rig, GC_COMMIT_ODD)->as.odd;
    ck_assert_uint_eq(odd->item, 4);
    ck_assert_uint_eq(odd->attempts, 1);
    ck_assert_uint_eq(odd->n_given, 0);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    rig_fault(&rig, 1, &lease, 4, 1, GC_CAUSE_CRASH); /* said again */
    expect_ack(&rig, 1, GC_VERDICT_ALREADY);
    rig_fault(&rig, 1, &lease, 40, 1, GC_CAUSE_CRASH);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    rig_result(&rig, 1, &lease,
               (struct rig_result){.first = 3, .count = 2, .nodes = 3, .outcome = GC_OUTCOME_DONE});
    expect_ack(&rig, 1, GC_VERDICT_WANTED);
    good(&lease, 2, 2, PLAIN);
    good(&lease, 5, 5, PLAIN);
    struct rig_lease again = expect_lease(&rig, 1);
    ck_assert_uint_eq(again.first, 4);
    ck_assert_uint_eq(again.count, 1);
    ck_assert_uint_eq(again.attempt, 1);
    ck_assert(again.alone);
    rig_fault(&rig, 1, &again, 4, 1, GC_CAUSE_TIMEOUT);
    odd = &expect_commit(&rig, GC_COMMIT_ODD)->as.odd;
    ck_assert_uint_eq(odd->attempts, 2);
    ck_assert_uint_eq(odd->n_given, 1);
    ck_assert_uint_eq(odd->given[0].node, 1);
    ck_assert_uint_eq(odd->given[0].cause, GC_CAUSE_TIMEOUT);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease last = expect_lease(&rig, 1);
    ck_assert_uint_eq(last.n_given, 1);
    ck_assert_uint_eq(last.given[0].node, 1);
    rig_result(&rig, 1, &last,
               (struct rig_result){.first = 4, .count = 1, .nodes = 3, .outcome = GC_OUTCOME_DONE});
    expect_error(&rig, 1, GC_ERR_INVALID);
    rig_result(
        &rig, 1, &last,
        (struct rig_result){.first = 4,
                            .count = 1,
                            .nodes = 3,
                            .pattern = (uint8_t[]){GC_OUTCOME_DONE, GC_OUTCOME_FAILED, GC_OUTCOME_SKIPPED}});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_lease(&rig, 1);
    ck_assert_uint_eq(rig_node(&rig, 1, 2).failed, 1);
    ck_assert_uint_eq(rig_node(&rig, 1, 3).skipped, 1);
    ck_assert_uint_eq(rig_node(&rig, 1, 1).done, 9);
    rig_end(&rig);
}
END_TEST

START_TEST(with_nothing_left_to_run_the_core_commits_the_item)
{
    static const struct rig_shape shape = {.source = true, .nodes = 3};
    struct rig_lease lease = start((struct gc_core_config){0}, 1, shape, 1);
    rig_fault(&rig, 1, &lease, 0, GC_UNSET, GC_CAUSE_OOM); /* no retries, nobody blamed */
    const struct gc_commit_batch *batch = &expect_commit(&rig, GC_COMMIT_BATCH)->as.batch;
    struct gc_status status;
    ck_assert_int_eq(gc_status_check(batch->status, 1, 3, &status), GC_OK);
    ck_assert_uint_eq(status.n_faults, 3);
    ck_assert_uint_eq(batch->lease, 0);
    ck_assert(gc_bytes_equal(batch->worker, gc_bytes_of("worker", 6)));
    struct gc_status_iter it = {0};
    struct gc_status_fault fault;
    ck_assert(gc_status_fault_next(&status, &it, &fault));
    ck_assert_uint_eq(fault.cause, GC_CAUSE_OOM);
    ck_assert_uint_eq(fault.attempts, 1);
    ck_assert(gc_bytes_equal(fault.text, gc_bytes_of("it broke", 8)));
    ended(GC_RUN_PARTIAL);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(blame_of_the_first_node_skips_the_rest_and_a_dead_node_blames_all)
{
    static const struct rig_shape shape = {.source = true, .nodes = 3};
    struct rig_lease lease = start((struct gc_core_config){0}, 1, shape, 2);
    struct rig_lease other = expect_lease(&rig, 1);
    rig_fault(&rig, 1, &lease, 0, 0, GC_CAUSE_BAD_INPUT);
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ck_assert_uint_eq(rig_node(&rig, 1, 1).failed, 1);
    ck_assert_uint_eq(rig_node(&rig, 1, 2).skipped, 1);
    rig_fault(&rig, 1, &other, 1, 1, GC_CAUSE_CRASH);
    expect_commit(&rig, GC_COMMIT_ODD);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease again = expect_lease(&rig, 1);
    rig_fault(&rig, 1, &again, 1, 2, GC_CAUSE_CRASH); /* node 2 hangs on 1: it should not have run */
    expect_commit(&rig, GC_COMMIT_BATCH);
    ended(GC_RUN_PARTIAL);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

static bool says(const struct gc_msg_run_info *info, const char *text)
{
    return gc_str_is(gc_bytes_str(info->text), text);
}

START_TEST(what_is_in_the_way_is_told_until_it_is_gone)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, PLAIN, 2);
    struct rig_lease other = expect_lease(&rig, 1);
    rig_show(&rig, CLIENT, 1, true);
    ck_assert(says(&expect_send(&rig, CLIENT, GC_MSG_RUN_INFO)->as.run_info, ""));
    rig_fault(&rig, 1, &lease, 0, GC_UNSET, GC_CAUSE_INFRA);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    static const char waits[] = "something waits and is tried again: it broke";
    ck_assert(says(&expect_send(&rig, CLIENT, GC_MSG_RUN_INFO)->as.run_info, waits));
    (void)good(&other, 1, 1, PLAIN); /* another one is no news of it */
    rig_wait(&rig, GC_BACKOFF_NS);
    lease = expect_lease(&rig, 1);
    ck_assert(says(&expect_send(&rig, CLIENT, GC_MSG_RUN_INFO)->as.run_info, waits));
    (void)good(&lease, 0, 1, PLAIN);
    ended(GC_RUN_COMPLETED);
    ck_assert(says(&expect_send(&rig, CLIENT, GC_MSG_RUN_INFO)->as.run_info, ""));
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

/* The same of the one task of a source, and of a reducer: somebody has to make room there as well. */
START_TEST(a_stage_that_waits_is_told_of_too)
{
    static const struct rig_shape shape = {.source = true, .nodes = 1, .reducers = 1};
    static const char waits[] = "something waits and is tried again: it broke";
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, shape);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    struct rig_lease list = expect_lease(&rig, 1);
    rig_fault(&rig, 1, &list, 0, GC_UNSET, GC_CAUSE_INFRA);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct gc_msg_run_info info = rig_info(&rig, 1);
    ck_assert(says(&info, waits));
    rig_wait(&rig, GC_BACKOFF_NS);
    list = expect_lease(&rig, 1);
    rig_pages(&rig, 1, &list, 0, 1, 1, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease lease = expect_lease(&rig, 1);
    info = rig_info(&rig, 1);
    ck_assert(says(&info, ""));
    (void)good(&lease, 0, 1, shape);
    struct rig_lease finish = expect_lease(&rig, 1);
    ck_assert_uint_eq(finish.kind, GC_LEASE_FINISH);
    rig_fault(&rig, 1, &finish, 0, GC_UNSET, GC_CAUSE_INFRA);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    info = rig_info(&rig, 1);
    ck_assert(says(&info, waits));
    rig_end(&rig);
}
END_TEST

/* Two stages of the same items: neither waits until the other has nothing left to lease. */
START_TEST(stages_take_turns)
{
    static const struct rig_shape shape = {.source = true, .nodes = 1, .beside = true, .retries = 1};
    struct rig_lease first = start((struct gc_core_config){0}, 2, shape, 1000);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease second = expect_lease(&rig, 1);
    ck_assert_uint_ne(first.stage, second.stage);
    struct rig_lease third = expect_lease(&rig, 1);
    struct rig_lease fourth = expect_lease(&rig, 1);
    ck_assert_uint_eq(third.stage, first.stage);
    ck_assert_uint_eq(fourth.stage, second.stage);
    /* What is tried again is the second lease from now, however much the other stage has. */
    rig_fault(&rig, 1, &second, second.first, 0, GC_CAUSE_CRASH);
    expect_commit(&rig, GC_COMMIT_ODD);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease next = expect_lease(&rig, 1);
    ck_assert_uint_eq(next.stage, first.stage);
    (void)good(&next, next.first, 1, shape);
    struct rig_lease again = expect_lease(&rig, 1);
    ck_assert_uint_eq(again.stage, second.stage);
    ck_assert_uint_eq(again.first, second.first);
    ck_assert_uint_eq(again.attempt, 1);
    rig_end(&rig);
}
END_TEST

START_TEST(a_full_disk_is_told_to_who_watches)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, PLAIN, 1);
    rig_step(&rig, (struct gc_event){.kind = GC_EV_STORE, .as.store.full = true});
    expect_none(&rig);
    rig_show(&rig, CLIENT, 1, true);
    const struct gc_msg *error = expect_send(&rig, CLIENT, GC_MSG_ERROR);
    ck_assert_uint_eq(error->as.error.code, GC_ERR_BUSY);
    ck_assert_uint_eq(error->re, rig.seq);
    ck_assert_ptr_nonnull(memmem(error->as.error.text.ptr, error->as.error.text.len, "is full", 7));
    rig_step(&rig, (struct gc_event){.kind = GC_EV_STORE});
    expect_none(&rig);
    (void)good(&lease, 0, 1, PLAIN); /* who asked is a watcher all the same */
    ended(GC_RUN_COMPLETED);
    expect_send(&rig, CLIENT, GC_MSG_RUN_INFO);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

/* Its results are in memory only: the worker, which was not told that they are stored, must keep them. */
START_TEST(a_full_disk_cancels_no_lease_that_has_ended)
{
    static const struct rig_shape shape = {.source = true, .nodes = 1};
    struct rig_lease lease = start((struct gc_core_config){0}, 1, shape, 1);
    (void)good(&lease, 0, 1, shape);
    ended(GC_RUN_COMPLETED);
    rig_settle(&rig);
    rig_step(&rig, (struct gc_event){.kind = GC_EV_STORE, .as.store.full = true});
    struct gc_msg beat = {.type = GC_MSG_BEAT, .as.beat = {.n_leases = 1, .leases = &lease.id}};
    rig_message(&rig, 1, &beat);
    expect_send(&rig, 1, GC_MSG_BEAT_ACK);
    expect_none(&rig);
    rig_step(&rig, (struct gc_event){.kind = GC_EV_STORE});
    rig_message(&rig, 1, &beat);
    expect_send(&rig, 1, GC_MSG_BEAT_ACK);
    ck_assert_uint_eq(expect_send(&rig, 1, GC_MSG_CANCEL)->as.cancel.lease, lease.id);
    rig_end(&rig);
}
END_TEST

START_TEST(infra_waits_longer_each_time_and_is_not_counted)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, PLAIN, 1);
    uint64_t wait = GC_BACKOFF_NS;
    for (int i = 0; i < 9; i++) {
        rig_fault(&rig, 1, &lease, 0, GC_UNSET, GC_CAUSE_INFRA);
        expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
        ck_assert_uint_eq(gc_core_deadline(rig.core), wait < 10 * GC_S
                                                          ? rig.now + wait
                                                          : rig.now + 10 * GC_S - (rig.now - 100 * GC_S) % 1);
        for (uint64_t left = wait; left > 0;) {
            uint64_t part = left < GC_S ? left : GC_S;
            rig.now += part;
            left -= part;
            rig_beat(&rig, 1, NULL, 0, NULL, 0);
            if (left > 0)
                expect_none(&rig);
        }
        lease = expect_lease(&rig, 1);
        ck_assert_uint_eq(lease.attempt, 0);
        ck_assert(!lease.alone);
        wait = wait * 2 < GC_BACKOFF_MAX_NS ? wait * 2 : GC_BACKOFF_MAX_NS;
        if (wait >= 10 * GC_S)
            break;
    }
    rig_end(&rig);
}
END_TEST

START_TEST(nonsense_in_a_fault_is_refused)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, PLAIN, 1);
    rig_fault(&rig, 1, &lease, 0, 3, GC_CAUSE_CRASH);
    expect_error(&rig, 1, GC_ERR_INVALID);
    rig_fault(&rig, 1, &lease, 0, 0, GC_CAUSES);
    expect_error(&rig, 1, GC_ERR_INVALID);
    rig_fault(&rig, 1, &lease, 0, 0, GC_CAUSE_NONE);
    expect_error(&rig, 1, GC_ERR_INVALID);
    lease.id++;
    rig_fault(&rig, 1, &lease, 0, 0, GC_CAUSE_CRASH);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    rig_end(&rig);
}
END_TEST

START_TEST(a_full_pool_of_histories_answers_busy)
{
    struct rig_lease lease = start((struct gc_core_config){.odd = 1}, 1, PLAIN, 3);
    struct rig_lease other = expect_lease(&rig, 1);
    rig_fault(&rig, 1, &lease, 0, 0, GC_CAUSE_INFRA);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_lease(&rig, 1);
    rig_fault(&rig, 1, &other, 1, 0, GC_CAUSE_INFRA);
    expect_error(&rig, 1, GC_ERR_BUSY);
    good(&other, 1, 1, PLAIN);
    rig_end(&rig);
}
END_TEST

START_TEST(no_room_for_what_was_given_up_is_a_wait)
{
    /* One history with two causes: the second cannot be kept. */
    struct rig_lease lease =
        start((struct gc_core_config){.odd = 1}, 1, (struct rig_shape){.source = true, .nodes = 3}, 1);
    rig_fault(&rig, 1, &lease, 0, 2, GC_CAUSE_CRASH);
    expect_commit(&rig, GC_COMMIT_ODD);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    lease = expect_lease(&rig, 1);
    rig_fault(&rig, 1, &lease, 0, 1, GC_CAUSE_CRASH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    rig_wait(&rig, GC_BACKOFF_NS);
    ck_assert_uint_eq(expect_lease(&rig, 1).n_given, 1);
    rig_end(&rig);
}
END_TEST

START_TEST(another_worker_is_preferred_for_a_retry)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, PLAIN, 1);
    rig_join(&rig, 2, 1);
    rig_fault(&rig, 1, &lease, 0, 0, GC_CAUSE_CRASH);
    expect_commit(&rig, GC_COMMIT_ODD);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_WORKER);
    ck_assert_uint_eq(expect_lease(&rig, 2).first, 0);
    rig_end(&rig);
}
END_TEST

START_TEST(where_the_other_is_busy_the_retry_waits_and_then_goes_anywhere)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, PLAIN, 3);
    struct rig_lease second = expect_lease(&rig, 1);
    rig_join(&rig, 2, 1);
    expect_commit(&rig, GC_COMMIT_WORKER);
    struct rig_lease third = expect_lease(&rig, 2);
    rig_run(&rig, 2, (struct rig_shape){.nodes = 1});
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    expect_lease(&rig, 2); /* both are full */
    rig_fault(&rig, 1, &lease, 0, 0, GC_CAUSE_CRASH);
    expect_commit(&rig, GC_COMMIT_ODD);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ck_assert_uint_eq(gc_core_deadline(rig.core), rig.now + 200 * GC_MS);
    uint64_t began = rig.now;
    while (!rig_is_next(&rig, 1, GC_MSG_LEASE)) {
        rig_wait(&rig, 200 * GC_MS);
        ck_assert_uint_le(rig.now, began + 6 * GC_S);
    }
    ck_assert_uint_ge(rig.now, began + 5 * GC_S);
    expect_lease(&rig, 1);
    (void)second;
    (void)third;
    rig_end(&rig);
}
END_TEST

GC_SUITE("core work", GC_TEST(results_may_come_in_pieces_and_in_any_order),
         GC_TEST(a_result_that_contradicts_its_lease_changes_nothing),
         GC_TEST(a_fault_is_retried_alone_and_then_gives_its_node_up),
         GC_TEST(with_nothing_left_to_run_the_core_commits_the_item),
         GC_TEST(blame_of_the_first_node_skips_the_rest_and_a_dead_node_blames_all),
         GC_TEST(what_is_in_the_way_is_told_until_it_is_gone), GC_TEST(a_stage_that_waits_is_told_of_too),
         GC_TEST(stages_take_turns), GC_TEST(a_full_disk_is_told_to_who_watches),
         GC_TEST(a_full_disk_cancels_no_lease_that_has_ended),
         GC_TEST(infra_waits_longer_each_time_and_is_not_counted), GC_TEST(nonsense_in_a_fault_is_refused),
         GC_TEST(a_full_pool_of_histories_answers_busy), GC_TEST(no_room_for_what_was_given_up_is_a_wait),
         GC_TEST(another_worker_is_preferred_for_a_retry),
         GC_TEST(where_the_other_is_busy_the_retry_waits_and_then_goes_anywhere))
