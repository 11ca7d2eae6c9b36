/* ${NAME}, ${NAME:-default} and $${ in the strings of a document.
 *
 * They are replaced after the file was parsed, inside its strings: a parameter can put no quote, key or line into it. What comes
 * out is a string; the field that it stands in says what it is read as.
 */
#include <string.h>

#include "client/spec/loader.h"
#include "common/buf.h"

struct params {
    struct gc_loader *l;
    uint32_t n;
    struct gc_str *names;
    struct gc_str *values;
    bool *used;
    char room[GC_MAX_METADATA]; /* what a string becomes; no string of a job is longer */
};

static bool is_name(struct gc_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return s.len > 0;
}

static void read_options(struct params *p)
{
    const struct gc_spec_options *o = p->l->options;
    p->names = GC_LOADER_ARRAY(p->l, struct gc_str, o->n_params);
    p->values = GC_LOADER_ARRAY(p->l, struct gc_str, o->n_params);
    p->used = GC_LOADER_ARRAY(p->l, bool, o->n_params);
    for (uint32_t i = 0; i < o->n_params && !p->l->err; i++) {
        struct gc_str text = gc_str_of(o->params[i]);
        const char *equals = strchr(o->params[i], '=');
        struct gc_str name = gc_str_part(text, 0, equals ? (size_t)(equals - text.ptr) : 0);
        if (!is_name(name)) {
            gc_loader_error(p->l, GC_PLACE(0, NULL, "--param"), "'%.100s' should be NAME=VALUE",
                            o->params[i]);
            continue;
        }
        p->names[p->n] = name;
        p->values[p->n++] = gc_str_part(text, name.len + 1, text.len);
    }
}

/* The last that was given under the name counts. */
static const struct gc_str *value_of(struct params *p, struct gc_str name)
{
    const struct gc_str *value = NULL;
    for (uint32_t i = 0; i < p->n; i++) {
        if (gc_str_equal(p->names[i], name)) {
            p->used[i] = true;
            value = &p->values[i];
        }
    }
    return value;
}

/* What stands between ${ and }. */
static void put_param(struct params *p, uint32_t line, struct gc_str inner, struct gc_buf *out)
{
    const char *mark = inner.len ? memmem(inner.ptr, inner.len, ":-", 2) : NULL;
    struct gc_str name = gc_str_part(inner, 0, mark ? (size_t)(mark - inner.ptr) : inner.len);
    const struct gc_str *value = value_of(p, name);
    if (!is_name(name))
        gc_loader_error(p->l, GC_PLACE(line, NULL, ""),
                        "'${%.*s}' is no parameter: ${NAME} or ${NAME:-default} ($${ for the two "
                        "characters)",
                        (int)(inner.len < 60 ? inner.len : 60), inner.ptr);
    else if (value)
        gc_buf_put_str(out, *value);
    else if (mark)
        gc_buf_put_str(out, gc_str_part(inner, name.len + 2, inner.len));
    else
        gc_loader_error(p->l, GC_PLACE(line, NULL, ""),
                        "the parameter %.*s has no value: give --param %.*s=VALUE, or write "
                        "${%.*s:-default}%s",
                        GC_STR_ARGS(name), GC_STR_ARGS(name), GC_STR_ARGS(name),
                        gc_loader_meant(p->l, name, p->names, p->n));
}

/* Everything up to the next parameter; its ${ is behind it in *text. False: there is none. */
static bool put_plain(struct gc_str *text, struct gc_buf *out)
{
    while (text->len > 0) {
        const char *dollar = memmem(text->ptr, text->len, "${", 2);
        size_t before = dollar ? (size_t)(dollar - text->ptr) : text->len;
        bool literal = dollar && before > 0 && text->ptr[before - 1] == '$';
        gc_buf_put_str(out, gc_str_part(*text, 0, literal ? before - 1 : before));
        *text = gc_str_part(*text, dollar ? before + 2 : before, text->len);
        if (dollar && !literal)
            return true;
        if (literal)
            gc_buf_put_str(out, GC_STR("${"));
    }
    return false;
}

static void fill_string(struct params *p, struct gc_tree *t)
{
    struct gc_buf out;
    gc_buf_init(&out, p->room, sizeof p->room);
    struct gc_str text = t->as.string;
    while (put_plain(&text, &out)) {
        const char *close = text.len ? memchr(text.ptr, '}', text.len) : NULL;
        if (!close) {
            gc_loader_error(p->l, GC_PLACE(t->line, NULL, ""),
                            "'${' begins a parameter that no } ends ($${ for the two characters)");
            return;
        }
        size_t len = (size_t)(close - text.ptr);
        put_param(p, t->line, gc_str_part(text, 0, len), &out);
        text = gc_str_part(text, len + 1, text.len);
    }
    if (!gc_buf_ok(&out))
        gc_loader_error(p->l, GC_PLACE(t->line, NULL, ""), "is longer than %zu bytes with its parameters",
                        sizeof p->room);
    t->as.string = gc_loader_copy(p->l, gc_bytes_str(gc_buf_bytes(&out)));
}

/* Depth is bounded by the builder's; an aliased subtree is filled once. */
static void fill(struct params *p, struct gc_tree *t)
{
    if (t->filled || p->l->err)
        return;
    t->filled = true;
    bool parametric =
        t->kind == GC_VALUE_STRING && t->as.string.len && memmem(t->as.string.ptr, t->as.string.len, "${", 2);
    if (parametric)
        fill_string(p, t);
    if (t->kind != GC_VALUE_LIST && t->kind != GC_VALUE_MAP)
        return;
    for (struct gc_tree_entry *e = t->first; e; e = e->next)
        fill(p, e->value);
}

void gc_params_fill(struct gc_loader *l, struct gc_tree *root)
{
    struct params p = {.l = l};
    read_options(&p);
    if (!l->err)
        fill(&p, root);
    for (uint32_t i = 0; i < p.n && !l->err; i++)
        if (!p.used[i])
            gc_loader_error(l, GC_PLACE(0, NULL, "--param"), "the file has no ${%.*s}",
                            GC_STR_ARGS(p.names[i]));
}
