#include "common/sys/proc.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct gc_fault fault;

/* Runs a shell script with these descriptors and returns its exit status. */
static int run(const char *script, const int *fds, size_t count, char *const *env)
{
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)script, NULL};
    struct gc_proc_spawn s = {.path = "/bin/sh", .argv = argv, .env = env, .fds = fds, .fd_count = count};
    pid_t pid = 0;
    ck_assert_int_eq(gc_proc_spawn(&s, &pid, &fault), GC_OK);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(descriptors_arrive_at_their_places)
{
    int a[2], b[2];
    ck_assert_int_eq(pipe(a), 0);
    ck_assert_int_eq(pipe(b), 0);
    /* Crossed on purpose: each one's source number is another's target. */
    int fds[] = {-1, b[1], a[1], b[1], a[1]};
    ck_assert_int_eq(run("echo one; echo two >&2; echo three >&3; echo four >&4", fds, 5, NULL), 0);
    char text[64] = {0};
    ck_assert_int_eq(read(b[0], text, sizeof text), 10);
    ck_assert_str_eq(text, "one\nthree\n");
    memset(text, 0, sizeof text);
    ck_assert_int_eq(read(a[0], text, sizeof text), 9);
    ck_assert_str_eq(text, "two\nfour\n");
}
END_TEST

START_TEST(nothing_else_is_inherited)
{
    int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, as careless libraries do */
    ck_assert_int_eq(dup2(leak, 50), 50);
    int fds[] = {-1, -1, 2};
    ck_assert_int_eq(run("test ! -e /proc/self/fd/50 && test ! -e /proc/self/fd/3", fds, 3, NULL), 0);
    ck_assert_int_eq(run("test \"$(readlink /proc/self/fd/0)\" = /dev/null", fds, 3, NULL), 0);
    int with[] = {-1, -1, 2, leak};
    ck_assert_int_eq(run("test -e /proc/self/fd/3", with, 4, NULL), 0);
}
END_TEST

START_TEST(our_descriptors_are_as_before)
{
    int next = dup(0);
    close(next);
    int fds[] = {-1, -1, 2};
    run("true", fds, 3, NULL);
    int again = dup(0);
    ck_assert_int_eq(again, next);
}
END_TEST

START_TEST(the_environment_is_ours_or_given)
{
    int fds[] = {-1, -1, 2};
    setenv("GC_TEST_VALUE", "5", 1);
    ck_assert_int_eq(run("exit $GC_TEST_VALUE", fds, 3, NULL), 5);
    char *env[] = {"GC_TEST_VALUE=6", NULL};
    ck_assert_int_eq(run("exit $GC_TEST_VALUE", fds, 3, env), 6);
}
END_TEST

START_TEST(signals_are_as_at_birth)
{
    sigset_t blocked;
    sigfillset(&blocked);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGTERM, SIG_IGN);
    int fds[] = {-1, -1, 2};
    char *argv[] = {"sh", "-c", "kill -TERM $$; sleep 5", NULL};
    struct gc_proc_spawn s = {.path = "/bin/sh", .argv = argv, .fds = fds, .fd_count = 3, .own_group = true};
    pid_t pid = 0;
    ck_assert_int_eq(gc_proc_spawn(&s, &pid, &fault), GC_OK);
    ck_assert_int_eq(getpgid(pid), pid);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGTERM);
}
END_TEST

START_TEST(what_cannot_run_is_known_at_once)
{
    char *argv[] = {"x", NULL};
    struct gc_proc_spawn s = {.path = "/no/such/program", .argv = argv};
    pid_t pid = 77;
    ck_assert_int_eq(gc_proc_spawn(&s, &pid, &fault), GC_ERR_NOT_FOUND);
    ck_assert_str_eq(fault.text, "/no/such/program: cannot run it: No such file or directory");
    s.path = "/etc";
    ck_assert_int_eq(gc_proc_spawn(&s, &pid, &fault), GC_ERR_DENIED);
    int closed[] = {1000};
    s = (struct gc_proc_spawn){.path = "/bin/sh", .argv = argv, .fds = closed, .fd_count = 1};
    ck_assert_int_eq(gc_proc_spawn(&s, &pid, &fault), GC_ERR_IO);
    ck_assert_int_eq(pid, 77);
}
END_TEST

START_TEST(memory_is_told_while_it_lives)
{
    uint64_t peak, now;
    ck_assert_int_eq(gc_proc_memory(0, &peak, &now), GC_OK);
    ck_assert_uint_gt(now, 100 * 1024);
    ck_assert_uint_ge(peak, now);
    ck_assert_int_eq(gc_proc_memory(getpid(), NULL, NULL), GC_OK);

    char *argv[] = {"true", NULL};
    struct gc_proc_spawn s = {.path = "/bin/true", .argv = argv};
    pid_t pid = 0;
    ck_assert_int_eq(gc_proc_spawn(&s, &pid, &fault), GC_OK);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(gc_proc_memory(pid, &peak, &now), GC_ERR_NOT_FOUND); /* a zombie */
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(gc_proc_memory(pid, &peak, &now), GC_ERR_NOT_FOUND);
}
END_TEST

GC_SUITE("proc", GC_TEST(descriptors_arrive_at_their_places), GC_TEST(nothing_else_is_inherited),
         GC_TEST(our_descriptors_are_as_before), GC_TEST(the_environment_is_ours_or_given),
         GC_TEST(signals_are_as_at_birth), GC_TEST(what_cannot_run_is_known_at_once),
         GC_TEST(memory_is_told_while_it_lives))
