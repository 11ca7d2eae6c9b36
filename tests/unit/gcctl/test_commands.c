/* The table of commands and what it promises: help for all, options that do not shadow one another, usage errors that exit with 2. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/gcctl/gcctl.h"
#include "client/gcctl/report.h"

static int call(const char *a, const char *b, const char *c)
{
    char words[4][64] = {"gcctl"};
    char *argv[5] = {words[0]};
    int argc = 1;
    const char *given[] = {a, b, c};
    for (int i = 0; i < 3 && given[i]; i++) {
        strcpy(words[argc], given[i]);
        argv[argc] = words[argc];
        argc++;
    }
    return gcctl_main(argc, argv);
}

START_TEST(usage_errors)
{
    ck_assert_int_eq(call(NULL, NULL, NULL), 2);
    ck_assert_int_eq(call("nonsense", NULL, NULL), 2);
    ck_assert_int_eq(call("show", NULL, NULL), 2);
    ck_assert_int_eq(call("show", "a", "b"), 2);
    ck_assert_int_eq(call("results", "r-a", "--nod=x"), 2);
    ck_assert_int_eq(call("--nonsense", NULL, NULL), 2);
    ck_assert_int_eq(call("failures", "r-a", "--format=xml"), 2);
    ck_assert_int_eq(call("run", "x.yaml", "-j999"), 2);
}
END_TEST

START_TEST(help_and_version)
{
    ck_assert_int_eq(call("--help", NULL, NULL), 0);
    ck_assert_int_eq(call("help", NULL, NULL), 0);
    ck_assert_int_eq(call("help", "nonsense", NULL), 2);
    /* Last: options stay set for the rest of a process, which is made for one call. */
    ck_assert_int_eq(call("--version", NULL, NULL), 0);
    ck_assert_int_eq(call("--version", "show", "r-a"), 0);
}
END_TEST

START_TEST(each_has_help)
{
    const struct gcctl_command *c = gcctl_commands[_i];
    ck_assert_int_eq(call(c->name, "--help", NULL), 0);
    ck_assert_int_eq(call("--help", c->name, NULL), 0);
    ck_assert_int_eq(call("help", c->name, NULL), 0);
    ck_assert(c->brief && c->about && c->run);
    ck_assert_uint_le(strlen(c->brief), 60);
    ck_assert(c->min_words <= c->max_words);
    ck_assert((c->words != NULL) == (c->max_words > 0));
}
END_TEST

START_TEST(no_option_shadows)
{
    static const char *const globals[] = {"connect", "state", "json", "quiet", "verbose", "version", "help"};
    const struct gcctl_command *c = gcctl_commands[_i];
    for (const struct gc_option *o = c->options; o && o->long_name; o++) {
        ck_assert(o->value && o->help);
        ck_assert_msg(o->short_name == 0 || !strchr("qvVh", o->short_name), "%s -%c", c->name, o->short_name);
        for (const struct gc_option *p = c->options; p != o; p++)
            ck_assert_msg(strcmp(p->long_name, o->long_name) != 0, "%s --%s twice", c->name, o->long_name);
        for (size_t i = 0; i < GC_COUNT_OF(globals); i++) {
            /* ls filters by --state, and takes a folder there too. */
            bool both = strcmp(c->name, "ls") == 0 && strcmp(o->long_name, "state") == 0;
            ck_assert_msg(both || strcmp(o->long_name, globals[i]) != 0, "%s --%s", c->name, o->long_name);
        }
    }
}
END_TEST

START_TEST(plain_text)
{
    char to[16];
#define PLAIN(literal) gcctl_plain(to, sizeof to, literal, sizeof(literal) - 1)
    ck_assert_str_eq(PLAIN(""), "");
    ck_assert_str_eq(PLAIN("a\x1b[2J"), "a\\x1b[2J");
    ck_assert_str_eq(PLAIN("\xff\x9b"), "\\xff\\x9b");
    ck_assert_str_eq(PLAIN("\xc2\x9b"), "\\xc2\\x9b");
    ck_assert_str_eq(PLAIN("gr\xc3\xbcn"), "gr\xc3\xbcn");
    ck_assert_str_eq(PLAIN("\xed\xa0\x80"), "\\xed\\xa0\\x80");
    ck_assert_str_eq(PLAIN("012345678901234"), "012345678901234");
    ck_assert_str_eq(PLAIN("0123456789012345"), "012345678901...");
    ck_assert_str_eq(PLAIN("0123456789\n123456"), "0123456789...");
    for (size_t size = 4; size < 40; size++) { /* never over the end */
        char small[40];
        memset(small, 'Z', sizeof small);
        gcctl_plain(small, size, "a\x1b\xff\xc3\xbc long enough to be cut somewhere", 40);
        ck_assert_uint_lt(strlen(small), size);
        ck_assert(size == sizeof small || small[size] == 'Z');
    }
}
END_TEST

START_TEST(numbers)
{
    char to[32];
    ck_assert_str_eq(gcctl_duration(to, 12340000000u), "12.3 s");
    ck_assert_str_eq(gcctl_duration(to, 245000000000u), "4 m 05 s");
    ck_assert_str_eq(gcctl_duration(to, UINT64_C(7500) * 1000000000u), "2 h 05 m");
    ck_assert_str_eq(gcctl_bytes(to, 999), "999 B");
    ck_assert_str_eq(gcctl_bytes(to, 1000), "1.0 kB");
    ck_assert_str_eq(gcctl_bytes(to, 999960000), "1.0 GB");
    ck_assert_str_eq(gcctl_time(to, 0), "-");
}
END_TEST

START_TEST(exits)
{
    static const struct {
        int state;
        bool allow;
        int exit;
    } rows[] = {
        {GRAPHCAP_COMPLETED, false, 0}, {GRAPHCAP_FAILED, true, 1},         {GRAPHCAP_PARTIAL, false, 5},
        {GRAPHCAP_PARTIAL, true, 0},    {GRAPHCAP_RUN_CANCELLED, false, 6},
    };
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        struct graphcap_run run = {.state = rows[i].state};
        ck_assert_int_eq(report_exit(&run, rows[i].allow), rows[i].exit);
    }
}
END_TEST

int main(void)
{
    int n = 0;
    while (gcctl_commands[n])
        n++;
    Suite *s = suite_create("commands");
    TCase *t = tcase_create("table");
    tcase_add_test(t, usage_errors);
    tcase_add_test(t, help_and_version);
    tcase_add_loop_test(t, each_has_help, 0, n);
    tcase_add_loop_test(t, no_option_shadows, 0, n);
    tcase_add_test(t, plain_text);
    tcase_add_test(t, numbers);
    tcase_add_test(t, exits);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
