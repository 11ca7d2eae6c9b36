/* What the whole fleet can do: the catalogues of its workers as one. */
#include "common/assert.h"
#include "coordinator/plan/plan.h"

#include <string.h>

/* Ops by name, none twice. */
struct merged {
    uint32_t n;
    const struct gc_op *ops[GC_MAX_OPS];
};

/* Where the name stands or would stand. */
static uint32_t place_of(const struct merged *m, struct gc_bytes name, bool *ret_there)
{
    uint32_t low = 0;
    uint32_t high = m->n;
    *ret_there = false;
    while (low < high && !*ret_there) {
        uint32_t middle = low + (high - low) / 2;
        int order = gc_str_compare(gc_bytes_str(m->ops[middle]->name), gc_bytes_str(name));
        *ret_there = order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return *ret_there ? high : low;
}

static enum gc_err add(struct merged *m, const struct gc_op *op)
{
    bool there;
    uint32_t at = place_of(m, op->name, &there);
    if (there)
        return GC_OK;
    if (m->n == GC_MAX_OPS)
        return GC_ERR_LIMIT;
    memmove(&m->ops[at + 1], &m->ops[at], (m->n - at) * sizeof(const struct gc_op *));
    m->ops[at] = op;
    m->n++;
    return GC_OK;
}

enum gc_err gc_catalogue_union(const struct gc_catalogue *const *all, uint32_t n, struct gc_arena *arena,
                               struct gc_catalogue *ret)
{
    GC_ASSERT(all != NULL || n == 0);
    struct merged m = {0};
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < all[i]->n_ops; k++) {
            enum gc_err err = add(&m, &all[i]->ops[k]);
            if (err)
                return err;
        }
    }
    struct gc_op *ops = GC_ARENA_ARRAY(arena, struct gc_op, m.n);
    if (!ops)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < m.n; i++)
        ops[i] = *m.ops[i];
    *ret = (struct gc_catalogue){.n_ops = m.n, .ops = ops};
    if (n)
        ret->build = all[0]->build;
    return GC_OK;
}
