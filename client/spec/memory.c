/* A spec's memory: blocks that are freed together, at most GC_SPEC_MAX_MEMORY of them. */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "client/spec/loader.h"
#include "common/arena.h"
#include "common/num.h"

enum { FIRST_BLOCK = 32 * 1024 };

struct gc_spec_block {
    struct gc_spec_block *older;
    size_t total; /* bytes of this and all older blocks */
    struct gc_arena arena;
};

/* Each block is twice the one before, so that there are few of them whatever the file's size. */
static enum gc_err add_block(struct gc_spec *spec, size_t needed)
{
    struct gc_spec_block *last = spec->memory;
    size_t size = last ? 2 * last->arena.size : FIRST_BLOCK;
    size = gc_max_size(size, needed + alignof(max_align_t));
    size_t total = (last ? last->total : 0) + size;
    if (total > GC_SPEC_MAX_MEMORY)
        return GC_ERR_LIMIT;
    struct gc_spec_block *block = malloc(sizeof *block + size);
    if (!block)
        return GC_ERR_NOMEM;
    *block = (struct gc_spec_block){.older = last, .total = total};
    gc_arena_init(&block->arena, block + 1, size);
    spec->memory = block;
    return GC_OK;
}

enum gc_err gc_spec_grow(struct gc_spec *spec, size_t size, void **ret)
{
    if (size > GC_SPEC_MAX_MEMORY)
        return GC_ERR_LIMIT;
    void *taken = spec->memory ? gc_arena_take(&spec->memory->arena, size, alignof(max_align_t)) : NULL;
    if (!taken) {
        enum gc_err err = add_block(spec, size);
        if (err)
            return err;
        taken = gc_arena_take(&spec->memory->arena, size, alignof(max_align_t));
    }
    memset(taken, 0, size);
    *ret = taken;
    return GC_OK;
}

void gc_spec_free(struct gc_spec *spec)
{
    while (spec->memory) {
        struct gc_spec_block *older = spec->memory->older;
        free(spec->memory);
        spec->memory = older;
    }
}

void *gc_loader_take(struct gc_loader *l, size_t count, size_t size)
{
    size_t bytes;
    void *taken = NULL;
    if (!gc_mul_size(count, size, &bytes))
        l->err = GC_ERR_LIMIT;
    else if (!l->err)
        l->err = gc_spec_grow(l->spec, bytes, &taken);
    return taken;
}

struct gc_str gc_loader_copy(struct gc_loader *l, struct gc_str text)
{
    char *copy = GC_LOADER_ARRAY(l, char, text.len + 1);
    if (!copy)
        return GC_STR("");
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return gc_str_from(copy, text.len);
}
