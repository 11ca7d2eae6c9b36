/* Writing into, and reading out of, a bounded run of bytes: plain bytes, LEB128 varints, and
 * little-endian numbers.
 *
 * Both sides remember a failure: once something did not fit (or was not there), every later call
 * fails too and changes nothing. So a sequence of calls is checked once, at its end, with
 * gc_buf_ok or gc_reader_ok, and each call may be checked as well. All is O(bytes). The memory is
 * the caller's.
 */
#ifndef GC_COMMON_BUF_H
#define GC_COMMON_BUF_H

#include "common/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GC_VARINT_MAX = 10 }; /* the longest LEB128 form of a u64 */

struct gc_buf {
    uint8_t *data;
    size_t capacity;
    size_t len;
    bool overflow;
};

void gc_buf_init(struct gc_buf *b, void *data, size_t capacity);

/* Empty and ok again; the memory stays. */
void gc_buf_reset(struct gc_buf *b);

static inline bool gc_buf_ok(const struct gc_buf *b)
{
    return !b->overflow;
}

static inline size_t gc_buf_left(const struct gc_buf *b)
{
    return b->capacity - b->len;
}

/* What was written so far; valid as long as the memory. */
static inline struct gc_bytes gc_buf_bytes(const struct gc_buf *b)
{
    return (struct gc_bytes){b->data, b->len};
}

/* Each writes all or nothing. */
bool gc_buf_append(struct gc_buf *b, const void *bytes, size_t len);
bool gc_buf_put_str(struct gc_buf *b, struct gc_str s); /* the characters alone */
bool gc_buf_put_u8(struct gc_buf *b, uint8_t v);
bool gc_buf_put_u16(struct gc_buf *b, uint16_t v);
bool gc_buf_put_u32(struct gc_buf *b, uint32_t v);
bool gc_buf_put_u64(struct gc_buf *b, uint64_t v);
bool gc_buf_put_varint(struct gc_buf *b, uint64_t v);

/* Sets `n` bytes aside and returns where they are; NULL where they do not fit. */
uint8_t *gc_buf_reserve(struct gc_buf *b, size_t n);

/* How many bytes gc_buf_put_varint writes for v: 1 to 10. */
size_t gc_varint_size(uint64_t v);

struct gc_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

void gc_reader_init(struct gc_reader *r, struct gc_bytes bytes);

static inline bool gc_reader_ok(const struct gc_reader *r)
{
    return !r->bad;
}

static inline size_t gc_reader_left(const struct gc_reader *r)
{
    return (size_t)(r->end - r->at);
}

/* Nothing failed and nothing is left: how a decoder ends. */
static inline bool gc_reader_done(const struct gc_reader *r)
{
    return !r->bad && r->at == r->end;
}

/* Each writes *ret and moves on, or writes nothing, marks the reader bad and returns false. */
bool gc_reader_u8(struct gc_reader *r, uint8_t *ret);
bool gc_reader_u16(struct gc_reader *r, uint16_t *ret);
bool gc_reader_u32(struct gc_reader *r, uint32_t *ret);
bool gc_reader_u64(struct gc_reader *r, uint64_t *ret);

/* Only the shortest form of a number is taken, so that equal values have equal bytes. */
bool gc_reader_varint(struct gc_reader *r, uint64_t *ret);

/* The next n bytes, borrowed. */
bool gc_reader_bytes(struct gc_reader *r, size_t n, struct gc_bytes *ret);

#endif
