/* What a scanning reducer reads of a stage: every batch once, by item, in parts of any size. */
#include <sqlite3.h>
#include <stdlib.h>

#include "fixture.h"
#include "proto/scan.h"
#include "tests/unit/suite.h"

static char folder[64];
static struct gc_store *s;
static uint8_t bulk[GC_MAX_BULK];
static struct gc_buf out;

static void setup(void)
{
    fixture_folder(folder);
    s = fixture_open(folder);
    fixture_commit(s, fixture_run(1));
    fixture_commit(s, fixture_run(2));
}

static void teardown(void)
{
    gc_store_close(&s);
    fixture_remove(folder);
}

/* Asks with that much room; returns the cursor. */
static uint64_t ask(uint64_t run_no, uint64_t stage, uint64_t index, size_t room)
{
    uint64_t next;
    struct gc_fault f;
    gc_fault_clear(&f);
    gc_buf_init(&out, bulk, room);
    enum gc_err err = gc_store_scan(s, run_no, stage, index, &out, &next, &f);
    ck_assert_msg(err == GC_OK, "%s: %s", gc_err_name(err), f.text);
    return next;
}

static bool same_part(const struct gc_scan_part *part, uint64_t first, uint64_t count, bool bad, size_t size)
{
    const struct gc_commit made = fixture_batch(1, first, count, bad, size);
    const struct gc_commit_batch *b = &made.as.batch;
    return part->first == first && part->count == count && gc_bytes_equal(part->status, b->status) &&
           gc_bytes_equal(part->values, b->values);
}

/* How many parts the answer has; each is the next of batches of four items with their numbers' worth of bytes. */
static uint64_t take_all(uint64_t first)
{
    struct gc_reader in;
    struct gc_scan_part part;
    uint64_t n = 0;
    gc_reader_init(&in, gc_buf_bytes(&out));
    while (gc_scan_part_take(&in, &part)) {
        ck_assert(same_part(&part, first, 4, first % 3 == 0, first));
        first += 4;
        n++;
    }
    ck_assert(gc_reader_done(&in));
    return n;
}

/* Twenty batches of run 1 out of order, those of run 2 and of another stage between them. */
static void many(void)
{
    for (uint64_t i = 0; i < 20; i++) {
        uint64_t first = 4 * (i * 7 % 20);
        fixture_commit(s, fixture_batch(1, first, 4, first % 3 == 0, first));
        fixture_commit(s, fixture_batch(2, first, 4, false, 3));
    }
    struct gc_commit other = fixture_batch(1, 0, 1, false, 3);
    other.as.batch.stage = FIXTURE_SOURCE;
    fixture_commit(s, other);
}

START_TEST(all_in_one_part)
{
    many();
    ck_assert_uint_eq(ask(1, FIXTURE_ITEM, 0, sizeof bulk), GC_UNSET);
    ck_assert_uint_eq(take_all(0), 20);
}
END_TEST

/* Whatever the room, from that of the largest batch alone to that of all, each batch comes once. */
START_TEST(any_size_tells_each_batch_once)
{
    many();
    size_t all = 0;
    size_t largest = 0;
    for (uint64_t at = 80; at > 0; at -= 4) {
        ask(1, FIXTURE_ITEM, at - 4, sizeof bulk);
        largest = out.len - all > largest ? out.len - all : largest;
        all = out.len;
    }
    for (size_t room = largest; room <= all; room += 13) {
        uint64_t at = 0;
        uint64_t n = 0;
        while (at != GC_UNSET) {
            uint64_t next = ask(1, FIXTURE_ITEM, at, room);
            uint64_t got = take_all(at);
            ck_assert_uint_gt(got, 0);
            n += got;
            if (next != GC_UNSET)
                ck_assert_uint_eq(next, at + 4 * got);
            at = next;
        }
        ck_assert_uint_eq(n, 20);
    }
}
END_TEST

START_TEST(no_more_is_taken_than_fits)
{
    many();
    ask(1, FIXTURE_ITEM, 0, sizeof bulk);
    size_t all = out.len;
    ck_assert_uint_eq(ask(1, FIXTURE_ITEM, 0, all), GC_UNSET);
    ck_assert_uint_eq(ask(1, FIXTURE_ITEM, 0, all - 1), 76);
    ck_assert_uint_eq(take_all(0), 19);
}
END_TEST

START_TEST(the_largest_batch_that_the_core_accepts_is_a_part)
{
    struct gc_commit c = fixture_batch(1, 0, 1, true, 0);
    size_t size = GC_MAX_BULK - GC_SCAN_PART_HEAD - c.as.batch.status.len;
    c = fixture_batch(1, GC_MAX_ITEMS - 1, 1, true, size);
    fixture_commit(s, c);
    ck_assert_uint_eq(ask(1, FIXTURE_ITEM, 0, sizeof bulk), GC_UNSET);
    struct gc_reader in;
    struct gc_scan_part part;
    gc_reader_init(&in, gc_buf_bytes(&out));
    ck_assert(gc_scan_part_take(&in, &part));
    ck_assert(same_part(&part, GC_MAX_ITEMS - 1, 1, true, size));
}
END_TEST

START_TEST(a_batch_that_does_not_fit_is_told)
{
    uint64_t next = 77;
    struct gc_fault f;
    fixture_commit(s, fixture_batch(1, 0, 4, false, 500));
    gc_fault_clear(&f);
    gc_buf_init(&out, bulk, 500);
    enum gc_err err = gc_store_scan(s, 1, FIXTURE_ITEM, 0, &out, &next, &f);
    ck_assert_str_eq(gc_err_name(err), gc_err_name(GC_ERR_LIMIT));
    ck_assert_ptr_nonnull(strstr(f.text, "does not fit"));
    ck_assert_uint_eq(next, 77);
}
END_TEST

START_TEST(nothing_is_read_where_nothing_is)
{
    ck_assert_uint_eq(ask(1, FIXTURE_ITEM, 0, sizeof bulk), GC_UNSET);
    ck_assert_uint_eq(out.len, 0);
    many();
    ck_assert_uint_eq(ask(1, FIXTURE_ITEM, 80, sizeof bulk), GC_UNSET);
    ck_assert_uint_eq(out.len, 0);
    ck_assert_uint_eq(ask(1, FIXTURE_ITEM, UINT64_MAX, sizeof bulk), GC_UNSET);
    ck_assert_uint_eq(out.len, 0);
    ck_assert_uint_eq(ask(1, FIXTURE_REDUCE, 0, sizeof bulk), GC_UNSET);
    ck_assert_uint_eq(out.len, 0);
    ck_assert_uint_eq(ask(99, FIXTURE_ITEM, 0, sizeof bulk), GC_UNSET);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

/* What is committed beside a scan, of other stages, moves nothing; after a restart the cursor is still good. */
START_TEST(a_cursor_outlives_the_process)
{
    many();
    uint64_t next = ask(1, FIXTURE_ITEM, 0, 900);
    ck_assert_uint_eq(take_all(0), next / 4);
    fixture_commit(s, fixture_batch(2, 80, 4, false, 3));
    gc_store_close(&s);
    s = fixture_open(folder);
    ck_assert_uint_eq(ask(1, FIXTURE_ITEM, next, sizeof bulk), GC_UNSET);
    ck_assert_uint_eq(take_all(next), 20 - next / 4);
}
END_TEST

enum {
#define SQL(NAME, text) STATEMENT_##NAME,
#include "coordinator/store/sql.def"
#undef SQL
};
static const char *const statements[] = {
#define SQL(NAME, text) "EXPLAIN QUERY PLAN " text,
#include "coordinator/store/sql.def"
#undef SQL
};

/* By SQLite's own account: the walk begins at the cursor, and nothing is sorted. */
START_TEST(a_call_costs_what_it_brings)
{
    char path[96];
    sqlite3 *db;
    sqlite3_stmt *st;
    snprintf(path, sizeof path, "%s/graphcap.db", folder);
    gc_store_close(&s);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, statements[STATEMENT_SCAN], -1, &st, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(st, 3);
    ck_assert_ptr_nonnull(strstr(text, "run_no=? AND stage=? AND first>?"));
    ck_assert_int_eq(sqlite3_step(st), SQLITE_DONE); /* no second step: no sorting */
    sqlite3_finalize(st);
    sqlite3_close(db);
    s = fixture_open(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store: scans");
    TCase *tc = tcase_create("scans");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, all_in_one_part);
    tcase_add_test(tc, any_size_tells_each_batch_once);
    tcase_add_test(tc, no_more_is_taken_than_fits);
    tcase_add_test(tc, the_largest_batch_that_the_core_accepts_is_a_part);
    tcase_add_test(tc, a_batch_that_does_not_fit_is_told);
    tcase_add_test(tc, nothing_is_read_where_nothing_is);
    tcase_add_test(tc, a_cursor_outlives_the_process);
    tcase_add_test(tc, a_call_costs_what_it_brings);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
