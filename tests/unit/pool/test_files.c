/* Inputs and temporaries. */
#include "tests/unit/suite.h"
#include "worker/pool/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/gc-files-XXXXXX";
static struct gc_roots *roots;
static struct gc_files_life life = {.worker = 0xa, .boot = 0xb};

static void open_folder(void)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    struct gc_root root = {"", folder};
    ck_assert_int_eq(gc_roots_new(&root, 1, &roots, NULL), GC_OK);
}

static void close_folder(void)
{
    char command[128];
    gc_roots_destroy(&roots);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static struct gc_bytes b(const char *text)
{
    return (struct gc_bytes){(const uint8_t *)text, strlen(text)};
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static unsigned names(void)
{
    DIR *dir = opendir(folder);
    unsigned n = 0;
    for (struct dirent *e = readdir(dir); e; e = readdir(dir))
        n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    closedir(dir);
    return n;
}

static enum gc_cause input(const char *path, uint64_t most, int *fd)
{
    char text[GC_SHARE_TEXT] = "";
    return gc_files_input(roots, gc_str_of(folder), b(path), most, fd, text);
}

START_TEST(inputs)
{
    open_folder();
    write_file("a", "hello");
    int fd = -1;
    ck_assert_int_eq(input("a", GC_UNSET, &fd), GC_CAUSE_NONE);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(input("a", 5, &fd), GC_CAUSE_NONE);
    close(fd);
    ck_assert_int_eq(input("a", 4, &fd), GC_CAUSE_TOO_LARGE);
    ck_assert_int_eq(input("b", GC_UNSET, &fd), GC_CAUSE_MISSING);
    ck_assert_int_eq(input(".", GC_UNSET, &fd), GC_CAUSE_UNREADABLE);
    ck_assert_int_eq(input("../../etc/passwd", GC_UNSET, &fd), GC_CAUSE_NOT_ALLOWED);
    char path[64];
    snprintf(path, sizeof path, "%s/pipe", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(input("pipe", GC_UNSET, &fd),
                     GC_CAUSE_UNREADABLE); /* and it did not wait for a writer */
    snprintf(path, sizeof path, "%s/link", folder);
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
    ck_assert_int_eq(input("link", GC_UNSET, &fd), GC_CAUSE_NOT_ALLOWED);
    close_folder();
}
END_TEST

static const struct gc_files_token token = {.run_no = 1, .term = 2, .lease = 3};

static struct gc_output output(const char *path, enum gc_exists exists, bool by_digest)
{
    struct gc_output out = {.life = &life, .item = 1, .exists = exists, .by_digest = by_digest};
    gc_files_output(roots, gc_str_of(folder), b(path), &token, &out);
    return out;
}

START_TEST(a_temporary_has_no_name)
{
    open_folder();
    struct gc_output out = output("new/folders/a.webp", GC_EXISTS_ERROR, false);
    ck_assert_uint_eq(out.refused, GC_CAUSE_NONE);
    ck_assert_int_ge(out.fd, 0);
    ck_assert_str_eq(out.name, "a.webp");
    ck_assert_uint_eq(names(), 1); /* the folder, which was made */
    gc_files_close(&out);
    gc_files_close(&out); /* twice is once */
    ck_assert_int_lt(out.fd, 0);
    close_folder();
}
END_TEST

START_TEST(skip_takes_what_is_there)
{
    open_folder();
    write_file("a", "there");
    struct gc_output out = output("a", GC_EXISTS_SKIP, false);
    char got[8] = "";
    ck_assert(out.there);
    ck_assert_int_eq(read(out.fd, got, 7), 5);
    ck_assert_str_eq(got, "there");
    gc_files_close(&out);
    out = output("b", GC_EXISTS_SKIP, false);
    ck_assert(!out.there);
    gc_files_close(&out);
    /* A link, or a folder, is no file that was written before. */
    char path[64];
    snprintf(path, sizeof path, "%s/link", folder);
    ck_assert_int_eq(symlink("a", path), 0);
    out = output("link", GC_EXISTS_SKIP, false);
    ck_assert(!out.there);
    gc_files_close(&out);
    for (int e = 0; e < 2; e++) {
        out = output("a", e ? GC_EXISTS_OVERWRITE : GC_EXISTS_ERROR, false);
        ck_assert(!out.there);
        gc_files_close(&out);
    }
    close_folder();
}
END_TEST

START_TEST(outputs_stay_below_the_roots)
{
    open_folder();
    char path[64];
    snprintf(path, sizeof path, "%s/out", folder);
    ck_assert_int_eq(symlink("/tmp", path), 0);
    write_file("file", "no folder");
    static const struct {
        const char *path;
        enum gc_cause cause;
    } rows[] = {{"out/a", GC_CAUSE_NOT_ALLOWED},
                {"out/deep/er/a", GC_CAUSE_NOT_ALLOWED},
                {"../a", GC_CAUSE_NOT_ALLOWED},
                {"/etc/a", GC_CAUSE_NOT_ALLOWED},
                {"file/a", GC_CAUSE_OUTPUT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gc_output out = output(rows[i].path, GC_EXISTS_ERROR, false);
        ck_assert_int_eq(out.refused, rows[i].cause);
        ck_assert_uint_gt(strlen(out.text), 0);
        ck_assert_int_lt(out.fd, 0);
        gc_files_close(&out);
    }
    close_folder();
}
END_TEST

START_TEST(by_digest_it_is_placed_later)
{
    open_folder();
    struct gc_output out = output("by/0000", GC_EXISTS_ERROR, true);
    ck_assert_int_ge(out.fd, 0);
    ck_assert_uint_eq(names(), 0); /* its folder is not known yet */
    int home = out.home;
    gc_files_place(roots, gc_str_of(folder), b("by/1234"), &out);
    ck_assert_uint_eq(out.refused, GC_CAUSE_NONE);
    ck_assert_str_eq(out.name, "1234");
    ck_assert_int_eq(out.home, home);
    ck_assert_int_ne(out.folder, home);
    gc_files_close(&out);
    out = output("by/0000", GC_EXISTS_ERROR, true);
    gc_files_place(roots, gc_str_of(folder), b("/etc/1234"), &out);
    ck_assert_uint_eq(out.refused, GC_CAUSE_NOT_ALLOWED);
    gc_files_close(&out);
    close_folder();
}
END_TEST

START_TEST(sweeps_a_folder_once_a_life)
{
    open_folder();
    memset(life.swept, 0, sizeof life.swept);
    const char *earlier = ".graphcap-000000000000000a-000000000000000c-1-1-1-1-1";
    write_file(earlier, "left by a life that was killed");
    write_file(".graphcap-000000000000000a-000000000000000b-1-1-1-1-1", "of this life");
    write_file(".graphcap-000000000000000d-000000000000000c-1-1-1-1-1", "another worker's");
    struct gc_output out = output("out", GC_EXISTS_OVERWRITE, false);
    gc_files_close(&out);
    ck_assert_uint_eq(names(), 2);
    /* It is not read again for each file. */
    write_file(earlier, "there again");
    out = output("out", GC_EXISTS_OVERWRITE, false);
    gc_files_close(&out);
    ck_assert_uint_eq(names(), 3);
    close_folder();
}
END_TEST

GC_SUITE("pool files", GC_TEST(inputs), GC_TEST(a_temporary_has_no_name), GC_TEST(skip_takes_what_is_there),
         GC_TEST(outputs_stay_below_the_roots), GC_TEST(by_digest_it_is_placed_later),
         GC_TEST(sweeps_a_folder_once_a_life))
