/* writer.h - the store's thread: the only one that uses SQLite once the coordinator runs.
 *
 * Units go in by gc_writer_put and come back, in the order in which they went in, by gc_writer_take. A round takes all that waits:
 * their commits are one transaction, so one sync of the disk serves as many results as came during the last one. Then the round's
 * errands are run, which see what was committed; then its units come back, and the loop sends what waited for them.
 *
 * A full disk: the transaction is rolled back and the round waits, and is tried again every GC_WRITER_RETRY_NS and whenever it is
 * asked. Units that only read pass it by: a full disk hides nothing. Any other error of a commit ends this thread, and the loop
 * ends the process: nobody was told.
 *
 * Bound: the loop asks gc_writer_load before it reads a message that would add to the queue.
 */
#ifndef GC_COORDINATOR_WRITER_H
#define GC_COORDINATOR_WRITER_H

#include "coordinator/store/store.h"
#include "coordinator/unit.h"

struct gc_writer;

#define GC_WRITER_BYTES    (12u * 1024u * 1024u)
#define GC_WRITER_UNITS    4096u
#define GC_WRITER_RETRY_NS (500u * GC_MS)

enum gc_writer_state {
    GC_WRITER_FINE,
    GC_WRITER_FULL,   /* the disk is; what is waiting waits */
    GC_WRITER_BROKEN, /* the store failed; end the process */
};

/* Takes the store until gc_writer_stop gives it back. */
enum gc_err gc_writer_start(struct gc_store *store, uint64_t term, struct gc_writer **ret,
                            struct gc_fault *f) GC_MUST_CHECK;
/* Ends the thread when what waits is done (a full disk is not waited for), and frees all. */
void gc_writer_stop(struct gc_writer **self_p);

/* Readable when units have come back or the state has changed. */
int gc_writer_fd(const struct gc_writer *w);
void gc_writer_put(struct gc_writer *w, struct gc_unit *unit);
/* Moves what has come back to the end of `to`, and says how things are. */
enum gc_writer_state gc_writer_take(struct gc_writer *w, struct gc_list *to);

/* Units with commits that were put and not taken back: while there is one, what is durable must queue behind it. */
uint32_t gc_writer_commits(const struct gc_writer *w);
/* Whether the queue has no room for another message. */
bool gc_writer_loaded(const struct gc_writer *w);

#endif
