/* Errors as values.
 *
 * A function that can fail because of the world (wire, disk, user, memory) returns `enum gc_err`,
 * GC_OK being 0, and writes its results only on success. What only a wrong program can cause is an
 * assert instead (common/assert.h).
 *
 * Where a code alone would not help the reader, the function takes a `struct gc_fault *` of the
 * caller, which may be NULL, and fills it on failure. A fault is printed once, by a program, never
 * by a library. Faults own nothing and are copied freely.
 *
 * Thread: pure functions, any thread. This file uses vsnprintf; the pure parts of the system (core,
 * plan, agent) therefore use the codes and names, and gc_fault_set nowhere.
 */
#ifndef GC_COMMON_ERROR_H
#define GC_COMMON_ERROR_H

#include "common/macros.h"

enum gc_err {
    GC_OK = 0,
#define GC_ERR_ROW(symbol, number, name, whose, exit, text) GC_ERR_##symbol = (number),
#include "common/errors.def"
#undef GC_ERR_ROW
};

/* Whose fault it is: who has to do something before it can work. */
enum gc_whose {
    GC_WHOSE_NOBODY = 0,
    GC_WHOSE_USER,    /* what was asked for is wrong */
    GC_WHOSE_PEER,    /* the other side of a connection */
    GC_WHOSE_MACHINE, /* disk, memory, kernel */
    GC_WHOSE_OURS,    /* this program: a report is welcome */
};

enum { GC_FAULT_TEXT_SIZE = 512 };

struct gc_fault {
    enum gc_err code;
    enum gc_whose whose;
    char text[GC_FAULT_TEXT_SIZE]; /* NUL-terminated, no line break at the end */
};

/* "not-found"; "unknown" for a number that is no error. Static strings. */
const char *gc_err_name(enum gc_err err);

/* "not found": a text for people. Static strings. */
const char *gc_err_text(enum gc_err err);

/* The code with that number if there is one, else GC_ERR_INTERNAL: for numbers from wire and store. */
enum gc_err gc_err_from_number(unsigned number);

/* What a command that ends with this error exits with; 0 for GC_OK. */
int gc_err_exit(enum gc_err err);

/* The code for a value of errno: ENOENT is GC_ERR_NOT_FOUND, ENOSPC is GC_ERR_FULL and so on,
 * anything without a meaning of its own GC_ERR_IO. */
enum gc_err gc_err_from_errno(int errnum);

enum gc_whose gc_err_whose(enum gc_err err);

/* Fills `f` (which may be NULL) and returns `code`, so that a failure is one line:
 *     return gc_fault_set(f, GC_ERR_LIMIT, "%zu nodes, the limit is %zu", n, limit);
 * `whose` comes from the table; the caller may overwrite it. Text that does not fit is cut. */
enum gc_err gc_fault_set(struct gc_fault *f, enum gc_err code, const char *format, ...) GC_PRINTF(3, 4);

/* Puts context before the text of a fault that is set already: "reading job.yaml: " + text. A fault
 * that is not set yet gets the code and its text of the table.
 * Returns `code`, so that passing a failure on stays one line. */
enum gc_err gc_fault_context(struct gc_fault *f, enum gc_err code, const char *format, ...) GC_PRINTF(3, 4);

/* GC_OK, nobody's, no text. */
void gc_fault_clear(struct gc_fault *f);

#endif
