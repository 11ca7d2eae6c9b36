/* Files that are broken, cut, too large or not there: which node is blamed, and for what. */
#include "rig.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#include <vips/vips.h>

static struct rig r;

START_TEST(truncation_is_blamed_on_load)
{
    static const struct {
        const char *name;
        bool push_down;
    } rows[] = {{"photo.jpg", false}, {"photo.jpg", true},   {"photo.png", false},
                {"photo.png", true},  {"photo.webp", false}, {"photo.webp", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_init(&r);
        const char *photo = rig_photo(&r, rows[i].name, 800, 600);
        const char *bad = rig_truncated(&r, photo, "bad", 0.5);
        int load = rig_step(&r, "load", "", -1);
        int small = rig_step(&r, "thumbnail_image", "width=200", load);
        if (rows[i].push_down)
            rig_push_down(&r, load);
        int saved = rig_step(&r, "save", "to=x.jpg", small);
        int echo = rig_step(&r, "echo", "", -1);
        rig_install(&r);
        rig_run(&r, bad);
        ck_assert_msg(rig_cause(&r, load) == GC_CAUSE_DAMAGED, "%s %d: %u %s", rows[i].name,
                      rows[i].push_down, rig_cause(&r, load), rig_text(&r, load));
        ck_assert_uint_eq(r.result.pattern[load], GC_OUTCOME_FAILED);
        ck_assert_uint_eq(r.result.pattern[small], GC_OUTCOME_SKIPPED);
        ck_assert_uint_eq(r.result.pattern[saved], GC_OUTCOME_SKIPPED);
        ck_assert_uint_eq(r.result.pattern[echo], GC_OUTCOME_DONE);
        ck_assert_uint_eq(r.result.n_made, 0);
        ck_assert_uint_eq(r.result.n_faults, 1);
        rig_release(&r);
    }
}
END_TEST

/* Ways of reading a file: who pulls its pixels, and how many. */
static void build_save(int load)
{
    (void)rig_step(&r, "save", "to=x.jpg", load);
}

static void build_describe(int load)
{
    (void)rig_step(&r, "describe", "", load);
}

static void build_chain(int load)
{
    int small = rig_step(&r, "thumbnail_image", "width=200", load);
    int crisp = rig_step(&r, "sharpen", "", small);
    (void)rig_step(&r, "save", "to=x.webp", crisp);
    (void)rig_step(&r, "describe", "", small);
}

static void build_takers(int load)
{
    static const char *const settings[] = {"width=300", "width=40"};
    for (int i = 0; i < 2; i++) {
        int small = rig_step(&r, "thumbnail_image", settings[i], load);
        rig_push_down(&r, load);
        (void)rig_step(&r, "save", "to=x.png", small);
    }
}

static void build_all(int load)
{
    build_takers(load);
    build_describe(load);
    build_save(load);
    rig_reducer(&r, "count", "", load);
}

static void (*const builds[])(int) = {build_save, build_describe, build_chain, build_takers, build_all};

/* Whoever pulled: `load` is damaged, what hangs on it is skipped, what does not is done, and nothing is published or fed. */
static void blamed_on_load(const char *name, const char *bad)
{
    for (size_t b = 0; b < sizeof builds / sizeof builds[0]; b++) {
        struct rig *one = &r;
        one->program.n_steps = 0;
        one->task.want = 0;
        int echo = rig_step(one, "echo", "", -1);
        int load = rig_step(one, "load", "", -1);
        builds[b](load);
        rig_install(one);
        gc_stage_delta_begin(one->stage);
        rig_run(one, bad);
        ck_assert_msg(rig_cause(one, load) == GC_CAUSE_DAMAGED, "%s %zu: %u %s", name, b,
                      rig_cause(one, load), rig_text(one, load));
        ck_assert_uint_eq(one->result.n_faults, 1);
        ck_assert_uint_eq(one->result.n_made, 0);
        ck_assert_uint_eq(one->result.pattern[echo], GC_OUTCOME_DONE);
        for (uint32_t i = (uint32_t)load + 1; i < gc_stage_nodes(one->stage); i++)
            ck_assert_uint_eq(one->result.pattern[i], GC_OUTCOME_SKIPPED);
        gc_stage_delta_add(one->stage);
        for (uint32_t j = 0; j < gc_stage_reducers(one->stage); j++) {
            uint8_t memory[256];
            struct gc_buf state;
            uint64_t items = 1;
            gc_buf_init(&state, memory, sizeof memory);
            ck_assert_int_eq(gc_stage_delta_take(one->stage, j, &state, &items), GC_OK);
            ck_assert_uint_eq(items, 0);
        }
        gc_stage_destroy(&one->stage);
    }
}

START_TEST(truncation_is_blamed_on_load_whoever_pulls)
{
    static const char *const names[] = {"photo.jpg", "photo.png", "photo.webp",
                                        "photo.gif", "photo.tif", "photo.avif"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        rig_init(&r);
        if (rig_writes(strchr(names[i], '.'))) {
            const char *photo = rig_photo(&r, names[i], 800, 600);
            blamed_on_load(names[i], rig_truncated(&r, photo, "bad", 0.6));
        }
        rig_release(&r);
    }
}
END_TEST

/* Nine tenths of the way through, some bytes are others. */
static const char *spoilt(const char *from, const char *name)
{
    static char path[192];
    (void)snprintf(path, sizeof path, "%s/%s", r.folder, name);
    ck_assert(rig_shell("cp '%s' '%s' && size=$(stat -c %%s '%s') && printf '\\125\\125\\125\\377\\0\\125' | "
                        "dd of='%s' bs=1 seek=$((size * 9 / 10)) conv=notrunc 2> /dev/null",
                        from, path, path, path));
    return path;
}

/* What libjpeg only warns of decodes, and is counted; what is cut does not, unless the job says so. */
START_TEST(fail_on_says_how_bad_is_too_bad)
{
    static const struct {
        const char *settings;
        unsigned cut; /* outcomes of `load` */
        unsigned spoilt;
    } rows[] = {{"", GC_OUTCOME_FAILED, GC_OUTCOME_WARNED},
                {"fail_on=none", GC_OUTCOME_WARNED, GC_OUTCOME_WARNED},
                {"fail_on=truncated", GC_OUTCOME_FAILED, GC_OUTCOME_WARNED},
                {"fail_on=error", GC_OUTCOME_FAILED, GC_OUTCOME_WARNED},
                {"fail_on=warning", GC_OUTCOME_FAILED, GC_OUTCOME_FAILED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int push_down = 0; push_down < 2; push_down++) {
            rig_init(&r);
            const char *photo = rig_photo(&r, "photo.jpg", 800, 600);
            const char *cut = rig_truncated(&r, photo, "cut.jpg", 0.7);
            int load = rig_step(&r, "load", rows[i].settings, -1);
            int small = rig_step(&r, "thumbnail_image", "width=700", load);
            if (push_down)
                rig_push_down(&r, load);
            int saved = rig_step(&r, "save", "to=x.png", small);
            rig_install(&r);
            rig_run(&r, photo);
            ck_assert_uint_eq(r.result.pattern[load], GC_OUTCOME_DONE);
            rig_run(&r, cut);
            ck_assert_msg(r.result.pattern[load] == rows[i].cut, "%s: cut %u", rows[i].settings,
                          r.result.pattern[load]);
            rig_run(&r, spoilt(photo, "spoilt.jpg"));
            ck_assert_msg(r.result.pattern[load] == rows[i].spoilt, "%s: spoilt %u", rows[i].settings,
                          r.result.pattern[load]);
            bool failed = rows[i].spoilt == GC_OUTCOME_FAILED;
            ck_assert_uint_eq(r.result.pattern[saved], failed ? GC_OUTCOME_SKIPPED : GC_OUTCOME_DONE);
            rig_release(&r);
        }
}
END_TEST

START_TEST(truncation_may_be_allowed)
{
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 800, 600);
    const char *bad = rig_truncated(&r, photo, "bad.jpg", 0.5);
    int load = rig_step(&r, "load", "fail_on=none", -1);
    int saved = rig_step(&r, "save", "to=x.png", load);
    rig_install(&r);
    rig_run(&r, bad);
    ck_assert_uint_eq(r.result.pattern[load], GC_OUTCOME_WARNED);
    ck_assert_uint_eq(r.result.pattern[saved], GC_OUTCOME_DONE);
    rig_release(&r);
}
END_TEST

START_TEST(causes_of_bad_files)
{
    static const struct {
        const char *make;
        uint32_t cause;
    } rows[] = {
        {"printf 'this is text' > '%s/x'", GC_CAUSE_UNSUPPORTED},
        {"printf '' > '%s/x'", GC_CAUSE_BAD_INPUT},
        /* Long enough that it is wrong, and not cut: a chunk of no known name where the header must be. */
        {"(printf '\\211PNG\\r\\n\\032\\n\\0\\0\\0\\015XXXX'; head -c 400 /dev/zero) > '%s/x'",
         GC_CAUSE_BAD_INPUT},
        {"printf '\\377\\330\\377\\340' > '%s/x'", GC_CAUSE_DAMAGED},
        {"printf '\\037\\213svgz' > '%s/x'", GC_CAUSE_UNSUPPORTED},
    };
    char path[96];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_init(&r);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        ck_assert(rig_shell(rows[i].make, r.folder));
#pragma GCC diagnostic pop
        (void)snprintf(path, sizeof path, "%s/x", r.folder);
        int load = rig_step(&r, "load", "", -1);
        rig_install(&r);
        rig_run(&r, path);
        ck_assert_msg(rig_cause(&r, load) == rows[i].cause, "%zu: %u %s", i, rig_cause(&r, load),
                      rig_text(&r, load));
        rig_release(&r);
    }
}
END_TEST

START_TEST(limits_are_kept)
{
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.png", 400, 300);
    int load = rig_step(&r, "load", "max_pixels=100000", -1);
    rig_install(&r);
    rig_run(&r, photo);
    ck_assert_uint_eq(rig_cause(&r, load), GC_CAUSE_TOO_LARGE);
    rig_release(&r);

    rig_init(&r);
    photo = rig_photo(&r, "photo.png", 400, 300);
    load = rig_step(&r, "load", "", -1);
    int large = rig_step(&r, "resize", "scale=100.5", load);
    rig_install(&r);
    rig_run(&r, photo);
    ck_assert_uint_eq(r.result.pattern[load], GC_OUTCOME_DONE);
    ck_assert_uint_eq(rig_cause(&r, large), GC_CAUSE_TOO_LARGE);
    rig_release(&r);
}
END_TEST

START_TEST(no_file_is_load_s_fault)
{
    rig_init(&r);
    int load = rig_step(&r, "load", "", -1);
    int saved = rig_step(&r, "save", "to=x.png", load);
    rig_install(&r);
    r.files[0].refused = GC_CAUSE_NOT_ALLOWED;
    r.files[0].text = gc_str_bytes(GC_STR("outside"));
    rig_run(&r, NULL);
    ck_assert_uint_eq(rig_cause(&r, load), GC_CAUSE_NOT_ALLOWED);
    ck_assert_str_eq(rig_text(&r, load), "outside");
    ck_assert_uint_eq(r.result.pattern[saved], GC_OUTCOME_SKIPPED);
    rig_release(&r);
}
END_TEST

/* What a decoder said of one file is no word about the next, whichever step let go of it: a TIFF of a kind that libvips does not
 * read is no damaged JPEG. */
START_TEST(no_word_of_an_earlier_file)
{
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 800, 600);
    const char *cut = rig_truncated(&r, photo, "cut", 0.5);
    char path[96];
    (void)snprintf(path, sizeof path, "%s/odd.tif", r.folder);
    ck_assert(
        rig_shell("vips black '%s' 8 8 && vips cast '%s' '%s/odd.v' dpcomplex && vips copy '%s/odd.v' '%s'",
                  path, path, r.folder, r.folder, path));
    int load = rig_step(&r, "load", "", -1);
    (void)rig_step(&r, "thumbnail_image", "width=200", load);
    rig_push_down(&r, load);
    rig_install(&r);
    rig_run(&r, path);
    ck_assert_uint_eq(rig_cause(&r, load), GC_CAUSE_BAD_INPUT);
    char alone[256];
    (void)snprintf(alone, sizeof alone, "%s", rig_text(&r, load));
    rig_run(&r, cut);
    vips_error("VipsJpeg", "premature end of data segment"); /* as a decoder leaves it that is let go */
    rig_run(&r, path);
    ck_assert_uint_eq(rig_cause(&r, load), GC_CAUSE_BAD_INPUT);
    ck_assert_str_eq(rig_text(&r, load), alone);
    rig_release(&r);
}
END_TEST

GC_SUITE("bad_files", GC_TEST(truncation_is_blamed_on_load),
         GC_TEST(truncation_is_blamed_on_load_whoever_pulls), GC_TEST(fail_on_says_how_bad_is_too_bad),
         GC_TEST(truncation_may_be_allowed), GC_TEST(causes_of_bad_files), GC_TEST(limits_are_kept),
         GC_TEST(no_file_is_load_s_fault), GC_TEST(no_word_of_an_earlier_file))
