/* cmd_failures.c - gcctl failures: which items failed and why. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "client/gcctl/commands.h"
#include "client/gcctl/groups.h"

static const char *format;
static const char *node;
static const char *cause;
static bool warnings;

static const struct gc_option options[] = {
    {0, "format", GC_OPTION_STRING, &format, "FORMAT",
     "table (grouped by cause), csv, jsonl, or paths (one a line)", 0},
    {0, "node", GC_OPTION_STRING, &node, "ID", "only this node's", 0},
    {0, "cause", GC_OPTION_STRING, &cause, "CAUSE", "only those of this cause; not with table", 0},
    {0, "warnings", GC_OPTION_FLAG, &warnings, NULL, "items that were done with a warning, instead", 0},
    {0},
};

/* RFC 4180, and one line a row: line breaks and control bytes are escaped as for people. */
static void put_csv(struct gcctl *g, const char *bytes, size_t len, const char *behind)
{
    char plain[8192];
    gcctl_plain(plain, sizeof plain, bytes, len);
    gcctl_put(g, "\"", 1);
    for (const char *c = plain; *c; c++)
        gcctl_put(g, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    gcctl_print(g, "\"%s", behind);
}

static void print_csv(struct gcctl *g, const struct graphcap_failure *f)
{
    put_csv(g, f->node, strlen(f->node), ",");
    if (f->item != GRAPHCAP_NONE)
        gcctl_print(g, "%" PRIu64, f->item);
    gcctl_print(g, ",");
    put_csv(g, f->source ? f->source : "", f->source ? f->source_len : 0, ",");
    put_csv(g, f->cause, strlen(f->cause), ",");
    put_csv(g, f->message, strlen(f->message), ",");
    put_csv(g, f->worker ? f->worker : "", f->worker ? strlen(f->worker) : 0, ",");
    gcctl_print(g, "%" PRIu64 "\r\n", f->attempts);
}

struct printing {
    struct gcctl *g;
    uint64_t last_item; /* paths: an item that failed in several nodes is one path */
};

static void print_path(struct printing *p, const struct graphcap_failure *f)
{
    if (!f->source || f->item == p->last_item)
        return;
    p->last_item = f->item;
    gcctl_put(p->g, f->source, f->source_len); /* as it is: another program reads it */
    gcctl_put(p->g, "\n", 1);
}

static void print_row(struct printing *p, const struct graphcap_failure *f)
{
    if (cause && strcmp(cause, f->cause) != 0)
        return;
    if (strcmp(format, "csv") == 0)
        print_csv(p->g, f);
    else if (strcmp(format, "paths") == 0)
        print_path(p, f);
    else
        gcctl_line(p->g, f->json);
}

static int print_rows(struct gcctl *g, const char *id, const struct graphcap_failures_options *o,
                      struct graphcap_error *error)
{
    struct graphcap_failures *failures;
    const struct graphcap_failure *row = NULL;
    struct printing printing = {g, GRAPHCAP_NONE};
    int code = graphcap_failures_open(g->gc, id, o, &failures, error);
    if (code != GRAPHCAP_OK)
        return code;
    if (strcmp(format, "csv") == 0)
        gcctl_print(g, "node,item,source,cause,message,worker,attempts\r\n");
    while ((code = graphcap_failures_next(failures, &row, error)) == GRAPHCAP_OK && row && !g->refused)
        print_row(&printing, row);
    graphcap_failures_close(&failures);
    return code;
}

static int print_table(struct gcctl *g, const char *id, const struct graphcap_failures_options *o,
                       struct graphcap_error *error)
{
    struct groups groups;
    int code = groups_read(g, id, o, &groups, error);
    if (code == GRAPHCAP_OK && groups.total == 0)
        gcctl_say(g, warnings ? "no warnings" : "nothing failed");
    groups_print(&groups, stdout);
    groups_release(&groups);
    return code;
}

static bool known_format(void)
{
    static const char *const formats[] = {"table", "csv", "jsonl", "paths"};
    for (size_t i = 0; i < GC_COUNT_OF(formats); i++) {
        if (strcmp(format, formats[i]) == 0)
            return true;
    }
    return false;
}

static int failures(struct gcctl *g, const struct gc_words *words)
{
    char id[GRAPHCAP_RUN_SIZE];
    struct graphcap_error error;
    struct graphcap_failures_options o = {.size = sizeof o, .node = node, .warnings = warnings};
    int exit_code;
    if (!format)
        format = g->options->json || cause ? "jsonl" : "table";
    if (!known_format())
        return gcctl_usage(g, "--format %s: it is one of table, csv, jsonl, paths", format);
    if (!gcctl_find(g, words->items[0], id, &exit_code))
        return exit_code;
    bool table = strcmp(format, "table") == 0;
    int code = table ? print_table(g, id, &o, &error) : print_rows(g, id, &o, &error);
    return code == GRAPHCAP_OK ? GCCTL_OK : gcctl_fail(g, &error);
}

const struct gcctl_command command_failures = {
    .name = "failures",
    .words = "RUN",
    .brief = "which items failed and why",
    .about =
        "Prints the failed items, grouped by cause with examples. --format jsonl prints all, a line of JSON each; paths the\n"
        "sources alone, for other programs.",
    .options = options,
    .min_words = 1,
    .max_words = 1,
    .run = failures,
};
