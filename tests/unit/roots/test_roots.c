/* Roots: what lies below one opens, and nothing else does, however the path or its links are made. */
#include "common/roots/roots.h"

#include "tests/unit/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[64];
static struct gc_roots *roots;

static const char *under(const char *path)
{
    static char whole[4][512];
    static int n;
    char *p = whole[n++ % 4];
    (void)snprintf(p, 512, "%s/%s", base, path);
    return p;
}

/* base/a and base/b are roots (b is named nas, and given through a link); base/out is none. */
static void plant(void)
{
    struct gc_fault fault = {0};
    strcpy(base, "/tmp/gc-roots-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    static const char *const folders[] = {"a", "a/sub", "b", "out"};
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(mkdir(under(folders[i]), 0777), 0);
    static const char *const files[] = {"a/f", "a/sub/g", "b/h", "out/secret"};
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(close(open(under(files[i]), O_CREAT | O_WRONLY, 0666)), 0);
    ck_assert_int_eq(symlink(under("b"), under("mount")), 0);
    ck_assert_int_eq(symlink("sub/g", under("a/near")), 0);
    ck_assert_int_eq(symlink(under("b/h"), under("a/far")), 0);
    ck_assert_int_eq(symlink("../b", under("a/beside")), 0);
    ck_assert_int_eq(symlink("../out/secret", under("a/leak")), 0);
    ck_assert_int_eq(symlink("/etc", under("a/etc")), 0);
    ck_assert_int_eq(symlink("round", under("a/round")), 0);
    ck_assert_int_eq(symlink(under("a/to2"), under("a/to1")), 0);
    ck_assert_int_eq(symlink(under("a/to1"), under("a/to2")), 0);
    ck_assert_int_eq(mkfifo(under("a/pipe"), 0666), 0);
    struct gc_root specs[] = {{"", under("a")}, {"nas", under("mount")}};
    ck_assert_msg(gc_roots_new(specs, 2, &roots, &fault) == GC_OK, "%s", fault.text);
}

static void clear(void)
{
    char command[128];
    gc_roots_destroy(&roots);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", base);
    ck_assert_int_eq(system(command), 0);
}

static enum gc_err try_open(const char *path, bool follow)
{
    int fd;
    struct gc_fault fault = {0};
    enum gc_err err =
        gc_roots_open(roots, gc_str_of(under("a")), gc_str_of(path), O_RDONLY, 0, follow, &fd, &fault);
    if (!err)
        ck_assert_int_eq(close(fd), 0);
    else
        ck_assert_int_gt((int)strlen(fault.text), 0);
    return err;
}

/* The path as its user knows it: whole, and of a long one the end. */
START_TEST(what_a_fault_says)
{
    char path[1024] = "", expected[1200];
    struct gc_fault fault = {0};
    int fd;
    plant();
    enum gc_err err = gc_roots_open(roots, gc_str_of(under("a")), GC_STR("sub/../none/./x"), O_RDONLY, 0,
                                    true, &fd, &fault);
    ck_assert_int_eq(err, GC_ERR_NOT_FOUND);
    (void)snprintf(expected, sizeof expected, "'%s': No such file or directory", under("a/none/x"));
    ck_assert_str_eq(fault.text, expected);
    err = gc_roots_open(roots, gc_str_of("/"), GC_STR("nas:h/.."), O_RDONLY | O_DIRECTORY | O_CREAT, 0, true,
                        &fd, &fault);
    ck_assert_int_ne(err, GC_OK);
    (void)snprintf(expected, sizeof expected, "'%s': ", under("mount"));
    ck_assert_msg(strncmp(fault.text, expected, strlen(expected)) == 0, "%s", fault.text);
    for (int i = 0; i < 60; i++)
        strcat(path, "longish/");
    strcat(path, "none");
    err = gc_roots_open(roots, gc_str_of(under("a")), gc_str_of(path), O_RDONLY, 0, true, &fd, &fault);
    ck_assert_int_eq(err, GC_ERR_NOT_FOUND);
    (void)snprintf(expected, sizeof expected, "'...%s': No such file or directory",
                   path + strlen(path) - 160);
    ck_assert_str_eq(fault.text, expected);
    clear();
}
END_TEST

START_TEST(paths_and_links)
{
    static const struct {
        const char *path;
        enum gc_err follow;
        enum gc_err strict;
    } rows[] = {
        {"f", GC_OK, GC_OK},
        {"./sub//../f", GC_OK, GC_OK},
        {".", GC_OK, GC_OK},
        {"sub/g", GC_OK, GC_OK},
        {"none", GC_ERR_NOT_FOUND, GC_ERR_NOT_FOUND},
        {"f/x", GC_ERR_NOT_FOUND, GC_ERR_NOT_FOUND},
        {"../out/secret", GC_ERR_DENIED, GC_ERR_DENIED},
        {"../b/h", GC_OK, GC_OK}, /* another root */
        {"sub/../../out/secret", GC_ERR_DENIED, GC_ERR_DENIED},
        {"/etc/passwd", GC_ERR_DENIED, GC_ERR_DENIED},
        {"nas:h", GC_OK, GC_OK},
        {"nas:/h", GC_OK, GC_OK},
        {"nas:../out/secret", GC_ERR_NOT_FOUND, GC_ERR_NOT_FOUND}, /* .. stays at the root's top */
        {"other:h", GC_ERR_NOT_FOUND, GC_ERR_NOT_FOUND},
        {"near", GC_OK, GC_ERR_DENIED},
        {"far", GC_OK, GC_ERR_DENIED},
        {"beside/h", GC_OK, GC_ERR_DENIED},
        {"leak", GC_ERR_DENIED, GC_ERR_DENIED},
        {"etc/passwd", GC_ERR_DENIED, GC_ERR_DENIED},
        {"round", GC_ERR_DENIED, GC_ERR_DENIED},
        {"to1", GC_ERR_DENIED, GC_ERR_DENIED},
        {"pipe", GC_OK, GC_OK}, /* does not block; what it is, is the caller's look */
    };
    plant();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum gc_err follow = try_open(rows[i].path, true);
        enum gc_err strict = try_open(rows[i].path, false);
        ck_assert_msg(follow == rows[i].follow, "%s: %s", rows[i].path, gc_err_name(follow));
        ck_assert_msg(strict == rows[i].strict, "%s, no links: %s", rows[i].path, gc_err_name(strict));
    }
    clear();
}
END_TEST

START_TEST(parents_are_made)
{
    char name[256];
    int fd;
    struct stat st;
    plant();
    struct gc_str folder = gc_str_of(under("a"));
    ck_assert_int_eq(gc_roots_open_parent(roots, folder, GC_STR("x/y/z.webp"), false, &fd, name, NULL),
                     GC_ERR_NOT_FOUND);
    ck_assert_int_eq(gc_roots_open_parent(roots, folder, GC_STR("x/y/z.webp"), true, &fd, name, NULL), GC_OK);
    ck_assert_str_eq(name, "z.webp");
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert(S_ISDIR(st.st_mode));
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(stat(under("a/x/y"), &st), 0);
    ck_assert_int_eq(gc_roots_open_parent(roots, folder, GC_STR("beside/n/z"), true, &fd, name, NULL), GC_OK);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(stat(under("b/n"), &st), 0);
    ck_assert_int_eq(gc_roots_open_parent(roots, folder, GC_STR("../out/n/z"), true, &fd, name, NULL),
                     GC_ERR_DENIED);
    ck_assert_int_eq(gc_roots_open_parent(roots, folder, GC_STR("etc/n/z"), true, &fd, name, NULL),
                     GC_ERR_DENIED);
    ck_assert_int_eq(gc_roots_open_parent(roots, folder, GC_STR("f/n/z"), true, &fd, name, NULL),
                     GC_ERR_NOT_FOUND);
    ck_assert_int_eq(gc_roots_open_parent(roots, folder, GC_STR("."), true, &fd, name, NULL), GC_ERR_EXISTS);
    clear();
}
END_TEST

START_TEST(the_whole_system_may_be_a_root)
{
    struct gc_root all = {"", "/"};
    plant();
    gc_roots_destroy(&roots);
    ck_assert_int_eq(gc_roots_new(&all, 1, &roots, NULL), GC_OK);
    ck_assert_int_eq(try_open("leak", true), GC_OK);
    ck_assert_int_eq(try_open("far", true), GC_OK);
    ck_assert_int_eq(try_open("../../../../../../../etc/passwd", true), GC_OK);
    clear();
}
END_TEST

START_TEST(bad_roots_are_refused)
{
    struct gc_root rows[] = {
        {"a b", "/tmp"}, {"", "tmp"}, {"", "/tmp/there-is-no-such-folder"}, {"", "/etc/passwd"}};
    struct gc_root twice[] = {{"a", "/tmp"}, {"a", "/etc"}};
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_ne(gc_roots_new(&rows[i], 1, &roots, NULL), GC_OK);
    ck_assert_int_eq(gc_roots_new(twice, 2, &roots, NULL), GC_ERR_INVALID);
    ck_assert_int_eq(gc_roots_new(twice, 0, &roots, NULL), GC_ERR_INVALID);
}
END_TEST

GC_SUITE("roots", GC_TEST(what_a_fault_says), GC_TEST(paths_and_links), GC_TEST(parents_are_made),
         GC_TEST(the_whole_system_may_be_a_root), GC_TEST(bad_roots_are_refused))
