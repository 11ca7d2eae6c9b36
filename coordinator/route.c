/* route.c - one received message: is its sender known, may it say that, and who answers.
 *
 * The core answers what changes the schedule; what is only kept is answered by the store (an errand) or from the catalogue.
 */
#include "common/assert.h"
#include "common/sys/log.h"
#include "coordinator/loop.h"

/* ---- from connections that are nobody's ---- */

static void reply(struct gc_loop *loop, const struct gc_routing *to, const struct gc_msg *msg)
{
    gc_net_reply(&loop->net, to, gc_parcel_new(&loop->packer, 0, msg));
}

static void reply_error(struct gc_loop *loop, const struct gc_routing *to, uint64_t re, enum gc_err code,
                        const char *text)
{
    gc_net_reply(&loop->net, to, gc_parcel_error(&loop->packer, 0, re, code, text));
}

static void reply_who(struct gc_loop *loop, const struct gc_routing *to, uint64_t re)
{
    struct gc_msg who = {.type = GC_MSG_WHO, .re = re};
    reply(loop, to, &who);
}

/* ---- joining ---- */

static void log_joined(const struct gc_net_peer *peer, const struct gc_msg_hello *hello)
{
    enum gc_log_level level = peer->role == GC_ROLE_WORKER ? GC_LOG_INFO : GC_LOG_DEBUG;
    gc_log(level, "joined", gc_kv_str("role", peer->role == GC_ROLE_WORKER ? "worker" : "client"),
           gc_kv_slice("name", gc_bytes_str(hello->name)), gc_kv_u64("session", peer->name),
           gc_kv_u64("slots", hello->slots), gc_kv_u64("held", hello->n_held),
           gc_kv_slice("version", gc_bytes_str(hello->version)));
}

static void to_core(struct gc_loop *loop, gc_peer peer, const struct gc_msg *msg, struct gc_frames *frames)
{
    struct gc_event event = {.kind = GC_EV_MESSAGE, .peer = peer, .as.msg = msg};
    gc_loop_step(loop, &event, frames, NULL);
}

static void on_hello(struct gc_loop *loop, struct gc_frames *frames, const struct gc_msg *msg)
{
    const struct gc_msg_hello *hello = &msg->as.hello;
    bool new = gc_net_find(&loop->net, &frames->peer) == NULL;
    struct gc_net_peer *peer = gc_net_join(&loop->net, &frames->peer, hello, loop->now_ns);
    if (!peer) {
        reply_error(loop, &frames->peer, msg->seq, GC_ERR_BUSY,
                    "too many connections, or one that changes its role");
        return;
    }
    if (new)
        log_joined(peer, hello);
    to_core(loop, peer->name, msg, frames);
}

/* ---- what the shell answers ---- */

static void on_catalogue(struct gc_loop *loop, gc_peer peer, const struct gc_msg *msg)
{
    bool whole;
    struct gc_fault f;
    gc_fault_clear(&f);
    enum gc_err err = gc_catalogues_part(&loop->catalogues, &msg->as.catalogue, msg->bulk, &whole, &f);
    if (err != GC_OK) {
        gc_log(GC_LOG_WARN, "catalogue_refused", gc_kv_u64("session", peer), gc_kv_err(err), gc_kv_text(&f));
        gc_loop_error(loop, peer, msg->seq, err, f.text);
        return;
    }
    struct gc_msg ok = {.type = GC_MSG_OK, .re = msg->seq};
    gc_loop_post(loop, gc_parcel_new(&loop->packer, peer, &ok));
    if (!whole)
        return;
    const struct gc_catalogue_known *newest = &loop->catalogues.known[0];
    gc_log(GC_LOG_INFO, "catalogue", gc_kv_u64("bytes", newest->len),
           gc_kv_u64("ops_of_all", gc_catalogues_union(&loop->catalogues)->n_ops));
    struct gc_unit *unit = gc_unit_new();
    struct gc_errand *e = unit ? &unit->errand : NULL;
    if (!unit ||
        !gc_memory_keep(&unit->memory, gc_bytes_of(newest->digest.b, sizeof newest->digest.b), &e->digest) ||
        !gc_memory_keep(&unit->memory, gc_bytes_of(newest->bytes, newest->len), &e->bytes)) {
        gc_unit_free(unit); /* it is known, and comes again with a worker after a restart */
        return;
    }
    e->kind = GC_ERRAND_CATALOGUE;
    unit->bytes = unit->memory.total;
    gc_writer_put(loop->writer, unit);
}

/* A part of a document that lies in memory. */
static void answer_part(struct gc_loop *loop, gc_peer peer, const struct gc_msg *msg, struct gc_bytes all)
{
    const struct gc_msg_get *get = &msg->as.get;
    size_t at = get->index < all.len ? (size_t)get->index : all.len;
    size_t len = all.len - at < GC_MAX_BULK ? all.len - at : GC_MAX_BULK;
    struct gc_msg data = {.type = GC_MSG_DATA, .re = msg->seq, .bulk = gc_bytes_of(all.ptr + at, len)};
    data.as.data =
        (struct gc_msg_data){.what = get->what, .run_no = get->run_no, .index = get->index, .total = all.len};
    gc_loop_post(loop, gc_parcel_new(&loop->packer, peer, &data));
}

static void answer_catalogue(struct gc_loop *loop, gc_peer peer, const struct gc_msg *msg)
{
    if (gc_catalogues_union(&loop->catalogues))
        answer_part(loop, peer, msg, loop->catalogues.encoded);
    else
        gc_loop_error(loop, peer, msg->seq, GC_ERR_BUSY, "no worker has joined yet");
}

static void answer_draft(struct gc_loop *loop, gc_peer peer, const struct gc_msg *msg)
{
    struct gc_bytes plan;
    if (gc_drafts_find(&loop->drafts, msg->as.get.run_no, loop->now_ns, &plan))
        answer_part(loop, peer, msg, plan);
    else
        gc_loop_error(loop, peer, msg->seq, GC_ERR_NOT_FOUND,
                      "that plan is not kept any more: ask for it again");
}

static void on_get(struct gc_loop *loop, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_msg_get *get = &msg->as.get;
    if (get->what == GC_GET_CATALOGUE)
        answer_catalogue(loop, peer, msg);
    else if (get->what == GC_GET_PLAN && get->run_no >= GC_DRAFT_FIRST)
        answer_draft(loop, peer, msg);
    else
        gc_loop_ask(loop, peer, msg);
}

/* Its catalogue was asked for and has not come: a HELLO again asks again. */
static bool lacks_catalogue(const struct gc_loop *loop, const struct gc_net_peer *peer)
{
    return peer->role == GC_ROLE_WORKER && !gc_catalogues_knows(&loop->catalogues, &peer->catalogue);
}

static void on_client_bye(struct gc_loop *loop, struct gc_net_peer *peer)
{
    if (!gc_net_gone_full(&loop->net))
        gc_net_drop(&loop->net, peer);
}

/* ---- all of them ---- */

static void from_peer(struct gc_loop *loop, struct gc_net_peer *peer, const struct gc_msg *msg,
                      struct gc_frames *frames)
{
    gc_peer name = peer->name;
    switch ((unsigned)msg->type) {
    case GC_MSG_CATALOGUE: on_catalogue(loop, name, msg); return;
    case GC_MSG_GET: on_get(loop, name, msg); return;
    case GC_MSG_RESULTS:
    case GC_MSG_LIST_RUNS: gc_loop_ask(loop, name, msg); return;
    case GC_MSG_SUBMIT_BEGIN:
    case GC_MSG_SUBMIT_PART:
    case GC_MSG_SUBMIT_END: gc_admit(loop, name, msg); return;
    case GC_MSG_BEAT:
        if (lacks_catalogue(loop, peer))
            reply_who(loop, &frames->peer, msg->seq);
        break;
    case GC_MSG_BYE:
        if (peer->role == GC_ROLE_CLIENT) {
            on_client_bye(loop, peer);
            return;
        }
        break;
    default: break;
    }
    to_core(loop, name, msg, frames);
}

/* Whether handling it adds to the store's queue: with a full disk such messages are dropped once the queue is full. */
static bool adds_load(const struct gc_msg *msg)
{
    return gc_msg_has_bulk(msg->type) || msg->type == GC_MSG_GET || msg->type == GC_MSG_RESULTS ||
           msg->type == GC_MSG_LIST_RUNS || msg->type == GC_MSG_SUBMIT_END;
}

static void decoded(struct gc_loop *loop, const struct gc_msg *msg, struct gc_frames *frames)
{
    if (msg->type == GC_MSG_HELLO) {
        on_hello(loop, frames, msg);
        return;
    }
    struct gc_net_peer *peer = gc_net_find(&loop->net, &frames->peer);
    if (!peer || msg->session != peer->name || msg->term != loop->term) {
        reply_who(loop, &frames->peer, msg->seq);
        return;
    }
    gc_net_heard(&loop->net, peer, loop->now_ns);
    if (!gc_net_may(peer->role, msg->type)) {
        gc_log(GC_LOG_WARN, "denied", gc_kv_str("message", gc_msg_name(msg->type)),
               gc_kv_u64("session", peer->name));
        gc_loop_error(loop, peer->name, msg->seq, GC_ERR_DENIED, "not a message that this peer may send");
        return;
    }
    if (adds_load(msg) && gc_writer_loaded(loop->writer))
        return;
    from_peer(loop, peer, msg, frames);
}

void gc_route(struct gc_loop *loop, struct gc_frames *frames)
{
    struct gc_msg msg;
    struct gc_fault f;
    gc_fault_clear(&f);
    enum gc_err err = gc_codec_decode(loop->packer.codec, gc_frame_bytes(frames->frame),
                                      gc_frame_bytes(frames->bulk), &msg, &f);
    if (err == GC_OK) {
        decoded(loop, &msg, frames);
    } else {
        gc_log(GC_LOG_WARN, "malformed", gc_kv_err(err), gc_kv_text(&f));
        reply_error(loop, &frames->peer, 0, err, f.text);
    }
    gc_frames_release(frames);
}
