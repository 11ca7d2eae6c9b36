/* The list of problems, and where fields stand. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/spec/loader.h"
#include "common/nearest.h"

/* By line; of one line in the order in which they were found. What is not in the file comes first. */
static void insert(struct gc_spec *spec, struct gc_spec_problem problem)
{
    if (!problem.warning)
        spec->n_errors++;
    if (spec->n_problems == GC_MAX_PROBLEMS) {
        spec->more++;
        return;
    }
    uint32_t at = spec->n_problems++;
    for (; at > 0 && spec->problems[at - 1].line > problem.line; at--)
        spec->problems[at] = spec->problems[at - 1];
    spec->problems[at] = problem;
}

static size_t utf8_len(const unsigned char *at)
{
    size_t len = at[0] < 0x80   ? 1
                 : at[0] < 0xc2 ? 0
                 : at[0] < 0xe0 ? 2
                 : at[0] < 0xf0 ? 3
                 : at[0] < 0xf5 ? 4
                                : 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

/* A cut text, or a name that is shown in part, may end within a character; JSON's writers refuse such text. */
static void mend(char *text)
{
    while (*text) {
        size_t len = utf8_len((const unsigned char *)text);
        if (len == 0)
            *text = '?';
        text += len ? len : 1;
    }
}

static const char *format_text(struct gc_loader *l, const char *format, va_list arguments)
{
    char text[GC_MAX_TEXT];
    int len = vsnprintf(text, sizeof text, format, arguments);
    if (len < 0)
        return "";
    if ((size_t)len >= sizeof text)
        memcpy(text + sizeof text - sizeof "...", "...", sizeof "...");
    mend(text);
    return gc_loader_copy(l, gc_str_of(text)).ptr;
}

const char *gc_loader_text(struct gc_loader *l, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = format_text(l, format, arguments);
    va_end(arguments);
    return text;
}

void gc_loader_error(struct gc_loader *l, struct gc_place at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    insert(l->spec,
           (struct gc_spec_problem){at.line, false, at.id, at.field, format_text(l, format, arguments)});
    va_end(arguments);
}

void gc_loader_warn(struct gc_loader *l, struct gc_place at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    insert(l->spec,
           (struct gc_spec_problem){at.line, true, at.id, at.field, format_text(l, format, arguments)});
    va_end(arguments);
}

const char *gc_loader_meant(struct gc_loader *l, struct gc_str word, const struct gc_str *names, size_t n)
{
    struct gc_nearest near;
    gc_nearest_init(&near, word);
    for (size_t i = 0; i < n; i++)
        gc_nearest_offer(&near, names[i]);
    return gc_nearest_found(&near) ? gc_loader_text(l, "; did you mean '%.*s'?", GC_STR_ARGS(near.best)) : "";
}

void gc_loader_line(struct gc_loader *l, struct gc_spec_lines *of, const char *field, uint32_t line)
{
    struct gc_spec_line *entry = GC_LOADER_ARRAY(l, struct gc_spec_line, 1);
    if (!entry)
        return;
    *entry = (struct gc_spec_line){gc_str_of(field), line, of->fields};
    of->fields = entry;
}

/* "inputs[2]" stands in "inputs", "config.width" in "config": the part before the last dot or bracket. */
static struct gc_str around(struct gc_str field)
{
    while (field.len > 0 && field.ptr[field.len - 1] != '.' && field.ptr[field.len - 1] != '[')
        field.len--;
    return gc_str_part(field, 0, field.len ? field.len - 1 : 0);
}

static uint32_t line_in(const struct gc_spec_lines *of, struct gc_str field)
{
    for (; field.len > 0; field = around(field))
        for (const struct gc_spec_line *e = of->fields; e; e = e->next)
            if (gc_str_equal(e->field, field))
                return e->line;
    return of->line;
}

uint32_t gc_spec_problem_line(const struct gc_spec *spec, uint64_t node, struct gc_bytes field)
{
    if (!spec->lines)
        return 0;
    uint64_t at = node < spec->job.n_nodes ? node : spec->job.n_nodes;
    return line_in(&spec->lines[at], gc_bytes_str(field));
}

static enum gc_err copy_out(struct gc_spec *spec, struct gc_bytes bytes, const char **ret)
{
    void *copy;
    enum gc_err err = gc_spec_grow(spec, bytes.len + 1, &copy);
    if (err)
        return err;
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    *ret = copy;
    return GC_OK;
}

enum gc_err gc_spec_add_problem(struct gc_spec *spec, const struct gc_problem *problem)
{
    struct gc_spec_problem p = {
        .line = gc_spec_problem_line(spec, problem->node, problem->field),
        .warning = problem->warning,
    };
    enum gc_err err = copy_out(spec, problem->field, &p.field);
    if (!err)
        err = copy_out(spec, problem->text, &p.text);
    if (!err && problem->node < spec->job.n_nodes)
        err = copy_out(spec, spec->nodes[problem->node].id, &p.id);
    if (err)
        return err;
    insert(spec, p);
    return GC_OK;
}

/* Texts hold what the file holds: nothing of it may move a terminal's cursor. */
static void tame(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

size_t gc_spec_problem_text(const struct gc_spec *spec, const struct gc_spec_problem *problem, char *buf,
                            size_t size)
{
    char line[16] = "";
    if (problem->line)
        snprintf(line, sizeof line, ":%u", problem->line);
    bool has_id = problem->id != NULL;
    bool has_field = problem->field[0] != '\0';
    int len = snprintf(buf, size, "%s%s: %s%s%s%s%s%s%s", spec->file, line, has_id ? "node '" : "",
                       has_id ? problem->id : "", has_id ? "': " : "", problem->field, has_field ? ": " : "",
                       problem->warning ? "warning: " : "", problem->text);
    if (size > 0)
        tame(buf);
    return len < 0 ? 0 : (size_t)len;
}
