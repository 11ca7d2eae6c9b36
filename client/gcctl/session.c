/* session.c - connecting, and finding the run that was meant. */
#include <string.h>

#include "client/gcctl/gcctl.h"

/* What the library has to tell while it waits. */
static void notice(void *arg, const char *text)
{
    gcctl_say(arg, "gcctl: %s", text);
}

bool gcctl_connect(struct gcctl *g, uint32_t executors, int *ret_exit)
{
    struct graphcap_error error;
    struct graphcap_options options = {
        .size = sizeof options,
        .endpoint = g->options->connect,
        .state = g->options->state,
        .name = "gcctl",
        .executors = executors,
        .notice = notice,
        .notice_arg = g,
    };
    if (graphcap_connect(&options, &g->gc, &error) != GRAPHCAP_OK) {
        *ret_exit = gcctl_fail(g, &error);
        return false;
    }
    if (g->options->verbose)
        gcctl_say(g, "coordinator: %s", graphcap_endpoint(g->gc));
    return true;
}

bool gcctl_find(struct gcctl *g, const char *prefix, char run[GRAPHCAP_RUN_SIZE], int *ret_exit)
{
    struct graphcap_error error;
    if (!gcctl_connect(g, 0, ret_exit))
        return false;
    if (graphcap_find_run(g->gc, prefix, run, &error) == GRAPHCAP_OK)
        return true;
    *ret_exit = gcctl_fail(g, &error);
    return false;
}
