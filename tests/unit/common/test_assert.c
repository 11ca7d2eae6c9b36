#include "common/assert.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(true_goes_on)
{
    int evaluated = 0;
    GC_ASSERT(++evaluated == 1);
    ck_assert_int_eq(evaluated, 1);
    gc_assert_check(1, "file", 1, "text");
}
END_TEST

START_TEST(pointers_are_conditions)
{
    const char *p = "x";
    GC_ASSERT(p);
}
END_TEST

START_TEST(false_aborts)
{
    GC_ASSERT(1 + 1 == 3);
}
END_TEST

START_TEST(the_plain_form_aborts_too)
{
    gc_assert_check(0, "file", 1, "text");
}
END_TEST

/* What a child that fails this assert says. */
static void said(int line, const char *text, char *ret, size_t cap)
{
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        gc_assert_failed("core/lease.c", line, text);
    }
    close(fds[1]);
    size_t len = 0;
    ssize_t n;
    while ((n = read(fds[0], ret + len, cap - 1 - len)) > 0)
        len += (size_t)n;
    ret[len] = '\0';
    close(fds[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}

START_TEST(the_message_names_the_place)
{
    char text[1024];
    said(407, "lease->count > 0", text, sizeof text);
    ck_assert_str_eq(text, "core/lease.c:407: assert failed: lease->count > 0\n");
    said(0, "x", text, sizeof text);
    ck_assert_str_eq(text, "core/lease.c:0: assert failed: x\n");
}
END_TEST

START_TEST(an_endless_message_is_cut)
{
    char longer[2000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    char text[1024];
    said(1, longer, text, sizeof text);
    ck_assert_uint_eq(strlen(text), 512);
    ck_assert_int_eq(text[511], '\n');
}
END_TEST

GC_SUITE("assert", GC_TEST(true_goes_on), GC_TEST(pointers_are_conditions), GC_TEST_ABORTS(false_aborts),
         GC_TEST_ABORTS(the_plain_form_aborts_too), GC_TEST(the_message_names_the_place),
         GC_TEST(an_endless_message_is_cut))
