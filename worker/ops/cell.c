/* What steps make and read: cells, and the ways in which they fail. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/assert.h"
#include "worker/ops/libvips.h"
#include "worker/ops/stage.h"

static bool is_output(const struct gc_cell *cell, struct gc_bytes name)
{
    return gc_str_is(gc_bytes_str(name), cell->output ? cell->output : "out");
}

struct gc_cell *gc_run_input(struct gc_run *run, const struct gc_step_state *step, uint32_t slot)
{
    if (slot >= step->step->n_inputs || step->step->inputs[slot].step == GC_UNSET)
        return NULL;
    const struct gc_step_input *in = &step->step->inputs[slot];
    struct gc_cell *cell = &run->stage->cells[in->step];
    if (in->output.len == 0 || is_output(cell, in->output))
        return cell;
    for (uint32_t i = 0; i < cell->n_sides; i++)
        if (is_output(&cell->sides[i], in->output))
            return &cell->sides[i];
    return NULL;
}

enum gc_cause gc_run_image(struct gc_run *run, const struct gc_step_state *step, uint32_t slot,
                           struct gc_cell **ret)
{
    struct gc_cell *cell = gc_run_input(run, step, slot);
    if (!cell || cell->kind != GC_CELL_IMAGE)
        return gc_run_fail(run, GC_CAUSE_OP_ERROR, "needs an image");
    GC_ASSERT(cell->image != NULL);
    *ret = cell;
    return GC_CAUSE_NONE;
}

enum gc_cause gc_run_fail(struct gc_run *run, enum gc_cause cause, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(run->text, sizeof run->text, format, args);
    va_end(args);
    run->pulled = false;
    return cause;
}

enum gc_cause gc_run_vips_failed(struct gc_run *run, enum gc_cause cause, bool pulling)
{
    enum gc_vips_kind kind = gc_vips_error(run->text, sizeof run->text);
    run->pulled = pulling;
    return kind == GC_VIPS_MEMORY ? GC_CAUSE_OOM : cause;
}

/* Building looks at headers, mostly, and so fails for reasons of its own; unless it is a decoder that speaks. */
enum gc_cause gc_run_build_failed(struct gc_run *run, bool streamed)
{
    enum gc_vips_kind kind = gc_vips_error(run->text, sizeof run->text);
    run->pulled = streamed && (kind == GC_VIPS_LOADER || kind == GC_VIPS_TRUNCATED);
    return kind == GC_VIPS_MEMORY ? GC_CAUSE_OOM : GC_CAUSE_OP_ERROR;
}

void gc_cell_add_side(struct gc_cell *cell, const char *output, VipsImage *image, bool streamed)
{
    GC_ASSERT(cell->sides != NULL);
    GC_ASSERT(cell->n_sides < GC_CELL_SIDES);
    struct gc_cell *side = &cell->sides[cell->n_sides++];
    gc_cell_set_image(side, image, streamed);
    side->output = output;
}

void gc_cell_set_image(struct gc_cell *cell, VipsImage *image, bool streamed)
{
    GC_ASSERT(cell->image == NULL);
    cell->kind = GC_CELL_IMAGE;
    cell->image = image;
    cell->streamed = streamed;
    cell->width = vips_image_get_width(image);
    cell->height = vips_image_get_height(image);
    cell->bands = vips_image_get_bands(image);
    cell->format = vips_image_get_format(image);
}

/* Whose pixels failed is certain where the decoder itself is materialised, and in a careful run, where nothing before is lazy. */
static enum gc_cause materialise_failed(struct gc_run *run)
{
    const struct gc_step_state *st = &run->stage->steps[run->current];
    enum gc_vips_kind kind = gc_vips_error(run->text, sizeof run->text);
    bool decodes = st->op && st->op->traits & GC_TRAIT_DECODE;
    bool decoder = kind == GC_VIPS_LOADER || kind == GC_VIPS_TRUNCATED || kind == GC_VIPS_LIMIT;
    bool takes_over = st->step->decode != GC_UNSET && decoder;
    run->pulled = !decodes && !takes_over;
    if (kind == GC_VIPS_MEMORY)
        return GC_CAUSE_OOM;
    run->by_decoder = kind == GC_VIPS_LIMIT;
    if (run->by_decoder)
        return GC_CAUSE_TOO_LARGE;
    return decodes || takes_over ? GC_CAUSE_DAMAGED : GC_CAUSE_OP_ERROR;
}

static enum gc_cause materialise_one(struct gc_run *run, struct gc_cell *cell)
{
    GC_ASSERT(cell->image != NULL);
    VipsImage *memory = vips_image_copy_memory(cell->image);
    if (!memory)
        return materialise_failed(run);
    g_object_unref(cell->image);
    cell->image = memory;
    cell->streamed = false;
    return GC_CAUSE_NONE;
}

enum gc_cause gc_cell_materialise(struct gc_run *run, struct gc_cell *cell)
{
    enum gc_cause cause = materialise_one(run, cell);
    for (uint32_t i = 0; i < cell->n_sides && !cause; i++)
        cause = materialise_one(run, &cell->sides[i]);
    return cause;
}

enum gc_cause gc_cell_copy(struct gc_run *run, const struct gc_cell *cell, VipsImage **ret)
{
    GC_ASSERT(cell->image != NULL);
    VipsImage *copy = vips_image_new_memory();
    if (vips_image_write(cell->image, copy)) {
        g_object_unref(copy);
        return materialise_failed(run);
    }
    *ret = copy;
    return GC_CAUSE_NONE;
}

enum gc_cause gc_cell_end_record(struct gc_run *run, struct gc_cell *cell, size_t start)
{
    struct gc_buf *scratch = &run->stage->scratch;
    if (!gc_buf_ok(scratch)) {
        scratch->overflow = false;
        scratch->len = start;
        return gc_run_fail(run, GC_CAUSE_TOO_LARGE, "its value does not fit");
    }
    cell->kind = GC_CELL_RECORD;
    cell->record = gc_bytes_of(scratch->data + start, scratch->len - start);
    return GC_CAUSE_NONE;
}

void gc_cell_release(struct gc_cell *cell)
{
    if (cell->image)
        g_object_unref(cell->image);
    cell->image = NULL;
    for (uint32_t i = 0; i < cell->n_sides; i++)
        gc_cell_release(&cell->sides[i]);
}

void gc_stage_reset_cells(struct gc_stage *s)
{
    for (uint32_t i = 0; i < GC_MAX_STAGE_NODES; i++) {
        if (gc_stage_is_hoisted(s, i))
            continue; /* it stays */
        gc_cell_release(&s->cells[i]);
        memset(s->sides[i], 0, sizeof s->sides[i]);
        s->cells[i] = (struct gc_cell){.sides = s->sides[i]};
    }
    gc_buf_reset(&s->scratch);
}
