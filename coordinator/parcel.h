/* parcel.h - a message on its way out: encoded once, owned by whoever has it in a list, freed when it left.
 *
 * Encoding happens where the message is made (the loop, or the store's thread for what it read), since what it points to does not
 * live longer. The count of the sender (header.seq) is written when it leaves, so that it rises on the wire.
 */
#ifndef GC_COORDINATOR_PARCEL_H
#define GC_COORDINATOR_PARCEL_H

#include "common/buf.h"
#include "common/list.h"
#include "coordinator/core/core.h"
#include "proto/codec.h"

struct gc_parcel {
    struct gc_link link;
    gc_peer peer;
    enum gc_msg_type type;
    uint32_t frame_len;
    uint32_t bulk_len;
    uint8_t bytes[]; /* the frame, then the bulk */
};

/* What encoding needs; one a thread. */
struct gc_packer {
    struct gc_codec *codec;
    uint64_t term;
    struct gc_buf frame; /* of the largest frame */
    struct gc_buf bulk;  /* GC_MAX_BULK: for those who have to build one; touched as far as it was needed */
};

/* `scratch`: of the codec, for those that also decode with it. */
enum gc_err gc_packer_init(struct gc_packer *p, uint64_t term, size_t scratch) GC_MUST_CHECK;
void gc_packer_release(struct gc_packer *p);

/* The message to that peer; term and session are filled in. A list that is too long for a message (problems, runs) is cut, and the
 * message says so. NULL: it cannot be encoded, which is logged, or there is no memory. */
struct gc_parcel *gc_parcel_new(struct gc_packer *p, gc_peer peer, const struct gc_msg *msg) GC_MUST_CHECK;
struct gc_parcel *gc_parcel_error(struct gc_packer *p, gc_peer peer, uint64_t re, enum gc_err code,
                                  const char *text) GC_MUST_CHECK;
void gc_parcel_free(struct gc_parcel *parcel);

static inline struct gc_bytes gc_parcel_frame(const struct gc_parcel *parcel)
{
    return gc_bytes_of(parcel->bytes, parcel->frame_len);
}

static inline struct gc_bytes gc_parcel_bulk(const struct gc_parcel *parcel)
{
    return gc_bytes_of(parcel->bulk_len ? parcel->bytes + parcel->frame_len : NULL, parcel->bulk_len);
}

static inline size_t gc_parcel_size(const struct gc_parcel *parcel)
{
    return sizeof *parcel + parcel->frame_len + parcel->bulk_len;
}

/* The sender's count, at the place that message.h gives it. */
void gc_parcel_number(struct gc_parcel *parcel, uint64_t seq);

#endif
