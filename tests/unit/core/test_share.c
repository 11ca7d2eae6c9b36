/* test_share.c - runs beside one another: who is served by the next credit, and how much of the fleet each gets. */
#include <string.h>

#include "rig.h"
#include "tests/unit/suite.h"

static struct rig rig;

#define HOLD 64u
static struct rig_lease held[HOLD];
static uint32_t n_held;
static uint64_t granted_ns[8]; /* by run */
static uint64_t items[8];

static void take(const struct gc_msg *msg)
{
    ck_assert_uint_lt(n_held, HOLD);
    held[n_held++] = rig_lease_of(msg);
    items[msg->as.lease.run_no] += msg->as.lease.kind == GC_LEASE_ITEMS ? msg->as.lease.count : 0;
}

static void listen(void)
{
    const struct gc_effect *e;
    while ((e = rig_next(&rig)) != NULL) {
        if (e->kind == GC_FX_SEND && e->as.msg.type == GC_MSG_LEASE)
            take(&e->as.msg);
    }
}

/* The oldest lease of worker 1 is done, at `each_ns` a task. What is granted for it comes back. */
static void finish_oldest(uint64_t each_ns, uint64_t pages)
{
    struct rig_lease lease = held[0];
    memmove(held, held + 1, --n_held * sizeof *held);
    if (lease.kind == GC_LEASE_LIST) {
        rig_pages(&rig, 1, &lease, lease.first, (uint32_t)pages, 4096, pages < 16, true);
    } else {
        granted_ns[lease.run_no] += lease.count * each_ns;
        rig_result(&rig, 1, &lease,
                   (struct rig_result){.first = lease.first,
                                       .count = lease.count,
                                       .nodes = 1,
                                       .outcome = GC_OUTCOME_DONE,
                                       .busy_ns = lease.count * each_ns});
    }
    listen();
}

static void big_run(uint64_t id, uint64_t priority)
{
    rig_run(&rig, id, (struct rig_shape){.source = true, .nodes = 1, .priority = priority});
    listen();
}

START_TEST(a_small_run_is_served_by_the_next_credit)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 2);
    big_run(1, 4);
    for (int i = 0; i < 40; i++)
        finish_oldest(GC_MS, 16);
    ck_assert_uint_eq(n_held, 4);
    rig_run(&rig, 2, (struct rig_shape){.nodes = 1});
    uint64_t before = n_held;
    finish_oldest(GC_MS, 16);
    ck_assert_uint_eq(n_held, before);
    ck_assert_uint_eq(held[n_held - 1].run_no, 2);
    rig_end(&rig);
}
END_TEST

START_TEST(weights_share_the_time)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 2);
    big_run(1, 4);
    big_run(2, 16);
    for (int i = 0; i < 600; i++)
        finish_oldest(GC_MS, 16);
    double ratio = (double)granted_ns[2] / (double)granted_ns[1];
    ck_assert_double_ge(ratio, 3.2);
    ck_assert_double_le(ratio, 4.8);
    rig_end(&rig);
}
END_TEST

START_TEST(equal_runs_share_equally_whatever_their_tasks_cost)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 2);
    big_run(1, 4);
    big_run(2, 4);
    for (int i = 0; i < 600; i++) {
        uint64_t run = held[0].run_no;
        finish_oldest(run == 1 ? GC_MS : 20 * GC_MS, 16);
    }
    double ratio = (double)granted_ns[2] / (double)granted_ns[1];
    ck_assert_double_ge(ratio, 0.8);
    ck_assert_double_le(ratio, 1.25);
    rig_end(&rig);
}
END_TEST

START_TEST(being_away_saves_nothing_up)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    rig_join(&rig, 1, 2);
    big_run(1, 4);
    big_run(2, 4);
    for (int i = 0; i < 100; i++)
        finish_oldest(GC_MS, 16);
    rig_control(&rig, 2, GC_ACTION_PAUSE);
    listen();
    for (int i = 0; i < 300; i++)
        finish_oldest(GC_MS, 16);
    rig_control(&rig, 2, GC_ACTION_RESUME);
    listen();
    memset(granted_ns, 0, sizeof granted_ns);
    for (int i = 0; i < 200; i++)
        finish_oldest(GC_MS, 16);
    double ratio = (double)granted_ns[2] / (double)granted_ns[1];
    ck_assert_double_ge(ratio, 0.7);
    ck_assert_double_le(ratio, 1.4);
    rig_end(&rig);
}
END_TEST

START_TEST(one_step_grants_a_bounded_number)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    big_run(1, 4);
    rig_join(&rig, 1, 1);
    listen();
    finish_oldest(GC_MS, 16);
    rig_hello(&rig, 2, 2, 2, 256, (struct rig_held){0});
    uint32_t leases = 0;
    for (const struct gc_effect *e; (e = rig_next(&rig)) != NULL;)
        leases += e->kind == GC_FX_SEND && e->as.msg.type == GC_MSG_LEASE;
    ck_assert_uint_le(leases, GC_GRANTS_A_STEP);
    ck_assert_uint_eq(gc_core_deadline(rig.core), rig.now);
    while (gc_core_deadline(rig.core) <= rig.now) {
        rig_wait(&rig, 0);
        for (const struct gc_effect *e; (e = rig_next(&rig)) != NULL;)
            leases += e->kind == GC_FX_SEND && e->as.msg.type == GC_MSG_LEASE;
    }
    ck_assert_uint_eq(leases, 512);
    rig_end(&rig);
}
END_TEST

START_TEST(leases_go_round_the_workers)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    for (uint64_t peer = 1; peer <= 4; peer++)
        rig_join(&rig, peer, 1);
    rig_run(&rig, 1, (struct rig_shape){.source = true, .nodes = 1});
    gc_peer lister = 0;
    for (const struct gc_effect *e; (e = rig_next(&rig)) != NULL;) {
        if (e->kind == GC_FX_SEND) {
            lister = e->peer;
            held[0] = rig_lease_of(&e->as.msg);
        }
    }
    rig_pages(&rig, lister, &held[0], 0, 1, 4, true, true);
    uint32_t got[5] = {0};
    for (const struct gc_effect *e; (e = rig_next(&rig)) != NULL;) {
        if (e->kind == GC_FX_SEND && e->as.msg.type == GC_MSG_LEASE)
            got[e->peer]++;
    }
    for (uint64_t peer = 1; peer <= 4; peer++)
        ck_assert_uint_eq(got[peer], 1);
    rig_end(&rig);
}
END_TEST

GC_SUITE("core share", GC_TEST(a_small_run_is_served_by_the_next_credit), GC_TEST(weights_share_the_time),
         GC_TEST(equal_runs_share_equally_whatever_their_tasks_cost), GC_TEST(being_away_saves_nothing_up),
         GC_TEST(one_step_grants_a_bounded_number), GC_TEST(leases_go_round_the_workers))
