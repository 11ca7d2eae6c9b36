/* Numbers in decimal, as data have them: `-12`, `0.1`, `6.02e23`. The whole text is the number.
 *
 * A real is the double nearest to what is written, ties to the even one: what strtod gives in the C
 * locale, without a locale. Digits that 64 bits do not hold and powers of ten that a double does not
 * are reckoned in whole numbers of a few hundred bits. No hexadecimal, no infinity, no nan, no blanks.
 *
 * Cost: O(digits) for what people write, some microseconds for what only programs do. Pure.
 */
#ifndef GC_COMMON_DECIMAL_H
#define GC_COMMON_DECIMAL_H

#include "common/macros.h"
#include "common/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { GC_DECIMAL_MAX = 64 }; /* bytes; a longer text is no number */

/* A sign and digits. False: it is not that, or does not fit. */
GC_MUST_CHECK bool gc_decimal_int(struct gc_str text, int64_t *ret);

/* A sign, digits with a point before, among or behind them, an exponent. False: it is not that, or its
 * exponent has more than 400 to it, or it is too large for a double. What is too small is 0. */
GC_MUST_CHECK bool gc_decimal_real(struct gc_str text, double *ret);

#endif
