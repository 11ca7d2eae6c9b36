/* What goes wrong: a killed writer, a full disk, a second opener, a damaged file, somebody else's file. */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "tests/unit/suite.h"

static char folder[64];

static const char *file_in(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Commits batch after batch and says after each one on the pipe how many there are. */
static void write_until_killed(int to)
{
    struct gc_store *s = fixture_open(folder);
    uint64_t first = 0;
    struct gc_store_query q = {.run = fixture_id(1), .stage = FIXTURE_ITEM, .after = 0};
    for (bool more = true; more;) {
        static uint8_t bulk[GC_MAX_BULK];
        static struct gc_batch rows[256];
        static uint8_t names[4096];
        struct gc_arena arena;
        struct gc_buf out;
        struct gc_store_batches got;
        struct gc_fault f;
        gc_buf_init(&out, bulk, sizeof bulk);
        gc_arena_init(&arena, names, sizeof names);
        q.after = first;
        if (gc_store_results(s, &q, &arena, rows, 256, &out, &got, &f) != GC_OK)
            break;
        first = got.next;
        more = got.more;
    }
    for (;; first++) {
        fixture_commit(s, fixture_batch(1, first, 1, false, 3000));
        uint64_t count = first + 1;
        if (write(to, &count, sizeof count) != (ssize_t)sizeof count)
            _exit(1);
        struct gc_fault f;
        if (gc_store_tidy(s, &f) != GC_OK)
            _exit(2);
    }
}

/* What the writer said last, once it is dead. */
static uint64_t kill_a_writer(useconds_t after)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(ends[0]);
        write_until_killed(ends[1]);
    }
    close(ends[1]);
    uint64_t acked = 0, count;
    bool killed = false;
    while (read(ends[0], &count, sizeof count) == (ssize_t)sizeof count) {
        acked = count;
        if (!killed) {
            usleep(after); /* it goes on writing meanwhile: the pipe holds far more */
            kill(pid, SIGKILL);
            killed = true;
        }
    }
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return acked;
}

static uint64_t rows_in_order(struct gc_store *s)
{
    char *lines = fixture_recovered(s);
    uint64_t n = 0;
    for (const char *at = lines; (at = strstr(at, "batch run=1 ")); at++) {
        unsigned long long first = 0;
        ck_assert_int_eq(sscanf(at, "batch run=1 stage=1 first=%llu", &first), 1);
        ck_assert_uint_eq(first, n);
        n++;
    }
    free(lines);
    return n;
}

START_TEST(acknowledged_rows_survive_a_kill)
{
    struct gc_store *s = fixture_open(folder);
    fixture_commit(s, fixture_run(1));
    gc_store_close(&s);
    uint64_t last = 0;
    for (useconds_t i = 0; i < 10; i++) {
        uint64_t acked = kill_a_writer(2000 + 7001 * i);
        s = fixture_open(folder);
        uint64_t rows = rows_in_order(s);
        ck_assert_uint_ge(rows, acked); /* one more may be durable and not told */
        ck_assert_uint_le(rows, acked + 1);
        ck_assert_uint_gt(acked, last);
        last = acked;
        gc_store_close(&s);
    }
}
END_TEST

START_TEST(a_full_disk_takes_nothing_and_can_be_tried_again)
{
    struct gc_store *s = fixture_open_small(folder, 200);
    fixture_commit(s, fixture_run(1));
    uint64_t stored = 0;
    enum gc_err err = GC_OK;
    struct gc_fault f;
    while (err == GC_OK) {
        /* Two batches a transaction: all or nothing. */
        struct gc_commit one = fixture_batch(1, 2 * stored, 1, false, 60000);
        err = gc_store_begin(s, &f);
        if (err == GC_OK)
            err = gc_store_apply(s, &one, &f);
        struct gc_commit two = fixture_batch(1, 2 * stored + 1, 1, false, 60000);
        if (err == GC_OK)
            err = gc_store_apply(s, &two, &f);
        if (err == GC_OK)
            err = gc_store_commit(s, &f);
        stored += err == GC_OK;
    }
    ck_assert_int_eq(err, GC_ERR_FULL);
    ck_assert_uint_gt(stored, 2);
    ck_assert_uint_eq(rows_in_order(s), 2 * stored);
    fixture_commit(s, fixture_state(1, GC_RUN_PAUSED)); /* what fits still goes */
    gc_store_close(&s);

    s = fixture_open(folder); /* there is room again */
    ck_assert_uint_eq(rows_in_order(s), 2 * stored);
    fixture_commit(s, fixture_batch(1, 2 * stored, 1, false, 60000));
    ck_assert_uint_eq(rows_in_order(s), 2 * stored + 1);
    gc_store_close(&s);
}
END_TEST

START_TEST(a_second_opener_is_told_who_has_it)
{
    struct gc_store *s = fixture_open(folder);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct gc_store *second;
        struct gc_fault f;
        char holder[32];
        snprintf(holder, sizeof holder, "pid %ld", (long)getppid());
        enum gc_err err = gc_store_open(folder, NULL, &second, &f);
        _exit(err == GC_ERR_BUSY && strstr(f.text, holder) ? 0 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    gc_store_close(&s);
    s = fixture_open(folder);
    gc_store_close(&s);
}
END_TEST

static void overwrite(off_t at, const void *bytes, size_t len)
{
    int fd = open(file_in("graphcap.db"), O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, len, at), (ssize_t)len);
    close(fd);
}

static void expect_refused(enum gc_err code, const char *said)
{
    struct gc_store *s;
    struct gc_fault f;
    enum gc_err err = gc_store_open(folder, NULL, &s, &f);
    ck_assert_msg(err == code, "%s, wanted %s: %s", gc_err_name(err), gc_err_name(code),
                  err == GC_OK ? "" : f.text);
    ck_assert_msg(strstr(f.text, "graphcap.db") != NULL, "%s", f.text);
    ck_assert_msg(strstr(f.text, said) != NULL, "%s", f.text);
}

START_TEST(a_damaged_page_is_refused_by_name)
{
    struct gc_store *s = fixture_open(folder);
    fixture_commit(s, fixture_run(1));
    for (uint64_t i = 0; i < 200; i++)
        fixture_commit(s, fixture_batch(1, i, 1, false, 3000));
    gc_store_close(&s);
    struct stat st;
    ck_assert_int_eq(stat(file_in("graphcap.db"), &st), 0);
    uint8_t junk[512];
    memset(junk, 0xa5, sizeof junk);
    for (off_t page = 30; page < 40; page++) /* headers of pages in the middle, where the batches lie */
        overwrite(page * GC_STORE_PAGE, junk, sizeof junk);
    ck_assert_int_gt(st.st_size, 40 * (off_t)GC_STORE_PAGE);
    expect_refused(GC_ERR_CORRUPT, "damaged");
}
END_TEST

START_TEST(a_file_that_is_no_database)
{
    int fd = open(file_in("graphcap.db"), O_RDWR | O_CREAT, 0600);
    char text[4096];
    memset(text, 'x', sizeof text);
    ck_assert_int_eq(write(fd, text, sizeof text), (ssize_t)sizeof text);
    close(fd);
    expect_refused(GC_ERR_CORRUPT, "not a database");
}
END_TEST

static void execute(const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(file_in("graphcap.db"), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

START_TEST(somebody_elses_database_is_left_alone)
{
    execute("CREATE TABLE recipes (name TEXT)");
    struct stat before, after;
    ck_assert_int_eq(stat(file_in("graphcap.db"), &before), 0);
    expect_refused(GC_ERR_DENIED, "not graphcap's");
    ck_assert_int_eq(stat(file_in("graphcap.db"), &after), 0);
    ck_assert_int_eq(before.st_size, after.st_size);
    ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}
END_TEST

START_TEST(a_newer_schema_is_refused)
{
    struct gc_store *s = fixture_open(folder);
    gc_store_close(&s);
    execute("PRAGMA user_version = 99");
    expect_refused(GC_ERR_VERSION, "newer");
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
    Suite *suite = suite_create("store: faults");
    TCase *tc = tcase_create("faults");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, acknowledged_rows_survive_a_kill);
    tcase_add_test(tc, a_full_disk_takes_nothing_and_can_be_tried_again);
    tcase_add_test(tc, a_second_opener_is_told_who_has_it);
    tcase_add_test(tc, a_damaged_page_is_refused_by_name);
    tcase_add_test(tc, a_file_that_is_no_database);
    tcase_add_test(tc, somebody_elses_database_is_left_alone);
    tcase_add_test(tc, a_newer_schema_is_refused);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
