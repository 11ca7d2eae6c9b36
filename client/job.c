/* job.c - see job.h. */
#include "client/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/error.h"

static int options_of(const struct graphcap_job_options *given, struct graphcap_job *job,
                      struct gc_spec_options *ret, struct graphcap_error *error)
{
    struct graphcap_job_options o = {0};
    if (given)
        memcpy(&o, given, given->size < sizeof o ? given->size : sizeof o);
    if (o.folder && o.folder[0] != '/')
        return gc_fail(error, GRAPHCAP_USAGE, "%s: the folder that a job's paths start from must be absolute",
                       o.folder);
    job->folder = o.folder ? strdup(o.folder) : getcwd(NULL, 0);
    if (!job->folder)
        return gc_fail(error, (int)gc_err_from_errno(errno), "the current folder: %s", strerror(errno));
    *ret = (struct gc_spec_options){
        .folder = job->folder,
        .limit = o.limit == GRAPHCAP_NONE ? 0 : o.limit,
        .n_sets = (uint32_t)o.n_set,
        .sets = o.set,
        .n_params = (uint32_t)o.n_param,
        .params = o.param,
    };
    return GRAPHCAP_OK;
}

/* `text` NULL: `file` is a path. */
static int load(const char *file, const struct gc_str *text, const struct graphcap_job_options *options,
                struct graphcap_job **ret, struct graphcap_error *error)
{
    struct gc_spec_options o;
    struct gc_fault fault = {0};
    struct graphcap_job *job = calloc(1, sizeof *job);
    if (!job)
        return gc_fail_memory(error);
    int code = options_of(options, job, &o, error);
    if (code == GRAPHCAP_OK) {
        enum gc_err err = text ? gc_spec_parse(*text, file, &o, &job->spec, &fault)
                               : gc_spec_load(file, &o, &job->spec, &fault);
        if (err != GC_OK)
            code = gc_fail_fault(error, err, &fault);
        if (err != GC_OK && error)
            error->exit = gc_err_exit(
                GC_ERR_INVALID); /* a job file that is not there is a wrong job file: 7 is for runs */
    }
    if (code == GRAPHCAP_OK) {
        struct gc_str name = gc_bytes_str(job->spec->job.name);
        job->name = name.len ? strndup(name.ptr, name.len) : strdup("");
        if (!job->name)
            code = gc_fail_memory(error);
    }
    if (code != GRAPHCAP_OK) {
        graphcap_job_free(&job);
        return code;
    }
    *ret = job;
    return GRAPHCAP_OK;
}

int graphcap_job_load(const char *file, const struct graphcap_job_options *options, struct graphcap_job **ret,
                      struct graphcap_error *error)
{
    return load(file, NULL, options, ret, error);
}

int graphcap_job_parse(const char *file, const char *text, size_t len,
                       const struct graphcap_job_options *options, struct graphcap_job **ret,
                       struct graphcap_error *error)
{
    struct gc_str slice = gc_str_from(text, len);
    return load(file, &slice, options, ret, error);
}

void graphcap_job_free(struct graphcap_job **job_p)
{
    struct graphcap_job *job = *job_p;
    if (!job)
        return;
    *job_p = NULL;
    if (job->spec)
        gc_spec_destroy(&job->spec);
    gc_text_release(&job->full);
    free(job->name);
    free(job->folder);
    free(job);
}

const char *graphcap_job_name(const struct graphcap_job *job)
{
    return job->name;
}

size_t graphcap_job_nodes(const struct graphcap_job *job)
{
    return job->spec->job.n_nodes;
}

/* ---- problems ---- */

size_t graphcap_job_problems(const struct graphcap_job *job)
{
    return job->spec->n_problems;
}

uint64_t graphcap_job_more_problems(const struct graphcap_job *job)
{
    return job->spec->more;
}

size_t graphcap_job_errors(const struct graphcap_job *job)
{
    return job->spec->n_errors;
}

const struct graphcap_problem *graphcap_job_problem(struct graphcap_job *job, size_t i)
{
    const struct gc_spec *spec = job->spec;
    if (i >= spec->n_problems)
        return NULL;
    const struct gc_spec_problem *p = &spec->problems[i];
    char line[2 * GC_MAX_TEXT + GC_MAX_PATH];
    (void)gc_spec_problem_text(spec, p, line, sizeof line);
    gc_text_reset(&job->full);
    gc_text_put(&job->full, line);
    job->problem = (struct graphcap_problem){
        .file = spec->file,
        .line = p->line,
        .node = p->id,
        .field = p->field ? p->field : "",
        .text = p->text,
        .warning = p->warning,
        .full = gc_text_str(&job->full),
    };
    return &job->problem;
}

static bool same(const char *a, struct gc_bytes b)
{
    return gc_str_equal(gc_str_of(a), gc_bytes_str(b));
}

static bool known(const struct gc_spec *spec, const struct gc_problem *problem)
{
    struct gc_bytes id = {NULL, 0};
    if (problem->node < spec->job.n_nodes)
        id = spec->nodes[problem->node].id;
    for (uint32_t i = 0; i < spec->n_problems; i++) {
        const struct gc_spec_problem *p = &spec->problems[i];
        if (same(p->id, id) && same(p->field, problem->field) && same(p->text, problem->text))
            return true;
    }
    return false;
}

int gc_job_add_problems(struct graphcap_job *job, const struct gc_problem *problems, uint32_t n,
                        uint64_t more, struct graphcap_error *error)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!known(job->spec, &problems[i]) && gc_spec_add_problem(job->spec, &problems[i]) != GC_OK)
            return gc_fail_memory(error);
    }
    job->spec->more += more;
    return GRAPHCAP_OK;
}
