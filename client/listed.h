/* listed.h - the items of a source as they were listed: their text and their fields, by number.
 *
 * Pages come from the coordinator, by their index; which page holds an item is searched (their sizes are nearly the same), then
 * remembered. A page that is a reference into a manifest is read from the manifest, where that can be read here and still has
 * the digest that was recorded. Memory: a few pages of at most GC_PAGE_BYTES.
 */
#ifndef GC_CLIENT_LISTED_H
#define GC_CLIENT_LISTED_H

#include "client/connection.h"

struct gc_listed;

/* Of the source that stage `stage` of the plan is, or reads. `plan` must outlive it. */
int gc_listed_open(struct graphcap *gc, uint64_t run_no, const struct gc_plan *plan, uint64_t stage,
                   struct gc_listed **ret, struct graphcap_error *error);
void gc_listed_close(struct gc_listed **items);

struct gc_item {
    bool there; /* false: no such item (yet) */
    bool known; /* false: its manifest cannot be read here */
    struct gc_bytes text;
    struct gc_bytes fields; /* one msgpack map, or empty */
};
/* *ret lives until the next call. */
int gc_listed_get(struct gc_listed *items, uint64_t item, struct gc_item *ret, struct graphcap_error *error);

#endif
