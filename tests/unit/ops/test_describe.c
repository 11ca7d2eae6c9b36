/* describe: each number against what can be told beforehand, for every kind of image that may come. */
#include "pictures.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH, HEIGHT, BANDS, FORMAT, MEAN, DEVIATION, ENTROPY, SHARPNESS, COLOUR, TAKEN, FIELDS };

static struct rig r;
static struct gc_value_token f[FIELDS];

/* Describes a file, loaded with these settings, or what `op` makes of it. */
static void describe(const char *path, const char *load, const char *op, const char *settings)
{
    static struct rig run;
    rig_init(&run);
    int from = rig_step(&run, "load", load, -1);
    if (op)
        from = rig_step(&run, op, settings, from);
    int at = rig_step(&run, "describe", "", from);
    rig_install(&run);
    run.task.want = UINT64_C(1) << at;
    rig_run(&run, path);
    ck_assert_msg(run.result.pattern[at] == GC_OUTCOME_DONE, "%s: %s", path, rig_text(&run, at));
    record_fields(&run, f, FIELDS);
    /* strings stay in the rig's values */
    rig_release(&run);
}

static bool is(int field, const char *text)
{
    return f[field].kind == GC_TOKEN_STR && gc_str_is(gc_bytes_str(f[field].bytes), text);
}

static void size_is(int width, int height, int bands, const char *format)
{
    ck_assert_int_eq(f[WIDTH].integer, width);
    ck_assert_int_eq(f[HEIGHT].integer, height);
    ck_assert_int_eq(f[BANDS].integer, bands);
    ck_assert(is(FORMAT, format));
}

static void near(int field, double wanted)
{
    ck_assert_int_eq(f[field].kind, GC_TOKEN_REAL);
    ck_assert_double_eq_tol(f[field].real, wanted, 1e-9 * (1 + fabs(wanted)));
}

static const char *write8(const uint8_t *values, int width, int height, int bands, const char *name)
{
    return picture_write(&r,
                         picture_of(values, width, height, bands, VIPS_FORMAT_UCHAR,
                                    bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB),
                         name);
}

/* 4 x 4 pixels, worked out by hand. */
START_TEST(grey)
{
    static const uint8_t values[16] = {0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 200, 200, 200, 200};
    rig_init(&r);
    describe(write8(values, 4, 4, 1, "a.png"), "", NULL, "");
    size_is(4, 4, 1, "uchar");
    near(MEAN, 900.0 / 16);
    near(DEVIATION, sqrt((4 * 200.0 * 200 + 100 * 100 - 900.0 * 900 / 16) / 15));
    /* 11 times 0, once 100, 4 times 200 */
    near(ENTROPY, -(11.0 / 16 * log2(11.0 / 16) + 1.0 / 16 * log2(1.0 / 16) + 4.0 / 16 * log2(4.0 / 16)));
    /* Laplacians inside: at (1,1) 400, (2,1) -100, (1,2) -100 - 200, (2,2) -200 */
    double sum = 400 - 100 - 300 - 200;
    double squares = 160000 + 10000 + 90000 + 40000;
    near(SHARPNESS, sqrt((squares - sum * sum / 4) / 3));
    ck_assert(is(COLOUR, "#000000"));
    ck_assert_int_eq(f[TAKEN].kind, GC_TOKEN_NIL);
    rig_release(&r);
}
END_TEST

START_TEST(colour)
{
    static uint8_t values[10 * 10 * 3];
    rig_init(&r);
    for (int i = 0; i < 100; i++) {
        /* 60 of one box, of two shades; 40 of another */
        static const uint8_t shades[3][3] = {{200, 30, 40}, {202, 28, 40}, {10, 20, 250}};
        memcpy(values + 3 * i, shades[i < 30 ? 0 : i < 60 ? 1 : 2], 3);
    }
    describe(write8(values, 10, 10, 3, "a.png"), "", NULL, "");
    size_is(10, 10, 3, "uchar");
    ck_assert(is(COLOUR, "#c91d28")); /* 201, 29, 40 */
    near(MEAN, (30 * 270 + 30 * 270 + 40 * 280) / 300.0);
    rig_release(&r);
}
END_TEST

/* The mean is of all bands, as libvips has it; the colour of what can be seen. */
START_TEST(alpha)
{
    static uint8_t values[4 * 4 * 4];
    rig_init(&r);
    for (int i = 0; i < 16; i++) {
        static const uint8_t pixel[2][4] = {{255, 0, 0, 127}, {0, 0, 255, 128}};
        memcpy(values + 4 * i, pixel[i >= 10], 4);
    }
    describe(write8(values, 4, 4, 4, "a.png"), "", NULL, "");
    size_is(4, 4, 4, "uchar");
    ck_assert(is(COLOUR, "#0000ff"));
    near(MEAN, (16 * 255 + 10 * 127 + 6 * 128) / 64.0);
    for (int i = 0; i < 16; i++)
        values[4 * i + 3] = 0;
    describe(write8(values, 4, 4, 4, "b.png"), "", NULL, "");
    ck_assert_int_eq(f[COLOUR].kind, GC_TOKEN_NIL);
    static const uint8_t grey_alpha[8] = {50, 255, 50, 255, 200, 0, 200, 0};
    describe(write8(grey_alpha, 2, 2, 2, "c.png"), "", NULL, "");
    size_is(2, 2, 2, "uchar");
    ck_assert(is(COLOUR, "#323232"));
    near(ENTROPY, 1);
    rig_release(&r);
}
END_TEST

START_TEST(sixteen_bits_and_floats_in_their_own_scale)
{
    static const uint16_t shorts[4] = {0, 0xffff, 0xffff, 0x8000};
    rig_init(&r);
    describe(picture_write(&r, picture_of(shorts, 2, 2, 1, VIPS_FORMAT_USHORT, VIPS_INTERPRETATION_GREY16),
                           "a.png"),
             "", NULL, "");
    size_is(2, 2, 1, "ushort");
    near(MEAN, (2 * 65535.0 + 32768) / 4);
    near(DEVIATION, sqrt((2 * 65535.0 * 65535 + 32768.0 * 32768 - pow(2 * 65535.0 + 32768, 2) / 4) / 3));
    ck_assert(is(COLOUR, "#ffffff"));
    near(ENTROPY, 1.5);
    static const float floats[4] = {0.5f, 1e6f, 1e6f, 1e6f}; /* what the mean's square would drown */
    describe(
        picture_write(&r, picture_of(floats, 2, 2, 1, VIPS_FORMAT_FLOAT, VIPS_INTERPRETATION_B_W), "b.tif"),
        "", NULL, "");
    size_is(2, 2, 1, "float");
    near(MEAN, (0.5 + 3e6) / 4);
    near(DEVIATION, (1e6 - 0.5) / 2);
    ck_assert(is(COLOUR, "#ffffff"));
    static const float infinite[4] = {1, INFINITY, 2, 3};
    describe(
        picture_write(&r, picture_of(infinite, 2, 2, 1, VIPS_FORMAT_FLOAT, VIPS_INTERPRETATION_B_W), "c.tif"),
        "", NULL, "");
    ck_assert_int_eq(f[MEAN].kind, GC_TOKEN_NIL);
    ck_assert_int_eq(f[DEVIATION].kind, GC_TOKEN_NIL);
    rig_release(&r);
}
END_TEST

START_TEST(cmyk_has_the_colour_that_is_seen)
{
    static uint8_t ink[8 * 8 * 4];
    rig_init(&r);
    for (int i = 0; i < 64; i++)
        ink[4 * i + 1] = ink[4 * i + 2] = 255; /* magenta and yellow: red */
    describe(
        picture_write(&r, picture_of(ink, 8, 8, 4, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_CMYK), "a.tif"), "",
        NULL, "");
    size_is(8, 8, 4, "uchar");
    near(MEAN, 127.5);
    near(SHARPNESS, 0);
    unsigned rgb[3] = {0, 0, 0};
    char text[8] = "";
    memcpy(text, f[COLOUR].bytes.ptr, 7);
    ck_assert_int_eq(sscanf(text, "#%2x%2x%2x", &rgb[0], &rgb[1], &rgb[2]), 3);
    ck_assert_uint_gt(rgb[0], 200);
    ck_assert_uint_lt(rgb[1], 80);
    ck_assert_uint_lt(rgb[2], 80);
    rig_release(&r);
}
END_TEST

/* Two frames of one colour each: what lies between them is no edge. */
START_TEST(frames_have_no_edge_between_them)
{
    static uint8_t values[6 * 12 * 3];
    rig_init(&r);
    memset(values, 10, sizeof values / 2);
    memset(values + sizeof values / 2, 240, sizeof values / 2);
    VipsImage *image = picture_of(values, 6, 12, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB);
    VipsImage *paged;
    ck_assert_int_eq(vips_copy(image, &paged, NULL), 0);
    g_object_unref(image);
    vips_image_set_int(paged, VIPS_META_PAGE_HEIGHT, 6);
    const char *path = picture_write(&r, paged, "a.webp[lossless]");
    describe(path, "n=-1", NULL, "");
    size_is(6, 12, 3, "uchar");
    near(MEAN, 125);
    near(SHARPNESS, 0);
    near(ENTROPY, 1);
    describe(path, "page=1", NULL, "");
    size_is(6, 6, 3, "uchar");
    near(MEAN, 240);
    rig_release(&r);
}
END_TEST

START_TEST(smallest)
{
    static const uint8_t one[3] = {1, 2, 3};
    rig_init(&r);
    describe(write8(one, 1, 1, 3, "a.png"), "", NULL, "");
    size_is(1, 1, 3, "uchar");
    near(MEAN, 2);
    near(DEVIATION, 1);
    near(ENTROPY, 0);
    near(SHARPNESS, 0);
    ck_assert(is(COLOUR, "#010203"));
    static const uint8_t single[1] = {7};
    describe(write8(single, 1, 1, 1, "b.png"), "", NULL, "");
    near(DEVIATION, 0);
    rig_release(&r);
}
END_TEST

/* An image that has been computed, of signed, float, complex and many-banded values: libvips' avg and deviate are the same. */
START_TEST(every_format_agrees_with_libvips)
{
    static const char *const formats[] = {"uchar", "char",  "ushort", "short",   "uint",
                                          "int",   "float", "double", "complex", "dpcomplex"};
    rig_init(&r);
    const char *path = picture_write(&r, picture(5, 150, 110), "a.png");
    for (size_t i = 0; i < GC_COUNT_OF(formats); i++) {
        char settings[64];
        double mean;
        double deviation;
        VipsImage *image = rig_open(path);
        VipsImage *cast;
        VipsImage *real;
        (void)snprintf(settings, sizeof settings, "format=%s", formats[i]);
        ck_assert_int_eq(
            vips_cast(image, &cast,
                      (VipsBandFormat)vips_enum_from_nick("test", VIPS_TYPE_BAND_FORMAT, formats[i]), NULL),
            0);
        bool complex = vips_band_format_iscomplex(cast->BandFmt);
        ck_assert_int_eq(complex ? vips_real(cast, &real, NULL) : vips_copy(cast, &real, NULL), 0);
        ck_assert_int_eq(vips_avg(real, &mean, NULL), 0);
        ck_assert_int_eq(vips_deviate(real, &deviation, NULL), 0);
        describe(path, "", "cast", settings);
        size_is(150, 110, 3, formats[i]);
        ck_assert_double_eq_tol(f[MEAN].real, mean, 1e-7);
        ck_assert_double_eq_tol(f[DEVIATION].real, deviation, 1e-6);
        g_object_unref(image);
        g_object_unref(cast);
        g_object_unref(real);
    }
    rig_release(&r);
}
END_TEST

/* Strips are read from what is computed, and two readers of one image see the same. */
START_TEST(a_second_reader_changes_nothing)
{
    struct gc_value_token alone[FIELDS];
    rig_init(&r);
    const char *path = picture_write(&r, picture(6, 301, 203), "a.jpg");
    describe(path, "", NULL, "");
    memcpy(alone, f, sizeof alone);
    int load = rig_step(&r, "load", "", -1);
    (void)rig_step(&r, "save", "to=x.png", load);
    int at = rig_step(&r, "describe", "", load);
    rig_install(&r);
    r.task.want = UINT64_C(1) << at | 2;
    rig_run(&r, path);
    struct gc_bytes in = gc_buf_bytes(&r.values);
    struct gc_bytes saved;
    struct gc_value_token t;
    ck_assert_int_eq(gc_value_skip(&in, &saved), GC_OK);
    ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    for (int i = 0; i < FIELDS; i++) {
        ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
        ck_assert_int_eq(t.kind, alone[i].kind);
        ck_assert(t.kind != GC_TOKEN_REAL || t.real == alone[i].real);
    }
    rig_release(&r);
}
END_TEST

/* ---- when ---- */

static void taken(const char *date, const char *offset, const char *wanted)
{
    VipsImage *image = picture(7, 32, 32);
    VipsImage *dated;
    ck_assert_int_eq(vips_copy(image, &dated, NULL), 0);
    g_object_unref(image);
    vips_image_set_string(dated, "exif-ifd2-DateTimeOriginal", date);
    if (offset)
        vips_image_set_string(dated, "exif-ifd2-OffsetTimeOriginal", offset);
    describe(picture_write(&r, dated, "a.jpg"), "", NULL, "");
    if (wanted)
        ck_assert_msg(is(TAKEN, wanted), "%s: %.*s", date, (int)f[TAKEN].bytes.len,
                      (const char *)f[TAKEN].bytes.ptr);
    else
        ck_assert_int_eq(f[TAKEN].kind, GC_TOKEN_NIL);
}

START_TEST(dates_are_iso_8601)
{
    rig_init(&r);
    taken("2019:06:01 12:34:56", NULL, "2019-06-01T12:34:56");
    taken("2019:06:01 12:34:56", "+02:00", "2019-06-01T12:34:56+02:00");
    taken("2019:06:01 12:34:56", "-11:30", "2019-06-01T12:34:56-11:30");
    taken("2019:06:01 12:34:56", "  :  ", "2019-06-01T12:34:56");
    taken("0000:00:00 00:00:00", NULL, NULL);
    taken("    :  :     :  :  ", NULL, NULL);
    taken("yesterday, about noon", NULL, NULL);
    rig_release(&r);
}
END_TEST

START_TEST(a_cut_file_is_blamed_on_load)
{
    rig_init(&r);
    const char *path = rig_truncated(&r, picture_write(&r, picture(4, 600, 450), "a.jpg"), "cut.jpg", 0.5);
    int load = rig_step(&r, "load", "", -1);
    int tone = rig_step(&r, "describe", "", load);
    rig_install(&r);
    rig_run(&r, path);
    ck_assert_uint_eq(rig_cause(&r, load), GC_CAUSE_DAMAGED);
    ck_assert_uint_eq(r.result.pattern[tone], GC_OUTCOME_SKIPPED);
    rig_release(&r);
}
END_TEST

GC_SUITE("describe", GC_TEST(grey), GC_TEST(colour), GC_TEST(alpha),
         GC_TEST(sixteen_bits_and_floats_in_their_own_scale), GC_TEST(cmyk_has_the_colour_that_is_seen),
         GC_TEST(frames_have_no_edge_between_them), GC_TEST(smallest),
         GC_TEST(every_format_agrees_with_libvips), GC_TEST(a_second_reader_changes_nothing),
         GC_TEST(dates_are_iso_8601), GC_TEST(a_cut_file_is_blamed_on_load))
