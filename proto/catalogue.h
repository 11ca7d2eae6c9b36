/* catalogue.h - looking into a catalogue. Pure. */
#ifndef GC_PROTO_CATALOGUE_H
#define GC_PROTO_CATALOGUE_H

#include "proto/message.h"

/* The op of that name; NULL: it has none. Its ops are sorted by name. O(log ops). */
const struct gc_op *gc_catalogue_op(const struct gc_catalogue *c, struct gc_bytes name);

#endif
