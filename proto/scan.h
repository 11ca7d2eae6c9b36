/* scan.h - the results of a stage as a scanning reducer reads them, in bytes: the bulk of DATA (results), and what a worker keeps
 * of all of them, one part behind the other.
 *
 * A *part* is a batch as it was committed: { varint first item, count, length of the status, length of the values, status, values }.
 * Parts follow on each other: each begins with the item behind the last one of the part before, and has all nodes of its items. Those
 * of a stage that has ended hold every item, from the first.
 *
 * Reading is hostile-safe. Pure; nothing is allocated.
 */
#ifndef GC_PROTO_SCAN_H
#define GC_PROTO_SCAN_H

#include "common/buf.h"
#include "common/error.h"
#include "common/slice.h"

struct gc_scan_part {
    uint64_t first;
    uint64_t count;
    struct gc_bytes status; /* status.h */
    struct gc_bytes values; /* values.h */
};

/* What stands before its status takes so many bytes at most; a batch that leaves less room in a message is not accepted. */
#define GC_SCAN_PART_HEAD (4u * GC_VARINT_MAX)

/* How many bytes it takes. */
size_t gc_scan_part_size(const struct gc_scan_part *part);
/* Appends it whole, or nothing (false). */
bool gc_scan_part_put(struct gc_buf *out, const struct gc_scan_part *part);
/* Takes the next part off the reader, borrowed; false where there is none, or no whole one: gc_reader_done tells which. The
 * status and the values are as the sender had them: not checked here. */
bool gc_scan_part_take(struct gc_reader *in, struct gc_scan_part *ret);

#endif
