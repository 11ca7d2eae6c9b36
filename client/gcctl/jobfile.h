/* jobfile.h - the options and steps that the commands which take a job file share. */
#ifndef GC_GCCTL_JOBFILE_H
#define GC_GCCTL_JOBFILE_H

#include "client/gcctl/gcctl.h"

enum { JOBFILE_MOST = 256 }; /* of each repeated option */

extern struct gc_option_list jobfile_sets;
extern struct gc_option_list jobfile_params;
extern uint64_t jobfile_limit;

/* Rows for a command's option table. */
#define JOBFILE_OPTIONS                                                                                     \
    {0, "set", GC_OPTION_LIST, &jobfile_sets, "NODE.KEY=VALUE", "override a setting of a node", 0},         \
        {0, "param", GC_OPTION_LIST, &jobfile_params, "NAME=VALUE", "the value of ${NAME} in the file", 0}, \
    {                                                                                                       \
        0, "limit", GC_OPTION_U64, &jobfile_limit, "N", "take at most N items of each source", 0            \
    }

/* Reads it; false after having said why it could not be read. A wrong file is read too. The caller frees *ret. */
bool jobfile_load(struct gcctl *g, const char *file, struct graphcap_job **ret, int *ret_exit);
/* Reads it, connects, and lets nothing but a job that is right in shape through: of a wrong one all problems are printed, those
 * that the coordinator finds too where one can be reached. `executors`: of a private worker that is started. */
bool jobfile_open(struct gcctl *g, const char *file, uint32_t executors, struct graphcap_job **ret,
                  int *ret_exit);
/* Submits it; on refusal prints why. `run` as in graphcap_submit. */
bool jobfile_submit(struct gcctl *g, struct graphcap_job *job, const struct graphcap_submit_options *options,
                    char *run, int *ret_exit);
/* Prints its problems. */
void jobfile_problems(struct gcctl *g, struct graphcap_job *job);
/* Prints its problems as an array: the "problems" of validate --json. */
void jobfile_problems_json(struct gcctl *g, struct graphcap_job *job);

#endif
