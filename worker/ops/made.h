/* made.h - what a built operation has made, into a cell: its images, and its values as a record or behind an image's own fields.
 * Inside of worker/ops.
 *
 * All values that an operation of the table can tell are taken: libvips 8.14 has them whether anybody asks or not. A real that is not
 * finite is nil, and so is a list that was not filled. */
#ifndef GC_WORKER_OPS_MADE_H
#define GC_WORKER_OPS_MADE_H

#include "worker/ops/form.h"
#include "worker/ops/stage.h"

/* `canvas`: what it painted on, or NULL. References of its own. */
enum gc_cause gc_made_take(struct gc_run *run, const struct gc_form *form, VipsOperation *op,
                           VipsImage *canvas, bool streamed, struct gc_cell *ret);

#endif
