/* test_life.c - workers that come, beat, fall silent, come back, drain; what becomes of their leases. */
#include <string.h>

#include "rig.h"
#include "tests/unit/suite.h"

static struct rig rig;
static const struct rig_shape PLAIN = {.source = true, .nodes = 1, .retries = 1, .suspicions = 2};

/* Run 1 with `items` in one page is listed by worker 9, which has left again: nothing is leased. */
static void ready(struct gc_core_config config, struct rig_shape shape, uint64_t items)
{
    rig_make(&rig, config, false);
    rig_run(&rig, 1, shape);
    rig_join(&rig, 9, 1);
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    struct rig_lease list = expect_lease(&rig, 9);
    struct gc_msg bye = {.type = GC_MSG_BYE};
    rig_message(&rig, 9, &bye);
    expect_send(&rig, 9, GC_MSG_OK);
    ck_assert_uint_eq(expect_send(&rig, 9, GC_MSG_RECALL)->as.recall.lease, list.id);
    rig_message(&rig, 9, &bye);
    expect_send(&rig, 9, GC_MSG_OK);
    rig_pages(&rig, 9, &list, 0, 1, items, true, true);
    expect_commit(&rig, GC_COMMIT_PAGES);
    expect_ack(&rig, 9, GC_VERDICT_COMMITTED);
    const struct gc_commit_worker *gone = &expect_commit(&rig, GC_COMMIT_WORKER)->as.worker;
    ck_assert(!gone->holds);
    ck_assert_uint_eq(gc_core_live_workers(rig.core), 0);
    rig_message(&rig, 9, &bye);
    expect_send(&rig, 9, GC_MSG_OK);
}

/* A worker joins and gets the first leases. */
static uint32_t join(gc_peer peer, uint64_t slots, struct rig_lease *leases)
{
    uint32_t n = 0;
    rig_join(&rig, peer, slots);
    while (rig.seen < rig.effects.n) {
        if (rig_is_next(&rig, peer, GC_MSG_LEASE))
            leases[n++] = expect_lease(&rig, peer);
        else
            ck_assert_int_eq(rig_next(&rig)->kind, GC_FX_COMMIT);
    }
    return n;
}

START_TEST(beats_renew_and_silence_loses)
{
    struct rig_lease l[4];
    ready((struct gc_core_config){0}, PLAIN, 10);
    ck_assert_uint_eq(join(1, 1, l), 2);
    uint64_t ids[] = {l[0].id, l[1].id};
    struct gc_running running = {.lease = l[0].id, .item = l[0].first};
    for (int i = 0; i < 10; i++) {
        rig.now += GC_BEAT_NS;
        rig_wait(&rig, 0); /* the shell steps more often than that */
        rig_beat(&rig, 1, ids, 2, &running, 1);
    }
    for (int i = 0; i < 19; i++)
        rig_wait(&rig, GC_S / 2);
    ck_assert_uint_le(gc_core_deadline(rig.core), rig.now + GC_S / 2);
    rig_wait(&rig, GC_S / 2); /* ten seconds of silence */
    const struct gc_commit_odd *odd = &expect_commit(&rig, GC_COMMIT_ODD)->as.odd;
    ck_assert_uint_eq(odd->item, l[0].first);
    ck_assert_uint_eq(odd->suspicions, 1);
    ck_assert_uint_eq(odd->attempts, 0);
    ck_assert(!expect_commit(&rig, GC_COMMIT_WORKER)->as.worker.holds);
    rig_settle(&rig);
    struct gc_msg beat = {.type = GC_MSG_BEAT};
    rig_message(&rig, 1, &beat);
    expect_send(&rig, 1, GC_MSG_WHO);
    ck_assert_uint_eq(join(2, 1, l), 2);
    ck_assert_uint_eq(l[0].first, 0); /* the suspected one, alone */
    ck_assert(l[0].alone);
    ck_assert_uint_eq(l[1].first, 1);
    ck_assert(!l[1].alone);
    /* A second loss is one too many. */
    running = (struct gc_running){.lease = l[0].id, .item = 0};
    rig_beat(&rig, 2, (uint64_t[]){l[0].id, l[1].id}, 2, &running, 1);
    for (int i = 0; i < 19; i++)
        rig_wait(&rig, GC_S / 2);
    rig_wait(&rig, GC_S / 2);
    const struct gc_commit_batch *batch = &expect_commit(&rig, GC_COMMIT_BATCH)->as.batch;
    struct gc_status status;
    struct gc_status_iter it = {0};
    struct gc_status_fault fault;
    ck_assert_int_eq(gc_status_check(batch->status, 1, 1, &status), GC_OK);
    ck_assert(gc_status_fault_next(&status, &it, &fault));
    ck_assert_uint_eq(fault.cause, GC_CAUSE_CRASH);
    ck_assert(gc_bytes_equal(batch->worker, gc_bytes_of("worker", 6)));
    expect_commit(&rig, GC_COMMIT_WORKER);
    ck_assert_uint_eq(rig_node(&rig, 1, 1).failed, 1);
    rig_end(&rig);
}
END_TEST

START_TEST(a_coordinator_that_stood_still_blames_nobody)
{
    struct rig_lease l[4];
    ready((struct gc_core_config){0}, PLAIN, 10);
    join(1, 1, l);
    rig_wait(&rig, 60 * GC_S); /* a laptop's lid */
    rig_beat(&rig, 1, (uint64_t[]){l[0].id, l[1].id}, 2, NULL, 0);
    for (int i = 0; i < 19; i++)
        rig_wait(&rig, GC_S / 2);
    rig_wait(&rig, GC_S / 2);
    expect_commit(&rig, GC_COMMIT_WORKER);
    rig_end(&rig);
}
END_TEST

START_TEST(an_idle_worker_expires_by_time_alone)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 1);
    rig_wait(&rig, GC_LEASE_NS - 1);
    ck_assert_uint_eq(gc_core_live_workers(rig.core), 1);
    rig_wait(&rig, 1);
    ck_assert_uint_eq(gc_core_live_workers(rig.core), 0);
    rig_end(&rig);
}
END_TEST

START_TEST(a_lease_that_never_arrived_goes_to_others_without_blame)
{
    struct rig_lease l[4];
    ready((struct gc_core_config){0}, PLAIN, 2);
    join(1, 1, l);
    uint64_t unknown[] = {l[0].id, 4711};
    rig_beat(&rig, 1, unknown, 2, NULL, 0);
    ck_assert_uint_eq(expect_send(&rig, 1, GC_MSG_CANCEL)->as.cancel.lease, 4711);
    rig_beat(&rig, 1, unknown, 1, NULL, 0);
    struct rig_lease again = expect_lease(&rig, 1);
    ck_assert_uint_eq(again.first, l[1].first);
    ck_assert_uint_eq(again.attempt, 0);
    rig_end(&rig);
}
END_TEST

/* Two processes on copies of one state folder: the later one works, the earlier one is told why it does not. */
START_TEST(a_copy_of_a_worker_displaces_nobody_twice)
{
    ready((struct gc_core_config){0}, PLAIN, 3);
    rig_hello(&rig, 5, 1, 100, 1, (struct rig_held){0});
    rig_skip(&rig);
    rig_hello(&rig, 6, 1, 200, 1, (struct rig_held){0}); /* the copy, or a restart: nobody can tell */
    expect_send(&rig, 6, GC_MSG_WELCOME);
    rig_skip(&rig);
    rig_hello(&rig, 7, 1, 100, 1, (struct rig_held){0});
    expect_error(&rig, 7, GC_ERR_DENIED);
    expect_none(&rig);
    rig_step(&rig, (struct gc_event){.kind = GC_EV_PEER_GONE, .peer = 6});
    rig_hello(&rig, 8, 1, 100, 1, (struct rig_held){0}); /* the later one is gone */
    expect_send(&rig, 8, GC_MSG_WELCOME);
    rig_skip(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_reconnect_keeps_what_it_names)
{
    struct rig_lease l[4];
    ready((struct gc_core_config){0}, PLAIN, 3);
    join(1, 1, l);
    rig_step(&rig, (struct gc_event){.kind = GC_EV_PEER_GONE, .peer = 1});
    struct gc_held held[] = {
        {.term = 1,
         .lease = l[0].id,
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 0,
         .count = 1},
        {.term = 1, .lease = 99, .run_no = 1, .stage = 1, .kind = GC_LEASE_ITEMS, .first = 0, .count = 1},
        {.term = 1,
         .lease = l[0].id,
         .run_no = 1,
         .stage = 0,
         .kind = GC_LEASE_ITEMS,
         .first = 0,
         .count = 1},
    };
    rig_hello(&rig, 11, 1, 1, 1, (struct rig_held){held, 3});
    const struct gc_msg_welcome *welcome = &expect_send(&rig, 11, GC_MSG_WELCOME)->as.welcome;
    ck_assert_uint_eq(welcome->n_verdicts, 3);
    ck_assert_uint_eq(welcome->verdicts[0], GC_VERDICT_KEEP);
    ck_assert_uint_eq(welcome->verdicts[1], GC_VERDICT_CANCEL);
    ck_assert_uint_eq(welcome->verdicts[2], GC_VERDICT_CANCEL);
    ck_assert_uint_eq(expect_lease(&rig, 11).first, 1); /* the other never arrived */
    rig_result(&rig, 11, &l[0], (struct rig_result){.count = 1, .nodes = 1, .outcome = GC_OUTCOME_DONE});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 11, GC_VERDICT_COMMITTED);
    expect_lease(&rig, 11);
    /* A result whose lease is gone, but that is durable (or about to be): it is to be sent, and judged then. */
    held[0].result = true;
    rig_hello(&rig, 12, 1, 1, 1, (struct rig_held){held, 1});
    ck_assert_uint_eq(expect_send(&rig, 12, GC_MSG_WELCOME)->as.welcome.verdicts[0], GC_VERDICT_SEND);
    expect_lease(&rig, 12);
    expect_lease(&rig, 12);
    rig_end(&rig);
}
END_TEST

START_TEST(a_new_life_of_a_worker_closes_the_old_one_uncleanly)
{
    struct rig_lease l[4];
    ready((struct gc_core_config){0}, PLAIN, 4);
    join(1, 2, l);
    struct gc_running running[] = {
        {.lease = l[0].id, .item = 0}, {.lease = l[1].id, .item = 1}, {.lease = 5, .item = 1}};
    rig_beat(&rig, 1, (uint64_t[]){l[0].id, l[1].id, l[2].id, l[3].id}, 4, running, 3);
    struct gc_held held = {.term = 1,
                           .lease = l[1].id,
                           .run_no = 1,
                           .stage = 1,
                           .kind = GC_LEASE_ITEMS,
                           .first = 1,
                           .count = 1,
                           .result = true};
    rig_hello(&rig, 2, 1, 77, 2, (struct rig_held){&held, 1});
    ck_assert_uint_eq(expect_send(&rig, 2, GC_MSG_WELCOME)->as.welcome.verdicts[0], GC_VERDICT_SEND);
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_ODD)->as.odd.item,
                      0); /* 1 is a result by now: not lost */
    ck_assert_uint_eq(expect_lease(&rig, 2).first, 0);
    ck_assert_uint_eq(expect_lease(&rig, 2).first, 2);
    ck_assert_uint_eq(expect_lease(&rig, 2).first, 3);
    rig_end(&rig);
}
END_TEST

START_TEST(a_connection_belongs_to_one_worker)
{
    rig_make(&rig, (struct gc_core_config){.workers = 1}, false);
    rig_join(&rig, 1, 1);
    rig_hello(&rig, 1, 2, 2, 1, (struct rig_held){0});
    expect_error(&rig, 1, GC_ERR_DENIED);
    rig_hello(&rig, 2, 2, 2, 1, (struct rig_held){0});
    expect_error(&rig, 2, GC_ERR_BUSY);
    rig_hello(&rig, 3, 3, 3, 0, (struct rig_held){0});
    expect_error(&rig, 3, GC_ERR_MALFORMED);
    rig_end(&rig);
}
END_TEST

START_TEST(a_full_pool_of_leases_grants_later)
{
    struct rig_lease l[4];
    ready((struct gc_core_config){.leases = 1}, PLAIN, 4);
    ck_assert_uint_eq(join(1, 2, l), 1);
    rig_result(&rig, 1, &l[0], (struct rig_result){.count = 1, .nodes = 1, .outcome = GC_OUTCOME_DONE});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    expect_lease(&rig, 1);
    rig_end(&rig);
}
END_TEST

START_TEST(no_memory_for_states_grants_later_and_lets_others_pass)
{
    struct rig_lease l[4];
    /* Three units for the table of pages; none for the states of items, also not of the run without a source. */
    ready((struct gc_core_config){.blocks = 3}, PLAIN, 4);
    ck_assert_uint_eq(join(1, 1, l), 0);
    rig_run(&rig, 2, (struct rig_shape){.source = true, .nodes = 1});
    expect_commit(&rig, GC_COMMIT_WORKER);
    expect_commit(&rig, GC_COMMIT_RUN_STATE); /* its listing needs none */
    ck_assert_uint_eq(expect_lease(&rig, 1).kind, GC_LEASE_LIST);
    rig_end(&rig);
}
END_TEST

/* ---- recall ---- */

START_TEST(a_recall_is_asked_once_and_cuts_the_lease)
{
    struct rig_lease l[4];
    ready((struct gc_core_config){0}, PLAIN, 18);
    join(1, 1, l);
    rig_result(
        &rig, 1, &l[0],
        (struct rig_result){.count = 1, .nodes = 1, .outcome = GC_OUTCOME_DONE, .busy_ns = 10 * GC_MS});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease big = expect_lease(&rig, 1);
    ck_assert_uint_eq(big.count, 8);
    rig_result(&rig, 1, &l[1],
               (struct rig_result){
                   .first = 1, .count = 1, .nodes = 1, .outcome = GC_OUTCOME_DONE, .busy_ns = 10 * GC_MS});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease tail = expect_lease(&rig, 1);
    ck_assert_uint_eq(tail.count, 4);
    rig_join(&rig, 2, 1);
    expect_commit(&rig, GC_COMMIT_WORKER);
    struct rig_lease a = expect_lease(&rig, 2);
    struct rig_lease b = expect_lease(&rig, 2);
    ck_assert_uint_eq(a.count + b.count, 2);
    rig_join(&rig, 3, 1);
    expect_commit(&rig, GC_COMMIT_WORKER);
    struct rig_lease c = expect_lease(&rig, 3);
    struct rig_lease d = expect_lease(&rig, 3);
    ck_assert_uint_eq(c.count + d.count, 2);
    rig_join(&rig, 4, 1); /* nothing is pending */
    ck_assert_uint_eq(expect_send(&rig, 1, GC_MSG_RECALL)->as.recall.lease, big.id);
    rig_wait(&rig, 0);
    rig_recalled(&rig, 1, big.id, 99);
    expect_error(&rig, 1, GC_ERR_INVALID);
    rig_recalled(&rig, 1, big.id, big.first + 3);
    expect_commit(&rig, GC_COMMIT_WORKER);
    struct rig_lease given = expect_lease(&rig, 4);
    ck_assert_uint_eq(given.first, big.first + 3);
    expect_lease(&rig, 4);
    /* Outside what is left the token counts no more. */
    rig_result(&rig, 1, &big,
               (struct rig_result){.first = big.first, .count = 4, .nodes = 1, .outcome = GC_OUTCOME_DONE});
    expect_ack(&rig, 1, GC_VERDICT_STALE);
    rig_recalled(&rig, 1, 12345, 0);
    rig_recalled(&rig, 2, big.id, big.first);
    rig_end(&rig);
}
END_TEST

START_TEST(recalled_whole_leases_go_and_started_ones_stay)
{
    struct rig_lease l[4];
    ready((struct gc_core_config){0}, PLAIN, 2);
    join(1, 1, l);
    rig_fault(&rig, 1, &l[0], 0, 0, GC_CAUSE_CRASH);
    expect_commit(&rig, GC_COMMIT_ODD);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease odd = expect_lease(&rig, 1);
    rig_recalled(&rig, 1, odd.id, odd.first + 1);
    rig_recalled(&rig, 1, odd.id, odd.first);
    ck_assert_uint_eq(expect_lease(&rig, 1).attempt, 1);
    rig_recalled(&rig, 1, l[1].id, l[1].first);
    ck_assert_uint_eq(expect_lease(&rig, 1).first, 1);
    rig_end(&rig);
}
END_TEST

START_TEST(a_worker_without_a_connection_is_asked_nothing)
{
    struct rig_lease l[4];
    ready((struct gc_core_config){0}, PLAIN, 2);
    join(1, 1, l);
    rig_step(&rig, (struct gc_event){.kind = GC_EV_PEER_GONE, .peer = 1});
    rig_control(&rig, 1, GC_ACTION_PAUSE);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    rig_control(&rig, 1, GC_ACTION_CANCEL);
    expect_commit(&rig, GC_COMMIT_RUN_STATE);
    expect_send(&rig, CLIENT, GC_MSG_OK);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(a_drained_worker_goes_when_it_holds_nothing_and_is_not_suspected)
{
    struct rig_lease l[4];
    ready((struct gc_core_config){0}, PLAIN, 9);
    join(1, 1, l);
    struct gc_msg bye = {.type = GC_MSG_BYE};
    rig_message(&rig, 1, &bye);
    expect_send(&rig, 1, GC_MSG_OK);
    expect_send(&rig, 1, GC_MSG_RECALL);
    expect_send(&rig, 1, GC_MSG_RECALL);
    struct gc_msg list = {.type = GC_MSG_LIST_WORKERS};
    rig_message(&rig, CLIENT, &list);
    const struct gc_msg_worker_list *workers = &expect_send(&rig, CLIENT, GC_MSG_WORKER_LIST)->as.worker_list;
    ck_assert_uint_eq(workers->n_rows, 1);
    ck_assert(workers->rows[0].draining);
    ck_assert_uint_eq(workers->rows[0].leases, 2);
    rig_recalled(&rig, 1, l[1].id, l[1].first);
    rig_result(&rig, 1, &l[0], (struct rig_result){.count = 1, .nodes = 1, .outcome = GC_OUTCOME_DONE});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    ck_assert(!expect_commit(&rig, GC_COMMIT_WORKER)->as.worker.holds);
    ck_assert_uint_eq(gc_core_live_workers(rig.core), 0);
    rig_end(&rig);
}
END_TEST

START_TEST(a_new_life_ends_a_drain)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, PLAIN);
    rig_skip(&rig);
    struct gc_msg bye = {.type = GC_MSG_BYE};
    rig_message(&rig, 1, &bye);
    rig_skip(&rig);
    rig_hello(&rig, 2, 1, 5, 1, (struct rig_held){0});
    expect_send(&rig, 2, GC_MSG_WELCOME);
    ck_assert_uint_eq(expect_lease(&rig, 2).kind, GC_LEASE_LIST);
    rig_end(&rig);
}
END_TEST

START_TEST(workers_are_listed_in_pages)
{
    rig_make(&rig, (struct gc_core_config){.workers = 200}, false);
    for (uint64_t i = 1; i <= 150; i++)
        rig_join(&rig, i, 1);
    struct gc_msg list = {.type = GC_MSG_LIST_WORKERS};
    rig_message(&rig, CLIENT, &list);
    const struct gc_msg_worker_list *workers = &expect_send(&rig, CLIENT, GC_MSG_WORKER_LIST)->as.worker_list;
    ck_assert_uint_eq(workers->n_rows, 128);
    list.as.list_workers.after = workers->next;
    rig_message(&rig, CLIENT, &list);
    workers = &expect_send(&rig, CLIENT, GC_MSG_WORKER_LIST)->as.worker_list;
    ck_assert_uint_eq(workers->n_rows, 22);
    ck_assert_uint_eq(workers->next, GC_UNSET);
    list.as.list_workers.after = 5000;
    rig_message(&rig, CLIENT, &list);
    ck_assert_uint_eq(expect_send(&rig, CLIENT, GC_MSG_WORKER_LIST)->as.worker_list.n_rows, 0);
    rig_end(&rig);
}
END_TEST

START_TEST(a_lost_listing_and_a_lost_merge_are_suspected_too)
{
    static const struct rig_shape sum = {.source = true, .nodes = 1, .reducers = 1, .suspicions = 1};
    struct rig_lease l[4];
    ready((struct gc_core_config){0}, sum, 1);
    join(1, 1, l);
    rig_result(&rig, 1, &l[0],
               (struct rig_result){.count = 1, .nodes = 1, .reducers = 1, .outcome = GC_OUTCOME_DONE});
    expect_commit(&rig, GC_COMMIT_BATCH);
    expect_ack(&rig, 1, GC_VERDICT_COMMITTED);
    struct rig_lease finish = expect_lease(&rig, 1);
    struct gc_running running = {.lease = finish.id, .item = 0};
    rig_beat(&rig, 1, &finish.id, 1, &running, 1);
    rig_hello(&rig, 2, 1, 3, 1, (struct rig_held){0});
    expect_send(&rig, 2, GC_MSG_WELCOME);
    expect_commit(&rig, GC_COMMIT_BATCH); /* one is too many by this policy */
    ck_assert_uint_eq(expect_commit(&rig, GC_COMMIT_RUN_STATE)->as.run_state.state, GC_RUN_FAILED);
    rig_settle(&rig);
    rig_end(&rig);
}
END_TEST

START_TEST(no_room_to_suspect_returns_the_item)
{
    struct rig_lease l[4];
    ready((struct gc_core_config){.odd = 1}, PLAIN, 4);
    join(1, 1, l);
    struct gc_running running[] = {{.lease = l[0].id, .item = 0}, {.lease = l[1].id, .item = 1}};
    rig_beat(&rig, 1, (uint64_t[]){l[0].id, l[1].id}, 2, running, 2);
    rig_hello(&rig, 2, 1, 3, 1, (struct rig_held){0});
    expect_send(&rig, 2, GC_MSG_WELCOME);
    expect_commit(&rig, GC_COMMIT_ODD);
    expect_lease(&rig, 2);
    expect_lease(&rig, 2);
    rig_end(&rig);
}
END_TEST

START_TEST(many_workers_are_lost_one_a_step)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    for (uint64_t i = 1; i <= 5; i++)
        rig_join(&rig, i, 1);
    rig_wait(&rig, GC_LEASE_NS);
    ck_assert_uint_eq(gc_core_live_workers(rig.core), 4);
    rig_settle(&rig);
    ck_assert_uint_eq(gc_core_live_workers(rig.core), 0);
    rig_end(&rig);
}
END_TEST

GC_SUITE("core life", GC_TEST(beats_renew_and_silence_loses),
         GC_TEST(a_coordinator_that_stood_still_blames_nobody), GC_TEST(an_idle_worker_expires_by_time_alone),
         GC_TEST(a_lease_that_never_arrived_goes_to_others_without_blame),
         GC_TEST(a_copy_of_a_worker_displaces_nobody_twice), GC_TEST(a_reconnect_keeps_what_it_names),
         GC_TEST(a_new_life_of_a_worker_closes_the_old_one_uncleanly),
         GC_TEST(a_connection_belongs_to_one_worker), GC_TEST(a_full_pool_of_leases_grants_later),
         GC_TEST(no_memory_for_states_grants_later_and_lets_others_pass),
         GC_TEST(a_recall_is_asked_once_and_cuts_the_lease),
         GC_TEST(recalled_whole_leases_go_and_started_ones_stay),
         GC_TEST(a_worker_without_a_connection_is_asked_nothing),
         GC_TEST(a_drained_worker_goes_when_it_holds_nothing_and_is_not_suspected),
         GC_TEST(a_new_life_ends_a_drain), GC_TEST(workers_are_listed_in_pages),
         GC_TEST(a_lost_listing_and_a_lost_merge_are_suspected_too),
         GC_TEST(no_room_to_suspect_returns_the_item), GC_TEST(many_workers_are_lost_one_a_step))
