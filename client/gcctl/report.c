/* report.c - see report.h. */
#include "client/gcctl/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "client/gcctl/groups.h"
#include "client/gcctl/progress.h"

enum { VALUE_WIDTH = 300 };

int report_exit(const struct graphcap_run *run, bool allow_partial)
{
    switch ((enum graphcap_state)run->state) {
    case GRAPHCAP_COMPLETED: return GCCTL_OK;
    case GRAPHCAP_PARTIAL: return allow_partial ? GCCTL_OK : GCCTL_PARTIAL;
    case GRAPHCAP_RUN_CANCELLED: return GCCTL_CANCELLED;
    case GRAPHCAP_PENDING:
    case GRAPHCAP_RUNNING:
    case GRAPHCAP_PAUSED:
    case GRAPHCAP_FAILED:
    default: return GCCTL_FAILED;
    }
}

/* ---- the account ---- */

static void print_rates(const struct graphcap_run *run, FILE *to)
{
    double seconds = (double)run->active_ns / 1e9;
    uint64_t over = graphcap_run_over(run);
    char active[32];
    fprintf(to, "  %" PRIu64 " item%s in %s", over, gcctl_plural(over),
            gcctl_duration(active, run->active_ns));
    if (seconds > 0)
        fprintf(to, ", %.1f items/s, %.1f MP/s", (double)over / seconds, (double)run->pixels / 1e6 / seconds);
    fputc('\n', to);
}

static int widest(const struct graphcap_run *run, bool op, int least)
{
    int most = least;
    for (size_t i = 0; i < run->n_nodes; i++) {
        size_t n = strlen(op ? run->nodes[i].op : run->nodes[i].id);
        if (n < 40 && (int)n > most)
            most = (int)n;
    }
    return most;
}

static void print_nodes(const struct graphcap_run *run, FILE *to)
{
    int id = widest(run, false, 4);
    int op = widest(run, true, 2);
    fprintf(to, "  %-*s  %-*s %12s %12s %9s %9s %9s\n", id, "node", op, "op", "total", "done", "failed",
            "skipped", "warnings");
    for (size_t i = 0; i < run->n_nodes; i++) {
        const struct graphcap_node *n = &run->nodes[i];
        char total[24] = "?";
        if (n->total != GRAPHCAP_NONE)
            (void)snprintf(total, sizeof total, "%" PRIu64, n->total);
        fprintf(to, "  %-*s  %-*s %12s %12" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n", id, n->id, op,
                n->op, total, n->done, n->failed, n->skipped, n->warned);
    }
}

void report_sources(const struct graphcap_run *run, FILE *to)
{
    char note[1024];
    for (size_t i = 0; i < run->n_sources; i++) {
        const struct graphcap_source *s = &run->sources[i];
        gcctl_plain(note, sizeof note, s->note, strlen(s->note));
        fprintf(to, "  %s: %" PRIu64 "%s item%s%s%s\n", s->node, s->items, s->ended ? "" : "+",
                gcctl_plural(s->items), note[0] ? ": " : "", note);
    }
}

void report_account(const struct graphcap_run *run, FILE *to)
{
    char text[1024];
    fprintf(to, "%s %s: %s\n", run->run, run->job, graphcap_state_name(run->state));
    if (run->text[0])
        fprintf(to, "  %s\n", gcctl_plain(text, sizeof text, run->text, strlen(run->text)));
    print_rates(run, to);
    print_nodes(run, to);
}

/* ---- what was made ---- */

static void print_value(const struct graphcap_result *row, FILE *to)
{
    char value[VALUE_WIDTH];
    fprintf(to, "  %s = %s\n", row->node, gcctl_plain(value, sizeof value, row->value, strlen(row->value)));
}

/* Whether it is what an op says of a file that it has published. */
static bool is_file(const char *value)
{
    json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);
    bool file = json_is_string(json_object_get(v, "path")) && json_is_string(json_object_get(v, "digest"));
    json_decref(v);
    return file;
}

/* The value of the run itself; of a node with a value an item, the first file as an example. */
static int print_node(struct gcctl *g, const struct graphcap_run *run, const struct graphcap_node *n,
                      FILE *to, bool *any, struct graphcap_error *error)
{
    struct graphcap_results_options options = {.size = sizeof options, .node = n->id};
    struct graphcap_results *results;
    const struct graphcap_result *row = NULL;
    int code = graphcap_results_open(g->gc, run->run, &options, &results, error);
    if (code != GRAPHCAP_OK)
        return code;
    code = graphcap_results_next(results, &row, error);
    if (code == GRAPHCAP_OK && row && (!n->per_item || is_file(row->value))) {
        if (!*any)
            fputs("made:\n", to);
        *any = true;
        if (n->per_item)
            fprintf(to, "  %s: %" PRIu64 " file%s, the first:\n  ", n->id, n->done, gcctl_plural(n->done));
        print_value(row, to);
    }
    graphcap_results_close(&results);
    return code;
}

static int print_results(struct gcctl *g, const struct graphcap_run *run, FILE *to,
                         struct graphcap_error *error)
{
    bool any = false;
    int code = GRAPHCAP_OK;
    for (size_t i = 0; i < run->n_nodes && code == GRAPHCAP_OK; i++)
        if (run->nodes[i].done > 0)
            code = print_node(g, run, &run->nodes[i], to, &any, error);
    return code;
}

static int print_failures(struct gcctl *g, const struct graphcap_run *run, FILE *to,
                          struct graphcap_error *error)
{
    struct groups groups;
    uint64_t failed = progress_failed(run);
    if (failed == 0)
        return GRAPHCAP_OK;
    fprintf(to, "failed:\n");
    int code = groups_read(g, run->run, NULL, &groups, error);
    groups_print(&groups, to);
    groups_release(&groups);
    fprintf(to, "  all of them: gcctl failures %s --format jsonl\n", run->run);
    return code;
}

static uint64_t warned(const struct graphcap_run *run)
{
    uint64_t n = 0;
    for (size_t i = 0; i < run->n_nodes; i++)
        n += run->nodes[i].warned;
    return n;
}

static int print_report(struct gcctl *g, const struct graphcap_run *run, struct graphcap_error *error)
{
    progress_clear(g);
    report_account(run, stderr);
    int code = print_results(g, run, stderr, error);
    if (code == GRAPHCAP_OK)
        code = print_failures(g, run, stderr, error);
    if (warned(run))
        fprintf(stderr, "warnings: gcctl failures %s --warnings\n", run->run);
    fprintf(stderr, "results: gcctl results %s\n", run->run);
    return code;
}

static int print_json(struct gcctl *g, const struct graphcap_run *run, struct graphcap_error *error)
{
    char *json;
    int code = graphcap_run_json(g->gc, run, &json, error);
    if (code != GRAPHCAP_OK)
        return code;
    gcctl_line(g, json);
    graphcap_text_free(&json);
    return code;
}

int report_end(struct gcctl *g, const struct graphcap_run *run, bool allow_partial)
{
    struct graphcap_error error;
    int stated = 0;
    int code = GRAPHCAP_OK;
    progress_clear(g);
    if (!g->options->quiet)
        code = print_report(g, run, &error);
    if (code == GRAPHCAP_OK && g->options->json)
        code = print_json(g, run, &error);
    if (code == GRAPHCAP_OK && run->state == GRAPHCAP_PARTIAL && !allow_partial)
        code = graphcap_allows_partial(g->gc, run->run, &stated, &error);
    if (code != GRAPHCAP_OK)
        return gcctl_fail(g, &error);
    return report_exit(run, allow_partial || stated);
}
