/* phash: pictures that look the same are near, others are far; and the bits are the ones that the recipe says. */
#include "pictures.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct rig r;

/* The hash of a file, loaded with these settings. */
static uint64_t hash_of(const char *path, const char *load)
{
    static struct rig run;
    struct gc_value_token hash;
    rig_init(&run);
    int at = rig_step(&run, "phash", "", rig_step(&run, "load", load, -1));
    rig_install(&run);
    run.task.want = UINT64_C(1) << at;
    rig_run(&run, path);
    ck_assert_msg(run.result.pattern[at] == GC_OUTCOME_DONE, "%s: %s", path, rig_text(&run, at));
    record_fields(&run, &hash, 1);
    rig_release(&run);
    return hash.unsigned_integer;
}

static int distance(uint64_t a, uint64_t b)
{
    return __builtin_popcountll(a ^ b);
}

static VipsImage *changed(VipsImage *image, const char *how)
{
    VipsImage *out = NULL;
    int failed = -1;
    if (strcmp(how, "half") == 0)
        failed = vips_resize(image, &out, 0.5, NULL);
    else if (strcmp(how, "eighth") == 0)
        failed = vips_resize(image, &out, 0.125, NULL);
    else if (strcmp(how, "larger") == 0)
        failed = vips_resize(image, &out, 1.7, NULL);
    else if (strcmp(how, "tiny") == 0)
        failed = vips_resize(image, &out, 40.0 / 600, NULL);
    else if (strcmp(how, "wide") == 0)
        failed = vips_resize(image, &out, 0.9, "vscale", 0.4, NULL);
    else if (strcmp(how, "brighter") == 0)
        failed = vips_linear1(image, &out, 1.0, 12.0, "uchar", TRUE, NULL);
    else if (strcmp(how, "flatter") == 0)
        failed = vips_linear1(image, &out, 0.85, 10.0, "uchar", TRUE, NULL);
    else if (strcmp(how, "grey") == 0)
        failed = vips_colourspace(image, &out, VIPS_INTERPRETATION_B_W, NULL);
    else if (strcmp(how, "16 bits") == 0)
        failed = vips_colourspace(image, &out, VIPS_INTERPRETATION_RGB16, NULL);
    else if (strcmp(how, "cmyk") == 0)
        failed = vips_colourspace(image, &out, VIPS_INTERPRETATION_CMYK, NULL);
    else if (strcmp(how, "alpha") == 0)
        failed = vips_bandjoin_const1(image, &out, 255, NULL);
    else if (strcmp(how, "blurred") == 0)
        failed = vips_gaussblur(image, &out, 2.0, NULL);
    ck_assert_msg(failed == 0, "%s: %s", how, vips_error_buffer());
    return out;
}

START_TEST(a_picture_is_near_itself)
{
    static const char *const files[] = {"a.jpg[Q=90]", "a.jpg[Q=30]", "a.webp[Q=40]", "a.tif", "a.gif"};
    static const char *const hows[] = {"half",    "eighth", "larger",  "tiny", "wide",  "brighter",
                                       "flatter", "grey",   "16 bits", "cmyk", "alpha", "blurred"};
    rig_init(&r);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        uint64_t wanted = hash_of(picture_write(&r, picture(seed, 600, 450), "a.png"), "");
        for (size_t i = 0; i < GC_COUNT_OF(files); i++) {
            uint64_t got = hash_of(picture_write(&r, picture(seed, 600, 450), files[i]), "");
            ck_assert_msg(distance(wanted, got) <= 6, "%lu %s: %d", seed, files[i], distance(wanted, got));
        }
        for (size_t i = 0; i < GC_COUNT_OF(hows); i++) {
            VipsImage *image = picture(seed, 600, 450);
            uint64_t got = hash_of(picture_write(&r, changed(image, hows[i]), "b.tif"), "");
            ck_assert_msg(distance(wanted, got) <= 6, "%lu %s: %d", seed, hows[i], distance(wanted, got));
            g_object_unref(image);
        }
    }
    rig_release(&r);
}
END_TEST

START_TEST(other_pictures_are_far)
{
    enum { N = 24 };
    uint64_t hashes[N];
    rig_init(&r);
    for (uint64_t i = 0; i < N; i++)
        hashes[i] = hash_of(picture_write(&r, picture(100 + i, 320, 240), "a.png"), "");
    for (int a = 0; a < N; a++)
        for (int b = 0; b < a; b++)
            ck_assert_msg(distance(hashes[a], hashes[b]) > 12, "%d and %d: %d", a, b,
                          distance(hashes[a], hashes[b]));
    rig_release(&r);
}
END_TEST

/* Waves of one frequency each: which bit is set can be told beforehand. Cells are single pixels at 32 x 32, blocks at 96 x 64. */
static VipsImage *waves(int width, int height, const int (*uv)[2], size_t n)
{
    static uint8_t values[96 * 64];
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            double sum = 128;
            int cx = x * 32 / width;
            int cy = y * 32 / height;
            for (size_t i = 0; i < n; i++)
                sum +=
                    40 * cos((2 * cx + 1) * uv[i][0] * M_PI / 64) * cos((2 * cy + 1) * uv[i][1] * M_PI / 64);
            values[y * width + x] = (uint8_t)lrint(sum);
        }
    }
    return picture_of(values, width, height, 1, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_B_W);
}

START_TEST(bits_are_frequencies)
{
    static const int sizes[][2] = {{32, 32}, {96, 64}};
    static const int one[][2] = {{3, 0}};
    static const int two[][2] = {{0, 5}, {7, 7}};
    static const int three[][2] = {{1, 0}, {2, 4}, {6, 1}};
    rig_init(&r);
    for (size_t i = 0; i < 2; i++) {
        int w = sizes[i][0];
        int h = sizes[i][1];
        ck_assert_uint_eq(hash_of(picture_write(&r, waves(w, h, one, 1), "w.png"), ""), UINT64_C(1) << 3);
        ck_assert_uint_eq(hash_of(picture_write(&r, waves(w, h, two, 2), "w.png"), ""),
                          UINT64_C(1) << 40 | UINT64_C(1) << 63);
        ck_assert_uint_eq(hash_of(picture_write(&r, waves(w, h, three, 3), "w.png"), ""),
                          UINT64_C(1) << 1 | UINT64_C(1) << 34 | UINT64_C(1) << 14);
    }
    rig_release(&r);
}
END_TEST

/* 31 of the 63 are above the median, but for those that cannot be seen. */
START_TEST(a_rich_picture_sets_half_of_the_bits)
{
    rig_init(&r);
    for (uint64_t seed = 1; seed <= 8; seed++) {
        uint64_t hash = hash_of(picture_write(&r, picture(seed, 300, 200), "a.png"), "");
        ck_assert_int_le(__builtin_popcountll(hash), 31);
        ck_assert_int_ge(__builtin_popcountll(hash), 20);
        ck_assert_uint_eq(hash & 1, 0);
    }
    rig_release(&r);
}
END_TEST

/* One colour, with and without the noise of a compressor or of a sensor. */
START_TEST(one_colour_is_0_whatever_its_noise)
{
    static uint8_t values[200 * 150 * 3];
    uint64_t seed = 99;
    rig_init(&r);
    for (int level = 0; level <= 255; level += 51) {
        memset(values, level, sizeof values);
        ck_assert_uint_eq(
            hash_of(picture_write(
                        &r, picture_of(values, 200, 150, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB),
                        "f.png"),
                    ""),
            0);
        ck_assert_uint_eq(
            hash_of(picture_write(&r,
                                  picture_of(values, 7, 1, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB),
                                  "f.png"),
                    ""),
            0);
        for (size_t i = 0; i < sizeof values; i++)
            values[i] = (uint8_t)(level == 0 ? gc_suite_random(&seed) % 2
                                             : (unsigned)level - gc_suite_random(&seed) % 2);
        ck_assert_uint_eq(
            hash_of(picture_write(
                        &r, picture_of(values, 200, 150, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB),
                        "f.jpg[Q=60]"),
                    ""),
            0);
    }
    rig_release(&r);
}
END_TEST

START_TEST(what_is_transparent_lies_on_white)
{
    static uint8_t values[64 * 48 * 4];
    static uint8_t flat[64 * 48 * 3];
    rig_init(&r);
    for (size_t i = 0; i < 64 * 48; i++) {
        uint8_t *p = values + 4 * i;
        bool in = i % 64 > 20 && i / 64 > 10;
        p[0] = p[1] = p[2] = 0;
        p[3] = in ? 255 : 0; /* black on nothing */
        memset(flat + 3 * i, in ? 0 : 255, 3);
    }
    uint64_t hash =
        hash_of(picture_write(&r, picture_of(values, 64, 48, 4, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB),
                              "a.png"),
                "");
    ck_assert_uint_eq(
        hash,
        hash_of(picture_write(&r, picture_of(flat, 64, 48, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB),
                              "b.png"),
                ""));
    ck_assert_uint_ne(hash, 0);
    rig_release(&r);
}
END_TEST

START_TEST(an_animation_is_its_first_frame)
{
    rig_init(&r);
    VipsImage *frames[2] = {picture(1, 80, 60), picture(2, 80, 60)};
    VipsImage *roll;
    VipsImage *paged;
    ck_assert_int_eq(vips_arrayjoin(frames, &roll, 2, "across", 1, NULL), 0);
    ck_assert_int_eq(vips_copy(roll, &paged, NULL), 0);
    vips_image_set_int(paged, VIPS_META_PAGE_HEIGHT, 60);
    const char *path = picture_write(&r, paged, "a.webp[lossless]");
    uint64_t first = hash_of(picture_write(&r, frames[0], "b.png"), "");
    ck_assert_uint_eq(hash_of(path, "n=-1"), first);
    ck_assert_uint_eq(hash_of(path, ""), first);
    ck_assert_uint_ne(hash_of(path, "page=1"), first);
    g_object_unref(frames[1]);
    g_object_unref(roll);
    rig_release(&r);
}
END_TEST

/* Read as it comes, in strips: a file that ends too early fails at its decoder, not here. */
START_TEST(a_cut_file_is_blamed_on_load)
{
    rig_init(&r);
    const char *path = rig_truncated(&r, picture_write(&r, picture(4, 600, 450), "a.png"), "cut.png", 0.5);
    int load = rig_step(&r, "load", "", -1);
    int hash = rig_step(&r, "phash", "", load);
    rig_install(&r);
    rig_run(&r, path);
    ck_assert_uint_eq(rig_cause(&r, load), GC_CAUSE_DAMAGED);
    ck_assert_uint_eq(r.result.pattern[hash], GC_OUTCOME_SKIPPED);
    rig_release(&r);
}
END_TEST

GC_SUITE("phash", GC_TEST(a_picture_is_near_itself), GC_TEST(other_pictures_are_far),
         GC_TEST(bits_are_frequencies), GC_TEST(a_rich_picture_sets_half_of_the_bits),
         GC_TEST(one_colour_is_0_whatever_its_noise), GC_TEST(what_is_transparent_lies_on_white),
         GC_TEST(an_animation_is_its_first_frame), GC_TEST(a_cut_file_is_blamed_on_load))
