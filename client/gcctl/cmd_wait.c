/* cmd_wait.c - gcctl wait and gcctl watch: follow a run to its end. */
#include "client/gcctl/commands.h"
#include "client/gcctl/follow.h"
#include "client/gcctl/report.h"

static bool allow_partial;

static const struct gc_option wait_options[] = {
    {0, "allow-partial", GC_OPTION_FLAG, &allow_partial, NULL, "exit with 0 though some items failed", 0},
    {0},
};

static int wait_run(struct gcctl *g, const struct gc_words *words)
{
    char id[GRAPHCAP_RUN_SIZE];
    struct graphcap_run *run = NULL;
    int exit_code;
    if (!gcctl_find(g, words->items[0], id, &exit_code))
        return exit_code;
    follow_signals(g);
    exit_code = follow_run(g, id, false, &run);
    if (exit_code == GCCTL_OK)
        exit_code = report_end(g, run, allow_partial);
    graphcap_run_free(&run);
    return exit_code;
}

const struct gcctl_command command_wait = {
    .name = "wait",
    .words = "RUN",
    .brief = "wait until a run has ended, report",
    .about =
        "Shows progress until the run has ended, then reports as `run` does and exits as it would. Ctrl-C ends the waiting,\n"
        "not the run.",
    .options = wait_options,
    .min_words = 1,
    .max_words = 1,
    .run = wait_run,
};

/* A line of JSON for each change. */
static int print_change(void *arg, const struct graphcap_run *run)
{
    struct gcctl *g = arg;
    struct graphcap_error error;
    char *json;
    if (graphcap_run_json(NULL, run, &json, &error) != GRAPHCAP_OK) {
        (void)gcctl_fail(g, &error);
        return 1;
    }
    gcctl_line(g, json);
    graphcap_text_free(&json);
    return !gcctl_flush(g);
}

static int watch_json(struct gcctl *g, const char *id)
{
    struct graphcap_error error;
    graphcap_set_patience(g->gc, GRAPHCAP_NONE);
    int code = graphcap_wait(g->gc, id, print_change, g, NULL, &error);
    return code == GRAPHCAP_OK ? GCCTL_OK : gcctl_fail(g, &error);
}

static int watch(struct gcctl *g, const struct gc_words *words)
{
    char id[GRAPHCAP_RUN_SIZE];
    struct graphcap_run *run = NULL;
    int exit_code;
    if (!gcctl_find(g, words->items[0], id, &exit_code))
        return exit_code;
    follow_signals(g);
    if (g->options->json)
        return watch_json(g, id);
    exit_code = follow_run(g, id, false, &run);
    if (exit_code == GCCTL_OK)
        report_account(run, stdout);
    graphcap_run_free(&run);
    return exit_code;
}

const struct gcctl_command command_watch = {
    .name = "watch",
    .words = "RUN",
    .brief = "a run as it goes, live",
    .about =
        "Shows progress until the run has ended. With --json, a line for each change, as `show --json` without results.",
    .min_words = 1,
    .max_words = 1,
    .run = watch,
};
