/* published.h - the file that a scanning reducer writes: its name, its lines, and what to say of it. Inside of worker/ops.
 *
 * The file is an output of the task: a new, empty temporary, or, where the job says skip and the file is there, that file. Nothing is
 * published here: what was written whole is told in the task's result (gc_output_made), and the worker gives it its name.
 *
 * Writing goes through a block of memory and a digest, straight to the descriptor. A failure is remembered: lines may go on being
 * put, nothing more is written, and gc_published_end says what it was. Cost: O(bytes), one block of memory.
 */
#ifndef GC_WORKER_OPS_PUBLISHED_H
#define GC_WORKER_OPS_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/slice.h"
#include "common/sys/digest.h"
#include "worker/ops/ops.h"

struct gc_run;
struct gc_step_state;
struct gc_template;

/* The setting `to` of an op that writes one file for the run, into step->to: no part of the name may hang on an item.
 * It ends as the op's row says. Not set: step->to stays NULL. */
enum gc_err gc_published_setup(struct gc_step_state *step, struct gc_fault *fault) GC_MUST_CHECK;

/* Refuses a name that hangs on an item. */
enum gc_err gc_published_one_name(const struct gc_template *to, struct gc_fault *fault) GC_MUST_CHECK;

extern const char *const gc_lines_suffixes[]; /* of JSON Lines */

struct gc_published {
    struct gc_output_made made; /* its path from the start; bytes and digest from gc_published_end on */
    int fd;
    bool there; /* the file was there already, and stays as it is */
    int error;  /* errno of the first write that failed; 0: none */
    size_t len; /* of what waits in `block` */
    uint8_t *block;
    struct gc_digest_stream digest;
};

/* The task's output of the step in execution, whose setting `to` is there: where it is, and under which name. */
enum gc_cause gc_published_begin(struct gc_run *run, struct gc_step_state *step,
                                 struct gc_published *ret) GC_MUST_CHECK;
/* Appends to the file. Not where it was there already (asserted). */
void gc_published_put(struct gc_published *p, struct gc_bytes bytes);
/* All is in the file: made is filled in and told in the task's result; of a file that was there, made tells of that one. */
enum gc_cause gc_published_end(struct gc_run *run, struct gc_step_state *step,
                               struct gc_published *p) GC_MUST_CHECK;
void gc_published_release(struct gc_published *p);

#endif
