#include "coordinator/core/odd.h"

#include <string.h>

#include "common/assert.h"
#include "common/num.h"
#include "coordinator/core/inside.h"

#define WAKES 256u /* a step */

static bool before(const void *a, const void *b)
{
    const struct core_odd *x = a;
    const struct core_odd *y = b;
    if (x->due != y->due)
        return x->due < y->due;
    return x->item < y->item;
}

static void setpos(void *element, size_t pos)
{
    ((struct core_odd *)element)->due_at = pos;
}

enum gc_err core_odds_init(struct gc_core *core, struct gc_arena *arena, uint32_t odd, uint64_t seed)
{
    struct core_odds *o = &core->odds;
    if (gc_pool_init(&o->pool, arena, sizeof(struct core_odd), odd) != GC_OK ||
        gc_pool_init(&o->given, arena, sizeof(struct core_given), odd) != GC_OK ||
        gc_map_init(&o->by_item, arena, odd, seed) != GC_OK)
        return GC_ERR_NOMEM;
    return gc_heap_init(&o->due, arena, odd, before, setpos);
}

/* Exact: a stage's slot and an item are 32 bits each. */
static uint64_t key(const struct gc_core *core, const struct core_stage *stage, uint64_t item)
{
    GC_ASSERT(item < GC_MAX_ITEMS);
    return (uint64_t)gc_pool_index_of(&core->stages.pool, stage) << 32 | item;
}

struct core_odd *core_odd_find(const struct gc_core *core, const struct core_stage *stage, uint64_t item)
{
    uint64_t handle;
    if (!gc_map_get(&core->odds.by_item, key(core, stage, item), &handle))
        return NULL;
    return gc_pool_at(&core->odds.pool, handle);
}

struct core_odd *core_odd_gate(const struct core_stage *stage)
{
    GC_ASSERT(stage->kind != GC_STAGE_ITEM);
    struct gc_link *first = gc_list_first(&stage->odds);
    return first ? GC_CONTAINER(first, struct core_odd, of_stage) : NULL;
}

struct core_odd *core_odd_new(struct gc_core *core, struct core_stage *stage, uint64_t item)
{
    uint64_t handle;
    struct core_odd *odd = gc_pool_take(&core->odds.pool, &handle);
    if (!odd)
        return NULL;
    odd->stage = stage;
    odd->item = item;
    odd->state = CORE_ODD_WAITING;
    odd->due = GC_UNSET;
    odd->due_at = GC_HEAP_NOWHERE;
    bool put = gc_map_put(&core->odds.by_item, key(core, stage, item), handle);
    GC_ASSERT(put); /* the map is as large as the pool */
    gc_list_append(&stage->odds, &odd->of_stage);
    return odd;
}

/* Leaves the state it is in. */
static void leave(struct gc_core *core, struct core_odd *odd)
{
    if (odd->due_at != GC_HEAP_NOWHERE)
        gc_heap_remove(&core->odds.due, odd->due_at);
    if (gc_link_linked(&odd->ready))
        gc_list_remove(&odd->stage->odd_ready, &odd->ready);
    odd->lease = NULL;
}

void core_odd_free(struct gc_core *core, struct core_odd *odd)
{
    struct core_stage *stage = odd->stage;
    leave(core, odd);
    while (odd->given) {
        struct core_given *given = odd->given;
        odd->given = given->next;
        gc_pool_give(&core->odds.given, gc_pool_handle_of(&core->odds.given, given));
    }
    gc_map_remove(&core->odds.by_item, key(core, stage, odd->item));
    gc_list_remove(&stage->odds, &odd->of_stage);
    gc_pool_give(&core->odds.pool, gc_pool_handle_of(&core->odds.pool, odd));
    core_stage_touch(core, stage);
}

void core_odd_wait(struct gc_core *core, struct core_odd *odd, uint64_t due)
{
    leave(core, odd);
    odd->state = CORE_ODD_WAITING;
    odd->due = due;
    bool pushed = gc_heap_push(&core->odds.due, odd);
    GC_ASSERT(pushed); /* the heap is as large as the pool */
    core_stage_touch(core, odd->stage);
}

void core_odd_ready(struct gc_core *core, struct core_odd *odd)
{
    leave(core, odd);
    odd->state = CORE_ODD_READY;
    gc_list_append(&odd->stage->odd_ready, &odd->ready);
    core_stage_touch(core, odd->stage);
}

void core_odd_lease(struct gc_core *core, struct core_odd *odd, struct core_lease *lease)
{
    leave(core, odd);
    odd->state = CORE_ODD_LEASED;
    odd->lease = lease;
    lease->odd = odd;
    core_stage_touch(core, odd->stage);
}

void core_odd_wake(struct gc_core *core)
{
    for (uint32_t i = 0; i < WAKES; i++) {
        struct core_odd *odd = gc_heap_first(&core->odds.due);
        if (!odd || odd->due > core->now)
            return;
        core_odd_ready(core, odd);
    }
    core->more = true;
}

bool core_odd_give_up(struct gc_core *core, struct core_odd *odd, uint64_t nodes, uint64_t cause,
                      uint64_t attempts, struct gc_bytes text)
{
    struct core_given *given = gc_pool_take(&core->odds.given, NULL);
    if (!given)
        return false;
    given->nodes = nodes & ~core_odd_given(odd); /* the first cause of a node stays */
    given->attempts = attempts;
    given->cause = (uint32_t)cause;
    given->text_len = (uint32_t)gc_min_u64(text.len, GC_MAX_TEXT);
    if (given->text_len > 0)
        memcpy(given->text, text.ptr, given->text_len);
    given->next = odd->given;
    odd->given = given;
    return true;
}

uint64_t core_odd_given(const struct core_odd *odd)
{
    uint64_t nodes = 0;
    for (const struct core_given *given = odd->given; given; given = given->next)
        nodes |= given->nodes;
    return nodes;
}

uint64_t core_odd_dead(const struct core_odd *odd)
{
    uint64_t given = core_odd_given(odd);
    uint64_t dead = given;
    for (uint32_t i = 0; i < odd->stage->n_nodes; i++) {
        if (given >> i & 1)
            dead |= odd->stage->below[i];
    }
    return dead;
}

static const struct core_given *given_of(const struct core_odd *odd, uint32_t node)
{
    const struct core_given *given = odd->given;
    while (given && !(given->nodes >> node & 1))
        given = given->next;
    return given;
}

uint32_t core_odd_records(struct gc_core *core, const struct core_odd *odd, struct gc_given **ret)
{
    uint32_t n = 0;
    *ret = CORE_SCRATCH(core, struct gc_given, odd->stage->n_nodes);
    for (uint32_t node = 0; node < odd->stage->n_nodes; node++) {
        const struct core_given *given = given_of(odd, node);
        if (!given)
            continue;
        (*ret)[n++] = (struct gc_given){.node = node,
                                        .cause = given->cause,
                                        .attempts = given->attempts,
                                        .text = gc_bytes_of(given->text, given->text_len)};
    }
    return n;
}

void core_odd_commit(struct gc_core *core, const struct core_odd *odd)
{
    struct gc_given *given;
    uint32_t n = core_odd_records(core, odd, &given);
    struct gc_commit_odd *commit = &core_commit(core, GC_COMMIT_ODD)->as.odd;
    commit->run_no = odd->stage->run->no;
    commit->stage = odd->stage->index;
    commit->item = odd->item;
    commit->attempts = odd->attempts;
    commit->suspicions = odd->suspicions;
    commit->counted = odd->counted;
    commit->n_given = n;
    commit->given = given;
}
