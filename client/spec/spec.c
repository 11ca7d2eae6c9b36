#include "client/spec/spec.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/spec/loader.h"
#include "common/assert.h"
#include "common/sys/file.h"

/* ---- from raw nodes to the job's ---- */

static void add_input(struct gc_loader *l, const struct gc_raw_job *raw, const struct gc_raw_input *in,
                      struct gc_node *node, struct gc_spec_lines *lines)
{
    gc_loader_line(l, lines, gc_loader_text(l, "inputs[%u]", node->n_inputs), in->line);
    if (in->slot.len)
        gc_loader_line(l, lines, gc_loader_text(l, "inputs.%.*s", GC_STR_ARGS(in->slot)), in->line);
    node->inputs[node->n_inputs++] = (struct gc_input){
        .node = raw->nodes[in->from].number,
        .output = gc_str_bytes(in->output),
        .slot = gc_str_bytes(in->slot),
    };
}

static void finish_node(struct gc_loader *l, const struct gc_raw_job *raw, struct gc_raw_node *n)
{
    n->node.inputs = GC_LOADER_ARRAY(l, struct gc_input, n->n_inputs);
    for (uint32_t k = 0; k < n->n_inputs && !l->err; k++)
        if (!n->inputs[k].dropped)
            add_input(l, raw, &n->inputs[k], &n->node, &n->lines);
}

static void finish(struct gc_loader *l, struct gc_raw_job *raw, const struct gc_spec_lines *job_lines)
{
    struct gc_spec *spec = l->spec;
    uint32_t *order = GC_LOADER_ARRAY(l, uint32_t, raw->n);
    uint32_t n = 0;
    if (!l->err)
        gc_graph_number(l, raw, order, &n);
    spec->nodes = GC_LOADER_ARRAY(l, struct gc_node, n);
    spec->lines = GC_LOADER_ARRAY(l, struct gc_spec_lines, n + 1);
    for (uint32_t i = 0; i < n && !l->err; i++) {
        struct gc_raw_node *from = &raw->nodes[order[i]];
        finish_node(l, raw, from);
        spec->nodes[i] = from->node;
        spec->lines[i] = from->lines;
    }
    if (l->err)
        return;
    spec->lines[n] = *job_lines;
    spec->job.n_nodes = n;
}

/* ---- from text to a tree ---- */

static bool is_json(struct gc_str text, const char *file)
{
    struct gc_str name = gc_str_of(file);
    if (gc_str_ends(name, GC_STR(".json")))
        return true;
    if (gc_str_ends(name, GC_STR(".yaml")) || gc_str_ends(name, GC_STR(".yml")))
        return false;
    size_t blank = 0;
    while (blank < text.len && strchr(" \t\r\n", text.ptr[blank]) && text.ptr[blank])
        blank++;
    return blank < text.len && text.ptr[blank] == '{';
}

static void read_text(struct gc_loader *l, struct gc_str text)
{
    static const struct gc_str mark = GC_STR_INIT("\xef\xbb\xbf"); /* of byte order: UTF-8 needs none */
    struct gc_spec_lines lines = {0};
    struct gc_raw_job raw = {0};
    if (!text.ptr)
        text = GC_STR("");
    if (gc_str_starts(text, mark))
        text = gc_str_part(text, mark.len, text.len);
    struct gc_tree *root = is_json(text, l->spec->file) ? gc_json_read(l, text) : gc_yaml_read(l, text, 1);
    if (!root || l->err)
        return;
    gc_params_fill(l, root);
    gc_job_read(l, root, &lines, &raw);
    if (!l->err)
        gc_node_sets(l, &raw);
    if (!l->err)
        gc_graph_resolve(l, &raw);
    if (!l->err)
        finish(l, &raw, &lines);
}

/* ---- the whole ---- */

static enum gc_err begin(struct gc_loader *l, const char *file)
{
    struct gc_spec *spec = l->spec;
    spec->file = gc_loader_copy(l, gc_str_of(file)).ptr;
    spec->problems = GC_LOADER_ARRAY(l, struct gc_spec_problem, GC_MAX_PROBLEMS);
    spec->job.folder = gc_str_bytes(gc_loader_copy(l, gc_str_of(l->options->folder)));
    spec->job.limit = l->options->limit ? l->options->limit : GC_UNSET;
    spec->job.priority = 4;
    l->c_locale = newlocale(LC_ALL_MASK, "C", NULL);
    if (!l->c_locale)
        return GC_ERR_NOMEM;
    return l->err;
}

static enum gc_err load(struct gc_loader *l, struct gc_str text, const char *file)
{
    enum gc_err err = begin(l, file);
    if (!err) {
        read_text(l, text);
        err = l->err;
    }
    if (l->c_locale)
        freelocale(l->c_locale);
    return err;
}

enum gc_err gc_spec_parse(struct gc_str text, const char *file, const struct gc_spec_options *options,
                          struct gc_spec **ret, struct gc_fault *fault)
{
    GC_ASSERT(options->folder != NULL);
    if (text.len > GC_SPEC_MAX_FILE)
        return gc_fault_set(fault, GC_ERR_LIMIT, "%s: has more than %u bytes", file, GC_SPEC_MAX_FILE);
    if (options->folder[0] != '/' || strlen(options->folder) > GC_MAX_PATH)
        return gc_fault_set(fault, GC_ERR_INVALID,
                            "the folder of a job must be an absolute path of at most %u bytes", GC_MAX_PATH);
    struct gc_spec *spec = calloc(1, sizeof *spec);
    if (!spec)
        return gc_fault_set(fault, GC_ERR_NOMEM, "%s: out of memory", file);
    struct gc_loader l = {.spec = spec, .options = options};
    enum gc_err err = load(&l, text, file);
    if (err) {
        gc_spec_destroy(&spec);
        return gc_fault_set(fault, err, "%s: %s", file,
                            err == GC_ERR_LIMIT ? "needs more memory than a job file may" : "out of memory");
    }
    *ret = spec;
    return GC_OK;
}

enum gc_err gc_spec_load(const char *path, const struct gc_spec_options *options, struct gc_spec **ret,
                         struct gc_fault *fault)
{
    bool standard = strcmp(path, "-") == 0;
    char *data;
    size_t len;
    enum gc_err err =
        standard ? gc_file_read_fd(STDIN_FILENO, "standard input", GC_SPEC_MAX_FILE, &data, &len, fault)
                 : gc_file_read(path, GC_SPEC_MAX_FILE, &data, &len, fault);
    if (err)
        return err;
    err = gc_spec_parse(gc_str_from(data, len), standard ? "stdin" : path, options, ret, fault);
    free(data);
    return err;
}

void gc_spec_destroy(struct gc_spec **self_p)
{
    GC_ASSERT(self_p != NULL);
    if (!*self_p)
        return;
    gc_spec_free(*self_p);
    free(*self_p);
    *self_p = NULL;
}
