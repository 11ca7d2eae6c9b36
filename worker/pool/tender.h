/* tender.h - inside of the crew: one thread an executor.
 *
 * Owned by its thread but for what stands under the lock. An executor belongs to one tender for its life; memory that it shares is
 * its own as well, so that one that is dying cannot write into the next one's. */
#ifndef GC_POOL_TENDER_H
#define GC_POOL_TENDER_H

#include <pthread.h>
#include <stdatomic.h>

#include "worker/ops/ops.h"
#include "worker/pool/crew.h"
#include "worker/pool/publisher.h"
#include "worker/pool/said.h"
#include "worker/pool/share.h"
#include "worker/pool/watch.h"
#include "worker/pool/zygote.h"

#define TENDER_OUTPUTS 128u /* files of one chunk: each is some open descriptors */
/* Of items whose descriptors are out: those of a full chunk, the one that it waits for, and those sent ahead. */
#define TENDER_MAX_OUTPUTS   (TENDER_OUTPUTS + (GC_SHARE_AHEAD + 1u) * GC_MAX_STAGE_NODES)
#define TENDER_RECYCLE_ITEMS 500u
#define TENDER_RECYCLE_NS \
    ((uint64_t)10000000000) /* an executor is replaced after so many items and so long */
/* ... or, between two slices, where so much of its memory is in use: it has grown, or lies in pieces. */
#define TENDER_RECYCLE_BYTES ((uint64_t)512 << 20)

_Static_assert(TENDER_MAX_OUTPUTS <= GC_PUBLISH_BATCH, "the outputs of a chunk are one batch");

struct tender_job {
    struct gc_agent_slice slice; /* given: in `given` */
    struct gc_given given[GC_MAX_STAGE_NODES];
    uint8_t given_texts[GC_MAX_STAGE_NODES][GC_MAX_TEXT];
    struct gc_blob *program;
    struct gc_blob *input;
};

/* A program that the executor can have in this place. */
struct gc_tender_place {
    struct gc_blob *program;
    struct gc_stage *stage; /* the tender's own: for what a task needs and where its outputs go */
    bool installed;         /* in the executor that lives now */
    uint64_t used;
};

/* An output that is not to be tried again: publishing it has failed. */
struct gc_refusal {
    uint64_t item;
    uint32_t step;
    uint32_t cause;
    char text[GC_SHARE_TEXT];
};

struct gc_tender {
    struct gc_crew *crew;
    uint32_t slot;
    pthread_t thread;

    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct tender_job *job; /* the one to take up */
    uint64_t kill;          /* slice that is to end */
    bool quit;
    int wake; /* eventfd: kill or quit, for who polls */

    struct gc_share *share; /* changed under the lock: the loop reads it for beats */

    /* the executor */
    bool alive;
    struct gc_zygote_child child;
    uint64_t born_ns;
    uint64_t born_kills; /* the kernel's, for want of memory, when it was made */
    uint64_t items;      /* that it has run */
    struct gc_said said;
    uint64_t told_ns; /* when something of it was logged */
    struct gc_tender_place places[GC_SHARE_PLACES];
    uint64_t uses;

    /* the slice at hand */
    struct tender_job *now;
    struct gc_stage *stage;
    uint32_t place;
    struct gc_stage_needs needs;
    bool scan;  /* it reads results */
    bool tasks; /* its items come with descriptors */
    uint64_t heard_ns;
    struct gc_watch watch;
    uint64_t done; /* first item that is not handed in */
    uint64_t at;   /* first item that is in no chunk: those between are being published */
    uint64_t sent; /* first item whose TASK was not sent */
    uint64_t took; /* first item whose TASK is not used up */
    uint64_t cap;
    bool redo;                 /* what is not handed in runs again: an output could not be published */
    struct gc_output *outputs; /* of items [at, sent) */
    uint32_t n_outputs;
    uint32_t max_outputs;
    struct gc_files_life life;
    struct gc_refusal *refusals;
    uint32_t n_refusals;
    int kept[GC_MAX_STAGE_INPUTS]; /* inputs that are the same for all items of the slice, once open; -1 */
    struct gc_publisher publisher;
    struct gc_crew_event batch; /* the chunk that it publishes the outputs of */
    struct gc_share_msg msg;
};

enum gc_heard {
    GC_HEARD_MSG,
    GC_HEARD_PUBLISHED, /* the publisher is through */
    GC_HEARD_DEAD,      /* it ended by itself */
    GC_HEARD_TIMEOUT,   /* the task has had its time */
    GC_HEARD_KILL,      /* the loop wants the slice ended, or all */
};

/* tender.c */
enum gc_err tender_start(struct gc_tender *t, struct gc_crew *crew, uint32_t slot) GC_MUST_CHECK;
void tender_stop(struct gc_tender *t);
/* The executor's next message, or why there is none. */
enum gc_heard tender_hear(struct gc_tender *t);
/* Waits for the publisher alone: the executor has nothing to do. False: the slice is not wanted any more. */
bool tender_await(struct gc_tender *t);
/* Does not wait. False: it has gone, or has left unread more than an honest one ever does (GC_SHARE_AHEAD tasks and an order): then it
 * would keep its tender waiting for as long as it likes. */
bool tender_say(struct gc_tender *t, const void *msg, size_t len, const int *fds, unsigned n);
bool tender_order(struct gc_tender *t, enum gc_share_op op);
/* The slice is over: why not by a chunk. Ends the executor where `heard` is no message. */
void tender_end_by(struct gc_tender *t, enum gc_heard heard);
void tender_fault(struct gc_tender *t, uint64_t item, uint64_t node, uint32_t cause, const char *text,
                  size_t len);
void tender_retire(struct gc_tender *t); /* ends the executor */
bool tender_wanted(struct gc_tender *t); /* the slice was not killed meanwhile */

/* slice.c */
void slice_run(struct gc_tender *t);

/* task.c */
/* Opens what item `sent` needs and sends it. False: the executor does not hear. */
bool task_send(struct gc_tender *t);
/* Notes in the outputs which of them the chunk [at, at + count) has made. False: there is nothing to publish. */
bool task_made(struct gc_tender *t, uint64_t count, const struct gc_share_made *made, uint32_t n_made);
/* Moves the outputs of items before `end` to `ret`, which has room for all. */
uint32_t task_split(struct gc_tender *t, uint64_t end, struct gc_output *ret);
/* Those of them that were refused are refused from the start when their items run again. */
void task_note(struct gc_tender *t, const struct gc_output *outputs, uint32_t n);
void task_close(struct gc_tender *t, uint64_t end); /* of items before `end` */
/* The inputs that items share: none is open; and closes them. */
void task_begin(struct gc_tender *t);
void task_end(struct gc_tender *t);

/* crew.c */
/* A chunk's memory, once there is a credit for it; NULL: the slice is not wanted any more. */
struct gc_crew_chunk *crew_chunk(struct gc_tender *t, size_t bytes);
void crew_chunk_drop(struct gc_crew *crew, struct gc_crew_chunk *chunk);
void crew_post(struct gc_crew *crew, const struct gc_crew_event *event);

struct gc_crew_chunk {
    struct gc_delta deltas[GC_MAX_STAGE_NODES];
    size_t len;
    uint8_t bytes[];
};

struct gc_crew {
    struct gc_crew_config config;
    struct gc_roots *roots;
    struct gc_zygote *zygote;
    struct gc_sync *sync;
    atomic_uint_fast64_t fence_ns;
    int event_fd;
    pthread_mutex_t lock;
    struct crew_entry *first, *last; /* events */
    pthread_cond_t credit;
    uint32_t credits;
    uint32_t started; /* tenders */
    struct gc_tender *tenders;
};

#endif
