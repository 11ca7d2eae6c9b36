/* Every kind of commit, and what a restart gives back of it. */
#include <stdlib.h>

#include "fixture.h"
#include "tests/unit/suite.h"

static char folder[64];

/* Commits it, and notes what a recovery should say of it. */
static void commit_and_note(struct gc_store *s, FILE *expected, struct gc_commit c)
{
    fixture_commit(s, c);
    fixture_describe(expected, &c);
}

static struct gc_commit pages_of(uint64_t index, uint32_t n, const struct gc_page *pages, const char *blocks,
                                 const char *cursor, bool ended)
{
    return (struct gc_commit){.kind = GC_COMMIT_PAGES,
                              .as.pages = {.run_no = 1,
                                           .stage = FIXTURE_SOURCE,
                                           .index = index,
                                           .n_pages = n,
                                           .pages = pages,
                                           .blocks = gc_bytes_of(blocks, strlen(blocks)),
                                           .cursor = gc_bytes_of(cursor, strlen(cursor)),
                                           .ended = ended,
                                           .left_out = 9,
                                           .note = gc_bytes_of("jpg 3", 5)}};
}

static struct gc_commit merged_of(const uint64_t *inputs, uint32_t n, uint64_t id, const char *state)
{
    return (struct gc_commit){.kind = GC_COMMIT_MERGED,
                              .as.merged = {.run_no = 1,
                                            .stage = FIXTURE_REDUCE,
                                            .n_inputs = n,
                                            .inputs = inputs,
                                            .output = {.id = id,
                                                       .stage = FIXTURE_REDUCE,
                                                       .items = 6,
                                                       .state = gc_bytes_of(state, strlen(state))}}};
}

static struct gc_commit odd_of(uint64_t item, struct gc_given *given, uint32_t n)
{
    return (struct gc_commit){.kind = GC_COMMIT_ODD,
                              .as.odd = {.run_no = 1,
                                         .stage = FIXTURE_ITEM,
                                         .item = item,
                                         .attempts = 2,
                                         .suspicions = 1,
                                         .counted = 77,
                                         .n_given = n,
                                         .given = given}};
}

static const uint8_t digest_a[32] = {1}, digest_b[32] = {2};

START_TEST(recovered_equal)
{
    struct gc_store *s = fixture_open(folder);
    char *expected;
    size_t len;
    FILE *to = open_memstream(&expected, &len);
    commit_and_note(s, to, fixture_run(1));
    commit_and_note(s, to, fixture_state(1, GC_RUN_PAUSED));
    rewind(to); /* the run's row carries its state: noted again as it is now */
    struct gc_commit run = fixture_run(1);
    run.as.run.state = GC_RUN_PAUSED;
    fixture_describe(to, &run);
    struct gc_commit state = fixture_state(1, GC_RUN_PAUSED);
    fixture_describe(to, &state);

    const struct gc_page pages[] = {
        {.first = 0, .count = 3, .inlined = true, .bytes = 3, .digest = gc_bytes_of(digest_a, 32)},
        {.first = 3,
         .count = 4,
         .inlined = false,
         .bytes = 70,
         .offset = 30,
         .digest = gc_bytes_of(digest_b, 32)},
    };
    fixture_commit(s, pages_of(0, 1, pages, "abc", "here", false));
    fixture_commit(s, pages_of(1, 1, pages + 1, "", "there", true));
    struct gc_commit both = pages_of(0, 2, pages, "abc", "there", true);
    fixture_describe(to, &both);

    struct gc_commit frontier = {.kind = GC_COMMIT_FRONTIER,
                                 .as.frontier = {.run_no = 1, .stage = FIXTURE_ITEM, .frontier = 4096}};
    fixture_commit(s, frontier);
    frontier.as.frontier.frontier = 8192;
    commit_and_note(s, to, frontier);

    struct gc_given given[] = {
        {.node = 1, .cause = GC_CAUSE_CRASH, .attempts = 2, .text = gc_bytes_of("signal 11", 9)}};
    fixture_commit(s, odd_of(5, given, 1));
    fixture_commit(s, odd_of(6, NULL, 0));

    const struct gc_commit_delta deltas[] = {
        {.id = 1, .stage = FIXTURE_REDUCE, .items = 3, .state = gc_bytes_of("one", 3)}};
    struct gc_commit batch = fixture_batch(1, 0, 3, false, 100);
    batch.as.batch.n_deltas = 1;
    batch.as.batch.deltas = deltas;
    commit_and_note(s, to, batch);
    commit_and_note(s, to, fixture_batch(1, 3, 3, true, 10)); /* item 5 has ended: its history goes */

    fixture_commit(s, merged_of(NULL, 0, 2, "two"));
    const uint64_t inputs[] = {1, 2};
    commit_and_note(s, to, merged_of(inputs, 2, 3, "one and two"));
    struct gc_commit odd = odd_of(6, NULL, 0);
    fixture_describe(to, &odd);
    struct gc_commit worker = {
        .kind = GC_COMMIT_WORKER,
        .as.worker = {.worker = fixture_id(9), .name = gc_bytes_of("w1", 2), .holds = true}};
    commit_and_note(s, to, worker);
    worker.as.worker.worker = fixture_id(10);
    fixture_commit(s, worker);
    worker.as.worker.holds = false;
    fixture_commit(s, worker);
    fclose(to);

    char *now = fixture_recovered(s);
    ck_assert_str_eq(now, expected);
    gc_store_close(&s);
    s = fixture_open(folder);
    ck_assert(!gc_store_is_new(s));
    char *later = fixture_recovered(s);
    ck_assert_str_eq(later, expected);
    gc_store_close(&s);
    free(now);
    free(later);
    free(expected);
}
END_TEST

START_TEST(many_pages_come_in_parts)
{
    struct gc_store *s = fixture_open(folder);
    fixture_commit(s, fixture_run(1));
    for (uint64_t i = 0; i < 40; i++) {
        struct gc_page page = {
            .first = 2 * i, .count = 2, .inlined = true, .bytes = 1, .digest = gc_bytes_of(digest_a, 32)};
        fixture_commit(s, pages_of(i, 1, &page, "x", "c", i == 39));
    }
    char *lines = fixture_recovered(s);
    unsigned parts = 0, ended = 0;
    for (const char *at = lines; (at = strstr(at, "pages ")); at++)
        parts++;
    for (const char *at = lines; (at = strstr(at, "ended=1 left_out")); at++)
        ended++;
    ck_assert_uint_eq(parts, 3);
    ck_assert_uint_eq(ended, 1);
    free(lines);
    gc_store_close(&s);
}
END_TEST

START_TEST(an_ended_run_is_not_recovered_but_accounted_for)
{
    struct gc_store *s = fixture_open(folder);
    fixture_commit(s, fixture_run(1));
    fixture_commit(s, odd_of(1, NULL, 0));
    fixture_commit(s, fixture_state(1, GC_RUN_PARTIAL));
    char *lines = fixture_recovered(s);
    ck_assert_str_eq(lines, "");
    free(lines);

    static uint8_t memory[1 << 20], bulk[GC_MAX_BULK];
    struct gc_arena arena;
    struct gc_buf nodes;
    gc_arena_init(&arena, memory, sizeof memory);
    gc_buf_init(&nodes, bulk, sizeof bulk);
    struct gc_msg_run_info info;
    struct gc_fault f;
    enum gc_err err = gc_store_account(s, fixture_id(1), &arena, &info, &nodes, &f);
    ck_assert_int_eq(err, GC_OK);
    ck_assert_uint_eq(info.run_no, 1);
    ck_assert_uint_eq(info.state, GC_RUN_PARTIAL);
    ck_assert_uint_eq(info.n_nodes, 1);
    ck_assert_uint_eq(info.n_sources, 1);
    ck_assert_uint_eq(info.sources[0].left_out, 2);
    ck_assert(gc_bytes_equal(info.text, gc_bytes_of("a warning", 9)));
    ck_assert(gc_bytes_equal(info.job, gc_bytes_of("web_photos", 10)));
    ck_assert_uint_gt(nodes.len, 0);
    ck_assert_int_eq(gc_store_account(s, fixture_id(2), &arena, &info, &nodes, &f), GC_ERR_NOT_FOUND);
    gc_store_close(&s);
}
END_TEST

START_TEST(numbers_are_never_used_again)
{
    struct gc_store *s = fixture_open(folder);
    ck_assert(gc_store_is_new(s));
    uint64_t term, next;
    struct gc_fault f;
    ck_assert_int_eq(gc_store_raise_term(s, &term, &f), GC_OK);
    ck_assert_uint_eq(term, 1);
    ck_assert_int_eq(gc_store_next_run(s, &next, &f), GC_OK);
    ck_assert_uint_eq(next, 1);
    fixture_commit(s, fixture_run(7));
    gc_store_close(&s);
    s = fixture_open(folder);
    ck_assert_int_eq(gc_store_raise_term(s, &term, &f), GC_OK);
    ck_assert_uint_eq(term, 2);
    ck_assert_int_eq(gc_store_next_run(s, &next, &f), GC_OK);
    ck_assert_uint_eq(next, 8);
    gc_store_close(&s);
}
END_TEST

static void count_catalogue(void *arg, struct gc_bytes digest, struct gc_bytes bytes)
{
    uint8_t *seen = arg;
    ck_assert_uint_eq(digest.len, 32);
    ck_assert_uint_eq(bytes.len, 4);
    seen[seen[0]++ + 1] = digest.ptr[0];
}

START_TEST(the_last_catalogues_are_kept)
{
    struct gc_store *s = fixture_open(folder);
    struct gc_fault f;
    for (uint8_t i = 0; i < 20; i++) {
        uint8_t digest[32] = {i};
        ck_assert_int_eq(gc_store_put_catalogue(s, gc_bytes_of(digest, 32), gc_bytes_of("ops!", 4), &f),
                         GC_OK);
    }
    uint8_t again[32] = {10};
    ck_assert_int_eq(gc_store_put_catalogue(s, gc_bytes_of(again, 32), gc_bytes_of("ops!", 4), &f), GC_OK);
    uint8_t seen[64] = {0};
    ck_assert_int_eq(gc_store_catalogues(s, count_catalogue, seen, &f), GC_OK);
    ck_assert_uint_eq(seen[0], GC_STORE_CATALOGUES);
    ck_assert_uint_eq(seen[1], 10);
    ck_assert_uint_eq(seen[2], 19);
    gc_store_close(&s);
}
END_TEST

START_TEST(what_workers_fetch)
{
    struct gc_store *s = fixture_open(folder);
    fixture_commit(s, fixture_run(1));
    const struct gc_page page = {
        .first = 0, .count = 3, .inlined = true, .bytes = 3, .digest = gc_bytes_of(digest_a, 32)};
    fixture_commit(s, pages_of(0, 1, &page, "abc", "here", false));
    fixture_commit(s, merged_of(NULL, 0, 1, "one"));
    fixture_commit(s, merged_of(NULL, 0, 2, "twotwo"));

    uint8_t memory[64], digest[32];
    struct gc_buf out;
    struct gc_fault f;
    uint64_t total, lengths[2];
    gc_buf_init(&out, memory, sizeof memory);
    ck_assert_int_eq(gc_store_program(s, 1, FIXTURE_ITEM, 5, &out, &total, &f), GC_OK);
    ck_assert_uint_eq(total, strlen("load and describe"));
    ck_assert(gc_bytes_equal(gc_buf_bytes(&out), gc_bytes_of("and describe", 12)));
    ck_assert_int_eq(gc_store_program(s, 1, 77, 0, &out, &total, &f), GC_ERR_NOT_FOUND);
    ck_assert_int_eq(gc_store_program(s, 1, FIXTURE_ITEM, 1000, &out, &total, &f),
                     GC_OK); /* beyond its end: nothing */

    struct gc_page got;
    uint64_t clashes;
    gc_buf_reset(&out);
    ck_assert_int_eq(gc_store_page(s, 1, FIXTURE_ITEM, 0, &got, &total, digest, &out, &clashes, &f), GC_OK);
    ck_assert_uint_eq(clashes, 0);
    ck_assert_uint_eq(got.count, 3);
    ck_assert_uint_eq(total, FIXTURE_SOURCE);
    ck_assert(gc_bytes_equal(gc_buf_bytes(&out), gc_bytes_of("abc", 3)));
    ck_assert_int_eq(gc_store_page(s, 1, FIXTURE_SOURCE, 1, &got, &total, digest, &out, &clashes, &f),
                     GC_ERR_NOT_FOUND);

    gc_buf_reset(&out);
    ck_assert_int_eq(gc_store_cursor(s, 1, FIXTURE_SOURCE, &out, &f), GC_OK);
    ck_assert(gc_bytes_equal(gc_buf_bytes(&out), gc_bytes_of("here", 4)));
    gc_buf_reset(&out);
    ck_assert_int_eq(gc_store_cursor(s, 1, FIXTURE_ITEM, &out, &f), GC_OK);
    ck_assert_uint_eq(out.len, 0);

    const uint64_t ids[] = {2, 1};
    uint32_t n;
    ck_assert_int_eq(gc_store_deltas(s, 1, ids, 2, &out, lengths, &n, &f), GC_OK);
    ck_assert_uint_eq(n, 2);
    ck_assert(gc_bytes_equal(gc_buf_bytes(&out), gc_bytes_of("twotwoone", 9)));
    gc_buf_init(&out, memory, 8); /* the second does not fit: the first alone */
    ck_assert_int_eq(gc_store_deltas(s, 1, ids, 2, &out, lengths, &n, &f), GC_OK);
    ck_assert_uint_eq(n, 1);
    gc_store_close(&s);
}
END_TEST

static void setup(void)
{
    fixture_folder(folder);
}

static void teardown(void)
{
    fixture_remove(folder);
}

int main(void)
{
    Suite *suite = suite_create("store: commits");
    TCase *tc = tcase_create("commits");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, recovered_equal);
    tcase_add_test(tc, many_pages_come_in_parts);
    tcase_add_test(tc, an_ended_run_is_not_recovered_but_accounted_for);
    tcase_add_test(tc, numbers_are_never_used_again);
    tcase_add_test(tc, the_last_catalogues_are_kept);
    tcase_add_test(tc, what_workers_fetch);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
