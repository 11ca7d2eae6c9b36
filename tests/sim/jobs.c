#include "tests/sim/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "coordinator/plan/plan.h"
#include "proto/values.h"

#define S(literal) gc_bytes_of((literal), sizeof(literal) - 1)

/* ---- the catalogue: one source, one map, a reducer, one that scans, and one that scans what it maps to ---- */
static struct gc_op_input in_item = {
    .name = {(const uint8_t *)"in", 2}, .type = GC_TYPE_ANY, .required = true};
static struct gc_op_input in_items = {
    .name = {(const uint8_t *)"in", 2}, .type = GC_TYPE_ANY, .required = true, .many = true};
static struct gc_op_output out_int = {.name = {(const uint8_t *)"out", 3}, .type = GC_TYPE_INT};
static struct gc_op_output out_item = {.name = {(const uint8_t *)"out", 3}, .type = GC_TYPE_ITEM};

static struct gc_catalogue catalogue(void)
{
    static struct gc_op ops[5];
    ops[0] = (struct gc_op){.name = S("adds"),
                            .scope = GC_SCOPE_REDUCE,
                            .traits = GC_TRAIT_PURE | GC_TRAIT_COMMUTES,
                            .cost = 1,
                            .n_inputs = 1,
                            .inputs = &in_item,
                            .n_outputs = 1,
                            .outputs = &out_int};
    ops[1] = (struct gc_op){.name = S("digests"),
                            .scope = GC_SCOPE_REDUCE,
                            .traits = GC_TRAIT_PURE | GC_TRAIT_SCANS,
                            .cost = 1,
                            .n_inputs = 1,
                            .inputs = &in_items,
                            .n_outputs = 1,
                            .outputs = &out_int};
    ops[2] = (struct gc_op){.name = S("maps"),
                            .scope = GC_SCOPE_ITEM,
                            .traits = GC_TRAIT_PURE,
                            .cost = 10,
                            .n_inputs = 1,
                            .inputs = &in_item,
                            .n_outputs = 1,
                            .outputs = &out_int};
    ops[3] = (struct gc_op){.name = S("numbers"),
                            .scope = GC_SCOPE_SOURCE,
                            .traits = GC_TRAIT_PURE,
                            .cost = 1,
                            .n_outputs = 1,
                            .outputs = &out_item};
    ops[4] = ops[1];
    ops[4].name = S("twins");
    ops[4].inputs = &in_item;
    ops[4].maps = S("maps");
    return (struct gc_catalogue){.build = S("simulated"), .n_ops = GC_COUNT_OF(ops), .ops = ops};
}

static struct gc_bytes text(struct sim_mem *m, const char *prefix, uint64_t n)
{
    char room[64];
    int len = snprintf(room, sizeof room, "%s%llu", prefix, (unsigned long long)n);
    return sim_mem_copy(m, gc_bytes_of(room, (size_t)len));
}

/* ---- nodes ---- */

/* Puts it into the job, reading these of the job. */
static void node(struct sim_job *j, struct sim_mem *m, const char *op, const uint64_t *reads,
                 uint32_t n_reads)
{
    struct gc_node *n = &j->nodes[j->n_nodes];
    struct sim_node *planned = &j->planned[j->n_planned];
    GC_ASSERT(j->n_planned < SIM_NODES);
    *n = (struct gc_node){.id = text(m, "n", j->n_nodes), .op = sim_mem_copy(m, gc_bytes_of(op, strlen(op)))};
    n->inputs = sim_mem_take(m, n_reads * sizeof *n->inputs);
    for (uint32_t i = 0; i < n_reads; i++) {
        n->inputs[n->n_inputs++] = (struct gc_input){.node = reads[i]};
        planned->reads[planned->n_reads++] = j->at[reads[i]];
    }
    j->at[j->n_nodes++] = j->n_planned++;
}

/* Of the plan: the node that was added for one that reads the same, or a new one. */
static uint64_t added_node(struct sim_job *j, uint64_t reads)
{
    for (uint32_t i = 0; i < j->n_planned; i++)
        if (j->planned[i].added && j->planned[i].reads[0] == reads)
            return i;
    j->planned[j->n_planned] = (struct sim_node){.added = true, .n_reads = 1, .reads = {reads}};
    return j->n_planned++;
}

/* Two of three scan what the job says; the third also what the planner puts before it. */
static void scan_node(struct sim_job *j, struct sim_mem *m, struct sim_rng *rng, uint32_t maps)
{
    uint64_t reads[SIM_READS - 1];
    bool twins = sim_rng_chance(rng, 333333);
    uint32_t n = twins ? 1 : (uint32_t)sim_rng_between(rng, 1, GC_COUNT_OF(reads));
    for (uint32_t i = 0; i < n; i++)
        reads[i] = sim_rng_below(rng, maps + 1);
    uint64_t added = twins ? added_node(j, j->at[reads[0]]) : 0;
    struct sim_node *planned = &j->planned[j->n_planned];
    node(j, m, twins ? "twins" : "digests", reads, n);
    planned->scans = true;
    if (twins)
        planned->reads[planned->n_reads++] = added;
}

static void draw_nodes(struct sim_job *j, struct sim_mem *m, struct sim_rng *rng)
{
    j->nodes = sim_mem_take(m, SIM_NODES * sizeof *j->nodes);
    node(j, m, "numbers", NULL, 0);
    uint32_t scans = (uint32_t)sim_rng_below(rng, 4);
    uint32_t maps = (uint32_t)sim_rng_between(rng, scans > 0 ? 0 : 1, 5);
    for (uint32_t i = 0; i < maps; i++) {
        uint64_t reads = sim_rng_below(rng, j->n_nodes); /* a tree: of the source, or of an earlier map */
        node(j, m, "maps", &reads, 1);
    }
    for (uint32_t i = 0; i < scans; i++)
        scan_node(j, m, rng, maps);
    uint32_t sums = (uint32_t)sim_rng_between(rng, scans > 0 ? 0 : 1, 3);
    for (uint32_t i = 0; i < sums && maps > 0; i++) {
        uint64_t reads = 1 + sim_rng_below(rng, maps);
        node(j, m, "adds", &reads, 1);
    }
}

void sim_job_draw(struct sim_job *j, struct sim_mem *m, struct sim_rng *rng, uint32_t index, bool poison,
                  bool flaky)
{
    *j = (struct sim_job){.seed = sim_rng_next(rng), .flaky = flaky};
    for (size_t i = 0; i < sizeof j->run.b; i++)
        j->run.b[i] = (uint8_t)sim_rng_next(rng);
    j->items = sim_rng_chance(rng, 30000) ? 0 : sim_rng_between(rng, 20, 600);
    j->page_items = sim_rng_between(rng, 7, 90);
    j->inlined = sim_rng_chance(rng, 500000);
    j->task_ns = sim_rng_between(rng, 1, 60) * GC_MS;
    if (poison) {
        j->bad = (uint32_t)sim_rng_below(rng, 60000);
        j->crash = (uint32_t)sim_rng_below(rng, 15000);
        j->timeout = (uint32_t)sim_rng_below(rng, 8000);
    }
    draw_nodes(j, m, rng);
    struct gc_policy *policy = sim_mem_take(m, sizeof *policy);
    *policy = (struct gc_policy){.retries = flaky ? 100000 : sim_rng_below(rng, 3),
                                 .timeout_ns = 5 * GC_S,
                                 .suspicions = 100000,
                                 .max_bad = GC_UNSET,
                                 .max_bad_ppm = GC_UNSET};
    j->job = (struct gc_job){.name = text(m, "job", index),
                             .priority = UINT64_C(1) << (2 * sim_rng_below(rng, 3)),
                             .n_policy = 1,
                             .policy = policy,
                             .folder = S("/"),
                             .limit = GC_UNSET,
                             .n_nodes = j->n_nodes};
}

void sim_job_plan(struct sim_job *j, struct sim_mem *m, uint64_t run_no)
{
    struct gc_arena arena;
    size_t size = 1u << 20;
    gc_arena_init(&arena, sim_mem_take(m, size), size);
    struct gc_catalogue cat = catalogue();
    struct gc_plan_draft draft;
    enum gc_err err = gc_plan_make(&j->job, j->nodes, j->n_nodes, &cat, &arena, &draft);
    GC_ASSERT(err == GC_OK);
    for (uint32_t i = 0; i < draft.n_problems; i++)
        fprintf(stderr, "%.*s: %.*s\n", (int)draft.problems[i].field.len,
                (const char *)draft.problems[i].field.ptr, (int)draft.problems[i].text.len,
                (const char *)draft.problems[i].text.ptr);
    GC_ASSERT(draft.accepted);
    GC_ASSERT(draft.plan.n_nodes == j->n_planned);
    for (uint32_t i = 0; i < j->n_planned; i++)
        GC_ASSERT(draft.plan.nodes[i].added == j->planned[i].added);
    for (uint32_t i = 0; i < draft.plan.n_stages; i++) {
        uint8_t *room = malloc(1u << 18);
        GC_ASSERT(room);
        struct gc_buf out;
        gc_buf_init(&out, room, 1u << 18);
        draft.programs[i].run = j->run;
        draft.programs[i].run_no = run_no;
        err = gc_encode_program(&draft.programs[i], &out);
        GC_ASSERT(err == GC_OK);
        draft.plan.stages[i].program = sim_mem_copy(m, gc_buf_bytes(&out));
        free(room);
    }
    j->plan = draft.plan;
}

/* ---- the closed form ---- */
static uint64_t draw(const struct sim_job *j, uint64_t node, uint64_t item)
{
    return sim_mix(sim_mix(j->seed, node), item);
}

enum sim_fate sim_job_fate(const struct sim_job *j, uint64_t node, uint64_t item)
{
    uint64_t x = draw(j, node, item) % 1000000;
    if (x < j->bad)
        return SIM_FATE_BAD;
    if (x < (uint64_t)j->bad + j->crash)
        return SIM_FATE_CRASH;
    if (x < (uint64_t)j->bad + j->crash + j->timeout)
        return SIM_FATE_TIMEOUT;
    return SIM_FATE_FINE;
}

uint64_t sim_job_value(const struct sim_job *j, uint64_t node, uint64_t item)
{
    return sim_mix(draw(j, node, item), 1) >> 1;
}

enum gc_outcome sim_job_outcome(const struct sim_job *j, uint64_t node, uint64_t item)
{
    uint64_t reads = j->planned[node].reads[0];
    if (reads != 0 && sim_job_outcome(j, reads, item) != GC_OUTCOME_DONE)
        return GC_OUTCOME_SKIPPED;
    return sim_job_fate(j, node, item) == SIM_FATE_FINE ? GC_OUTCOME_DONE : GC_OUTCOME_FAILED;
}

uint64_t sim_job_digest(uint64_t digest, uint64_t item, enum gc_outcome outcome, uint64_t value)
{
    return sim_mix(sim_mix(sim_mix(digest, item), (uint64_t)outcome), value);
}

/* The item itself is its number. */
static uint64_t digest_item(const struct sim_job *j, const struct sim_node *n, uint64_t item, uint64_t digest)
{
    for (uint32_t k = 0; k < n->n_reads; k++) {
        uint64_t from = n->reads[k];
        enum gc_outcome outcome = from == 0 ? GC_OUTCOME_DONE : sim_job_outcome(j, from, item);
        uint64_t value = from == 0 ? item : sim_job_value(j, from, item);
        digest = sim_job_digest(digest, item, outcome, outcome == GC_OUTCOME_DONE ? value : 0);
    }
    return digest;
}

void sim_job_reduced(const struct sim_job *j, uint64_t node, uint64_t *ret_count, uint64_t *ret_sum)
{
    const struct sim_node *n = &j->planned[node];
    uint64_t reads = n->reads[0];
    *ret_count = *ret_sum = 0;
    for (uint64_t item = 0; item < j->items && n->scans; item++, ++*ret_count)
        *ret_sum = digest_item(j, n, item, *ret_sum);
    if (n->scans)
        return;
    *ret_count = *ret_sum = 0;
    for (uint64_t item = 0; item < j->items; item++)
        if (sim_job_outcome(j, reads, item) == GC_OUTCOME_DONE) {
            ++*ret_count;
            *ret_sum += sim_job_value(j, reads, item);
        }
}

/* ---- the oracle ---- */
#define WRONG(...)                                                         \
    do {                                                                   \
        fprintf(stderr, "oracle: run %llu: ", (unsigned long long)run_no); \
        fprintf(stderr, __VA_ARGS__);                                      \
        fputc('\n', stderr);                                               \
        return false;                                                      \
    } while (0)

/* For the text of a failed oracle: why the item failed. */
static void tell_faults(const struct gc_status *status, uint64_t item)
{
    struct gc_status_iter it = {0};
    struct gc_status_fault f;
    while (gc_status_fault_next(status, &it, &f))
        if (f.item == item)
            fprintf(stderr, "its fault at node bit %u: %s, %llu attempts, '%.*s'\n", f.node,
                    gc_cause_name(f.cause), (unsigned long long)f.attempts, (int)f.text.len,
                    (const char *)f.text.ptr);
}

/* Every item of the stage has exactly one committed outcome a node, and the one it must have. */
static bool item_stage(const struct sim_job *j, const struct sim_disk *d, uint64_t run_no, uint64_t stage,
                       bool whole)
{
    const struct gc_plan_stage *s = &j->plan.stages[stage];
    uint8_t *seen = calloc(j->items + 1, 1);
    GC_ASSERT(seen);
    for (size_t k = 0; k < d->n; k++) {
        const struct gc_commit_batch *b = &d->log[k].as.batch;
        if (d->log[k].kind != GC_COMMIT_BATCH || b->run_no != run_no || b->stage != stage)
            continue;
        if (b->first + b->count > j->items || b->count == 0)
            WRONG("stage %llu: batch [%llu,+%llu) outside its %llu items", (unsigned long long)stage,
                  (unsigned long long)b->first, (unsigned long long)b->count, (unsigned long long)j->items);
        struct gc_status status;
        if (gc_status_check(b->status, b->count, s->n_nodes, &status) != GC_OK)
            WRONG("stage %llu: a stored status that does not read back", (unsigned long long)stage);
        struct gc_status_iter it = {0};
        uint64_t count, item = b->first;
        const uint8_t *pattern;
        while (gc_status_run_next(&status, &it, &count, &pattern))
            for (uint64_t i = 0; i < count; i++, item++) {
                if (seen[item]++)
                    WRONG("stage %llu: item %llu has two outcomes", (unsigned long long)stage,
                          (unsigned long long)item);
                for (uint32_t n = 0; n < s->n_nodes; n++)
                    if (pattern[n] != (uint8_t)sim_job_outcome(j, s->nodes[n], item)) {
                        tell_faults(&status, item - b->first);
                        WRONG("item %llu of node %llu is %s, not %s", (unsigned long long)item,
                              (unsigned long long)s->nodes[n], gc_outcome_name(pattern[n]),
                              gc_outcome_name((uint64_t)sim_job_outcome(j, s->nodes[n], item)));
                    }
            }
    }
    for (uint64_t i = 0; whole && i < j->items; i++)
        if (!seen[i])
            WRONG("stage %llu: item %llu has no outcome", (unsigned long long)stage, (unsigned long long)i);
    free(seen);
    return true;
}

/* The value that a REDUCE stage committed: [count, sum]. */
static bool reduce_stage(const struct sim_job *j, const struct sim_disk *d, uint64_t run_no, uint64_t stage,
                         bool whole)
{
    uint64_t node = j->plan.stages[stage].nodes[0], want_count, want_sum, found = 0;
    sim_job_reduced(j, node, &want_count, &want_sum);
    for (size_t k = 0; k < d->n; k++) {
        const struct gc_commit_batch *b = &d->log[k].as.batch;
        if (d->log[k].kind != GC_COMMIT_BATCH || b->run_no != run_no || b->stage != stage)
            continue;
        struct gc_bytes in = b->values;
        struct gc_value_token list, count, sum;
        if (gc_value_next(&in, &list) != GC_OK || list.kind != GC_TOKEN_ARRAY ||
            gc_value_next(&in, &count) != GC_OK || gc_value_next(&in, &sum) != GC_OK)
            WRONG("node %llu: its value does not read back", (unsigned long long)node);
        uint64_t got_count = count.kind == GC_TOKEN_UINT ? count.unsigned_integer : (uint64_t)count.integer;
        uint64_t got_sum = sum.kind == GC_TOKEN_UINT ? sum.unsigned_integer : (uint64_t)sum.integer;
        if (got_count != want_count || got_sum != want_sum)
            WRONG("node %llu reduced %llu items to %llu, not %llu to %llu", (unsigned long long)node,
                  (unsigned long long)got_count, (unsigned long long)got_sum, (unsigned long long)want_count,
                  (unsigned long long)want_sum);
        found++;
    }
    if (found > 1 || (whole && found != 1))
        WRONG("node %llu has %llu values", (unsigned long long)node, (unsigned long long)found);
    return true;
}

/* The account that SHOW gives from then on agrees with the outcomes. */
static bool account(const struct sim_job *j, uint64_t run_no, const struct gc_commit_run_state *last,
                    bool whole)
{
    if (last->n_nodes != j->n_planned)
        WRONG("its account has %u nodes, not %u", last->n_nodes, j->n_planned);
    for (uint32_t n = 0; n < j->n_planned; n++) {
        const struct gc_node_info *info = &last->nodes[n];
        if (info->total_known && info->done + info->failed + info->skipped != info->total)
            WRONG("node %u: %llu done + %llu failed + %llu skipped of %llu", n,
                  (unsigned long long)info->done, (unsigned long long)info->failed,
                  (unsigned long long)info->skipped, (unsigned long long)info->total);
        const struct gc_plan_stage *s = &j->plan.stages[info->stage];
        if (!whole || s->kind != GC_STAGE_ITEM)
            continue;
        uint64_t want[GC_OUTCOMES] = {0};
        for (uint64_t i = 0; i < j->items; i++)
            want[sim_job_outcome(j, n, i)]++;
        if (info->done != want[GC_OUTCOME_DONE] || info->failed != want[GC_OUTCOME_FAILED] ||
            info->skipped != want[GC_OUTCOME_SKIPPED])
            WRONG("node %u: its account differs from its outcomes", n);
    }
    return true;
}

bool sim_oracle(const struct sim_job *j, const struct sim_disk *d)
{
    uint64_t run_no = 0, state = 0;
    const struct gc_commit_run_state *last = NULL;
    if (!sim_disk_run(d, &j->run, &run_no, &state, &last))
        WRONG("it was submitted and is not in the store");
    if (!gc_run_state_ended(state) || !last)
        WRONG("it has not ended: %s", gc_run_state_name(state));
    bool whole = state != GC_RUN_CANCELLED;
    if (!whole && !j->cancel)
        WRONG("nobody cancelled it");
    bool failed = false;
    for (uint32_t n = 0; whole && n < j->n_planned; n++)
        for (uint64_t i = 0; j->plan.stages[j->plan.nodes[n].stage].kind == GC_STAGE_ITEM && i < j->items;
             i++)
            failed |= sim_job_outcome(j, n, i) == GC_OUTCOME_FAILED;
    if (whole && state != (failed ? (uint64_t)GC_RUN_PARTIAL : (uint64_t)GC_RUN_COMPLETED))
        WRONG("it ended as %s", gc_run_state_name(state));
    for (uint32_t s = 0; s < j->plan.n_stages; s++) {
        if (j->plan.stages[s].kind == GC_STAGE_ITEM && !item_stage(j, d, run_no, s, whole))
            return false;
        if (whole && j->plan.stages[s].kind == GC_STAGE_REDUCE && !reduce_stage(j, d, run_no, s, whole))
            return false;
    }
    return account(j, run_no, last, whole);
}
