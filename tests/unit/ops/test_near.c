/* Groups of near hashes: those that comparing all pairs gives, on sets of every kind. */
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

#include "worker/ops/near.h"

enum { MOST = 6000 };

/* All pairs, again and again until nothing changes: as simple as can be. */
static void by_all_pairs(const uint64_t *hashes, uint32_t n, unsigned distance, uint32_t *group)
{
    for (uint32_t i = 0; i < n; i++)
        group[i] = i;
    for (int changed = 1; changed;) {
        changed = 0;
        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t j = 0; j < i; j++) {
                int bits = __builtin_popcountll(hashes[i] ^ hashes[j]);
                if (bits > (int)distance || group[i] == group[j])
                    continue;
                uint32_t least = group[i] < group[j] ? group[i] : group[j];
                group[i] = group[j] = least; /* the rest of both follows in later rounds */
                changed = 1;
            }
        }
    }
}

static void agrees(const uint64_t *hashes, uint32_t n, unsigned distance, uint64_t seed)
{
    static uint32_t wanted[MOST];
    static uint32_t got[MOST];
    by_all_pairs(hashes, n, distance, wanted);
    ck_assert_int_eq(gc_near_groups(hashes, n, distance, got), GC_OK);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_msg(wanted[i] == got[i], "seed %lu, %u hashes, distance %u: hash %u is in %u, not in %u",
                      seed, n, distance, i, got[i], wanted[i]);
}

static uint64_t flipped(uint64_t hash, unsigned bits, uint64_t *seed)
{
    for (unsigned i = 0; i < bits; i++)
        hash ^= UINT64_C(1) << gc_suite_random(seed) % 64;
    return hash;
}

/* Random ones, and near ones of those, chains of them, and equal ones. `fixed`: bits that all of them share. */
static void make(uint64_t *hashes, uint32_t n, unsigned distance, uint64_t fixed, uint64_t *seed)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t kind = gc_suite_random(seed) % 8;
        uint64_t other = i ? hashes[gc_suite_random(seed) % i] : 0;
        if (kind < 4 || i == 0)
            hashes[i] = gc_suite_random(seed);
        else if (kind < 7)
            hashes[i] = flipped(other, (unsigned)(gc_suite_random(seed) % (distance + 3)), seed);
        else
            hashes[i] = other;
        hashes[i] &= ~fixed;
    }
}

START_TEST(agrees_with_all_pairs)
{
    static uint64_t hashes[MOST];
    for (uint64_t round = 1; round <= 170; round++) {
        uint64_t seed = round * 7919;
        unsigned distance = (unsigned)(round % (GC_NEAR_MAX_DISTANCE + 1));
        uint32_t n = (uint32_t)(gc_suite_random(&seed) % (round % 16 ? 400 : MOST)) + 1;
        make(hashes, n, distance, 0, &seed);
        agrees(hashes, n, distance, round);
    }
}
END_TEST

/* Bits that never vary, and bits that hardly do: few of the 64 tell anything. */
START_TEST(agrees_where_most_bits_are_the_same)
{
    static uint64_t hashes[MOST];
    static const uint64_t fixed[] = {UINT64_MAX << 12, UINT64_MAX >> 14, 0xffff0000ffff0000u, ~UINT64_C(3)};
    for (uint64_t round = 1; round <= 80; round++) {
        uint64_t seed = round * 104729;
        unsigned distance = (unsigned)(round % 7);
        uint32_t n = (uint32_t)(gc_suite_random(&seed) % 700) + 1;
        make(hashes, n, distance, fixed[round % 4], &seed);
        agrees(hashes, n, distance, round);
    }
}
END_TEST

START_TEST(none_and_one)
{
    uint32_t group[1] = {7};
    uint64_t hash = 5;
    ck_assert_int_eq(gc_near_groups(NULL, 0, 4, group), GC_OK);
    ck_assert_uint_eq(group[0], 7);
    ck_assert_int_eq(gc_near_groups(&hash, 1, 4, group), GC_OK);
    ck_assert_uint_eq(group[0], 0);
}
END_TEST

/* Many enough for all kinds of cuts: what was planted is found, at the distance and not beyond it. Random hashes lie some 32 bits
 * apart: that two of 200,000 come within 4 has a chance of 1 in 1,000, and the seeds are fixed. */
START_TEST(finds_what_was_planted)
{
    enum { N = 200000, PLANTED = 1000 };
    uint64_t *hashes = malloc(N * sizeof *hashes);
    uint32_t *group = malloc(N * sizeof *group);
    static const unsigned distances[] = {1, 3, 4};
    for (size_t d = 0; d < sizeof distances / sizeof distances[0]; d++) {
        unsigned distance = distances[d];
        uint64_t seed = 88172645463325252u + distance;
        for (uint32_t i = 0; i < N; i++)
            hashes[i] = gc_suite_random(&seed);
        for (uint32_t i = 0; i < PLANTED;
             i++) { /* the i-th and its twin: exactly so many bits; and one bit too many */
            uint64_t at = 0;
            while (__builtin_popcountll(at) < (int)distance)
                at |= UINT64_C(1) << gc_suite_random(&seed) % 64;
            hashes[N - 1 - i] = hashes[i] ^ at;
            uint64_t more = at;
            while (more == at)
                more |= UINT64_C(1) << gc_suite_random(&seed) % 64;
            hashes[N / 2 + i] = hashes[PLANTED + i] ^ more;
        }
        ck_assert_int_eq(gc_near_groups(hashes, N, distance, group), GC_OK);
        for (uint32_t i = 0; i < N; i++)
            ck_assert_uint_eq(group[i], i >= N - PLANTED ? N - 1 - i : i);
    }
    free(hashes);
    free(group);
}
END_TEST

/* All that 17 bits can say: one group, whose pairs are beyond counting out. */
START_TEST(a_dense_set_is_one_group)
{
    enum { N = 1 << 17 };
    uint64_t *hashes = malloc(N * sizeof *hashes);
    uint32_t *group = malloc(N * sizeof *group);
    for (uint32_t i = 0; i < N; i++)
        hashes[i] = (uint64_t)(i & 0x1ff) | (uint64_t)(i >> 9) << 41;
    for (unsigned distance = 1; distance <= 9; distance += 4) {
        ck_assert_int_eq(gc_near_groups(hashes, N, distance, group), GC_OK);
        for (uint32_t i = 0; i < N; i++)
            ck_assert_uint_eq(group[i], 0);
    }
    free(hashes);
    free(group);
}
END_TEST

START_TEST(refuses_a_distance_too_large)
{
    uint64_t hash = 1;
    uint32_t group;
    (void)!gc_near_groups(&hash, 1, GC_NEAR_MAX_DISTANCE + 1, &group);
}
END_TEST

GC_SUITE("near", GC_TEST(agrees_with_all_pairs), GC_TEST(agrees_where_most_bits_are_the_same),
         GC_TEST(none_and_one), GC_TEST(finds_what_was_planted), GC_TEST(a_dense_set_is_one_group),
         GC_TEST_ABORTS(refuses_a_distance_too_large))
