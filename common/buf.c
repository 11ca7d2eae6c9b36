#include "common/buf.h"

#include "common/assert.h"

void gc_buf_init(struct gc_buf *b, void *data, size_t capacity)
{
    GC_ASSERT(data != NULL || capacity == 0);
    static uint8_t nothing[1]; /* arithmetic on NULL is undefined even for 0 bytes */
    *b = (struct gc_buf){.data = data ? data : nothing, .capacity = capacity};
}

void gc_buf_reset(struct gc_buf *b)
{
    b->len = 0;
    b->overflow = false;
}

uint8_t *gc_buf_reserve(struct gc_buf *b, size_t n)
{
    GC_ASSERT(b->len <= b->capacity);
    if (b->overflow || n > gc_buf_left(b)) {
        b->overflow = true;
        return NULL;
    }
    uint8_t *at = b->data + b->len;
    b->len += n;
    return at;
}

bool gc_buf_append(struct gc_buf *b, const void *bytes, size_t len)
{
    if (len == 0)
        return gc_buf_ok(b);
    uint8_t *at = gc_buf_reserve(b, len);
    if (!at)
        return false;
    memcpy(at, bytes, len);
    return true;
}

bool gc_buf_put_str(struct gc_buf *b, struct gc_str s)
{
    return gc_buf_append(b, s.ptr, s.len);
}

/* The low `size` bytes of v, lowest first. */
static bool put_little(struct gc_buf *b, uint64_t v, size_t size)
{
    uint8_t *at = gc_buf_reserve(b, size);
    if (!at)
        return false;
    for (size_t i = 0; i < size; i++, v >>= 8)
        at[i] = (uint8_t)v;
    return true;
}

bool gc_buf_put_u8(struct gc_buf *b, uint8_t v)
{
    return put_little(b, v, 1);
}

bool gc_buf_put_u16(struct gc_buf *b, uint16_t v)
{
    return put_little(b, v, 2);
}

bool gc_buf_put_u32(struct gc_buf *b, uint32_t v)
{
    return put_little(b, v, 4);
}

bool gc_buf_put_u64(struct gc_buf *b, uint64_t v)
{
    return put_little(b, v, 8);
}

size_t gc_varint_size(uint64_t v)
{
    size_t size = 1;
    while (v >>= 7)
        size++;
    return size;
}

bool gc_buf_put_varint(struct gc_buf *b, uint64_t v)
{
    size_t size = gc_varint_size(v);
    uint8_t *at = gc_buf_reserve(b, size);
    if (!at)
        return false;
    for (size_t i = 0; i + 1 < size; i++, v >>= 7)
        at[i] = (uint8_t)(v | 0x80);
    at[size - 1] = (uint8_t)v;
    return true;
}

void gc_reader_init(struct gc_reader *r, struct gc_bytes bytes)
{
    static const uint8_t nothing[1];
    const uint8_t *at = bytes.len ? bytes.ptr : nothing; /* no arithmetic on a NULL */
    GC_ASSERT(at != NULL);
    *r = (struct gc_reader){.at = at, .end = at + bytes.len};
}

bool gc_reader_bytes(struct gc_reader *r, size_t n, struct gc_bytes *ret)
{
    if (r->bad || n > gc_reader_left(r)) {
        r->bad = true;
        return false;
    }
    *ret = (struct gc_bytes){r->at, n};
    r->at += n;
    return true;
}

static bool read_little(struct gc_reader *r, size_t size, uint64_t *ret)
{
    struct gc_bytes bytes;
    if (!gc_reader_bytes(r, size, &bytes))
        return false;
    uint64_t v = 0;
    for (size_t i = size; i-- > 0;)
        v = v << 8 | bytes.ptr[i];
    *ret = v;
    return true;
}

bool gc_reader_u8(struct gc_reader *r, uint8_t *ret)
{
    uint64_t v;
    if (!read_little(r, sizeof *ret, &v))
        return false;
    *ret = (uint8_t)v;
    return true;
}

bool gc_reader_u16(struct gc_reader *r, uint16_t *ret)
{
    uint64_t v;
    if (!read_little(r, sizeof *ret, &v))
        return false;
    *ret = (uint16_t)v;
    return true;
}

bool gc_reader_u32(struct gc_reader *r, uint32_t *ret)
{
    uint64_t v;
    if (!read_little(r, sizeof *ret, &v))
        return false;
    *ret = (uint32_t)v;
    return true;
}

bool gc_reader_u64(struct gc_reader *r, uint64_t *ret)
{
    return read_little(r, sizeof *ret, ret);
}

bool gc_reader_varint(struct gc_reader *r, uint64_t *ret)
{
    uint64_t v = 0;
    for (unsigned i = 0; !r->bad && i < GC_VARINT_MAX && i < gc_reader_left(r); i++) {
        uint8_t byte = r->at[i];
        /* The tenth byte has one bit left to give. */
        if (i == GC_VARINT_MAX - 1 && byte > 1)
            break;
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80)
            continue;
        /* A last byte of zero adds nothing: a longer form than it need be. */
        if (byte == 0 && i > 0)
            break;
        r->at += i + 1;
        *ret = v;
        return true;
    }
    r->bad = true;
    return false;
}
