/* values.h - values of results, in bytes: what travels opaque through the coordinator, written by executors and read by clients.
 *
 * A value is one msgpack object of the kinds nil, bool, int, real, str, bin, array, map. A record value is an array of its
 * fields in the order of the op's `shape`; names are added where it is read. The values of a range of tasks are, for each item
 * in order, for each node of the stage in order whose outcome is done (cached, warned): its value; nothing else.
 *
 * Own writer and cursor reader (no allocation, no recursion beyond GC_MAX_DEPTH): the guard's rules apply. Pure.
 * The image value that no op kept is a record of GC_IMAGE_FIELDS, and behind them what else its op tells of it.
 */
#ifndef GC_PROTO_VALUES_H
#define GC_PROTO_VALUES_H

#include "common/buf.h"
#include "common/error.h"
#include "common/slice.h"
#include "proto/message.h"

/* FIELD(name, type): of every image's record, in this order. */
#define GC_IMAGE_FIELDS(FIELD) \
    FIELD(width, GC_TYPE_INT)  \
    FIELD(height, GC_TYPE_INT) \
    FIELD(bands, GC_TYPE_INT)  \
    FIELD(format, GC_TYPE_STRING)

/* Writers append to `b`; a full buffer is remembered in it (gc_buf_ok). */
void gc_value_put_nil(struct gc_buf *b);
void gc_value_put_bool(struct gc_buf *b, bool v);
void gc_value_put_int(struct gc_buf *b, int64_t v);
void gc_value_put_uint(struct gc_buf *b, uint64_t v);
void gc_value_put_real(struct gc_buf *b, double v);
void gc_value_put_str(struct gc_buf *b, struct gc_bytes v);
void gc_value_put_bin(struct gc_buf *b, struct gc_bytes v);
void gc_value_put_array(struct gc_buf *b, uint32_t n); /* n values follow */
void gc_value_put_map(struct gc_buf *b, uint32_t n);   /* n times key, value follow */

enum gc_value_token_kind {
    GC_TOKEN_NIL,
    GC_TOKEN_BOOL,
    GC_TOKEN_INT,  /* fits int64 */
    GC_TOKEN_UINT, /* above INT64_MAX */
    GC_TOKEN_REAL,
    GC_TOKEN_STR,
    GC_TOKEN_BIN,
    GC_TOKEN_ARRAY,
    GC_TOKEN_MAP,
};
struct gc_value_token {
    enum gc_value_token_kind kind;
    bool flag;
    int64_t integer;
    uint64_t unsigned_integer;
    double real;
    struct gc_bytes bytes;
    uint32_t n;
};
/* Takes the next token off `in`. Limits: a length at most the bytes left, a count at most GC_MAX_CONTAINER and what the bytes left
 * can hold. An int that fits int64 sets `integer`, one that is not negative `unsigned_integer` too. Float32 is widened. On failure
 * `in` is unchanged. GC_ERR_INVALID when the bytes are no msgpack of these kinds. */
enum gc_err gc_value_next(struct gc_bytes *in, struct gc_value_token *ret) GC_MUST_CHECK;
/* Takes one whole value off `in` (depth-limited); its bytes in *ret. */
enum gc_err gc_value_skip(struct gc_bytes *in, struct gc_bytes *ret) GC_MUST_CHECK;

#endif
