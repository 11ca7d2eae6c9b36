/* filter: hands its input on where a condition holds (common/expr.h); an item for which it does not hold ends here as skipped.
 *
 * A field is, in this order:
 *   - of a record, one of its fields;
 *   - of an image, width, height, bands and format (of its bands: "uchar"), and what its op tells beside it;
 *   - of the item, index, path, dir, name, stem and ext, as in names of outputs, and its own fields.
 * Texts of an item's fields and path have no stated kind: where a number is wanted they are read as one. A hash is the text that it
 * is shown as, 16 hexadecimal digits. What is neither a number nor a text nor a truth value is null.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/expr.h"
#include "common/naming/template.h"
#include "proto/values.h"
#include "worker/ops/reducer.h"
#include "worker/ops/settings.h"
#include "worker/ops/stage.h"

enum gc_err gc_filter_setup(struct gc_step_state *step, struct gc_fault *fault)
{
    struct gc_str text = gc_bytes_str(gc_setting_string(step->step, "where", ""));
    struct gc_expr_fault wrong;
    struct gc_expr *where = GC_ARENA_ONE(step->arena, struct gc_expr);
    if (!where)
        return GC_ERR_NOMEM;
    enum gc_err err = gc_expr_parse(text, step->arena, where, &wrong);
    if (err == GC_ERR_NOMEM)
        return err;
    struct gc_str rest = gc_str_part(text, err ? wrong.at : 0, text.len);
    if (err)
        return gc_fault_set(fault, GC_ERR_INVALID, "where: expected %s%s%.*s%s", wrong.expected,
                            rest.len ? " before '" : " at its end", rest.len > 40 ? 40 : (int)rest.len,
                            rest.ptr, rest.len ? "'" : "");
    step->where = where;
    return GC_OK;
}

/* ---- fields ---- */

enum { HASH_SIZE = 17 };

struct lookup {
    struct gc_run *run;
    const struct gc_step_state *step;
    const struct gc_cell *in; /* NULL: the item itself */
    char digits[2][HASH_SIZE];
    unsigned hashes;
};

/* As people see it. Two of them can be under way: the operands of one comparison. */
static struct gc_expr_value hash_value(struct lookup *l, const struct gc_value_token *t)
{
    if (t->kind != GC_TOKEN_INT && t->kind != GC_TOKEN_UINT)
        return (struct gc_expr_value){.kind = GC_EXPR_NULL};
    char *digits = l->digits[l->hashes++ % 2];
    (void)snprintf(digits, HASH_SIZE, "%016" PRIx64, t->unsigned_integer);
    return (struct gc_expr_value){GC_EXPR_STRING, .as.text = gc_str_of(digits)};
}

/* `as`: of what kind a string is. */
static struct gc_expr_value value_of(const struct gc_value_token *t, enum gc_expr_kind as)
{
    struct gc_expr_value v = {.kind = GC_EXPR_NULL};
    switch (t->kind) {
    case GC_TOKEN_BOOL: v = (struct gc_expr_value){GC_EXPR_BOOL, .as.flag = t->flag}; break;
    case GC_TOKEN_INT: v = (struct gc_expr_value){GC_EXPR_INT, .as.integer = t->integer}; break;
    case GC_TOKEN_UINT:
        v = (struct gc_expr_value){GC_EXPR_REAL, .as.real = (double)t->unsigned_integer};
        break;
    case GC_TOKEN_REAL: v = (struct gc_expr_value){GC_EXPR_REAL, .as.real = t->real}; break;
    case GC_TOKEN_STR:
    case GC_TOKEN_BIN: v = (struct gc_expr_value){as, .as.text = gc_bytes_str(t->bytes)}; break;
    case GC_TOKEN_NIL:
    case GC_TOKEN_ARRAY:
    case GC_TOKEN_MAP: break;
    }
    return v;
}

static bool of_record(struct lookup *l, struct gc_str field, struct gc_expr_value *ret)
{
    struct gc_reduce_input input = {
        .value = l->in->record, .shape = l->step->shape, .n_shape = l->step->n_shape};
    struct gc_value_token t;
    enum gc_type type;
    if (!gc_reduce_find(&input, field, &t, &type))
        return false;
    *ret = type == GC_TYPE_HASH ? hash_value(l, &t) : value_of(&t, GC_EXPR_STRING);
    return true;
}

static bool of_image(const struct gc_cell *in, struct gc_str field, struct gc_expr_value *ret)
{
    if (gc_str_is(field, "width"))
        *ret = (struct gc_expr_value){GC_EXPR_INT, .as.integer = in->width};
    else if (gc_str_is(field, "height"))
        *ret = (struct gc_expr_value){GC_EXPR_INT, .as.integer = in->height};
    else if (gc_str_is(field, "bands"))
        *ret = (struct gc_expr_value){GC_EXPR_INT, .as.integer = in->bands};
    else if (gc_str_is(field, "format"))
        *ret = (struct gc_expr_value){
            GC_EXPR_STRING, .as.text = gc_str_of(vips_enum_nick(VIPS_TYPE_BAND_FORMAT, in->format))};
    else
        return false;
    return true;
}

/* What its operation told beside it: the places of its shape behind the image's own. */
static bool beside_image(const struct lookup *l, struct gc_str field, struct gc_expr_value *ret)
{
    struct gc_bytes left = l->in->fields;
    for (uint32_t i = GC_IMAGE_SHAPE_N; i < l->step->n_shape && i - GC_IMAGE_SHAPE_N < l->in->n_fields; i++) {
        struct gc_bytes value;
        struct gc_value_token t;
        if (gc_value_skip(&left, &value))
            return false;
        if (!gc_str_is(field, l->step->shape[i].name))
            continue;
        if (gc_value_next(&value, &t) == GC_OK)
            *ret = value_of(&t, GC_EXPR_STRING);
        return true;
    }
    return false;
}

static void of_item(const struct gc_task *task, struct gc_str field, struct gc_expr_value *ret)
{
    struct gc_template_item item = {
        .index = task->index, .path = gc_bytes_str(task->text), .fields = task->fields};
    struct gc_value_token t;
    if (gc_template_lookup(field, &item, &t))
        *ret = value_of(&t, GC_EXPR_TEXT);
}

static void resolve(void *context, struct gc_str field, struct gc_expr_value *ret)
{
    struct lookup *l = context;
    if (l->in && l->in->kind == GC_CELL_RECORD && of_record(l, field, ret))
        return;
    if (l->in && l->in->kind == GC_CELL_IMAGE && (of_image(l->in, field, ret) || beside_image(l, field, ret)))
        return;
    of_item(l->run->task, field, ret);
}

enum gc_cause gc_filter_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret)
{
    struct lookup l = {.run = run, .step = step, .in = gc_run_input(run, step, 0)};
    if (gc_expr_holds(step->where, resolve, &l))
        gc_run_pass(run, step, ret);
    else
        run->skipped = true;
    return GC_CAUSE_NONE;
}
