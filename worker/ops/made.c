#include "worker/ops/made.h"

#include <math.h>

#include "proto/values.h"

/* ---- values ---- */

static void put_real(struct gc_buf *out, double v)
{
    if (isfinite(v))
        gc_value_put_real(out, v);
    else
        gc_value_put_nil(out);
}

static void put_reals(struct gc_buf *out, const GValue *value)
{
    int n = 0;
    const double *items = g_value_get_boxed(value) ? vips_value_get_array_double(value, &n) : NULL;
    if (!items) {
        gc_value_put_nil(out);
        return;
    }
    gc_value_put_array(out, (uint32_t)n);
    for (int i = 0; i < n; i++)
        put_real(out, items[i]);
}

static void put_ints(struct gc_buf *out, const GValue *value)
{
    int n = 0;
    const int *items = g_value_get_boxed(value) ? vips_value_get_array_int(value, &n) : NULL;
    if (!items) {
        gc_value_put_nil(out);
        return;
    }
    gc_value_put_array(out, (uint32_t)n);
    for (int i = 0; i < n; i++)
        gc_value_put_int(out, items[i]);
}

static void put_value(struct gc_buf *out, VipsOperation *op, const GParamSpec *spec)
{
    GValue value = G_VALUE_INIT;
    g_value_init(&value, spec->value_type);
    g_object_get_property(G_OBJECT(op), spec->name, &value);
    if (G_VALUE_HOLDS_INT(&value))
        gc_value_put_int(out, g_value_get_int(&value));
    else if (G_VALUE_HOLDS_DOUBLE(&value))
        put_real(out, g_value_get_double(&value));
    else if (G_VALUE_HOLDS_BOOLEAN(&value))
        gc_value_put_bool(out, g_value_get_boolean(&value) != 0);
    else if (G_VALUE_HOLDS_ENUM(&value))
        gc_value_put_str(out,
                         gc_str_bytes(gc_str_of(vips_enum_nick(spec->value_type, g_value_get_enum(&value)))));
    else if (spec->value_type == VIPS_TYPE_ARRAY_DOUBLE)
        put_reals(out, &value);
    else
        put_ints(out, &value);
    g_value_unset(&value);
}

/* In the order of the catalogue's shape: required ones first. */
static void put_values(struct gc_buf *out, const struct gc_form *form, VipsOperation *op)
{
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < form->n_parts; i++)
            if (gc_form_tells(form, &form->parts[i]) && form->parts[i].required == (pass == 0))
                put_value(out, op, form->parts[i].spec);
}

static enum gc_cause take_record(struct gc_run *run, const struct gc_form *form, VipsOperation *op,
                                 struct gc_cell *ret)
{
    struct gc_buf *out = &run->stage->scratch;
    size_t start = out->len;
    if (!gc_form_bare(form))
        gc_value_put_array(out, form->n_values);
    put_values(out, form, op);
    return gc_cell_end_record(run, ret, start);
}

static enum gc_cause take_fields(struct gc_run *run, const struct gc_form *form, VipsOperation *op,
                                 struct gc_cell *ret)
{
    struct gc_buf *out = &run->stage->scratch;
    size_t start = out->len;
    put_values(out, form, op);
    if (!gc_buf_ok(out)) {
        out->overflow = false;
        out->len = start;
        return gc_run_fail(run, GC_CAUSE_TOO_LARGE, "its value does not fit");
    }
    ret->fields = gc_bytes_of(out->data + start, out->len - start);
    ret->n_fields = form->n_values;
    return GC_CAUSE_NONE;
}

/* ---- images ---- */

static void take_image(const struct gc_form_part *part, VipsImage *image, bool streamed, struct gc_cell *ret)
{
    if (!ret->image) {
        gc_cell_set_image(ret, image, streamed);
        ret->output = gc_form_output(part);
        return;
    }
    gc_cell_add_side(ret, gc_form_output(part), image, streamed);
}

enum gc_cause gc_made_take(struct gc_run *run, const struct gc_form *form, VipsOperation *op,
                           VipsImage *canvas, bool streamed, struct gc_cell *ret)
{
    if (form->n_images == 0)
        return take_record(run, form, op, ret);
    for (uint32_t i = 0; i < form->n_parts; i++) {
        const struct gc_form_part *part = &form->parts[i];
        VipsImage *image = NULL;
        if (part->role == GC_FORM_CANVAS)
            image = g_object_ref(canvas);
        else if (part->role == GC_FORM_MADE_IMAGE)
            g_object_get(op, part->spec->name, &image, NULL);
        if (image)
            take_image(part, image, streamed, ret);
    }
    if (!ret->image)
        return gc_run_fail(run, GC_CAUSE_OP_ERROR, "%s has made no image", form->nickname);
    return take_fields(run, form, op, ret);
}
