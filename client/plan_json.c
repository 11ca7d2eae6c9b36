/* plan_json.c - how a job was or would be planned, as JSON. */
#include <string.h>

#include "client/document.h"
#include "client/error.h"
#include "client/plan_program.h"
#include "client/submit.h"
#include "common/json/json.h"

/* A plan with all it takes to be read. */
struct reading {
    struct gc_document document; /* the plan, and its programs behind it */
    struct gc_document catalogue_document;
    struct gc_plan plan;
    struct gc_program *programs;
    struct gc_catalogue catalogue;
};

static void put_node(struct gc_text *t, const struct gc_plan *plan, uint64_t node)
{
    gc_json_bytes(t, plan->nodes[node].id);
}

static void put_u64(struct gc_text *t, const char *key, uint64_t v)
{
    gc_json_key(t, key);
    gc_json_u64(t, v);
}

static void put_flag(struct gc_text *t, const char *key, bool v)
{
    gc_json_key(t, key);
    gc_json_bool(t, v);
}

/* ---- steps ---- */

/* Of a scanning reducer's own stage the inputs are nodes of the stage whose results it reads. */
static void put_input(struct gc_text *t, const struct gc_plan_view *view, uint32_t stage,
                      const struct gc_step_input *in)
{
    const struct gc_plan *plan = view->plan;
    const struct gc_program *p = &view->programs[stage];
    gc_json_item(t);
    if (in->step == GC_UNSET)
        gc_json_str(t, "item");
    else if (p->kind != GC_STAGE_REDUCE)
        put_node(t, plan, p->steps[in->step].node);
    else if (in->step < plan->stages[plan->stages[stage].source].n_nodes)
        put_node(t, plan, plan->stages[plan->stages[stage].source].nodes[in->step]);
    else
        gc_json_null(t);
}

static void put_command(struct gc_text *t, const struct gc_plan_view *view, uint32_t stage, uint32_t at)
{
    struct gc_text line = {0};
    bool made = gc_plan_command(view, stage, at, &line);
    gc_json_key(t, "command");
    if (made)
        gc_json_bytes(t, gc_str_bytes(gc_str_of(gc_text_str(&line))));
    else
        gc_json_null(t);
    if (!made) {
        gc_json_key(t, "no_command");
        gc_json_str(t, gc_text_str(&line));
    }
    t->failed = t->failed || line.failed;
    gc_text_release(&line);
}

static void put_step(struct gc_text *t, const struct gc_plan_view *view, uint32_t stage, uint32_t at)
{
    const struct gc_program *p = &view->programs[stage];
    const struct gc_step *step = &p->steps[at];
    gc_json_item(t);
    gc_json_open(t, '{');
    gc_json_key(t, "node");
    put_node(t, view->plan, step->node);
    gc_json_key(t, "op");
    gc_json_bytes(t, step->op);
    gc_json_key(t, "inputs");
    gc_json_open(t, '[');
    for (uint32_t k = 0; k < step->n_inputs; k++)
        put_input(t, view, stage, &step->inputs[k]);
    gc_json_close(t, ']');
    put_u64(t, "readers", step->readers);
    gc_json_key(t, "takes_over");
    if (step->decode == GC_UNSET)
        gc_json_null(t);
    else
        put_node(t, view->plan, p->steps[step->decode].node);
    put_flag(t, "hoisted", step->hoisted);
    put_flag(t, "reduces", step->reduce);
    put_command(t, view, stage, at);
    gc_json_close(t, '}');
}

/* ---- stages ---- */

static void put_stage(struct gc_text *t, const struct gc_plan_view *view, uint32_t at)
{
    const struct gc_plan_stage *s = &view->plan->stages[at];
    gc_json_item(t);
    gc_json_open(t, '{');
    gc_json_key(t, "kind");
    gc_json_str(t, gc_stage_kind_name(s->kind));
    put_u64(t, "source", s->source);
    gc_json_key(t, "nodes");
    gc_json_open(t, '[');
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        gc_json_item(t);
        put_node(t, view->plan, s->nodes[i]);
    }
    gc_json_close(t, ']');
    put_u64(t, "retries", s->retries);
    gc_json_key(t, "timeout_seconds");
    gc_json_fixed(t, (double)s->timeout_ns / 1e9, 3);
    put_flag(t, "pure", s->pure);
    put_flag(t, "scans", s->scan);
    gc_json_key(t, "steps");
    gc_json_open(t, '[');
    for (uint32_t i = 0; i < view->programs[at].n_steps; i++)
        put_step(t, view, at, i);
    gc_json_close(t, ']');
    gc_json_close(t, '}');
}

static void put_reasons(struct gc_text *t, const struct gc_plan *plan)
{
    gc_json_key(t, "reasons");
    gc_json_open(t, '[');
    for (uint32_t i = 0; i < plan->n_reasons; i++) {
        gc_json_item(t);
        gc_json_open(t, '{');
        gc_json_key(t, "node");
        put_node(t, plan, plan->reasons[i].node);
        gc_json_key(t, "text");
        gc_json_bytes(t, plan->reasons[i].text);
        gc_json_close(t, '}');
    }
    gc_json_close(t, ']');
}

static void put_plan(struct gc_text *t, const struct gc_plan_view *view)
{
    struct gc_text program = {0};
    gc_json_open(t, '{');
    gc_json_key(t, "stages");
    gc_json_open(t, '[');
    for (uint32_t i = 0; i < view->plan->n_stages; i++)
        put_stage(t, view, i);
    gc_json_close(t, ']');
    put_reasons(t, view->plan);
    gc_plan_program(view, &program);
    gc_json_key(t, "program");
    gc_json_bytes(t, gc_str_bytes(gc_str_of(gc_text_str(&program))));
    gc_json_close(t, '}');
    t->failed = t->failed || program.failed;
    gc_text_release(&program);
}

/* ---- reading ---- */

static int malformed(enum gc_err err, const struct gc_fault *fault, const char *what,
                     struct graphcap_error *error)
{
    return gc_fail_context(error, gc_fail_fault(error, err, fault), "%s", what);
}

static int decode_programs(struct reading *r, struct graphcap_error *error)
{
    struct gc_fault fault = {0};
    r->programs = GC_ARENA_ARRAY(&r->document.arena, struct gc_program, r->plan.n_stages);
    if (!r->programs)
        return gc_fail_memory(error);
    for (uint32_t i = 0; i < r->plan.n_stages; i++) {
        enum gc_err err =
            gc_decode_program(r->plan.stages[i].program, &r->document.arena, &r->programs[i], &fault);
        if (err != GC_OK)
            return malformed(err, &fault, "a stage's program", error);
    }
    return GRAPHCAP_OK;
}

static int read_catalogue(struct graphcap *gc, struct reading *r, struct graphcap_error *error)
{
    struct gc_document *d = &r->catalogue_document;
    struct gc_fault fault = {0};
    int code = gc_document_get(gc, GC_GET_CATALOGUE, 0, d, error);
    if (code != GRAPHCAP_OK)
        return code;
    enum gc_err err = gc_decode_catalogue(gc_bytes_of(d->bytes, d->len), &d->arena, &r->catalogue, &fault);
    return err == GC_OK ? GRAPHCAP_OK : malformed(err, &fault, "the fleet's catalogue", error);
}

/* Of a plan whose document is there. */
static int tell(struct graphcap *gc, struct reading *r, char **ret, struct graphcap_error *error)
{
    int code = decode_programs(r, error);
    if (code == GRAPHCAP_OK)
        code = read_catalogue(gc, r, error);
    if (code == GRAPHCAP_OK) {
        const struct gc_plan_view view = {&r->plan, r->programs, &r->catalogue};
        const char *wrong = gc_plan_view_wrong(&view);
        struct gc_text t = {0};
        if (wrong)
            return gc_fail(error, GRAPHCAP_MALFORMED, "the plan: %s", wrong);
        put_plan(&t, &view);
        char *text = gc_text_take(&t);
        gc_text_release(&t);
        if (!text)
            return gc_fail_memory(error);
        *ret = text;
    }
    return code;
}

static void release(struct reading *r)
{
    gc_document_release(&r->document);
    gc_document_release(&r->catalogue_document);
}

int graphcap_plan_json(struct graphcap *gc, const char *run, char **ret, struct graphcap_error *error)
{
    struct reading r = {0};
    struct gc_id128 id;
    uint64_t run_no;
    int code = gc_conn_run_id(run, &id, error);
    if (code == GRAPHCAP_OK)
        code = gc_plan_get(gc, &id, &r.document, &run_no, &r.plan, error);
    if (code == GRAPHCAP_OK)
        code = tell(gc, &r, ret, error);
    release(&r);
    return code;
}

int graphcap_plan_job_json(struct graphcap *gc, struct graphcap_job *job, char **ret,
                           struct graphcap_error *error)
{
    struct reading r = {0};
    uint64_t draft = 0;
    int code = gc_submit_dry(gc, job, &draft, error);
    if (code == GRAPHCAP_OK && draft == 0)
        return gc_fail(error, GRAPHCAP_NOMEM, "the coordinator has no memory to keep the plan");
    if (code == GRAPHCAP_OK)
        code = gc_plan_get_number(gc, draft, &r.document, &r.plan, error);
    if (code == GRAPHCAP_OK)
        code = tell(gc, &r, ret, error);
    release(&r);
    return code;
}
