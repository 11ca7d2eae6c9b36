#include "coordinator/core/dataset.h"

#include <string.h>

#include "common/assert.h"
#include "common/num.h"
#include "coordinator/core/inside.h"

uint64_t core_dataset_first(const struct gc_core *core, const struct core_dataset *ds, uint64_t page)
{
    GC_ASSERT(page < ds->n_pages);
    return core_table_get(&core->units, &ds->firsts, (uint32_t)page);
}

uint64_t core_dataset_end(const struct gc_core *core, const struct core_dataset *ds, uint64_t page)
{
    return page + 1 == ds->n_pages ? ds->items : core_dataset_first(core, ds, page + 1);
}

uint64_t core_dataset_page(const struct gc_core *core, const struct core_dataset *ds, uint64_t item)
{
    GC_ASSERT(item < ds->items);
    uint64_t low = 0; /* begins at or below the item */
    uint64_t high = ds->n_pages;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (core_dataset_first(core, ds, middle) <= item)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t core_dataset_wants(const struct gc_core *core, const struct core_dataset *ds)
{
    if (gc_list_empty(&ds->consumers) || ds->reached >= ds->items)
        return GC_PAGES_AHEAD;
    uint64_t ahead = ds->n_pages - core_dataset_page(core, ds, ds->reached);
    return gc_sub_u64_floored(GC_PAGES_AHEAD, ahead);
}

bool core_dataset_follows(const struct core_dataset *ds, const struct gc_page *pages, uint32_t n)
{
    uint64_t next = ds->items;
    for (uint32_t i = 0; i < n; i++) {
        if (pages[i].first != next || pages[i].count == 0 || pages[i].count > GC_PAGE_ITEMS)
            return false;
        if (pages[i].count > GC_MAX_ITEMS - next)
            return false;
        next += pages[i].count;
    }
    return n <= CORE_TABLE_MAX - ds->n_pages;
}

bool core_dataset_add(struct gc_core *core, struct core_dataset *ds, const struct gc_page *pages, uint32_t n)
{
    GC_ASSERT(core_dataset_follows(ds, pages, n));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t *first = core_table_at(&core->units, &ds->firsts, (uint32_t)(ds->n_pages + i));
        if (!first)
            return false; /* entries behind n_pages mean nothing */
        *first = (uint32_t)pages[i].first;
    }
    for (uint32_t i = 0; i < n; i++)
        ds->items += pages[i].count;
    ds->n_pages += n;
    return true;
}

void core_dataset_note(struct core_dataset *ds, uint64_t left_out, struct gc_bytes note)
{
    ds->left_out = left_out;
    ds->note_len = (uint32_t)gc_min_u64(note.len, GC_MAX_TEXT);
    if (ds->note_len > 0)
        memcpy(ds->note, note.ptr, ds->note_len);
}
