#include "common/heap.h"
#include "tests/unit/suite.h"

struct timer {
    uint64_t due;
    size_t pos;
};

static bool before(const void *a, const void *b)
{
    return ((const struct timer *)a)->due < ((const struct timer *)b)->due;
}

static void setpos(void *element, size_t pos)
{
    ((struct timer *)element)->pos = pos;
}

static _Alignas(16) uint8_t block[8192];
static struct gc_heap heap;

static void make(size_t capacity)
{
    struct gc_arena arena;
    gc_arena_init(&arena, block, sizeof block);
    ck_assert_int_eq(gc_heap_init(&heap, &arena, capacity, before, setpos), GC_OK);
}

START_TEST(comes_out_in_order)
{
    enum { N = 200 };
    make(N);
    static struct timer timers[N];
    uint64_t seed = 7;
    for (size_t i = 0; i < N; i++) {
        timers[i].due = gc_suite_random(&seed) % 50; /* many equal */
        ck_assert(gc_heap_push(&heap, &timers[i]));
        ck_assert(gc_heap_sound(&heap));
    }
    uint64_t last = 0;
    for (size_t i = 0; i < N; i++) {
        const struct timer *first = gc_heap_first(&heap);
        struct timer *t = gc_heap_take(&heap);
        ck_assert_ptr_eq(t, first);
        ck_assert_uint_ge(t->due, last);
        ck_assert_uint_eq(t->pos, GC_HEAP_NOWHERE);
        last = t->due;
    }
    ck_assert_ptr_null(gc_heap_take(&heap));
    ck_assert_ptr_null(gc_heap_first(&heap));
}
END_TEST

START_TEST(full_is_an_answer)
{
    make(1);
    struct timer a = {1, 0}, b = {0, 99};
    ck_assert(gc_heap_push(&heap, &a));
    ck_assert(!gc_heap_push(&heap, &b));
    ck_assert_uint_eq(b.pos, 99);
    ck_assert_ptr_eq(gc_heap_first(&heap), &a);

    struct gc_arena small;
    gc_arena_init(&small, block, 7);
    ck_assert_int_eq(gc_heap_init(&heap, &small, 1, before, setpos), GC_ERR_NOMEM);
}
END_TEST

/* Pushes, cancels and moves at random; every element knows its place all the while. */
START_TEST(elements_know_their_place)
{
    enum { N = 64 };
    make(N);
    static struct timer timers[N];
    for (size_t i = 0; i < N; i++)
        timers[i].pos = GC_HEAP_NOWHERE;
    uint64_t seed = 11;
    for (int step = 0; step < 20000; step++) {
        uint64_t r = gc_suite_random(&seed);
        struct timer *t = &timers[r % N];
        uint64_t due = (r >> 16) % 1000;
        if (t->pos == GC_HEAP_NOWHERE) {
            t->due = due;
            ck_assert(gc_heap_push(&heap, t));
        } else if ((r >> 8) % 2) {
            ck_assert_ptr_eq(gc_heap_remove(&heap, t->pos), t);
            ck_assert_uint_eq(t->pos, GC_HEAP_NOWHERE);
        } else {
            t->due = due;
            gc_heap_moved(&heap, t->pos);
        }
        ck_assert(gc_heap_sound(&heap));
    }
    size_t in = 0;
    for (size_t i = 0; i < N; i++) {
        if (timers[i].pos == GC_HEAP_NOWHERE)
            continue;
        ck_assert_ptr_eq(heap.elements[timers[i].pos], &timers[i]);
        in++;
    }
    ck_assert_uint_eq(in, heap.count);
}
END_TEST

START_TEST(disorder_is_seen)
{
    make(3);
    struct timer t[3] = {{1, 0}, {2, 0}, {3, 0}};
    for (size_t i = 0; i < 3; i++)
        ck_assert(gc_heap_push(&heap, &t[i]));
    t[2].due = 0;
    ck_assert(!gc_heap_sound(&heap));
    gc_heap_moved(&heap, t[2].pos);
    ck_assert(gc_heap_sound(&heap));
    ck_assert_ptr_eq(gc_heap_first(&heap), &t[2]);
}
END_TEST

START_TEST(a_place_outside)
{
    make(3);
    gc_heap_remove(&heap, 0);
}
END_TEST

GC_SUITE("heap", GC_TEST(comes_out_in_order), GC_TEST(full_is_an_answer), GC_TEST(elements_know_their_place),
         GC_TEST(disorder_is_seen), GC_TEST_ABORTS(a_place_outside))
