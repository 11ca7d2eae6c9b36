/* Crash, or no memory? */
#include "tests/unit/suite.h"
#include "worker/pool/judge.h"
#include "worker/pool/seal.h"

#include <signal.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)

static char text[256];

static enum gc_cause judged(int status, uint64_t peak, uint64_t kills, const char *printed)
{
    struct gc_said said = {.len = strlen(printed)};
    memcpy(said.kept, printed, said.len);
    return gc_judge(status, peak, kills, &said, text, sizeof text);
}

START_TEST(crashes)
{
    ck_assert_int_eq(judged(SIGSEGV, 57 * MIB, 0, ""), GC_CAUSE_CRASH);
    ck_assert_str_eq(text, "the executor was ended by SIGSEGV (57 MiB at most)");
    ck_assert_int_eq(judged(SIGABRT, 57 * MIB, 0, "noise\nfree(): invalid pointer\n"), GC_CAUSE_CRASH);
    ck_assert_str_eq(text, "the executor was ended by SIGABRT (57 MiB at most): free(): invalid pointer");
    ck_assert_int_eq(judged(SIGTRAP, 57 * MIB, 0, "GLib-ERROR **: no such thing\n"), GC_CAUSE_CRASH);
    /* Somebody else's kill for want of memory is no reason for a crash of ours. */
    ck_assert_int_eq(judged(SIGSEGV, 57 * MIB, 1, ""), GC_CAUSE_CRASH);
    ck_assert_int_eq(judged(SIGKILL, 57 * MIB, 0, ""), GC_CAUSE_CRASH);
    ck_assert_int_eq(judged(3 << 8, 57 * MIB, 0, ""), GC_CAUSE_CRASH);
    ck_assert_str_eq(text, "the executor ended with status 3 (57 MiB at most)");
}
END_TEST

START_TEST(no_memory)
{
    /* As GLib 2.74 and libstdc++ 12 print it. */
    ck_assert_int_eq(
        judged(SIGTRAP, 90 * MIB, 0,
               "\n(process:7): GLib-ERROR **: gmem.c:136: failed to allocate 3221225472 bytes\n"),
        GC_CAUSE_OOM);
    ck_assert_ptr_nonnull(strstr(text, "failed to allocate 3221225472 bytes"));
    ck_assert_int_eq(judged(SIGABRT, 90 * MIB, 0,
                            "terminate called after throwing an instance of 'std::bad_alloc'\n"
                            "  what():  std::bad_alloc\n"),
                     GC_CAUSE_OOM);
    ck_assert_int_eq(
        judged(SIGTRAP, 90 * MIB, 0, "GLib-ERROR **: creating thread 'x': Error creating thread: (null)\n"),
        GC_CAUSE_OOM);
    ck_assert_int_eq(judged(SIGKILL, 900 * MIB, 1, ""), GC_CAUSE_OOM);
    ck_assert_str_eq(text, "the system was out of memory and ended the executor (900 MiB at most)");
    /* At its limit there is no memory to say so with. */
    ck_assert_int_eq(judged(SIGSEGV, GC_SEAL_MEMORY - 100 * MIB, 0, ""), GC_CAUSE_OOM);
    ck_assert_int_eq(judged(SIGABRT, GC_SEAL_MEMORY - 100 * MIB, 0, ""), GC_CAUSE_OOM);
}
END_TEST

GC_SUITE("judge", GC_TEST(crashes), GC_TEST(no_memory))
