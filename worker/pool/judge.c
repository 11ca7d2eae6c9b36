#include "worker/pool/judge.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/pool/seal.h"

#define VMSTAT_BYTES 16384u

uint64_t gc_judge_kills(void)
{
    static const char key[] = "\noom_kill ";
    char text[VMSTAT_BYTES];
    int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    size_t len = 0;
    for (ssize_t n; len < sizeof text - 1 && (n = read(fd, text + len, sizeof text - 1 - len)) > 0;)
        len += (size_t)n;
    close(fd);
    text[len] = '\0';
    const char *at = strstr(text, key);
    return at ? strtoull(at + sizeof key - 1, NULL, 10) : 0;
}

/* What it said, or that it had come near its limit: some of the address space is code and never resident. */
static bool lacked_memory(int signal, uint64_t peak_bytes, const struct gc_said *said)
{
    if (signal == SIGTRAP || signal == SIGABRT) {
        if (gc_said_holds(said, "failed to allocate") || gc_said_holds(said, "std::bad_alloc") ||
            gc_said_holds(said, "Error creating thread"))
            return true;
    } else if (signal != SIGSEGV && signal != SIGBUS) {
        return false;
    }
    return peak_bytes >= GC_SEAL_MEMORY - GC_SEAL_MEMORY / 8;
}

enum gc_cause gc_judge(int wait_status, uint64_t peak_bytes, uint64_t kills, const struct gc_said *said,
                       char *text, size_t cap)
{
    unsigned long long mib = peak_bytes >> 20;
    char last[128] = "";
    const char *colon = gc_said_last(said, last, sizeof last) ? ": " : "";
    if (!WIFSIGNALED(wait_status)) {
        snprintf(text, cap, "the executor ended with status %d (%llu MiB at most)%s%s",
                 WEXITSTATUS(wait_status), mib, colon, last);
        return GC_CAUSE_CRASH;
    }
    int signal = WTERMSIG(wait_status);
    if (lacked_memory(signal, peak_bytes, said)) {
        snprintf(text, cap, "an allocation failed (SIG%s, %llu MiB resident at most)%s%s",
                 sigabbrev_np(signal), mib, colon, last);
        return GC_CAUSE_OOM;
    }
    if (signal == SIGKILL && kills > 0) {
        snprintf(text, cap, "the system was out of memory and ended the executor (%llu MiB at most)", mib);
        return GC_CAUSE_OOM;
    }
    snprintf(text, cap, "the executor was ended by SIG%s (%llu MiB at most)%s%s", sigabbrev_np(signal), mib,
             colon, last);
    return GC_CAUSE_CRASH;
}
