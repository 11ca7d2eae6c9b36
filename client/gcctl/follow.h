/* follow.h - waiting for a run to end, with progress and Ctrl-C. */
#ifndef GC_GCCTL_FOLLOW_H
#define GC_GCCTL_FOLLOW_H

#include "client/gcctl/gcctl.h"

/* From here on SIGINT, SIGTERM and SIGHUP interrupt calls on g->gc instead of ending the program. */
void follow_signals(struct gcctl *g);

/* Waits. GCCTL_OK: *ret is how the run ended. Else the exit code, and why was said.
 * `ours`: the run was started by this command. Interrupted, a private coordinator's run is paused then, and a second signal cancels
 * it; on a shared coordinator it goes on. */
int follow_run(struct gcctl *g, const char *run, bool ours, struct graphcap_run **ret);

/* What is done after a signal while the run may have been submitted already. Returns the exit code. */
int follow_interrupted(struct gcctl *g, const char *run, bool ours);

#endif
