/* Operations that take several images or none, make several or none, paint, draw by chance; and what is refused of them. */
#include "rig.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

#include "proto/values.h"

static struct rig r;

static const char *begin(int width, int height)
{
    rig_init(&r);
    return rig_photo(&r, "photo.png", width, height);
}

static void run_done(const char *photo)
{
    rig_install(&r);
    rig_run(&r, photo);
    for (uint32_t i = 0; i < gc_stage_nodes(r.stage); i++)
        ck_assert_msg(r.result.pattern[i] == GC_OUTCOME_DONE, "node %u: %s", i, rig_text(&r, (int)i));
}

/* The bytes of node `at`'s value. */
static struct gc_bytes value_of(int at)
{
    struct gc_bytes in = gc_buf_bytes(&r.values);
    struct gc_bytes one = {NULL, 0};
    for (int i = 0; i <= at; i++)
        ck_assert_int_eq(gc_value_skip(&in, &one), GC_OK);
    return one;
}

static struct gc_value_token next(struct gc_bytes *in)
{
    struct gc_value_token t;
    ck_assert_int_eq(gc_value_next(in, &t), GC_OK);
    return t;
}

static double number(struct gc_bytes *in)
{
    struct gc_value_token t = next(in);
    ck_assert(t.kind == GC_TOKEN_REAL || t.kind == GC_TOKEN_INT);
    return t.kind == GC_TOKEN_REAL ? t.real : (double)t.integer;
}

/* An image's record: width, height, bands; and that it has `fields` in all. */
static void image_is(int at, int width, int height, int bands, uint32_t fields)
{
    struct gc_bytes in = value_of(at);
    ck_assert_uint_eq(next(&in).n, fields);
    ck_assert_int_eq(next(&in).integer, width);
    ck_assert_int_eq(next(&in).integer, height);
    ck_assert_int_eq(next(&in).integer, bands);
}

/* ---- images taken ---- */

START_TEST(lists_take_all_in_order)
{
    const char *photo = begin(33, 17);
    int load = rig_step(&r, "load", "", -1);
    int grey = rig_step(&r, "grey", "width=33 height=17 uchar=true", -1);
    int joined = rig_step(&r, "bandjoin", "", grey);
    rig_also(&r, load);
    rig_also(&r, grey);
    int last = rig_step(&r, "extract_band", "band=4", joined);
    int first = rig_step(&r, "extract_band", "band=0", joined);
    int gap = rig_step(&r, "subtract", "", last);
    rig_also(&r, first);
    int most = rig_step(&r, "max", "", gap);
    run_done(photo);
    image_is(joined, 33, 17, 5, 4);
    struct gc_bytes in = value_of(most);
    ck_assert_uint_eq(next(&in).n, 6);
    ck_assert_double_eq(number(&in), 0);
    rig_release(&r);
}
END_TEST

START_TEST(inputs_go_by_their_names)
{
    const char *photo = begin(33, 17);
    int load = rig_step(&r, "load", "", -1);
    int small = rig_step(&r, "black", "width=5 height=4 bands=3", -1);
    int index = rig_step(&r, "black", "width=33 height=17", -1);
    int there = rig_step(&r, "insert", "x=0 y=0", -1);
    rig_slot(&r, "sub", small, NULL);
    rig_slot(&r, "main", load, NULL);
    int back = rig_step(&r, "insert", "x=0 y=0 expand=true", -1);
    rig_slot(&r, "sub", load, NULL);
    rig_slot(&r, "main", small, NULL);
    int cases = rig_step(&r, "case", "", -1);
    rig_slot(&r, "cases", load, NULL);
    rig_slot(&r, "index", index, NULL);
    int corner = rig_step(&r, "crop", "left=0 top=0 width=5 height=4", there);
    int most = rig_step(&r, "max", "", corner);
    run_done(photo);
    image_is(there, 33, 17, 3, 4);
    image_is(back, 33, 17, 3, 4);
    image_is(cases, 33, 17, 3, 4);
    struct gc_bytes in = value_of(most);
    (void)next(&in);
    ck_assert_double_eq(number(&in), 0);
    rig_release(&r);
}
END_TEST

START_TEST(a_missing_image_is_named)
{
    const char *photo = begin(33, 17);
    int load = rig_step(&r, "load", "", -1);
    int alone = rig_step(&r, "composite2", "mode=over", load);
    rig_install(&r);
    rig_run(&r, photo);
    ck_assert_uint_eq(rig_cause(&r, alone), GC_CAUSE_OP_ERROR);
    ck_assert_ptr_nonnull(strstr(rig_text(&r, alone), "'overlay'"));
    rig_release(&r);
}
END_TEST

START_TEST(blend_modes_have_names_and_numbers)
{
    const char *photo = begin(33, 17);
    int load = rig_step(&r, "load", "", -1);
    int other = rig_step(&r, "bandjoin_const", "c=99", load);
    const char *const modes[] = {"mode=multiply", "mode=14", "mode=over"};
    int means[3];
    for (int i = 0; i < 3; i++) {
        int at = rig_step(&r, "composite", modes[i], load);
        rig_also(&r, other);
        means[i] = rig_step(&r, "avg", "", at);
    }
    run_done(photo);
    ck_assert(gc_bytes_equal(value_of(means[0]), value_of(means[1])));
    ck_assert(!gc_bytes_equal(value_of(means[0]), value_of(means[2])));
    rig_release(&r);
}
END_TEST

/* ---- images made ---- */

START_TEST(each_image_has_its_name)
{
    const char *photo = begin(33, 17);
    int load = rig_step(&r, "load", "", -1);
    int profile = rig_step(&r, "profile", "", load);
    int columns = rig_step(&r, "invert", "", -1);
    rig_slot(&r, "in", profile, "columns");
    int rows = rig_step(&r, "invert", "", -1);
    rig_slot(&r, "in", profile, "rows");
    int more = rig_step(&r, "abs", "", -1);
    rig_slot(&r, "in", profile, "rows");
    run_done(photo);
    image_is(profile, 33, 1, 3, 4);
    image_is(columns, 33, 1, 3, 4);
    image_is(rows, 1, 17, 3, 4);
    image_is(more, 1, 17, 3, 4);
    rig_release(&r);
}
END_TEST

START_TEST(an_output_that_is_not_made_is_none)
{
    const char *photo = begin(33, 17);
    int load = rig_step(&r, "load", "", -1);
    int wrong = rig_step(&r, "invert", "", -1);
    rig_slot(&r, "in", load, "rows");
    rig_install(&r);
    rig_run(&r, photo);
    ck_assert_uint_eq(rig_cause(&r, wrong), GC_CAUSE_OP_ERROR);
    rig_release(&r);
}
END_TEST

START_TEST(values_stand_behind_an_images_own)
{
    const char *photo = begin(33, 17);
    int load = rig_step(&r, "load", "", -1);
    int turned = rig_step(&r, "autorot", "", load);
    int black = rig_step(&r, "black", "width=8 height=8", -1);
    int regions = rig_step(&r, "labelregions", "", black);
    run_done(photo);
    image_is(regions, 8, 8, 1, 5);
    struct gc_bytes in = value_of(turned);
    for (int i = 0; i < 5; i++)
        (void)next(&in);
    struct gc_value_token angle = next(&in);
    ck_assert(gc_str_is(gc_bytes_str(angle.bytes), "d0"));
    ck_assert_uint_eq(next(&in).kind, GC_TOKEN_BOOL);
    in = value_of(regions);
    for (int i = 0; i < 5; i++)
        (void)next(&in);
    ck_assert_int_ge(next(&in).integer, 1);
    rig_release(&r);
}
END_TEST

/* ---- values ---- */

START_TEST(values_are_bare_or_records)
{
    const char *photo = begin(33, 17);
    int load = rig_step(&r, "load", "", -1);
    int band = rig_step(&r, "extract_band", "band=0", load);
    int box = rig_step(&r, "draw_rect", "ink=255 left=4 top=5 width=6 height=7 fill=true",
                       rig_step(&r, "black", "width=40 height=30", -1));
    int mean = rig_step(&r, "avg", "", box);
    int trim = rig_step(&r, "find_trim", "background=0", box);
    int most = rig_step(&r, "max", "size=3", box);
    int point = rig_step(&r, "getpoint", "x=0 y=0", load);
    int steady = rig_step(&r, "hist_ismonotonic", "", rig_step(&r, "identity", "", -1));
    (void)band;
    run_done(photo);
    struct gc_bytes in = value_of(mean);
    ck_assert_double_eq_tol(number(&in), 255.0 * 42 / 1200, 1e-9);
    in = value_of(trim);
    ck_assert_uint_eq(next(&in).n, 4);
    const int box_is[] = {4, 5, 6, 7};
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(next(&in).integer, box_is[i]);
    in = value_of(most);
    ck_assert_uint_eq(next(&in).n, 6);
    ck_assert_double_eq(number(&in), 255);
    (void)next(&in);
    (void)next(&in);
    ck_assert_uint_eq(next(&in).n, 3);
    in = value_of(point);
    ck_assert_uint_eq(next(&in).n, 3);
    in = value_of(steady);
    struct gc_value_token t = next(&in);
    ck_assert(t.kind == GC_TOKEN_BOOL && t.flag);
    rig_release(&r);
}
END_TEST

START_TEST(what_is_not_finite_is_nil)
{
    const char *photo = begin(33, 17);
    int load = rig_step(&r, "load", "", -1);
    int vast = rig_step(&r, "linear", "a=1e300 b=1e300", load);
    int most = rig_step(&r, "max", "", vast);
    run_done(photo);
    struct gc_bytes in = value_of(most);
    ck_assert_uint_eq(next(&in).n, 6);
    ck_assert_uint_eq(next(&in).kind, GC_TOKEN_NIL);
    rig_release(&r);
}
END_TEST

/* ---- painting ---- */

START_TEST(painting_leaves_the_input_as_it_was)
{
    const char *photo = begin(33, 17);
    int load = rig_step(&r, "load", "", -1);
    int before = rig_step(&r, "avg", "", load);
    int drawn = rig_step(&r, "draw_rect", "ink=255,0,0 left=0 top=0 width=20 height=10 fill=true", load);
    int after = rig_step(&r, "avg", "", load);
    int of_drawn = rig_step(&r, "avg", "", drawn);
    run_done(photo);
    ck_assert(gc_bytes_equal(value_of(before), value_of(after)));
    ck_assert(!gc_bytes_equal(value_of(before), value_of(of_drawn)));
    rig_release(&r);
}
END_TEST

/* ---- chance ---- */

/* The values of four images of noise for an item, in memory that is kept. */
static struct gc_bytes noise(uint64_t item, uint8_t run)
{
    static const char *const ops[] = {"gaussnoise", "perlin", "worley", "fractsurf"};
    static const char *const settings[] = {"width=20 height=20", "width=20 height=20 cell_size=8",
                                           "width=20 height=20 cell_size=8",
                                           "width=20 height=20 fractal_dimension=2.5"};
    rig_init(&r);
    for (int i = 0; i < 4; i++)
        (void)rig_step(&r, "avg", "", rig_step(&r, ops[i], settings[i], -1));
    (void)rig_step(&r, "avg", "", rig_step(&r, "gaussnoise", "width=20 height=20 seed=7", -1));
    r.program.run.b[3] = run;
    r.task.index = item;
    run_done(NULL);
    struct gc_bytes all = gc_buf_bytes(&r.values);
    void *copy = rig_keep(malloc(all.len));
    memcpy(copy, all.ptr, all.len);
    rig_release(&r);
    return gc_bytes_of(copy, all.len);
}

static struct gc_bytes nth(struct gc_bytes all, int n)
{
    struct gc_bytes one = {NULL, 0};
    for (int i = 0; i <= n; i++)
        ck_assert_int_eq(gc_value_skip(&all, &one), GC_OK);
    return one;
}

START_TEST(chance_is_the_same_for_a_node_and_an_item_of_a_run)
{
    struct gc_bytes one = noise(5, 1);
    struct gc_bytes again = noise(5, 1);
    struct gc_bytes other_item = noise(6, 1);
    struct gc_bytes other_run = noise(5, 2);
    ck_assert(gc_bytes_equal(one, again));
    for (int i = 1; i < 8; i += 2) {
        ck_assert(!gc_bytes_equal(nth(one, i), nth(other_item, i)));
        ck_assert(!gc_bytes_equal(nth(one, i), nth(other_run, i)));
    }
    ck_assert(gc_bytes_equal(nth(one, 9), nth(other_item, 9))); /* its seed is the job's */
}
END_TEST

/* ---- guards ---- */

START_TEST(what_is_known_to_harm_is_refused)
{
    static const struct {
        const char *op;
        const char *settings;
        enum gc_cause cause;
        const char *says;
    } rows[] = {
        {"remainder_const", "c=0", GC_CAUSE_OP_ERROR, "c: 0 lies between"},
        {"remainder_const", "c=3,0.5,3", GC_CAUSE_OP_ERROR, "c: 0.5 lies between"},
        {"fwfft", "", GC_CAUSE_OP_ERROR, "1 x 2 pixels at least, not 33 x 1"},
        {"spectrum", "", GC_CAUSE_OP_ERROR, "1 x 2 pixels at least"},
        {"hist_find_ndim", "bins=1000", GC_CAUSE_OP_ERROR, "outside of 1 to 256"},
        {"draw_flood", "ink=10 x=33 y=0", GC_CAUSE_OP_ERROR, "33, 0 lies outside of the image of 33 x 1"},
        {"draw_flood", "ink=10 x=3 y=1", GC_CAUSE_OP_ERROR, "3, 1 lies outside"},
        {"copy", "coding=labq", GC_CAUSE_OP_ERROR, "no such setting"},
        {"copy", "width=100", GC_CAUSE_OP_ERROR, "no such setting"},
        {"quadratic", "interpolate=bicubic", GC_CAUSE_OP_ERROR, "none of its choices"},
        {"conv", "precision=approximate", GC_CAUSE_OP_ERROR, "none of its choices"},
        {"zoom", "xfac=10000 yfac=10000", GC_CAUSE_TOO_LARGE, "the limit is 100000000"},
        {"replicate", "across=10000 down=10000", GC_CAUSE_TOO_LARGE, "the limit is 100000000"},
        {"embed", "x=0 y=0 width=100000 height=100000", GC_CAUSE_TOO_LARGE, "the limit is 100000000"},
        {"icc_import", "input_profile=/etc/passwd", GC_CAUSE_OP_ERROR, "none of its choices"},
        {"affine", "matrix=1,0,0,1 interpolate=/etc/passwd", GC_CAUSE_OP_ERROR, "none of its choices"},
        {"composite", "mode=nothing", GC_CAUSE_OP_ERROR, "not a list of numbers"},
    };
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        const char *photo = begin(33, 1);
        int at = rig_step(&r, rows[i].op, rows[i].settings, rig_step(&r, "load", "", -1));
        rig_install(&r);
        rig_run(&r, photo);
        ck_assert_msg(rig_cause(&r, at) == rows[i].cause, "%s %s: %s", rows[i].op, rows[i].settings,
                      gc_cause_name(rig_cause(&r, at)));
        ck_assert_msg(strstr(rig_text(&r, at), rows[i].says) != NULL, "%s", rig_text(&r, at));
        rig_release(&r);
    }
}
END_TEST

START_TEST(formats_that_harm_are_refused)
{
    const char *photo = begin(33, 17);
    int mask = rig_step(&r, "gaussmat", "sigma=1 min_ampl=0.2", -1);
    int load = rig_step(&r, "load", "", -1);
    int fine = rig_step(&r, "conva", "", load);
    rig_also(&r, mask);
    int wide = rig_step(&r, "conva", "", rig_step(&r, "cast", "format=ushort", load));
    rig_also(&r, mask);
    rig_install(&r);
    rig_run(&r, photo);
    ck_assert_uint_eq(r.result.pattern[fine], GC_OUTCOME_DONE);
    ck_assert_uint_eq(rig_cause(&r, wide), GC_CAUSE_OP_ERROR);
    ck_assert_str_eq(rig_text(&r, wide), "conva does not take ushort pixels: cast them before");
    rig_release(&r);
}
END_TEST

START_TEST(what_is_made_of_nothing_has_a_limit_too)
{
    static const char *const ops[][2] = {{"black", "width=100000 height=100000"},
                                         {"fractsurf", "width=100000 height=100000 fractal_dimension=2.5"},
                                         {"mask_ideal", "width=100000 height=100000 frequency_cutoff=0.5"}};
    rig_init(&r);
    for (size_t i = 0; i < GC_COUNT_OF(ops); i++)
        (void)rig_step(&r, ops[i][0], ops[i][1], -1);
    rig_install(&r);
    rig_run(&r, NULL);
    for (int i = 0; i < (int)GC_COUNT_OF(ops); i++) {
        ck_assert_uint_eq(rig_cause(&r, i), GC_CAUSE_TOO_LARGE);
        ck_assert_ptr_nonnull(strstr(rig_text(&r, i), "would make"));
    }
    rig_release(&r);
}
END_TEST

START_TEST(no_profile_is_a_word)
{
    const char *photo = begin(33, 17);
    int load = rig_step(&r, "load", "", -1);
    int plain = rig_step(&r, "avg", "", rig_step(&r, "thumbnail_image", "width=20", load));
    int none = rig_step(&r, "avg", "", rig_step(&r, "thumbnail_image", "width=20 export_profile=none", load));
    run_done(photo);
    ck_assert(gc_bytes_equal(value_of(plain), value_of(none)));
    rig_release(&r);
}
END_TEST

GC_SUITE("forms", GC_TEST(lists_take_all_in_order), GC_TEST(inputs_go_by_their_names),
         GC_TEST(a_missing_image_is_named), GC_TEST(blend_modes_have_names_and_numbers),
         GC_TEST(each_image_has_its_name), GC_TEST(an_output_that_is_not_made_is_none),
         GC_TEST(values_stand_behind_an_images_own), GC_TEST(values_are_bare_or_records),
         GC_TEST(what_is_not_finite_is_nil), GC_TEST(painting_leaves_the_input_as_it_was),
         GC_TEST(chance_is_the_same_for_a_node_and_an_item_of_a_run),
         GC_TEST(what_is_known_to_harm_is_refused), GC_TEST(formats_that_harm_are_refused),
         GC_TEST(what_is_made_of_nothing_has_a_limit_too), GC_TEST(no_profile_is_a_word))
