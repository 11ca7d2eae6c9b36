/* cmd_run.c - gcctl run: submit a job, follow it to its end, and say what was made. */
#include <string.h>

#include "client/gcctl/commands.h"
#include "client/gcctl/follow.h"
#include "client/gcctl/jobfile.h"
#include "client/gcctl/report.h"

static uint64_t executors;
static bool dry_run;
static bool detach;
static bool allow_partial;

static const struct gc_option options[] = {
    {'j', "executors", GC_OPTION_U64, &executors, "N",
     "executors of a private worker that this starts (else one a processor)", 0},
    JOBFILE_OPTIONS,
    {0, "dry-run", GC_OPTION_FLAG, &dry_run, NULL, "check the job and run nothing", 0},
    {'d', "detach", GC_OPTION_FLAG, &detach, NULL, "print the run's id and leave it running", 0},
    {0, "allow-partial", GC_OPTION_FLAG, &allow_partial, NULL, "exit with 0 though some items failed", 0},
    {0},
};

static int check_only(struct gcctl *g, struct graphcap_job *job)
{
    struct graphcap_error error;
    if (graphcap_validate(g->gc, job, &error) != GRAPHCAP_OK)
        return gcctl_fail(g, &error);
    jobfile_problems(g, job);
    if (graphcap_job_errors(job))
        return GCCTL_USAGE;
    gcctl_say(g, "%s: %zu node%s, nothing wrong; not run", graphcap_job_name(job), graphcap_job_nodes(job),
              gcctl_plural(graphcap_job_nodes(job)));
    return GCCTL_OK;
}

static void print_id(struct gcctl *g, const char *run)
{
    if (g->options->json)
        gcctl_print(g, "{\"run\": \"%s\"}\n", run);
    else
        gcctl_print(g, "%s\n", run);
}

static int run_job(struct gcctl *g, struct graphcap_job *job)
{
    char run[GRAPHCAP_RUN_SIZE];
    struct graphcap_run *ended = NULL;
    int exit_code;
    graphcap_new_run(run);
    gcctl_say(g, "%s %s: %zu nodes", run, graphcap_job_name(job), graphcap_job_nodes(job));
    if (!detach)
        follow_signals(g);
    if (!jobfile_submit(g, job, NULL, run, &exit_code))
        return exit_code == GCCTL_INTERRUPTED ? follow_interrupted(g, run, true) : exit_code;
    if (detach) {
        print_id(g, run);
        return GCCTL_OK;
    }
    exit_code = follow_run(g, run, true, &ended);
    if (exit_code == GCCTL_OK)
        exit_code = report_end(g, ended, allow_partial);
    graphcap_run_free(&ended);
    return exit_code;
}

static int run(struct gcctl *g, const struct gc_words *words)
{
    struct graphcap_job *job;
    int exit_code;
    if (executors > 256)
        return gcctl_usage(g, "-j %llu: at most 256 executors", (unsigned long long)executors);
    if (!jobfile_open(g, words->items[0], (uint32_t)executors, &job, &exit_code))
        return exit_code;
    exit_code = dry_run ? check_only(g, job) : run_job(g, job);
    graphcap_job_free(&job);
    return exit_code;
}

const struct gcctl_command command_run = {
    .name = "run",
    .words = "SPEC",
    .brief = "run a job file, show its progress, report",
    .about =
        "Submits the job, shows progress, waits, and reports what was made and what failed. SPEC is YAML or JSON; - reads\n"
        "standard input. Ctrl-C pauses a run of a private coordinator (`gcctl resume RUN` goes on), twice cancels it; on a\n"
        "shared coordinator the run goes on.",
    .options = options,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
