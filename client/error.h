/* error.h - filling the caller's struct graphcap_error. Every function here accepts NULL for it. Inside the library errors
 * travel as enum graphcap_code, whose numbers are those of enum gc_err (error.c asserts it). */
#ifndef GC_CLIENT_ERROR_H
#define GC_CLIENT_ERROR_H

#include "client/graphcap.h"
#include "common/error.h"
#include "common/macros.h"

/* Returns `code`, so that a failure is one line: return gc_fail(error, GRAPHCAP_INVALID, "..."). */
int gc_fail(struct graphcap_error *error, int code, const char *format, ...) GC_PRINTF(3, 4);

/* From an error of the parts below; the text is the fault's, or the table's where the fault has none. */
int gc_fail_fault(struct graphcap_error *error, enum gc_err code, const struct gc_fault *fault);

/* Puts "context: " before the text. Returns error's code, or `code` where error is NULL. */
int gc_fail_context(struct graphcap_error *error, int code, const char *format, ...) GC_PRINTF(3, 4);

int gc_fail_memory(struct graphcap_error *error);

#endif
