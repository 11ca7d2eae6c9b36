#include "coordinator/core/run.h"

#include <string.h>

#include "common/assert.h"
#include "common/hash.h"
#include "common/num.h"
#include "coordinator/core/account.h"
#include "coordinator/core/inside.h"
#include "coordinator/core/install.h"
#include "coordinator/core/reap.h"

bool core_run_live(const struct core_run *run)
{
    return !gc_run_state_ended(run->state);
}

bool core_run_serves(const struct core_run *run)
{
    return (run->state == GC_RUN_PENDING || run->state == GC_RUN_RUNNING) && !run->stuck;
}

static uint64_t id_key(const struct gc_core *core, const struct gc_id128 *id)
{
    return gc_hash_bytes(id->b, sizeof id->b, core->runs.seed);
}

struct core_run *core_run_by_no(const struct gc_core *core, uint64_t no)
{
    uint64_t handle;
    return gc_map_get(&core->runs.by_no, no, &handle) ? gc_pool_at(&core->runs.pool, handle) : NULL;
}

struct core_run *core_run_by_id(const struct gc_core *core, const struct gc_id128 *id)
{
    uint64_t handle;
    if (!gc_map_get(&core->runs.by_id, id_key(core, id), &handle))
        return NULL;
    struct core_run *run = gc_pool_at(&core->runs.pool, handle);
    GC_ASSERT(run != NULL);
    return gc_id_equal(run->id, *id) ? run : NULL;
}

struct core_stage *core_run_stage(const struct gc_core *core, uint64_t run_no, uint64_t stage)
{
    const struct core_run *run = core_run_by_no(core, run_no);
    return run && stage < run->n_stages ? run->stages[stage] : NULL;
}

static void prepare(struct core_run *run, uint64_t no, const struct gc_id128 *id, const struct gc_job *job)
{
    run->no = no;
    run->id = *id;
    run->state = GC_RUN_PENDING;
    run->weight = gc_clamp_u64(job->priority, 1, 16);
    run->next_delta = 1;
    run->share_at = GC_HEAP_NOWHERE;
    run->tell_at = GC_HEAP_NOWHERE;
    gc_list_init(&run->watchers);
    for (uint32_t kind = 0; kind < GC_STAGE_KINDS; kind++)
        gc_list_init(&run->ready[kind]);
}

static void enter(struct gc_core *core, struct core_run *run)
{
    uint64_t handle = gc_pool_handle_of(&core->runs.pool, run);
    bool by_no = gc_map_put(&core->runs.by_no, run->no, handle);
    bool by_id = gc_map_put(&core->runs.by_id, id_key(core, &run->id), handle);
    GC_ASSERT(by_no);
    GC_ASSERT(by_id); /* both maps are as large as the pool */
    core->runs.live++;
    core->runs.next_no = gc_max_u64(core->runs.next_no, run->no + 1);
}

enum gc_err core_run_new(struct gc_core *core, uint64_t no, const struct gc_id128 *id,
                         const struct gc_job *job, const struct gc_plan *plan, struct core_run **ret)
{
    if (!core_install_fits(plan))
        return GC_ERR_INVALID;
    if (gc_map_get(&core->runs.by_id, id_key(core, id), NULL) || gc_map_get(&core->runs.by_no, no, NULL))
        return GC_ERR_EXISTS;
    uint64_t handle;
    struct core_run *run = gc_pool_take(&core->runs.pool, &handle);
    if (!run)
        return GC_ERR_BUSY;
    prepare(run, no, id, job);
    if (!core_install(core, run, job, plan)) {
        core_uninstall(core, run);
        gc_pool_give(&core->runs.pool, handle);
        return GC_ERR_BUSY;
    }
    enter(core, run);
    *ret = run;
    return GC_OK;
}

void core_run_free(struct gc_core *core, struct core_run *run)
{
    GC_ASSERT(!core_run_live(run));
    GC_ASSERT(run->unreaped == 0);
    GC_ASSERT(gc_list_empty(&run->watchers));
    GC_ASSERT(run->tell_at == GC_HEAP_NOWHERE);
    core_uninstall(core, run);
    gc_pool_give(&core->runs.pool, gc_pool_handle_of(&core->runs.pool, run));
}

static void commit_run(struct gc_core *core, const struct core_run *run, const struct gc_event *event)
{
    struct gc_commit_run *commit = &core_commit(core, GC_COMMIT_RUN)->as.run;
    commit->run_no = run->no;
    commit->run = run->id;
    commit->state = run->state;
    commit->created_ns = run->created_ns;
    commit->job = event->as.submit.job;
    commit->plan = event->as.submit.plan;
}

static void submitted(struct gc_core *core, const struct core_run *run, const struct gc_event *event)
{
    struct gc_msg_submitted *answer =
        &core_send(core, event->peer, GC_MSG_SUBMITTED, event->as.submit.re)->as.submitted;
    answer->run = run->id;
    answer->accepted = true;
    answer->run_no = run->no;
    answer->n_problems = event->as.submit.n_problems;
    answer->problems = event->as.submit.problems;
}

static void start(struct gc_core *core, struct core_run *run, const struct gc_event *event)
{
    run->state = event->as.submit.paused ? GC_RUN_PAUSED : GC_RUN_PENDING;
    run->created_ns = core->wall;
    commit_run(core, run, event);
    for (uint32_t i = 0; i < run->n_stages; i++)
        core_stage_touch(core, run->stages[i]);
}

void core_run_submit(struct gc_core *core, const struct gc_event *event)
{
    struct core_run *run = core_run_by_id(core, &event->as.submit.run);
    if (!run) {
        enum gc_err err = core->full       ? GC_ERR_FULL
                          : core->draining ? GC_ERR_BUSY
                                           : core_run_new(core, core->runs.next_no, &event->as.submit.run,
                                                          event->as.submit.job, event->as.submit.plan, &run);
        if (err != GC_OK) {
            core_error(
                core, event->peer, event->as.submit.re, err,
                err == GC_ERR_FULL
                    ? "the disk of the coordinator's state folder is full: make room there, then submit again"
                    : gc_err_text(err));
            return;
        }
        start(core, run, event);
    }
    submitted(core, run, event);
}

uint64_t core_run_active_ns(const struct gc_core *core, const struct core_run *run)
{
    return run->active_ns + (run->state == GC_RUN_RUNNING ? core->now - run->since : 0);
}

/* Changes the state and what depends on it, and tells nobody. */
static void enter_state(struct gc_core *core, struct core_run *run, enum gc_run_state state)
{
    run->active_ns = core_run_active_ns(core, run);
    run->since = core->now;
    run->state = state;
    if (state == GC_RUN_RUNNING && run->started_ns == 0)
        run->started_ns = core->wall;
    core_share_touch(core, run);
    core_run_changed(core, run);
}

void core_run_move(struct gc_core *core, struct core_run *run, enum gc_run_state state)
{
    GC_ASSERT(gc_run_state_may(run->state, state));
    GC_ASSERT(!gc_run_state_ended(state));
    enter_state(core, run, state);
    core_account_commit(core, run, false);
}

void core_run_close(struct gc_core *core, struct core_run *run, enum gc_run_state state)
{
    GC_ASSERT(core_run_live(run));
    gc_map_remove(&core->runs.by_no, run->no);
    gc_map_remove(&core->runs.by_id, id_key(core, &run->id));
    core->runs.live--;
    run->unreaped = run->n_stages;
    enter_state(core, run, state);
    for (uint32_t i = 0; i < run->n_stages; i++) {
        struct core_stage *stage = run->stages[i];
        if (!stage->ended)
            core_stage_end(core, stage, true);
        core_reap_stage(core, stage);
    }
}

void core_run_end(struct gc_core *core, struct core_run *run, enum gc_run_state state)
{
    GC_ASSERT(gc_run_state_may(run->state, state));
    run->ended_ns = core->wall;
    core_run_close(core, run, state);
    core_account_commit(core, run, true);
}

static void warn_of_nothing(struct core_run *run)
{
    for (uint32_t i = 0; i < run->n_nodes; i++) {
        const struct core_node *node = run->nodes[i];
        if (node->stage->kind == GC_STAGE_SOURCE && node->stage->dataset.items == 0)
            core_run_say(run, "source '", node->id, "' has listed no item", (struct gc_bytes){0});
    }
}

static enum gc_run_state final_state(const struct core_run *run)
{
    if (run->failing)
        return GC_RUN_FAILED;
    for (uint32_t i = 0; i < run->n_nodes; i++) {
        if (core_node_failed(run->nodes[i]) > 0)
            return GC_RUN_PARTIAL;
    }
    return GC_RUN_COMPLETED;
}

void core_run_complete(struct gc_core *core, struct core_run *run)
{
    if (run->state == GC_RUN_PENDING)
        core_run_move(
            core, run,
            GC_RUN_RUNNING); /* recovered with all its work done: its account must pass through running */
    warn_of_nothing(run);
    core_run_end(core, run, final_state(run));
}

bool core_run_judge(struct gc_core *core, struct core_stage *stage)
{
    struct core_run *run = stage->run;
    for (uint32_t i = 0; i < stage->n_nodes; i++) {
        if (!core_node_exceeds(stage->nodes[i]))
            continue;
        core_run_say(run, "node '", stage->nodes[i]->id, "' failed on more items than max_bad allows",
                     (struct gc_bytes){0});
        core_run_end(core, run, GC_RUN_FAILED);
        return false;
    }
    return true;
}

void core_run_changed(struct gc_core *core, struct core_run *run)
{
    core_watch_changed(core, run);
}

static void say(struct core_run *run, struct gc_bytes text)
{
    size_t n = gc_min_size(text.len, sizeof run->text - run->text_len);
    if (n > 0)
        memcpy(run->text + run->text_len, text.ptr, n);
    run->text_len += (uint32_t)n;
}

void core_run_say(struct core_run *run, const char *what, struct gc_bytes name, const char *how,
                  struct gc_bytes more)
{
    if (run->text_len > 0)
        return; /* the first cause explains the others */
    say(run, core_text(what));
    say(run, name);
    say(run, core_text(how));
    say(run, more);
}

void core_run_trouble(struct gc_core *core, struct core_run *run, struct gc_bytes text)
{
    static const char what[] = "something waits and is tried again: ";
    if (run->trouble_len > 0)
        return; /* the first one is as good as the last, and stands still */
    size_t n = gc_min_size(text.len, sizeof run->trouble - (sizeof what - 1));
    memcpy(run->trouble, what, sizeof what - 1);
    if (n > 0)
        memcpy(run->trouble + sizeof what - 1, text.ptr, n);
    run->trouble_len = (uint32_t)(sizeof what - 1 + n);
    core_run_changed(core, run);
}

void core_run_fine(struct gc_core *core, struct core_run *run)
{
    if (run->trouble_len == 0)
        return;
    run->trouble_len = 0;
    core_run_changed(core, run);
}
