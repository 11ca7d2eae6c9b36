#include "worker/pool/seal.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/macros.h"
#include "common/num.h"

#define DESCRIPTORS 512 /* of the tasks ahead, with as many files as a stage may have nodes */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

/* Sanitizers want more memory than any limit, and files of their own: the seal is tested in other builds. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static void limit(int what, rlim_t most)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)what, &now) != 0)
        return;
    struct rlimit then = {most, most};
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < most)
        then = (struct rlimit){now.rlim_max, now.rlim_max};
    (void)setrlimit((__rlimit_resource_t)what, &then);
}

/* ---- Landlock ---- */

/* As of version 6: headers may be older than the kernel. */
struct ruleset {
    uint64_t files;
    uint64_t ports;
    uint64_t scoped;
};

#define FILE_RIGHTS_1 (((uint64_t)1 << 13) - 1) /* open, make, remove, read, write, execute */
#define REFER         ((uint64_t)1 << 13)
#define TRUNCATE      ((uint64_t)1 << 14)
#define IOCTL_DEVICE  ((uint64_t)1 << 15)
#define PORTS         ((uint64_t)3) /* bind, connect */
#define SCOPES        ((uint64_t)3) /* abstract sockets, signals, to whom is outside */
#define ASK_VERSION   1u

/* What each version knows. A field that the kernel does not know must not be passed at all. */
static const struct {
    struct ruleset rules;
    size_t size;
} versions[] = {
    {{FILE_RIGHTS_1, 0, 0}, sizeof(uint64_t)},
    {{FILE_RIGHTS_1 | REFER, 0, 0}, sizeof(uint64_t)},
    {{FILE_RIGHTS_1 | REFER | TRUNCATE, 0, 0}, sizeof(uint64_t)},
    {{FILE_RIGHTS_1 | REFER | TRUNCATE, PORTS, 0}, 2 * sizeof(uint64_t)},
    {{FILE_RIGHTS_1 | REFER | TRUNCATE | IOCTL_DEVICE, PORTS, 0}, 2 * sizeof(uint64_t)},
    {{FILE_RIGHTS_1 | REFER | TRUNCATE | IOCTL_DEVICE, PORTS, SCOPES}, sizeof(struct ruleset)},
};

/* A ruleset without a rule: of what it handles nothing is allowed. Returns the version; 0: there is none. */
static uint32_t close_file_system(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, ASK_VERSION);
    if (version < 1)
        return 0;
    size_t known = gc_min_size((size_t)version, GC_COUNT_OF(versions)) - 1;
    long ruleset = syscall(SYS_landlock_create_ruleset, &versions[known].rules, versions[known].size, 0u);
    if (ruleset < 0)
        return 0;
    bool closed = syscall(SYS_landlock_restrict_self, (int)ruleset, 0u) == 0;
    (void)close((int)ruleset);
    return closed ? (uint32_t)version : 0;
}

/* ---- seccomp ---- */

#ifdef ARCH
#define ALLOW(number)                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(number), 0, 1), \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
/* One of which only this first argument is. */
#define ALLOW_FIRST(number, value)                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(number), 0, 4), LOAD(args[0]), \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, 1),             \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), REFUSE(EPERM_)
#define REFUSE(errnum) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (errnum))
#define LOAD(field)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define ENOSYS_        38u
#define EPERM_         1u

static bool close_system_calls(void)
{
    /* First arguments fit into 32 bits; the low half comes first, both machines being little-endian. */
    uint32_t self = (uint32_t)getpid();
    struct sock_filter filter[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        /* Its flags lie in memory, where no filter sees them: glibc falls back to clone. */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        REFUSE(ENOSYS_),
        /* Threads, and no processes. */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        REFUSE(EPERM_),
        /* Descriptors that it was given. */
        ALLOW(SYS_read),
        ALLOW(SYS_write),
        ALLOW(SYS_readv),
        ALLOW(SYS_writev),
        ALLOW(SYS_pread64),
        ALLOW(SYS_pwrite64),
        ALLOW(SYS_lseek),
        ALLOW(SYS_fstat),
        ALLOW(SYS_newfstatat), /* glibc's fstat; names are Landlock's */
        ALLOW(SYS_ftruncate),
        ALLOW(SYS_close),
        ALLOW(SYS_dup),
        ALLOW(SYS_recvmsg),
        ALLOW(SYS_sendmsg),
        ALLOW(SYS_ppoll),
        /* Memory. */
        ALLOW(SYS_mmap),
        ALLOW(SYS_munmap),
        ALLOW(SYS_mprotect),
        ALLOW(SYS_mremap),
        ALLOW(SYS_madvise),
        ALLOW(SYS_brk),
        /* Threads, and their ends. */
        ALLOW(SYS_futex),
        ALLOW(SYS_set_robust_list),
        ALLOW(SYS_rseq),
        ALLOW_FIRST(SYS_prctl, PR_SET_NAME), /* of threads; not that it is to outlive its parent */
        ALLOW(SYS_sched_yield),
        ALLOW(SYS_sched_getaffinity),
        ALLOW(SYS_getpid),
        ALLOW(SYS_gettid),
        ALLOW_FIRST(SYS_tgkill, self), /* abort; nobody else's threads */
        ALLOW(SYS_rt_sigprocmask),
        ALLOW(SYS_rt_sigaction),
        ALLOW(SYS_rt_sigreturn),
        ALLOW(SYS_exit),
        ALLOW(SYS_exit_group),
        /* Time, chance, and what the machine is. */
        ALLOW(SYS_clock_gettime),
        ALLOW(SYS_clock_nanosleep),
        ALLOW(SYS_restart_syscall),
        ALLOW(SYS_getrandom),
        ALLOW(SYS_sysinfo),
#ifdef SYS_poll
        ALLOW(SYS_poll),
#endif
        REFUSE(EPERM_),
    };
    const struct sock_fprog program = {.len = GC_COUNT_OF(filter), .filter = filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
#else
static bool close_system_calls(void)
{
    return false;
}
#endif

struct gc_seal gc_seal(void)
{
    struct gc_seal walls = {.sanitized = SANITIZED};
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "gc-executor");
    /* A write beyond the file size limit is an error, not a death. */
    (void)signal(SIGXFSZ, SIG_IGN);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, GC_SEAL_FILE_SIZE);
    limit(RLIMIT_NOFILE, DESCRIPTORS);
    if (SANITIZED)
        return walls;
    limit(RLIMIT_AS, GC_SEAL_MEMORY);
    walls.landlock = close_file_system();
    walls.filtered = close_system_calls();
    return walls;
}
