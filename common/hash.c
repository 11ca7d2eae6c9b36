#include "common/hash.h"

#include <string.h>

/* XXH64 after doc/xxhash_spec.md of xxHash; the names are the specification's. */

static const uint64_t PRIME1 = 0x9e3779b185ebca87u;
static const uint64_t PRIME2 = 0xc2b2ae3d27d4eb4fu;
static const uint64_t PRIME3 = 0x165667b19e3779f9u;
static const uint64_t PRIME4 = 0x85ebca77c2b2ae63u;
static const uint64_t PRIME5 = 0x27d4eb2f165667c5u;

enum { STRIPE = 4 * sizeof(uint64_t) };

static uint64_t rotate(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

/* Little-endian, whatever the machine is. */
static uint64_t read64(const uint8_t *at)
{
    uint64_t v;
    memcpy(&v, at, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

static uint64_t read32(const uint8_t *at)
{
    uint32_t v;
    memcpy(&v, at, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

static uint64_t round64(uint64_t acc, uint64_t lane)
{
    return rotate(acc + lane * PRIME2, 31) * PRIME1;
}

static uint64_t merge(uint64_t acc, uint64_t lane_acc)
{
    return (acc ^ round64(0, lane_acc)) * PRIME1 + PRIME4;
}

/* Steps 1 to 3, for inputs of a stripe and more. Moves *at behind the last whole stripe. */
static uint64_t stripes(const uint8_t **at, const uint8_t *end, uint64_t seed)
{
    uint64_t acc[4] = {seed + PRIME1 + PRIME2, seed + PRIME2, seed, seed - PRIME1};
    const uint8_t *p = *at;
    for (; end - p >= STRIPE; p += STRIPE) {
        for (size_t i = 0; i < 4; i++)
            acc[i] = round64(acc[i], read64(p + i * sizeof(uint64_t)));
    }
    *at = p;
    uint64_t hash = rotate(acc[0], 1) + rotate(acc[1], 7) + rotate(acc[2], 12) + rotate(acc[3], 18);
    for (int i = 0; i < 4; i++)
        hash = merge(hash, acc[i]);
    return hash;
}

uint64_t gc_hash_bytes(const void *bytes, size_t len, uint64_t seed)
{
    static const uint8_t nothing[1];
    const uint8_t *p = len ? bytes : nothing; /* no arithmetic on a NULL of an empty slice */
    const uint8_t *end = p + len;
    uint64_t hash = len >= STRIPE ? stripes(&p, end, seed) : seed + PRIME5;
    hash += len;

    for (; end - p >= 8; p += 8)
        hash = rotate(hash ^ round64(0, read64(p)), 27) * PRIME1 + PRIME4;
    if (end - p >= 4) {
        hash = rotate(hash ^ read32(p) * PRIME1, 23) * PRIME2 + PRIME3;
        p += 4;
    }
    for (; p < end; p++)
        hash = rotate(hash ^ *p * PRIME5, 11) * PRIME1;

    hash = (hash ^ hash >> 33) * PRIME2;
    hash = (hash ^ hash >> 29) * PRIME3;
    return hash ^ hash >> 32;
}
