/* One run of a REDUCE stage whose op scans: one step, all results, one value. */
#include <stdio.h>
#include <string.h>

#include "common/assert.h"
#include "proto/values.h"
#include "worker/ops/scan.h"
#include "worker/ops/stage.h"

bool gc_stage_scans(const struct gc_stage *s)
{
    return s->program.kind == GC_STAGE_REDUCE && s->steps[0].op && s->steps[0].op->scan;
}

/* What has been damaged in the store or on its way stays so; what could not be read may be readable elsewhere. */
static enum gc_cause walk_failed(struct gc_run *run, const struct gc_fault *fault)
{
    return gc_run_fail(run, fault->code == GC_ERR_IO ? GC_CAUSE_INFRA : GC_CAUSE_BAD_INPUT, "%s",
                       fault->text);
}

static enum gc_cause scan_all(struct gc_run *run, struct gc_step_state *st, int spool, struct gc_cell *cell)
{
    struct gc_scan *scan;
    struct gc_fault fault;
    if (gc_scan_open(spool, (uint32_t)run->stage->program.scanned, st->step, &scan))
        return gc_run_fail(run, GC_CAUSE_OOM, "no memory for reading results");
    enum gc_cause cause = st->op->scan(run, st, scan, cell);
    if (gc_scan_ended(scan, &fault))
        cause = walk_failed(run, &fault); /* whatever the op made of what it got is not true */
    gc_scan_close(&scan);
    return cause;
}

static void failed(struct gc_run *run, enum gc_cause cause)
{
    struct gc_task_result *r = run->result;
    struct gc_buf *scratch = &run->stage->scratch;
    size_t len = strnlen(run->text, GC_MAX_TEXT - 1);
    r->n_made = 0;
    if (cause == GC_CAUSE_OOM || cause == GC_CAUSE_INFRA) {
        r->fault = cause;
        (void)snprintf(r->fault_text, sizeof r->fault_text, "%s", run->text);
        return;
    }
    gc_buf_reset(scratch); /* the value that came to nothing */
    uint8_t *text = gc_buf_reserve(scratch, len);
    GC_ASSERT(text != NULL);
    memcpy(text, run->text, len);
    r->pattern[0] = GC_OUTCOME_FAILED;
    r->faults[0] = (struct gc_status_fault){.cause = cause, .attempts = 1, .text = gc_bytes_of(text, len)};
    r->n_faults = 1;
}

void gc_stage_scan(struct gc_stage *s, int spool, const struct gc_task *task, struct gc_blame blame,
                   struct gc_buf *value, struct gc_task_result *ret)
{
    GC_ASSERT(gc_stage_scans(s));
    GC_ASSERT(gc_buf_left(value) >= GC_TASK_VALUES_MAX);
    struct gc_run *run = &s->run;
    struct gc_cell *cell = &s->cells[0];
    *run = (struct gc_run){.stage = s, .task = task, .blame = blame, .result = ret, .needed = 1};
    memset(ret->pattern, GC_OUTCOME_NONE, sizeof ret->pattern);
    ret->n_faults = ret->n_made = 0;
    ret->pixels = 0;
    ret->fault = GC_CAUSE_NONE;
    ret->fault_node = 0;
    gc_stage_reset_cells(s);
    if (blame.touch)
        blame.touch(blame.context, 0);
    enum gc_cause cause = scan_all(run, &s->steps[0], spool, cell);
    if (!cause && cell->record.len > GC_TASK_VALUES_MAX)
        cause = gc_run_fail(run, GC_CAUSE_TOO_LARGE, "its value is too large");
    if (cause) {
        failed(run, cause);
    } else {
        ret->pattern[0] = cell->cached ? GC_OUTCOME_CACHED : GC_OUTCOME_DONE;
        (void)gc_buf_append(value, cell->record.ptr, cell->record.len);
        GC_ASSERT(gc_buf_ok(value));
    }
    gc_cell_release(cell);
}
