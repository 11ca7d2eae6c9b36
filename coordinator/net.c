/* net.c - see net.h. */
#include "coordinator/net.h"

#include "common/assert.h"
#include "common/hash.h"
#include "common/sys/log.h"
#include "common/sys/random.h"

static struct gc_net_peer *peer_of_heard(struct gc_link *link)
{
    return GC_CONTAINER(link, struct gc_net_peer, heard);
}

static size_t memory_for(uint32_t max_peers)
{
    size_t peer = sizeof(struct gc_net_peer) + 16u + 2u * sizeof(uint32_t);
    size_t map = 4u * (sizeof(struct gc_map_entry) + 1u); /* its table is at most four times the capacity */
    return max_peers * (peer + map) + 65536u;
}

enum gc_err gc_net_init(struct gc_net *net, uint32_t max_peers)
{
    *net = (struct gc_net){.seed = gc_random_u64(), .retry_ns = UINT64_MAX};
    gc_list_init(&net->heard);
    gc_list_init(&net->queued);
    enum gc_err err = gc_mapping_make(memory_for(max_peers), &net->memory);
    if (err != GC_OK)
        return err;
    struct gc_arena arena;
    gc_arena_init(&arena, net->memory.base, net->memory.size);
    err = gc_pool_init(&net->peers, &arena, sizeof(struct gc_net_peer), max_peers);
    if (err == GC_OK)
        err = gc_map_init(&net->by_routing, &arena, max_peers, net->seed);
    return err;
}

enum gc_err gc_net_listen(struct gc_net *net, const char *const *endpoints, size_t n, struct gc_fault *f)
{
    return gc_socket_listen(endpoints, n, &net->socket, f);
}

static void drop_parcels(struct gc_net *net, struct gc_net_peer *peer)
{
    for (struct gc_link *it; (it = gc_list_take_first(&peer->parcels));)
        gc_parcel_free(GC_CONTAINER(it, struct gc_parcel, link));
    net->bytes -= peer->bytes;
    peer->bytes = 0;
    if (gc_link_linked(&peer->queued))
        gc_list_remove(&net->queued, &peer->queued);
}

void gc_net_release(struct gc_net *net)
{
    if (!net->memory.base)
        return; /* it never was made */
    GC_LIST_EACH (it, &net->heard)
        drop_parcels(net, peer_of_heard(it));
    zsock_destroy(&net->socket);
    gc_mapping_release(&net->memory);
}

/* ---- who is who ---- */

static uint64_t key_of(const struct gc_net *net, const struct gc_routing *routing)
{
    return gc_hash_bytes(routing->id, routing->len, net->seed);
}

static bool same_routing(const struct gc_routing *a, const struct gc_routing *b)
{
    return a->len == b->len && memcmp(a->id, b->id, a->len) == 0;
}

struct gc_net_peer *gc_net_at(struct gc_net *net, gc_peer peer)
{
    return gc_pool_at(&net->peers, peer);
}

struct gc_net_peer *gc_net_find(struct gc_net *net, const struct gc_routing *routing)
{
    uint64_t handle;
    if (!gc_map_get(&net->by_routing, key_of(net, routing), &handle))
        return NULL;
    struct gc_net_peer *peer = gc_net_at(net, handle);
    GC_ASSERT(peer != NULL);
    return same_routing(&peer->routing, routing) ? peer : NULL;
}

void gc_net_heard(struct gc_net *net, struct gc_net_peer *peer, uint64_t now_ns)
{
    peer->heard_ns = now_ns;
    gc_list_remove(&net->heard, &peer->heard);
    gc_list_append(&net->heard, &peer->heard);
}

static uint32_t *count_of(struct gc_net *net, enum gc_role role)
{
    return role == GC_ROLE_WORKER ? &net->workers : &net->clients;
}

void gc_net_drop(struct gc_net *net, struct gc_net_peer *peer)
{
    GC_ASSERT(!gc_net_gone_full(net));
    net->gone[net->n_gone++] = peer->name;
    drop_parcels(net, peer);
    gc_list_remove(&net->heard, &peer->heard);
    --*count_of(net, peer->role);
    bool known = gc_map_remove(&net->by_routing, peer->key);
    GC_ASSERT(known);
    gc_pool_give(&net->peers, peer->name);
}

bool gc_net_gone_full(const struct gc_net *net)
{
    return net->n_gone == GC_COUNT_OF(net->gone);
}

gc_peer gc_net_next_gone(struct gc_net *net)
{
    return net->n_gone > 0 ? net->gone[--net->n_gone] : 0;
}

static struct gc_net_peer *add_peer(struct gc_net *net, const struct gc_routing *routing, enum gc_role role)
{
    uint64_t key = key_of(net, routing), handle;
    if (gc_map_get(&net->by_routing, key, NULL))
        return NULL; /* another routing id with the same hash: it will be another one when it connects again */
    struct gc_net_peer *peer = gc_pool_take(&net->peers, &handle);
    if (!peer)
        return NULL;
    bool put = gc_map_put(&net->by_routing, key, handle);
    GC_ASSERT(put);
    peer->routing = *routing;
    peer->key = key;
    peer->name = handle;
    peer->role = role;
    gc_list_init(&peer->parcels);
    gc_list_append(&net->heard, &peer->heard);
    ++*count_of(net, role);
    return peer;
}

/* Room for one more, by giving up the one that was silent longest, if it was silent long enough to be dead. */
static bool make_room(struct gc_net *net, uint64_t now_ns)
{
    struct gc_link *oldest = gc_list_first(&net->heard);
    if (!oldest || gc_net_gone_full(net) || now_ns - peer_of_heard(oldest)->heard_ns < 3 * GC_LEASE_NS)
        return false;
    gc_net_drop(net, peer_of_heard(oldest));
    return true;
}

struct gc_net_peer *gc_net_join(struct gc_net *net, const struct gc_routing *routing,
                                const struct gc_msg_hello *hello, uint64_t now_ns)
{
    enum gc_role role = (enum gc_role)hello->role;
    struct gc_net_peer *peer = gc_net_find(net, routing);
    if (peer && peer->role != role)
        return NULL; /* a connection has one role for its life */
    if (!peer && gc_pool_full(&net->peers) && !make_room(net, now_ns))
        return NULL;
    if (!peer)
        peer = add_peer(net, routing, role);
    if (!peer)
        return NULL;
    peer->id = hello->peer;
    if (hello->catalogue.len == sizeof peer->catalogue.b)
        memcpy(peer->catalogue.b, hello->catalogue.ptr, sizeof peer->catalogue.b);
    gc_net_heard(net, peer, now_ns);
    return peer;
}

bool gc_net_may(enum gc_role role, enum gc_msg_type type)
{
    switch (gc_msg_direction(type)) {
    case GC_DIR_ANY_C: return true;
    case GC_DIR_CLIENT_C: return role == GC_ROLE_CLIENT;
    case GC_DIR_WORKER_C: return role == GC_ROLE_WORKER;
    case GC_DIR_C_ANY:
    case GC_DIR_C_CLIENT:
    case GC_DIR_C_WORKER: break;
    }
    return false;
}

/* ---- sending ---- */

static enum gc_err transmit(struct gc_net *net, struct gc_net_peer *peer, struct gc_parcel *parcel)
{
    gc_parcel_number(parcel, peer->seq + 1);
    enum gc_err err =
        gc_socket_send(net->socket, &peer->routing, gc_parcel_frame(parcel), gc_parcel_bulk(parcel));
    if (err == GC_OK)
        peer->seq++;
    return err;
}

static void lose(struct gc_net *net, struct gc_net_peer *peer, enum gc_err why)
{
    gc_log(GC_LOG_INFO, "peer_gone", gc_kv_str("role", peer->role == GC_ROLE_WORKER ? "worker" : "client"),
           gc_kv_u64("session", peer->name), gc_kv_err(why));
    if (!gc_net_gone_full(net))
        gc_net_drop(net, peer);
    else
        drop_parcels(net, peer); /* the next send finds it gone again */
}

static void keep(struct gc_net *net, struct gc_net_peer *peer, struct gc_parcel *parcel)
{
    size_t size = gc_parcel_size(parcel);
    if (peer->bytes + size > GC_NET_QUEUE_BYTES || net->bytes + size > GC_NET_QUEUES_BYTES) {
        gc_parcel_free(parcel);
        lose(net, peer, GC_ERR_LIMIT);
        return;
    }
    gc_list_append(&peer->parcels, &parcel->link);
    peer->bytes += size;
    net->bytes += size;
    if (!gc_link_linked(&peer->queued))
        gc_list_append(&net->queued, &peer->queued);
}

void gc_net_send(struct gc_net *net, struct gc_parcel *parcel)
{
    struct gc_net_peer *peer = gc_net_at(net, parcel->peer);
    if (!peer || !net->socket) {
        gc_parcel_free(parcel);
        return;
    }
    enum gc_err err = gc_list_empty(&peer->parcels) ? transmit(net, peer, parcel) : GC_ERR_BUSY;
    if (err == GC_ERR_BUSY) {
        keep(net, peer, parcel);
        return;
    }
    gc_parcel_free(parcel);
    if (err != GC_OK)
        lose(net, peer, err);
}

void gc_net_reply(struct gc_net *net, const struct gc_routing *to, struct gc_parcel *parcel)
{
    if (!parcel)
        return;
    gc_parcel_number(parcel, 1);
    enum gc_err err = gc_socket_send(net->socket, to, gc_parcel_frame(parcel), gc_parcel_bulk(parcel));
    if (err != GC_OK && err != GC_ERR_UNREACHABLE)
        gc_log(GC_LOG_DEBUG, "reply_lost", gc_kv_err(err));
    gc_parcel_free(parcel);
}

/* ---- from time to time ---- */

/* Sends what waits for one peer, as much as its pipe takes. */
static void drain(struct gc_net *net, struct gc_net_peer *peer)
{
    while (!gc_list_empty(&peer->parcels)) {
        struct gc_parcel *parcel = GC_CONTAINER(gc_list_first(&peer->parcels), struct gc_parcel, link);
        enum gc_err err = transmit(net, peer, parcel);
        if (err == GC_ERR_BUSY)
            return;
        if (err != GC_OK) {
            lose(net, peer, err);
            return;
        }
        peer->bytes -= gc_parcel_size(parcel);
        net->bytes -= gc_parcel_size(parcel);
        gc_list_remove(&peer->parcels, &parcel->link);
        gc_parcel_free(parcel);
    }
    gc_list_remove(&net->queued, &peer->queued);
}

static void ask_who(struct gc_net *net, struct gc_packer *packer, struct gc_net_peer *peer)
{
    struct gc_routing routing = peer->routing;
    struct gc_msg who = {.type = GC_MSG_WHO};
    struct gc_parcel *parcel = gc_parcel_new(packer, peer->name, &who);
    gc_net_drop(net, peer);
    gc_net_reply(net, &routing, parcel);
}

void gc_net_tend(struct gc_net *net, struct gc_packer *packer, uint64_t now_ns)
{
    GC_LIST_EACH_SAFE (it, after, &net->queued)
        drain(net, GC_CONTAINER(it, struct gc_net_peer, queued));
    net->retry_ns = gc_list_empty(&net->queued) ? UINT64_MAX : now_ns + GC_NET_RETRY_NS;
    struct gc_link *oldest;
    while (!gc_net_gone_full(net) && (oldest = gc_list_first(&net->heard)) &&
           now_ns - peer_of_heard(oldest)->heard_ns > GC_NET_SILENT_NS)
        ask_who(net, packer, peer_of_heard(oldest));
}

void gc_net_probe_clients(struct gc_net *net, struct gc_packer *packer, uint64_t since_ns)
{
    GC_LIST_EACH_SAFE (it, after, &net->heard) {
        struct gc_net_peer *peer = peer_of_heard(it);
        if (peer->role == GC_ROLE_CLIENT && peer->heard_ns <= since_ns && !gc_net_gone_full(net))
            ask_who(net, packer, peer);
    }
}

uint64_t gc_net_deadline(const struct gc_net *net)
{
    return gc_list_empty(&net->queued) ? UINT64_MAX : net->retry_ns == UINT64_MAX ? 0 : net->retry_ns;
}
