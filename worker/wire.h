/* wire.h - the worker's socket: messages out, in their order, and in, decoded and checked.
 *
 * A socket that takes nothing now (there is no connection yet, or the pipe is full) makes what is to be said wait here, up to a bound;
 * beyond it messages are dropped, as if they had been lost on the way: the agent says again what is not answered. A HELLO begins
 * anew: what waits before it belongs to a session that is over. Thread: the loop's. */
#ifndef GC_WORKER_WIRE_H
#define GC_WORKER_WIRE_H

#include <stdbool.h>

#include "proto/codec.h"
#include "proto/socket.h"

struct gc_wire_waiting;

struct gc_wire {
    zsock_t *socket;
    struct gc_codec *codec;
    uint8_t *frame; /* GC_FRAME_BYTES */
    struct gc_wire_waiting *first, *last;
    size_t waiting; /* bytes */
    uint64_t dropped;
};

enum gc_err gc_wire_open(const char *endpoint, struct gc_wire *ret, struct gc_fault *f) GC_MUST_CHECK;
void gc_wire_close(struct gc_wire *w);

void gc_wire_say(struct gc_wire *w, const struct gc_msg *msg);
/* Sends what waits, as far as it goes. */
void gc_wire_flush(struct gc_wire *w);
static inline bool gc_wire_waits(const struct gc_wire *w)
{
    return w->first != NULL;
}

/* The next message. GC_ERR_BUSY: there is none; GC_ERR_INVALID, GC_ERR_VERSION: one was dropped, *f says why. Its bytes live in `frames`
 * until gc_frames_release, and until the next call. */
enum gc_err gc_wire_hear(struct gc_wire *w, struct gc_frames *frames, struct gc_msg *ret,
                         struct gc_fault *f) GC_MUST_CHECK;

#endif
