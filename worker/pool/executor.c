/* executor.c - programs, slices, tasks; chunk.c puts together what comes of them. */
#include "worker/pool/executor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/sys/clock.h"
#include "worker/pool/chunk.h"
#include "worker/pool/fds.h"
#include "worker/pool/seal.h"
#include "worker/pool/talk.h"

/* A task whose descriptors have come. */
struct ready {
    struct gc_share_task task;
    int fds[GC_FDS_MAX];
    unsigned n;
};

struct executor {
    struct gc_talk talk;
    struct gc_stage *places[GC_SHARE_PLACES];
    struct gc_share_msg msg; /* the last one that came */
    int fds[GC_FDS_MAX];
    unsigned n_fds;
    struct ready ahead[GC_SHARE_AHEAD + 1]; /* one is in use while as many are ahead */
    unsigned ahead_first, ahead_count;
    struct gc_share_slice slice; /* a copy: the program's own, once checked */
    int spool;                   /* what it reads where it scans; -1 */
    struct gc_given given[GC_MAX_STAGE_NODES];
    struct gc_bytes items; /* what is left of them */
    struct gc_task task;
    struct gc_task_input inputs[GC_MAX_STAGE_INPUTS];
    struct gc_task_output outputs[GC_MAX_STAGE_NODES];
    struct gc_task_result result;
    struct gc_chunk chunk;
};

/* ---- hearing ---- */

static void drop_ahead(struct executor *x)
{
    for (; x->ahead_count > 0; x->ahead_count--) {
        struct ready *r = &x->ahead[x->ahead_first];
        gc_fds_close(r->fds, r->n);
        x->ahead_first = (x->ahead_first + 1) % (GC_SHARE_AHEAD + 1);
    }
}

/* What stands in no task's place: the results to scan, with the order of their slice. */
static void keep_spool(struct executor *x)
{
    if (x->spool >= 0)
        close(x->spool);
    x->spool = -1;
    if (x->msg.op == GC_SHARE_SLICE && x->n_fds == 1)
        x->spool = x->fds[0];
    else
        gc_fds_close(x->fds, x->n_fds);
}

/* One message; a task is set aside. False: the tender has gone. */
static bool hear(struct executor *x)
{
    ssize_t len = gc_fds_recv(x->talk.sock, &x->msg, sizeof x->msg, x->fds, &x->n_fds, 0);
    if (len <= 0)
        return false;
    if (x->msg.op != GC_SHARE_TASK) {
        keep_spool(x);
        return true;
    }
    GC_ASSERT(x->ahead_count <= GC_SHARE_AHEAD);
    struct ready *r = &x->ahead[(x->ahead_first + x->ahead_count++) % (GC_SHARE_AHEAD + 1)];
    r->task = x->msg.as.task;
    r->n = x->n_fds;
    memcpy(r->fds, x->fds, sizeof x->fds);
    return true;
}

/* After a chunk: whether the slice goes on. */
static bool may_go_on(void *context)
{
    struct executor *x = context;
    do {
        if (!hear(x))
            return false;
    } while (x->msg.op == GC_SHARE_TASK);
    return x->msg.op == GC_SHARE_GO;
}

/* ---- programs ---- */

static void install(struct executor *x)
{
    uint32_t place = x->msg.as.program.place;
    GC_ASSERT(place < GC_SHARE_PLACES);
    gc_stage_destroy(&x->places[place]);
    struct gc_fault fault = {0};
    struct gc_bytes bytes = {x->talk.share->in, (size_t)gc_min_u64(x->msg.as.program.bytes, GC_SHARE_IN)};
    enum gc_err err = gc_stage_install(bytes, &x->places[place], &fault);
    gc_talk_say(&x->talk, err == GC_OK ? GC_SHARE_READY : GC_SHARE_BAD, 0, 0, fault.text);
}

/* ---- tasks ---- */

static bool take_item(struct executor *x)
{
    if (x->slice.whole)
        return true;
    struct gc_reader r;
    uint64_t text, fields;
    gc_reader_init(&r, x->items);
    bool whole = gc_reader_varint(&r, &text) && gc_reader_bytes(&r, (size_t)text, &x->task.text) &&
                 gc_reader_varint(&r, &fields) && gc_reader_bytes(&r, (size_t)fields, &x->task.fields);
    x->items = (struct gc_bytes){r.at, gc_reader_left(&r)};
    return whole;
}

static void take_input(struct gc_task_input *out, const struct gc_share_input *in, const struct ready *r,
                       unsigned *fd)
{
    *out = (struct gc_task_input){
        .file = in->file, .fd = -1, .refused = in->refused, .text = {in->text, in->len}};
    if (in->refused == GC_CAUSE_NONE && *fd < r->n)
        out->fd = r->fds[(*fd)++];
}

static void take_output(struct gc_task_output *out, const struct gc_share_output *in, const struct ready *r,
                        unsigned *fd)
{
    *out = (struct gc_task_output){.step = in->step,
                                   .fd = -1,
                                   .there = in->there != 0,
                                   .refused = in->refused,
                                   .text = {in->text, in->len}};
    if (in->refused == GC_CAUSE_NONE && *fd < r->n)
        out->fd = r->fds[(*fd)++];
}

/* The descriptors of this item: waits for them. NULL: the tender has gone, or wants the slice ended. */
static struct ready *take_descriptors(struct executor *x)
{
    if (x->ahead_count == 0 && (!hear(x) || x->msg.op != GC_SHARE_TASK))
        return NULL;
    struct ready *r = &x->ahead[x->ahead_first];
    unsigned fd = 0;
    x->task.n_inputs = r->task.n_inputs;
    x->task.n_outputs = r->task.n_outputs;
    for (uint32_t i = 0; i < r->task.n_inputs; i++)
        take_input(&x->inputs[i], &r->task.inputs[i], r, &fd);
    for (uint32_t i = 0; i < r->task.n_outputs; i++)
        take_output(&x->outputs[i], &r->task.outputs[i], r, &fd);
    return r;
}

static void give_descriptors(struct executor *x)
{
    struct ready *r = &x->ahead[x->ahead_first];
    gc_fds_close(r->fds, r->n);
    x->ahead_first = (x->ahead_first + 1) % (GC_SHARE_AHEAD + 1);
    x->ahead_count--;
}

static void count_attempts(struct executor *x)
{
    for (uint32_t i = 0; i < x->result.n_faults; i++) {
        struct gc_status_fault *f = &x->result.faults[i];
        bool before = false;
        for (uint32_t g = 0; g < x->slice.n_given; g++)
            before |= x->given[g].node == f->node;
        if (!before)
            f->attempts = x->slice.attempt + 1;
    }
}

static bool run(struct executor *x, struct gc_stage *stage, uint64_t item)
{
    x->task.index = x->slice.whole ? GC_UNSET : item;
    if (!take_item(x))
        return false;
    if (x->slice.tasks && !take_descriptors(x))
        return false;
    uint64_t began = gc_talk_blame(&x->talk, item);
    gc_stage_run(stage, &x->task, (struct gc_blame){gc_talk_touch, &x->talk}, gc_chunk_values(&x->chunk),
                 &x->result);
    uint64_t busy = gc_clock_now() - began;
    gc_talk_unblame(&x->talk);
    if (x->result.fault != GC_CAUSE_NONE) {
        /* What came before still counts; the slice is over. */
        if (gc_chunk_flush(&x->chunk, stage))
            gc_talk_fault(&x->talk, item, x->result.fault_node, x->result.fault, x->result.fault_text);
        return false;
    }
    /* Before the chunk: nothing may be on its way when the tender stops the slice. */
    if (x->slice.tasks)
        gc_talk_say(&x->talk, GC_SHARE_TOOK, item, 0, "");
    count_attempts(x);
    bool on = gc_chunk_add(&x->chunk, stage, item, &x->result, busy);
    if (x->slice.tasks)
        give_descriptors(x);
    return on;
}

static void run_items(struct executor *x, struct gc_stage *stage)
{
    gc_chunk_begin(&x->chunk, stage, x->slice.first, x->slice.cap);
    x->task = (struct gc_task){.want = x->slice.want,
                               .given = x->given,
                               .n_given = x->slice.n_given,
                               .inputs = x->inputs,
                               .outputs = x->outputs};
    uint64_t end = x->slice.first + x->slice.count;
    bool on = true;
    for (uint64_t item = x->slice.first; on && item < end; item++)
        on = run(x, stage, item);
    if (on)
        (void)gc_chunk_flush(&x->chunk, stage);
    drop_ahead(x);
}

static void run_states(struct executor *x, struct gc_stage *stage)
{
    struct gc_bytes states[GC_MERGE_INPUTS];
    size_t at = 0;
    for (uint32_t i = 0; i < x->slice.n_states; i++) {
        size_t len = (size_t)gc_min_u64(x->slice.lengths[i], GC_SHARE_IN - at);
        states[i] = (struct gc_bytes){x->talk.share->in + at, len};
        at += len;
    }
    uint64_t began = gc_talk_blame(&x->talk, 0);
    bool finish = x->slice.kind == GC_LEASE_FINISH;
    gc_chunk_reduce(&x->chunk, stage, states, x->slice.n_states, finish, x->slice.attempt, began);
    (void)may_go_on(x);
}

/* One item that is no item: the results, read by the reducing node. */
static void run_scan(struct executor *x, struct gc_stage *stage)
{
    GC_ASSERT(gc_stage_scans(stage));
    GC_ASSERT(x->spool >= 0);
    x->task = (struct gc_task){.index = GC_UNSET, .want = 1, .outputs = x->outputs};
    if (x->slice.tasks && !take_descriptors(x))
        return;
    gc_chunk_begin_scan(&x->chunk);
    uint64_t began = gc_talk_blame(&x->talk, 0);
    gc_stage_scan(stage, x->spool, &x->task, (struct gc_blame){gc_talk_touch, &x->talk},
                  gc_chunk_values(&x->chunk), &x->result);
    uint64_t busy = gc_clock_now() - began;
    gc_talk_unblame(&x->talk);
    if (x->result.fault != GC_CAUSE_NONE) {
        gc_talk_fault(&x->talk, 0, x->result.fault_node, x->result.fault, x->result.fault_text);
        return;
    }
    if (x->slice.tasks)
        gc_talk_say(&x->talk, GC_SHARE_TOOK, 0, 0, "");
    count_attempts(x);
    gc_chunk_end_scan(&x->chunk, &x->result, busy);
    (void)may_go_on(x);
}

static void run_slice(struct executor *x)
{
    x->slice = x->msg.as.slice;
    struct gc_stage *stage = x->slice.place < GC_SHARE_PLACES ? x->places[x->slice.place] : NULL;
    GC_ASSERT(stage != NULL);
    GC_ASSERT(x->slice.n_given <= GC_MAX_STAGE_NODES);
    GC_ASSERT(x->slice.items <= GC_SHARE_IN);
    GC_ASSERT(x->slice.n_states <= GC_MERGE_INPUTS);
    for (uint32_t i = 0; i < x->slice.n_given; i++) {
        const struct gc_share_given *g = &x->talk.share->given[i];
        x->given[i] = (struct gc_given){
            .node = g->node, .cause = g->cause, .attempts = g->attempts, .text = {g->text, (size_t)g->len}};
    }
    x->items = (struct gc_bytes){x->talk.share->in, (size_t)x->slice.items};
    if (x->slice.kind == GC_LEASE_ITEMS)
        run_items(x, stage);
    else if (x->slice.scan)
        run_scan(x, stage);
    else
        run_states(x, stage);
}

int gc_executor_main(int sock, int memory)
{
    struct executor *x = calloc(1, sizeof *x);
    struct gc_share *share = mmap(NULL, sizeof *share, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (!x || share == MAP_FAILED)
        return 1;
    close(memory);
    x->talk = (struct gc_talk){.sock = sock, .share = share};
    x->spool = -1;
    if (!gc_chunk_init(&x->chunk, &x->talk, may_go_on, x))
        return 1;
    (void)gc_seal(); /* that nothing gets through was found when the worker started (seal_try.h) */
    while (hear(x)) {
        if (x->msg.op == GC_SHARE_PROGRAM)
            install(x);
        else if (x->msg.op == GC_SHARE_SLICE)
            run_slice(x);
        drop_ahead(x); /* tasks of a slice that was stopped */
    }
    return 0;
}
