/* The lister as its parent sees it: a child process of this program itself. */
#include "rig.h"
#include "tests/unit/suite.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/manifest/items.h"
#include "common/sys/clock.h"

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void link_to(const struct rig *r, const char *target, const char *name)
{
    char whole[4096];
    (void)snprintf(whole, sizeof whole, "%s/%s", r->folder, name);
    ck_assert_int_eq(symlink(target, whole), 0);
}

static void plant(const struct rig *r)
{
    rig_write(r, "p/b.jpg", "");
    rig_write(r, "p/a/z.JPG", "");
    rig_write(r, "p/a/y.png", "");
    rig_write(r, "p/a.txt", "");
    rig_write(r, "p/c/d/e.jpg", "");
    rig_write(r, "p/.hidden/f.jpg", "");
    rig_write(r, "p/.g.jpg", "");
    rig_write(r, "p/README", "");
}

START_TEST(files_come_in_order)
{
    struct rig r;
    struct found f = {0};
    rig_init(&r);
    plant(&r);
    rig_list_all(&r, rig_program(&r, "files", SETTINGS("path=p", "pattern=**/*.{jpg,png}"), GC_UNSET), 16,
                 &f);
    ck_assert_str_eq(f.text, "");
    ck_assert_str_eq(f.names, "p/a/y.png\np/a/z.JPG\np/b.jpg\np/c/d/e.jpg\n");
    ck_assert_uint_eq(f.left_out, 3);
    ck_assert_str_eq(f.note, "4 taken (jpg 3, png 1), 3 left out (jpg 1, no extension 1, txt 1)");
    rig_release(&r);
}
END_TEST

START_TEST(patterns_choose)
{
    static const struct {
        const char *pattern;
        const char *with_case;
        const char *names;
    } rows[] = {
        {"*.jpg", "case=", "p/b.jpg\n"},
        {"**/*.jpg", "case=true", "p/b.jpg\np/c/d/e.jpg\n"},
        {"**/.*", "case=", "p/.g.jpg\n"},
        {"{a,c/d}/*", "case=", "p/a/y.png\np/a/z.JPG\np/c/d/e.jpg\n"},
        {"a/[x-y].*", "case=", "p/a/y.png\n"},
        {"a/[!x-y].*", "case=", "p/a/z.JPG\n"},
        {"?.jpg", "case=", "p/b.jpg\n"},
        {"c/**", "case=", "p/c/d/e.jpg\n"},
        {".hidden/*", "case=", "p/.hidden/f.jpg\n"},
        {"**/d/**/e.*", "case=", "p/c/d/e.jpg\n"},
    };
    struct rig r;
    rig_init(&r);
    plant(&r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct found f = {0};
        char pattern[64];
        (void)snprintf(pattern, sizeof pattern, "pattern=%s", rows[i].pattern);
        rig_list_all(&r, rig_program(&r, "files", SETTINGS("path=p/", pattern, rows[i].with_case), GC_UNSET),
                     16, &f);
        ck_assert_msg(strcmp(f.names, rows[i].names) == 0, "%s: %s%s", rows[i].pattern, f.names, f.text);
    }
    rig_release(&r);
}
END_TEST

START_TEST(links_are_followed_below_the_roots)
{
    struct rig r;
    struct found f = {0};
    struct found skipped = {0};
    char absolute[128];
    rig_init(&r);
    plant(&r);
    rig_write(&r, "q/h.jpg", "");
    (void)snprintf(absolute, sizeof absolute, "%s/q", r.folder);
    link_to(&r, "../../q/h.jpg", "p/c/relative.jpg");
    link_to(&r, absolute, "p/c/absolute");
    link_to(&r, "..", "p/c/up");
    link_to(&r, "/etc", "p/c/out");
    link_to(&r, "nowhere", "p/c/gone.jpg");
    rig_list_all(&r, rig_program(&r, "files", SETTINGS("path=p/c", "pattern=**/*.jpg"), GC_UNSET), 16, &f);
    ck_assert_str_eq(f.text, "");
    /* up leads to p, which the walk is not inside of: it is listed once, and its c is a circle */
    ck_assert_str_eq(f.names,
                     "p/c/absolute/h.jpg\np/c/d/e.jpg\np/c/relative.jpg\np/c/up/a/z.JPG\np/c/up/b.jpg\n");
    rig_list_all(&r,
                 rig_program(&r, "files", SETTINGS("path=p/c", "pattern=**/*.jpg", "links=skip"), GC_UNSET),
                 16, &skipped);
    ck_assert_str_eq(skipped.names, "p/c/d/e.jpg\n");
    rig_release(&r);
}
END_TEST

START_TEST(resumes_behind_any_page)
{
    struct rig r;
    struct found once = {0};
    struct found bits = {0};
    rig_init(&r);
    for (int d = 0; d < 7; d++) {
        for (int i = 0; i < 2000; i++) {
            char name[64];
            (void)snprintf(name, sizeof name, "p/d%d/%05d.%s", d, i, i % 7 ? "jpg" : "txt");
            rig_write(&r, name, "");
        }
    }
    struct gc_bytes program = rig_program(&r, "files", SETTINGS("path=p", "pattern=**/*.jpg"), GC_UNSET);
    rig_list_all(&r, program, 64, &once);
    ck_assert_uint_eq(once.lists, 1);
    ck_assert_uint_eq(once.count, 7 * 1714);
    while (!bits.ended) {
        rig_list(&r, program, 1, &bits);
        ck_assert_str_eq(bits.text, "");
        /* another source in between, and a new child: nothing may hang on what the lister remembers */
        if (bits.lists == 2) {
            struct gc_lister *fresh;
            struct rig other = r;
            struct gc_lister_root root = {"", r.folder};
            char self[4096] = {0};
            ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0);
            struct gc_lister_start start = {.program = self, .roots = &root, .n_roots = 1};
            ck_assert_int_eq(gc_lister_start(&start, &fresh, NULL), GC_OK);
            gc_lister_destroy(&other.lister);
            r.lister = fresh;
        }
    }
    ck_assert_uint_eq(bits.count, once.count);
    ck_assert_uint_eq(bits.left_out, once.left_out);
    ck_assert_str_eq(bits.note, once.note);
    ck_assert_uint_ge(bits.lists, 3);
    rig_release(&r);
}
END_TEST

START_TEST(stops_at_the_limit)
{
    struct rig r;
    struct found f = {0};
    rig_init(&r);
    plant(&r);
    rig_list_all(&r, rig_program(&r, "files", SETTINGS("path=p", "pattern=**/*.jpg"), 2), 16, &f);
    ck_assert_str_eq(f.names, "p/a/z.JPG\np/b.jpg\n");
    rig_release(&r);
}
END_TEST

START_TEST(refuses_what_lies_outside)
{
    static const struct {
        const char *path;
        uint32_t cause;
    } rows[] = {{"path=..", GC_CAUSE_NOT_ALLOWED},        {"path=/etc", GC_CAUSE_NOT_ALLOWED},
                {"path=p/../../x", GC_CAUSE_NOT_ALLOWED}, {"path=p/nowhere", GC_CAUSE_MISSING},
                {"path=p/b.jpg", GC_CAUSE_MISSING},       {"path=p/out", GC_CAUSE_NOT_ALLOWED}};
    struct rig r;
    rig_init(&r);
    plant(&r);
    link_to(&r, "/etc", "p/out");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct found f = {0};
        rig_list_all(&r, rig_program(&r, "files", SETTINGS(rows[i].path), GC_UNSET), 16, &f);
        ck_assert_msg(f.cause == rows[i].cause, "%s: %u %s", rows[i].path, f.cause, f.text);
    }
    rig_release(&r);
}
END_TEST

START_TEST(names_are_any_bytes)
{
    struct rig r;
    struct found f = {0};
    rig_init(&r);
    rig_write(&r, "\xff\xfe.jpg", "");
    rig_write(&r, "a b'\"\t.jpg", "");
    rig_list_all(&r, rig_program(&r, "files", SETTINGS("path=.", "pattern=*.jpg"), GC_UNSET), 16, &f);
    ck_assert_str_eq(f.names, "a b'\"\t.jpg\n\xff\xfe.jpg\n");
    rig_release(&r);
}
END_TEST

/* ---- manifests ---- */

static void read_page(struct rig *r, struct gc_bytes program, const struct gc_page *page, struct found *f)
{
    ck_assert_int_eq(gc_lister_page(r->lister, ++r->ids, program, page), GC_OK);
    struct gc_lister_reply reply = rig_reply(r);
    if (reply.kind == GC_LISTER_FAILED) {
        f->cause = reply.cause;
        return;
    }
    ck_assert_int_eq(reply.kind, GC_LISTER_BLOCK);
    struct gc_bytes text;
    struct gc_bytes fields;
    ck_assert(gc_items_check(reply.block, page->count));
    while (gc_items_next(&reply.block, &text, &fields))
        f->names_len += (size_t)snprintf(f->names + f->names_len, sizeof f->names - f->names_len,
                                         "%.*s|%zu\n", GC_STR_ARGS(gc_bytes_str(text)), fields.len);
}

START_TEST(manifests_are_referred_to)
{
    static const struct {
        const char *name;
        const char *text;
        const char *items;
    } rows[] = {
        {"path=m.txt", "a\r\n\nb\nc", "a|0\nb|0\nc|0\n"},
        {"path=m.csv", "\xef\xbb\xbfpath,n\r\na,1\r\n\"b,\"\"c\n\",2\n", "a|5\nb,\"c\n|5\n"},
        {"path=m.jsonl", "{\"path\":\"a\",\"n\":1}\n\"b\"\n\n{\"path_base64\":\"/w==\"}\n",
         "a|4\nb|0\n\xff|0\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig r;
        struct found f = {0};
        struct found items = {0};
        rig_init(&r);
        rig_write(&r, rows[i].name + 5, rows[i].text);
        struct gc_bytes program = rig_program(&r, "list", SETTINGS(rows[i].name), GC_UNSET);
        rig_list_all(&r, program, 16, &f);
        ck_assert_str_eq(f.text, "");
        ck_assert_uint_eq(f.pages, 1);
        ck_assert(!f.refs[0].inlined);
        read_page(&r, program, &f.refs[0], &items);
        ck_assert_str_eq(items.names, rows[i].items);
        rig_write(&r, rows[i].name + 5, "something else that is as long as that was before");
        read_page(&r, program, &f.refs[0], &items);
        ck_assert_uint_eq(items.cause, GC_CAUSE_MISSING);
        rig_release(&r);
    }
}
END_TEST

START_TEST(bad_lines_are_named)
{
    static const struct {
        const char *name;
        const char *text;
        const char *says;
    } rows[] = {
        {"path=m.csv", "path,n\na,1\nb\n", "line 3: 1 values for 2 columns"},
        {"path=n.jsonl", "\"a\"\n\n{\"x\":}\n", "line 3: no JSON"},
        {"path=o.csv", "", "no header line"},
    };
    struct rig r;
    rig_init(&r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct found f = {0};
        rig_write(&r, rows[i].name + 5, rows[i].text);
        rig_list_all(&r, rig_program(&r, "list", SETTINGS(rows[i].name), GC_UNSET), 16, &f);
        ck_assert_uint_eq(f.cause, GC_CAUSE_BAD_INPUT);
        ck_assert_msg(strstr(f.text, rows[i].says) != NULL, "%s", f.text);
    }
    rig_release(&r);
}
END_TEST

START_TEST(long_lines_are_named)
{
    static char text[70000];
    struct rig r;
    struct found f = {0};
    rig_init(&r);
    memset(text, 'x', sizeof text - 2);
    text[1] = '\n';
    rig_write(&r, "m.txt", text);
    rig_list_all(&r, rig_program(&r, "list", SETTINGS("path=m.txt"), GC_UNSET), 16, &f);
    ck_assert_uint_eq(f.count, 1);
    ck_assert_str_eq(f.text, "line 2: longer than 65536 bytes");
    rig_release(&r);
}
END_TEST

/* A million lines: listed in a few requests, at a cost that is told. */
START_TEST(a_million_lines)
{
    struct rig r;
    struct found f = {0};
    char name[128];
    rig_init(&r);
    (void)snprintf(name, sizeof name, "%s/m.txt", r.folder);
    FILE *file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 1000000; i++)
        (void)fprintf(file, "photos/%03d/%07d.jpg\n", i / 1000, i);
    ck_assert_int_eq(fclose(file), 0);
    struct gc_bytes program = rig_program(&r, "list", SETTINGS("path=m.txt"), GC_UNSET);
    uint64_t start = gc_clock_now();
    rig_list_all(&r, program, 16, &f);
    uint64_t took = gc_clock_now() - start;
    ck_assert_uint_eq(f.count, 1000000);
    printf("a million lines in %" PRIu64 " ms, %u pages, %u requests\n", took / GC_MS, f.pages, f.lists);
    ck_assert_uint_lt(took, 30 * GC_SEC);
    start = gc_clock_now();
    for (int i = 0; i < 64; i++) {
        struct found items = {0};
        items.names_len = sizeof items.names - 1; /* nothing is kept */
        ck_assert_int_eq(gc_lister_page(r.lister, ++r.ids, program, &f.refs[i]), GC_OK);
        struct gc_lister_reply reply = rig_reply(&r);
        ck_assert_int_eq(reply.kind, GC_LISTER_BLOCK);
    }
    printf("a page of it in %" PRIu64 " us\n", (gc_clock_now() - start) / 64 / GC_US);
    rig_release(&r);
}
END_TEST

/* ---- the parent's end ---- */

START_TEST(a_dead_child_is_noticed)
{
    struct rig r;
    rig_init(&r);
    ck_assert_int_eq(kill(gc_lister_pid(r.lister), SIGKILL), 0);
    enum gc_err err = GC_OK;
    for (int i = 0; i < 200 && !err; i++) {
        gc_clock_sleep(10 * GC_MS);
        err = gc_lister_pump(r.lister);
    }
    ck_assert_int_eq(err, GC_ERR_UNREACHABLE);
    rig_release(&r);
}
END_TEST

START_TEST(cancelled_requests_say_nothing)
{
    struct rig r;
    struct found f = {0};
    rig_init(&r);
    plant(&r);
    struct gc_bytes program = rig_program(&r, "files", SETTINGS("path=p"), GC_UNSET);
    struct gc_list_request q = {.id = 1000, .program = program, .pages = 4};
    ck_assert_int_eq(gc_lister_list(r.lister, &q), GC_OK);
    gc_lister_cancel(r.lister, 1000);
    gc_lister_cancel(r.lister, 77);
    rig_list_all(&r, program, 16, &f); /* replies of id 1000 would break it */
    ck_assert_uint_eq(f.count, 6);
    rig_release(&r);
}
END_TEST

START_TEST(too_many_requests_are_refused)
{
    struct rig r;
    rig_init(&r);
    plant(&r);
    struct gc_bytes program = rig_program(&r, "files", SETTINGS("path=p"), GC_UNSET);
    for (uint64_t i = 0; i < GC_LISTER_WAITING; i++) {
        struct gc_list_request q = {.id = 1 + i, .program = program, .pages = 1};
        ck_assert_int_eq(gc_lister_list(r.lister, &q), GC_OK);
    }
    struct gc_list_request q = {.id = 5000, .program = program, .pages = 1};
    ck_assert_int_eq(gc_lister_list(r.lister, &q), GC_ERR_BUSY);
    for (uint64_t i = 0; i < GC_LISTER_WAITING; i++)
        ck_assert_uint_eq(rig_reply(&r).id, 1 + i);
    rig_release(&r);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--lister") == 0)
        return gc_lister_main(GC_LISTER_FD);
    const struct gc_suite_test tests[] = {
        GC_TEST(files_come_in_order),
        GC_TEST(patterns_choose),
        GC_TEST(links_are_followed_below_the_roots),
        GC_TEST(resumes_behind_any_page),
        GC_TEST(stops_at_the_limit),
        GC_TEST(refuses_what_lies_outside),
        GC_TEST(names_are_any_bytes),
        GC_TEST(manifests_are_referred_to),
        GC_TEST(bad_lines_are_named),
        GC_TEST(long_lines_are_named),
        GC_TEST(a_million_lines),
        GC_TEST(a_dead_child_is_noticed),
        GC_TEST(cancelled_requests_say_nothing),
        GC_TEST(too_many_requests_are_refused),
    };
    return gc_suite_run("lister", tests, sizeof tests / sizeof tests[0]);
}
