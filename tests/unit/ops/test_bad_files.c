/* Files that are broken, cut, too large or not there: which node is blamed, and for what. */
#include "rig.h"
#include "tests/unit/suite.h"

#include <stdio.h>

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

GC_SUITE("bad_files", GC_TEST(truncation_is_blamed_on_load), GC_TEST(truncation_may_be_allowed),
         GC_TEST(causes_of_bad_files), GC_TEST(limits_are_kept), GC_TEST(no_file_is_load_s_fault))
