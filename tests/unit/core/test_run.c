/* test_run.c - a run from its submit to its end, with every effect on the way. */
#include "rig.h"
#include "tests/unit/suite.h"

static struct rig rig;
static const struct rig_shape PLAIN = {.source = true, .nodes = 2};

/* Worker 1 with one executor lists one page of `items` and is left with the lease for the first of them. */
static struct rig_lease start(uint64_t items)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, PLAIN);
    expect_commit(&rig, GC_COMMIT_WORKER);
    const struct gc_commit *state = expect_commit(&rig, GC_COMMIT_RUN_STATE);
    ck_assert_uint_eq(state->as.run_state.state, GC_RUN_RUNNING);
    ck_assert_uint_eq(state->as.run_state.n_nodes, 0);
    struct rig_lease list = expect_lease(&rig, 1);
    ck_assert_uint_eq(list.kind, GC_LEASE_LIST);
    ck_assert_uint_eq(list.first, 0);
    ck_assert_uint_eq(list.count, GC_PAGES_AHEAD);
    rig_pages(&rig, 1, &list, 0, 1, items, true, true);
    const struct gc_commit *pages = expect_commit(&rig, GC_COMMIT_PAGES);
    ck_assert_uint_eq(pages->as.pages.index, 0);
    ck_assert(pages->as.pages.ended);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    const struct gc_commit *frontier = expect_commit(&rig, GC_COMMIT_FRONTIER);
    ck_assert_uint_ge(frontier->as.frontier.frontier, 1);
    struct rig_lease lease = expect_lease(&rig, 1);
    ck_assert_uint_eq(lease.kind, GC_LEASE_ITEMS);
    ck_assert_uint_eq(lease.first, 0);
    ck_assert_uint_eq(lease.count, 1);
    ck_assert_uint_eq(lease.page, 0);
    ck_assert_uint_eq(lease.page_first, 0);
    ck_assert_uint_eq(lease.want, 3);
    return lease;
}

START_TEST(submit_list_lease_result_end)
{
    struct rig_lease first = start(2);
    struct rig_lease second = expect_lease(&rig, 1);
    ck_assert_uint_eq(second.first, 1);
    rig_result(&rig, 1, &first,
               (struct rig_result){.first = 0, .count = 1, .nodes = 2, .outcome = GC_OUTCOME_DONE});
    const struct gc_commit *batch = expect_commit(&rig, GC_COMMIT_BATCH);
    ck_assert_uint_eq(batch->as.batch.first, 0);
    ck_assert_uint_eq(batch->as.batch.lease, first.id);
    ck_assert_uint_eq(batch->as.batch.n_deltas, 0);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    rig_result(&rig, 1, &second,
               (struct rig_result){.first = 1, .count = 1, .nodes = 2, .outcome = GC_OUTCOME_WARNED});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_COMPLETED);
    ck_assert_uint_eq(end->n_nodes, 3);
    ck_assert_uint_eq(end->nodes[0].done, 2);
    ck_assert_uint_eq(end->nodes[2].done, 2);
    ck_assert_uint_eq(end->nodes[2].warned, 1);
    ck_assert_uint_eq(end->n_sources, 1);
    ck_assert_uint_eq(end->sources[0].items, 2);
    ck_assert_uint_eq(end->pixels, 20);
    rig_settle(&rig);
    ck_assert_uint_eq(gc_core_live_runs(rig.core), 0);
    rig_show(&rig, CLIENT, 1, false);
    expect_read(&rig, CLIENT);
    rig_end(&rig);
}
END_TEST

GC_SUITE("core run", GC_TEST(submit_list_lease_result_end))
