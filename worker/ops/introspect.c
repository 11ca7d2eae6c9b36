#include "worker/ops/introspect.h"

#include <stdio.h>
#include <string.h>

#include "common/assert.h"

const char *const gc_vips_interpolators[] = {"nearest", "bilinear", "bicubic", "lbb",
                                             "nohalo",  "vsqbs",    NULL};
const char *const gc_vips_profiles[] = {"none", "srgb", "p3", "cmyk", NULL};

struct gc_bytes gc_arena_text(struct gc_arena *arena, const char *text)
{
    size_t len = strlen(text);
    char *copy = GC_ARENA_ARRAY(arena, char, len + 1);
    if (!copy)
        return (struct gc_bytes){NULL, 0};
    memcpy(copy, text, len + 1);
    return gc_bytes_of(copy, len);
}

/* Arguments of type text that are names out of a closed list. */
static bool names_profile(const char *name)
{
    return strcmp(name, "profile") == 0 || strcmp(name, "input-profile") == 0 ||
           strcmp(name, "output-profile") == 0 || strcmp(name, "import-profile") == 0 ||
           strcmp(name, "export-profile") == 0;
}

/* The last is the enum's length, and `error` at -1 is no value. */
bool gc_vips_is_value(const GEnumValue *value)
{
    return value->value >= 0 && strcmp(value->value_nick, "last") != 0;
}

static bool known_type(GParamSpec *spec)
{
    if (G_IS_PARAM_SPEC_STRING(spec))
        return names_profile(spec->name);
    if (G_IS_PARAM_SPEC_BOXED(spec))
        return spec->value_type == VIPS_TYPE_ARRAY_DOUBLE || spec->value_type == VIPS_TYPE_ARRAY_INT;
    if (G_IS_PARAM_SPEC_OBJECT(spec))
        return g_type_is_a(spec->value_type, VIPS_TYPE_INTERPOLATE);
    return G_IS_PARAM_SPEC_BOOLEAN(spec) || G_IS_PARAM_SPEC_INT(spec) || G_IS_PARAM_SPEC_UINT64(spec) ||
           G_IS_PARAM_SPEC_DOUBLE(spec) || G_IS_PARAM_SPEC_ENUM(spec);
}

bool gc_vips_is_setting(GParamSpec *spec, VipsArgumentFlags flags)
{
    return (flags & VIPS_ARGUMENT_INPUT) && (flags & VIPS_ARGUMENT_CONSTRUCT) &&
           !(flags & VIPS_ARGUMENT_DEPRECATED) && known_type(spec);
}

/* ---- one setting ---- */

static struct gc_value text_value(struct gc_arena *arena, const char *text)
{
    return (struct gc_value){.kind = GC_VALUE_STRING, .as.string = gc_arena_text(arena, text)};
}

static enum gc_err describe_number(GParamSpec *spec, struct gc_op_config *ret)
{
    if (G_IS_PARAM_SPEC_DOUBLE(spec)) {
        const GParamSpecDouble *s = G_PARAM_SPEC_DOUBLE(spec);
        ret->type = GC_TYPE_REAL;
        ret->min = s->minimum;
        ret->max = s->maximum;
        ret->fallback = (struct gc_value){.kind = GC_VALUE_REAL, .as.real = s->default_value};
        return GC_OK;
    }
    ret->type = GC_TYPE_INT;
    if (G_IS_PARAM_SPEC_UINT64(spec)) {
        const GParamSpecUInt64 *s = G_PARAM_SPEC_UINT64(spec);
        ret->min = (double)s->minimum;
        ret->max = (double)s->maximum;
        ret->fallback = (struct gc_value){.kind = GC_VALUE_INT, .as.integer = (int64_t)s->default_value};
        return GC_OK;
    }
    const GParamSpecInt *s = G_PARAM_SPEC_INT(spec);
    ret->min = s->minimum;
    ret->max = s->maximum;
    ret->fallback = (struct gc_value){.kind = GC_VALUE_INT, .as.integer = s->default_value};
    return GC_OK;
}

static enum gc_err describe_values(const GEnumClass *class, struct gc_arena *arena, struct gc_op_config *ret)
{
    ret->choices = GC_ARENA_ARRAY(arena, struct gc_name, class->n_values);
    if (!ret->choices)
        return GC_ERR_NOMEM;
    for (unsigned i = 0; i < class->n_values && ret->n_choices < GC_MAX_CHOICES; i++)
        if (gc_vips_is_value(&class->values[i]))
            ret->choices[ret->n_choices++].text = gc_arena_text(arena, class->values[i].value_nick);
    return GC_OK;
}

static enum gc_err describe_enum(GParamSpec *spec, struct gc_arena *arena, struct gc_op_config *ret)
{
    const GParamSpecEnum *s = G_PARAM_SPEC_ENUM(spec);
    const GEnumValue *fallback = g_enum_get_value(s->enum_class, s->default_value);
    ret->type = GC_TYPE_STRING;
    if (fallback && gc_vips_is_value(fallback))
        ret->fallback = text_value(arena, fallback->value_nick);
    return describe_values(s->enum_class, arena, ret);
}

static enum gc_err describe_names(const char *const *names, struct gc_arena *arena, struct gc_op_config *ret)
{
    uint32_t n = 0;
    while (names[n])
        n++;
    ret->type = GC_TYPE_STRING;
    ret->choices = GC_ARENA_ARRAY(arena, struct gc_name, n);
    if (!ret->choices)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        ret->choices[i].text = gc_arena_text(arena, names[i]);
    ret->n_choices = n;
    return GC_OK;
}

/* Names, or numbers, of which a list is made. The catalogue promises that they count from 0. */
enum gc_err gc_vips_describe_names(const char *type, struct gc_arena *arena, struct gc_op_config *ret)
{
    GType found = g_type_from_name(type);
    GEnumClass *class = found ? g_type_class_ref(found) : NULL;
    if (!class)
        return GC_ERR_INTERNAL;
    enum gc_err err = describe_values(class, arena, ret);
    for (uint32_t i = 0; i < ret->n_choices; i++)
        if (class->values[i].value != (int)i)
            err = GC_ERR_INTERNAL;
    g_type_class_unref(class);
    return err;
}

static enum gc_err describe_type(GParamSpec *spec, struct gc_arena *arena, bool required,
                                 struct gc_op_config *ret)
{
    if (G_IS_PARAM_SPEC_BOOLEAN(spec)) {
        ret->type = GC_TYPE_BOOL;
        ret->fallback = (struct gc_value){.kind = GC_VALUE_BOOL,
                                          .as.flag = G_PARAM_SPEC_BOOLEAN(spec)->default_value != 0};
        return GC_OK;
    }
    if (G_IS_PARAM_SPEC_ENUM(spec))
        return describe_enum(spec, arena, ret);
    if (G_IS_PARAM_SPEC_STRING(spec))
        return describe_names(required ? gc_vips_profiles + 1 : gc_vips_profiles, arena, ret);
    if (G_IS_PARAM_SPEC_OBJECT(spec))
        return describe_names(gc_vips_interpolators, arena, ret);
    if (G_IS_PARAM_SPEC_BOXED(spec)) {
        ret->type = GC_TYPE_NUMBERS;
        return GC_OK;
    }
    return describe_number(spec, ret);
}

/* Settings are spelt with '_', as the vips command and every binding have them. */
static void to_underscores(struct gc_bytes text)
{
    char *p = (char *)(uintptr_t)text.ptr; /* just copied into the arena */
    for (size_t i = 0; i < text.len; i++)
        if (p[i] == '-')
            p[i] = '_';
}

enum gc_err gc_vips_describe(GParamSpec *spec, VipsArgumentFlags flags, struct gc_arena *arena,
                             struct gc_op_config *ret)
{
    GC_ASSERT(gc_vips_is_setting(spec, flags));
    *ret = (struct gc_op_config){.min = 1, .max = 0};
    ret->key = gc_arena_text(arena, spec->name);
    if (!ret->key.ptr)
        return GC_ERR_NOMEM;
    to_underscores(ret->key);
    ret->required = (flags & VIPS_ARGUMENT_REQUIRED) != 0;
    char help[GC_MAX_HELP];
    const char *blurb = g_param_spec_get_blurb(spec);
    (void)snprintf(help, sizeof help, "%s%s", blurb ? blurb : "",
                   G_IS_PARAM_SPEC_BOXED(spec) ? ": a number, or a list of them" : "");
    ret->help = gc_arena_text(arena, help);
    enum gc_err err = describe_type(spec, arena, ret->required, ret);
    if (ret->required)
        ret->fallback = (struct gc_value){.kind = GC_VALUE_NULL};
    return err;
}

enum gc_err gc_vips_setting(const char *nickname, const char *name, struct gc_arena *arena,
                            struct gc_op_config *ret)
{
    GParamSpec *spec;
    VipsArgumentClass *class;
    VipsArgumentInstance *instance;
    VipsOperation *op = vips_operation_new(nickname);
    bool found = op && vips_object_get_argument(VIPS_OBJECT(op), name, &spec, &class, &instance) == 0 &&
                 gc_vips_is_setting(spec, class->flags);
    enum gc_err err = found ? gc_vips_describe(spec, class->flags, arena, ret) : GC_ERR_NOT_FOUND;
    if (op)
        g_object_unref(op);
    vips_error_clear();
    return err;
}
