/* That the trial finds what is possible, and that sealed nothing is. */
#include "tests/unit/suite.h"
#include "worker/pool/seal_try.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIT(what) (1u << GC_SEAL_##what)
#define ALL       ((1u << GC_SEAL_WHATS_N) - 1)

static struct gc_seal_report *shared_report(void)
{
    struct gc_seal_report *r =
        mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(r, MAP_FAILED);
    r->worker = getpid();
    return r;
}

/* How the child ended that runs `what` on the report. */
static int in_child(void (*what)(struct gc_seal_report *), struct gc_seal_report *r)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        what(r);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

enum { FILE_FD = 3, SOCK_FD, OTHER_FD };

static void move(int from, int to)
{
    if (dup2(from, to) != to)
        _exit(2);
}

/* All that an executor has is a file and a socket; the socket's other end is one that was forgotten. */
static void take_descriptors(void)
{
    int pair[2], file = memfd_create("trial", MFD_CLOEXEC);
    if (file < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
        _exit(1);
    file = fcntl(file, F_DUPFD, OTHER_FD + 1);
    int sock = fcntl(pair[0], F_DUPFD, OTHER_FD + 1), other = fcntl(pair[1], F_DUPFD, OTHER_FD + 1);
    move(file, FILE_FD);
    move(sock, SOCK_FD);
    move(other, OTHER_FD);
    if (close_range(OTHER_FD + 1, ~0u, 0) != 0)
        _exit(3);
}

static void try_all(struct gc_seal_report *r)
{
    take_descriptors();
    gc_seal_try(r, FILE_FD, SOCK_FD);
}

static void try_sealed(struct gc_seal_report *r)
{
    take_descriptors();
    close(OTHER_FD);
    r->walls = gc_seal();
    if (!r->walls.sanitized)
        gc_seal_try(r, FILE_FD, SOCK_FD);
}

START_TEST(nothing_is_possible_sealed)
{
    struct gc_seal_report *r = shared_report();
    ck_assert_int_eq(in_child(try_sealed, r), 0);
    if (r->walls.sanitized) {
        printf("skipped: this build has a sanitizer, its executors are not sealed\n");
        return;
    }
    ck_assert_uint_eq(r->possible, 0);
    ck_assert_uint_eq(r->trying, GC_SEAL_WHATS_N);
    ck_assert(r->walls.filtered);
    ck_assert_int_eq(gc_seal_judge(r, NULL), GC_OK);
}
END_TEST

START_TEST(everything_is_possible_unsealed)
{
    struct gc_seal_report *r = shared_report();
    ck_assert_int_eq(in_child(try_all, r), 0);
    ck_assert_uint_eq(r->trying, GC_SEAL_WHATS_N);
    /* Who runs the tests may be forbidden to trace, and no more. */
    ck_assert_uint_eq(r->possible | BIT(TRACE), ALL);
    struct gc_fault fault;
    ck_assert_int_eq(gc_seal_judge(r, &fault), GC_ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(fault.text, "open files, use descriptors of the worker, open sockets"));
}
END_TEST

static void name_and_abort(struct gc_seal_report *r)
{
    (void)gc_seal();
    r->possible = prctl(PR_SET_NAME, "decoder") == 0;
    abort();
}

/* Image code may name its threads, and give up. */
START_TEST(abort_still_aborts)
{
    struct gc_seal_report *r = shared_report();
    int status = in_child(name_and_abort, r);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
    ck_assert_uint_eq(r->possible, 1);
}
END_TEST

static const char *judged(struct gc_seal_report r)
{
    static struct gc_fault fault;
    return gc_seal_judge(&r, &fault) == GC_OK ? NULL : fault.text;
}

START_TEST(one_way_is_enough_to_refuse)
{
    struct gc_seal walls = {.filtered = true, .landlock = 2};
    ck_assert_ptr_null(judged((struct gc_seal_report){.walls = walls, .trying = GC_SEAL_WHATS_N}));
    for (uint32_t i = 0; i < GC_SEAL_WHATS_N; i++) {
        const char *text =
            judged((struct gc_seal_report){.walls = walls, .possible = 1u << i, .trying = GC_SEAL_WHATS_N});
        ck_assert_ptr_nonnull(text);
        ck_assert_ptr_nonnull(strstr(text, "seccomp"));
    }
    /* It ended in the middle. */
    const char *text = judged((struct gc_seal_report){.walls = walls, .trying = GC_SEAL_EXEC});
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_nonnull(strstr(text, "ended while it tried to start programs"));
}
END_TEST

GC_SUITE("seal", GC_TEST(nothing_is_possible_sealed), GC_TEST(everything_is_possible_unsealed),
         GC_TEST(abort_still_aborts), GC_TEST(one_way_is_enough_to_refuse))
