/* Scanning reducers: the nodes that are put before them, their stages and programs, and what is told when something is wrong. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static const struct gc_plan_node *node_at(const struct fixture *f, uint32_t at, const char *id)
{
    const struct gc_plan_node *n = &f->draft.plan.nodes[at];
    ck_assert_uint_lt(at, f->draft.plan.n_nodes);
    ck_assert_msg(gc_str_is(gc_bytes_str(n->id), id), "node %u is '%.*s', not '%s'", at,
                  GC_STR_ARGS(gc_bytes_str(n->id)), id);
    return n;
}

/* The plan's nodes are these, in this order; a star before those that were added. */
static void has_nodes(const struct fixture *f, const char *const *ids)
{
    uint32_t n = 0;
    for (; ids[n]; n++) {
        bool added = ids[n][0] == '*';
        ck_assert(node_at(f, n, ids[n] + added)->added == added);
    }
    ck_assert_uint_eq(f->draft.plan.n_nodes, n);
}
#define HAS_NODES(f, ...) has_nodes((f), (const char *const[]){__VA_ARGS__, NULL})

static uint32_t stage_of(const struct fixture *f, const char *id)
{
    for (uint32_t i = 0; i < f->draft.plan.n_nodes; i++)
        if (gc_str_is(gc_bytes_str(f->draft.plan.nodes[i].id), id))
            return (uint32_t)f->draft.plan.nodes[i].stage;
    ck_abort_msg("the plan has no node %s", id);
}

static const struct gc_step *find_step(const struct gc_program *program, const char *id)
{
    for (uint32_t i = 0; i < program->n_steps; i++)
        if (gc_str_is(gc_bytes_str(program->steps[i].id), id))
            return &program->steps[i];
    return NULL;
}

/* The node's step in the program of its own stage. */
static const struct gc_step *own_step(const struct fixture *f, const char *id)
{
    const struct gc_step *step = find_step(&f->draft.programs[stage_of(f, id)], id);
    ck_assert_ptr_nonnull(step);
    return step;
}

static bool is_text(struct gc_bytes text, const char *wanted)
{
    return gc_str_is(gc_bytes_str(text), wanted);
}

static void photos(struct fixture *f)
{
    node(f, "photos files - path=photos");
    node(f, "image load photos");
}

/* ---- added nodes ---- */

START_TEST(what_an_op_maps_to_is_put_before_it)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "same twins image distance=3 cells=8");
    node(f, "tone describe image");
    good(f);
    HAS_NODES(f, "photos", "image", "*same.marks", "same", "tone");
    const struct gc_plan_node *added = node_at(f, 2, "same.marks");
    ck_assert(is_text(added->op, "marks"));
    ck_assert(added->per_item);
    ck_assert_uint_eq(added->stage, stage_of(f, "image"));
    ck_assert_uint_eq(added->n_shape, 2);
    const struct gc_step *step = own_step(f, "same.marks");
    ck_assert_uint_eq(step->n_inputs, 1);
    ck_assert_uint_eq(step->inputs[0].step, 0);
    ck_assert(is_text(step->inputs[0].slot, "in"));
    ck_assert_uint_eq(step->n_config, 1); /* it knows of no distance */
    ck_assert(is_text(step->config[0].key, "cells"));
    ck_assert_int_eq(step->config[0].value.as.integer, 8);
    step = own_step(f, "same");
    ck_assert_uint_eq(step->n_config, 2);
    ck_assert_uint_eq(step->n_inputs, 2);
    ck_assert_uint_eq(step->inputs[0].step, 0);
    ck_assert(is_text(step->inputs[0].slot, "in"));
    ck_assert_uint_eq(step->inputs[1].step, 1); /* the added one: the last, and it fills none of the op's */
    ck_assert_uint_eq(step->inputs[1].slot.len, 0);
}
END_TEST

START_TEST(it_takes_the_output_that_the_reducer_takes)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "same twins in:image.image");
    good(f);
    const struct gc_step *step = own_step(f, "same.marks");
    ck_assert(is_text(step->inputs[0].output, "image"));
    ck_assert(is_text(step->inputs[0].slot, "in"));
}
END_TEST

START_TEST(a_job_without_one_is_as_it_was)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "n count image");
    good(f);
    HAS_NODES(f, "photos", "image", "n");
    ck_assert(!f->draft.plan.stages[2].scan);
    ck_assert_uint_eq(f->draft.programs[2].scanned, 0);
}
END_TEST

START_TEST(those_that_would_be_the_same_are_one)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "a twins image cells=8 note=x distance=1");
    node(f, "b twins image note=x cells=8");
    node(f, "c twins image cells=8");
    node(f, "d twins image note=x cells=9");
    node(f, "e twins image cells=9 note=x distance=3");
    node(f, "small sharpen image");
    node(f, "g twins small cells=8");
    good(f);
    HAS_NODES(f, "photos", "image", "*a.marks", "a", "b", "*c.marks", "c", "*d.marks", "d", "e", "small",
              "*g.marks", "g");
    ck_assert_uint_eq(own_step(f, "a")->inputs[1].step, own_step(f, "b")->inputs[1].step);
    ck_assert_uint_eq(own_step(f, "d")->inputs[1].step, own_step(f, "e")->inputs[1].step);
    ck_assert_uint_ne(own_step(f, "a")->inputs[1].step, own_step(f, "c")->inputs[1].step);
    ck_assert_uint_ne(own_step(f, "c")->inputs[1].step, own_step(f, "d")->inputs[1].step);
    const struct gc_program *items = &f->draft.programs[stage_of(f, "image")];
    for (uint32_t i = 0; i < items->n_steps; i++)
        ck_assert(!items->steps[i].reduce);
}
END_TEST

/* The value of `note` is of any kind: each is compared as what it is. */
START_TEST(any_setting_may_tell_them_apart)
{
    static const char *const notes[] = {"1", "1.5", "true", "false", "x", "'1", "[]", "{}"};
    enum { N = sizeof notes / sizeof notes[0] };
    for (unsigned a = 0; a < N; a++) {
        for (unsigned b = 0; b < N; b++) {
            struct fixture *f = fixture();
            char line[64];
            photos(f);
            snprintf(line, sizeof line, "a twins image note=%s", notes[a]);
            node(f, line);
            snprintf(line, sizeof line, "b twins image note=%s", notes[b]);
            node(f, line);
            good(f);
            ck_assert_uint_eq(f->draft.plan.n_nodes, a == b ? 5 : 6);
        }
    }
}
END_TEST

START_TEST(so_may_what_is_in_a_list_or_a_map)
{
    struct gc_value ones[] = {{.kind = GC_VALUE_INT, .as.integer = 1}, {.kind = GC_VALUE_NULL}};
    struct gc_value twos[] = {{.kind = GC_VALUE_INT, .as.integer = 1}, {.kind = GC_VALUE_INT}};
    struct gc_bytes keys[] = {gc_bytes_of("k", 1), gc_bytes_of("l", 1)};
    struct gc_bytes others[] = {gc_bytes_of("k", 1), gc_bytes_of("m", 1)};
    const struct gc_value notes[] = {
        {.kind = GC_VALUE_LIST, .n = 2, .as.items = ones},
        {.kind = GC_VALUE_LIST, .n = 2, .as.items = twos},
        {.kind = GC_VALUE_LIST, .n = 1, .as.items = ones},
        {.kind = GC_VALUE_MAP, .n = 2, .as.items = ones, .keys = keys},
        {.kind = GC_VALUE_MAP, .n = 2, .as.items = ones, .keys = others},
        {.kind = GC_VALUE_MAP, .n = 2, .as.items = twos, .keys = keys},
    };
    enum { N = sizeof notes / sizeof notes[0] };
    for (unsigned a = 0; a < N; a++) {
        for (unsigned b = 0; b < N; b++) {
            struct fixture *f = fixture();
            photos(f);
            node(f, "a twins image note=[]")->config[0].value = notes[a];
            node(f, "b twins image note=[]")->config[0].value = notes[b];
            good(f);
            ck_assert_uint_eq(f->draft.plan.n_nodes, a == b ? 5 : 6);
        }
    }
}
END_TEST

START_TEST(an_id_that_is_taken_gets_a_number)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "same twins image");
    node(f, "same.marks echo");
    node(f, "same.marks-2 echo");
    good(f);
    HAS_NODES(f, "photos", "image", "*same.marks-3", "same", "same.marks", "same.marks-2");
}
END_TEST

/* A reducer `len` times 'a' with, if so wanted, a node of the job that has the id of the one before it. */
static struct fixture *long_id(uint32_t len, bool taken, char id[GC_MAX_NAME + 1])
{
    static char other[GC_MAX_NAME + 8];
    struct fixture *f = fixture();
    memset(id, 'a', len);
    id[len] = '\0';
    photos(f);
    node(f, "x twins image")->id = gc_bytes_of(id, len);
    snprintf(other, sizeof other, "%s.marks", id);
    if (taken)
        node(f, "y echo")->id = gc_bytes_of(other, strlen(other));
    plan(f);
    return f;
}

START_TEST(an_id_that_would_be_too_long_is_told)
{
    enum { FITS = GC_MAX_NAME - 6 }; /* with ".marks" */
    static const char *const part = "is too long for the node 'aaa";
    char id[GC_MAX_NAME + 1];
    struct fixture *f = long_id(FITS, false, id);
    has_problems(f, 0);
    ck_assert_uint_eq(f->draft.plan.nodes[2].id.len, GC_MAX_NAME);
    f = long_id(FITS + 1, false, id);
    has_error(f, id, "id", part);
    has_problems(f, 1);
    f = long_id(FITS - 4, true, id); /* a dash and a number */
    has_problems(f, 0);
    ck_assert_uint_eq(f->draft.plan.nodes[2].id.len, GC_MAX_NAME - 2);
    f = long_id(FITS - 3, true, id);
    has_error(f, id, "id", part);
    has_problems(f, 1);
}
END_TEST

/* ---- stages and programs ---- */

START_TEST(a_scan_has_a_stage_of_its_own)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "tone describe image");
    node(f, "n count tone");
    node(f, "all collected tone,photos,image");
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 4);
    const struct gc_plan_stage *items = &p->stages[1];
    ck_assert_uint_eq(items->n_nodes, 2);
    ck_assert_uint_eq(items->n_reducers, 1); /* the count alone */
    ck_assert_uint_eq(items->reducers[0], 2);
    ck_assert(!items->scan);
    ck_assert(items->pure); /* what scans is not done here */
    ck_assert_uint_eq(f->draft.programs[1].n_steps, 3);
    ck_assert_uint_eq(f->draft.programs[1].scanned, 0);
    ck_assert_uint_eq(f->draft.programs[1].steps[1].readers, 1); /* the count, not the scan */
    const struct gc_plan_stage *scan = &p->stages[3];
    ck_assert_uint_eq(scan->kind, GC_STAGE_REDUCE);
    ck_assert(scan->scan);
    ck_assert(!scan->pure);
    ck_assert_uint_eq(scan->source, 1);
    ck_assert_uint_eq(scan->n_nodes, 1);
    ck_assert_uint_eq(scan->nodes[0], index_of(f, "all"));
    ck_assert_uint_eq(scan->n_below, 1);
    ck_assert_uint_eq(scan->below[0], 0);
    const struct gc_program *program = &f->draft.programs[3];
    ck_assert_uint_eq(program->kind, GC_STAGE_REDUCE);
    ck_assert_uint_eq(program->scanned, 2);
    ck_assert_uint_eq(program->n_steps, 1);
    const struct gc_step *step = &program->steps[0];
    ck_assert(step->reduce);
    ck_assert_uint_eq(step->n_inputs, 3);
    ck_assert_uint_eq(step->inputs[0].step, 1);
    ck_assert_uint_eq(step->inputs[1].step, GC_UNSET); /* the item */
    ck_assert_uint_eq(step->inputs[2].step, 0);
    ck_assert_uint_eq(step->readers, 0);
}
END_TEST

START_TEST(a_scan_of_nothing_but_items)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=photos");
    node(f, "all collected photos");
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 3);
    ck_assert_uint_eq(p->stages[1].kind, GC_STAGE_ITEM);
    ck_assert_uint_eq(p->stages[1].n_nodes, 0);
    ck_assert_uint_eq(p->stages[1].n_reducers, 0);
    ck_assert_uint_eq(f->draft.programs[1].n_steps, 0);
    ck_assert_uint_eq(p->stages[2].source, 1);
    ck_assert_uint_eq(f->draft.programs[2].scanned, 0);
    ck_assert_uint_eq(f->draft.programs[2].steps[0].inputs[0].step, GC_UNSET);
}
END_TEST

/* A component counts the steps of the items' task: what scans is none of them. */
START_TEST(sixty_four_nodes_and_scans_of_them)
{
    struct fixture *f = fixture();
    char line[64];
    node(f, "a files - path=a");
    for (unsigned i = 0; i < GC_MAX_STAGE_NODES; i++) {
        snprintf(line, sizeof line, i ? "e%u echo e%u" : "e%u echo a", i, i - 1);
        node(f, line);
    }
    node(f, "all collected e0,e63");
    node(f, "more collected e5");
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 4);
    ck_assert_uint_eq(p->stages[1].n_nodes, GC_MAX_STAGE_NODES);
    ck_assert_uint_eq(f->draft.programs[2].scanned, GC_MAX_STAGE_NODES);
    ck_assert_uint_eq(f->draft.programs[2].steps[0].inputs[1].step, 63);
}
END_TEST

START_TEST(what_a_scan_reads_is_never_cut_apart)
{
    struct fixture *f = fixture();
    char line[64];
    node(f, "a files - path=a");
    for (unsigned i = 0; i < 80; i++) {
        snprintf(line, sizeof line, "s%u stat a", i);
        node(f, line);
    }
    node(f, "all collected s0,s79,a");
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 4);
    ck_assert_uint_eq(stage_of(f, "s0"), stage_of(f, "s79"));
    ck_assert_uint_eq(p->stages[stage_of(f, "all")].source, stage_of(f, "s0"));
    const struct gc_step *step = own_step(f, "all");
    const struct gc_program *read = &f->draft.programs[stage_of(f, "s0")];
    ck_assert(is_text(read->steps[step->inputs[0].step].id, "s0"));
    ck_assert(is_text(read->steps[step->inputs[1].step].id, "s79"));
}
END_TEST

START_TEST(what_scans_hold_together_has_to_fit)
{
    struct fixture *f = fixture();
    char line[64];
    node(f, "a files - path=a");
    for (unsigned i = 0; i < 65; i++) {
        snprintf(line, sizeof line, "s%u stat a", i);
        node(f, line);
    }
    struct gc_node *all = node(f, "all collected s0");
    for (uint64_t i = 2; i <= GC_MAX_INPUTS; i++)
        all->inputs[all->n_inputs++] = (struct gc_input){.node = i};
    node(f, "last collected s63,s64");
    plan(f);
    has_error(f, "s0", "", "65 nodes hang together with 's0'; at most 64");
    has_problems(f, 1);
}
END_TEST

START_TEST(shapes_of_what_steps_read)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "tone describe image");
    node(f, "kept filter tone where=mean>1");
    node(f, "seen echo kept");
    node(f, "sum summarize kept");
    node(f, "mean avg image");
    node(f, "all collected kept");
    node(f, "means collected mean");
    node(f, "same twins image");
    node(f, "marked regions image");
    node(f, "some filter marked where=segments>1");
    node(f, "few filter marked.edges where=width>1");
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(own_step(f, "some")->n_shape, 5); /* an image, and what its op tells beside */
    ck_assert(is_text(own_step(f, "some")->shape[4].name, "segments"));
    ck_assert_uint_eq(own_step(f, "few")->n_shape, 4); /* of another output it tells nothing */
    ck_assert_uint_eq(p->nodes[own_step(f, "marked")->node].n_shape, 5);
    ck_assert_uint_eq(own_step(f, "image")->n_shape, 0); /* an item */
    ck_assert_uint_eq(own_step(f, "tone")->n_shape, 4);  /* an image is told as a record of four */
    ck_assert_uint_eq(own_step(f, "kept")->n_shape, 1);
    ck_assert(is_text(own_step(f, "kept")->shape[0].name, "mean"));
    ck_assert_uint_eq(own_step(f, "sum")->n_shape, 1); /* in its own stage, and as a step of the items' */
    ck_assert_uint_eq(find_step(&f->draft.programs[1], "sum")->n_shape, 1);
    ck_assert_uint_eq(own_step(f, "all")->n_shape, 1);
    ck_assert_uint_eq(own_step(f, "means")->n_shape, 0); /* a bare number */
    ck_assert_uint_eq(own_step(f, "same")->n_shape, 4);  /* of its first input, not of the added one */
    ck_assert_uint_eq(own_step(f, "same.marks")->n_shape, 4);
    ck_assert_uint_eq(own_step(f, "photos")->n_shape, 0);
}
END_TEST

START_TEST(a_scan_may_take_long)
{
    struct fixture *f = fixture();
    photos(f);
    policy_of(f, NULL)->timeout_ns = 5 * GC_S;
    node(f, "all collected image");
    policy_of(f, node(f, "own collected image"))->timeout_ns = 9000 * GC_S;
    policy_of(f, node(f, "short collected image"))->timeout_ns = GC_S;
    policy_of(f, node(f, "other collected image"))->retries = 7;
    node(f, "n count image");
    const struct gc_plan *p = good(f);
    const struct {
        const char *id;
        uint64_t timeout_ns;
    } want[] = {{"all", GC_SCAN_TIMEOUT_NS},   {"own", 9000 * GC_S}, {"short", GC_S},
                {"other", GC_SCAN_TIMEOUT_NS}, {"n", 5 * GC_S},      {"image", 5 * GC_S}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        uint32_t s = stage_of(f, want[i].id);
        ck_assert_uint_eq(p->stages[s].timeout_ns, want[i].timeout_ns);
        ck_assert_uint_eq(f->draft.programs[s].timeout_ns, want[i].timeout_ns);
    }
    ck_assert_uint_eq(p->stages[stage_of(f, "other")].retries, 7);
    ck_assert_uint_eq(p->stages[stage_of(f, "image")].retries, GC_RETRIES_DEFAULT);
}
END_TEST

START_TEST(why_is_told)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "same twins image");
    const struct gc_plan *p = good(f);
    static const char *const texts[] = {
        "put before 'same', which reads what it makes",
        "reads the results of 'image', 'same.marks' when all items have ended, in one task"};
    for (uint32_t k = 0; k < 2; k++) {
        bool found = false;
        for (uint32_t i = 0; i < p->n_reasons; i++)
            found = found || (p->reasons[i].node == 2 + k && is_text(p->reasons[i].text, texts[k]));
        ck_assert_msg(found, "nobody says: %s", texts[k]);
    }
}
END_TEST

/* ---- what is wrong ---- */

/* None of them is told a second time of the node that would come before it. */
START_TEST(mistakes_of_the_reducer)
{
    static const struct {
        const char *line, *field, *part;
    } wrong[] = {
        {"x twins #99", "inputs[0]", "depends on undefined node"},
        {"x twins #2", "inputs[0]", "Cycle detected"},
        {"x twins photos", "inputs[0]", "op 'twins' takes an image, 'photos' gives an item"},
        {"x twins image.depth", "inputs[0]", "has no output 'depth'"},
        {"x twins image,image", "inputs[1]", "takes 1 input, this is one too many"},
        {"x twins image cells=65", "config.cells", "between 1 and 64"},
        {"x twins image cells=many", "config.cells", "must be an integer"},
        {"x twins image distance=65", "config.distance", "between 0 and 64"},
        {"x twins image size=3", "config.size", "no such setting"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct fixture *f = fixture();
        photos(f);
        node(f, wrong[i].line);
        plan(f);
        has_error(f, "x", wrong[i].field, wrong[i].part);
        has_problems(f, 1);
    }
}
END_TEST

/* After the added node all indices are others: problems name the job's. */
START_TEST(problems_name_the_job_s_own_nodes)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "same twins image");
    node(f, "alike twins image cells=3");
    node(f, "crisp sharpen image sigma=99");
    node(f, "out save crisp to=out/{stem}.jpg");
    node(f, "sum count same");
    policy_of(f, node(f, "x echo alike"))->timeout_ns = 0;
    plan(f);
    has_error(f, "crisp", "config.sigma", "must lie between");
    has_warning(f, "out", "config.to", "put {dir} before it");
    has_error(f, "sum", "inputs[0]", "is known when all items are done");
    has_error(f, "x", "inputs[0]", "is known when all items are done");
    has_error(f, "x", "policy.timeout", "longer than nothing");
    has_problems(f, 5);
}
END_TEST

START_TEST(a_value_of_the_run_is_no_item)
{
    struct fixture *f = fixture();
    node(f, "logo load - path=x");
    node(f, "same twins logo");
    plan(f);
    has_error(f, "same", "inputs", "reduces items, and there is no source above it");
    has_problems(f, 1);
}
END_TEST

START_TEST(items_of_two_sources_meet_once)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "others files - path=x");
    node(f, "second load others");
    node(f, "all collected image,second");
    plan(f);
    has_error(f, "all", "inputs[1]", "items of two sources meet here");
    has_problems(f, 1);
}
END_TEST

START_TEST(only_what_is_committed_can_be_read)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "all collected image.exif");
    plan(f);
    has_error(f, "all", "inputs[0]",
              "op 'collected' reads results, and those of 'image' hold its output 'image' alone, not 'exif'");
    has_problems(f, 1);
}
END_TEST

START_TEST(too_many_nodes_with_those_added)
{
    struct fixture *f = fixture();
    char line[64];
    photos(f);
    for (unsigned i = 0; f->n < GC_MAX_JOB_NODES - 1; i++) {
        snprintf(line, sizeof line, "s%u sleep", i);
        node(f, line);
    }
    node(f, "same twins image");
    plan(f);
    has_error(f, NULL, "nodes",
              "the job has 513 nodes, with 1 that are put before reducers; the limit is 512");
    has_problems(f, 1);
}
END_TEST

START_TEST(one_input_is_the_planner_s)
{
    struct fixture *f = fixture();
    photos(f);
    struct gc_node *n = node(f, "same twins image");
    while (n->n_inputs < GC_MAX_INPUTS)
        n->inputs[n->n_inputs++] = n->inputs[0];
    plan(f);
    has_error(f, "same", "inputs", "op 'twins' takes 63 inputs at most: one more is what op 'marks' makes");
}
END_TEST

/* ---- a catalogue that does not fit together ---- */

static void with_twins(struct fixture *f, struct gc_op twins)
{
    static struct gc_op ops[64];
    struct gc_catalogue c = *catalogue(false);
    ck_assert_uint_le(c.n_ops, 64);
    memcpy(ops, c.ops, c.n_ops * sizeof *ops);
    c.ops = ops;
    for (uint32_t i = 0; i < c.n_ops; i++)
        if (gc_bytes_equal(ops[i].name, twins.name))
            ops[i] = twins;
    ck_assert_int_eq(gc_plan_make(&f->job, f->nodes, f->n, &c, &f->arena, &f->draft), GC_OK);
}

static struct gc_op twins_op(void)
{
    const struct gc_catalogue *c = catalogue(false);
    for (uint32_t i = 0; i < c->n_ops; i++)
        if (gc_str_is(gc_bytes_str(c->ops[i].name), "twins"))
            return c->ops[i];
    ck_abort();
}

START_TEST(a_catalogue_that_contradicts_itself)
{
    static const char *const maps[] = {"blotches", "count", "files"};
    for (unsigned i = 0; i < 5; i++) {
        struct fixture *f = fixture();
        photos(f);
        node(f, "same twins image");
        struct gc_op twins = twins_op();
        if (i < 3)
            twins.maps = gc_str_bytes(gc_str_of(maps[i]));
        else if (i == 3)
            twins.traits &= ~(uint64_t)GC_TRAIT_SCANS;
        else
            twins.scope = GC_SCOPE_ITEM;
        with_twins(f, twins);
        if (i < 3)
            has_error(f, "same", "op", "and no worker has such an op of items");
        else
            has_error(f, "same", "op", "asks for an op 'marks' before it and is none that scans");
        has_problems(f, 1);
    }
}
END_TEST

/* A setting that the mapped op must have, and the reducer's op does not know, can only be a fault of the catalogue; it is told of
 * the reducer all the same. */
START_TEST(what_the_added_node_lacks_is_told_of_its_reducer)
{
    struct fixture *f = fixture();
    photos(f);
    node(f, "x sleep");
    node(f, "same twins image");
    struct gc_op twins = twins_op();
    twins.maps = gc_bytes_of("thumbnail_image", 15);
    with_twins(f, twins);
    has_error(f, "same", "config.width", "is missing: op 'thumbnail_image' needs it");
    has_problems(f, 1);
}
END_TEST

START_TEST(any_arena_that_is_too_small_is_told)
{
    struct fixture *f = fixture();
    static uint8_t memory[1 << 20];
    photos(f);
    node(f, "same twins image note=x");
    node(f, "alike twins image");
    struct gc_arena arena;
    struct gc_plan_draft draft;
    gc_arena_init(&arena, memory, sizeof memory);
    ck_assert_int_eq(gc_plan_make(&f->job, f->nodes, f->n, catalogue(false), &arena, &draft), GC_OK);
    size_t enough = arena.used;
    for (size_t size = 0; size < enough; size += 16) {
        gc_arena_init(&arena, memory, size);
        ck_assert_int_eq(gc_plan_make(&f->job, f->nodes, f->n, catalogue(false), &arena, &draft),
                         GC_ERR_NOMEM);
    }
}
END_TEST

/* ---- jobs by chance ---- */

static unsigned below(uint64_t *state, unsigned n)
{
    return (unsigned)((gc_suite_random(state) >> 11) % n);
}

/* Images of two sources, and reducers that scan some of one's. */
static void any_job(struct fixture *f, uint64_t *state)
{
    unsigned images[2][32], n[2] = {0, 0};
    node(f, "n0 files - path=a");
    node(f, "n1 files - path=b");
    node(f, "n2 load n0");
    node(f, "n3 load n1");
    images[0][n[0]++] = 2;
    images[1][n[1]++] = 3;
    for (unsigned i = 4, nodes = 4 + below(state, 24); i < nodes; i++) {
        unsigned side = below(state, 2), what = below(state, 5);
        unsigned a = images[side][below(state, n[side])], b = images[side][below(state, n[side])];
        char line[96];
        if (what == 0)
            snprintf(line, sizeof line, "n%u collected n%u,n%u,n%u", i, a, side, b);
        else if (what < 3)
            snprintf(line, sizeof line, "n%u twins n%u cells=%u distance=%u", i, a, 1 + below(state, 2),
                     below(state, 9));
        else
            snprintf(line, sizeof line, "n%u sharpen n%u", i, a);
        if (what > 2)
            images[side][n[side]++] = i;
        node(f, line);
    }
}

/* Where each of the job's nodes is in the plan; what is between them was added. */
static void check_order(const struct fixture *f, uint32_t *ret_at)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < f->draft.plan.n_nodes; i++) {
        const struct gc_plan_node *n = &f->draft.plan.nodes[i];
        if (n->added) {
            ck_assert_uint_lt(i + 1, f->draft.plan.n_nodes);
            ck_assert(!n[1].added);
            ck_assert(n->id.len > n[1].id.len && !memcmp(n->id.ptr, n[1].id.ptr, n[1].id.len));
            continue;
        }
        ck_assert(gc_bytes_equal(n->id, f->nodes[next].id));
        ret_at[next++] = i;
    }
    ck_assert_uint_eq(next, f->n);
}

/* The scan of the job's node reads what the job says, in the stage that it says, and last what was added for it. */
static void check_scan(const struct fixture *f, const struct gc_plan_stage *stage, uint32_t of,
                       const uint32_t *at)
{
    const struct gc_program *program = &f->draft.programs[stage - f->draft.plan.stages];
    const struct gc_program *read = &f->draft.programs[stage->source];
    const struct gc_step *step = &program->steps[0];
    const struct gc_node *n = &f->nodes[of];
    bool mapped = gc_str_is(gc_bytes_str(n->op), "twins");
    ck_assert_uint_eq(f->draft.plan.stages[stage->source].kind, GC_STAGE_ITEM);
    ck_assert_uint_eq(program->scanned, f->draft.plan.stages[stage->source].n_nodes);
    ck_assert_uint_eq(step->n_inputs, n->n_inputs + mapped);
    for (uint32_t k = 0; k < n->n_inputs; k++) {
        uint64_t from = step->inputs[k].step;
        if (n->inputs[k].node < 2)
            ck_assert_uint_eq(from, GC_UNSET);
        else
            ck_assert_uint_eq(read->steps[from].node, at[n->inputs[k].node]);
    }
    if (!mapped)
        return;
    const struct gc_step *added = &read->steps[step->inputs[n->n_inputs].step];
    ck_assert(f->draft.plan.nodes[added->node].added);
    ck_assert(gc_str_is(gc_bytes_str(added->op), "marks"));
    ck_assert_uint_eq(read->steps[added->inputs[0].step].node, at[n->inputs[0].node]);
    ck_assert_int_eq(added->config[0].value.as.integer, n->config[0].value.as.integer);
}

/* As many as there are pairs of an image and a number of cells. */
static uint32_t wanted(const struct fixture *f)
{
    bool seen[64][3] = {{false}};
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        if (!gc_str_is(gc_bytes_str(f->nodes[i].op), "twins"))
            continue;
        bool *one = &seen[f->nodes[i].inputs[0].node][f->nodes[i].config[0].value.as.integer];
        n += !*one;
        *one = true;
    }
    return n;
}

START_TEST(laws)
{
    uint64_t state = 20251125;
    unsigned scans = 0;
    for (unsigned round = 0; round < 1000; round++) {
        struct fixture *f = fixture();
        uint32_t at[GC_MAX_JOB_NODES];
        any_job(f, &state);
        const struct gc_plan *p = good(f);
        check_order(f, at);
        ck_assert_uint_eq(p->n_nodes, f->n + wanted(f));
        for (uint32_t i = 0; i < f->n; i++) {
            const struct gc_plan_stage *stage = &p->stages[p->nodes[at[i]].stage];
            bool scan = gc_str_is(gc_bytes_str(f->nodes[i].op), "twins") ||
                        gc_str_is(gc_bytes_str(f->nodes[i].op), "collected");
            ck_assert(stage->scan == scan);
            if (scan)
                check_scan(f, stage, i, at);
            scans += scan;
        }
    }
    ck_assert_uint_gt(scans, 1000); /* else the test says nothing */
}
END_TEST

GC_SUITE("plan: expand", GC_TEST(what_an_op_maps_to_is_put_before_it),
         GC_TEST(it_takes_the_output_that_the_reducer_takes), GC_TEST(a_job_without_one_is_as_it_was),
         GC_TEST(those_that_would_be_the_same_are_one), GC_TEST(any_setting_may_tell_them_apart),
         GC_TEST(so_may_what_is_in_a_list_or_a_map), GC_TEST(an_id_that_is_taken_gets_a_number),
         GC_TEST(an_id_that_would_be_too_long_is_told), GC_TEST(a_scan_has_a_stage_of_its_own),
         GC_TEST(a_scan_of_nothing_but_items), GC_TEST(sixty_four_nodes_and_scans_of_them),
         GC_TEST(what_a_scan_reads_is_never_cut_apart), GC_TEST(what_scans_hold_together_has_to_fit),
         GC_TEST(shapes_of_what_steps_read), GC_TEST(a_scan_may_take_long), GC_TEST(why_is_told),
         GC_TEST(mistakes_of_the_reducer), GC_TEST(problems_name_the_job_s_own_nodes),
         GC_TEST(a_value_of_the_run_is_no_item), GC_TEST(items_of_two_sources_meet_once),
         GC_TEST(only_what_is_committed_can_be_read), GC_TEST(too_many_nodes_with_those_added),
         GC_TEST(one_input_is_the_planner_s), GC_TEST(a_catalogue_that_contradicts_itself),
         GC_TEST(what_the_added_node_lacks_is_told_of_its_reducer),
         GC_TEST(any_arena_that_is_too_small_is_told), GC_TEST(laws))
