/* submit.c - a job as messages: SUBMIT_BEGIN with the job, SUBMIT_PART with as many nodes as fit each, SUBMIT_END; and what the
 * coordinator answers. All of it is sent again as a whole, which the run's id makes harmless. */
#include <stdlib.h>
#include <string.h>

#include "client/connection.h"
#include "client/error.h"
#include "client/job.h"
#include "client/submit.h"
#include "common/sys/random.h"

/* BEGIN and END, and parts: one a node at worst. */
enum { MAX_MESSAGES = GC_MAX_JOB_NODES + 2 };

struct submission {
    struct gc_id128 run;
    struct graphcap_job *job;
    uint32_t n;
    struct gc_msg msgs[MAX_MESSAGES];
    uint8_t *memory; /* of the bulks */
    size_t used;
    bool accepted;
    uint64_t run_no;
};

static int too_large(const struct graphcap_job *job, const char *what, struct graphcap_error *error)
{
    return gc_fail(error, GRAPHCAP_LIMIT, "%s: %s is too large: a job may have %u bytes in all, a node %u",
                   job->spec->file, what, GC_MAX_DOCUMENT, GC_MAX_BULK);
}

/* A buffer for the next bulk: what is left, at most one bulk. */
static struct gc_buf next_bulk(struct submission *s)
{
    struct gc_buf buf;
    size_t left = GC_MAX_DOCUMENT - s->used;
    gc_buf_init(&buf, s->memory + s->used, left < GC_MAX_BULK ? left : GC_MAX_BULK);
    return buf;
}

static struct gc_msg *add(struct submission *s, enum gc_msg_type type, struct gc_bytes bulk)
{
    struct gc_msg *msg = &s->msgs[s->n++];
    *msg = (struct gc_msg){.type = type, .bulk = bulk};
    s->used += bulk.len;
    return msg;
}

/* As many nodes from `first` as fit one message: halving, since a job is nearly always one message. */
static uint32_t encode_part(struct submission *s, uint32_t first, struct gc_buf *bulk)
{
    uint32_t left = (uint32_t)s->job->spec->job.n_nodes - first;
    for (uint32_t n = left; n > 0; n /= 2) {
        struct gc_nodes part = {.n_nodes = n, .nodes = &s->job->spec->nodes[first]};
        *bulk = next_bulk(s);
        if (gc_encode_nodes(&part, bulk) == GC_OK && gc_buf_ok(bulk))
            return n;
    }
    return 0;
}

static int encode(struct submission *s, bool dry, bool paused, struct graphcap_error *error)
{
    const struct gc_job *job = &s->job->spec->job;
    struct gc_buf bulk = next_bulk(s);
    if (gc_encode_job(job, &bulk) != GC_OK || !gc_buf_ok(&bulk))
        return too_large(s->job, "the job", error);
    struct gc_msg *begin = add(s, GC_MSG_SUBMIT_BEGIN, gc_buf_bytes(&bulk));
    begin->as.submit_begin = (struct gc_msg_submit_begin){.run = s->run, .dry = dry, .paused = paused};
    for (uint32_t first = 0; first < job->n_nodes;) {
        uint32_t n = encode_part(s, first, &bulk);
        if (n == 0)
            return too_large(s->job, "a node", error);
        struct gc_msg *part = add(s, GC_MSG_SUBMIT_PART, gc_buf_bytes(&bulk));
        part->as.submit_part = (struct gc_msg_submit_part){.run = s->run, .first = first};
        first += n;
    }
    add(s, GC_MSG_SUBMIT_END, (struct gc_bytes){NULL, 0})->as.submit_end.run = s->run;
    return GRAPHCAP_OK;
}

static int answer(void *arg, const struct gc_msg *msg, struct graphcap_error *error)
{
    struct submission *s = arg;
    if (msg->type != GC_MSG_SUBMITTED || !gc_id_equal(msg->as.submitted.run, s->run))
        return GC_NOT_THE_ANSWER;
    s->accepted = msg->as.submitted.accepted;
    s->run_no = msg->as.submitted.run_no;
    return gc_job_add_problems(s->job, msg->as.submitted.problems, msg->as.submitted.n_problems,
                               msg->as.submitted.more, error);
}

/* `ret_run_no` may be NULL. */
static int submit(struct graphcap *gc, struct graphcap_job *job, struct gc_id128 run, bool dry, bool paused,
                  bool *ret_accepted, uint64_t *ret_run_no, struct graphcap_error *error)
{
    struct submission *s = calloc(1, sizeof *s);
    uint8_t *memory = malloc(GC_MAX_DOCUMENT);
    if (!s || !memory) {
        free(s);
        free(memory);
        return gc_fail_memory(error);
    }
    s->run = run;
    s->job = job;
    s->memory = memory;
    int code = encode(s, dry, paused, error);
    if (code == GRAPHCAP_OK)
        code = gc_conn_ask(gc, &(struct gc_request){s->msgs, s->n, answer, s}, error);
    *ret_accepted = s->accepted;
    if (ret_run_no)
        *ret_run_no = s->run_no;
    free(memory);
    free(s);
    return code;
}

int graphcap_validate(struct graphcap *gc, struct graphcap_job *job, struct graphcap_error *error)
{
    bool accepted;
    if (job->spec->job.n_nodes == 0)
        return GRAPHCAP_OK; /* nothing was whole enough to ask about */
    return submit(gc, job, gc_random_id(), true, false, &accepted, NULL, error);
}

static int refused(const struct graphcap_job *job, struct graphcap_error *error)
{
    size_t n = graphcap_job_errors(job);
    return gc_fail(error, GRAPHCAP_INVALID, "%s: the job was refused: %zu problem%s", job->spec->file, n,
                   n == 1 ? "" : "s");
}

int gc_submit_dry(struct graphcap *gc, struct graphcap_job *job, uint64_t *ret, struct graphcap_error *error)
{
    bool accepted = false;
    int code = GRAPHCAP_OK;
    if (job->spec->job.n_nodes > 0) /* else nothing was whole enough to ask about */
        code = submit(gc, job, gc_random_id(), true, false, &accepted, ret, error);
    /* What is wrong in shape was left out of what was asked about. */
    if (code == GRAPHCAP_OK && (!accepted || graphcap_job_errors(job) > 0))
        code = refused(job, error);
    return code;
}

int graphcap_submit(struct graphcap *gc, struct graphcap_job *job,
                    const struct graphcap_submit_options *options, char *run, struct graphcap_error *error)
{
    struct graphcap_submit_options o = {0};
    struct gc_id128 id;
    bool accepted;
    if (options)
        memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    if (graphcap_job_errors(job) > 0)
        return refused(job, error);
    if (!run[0])
        graphcap_new_run(run);
    int code = gc_conn_run_id(run, &id, error);
    if (code == GRAPHCAP_OK)
        code = submit(gc, job, id, false, o.paused, &accepted, NULL, error);
    if (code == GRAPHCAP_OK && !accepted)
        code = refused(job, error);
    return code;
}
