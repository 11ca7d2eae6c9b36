/* load.h - opening the item's file: what `load` does, and what a step that takes over its decode shares. Inside of worker/ops. */
#ifndef GC_WORKER_OPS_LOAD_H
#define GC_WORKER_OPS_LOAD_H

#include <vips/vips.h>

#include "worker/ops/stage.h"

/* A new source on the item's descriptor, at its start. One at a time: they share the descriptor's place. */
enum gc_cause gc_load_source(struct gc_run *run, VipsSource **ret);

/* The setting fail_on of a `load` step. */
VipsFailOn gc_load_fail_on(const struct gc_step *step);

/* The cause of a failed decoder, from libvips' error buffer. `pixels`: the header was read. */
enum gc_cause gc_load_failed(struct gc_run *run, bool pixels);

/* Width and height of an image file (as it lies there, not turned) by its header. */
enum gc_cause gc_load_size(struct gc_run *run, int fd, int *ret_width, int *ret_height);

#endif
