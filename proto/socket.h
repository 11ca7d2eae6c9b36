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

/* A ROUTER for the coordinator, bound to each endpoint in turn (ipc:// only; other transports are GC_ERR_DENIED until they are
 * encrypted). For an ipc path: the stale socket file of a dead process is removed, the new one is 0600, only peers of our uid
 * pass (ZMQ_IPC_FILTER_UID). GC_ERR_IO with the cause in *fault. */
enum gc_err gc_socket_listen(const char *const *endpoints, size_t n, zsock_t **ret, struct gc_fault *fault) GC_MUST_CHECK;
/* A DEALER for a worker or client. Connects in the background: no error when nobody is there. */
enum gc_err gc_socket_connect(const char *endpoint, zsock_t **ret, struct gc_fault *fault) GC_MUST_CHECK;

/* Peers of a ROUTER: its routing id, at most this long. */
#define GC_ROUTING_ID 32u
struct gc_routing {
    uint8_t len;
    uint8_t id[GC_ROUTING_ID];
};

/* One received message: owns its frames. `to` is set on a ROUTER only. */
struct gc_frames {
    struct gc_routing peer;
    zframe_t *frame;
    zframe_t *bulk; /* or NULL */
};
/* GC_OK; GC_ERR_BUSY: nothing there; GC_ERR_INVALID: a message of another form was read and dropped (too many frames, too
 * large; `peer` says whose); GC_ERR_IO. Never waits. */
enum gc_err gc_socket_recv(zsock_t *s, bool router, struct gc_frames *ret) GC_MUST_CHECK;
void gc_frames_release(struct gc_frames *f);
/* `to`: NULL on a DEALER. GC_ERR_BUSY: its pipe is full, try later; GC_ERR_UNREACHABLE: no such peer. Never waits. */
enum gc_err gc_socket_send(zsock_t *s, const struct gc_routing *to, struct gc_bytes frame, struct gc_bytes bulk) GC_MUST_CHECK;

#endif
