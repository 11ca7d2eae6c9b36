#include "worker/ops/form.h"

#include <string.h>

#include "common/assert.h"
#include "common/macros.h"
#include "worker/ops/introspect.h"
#include "worker/ops/op.h"
#include "worker/ops/stage.h"

enum {
    OFFERS = 0
#define OFFER(...) +1
#include "worker/ops/offered.def"
};

static struct gc_form forms[OFFERS];
static enum state { UNKNOWN, THERE, ABSENT } states[OFFERS];

/* ---- one argument ---- */

static bool made_value(const GParamSpec *spec)
{
    return G_IS_PARAM_SPEC_INT(spec) || G_IS_PARAM_SPEC_DOUBLE(spec) || G_IS_PARAM_SPEC_BOOLEAN(spec) ||
           G_IS_PARAM_SPEC_ENUM(spec) || spec->value_type == VIPS_TYPE_ARRAY_DOUBLE ||
           spec->value_type == VIPS_TYPE_ARRAY_INT;
}

static bool role_of(GParamSpec *spec, VipsArgumentFlags flags, enum gc_form_role *ret)
{
    bool image = spec->value_type == VIPS_TYPE_IMAGE;
    if (flags & VIPS_ARGUMENT_OUTPUT) {
        *ret = image ? GC_FORM_MADE_IMAGE : GC_FORM_MADE_VALUE;
        return image || made_value(spec);
    }
    if (image)
        *ret = flags & VIPS_ARGUMENT_MODIFY ? GC_FORM_CANVAS : GC_FORM_IMAGE;
    else if (spec->value_type == VIPS_TYPE_ARRAY_IMAGE)
        *ret = GC_FORM_IMAGES;
    else
        *ret = GC_FORM_SETTING;
    return *ret != GC_FORM_SETTING || gc_vips_is_setting(spec, flags);
}

static bool spell(const char *name, char *ret, size_t cap)
{
    size_t len = strlen(name);
    if (len >= cap)
        return false;
    for (size_t i = 0; i <= len; i++)
        ret[i] = name[i] == '-' ? '_' : name[i];
    return true;
}

/* A required argument that cannot be given makes the operation useless; any other is left out. */
static void *visit(VipsObject *object, GParamSpec *spec, VipsArgumentClass *class,
                   VipsArgumentInstance *instance, void *a, void *b)
{
    (void)object;
    (void)instance;
    struct gc_form *form = a;
    bool *usable = b;
    VipsArgumentFlags flags = class->flags;
    bool argument = (flags & VIPS_ARGUMENT_CONSTRUCT) && !(flags & VIPS_ARGUMENT_DEPRECATED) &&
                    (flags & (VIPS_ARGUMENT_INPUT | VIPS_ARGUMENT_OUTPUT));
    if (!argument)
        return NULL;
    struct gc_form_part part = {
        .spec = spec, .flags = flags, .required = (flags & VIPS_ARGUMENT_REQUIRED) != 0};
    bool known = role_of(spec, flags, &part.role) && spell(spec->name, part.name, sizeof part.name) &&
                 !gc_offer_withholds(form->nickname, part.name);
    if (known && form->n_parts < GC_FORM_PARTS)
        form->parts[form->n_parts++] = part;
    else if (part.required || known)
        *usable = false;
    return NULL;
}

/* ---- the whole ---- */

static void count(struct gc_form *form)
{
    for (uint32_t i = 0; i < form->n_parts; i++) {
        enum gc_form_role role = form->parts[i].role;
        form->n_taken += role == GC_FORM_IMAGE || role == GC_FORM_IMAGES || role == GC_FORM_CANVAS;
        form->n_images += role == GC_FORM_MADE_IMAGE || role == GC_FORM_CANVAS;
    }
    for (uint32_t i = 0; i < form->n_parts; i++)
        form->n_values += gc_form_tells(form, &form->parts[i]);
}

/* The first image that it makes is one that it always makes. */
static bool first_is_required(const struct gc_form *form)
{
    for (uint32_t i = 0; i < form->n_parts; i++)
        if (form->parts[i].role == GC_FORM_MADE_IMAGE || form->parts[i].role == GC_FORM_CANVAS)
            return form->parts[i].required;
    return true;
}

static bool make(struct gc_form *form, const char *nickname)
{
    const VipsObjectClass *class = vips_class_find("VipsOperation", nickname);
    VipsOperation *op = class ? vips_operation_new(nickname) : NULL;
    if (!op) {
        vips_error_clear();
        return false;
    }
    bool usable = true;
    *form = (struct gc_form){.nickname = nickname, .help = class->description};
    (void)vips_argument_map(VIPS_OBJECT(op), visit, form, &usable);
    g_object_unref(op);
    count(form);
    return usable && form->n_images + form->n_values > 0 && form->n_images <= 1 + GC_CELL_SIDES &&
           first_is_required(form);
}

const struct gc_form *gc_form_of(const struct gc_offer *offer)
{
    size_t at = (size_t)(offer - gc_offers);
    GC_ASSERT(at < OFFERS);
    if (states[at] == UNKNOWN)
        states[at] = make(&forms[at], offer->nickname) ? THERE : ABSENT;
    return states[at] == THERE ? &forms[at] : NULL;
}

bool gc_form_tells(const struct gc_form *form, const struct gc_form_part *part)
{
    if (part->role != GC_FORM_MADE_VALUE)
        return false;
    for (uint32_t i = 0; i < GC_IMAGE_SHAPE_N && form->n_images; i++)
        if (strcmp(gc_image_shape[i].name, part->name) == 0)
            return false;
    return true;
}

bool gc_form_bare(const struct gc_form *form)
{
    return form->n_images == 0 && form->n_values == 1;
}

const char *gc_form_output(const struct gc_form_part *part)
{
    return part->role == GC_FORM_CANVAS ? "out" : part->name;
}
