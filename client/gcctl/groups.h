/* groups.h - the failures of a run, grouped by cause and node, with a few examples each. One pass; memory by groups, which are
 * causes times nodes at most. */
#ifndef GC_GCCTL_GROUPS_H
#define GC_GCCTL_GROUPS_H

#include "client/gcctl/gcctl.h"

enum { GROUP_EXAMPLES = 3, GROUP_TEXT = 256 };

struct group_example {
    char source[GROUP_TEXT]; /* printable; "" for what is of the run */
    char message[GROUP_TEXT];
    uint64_t item;
};

struct group {
    const char *cause; /* static, as the library's */
    const char *cause_text;
    char node[GROUP_TEXT];
    uint64_t count;
    size_t n_examples;
    struct group_example examples[GROUP_EXAMPLES];
};

struct groups {
    struct group *rows; /* most frequent first, once read */
    size_t n;
    uint64_t total;
};

int groups_read(struct gcctl *g, const char *run, const struct graphcap_failures_options *options,
                struct groups *ret, struct graphcap_error *error);
void groups_release(struct groups *groups);
/* For people. */
void groups_print(const struct groups *groups, FILE *to);

#endif
