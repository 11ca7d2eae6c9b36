/* Contact sheets: which items are in them, their tiles, and the page. */
#include "spool.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vips/vips.h>

#include "proto/values.h"
#include "worker/ops/tile.h"

static struct rig r;
static struct spool s;

/* ---- which items ---- */

static int by_hash(const void *a, const void *b)
{
    uint64_t x = gc_tile_hash(*(const uint64_t *)a);
    uint64_t y = gc_tile_hash(*(const uint64_t *)b);
    return (x > y) - (x < y);
}

/* Of any number of items those with the smallest hashes have tiles, and not many others have. */
START_TEST(what_a_sheet_shows_has_tiles)
{
    enum { MOST = 300000 };
    static uint64_t items[MOST];
    static const uint64_t counts[] = {1, 7, 100, 900, 5000, 40000, MOST};
    static const uint64_t limits[] = {1, 12, 400, 10000};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        uint64_t n = counts[c];
        for (uint64_t i = 0; i < n; i++)
            items[i] = i;
        qsort(items, n, sizeof items[0], by_hash);
        for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
            uint64_t candidates = 0;
            for (uint64_t i = 0; i < n; i++) {
                bool is = gc_tile_candidate(items[i], limits[l]);
                candidates += is;
                ck_assert_msg(is || i >= limits[l], "item %lu of %lu, limit %lu", items[i], n, limits[l]);
            }
            double all = 2 * (double)limits[l] + 64;
            double wanted = (double)n <= all ? (double)n : all * (1 + log((double)n / all));
            ck_assert_double_le((double)candidates, wanted * 1.25 + 10);
            ck_assert_double_ge((double)candidates, wanted * 0.75 - 10);
        }
    }
    ck_assert(!gc_tile_candidate(UINT64_C(0xffffffff), 1)); /* of the last possible item nothing overflows */
    ck_assert(gc_tile_candidate(0, 1));
}
END_TEST

/* ---- tiles ---- */

static struct gc_bytes tile_of(void)
{
    struct gc_bytes value = gc_buf_bytes(&r.values);
    struct gc_value_token t;
    while (value.len) /* the last node's */
        ck_assert_int_eq(gc_value_next(&value, &t), GC_OK);
    return t.kind == GC_TOKEN_BIN ? t.bytes : gc_bytes_of(NULL, 0);
}

static uint8_t pixels[GC_TILE_MAX_SIZE * GC_TILE_MAX_SIZE * 3];

/* The tile of a file, decoded; its colour in the middle. */
static void tile(const char *path, const char *settings, int width, int height, int red, int green, int blue)
{
    static struct rig none;
    int w = 0;
    int h = 0;
    char folder[sizeof r.folder];
    memcpy(folder, r.folder, sizeof folder);
    gc_stage_destroy(&r.stage);
    r = none;
    memcpy(r.folder, folder, sizeof folder);
    r.program =
        (struct gc_program){.kind = GC_STAGE_ITEM, .steps = r.steps, .folder = gc_str_bytes(GC_STR("/"))};
    gc_buf_init(&r.values, r.values_memory, sizeof r.values_memory);
    for (int i = 0; i < RIG_MAX; i++)
        r.outputs[i] = -1;
    int load = rig_step(&r, "load", "n=-1", -1);
    int small = rig_step(&r, "tile", settings, load);
    rig_install(&r);
    rig_run(&r, path);
    ck_assert_msg(r.result.pattern[small] == GC_OUTCOME_DONE, "%s: %s", path, rig_text(&r, small));
    struct gc_bytes got = tile_of();
    ck_assert(gc_tile_decode(got, 256, pixels, &w, &h));
    ck_assert_int_eq(w, width);
    ck_assert_int_eq(h, height);
    const uint8_t *at = pixels + ((size_t)h / 2 * (size_t)w + (size_t)w / 2) * 3;
    ck_assert_msg(abs(at[0] - red) <= 3 && abs(at[1] - green) <= 3 && abs(at[2] - blue) <= 3,
                  "%s: %u %u %u, not %d %d %d", path, at[0], at[1], at[2], red, green, blue);
}

/* A picture of one colour, of any kind, by the vips command. */
static const char *picture(const char *name, const char *make)
{
    static char paths[16][256];
    static int n;
    char *path = paths[n++ % 16];
    (void)snprintf(path, 256, "%s/%s", r.folder, name);
    ck_assert(rig_shell("cd '%s' && vips black b.v 300 200 && %s", r.folder, make));
    return path;
}

START_TEST(tiles_are_what_they_are_of)
{
    if (!rig_shell("vips --version > /dev/null 2>&1")) {
        printf("skip: the vips command (libvips-tools) is not installed\n");
        return;
    }
    rig_init(&r);
    const char *rgb = picture(
        "rgb.png", "vips bandjoin 'b.v b.v b.v' c.v && vips linear c.v d.v '1 1 1' '200 100 50' --uchar && "
                   "vips copy d.v rgb.png --interpretation srgb");
    tile(rgb, "", 128, 85, 200, 100, 50);
    tile(rgb, "size=60", 60, 40, 200, 100, 50);
    const char *small = picture("small.png", "vips extract_area rgb.png small.png 0 0 20 10");
    tile(small, "", 20, 10, 200, 100, 50); /* never enlarged */
    const char *clear =
        picture("clear.png", "vips bandjoin 'rgb.png b.v' clear.png && vips linear b.v e.v 1 128 --uchar && "
                             "vips bandjoin 'rgb.png e.v' half.png");
    tile(clear, "", 128, 85, 255, 255, 255);
    tile(clear, "background=10,20,30", 128, 85, 10, 20, 30);
    tile(picture("half.png", "true"), "background=0", 128, 85, 100, 50, 25);
    tile(picture("grey.png",
                 "vips linear b.v f.v 1 77 --uchar && vips copy f.v grey.png --interpretation b-w"),
         "", 128, 85, 77, 77, 77);
    tile(picture("deep.png",
                 "vips linear b.v f.v 1 25700 && vips cast f.v g.v ushort && vips copy g.v deep.png "
                 "--interpretation grey16"),
         "", 128, 85, 100, 100, 100);
    tile(picture("paper.tif",
                 "vips bandjoin 'b.v b.v b.v b.v' c.v && vips copy c.v paper.tif --interpretation cmyk"),
         "", 128, 85, 255, 255, 255);
    tile(picture("pages.gif",
                 "vips arrayjoin 'rgb.png b.v' h.v --across 1 && vips copy h.v 'pages.gif[page_height=200]' "
                 "|| vips copy rgb.png pages.gif"),
         "", 128, 85, 200, 100, 50);
    rig_release(&r);
}
END_TEST

START_TEST(others_have_none)
{
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 300, 200);
    int load = rig_step(&r, "load", "", -1);
    (void)rig_step(&r, "tile", "limit=1", load);
    rig_install(&r);
    uint64_t with = 0;
    for (r.task.index = 0; r.task.index < 400; r.task.index++) {
        rig_run(&r, photo);
        ck_assert_int_eq(r.result.pattern[1], GC_OUTCOME_DONE);
        ck_assert_int_eq(tile_of().len > 0, gc_tile_candidate(r.task.index, 1));
        with += tile_of().len > 0;
    }
    ck_assert_uint_gt(with, 60);
    ck_assert_uint_lt(with, 300);
    rig_release(&r);
}
END_TEST

/* What is no tile is not painted, whatever it says. */
START_TEST(what_is_no_tile_is_refused)
{
    int w;
    int h;
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 100, 50);
    static uint8_t bytes[65536];
    FILE *f = fopen(photo, "rb");
    size_t len = fread(bytes, 1, sizeof bytes, f);
    (void)fclose(f);
    ck_assert(gc_tile_decode(gc_bytes_of(bytes, len), 100, pixels, &w, &h));
    ck_assert(!gc_tile_decode(gc_bytes_of(bytes, len), 99, pixels, &w, &h));
    ck_assert(!gc_tile_decode(gc_bytes_of(bytes, len / 2), 100, pixels, &w, &h));
    ck_assert(!gc_tile_decode(gc_bytes_of(bytes, 0), 100, pixels, &w, &h));
    ck_assert(!gc_tile_decode(gc_bytes_of("GIF89a", 6), 100, pixels, &w, &h));
    ck_assert_str_eq(vips_error_buffer(), "");
    rig_release(&r);
}
END_TEST

/* ---- sheets ---- */

#define SHEET_SHAPE "path:s bytes:i digest:s width:i height:i items:i of:i"

/* The colour of item i's tile. */
static void colour_of(uint64_t i, double ret[3])
{
    ret[0] = (double)(i * 37 % 256);
    ret[1] = (double)(i * 59 % 256);
    ret[2] = (double)(i * 83 % 256);
}

static void put_tile(uint64_t i, int width, int height)
{
    double colour[3];
    static const double ones[3] = {1, 1, 1};
    VipsImage *black;
    VipsImage *plain;
    VipsImage *srgb;
    void *bytes;
    size_t len;
    colour_of(i, colour);
    ck_assert_int_eq(vips_black(&black, width, height, "bands", 3, NULL), 0);
    ck_assert_int_eq(vips_linear(black, &plain, ones, colour, 3, "uchar", TRUE, NULL), 0);
    ck_assert_int_eq(vips_copy(plain, &srgb, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    ck_assert_int_eq(vips_jpegsave_buffer(srgb, &bytes, &len, "Q", 100, "subsample_mode",
                                          VIPS_FOREIGN_SUBSAMPLE_OFF, NULL),
                     0);
    gc_value_put_bin(&s.values, gc_bytes_of(bytes, len));
    g_free(bytes);
    g_object_unref(black);
    g_object_unref(plain);
    g_object_unref(srgb);
}

/* Nodes: the image (its value is of no matter) and the tile. Of seven items 2 failed, 4 was filtered and 5 had no tile. */
static void fill_sheet(void)
{
    static const char *const outcomes[7] = {"dd", "wd", "fs", "dd", "ss", "dd", "dd"};
    spool_init(&s, 2);
    for (uint64_t i = 0; i < 7; i++) {
        if (outcomes[i][0] != 'f' && outcomes[i][0] != 's') {
            gc_value_put_nil(&s.values);
            if (i == 5)
                gc_value_put_nil(&s.values);
            else
                put_tile(i, i == 3 ? 16 : 20, i == 6 ? 20 : 10);
        }
        spool_item(&s, outcomes[i]);
        if (i % 3 == 2)
            spool_part(&s);
    }
    spool_part(&s);
}

/* The output, in memory. */
static uint8_t *page(int *ret_width, int *ret_height)
{
    size_t len;
    char path[160];
    (void)snprintf(path, sizeof path, "%s", rig_output(&r, 0));
    VipsImage *image = rig_open(path);
    *ret_width = vips_image_get_width(image);
    *ret_height = vips_image_get_height(image);
    ck_assert_int_eq(vips_image_get_bands(image), 3);
    uint8_t *bytes = vips_image_write_to_memory(image, &len);
    ck_assert_ptr_nonnull(bytes);
    g_object_unref(image);
    return bytes;
}

/* Whether the rectangle has the colour of item i, and the pixels around it the background's. */
static void shows(const uint8_t *bytes, int width, int x, int y, int w, int h, uint64_t i, int background)
{
    double colour[3];
    colour_of(i, colour);
    for (int v = y - 1; v <= y + h; v++) {
        for (int u = x - 1; u <= x + w; u++) {
            bool inside = u >= x && u < x + w && v >= y && v < y + h;
            for (int b = 0; b < 3; b++) {
                int got = bytes[(v * width + u) * 3 + b];
                int wanted = inside ? (int)colour[b] : background;
                ck_assert_msg(abs(got - wanted) <= (inside ? 2 : 0), "item %lu, at %d %d: %d, not %d", i, u,
                              v, got, wanted);
            }
        }
    }
}

START_TEST(a_sheet_is_in_the_order_of_items)
{
    int width;
    int height;
    rig_init(&r);
    fill_sheet();
    spool_install(&r, "contact_sheet", "to=sheet.png columns=3 size=20 gap=2", 2, "0 1", "");
    spool_run(&r, &s);
    ck_assert_msg(r.result.pattern[0] == GC_OUTCOME_DONE, "%s", rig_text(&r, 0));
    ck_assert_uint_eq(r.result.n_made, 1);
    uint8_t *bytes = page(&width, &height);
    ck_assert_int_eq(width, 2 + 3 * 22);
    ck_assert_int_eq(height, 2 + 2 * 22);
    shows(bytes, width, 2, 2 + 5, 20, 10, 0, 255);
    shows(bytes, width, 24, 2 + 5, 20, 10, 1, 255);
    shows(bytes, width, 46 + 2, 2 + 5, 16, 10, 3, 255);
    shows(bytes, width, 2, 24, 20, 20, 6, 255);
    g_free(bytes);
    char wanted[512];
    char digest[GC_DIGEST_TEXT_SIZE];
    gc_digest_text(r.result.made[0].digest, digest);
    (void)snprintf(
        wanted, sizeof wanted,
        "{\"path\": \"sheet.png\", \"bytes\": %lu, \"digest\": \"%s\", \"width\": 68, \"height\": 46, "
        "\"items\": 4, \"of\": 5}",
        r.result.made[0].bytes, digest);
    ck_assert_str_eq(spool_value(&r, SHEET_SHAPE), wanted);
    spool_release(&s);
    rig_release(&r);
}
END_TEST

/* Fewer tiles than columns; another background, and a setting of the format. */
START_TEST(a_sheet_is_no_wider_than_it_must_be)
{
    int width;
    int height;
    rig_init(&r);
    spool_init(&s, 2);
    for (uint64_t i = 0; i < 2; i++) {
        gc_value_put_nil(&s.values);
        put_tile(i, 8, 20);
        spool_item(&s, "dd");
    }
    spool_part(&s);
    spool_install(&r, "contact_sheet", "to=sheet.webp size=20 gap=1 background=9,9,9 lossless=true", 2, "0 1",
                  "");
    spool_run(&r, &s);
    ck_assert_msg(r.result.pattern[0] == GC_OUTCOME_DONE, "%s", rig_text(&r, 0));
    uint8_t *bytes = page(&width, &height);
    ck_assert_int_eq(width, 1 + 2 * 21);
    ck_assert_int_eq(height, 1 + 21);
    shows(bytes, width, 1 + 6, 1, 8, 20, 0, 9);
    shows(bytes, width, 22 + 6, 1, 8, 20, 1, 9);
    g_free(bytes);
    spool_release(&s);
    rig_release(&r);
}
END_TEST

/* Of more items than the limit those with the smallest hashes, of those that were done. */
START_TEST(a_sheet_shows_a_sample)
{
    enum { N = 200, LIMIT = 10 };
    uint64_t done[N];
    uint64_t n = 0;
    int width;
    int height;
    rig_init(&r);
    spool_init(&s, 2);
    for (uint64_t i = 0; i < N; i++) {
        if (i % 4 != 1) {
            done[n++] = i;
            gc_value_put_nil(&s.values);
            put_tile(i, 16, 16);
        }
        spool_item(&s, i % 4 == 1 ? "fs" : "dd");
        if (i % 64 == 63)
            spool_part(&s);
    }
    spool_part(&s);
    qsort(done, n, sizeof done[0], by_hash);
    for (int i = 0; i < LIMIT; i++) /* and these by item */
        for (int k = i + 1; k < LIMIT; k++)
            if (done[k] < done[i]) {
                uint64_t swap = done[i];
                done[i] = done[k];
                done[k] = swap;
            }
    spool_install(&r, "contact_sheet", "to=sheet.png size=16 gap=2 columns=4 limit=10", 2, "0 1", "");
    spool_run(&r, &s);
    ck_assert_msg(r.result.pattern[0] == GC_OUTCOME_DONE, "%s", rig_text(&r, 0));
    uint8_t *bytes = page(&width, &height);
    ck_assert_int_eq(width, 2 + 4 * 18);
    for (int i = 0; i < LIMIT; i++)
        shows(bytes, width, 2 + i % 4 * 18, 2 + i / 4 * 18, 16, 16, done[i], 255);
    g_free(bytes);
    ck_assert_ptr_nonnull(strstr(spool_value(&r, SHEET_SHAPE), "\"items\": 10, \"of\": 150"));
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(no_items_make_no_file)
{
    rig_init(&r);
    spool_init(&s, 2);
    spool_install(&r, "contact_sheet", "to=sheet.png", 2, "0 1", "");
    spool_run(&r, &s);
    ck_assert_int_eq(r.result.pattern[0], GC_OUTCOME_DONE);
    ck_assert_uint_eq(r.result.n_made, 0);
    ck_assert_str_eq(spool_value(&r, SHEET_SHAPE),
                     "{\"path\": null, \"bytes\": null, \"digest\": null, \"width\": null, \"height\": null, "
                     "\"items\": 0, \"of\": 0}");
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(a_sheet_that_is_there_may_stay)
{
    rig_init(&r);
    fill_sheet();
    spool_install(&r, "contact_sheet", "to=sheet.jpg exists=skip", 2, "0 1", "");
    const char *photo = rig_photo(&r, "photo.jpg", 90, 60);
    ck_assert(rig_shell("mv '%s' '%s'", photo, rig_output(&r, 0)));
    spool_run_on_file(&r, &s);
    ck_assert_int_eq(r.result.pattern[0], GC_OUTCOME_CACHED);
    ck_assert_uint_eq(r.result.n_made, 0);
    ck_assert_ptr_nonnull(
        strstr(spool_value(&r, SHEET_SHAPE), "\"width\": 90, \"height\": 60, \"items\": null, \"of\": null"));
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(what_cannot_be_a_sheet)
{
    rig_init(&r);
    ck_assert_str_eq(spool_refused("contact_sheet", "to=a.jpg Q=50 interlace=true", 2, "0 1", ""), "");
    ck_assert_ptr_nonnull(
        strstr(spool_refused("contact_sheet", "to=a.jpg lossless=true", 2, "0 1", ""), "lossless"));
    ck_assert_ptr_nonnull(strstr(spool_refused("contact_sheet", "to=a.txt", 2, "0 1", ""), "to: "));
    ck_assert_ptr_nonnull(
        strstr(spool_refused("contact_sheet", "to={stem}.jpg", 2, "0 1", ""), "to: it hangs on"));
    ck_assert_ptr_nonnull(
        strstr(spool_refused("contact_sheet", "to=a.jpg background=1,2", 2, "0 1", ""), "background"));
    ck_assert_ptr_nonnull(
        strstr(spool_refused("contact_sheet", "to=a.jpg background=1,2,256", 2, "0 1", ""), "background"));
    ck_assert_ptr_nonnull(strstr(spool_refused("contact_sheet", "to=a.jpg size=300", 2, "0 1", ""), "size"));
    ck_assert_ptr_nonnull(strstr(spool_refused("contact_sheet", "to=a.jpg limit=0", 2, "0 1", ""), "limit"));
    /* one column of more than JPEG's rows */
    spool_init(&s, 2);
    for (uint64_t i = 0; i < 300; i++) {
        gc_value_put_nil(&s.values);
        put_tile(i, 16, 16);
        spool_item(&s, "dd");
    }
    spool_part(&s);
    spool_install(&r, "contact_sheet", "to=sheet.jpg columns=1 size=16 gap=256", 2, "0 1", "");
    spool_run(&r, &s);
    ck_assert_int_eq(rig_cause(&r, 0), GC_CAUSE_OP_ERROR);
    ck_assert_ptr_nonnull(strstr(rig_text(&r, 0), "528 x 81856 pixels"));
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(a_damaged_tile_fails_the_sheet)
{
    rig_init(&r);
    spool_init(&s, 2);
    for (uint64_t i = 0; i < 2; i++) {
        gc_value_put_nil(&s.values);
        gc_value_put_bin(&s.values, gc_str_bytes(GC_STR("\xff\xd8\xff\xe0 no more")));
        spool_item(&s, "dd");
    }
    spool_part(&s);
    spool_install(&r, "contact_sheet", "to=sheet.png", 2, "0 1", "");
    spool_run(&r, &s);
    ck_assert_int_eq(rig_cause(&r, 0), GC_CAUSE_BAD_INPUT);
    ck_assert_str_eq(rig_text(&r, 0), "the tile of item 0 cannot be read");
    spool_release(&s);
    rig_release(&r);
}
END_TEST

GC_SUITE("scan_sheet", GC_TEST(what_a_sheet_shows_has_tiles), GC_TEST(tiles_are_what_they_are_of),
         GC_TEST(others_have_none), GC_TEST(what_is_no_tile_is_refused),
         GC_TEST(a_sheet_is_in_the_order_of_items), GC_TEST(a_sheet_is_no_wider_than_it_must_be),
         GC_TEST(a_sheet_shows_a_sample), GC_TEST(no_items_make_no_file),
         GC_TEST(a_sheet_that_is_there_may_stay), GC_TEST(what_cannot_be_a_sheet),
         GC_TEST(a_damaged_tile_fails_the_sheet))
