#include "common/hash.h"
#include "common/map.h"
#include "tests/unit/suite.h"

#include <string.h>

static _Alignas(16) uint8_t block[64 * 1024];
static struct gc_map map;

static void make(size_t capacity, uint64_t seed)
{
    struct gc_arena arena;
    memset(block, 0xa5, sizeof block);
    gc_arena_init(&arena, block, sizeof block);
    ck_assert_int_eq(gc_map_init(&map, &arena, capacity, seed), GC_OK);
}

START_TEST(any_number_is_a_key)
{
    make(4, 0);
    uint64_t v = 99;
    ck_assert(!gc_map_get(&map, 0, &v));
    ck_assert_uint_eq(v, 99);
    ck_assert(gc_map_put(&map, 0, 1));
    ck_assert(gc_map_put(&map, UINT64_MAX, 2));
    ck_assert(gc_map_get(&map, 0, &v));
    ck_assert_uint_eq(v, 1);
    ck_assert(gc_map_get(&map, UINT64_MAX, &v));
    ck_assert_uint_eq(v, 2);
    ck_assert(gc_map_get(&map, 0, NULL));
    ck_assert(gc_map_put(&map, 0, 3));
    ck_assert_uint_eq(map.count, 2);
    ck_assert(gc_map_get(&map, 0, &v));
    ck_assert_uint_eq(v, 3);
    ck_assert(gc_map_remove(&map, 0));
    ck_assert(!gc_map_remove(&map, 0));
    ck_assert_uint_eq(map.count, 1);
    gc_map_clear(&map);
    ck_assert(!gc_map_get(&map, UINT64_MAX, NULL));
}
END_TEST

START_TEST(full_is_an_answer)
{
    make(3, 0);
    for (uint64_t k = 0; k < 3; k++)
        ck_assert(gc_map_put(&map, k, k));
    ck_assert(!gc_map_put(&map, 3, 3));
    ck_assert(gc_map_put(&map, 2, 20)); /* replacing needs no room */
    ck_assert(!gc_map_get(&map, 3, NULL));
    ck_assert(gc_map_sound(&map));
}
END_TEST

START_TEST(a_map_of_none)
{
    make(0, 0);
    ck_assert(!gc_map_put(&map, 1, 1));
    ck_assert(!gc_map_get(&map, 1, NULL));
    ck_assert(!gc_map_remove(&map, 1));
}
END_TEST

START_TEST(an_arena_too_small)
{
    struct gc_arena arena;
    gc_arena_init(&arena, block, 1000);
    ck_assert_int_eq(gc_map_init(&map, &arena, 1000, 0), GC_ERR_NOMEM);
    ck_assert_int_eq(gc_map_init(&map, &arena, SIZE_MAX, 0), GC_ERR_NOMEM);
    ck_assert_int_eq(gc_map_init(&map, &arena, SIZE_MAX / 2, 0), GC_ERR_NOMEM);
    ck_assert_uint_eq(arena.used, 0);
}
END_TEST

/* Few keys in a nearly full table: runs wrap around and removals move many. */
START_TEST(agrees_with_a_model)
{
    enum { KEYS = 60, CAPACITY = 48 };
    for (uint64_t round = 1; round <= 20; round++) {
        make(CAPACITY, round);
        bool in[KEYS] = {false};
        uint64_t value[KEYS] = {0};
        size_t count = 0;
        uint64_t seed = round;
        for (int step = 0; step < 2000; step++) {
            uint64_t r = gc_suite_random(&seed);
            size_t k = (size_t)r % KEYS;
            if ((r >> 16) % 3) {
                bool fits = in[k] || count < CAPACITY;
                ck_assert_int_eq(gc_map_put(&map, k, r), fits);
                if (fits) {
                    count += !in[k];
                    in[k] = true;
                    value[k] = r;
                }
            } else {
                ck_assert_int_eq(gc_map_remove(&map, k), in[k]);
                count -= in[k];
                in[k] = false;
            }
            ck_assert_uint_eq(map.count, count);
        }
        ck_assert(gc_map_sound(&map));
        for (size_t k = 0; k < KEYS; k++) {
            uint64_t v = 0;
            ck_assert_int_eq(gc_map_get(&map, k, &v), in[k]);
            if (in[k])
                ck_assert_uint_eq(v, value[k]);
        }
    }
}
END_TEST

START_TEST(a_lost_entry_is_seen)
{
    make(10, 0);
    for (uint64_t k = 0; k < 10; k++)
        ck_assert(gc_map_put(&map, k, k));
    ck_assert(gc_map_sound(&map));
    map.count--;
    ck_assert(!gc_map_sound(&map));
}
END_TEST

GC_SUITE("map", GC_TEST(any_number_is_a_key), GC_TEST(full_is_an_answer), GC_TEST(a_map_of_none),
         GC_TEST(an_arena_too_small), GC_TEST(agrees_with_a_model), GC_TEST(a_lost_entry_is_seen))
