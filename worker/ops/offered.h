/* offered.h - an offered operation as an entry of the catalogue. Inside of worker/ops. */
#ifndef GC_WORKER_OPS_OFFERED_H
#define GC_WORKER_OPS_OFFERED_H

#include "common/arena.h"
#include "common/error.h"
#include "proto/message.h"
#include "worker/ops/offer.h"

/* GC_ERR_NOT_FOUND: this libvips has no such operation. */
enum gc_err gc_offered_op(const struct gc_offer *offer, struct gc_arena *arena,
                          struct gc_op *ret) GC_MUST_CHECK;

#endif
