/* connection.h - the conversation with a coordinator: joining, asking, waiting through restarts.
 *
 * A request is one or several messages that have one answer. gc_conn_ask sends them, sends them again after GC_RESEND_NS, after
 * the coordinator said WHO (it restarted and knows us no more: HELLO, WELCOME, then again) and after a busy answer, until an
 * answer to one of the sendings comes. All requests of the protocol are idempotent, so more than one may arrive.
 *
 * What was asked for but comes later as well (RUN_INFO of a watch) goes to the watch, whoever is pumping.
 *
 * Invariants: nothing but HELLO is sent while not joined; `joins` counts WELCOMEs, and what was sent under another count is not
 * known to the coordinator any more. A decoded message lives until the next pump.
 */
#ifndef GC_CLIENT_CONNECTION_H
#define GC_CLIENT_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/graphcap.h"
#include "client/place.h"
#include "common/arena.h"
#include "common/buf.h"
#include "common/id.h"
#include "proto/codec.h"
#include "proto/socket.h"

struct graphcap {
    pid_t owner; /* after a fork the child has our memory but not our socket */
    struct gc_place place;
    char *bindir;
    char *name;
    uint32_t executors;
    uint64_t patience_ns;
    void (*notice)(void *arg, const char *text);
    void *notice_arg;

    int wake; /* eventfd of graphcap_interrupt */
    zsock_t *socket;
    struct gc_codec *codec;
    struct gc_frames frames; /* of the last message */
    struct gc_msg msg;       /* the last message; leads into frames and the codec */
    struct gc_buf out;
    struct gc_arena arena; /* of the last decoded document; mapped, touched as used */

    struct gc_id128 peer;
    struct gc_id128 boot;
    uint64_t term;
    uint64_t session;
    uint64_t seq;       /* of the last message sent */
    uint64_t hello_seq; /* of the last HELLO; 0: none since we were last told WHO */
    uint64_t hello_ns;
    uint64_t joins;
    bool joined;
    bool full; /* the last send found the pipe full */

    uint64_t heard_ns;   /* when something came last, or a wait began */
    uint64_t checked_ns; /* when the socket was last tried from outside */
    uint64_t pumped_ns;  /* when somebody last waited */
    unsigned start_failures;
    bool told_silent;
    pid_t child; /* the private coordinator, where we started it; 0 */

    struct graphcap_watch *watches;
};

/* What gc_request.answer returns for a message that is not the answer. */
#define GC_NOT_THE_ANSWER (-1)

struct gc_request {
    const struct gc_msg *msgs;
    uint32_t n;
    /* Called with messages that answer one of them, but for errors. Returns GRAPHCAP_OK: that was it; GC_NOT_THE_ANSWER; or the
     * code that the request fails with. Must copy what it keeps. */
    int (*answer)(void *arg, const struct gc_msg *msg, struct graphcap_error *error);
    void *arg;
};

int gc_conn_ask(struct graphcap *gc, const struct gc_request *request, struct graphcap_error *error);

/* Whether calls on it make sense: not in a forked child. Every public function that waits begins with it. */
int gc_conn_begin(struct graphcap *gc, struct graphcap_error *error);

/* Waits until `until_ns` at most (gc_clock_now) for one thing to happen. Joins where that is needed. *ret is a message for the
 * caller, or NULL when something else happened: look again at what you wait for. */
int gc_conn_pump(struct graphcap *gc, uint64_t until_ns, const struct gc_msg **ret,
                 struct graphcap_error *error);

/* Looks from outside whether somebody listens: starts a private coordinator that is not there, and gives up a silent one when
 * patience is over. The pump does it after each second of silence, opening a connection before anything else. */
int gc_conn_check(struct graphcap *gc, struct graphcap_error *error);

/* Numbers and sends one message; *ret_seq is its number. False: the pipe is full, try again after the next pump. */
bool gc_conn_send(struct graphcap *gc, const struct gc_msg *msg, uint64_t *ret_seq);

/* Notices: why a call waits, and that it need not any more. */
void gc_conn_tell_busy(struct graphcap *gc, struct gc_bytes text);
void gc_conn_tell_on(struct graphcap *gc);

/* Empties the arena for the next document and returns it. */
struct gc_arena *gc_conn_arena(struct graphcap *gc);

/* The id in a text from outside. */
int gc_conn_run_id(const char *text, struct gc_id128 *ret, struct graphcap_error *error);

#endif
