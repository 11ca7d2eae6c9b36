/* chunk.h - what an executor hands in: the outcomes, values, files and states of a contiguous range, put together item by item.
 *
 * A chunk is handed in when the slice has ended, when GC_FLUSH_NS have passed, or when something of it is full; the executor then
 * waits for its tender's word, since the memory is shared. */
#ifndef GC_POOL_CHUNK_H
#define GC_POOL_CHUNK_H

#include <stdbool.h>

#include "proto/status.h"
#include "worker/ops/ops.h"
#include "worker/pool/talk.h"

struct gc_chunk {
    struct gc_talk *talk;
    bool (*may_go_on)(void *);
    void *context;
    struct gc_status_writer *writer;
    uint8_t *runs;
    uint8_t *faults;
    struct gc_buf values; /* of the chunk, then of the item that is not in it yet */
    size_t values_in;     /* bytes of the items that are in it */
    uint64_t first;
    uint64_t count;
    uint64_t cap;
    uint64_t busy_ns;
    uint64_t pixels;
    uint32_t n_made;
    uint64_t flushed_ns;
};

/* False: no memory. `may_go_on` waits for the tender's word. */
bool gc_chunk_init(struct gc_chunk *c, struct gc_talk *talk, bool (*may_go_on)(void *), void *context);
void gc_chunk_begin(struct gc_chunk *c, struct gc_stage *stage, uint64_t first, uint64_t cap);

/* Where gc_stage_run puts the values of the next item: there is room for GC_TASK_VALUES_MAX. */
struct gc_buf *gc_chunk_values(struct gc_chunk *c);
/* Takes the item in. False: the slice is over. */
bool gc_chunk_add(struct gc_chunk *c, struct gc_stage *stage, uint64_t item,
                  const struct gc_task_result *result, uint64_t busy_ns);
/* Hands in what there is, if there is something. False: the slice is over. */
bool gc_chunk_flush(struct gc_chunk *c, struct gc_stage *stage);

/* A scan: one item, of one node, that feeds no reducer. Between the two, gc_stage_scan into gc_chunk_values. */
void gc_chunk_begin_scan(struct gc_chunk *c);
void gc_chunk_end_scan(struct gc_chunk *c, const struct gc_task_result *result, uint64_t busy_ns);

/* A MERGE or FINISH: hands in the state, or the value with the state, or why there is none. */
void gc_chunk_reduce(struct gc_chunk *c, struct gc_stage *stage, const struct gc_bytes *states, uint32_t n,
                     bool finish, uint64_t attempt, uint64_t began_ns);

#endif
