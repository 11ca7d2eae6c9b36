/* Steps of the run that steps of items read: a watermark, say. Each is computed in an executor where a node first needs it, and kept
 * with its pixels in memory until the stage goes. Its own stage commits it; here it has no outcome.
 *
 * What fails for a cause that is never retried is remembered for the chunk at hand, and every node of it that hangs on it fails with
 * that cause, under the name of the hoisted step: somebody may mend the file, and retry. What fails for lack of memory is not: the
 * node that needed it is retried, and with it the step.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "worker/ops/libvips.h"
#include "worker/ops/stage.h"

static bool reads_pixels(const struct gc_step *step, uint32_t of)
{
    for (uint32_t k = 0; k < step->n_inputs; k++)
        if (step->inputs[k].step == of && step->decode != of)
            return true;
    return false;
}

/* Hoisted steps that have yet to read its pixels; nodes count as one that never has. */
static uint32_t readers_left(const struct gc_stage *s, uint32_t of)
{
    uint32_t n = s->steps[of].hoist.held;
    for (uint32_t i = of + 1; i < gc_stage_first_reducer(s); i++)
        n += s->steps[i].hoist.state == GC_HOIST_IDLE && reads_pixels(s->steps[i].step, of);
    return n;
}

void gc_hoist_setup(struct gc_stage *s)
{
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        const struct gc_step *step = s->steps[i].step;
        for (uint32_t k = 0; k < step->n_inputs; k++)
            if (gc_stage_is_hoisted(s, step->inputs[k].step))
                s->steps[step->inputs[k].step].hoist.held = true;
    }
}

void gc_hoist_release(struct gc_stage *s)
{
    for (uint32_t i = s->n_nodes; i < gc_stage_first_reducer(s); i++) {
        struct gc_hoist *h = &s->steps[i].hoist;
        gc_cell_release(&s->cells[i]);
        gc_decode_release(&s->steps[i].decode);
        free(h->text);
        free(h->record);
        *h = (struct gc_hoist){.held = h->held};
    }
}

void gc_hoist_forget(struct gc_stage *s)
{
    bool failed = false;
    for (uint32_t i = s->n_nodes; i < gc_stage_first_reducer(s); i++)
        failed = failed || s->steps[i].hoist.state == GC_HOIST_FAILED;
    if (failed)
        gc_hoist_release(s); /* all: what it was made of may be another file now */
}

/* What of the cell lies in the scratch of this run, which the next one empties. */
static enum gc_cause keep_record(struct gc_run *run, uint32_t at)
{
    struct gc_cell *cell = &run->stage->cells[at];
    if (cell->record.len + cell->fields.len == 0)
        return GC_CAUSE_NONE;
    uint8_t *kept = malloc(cell->record.len + cell->fields.len);
    if (!kept)
        return gc_run_fail(run, GC_CAUSE_OOM, "no memory to keep its value");
    if (cell->record.len)
        memcpy(kept, cell->record.ptr, cell->record.len);
    if (cell->fields.len)
        memcpy(kept + cell->record.len, cell->fields.ptr, cell->fields.len);
    cell->record.ptr = kept;
    cell->fields.ptr = kept + cell->record.len;
    run->stage->steps[at].hoist.record = kept;
    return GC_CAUSE_NONE;
}

/* As the run's own and not as the item's: neither the item nor what it costs shows. */
static enum gc_cause run_for_all(struct gc_run *run, uint32_t at)
{
    struct gc_stage *s = run->stage;
    const struct gc_run before = *run;
    const struct gc_task of_run = {
        .index = GC_UNSET, .inputs = run->task->inputs, .n_inputs = run->task->n_inputs};
    uint64_t pixels = run->result->pixels;
    unsigned warnings = gc_vips_warnings();
    uint32_t readers = readers_left(s, at);
    s->cells[at] = (struct gc_cell){.sides = s->sides[at], .readers = readers, .pullers = readers};
    run->task = &of_run;
    run->careful = false;
    enum gc_cause cause = gc_run_op(run, at);
    run->task = before.task;
    run->careful = before.careful;
    run->current = before.current;
    run->result->pixels = pixels;
    run->warned += gc_vips_warnings() - warnings;
    return cause;
}

static enum gc_cause tell(struct gc_run *run, enum gc_cause cause, uint32_t culprit, const char *text)
{
    return gc_run_fail(run, cause, "of '%.*s': %s",
                       GC_STR_ARGS(gc_bytes_str(run->stage->program.steps[culprit].id)), text ? text : "");
}

static enum gc_cause failed(struct gc_run *run, uint32_t at, enum gc_cause cause)
{
    struct gc_hoist *h = &run->stage->steps[at].hoist;
    char text[GC_MAX_TEXT];
    (void)snprintf(text, sizeof text, "%s", run->text);
    gc_cell_release(&run->stage->cells[at]);
    uint32_t culprit = gc_run_culprit(run, at, cause);
    run->by_decoder = false;
    if (cause != GC_CAUSE_OOM && cause != GC_CAUSE_INFRA) {
        h->state = GC_HOIST_FAILED;
        h->cause = cause;
        h->culprit = culprit;
        h->text = strdup(text);
    }
    return tell(run, cause, culprit, text);
}

static void let_go_of_inputs(struct gc_stage *s, uint32_t at)
{
    const struct gc_step *step = s->steps[at].step;
    for (uint32_t k = 0; k < step->n_inputs; k++)
        if (step->inputs[k].step != GC_UNSET && readers_left(s, (uint32_t)step->inputs[k].step) == 0)
            gc_cell_release(&s->cells[step->inputs[k].step]);
}

static enum gc_cause compute(struct gc_run *run, uint32_t at)
{
    struct gc_stage *s = run->stage;
    size_t scratch = s->scratch.len;
    enum gc_cause cause = run_for_all(run, at);
    if (!cause)
        cause = keep_record(run, at);
    s->scratch.len = scratch;
    if (cause)
        return failed(run, at, cause);
    s->steps[at].hoist.state = run->skipped ? GC_HOIST_SKIPPED : GC_HOIST_DONE;
    let_go_of_inputs(s, at);
    if (readers_left(s, at) == 0)
        gc_cell_release(&s->cells[at]);
    return GC_CAUSE_NONE;
}

enum gc_cause gc_hoist_for(struct gc_run *run, uint32_t at)
{
    struct gc_stage *s = run->stage;
    uint64_t ancestors = s->steps[at].ancestors;
    run->skipped = false;
    for (uint32_t i = s->n_nodes; i < gc_stage_first_reducer(s); i++) {
        const struct gc_hoist *h = &s->steps[i].hoist;
        if (!(ancestors >> i & 1))
            continue;
        if (h->state == GC_HOIST_FAILED)
            return tell(run, h->cause, h->culprit, h->text);
        enum gc_cause cause = h->state == GC_HOIST_IDLE ? compute(run, i) : GC_CAUSE_NONE;
        run->skipped = !cause && h->state == GC_HOIST_SKIPPED;
        if (cause || run->skipped)
            return cause;
    }
    return GC_CAUSE_NONE;
}
