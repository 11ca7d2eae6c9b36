/* Any offered operation of libvips, by introspection; and the one that may take over a decode. */
#include <stdio.h>

#include "worker/ops/libvips.h"
#include "worker/ops/load.h"
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

/* The operation with its settings; on failure none. */
static enum gc_cause make(struct gc_run *run, const struct gc_step *step, const char *nickname,
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

/* Said twice: thumbnail_source of 8.14 has the argument and does not hand it to the decoder, but does so with the option string. */
static void set_fail_on(VipsOperation *op, VipsFailOn fail_on)
{
    char options[32];
    (void)snprintf(options, sizeof options, "[fail_on=%s]", vips_enum_nick(VIPS_TYPE_FAIL_ON, (int)fail_on));
    g_object_set(op, "fail_on", fail_on, "option_string", options, NULL);
}

/* Shrink on load: libvips' own thumbnail of the file, whose decoder leaves out what would be thrown away. */
static enum gc_cause thumbnail_of_file(struct gc_run *run, struct gc_step_state *st, struct gc_cell *ret)
{
    const struct gc_step *loader = run->stage->steps[st->step->decode].step;
    VipsOperation *op = NULL;
    VipsImage *image;
    enum gc_cause cause = make(run, st->step, "thumbnail_source", &op);
    if (cause)
        return cause;
    VipsSource *source;
    cause = gc_load_source(run, &source);
    if (cause) {
        g_object_unref(op);
        return cause;
    }
    gc_vips_set_object(op, "source", source);
    set_fail_on(op, gc_load_fail_on(loader));
    g_object_unref(source);
    if (!gc_vips_build(op, &image))
        return gc_load_failed(run, true);
    gc_vips_own_metadata(image);
    gc_cell_set_image(ret, image, true);
    return GC_CAUSE_NONE;
}

enum gc_cause gc_vips_run(struct gc_run *run, struct gc_step_state *st, struct gc_cell *ret)
{
    if (st->step->decode != GC_UNSET)
        return thumbnail_of_file(run, st, ret);
    struct gc_cell *in;
    enum gc_cause cause = gc_run_image(run, st, 0, &in);
    if (!cause && st->offer->access == GC_ACCESS_RANDOM && in->streamed)
        cause = gc_cell_materialise(run, in);
    VipsOperation *op = NULL;
    if (!cause)
        cause = make(run, st->step, st->offer->nickname, &op);
    if (cause)
        return cause;
    VipsImage *image;
    gc_vips_set_image(op, gc_vips_image_input(op), in->image);
    if (!gc_vips_build(op, &image))
        return gc_run_build_failed(run, in->streamed);
    gc_cell_set_image(ret, image, in->streamed);
    return GC_CAUSE_NONE;
}
