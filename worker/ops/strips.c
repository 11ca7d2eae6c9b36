#include "worker/ops/strips.h"

#include "common/assert.h"
#include "common/num.h"

enum { ROWS = 32 };

int gc_frame_height(VipsImage *image)
{
    int height = vips_image_get_height(image);
    int page = vips_image_get_page_height(image);
    return page > 0 && height % page == 0 ? page : height;
}

/* 8 bits of grey or sRGB already: nothing is to be converted. */
static bool is_plain(VipsImage *image)
{
    VipsInterpretation as = vips_image_guess_interpretation(image);
    int bands = vips_image_get_bands(image);
    if (vips_image_get_format(image) != VIPS_FORMAT_UCHAR || vips_image_get_coding(image) != VIPS_CODING_NONE)
        return false;
    return (as == VIPS_INTERPRETATION_B_W && bands <= 2) || (as == VIPS_INTERPRETATION_sRGB && bands >= 3);
}

/* Takes the reference of `image`. */
static VipsImage *to_uchar(VipsImage *image)
{
    VipsImage *cast;
    bool ok = vips_cast_uchar(image, &cast, NULL) == 0;
    g_object_unref(image);
    return ok ? cast : NULL;
}

static VipsImage *tone_of(struct gc_strips *s, VipsImage *image)
{
    VipsImage *tone;
    s->toneless = !vips_colourspace_issupported(image);
    if (s->toneless)
        return vips_extract_band(image, &tone, 0, NULL) ? NULL : to_uchar(tone);
    if (is_plain(image))
        return g_object_ref(image);
    return vips_colourspace(image, &tone, VIPS_INTERPRETATION_sRGB, NULL) ? NULL : to_uchar(tone);
}

static VipsRegion *region_of(VipsImage *image)
{
    return vips_image_pio_input(image) ? NULL : vips_region_new(image);
}

bool gc_strips_open(struct gc_strips *s, VipsImage *image, int height, bool own)
{
    GC_ASSERT(height > 0 && height <= vips_image_get_height(image));
    *s = (struct gc_strips){.height = height, .width = vips_image_get_width(image)};
    if (vips_image_decode(image, &s->own_image))
        return false;
    if (own && !is_plain(s->own_image)) {
        /* Two pipelines read it, the one behind the other: the rows between them are kept. */
        VipsImage *kept;
        if (vips_linecache(s->own_image, &kept, "tile_height", ROWS, "access", VIPS_ACCESS_SEQUENTIAL, NULL))
            return false;
        g_object_unref(s->own_image);
        s->own_image = kept;
    }
    s->tone_image = tone_of(s, s->own_image);
    if (!s->tone_image)
        return false;
    s->tone_bands = vips_image_get_bands(s->tone_image);
    s->coloured = !s->toneless && s->tone_bands >= 3;
    int colours = s->coloured ? 3 : 1;
    s->alpha = !s->toneless && s->tone_bands > colours ? colours : -1;
    s->tone = region_of(s->tone_image);
    s->same = own && s->tone_image == s->own_image;
    if (own && !s->same)
        s->own = region_of(s->own_image);
    return s->tone && (s->own || s->same || !own);
}

static bool prepare(VipsRegion *region, const VipsRect *rows, const uint8_t **ret, size_t *ret_stride)
{
    if (vips_region_prepare(region, rows))
        return false;
    *ret = VIPS_REGION_ADDR_TOPLEFT(region);
    *ret_stride = (size_t)VIPS_REGION_LSKIP(region);
    return true;
}

bool gc_strips_next(struct gc_strips *s, struct gc_strip *ret)
{
    if (s->failed || s->next == s->height)
        return false;
    VipsRect rows = {0, s->next, s->width, (int)gc_min_i64(ROWS, s->height - s->next)};
    *ret = (struct gc_strip){.y = rows.top, .rows = rows.height};
    s->failed = (s->own && !prepare(s->own, &rows, &ret->own, &ret->own_stride)) ||
                !prepare(s->tone, &rows, &ret->tone, &ret->tone_stride);
    if (s->same) {
        ret->own = ret->tone;
        ret->own_stride = ret->tone_stride;
    }
    s->next += rows.height;
    return !s->failed;
}

bool gc_strips_done(const struct gc_strips *s)
{
    return !s->failed && s->next == s->height;
}

void gc_strips_close(struct gc_strips *s)
{
    g_clear_object(&s->own);
    g_clear_object(&s->tone);
    g_clear_object(&s->tone_image);
    g_clear_object(&s->own_image);
}
