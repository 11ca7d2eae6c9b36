/* contact_sheet: small pictures of a sample of the items, on one page, in the order of items. See tile.h for which.
 *
 * A first pass over the results finds out which items these are, a second one paints their tiles: in memory are the page and one
 * tile. */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/assert.h"
#include "common/heap.h"
#include "common/num.h"
#include "proto/values.h"
#include "worker/ops/published.h"
#include "worker/ops/save.h"
#include "worker/ops/scan.h"
#include "worker/ops/settings.h"
#include "worker/ops/tile.h"

enum { IN, TILE }; /* its inputs: its own, and the mapped op's */
enum { BANDS = 3 };

/* An item that is in the sheet, as far as is known. */
struct pick {
    uint64_t hash;
    uint64_t item;
};

struct sheet {
    struct gc_run *run;
    struct gc_scan *scan;
    int64_t limit;
    int64_t columns;
    int64_t size;
    int64_t gap;
    uint64_t done; /* items */
    struct pick *picks;
    uint32_t n_picks;
    int64_t width;
    int64_t height;
    uint8_t *page;
    uint8_t *tile;
};

/* ---- install ---- */

enum gc_err gc_sheet_setup(struct gc_step_state *step, struct gc_fault *fault)
{
    enum gc_err err = gc_tile_setup(step, fault);
    if (!err)
        err = gc_save_setup(step, fault);
    return err ? err : gc_published_one_name(step->to, fault);
}

/* ---- which items ---- */

static bool larger_hash(const void *a, const void *b)
{
    return ((const struct pick *)a)->hash > ((const struct pick *)b)->hash;
}

static void not_placed(void *element, size_t pos)
{
    (void)element;
    (void)pos;
}

static int by_item(const void *a, const void *b)
{
    const struct pick *x = a;
    const struct pick *y = b;
    return (x->item > y->item) - (x->item < y->item);
}

static bool tile_of(const struct gc_scan_item *item, struct gc_bytes *ret)
{
    struct gc_bytes value = item->inputs[TILE].value;
    struct gc_value_token t;
    if (value.len == 0 || gc_value_next(&value, &t) || t.kind != GC_TOKEN_BIN)
        return false;
    *ret = t.bytes;
    return true;
}

/* Keeps the `limit` smallest hashes: the largest of them is at the top and goes when a smaller one comes. */
static void pick(struct sheet *s, struct gc_heap *heap, uint64_t item)
{
    struct pick p = {gc_tile_hash(item), item};
    struct pick *place;
    if (heap->count < (size_t)s->limit)
        place = &s->picks[s->n_picks++];
    else if (larger_hash(gc_heap_first(heap), &p))
        place = gc_heap_take(heap);
    else
        return;
    *place = p;
    bool pushed = gc_heap_push(heap, place);
    GC_ASSERT(pushed);
}

static enum gc_cause pick_items(struct sheet *s)
{
    struct gc_arena arena;
    struct gc_heap heap;
    struct gc_scan_item item;
    struct gc_bytes tile;
    size_t bytes = (size_t)s->limit * sizeof(void *) + 64;
    void *memory = malloc(bytes);
    gc_arena_init(&arena, memory, memory ? bytes : 0);
    s->picks = malloc((size_t)s->limit * sizeof *s->picks);
    if (!s->picks || gc_heap_init(&heap, &arena, (size_t)s->limit, larger_hash, not_placed)) {
        free(memory);
        return gc_run_fail(s->run, GC_CAUSE_OOM, "no memory for choosing %lld items", (long long)s->limit);
    }
    while (gc_scan_next_done(s->scan, &item)) {
        s->done++;
        if (tile_of(&item, &tile))
            pick(s, &heap, item.item);
    }
    free(memory);
    qsort(s->picks, s->n_picks, sizeof *s->picks, by_item);
    return GC_CAUSE_NONE;
}

/* ---- the page ---- */

static enum gc_cause begin_page(struct sheet *s, const double background[3])
{
    int64_t columns = gc_min_i64(s->columns, s->n_picks);
    int64_t rows = ((int64_t)s->n_picks + columns - 1) / columns;
    int64_t cell = s->size + s->gap;
    s->columns = columns;
    s->width = columns * cell + s->gap;
    s->height = rows * cell + s->gap;
    if (s->width * s->height > s->run->stage->max_pixels)
        return gc_run_fail(
            s->run, GC_CAUSE_TOO_LARGE,
            "%u tiles of %lld pixels make a sheet of %lld x %lld, and %lld pixels are the limit: "
            "say a smaller size or limit",
            s->n_picks, (long long)s->size, (long long)s->width, (long long)s->height,
            (long long)s->run->stage->max_pixels);
    size_t pixels = (size_t)(s->width * s->height);
    s->page = malloc(pixels * BANDS);
    s->tile = malloc((size_t)(s->size * s->size) * BANDS);
    if (!s->page || !s->tile)
        return gc_run_fail(s->run, GC_CAUSE_OOM, "no memory for a sheet of %lld x %lld pixels",
                           (long long)s->width, (long long)s->height);
    for (size_t i = 0; i < pixels; i++)
        for (size_t b = 0; b < BANDS; b++)
            s->page[i * BANDS + b] = (uint8_t)(background[b] + 0.5);
    return GC_CAUSE_NONE;
}

/* The tile in the middle of its place. */
static void paint(struct sheet *s, uint32_t place, int width, int height)
{
    int64_t cell = s->size + s->gap;
    int64_t x = s->gap + place % s->columns * cell + (s->size - width) / 2;
    int64_t y = s->gap + place / s->columns * cell + (s->size - height) / 2;
    size_t row = (size_t)width * BANDS;
    for (int i = 0; i < height; i++)
        memcpy(s->page + (size_t)((y + i) * s->width + x) * BANDS, s->tile + (size_t)i * row, row);
}

static enum gc_cause paint_all(struct sheet *s)
{
    struct gc_scan_item item;
    struct gc_bytes tile;
    uint32_t place = 0;
    gc_scan_rewind(s->scan);
    while (place < s->n_picks && gc_scan_next_done(s->scan, &item)) {
        if (item.item != s->picks[place].item)
            continue;
        int width;
        int height;
        if (!tile_of(&item, &tile) || !gc_tile_decode(tile, (int)s->size, s->tile, &width, &height))
            return gc_run_fail(s->run, GC_CAUSE_BAD_INPUT, "the tile of item %llu cannot be read",
                               (unsigned long long)item.item);
        paint(s, place++, width, height);
    }
    return GC_CAUSE_NONE;
}

static enum gc_cause write_page(struct sheet *s, struct gc_step_state *st, int fd,
                                struct gc_output_made *made)
{
    VipsImage *memory = vips_image_new_from_memory(s->page, (size_t)(s->width * s->height) * BANDS,
                                                   (int)s->width, (int)s->height, BANDS, VIPS_FORMAT_UCHAR);
    VipsImage *image = NULL;
    if (memory)
        (void)vips_copy(memory, &image, "interpretation", VIPS_INTERPRETATION_sRGB, NULL);
    if (!image) {
        if (memory)
            g_object_unref(memory);
        return gc_run_vips_failed(s->run, GC_CAUSE_OOM, false);
    }
    struct gc_cell cell = {.kind = GC_CELL_NONE};
    gc_cell_set_image(&cell, image, false);
    enum gc_cause cause = gc_save_image(s->run, st, &cell, fd, made);
    gc_cell_release(&cell);
    g_object_unref(memory);
    if (!cause && st->to->by_digest)
        cause = gc_save_name(s->run, made->step, &made->digest, &made->path);
    if (!cause)
        s->run->result->made[s->run->result->n_made++] = *made;
    return cause;
}

/* ---- the value ---- */

static void put_count(struct gc_buf *out, bool known, uint64_t n)
{
    if (known)
        gc_value_put_uint(out, n);
    else
        gc_value_put_nil(out);
}

/* `file`: there is one; else no item had a picture. `made`: it was made now, by who knows what is on it. */
static enum gc_cause put_record(struct sheet *s, const struct gc_output_made *made, bool file, bool made_now,
                                struct gc_cell *ret)
{
    struct gc_buf *out = &s->run->stage->scratch;
    size_t start = out->len;
    gc_value_put_array(out, 7);
    if (file)
        gc_save_put_made(out, made);
    for (int i = 0; i < 3 && !file; i++)
        gc_value_put_nil(out);
    put_count(out, file && s->width > 0, (uint64_t)s->width);
    put_count(out, file && s->width > 0, (uint64_t)s->height);
    put_count(out, made_now, s->n_picks);
    put_count(out, made_now, s->done);
    ret->cached = !made_now;
    return gc_cell_end_record(s->run, ret, start);
}

static enum gc_cause tell_of_file(struct sheet *s, int fd, struct gc_output_made *made, struct gc_cell *ret)
{
    int width = 0;
    int height = 0;
    enum gc_cause cause = gc_save_tell(s->run, fd, made, &width, &height);
    s->width = width;
    s->height = height;
    return cause ? cause : put_record(s, made, true, false, ret);
}

/* ---- the whole ---- */

static enum gc_cause make(struct sheet *s, struct gc_step_state *st, int fd, struct gc_output_made *made,
                          struct gc_cell *ret)
{
    double background[3];
    if (!gc_tile_background(st->step, background))
        return gc_run_fail(s->run, GC_CAUSE_OP_ERROR, "background: no colour");
    enum gc_cause cause = pick_items(s);
    if (!cause && s->n_picks == 0)
        return put_record(s, made, false, true, ret);
    if (!cause)
        cause = begin_page(s, background);
    if (!cause)
        cause = paint_all(s);
    if (!cause)
        cause = write_page(s, st, fd, made);
    return cause ? cause : put_record(s, made, true, true, ret);
}

enum gc_cause gc_sheet_scan(struct gc_run *run, struct gc_step_state *step, struct gc_scan *scan,
                            struct gc_cell *ret)
{
    struct sheet s = {.run = run,
                      .scan = scan,
                      .limit = gc_setting_int(step->step, "limit", GC_TILE_LIMIT),
                      .columns = gc_setting_int(step->step, "columns", 12),
                      .size = gc_setting_int(step->step, "size", GC_TILE_SIZE),
                      .gap = gc_setting_int(step->step, "gap", 4)};
    struct gc_output_made made = {.step = run->current};
    const struct gc_task_output *output;
    enum gc_cause cause = gc_save_begin(run, &made.path, &output);
    if (!cause)
        cause =
            output->there ? tell_of_file(&s, output->fd, &made, ret) : make(&s, step, output->fd, &made, ret);
    free(s.picks);
    free(s.page);
    free(s.tile);
    return cause;
}
