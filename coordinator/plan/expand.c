/* Nodes that the planner adds: what a scanning reducer needs of each item, worked out beside the items by an op that its own op names.
 *
 * Before a reducer whose op `maps` comes a node of that op. It is fed with the reducer's first input, has those of the reducer's
 * settings that its op knows, and what it makes is the reducer's last input. Reducers that would get the same node share the first
 * one's. Its id is the reducer's, a dot, and the op's name, and a number where the job has that id already.
 *
 * This is the first pass: all others see the added nodes as if they stood in the job, but for what their vertex says of them.
 */
#include "common/assert.h"
#include "coordinator/plan/planner.h"

/* A node to be added. */
struct addition {
    uint32_t of; /* the reducer, by the job's index: the first that wants it */
    const struct gc_op *op;
    struct gc_node node;
};

struct expansion {
    const struct gc_node *nodes; /* the job's */
    uint32_t n;                  /* of them */
    struct addition *added;
    uint32_t n_added;
    uint32_t *wants; /* by the job's index: which addition it reads, or GC_PLAN_NONE */
    uint32_t *at;    /* by the job's index: where the node is in the expanded list */
};

/* ---- which ---- */

bool gc_plan_same_value(const struct gc_value *a, const struct gc_value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case GC_VALUE_NULL: return true;
    case GC_VALUE_BOOL: return a->as.flag == b->as.flag;
    case GC_VALUE_INT: return a->as.integer == b->as.integer;
    case GC_VALUE_REAL: return a->as.real == b->as.real; /* a nan is shared with nobody */
    case GC_VALUE_STRING: return gc_bytes_equal(a->as.string, b->as.string);
    case GC_VALUE_LIST:
    case GC_VALUE_MAP: break;
    }
    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++) {
        if (a->kind == GC_VALUE_MAP && !gc_bytes_equal(a->keys[i], b->keys[i]))
            return false;
        if (!gc_plan_same_value(&a->as.items[i], &b->as.items[i]))
            return false;
    }
    return true;
}

static bool has_setting(const struct gc_node *node, const struct gc_setting *setting)
{
    for (uint32_t i = 0; i < node->n_config; i++)
        if (gc_bytes_equal(node->config[i].key, setting->key) &&
            gc_plan_same_value(&node->config[i].value, &setting->value))
            return true;
    return false;
}

/* Whether both would give the same values: of one op, fed alike, set alike in any order. */
static bool same_node(const struct gc_node *a, const struct gc_node *b)
{
    if (!gc_bytes_equal(a->op, b->op) || a->inputs[0].node != b->inputs[0].node ||
        !gc_bytes_equal(a->inputs[0].output, b->inputs[0].output) || a->n_config != b->n_config)
        return false;
    for (uint32_t i = 0; i < a->n_config; i++)
        if (!has_setting(b, &a->config[i]))
            return false;
    return true;
}

static bool knows(const struct gc_op *op, struct gc_bytes key)
{
    for (uint32_t i = 0; i < op->n_config; i++)
        if (gc_bytes_equal(op->config[i].key, key))
            return true;
    return false;
}

/* What the reducer would get, but for its id. */
static struct gc_node mapped_node(struct gc_planner *p, const struct gc_node *reducer, const struct gc_op *op)
{
    struct gc_node node = {.op = op->name};
    node.inputs = GC_PLANNER_ARRAY(p, struct gc_input, 1);
    node.config = GC_PLANNER_ARRAY(p, struct gc_setting, reducer->n_config);
    if (p->full)
        return node;
    node.inputs[node.n_inputs++] =
        (struct gc_input){.node = reducer->inputs[0].node, .output = reducer->inputs[0].output};
    for (uint32_t i = 0; i < reducer->n_config; i++)
        if (knows(op, reducer->config[i].key))
            node.config[node.n_config++] = reducer->config[i];
    return node;
}

/* ---- names ---- */

static bool taken(const struct expansion *x, struct gc_bytes id)
{
    for (uint32_t i = 0; i < x->n; i++)
        if (gc_bytes_equal(x->nodes[i].id, id))
            return true;
    for (uint32_t i = 0; i < x->n_added; i++)
        if (gc_bytes_equal(x->added[i].node.id, id))
            return true;
    return false;
}

/* The id of an addition; empty: none fits. */
static struct gc_bytes id_for(struct gc_planner *p, const struct expansion *x, struct gc_bytes reducer,
                              struct gc_bytes op)
{
    enum { NUMBER = 4 }; /* a dash, and a number of at most as many digits as that of all nodes */
    if (reducer.len + 1 + op.len > GC_MAX_NAME)
        return gc_bytes_of(NULL, 0);
    struct gc_bytes id = gc_plan_text(p, GC_MAX_NAME, "%b.%b", reducer, op);
    bool numbers = id.len + NUMBER <= GC_MAX_NAME;
    for (uint64_t k = 2; !p->full && taken(x, id); k++) /* no more are taken than there are nodes */
        id = numbers ? gc_plan_text(p, GC_MAX_NAME, "%b.%b-%u", reducer, op, k) : gc_bytes_of(NULL, 0);
    return id;
}

/* ---- the walk over the job ---- */

static uint32_t find_addition(const struct expansion *x, const struct gc_node *node)
{
    for (uint32_t i = 0; i < x->n_added; i++)
        if (same_node(&x->added[i].node, node))
            return i;
    return GC_PLAN_NONE;
}

static void add(struct gc_planner *p, struct expansion *x, uint32_t of, const struct gc_op *op)
{
    const struct gc_node *reducer = &x->nodes[of];
    size_t mark = gc_arena_mark(p->arena);
    struct gc_node node = mapped_node(p, reducer, op);
    if (p->full)
        return;
    x->wants[of] = find_addition(x, &node);
    if (x->wants[of] != GC_PLAN_NONE) {
        gc_arena_rewind(p->arena, mark);
        return;
    }
    node.id = id_for(p, x, reducer->id, op->name);
    if (node.id.len == 0 && !p->full) {
        gc_plan_error(
            p, of, gc_str_bytes(GC_STR("id")),
            "is too long for the node '%b.%b' that comes before it: a node's name has at most %u bytes",
            reducer->id, op->name, (uint64_t)GC_MAX_NAME);
        return;
    }
    x->wants[of] = x->n_added;
    x->added[x->n_added++] = (struct addition){.of = of, .op = op, .node = node};
}

/* The op that comes before it, or NULL: none, or what stands in the way is told. */
static const struct gc_op *mapped_op(struct gc_planner *p, uint32_t of, const struct gc_op *op)
{
    struct gc_bytes field = gc_str_bytes(GC_STR("op"));
    if (op->scope != GC_SCOPE_REDUCE || !(op->traits & GC_TRAIT_SCANS)) {
        gc_plan_error(p, of, field,
                      "op '%b' asks for an op '%b' before it and is none that scans: its worker is broken",
                      op->name, op->maps);
        return NULL;
    }
    const struct gc_op *mapped = gc_catalogue_op(p->catalogue, op->maps);
    if (mapped && mapped->scope == GC_SCOPE_ITEM)
        return mapped;
    gc_plan_error(p, of, field,
                  "op '%b' reads what op '%b' makes of each item, and no worker has such an op of items: "
                  "their versions do not fit together",
                  op->name, op->maps);
    return NULL;
}

static void look_at(struct gc_planner *p, struct expansion *x, uint32_t i)
{
    const struct gc_node *node = &x->nodes[i];
    const struct gc_op *op = gc_catalogue_op(p->catalogue, node->op);
    x->wants[i] = GC_PLAN_NONE;
    if (!op || op->maps.len == 0)
        return;
    const struct gc_op *mapped = mapped_op(p, i, op);
    if (!mapped || node->n_inputs == 0 || node->inputs[0].node >= i)
        return; /* told, or to be told by those who look at inputs */
    if (node->n_inputs == GC_MAX_INPUTS)
        gc_plan_error(p, i, gc_str_bytes(GC_STR("inputs")),
                      "op '%b' takes %u inputs at most: one more is what op '%b' makes", op->name,
                      (uint64_t)GC_MAX_INPUTS - 1, mapped->name);
    else
        add(p, x, i, mapped);
}

/* ---- the expanded list ---- */

/* Where everything will be: an addition right before the node that it is for. */
static void place(struct expansion *x)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < x->n; i++) {
        if (before < x->n_added && x->added[before].of == i)
            before++;
        x->at[i] = i + before;
    }
}

/* The node with its inputs' indices moved, and one input more where it wants one. */
static const struct gc_node *moved_node(struct gc_planner *p, const struct expansion *x,
                                        const struct gc_node *from, uint32_t wants)
{
    struct gc_node *node = GC_PLANNER_ARRAY(p, struct gc_node, 1);
    struct gc_input *inputs = GC_PLANNER_ARRAY(p, struct gc_input, from->n_inputs + 1);
    if (p->full)
        return NULL;
    *node = *from;
    node->inputs = inputs;
    for (uint32_t k = 0; k < from->n_inputs; k++) {
        inputs[k] = from->inputs[k];
        if (inputs[k].node < x->n)
            inputs[k].node = x->at[inputs[k].node];
    }
    if (wants != GC_PLAN_NONE)
        inputs[node->n_inputs++] = (struct gc_input){.node = x->at[x->added[wants].of] - 1};
    return node;
}

static void put(struct gc_planner *p, const struct expansion *x, uint32_t at, uint32_t of, uint32_t addition)
{
    bool added = addition != GC_PLAN_NONE;
    const struct gc_node *from = added ? &x->added[addition].node : &x->nodes[of];
    p->v[at] = (struct gc_plan_vertex){
        .node = moved_node(p, x, from, added ? GC_PLAN_NONE : x->wants[of]),
        .told = of,
        .added = added,
        .n_own = from->n_inputs,
        .source = GC_PLAN_NONE,
    };
}

static void expand(struct gc_planner *p, const struct expansion *x)
{
    p->v = GC_PLANNER_ARRAY(p, struct gc_plan_vertex, x->n + x->n_added);
    for (uint32_t i = 0; i < x->n && !p->full; i++)
        put(p, x, x->at[i], i, GC_PLAN_NONE);
    for (uint32_t a = 0; a < x->n_added && !p->full; a++)
        put(p, x, x->at[x->added[a].of] - 1, x->added[a].of, a);
    p->n = x->n + x->n_added;
}

static void copy(struct gc_planner *p, const struct gc_node *nodes)
{
    p->v = GC_PLANNER_ARRAY(p, struct gc_plan_vertex, p->n);
    for (uint32_t i = 0; i < p->n && !p->full; i++)
        p->v[i] = (struct gc_plan_vertex){
            .node = &nodes[i], .told = i, .n_own = nodes[i].n_inputs, .source = GC_PLAN_NONE};
}

void gc_plan_expand(struct gc_planner *p, const struct gc_node *nodes)
{
    struct expansion x = {.nodes = nodes, .n = p->n};
    copy(p, nodes);
    x.added = GC_PLANNER_ARRAY(p, struct addition, p->n);
    x.wants = GC_PLANNER_ARRAY(p, uint32_t, p->n);
    x.at = GC_PLANNER_ARRAY(p, uint32_t, p->n);
    for (uint32_t i = 0; i < x.n && !p->full; i++)
        look_at(p, &x, i);
    if (p->full || x.n_added == 0)
        return;
    if (x.n + x.n_added > GC_MAX_JOB_NODES) {
        gc_plan_error(p, GC_PLAN_NONE, gc_str_bytes(GC_STR("nodes")),
                      "the job has %u nodes, with %u that are put before reducers; the limit is %u",
                      (uint64_t)x.n + x.n_added, (uint64_t)x.n_added, (uint64_t)GC_MAX_JOB_NODES);
        return;
    }
    place(&x);
    expand(p, &x);
}
