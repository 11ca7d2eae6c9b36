#include "proto/names.h"

bool gc_clash_put(struct gc_buf *out, const struct gc_clash *clash)
{
    return gc_buf_put_varint(out, clash->item) && gc_buf_put_varint(out, clash->node) &&
           gc_buf_put_varint(out, clash->first_item) && gc_buf_put_varint(out, clash->first_node);
}

bool gc_clash_take(struct gc_reader *in, struct gc_clash *ret)
{
    return gc_reader_left(in) > 0 && gc_reader_varint(in, &ret->item) && gc_reader_varint(in, &ret->node) &&
           gc_reader_varint(in, &ret->first_item) && gc_reader_varint(in, &ret->first_node);
}
