/* cmd_plan.c - gcctl plan: how a job would be cut into stages, or a run was, and why; and the same in words of the vips command.
 *
 * What is printed for people is itself a program of the shell: what it says is in comments. */
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "client/gcctl/commands.h"
#include "client/gcctl/jobfile.h"

enum { WIDTH = 100 }; /* of a line of reasons, as far as words allow */

static const struct gc_option options[] = {JOBFILE_OPTIONS, {0}};

static const char *text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

/* ---- stages ---- */

static void print_name(struct gcctl *g, const char *before, const char *name)
{
    char plain[256];
    gcctl_print(g, "%s%s", before, gcctl_plain(plain, sizeof plain, name, strlen(name)));
}

static void print_nodes(struct gcctl *g, const json_t *nodes)
{
    size_t i;
    json_t *node;
    json_array_foreach(nodes, i, node) print_name(g, i ? ", " : " ", json_string_value(node));
}

/* What the tasks of a stage are. */
static void print_tasks(struct gcctl *g, const json_t *plan, const json_t *stage)
{
    const json_t *source = json_object_get(stage, "source");
    const json_t *from = json_array_get(json_object_get(plan, "stages"), (size_t)json_integer_value(source));
    const char *kind = text_of(stage, "kind");
    if (strcmp(kind, "source") == 0)
        gcctl_print(g, "lists items:");
    else if (strcmp(kind, "reduce") == 0)
        gcctl_print(g, "of all items, after stage %d:", (int)json_integer_value(source));
    else if (json_is_null(source))
        gcctl_print(g, "once for the run:");
    else
        print_name(g, "for each item of ",
                   json_string_value(json_array_get(json_object_get(from, "nodes"), 0)));
    if (strcmp(kind, "item") == 0 && !json_is_null(source))
        gcctl_print(g, ":");
}

/* Nodes of the run whose values the items see are no nodes of the stage. */
static void print_hoisted(struct gcctl *g, const json_t *stage)
{
    size_t i;
    json_t *step;
    bool any = false;
    json_array_foreach(json_object_get(stage, "steps"), i, step)
    {
        if (!json_is_true(json_object_get(step, "hoisted")))
            continue;
        print_name(g, any ? ", " : "; sees ", text_of(step, "node"));
        any = true;
    }
}

/* The text in lines behind "#     ". */
static void print_wrapped(struct gcctl *g, const char *text)
{
    size_t used = 0;
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, " ");
        if (used && used + 1 + len > WIDTH) {
            gcctl_print(g, "\n#      ");
            used = 0;
        }
        gcctl_print(g, " %.*s", (int)len, at);
        used += 1 + len;
        at += len + (at[len] == ' ');
    }
    gcctl_print(g, "\n");
}

/* What was decided of the node, a line a decision. */
static void print_reason(struct gcctl *g, const json_t *plan, const char *node)
{
    size_t i;
    json_t *reason;
    char plain[2048];
    json_array_foreach(json_object_get(plan, "reasons"), i, reason)
    {
        if (strcmp(text_of(reason, "node"), node) != 0)
            continue;
        const char *text = text_of(reason, "text");
        print_name(g, "#   ", node);
        gcctl_print(g, ":");
        print_wrapped(g, gcctl_plain(plain, sizeof plain, text, strlen(text)));
    }
}

static void print_stages(struct gcctl *g, const json_t *plan)
{
    size_t i, k;
    json_t *stage, *node;
    json_array_foreach(json_object_get(plan, "stages"), i, stage)
    {
        gcctl_print(g, "# stage %zu, ", i);
        print_tasks(g, plan, stage);
        print_nodes(g, json_object_get(stage, "nodes"));
        print_hoisted(g, stage);
        gcctl_print(g, "\n");
        json_array_foreach(json_object_get(stage, "nodes"), k, node)
            print_reason(g, plan, json_string_value(node));
    }
}

static int print_plan(struct gcctl *g, char *text)
{
    if (g->options->json) {
        gcctl_line(g, text);
    } else {
        json_t *plan = json_loads(text, 0, NULL);
        const char *program = text_of(plan, "program");
        print_stages(g, plan);
        gcctl_print(g, "\n# The same for one item, with the vips command:\n");
        gcctl_put(g, program, strlen(program));
        json_decref(plan);
    }
    graphcap_text_free(&text);
    return GCCTL_OK;
}

/* ---- of a run, of a job ---- */

static int plan_run(struct gcctl *g, const char *prefix)
{
    char id[GRAPHCAP_RUN_SIZE];
    struct graphcap_error error;
    char *text;
    int exit_code;
    if (!gcctl_find(g, prefix, id, &exit_code))
        return exit_code;
    if (graphcap_plan_json(g->gc, id, &text, &error) != GRAPHCAP_OK)
        return gcctl_fail(g, &error);
    return print_plan(g, text);
}

static int plan_job(struct gcctl *g, struct graphcap_job *job)
{
    struct graphcap_error error;
    char *text = NULL;
    int exit_code = GCCTL_OK;
    if (!gcctl_connect(g, 0, &exit_code)) {
        jobfile_problems(g, job); /* what is wrong with the file is said in any case */
        return graphcap_job_errors(job) ? GCCTL_USAGE : exit_code;
    }
    int code = graphcap_plan_job_json(g->gc, job, &text, &error);
    jobfile_problems(g, job);
    if (code == GRAPHCAP_OK)
        return print_plan(g, text);
    if (graphcap_job_errors(job) == 0)
        return gcctl_fail(g, &error);
    if (g->options->json) {
        gcctl_print(g, "{\"problems\": ");
        jobfile_problems_json(g, job);
        gcctl_print(g, "}\n");
    }
    return GCCTL_USAGE;
}

static int plan_spec(struct gcctl *g, const char *file)
{
    struct graphcap_job *job;
    int exit_code = GCCTL_OK;
    if (!jobfile_load(g, file, &job, &exit_code))
        return exit_code;
    exit_code = plan_job(g, job);
    graphcap_job_free(&job);
    return exit_code;
}

/* A file of that name is the job; else what begins as a run's id is one. */
static int plan(struct gcctl *g, const struct gc_words *words)
{
    const char *word = words->items[0];
    if (strncmp(word, "r-", 2) == 0 && access(word, F_OK) != 0)
        return plan_run(g, word);
    return plan_spec(g, word);
}

const struct gcctl_command command_plan = {
    .name = "plan",
    .words = "SPEC|RUN",
    .brief = "how a job would be run, and why; as vips commands too",
    .about =
        "Prints the stages that the job is cut into, and why the planner fused, pushed down or refused: as comments of a "
        "program for the shell that does the same for one item with the vips command (`gcctl plan SPEC > plan.sh; "
        "IN=photo.jpg sh plan.sh`). Nothing is run. Of a RUN: how it was planned.",
    .options = options,
    .min_words = 1,
    .max_words = 1,
    .run = plan,
};
