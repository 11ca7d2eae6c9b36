/* manifest_page.h - the items of a page that is only a reference: read from the manifest itself, where that can be read here. */
#ifndef GC_CLIENT_MANIFEST_PAGE_H
#define GC_CLIENT_MANIFEST_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/slice.h"
#include "proto/message.h"

/* Makes a block of items (common/manifest/items.h) as an inlined page has it; the caller frees *ret. False: the manifest is not
 * here (another machine's, below a named root), has changed since, or cannot be understood. That is no error: the items' numbers
 * are known all the same. `program`: the encoded program of the source that listed it. */
bool gc_manifest_page(struct gc_bytes program, const struct gc_page *page, uint8_t **ret, size_t *ret_len);

#endif
