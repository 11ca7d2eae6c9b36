/* groups.c - see groups.h. */
#include "client/gcctl/groups.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct group *group_of(struct groups *groups, const struct graphcap_failure *f)
{
    for (size_t i = 0; i < groups->n; i++) {
        struct group *row = &groups->rows[i];
        if (strcmp(row->cause, f->cause) == 0 && strcmp(row->node, f->node) == 0)
            return row;
    }
    struct group *rows = realloc(groups->rows, (groups->n + 1) * sizeof *rows);
    if (!rows)
        return NULL;
    groups->rows = rows;
    struct group *row = &rows[groups->n++];
    *row = (struct group){.cause = f->cause, .cause_text = f->cause_text};
    gcctl_plain(row->node, sizeof row->node, f->node, strlen(f->node));
    return row;
}

static void add(struct group *row, const struct graphcap_failure *f)
{
    row->count++;
    if (row->n_examples == GROUP_EXAMPLES)
        return;
    struct group_example *e = &row->examples[row->n_examples++];
    e->item = f->item;
    gcctl_plain(e->source, sizeof e->source, f->source ? f->source : "", f->source ? f->source_len : 0);
    gcctl_plain(e->message, sizeof e->message, f->message, strlen(f->message));
}

static int by_count(const void *a, const void *b)
{
    const struct group *x = a;
    const struct group *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    int order = strcmp(x->cause, y->cause);
    return order ? order : strcmp(x->node, y->node);
}

int groups_read(struct gcctl *g, const char *run, const struct graphcap_failures_options *options,
                struct groups *ret, struct graphcap_error *error)
{
    struct graphcap_failures *failures;
    const struct graphcap_failure *row = NULL;
    *ret = (struct groups){0};
    int code = graphcap_failures_open(g->gc, run, options, &failures, error);
    if (code != GRAPHCAP_OK)
        return code;
    while ((code = graphcap_failures_next(failures, &row, error)) == GRAPHCAP_OK && row) {
        struct group *group = group_of(ret, row);
        if (!group)
            break; /* what was counted so far is better than nothing */
        ret->total++;
        add(group, row);
    }
    graphcap_failures_close(&failures);
    if (ret->n)
        qsort(ret->rows, ret->n, sizeof *ret->rows, by_count);
    return code;
}

void groups_release(struct groups *groups)
{
    free(groups->rows);
    *groups = (struct groups){0};
}

static void print_example(const struct group_example *e, FILE *to)
{
    const char *between = e->message[0] ? ": " : "";
    if (e->source[0])
        fprintf(to, "      %s%s%s\n", e->source, between, e->message);
    else if (e->item != GRAPHCAP_NONE)
        fprintf(to, "      item %" PRIu64 "%s%s\n", e->item, between, e->message);
    else if (e->message[0])
        fprintf(to, "      %s\n", e->message);
}

void groups_print(const struct groups *groups, FILE *to)
{
    for (size_t i = 0; i < groups->n; i++) {
        const struct group *row = &groups->rows[i];
        fprintf(to, "  %" PRIu64 " x %s in node '%s': %s\n", row->count, row->cause, row->node,
                row->cause_text);
        for (size_t k = 0; k < row->n_examples; k++)
            print_example(&row->examples[k], to);
        if (row->count > row->n_examples)
            fprintf(to, "      and %" PRIu64 " more\n", row->count - row->n_examples);
    }
}
