/* near.c - see near.h. */
#include "worker/ops/near.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/disjoint.h"
#include "common/num.h"

enum {
    BITS = 64,
    TILE = 256,         /* hashes of a bucket that are looked at together */
    MAX_MASKS = 1 << 16 /* buckets within a radius that are looked at, at most */
};

/* How the bits are cut: `chunks` chunks of `bits` bits; the first `wider` of them have radius + 1. */
struct cut {
    unsigned chunks;
    unsigned bits;
    unsigned radius;
    unsigned wider;
};

struct near {
    unsigned distance;
    uint32_t n;       /* distinct hashes */
    uint64_t *hash;   /* [n] ascending */
    uint32_t *parent; /* [n] union-find */
    uint32_t groups;
    uint8_t order[BITS]; /* bits, the one that tells most first */
    double alike[BITS];  /* in that order: how likely two hashes agree in it */
    /* of the chunk at work */
    uint64_t *by_key; /* [n] hashes by their bits in the chunk */
    uint32_t *ids;    /* [n] and which they are */
    uint32_t *starts; /* [2^bits + 1] where the bucket of each key begins */
    uint32_t *masks;  /* [n_masks] what two keys may differ in */
    uint32_t n_masks;
    void (*join)(struct near *s, uint32_t a, uint32_t a_end, uint32_t b, uint32_t b_end);
};

/* ---- equal hashes ---- */

/* Indexes in the order of their hashes, equal ones in order; by counting, a byte a pass. The result is in `order`. */
static void sort_indexes(const uint64_t *hashes, uint32_t n, uint32_t *order, uint32_t *spare)
{
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (unsigned shift = 0; shift < BITS; shift += 8) {
        uint32_t at[256] = {0};
        uint32_t sum = 0;
        for (uint32_t i = 0; i < n; i++)
            at[hashes[i] >> shift & 255]++;
        for (unsigned d = 0; d < 256; d++) {
            uint32_t count = at[d];
            at[d] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < n; i++)
            spare[at[hashes[order[i]] >> shift & 255]++] = order[i];
        uint32_t *swap = order;
        order = spare;
        spare = swap;
    }
}
_Static_assert(BITS / 8 % 2 == 0, "after an even number of passes the result is where it began");

/* The distinct hashes into s; which of them each is into `which`. */
static enum gc_err take_distinct(struct near *s, const uint64_t *hashes, uint32_t n, uint32_t *which)
{
    uint32_t *order = malloc((size_t)n * sizeof *order);
    uint32_t *spare = malloc((size_t)n * sizeof *spare);
    s->hash = malloc((size_t)n * sizeof *s->hash);
    enum gc_err err = order && spare && s->hash ? GC_OK : GC_ERR_NOMEM;
    if (!err) {
        sort_indexes(hashes, n, order, spare);
        for (uint32_t i = 0; i < n; i++) {
            if (s->n == 0 || s->hash[s->n - 1] != hashes[order[i]])
                s->hash[s->n++] = hashes[order[i]];
            which[order[i]] = s->n - 1;
        }
    }
    free(order);
    free(spare);
    return err;
}

/* ---- groups ---- */

static uint32_t root_of(struct near *s, uint32_t i)
{
    return gc_disjoint_root(s->parent, i);
}

static void unite(struct near *s, uint32_t a, uint32_t b)
{
    uint32_t low;
    uint32_t high;
    s->groups -= gc_disjoint_join(s->parent, a, b, &low, &high);
}

/* ---- comparing ---- */

/* Two tiles, or one with itself, where every pair is to be looked at once. */
static inline __attribute__((always_inline)) void join_tiles(struct near *s, uint32_t a, uint32_t a_end,
                                                             uint32_t b, uint32_t b_end)
{
    const uint64_t *hash = s->by_key;
    const int distance = (int)s->distance;
    for (uint32_t i = a; i < a_end; i++)
        for (uint32_t j = a == b ? i + 1 : b; j < b_end; j++)
            if (__builtin_popcountll(hash[i] ^ hash[j]) <= distance)
                unite(s, s->ids[i], s->ids[j]);
}

static void join_plain(struct near *s, uint32_t a, uint32_t a_end, uint32_t b, uint32_t b_end)
{
    join_tiles(s, a, a_end, b, b_end);
}

/* Counting bits is one instruction of most x86 machines, and a call on those that a plain build is for. */
#if defined(__x86_64__)
__attribute__((target("popcnt"))) static void join_popcnt(struct near *s, uint32_t a, uint32_t a_end,
                                                          uint32_t b, uint32_t b_end)
{
    join_tiles(s, a, a_end, b, b_end);
}
#endif

static void choose_join(struct near *s)
{
    s->join = join_plain;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("popcnt"))
        s->join = join_popcnt;
#endif
}

static bool one_group(struct near *s, uint32_t from, uint32_t to, uint32_t root)
{
    for (uint32_t i = from; i < to; i++)
        if (root_of(s, s->ids[i]) != root)
            return false;
    return true;
}

/* Large buckets tile by tile, since of hashes that lie close together most are one group soon. */
static void join_large(struct near *s, uint32_t a, uint32_t a_end, uint32_t b, uint32_t b_end)
{
    for (uint32_t i = a; i < a_end; i += TILE) {
        uint32_t i_end = a_end - i > TILE ? i + TILE : a_end;
        for (uint32_t j = a == b ? i : b; j < b_end; j += TILE) {
            uint32_t j_end = b_end - j > TILE ? j + TILE : b_end;
            uint32_t root = root_of(s, s->ids[i]);
            if (!one_group(s, j, j_end, root) || !one_group(s, i, i_end, root))
                s->join(s, i, i_end, j, j_end);
        }
    }
}

static void join_buckets(struct near *s, uint32_t a, uint32_t b)
{
    uint32_t a_end = s->starts[a + 1];
    uint32_t b_end = s->starts[b + 1];
    uint32_t a_at = s->starts[a];
    uint32_t b_at = s->starts[b];
    if (a_end - a_at > TILE || b_end - b_at > TILE)
        join_large(s, a_at, a_end, b_at, b_end);
    else
        s->join(s, a_at, a_end, b_at, b_end);
}

/* ---- a chunk ---- */

/* The chunk's bits of a hash: every `chunks`-th of the bits in order, so that each chunk has as much to tell as the others. */
static uint32_t key_of(const struct near *s, uint64_t hash, const struct cut *cut, unsigned chunk)
{
    uint32_t key = 0;
    for (unsigned i = 0; i < cut->bits; i++)
        key = key << 1 | (uint32_t)(hash >> s->order[i * cut->chunks + chunk] & 1);
    return key;
}

static void fill_buckets(struct near *s, const struct cut *cut, unsigned chunk)
{
    size_t keys = (size_t)1 << cut->bits;
    memset(s->starts, 0, (keys + 1) * sizeof *s->starts);
    for (uint32_t i = 0; i < s->n; i++)
        s->starts[key_of(s, s->hash[i], cut, chunk) + 1]++;
    for (size_t k = 0; k < keys; k++)
        s->starts[k + 1] += s->starts[k];
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t at = s->starts[key_of(s, s->hash[i], cut, chunk)]++;
        s->by_key[at] = s->hash[i];
        s->ids[at] = i;
    }
    memmove(s->starts + 1, s->starts,
            keys * sizeof *s->starts); /* filling has moved each to the next one's start */
    s->starts[0] = 0;
}

/* What keys within `radius` of each other differ in: all numbers of `bits` bits with so many ones at most. */
static void fill_masks(struct near *s, unsigned bits, unsigned radius)
{
    s->n_masks = 0;
    for (unsigned ones = 0; ones <= radius && ones <= bits; ones++) {
        uint64_t mask = (UINT64_C(1) << ones) - 1;
        while (mask >> bits == 0) {
            GC_ASSERT(s->n_masks < MAX_MASKS);
            s->masks[s->n_masks++] = (uint32_t)mask;
            if (mask == 0)
                break;
            uint64_t low = mask & -mask; /* the next larger number with as many ones (Gosper) */
            uint64_t up = mask + low;
            mask = (((up ^ mask) >> 2) / low) | up;
        }
    }
}

static void join_chunk(struct near *s, const struct cut *cut, unsigned chunk)
{
    fill_buckets(s, cut, chunk);
    fill_masks(s, cut->bits, cut->radius + (chunk < cut->wider));
    uint32_t keys = UINT32_C(1) << cut->bits;
    for (uint32_t a = 0; a < keys && s->groups > 1; a++) {
        if (s->starts[a] == s->starts[a + 1])
            continue;
        for (uint32_t m = 0; m < s->n_masks; m++) {
            uint32_t b = a ^ s->masks[m];
            if (b >= a && s->starts[b] != s->starts[b + 1]) /* each two buckets once */
                join_buckets(s, a, b);
        }
    }
}

/* ---- how to cut ---- */

static double choices(unsigned bits, unsigned radius)
{
    double sum = 0;
    double c = 1;
    for (unsigned i = 0; i <= radius && i <= bits; i++) {
        sum += c;
        c = c * (bits - i) / (i + 1);
    }
    return sum;
}

/* How likely two hashes have one key. */
static double one_key(const struct near *s, const struct cut *cut, unsigned chunk)
{
    double p = 1;
    for (unsigned i = 0; i < cut->bits; i++)
        p *= s->alike[i * cut->chunks + chunk];
    return p;
}

/* Comparisons, and looks at buckets, which miss the cache; of hashes whose bits hang together by nothing. */
static double cost_of(const struct near *s, const struct cut *cut)
{
    const double n = s->n;
    static const double LOOK = 4;
    static const double FILL = 4; /* a hash into its bucket, a bit of its key */
    double keys = (double)(UINT32_C(1) << cut->bits);
    double cost = 0;
    for (unsigned c = 0; c < cut->chunks; c++) {
        double near_keys = choices(cut->bits, cut->radius + (c < cut->wider));
        if (near_keys > MAX_MASKS)
            return -1;
        double occupied = n < keys ? n : keys;
        double pairs = n * n / 2 * one_key(s, cut, c);
        cost += near_keys * (pairs + occupied * LOOK) + FILL * n * cut->bits + keys;
    }
    return cost;
}

static struct cut cheapest_cut(const struct near *s)
{
    struct cut best = {.chunks = 1, .radius = s->distance}; /* one bucket: all pairs */
    double least = cost_of(s, &best);
    for (unsigned chunks = 1; chunks <= s->distance + 1; chunks++) {
        for (unsigned bits = 1; bits * chunks <= BITS && bits <= GC_NEAR_KEY_BITS; bits++) {
            struct cut cut = {.chunks = chunks,
                              .bits = bits,
                              .radius = (s->distance + 1) / chunks - 1,
                              .wider = (s->distance + 1) % chunks};
            double cost = cost_of(s, &cut);
            if (cost >= 0 && cost < least) {
                least = cost;
                best = cut;
            }
        }
    }
    return best;
}

/* A bit tells most where it is set in half of the hashes. */
static void order_bits(struct near *s)
{
    uint32_t off[BITS]; /* how far from half */
    for (unsigned bit = 0; bit < BITS; bit++) {
        uint32_t ones = 0;
        for (uint32_t i = 0; i < s->n; i++)
            ones += (uint32_t)(s->hash[i] >> bit & 1);
        off[bit] = ones > s->n - ones ? 2 * ones - s->n : s->n - 2 * ones;
    }
    for (unsigned i = 0; i < BITS; i++) {
        unsigned at = i;
        for (; at > 0 && off[s->order[at - 1]] > off[i]; at--)
            s->order[at] = s->order[at - 1];
        s->order[at] = (uint8_t)i;
    }
    for (unsigned i = 0; i < BITS; i++) {
        double far = (double)off[s->order[i]] /
                     s->n; /* with p set: |2p - 1|, and two agree in p^2 + (1 - p)^2 of cases */
        s->alike[i] = (1 + far * far) / 2;
    }
}

/* ---- the whole ---- */

static enum gc_err join_all(struct near *s)
{
    if (s->n < 2 || s->distance == 0)
        return GC_OK;
    order_bits(s);
    struct cut cut = cheapest_cut(s);
    s->by_key = malloc((size_t)s->n * sizeof *s->by_key);
    s->ids = malloc((size_t)s->n * sizeof *s->ids);
    s->starts = malloc((((size_t)1 << cut.bits) + 1) * sizeof *s->starts);
    s->masks = malloc(MAX_MASKS * sizeof *s->masks);
    if (!s->by_key || !s->ids || !s->starts || !s->masks)
        return GC_ERR_NOMEM;
    choose_join(s);
    for (unsigned c = cut.chunks; c-- > 0 && s->groups > 1;) /* the wider ones last: most is joined by then */
        join_chunk(s, &cut, c);
    return GC_OK;
}

/* Names each group by its lowest index: the first that comes along. `group` holds which distinct hash each is. */
static enum gc_err name_groups(struct near *s, uint32_t n, uint32_t *group)
{
    uint32_t *first = malloc((size_t)s->n * sizeof *first);
    if (!first)
        return GC_ERR_NOMEM;
    memset(first, 0xff, (size_t)s->n * sizeof *first);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t root = root_of(s, group[i]);
        if (first[root] == UINT32_MAX)
            first[root] = i;
        group[i] = first[root];
    }
    free(first);
    return GC_OK;
}

static enum gc_err find_groups(struct near *s, const uint64_t *hashes, uint32_t n, uint32_t *group)
{
    enum gc_err err = take_distinct(s, hashes, n, group);
    if (err)
        return err;
    s->parent = malloc((size_t)s->n * sizeof *s->parent);
    if (!s->parent)
        return GC_ERR_NOMEM;
    for (uint32_t i = 0; i < s->n; i++)
        s->parent[i] = i;
    s->groups = s->n;
    return join_all(s);
}

enum gc_err gc_near_groups(const uint64_t *hashes, uint32_t n, unsigned distance, uint32_t *group)
{
    GC_ASSERT(n <= GC_NEAR_MAX_HASHES);
    GC_ASSERT(distance <= GC_NEAR_MAX_DISTANCE);
    if (n == 0)
        return GC_OK;
    struct near s = {.distance = distance};
    enum gc_err err = find_groups(&s, hashes, n, group);
    free(s.by_key);
    free(s.ids);
    free(s.starts);
    free(s.masks);
    if (!err)
        err = name_groups(&s, n, group);
    free(s.hash);
    free(s.parent);
    return err;
}
