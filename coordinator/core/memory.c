#include "coordinator/core/memory.h"

#include <string.h>

#include "common/assert.h"
#include "coordinator/core/inside.h"

#define ALIGN      16u
#define PAGE_BYTES (GC_CORE_PAGE - ALIGN)

struct core_page {
    struct core_page *before;
    _Alignas(ALIGN) uint8_t bytes[PAGE_BYTES];
};

_Static_assert(sizeof(struct core_page) == GC_CORE_PAGE, "a page is a page");

void *core_mem_take(struct gc_core *core, struct core_mem *mem, size_t bytes)
{
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    GC_ASSERT(bytes <= PAGE_BYTES);
    if (!mem->last || bytes > PAGE_BYTES - mem->used) {
        struct core_page *page = gc_pool_take(&core->memory.pages, NULL); /* zeroed */
        if (!page)
            return NULL;
        page->before = mem->last;
        mem->last = page;
        mem->used = 0;
    }
    void *p = mem->last->bytes + mem->used;
    mem->used += bytes;
    return p;
}

bool core_mem_copy(struct gc_core *core, struct core_mem *mem, struct gc_bytes from, struct gc_bytes *ret)
{
    uint8_t *copy = core_mem_take(core, mem, from.len);
    if (!copy)
        return false;
    if (from.len > 0)
        memcpy(copy, from.ptr, from.len);
    *ret = gc_bytes_of(copy, from.len);
    return true;
}

void core_mem_release(struct gc_core *core, struct core_mem *mem)
{
    while (mem->last) {
        struct core_page *page = mem->last;
        mem->last = page->before;
        gc_pool_give(&core->memory.pages, gc_pool_handle_of(&core->memory.pages, page));
    }
    mem->used = 0;
}

uint32_t core_mem_pages(const struct core_mem *mem)
{
    uint32_t n = 0;
    for (const struct core_page *page = mem->last; page; page = page->before)
        n++;
    return n;
}
