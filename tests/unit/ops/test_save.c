/* save: every format that is offered, what stays of the metadata, files that are there already, and what cannot be written. */
#include "pictures.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/sys/digest.h"
#include "proto/codec.h"
#include "worker/ops/saver.h"

enum { PATH, BYTES, DIGEST, WIDTH, HEIGHT, FIELDS };

static struct rig r;

/* x265 of Debian 12 does not give all back that it takes to write a picture. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libx265";
}

/* Loads a file and saves it with these settings; returns the path of what was written, NULL where it failed. */
static struct rig run;
static const char *save(const char *path, const char *load, const char *settings)
{
    rig_init(&run);
    int at = rig_step(&run, "save", settings, rig_step(&run, "load", load, -1));
    rig_install(&run);
    run.task.want = UINT64_C(1) << at;
    rig_run(&run, path);
    return run.result.pattern[at] == GC_OUTCOME_DONE ? rig_output(&run, at) : NULL;
}

static bool starts(const char *path, const char *magic, size_t at, size_t len)
{
    char head[64] = "";
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, head, sizeof head);
    (void)close(fd);
    return n >= (ssize_t)(at + len) && memcmp(head + at, magic, len) == 0;
}

/* ---- formats ---- */

START_TEST(every_ending_writes_its_own_format)
{
    static const struct {
        const char *suffix;
        const char *magic;
        size_t at;
    } rows[] = {{".jpg", "\xff\xd8\xff", 0}, {".jpeg", "\xff\xd8\xff", 0}, {".jpe", "\xff\xd8\xff", 0},
                {".png", "\x89PNG", 0},      {".webp", "WEBP", 8},         {".tif", "II*", 0},
                {".tiff", "II*", 0},         {".gif", "GIF8", 0},          {".avif", "ftypavif", 4},
                {".heic", "ftypheic", 4},    {".heif", "ftypheic", 4},     {".jp2", "jP  ", 4},
                {".jxl", "\xff\x0a", 0},     {".ppm", "P6\n", 0},          {".pgm", "P5\n", 0},
                {".pbm", "P4\n", 0},         {".pnm", "P6\n", 0},          {".pfm", "PF\n", 0},
                {".hdr", "#?RADIANCE", 0}};
    size_t known = 0;
    rig_init(&r);
    const char *path = picture_write(&r, picture(1, 60, 40), "a.png");
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        char settings[64];
        const struct gc_saver *saver = gc_saver_of(gc_str_from("x", 1), NULL);
        char name[16];
        (void)snprintf(name, sizeof name, "x%s", rows[i].suffix);
        ck_assert_ptr_null(saver);
        saver = gc_saver_of(gc_str_of(name), NULL);
        ck_assert_ptr_nonnull(saver);
        known++;
        if (!rig_writes(rows[i].suffix))
            continue;
        (void)snprintf(settings, sizeof settings, "to=%s", name);
        const char *out = save(path, "", settings);
        ck_assert_msg(out != NULL, "%s: %s", name, rig_text(&run, 1));
        ck_assert_msg(starts(out, rows[i].magic, rows[i].at, strlen(rows[i].magic)), "%s", name);
        struct gc_value_token f[FIELDS];
        record_fields(&run, f, FIELDS);
        ck_assert_int_eq(f[WIDTH].integer, 60);
        ck_assert_int_eq(f[HEIGHT].integer, 40);
        rig_release(&run);
    }
    size_t all = 0;
    for (uint32_t i = 0; i < gc_savers_n; i++)
        for (const struct gc_suffix *s = gc_savers[i].suffixes; s->text; s++)
            all++;
    ck_assert_uint_eq(all, known); /* no row of the table is without a line here */
    rig_release(&r);
}
END_TEST

/* A retried item must find its own bytes. */
START_TEST(the_same_image_gives_the_same_bytes)
{
    rig_init(&r);
    const char *path = picture_write(&r, picture(1, 60, 40), "a.png");
    for (uint32_t i = 0; i < gc_savers_n; i++) {
        struct gc_digest digests[2];
        char settings[64];
        uint64_t bytes;
        if (!rig_writes(gc_savers[i].suffixes[0].text))
            continue;
        (void)snprintf(settings, sizeof settings, "to=x%s metadata=all", gc_savers[i].suffixes[0].text);
        for (int k = 0; k < 2; k++) {
            const char *out = save(path, "", settings);
            ck_assert_ptr_nonnull(out);
            int fd = open(out, O_RDONLY);
            ck_assert_int_eq(gc_digest_fd(fd, &digests[k], &bytes), GC_OK);
            (void)close(fd);
            struct gc_value_token f[FIELDS];
            char text[GC_DIGEST_TEXT_SIZE];
            record_fields(&run, f, FIELDS);
            gc_digest_text(digests[k], text);
            ck_assert(gc_str_is(gc_bytes_str(f[DIGEST].bytes), text));
            ck_assert_uint_eq(f[BYTES].unsigned_integer, bytes);
            rig_release(&run);
            if (k == 0)
                (void)usleep(1100000); /* formats that write the time write seconds */
        }
        ck_assert_msg(memcmp(&digests[0], &digests[1], sizeof digests[0]) == 0, "%s", gc_savers[i].name);
    }
    rig_release(&r);
}
END_TEST

START_TEST(settings_are_those_of_the_format)
{
    static const struct {
        const char *settings;
        bool ok;
    } rows[] = {{"to=x.jpg Q=50 optimize_coding=true", true},
                {"to=x.webp smart_subsample=true", true},
                {"to=x.png compression=9 interlace=true", true},
                {"to=x.tif compression=deflate tile=true tile_width=64", true},
                {"to=x.jpg compression=9", false},
                {"to=x.webp tile=true", false},
                {"to=x.png Qq=1", false},
                {"to=x.bmp", false}};
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        struct gc_stage *stage = NULL;
        struct gc_fault fault = {0};
        rig_init(&r);
        (void)rig_step(&r, "save", rows[i].settings, rig_step(&r, "load", "", -1));
        enum gc_err err = gc_stage_install(rig_encode(&r.program), &stage, &fault);
        ck_assert_msg((err == GC_OK) == rows[i].ok, "%s: %s", rows[i].settings, fault.text);
        if (strstr(rows[i].settings, "bmp"))
            ck_assert_ptr_nonnull(strstr(fault.text, ".jpg .jpeg")); /* says what there is */
        gc_stage_destroy(&stage);
        rig_release(&r);
    }
}
END_TEST

/* The planner refuses what no format takes before anything runs, and so must know of all of it. */
START_TEST(the_catalogue_tells_formats_and_settings)
{
    struct gc_catalogue c;
    struct gc_arena arena;
    struct gc_fault fault = {0};
    struct gc_buf b;
    const struct gc_op *op = NULL;
    uint32_t savers = 0;
    rig_init(&r);
    gc_buf_init(&b, rig_keep(malloc(GC_MAX_DOCUMENT)), GC_MAX_DOCUMENT);
    gc_arena_init(&arena, rig_keep(malloc(16 << 20)), 16 << 20);
    ck_assert_int_eq(gc_ops_catalogue(&b, &fault), GC_OK);
    ck_assert_msg(gc_decode_catalogue(gc_buf_bytes(&b), &arena, &c, &fault) == GC_OK, "%s", fault.text);
    for (uint32_t i = 0; i < c.n_ops; i++)
        if (gc_str_is(gc_bytes_str(c.ops[i].name), "save"))
            op = &c.ops[i];
    ck_assert_ptr_nonnull(op);
    for (uint32_t i = 0; i < gc_savers_n; i++)
        savers += vips_class_find("VipsOperation", gc_savers[i].operation) != NULL;
    ck_assert_uint_eq(op->n_formats, savers);
    for (uint32_t i = 0; i < op->n_formats; i++) {
        const struct gc_op_format *f = &op->formats[i];
        const struct gc_saver *saver = NULL;
        for (uint32_t k = 0; k < f->n_suffixes; k++) {
            char name[16];
            (void)snprintf(name, sizeof name, "x%.*s", GC_STR_ARGS(gc_bytes_str(f->suffixes[k].text)));
            ck_assert(k == 0 || saver == gc_saver_of(gc_str_of(name), NULL));
            saver = gc_saver_of(gc_str_of(name), NULL);
            ck_assert_ptr_nonnull(saver);
        }
        /* each of libvips' arguments that the format takes, with its '_', and each of them a setting of the op */
        ck_assert_uint_gt(f->n_settings, 0);
        for (uint32_t k = 0; k < f->n_settings; k++) {
            bool known = false;
            for (uint32_t j = 0; j < op->n_config; j++)
                known = known || gc_bytes_equal(op->config[j].key, f->settings[k].text);
            ck_assert(known);
            ck_assert(gc_saver_takes(saver, gc_bytes_str(f->settings[k].text)));
        }
        bool webp = gc_str_is(gc_str_of(saver->name), "webp");
        bool subsample = false;
        for (uint32_t k = 0; k < f->n_settings; k++)
            subsample = subsample || gc_str_is(gc_bytes_str(f->settings[k].text), "smart_subsample");
        ck_assert(subsample == webp);
    }
    rig_release(&r);
}
END_TEST

/* What the op's command says gives the same pixels. */
START_TEST(the_vips_command_does_the_same)
{
    static const struct {
        const char *name;
        const char *settings;
        const char *options;
    } rows[] = {
        {"x.png", "", ""},
        {"x.jpg", "Q=60 optimize_coding=true", "[Q=60,optimize_coding=true]"},
        {"x.webp", "Q=40 smart_subsample=true lossless=false", "[Q=40,smart_subsample=true,lossless=false]"},
        {"x.tif", "compression=lzw tile=true tile_width=16 tile_height=16",
         "[compression=lzw,tile=true,tile_width=16,tile_height=16]"},
        {"x.gif", "dither=0.5", "[dither=0.5]"}};
    if (!rig_shell("vips --version > /dev/null 2>&1")) {
        printf("skip: the vips command (libvips-tools) is not installed\n");
        return;
    }
    rig_init(&r);
    VipsImage *image = picture(1, 61, 43);
    VipsImage *turned;
    ck_assert_int_eq(vips_copy(image, &turned, NULL), 0);
    g_object_unref(image);
    vips_image_set_int(turned, VIPS_META_ORIENTATION, 6);
    const char *photo = picture_write(&r, turned, "a.jpg");
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        char settings[128];
        char wanted[128];
        (void)snprintf(settings, sizeof settings, "to=%s %s", rows[i].name, rows[i].settings);
        (void)snprintf(wanted, sizeof wanted, "%s/%s", r.folder, rows[i].name);
        ck_assert(rig_shell("cd '%s' && vips autorot a.jpg in.v && vips copy in.v '%s%s'", r.folder,
                            rows[i].name, rows[i].options));
        const char *out = save(photo, "", settings);
        ck_assert_ptr_nonnull(out);
        ck_assert_msg(rig_same_pixels(out, wanted), "%s", rows[i].name);
        rig_release(&run);
    }
    rig_release(&r);
}
END_TEST

/* ---- metadata ---- */

static VipsImage *with_metadata(void)
{
    VipsImage *image = picture(3, 64, 48);
    VipsImage *profiled;
    ck_assert_int_eq(vips_icc_transform(image, &profiled, "srgb", "input_profile", "srgb", NULL), 0);
    g_object_unref(image);
    vips_image_set_string(profiled, "exif-ifd3-GPSLatitude", "48/1 8/1 0/1");
    vips_image_set_string(profiled, "exif-ifd0-Model", "CAMERAMODEL");
    vips_image_set_string(profiled, "exif-ifd2-DateTimeOriginal", "2019:06:01 12:00:00");
    vips_image_set_blob_copy(profiled, VIPS_META_XMP_NAME, "<x:xmpmeta>SECRETXMP</x:xmpmeta>", 32);
    return profiled;
}

static bool has(const char *path, const char *text)
{
    return rig_shell("grep -qa '%s' '%s'", text, path);
}

START_TEST(metadata_stays_as_asked)
{
    static const char *const suffixes[] = {".jpg", ".png", ".webp", ".tif", ".avif", ".jxl", ".jp2"};
    rig_init(&r);
    const char *path = picture_write(&r, with_metadata(), "a.jpg");
    ck_assert(has(path, "CAMERAMODEL") && has(path, "SECRETXMP"));
    for (size_t i = 0; i < GC_COUNT_OF(suffixes); i++) {
        char settings[64];
        if (!rig_writes(suffixes[i]))
            continue;
        static const char *const keeps[] = {"all", "icc", "none"};
        for (int k = 0; k < 3; k++) {
            (void)snprintf(settings, sizeof settings, "to=x%s metadata=%s", suffixes[i], keeps[k]);
            const char *out = save(path, "", settings);
            ck_assert_msg(out != NULL, "%s: %s", settings, rig_text(&run, 1));
            bool kept = has(out, "CAMERAMODEL") || has(out, "SECRETXMP") || has(out, "2019:06:01");
            bool can = i < 5; /* of the others what they keep is libvips' affair */
            ck_assert_msg(k > 0 ? !kept : kept || !can, "%s", settings);
            if (i < 4) { /* formats that this process may open again */
                VipsImage *again = rig_open(out);
                bool icc = vips_image_get_typeof(again, VIPS_META_ICC_NAME) != 0;
                ck_assert_msg(icc == (k < 2), "%s: profile", settings);
                bool gps = vips_image_get_typeof(again, "exif-ifd3-GPSLatitude") != 0;
                ck_assert_msg(!gps || k == 0, "%s: GPS", settings);
                g_object_unref(again);
            }
            rig_release(&run);
        }
    }
    rig_release(&r);
}
END_TEST

/* ---- images that a format cannot hold ---- */

START_TEST(other_kinds_of_images)
{
    static uint16_t shorts[8 * 8 * 3];
    static float floats[8 * 8 * 3];
    static uint8_t many[8 * 8 * 7];
    static uint8_t ink[8 * 8 * 4];
    static uint8_t alpha[8 * 8 * 4];
    rig_init(&r);
    const char *const inputs[] = {
        picture_write(&r, picture_of(shorts, 8, 8, 3, VIPS_FORMAT_USHORT, VIPS_INTERPRETATION_RGB16),
                      "s.tif"),
        picture_write(&r, picture_of(floats, 8, 8, 3, VIPS_FORMAT_FLOAT, VIPS_INTERPRETATION_scRGB), "f.tif"),
        picture_write(&r, picture_of(many, 8, 8, 7, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_MULTIBAND),
                      "m.tif"),
        picture_write(&r, picture_of(ink, 8, 8, 4, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_CMYK), "c.tif"),
        picture_write(&r, picture_of(alpha, 8, 8, 4, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB), "a.tif"),
    };
    for (uint32_t i = 0; i < gc_savers_n; i++) {
        if (!vips_class_find("VipsOperation", gc_savers[i].operation))
            continue;
        for (size_t k = 0; k < GC_COUNT_OF(inputs); k++) {
            char settings[64];
            (void)snprintf(settings, sizeof settings, "to=x%s", gc_savers[i].suffixes[0].text);
            if (!save(inputs[k], "", settings)) {
                /* who fails says what of */
                ck_assert_uint_eq(rig_cause(&run, 1), GC_CAUSE_OP_ERROR);
                ck_assert_msg(strstr(rig_text(&run, 1), gc_savers[i].name) &&
                                  strstr(rig_text(&run, 1), "8 x 8 pixels of"),
                              "%s", rig_text(&run, 1));
            }
            rig_release(&run);
        }
    }
    rig_release(&r);
}
END_TEST

START_TEST(what_is_too_large_for_a_format_is_told)
{
    static uint8_t row[17000];
    rig_init(&r);
    const char *path =
        picture_write(&r, picture_of(row, 17000, 1, 1, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_B_W), "a.png");
    ck_assert_ptr_null(save(path, "", "to=x.webp"));
    ck_assert_uint_eq(rig_cause(&run, 1), GC_CAUSE_OP_ERROR);
    ck_assert_str_eq(rig_text(&run, 1), "17000 x 1 pixels: webp has room for 16383 a side");
    rig_release(&run);
    rig_release(&r);
}
END_TEST

START_TEST(animations_keep_frames_and_delays)
{
    static const char *const suffixes[] = {".webp", ".gif"};
    static const char *const keeps[] = {"all", "icc", "none"};
    rig_init(&r);
    VipsImage *frames[3] = {picture(1, 40, 30), picture(2, 40, 30), picture(3, 40, 30)};
    VipsImage *roll;
    VipsImage *paged;
    int delays[3] = {50, 120, 300};
    ck_assert_int_eq(vips_arrayjoin(frames, &roll, 3, "across", 1, NULL), 0);
    ck_assert_int_eq(vips_copy(roll, &paged, NULL), 0);
    vips_image_set_int(paged, VIPS_META_PAGE_HEIGHT, 30);
    vips_image_set_array_int(paged, "delay", delays, 3);
    vips_image_set_int(paged, "loop", 7);
    const char *path = picture_write(&r, paged, "a.webp");
    for (int i = 0; i < 6; i++) {
        char settings[64];
        char all[160];
        int *got;
        int n;
        int loop;
        (void)snprintf(settings, sizeof settings, "to=x%s metadata=%s", suffixes[i % 2], keeps[i / 2]);
        const char *out = save(path, "n=-1", settings);
        ck_assert_ptr_nonnull(out);
        (void)snprintf(all, sizeof all, "%s[n=-1]", out);
        VipsImage *again = rig_open(all);
        ck_assert_int_eq(vips_image_get_n_pages(again), 3);
        ck_assert_int_eq(vips_image_get_page_height(again), 30);
        ck_assert_int_eq(vips_image_get_array_int(again, "delay", &got, &n), 0);
        ck_assert_int_eq(n, 3);
        ck_assert(memcmp(got, delays, sizeof delays) == 0);
        ck_assert_int_eq(vips_image_get_int(again, "loop", &loop), 0);
        ck_assert_int_eq(loop, 7);
        g_object_unref(again);
        rig_release(&run);
    }
    for (int i = 0; i < 3; i++)
        g_object_unref(frames[i]);
    g_object_unref(roll);
    rig_release(&r);
}
END_TEST

/* ---- files that are there ---- */

/* Runs the rig's stage with the file `there` as the output of each saving step. */
static void run_there(struct rig *in, const char *input, const char *there)
{
    struct gc_task_output outputs[RIG_MAX];
    struct gc_stage_needs needs;
    if (in->task.want == 0)
        in->task.want = (UINT64_C(1) << gc_stage_nodes(in->stage)) - 1;
    gc_stage_needs(in->stage, in->task.want, &needs);
    for (uint32_t i = 0; i < needs.n_outputs; i++)
        outputs[i] = (struct gc_task_output){
            .step = needs.outputs[i].step, .fd = open(there, O_RDONLY), .there = true};
    struct gc_task_input file = {.fd = open(input, O_RDONLY)};
    in->task.text = gc_str_bytes(gc_str_of(input));
    in->task.inputs = &file;
    in->task.n_inputs = 1;
    in->task.outputs = outputs;
    in->task.n_outputs = needs.n_outputs;
    gc_buf_reset(&in->values);
    gc_stage_run(in->stage, &in->task, (struct gc_blame){NULL, NULL}, &in->values, &in->result);
    (void)close(file.fd);
    for (uint32_t i = 0; i < needs.n_outputs; i++)
        (void)close(outputs[i].fd);
}

/* Whatever was written can be told of the next time. */
START_TEST(files_of_every_format_are_told_of)
{
    rig_init(&r);
    const char *photo = picture_write(&r, picture(1, 60, 40), "a.png");
    for (uint32_t i = 0; i < gc_savers_n; i++) {
        for (const struct gc_suffix *s = gc_savers[i].suffixes; s->text; s++) {
            char settings[64];
            char there[128];
            struct gc_value_token f[FIELDS];
            if (!rig_writes(s->text))
                continue;
            (void)snprintf(settings, sizeof settings, "to=x%s exists=skip", s->text);
            const char *out = save(photo, "", settings);
            ck_assert_ptr_nonnull(out);
            (void)snprintf(there, sizeof there, "%s/there", r.folder);
            ck_assert(rig_shell("cp '%s' '%s'", out, there));
            rig_release(&run);
            rig_init(&run);
            (void)rig_step(&run, "save", settings, rig_step(&run, "load", "", -1));
            rig_install(&run);
            run.task.want = 2;
            run_there(&run, photo, there);
            ck_assert_msg(run.result.pattern[1] == GC_OUTCOME_CACHED, "%s: %s", settings, rig_text(&run, 1));
            record_fields(&run, f, FIELDS);
            ck_assert_int_eq(f[WIDTH].integer, 60);
            ck_assert_int_eq(f[HEIGHT].integer, 40);
            rig_release(&run);
        }
    }
    rig_release(&r);
}
END_TEST

START_TEST(a_file_that_is_there_is_told_of)
{
    struct gc_value_token f[FIELDS + 5];
    rig_init(&r);
    const char *photo = picture_write(&r, picture(1, 60, 40), "a.png");
    const char *there = picture_write(&r, picture(2, 31, 17), "b.jpg");
    (void)rig_step(&r, "save", "to=x.jpg exists=skip", rig_step(&r, "load", "", -1));
    rig_install(&r);
    run_there(&r, photo, there);
    ck_assert_uint_eq(r.result.pattern[0], GC_OUTCOME_DONE);
    ck_assert_uint_eq(r.result.pattern[1], GC_OUTCOME_CACHED);
    ck_assert_uint_eq(r.result.n_made, 0);
    ck_assert_uint_eq(r.result.pixels, 0);
    struct gc_bytes in = gc_buf_bytes(&r.values);
    struct gc_bytes image;
    ck_assert_int_eq(gc_value_skip(&in, &image), GC_OK);
    for (int i = 0; i < 1 + FIELDS; i++)
        ck_assert_int_eq(gc_value_next(&in, &f[i]), GC_OK);
    ck_assert_int_eq(f[1 + WIDTH].integer, 31);
    ck_assert_int_eq(f[1 + HEIGHT].integer, 17);
    rig_release(&r);
}
END_TEST

/* Nothing is decoded, whatever lies between: else the broken pixels would be found. */
START_TEST(a_file_that_is_there_costs_no_decode)
{
    rig_init(&r);
    const char *there = picture_write(&r, picture(2, 31, 17), "b.jpg");
    VipsImage *image = picture(1, 600, 450);
    VipsImage *turned;
    ck_assert_int_eq(vips_copy(image, &turned, NULL), 0);
    g_object_unref(image);
    vips_image_set_int(turned, VIPS_META_ORIENTATION, 6); /* turning it wants its pixels */
    const char *cut = rig_truncated(&r, picture_write(&r, turned, "a.jpg"), "cut.jpg", 0.4);
    int load = rig_step(&r, "load", "", -1);
    int small = rig_step(&r, "thumbnail_image", "width=100", load);
    rig_push_down(&r, load);
    int tiny = rig_step(&r, "thumbnail_image", "width=50", load);
    rig_push_down(&r, load);
    int crisp = rig_step(&r, "sharpen", "", tiny);
    (void)rig_step(&r, "save", "to=x.jpg exists=skip", load);
    (void)rig_step(&r, "save", "to=y.jpg exists=skip", small);
    (void)rig_step(&r, "save", "to=z.jpg exists=skip", crisp);
    (void)rig_step(&r, "save", "to=w.jpg exists=skip", crisp);
    rig_install(&r);
    run_there(&r, cut, there);
    for (int i = 0; i < 8; i++)
        ck_assert_msg(r.result.pattern[i] == (i < 4 ? GC_OUTCOME_DONE : GC_OUTCOME_CACHED), "%d: %u %s", i,
                      r.result.pattern[i], rig_text(&r, i));
    ck_assert_uint_eq(r.result.pixels, 0);
    rig_release(&r);
}
END_TEST

/* What is made for nobody to look at has the size that it would have. */
START_TEST(what_nobody_sees_has_its_size)
{
    static const char *const settings[] = {"width=100", "width=100 height=31", "width=37 height=300",
                                           "width=64 height=20 crop=centre", "width=90 height=20 size=force"};
    for (int orientation = 1; orientation <= 8; orientation += orientation == 1 ? 2 : 3) {
        for (size_t i = 0; i < GC_COUNT_OF(settings); i++) {
            struct gc_bytes sizes[2];
            uint8_t kept[64];
            rig_init(&r);
            VipsImage *image = picture(1, 601, 443);
            VipsImage *turned;
            ck_assert_int_eq(vips_copy(image, &turned, NULL), 0);
            g_object_unref(image);
            vips_image_set_int(turned, VIPS_META_ORIENTATION, orientation);
            const char *photo = picture_write(&r, turned, "a.jpg");
            const char *there = picture_write(&r, picture(2, 31, 17), "b.jpg");
            int load = rig_step(&r, "load", "", -1);
            int small = rig_step(&r, "thumbnail_image", settings[i], load);
            rig_push_down(&r, load);
            (void)rig_step(&r, "save", "to=x.jpg exists=skip", small);
            rig_install(&r);
            for (int k = 0; k < 2; k++) {
                if (k == 0)
                    rig_run(&r, photo);
                else
                    run_there(&r, photo, there);
                struct gc_bytes in = gc_buf_bytes(&r.values);
                ck_assert_int_eq(gc_value_skip(&in, &sizes[k]), GC_OK);
                ck_assert_int_eq(gc_value_skip(&in, &sizes[k]), GC_OK);
                ck_assert_uint_le(sizes[k].len, sizeof kept);
                if (k == 0)
                    sizes[0].ptr = memcpy(kept, sizes[0].ptr, sizes[0].len);
            }
            ck_assert_msg(gc_bytes_equal(sizes[0], sizes[1]), "orientation %d, %s", orientation, settings[i]);
            rig_release(&r);
        }
    }
}
END_TEST

/* One that somebody else looks at is decoded all the same. */
START_TEST(a_second_reader_is_served)
{
    rig_init(&r);
    const char *photo = picture_write(&r, picture(1, 60, 40), "a.png");
    const char *there = picture_write(&r, picture(2, 31, 17), "b.jpg");
    int load = rig_step(&r, "load", "", -1);
    int half = rig_step(&r, "shrink", "hshrink=2 vshrink=2", load);
    int saved = rig_step(&r, "save", "to=x.jpg exists=skip", half);
    int one = rig_step(&r, "describe", "", half);
    int two = rig_step(&r, "phash", "", half);
    rig_install(&r);
    run_there(&r, photo, there);
    ck_assert_uint_eq(r.result.pattern[saved], GC_OUTCOME_CACHED);
    ck_assert_uint_eq(r.result.pattern[one], GC_OUTCOME_DONE);
    ck_assert_uint_eq(r.result.pattern[two], GC_OUTCOME_DONE);
    ck_assert_uint_eq(r.result.pixels, 60 * 40);
    rig_release(&r);
}
END_TEST

START_TEST(a_file_that_is_no_image_is_told)
{
    rig_init(&r);
    const char *photo = picture_write(&r, picture(1, 60, 40), "a.png");
    char text[128];
    (void)snprintf(text, sizeof text, "%s/b.jpg", r.folder);
    ck_assert(rig_shell("echo hello > '%s'", text));
    int saved = rig_step(&r, "save", "to=x.jpg exists=skip", rig_step(&r, "load", "", -1));
    rig_install(&r);
    run_there(&r, photo, text);
    ck_assert_uint_eq(rig_cause(&r, saved), GC_CAUSE_OUTPUT);
    ck_assert_ptr_nonnull(strstr(rig_text(&r, saved), "is no image"));
    ck_assert_ptr_nonnull(strstr(rig_text(&r, saved), "exists: overwrite"));
    rig_release(&r);
}
END_TEST

GC_SUITE("save", GC_TEST(every_ending_writes_its_own_format), GC_TEST(the_same_image_gives_the_same_bytes),
         GC_TEST(settings_are_those_of_the_format), GC_TEST(the_catalogue_tells_formats_and_settings),
         GC_TEST(the_vips_command_does_the_same), GC_TEST(metadata_stays_as_asked),
         GC_TEST(other_kinds_of_images), GC_TEST(what_is_too_large_for_a_format_is_told),
         GC_TEST(animations_keep_frames_and_delays), GC_TEST(files_of_every_format_are_told_of),
         GC_TEST(a_file_that_is_there_is_told_of), GC_TEST(a_file_that_is_there_costs_no_decode),
         GC_TEST(what_nobody_sees_has_its_size), GC_TEST(a_second_reader_is_served),
         GC_TEST(a_file_that_is_no_image_is_told))
