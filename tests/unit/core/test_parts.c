/* test_parts.c - what is under the scheduler: tables, states of items, spans, memory; and what they cost. */
#include <string.h>
#include <sys/mman.h>

#include "coordinator/core/inside.h"
#include "rig.h"
#include "tests/unit/suite.h"

static struct gc_pool units;
static void *memory;

static void make_units(uint32_t n)
{
    size_t size = (size_t)n * (GC_CORE_BLOCK + 64) + 4096;
    struct gc_arena arena;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    gc_arena_init(&arena, memory, size);
    ck_assert_int_eq(gc_pool_init(&units, &arena, GC_CORE_BLOCK, n), GC_OK);
}

START_TEST(a_table_is_zero_where_nothing_was_set)
{
    static const uint32_t at[] = {0, 1, 255, 256, 65535, 65536, 70000, CORE_TABLE_MAX - 1};
    struct core_table t = {0};
    uint32_t leaf[CORE_TABLE_LEAF], leaves = 0;
    make_units(64);
    ck_assert_uint_eq(core_table_get(&units, &t, 5), 0);
    for (size_t i = 0; i < GC_COUNT_OF(at); i++)
        *core_table_at(&units, &t, at[i]) = at[i] + 1;
    for (size_t i = 0; i < GC_COUNT_OF(at); i++)
        ck_assert_uint_eq(core_table_get(&units, &t, at[i]), at[i] + 1);
    ck_assert_uint_eq(core_table_get(&units, &t, 2), 0);
    ck_assert_uint_eq(core_table_units(&units, &t), units.count);
    while (core_table_pop(&units, &t, leaf))
        leaves++;
    ck_assert_uint_eq(leaves, 6);
    ck_assert_uint_eq(units.count, 0);
    munmap(memory, 1);
}
END_TEST

START_TEST(a_table_without_units_says_so_and_loses_none)
{
    uint32_t leaf[CORE_TABLE_LEAF];
    for (uint32_t n = 0; n < 5; n++) {
        struct core_table t = {0};
        make_units(n);
        ck_assert_int_eq(core_table_at(&units, &t, 3) != NULL, n >= 3);
        if (n >= 3)
            *core_table_at(&units, &t, 3) = 1;
        ck_assert_int_eq(core_table_at(&units, &t, 300) != NULL, n >= 4);
        ck_assert_ptr_null(core_table_at(&units, &t, 70000));
        while (core_table_pop(&units, &t, leaf))
            continue;
        ck_assert_uint_eq(units.count, 0);
    }
}
END_TEST

/* Against an array of bytes, by random legal moves. */
START_TEST(states_of_items_are_what_a_plain_array_says)
{
    enum { N = 20000 };
    static uint8_t model[N];
    struct core_items it = {0};
    uint64_t seed = 42;
    make_units(64);
    memset(model, 0, sizeof model);
    for (int round = 0; round < 20000; round++) {
        uint64_t first = gc_suite_random(&seed) % N;
        uint64_t state = model[first];
        uint64_t end = first, most = 1 + gc_suite_random(&seed) % 3000;
        while (end < N && end - first < most && model[end] == state)
            end++;
        ck_assert_uint_eq(core_items_find_other(&units, &it, first, end, (enum core_item)state), end);
        ck_assert_uint_eq(core_items_find(&units, &it, first, end, (enum core_item)state), first);
        uint64_t to = gc_suite_random(&seed) % 4;
        if (state == CORE_ENDED || to == state)
            continue;
        ck_assert(core_items_reserve(&units, &it, first, end - first));
        core_items_move(&units, &it, first, end - first, (enum core_item)state, (enum core_item)to);
        memset(model + first, (int)to, end - first);
    }
    uint64_t n[4] = {0};
    for (uint64_t i = 0; i < N; i++) {
        ck_assert_uint_eq(core_items_get(&units, &it, i), model[i]);
        n[model[i]]++;
    }
    for (int state = CORE_LEASED; state <= CORE_ODD; state++)
        ck_assert_uint_eq(n[state], it.n[state]);
    ck_assert_uint_eq(core_items_units(&units, &it, N), units.count);
    while (!core_items_release(&units, &it))
        continue;
    ck_assert_uint_eq(units.count, 0);
}
END_TEST

START_TEST(a_hundred_million_items_fit_into_less_than_a_megabyte)
{
    struct core_items it = {0};
    const uint64_t n = 100000000, step = GC_BLOCK_ITEMS;
    uint32_t most = 0;
    make_units(1024);
    for (uint64_t first = 0; first + step <= n; first += step) {
        ck_assert(core_items_reserve(&units, &it, first, step));
        core_items_move(&units, &it, first, step, CORE_PENDING, CORE_LEASED);
        if (first >= 8 * step) /* eight blocks are in flight */
            core_items_move(&units, &it, first - 8 * step, step, CORE_LEASED, CORE_ENDED);
        most = units.count > most ? units.count : most;
    }
    ck_assert_uint_le(most * GC_CORE_BLOCK, 128 * 1024);
    ck_assert_uint_eq(core_items_find(&units, &it, 0, n, CORE_LEASED), 24406 * step);
}
END_TEST

START_TEST(states_without_units_say_so)
{
    struct core_items it = {0};
    make_units(4);
    ck_assert(core_items_reserve(&units, &it, 0, 1));
    ck_assert(!core_items_reserve(&units, &it, 4090, 10));
    core_items_move(&units, &it, 0, 4096, CORE_PENDING, CORE_LEASED);
    core_items_move(&units, &it, 0, 4096, CORE_LEASED, CORE_PENDING); /* folds: a unit is free again */
    ck_assert(core_items_reserve(&units, &it, 4096, 1));
}
END_TEST

START_TEST(leaving_a_state_that_is_not_theirs_aborts)
{
    struct core_items it = {0};
    make_units(8);
    ck_assert(core_items_reserve(&units, &it, 0, 10));
    core_items_move(&units, &it, 0, 10, CORE_LEASED, CORE_ENDED);
}
END_TEST

/* ---- spans ---- */

static struct rig rig;

static struct core_stage *stage_with(uint64_t items, struct gc_core_config config)
{
    rig_make(&rig, config, false);
    rig_run(&rig, 1, (struct rig_shape){.source = true, .nodes = 1});
    struct core_stage *source = core_run_stage(rig.core, 1, 0);
    static struct gc_page page = {.count = GC_PAGE_ITEMS};
    for (uint64_t first = 0; first < items; first += GC_PAGE_ITEMS) {
        page.first = first;
        ck_assert(core_dataset_follows(&source->dataset, &page, 1));
        ck_assert(core_dataset_add(rig.core, &source->dataset, &page, 1));
    }
    return core_run_stage(rig.core, 1, 1);
}

START_TEST(spans_are_found_in_order_and_joined)
{
    struct core_stage *stage = stage_with(8192, (struct gc_core_config){0});
    uint64_t first, end;
    core_spans_add(rig.core, stage, 10, 20);
    core_spans_add(rig.core, stage, 20, 30);
    core_spans_add(rig.core, stage, 5, 6);
    ck_assert_uint_eq(rig.core->spans.pool.count, 2);
    ck_assert(core_spans_cover(stage, 29));
    ck_assert(!core_spans_cover(stage, 30));
    ck_assert(core_spans_next(rig.core, stage, &first, &end));
    ck_assert_uint_eq(first, 10);
    ck_assert_uint_eq(end, 30);
    ck_assert(core_items_reserve(&rig.core->units, &stage->items, 10, 20));
    core_items_move(&rig.core->units, &stage->items, 10, 20, CORE_PENDING, CORE_LEASED);
    ck_assert(core_spans_next(rig.core, stage, &first, &end));
    ck_assert_uint_eq(first, 5);
    ck_assert(core_spans_release(rig.core, stage, 8));
    ck_assert(!core_spans_any(stage));
}
END_TEST

START_TEST(a_full_pool_stretches_the_spare_span)
{
    struct core_stage *stage = stage_with(8192, (struct gc_core_config){.spans = 1});
    uint64_t first, end;
    core_spans_add(rig.core, stage, 100, 110);
    core_spans_add(rig.core, stage, 50, 60);
    core_spans_add(rig.core, stage, 200, 210);
    ck_assert(core_spans_cover(stage, 50));
    ck_assert(core_spans_cover(stage, 209));
    ck_assert(core_items_reserve(&rig.core->units, &stage->items, 100, 10));
    core_items_move(&rig.core->units, &stage->items, 100, 10, CORE_PENDING, CORE_LEASED);
    ck_assert(
        core_spans_next(rig.core, stage, &first, &end)); /* the listed one is used up, the spare is next */
    ck_assert_uint_eq(first, 50);
    ck_assert_uint_eq(end, 100);
    ck_assert(core_spans_release(rig.core, stage, 8));
    ck_assert(!core_spans_any(stage));
}
END_TEST

START_TEST(a_long_search_goes_on_in_the_next_step)
{
    struct core_stage *stage = stage_with(3000000, (struct gc_core_config){0});
    uint64_t first = 0, end = 0;
    for (uint64_t at = 0; at < 2998272; at += GC_BLOCK_ITEMS) {
        ck_assert(core_items_reserve(&rig.core->units, &stage->items, at, GC_BLOCK_ITEMS));
        core_items_move(&rig.core->units, &stage->items, at, GC_BLOCK_ITEMS, CORE_PENDING, CORE_LEASED);
        core_items_move(&rig.core->units, &stage->items, at, GC_BLOCK_ITEMS, CORE_LEASED, CORE_ENDED);
    }
    core_spans_add(rig.core, stage, 0, 3000000);
    int calls = 1;
    while (!core_spans_next(rig.core, stage, &first, &end)) {
        ck_assert(rig.core->more);
        calls++;
    }
    ck_assert_uint_eq(first, 2998272);
    ck_assert_int_eq(calls, 3);
    /* The same in the spare span. */
    ck_assert(core_spans_release(rig.core, stage, 8));
    stage->spare = (struct core_span){.first = 0, .end = 3000000};
    for (calls = 1; !core_spans_next(rig.core, stage, &first, &end); calls++)
        ck_assert(rig.core->more);
    ck_assert_int_eq(calls, 3);
}
END_TEST

START_TEST(pages_are_found_by_halving)
{
    stage_with(100 * GC_PAGE_ITEMS, (struct gc_core_config){0});
    const struct core_dataset *ds = &core_run_stage(rig.core, 1, 0)->dataset;
    for (uint64_t item = 0; item < ds->items; item += 1000) {
        uint64_t page = core_dataset_page(rig.core, ds, item);
        ck_assert_uint_eq(page, item / GC_PAGE_ITEMS);
        ck_assert_uint_eq(core_dataset_end(rig.core, ds, page), (page + 1) * GC_PAGE_ITEMS);
    }
    struct gc_page bad[] = {{.first = ds->items, .count = 0},
                            {.first = ds->items, .count = GC_PAGE_ITEMS + 1},
                            {.first = ds->items + 1, .count = 1}};
    for (int i = 0; i < 3; i++)
        ck_assert(!core_dataset_follows(ds, &bad[i], 1));
    struct core_dataset last = *ds;
    last.items = GC_MAX_ITEMS - 1;
    struct gc_page over = {.first = last.items, .count = 2};
    ck_assert(!core_dataset_follows(&last, &over, 1));
}
END_TEST

/* A million items through a whole core, ten thousand leases: what it held at most. */
START_TEST(a_million_items_cost_well_under_a_megabyte)
{
    rig_make(&rig, (struct gc_core_config){0}, false);
    uint32_t most = 0;
    rig_run(&rig, 1, (struct rig_shape){.source = true, .nodes = 2});
    rig_join(&rig, 1, 4);
    struct rig_lease held[64];
    uint32_t n = 0;
    uint64_t listed = 0, leases = 0;
    while (gc_core_live_runs(rig.core) > 0) {
        const struct gc_effect *e;
        while ((e = rig_next(&rig)) != NULL) {
            if (e->kind == GC_FX_SEND && e->as.msg.type == GC_MSG_LEASE) {
                held[n++] = rig_lease_of(&e->as.msg);
                leases++;
            }
        }
        ck_assert_uint_gt(n, 0);
        struct rig_lease lease = held[0];
        memmove(held, held + 1, --n * sizeof *held);
        if (lease.kind == GC_LEASE_LIST) {
            uint32_t pages = lease.count < 16 ? (uint32_t)lease.count : 16;
            listed += pages * 4096ull;
            rig_pages(&rig, 1, &lease, lease.first, pages, 4096, listed >= 1000000, true);
        } else {
            rig_result(&rig, 1, &lease,
                       (struct rig_result){.first = lease.first,
                                           .count = lease.count,
                                           .nodes = 2,
                                           .outcome = GC_OUTCOME_DONE,
                                           .busy_ns = lease.count * 20000});
        }
        uint32_t used = rig.core->units.count * GC_CORE_BLOCK + rig.core->memory.pages.count * GC_CORE_PAGE;
        most = used > most ? used : most;
    }
    rig_skip(&rig);
    ck_assert_uint_le(most, 100 * 1024);
    ck_assert_uint_le(leases, 2000);
    rig_settle(&rig);
    ck_assert_uint_eq(rig.core->units.count, 0);
    ck_assert_uint_eq(rig.core->memory.pages.count, 0);
    ck_assert_uint_eq(rig.core->stages.pool.count, 0);
    rig_end(&rig);
}
END_TEST

GC_SUITE("core parts", GC_TEST(a_table_is_zero_where_nothing_was_set),
         GC_TEST(a_table_without_units_says_so_and_loses_none),
         GC_TEST(states_of_items_are_what_a_plain_array_says),
         GC_TEST(a_hundred_million_items_fit_into_less_than_a_megabyte), GC_TEST(states_without_units_say_so),
         GC_TEST_ABORTS(leaving_a_state_that_is_not_theirs_aborts),
         GC_TEST(spans_are_found_in_order_and_joined), GC_TEST(a_full_pool_stretches_the_spare_span),
         GC_TEST(a_long_search_goes_on_in_the_next_step), GC_TEST(pages_are_found_by_halving),
         GC_TEST(a_million_items_cost_well_under_a_megabyte))
