#include "common/sys/random.h"

#include "common/assert.h"

#include <errno.h>
#include <sys/random.h>

void gc_random_bytes(void *to, size_t len)
{
    uint8_t *at = to;
    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        /* The one assert on the world: an id that is not random would name somebody else's run. */
        GC_ASSERT(n > 0);
        at += n;
        len -= (size_t)n;
    }
}

uint64_t gc_random_u64(void)
{
    uint64_t v;
    gc_random_bytes(&v, sizeof v);
    return v;
}

struct gc_id128 gc_random_id(void)
{
    struct gc_id128 id;
    do
        gc_random_bytes(id.b, sizeof id.b);
    while (gc_id_none(id));
    return id;
}
