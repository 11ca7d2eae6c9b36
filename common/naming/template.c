#include "common/naming/template.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/assert.h"
#include "proto/message.h"
#include "proto/values.h"

enum { MAX_PARTS = 64, MAX_COMPONENT = 255 };

static const struct {
    const char *name;
    enum gc_part kind;
} names[] = {
    {"index", GC_PART_INDEX}, {"path", GC_PART_PATH}, {"dir", GC_PART_DIR},       {"name", GC_PART_NAME},
    {"stem", GC_PART_STEM},   {"ext", GC_PART_EXT},   {"digest", GC_PART_DIGEST},
};

/* ---- parsing ---- */

static enum gc_part part_of_name(struct gc_str name)
{
    for (size_t i = 0; i < GC_COUNT_OF(names); i++)
        if (gc_str_is(name, names[i].name))
            return names[i].kind;
    return GC_PART_FIELD;
}

static bool control(struct gc_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
    return false;
}

/* The next part of *text: a run of plain characters, one doubled brace, or a name in braces. */
static enum gc_err parse_part(struct gc_str *text, struct gc_template_part *ret, struct gc_fault *fault)
{
    size_t plain = 0;
    while (plain < text->len && text->ptr[plain] != '{' && text->ptr[plain] != '}')
        plain++;
    if (plain > 0) {
        *ret = (struct gc_template_part){GC_PART_TEXT, gc_str_part(*text, 0, plain)};
        *text = gc_str_part(*text, plain, text->len);
        return GC_OK;
    }
    if (text->len > 1 && text->ptr[1] == text->ptr[0]) {
        *ret = (struct gc_template_part){GC_PART_TEXT, gc_str_part(*text, 0, 1)};
        *text = gc_str_part(*text, 2, text->len);
        return GC_OK;
    }
    const char *end = memchr(text->ptr, '}', text->len);
    if (text->ptr[0] == '}' || !end || end == text->ptr + 1)
        return gc_fault_set(fault, GC_ERR_INVALID, "a brace that stands for itself is written twice");
    struct gc_str name = gc_str_part(*text, 1, (size_t)(end - text->ptr));
    *ret = (struct gc_template_part){part_of_name(name), name};
    *text = gc_str_part(*text, name.len + 2, text->len);
    return GC_OK;
}

/* The ending that all names share: the last part is plain and has a dot in its last component. */
static struct gc_str suffix_of(const struct gc_template *t)
{
    if (t->n == 0 || t->parts[t->n - 1].kind != GC_PART_TEXT)
        return GC_STR("");
    struct gc_str text = t->parts[t->n - 1].text;
    for (size_t i = text.len; i-- > 0 && text.ptr[i] != '/';)
        if (text.ptr[i] == '.')
            return gc_str_part(text, i, text.len);
    return GC_STR("");
}

enum gc_err gc_template_parse(struct gc_str text, struct gc_arena *arena, struct gc_template *ret,
                              struct gc_fault *fault)
{
    if (text.len == 0 || text.len > GC_MAX_PATH || control(text) || memchr(text.ptr, '\0', text.len))
        return gc_fault_set(fault, GC_ERR_INVALID, "no name of a file");
    struct gc_template t = {.n = 0};
    char *copy = GC_ARENA_ARRAY(arena, char, text.len);
    t.parts = GC_ARENA_ARRAY(arena, struct gc_template_part, MAX_PARTS);
    if (!copy || !t.parts)
        return GC_ERR_NOMEM;
    memcpy(copy, text.ptr, text.len);
    struct gc_str left = {copy, text.len};
    while (left.len > 0) {
        if (t.n == MAX_PARTS)
            return gc_fault_set(fault, GC_ERR_INVALID, "more than %d parts", MAX_PARTS);
        enum gc_err err = parse_part(&left, &t.parts[t.n], fault);
        if (err)
            return err;
        t.by_digest = t.by_digest || t.parts[t.n].kind == GC_PART_DIGEST;
        t.n++;
    }
    t.suffix = suffix_of(&t);
    *ret = t;
    return GC_OK;
}

/* ---- filling in ---- */

/* Finds a key of the item's fields. The lister keeps the length of the source's path under the empty key. */
static bool field(struct gc_bytes fields, struct gc_str key, struct gc_value_token *ret)
{
    struct gc_value_token map;
    if (fields.len == 0 || gc_value_next(&fields, &map) || map.kind != GC_TOKEN_MAP)
        return false;
    for (uint32_t i = 0; i < map.n; i++) {
        struct gc_value_token name;
        struct gc_bytes value;
        if (gc_value_next(&fields, &name) || gc_value_skip(&fields, &value))
            return false;
        if (name.kind == GC_TOKEN_STR && gc_str_equal(gc_bytes_str(name.bytes), key))
            return gc_value_next(&value, ret) == GC_OK;
    }
    return false;
}

static struct gc_str name_of(struct gc_str path)
{
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '/')
        at--;
    return gc_str_part(path, at, path.len);
}

/* The folder of the path without the source's own: where that is not said, of the whole path. */
static struct gc_str dir_of(const struct gc_template_item *item)
{
    struct gc_value_token base;
    size_t from = 0;
    if (field(item->fields, GC_STR(""), &base) && base.kind == GC_TOKEN_INT && base.integer >= 0)
        from = (size_t)base.integer;
    size_t to = item->path.len - name_of(item->path).len;
    if (from >= to)
        return GC_STR("");
    return gc_str_part(item->path, from, to - 1);
}

/* Where the ending's dot is: not the first character, which makes a hidden file. */
static size_t dot_of(struct gc_str name)
{
    for (size_t i = name.len; i-- > 1;)
        if (name.ptr[i] == '.')
            return i;
    return name.len;
}

static struct gc_str from_path(enum gc_part kind, const struct gc_template_item *item)
{
    struct gc_str name = name_of(item->path);
    size_t dot = dot_of(name);
    if (kind == GC_PART_PATH)
        return item->path;
    if (kind == GC_PART_DIR)
        return dir_of(item);
    if (kind == GC_PART_NAME)
        return name;
    if (kind == GC_PART_STEM)
        return gc_str_part(name, 0, dot);
    GC_ASSERT(kind == GC_PART_EXT);
    return gc_str_part(name, dot + 1, name.len);
}

bool gc_template_lookup(struct gc_str name, const struct gc_template_item *item, struct gc_value_token *ret)
{
    enum gc_part kind = part_of_name(name);
    struct gc_value_token t = {.kind = GC_TOKEN_STR};
    if (kind == GC_PART_FIELD)
        return name.len > 0 && field(item->fields, name, ret);
    if (kind == GC_PART_DIGEST || item->index == GC_UNSET)
        return false;
    if (kind == GC_PART_INDEX) {
        t.kind = GC_TOKEN_INT;
        t.integer = (int64_t)item->index;
        t.unsigned_integer = item->index;
    } else {
        t.bytes = gc_str_bytes(from_path(kind, item));
    }
    *ret = t;
    return true;
}

enum { SMALL = 96 };

/* The text of a field; numbers as JSON has them. */
static bool field_text(const struct gc_template_item *item, struct gc_str key, char small[SMALL],
                       struct gc_str *ret)
{
    struct gc_value_token t;
    if (!field(item->fields, key, &t))
        return false;
    if (t.kind == GC_TOKEN_STR || t.kind == GC_TOKEN_BIN) {
        *ret = gc_bytes_str(t.bytes);
        return true;
    }
    int n = -1;
    if (t.kind == GC_TOKEN_INT)
        n = snprintf(small, SMALL, "%" PRId64, t.integer);
    else if (t.kind == GC_TOKEN_UINT)
        n = snprintf(small, SMALL, "%" PRIu64, t.unsigned_integer);
    else if (t.kind == GC_TOKEN_REAL)
        n = snprintf(small, SMALL, "%.17g", t.real);
    else if (t.kind == GC_TOKEN_BOOL)
        n = snprintf(small, SMALL, "%s", t.flag ? "true" : "false");
    if (n < 0)
        return false;
    *ret = gc_str_from(small, (size_t)n);
    return true;
}

static enum gc_err part_text(const struct gc_template_part *p, const struct gc_template_item *item,
                             char small[SMALL], struct gc_str *ret, struct gc_fault *fault)
{
    if (p->kind == GC_PART_TEXT) {
        *ret = p->text;
        return GC_OK;
    }
    if (p->kind == GC_PART_DIGEST) {
        gc_digest_text(item->digest ? *item->digest : (struct gc_digest){{0}}, small);
        *ret = gc_str_of(small);
        return GC_OK;
    }
    if (p->kind == GC_PART_INDEX) {
        if (item->index == GC_UNSET)
            return gc_fault_set(fault, GC_ERR_INVALID, "{index}: this is no item of a source");
        int n = snprintf(small, SMALL, "%" PRIu64, item->index);
        *ret = gc_str_from(small, (size_t)n);
        return GC_OK;
    }
    if (p->kind == GC_PART_FIELD) {
        if (!field_text(item, p->text, small, ret))
            return gc_fault_set(fault, GC_ERR_INVALID, "{%.*s}: the item has no such field",
                                GC_STR_ARGS(p->text));
        return GC_OK;
    }
    if (item->path.len == 0)
        return gc_fault_set(fault, GC_ERR_INVALID, "{%.*s}: there is no path", GC_STR_ARGS(p->text));
    *ret = from_path(p->kind, item);
    return GC_OK;
}

/* A filled-in text may have folders of its own, and lead nowhere else. */
static bool leads_out(struct gc_str s)
{
    for (size_t at = 0; at <= s.len;) {
        size_t end = at;
        while (end < s.len && s.ptr[end] != '/')
            end++;
        if (end - at == 2 && s.ptr[at] == '.' && s.ptr[at + 1] == '.')
            return true;
        at = end + 1;
    }
    return false;
}

/* Drops what an empty part left behind: a slash after a slash, and one in front that the template has not. Returns the length. */
static size_t tidy(char *name, size_t len, bool absolute)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        bool drop = name[i] == '/' && (kept > 0 ? name[kept - 1] == '/' : !absolute);
        if (!drop)
            name[kept++] = name[i];
    }
    return kept;
}

static enum gc_err check_name(struct gc_str name, struct gc_fault *fault)
{
    if (name.len == 0 || name.ptr[name.len - 1] == '/')
        return gc_fault_set(fault, GC_ERR_INVALID, "no name is left");
    for (size_t at = 0; at <= name.len;) {
        size_t end = at;
        while (end < name.len && name.ptr[end] != '/')
            end++;
        if (end - at > MAX_COMPONENT)
            return gc_fault_set(fault, GC_ERR_INVALID, "a part of the name is longer than %d bytes",
                                MAX_COMPONENT);
        at = end + 1;
    }
    return GC_OK;
}

static enum gc_err fill(const struct gc_template *t, const struct gc_template_item *item, struct gc_buf *name,
                        struct gc_fault *fault)
{
    for (uint32_t i = 0; i < t->n; i++) {
        char small[SMALL];
        struct gc_str text;
        enum gc_err err = part_text(&t->parts[i], item, small, &text, fault);
        if (err)
            return err;
        if (control(text) || (text.len > 0 && memchr(text.ptr, '\0', text.len)))
            return gc_fault_set(fault, GC_ERR_INVALID, "{%.*s}: a control character",
                                GC_STR_ARGS(t->parts[i].text));
        if (t->parts[i].kind != GC_PART_TEXT && leads_out(text))
            return gc_fault_set(fault, GC_ERR_INVALID, "{%.*s}: '..' leads out of its folder",
                                GC_STR_ARGS(t->parts[i].text));
        if (!gc_buf_put_str(name, text))
            return gc_fault_set(fault, GC_ERR_LIMIT, "a name longer than %u bytes", GC_MAX_PATH - 1);
    }
    return GC_OK;
}

enum gc_err gc_template_fill(const struct gc_template *t, const struct gc_template_item *item,
                             struct gc_buf *out, struct gc_fault *fault)
{
    char memory[GC_MAX_PATH - 1];
    struct gc_buf name;
    gc_buf_init(&name, memory, sizeof memory);
    enum gc_err err = fill(t, item, &name, fault);
    if (err)
        return err;
    bool absolute = t->n > 0 && t->parts[0].kind == GC_PART_TEXT && t->parts[0].text.ptr[0] == '/';
    struct gc_str made = {memory,
                          tidy(memory, name.len, absolute || (t->n > 0 && t->parts[0].kind == GC_PART_PATH))};
    err = check_name(made, fault);
    if (err)
        return err;
    if (gc_buf_left(out) < made.len || !gc_buf_put_str(out, made))
        return gc_fault_set(fault, GC_ERR_LIMIT, "no room for the name");
    return GC_OK;
}
