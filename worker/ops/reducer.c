#include "worker/ops/reducer.h"

#include <math.h>

#include "common/expr.h"
#include "common/nearest.h"
#include "proto/values.h"
#include "worker/ops/settings.h"

void gc_state_put_tag(struct gc_buf *out, uint8_t op, uint8_t form)
{
    (void)gc_buf_put_u8(out, op);
    (void)gc_buf_put_u8(out, form);
}

bool gc_state_take_tag(struct gc_reader *in, uint8_t op, uint8_t form)
{
    uint8_t got_op;
    uint8_t got_form;
    return gc_reader_u8(in, &got_op) && gc_reader_u8(in, &got_form) && got_op == op && got_form == form;
}

static bool number_of(const struct gc_value_token *t, struct gc_number *ret)
{
    if (t->kind == GC_TOKEN_INT)
        *ret = (struct gc_number){.is_int = true, .integer = t->integer, .real = (double)t->integer};
    else if (t->kind == GC_TOKEN_UINT)
        *ret = (struct gc_number){.real = (double)t->unsigned_integer};
    else if (t->kind == GC_TOKEN_REAL && isfinite(t->real))
        *ret = (struct gc_number){.real = t->real};
    else
        return false;
    return true;
}

static bool begin(const struct gc_reduce_input *input, struct gc_field_walk *walk)
{
    struct gc_value_token head;
    walk->begun = true;
    walk->left = input->value;
    if (input->value.len == 0 || gc_value_next(&walk->left, &head))
        return false;
    walk->map = head.kind == GC_TOKEN_MAP;
    if (!walk->map && (head.kind != GC_TOKEN_ARRAY || head.n != input->n_shape))
        return false;
    walk->n = head.n;
    return true;
}

/* The next field's name and value, whatever it is. */
static bool next_field(const struct gc_reduce_input *input, struct gc_field_walk *walk,
                       struct gc_str *ret_name, struct gc_bytes *ret_value)
{
    if (walk->map) {
        struct gc_value_token name;
        if (gc_value_next(&walk->left, &name) || name.kind != GC_TOKEN_STR)
            return false;
        *ret_name = gc_bytes_str(name.bytes);
    } else {
        *ret_name = gc_str_of(input->shape[walk->at].name);
    }
    walk->at++;
    return gc_value_skip(&walk->left, ret_value) == GC_OK;
}

bool gc_reduce_next(const struct gc_reduce_input *input, struct gc_field_walk *walk, struct gc_str *ret_name,
                    struct gc_number *ret)
{
    if (!walk->begun && !begin(input, walk))
        return false;
    while (walk->at < walk->n) {
        struct gc_bytes value;
        struct gc_value_token t;
        if (!next_field(input, walk, ret_name, &value))
            return false;
        if (!gc_value_next(&value, &t) && number_of(&t, ret))
            return true;
    }
    return false;
}

bool gc_reduce_find(const struct gc_reduce_input *input, struct gc_str name, struct gc_value_token *ret,
                    enum gc_type *ret_type)
{
    struct gc_field_walk walk = {0};
    if (!begin(input, &walk))
        return false;
    while (walk.at < walk.n) {
        struct gc_bytes value;
        struct gc_str found;
        uint32_t at = walk.at;
        if (!next_field(input, &walk, &found, &value))
            return false;
        if (!gc_str_equal(found, name))
            continue;
        *ret_type = walk.map ? GC_TYPE_ANY : input->shape[at].type;
        return gc_value_next(&value, ret) == GC_OK;
    }
    return false;
}

static bool is_number(uint64_t type)
{
    return type == GC_TYPE_INT || type == GC_TYPE_REAL || type == GC_TYPE_ANY;
}

enum gc_err gc_reduce_check_field(const struct gc_step *step, const char *key, struct gc_fault *fault)
{
    struct gc_bytes name = gc_setting_string(step, key, "");
    struct gc_nearest near;
    if (name.len == 0 || name.len > GC_MAX_NAME)
        return gc_fault_set(fault, GC_ERR_INVALID, "%s: no name of a field", key);
    gc_nearest_init(&near, gc_bytes_str(name));
    for (uint32_t i = 0; i < step->n_shape; i++) {
        const struct gc_field *field = &step->shape[i];
        if (gc_bytes_equal(field->name, name))
            return is_number(field->type)
                       ? GC_OK
                       : gc_fault_set(fault, GC_ERR_INVALID, "%s: the field '%.*s' is no number", key,
                                      GC_STR_ARGS(gc_bytes_str(name)));
        if (is_number(field->type))
            gc_nearest_offer(&near, gc_bytes_str(field->name));
    }
    if (step->n_shape == 0)
        return GC_OK;
    bool found = gc_nearest_found(&near);
    return gc_fault_set(fault, GC_ERR_INVALID, "%s: there is no field '%.*s'%s%.*s%s", key,
                        GC_STR_ARGS(gc_bytes_str(name)), found ? "; did you mean '" : "",
                        found ? (int)near.best.len : 0, found ? near.best.ptr : "", found ? "'?" : "");
}

bool gc_number_is_finite(const struct gc_number *v)
{
    return v->is_int || isfinite(v->real);
}

int gc_number_compare(const struct gc_number *a, const struct gc_number *b)
{
    struct gc_expr_value x = {.kind = GC_EXPR_REAL, .as.real = a->real};
    struct gc_expr_value y = {.kind = GC_EXPR_REAL, .as.real = b->real};
    if (a->is_int)
        x = (struct gc_expr_value){.kind = GC_EXPR_INT, .as.integer = a->integer};
    if (b->is_int)
        y = (struct gc_expr_value){.kind = GC_EXPR_INT, .as.integer = b->integer};
    return gc_expr_compare_numbers(&x, &y);
}

bool gc_reduce_field(const struct gc_reduce_input *input, struct gc_str name, struct gc_number *ret)
{
    struct gc_field_walk walk = {0};
    struct gc_str found;
    while (gc_reduce_next(input, &walk, &found, ret))
        if (gc_str_equal(found, name))
            return true;
    return false;
}
