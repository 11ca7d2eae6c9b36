/* Programs: a stage's nodes as steps, and what the plan says of each node and stage. */
#include "common/assert.h"
#include "common/bits.h"
#include "coordinator/plan/planner.h"

static bool reduces(const struct gc_plan_vertex *v)
{
    return gc_plan_is(v, GC_SCOPE_REDUCE);
}

/* Which step of that stage's program an input comes from; GC_UNSET: the item, made by the source. A node of the run that items
 * see has a step in their program too, behind the stage's own. */
static uint64_t step_of(const struct gc_planner *p, uint32_t stage, const struct gc_input *in)
{
    const struct gc_plan_vertex *from = &p->v[in->node];
    if (gc_plan_is(from, GC_SCOPE_SOURCE))
        return GC_UNSET;
    if (from->runs_in == stage)
        return from->step;
    const struct gc_plan_part *part = &p->parts[stage];
    return part->n_nodes + gc_plan_set_rank(part->hoisted, (uint32_t)in->node);
}

/* What an added node makes fills none of the op's. */
static struct gc_bytes slot_of(const struct gc_plan_vertex *v, uint32_t at)
{
    if (at >= v->n_own)
        return gc_bytes_of(NULL, 0);
    GC_ASSERT(v->slots[at] < v->op->n_inputs);
    return v->op->inputs[v->slots[at]].name;
}

/* An item is no record, whatever its source's results show of it. */
static void fill_shape(const struct gc_planner *p, uint32_t node, struct gc_step *step)
{
    const struct gc_input *in = gc_plan_first_input(p, node);
    if (!in)
        return;
    struct gc_plan_gives gives = gc_plan_gives(p, in);
    if (gives.type == GC_TYPE_ITEM)
        return;
    step->n_shape = gives.n_shape;
    step->shape = gives.shape;
}

static struct gc_step make_step(struct gc_planner *p, uint32_t stage, uint32_t node)
{
    const struct gc_plan_vertex *v = &p->v[node];
    struct gc_step step = {
        .node = node,
        .id = v->node->id,
        .op = v->op->name,
        .traits = v->op->traits,
        .n_config = v->node->n_config,
        .config = v->config,
        .decode = GC_UNSET,
        .reduce = reduces(v),
    };
    fill_shape(p, node, &step);
    step.inputs = GC_PLANNER_ARRAY(p, struct gc_step_input, v->node->n_inputs);
    for (uint32_t i = 0; i < v->node->n_inputs && step.inputs; i++) {
        const struct gc_input *in = &v->node->inputs[i];
        step.inputs[step.n_inputs++] = (struct gc_step_input){
            .step = step_of(p, stage, in),
            .output = in->output,
            .slot = slot_of(v, i),
        };
    }
    return step;
}

static void add_step(struct gc_planner *p, uint32_t node)
{
    struct gc_plan_vertex *v = &p->v[node];
    struct gc_plan_stage *stage = &p->draft->plan.stages[v->runs_in];
    struct gc_program *program = &p->draft->programs[v->runs_in];
    GC_ASSERT(program->n_steps < GC_MAX_STAGE_NODES);
    v->step = program->n_steps;
    program->steps[program->n_steps++] = make_step(p, v->runs_in, node);
    if (reduces(v)) {
        stage->reducers[stage->n_reducers++] = v->stage;
    } else {
        GC_ASSERT(stage->n_nodes == v->step && v->step < p->parts[v->runs_in].n_nodes);
        stage->nodes[stage->n_nodes++] = node;
    }
    stage->pure = stage->pure && gc_plan_has(v, GC_TRAIT_PURE);
    gc_plan_widen(stage, &v->policy);
}

/* The run's nodes that the stage's items see. */
static void add_hoisted(struct gc_planner *p, uint32_t stage_no)
{
    struct gc_plan_part *part = &p->parts[stage_no];
    struct gc_plan_stage *stage = &p->draft->plan.stages[stage_no];
    struct gc_program *program = &p->draft->programs[stage_no];
    GC_ASSERT(program->n_steps == part->n_nodes);
    for (uint32_t i = 0; i < p->n && part->hoisted && !p->full; i++) {
        if (!gc_bits_get((struct gc_bits){part->hoisted, p->n}, i))
            continue;
        GC_ASSERT(program->n_steps < GC_MAX_STAGE_NODES);
        program->steps[program->n_steps] = make_step(p, stage_no, i);
        program->steps[program->n_steps++].hoisted = true;
        gc_plan_widen(stage, &p->v[i].policy);
    }
}

/* A reducing node's own stage. Nothing flows into its step but states, so it names no inputs; those of one that scans are bits of
 * the nodes of the stage whose results it reads. */
static void add_own_step(struct gc_planner *p, uint32_t node)
{
    const struct gc_plan_vertex *v = &p->v[node];
    struct gc_plan_stage *stage = &p->draft->plan.stages[v->stage];
    struct gc_program *program = &p->draft->programs[v->stage];
    program->steps[0] = make_step(p, v->runs_in, node);
    program->n_steps = 1;
    if (gc_plan_scans(v))
        program->scanned = p->parts[v->runs_in].n_nodes;
    else
        program->steps[0].n_inputs = 0;
    stage->nodes[0] = node;
    stage->n_nodes = 1;
    stage->pure = gc_plan_has(v, GC_TRAIT_PURE);
    gc_plan_widen(stage, &v->policy);
}

/* Hanging on a node is for ever: from the last node back, each hands its mask to those it reads. */
static void fill_below(const struct gc_planner *p, uint32_t stage_no)
{
    struct gc_plan_stage *stage = &p->draft->plan.stages[stage_no];
    stage->n_below = stage->n_nodes;
    for (uint32_t i = stage->scan ? 0 : stage->n_nodes; i-- > 0;) {
        const struct gc_step *step = &p->draft->programs[stage_no].steps[i];
        for (uint32_t k = 0; k < step->n_inputs; k++) {
            if (step->inputs[k].step == GC_UNSET || step->inputs[k].step >= stage->n_nodes)
                continue; /* the item, or hoisted */
            GC_ASSERT(step->inputs[k].step < i);
            stage->below[step->inputs[k].step] |= stage->below[i] | UINT64_C(1) << i;
        }
    }
}

static void fill_readers(const struct gc_planner *p, struct gc_program *program)
{
    for (uint32_t i = 0; i < program->n_steps; i++) {
        uint64_t seen = 0; /* a step that takes a value twice is one reader */
        for (uint32_t k = 0; k < program->steps[i].n_inputs; k++) {
            uint64_t from = program->steps[i].inputs[k].step;
            const struct gc_input *in = &p->v[program->steps[i].node].node->inputs[k];
            if (from == GC_UNSET || (seen >> from & 1) || gc_plan_output(p, in) != p->v[in->node].op->outputs)
                continue;
            seen |= UINT64_C(1) << from;
            program->steps[from].readers++;
        }
    }
}

static void open_program(struct gc_planner *p, uint32_t stage_no, uint32_t steps)
{
    struct gc_plan_stage *stage = &p->draft->plan.stages[stage_no];
    struct gc_program *program = &p->draft->programs[stage_no];
    *program = (struct gc_program){
        .stage = stage_no,
        .kind = stage->kind,
        .folder = p->job->folder,
        .limit = stage->kind == GC_STAGE_SOURCE ? p->job->limit : GC_UNSET,
    };
    program->steps = GC_PLANNER_ARRAY(p, struct gc_step, steps);
    stage->nodes = GC_PLANNER_ARRAY(p, uint64_t, steps);
    stage->below = GC_PLANNER_ARRAY(p, uint64_t, steps);
    stage->reducers = GC_PLANNER_ARRAY(p, uint64_t, steps);
}

static void open_programs(struct gc_planner *p)
{
    struct gc_plan *plan = &p->draft->plan;
    p->draft->programs = GC_PLANNER_ARRAY(p, struct gc_program, plan->n_stages);
    uint32_t *steps = GC_PLANNER_ARRAY(p, uint32_t, plan->n_stages);
    if (p->full)
        return;
    for (uint32_t i = 0; i < p->n; i++) {
        steps[p->v[i].runs_in] += !gc_plan_scans(&p->v[i]);
        if (reduces(&p->v[i]))
            steps[p->v[i].stage]++;
        else
            p->parts[p->v[i].runs_in].n_nodes++;
    }
    for (uint32_t s = 0; s < plan->n_stages; s++) {
        const uint64_t *hoisted = p->parts[s].hoisted;
        open_program(p, s, steps[s] + (hoisted ? gc_plan_set_both(p, hoisted, hoisted) : 0));
    }
}

static void describe_node(struct gc_planner *p, uint32_t node)
{
    const struct gc_plan_vertex *v = &p->v[node];
    struct gc_plan_node *out = &p->draft->plan.nodes[node];
    *out = (struct gc_plan_node){
        .id = v->node->id,
        .op = v->op->name,
        .stage = v->stage,
        .scope = v->op->scope,
        .per_item = v->per_item,
        .added = v->added,
        .max_bad = v->policy.max_bad,
        .max_bad_ppm = v->policy.max_bad_ppm,
        .n_shape = v->gives.n_shape,
        .shape = v->gives.shape,
    };
}

/* A stage's own nodes come first in its program, so that a node's bit is its step; reducing steps last. */
static void add_steps(struct gc_planner *p)
{
    for (uint32_t i = 0; i < p->n && !p->full; i++)
        if (!reduces(&p->v[i]))
            add_step(p, i);
    for (uint32_t s = 0; s < p->draft->plan.n_stages && !p->full; s++)
        if (p->draft->plan.stages[s].kind != GC_STAGE_REDUCE)
            add_hoisted(p, s);
    for (uint32_t i = 0; i < p->n && !p->full; i++) {
        if (!reduces(&p->v[i]))
            continue;
        if (!gc_plan_scans(&p->v[i]))
            add_step(p, i);
        add_own_step(p, i);
    }
}

void gc_plan_steps(struct gc_planner *p)
{
    struct gc_plan *plan = &p->draft->plan;
    open_programs(p);
    plan->nodes = GC_PLANNER_ARRAY(p, struct gc_plan_node, p->n);
    if (p->full)
        return;
    add_steps(p);
    plan->n_nodes = p->n;
    for (uint32_t i = 0; i < p->n && !p->full; i++)
        describe_node(p, i);
    for (uint32_t s = 0; s < plan->n_stages && !p->full; s++) {
        p->draft->programs[s].timeout_ns = plan->stages[s].timeout_ns;
        gc_plan_cascade(p, &p->draft->programs[s]);
        fill_below(p, s);
        if (!plan->stages[s].scan)
            fill_readers(p, &p->draft->programs[s]);
    }
}
