/* pages.h - PAGES: what a LIST lease found, judged, committed, and handed to those who read it. */
#ifndef GC_CORE_PAGES_H
#define GC_CORE_PAGES_H

#include "coordinator/core/core.h"

void core_pages_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);

#endif
