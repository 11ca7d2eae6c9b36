/* cmd_ls.c - gcctl ls: the runs that the coordinator knows, newest first. */
#include <inttypes.h>
#include <string.h>

#include "client/gcctl/commands.h"
#include "common/slice.h"

enum { MOST_TAGS = 64, MOST_STATES = 16 };

static const char *tag_items[MOST_TAGS];
static struct gc_option_list tags = {.items = tag_items, .capacity = MOST_TAGS};
/* `--state` is the folder for all commands and a filter here too: a word that is a state filters, anything else is the folder
 * (a folder of such a name is ./running). */
static const char *state_items[MOST_STATES];
static struct gc_option_list states = {.items = state_items, .capacity = MOST_STATES};
static uint64_t limit;

static const struct gc_option options[] = {
    {0, "tag", GC_OPTION_LIST, &tags, "KEY=VALUE", "only runs whose job has this tag", 0},
    {0, "state", GC_OPTION_LIST, &states, "STATE|DIR",
     "only runs that are pending, running, paused, completed, partial, failed or cancelled; else the folder, as below",
     0},
    {'n', "limit", GC_OPTION_U64, &limit, "N", "at most N runs", 0},
    {0},
};

static bool has_tag(const struct graphcap_run_row *row, const char *wanted)
{
    const char *equals = strchr(wanted, '=');
    struct gc_str key = gc_str_from(wanted, equals ? (size_t)(equals - wanted) : strlen(wanted));
    for (size_t i = 0; i < row->n_tags; i++) {
        if (gc_str_is(key, row->tags[i].key) && (!equals || strcmp(equals + 1, row->tags[i].value) == 0))
            return true;
    }
    return false;
}

static bool is_state(const char *word)
{
    for (int i = GRAPHCAP_PENDING; i <= GRAPHCAP_RUN_CANCELLED; i++) {
        if (strcmp(word, graphcap_state_name(i)) == 0)
            return true;
    }
    return false;
}

/* Moves the folder out of the filters. False: two folders. */
static bool take_folder(struct gcctl *g)
{
    size_t kept = 0;
    const char *folder = NULL;
    for (size_t i = 0; i < states.count; i++) {
        if (is_state(states.items[i]))
            states.items[kept++] = states.items[i];
        else if (folder)
            return false;
        else
            folder = states.items[i];
    }
    states.count = kept;
    if (folder)
        g->options->state = folder;
    return true;
}

static bool wanted(const struct graphcap_run_row *row)
{
    bool right_state = states.count == 0;
    for (size_t i = 0; i < states.count; i++)
        right_state = right_state || strcmp(states.items[i], graphcap_state_name(row->state)) == 0;
    for (size_t i = 0; i < tags.count; i++) {
        if (!has_tag(row, tags.items[i]))
            return false;
    }
    return right_state;
}

static void print_row(struct gcctl *g, const struct graphcap_run_row *row)
{
    char created[32];
    gcctl_print(g, "%s  %-9s  %s  %10" PRIu64 " %10" PRIu64 " %8" PRIu64 "  %s\n", row->run,
                graphcap_state_name(row->state), gcctl_time(created, row->created_at_ns), row->items,
                row->done, row->failed, row->job);
}

static int print_all(struct gcctl *g, struct graphcap_runs *runs, struct graphcap_error *error)
{
    const struct graphcap_run_row *row = NULL;
    uint64_t n = 0;
    int code;
    while ((code = graphcap_runs_next(runs, &row, error)) == GRAPHCAP_OK && row) {
        if (!wanted(row))
            continue;
        if (g->options->json)
            gcctl_print(g, "%s%s", n ? ",\n " : "", row->json);
        else
            print_row(g, row);
        if (++n == limit)
            break;
    }
    return code;
}

static int ls(struct gcctl *g, const struct gc_words *words)
{
    struct graphcap_error error;
    struct graphcap_runs *runs;
    int exit_code;
    (void)words;
    if (!take_folder(g))
        return gcctl_usage(
            g,
            "--state names two folders; a run is pending, running, paused, completed, partial, failed or cancelled");
    if (!gcctl_connect(g, 0, &exit_code))
        return exit_code;
    int code = graphcap_runs_open(g->gc, NULL, &runs, &error);
    if (code != GRAPHCAP_OK)
        return gcctl_fail(g, &error);
    if (g->options->json)
        gcctl_print(g, "[");
    else
        gcctl_print(g, "%-28s  %-9s  %-19s  %10s %10s %8s  %s\n", "RUN", "STATE", "CREATED", "ITEMS", "DONE",
                    "FAILED", "JOB");
    code = print_all(g, runs, &error);
    if (g->options->json)
        gcctl_print(g, "]\n");
    graphcap_runs_close(&runs);
    return code == GRAPHCAP_OK ? GCCTL_OK : gcctl_fail(g, &error);
}

const struct gcctl_command command_ls = {
    .name = "ls",
    .brief = "the runs, newest first",
    .about = "Lists the runs that the coordinator knows, newest first.",
    .options = options,
    .run = ls,
};
