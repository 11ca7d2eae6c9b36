/* Results and failures, read in portions from the fake coordinator. */
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/sys/clock.h"
#include "fake.h"

static struct fake fake;
static struct graphcap *gc;
static struct graphcap_error error;

static void setup(void)
{
    memset(&fake, 0, sizeof fake);
    fake.state = GC_RUN_COMPLETED;
    fake_start(&fake);
    gc = fake_connect(&fake);
}

static void teardown(void)
{
    graphcap_close(&gc);
    fake_stop(&fake);
}

static struct graphcap_results *open_with(const struct graphcap_results_options *options)
{
    struct graphcap_results *r = NULL;
    ck_assert_msg(graphcap_results_open(gc, fake_run(), options, &r, &error) == GRAPHCAP_OK, "%s",
                  error.text);
    return r;
}

static const struct graphcap_result *next(struct graphcap_results *r)
{
    const struct graphcap_result *row = NULL;
    ck_assert_msg(graphcap_results_next(r, &row, &error) == GRAPHCAP_OK, "%s", error.text);
    return row;
}

/* The line is JSON and says what the struct says. */
static void check_line(const struct graphcap_result *row)
{
    json_t *line = json_loads(row->json, 0, NULL);
    ck_assert_msg(line != NULL, "%s", row->json);
    ck_assert_str_eq(json_string_value(json_object_get(line, "run")), fake_run());
    ck_assert_str_eq(json_string_value(json_object_get(line, "node")), row->node);
    ck_assert_str_eq(json_string_value(json_object_get(line, "cursor")), row->cursor);
    if (row->item == GRAPHCAP_NONE)
        ck_assert(json_is_null(json_object_get(line, "item")) &&
                  json_is_null(json_object_get(line, "source")));
    else
        ck_assert_int_eq(json_integer_value(json_object_get(line, "item")), (json_int_t)row->item);
    json_decref(line);
}

static void check_tone(const struct graphcap_result *row, uint64_t item)
{
    char source[32], value[64];
    (void)snprintf(source, sizeof source, item == 500 ? "a\xff%03d.jpg" : "a%03d.jpg", (int)item);
    (void)snprintf(value, sizeof value, "{\"mean\": %.1f, \"name\": \"x\"}", (double)item / 2);
    ck_assert_str_eq(row->node, "tone");
    ck_assert_uint_eq(row->item, item);
    ck_assert_uint_eq(row->source_len, strlen(source));
    ck_assert(memcmp(row->source, source, row->source_len) == 0);
    ck_assert_str_eq(row->value, value);
    check_line(row);
    if (item == 500)
        ck_assert_ptr_nonnull(strstr(row->json, "\"source\": \"a\xef\xbf\xbd"
                                                "500.jpg\", \"source_base64\": \"Yf81MDAuanBn\""));
}

START_TEST(all_by_item)
{
    struct graphcap_results *r = open_with(NULL);
    for (uint64_t item = 0; item < FAKE_ITEMS; item++) {
        if (item % FAKE_BAD)
            check_tone(next(r), item);
    }
    const struct graphcap_result *row = next(r);
    ck_assert_str_eq(row->node, "total");
    ck_assert_uint_eq(row->item, GRAPHCAP_NONE);
    ck_assert_str_eq(row->value, "1000");
    check_line(row);
    ck_assert_ptr_null(next(r));
    graphcap_results_close(&r);
    ck_assert_int_eq(fake.results, FAKE_ITEMS / FAKE_BATCH / FAKE_PORTION + 1 + 1);
    ck_assert_int_le(fake.gets, 2 + FAKE_ITEMS / FAKE_PAGE + 1);
}
END_TEST

/* Broken off after each of some lines, and gone on with. */
static void resume(bool follow)
{
    char cursor[128] = "";
    uint64_t expected = 1;
    for (int part = 0; expected < FAKE_ITEMS; part++) {
        struct graphcap_results_options o = {
            .size = sizeof o, .node = "tone", .follow = follow, .after = part ? cursor : NULL};
        struct graphcap_results *r = open_with(&o);
        for (int i = 0; i < 37 && expected < FAKE_ITEMS; i++) {
            const struct graphcap_result *row = next(r);
            check_tone(row, expected);
            strcpy(cursor, row->cursor);
            expected += (expected + 1) % FAKE_BAD ? 1 : 2;
        }
        graphcap_results_close(&r);
    }
    struct graphcap_results_options o = {.size = sizeof o, .node = "tone", .follow = follow, .after = cursor};
    struct graphcap_results *r = open_with(&o);
    ck_assert_ptr_null(next(r));
    graphcap_results_close(&r);
}

START_TEST(resumes_by_item)
{
    resume(false);
}
END_TEST

START_TEST(resumes_by_commit)
{
    resume(true);
}
END_TEST

static void *end_soon(void *arg)
{
    struct fake *f = arg;
    gc_clock_sleep(100 * GC_MS);
    f->state = GC_RUN_COMPLETED;
    return NULL;
}

START_TEST(follows_to_the_end)
{
    struct graphcap_results_options o = {.size = sizeof o, .follow = 1};
    pthread_t thread;
    int tones = 0, totals = 0;
    fake.state = GC_RUN_RUNNING;
    struct graphcap_results *r = open_with(&o);
    ck_assert_int_eq(pthread_create(&thread, NULL, end_soon, &fake), 0);
    for (const struct graphcap_result *row; (row = next(r)) != NULL;) {
        tones += strcmp(row->node, "tone") == 0;
        totals += strcmp(row->node, "total") == 0;
    }
    pthread_join(thread, NULL);
    graphcap_results_close(&r);
    ck_assert_int_eq(tones, FAKE_ITEMS - (FAKE_ITEMS + FAKE_BAD - 1) / FAKE_BAD);
    ck_assert_int_eq(totals, 1);
}
END_TEST

START_TEST(a_source_lists)
{
    struct graphcap_results_options o = {.size = sizeof o, .node = "photos", .from_item = 990};
    struct graphcap_results *r = open_with(&o);
    for (uint64_t item = 990; item < FAKE_ITEMS; item++) {
        const struct graphcap_result *row = next(r);
        ck_assert_str_eq(row->node, "photos");
        ck_assert_uint_eq(row->item, item);
        ck_assert_uint_eq(row->source_len, 8);
    }
    ck_assert_ptr_null(next(r));
    graphcap_results_close(&r);
}
END_TEST

START_TEST(wrong_names_and_cursors)
{
    struct graphcap_results *r = NULL;
    struct graphcap_results_options o = {.size = sizeof o, .node = "tonne"};
    ck_assert_int_eq(graphcap_results_open(gc, fake_run(), &o, &r, &error), GRAPHCAP_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.text, "did you mean 'tone'?"));
    static const char *const wrong[] = {"",
                                        "x",
                                        "i",
                                        "i1",
                                        "i1.2",
                                        "i1.2.3.4",
                                        "i1.2.-3",
                                        "i1.2.99",
                                        "c1.2.3.4",
                                        "s4",
                                        "i99999999999999999999.1.1"};
    o.node = "tone";
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        o.after = wrong[i];
        ck_assert_msg(graphcap_results_open(gc, fake_run(), &o, &r, &error) == GRAPHCAP_INVALID, "%s",
                      wrong[i]);
    }
}
END_TEST

START_TEST(failures)
{
    struct graphcap_failures *f = NULL;
    const struct graphcap_failure *row = NULL;
    uint64_t expected = 0;
    ck_assert_int_eq(graphcap_failures_open(gc, fake_run(), NULL, &f, &error), GRAPHCAP_OK);
    while (graphcap_failures_next(f, &row, &error) == GRAPHCAP_OK && row) {
        ck_assert_uint_eq(row->item, expected);
        ck_assert_str_eq(row->cause, "damaged");
        ck_assert_str_eq(row->message, "premature end of file");
        ck_assert_uint_eq(row->attempts, 1);
        json_t *line = json_loads(row->json, 0, NULL);
        ck_assert_msg(line != NULL, "%s", row->json);
        const char *worker = expected / FAKE_BATCH % 2 ? "odd" : "even";
        ck_assert_str_eq(row->worker, worker);
        ck_assert_str_eq(json_string_value(json_object_get(line, "worker")), worker);
        json_decref(line);
        expected += FAKE_BAD;
    }
    ck_assert_uint_ge(expected, FAKE_ITEMS);
    graphcap_failures_close(&f);
    struct graphcap_failures_options o = {.size = sizeof o, .warnings = 1};
    ck_assert_int_eq(graphcap_failures_open(gc, fake_run(), &o, &f, &error), GRAPHCAP_OK);
    ck_assert_int_eq(graphcap_failures_next(f, &row, &error), GRAPHCAP_OK);
    ck_assert_ptr_null(row);
    graphcap_failures_close(&f);
}
END_TEST

START_TEST(run_as_json)
{
    struct graphcap_run *run = NULL;
    char *text = NULL;
    ck_assert_int_eq(graphcap_show(gc, fake_run(), &run, &error), GRAPHCAP_OK);
    ck_assert_int_eq(graphcap_run_json(gc, run, &text, &error), GRAPHCAP_OK);
    json_t *j = json_loads(text, 0, NULL);
    ck_assert_msg(j != NULL, "%s", text);
    ck_assert_str_eq(json_string_value(json_object_get(j, "state")), "completed");
    ck_assert_int_eq(json_integer_value(json_object_get(j, "items")), FAKE_ITEMS);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(j, "results"), "total")), FAKE_ITEMS);
    json_t *tone = json_object_get(json_object_get(j, "nodes"), "tone");
    ck_assert_int_eq(json_integer_value(json_object_get(tone, "failed")), 11);
    ck_assert(json_real_value(json_object_get(j, "items_per_second")) == 500.0);
    ck_assert(json_real_value(json_object_get(j, "megapixels_per_second")) == 2.5);
    json_decref(j);
    graphcap_text_free(&text);
    ck_assert_int_eq(graphcap_plan_json(gc, fake_run(), &text, &error), GRAPHCAP_OK);
    j = json_loads(text, 0, NULL);
    ck_assert_msg(j != NULL, "%s", text);
    json_t *stage = json_array_get(json_object_get(j, "stages"), 1);
    ck_assert_str_eq(json_string_value(json_object_get(stage, "kind")), "item");
    json_t *step = json_array_get(json_object_get(stage, "steps"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(step, "node")), "tone");
    ck_assert_str_eq(json_string_value(json_object_get(step, "command")), "vips stats \"$IN\"");
    stage = json_array_get(json_object_get(j, "stages"), 2);
    ck_assert_str_eq(json_string_value(json_object_get(stage, "kind")), "reduce");
    step = json_array_get(json_object_get(stage, "steps"), 0);
    ck_assert(json_is_null(json_object_get(step, "command")));
    ck_assert_str_eq(json_string_value(json_object_get(step, "no_command")),
                     "no worker has the op 'count' any more");
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(j, "program")), "\nvips stats \"$IN\"\n"));
    json_decref(j);
    graphcap_text_free(&text);
    graphcap_run_free(&run);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("results");
    TCase *t = tcase_create("fake coordinator");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, all_by_item);
    tcase_add_test(t, resumes_by_item);
    tcase_add_test(t, resumes_by_commit);
    tcase_add_test(t, follows_to_the_end);
    tcase_add_test(t, a_source_lists);
    tcase_add_test(t, wrong_names_and_cursors);
    tcase_add_test(t, failures);
    tcase_add_test(t, run_as_json);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
