/* The catalogue: whole, sorted, the same each time, and true to libvips. */
#include "recipes.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vips/vips.h>

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
    ck_assert_uint_eq(c->n_choices, 4);
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

/* ---- the census ---- */

/* The table was made for this version: of a newer libvips, what is new is told and no fault. */
enum { TABLE_MAJOR = 8, TABLE_MINOR = 14 };

struct census {
    uint32_t operations;
    uint32_t offered;
    uint32_t refused;
    char unknown[1024];
};

static void *count_operation(GType type, void *a)
{
    struct census *c = a;
    const VipsObjectClass *class = g_type_class_ref(type);
    if (G_TYPE_IS_ABSTRACT(type) || g_type_is_a(type, g_type_from_name("VipsForeign")))
        return NULL;
    /* two operations of 8.14 share a nickname: the second goes by the name of its type */
    const char *name =
        vips_type_find("VipsOperation", class->nickname) == type ? class->nickname : g_type_name(type);
    bool offered = gc_offer_find(gc_str_bytes(gc_str_of(name))) != NULL;
    bool refused = gc_refusal(gc_str_bytes(gc_str_of(name))) != NULL;
    c->operations++;
    c->offered += offered;
    c->refused += refused;
    if (offered == refused)
        (void)snprintf(c->unknown + strlen(c->unknown), sizeof c->unknown - strlen(c->unknown), " %s", name);
    return NULL;
}

START_TEST(every_operation_was_looked_at)
{
    struct census c = {0};
    decode();
    (void)vips_type_map_all(g_type_from_name("VipsOperation"), count_operation, &c);
    printf("%u operations of libvips %s: %u offered, %u refused; neither or both:%s\n", c.operations,
           vips_version_string(), c.offered, c.refused, c.unknown[0] ? c.unknown : " none");
    ck_assert_uint_ge(c.offered, 190);
    bool newer = vips_version(0) > TABLE_MAJOR || vips_version(1) > TABLE_MINOR;
    ck_assert_msg(newer || !c.unknown[0], "neither offered nor refused, or both:%s", c.unknown);
}
END_TEST

/* In the table of this version nothing is named that is not there: a misspelt guard guards nothing. */
START_TEST(every_guard_guards_something)
{
    static const char *const keys[][2] = {
#define RANGE(nickname, setting, min, max) {#nickname, #setting},
#define APART(nickname, setting, least)    {#nickname, #setting},
#define NAMES(nickname, setting, type)     {#nickname, #setting},
#define CHOICES(nickname, setting, ...)    {#nickname, #setting},
#define WITHIN(nickname, x, y)             {#nickname, #x}, {#nickname, #y},
#include "worker/ops/offered.def"
    };
    static const char *const ops[] = {
#define SMALLEST(nickname, width, height) #nickname,
#define SEEDED(nickname)                  #nickname,
#define WITHOUT(nickname, argument)       #nickname,
#define FORMATS(nickname, ...)            #nickname,
#include "worker/ops/offered.def"
    };
    decode();
    for (size_t i = 0; i < GC_COUNT_OF(keys); i++)
        ck_assert_ptr_nonnull(config_of(keys[i][0], keys[i][1]));
    for (size_t i = 0; i < GC_COUNT_OF(ops); i++)
        ck_assert_ptr_nonnull(op_of(ops[i]));
}
END_TEST

/* ---- arguments ---- */

/* A text without a closed list of choices could name a file, a font, a loader's option. */
START_TEST(no_setting_names_a_file)
{
    decode();
    for (uint32_t i = 0; i < gc_offers_n; i++) {
        const struct gc_op *op = recipe_op(gc_offers[i].nickname);
        for (uint32_t k = 0; op && k < op->n_config; k++) {
            const struct gc_op_config *c = &op->config[k];
            ck_assert_msg(c->type != GC_TYPE_STRING || c->n_choices > 0, "%s.%.*s", gc_offers[i].nickname,
                          GC_STR_ARGS(gc_bytes_str(c->key)));
        }
    }
    ck_assert_uint_eq(config_of("icc_transform", "output_profile")->n_choices, 3);
    ck_assert_uint_eq(config_of("icc_transform", "input_profile")->n_choices, 4);
    ck_assert_uint_eq(config_of("affine", "interpolate")->n_choices, 6);
    ck_assert_uint_gt(config_of("composite", "mode")->n_choices, 20);
}
END_TEST

START_TEST(ranges_are_reviewed)
{
    decode();
    ck_assert_double_eq(config_of("hist_find_ndim", "bins")->max, 256);
    ck_assert_uint_eq(config_of("quadratic", "interpolate")->n_choices, 2);
    ck_assert_double_eq(config_of("extract_band", "band")->max, VIPS_MAX_COORD);
    ck_assert_uint_eq(config_of("perlin", "seed")->fallback.kind, GC_VALUE_NULL);
    for (uint32_t i = 0; i < op_of("copy")->n_config; i++)
        ck_assert(!gc_str_is(gc_bytes_str(op_of("copy")->config[i].key), "coding"));
}
END_TEST

/* ---- forms ---- */

static void shape_is(const char *op, const char *fields)
{
    const struct gc_op *o = op_of(op);
    char text[512] = "";
    for (uint32_t i = 0; i < o->n_shape; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s:%s", i ? " " : "",
                       GC_STR_ARGS(gc_bytes_str(o->shape[i].name)), gc_type_name(o->shape[i].type));
    ck_assert_str_eq(text, fields);
}

static void outputs_are(const char *op, const char *outputs)
{
    const struct gc_op *o = op_of(op);
    char text[512] = "";
    for (uint32_t i = 0; i < o->n_outputs; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s:%s", i ? " " : "",
                       GC_STR_ARGS(gc_bytes_str(o->outputs[i].name)), gc_type_name(o->outputs[i].type));
    ck_assert_str_eq(text, outputs);
}

static void inputs_are(const char *op, const char *inputs)
{
    const struct gc_op *o = op_of(op);
    char text[512] = "";
    for (uint32_t i = 0; i < o->n_inputs; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s:%s%s%s", i ? " " : "",
                       GC_STR_ARGS(gc_bytes_str(o->inputs[i].name)), gc_type_name(o->inputs[i].type),
                       o->inputs[i].many ? "..." : "", o->inputs[i].required ? "" : "?");
    ck_assert_str_eq(text, inputs);
}

START_TEST(inputs_are_libvips_own)
{
    decode();
    inputs_are("sharpen", "in:image");
    inputs_are("extract_area", "input:image");
    inputs_are("composite2", "base:image overlay:image");
    inputs_are("ifthenelse", "cond:image in1:image in2:image");
    inputs_are("conv", "in:image mask:image");
    inputs_are("case", "index:image cases:image...");
    inputs_are("bandjoin", "in:image...");
    inputs_are("black", "in:any?");
    inputs_are("draw_flood", "image:image test:image?");
    inputs_are("draw_mask", "image:image mask:image");
}
END_TEST

START_TEST(outputs_and_records_are_libvips_own)
{
    decode();
    outputs_are("sharpen", "out:image");
    outputs_are("profile", "columns:image rows:image");
    outputs_are("labelregions", "mask:image");
    outputs_are("fill_nearest", "out:image distance:image");
    outputs_are("draw_rect", "out:image");
    outputs_are("avg", "out:real");
    outputs_are("percent", "threshold:int");
    outputs_are("hist_ismonotonic", "monotonic:bool");
    outputs_are("getpoint", "out_array:list");
    outputs_are("find_trim", "out:record");
    shape_is("avg", "");
    shape_is("sharpen", "width:int height:int bands:int format:string");
    shape_is("find_trim", "left:int top:int width:int height:int");
    shape_is("max", "out:real x:int y:int out_array:list x_array:list y_array:list");
    shape_is("labelregions", "width:int height:int bands:int format:string segments:int");
    shape_is("autorot", "width:int height:int bands:int format:string angle:string flip:bool");
    shape_is("draw_flood", "width:int height:int bands:int format:string");
}
END_TEST

START_TEST(commands_are_in_the_order_of_the_vips_command)
{
    static const char *const rows[][2] = {
        {"sharpen", "vips sharpen {in} {out} {options}"},
        {"avg", "vips avg {in} {options}"},
        {"black", "vips black {out} {width} {height} {options}"},
        {"crop", "vips crop {input} {out} {options} -- {left} {top} {width} {height}"},
        {"linear", "vips linear {in} {out} {options} -- {a} {b}"},
        {"ifthenelse", "vips ifthenelse {cond} {in1} {in2} {out} {options}"},
        {"conv", "vips conv {in} {out} {mask} {options}"},
        {"profile", "vips profile {in} {columns} {rows} {options}"},
        {"fill_nearest", "vips fill_nearest {in} {out} --distance={distance} {options}"},
        {"draw_rect",
         "vips copy {image} {out} && vips draw_rect {out} {options} -- {ink} {left} {top} {width} {height}"},
    };
    decode();
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        char text[GC_MAX_HELP];
        ck_assert(gc_str_copy(text, sizeof text, gc_bytes_str(op_of(rows[i][0])->command)));
        ck_assert_str_eq(text, rows[i][1]);
    }
}
END_TEST

GC_SUITE("catalogue", GC_TEST(it_is_sorted_and_the_same_each_time), GC_TEST(settings_are_libvips_own),
         GC_TEST(traits_are_what_the_planner_needs), GC_TEST(every_operation_was_looked_at),
         GC_TEST(every_guard_guards_something), GC_TEST(no_setting_names_a_file),
         GC_TEST(ranges_are_reviewed), GC_TEST(inputs_are_libvips_own),
         GC_TEST(outputs_and_records_are_libvips_own), GC_TEST(commands_are_in_the_order_of_the_vips_command))
