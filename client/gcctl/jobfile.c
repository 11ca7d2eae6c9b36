/* jobfile.c - see jobfile.h. */
#include "client/gcctl/jobfile.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *sets[JOBFILE_MOST];
static const char *params[JOBFILE_MOST];

struct gc_option_list jobfile_sets = {.items = sets, .capacity = JOBFILE_MOST};
struct gc_option_list jobfile_params = {.items = params, .capacity = JOBFILE_MOST};
uint64_t jobfile_limit;

void jobfile_problems(struct gcctl *g, struct graphcap_job *job)
{
    char plain[8192];
    for (size_t i = 0; i < graphcap_job_problems(job); i++) {
        const struct graphcap_problem *p = graphcap_job_problem(job, i);
        gcctl_plain(plain, sizeof plain, p->full, strlen(p->full));
        if (p->warning)
            gcctl_say(g, "%s", plain);
        else
            (void)fprintf(stderr, "%s\n", plain); /* errors are told with -q too */
    }
    if (graphcap_job_more_problems(job))
        gcctl_warn(g, "and %llu more", (unsigned long long)graphcap_job_more_problems(job));
}

bool jobfile_load(struct gcctl *g, const char *file, struct graphcap_job **ret, int *ret_exit)
{
    struct graphcap_error error;
    struct graphcap_job_options options = {
        .size = sizeof options,
        .set = jobfile_sets.items,
        .n_set = jobfile_sets.count,
        .param = jobfile_params.items,
        .n_param = jobfile_params.count,
        .limit = jobfile_limit,
    };
    if (graphcap_job_load(file, &options, ret, &error) == GRAPHCAP_OK)
        return true;
    *ret_exit = gcctl_fail(g, &error);
    return false;
}

/* What the coordinator would say as well, so that a wrong file is mended once. Not being able to ask is no news here. */
static void ask_too(struct gcctl *g, struct graphcap_job *job)
{
    struct graphcap_error error;
    struct graphcap_options options = {
        .size = sizeof options, .endpoint = g->options->connect, .state = g->options->state, .name = "gcctl"};
    if (graphcap_connect(&options, &g->gc, &error) == GRAPHCAP_OK)
        (void)graphcap_validate(g->gc, job, &error);
}

bool jobfile_open(struct gcctl *g, const char *file, uint32_t executors, struct graphcap_job **ret,
                  int *ret_exit)
{
    if (!jobfile_load(g, file, ret, ret_exit))
        return false;
    if (graphcap_job_errors(*ret) == 0) {
        if (gcctl_connect(g, executors, ret_exit))
            return true;
    } else {
        ask_too(g, *ret);
        jobfile_problems(g, *ret);
        *ret_exit = GCCTL_USAGE;
    }
    graphcap_job_free(ret);
    return false;
}

bool jobfile_submit(struct gcctl *g, struct graphcap_job *job, const struct graphcap_submit_options *options,
                    char *run, int *ret_exit)
{
    struct graphcap_error error;
    int code = graphcap_submit(g->gc, job, options, run, &error);
    jobfile_problems(g, job);
    if (code == GRAPHCAP_OK)
        return true;
    *ret_exit = gcctl_fail(g, &error);
    return false;
}

void jobfile_problems_json(struct gcctl *g, struct graphcap_job *job)
{
    json_t *all = json_array();
    for (size_t i = 0; i < graphcap_job_problems(job); i++) {
        const struct graphcap_problem *p = graphcap_job_problem(job, i);
        char full[8192];
        gcctl_plain(full, sizeof full, p->full, strlen(p->full));
        json_array_append_new(all, json_pack("{s:s, s:I, s:s?, s:s, s:s, s:b, s:s}", "file", p->file, "line",
                                             (json_int_t)p->line, "node", p->node, "field", p->field, "text",
                                             p->text, "warning", p->warning, "full", full));
    }
    char *text = json_dumps(all, 0);
    gcctl_print(g, "%s", text ? text : "[]");
    free(text);
    json_decref(all);
}
