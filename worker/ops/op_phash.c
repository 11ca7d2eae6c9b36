/* phash: a hash of what a picture looks like: of its lowest frequencies, after "Implementation and Benchmarking of Perceptual Image
 * Hash Functions" (Zauner, 2010), as pHash and ImageHash have it.
 *
 *   1. The first frame, in 8 bits of sRGB; what is transparent lies on white; grey by the luma of BT.601 (strips.h).
 *   2. 32 x 32 cells of equal size, each the mean of what it covers, parts of pixels by their part; in 256ths of a grey.
 *   3. The 8 x 8 lowest terms of their cosine transform (DCT-II).
 *   4. Bit 8v + u is set where the term of frequency u across and v down is above the median of the 63 that are not the mean. The mean
 *      itself has no say (bit 0 is 0): brightness does not matter.
 *   5. Terms that nobody sees (a wave of less than half a grey) count as 0: else a picture of one colour would have the hash of
 *      its noise. It has the hash 0.
 *
 * All of it is done in whole numbers: the hash is the same on every machine. (How a file becomes pixels is its decoder's.)
 * Two hashes are compared by the number of bits in which they differ: 0 to 6 is the same picture, scaled or compressed.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/values.h"
#include "worker/ops/libvips.h"
#include "worker/ops/stage.h"
#include "worker/ops/strips.h"

enum { SIDE = 32, TERMS = 8, ONE_GREY = 256 };

/* ---- to 32 x 32 cells ----
 * In steps of which a row of pixels has SIDE * width: a pixel is SIDE long, a cell `width`. */

static uint32_t white_below(uint32_t grey, uint32_t alpha)
{
    return (grey * alpha + 255 * (255 - alpha) + 127) / 255;
}

static uint32_t grey_of(const struct gc_strips *s, const uint8_t *p)
{
    uint32_t grey = s->coloured ? gc_luma(p[0], p[1], p[2]) : p[0];
    return s->alpha < 0 ? grey : white_below(grey, p[s->alpha]);
}

/* Deals a row of pixels out to the cells across. */
static void across(const struct gc_strips *s, const uint8_t *p, int64_t width, uint64_t cells[SIDE])
{
    memset(cells, 0, SIDE * sizeof cells[0]);
    int64_t cell = 0;
    int64_t left = width; /* steps of this cell that are not covered yet */
    for (int64_t x = 0; x < width; x++, p += s->tone_bands) {
        uint64_t grey = grey_of(s, p);
        for (int64_t steps = SIDE; steps > 0;) {
            int64_t n = steps < left ? steps : left;
            cells[cell] += grey * (uint64_t)n;
            steps -= n;
            left -= n;
            if (left == 0) {
                cell++;
                left = width;
            }
        }
    }
}

/* Deals the sums of a row out to the cells down. */
static void down(const uint64_t row[SIDE], int64_t y, int64_t height, uint64_t sum[SIDE][SIDE])
{
    int64_t from = y * SIDE;
    int64_t to = from + SIDE;
    while (from < to) {
        int64_t cell = from / height;
        int64_t end = (cell + 1) * height < to ? (cell + 1) * height : to;
        for (int x = 0; x < SIDE; x++)
            sum[cell][x] += row[x] * (uint64_t)(end - from);
        from = end;
    }
}

static bool shrink(VipsImage *image, int32_t ret[SIDE][SIDE])
{
    uint64_t sum[SIDE][SIDE] = {{0}};
    uint64_t row[SIDE];
    struct gc_strips s;
    struct gc_strip strip;
    int height = gc_frame_height(image);
    bool ok = gc_strips_open(&s, image, height, false);
    while (ok && gc_strips_next(&s, &strip)) {
        for (int y = 0; y < strip.rows; y++) {
            across(&s, strip.tone + (size_t)y * strip.tone_stride, s.width, row);
            down(row, strip.y + y, height, sum);
        }
    }
    ok = ok && gc_strips_done(&s);
    uint64_t area = (uint64_t)s.width * (uint64_t)height; /* steps that a cell covers */
    gc_strips_close(&s);
    for (int y = 0; ok && y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            ret[y][x] = (int32_t)((sum[y][x] * ONE_GREY + area / 2) / area);
    return ok;
}

/* ---- the transform ---- */

/* cos(k pi / 64) in 16384ths, k from 0 to 32; the others of the circle are these, turned round. */
enum { COSINE_ONE = 16384 };
static const int16_t quarter[SIDE + 1] = {16384, 16364, 16305, 16207, 16069, 15893, 15679, 15426, 15137,
                                          14811, 14449, 14053, 13623, 13160, 12665, 12140, 11585, 11003,
                                          10394, 9760,  9102,  8423,  7723,  7005,  6270,  5520,  4756,
                                          3981,  3196,  2404,  1606,  804,   0};

static int64_t cosine(int k)
{
    k %= 4 * SIDE;
    if (k > 2 * SIDE)
        k = 4 * SIDE - k;
    return k <= SIDE ? quarter[k] : -quarter[2 * SIDE - k];
}

/* Not scaled: a term is the sum over all cells of cell * cos * cos, in units of ONE_GREY * COSINE_ONE^2. */
static void transform(int32_t cells[SIDE][SIDE], int64_t ret[TERMS * TERMS])
{
    int64_t rows[SIDE][TERMS] = {{0}};
    memset(ret, 0, TERMS * TERMS * sizeof ret[0]);
    for (int y = 0; y < SIDE; y++)
        for (int u = 0; u < TERMS; u++)
            for (int x = 0; x < SIDE; x++)
                rows[y][u] += cells[y][x] * cosine((2 * x + 1) * u);
    for (int v = 0; v < TERMS; v++)
        for (int u = 0; u < TERMS; u++)
            for (int y = 0; y < SIDE; y++)
                ret[v * TERMS + u] += rows[y][u] * cosine((2 * y + 1) * v);
}

/* A wave of amplitude a gives a sum of a * SIDE * SIDE / 4 (twice that along an edge of the block): half a grey, which is
 * what rounding to 8 bits can add up to. */
static const int64_t seen = (int64_t)ONE_GREY * COSINE_ONE * COSINE_ONE * (SIDE * SIDE / 4) / 2;

static int compare(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static uint64_t hash_of(int64_t terms[TERMS * TERMS])
{
    int64_t sorted[TERMS * TERMS - 1];
    uint64_t hash = 0;
    for (int i = 1; i < TERMS * TERMS; i++) {
        if (llabs(terms[i]) < seen)
            terms[i] = 0;
        sorted[i - 1] = terms[i];
    }
    qsort(sorted, TERMS * TERMS - 1, sizeof sorted[0], compare);
    int64_t median = sorted[(TERMS * TERMS - 1) / 2];
    for (int i = 1; i < TERMS * TERMS; i++)
        if (terms[i] > median)
            hash |= UINT64_C(1) << i;
    return hash;
}

enum gc_cause gc_phash_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret)
{
    struct gc_cell *in;
    int32_t cells[SIDE][SIDE];
    int64_t terms[TERMS * TERMS];
    enum gc_cause cause = gc_run_image(run, step, 0, &in);
    if (cause)
        return cause;
    if (!shrink(in->image, cells))
        return gc_run_vips_failed(run, GC_CAUSE_OP_ERROR, true);
    transform(cells, terms);
    struct gc_buf *out = &run->stage->scratch;
    size_t start = out->len;
    gc_value_put_array(out, 1);
    gc_value_put_uint(out, hash_of(terms));
    return gc_cell_end_record(run, ret, start);
}
