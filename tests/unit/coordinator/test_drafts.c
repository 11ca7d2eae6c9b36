/* Plans of dry submissions are bounded in number, bytes and time. */
#include "coordinator/drafts.h"

#include <string.h>

#include "tests/unit/suite.h"

static struct gc_drafts drafts;
static uint8_t bytes[GC_MAX_DOCUMENT];

static uint64_t keep(size_t len, uint64_t now_ns)
{
    return gc_drafts_keep(&drafts, gc_bytes_of(bytes, len), now_ns);
}

static bool there(uint64_t number, uint64_t now_ns)
{
    struct gc_bytes plan;
    return gc_drafts_find(&drafts, number, now_ns, &plan);
}

START_TEST(a_copy_is_kept)
{
    struct gc_bytes plan;
    gc_drafts_init(&drafts);
    memset(bytes, 7, 5);
    uint64_t number = keep(5, 0);
    ck_assert_uint_eq(number, GC_DRAFT_FIRST);
    memset(bytes, 8, 5);
    ck_assert(gc_drafts_find(&drafts, number, 0, &plan));
    ck_assert_uint_eq(plan.len, 5);
    ck_assert_int_eq(plan.ptr[4], 7);
    uint64_t empty = keep(0, 0);
    ck_assert_uint_eq(empty, number + 1);
    ck_assert(gc_drafts_find(&drafts, empty, 0, &plan));
    ck_assert_uint_eq(plan.len, 0);
    ck_assert(!there(0, 0));
    gc_drafts_release(&drafts);
    ck_assert(!there(number, 0));
}
END_TEST

START_TEST(the_one_used_longest_ago_makes_room)
{
    gc_drafts_init(&drafts);
    uint64_t first = keep(1, 0);
    for (unsigned i = 1; i < GC_DRAFTS; i++)
        ck_assert_uint_eq(keep(1, 0), first + i);
    ck_assert(there(first, 0)); /* which makes it the newest */
    uint64_t last = keep(1, 0);
    ck_assert(there(first, 0));
    ck_assert(!there(first + 1, 0));
    ck_assert(there(first + 2, 0));
    ck_assert(there(last, 0));
    gc_drafts_release(&drafts);
}
END_TEST

START_TEST(bytes_are_bounded)
{
    enum { FIT = GC_DRAFTS_BYTES / GC_MAX_DOCUMENT };
    gc_drafts_init(&drafts);
    uint64_t first = keep(sizeof bytes, 0);
    for (unsigned i = 1; i < FIT; i++)
        ck_assert_uint_ne(keep(sizeof bytes, 0), 0);
    ck_assert(there(first + 1, 0));
    uint64_t small = keep(1, 0); /* one goes */
    ck_assert(!there(first, 0));
    ck_assert(there(first + 1, 0));
    uint64_t large = keep(sizeof bytes, 0); /* there is room for all but a byte: another goes */
    ck_assert(!there(first + 2, 0));
    ck_assert(there(small, 0));
    ck_assert(there(large, 0));
    gc_drafts_release(&drafts);
}
END_TEST

START_TEST(what_nobody_reads_is_forgotten)
{
    gc_drafts_init(&drafts);
    uint64_t a = keep(1, 0);
    uint64_t b = keep(1, 1);
    gc_drafts_tend(&drafts, GC_DRAFT_NS - 1);
    ck_assert(there(a, GC_DRAFT_NS - 1));
    gc_drafts_tend(&drafts, GC_DRAFT_NS + 1);
    ck_assert(there(a, GC_DRAFT_NS + 1));
    ck_assert(!there(b, GC_DRAFT_NS + 1));
    gc_drafts_tend(&drafts, 3 * GC_DRAFT_NS);
    ck_assert(!there(a, 3 * GC_DRAFT_NS));
    ck_assert_uint_eq(drafts.bytes, 0);
    gc_drafts_release(&drafts);
}
END_TEST

GC_SUITE("coordinator: drafts", GC_TEST(a_copy_is_kept), GC_TEST(the_one_used_longest_ago_makes_room),
         GC_TEST(bytes_are_bounded), GC_TEST(what_nobody_reads_is_forgotten))
