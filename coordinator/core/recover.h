/* recover.h - from what the store kept to the state before: each commit again, without its effects. */
#ifndef GC_CORE_RECOVER_H
#define GC_CORE_RECOVER_H

#include "coordinator/core/core.h"

void core_recover(struct gc_core *core, const struct gc_commit *commit);

#endif
