/* source.h - a file as libvips reads it: by a source with a place of its own, and with the one decoder that may be asked. Inside of
 * worker/ops.
 *
 * Several decodes of one file go on at the same time, each at its own place, over one descriptor: a source reads with pread and
 * never moves the descriptor. It can seek and knows its length, so that libvips keeps nothing of what it read; decoders that want
 * the whole file as memory (WebP's) get a copy: a mapping would end the process when somebody cuts the file meanwhile.
 *
 * Decoders are blocked, all of them, but for the time in which one image is opened: libvips' thumbnail looks for a decoder itself,
 * and asks each that is not blocked. Pixels are decoded later, when nothing is looked up any more. Cost: half a microsecond a pair.
 */
#ifndef GC_WORKER_OPS_SOURCE_H
#define GC_WORKER_OPS_SOURCE_H

#include <vips/vips.h>

#include "worker/ops/sniff.h"

/* A new reference. `fd` stays the caller's, open for as long as the source lives. NULL: no memory. */
VipsSource *gc_source_new(int fd);

void gc_decoder_unblock(const struct gc_format *format);
void gc_decoder_block(const struct gc_format *format);

#endif
