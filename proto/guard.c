#include "proto/guard.h"

#include "proto/limits.h"
#include "proto/values.h"

enum gc_err gc_guard(struct gc_bytes bytes, size_t max_objects, size_t *ret_objects)
{
    size_t open[GC_MAX_DEPTH]; /* objects still to come in each container that is open */
    unsigned depth = 0;
    size_t objects = 0;
    do {
        struct gc_value_token t;
        if (gc_value_next(&bytes, &t) != GC_OK)
            return GC_ERR_INVALID;
        if (depth > 0)
            open[depth - 1]--;
        if (t.kind == GC_TOKEN_ARRAY || t.kind == GC_TOKEN_MAP) {
            size_t n = t.kind == GC_TOKEN_MAP ? 2u * (size_t)t.n : t.n;
            if (depth == GC_MAX_DEPTH)
                return GC_ERR_INVALID;
            if (n > max_objects - objects)
                return GC_ERR_LIMIT;
            objects += n;
            open[depth++] = n;
        }
        while (depth > 0 && open[depth - 1] == 0)
            depth--;
    } while (depth > 0);
    if (bytes.len != 0)
        return GC_ERR_INVALID;
    *ret_objects = objects;
    return GC_OK;
}
