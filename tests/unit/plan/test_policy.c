/* Policies, names of outputs, and the union of catalogues. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <stdio.h>

START_TEST(defaults)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "i load a");
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->stages[1].retries, GC_RETRIES_DEFAULT);
    ck_assert_uint_eq(p->stages[1].suspicions, GC_SUSPICIONS_DEFAULT);
    ck_assert_uint_eq(p->stages[1].timeout_ns, GC_TIMEOUT_DEFAULT_NS);
    ck_assert_uint_eq(f->draft.programs[1].timeout_ns, GC_TIMEOUT_DEFAULT_NS);
    ck_assert_uint_eq(p->nodes[1].max_bad, GC_UNSET);
    ck_assert_uint_eq(p->nodes[1].max_bad_ppm, GC_UNSET);
}
END_TEST

START_TEST(a_node_over_the_job)
{
    struct fixture *f = fixture();
    struct gc_policy *job = policy_of(f, NULL);
    job->retries = 0;
    job->timeout_ns = 5 * GC_S;
    job->max_bad_ppm = 100000;
    node(f, "a files - path=a");
    struct gc_policy *i = policy_of(f, node(f, "i load a"));
    i->max_bad = 3;
    i->suspicions = 9;
    struct gc_policy *s = policy_of(f, node(f, "s sharpen i"));
    s->timeout_ns = 2 * GC_S;
    s->retries = 4;
    struct gc_policy *n = policy_of(f, node(f, "n count s"));
    n->timeout_ns = 90 * GC_S;
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->nodes[1].max_bad, 3);
    ck_assert_uint_eq(p->nodes[1].max_bad_ppm, GC_UNSET); /* one setting: the job's percentage is gone */
    ck_assert_uint_eq(p->nodes[2].max_bad_ppm, 100000);
    ck_assert_uint_eq(p->stages[0].retries, 0);
    ck_assert_uint_eq(p->stages[0].timeout_ns, 5 * GC_S);
    ck_assert_uint_eq(p->stages[1].retries, 4);
    ck_assert_uint_eq(p->stages[1].suspicions, 9);
    ck_assert_uint_eq(p->stages[1].timeout_ns, 90 * GC_S); /* the reducer adds in the task */
    ck_assert_uint_eq(f->draft.programs[1].timeout_ns, 90 * GC_S);
    ck_assert_uint_eq(p->stages[2].timeout_ns, 90 * GC_S);
    ck_assert_uint_eq(p->stages[2].retries, 0);
}
END_TEST

START_TEST(policies_out_of_range)
{
    struct fixture *f = fixture();
    policy_of(f, NULL)->retries = GC_LIMITLESS_MAX + 1;
    node(f, "a files - path=a");
    struct gc_policy *i = policy_of(f, node(f, "i load a"));
    i->suspicions = 0;
    i->max_bad_ppm = 1000001;
    i->timeout_ns = 0;
    plan(f);
    has_error(f, NULL, "policy.retries", "must lie between 0 and 1000000, not be 1000001");
    has_error(f, "i", "policy.suspicions", "must lie between 1 and 1000000, not be 0");
    has_error(f, "i", "policy.max_bad", "not be 1000001");
    has_error(f, "i", "policy.timeout", "must be longer than nothing");
    has_problems(f, 4);
}
END_TEST

static struct fixture *saving(const char *source, const char *to)
{
    struct fixture *f = fixture();
    char line[128];
    node(f, source);
    node(f, "i load a");
    snprintf(line, sizeof line, "s save i to=%s", to);
    node(f, line);
    return f;
}

static void quiet(const char *source, const char *to)
{
    good(saving(source, to));
}

static void warned(const char *source, const char *to, const char *part)
{
    struct fixture *f = saving(source, to);
    plan(f);
    has_warning(f, "s", "config.to", part);
    has_problems(f, 1);
    ck_assert(f->draft.accepted);
}

START_TEST(names_that_are_one_to_one)
{
    const char *deep = "a files - path=a";
    quiet(deep, "out/{index}.webp");
    quiet(deep, "out/{path}");
    quiet(deep, "{digest}.png");
    quiet(deep, "out/{dir}/{stem}.webp");
    quiet(deep, "out/{dir}/{name}");
    quiet("a files - path=a pattern=*.jpg", "out/{stem}.webp");
    quiet("a files - path=a pattern=*.jpg", "out/{name}");
    quiet("a list - path=a.csv", "out/{sku}.webp"); /* a field of the manifest: the author knows */
}
END_TEST

START_TEST(names_that_may_meet)
{
    warned("a files - path=a", "out/{stem}.webp",
           "items of one name in two folders would both write 'out/{stem}.webp'");
    warned("a files - path=a pattern=*/*.jpg", "{name}", "items of one name in two folders");
    warned("a list - path=a.csv", "{name}", "items of one name in two folders");
    warned("a files - path=a pattern=", "{name}", "items of one name in two folders");
    warned("a files - path=a", "{dir}.webp", "many items would write the same '{dir}.webp'");
    warned("a files - path=a", "x{ext}", "many items would write the same");
}
END_TEST

START_TEST(fields_that_are_misspelt)
{
    struct fixture *f = saving("a files - path=a", "{dir}/{stme}.webp");
    plan(f);
    has_warning(f, "s", "config.to", "did you mean '{stem}'?");
    has_problems(f, 1);
}
END_TEST

START_TEST(one_name_for_all)
{
    struct fixture *f = saving("a files - path=a", "out.webp");
    plan(f);
    has_error(f, "s", "config.to", "every item would write 'out.webp'");
    f = saving("a files - path=a", "{{stem}}.webp"); /* written twice: no field */
    plan(f);
    has_error(f, "s", "config.to", "every item would write '{{stem}}.webp'");
    f = saving("a files - path=a", "");
    plan(f);
    has_error(f, "s", "config.to", "every item would write ''");
    f = saving("a files - path=a", "out.webp");
    f->job.limit = 1;
    good(f);
    f = saving("a files - path=a pattern=5", "{stem}");
    plan(f);
    has_warning(f, "s", "config.to", "items of one name"); /* the pattern is wrong, which is told as well */
    has_problems(f, 2);
}
END_TEST

START_TEST(braces)
{
    static const char *const stray[] = {"out{.webp", "{dir}/{stem}}.webp", "{}.webp",       "{",
                                        "}",         "{stem}/}{",          "{{{dir}/{stem}"};
    for (size_t i = 0; i + 1 < sizeof stray / sizeof stray[0]; i++) {
        struct fixture *f = saving("a files - path=a", stray[i]);
        plan(f);
        has_error(f, "s", "config.to", "has a brace that belongs to no {field}");
        has_problems(f, 1);
    }
    quiet("a files - path=a", "{{{dir}/{stem}");
    quiet("a files - path=a", "{dir}/{stem}{{}}");
}
END_TEST

START_TEST(names_of_the_run)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "i load a");
    node(f, "sheet contact_sheet i to=sheet-{index}.jpg");
    node(f, "other contact_sheet i to=sheet-{when}.jpg");
    node(f, "named contact_sheet i to=sheet-{digest}.jpg");
    node(f, "wrong contact_sheet i to=5");
    node(f, "none contact_sheet i");
    node(f, "logo load - path=a");
    node(f, "out save logo to=out.webp");
    plan(f);
    has_error(f, "sheet", "config.to", "names a field of an item, and 'sheet' writes one file for the run");
    has_error(f, "other", "config.to", "names a field of an item"); /* a run has no fields */
    has_error(f, "wrong", "config.to", "must be a string");
    has_error(f, "none", "config.to", "is missing");
    has_problems(f, 4);
}
END_TEST

static struct gc_op named(const char *name, uint64_t cost)
{
    return (struct gc_op){.name = gc_str_bytes(gc_str_of(name)), .cost = cost};
}

START_TEST(a_union)
{
    struct gc_op one[] = {named("b", 1), named("d", 1)};
    struct gc_op two[] = {named("e", 2), named("d", 2), named("a", 2), named("c", 2)};
    struct gc_catalogue x = {.build = {(const uint8_t *)"first", 5}, .n_ops = 2, .ops = one};
    struct gc_catalogue y = {.n_ops = 4, .ops = two};
    const struct gc_catalogue *all[] = {&x, &y, &x};
    static uint8_t memory[1 << 16];
    struct gc_arena arena;
    gc_arena_init(&arena, memory, sizeof memory);
    struct gc_catalogue u;
    ck_assert_int_eq(gc_catalogue_union(all, 3, &arena, &u), GC_OK);
    ck_assert_uint_eq(u.n_ops, 5);
    for (uint32_t i = 0; i < 5; i++)
        ck_assert_uint_eq(u.ops[i].name.ptr[0], 'a' + i);
    ck_assert_uint_eq(u.ops[3].cost, 1); /* the first that has it */
    ck_assert(gc_str_is(gc_bytes_str(u.build), "first"));
    ck_assert_int_eq(gc_catalogue_union(NULL, 0, &arena, &u), GC_OK);
    ck_assert_uint_eq(u.n_ops, 0);
    gc_arena_init(&arena, memory, 64);
    u.n_ops = 99;
    ck_assert_int_eq(gc_catalogue_union(all, 3, &arena, &u), GC_ERR_NOMEM);
    ck_assert_uint_eq(u.n_ops, 99);
}
END_TEST

START_TEST(a_union_above_the_limit)
{
    static struct gc_op many[GC_MAX_OPS + 1];
    static char names[GC_MAX_OPS + 1][8];
    for (uint32_t i = 0; i <= GC_MAX_OPS; i++) {
        snprintf(names[i], sizeof names[i], "%u", i);
        many[i] = named(names[i], 1);
    }
    struct gc_catalogue x = {.n_ops = GC_MAX_OPS + 1, .ops = many};
    const struct gc_catalogue *all[] = {&x};
    static uint8_t memory[1 << 20];
    struct gc_arena arena;
    gc_arena_init(&arena, memory, sizeof memory);
    struct gc_catalogue u;
    ck_assert_int_eq(gc_catalogue_union(all, 1, &arena, &u), GC_ERR_LIMIT);
    x.n_ops--;
    ck_assert_int_eq(gc_catalogue_union(all, 1, &arena, &u), GC_OK);
    for (uint32_t i = 1; i < u.n_ops; i++)
        ck_assert_int_lt(gc_str_compare(gc_bytes_str(u.ops[i - 1].name), gc_bytes_str(u.ops[i].name)), 0);
}
END_TEST

GC_SUITE("plan: policies, names, catalogues", GC_TEST(defaults), GC_TEST(a_node_over_the_job),
         GC_TEST(policies_out_of_range), GC_TEST(names_that_are_one_to_one), GC_TEST(names_that_may_meet),
         GC_TEST(fields_that_are_misspelt), GC_TEST(one_name_for_all), GC_TEST(braces),
         GC_TEST(names_of_the_run), GC_TEST(a_union), GC_TEST(a_union_above_the_limit))
