#include "worker/pool/watch.h"

#include "common/assert.h"
#include "common/num.h"

void gc_watch_begin(struct gc_watch *w, uint64_t first, uint64_t end, uint64_t now_ns)
{
    GC_ASSERT(first < end);
    *w = (struct gc_watch){.end = end, .next = first, .since_ns = now_ns, .looked_ns = now_ns};
}

void gc_watch_look(struct gc_watch *w, uint64_t started_ns, uint64_t item, uint64_t now_ns)
{
    w->at = started_ns != 0;
    if (w->at && item >= w->next && item < w->end) {
        w->next = item + 1;
        w->since_ns = gc_max_u64(gc_min_u64(started_ns, now_ns), w->looked_ns);
    }
    w->looked_ns = now_ns;
}

uint64_t gc_watch_until(const struct gc_watch *w, uint64_t heard_ns, uint64_t timeout_ns, uint64_t grace_ns)
{
    if (w->at)
        return gc_add_u64_capped(w->since_ns, timeout_ns);
    uint64_t since = gc_max_u64(w->since_ns, heard_ns);
    return gc_add_u64_capped(gc_add_u64_capped(since, timeout_ns), grace_ns);
}
