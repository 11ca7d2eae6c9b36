#include "coordinator/core/verdict.h"

#include "common/assert.h"
#include "coordinator/core/account.h"
#include "coordinator/core/inside.h"
#include "coordinator/core/result.h"

#define RUNS_BYTES  64u
#define FAULT_BYTES (GC_MAX_TEXT + 5 * GC_VARINT_MAX)

/* The status of one item, in scratch. `pattern`: an outcome a node; `faults`: one for each failed node, in order. */
static struct gc_status write_status(struct gc_core *core, uint32_t n_nodes, const uint8_t *pattern,
                                     const struct gc_status_fault *faults, uint32_t n_faults)
{
    size_t room = n_faults * FAULT_BYTES + GC_MAX_STAGE_NODES + RUNS_BYTES;
    struct gc_buf runs, texts, out;
    gc_buf_init(&out, CORE_SCRATCH(core, uint8_t, room), room);
    size_t mark = gc_arena_mark(&core->effects.scratch); /* what follows is not for the effects */
    struct gc_status_writer *writer = CORE_SCRATCH(core, struct gc_status_writer, 1);
    gc_buf_init(&runs, CORE_SCRATCH(core, uint8_t, RUNS_BYTES), RUNS_BYTES);
    gc_buf_init(&texts, CORE_SCRATCH(core, uint8_t, room), room);
    gc_status_writer_init(writer, n_nodes, runs, texts);
    enum gc_err added = gc_status_writer_add(writer, pattern, faults, n_faults);
    GC_ASSERT(added == GC_OK);
    enum gc_err finished = gc_status_writer_finish(writer, &out);
    GC_ASSERT(finished == GC_OK);
    gc_arena_rewind(&core->effects.scratch, mark);
    struct gc_status status;
    enum gc_err checked = gc_status_check(gc_buf_bytes(&out), 1, n_nodes, &status);
    GC_ASSERT(checked == GC_OK);
    return status;
}

static uint32_t write_faults(struct gc_core *core, const struct core_odd *odd, struct gc_status_fault **ret)
{
    struct gc_given *given;
    uint32_t n = core_odd_records(core, odd, &given);
    *ret = CORE_SCRATCH(core, struct gc_status_fault, n);
    for (uint32_t i = 0; i < n; i++) {
        (*ret)[i] = (struct gc_status_fault){.node = (uint32_t)given[i].node,
                                             .cause = (uint32_t)given[i].cause,
                                             .attempts = given[i].attempts,
                                             .text = given[i].text};
    }
    return n;
}

void core_verdict_item(struct gc_core *core, struct core_odd *odd, struct gc_bytes worker)
{
    struct core_stage *stage = odd->stage;
    uint64_t item = odd->item;
    uint64_t given = core_odd_given(odd);
    uint8_t pattern[GC_MAX_STAGE_NODES];
    struct gc_status_fault *faults;
    GC_ASSERT((core_odd_dead(odd) & core_stage_all(stage)) == core_stage_all(stage));
    for (uint32_t node = 0; node < stage->n_nodes; node++)
        pattern[node] = given >> node & 1 ? GC_OUTCOME_FAILED : GC_OUTCOME_SKIPPED;
    uint32_t n_faults = write_faults(core, odd, &faults);
    struct gc_status status = write_status(core, stage->n_nodes, pattern, faults, n_faults);
    core_result_commit(core, stage, item, 1, status.bytes)->worker = worker;
    core_account_add(stage, &status);
    if (odd->waits > 0)
        core_run_fine(core, stage->run);
    core_items_move(&core->units, &stage->items, item, 1, CORE_ODD, CORE_ENDED);
    core_odd_free(core, odd);
    core_run_changed(core, stage->run);
    if (core_run_judge(core, stage))
        core_stage_settle(core, stage);
}

void core_verdict_stage(struct gc_core *core, struct core_stage *stage, uint64_t cause, uint64_t attempts,
                        struct gc_bytes text, struct gc_bytes worker)
{
    const uint8_t pattern[] = {GC_OUTCOME_FAILED};
    struct gc_status_fault fault = {.cause = (uint32_t)cause, .attempts = attempts, .text = text};
    struct gc_status status = write_status(core, 1, pattern, &fault, 1);
    uint64_t item = stage->kind == GC_STAGE_SOURCE ? stage->dataset.items : 0;
    core_result_commit(core, stage, item, 1, status.bytes)->worker = worker;
    core_account_add(stage, &status);
    core_run_changed(core, stage->run);
    core_stage_fail(core, stage);
}
