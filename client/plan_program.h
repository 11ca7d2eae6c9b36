/* plan_program.h - a plan in the words of the vips command: lines for a POSIX shell that do for one item what the stages do for all,
 * with the same pixels.
 *
 * What an op's command is stands in the catalogue (records.def: op.command, op.command_on_file; worker/ops/op.h has the grammar):
 * nothing here knows an op. The variables are IN (the item's file; IN2, IN3 ... of further sources), OUT (the folder of what is
 * published: a node's file is named by its id, since a template has many names for it) and T, a folder of files between two steps.
 * An op that hands its input on is passed through. Whatever the job says is quoted; comments hold no control bytes.
 *
 * Pure; grows the text given (gc_text_ok tells whether memory lasted). O(steps × inputs) and the length of what is written.
 */
#ifndef GC_CLIENT_PLAN_PROGRAM_H
#define GC_CLIENT_PLAN_PROGRAM_H

#include <stdbool.h>

#include "client/plan_view.h"

/* Appends the line of a step, without its end. False: it has none, and why was appended. */
bool gc_plan_command(const struct gc_plan_view *view, uint32_t stage, uint32_t step, struct gc_text *out);

/* Appends the whole program. */
void gc_plan_program(const struct gc_plan_view *view, struct gc_text *out);

#endif
