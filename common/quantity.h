/* Numbers with units, as people write them in options and job files: `90s`, `1h30m`, `2GiB`, and
 * plain decimal numbers. Strict: the whole text is the number, no sign, no blanks, no overflow. */
#ifndef GC_COMMON_QUANTITY_H
#define GC_COMMON_QUANTITY_H

#include "common/error.h"
#include "common/slice.h"

#include <stdint.h>

/* Digits only. GC_ERR_INVALID, or GC_ERR_LIMIT where it is above UINT64_MAX. */
GC_MUST_CHECK enum gc_err gc_quantity_u64(struct gc_str text, uint64_t *ret);

/* Nanoseconds from one or more of N followed by ns, us, ms, s, m, h or d, largest unit first, each
 * once (`1h30m`); the last N may have a fraction (`1.5s`). A bare 0 needs no unit. */
GC_MUST_CHECK enum gc_err gc_quantity_duration(struct gc_str text, uint64_t *ret_ns);

/* Bytes from N followed by nothing, B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (of
 * 1024); N may have a fraction, what it leaves of a byte is dropped. */
GC_MUST_CHECK enum gc_err gc_quantity_bytes(struct gc_str text, uint64_t *ret_bytes);

#endif
