#include "common/nearest.h"

#include "common/num.h"

#include <stdint.h>

enum { MAX_LEN = 64 };

void gc_nearest_init(struct gc_nearest *n, struct gc_str word)
{
    *n = (struct gc_nearest){.word = word, .distance = SIZE_MAX};
}

/* Optimal string alignment with three rows: row[i % 3][j] is the distance of the first i characters
 * of a to the first j of b. */
static size_t distance(struct gc_str a, struct gc_str b)
{
    uint8_t row[3][MAX_LEN + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[0][j] = (uint8_t)j;
    for (size_t i = 1; i <= a.len; i++) {
        const uint8_t *above = row[(i - 1) % 3];
        const uint8_t *above2 = row[(i + 1) % 3]; /* i - 2 */
        uint8_t *here = row[i % 3];
        here[0] = (uint8_t)i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t changed = above[j - 1] + (size_t)(a.ptr[i - 1] != b.ptr[j - 1]);
            size_t best = gc_min_size(changed, gc_min_size(above[j], here[j - 1]) + 1);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                best = gc_min_size(best, above2[j - 2] + (size_t)1);
            here[j] = (uint8_t)best;
        }
    }
    return row[a.len % 3][b.len];
}

void gc_nearest_offer(struct gc_nearest *n, struct gc_str candidate)
{
    if (n->word.len > MAX_LEN || candidate.len > MAX_LEN)
        return;
    size_t limit = gc_max_size(gc_max_size(n->word.len, candidate.len) / 3, 1);
    size_t d = distance(n->word, candidate);
    /* All of a short word replaced is no typing error. */
    if (d <= limit && d < n->distance && d < gc_max_size(n->word.len, candidate.len)) {
        n->distance = d;
        n->best = candidate;
    }
}

bool gc_nearest_found(const struct gc_nearest *n)
{
    return n->distance != SIZE_MAX;
}
