/* cmd_control.c - gcctl pause, resume and cancel. All are idempotent. */
#include "client/gcctl/commands.h"

typedef int control_fn(struct graphcap *gc, const char *run, struct graphcap_error *error);

static int control(struct gcctl *g, const struct gc_words *words, control_fn *fn, const char *done)
{
    char id[GRAPHCAP_RUN_SIZE];
    struct graphcap_error error;
    int exit_code;
    if (!gcctl_find(g, words->items[0], id, &exit_code))
        return exit_code;
    if (fn(g->gc, id, &error) != GRAPHCAP_OK)
        return gcctl_fail(g, &error);
    gcctl_say(g, "%s %s", id, done);
    if (g->options->json)
        gcctl_print(g, "{\"run\": \"%s\", \"state\": \"%s\"}\n", id, done);
    return GCCTL_OK;
}

static int pause_run(struct gcctl *g, const struct gc_words *words)
{
    return control(g, words, graphcap_pause, "paused");
}

static int resume_run(struct gcctl *g, const struct gc_words *words)
{
    return control(g, words, graphcap_resume, "running");
}

static int cancel_run(struct gcctl *g, const struct gc_words *words)
{
    return control(g, words, graphcap_cancel, "cancelled");
}

const struct gcctl_command command_pause = {
    .name = "pause",
    .words = "RUN",
    .brief = "let started items end, start no others",
    .about = "Starts nothing more of the run; what was started ends. `gcctl resume RUN` goes on.",
    .min_words = 1,
    .max_words = 1,
    .run = pause_run,
};

const struct gcctl_command command_resume = {
    .name = "resume",
    .words = "RUN",
    .brief = "go on with a paused run",
    .about = "Goes on with a paused run. `gcctl wait RUN` follows it.",
    .min_words = 1,
    .max_words = 1,
    .run = resume_run,
};

const struct gcctl_command command_cancel = {
    .name = "cancel",
    .words = "RUN",
    .brief = "end a run now, kill what is running",
    .about = "Ends the run at once: running work is killed, with its children. Results that are there stay.",
    .min_words = 1,
    .max_words = 1,
    .run = cancel_run,
};
