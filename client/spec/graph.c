/* Nodes as a graph: which node an input means, cycles, and the numbers. */
#include <string.h>

#include "client/spec/loader.h"
#include "common/assert.h"

static uint32_t find_id(const struct gc_raw_job *raw, struct gc_str id)
{
    for (uint32_t i = 0; i < raw->n; i++)
        if (raw->nodes[i].id && gc_str_equal(gc_bytes_str(raw->nodes[i].node.id), id))
            return i;
    return raw->n;
}

static size_t last_dot(struct gc_str ref)
{
    const char *dot = ref.len ? memrchr(ref.ptr, '.', ref.len) : NULL;
    return dot ? (size_t)(dot - ref.ptr) : ref.len;
}

static void undefined(struct gc_loader *l, const struct gc_raw_job *raw, const struct gc_raw_node *n,
                      const struct gc_raw_input *in)
{
    struct gc_str *ids = GC_LOADER_ARRAY(l, struct gc_str, raw->n);
    struct gc_str name = gc_str_part(in->ref, 0, last_dot(in->ref));
    uint32_t n_ids = 0;
    for (uint32_t i = 0; i < raw->n && ids; i++)
        if (raw->nodes[i].id && &raw->nodes[i] != n)
            ids[n_ids++] = gc_bytes_str(raw->nodes[i].node.id);
    gc_loader_error(l, GC_PLACE(in->line, n->id, "inputs"), "Node '%s' depends on undefined node '%.*s'%s",
                    n->id ? n->id : "", GC_STR_ARGS(name), gc_loader_meant(l, name, ids, n_ids));
}

/* A whole id first, since ids may have dots; then NODE.OUTPUT. */
static void resolve_input(struct gc_loader *l, const struct gc_raw_job *raw, const struct gc_raw_node *n,
                          struct gc_raw_input *in)
{
    in->from = find_id(raw, in->ref);
    size_t dot = last_dot(in->ref);
    if (in->from == raw->n && dot < in->ref.len) {
        in->from = find_id(raw, gc_str_part(in->ref, 0, dot));
        in->output = gc_str_part(in->ref, dot + 1, in->ref.len);
    }
    in->dropped = true;
    struct gc_place at = GC_PLACE(in->line, n->id, "inputs");
    if (in->from == raw->n)
        undefined(l, raw, n, in);
    else if (in->output.len > GC_MAX_NAME || (in->output.ptr && in->output.len == 0))
        gc_loader_error(l, at, "'%.*s' should be NODE or NODE.OUTPUT", GC_STR_ARGS(in->ref));
    else
        in->dropped = !raw->nodes[in->from].whole; /* what it lacks is told already */
}

static void find_duplicates(struct gc_loader *l, struct gc_raw_job *raw)
{
    for (uint32_t i = 0; i < raw->n; i++) {
        struct gc_raw_node *n = &raw->nodes[i];
        uint32_t first = n->id ? find_id(raw, gc_bytes_str(n->node.id)) : i;
        if (first == i)
            continue;
        gc_loader_error(l, GC_PLACE(n->lines.line, n->id, "id"), "Node with id %s already exists (line %u)",
                        n->id, raw->nodes[first].lines.line);
        n->whole = false;
    }
}

void gc_graph_resolve(struct gc_loader *l, struct gc_raw_job *raw)
{
    find_duplicates(l, raw);
    for (uint32_t i = 0; i < raw->n && !l->err; i++)
        for (uint32_t k = 0; k < raw->nodes[i].n_inputs; k++)
            resolve_input(l, raw, &raw->nodes[i], &raw->nodes[i].inputs[k]);
}

/* ---- numbering ---- */

#define UNNUMBERED UINT32_MAX

struct numbering {
    struct gc_loader *l;
    struct gc_raw_job *raw;
    uint32_t *order; /* nodes that have a number; those from `next` on have not told their readers */
    uint32_t n;
    uint32_t next;
    uint32_t *path;    /* scratch of find_cycle */
    uint32_t *visited; /* the same: position in the path + 1 */
};

static void give_number(struct numbering *m, uint32_t node)
{
    m->raw->nodes[node].number = m->n;
    m->order[m->n++] = node;
}

static void count_waits(struct numbering *m)
{
    for (uint32_t i = 0; i < m->raw->n; i++) {
        struct gc_raw_node *n = &m->raw->nodes[i];
        n->number = UNNUMBERED;
        for (uint32_t k = 0; k < n->n_inputs; k++)
            n->waits += !n->inputs[k].dropped;
        if (n->whole && n->waits == 0)
            give_number(m, i);
    }
}

/* Kahn's first in, first out: among nodes that are free the order of the file decides, as graphcap's does. Each numbered node
 * is looked for in all inputs: 512 nodes with 64 inputs at most. */
static void run(struct numbering *m)
{
    while (m->next < m->n) {
        uint32_t done = m->order[m->next++];
        for (uint32_t i = 0; i < m->raw->n; i++) {
            struct gc_raw_node *n = &m->raw->nodes[i];
            for (uint32_t k = 0; k < n->n_inputs && n->number == UNNUMBERED; k++)
                n->waits -= !n->inputs[k].dropped && n->inputs[k].from == done;
            if (n->whole && n->waits == 0 && n->number == UNNUMBERED)
                give_number(m, i);
        }
    }
}

static struct gc_raw_input *open_input(const struct numbering *m, uint32_t node)
{
    struct gc_raw_node *n = &m->raw->nodes[node];
    for (uint32_t k = 0; k < n->n_inputs; k++)
        if (!n->inputs[k].dropped && m->raw->nodes[n->inputs[k].from].number == UNNUMBERED)
            return &n->inputs[k];
    GC_NEVER("a node that waits waits for something");
}

static uint32_t first_waiting(const struct numbering *m)
{
    uint32_t i = 0;
    while (!m->raw->nodes[i].whole || m->raw->nodes[i].number != UNNUMBERED)
        i++;
    return i;
}

/* Every node that waits has an input that waits: going up from one comes by some node twice. What lies between is a cycle,
 * against the flow, at path[*ret_from] to path[the returned - 1]. */
static uint32_t find_cycle(struct numbering *m, uint32_t *ret_from)
{
    memset(m->visited, 0, m->raw->n * sizeof m->visited[0]);
    uint32_t n = 0;
    uint32_t at = first_waiting(m);
    while (!m->visited[at]) {
        m->path[n] = at;
        m->visited[at] = ++n;
        at = open_input(m, at)->from;
    }
    *ret_from = m->visited[at] - 1;
    return n;
}

/* `a -> b -> a`, along the flow, from the node that stands first in the file. */
static const char *cycle_text(struct numbering *m, const uint32_t *cycle, uint32_t n, uint32_t first)
{
    const char *text = m->raw->nodes[cycle[first]].id;
    for (uint32_t i = 1; i <= n && strlen(text) < GC_MAX_TEXT - 1; i++)
        text = gc_loader_text(m->l, "%s -> %s", text, m->raw->nodes[cycle[(first + n - i) % n]].id);
    return text;
}

/* All edges from the one node to the other: the same cycle is told once. */
static void drop_edges(struct numbering *m, uint32_t from, uint32_t to)
{
    struct gc_raw_node *n = &m->raw->nodes[to];
    for (uint32_t k = 0; k < n->n_inputs; k++) {
        if (n->inputs[k].dropped || n->inputs[k].from != from)
            continue;
        n->inputs[k].dropped = true;
        n->waits--;
    }
    if (n->waits == 0)
        give_number(m, to);
}

/* Tells one cycle and drops the edge into its first node. */
static void break_cycle(struct numbering *m)
{
    uint32_t from;
    uint32_t end = find_cycle(m, &from);
    const uint32_t *cycle = &m->path[from];
    uint32_t n = end - from;
    uint32_t first = 0;
    for (uint32_t i = 1; i < n; i++)
        if (cycle[i] < cycle[first])
            first = i;
    const struct gc_raw_input *in = open_input(m, cycle[first]);
    gc_loader_error(m->l, GC_PLACE(in->line, m->raw->nodes[cycle[first]].id, "inputs"),
                    "Cycle detected in the DAG: %s", cycle_text(m, cycle, n, first));
    drop_edges(m, in->from, cycle[first]);
}

/* A file of nothing but cycles is told the first of them, and the rest of its edges are let go. */
static void drop_all(struct numbering *m)
{
    for (uint32_t i = 0; i < m->raw->n; i++) {
        struct gc_raw_node *n = &m->raw->nodes[i];
        if (!n->whole || n->number != UNNUMBERED)
            continue;
        for (uint32_t k = 0; k < n->n_inputs; k++)
            n->inputs[k].dropped = true;
        give_number(m, i);
    }
}

static uint32_t count_whole(const struct gc_raw_job *raw)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < raw->n; i++)
        n += raw->nodes[i].whole;
    return n;
}

void gc_graph_number(struct gc_loader *l, struct gc_raw_job *raw, uint32_t *order, uint32_t *ret_n)
{
    enum { MAX_CYCLES = 32 };
    struct numbering m = {.l = l, .raw = raw, .order = order};
    m.path = GC_LOADER_ARRAY(l, uint32_t, raw->n);
    m.visited = GC_LOADER_ARRAY(l, uint32_t, raw->n);
    if (l->err)
        return;
    count_waits(&m);
    run(&m);
    uint32_t whole = count_whole(raw);
    for (uint32_t cycles = 0; m.n < whole && !l->err; cycles++) {
        if (cycles < MAX_CYCLES)
            break_cycle(&m);
        else
            drop_all(&m);
        run(&m);
    }
    *ret_n = m.n;
}
