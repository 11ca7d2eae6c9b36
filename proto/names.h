/* names.h - the names of outputs that two items of a run could make alike: as hashes with the pages that list the items, and as
 * *clashes* with the pages that workers fetch. Pure; nothing is allocated.
 *
 * A name's hash is the first GC_NAME_BYTES of BLAKE2b of the path, as the template gives it; all zero: the item makes none (it has
 * not the field, say, and fails by itself). The store keeps, while a run lives, which (item, node) made a name first; any other of the
 * same run is a clash, and its node fails with cause `output` before anything is written.
 * In bytes a clash is four varints; a page's come one behind the other, by item, then node.
 */
#ifndef GC_PROTO_NAMES_H
#define GC_PROTO_NAMES_H

#include "common/buf.h"
#include "proto/limits.h"

struct gc_clash {
    uint64_t item; /* of the run */
    uint64_t node; /* of the job */
    uint64_t first_item;
    uint64_t first_node;
};

bool gc_clash_put(struct gc_buf *out, const struct gc_clash *clash);
/* False: no more, or not whole; gc_reader_done tells which. */
bool gc_clash_take(struct gc_reader *in, struct gc_clash *ret);

#endif
