/* 64-bit hashes of bytes and numbers. Not cryptographic: where somebody hostile chooses the bytes
 * and a collision does harm, use a seed that he does not know, or common/sys/digest.h.
 *
 * gc_hash_bytes is XXH64 (Yann Collet, xxHash, doc/xxhash_spec.md), chosen because it is published
 * with test vectors, fast in plain C, and other programs can compute it: such hashes are stored.
 * gc_hash_u64 is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014): a bijection.
 */
#ifndef GC_COMMON_HASH_H
#define GC_COMMON_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The same on every machine and in every version: may be stored. */
uint64_t gc_hash_bytes(const void *bytes, size_t len, uint64_t seed);

static inline uint64_t gc_hash_u64(uint64_t v)
{
    v += 0x9e3779b97f4a7c15u;
    v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9u;
    v = (v ^ (v >> 27)) * 0x94d049bb133111ebu;
    return v ^ (v >> 31);
}

/* For keys of several numbers: h = gc_hash_more(gc_hash_u64(a), b). The order counts. */
static inline uint64_t gc_hash_more(uint64_t hash, uint64_t v)
{
    return gc_hash_u64(hash ^ v);
}

#endif
