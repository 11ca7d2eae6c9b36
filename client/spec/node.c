/* The fields of a node: id, op (graphcap: type), inputs (dependencies), config, policy, keep. */
#include <string.h>

#include "client/spec/loader.h"

static const struct gc_str NODE_FIELDS[] = {
    GC_STR_INIT("id"),     GC_STR_INIT("op"),           GC_STR_INIT("type"),
    GC_STR_INIT("inputs"), GC_STR_INIT("dependencies"), GC_STR_INIT("config"),
    GC_STR_INIT("policy"), GC_STR_INIT("keep"),         GC_STR_INIT("requires"),
};

struct reading {
    struct gc_loader *l;
    const struct gc_tree *t;
    struct gc_raw_node *out;
};

/* A field under its name or graphcap's; both at once are told. */
static const struct gc_tree_entry *find_either(struct reading *r, const char *ours, const char *theirs)
{
    const struct gc_tree_entry *a = gc_tree_find(r->t, ours);
    const struct gc_tree_entry *b = gc_tree_find(r->t, theirs);
    if (a && b)
        gc_loader_error(r->l, GC_PLACE(b->line, r->out->id, theirs),
                        "means the same as %s, which stands in line %u", ours, a->line);
    return a ? a : b;
}

static void read_id(struct reading *r, uint32_t at)
{
    const struct gc_tree_entry *e = gc_tree_find(r->t, "id");
    const char *field = gc_loader_text(r->l, "nodes[%u].id", at);
    struct gc_str id;
    if (!e) {
        gc_loader_error(r->l, GC_PLACE(r->t->line, NULL, field), "is missing: a node needs an id");
    } else if (gc_field_string(r->l, GC_PLACE(e->line, NULL, field), e->value, GC_MAX_NAME, &id)) {
        r->out->id = gc_loader_copy(r->l, id).ptr;
        r->out->node.id = gc_str_bytes(id);
        gc_loader_line(r->l, &r->out->lines, "id", e->line);
    }
}

static void read_op(struct reading *r)
{
    const struct gc_tree_entry *e = find_either(r, "op", "type");
    struct gc_str op;
    if (!e) {
        gc_loader_error(r->l, GC_PLACE(r->t->line, r->out->id, "op"),
                        "is missing: a node needs an op (`gcctl ops` lists them)");
    } else if (gc_field_string(r->l, GC_PLACE(e->line, r->out->id, "op"), e->value, GC_MAX_NAME, &op)) {
        r->out->node.op = gc_str_bytes(op);
        gc_loader_line(r->l, &r->out->lines, "op", e->line);
        r->out->whole = r->out->id != NULL;
    }
}

/* ---- inputs ---- */

static void add_input(struct reading *r, const char *field, struct gc_str slot, const struct gc_tree *value,
                      uint32_t line)
{
    struct gc_str ref;
    struct gc_place at = GC_PLACE(line, r->out->id, field);
    if (r->out->n_inputs == GC_MAX_INPUTS) {
        gc_loader_error(r->l, at, "is one too many: a node has at most %u inputs", GC_MAX_INPUTS);
        return;
    }
    if (!gc_field_string(r->l, at, value, (size_t)2 * GC_MAX_NAME, &ref))
        return;
    r->out->inputs[r->out->n_inputs++] = (struct gc_raw_input){.ref = ref, .slot = slot, .line = line};
}

static void read_input_list(struct reading *r, const char *name, struct gc_str slot,
                            const struct gc_tree *list)
{
    uint32_t i = 0;
    for (const struct gc_tree_entry *e = list->first; e && i <= GC_MAX_INPUTS && !r->l->err; e = e->next)
        add_input(r, gc_loader_text(r->l, "%s[%u]", name, i++), slot, e->value, e->line);
}

/* {base: a, overlay: b}; an input that takes many nodes has a list of them. */
static void read_input_map(struct reading *r, const struct gc_tree *map)
{
    for (const struct gc_tree_entry *e = map->first; e && !r->l->err; e = e->next) {
        const char *field = gc_loader_text(r->l, "inputs.%.*s", GC_STR_ARGS(e->key));
        if (e->key.len == 0 || e->key.len > GC_MAX_NAME || memchr(e->key.ptr, '\0', e->key.len))
            gc_loader_error(r->l, GC_PLACE(e->line, r->out->id, "inputs"),
                            "the name of an input has 1 to %u bytes and no NUL", GC_MAX_NAME);
        else if (e->value->kind == GC_VALUE_LIST)
            read_input_list(r, field, e->key, e->value);
        else
            add_input(r, field, e->key, e->value, e->line);
    }
}

static void read_inputs(struct reading *r)
{
    const struct gc_tree_entry *e = find_either(r, "inputs", "dependencies");
    if (!e)
        return;
    gc_loader_line(r->l, &r->out->lines, "inputs", e->line);
    r->out->inputs = GC_LOADER_ARRAY(r->l, struct gc_raw_input, GC_MAX_INPUTS);
    if (!r->out->inputs)
        return;
    struct gc_place at = GC_PLACE(e->line, r->out->id, "inputs");
    if (e->value->kind == GC_VALUE_LIST)
        read_input_list(r, "inputs", GC_STR(""), e->value);
    else if (e->value->kind == GC_VALUE_MAP)
        read_input_map(r, e->value);
    else if (e->value->kind == GC_VALUE_STRING)
        gc_loader_error(r->l, at, "must be a list of nodes; did you mean [%.*s]?",
                        GC_STR_ARGS(e->value->as.string));
    else
        gc_loader_error(r->l, at, "must be a list of nodes, or a map from input to node, not %s",
                        gc_tree_kind_text(e->value));
}

/* ---- config ---- */

static void add_setting(struct reading *r, const struct gc_tree_entry *e)
{
    const char *field = gc_loader_text(r->l, "config.%.*s", GC_STR_ARGS(e->key));
    struct gc_place at = GC_PLACE(e->line, r->out->id, field);
    struct gc_node *node = &r->out->node;
    gc_loader_line(r->l, &r->out->lines, field, e->line);
    if (e->key.len == 0 || e->key.len > GC_MAX_NAME || memchr(e->key.ptr, '\0', e->key.len)) {
        gc_loader_error(r->l, at, "the name of a setting has 1 to %u bytes and no NUL", GC_MAX_NAME);
        return;
    }
    if (gc_value_of_tree(r->l, at, e->value, &node->config[node->n_config].value))
        node->config[node->n_config++].key = gc_str_bytes(e->key);
}

static void read_config(struct reading *r)
{
    const struct gc_tree_entry *e = gc_tree_find(r->t, "config");
    struct gc_place at = GC_PLACE(e ? e->line : 0, r->out->id, "config");
    r->out->node.config = GC_LOADER_ARRAY(r->l, struct gc_setting, GC_MAX_CONFIG);
    if (!e || r->l->err)
        return;
    gc_loader_line(r->l, &r->out->lines, "config", e->line);
    if (e->value->kind != GC_VALUE_MAP) {
        gc_loader_error(r->l, at, "must be a map, not %s", gc_tree_kind_text(e->value));
        return;
    }
    if (e->value->n > GC_MAX_CONFIG) {
        gc_loader_error(r->l, at, "has %u settings, the limit is %u", e->value->n, GC_MAX_CONFIG);
        return;
    }
    for (const struct gc_tree_entry *s = e->value->first; s && !r->l->err; s = s->next)
        add_setting(r, s);
}

static void read_rest(struct reading *r)
{
    const struct gc_tree_entry *policy = gc_tree_find(r->t, "policy");
    const struct gc_tree_entry *keep = gc_tree_find(r->t, "keep");
    const struct gc_tree_entry *needs = gc_tree_find(r->t, "requires");
    if (policy)
        gc_policy_read(r->l, policy, r->out->id, &r->out->lines, &r->out->node.n_policy,
                       &r->out->node.policy);
    if (keep && !gc_scalar_bool(keep->value, &r->out->node.keep))
        gc_loader_error(r->l, GC_PLACE(keep->line, r->out->id, "keep"), "must be true or false, not %s",
                        gc_tree_kind_text(keep->value));
    if (needs)
        gc_loader_error(r->l, GC_PLACE(needs->line, r->out->id, "requires"),
                        "is not carried out yet: leave it out, and every worker may run the node");
}

void gc_node_read(struct gc_loader *l, const struct gc_tree *t, uint32_t at, struct gc_raw_node *ret)
{
    struct reading r = {.l = l, .t = t, .out = ret};
    ret->lines.line = t->line;
    if (t->kind != GC_VALUE_MAP) {
        gc_loader_error(l, GC_PLACE(t->line, NULL, gc_loader_text(l, "nodes[%u]", at)),
                        "must be a map with id and op, not %s", gc_tree_kind_text(t));
        return;
    }
    read_id(&r, at);
    read_op(&r);
    gc_fields_check(l, t, ret->id, "", NODE_FIELDS, GC_COUNT_OF(NODE_FIELDS));
    read_inputs(&r);
    read_config(&r);
    if (!l->err)
        read_rest(&r);
}

/* ---- --set NODE.KEY=VALUE ---- */

/* Ids may have dots: the longest that fits wins. */
static struct gc_raw_node *node_of(struct gc_raw_job *raw, struct gc_str target)
{
    struct gc_raw_node *best = NULL;
    for (uint32_t i = 0; i < raw->n; i++) {
        struct gc_str id = gc_bytes_str(raw->nodes[i].node.id);
        bool fits =
            id.len > 0 && gc_str_starts(target, id) && target.len > id.len + 1 && target.ptr[id.len] == '.';
        if (fits && (!best || id.len > best->node.id.len))
            best = &raw->nodes[i];
    }
    return best;
}

static void unknown_target(struct gc_loader *l, struct gc_raw_job *raw, const char *text,
                           struct gc_str target)
{
    const char *dot = target.len ? memchr(target.ptr, '.', target.len) : NULL;
    struct gc_str word = gc_str_part(target, 0, dot ? (size_t)(dot - target.ptr) : 0);
    struct gc_str *ids = GC_LOADER_ARRAY(l, struct gc_str, raw->n);
    bool there = word.len == 0; /* then it is not the node that is wrong */
    for (uint32_t i = 0; i < raw->n && ids; i++) {
        ids[i] = gc_bytes_str(raw->nodes[i].node.id);
        there = there || gc_str_equal(ids[i], word);
    }
    struct gc_place at = GC_PLACE(0, NULL, "--set");
    if (there || !ids)
        gc_loader_error(l, at, "'%.100s' should be NODE.KEY=VALUE", text);
    else
        gc_loader_error(l, at, "there is no node '%.*s'%s", GC_STR_ARGS(word),
                        gc_loader_meant(l, word, ids, raw->n));
}

/* Brackets and braces are YAML; everything else is a string, typed by the field in the end. */
static struct gc_tree *set_value(struct gc_loader *l, struct gc_str text)
{
    if (text.len > 0 && (text.ptr[0] == '[' || text.ptr[0] == '{'))
        return gc_yaml_read(l, text, 0);
    struct gc_tree *t = gc_tree_new(l, GC_VALUE_STRING, 0);
    if (t)
        t->as.string = gc_loader_copy(l, text);
    return t;
}

static struct gc_setting *setting_of(struct gc_node *node, struct gc_str key)
{
    for (uint32_t i = 0; i < node->n_config; i++)
        if (gc_str_equal(gc_bytes_str(node->config[i].key), key))
            return &node->config[i];
    if (node->n_config == GC_MAX_CONFIG)
        return NULL;
    node->config[node->n_config].key = gc_str_bytes(key);
    return &node->config[node->n_config++];
}

static void set_one(struct gc_loader *l, struct gc_raw_job *raw, const char *text)
{
    const char *equals = strchr(text, '=');
    struct gc_str target = gc_str_part(gc_str_of(text), 0, equals ? (size_t)(equals - text) : 0);
    struct gc_raw_node *n = target.len ? node_of(raw, target) : NULL;
    if (!n) {
        unknown_target(l, raw, text, target);
        return;
    }
    struct gc_str key = gc_loader_copy(l, gc_str_part(target, n->node.id.len + 1, target.len));
    const char *field = gc_loader_text(l, "config.%.*s", GC_STR_ARGS(key));
    struct gc_place at = GC_PLACE(0, n->id, field);
    struct gc_tree *t = set_value(l, gc_str_part(gc_str_of(text), target.len + 1, strlen(text)));
    struct gc_value value;
    if (!t || !gc_value_of_tree(l, at, t, &value))
        return;
    struct gc_setting *setting = n->node.config && key.len <= GC_MAX_NAME ? setting_of(&n->node, key) : NULL;
    if (!setting) {
        gc_loader_error(l, at, "a node has at most %u settings, with names of at most %u bytes",
                        GC_MAX_CONFIG, GC_MAX_NAME);
        return;
    }
    setting->value = value;
    gc_loader_line(l, &n->lines, field, 0); /* found first, so it hides the file's */
}

void gc_node_sets(struct gc_loader *l, struct gc_raw_job *raw)
{
    for (uint32_t i = 0; i < l->options->n_sets && !l->err; i++)
        set_one(l, raw, l->options->sets[i]);
}
