/* test_run.c - a run from its submit to its end: sizes, credit, control, watching, bad peers; every effect on the way. */
#include <string.h>

#include "rig.h"
#include "tests/unit/suite.h"

static struct rig rig;
static const struct rig_shape PLAIN = {.source = true, .nodes = 2};

static struct rig_lease list_lease(gc_peer peer)
{
    struct rig_lease list = expect_lease(&rig, peer);
    ck_assert_uint_eq(list.kind, GC_LEASE_LIST);
    return list;
}

/* Worker 1 of `slots` has the LIST lease of run 1. */
static struct rig_lease begin(struct gc_core_config config, uint64_t slots, struct rig_shape shape)
{
    rig_make(&rig, config, false);
    rig_join(&rig, 1, slots);
    rig_run(&rig, 1, shape);
    expect_commit(&rig, GC_COMMIT_WORKER);
    const struct gc_commit *state = expect_commit(&rig, GC_COMMIT_RUN_STATE);
    ck_assert_uint_eq(state->as.run_state.state, GC_RUN_RUNNING);
    ck_assert_uint_eq(state->as.run_state.n_nodes, 0);
    struct rig_lease list = list_lease(1);
    ck_assert_uint_eq(list.first, 0);
    ck_assert_uint_eq(list.count, GC_PAGES_AHEAD);
    return list;
}

/* ... and has listed one page of `items`, all there are. */
static struct rig_lease listed(uint64_t slots, uint64_t items)
{
    struct rig_lease list = begin((struct gc_core_config){0}, slots, PLAIN);
    rig_pages(&rig, 1, &list, 0, 1, items, true, true);
    const struct gc_commit *pages = expect_commit(&rig, GC_COMMIT_PAGES);
    ck_assert_uint_eq(pages->as.pages.index, 0);
    ck_assert(pages->as.pages.ended);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ck_assert_uint_ge(expect_commit(&rig, GC_COMMIT_FRONTIER)->as.frontier.frontier, 1);
    struct rig_lease lease = expect_lease(&rig, 1);
    ck_assert_uint_eq(lease.kind, GC_LEASE_ITEMS);
    ck_assert_uint_eq(lease.first, 0);
    ck_assert_uint_eq(lease.count, 1);
    ck_assert_uint_eq(lease.page, 0);
    ck_assert_uint_eq(lease.page_first, 0);
    ck_assert_uint_eq(lease.want, 3);
    ck_assert_uint_eq(lease.n_given, 0);
    ck_assert(!lease.alone);
    return lease;
}

static void done(const struct rig_lease *lease, uint64_t first, uint64_t count, uint64_t each_ns)
{
    rig_result(&rig, 1, lease,
               (struct rig_result){.first = first,
                                   .count = count,
                                   .nodes = 2,
                                   .outcome = GC_OUTCOME_DONE,
                                   .busy_ns = each_ns * count});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
}

START_TEST(submit_list_lease_result_end)
{
    struct rig_lease first = listed(1, 2);
    struct rig_lease second = expect_lease(&rig, 1);
    ck_assert_uint_eq(second.first, 1);
    ck_assert_uint_eq(second.id, first.id + 1);
    ck_assert_uint_eq(first.id >> 40, 1);
    rig_result(&rig, 1, &first,
               (struct rig_result){.first = 0, .count = 1, .nodes = 2, .outcome = GC_OUTCOME_DONE});
    const struct gc_commit *batch = expect_commit(&rig, GC_COMMIT_BATCH);
    ck_assert_uint_eq(batch->as.batch.first, 0);
    ck_assert_uint_eq(batch->as.batch.lease, first.id);
    ck_assert_uint_eq(batch->as.batch.n_deltas, 0);
    ck_assert_uint_eq(batch->as.batch.values.len, 1);
    ck_assert(gc_bytes_equal(batch->as.batch.worker, gc_bytes_of("worker", 6)));
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    rig_result(&rig, 1, &second,
               (struct rig_result){.first = 1, .count = 1, .nodes = 2, .outcome = GC_OUTCOME_WARNED});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_COMPLETED);
    ck_assert_uint_eq(end->text.len, 0);
    ck_assert_uint_eq(end->n_nodes, 3);
    ck_assert_uint_eq(end->nodes[0].done, 2);
    ck_assert_uint_eq(end->nodes[2].total, 2);
    ck_assert_uint_eq(end->nodes[2].done, 2);
    ck_assert_uint_eq(end->nodes[2].warned, 1);
    ck_assert_uint_eq(end->n_sources, 1);
    ck_assert_uint_eq(end->sources[0].items, 2);
    ck_assert_uint_eq(end->sources[0].left_out, 3);
    ck_assert_uint_eq(end->pixels, 20);
    rig_settle(&rig);
    ck_assert_uint_eq(gc_core_live_runs(rig.core), 0);
    rig_show(&rig, CLIENT, 1, false);
    expect_read(&rig, CLIENT);
    rig_end(&rig);
}
END_TEST

START_TEST(a_submit_is_idempotent)
{
    static struct rig_plan box;
    rig_make(&rig, (struct gc_core_config){.next_run = 9}, false);
    rig_run(&rig, 1, PLAIN);
    rig_plan(&box, PLAIN);
    rig_submit(&rig, 1, &box, false);
    ck_assert_uint_eq(expect_send(&rig, CLIENT, GC_MSG_SUBMITTED)->as.submitted.run_no, 9);
    uint64_t no = 0;
    struct gc_id128 one = rig_id(1), two = rig_id(2);
    ck_assert(gc_core_find(rig.core, &one, &no));
    ck_assert_uint_eq(no, 9);
    ck_assert(!gc_core_find(rig.core, &two, &no));
    rig_end(&rig);
}
END_TEST

START_TEST(credit_is_two_leases_a_slot)
{
    listed(2, 100);
    for (uint64_t i = 1; i < 4; i++)
        ck_assert_uint_eq(expect_lease(&rig, 1).first, i);
    expect_none(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(leases_grow_eightfold_to_the_target_and_shrink_at_the_tail)
{
    struct rig_lease lease = listed(1, 4000);
    struct rig_lease next = expect_lease(&rig, 1);
    uint64_t sizes[16];
    uint32_t n = 0;
    /* A millisecond a task: the target is a hundred tasks. */
    while (n < 16) {
        done(&lease, lease.first, lease.count, GC_MS);
        lease = next;
        if (rig_is_next(&rig, 0, GC_MSG_NONE) || rig.seen == rig.effects.n)
            break;
        if (!rig_is_next(&rig, 1, GC_MSG_LEASE))
            expect_commit(&rig, GC_COMMIT_FRONTIER);
        next = expect_lease(&rig, 1);
        sizes[n++] = next.count;
    }
    ck_assert_uint_eq(sizes[0], 8);
    ck_assert_uint_eq(sizes[1], 64);
    ck_assert_uint_eq(sizes[2], 100);
    ck_assert_uint_eq(sizes[3], 100);
    rig_end(&rig);
}
END_TEST

START_TEST(the_tail_is_cut_fine)
{
    struct rig_lease lease = listed(1, 40);
    expect_lease(&rig, 1);
    done(&lease, 0, 1, 1); /* fast: 8 would be next, 38 are left for one slot */
    ck_assert_uint_eq(expect_lease(&rig, 1).count, 8);
    rig_end(&rig);
}
END_TEST

START_TEST(a_page_never_straddles_a_lease)
{
    struct rig_lease list = begin((struct gc_core_config){0}, 1, PLAIN);
    rig_pages(&rig, 1, &list, 0, 16, 3, false, false);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease one = expect_lease(&rig, 1);
    done(&one, 0, 1, 1);
    struct rig_lease two = expect_lease(&rig, 1);
    ck_assert_uint_eq(two.first, 1);
    ck_assert_uint_eq(two.count, 2); /* 8 would do, the page ends */
    ck_assert_uint_eq(two.page, 0);
    done(&two, 1, 2, 1);
    struct rig_lease three = expect_lease(&rig, 1);
    ck_assert_uint_eq(three.first, 3);
    ck_assert_uint_eq(three.page, 1);
    ck_assert_uint_eq(three.page_first, 3);
    rig_end(&rig);
}
END_TEST

START_TEST(listing_stays_ahead_and_no_further)
{
    struct rig_lease list = begin((struct gc_core_config){0}, 1, PLAIN);
    for (uint64_t i = 0; i < GC_PAGES_AHEAD / 16; i++) {
        rig_pages(&rig, 1, &list, i * 16, 16, 1, false, i == 3);
        expect_commit(&rig, GC_COMMIT_PAGES);
        expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
        if (i == 0) {
            expect_commit(&rig, GC_COMMIT_FRONTIER);
            expect_lease(&rig, 1);
        }
    }
    /* 64 pages, one item leased: one page may follow, and its lease goes first. */
    struct rig_lease more = list_lease(1);
    ck_assert_uint_eq(more.first, 64);
    ck_assert_uint_eq(more.count, 1);
    rig_end(&rig);
}
END_TEST

START_TEST(a_run_without_items_completes_with_a_warning)
{
    struct rig_lease list = begin((struct gc_core_config){0}, 1, PLAIN);
    rig_pages(&rig, 1, &list, 0, 0, 0, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_COMPLETED);
    expect_text(end->text, "source 'photos' has listed no item");
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_single_run_stage_is_one_task)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, (struct rig_shape){.nodes = 1});
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease lease = expect_lease(&rig, 1);
    ck_assert_uint_eq(lease.page, GC_UNSET);
    ck_assert_uint_eq(lease.count, 1);
    ck_assert_uint_eq(rig_node(&rig, 1, 0).total, 1);
    rig_result(&rig, 1, &lease, (struct rig_result){.count = 1, .nodes = 1, .outcome = GC_OUTCOME_FAILED});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_FAILED);
    expect_text(end->text, "node 'a' failed: truncated");
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(cancel_counts_the_rest_as_skipped_and_refuses_what_comes_late)
{
    struct rig_lease first = listed(1, 10);
    struct rig_lease second = expect_lease(&rig, 1);
    done(&first, 0, 1, 1);
    struct rig_lease third = expect_lease(&rig, 1);
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_CANCELLED);
    ck_assert_uint_eq(end->nodes[1].done, 1);
    ck_assert_uint_eq(end->nodes[1].skipped, 9);
    ck_assert_uint_eq(end->nodes[1].total, 10);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    uint64_t a = expect_send(&rig, 1, GC_MSG_CANCEL)->as.cancel.lease;
    uint64_t b = expect_send(&rig, 1, GC_MSG_CANCEL)->as.cancel.lease;
    ck_assert_uint_eq(a + b, second.id + third.id);
    rig_result(&rig, 1, &second,
               (struct rig_result){.first = 1, .count = 1, .nodes = 2, .outcome = GC_OUTCOME_DONE});
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    expect_read(&rig, CLIENT);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(pause_recalls_and_resume_goes_on)
{
    struct rig_lease first = listed(1, 10);
    struct rig_lease second = expect_lease(&rig, 1);
    rig_control(&rig, 1, GC_ACTION_PAUSE);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_PAUSED);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    expect_send(&rig, 1, GC_MSG_RECALL);
    expect_send(&rig, 1, GC_MSG_RECALL);
    rig_control(&rig, 1, GC_ACTION_PAUSE);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    rig_recalled(&rig, 1, second.id, 1);
    rig_recalled(&rig, 1, first.id, 1); /* has started */
    done(&first, 0, 1, 1);
    rig_wait(&rig, GC_S);
    rig_control(&rig, 1, GC_ACTION_RESUME);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_RUNNING);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    ck_assert_uint_eq(expect_lease(&rig, 1).first, 1);
    ck_assert_uint_eq(expect_lease(&rig, 1).first, 2);
    rig_control(&rig, 1, GC_ACTION_RESUME);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    rig_control(&rig, 1, (enum gc_action)9);
    expect_error(&rig, CLIENT, GC_ERR_INVALID);
    rig_end(&rig);
}
END_TEST

START_TEST(a_run_may_start_paused_and_end_while_paused)
{
    static struct rig_plan box;
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 1);
    rig_plan(&box, (struct rig_shape){.nodes = 1});
    rig_submit(&rig, 1, &box, true);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN)->as.run.state, GC_RUN_PAUSED);
    expect_send(&rig, CLIENT, GC_MSG_SUBMITTED);
    rig_control(&rig, 1, GC_ACTION_RESUME);
    ck_assert_uint_ne(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.started_ns, 0);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease lease = expect_lease(&rig, 1);
    rig_wait(&rig, GC_S / 2);
    rig_control(&rig, 1, GC_ACTION_PAUSE);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.active_ns, GC_S / 2);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    expect_send(&rig, 1, GC_MSG_RECALL);
    rig_result(&rig, 1, &lease, (struct rig_result){.count = 1, .nodes = 1, .outcome = GC_OUTCOME_CACHED});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_COMPLETED);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

static void fail_one(const struct rig_lease *lease)
{
    rig_result(&rig, 1, lease,
               (struct rig_result){.first = lease->first,
                                   .count = 1,
                                   .nodes = 2,
                                   .pattern = (uint8_t[]){GC_OUTCOME_DONE, GC_OUTCOME_FAILED}});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
}

START_TEST(failed_items_make_a_run_partial)
{
    struct rig_lease lease = listed(1, 1);
    fail_one(&lease);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_PARTIAL);
    ck_assert_uint_eq(end->nodes[2].failed, 1);
    ck_assert_uint_eq(end->nodes[1].done, 1);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(max_bad_as_a_number_is_judged_at_once)
{
    struct rig_lease list =
        begin((struct gc_core_config){0}, 1, (struct rig_shape){.source = true, .nodes = 2, .max_bad = 1});
    rig_pages(&rig, 1, &list, 0, 1, 10, false, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    list_lease(1);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease lease = expect_lease(&rig, 1);
    fail_one(&lease);
    lease = expect_lease(&rig, 1);
    fail_one(&lease);
    const struct gc_commit_run_state *end = &expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_FAILED);
    ck_assert_uint_eq(end->nodes[2].failed, 2);
    ck_assert_uint_eq(end->nodes[2].skipped, 8);
    expect_send(&rig, 1, GC_MSG_CANCEL);
    expect_send(&rig, 1, GC_MSG_CANCEL);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(max_bad_as_a_share_is_judged_when_all_is_listed)
{
    struct rig_lease list = begin((struct gc_core_config){0}, 1,
                                  (struct rig_shape){.source = true, .nodes = 2, .max_bad_ppm = 100000});
    rig_pages(&rig, 1, &list, 0, 1, 2, false, false);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease lease = expect_lease(&rig, 1);
    fail_one(&lease);
    lease = expect_lease(&rig, 1);
    fail_one(&lease);
    rig_pages(&rig, 1, &list, 2, 1, 17, true, true); /* 2 of 19 */
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_FAILED);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_share_within_bounds_passes)
{
    struct rig_lease list = begin((struct gc_core_config){0}, 1,
                                  (struct rig_shape){.source = true, .nodes = 2, .max_bad_ppm = 500000});
    rig_pages(&rig, 1, &list, 0, 1, 2, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_commit(&rig, GC_COMMIT_FRONTIER);
    struct rig_lease lease = expect_lease(&rig, 1);
    struct rig_lease other = expect_lease(&rig, 1);
    fail_one(&lease);
    done(&other, 1, 1, 1);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_PARTIAL);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(watchers_are_told_at_a_pace_and_of_the_end_at_once)
{
    struct rig_lease first = listed(1, 3);
    struct rig_lease second = expect_lease(&rig, 1);
    rig_show(&rig, CLIENT, 1, true);
    uint64_t re = rig.seq;
    const struct gc_msg *info = expect_send(&rig, CLIENT, GC_MSG_RUN_INFO);
    ck_assert_uint_eq(info->re, re);
    ck_assert_uint_eq(info->as.run_info.state, GC_RUN_RUNNING);
    ck_assert_uint_eq(info->as.run_info.workers, 1);
    ck_assert_uint_eq(info->as.run_info.n_nodes, 3);
    done(&first, 0, 1, 1); /* a first change is told at once */
    struct rig_lease third = expect_lease(&rig, 1);
    ck_assert_uint_eq(expect_send(&rig, CLIENT, GC_MSG_RUN_INFO)->re, re);
    done(&second, 1, 1, 1); /* the next waits */
    ck_assert_uint_eq(gc_core_deadline(rig.core), rig.now + GC_WATCH_NS);
    rig_wait(&rig, GC_WATCH_NS);
    expect_send(&rig, CLIENT, GC_MSG_RUN_INFO);
    rig_show(&rig, CLIENT, 1, true); /* the same watcher, by a new number */
    expect_send(&rig, CLIENT, GC_MSG_RUN_INFO);
    done(&third, 2, 1, 1);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    info = expect_send(&rig, CLIENT, GC_MSG_RUN_INFO);
    ck_assert_uint_eq(info->as.run_info.state, GC_RUN_COMPLETED);
    ck_assert_uint_gt(info->re, re);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_peer_may_watch_several_runs)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    for (uint64_t i = 1; i <= 3; i++) {
        rig_run(&rig, i, PLAIN);
        rig_show(&rig, CLIENT, i, true);
        expect_send(&rig, CLIENT, GC_MSG_RUN_INFO);
    }
    rig_control(&rig, 2, GC_ACTION_CANCEL);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    expect_send(&rig, CLIENT, GC_MSG_RUN_INFO);
    rig_settle(&rig);
    rig_step(&rig, (struct gc_event){.kind = GC_EV_PEER_GONE, .peer = CLIENT});
    rig_control(&rig, 3, GC_ACTION_PAUSE);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    rig_end(&rig);
}
END_TEST

GC_SUITE("core run", GC_TEST(submit_list_lease_result_end), GC_TEST(a_submit_is_idempotent),
         GC_TEST(credit_is_two_leases_a_slot),
         GC_TEST(leases_grow_eightfold_to_the_target_and_shrink_at_the_tail), GC_TEST(the_tail_is_cut_fine),
         GC_TEST(a_page_never_straddles_a_lease), GC_TEST(listing_stays_ahead_and_no_further),
         GC_TEST(a_run_without_items_completes_with_a_warning), GC_TEST(a_single_run_stage_is_one_task),
         GC_TEST(cancel_counts_the_rest_as_skipped_and_refuses_what_comes_late),
         GC_TEST(pause_recalls_and_resume_goes_on), GC_TEST(a_run_may_start_paused_and_end_while_paused),
         GC_TEST(failed_items_make_a_run_partial), GC_TEST(max_bad_as_a_number_is_judged_at_once),
         GC_TEST(max_bad_as_a_share_is_judged_when_all_is_listed), GC_TEST(a_share_within_bounds_passes),
         GC_TEST(watchers_are_told_at_a_pace_and_of_the_end_at_once), GC_TEST(a_peer_may_watch_several_runs))
