/* bench_near - groups of near hashes: random ones, with as many near twins planted as asked for.
 *
 *     bench_near [HASHES [DISTANCE [TWINS]]]      by default 1000000 4 10000
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "common/hash.h"
#include "common/sys/clock.h"
#include "worker/ops/near.h"

static uint32_t argument(int argc, char **argv, int at, uint32_t fallback)
{
    return argc > at ? (uint32_t)strtoul(argv[at], NULL, 10) : fallback;
}

int main(int argc, char **argv)
{
    uint32_t n = argument(argc, argv, 1, 1000000);
    uint32_t distance = argument(argc, argv, 2, 4);
    uint32_t twins = argument(argc, argv, 3, 10000);
    if (n > GC_NEAR_MAX_HASHES || distance > GC_NEAR_MAX_DISTANCE || twins > n / 2) {
        (void)fprintf(stderr, "bench_near [HASHES [DISTANCE [TWINS]]]\n");
        return 2;
    }
    uint64_t *hashes = malloc((size_t)n * sizeof *hashes);
    uint32_t *group = malloc((size_t)n * sizeof *group);
    if (!hashes || !group)
        return 1;
    for (uint32_t i = 0; i < n; i++)
        hashes[i] = gc_hash_u64(i);
    for (uint32_t i = 0; i < twins; i++) { /* at most `distance` bits away */
        hashes[n - 1 - i] = hashes[i];
        for (uint32_t k = 0; k < distance; k++)
            hashes[n - 1 - i] ^= UINT64_C(1) << gc_hash_more(i, k) % 64;
    }
    uint64_t start = gc_clock_now();
    enum gc_err err = gc_near_groups(hashes, n, distance, group);
    double seconds = (double)(gc_clock_now() - start) / 1e9;
    uint32_t grouped = 0;
    for (uint32_t i = 0; i < n; i++)
        grouped += group[i] != i;
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf("%u hashes, distance %u: %.2f s, %ld MiB, %u joined to another (%u planted)%s\n", n,
                 distance, seconds, usage.ru_maxrss / 1024, grouped, twins, err ? ": no memory" : "");
    free(hashes);
    free(group);
    return err != GC_OK;
}
