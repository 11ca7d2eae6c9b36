/* test_limits.c - what is full, what is cut into steps, what may not be asked: answered, and nothing else changed. */
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
    for (int spoil = 0; spoil < 26; spoil++) {
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
        case 19: /* items of items */
            box.stages[1].n_reducers = 0;
            box.stages[2].kind = GC_STAGE_ITEM;
            break;
        case 20: /* a reducer of itself, of a source: nobody names it */
            box.stages[1].n_reducers = 0;
            box.stages[2].source = 2;
            break;
        case 21:
            box.stages[1].n_reducers = 0;
            box.stages[2].source = 0;
            break;
        case 22: box.stages[2].scan = true; break; /* and is fed */
        case 23: box.stages[1].scan = true; break;
        case 24: box.stages[0].scan = true; break;
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
    rig_settle(&rig);
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

GC_SUITE("core limits", GC_TEST(a_full_core_answers_busy), GC_TEST(memory_for_a_plan_can_be_short),
         GC_TEST(a_plan_that_contradicts_itself_is_refused),
         GC_TEST(every_short_pool_of_memory_is_busy_and_gives_back),
         GC_TEST(many_leases_are_asked_back_and_cancelled_some_a_step),
         GC_TEST(a_pause_that_is_taken_back_stops_asking),
         GC_TEST(many_waiting_items_wake_some_a_step_and_are_forgotten_some_a_step),
         GC_TEST(rounds_of_many_runs_take_several_steps), GC_TEST(a_full_disk_grants_and_admits_nothing),
         GC_TEST(a_draining_core_grants_nothing), GC_TEST(before_it_is_open_a_core_is_busy),
         GC_TEST(many_watchers_take_several_steps),
         GC_TEST(messages_of_the_wrong_role_or_kind_change_nothing), GC_TEST(a_core_wants_its_arena))
