/* effects.h - the list of what is to happen, and the scratch that its pointers lead into. Both are emptied when a step begins.
 *
 * A step makes at most CORE_EFFECTS effects: the largest single causes are a beat or an inventory (GC_MAX_INVENTORY entries) and
 * a lost worker (GC_MAX_SLOTS suspicions); everything that could be longer is cut into steps by its owner.
 */
#ifndef GC_CORE_EFFECTS_H
#define GC_CORE_EFFECTS_H

#include "coordinator/core/core.h"

#define CORE_EFFECTS 4096u
/* The worst step: each suspicion of a lost worker ends an item for good, with a text for each of its nodes. */
#define CORE_SCRATCH_BYTES ((size_t)16 * 1024 * 1024)
_Static_assert(CORE_EFFECTS > 2 * (GC_MAX_INVENTORY + GC_MAX_SLOTS) + 4 * GC_GRANTS_A_STEP,
               "a step's effects fit");
_Static_assert(CORE_SCRATCH_BYTES > (size_t)GC_MAX_SLOTS * GC_MAX_STAGE_NODES * (GC_MAX_TEXT + 64u),
               "a step's texts fit");

struct core_effects {
    struct gc_effect *list;
    uint32_t n;
    struct gc_arena scratch;
};

size_t core_effects_size(void);
enum gc_err core_effects_init(struct gc_core *core, struct gc_arena *arena) GC_MUST_CHECK;
void core_effects_reset(struct gc_core *core);

/* Appends a message, zeroed but for its type and `re`; the caller fills the rest before it appends another. */
struct gc_msg *core_send(struct gc_core *core, gc_peer peer, enum gc_msg_type type, uint64_t re);
/* ERROR: what `re` asked for had no effect. `text` is static. */
void core_error(struct gc_core *core, gc_peer peer, uint64_t re, enum gc_err code, const char *text);
/* Appends a commit, zeroed but for its kind. */
struct gc_commit *core_commit(struct gc_core *core, enum gc_commit_kind kind);
/* The store is to answer. */
void core_read(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);

/* Zeroed; never NULL: what a step may take is bounded, see above. */
void *core_scratch(struct gc_core *core, size_t count, size_t size);
#define CORE_SCRATCH(core, type, count) ((type *)core_scratch((core), (count), sizeof(type)))

/* Static text as bytes of a message. */
struct gc_bytes core_text(const char *text);

#endif
