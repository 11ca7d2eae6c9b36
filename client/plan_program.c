/* plan_program.c - the steps of a plan, one behind the other, as a program. See plan_program.h. */
#include "client/plan_program.h"

#include "client/shell_line.h"
#include "proto/states.h"

/* In a comment a line break would end it, and what follows would run. */
static void put_comment(struct gc_text *out, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        gc_text_putc(out, c < 0x20 || c == 0x7f ? '?' : s[i]);
    }
}

static void put_comment_bytes(struct gc_text *out, struct gc_bytes b)
{
    put_comment(out, (const char *)b.ptr, b.len);
}

static void put_variables(const struct gc_plan_view *view, struct gc_text *out)
{
    for (uint32_t s = 0; s < view->plan->n_stages; s++) {
        const struct gc_plan_stage *stage = &view->plan->stages[s];
        if (stage->kind != GC_STAGE_SOURCE || stage->n_nodes == 0)
            continue;
        struct gc_text name = {0};
        gc_plan_item_name(view, s, &name);
        gc_text_format(out, "%s=${%s:?is to be a file that ", gc_text_str(&name), gc_text_str(&name));
        gc_shell_safe(out, view->plan->nodes[stage->nodes[0]].id);
        gc_text_put(out, " lists}\n");
        out->failed = out->failed || !gc_text_ok(&name);
        gc_text_release(&name);
    }
    gc_text_put(out, "OUT=${OUT:-.}\nT=$(mktemp -d)\ntrap 'rm -rf \"$T\"' EXIT\n");
}

/* Whether all that use what the decode gives take it over. */
static bool taken_over(const struct gc_program *p, uint32_t at)
{
    bool any = false;
    for (uint32_t i = 0; i < p->n_steps; i++) {
        const struct gc_step *step = &p->steps[i];
        bool hands_on = (step->traits & GC_TRAIT_PASSES) && step->n_inputs > 0;
        for (uint32_t k = 0; k < step->n_inputs && !hands_on; k++) {
            if (gc_step_origin(p, step->inputs[k]).step != at)
                continue;
            if (step->decode != at)
                return false;
            any = true;
        }
    }
    return any;
}

static void put_step(const struct gc_plan_view *view, uint32_t stage, uint32_t at, struct gc_text *out)
{
    const struct gc_step *step = &view->programs[stage].steps[at];
    const struct gc_value *to = gc_step_setting(step, GC_STR("to"));
    struct gc_text line = {0};
    bool made = gc_plan_command(view, stage, at, &line);
    bool published = (step->traits & GC_TRAIT_PUBLISH) && to && to->kind == GC_VALUE_STRING;
    if (!made || published) {
        gc_text_put(out, "# ");
        put_comment_bytes(out, step->id);
        gc_text_put(out, ": ");
    }
    if (!made) {
        put_comment(out, gc_text_str(&line), line.len);
    } else {
        if (published) {
            put_comment_bytes(out, to->as.string);
            gc_text_putc(out, '\n');
        }
        gc_text_append(out, gc_text_str(&line), line.len);
    }
    gc_text_putc(out, '\n');
    out->failed = out->failed || line.failed;
    gc_text_release(&line);
}

static void put_stage(const struct gc_plan_view *view, uint32_t stage, struct gc_text *out)
{
    const struct gc_program *p = &view->programs[stage];
    for (uint32_t i = 0; i < p->n_steps; i++) {
        if (p->steps[i].hoisted)
            continue; /* its own stage has made it */
        if (!p->steps[i].reduce && taken_over(p, i)) {
            gc_text_put(out, "# ");
            put_comment_bytes(out, p->steps[i].id);
            gc_text_put(out, ": who reads it decodes the file, shrinking while loading\n");
        } else {
            put_step(view, stage, i, out);
        }
    }
}

void gc_plan_program(const struct gc_plan_view *view, struct gc_text *out)
{
    gc_text_put(out, "set -eu\n");
    put_variables(view, out);
    for (unsigned of_items = 0; of_items < 2; of_items++) { /* items see what the run has made */
        for (uint32_t s = 0; s < view->plan->n_stages; s++) {
            const struct gc_plan_stage *stage = &view->plan->stages[s];
            if (stage->kind == GC_STAGE_ITEM && (stage->source != GC_UNSET) == of_items)
                put_stage(view, s, out);
        }
    }
}
