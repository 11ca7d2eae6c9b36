/* reap.h - giving back what an ended stage still holds, and an ended run, some at a time.
 *
 * A stage that ends is put into the list at once, and so is its run's memory when all its stages are through and nobody watches
 * any more. Leases that are still out are cancelled first.
 */
#ifndef GC_CORE_REAP_H
#define GC_CORE_REAP_H

#include "coordinator/core/core.h"

struct core_run;
struct core_stage;

#define CORE_REAPS       64u /* leases, histories, spans ... of a stage, a step */
#define CORE_REAP_STAGES 8u

void core_reap_stage(struct gc_core *core, struct core_stage *stage);
void core_reap(struct gc_core *core);
/* Frees the run if it is over and nothing holds it any more. */
void core_reap_run(struct gc_core *core, struct core_run *run);

#endif
