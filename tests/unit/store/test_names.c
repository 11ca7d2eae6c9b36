/* Names of outputs that two items of a run make alike. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "proto/names.h"
#include "tests/unit/suite.h"

static char folder[64];
static uint8_t answer[GC_MAX_BULK];

static const uint8_t digest[32] = {9};

/* A page of `count` items from `first` on, whose names are letters: one a node and item, ' ' for none. */
static void list(struct gc_store *s, uint64_t run_no, uint64_t index, uint64_t first, uint64_t count,
                 const char *letters)
{
    static const uint64_t nodes[] = {3, 5};
    uint8_t names[64 * GC_NAME_BYTES] = {0};
    struct gc_page page = {.first = first,
                           .count = count,
                           .offset = 0,
                           .bytes = 7,
                           .digest = gc_bytes_of(digest, sizeof digest)};
    uint32_t n_named = (uint32_t)(strlen(letters) / count);
    for (size_t i = 0; letters[i]; i++)
        if (letters[i] != ' ')
            memset(names + i * GC_NAME_BYTES, letters[i], GC_NAME_BYTES);
    struct gc_commit c = {.kind = GC_COMMIT_PAGES,
                          .as.pages = {.run_no = run_no,
                                       .stage = FIXTURE_SOURCE,
                                       .index = index,
                                       .n_pages = 1,
                                       .pages = &page,
                                       .n_named = n_named,
                                       .named = nodes,
                                       .names = gc_bytes_of(names, strlen(letters) * GC_NAME_BYTES)}};
    fixture_commit(s, c);
}

/* "item/node<first item/first node" of a page's clashes. */
static void expect(struct gc_store *s, uint64_t run_no, uint64_t index, const char *expected)
{
    struct gc_buf out;
    struct gc_reader in;
    struct gc_page page;
    struct gc_clash c;
    struct gc_fault f;
    uint8_t stored[32];
    uint64_t stage, clashes;
    char text[256] = "";
    gc_buf_init(&out, answer, sizeof answer);
    ck_assert_int_eq(gc_store_page(s, run_no, FIXTURE_ITEM, index, &page, &stage, stored, &out, &clashes, &f),
                     GC_OK);
    ck_assert_uint_eq(clashes, out.len); /* the page is a reference: it has no block */
    gc_reader_init(&in, gc_buf_bytes(&out));
    while (gc_clash_take(&in, &c))
        snprintf(text + strlen(text), sizeof text - strlen(text), "%llu/%llu<%llu/%llu ",
                 (unsigned long long)c.item, (unsigned long long)c.node, (unsigned long long)c.first_item,
                 (unsigned long long)c.first_node);
    ck_assert(gc_reader_done(&in));
    ck_assert_str_eq(text, expected);
}

static struct gc_store *start(void)
{
    fixture_folder(folder);
    struct gc_store *s = fixture_open(folder);
    fixture_commit(s, fixture_run(1));
    fixture_commit(s, fixture_run(2));
    return s;
}

static void end(struct gc_store *s)
{
    gc_store_close(&s);
    fixture_remove(folder);
}

START_TEST(the_first_has_the_name)
{
    struct gc_store *s = start();
    list(s, 1, 0, 0, 3, "aba");
    list(s, 1, 1, 3, 2, "bc");
    list(s, 1, 2, 5, 2, "ca");
    expect(s, 1, 0, "2/3<0/3 ");
    expect(s, 1, 1, "3/3<1/3 ");
    expect(s, 1, 2, "5/3<4/3 6/3<0/3 ");
    end(s);
}
END_TEST

START_TEST(nodes_share_the_names_of_a_run)
{
    struct gc_store *s = start();
    list(s, 1, 0, 0, 3, "abbccc"); /* item 0 makes a and b, item 1 b and c, item 2 c twice */
    expect(s, 1, 0, "1/3<0/5 2/3<1/5 2/5<1/5 ");
    end(s);
}
END_TEST

START_TEST(runs_do_not)
{
    struct gc_store *s = start();
    list(s, 1, 0, 0, 2, "ab");
    list(s, 2, 0, 0, 2, "ab");
    expect(s, 1, 0, "");
    expect(s, 2, 0, "");
    end(s);
}
END_TEST

START_TEST(no_name_clashes_with_none)
{
    struct gc_store *s = start();
    list(s, 1, 0, 0, 4, "  a ");
    list(s, 1, 1, 4, 1, " ");
    expect(s, 1, 0, "");
    expect(s, 1, 1, "");
    end(s);
}
END_TEST

START_TEST(they_outlive_a_restart)
{
    struct gc_store *s = start();
    list(s, 1, 0, 0, 2, "ab");
    gc_store_close(&s);
    s = fixture_open(folder);
    free(fixture_recovered(s));
    list(s, 1, 1, 2, 2, "xb");
    expect(s, 1, 1, "3/3<1/3 ");
    end(s);
}
END_TEST

/* Once the run has ended its names are let go: then, and not before, nobody clashes with them. Tidying is done some at a time. */
START_TEST(they_go_with_the_run)
{
    struct gc_store *s = start();
    struct gc_fault f;
    list(s, 1, 0, 0, 3, "aab");
    fixture_commit(s, fixture_state(1, GC_RUN_COMPLETED));
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(gc_store_tidy(s, &f), GC_OK);
    expect(s, 1, 0, "");
    list(s, 1, 1, 3, 1, "b");
    expect(s, 1, 1, "");
    list(s, 2, 0, 0, 2, "zz"); /* of another run, which goes on */
    ck_assert_int_eq(gc_store_tidy(s, &f), GC_OK);
    expect(s, 2, 0, "1/3<0/3 ");
    end(s);
}
END_TEST

GC_SUITE("store: names of outputs", GC_TEST(the_first_has_the_name), GC_TEST(nodes_share_the_names_of_a_run),
         GC_TEST(runs_do_not), GC_TEST(no_name_clashes_with_none), GC_TEST(they_outlive_a_restart),
         GC_TEST(they_go_with_the_run))
