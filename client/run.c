/* run.c - one run: its account as a public struct, showing and controlling it. */
#include <stdlib.h>
#include <string.h>

#include "client/connection.h"
#include "client/document.h"
#include "client/error.h"
#include "client/watch.h"
#include "common/sys/random.h"

GC_STATIC_ASSERT((int)GRAPHCAP_RUN_CANCELLED == (int)GC_RUN_CANCELLED, "graphcap.h and states.def agree");
GC_STATIC_ASSERT((int)GRAPHCAP_PARTIAL == (int)GC_RUN_PARTIAL, "graphcap.h and states.def agree");
GC_STATIC_ASSERT(GRAPHCAP_RUN_SIZE == GC_ID_TEXT_SIZE, "graphcap.h and id.h agree");

const char *graphcap_state_name(int state)
{
    return gc_run_state_name((uint64_t)state);
}

int graphcap_state_ended(int state)
{
    return gc_run_state_ended((uint64_t)state);
}

/* ---- copying: one block holds the struct, its arrays and all texts ---- */

static size_t text_size(const struct gc_msg_run_info *m, const struct gc_node_infos *infos)
{
    size_t n = m->job.len + 1 + m->text.len + 1;
    for (uint32_t i = 0; i < infos->n_nodes; i++)
        n += infos->nodes[i].id.len + 1 + infos->nodes[i].op.len + 1;
    for (uint32_t i = 0; i < m->n_sources; i++)
        n += m->sources[i].note.len + 1;
    return n;
}

static const char *put_text(char **at, struct gc_bytes s)
{
    char *here = *at;
    if (s.len)
        memcpy(here, s.ptr, s.len);
    here[s.len] = '\0';
    *at += s.len + 1;
    return here;
}

static void copy_nodes(const struct gc_node_infos *infos, struct graphcap_node *to, char **at)
{
    for (uint32_t i = 0; i < infos->n_nodes; i++) {
        const struct gc_node_info *n = &infos->nodes[i];
        to[i] = (struct graphcap_node){
            .per_item = n->per_item,
            .total = n->total_known ? n->total : GRAPHCAP_NONE,
            .done = n->done,
            .failed = n->failed,
            .skipped = n->skipped,
            .cached = n->cached,
            .warned = n->warned,
            .busy_ns = n->busy_ns,
        };
        to[i].id = put_text(at, n->id);
        to[i].op = put_text(at, n->op);
    }
}

static void copy_sources(const struct gc_msg_run_info *m, const struct graphcap_run *run,
                         struct graphcap_source *to, char **at)
{
    for (uint32_t i = 0; i < m->n_sources; i++) {
        const struct gc_source_info *s = &m->sources[i];
        to[i] = (struct graphcap_source){
            .node = s->node < run->n_nodes ? run->nodes[s->node].id : "",
            .items = s->items,
            .ended = s->ended,
            .left_out = s->left_out,
        };
        to[i].note = put_text(at, s->note);
    }
}

static struct graphcap_run *copy(const struct gc_msg_run_info *m, const struct gc_node_infos *infos)
{
    size_t nodes = infos->n_nodes * sizeof(struct graphcap_node);
    size_t sources = m->n_sources * sizeof(struct graphcap_source);
    struct graphcap_run *run = calloc(1, sizeof *run + nodes + sources + text_size(m, infos));
    if (!run)
        return NULL;
    struct graphcap_node *node = (struct graphcap_node *)(void *)(run + 1);
    struct graphcap_source *source = (struct graphcap_source *)(void *)(node + infos->n_nodes);
    char *at = (char *)(source + m->n_sources);
    gc_id_text(m->run, run->run);
    run->state = (int)m->state;
    run->created_at_ns = m->created_ns;
    run->started_at_ns = m->started_ns;
    run->ended_at_ns = m->ended_ns;
    run->active_ns = m->active_ns;
    run->pixels = m->pixels;
    run->workers = m->workers;
    run->refused = m->refused;
    run->n_nodes = infos->n_nodes;
    run->nodes = node;
    run->n_sources = m->n_sources;
    run->sources = source;
    run->job = put_text(&at, m->job);
    run->text = put_text(&at, m->text);
    copy_nodes(infos, node, &at);
    copy_sources(m, run, source, &at);
    return run;
}

int gc_run_copy(struct graphcap *gc, const struct gc_msg *msg, struct graphcap_run **ret,
                struct graphcap_error *error)
{
    struct gc_node_infos infos = {0};
    struct gc_fault fault = {0};
    enum gc_err err = gc_decode_node_infos(msg->bulk, gc_conn_arena(gc), &infos, &fault);
    if (err != GC_OK)
        return gc_fail_context(error, gc_fail_fault(error, err, &fault),
                               "the coordinator's account of the run");
    *ret = copy(&msg->as.run_info, &infos);
    return *ret ? GRAPHCAP_OK : gc_fail_memory(error);
}

void graphcap_run_free(struct graphcap_run **run)
{
    free(*run);
    *run = NULL;
}

/* An item is over when each node has an outcome for it: the node with the fewest tells how many are. */
static bool lists(const struct graphcap_run *run, const struct graphcap_node *n)
{
    for (size_t i = 0; i < run->n_sources; i++)
        if (strcmp(run->sources[i].node, n->id) == 0)
            return true;
    return false;
}

/* A cancelled run's rest was skipped at one blow: what was done before it is what a rate can be made of. */
static uint64_t worked(const struct graphcap_run *run)
{
    uint64_t most = 0;
    for (size_t i = 0; i < run->n_nodes; i++) {
        const struct graphcap_node *n = &run->nodes[i];
        if (n->per_item && !lists(run, n) && n->done + n->failed > most)
            most = n->done + n->failed;
    }
    return most;
}

uint64_t graphcap_run_over(const struct graphcap_run *run)
{
    if (run->state == GRAPHCAP_RUN_CANCELLED)
        return worked(run);
    uint64_t least = GRAPHCAP_NONE;
    for (size_t i = 0; i < run->n_nodes; i++) {
        const struct graphcap_node *n = &run->nodes[i];
        uint64_t over = n->done + n->failed + n->skipped;
        if (n->per_item && over < least)
            least = over;
    }
    return least == GRAPHCAP_NONE ? 0 : least;
}

/* ---- showing ---- */

struct show {
    struct graphcap *gc;
    struct gc_id128 run;
    struct graphcap_run **ret;
};

static int show_answer(void *arg, const struct gc_msg *msg, struct graphcap_error *error)
{
    struct show *show = arg;
    if (msg->type != GC_MSG_RUN_INFO || !gc_id_equal(msg->as.run_info.run, show->run))
        return GC_NOT_THE_ANSWER;
    return gc_run_copy(show->gc, msg, show->ret, error);
}

int graphcap_show(struct graphcap *gc, const char *run, struct graphcap_run **ret,
                  struct graphcap_error *error)
{
    struct gc_msg msg = {.type = GC_MSG_SHOW};
    int code = gc_conn_run_id(run, &msg.as.show.run, error);
    if (code != GRAPHCAP_OK)
        return code;
    struct show show = {gc, msg.as.show.run, ret};
    return gc_conn_ask(gc, &(struct gc_request){&msg, 1, show_answer, &show}, error);
}

int graphcap_allows_partial(struct graphcap *gc, const char *run, int *ret, struct graphcap_error *error)
{
    struct gc_id128 id;
    struct gc_document document;
    struct gc_plan plan;
    uint64_t run_no;
    int code = gc_conn_run_id(run, &id, error);
    if (code == GRAPHCAP_OK)
        code = gc_plan_get(gc, &id, &document, &run_no, &plan, error);
    if (code != GRAPHCAP_OK)
        return code;
    int allows = 0;
    for (uint32_t i = 0; i < plan.n_nodes; i++)
        allows |= plan.nodes[i].max_bad != GC_UNSET || plan.nodes[i].max_bad_ppm != GC_UNSET;
    gc_document_release(&document);
    *ret = allows;
    return GRAPHCAP_OK;
}

/* ---- controlling ---- */

static int control_answer(void *arg, const struct gc_msg *msg, struct graphcap_error *error)
{
    (void)arg;
    (void)error;
    return msg->type == GC_MSG_OK ? GRAPHCAP_OK : GC_NOT_THE_ANSWER;
}

static int control(struct graphcap *gc, const char *run, enum gc_action action, struct graphcap_error *error)
{
    struct gc_msg msg = {.type = GC_MSG_CONTROL, .as.control.action = action};
    int code = gc_conn_run_id(run, &msg.as.control.run, error);
    if (code != GRAPHCAP_OK)
        return code;
    return gc_conn_ask(gc, &(struct gc_request){&msg, 1, control_answer, NULL}, error);
}

int graphcap_pause(struct graphcap *gc, const char *run, struct graphcap_error *error)
{
    return control(gc, run, GC_ACTION_PAUSE, error);
}

int graphcap_resume(struct graphcap *gc, const char *run, struct graphcap_error *error)
{
    return control(gc, run, GC_ACTION_RESUME, error);
}

int graphcap_cancel(struct graphcap *gc, const char *run, struct graphcap_error *error)
{
    return control(gc, run, GC_ACTION_CANCEL, error);
}

void graphcap_new_run(char run[GRAPHCAP_RUN_SIZE])
{
    gc_id_text(gc_random_id(), run);
}
