#include "worker/ops/saver.h"

#include <stdio.h>
#include <string.h>

#include <vips/vips.h>

#include "common/assert.h"
#include "worker/ops/introspect.h"

static const char *const jpeg_settings[] = {
    "Q",
    "optimize_coding",
    "interlace",
    "trellis_quant",
    "overshoot_deringing",
    "optimize_scans",
    "quant_table",
    "subsample_mode",
    "restart_interval",
    "background",
    NULL,
};
static const char *const png_settings[] = {"compression", "interlace", "filter", "palette",    "Q",
                                           "dither",      "bitdepth",  "effort", "background", NULL};
static const char *const webp_settings[] = {
    "Q",     "lossless", "preset", "smart_subsample", "near_lossless", "alpha_q", "min_size",
    "mixed", "kmin",     "kmax",   "effort",          "background",    NULL};
static const char *const tiff_settings[] = {
    "compression", "Q",      "predictor", "tile",        "tile_width", "tile_height", "pyramid",
    "depth",       "subifd", "bigtiff",   "bitdepth",    "miniswhite", "resunit",     "xres",
    "yres",        "level",  "lossless",  "premultiply", "background", NULL};
static const char *const gif_settings[] = {"dither",    "effort",     "bitdepth", "interframe_maxerror",
                                           "interlace", "background", NULL};
static const char *const heif_settings[] = {"Q",          "bitdepth", "lossless", "effort", "subsample_mode",
                                            "background", NULL};
static const char *const jp2k_settings[] = {
    "Q", "lossless", "tile_width", "tile_height", "subsample_mode", "background", NULL};
static const char *const jxl_settings[] = {"Q", "distance", "lossless", "tier", "effort", "background", NULL};
static const char *const ppm_settings[] = {"ascii", "bitdepth", "background", NULL};
static const char *const plain_settings[] = {"background", NULL};

#define PLAIN(text)        \
    {                      \
        (text), NULL, NULL \
    }
enum { ANY_SIDE = 2147483647 };

const struct gc_saver gc_savers[] = {
    {.name = "jpeg",
     .operation = "jpegsave_target",
     .class_name = "VipsForeignSaveJpeg",
     .max_side = 65500,
     .suffixes = {PLAIN(".jpg"), PLAIN(".jpeg"), PLAIN(".jpe")},
     .settings = jpeg_settings},
    {.name = "png",
     .operation = "pngsave_target",
     .class_name = "VipsForeignSavePng",
     .max_side = ANY_SIDE,
     .suffixes = {PLAIN(".png")},
     .settings = png_settings},
    {.name = "webp",
     .operation = "webpsave_target",
     .class_name = "VipsForeignSaveWebp",
     .max_side = 16383,
     .suffixes = {PLAIN(".webp")},
     .settings = webp_settings},
    {.name = "tiff",
     .operation = "tiffsave_target",
     .class_name = "VipsForeignSaveTiff",
     .max_side = ANY_SIDE,
     .suffixes = {PLAIN(".tif"), PLAIN(".tiff")},
     .settings = tiff_settings},
    {.name = "gif",
     .operation = "gifsave_target",
     .class_name = "VipsForeignSaveCgif",
     .max_side = 65535,
     .suffixes = {PLAIN(".gif")},
     .settings = gif_settings},
    {.name = "heif",
     .operation = "heifsave_target",
     .class_name = "VipsForeignSaveHeif",
     .max_side = 16384,
     .suffixes = {{".avif", "compression", "av1"},
                  {".heic", "compression", "hevc"},
                  {".heif", "compression", "hevc"}},
     .settings = heif_settings},
    {.name = "jpeg 2000",
     .operation = "jp2ksave_target",
     .class_name = "VipsForeignSaveJp2k",
     .max_side = ANY_SIDE,
     .no_cmyk = true,
     .suffixes = {PLAIN(".jp2")},
     .settings = jp2k_settings},
    {.name = "jpeg xl",
     .operation = "jxlsave_target",
     .class_name = "VipsForeignSaveJxl",
     .max_side = 1 << 30,
     .no_cmyk = true,
     .suffixes = {PLAIN(".jxl")},
     .settings = jxl_settings},
    {.name = "netpbm",
     .operation = "ppmsave_target",
     .class_name = "VipsForeignSavePpm",
     .max_side = ANY_SIDE,
     .says_when = true,
     .suffixes = {{".ppm", "format", "ppm"},
                  {".pgm", "format", "pgm"},
                  {".pbm", "format", "pbm"},
                  {".pnm", "format", "pnm"},
                  {".pfm", "format", "pfm"}},
     .settings = ppm_settings},
    {.name = "radiance",
     .operation = "radsave_target",
     .class_name = "VipsForeignSaveRad",
     .max_side = ANY_SIDE,
     .suffixes = {PLAIN(".hdr")},
     .settings = plain_settings},
};
const uint32_t gc_savers_n = GC_COUNT_OF(gc_savers);

static bool ends_in(struct gc_str path, const char *suffix)
{
    size_t n = strlen(suffix);
    if (path.len <= n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = path.ptr[path.len - n + i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != suffix[i])
            return false;
    }
    return true;
}

const struct gc_saver *gc_saver_of(struct gc_str path, const struct gc_suffix **ret_suffix)
{
    for (uint32_t i = 0; i < gc_savers_n; i++) {
        for (const struct gc_suffix *s = gc_savers[i].suffixes; s->text; s++) {
            if (!ends_in(path, s->text))
                continue;
            if (ret_suffix)
                *ret_suffix = s;
            return &gc_savers[i];
        }
    }
    return NULL;
}

bool gc_saver_takes(const struct gc_saver *saver, struct gc_str setting)
{
    return gc_str_among(setting, saver->settings);
}

bool gc_saver_any_takes(struct gc_str setting)
{
    for (uint32_t i = 0; i < gc_savers_n; i++)
        if (gc_saver_takes(&gc_savers[i], setting))
            return true;
    return false;
}

void gc_saver_list(char *text, size_t cap)
{
    size_t n = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < gc_savers_n; i++)
        for (const struct gc_suffix *s = gc_savers[i].suffixes; s->text && n < cap; s++)
            n += (size_t)snprintf(text + n, cap - n, "%s%s", n ? " " : "", s->text);
}

/* ---- the catalogue ---- */

/* Two savers have a setting of one name. Where its type differs (TIFF's compression is a word, PNG's a number) any value goes, and
 * the saver judges; where its default differs there is none to name. */
static void unite(struct gc_op_config *to, const struct gc_op_config *more)
{
    bool same = to->type == more->type;
    bool ranged = same && to->min <= to->max && more->min <= more->max;
    to->min = ranged ? (to->min < more->min ? to->min : more->min) : 1;
    to->max = ranged ? (to->max > more->max ? to->max : more->max) : 0;
    if (!same) {
        to->type = GC_TYPE_ANY;
        to->n_choices = 0;
    }
    bool int_agrees = same && to->fallback.kind == GC_VALUE_INT && more->fallback.kind == GC_VALUE_INT &&
                      to->fallback.as.integer == more->fallback.as.integer;
    bool flag_agrees = same && to->fallback.kind == GC_VALUE_BOOL && more->fallback.kind == GC_VALUE_BOOL &&
                       to->fallback.as.flag == more->fallback.as.flag;
    if (!int_agrees && !flag_agrees)
        to->fallback = (struct gc_value){.kind = GC_VALUE_NULL};
}

/* `own`: so many of the rows are the op's own, whose word counts. */
static enum gc_err add(struct gc_op_config *rows, uint32_t own, uint32_t *n, uint32_t max,
                       const struct gc_op_config *row)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (!gc_bytes_equal(rows[i].key, row->key))
            continue;
        if (i >= own)
            unite(&rows[i], row);
        return GC_OK;
    }
    if (*n == max)
        return GC_ERR_LIMIT;
    rows[(*n)++] = *row;
    return GC_OK;
}

/* libvips spells its arguments with '-'. */
static enum gc_err describe(const struct gc_saver *saver, const char *setting, struct gc_arena *arena,
                            struct gc_op_config *ret)
{
    char name[GC_MAX_NAME + 1];
    size_t len = strlen(setting);
    GC_ASSERT(len < sizeof name);
    for (size_t i = 0; i <= len; i++)
        name[i] = setting[i] == '_' ? '-' : setting[i];
    return gc_vips_setting(saver->operation, name, arena, ret);
}

enum gc_err gc_saver_describe(struct gc_arena *arena, struct gc_op_config *rows, uint32_t *n, uint32_t max)
{
    const uint32_t own = *n;
    for (uint32_t i = 0; i < gc_savers_n; i++) {
        for (const char *const *s = gc_savers[i].settings; *s; s++) {
            struct gc_op_config row;
            enum gc_err err = describe(&gc_savers[i], *s, arena, &row);
            if (err == GC_ERR_NOT_FOUND)
                continue; /* an older libvips, or one without this format */
            if (err)
                return err;
            row.required = false;
            err = add(rows, own, n, max, &row);
            if (err)
                return err;
        }
    }
    return GC_OK;
}

static enum gc_err format_of(const struct gc_saver *saver, struct gc_arena *arena, struct gc_op_format *ret)
{
    *ret =
        (struct gc_op_format){.suffixes = GC_ARENA_ARRAY(arena, struct gc_name, GC_COUNT_OF(saver->suffixes)),
                              .settings = GC_ARENA_ARRAY(arena, struct gc_name, GC_MAX_CONFIG)};
    if (!ret->suffixes || !ret->settings)
        return GC_ERR_NOMEM;
    for (const struct gc_suffix *s = saver->suffixes; s->text; s++)
        ret->suffixes[ret->n_suffixes++].text = gc_arena_text(arena, s->text);
    for (const char *const *s = saver->settings; *s; s++) {
        size_t mark = gc_arena_mark(arena);
        struct gc_op_config row;
        enum gc_err err = describe(saver, *s, arena, &row);
        gc_arena_rewind(arena, mark); /* whether there is such a setting is all that is asked */
        if (err == GC_ERR_NOT_FOUND)
            continue;
        if (err)
            return err;
        ret->settings[ret->n_settings++].text = gc_arena_text(arena, *s);
    }
    return GC_OK;
}

enum gc_err gc_saver_formats(struct gc_arena *arena, struct gc_op_format **ret, uint32_t *ret_n)
{
    GC_ASSERT(gc_savers_n <= GC_MAX_FORMATS);
    struct gc_op_format *formats = GC_ARENA_ARRAY(arena, struct gc_op_format, gc_savers_n);
    uint32_t n = 0;
    if (!formats)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < gc_savers_n; i++) {
        if (!vips_class_find("VipsOperation", gc_savers[i].operation))
            continue; /* this libvips is built without it */
        enum gc_err err = format_of(&gc_savers[i], arena, &formats[n++]);
        if (err)
            return err;
    }
    *ret = formats;
    *ret_n = n;
    return GC_OK;
}
