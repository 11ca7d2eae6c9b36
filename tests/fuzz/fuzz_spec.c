/* Any bytes as a job file, in both formats, with options that touch it. What comes out keeps the laws of spec.h: bounded,
 * numbered topologically, every problem with a text that prints. */
#include <stdlib.h>
#include <string.h>

#include "client/spec/spec.h"
#include "common/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_nodes(const struct gc_spec *spec)
{
    GC_ASSERT(spec->job.n_nodes <= GC_MAX_JOB_NODES);
    for (uint32_t i = 0; i < spec->job.n_nodes; i++) {
        const struct gc_node *n = &spec->nodes[i];
        GC_ASSERT(n->id.len > 0 && n->id.len <= GC_MAX_NAME);
        GC_ASSERT(n->op.len > 0 && n->op.len <= GC_MAX_NAME);
        GC_ASSERT(n->n_inputs <= GC_MAX_INPUTS);
        GC_ASSERT(n->n_config <= GC_MAX_CONFIG);
        for (uint32_t k = 0; k < n->n_inputs; k++)
            GC_ASSERT(n->inputs[k].node < i);
        GC_ASSERT(memchr(n->id.ptr, '\0', n->id.len) == NULL);
        (void)gc_spec_problem_line(spec, i, n->op);
    }
}

static void check_problems(struct gc_spec *spec)
{
    GC_ASSERT(spec->n_problems <= GC_MAX_PROBLEMS);
    for (uint32_t i = 0; i < spec->n_problems; i++) {
        char text[2048];
        const struct gc_spec_problem *p = &spec->problems[i];
        GC_ASSERT(i == 0 || p[-1].line <= p->line);
        GC_ASSERT(strlen(p->text) <= GC_MAX_TEXT);
        GC_ASSERT(gc_spec_problem_text(spec, p, text, sizeof text) < sizeof text);
    }
    /* Whole jobs have nodes; what is not whole says why. */
    GC_ASSERT(spec->n_errors > 0 || spec->job.n_nodes > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const sets[] = {"a.w=5", "b.l=[1, {x: y}]"};
    static const char *const params[] = {"W=512"};
    const struct gc_spec_options options = {
        .folder = "/", .n_sets = 2, .sets = sets, .n_params = 1, .params = params};
    for (int json = 0; json < 2; json++) {
        struct gc_spec *spec;
        enum gc_err err = gc_spec_parse(gc_str_from((const char *)data, size), json ? "f.json" : "f.yaml",
                                        &options, &spec, NULL);
        if (err)
            continue;
        check_nodes(spec);
        check_problems(spec);
        gc_spec_destroy(&spec);
    }
    return 0;
}
