/* watch.h - a run that is being watched: a standing request, and the last account of the run that came. */
#ifndef GC_CLIENT_WATCH_H
#define GC_CLIENT_WATCH_H

#include "client/connection.h"

/* Offers a received message to the watches of the connection. True: it was for one of them, and for nobody else. A RUN_INFO is
 * taken by the watch of its run and left to others too, since a SHOW may have asked for the same. */
bool gc_watch_take(struct graphcap *gc, const struct gc_msg *msg);

/* A public copy of a RUN_INFO, freed by graphcap_run_free. */
int gc_run_copy(struct graphcap *gc, const struct gc_msg *msg, struct graphcap_run **ret,
                struct graphcap_error *error);

#endif
