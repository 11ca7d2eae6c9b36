#include "common/manifest/items.h"

bool gc_items_put(struct gc_buf *b, struct gc_bytes text, struct gc_bytes fields)
{
    if (!gc_buf_ok(b) || gc_buf_left(b) < gc_items_size(text.len, fields.len))
        return false;
    (void)gc_buf_put_varint(b, text.len);
    (void)gc_buf_append(b, text.ptr, text.len);
    (void)gc_buf_put_varint(b, fields.len);
    (void)gc_buf_append(b, fields.ptr, fields.len);
    return true;
}

size_t gc_items_size(size_t text, size_t fields)
{
    return gc_varint_size(text) + text + gc_varint_size(fields) + fields;
}

static bool take(struct gc_reader *in, struct gc_bytes *ret)
{
    uint64_t len;
    return gc_reader_varint(in, &len) && len <= gc_reader_left(in) && gc_reader_bytes(in, (size_t)len, ret);
}

bool gc_items_next(struct gc_bytes *block, struct gc_bytes *ret_text, struct gc_bytes *ret_fields)
{
    struct gc_reader in;
    struct gc_bytes text;
    struct gc_bytes fields;
    gc_reader_init(&in, *block);
    if (block->len == 0 || !take(&in, &text) || !take(&in, &fields))
        return false;
    *block = gc_bytes_of(in.at, gc_reader_left(&in));
    *ret_text = text;
    *ret_fields = fields;
    return true;
}

bool gc_items_check(struct gc_bytes block, uint64_t count)
{
    struct gc_bytes text;
    struct gc_bytes fields;
    uint64_t n = 0;
    while (gc_items_next(&block, &text, &fields))
        n++;
    return block.len == 0 && n == count;
}
