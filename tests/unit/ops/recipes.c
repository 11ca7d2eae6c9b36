#include "recipes.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/codec.h"

/* `before` and `other`: steps "op settings | op settings"; the first of `other` hangs on nothing. */
static const struct recipe {
    const char *op;
    const char *settings; /* NULL: any valid ones */
    const char *before;
    const char *other;
} recipes[] = {
    {"affine", "matrix=1,0,0.25,1", NULL, NULL},
    {"bandjoin", NULL, NULL, NULL},
    {"buildlut", NULL, "identity | rot angle=d90 | zoom xfac=2 yfac=1", NULL},
    {"case", NULL, "extract_band band=0", NULL},
    {"CMYK2XYZ", NULL, "bandjoin_const c=0", NULL},
    {"colourspace", "space=lab", NULL, NULL},
    {"compass", NULL, NULL, "gaussmat sigma=1 min_ampl=0.2"},
    {"composite", "mode=over", NULL, NULL},
    {"conv", NULL, NULL, "gaussmat sigma=1 min_ampl=0.2"},
    {"conva", NULL, NULL, "gaussmat sigma=1 min_ampl=0.2"},
    {"convasep", NULL, NULL, "gaussmat sigma=1 min_ampl=0.2 separable=true"},
    {"convf", NULL, NULL, "gaussmat sigma=1 min_ampl=0.2"},
    {"convi", NULL, NULL, "gaussmat sigma=1 min_ampl=0.2"},
    {"convsep", NULL, NULL, "gaussmat sigma=1 min_ampl=0.2 separable=true"},
    {"countlines", NULL, "extract_band band=0", NULL},
    {"embed", "x=2 y=2 width=40 height=30", NULL, NULL},
    {"fastcor", NULL, NULL, "sines width=5 height=5 uchar=true"},
    {"freqmult", NULL, NULL, "mask_ideal width=33 height=17 frequency_cutoff=0.5"},
    {"gaussmat", "sigma=1 min_ampl=0.2", NULL, NULL},
    {"grid", "tile_height=17 across=1 down=1", NULL, NULL},
    {"hist_cum", NULL, "hist_find", NULL},
    {"hist_entropy", NULL, "hist_find", NULL},
    {"hist_ismonotonic", NULL, "hist_find | extract_band band=0", NULL},
    {"hist_match", NULL, "hist_find | hist_cum", "identity bands=3"},
    {"hist_norm", NULL, "hist_find", NULL},
    {"hist_plot", NULL, "hist_find", NULL},
    {"hough_circle", NULL, "extract_band band=0", NULL},
    {"hough_line", NULL, "extract_band band=0", NULL},
    {"icc_export", "output_profile=srgb", "colourspace space=lab", NULL},
    {"icc_import", "input_profile=srgb", NULL, NULL},
    {"icc_transform", "output_profile=p3 input_profile=srgb", NULL, NULL},
    {"invertlut", NULL, "identity | rot angle=d90 | zoom xfac=2 yfac=1 | linear a=0.00390625 b=0", NULL},
    {"LabQ2Lab", NULL, "colourspace space=labq", NULL},
    {"LabQ2LabS", NULL, "colourspace space=labq", NULL},
    {"LabQ2sRGB", NULL, "colourspace space=labq", NULL},
    {"LabS2Lab", NULL, "colourspace space=labs", NULL},
    {"LabS2LabQ", NULL, "colourspace space=labs", NULL},
    {"logmat", "sigma=1 min_ampl=0.2", NULL, NULL},
    {"mapim", NULL, NULL, "xyz width=33 height=17"},
    {"maplut", NULL, NULL, "identity"},
    {"match", "xr1=5 yr1=5 xs1=5 ys1=5 xr2=25 yr2=12 xs2=25 ys2=12", NULL, NULL},
    {"matrixinvert", NULL, "gaussnoise width=3 height=3 seed=1", NULL},
    {"measure", "h=2 v=2", NULL, NULL},
    {"merge", "direction=horizontal dx=-10 dy=0", NULL, NULL},
    {"morph", "morph=erode", NULL, "black width=3 height=3 | linear a=1 b=255"},
    {"mosaic", "direction=horizontal xref=60 yref=30 xsec=20 ysec=30 hwindow=2 harea=4",
     "zoom xfac=3 yfac=5 | extract_band band=0", "perlin width=99 height=85 cell_size=8 uchar=true seed=1"},
    {"mosaic1",
     "direction=horizontal xr1=50 yr1=10 xs1=10 ys1=10 xr2=50 yr2=60 xs2=10 ys2=60 hwindow=2 harea=4",
     "zoom xfac=3 yfac=5 | extract_band band=0", "perlin width=99 height=85 cell_size=8 uchar=true seed=1"},
    {"percent", "percent=50", "extract_band band=0", NULL},
    {"phasecor", NULL, "extract_band band=0", NULL},
    {"quadratic", NULL, NULL, "black width=2 height=1"},
    {"rad2float", NULL, "float2rad", NULL},
    {"rank", "width=3 height=3 index=4", NULL, NULL},
    {"recomb", NULL, NULL, "xyz width=3 height=2 | extract_band band=0"},
    {"remainder_const", "c=3", NULL, NULL},
    {"rot45", NULL, "crop left=0 top=0 width=5 height=5", NULL},
    {"spcor", NULL, NULL, "sines width=5 height=5 uchar=true"},
    {"switch", NULL, "extract_band band=0", NULL},
    {"thumbnail_image", "width=20", NULL, NULL},
    {"transpose3d", "page_height=17", NULL, NULL},
};

#define OTHER "sines width=33 height=17 uchar=true"

const struct gc_catalogue *recipe_catalogue(void)
{
    static struct gc_catalogue catalogue;
    if (catalogue.n_ops)
        return &catalogue;
    struct gc_arena arena;
    struct gc_buf b;
    struct gc_fault fault = {0};
    gc_buf_init(&b, rig_keep(malloc(GC_MAX_DOCUMENT)), GC_MAX_DOCUMENT);
    gc_arena_init(&arena, rig_keep(malloc(16 << 20)), 16 << 20);
    ck_assert_msg(gc_ops_catalogue(&b, &fault) == GC_OK, "%s", fault.text);
    ck_assert_msg(gc_decode_catalogue(gc_buf_bytes(&b), &arena, &catalogue, &fault) == GC_OK, "%s",
                  fault.text);
    return &catalogue;
}

const struct gc_op *recipe_op(const char *name)
{
    const struct gc_catalogue *c = recipe_catalogue();
    for (uint32_t i = 0; i < c->n_ops; i++)
        if (gc_str_is(gc_bytes_str(c->ops[i].name), name))
            return &c->ops[i];
    return NULL;
}

static const struct recipe *find(const char *op)
{
    static const struct recipe none;
    for (size_t i = 0; i < GC_COUNT_OF(recipes); i++)
        if (strcmp(recipes[i].op, op) == 0)
            return &recipes[i];
    return &none;
}

static double within(const struct gc_op_config *c, double v)
{
    if (c->min > c->max)
        return v;
    return v < c->min ? c->min : v > c->max ? c->max : v;
}

/* What must be there, somewhere inside of its range. */
static const char *any_settings(const struct gc_op *op)
{
    char *text = rig_keep(calloc(1, 1024));
    size_t at = 0;
    for (uint32_t i = 0; i < op->n_config; i++) {
        const struct gc_op_config *c = &op->config[i];
        if (!c->required)
            continue;
        at += (size_t)snprintf(text + at, 1024 - at, "%s%.*s=", at ? " " : "",
                               GC_STR_ARGS(gc_bytes_str(c->key)));
        if (c->n_choices)
            at +=
                (size_t)snprintf(text + at, 1024 - at, "%.*s", GC_STR_ARGS(gc_bytes_str(c->choices[0].text)));
        else if (c->type == GC_TYPE_BOOL)
            at += (size_t)snprintf(text + at, 1024 - at, "true");
        else
            at += (size_t)snprintf(text + at, 1024 - at, "%g", within(c, c->type == GC_TYPE_INT ? 2 : 1));
    }
    return text;
}

static int chain(struct rig *r, const char *text, int from)
{
    while (*text) {
        size_t len = strcspn(text, "|");
        char *one = rig_keep(strndup(text, len > 0 && text[len] ? len - 1 : len));
        char *settings = strchr(one, ' ');
        if (settings)
            *settings++ = '\0';
        from = rig_step(r, one, settings ? settings : "", from);
        text += len + (text[len] == '|');
        text += strspn(text, " ");
    }
    return from;
}

static bool takes_images(const struct gc_op *op)
{
    return op->n_inputs > 0 && op->inputs[0].type == GC_TYPE_IMAGE;
}

int recipe_add(struct rig *r, const struct gc_op *op, int from)
{
    char *name = rig_keep(strndup((const char *)op->name.ptr, op->name.len));
    const struct recipe *recipe = find(name);
    const char *settings = recipe->settings ? recipe->settings : any_settings(op);
    int others[RIG_INPUTS];
    uint32_t n = 0;
    if (!takes_images(op))
        return rig_step(r, name, settings, from);
    if (recipe->before)
        from = chain(r, recipe->before, from);
    for (uint32_t i = 0; i < op->n_inputs; i++)
        if (op->inputs[i].required && (i > 0 || op->inputs[i].many))
            others[n++] = chain(r, recipe->other ? recipe->other : OTHER, -1);
    int at = rig_step(r, name, settings, from);
    for (uint32_t i = 0; i < n; i++)
        rig_also(r, others[i]);
    return at;
}
