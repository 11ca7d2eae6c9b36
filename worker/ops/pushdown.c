/* A step that takes over the decode of another: it reads the file itself, and leaves out what would be thrown away. */
#include <stdio.h>

#include "worker/ops/libvips.h"
#include "worker/ops/load.h"
#include "worker/ops/stage.h"

/* Said twice: thumbnail_source of 8.14 has the argument and does not hand it to the decoder, but does so with the option string. */
static void set_fail_on(VipsOperation *op, VipsFailOn fail_on)
{
    char options[32];
    (void)snprintf(options, sizeof options, "[fail_on=%s]", vips_enum_nick(VIPS_TYPE_FAIL_ON, (int)fail_on));
    g_object_set(op, "fail_on", fail_on, "option_string", options, NULL);
}

/* Shrink on load: libvips' own thumbnail of the file, whose decoder leaves out what would be thrown away. */
enum gc_cause gc_pushdown_run(struct gc_run *run, struct gc_step_state *st, struct gc_cell *ret)
{
    const struct gc_step *loader = run->stage->steps[st->step->decode].step;
    VipsOperation *op = NULL;
    VipsImage *image;
    enum gc_cause cause = gc_vips_make(run, st->step, "thumbnail_source", &op);
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
