/* A node's config against its op's: keys, types, ranges, choices, and what is required.
 *
 * Values are typed by the field. A string where a number or a truth value is wanted is read as one: what a parameter or an
 * option fills in is always a string, and `width: "512"` can mean one thing only. The other way round nothing is guessed: a
 * string written as the number 1.10 has lost its zero already.
 */
#include "common/nearest.h"
#include "coordinator/plan/planner.h"

#define EXACT_DOUBLE (INT64_C(1) << 53) /* integers up to here are doubles */

static const char *kind_text(enum gc_value_kind kind)
{
    switch (kind) {
    case GC_VALUE_NULL: return "nothing";
    case GC_VALUE_BOOL: return "true or false";
    case GC_VALUE_INT: return "an integer";
    case GC_VALUE_REAL: return "a number";
    case GC_VALUE_STRING: return "a string";
    case GC_VALUE_LIST: return "a list";
    case GC_VALUE_MAP: return "a map";
    }
    return "?";
}

static const char *type_text(uint64_t type)
{
    switch (type) {
    case GC_TYPE_INT: return "an integer";
    case GC_TYPE_REAL: return "a number";
    case GC_TYPE_BOOL: return "true or false";
    case GC_TYPE_STRING: return "a string";
    case GC_TYPE_LIST: return "a list";
    case GC_TYPE_NUMBERS: return "a number, or a list of them";
    case GC_TYPE_EXPRESSION: return "a condition";
    case GC_TYPE_NUMBER_FIELD:
    case GC_TYPE_HASH_FIELD: return "the name of a field";
    default: return "a value";
    }
}

/* Enough of a wrong value to know it again. */
static struct gc_bytes shown(struct gc_bytes text)
{
    enum { SHOWN = 60 };
    return gc_bytes_of(text.ptr, text.len < SHOWN ? text.len : SHOWN);
}

static bool to_int(const struct gc_value *in, struct gc_value *ret)
{
    if (in->kind == GC_VALUE_STRING) {
        ret->kind = GC_VALUE_INT;
        return gc_plan_parse_int(in->as.string, &ret->as.integer);
    }
    if (in->kind != GC_VALUE_REAL)
        return in->kind == GC_VALUE_INT;
    double v = in->as.real;
    if (!(v >= -(double)EXACT_DOUBLE && v <= (double)EXACT_DOUBLE) || v != (double)(int64_t)v)
        return false;
    *ret = (struct gc_value){.kind = GC_VALUE_INT, .as.integer = (int64_t)v};
    return true;
}

static bool to_real(const struct gc_value *in, struct gc_value *ret)
{
    if (in->kind == GC_VALUE_STRING) {
        ret->kind = GC_VALUE_REAL;
        return gc_plan_parse_real(in->as.string, &ret->as.real);
    }
    if (in->kind != GC_VALUE_INT)
        return in->kind == GC_VALUE_REAL;
    if (in->as.integer < -EXACT_DOUBLE || in->as.integer > EXACT_DOUBLE)
        return false;
    *ret = (struct gc_value){.kind = GC_VALUE_REAL, .as.real = (double)in->as.integer};
    return true;
}

/* Integers among them stay what they are. */
static bool to_numbers(const struct gc_value *in, struct gc_value *ret)
{
    if (in->kind == GC_VALUE_STRING)
        return to_real(in, ret);
    if (in->kind != GC_VALUE_LIST)
        return in->kind == GC_VALUE_INT || in->kind == GC_VALUE_REAL;
    for (uint32_t i = 0; i < in->n; i++)
        if (in->as.items[i].kind != GC_VALUE_INT && in->as.items[i].kind != GC_VALUE_REAL)
            return false;
    return in->n > 0;
}

static bool to_bool(const struct gc_value *in, struct gc_value *ret)
{
    if (in->kind != GC_VALUE_STRING)
        return in->kind == GC_VALUE_BOOL;
    struct gc_str text = gc_bytes_str(in->as.string);
    *ret = (struct gc_value){.kind = GC_VALUE_BOOL, .as.flag = gc_str_is(text, "true")};
    return ret->as.flag || gc_str_is(text, "false");
}

/* Whether `in` is, or can be read as, a value of `type`; *ret is it then. */
static bool typed(const struct gc_value *in, uint64_t type, struct gc_value *ret)
{
    *ret = *in;
    switch (type) {
    case GC_TYPE_INT: return to_int(in, ret);
    case GC_TYPE_REAL: return to_real(in, ret);
    case GC_TYPE_BOOL: return to_bool(in, ret);
    case GC_TYPE_EXPRESSION:
    case GC_TYPE_NUMBER_FIELD:
    case GC_TYPE_HASH_FIELD:
    case GC_TYPE_STRING: return in->kind == GC_VALUE_STRING;
    case GC_TYPE_LIST: return in->kind == GC_VALUE_LIST;
    case GC_TYPE_NUMBERS: return to_numbers(in, ret);
    default: return true;
    }
}

static void wrong_type(struct gc_planner *p, uint32_t node, struct gc_bytes field, const struct gc_value *is,
                       uint64_t type)
{
    if (is->kind == GC_VALUE_NULL)
        gc_plan_error(p, node, field, "has no value: it must be %s", type_text(type));
    else if (type == GC_TYPE_NUMBERS && is->kind == GC_VALUE_LIST)
        gc_plan_error(p, node, field, "must be a number, or a list of one at least and of nothing else");
    else if (is->kind == GC_VALUE_STRING)
        gc_plan_error(p, node, field, "must be %s, not '%b'", type_text(type), shown(is->as.string));
    else if (type == GC_TYPE_STRING && is->kind <= GC_VALUE_REAL)
        gc_plan_error(p, node, field, "must be a string, not %s: put it into quotes", kind_text(is->kind));
    else
        gc_plan_error(p, node, field, "must be %s, not %s", type_text(type), kind_text(is->kind));
}

static void check_range(struct gc_planner *p, uint32_t node, struct gc_bytes field,
                        const struct gc_value *value, const struct gc_op_config *c)
{
    if (c->min > c->max || (value->kind != GC_VALUE_INT && value->kind != GC_VALUE_REAL))
        return;
    double v = value->kind == GC_VALUE_INT ? (double)value->as.integer : value->as.real;
    if (!(v >= c->min && v <= c->max)) /* nan is outside */
        gc_plan_error(p, node, field, "must lie between %g and %g, not be %g", c->min, c->max, v);
}

static void check_choice(struct gc_planner *p, uint32_t node, struct gc_bytes field,
                         const struct gc_value *value, const struct gc_op_config *c)
{
    if (value->kind != GC_VALUE_STRING)
        return;
    struct gc_nearest near;
    gc_nearest_init(&near, gc_bytes_str(value->as.string));
    for (uint32_t i = 0; i < c->n_choices; i++) {
        if (gc_bytes_equal(c->choices[i].text, value->as.string))
            return;
        gc_nearest_offer(&near, gc_bytes_str(c->choices[i].text));
    }
    struct gc_bytes all = gc_plan_names(p, c->choices, c->n_choices);
    if (gc_nearest_found(&near))
        gc_plan_error(p, node, field, "cannot be '%b'; did you mean '%b'? (it is one of %b)",
                      shown(value->as.string), gc_str_bytes(near.best), all);
    else
        gc_plan_error(p, node, field, "cannot be '%b': it is one of %b", shown(value->as.string), all);
}

/* Of a list each of its names is to be a choice. */
static void check_choices(struct gc_planner *p, uint32_t node, struct gc_bytes field,
                          const struct gc_value *value, const struct gc_op_config *c)
{
    if (c->n_choices == 0)
        return;
    check_choice(p, node, field, value, c);
    for (uint32_t i = 0; value->kind == GC_VALUE_LIST && i < value->n; i++)
        check_choice(p, node, field, &value->as.items[i], c);
}

static const struct gc_op_config *find_key(const struct gc_op *op, struct gc_bytes key)
{
    for (uint32_t i = 0; i < op->n_config; i++)
        if (gc_bytes_equal(op->config[i].key, key))
            return &op->config[i];
    return NULL;
}

/* Nothing is near where it would not be told any more: the search is the dearest part of a wrong job. */
static struct gc_nearest nearest_key(const struct gc_planner *p, const struct gc_op *op, struct gc_bytes key)
{
    struct gc_nearest near;
    gc_nearest_init(&near, gc_bytes_str(key));
    for (uint32_t i = 0; i < op->n_config && p->draft->n_problems < GC_MAX_PROBLEMS; i++)
        gc_nearest_offer(&near, gc_bytes_str(op->config[i].key));
    return near;
}

static void unknown_key(struct gc_planner *p, uint32_t node, struct gc_bytes field, struct gc_bytes key)
{
    const struct gc_op *op = p->v[node].op;
    struct gc_nearest near = nearest_key(p, op, key);
    if (gc_nearest_found(&near))
        gc_plan_error(p, node, field, "op '%b' has no such setting; did you mean '%b'?", op->name,
                      gc_str_bytes(near.best));
    else if (op->n_config == 0)
        gc_plan_error(p, node, field, "op '%b' has no settings", op->name);
    else
        gc_plan_error(p, node, field, "op '%b' has no such setting (`gcctl ops %b` shows what it has)",
                      op->name, op->name);
}

static bool set_before(const struct gc_node *node, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++)
        if (gc_bytes_equal(node->config[i].key, node->config[at].key))
            return true;
    return false;
}

static void check_setting(struct gc_planner *p, uint32_t node, uint32_t at)
{
    struct gc_plan_vertex *v = &p->v[node];
    const struct gc_setting *in = &v->node->config[at];
    struct gc_setting *out = &v->config[at];
    struct gc_plan_texts texts = gc_plan_texts_begin(p);
    *out = *in;
    struct gc_bytes field = gc_plan_field(p, "config.", in->key);
    const struct gc_op_config *c = find_key(v->op, in->key);
    if (!c) {
        unknown_key(p, node, field, in->key);
    } else if (set_before(v->node, at)) {
        gc_plan_error(p, node, field, "is set twice");
    } else if (in->value.kind == GC_VALUE_NULL || !typed(&in->value, c->type, &out->value)) {
        wrong_type(p, node, field, &in->value, c->type);
    } else {
        check_range(p, node, field, &out->value, c);
        check_choices(p, node, field, &out->value, c);
    }
    gc_plan_texts_end(p, texts);
}

const struct gc_value *gc_plan_own_setting(const struct gc_plan_vertex *v, struct gc_bytes key)
{
    for (uint32_t i = 0; i < v->node->n_config; i++)
        if (gc_bytes_equal(v->config[i].key, key))
            return &v->config[i].value;
    return NULL;
}

const struct gc_value *gc_plan_setting(const struct gc_plan_vertex *v, const char *key)
{
    struct gc_bytes name = gc_str_bytes(gc_str_of(key));
    const struct gc_value *own = gc_plan_own_setting(v, name);
    if (own)
        return own;
    const struct gc_op_config *c = find_key(v->op, name);
    return c && c->fallback.kind != GC_VALUE_NULL ? &c->fallback : NULL;
}

/* Whether the node sets `key` under a misspelt name: that is told already. */
static bool misspelt(const struct gc_planner *p, const struct gc_plan_vertex *v, struct gc_bytes key)
{
    for (uint32_t i = 0; i < v->node->n_config; i++) {
        struct gc_bytes is = v->node->config[i].key;
        struct gc_nearest near = nearest_key(p, v->op, is);
        if (!find_key(v->op, is) && gc_nearest_found(&near) && gc_bytes_equal(gc_str_bytes(near.best), key))
            return true;
    }
    return false;
}

void gc_plan_config(struct gc_planner *p, uint32_t node)
{
    struct gc_plan_vertex *v = &p->v[node];
    v->config = GC_PLANNER_ARRAY(p, struct gc_setting, v->node->n_config);
    if (!v->config)
        return;
    for (uint32_t i = 0; i < v->node->n_config; i++)
        check_setting(p, node, i);
    for (uint32_t i = 0; i < v->op->n_config; i++) {
        const struct gc_op_config *c = &v->op->config[i];
        if (c->required && !gc_plan_own_setting(v, c->key) && !misspelt(p, v, c->key))
            gc_plan_error(p, node, gc_plan_field(p, "config.", c->key), "is missing: op '%b' needs it, %s",
                          v->op->name, type_text(c->type));
    }
}
