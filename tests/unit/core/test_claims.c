/* test_claims.c - what peers say of leases that are another's, of another kind, of another time, or only in part; and parts of a run
 * that end before the others. */
#include <string.h>

#include "rig.h"
#include "tests/unit/suite.h"

static struct rig rig;
static const struct rig_shape PLAIN = {.source = true, .nodes = 2, .retries = 3};
static const struct rig_shape SUM = {.source = true, .nodes = 1, .reducers = 1};

/* Worker 1 of one slot has the LIST lease of run 1. */
static struct rig_lease begin(struct rig_shape shape)
{
    rig_make(&rig, (struct gc_core_config){.runs = 1}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, shape);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    struct rig_lease list = expect_lease(&rig, 1);
    ck_assert_uint_eq(list.kind, GC_LEASE_LIST);
    return list;
}

/* ... and has listed `items`, all there are, of which it holds the first two (or the only one) in leases of their own. */
static void start(struct rig_shape shape, uint64_t items, struct rig_lease leases[2])
{
    struct rig_lease list = begin(shape);
    rig_pages(&rig, 1, &list, 0, 1, items, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    for (uint64_t i = 0; i < 2 && i < items; i++) {
        leases[i] = expect_lease(&rig, 1);
        ck_assert_uint_eq(leases[i].first, i);
        ck_assert_uint_eq(leases[i].count, 1);
    }
    expect_none(&rig);
}

/* The result of the whole lease, of PLAIN. */
static void done(gc_peer peer, const struct rig_lease *lease)
{
    rig_result(&rig, peer, lease,
               (struct rig_result){.first = lease->first,
                                   .count = lease->count,
                                   .nodes = 2,
                                   .outcome = GC_OUTCOME_DONE,
                                   .busy_ns = 1});
}

static void done_and_committed(gc_peer peer, const struct rig_lease *lease)
{
    done(peer, lease);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_BATCH)->as.batch.first, lease->first);
    expect_ack(&rig, peer, GC_VERDICT_COMMITTED);
}

/* ---- leases of another time, stage or kind ---- */

START_TEST(a_token_says_its_term_too)
{
    struct rig_lease leases[2];
    start(PLAIN, 3, leases);
    struct gc_msg msg = rig_result_msg(
        &rig, &leases[0], (struct rig_result){.count = 1, .nodes = 2, .outcome = GC_OUTCOME_DONE});
    msg.as.result.term = 2;
    rig_message(&rig, 1, &msg);
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    ck_assert_uint_eq(rig_info(&rig, 1).refused, 1);
    ck_assert_uint_eq(rig_node(&rig, 1, 1).done, 0);
    done_and_committed(1, &leases[0]);
    ck_assert_uint_eq(expect_lease(&rig, 1).first, 2);
    rig_end(&rig);
}
END_TEST

START_TEST(a_source_has_no_results)
{
    struct rig_lease list = begin(PLAIN);
    struct rig_lease unknown = {
        .id = list.id + 1, .run_no = 1, .stage = 0, .kind = GC_LEASE_ITEMS, .count = 1};
    rig_result(&rig, 1, &unknown, (struct rig_result){.count = 1, .nodes = 1, .outcome = GC_OUTCOME_DONE});
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    ck_assert_uint_eq(rig_info(&rig, 1).refused, 1);
    rig_end(&rig);
}
END_TEST

START_TEST(pages_come_under_a_lease_to_list_only)
{
    struct rig_lease list = begin(PLAIN);
    rig_pages(&rig, 1, &list, 0, 1, 5, false, false);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease items = expect_lease(&rig, 1);
    rig_pages(&rig, 1, &items, 5, 1, 5, true, true);
    expect_error(&rig, 1, GC_ERR_INVALID);
    struct rig_lease other = list;
    other.stage = 1;
    rig_pages(&rig, 1, &other, 5, 1, 5, true, true);
    expect_error(&rig, 1, GC_ERR_INVALID);
    other = list;
    other.run_no = 2;
    rig_pages(&rig, 1, &other, 5, 1, 5, true, true);
    expect_error(&rig, 1, GC_ERR_INVALID);
    ck_assert_uint_eq(rig_info(&rig, 1).sources[0].items, 5);
    rig_pages(&rig, 1, &list, 5, 1, 5, true, true);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_PAGES)->as.pages.index, 1);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ck_assert_uint_eq(expect_lease(&rig, 1).first, 1);
    rig_end(&rig);
}
END_TEST

/* ---- what is given back ---- */

START_TEST(items_beyond_the_lease_are_not_given_back)
{
    struct rig_lease leases[2];
    start(PLAIN, 2, leases);
    rig_recalled(&rig, 1, leases[1].id, 0);
    expect_error(&rig, 1, GC_ERR_INVALID);
    rig_recalled(&rig, 1, leases[1].id, 3);
    expect_error(&rig, 1, GC_ERR_INVALID);
    rig_recalled(&rig, 1, leases[1].id, 2); /* nothing */
    expect_none(&rig);
    done_and_committed(1, &leases[1]);
    rig_end(&rig);
}
END_TEST

START_TEST(a_part_of_a_listing_stays_with_its_worker)
{
    struct rig_lease list = begin(PLAIN);
    rig_recalled(&rig, 1, list.id, list.first + 1);
    expect_none(&rig);
    rig_pages(&rig, 1, &list, 0, 1, 1, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    expect_lease(&rig, 1);
    rig_end(&rig);
}
END_TEST

START_TEST(a_lease_is_asked_back_once)
{
    struct rig_lease leases[2];
    start(PLAIN, 2, leases);
    rig_control(&rig, 1, GC_ACTION_PAUSE);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_PAUSED);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    uint64_t one = expect_send(&rig, 1, GC_MSG_RECALL)->as.recall.lease;
    uint64_t two = expect_send(&rig, 1, GC_MSG_RECALL)->as.recall.lease;
    ck_assert_uint_eq(one + two, leases[0].id + leases[1].id);
    ck_assert_uint_ne(one, two);
    struct gc_msg bye = {.type = GC_MSG_BYE};
    rig_message(&rig, 1, &bye);
    expect_send(&rig, 1, GC_MSG_OK); /* and no RECALL */
    rig_end(&rig);
}
END_TEST

/* ---- whose it is ---- */

START_TEST(a_worker_does_not_get_a_lease_by_naming_it)
{
    struct rig_lease leases[2];
    start(PLAIN, 2, leases);
    rig_join(&rig, 2, 1);
    struct gc_held held = {.term = 1,
                           .lease = leases[0].id,
                           .run_no = 1,
                           .stage = 1,
                           .kind = GC_LEASE_ITEMS,
                           .first = 0,
                           .count = 1};
    rig_hello(&rig, 2, 2, 2, 1, (struct rig_held){&held, 1});
    const struct gc_msg_welcome *welcome = &expect_send(&rig, 2, GC_MSG_WELCOME)->as.welcome;
    ck_assert_uint_eq(welcome->n_verdicts, 1);
    ck_assert_uint_eq(welcome->verdicts[0], GC_VERDICT_CANCEL);
    rig_beat(&rig, 2, &leases[0].id, 1, NULL, 0);
    ck_assert_uint_eq(expect_send(&rig, 2, GC_MSG_CANCEL)->as.cancel.lease, leases[0].id);
    done(2, &leases[0]);
    expect_ack(&rig, 2, GC_VERDICT_STALE);
    done_and_committed(1, &leases[0]);
    rig_end(&rig);
}
END_TEST

START_TEST(a_worker_that_dies_casts_suspicion_on_its_own_items_only)
{
    struct rig_lease leases[2];
    start(PLAIN, 2, leases);
    rig_join(&rig, 2, 1);
    struct gc_running running[] = {{.lease = leases[0].id, .item = 0},        /* worker 1's */
                                   {.lease = leases[1].id + 100, .item = 1}}; /* nobody's */
    rig_beat(&rig, 2, NULL, 0, running, 2);
    uint64_t ids[] = {leases[0].id, leases[1].id};
    for (uint64_t t = 0; t <= GC_LEASE_NS; t += GC_S) {
        rig_wait(&rig, GC_S); /* a longer step would be a gap, which extends the leases */
        expect_none(&rig);
        rig_beat(&rig, 1, ids, 2, NULL, 0);
    }
    ck_assert_uint_eq(gc_core_live_workers(rig.core), 1);
    done_and_committed(1, &leases[0]);
    rig_end(&rig);
}
END_TEST

START_TEST(what_a_worker_of_a_new_life_still_holds_is_not_suspected)
{
    struct rig_lease leases[2];
    start(PLAIN, 2, leases);
    struct gc_running running[] = {{.lease = leases[0].id, .item = 0}, {.lease = leases[1].id, .item = 1}};
    uint64_t ids[] = {leases[0].id, leases[1].id};
    rig_beat(&rig, 1, ids, 2, running, 2);
    struct gc_held held = {.term = 1,
                           .lease = leases[0].id,
                           .run_no = 1,
                           .stage = 1,
                           .kind = GC_LEASE_ITEMS,
                           .first = 0,
                           .count = 1};
    rig_hello(&rig, 1, 1, 77, 1, (struct rig_held){&held, 1});
    const struct gc_msg_welcome *welcome = &expect_send(&rig, 1, GC_MSG_WELCOME)->as.welcome;
    ck_assert_uint_eq(welcome->verdicts[0], GC_VERDICT_KEEP);
    const struct gc_commit_odd *odd = &expect_commit(&rig, GC_COMMIT_ODD)->as.odd;
    ck_assert_uint_eq(odd->item, 1);
    ck_assert_uint_eq(odd->suspicions, 1);
    struct rig_lease again = expect_lease(&rig, 1);
    ck_assert_uint_eq(again.first, 1);
    ck_assert(again.alone);
    done_and_committed(1, &leases[0]);
    rig_end(&rig);
}
END_TEST

START_TEST(a_worker_may_have_no_name)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    static uint8_t digest[32];
    struct gc_msg hello = {.type = GC_MSG_HELLO};
    hello.as.hello = (struct gc_msg_hello){.role = GC_ROLE_WORKER,
                                           .peer = rig_id(1),
                                           .boot = rig_id(1),
                                           .slots = 3,
                                           .catalogue = gc_bytes_of(digest, sizeof digest)};
    rig_message(&rig, 1, &hello);
    expect_send(&rig, 1, GC_MSG_WELCOME);
    struct gc_msg list = {.type = GC_MSG_LIST_WORKERS};
    rig_message(&rig, CLIENT, &list);
    const struct gc_msg_worker_list *rows = &expect_send(&rig, CLIENT, GC_MSG_WORKER_LIST)->as.worker_list;
    ck_assert_uint_eq(rows->n_rows, 1);
    ck_assert_uint_eq(rows->rows[0].name.len, 0);
    ck_assert_uint_eq(rows->rows[0].slots, 3);
    rig_end(&rig);
}
END_TEST

/* ---- faults ---- */

START_TEST(only_the_last_attempt_runs_alone)
{
    struct rig_lease leases[2];
    start(PLAIN, 1, leases);
    for (uint64_t attempt = 1; attempt <= 3; attempt++) {
        rig_fault(&rig, 1, &leases[0], 0, 1, GC_CAUSE_CRASH);
        ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_ODD)->as.odd.attempts, attempt);
        expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
        leases[0] = expect_lease(&rig, 1);
        ck_assert_uint_eq(leases[0].attempt, attempt);
        ck_assert_uint_eq(leases[0].alone, attempt == 3);
    }
    rig_end(&rig);
}
END_TEST

START_TEST(a_fault_may_have_no_text)
{
    struct rig_lease leases[2];
    start(PLAIN, 1, leases);
    struct gc_msg msg = {.type = GC_MSG_FAULT};
    msg.as.fault = (struct gc_msg_fault){
        .term = 1, .lease = leases[0].id, .item = 0, .node = 1, .cause = GC_CAUSE_BAD_INPUT};
    rig_message(&rig, 1, &msg);
    const struct gc_commit_odd *odd = &expect_commit(&rig, GC_COMMIT_ODD)->as.odd;
    ck_assert_uint_eq(odd->n_given, 1);
    ck_assert_uint_eq(odd->given[0].node, 1);
    ck_assert_uint_eq(odd->given[0].text.len, 0);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease again = expect_lease(&rig, 1);
    ck_assert_uint_eq(again.n_given, 1);
    ck_assert_uint_eq(again.given[0].node, 1);
    ck_assert_uint_eq(again.given[0].cause, GC_CAUSE_BAD_INPUT);
    rig_end(&rig);
}
END_TEST

/* ---- states of reducers ---- */

/* One item of SUM, done; its delta has `bytes` of state. Returns the FINISH lease. */
static struct rig_lease summed(uint64_t bytes)
{
    struct rig_lease leases[2];
    start(SUM, 1, leases);
    struct gc_msg msg = rig_result_msg(
        &rig, &leases[0],
        (struct rig_result){.count = 1, .nodes = 1, .reducers = 1, .outcome = GC_OUTCOME_DONE});
    msg.as.result.deltas[0] = (struct gc_delta){.items = bytes > 0, .bytes = bytes};
    msg.bulk.len = (size_t)(msg.as.result.status + msg.as.result.values + bytes);
    rig_message(&rig, 1, &msg);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_BATCH)->as.batch.n_deltas, bytes > 0);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease finish = expect_lease(&rig, 1);
    ck_assert_uint_eq(finish.kind, GC_LEASE_FINISH);
    return finish;
}

START_TEST(a_state_of_no_bytes_is_not_kept)
{
    struct rig_lease finish = summed(0);
    ck_assert_uint_eq(finish.n_deltas, 0);
    rig_end(&rig);
}
END_TEST

/* A FINISH whose node has that outcome, with `n` states, the first of `reducer`. */
static void finish_with(const struct rig_lease *finish, enum gc_outcome outcome, uint32_t n, uint64_t reducer)
{
    struct gc_delta delta = {.reducer = reducer, .items = 1, .bytes = 1};
    struct gc_msg msg = rig_result_msg(
        &rig, finish, (struct rig_result){.count = 1, .nodes = 1, .reducers = 1, .outcome = outcome});
    msg.as.result.n_deltas = n;
    msg.as.result.deltas = &delta;
    msg.bulk.len -= n == 0;
    rig_message(&rig, 1, &msg);
}

START_TEST(a_finish_brings_its_state_with_its_value_and_never_without)
{
    struct rig_lease finish = summed(1);
    finish_with(&finish, GC_OUTCOME_DONE, 0, 0);
    expect_error(&rig, 1, GC_ERR_INVALID);
    finish_with(&finish, GC_OUTCOME_FAILED, 1, 0);
    expect_error(&rig, 1, GC_ERR_INVALID);
    finish_with(&finish, GC_OUTCOME_DONE, 1, 1);
    expect_error(&rig, 1, GC_ERR_INVALID);
    finish_with(&finish, GC_OUTCOME_CACHED, 1, 0);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_MERGED)->as.merged.n_inputs, 1);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_BATCH)->as.batch.values.len, 1);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_COMPLETED);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_merge_brings_no_deltas)
{
    struct rig_lease leases[2];
    struct rig_lease merge = {0};
    start(SUM, 40, leases);
    while (merge.kind != GC_LEASE_MERGE) {
        struct rig_lease lease = leases[0];
        rig_result(&rig, 1, &lease,
                   (struct rig_result){.first = lease.first,
                                       .count = 1,
                                       .nodes = 1,
                                       .reducers = 1,
                                       .outcome = GC_OUTCOME_DONE,
                                       .busy_ns = GC_S});
        expect_commit(&rig, GC_COMMIT_BATCH);
        expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
        leases[0] = leases[1];
        leases[1] = merge = expect_lease(&rig, 1);
    }
    struct gc_delta delta = {.items = 1, .bytes = 1};
    struct gc_msg msg = {.type = GC_MSG_RESULT, .bulk = gc_bytes_of(rig.bulk, 5)};
    msg.as.result = (struct gc_msg_result){.term = 1,
                                           .lease = merge.id,
                                           .run_no = 1,
                                           .stage = 2,
                                           .kind = GC_LEASE_MERGE,
                                           .count = 1,
                                           .values = 4,
                                           .n_deltas = 1,
                                           .deltas = &delta};
    rig_message(&rig, 1, &msg);
    expect_error(&rig, 1, GC_ERR_INVALID);
    rig_merged(&rig, 1, &merge);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_MERGED)->as.merged.n_inputs, GC_MERGE_INPUTS);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_lease(&rig, 1);
    rig_end(&rig);
}
END_TEST

/* A stage that only feeds reducers: its items have no outcome of their own. */
START_TEST(a_stage_without_nodes_counts_items_and_nothing_else)
{
    struct rig_lease leases[2];
    start((struct rig_shape){.source = true, .nodes = 0, .reducers = 1}, 1, leases);
    ck_assert_uint_eq(leases[0].want, 0);
    rig_result(&rig, 1, &leases[0],
               (struct rig_result){.count = 1, .nodes = 0, .reducers = 1, .outcome = GC_OUTCOME_DONE});
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_BATCH)->as.batch.n_deltas, 1);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease finish = expect_lease(&rig, 1);
    ck_assert_uint_eq(finish.n_deltas, 1);
    rig_finished(&rig, 1, &finish, GC_OUTCOME_DONE);
    expect_commit(&rig, GC_COMMIT_MERGED);
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_COMPLETED);
    ck_assert_uint_eq(end->n_nodes, 2);
    ck_assert_uint_eq(end->nodes[1].done, 1);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

/* ---- what ends before the rest ---- */

/* Two sources, each with an ITEM stage of its own: stages and nodes 0, 1 and 2, 3. */
static void two_sources(struct rig_plan *box)
{
    rig_plan(box, (struct rig_shape){.source = true, .nodes = 1});
    for (uint32_t i = 0; i < 2; i++) {
        box->stages[2 + i] = box->stages[i];
        box->stages[2 + i].nodes = &box->sets[5][i];
        box->sets[5][i] = 2 + i;
        box->nodes[2 + i] = box->nodes[i];
        box->nodes[2 + i].stage = 2 + i;
    }
    box->stages[3].source = 2;
    box->plan.n_stages = box->plan.n_nodes = 4;
    box->job.n_nodes = 4;
}

START_TEST(a_source_that_fails_leaves_the_others_alone)
{
    static struct rig_plan box;
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 2);
    two_sources(&box);
    rig_submit(&rig, 1, &box, false);
    expect_commit(&rig, GC_COMMIT_RUN);
    expect_send(&rig, CLIENT, GC_MSG_SUBMITTED);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    struct rig_lease a = expect_lease(&rig, 1);
    struct rig_lease b = expect_lease(&rig, 1);
    ck_assert_uint_eq(a.stage, 0);
    ck_assert_uint_eq(b.stage, 2);
    rig_pages(&rig, 1, &a, 0, 1, 3, false, false);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease one = expect_lease(&rig, 1);
    struct rig_lease two = expect_lease(&rig, 1);
    expect_none(&rig);
    rig_fault(&rig, 1, &a, 0, 0, GC_CAUSE_MISSING);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_BATCH)->as.batch.stage, 0);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    uint64_t cancelled = expect_send(&rig, 1, GC_MSG_CANCEL)->as.cancel.lease;
    cancelled += expect_send(&rig, 1, GC_MSG_CANCEL)->as.cancel.lease;
    ck_assert_uint_eq(cancelled, one.id + two.id);
    rig_settle(&rig);
    ck_assert_uint_eq(gc_core_live_runs(rig.core), 1);
    rig_result(&rig, 1, &one, (struct rig_result){.count = 1, .nodes = 1, .outcome = GC_OUTCOME_DONE});
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    /* The other half goes on as if nothing had been. */
    rig_pages(&rig, 1, &b, 0, 1, 1, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease item = expect_lease(&rig, 1);
    ck_assert_uint_eq(item.stage, 3);
    rig_result(&rig, 1, &item, (struct rig_result){.count = 1, .nodes = 1, .outcome = GC_OUTCOME_DONE});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_FAILED);
    ck_assert_uint_eq(end->nodes[1].skipped, 3);
    ck_assert_uint_eq(end->nodes[3].done, 1);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_run_goes_when_the_round_of_a_watcher_that_left_is_over)
{
    static struct rig_plan other;
    struct rig_lease leases[2];
    rig_plan(&other, PLAIN);
    start(PLAIN, 3, leases);
    rig_show(&rig, 5, 1, true);
    expect_send(&rig, 5, GC_MSG_RUN_INFO);
    done_and_committed(1, &leases[0]);
    expect_lease(&rig, 1);
    expect_send(&rig, 5, GC_MSG_RUN_INFO); /* the first change is told at once */
    done_and_committed(1, &leases[1]);     /* this one is told later */
    rig_step(&rig, (struct gc_event){.kind = GC_EV_PEER_GONE, .peer = 5});
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_CANCELLED);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    expect_send(&rig, 1, GC_MSG_CANCEL);
    rig_settle(&rig);
    rig_submit(&rig, 2, &other, true); /* the core has room for one run */
    expect_error(&rig, CLIENT, GC_ERR_BUSY);
    rig_wait(&rig, GC_WATCH_NS);
    expect_none(&rig);
    rig_submit(&rig, 2, &other, true);
    expect_commit(&rig, GC_COMMIT_RUN);
    expect_send(&rig, CLIENT, GC_MSG_SUBMITTED);
    rig_end(&rig);
}
END_TEST

/* Who holds leases of a run that is cancelled gets others at once, not when it speaks next. */
START_TEST(the_leases_of_a_cancelled_run_make_room_for_another)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, PLAIN);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_lease(&rig, 1);
    rig_run(&rig, 2, PLAIN);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_lease(&rig, 1); /* two leases a slot */
    rig_run(&rig, 3, PLAIN);
    expect_none(&rig);
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    expect_send(&rig, 1, GC_MSG_CANCEL);
    ck_assert_uint_eq(gc_core_deadline(rig.core), rig.now);
    rig_wait(&rig, 0);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.run_no, 3);
    ck_assert_uint_eq(expect_lease(&rig, 1).run_no, 3);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(many_workers_leave_some_a_step)
{
    enum { WORKERS = 20 };
    rig_make(&rig, (struct gc_core_config){0}, false);
    for (gc_peer peer = 1; peer <= WORKERS; peer++)
        rig_join(&rig, peer, 1);
    rig_run(&rig, 1, PLAIN);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    struct rig_lease list = expect_lease(&rig, 1);
    rig_pages(&rig, 1, &list, 0, 1, WORKERS, true, true);
    uint32_t leases = 0;
    for (const struct gc_effect *e; (e = rig_next(&rig)) != NULL;)
        leases += e->kind == GC_FX_SEND && e->as.msg.type == GC_MSG_LEASE;
    ck_assert_uint_eq(leases, WORKERS);
    struct gc_msg bye = {.type = GC_MSG_BYE};
    for (gc_peer peer = 1; peer <= WORKERS; peer++) {
        rig_message(&rig, peer, &bye);
        expect_send(&rig, peer, GC_MSG_OK);
        expect_send(&rig, peer, GC_MSG_RECALL);
    }
    /* All leases end at once, and with them what keeps the workers here. */
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_CANCELLED);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    uint32_t cancelled = 0;
    uint32_t left = 0;
    uint32_t most = 0;
    do {
        uint32_t now = 0;
        for (const struct gc_effect *e; (e = rig_next(&rig)) != NULL;) {
            cancelled += e->kind == GC_FX_SEND && e->as.msg.type == GC_MSG_CANCEL;
            now += e->kind == GC_FX_COMMIT && e->as.commit.kind == GC_COMMIT_WORKER;
        }
        left += now;
        most = now > most ? now : most;
        if (gc_core_deadline(rig.core) > rig.now)
            break;
        rig_wait(&rig, 0);
    } while (true);
    ck_assert_uint_eq(cancelled, WORKERS);
    ck_assert_uint_eq(left, WORKERS);
    ck_assert_uint_lt(most, WORKERS);
    ck_assert_uint_eq(gc_core_live_workers(rig.core), 0);
    rig_end(&rig);
}
END_TEST

GC_SUITE("core claims", GC_TEST(a_token_says_its_term_too), GC_TEST(a_source_has_no_results),
         GC_TEST(pages_come_under_a_lease_to_list_only), GC_TEST(items_beyond_the_lease_are_not_given_back),
         GC_TEST(a_part_of_a_listing_stays_with_its_worker), GC_TEST(a_lease_is_asked_back_once),
         GC_TEST(a_worker_does_not_get_a_lease_by_naming_it),
         GC_TEST(a_worker_that_dies_casts_suspicion_on_its_own_items_only),
         GC_TEST(what_a_worker_of_a_new_life_still_holds_is_not_suspected),
         GC_TEST(a_worker_may_have_no_name), GC_TEST(only_the_last_attempt_runs_alone),
         GC_TEST(a_fault_may_have_no_text), GC_TEST(a_state_of_no_bytes_is_not_kept),
         GC_TEST(a_finish_brings_its_state_with_its_value_and_never_without),
         GC_TEST(a_merge_brings_no_deltas), GC_TEST(a_stage_without_nodes_counts_items_and_nothing_else),
         GC_TEST(a_source_that_fails_leaves_the_others_alone),
         GC_TEST(a_run_goes_when_the_round_of_a_watcher_that_left_is_over),
         GC_TEST(the_leases_of_a_cancelled_run_make_room_for_another),
         GC_TEST(many_workers_leave_some_a_step))
