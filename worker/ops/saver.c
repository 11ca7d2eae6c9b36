#include "worker/ops/saver.h"

#include <string.h>

#include "common/num.h"
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
    "Q",       "lossless", "preset", "smart_subsample", "near_lossless",
    "alpha_q", "min_size", "effort", "background",      NULL};
static const char *const tiff_settings[] = {
    "compression", "Q",       "predictor", "tile", "tile_width", "tile_height", "pyramid",    "bigtiff",
    "bitdepth",    "resunit", "xres",      "yres", "level",      "lossless",    "background", NULL};
static const char *const gif_settings[] = {"dither",     "effort", "bitdepth", "interframe_maxerror",
                                           "background", NULL};
static const char *const heif_settings[] = {"Q",          "bitdepth", "lossless", "effort", "subsample_mode",
                                            "background", NULL};

static const struct gc_saver savers[] = {
    {"jpegsave_target", 65500, {".jpg", ".jpeg", ".jpe", NULL}, jpeg_settings},
    {"pngsave_target", 2147483647, {".png", NULL}, png_settings},
    {"webpsave_target", 16383, {".webp", NULL}, webp_settings},
    {"tiffsave_target", 2147483647, {".tif", ".tiff", NULL}, tiff_settings},
    {"gifsave_target", 65535, {".gif", NULL}, gif_settings},
    {"heifsave_target", 16384, {".avif", ".heic", ".heif", NULL}, heif_settings},
};

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

const struct gc_saver *gc_saver_of(struct gc_str path)
{
    for (size_t i = 0; i < GC_COUNT_OF(savers); i++)
        for (const char *const *s = savers[i].suffixes; *s; s++)
            if (ends_in(path, *s))
                return &savers[i];
    return NULL;
}

bool gc_saver_takes(const struct gc_saver *saver, struct gc_str setting)
{
    for (const char *const *s = saver->settings; *s; s++)
        if (gc_str_is(setting, *s))
            return true;
    return false;
}

bool gc_saver_any_takes(struct gc_str setting)
{
    for (size_t i = 0; i < GC_COUNT_OF(savers); i++)
        if (gc_saver_takes(&savers[i], setting))
            return true;
    return false;
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

static enum gc_err add(struct gc_op_config *rows, uint32_t *n, uint32_t max, const struct gc_op_config *row)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (!gc_bytes_equal(rows[i].key, row->key))
            continue;
        unite(&rows[i], row);
        return GC_OK;
    }
    if (*n == max)
        return GC_ERR_LIMIT;
    rows[(*n)++] = *row;
    return GC_OK;
}

enum gc_err gc_saver_describe(struct gc_arena *arena, struct gc_op_config *rows, uint32_t *n, uint32_t max)
{
    for (size_t i = 0; i < GC_COUNT_OF(savers); i++) {
        for (const char *const *s = savers[i].settings; *s; s++) {
            struct gc_op_config row;
            enum gc_err err = gc_vips_setting(savers[i].operation, *s, arena, &row);
            if (err == GC_ERR_NOT_FOUND)
                continue; /* an older libvips, or one without this format */
            if (err)
                return err;
            row.required = false;
            err = add(rows, n, max, &row);
            if (err)
                return err;
        }
    }
    return GC_OK;
}
