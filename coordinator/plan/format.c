/* The file that a publishing op writes: is its name's ending one of a format, and does that format take the settings?
 *
 * Formats stand in the catalogue. Where the ending hangs on the item ({ext}, {name}, a field) nothing can be said before it is there.
 */
#include "common/nearest.h"
#include "coordinator/plan/planner.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool ends_in(struct gc_str name, struct gc_str suffix)
{
    if (name.len < suffix.len)
        return false;
    for (size_t i = 0; i < suffix.len; i++)
        if (lower(name.ptr[name.len - suffix.len + i]) != suffix.ptr[i])
            return false;
    return true;
}

static const struct gc_op_format *format_of(const struct gc_op *op, struct gc_str name)
{
    for (uint32_t i = 0; i < op->n_formats; i++)
        for (uint32_t k = 0; k < op->formats[i].n_suffixes; k++)
            if (ends_in(name, gc_bytes_str(op->formats[i].suffixes[k].text)))
                return &op->formats[i];
    return NULL;
}

static bool takes(const struct gc_op_format *format, struct gc_bytes setting)
{
    for (uint32_t i = 0; i < format->n_settings; i++)
        if (gc_bytes_equal(format->settings[i].text, setting))
            return true;
    return false;
}

/* The endings of all formats, or of those that take the setting; NULL: none is asked for. */
static struct gc_bytes endings(struct gc_planner *p, const struct gc_op *op, const struct gc_bytes *setting)
{
    struct gc_name names[GC_MAX_CHOICES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < op->n_formats; i++) {
        if (setting && !takes(&op->formats[i], *setting))
            continue;
        for (uint32_t k = 0; k < op->formats[i].n_suffixes && n < GC_MAX_CHOICES; k++)
            names[n++] = op->formats[i].suffixes[k];
    }
    return gc_plan_names(p, names, n);
}

/* From the last dot of the last part of a path on; empty: there is none. */
static struct gc_str ending_of(struct gc_str name)
{
    for (size_t i = name.len; i-- > 0 && name.ptr[i] != '/';)
        if (name.ptr[i] == '.')
            return gc_str_part(name, i, name.len);
    return gc_str_part(name, name.len, name.len);
}

static void told_unknown(struct gc_planner *p, uint32_t node, struct gc_bytes field, struct gc_str ending)
{
    const struct gc_op *op = p->v[node].op;
    struct gc_nearest near;
    if (ending.len == 0) {
        gc_plan_error(p, node, field, "names no kind of file: its ending is to be one of %b",
                      endings(p, op, NULL));
        return;
    }
    gc_nearest_init(&near, ending);
    for (uint32_t i = 0; i < op->n_formats; i++)
        for (uint32_t k = 0; k < op->formats[i].n_suffixes; k++)
            gc_nearest_offer(&near, gc_bytes_str(op->formats[i].suffixes[k].text));
    if (gc_nearest_found(&near))
        gc_plan_error(p, node, field,
                      "op '%b' writes no file that ends in '%b'; did you mean '%b'? (it writes %b)", op->name,
                      gc_str_bytes(ending), gc_str_bytes(near.best), endings(p, op, NULL));
    else
        gc_plan_error(p, node, field, "op '%b' writes no file that ends in '%b', but %b", op->name,
                      gc_str_bytes(ending), endings(p, op, NULL));
}

/* A setting that no format names belongs to all. */
static void check_settings(struct gc_planner *p, uint32_t node, const struct gc_op_format *format,
                           struct gc_str ending)
{
    const struct gc_plan_vertex *v = &p->v[node];
    for (uint32_t i = 0; i < v->node->n_config; i++) {
        struct gc_bytes key = v->node->config[i].key;
        struct gc_plan_texts texts = gc_plan_texts_begin(p);
        struct gc_bytes others = endings(p, v->op, &key);
        if (others.len && !takes(format, key))
            gc_plan_error(p, node, gc_plan_field(p, "config.", key),
                          "a file that ends in '%b' has no such setting: it is one of %b",
                          gc_str_bytes(ending), others);
        gc_plan_texts_end(p, texts);
    }
}

void gc_plan_format(struct gc_planner *p, uint32_t node, struct gc_bytes field, struct gc_str tail,
                    bool whole)
{
    const struct gc_op *op = p->v[node].op;
    struct gc_str ending = ending_of(tail);
    if (op->n_formats == 0)
        return;
    if (ending.len == 0 && !whole && !memchr(tail.len ? tail.ptr : "", '/', tail.len))
        return; /* it hangs on the item */
    const struct gc_op_format *format = ending.len ? format_of(op, tail) : NULL;
    if (format)
        check_settings(p, node, format, ending);
    else
        told_unknown(p, node, field, ending);
}
