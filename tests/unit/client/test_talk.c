/* The conversation with a coordinator that answers late, wrongly, or has forgotten us. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sys/clock.h"
#include "fake.h"

static struct fake fake;
static struct graphcap *gc;
static struct graphcap_error error;

static const char spec[] = "name: t\n"
                           "dag:\n"
                           "  nodes:\n"
                           "    - {id: photos, op: files, config: {path: p}}\n"
                           "    - {id: small, op: load, inputs: [photos], config: {width: 0}}\n";

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

static struct graphcap_job *job(void)
{
    struct graphcap_job *j = NULL;
    ck_assert_msg(graphcap_job_parse("t.yaml", spec, strlen(spec), NULL, &j, &error) == GRAPHCAP_OK, "%s",
                  error.text);
    ck_assert_uint_eq(graphcap_job_errors(j), 0);
    return j;
}

START_TEST(submits_once)
{
    struct graphcap_job *j = job();
    char run[GRAPHCAP_RUN_SIZE] = "";
    char seen[GC_ID_TEXT_SIZE];
    ck_assert_int_eq(graphcap_submit(gc, j, NULL, run, &error), GRAPHCAP_OK);
    ck_assert_int_eq(fake.begins, 1);
    ck_assert_int_eq(fake.ends, 1);
    ck_assert_uint_eq(fake.nodes, 2);
    gc_id_text(fake.run, seen);
    ck_assert_str_eq(run, seen);
    graphcap_job_free(&j);
}
END_TEST

START_TEST(sends_again_what_was_lost)
{
    struct graphcap_job *j = job();
    char run[GRAPHCAP_RUN_SIZE] = "";
    fake.drop = 1;
    ck_assert_int_eq(graphcap_submit(gc, j, NULL, run, &error), GRAPHCAP_OK);
    ck_assert_int_eq(fake.begins, 2);
    ck_assert_int_eq(fake.ends, 2);
    graphcap_job_free(&j);
}
END_TEST

START_TEST(joins_again_after_who)
{
    struct graphcap_job *j = job();
    char run[GRAPHCAP_RUN_SIZE] = "";
    fake_restart(&fake);
    uint64_t from = gc_clock_now();
    ck_assert_int_eq(graphcap_submit(gc, j, NULL, run, &error), GRAPHCAP_OK);
    ck_assert_msg(gc_clock_now() - from < GC_RESEND_NS, "WHO is answered at once");
    ck_assert_int_eq(fake.hellos, 2);
    ck_assert_int_eq(fake.ends, 1);
    graphcap_job_free(&j);
}
END_TEST

START_TEST(waits_while_busy)
{
    struct graphcap_job *j = job();
    char run[GRAPHCAP_RUN_SIZE] = "";
    fake.busy = 2;
    ck_assert_int_eq(graphcap_submit(gc, j, NULL, run, &error), GRAPHCAP_OK);
    ck_assert_int_eq(fake.ends, 3);
    fake.busy = 1000;
    graphcap_set_patience(gc, GC_S);
    ck_assert_int_eq(graphcap_submit(gc, j, NULL, run, &error), GRAPHCAP_BUSY);
    ck_assert_str_eq(error.text, "no worker has joined yet");
    graphcap_job_free(&j);
}
END_TEST

START_TEST(refused_with_lines)
{
    struct graphcap_job *j = job();
    char run[GRAPHCAP_RUN_SIZE] = "";
    fake.refuse = true;
    ck_assert_int_eq(graphcap_submit(gc, j, NULL, run, &error), GRAPHCAP_INVALID);
    ck_assert_int_eq(error.exit, 2);
    ck_assert_uint_eq(graphcap_job_errors(j), 1);
    ck_assert_uint_eq(graphcap_job_problems(j), 2);
    const struct graphcap_problem *p = NULL;
    for (size_t i = 0; i < 2; i++) {
        p = graphcap_job_problem(j, i);
        if (!p->warning)
            break;
    }
    ck_assert_str_eq(p->full, "t.yaml:5: node 'small': config.width: must be 1 to 10000000");
    /* Again: nothing is listed twice. */
    ck_assert_int_eq(graphcap_validate(gc, j, &error), GRAPHCAP_OK);
    ck_assert_uint_eq(graphcap_job_problems(j), 2);
    graphcap_job_free(&j);
}
END_TEST

START_TEST(shows)
{
    struct graphcap_run *run = NULL;
    ck_assert_int_eq(graphcap_show(gc, fake_run(), &run, &error), GRAPHCAP_OK);
    ck_assert_str_eq(run->job, "fake_job");
    ck_assert_uint_eq(run->n_nodes, 3);
    ck_assert_str_eq(run->nodes[1].op, "describe");
    ck_assert_str_eq(run->sources[0].node, "photos");
    ck_assert_uint_eq(graphcap_run_over(run), FAKE_ITEMS);
    graphcap_run_free(&run);
    char other[GRAPHCAP_RUN_SIZE];
    graphcap_new_run(other);
    ck_assert_int_eq(graphcap_show(gc, other, &run, &error), GRAPHCAP_NOT_FOUND);
    ck_assert_int_eq(error.exit, 7);
    ck_assert_int_eq(graphcap_show(gc, "r-x", &run, &error), GRAPHCAP_INVALID);
}
END_TEST

START_TEST(finds_by_prefix)
{
    char run[GRAPHCAP_RUN_SIZE];
    char prefix[6] = "";
    memcpy(prefix, fake_run(), 5);
    ck_assert_int_eq(graphcap_find_run(gc, prefix, run, &error), GRAPHCAP_OK);
    ck_assert_str_eq(run, fake_run());
    ck_assert_int_eq(graphcap_find_run(gc, "r-zzz", run, &error), GRAPHCAP_NOT_FOUND);
    ck_assert_int_eq(graphcap_find_run(gc, "nonsense", run, &error), GRAPHCAP_INVALID);
}
END_TEST

static void keep_notice(void *arg, const char *line)
{
    char *all = arg;
    (void)snprintf(all + strlen(all), 1024 - strlen(all), "%s\n", line);
}

START_TEST(watches_while_busy)
{
    char notices[1024] = "";
    struct graphcap_options options = {
        .size = sizeof options, .endpoint = fake.endpoint, .notice = keep_notice, .notice_arg = notices};
    struct graphcap *second = NULL;
    struct graphcap_run *run = NULL;
    ck_assert_int_eq(graphcap_connect(&options, &second, &error), GRAPHCAP_OK);
    fake.busy = 1;
    ck_assert_int_eq(graphcap_wait(second, fake_run(), NULL, NULL, &run, &error), GRAPHCAP_OK);
    ck_assert_int_eq(run->state, GRAPHCAP_COMPLETED);
    ck_assert_str_eq(notices, "waiting: no worker has joined yet\nthe coordinator goes on\n");
    graphcap_run_free(&run);
    graphcap_close(&second);
}
END_TEST

START_TEST(watches_over_a_restart)
{
    struct graphcap_watch *watch;
    const struct graphcap_run *run;
    fake.state = GC_RUN_RUNNING;
    ck_assert_int_eq(graphcap_watch_open(gc, fake_run(), &watch, &error), GRAPHCAP_OK);
    ck_assert_int_eq(graphcap_watch_next(watch, 5 * GC_S, &run, &error), GRAPHCAP_OK);
    ck_assert_int_eq(run->state, GRAPHCAP_RUNNING);
    ck_assert_int_eq(graphcap_watch_next(watch, 50 * GC_MS, &run, &error), GRAPHCAP_TIMEOUT);
    fake_restart(&fake);
    fake.state = GC_RUN_PARTIAL;
    do
        ck_assert_int_eq(graphcap_watch_next(watch, 10 * GC_S, &run, &error), GRAPHCAP_OK);
    while (run->state == GRAPHCAP_RUNNING);
    ck_assert_int_eq(run->state, GRAPHCAP_PARTIAL);
    graphcap_watch_close(&watch);
    int allows = 0;
    ck_assert_int_eq(graphcap_allows_partial(gc, fake_run(), &allows, &error), GRAPHCAP_OK);
    ck_assert_int_eq(allows, 1);
}
END_TEST

static void *interrupt_soon(void *arg)
{
    gc_clock_sleep(50 * GC_MS);
    graphcap_interrupt(arg);
    return NULL;
}

START_TEST(can_be_interrupted)
{
    pthread_t thread;
    struct graphcap_run *run = NULL;
    fake.state = GC_RUN_RUNNING;
    ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_soon, gc), 0);
    ck_assert_int_eq(graphcap_wait(gc, fake_run(), NULL, NULL, &run, &error), GRAPHCAP_INTERRUPTED);
    ck_assert_int_eq(error.exit, 130);
    pthread_join(thread, NULL);
    ck_assert_int_eq(graphcap_show(gc, fake_run(), &run, &error), GRAPHCAP_OK);
    graphcap_run_free(&run);
    ck_assert_int_eq(graphcap_pause(gc, fake_run(), &error), GRAPHCAP_OK);
}
END_TEST

START_TEST(a_silent_one_is_given_up)
{
    struct graphcap_run *run = NULL;
    fake.drop = 1000;
    graphcap_set_patience(gc, 2 * GC_S);
    ck_assert_int_eq(graphcap_show(gc, fake_run(), &run, &error), GRAPHCAP_UNREACHABLE);
    ck_assert_int_eq(error.exit, 3);
}
END_TEST

START_TEST(belongs_to_its_process)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct graphcap_run *run;
        int code = graphcap_show(gc, fake_run(), &run, &error);
        _exit(code == GRAPHCAP_STATE ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(nobody_there)
{
    struct graphcap_options options = {.size = sizeof options,
                                       .endpoint = "ipc:///tmp/gc-nobody-is-there.sock"};
    struct graphcap *none = NULL;
    uint64_t from = gc_clock_now();
    ck_assert_int_eq(graphcap_connect(&options, &none, &error), GRAPHCAP_UNREACHABLE);
    ck_assert_msg(gc_clock_now() - from < GC_S, "it is known at once");
    ck_assert_ptr_null(none);
    options.endpoint = "tcp://1.2.3.4:5";
    ck_assert_int_eq(graphcap_connect(&options, &none, &error), GRAPHCAP_USAGE);
    fake.deny = true;
    options.endpoint = fake.endpoint;
    ck_assert_int_eq(graphcap_connect(&options, &none, &error), GRAPHCAP_DENIED);
    ck_assert_int_eq(error.exit, 4);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("talk");
    TCase *t = tcase_create("fake coordinator");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, submits_once);
    tcase_add_test(t, sends_again_what_was_lost);
    tcase_add_test(t, joins_again_after_who);
    tcase_add_test(t, waits_while_busy);
    tcase_add_test(t, refused_with_lines);
    tcase_add_test(t, shows);
    tcase_add_test(t, finds_by_prefix);
    tcase_add_test(t, watches_while_busy);
    tcase_add_test(t, watches_over_a_restart);
    tcase_add_test(t, can_be_interrupted);
    tcase_add_test(t, a_silent_one_is_given_up);
    tcase_add_test(t, belongs_to_its_process);
    tcase_add_test(t, nobody_there);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
