/* cmd_plan.c - gcctl plan: how a run was cut into stages, and why. */
#include <jansson.h>

#include "client/gcctl/commands.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static void print_stages(struct gcctl *g, const json_t *plan)
{
    size_t i, k;
    json_t *stage, *node;
    json_array_foreach(json_object_get(plan, "stages"), i, stage)
    {
        gcctl_print(g, "stage %zu, %s:", i, text_of(stage, "kind"));
        json_array_foreach(json_object_get(stage, "nodes"), k, node)
            gcctl_print(g, " %s", json_string_value(node));
        gcctl_print(g, "\n");
    }
}

static void print_reasons(struct gcctl *g, const json_t *plan)
{
    size_t i;
    json_t *reason;
    json_array_foreach(json_object_get(plan, "reasons"), i, reason)
        gcctl_print(g, "  %s: %s\n", text_of(reason, "node"), text_of(reason, "text"));
}

static int plan(struct gcctl *g, const struct gc_words *words)
{
    char id[GRAPHCAP_RUN_SIZE];
    struct graphcap_error error;
    char *text;
    int exit_code;
    if (!gcctl_find(g, words->items[0], id, &exit_code))
        return exit_code;
    if (graphcap_plan_json(g->gc, id, &text, &error) != GRAPHCAP_OK)
        return gcctl_fail(g, &error);
    if (g->options->json) {
        gcctl_line(g, text);
    } else {
        json_t *all = json_loads(text, 0, NULL);
        print_stages(g, all);
        print_reasons(g, all);
        json_decref(all);
    }
    graphcap_text_free(&text);
    return GCCTL_OK;
}

const struct gcctl_command command_plan = {
    .name = "plan",
    .words = "RUN",
    .brief = "how a run was planned, and why",
    .about =
        "Prints the stages that the run's job was cut into, and why the planner fused, pushed down or refused.",
    .min_words = 1,
    .max_words = 1,
    .run = plan,
};
