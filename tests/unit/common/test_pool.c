#include "common/pool.h"
#include "tests/unit/suite.h"

#include <string.h>

struct thing {
    uint32_t number;
    char tail[9];
};

static _Alignas(16) uint8_t block[64 * 1024];
static struct gc_arena arena;
static struct gc_pool pool;

static void make(uint32_t capacity)
{
    memset(block, 0xa5, sizeof block); /* an arena promises nothing about its bytes */
    gc_arena_init(&arena, block, sizeof block);
    ck_assert_int_eq(gc_pool_init(&pool, &arena, sizeof(struct thing), capacity), GC_OK);
}

START_TEST(an_element_lives_and_dies)
{
    make(4);
    uint64_t handle = GC_HANDLE_NONE;
    struct thing *t = gc_pool_take(&pool, &handle);
    ck_assert_ptr_nonnull(t);
    ck_assert_uint_ne(handle, GC_HANDLE_NONE);
    ck_assert_uint_eq(t->number, 0);
    ck_assert_ptr_eq(gc_pool_at(&pool, handle), t);
    ck_assert_ptr_eq(gc_pool_at_index(&pool, gc_handle_index(handle)), t);
    ck_assert_uint_eq(gc_pool_index_of(&pool, t), gc_handle_index(handle));
    ck_assert_uint_eq(gc_pool_handle_of(&pool, t), handle);

    t->number = 7;
    gc_pool_give(&pool, handle);
    ck_assert_ptr_null(gc_pool_at(&pool, handle));
    ck_assert_ptr_null(gc_pool_at_index(&pool, gc_handle_index(handle)));

    uint64_t second;
    struct thing *again = gc_pool_take(&pool, &second);
    ck_assert_ptr_eq(again, t); /* the warm one */
    ck_assert_uint_eq(again->number, 0);
    ck_assert_uint_ne(second, handle);
    ck_assert_ptr_null(gc_pool_at(&pool, handle));
    ck_assert_ptr_eq(gc_pool_at(&pool, second), again);
}
END_TEST

START_TEST(made_up_handles_are_stale)
{
    make(4);
    uint64_t handle;
    ck_assert_ptr_nonnull(gc_pool_take(&pool, &handle));
    ck_assert_ptr_null(gc_pool_at(&pool, GC_HANDLE_NONE));
    ck_assert_ptr_null(gc_pool_at(&pool, handle + 1)); /* never taken */
    ck_assert_ptr_null(gc_pool_at(&pool, handle + 4)); /* out of range */
    ck_assert_ptr_null(gc_pool_at(&pool, UINT64_MAX));
    ck_assert_ptr_null(gc_pool_at(&pool, handle + (UINT64_C(1) << 32)));
    gc_pool_give(&pool, handle);
    /* The free slot's generation is even; no handle has that. */
    ck_assert_ptr_null(gc_pool_at(&pool, handle + (UINT64_C(1) << 32)));
}
END_TEST

START_TEST(full_is_an_answer)
{
    make(3);
    uint64_t handles[3];
    for (size_t i = 0; i < 3; i++) {
        ck_assert(!gc_pool_full(&pool));
        ck_assert_ptr_nonnull(gc_pool_take(&pool, &handles[i]));
    }
    ck_assert(gc_pool_full(&pool));
    ck_assert_ptr_null(gc_pool_take(&pool, NULL));
    gc_pool_give(&pool, handles[1]);
    ck_assert_ptr_nonnull(gc_pool_take(&pool, NULL));
    ck_assert(gc_pool_sound(&pool));
}
END_TEST

START_TEST(walks_in_index_order)
{
    make(8);
    uint64_t handles[6];
    for (size_t i = 0; i < 6; i++)
        ck_assert_ptr_nonnull(gc_pool_take(&pool, &handles[i]));
    gc_pool_give(&pool, handles[0]);
    gc_pool_give(&pool, handles[3]);
    const uint32_t expected[] = {1, 2, 4, 5};
    size_t n = 0;
    for (uint32_t i = gc_pool_next(&pool, 0); i != GC_POOL_NO_SLOT; i = gc_pool_next(&pool, i + 1))
        ck_assert_uint_eq(i, expected[n++]);
    ck_assert_uint_eq(n, 4);
}
END_TEST

START_TEST(an_arena_too_small_is_left_as_it_was)
{
    gc_arena_init(&arena, block, 100);
    ck_assert_int_eq(gc_pool_init(&pool, &arena, 16, 5), GC_ERR_NOMEM);
    ck_assert_uint_eq(arena.used, 0);
    ck_assert_int_eq(gc_pool_init(&pool, &arena, SIZE_MAX, 1), GC_ERR_NOMEM);
    ck_assert_int_eq(gc_pool_init(&pool, &arena, 16, 4), GC_OK);
}
END_TEST

START_TEST(a_pool_of_none)
{
    make(0);
    ck_assert(gc_pool_full(&pool));
    ck_assert_ptr_null(gc_pool_take(&pool, NULL));
    ck_assert(gc_pool_sound(&pool));
}
END_TEST

START_TEST(what_was_never_taken_is_never_touched)
{
    make(100);
    uint64_t handle;
    ck_assert_ptr_nonnull(gc_pool_take(&pool, &handle));
    gc_pool_give(&pool, handle);
    for (size_t i = pool.elem_size; i < 100 * pool.elem_size; i++)
        ck_assert_uint_eq(pool.elements[i], 0xa5);
    ck_assert_uint_eq(pool.generation[1], 0xa5a5a5a5);
}
END_TEST

START_TEST(a_worn_out_slot_is_retired)
{
    make(2);
    uint64_t handle;
    ck_assert_ptr_nonnull(gc_pool_take(&pool, &handle));
    pool.generation[0] = UINT32_MAX; /* as if it had been taken 2^31 times */
    handle = (uint64_t)UINT32_MAX << 32;
    gc_pool_give(&pool, handle);
    ck_assert_ptr_null(gc_pool_at(&pool, handle));
    ck_assert_uint_eq(pool.retired, 1);
    ck_assert(gc_pool_sound(&pool));
    uint64_t next;
    ck_assert_ptr_nonnull(gc_pool_take(&pool, &next));
    ck_assert_uint_eq(gc_handle_index(next), 1);
    ck_assert(gc_pool_full(&pool));
    ck_assert(gc_pool_sound(&pool));
}
END_TEST

START_TEST(agrees_with_a_model)
{
    enum { CAPACITY = 40 };
    make(CAPACITY);
    uint64_t live[CAPACITY], dead[64] = {0};
    size_t count = 0, buried = 0;
    uint64_t seed = 42;
    for (int step = 0; step < 20000; step++) {
        uint64_t r = gc_suite_random(&seed);
        if (r % 2) {
            uint64_t handle;
            struct thing *t = gc_pool_take(&pool, &handle);
            ck_assert_int_eq(t == NULL, count == CAPACITY);
            if (t) {
                t->number = (uint32_t)handle * 3;
                live[count++] = handle;
            }
        } else if (count) {
            size_t victim = (size_t)(r >> 8) % count;
            gc_pool_give(&pool, live[victim]);
            dead[buried++ % 64] = live[victim];
            live[victim] = live[--count];
        }
        ck_assert_uint_eq(pool.count, count);
    }
    for (size_t i = 0; i < count; i++) {
        struct thing *t = gc_pool_at(&pool, live[i]);
        ck_assert_ptr_nonnull(t);
        ck_assert_uint_eq(t->number, (uint32_t)live[i] * 3);
    }
    for (size_t i = 0; i < 64; i++)
        ck_assert_ptr_null(gc_pool_at(&pool, dead[i]));
    ck_assert(gc_pool_sound(&pool));
    pool.count++;
    ck_assert(!gc_pool_sound(&pool));
}
END_TEST

START_TEST(given_twice)
{
    make(4);
    uint64_t handle;
    ck_assert_ptr_nonnull(gc_pool_take(&pool, &handle));
    gc_pool_give(&pool, handle);
    gc_pool_give(&pool, handle);
}
END_TEST

START_TEST(a_stranger_has_no_index)
{
    make(4);
    struct thing *t = gc_pool_take(&pool, NULL);
    gc_pool_index_of(&pool, (const uint8_t *)t + 1);
}
END_TEST

GC_SUITE("pool", GC_TEST(an_element_lives_and_dies), GC_TEST(made_up_handles_are_stale),
         GC_TEST(full_is_an_answer), GC_TEST(walks_in_index_order),
         GC_TEST(an_arena_too_small_is_left_as_it_was), GC_TEST(a_pool_of_none),
         GC_TEST(what_was_never_taken_is_never_touched), GC_TEST(a_worn_out_slot_is_retired),
         GC_TEST(agrees_with_a_model), GC_TEST_ABORTS(given_twice), GC_TEST_ABORTS(a_stranger_has_no_index))
