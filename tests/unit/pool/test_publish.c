/* Outputs get their names: many at once, and only while that is allowed. */
#include "common/sys/digest.h"
#include "tests/unit/suite.h"
#include "worker/pool/publisher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/gc-publish-XXXXXX";
static struct gc_roots *roots;
static struct gc_sync *sync_;
static atomic_uint_fast64_t fence;
static struct gc_files_life life = {.worker = 0xa, .boot = 0xb};
static struct gc_publish p;

static void begin(void)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    struct gc_root root = {"", folder};
    ck_assert_int_eq(gc_roots_new(&root, 1, &roots, NULL), GC_OK);
    ck_assert_int_eq(gc_sync_start(4, &sync_, NULL), GC_OK);
    atomic_store(&fence, UINT64_MAX);
    memset(&p, 0, sizeof p);
    p.sync = sync_;
    p.fence_ns = &fence;
}

static void end(void)
{
    char command[128];
    gc_roots_destroy(&roots);
    gc_sync_destroy(&sync_);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
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

static bool there(const char *name)
{
    char path[256];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return lstat(path, &st) == 0;
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

/* Written whole by an executor. `named`: as where the file system knows no files without a name. */
static struct gc_output output(const char *path, enum gc_exists exists, const char *bytes, bool named)
{
    static uint64_t item;
    struct gc_output out = {.life = &life, .item = item++, .exists = exists};
    const struct gc_files_token token = {.run_no = 1, .term = 2, .lease = 3};
    gc_files_output(roots, gc_str_of(folder), (struct gc_bytes){(const uint8_t *)path, strlen(path)}, &token,
                    &out);
    ck_assert_int_ge(out.fd, 0);
    if (named) {
        close(out.fd);
        strcpy(out.temporary, ".graphcap-test");
        out.fd = openat(out.home, out.temporary, O_RDWR | O_CREAT | O_EXCL, 0600);
        ck_assert_int_ge(out.fd, 0);
    }
    ck_assert_int_eq(write(out.fd, bytes, strlen(bytes)), strlen(bytes));
    gc_files_start_sync(&out);
    out.made = true;
    out.bytes = strlen(bytes);
    return out;
}

static enum gc_cause publish(struct gc_output *out)
{
    uint64_t item = UINT64_MAX;
    enum gc_cause cause = gc_publish(&p, out, 1, &item);
    ck_assert(cause == GC_CAUSE_NONE || item == out->item);
    ck_assert_uint_eq(out->refused, cause);
    gc_files_close(out);
    return cause;
}

START_TEST(publishes_whole_and_once)
{
    begin();
    for (int named = 0; named < 2; named++) {
        const char *name = named ? "deep/er/out" : "out";
        struct gc_output out = output(name, GC_EXISTS_ERROR, "bytes", named);
        ck_assert_int_eq(publish(&out), GC_CAUSE_NONE);
        holds(name, "bytes");
        /* The same again is the same; others are a failure, and change nothing. */
        out = output(name, GC_EXISTS_ERROR, "bytes", named);
        ck_assert_int_eq(publish(&out), GC_CAUSE_NONE);
        out = output(name, GC_EXISTS_ERROR, "BYTES", named);
        ck_assert_int_eq(publish(&out), GC_CAUSE_OUTPUT);
        ck_assert_str_eq(out.text, "'out' exists with other bytes");
        out = output(name, GC_EXISTS_ERROR, "longer", named);
        ck_assert_int_eq(publish(&out), GC_CAUSE_OUTPUT);
        holds(name, "bytes");
        out = output(name, GC_EXISTS_OVERWRITE, "BYTES", named);
        ck_assert_int_eq(publish(&out), GC_CAUSE_NONE);
        holds(name, "BYTES");
    }
    ck_assert_uint_eq(names(), 2); /* no temporary is left */
    end();
}
END_TEST

START_TEST(two_of_one_name)
{
    begin();
    uint64_t item;
    struct gc_output two[2] = {output("out", GC_EXISTS_ERROR, "one", false),
                               output("out", GC_EXISTS_ERROR, "two", false)};
    ck_assert_int_eq(gc_publish(&p, two, 2, &item), GC_CAUSE_OUTPUT);
    ck_assert_uint_eq(item, two[1].item);
    ck_assert_uint_eq(two[0].refused, GC_CAUSE_NONE);
    ck_assert_str_eq(two[1].text, "'out' exists with other bytes");
    holds("out", "one");
    gc_files_close(&two[0]);
    gc_files_close(&two[1]);
    end();
}
END_TEST

START_TEST(many_in_many_folders)
{
    begin();
    enum { N = 100 };
    static struct gc_output outs[N];
    char path[64];
    uint64_t item;
    for (int i = 0; i < N; i++) {
        snprintf(path, sizeof path, "out/%d/%d/%d", i % 3, i % 7, i);
        outs[i] = output(path, GC_EXISTS_ERROR, "bytes", false);
    }
    outs[50].made = false; /* it has failed */
    ck_assert_int_eq(gc_publish(&p, outs, N, &item), GC_CAUSE_NONE);
    for (int i = 0; i < N; i++) {
        snprintf(path, sizeof path, "out/%d/%d/%d", i % 3, i % 7, i);
        ck_assert_int_eq(there(path), i != 50);
        gc_files_close(&outs[i]);
    }
    end();
}
END_TEST

/* How many folders publishing has to sync when an output lies in `path`. */
static uint32_t folders_for(const char *path)
{
    struct gc_output out = output(path, GC_EXISTS_OVERWRITE, "bytes", false);
    ck_assert_int_eq(publish(&out), GC_CAUSE_NONE);
    uint32_t n = 0;
    while (p.fds[n] >= 0)
        n++;
    return n;
}

START_TEST(folders_are_durable_up_to_the_top)
{
    begin();
    memset(p.fds, 0xff, sizeof p.fds);
    uint32_t first = folders_for("a/b/c/out");
    ck_assert_uint_ge(first, 5); /* c, b, a, the root, and what is above it */
    memset(p.fds, 0xff, sizeof p.fds);
    ck_assert_uint_eq(folders_for("a/b/c/out"), 1); /* all is known: the one that has a new name in it */
    memset(p.fds, 0xff, sizeof p.fds);
    ck_assert_uint_eq(folders_for("a/b/d/e/out"), 3); /* e and d are new, and have names in d and b */
    end();
}
END_TEST

START_TEST(a_folder_that_was_removed)
{
    begin();
    struct gc_output out = output("gone/out", GC_EXISTS_ERROR, "bytes", false);
    char path[64];
    snprintf(path, sizeof path, "%s/gone", folder);
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(publish(&out), GC_CAUSE_OUTPUT);
    ck_assert_ptr_nonnull(strstr(out.text, "'out': giving it its name"));
    ck_assert(!there("gone"));
    end();
}
END_TEST

START_TEST(publishes_nothing_behind_the_fence)
{
    begin();
    atomic_store(&fence, 1);
    struct gc_output out = output("out", GC_EXISTS_ERROR, "bytes", true);
    ck_assert_int_eq(publish(&out), GC_CAUSE_INFRA);
    atomic_store(&fence, UINT64_MAX);
    atomic_store(&p.stop, true);
    out = output("out", GC_EXISTS_OVERWRITE, "bytes", false);
    ck_assert_int_eq(publish(&out), GC_CAUSE_INFRA);
    ck_assert_uint_eq(names(), 0);
    end();
}
END_TEST

START_TEST(believes_no_length)
{
    begin();
    for (uint64_t bytes = 4; bytes < 7; bytes += 2) {
        struct gc_output out = output("out", GC_EXISTS_ERROR, "bytes", false);
        out.bytes = bytes;
        ck_assert_int_eq(publish(&out), GC_CAUSE_OUTPUT);
    }
    ck_assert_uint_eq(names(), 0);
    end();
}
END_TEST

START_TEST(believes_no_digest)
{
    begin();
    struct gc_output out = output("out", GC_EXISTS_ERROR, "bytes", false);
    out.by_digest = true;
    ck_assert_int_eq(publish(&out), GC_CAUSE_OUTPUT);
    ck_assert_ptr_nonnull(strstr(out.text, "another digest"));
    ck_assert_uint_eq(names(), 0);
    out = output("out", GC_EXISTS_ERROR, "bytes", false);
    out.by_digest = true;
    out.digest = gc_digest_of((struct gc_bytes){(const uint8_t *)"bytes", 5});
    ck_assert_int_eq(publish(&out), GC_CAUSE_NONE);
    end();
}
END_TEST

START_TEST(a_disk_that_fails_keeps_all_from_their_names)
{
    begin();
    struct gc_output two[2] = {output("one", GC_EXISTS_ERROR, "bytes", false),
                               output("two", GC_EXISTS_ERROR, "", false)};
    /* What cannot be synced stands for a disk that is full or broken. */
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    close(two[1].fd);
    two[1].fd = ends[1];
    uint64_t item = 0;
    ck_assert_int_eq(gc_publish(&p, two, 2, &item), GC_CAUSE_INFRA);
    ck_assert_uint_eq(item, two[1].item);
    ck_assert_ptr_nonnull(strstr(two[1].text, "'two': writing it to the disk"));
    ck_assert_uint_eq(names(), 0);
    close(ends[0]);
    gc_files_close(&two[0]);
    gc_files_close(&two[1]);
    end();
}
END_TEST

START_TEST(follows_no_link_to_the_output)
{
    begin();
    char link[64];
    snprintf(link, sizeof link, "%s/out", folder);
    ck_assert_int_eq(symlink("target", link), 0);
    struct gc_output out = output("target", GC_EXISTS_ERROR, "bytes", false);
    ck_assert_int_eq(publish(&out), GC_CAUSE_NONE);
    out = output("out", GC_EXISTS_ERROR, "bytes", false);
    ck_assert_int_eq(publish(&out), GC_CAUSE_OUTPUT);
    out = output("out", GC_EXISTS_OVERWRITE, "mine", false);
    ck_assert_int_eq(publish(&out), GC_CAUSE_NONE);
    holds("target", "bytes");
    holds("out", "mine");
    end();
}
END_TEST

/* ---- sync ---- */

START_TEST(each_file_has_its_own_answer)
{
    begin();
    int good = open(folder, O_TMPFILE | O_RDWR, 0600), ends[2];
    ck_assert_int_ge(good, 0);
    ck_assert_int_eq(pipe(ends), 0);
    enum { N = 301 };
    static int fds[N], errnums[N];
    for (int i = 0; i < N; i++)
        fds[i] = i % 5 == 0 ? ends[1] : i % 7 == 0 ? -1 : good;
    for (int round = 0; round < 3; round++) {
        memset(errnums, 0xff, sizeof errnums);
        gc_sync_files(sync_, fds, N, errnums);
        for (int i = 0; i < N; i++)
            ck_assert_int_eq(errnums[i], i % 5 == 0 ? EINVAL : i % 7 == 0 ? EBADF : 0);
    }
    gc_sync_files(sync_, fds, 0, errnums);
    gc_sync_destroy(&sync_);
    ck_assert_int_eq(gc_sync_start(0, &sync_, NULL), GC_OK); /* nobody helps: the caller does it all */
    gc_sync_files(sync_, fds, N, errnums);
    ck_assert_int_eq(errnums[0], EINVAL);
    ck_assert_int_eq(errnums[1], 0);
    close(good);
    close(ends[0]);
    close(ends[1]);
    end();
}
END_TEST

/* ---- the thread ---- */

START_TEST(the_publisher_says_when_it_is_through)
{
    begin();
    static struct gc_publisher publisher;
    ck_assert_int_eq(gc_publisher_start(&publisher, sync_, &fence), GC_OK);
    for (int round = 0; round < 3; round++) {
        ck_assert(!gc_publisher_busy(&publisher));
        char path[64];
        for (int i = 0; i < 5; i++) {
            snprintf(path, sizeof path, "%d-%d", round, i);
            publisher.outputs[i] = output(path, GC_EXISTS_ERROR, "bytes", false);
        }
        gc_publisher_begin(&publisher, 5);
        ck_assert(gc_publisher_busy(&publisher));
        struct pollfd poll_ = {.fd = publisher.event_fd, .events = POLLIN};
        ck_assert_int_eq(poll(&poll_, 1, -1), 1);
        gc_publisher_take(&publisher, false);
        ck_assert(!gc_publisher_busy(&publisher));
        ck_assert_int_eq(publisher.cause, GC_CAUSE_NONE);
        ck_assert_int_eq(poll(&poll_, 1, 0), 0);
        gc_publisher_clear(&publisher);
    }
    ck_assert_uint_eq(names(), 15);
    /* Its end waits for what is under way. */
    publisher.outputs[0] = output("last", GC_EXISTS_ERROR, "bytes", false);
    gc_publisher_begin(&publisher, 1);
    gc_publisher_end(&publisher);
    gc_publisher_end(&publisher);
    end();
}
END_TEST

GC_SUITE("pool publish", GC_TEST(publishes_whole_and_once), GC_TEST(two_of_one_name),
         GC_TEST(many_in_many_folders), GC_TEST(folders_are_durable_up_to_the_top),
         GC_TEST(a_folder_that_was_removed), GC_TEST(publishes_nothing_behind_the_fence),
         GC_TEST(believes_no_length), GC_TEST(believes_no_digest),
         GC_TEST(a_disk_that_fails_keeps_all_from_their_names), GC_TEST(follows_no_link_to_the_output),
         GC_TEST(each_file_has_its_own_answer), GC_TEST(the_publisher_says_when_it_is_through))
