/* status.h - the outcomes of a contiguous range of tasks, in bytes: what a RESULT's bulk starts with and a batch row keeps.
 *
 * Layout (numbers are LEB128 varints):
 *   n_nodes, n_patterns, patterns[n_patterns][n_nodes] (a byte each: OUTCOME), n_runs, { count, pattern }[n_runs],
 *   n_faults, { item - first, node, cause, attempts, text length, text }[n_faults], in order of (item, node)
 * A stage that only feeds reducers has no nodes of its own: its one pattern is empty.
 * Node numbers are bits of the stage's node set. A million tasks of one outcome are nine bytes. Every failed (item, node) has
 * exactly one fault, with a cause; of a node given up before it is the one that LEASE.given names.
 * The runs' counts add up to the range's. There is one form for each content: patterns are distinct and stand in the order of
 * their first use, neighbouring runs have different ones, varints are the shortest, so that equal statuses have equal bytes.
 *
 * Pure; neither side allocates: the reader walks the bytes, the writer appends to a caller's buffer. Reading is hostile-safe:
 * gc_status_check accepts or refuses the whole before anything else reads it; the walkers assert that it was called.
 * Cost: O(bytes).
 */
#ifndef GC_PROTO_STATUS_H
#define GC_PROTO_STATUS_H

#include "common/buf.h"
#include "common/error.h"
#include "common/slice.h"
#include "proto/limits.h"
#include "proto/states.h"

struct gc_status_fault {
    uint64_t item; /* relative to the range */
    uint32_t node;
    uint32_t cause;
    uint64_t attempts;
    struct gc_bytes text;
};

/* A checked status. Copyable; points into the caller's bytes. */
struct gc_status {
    struct gc_bytes bytes;
    uint32_t n_nodes;
    uint32_t n_patterns;
    const uint8_t *patterns;
    uint32_t n_runs;
    struct gc_bytes runs;
    uint32_t n_faults;
    struct gc_bytes faults;
};

/* Accepts exactly the layout above with `count` items and `n_nodes` nodes; GC_ERR_INVALID otherwise. */
enum gc_err gc_status_check(struct gc_bytes bytes, uint64_t count, uint32_t n_nodes,
                            struct gc_status *ret) GC_MUST_CHECK;

/* The walks: start with a zeroed iterator; false at the end. */
struct gc_status_iter {
    size_t at;
    uint64_t item; /* of gc_status_run_next: the run's first item, relative */
    uint64_t next; /* the first item behind it */
};
bool gc_status_run_next(const struct gc_status *s, struct gc_status_iter *it, uint64_t *ret_count,
                        const uint8_t **ret_pattern);
bool gc_status_fault_next(const struct gc_status *s, struct gc_status_iter *it, struct gc_status_fault *ret);

/* Building: one call an item, in order; equal neighbours fold. At most GC_MAX_PATTERNS distinct patterns: GC_ERR_LIMIT asks the
 * caller to close this range and begin another. The writer is large (about 4 KiB): one an executor, not on a stack. */
struct gc_status_writer {
    uint32_t n_nodes;
    uint32_t n_patterns;
    uint32_t n_runs;
    uint32_t n_faults;
    uint64_t count;
    uint8_t patterns[GC_MAX_PATTERNS][GC_MAX_STAGE_NODES];
    struct {
        uint64_t count;
        uint32_t pattern;
    } run;
    struct gc_buf runs;   /* caller's memory */
    struct gc_buf faults; /* caller's memory */
};
void gc_status_writer_init(struct gc_status_writer *w, uint32_t n_nodes, struct gc_buf runs,
                           struct gc_buf faults);
/* `pattern`: n_nodes outcomes. `faults`: one for each FAILED in it, in node order (their item is ignored; texts of at most
 * GC_MAX_TEXT bytes without NUL). GC_ERR_LIMIT (patterns, or memory of runs or faults): nothing was added. */
enum gc_err gc_status_writer_add(struct gc_status_writer *w, const uint8_t *pattern,
                                 const struct gc_status_fault *faults, uint32_t n_faults) GC_MUST_CHECK;
/* How many bytes finish will append; grows with each call of add by little more than the faults added. */
size_t gc_status_writer_size(const struct gc_status_writer *w);
/* Appends the whole to `out`; the writer is empty afterwards. GC_ERR_LIMIT when it does not fit: nothing has changed then. */
enum gc_err gc_status_writer_finish(struct gc_status_writer *w, struct gc_buf *out) GC_MUST_CHECK;

#endif
