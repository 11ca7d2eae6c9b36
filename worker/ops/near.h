/* near.h - which of many 64-bit hashes are near each other. Inside of worker/ops. Pure but for malloc.
 *
 * Two hashes are near where they differ in at most `distance` bits; a group is a connected component of that, so that its ends may be
 * further apart than the distance.
 *
 * Equal hashes are one to begin with. The others are found by multi-index hashing (Norouzi, Punjani, Fleet: "Fast Search in Hamming
 * Space with Multi-Index Hashing", CVPR 2012): of m disjoint chunks of the bits with radii r1 ... rm, where the sum of (r + 1) is
 * distance + 1, two near hashes differ by at most its radius in one chunk at least (the pigeonholes). So for each chunk the hashes
 * are put into buckets by their bits there, and only those in buckets within the radius of each other are compared. How many chunks of
 * how many bits: as few comparisons as can be expected by how often each bit is set. Which bits: those that tell most, dealt out
 * evenly, so that bits which are the same in most hashes spoil no chunk.
 *
 * Cost, of n distinct hashes: for each chunk n * n / 2^k / 2 comparisons times the buckets within its radius, k bits a chunk. A
 * million random hashes take about 1 s of one core at distance 4, 3 s at 8 and 6 s at 10 (tests/bench/bench_near.c); a million of
 * which each bit is set in an eighth, 15 s at 4. The worst case is n * n / 2: hashes that agree in most bits and still lie apart.
 * Where they are near, parts of buckets that are one group already are passed over, and that is all of it soon.
 * Memory: 24 bytes a hash beside the caller's, 4 << GC_NEAR_KEY_BITS at most for a chunk.
 */
#ifndef GC_WORKER_OPS_NEAR_H
#define GC_WORKER_OPS_NEAR_H

#include <stdint.h>

#include "common/error.h"

#define GC_NEAR_MAX_HASHES (1u << 24)
#define GC_NEAR_MAX_DISTANCE \
    16u /* beyond it hashes without a pattern are all one group, and the buckets are no help */
#define GC_NEAR_KEY_BITS 22u

/* Of each hash the lowest index in its group, into group[n]. n <= GC_NEAR_MAX_HASHES and distance <= GC_NEAR_MAX_DISTANCE (asserted).
 * GC_ERR_NOMEM. */
enum gc_err gc_near_groups(const uint64_t *hashes, uint32_t n, unsigned distance,
                           uint32_t *group) GC_MUST_CHECK;

#endif
