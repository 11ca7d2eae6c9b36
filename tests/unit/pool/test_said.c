/* What an executor prints is kept in part, and never stops it. */
#include "tests/unit/suite.h"
#include "worker/pool/said.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int ways[2];
static struct gc_said said;

static void open_ways(void)
{
    ck_assert_int_eq(pipe2(ways, O_NONBLOCK | O_CLOEXEC), 0);
}

static const char *last_of(const char *printed, size_t len)
{
    static char text[40];
    open_ways();
    gc_said_forget(&said);
    ck_assert_int_eq(write(ways[1], printed, len), (ssize_t)len);
    gc_said_take(&said, ways[0]);
    ck_assert_uint_eq(said.bytes, len);
    close(ways[0]);
    close(ways[1]);
    return gc_said_last(&said, text, sizeof text) ? text : NULL;
}

#define LAST(literal) last_of(literal, sizeof(literal) - 1)

START_TEST(the_last_line_with_something_on_it)
{
    ck_assert_str_eq(LAST("one\ntwo\n"), "two");
    ck_assert_str_eq(LAST("one\ntwo"), "two");
    ck_assert_str_eq(LAST("one\n\n \t\n"), "one");
    ck_assert_str_eq(LAST("a b"), "a b");
    ck_assert_ptr_null(LAST("\n \n"));
    ck_assert_ptr_null(last_of("", 0));
}
END_TEST

START_TEST(no_byte_reaches_a_terminal)
{
    ck_assert_str_eq(LAST("x\x1b[2Jy\0z\x7f!\n"), "x [2Jy z !");
}
END_TEST

START_TEST(a_long_line_is_cut)
{
    char line[300];
    memset(line, 'a', sizeof line);
    const char *last = last_of(line, sizeof line);
    ck_assert_uint_eq(strlen(last), 39);
}
END_TEST

START_TEST(the_end_is_kept)
{
    open_ways();
    gc_said_forget(&said);
    char line[64];
    for (int i = 0; i < 1000; i++) {
        int n = snprintf(line, sizeof line, "line %d, and more of it\n", i);
        ck_assert_int_eq(write(ways[1], line, (size_t)n), n);
        if (i % 7 == 0)
            gc_said_take(&said, ways[0]);
    }
    gc_said_take(&said, ways[0]);
    ck_assert_uint_le(said.len, GC_SAID_KEPT);
    ck_assert(gc_said_holds(&said, "line 990, "));
    ck_assert(!gc_said_holds(&said, "line 900, "));
    char last[64];
    ck_assert(gc_said_last(&said, last, sizeof last));
    ck_assert_str_eq(last, "line 999, and more of it");
}
END_TEST

/* A gibibyte on standard error, through stdio: it ends, though nobody reads for most of the time. */
START_TEST(printing_without_end_stops_nobody)
{
    open_ways();
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        static char block[1 << 16];
        memset(block, 'x', sizeof block);
        dup2(ways[1], STDERR_FILENO);
        for (int i = 0; i < 1 << 14; i++)
            (void)fwrite(block, 1, sizeof block, stderr);
        _exit(0);
    }
    close(ways[1]);
    gc_said_forget(&said);
    int status;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        poll(NULL, 0, 10);
        uint64_t before = said.bytes;
        gc_said_take(&said, ways[0]);
        ck_assert_uint_le(said.bytes - before, 1 << 17);
    }
    ck_assert_int_eq(status, 0);
}
END_TEST

GC_SUITE("said", GC_TEST(the_last_line_with_something_on_it), GC_TEST(no_byte_reaches_a_terminal),
         GC_TEST(a_long_line_is_cut), GC_TEST(the_end_is_kept), GC_TEST(printing_without_end_stops_nobody))
