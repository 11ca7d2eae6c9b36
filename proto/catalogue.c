#include "proto/catalogue.h"

const struct gc_op *gc_catalogue_op(const struct gc_catalogue *c, struct gc_bytes name)
{
    uint32_t low = 0;
    uint32_t high = c->n_ops;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = gc_str_compare(gc_bytes_str(c->ops[middle].name), gc_bytes_str(name));
        if (order == 0)
            return &c->ops[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
