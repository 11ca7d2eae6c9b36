/* groups.h - items with hashes, the groups of near ones among them, and what the members of some groups are called. Inside of worker/ops.
 *
 * Items are added in order; then they are grouped, once. A group has two members at least; groups stand by size, the largest first, and
 * those of a size by their first item, so that the same items have the same groups in the same order.
 * What items are called (their sources) is too much to keep of all: groups are *laid out* one batch after the other, as many as the
 * memory for that takes, and a pass over all items puts what they are called onto their groups' places.
 *
 * Cost: near.h's, and O(n) for each batch. Memory: 20 bytes an item, near.h's while grouping and 40 a group after it; a batch's.
 */
#ifndef GC_WORKER_OPS_GROUPS_H
#define GC_WORKER_OPS_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/slice.h"

struct gc_group {
    uint32_t first; /* which of the added items: its first */
    uint32_t size;
    uint64_t bytes; /* that all its members take when laid out */
    uint64_t begin; /* laid out: its members lie in [begin, end) */
    uint64_t end;
    uint32_t there; /* laid out: how many of its members are there */
};

struct gc_groups {
    uint32_t n; /* items */
    uint32_t capacity;
    uint32_t *items;   /* their numbers, ascending */
    uint64_t *hashes;  /* until they are grouped */
    uint32_t *lengths; /* of what they are called */
    uint32_t *group;   /* grouped: the group of each; GC_NO_GROUP: none */
    struct gc_group *groups;
    uint32_t n_groups;
    uint64_t grouped; /* items in groups */
};

#define GC_NO_GROUP UINT32_MAX

void gc_groups_init(struct gc_groups *g);
void gc_groups_release(struct gc_groups *g);

/* An item above those before it. GC_ERR_LIMIT: there are GC_NEAR_MAX_HASHES already; GC_ERR_NOMEM. */
enum gc_err gc_groups_add(struct gc_groups *g, uint32_t item, uint64_t hash, uint32_t length) GC_MUST_CHECK;
/* GC_ERR_NOMEM. */
enum gc_err gc_groups_find(struct gc_groups *g, unsigned distance) GC_MUST_CHECK;

/* Members of the groups [from, to), one behind the other. */
struct gc_layout {
    uint8_t *memory;
    uint64_t capacity;
    uint32_t from;
    uint32_t to;
    uint32_t members; /* of a group at most */
    uint32_t longest; /* what is called longer is put down without its name */
};

struct gc_group_member {
    uint32_t item;
    bool named;
    struct gc_bytes source;
};

/* Lays out groups from l->from on, `most` of them at most, as many as there is memory for; sets l->to. It may be none: then the first
 * one alone takes more. Of l, memory, capacity, from, members and longest are the caller's. */
void gc_layout_begin(struct gc_layout *l, struct gc_groups *g, uint32_t most);
/* What the i-th of the added items is called (ptr NULL: nobody knows); only those of a group laid out are kept. In the order of items.
 * False: it was called otherwise when it was added. */
bool gc_layout_put(struct gc_layout *l, struct gc_groups *g, uint32_t i,
                   struct gc_bytes source) GC_MUST_CHECK;
/* The members of a group that is laid out, in order: *at, zero at first, is the walk's. */
bool gc_layout_next(const struct gc_layout *l, const struct gc_groups *g, uint32_t group, uint64_t *at,
                    struct gc_group_member *ret);

#endif
