/* load by format: what is opened, what only where the job asks, what is named and refused; frames and limits by the header. */
#include "rig.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#include <vips/vips.h>

#include "common/macros.h"
#include "proto/values.h"
#include "worker/ops/load.h"

static struct rig r;

static const char *in_folder(const char *name)
{
    static char paths[8][192];
    static int n;
    char *path = paths[n++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", r.folder, name);
    return path;
}

static const char *format_of(const char *head, size_t len)
{
    const struct gc_format *f = gc_sniff((const uint8_t *)head, len);
    return f ? f->name : "none";
}

START_TEST(first_bytes_tell_the_format)
{
    static const struct {
        const char *head;
        size_t len;
        const char *format;
    } rows[] = {
#define HEAD(text, format) {text, sizeof(text) - 1, format}
        HEAD("\xff\xd8\xff\xe0\0\x10JFIF", "jpeg"),
        HEAD("\xff\xd8", "none"),
        HEAD("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "png"),
        HEAD("\x89PNG\n\x1a\n", "none"),
        HEAD("RIFF\x10\0\0\0WEBPVP8 ", "webp"),
        HEAD("RIFF\x10\0\0\0WAVEfmt ", "none"),
        HEAD("GIF89a", "gif"),
        HEAD("GIF90a", "none"),
        HEAD("II\x2a\0", "tiff"),
        HEAD("MM\0\x2b", "tiff"),
        HEAD("\0\0\0\x18"
             "ftypavif",
             "heif"),
        HEAD("\0\0\0\x18"
             "ftypisom",
             "none"),
        HEAD("\0\0\0\x0cjP  \r\n\x87\n", "jp2k"),
        HEAD("\xff\x4f\xff\x51", "jp2k"),
        HEAD("\xff\x0a", "jxl"),
        HEAD("\0\0\0\x0cJXL \r\n\x87\n", "jxl"),
        HEAD("P6\n10 10\n255\n", "ppm"),
        HEAD("P7\n", "none"),
        HEAD("P6", "none"),
        HEAD("#?RADIANCE\n", "rad"),
        HEAD("%PDF-1.4\n", "pdf"),
        HEAD("<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"),
        HEAD("\xef\xbb\xbf \n<?xml version='1.0'?>\n<!-- x --><svg/>", "svg"),
        HEAD("a <svg/>", "none"),
        HEAD("<html>", "none"),
        HEAD("<?xml?>\0<svg/>", "none"),
        HEAD("8BPS\0\1", "psd"),
        HEAD("\x76\x2f\x31\x01", "exr"),
        HEAD("SIMPLE  =                    T", "fits"),
        HEAD("\x08\xf2\xa6\xb6", "vips"),
        HEAD("\x1f\x8b\x08", "gzip"),
        HEAD("", "none"),
#undef HEAD
    };
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++)
        ck_assert_msg(strcmp(format_of(rows[i].head, rows[i].len), rows[i].format) == 0, "%zu: %s is not %s",
                      i, format_of(rows[i].head, rows[i].len), rows[i].format);
}
END_TEST

/* Every prefix of a head is looked at within its length. */
START_TEST(short_heads_are_read_within_their_length)
{
    static const char *const heads[] = {"\xff\xd8\xff\xe0\x10JFIF....", "RIFF\x10\0\0\0WEBP",
                                        "P6\n1 1\n255\n", "<?xml ?><svg/>"};
    for (size_t i = 0; i < GC_COUNT_OF(heads); i++)
        for (size_t len = 0; len < 12; len++) {
            char *exact = malloc(len + !len); /* so that a sanitizer sees a step beyond */
            ck_assert_ptr_nonnull(exact);
            memcpy(exact, heads[i], len);
            (void)format_of(exact, len);
            (void)gc_sniff_cut((const uint8_t *)exact, len, 100);
            free(exact);
        }
}
END_TEST

START_TEST(cut_files_are_told_by_what_they_say)
{
    static const struct {
        const char *head;
        size_t len;
        uint64_t whole; /* the smallest size that it does not contradict */
    } rows[] = {
#define HEAD(text, whole) {text, sizeof(text) - 1, whole}
        HEAD("RIFF\x10\x01\0\0WEBPVP8 ", 0x118),
        HEAD("II\x2a\0\x10\x20\0\0\0\0\0\0\0\0\0\0", 0x2011),
        HEAD("MM\0\x2a\0\0\x20\x10\0\0\0\0\0\0\0\0", 0x2011),
        HEAD("MM\0\x2b\0\x08\0\0\0\0\0\0\0\0\x20\x10", 0x2011),
#undef HEAD
    };
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        const uint8_t *head = (const uint8_t *)rows[i].head;
        ck_assert(gc_sniff_cut(head, rows[i].len, rows[i].whole - 1));
        ck_assert(!gc_sniff_cut(head, rows[i].len, rows[i].whole));
    }
    ck_assert(!gc_sniff_cut((const uint8_t *)"\xff\xd8\xff\xe0............", 16, 1));
}
END_TEST

/* A format that is asked for: refused without, by a text that says how; with it, the pixels that the vips command reads. */
static void asked_for(const char *name, const char *format)
{
    const char *file = in_folder(name);
    int load = rig_step(&r, "load", "", -1);
    rig_install(&r);
    rig_run(&r, file);
    ck_assert_msg(rig_cause(&r, load) == GC_CAUSE_UNSUPPORTED, "%s: %u", name, rig_cause(&r, load));
    if (strstr(rig_text(&r, load), "has no decoder"))
        return; /* this libvips was built without */
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "loaders: [%s]", format);
    ck_assert_msg(strstr(rig_text(&r, load), wanted) != NULL, "%s", rig_text(&r, load));
    gc_stage_destroy(&r.stage);
    r.task.want = 0;

    rig_names(&r, "loaders", format);
    int saved = rig_step(&r, "save", "to={stem}.tif", load);
    rig_install(&r);
    rig_run(&r, file);
    ck_assert_msg(r.result.pattern[saved] == GC_OUTCOME_DONE, "%s: %s %s", name, rig_text(&r, load),
                  rig_text(&r, saved));
    ck_assert(rig_shell("cd '%s' && vips copy %s wanted.tif", r.folder, name));
    ck_assert_msg(rig_same_pixels(in_folder("wanted.tif"), rig_output(&r, saved)), "%s", name);
}

START_TEST(further_formats_are_opened_where_asked)
{
    static const struct {
        const char *name;
        const char *format;
    } rows[] = {{"x.ppm", "ppm"}, {"x.jp2", "jp2k"}, {"x.jxl", "jxl"}};
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        rig_init(&r);
        const char *photo = rig_photo(&r, "photo.png", 90, 60);
        if (rig_shell("vips copy '%s' '%s/%s' 2>/dev/null", photo, r.folder, rows[i].name))
            asked_for(rows[i].name, rows[i].format);
        else
            printf("skip: the vips command does not write %s\n", rows[i].format);
        rig_release(&r);
    }
    rig_init(&r);
    ck_assert(
        rig_shell("printf '<?xml version=\"1.0\"?>\\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" "
                  "height=\"30\"><rect width=\"20\" height=\"30\" fill=\"#c03020\"/></svg>' > '%s/x.svg'",
                  r.folder));
    asked_for("x.svg", "svg");
    rig_release(&r);
}
END_TEST

START_TEST(what_is_not_read_is_named)
{
    static const struct {
        const char *make;
        const char *text;
    } rows[] = {{"printf 'BM\\100\\0\\0\\0\\0\\0\\0\\0\\066\\0\\0\\0\\050\\0\\0\\0'", "bmp"},
                {"printf '8BPS\\0\\1'", "psd"},
                {"printf 'SIMPLE  =  T'", "fits"},
                {"printf '\\010\\362\\246\\266'", "vips"},
                {"printf 'a,b\\n1,2\\n'", "load reads jpeg png webp gif tiff heif"}};
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        rig_init(&r);
        ck_assert(rig_shell("%s > '%s/x'", rows[i].make, r.folder));
        int load = rig_step(&r, "load", "", -1);
        rig_install(&r);
        rig_run(&r, in_folder("x"));
        ck_assert_uint_eq(rig_cause(&r, load), GC_CAUSE_UNSUPPORTED);
        ck_assert_msg(strstr(rig_text(&r, load), rows[i].text) != NULL, "%s", rig_text(&r, load));
        rig_release(&r);
    }
}
END_TEST

START_TEST(names_that_are_no_choice_are_refused)
{
    static const char *const rows[][2] = {{"jpeg", "without it"},
                                          {"fits", "by the file's name"},
                                          {"word", "none of its choices"},
                                          {"svg word", "'word'"}};
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        struct gc_fault fault = {0};
        rig_init(&r);
        (void)rig_step(&r, "load", "", -1);
        rig_names(&r, "loaders", rows[i][0]);
        ck_assert_int_eq(gc_stage_install(rig_encode(&r.program), &r.stage, &fault), GC_ERR_INVALID);
        ck_assert_msg(strstr(fault.text, rows[i][1]) != NULL, "%s", fault.text);
        rig_release(&r);
    }
    /* each choice that the catalogue shows is one */
    for (const char *const *name = gc_loader_names; *name; name++) {
        rig_init(&r);
        (void)rig_step(&r, "load", "", -1);
        rig_names(&r, "loaders", *name);
        rig_install(&r);
        rig_release(&r);
    }
}
END_TEST

static void *find_open(VipsObjectClass *class, void *open)
{
    if (!(VIPS_OPERATION_CLASS(class)->flags & VIPS_OPERATION_BLOCKED))
        *(const char **)open = class->nickname;
    return NULL;
}

static const char *open_decoder(void)
{
    const char *open = "none";
    (void)vips_class_map_all(g_type_from_name("VipsForeignLoad"), find_open, &open);
    return open;
}

/* Before a file, after one, after one whose header is wrong, and after a shrink on load. */
START_TEST(decoders_are_blocked_but_while_a_file_is_opened)
{
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 400, 300);
    ck_assert(rig_shell("head -c 200 '%s' > '%s'", photo, in_folder("bad")));
    int load = rig_step(&r, "load", "", -1);
    int small = rig_step(&r, "thumbnail_image", "width=50", load);
    rig_push_down(&r, load);
    (void)rig_step(&r, "save", "to=x.png", small);
    rig_install(&r);
    ck_assert_str_eq(open_decoder(), "none");
    rig_run(&r, photo);
    ck_assert_uint_eq(r.result.pattern[small], GC_OUTCOME_DONE);
    ck_assert_str_eq(open_decoder(), "none");
    rig_run(&r, in_folder("bad"));
    ck_assert_uint_eq(r.result.pattern[load], GC_OUTCOME_FAILED);
    ck_assert_str_eq(open_decoder(), "none");
    rig_release(&r);
}
END_TEST

/* ---- frames ---- */

/* Five frames of 40 x 30, one above the other, each of another grey. */
static const char *animation(const char *name)
{
    VipsImage *frames[5];
    VipsImage *all;
    const char *path = in_folder(name);
    for (int i = 0; i < 5; i++) {
        VipsImage *black;
        double a[3] = {1, 1, 1};
        double b[3] = {50.0 * i, 255.0 - 50.0 * i, 30};
        ck_assert_int_eq(vips_black(&black, 40, 30, "bands", 3, NULL), 0);
        ck_assert_int_eq(vips_linear(black, &frames[i], a, b, 3, "uchar", TRUE, NULL), 0);
        g_object_unref(black);
    }
    ck_assert_int_eq(vips_arrayjoin(frames, &all, 5, "across", 1, NULL), 0);
    VipsImage *rgb;
    ck_assert_int_eq(vips_copy(all, &rgb, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    vips_image_set_int(rgb, VIPS_META_PAGE_HEIGHT, 30);
    ck_assert_msg(vips_image_write_to_file(rgb, path, NULL) == 0, "%s", vips_error_buffer());
    g_object_unref(rgb);
    g_object_unref(all);
    for (int i = 0; i < 5; i++)
        g_object_unref(frames[i]);
    return path;
}

/* The height that the first value, an image's, tells. */
static int64_t height_of_first(void)
{
    struct gc_value_token t;
    struct gc_bytes in = gc_buf_bytes(&r.values);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    return t.integer;
}

START_TEST(frames_are_taken_as_asked)
{
    static const char *const files[] = {"a.gif", "a.webp", "a.tif"};
    static const struct {
        const char *settings;
        const char *options;
        int height;
    } rows[] = {{"", "", 30},
                {"n=-1", "[n=-1]", 150},
                {"page=2", "[page=2]", 30},
                {"page=1 n=2", "[page=1,n=2]", 60}};
    for (size_t f = 0; f < GC_COUNT_OF(files); f++)
        for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
            rig_init(&r);
            const char *file = animation(files[f]);
            int load = rig_step(&r, "load", rows[i].settings, -1);
            int small = rig_step(&r, "thumbnail_image", "width=20", load);
            rig_push_down(&r, load);
            int saved = rig_step(&r, "save", "to=x.tif", small);
            int whole = rig_step(&r, "save", "to=y.tif", load);
            rig_install(&r);
            rig_run(&r, file);
            ck_assert_msg(r.result.n_faults == 0, "%s %s: %s", files[f], rows[i].settings,
                          rig_text(&r, small));
            ck_assert_int_eq(height_of_first(), rows[i].height);
            ck_assert(rig_shell("cd '%s' && vips thumbnail '%s%s' w.tif 20 && vips copy '%s%s' v.tif",
                                r.folder, files[f], rows[i].options, files[f], rows[i].options));
            ck_assert(rig_same_pages(in_folder("w.tif"), rig_output(&r, saved)));
            ck_assert(rig_same_pages(in_folder("v.tif"), rig_output(&r, whole)));
            rig_release(&r);
        }
}
END_TEST

START_TEST(a_page_that_is_not_there_is_bad_input)
{
    rig_init(&r);
    const char *file = animation("a.gif");
    int load = rig_step(&r, "load", "page=7", -1);
    rig_install(&r);
    rig_run(&r, file);
    ck_assert_uint_eq(rig_cause(&r, load), GC_CAUSE_BAD_INPUT);
    rig_release(&r);
    rig_init(&r); /* a format of one frame */
    file = rig_photo(&r, "photo.jpg", 60, 40);
    load = rig_step(&r, "load", "page=3", -1);
    rig_install(&r);
    rig_run(&r, file);
    ck_assert_uint_eq(rig_cause(&r, load), GC_CAUSE_BAD_INPUT);
    ck_assert_ptr_nonnull(strstr(rig_text(&r, load), "no page 3"));
    rig_release(&r);
    rig_init(&r);
    struct gc_fault fault = {0};
    (void)rig_step(&r, "load", "n=0", -1);
    ck_assert_int_eq(gc_stage_install(rig_encode(&r.program), &r.stage, &fault), GC_ERR_INVALID);
    rig_release(&r);
}
END_TEST

/* ---- limits ---- */

START_TEST(all_frames_count_against_max_pixels)
{
    static const struct {
        const char *settings;
        uint32_t cause;
    } rows[] = {{"max_pixels=5000", GC_CAUSE_NONE},
                {"n=-1 max_pixels=6000", GC_CAUSE_NONE},
                {"n=-1 max_pixels=5999", GC_CAUSE_TOO_LARGE}};
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        rig_init(&r);
        const char *file = animation("a.gif");
        int load = rig_step(&r, "load", rows[i].settings, -1);
        int small = rig_step(&r, "thumbnail_image", "width=20", load);
        rig_push_down(&r, load);
        rig_install(&r);
        rig_run(&r, file);
        ck_assert_uint_eq(rig_cause(&r, load), rows[i].cause);
        ck_assert_uint_eq(r.result.pattern[small], rows[i].cause ? GC_OUTCOME_SKIPPED : GC_OUTCOME_DONE);
        rig_release(&r);
    }
}
END_TEST

START_TEST(many_bands_count_as_many_pixels)
{
    ck_assert_int_eq(gc_load_pixels(10, 20, 4, VIPS_FORMAT_FLOAT), 200);
    ck_assert_int_eq(gc_load_pixels(10, 20, 17, VIPS_FORMAT_UCHAR), 400);
    ck_assert_int_eq(gc_load_pixels(10, 20, 64, VIPS_FORMAT_DPCOMPLEX), 12800);
    ck_assert_int_eq(gc_load_pixels(10000000, 10000000, 10000000, VIPS_FORMAT_DPCOMPLEX), INT64_MAX);
    rig_init(&r);
    VipsImage *image;
    ck_assert_int_eq(vips_black(&image, 20, 20, "bands", 1600, NULL), 0);
    ck_assert_int_eq(vips_image_write_to_file(image, in_folder("x.tif"), NULL), 0);
    g_object_unref(image);
    int load = rig_step(&r, "load", "max_pixels=39999", -1);
    rig_install(&r);
    rig_run(&r, in_folder("x.tif"));
    ck_assert_uint_eq(rig_cause(&r, load), GC_CAUSE_TOO_LARGE);
    ck_assert_ptr_nonnull(strstr(rig_text(&r, load), "1600 bands"));
    rig_release(&r);
}
END_TEST

START_TEST(large_files_are_refused)
{
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.png", 400, 300);
    struct gc_stage_needs needs;
    int load = rig_step(&r, "load", "max_file=1000", -1);
    rig_install(&r);
    gc_stage_needs(r.stage, 1, &needs);
    ck_assert_uint_eq(needs.n_inputs, 1);
    ck_assert_uint_eq(needs.inputs[0].file, 0);
    ck_assert_uint_eq(needs.inputs[0].max_file, 1000);
    rig_run(&r, photo);
    ck_assert_uint_eq(rig_cause(&r, load), GC_CAUSE_TOO_LARGE);
    rig_release(&r);
}
END_TEST

/* ---- several files ---- */

START_TEST(a_path_is_another_file)
{
    char settings[256];
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.png", 60, 40);
    const char *logo = rig_photo(&r, "logo.png", 30, 20);
    (void)snprintf(settings, sizeof settings, "path=%s", logo);
    (void)rig_step(&r, "load", "", -1);
    int mark = rig_step(&r, "load", settings, -1);
    int saved = rig_step(&r, "save", "to=x.png", mark);
    rig_install(&r);
    struct gc_stage_needs needs;
    gc_stage_needs(r.stage, 7, &needs);
    ck_assert_uint_eq(needs.n_inputs, 2);
    ck_assert_uint_eq(needs.inputs[0].path.len, 0);
    ck_assert(gc_str_is(gc_bytes_str(needs.inputs[1].path), logo));
    rig_run(&r, photo);
    ck_assert_uint_eq(r.result.n_faults, 0);
    ck_assert(rig_same_pixels(logo, rig_output(&r, saved)));
    gc_stage_needs(r.stage, UINT64_C(1) << saved, &needs); /* who does not need the item's does not get it */
    ck_assert_uint_eq(needs.n_inputs, 1);
    ck_assert_uint_eq(needs.inputs[0].file, 1);
    rig_release(&r);
}
END_TEST

START_TEST(files_are_bounded)
{
    struct gc_fault fault = {0};
    rig_init(&r);
    for (uint32_t i = 0; i < GC_MAX_STAGE_INPUTS; i++) {
        char *settings = rig_keep(malloc(32));
        (void)snprintf(settings, 32, "path=/x/%u", i);
        (void)rig_step(&r, "load", settings, -1);
    }
    ck_assert_int_eq(gc_stage_install(rig_encode(&r.program), &r.stage, &fault), GC_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(fault.text, "more than 8 files"));
    r.steps[r.program.n_steps - 1].config[0].value =
        r.steps[0].config[0].value; /* the same path twice is one file */
    rig_install(&r);
    rig_release(&r);

    rig_init(&r); /* an input says which file, and so does a path */
    int source = rig_step(&r, "noop", "", -1);
    (void)rig_step(&r, "load", "path=/x", source);
    ck_assert_int_eq(gc_stage_install(rig_encode(&r.program), &r.stage, &fault), GC_ERR_INVALID);
    rig_release(&r);
}
END_TEST

GC_SUITE("load_formats", GC_TEST(first_bytes_tell_the_format),
         GC_TEST(short_heads_are_read_within_their_length), GC_TEST(cut_files_are_told_by_what_they_say),
         GC_TEST(further_formats_are_opened_where_asked), GC_TEST(what_is_not_read_is_named),
         GC_TEST(names_that_are_no_choice_are_refused),
         GC_TEST(decoders_are_blocked_but_while_a_file_is_opened), GC_TEST(frames_are_taken_as_asked),
         GC_TEST(a_page_that_is_not_there_is_bad_input), GC_TEST(all_frames_count_against_max_pixels),
         GC_TEST(many_bands_count_as_many_pixels), GC_TEST(large_files_are_refused),
         GC_TEST(a_path_is_another_file), GC_TEST(files_are_bounded))
