/* cmd_validate.c - gcctl validate: all that is wrong with a job file, at once. */
#include "client/gcctl/commands.h"
#include "client/gcctl/jobfile.h"

static bool offline;

static const struct gc_option options[] = {
    JOBFILE_OPTIONS,
    {0, "offline", GC_OPTION_FLAG, &offline, NULL,
     "check the file alone, without asking a coordinator about its ops", 0},
    {0},
};

static int report(struct gcctl *g, struct graphcap_job *job)
{
    bool right = graphcap_job_errors(job) == 0;
    jobfile_problems(g, job);
    if (g->options->json) {
        gcctl_print(g, "{\"ok\": %s, \"problems\": ", right ? "true" : "false");
        jobfile_problems_json(g, job);
        gcctl_print(g, "}\n");
    } else if (right) {
        gcctl_say(g, "%s: %zu node%s, nothing wrong", graphcap_job_name(job), graphcap_job_nodes(job),
                  gcctl_plural(graphcap_job_nodes(job)));
    }
    return right ? GCCTL_OK : GCCTL_USAGE;
}

static int validate(struct gcctl *g, const struct gc_words *words)
{
    struct graphcap_job *job;
    struct graphcap_error error;
    int exit_code = GCCTL_OK;
    if (!jobfile_load(g, words->items[0], &job, &exit_code))
        return exit_code;
    bool asked = !offline && gcctl_connect(g, 0, &exit_code);
    if (asked && graphcap_validate(g->gc, job, &error) != GRAPHCAP_OK)
        exit_code = gcctl_fail(g, &error);
    int reported = report(g, job); /* what is wrong with the file is said in any case */
    graphcap_job_free(&job);
    return reported != GCCTL_OK ? reported : exit_code;
}

const struct gcctl_command command_validate = {
    .name = "validate",
    .words = "SPEC",
    .brief = "check a job file, run nothing",
    .about =
        "Prints everything that is wrong with the job file, each problem as FILE:LINE: node 'ID': FIELD: what is wrong.",
    .options = options,
    .min_words = 1,
    .max_words = 1,
    .run = validate,
};
