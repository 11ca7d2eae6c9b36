/* A condition over named fields, as jobs write it: `width >= 800 and not (ext == 'gif' or hidden)`.
 *
 *     condition   a or b, a and b, not a, (a), a comparison, or a field alone: that it is true
 *     comparison  one of  == != < <= > >=  between two operands; there are no chains of them
 *     operand     a field, a number (12, -0.5, 1e6), 'text' or "text" (no escapes), true, false, null
 *     field       a letter, _ or a byte above 127, then these, digits, . and -; any other name
 *                 stands in backquotes: `Image ID`
 *
 * `not` binds closest, then `and`, then `or`. A text is compiled once, into an arena of the caller,
 * and judged as often as wanted.
 *
 * What a comparison says
 *   - A field that is not there is null. null equals null and nothing else.
 *   - Numbers compare exactly, whole ones with reals too: 9007199254740993 > 9007199254740992.0.
 *   - Strings compare by their bytes. Truth values and null know == and != only.
 *   - Values of different kinds differ, and neither is less: == < <= > >= are false, != is true. So
 *     != is always the opposite of ==; nan, like any unequal pair that has no order, is only !=.
 *   - GC_EXPR_TEXT is a text whose kind nobody has stated (a column of a CSV file, a part of a path):
 *     against a number it is the number that it spells, against true or false what it spells, else a
 *     string; against another such text a number where both spell one.
 *   A condition that is a field alone is true only for the truth value true.
 *
 * Invariants: a compiled condition is bounded by GC_EXPR_MAX_TEXT and _DEPTH; judging it takes O(its
 * length) calls of the resolver and no memory. It borrows the text and the arena. Pure: any thread,
 * no allocation, no locale; the planner calls it.
 */
#ifndef GC_COMMON_EXPR_H
#define GC_COMMON_EXPR_H

#include "common/arena.h"
#include "common/error.h"
#include "common/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    GC_EXPR_MAX_TEXT = 4096, /* bytes of a condition */
    GC_EXPR_MAX_DEPTH = 30,  /* of parentheses */
};

enum gc_expr_kind {
    GC_EXPR_NULL,
    GC_EXPR_BOOL,
    GC_EXPR_INT,
    GC_EXPR_REAL,
    GC_EXPR_STRING,
    GC_EXPR_TEXT,
};

struct gc_expr_value {
    enum gc_expr_kind kind;
    union {
        bool flag;
        int64_t integer;
        double real;
        struct gc_str text; /* STRING, TEXT */
    } as;
};

struct gc_expr_code;

struct gc_expr {
    const struct gc_expr_code *code; /* in postfix order */
    uint32_t n;
};

/* Where the text is wrong: the byte, counted from 0 (the text's length: at its end), and what should
 * be there, to follow "expected": "a field, a number or a string". A static string. */
struct gc_expr_fault {
    uint32_t at;
    const char *expected;
};

/* GC_ERR_INVALID: not a condition; GC_ERR_LIMIT: too long or too deep; both fill *fault.
 * GC_ERR_NOMEM: the arena is full; fault.expected is NULL. On failure the arena is as it was. While
 * parsing the arena needs some 40 bytes for each byte of the text; less is kept. */
enum gc_err gc_expr_parse(struct gc_str text, struct gc_arena *arena, struct gc_expr *ret,
                          struct gc_expr_fault *fault) GC_MUST_CHECK;

/* The next field that it uses, in the order of the text, as often as it is used; `*at` is its byte
 * there. *cursor is 0 before the first. False: no more. */
bool gc_expr_field(const struct gc_expr *e, uint32_t *cursor, struct gc_str *ret_name, uint32_t *ret_at);

/* Gives the value of a field; *ret is null, and stays so where there is no such field. A string has to
 * last until two more values were asked for. */
typedef void gc_expr_resolve(void *context, struct gc_str field, struct gc_expr_value *ret);

/* Below 0, 0 or above 0: two values of kind INT or REAL, exactly. 0 for what has no order (nan). */
int gc_expr_compare_numbers(const struct gc_expr_value *a, const struct gc_expr_value *b);

bool gc_expr_holds(const struct gc_expr *e, gc_expr_resolve *resolve, void *context);

#endif
