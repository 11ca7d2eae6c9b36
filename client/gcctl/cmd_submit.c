/* cmd_submit.c - gcctl submit: make a run of a job and print its id. */
#include "client/gcctl/commands.h"
#include "client/gcctl/jobfile.h"

static bool paused;

static const struct gc_option options[] = {
    JOBFILE_OPTIONS,
    {0, "paused", GC_OPTION_FLAG, &paused, NULL, "start nothing until `gcctl resume`", 0},
    {0},
};

static int submit(struct gcctl *g, const struct gc_words *words)
{
    struct graphcap_job *job;
    struct graphcap_submit_options o = {.size = sizeof o, .paused = paused};
    char run[GRAPHCAP_RUN_SIZE] = "";
    int exit_code = GCCTL_OK;
    if (!jobfile_open(g, words->items[0], 0, &job, &exit_code))
        return exit_code;
    if (jobfile_submit(g, job, &o, run, &exit_code))
        gcctl_print(g, g->options->json ? "{\"run\": \"%s\"}\n" : "%s\n", run);
    graphcap_job_free(&job);
    return exit_code;
}

const struct gcctl_command command_submit = {
    .name = "submit",
    .words = "SPEC",
    .brief = "submit a job file and print the run's id",
    .about =
        "Submits the job and prints the id of its run, which goes on by itself. SPEC is YAML or JSON; - reads standard input.",
    .options = options,
    .min_words = 1,
    .max_words = 1,
    .run = submit,
};
