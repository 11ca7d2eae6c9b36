/* tile: the small picture of an item that may be in a contact sheet; of the others nothing. See tile.h. */
#include "worker/ops/tile.h"

#include <string.h>

#include <vips/vips.h>

#include "common/hash.h"
#include "proto/values.h"
#include "worker/ops/libvips.h"
#include "worker/ops/settings.h"
#include "worker/ops/sniff.h"
#include "worker/ops/source.h"
#include "worker/ops/stage.h"
#include "worker/ops/strips.h"

enum { QUALITY = 90 };

/* ---- which items ---- */

uint64_t gc_tile_hash(uint64_t item)
{
    return gc_hash_u64(item);
}

bool gc_tile_candidate(uint64_t item, uint64_t limit)
{
    __extension__ typedef unsigned __int128 wide;
    return (wide)gc_tile_hash(item) * (item + 1) < (wide)(2 * limit + 64) << 64;
}

/* ---- settings ---- */

bool gc_tile_background(const struct gc_step *step, double ret[3])
{
    const struct gc_value *v = gc_setting(step, "background");
    ret[0] = ret[1] = ret[2] = 255;
    if (!v)
        return true;
    if (v->kind == GC_VALUE_LIST && v->n != 1 && v->n != 3)
        return false;
    for (uint32_t i = 0; i < 3; i++) {
        const struct gc_value *one = v->kind != GC_VALUE_LIST ? v : &v->as.items[v->n == 1 ? 0 : i];
        if (!gc_value_as_real(one, &ret[i]) || !(ret[i] >= 0 && ret[i] <= 255))
            return false;
    }
    return true;
}

enum gc_err gc_tile_setup(struct gc_step_state *step, struct gc_fault *fault)
{
    double background[3];
    if (gc_tile_background(step->step, background))
        return GC_OK;
    return gc_fault_set(fault, GC_ERR_INVALID,
                        "background: neither one number of 0 to 255 nor a list of three");
}

/* ---- making one ---- */

/* What libvips' pipelines are made of here: each takes `in` and gives *ret, or fails. They consume the reference. */
typedef int (*maker)(VipsImage *in, VipsImage **ret, const void *arg);

static VipsImage *pipe_on(VipsImage *in, maker make, const void *arg)
{
    VipsImage *out = NULL;
    if (!in)
        return NULL;
    if (make(in, &out, arg))
        out = NULL;
    g_object_unref(in);
    return out;
}

/* Of several frames, which stand below each other, the first. */
static int first_frame(VipsImage *in, VipsImage **ret, const void *arg)
{
    (void)arg;
    return vips_extract_area(in, ret, 0, 0, vips_image_get_width(in), gc_frame_height(in), NULL);
}

/* A colour that can be shown: of more or stranger bands the first ones. */
static int known_colour(VipsImage *in, VipsImage **ret, const void *arg)
{
    (void)arg;
    if (vips_colourspace_issupported(in))
        return vips_copy(in, ret, NULL);
    VipsImage *some;
    int bands = vips_image_get_bands(in) >= 3 ? 3 : 1;
    if (vips_extract_band(in, &some, 0, "n", bands, NULL))
        return -1;
    int failed = vips_copy(some, ret, "interpretation",
                           bands == 3 ? VIPS_INTERPRETATION_sRGB : VIPS_INTERPRETATION_B_W, NULL);
    g_object_unref(some);
    return failed;
}

/* Down to `size` a side. It was turned when it was loaded. */
static int shrunk(VipsImage *in, VipsImage **ret, const void *arg)
{
    int size = *(const int *)arg;
    return vips_thumbnail_image(in, ret, size, "height", size, "size", VIPS_SIZE_DOWN, "no_rotate", TRUE,
                                NULL);
}

/* A thumbnail keeps the profile of what it was made of: one of CMYK beside pixels that are RGB by now. */
static bool has_profile(VipsImage *in)
{
    const void *data;
    size_t len;
    if (!vips_image_get_typeof(in, VIPS_META_ICC_NAME) ||
        vips_image_get_blob(in, VIPS_META_ICC_NAME, &data, &len))
        return false;
    return vips_icc_is_compatible_profile(in, data, len);
}

/* By the image's own profile where it has one that can be used. */
static int on_screen(VipsImage *in, VipsImage **ret, const void *arg)
{
    (void)arg;
    if (has_profile(in) && vips_icc_transform(in, ret, "srgb", "embedded", TRUE, NULL) == 0)
        return 0;
    vips_error_clear();
    return vips_colourspace(in, ret, VIPS_INTERPRETATION_sRGB, NULL);
}

static int opaque(VipsImage *in, VipsImage **ret, const void *background)
{
    if (!vips_image_hasalpha(in))
        return vips_copy(in, ret, NULL);
    VipsArrayDouble *colour = vips_array_double_new(background, 3);
    int failed = vips_flatten(in, ret, "background", colour, NULL);
    vips_area_unref(VIPS_AREA(colour));
    return failed;
}

static int bytes(VipsImage *in, VipsImage **ret, const void *arg)
{
    (void)arg;
    return vips_cast_uchar(in, ret, NULL);
}

static enum gc_cause put_tile(struct gc_run *run, const struct gc_cell *in, int size,
                              const double background[3], struct gc_buf *out)
{
    VipsImage *image = in->image;
    void *tile = NULL;
    size_t len = 0;
    g_object_ref(image);
    if (gc_frame_height(image) < vips_image_get_height(image))
        image = pipe_on(image, first_frame, NULL);
    image = pipe_on(image, known_colour, NULL);
    image = pipe_on(image, shrunk, &size);
    image = pipe_on(image, on_screen, NULL);
    image = pipe_on(image, opaque, background);
    image = pipe_on(image, bytes, NULL);
    bool failed = !image || vips_jpegsave_buffer(image, &tile, &len, "Q", QUALITY, "subsample_mode",
                                                 VIPS_FOREIGN_SUBSAMPLE_OFF, "strip", TRUE, NULL);
    if (image)
        g_object_unref(image);
    if (failed)
        return gc_run_vips_failed(run, GC_CAUSE_OP_ERROR, in->streamed);
    gc_value_put_bin(out, gc_bytes_of(tile, len));
    g_free(tile);
    return GC_CAUSE_NONE;
}

enum gc_cause gc_tile_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret)
{
    struct gc_buf *out = &run->stage->scratch;
    size_t start = out->len;
    uint64_t limit = (uint64_t)gc_setting_int(step->step, "limit", GC_TILE_LIMIT);
    int size = (int)gc_setting_int(step->step, "size", GC_TILE_SIZE);
    double background[3];
    struct gc_cell *in;
    enum gc_cause cause = gc_run_image(run, step, 0, &in);
    if (cause)
        return cause;
    if (!gc_tile_background(step->step, background))
        return gc_run_fail(run, GC_CAUSE_OP_ERROR, "background: no colour");
    if (run->task->index != GC_UNSET && gc_tile_candidate(run->task->index, limit))
        cause = put_tile(run, in, size, background, out);
    else
        gc_value_put_nil(out);
    return cause ? cause : gc_cell_end_record(run, ret, start);
}

/* ---- reading one ---- */

static bool copy_pixels(VipsImage *image, uint8_t *pixels)
{
    size_t len;
    void *memory = vips_image_write_to_memory(image, &len);
    if (memory)
        memcpy(pixels, memory, len);
    g_free(memory);
    return memory != NULL;
}

static bool decode(struct gc_bytes tile, int size, uint8_t *pixels, int *ret_width, int *ret_height)
{
    VipsImage *image;
    if (vips_jpegload_buffer((void *)(uintptr_t)tile.ptr, tile.len, &image, "fail_on", VIPS_FAIL_ON_ERROR,
                             NULL))
        return false;
    *ret_width = vips_image_get_width(image);
    *ret_height = vips_image_get_height(image);
    bool fine = *ret_width <= size && *ret_height <= size && vips_image_get_bands(image) == 3 &&
                vips_image_get_format(image) == VIPS_FORMAT_UCHAR && copy_pixels(image, pixels);
    g_object_unref(image);
    return fine;
}

bool gc_tile_decode(struct gc_bytes tile, int size, uint8_t *pixels, int *ret_width, int *ret_height)
{
    const struct gc_format *format = gc_sniff(tile.ptr, tile.len);
    if (!format || strcmp(format->name, "jpeg") != 0)
        return false;
    gc_decoder_unblock(format);
    bool fine = decode(tile, size, pixels, ret_width, ret_height);
    gc_decoder_block(format);
    if (!fine)
        vips_error_clear();
    return fine;
}
