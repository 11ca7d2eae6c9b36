/* results.h - results inside the library. */
#ifndef GC_CLIENT_RESULTS_H
#define GC_CLIENT_RESULTS_H

#include "client/graphcap.h"

/* Only what is there of run-scoped nodes: what show --json prints inline. */
int gc_results_of_run(struct graphcap *gc, const char *run, struct graphcap_results **ret,
                      struct graphcap_error *error);

#endif
