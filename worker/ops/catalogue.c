/* The catalogue: our own ops from their table, libvips' from libvips itself, sorted by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "proto/codec.h"
#include "worker/ops/introspect.h"
#include "worker/ops/offered.h"
#include "worker/ops/op.h"
#include "worker/ops/ops.h"
#include "worker/ops/saver.h"

enum { ARENA = 4 << 20 };

/* ---- our own ---- */

static struct gc_value fallback_of(const struct gc_op_config_row *row, struct gc_arena *arena)
{
    struct gc_value v = {.kind = GC_VALUE_NULL};
    if (!row->fallback)
        return v;
    switch (row->type) {
    case GC_TYPE_INT:
        return (struct gc_value){.kind = GC_VALUE_INT, .as.integer = strtoll(row->fallback, NULL, 10)};
    case GC_TYPE_REAL:
        return (struct gc_value){.kind = GC_VALUE_REAL, .as.real = strtod(row->fallback, NULL)};
    case GC_TYPE_BOOL:
        return (struct gc_value){.kind = GC_VALUE_BOOL, .as.flag = strcmp(row->fallback, "true") == 0};
    case GC_TYPE_EXPRESSION:
    case GC_TYPE_NUMBER_FIELD:
    case GC_TYPE_HASH_FIELD:
    case GC_TYPE_STRING:
        return (struct gc_value){.kind = GC_VALUE_STRING, .as.string = gc_arena_text(arena, row->fallback)};
    case GC_TYPE_ANY:
    case GC_TYPE_ITEM:
    case GC_TYPE_IMAGE:
    case GC_TYPE_RECORD:
    case GC_TYPE_LIST:
    case GC_TYPE_HASH:
    case GC_TYPE_NUMBERS:
    case GC_TYPES: break;
    }
    GC_NEVER("a default of a type that has none");
}

static enum gc_err own_config(const struct gc_op_config_row *row, struct gc_arena *arena,
                              struct gc_op_config *ret)
{
    *ret =
        (struct gc_op_config){.required = row->required, .type = row->type, .min = row->min, .max = row->max};
    ret->key = gc_arena_text(arena, row->key);
    ret->help = gc_arena_text(arena, row->help);
    ret->fallback = fallback_of(row, arena);
    if (!row->choices)
        return GC_OK;
    uint32_t n = 0;
    while (row->choices[n])
        n++;
    ret->choices = GC_ARENA_ARRAY(arena, struct gc_name, n);
    if (!ret->choices)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        ret->choices[i].text = gc_arena_text(arena, row->choices[i]);
    ret->n_choices = n;
    return GC_OK;
}

static enum gc_err own_configs(const struct gc_op_row *row, struct gc_arena *arena, struct gc_op *ret)
{
    ret->config = GC_ARENA_ARRAY(arena, struct gc_op_config, GC_MAX_CONFIG);
    if (!ret->config)
        return GC_ERR_NOMEM;
    for (; ret->n_config < row->n_config; ret->n_config++) {
        enum gc_err err = own_config(&row->config[ret->n_config], arena, &ret->config[ret->n_config]);
        if (err)
            return err;
    }
    return row->saver_config ? gc_saver_describe(arena, ret->config, &ret->n_config, GC_MAX_CONFIG) : GC_OK;
}

static enum gc_err set_inputs(const struct gc_op_input_row *rows, uint32_t n, struct gc_arena *arena,
                              struct gc_op *ret)
{
    ret->inputs = GC_ARENA_ARRAY(arena, struct gc_op_input, n);
    if (!ret->inputs)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        ret->inputs[i] = (struct gc_op_input){.name = gc_arena_text(arena, rows[i].name),
                                              .type = rows[i].type,
                                              .required = rows[i].required,
                                              .many = rows[i].many};
    ret->n_inputs = n;
    return GC_OK;
}

static enum gc_err set_shape(const struct gc_op_field_row *rows, uint32_t n, struct gc_arena *arena,
                             struct gc_op *ret)
{
    ret->shape = GC_ARENA_ARRAY(arena, struct gc_field, n);
    if (!ret->shape)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        ret->shape[i] = (struct gc_field){.name = gc_arena_text(arena, rows[i].name), .type = rows[i].type};
    ret->n_shape = n;
    return GC_OK;
}

static enum gc_err set_output(enum gc_type type, struct gc_arena *arena, struct gc_op *ret)
{
    ret->outputs = GC_ARENA_ONE(arena, struct gc_op_output);
    if (!ret->outputs)
        return GC_ERR_NOMEM;
    ret->outputs[0] = (struct gc_op_output){.name = gc_arena_text(arena, "out"), .type = type};
    ret->n_outputs = 1;
    return GC_OK;
}

/* One kind of file, whose endings the row names. */
static enum gc_err set_suffixes(const char *const *suffixes, struct gc_arena *arena, struct gc_op *ret)
{
    uint32_t n = 0;
    while (suffixes[n])
        n++;
    ret->formats = GC_ARENA_ONE(arena, struct gc_op_format);
    if (!ret->formats)
        return GC_ERR_NOMEM;
    *ret->formats = (struct gc_op_format){.suffixes = GC_ARENA_ARRAY(arena, struct gc_name, n)};
    if (!ret->formats->suffixes)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        ret->formats->suffixes[i].text = gc_arena_text(arena, suffixes[i]);
    ret->formats->n_suffixes = n;
    ret->n_formats = 1;
    return GC_OK;
}

static enum gc_err own_op(const struct gc_op_row *row, struct gc_arena *arena, struct gc_op *ret)
{
    bool image = row->output == GC_TYPE_IMAGE && row->n_shape == 0;
    *ret = (struct gc_op){.scope = row->scope, .traits = row->traits, .cost = row->cost};
    ret->name = gc_arena_text(arena, row->name);
    ret->help = gc_arena_text(arena, row->help);
    enum gc_err err = set_inputs(row->inputs, row->n_inputs, arena, ret);
    if (!err)
        err = set_output(row->output, arena, ret);
    if (!err)
        err = own_configs(row, arena, ret);
    if (!err)
        err = set_shape(image ? gc_image_shape : row->shape, image ? GC_IMAGE_SHAPE_N : row->n_shape, arena,
                        ret);
    if (!err && row->saver_config)
        err = gc_saver_formats(arena, &ret->formats, &ret->n_formats);
    if (!err && row->suffixes)
        err = set_suffixes(row->suffixes, arena, ret);
    ret->maps = gc_arena_text(arena, row->maps ? row->maps : "");
    ret->command = gc_arena_text(arena, row->command ? row->command : "");
    ret->command_on_file = gc_arena_text(arena, row->command_on_file ? row->command_on_file : "");
    return err;
}

/* ---- the whole ---- */

static int by_name(const void *a, const void *b)
{
    const struct gc_op *x = a;
    const struct gc_op *y = b;
    return gc_str_compare(gc_bytes_str(x->name), gc_bytes_str(y->name));
}

static enum gc_err fill(struct gc_arena *arena, struct gc_catalogue *c)
{
    char build[64];
    (void)snprintf(build, sizeof build, "libvips %d.%d.%d, glib %u.%u.%u", vips_version(0), vips_version(1),
                   vips_version(2), glib_major_version, glib_minor_version, glib_micro_version);
    c->build = gc_arena_text(arena, build);
    c->ops = GC_ARENA_ARRAY(arena, struct gc_op, gc_op_rows_n + gc_offers_n);
    if (!c->ops)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < gc_op_rows_n; i++) {
        enum gc_err err = own_op(&gc_op_rows[i], arena, &c->ops[c->n_ops++]);
        if (err)
            return err;
    }
    for (uint32_t i = 0; i < gc_offers_n; i++) {
        enum gc_err err = gc_offered_op(&gc_offers[i], arena, &c->ops[c->n_ops]);
        if (err && err != GC_ERR_NOT_FOUND)
            return err;
        c->n_ops += err == GC_OK;
    }
    qsort(c->ops, c->n_ops, sizeof c->ops[0], by_name);
    return GC_OK;
}

enum gc_err gc_ops_catalogue(struct gc_buf *out, struct gc_fault *fault)
{
    struct gc_arena arena;
    struct gc_catalogue c = {0};
    void *memory = malloc(ARENA);
    gc_arena_init(&arena, memory, memory ? ARENA : 0);
    enum gc_err err = fill(&arena, &c);
    if (!err)
        err = gc_encode_catalogue(&c, out);
    free(memory);
    return err ? gc_fault_set(fault, err, "the catalogue cannot be made: %s", gc_err_text(err)) : GC_OK;
}
