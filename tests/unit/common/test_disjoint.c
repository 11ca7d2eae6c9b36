/* Union-find against a table of who is with whom. */
#include "common/disjoint.h"
#include "tests/unit/suite.h"

#include <string.h>

enum { N = 60 };

START_TEST(as_the_table_has_it)
{
    uint32_t parent[N], name[N]; /* name: the least element of its set, kept by hand */
    uint32_t seed = 12345;
    for (uint32_t i = 0; i < N; i++)
        parent[i] = name[i] = i;
    for (int step = 0; step < 200; step++) {
        uint32_t low = N, high = N;
        seed = seed * 1664525u + 1013904223u;
        uint32_t a = (seed >> 8) % N, b = (seed >> 20) % N;
        uint32_t least = name[a] < name[b] ? name[a] : name[b];
        uint32_t most = name[a] < name[b] ? name[b] : name[a];
        bool joined = gc_disjoint_join(parent, a, b, &low, &high);
        ck_assert_int_eq(joined, least != most);
        if (joined) {
            ck_assert_uint_eq(low, least);
            ck_assert_uint_eq(high, most);
        }
        for (uint32_t i = 0; i < N; i++) {
            if (name[i] == most)
                name[i] = least;
            ck_assert_uint_eq(gc_disjoint_root(parent, i), name[i]);
        }
    }
}
END_TEST

GC_SUITE("common: disjoint sets", GC_TEST(as_the_table_has_it))
