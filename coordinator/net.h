/* net.h - peers: who is behind which routing id, what each may say, and what waits to be sent to it.
 *
 * A peer is known from its HELLO on. Its name inside the coordinator (gc_peer, also its session) is a handle that is never used
 * again. What an unknown one says is answered with WHO. A peer is given up when a send finds nobody there, when it leaves more
 * unread than GC_NET_QUEUE_BYTES, or when it was silent for GC_NET_SILENT_NS: it is told WHO, so that one that lives comes back.
 * Whoever is given up is found by gc_net_next_gone, once, so that the core hears of it outside of any step.
 *
 * A ROUTER drops at its high-water mark unless asked not to, and what does not fit then is kept here, in order, for each peer.
 * Thread: the loop's.
 */
#ifndef GC_COORDINATOR_NET_H
#define GC_COORDINATOR_NET_H

#include "common/list.h"
#include "common/map.h"
#include "common/pool.h"
#include "coordinator/memory.h"
#include "coordinator/parcel.h"
#include "proto/socket.h"

#define GC_NET_QUEUE_BYTES  (8u * 1024u * 1024u)  /* to one peer */
#define GC_NET_QUEUES_BYTES (24u * 1024u * 1024u) /* to all of them */
#define GC_NET_RETRY_NS     (10u * GC_MS)         /* a full pipe is tried again */
#define GC_NET_SILENT_NS    (600u * GC_S)

struct gc_net_peer {
    struct gc_link heard;  /* net->heard: the one silent longest first */
    struct gc_link queued; /* net->queued: it has parcels */
    struct gc_routing routing;
    uint64_t key; /* of net->by_routing */
    gc_peer name;
    enum gc_role role;
    uint64_t heard_ns;
    uint64_t seq; /* of the last message sent */
    struct gc_id128 id;
    struct gc_digest catalogue; /* a worker's, as HELLO said */
    struct gc_list parcels;
    size_t bytes;
};

struct gc_net {
    zsock_t *socket; /* NULL before gc_net_listen */
    uint64_t seed;
    struct gc_mapping memory;
    struct gc_pool peers;
    struct gc_map by_routing;
    struct gc_list heard;
    struct gc_list queued;
    size_t bytes; /* of all parcels that wait */
    uint64_t retry_ns;
    uint32_t workers; /* peers of that role */
    uint32_t clients;
    gc_peer gone[64]; /* given up, and not told yet */
    uint32_t n_gone;
};

enum gc_err gc_net_init(struct gc_net *net, uint32_t max_peers) GC_MUST_CHECK;
enum gc_err gc_net_listen(struct gc_net *net, const char *const *endpoints, size_t n,
                          struct gc_fault *f) GC_MUST_CHECK;
void gc_net_release(struct gc_net *net);

struct gc_net_peer *gc_net_find(struct gc_net *net, const struct gc_routing *routing);
struct gc_net_peer *gc_net_at(struct gc_net *net, gc_peer peer);
/* Notes that it spoke. */
void gc_net_heard(struct gc_net *net, struct gc_net_peer *peer, uint64_t now_ns);
/* The peer behind a HELLO, new or known; NULL: there are too many, all of them alive. */
struct gc_net_peer *gc_net_join(struct gc_net *net, const struct gc_routing *routing,
                                const struct gc_msg_hello *hello, uint64_t now_ns);
/* Whether a message of that type may come from that role. */
bool gc_net_may(enum gc_role role, enum gc_msg_type type);

/* Takes the parcel: sends it, or keeps it while the peer's pipe is full, or drops it when the peer is gone. */
void gc_net_send(struct gc_net *net, struct gc_parcel *parcel);
/* To a connection without a peer: WHO, ERROR. Best effort. */
void gc_net_reply(struct gc_net *net, const struct gc_routing *to, struct gc_parcel *parcel);
/* Gives the peer up. */
void gc_net_drop(struct gc_net *net, struct gc_net_peer *peer);
/* The next one that was given up; 0: none. */
gc_peer gc_net_next_gone(struct gc_net *net);
bool gc_net_gone_full(const struct gc_net *net);

/* Tries again what waits; drops whoever was silent too long. `packer` makes the WHO. */
void gc_net_tend(struct gc_net *net, struct gc_packer *packer, uint64_t now_ns);
/* Asks the clients that were silent since `since_ns` whether they live: they are dropped, and a live one says HELLO again. */
void gc_net_probe_clients(struct gc_net *net, struct gc_packer *packer, uint64_t since_ns);
/* When gc_net_tend wants to be called; UINT64_MAX: nothing waits. */
uint64_t gc_net_deadline(const struct gc_net *net);

#endif
