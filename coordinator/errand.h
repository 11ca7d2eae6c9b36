/* errand.h - what the store is asked besides commits: the answers to GET, RESULTS, LIST_RUNS, and to SHOW and CONTROL of runs that
 * have ended; lookups; catalogues. Runs on the store's thread. */
#ifndef GC_COORDINATOR_ERRAND_H
#define GC_COORDINATOR_ERRAND_H

#include "coordinator/store/store.h"
#include "coordinator/unit.h"

/* Adds the answer to the unit's parcels. An error that concerns the question is its answer; only a catalogue that cannot be kept
 * is an error here. `unit->bytes` stays as it was put. */
enum gc_err gc_errand_run(struct gc_store *store, struct gc_packer *packer, struct gc_arena *arena,
                          struct gc_unit *unit, struct gc_fault *f) GC_MUST_CHECK;

#endif
