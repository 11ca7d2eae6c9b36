/* command.h - how the vips command does the same as an operation: a template as op.h has it. Inside of worker/ops. */
#ifndef GC_WORKER_OPS_COMMAND_H
#define GC_WORKER_OPS_COMMAND_H

#include "common/buf.h"
#include "worker/ops/form.h"

/* Appends it: "vips crop {input} {out} {left} {top} {width} {height} {options}". From the first setting on that may be negative the
 * command would take a number for an option, so options come before it and "--" between them. An operation that paints does so in
 * the file that it is given, hence on a copy: "vips copy {image} {out} && vips draw_rect {out} ...". */
void gc_command_put(struct gc_buf *out, const struct gc_form *form);

#endif
