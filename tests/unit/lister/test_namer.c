/* Hashes of outputs' names: one for all spellings of a name, another for every other name. */
#include <string.h>

#include "proto/values.h"
#include "tests/unit/suite.h"
#include "worker/lister/namer.h"

static uint8_t memory[65536];
static struct gc_namer namer;

static enum gc_err init(const char *a, const char *b)
{
    static struct gc_naming names[2];
    static struct gc_arena arena;
    static struct gc_fault fault;
    struct gc_program program = {
        .folder = gc_str_bytes(GC_STR("/srv/jobs")), .n_names = b ? 2 : 1, .names = names};
    names[0] = (struct gc_naming){.node = 4, .to = gc_str_bytes(gc_str_of(a))};
    if (b)
        names[1] = (struct gc_naming){.node = 7, .to = gc_str_bytes(gc_str_of(b))};
    gc_arena_init(&arena, memory, sizeof memory);
    return gc_namer_init(&namer, &program, &arena, &fault);
}

static void hash(const char *path, uint64_t index, uint8_t *ret)
{
    const struct gc_template_item item = {.index = index, .path = gc_str_of(path)};
    gc_namer_hash(&namer, &item, ret);
}

/* Whether two templates give the same name to the item. */
static bool alike(const char *a, const char *b, const char *path)
{
    uint8_t hashes[2 * GC_NAME_BYTES];
    ck_assert_int_eq(init(a, b), GC_OK);
    hash(path, 12, hashes);
    return memcmp(hashes, hashes + GC_NAME_BYTES, GC_NAME_BYTES) == 0;
}

START_TEST(items_of_one_name_have_one_hash)
{
    uint8_t a[GC_NAME_BYTES], b[GC_NAME_BYTES], c[GC_NAME_BYTES];
    ck_assert_int_eq(init("out/{stem}.webp", NULL), GC_OK);
    ck_assert_uint_eq(namer.n, 1);
    ck_assert_uint_eq(namer.nodes[0], 4);
    hash("photos/a/x.jpg", 0, a);
    hash("photos/b/x.png", 1, b);
    hash("photos/b/y.png", 2, c);
    ck_assert_mem_eq(a, b, sizeof a);
    ck_assert_mem_ne(a, c, sizeof a);
}
END_TEST

START_TEST(spelling_does_not_matter)
{
    ck_assert(alike("out/{stem}.webp", "out/./{stem}.webp", "x.jpg"));
    ck_assert(alike("out/{stem}.webp", "out//{stem}.webp", "x.jpg"));
    ck_assert(alike("out/{stem}.webp", "in/../out/{stem}.webp", "x.jpg"));
    ck_assert(alike("out/{stem}.webp", "/srv/jobs/out/{stem}.webp", "x.jpg"));
    ck_assert(alike("../out/{stem}.webp", "/srv/out/{stem}.webp", "x.jpg"));
    ck_assert(alike("/../{stem}.webp", "/{stem}.webp", "x.jpg"));
    ck_assert(!alike("out/{stem}.webp", "/out/{stem}.webp", "x.jpg"));
    ck_assert(!alike("out/{stem}.webp", "out/{stem}.jpg", "x.jpg"));
    ck_assert(!alike("out/{stem}.webp", "out/a{stem}.webp", "x.jpg"));
}
END_TEST

START_TEST(who_makes_no_name_has_zeros)
{
    static const uint8_t zeros[GC_NAME_BYTES];
    uint8_t hashes[2 * GC_NAME_BYTES];
    ck_assert_int_eq(init("out/{label}.webp", "out/{index}.webp"), GC_OK);
    hash("x.jpg", 3, hashes); /* it has no field `label` */
    ck_assert_mem_eq(hashes, zeros, sizeof zeros);
    ck_assert_mem_ne(hashes + GC_NAME_BYTES, zeros, sizeof zeros);
}
END_TEST

START_TEST(fields_of_a_manifest_count)
{
    uint8_t bytes[64], with[GC_NAME_BYTES], plain[GC_NAME_BYTES];
    struct gc_buf fields;
    gc_buf_init(&fields, bytes, sizeof bytes);
    gc_value_put_map(&fields, 1);
    gc_value_put_str(&fields, gc_str_bytes(GC_STR("label")));
    gc_value_put_str(&fields, gc_str_bytes(GC_STR("cat")));
    const struct gc_template_item item = {
        .index = 0, .path = GC_STR("x.jpg"), .fields = gc_buf_bytes(&fields)};
    ck_assert_int_eq(init("out/{label}.webp", NULL), GC_OK);
    gc_namer_hash(&namer, &item, with);
    ck_assert_int_eq(init("out/cat.webp", NULL), GC_OK);
    hash("y.jpg", 1, plain);
    ck_assert_mem_eq(with, plain, sizeof with);
}
END_TEST

START_TEST(what_is_no_template_is_refused)
{
    ck_assert_int_eq(init("out/{stem.webp", NULL), GC_ERR_INVALID);
}
END_TEST

GC_SUITE("lister: names of outputs", GC_TEST(items_of_one_name_have_one_hash),
         GC_TEST(spelling_does_not_matter), GC_TEST(who_makes_no_name_has_zeros),
         GC_TEST(fields_of_a_manifest_count), GC_TEST(what_is_no_template_is_refused))
