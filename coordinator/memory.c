#include "coordinator/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_BYTES 2048u

struct gc_memory_block {
    struct gc_memory_block *next;
    size_t used;
    size_t size;
    _Alignas(16) uint8_t bytes[];
};

static struct gc_memory_block *grow(struct gc_memory *m, size_t bytes)
{
    size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    struct gc_memory_block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    *block = (struct gc_memory_block){.next = m->blocks, .size = size};
    m->blocks = block;
    m->total += sizeof *block + size;
    return block;
}

void *gc_memory_take(struct gc_memory *m, size_t bytes)
{
    size_t rounded = (bytes + 15u) & ~(size_t)15u;
    if (rounded < bytes)
        return NULL;
    struct gc_memory_block *block = m->blocks;
    if (!block || block->size - block->used < rounded)
        block = grow(m, rounded);
    if (!block)
        return NULL;
    void *piece = block->bytes + block->used;
    block->used += rounded;
    return piece;
}

bool gc_memory_keep(struct gc_memory *m, struct gc_bytes from, struct gc_bytes *ret)
{
    void *to = gc_memory_take(m, from.len);
    if (!to)
        return false;
    if (from.len)
        memcpy(to, from.ptr, from.len);
    *ret = gc_bytes_of(to, from.len);
    return true;
}

void gc_memory_release(struct gc_memory *m)
{
    while (m->blocks) {
        struct gc_memory_block *next = m->blocks->next;
        free(m->blocks);
        m->blocks = next;
    }
    *m = (struct gc_memory){.blocks = NULL};
}

enum gc_err gc_mapping_make(size_t size, struct gc_mapping *ret)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return GC_ERR_NOMEM;
    *ret = (struct gc_mapping){base, size};
    return GC_OK;
}

void gc_mapping_release(struct gc_mapping *m)
{
    if (m->base)
        munmap(m->base, m->size);
    *m = (struct gc_mapping){.base = NULL};
}
