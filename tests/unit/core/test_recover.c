/* test_recover.c - a second core made of the commits of the first: it answers as the first did, waits for those who may still
 * hold something, adopts what they name, and goes on. */
#include <string.h>

#include "rig.h"
#include "tests/unit/suite.h"

static struct rig rig;
static struct rig second;
static const struct rig_shape SUM = {.source = true, .nodes = 3, .reducers = 1, .retries = 1};

static struct rig_lease leases[8]; /* still out when the first core dies */
static uint32_t n_leases;

static void skip(struct rig *r)
{
    const struct gc_effect *e;
    while ((e = rig_next(r)) != NULL) {
        if (e->kind == GC_FX_SEND && e->as.msg.type == GC_MSG_LEASE)
            leases[n_leases++ % 8] = rig_lease_of(&e->as.msg);
    }
}

/* Twenty items in two pages of ten. 0 and 1 are done; 2 has crashed once and 3 has lost a node; both are leased again. */
static void live(void)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig.log = rig_log_new();
    n_leases = 0;
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, SUM);
    skip(&rig);
    struct rig_lease list = leases[0];
    n_leases = 0;
    rig_pages(&rig, 1, &list, 0, 2, 10, true, true);
    skip(&rig);
    rig_result(&rig, 1, &leases[0],
               (struct rig_result){
                   .count = 1, .nodes = 3, .reducers = 1, .outcome = GC_OUTCOME_DONE, .busy_ns = GC_S});
    skip(&rig);
    rig_result(&rig, 1, &leases[1],
               (struct rig_result){.first = 1,
                                   .count = 1,
                                   .nodes = 3,
                                   .reducers = 1,
                                   .outcome = GC_OUTCOME_FAILED,
                                   .busy_ns = GC_S});
    skip(&rig);
    rig_fault(&rig, 1, &leases[2], 2, 1, GC_CAUSE_CRASH);
    skip(&rig);
    rig_fault(&rig, 1, &leases[3], 3, 2, GC_CAUSE_BAD_INPUT);
    skip(&rig);
}

static void reborn(struct gc_core_config config)
{
    config.term = 2;
    rig_make(&second, config, true);
    second.now = rig.now;
    rig_log_replay(rig.log, &second);
}

static void same(uint64_t run)
{
    struct gc_msg_run_info a = rig_info(&rig, run);
    struct gc_node_info nodes[8];
    for (uint32_t i = 0; i < a.n_nodes; i++)
        nodes[i] = rig_node(&rig, run, i);
    struct gc_msg_run_info b = rig_info(&second, run);
    ck_assert_uint_eq(a.run_no, b.run_no);
    ck_assert_uint_eq(a.state, b.state);
    ck_assert_uint_eq(a.created_ns, b.created_ns);
    ck_assert_uint_eq(a.started_ns, b.started_ns);
    ck_assert_uint_eq(a.pixels, b.pixels);
    ck_assert_uint_eq(a.n_nodes, b.n_nodes);
    ck_assert_uint_eq(a.n_sources, b.n_sources);
    ck_assert_uint_eq(a.sources[0].items, b.sources[0].items);
    ck_assert_uint_eq(a.sources[0].left_out, b.sources[0].left_out);
    ck_assert(gc_bytes_equal(a.sources[0].note, b.sources[0].note));
    for (uint32_t i = 0; i < a.n_nodes; i++) {
        struct gc_node_info node = rig_node(&second, run, i);
        ck_assert(gc_bytes_equal(node.id, nodes[i].id));
        ck_assert_uint_eq(node.total, nodes[i].total);
        ck_assert_uint_eq(node.total_known, nodes[i].total_known);
        ck_assert_uint_eq(node.done, nodes[i].done);
        ck_assert_uint_eq(node.failed, nodes[i].failed);
        ck_assert_uint_eq(node.skipped, nodes[i].skipped);
        ck_assert_uint_eq(node.busy_ns, nodes[i].busy_ns);
    }
}

START_TEST(the_second_core_knows_what_the_first_knew)
{
    live();
    reborn((struct gc_core_config){0});
    rig_open(&second);
    rig_settle(&second);
    same(1);
    ck_assert_uint_eq(gc_core_live_runs(second.core), 1);
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

START_TEST(without_the_worker_the_grace_ends_by_time)
{
    live();
    reborn((struct gc_core_config){0});
    rig_open(&second);
    rig_settle(&second);
    ck_assert_uint_eq(gc_core_deadline(second.core), second.now + GC_GRACE_NS);
    second.now += GC_GRACE_NS - GC_MS;
    rig_join(&second, 2, 1);
    expect_none(&second);
    n_leases = 0;
    rig_wait(&second, GC_MS);
    skip(&second);
    ck_assert_uint_eq(n_leases, 2);
    ck_assert_uint_eq(leases[0].id >> 40, 2);
    ck_assert_uint_eq(leases[0].first, 2);
    ck_assert_uint_eq(leases[0].attempt, 1);
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

START_TEST(items_above_the_frontier_do_not_wait)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig.log = rig_log_new();
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, SUM);
    n_leases = 0;
    skip(&rig);
    struct rig_lease list = leases[0];
    rig_pages(&rig, 1, &list, 0, 4, 4096, true, true);
    skip(&rig);
    reborn((struct gc_core_config){0});
    rig_open(&second);
    rig_join(&second, 2, 1);
    n_leases = 0;
    skip(&second);
    ck_assert_uint_eq(n_leases, 2);
    ck_assert_uint_ge(leases[0].first, 8192);
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

/* One commit of the given kind, as a disk could have it. */
static void feed(struct gc_commit commit)
{
    rig_step(&second, (struct gc_event){.kind = GC_EV_RECOVER, .as.recover = &commit});
    expect_none(&second);
}

START_TEST(nonsense_from_the_disk_is_left_out)
{
    static struct rig_plan box;
    live();
    reborn((struct gc_core_config){0});
    feed((struct gc_commit){.kind = GC_COMMIT_NONE});
    feed((struct gc_commit){.kind = GC_COMMIT_RUN_STATE, .as.run_state = {.run_no = 7}});
    feed((struct gc_commit){.kind = GC_COMMIT_RUN_STATE, .as.run_state = {.run_no = 1, .state = 99}});
    feed((struct gc_commit){.kind = GC_COMMIT_PAGES, .as.pages = {.run_no = 1, .stage = 1}});
    feed((struct gc_commit){.kind = GC_COMMIT_PAGES, .as.pages = {.run_no = 2, .stage = 0}});
    feed((struct gc_commit){.kind = GC_COMMIT_BATCH, .as.batch = {.run_no = 1, .stage = 1, .count = 1}});
    feed((struct gc_commit){.kind = GC_COMMIT_BATCH, .as.batch = {.run_no = 1, .stage = 77, .count = 1}});
    feed((struct gc_commit){.kind = GC_COMMIT_BATCH,
                            .as.batch = {.run_no = 1, .stage = 1, .first = UINT64_MAX, .count = 1}});
    feed((struct gc_commit){.kind = GC_COMMIT_BATCH,
                            .as.batch = {.run_no = 1, .stage = 1, .first = GC_MAX_ITEMS, .count = 1}});
    feed((struct gc_commit){.kind = GC_COMMIT_MERGED, .as.merged = {.run_no = 1, .stage = 1}});
    feed((struct gc_commit){.kind = GC_COMMIT_MERGED, .as.merged = {.run_no = 9, .stage = 2}});
    feed((struct gc_commit){.kind = GC_COMMIT_MERGED,
                            .as.merged = {.run_no = 1, .stage = 2, .output = {.id = 0, .stage = 2}}});
    feed((struct gc_commit){.kind = GC_COMMIT_MERGED,
                            .as.merged = {.run_no = 1, .stage = 2, .output = {.id = 5, .stage = 99}}});
    feed((struct gc_commit){.kind = GC_COMMIT_MERGED,
                            .as.merged = {.run_no = 1,
                                          .stage = 2,
                                          .n_inputs = 1,
                                          .inputs = (uint64_t[]){999},
                                          .output = {.id = 5, .stage = 1}}});
    feed((struct gc_commit){.kind = GC_COMMIT_ODD, .as.odd = {.run_no = 1, .stage = 1, .item = 4000}});
    feed((struct gc_commit){.kind = GC_COMMIT_ODD, .as.odd = {.run_no = 5, .stage = 1}});
    feed((struct gc_commit){.kind = GC_COMMIT_FRONTIER,
                            .as.frontier = {.run_no = 1, .stage = 0, .frontier = 5}});
    feed((struct gc_commit){.kind = GC_COMMIT_FRONTIER,
                            .as.frontier = {.run_no = 8, .stage = 1, .frontier = 5}});
    rig_plan(&box, SUM);
    feed((struct gc_commit){
        .kind = GC_COMMIT_RUN,
        .as.run = {
            .run_no = 30, .run = rig_id(30), .state = GC_RUN_COMPLETED, .job = &box.job, .plan = &box.plan}});
    feed((struct gc_commit){
        .kind = GC_COMMIT_RUN,
        .as.run = {
            .run_no = 31, .run = rig_id(31), .state = GC_RUN_STATES, .job = &box.job, .plan = &box.plan}});
    feed((struct gc_commit){
        .kind = GC_COMMIT_RUN,
        .as.run = {
            .run_no = 1, .run = rig_id(30), .state = GC_RUN_RUNNING, .job = &box.job, .plan = &box.plan}});
    feed((struct gc_commit){
        .kind = GC_COMMIT_ODD,
        .as.odd = {
            .run_no = 1, .stage = 1, .item = 5, .n_given = 1, .given = &(struct gc_given){.node = 44}}});
    rig_open(&second);
    rig_settle(&second);
    same(1);
    feed((struct gc_commit){.kind = GC_COMMIT_FRONTIER}); /* too late */
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

static void stuck(struct gc_core_config config)
{
    reborn(config);
    rig_open(&second);
    struct gc_msg_run_info info = rig_info(&second, 1);
    ck_assert_uint_gt(info.text.len, 0);
    rig_join(&second, 1, 1);
    rig_wait(&second, GC_GRACE_NS);
    rig_settle(&second);
    rig_end(&second);
}

START_TEST(a_run_that_does_not_fit_is_shown_and_not_run)
{
    live();
    stuck((struct gc_core_config){.blocks = 3});
    stuck((struct gc_core_config){.blocks = 2});
    stuck((struct gc_core_config){.odd = 1});
    stuck((struct gc_core_config){.deltas = 1});
    reborn((struct gc_core_config){0});
    feed((struct gc_commit){.kind = GC_COMMIT_PAGES, .as.pages = {.run_no = 1, .stage = 0, .index = 9}});
    feed((struct gc_commit){.kind = GC_COMMIT_ODD,
                            .as.odd = {.run_no = 1, .stage = 1, .item = 0}}); /* it has ended */
    rig_open(&second);
    ck_assert_uint_gt(rig_info(&second, 1).text.len, 0);
    rig_log_free(rig.log);
    rig_end(&second);
    rig_end(&rig);
}
END_TEST

/* Drives run 1 of the rig to its end with worker 1 alone. */
static void finish_run(struct rig *r)
{
    struct rig_lease held[32];
    uint32_t n = 0;
    for (int i = 0; i < 400 && gc_core_live_runs(r->core) > 0; i++) {
        const struct gc_effect *e;
        while ((e = rig_next(r)) != NULL) {
            if (e->kind == GC_FX_SEND && e->as.msg.type == GC_MSG_LEASE)
                held[n++] = rig_lease_of(&e->as.msg);
        }
        if (n == 0) {
            rig_wait(r, 0);
            continue;
        }
        struct rig_lease lease = held[--n];
        uint8_t pattern[3] = {GC_OUTCOME_DONE, GC_OUTCOME_DONE, GC_OUTCOME_DONE};
        for (uint32_t k = 0; k < lease.n_given; k++)
            pattern[lease.given[k].node] = GC_OUTCOME_FAILED;
        if (lease.kind == GC_LEASE_FINISH)
            rig_finished(r, 3, &lease, GC_OUTCOME_DONE);
        else
            rig_result(r, 3, &lease,
                       (struct rig_result){.first = lease.first,
                                           .count = lease.count,
                                           .nodes = 3,
                                           .reducers = 1,
                                           .pattern = pattern});
    }
    rig_skip(r);
    ck_assert_uint_eq(gc_core_live_runs(r->core), 0);
}

START_TEST(the_second_core_ends_what_the_first_began)
{
    live();
    reborn((struct gc_core_config){0});
    second.log = rig.log;
    rig_open(&second);
    rig_wait(&second, GC_GRACE_NS);
    rig_settle(&second);
    rig_hello(&second, 3, 3, 3, 1, (struct rig_held){0});
    finish_run(&second);
    rig_end(&second);
    /* All of it once more, ended run and all: nothing is left of it. */
    rig.log = second.log;
    reborn((struct gc_core_config){.runs = 1});
    rig_open(&second);
    ck_assert_uint_eq(gc_core_live_runs(second.core), 0);
    rig_run(&second, 2, SUM);
    rig_log_free(rig.log);
    rig_end(&second);
    rig_end(&rig);
}
END_TEST

START_TEST(a_run_whose_end_was_not_committed_ends)
{
    uint8_t done[] = {1, 1, 1, 1, 1, 0, 0};
    static struct rig_plan box;
    rig_plan(&box, (struct rig_shape){.nodes = 1});
    rig_make(&second, (struct gc_core_config){.term = 3}, true);
    feed((struct gc_commit){.kind = GC_COMMIT_RUN,
                            .as.run = {.run_no = 4, .run = rig_id(4), .job = &box.job, .plan = &box.plan}});
    feed((struct gc_commit){
        .kind = GC_COMMIT_BATCH,
        .as.batch = {.run_no = 4, .stage = 0, .count = 1, .status = gc_bytes_of(done, sizeof done)}});
    rig_open(&second);
    ck_assert_uint_eq(expect_commit(&second, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_RUNNING);
    ck_assert_uint_eq(expect_commit(&second, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_COMPLETED);
    rig_settle(&second);
    rig_end(&second);
}
END_TEST

START_TEST(a_source_that_had_failed_stays_failed)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig.log = rig_log_new();
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, SUM);
    n_leases = 0;
    skip(&rig);
    rig_fault(&rig, 1, &leases[0], 0, 0, GC_CAUSE_MISSING);
    /* Without its last commit, the end of the run. */
    struct rig_log *log = rig_log_new();
    const struct gc_effect *e;
    static struct rig_plan box;
    rig_plan(&box, SUM);
    struct gc_commit run = {.kind = GC_COMMIT_RUN,
                            .as.run = {.run_no = 1, .run = rig_id(1), .job = &box.job, .plan = &box.plan}};
    rig_log_add(log, &run);
    while ((e = rig_next(&rig)) != NULL) {
        if (e->kind == GC_FX_COMMIT && e->as.commit.kind == GC_COMMIT_BATCH)
            rig_log_add(log, &e->as.commit);
    }
    rig_log_free(rig.log);
    rig.log = log;
    reborn((struct gc_core_config){0});
    rig_open(&second);
    expect_commit(&second, GC_COMMIT_RUN_STATE);
    const struct gc_commit_run_state *end = &expect_commit(&second, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_FAILED);
    ck_assert_uint_eq(end->nodes[0].failed, 1);
    rig_settle(&second);
    rig_log_free(rig.log);
    rig_end(&second);
    rig_end(&rig);
}
END_TEST

START_TEST(more_workers_than_fit_are_waited_for_by_time)
{
    rig_make(&second, (struct gc_core_config){.workers = 1}, true);
    for (uint64_t i = 1; i <= 3; i++)
        feed((struct gc_commit){.kind = GC_COMMIT_WORKER, .as.worker = {.worker = rig_id(i), .holds = true}});
    feed((struct gc_commit){.kind = GC_COMMIT_WORKER, .as.worker = {.worker = rig_id(1), .holds = false}});
    rig_open(&second);
    ck_assert_uint_eq(gc_core_deadline(second.core), second.now + GC_GRACE_NS);
    rig_wait(&second, GC_GRACE_NS);
    ck_assert_uint_eq(gc_core_deadline(second.core), UINT64_MAX);
    rig_end(&second);
}
END_TEST

/* Run 1 of that shape, as it was accepted. */
static void feed_run(struct rig_plan *box, uint64_t run_no, struct rig_shape shape)
{
    rig_plan(box, shape);
    feed((struct gc_commit){
        .kind = GC_COMMIT_RUN,
        .as.run = {.run_no = run_no, .run = rig_id(run_no), .job = &box->job, .plan = &box->plan}});
}

START_TEST(more_runs_than_a_step_settles_all_go_on)
{
    enum { RUNS = 40 };
    static struct rig_plan box;
    rig_make(&second, (struct gc_core_config){.term = 3}, true);
    for (uint64_t run = 1; run <= RUNS; run++)
        feed_run(&box, run, (struct rig_shape){.nodes = 1});
    rig_open(&second);
    ck_assert_uint_eq(gc_core_deadline(second.core), second.now);
    rig_settle(&second);
    rig_join(&second, 1, RUNS);
    uint64_t seen = 0;
    for (const struct gc_effect *e; (e = rig_next(&second)) != NULL;) {
        if (e->kind == GC_FX_SEND && e->as.msg.type == GC_MSG_LEASE)
            seen |= UINT64_C(1) << e->as.msg.as.lease.run_no;
    }
    ck_assert_uint_eq(seen, (UINT64_C(2) << RUNS) - 2);
    rig_end(&second);
}
END_TEST

START_TEST(a_reducer_that_had_finished_does_not_finish_again)
{
    uint8_t done[] = {1, 1, 1, 1, 1, 0, 0}; /* one item, one node: done */
    static struct rig_plan box;
    rig_make(&second, (struct gc_core_config){.term = 3}, true);
    feed_run(&box, 4, (struct rig_shape){.nodes = 1, .reducers = 1});
    for (uint64_t stage = 0; stage < 2; stage++)
        feed((struct gc_commit){
            .kind = GC_COMMIT_BATCH,
            .as.batch = {.run_no = 4, .stage = stage, .count = 1, .status = gc_bytes_of(done, sizeof done)}});
    rig_open(&second);
    ck_assert_uint_eq(expect_commit(&second, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_RUNNING);
    const struct gc_commit_run_state *end = &expect_commit(&second, GC_COMMIT_RUN_STATE)->as.run_state;
    ck_assert_uint_eq(end->state, GC_RUN_COMPLETED);
    ck_assert_uint_eq(end->nodes[1].done, 1);
    rig_settle(&second);
    rig_end(&second);
}
END_TEST

/* The store gives back states by their use, not by their number: a new one has a number above all of them. */
START_TEST(states_come_back_in_any_order_and_a_batch_once)
{
    uint8_t done[] = {1, 1, 1, 1, 1, 0, 0};
    static struct rig_plan box;
    rig_make(&second, (struct gc_core_config){.term = 3}, true);
    feed_run(&box, 4, (struct rig_shape){.nodes = 1, .reducers = 1});
    struct gc_commit_delta deltas[] = {{.id = 9, .stage = 1, .items = 1}, {.id = 3, .stage = 1, .items = 1}};
    struct gc_commit batch = {.kind = GC_COMMIT_BATCH,
                              .as.batch = {.run_no = 4,
                                           .count = 1,
                                           .status = gc_bytes_of(done, sizeof done),
                                           .n_deltas = 2,
                                           .deltas = deltas}};
    feed(batch);
    batch.as.batch.n_deltas = 0;
    feed(batch); /* a range that has ended ends no second time */
    rig_open(&second);
    rig_settle(&second);
    rig_join(&second, 1, 1);
    expect_commit(&second, GC_COMMIT_WORKER);
    expect_commit(&second, GC_COMMIT_RUN_STATE);
    struct rig_lease finish = expect_lease(&second, 1);
    ck_assert_uint_eq(finish.kind, GC_LEASE_FINISH);
    ck_assert_uint_eq(finish.n_deltas, 2);
    rig_finished(&second, 1, &finish, GC_OUTCOME_DONE);
    ck_assert_uint_eq(expect_commit(&second, GC_COMMIT_MERGED)->as.merged.output.id, 10);
    rig_skip(&second);
    rig_end(&second);
}
END_TEST

START_TEST(what_a_run_said_is_said_again)
{
    static const char why[] = "the first one says why";
    static struct rig_plan box;
    rig_make(&second, (struct gc_core_config){.term = 3}, true);
    feed_run(&box, 4, (struct rig_shape){.nodes = 1});
    feed((struct gc_commit){.kind = GC_COMMIT_RUN_STATE,
                            .as.run_state = {.run_no = 4,
                                             .state = GC_RUN_PAUSED,
                                             .text = gc_bytes_of(why, sizeof why - 1),
                                             .pixels = 70,
                                             .refused = 6}});
    rig_open(&second);
    struct gc_msg_run_info info = rig_info(&second, 4);
    ck_assert_uint_eq(info.state, GC_RUN_PAUSED);
    ck_assert_uint_eq(info.pixels, 70);
    ck_assert_uint_eq(info.refused, 6);
    expect_text(info.text, why);
    rig_end(&second);
}
END_TEST

START_TEST(a_history_without_room_for_its_nodes_stops_the_run)
{
    static struct rig_plan box;
    static struct gc_page page = {.count = 5, .bytes = 1};
    struct gc_given given[] = {{.node = 0, .cause = GC_CAUSE_CRASH, .attempts = 1},
                               {.node = 1, .cause = GC_CAUSE_DAMAGED, .attempts = 1}};
    rig_make(&second, (struct gc_core_config){.term = 3, .odd = 1}, true);
    feed_run(&box, 4, (struct rig_shape){.source = true, .nodes = 3});
    feed((struct gc_commit){.kind = GC_COMMIT_PAGES,
                            .as.pages = {.run_no = 4, .n_pages = 1, .pages = &page, .ended = true}});
    feed((struct gc_commit){.kind = GC_COMMIT_ODD,
                            .as.odd = {.run_no = 4, .stage = 1, .item = 2, .n_given = 2, .given = given}});
    rig_open(&second);
    rig_settle(&second);
    ck_assert_uint_gt(rig_info(&second, 4).text.len, 0);
    rig_join(&second, 1, 1);
    rig_wait(&second, GC_GRACE_NS);
    rig_settle(&second); /* it is granted nothing */
    rig_end(&second);
}
END_TEST

GC_SUITE("core recover", GC_TEST(the_second_core_knows_what_the_first_knew),
         GC_TEST(without_the_worker_the_grace_ends_by_time), GC_TEST(items_above_the_frontier_do_not_wait),
         GC_TEST(nonsense_from_the_disk_is_left_out), GC_TEST(a_run_that_does_not_fit_is_shown_and_not_run),
         GC_TEST(the_second_core_ends_what_the_first_began), GC_TEST(a_run_whose_end_was_not_committed_ends),
         GC_TEST(a_source_that_had_failed_stays_failed),
         GC_TEST(more_workers_than_fit_are_waited_for_by_time),
         GC_TEST(more_runs_than_a_step_settles_all_go_on),
         GC_TEST(a_reducer_that_had_finished_does_not_finish_again),
         GC_TEST(states_come_back_in_any_order_and_a_batch_once), GC_TEST(what_a_run_said_is_said_again),
         GC_TEST(a_history_without_room_for_its_nodes_stops_the_run))
