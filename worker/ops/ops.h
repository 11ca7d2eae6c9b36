/* ops.h - what an executor can do: the catalogue of ops, and stages of them run on items. The only part that sees libvips.
 *
 * A *stage* is an installed program (proto: struct gc_program). Its *nodes* are its first steps: node i is step i and bit i of a
 * node set. Behind them stand *hoisted* steps, nodes of the run that some of them read (a watermark): each is computed where it is
 * first needed and kept until the stage goes; its own stage commits it. Reducing steps come last: reducer j is the j-th of them.
 *
 * Who calls what, in order:
 *   zygote    gc_ops_init, gc_ops_catalogue                       no libvips operation runs: a fork after them is safe
 *   executor  gc_stage_install; for each chunk: gc_stage_delta_begin, { gc_stage_run, gc_stage_delta_add }..., gc_stage_delta_take
 *             gc_stage_merge, gc_stage_finish; or gc_stage_scan   on a REDUCE stage's program
 *   tender    gc_stage_install, gc_stage_needs, gc_stage_path     these run nothing and touch no libvips: any process, no init
 *
 * One thread a stage, and one thread a process in gc_stage_run (libvips' error buffer is the process's). Image code opens no
 * file: it is given descriptors. A stage owns what it needs of the program; the program's bytes may go after gc_stage_install.
 */
#ifndef GC_WORKER_OPS_OPS_H
#define GC_WORKER_OPS_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/id.h"
#include "common/slice.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/status.h"

/* Starts libvips: untrusted operations blocked, every loader blocked (source.h opens the one that is wanted), no operation cache,
 * one thread a pipeline. Once a process. */
enum gc_err gc_ops_init(const char *argv0, struct gc_fault *fault) GC_MUST_CHECK;

/* Appends the encoded catalogue (struct gc_catalogue; at most GC_MAX_DOCUMENT): our own ops, and the offered libvips operations
 * as this libvips describes them. The same bytes in every process of the same build and libvips. Wants gc_ops_init. */
enum gc_err gc_ops_catalogue(struct gc_buf *out, struct gc_fault *fault) GC_MUST_CHECK;

/* ---- stages ---- */

struct gc_stage;

/* From an encoded program. GC_ERR_INVALID: no program, or one that this build cannot run (an op or a setting it does not know);
 * the fault says which node. GC_ERR_NOMEM. */
enum gc_err gc_stage_install(struct gc_bytes program, struct gc_stage **ret,
                             struct gc_fault *fault) GC_MUST_CHECK;
void gc_stage_destroy(struct gc_stage **self_p);

uint32_t gc_stage_nodes(const struct gc_stage *s);
uint32_t gc_stage_reducers(const struct gc_stage *s);

/* The descriptors a task of this stage wants, for a given `want`. */
enum gc_exists { GC_EXISTS_ERROR, GC_EXISTS_SKIP, GC_EXISTS_OVERWRITE };

struct gc_stage_output {
    uint32_t step;
    uint64_t node;         /* of the job */
    enum gc_exists exists; /* the job's word on a file that is there already */
    struct gc_bytes
        suffix; /* of the file it writes, with the dot: ".webp"; lives in the stage; empty: it hangs on the item */
    bool
        by_digest; /* the name hangs on the digest of what was written: known after the run (struct gc_output_made) */
};

/* A file that steps read: the item's, or one that a step has a path of (a watermark). */
struct gc_stage_input {
    uint32_t file;        /* which of the stage's: 0 is the item's own, the others are those of paths */
    struct gc_bytes path; /* lives in the stage; empty: the item's text is the path */
    uint64_t max_file;    /* a larger one (fstat) fails as too-large before it is opened to the executor */
};

struct gc_stage_needs {
    uint32_t n_inputs;
    struct gc_stage_input inputs[GC_MAX_STAGE_INPUTS]; /* in the order of their numbers */
    uint32_t n_outputs;
    struct gc_stage_output outputs[GC_MAX_STAGE_NODES];
};
void gc_stage_needs(const struct gc_stage *s, uint64_t want, struct gc_stage_needs *ret);

/* A file that steps read: open for reading, or why it could not be opened: who reads it fails with this cause and text. Its position
 * is not looked at and not moved; never closed here. */
struct gc_task_input {
    uint32_t file; /* as gc_stage_input has it */
    int fd;
    uint32_t refused; /* enum gc_cause; GC_CAUSE_NONE: not refused */
    struct gc_bytes text;
};

/* A file that a step writes. `fd`: a new, empty temporary, open for writing. `there`: the job says skip and the file is there: fd
 * is it, open for reading; the step is CACHED and its value tells of that file. `refused`: it could not be opened: the step fails with
 * this cause and text, as if it had tried. */
struct gc_task_output {
    uint32_t step;
    int fd;
    bool there;
    uint32_t refused; /* enum gc_cause; GC_CAUSE_NONE: not refused */
    struct gc_bytes text;
};

struct gc_task {
    uint64_t index;               /* the item's number; GC_UNSET: the run itself is the item */
    struct gc_bytes text;         /* the item as listed */
    struct gc_bytes fields;       /* one msgpack map, or nothing */
    uint64_t want;                /* node set to commit: the others run only where these need them */
    const struct gc_given *given; /* nodes given up before: not run, FAILED with the fault given */
    uint32_t n_given;
    const struct gc_task_input *inputs; /* in any order; one that is missing fails who reads it */
    uint32_t n_inputs;
    const struct gc_task_output *outputs;
    uint32_t n_outputs;
};

/* Where the output of `step` belongs: its template filled in, still relative or NAME:rest as the job has it. `digest`: of what
 * was written; NULL before the run (then {digest} stands for 64 zeros: the folder is right unless the template has it there).
 * Returns the cause of failure (GC_CAUSE_OUTPUT: names a field that the item has not, a control character, `..`, a component above
 * 255 bytes), GC_CAUSE_NONE on success; appends to `out`. */
enum gc_cause gc_stage_path(const struct gc_stage *s, uint32_t step, const struct gc_task *task,
                            const struct gc_digest *digest, struct gc_buf *out,
                            struct gc_fault *fault) GC_MUST_CHECK;

/* A file that was written whole into its descriptor, to be published under `path`. Where this fails later the caller fails the node. */
struct gc_output_made {
    uint32_t step;
    uint64_t bytes;
    struct gc_digest digest;
    struct gc_bytes path; /* as gc_stage_path with the digest; lives in the stage until the next run */
};

/* What became of a task. Large: one an executor, not on a stack. Its texts and paths live until the next run. */
struct gc_task_result {
    uint8_t
        pattern[GC_MAX_STAGE_NODES]; /* outcomes, NONE outside of `want`: as gc_status_writer_add takes it */
    struct gc_status_fault faults[GC_MAX_STAGE_NODES]; /* one for each FAILED, in node order */
    uint32_t n_faults;
    struct gc_output_made made[GC_MAX_STAGE_NODES];
    uint32_t n_made;
    uint64_t pixels; /* decoded from the input */
    uint32_t
        fault; /* enum gc_cause: INFRA (the disk was full) or OOM (an allocation failed), retried by the core: nothing of
                            this counts, report the task as FAULT; GC_CAUSE_NONE: it counts */
    uint32_t fault_node; /* whose code it was */
    char fault_text[GC_MAX_TEXT];
};

/* Called with a node just before its code runs: writes the blame slot. */
struct gc_blame {
    void (*touch)(void *context, uint32_t node);
    void *context;
};

/* The most bytes of values that one task adds. A value that would go beyond fails its node as too-large. */
#define GC_TASK_VALUES_MAX (256u * 1024u)

/* Runs the stage on one item and appends the values of the wanted nodes that were done to `values`, which must have
 * GC_TASK_VALUES_MAX left (asserted). Images are never failures of this function: each node has an outcome of its own, and a
 * failed node skips what hangs on it and nothing else. What a reducer is to be fed is kept until gc_stage_delta_add: `task` and what
 * it points to must live until then. */
void gc_stage_run(struct gc_stage *s, const struct gc_task *task, struct gc_blame blame,
                  struct gc_buf *values, struct gc_task_result *ret);

/* ---- reducers ---- */

/* Empties the deltas: a new chunk. Hoisted steps that have failed are tried again. */
void gc_stage_delta_begin(struct gc_stage *s);
/* Adds what the last run would feed: its wanted, done inputs of reducers. Call it once the item is in the chunk. */
void gc_stage_delta_add(struct gc_stage *s);
/* Appends the state of reducer j; how many items are in it goes to *ret_items. Fits GC_MAX_DELTA. GC_ERR_LIMIT: `out` is too small,
 * nothing was appended. */
enum gc_err gc_stage_delta_take(struct gc_stage *s, uint32_t reducer, struct gc_buf *out,
                                uint64_t *ret_items) GC_MUST_CHECK;

/* On the program of a REDUCE stage. States are exact and opaque; any order and grouping of merges gives the same bytes. None at
 * all is the state of no items. GC_ERR_INVALID: bytes that are no state of this op (of another build, say). */
enum gc_err gc_stage_merge(struct gc_stage *s, const struct gc_bytes *states, uint32_t n, struct gc_buf *out,
                           struct gc_fault *fault) GC_MUST_CHECK;
/* The value (values.h) of one merged state. */
enum gc_err gc_stage_finish(struct gc_stage *s, struct gc_bytes state, struct gc_buf *value,
                            struct gc_fault *fault) GC_MUST_CHECK;

/* ---- reducers that read results ----
 * A REDUCE stage whose op scans is fed by no deltas: it reads what the stage before it committed, in one task, when that has ended. */

bool gc_stage_scans(const struct gc_stage *s);
/* Runs it: reads all results (proto/scan.h) from `spool`, from its start and more than once where the op needs that, and makes the
 * value of its one node. `task` has no text or fields, index GC_UNSET, and the outputs that gc_stage_needs(s, 1) asks for. Fills *ret
 * as gc_stage_run does, with one node, and appends the value to `value`, which must have GC_TASK_VALUES_MAX left (asserted). */
void gc_stage_scan(struct gc_stage *s, int spool, const struct gc_task *task, struct gc_blame blame,
                   struct gc_buf *value, struct gc_task_result *ret);

#endif
