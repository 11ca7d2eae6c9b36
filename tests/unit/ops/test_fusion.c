/* Fusion: whatever is shared, pushed down or put into memory, the pixels are those of the vips command. */
#include "rig.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#include <vips/vips.h>

#include "common/macros.h"
#include "worker/ops/load.h"

static struct rig r;

static const char *in_folder(const char *name)
{
    static char paths[8][192];
    static int n;
    char *path = paths[n++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", r.folder, name);
    return path;
}

static bool have_vips(void)
{
    if (rig_shell("vips --version > /dev/null 2>&1"))
        return true;
    printf("skip: the vips command (libvips-tools) is not installed\n");
    return false;
}

/* The photo with something about it changed, by the vips command; false: this libvips cannot. */
static bool make(const char *command)
{
    (void)rig_photo(&r, "photo.png", 330, 220);
    return rig_shell("cd '%s' && %s 2> /dev/null", r.folder, command);
}

/* Kinds of images that thumbnail treats in ways of their own, as files in the rig's folder. */
static const struct {
    const char *name;
    const char *command;
} kinds[] = {
    {"plain.jpg", "vips copy photo.png plain.jpg"},
    {"plain.png", "vips copy photo.png plain.png"},
    {"plain.webp", "vips copy photo.png plain.webp"},
    {"plain.gif", "vips copy photo.png plain.gif"},
    {"plain.tif", "vips copy photo.png plain.tif"},
    {"plain.avif", "vips copy photo.png plain.avif[compression=av1]"},
    {"pyramid.tif", "vips copy photo.png pyramid.tif[tile,pyramid,tile-width=64,tile-height=64]"},
    {"alpha.png", "vips extract_band photo.png a.v 0 && vips bandjoin 'photo.png a.v' alpha.png"},
    {"alpha.webp", "vips extract_band photo.png a.v 0 && vips bandjoin 'photo.png a.v' alpha.webp"},
    {"deep.png", "vips colourspace photo.png deep.png rgb16"},
    {"deep.tif", "vips colourspace photo.png deep.tif rgb16"},
    {"grey.jpg", "vips colourspace photo.png grey.jpg b-w"},
    {"cmyk.jpg", "vips icc_transform photo.png cmyk.jpg cmyk --input-profile srgb"},
    {"profile.jpg", "vips icc_transform photo.png profile.jpg p3 --input-profile srgb"},
    {"profile.png", "vips icc_transform photo.png profile.png p3 --input-profile srgb"},
};

/* The same, with an orientation written into it. */
static bool turn(const char *name, int orientation)
{
    VipsImage *image = rig_open(in_folder(name));
    VipsImage *copy;
    char path[192];
    (void)snprintf(path, sizeof path, "%s/turned%s", r.folder, strrchr(name, '.'));
    ck_assert_int_eq(vips_copy(image, &copy, NULL), 0);
    vips_image_set_int(copy, VIPS_META_ORIENTATION, orientation);
    bool ok = vips_image_write_to_file(copy, path, NULL) == 0;
    vips_error_clear();
    g_object_unref(copy);
    g_object_unref(image);
    return ok;
}

/* Thumbnails of one file, pushed down, as `settings` has them; with `whole` the file itself as well. */
static void thumbnails(const char *name, const char *const *settings, const char *const *options, int n,
                       bool whole)
{
    int saved[4];
    int load = rig_step(&r, "load", "", -1);
    for (int i = 0; i < n; i++) {
        int small = rig_step(&r, "thumbnail_image", settings[i], load);
        rig_push_down(&r, load);
        saved[i] = rig_step(&r, "save", "to=x.tif", small);
    }
    int all = whole ? rig_step(&r, "save", "to=x.tif", load) : -1;
    rig_install(&r);
    rig_run(&r, in_folder(name));
    for (uint32_t i = 0; i < gc_stage_nodes(r.stage); i++)
        ck_assert_msg(r.result.pattern[i] == GC_OUTCOME_DONE, "%s: node %u: %u %s", name, i,
                      r.result.pattern[i], rig_text(&r, (int)i));
    for (int i = 0; i < n; i++) {
        ck_assert(rig_shell("cd '%s' && vips thumbnail %s wanted.tif %s", r.folder, name, options[i]));
        ck_assert_msg(rig_same_pixels(in_folder("wanted.tif"), rig_output(&r, saved[i])),
                      "%s, %s, %d of %d, %d", name, options[i], i, n, whole);
    }
    if (whole) {
        ck_assert(rig_shell("cd '%s' && vips autorot %s wanted.tif", r.folder, name));
        ck_assert_msg(rig_same_pixels(in_folder("wanted.tif"), rig_output(&r, all)), "%s", name);
    }
}

static const char *const two_settings[] = {"width=200", "width=40 height=30"};
static const char *const two_options[] = {"200", "40 --height 30"};

START_TEST(thumbnails_of_every_kind_of_image)
{
    if (!have_vips())
        return;
    for (size_t i = 0; i < GC_COUNT_OF(kinds); i++)
        for (int n = 1; n <= 2; n++) {
            rig_init(&r);
            if (make(kinds[i].command))
                thumbnails(kinds[i].name, two_settings, two_options, n, n == 2 && i % 2 == 0);
            else
                printf("skip: no %s here\n", kinds[i].name);
            rig_release(&r);
        }
}
END_TEST

START_TEST(thumbnails_of_turned_images)
{
    static const char *const files[] = {"plain.jpg", "plain.png", "plain.tif", "plain.webp"};
    if (!have_vips())
        return;
    for (size_t i = 0; i < GC_COUNT_OF(files); i++)
        for (int orientation = 2; orientation <= 8; orientation += 2) {
            char command[64];
            char turned[32];
            rig_init(&r);
            (void)snprintf(command, sizeof command, "vips copy photo.png %s", files[i]);
            (void)snprintf(turned, sizeof turned, "turned%s", strrchr(files[i], '.'));
            ck_assert(make(command));
            ck_assert(turn(files[i], orientation));
            thumbnails(turned, two_settings, two_options, 2, true);
            rig_release(&r);
        }
}
END_TEST

/* Settings that change how far a decoder may shrink, or in which light. */
START_TEST(thumbnails_with_settings)
{
    static const char *const settings[] = {"width=60 crop=centre", "width=60 height=50 size=force",
                                           "width=60 linear=true", "width=400 size=down"};
    static const char *const options[] = {"60 --crop centre", "60 --height 50 --size force", "60 --linear",
                                          "400 --size down"};
    static const char *const files[] = {"plain.jpg", "plain.png", "plain.webp"};
    if (!have_vips())
        return;
    for (size_t i = 0; i < GC_COUNT_OF(files); i++) {
        char command[64];
        rig_init(&r);
        (void)snprintf(command, sizeof command, "vips copy photo.png %s", files[i]);
        ck_assert(make(command));
        thumbnails(files[i], settings, options, 4, true);
        rig_release(&r);
    }
}
END_TEST

/* ---- who shares ---- */

/* The set of steps that would share the decode of a photo of 1200 x 900 in the format; `readers` read it itself. */
static uint64_t sharers(const char *format, const char *const *settings, int n, uint32_t readers)
{
    uint64_t set;
    rig_init(&r);
    int load = rig_step(&r, "load", "", -1);
    for (int i = 0; i < n; i++) {
        (void)rig_step(&r, "thumbnail_image", settings[i], load);
        rig_push_down(&r, load);
    }
    rig_install(&r);
    struct gc_run run = {.stage = r.stage, .needed = (UINT64_C(2) << n) - 1};
    VipsImage *image;
    ck_assert_int_eq(vips_black(&image, 1200, 900, "bands", 3, NULL), 0);
    for (uint32_t i = 0; i < gc_formats_n; i++)
        if (strcmp(gc_formats[i].name, format) == 0)
            r.stage->steps[load].decode.format = &gc_formats[i];
    r.stage->cells[load].pullers = readers;
    set = gc_pushdown_sharers(&run, (uint32_t)load, image);
    g_object_unref(image);
    rig_release(&r);
    return set;
}

START_TEST(sharing_follows_the_cost)
{
    static const char *const small[] = {"width=100", "width=200", "width=50"};
    static const char *const large[] = {"width=1000", "width=800 height=700"};
    static const char *const mixed[] = {"width=1000", "width=100"};
    ck_assert_uint_eq(sharers("png", small, 1, 0), 0); /* nobody to share with */
    ck_assert_uint_eq(sharers("png", small, 3, 0), 0xe);
    ck_assert_uint_eq(sharers("png", small, 1, 1), 0x2); /* with who reads the image itself */
    ck_assert_uint_eq(sharers("gif", small, 2, 2), 0x6);
    ck_assert_uint_eq(sharers("jpeg", small, 3, 0), 0); /* each is opened at a fraction of its size */
    ck_assert_uint_eq(sharers("jpeg", small, 3, 2), 0);
    ck_assert_uint_eq(sharers("jpeg", large, 2, 0), 0x6); /* nothing would be left out */
    ck_assert_uint_eq(sharers("jpeg", mixed, 2, 0), 0);   /* one alone has nobody to share with */
    ck_assert_uint_eq(sharers("jpeg", mixed, 2, 1), 0x2);
    ck_assert_uint_eq(sharers("webp", large, 2, 1), 0);
    ck_assert_uint_eq(sharers("svg", large, 2, 1), 0);
    ck_assert_uint_eq(sharers("ppm", small, 2, 0), 0); /* as cheap to decode again as to keep */
    ck_assert_uint_eq(sharers("ppm", small, 3, 0), 0xe);
}
END_TEST

/* ---- cuts ---- */

/* A thumbnail is made in strips from top to bottom: who reads it in another order gets it whole. */
START_TEST(readers_in_another_order_get_it_in_memory)
{
    static const bool push_down[] = {true, false};
    if (!have_vips())
        return;
    for (size_t p = 0; p < 2; p++)
        for (int extra = 0; extra < 2; extra++) {
            rig_init(&r);
            ck_assert(make("vips copy photo.png plain.png"));
            int load = rig_step(&r, "load", "", -1);
            int small = rig_step(&r, "thumbnail_image", "width=150", load);
            if (push_down[p])
                rig_push_down(&r, load);
            int turned = rig_step(&r, "flip", "direction=vertical", small);
            int saved = rig_step(&r, "save", "to=x.tif", turned);
            if (extra)
                (void)rig_step(&r, "save", "to=y.tif", load);
            rig_install(&r);
            rig_run(&r, in_folder("plain.png"));
            ck_assert_msg(r.result.n_faults == 0, "%zu %d: %s", p, extra, rig_text(&r, turned));
            ck_assert(
                rig_shell("cd '%s' && vips thumbnail plain.png s.v 150 && vips flip s.v wanted.tif vertical",
                          r.folder));
            ck_assert(rig_same_pixels(in_folder("wanted.tif"), rig_output(&r, saved)));
            rig_release(&r);
        }
}
END_TEST

/* Many tasks of one stage: nothing of a file is left for the next. */
START_TEST(files_do_not_mix)
{
    static const char *const names[] = {"a.jpg", "b.png", "c.webp", "a.jpg", "d.tif", "b.png"};
    rig_init(&r);
    for (size_t i = 0; i < GC_COUNT_OF(names); i++)
        (void)rig_photo(&r, names[i], 300 + 10 * names[i][0], 200);
    int load = rig_step(&r, "load", "", -1);
    int saved[2];
    for (int i = 0; i < 2; i++) {
        int small = rig_step(&r, "thumbnail_image", two_settings[i], load);
        rig_push_down(&r, load);
        saved[i] = rig_step(&r, "save", "to=x.tif", small);
    }
    rig_install(&r);
    for (size_t i = 0; i < GC_COUNT_OF(names); i++) {
        rig_run(&r, in_folder(names[i]));
        ck_assert_uint_eq(r.result.n_faults, 0);
        for (int k = 0; k < 2; k++) {
            ck_assert(
                rig_shell("cd '%s' && vips thumbnail %s wanted.tif %s", r.folder, names[i], two_options[k]));
            ck_assert(rig_same_pixels(in_folder("wanted.tif"), rig_output(&r, saved[k])));
        }
    }
    rig_release(&r);
}
END_TEST

GC_SUITE("fusion", GC_TEST(thumbnails_of_every_kind_of_image), GC_TEST(thumbnails_of_turned_images),
         GC_TEST(thumbnails_with_settings), GC_TEST(sharing_follows_the_cost),
         GC_TEST(readers_in_another_order_get_it_in_memory), GC_TEST(files_do_not_mix))
