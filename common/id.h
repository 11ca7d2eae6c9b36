/* 128-bit ids (runs, workers, submissions) and 256-bit digests, as values and as text.
 *
 * A run's text is `r-` and 26 characters of RFC 4648 base32 in lower case, without padding. Base32
 * keeps the order: ids sort as their texts do, and a prefix of the text is a range of ids.
 * Making an id is common/sys/random.h's, computing a digest common/sys/digest.h's.
 */
#ifndef GC_COMMON_ID_H
#define GC_COMMON_ID_H

#include "common/error.h"
#include "common/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct gc_id128 {
    uint8_t b[16];
};

struct gc_digest {
    uint8_t b[32];
};

enum {
    GC_ID_CHARS = 26,                 /* base32 characters of an id */
    GC_ID_TEXT_SIZE = 2 + 26 + 1,     /* "r-", characters, NUL */
    GC_DIGEST_TEXT_SIZE = 2 * 32 + 1, /* hex, NUL */
};

static inline bool gc_id_equal(struct gc_id128 a, struct gc_id128 b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

static inline int gc_id_compare(struct gc_id128 a, struct gc_id128 b)
{
    return memcmp(a.b, b.b, sizeof a.b);
}

/* All zero: no id (random ids are never that). */
static inline bool gc_id_none(struct gc_id128 id)
{
    return gc_id_equal(id, (struct gc_id128){{0}});
}

/* "r-..." with a NUL. */
void gc_id_text(struct gc_id128 id, char ret_text[GC_ID_TEXT_SIZE]);

/* The whole text and only the form that gc_id_text writes; else GC_ERR_INVALID. */
GC_MUST_CHECK enum gc_err gc_id_parse(struct gc_str text, struct gc_id128 *ret_id);

/* What a person types: `r-` and 1 to 26 characters. It stands for the ids low..high, both
 * included; a whole id is a range of one. */
struct gc_id_range {
    struct gc_id128 low;
    struct gc_id128 high;
};

GC_MUST_CHECK enum gc_err gc_id_parse_prefix(struct gc_str text, struct gc_id_range *ret_range);

static inline bool gc_id_in(struct gc_id_range range, struct gc_id128 id)
{
    return gc_id_compare(range.low, id) <= 0 && gc_id_compare(id, range.high) <= 0;
}

static inline bool gc_digest_equal(struct gc_digest a, struct gc_digest b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

/* Lower-case hex with a NUL. */
void gc_digest_text(struct gc_digest d, char ret_text[GC_DIGEST_TEXT_SIZE]);

#endif
