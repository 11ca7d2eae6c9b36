/* admit.c - SUBMIT_BEGIN, _PART, _END: from messages to a planned run that the core is told of. */
#include "common/assert.h"
#include "common/sys/log.h"
#include "coordinator/loop.h"

static void answer(struct gc_loop *loop, gc_peer peer, uint64_t re, struct gc_msg_submitted submitted)
{
    struct gc_msg msg = {.type = GC_MSG_SUBMITTED, .re = re};
    msg.as.submitted = submitted;
    gc_loop_post(loop, gc_parcel_new(&loop->packer, peer, &msg));
}

static void answer_there(struct gc_loop *loop, gc_peer peer, uint64_t re, struct gc_id128 run,
                         uint64_t run_no)
{
    answer(loop, peer, re, (struct gc_msg_submitted){.run = run, .accepted = true, .run_no = run_no});
}

/* Asks the store whether the run is there. `peer` and `re`: of an END that no open submission stands behind, which is answered from
 * what comes back; 0 otherwise. */
static void look_up(struct gc_loop *loop, struct gc_id128 run, gc_peer peer, uint64_t re)
{
    struct gc_unit *unit = gc_unit_new();
    if (!unit)
        return; /* the client sends again */
    unit->errand = (struct gc_errand){.kind = GC_ERRAND_LOOKUP, .run = run, .peer = peer, .msg.seq = re};
    gc_writer_put(loop->writer, unit);
}

/* The plan lies in its own mapping, which goes with the commit: `memory` is empty then. */
static void run_planned(struct gc_loop *loop, const struct gc_submission *sub,
                        const struct gc_planned *planned, struct gc_mapping *memory)
{
    struct gc_event event = {.kind = GC_EV_SUBMIT, .peer = sub->end_peer};
    event.as.submit.re = sub->end_re;
    event.as.submit.run = sub->run;
    event.as.submit.paused = sub->paused;
    event.as.submit.job = &planned->job;
    event.as.submit.plan = &planned->plan;
    event.as.submit.n_problems = planned->n_problems;
    event.as.submit.problems = planned->problems;
    gc_loop_step(loop, &event, NULL, memory);
}

/* Without memory for it there is no draft to read, and the problems are told all the same. */
static void answer_planned(struct gc_loop *loop, const struct gc_submission *sub,
                           const struct gc_planned *planned)
{
    uint64_t draft = 0;
    if (planned->accepted)
        draft = gc_drafts_keep(&loop->drafts, planned->document, loop->now_ns);
    answer(loop, sub->end_peer, sub->end_re,
           (struct gc_msg_submitted){.run = sub->run,
                                     .accepted = planned->accepted,
                                     .run_no = draft,
                                     .n_problems = planned->n_problems,
                                     .problems = planned->problems,
                                     .more = planned->more});
}

static void plan(struct gc_loop *loop, struct gc_submission *sub)
{
    const struct gc_catalogue *catalogue = gc_catalogues_union(&loop->catalogues);
    const struct gc_planned *planned;
    struct gc_mapping memory;
    struct gc_fault f;
    gc_fault_clear(&f);
    if (!catalogue) { /* the submission stays open: the client asks again */
        gc_loop_error(loop, sub->end_peer, sub->end_re, GC_ERR_BUSY, "no worker has joined yet");
        return;
    }
    enum gc_err err = gc_submit_plan(sub, catalogue, gc_core_next_run(loop->core), &memory, &planned, &f);
    if (err != GC_OK) {
        gc_loop_error(loop, sub->end_peer, sub->end_re, err, f.text);
        gc_submits_close(&loop->submits, sub);
        return;
    }
    if (planned->accepted && !sub->dry)
        run_planned(loop, sub, planned, &memory);
    else
        answer_planned(loop, sub, planned);
    gc_mapping_release(&memory);
    gc_submits_close(&loop->submits, sub);
}

/* Taken, or taken before: either way the client need not send it again. */
static void answer_ok(struct gc_loop *loop, gc_peer peer, uint64_t re)
{
    struct gc_msg msg = {.type = GC_MSG_OK, .re = re};
    gc_loop_post(loop, gc_parcel_new(&loop->packer, peer, &msg));
}

static enum gc_err begin(struct gc_loop *loop, const struct gc_msg *msg, struct gc_fault *f)
{
    enum gc_submit_next next;
    enum gc_err err = gc_submits_begin(&loop->submits, loop->core, msg, loop->now_ns, &next, f);
    if (err == GC_OK && next == GC_SUBMIT_LOOKUP)
        look_up(loop, msg->as.submit_begin.run, 0, 0);
    return err;
}

static enum gc_err end(struct gc_loop *loop, gc_peer peer, const struct gc_msg *msg, struct gc_fault *f)
{
    enum gc_submit_next next;
    struct gc_submission *whole;
    uint64_t run_no;
    enum gc_err err =
        gc_submits_end(&loop->submits, loop->core, peer, msg, loop->now_ns, &next, &whole, &run_no, f);
    if (err != GC_OK)
        return err;
    switch (next) {
    case GC_SUBMIT_NOTHING: break;
    case GC_SUBMIT_LOOKUP: look_up(loop, msg->as.submit_end.run, peer, msg->seq); break;
    case GC_SUBMIT_PLAN: plan(loop, whole); break;
    case GC_SUBMIT_THERE:
        answer_there(loop, peer, msg->seq, msg->as.submit_end.run, run_no);
        if (whole)
            gc_submits_close(&loop->submits, whole);
        break;
    }
    return GC_OK;
}

void gc_admit(struct gc_loop *loop, gc_peer peer, const struct gc_msg *msg)
{
    struct gc_fault f;
    enum gc_err err = GC_OK;
    gc_fault_clear(&f);
    if (msg->type == GC_MSG_SUBMIT_BEGIN)
        err = begin(loop, msg, &f);
    else if (msg->type == GC_MSG_SUBMIT_PART)
        err = gc_submits_part(&loop->submits, loop->core, msg, loop->now_ns, &f);
    else
        err = end(loop, peer, msg, &f);
    if (err != GC_OK)
        gc_loop_error(loop, peer, msg->seq, err, f.text);
    else if (msg->type != GC_MSG_SUBMIT_END)
        answer_ok(loop, peer, msg->seq);
}

/* An END that no open submission stands behind. */
static void answer_end(struct gc_loop *loop, const struct gc_errand *e)
{
    if (e->err == GC_OK)
        answer_there(loop, e->peer, e->msg.seq, e->run, e->run_no);
    else if (e->err == GC_ERR_NOT_FOUND)
        gc_loop_error(loop, e->peer, e->msg.seq, GC_ERR_STATE, "no such submission is open: begin it again");
    else
        gc_loop_error(loop, e->peer, e->msg.seq, e->err, "the store cannot be read");
}

void gc_admit_looked_up(struct gc_loop *loop, const struct gc_errand *e)
{
    struct gc_submission *waiting = NULL;
    if (e->err == GC_OK || e->err == GC_ERR_NOT_FOUND)
        gc_submits_looked_up(&loop->submits, &e->run, e->err == GC_OK ? e->run_no : 0, &waiting);
    if (e->peer)
        answer_end(loop, e);
    if (!waiting)
        return;
    if (e->err == GC_ERR_NOT_FOUND) {
        plan(loop, waiting);
        return;
    }
    answer_there(loop, waiting->end_peer, waiting->end_re, e->run, e->run_no);
    gc_submits_close(&loop->submits, waiting);
}
