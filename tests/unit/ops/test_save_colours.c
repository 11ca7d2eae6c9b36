/* save: images whose colours are not what their name says, or that the format has no room for. */
#include "pictures.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct rig r;

enum { SIDE = 40 };

static void is_narrowed(const char *path, const uint16_t *values, int bands)
{
    VipsImage *out = rig_open(path);
    ck_assert_int_eq(vips_image_get_format(out), VIPS_FORMAT_UCHAR);
    ck_assert_int_eq(vips_image_get_bands(out), bands);
    size_t size;
    uint8_t *pixels = vips_image_write_to_memory(out, &size);
    ck_assert_uint_eq(size, (size_t)SIDE * SIDE * (size_t)bands);
    for (size_t i = 0; i < size; i++)
        ck_assert_msg(pixels[i] == values[i] / 256, "%s: %zu: %u of %u", path, i, pixels[i], values[i]);
    g_free(pixels);
    g_object_unref(out);
}

/* libvips' saver of PNG would read two bytes a sample here, and so what lies behind each row. */
START_TEST(narrow_samples_called_wide)
{
    static uint16_t values[SIDE * SIDE * 3];
    for (size_t i = 0; i < GC_COUNT_OF(values); i++)
        values[i] = (uint16_t)(i * 256);
    for (int bands = 1; bands <= 3; bands += 2) {
        rig_init(&r);
        VipsInterpretation as = bands == 1 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16;
        VipsImage *wide = picture_of(values, SIDE, SIDE, bands, VIPS_FORMAT_USHORT, as);
        const char *path = picture_write(&r, wide, "wide.png");
        int load = rig_step(&r, "load", "", -1);
        int narrow = rig_step(&r, "linear", "a=0.00390625 b=0 uchar=true", load);
        int png = rig_step(&r, "save", "to=x.png", narrow);
        int kept = rig_step(&r, "save", "to=y.png metadata=all", narrow);
        rig_install(&r);
        rig_run(&r, path);
        ck_assert_msg(rig_cause(&r, png) == GC_CAUSE_NONE, "%s", rig_text(&r, png));
        is_narrowed(rig_output(&r, png), values, bands);
        is_narrowed(rig_output(&r, kept), values, bands);
        rig_release(&r);
    }
}
END_TEST

/* A fourth band of black is no alpha. */
START_TEST(cmyk_only_where_there_is_room)
{
    static uint8_t inks[SIDE * SIDE * 4];
    memset(inks, 60, sizeof inks);
    rig_init(&r);
    VipsImage *image = picture_of(inks, SIDE, SIDE, 4, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_CMYK);
    const char *path = picture_write(&r, image, "inks.tif");
    int load = rig_step(&r, "load", "", -1);
    int jp2 = rig_step(&r, "save", "to=x.jp2", load);
    int tif = rig_step(&r, "save", "to=x.tif", load);
    int seen = rig_step(&r, "save", "to=y.jp2", rig_step(&r, "colourspace", "space=srgb", load));
    rig_install(&r);
    rig_run(&r, path);
    ck_assert_uint_eq(rig_cause(&r, jp2), GC_CAUSE_OP_ERROR);
    ck_assert_str_eq(rig_text(&r, jp2), "40 x 40 pixels of cmyk as jpeg 2000: it has no such colours; "
                                        "put colourspace with space: srgb before it");
    ck_assert_uint_eq(rig_cause(&r, tif), GC_CAUSE_NONE);
    ck_assert_uint_eq(rig_cause(&r, seen), GC_CAUSE_NONE);
    VipsImage *out = rig_open(rig_output(&r, tif));
    ck_assert_int_eq(vips_image_get_interpretation(out), VIPS_INTERPRETATION_CMYK);
    g_object_unref(out);
    rig_release(&r);
}
END_TEST

GC_SUITE("save_colours", GC_TEST(narrow_samples_called_wide), GC_TEST(cmyk_only_where_there_is_room))
