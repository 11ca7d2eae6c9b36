/* Any offered operation of libvips, by introspection. */
#include "worker/ops/libvips.h"
#include "worker/ops/offer.h"
#include "worker/ops/settings.h"
#include "worker/ops/stage.h"

/* Sets the step's settings on an operation. */
static enum gc_cause set_all(struct gc_run *run, const struct gc_step *step, VipsOperation *op)
{
    for (uint32_t i = 0; i < step->n_config; i++) {
        char name[GC_MAX_NAME + 1];
        struct gc_fault fault;
        const struct gc_setting *s = &step->config[i];
        if (s->value.kind == GC_VALUE_NULL)
            continue;
        if (!gc_str_copy(name, sizeof name, gc_bytes_str(s->key)))
            return gc_run_fail(run, GC_CAUSE_OP_ERROR, "a setting without a name");
        if (gc_vips_set(op, name, &s->value, &fault))
            return gc_run_fail(run, GC_CAUSE_OP_ERROR, "%s", fault.text);
    }
    return GC_CAUSE_NONE;
}

enum gc_cause gc_vips_make(struct gc_run *run, const struct gc_step *step, const char *nickname,
                           VipsOperation **ret)
{
    VipsOperation *op = vips_operation_new(nickname);
    if (!op)
        return gc_run_vips_failed(run, GC_CAUSE_UNSUPPORTED, false);
    enum gc_cause cause = set_all(run, step, op);
    if (cause) {
        g_object_unref(op);
        return cause;
    }
    *ret = op;
    return GC_CAUSE_NONE;
}

enum gc_cause gc_vips_run(struct gc_run *run, struct gc_step_state *st, struct gc_cell *ret)
{
    if (st->step->decode != GC_UNSET)
        return gc_pushdown_run(run, st, ret);
    struct gc_cell *in;
    enum gc_cause cause = gc_run_image(run, st, 0, &in);
    if (!cause && st->offer->access == GC_ACCESS_RANDOM && in->streamed)
        cause = gc_cell_materialise(run, in);
    VipsOperation *op = NULL;
    if (!cause)
        cause = gc_vips_make(run, st->step, st->offer->nickname, &op);
    if (cause)
        return cause;
    VipsImage *image;
    gc_vips_set_image(op, gc_vips_image_input(op), in->image);
    if (!gc_vips_build(op, &image))
        return gc_run_build_failed(run, in->streamed);
    gc_cell_set_image(ret, image, in->streamed);
    return GC_CAUSE_NONE;
}
