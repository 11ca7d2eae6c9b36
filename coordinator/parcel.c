#include "coordinator/parcel.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/sys/log.h"

#define SEQ_AT 24u /* magic, version, type, body length: 8; term: 8; session: 8 */

enum gc_err gc_packer_init(struct gc_packer *p, uint64_t term, size_t scratch)
{
    *p = (struct gc_packer){.term = term};
    uint8_t *frame = malloc(GC_HEADER_BYTES + GC_MAX_BODY);
    uint8_t *bulk = malloc(GC_MAX_BULK);
    enum gc_err err = frame && bulk ? gc_codec_new(scratch, &p->codec) : GC_ERR_NOMEM;
    gc_buf_init(&p->frame, frame, GC_HEADER_BYTES + GC_MAX_BODY);
    gc_buf_init(&p->bulk, bulk, GC_MAX_BULK);
    if (err != GC_OK)
        gc_packer_release(p);
    return err;
}

void gc_packer_release(struct gc_packer *p)
{
    gc_codec_destroy(&p->codec);
    free(p->frame.data);
    free(p->bulk.data);
    p->frame.data = p->bulk.data = NULL;
}

/* Cuts the list of a message that may be cut; false: there is none, or nothing is left of it. */
static bool shorten(struct gc_msg *msg)
{
    if (msg->type == GC_MSG_SUBMITTED && msg->as.submitted.n_problems > 0) {
        uint32_t kept = msg->as.submitted.n_problems / 2;
        msg->as.submitted.more += msg->as.submitted.n_problems - kept;
        msg->as.submitted.n_problems = kept;
        return true;
    }
    if (msg->type == GC_MSG_RUN_LIST && msg->as.run_list.n_rows > 1) {
        msg->as.run_list.n_rows /= 2;
        msg->as.run_list.more = true;
        return true;
    }
    return false;
}

static enum gc_err encode(struct gc_packer *p, struct gc_msg *msg)
{
    enum gc_err err;
    do {
        gc_buf_reset(&p->frame);
        err = gc_codec_encode(p->codec, msg, &p->frame);
    } while (err == GC_ERR_LIMIT && shorten(msg));
    return err;
}

static struct gc_parcel *wrap(struct gc_packer *p, gc_peer peer, const struct gc_msg *msg)
{
    struct gc_bytes frame = gc_buf_bytes(&p->frame);
    struct gc_parcel *parcel = malloc(sizeof *parcel + frame.len + msg->bulk.len);
    if (!parcel)
        return NULL;
    GC_ASSERT(msg->bulk.len <= GC_MAX_BULK);
    *parcel = (struct gc_parcel){.peer = peer,
                                 .type = msg->type,
                                 .frame_len = (uint32_t)frame.len,
                                 .bulk_len = (uint32_t)msg->bulk.len};
    memcpy(parcel->bytes, frame.ptr, frame.len);
    if (msg->bulk.len)
        memcpy(parcel->bytes + frame.len, msg->bulk.ptr, msg->bulk.len);
    return parcel;
}

struct gc_parcel *gc_parcel_new(struct gc_packer *p, gc_peer peer, const struct gc_msg *msg)
{
    struct gc_msg filled = *msg;
    filled.term = p->term;
    filled.session = peer;
    enum gc_err err = encode(p, &filled);
    struct gc_parcel *parcel = err == GC_OK ? wrap(p, peer, &filled) : NULL;
    if (!parcel)
        gc_log(GC_LOG_ERROR, "not_sent", gc_kv_str("message", gc_msg_name(msg->type)),
               gc_kv_err(err == GC_OK ? GC_ERR_NOMEM : err));
    return parcel;
}

struct gc_parcel *gc_parcel_error(struct gc_packer *p, gc_peer peer, uint64_t re, enum gc_err code,
                                  const char *text)
{
    size_t len = strlen(text);
    struct gc_msg msg = {.type = GC_MSG_ERROR, .re = re};
    msg.as.error.code = code;
    msg.as.error.text = gc_bytes_of(text, len < GC_MAX_TEXT ? len : GC_MAX_TEXT);
    return gc_parcel_new(p, peer, &msg);
}

void gc_parcel_free(struct gc_parcel *parcel)
{
    free(parcel);
}

void gc_parcel_number(struct gc_parcel *parcel, uint64_t seq)
{
    struct gc_buf at;
    gc_buf_init(&at, parcel->bytes + SEQ_AT, sizeof seq);
    bool ok = gc_buf_put_u64(&at, seq);
    GC_ASSERT(ok);
}
