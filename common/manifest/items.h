/* items.h - a block of items, as pages carry them: one after the other { varint text length, text, varint fields length, fields }.
 *
 * `text` is the item as listed; `fields` is one msgpack map (proto/values.h), or nothing. Items of a walked folder have, where it is
 * not 0, the length of the source's own path at the start of the text under the empty key: {"": 7} for "photos/a/b.jpg", listed from
 * "photos". Pure; nothing is copied.
 */
#ifndef GC_COMMON_MANIFEST_ITEMS_H
#define GC_COMMON_MANIFEST_ITEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/slice.h"

/* All or nothing. */
bool gc_items_put(struct gc_buf *b, struct gc_bytes text, struct gc_bytes fields);
/* How many bytes that takes. */
size_t gc_items_size(size_t text, size_t fields);

/* Takes the next item off `block`; false at its end, or where it is broken (and `block` is not empty then). */
bool gc_items_next(struct gc_bytes *block, struct gc_bytes *ret_text, struct gc_bytes *ret_fields);

/* Whether the block is exactly `count` items. */
bool gc_items_check(struct gc_bytes block, uint64_t count);

#endif
