/* filter: what a condition sees of an item, and what becomes of those for which it does not hold. */
#include "pictures.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static struct rig r;

static struct gc_bytes fields_of(uint8_t *memory, size_t room)
{
    struct gc_buf b;
    gc_buf_init(&b, memory, room);
    gc_value_put_map(&b, 6);
    gc_value_put_str(&b, gc_bytes_of("", 0)); /* the source's path: "photos/" */
    gc_value_put_int(&b, 7);
    gc_value_put_str(&b, gc_bytes_of("iso", 3));
    gc_value_put_str(&b, gc_bytes_of("0400", 4)); /* of a CSV file */
    gc_value_put_str(&b, gc_bytes_of("maker", 5));
    gc_value_put_str(&b, gc_bytes_of("Canon", 5));
    gc_value_put_str(&b, gc_bytes_of("good", 4));
    gc_value_put_bool(&b, true);
    gc_value_put_str(&b, gc_bytes_of("price", 5));
    gc_value_put_real(&b, 1.5);
    gc_value_put_str(&b, gc_bytes_of("width", 5)); /* an image's own comes first */
    gc_value_put_int(&b, 1);
    ck_assert(gc_buf_ok(&b));
    return gc_buf_bytes(&b);
}

/* Blanks end a setting in the rig: conditions are written with tabs here. */
static int add_filter(struct rig *to, const char *where, int from)
{
    char settings[512];
    size_t n = (size_t)snprintf(settings, sizeof settings, "where=%s", where);
    for (size_t i = 0; i < n; i++)
        if (settings[i] == ' ')
            settings[i] = '\t';
    return rig_step(to, "filter", rig_keep(strdup(settings)), from);
}

/* Whether the item passes; `path`: a picture to load, or NULL for the item alone. */
static bool passes(const char *where, const char *path)
{
    static struct rig run;
    static uint8_t memory[256];
    rig_init(&run);
    int load = path ? rig_step(&run, "load", "", -1) : -1;
    int at = add_filter(&run, where, load);
    int below = rig_step(&run, "noop", "", at);
    rig_install(&run);
    run.task.index = 41;
    run.task.text = gc_str_bytes(GC_STR("photos/2019/07/IMG_0012.JPG"));
    run.task.fields = fields_of(memory, sizeof memory);
    rig_run(&run, path);
    ck_assert_uint_eq(run.result.n_faults, 0);
    bool passed = run.result.pattern[at] == GC_OUTCOME_DONE;
    ck_assert_uint_eq(run.result.pattern[at], passed ? GC_OUTCOME_DONE : GC_OUTCOME_SKIPPED);
    ck_assert_uint_eq(run.result.pattern[below], run.result.pattern[at]);
    rig_release(&run);
    return passed;
}

START_TEST(of_an_item)
{
    static const char *const true_ones[] = {
        "index == 41",
        "path == 'photos/2019/07/IMG_0012.JPG'",
        "dir == '2019/07'",
        "name == 'IMG_0012.JPG'",
        "stem == 'IMG_0012'",
        "ext == 'JPG'",
        "iso >= 400 and iso < 401 and iso == '0400'",
        "maker == 'Canon' and maker != 'canon'",
        "good and price == 1.5",
        "width == 1",
        "digest == null and height == null and iso > 100 and missing != 0",
    };
    static const char *const false_ones[] = {"index > 41", "ext == 'jpg'", "not good",
                                             "missing",    "missing < 1",  "iso == '400'"};
    for (size_t i = 0; i < GC_COUNT_OF(true_ones); i++)
        ck_assert_msg(passes(true_ones[i], NULL), "%s", true_ones[i]);
    for (size_t i = 0; i < GC_COUNT_OF(false_ones); i++)
        ck_assert_msg(!passes(false_ones[i], NULL), "%s", false_ones[i]);
}
END_TEST

START_TEST(of_an_image)
{
    rig_init(&r);
    const char *path = picture_write(&r, picture(1, 80, 60), "a.png");
    ck_assert(passes("width == 80 and height == 60 and bands == 3 and format == 'uchar'", path));
    ck_assert(passes("width > height and iso == 400 and index == 41", path));
    ck_assert(!passes("width >= 800", path));
    rig_release(&r);
}
END_TEST

/* What comes behind it is the image itself, with every pixel. */
START_TEST(an_image_passes_whole)
{
    rig_init(&r);
    const char *path = picture_write(&r, picture(1, 80, 60), "a.png");
    int load = rig_step(&r, "load", "", -1);
    int large = add_filter(&r, "width > 10", load);
    int saved = rig_step(&r, "save", "to=x.png", large);
    int small = add_filter(&r, "width < 10", load);
    int never = rig_step(&r, "save", "to=y.png", small);
    rig_install(&r);
    rig_run(&r, path);
    ck_assert_uint_eq(r.result.pattern[saved], GC_OUTCOME_DONE);
    ck_assert(rig_same_pixels(path, rig_output(&r, saved)));
    ck_assert_uint_eq(r.result.pattern[small], GC_OUTCOME_SKIPPED);
    ck_assert_uint_eq(r.result.pattern[never], GC_OUTCOME_SKIPPED);
    ck_assert_uint_eq(r.result.n_made, 1);
    ck_assert_uint_eq(r.result.n_faults, 0);
    rig_release(&r);
}
END_TEST

/* Of a record by the shape that its op has; a reducer below counts those that passed. */
START_TEST(of_a_record)
{
    static const struct {
        const char *where;
        bool passes;
    } rows[] = {{"mean == 10 and width == 4 and format == 'uchar'", true},
                {"taken == null and colour == '#0a0a0a'", true},
                {"mean > 10 or width != 4", false},
                {"index == 3 and mean <= 10.0", true}};
    static uint8_t values[16];
    memset(values, 10, sizeof values);
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        struct gc_buf out;
        struct gc_value_token t;
        uint8_t memory[256];
        uint64_t items;
        rig_init(&r);
        const char *path = picture_write(
            &r, picture_of(values, 4, 4, 1, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_B_W), "a.png");
        int tone = rig_step(&r, "describe", "", rig_step(&r, "load", "", -1));
        int at = add_filter(&r, rows[i].where, tone);
        rig_reducer(&r, "count", "", at);
        rig_install(&r);
        r.task.index = 3;
        gc_stage_delta_begin(r.stage);
        rig_run(&r, path);
        gc_stage_delta_add(r.stage);
        ck_assert_msg(r.result.pattern[at] == (rows[i].passes ? GC_OUTCOME_DONE : GC_OUTCOME_SKIPPED), "%s",
                      rows[i].where);
        gc_buf_init(&out, memory, sizeof memory);
        ck_assert_int_eq(gc_stage_delta_take(r.stage, 0, &out, &items), GC_OK);
        ck_assert_uint_eq(items, rows[i].passes);
        struct gc_bytes in = gc_buf_bytes(&r.values);
        struct gc_bytes skipped;
        ck_assert_int_eq(gc_value_skip(&in, &skipped), GC_OK);
        ck_assert_int_eq(gc_value_skip(&in, &skipped), GC_OK);
        if (rows[i].passes) {
            ck_assert_int_eq(gc_value_next(&in, &t),
                             GC_OK); /* the filter's own value: the record is another's */
            ck_assert_int_eq(t.kind, GC_TOKEN_NIL);
        }
        ck_assert_uint_eq(in.len, 0);
        rig_release(&r);
    }
}
END_TEST

START_TEST(a_hash_is_the_text_that_is_shown)
{
    static uint8_t values[16];
    rig_init(&r);
    const char *path =
        picture_write(&r, picture_of(values, 4, 4, 1, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_B_W), "a.png");
    int print = rig_step(&r, "phash", "", rig_step(&r, "load", "", -1));
    int same = add_filter(&r, "hash == '0000000000000000' and hash == hash", print);
    int other = add_filter(&r, "hash == 0", print);
    rig_install(&r);
    rig_run(&r, path);
    ck_assert_uint_eq(r.result.pattern[same], GC_OUTCOME_DONE);
    ck_assert_uint_eq(r.result.pattern[other], GC_OUTCOME_SKIPPED);
    rig_release(&r);
}
END_TEST

/* A shape in the program is another stage's: the record comes from there. */
START_TEST(of_a_stated_shape)
{
    static struct gc_field shape[2];
    rig_init(&r);
    int echo = rig_step(&r, "echo", "", -1);
    int at = add_filter(&r, "number == 41 and print != null and item == null", echo);
    shape[0] = (struct gc_field){.name = gc_str_bytes(GC_STR("number")), .type = GC_TYPE_INT};
    shape[1] = (struct gc_field){.name = gc_str_bytes(GC_STR("print")), .type = GC_TYPE_HASH};
    r.steps[at].shape = shape;
    r.steps[at].n_shape = 2;
    rig_install(&r);
    r.task.index = 41;
    r.task.text = gc_str_bytes(GC_STR("x"));
    rig_run(&r, NULL);
    ck_assert_uint_eq(r.result.pattern[at], GC_OUTCOME_DONE);
    rig_release(&r);
}
END_TEST

START_TEST(a_wrong_condition_is_refused_at_install)
{
    static const struct {
        const char *where;
        const char *text;
    } rows[] = {{"width = 800", "where: expected '==' for a comparison before '= 800'"},
                {"width >", "where: expected a field, a number or a text in quotes at its end"}};
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        struct gc_stage *stage;
        struct gc_fault fault = {0};
        rig_init(&r);
        int at = add_filter(&r, "x", -1);
        r.config[at][0].value.as.string = gc_str_bytes(gc_str_of(rows[i].where));
        ck_assert_int_eq(gc_stage_install(rig_encode(&r.program), &stage, &fault), GC_ERR_INVALID);
        ck_assert_msg(strstr(fault.text, rows[i].text) != NULL, "%s", fault.text);
        rig_release(&r);
    }
}
END_TEST

GC_SUITE("filter", GC_TEST(of_an_item), GC_TEST(of_an_image), GC_TEST(an_image_passes_whole),
         GC_TEST(of_a_record), GC_TEST(a_hash_is_the_text_that_is_shown), GC_TEST(of_a_stated_shape),
         GC_TEST(a_wrong_condition_is_refused_at_install))
