/* socket.h - sockets with every option set before bind or connect, and frames in and out of them.
 *
 * The only place where socket options are named (a unit test reads each one back). A send is DONTWAIT and MANDATORY: it can fail,
 * and says so; it is never a delivery. One thread a socket.
 */
#ifndef GC_PROTO_SOCKET_H
#define GC_PROTO_SOCKET_H

#include <czmq.h>

#include "common/error.h"
#include "common/slice.h"
#include "proto/limits.h"
#include "proto/message.h"

/* Messages in one pipe, each way. It is a fuse: credits and windows keep traffic far below it, and whoever hits it is told (BUSY)
 * and keeps what it had to send. */
#define GC_SOCKET_HWM (4 * (int)GC_RESULT_WINDOW)
/* One frame, on the way in: libzmq cuts the connection of who sends more. Without it a length of 2^63 is believed. */
#define GC_SOCKET_MAX_FRAME ((int64_t)(GC_MAX_BULK + 64u * 1024u))
/* Frames of a message of another form that one call of gc_socket_recv throws away; the next call goes on with the rest. */
#define GC_SOCKET_DRAIN 64

/* A ROUTER for the coordinator, bound to each endpoint in turn (ipc:// only; other transports are GC_ERR_DENIED until they are
 * encrypted). For an ipc path: the stale socket file of a dead process is removed, the new one is 0600, only peers of our uid
 * pass (ZMQ_IPC_FILTER_UID). GC_ERR_BUSY: a living process listens there; GC_ERR_EXISTS: the path is something else than a socket;
 * GC_ERR_LIMIT: the path is longer than the system has room for; GC_ERR_IO with the cause in *fault. The socket file stays when
 * the process ends: whoever listens next finds it dead. Two that listen on one path at the same moment may each take the other's
 * file for a dead one: their callers hold the lock of the state folder. */
enum gc_err gc_socket_listen(const char *const *endpoints, size_t n, zsock_t **ret,
                             struct gc_fault *fault) GC_MUST_CHECK;
/* A DEALER for a worker or client. Connects in the background: no error when nobody is there. Until the connection is made a send
 * is GC_ERR_BUSY. */
enum gc_err gc_socket_connect(const char *endpoint, zsock_t **ret, struct gc_fault *fault) GC_MUST_CHECK;

/* Peers of a ROUTER: its routing id, at most this long. */
#define GC_ROUTING_ID 32u
struct gc_routing {
    uint8_t len;
    uint8_t id[GC_ROUTING_ID];
};

/* One received message: owns its frames. `peer` is set on a ROUTER only. */
struct gc_frames {
    struct gc_routing peer;
    zframe_t *frame;
    zframe_t *bulk; /* or NULL */
};
/* The bytes of a frame; of none: {NULL, 0}, as gc_codec_decode wants it. */
static inline struct gc_bytes gc_frame_bytes(zframe_t *f)
{
    return f != NULL ? gc_bytes_of(zframe_data(f), zframe_size(f)) : (struct gc_bytes){NULL, 0};
}

/* GC_OK; GC_ERR_BUSY: nothing there; GC_ERR_INVALID: a message of another form was read and dropped (too many frames, too
 * large; `peer` says whose, if that is known), or a part of one; GC_ERR_IO. Never waits; work is bounded by GC_SOCKET_DRAIN.
 * Unless it returns GC_OK there are no frames in *ret. */
enum gc_err gc_socket_recv(zsock_t *s, bool router, struct gc_frames *ret) GC_MUST_CHECK;
void gc_frames_release(struct gc_frames *f);
/* `to`: NULL on a DEALER. GC_ERR_BUSY: its pipe is full, try later; GC_ERR_UNREACHABLE: no such peer. Never waits. */
enum gc_err gc_socket_send(zsock_t *s, const struct gc_routing *to, struct gc_bytes frame,
                           struct gc_bytes bulk) GC_MUST_CHECK;

#endif
