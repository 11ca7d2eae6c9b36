/* Which names of outputs the lister is told to compare. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

/* The templates that the source's program has, separated by spaces. */
static const char *compared_of(const char *items, const char *const *to, uint32_t n)
{
    static char text[4096];
    struct fixture *f = fixture();
    node(f, items);
    node(f, "image load photos");
    for (uint32_t i = 0; i < n; i++) {
        char line[256];
        snprintf(line, sizeof line, "saved%u save image to=%s", i, to[i]);
        node(f, line);
    }
    ck_assert(plan(f)->accepted);
    const struct gc_program *source = &f->draft.programs[0];
    text[0] = '\0';
    for (uint32_t i = 0; i < source->n_names; i++) {
        const struct gc_naming *naming = &source->names[i];
        ck_assert_uint_ge(naming->node, 2);
        ck_assert_str_eq(to[naming->node - 2],
                         memcpy((char[256]){0}, naming->to.ptr, naming->to.len)); /* the node's own */
        snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s ", (int)naming->to.len,
                 (const char *)naming->to.ptr);
    }
    for (uint32_t s = 1; s < f->draft.plan.n_stages; s++)
        ck_assert_uint_eq(f->draft.programs[s].n_names, 0);
    return text;
}

static const char *compared(const char *const *to, uint32_t n)
{
    return compared_of("photos files - path=photos", to, n);
}

#define COMPARED(...)                            \
    compared((const char *const[]){__VA_ARGS__}, \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

START_TEST(what_is_one_to_one_is_not_compared)
{
    ck_assert_str_eq(COMPARED("out/{index}.webp"), "");
    ck_assert_str_eq(COMPARED("out/{path}.webp"), "");
    ck_assert_str_eq(COMPARED("out/{dir}/{name}.webp"), "");
    ck_assert_str_eq(COMPARED("out/{digest}.webp"), "");
}
END_TEST

START_TEST(all_else_is)
{
    ck_assert_str_eq(COMPARED("out/{dir}/{stem}.webp"), "out/{dir}/{stem}.webp ");
    ck_assert_str_eq(COMPARED("out/{stem}.webp"), "out/{stem}.webp ");
    ck_assert_str_eq(COMPARED("out/{label}.webp"), "out/{label}.webp ");
    ck_assert_str_eq(COMPARED("a/{stem}.webp", "b/{index}.webp", "c/{stem}.jpg"),
                     "a/{stem}.webp c/{stem}.jpg ");
}
END_TEST

/* Which may name a file twice. */
START_TEST(of_a_manifest_paths_too)
{
    const char *const to[] = {"a/{path}.webp", "b/{dir}/{name}.webp", "c/{index}.webp", "d/{digest}.webp"};
    ck_assert_str_eq(compared_of("photos list - path=photos.csv", to, GC_COUNT_OF(to)),
                     "a/{path}.webp b/{dir}/{name}.webp ");
}
END_TEST

/* Then an item that makes a name first may not be one that writes it. */
START_TEST(what_a_filter_may_hold_back_is_not)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=photos");
    node(f, "image load photos");
    node(f, "wide filter image where=width>9");
    node(f, "small thumbnail_image wide width=512");
    node(f, "a save small to=a/{stem}.webp");
    node(f, "b save image to=b/{stem}.webp");
    ck_assert(plan(f)->accepted);
    const struct gc_program *files = &f->draft.programs[0];
    ck_assert_uint_eq(files->n_names, 1);
    ck_assert_uint_eq(files->names[0].node, index_of(f, "b"));
}
END_TEST

START_TEST(nodes_that_name_their_files_alike)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=photos");
    node(f, "others files - path=others");
    node(f, "image load photos");
    node(f, "another load others");
    node(f, "logo load - path=logo.png");
    node(f, "a save image to=out/{path}.webp");
    node(f, "b save image to=out/{path}.webp");
    node(f, "c save another to=out/{path}.webp"); /* of other items */
    node(f, "d save image to={digest}.webp");
    node(f, "e save image to={digest}.webp"); /* of the same bytes only */
    node(f, "f save logo to=logo.png");
    node(f, "g save logo to=logo.png");
    ck_assert(plan(f)->accepted);
    has_warning(f, "b", "config.to", "'out/{path}.webp' is what 'a' writes as well");
    has_warning(f, "g", "config.to", "'logo.png' is what 'f' writes as well");
    has_problems(f, 2);
}
END_TEST

START_TEST(so_many_and_no_more)
{
    const char *to[GC_MAX_NAMINGS + 2];
    char memory[GC_MAX_NAMINGS + 2][32];
    for (uint32_t i = 0; i < GC_COUNT_OF(to); i++) {
        snprintf(memory[i], sizeof memory[i], "%u/{dir}/{stem}.webp", i);
        to[i] = memory[i];
    }
    compared(to, GC_MAX_NAMINGS + 2);
    struct fixture *f = fixture();
    node(f, "photos files - path=photos");
    node(f, "image load photos");
    for (uint32_t i = 0; i < GC_MAX_NAMINGS + 2; i++) {
        char line[256];
        snprintf(line, sizeof line, "saved%u save image to=%s", i, to[i]);
        node(f, line);
    }
    plan(f);
    ck_assert_uint_eq(f->draft.programs[0].n_names, GC_MAX_NAMINGS);
    has_warning(f, "saved8", "config.to", "beyond them");
    has_warning(f, "saved9", "config.to", "beyond them");
    has_problems(f, 2);
}
END_TEST

GC_SUITE("plan: names of outputs", GC_TEST(what_is_one_to_one_is_not_compared), GC_TEST(all_else_is),
         GC_TEST(of_a_manifest_paths_too), GC_TEST(what_a_filter_may_hold_back_is_not),
         GC_TEST(nodes_that_name_their_files_alike), GC_TEST(so_many_and_no_more))
