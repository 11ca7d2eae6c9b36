#include "worker/ops/settings.h"

#include <math.h>
#include <string.h>

#include "common/assert.h"

const struct gc_value *gc_setting(const struct gc_step *step, const char *key)
{
    for (uint32_t i = 0; i < step->n_config; i++) {
        const struct gc_setting *s = &step->config[i];
        if (gc_str_is(gc_bytes_str(s->key), key))
            return s->value.kind == GC_VALUE_NULL ? NULL : &s->value;
    }
    return NULL;
}

bool gc_value_as_int(const struct gc_value *v, int64_t *ret)
{
    if (v->kind == GC_VALUE_INT) {
        *ret = v->as.integer;
        return true;
    }
    /* 2^53: beyond it a real does not say which int it means */
    if (v->kind != GC_VALUE_REAL || !(fabs(v->as.real) <= 9007199254740992.0) ||
        v->as.real != floor(v->as.real))
        return false;
    *ret = (int64_t)v->as.real;
    return true;
}

bool gc_value_as_real(const struct gc_value *v, double *ret)
{
    if (v->kind == GC_VALUE_REAL)
        *ret = v->as.real;
    else if (v->kind == GC_VALUE_INT)
        *ret = (double)v->as.integer;
    else
        return false;
    return true;
}

int64_t gc_setting_int(const struct gc_step *step, const char *key, int64_t fallback)
{
    const struct gc_value *v = gc_setting(step, key);
    int64_t n = fallback;
    if (v && !gc_value_as_int(v, &n))
        return fallback;
    return n;
}

double gc_setting_real(const struct gc_step *step, const char *key, double fallback)
{
    const struct gc_value *v = gc_setting(step, key);
    double n = fallback;
    if (v && !gc_value_as_real(v, &n))
        return fallback;
    return n;
}

struct gc_bytes gc_setting_string(const struct gc_step *step, const char *key, const char *fallback)
{
    const struct gc_value *v = gc_setting(step, key);
    return v && v->kind == GC_VALUE_STRING ? v->as.string : gc_str_bytes(gc_str_of(fallback));
}

uint32_t gc_setting_choice(const struct gc_step *step, const char *key, const char *const *choices,
                           uint32_t fallback)
{
    const struct gc_value *v = gc_setting(step, key);
    if (!v || v->kind != GC_VALUE_STRING)
        return fallback;
    for (uint32_t i = 0; choices[i]; i++)
        if (gc_str_is(gc_bytes_str(v->as.string), choices[i]))
            return i;
    return fallback;
}

/* ---- the check ---- */

static const struct gc_op_config_row *row_of_key(const struct gc_op_row *row, struct gc_bytes key)
{
    for (uint32_t i = 0; i < row->n_config; i++)
        if (gc_str_is(gc_bytes_str(key), row->config[i].key))
            return &row->config[i];
    return NULL;
}

static bool are_numbers(const struct gc_value *v)
{
    double number;
    if (v->kind != GC_VALUE_LIST)
        return gc_value_as_real(v, &number);
    for (uint32_t i = 0; i < v->n; i++)
        if (!gc_value_as_real(&v->as.items[i], &number))
            return false;
    return v->n > 0;
}

static bool has_type(const struct gc_value *v, enum gc_type type)
{
    int64_t n;
    switch (type) {
    case GC_TYPE_ANY: return true;
    case GC_TYPE_INT: return gc_value_as_int(v, &n);
    case GC_TYPE_REAL: return v->kind == GC_VALUE_INT || v->kind == GC_VALUE_REAL;
    case GC_TYPE_BOOL: return v->kind == GC_VALUE_BOOL;
    case GC_TYPE_EXPRESSION:
    case GC_TYPE_NUMBER_FIELD:
    case GC_TYPE_HASH_FIELD:
    case GC_TYPE_STRING: return v->kind == GC_VALUE_STRING;
    case GC_TYPE_LIST: return v->kind == GC_VALUE_LIST;
    case GC_TYPE_NUMBERS: return are_numbers(v);
    case GC_TYPE_RECORD: return v->kind == GC_VALUE_MAP;
    case GC_TYPE_ITEM:
    case GC_TYPE_HASH:
    case GC_TYPE_IMAGE:
    case GC_TYPES: break;
    }
    GC_NEVER("a setting has a type that no value has");
}

static enum gc_err check_value(const struct gc_op_config_row *row, const struct gc_value *v,
                               struct gc_fault *fault)
{
    if (!has_type(v, row->type))
        return gc_fault_set(fault, GC_ERR_INVALID, "%s: not of type %s", row->key, gc_type_name(row->type));
    double number;
    if (row->min <= row->max && gc_value_as_real(v, &number) && !(number >= row->min && number <= row->max))
        return gc_fault_set(fault, GC_ERR_INVALID, "%s: %g lies outside of %g to %g", row->key, number,
                            row->min, row->max);
    if (row->choices && v->kind == GC_VALUE_STRING && !gc_str_among(gc_bytes_str(v->as.string), row->choices))
        return gc_fault_set(fault, GC_ERR_INVALID, "%s: '%.*s' is none of its choices", row->key,
                            GC_STR_ARGS(gc_bytes_str(v->as.string)));
    return GC_OK;
}

enum gc_err gc_settings_check(const struct gc_op_row *row, const struct gc_step *step, struct gc_fault *fault)
{
    for (uint32_t i = 0; i < step->n_config; i++) {
        const struct gc_setting *s = &step->config[i];
        const struct gc_op_config_row *known = row_of_key(row, s->key);
        if (!known && row->saver_config)
            continue; /* the saver's own: checked where the saver is known */
        if (!known)
            return gc_fault_set(fault, GC_ERR_INVALID, "%.*s: op %s has no such setting",
                                GC_STR_ARGS(gc_bytes_str(s->key)), row->name);
        enum gc_err err = s->value.kind == GC_VALUE_NULL ? GC_OK : check_value(known, &s->value, fault);
        if (err)
            return err;
    }
    for (uint32_t i = 0; i < row->n_config; i++)
        if (row->config[i].required && !gc_setting(step, row->config[i].key))
            return gc_fault_set(fault, GC_ERR_INVALID, "%s: op %s needs it", row->config[i].key, row->name);
    return GC_OK;
}
