/* The catalogue: whole, sorted, the same each time, and true to libvips. */
#include "rig.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

#include "proto/codec.h"
#include "worker/ops/offer.h"

static struct gc_catalogue catalogue;

static struct gc_bytes encode(void)
{
    struct gc_buf b;
    struct gc_fault fault = {0};
    void *memory = rig_keep(malloc(GC_MAX_DOCUMENT));
    gc_buf_init(&b, memory, GC_MAX_DOCUMENT);
    ck_assert_msg(gc_ops_catalogue(&b, &fault) == GC_OK, "%s", fault.text);
    return gc_buf_bytes(&b);
}

static void decode(void)
{
    struct gc_arena arena;
    struct gc_fault fault = {0};
    gc_arena_init(&arena, rig_keep(malloc(16 << 20)), 16 << 20);
    ck_assert_int_eq(gc_ops_init("test", &fault), GC_OK);
    ck_assert_msg(gc_decode_catalogue(encode(), &arena, &catalogue, &fault) == GC_OK, "%s", fault.text);
}

static const struct gc_op *op_of(const char *name)
{
    for (uint32_t i = 0; i < catalogue.n_ops; i++)
        if (gc_str_is(gc_bytes_str(catalogue.ops[i].name), name))
            return &catalogue.ops[i];
    ck_abort_msg("no op %s", name);
    return NULL;
}

static const struct gc_op_config *config_of(const char *op, const char *key)
{
    const struct gc_op *o = op_of(op);
    for (uint32_t i = 0; i < o->n_config; i++)
        if (gc_str_is(gc_bytes_str(o->config[i].key), key))
            return &o->config[i];
    ck_abort_msg("%s has no %s", op, key);
    return NULL;
}

START_TEST(it_is_sorted_and_the_same_each_time)
{
    decode();
    ck_assert_uint_gt(catalogue.n_ops, 40);
    for (uint32_t i = 1; i < catalogue.n_ops; i++)
        ck_assert_int_lt(
            gc_str_compare(gc_bytes_str(catalogue.ops[i - 1].name), gc_bytes_str(catalogue.ops[i].name)), 0);
    ck_assert(gc_bytes_equal(encode(), encode()));
}
END_TEST

START_TEST(settings_are_libvips_own)
{
    decode();
    const struct gc_op_config *c = config_of("thumbnail_image", "size");
    ck_assert_uint_eq(c->type, GC_TYPE_STRING);
    ck_assert_uint_eq(c->n_choices, 4);
    ck_assert(gc_str_is(gc_bytes_str(c->fallback.as.string), "both"));
    c = config_of("thumbnail_image", "width");
    ck_assert(c->required);
    ck_assert_uint_eq(c->type, GC_TYPE_INT);
    ck_assert_double_eq(c->min, 1);
    c = config_of("sharpen", "sigma");
    ck_assert_uint_eq(c->type, GC_TYPE_REAL);
    ck_assert_double_eq(c->fallback.as.real, 0.5);
    c = config_of("thumbnail_image", "export_profile");
    ck_assert_uint_eq(c->n_choices, 3);
    c = config_of("save", "Q");
    ck_assert_double_eq(c->max, 100);
    ck_assert_uint_eq(config_of("save", "compression")->type, GC_TYPE_ANY);
}
END_TEST

START_TEST(traits_are_what_the_planner_needs)
{
    decode();
    ck_assert(op_of("load")->traits & GC_TRAIT_DECODE);
    ck_assert(op_of("load")->traits & GC_TRAIT_READS_FILE);
    ck_assert(op_of("thumbnail_image")->traits & GC_TRAIT_SHRINK_ON_LOAD);
    ck_assert(op_of("save")->traits & GC_TRAIT_PUBLISH);
    ck_assert(op_of("count")->traits & GC_TRAIT_COMMUTES);
    ck_assert_uint_eq(op_of("files")->scope, GC_SCOPE_SOURCE);
    ck_assert_uint_eq(op_of("summarize")->scope, GC_SCOPE_REDUCE);
    ck_assert_uint_eq(op_of("sharpen")->n_shape, 4);
    ck_assert_uint_eq(op_of("describe")->n_shape, 10);
}
END_TEST

/* Each offered operation, with its required settings at something sensible, on each of a few odd images: it works or says why. */
START_TEST(every_offer_runs)
{
    static const struct {
        const char *op;
        const char *settings;
    } given[] = {{"thumbnail_image", "width=20"},
                 {"boolean_const", "boolean=and c=7"},
                 {"linear", "a=2 b=1"},
                 {"math", "math=sin"},
                 {"math2_const", "math2=pow c=2"},
                 {"relational_const", "relational=more c=9"},
                 {"round", "round=ceil"},
                 {"cast", "format=float"},
                 {"colourspace", "space=lab"},
                 {"bandbool", "boolean=or"},
                 {"bandjoin_const", "c=255"},
                 {"extract_band", "band=0"},
                 {"crop", "left=0 top=0 width=1 height=1"},
                 {"extract_area", "left=0 top=0 width=1 height=1"},
                 {"embed", "x=2 y=2 width=30 height=30"},
                 {"flip", "direction=horizontal"},
                 {"gravity", "direction=centre width=40 height=40"},
                 {"resize", "scale=0.5"},
                 {"rot", "angle=d90"},
                 {"rotate", "angle=30"},
                 {"shrink", "hshrink=1.5 vshrink=1.5"},
                 {"smartcrop", "width=1 height=1"},
                 {"subsample", "xfac=1 yfac=1"},
                 {"gaussblur", "sigma=1.5"},
                 {"rank", "width=1 height=1 index=0"}};
    static const int sizes[][2] = {{1, 1}, {1, 40}, {40, 1}, {33, 17}};
    static struct rig r;
    for (uint32_t i = 0; i < gc_offers_n; i++) {
        const char *settings = "";
        for (size_t k = 0; k < sizeof given / sizeof given[0]; k++)
            if (strcmp(given[k].op, gc_offers[i].nickname) == 0)
                settings = given[k].settings;
        for (size_t k = 0; k < 4; k++) {
            rig_init(&r);
            const char *photo = rig_photo(&r, "x.png", sizes[k][0], sizes[k][1]);
            int load = rig_step(&r, "load", "", -1);
            int op = rig_step(&r, gc_offers[i].nickname, settings, load);
            int saved = rig_step(&r, "save", "to=x.tif", op);
            rig_install(&r);
            rig_run(&r, photo);
            ck_assert_uint_eq(r.result.pattern[load], GC_OUTCOME_DONE);
            bool ok = r.result.pattern[saved] == GC_OUTCOME_DONE;
            ck_assert_msg(ok || k < 3, "%s: %s%s", gc_offers[i].nickname, rig_text(&r, op),
                          rig_text(&r, saved));
            rig_release(&r);
        }
    }
}
END_TEST

GC_SUITE("catalogue", GC_TEST(it_is_sorted_and_the_same_each_time), GC_TEST(settings_are_libvips_own),
         GC_TEST(traits_are_what_the_planner_needs), GC_TEST(every_offer_runs))
