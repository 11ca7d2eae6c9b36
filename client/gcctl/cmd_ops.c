/* cmd_ops.c - gcctl ops: what the fleet can do. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "client/gcctl/commands.h"
#include "common/nearest.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static void print_list(struct gcctl *g, const json_t *ops)
{
    size_t i;
    json_t *op;
    json_array_foreach(ops, i, op)
        gcctl_print(g, "%-24s %-7s %s\n", text_of(op, "name"), text_of(op, "scope"), text_of(op, "help"));
}

static void print_range(struct gcctl *g, const json_t *config)
{
    const json_t *fallback = json_object_get(config, "default");
    const json_t *choices = json_object_get(config, "choices");
    if (json_object_get(config, "min"))
        gcctl_print(g, ", %.10g to %.10g", json_number_value(json_object_get(config, "min")),
                    json_number_value(json_object_get(config, "max")));
    for (size_t i = 0; i < json_array_size(choices); i++)
        gcctl_print(g, "%s%s", i ? "|" : ", ", json_string_value(json_array_get(choices, i)));
    if (fallback && !json_is_null(fallback)) {
        char *text = json_dumps(fallback, JSON_ENCODE_ANY);
        gcctl_print(g, ", default %s", text ? text : "?");
        free(text);
    }
}

static void print_named(struct gcctl *g, const char *title, const json_t *list, bool inputs)
{
    size_t i;
    json_t *one;
    if (json_array_size(list) == 0)
        return;
    gcctl_print(g, "\n%s:\n", title);
    json_array_foreach(list, i, one)
        gcctl_print(g, "  %-20s %s%s%s\n", text_of(one, "name"), text_of(one, "type"),
                    inputs && !json_is_true(json_object_get(one, "required")) ? ", optional" : "",
                    inputs && json_is_true(json_object_get(one, "many")) ? ", any number" : "");
}

static void print_op(struct gcctl *g, const json_t *op)
{
    size_t i;
    json_t *config;
    const json_t *all = json_object_get(op, "config");
    gcctl_print(g, "%s: %s\n", text_of(op, "name"), text_of(op, "help"));
    print_named(g, "inputs", json_object_get(op, "inputs"), true);
    print_named(g, "outputs", json_object_get(op, "outputs"), false);
    if (json_array_size(all))
        gcctl_print(g, "\nconfig:\n");
    json_array_foreach(all, i, config)
    {
        gcctl_print(g, "  %-20s %s%s", text_of(config, "key"), text_of(config, "type"),
                    json_is_true(json_object_get(config, "required")) ? ", required" : "");
        print_range(g, config);
        gcctl_print(g, "\n  %-20s %s\n", "", text_of(config, "help"));
    }
    print_named(g, "value", json_object_get(op, "shape"), false);
    if (*text_of(op, "command"))
        gcctl_print(g, "\nby hand:\n  %s\n", text_of(op, "command"));
    if (*text_of(op, "command_on_file"))
        gcctl_print(g, "  %s\n", text_of(op, "command_on_file"));
}

static const json_t *find(const json_t *ops, const char *name, struct gc_nearest *nearest)
{
    size_t i;
    json_t *op;
    gc_nearest_init(nearest, gc_str_of(name));
    json_array_foreach(ops, i, op)
    {
        if (strcmp(text_of(op, "name"), name) == 0)
            return op;
        gc_nearest_offer(nearest, gc_str_of(text_of(op, "name")));
    }
    return NULL;
}

static int print_one(struct gcctl *g, const json_t *ops, const char *name)
{
    struct gc_nearest nearest;
    const json_t *op = find(ops, name, &nearest);
    char plain[128];
    if (!op) {
        gcctl_plain(plain, sizeof plain, name, strlen(name));
        if (gc_nearest_found(&nearest))
            gcctl_warn(g, "no op '%s'; did you mean '%.*s'?", plain, GC_STR_ARGS(nearest.best));
        else
            gcctl_warn(g, "no op '%s'; `gcctl ops` lists them", plain);
        return GCCTL_USAGE;
    }
    if (g->options->json) {
        char *text = json_dumps(op, 0);
        gcctl_line(g, text ? text : "null");
        free(text);
    } else {
        print_op(g, op);
    }
    return GCCTL_OK;
}

static int ops(struct gcctl *g, const struct gc_words *words)
{
    struct graphcap_error error;
    char *text;
    int exit_code;
    if (!gcctl_connect(g, 0, &exit_code))
        return exit_code;
    if (graphcap_catalogue_json(g->gc, &text, &error) != GRAPHCAP_OK)
        return gcctl_fail(g, &error);
    json_t *catalogue = json_loads(text, 0, NULL);
    const json_t *all = json_object_get(catalogue, "ops");
    exit_code = GCCTL_OK;
    if (words->count == 1)
        exit_code = print_one(g, all, words->items[0]);
    else if (g->options->json)
        gcctl_line(g, text);
    else
        print_list(g, all);
    json_decref(catalogue);
    graphcap_text_free(&text);
    return exit_code;
}

const struct gcctl_command command_ops = {
    .name = "ops",
    .words = "[OP]",
    .brief = "what nodes can do; of one op, its config",
    .about =
        "Lists the ops that the fleet offers. With OP: its inputs, outputs, config with types, ranges and defaults.",
    .max_words = 1,
    .run = ops,
};
