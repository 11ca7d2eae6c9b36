#include "proto/scan.h"

size_t gc_scan_part_size(const struct gc_scan_part *part)
{
    return gc_varint_size(part->first) + gc_varint_size(part->count) + gc_varint_size(part->status.len) +
           gc_varint_size(part->values.len) + part->status.len + part->values.len;
}

bool gc_scan_part_put(struct gc_buf *out, const struct gc_scan_part *part)
{
    if (!gc_buf_ok(out) || gc_scan_part_size(part) > gc_buf_left(out))
        return false;
    gc_buf_put_varint(out, part->first);
    gc_buf_put_varint(out, part->count);
    gc_buf_put_varint(out, part->status.len);
    gc_buf_put_varint(out, part->values.len);
    gc_buf_append(out, part->status.ptr, part->status.len);
    gc_buf_append(out, part->values.ptr, part->values.len);
    return gc_buf_ok(out);
}

bool gc_scan_part_take(struct gc_reader *in, struct gc_scan_part *ret)
{
    uint64_t status;
    uint64_t values;
    if (gc_reader_left(in) == 0)
        return false;
    return gc_reader_varint(in, &ret->first) && gc_reader_varint(in, &ret->count) &&
           gc_reader_varint(in, &status) && gc_reader_varint(in, &values) &&
           gc_reader_bytes(in, (size_t)status, &ret->status) &&
           gc_reader_bytes(in, (size_t)values, &ret->values);
}
