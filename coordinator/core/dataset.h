/* dataset.h - what a source has listed: its pages, how far it is ahead of those who read it, and whether it is at its end.
 *
 * Of a page only the number of its first item is kept here (32 bits); blocks, digests and the cursor are the store's. Items are
 * those of the pages that were committed; a page, and so a lease, never straddles another.
 * Cost: an item's page is found by halving, O(log pages).
 */
#ifndef GC_CORE_DATASET_H
#define GC_CORE_DATASET_H

#include "common/list.h"
#include "coordinator/core/core.h"
#include "coordinator/core/table.h"

struct core_lease;
struct core_stage;

struct core_dataset {
    struct core_table firsts; /* by page */
    uint64_t n_pages;
    uint64_t items;
    bool ended;
    uint64_t left_out;
    uint64_t reached;         /* first item that no consumer was leased yet */
    struct gc_list consumers; /* stages, by their `consumer` */
    struct core_lease *lease; /* the one LIST lease, or NULL */
    uint32_t note_len;
    uint8_t *note; /* GC_MAX_TEXT bytes */
};

/* Number of the page that holds a listed item; where it begins and ends. */
uint64_t core_dataset_page(const struct gc_core *core, const struct core_dataset *ds, uint64_t item);
uint64_t core_dataset_first(const struct gc_core *core, const struct core_dataset *ds, uint64_t page);
uint64_t core_dataset_end(const struct gc_core *core, const struct core_dataset *ds, uint64_t page);

/* Pages that may be listed now: GC_PAGES_AHEAD less those beyond `reached`; all, where nobody reads. */
uint64_t core_dataset_wants(const struct gc_core *core, const struct core_dataset *ds);

/* Adds pages that follow what is there. False: no unit is left, and nothing was added. */
bool core_dataset_add(struct gc_core *core, struct core_dataset *ds, const struct gc_page *pages,
                      uint32_t n) GC_MUST_CHECK;
/* Whether they follow: contiguous from `items`, none empty or too large, within GC_MAX_ITEMS. */
bool core_dataset_follows(const struct core_dataset *ds, const struct gc_page *pages, uint32_t n);
void core_dataset_note(struct core_dataset *ds, uint64_t left_out, struct gc_bytes note);

#endif
