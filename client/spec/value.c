/* Trees as config values, and as JSON text. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/spec/loader.h"

/* The total matters too: aliases make a small file say much. */
static bool count_bytes(struct gc_loader *l, struct gc_place at, size_t bytes)
{
    l->config_bytes += bytes;
    if (l->config_bytes <= GC_MAX_DOCUMENT)
        return true;
    if (l->config_bytes - bytes <= GC_MAX_DOCUMENT)
        gc_loader_error(l, at, "the settings of all nodes are more than %u bytes", GC_MAX_DOCUMENT);
    return false;
}

static bool check_string(struct gc_loader *l, struct gc_place at, struct gc_str s, size_t max)
{
    if (s.len > max)
        gc_loader_error(l, at, "has %zu bytes, the limit is %zu", s.len, max);
    else if (s.len && memchr(s.ptr, '\0', s.len))
        gc_loader_error(l, at, "has a NUL in it");
    else
        return count_bytes(l, at, s.len);
    return false;
}

/* No setting takes it, and no message carries it. */
static bool check_number(struct gc_loader *l, struct gc_place at, double v)
{
    if (isnan(v))
        gc_loader_error(l, at, "is .nan, which is no number");
    return !isnan(v);
}

/* graphcap's files take values of other nodes in config. Here such an edge is an input. */
static bool refuse_reference(struct gc_loader *l, struct gc_place at, const struct gc_tree *t)
{
    for (const struct gc_tree_entry *e = t->first; e; e = e->next) {
        if (!gc_str_is(e->key, "$ref") && !gc_str_is(e->key, "$concat"))
            continue;
        at.line = e->line;
        gc_loader_error(
            l, at,
            "%.*s takes a value from another node: that is not carried out in config yet, only in inputs",
            GC_STR_ARGS(e->key));
        return true;
    }
    return false;
}

static bool value_at(struct gc_loader *l, struct gc_place at, const struct gc_tree *t, unsigned depth,
                     struct gc_value *ret);

static bool entry_value(struct gc_loader *l, struct gc_place at, const struct gc_tree_entry *e,
                        unsigned depth, struct gc_value *ret, struct gc_bytes *ret_key)
{
    at.line = e->line;
    if (ret_key && !check_string(l, at, e->key, GC_MAX_NAME))
        return false;
    if (ret_key)
        *ret_key = gc_str_bytes(e->key);
    return value_at(l, at, e->value, depth, ret);
}

static bool container(struct gc_loader *l, struct gc_place at, const struct gc_tree *t, unsigned depth,
                      struct gc_value *ret)
{
    bool map = t->kind == GC_VALUE_MAP;
    if (depth == 0) {
        gc_loader_error(l, at, "lists and maps in a setting can be nested %u deep", GC_SPEC_VALUE_DEPTH);
        return false;
    }
    if (map && refuse_reference(l, at, t))
        return false;
    ret->as.items = GC_LOADER_ARRAY(l, struct gc_value, t->n);
    ret->keys = map ? GC_LOADER_ARRAY(l, struct gc_bytes, t->n) : NULL;
    if (l->err)
        return false;
    for (const struct gc_tree_entry *e = t->first; e; e = e->next) {
        if (!entry_value(l, at, e, depth - 1, &ret->as.items[ret->n], map ? &ret->keys[ret->n] : NULL))
            return false;
        ret->n++;
    }
    return true;
}

static bool value_at(struct gc_loader *l, struct gc_place at, const struct gc_tree *t, unsigned depth,
                     struct gc_value *ret)
{
    *ret = (struct gc_value){.kind = t->kind};
    switch (t->kind) {
    case GC_VALUE_NULL: return true;
    case GC_VALUE_BOOL: ret->as.flag = t->as.flag; return true;
    case GC_VALUE_INT: ret->as.integer = t->as.integer; return true;
    case GC_VALUE_REAL: ret->as.real = t->as.real; return check_number(l, at, t->as.real);
    case GC_VALUE_STRING:
        ret->as.string = gc_str_bytes(t->as.string);
        return check_string(l, at, t->as.string, GC_MAX_STRING);
    case GC_VALUE_LIST:
    case GC_VALUE_MAP: return container(l, at, t, depth, ret);
    }
    return false;
}

bool gc_value_of_tree(struct gc_loader *l, struct gc_place at, const struct gc_tree *t, struct gc_value *ret)
{
    return value_at(l, at, t, GC_SPEC_VALUE_DEPTH, ret);
}

/* ---- JSON ---- */

static json_t *json_of(const struct gc_tree *t);

static json_t *json_container(const struct gc_tree *t)
{
    bool map = t->kind == GC_VALUE_MAP;
    json_t *j = map ? json_object() : json_array();
    for (const struct gc_tree_entry *e = t->first; e && j; e = e->next) {
        json_t *value = json_of(e->value);
        int failed =
            map ? json_object_setn_new(j, e->key.ptr, e->key.len, value) : json_array_append_new(j, value);
        if (failed) {
            json_decref(j);
            return NULL;
        }
    }
    return j;
}

/* NULL: no memory, or a number that JSON does not have. The tree's depth is bounded. */
static json_t *json_of(const struct gc_tree *t)
{
    switch (t->kind) {
    case GC_VALUE_NULL: return json_null();
    case GC_VALUE_BOOL: return json_boolean(t->as.flag);
    case GC_VALUE_INT: return json_integer(t->as.integer);
    case GC_VALUE_REAL: return json_real(t->as.real);
    case GC_VALUE_STRING: return json_stringn(t->as.string.ptr ? t->as.string.ptr : "", t->as.string.len);
    case GC_VALUE_LIST:
    case GC_VALUE_MAP: return json_container(t);
    }
    return NULL;
}

/* Aliases could unfold to anything: nothing is made that cannot fit. Two bytes at least stand for each value. */
static bool can_fit(const struct gc_tree *t)
{
    return t->weight <= GC_MAX_METADATA / 2;
}

static char *dump(const struct gc_tree *t, const char *extra_key, const struct gc_tree *extra)
{
    json_t *j = json_of(t);
    if (!j)
        return NULL;
    char *text = NULL;
    if (!extra || json_object_set_new(j, extra_key, json_of(extra)) == 0)
        text = json_dumps(j, JSON_COMPACT);
    json_decref(j);
    return text;
}

bool gc_json_of_tree(struct gc_loader *l, struct gc_place at, const struct gc_tree *t, const char *extra_key,
                     const struct gc_tree *extra, struct gc_bytes *ret)
{
    bool small = can_fit(t) && (!extra || can_fit(extra));
    char *text = small ? dump(t, extra_key, extra) : NULL;
    size_t len = text ? strlen(text) : 0;
    if (!small || len > GC_MAX_METADATA)
        gc_loader_error(l, at, "is more than %u bytes as JSON", GC_MAX_METADATA);
    else if (!text)
        gc_loader_error(l, at, "cannot be written as JSON (it has no .nan and no .inf)");
    else
        *ret = gc_str_bytes(gc_loader_copy(l, gc_str_from(text, len)));
    free(text);
    return ret->len > 0;
}
