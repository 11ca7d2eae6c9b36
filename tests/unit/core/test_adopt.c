/* test_adopt.c - inventories after a restart: what is kept, sent, cancelled, and whose token wins. */
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

START_TEST(orphans_wait_for_the_worker_that_may_hold_them)
{
    live();
    reborn((struct gc_core_config){0});
    rig_open(&second);
    rig_join(&second, 2, 1); /* another one: all twenty lie below the frontier, so it waits */
    expect_none(&second);
    struct rig_lease mine = {.id = UINT64_C(1) << 40 | 50, .run_no = 1, .stage = 1, .kind = GC_LEASE_ITEMS};
    struct gc_held held[] = {
        {.term = 1,
         .lease = mine.id,
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 4,
         .count = 2},
        {.term = 1,
         .lease = mine.id,
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 6,
         .count = 1,
         .result = true},
        {.term = 1,
         .lease = leases[4].id,
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 2,
         .count = 1},
        {.term = 1, .lease = 77, .run_no = 1, .stage = 1, .kind = GC_LEASE_ITEMS, .first = 8, .count = 1},
        {.term = 1,
         .lease = UINT64_C(1) << 40 | 90,
         .run_no = 1,
         .stage = 2,
         .kind = GC_LEASE_FINISH,
         .first = 0,
         .count = 1},
        {.term = 1,
         .lease = UINT64_C(1) << 40 | 91,
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 0,
         .count = 1,
         .result = true},
        {.term = 1,
         .lease = UINT64_C(1) << 40 | 92,
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 30,
         .count = 1},
        {.term = 1,
         .lease = UINT64_C(1) << 40 | 93,
         .run_no = 9,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 9,
         .count = 1},
        {.term = 2,
         .lease = UINT64_C(2) << 40 | 94,
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 9,
         .count = 1},
        {.term = 1,
         .lease = UINT64_C(1) << 40 | 95,
         .run_no = 1,
         .stage = 0,
         .kind = GC_LEASE_LIST,
         .first = 9,
         .count = 1},
        {.term = 1,
         .lease = UINT64_C(1) << 40 | 96,
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 0,
         .count = 2},
        {.term = 1,
         .lease = UINT64_C(1) << 40 | 97,
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 2,
         .count = 1},
    };
    static const enum gc_verdict wanted[] = {GC_VERDICT_KEEP,   GC_VERDICT_SEND,   GC_VERDICT_KEEP,
                                             GC_VERDICT_CANCEL, GC_VERDICT_CANCEL, GC_VERDICT_SEND,
                                             GC_VERDICT_CANCEL, GC_VERDICT_CANCEL, GC_VERDICT_CANCEL,
                                             GC_VERDICT_CANCEL, GC_VERDICT_CANCEL, GC_VERDICT_CANCEL};
    rig_hello(&second, 1, 1, 1, 1, (struct rig_held){held, 12});
    const struct gc_msg_welcome *welcome = &expect_send(&second, 1, GC_MSG_WELCOME)->as.welcome;
    for (uint32_t i = 0; i < 12; i++)
        ck_assert_str_eq(gc_verdict_name(welcome->verdicts[i]), gc_verdict_name(wanted[i]));
    /* Everybody is back: the others are free. The history of item 3 goes first, with its node given up. */
    n_leases = 0;
    skip(&second);
    while (n_leases < 2) {
        rig_wait(&second, 0);
        skip(&second);
    }
    ck_assert_uint_eq(leases[0].first, 3);
    ck_assert_uint_eq(leases[0].n_given, 1);
    ck_assert_uint_eq(leases[0].given[0].cause, GC_CAUSE_BAD_INPUT);
    ck_assert_uint_eq(leases[1].first, 7);
    /* What was adopted counts under its old token. */
    rig_result(
        &second, 1, &mine,
        (struct rig_result){.first = 6, .count = 1, .nodes = 3, .reducers = 1, .outcome = GC_OUTCOME_DONE});
    expect_commit(&second, GC_COMMIT_BATCH);
    expect_ack(&second, 1, GC_VERDICT_COMMITTED);
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

START_TEST(the_higher_token_wins_where_two_inventories_overlap)
{
    live();
    reborn((struct gc_core_config){0});
    rig_open(&second);
    rig_settle(&second);
    struct gc_held low = {.term = 1,
                          .lease = UINT64_C(1) << 40 | 50,
                          .run_no = 1,
                          .stage = 1,
                          .kind = GC_LEASE_ITEMS,
                          .first = 4,
                          .count = 4};
    struct gc_held high = {.term = 1,
                           .lease = UINT64_C(1) << 40 | 60,
                           .run_no = 1,
                           .stage = 1,
                           .kind = GC_LEASE_ITEMS,
                           .first = 6,
                           .count = 4};
    struct gc_held lower = {.term = 1,
                            .lease = UINT64_C(1) << 40 | 40,
                            .run_no = 1,
                            .stage = 1,
                            .kind = GC_LEASE_ITEMS,
                            .first = 9,
                            .count = 2};
    rig_hello(&second, 5, 5, 5, 1, (struct rig_held){&low, 1});
    ck_assert_uint_eq(expect_send(&second, 5, GC_MSG_WELCOME)->as.welcome.verdicts[0], GC_VERDICT_KEEP);
    n_leases = 0;
    rig_hello(&second, 6, 6, 6, 1, (struct rig_held){&high, 1});
    ck_assert_uint_eq(expect_send(&second, 5, GC_MSG_CANCEL)->as.cancel.lease, low.lease);
    ck_assert_uint_eq(expect_send(&second, 6, GC_MSG_WELCOME)->as.welcome.verdicts[0], GC_VERDICT_KEEP);
    skip(&second); /* what the lower one had besides is free */
    ck_assert_uint_eq(leases[0].first, 4);
    rig_hello(&second, 7, 7, 7, 1, (struct rig_held){&lower, 1});
    ck_assert_uint_eq(expect_send(&second, 7, GC_MSG_WELCOME)->as.welcome.verdicts[0], GC_VERDICT_CANCEL);
    expect_send(&second, 6, GC_MSG_RECALL); /* it idles beside a heavy lease */
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

START_TEST(a_listing_is_adopted_with_its_history)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig.log = rig_log_new();
    rig_join(&rig, 1, 1);
    rig_run(&rig, 1, SUM);
    n_leases = 0;
    skip(&rig);
    rig_fault(&rig, 1, &leases[0], 0, GC_UNSET, GC_CAUSE_CRASH);
    skip(&rig);
    struct rig_lease list = leases[1];
    reborn((struct gc_core_config){0});
    rig_open(&second);
    rig_settle(&second);
    struct gc_held held[] = {
        {.term = 1,
         .lease = list.id,
         .run_no = 1,
         .stage = 0,
         .kind = GC_LEASE_LIST,
         .first = 0,
         .count = 5,
         .result = true},
        {.term = 1,
         .lease = list.id,
         .run_no = 1,
         .stage = 0,
         .kind = GC_LEASE_LIST,
         .first = 0,
         .count = 64},
        {.term = 1,
         .lease = list.id + 1,
         .run_no = 1,
         .stage = 0,
         .kind = GC_LEASE_LIST,
         .first = 0,
         .count = 64},
        {.term = 1,
         .lease = list.id + 2,
         .run_no = 1,
         .stage = 2,
         .kind = GC_LEASE_LIST,
         .first = 0,
         .count = 64},
    };
    rig_hello(&second, 1, 1, 1, 1, (struct rig_held){held, 4});
    const struct gc_msg_welcome *welcome = &expect_send(&second, 1, GC_MSG_WELCOME)->as.welcome;
    ck_assert_uint_eq(welcome->verdicts[0], GC_VERDICT_SEND);
    ck_assert_uint_eq(welcome->verdicts[1], GC_VERDICT_KEEP);
    ck_assert_uint_eq(welcome->verdicts[2], GC_VERDICT_CANCEL);
    ck_assert_uint_eq(welcome->verdicts[3], GC_VERDICT_CANCEL);
    rig_pages(&second, 1, &list, 0, 1, 5, true, true);
    expect_commit(&second, GC_COMMIT_PAGES);
    expect_ack(&second, 1, GC_VERDICT_COMMITTED);
    expect_commit(&second, GC_COMMIT_WORKER);
    expect_commit(&second, GC_COMMIT_FRONTIER);
    expect_lease(&second, 1);
    expect_lease(&second, 1);
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

#define OLD(n) (UINT64_C(1) << 40 | (n))

/* Says one entry as worker `peer` and takes the answer to it. */
static enum gc_verdict ask(gc_peer peer, struct gc_held held)
{
    rig_hello(&second, peer, peer, peer, 1, (struct rig_held){&held, 1});
    while (!rig_is_next(&second, peer, GC_MSG_WELCOME))
        ck_assert_ptr_nonnull(rig_next(&second)); /* a lease that lost against it */
    enum gc_verdict verdict =
        (enum gc_verdict)expect_send(&second, peer, GC_MSG_WELCOME)->as.welcome.verdicts[0];
    rig_skip(&second);
    return verdict;
}

/* Item 2 was given to worker 2 as well, when worker 1 was not heard of; both have seen it crash, and neither was told of before the
 * restart. The first fault is its second attempt: the node is given up. The other one ran without knowing that: counted too, it would
 * be a node that crashed though it was given up, and all others would be blamed. */
START_TEST(what_ran_beside_a_fault_that_was_counted_is_not_adopted)
{
    struct gc_commit other = {.kind = GC_COMMIT_WORKER,
                              .as.worker = {.worker = rig_id(2), .name = gc_bytes_of("w", 1), .holds = true}};
    live();
    rig_log_add(rig.log, &other);
    reborn((struct gc_core_config){0});
    rig_open(&second);
    rig_settle(&second);
    struct rig_lease first = leases[4];
    ck_assert_uint_eq(first.first, 2);
    ck_assert_uint_eq(first.attempt, 1);
    struct gc_held held = {.term = 1,
                           .lease = first.id,
                           .run_no = 1,
                           .stage = 1,
                           .kind = GC_LEASE_ITEMS,
                           .first = 2,
                           .count = 1,
                           .result = true};
    ck_assert_uint_eq(ask(1, held), GC_VERDICT_SEND);
    rig_step(&second,
             (struct gc_event){.kind = GC_EV_STORE, .as.store.full = true}); /* not granted again yet */
    rig_fault(&second, 1, &first, 2, 2, GC_CAUSE_CRASH);
    const struct gc_commit_odd *odd = &expect_commit(&second, GC_COMMIT_ODD)->as.odd;
    ck_assert_uint_eq(odd->n_given, 1);
    ck_assert_uint_eq(odd->given[0].node, 2);
    rig_skip(&second);
    held.lease = OLD(60);
    ck_assert_uint_gt(held.lease, first.id);
    ck_assert_uint_eq(ask(2, held), GC_VERDICT_CANCEL);
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

START_TEST(entries_that_fit_nothing_are_cancelled)
{
    static const struct gc_held bad[] = {
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = UINT64_MAX,
         .count = 2},
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 5,
         .count = 0},
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 5,
         .count = GC_MAX_LEASE_ITEMS + 1},
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 19,
         .count = 2},
        {.term = 1, .lease = OLD(50), .run_no = 1, .stage = 1, .kind = GC_LEASE_LIST, .first = 5, .count = 1},
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 0,
         .kind = GC_LEASE_ITEMS,
         .first = 5,
         .count = 1},
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 2,
         .kind = GC_LEASE_ITEMS,
         .first = 0,
         .count = 1,
         .result = true},
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 9,
         .kind = GC_LEASE_ITEMS,
         .first = 5,
         .count = 1,
         .result = true},
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 99,
         .count = 1,
         .result = true},
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 1,
         .count = 99,
         .result = true},
        {.term = 3,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 5,
         .count = 1},
        {.term = 0,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 5,
         .count = 1},
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_MERGE,
         .first = 5,
         .count = 1},
    };
    live();
    reborn((struct gc_core_config){0});
    rig_open(&second);
    rig_settle(&second);
    for (size_t i = 0; i < GC_COUNT_OF(bad); i++)
        ck_assert_msg(ask(5, bad[i]) == GC_VERDICT_CANCEL, "entry %zu", i);
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

START_TEST(a_lease_that_is_known_is_named_as_it_is)
{
    struct gc_held good = {
        .term = 1, .lease = OLD(50), .run_no = 1, .stage = 1, .kind = GC_LEASE_ITEMS, .first = 5, .count = 2};
    live();
    reborn((struct gc_core_config){0});
    rig_open(&second);
    rig_settle(&second);
    for (int spoil = 0; spoil < 6; spoil++) {
        struct gc_held held[2] = {good, good};
        held[1].run_no += spoil == 1;
        held[1].stage -= spoil == 2;
        held[1].kind = spoil == 3 ? GC_LEASE_LIST : held[1].kind;
        held[1].term += spoil == 4;
        rig_hello(&second, 5, 5, 5, 1, (struct rig_held){held, 2});
        const struct gc_msg_welcome *welcome = &expect_send(&second, 5, GC_MSG_WELCOME)->as.welcome;
        ck_assert_uint_eq(welcome->verdicts[0], GC_VERDICT_KEEP);
        ck_assert_uint_eq(welcome->verdicts[1],
                          spoil >= 1 && spoil <= 4 ? GC_VERDICT_CANCEL : GC_VERDICT_KEEP);
        rig_skip(&second);
    }
    ck_assert_uint_eq(ask(6, good), GC_VERDICT_CANCEL); /* another worker's */
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

START_TEST(ranges_of_one_lease_join_whatever_their_order)
{
    struct gc_held held[] = {
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 10,
         .count = 2},
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 6,
         .count = 2,
         .result = true},
        {.term = 1,
         .lease = OLD(50),
         .run_no = 1,
         .stage = 1,
         .kind = GC_LEASE_ITEMS,
         .first = 14,
         .count = 1},
    };
    live();
    reborn((struct gc_core_config){0});
    rig_open(&second);
    rig_settle(&second);
    struct gc_held other = {.term = 1,
                            .lease = OLD(60),
                            .run_no = 1,
                            .stage = 1,
                            .kind = GC_LEASE_ITEMS,
                            .first = 17,
                            .count = 2};
    ck_assert_uint_eq(ask(6, other), GC_VERDICT_KEEP);
    rig_hello(&second, 5, 5, 5, 1, (struct rig_held){held, 3});
    const struct gc_msg_welcome *welcome = &expect_send(&second, 5, GC_MSG_WELCOME)->as.welcome;
    ck_assert_uint_eq(welcome->verdicts[0], GC_VERDICT_KEEP);
    ck_assert_uint_eq(welcome->verdicts[1], GC_VERDICT_SEND);
    ck_assert_uint_eq(welcome->verdicts[2], GC_VERDICT_KEEP);
    rig_skip(&second);
    /* Past what another holds it does not reach; nor does one with a lower token take what is that one's. */
    struct gc_held beyond[] = {held[0], held[0], held[0]};
    beyond[1].first = 19;
    beyond[1].count = 1;
    beyond[2].first = 16;
    beyond[2].count = 2;
    rig_hello(&second, 5, 5, 5, 1, (struct rig_held){beyond, 3});
    welcome = &expect_send(&second, 5, GC_MSG_WELCOME)->as.welcome;
    ck_assert_uint_eq(welcome->verdicts[1], GC_VERDICT_CANCEL);
    ck_assert_uint_eq(welcome->verdicts[2], GC_VERDICT_CANCEL);
    rig_skip(&second);
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

START_TEST(a_winner_takes_from_one_that_is_not_connected_too)
{
    struct gc_held low = {
        .term = 1, .lease = OLD(50), .run_no = 1, .stage = 1, .kind = GC_LEASE_ITEMS, .first = 5, .count = 2};
    struct gc_held far = {.term = 1,
                          .lease = OLD(40),
                          .run_no = 1,
                          .stage = 1,
                          .kind = GC_LEASE_ITEMS,
                          .first = 12,
                          .count = 2};
    struct gc_held high = {
        .term = 1, .lease = OLD(60), .run_no = 1, .stage = 1, .kind = GC_LEASE_ITEMS, .first = 4, .count = 4};
    live();
    reborn((struct gc_core_config){0});
    rig_open(&second);
    rig_settle(&second);
    ck_assert_uint_eq(ask(5, low), GC_VERDICT_KEEP);
    ck_assert_uint_eq(ask(6, far), GC_VERDICT_KEEP);
    rig_step(&second, (struct gc_event){.kind = GC_EV_PEER_GONE, .peer = 5});
    rig_skip(&second);
    ck_assert_uint_eq(ask(7, high), GC_VERDICT_KEEP);
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

START_TEST(no_room_to_adopt_is_a_cancel)
{
    struct gc_held a = {
        .term = 1, .lease = OLD(50), .run_no = 1, .stage = 1, .kind = GC_LEASE_ITEMS, .first = 5, .count = 2};
    struct gc_held b = {
        .term = 1, .lease = OLD(51), .run_no = 1, .stage = 1, .kind = GC_LEASE_ITEMS, .first = 8, .count = 2};
    live();
    reborn((struct gc_core_config){.leases = 1});
    rig_open(&second);
    rig_settle(&second);
    ck_assert_uint_eq(ask(5, a), GC_VERDICT_KEEP);
    ck_assert_uint_eq(ask(6, b), GC_VERDICT_CANCEL);
    rig_log_free(rig.log);
    rig_end(&rig);
    rig_end(&second);
}
END_TEST

GC_SUITE("core adopt", GC_TEST(what_ran_beside_a_fault_that_was_counted_is_not_adopted),
         GC_TEST(entries_that_fit_nothing_are_cancelled), GC_TEST(a_lease_that_is_known_is_named_as_it_is),
         GC_TEST(ranges_of_one_lease_join_whatever_their_order),
         GC_TEST(a_winner_takes_from_one_that_is_not_connected_too), GC_TEST(no_room_to_adopt_is_a_cancel),
         GC_TEST(orphans_wait_for_the_worker_that_may_hold_them),
         GC_TEST(the_higher_token_wins_where_two_inventories_overlap),
         GC_TEST(a_listing_is_adopted_with_its_history))
