/* Stages on real files: pixels, outcomes, and whom a failure is blamed on. */
#include "rig.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/sys/digest.h"
#include <vips/vips.h>

#include "proto/values.h"

static struct rig r;

static bool have_vips(void)
{
    if (rig_shell("vips --version > /dev/null 2>&1"))
        return true;
    printf("skip: the vips command (libvips-tools) is not installed\n");
    return false;
}

static void all_done(void)
{
    for (uint32_t i = 0; i < gc_stage_nodes(r.stage); i++)
        ck_assert_msg(r.result.pattern[i] == GC_OUTCOME_DONE, "node %u: outcome %u, %s", i,
                      r.result.pattern[i], rig_text(&r, (int)i));
}

START_TEST(echo_says_item_and_hash)
{
    struct gc_value_token t;
    rig_init(&r);
    (void)rig_step(&r, "echo", "", -1);
    rig_install(&r);
    r.task.index = 41;
    r.task.text = gc_str_bytes(GC_STR("abc"));
    rig_run(&r, NULL);
    all_done();
    struct gc_bytes in = gc_buf_bytes(&r.values);
    ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    ck_assert_uint_eq(t.n, 2);
    ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    ck_assert_int_eq(t.integer, 41);
    ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    ck_assert_uint_eq(t.integer, 0x44BC2CF5AD770999u); /* the published XXH64 of "abc" */
    ck_assert_uint_eq(in.len, 0);
    rig_release(&r);
}
END_TEST

/* The same as the command that a user would type, with the decode taken over and without. */
START_TEST(thumbnails_are_those_of_the_vips_command)
{
    static const char *const formats[] = {"jpg", "png", "webp", "tif"};
    if (!have_vips())
        return;
    for (size_t i = 0; i < 4; i++) {
        char name[32];
        char wanted[160];
        rig_init(&r);
        (void)snprintf(name, sizeof name, "photo.%s", formats[i]);
        const char *photo = rig_photo(&r, name, 1200, 900);
        int load = rig_step(&r, "load", "", -1);
        int small = rig_step(&r, "thumbnail_image", "width=200 size=down", load);
        rig_push_down(&r, load);
        int saved = rig_step(&r, "save", "to=x/{stem}.png", small);
        rig_install(&r);
        rig_run(&r, photo);
        all_done();
        ck_assert_uint_eq(r.result.pixels, 1200 * 900);
        (void)snprintf(wanted, sizeof wanted, "%s/wanted.png", r.folder);
        ck_assert(rig_shell("vips thumbnail '%s' '%s' 200 --size down", photo, wanted));
        ck_assert(rig_same_pixels(wanted, rig_output(&r, saved)));
        rig_release(&r);
    }
}
END_TEST

START_TEST(without_push_down_it_is_thumbnail_image)
{
    char wanted[160];
    if (!have_vips())
        return;
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 1200, 900);
    int load = rig_step(&r, "load", "", -1);
    int small = rig_step(&r, "thumbnail_image", "width=200", load);
    int crisp = rig_step(&r, "sharpen", "sigma=0.6", small);
    int saved = rig_step(&r, "save", "to={stem}.png", crisp);
    rig_install(&r);
    rig_run(&r, photo);
    all_done();
    (void)snprintf(wanted, sizeof wanted, "%s/wanted.png", r.folder);
    ck_assert(rig_shell(
        "cd '%s' && vips thumbnail_image photo.jpg s.v 200 && vips sharpen s.v wanted.png --sigma 0.6",
        r.folder));
    ck_assert(rig_same_pixels(wanted, rig_output(&r, saved)));
    rig_release(&r);
}
END_TEST

START_TEST(exif_turns_it)
{
    char wanted[160];
    char turned[160];
    if (!have_vips())
        return;
    for (int orientation = 1; orientation <= 8; orientation++) {
        rig_init(&r);
        const char *photo = rig_photo(&r, "photo.png", 300, 200);
        (void)snprintf(turned, sizeof turned, "%s/turned.jpg", r.folder);
        VipsImage *image = rig_open(photo);
        VipsImage *copy;
        ck_assert_int_eq(vips_copy(image, &copy, NULL), 0);
        vips_image_set_int(copy, VIPS_META_ORIENTATION, orientation);
        ck_assert_int_eq(vips_image_write_to_file(copy, turned, NULL), 0);
        g_object_unref(copy);
        g_object_unref(image);
        int load = rig_step(&r, "load", "", -1);
        int saved = rig_step(&r, "save", "to={stem}.png", load);
        rig_install(&r);
        rig_run(&r, turned);
        all_done();
        (void)snprintf(wanted, sizeof wanted, "%s/wanted.png", r.folder);
        ck_assert(rig_shell("vips autorot '%s' '%s'", turned, wanted));
        ck_assert_msg(rig_same_pixels(wanted, rig_output(&r, saved)), "orientation %d", orientation);
        rig_release(&r);
    }
}
END_TEST

/* One image, three readers: decoded once, each right. */
START_TEST(shared_images_are_made_once)
{
    if (!have_vips())
        return;
    char wanted[160];
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 1200, 900);
    int load = rig_step(&r, "load", "", -1);
    int a = rig_step(&r, "thumbnail_image", "width=200", load);
    int b = rig_step(&r, "thumbnail_image", "width=100", load);
    int c = rig_step(&r, "flip", "direction=vertical", load);
    int tone = rig_step(&r, "describe", "", a);
    int saved[3] = {rig_step(&r, "save", "to=a.png", a), rig_step(&r, "save", "to=b.png", b),
                    rig_step(&r, "save", "to=c.png", c)};
    rig_install(&r);
    rig_run(&r, photo);
    all_done();
    (void)tone;
    (void)snprintf(wanted, sizeof wanted, "%s/w.png", r.folder);
    ck_assert(rig_shell("vips thumbnail_image '%s' '%s' 200", photo, wanted));
    ck_assert(rig_same_pixels(wanted, rig_output(&r, saved[0])));
    ck_assert(rig_shell("vips thumbnail_image '%s' '%s' 100", photo, wanted));
    ck_assert(rig_same_pixels(wanted, rig_output(&r, saved[1])));
    ck_assert(rig_shell("vips flip '%s' '%s' vertical", photo, wanted));
    ck_assert(rig_same_pixels(wanted, rig_output(&r, saved[2])));
    rig_release(&r);
}
END_TEST

/* Two steps take over one decode: they share the descriptor, and must not move each other's place. */
START_TEST(two_shrinks_share_a_descriptor)
{
    char wanted[160];
    if (!have_vips())
        return;
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 1600, 1200);
    int load = rig_step(&r, "load", "", -1);
    int a = rig_step(&r, "thumbnail_image", "width=300", load);
    rig_push_down(&r, load);
    int b = rig_step(&r, "thumbnail_image", "width=90", load);
    rig_push_down(&r, load);
    int save_b = rig_step(&r, "save", "to=b.png", b);
    int save_a = rig_step(&r, "save", "to=a.png", a);
    rig_install(&r);
    rig_run(&r, photo);
    all_done();
    (void)snprintf(wanted, sizeof wanted, "%s/w.png", r.folder);
    ck_assert(rig_shell("vips thumbnail '%s' '%s' 300", photo, wanted));
    ck_assert(rig_same_pixels(wanted, rig_output(&r, save_a)));
    ck_assert(rig_shell("vips thumbnail '%s' '%s' 90", photo, wanted));
    ck_assert(rig_same_pixels(wanted, rig_output(&r, save_b)));
    rig_release(&r);
}
END_TEST

START_TEST(save_says_what_it_wrote)
{
    static const char *const suffixes[] = {".jpg", ".png", ".webp", ".tif", ".gif"};
    for (size_t i = 0; i < 5; i++) {
        struct gc_value_token t;
        char to[64];
        char *data;
        size_t len;
        (void)snprintf(to, sizeof to, "to=out/{dir}/{stem}-{index}%s", suffixes[i]);
        rig_init(&r);
        const char *photo = rig_photo(&r, "photo.png", 120, 80);
        int load = rig_step(&r, "load", "", -1);
        int saved = rig_step(&r, "save", to, load);
        rig_install(&r);
        r.task.index = 7;
        r.task.text = gc_str_bytes(GC_STR("a/b.c.png"));
        rig_run(&r, photo);
        all_done();
        ck_assert_uint_eq(r.result.n_made, 1);
        const struct gc_output_made *made = &r.result.made[0];
        FILE *f = fopen(rig_output(&r, saved), "r");
        ck_assert_ptr_nonnull(f);
        data = malloc(1 << 20);
        len = fread(data, 1, 1 << 20, f);
        (void)fclose(f);
        ck_assert_uint_eq(made->bytes, len);
        ck_assert(gc_digest_equal(made->digest, gc_digest_of(gc_bytes_of(data, len))));
        free(data);
        char path[64];
        (void)snprintf(path, sizeof path, "out/a/b.c-7%s", suffixes[i]);
        ck_assert_msg(gc_str_is(gc_bytes_str(made->path), path), "%.*s",
                      GC_STR_ARGS(gc_bytes_str(made->path)));
        struct gc_bytes in = gc_buf_bytes(&r.values);
        struct gc_bytes first;
        ck_assert_int_eq(gc_value_skip(&in, &first), GC_OK); /* load's */
        ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
        ck_assert_uint_eq(t.n, 5);
        ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
        ck_assert(gc_str_is(gc_bytes_str(t.bytes), path));
        rig_release(&r);
    }
}
END_TEST

START_TEST(given_nodes_are_not_run)
{
    struct gc_given given = {
        .node = 1, .cause = GC_CAUSE_CRASH, .attempts = 2, .text = gc_str_bytes(GC_STR("why"))};
    rig_init(&r);
    int a = rig_step(&r, "echo", "", -1);
    int b = rig_step(&r, "noop", "", a);
    int c = rig_step(&r, "noop", "", b);
    int d = rig_step(&r, "noop", "", a);
    rig_install(&r);
    r.task.given = &given;
    r.task.n_given = 1;
    r.task.text = gc_str_bytes(GC_STR("x"));
    rig_run(&r, NULL);
    ck_assert_uint_eq(r.result.pattern[a], GC_OUTCOME_DONE);
    ck_assert_uint_eq(r.result.pattern[b], GC_OUTCOME_FAILED);
    ck_assert_uint_eq(r.result.pattern[c], GC_OUTCOME_SKIPPED);
    ck_assert_uint_eq(r.result.pattern[d], GC_OUTCOME_DONE);
    ck_assert_uint_eq(r.result.n_faults, 1);
    ck_assert_uint_eq(r.result.faults[0].node, b);
    ck_assert_uint_eq(r.result.faults[0].cause, GC_CAUSE_CRASH);
    ck_assert_uint_eq(r.result.faults[0].attempts, 2);
    ck_assert(gc_str_is(gc_bytes_str(r.result.faults[0].text), "why"));
    ck_assert_uint_eq(r.touched, 2);
    rig_release(&r);
}
END_TEST

START_TEST(only_what_is_wanted_is_committed)
{
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 400, 300);
    const char *bad = rig_truncated(&r, photo, "bad.jpg", 0.5);
    int load = rig_step(&r, "load", "", -1);
    int saved = rig_step(&r, "save", "to=x.png", load);
    int echo = rig_step(&r, "echo", "", -1);
    rig_install(&r);
    r.task.want = UINT64_C(1) << saved;
    rig_run(&r, photo);
    ck_assert_uint_eq(r.result.pattern[load], GC_OUTCOME_NONE);
    ck_assert_uint_eq(r.result.pattern[saved], GC_OUTCOME_DONE);
    ck_assert_uint_eq(r.result.pattern[echo], GC_OUTCOME_NONE);
    r.task.text = gc_bytes_of(NULL, 0);
    rig_run(&r, bad); /* load was committed before: who needs it is to blame */
    ck_assert_uint_eq(r.result.pattern[load], GC_OUTCOME_NONE);
    ck_assert_uint_eq(rig_cause(&r, saved), GC_CAUSE_DAMAGED);
    rig_release(&r);
}
END_TEST

START_TEST(fail_fails_as_asked)
{
    rig_init(&r);
    int bad = rig_step(&r, "fail", "items=3", -1);
    int next = rig_step(&r, "noop", "", bad);
    rig_install(&r);
    for (uint64_t i = 0; i < 7; i++) {
        r.task.index = i;
        r.task.text = gc_str_bytes(GC_STR("x"));
        rig_run(&r, NULL);
        bool fails = i % 3 == 0;
        ck_assert_uint_eq(r.result.pattern[bad], fails ? GC_OUTCOME_FAILED : GC_OUTCOME_DONE);
        ck_assert_uint_eq(r.result.pattern[next], fails ? GC_OUTCOME_SKIPPED : GC_OUTCOME_DONE);
    }
    rig_release(&r);
}
END_TEST

START_TEST(fail_crashes_as_asked)
{
    rig_init(&r);
    (void)rig_step(&r, "fail", "how=crash", -1);
    rig_install(&r);
    rig_run(&r, NULL);
}
END_TEST

START_TEST(settings_are_refused_at_install_or_run)
{
    static const struct {
        const char *op;
        const char *settings;
    } rows[] = {{"load", "fail_on=never"}, {"load", "speed=1"},   {"save", "to=x.bmp"},
                {"save", "to=x.gif Q=3"},  {"save", ""},          {"sleep", "seconds=-1"},
                {"fail", "items=0"},       {"globalbalance", ""}, {"system", "cmd_format=ls"},
                {"files", "path=x"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_fault fault = {0};
        rig_init(&r);
        (void)rig_step(&r, rows[i].op, rows[i].settings, -1);
        ck_assert_msg(gc_stage_install(rig_encode(&r.program), &r.stage, &fault) == GC_ERR_INVALID, "%s %s",
                      rows[i].op, rows[i].settings);
        ck_assert_int_gt((int)strlen(fault.text), 10);
        rig_release(&r);
    }
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.png", 60, 40);
    int load = rig_step(&r, "load", "", -1);
    int area = rig_step(&r, "extract_area", "left=50 top=0 width=50 height=10", load);
    int angle = rig_step(&r, "rot", "angle=sideways", load);
    rig_install(&r);
    rig_run(&r, photo);
    ck_assert_uint_eq(rig_cause(&r, area), GC_CAUSE_OP_ERROR);
    ck_assert_uint_eq(rig_cause(&r, angle), GC_CAUSE_OP_ERROR);
    rig_release(&r);
}
END_TEST

/* GPS and the like are not published, on any version of libvips; the profile stays. */
START_TEST(metadata_is_left_behind)
{
    static const char *const suffixes[] = {"jpg", "png", "webp"};
    if (!have_vips())
        return;
    for (size_t i = 0; i < 3; i++) {
        char tagged[160];
        char to[64];
        rig_init(&r);
        const char *plain = rig_photo(&r, "photo.png", 64, 48);
        (void)snprintf(tagged, sizeof tagged, "%s/tagged.jpg", r.folder);
        VipsImage *image = rig_open(plain);
        VipsImage *with;
        ck_assert_int_eq(vips_icc_transform(image, &with, "srgb", "input_profile", "srgb", NULL), 0);
        vips_image_set_string(with, "exif-ifd3-GPSLatitudeRef", "N (N, ASCII, 2 components, 2 bytes)");
        vips_image_set_string(with, "exif-ifd0-Artist", "somebody (somebody, ASCII, 9 components, 9 bytes)");
        ck_assert_int_eq(vips_image_write_to_file(with, tagged, NULL), 0);
        g_object_unref(image);
        g_object_unref(with);
        ck_assert(rig_shell("grep -aq somebody '%s'", tagged));
        (void)snprintf(to, sizeof to, "to=x.%s", suffixes[i]);
        int load = rig_step(&r, "load", "", -1);
        int saved = rig_step(&r, "save", to, load);
        rig_install(&r);
        rig_run(&r, tagged);
        all_done();
        ck_assert(!rig_shell("grep -aq somebody '%s'", rig_output(&r, saved)));
        ck_assert(rig_shell("vipsheader -a '%s' | grep -q icc-profile-data", rig_output(&r, saved)));
        ck_assert(!rig_shell("vipsheader -a '%s' | grep -qi gps", rig_output(&r, saved)));
        rig_release(&r);
    }
}
END_TEST

START_TEST(describe_agrees_with_libvips)
{
    static const char *const commands[] = {"avg", "deviate"};
    struct gc_value_token t;
    if (!have_vips())
        return;
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.png", 320, 200);
    int load = rig_step(&r, "load", "", -1);
    (void)rig_step(&r, "describe", "", load);
    rig_install(&r);
    rig_run(&r, photo);
    all_done();
    struct gc_bytes in = gc_buf_bytes(&r.values);
    struct gc_bytes skipped;
    ck_assert_int_eq(gc_value_skip(&in, &skipped), GC_OK);
    ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    ck_assert_uint_eq(t.n, 10);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(gc_value_skip(&in, &skipped), GC_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
        ck_assert(rig_shell("test \"$(vips %s '%s')\" = %f", commands[i], photo, t.real));
    }
    rig_release(&r);
}
END_TEST

START_TEST(a_picture_of_one_colour_is_described)
{
    char flat[160];
    VipsImage *image;
    rig_init(&r);
    (void)snprintf(flat, sizeof flat, "%s/flat.png", r.folder);
    ck_assert_int_eq(vips_black(&image, 50, 40, "bands", 3, NULL), 0);
    ck_assert_int_eq(vips_image_write_to_file(image, flat, NULL), 0);
    g_object_unref(image);
    int load = rig_step(&r, "load", "", -1);
    (void)rig_step(&r, "describe", "", load);
    rig_install(&r);
    rig_run(&r, flat);
    all_done();
    rig_release(&r);
}
END_TEST

START_TEST(items_without_a_node)
{
    struct gc_fault fault = {0};
    rig_init(&r);
    rig_install(&r);
    ck_assert_uint_eq(gc_stage_nodes(r.stage), 0);
    rig_run(&r, NULL);
    ck_assert_uint_eq(r.result.n_faults, 0);
    ck_assert_uint_eq(r.values.len, 0);
    gc_stage_destroy(&r.stage);
    r.program.kind = GC_STAGE_REDUCE;
    ck_assert_int_eq(gc_stage_install(rig_encode(&r.program), &r.stage, &fault), GC_ERR_INVALID);
    rig_release(&r);
}
END_TEST

GC_SUITE("stage", GC_TEST(a_picture_of_one_colour_is_described), GC_TEST(echo_says_item_and_hash),
         GC_TEST(thumbnails_are_those_of_the_vips_command), GC_TEST(without_push_down_it_is_thumbnail_image),
         GC_TEST(exif_turns_it), GC_TEST(shared_images_are_made_once),
         GC_TEST(two_shrinks_share_a_descriptor), GC_TEST(save_says_what_it_wrote),
         GC_TEST(given_nodes_are_not_run), GC_TEST(only_what_is_wanted_is_committed),
         GC_TEST(fail_fails_as_asked), GC_TEST_ABORTS(fail_crashes_as_asked),
         GC_TEST(settings_are_refused_at_install_or_run), GC_TEST(metadata_is_left_behind),
         GC_TEST(describe_agrees_with_libvips), GC_TEST(items_without_a_node))
