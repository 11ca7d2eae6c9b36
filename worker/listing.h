/* listing.h - the lister, as the loop uses it: listings that the agent asked for, pages of manifests that things need, and a new lister
 * when one has died. Thread: the loop's. */
#ifndef GC_WORKER_LISTING_H
#define GC_WORKER_LISTING_H

#include <stdbool.h>

#include "worker/agent/agent.h"
#include "worker/lister/lister.h"
#include "worker/pool/crew.h"
#include "worker/things.h"

#define GC_LISTING_PAGES 16u /* found and not acknowledged: then the lister waits */

struct gc_listing {
    const char *program;
    struct gc_lister_root roots[GC_MAX_SLOTS];
    uint32_t n_roots;
    struct gc_lister *lister; /* NULL: it died, and could not be started again yet */
    uint64_t retry_ns;
    uint32_t out;                   /* pages that the agent has */
    uint64_t lists[GC_AGENT_LISTS]; /* under way; 0: none */
};

struct gc_loop;

enum gc_err gc_listing_start(struct gc_listing *l, const char *program, const struct gc_crew_root *roots,
                             uint32_t n_roots, struct gc_fault *f) GC_MUST_CHECK;
void gc_listing_stop(struct gc_listing *l);

/* GC_AFX_LIST, GC_AFX_LIST_STOP. False: it could not be begun, and *f says why. */
bool gc_listing_begin(struct gc_listing *l, const struct gc_agent_list *list, struct gc_things *things,
                      struct gc_fault *f);
void gc_listing_end(struct gc_listing *l, uint64_t list);
/* Asks for the bytes of a page that a thing needs. */
void gc_listing_read(struct gc_listing *l, const struct gc_thing *thing, struct gc_things *things);
void gc_listing_unread(struct gc_listing *l, uint64_t thing);

/* GC_AFX_FREE of what it found; other chunks are the crew's. */
bool gc_listing_owns(uint64_t chunk);
void gc_listing_free(struct gc_listing *l, uint64_t chunk);

/* Moves bytes, and gives the agent what was found. */
void gc_listing_turn(struct gc_loop *loop);

#endif
