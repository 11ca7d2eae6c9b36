#include "common/error.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const enum gc_err all[] = {
    GC_OK,
#define GC_ERR_ROW(symbol, number, name, whose, exit, text) GC_ERR_##symbol,
#include "common/errors.def"
#undef GC_ERR_ROW
};

START_TEST(every_row_is_whole_and_unique)
{
    for (size_t i = 0; i < GC_COUNT_OF(all); i++) {
        ck_assert_str_ne(gc_err_name(all[i]), "unknown");
        ck_assert_uint_gt(strlen(gc_err_text(all[i])), 0);
        ck_assert_int_eq(gc_err_from_number((unsigned)all[i]), all[i]);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(gc_err_name(all[i]), gc_err_name(all[j]));
    }
}
END_TEST

START_TEST(exit_codes_are_those_that_users_know)
{
    ck_assert_int_eq(gc_err_exit(GC_OK), 0);
    ck_assert_int_eq(gc_err_exit(GC_ERR_USAGE), 2);
    ck_assert_int_eq(gc_err_exit(GC_ERR_UNREACHABLE), 3);
    ck_assert_int_eq(gc_err_exit(GC_ERR_DENIED), 4);
    ck_assert_int_eq(gc_err_exit(GC_ERR_CANCELLED), 6);
    ck_assert_int_eq(gc_err_exit(GC_ERR_NOT_FOUND), 7);
    ck_assert_int_eq(gc_err_exit(GC_ERR_VERSION), 8);
}
END_TEST

START_TEST(numbers_that_are_no_error_are_told_apart)
{
    ck_assert_int_eq(gc_err_from_number(9999), GC_ERR_INTERNAL);
    ck_assert_str_eq(gc_err_name((enum gc_err)9999), "unknown");
    ck_assert_int_eq(gc_err_exit((enum gc_err)9999), 1);
    ck_assert_int_eq(gc_err_whose((enum gc_err)9999), GC_WHOSE_OURS);
}
END_TEST

START_TEST(errno_maps_to_what_somebody_can_do_about_it)
{
    ck_assert_int_eq(gc_err_from_errno(0), GC_OK);
    ck_assert_int_eq(gc_err_from_errno(ENOENT), GC_ERR_NOT_FOUND);
    ck_assert_int_eq(gc_err_from_errno(ENOSPC), GC_ERR_FULL);
    ck_assert_int_eq(gc_err_from_errno(EDQUOT), GC_ERR_FULL);
    ck_assert_int_eq(gc_err_from_errno(EACCES), GC_ERR_DENIED);
    ck_assert_int_eq(gc_err_from_errno(EEXIST), GC_ERR_EXISTS);
    ck_assert_int_eq(gc_err_from_errno(EIO), GC_ERR_IO);
}
END_TEST

START_TEST(a_fault_has_code_owner_and_text)
{
    struct gc_fault f = {0};
    ck_assert_int_eq(gc_fault_set(&f, GC_ERR_LIMIT, "%d of %d", 7, 5), GC_ERR_LIMIT);
    ck_assert_int_eq(f.code, GC_ERR_LIMIT);
    ck_assert_int_eq(f.whose, GC_WHOSE_USER);
    ck_assert_str_eq(f.text, "7 of 5");
    gc_fault_clear(&f);
    ck_assert_int_eq(f.code, GC_OK);
    ck_assert_str_eq(f.text, "");
}
END_TEST

START_TEST(nobody_need_want_the_fault)
{
    ck_assert_int_eq(gc_fault_set(NULL, GC_ERR_IO, "x"), GC_ERR_IO);
    ck_assert_int_eq(gc_fault_context(NULL, GC_ERR_IO, "x"), GC_ERR_IO);
}
END_TEST

START_TEST(context_goes_in_front)
{
    struct gc_fault f = {0};
    gc_fault_set(&f, GC_ERR_NOT_FOUND, "no such node");
    ck_assert_int_eq(gc_fault_context(&f, GC_ERR_NOT_FOUND, "%s:%d: ", "job.yaml", 4), GC_ERR_NOT_FOUND);
    ck_assert_str_eq(f.text, "job.yaml:4: no such node");

    gc_fault_clear(&f);
    gc_fault_context(&f, GC_ERR_TIMEOUT, "joining: ");
    ck_assert_int_eq(f.code, GC_ERR_TIMEOUT);
    ck_assert_str_eq(f.text, "joining: took too long");
}
END_TEST

START_TEST(long_texts_are_cut_and_ended)
{
    char longer[2 * GC_FAULT_TEXT_SIZE];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    struct gc_fault f = {0};
    gc_fault_set(&f, GC_ERR_IO, "%s", longer);
    ck_assert_uint_eq(strlen(f.text), sizeof f.text - 1);
    gc_fault_context(&f, GC_ERR_IO, "reading: ");
    ck_assert_uint_eq(strlen(f.text), sizeof f.text - 1);
    ck_assert_int_eq(strncmp(f.text, "reading: aaa", 12), 0);
    gc_fault_context(&f, GC_ERR_IO, "%s", longer);
    ck_assert_uint_eq(strlen(f.text), sizeof f.text - 1);
}
END_TEST

START_TEST(ok_is_no_fault)
{
    gc_fault_set(NULL, GC_OK, "x");
}
END_TEST

GC_SUITE("error", GC_TEST(every_row_is_whole_and_unique), GC_TEST(exit_codes_are_those_that_users_know),
         GC_TEST(numbers_that_are_no_error_are_told_apart),
         GC_TEST(errno_maps_to_what_somebody_can_do_about_it), GC_TEST(a_fault_has_code_owner_and_text),
         GC_TEST(nobody_need_want_the_fault), GC_TEST(context_goes_in_front),
         GC_TEST(long_texts_are_cut_and_ended), GC_TEST_ABORTS(ok_is_no_fault))
