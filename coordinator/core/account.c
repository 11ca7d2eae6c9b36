#include "coordinator/core/account.h"

#include "common/assert.h"
#include "common/num.h"
#include "coordinator/core/inside.h"

bool core_account_legal(const struct gc_status *status)
{
    for (size_t i = 0; i < (size_t)status->n_patterns * status->n_nodes; i++) {
        if (status->patterns[i] == GC_OUTCOME_NONE)
            return false;
    }
    return true;
}

/* A run-scoped node that fails makes its run fail; the first one says why. */
static void note_failures(struct core_stage *stage, const struct gc_status *status)
{
    struct gc_status_iter it = {0};
    struct gc_status_fault fault;
    if (stage->kind == GC_STAGE_ITEM && stage->source)
        return;
    while (gc_status_fault_next(status, &it, &fault)) {
        stage->run->failing = true;
        core_run_say(stage->run, "node '", stage->nodes[fault.node]->id, "' failed: ", fault.text);
    }
}

void core_account_add(struct core_stage *stage, const struct gc_status *status)
{
    uint64_t items[GC_MAX_PATTERNS] = {0};
    struct gc_status_iter it = {0};
    uint64_t count;
    const uint8_t *pattern;
    GC_ASSERT(status->n_nodes == stage->n_nodes);
    if (status->n_nodes == 0)
        return;
    while (gc_status_run_next(status, &it, &count, &pattern))
        items[(size_t)(pattern - status->patterns) / status->n_nodes] += count;
    for (uint32_t p = 0; p < status->n_patterns; p++) {
        for (uint32_t node = 0; node < status->n_nodes; node++)
            stage->nodes[node]->n[status->patterns[(size_t)p * status->n_nodes + node]] += items[p];
    }
    note_failures(stage, status);
}

/* A failed source is one more item than it has listed. */
uint64_t core_node_total(const struct core_node *node)
{
    const struct core_stage *stage = node->stage;
    return core_stage_items(stage) + (stage->kind == GC_STAGE_SOURCE && stage->failed);
}

uint64_t core_node_done(const struct core_node *node)
{
    if (node->stage->kind == GC_STAGE_SOURCE)
        return node->stage->dataset.items;
    return node->n[GC_OUTCOME_DONE] + node->n[GC_OUTCOME_CACHED] + node->n[GC_OUTCOME_WARNED];
}

uint64_t core_node_failed(const struct core_node *node)
{
    return node->n[GC_OUTCOME_FAILED];
}

/* What a dead stage has left undone is counted when it is asked for: killing a stage is O(1). */
uint64_t core_node_skipped(const struct core_node *node)
{
    if (node->stage->dead)
        return core_node_total(node) - core_node_done(node) - core_node_failed(node);
    return node->n[GC_OUTCOME_SKIPPED];
}

bool core_node_exceeds(const struct core_node *node)
{
    uint64_t failed = core_node_failed(node);
    if (node->max_bad != GC_UNSET && failed > node->max_bad)
        return true;
    if (node->max_bad_ppm == GC_UNSET || !core_stage_listed(node->stage))
        return false;
    /* Both are below 2^33, a million below 2^20; a share above 1 allows everything. */
    return failed * 1000000u > gc_min_u64(node->max_bad_ppm, 1000000u) * core_node_total(node);
}

static void fill_node(const struct core_node *node, struct gc_node_info *info)
{
    const struct core_stage *stage = node->stage;
    *info = (struct gc_node_info){
        .id = node->id,
        .op = node->op,
        .stage = stage->index,
        .per_item = node->per_item,
        .total_known = stage->ended || core_stage_listed(stage),
        .total = core_node_total(node),
        .done = core_node_done(node),
        .failed = core_node_failed(node),
        .skipped = core_node_skipped(node),
        .cached = node->n[GC_OUTCOME_CACHED],
        .warned = node->n[GC_OUTCOME_WARNED],
        .busy_ns = stage->busy_ns,
        .n_shape = node->n_shape,
        .shape = node->shape,
    };
}

struct gc_node_infos core_account_nodes(struct gc_core *core, const struct core_run *run)
{
    struct gc_node_info *infos = CORE_SCRATCH(core, struct gc_node_info, run->n_nodes);
    for (uint32_t i = 0; i < run->n_nodes; i++)
        fill_node(run->nodes[i], &infos[i]);
    return (struct gc_node_infos){.n_nodes = run->n_nodes, .nodes = infos};
}

static void fill_source(const struct core_stage *stage, uint64_t node, struct gc_source_info *info)
{
    const struct core_dataset *ds = &stage->dataset;
    *info = (struct gc_source_info){
        .node = node,
        .items = ds->items,
        .ended = ds->ended,
        .left_out = ds->left_out,
        .note = gc_bytes_of(ds->note, ds->note_len),
    };
}

void core_account_sources(struct gc_core *core, const struct core_run *run, uint32_t *ret_n,
                          struct gc_source_info **ret)
{
    struct gc_source_info *infos = CORE_SCRATCH(core, struct gc_source_info, run->n_stages);
    uint32_t n = 0;
    for (uint32_t i = 0; i < run->n_nodes; i++) {
        const struct core_stage *stage = run->nodes[i]->stage;
        if (stage->kind == GC_STAGE_SOURCE)
            fill_source(stage, i, &infos[n++]);
    }
    GC_ASSERT(n <= run->n_stages);
    *ret_n = n;
    *ret = infos;
}

void core_account_commit(struct gc_core *core, const struct core_run *run, bool with_nodes)
{
    struct gc_commit_run_state *state = &core_commit(core, GC_COMMIT_RUN_STATE)->as.run_state;
    state->run_no = run->no;
    state->state = run->state;
    state->text = gc_bytes_of(run->text, run->text_len);
    state->started_ns = run->started_ns;
    state->ended_ns = run->ended_ns;
    state->active_ns = core_run_active_ns(core, run);
    state->pixels = run->pixels;
    state->refused = run->refused;
    if (!with_nodes)
        return;
    struct gc_node_infos infos = core_account_nodes(core, run);
    struct gc_source_info *sources;
    core_account_sources(core, run, &state->n_sources, &sources);
    state->sources = sources;
    state->n_nodes = infos.n_nodes;
    state->nodes = infos.nodes;
}
