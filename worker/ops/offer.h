/* offer.h - the operations of libvips that jobs may use. Pure. */
#ifndef GC_WORKER_OPS_OFFER_H
#define GC_WORKER_OPS_OFFER_H

#include <stdint.h>

#include "common/slice.h"

enum gc_access { GC_ACCESS_STREAM, GC_ACCESS_RANDOM };

struct gc_offer {
    const char *nickname;
    enum gc_access access;
    unsigned traits;
    unsigned cost;
};

extern const struct gc_offer gc_offers[];
extern const uint32_t gc_offers_n;

/* NULL: not offered. */
const struct gc_offer *gc_offer_find(struct gc_bytes nickname);
/* Why an operation that exists is not offered; NULL: nothing is known of it. */
const char *gc_refusal(struct gc_bytes nickname);

#endif
