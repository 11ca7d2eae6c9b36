/* Results by item and in commit order, from a cursor, a message at a time; and listings of runs. */
#include <stdlib.h>

#include "fixture.h"
#include "tests/unit/suite.h"

static char folder[64];
static struct gc_store *s;
static uint8_t bulk[GC_MAX_BULK];
static struct gc_batch rows[8];
static uint8_t names[64];
static struct gc_arena of_names;

/* Three batches committed out of order: items 8-11, 0-3 (one failed), 4-7. */
static void setup(void)
{
    fixture_folder(folder);
    s = fixture_open(folder);
    fixture_commit(s, fixture_run(1));
    fixture_commit(s, fixture_batch(1, 8, 4, false, 20));
    fixture_commit(s, fixture_run(2));
    fixture_commit(s, fixture_batch(2, 0, 4, false, 20)); /* another run's, between them */
    fixture_commit(s, fixture_batch(1, 0, 4, true, 20));
    fixture_commit(s, fixture_batch(1, 4, 4, false, 20));
}

static void teardown(void)
{
    gc_store_close(&s);
    fixture_remove(folder);
}

static struct gc_store_batches ask(bool by_commit, uint64_t after, bool failures, uint32_t max, size_t room)
{
    struct gc_store_query q = {.run = fixture_id(1),
                               .stage = FIXTURE_ITEM,
                               .by_commit = by_commit,
                               .after = after,
                               .failures = failures};
    struct gc_buf out;
    struct gc_store_batches got;
    struct gc_fault f;
    gc_buf_init(&out, bulk, room);
    gc_arena_init(&of_names, names, sizeof names);
    enum gc_err err = gc_store_results(s, &q, &of_names, rows, max, &out, &got, &f);
    ck_assert_int_eq(err, GC_OK);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < got.n; i++) {
        ck_assert(gc_bytes_equal(rows[i].worker, gc_bytes_of("w1", 2)));
        bytes += rows[i].status + rows[i].values;
    }
    ck_assert_uint_eq(bytes, out.len);
    return got;
}

START_TEST(by_item)
{
    struct gc_store_batches got = ask(false, 0, false, 8, sizeof bulk);
    ck_assert_uint_eq(got.n, 3);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(rows[i].first, 4 * i);
    ck_assert_uint_eq(got.next, 12);
    ck_assert(!got.more);
    ck_assert(!got.ended);
    got = ask(false, 5, false, 1, sizeof bulk); /* inside a batch: that batch */
    ck_assert_uint_eq(rows[0].first, 4);
    ck_assert_uint_eq(got.next, 8);
    ck_assert(got.more);
    got = ask(false, got.next, false, 1, sizeof bulk);
    ck_assert_uint_eq(rows[0].first, 8);
    ck_assert(!got.more);
    got = ask(false, 12, false, 8, sizeof bulk);
    ck_assert_uint_eq(got.n, 0);
    ck_assert_uint_eq(got.next, 12);
    got = ask(false, UINT64_MAX, false, 8, sizeof bulk);
    ck_assert_uint_eq(got.n, 0);
}
END_TEST

START_TEST(by_commit)
{
    struct gc_store_batches got = ask(true, 0, false, 2, sizeof bulk);
    ck_assert_uint_eq(got.n, 2);
    ck_assert_uint_eq(rows[0].first, 8);
    ck_assert_uint_eq(rows[1].first, 0);
    ck_assert(got.more);
    uint64_t cursor = got.next;
    got = ask(true, cursor, false, 2, sizeof bulk);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_uint_eq(rows[0].first, 4);
    ck_assert(!got.more);
    cursor = got.next;
    fixture_commit(s, fixture_batch(1, 12, 2, false, 5)); /* a follower sees what comes later */
    fixture_commit(s, fixture_state(1, GC_RUN_COMPLETED));
    got = ask(true, cursor, false, 2, sizeof bulk);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_uint_eq(rows[0].first, 12);
    ck_assert(got.ended);
}
END_TEST

START_TEST(failures_only)
{
    struct gc_store_batches got = ask(false, 0, true, 8, sizeof bulk);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_uint_eq(rows[0].first, 0);
    got = ask(true, 0, true, 8, sizeof bulk);
    ck_assert_uint_eq(got.n, 1);
    got = ask(false, got.next + 100, true, 8, sizeof bulk);
    ck_assert_uint_eq(got.n, 0);
}
END_TEST

START_TEST(as_many_as_fit)
{
    struct gc_store_batches got = ask(false, 0, false, 8, sizeof bulk);
    size_t two = rows[0].status + rows[0].values + rows[1].status + rows[1].values;
    got = ask(false, 0, false, 8, two);
    ck_assert_uint_eq(got.n, 2);
    ck_assert(got.more);
    got = ask(false, 0, false, 8, two - 1);
    ck_assert_uint_eq(got.n, 1);
    ck_assert_uint_eq(got.next, 4);
}
END_TEST

START_TEST(as_many_as_have_names)
{
    struct gc_commit other = fixture_batch(1, 12, 4, false, 20);
    static const char name[] = "a name of a worker that is as long as names are";
    other.as.batch.worker = gc_bytes_of(name, sizeof name - 1);
    fixture_commit(s, other);
    other = fixture_batch(1, 16, 4, false, 20);
    other.as.batch.worker = gc_bytes_of("nobody before it had a name of this length", 42);
    fixture_commit(s, other);
    struct gc_store_query q = {.run = fixture_id(1), .stage = FIXTURE_ITEM};
    struct gc_buf out;
    struct gc_store_batches got;
    struct gc_fault f;
    gc_buf_init(&out, bulk, sizeof bulk);
    gc_arena_init(&of_names, names, sizeof names);
    ck_assert_int_eq(gc_store_results(s, &q, &of_names, rows, 8, &out, &got, &f), GC_OK);
    ck_assert_uint_eq(got.n, 4); /* three of one name, one of another, and the next call's */
    ck_assert(got.more);
    ck_assert_uint_eq(got.next, 16);
    ck_assert_ptr_eq(rows[0].worker.ptr, rows[2].worker.ptr);
    ck_assert(gc_bytes_equal(rows[3].worker, gc_bytes_of(name, sizeof name - 1)));
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < got.n; i++)
        bytes += rows[i].status + rows[i].values;
    ck_assert_uint_eq(bytes, out.len);
}
END_TEST

START_TEST(unknown_run)
{
    struct gc_store_query q = {.run = fixture_id(99), .stage = FIXTURE_ITEM};
    struct gc_buf out;
    struct gc_store_batches got;
    struct gc_fault f;
    gc_buf_init(&out, bulk, sizeof bulk);
    gc_arena_init(&of_names, names, sizeof names);
    enum gc_err err = gc_store_results(s, &q, &of_names, rows, 8, &out, &got, &f);
    ck_assert_int_eq(err, GC_ERR_NOT_FOUND);
}
END_TEST

static const struct gc_id_range any = {
    {{0}}, {{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}}};

START_TEST(runs_newest_first)
{
    static uint8_t memory[65536];
    struct gc_arena arena;
    struct gc_run_row runs[4];
    struct gc_fault f;
    uint32_t n;
    bool more;
    gc_arena_init(&arena, memory, sizeof memory);
    enum gc_err err = gc_store_runs(s, GC_UNSET, any, 1, &arena, runs, &n, &more, &f);
    ck_assert_int_eq(err, GC_OK);
    ck_assert_uint_eq(n, 1);
    ck_assert(more);
    ck_assert_uint_eq(runs[0].run_no, 2);
    err = gc_store_runs(s, 2, any, 4, &arena, runs, &n, &more, &f);
    ck_assert_int_eq(err, GC_OK);
    ck_assert_uint_eq(n, 1);
    ck_assert(!more);
    ck_assert_uint_eq(runs[0].run_no, 1);
    ck_assert_uint_eq(runs[0].done, 12);
    ck_assert_uint_eq(runs[0].failed, 1);
    ck_assert_uint_eq(runs[0].n_tags, 1);
    ck_assert(gc_bytes_equal(runs[0].job, gc_bytes_of("web_photos", 10)));

    struct gc_id_range second = {fixture_id(2), fixture_id(2)};
    err = gc_store_runs(s, GC_UNSET, second, 4, &arena, runs, &n, &more, &f);
    ck_assert_int_eq(err, GC_OK);
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(runs[0].run_no, 2);

    gc_arena_init(&arena, memory, 16); /* not even one */
    err = gc_store_runs(s, GC_UNSET, any, 4, &arena, runs, &n, &more, &f);
    ck_assert_int_eq(err, GC_ERR_NOMEM);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store: results");
    TCase *tc = tcase_create("results");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, by_item);
    tcase_add_test(tc, by_commit);
    tcase_add_test(tc, failures_only);
    tcase_add_test(tc, as_many_as_fit);
    tcase_add_test(tc, as_many_as_have_names);
    tcase_add_test(tc, unknown_run);
    tcase_add_test(tc, runs_newest_first);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
