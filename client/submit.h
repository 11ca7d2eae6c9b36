/* submit.h - submissions that run nothing, within the library. */
#ifndef GC_CLIENT_SUBMIT_H
#define GC_CLIENT_SUBMIT_H

#include "client/graphcap.h"

/* Has the job planned: *ret is the number of its draft (document.h: gc_plan_get_number), 0: it could not be kept.
 * GRAPHCAP_INVALID: it was refused, its problems say why. */
int gc_submit_dry(struct graphcap *gc, struct graphcap_job *job, uint64_t *ret, struct graphcap_error *error);

#endif
