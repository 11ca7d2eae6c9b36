/* sniff.h - which of the formats of formats.def a file has, by its first bytes. Pure.
 *
 * Our own look and then the one explicit loader: libvips' own search asks every decoder in turn, and some of them can be made to
 * hang by 185 bytes. What has no mark of its own in its first bytes (CSV, a matrix) cannot be told and is not read.
 */
#ifndef GC_WORKER_OPS_SNIFF_H
#define GC_WORKER_OPS_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a decoder can leave out when only a smaller image is wanted: libvips' thumbnail decides, by these rules. */
enum gc_shrinks {
    GC_SHRINKS_NEVER,
    GC_SHRINKS_BLOCKS,    /* by 2, 4 or 8, where at least as much again is left to the resize */
    GC_SHRINKS_FREELY,    /* to any smaller size */
    GC_SHRINKS_LEVELS,    /* it may hold smaller copies of itself, as pages or subdirectories */
    GC_SHRINKS_THUMBNAIL, /* it may hold one small copy of itself */
    GC_SHRINKS_DRAWN,     /* it has no pixels: it is drawn at the size asked for */
};

struct gc_format {
    const char *name;
    const char *loader; /* libvips' operation that reads it from a source; NULL: it is not read, see `why` */
    const char *loader_class; /* what block and unblock call it */
    const char *why;
    bool asked; /* read only where the job names it in `loaders` */
    bool pages; /* it may hold several frames: the loader takes page and n */
    enum gc_shrinks shrinks;
    unsigned cost; /* nanoseconds to decode a pixel, about */
    bool (*is)(const uint8_t *head, size_t len);
};

extern const struct gc_format gc_formats[];
extern const uint32_t gc_formats_n;

/* Names of those that `loaders` may add; ends with NULL. */
extern const char *const gc_loader_names[];

/* Whether a file of that size ends before it says itself that it does, where its decoder does not tell a cut file from a broken
 * header: WebP has its length in its head, a TIFF the place of its directory, which most writers put at the end. */
bool gc_sniff_cut(const uint8_t *head, size_t len, uint64_t size);

#define GC_SNIFF_BYTES 1024u

/* NULL: none of them. */
const struct gc_format *gc_sniff(const uint8_t *head, size_t len);

#endif
