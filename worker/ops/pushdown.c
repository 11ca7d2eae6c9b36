/* A step that takes over the decode of another: it shrinks while the file is decoded, as libvips' thumbnail of a file does.
 *
 * The pixels are those of `vips thumbnail FILE`, always. Its decoder may leave out what would be thrown away (a JPEG of 6 megapixels is
 * then opened at an eighth of its size); where it leaves out nothing, thumbnail of the file and thumbnail of the decoded image are one
 * and the same. So, of the steps that take over one decode,
 *   - those whose decoder leaves something out decode the file each for itself: five sizes of a photograph cost a quarter of what
 *     one full decode and five shrinks of it would;
 *   - the others may share one full decode, with each other and with who reads the image itself. For a file that costs
 *         again = (users - 1) x pixels x nanoseconds to decode a pixel of that format (formats.def)
 *     to decode it for each, against
 *         kept  = bytes of its pixels x NS_A_BYTE
 *     to write them into memory and read them there, which is nothing where they must lie there anyway. The cheaper is taken, and
 *     never one that takes more memory than SHARED_BYTES.
 * Whether the decoder leaves something out is decided by libvips. A bound from above on the shrink tells where it surely does not;
 * where the bound is loose a file is decoded more often than need be, and the pixels are right all the same.
 */
#include <math.h>
#include <stdio.h>

#include "common/num.h"
#include "worker/ops/libvips.h"
#include "worker/ops/load.h"
#include "worker/ops/settings.h"
#include "worker/ops/source.h"
#include "worker/ops/stage.h"

#define NS_A_BYTE    0.5
#define SHARED_BYTES (INT64_C(512) << 20)

/* ---- alone or shared ---- */

/* No way of fitting and no turn shrinks by more: the longer side onto the shorter target. */
static double largest_shrink(const struct gc_step *step, const VipsImage *image)
{
    int64_t width = gc_setting_int(step, "width", 1);
    int64_t target = gc_min_i64(width, gc_setting_int(step, "height", width));
    int side = VIPS_MAX(vips_image_get_width(image), vips_image_get_height(image));
    return (double)side / (double)gc_max_i64(target, 1);
}

/* Where the shrink stays below it the decoder of this file leaves nothing out; 0: nobody can tell. */
static double nothing_left_out_below(struct gc_run *run, const struct gc_step_state *load, VipsImage *image)
{
    bool copies = false;
    switch (load->decode.format->shrinks) {
    case GC_SHRINKS_NEVER: return INFINITY;
    case GC_SHRINKS_BLOCKS: return 4;
    case GC_SHRINKS_FREELY: return 1;
    case GC_SHRINKS_LEVELS:
        copies = vips_image_get_n_pages(image) > 1 || vips_image_get_n_subifds(image) > 0;
        break;
    case GC_SHRINKS_THUMBNAIL: copies = gc_load_has_thumbnail(run, load, vips_image_get_width(image)); break;
    case GC_SHRINKS_DRAWN: return 0;
    }
    return copies ? 0 : INFINITY;
}

uint64_t gc_pushdown_sharers(struct gc_run *run, uint32_t at, VipsImage *image)
{
    const struct gc_stage *s = run->stage;
    const struct gc_step_state *load = &s->steps[at];
    uint64_t takers = gc_run_takers(run, at);
    uint32_t readers = s->cells[at].pullers;
    if (!takers || (readers == 0 && !(takers & (takers - 1))))
        return 0; /* nobody to share it with */
    double bound = nothing_left_out_below(run, load, image);
    uint64_t sharers = 0;
    uint32_t users = readers > 0;
    for (uint32_t i = 0; i < s->program.n_steps; i++) {
        if (takers >> i & 1 && largest_shrink(s->steps[i].step, image) < bound) {
            sharers |= UINT64_C(1) << i;
            users++;
        }
    }
    if (users < 2)
        return 0;
    double pixels = (double)vips_image_get_width(image) * vips_image_get_height(image);
    double bytes =
        pixels * vips_image_get_bands(image) * (double)vips_format_sizeof(vips_image_get_format(image));
    double again = (users - 1) * pixels * load->decode.format->cost;
    double kept = readers > 1 ? 0 : bytes * NS_A_BYTE;
    return again > kept && (readers > 1 || bytes <= (double)SHARED_BYTES) ? sharers : 0;
}

/* ---- running it ---- */

/* fail_on is said twice: thumbnail_source of 8.14 has the argument and does not hand it to the decoder, but does so with the option
 * string. page and n are said only where they are asked for: a pyramid's levels are pages to libvips. */
static void set_options(VipsOperation *op, const struct gc_step_state *load)
{
    char options[96];
    VipsFailOn fail_on = gc_load_fail_on(load->step);
    int page = gc_load_page(load->step);
    int n = gc_load_n(load->step);
    int len =
        snprintf(options, sizeof options, "[fail_on=%s", vips_enum_nick(VIPS_TYPE_FAIL_ON, (int)fail_on));
    if (load->decode.format->pages && (page != 0 || n != 1))
        len += snprintf(options + len, sizeof options - (size_t)len, ",page=%d,n=%d", page, n);
    (void)snprintf(options + len, sizeof options - (size_t)len, "]");
    g_object_set(op, "fail_on", fail_on, "option_string", options, NULL);
}

/* `op` is consumed. */
static enum gc_cause build_on_file(struct gc_run *run, const struct gc_step_state *load, VipsOperation *op,
                                   VipsImage **ret)
{
    VipsSource *source;
    enum gc_cause cause = gc_load_source(run, load, &source);
    if (cause) {
        g_object_unref(op);
        return cause;
    }
    gc_vips_set_object(op, "source", source);
    g_object_unref(source);
    set_options(op, load);
    gc_decoder_unblock(load->decode.format);
    bool ok = gc_vips_build(op, ret);
    gc_decoder_block(load->decode.format);
    if (!ok)
        return gc_load_failed(run, true);
    gc_vips_own_metadata(*ret);
    return GC_CAUSE_NONE;
}

static enum gc_cause thumbnail_of_file(struct gc_run *run, const struct gc_step_state *st,
                                       const struct gc_step_state *load, VipsImage **ret)
{
    VipsOperation *op = NULL;
    enum gc_cause cause = gc_vips_make(run, st->step, "thumbnail_source", &op);
    return cause ? cause : build_on_file(run, load, op, ret);
}

/* ---- for nobody to look at ----
 * To turn a picture thumbnail reads all of it when it is built. Where its size is all that is asked for it is made unturned, to fit
 * the box as that lies then, and the turn comes last, unread. */

static bool lies_on_its_side(VipsImage *image)
{
    return vips_image_get_orientation(image) >= 5;
}

static enum gc_cause unturned(struct gc_run *run, const struct gc_step_state *st,
                              const struct gc_step_state *load, bool swapped, VipsImage **ret)
{
    VipsOperation *op = NULL;
    enum gc_cause cause = gc_vips_make(run, st->step, "thumbnail_source", &op);
    if (cause)
        return cause;
    g_object_set(op, "no_rotate", TRUE, NULL);
    if (swapped)
        g_object_set(op, "width", (int)gc_setting_int(st->step, "height", 1), "height",
                     (int)gc_setting_int(st->step, "width", 1), NULL);
    return build_on_file(run, load, op, ret);
}

static enum gc_cause thumbnail_unseen(struct gc_run *run, const struct gc_step_state *st,
                                      const struct gc_step_state *load, VipsImage **ret)
{
    VipsImage *image = NULL;
    if (gc_setting(st->step, "no_rotate"))
        return thumbnail_of_file(run, st, load, ret);
    enum gc_cause cause = unturned(run, st, load, false, &image);
    if (!cause && lies_on_its_side(image) && gc_setting(st->step, "height")) {
        g_object_unref(image);
        cause = unturned(run, st, load, true, &image);
    }
    if (cause)
        return cause;
    bool ok = vips_autorot(image, ret, NULL) == 0;
    g_object_unref(image);
    return ok ? GC_CAUSE_NONE : gc_run_vips_failed(run, GC_CAUSE_OP_ERROR, false);
}

/* As it lies in the file: thumbnail turns it itself, at the end, as it does with a file. */
static enum gc_cause thumbnail_of_shared(struct gc_run *run, const struct gc_step_state *st,
                                         struct gc_step_state *load, VipsImage **ret)
{
    VipsOperation *op = NULL;
    enum gc_cause cause = gc_vips_make(run, st->step, "thumbnail_image", &op);
    if (cause)
        return cause;
    gc_vips_set_image(op, "in", load->decode.shared);
    bool ok = gc_vips_build(op, ret);
    load->decode.sharers &= ~(UINT64_C(1) << run->current);
    if (!load->decode.sharers)
        g_clear_object(&load->decode.shared);
    return ok ? GC_CAUSE_NONE : gc_run_vips_failed(run, GC_CAUSE_OP_ERROR, false);
}

enum gc_cause gc_pushdown_run(struct gc_run *run, struct gc_step_state *st, struct gc_cell *ret)
{
    struct gc_step_state *load = &run->stage->steps[st->step->decode];
    bool shared = load->decode.sharers >> run->current & 1;
    bool unseen = run->idle >> run->current & 1;
    VipsImage *image;
    enum gc_cause cause = shared   ? thumbnail_of_shared(run, st, load, &image)
                          : unseen ? thumbnail_unseen(run, st, load, &image)
                                   : thumbnail_of_file(run, st, load, &image);
    if (!cause)
        gc_cell_set_image(ret, image, !shared);
    return cause;
}

void gc_decode_release(struct gc_decode *d)
{
    if (d->shared)
        g_object_unref(d->shared);
    *d = (struct gc_decode){0};
}
