#include "worker/pool/seal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Address space: images of the largest size that `load` lets pass, and libvips' own. */
#define MEMORY ((rlim_t)2 << 30)
#define FILE_SIZE ((rlim_t)4 << 30)
#define DESCRIPTORS 512 /* of four tasks ahead, with as many files as a stage may have nodes */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHADOWED 1 /* its shadow memory alone is larger than any limit */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SHADOWED 1
#endif
#endif
#ifndef SHADOWED
#define SHADOWED 0
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

void gc_seal(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_NAME, "gc-executor");
    /* A write beyond the file size limit is an error, not a death. */
    signal(SIGXFSZ, SIG_IGN);
    if (!SHADOWED)
        limit(RLIMIT_AS, MEMORY);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, FILE_SIZE);
    limit(RLIMIT_NOFILE, DESCRIPTORS);
}
