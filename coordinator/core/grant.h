/* grant.h - who gets what next: the run by its share, the stage by its kind, the range by measured time, the worker by hunger.
 *
 * Consumers before producers: a run's merges go first, then its listing, then its items; among items those with a history, then
 * those given back, then fresh ones. GC_GRANTS_A_STEP leases a step.
 */
#ifndef GC_CORE_GRANT_H
#define GC_CORE_GRANT_H

#include "coordinator/core/core.h"

void core_grant(struct gc_core *core);

#endif
