/* test_farm.c - whole runs under a seed: workers that lose messages, fault, crash, reconnect and come back after restarts of the
 * coordinator. Every item must be committed once, every state merged once, and once the faults stop the runs must end. */
#include <string.h>

#include "rig.h"
#include "tests/unit/suite.h"

#define WORKERS 4u
#define HOLD    64u
#define ITEMS   700u
#define RUNS    3u
#define NODES   2u

static struct rig rig;
static uint64_t seed;

struct work {
    struct rig_lease lease;
    uint64_t at, end; /* ITEMS: what is left; LIST: next item, - */
};

static struct worker {
    gc_peer peer; /* 0: not connected */
    uint64_t boot;
    uint32_t n;
    struct work held[HOLD];
} workers[WORKERS];

static struct {
    uint8_t items[RUNS + 1][3][ITEMS];
    uint64_t total[RUNS + 1]; /* what its source has */
    uint64_t summed[RUNS + 1];
    uint64_t finished[RUNS + 1];
    uint64_t state[RUNS + 1];
    bool partial_sum[RUNS + 1];
} seen;

static gc_peer next_peer;
static bool faults;

static uint64_t dice(uint64_t sides)
{
    return gc_suite_random(&seed) % sides;
}

static bool chance(uint64_t in_hundred)
{
    return faults && dice(100) < in_hundred;
}

/* ---- what the core says ---- */

static void on_batch(const struct gc_commit_batch *batch)
{
    ck_assert_uint_le(batch->run_no, RUNS);
    for (uint64_t i = batch->first; i < batch->first + batch->count && i < ITEMS; i++) {
        ck_assert_uint_eq(seen.items[batch->run_no][batch->stage][i], 0);
        seen.items[batch->run_no][batch->stage][i] = 1;
    }
    for (uint32_t i = 0; i < batch->n_deltas; i++)
        seen.summed[batch->run_no] += batch->deltas[i].items;
}

static void on_end(const struct gc_commit_run_state *state)
{
    seen.state[state->run_no] = state->state;
    for (uint32_t i = 0; i < state->n_nodes; i++) {
        const struct gc_node_info *node = &state->nodes[i];
        ck_assert_uint_eq(node->done + node->failed + node->skipped, node->total);
    }
}

static void on_commit(const struct gc_commit *commit)
{
    if (commit->kind == GC_COMMIT_BATCH)
        on_batch(&commit->as.batch);
    if (commit->kind == GC_COMMIT_RUN_STATE && gc_run_state_ended(commit->as.run_state.state))
        on_end(&commit->as.run_state);
    if (commit->kind == GC_COMMIT_MERGED)
        seen.finished[commit->as.merged.run_no] = commit->as.merged.output.items;
}

static struct worker *by_peer(gc_peer peer)
{
    for (uint32_t i = 0; i < WORKERS; i++) {
        if (workers[i].peer == peer)
            return &workers[i];
    }
    return NULL;
}

static struct work *find(struct worker *w, uint64_t lease)
{
    for (uint32_t i = 0; i < w->n; i++) {
        if (w->held[i].lease.id == lease)
            return &w->held[i];
    }
    return NULL;
}

static void forget(struct worker *w, struct work *work)
{
    *work = w->held[--w->n];
}

static void on_message(struct worker *w, const struct gc_msg *msg)
{
    struct work *work = NULL;
    if (msg->type == GC_MSG_LEASE && !chance(3)) {
        ck_assert_uint_lt(w->n, HOLD);
        struct rig_lease lease = rig_lease_of(msg);
        w->held[w->n++] = (struct work){lease, lease.first, lease.first + lease.count};
    }
    if (msg->type == GC_MSG_CANCEL && (work = find(w, msg->as.cancel.lease)) != NULL)
        forget(w, work);
}

/* Effects of one step; answers to RECALL are noted and given after it. */
static uint64_t recalled[64];
static struct worker *recalled_of[64];
static uint32_t n_recalled;

static void listen(void)
{
    const struct gc_effect *e;
    while ((e = rig_next(&rig)) != NULL) {
        if (e->kind == GC_FX_COMMIT)
            on_commit(&e->as.commit);
        struct worker *w = e->kind == GC_FX_SEND ? by_peer(e->peer) : NULL;
        if (w && e->as.msg.type == GC_MSG_RECALL && n_recalled < 64) {
            recalled_of[n_recalled] = w;
            recalled[n_recalled++] = e->as.msg.as.recall.lease;
        } else if (w) {
            on_message(w, &e->as.msg);
        }
    }
}

static void answer_recalls(void)
{
    while (n_recalled > 0) {
        struct worker *w = recalled_of[--n_recalled];
        struct work *work = find(w, recalled[n_recalled]);
        if (!work || w->peer == 0 || work->lease.kind != GC_LEASE_ITEMS)
            continue;
        uint64_t id = work->lease.id;
        uint64_t from = work->at + dice(work->end - work->at + 1);
        work->end = from;
        if (work->at == from)
            forget(w, work);
        rig_recalled(&rig, w->peer, id, from);
        listen();
    }
}

/* ---- what workers do ---- */

static void hello(struct worker *w)
{
    struct gc_held held[HOLD];
    uint64_t ids[HOLD];
    for (uint32_t i = 0; i < w->n; i++) {
        const struct work *work = &w->held[i];
        bool items = work->lease.kind == GC_LEASE_ITEMS;
        held[i] = (struct gc_held){.term = work->lease.id >> 40,
                                   .lease = work->lease.id,
                                   .run_no = work->lease.run_no,
                                   .stage = work->lease.stage,
                                   .kind = work->lease.kind,
                                   .first = items ? work->at : work->lease.first,
                                   .count = items ? work->end - work->at : work->lease.count,
                                   .result = items && dice(2)};
        ids[i] = work->lease.id;
    }
    uint32_t n = w->n;
    w->peer = ++next_peer;
    rig_hello(&rig, w->peer, (uint64_t)(w - workers) + 1, w->boot, 2, (struct rig_held){held, n});
    const struct gc_msg_welcome *welcome = &expect_send(&rig, w->peer, GC_MSG_WELCOME)->as.welcome;
    ck_assert_uint_eq(welcome->n_verdicts, n);
    for (uint32_t i = 0; i < n; i++) {
        if (welcome->verdicts[i] == GC_VERDICT_CANCEL)
            forget(w, find(w, ids[i]));
    }
    listen();
}

static void beat(struct worker *w)
{
    uint64_t ids[HOLD];
    struct gc_running running[2];
    uint32_t n_running = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        ids[i] = w->held[i].lease.id;
        if (n_running < 2)
            running[n_running++] = (struct gc_running){
                .lease = ids[i], .item = w->held[i].lease.kind == GC_LEASE_ITEMS ? w->held[i].at : 0};
    }
    struct gc_msg msg = {.type = GC_MSG_BEAT};
    msg.as.beat =
        (struct gc_msg_beat){.n_leases = w->n, .leases = ids, .n_running = n_running, .running = running};
    rig_message(&rig, w->peer, &msg);
    bool known = !rig_is_next(&rig, w->peer, GC_MSG_WHO);
    listen();
    if (!known)
        hello(w);
}

static void give_items(struct worker *w, struct work *work)
{
    static const enum gc_outcome outcomes[] = {GC_OUTCOME_DONE, GC_OUTCOME_WARNED, GC_OUTCOME_SKIPPED,
                                               GC_OUTCOME_FAILED};
    uint8_t pattern[NODES];
    uint64_t count = 1 + dice(work->end - work->at);
    for (uint32_t i = 0; i < NODES; i++)
        pattern[i] = (uint8_t)outcomes[dice(faults ? 4 : 2)];
    for (uint32_t i = 0; i < work->lease.n_given; i++)
        pattern[work->lease.given[i].node] = GC_OUTCOME_FAILED;
    struct rig_lease lease = work->lease;
    struct rig_result result = {.first = work->at,
                                .count = count,
                                .nodes = NODES,
                                .reducers = 1,
                                .pattern = pattern,
                                .busy_ns = count * 3 * GC_MS};
    work->at += count;
    if (work->at == work->end)
        forget(w, work);
    if (chance(5))
        return; /* lost; the agent would send it again, here its lease is missed by beats */
    rig_result(&rig, w->peer, &lease, result);
    listen();
    if (chance(5)) {
        rig_result(&rig, w->peer, &lease, result); /* said twice */
        listen();
    }
}

static void give_pages(struct worker *w, struct work *work)
{
    uint64_t total = seen.total[work->lease.run_no];
    uint64_t items = 1 + dice(40);
    if (items > total - work->at)
        items = total - work->at;
    bool ended = work->at + items == total;
    struct rig_lease lease = work->lease;
    uint64_t first = work->at;
    work->at += items;
    bool last = ended || dice(8) == 0;
    if (last)
        forget(w, work);
    rig_pages(&rig, w->peer, &lease, first, items > 0, items, ended, last);
    listen();
}

static void give_fault(struct worker *w, struct work *work)
{
    static const enum gc_cause causes[] = {GC_CAUSE_CRASH, GC_CAUSE_INFRA, GC_CAUSE_TIMEOUT,
                                           GC_CAUSE_BAD_INPUT};
    bool items = work->lease.kind == GC_LEASE_ITEMS;
    struct rig_lease lease = work->lease;
    uint64_t item = items ? work->at++ : 0;
    if (!items || work->at == work->end)
        forget(w, work);
    /* What is run once is only disturbed: the runs are to get far. */
    uint64_t cause = items ? causes[dice(4)] : GC_CAUSE_INFRA;
    rig_fault(&rig, w->peer, &lease, item, items && dice(2) ? dice(NODES) : GC_UNSET, cause);
    listen();
}

static void act(struct worker *w)
{
    if (w->n == 0 || w->peer == 0)
        return;
    struct work *work = &w->held[dice(w->n)];
    struct rig_lease lease = work->lease;
    if (chance(8)) {
        give_fault(w, work);
    } else if (lease.kind == GC_LEASE_ITEMS) {
        give_items(w, work);
    } else if (lease.kind == GC_LEASE_LIST) {
        give_pages(w, work);
    } else {
        forget(w, work);
        if (lease.kind == GC_LEASE_MERGE)
            rig_merged(&rig, w->peer, &lease);
        else
            rig_finished(&rig, w->peer, &lease, GC_OUTCOME_DONE);
        listen();
    }
}

static void disturb(struct worker *w)
{
    uint64_t what = dice(12);
    if (what < 4 && w->peer != 0) { /* the connection breaks */
        gc_peer peer = w->peer;
        w->peer = 0;
        rig_step(&rig, (struct gc_event){.kind = GC_EV_PEER_GONE, .peer = peer});
        listen();
    } else if (what < 6) { /* the process does */
        w->n = 0;
        w->boot = 1000 + dice(1000000);
        w->peer = 0;
    } else if (what < 8) {
        uint64_t run = 1 + dice(RUNS);
        rig_control(&rig, run, GC_ACTION_PAUSE);
        listen();
        answer_recalls();
        rig_control(&rig, run, GC_ACTION_RESUME);
        listen();
    } else if (what == 8) {
        rig_step(&rig, (struct gc_event){.kind = GC_EV_STORE, .as.store.full = true});
        listen();
        rig_step(&rig, (struct gc_event){.kind = GC_EV_STORE});
        listen();
    }
}

static void restart(struct gc_core_config config)
{
    struct rig_log *log = rig.log;
    uint64_t now = rig.now, term = rig.term;
    rig_end(&rig);
    config.term = term + 1;
    rig_make(&rig, config, true);
    rig.now = now;
    rig_log_replay(log, &rig);
    rig.log = log;
    rig_open(&rig);
    listen();
    for (uint32_t i = 0; i < WORKERS; i++)
        workers[i].peer = 0;
    n_recalled = 0;
}

static void pass_time(uint64_t ns)
{
    rig.now += ns;
    do {
        rig_step(&rig, (struct gc_event){.kind = GC_EV_TIMER});
        listen();
    } while (gc_core_deadline(rig.core) <= rig.now);
    answer_recalls();
}

static void round_of_all(struct gc_core_config config, uint64_t round)
{
    for (uint32_t i = 0; i < WORKERS; i++) {
        struct worker *w = &workers[i];
        if (w->peer == 0 && (!faults || dice(4) == 0))
            hello(w);
        if (chance(2))
            disturb(w);
        act(w);
        if (w->peer != 0 && round % 8 == 0)
            beat(w);
    }
    if (chance(1) && dice(2) == 0)
        restart(config);
    pass_time(250 * GC_MS);
}

static void drive(uint64_t number, struct gc_core_config config)
{
    seed = number * 7919 + 1;
    memset(&seen, 0, sizeof seen);
    faults = true;
    next_peer = 0;
    rig_make(&rig, config, false);
    rig.log = rig_log_new();
    for (uint32_t i = 0; i < WORKERS; i++)
        workers[i] = (struct worker){.boot = i + 1};
    for (uint64_t run = 1; run <= RUNS; run++) {
        seen.total[run] = dice(3) == 0 ? dice(9) : dice(ITEMS);
        rig_run(&rig, run, (struct rig_shape){.source = true, .nodes = NODES, .reducers = 1, .retries = 1});
        listen();
    }
    for (uint64_t round = 0; round < 400; round++)
        round_of_all(config, round);
    faults = false;
    for (uint64_t round = 0; round < 4000 && gc_core_live_runs(rig.core) > 0; round++)
        round_of_all(config, round);
    ck_assert_msg(gc_core_live_runs(rig.core) == 0, "seed %llu: a run does not end",
                  (unsigned long long)number);
    for (uint64_t run = 1; run <= RUNS; run++) {
        if (seen.state[run] != GC_RUN_COMPLETED && seen.state[run] != GC_RUN_PARTIAL)
            continue;
        for (uint64_t i = 0; i < seen.total[run]; i++)
            ck_assert_uint_eq(seen.items[run][1][i], 1);
        ck_assert_uint_eq(seen.finished[run], seen.summed[run]);
    }
    rig_log_free(rig.log);
    rig.log = NULL;
    rig_end(&rig);
}

START_TEST(runs_end_and_nothing_is_done_twice)
{
    drive((uint64_t)_i + 1, (struct gc_core_config){.runs = 4, .workers = 8, .leases = 64});
}
END_TEST

START_TEST(the_same_in_pools_that_are_too_small)
{
    drive((uint64_t)_i + 100,
          (struct gc_core_config){.runs = 3, .workers = 4, .leases = 6, .odd = 3, .spans = 1, .deltas = 40});
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core farm");
    TCase *tcase = tcase_create("farm");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, runs_end_and_nothing_is_done_twice, 0, 24);
    tcase_add_loop_test(tcase, the_same_in_pools_that_are_too_small, 0, 12);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
