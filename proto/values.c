#include "proto/values.h"

#include <string.h>

#include "common/assert.h"

/* The bytes that begin a msgpack object; the fix forms carry a small number in their low bits. */
enum {
    FIXINT_LAST = 0x7f,
    FIXMAP = 0x80,
    FIXARRAY = 0x90,
    FIXSTR = 0xa0,
    NIL = 0xc0,
    FALSE = 0xc2,
    TRUE = 0xc3,
    BIN8 = 0xc4,
    BIN16 = 0xc5,
    BIN32 = 0xc6,
    FLOAT32 = 0xca,
    FLOAT64 = 0xcb,
    UINT8 = 0xcc,
    UINT16 = 0xcd,
    UINT32 = 0xce,
    UINT64 = 0xcf,
    INT8 = 0xd0,
    INT16 = 0xd1,
    INT32 = 0xd2,
    INT64 = 0xd3,
    STR8 = 0xd9,
    STR16 = 0xda,
    STR32 = 0xdb,
    ARRAY16 = 0xdc,
    ARRAY32 = 0xdd,
    MAP16 = 0xde,
    MAP32 = 0xdf,
    NEGFIX = 0xe0,
};

_Static_assert(sizeof(double) == 8 && sizeof(float) == 4, "IEEE 754, as msgpack has it");

/* ---- writing ---- */

/* A head byte and `n` bytes of `v`, most significant first, whole or not at all. */
static void put_head(struct gc_buf *b, uint8_t head, uint64_t v, unsigned n)
{
    uint8_t bytes[9];
    bytes[0] = head;
    for (unsigned i = 0; i < n; i++)
        bytes[1 + i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    gc_buf_append(b, bytes, 1 + n);
}

void gc_value_put_nil(struct gc_buf *b)
{
    put_head(b, NIL, 0, 0);
}

void gc_value_put_bool(struct gc_buf *b, bool v)
{
    put_head(b, v ? TRUE : FALSE, 0, 0);
}

void gc_value_put_uint(struct gc_buf *b, uint64_t v)
{
    if (v <= FIXINT_LAST)
        put_head(b, (uint8_t)v, 0, 0);
    else if (v <= UINT8_MAX)
        put_head(b, UINT8, v, 1);
    else if (v <= UINT16_MAX)
        put_head(b, UINT16, v, 2);
    else if (v <= UINT32_MAX)
        put_head(b, UINT32, v, 4);
    else
        put_head(b, UINT64, v, 8);
}

void gc_value_put_int(struct gc_buf *b, int64_t v)
{
    if (v >= 0)
        gc_value_put_uint(b, (uint64_t)v);
    else if (v >= -32)
        put_head(b, (uint8_t)v, 0, 0);
    else if (v >= INT8_MIN)
        put_head(b, INT8, (uint64_t)v, 1);
    else if (v >= INT16_MIN)
        put_head(b, INT16, (uint64_t)v, 2);
    else if (v >= INT32_MIN)
        put_head(b, INT32, (uint64_t)v, 4);
    else
        put_head(b, INT64, (uint64_t)v, 8);
}

void gc_value_put_real(struct gc_buf *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_head(b, FLOAT64, bits, 8);
}

/* The length's head and then the bytes; what does not fit leaves no head behind. */
static void put_run(struct gc_buf *b, uint8_t head8, unsigned fix, unsigned fix_most, struct gc_bytes v)
{
    GC_ASSERT(v.len <= UINT32_MAX);
    size_t start = b->len;
    if (fix != 0 && v.len <= fix_most)
        put_head(b, (uint8_t)(fix | v.len), 0, 0);
    else if (v.len <= UINT8_MAX)
        put_head(b, head8, v.len, 1);
    else if (v.len <= UINT16_MAX)
        put_head(b, (uint8_t)(head8 + 1), v.len, 2);
    else
        put_head(b, (uint8_t)(head8 + 2), v.len, 4);
    if (v.len > 0 && !gc_buf_append(b, v.ptr, v.len))
        b->len = start;
}

void gc_value_put_str(struct gc_buf *b, struct gc_bytes v)
{
    put_run(b, STR8, FIXSTR, 31, v);
}

void gc_value_put_bin(struct gc_buf *b, struct gc_bytes v)
{
    put_run(b, BIN8, 0, 0, v);
}

static void put_container(struct gc_buf *b, unsigned fix, uint8_t head16, uint32_t n)
{
    if (n <= 15)
        put_head(b, (uint8_t)(fix | n), 0, 0);
    else if (n <= UINT16_MAX)
        put_head(b, head16, n, 2);
    else
        put_head(b, (uint8_t)(head16 + 1), n, 4);
}

void gc_value_put_array(struct gc_buf *b, uint32_t n)
{
    put_container(b, FIXARRAY, ARRAY16, n);
}

void gc_value_put_map(struct gc_buf *b, uint32_t n)
{
    put_container(b, FIXMAP, MAP16, n);
}

/* ---- reading ---- */

/* `n` bytes off `in`, most significant first. */
static bool take_number(struct gc_bytes *in, unsigned n, uint64_t *ret)
{
    uint64_t v = 0;
    if (in->len < n)
        return false;
    for (unsigned i = 0; i < n; i++)
        v = v << 8 | in->ptr[i];
    in->ptr += n;
    in->len -= n;
    *ret = v;
    return true;
}

static bool take_uint(struct gc_bytes *in, unsigned n, struct gc_value_token *t)
{
    uint64_t v;
    if (!take_number(in, n, &v))
        return false;
    t->kind = v <= INT64_MAX ? GC_TOKEN_INT : GC_TOKEN_UINT;
    t->integer = v <= INT64_MAX ? (int64_t)v : 0;
    t->unsigned_integer = v;
    return true;
}

static bool take_int(struct gc_bytes *in, unsigned n, struct gc_value_token *t)
{
    uint64_t v;
    if (!take_number(in, n, &v))
        return false;
    /* Fills the upper bytes with the sign. */
    unsigned shift = 64 - 8 * n;
    t->kind = GC_TOKEN_INT;
    t->integer = (int64_t)(v << shift) >> shift;
    t->unsigned_integer = t->integer >= 0 ? (uint64_t)t->integer : 0;
    return true;
}

static bool take_real(struct gc_bytes *in, unsigned n, struct gc_value_token *t)
{
    uint64_t v;
    if (!take_number(in, n, &v))
        return false;
    t->kind = GC_TOKEN_REAL;
    if (n == 8) {
        memcpy(&t->real, &v, sizeof t->real);
    } else {
        uint32_t bits = (uint32_t)v;
        float f;
        memcpy(&f, &bits, sizeof f);
        t->real = (double)f;
    }
    return true;
}

static bool take_bytes(struct gc_bytes *in, uint64_t len, enum gc_value_token_kind kind,
                       struct gc_value_token *t)
{
    if (len > in->len)
        return false;
    t->kind = kind;
    t->bytes = gc_bytes_of(in->ptr, (size_t)len);
    in->ptr += len;
    in->len -= (size_t)len;
    return true;
}

static bool take_run(struct gc_bytes *in, unsigned n, enum gc_value_token_kind kind, struct gc_value_token *t)
{
    uint64_t len;
    return take_number(in, n, &len) && take_bytes(in, len, kind, t);
}

/* An element is a byte at least, so a count above the bytes left is a lie, found before anybody makes room for it. */
static bool open_container(const struct gc_bytes *in, uint64_t n, enum gc_value_token_kind kind,
                           struct gc_value_token *t)
{
    uint64_t each = kind == GC_TOKEN_MAP ? 2 : 1;
    if (n > GC_MAX_CONTAINER || n * each > in->len)
        return false;
    t->kind = kind;
    t->n = (uint32_t)n;
    return true;
}

static bool take_container(struct gc_bytes *in, unsigned width, enum gc_value_token_kind kind,
                           struct gc_value_token *t)
{
    uint64_t n;
    return take_number(in, width, &n) && open_container(in, n, kind, t);
}

/* What begins with a byte below NIL or from NEGFIX on: the number is in the byte. */
static bool take_fix(struct gc_bytes *in, uint8_t head, struct gc_value_token *t)
{
    if (head <= FIXINT_LAST || head >= NEGFIX) {
        t->kind = GC_TOKEN_INT;
        t->integer = head <= FIXINT_LAST ? head : (int64_t)head - 256;
        t->unsigned_integer = head <= FIXINT_LAST ? head : 0;
        return true;
    }
    if (head >= FIXSTR)
        return take_bytes(in, head & 0x1fu, GC_TOKEN_STR, t);
    return open_container(in, head & 0x0fu, head >= FIXARRAY ? GC_TOKEN_ARRAY : GC_TOKEN_MAP, t);
}

static bool take_token(struct gc_bytes *in, struct gc_value_token *t)
{
    if (in->len == 0)
        return false;
    uint8_t head = in->ptr[0];
    in->ptr++;
    in->len--;
    if (head < NIL || head >= NEGFIX)
        return take_fix(in, head, t);
    switch (head) {
    case NIL: t->kind = GC_TOKEN_NIL; return true;
    case FALSE:
    case TRUE:
        t->kind = GC_TOKEN_BOOL;
        t->flag = head == TRUE;
        return true;
    case FLOAT32: return take_real(in, 4, t);
    case FLOAT64: return take_real(in, 8, t);
    case UINT8:
    case UINT16:
    case UINT32:
    case UINT64: return take_uint(in, 1u << (head - UINT8), t);
    case INT8:
    case INT16:
    case INT32:
    case INT64: return take_int(in, 1u << (head - INT8), t);
    case STR8:
    case STR16:
    case STR32: return take_run(in, 1u << (head - STR8), GC_TOKEN_STR, t);
    case BIN8:
    case BIN16:
    case BIN32: return take_run(in, 1u << (head - BIN8), GC_TOKEN_BIN, t);
    case ARRAY16:
    case ARRAY32: return take_container(in, 2u << (head - ARRAY16), GC_TOKEN_ARRAY, t);
    case MAP16:
    case MAP32: return take_container(in, 2u << (head - MAP16), GC_TOKEN_MAP, t);
    default: return false; /* extension types, and 0xc1, which msgpack never uses */
    }
}

enum gc_err gc_value_next(struct gc_bytes *in, struct gc_value_token *ret)
{
    struct gc_bytes rest = *in;
    struct gc_value_token t = {.kind = GC_TOKEN_NIL};
    if (!take_token(&rest, &t))
        return GC_ERR_INVALID;
    *in = rest;
    *ret = t;
    return GC_OK;
}

enum gc_err gc_value_skip(struct gc_bytes *in, struct gc_bytes *ret)
{
    struct gc_bytes rest = *in;
    uint64_t open[GC_MAX_DEPTH]; /* objects still to come in each container that is open */
    unsigned depth = 0;
    do {
        struct gc_value_token t;
        if (gc_value_next(&rest, &t) != GC_OK)
            return GC_ERR_INVALID;
        if (depth > 0)
            open[depth - 1]--;
        if (t.kind == GC_TOKEN_ARRAY || t.kind == GC_TOKEN_MAP) {
            if (depth == GC_MAX_DEPTH)
                return GC_ERR_INVALID;
            open[depth++] = t.kind == GC_TOKEN_MAP ? 2u * (uint64_t)t.n : t.n;
        }
        while (depth > 0 && open[depth - 1] == 0)
            depth--;
    } while (depth > 0);
    *ret = gc_bytes_of(in->ptr, in->len - rest.len);
    *in = rest;
    return GC_OK;
}
