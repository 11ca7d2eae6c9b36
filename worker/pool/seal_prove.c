/* seal_prove.c - the worker's side of a trial: has one made, and says what it means. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/pool/seal_try.h"

#define END_MS 10000 /* on a busy machine */

static const char *const texts[GC_SEAL_WHATS_N] = {
#define X(name, text) [GC_SEAL_##name] = (text),
    GC_SEAL_WHATS(X)
#undef X
};

static void list_possible(uint32_t possible, char *text, size_t cap)
{
    size_t len = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < GC_SEAL_WHATS_N && len < cap; i++) {
        if (possible >> i & 1)
            len += (size_t)snprintf(text + len, cap - len, "%s%s", len > 0 ? ", " : "", texts[i]);
    }
}

enum gc_err gc_seal_judge(const struct gc_seal_report *report, struct gc_fault *fault)
{
    uint32_t possible = atomic_load(&report->possible), trying = atomic_load(&report->trying);
    if (report->walls.sanitized || (possible == 0 && trying == GC_SEAL_WHATS_N))
        return GC_OK;
    if (trying < GC_SEAL_WHATS_N)
        return gc_fault_set(
            fault, GC_ERR_UNSUPPORTED,
            "the trial of a sealed executor ended while it tried to %s: whether image code could do that is "
            "not known, and nothing is run",
            texts[trying]);
    char list[256];
    list_possible(possible, list, sizeof list);
    return gc_fault_set(
        fault, GC_ERR_UNSUPPORTED,
        "executors cannot be sealed here: image code could %s (system calls are %s; Landlock: %s). It takes a "
        "kernel with seccomp filters (CONFIG_SECCOMP_FILTER), on x86-64 or arm64; a container must let "
        "prctl(PR_SET_SECCOMP) and setrlimit through",
        list, report->walls.filtered ? "filtered" : "not filtered",
        report->walls.landlock > 0 ? "yes" : "no");
}

static enum gc_err run_trial(struct gc_zygote *z, int memory, struct gc_fault *fault)
{
    struct gc_zygote_child child;
    struct gc_zygote_status status = {0};
    enum gc_err err = gc_zygote_fork(z, GC_ZYGOTE_TRIAL, memory, &child, fault);
    if (err != GC_OK)
        return err;
    bool ended = gc_zygote_ended(&child, END_MS, &status);
    gc_zygote_kill(&child); /* it had its time */
    gc_zygote_leave(&child);
    return ended ? GC_OK
                 : gc_fault_set(fault, GC_ERR_UNREACHABLE, "the trial of a sealed executor has not ended");
}

enum gc_err gc_seal_prove(struct gc_zygote *z, struct gc_seal *ret_walls, struct gc_fault *fault)
{
    struct gc_seal_report *report = MAP_FAILED;
    int memory = memfd_create("gc-trial", MFD_CLOEXEC);
    if (memory >= 0 && ftruncate(memory, (off_t)sizeof *report) == 0)
        report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    enum gc_err err = GC_ERR_NOMEM;
    if (report == MAP_FAILED) {
        (void)gc_fault_set(fault, err, "memory for the trial of a sealed executor: %s", strerror(errno));
    } else {
        report->worker = getpid();
        err = run_trial(z, memory, fault);
        if (err == GC_OK)
            err = gc_seal_judge(report, fault);
        if (err == GC_OK)
            *ret_walls = report->walls;
        munmap(report, sizeof *report);
    }
    if (memory >= 0)
        close(memory);
    return err;
}
