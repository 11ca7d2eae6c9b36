/* The coordinator as a process, spoken to over its socket: joining, submitting, work, reads, restarts. */
#include "coordinator/drafts.h"
#include "proto/scan.h"
#include "proto/status.h"
#include "shell.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct shell shell;

static void setup(void)
{
    shell_make(&shell);
    shell_start(&shell);
}

static void teardown(void)
{
    shell_remove(&shell);
}

static uint64_t submitted(struct peer *client)
{
    const struct gc_msg *msg = peer_expect(client, GC_MSG_SUBMITTED);
    ck_assert(msg->as.submitted.accepted);
    return msg->as.submitted.run_no;
}

START_TEST(nobody_is_let_in_without_hello)
{
    struct peer *p = peer_new(&shell, GC_ROLE_CLIENT, 1);
    p->session++; /* not the session it was given */
    struct gc_msg msg = {.type = GC_MSG_LIST_RUNS};
    uint64_t seq = peer_send(p, msg);
    ck_assert_uint_eq(peer_expect(p, GC_MSG_WHO)->re, seq);
    peer_join(p);
    peer_send(p, msg);
    ck_assert_uint_eq(peer_expect(p, GC_MSG_RUN_LIST)->as.run_list.n_rows, 0);
    peer_free(p);
    shell_stop(&shell);
}
END_TEST

START_TEST(each_role_says_its_own)
{
    struct peer *client = peer_new(&shell, GC_ROLE_CLIENT, 1);
    peer_send(client, (struct gc_msg){.type = GC_MSG_BEAT});
    ck_assert_uint_eq(peer_receive(client)->as.error.code, GC_ERR_DENIED);
    peer_send(client, (struct gc_msg){.type = GC_MSG_WHO});
    ck_assert_uint_eq(peer_receive(client)->as.error.code, GC_ERR_DENIED);
    struct peer *worker = shell_worker(&shell, 1);
    peer_send(worker, (struct gc_msg){.type = GC_MSG_LIST_RUNS});
    ck_assert_uint_eq(peer_receive(worker)->as.error.code, GC_ERR_DENIED);
    peer_free(client);
    peer_free(worker);
}
END_TEST

START_TEST(without_a_catalogue_it_is_asked_to_wait)
{
    struct peer *client = peer_new(&shell, GC_ROLE_CLIENT, 1);
    uint64_t end = shell_submit(client, 1, false);
    const struct gc_msg *msg;
    do
        msg = peer_receive(client);
    while (msg->type == GC_MSG_OK);
    ck_assert_int_eq(msg->type, GC_MSG_ERROR);
    ck_assert_uint_eq(msg->re, end);
    ck_assert_uint_eq(msg->as.error.code, GC_ERR_BUSY);
    struct peer *worker = shell_worker(&shell, 1);
    shell_submit(client, 1, false);
    ck_assert_uint_eq(submitted(client), 1);
    peer_free(client);
    peer_free(worker);
}
END_TEST

START_TEST(a_dry_run_leaves_nothing)
{
    struct peer *worker = shell_worker(&shell, 1);
    struct peer *client = peer_new(&shell, GC_ROLE_CLIENT, 1);
    shell_submit(client, 1, true);
    uint64_t draft = submitted(client);
    ck_assert_uint_ge(draft, GC_DRAFT_FIRST);
    peer_send(client, (struct gc_msg){.type = GC_MSG_LIST_RUNS, .as.list_runs = {.before = GC_UNSET}});
    ck_assert_uint_eq(peer_expect(client, GC_MSG_RUN_LIST)->as.run_list.n_rows, 0);
    peer_free(client);
    peer_free(worker);
}
END_TEST

static const struct gc_msg *get_plan(struct peer *client, uint64_t number, uint64_t at)
{
    struct gc_msg get = {.type = GC_MSG_GET, .as.get = {.what = GC_GET_PLAN, .run_no = number, .index = at}};
    peer_send(client, get);
    const struct gc_msg *answer = peer_receive(client);
    return answer;
}

/* Whoever has its number reads it, until the coordinator ends. */
START_TEST(the_plan_of_a_dry_run_can_be_read)
{
    struct peer *worker = shell_worker(&shell, 1);
    struct peer *client = peer_new(&shell, GC_ROLE_CLIENT, 1);
    struct peer *other = peer_new(&shell, GC_ROLE_CLIENT, 2);
    static uint8_t memory[1 << 20];
    struct gc_arena arena;
    struct gc_plan plan;
    struct gc_fault f;
    shell_submit(client, 1, true);
    uint64_t draft = submitted(client);
    const struct gc_msg *answer = get_plan(other, draft, 0);
    ck_assert_int_eq(answer->type, GC_MSG_DATA);
    ck_assert_uint_eq(answer->as.data.run_no, draft);
    ck_assert_uint_eq(answer->as.data.total, answer->bulk.len);
    gc_arena_init(&arena, memory, sizeof memory);
    ck_assert_int_eq(gc_decode_plan(answer->bulk, &arena, &plan, &f), GC_OK);
    ck_assert_uint_eq(plan.n_nodes, 2);
    ck_assert_uint_eq(plan.n_stages, 2);
    uint64_t len = answer->bulk.len;
    answer = get_plan(client, draft, len - 1);
    ck_assert_uint_eq(answer->bulk.len, 1);
    answer = get_plan(client, draft + 1, 0);
    ck_assert_int_eq(answer->type, GC_MSG_ERROR);
    ck_assert_uint_eq(answer->as.error.code, GC_ERR_NOT_FOUND);
    shell_submit(client, 2, true); /* another one: both are there */
    uint64_t next = submitted(client);
    ck_assert_uint_ne(next, draft);
    ck_assert_int_eq(get_plan(client, next, 0)->type, GC_MSG_DATA);
    ck_assert_int_eq(get_plan(client, draft, 0)->type, GC_MSG_DATA);
    peer_free(other);
    peer_free(client);
    peer_free(worker);
}
END_TEST

static void ask_results(struct peer *client, uint64_t number, uint64_t items)
{
    struct gc_msg msg = {.type = GC_MSG_RESULTS};
    msg.as.results = (struct gc_msg_results){.run = shell_id(number), .stage = 1};
    peer_send(client, msg);
    const struct gc_msg *answer = peer_expect(client, GC_MSG_BATCHES);
    const struct gc_msg_batches *batches = &answer->as.batches;
    uint64_t next = 0, bytes = 0;
    for (uint32_t i = 0; i < batches->n_batches; i++) {
        ck_assert_uint_eq(batches->batches[i].first, next);
        next += batches->batches[i].count;
        bytes += batches->batches[i].status + batches->batches[i].values;
    }
    ck_assert_uint_eq(next, items);
    ck_assert_uint_eq(bytes, answer->bulk.len);
    ck_assert(batches->ended);
    ck_assert(!batches->more);
}

static void show_ended(struct peer *client, uint64_t number, uint64_t items)
{
    struct gc_msg msg = {.type = GC_MSG_SHOW};
    msg.as.show.run = shell_id(number);
    peer_send(client, msg);
    const struct gc_msg *answer = peer_expect(client, GC_MSG_RUN_INFO);
    ck_assert_uint_eq(answer->as.run_info.state, GC_RUN_COMPLETED);
    ck_assert_uint_eq(answer->as.run_info.n_nodes, 2);
    ck_assert_uint_eq(answer->as.run_info.n_sources, 1);
    ck_assert_uint_eq(answer->as.run_info.sources[0].items, items);
    ck_assert_uint_gt(answer->bulk.len, 0);
}

START_TEST(a_job_from_submit_to_results_and_over_a_restart)
{
    struct peer *worker = shell_worker(&shell, 1);
    struct peer *client = peer_new(&shell, GC_ROLE_CLIENT, 1);
    shell_submit(client, 1, false);
    uint64_t run_no = submitted(client);
    ck_assert_uint_gt(shell_work(worker, client, 1, 50), 1);
    ask_results(client, 1, 50);
    show_ended(client, 1, 50);
    peer_send(client, (struct gc_msg){.type = GC_MSG_LIST_RUNS, .as.list_runs = {.before = GC_UNSET}});
    const struct gc_msg *list = peer_expect(client, GC_MSG_RUN_LIST);
    ck_assert_uint_eq(list->as.run_list.n_rows, 1);
    ck_assert_uint_eq(list->as.run_list.rows[0].done, 50);
    ck_assert_uint_eq(list->as.run_list.rows[0].items, 50);
    shell_submit(client, 1, false); /* the same id: the same run, which has ended */
    ck_assert_uint_eq(submitted(client), run_no);
    struct gc_msg cancel = {.type = GC_MSG_CONTROL};
    cancel.as.control = (struct gc_msg_control){.run = shell_id(1), .action = GC_ACTION_CANCEL};
    peer_send(client, cancel);
    ck_assert_uint_eq(peer_receive(client)->as.error.code, GC_ERR_STATE);
    cancel.as.control.run = shell_id(2);
    peer_send(client, cancel);
    ck_assert_uint_eq(peer_receive(client)->as.error.code, GC_ERR_NOT_FOUND);

    uint64_t term = client->term;
    shell_kill(&shell);
    shell_start(&shell);
    peer_join(client);
    ck_assert_uint_eq(client->term, term + 1);
    show_ended(client, 1, 50);
    ask_results(client, 1, 50);
    shell_submit(client, 1, false);
    ck_assert_uint_eq(submitted(client), run_no);
    shell_submit(client, 2, false); /* the catalogue was kept */
    ck_assert_uint_eq(submitted(client), run_no + 1);
    peer_join(worker);
    ck_assert(!worker->msg.as.welcome.want_catalogue);
    shell_work(worker, client, 2, 20);
    ask_results(client, 2, 20);
    peer_free(client);
    peer_free(worker);
    shell_stop(&shell);
}
END_TEST

static const struct gc_msg *get_parts(struct peer *worker, uint64_t run_no, uint64_t index)
{
    struct gc_msg msg = {.type = GC_MSG_GET};
    msg.as.get = (struct gc_msg_get){.what = GC_GET_RESULTS, .run_no = run_no, .stage = 1, .index = index};
    uint64_t seq = peer_send(worker, msg);
    const struct gc_msg *answer = peer_expect(worker, GC_MSG_DATA);
    while (answer->re != seq) /* to what it asked while it worked */
        answer = peer_expect(worker, GC_MSG_DATA);
    ck_assert_uint_eq(answer->as.data.what, GC_GET_RESULTS);
    ck_assert_uint_eq(answer->as.data.run_no, run_no);
    ck_assert_uint_eq(answer->as.data.stage, 1);
    ck_assert_uint_eq(answer->as.data.index, index);
    return answer;
}

/* What the worker of shell_work made, as a reducer that scans would read it: items are done, each value is its number. */
START_TEST(results_are_pulled_as_parts)
{
    struct peer *worker = shell_worker(&shell, 1);
    struct peer *client = peer_new(&shell, GC_ROLE_CLIENT, 1);
    shell_submit(client, 1, false);
    uint64_t run_no = submitted(client);
    shell_work(worker, client, 1, 100);
    const struct gc_msg *answer = get_parts(worker, run_no, 0);
    ck_assert_uint_eq(answer->as.data.total, GC_UNSET);
    struct gc_reader in;
    struct gc_scan_part part;
    struct gc_status status;
    uint64_t next = 0;
    gc_reader_init(&in, answer->bulk);
    while (gc_scan_part_take(&in, &part)) {
        ck_assert_uint_eq(part.first, next);
        ck_assert_int_eq(gc_status_check(part.status, part.count, 1, &status), GC_OK);
        ck_assert_uint_eq(part.values.len, part.count);
        for (uint64_t i = 0; i < part.count; i++)
            ck_assert_uint_eq(part.values.ptr[i], part.first + i);
        next += part.count;
    }
    ck_assert(gc_reader_done(&in));
    ck_assert_uint_eq(next, 100);
    answer = get_parts(worker, run_no, 100);
    ck_assert_uint_eq(answer->as.data.total, GC_UNSET);
    ck_assert_uint_eq(answer->bulk.len, 0);
    peer_free(client);
    peer_free(worker);
}
END_TEST

START_TEST(a_run_goes_on_after_a_kill)
{
    struct peer *worker = shell_worker(&shell, 1);
    struct peer *client = peer_new(&shell, GC_ROLE_CLIENT, 1);
    shell_submit(client, 1, false);
    submitted(client); /* told, so it is durable */
    shell_kill(&shell);
    shell_start(&shell);
    peer_join(client);
    peer_join(worker);
    shell_work(worker, client, 1, 30);
    ask_results(client, 1, 30);
    peer_free(client);
    peer_free(worker);
}
END_TEST

START_TEST(garbage_is_answered_and_hurts_nobody)
{
    struct peer *p = peer_new(&shell, GC_ROLE_CLIENT, 1);
    static uint8_t junk[4096];
    for (size_t len = 1; len < sizeof junk; len = len * 3 + 1) {
        memset(junk, (int)(len * 7), len);
        ck_assert_int_eq(gc_socket_send(p->socket, NULL, gc_bytes_of(junk, len), gc_bytes_of(NULL, 0)),
                         GC_OK);
        ck_assert_int_eq(peer_receive(p)->type, GC_MSG_ERROR);
    }
    struct gc_msg part = {.type = GC_MSG_SUBMIT_PART, .bulk = gc_bytes_of(junk, 100)};
    part.as.submit_part.run = shell_id(9);
    peer_send(p, part);
    ck_assert_uint_eq(peer_receive(p)->as.error.code, GC_ERR_STATE);
    struct gc_msg begin = {.type = GC_MSG_SUBMIT_BEGIN, .bulk = gc_bytes_of(junk, 100)};
    begin.as.submit_begin.run = shell_id(9);
    peer_send(p, begin);
    ck_assert_int_eq(peer_receive(p)->type, GC_MSG_ERROR);
    peer_send(p, (struct gc_msg){.type = GC_MSG_LIST_RUNS, .as.list_runs = {.before = GC_UNSET}});
    peer_expect(p, GC_MSG_RUN_LIST);
    peer_free(p);
    shell_stop(&shell);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "--coordinator") == 0)
        return shell_serve(argv);
    Suite *suite = suite_create("coordinator: the wire");
    TCase *tc = tcase_create("wire");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, nobody_is_let_in_without_hello);
    tcase_add_test(tc, each_role_says_its_own);
    tcase_add_test(tc, without_a_catalogue_it_is_asked_to_wait);
    tcase_add_test(tc, a_dry_run_leaves_nothing);
    tcase_add_test(tc, the_plan_of_a_dry_run_can_be_read);
    tcase_add_test(tc, a_job_from_submit_to_results_and_over_a_restart);
    tcase_add_test(tc, results_are_pulled_as_parts);
    tcase_add_test(tc, a_run_goes_on_after_a_kill);
    tcase_add_test(tc, garbage_is_answered_and_hurts_nobody);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
