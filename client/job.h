/* job.h - a job file as the library holds it: the spec, and its problems as public structs. */
#ifndef GC_CLIENT_JOB_H
#define GC_CLIENT_JOB_H

#include "client/graphcap.h"
#include "client/spec/spec.h"
#include "common/json/text.h"

struct graphcap_job {
    struct gc_spec *spec;
    char *folder; /* the spec borrows it */
    char *name;
    struct graphcap_problem problem; /* the one asked for last: its texts are the spec's and `full` */
    struct gc_text full;
};

/* Adds what the coordinator found, but for what is there already (a job may be validated, then submitted). */
int gc_job_add_problems(struct graphcap_job *job, const struct gc_problem *problems, uint32_t n,
                        uint64_t more, struct graphcap_error *error);

#endif
