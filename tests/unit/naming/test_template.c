/* Names of outputs. Needs no libvips. */
#include "common/naming/template.h"

#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#include "proto/message.h"
#include "proto/values.h"

static struct gc_template t;
static uint8_t memory[65536];

static enum gc_err parse(const char *text)
{
    struct gc_arena arena;
    struct gc_fault fault = {0};
    gc_arena_init(&arena, memory, sizeof memory);
    enum gc_err err = gc_template_parse(gc_str_of(text), &arena, &t, &fault);
    ck_assert(!err || fault.text[0]);
    return err;
}

static const char *fill(const char *template, const char *path, int64_t base)
{
    static char name[GC_MAX_PATH + 1];
    uint8_t fields[256];
    struct gc_buf f;
    struct gc_buf out;
    struct gc_fault fault = {0};
    gc_buf_init(&f, fields, sizeof fields);
    gc_value_put_map(&f, 4);
    gc_value_put_str(&f, gc_bytes_of("", 0));
    gc_value_put_int(&f, base);
    gc_value_put_str(&f, gc_bytes_of("who", 3));
    gc_value_put_str(&f, gc_bytes_of("me/you", 6));
    gc_value_put_str(&f, gc_bytes_of("n", 1));
    gc_value_put_int(&f, 42);
    gc_value_put_str(&f, gc_bytes_of("bad", 3));
    gc_value_put_str(&f, gc_bytes_of("../x", 4));
    ck_assert_int_eq(parse(template), GC_OK);
    struct gc_template_item item = {.index = 17, .path = gc_str_of(path), .fields = gc_buf_bytes(&f)};
    gc_buf_init(&out, name, GC_MAX_PATH);
    enum gc_err err = gc_template_fill(&t, &item, &out, &fault);
    if (err) {
        ck_assert_uint_eq(out.len, 0);
        return "!";
    }
    name[out.len] = '\0';
    return name;
}

START_TEST(names_are_filled_in)
{
    static const struct {
        const char *template;
        const char *path;
        int64_t base;
        const char *name;
    } rows[] = {
        {"out/{dir}/{stem}.webp", "photos/a/b.c.jpg", 7, "out/a/b.c.webp"},
        {"out/{dir}/{stem}.webp", "photos/b.jpg", 7, "out/b.webp"},
        {"out/{dir}/{stem}.webp", "photos/b.jpg", 0, "out/photos/b.webp"},
        {"{dir}/{name}", "photos/b.jpg", 7, "b.jpg"},
        {"/abs/{dir}/{name}", "b.jpg", 0, "/abs/b.jpg"},
        {"{path}", "/x/y.png", 0, "/x/y.png"},
        {"out/{path}", "/x/y.png", 0, "out/x/y.png"},
        {"{index}-{ext}.png", "a/.hidden", 0, "17-.png"},
        {"{stem}.png", "a/.hidden", 0, ".hidden.png"},
        {"{stem}.{ext}", "a/b.JPG", 0, "b.JPG"},
        {"{who}/{n}.png", "a", 0, "me/you/42.png"},
        {"{{{n}}}.png", "a", 0, "{42}.png"},
        {"nas:out/{name}", "a.png", 0, "nas:out/a.png"},
        {"../up/{name}", "a.png", 0, "../up/a.png"},
        {"{nobody}.png", "a", 0, "!"},
        {"{bad}.png", "a", 0, "!"},
        {"{dir}/x.png", "../a/b", 0, "!"},
        {"{name}/", "a", 0, "!"},
        {"{name}.png", "a\nb", 0, "!"},
        {"{ext}", "a", 0, "!"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *name = fill(rows[i].template, rows[i].path, rows[i].base);
        ck_assert_msg(strcmp(name, rows[i].name) == 0, "%s of %s: %s", rows[i].template, rows[i].path, name);
    }
}
END_TEST

START_TEST(long_parts_are_refused)
{
    char path[400];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    ck_assert_str_eq(fill("{name}.png", path, 0), "!");
    path[251] = '\0';
    ck_assert_str_ne(fill("{name}.png", path, 0), "!");
}
END_TEST

START_TEST(suffixes_are_known_before)
{
    ck_assert_int_eq(parse("a/{stem}.tar.gz"), GC_OK);
    ck_assert(gc_str_is(t.suffix, ".gz"));
    ck_assert_int_eq(parse("a/{name}"), GC_OK);
    ck_assert_uint_eq(t.suffix.len, 0);
    ck_assert_int_eq(parse("a.b/{digest}x"), GC_OK);
    ck_assert(t.by_digest);
    ck_assert_uint_eq(t.suffix.len, 0);
    static const char *const wrong[] = {"", "{", "}", "{}", "a{b", "a}b", "a\nb"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(parse(wrong[i]) == GC_ERR_INVALID, "%s", wrong[i]);
}
END_TEST

GC_SUITE("template", GC_TEST(names_are_filled_in), GC_TEST(long_parts_are_refused),
         GC_TEST(suffixes_are_known_before))
