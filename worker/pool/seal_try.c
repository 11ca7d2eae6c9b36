/* seal_try.c - the attempts, in the process that makes them. */
#include "worker/pool/seal_try.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/macros.h"

#define DESCRIPTORS 256 /* are looked at */

struct tools {
    pid_t worker;
    int file;
    int sock;
};

/* A call that was let through may still have failed: on its arguments, which are such that it does no harm. */
static bool passed(long result)
{
    return result >= 0 || (errno != EPERM && errno != EACCES && errno != ENOSYS);
}

static bool opened(long fd)
{
    if (fd >= 0)
        (void)close((int)fd);
    return passed(fd);
}

static bool open_folder(const struct tools *t)
{
    (void)t;
    return opened(syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY));
}

static bool open_program(const struct tools *t)
{
    (void)t;
    return opened(syscall(SYS_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY));
}

static bool open_memory(const struct tools *t)
{
    (void)t;
    return opened(syscall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR));
}

/* Not every machine has this file: to find it missing is as good as to open it. */
static bool open_accounts(const struct tools *t)
{
    (void)t;
    return opened(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
}

static bool open_two(const struct tools *t)
{
    (void)t;
    uint64_t how[3] = {O_RDONLY, 0, 0};
    return opened(syscall(SYS_openat2, AT_FDCWD, "/", how, sizeof how));
}

#ifdef SYS_open
static bool open_old(const struct tools *t)
{
    (void)t;
    return opened(syscall(SYS_open, "/proc/self/exe", O_RDONLY));
}
#endif

static bool make_file(const struct tools *t)
{
    (void)t;
    return opened(syscall(SYS_openat, AT_FDCWD, "/tmp", O_TMPFILE | O_RDWR, 0600));
}

/* Whatever the worker or the zygote had open and did not close. */
static bool use_others(const struct tools *t)
{
    bool found = false;
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS && !found; fd++) {
        int copy = fd == t->file || fd == t->sock ? -1 : dup(fd);
        found = copy >= 0;
        if (found)
            close(copy);
    }
    return found;
}

/* Which would make sockets behind the filter's back. */
static bool make_ring(const struct tools *t)
{
    (void)t;
    uint8_t parameters[120] = {0};
    return opened(syscall(SYS_io_uring_setup, 1, parameters));
}

static bool make_local_socket(const struct tools *t)
{
    (void)t;
    return opened(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0));
}

static bool make_socket(const struct tools *t)
{
    (void)t;
    return opened(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
}

static bool connect_own(const struct tools *t)
{
    const struct sockaddr_un nobody = {.sun_family = AF_UNIX, .sun_path = "/"};
    return passed(syscall(SYS_connect, t->sock, &nobody, sizeof nobody));
}

/* A program that there is not. */
static bool start_program(const struct tools *t)
{
    (void)t;
    char *const none[] = {NULL};
    return passed(syscall(SYS_execve, "/proc/self/exe/none", none, none));
}

static bool fork_process(const struct tools *t)
{
    (void)t;
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        _exit(0);
    return passed(pid);
}

static bool trace(const struct tools *t)
{
    return passed(syscall(SYS_ptrace, PTRACE_SEIZE, t->worker, NULL, NULL));
}

static bool read_memory(const struct tools *t)
{
    char byte;
    struct iovec to = {&byte, 1}, from = {&byte, 1};
    return passed(syscall(SYS_process_vm_readv, t->worker, &to, 1, &from, 1, 0));
}

static bool signal_process(const struct tools *t)
{
    return passed(syscall(SYS_kill, t->worker, 0));
}

static bool signal_thread(const struct tools *t)
{
    return passed(syscall(SYS_tgkill, t->worker, t->worker, 0));
}

static bool outlive(const struct tools *t)
{
    (void)t;
    int signal = 0;
    (void)prctl(PR_GET_PDEATHSIG, &signal);
    return passed(syscall(SYS_prctl, PR_SET_PDEATHSIG, signal == 0 ? SIGKILL : signal, 0, 0, 0));
}

/* Reserved and not touched. */
static bool take_memory(const struct tools *t)
{
    (void)t;
    size_t much = GC_SEAL_MEMORY + GC_SEAL_MEMORY / 2;
    void *all = mmap(NULL, much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED)
        return false;
    munmap(all, much);
    return true;
}

static bool write_beyond(const struct tools *t)
{
    return pwrite(t->file, "", 1, (off_t)GC_SEAL_FILE_SIZE) >= 0;
}

static bool grow_beyond(const struct tools *t)
{
    return ftruncate(t->file, (off_t)GC_SEAL_FILE_SIZE + 1) == 0;
}

static const struct {
    enum gc_seal_what what;
    bool (*is_possible)(const struct tools *t);
} attempts[] = {
    {GC_SEAL_OPEN, open_folder},
    {GC_SEAL_OPEN, open_program},
    {GC_SEAL_OPEN, open_memory},
    {GC_SEAL_OPEN, open_accounts},
    {GC_SEAL_OPEN, open_two},
#ifdef SYS_open
    {GC_SEAL_OPEN, open_old},
#endif
    {GC_SEAL_OPEN, make_file},
    {GC_SEAL_USE, use_others},
    {GC_SEAL_CONNECT, make_local_socket},
    {GC_SEAL_CONNECT, make_socket},
    {GC_SEAL_CONNECT, make_ring},
    {GC_SEAL_CONNECT, connect_own},
    {GC_SEAL_EXEC, start_program},
    {GC_SEAL_FORK, fork_process},
    {GC_SEAL_TRACE, trace},
    {GC_SEAL_TRACE, read_memory},
    {GC_SEAL_SIGNAL, signal_process},
    {GC_SEAL_SIGNAL, signal_thread},
    {GC_SEAL_OUTLIVE, outlive},
    {GC_SEAL_MEMORY_LIMIT, take_memory},
    {GC_SEAL_FILE_LIMIT, write_beyond},
    {GC_SEAL_FILE_LIMIT, grow_beyond},
};

void gc_seal_try(struct gc_seal_report *report, int file, int sock)
{
    const struct tools tools = {.worker = report->worker, .file = file, .sock = sock};
    for (size_t i = 0; i < GC_COUNT_OF(attempts); i++) {
        /* Before: it may end us. */
        atomic_store(&report->trying, attempts[i].what);
        if (attempts[i].is_possible(&tools))
            atomic_fetch_or(&report->possible, 1u << attempts[i].what);
    }
    atomic_store(&report->trying, GC_SEAL_WHATS_N);
}

int gc_seal_trial_main(int sock, int memory)
{
    struct gc_seal_report *report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (report == MAP_FAILED)
        return 1;
    report->walls = gc_seal();
    if (!report->walls.sanitized)
        gc_seal_try(report, memory, sock);
    return 0;
}
