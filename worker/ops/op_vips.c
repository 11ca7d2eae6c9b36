/* Any offered operation of libvips: what it takes is found by its form, what is known to harm is refused, and it is built. Most only
 * look at headers then; those that count pixels or go through them twice pull them here. */
#include <math.h>
#include <string.h>

#include "common/assert.h"
#include "common/hash.h"
#include "worker/ops/form.h"
#include "worker/ops/libvips.h"
#include "worker/ops/made.h"
#include "worker/ops/settings.h"
#include "worker/ops/stage.h"

/* ---- settings ---- */

/* Sets the step's settings on an operation. */
static enum gc_cause set_all(struct gc_run *run, const struct gc_step *step, VipsOperation *op)
{
    for (uint32_t i = 0; i < step->n_config; i++) {
        char name[GC_MAX_NAME + 1];
        struct gc_fault fault;
        const struct gc_setting *s = &step->config[i];
        if (s->value.kind == GC_VALUE_NULL)
            continue;
        if (!gc_str_copy(name, sizeof name, gc_bytes_str(s->key)))
            return gc_run_fail(run, GC_CAUSE_OP_ERROR, "a setting without a name");
        if (gc_vips_set(op, name, &s->value, &fault))
            return gc_run_fail(run, GC_CAUSE_OP_ERROR, "%s", fault.text);
    }
    return GC_CAUSE_NONE;
}

enum gc_cause gc_vips_make(struct gc_run *run, const struct gc_step *step, const char *nickname,
                           VipsOperation **ret)
{
    VipsOperation *op = vips_operation_new(nickname);
    if (!op)
        return gc_run_vips_failed(run, GC_CAUSE_UNSUPPORTED, false);
    enum gc_cause cause = set_all(run, step, op);
    if (cause) {
        g_object_unref(op);
        return cause;
    }
    *ret = op;
    return GC_CAUSE_NONE;
}

/* ---- what the review found about settings ---- */

static enum gc_cause check_range(struct gc_run *run, const char *nickname, const char *key,
                                 const struct gc_value *v)
{
    const struct gc_offer_range *range = gc_offer_range(nickname, key);
    double n;
    if (range && gc_value_as_real(v, &n) && !(n >= range->min && n <= range->max))
        return gc_run_fail(run, GC_CAUSE_OP_ERROR, "%s: outside of %g to %g", key, range->min, range->max);
    return GC_CAUSE_NONE;
}

static enum gc_cause check_apart(struct gc_run *run, const char *nickname, const char *key,
                                 const struct gc_value *v)
{
    double least = gc_offer_apart(nickname, key);
    const struct gc_value *items = v->kind == GC_VALUE_LIST ? v->as.items : v;
    uint32_t count = v->kind == GC_VALUE_LIST ? v->n : 1;
    double n;
    for (uint32_t i = 0; i < count && least > 0; i++)
        if (gc_value_as_real(&items[i], &n) && !(fabs(n) >= least))
            return gc_run_fail(run, GC_CAUSE_OP_ERROR, "%s: %g lies between -%g and %g, which %s cannot take",
                               key, n, least, least, nickname);
    return GC_CAUSE_NONE;
}

static enum gc_cause check_choices(struct gc_run *run, const char *nickname, const char *key,
                                   const struct gc_value *v)
{
    const char *const *choices = gc_offer_choices(nickname, key);
    if (choices && (v->kind != GC_VALUE_STRING || !gc_str_among(gc_bytes_str(v->as.string), choices)))
        return gc_run_fail(run, GC_CAUSE_OP_ERROR, "%s: none of its choices", key);
    return GC_CAUSE_NONE;
}

static enum gc_cause check_settings(struct gc_run *run, const struct gc_step *step,
                                    const struct gc_form *form)
{
    for (uint32_t i = 0; i < form->n_parts; i++) {
        const struct gc_form_part *part = &form->parts[i];
        const struct gc_value *v = part->role == GC_FORM_SETTING ? gc_setting(step, part->name) : NULL;
        if (!v)
            continue;
        enum gc_cause cause = check_range(run, form->nickname, part->name, v);
        if (!cause)
            cause = check_apart(run, form->nickname, part->name, v);
        if (!cause)
            cause = check_choices(run, form->nickname, part->name, v);
        if (cause)
            return cause;
    }
    for (uint32_t i = 0; i < step->n_config; i++) {
        char name[GC_MAX_NAME + 1];
        if (gc_str_copy(name, sizeof name, gc_bytes_str(step->config[i].key)) &&
            gc_offer_withholds(form->nickname, name))
            return gc_run_fail(run, GC_CAUSE_OP_ERROR, "%s: %s has no such setting", name, form->nickname);
    }
    return GC_CAUSE_NONE;
}

/* What takes no image says itself how large one it makes. Some have made all of it before anybody could look. */
static enum gc_cause check_area(struct gc_run *run, const struct gc_step *step, const struct gc_form *form)
{
    int64_t width = gc_setting_int(step, "width", 1);
    int64_t height = gc_setting_int(step, "height", 1);
    if (form->n_taken == 0 && width > 0 && height > run->stage->max_pixels / width)
        return gc_run_fail(run, GC_CAUSE_TOO_LARGE,
                           "it would make an image of %lld x %lld pixels, the limit is %lld",
                           (long long)width, (long long)height, (long long)run->stage->max_pixels);
    return GC_CAUSE_NONE;
}

/* ---- images that it takes ---- */

struct taken {
    struct gc_run *run;
    struct gc_step_state *st;
    const struct gc_form *form;
    VipsOperation *op;
    VipsImage *canvas; /* a reference; NULL: it does not paint */
    bool streamed;     /* an input is */
    bool lazy;         /* pixels of an input are not in memory: they may fail here */
};

static bool takes_image(const struct gc_form_part *part)
{
    return part->role == GC_FORM_IMAGE || part->role == GC_FORM_IMAGES || part->role == GC_FORM_CANVAS;
}

/* The part that an input without a name fills: the next, in the order of the catalogue; a list takes all that follow. */
static const struct gc_form_part *part_at(const struct gc_form *form, uint32_t at)
{
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < form->n_parts; i++) {
            const struct gc_form_part *part = &form->parts[i];
            if (!takes_image(part) || part->required != (pass == 0))
                continue;
            if (at == 0 || part->role == GC_FORM_IMAGES)
                return part;
            at--;
        }
    return NULL;
}

static bool fills(const struct gc_form *form, const struct gc_step *step, uint32_t input,
                  const struct gc_form_part *part)
{
    struct gc_bytes slot = step->inputs[input].slot;
    return slot.len ? gc_str_is(gc_bytes_str(slot), part->name) : part_at(form, input) == part;
}

static enum gc_cause check_place(struct taken *t, const struct gc_cell *cell)
{
    const char *x_key;
    const char *y_key;
    if (!gc_offer_within(t->form->nickname, &x_key, &y_key))
        return GC_CAUSE_NONE;
    int64_t x = gc_setting_int(t->st->step, x_key, 0);
    int64_t y = gc_setting_int(t->st->step, y_key, 0);
    if (x >= 0 && x < cell->width && y >= 0 && y < cell->height)
        return GC_CAUSE_NONE;
    return gc_run_fail(t->run, GC_CAUSE_OP_ERROR, "%s, %s: %lld, %lld lies outside of the image of %d x %d",
                       x_key, y_key, (long long)x, (long long)y, cell->width, cell->height);
}

static enum gc_cause check_image(struct taken *t, const struct gc_cell *cell)
{
    int width;
    int height;
    gc_offer_smallest(t->form->nickname, &width, &height);
    if (cell->width < width || cell->height < height)
        return gc_run_fail(t->run, GC_CAUSE_OP_ERROR,
                           "%s takes images of %d x %d pixels at least, not %d x %d", t->form->nickname,
                           width, height, cell->width, cell->height);
    enum gc_cause cause = check_place(t, cell);
    if (cause)
        return cause;
    const char *const *formats = gc_offer_formats(t->form->nickname);
    const char *format = vips_enum_nick(VIPS_TYPE_BAND_FORMAT, (int)cell->format);
    if (formats && !gc_str_among(gc_str_of(format), formats))
        return gc_run_fail(t->run, GC_CAUSE_OP_ERROR, "%s does not take %s pixels: cast them before",
                           t->form->nickname, format);
    return GC_CAUSE_NONE;
}

static enum gc_cause take_image(struct taken *t, uint32_t input, VipsImage **ret)
{
    struct gc_cell *cell;
    enum gc_cause cause = gc_run_image(t->run, t->st, input, &cell);
    if (!cause)
        cause = check_image(t, cell);
    if (cause)
        return cause;
    if (t->st->offer->access == GC_ACCESS_RANDOM && cell->streamed)
        cause = gc_cell_materialise(t->run, cell);
    if (cause)
        return cause;
    t->streamed = t->streamed || cell->streamed;
    t->lazy = t->lazy || cell->image->dtype == VIPS_IMAGE_PARTIAL;
    *ret = cell->image;
    return GC_CAUSE_NONE;
}

static enum gc_cause take_canvas(struct taken *t, uint32_t input, const struct gc_form_part *part)
{
    struct gc_cell *cell;
    enum gc_cause cause = gc_run_image(t->run, t->st, input, &cell);
    if (!cause)
        cause = check_image(t, cell);
    if (!cause)
        cause = gc_cell_copy(t->run, cell, &t->canvas);
    if (!cause)
        gc_vips_set_image(t->op, part->spec->name, t->canvas);
    return cause;
}

static enum gc_cause take_part(struct taken *t, const struct gc_form_part *part)
{
    const struct gc_step *step = t->st->step;
    VipsImage *images[GC_MAX_INPUTS];
    uint32_t n = 0;
    enum gc_cause cause = GC_CAUSE_NONE;
    for (uint32_t i = 0; i < step->n_inputs && !cause; i++) {
        if (!fills(t->form, step, i, part))
            continue;
        if (part->role == GC_FORM_CANVAS)
            return take_canvas(t, i, part);
        cause = take_image(t, i, &images[n++]);
    }
    if (cause)
        return cause;
    if (n == 0 && part->required)
        return gc_run_fail(t->run, GC_CAUSE_OP_ERROR, "needs an image as its input '%s'", part->name);
    if (part->role == GC_FORM_IMAGES)
        gc_vips_set_images(t->op, part->spec->name, images, n);
    else if (n > 0)
        gc_vips_set_image(t->op, part->spec->name, images[0]);
    return GC_CAUSE_NONE;
}

static enum gc_cause take_all(struct taken *t)
{
    GC_ASSERT(t->st->step->n_inputs <= GC_MAX_INPUTS);
    for (uint32_t i = 0; i < t->form->n_parts; i++) {
        if (!takes_image(&t->form->parts[i]))
            continue;
        enum gc_cause cause = take_part(t, &t->form->parts[i]);
        if (cause)
            return cause;
    }
    return GC_CAUSE_NONE;
}

/* ---- chance ---- */

/* The same each time for a node and an item of a run, whatever is retried; another for every other. */
static uint64_t seed_of(const struct gc_run *run, const struct gc_step *step)
{
    const struct gc_program *program = &run->stage->program;
    uint64_t h = gc_hash_bytes(program->run.b, sizeof program->run.b, 0);
    h = gc_hash_more(h, gc_hash_bytes(step->id.ptr, step->id.len, 0));
    return gc_hash_more(h, step->hoisted ? GC_UNSET : run->task->index);
}

/* An operation without a setting for it draws from GLib's sequence, through others that it is made of. */
static void set_seed(struct taken *t)
{
    if (!gc_offer_seeded(t->form->nickname))
        return;
    uint64_t seed = seed_of(t->run, t->st->step);
    g_random_set_seed((guint32)seed);
    for (uint32_t i = 0; i < t->form->n_parts; i++)
        if (strcmp(t->form->parts[i].name, "seed") == 0 && !gc_setting(t->st->step, "seed"))
            g_object_set(t->op, "seed", (gint)(guint32)(seed >> 32), NULL);
}

/* ---- the whole ---- */

/* What counts pixels pulls them while it is built: the fault may be of an earlier step. */
static enum gc_cause build_failed(struct taken *t)
{
    bool pulls = t->st->offer->access == GC_ACCESS_RANDOM || t->form->n_images == 0;
    enum gc_cause cause = gc_run_build_failed(t->run, t->streamed);
    t->run->pulled = t->run->pulled || (pulls && t->lazy);
    return cause;
}

static enum gc_cause build(struct taken *t, struct gc_cell *ret)
{
    if (vips_object_build(VIPS_OBJECT(t->op)))
        return build_failed(t);
    return gc_made_take(t->run, t->form, t->op, t->canvas, t->streamed, ret);
}

enum gc_cause gc_vips_run(struct gc_run *run, struct gc_step_state *st, struct gc_cell *ret)
{
    if (st->step->decode != GC_UNSET)
        return gc_pushdown_run(run, st, ret);
    struct taken t = {.run = run, .st = st, .form = gc_form_of(st->offer)};
    if (!t.form)
        return gc_run_fail(run, GC_CAUSE_UNSUPPORTED, "this libvips has no %s", st->offer->nickname);
    enum gc_cause cause = check_settings(run, st->step, t.form);
    if (!cause)
        cause = check_area(run, st->step, t.form);
    if (!cause)
        cause = gc_vips_make(run, st->step, t.form->nickname, &t.op);
    if (cause)
        return cause;
    set_seed(&t);
    cause = take_all(&t);
    if (!cause)
        cause = build(&t, ret);
    vips_object_unref_outputs(VIPS_OBJECT(t.op));
    g_object_unref(t.op);
    if (t.canvas)
        g_object_unref(t.canvas);
    return cause;
}
