/* The document as a tree, built from a reader's events, with every limit kept as it grows. */
#include <string.h>

#include "client/spec/loader.h"
#include "common/assert.h"
#include "common/hash.h"

struct gc_tree *gc_tree_new(struct gc_loader *l, enum gc_value_kind kind, uint32_t line)
{
    struct gc_tree *t = GC_LOADER_ARRAY(l, struct gc_tree, 1);
    if (t) {
        t->kind = kind;
        t->line = line;
        t->weight = 1;
    }
    return t;
}

bool gc_tree_wants_key(const struct gc_tree_builder *b)
{
    return b->depth > 0 && b->stack[b->depth - 1].tree->kind == GC_VALUE_MAP &&
           !b->stack[b->depth - 1].has_key;
}

bool gc_tree_key(struct gc_tree_builder *b, struct gc_str key, uint32_t line)
{
    GC_ASSERT(gc_tree_wants_key(b));
    struct gc_tree *map = b->stack[b->depth - 1].tree;
    uint32_t hash = (uint32_t)gc_hash_bytes(key.ptr, key.len, 0);
    b->stack[b->depth - 1].dropped = false;
    for (const struct gc_tree_entry *e = map->first; e; e = e->next) {
        if (e->hash != hash || !gc_str_equal(e->key, key))
            continue;
        gc_loader_error(b->l, GC_PLACE(line, NULL, ""),
                        "'%.*s' stands here and in line %u: a key can be there once", GC_STR_ARGS(key),
                        e->line);
        b->stack[b->depth - 1].dropped = true;
    }
    b->stack[b->depth - 1].key = key;
    b->stack[b->depth - 1].key_line = line;
    b->stack[b->depth - 1].has_key = true;
    return true;
}

static bool hang(struct gc_tree_builder *b, struct gc_tree *value, uint32_t line)
{
    struct gc_tree *parent = b->stack[b->depth - 1].tree;
    bool map = parent->kind == GC_VALUE_MAP;
    GC_ASSERT(!map || b->stack[b->depth - 1].has_key);
    b->stack[b->depth - 1].has_key = false;
    if (map && b->stack[b->depth - 1].dropped)
        return true;
    if (parent->n == GC_MAX_CONTAINER) {
        gc_loader_error(b->l, GC_PLACE(line, NULL, ""), "more than %u entries in %s", GC_MAX_CONTAINER,
                        gc_tree_kind_text(parent));
        return false;
    }
    struct gc_tree_entry *e = GC_LOADER_ARRAY(b->l, struct gc_tree_entry, 1);
    if (!e)
        return false;
    *e = (struct gc_tree_entry){.line = line, .value = value};
    if (map) {
        e->key = b->stack[b->depth - 1].key;
        e->line = b->stack[b->depth - 1].key_line;
        e->hash = (uint32_t)gc_hash_bytes(e->key.ptr, e->key.len, 0);
    }
    *b->stack[b->depth - 1].end = e;
    b->stack[b->depth - 1].end = &e->next;
    parent->n++;
    return true;
}

/* An alias' whole subtree counts where it stands, so that no file unfolds to more than is written of it. */
static bool weigh(struct gc_tree_builder *b, uint32_t weight, uint32_t line)
{
    for (uint32_t i = 0; i < b->depth; i++)
        b->stack[i].tree->weight += weight;
    if ((b->depth ? b->stack[0].tree->weight : weight) <= GC_SPEC_MAX_VALUES)
        return true;
    gc_loader_error(b->l, GC_PLACE(line, NULL, ""),
                    "more than %u values are in the file, aliases counted each time", GC_SPEC_MAX_VALUES);
    return false;
}

bool gc_tree_value(struct gc_tree_builder *b, struct gc_tree *value, uint32_t line)
{
    if (!value || !weigh(b, value->weight, line))
        return false;
    if (b->depth > 0)
        return hang(b, value, line);
    b->root = value;
    return true;
}

bool gc_tree_open(struct gc_tree_builder *b, enum gc_value_kind kind, uint32_t line, struct gc_tree **ret)
{
    if (b->depth == GC_SPEC_MAX_DEPTH) {
        gc_loader_error(b->l, GC_PLACE(line, NULL, ""), "nested more than %u deep", GC_SPEC_MAX_DEPTH);
        return false;
    }
    struct gc_tree *t = gc_tree_new(b->l, kind, line);
    if (!gc_tree_value(b, t, line))
        return false;
    t->open = true;
    b->stack[b->depth].tree = t;
    b->stack[b->depth].end = &t->first;
    b->stack[b->depth].has_key = false;
    b->stack[b->depth].dropped = false;
    b->depth++;
    *ret = t;
    return true;
}

bool gc_tree_close(struct gc_tree_builder *b)
{
    GC_ASSERT(b->depth > 0);
    b->stack[--b->depth].tree->open = false;
    return true;
}

const struct gc_tree_entry *gc_tree_find(const struct gc_tree *map, const char *key)
{
    for (const struct gc_tree_entry *e = map->first; e; e = e->next)
        if (gc_str_is(e->key, key))
            return e->value->kind == GC_VALUE_NULL ? NULL : e;
    return NULL;
}

const char *gc_tree_kind_text(const struct gc_tree *t)
{
    switch (t->kind) {
    case GC_VALUE_NULL: return "nothing";
    case GC_VALUE_BOOL: return t->as.flag ? "true" : "false";
    case GC_VALUE_INT: return "an integer";
    case GC_VALUE_REAL: return "a number";
    case GC_VALUE_STRING: return "a string";
    case GC_VALUE_LIST: return "a list";
    case GC_VALUE_MAP: return "a map";
    }
    return "?";
}
