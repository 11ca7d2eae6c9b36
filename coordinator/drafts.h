/* drafts.h - plans of dry submissions, for a while: what a client that asks for a plan and runs nothing reads.
 *
 * A draft has a number, as a run has one, and GET (plan) takes it in a run's place; drafts' numbers begin where no run's ever come.
 * Bounds: GC_DRAFTS of them, GC_DRAFTS_BYTES in all, the one kept longest ago makes room; forgotten GC_DRAFT_NS after they were
 * read last. They are gone after a restart: the client submits again. Thread: the loop's.
 */
#ifndef GC_COORDINATOR_DRAFTS_H
#define GC_COORDINATOR_DRAFTS_H

#include "common/list.h"
#include "common/macros.h"
#include "common/slice.h"
#include "proto/limits.h"

#define GC_DRAFTS       64u
#define GC_DRAFTS_BYTES (16u * 1024u * 1024u)
#define GC_DRAFT_NS     (60u * GC_S)
#define GC_DRAFT_FIRST  (UINT64_C(1) << 63) /* number of the first */

_Static_assert(GC_DRAFTS_BYTES >= GC_MAX_DOCUMENT, "any plan has room");

struct gc_drafts {
    struct gc_list kept; /* the one used longest ago first */
    size_t bytes;
    uint64_t next;
};

void gc_drafts_init(struct gc_drafts *d);
void gc_drafts_release(struct gc_drafts *d);

/* Keeps a copy of an encoded plan of at most GC_MAX_DOCUMENT bytes. Its number; 0: there is no memory. */
uint64_t gc_drafts_keep(struct gc_drafts *d, struct gc_bytes plan, uint64_t now_ns) GC_MUST_CHECK;

/* The plan of that number, which lives until the next call; false: there is none (any more). O(drafts). */
bool gc_drafts_find(struct gc_drafts *d, uint64_t number, uint64_t now_ns,
                    struct gc_bytes *ret) GC_MUST_CHECK;

/* Forgets what nobody has read for a while. */
void gc_drafts_tend(struct gc_drafts *d, uint64_t now_ns);

#endif
