/* fault.h - what a failure does to an item: once more, later, elsewhere, without a node, or never. */
#ifndef GC_CORE_FAULT_H
#define GC_CORE_FAULT_H

#include "coordinator/core/core.h"

struct core_lease;

/* FAULT from a worker. */
void core_fault_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);
/* The lease's worker was lost uncleanly while it ran the item: it leaves the lease with a suspicion. The item is the lease's. */
void core_fault_suspect(struct gc_core *core, struct core_lease *lease, uint64_t item);
/* Whether the item (as FAULT and BEAT name it) is still the lease's. */
bool core_fault_owns(const struct gc_core *core, const struct core_lease *lease, uint64_t item);

#endif
