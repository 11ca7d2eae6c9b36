#include "coordinator/core/share.h"

#include "common/num.h"
#include "coordinator/core/inside.h"

static bool before(const void *a, const void *b)
{
    const struct core_run *x = a;
    const struct core_run *y = b;
    return x->vtime != y->vtime ? x->vtime < y->vtime : x->no > y->no;
}

static void setpos(void *element, size_t pos)
{
    ((struct core_run *)element)->share_at = pos;
}

enum gc_err core_share_init(struct gc_core *core, struct gc_arena *arena, uint32_t runs)
{
    return gc_heap_init(&core->share.runs, arena, runs, before, setpos);
}

bool core_share_wants(const struct core_run *run)
{
    if (!core_run_serves(run))
        return false;
    for (uint32_t kind = 0; kind < GC_STAGE_KINDS; kind++) {
        if (!gc_list_empty(&run->ready[kind]))
            return true;
    }
    return false;
}

void core_share_touch(struct gc_core *core, struct core_run *run)
{
    struct core_share *share = &core->share;
    bool in = run->share_at != GC_HEAP_NOWHERE;
    bool wants = core_share_wants(run);
    if (in && !wants) {
        gc_heap_remove(&share->runs, run->share_at);
    } else if (!in && wants) {
        run->vtime = gc_max_u64(run->vtime, share->clock);
        bool pushed = gc_heap_push(&share->runs, run);
        GC_ASSERT(pushed); /* there is a place for each run */
    }
}

struct core_run *core_share_first(const struct gc_core *core)
{
    return gc_heap_first(&core->share.runs);
}

void core_share_charge(struct gc_core *core, struct core_run *run, uint64_t ns)
{
    core->share.clock = gc_max_u64(core->share.clock, run->vtime);
    run->vtime += gc_max_u64(1, ns / run->weight);
    if (run->share_at != GC_HEAP_NOWHERE)
        gc_heap_moved(&core->share.runs, run->share_at);
}
