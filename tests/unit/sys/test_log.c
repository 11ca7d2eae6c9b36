#include "common/sys/log.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <string.h>
#include <unistd.h>

static int out;

static void begin(enum gc_log_level most)
{
    int fds[2];
    ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
    out = fds[0];
    gc_log_init("gc-test", most);
    gc_log_to_fd(fds[1]);
}

/* The next line without its time, which is checked for its form. */
static const char *line(void)
{
    static char text[8192];
    size_t len = 0;
    while (len < sizeof text - 1 && read(out, text + len, 1) == 1 && text[len++] != '\n')
        ;
    text[len] = '\0';
    if (len == 0)
        return "";
    regex_t form;
    ck_assert_int_eq(regcomp(&form, "^time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z ", REG_EXTENDED),
                     0);
    ck_assert_int_eq(regexec(&form, text, 0, NULL, 0), 0);
    regfree(&form);
    return strchr(text, ' ') + 1;
}

START_TEST(a_field_of_each_type)
{
    begin(GC_LOG_INFO);
    gc_log(GC_LOG_WARN, "lease_expired", gc_kv_str("worker", "w1"), gc_kv_u64("tasks", UINT64_MAX),
           gc_kv_i64("delta", -5), gc_kv_f64("seconds", 1.5), gc_kv_bool("again", true),
           gc_kv_run("run", (struct gc_id128){{0}}), gc_kv_err(GC_ERR_NOT_FOUND));
    ck_assert_str_eq(line(),
                     "level=warn program=gc-test event=lease_expired worker=w1 tasks=18446744073709551615 "
                     "delta=-5 seconds=1.5 again=true run=r-aaaaaaaaaaaaaaaaaaaaaaaaaa error=not-found\n");
    gc_log_bare(GC_LOG_INFO, "ready");
    ck_assert_str_eq(line(), "level=info program=gc-test event=ready\n");
}
END_TEST

START_TEST(no_value_forges_a_line)
{
    begin(GC_LOG_INFO);
    gc_log(GC_LOG_INFO, "x", gc_kv_str("a", "two words"), gc_kv_str("b", ""),
           gc_kv_str("c", "end\nlevel=error \x1b[31m\x7f"), gc_kv_str("d", "say \"\\\"\t"),
           gc_kv_str("e", "k=v"), gc_kv_slice("f", gc_str_from("a\0b", 3)), gc_kv_str("g", "grüße"),
           gc_kv_str("h", NULL));
    ck_assert_str_eq(line(), "level=info program=gc-test event=x a=\"two words\" b=\"\" "
                             "c=\"end\\nlevel=error \\x1b[31m\\x7f\" d=\"say \\\"\\\\\\\"\\t\" e=\"k=v\" "
                             "f=\"a\\x00b\" g=grüße h=\"\"\n");
    ck_assert_str_eq(line(), "");
}
END_TEST

START_TEST(what_is_less_important_is_dropped)
{
    begin(GC_LOG_WARN);
    gc_log_bare(GC_LOG_INFO, "x");
    ck_assert_str_eq(line(), "");
    gc_log_bare(GC_LOG_ERROR, "y");
    ck_assert_str_eq(line(), "level=error program=gc-test event=y\n");
    ck_assert(gc_log_enabled(GC_LOG_WARN));
    ck_assert(!gc_log_enabled(GC_LOG_DEBUG));
}
END_TEST

START_TEST(a_long_line_is_cut_between_fields)
{
    begin(GC_LOG_INFO);
    char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    gc_log(GC_LOG_INFO, "x", gc_kv_u64("a", 1), gc_kv_str("b", longer), gc_kv_u64("c", 2));
    ck_assert_str_eq(line(), "level=info program=gc-test event=x a=1 cut=true\n");
    memset(longer, '\n', sizeof longer - 1); /* the same where each byte becomes two */
    gc_log(GC_LOG_INFO, "x", gc_kv_str("b", longer));
    ck_assert_str_eq(line(), "level=info program=gc-test event=x cut=true\n");
}
END_TEST

START_TEST(levels_have_names)
{
    enum gc_log_level level;
    ck_assert_int_eq(gc_log_level_parse(GC_STR("debug"), &level), GC_OK);
    ck_assert_int_eq(level, GC_LOG_DEBUG);
    ck_assert_int_eq(gc_log_level_parse(GC_STR("loud"), &level), GC_ERR_INVALID);
}
END_TEST

enum { THREADS = 4, LINES = 100 };

static void *write_lines(void *arg)
{
    for (int i = 0; i < LINES; i++)
        gc_log(GC_LOG_INFO, "tick", gc_kv_str("thread", arg));
    return NULL;
}

START_TEST(threads_do_not_mix)
{
    begin(GC_LOG_INFO);
    pthread_t threads[THREADS];
    char *names[THREADS] = {"aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd"};
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS * LINES; i++) {
        const char *text = line();
        ck_assert_uint_eq(strlen(text), strlen("level=info program=gc-test event=tick thread=aaaaaaaa\n"));
        const char *name = strstr(text, "thread=") + 7;
        for (int c = 1; c < 8; c++)
            ck_assert_int_eq(name[c], name[0]);
    }
}
END_TEST

START_TEST(a_fault_in_a_line)
{
    begin(GC_LOG_INFO);
    struct gc_fault f = {0};
    gc_log(GC_LOG_ERROR, "failed", gc_kv_err(gc_fault_set(&f, GC_ERR_FULL, "/x: no room")), gc_kv_text(&f));
    ck_assert_str_eq(line(), "level=error program=gc-test event=failed error=full text=\"/x: no room\"\n");
}
END_TEST

GC_SUITE("log", GC_TEST(a_field_of_each_type), GC_TEST(no_value_forges_a_line),
         GC_TEST(what_is_less_important_is_dropped), GC_TEST(a_long_line_is_cut_between_fields),
         GC_TEST(levels_have_names), GC_TEST(threads_do_not_mix), GC_TEST(a_fault_in_a_line))
