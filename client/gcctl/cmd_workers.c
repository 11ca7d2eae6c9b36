/* cmd_workers.c - gcctl workers: the fleet. */
#include <inttypes.h>
#include <string.h>

#include "client/gcctl/commands.h"

static void print_row(struct gcctl *g, const struct graphcap_worker_row *row)
{
    char silent[32], rss[32], name[64], build[256];
    gcctl_print(g, "%-24s %9" PRIu64 " %7" PRIu64 " %12" PRIu64 " %9s %9s  %s%s\n",
                gcctl_plain(name, sizeof name, row->name, strlen(row->name)), row->slots, row->leases,
                row->done, gcctl_duration(silent, row->silent_ns), gcctl_bytes(rss, row->rss),
                row->draining ? "(draining) " : "",
                gcctl_plain(build, sizeof build, row->build, strlen(row->build)));
}

static int print_all(struct gcctl *g, struct graphcap_workers *workers, struct graphcap_error *error)
{
    const struct graphcap_worker_row *row = NULL;
    const char *between = "";
    int code;
    while ((code = graphcap_workers_next(workers, &row, error)) == GRAPHCAP_OK && row) {
        if (g->options->json)
            gcctl_print(g, "%s%s", between, row->json);
        else
            print_row(g, row);
        between = ",\n ";
    }
    return code;
}

static int workers(struct gcctl *g, const struct gc_words *words)
{
    struct graphcap_error error;
    struct graphcap_workers *all;
    int exit_code;
    (void)words;
    if (!gcctl_connect(g, 0, &exit_code))
        return exit_code;
    int code = graphcap_workers_open(g->gc, &all, &error);
    if (code != GRAPHCAP_OK)
        return gcctl_fail(g, &error);
    if (g->options->json)
        gcctl_print(g, "[");
    else
        gcctl_print(g, "%-24s %9s %7s %12s %9s %9s  %s\n", "WORKER", "EXECUTORS", "LEASES", "DONE", "SILENT",
                    "MEMORY", "BUILD");
    code = print_all(g, all, &error);
    if (g->options->json)
        gcctl_print(g, "]\n");
    graphcap_workers_close(&all);
    return code == GRAPHCAP_OK ? GCCTL_OK : gcctl_fail(g, &error);
}

const struct gcctl_command command_workers = {
    .name = "workers",
    .brief = "the workers that are connected",
    .about =
        "Lists the workers: their executors, leases, tasks done since they joined, time since their last beat, and memory.",
    .run = workers,
};
