/* Inputs, temporaries, and publishing. */
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
static atomic_uint_fast64_t fence = UINT64_MAX;
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

static void holds(const char *name, const char *text)
{
    char path[256], got[256] = "";
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(got, sizeof got, f));
    fclose(f);
    ck_assert_str_eq(got, text);
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

/* As gc_files_output leaves it, but for the template. */
static struct gc_output output(const char *name, enum gc_exists exists, const char *bytes, bool named)
{
    struct gc_output out = {.life = &life, .item = 1, .exists = exists, .fd = -1, .home = -1, .folder = -1};
    ck_assert_int_eq(
        gc_roots_open_parent(roots, gc_str_of(folder), gc_str_of(name), true, &out.folder, out.name, NULL),
        GC_OK);
    out.home = out.folder;
    if (named) {
        strcpy(out.temporary, ".graphcap-test");
        out.fd = openat(out.home, out.temporary, O_RDWR | O_CREAT | O_EXCL, 0600);
    } else {
        out.fd = openat(out.home, ".", O_TMPFILE | O_RDWR, 0600);
    }
    ck_assert_int_ge(out.fd, 0);
    ck_assert_int_eq(write(out.fd, bytes, strlen(bytes)), strlen(bytes));
    return out;
}

static enum gc_cause publish(struct gc_output *out, uint64_t bytes)
{
    gc_files_start_sync(out);
    enum gc_cause cause =
        gc_files_publish(roots, gc_str_of(folder), (struct gc_bytes){0}, bytes, &fence, out);
    gc_files_close(out);
    gc_files_close(out); /* twice is once */
    return cause;
}

START_TEST(publishes_whole_and_once)
{
    open_folder();
    for (int named = 0; named < 2; named++) {
        const char *name = named ? "deep/er/out" : "out";
        struct gc_output out = output(name, GC_EXISTS_ERROR, "bytes", named);
        ck_assert_int_eq(publish(&out, 5), GC_CAUSE_NONE);
        holds(name, "bytes");
        /* The same again is the same; others are a failure, and change nothing. */
        out = output(name, GC_EXISTS_ERROR, "bytes", named);
        ck_assert_int_eq(publish(&out, 5), GC_CAUSE_NONE);
        out = output(name, GC_EXISTS_ERROR, "BYTES", named);
        ck_assert_int_eq(publish(&out, 5), GC_CAUSE_OUTPUT);
        ck_assert_str_eq(out.text, "'out' exists with other bytes");
        out = output(name, GC_EXISTS_ERROR, "longer", named);
        ck_assert_int_eq(publish(&out, 6), GC_CAUSE_OUTPUT);
        holds(name, "bytes");
        out = output(name, GC_EXISTS_OVERWRITE, "BYTES", named);
        ck_assert_int_eq(publish(&out, 5), GC_CAUSE_NONE);
        holds(name, "BYTES");
    }
    ck_assert_uint_eq(names(), 2); /* no temporary is left */
    close_folder();
}
END_TEST

START_TEST(publishes_nothing_behind_the_fence)
{
    open_folder();
    struct gc_output out = output("out", GC_EXISTS_ERROR, "bytes", true);
    atomic_store(&fence, 1);
    ck_assert_int_eq(publish(&out, 5), GC_CAUSE_INFRA);
    atomic_store(&fence, UINT64_MAX);
    ck_assert_uint_eq(names(), 0);
    close_folder();
}
END_TEST

START_TEST(believes_no_length)
{
    open_folder();
    struct gc_output out = output("out", GC_EXISTS_ERROR, "bytes", false);
    ck_assert_int_eq(publish(&out, 4), GC_CAUSE_OUTPUT);
    ck_assert_uint_eq(names(), 0);
    close_folder();
}
END_TEST

START_TEST(follows_no_link_to_the_output)
{
    open_folder();
    write_file("target", "bytes");
    char link[64];
    snprintf(link, sizeof link, "%s/out", folder);
    ck_assert_int_eq(symlink("target", link), 0);
    struct gc_output out = output("out", GC_EXISTS_ERROR, "bytes", false);
    ck_assert_int_eq(publish(&out, 5), GC_CAUSE_OUTPUT);
    out = output("out", GC_EXISTS_OVERWRITE, "mine", false);
    ck_assert_int_eq(publish(&out, 4), GC_CAUSE_NONE);
    holds("target", "bytes");
    holds("out", "mine");
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
    write_file("out", "bytes");
    struct gc_output out = output("out", GC_EXISTS_OVERWRITE, "BYTES", false);
    ck_assert_int_eq(publish(&out, 5), GC_CAUSE_NONE);
    holds("out", "BYTES");
    ck_assert_uint_eq(names(), 3);
    /* It is not read again for each file. */
    write_file(earlier, "there again");
    out = output("out", GC_EXISTS_OVERWRITE, "again", false);
    ck_assert_int_eq(publish(&out, 5), GC_CAUSE_NONE);
    ck_assert_uint_eq(names(), 4);
    close_folder();
}
END_TEST

GC_SUITE("pool files", GC_TEST(inputs), GC_TEST(publishes_whole_and_once),
         GC_TEST(publishes_nothing_behind_the_fence), GC_TEST(believes_no_length),
         GC_TEST(follows_no_link_to_the_output), GC_TEST(sweeps_a_folder_once_a_life))
