/* A whole coordinator in a child process, and peers that speak the wire to it. */
#ifndef GC_TESTS_COORDINATOR_SHELL_H
#define GC_TESTS_COORDINATOR_SHELL_H

#include <stdint.h>
#include <sys/types.h>

#include "proto/codec.h"
#include "proto/socket.h"

struct shell {
    char folder[64];
    char endpoint[128];
    pid_t pid;
};

/* What main() of a test does when it is started as `TEST --coordinator FOLDER ENDPOINT FD`. */
int shell_serve(char **argv);

/* Makes the folder; starts a coordinator on it; ends it (cleanly, or killed); removes the folder. */
void shell_make(struct shell *s);
void shell_start(struct shell *s);
void shell_stop(struct shell *s); /* SIGTERM, and it must exit with 0 */
void shell_kill(struct shell *s);
void shell_remove(struct shell *s);

struct peer {
    zsock_t *socket;
    struct gc_codec *codec;
    struct gc_frames frames;
    struct gc_msg msg; /* the last one received */
    uint64_t term;
    uint64_t session;
    uint64_t seq;
    enum gc_role role;
    struct gc_id128 id;
    struct gc_digest catalogue;
};

/* Connects and says HELLO until it is welcome. The id is made of `number`. */
struct peer *peer_new(const struct shell *s, enum gc_role role, uint64_t number);
void peer_free(struct peer *p);
uint64_t peer_send(struct peer *p, struct gc_msg msg);
/* Says HELLO again, after the coordinator was started again. */
void peer_join(struct peer *p);
/* The next message of that type; others before it are passed over (but for ERROR, which fails the test). */
const struct gc_msg *peer_expect(struct peer *p, enum gc_msg_type type);
/* Any next message; fails after ten seconds. */
const struct gc_msg *peer_receive(struct peer *p);
/* Whether nothing comes for so long. */
bool peer_silent(struct peer *p, int ms);

/* A catalogue with the ops `numbers` (a source) and `twice` (of an item). */
struct gc_bytes shell_catalogue(void);
/* A worker that has announced it. */
struct peer *shell_worker(const struct shell *s, uint64_t number);
/* numbers → twice, under an id made of `number`, up to its SUBMIT_END; its seq comes back. */
uint64_t shell_submit(struct peer *client, uint64_t number, bool dry);
struct gc_id128 shell_id(uint64_t number);

/* Serves the worker's side of that job: lists `items` items in one page, and does each of them, until the run has ended as seen by
 * `client`, who watches it. Returns how many results were committed. */
uint64_t shell_work(struct peer *worker, struct peer *client, uint64_t number, uint64_t items);

#endif
