/* sniff.h - which of the formats that `load` opens a file has, by its first bytes. Pure.
 *
 * Our own look and then the one explicit loader: libvips' own search asks every decoder in turn, and some of them can be made to
 * hang by 185 bytes.
 */
#ifndef GC_WORKER_OPS_SNIFF_H
#define GC_WORKER_OPS_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gc_format {
    const char *name;
    const char *loader;       /* libvips' operation that reads it from a source */
    const char *loader_class; /* what block and unblock call it */
    bool pages;               /* it may hold several frames: the loader takes page and n */
    bool (*is)(const uint8_t *head, size_t len);
};

extern const struct gc_format gc_formats[];
extern const uint32_t gc_formats_n;

/* Whether a file of that size ends before it says itself that it does: WebP's decoder does not tell a cut file from a broken header. */
bool gc_sniff_cut(const uint8_t *head, size_t len, uint64_t size);

#define GC_SNIFF_BYTES 64u

/* NULL: none of them. */
const struct gc_format *gc_sniff(const uint8_t *head, size_t len);

#endif
