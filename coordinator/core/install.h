/* install.h - a plan taken apart into a run's nodes and stages, in the run's own memory.
 *
 * The plan is borrowed from the event; what a run needs of it is copied. Programs stay with the store.
 */
#ifndef GC_CORE_INSTALL_H
#define GC_CORE_INSTALL_H

#include "coordinator/core/core.h"

struct core_run;

/* Whether the plan agrees with itself: every index, kind and length. It may come from a disk. */
bool core_install_fits(const struct gc_plan *plan);
/* False: no room; core_uninstall takes back what was made. */
bool core_install(struct gc_core *core, struct core_run *run, const struct gc_job *job,
                  const struct gc_plan *plan) GC_MUST_CHECK;
void core_uninstall(struct gc_core *core, struct core_run *run);

#endif
