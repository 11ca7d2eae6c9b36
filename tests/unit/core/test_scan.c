/* test_scan.c - reducers that read committed results: when they are granted, what they may bring, and how they are lost and found. */
#include <stdlib.h>
#include <string.h>

#include "proto/scan.h"
#include "rig.h"
#include "tests/unit/suite.h"

static struct rig rig;
static const struct rig_shape SCAN = {.source = true, .nodes = 1, .scanners = 1, .retries = 1};

/* Worker 1, of one slot, has run 1 of that shape, with that many items in one page; up to two leases of items are out. */
static void start(struct gc_core_config config, struct rig_shape shape, uint64_t items,
                  struct rig_lease ret[2])
{
    rig_make(&rig, config, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, shape);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    struct rig_lease list = expect_lease(&rig, 1);
    rig_pages(&rig, 1, &list, 0, items > 0, items, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    if (items == 0)
        return;
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    for (uint64_t i = 0; i < items && i < 2; i++)
        ret[i] = expect_lease(&rig, 1);
}

static void item_done(const struct rig_lease *lease, struct rig_shape shape)
{
    rig_result(&rig, 1, lease,
               (struct rig_result){.first = lease->first,
                                   .count = lease->count,
                                   .nodes = shape.nodes,
                                   .reducers = shape.reducers,
                                   .outcome = GC_OUTCOME_DONE,
                                   .busy_ns = GC_S});
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_BATCH)->as.batch.stage, 1);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
}

static struct rig_lease only(gc_peer peer)
{
    struct rig_lease lease = expect_lease(&rig, peer);
    expect_none(&rig);
    return lease;
}

static void is_scan(const struct rig_lease *lease, uint64_t stage)
{
    ck_assert_uint_eq(lease->kind, GC_LEASE_FINISH);
    ck_assert_uint_eq(lease->stage, stage);
    ck_assert_uint_eq(lease->scan, 1);
    ck_assert_uint_eq(lease->n_deltas, 0);
    ck_assert_uint_eq(lease->count, 1);
}

/* One item, done: the scan of it, leased. */
static struct rig_lease scan(void)
{
    struct rig_lease leases[2];
    start((struct gc_core_config){0}, SCAN, 1, leases);
    item_done(&leases[0], SCAN);
    struct rig_lease lease = only(1);
    is_scan(&lease, 2);
    return lease;
}

static void ended(enum gc_run_state state)
{
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_str_eq(gc_run_state_name(end->state), gc_run_state_name(state));
    for (uint32_t i = 0; i < end->n_nodes; i++)
        ck_assert_uint_eq(end->nodes[i].done + end->nodes[i].failed + end->nodes[i].skipped,
                          end->nodes[i].total);
}

/* The value is committed, and no state. */
static void finished(gc_peer peer, const struct rig_lease *lease)
{
    rig_finished(&rig, peer, lease, GC_OUTCOME_DONE);
    const struct gc_commit_batch *batch = &expect_commit(&rig, GC_COMMIT_BATCH)->as.batch;
    ck_assert_uint_eq(batch->stage, lease->stage);
    ck_assert_uint_eq(batch->first, 0);
    ck_assert_uint_eq(batch->count, 1);
    ck_assert_uint_eq(batch->values.len, 2);
    ck_assert_uint_eq(batch->n_deltas, 0);
    expect_ack(&rig, peer, GC_VERDICT_COMMITTED);
}

static void over(void)
{
    rig_settle(&rig);
    rig_end(&rig);
}

/* ---- when ---- */

START_TEST(it_waits_until_every_item_has_been_committed)
{
    struct rig_lease leases[2];
    start((struct gc_core_config){0}, SCAN, 2, leases);
    ck_assert_uint_eq(leases[0].scan, GC_UNSET);
    item_done(&leases[1], SCAN);
    expect_none(&rig); /* one is still out */
    item_done(&leases[0], SCAN);
    struct rig_lease lease =
        only(1); /* behind the batch in the list of effects: it leaves when that is durable */
    is_scan(&lease, 2);
    finished(1, &lease);
    ended(GC_RUN_COMPLETED);
    rig_settle(&rig);
    rig_finished(&rig, 1, &lease, GC_OUTCOME_DONE);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    over();
}
END_TEST

START_TEST(no_items_are_a_scan_of_nothing)
{
    start((struct gc_core_config){0}, SCAN, 0, NULL);
    struct rig_lease lease = only(1);
    is_scan(&lease, 2);
    finished(1, &lease);
    ended(GC_RUN_COMPLETED);
    over();
}
END_TEST

START_TEST(items_that_failed_are_read_as_well)
{
    struct rig_lease leases[2];
    start((struct gc_core_config){0}, SCAN, 1, leases);
    rig_result(&rig, 1, &leases[0],
               (struct rig_result){.count = 1, .nodes = 1, .outcome = GC_OUTCOME_FAILED, .busy_ns = 1});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease lease = only(1);
    is_scan(&lease, 2);
    finished(1, &lease);
    ended(GC_RUN_PARTIAL);
    over();
}
END_TEST

START_TEST(an_item_that_is_given_up_ends_what_is_scanned)
{
    struct rig_lease leases[2];
    start((struct gc_core_config){0}, SCAN, 1, leases);
    rig_fault(&rig, 1, &leases[0], 0, 0, GC_CAUSE_DAMAGED); /* the core commits it itself */
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease lease = only(1);
    is_scan(&lease, 2);
    over();
}
END_TEST

START_TEST(a_stage_without_nodes_is_scanned)
{
    struct rig_shape shape = SCAN;
    struct rig_lease leases[2];
    shape.nodes = 0;
    start((struct gc_core_config){0}, shape, 1, leases);
    item_done(&leases[0], shape);
    struct rig_lease lease = only(1);
    is_scan(&lease, 2);
    finished(1, &lease);
    ended(GC_RUN_COMPLETED);
    over();
}
END_TEST

START_TEST(the_results_of_the_run_itself_are_scanned)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, (struct rig_shape){.nodes = 2, .scanners = 1});
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease lease = only(1);
    rig_result(&rig, 1, &lease, (struct rig_result){.count = 1, .nodes = 2, .outcome = GC_OUTCOME_DONE});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    lease = only(1);
    ck_assert_uint_eq(lease.scan, 0); /* the number of the stage, which has no source before it */
    ck_assert_uint_eq(lease.stage, 1);
    finished(1, &lease);
    ended(GC_RUN_COMPLETED);
    over();
}
END_TEST

START_TEST(beside_a_reducer_and_another_scan)
{
    struct rig_shape shape = SCAN;
    struct rig_lease leases[2];
    shape.reducers = 1;
    shape.scanners = 2;
    start((struct gc_core_config){0}, shape, 1, leases);
    item_done(&leases[0], shape);
    struct rig_lease fed = expect_lease(&rig, 1);
    struct rig_lease first = only(1);
    ck_assert_uint_eq(fed.stage, 2);
    ck_assert_uint_eq(fed.n_deltas, 1);
    ck_assert_uint_eq(fed.scan, GC_UNSET);
    is_scan(&first, 3);
    finished(1, &first);
    struct rig_lease second = only(1);
    is_scan(&second, 4);
    rig_finished(&rig, 1, &fed, GC_OUTCOME_DONE);
    expect_commit(&rig, GC_COMMIT_MERGED);
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    finished(1, &second);
    ended(GC_RUN_COMPLETED);
    over();
}
END_TEST

/* ---- what it brings ---- */

START_TEST(a_state_is_refused)
{
    struct rig_lease lease = scan();
    struct rig_lease fed = lease;
    fed.scan = GC_UNSET;
    rig_finished(&rig, 1, &fed, GC_OUTCOME_DONE);
    expect_error(&rig, 1, GC_ERR_INVALID);
    fed.kind = GC_LEASE_MERGE;
    rig_merged(&rig, 1, &fed);
    expect_error(&rig, 1, GC_ERR_INVALID);
    rig_finished(&rig, 1, &lease, GC_OUTCOME_NONE);
    expect_error(&rig, 1, GC_ERR_INVALID);
    finished(1, &lease);
    ended(GC_RUN_COMPLETED);
    over();
}
END_TEST

START_TEST(a_failure_fails_the_run)
{
    struct rig_lease lease = scan();
    rig_finished(&rig, 1, &lease, GC_OUTCOME_FAILED);
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ended(GC_RUN_FAILED);
    over();
}
END_TEST

START_TEST(it_needs_no_room_for_states)
{
    struct rig_shape shape = SCAN;
    struct rig_lease leases[2];
    shape.reducers = 1;
    start((struct gc_core_config){.deltas = 1}, shape, 1, leases);
    item_done(&leases[0], shape);
    expect_lease(&rig, 1); /* of the reducer, with the one state that there is room for */
    struct rig_lease lease = only(1);
    finished(1, &lease);
    rig_end(&rig);
}
END_TEST

START_TEST(a_batch_that_no_scan_could_read_is_refused)
{
    static uint8_t bulk[GC_MAX_BULK];
    struct rig_lease leases[2];
    start((struct gc_core_config){0}, SCAN, 1, leases);
    struct gc_msg msg = rig_result_msg(
        &rig, &leases[0], (struct rig_result){.count = 1, .nodes = 1, .outcome = GC_OUTCOME_DONE});
    struct gc_msg_result *result = &msg.as.result;
    memcpy(bulk, msg.bulk.ptr, msg.bulk.len);
    result->values = GC_MAX_BULK - GC_SCAN_PART_HEAD - result->status + 1;
    msg.bulk = gc_bytes_of(bulk, result->status + result->values);
    rig_message(&rig, 1, &msg);
    expect_error(&rig, 1, GC_ERR_INVALID);
    result->values--;
    msg.bulk.len--;
    rig_message(&rig, 1, &msg);
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    only(1);
    rig_end(&rig);
}
END_TEST

/* ---- what goes wrong ---- */

START_TEST(it_is_retried_and_then_fails)
{
    struct rig_lease lease = scan();
    rig_fault(&rig, 1, &lease, 0, GC_UNSET, GC_CAUSE_OOM);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_ODD)->as.odd.stage, 2);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    lease = only(1);
    is_scan(&lease, 2);
    ck_assert_uint_eq(lease.attempt, 1);
    rig_fault(&rig, 1, &lease, 0, 0, GC_CAUSE_TIMEOUT);
    expect_commit(&rig, GC_COMMIT_BATCH);
    ended(GC_RUN_FAILED);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    over();
}
END_TEST

START_TEST(the_machinery_s_faults_are_waited_out)
{
    struct rig_lease lease = scan();
    for (unsigned i = 0; i < 4; i++) {
        rig_fault(&rig, 1, &lease, 0, GC_UNSET, GC_CAUSE_INFRA);
        expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
        rig_wait(&rig, (GC_BACKOFF_NS << i) - 1);
        expect_none(&rig);
        rig_wait(&rig, 1);
        lease = only(1);
        is_scan(&lease, 2);
        ck_assert_uint_eq(lease.attempt, 0);
    }
    finished(1, &lease);
    ended(GC_RUN_COMPLETED);
    over();
}
END_TEST

START_TEST(it_is_given_back_and_granted_again)
{
    struct rig_lease lease = scan();
    rig_recalled(&rig, 1, lease.id, 0);
    struct rig_lease again = only(1);
    is_scan(&again, 2);
    ck_assert_uint_ne(again.id, lease.id);
    finished(1, &again);
    ended(GC_RUN_COMPLETED);
    over();
}
END_TEST

START_TEST(a_lost_worker_s_scan_goes_to_another)
{
    struct rig_lease lease = scan();
    rig_beat(&rig, 1, &lease.id, 1, &(struct gc_running){.lease = lease.id, .item = 0}, 1);
    rig_join(&rig, 2, 1);
    rig_hello(&rig, 3, 1, 9, 1,
              (struct rig_held){0}); /* worker 1 again, and it knows nothing of its life before */
    expect_send(&rig, 3, GC_MSG_WELCOME);
    const struct gc_commit_odd *odd = &expect_commit(&rig, GC_COMMIT_ODD)->as.odd;
    ck_assert_uint_eq(odd->stage, 2);
    ck_assert_uint_eq(odd->suspicions, 1);
    expect_commit(&rig, GC_COMMIT_WORKER);
    lease = only(2);
    is_scan(&lease, 2);
    finished(2, &lease);
    ended(GC_RUN_COMPLETED);
    over();
}
END_TEST

START_TEST(cancelling_the_run_cancels_it)
{
    struct rig_lease lease = scan();
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_CANCELLED);
    ck_assert_uint_eq(end->nodes[2].skipped, 1);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    ck_assert_uint_eq(expect_send(&rig, 1, GC_MSG_CANCEL)->as.cancel.lease, lease.id);
    over();
}
END_TEST

START_TEST(a_source_that_fails_leaves_nothing_to_scan)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, SCAN);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    struct rig_lease list = only(1);
    rig_fault(&rig, 1, &list, 0, 0, GC_CAUSE_MISSING);
    expect_commit(&rig, GC_COMMIT_BATCH);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_FAILED);
    ck_assert_uint_eq(end->nodes[2].skipped, 1);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    over();
}
END_TEST

/* ---- after a restart ---- */

static struct rig second;

/* The first core's commits in a second one, which worker 1 has joined holding nothing. */
static void reborn(void)
{
    rig_make(&second, (struct gc_core_config){.term = 2}, true);
    second.now = rig.now;
    rig_log_replay(rig.log, &second);
    rig_open(&second);
    rig_settle(&second);
    rig_join(&second, 1, 1);
    expect_commit(&second, GC_COMMIT_WORKER);
}

static void both_end(void)
{
    rig_log_free(rig.log);
    rig_settle(&second);
    rig_end(&second);
    rig.log = NULL;
    rig_end(&rig);
}

static struct rig_lease logged_scan(void)
{
    struct rig_lease leases[2];
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig.log = rig_log_new();
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, SCAN);
    rig_skip(&rig);
    struct rig_lease list = {.id = UINT64_C(1) << 40 | 1, .run_no = 1};
    rig_pages(&rig, 1, &list, 0, 1, 1, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    leases[0] = only(1);
    item_done(&leases[0], SCAN);
    return only(1);
}

START_TEST(a_restart_grants_it_again)
{
    struct rig_lease lease = logged_scan();
    is_scan(&lease, 2);
    reborn();
    struct rig_lease again = expect_lease(&second, 1);
    is_scan(&again, 2);
    ck_assert_uint_eq(again.id >> 40, 2);
    rig_finished(&second, 1, &again, GC_OUTCOME_DONE);
    expect_commit(&second, GC_COMMIT_BATCH);
    expect_ack(&second, 1, GC_VERDICT_COMMITTED);
    ck_assert_uint_eq(expect_commit(&second, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_COMPLETED);
    both_end();
}
END_TEST

START_TEST(a_restart_remembers_its_attempts)
{
    struct rig_lease lease = logged_scan();
    rig_fault(&rig, 1, &lease, 0, GC_UNSET, GC_CAUSE_CRASH);
    expect_commit(&rig, GC_COMMIT_ODD);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    only(1);
    reborn();
    struct rig_lease again = expect_lease(&second, 1);
    is_scan(&again, 2);
    ck_assert_uint_eq(again.attempt, 1);
    both_end();
}
END_TEST

/* The value was committed, the end of the run was not. */
START_TEST(a_restart_knows_that_it_has_finished)
{
    struct rig_lease lease = logged_scan();
    rig_fault(&rig, 1, &lease, 0, GC_UNSET, GC_CAUSE_CRASH);
    expect_commit(&rig, GC_COMMIT_ODD);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    lease = only(1);
    struct rig_log *log = rig.log;
    rig.log = NULL;
    rig_finished(&rig, 1, &lease, GC_OUTCOME_DONE);
    rig_log_add(log, expect_commit(&rig, GC_COMMIT_BATCH));
    rig.log = log;
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ended(GC_RUN_COMPLETED);
    rig_make(&second, (struct gc_core_config){.term = 2}, true);
    second.now = rig.now;
    rig_log_replay(rig.log, &second);
    rig_open(&second);
    ck_assert_uint_eq(expect_commit(&second, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_COMPLETED);
    both_end();
}
END_TEST

START_TEST(states_that_the_store_gives_it_are_left_out)
{
    struct gc_commit_delta delta = {.id = 5, .stage = 2, .items = 1};
    struct gc_commit merged = {.kind = GC_COMMIT_MERGED,
                               .as.merged = {.run_no = 1, .stage = 2, .output = delta}};
    logged_scan();
    rig_log_add(rig.log, &merged);
    reborn();
    struct rig_lease again = expect_lease(&second, 1);
    is_scan(&again, 2);
    both_end();
}
END_TEST

GC_SUITE("core scan", GC_TEST(it_waits_until_every_item_has_been_committed),
         GC_TEST(no_items_are_a_scan_of_nothing), GC_TEST(items_that_failed_are_read_as_well),
         GC_TEST(an_item_that_is_given_up_ends_what_is_scanned), GC_TEST(a_stage_without_nodes_is_scanned),
         GC_TEST(the_results_of_the_run_itself_are_scanned), GC_TEST(beside_a_reducer_and_another_scan),
         GC_TEST(a_state_is_refused), GC_TEST(a_failure_fails_the_run), GC_TEST(it_needs_no_room_for_states),
         GC_TEST(a_batch_that_no_scan_could_read_is_refused), GC_TEST(it_is_retried_and_then_fails),
         GC_TEST(the_machinery_s_faults_are_waited_out), GC_TEST(it_is_given_back_and_granted_again),
         GC_TEST(a_lost_worker_s_scan_goes_to_another), GC_TEST(cancelling_the_run_cancels_it),
         GC_TEST(a_source_that_fails_leaves_nothing_to_scan), GC_TEST(a_restart_grants_it_again),
         GC_TEST(a_restart_remembers_its_attempts), GC_TEST(a_restart_knows_that_it_has_finished),
         GC_TEST(states_that_the_store_gives_it_are_left_out))
