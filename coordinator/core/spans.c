#include "coordinator/core/spans.h"

#include "common/assert.h"
#include "common/num.h"
#include "coordinator/core/inside.h"

static struct core_span *span_of(struct gc_link *link)
{
    return GC_CONTAINER(link, struct core_span, link);
}

static bool empty(const struct core_span *span)
{
    return span->first >= span->end;
}

static void stretch(struct core_span *span, uint64_t first, uint64_t end)
{
    span->first = empty(span) ? first : gc_min_u64(span->first, first);
    span->end = gc_max_u64(span->end, end);
}

void core_spans_add(struct gc_core *core, struct core_stage *stage, uint64_t first, uint64_t end)
{
    GC_ASSERT(first < end);
    struct gc_link *last = gc_list_last(&stage->spans);
    if (last && span_of(last)->end == first) {
        span_of(last)->end = end;
        return;
    }
    struct core_span *span = gc_pool_take(&core->spans.pool, NULL);
    if (!span) {
        stretch(&stage->spare, first, end);
        return;
    }
    span->first = first;
    span->end = end;
    gc_list_append(&stage->spans, &span->link);
}

bool core_spans_any(const struct core_stage *stage)
{
    return !gc_list_empty(&stage->spans) || !empty(&stage->spare);
}

static void drop(struct gc_core *core, struct core_stage *stage, struct core_span *span)
{
    gc_list_remove(&stage->spans, &span->link);
    gc_pool_give(&core->spans.pool, gc_pool_handle_of(&core->spans.pool, span));
}

/* Cuts off the front of `span` that holds nothing, within the budget. True: its first item is PENDING. */
static bool advance(struct gc_core *core, struct core_stage *stage, struct core_span *span, uint64_t *budget)
{
    uint64_t stop = gc_min_u64(span->end, span->first + *budget * GC_BLOCK_ITEMS);
    uint64_t found = core_items_find(&core->units, &stage->items, span->first, stop, CORE_PENDING);
    *budget -= gc_min_u64(*budget, (found - span->first) / GC_BLOCK_ITEMS + 1);
    span->first = found;
    return found < stop;
}

static bool found(struct gc_core *core, struct core_stage *stage, const struct core_span *span,
                  uint64_t *ret_first, uint64_t *ret_end)
{
    uint64_t most = gc_min_u64(span->end, span->first + GC_MAX_LEASE_ITEMS);
    *ret_first = span->first;
    *ret_end = core_items_find_other(&core->units, &stage->items, span->first, most, CORE_PENDING);
    return true;
}

bool core_spans_next(struct gc_core *core, struct core_stage *stage, uint64_t *ret_first, uint64_t *ret_end)
{
    uint64_t budget = CORE_SCAN_BLOCKS;
    while (budget > 0 && !gc_list_empty(&stage->spans)) {
        struct core_span *span = span_of(gc_list_first(&stage->spans));
        if (advance(core, stage, span, &budget))
            return found(core, stage, span, ret_first, ret_end);
        if (empty(span))
            drop(core, stage, span);
    }
    if (budget > 0 && !empty(&stage->spare) && advance(core, stage, &stage->spare, &budget))
        return found(core, stage, &stage->spare, ret_first, ret_end);
    if (core_spans_any(stage))
        core->more = true;
    return false;
}

bool core_spans_release(struct gc_core *core, struct core_stage *stage, uint32_t budget)
{
    stage->spare.end = stage->spare.first;
    for (; budget > 0 && !gc_list_empty(&stage->spans); budget--)
        drop(core, stage, span_of(gc_list_first(&stage->spans)));
    return gc_list_empty(&stage->spans);
}

bool core_spans_cover(const struct core_stage *stage, uint64_t item)
{
    if (stage->spare.first <= item && item < stage->spare.end)
        return true;
    GC_LIST_EACH (it, &stage->spans) {
        const struct core_span *span = span_of(it);
        if (span->first <= item && item < span->end)
            return true;
    }
    return false;
}
