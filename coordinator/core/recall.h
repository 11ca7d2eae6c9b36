/* recall.h - asking back what has not started, so that nobody idles beside somebody's queue. Asked, not told: the answer decides.
 *
 * A lease is asked once in its life. The heap holds those that were not asked, most estimated work first (on a tie the youngest,
 * which is likelier to be waiting), so finding whom to ask is O(1).
 */
#ifndef GC_CORE_RECALL_H
#define GC_CORE_RECALL_H

#include "coordinator/core/core.h"

struct core_lease;

/* Less work than that is not worth a trip. */
#define CORE_RECALL_NS (GC_LEASE_TARGET_NS / 4)
#define CORE_RECALLS   16u /* a step, and of a pausing run */

/* Asks for this lease, unless it was asked. */
void core_recall_ask(struct gc_core *core, struct core_lease *lease);
/* After the grants: for each worker that holds nothing while nothing is pending, the heaviest lease of another. */
void core_recall(struct gc_core *core);
/* Goes on asking for the leases of runs that were paused. */
void core_recall_pausing(struct gc_core *core);
/* RECALLED, also without having been asked. */
void core_recall_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);

#endif
