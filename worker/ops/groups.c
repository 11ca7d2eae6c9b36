/* groups.c - see groups.h. */
#include "worker/ops/groups.h"

#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/num.h"
#include "worker/ops/near.h"

enum { FIRST_CAPACITY = 1024 };

/* What stands before a member's name. */
struct head {
    uint32_t item;
    uint32_t length;
};
#define UNNAMED UINT32_MAX

void gc_groups_init(struct gc_groups *g)
{
    *g = (struct gc_groups){.n = 0};
}

void gc_groups_release(struct gc_groups *g)
{
    free(g->items);
    free(g->hashes);
    free(g->lengths);
    free(g->group);
    free(g->groups);
    gc_groups_init(g);
}

/* ---- items ---- */

static bool resize(void *array_p, size_t count, size_t size)
{
    void *array;
    memcpy(&array, array_p, sizeof array);
    array = realloc(array, count * size);
    if (array)
        memcpy(array_p, &array, sizeof array);
    return array != NULL;
}

static enum gc_err grow(struct gc_groups *g)
{
    uint32_t capacity = g->capacity ? g->capacity * 2 : FIRST_CAPACITY;
    if (capacity > GC_NEAR_MAX_HASHES)
        return GC_ERR_LIMIT;
    if (!resize(&g->items, capacity, sizeof *g->items) || !resize(&g->hashes, capacity, sizeof *g->hashes) ||
        !resize(&g->lengths, capacity, sizeof *g->lengths))
        return GC_ERR_NOMEM;
    g->capacity = capacity;
    return GC_OK;
}
_Static_assert((GC_NEAR_MAX_HASHES & (GC_NEAR_MAX_HASHES - 1)) == 0, "doubling comes to the limit itself");

enum gc_err gc_groups_add(struct gc_groups *g, uint32_t item, uint64_t hash, uint32_t length)
{
    GC_ASSERT(g->n == 0 || g->items[g->n - 1] < item);
    enum gc_err err = g->n == g->capacity ? grow(g) : GC_OK;
    if (err)
        return err;
    g->items[g->n] = item;
    g->hashes[g->n] = hash;
    g->lengths[g->n] = length;
    g->n++;
    return GC_OK;
}

/* ---- groups ---- */

static int by_size(const void *a, const void *b)
{
    const struct gc_group *x = a;
    const struct gc_group *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static uint32_t count_groups(struct gc_groups *g, uint32_t *sizes)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->n; i++)
        n += ++sizes[g->group[i]] == 2;
    return n;
}

/* From the first member of each item's group, which is what near.h says, to the groups in order. `sizes`: n zeroes. */
static enum gc_err order(struct gc_groups *g, uint32_t *sizes)
{
    uint32_t n = count_groups(g, sizes);
    g->groups = malloc(n ? n * sizeof *g->groups : 1);
    if (!g->groups)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < g->n; i++)
        if (sizes[i] >= 2)
            g->groups[g->n_groups++] = (struct gc_group){.first = i, .size = sizes[i]};
    GC_ASSERT(g->n_groups == n);
    qsort(g->groups, n, sizeof *g->groups, by_size);
    memset(sizes, 0xff,
           g->n * sizeof *sizes); /* from here on the place of the group that begins there; GC_NO_GROUP */
    for (uint32_t k = 0; k < n; k++)
        sizes[g->groups[k].first] = k;
    for (uint32_t i = 0; i < g->n; i++) {
        uint32_t k = g->group[i] = sizes[g->group[i]];
        if (k == GC_NO_GROUP)
            continue;
        g->groups[k].bytes += sizeof(struct head) + g->lengths[i];
        g->grouped++;
    }
    return GC_OK;
}

enum gc_err gc_groups_find(struct gc_groups *g, unsigned distance)
{
    GC_ASSERT(g->group == NULL);
    g->group = malloc(g->n ? g->n * sizeof *g->group : 1);
    if (!g->group)
        return GC_ERR_NOMEM;
    enum gc_err err = gc_near_groups(g->hashes, g->n, distance, g->group);
    free(g->hashes);
    g->hashes = NULL;
    if (err)
        return err;
    uint32_t *sizes = calloc(g->n + 1, sizeof *sizes);
    if (!sizes)
        return GC_ERR_NOMEM;
    err = order(g, sizes);
    free(sizes);
    return err;
}

/* ---- laying out ---- */

/* What a group takes at most. */
static uint64_t room_of(const struct gc_layout *l, const struct gc_group *group)
{
    uint64_t members = gc_min_u64(group->size, l->members);
    return gc_min_u64(group->bytes, members * (sizeof(struct head) + (uint64_t)l->longest));
}

void gc_layout_begin(struct gc_layout *l, struct gc_groups *g, uint32_t most)
{
    uint64_t at = 0;
    l->to = l->from;
    while (l->to < g->n_groups && l->to - l->from < most) {
        struct gc_group *group = &g->groups[l->to];
        uint64_t room = room_of(l, group);
        if (room > l->capacity - at)
            break;
        group->begin = group->end = at;
        group->there = 0;
        at += room;
        l->to++;
    }
}

bool gc_layout_put(struct gc_layout *l, struct gc_groups *g, uint32_t i, struct gc_bytes source)
{
    GC_ASSERT(i < g->n);
    uint32_t k = g->group[i];
    if (source.len != g->lengths[i])
        return false; /* there might be no room */
    if (k == GC_NO_GROUP || k < l->from || k >= l->to || g->groups[k].there == l->members)
        return true;
    struct gc_group *group = &g->groups[k];
    bool named = source.ptr && source.len <= l->longest;
    uint32_t len = named ? (uint32_t)source.len : 0;
    struct head head = {g->items[i], named ? len : UNNAMED};
    GC_ASSERT(sizeof head + len <= l->capacity - group->end);
    memcpy(l->memory + group->end, &head, sizeof head);
    if (len)
        memcpy(l->memory + group->end + sizeof head, source.ptr, len);
    group->end += sizeof head + len;
    group->there++;
    return true;
}

bool gc_layout_next(const struct gc_layout *l, const struct gc_groups *g, uint32_t group, uint64_t *at,
                    struct gc_group_member *ret)
{
    GC_ASSERT(group >= l->from);
    GC_ASSERT(group < l->to);
    const struct gc_group *of = &g->groups[group];
    struct head head;
    if (of->begin + *at == of->end)
        return false;
    const uint8_t *from = l->memory + of->begin + *at;
    memcpy(&head, from, sizeof head);
    uint32_t len = head.length == UNNAMED ? 0 : head.length;
    *ret = (struct gc_group_member){
        .item = head.item, .named = head.length != UNNAMED, .source = gc_bytes_of(from + sizeof head, len)};
    *at += sizeof head + len;
    return true;
}
