/* submit.c - submissions while they come in. */
#include "coordinator/submit.h"

#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "proto/codec.h"

/* Where a piece is decoded to see whether it can be: given back at once. */
#define TRY_BYTES ((size_t)GC_MAX_BULK * 16u)

static struct gc_submission *sub_of(struct gc_link *link)
{
    return GC_CONTAINER(link, struct gc_submission, link);
}

void gc_submits_init(struct gc_submits *s)
{
    *s = (struct gc_submits){.bytes = 0};
    gc_list_init(&s->open);
}

void gc_submits_close(struct gc_submits *s, struct gc_submission *sub)
{
    gc_list_remove(&s->open, &sub->link);
    s->bytes -= sub->bytes;
    gc_memory_release(&sub->memory);
    free(sub);
}

void gc_submits_release(struct gc_submits *s)
{
    for (struct gc_link *it; (it = gc_list_first(&s->open));)
        gc_submits_close(s, sub_of(it));
}

void gc_submits_tend(struct gc_submits *s, uint64_t now_ns)
{
    struct gc_link *oldest;
    while ((oldest = gc_list_first(&s->open)) && now_ns - sub_of(oldest)->used_ns >= GC_SUBMIT_IDLE_NS)
        gc_submits_close(s, sub_of(oldest));
}

static struct gc_submission *find(struct gc_submits *s, const struct gc_id128 *run)
{
    GC_LIST_EACH (it, &s->open)
        if (gc_id_equal(sub_of(it)->run, *run))
            return sub_of(it);
    return NULL;
}

static void touch(struct gc_submits *s, struct gc_submission *sub, uint64_t now_ns)
{
    sub->used_ns = now_ns;
    gc_list_remove(&s->open, &sub->link);
    gc_list_append(&s->open, &sub->link);
}

/* Keeps the bytes of a piece, within the bounds. */
static enum gc_err keep(struct gc_submits *s, struct gc_submission *sub, struct gc_bytes from,
                        struct gc_bytes *ret, struct gc_fault *f)
{
    if (from.len > GC_MAX_DOCUMENT - sub->bytes)
        return gc_fault_set(f, GC_ERR_LIMIT, "a job may have %u bytes in all", GC_MAX_DOCUMENT);
    if (from.len > GC_SUBMITS_BYTES - s->bytes)
        return gc_fault_set(f, GC_ERR_BUSY, "too many jobs are being submitted; try again");
    if (!gc_memory_keep(&sub->memory, from, ret))
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the job");
    sub->bytes += from.len;
    s->bytes += from.len;
    return GC_OK;
}

/* ---- BEGIN ---- */

static enum gc_err check_job(struct gc_bytes bytes, uint64_t *ret_nodes, struct gc_fault *f)
{
    struct gc_mapping memory;
    struct gc_arena arena;
    struct gc_job job;
    if (gc_mapping_make(TRY_BYTES, &memory) != GC_OK)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the job");
    gc_arena_init(&arena, memory.base, memory.size);
    enum gc_err err = gc_decode_job(bytes, &arena, &job, f);
    if (err == GC_OK)
        *ret_nodes = job.n_nodes;
    gc_mapping_release(&memory);
    if (err != GC_OK)
        return err;
    if (*ret_nodes == 0 || *ret_nodes > GC_MAX_JOB_NODES)
        return gc_fault_set(f, GC_ERR_INVALID, "a job has 1 to %u nodes, this one says %llu",
                            GC_MAX_JOB_NODES, (unsigned long long)*ret_nodes);
    return GC_OK;
}

static enum gc_err open_new(struct gc_submits *s, const struct gc_msg *msg, uint64_t now_ns,
                            struct gc_fault *f)
{
    const struct gc_msg_submit_begin *begin = &msg->as.submit_begin;
    uint64_t n_nodes = 0;
    enum gc_err err = check_job(msg->bulk, &n_nodes, f);
    if (err != GC_OK)
        return err;
    if (s->open.count >= GC_SUBMITS_OPEN)
        return gc_fault_set(f, GC_ERR_BUSY, "too many jobs are being submitted; try again");
    struct gc_submission *sub = calloc(1, sizeof *sub);
    if (!sub)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the job");
    sub->run = begin->run;
    sub->dry = begin->dry;
    sub->paused = begin->paused;
    sub->n_nodes = n_nodes;
    sub->used_ns = now_ns;
    sub->last = &sub->parts;
    gc_list_append(&s->open, &sub->link);
    err = keep(s, sub, msg->bulk, &sub->job, f);
    if (err != GC_OK)
        gc_submits_close(s, sub);
    return err;
}

enum gc_err gc_submits_begin(struct gc_submits *s, const struct gc_core *core, const struct gc_msg *msg,
                             uint64_t now_ns, enum gc_submit_next *ret, struct gc_fault *f)
{
    const struct gc_msg_submit_begin *begin = &msg->as.submit_begin;
    struct gc_submission *sub = find(s, &begin->run);
    uint64_t run_no;
    *ret = GC_SUBMIT_NOTHING;
    if (gc_core_find(core, &begin->run, &run_no))
        return GC_OK; /* END will be answered with it */
    if (sub) {
        bool same =
            gc_bytes_equal(sub->job, msg->bulk) && sub->dry == begin->dry && sub->paused == begin->paused;
        if (!same)
            return gc_fault_set(f, GC_ERR_EXISTS, "another job is being submitted under this id");
        touch(s, sub, now_ns);
        return GC_OK;
    }
    enum gc_err err = open_new(s, msg, now_ns, f);
    if (err == GC_OK)
        *ret = GC_SUBMIT_LOOKUP;
    return err;
}

/* ---- PART ---- */

/* The order of the nodes is topological: that is what makes everything after this linear. */
static enum gc_err check_order(const struct gc_nodes *part, uint64_t first, struct gc_fault *f)
{
    for (uint32_t i = 0; i < part->n_nodes; i++)
        for (uint32_t k = 0; k < part->nodes[i].n_inputs; k++)
            if (part->nodes[i].inputs[k].node >= first + i)
                return gc_fault_set(f, GC_ERR_INVALID, "node %llu reads one that does not come before it",
                                    (unsigned long long)(first + i));
    return GC_OK;
}

static enum gc_err check_part(struct gc_bytes bytes, uint64_t first, uint32_t *ret_n, struct gc_fault *f)
{
    struct gc_mapping memory;
    struct gc_arena arena;
    struct gc_nodes part;
    if (gc_mapping_make(TRY_BYTES, &memory) != GC_OK)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the job");
    gc_arena_init(&arena, memory.base, memory.size);
    enum gc_err err = gc_decode_nodes(bytes, &arena, &part, f);
    if (err == GC_OK)
        err = check_order(&part, first, f);
    if (err == GC_OK)
        *ret_n = part.n_nodes;
    gc_mapping_release(&memory);
    return err;
}

static enum gc_err add_part(struct gc_submits *s, struct gc_submission *sub, struct gc_bytes bytes,
                            uint32_t n, struct gc_fault *f)
{
    struct gc_submit_part *part = gc_memory_take(&sub->memory, sizeof *part);
    if (!part)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the job");
    *part = (struct gc_submit_part){.next = NULL};
    enum gc_err err = keep(s, sub, bytes, &part->bytes, f);
    if (err != GC_OK)
        return err;
    *sub->last = part;
    sub->last = &part->next;
    sub->received += n;
    return GC_OK;
}

enum gc_err gc_submits_part(struct gc_submits *s, const struct gc_core *core, const struct gc_msg *msg,
                            uint64_t now_ns, struct gc_fault *f)
{
    const struct gc_msg_submit_part *head = &msg->as.submit_part;
    struct gc_submission *sub = find(s, &head->run);
    uint64_t run_no;
    uint32_t n = 0;
    if (!sub && gc_core_find(core, &head->run, &run_no))
        return GC_OK;
    if (!sub)
        return gc_fault_set(f, GC_ERR_STATE, "no such submission is open: begin it again");
    touch(s, sub, now_ns);
    if (head->first < sub->received)
        return GC_OK; /* it is there */
    if (head->first > sub->received)
        return gc_fault_set(f, GC_ERR_STATE, "nodes from %llu on are missing",
                            (unsigned long long)sub->received);
    enum gc_err err = check_part(msg->bulk, head->first, &n, f);
    if (err == GC_OK && n > sub->n_nodes - sub->received)
        err = gc_fault_set(f, GC_ERR_INVALID, "more nodes than the job says it has");
    return err == GC_OK && n > 0 ? add_part(s, sub, msg->bulk, n, f) : err;
}

/* ---- END ---- */

enum gc_err gc_submits_end(struct gc_submits *s, const struct gc_core *core, gc_peer peer,
                           const struct gc_msg *msg, uint64_t now_ns, enum gc_submit_next *ret,
                           struct gc_submission **ret_whole, uint64_t *ret_run_no, struct gc_fault *f)
{
    struct gc_submission *sub = find(s, &msg->as.submit_end.run);
    *ret_whole = sub;
    *ret = GC_SUBMIT_THERE;
    if (gc_core_find(core, &msg->as.submit_end.run, ret_run_no))
        return GC_OK;
    if (sub && sub->run_no) {
        *ret_run_no = sub->run_no;
        return GC_OK;
    }
    *ret = GC_SUBMIT_LOOKUP; /* it may have ended since it was begun */
    if (!sub)
        return GC_OK;
    touch(s, sub, now_ns);
    if (sub->received < sub->n_nodes)
        return gc_fault_set(f, GC_ERR_STATE, "nodes from %llu on are missing",
                            (unsigned long long)sub->received);
    sub->end_peer = peer;
    sub->end_re = msg->seq;
    *ret = sub->fresh ? GC_SUBMIT_PLAN : GC_SUBMIT_NOTHING;
    return GC_OK;
}

void gc_submits_looked_up(struct gc_submits *s, const struct gc_id128 *run, uint64_t run_no,
                          struct gc_submission **ret_waiting)
{
    struct gc_submission *sub = find(s, run);
    *ret_waiting = sub && sub->end_peer ? sub : NULL;
    if (!sub)
        return;
    sub->fresh = run_no == 0;
    sub->run_no = run_no;
}
