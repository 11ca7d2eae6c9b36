/* Parts of results: what is put is taken, whole or not at all, and bytes that are no parts are refused. */
#include <string.h>

#include "proto/limits.h"
#include "proto/scan.h"
#include "tests/unit/suite.h"

static uint8_t memory[4096];
static struct gc_buf out;

static struct gc_scan_part part_of(uint64_t first, uint64_t count, const char *status, const char *values)
{
    return (struct gc_scan_part){.first = first,
                                 .count = count,
                                 .status = gc_bytes_of(status, strlen(status)),
                                 .values = gc_bytes_of(values, strlen(values))};
}

static void same(const struct gc_scan_part *a, const struct gc_scan_part *b)
{
    ck_assert_uint_eq(a->first, b->first);
    ck_assert_uint_eq(a->count, b->count);
    ck_assert(gc_bytes_equal(a->status, b->status));
    ck_assert(gc_bytes_equal(a->values, b->values));
}

START_TEST(parts_come_back_in_order)
{
    const struct gc_scan_part parts[] = {part_of(0, 1, "s", ""), part_of(1, 4096, "status", "values"),
                                         part_of(GC_MAX_ITEMS - 1, 1, "x", "y"), part_of(7, 0, "", "")};
    enum { N = sizeof parts / sizeof parts[0] };
    gc_buf_init(&out, memory, sizeof memory);
    size_t size = 0;
    for (size_t i = 0; i < N; i++) {
        ck_assert(gc_scan_part_put(&out, &parts[i]));
        size += gc_scan_part_size(&parts[i]);
        ck_assert_uint_eq(out.len, size);
    }
    struct gc_reader in;
    struct gc_scan_part got;
    gc_reader_init(&in, gc_buf_bytes(&out));
    for (size_t i = 0; i < N; i++) {
        ck_assert(gc_scan_part_take(&in, &got));
        same(&got, &parts[i]);
    }
    ck_assert(!gc_scan_part_take(&in, &got));
    ck_assert(gc_reader_done(&in));
}
END_TEST

/* The layout, byte by byte: whoever has kept some must be able to read it. */
START_TEST(bytes_of_a_part)
{
    const struct gc_scan_part part = part_of(300, 2, "st", "val");
    gc_buf_init(&out, memory, sizeof memory);
    ck_assert(gc_scan_part_put(&out, &part));
    ck_assert_uint_eq(out.len, 10);
    ck_assert_mem_eq(memory, "\xac\x02\x02\x02\x03stval", 10);
}
END_TEST

START_TEST(a_part_is_put_whole_or_not_at_all)
{
    const struct gc_scan_part part = part_of(200, 3, "status", "values");
    size_t size = gc_scan_part_size(&part);
    for (size_t room = 0; room < size; room++) {
        gc_buf_init(&out, memory, room);
        ck_assert(!gc_scan_part_put(&out, &part));
        ck_assert_uint_eq(out.len, 0);
        ck_assert(gc_buf_ok(&out)); /* a smaller one may still fit */
    }
    gc_buf_init(&out, memory, size);
    ck_assert(gc_scan_part_put(&out, &part));
    ck_assert(!gc_scan_part_put(&out, &part));
    ck_assert(!gc_buf_put_u8(&out, 0));
    gc_buf_init(&out, memory, sizeof memory);
    out.overflow = true;
    ck_assert(!gc_scan_part_put(&out, &part)); /* what failed before goes on failing */
}
END_TEST

START_TEST(the_largest_numbers_fit_the_head)
{
    struct gc_scan_part part = part_of(UINT64_MAX, UINT64_MAX, "", "");
    part.status.len = part.values.len = SIZE_MAX / 4;
    ck_assert_uint_le(gc_scan_part_size(&part) - 2 * (SIZE_MAX / 4), GC_SCAN_PART_HEAD);
}
END_TEST

/* Cut anywhere, it is no part; nothing is read beyond the bytes (the sanitizers look). */
START_TEST(a_cut_part_is_none)
{
    const struct gc_scan_part part = part_of(1000, 100, "status", "values");
    gc_buf_init(&out, memory, sizeof memory);
    ck_assert(gc_scan_part_put(&out, &part));
    for (size_t len = 1; len < out.len; len++) {
        uint8_t *cut = malloc(len);
        struct gc_reader in;
        struct gc_scan_part got;
        memcpy(cut, memory, len);
        gc_reader_init(&in, gc_bytes_of(cut, len));
        ck_assert(!gc_scan_part_take(&in, &got));
        ck_assert(!gc_reader_done(&in));
        free(cut);
    }
}
END_TEST

static bool takes(const char *bytes, size_t len)
{
    struct gc_reader in;
    struct gc_scan_part got;
    gc_reader_init(&in, gc_bytes_of(bytes, len));
    return gc_scan_part_take(&in, &got);
}

START_TEST(lengths_that_lie_are_refused)
{
    ck_assert(takes("\x00\x01\x02\x01sta", 7));
    ck_assert(!takes("\x00\x01\x04\x00sta", 7));
    ck_assert(!takes("\x00\x01\x02\x02sta", 7));
    /* Their sum wraps around. */
    ck_assert(!takes("\x00\x01\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01st", 15));
    ck_assert(!takes("\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02st", 15));
    /* Numbers that are none: too long, or of more than 64 bits. */
    ck_assert(!takes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x01\x00\x00", 13));
    ck_assert(!takes("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00\x01\x00\x00", 14));
}
END_TEST

GC_SUITE("proto: scan", GC_TEST(parts_come_back_in_order), GC_TEST(bytes_of_a_part),
         GC_TEST(a_part_is_put_whole_or_not_at_all), GC_TEST(the_largest_numbers_fit_the_head),
         GC_TEST(a_cut_part_is_none), GC_TEST(lengths_that_lie_are_refused))
