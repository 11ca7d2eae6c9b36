/* report.h - what people are told of a run: its account as a table, and at the end what was made and what failed. */
#ifndef GC_GCCTL_REPORT_H
#define GC_GCCTL_REPORT_H

#include "client/gcctl/gcctl.h"

/* The account: state, times, rates, a row a node. */
void report_account(const struct graphcap_run *run, FILE *to);
/* What its sources listed, a line each; who followed the run was told while it went. */
void report_sources(const struct graphcap_run *run, FILE *to);
/* The end of `run` and `wait`: the account, what was made, failures by cause with examples, where to look further. Goes to stderr;
 * with --json, the run's JSON to stdout. Returns what the program exits with. */
int report_end(struct gcctl *g, const struct graphcap_run *run, bool allow_partial);
/* What a run in that state makes `run` and `wait` exit with. */
int report_exit(const struct graphcap_run *run, bool allow_partial);

#endif
