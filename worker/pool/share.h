/* share.h - what a tender and its executor say to each other: small messages over a socket, bytes in shared memory.
 *
 *   tender                                      executor
 *   PROGRAM (bytes in `in`)              ──▶    keeps it in one of its places; READY, or BAD
 *   SLICE (items, given nodes in `in`)   ──▶    with the results to read where it scans
 *   TASK (descriptors of one item) ...   ──▶    one item after the other; TOOK for each TASK that it has taken up
 *                                        ◀──    CHUNK (status, values, deltas, made in `out`), then it waits for
 *   GO or STOP                           ──▶    STOP: the slice is over for it, what it had is forgotten
 *                                        ◀──    or OVER (its states do not fit together): the same wait
 *                                        ◀──    or FAULT (the item could not be run): the slice is over
 *
 * The blame slot says what the executor is at. It is written before the thing is touched, so that after a death it names the
 * culprit. Nothing that an executor writes is believed: the tender copies, then checks the copy.
 */
#ifndef GC_POOL_SHARE_H
#define GC_POOL_SHARE_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/id.h"
#include "proto/limits.h"
#include "worker/ops/ops.h"

#define GC_SHARE_PLACES 8u /* programs that an executor keeps */
#define GC_SHARE_AHEAD  4u /* tasks whose descriptors are sent ahead */
#define GC_SHARE_TEXT   256u

#define GC_SHARE_IN     (6u * 1024u * 1024u)
#define GC_SHARE_STATUS (128u * 1024u)
#define GC_SHARE_VALUES (512u * 1024u)
#define GC_SHARE_DELTAS (GC_MAX_BULK - GC_SHARE_STATUS - GC_SHARE_VALUES)
#define GC_SHARE_MADE   4096u /* files of one chunk */

_Static_assert(GC_MERGE_INPUTS *GC_MAX_DELTA <= GC_SHARE_IN, "the states of a merge fit");
_Static_assert(GC_MAX_BULK + GC_PAGE_BYTES < GC_SHARE_IN, "a program or a page fits");
_Static_assert(GC_MAX_DELTA <= GC_SHARE_DELTAS, "a state fits");

struct gc_share_blame {
    _Alignas(64) _Atomic uint64_t started_ns; /* 0: it is at nothing, or waits for its tender */
    _Atomic uint64_t item;
    _Atomic uint64_t node; /* GC_UNSET: none yet */
};

struct gc_share_made {
    uint64_t item;
    uint64_t bytes;
    uint32_t step;
    uint32_t pad;
    struct gc_digest digest;
};

struct gc_share_given {
    uint64_t node;
    uint64_t cause;
    uint64_t attempts;
    uint64_t len;
    uint8_t text[GC_MAX_TEXT];
};

struct gc_share {
    struct gc_share_blame blame;
    struct gc_share_given given[GC_MAX_STAGE_NODES];
    struct gc_share_made made[GC_SHARE_MADE];
    uint8_t status[GC_SHARE_STATUS];
    uint8_t values[GC_SHARE_VALUES];
    uint8_t deltas[GC_SHARE_DELTAS];
    uint8_t in[GC_SHARE_IN];
};

enum gc_share_op {
    GC_SHARE_PROGRAM = 1,
    GC_SHARE_SLICE,
    GC_SHARE_TASK,
    GC_SHARE_GO,
    GC_SHARE_STOP,
    GC_SHARE_READY,
    GC_SHARE_BAD,
    GC_SHARE_TOOK,
    GC_SHARE_CHUNK,
    GC_SHARE_FAULT,
    GC_SHARE_OVER,
};

struct gc_share_slice {
    uint32_t place; /* of its program */
    uint32_t kind;  /* enum gc_lease_kind */
    uint64_t first;
    uint64_t count;
    uint64_t want;
    uint64_t attempt;
    uint64_t items; /* bytes of `in`: the items' texts and fields, or the states one behind the other */
    uint32_t whole; /* the run itself is the item */
    uint32_t tasks; /* each item comes with a TASK; a scan is one item, 0 */
    uint32_t scan; /* FINISH: it reads the results in the file whose descriptor comes along, from its start */
    uint32_t n_given;
    uint32_t n_states;
    uint64_t cap; /* items of a chunk at most */
    uint64_t lengths[GC_MERGE_INPUTS];
};

struct gc_share_output {
    uint32_t step;
    uint32_t there;
    uint32_t refused; /* a cause: no descriptor comes for it */
    uint32_t len;
    uint8_t text[GC_SHARE_TEXT];
};

struct gc_share_input {
    uint32_t file;
    uint32_t refused; /* a cause: no descriptor comes for it */
    uint32_t len;
    uint8_t text[GC_SHARE_TEXT];
};

/* Descriptors: one for each input that is not refused, then one for each output that is not. Sent up to the last output. */
struct gc_share_task {
    uint64_t item;
    uint32_t n_inputs;
    uint32_t n_outputs;
    struct gc_share_input inputs[GC_MAX_STAGE_INPUTS];
    struct gc_share_output outputs[GC_MAX_STAGE_NODES];
};

struct gc_share_chunk {
    uint64_t first;
    uint64_t count;
    uint64_t busy_ns;
    uint64_t pixels;
    uint64_t status;
    uint64_t values;
    uint32_t n_deltas;
    uint32_t n_made;
    uint64_t delta_items[GC_MAX_STAGE_NODES];
    uint64_t delta_bytes[GC_MAX_STAGE_NODES];
};

struct gc_share_msg {
    uint32_t op;
    uint32_t cause; /* FAULT */
    union {
        struct gc_share_slice slice;
        struct gc_share_task task;
        struct gc_share_chunk chunk;
        struct {
            uint32_t place;
            uint64_t bytes;
        } program;
        struct {
            uint64_t item;  /* TOOK, FAULT; OVER: the first of the chunk */
            uint64_t count; /* OVER: items in it */
            uint64_t node;
            uint32_t len;
            uint8_t text[GC_SHARE_TEXT];
        } said; /* READY, BAD, TOOK, FAULT, OVER, GO, STOP */
    } as;
};

#endif
