/* The offered operations in the catalogue: inputs, outputs, settings and the record, from their forms. */
#include "worker/ops/offered.h"

#include <stdio.h>
#include <string.h>

#include "worker/ops/command.h"
#include "worker/ops/form.h"
#include "worker/ops/introspect.h"
#include "worker/ops/op.h"

/* ---- inputs ---- */

static struct gc_op_input input_of(const struct gc_form_part *part, struct gc_arena *arena)
{
    return (struct gc_op_input){.name = gc_arena_text(arena, part->name),
                                .type = GC_TYPE_IMAGE,
                                .required = part->required,
                                .many = part->role == GC_FORM_IMAGES};
}

static bool takes(const struct gc_form_part *part)
{
    return part->role == GC_FORM_IMAGE || part->role == GC_FORM_IMAGES || part->role == GC_FORM_CANVAS;
}

/* Required ones first, for jobs that list them by position. What takes no image may still say to what it belongs. */
static enum gc_err set_inputs(const struct gc_form *form, struct gc_arena *arena, struct gc_op *ret)
{
    ret->inputs = GC_ARENA_ARRAY(arena, struct gc_op_input, form->n_taken + 1);
    if (!ret->inputs)
        return GC_ERR_NOMEM;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < form->n_parts; i++)
            if (takes(&form->parts[i]) && form->parts[i].required == (pass == 0))
                ret->inputs[ret->n_inputs++] = input_of(&form->parts[i], arena);
    if (form->n_taken == 0)
        ret->inputs[ret->n_inputs++] =
            (struct gc_op_input){.name = gc_arena_text(arena, "in"), .type = GC_TYPE_ANY};
    return GC_OK;
}

/* ---- outputs and the record ---- */

static enum gc_type value_type(const GParamSpec *spec)
{
    if (G_IS_PARAM_SPEC_INT(spec))
        return GC_TYPE_INT;
    if (G_IS_PARAM_SPEC_DOUBLE(spec))
        return GC_TYPE_REAL;
    if (G_IS_PARAM_SPEC_BOOLEAN(spec))
        return GC_TYPE_BOOL;
    return G_IS_PARAM_SPEC_ENUM(spec) ? GC_TYPE_STRING : GC_TYPE_LIST;
}

static void add_output(struct gc_op *ret, struct gc_arena *arena, const char *name, enum gc_type type)
{
    ret->outputs[ret->n_outputs++] = (struct gc_op_output){.name = gc_arena_text(arena, name), .type = type};
}

static enum gc_err set_outputs(const struct gc_form *form, struct gc_arena *arena, struct gc_op *ret)
{
    ret->outputs = GC_ARENA_ARRAY(arena, struct gc_op_output, form->n_parts + 1);
    if (!ret->outputs)
        return GC_ERR_NOMEM;
    if (form->n_images == 0 && !gc_form_bare(form))
        add_output(ret, arena, "out", GC_TYPE_RECORD);
    for (uint32_t i = 0; i < form->n_parts; i++) {
        const struct gc_form_part *part = &form->parts[i];
        if (part->role == GC_FORM_MADE_IMAGE || part->role == GC_FORM_CANVAS)
            add_output(ret, arena, gc_form_output(part), GC_TYPE_IMAGE);
        else if (gc_form_bare(form) && gc_form_tells(form, part))
            add_output(ret, arena, part->name, value_type(part->spec));
    }
    return GC_OK;
}

static enum gc_err set_shape(const struct gc_form *form, struct gc_arena *arena, struct gc_op *ret)
{
    if (gc_form_bare(form))
        return GC_OK;
    ret->shape = GC_ARENA_ARRAY(arena, struct gc_field, GC_IMAGE_SHAPE_N + form->n_values);
    if (!ret->shape)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < GC_IMAGE_SHAPE_N && form->n_images; i++)
        ret->shape[ret->n_shape++] = (struct gc_field){.name = gc_arena_text(arena, gc_image_shape[i].name),
                                                       .type = gc_image_shape[i].type};
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < form->n_parts; i++) {
            const struct gc_form_part *part = &form->parts[i];
            if (gc_form_tells(form, part) && part->required == (pass == 0))
                ret->shape[ret->n_shape++] = (struct gc_field){.name = gc_arena_text(arena, part->name),
                                                               .type = value_type(part->spec)};
        }
    }
    return GC_OK;
}

/* ---- settings ---- */

static enum gc_err review_names(const char *names, const struct gc_form_part *part, struct gc_arena *arena,
                                struct gc_op_config *row)
{
    char help[GC_MAX_HELP];
    (void)snprintf(help, sizeof help, "%s: a name or its number, or a list of them",
                   g_param_spec_get_blurb(part->spec));
    row->help = gc_arena_text(arena, help);
    row->type = GC_TYPE_ANY;
    return gc_vips_describe_names(names, arena, row);
}

static void narrow(const char *const *choices, struct gc_arena *arena, struct gc_op_config *row)
{
    if (!choices)
        return;
    for (row->n_choices = 0; *choices; choices++)
        row->choices[row->n_choices++].text = gc_arena_text(arena, *choices);
}

static enum gc_err review(const struct gc_form *form, const struct gc_form_part *part, struct gc_arena *arena,
                          struct gc_op_config *row)
{
    const struct gc_offer_range *range = gc_offer_range(form->nickname, part->name);
    if (range) {
        row->min = range->min;
        row->max = range->max;
    }
    narrow(gc_offer_choices(form->nickname, part->name), arena, row);
    const char *names = gc_offer_names(form->nickname, part->name);
    if (names)
        return review_names(names, part, arena, row);
    if (gc_offer_seeded(form->nickname) && strcmp(part->name, "seed") == 0)
        row->fallback = (struct gc_value){.kind = GC_VALUE_NULL};
    return GC_OK;
}

static enum gc_err set_config(const struct gc_form *form, struct gc_arena *arena, struct gc_op *ret)
{
    ret->config = GC_ARENA_ARRAY(arena, struct gc_op_config, form->n_parts);
    if (!ret->config)
        return GC_ERR_NOMEM;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < form->n_parts; i++) {
            const struct gc_form_part *part = &form->parts[i];
            if (part->role != GC_FORM_SETTING || part->required != (pass == 0))
                continue;
            struct gc_op_config *row = &ret->config[ret->n_config++];
            enum gc_err err = gc_vips_describe(part->spec, part->flags, arena, row);
            if (!err)
                err = review(form, part, arena, row);
            if (err)
                return err;
        }
    }
    return GC_OK;
}

/* ---- the whole ---- */

static enum gc_err set_command(const struct gc_form *form, struct gc_arena *arena, struct gc_op *ret)
{
    struct gc_buf text;
    uint8_t memory[GC_MAX_HELP];
    gc_buf_init(&text, memory, sizeof memory);
    gc_command_put(&text, form);
    if (!gc_buf_ok(&text))
        return GC_ERR_LIMIT;
    char *copy = GC_ARENA_ARRAY(arena, char, text.len);
    if (!copy)
        return GC_ERR_NOMEM;
    memcpy(copy, memory, text.len);
    ret->command = gc_bytes_of(copy, text.len);
    return GC_OK;
}

/* Commands that do not follow from the form. An image within a stage was turned when it was decoded, and says so; a file between two
 * commands has the EXIF block of the picture, and libvips reads from it that it is to be turned: what would do so again is told not
 * to. Who takes over a decode does to the file what pushdown.c does; page, n and fail_on are the decode's. */
static const struct {
    const char *nickname;
    const char *command;
    const char *on_file;
} commands[] = {
    {"autorot", "vips copy {in} {out}", ""},
    {"thumbnail_image", "vips thumbnail_image {in} {out} {width} {options} --no-rotate",
     "vips thumbnail {item}[{options, page n fail_on}] {out} {width} {options}"},
};

static void own_command(const struct gc_offer *offer, struct gc_arena *arena, struct gc_op *ret)
{
    for (size_t i = 0; i < GC_COUNT_OF(commands); i++) {
        if (strcmp(commands[i].nickname, offer->nickname) != 0)
            continue;
        ret->command = gc_arena_text(arena, commands[i].command);
        ret->command_on_file = gc_arena_text(arena, commands[i].on_file);
    }
}

enum gc_err gc_offered_op(const struct gc_offer *offer, struct gc_arena *arena, struct gc_op *ret)
{
    const struct gc_form *form = gc_form_of(offer);
    if (!form)
        return GC_ERR_NOT_FOUND;
    *ret = (struct gc_op){.scope = GC_SCOPE_ITEM, .traits = offer->traits, .cost = offer->cost};
    ret->name = gc_arena_text(arena, offer->nickname);
    ret->help = gc_arena_text(arena, form->help);
    enum gc_err err = set_inputs(form, arena, ret);
    if (!err)
        err = set_outputs(form, arena, ret);
    if (!err)
        err = set_shape(form, arena, ret);
    if (!err)
        err = set_config(form, arena, ret);
    if (!err)
        err = set_command(form, arena, ret);
    if (!err)
        own_command(offer, arena, ret);
    return err;
}
