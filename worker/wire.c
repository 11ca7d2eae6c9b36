#include "worker/wire.h"

#include <stdlib.h>
#include <string.h>

#include "common/sys/log.h"

#define WAITING_MOST ((size_t)64 << 20)

struct gc_wire_waiting {
    struct gc_wire_waiting *next;
    size_t frame;
    size_t bulk;
    uint8_t bytes[];
};

enum gc_err gc_wire_open(const char *endpoint, struct gc_wire *ret, struct gc_fault *f)
{
    *ret = (struct gc_wire){0};
    ret->frame = malloc(GC_FRAME_BYTES);
    enum gc_err err = ret->frame ? gc_codec_new(GC_CODEC_SCRATCH, &ret->codec) : GC_ERR_NOMEM;
    if (err != GC_OK)
        err = gc_fault_set(f, err, "no memory for messages");
    else
        err = gc_socket_connect(endpoint, &ret->socket, f);
    if (err != GC_OK)
        gc_wire_close(ret);
    return err;
}

static void forget_waiting(struct gc_wire *w)
{
    while (w->first) {
        struct gc_wire_waiting *next = w->first->next;
        free(w->first);
        w->first = next;
    }
    w->last = NULL;
    w->waiting = 0;
}

void gc_wire_close(struct gc_wire *w)
{
    forget_waiting(w);
    if (w->socket)
        zsock_destroy(&w->socket);
    if (w->codec)
        gc_codec_destroy(&w->codec);
    free(w->frame);
    w->frame = NULL;
}

/* ---- out ---- */

static void queue(struct gc_wire *w, struct gc_bytes frame, struct gc_bytes bulk)
{
    size_t size = sizeof(struct gc_wire_waiting) + frame.len + bulk.len;
    struct gc_wire_waiting *one = w->waiting + size <= WAITING_MOST ? malloc(size) : NULL;
    if (!one) {
        if (w->dropped++ == 0)
            gc_log_bare(GC_LOG_WARN, "message_dropped");
        return;
    }
    one->next = NULL;
    one->frame = frame.len;
    one->bulk = bulk.len;
    memcpy(one->bytes, frame.ptr, frame.len);
    if (bulk.len > 0)
        memcpy(one->bytes + frame.len, bulk.ptr, bulk.len);
    if (w->last)
        w->last->next = one;
    else
        w->first = one;
    w->last = one;
    w->waiting += size;
}

void gc_wire_flush(struct gc_wire *w)
{
    while (w->first) {
        struct gc_wire_waiting *one = w->first;
        struct gc_bytes bulk = {one->bulk > 0 ? one->bytes + one->frame : NULL, one->bulk};
        if (gc_socket_send(w->socket, NULL, (struct gc_bytes){one->bytes, one->frame}, bulk) == GC_ERR_BUSY)
            return;
        /* Any other failure is a loss like any on the way. */
        w->waiting -= sizeof *one + one->frame + one->bulk;
        w->first = one->next;
        if (!w->first)
            w->last = NULL;
        free(one);
    }
}

void gc_wire_say(struct gc_wire *w, const struct gc_msg *msg)
{
    struct gc_buf out;
    gc_buf_init(&out, w->frame, GC_FRAME_BYTES);
    if (gc_codec_encode(w->codec, msg, &out) != GC_OK) {
        gc_log(GC_LOG_ERROR, "message_too_large", gc_kv_str("type", gc_msg_name(msg->type)));
        return;
    }
    if (msg->type == GC_MSG_HELLO)
        forget_waiting(w);
    gc_wire_flush(w);
    if (w->first || gc_socket_send(w->socket, NULL, gc_buf_bytes(&out), msg->bulk) == GC_ERR_BUSY)
        queue(w, gc_buf_bytes(&out), msg->bulk);
}

/* ---- in ---- */

static bool for_us(const struct gc_msg *msg)
{
    enum gc_direction to = gc_msg_direction(msg->type);
    return to == GC_DIR_C_ANY || to == GC_DIR_C_WORKER;
}

enum gc_err gc_wire_hear(struct gc_wire *w, struct gc_frames *frames, struct gc_msg *ret, struct gc_fault *f)
{
    enum gc_err err = gc_socket_recv(w->socket, false, frames);
    if (err != GC_OK)
        return err == GC_ERR_BUSY ? err : gc_fault_set(f, err, "a message of another form");
    err = gc_codec_decode(w->codec, gc_frame_bytes(frames->frame), gc_frame_bytes(frames->bulk), ret, f);
    if (err == GC_OK && !for_us(ret))
        err = gc_fault_set(f, GC_ERR_INVALID, "a message that no worker is sent");
    if (err != GC_OK)
        gc_frames_release(frames);
    return err;
}
