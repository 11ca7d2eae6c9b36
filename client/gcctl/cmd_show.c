/* cmd_show.c - gcctl show: one run, its nodes and times. */
#include "client/gcctl/commands.h"
#include "client/gcctl/report.h"

static void print_times(struct gcctl *g, const struct graphcap_run *run)
{
    char created[32], started[32], ended[32];
    gcctl_print(g, "  created %s, started %s, ended %s, %llu worker%s connected\n",
                gcctl_time(created, run->created_at_ns), gcctl_time(started, run->started_at_ns),
                gcctl_time(ended, run->ended_at_ns), (unsigned long long)run->workers,
                gcctl_plural(run->workers));
}

static int print_json(struct gcctl *g, const struct graphcap_run *run, struct graphcap_error *error)
{
    char *json;
    int code = graphcap_run_json(g->gc, run, &json, error);
    if (code == GRAPHCAP_OK)
        gcctl_line(g, json);
    if (code == GRAPHCAP_OK)
        graphcap_text_free(&json);
    return code;
}

static int show(struct gcctl *g, const struct gc_words *words)
{
    char id[GRAPHCAP_RUN_SIZE];
    struct graphcap_error error;
    struct graphcap_run *run;
    int exit_code;
    if (!gcctl_find(g, words->items[0], id, &exit_code))
        return exit_code;
    int code = graphcap_show(g->gc, id, &run, &error);
    if (code != GRAPHCAP_OK)
        return gcctl_fail(g, &error);
    if (g->options->json) {
        code = print_json(g, run, &error);
    } else {
        report_account(run, stdout);
        report_sources(run, stdout);
        print_times(g, run);
    }
    graphcap_run_free(&run);
    return code == GRAPHCAP_OK ? GCCTL_OK : gcctl_fail(g, &error);
}

const struct gcctl_command command_show = {
    .name = "show",
    .words = "RUN",
    .brief = "one run, its nodes and times",
    .about =
        "Prints how the run stands: state, items, rates, and for each node how many items are done, failed and skipped.\n"
        "With --json, the values of run-scoped nodes are in it.",
    .min_words = 1,
    .max_words = 1,
    .run = show,
};
