/* Clashes of names, in bytes. */
#include "proto/names.h"
#include "tests/unit/suite.h"

static uint8_t bytes[256];

START_TEST(they_come_back_in_order)
{
    static const struct gc_clash all[] = {{0, 0, 0, 0}, {5, 1, 3, 2}, {UINT64_MAX, 511, 1u << 20, 7}};
    struct gc_buf out;
    struct gc_reader in;
    struct gc_clash c;
    gc_buf_init(&out, bytes, sizeof bytes);
    for (size_t i = 0; i < GC_COUNT_OF(all); i++)
        ck_assert(gc_clash_put(&out, &all[i]));
    gc_reader_init(&in, gc_buf_bytes(&out));
    for (size_t i = 0; i < GC_COUNT_OF(all); i++) {
        ck_assert(gc_clash_take(&in, &c));
        ck_assert_uint_eq(c.item, all[i].item);
        ck_assert_uint_eq(c.node, all[i].node);
        ck_assert_uint_eq(c.first_item, all[i].first_item);
        ck_assert_uint_eq(c.first_node, all[i].first_node);
    }
    ck_assert(!gc_clash_take(&in, &c));
    ck_assert(gc_reader_done(&in));
}
END_TEST

START_TEST(what_is_cut_is_not_taken_for_the_end)
{
    struct gc_buf out;
    struct gc_reader in;
    struct gc_clash c = {1000, 2000, 3000, 4000};
    gc_buf_init(&out, bytes, sizeof bytes);
    ck_assert(gc_clash_put(&out, &c));
    for (size_t len = 1; len < out.len; len++) {
        gc_reader_init(&in, gc_bytes_of(bytes, len));
        ck_assert(!gc_clash_take(&in, &c));
        ck_assert(!gc_reader_done(&in));
    }
}
END_TEST

START_TEST(what_does_not_fit_is_told)
{
    const struct gc_clash c = {1000, 2000, 3000, 4000};
    for (size_t room = 0; room < 8; room++) {
        struct gc_buf out;
        gc_buf_init(&out, bytes, room);
        ck_assert(!gc_clash_put(&out, &c));
    }
}
END_TEST

GC_SUITE("proto: clashes of names", GC_TEST(they_come_back_in_order),
         GC_TEST(what_is_cut_is_not_taken_for_the_end), GC_TEST(what_does_not_fit_is_told))
