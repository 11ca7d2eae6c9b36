/* cmd_results.c - gcctl results: what the nodes of a run made, as JSON Lines. */
#include "client/gcctl/commands.h"

#include <unistd.h>

static const char *node;
static const char *after;
static bool follow;
static uint64_t limit;

static const struct gc_option options[] = {
    {0, "node", GC_OPTION_STRING, &node, "ID", "only this node's", 0},
    {'f', "follow", GC_OPTION_FLAG, &follow, NULL, "as they are committed, until the run has ended", 0},
    {0, "after", GC_OPTION_STRING, &after, "CURSOR", "go on behind the line with that cursor", 0},
    {'n', "limit", GC_OPTION_U64, &limit, "N", "at most N lines", 0},
    {0},
};

static int print_all(struct gcctl *g, struct graphcap_results *results, struct graphcap_error *error)
{
    const struct graphcap_result *row = NULL;
    uint64_t lines = 0;
    int code;
    while ((code = graphcap_results_next(results, &row, error)) == GRAPHCAP_OK && row) {
        gcctl_line(g, row->json);
        if (follow && !gcctl_flush(g)) /* who follows wants each line now */
            break;
        if (g->refused || (limit && ++lines == limit))
            break;
    }
    return code;
}

static int results(struct gcctl *g, const struct gc_words *words)
{
    char id[GRAPHCAP_RUN_SIZE];
    struct graphcap_error error;
    struct graphcap_results *all;
    struct graphcap_results_options o = {.size = sizeof o, .node = node, .after = after, .follow = follow};
    int exit_code;
    if (!gcctl_find(g, words->items[0], id, &exit_code))
        return exit_code;
    if (follow)
        graphcap_set_patience(g->gc, GRAPHCAP_NONE);
    int code = graphcap_results_open(g->gc, id, &o, &all, &error);
    if (code == GRAPHCAP_OK) {
        code = print_all(g, all, &error);
        graphcap_results_close(&all);
    }
    return code == GRAPHCAP_OK ? GCCTL_OK : gcctl_fail(g, &error);
}

const struct gcctl_command command_results = {
    .name = "results",
    .words = "RUN",
    .brief = "what the nodes made, as JSON Lines",
    .about =
        "Prints one line of JSON a result that is done, by item: {\"run\", \"node\", \"item\", \"source\", \"value\", \"cursor\"}.\n"
        "Without --node, those of all nodes but the sources. A value of the run itself has item and source null.",
    .options = options,
    .min_words = 1,
    .max_words = 1,
    .run = results,
};
