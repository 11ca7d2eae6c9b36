/* YAML by libyaml's events. libyaml speaks 1.1, but 1.1 and the 1.2 core schema differ in how scalars are typed, and that is
 * done here (scalar.c). No recursion; anchors are names of subtrees, shared and not copied. */
#include <yaml.h>

#include "client/spec/loader.h"
#include "common/assert.h"

struct anchor {
    struct gc_str name;
    struct gc_tree *tree;
    struct anchor *older; /* a name may be given anew: the newest counts */
};

struct reader {
    struct gc_loader *l;
    struct gc_tree_builder b;
    struct anchor *anchors;
    struct gc_str text;
    uint32_t line; /* of the text's first line; 0: it is no file, every line is 0 */
    uint32_t documents;
    uint32_t anchor_count;
};

static uint32_t line_of(const struct reader *r, const yaml_mark_t *mark)
{
    return r->line ? r->line + (uint32_t)mark->line : 0;
}

/* What is no file is the value of an option. */
static struct gc_place place_of(const struct reader *r, uint32_t line)
{
    return GC_PLACE(line, NULL, r->line ? "" : "--set");
}

static bool wrong(struct reader *r, uint32_t line, const char *what)
{
    gc_loader_error(r->l, place_of(r, line), "%s", what);
    return false;
}

/* For bytes that are no text libyaml gives an offset alone. */
static uint32_t line_at(const struct reader *r, size_t offset)
{
    uint32_t line = r->line;
    for (size_t i = 0; line && i < offset && i < r->text.len; i++)
        line += r->text.ptr[i] == '\n';
    return line;
}

static bool syntax_error(struct reader *r, const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "unknown error";
    if (parser->error == YAML_MEMORY_ERROR) {
        r->l->err = GC_ERR_NOMEM;
    } else if (parser->error == YAML_READER_ERROR) {
        gc_loader_error(r->l, place_of(r, line_at(r, parser->problem_offset)), "no UTF-8 text: %s (byte %zu)",
                        problem, parser->problem_offset);
    } else {
        uint32_t line = line_of(r, &parser->problem_mark);
        gc_loader_error(r->l, place_of(r, line), "no YAML: %s (column %zu)%s%s", problem,
                        parser->problem_mark.column + 1, parser->context ? ", " : "",
                        parser->context ? parser->context : "");
    }
    return false;
}

static bool add_anchor(struct reader *r, const yaml_char_t *name, struct gc_tree *tree)
{
    enum { MAX_ANCHORS = 1024 }; /* each alias walks them */
    if (!name)
        return true;
    if (r->anchor_count++ == MAX_ANCHORS)
        return wrong(r, tree->line, "more than 1024 anchors");
    struct anchor *a = GC_LOADER_ARRAY(r->l, struct anchor, 1);
    if (!a)
        return false;
    *a = (struct anchor){gc_loader_copy(r->l, gc_str_of((const char *)name)), tree, r->anchors};
    r->anchors = a;
    return true;
}

static bool on_alias(struct reader *r, const yaml_event_t *e, uint32_t line)
{
    struct gc_str name = gc_str_of((const char *)e->data.alias.anchor);
    if (gc_tree_wants_key(&r->b))
        return wrong(r, line, "an alias cannot be a key");
    for (const struct anchor *a = r->anchors; a; a = a->older) {
        if (!gc_str_equal(a->name, name))
            continue;
        if (a->tree->open)
            return wrong(r, line, "an alias to what it stands in");
        return gc_tree_value(&r->b, a->tree, line);
    }
    gc_loader_error(r->l, place_of(r, line), "there is no anchor &%.*s above", GC_STR_ARGS(name));
    return false;
}

static bool tag_is(const yaml_char_t *tag, const char *name)
{
    return gc_str_is(gc_str_of((const char *)tag), name);
}

/* A tag of the core schema says what a scalar must be; what it is, its text says. */
static bool check_tag(struct reader *r, const yaml_char_t *tag, const struct gc_tree *t)
{
    bool fits = (tag_is(tag, YAML_INT_TAG) && t->kind == GC_VALUE_INT) ||
                (tag_is(tag, YAML_FLOAT_TAG) && (t->kind == GC_VALUE_REAL || t->kind == GC_VALUE_INT)) ||
                (tag_is(tag, YAML_BOOL_TAG) && t->kind == GC_VALUE_BOOL) ||
                (tag_is(tag, YAML_NULL_TAG) && t->kind == GC_VALUE_NULL);
    if (!fits)
        gc_loader_error(r->l, place_of(r, t->line), "the tag %s does not fit this value", (const char *)tag);
    return fits;
}

/* `!`, or a quoted scalar without a tag, is a string; so is what is tagged as one. */
static bool is_string(const yaml_event_t *e)
{
    const yaml_char_t *tag = e->data.scalar.tag;
    if (tag)
        return tag_is(tag, "!") || tag_is(tag, YAML_STR_TAG);
    return e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

static bool on_scalar(struct reader *r, const yaml_event_t *e, uint32_t line)
{
    struct gc_str text = gc_str_from((const char *)e->data.scalar.value, e->data.scalar.length);
    if (gc_tree_wants_key(&r->b)) {
        if (gc_str_is(text, "<<") && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
            return wrong(r, line, "merge keys (<<) are not part of YAML 1.2");
        return gc_tree_key(&r->b, gc_loader_copy(r->l, text), line);
    }
    struct gc_tree *t = gc_tree_new(r->l, GC_VALUE_STRING, line);
    if (!t)
        return false;
    if (is_string(e)) {
        t->as.string = gc_loader_copy(r->l, text);
    } else if (gc_scalar_core(r->l, text, t)) { /* else told, and read on */
        if (e->data.scalar.tag && !check_tag(r, e->data.scalar.tag, t))
            return false;
    }
    return gc_tree_value(&r->b, t, line) && add_anchor(r, e->data.scalar.anchor, t);
}

static bool on_open(struct reader *r, enum gc_value_kind kind, const yaml_char_t *tag,
                    const yaml_char_t *anchor, uint32_t line)
{
    struct gc_tree *t;
    if (gc_tree_wants_key(&r->b))
        return wrong(r, line, "a key must be a string");
    if (tag && !tag_is(tag, kind == GC_VALUE_LIST ? YAML_SEQ_TAG : YAML_MAP_TAG)) {
        gc_loader_error(r->l, place_of(r, line), "the tag %s is not known", (const char *)tag);
        return false;
    }
    return gc_tree_open(&r->b, kind, line, &t) && add_anchor(r, anchor, t);
}

static bool on_event(struct reader *r, const yaml_event_t *e)
{
    uint32_t line = line_of(r, &e->start_mark);
    switch (e->type) {
    case YAML_ALIAS_EVENT: return on_alias(r, e, line);
    case YAML_SCALAR_EVENT: return on_scalar(r, e, line);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(r, GC_VALUE_LIST, e->data.sequence_start.tag, e->data.sequence_start.anchor, line);
    case YAML_MAPPING_START_EVENT:
        return on_open(r, GC_VALUE_MAP, e->data.mapping_start.tag, e->data.mapping_start.anchor, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return gc_tree_close(&r->b);
    case YAML_DOCUMENT_START_EVENT:
        return r->documents++ == 0 || wrong(r, line, "a second document begins: a job file holds one");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT: return true;
    }
    return true;
}

static bool read_events(struct reader *r, yaml_parser_t *parser)
{
    for (bool ended = false; !ended;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return syntax_error(r, parser);
        ended = event.type == YAML_STREAM_END_EVENT;
        bool good = on_event(r, &event) && !r->l->err;
        yaml_event_delete(&event);
        if (!good)
            return false;
    }
    return true;
}

struct gc_tree *gc_yaml_read(struct gc_loader *l, struct gc_str text, uint32_t line)
{
    struct reader r = {.l = l, .text = text, .line = line};
    r.b.l = l;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        l->err = GC_ERR_NOMEM;
        return NULL;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING); /* else a byte order mark chooses another */
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.len);
    bool good = read_events(&r, &parser);
    yaml_parser_delete(&parser);
    if (good && !r.b.root)
        wrong(&r, line, "the file is empty");
    return good ? r.b.root : NULL;
}

const char *gc_spec_yaml_version(void)
{
    return yaml_get_version_string();
}
