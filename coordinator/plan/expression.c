/* Conditions in a config (type EXPRESSION): are they any, and are the fields that they name there? And names of fields (NUMBER_FIELD,
 * HASH_FIELD): is there one in the record that the node reads, and is it what it has to be?
 *
 * A field is one of the value that the node's first input brings, or of its item: index, path, dir, name, stem, ext, and those that
 * the item's source gives it. The last are not known here: a source that lists files by a pattern gives none, any other may be a
 * manifest with columns of any name.
 */
#include "common/expr.h"
#include "common/nearest.h"
#include "coordinator/plan/planner.h"

static const struct gc_str item_fields[] = {GC_STR_INIT("index"), GC_STR_INIT("path"), GC_STR_INIT("dir"),
                                            GC_STR_INIT("name"),  GC_STR_INIT("stem"), GC_STR_INIT("ext")};

/* ---- the text ---- */

static void told_wrong(struct gc_planner *p, uint32_t node, struct gc_bytes field, struct gc_str text,
                       const struct gc_expr_fault *fault)
{
    enum { SHOWN = 40 };
    struct gc_str rest = gc_str_part(text, fault->at, text.len);
    if (rest.len == 0)
        gc_plan_error(p, node, field, "is no condition: expected %s at its end", fault->expected);
    else
        gc_plan_error(p, node, field, "is no condition: expected %s at character %u, before '%b'",
                      fault->expected, (uint64_t)fault->at + 1,
                      gc_str_bytes(gc_str_part(rest, 0, rest.len < SHOWN ? rest.len : SHOWN)));
}

static bool parse(struct gc_planner *p, uint32_t node, struct gc_bytes field, struct gc_str text,
                  struct gc_expr *ret)
{
    struct gc_expr_fault fault = {0};
    enum gc_err err = gc_expr_parse(text, p->arena, ret, &fault);
    if (err == GC_ERR_NOMEM)
        p->full = true;
    else if (err == GC_ERR_LIMIT)
        gc_plan_error(p, node, field,
                      "is too long or too deep for a condition: at most %u bytes, %u parentheses",
                      (uint64_t)GC_EXPR_MAX_TEXT, (uint64_t)GC_EXPR_MAX_DEPTH);
    else if (err != GC_OK)
        told_wrong(p, node, field, text, &fault);
    return err == GC_OK;
}

/* ---- its fields ---- */

/* The fields that a condition of the node may name. */
struct known {
    struct gc_plan_gives gives;
    bool of_item; /* those of the item too */
    bool open;    /* and others, which cannot be known */
};

/* A value of no stated type, or a record whose fields are not. */
static bool opaque(const struct gc_plan_gives *g)
{
    return g->type == GC_TYPE_ANY || (g->type == GC_TYPE_RECORD && g->n_shape == 0);
}

static struct known known_of(const struct gc_planner *p, uint32_t node)
{
    const struct gc_plan_vertex *v = &p->v[node];
    const struct gc_input *in = gc_plan_first_input(p, node);
    struct known k = {.gives = {.type = in ? GC_TYPE_ANY : GC_TYPE_ITEM}, .of_item = v->per_item};
    if (in)
        k.gives = gc_plan_gives(p, in);
    if (k.gives.type == GC_TYPE_ITEM)
        k.gives.n_shape = 0; /* what its source's results show of it is no field */
    k.open = opaque(&k.gives);
    if (v->per_item && !gc_plan_setting(&p->v[v->source], "pattern"))
        k.open = true;
    return k;
}

static bool has(const struct known *k, struct gc_str name, struct gc_nearest *near)
{
    gc_nearest_init(near, name);
    for (uint32_t i = 0; i < k->gives.n_shape; i++) {
        if (gc_str_equal(gc_bytes_str(k->gives.shape[i].name), name))
            return true;
        gc_nearest_offer(near, gc_bytes_str(k->gives.shape[i].name));
    }
    for (size_t i = 0; i < GC_COUNT_OF(item_fields) && k->of_item; i++) {
        if (gc_str_equal(item_fields[i], name))
            return true;
        gc_nearest_offer(near, item_fields[i]);
    }
    return false;
}

static struct gc_bytes known_names(struct gc_planner *p, const struct known *k)
{
    struct gc_name names[GC_MAX_FIELDS + GC_COUNT_OF(item_fields)];
    uint32_t n = 0;
    for (uint32_t i = 0; i < k->gives.n_shape; i++)
        names[n++].text = k->gives.shape[i].name;
    for (size_t i = 0; i < GC_COUNT_OF(item_fields) && k->of_item; i++)
        names[n++].text = gc_str_bytes(item_fields[i]);
    return gc_plan_names(p, names, n);
}

static void told_unknown(struct gc_planner *p, uint32_t node, struct gc_bytes field, const struct known *k,
                         struct gc_str name, const struct gc_nearest *near)
{
    struct gc_bytes is = gc_str_bytes(name);
    struct gc_bytes best = gc_str_bytes(near->best);
    bool found = gc_nearest_found(near);
    if (k->open && found)
        gc_plan_warn(p, node, field,
                     "'%b' may be a field of the items, if they have one of that name; did you mean '%b'?",
                     is, best);
    else if (!k->open && found)
        gc_plan_error(p, node, field, "there is no field '%b' here; did you mean '%b'?", is, best);
    else if (!k->open && (k->gives.n_shape || k->of_item))
        gc_plan_error(p, node, field, "there is no field '%b' here, but %b", is, known_names(p, k));
    else if (!k->open)
        gc_plan_error(p, node, field, "there is no field '%b' here, nor any other", is);
}

static void check_fields(struct gc_planner *p, uint32_t node, struct gc_bytes field, const struct gc_expr *e)
{
    struct known k = known_of(p, node);
    struct gc_str name;
    uint32_t cursor = 0;
    uint32_t at;
    while (gc_expr_field(e, &cursor, &name, &at) && p->draft->n_problems < GC_MAX_PROBLEMS) {
        struct gc_nearest near;
        if (!has(&k, name, &near))
            told_unknown(p, node, field, &k, name, &near);
    }
}

/* ---- the name of a field ---- */

static bool fits(uint64_t wanted, uint64_t type)
{
    if (type == GC_TYPE_ANY)
        return true;
    return wanted == GC_TYPE_HASH_FIELD ? type == GC_TYPE_HASH : type == GC_TYPE_INT || type == GC_TYPE_REAL;
}

/* Those that would do. */
static uint32_t fitting(const struct gc_plan_gives *g, uint64_t wanted, struct gc_name names[GC_MAX_FIELDS])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->n_shape; i++)
        if (fits(wanted, g->shape[i].type))
            names[n++].text = g->shape[i].name;
    return n;
}

static void told_unfit(struct gc_planner *p, uint32_t node, struct gc_bytes field, struct gc_bytes name,
                       const char *what, const struct gc_name *names, uint32_t n)
{
    struct gc_nearest near;
    gc_nearest_init(&near, gc_bytes_str(name));
    for (uint32_t i = 0; i < n; i++)
        gc_nearest_offer(&near, gc_bytes_str(names[i].text));
    if (gc_nearest_found(&near))
        gc_plan_error(p, node, field, "there is no field '%b' here that is %s; did you mean '%b'?", name,
                      what, gc_str_bytes(near.best));
    else
        gc_plan_error(p, node, field, "there is no field '%b' here that is %s, but %b", name, what,
                      gc_plan_names(p, names, n));
}

/* Where it is not set it means the first that fits. */
static void check_name(struct gc_planner *p, uint32_t node, const struct gc_op_config *c)
{
    const struct gc_plan_vertex *v = &p->v[node];
    const struct gc_value *value = gc_plan_own_setting(v, c->key);
    const struct gc_input *in = gc_plan_first_input(p, node);
    if (!v->known || !in || (value ? value->kind != GC_VALUE_STRING : c->required))
        return; /* told already */
    struct gc_plan_gives g = gc_plan_gives(p, in);
    if (g.type != GC_TYPE_RECORD || opaque(&g))
        return;
    struct gc_name names[GC_MAX_FIELDS];
    uint32_t n = fitting(&g, c->type, names);
    for (uint32_t i = 0; i < n; i++)
        if (!value || gc_bytes_equal(names[i].text, value->as.string))
            return;
    const char *what = c->type == GC_TYPE_HASH_FIELD ? "a hash" : "a number";
    struct gc_plan_texts texts = gc_plan_texts_begin(p);
    struct gc_bytes field = gc_plan_field(p, "config.", c->key);
    if (n == 0)
        gc_plan_error(p, node, field, "no field of what it reads is %s", what);
    else
        told_unfit(p, node, field, value->as.string, what, names, n);
    gc_plan_texts_end(p, texts);
}

/* ---- */

static bool is_field_name(uint64_t type)
{
    return type == GC_TYPE_NUMBER_FIELD || type == GC_TYPE_HASH_FIELD;
}

static void check_condition(struct gc_planner *p, uint32_t node, const struct gc_op_config *c)
{
    const struct gc_plan_vertex *v = &p->v[node];
    const struct gc_value *value = gc_plan_own_setting(v, c->key);
    struct gc_plan_texts texts = gc_plan_texts_begin(p);
    struct gc_expr e;
    if (!value || value->kind != GC_VALUE_STRING)
        return; /* nothing, or what is no text is told already */
    struct gc_bytes field = gc_plan_field(p, "config.", c->key);
    if (parse(p, node, field, gc_bytes_str(value->as.string), &e) && v->known)
        check_fields(p, node, field, &e);
    gc_plan_texts_end(p, texts);
}

void gc_plan_expressions(struct gc_planner *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        const struct gc_op *op = p->v[i].op;
        for (uint32_t k = 0; op && k < op->n_config && !p->full; k++) {
            if (op->config[k].type == GC_TYPE_EXPRESSION)
                check_condition(p, i, &op->config[k]);
            else if (is_field_name(op->config[k].type))
                check_name(p, i, &op->config[k]);
        }
    }
}
