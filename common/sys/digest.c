#include "common/sys/digest.h"

#include "common/assert.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

/* The header names no libsodium type; here is where that is checked. */
GC_STATIC_ASSERT(sizeof(crypto_generichash_blake2b_state) <= sizeof(struct gc_digest_stream), "it fits");
GC_STATIC_ASSERT(_Alignof(crypto_generichash_blake2b_state) <= _Alignof(struct gc_digest_stream), "aligned");
GC_STATIC_ASSERT(crypto_generichash_blake2b_BYTES == sizeof(struct gc_digest), "256 bits");

/* libsodium picks its fastest code at sodium_init, which may be called many times and from any
 * thread, and costs a flag's check after the first. */
static void ready(void)
{
    int failed = sodium_init();
    GC_ASSERT(failed >= 0);
}

static crypto_generichash_blake2b_state *state_of(struct gc_digest_stream *s)
{
    return (crypto_generichash_blake2b_state *)(void *)s->state;
}

struct gc_digest gc_digest_of(struct gc_bytes bytes)
{
    ready();
    struct gc_digest d;
    int failed = crypto_generichash_blake2b(d.b, sizeof d.b, bytes.ptr, bytes.len, NULL, 0);
    GC_ASSERT(failed == 0); /* it refuses lengths only, and these are ours */
    return d;
}

void gc_digest_init(struct gc_digest_stream *s)
{
    ready();
    int failed = crypto_generichash_blake2b_init(state_of(s), NULL, 0, sizeof(struct gc_digest));
    GC_ASSERT(failed == 0);
}

void gc_digest_update(struct gc_digest_stream *s, struct gc_bytes bytes)
{
    int failed = crypto_generichash_blake2b_update(state_of(s), bytes.ptr, bytes.len);
    GC_ASSERT(failed == 0);
}

struct gc_digest gc_digest_final(struct gc_digest_stream *s)
{
    struct gc_digest d;
    int failed = crypto_generichash_blake2b_final(state_of(s), d.b, sizeof d.b);
    GC_ASSERT(failed == 0);
    return d;
}

enum gc_err gc_digest_fd(int fd, struct gc_digest *ret, uint64_t *ret_len)
{
    struct gc_digest_stream s;
    uint8_t part[READ_SIZE];
    uint64_t len = 0;
    gc_digest_init(&s);
    for (;;) {
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gc_err_from_errno(errno);
        if (n == 0)
            break;
        gc_digest_update(&s, gc_bytes_of(part, (size_t)n));
        len += (uint64_t)n;
    }
    *ret = gc_digest_final(&s);
    if (ret_len)
        *ret_len = len;
    return GC_OK;
}
