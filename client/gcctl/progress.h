/* progress.h - the line that tells how a run goes, drawn over itself on a terminal and nowhere else. */
#ifndef GC_GCCTL_PROGRESS_H
#define GC_GCCTL_PROGRESS_H

#include "client/gcctl/gcctl.h"

struct progress {
    uint64_t told_sources; /* bits: whose listing was reported */
    /* A rate over the last seconds says more than one since the start. */
    uint64_t at_ns, over, pixels;
    double items_per_second, megapixels_per_second;
};

/* Draws the line (on a terminal), and says once what each source took. */
void progress_show(struct gcctl *g, struct progress *p, const struct graphcap_run *run);
/* Takes the line away; nothing happens where there is none. */
void progress_clear(struct gcctl *g);

/* All failed outcomes, and the items of all sources. */
uint64_t progress_failed(const struct graphcap_run *run);
uint64_t progress_items(const struct graphcap_run *run, bool *ret_known);

#endif
