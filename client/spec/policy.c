/* policy: {retries, timeout, max_bad, suspicions}, of a job or a node. */
#include <string.h>

#include "client/spec/loader.h"
#include "common/quantity.h"

static bool read_count(struct gc_loader *l, struct gc_place at, const struct gc_tree *t, uint64_t least,
                       uint64_t *ret)
{
    uint64_t v;
    if (!gc_scalar_u64(t, &v) || v < least || v > GC_LIMITLESS_MAX) {
        gc_loader_error(l, at, "must be a number from %llu to %u", (unsigned long long)least,
                        GC_LIMITLESS_MAX);
        return false;
    }
    *ret = v;
    return true;
}

static void read_timeout(struct gc_loader *l, struct gc_place at, const struct gc_tree *t,
                         struct gc_policy *ret)
{
    uint64_t ns;
    uint64_t bare;
    if (t->kind == GC_VALUE_STRING && gc_quantity_duration(t->as.string, &ns) == GC_OK && ns > 0 &&
        ns != GC_UNSET)
        ret->timeout_ns = ns;
    else if (gc_scalar_u64(t, &bare) && bare > 0)
        gc_loader_error(l, at, "needs a unit; did you mean %llus?", (unsigned long long)bare);
    else
        gc_loader_error(l, at, "must be a duration such as 60s or 1h30m");
}

/* 10% or 0.25%, as parts per million: at most four digits behind the point. */
static bool read_percent(struct gc_str text, uint64_t *ret_ppm)
{
    if (!gc_str_ends(text, GC_STR("%")))
        return false;
    text.len--;
    const char *point = text.len ? memchr(text.ptr, '.', text.len) : NULL;
    struct gc_str whole = gc_str_part(text, 0, point ? (size_t)(point - text.ptr) : text.len);
    struct gc_str fraction = gc_str_part(text, whole.len + (point != NULL), text.len);
    uint64_t percent;
    uint64_t part = 0;
    if (gc_quantity_u64(whole, &percent) || percent > 100)
        return false;
    if (point && (fraction.len > 4 || gc_quantity_u64(fraction, &part)))
        return false;
    for (size_t i = fraction.len; i < 4; i++)
        part *= 10;
    *ret_ppm = percent * 10000 + part;
    return *ret_ppm <= 1000000;
}

static void read_max_bad(struct gc_loader *l, struct gc_place at, const struct gc_tree *t,
                         struct gc_policy *ret)
{
    uint64_t v;
    if (gc_scalar_u64(t, &v) && v <= GC_MAX_ITEMS)
        ret->max_bad = v;
    else if (t->kind == GC_VALUE_STRING && read_percent(t->as.string, &v))
        ret->max_bad_ppm = v;
    else if (t->kind == GC_VALUE_REAL && t->as.real > 0 && t->as.real < 1)
        gc_loader_error(l, at, "must be a number of items or a percentage; did you mean %.4g%%?",
                        100 * t->as.real);
    else
        gc_loader_error(l, at, "must be a number of items, or a percentage such as 10%%");
}

static void read_field(struct gc_loader *l, struct gc_place at, const struct gc_tree_entry *e,
                       struct gc_policy *ret)
{
    if (gc_str_is(e->key, "retries"))
        read_count(l, at, e->value, 0, &ret->retries);
    else if (gc_str_is(e->key, "suspicions"))
        read_count(l, at, e->value, 1, &ret->suspicions);
    else if (gc_str_is(e->key, "timeout"))
        read_timeout(l, at, e->value, ret);
    else if (gc_str_is(e->key, "max_bad"))
        read_max_bad(l, at, e->value, ret);
}

void gc_policy_read(struct gc_loader *l, const struct gc_tree_entry *e, const char *id,
                    struct gc_spec_lines *lines, uint32_t *ret_n, struct gc_policy **ret)
{
    static const struct gc_str names[] = {GC_STR_INIT("retries"), GC_STR_INIT("timeout"),
                                          GC_STR_INIT("max_bad"), GC_STR_INIT("suspicions")};
    if (e->value->kind != GC_VALUE_MAP) {
        gc_loader_error(l, GC_PLACE(e->line, id, "policy"),
                        "must be a map such as {retries: 1, timeout: 60s}, not %s",
                        gc_tree_kind_text(e->value));
        return;
    }
    struct gc_policy *policy = GC_LOADER_ARRAY(l, struct gc_policy, 1);
    if (!policy)
        return;
    *policy = (struct gc_policy){GC_UNSET, GC_UNSET, GC_UNSET, GC_UNSET, GC_UNSET};
    gc_loader_line(l, lines, "policy", e->line);
    gc_fields_check(l, e->value, id, "policy.", names, GC_COUNT_OF(names));
    for (const struct gc_tree_entry *f = e->value->first; f && !l->err; f = f->next) {
        if (f->value->kind == GC_VALUE_NULL)
            continue;
        const char *field = gc_loader_text(l, "policy.%.*s", GC_STR_ARGS(f->key));
        gc_loader_line(l, lines, field, f->line);
        read_field(l, GC_PLACE(f->line, id, field), f, policy);
    }
    *ret = policy;
    *ret_n = 1;
}
