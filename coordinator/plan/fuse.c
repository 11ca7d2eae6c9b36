/* What runs together is said, a decode is handed on where an op can shrink while loading, and where pixels are kept is foretold.
 *
 * Push-down. A step that may shrink on load (by trait) takes over the decode of the image that it reads, through steps that only hand
 * it on, unless the decode is told otherwise: the decoded pixels are then never there, a JPEG's are a quarter or a sixteenth as many.
 * Who else reads that image does not matter, since a pixel must not hang on what another node does; whether each reader then decodes
 * for itself or some share one decode is the executor's choice, file by file, and changes no pixel.
 *
 * Cuts. A lazy image that several steps read would be made once for each of them, with all that it is made of: its pixels are kept.
 *
 * At most one reason a node, of several parts where there is more to say.
 */
#include "common/assert.h"
#include "common/bits.h"
#include "coordinator/plan/planner.h"

static void give_reason(struct gc_planner *p, uint64_t node, struct gc_bytes text)
{
    struct gc_plan *plan = &p->draft->plan;
    for (uint32_t i = plan->n_reasons; i-- > 0;) {
        struct gc_reason *reason = &plan->reasons[i];
        if (reason->node != node)
            continue;
        reason->text = gc_plan_text(p, GC_MAX_TEXT, "%b; %b", reason->text, text);
        return;
    }
    GC_ASSERT(plan->n_reasons < GC_MAX_JOB_NODES);
    plan->reasons[plan->n_reasons++] = (struct gc_reason){.node = node, .text = text};
}

/* ---- who reads what ---- */

static bool is_image(const struct gc_planner *p, const struct gc_step *step)
{
    return p->v[step->node].gives.type == GC_TYPE_IMAGE;
}

static bool reads(const struct gc_step *step, uint64_t from)
{
    for (uint32_t k = 0; k < step->n_inputs; k++)
        if (step->inputs[k].step == from)
            return true;
    return false;
}

static bool hands_on(const struct gc_step *step)
{
    return (step->traits & GC_TRAIT_PASSES) && step->n_inputs > 0;
}

/* Whether the step's `k`th input takes the first output of its node. */
static bool takes_first(const struct gc_planner *p, const struct gc_step *step, uint32_t k)
{
    const struct gc_input *in = &p->v[step->node].node->inputs[k];
    return gc_plan_output(p, in) == p->v[in->node].op->outputs;
}

/* The step whose first output `from` is, through those that hand it on; that which hands on another output is as far as it goes. */
static uint64_t made_by(const struct gc_planner *p, const struct gc_program *program, uint64_t from)
{
    while (from != GC_UNSET && hands_on(&program->steps[from]) && takes_first(p, &program->steps[from], 0))
        from = program->steps[from].inputs[0].step;
    return from;
}

/* How often a step's pixels are read by another. One that takes over a decode reads the file, one that takes another output or
 * reduces reads none. */
static uint32_t reads_of_pixels(const struct gc_planner *p, const struct gc_program *program,
                                const struct gc_step *step, uint64_t from)
{
    bool shrinks = step->decode != GC_UNSET && made_by(p, program, from) == step->decode;
    uint32_t n = 0;
    for (uint32_t k = 0; k < step->n_inputs && !shrinks && !step->reduce; k++)
        n += step->inputs[k].step == from && takes_first(p, step, k);
    return n;
}

/* The ids of the steps that read step `of`, each once. */
static uint32_t readers_of(const struct gc_program *program, uint64_t of, struct gc_name *ret)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < program->n_steps; i++)
        if (reads(&program->steps[i], of))
            ret[n++].text = program->steps[i].id;
    return n;
}

/* The ids of the steps that use what step `decode` gives, but for `beside`; those that only hand it on do not. */
static uint32_t users_of(const struct gc_planner *p, const struct gc_program *program, uint64_t decode,
                         const struct gc_step *beside, struct gc_name *ret)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < program->n_steps; i++) {
        const struct gc_step *step = &program->steps[i];
        bool uses = false;
        for (uint32_t k = 0; k < step->n_inputs && step != beside && !hands_on(step); k++)
            uses =
                uses || step->inputs[k].step == decode || made_by(p, program, step->inputs[k].step) == decode;
        if (uses)
            ret[n++].text = step->id;
    }
    return n;
}

/* The step whose image `step` works on: its first input that takes one. GC_UNSET: none of this program. */
static uint64_t image_read(const struct gc_planner *p, const struct gc_step *step)
{
    const struct gc_plan_vertex *v = &p->v[step->node];
    for (uint32_t i = 0; i < step->n_inputs; i++)
        if (v->op->inputs[v->slots[i]].type == GC_TYPE_IMAGE)
            return step->inputs[i].step;
    return GC_UNSET;
}

/* ---- push-down ---- */

static bool forbidden(const struct gc_plan_vertex *decode)
{
    const struct gc_value *allowed = gc_plan_setting(decode, "shrink_on_load");
    return allowed && allowed->kind == GC_VALUE_BOOL && !allowed->as.flag;
}

/* Why `step` cannot take over what it reads; empty: it can. */
static struct gc_bytes obstacle(struct gc_planner *p, const struct gc_step *step, const struct gc_step *from)
{
    if (!(from->traits & GC_TRAIT_DECODE))
        return gc_plan_text(p, GC_MAX_TEXT, "it reads '%b', which is no decode", from->id);
    if (from->hoisted != step->hoisted)
        return gc_plan_text(p, GC_MAX_TEXT, "'%b' is decoded once for the run", from->id);
    if (forbidden(&p->v[from->node]))
        return gc_plan_text(p, GC_MAX_TEXT, "shrink_on_load of '%b' is false: all its pixels are decoded",
                            from->id);
    return gc_bytes_of(NULL, 0);
}

static struct gc_bytes pushed_text(struct gc_planner *p, const struct gc_program *program,
                                   const struct gc_step *step)
{
    const struct gc_step *from = &program->steps[step->decode];
    struct gc_name others[GC_MAX_STAGE_NODES];
    uint32_t n = users_of(p, program, step->decode, step, others);
    if (n == 0)
        return gc_plan_text(p, GC_MAX_TEXT,
                            "pushed down: takes over the decode of '%b' and shrinks while loading", from->id);
    return gc_plan_text(
        p, GC_MAX_TEXT,
        "pushed down: takes over the decode of '%b' and shrinks while loading; %b read%s '%b' too, by a decode of "
        "%s own or a shared one, whichever is cheaper for the file's format",
        from->id, gc_plan_names(p, others, n), n == 1 ? "s" : "", from->id, n == 1 ? "its" : "their");
}

/* Of a hoisted step the same is told where its node is at home. */
static void push_down(struct gc_planner *p, struct gc_program *program, struct gc_step *step)
{
    if (gc_plan_cascades(p, step)) {
        give_reason(p, step->node,
                    gc_plan_text(p, GC_MAX_TEXT,
                                 "cascade: made of '%b', the next larger thumbnail of the same image",
                                 program->steps[step->inputs[0].step].id));
        return;
    }
    uint64_t from = step->traits & GC_TRAIT_SHRINK_ON_LOAD ? image_read(p, step) : GC_UNSET;
    from = made_by(p, program, from);
    if (from == GC_UNSET)
        return;
    struct gc_bytes why = obstacle(p, step, &program->steps[from]);
    if (why.len == 0)
        step->decode = from;
    if (step->hoisted)
        return;
    give_reason(p, step->node,
                why.len ? gc_plan_text(p, GC_MAX_TEXT, "not pushed down because %b", why)
                        : pushed_text(p, program, step));
}

/* ---- cuts ---- */

/* Work that each reader of a step's image causes anew, in the catalogue's measure: the step's own, and that of the lazy images it
 * is made of. `anew` has it of the steps before. */
static uint64_t work_of(const struct gc_planner *p, const struct gc_program *program, uint32_t at,
                        const uint64_t *anew)
{
    const struct gc_step *step = &program->steps[at];
    uint64_t work = p->v[step->node].op->cost;
    if (step->decode != GC_UNSET)
        work += p->v[program->steps[step->decode].node].op->cost;
    for (uint32_t k = 0; k < step->n_inputs; k++)
        if (step->inputs[k].step < at &&
            (step->decode == GC_UNSET || made_by(p, program, step->inputs[k].step) != step->decode))
            work += anew[step->inputs[k].step];
    return work;
}

/* Who reads the pixels of a step, each once, and how often all of them do. */
struct readers {
    struct gc_name ids[GC_MAX_STAGE_NODES];
    uint32_t n;
    uint32_t times;
};

static void find_readers(const struct gc_planner *p, const struct gc_program *program, uint64_t of,
                         struct readers *ret)
{
    ret->n = ret->times = 0;
    for (uint32_t i = 0; i < program->n_steps; i++) {
        uint32_t times = reads_of_pixels(p, program, &program->steps[i], of);
        if (times)
            ret->ids[ret->n++].text = program->steps[i].id;
        ret->times += times;
    }
}

static void tell_cut(struct gc_planner *p, const struct gc_step *step, const struct readers *r, uint64_t work)
{
    give_reason(
        p, step->node,
        gc_plan_text(
            p, GC_MAX_TEXT,
            "materialised: %b read%s it, so its pixels are kept; else the work behind them (cost %u) were done %u times",
            gc_plan_names(p, r->ids, r->n), r->n == 1 ? "s" : "", work, (uint64_t)r->times));
}

/* Of the item's own images: those of the run are kept anyway. */
static void tell_cuts(struct gc_planner *p, const struct gc_program *program)
{
    uint64_t anew[GC_MAX_STAGE_NODES] = {0};
    for (uint32_t i = 0; i < program->n_steps; i++) {
        const struct gc_step *step = &program->steps[i];
        struct readers readers;
        if (step->hoisted || step->reduce || !is_image(p, step))
            continue;
        find_readers(p, program, i, &readers);
        uint64_t work = work_of(p, program, i, anew);
        if (readers.times > 1)
            tell_cut(p, step, &readers, work);
        else
            anew[i] = work;
    }
}

/* ---- what else is told ---- */

static void tell_fused(struct gc_planner *p, const struct gc_program *program)
{
    struct gc_name ids[GC_MAX_STAGE_NODES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < program->n_steps; i++)
        if (!program->steps[i].hoisted)
            ids[n++].text = program->steps[i].id;
    if (n < 2)
        return;
    give_reason(p, program->steps[0].node,
                gc_plan_text(p, GC_MAX_TEXT, "fused: %b run as one task, nothing is encoded between them",
                             gc_plan_names(p, ids, n)));
}

/* A node may be hoisted into several stages: told once, by the first. */
static void tell_hoisted(struct gc_planner *p, const struct gc_program *program, struct gc_bits told)
{
    for (uint32_t i = 0; i < program->n_steps; i++) {
        const struct gc_step *step = &program->steps[i];
        struct gc_name readers[GC_MAX_STAGE_NODES];
        if (!step->hoisted || gc_bits_get(told, step->node))
            continue;
        gc_bits_set(told, step->node);
        give_reason(p, step->node,
                    gc_plan_text(p, GC_MAX_TEXT,
                                 "computed once for the run, and once in each executor, for %b",
                                 gc_plan_names(p, readers, readers_of(program, i, readers))));
    }
}

static void tell_scan(struct gc_planner *p, uint32_t node)
{
    const struct gc_node *reducer = p->v[node].node;
    struct gc_name ids[GC_MAX_INPUTS];
    for (uint32_t k = 0; k < reducer->n_inputs; k++)
        ids[k].text = p->v[reducer->inputs[k].node].node->id;
    give_reason(p, node,
                gc_plan_text(p, GC_MAX_TEXT, "reads the results of %b when all items have ended, in one task",
                             gc_plan_names(p, ids, reducer->n_inputs)));
}

static void tell_scans(struct gc_planner *p)
{
    for (uint32_t i = 0; i < p->n && !p->full; i++) {
        if (gc_plan_scans(&p->v[i]))
            tell_scan(p, i);
        if (p->v[i].added)
            give_reason(p, i,
                        gc_plan_text(p, GC_MAX_TEXT, "put before '%b', which reads what it makes",
                                     p->v[i + 1].node->id));
    }
}

void gc_plan_fuse(struct gc_planner *p)
{
    struct gc_plan *plan = &p->draft->plan;
    struct gc_bits told = {gc_plan_set(p), p->n};
    plan->reasons = GC_PLANNER_ARRAY(p, struct gc_reason, p->n);
    for (uint32_t s = 0; s < plan->n_stages && !p->full; s++) {
        struct gc_program *program = &p->draft->programs[s];
        if (program->kind != GC_STAGE_ITEM)
            continue;
        tell_fused(p, program);
        for (uint32_t i = 0; i < program->n_steps; i++)
            push_down(p, program, &program->steps[i]);
        tell_cuts(p, program);
        tell_hoisted(p, program, told);
    }
    tell_scans(p);
}
