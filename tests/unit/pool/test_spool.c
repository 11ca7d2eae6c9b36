/* Results that are put away in files. */
#include "tests/unit/suite.h"
#include "worker/pool/spool.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/gc-spool-XXXXXX";

static void make_folder(void)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static struct gc_bytes b(const char *text)
{
    return (struct gc_bytes){(const uint8_t *)text, strlen(text)};
}

static struct gc_blob *new_spool(void)
{
    struct gc_blob *blob = gc_blob_new(GC_BLOB_SPOOL, (struct gc_bytes){0});
    ck_assert_ptr_nonnull(blob);
    return blob;
}

static void reads(const struct gc_blob *blob, const char *text)
{
    char got[64] = "";
    int fd;
    struct gc_fault fault = {0};
    ck_assert_int_eq(gc_blob_open_spool(blob, &fd, &fault), GC_OK);
    ck_assert_int_eq(read(fd, got, sizeof got - 1), strlen(text));
    ck_assert_str_eq(got, text);
    ck_assert_int_lt(write(fd, "x", 1), 0); /* it is for reading only */
    close(fd);
}

START_TEST(parts_lie_one_behind_the_other)
{
    make_folder();
    struct gc_fault fault = {0};
    struct gc_blob *blob = new_spool();
    ck_assert_int_eq(gc_blob_spool(blob, folder, b("one "), &fault), GC_OK);
    ck_assert_int_eq(gc_blob_spool(blob, folder, (struct gc_bytes){0}, &fault), GC_OK);
    ck_assert_int_eq(gc_blob_spool(blob, folder, b("two"), &fault), GC_OK);
    ck_assert_uint_eq(blob->spooled, 7);
    reads(blob, "one two");
    reads(blob, "one two");             /* each from the start */
    ck_assert_int_eq(rmdir(folder), 0); /* there is no name in it */
    gc_blob_unref(&blob);
}
END_TEST

START_TEST(nothing_is_a_file_as_well)
{
    make_folder();
    struct gc_fault fault = {0};
    struct gc_blob *blob = new_spool();
    ck_assert_int_eq(gc_blob_spool(blob, folder, (struct gc_bytes){0}, &fault), GC_OK);
    reads(blob, "");
    gc_blob_unref(&blob);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* The next answer, waited for. */
static struct gc_spooled answer(struct gc_spooler *s)
{
    struct gc_spooled got;
    struct pollfd p = {.fd = gc_spooler_fd(s), .events = POLLIN};
    while (!gc_spooler_next(s, &got))
        ck_assert_int_ge(poll(&p, 1, -1), 0);
    return got;
}

START_TEST(the_spooler_answers_each_part)
{
    make_folder();
    struct gc_spooler *s;
    struct gc_fault fault = {0};
    ck_assert_int_eq(gc_spooler_start(folder, &s, &fault), GC_OK);
    struct gc_blob *one = new_spool(), *two = new_spool();
    struct gc_spooled got;
    ck_assert(!gc_spooler_next(s, &got));
    char bytes[] = "first";
    ck_assert_int_eq(gc_spooler_append(s, 11, one, b(bytes)), GC_OK);
    memset(bytes, 'x', 5); /* it has copied them */
    ck_assert_int_eq(gc_spooler_append(s, 22, two, b("other")), GC_OK);
    for (int i = 0; i < 2; i++) {
        got = answer(s);
        ck_assert_int_eq(got.err, GC_OK);
        ck_assert_uint_eq(got.thing, i == 0 ? 11 : 22);
    }
    ck_assert_int_eq(gc_spooler_append(s, 11, one, b(" second")), GC_OK);
    ck_assert_uint_eq(answer(s).thing, 11);
    reads(one, "first second");
    reads(two, "other");
    /* Whoever has let go of one meanwhile hears of it all the same. */
    ck_assert_int_eq(gc_spooler_append(s, 22, two, b("!")), GC_OK);
    gc_blob_unref(&two);
    ck_assert_uint_eq(answer(s).thing, 22);
    ck_assert_int_eq(gc_spooler_append(s, 11, one, b("!")), GC_OK); /* and nobody asks for the answer */
    gc_spooler_destroy(&s);
    ck_assert_ptr_null(s);
    reads(one, "first second!");
    gc_blob_unref(&one);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_folder_that_takes_nothing_is_named)
{
    make_folder();
    struct gc_fault fault = {0};
    struct gc_blob *blob = new_spool();
    ck_assert_int_eq(rmdir(folder), 0);
    ck_assert_int_eq(gc_blob_spool(blob, folder, b("part"), &fault), GC_ERR_IO);
    ck_assert_ptr_nonnull(strstr(fault.text, folder));
    gc_blob_unref(&blob);
    struct gc_spooler *s;
    ck_assert_int_eq(gc_spooler_start(folder, &s, &fault), GC_OK);
    blob = new_spool();
    ck_assert_int_eq(gc_spooler_append(s, 7, blob, b("part")), GC_OK);
    struct gc_spooled got = answer(s);
    ck_assert_uint_eq(got.thing, 7);
    ck_assert_int_eq(got.err, GC_ERR_IO);
    ck_assert_ptr_nonnull(strstr(got.text, folder));
    gc_spooler_destroy(&s);
    gc_blob_unref(&blob);
}
END_TEST

START_TEST(a_full_folder_is_told_as_such)
{
    /* /dev/full has no room for anything; the file is put there by hand. */
    struct gc_fault fault = {0};
    struct gc_blob *blob = new_spool();
    FILE *full = fopen("/dev/full", "r+");
    ck_assert_ptr_nonnull(full);
    blob->fd = dup(fileno(full));
    fclose(full);
    ck_assert_int_eq(gc_blob_spool(blob, "/the/state", b("part"), &fault), GC_ERR_FULL);
    ck_assert_ptr_nonnull(strstr(fault.text, "/the/state: there is no room"));
    gc_blob_unref(&blob);
}
END_TEST

GC_SUITE("pool spool", GC_TEST(parts_lie_one_behind_the_other), GC_TEST(nothing_is_a_file_as_well),
         GC_TEST(the_spooler_answers_each_part), GC_TEST(a_folder_that_takes_nothing_is_named),
         GC_TEST(a_full_folder_is_told_as_such))
