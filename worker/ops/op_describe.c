/* describe: a record of numbers about an image, from one copy of its pixels in memory.
 *
 *   width height bands format   as libvips has them
 *   mean deviation              of all values of all bands, in the image's own scale (libvips' avg and deviate)
 *   entropy                     in bits, of the histogram of its luminance
 *   sharpness                   deviation of its luminance's Laplacian: low for what is out of focus
 *   colour                      "#rrggbb", the mean of the fullest of 16 x 16 x 16 boxes of sRGB; transparent pixels do not count
 *   taken                       when, by EXIF: "2019:06:01 12:00:00", or nil
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/values.h"
#include "worker/ops/libvips.h"
#include "worker/ops/stage.h"

struct facts {
    double mean;
    double deviation;
    double entropy;
    double sharpness;
    char colour[8];
};

/* mean and deviation are the first row of libvips' stats: of the whole image. */
static bool statistics(VipsImage *image, struct facts *ret)
{
    VipsImage *stats;
    if (vips_stats(image, &stats, NULL))
        return false;
    const double *row = vips_image_get_data(stats);
    ret->mean = row[4];
    ret->deviation =
        isfinite(row[5]) ? row[5] : 0; /* a root of less than nothing, for a picture of one colour */
    g_object_unref(stats);
    return true;
}

/* One band of 8 bits. */
static VipsImage *luminance(VipsImage *image)
{
    VipsImage *grey;
    VipsImage *band;
    VipsImage *cast;
    if (vips_colourspace(image, &grey, VIPS_INTERPRETATION_B_W, NULL))
        return NULL;
    bool ok = vips_extract_band(grey, &band, 0, NULL) == 0;
    g_object_unref(grey);
    if (!ok)
        return NULL;
    ok = vips_cast_uchar(band, &cast, NULL) == 0;
    g_object_unref(band);
    if (!ok)
        return NULL;
    VipsImage *memory = vips_image_copy_memory(cast);
    g_object_unref(cast);
    return memory;
}

static bool entropy_of(VipsImage *grey, double *ret)
{
    VipsImage *hist;
    if (vips_hist_find(grey, &hist, NULL))
        return false;
    bool ok = vips_hist_entropy(hist, ret, NULL) == 0;
    g_object_unref(hist);
    return ok;
}

/* Deviation of 4 times a pixel less its four neighbours, over the pixels that have them; in whole numbers, since libvips' deviate
 * has no value for a picture of one colour (8.14). */
static double sharpness_of(VipsImage *grey)
{
    int width = vips_image_get_width(grey);
    int height = vips_image_get_height(grey);
    const uint8_t *pixels = vips_image_get_data(grey);
    int64_t sum = 0;
    uint64_t squares = 0;
    double n = (double)(width - 2) * (height - 2);
    if (width < 3 || height < 3 || n < 2)
        return 0;
    for (int y = 1; y < height - 1; y++) {
        const uint8_t *p = pixels + (size_t)y * (size_t)width;
        for (int x = 1; x < width - 1; x++) {
            int edge = 4 * p[x] - p[x - 1] - p[x + 1] - p[x - width] - p[x + width];
            sum += edge;
            squares += (uint64_t)(edge * edge);
        }
    }
    double variance = ((double)squares - (double)sum * (double)sum / n) / (n - 1);
    return variance > 0 ? sqrt(variance) : 0;
}

/* ---- colour ---- */

enum { BOXES = 16 * 16 * 16 };

struct box {
    uint64_t count;
    uint64_t sum[3];
};

static void fill_boxes(const uint8_t *p, size_t pixels, int bands, struct box *boxes)
{
    for (size_t i = 0; i < pixels; i++, p += bands) {
        if (bands == 4 && p[3] < 128)
            continue;
        struct box *b = &boxes[(unsigned)p[0] >> 4 << 8 | (unsigned)p[1] >> 4 << 4 | (unsigned)p[2] >> 4];
        b->count++;
        for (int k = 0; k < 3; k++)
            b->sum[k] += p[k];
    }
}

static void name_colour(const struct box *boxes, char ret[8])
{
    const struct box *best = &boxes[0];
    for (size_t i = 1; i < BOXES; i++)
        if (boxes[i].count > best->count)
            best = &boxes[i];
    unsigned rgb[3] = {0, 0, 0};
    for (int k = 0; k < 3 && best->count; k++)
        rgb[k] = (unsigned)((best->sum[k] + best->count / 2) / best->count);
    (void)snprintf(ret, 8, "#%02x%02x%02x", rgb[0] & 0xff, rgb[1] & 0xff, rgb[2] & 0xff);
}

static bool colour_of(VipsImage *image, char ret[8])
{
    VipsImage *rgb;
    VipsImage *cast;
    if (vips_colourspace(image, &rgb, VIPS_INTERPRETATION_sRGB, NULL))
        return false;
    bool ok = vips_cast_uchar(rgb, &cast, NULL) == 0;
    g_object_unref(rgb);
    if (!ok)
        return false;
    int bands = vips_image_get_bands(cast);
    VipsImage *memory = bands < 3 || bands > 4 ? NULL : vips_image_copy_memory(cast);
    struct box *boxes = calloc(BOXES, sizeof *boxes);
    size_t pixels = (size_t)vips_image_get_width(cast) * (size_t)vips_image_get_height(cast);
    g_object_unref(cast);
    ret[0] = '\0'; /* an image of other bands has no colour */
    if (memory && boxes) {
        fill_boxes((const uint8_t *)vips_image_get_data(memory), pixels, bands, boxes);
        name_colour(boxes, ret);
    }
    free(boxes);
    if (memory)
        g_object_unref(memory);
    return memory || bands < 3 || bands > 4;
}

/* ---- the record ---- */

/* EXIF's text as libvips shows it: "2019:06:01 12:00:00 (2019:06:01 12:00:00, ASCII, 20 components, 20 bytes)". */
static void put_taken(struct gc_buf *out, VipsImage *image)
{
    const char *text;
    enum { EXIF_DATE = 19 };
    if (!vips_image_get_typeof(image, "exif-ifd2-DateTimeOriginal") ||
        vips_image_get_string(image, "exif-ifd2-DateTimeOriginal", &text) ||
        strnlen(text, EXIF_DATE) < EXIF_DATE || text[4] != ':' || text[7] != ':' || text[10] != ' ') {
        vips_error_clear();
        gc_value_put_nil(out);
        return;
    }
    gc_value_put_str(out, gc_bytes_of(text, EXIF_DATE));
}

static enum gc_cause put_record(struct gc_run *run, const struct gc_cell *in, VipsImage *image,
                                const struct facts *f, struct gc_cell *ret)
{
    struct gc_buf *out = &run->stage->scratch;
    size_t start = out->len;
    gc_value_put_array(out, 10);
    gc_value_put_int(out, in->width);
    gc_value_put_int(out, in->height);
    gc_value_put_int(out, in->bands);
    gc_value_put_str(out, gc_str_bytes(gc_str_of(vips_enum_nick(VIPS_TYPE_BAND_FORMAT, in->format))));
    gc_value_put_real(out, f->mean);
    gc_value_put_real(out, f->deviation);
    gc_value_put_real(out, f->entropy);
    gc_value_put_real(out, f->sharpness);
    if (f->colour[0])
        gc_value_put_str(out, gc_str_bytes(gc_str_of(f->colour)));
    else
        gc_value_put_nil(out);
    put_taken(out, image);
    return gc_cell_end_record(run, ret, start);
}

static bool find_facts(VipsImage *image, struct facts *f)
{
    VipsImage *grey = statistics(image, f) ? luminance(image) : NULL;
    if (!grey)
        return false;
    bool ok = entropy_of(grey, &f->entropy) && colour_of(image, f->colour);
    f->sharpness = sharpness_of(grey);
    g_object_unref(grey);
    return ok;
}

enum gc_cause gc_describe_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret)
{
    struct gc_cell *in;
    struct facts f = {0};
    enum gc_cause cause = gc_run_image(run, step, 0, &in);
    if (!cause)
        cause = gc_cell_materialise(run, in);
    if (cause)
        return cause;
    if (!find_facts(in->image, &f))
        return gc_run_vips_failed(run, GC_CAUSE_OP_ERROR, false);
    return put_record(run, in, in->image, &f, ret);
}
