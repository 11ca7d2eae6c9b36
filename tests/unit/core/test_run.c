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

START_TEST(a_full_core_answers_busy)
{
    static struct rig_plan box;
    rig_make(&rig, (struct gc_core_config){.runs = 1, .pages = 2}, false);
    rig_run(&rig, 1, PLAIN);
    rig_plan(&box, PLAIN);
    rig_submit(&rig, 2, &box, false);
    expect_error(&rig, CLIENT, GC_ERR_BUSY);
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    rig_settle(&rig);
    rig_submit(&rig, 2, &box, false);
    expect_commit(&rig, GC_COMMIT_RUN);
    expect_send(&rig, CLIENT, GC_MSG_SUBMITTED);
    rig_end(&rig);
}
END_TEST

START_TEST(memory_for_a_plan_can_be_short)
{
    static struct rig_plan box;
    static struct gc_field shape[GC_MAX_FIELDS];
    rig_make(&rig, (struct gc_core_config){.pages = 2}, false);
    rig_plan(&box, (struct rig_shape){.source = true, .nodes = 60});
    for (uint32_t i = 0; i < box.plan.n_nodes; i++) {
        box.nodes[i].shape = shape;
        box.nodes[i].n_shape = GC_MAX_FIELDS;
    }
    rig_submit(&rig, 1, &box, false);
    expect_error(&rig, CLIENT, GC_ERR_BUSY);
    for (uint32_t i = 2; i < box.plan.n_nodes; i++)
        box.nodes[i].n_shape = 0;
    rig_submit(&rig, 1, &box, false);
    expect_commit(&rig, GC_COMMIT_RUN);
    expect_send(&rig, CLIENT, GC_MSG_SUBMITTED);
    ck_assert_uint_eq(rig_node(&rig, 1, 1).n_shape, GC_MAX_FIELDS);
    rig_end(&rig);
}
END_TEST

START_TEST(a_plan_that_contradicts_itself_is_refused)
{
    static struct rig_plan box;
    rig_make(&rig, (struct gc_core_config){0}, false);
    for (int spoil = 0; spoil < 20; spoil++) {
        rig_plan(&box, (struct rig_shape){.source = true, .nodes = 2, .reducers = 1});
        switch (spoil) {
        case 0: box.plan.n_stages = 0; break;
        case 1: box.stages[1].nodes[1] = 99; break;
        case 2: box.stages[1].n_below = 1; break;
        case 3: box.stages[1].source = 1; break;
        case 4: box.stages[1].kind = GC_STAGE_KINDS; break;
        case 5: box.stages[1].reducers[0] = 0; break;
        case 6: box.stages[0].n_reducers = 1; break;
        case 7: box.nodes[0].stage = 99; break;
        case 8: box.stages[2].source = 0; break;
        case 9: box.stages[0].n_nodes = box.stages[0].n_below = 0; break;
        case 10: box.plan.n_stages = GC_MAX_STAGES + 1; break;
        case 11: box.plan.n_nodes = 0; break;
        case 12: box.plan.n_nodes = GC_MAX_JOB_NODES + 1; break;
        case 13: box.stages[1].n_reducers = GC_MAX_STAGE_NODES + 1; break;
        case 14: box.stages[1].reducers[0] = 99; break;
        case 15: box.stages[1].n_nodes = box.stages[1].n_below = GC_MAX_STAGE_NODES + 1; break;
        case 16: box.nodes[1].n_shape = GC_MAX_FIELDS + 1; break;
        case 17: box.stages[2].source = 2; break;
        case 18: box.stages[2].n_nodes = box.stages[2].n_below = 0; break;
        default: box.stages[1].source = 2; break;
        }
        rig_submit(&rig, 1, &box, false);
        expect_error(&rig, CLIENT, GC_ERR_INVALID);
    }
    rig_end(&rig);
}
END_TEST

START_TEST(every_short_pool_of_memory_is_busy_and_gives_back)
{
    static struct rig_plan box;
    static struct gc_field shape[GC_MAX_FIELDS];
    static uint8_t name[GC_MAX_NAME];
    rig_plan(&box, (struct rig_shape){.source = true, .nodes = 64, .reducers = 4});
    for (uint32_t i = 0; i < GC_MAX_FIELDS; i++)
        shape[i].name = gc_bytes_of(name, sizeof name);
    box.stages[1].retries = box.stages[1].suspicions = GC_UNSET;
    /* From too little for anything to enough: wherever it ends, all of it comes back. */
    for (uint32_t fields = 0; fields < GC_MAX_FIELDS; fields += 3) {
        for (uint32_t i = 0; i < box.plan.n_nodes; i++) {
            box.nodes[i].shape = shape;
            box.nodes[i].n_shape = fields;
            box.nodes[i].op = gc_bytes_of(name, 1 + fields);
        }
        for (uint32_t pages = 1; pages < 16; pages += 2) {
            rig_make(&rig, (struct gc_core_config){.pages = pages}, false);
            rig_submit(&rig, 1, &box, false);
            const struct gc_effect *first = rig_next(&rig);
            if (first->kind == GC_FX_SEND)
                ck_assert_uint_eq(first->as.msg.as.error.code, GC_ERR_BUSY);
            rig_skip(&rig);
            rig_end(&rig);
        }
    }
}
END_TEST

/* Many leases: more than a step asks back, cancels, or forgets. */
static void crowd(uint32_t *ret_leases)
{
    struct rig_lease list =
        begin((struct gc_core_config){0}, 100, (struct rig_shape){.source = true, .nodes = 64, .retries = 5});
    rig_pages(&rig, 1, &list, 0, 1, 400, true, true);
    *ret_leases = 0;
    do {
        for (const struct gc_effect *e; (e = rig_next(&rig)) != NULL;)
            *ret_leases += e->kind == GC_FX_SEND && e->as.msg.type == GC_MSG_LEASE;
        if (gc_core_deadline(rig.core) > rig.now)
            break;
        rig_wait(&rig, 0);
    } while (true);
}

static uint32_t count_of(enum gc_msg_type type)
{
    uint32_t n = 0;
    do {
        for (const struct gc_effect *e; (e = rig_next(&rig)) != NULL;)
            n += e->kind == GC_FX_SEND && e->as.msg.type == type;
        if (gc_core_deadline(rig.core) > rig.now)
            return n;
        rig_wait(&rig, 0);
    } while (true);
}

START_TEST(many_leases_are_asked_back_and_cancelled_some_a_step)
{
    uint32_t leases;
    crowd(&leases);
    ck_assert_uint_eq(leases, 200);
    rig_control(&rig, 1, GC_ACTION_PAUSE);
    ck_assert_uint_eq(count_of(GC_MSG_RECALL), 200);
    rig_control(&rig, 1, GC_ACTION_RESUME);
    rig_skip(&rig);
    rig_control(&rig, 1, GC_ACTION_PAUSE); /* and changes its mind before the asking is through */
    rig_skip(&rig);
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    ck_assert_uint_eq(count_of(GC_MSG_CANCEL), 200);
    rig_end(&rig);
}
END_TEST

START_TEST(a_pause_that_is_taken_back_stops_asking)
{
    uint32_t leases;
    crowd(&leases);
    rig_control(&rig, 1, GC_ACTION_PAUSE);
    rig_skip(&rig);
    rig_control(&rig, 1, GC_ACTION_RESUME);
    ck_assert_uint_lt(count_of(GC_MSG_RECALL), 100);
    rig_control(&rig, 1, GC_ACTION_PAUSE);
    rig_skip(&rig);
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    count_of(GC_MSG_CANCEL);
    ck_assert_uint_eq(gc_core_live_runs(rig.core), 0);
    rig_end(&rig);
}
END_TEST

START_TEST(many_waiting_items_wake_some_a_step_and_are_forgotten_some_a_step)
{
    uint32_t leases;
    crowd(&leases);
    struct rig_lease lease = {.id = UINT64_C(1) << 40 | 2, .run_no = 1, .stage = 1, .kind = GC_LEASE_ITEMS};
    for (uint64_t item = 0; item < 300; item++, lease.id++) {
        rig_fault(&rig, 1, &lease, item, GC_UNSET, GC_CAUSE_INFRA);
        rig_skip(&rig);
    }
    ck_assert_uint_gt(count_of(GC_MSG_NONE) + 1, 0);
    rig_wait(&rig, GC_BACKOFF_NS);
    ck_assert_uint_eq(gc_core_deadline(rig.core), rig.now);
    count_of(GC_MSG_LEASE);
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    ck_assert_uint_eq(count_of(GC_MSG_CANCEL), 200);
    rig_end(&rig);
}
END_TEST

START_TEST(rounds_of_many_runs_take_several_steps)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    for (uint64_t i = 1; i <= 40; i++) {
        rig_run(&rig, i, PLAIN);
        rig_show(&rig, CLIENT, i, true);
        expect_send(&rig, CLIENT, GC_MSG_RUN_INFO);
    }
    rig_join(&rig, 1, 40); /* all begin at once */
    ck_assert_uint_eq(count_of(GC_MSG_RUN_INFO), 40);
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
    ck_assert_str_eq((char *)memcpy(calloc(1, 600), end->text.ptr, end->text.len),
                     "source 'photos' has listed no item");
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
    ck_assert_str_eq((char *)memcpy(calloc(1, 600), end->text.ptr, end->text.len),
                     "node 'a' failed: truncated");
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

START_TEST(a_full_disk_grants_and_admits_nothing)
{
    static struct rig_plan box;
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_run(&rig, 1, PLAIN);
    rig_step(&rig, (struct gc_event){.kind = GC_EV_STORE, .as.store.full = true});
    rig_join(&rig, 1, 1);
    rig_plan(&box, PLAIN);
    rig_submit(&rig, 2, &box, false);
    expect_error(&rig, CLIENT, GC_ERR_FULL);
    rig_step(&rig, (struct gc_event){.kind = GC_EV_STORE});
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_lease(&rig, 1);
    rig_end(&rig);
}
END_TEST

START_TEST(a_draining_core_grants_nothing)
{
    static struct rig_plan box;
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_run(&rig, 1, PLAIN);
    rig_step(&rig, (struct gc_event){.kind = GC_EV_DRAIN});
    rig_join(&rig, 1, 1);
    rig_plan(&box, PLAIN);
    rig_submit(&rig, 2, &box, false);
    expect_error(&rig, CLIENT, GC_ERR_BUSY);
    rig_end(&rig);
}
END_TEST

START_TEST(before_it_is_open_a_core_is_busy)
{
    static struct rig_plan box;
    rig_make(&rig, (struct gc_core_config){0}, true);
    rig_show(&rig, CLIENT, 1, false);
    expect_error(&rig, CLIENT, GC_ERR_BUSY);
    rig_plan(&box, PLAIN);
    rig_submit(&rig, 2, &box, false);
    expect_error(&rig, CLIENT, GC_ERR_BUSY);
    ck_assert_uint_eq(gc_core_deadline(rig.core), UINT64_MAX);
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

START_TEST(many_watchers_take_several_steps)
{
    rig_make(&rig, (struct gc_core_config){.watchers = 100}, false);
    rig_run(&rig, 1, PLAIN);
    for (uint64_t i = 0; i < 100; i++) {
        rig_show(&rig, CLIENT + 1 + i, 1, true);
        expect_send(&rig, CLIENT + 1 + i, GC_MSG_RUN_INFO);
    }
    rig_show(&rig, CLIENT + 500, 1, true);
    expect_error(&rig, CLIENT + 500, GC_ERR_BUSY);
    rig_step(&rig, (struct gc_event){.kind = GC_EV_PEER_GONE, .peer = CLIENT + 3});
    struct gc_msg bye = {.type = GC_MSG_BYE};
    rig_message(&rig, CLIENT + 4, &bye);
    expect_send(&rig, CLIENT + 4, GC_MSG_OK);
    rig_control(&rig, 1, GC_ACTION_PAUSE);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    for (int i = 0; i < 64; i++)
        ck_assert_int_eq(rig_next(&rig)->as.msg.type, GC_MSG_RUN_INFO);
    ck_assert_uint_eq(gc_core_deadline(rig.core), rig.now);
    rig_control(&rig, 1,
                GC_ACTION_CANCEL); /* everybody is told of the end, also those who were told of the pause */
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    int told = 0;
    while (rig.seen < rig.effects.n || gc_core_deadline(rig.core) <= rig.now) {
        const struct gc_effect *e = rig_next(&rig);
        if (!e) {
            rig_wait(&rig, 0);
            continue;
        }
        ck_assert_int_eq(e->as.msg.type, GC_MSG_RUN_INFO);
        ck_assert_uint_eq(e->as.msg.as.run_info.state, GC_RUN_CANCELLED);
        told++;
    }
    ck_assert_int_eq(told, 98);
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

START_TEST(messages_of_the_wrong_role_or_kind_change_nothing)
{
    struct rig_lease lease = listed(1, 1);
    struct gc_msg beat = {.type = GC_MSG_BEAT};
    rig_message(&rig, 77, &beat);
    expect_send(&rig, 77, GC_MSG_WHO);
    rig_show(&rig, 1, 1, false);
    expect_error(&rig, 1, GC_ERR_DENIED);
    struct gc_msg get = {.type = GC_MSG_GET};
    rig_message(&rig, 1, &get);
    expect_error(&rig, 1, GC_ERR_UNSUPPORTED);
    struct gc_msg hello = {.type = GC_MSG_HELLO};
    hello.as.hello.role = GC_ROLE_CLIENT;
    rig_message(&rig, 1, &hello);
    expect_error(&rig, 1, GC_ERR_DENIED);
    rig_message(&rig, 77, &hello);
    expect_send(&rig, 77, GC_MSG_WELCOME);
    struct gc_msg result =
        rig_result_msg(&rig, &lease, (struct rig_result){.count = 1, .nodes = 2, .outcome = GC_OUTCOME_DONE});
    result.as.result.values++;
    rig_message(&rig, 1, &result);
    expect_error(&rig, 1, GC_ERR_MALFORMED);
    rig_end(&rig);
}
END_TEST

START_TEST(a_core_wants_its_arena)
{
    struct gc_core_config config = {.term = 1,
                                    .runs = 1,
                                    .workers = 1,
                                    .leases = 1,
                                    .odd = 1,
                                    .spans = 1,
                                    .watchers = 1,
                                    .blocks = 1,
                                    .pages = 1,
                                    .deltas = 1};
    size_t size = gc_core_size(&config);
    void *memory = malloc(size);
    struct gc_core *core;
    struct gc_arena arena;
    /* All but the last some hundred kilobytes is the list of effects and its scratch: at every size beyond, one more pool fits. */
    for (size_t room = 0; room < size; room += room + 200000 < size ? 100000 : 48) {
        gc_arena_init(&arena, memory, room);
        enum gc_err err = gc_core_init(&arena, &config, &core);
        ck_assert(err == GC_OK || err == GC_ERR_NOMEM);
    }
    gc_arena_init(&arena, memory, sizeof(void *));
    ck_assert_int_eq(gc_core_init(&arena, &config, &core), GC_ERR_NOMEM);
    gc_arena_init(&arena, memory, size);
    ck_assert_int_eq(gc_core_init(&arena, &config, &core), GC_OK);
    free(memory);
}
END_TEST

GC_SUITE("core run", GC_TEST(submit_list_lease_result_end), GC_TEST(a_submit_is_idempotent),
         GC_TEST(a_full_core_answers_busy), GC_TEST(memory_for_a_plan_can_be_short),
         GC_TEST(a_plan_that_contradicts_itself_is_refused),
         GC_TEST(every_short_pool_of_memory_is_busy_and_gives_back),
         GC_TEST(many_leases_are_asked_back_and_cancelled_some_a_step),
         GC_TEST(a_pause_that_is_taken_back_stops_asking),
         GC_TEST(many_waiting_items_wake_some_a_step_and_are_forgotten_some_a_step),
         GC_TEST(rounds_of_many_runs_take_several_steps), GC_TEST(credit_is_two_leases_a_slot),
         GC_TEST(leases_grow_eightfold_to_the_target_and_shrink_at_the_tail), GC_TEST(the_tail_is_cut_fine),
         GC_TEST(a_page_never_straddles_a_lease), GC_TEST(listing_stays_ahead_and_no_further),
         GC_TEST(a_run_without_items_completes_with_a_warning), GC_TEST(a_single_run_stage_is_one_task),
         GC_TEST(cancel_counts_the_rest_as_skipped_and_refuses_what_comes_late),
         GC_TEST(pause_recalls_and_resume_goes_on), GC_TEST(a_run_may_start_paused_and_end_while_paused),
         GC_TEST(failed_items_make_a_run_partial), GC_TEST(max_bad_as_a_number_is_judged_at_once),
         GC_TEST(max_bad_as_a_share_is_judged_when_all_is_listed), GC_TEST(a_share_within_bounds_passes),
         GC_TEST(a_full_disk_grants_and_admits_nothing), GC_TEST(a_draining_core_grants_nothing),
         GC_TEST(before_it_is_open_a_core_is_busy),
         GC_TEST(watchers_are_told_at_a_pace_and_of_the_end_at_once),
         GC_TEST(many_watchers_take_several_steps), GC_TEST(a_peer_may_watch_several_runs),
         GC_TEST(messages_of_the_wrong_role_or_kind_change_nothing), GC_TEST(a_core_wants_its_arena))
