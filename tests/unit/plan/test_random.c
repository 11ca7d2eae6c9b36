/* Jobs made by chance: whatever the planner accepts keeps the laws of plan.h, and is the same twice. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static uint64_t below(uint64_t *state, uint64_t n)
{
    return (gc_suite_random(state) >> 11) % n;
}

/* A node that is likely right: its inputs are some of the nodes before it. */
static void any_node(struct fixture *f, uint64_t *state, uint32_t at)
{
    static const char *const ops[] = {
        "echo",     "echo",       "load",      "sharpen", "thumbnail_image", "thumbnail_image",
        "describe", "composite2", "avg",       "count",   "summarize",       "sleep",
        "noop",     "filter",     "composite2"};
    const char *op = ops[below(state, sizeof ops / sizeof ops[0])];
    char line[256];
    char *to = line + snprintf(line, sizeof line, "n%u %s ", at, op);
    bool two = !strcmp(op, "composite2");
    bool many = !strcmp(op, "echo") || !strcmp(op, "noop");
    unsigned n = two ? 2 : many ? (unsigned)below(state, 4) : 1;
    for (unsigned i = 0; i < n; i++)
        to += sprintf(to, "%s#%u", i ? "," : "",
                      i && below(state, 2) ? 1 : (unsigned)(at - 1 - below(state, at < 12 ? at : 12)));
    if (n == 0)
        to += sprintf(to, "-");
    if (!strcmp(op, "thumbnail_image"))
        to += sprintf(to, " width=%u", 1 + (unsigned)below(state, 2000));
    if (!strcmp(op, "filter"))
        to += sprintf(to, " where=true");
    node(f, line);
}

static void any_job(struct fixture *f, uint64_t *state)
{
    uint32_t n = 2 + (uint32_t)below(state, 30);
    bool marked = below(state, 2) == 0; /* n1 is a value of the run that items may see */
    node(f, "n0 files - path=a");
    for (uint32_t i = 1; i < n; i++) {
        char line[64];
        bool of_run = marked ? i == 1 : below(state, 4) == 0;
        snprintf(line, sizeof line, of_run ? "n%u load - path=logo.png" : "n%u load #0", i);
        if ((marked && i <= 2) || below(state, 4) == 0)
            node(f, line);
        else
            any_node(f, state, i);
    }
}

/* Where node `of` of the job hangs on `on`, by walking the job alone. */
static bool hangs(const struct fixture *f, uint64_t of, uint64_t on)
{
    for (uint32_t k = 0; k < f->nodes[of].n_inputs; k++) {
        uint64_t from = f->nodes[of].inputs[k].node;
        if (from == on || hangs(f, from, on))
            return true;
    }
    return false;
}

/* Whether a node of the stage hangs on the run's node by nodes of the run alone, or reads it: it must be hoisted then, and nothing
 * else. */
static bool shown(const struct fixture *f, const struct gc_plan_stage *stage, uint32_t node)
{
    for (uint32_t i = 0; i < stage->n_nodes; i++) {
        const struct gc_node *reader = &f->nodes[stage->nodes[i]];
        for (uint32_t k = 0; k < reader->n_inputs; k++) {
            uint64_t from = reader->inputs[k].node;
            const struct gc_plan_node *above = &f->draft.plan.nodes[from];
            if (!above->per_item && (from == node || hangs(f, from, node)))
                return true;
        }
    }
    return false;
}

static uint32_t check_hoisted(const struct fixture *f, const struct gc_plan_stage *stage,
                              const struct gc_program *program)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        const struct gc_plan_node *node = &f->draft.plan.nodes[i];
        bool wanted = stage->source != GC_UNSET && !node->per_item && node->scope == GC_SCOPE_ITEM &&
                      shown(f, stage, i);
        uint32_t steps = 0;
        for (uint32_t k = 0; k < program->n_steps; k++)
            steps += program->steps[k].hoisted && program->steps[k].node == i;
        ck_assert_uint_eq(steps, wanted);
        n += steps;
    }
    for (uint32_t k = 0; k < program->n_steps; k++) {
        bool behind = k >= stage->n_nodes && k < stage->n_nodes + n;
        ck_assert(program->steps[k].hoisted == behind);
        ck_assert(!behind || program->steps[k].traits & GC_TRAIT_PURE);
    }
    return n;
}

static void check_stage(const struct fixture *f, uint32_t s)
{
    const struct gc_plan_stage *stage = &f->draft.plan.stages[s];
    const struct gc_program *program = &f->draft.programs[s];
    ck_assert_uint_eq(program->stage, s);
    ck_assert_uint_eq(program->kind, stage->kind);
    ck_assert_uint_le(program->n_steps, GC_MAX_STAGE_NODES);
    ck_assert_uint_eq(stage->n_below, stage->n_nodes);
    for (uint32_t i = 0; i < stage->n_nodes; i++) {
        ck_assert_uint_eq(program->steps[i].node, stage->nodes[i]);
        ck_assert_uint_eq(f->draft.plan.nodes[stage->nodes[i]].stage, s);
        for (uint32_t k = 0; k < stage->n_nodes; k++)
            ck_assert_uint_eq(stage->below[i] >> k & 1, hangs(f, stage->nodes[k], stage->nodes[i]));
    }
    if (stage->kind == GC_STAGE_ITEM)
        ck_assert_uint_eq(program->n_steps,
                          stage->n_nodes + check_hoisted(f, stage, program) + stage->n_reducers);
}

/* A node that may take a decode over does so where it can, in whatever program, so that its pixels are the same everywhere. */
static void check_decode(const struct gc_program *program, const struct gc_step *step)
{
    uint64_t from = step->n_inputs ? step->inputs[0].step : GC_UNSET;
    while (from != GC_UNSET && program->steps[from].traits & GC_TRAIT_PASSES && program->steps[from].n_inputs)
        from = program->steps[from].inputs[0].step;
    bool may = (step->traits & GC_TRAIT_SHRINK_ON_LOAD) && from != GC_UNSET &&
               (program->steps[from].traits & GC_TRAIT_DECODE);
    ck_assert_uint_eq(step->decode, may ? from : GC_UNSET);
}

/* Every edge of the job is an edge of a program, from the item, from a step before, or from a hoisted one. */
static void check_steps(const struct fixture *f, const struct gc_program *program)
{
    for (uint32_t i = 0; i < program->n_steps && program->kind == GC_STAGE_ITEM; i++) {
        const struct gc_step *step = &program->steps[i];
        const struct gc_node *n = &f->nodes[step->node];
        ck_assert_uint_eq(step->n_inputs, n->n_inputs);
        for (uint32_t k = 0; k < step->n_inputs; k++) {
            if (step->inputs[k].step == GC_UNSET) {
                ck_assert_uint_eq(n->inputs[k].node, 0);
                continue;
            }
            ck_assert_uint_lt(step->inputs[k].step, program->n_steps);
            bool forward = program->steps[step->inputs[k].step].hoisted && !step->hoisted;
            ck_assert(step->inputs[k].step < i || forward);
            ck_assert_uint_eq(program->steps[step->inputs[k].step].node, n->inputs[k].node);
        }
        check_decode(program, step);
    }
}

/* A node that hands its first input on has that one's shape. */
static void check_shapes(const struct fixture *f)
{
    const struct gc_plan_node *nodes = f->draft.plan.nodes;
    for (uint32_t i = 0; i < f->n; i++) {
        const struct gc_node *n = &f->nodes[i];
        bool passes = gc_str_is(gc_bytes_str(n->op), "noop") || gc_str_is(gc_bytes_str(n->op), "filter");
        if (!passes || n->n_inputs == 0)
            continue;
        const struct gc_plan_node *from = &nodes[n->inputs[0].node];
        ck_assert_uint_eq(nodes[i].n_shape, from->n_shape);
        for (uint32_t k = 0; k < from->n_shape; k++)
            ck_assert(gc_bytes_equal(nodes[i].shape[k].name, from->shape[k].name));
    }
}

static void check_plan(const struct fixture *f)
{
    const struct gc_plan *p = &f->draft.plan;
    uint32_t seen[GC_MAX_JOB_NODES] = {0};
    ck_assert_uint_le(p->n_reasons, f->n);
    check_shapes(f);
    for (uint32_t s = 0; s < p->n_stages; s++) {
        check_stage(f, s);
        check_steps(f, &f->draft.programs[s]);
        for (uint32_t i = 0; i < p->stages[s].n_nodes; i++)
            seen[p->stages[s].nodes[i]]++;
        for (uint32_t r = 0; r < p->stages[s].n_reducers; r++)
            ck_assert_uint_eq(p->stages[p->stages[s].reducers[r]].source, s);
    }
    for (uint32_t i = 0; i < f->n; i++)
        ck_assert_uint_eq(seen[i], 1);
}

static bool hoists(const struct fixture *f)
{
    for (uint32_t s = 0; s < f->draft.plan.n_stages; s++)
        for (uint32_t i = 0; i < f->draft.programs[s].n_steps; i++)
            if (f->draft.programs[s].steps[i].hoisted)
                return true;
    return false;
}

START_TEST(laws)
{
    uint64_t state = 20240607;
    unsigned accepted = 0;
    unsigned hoisted = 0;
    for (unsigned round = 0; round < 4000; round++) {
        struct fixture *f = fixture();
        any_job(f, &state);
        plan(f);
        ck_assert(f->draft.accepted == (f->draft.n_problems == 0));
        if (!f->draft.accepted)
            continue;
        accepted++;
        check_plan(f);
        hoisted += hoists(f);
        struct gc_plan_draft again;
        ck_assert_int_eq(gc_plan_make(&f->job, f->nodes, f->n, catalogue(false), &f->arena, &again), GC_OK);
        ck_assert_uint_eq(again.plan.n_stages, f->draft.plan.n_stages);
        ck_assert_uint_eq(again.plan.n_reasons, f->draft.plan.n_reasons);
    }
    ck_assert_uint_gt(accepted, 200); /* else the test says nothing */
    ck_assert_uint_gt(hoisted, 50);
}
END_TEST

GC_SUITE("plan: jobs by chance", GC_TEST(laws))
