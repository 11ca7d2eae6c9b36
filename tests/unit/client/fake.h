/* fake.h - a coordinator of a hundred lines, in a thread: a ROUTER that answers from a table, and can be told to misbehave.
 *
 * It has one run: `photos` (a source of FAKE_ITEMS items, in pages of FAKE_PAGE) and `tone` (a record {mean, name} an item, every
 * FAKE_BAD-th one failed), stored in batches of FAKE_BATCH, sent FAKE_PORTION batches at a time; and `total`, which reduces. */
#ifndef GC_TEST_CLIENT_FAKE_H
#define GC_TEST_CLIENT_FAKE_H

#include <pthread.h>
#include <stdatomic.h>

#include "client/graphcap.h"
#include "proto/codec.h"
#include "proto/socket.h"

enum { FAKE_ITEMS = 1000, FAKE_PAGE = 64, FAKE_BATCH = 10, FAKE_PORTION = 7, FAKE_BAD = 97 };

struct fake {
    char folder[64];
    char endpoint[128];
    pthread_t thread;
    atomic_bool stop;
    atomic_bool known; /* the client has said HELLO in this term */
    atomic_ullong term;

    /* What it is to do; set before the client calls. */
    atomic_int drop;  /* answers to swallow, HELLO's not counted */
    atomic_int busy;  /* answers to replace by a busy error */
    atomic_bool deny; /* HELLO is answered by an error */
    bool refuse;      /* submissions get two problems */
    atomic_int state; /* of the run; a watcher is told when it changes */

    /* What it saw. */
    atomic_int hellos, begins, parts, ends, shows, results, gets;
    struct gc_id128 run; /* of the last submission */
    uint64_t nodes;      /* in its parts */

    zsock_t *router;
    struct gc_codec *codec;
    struct gc_codec *encoder;
    struct gc_routing peer;
    uint64_t seq;
    uint64_t watch_re; /* 0: nobody watches */
    int told_state;
};

void fake_start(struct fake *f);
void fake_stop(struct fake *f);
/* As a restart does: a new term, and nobody is known. */
void fake_restart(struct fake *f);
struct graphcap *fake_connect(struct fake *f);
/* The id of the run that is there. */
const char *fake_run(void);

#endif
