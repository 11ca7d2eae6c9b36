/* Thumbnails made of the next larger one, where the job says so. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static struct fixture *begin(const char *load)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=photos");
    char line[128];
    snprintf(line, sizeof line, "image load photos %s", load);
    node(f, line);
    return f;
}

/* The id of the step that feeds it, or "file" where it takes over the decode. */
static const char *fed_by(const struct fixture *f, const char *id)
{
    static char text[64];
    const struct gc_step *step = step_of(f, id);
    const struct gc_program *program = &f->draft.programs[1];
    if (step->decode != GC_UNSET)
        return "file";
    const struct gc_step *from = &program->steps[step->inputs[0].step];
    snprintf(text, sizeof text, "%.*s", (int)from->id.len, (const char *)from->id.ptr);
    return text;
}

START_TEST(each_is_made_of_the_next_larger)
{
    struct fixture *f = begin("cascade=true");
    node(f, "a thumbnail_image image width=1600");
    node(f, "b thumbnail_image image width=1000");
    node(f, "c thumbnail_image image width=500");
    node(f, "tone describe c");
    const struct gc_plan *p = good(f);
    ck_assert_str_eq(fed_by(f, "a"), "file");
    ck_assert_str_eq(fed_by(f, "b"), "a");
    ck_assert_str_eq(fed_by(f, "c"), "b");
    has_reason(f, "b", "cascade: made of 'a'");
    /* What hangs on it says so too: image, a, b, c, tone. */
    ck_assert_uint_eq(p->stages[1].below[1], 0x1c);
    ck_assert_uint_eq(p->stages[1].below[2], 0x18);
    ck_assert_uint_eq(step_of(f, "a")->readers, 1);
}
END_TEST

START_TEST(only_where_the_job_says_so)
{
    static const char *const loads[] = {"", "cascade=false"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = begin(loads[i]);
        node(f, "a thumbnail_image image width=1600");
        node(f, "b thumbnail_image image width=800");
        good(f);
        ck_assert_str_eq(fed_by(f, "b"), "file");
    }
}
END_TEST

START_TEST(not_of_one_that_is_too_near_or_smaller_or_later)
{
    struct fixture *f = begin("cascade=true");
    node(f, "a thumbnail_image image width=1000");
    node(f, "b thumbnail_image image width=801"); /* less than a quarter larger */
    node(f, "c thumbnail_image image width=800");
    node(f, "d thumbnail_image image width=2000");
    good(f);
    ck_assert_str_eq(fed_by(f, "a"), "file");
    ck_assert_str_eq(fed_by(f, "b"), "file");
    ck_assert_str_eq(fed_by(f, "c"), "a");
    ck_assert_str_eq(fed_by(f, "d"), "file");
}
END_TEST

START_TEST(not_of_one_that_is_set_otherwise)
{
    struct fixture *f = begin("cascade=true");
    node(f, "a thumbnail_image image width=1600 size=down");
    node(f, "b thumbnail_image image width=800");
    node(f, "c thumbnail_image image width=400 height=100 size=down"); /* of another shape */
    node(f, "d thumbnail_image image width=800 size=down");
    good(f);
    ck_assert_str_eq(fed_by(f, "b"), "file");
    ck_assert_str_eq(fed_by(f, "c"), "file");
    ck_assert_str_eq(fed_by(f, "d"), "a");
}
END_TEST

START_TEST(not_of_another_image)
{
    struct fixture *f = begin("cascade=true");
    node(f, "other load photos cascade=true");
    node(f, "a thumbnail_image image width=1600");
    node(f, "b thumbnail_image other width=800");
    node(f, "c thumbnail_image a width=400"); /* it reads no decode */
    good(f);
    ck_assert_str_eq(fed_by(f, "b"), "file");
    ck_assert_str_eq(fed_by(f, "c"), "a");
    has_reason(f, "c", "not pushed down");
}
END_TEST

GC_SUITE("plan: cascade", GC_TEST(each_is_made_of_the_next_larger), GC_TEST(only_where_the_job_says_so),
         GC_TEST(not_of_one_that_is_too_near_or_smaller_or_later), GC_TEST(not_of_one_that_is_set_otherwise),
         GC_TEST(not_of_another_image))
