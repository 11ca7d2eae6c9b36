/* result.h - RESULT: judged by their token, accepted whole or refused whole, committed. */
#ifndef GC_CORE_RESULT_H
#define GC_CORE_RESULT_H

#include "coordinator/core/core.h"

struct core_stage;

void core_result_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);

/* RESULT_ACK to what `re` brought under that lease. */
void core_result_ack(struct gc_core *core, gc_peer peer, uint64_t re, uint64_t lease, uint64_t first,
                     uint64_t count, enum gc_verdict verdict);
/* GC_COMMIT_BATCH of a stage's range; the caller adds what it has more. */
struct gc_commit_batch *core_result_commit(struct gc_core *core, const struct core_stage *stage,
                                           uint64_t first, uint64_t count, struct gc_bytes status);

#endif
