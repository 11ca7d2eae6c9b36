/* The fields of a job, in this system's shape and in graphcap's. */
#include <string.h>

#include "client/spec/loader.h"

static const struct gc_str JOB_FIELDS[] = {
    GC_STR_INIT("name"),     GC_STR_INIT("id"),  GC_STR_INIT("description"), GC_STR_INIT("tags"),
    GC_STR_INIT("metadata"), GC_STR_INIT("dag"), GC_STR_INIT("nodes"),       GC_STR_INIT("workflow_metadata"),
    GC_STR_INIT("policy"),
};

struct reading {
    struct gc_loader *l;
    const struct gc_tree *root;
    struct gc_spec_lines *lines;
    struct gc_job *job;
    const struct gc_tree_entry *metadata;
    const struct gc_tree_entry *workflow_metadata;
};

void gc_fields_check(struct gc_loader *l, const struct gc_tree *map, const char *id, const char *prefix,
                     const struct gc_str *names, size_t n)
{
    for (const struct gc_tree_entry *e = map->first; e && !l->err; e = e->next) {
        bool known = false;
        for (size_t i = 0; i < n; i++)
            known = known || gc_str_equal(e->key, names[i]);
        if (!known)
            gc_loader_error(l, GC_PLACE(e->line, id, gc_loader_text(l, "%s%.60s", prefix, e->key.ptr)),
                            "there is no such field%s", gc_loader_meant(l, e->key, names, n));
    }
}

bool gc_field_string(struct gc_loader *l, struct gc_place at, const struct gc_tree *t, size_t max,
                     struct gc_str *ret)
{
    if (t->kind != GC_VALUE_STRING) {
        bool scalar = t->kind != GC_VALUE_LIST && t->kind != GC_VALUE_MAP && t->kind != GC_VALUE_NULL;
        gc_loader_error(l, at, "must be a string, not %s%s", gc_tree_kind_text(t),
                        scalar ? ": put it into quotes" : "");
        return false;
    }
    struct gc_str s = t->as.string;
    if (s.len == 0)
        gc_loader_error(l, at, "is empty");
    else if (s.len > max)
        gc_loader_error(l, at, "has %zu bytes, the limit is %zu", s.len, max);
    else if (memchr(s.ptr, '\0', s.len))
        gc_loader_error(l, at, "has a NUL in it");
    else {
        *ret = s;
        return true;
    }
    return false;
}

/* ---- the name ---- */

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_.-", c));
}

/* What `text` is as a name: other characters become _. */
static struct gc_str name_of(struct gc_loader *l, struct gc_str text)
{
    struct gc_str copy = gc_loader_copy(l, gc_str_part(text, 0, GC_MAX_NAME));
    char *to = GC_LOADER_ARRAY(l, char, copy.len + 1);
    for (size_t i = 0; i < copy.len && to; i++)
        to[i] = name_char(copy.ptr[i]) ? copy.ptr[i] : '_';
    return to ? gc_str_from(to, copy.len) : copy;
}

static struct gc_str stem_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    struct gc_str name = gc_str_of(slash ? slash + 1 : file);
    const char *dot = name.len > 1 ? memrchr(name.ptr + 1, '.', name.len - 1) : NULL;
    return gc_str_part(name, 0, dot ? (size_t)(dot - name.ptr) : name.len);
}

static const struct gc_tree_entry *string_in(const struct gc_tree_entry *map, const char *key)
{
    const struct gc_tree_entry *e = map ? gc_tree_find(map->value, key) : NULL;
    return e && e->value->kind == GC_VALUE_STRING && e->value->as.string.len ? e : NULL;
}

/* From where graphcap's files have it; they put spaces into names. */
static void derive_name(struct reading *r)
{
    const struct gc_tree_entry *id = gc_tree_find(r->root, "id");
    const struct gc_tree_entry *from = id;
    struct gc_str text;
    if (!from)
        from = string_in(r->workflow_metadata, "name");
    if (!from)
        from = string_in(r->metadata, "name");
    if (!from) {
        text = stem_of(r->l->spec->file);
    } else {
        gc_loader_line(r->l, r->lines, "name", from->line);
        if (!gc_field_string(r->l, GC_PLACE(from->line, NULL, id ? "id" : "name"), from->value, GC_MAX_STRING,
                             &text))
            return;
    }
    r->job->name = gc_str_bytes(text.len ? name_of(r->l, text) : GC_STR("job"));
}

static void read_name(struct reading *r)
{
    const struct gc_tree_entry *e = gc_tree_find(r->root, "name");
    struct gc_str text;
    if (!e) {
        derive_name(r);
        return;
    }
    gc_loader_line(r->l, r->lines, "name", e->line);
    struct gc_place at = GC_PLACE(e->line, NULL, "name");
    if (!gc_field_string(r->l, at, e->value, GC_MAX_NAME, &text))
        return;
    struct gc_str name = name_of(r->l, text);
    if (!gc_str_equal(name, text))
        gc_loader_error(r->l, at, "can have letters, digits, _ . and -; did you mean '%.*s'?",
                        GC_STR_ARGS(name));
    r->job->name = gc_str_bytes(name);
}

/* ---- the rest ---- */

static void read_description(struct reading *r)
{
    const struct gc_tree_entry *e = gc_tree_find(r->root, "description");
    struct gc_str text;
    if (!e)
        e = string_in(r->workflow_metadata, "description");
    if (!e)
        e = string_in(r->metadata, "description");
    if (!e || (e->value->kind == GC_VALUE_STRING && e->value->as.string.len == 0))
        return;
    gc_loader_line(r->l, r->lines, "description", e->line);
    if (gc_field_string(r->l, GC_PLACE(e->line, NULL, "description"), e->value, GC_MAX_STRING, &text))
        r->job->description = gc_str_bytes(text);
}

static void read_tag(struct reading *r, const struct gc_tree_entry *e)
{
    const char *field = gc_loader_text(r->l, "tags.%.*s", GC_STR_ARGS(e->key));
    struct gc_place at = GC_PLACE(e->line, NULL, field);
    struct gc_str value = {0};
    gc_loader_line(r->l, r->lines, field, e->line);
    if (e->key.len == 0 || e->key.len > GC_MAX_NAME || memchr(e->key.ptr, '\0', e->key.len))
        gc_loader_error(r->l, at, "a tag's name has 1 to %u bytes and no NUL", GC_MAX_NAME);
    else if ((e->value->kind == GC_VALUE_STRING && e->value->as.string.len == 0) ||
             gc_field_string(r->l, at, e->value, GC_MAX_TEXT, &value))
        r->job->tags[r->job->n_tags++] = (struct gc_pair){gc_str_bytes(e->key), gc_str_bytes(value)};
}

static void read_tags(struct reading *r)
{
    const struct gc_tree_entry *e = gc_tree_find(r->root, "tags");
    if (!e)
        return;
    gc_loader_line(r->l, r->lines, "tags", e->line);
    struct gc_place at = GC_PLACE(e->line, NULL, "tags");
    if (e->value->kind != GC_VALUE_MAP) {
        gc_loader_error(r->l, at, "must be a map of strings such as {release: v1.0}, not %s",
                        gc_tree_kind_text(e->value));
        return;
    }
    if (e->value->n > GC_MAX_TAGS) {
        gc_loader_error(r->l, at, "has %u entries, the limit is %u", e->value->n, GC_MAX_TAGS);
        return;
    }
    r->job->tags = GC_LOADER_ARRAY(r->l, struct gc_pair, e->value->n);
    for (const struct gc_tree_entry *tag = e->value->first; tag && !r->l->err; tag = tag->next)
        read_tag(r, tag);
}

static void read_priority(struct reading *r)
{
    static const struct gc_str names[] = {GC_STR_INIT("low"), GC_STR_INIT("normal"), GC_STR_INIT("high")};
    static const uint64_t weights[] = {1, 4, 16};
    r->job->priority = 4;
    const struct gc_tree_entry *e = r->metadata ? gc_tree_find(r->metadata->value, "priority") : NULL;
    if (!e)
        return;
    for (size_t i = 0; i < GC_COUNT_OF(names); i++) {
        if (e->value->kind == GC_VALUE_STRING && gc_str_equal(e->value->as.string, names[i])) {
            r->job->priority = weights[i];
            return;
        }
    }
    /* Metadata may hold anything, so this is no error; but somebody hoped for something. */
    struct gc_str word = e->value->kind == GC_VALUE_STRING ? e->value->as.string : GC_STR("");
    gc_loader_warn(r->l, GC_PLACE(e->line, NULL, "metadata.priority"),
                   "is none of low, normal and high: the run gets the share of normal%s",
                   gc_loader_meant(r->l, word, names, GC_COUNT_OF(names)));
}

/* A map, or NULL with a problem told. */
static const struct gc_tree_entry *find_map(struct reading *r, const char *key)
{
    const struct gc_tree_entry *e = gc_tree_find(r->root, key);
    if (!e || e->value->kind == GC_VALUE_MAP)
        return e;
    gc_loader_error(r->l, GC_PLACE(e->line, NULL, key), "must be a map, not %s", gc_tree_kind_text(e->value));
    return NULL;
}

/* Nothing of a graphcap file is lost: its workflow_metadata is kept beside the metadata, or as it. */
static void read_metadata(struct reading *r)
{
    r->metadata = find_map(r, "metadata");
    r->workflow_metadata = find_map(r, "workflow_metadata");
    const struct gc_tree_entry *e = r->metadata ? r->metadata : r->workflow_metadata;
    if (!e)
        return;
    bool both = r->metadata && r->workflow_metadata;
    gc_loader_line(r->l, r->lines, "metadata", e->line);
    gc_json_of_tree(r->l, GC_PLACE(e->line, NULL, "metadata"), e->value, "workflow_metadata",
                    both ? r->workflow_metadata->value : NULL, &r->job->metadata);
}

static const struct gc_tree_entry *find_nodes(struct reading *r)
{
    static const struct gc_str dag_fields[] = {GC_STR_INIT("nodes")};
    const struct gc_tree_entry *dag = find_map(r, "dag");
    const struct gc_tree_entry *top = gc_tree_find(r->root, "nodes");
    const struct gc_tree_entry *inner = dag ? gc_tree_find(dag->value, "nodes") : NULL;
    if (dag)
        gc_fields_check(r->l, dag->value, NULL, "dag.", dag_fields, GC_COUNT_OF(dag_fields));
    if (top && inner)
        gc_loader_error(r->l, GC_PLACE(top->line, NULL, "nodes"), "nodes stand here and in dag (line %u)",
                        inner->line);
    if (!top && !inner && !(gc_tree_find(r->root, "dag") && !dag)) /* a dag that is no map is told */
        gc_loader_error(r->l, GC_PLACE(r->root->line, NULL, "dag.nodes"),
                        "is missing: a job has a list of nodes");
    return inner ? inner : top;
}

static void read_nodes(struct reading *r, struct gc_raw_job *raw)
{
    const struct gc_tree_entry *e = find_nodes(r);
    if (!e)
        return;
    gc_loader_line(r->l, r->lines, "nodes", e->line);
    struct gc_place at = GC_PLACE(e->line, NULL, "nodes");
    if (e->value->kind != GC_VALUE_LIST) {
        gc_loader_error(r->l, at, "must be a list, not %s", gc_tree_kind_text(e->value));
        return;
    }
    if (e->value->n == 0 || e->value->n > GC_MAX_JOB_NODES) {
        gc_loader_error(r->l, at, "has %u entries: a job has 1 to %u nodes", e->value->n, GC_MAX_JOB_NODES);
        return;
    }
    raw->nodes = GC_LOADER_ARRAY(r->l, struct gc_raw_node, e->value->n);
    for (const struct gc_tree_entry *n = e->value->first; n && !r->l->err; n = n->next) {
        gc_node_read(r->l, n->value, raw->n, &raw->nodes[raw->n]);
        raw->n++;
    }
}

void gc_job_read(struct gc_loader *l, const struct gc_tree *root, struct gc_spec_lines *lines,
                 struct gc_raw_job *raw)
{
    struct reading r = {.l = l, .root = root, .lines = lines, .job = &l->spec->job};
    lines->line = root->line;
    if (root->kind != GC_VALUE_MAP) {
        gc_loader_error(l, GC_PLACE(root->line, NULL, ""), "a job is a map with name and dag, not %s",
                        gc_tree_kind_text(root));
        return;
    }
    gc_fields_check(l, root, NULL, "", JOB_FIELDS, GC_COUNT_OF(JOB_FIELDS));
    read_metadata(&r);
    read_name(&r);
    read_description(&r);
    read_tags(&r);
    read_priority(&r);
    const struct gc_tree_entry *policy = gc_tree_find(root, "policy");
    if (policy)
        gc_policy_read(l, policy, NULL, lines, &r.job->n_policy, &r.job->policy);
    read_nodes(&r, raw);
}
