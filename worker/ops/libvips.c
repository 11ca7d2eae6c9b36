#include "worker/ops/libvips.h"

#include <math.h>
#include <string.h>

#include "common/assert.h"
#include "worker/ops/introspect.h"
#include "worker/ops/offer.h"
#include "worker/ops/ops.h"
#include "worker/ops/saver.h"
#include "worker/ops/settings.h"

/* ---- start ---- */

static _Atomic unsigned
    warnings; /* one thread a process runs stages, but decoders have threads of their own */

/* What libvips says of itself and not of the file: nearly every AVIF would be one that was warned of. */
static const char *const idle_warnings[] = {"ignoring nclx profile"};

static bool is_idle(const char *text)
{
    for (size_t i = 0; i < GC_COUNT_OF(idle_warnings); i++)
        if (strstr(text, idle_warnings[i]))
            return true;
    return false;
}

/* libvips says through GLib's log that a decoder has met something odd. Nothing of it goes to standard error. */
static void on_log(const char *domain, GLogLevelFlags level, const char *text, void *data)
{
    (void)domain;
    (void)data;
    if (level & G_LOG_LEVEL_WARNING && !is_idle(text))
        warnings++;
}

unsigned gc_vips_warnings(void)
{
    return warnings;
}

enum gc_err gc_ops_init(const char *argv0, struct gc_fault *fault)
{
    /* Temporary files cannot be made in the sealed executor: images stay in memory, whose limit is the executor's. */
    g_setenv("VIPS_DISC_THRESHOLD", "1000000000000", FALSE);
    if (vips_init(argv0 ? argv0 : "graphcap")) {
        char text[GC_MAX_TEXT];
        (void)gc_vips_error(text, sizeof text);
        return gc_fault_set(fault, GC_ERR_INTERNAL, "libvips does not start: %s", text);
    }
    g_log_set_handler("VIPS", (GLogLevelFlags)(G_LOG_LEVEL_MASK & ~(G_LOG_LEVEL_ERROR | G_LOG_FLAG_FATAL)),
                      on_log, NULL);
    vips_block_untrusted_set(TRUE);
    /* No decoder runs, however an operation is told to, but the one that source.h opens for a file of its format. */
    vips_operation_block_set("VipsForeignLoad", TRUE);
    /* An encoder is as trusted as the pixels that it is fed: those of what `save` writes run, whatever libvips thinks of the decoder. */
    for (uint32_t i = 0; i < gc_savers_n; i++)
        if (g_type_from_name(gc_savers[i].class_name))
            vips_operation_block_set(gc_savers[i].class_name, FALSE);
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    vips_concurrency_set(1);
    return GC_OK;
}

/* ---- errors ---- */

static bool starts_with(const char *line, size_t len, const char *with)
{
    size_t n = strlen(with);
    return len >= n && g_ascii_strncasecmp(line, with, n) == 0;
}

static bool holds(const char *line, size_t len, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= len; i++)
        if (g_ascii_strncasecmp(line + i, what, n) == 0)
            return true;
    return false;
}

/* Domains under which decoders report, in 8.14 to 8.17. VipsJpeg is the encoder's too: who runs a save must not trust it. */
static const char *const loader_domains[] = {
    "VipsJpeg",
    "VipsForeignLoad",
    "jpegload",
    "pngload",
    "vipspng",
    "vips2png",
    "spngload",
    "png2vips",
    "webpload",
    "webp2vips",
    "webp:",
    "gifload",
    "VipsForeignLoadNsgif",
    "tiffload",
    "tiff2vips",
    "TIFF",
    "heifload",
    "heif:",
    "jp2kload",
    "jxlload",
    "ppmload",
    "ppm2vips",
    "radload",
    "rad2vips",
    "pdfload",
    "svgload",
    "VipsSource",
    "source",
    "vips_sequential",
    "VipsSequential",
};
static const char *const truncated_texts[] = {
    "premature end", "truncat",    "unexpected end", "end of file", "end of stream",
    "eof",           "not enough", "unable to read", "read error",  "out of order read",
};
static const char *const limit_texts[] = {"security limit", "exceeds the limit", "exceeds the maximum"};
static const char *const memory_texts[] = {"out of memory", "memory allocation", "insufficient memory",
                                           "unable to allocate"};

static enum gc_vips_kind kind_of_line(const char *line, size_t len)
{
    for (size_t i = 0; i < GC_COUNT_OF(limit_texts); i++) /* libheif calls it a failed allocation as well */
        if (holds(line, len, limit_texts[i]))
            return GC_VIPS_LIMIT;
    for (size_t i = 0; i < GC_COUNT_OF(memory_texts); i++)
        if (holds(line, len, memory_texts[i]))
            return GC_VIPS_MEMORY;
    for (size_t i = 0; i < GC_COUNT_OF(loader_domains); i++) {
        if (!starts_with(line, len, loader_domains[i]))
            continue;
        for (size_t k = 0; k < GC_COUNT_OF(truncated_texts); k++)
            if (holds(line, len, truncated_texts[k]))
                return GC_VIPS_TRUNCATED;
        return GC_VIPS_LOADER;
    }
    return GC_VIPS_OTHER;
}

static void copy_printable(char *text, size_t cap, const char *line, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len && n + 1 < cap; i++)
        text[n++] = (unsigned char)line[i] < 0x20 || line[i] == 0x7f ? ' ' : line[i];
    text[n] = '\0';
}

static const uint8_t gravity[] = {[GC_VIPS_OTHER] = 0,
                                  [GC_VIPS_LOADER] = 1,
                                  [GC_VIPS_TRUNCATED] = 2,
                                  [GC_VIPS_MEMORY] = 3,
                                  [GC_VIPS_LIMIT] = 4};

enum gc_vips_kind gc_vips_error(char *text, size_t cap)
{
    GC_ASSERT(cap > 0);
    const char *all = vips_error_buffer();
    enum gc_vips_kind kind = GC_VIPS_OTHER;
    copy_printable(text, cap, "libvips gave no reason", 22);
    if (!*all)
        kind =
            GC_VIPS_LOADER; /* decoders fail in silence (a cut, interlaced PNG does); operations say what they want */
    for (const char *line = all; *line;) {
        size_t len = strcspn(line, "\n");
        enum gc_vips_kind k = kind_of_line(line, len);
        /* the first line is where it began, unless a later one says more plainly what it is */
        bool graver = gravity[k] > gravity[kind];
        if ((line == all && len) || graver)
            copy_printable(text, cap, line, len);
        if (graver)
            kind = k;
        line += len + (line[len] == '\n');
    }
    vips_error_clear();
    return kind;
}

/* ---- operations ---- */

static bool argument(VipsOperation *op, const char *name, GParamSpec **ret_spec, VipsArgumentFlags *ret_flags)
{
    VipsArgumentClass *class;
    VipsArgumentInstance *instance;
    if (vips_object_get_argument(VIPS_OBJECT(op), name, ret_spec, &class, &instance)) {
        vips_error_clear();
        return false;
    }
    *ret_flags = class->flags;
    return true;
}

/* 32-bit ints, and the 64-bit ones that few operations have. */
static enum gc_err set_int(GObject *op, GParamSpec *spec, const struct gc_value *v, struct gc_fault *fault)
{
    int64_t n;
    if (!gc_value_as_int(v, &n))
        return gc_fault_set(fault, GC_ERR_INVALID, "not a whole number");
    if (G_IS_PARAM_SPEC_UINT64(spec)) {
        const GParamSpecUInt64 *s = G_PARAM_SPEC_UINT64(spec);
        if (n < 0 || (uint64_t)n < s->minimum || (uint64_t)n > s->maximum)
            return gc_fault_set(fault, GC_ERR_INVALID, "outside of its range");
        g_object_set(op, spec->name, (guint64)n, NULL);
        return GC_OK;
    }
    const GParamSpecInt *s = G_PARAM_SPEC_INT(spec);
    if (n < s->minimum || n > s->maximum)
        return gc_fault_set(fault, GC_ERR_INVALID, "outside of %d to %d", s->minimum, s->maximum);
    g_object_set(op, spec->name, (gint)n, NULL);
    return GC_OK;
}

static enum gc_err set_real(GObject *op, GParamSpec *spec, const struct gc_value *v, struct gc_fault *fault)
{
    double n;
    const GParamSpecDouble *s = G_PARAM_SPEC_DOUBLE(spec);
    if (!gc_value_as_real(v, &n) || !isfinite(n))
        return gc_fault_set(fault, GC_ERR_INVALID, "not a number");
    if (n < s->minimum || n > s->maximum)
        return gc_fault_set(fault, GC_ERR_INVALID, "outside of %g to %g", s->minimum, s->maximum);
    g_object_set(op, spec->name, n, NULL);
    return GC_OK;
}

static enum gc_err set_enum(GObject *op, GParamSpec *spec, const struct gc_value *v, struct gc_fault *fault)
{
    const GEnumClass *class = G_PARAM_SPEC_ENUM(spec)->enum_class;
    if (v->kind == GC_VALUE_STRING) {
        struct gc_str text = gc_bytes_str(v->as.string);
        for (unsigned i = 0; i < class->n_values; i++) {
            if (gc_vips_is_value(&class->values[i]) && gc_str_is(text, class->values[i].value_nick)) {
                g_object_set(op, spec->name, class->values[i].value, NULL);
                return GC_OK;
            }
        }
    }
    return gc_fault_set(fault, GC_ERR_INVALID, "none of its choices");
}

enum { MAX_ARRAY = 256 };

/* A number, or the name of one where the list takes names. */
static bool number_of(const char *enumeration, const struct gc_value *v, double *ret)
{
    if (v->kind != GC_VALUE_STRING || !enumeration)
        return gc_value_as_real(v, ret) && isfinite(*ret);
    GEnumClass *class = g_type_class_ref(g_type_from_name(enumeration));
    bool found = false;
    for (unsigned i = 0; i < class->n_values && !found; i++) {
        const GEnumValue *value = &class->values[i];
        found = gc_vips_is_value(value) && gc_str_is(gc_bytes_str(v->as.string), value->value_nick);
        *ret = value->value;
    }
    g_type_class_unref(class);
    return found;
}

static const char *names_of(GObject *op, const GParamSpec *spec)
{
    return gc_offer_names(VIPS_OBJECT_GET_CLASS(op)->nickname, spec->name);
}

/* A list of numbers, or one number. */
static enum gc_err set_array(GObject *op, GParamSpec *spec, const struct gc_value *v, struct gc_fault *fault)
{
    const struct gc_value *items = v->kind == GC_VALUE_LIST ? v->as.items : v;
    uint32_t n = v->kind == GC_VALUE_LIST ? v->n : 1;
    double reals[MAX_ARRAY];
    int ints[MAX_ARRAY];
    if (n == 0 || n > MAX_ARRAY)
        return gc_fault_set(fault, GC_ERR_INVALID, "1 to %d numbers are taken", MAX_ARRAY);
    for (uint32_t i = 0; i < n; i++) {
        if (!number_of(names_of(op, spec), &items[i], &reals[i]))
            return gc_fault_set(fault, GC_ERR_INVALID, "not a list of numbers");
        ints[i] = (int)VIPS_CLIP(-2147483647.0, reals[i], 2147483647.0);
    }
    if (spec->value_type == VIPS_TYPE_ARRAY_INT) {
        VipsArrayInt *array = vips_array_int_new(ints, (int)n);
        g_object_set(op, spec->name, array, NULL);
        vips_area_unref(VIPS_AREA(array));
    } else {
        VipsArrayDouble *array = vips_array_double_new(reals, (int)n);
        g_object_set(op, spec->name, array, NULL);
        vips_area_unref(VIPS_AREA(array));
    }
    return GC_OK;
}

/* libvips knows the word where a profile is read, and fails where one is to be written: there it means that none is given. */
static bool no_profile(const GParamSpec *spec, const char *text)
{
    bool written = strcmp(spec->name, "output-profile") == 0 || strcmp(spec->name, "export-profile") == 0;
    return written && strcmp(text, "none") == 0;
}

/* Texts are names out of closed lists: libvips would take any other for a file's. */
static enum gc_err set_text(GObject *op, GParamSpec *spec, const struct gc_value *v, struct gc_fault *fault)
{
    char text[64];
    bool interpolator = g_type_is_a(spec->value_type, VIPS_TYPE_INTERPOLATE);
    const char *const *choices = interpolator ? gc_vips_interpolators : gc_vips_profiles;
    if (v->kind != GC_VALUE_STRING || !gc_str_among(gc_bytes_str(v->as.string), choices) ||
        !gc_str_copy(text, sizeof text, gc_bytes_str(v->as.string)))
        return gc_fault_set(fault, GC_ERR_INVALID, "none of its choices");
    if (!interpolator) {
        if (!no_profile(spec, text))
            g_object_set(op, spec->name, text, NULL);
        return GC_OK;
    }
    VipsInterpolate *made = vips_interpolate_new(text);
    if (!made) {
        vips_error_clear();
        return gc_fault_set(fault, GC_ERR_INVALID, "this libvips has it not");
    }
    g_object_set(op, spec->name, made, NULL);
    g_object_unref(made);
    return GC_OK;
}

static enum gc_err set_value(GObject *op, GParamSpec *spec, const struct gc_value *v, struct gc_fault *fault)
{
    if (G_IS_PARAM_SPEC_BOOLEAN(spec)) {
        if (v->kind != GC_VALUE_BOOL)
            return gc_fault_set(fault, GC_ERR_INVALID, "not true or false");
        g_object_set(op, spec->name, (gboolean)v->as.flag, NULL);
        return GC_OK;
    }
    if (G_IS_PARAM_SPEC_INT(spec) || G_IS_PARAM_SPEC_UINT64(spec))
        return set_int(op, spec, v, fault);
    if (G_IS_PARAM_SPEC_DOUBLE(spec))
        return set_real(op, spec, v, fault);
    if (G_IS_PARAM_SPEC_ENUM(spec))
        return set_enum(op, spec, v, fault);
    if (G_IS_PARAM_SPEC_BOXED(spec))
        return set_array(op, spec, v, fault);
    return set_text(op, spec, v, fault);
}

enum gc_err gc_vips_set(VipsOperation *op, const char *name, const struct gc_value *value,
                        struct gc_fault *fault)
{
    GParamSpec *spec;
    VipsArgumentFlags flags;
    if (!argument(op, name, &spec, &flags) || !gc_vips_is_setting(spec, flags))
        return gc_fault_set(fault, GC_ERR_INVALID, "%s: %s has no such setting", name,
                            VIPS_OBJECT_GET_CLASS(op)->nickname);
    enum gc_err err = set_value(G_OBJECT(op), spec, value, fault);
    return err ? gc_fault_context(fault, err, "%s: ", name) : GC_OK;
}

void gc_vips_set_image(VipsOperation *op, const char *name, VipsImage *image)
{
    g_object_set(op, name, image, NULL);
}

void gc_vips_set_images(VipsOperation *op, const char *name, VipsImage *const *images, uint32_t n)
{
    VipsArrayImage *array = vips_array_image_new((VipsImage **)(uintptr_t)images, (int)n);
    g_object_set(op, name, array, NULL);
    vips_area_unref(VIPS_AREA(array));
}

void gc_vips_set_object(VipsOperation *op, const char *name, void *object)
{
    g_object_set(op, name, object, NULL);
}

static void *list_blobs(VipsImage *image, const char *name, GValue *value, void *names)
{
    (void)image;
    if (G_VALUE_HOLDS(value, VIPS_TYPE_BLOB))
        g_ptr_array_add(names, g_strdup(name));
    return NULL;
}

/* Whoever sets a block of EXIF makes libvips read it again: a picture that was turned is to be turned once more then. */
static void keep_orientation(VipsImage *image, bool had, int orientation)
{
    if (had)
        vips_image_set_int(image, VIPS_META_ORIENTATION, orientation);
    else
        (void)vips_image_remove(image, VIPS_META_ORIENTATION);
}

void gc_vips_own_metadata(VipsImage *image)
{
    bool had = vips_image_get_typeof(image, VIPS_META_ORIENTATION) != 0;
    int orientation = vips_image_get_orientation(image);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    (void)vips_image_map(image, list_blobs, names);
    for (guint i = 0; i < names->len; i++) {
        const void *data;
        size_t len;
        if (vips_image_get_blob(image, names->pdata[i], &data, &len))
            vips_error_clear();
        else
            vips_image_set_blob_copy(image, names->pdata[i], data, len);
    }
    g_ptr_array_free(names, TRUE);
    keep_orientation(image, had, orientation);
}

bool gc_vips_build(VipsOperation *op, VipsImage **ret_out)
{
    bool ok = vips_object_build(VIPS_OBJECT(op)) == 0;
    if (ok && ret_out)
        g_object_get(op, "out", ret_out, NULL);
    vips_object_unref_outputs(VIPS_OBJECT(op));
    g_object_unref(op);
    return ok;
}
