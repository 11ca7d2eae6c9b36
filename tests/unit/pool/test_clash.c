/* A page's clashes: found by item and node, refused where they are not what the coordinator sends. */
#include "proto/names.h"
#include "tests/unit/suite.h"
#include "worker/pool/blob.h"

static uint8_t bytes[4096];
static struct gc_buf out;

static void put(uint64_t item, uint64_t node, uint64_t first)
{
    const struct gc_clash clash = {item, node, first, node};
    ck_assert(gc_clash_put(&out, &clash));
}

static struct gc_blob *page(void)
{
    gc_buf_init(&out, bytes, sizeof bytes);
    struct gc_blob *b = gc_blob_new(GC_BLOB_PAGE, gc_bytes_of(NULL, 0));
    ck_assert_ptr_nonnull(b);
    return b;
}

START_TEST(clashes_are_found)
{
    struct gc_blob *b = page();
    for (uint64_t item = 100; item < 160; item += 2)
        for (uint64_t node = 3; node < 6; node++)
            put(item, node, item - 7);
    ck_assert_int_eq(gc_blob_add_clashes(b, gc_buf_bytes(&out)), GC_OK);
    for (uint64_t item = 95; item < 165; item++) {
        for (uint64_t node = 2; node < 7; node++) {
            const struct gc_clash *c = gc_blob_clash(b, item, node);
            bool there = item >= 100 && item < 160 && item % 2 == 0 && node >= 3 && node < 6;
            ck_assert_int_eq(c != NULL, there);
            if (c)
                ck_assert_uint_eq(c->first_item, item - 7);
        }
    }
    gc_blob_unref(&b);
}
END_TEST

START_TEST(most_pages_have_none)
{
    struct gc_blob *b = page();
    ck_assert_int_eq(gc_blob_add_clashes(b, gc_buf_bytes(&out)), GC_OK);
    ck_assert_ptr_null(gc_blob_clash(b, 0, 0));
    gc_blob_unref(&b);
}
END_TEST

START_TEST(what_is_cut_or_out_of_order_is_refused)
{
    struct gc_blob *b = page();
    put(5, 1, 0);
    put(4, 1, 0);
    ck_assert_int_eq(gc_blob_add_clashes(b, gc_buf_bytes(&out)), GC_ERR_CORRUPT);
    gc_blob_unref(&b);
    b = page();
    put(5, 1, 0);
    put(5, 1, 0);
    ck_assert_int_eq(gc_blob_add_clashes(b, gc_buf_bytes(&out)), GC_ERR_CORRUPT);
    gc_blob_unref(&b);
    b = page();
    put(5, 1, 0);
    ck_assert_int_eq(gc_blob_add_clashes(b, gc_bytes_of(bytes, out.len - 1)), GC_ERR_CORRUPT);
    gc_blob_unref(&b);
}
END_TEST

GC_SUITE("pool: names that others have", GC_TEST(clashes_are_found), GC_TEST(most_pages_have_none),
         GC_TEST(what_is_cut_or_out_of_order_is_refused))
