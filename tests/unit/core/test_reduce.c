/* test_reduce.c - what is no item: states merged and finished, sources that list, fail, and are listed on. */
#include <string.h>

#include "rig.h"
#include "tests/unit/suite.h"

static struct rig rig;
static const struct rig_shape SUM = {.source = true, .nodes = 1, .reducers = 1, .retries = 1};

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

static struct rig_lease only(gc_peer peer)
{
    struct rig_lease lease = expect_lease(&rig, peer);
    expect_none(&rig);
    return lease;
}

static struct rig_lease listing(struct rig_shape shape)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, shape);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    return only(1);
}

START_TEST(a_reducer_finishes_what_its_feeder_left)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, SUM, 2);
    struct rig_lease other = expect_lease(&rig, 1);
    const struct gc_commit_batch *batch = good(&lease, 0, 1, SUM);
    ck_assert_uint_eq(batch->n_deltas, 1);
    ck_assert_uint_eq(batch->deltas[0].stage, 2);
    ck_assert_uint_eq(batch->deltas[0].id, 1);
    good(&other, 1, 1, SUM);
    struct rig_lease finish = only(1);
    ck_assert_uint_eq(finish.kind, GC_LEASE_FINISH);
    ck_assert_uint_eq(finish.n_deltas, 2);
    ck_assert_uint_eq(finish.deltas[0], 1);
    ck_assert_uint_eq(finish.deltas[1], 2);
    rig_finished(&rig, 1, &finish, GC_OUTCOME_DONE);
    const struct gc_commit_merged *merged = &expect_commit(&rig, GC_COMMIT_MERGED)->as.merged;
    ck_assert_uint_eq(merged->n_inputs, 2);
    ck_assert_uint_eq(merged->inputs[1], 2);
    ck_assert_uint_eq(merged->output.id, 3);
    ck_assert_uint_eq(merged->output.items, 2);
    batch = &expect_commit(&rig, GC_COMMIT_BATCH)->as.batch;
    ck_assert_uint_eq(batch->stage, 2);
    ck_assert_uint_eq(batch->values.len, 2);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ended(GC_RUN_COMPLETED);
    rig_settle(&rig);
    rig_finished(&rig, 1, &finish, GC_OUTCOME_DONE);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    rig_end(&rig);
}
END_TEST

START_TEST(thirty_two_states_are_merged_while_items_go_on)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, SUM, 40);
    struct rig_lease next = expect_lease(&rig, 1);
    struct rig_lease merge = {0};
    for (uint64_t item = 0; item < 32; item++) {
        rig_result(&rig, 1, &lease,
                   (struct rig_result){.first = lease.first,
                                       .count = 1,
                                       .nodes = 1,
                                       .reducers = 1,
                                       .outcome = GC_OUTCOME_DONE,
                                       .busy_ns = GC_S});
        expect_commit(&rig, GC_COMMIT_BATCH);
        expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
        lease = next;
        next = only(1);
    }
    merge = next;
    ck_assert_uint_eq(merge.kind, GC_LEASE_MERGE);
    ck_assert_uint_eq(merge.n_deltas, 32);
    rig_recalled(&rig, 1, merge.id, 0); /* given back whole: its inputs wait again */
    merge = only(1);
    ck_assert_uint_eq(merge.kind, GC_LEASE_MERGE);
    ck_assert_uint_eq(merge.deltas[0], 1);
    struct gc_msg msg = {.type = GC_MSG_RESULT};
    msg.as.result = (struct gc_msg_result){.term = 1,
                                           .lease = merge.id,
                                           .run_no = 1,
                                           .stage = 2,
                                           .kind = GC_LEASE_MERGE,
                                           .count = 1,
                                           .status = 1};
    msg.bulk = gc_bytes_of(rig.bulk, 1);
    rig_message(&rig, 1, &msg);
    expect_error(&rig, 1, GC_ERR_INVALID);
    msg.as.result.status = 0;
    msg.as.result.values = GC_MAX_DELTA + 1;
    msg.bulk = gc_bytes_of(rig.bulk, GC_MAX_DELTA + 1);
    rig_message(&rig, 1, &msg);
    expect_error(&rig, 1, GC_ERR_INVALID);
    rig_merged(&rig, 1, &merge);
    const struct gc_commit_merged *merged = &expect_commit(&rig, GC_COMMIT_MERGED)->as.merged;
    ck_assert_uint_eq(merged->n_inputs, 32);
    ck_assert_uint_eq(merged->output.id, 33);
    ck_assert_uint_eq(merged->output.items, 32);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_lease(&rig, 1);
    rig_end(&rig);
}
END_TEST

START_TEST(no_item_is_finished_from_nothing)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, SUM);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    struct rig_lease list = expect_lease(&rig, 1);
    rig_pages(&rig, 1, &list, 0, 0, 0, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease finish = only(1);
    ck_assert_uint_eq(finish.kind, GC_LEASE_FINISH);
    ck_assert_uint_eq(finish.n_deltas, 0);
    /* Its shape is looked at: made, but no state; a status of nothing; a state of another. */
    rig_finished(&rig, 1, &finish, GC_OUTCOME_NONE);
    expect_error(&rig, 1, GC_ERR_INVALID);
    struct gc_msg msg = {.type = GC_MSG_RESULT};
    msg.as.result = (struct gc_msg_result){
        .term = 1, .lease = finish.id, .run_no = 1, .stage = 2, .kind = GC_LEASE_FINISH, .count = 1};
    rig_message(&rig, 1, &msg);
    expect_error(&rig, 1, GC_ERR_INVALID);
    rig_finished(&rig, 1, &finish, GC_OUTCOME_WARNED);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_MERGED)->as.merged.n_inputs, 0);
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ended(GC_RUN_COMPLETED);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_reducer_that_fails_fails_the_run)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, SUM, 1);
    good(&lease, 0, 1, SUM);
    struct rig_lease finish = only(1);
    rig_finished(&rig, 1, &finish, GC_OUTCOME_FAILED);
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ended(GC_RUN_FAILED);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_reducer_is_retried_and_then_fails)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, SUM, 1);
    good(&lease, 0, 1, SUM);
    struct rig_lease finish = only(1);
    rig_fault(&rig, 1, &finish, 0, GC_UNSET, GC_CAUSE_CRASH);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_ODD)->as.odd.stage, 2);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    finish = only(1);
    ck_assert_uint_eq(finish.n_deltas, 1);
    ck_assert_uint_eq(finish.attempt, 1);
    rig_fault(&rig, 1, &finish, 1, GC_UNSET, GC_CAUSE_CRASH);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    rig_fault(&rig, 1, &finish, 0, GC_UNSET, GC_CAUSE_CRASH);
    expect_commit(&rig, GC_COMMIT_BATCH);
    ended(GC_RUN_FAILED);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_retried_reducer_that_works_has_no_history_left)
{
    struct rig_lease lease = start((struct gc_core_config){0}, 1, SUM, 1);
    good(&lease, 0, 1, SUM);
    struct rig_lease finish = only(1);
    rig_fault(&rig, 1, &finish, 0, GC_UNSET, GC_CAUSE_INFRA);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    rig_wait(&rig, GC_BACKOFF_NS);
    finish = only(1);
    rig_finished(&rig, 1, &finish, GC_OUTCOME_DONE);
    expect_commit(&rig, GC_COMMIT_MERGED);
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ended(GC_RUN_COMPLETED);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_full_pool_of_states_answers_busy)
{
    struct rig_lease lease = start((struct gc_core_config){.deltas = 1}, 1, SUM, 2);
    struct rig_lease other = expect_lease(&rig, 1);
    good(&lease, 0, 1, SUM);
    rig_result(
        &rig, 1, &other,
        (struct rig_result){.first = 1, .count = 1, .nodes = 1, .reducers = 1, .outcome = GC_OUTCOME_DONE});
    expect_error(&rig, 1, GC_ERR_BUSY);
    struct gc_msg msg =
        rig_result_msg(&rig, &other,
                       (struct rig_result){
                           .first = 1, .count = 1, .nodes = 1, .reducers = 1, .outcome = GC_OUTCOME_SKIPPED});
    msg.as.result.deltas[0] = (struct gc_delta){0}; /* of no items */
    msg.bulk.len--;
    rig_message(&rig, 1, &msg);
    expect_error(&rig, 1, GC_ERR_BUSY);
    rig_end(&rig);
}
END_TEST

START_TEST(a_source_that_fails_takes_all_that_reads_it_along)
{
    struct rig_lease list = listing(SUM);
    rig_pages(&rig, 1, &list, 0, 1, 5, false, false);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease lease = only(1);
    rig_fault(&rig, 1, &list, 0, 0, GC_CAUSE_MISSING);
    const struct gc_commit_batch *batch = &expect_commit(&rig, GC_COMMIT_BATCH)->as.batch;
    ck_assert_uint_eq(batch->stage, 0);
    ck_assert_uint_eq(batch->first, 5);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_FAILED);
    ck_assert_uint_eq(end->nodes[0].failed, 1);
    ck_assert_uint_eq(end->nodes[0].total, 6);
    ck_assert_uint_eq(end->nodes[0].done, 5);
    ck_assert_uint_eq(end->nodes[1].skipped, 5);
    ck_assert_uint_eq(end->nodes[2].skipped, 1);
    expect_text(end->text, "node 'photos' failed: it broke");
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ck_assert_uint_eq(expect_send(&rig, 1, GC_MSG_CANCEL)->as.cancel.lease, lease.id);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_listing_is_retried_from_where_it_was)
{
    struct rig_lease list = listing((struct rig_shape){.source = true, .nodes = 1, .retries = 1});
    rig_fault(&rig, 1, &list, 0, GC_UNSET, GC_CAUSE_TIMEOUT);
    expect_commit(&rig, GC_COMMIT_ODD);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    list = only(1);
    ck_assert_uint_eq(list.attempt, 1);
    rig_pages(&rig, 1, &list, 0, 1, 1, false, false); /* it works: a later fault is a first one */
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    only(1);
    rig_fault(&rig, 1, &list, 0, GC_UNSET, GC_CAUSE_TIMEOUT);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_ODD)->as.odd.attempts, 1);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    list = only(1);
    ck_assert_uint_eq(list.first, 1);
    rig_recalled(&rig, 1, list.id, 1);
    ck_assert_uint_eq(only(1).first, 1);
    rig_end(&rig);
}
END_TEST

START_TEST(pages_that_do_not_follow_are_refused)
{
    struct rig_lease list = listing((struct rig_shape){.source = true, .nodes = 1});
    rig_pages(&rig, 1, &list, 7, 1, 1, false, false);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    rig_pages(&rig, 1, &list, 0, 2, 3, false, false);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    expect_lease(&rig, 1);
    rig_pages(&rig, 1, &list, 0, 2, 3, false, false);
    expect_ack(&rig, 1, GC_VERDICT_ALREADY);
    rig_pages(&rig, 1, &list, 6, 0, 0, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_lease(&rig, 1);
    rig_pages(&rig, 1, &list, 6, 0, 0, true, true);
    expect_ack(&rig, 1, GC_VERDICT_ALREADY);
    list.run_no = 8;
    rig_pages(&rig, 1, &list, 6, 0, 0, true, true);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    list.stage = 1;
    list.run_no = 1;
    rig_pages(&rig, 1, &list, 6, 0, 0, true, true);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    rig_end(&rig);
}
END_TEST

START_TEST(more_pages_than_granted_or_of_another_stage_are_an_error)
{
    struct rig_lease list = listing((struct rig_shape){.source = true, .nodes = 1});
    list.stage = 1;
    rig_pages(&rig, 1, &list, 0, 1, 1, false, false);
    expect_error(&rig, 1, GC_ERR_INVALID);
    list.stage = 0;
    for (uint64_t i = 0; i < 4; i++) {
        rig_pages(&rig, 1, &list, 16 * i, 16, 1, false, false);
        expect_commit(&rig, GC_COMMIT_PAGES);
        expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
        if (i == 0) {
            expect_commit(&rig, GC_COMMIT_FRONTIER);
            expect_lease(&rig, 1);
        }
    }
    expect_lease(&rig, 1); /* used up: the next listing */
    rig_end(&rig);
}
END_TEST

START_TEST(no_room_for_pages_is_busy)
{
    rig_make(&rig, (struct gc_core_config){.blocks = 3}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, (struct rig_shape){.source = true, .nodes = 1});
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    struct rig_lease list = only(1);
    rig_pages(&rig, 1, &list, 0, 1, 1, false, false);
    expect_commit(&rig, GC_COMMIT_PAGES); /* takes all there is: no states for its items */
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    for (uint64_t i = 1; i < 4; i++) {
        rig_pages(&rig, 1, &list, 1 + 16 * (i - 1), 16, 1, false, false);
        expect_commit(&rig, GC_COMMIT_PAGES);
        expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    }
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    expect_send(&rig, 1, GC_MSG_CANCEL);
    rig_settle(&rig);
    rig_end(&rig);
    rig_make(&rig, (struct gc_core_config){.blocks = 2}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, (struct rig_shape){.source = true, .nodes = 1});
    rig_skip(&rig);
    list.id = UINT64_C(1) << 40 | 1;
    rig_pages(&rig, 1, &list, 0, 1, 1, false, false);
    expect_error(&rig, 1, GC_ERR_BUSY);
    rig_end(&rig);
}
END_TEST

GC_SUITE("core reduce", GC_TEST(a_reducer_finishes_what_its_feeder_left),
         GC_TEST(thirty_two_states_are_merged_while_items_go_on), GC_TEST(no_item_is_finished_from_nothing),
         GC_TEST(a_reducer_that_fails_fails_the_run), GC_TEST(a_reducer_is_retried_and_then_fails),
         GC_TEST(a_retried_reducer_that_works_has_no_history_left),
         GC_TEST(a_full_pool_of_states_answers_busy),
         GC_TEST(a_source_that_fails_takes_all_that_reads_it_along),
         GC_TEST(a_listing_is_retried_from_where_it_was), GC_TEST(pages_that_do_not_follow_are_refused),
         GC_TEST(more_pages_than_granted_or_of_another_stage_are_an_error),
         GC_TEST(no_room_for_pages_is_busy))
