/* plan_command.c - one step in the words of the vips command: its op's template, filled in. See plan_program.h. */
#include <string.h>

#include "client/plan_program.h"
#include "client/shell_line.h"
#include "common/json/json.h"
#include "proto/states.h"

/* A step that is being written. */
struct writing {
    const struct gc_plan_view *view;
    uint32_t stage;
    const struct gc_step *step;
    const struct gc_step
        *decoder; /* whose file {item} is: the step itself, or that whose decode it takes over */
    const struct gc_op *op;
    struct gc_bytes template;
    uint64_t runnable; /* of its program */
    struct gc_shell_line line;
    struct gc_text why; /* it has no command */
    bool dashes;        /* "--" was written: no option comes after it */
    bool at_item;       /* {item} was the last thing written: brackets behind it are the decoder's settings */
};

static const struct gc_program *program_of(const struct writing *w)
{
    return &w->view->programs[w->stage];
}

static void no_command(struct writing *w, const char *what, struct gc_bytes name, const char *more)
{
    if (w->why.len == 0)
        gc_text_format(&w->why, "%s%.*s%s", what, GC_STR_ARGS(gc_bytes_str(name)), more);
}

/* Whether the template has {NAME}. */
static bool names(struct gc_bytes template, struct gc_str name)
{
    for (size_t i = 0; i + name.len + 2 <= template.len; i++) {
        const char *at = (const char *)template.ptr + i;
        if (at[0] == '{' && at[name.len + 1] == '}' && memcmp(at + 1, name.ptr, name.len) == 0)
            return true;
    }
    return false;
}

static struct gc_bytes template_of(const struct gc_op *op, const struct gc_step *step)
{
    return step->decode != GC_UNSET ? op->command_on_file : op->command;
}

/* Whether the step's command writes the file of that output (empty: the first), if it has one. */
static bool writes(const struct gc_plan_view *view, const struct gc_step *step, struct gc_bytes output)
{
    const struct gc_op *op = gc_catalogue_op(view->catalogue, step->op);
    if (!op || op->n_outputs == 0)
        return false;
    return names(template_of(op, step), gc_bytes_str(output.len ? output : op->outputs[0].name));
}

/* An input of any kind, which need not be there, says only to what a value belongs: an image of noise to an item. */
static bool only_belongs(const struct gc_op *op, struct gc_bytes slot)
{
    for (uint32_t i = 0; i < op->n_inputs; i++)
        if (gc_bytes_equal(op->inputs[i].name, slot))
            return op->inputs[i].type == GC_TYPE_ANY && !op->inputs[i].required;
    return false;
}

/* Whether all that it reads is written; `made` has the steps whose commands can run. */
static bool can_run(const struct gc_plan_view *view, const struct gc_program *p, uint32_t at, uint64_t made)
{
    const struct gc_step *step = &p->steps[at];
    const struct gc_op *op = gc_catalogue_op(view->catalogue, step->op);
    if (!op || template_of(op, step).len == 0)
        return false;
    for (uint32_t k = 0; k < step->n_inputs; k++) {
        struct gc_step_input in = gc_step_origin(p, step->inputs[k]);
        if (in.step == GC_UNSET || in.step == step->decode || only_belongs(op, step->inputs[k].slot))
            continue;
        if (!(made >> in.step & 1) || !writes(view, &p->steps[in.step], in.output))
            return false;
    }
    return true;
}

/* The set of steps whose commands can run: of those the items see first, as they are read by all. */
static uint64_t runnable(const struct gc_plan_view *view, const struct gc_program *p)
{
    uint64_t made = 0;
    for (unsigned of_items = 0; of_items < 2; of_items++)
        for (uint32_t i = 0; i < p->n_steps; i++)
            if (p->steps[i].hoisted != of_items && can_run(view, p, i, made))
                made |= UINT64_C(1) << i;
    return made;
}

/* "$T/small.v", "$T/image.exif.v" */
static void put_file(const struct gc_plan_view *view, const struct gc_step *step, struct gc_bytes output,
                     struct gc_text *to)
{
    const struct gc_op *op = gc_catalogue_op(view->catalogue, step->op);
    bool first = output.len == 0 || (op && op->n_outputs && gc_bytes_equal(op->outputs[0].name, output));
    gc_text_put(to, "$T/");
    gc_shell_safe(to, step->id);
    if (!first) {
        gc_text_putc(to, '.');
        gc_shell_safe(to, output);
    }
    gc_text_put(to, ".v");
}

static void put_item_variable(struct writing *w)
{
    struct gc_text name = {0};
    gc_text_putc(&name, '$');
    gc_plan_item_name(w->view, w->stage, &name);
    gc_shell_variable(&w->line, gc_text_str(&name));
    gc_shell_away(&w->line, &name);
}

static void put_item(struct writing *w)
{
    const struct gc_value *path = gc_step_setting(w->decoder, GC_STR("path"));
    w->at_item = true;
    if (path && path->kind == GC_VALUE_STRING)
        gc_shell_bytes(&w->line, path->as.string);
    else
        put_item_variable(w);
}

/* One file of an input. */
static void put_input_file(struct writing *w, const struct gc_step_input *in, struct gc_text *files)
{
    struct gc_step_input from = gc_step_origin(program_of(w), *in);
    const struct gc_step *step = from.step == GC_UNSET ? NULL : &program_of(w)->steps[from.step];
    if (files->len)
        gc_text_putc(files, ' ');
    if (!step) {
        gc_text_putc(files, '$');
        gc_plan_item_name(w->view, w->stage, files);
    } else if (!(w->runnable >> from.step & 1) || !writes(w->view, step, from.output)) {
        no_command(w, "it reads '", step->id, "', which no vips command makes");
    } else {
        put_file(w->view, step, from.output, files);
    }
}

/* Of an input that takes many nodes the files are one word. */
static void put_input(struct writing *w, struct gc_str slot)
{
    struct gc_text files = {0};
    for (uint32_t k = 0; k < w->step->n_inputs; k++)
        if (gc_str_equal(gc_bytes_str(w->step->inputs[k].slot), slot))
            put_input_file(w, &w->step->inputs[k], &files);
    if (files.len == 0)
        no_command(w, "it has no input '", gc_str_bytes(slot), "'");
    gc_shell_variable(&w->line, gc_text_str(&files));
    gc_shell_away(&w->line, &files);
}

/* ---- settings ---- */

static bool put_value(struct gc_text *to, const struct gc_value *v, bool inside)
{
    switch (v->kind) {
    case GC_VALUE_BOOL: gc_text_put(to, v->as.flag ? "true" : "false"); return true;
    case GC_VALUE_INT: gc_text_format(to, "%lld", (long long)v->as.integer); return true;
    case GC_VALUE_REAL: gc_json_real(to, v->as.real); return true;
    case GC_VALUE_STRING: gc_text_append(to, v->as.string.ptr, v->as.string.len); return true;
    case GC_VALUE_LIST:
        for (uint32_t i = 0; i < v->n && !inside; i++) {
            if (i)
                gc_text_putc(to, ' ');
            if (!put_value(to, &v->as.items[i], true))
                return false;
        }
        return !inside;
    case GC_VALUE_NULL:
    case GC_VALUE_MAP:
    default: return false;
    }
}

static const struct gc_op_config *config_of(const struct gc_op *op, struct gc_str key)
{
    for (uint32_t i = 0; i < op->n_config; i++)
        if (gc_str_equal(gc_bytes_str(op->config[i].key), key))
            return &op->config[i];
    return NULL;
}

/* The command wants a number where a job may have its name. */
static struct gc_value numbered(const struct gc_op_config *config, const struct gc_value *v)
{
    for (uint32_t i = 0; config && v->kind == GC_VALUE_STRING && i < config->n_choices; i++)
        if (gc_bytes_equal(config->choices[i].text, v->as.string))
            return (struct gc_value){.kind = GC_VALUE_INT, .as.integer = i};
    return *v;
}

static bool put_numbered(struct gc_text *to, const struct gc_op_config *config, const struct gc_value *v)
{
    uint32_t n = v->kind == GC_VALUE_LIST ? v->n : 1;
    const struct gc_value *items = v->kind == GC_VALUE_LIST ? v->as.items : v;
    for (uint32_t i = 0; i < n; i++) {
        struct gc_value one = numbered(config, &items[i]);
        if (i)
            gc_text_putc(to, ' ');
        if (!put_value(to, &one, true))
            return false;
    }
    return true;
}

/* A setting as a word of the command. */
static bool put_word(struct writing *w, const struct gc_value *v, struct gc_str key, struct gc_text *to)
{
    const struct gc_op_config *config = config_of(w->op, key);
    if (config && config->type == GC_TYPE_ANY && config->n_choices > 0)
        return put_numbered(to, config, v);
    return put_value(to, v, false);
}

/* A word that begins with a dash is taken for an option, but behind "--": a blank before a number changes nothing. */
static void put_setting(struct writing *w, struct gc_str key)
{
    struct gc_text text = {0};
    const struct gc_value *v = gc_step_setting(w->step, key);
    if (!v || !put_word(w, v, key, &text))
        no_command(w, "it needs a number or a text as '", gc_str_bytes(key), "'");
    if (!w->line.begun && text.len && text.ptr[0] == '-' && !w->dashes)
        gc_shell_plain(&w->line, " ", 1);
    gc_shell_plain(&w->line, gc_text_str(&text), text.len);
    gc_shell_away(&w->line, &text);
}

/* What libvips reads within brackets: a text with one of its signs stands in quotes. */
static void put_in_brackets(struct gc_shell_line *l, const struct gc_text *value)
{
    const char *s = gc_text_str(value);
    if (!strpbrk(s, "[]=,\"\\")) {
        gc_shell_plain(l, s, value->len);
        return;
    }
    gc_shell_plain(l, "\"", 1);
    for (size_t i = 0; i < value->len; i++) {
        if (s[i] == '"' || s[i] == '\\')
            gc_shell_plain(l, "\\", 1);
        gc_shell_plain(l, s + i, 1);
    }
    gc_shell_plain(l, "\"", 1);
}

/* What a placeholder {options...} asks for. */
struct choice {
    bool brackets;
    bool but; /* `keys` are those left out; else, where there are any, those taken */
    struct gc_str keys;
};

static bool listed(struct gc_str keys, struct gc_str key)
{
    for (size_t i = 0; i < keys.len;) {
        size_t end = i;
        while (end < keys.len && keys.ptr[end] != ' ')
            end++;
        if (gc_str_equal(gc_str_part(keys, i, end), key))
            return true;
        i = end + 1;
    }
    return false;
}

/* A truth value that is not so is left out: all of libvips' begin as false, and its command takes --key=false for true. */
static bool chosen(const struct writing *w, const struct choice *c, const struct gc_setting *s)
{
    struct gc_str key = gc_bytes_str(s->key);
    if (!c->brackets && s->value.kind == GC_VALUE_BOOL && !s->value.as.flag)
        return false;
    if (names(w->template, key) || s->value.kind == GC_VALUE_NULL)
        return false;
    return c->keys.len == 0 || listed(c->keys, key) != c->but;
}

static void put_option(struct writing *w, const struct choice *c, const struct gc_setting *s, bool first)
{
    struct gc_text text = {0};
    if (!put_value(&text, &s->value, false))
        no_command(w, "a vips command cannot be told its '", s->key, "'");
    if (c->brackets) {
        gc_shell_plain(&w->line, first ? "[" : ",", 1);
        gc_shell_bytes(&w->line, s->key);
        gc_shell_plain(&w->line, "=", 1);
        put_in_brackets(&w->line, &text);
    } else {
        gc_shell_plain(&w->line, "--", 2);
        for (size_t i = 0; i < s->key.len; i++)
            gc_shell_plain(&w->line, s->key.ptr[i] == '_' ? "-" : (const char *)s->key.ptr + i, 1);
        gc_shell_plain(&w->line, "=", 1);
        gc_shell_plain(&w->line, gc_text_str(&text), text.len);
        gc_shell_end(&w->line);
    }
    gc_shell_away(&w->line, &text);
}

static void put_options(struct writing *w, const struct choice *c)
{
    const struct gc_step *of = c->brackets && w->at_item ? w->decoder : w->step;
    bool first = true;
    for (uint32_t i = 0; i < of->n_config; i++) {
        if (!chosen(w, c, &of->config[i]))
            continue;
        put_option(w, c, &of->config[i], first);
        first = false;
    }
    if (c->brackets && !first)
        gc_shell_plain(&w->line, "]", 1);
}

/* "options", "options !a b", "options, a b" */
static bool take_choice(struct gc_str text, struct choice *ret)
{
    static const struct gc_str word = GC_STR_INIT("options");
    if (text.len < word.len || !gc_str_equal(gc_str_part(text, 0, word.len), word))
        return false;
    size_t at = word.len;
    *ret = (struct choice){.brackets = at < text.len && text.ptr[at] == ','};
    at += ret->brackets;
    while (at < text.len && text.ptr[at] == ' ')
        at++;
    ret->but = at < text.len && text.ptr[at] == '!';
    ret->keys = gc_str_part(text, at + ret->but, text.len);
    return true;
}

/* ---- templates ---- */

/* The file that a publishing step writes. Its name's ending is the format; where that hangs on the item, the item's own. */
static void put_published(struct writing *w, const struct gc_value *to)
{
    struct gc_str name = gc_bytes_str(to->as.string);
    size_t dot = name.len;
    while (dot > 0 && name.ptr[dot - 1] != '.' && name.ptr[dot - 1] != '/' && name.ptr[dot - 1] != '}')
        dot--;
    bool literal = dot > 0 && name.ptr[dot - 1] == '.';
    struct gc_text file = {0};
    gc_text_put(&file, "$OUT/");
    gc_shell_safe(&file, w->step->id);
    gc_text_putc(&file, '.');
    if (literal) {
        gc_shell_safe(&file, gc_str_bytes(gc_str_part(name, dot, name.len)));
    } else {
        gc_text_put(&file, "${");
        gc_plan_item_name(w->view, w->stage, &file);
        gc_text_put(&file, "##*.}");
    }
    gc_shell_variable(&w->line, gc_text_str(&file));
    gc_shell_away(&w->line, &file);
}

static bool is_input(const struct gc_op *op, struct gc_str name)
{
    for (uint32_t i = 0; i < op->n_inputs; i++)
        if (gc_str_equal(gc_bytes_str(op->inputs[i].name), name))
            return true;
    return false;
}

static bool is_output(const struct gc_op *op, struct gc_str name)
{
    for (uint32_t i = 0; i < op->n_outputs; i++)
        if (gc_str_equal(gc_bytes_str(op->outputs[i].name), name))
            return true;
    return false;
}

static void put_output(struct writing *w, struct gc_str name)
{
    struct gc_text file = {0};
    put_file(w->view, w->step, gc_str_bytes(name), &file);
    gc_shell_variable(&w->line, gc_text_str(&file));
    gc_shell_away(&w->line, &file);
}

static void put_placeholder(struct writing *w, struct gc_str name)
{
    struct choice choice;
    const struct gc_value *to = gc_step_setting(w->step, name);
    bool published =
        (w->step->traits & GC_TRAIT_PUBLISH) && gc_str_is(name, "to") && to && to->kind == GC_VALUE_STRING;
    if (take_choice(name, &choice))
        put_options(w, &choice);
    else if (gc_str_is(name, "item"))
        put_item(w);
    else if (is_input(w->op, name))
        put_input(w, name);
    else if (is_output(w->op, name))
        put_output(w, name);
    else if (published)
        put_published(w, to);
    else
        put_setting(w, name);
    if (!gc_str_is(name, "item"))
        w->at_item = false;
}

/* The next placeholder at or behind `at`, without its braces; false: there is none. Brackets around options go with them. */
static bool next_placeholder(struct gc_str t, size_t at, size_t *ret_begin, size_t *ret_end,
                             struct gc_str *ret)
{
    struct choice choice;
    const char *open = at < t.len ? memchr(t.ptr + at, '{', t.len - at) : NULL;
    const char *close = open ? memchr(open, '}', t.len - (size_t)(open - t.ptr)) : NULL;
    if (!close)
        return false;
    size_t begin = (size_t)(open - t.ptr);
    size_t end = (size_t)(close - t.ptr) + 1;
    *ret = gc_str_part(t, begin + 1, end - 1);
    bool brackets = take_choice(*ret, &choice) && choice.brackets && begin > at && t.ptr[begin - 1] == '[' &&
                    end < t.len && t.ptr[end] == ']';
    *ret_begin = begin - brackets;
    *ret_end = end + brackets;
    return true;
}

/* What of a template is no placeholder: words of the shell as they stand. */
static void put_template_text(struct writing *w, struct gc_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        w->at_item = false;
        w->dashes = w->dashes || (text.ptr[i] == ' ' && i >= 3 && memcmp(text.ptr + i - 3, " --", 3) == 0);
        if (text.ptr[i] == ' ')
            gc_shell_end(&w->line);
        else
            gc_shell_raw(&w->line, text.ptr + i, 1);
    }
}

static void put_template(struct writing *w)
{
    struct gc_str t = gc_bytes_str(w->template);
    struct gc_str name;
    size_t at = 0, begin, end;
    while (next_placeholder(t, at, &begin, &end, &name)) {
        put_template_text(w, gc_str_part(t, at, begin));
        put_placeholder(w, name);
        at = end;
    }
    put_template_text(w, gc_str_part(t, at, t.len));
    gc_shell_end(&w->line);
}

/* A value that the job gives and the command does not get would change what it does in silence. */
static void check_inputs(struct writing *w)
{
    for (uint32_t k = 0; k < w->step->n_inputs; k++) {
        const struct gc_step_input *in = &w->step->inputs[k];
        uint64_t from = gc_step_origin(program_of(w), *in).step;
        if (from == GC_UNSET || from == w->step->decode || names(w->template, gc_bytes_str(in->slot)) ||
            only_belongs(w->op, in->slot))
            continue;
        no_command(w, "the vips command cannot be given its '", in->slot, "'");
    }
}

/* The file that a hoisted step reads or a step of the run is its own path: there is no item. */
static void check_item(struct writing *w)
{
    bool run = w->step->hoisted || w->view->plan->stages[w->stage].source == GC_UNSET;
    if (run && names(w->template, GC_STR("item")) && !gc_step_setting(w->decoder, GC_STR("path")))
        no_command(w, "'", w->decoder->id, "' has no file to read");
}

bool gc_plan_command(const struct gc_plan_view *view, uint32_t stage, uint32_t step, struct gc_text *out)
{
    struct gc_text text = {0};
    const struct gc_program *p = &view->programs[stage];
    struct writing w = {.view = view, .stage = stage, .step = &p->steps[step], .line.out = &text};
    w.op = gc_catalogue_op(view->catalogue, w.step->op);
    w.runnable = p->kind == GC_STAGE_ITEM ? runnable(view, p) : 0;
    w.decoder = w.step->decode == GC_UNSET ? w.step : &p->steps[w.step->decode];
    w.template = w.op ? template_of(w.op, w.step) : (struct gc_bytes){0};
    if (!w.op) {
        no_command(&w, "no worker has the op '", w.step->op, "' any more");
    } else if (w.template.len == 0) {
        no_command(&w, "", w.step->op, " has no vips command");
    } else {
        check_item(&w);
        check_inputs(&w);
        put_template(&w);
    }
    bool made = w.why.len == 0 && gc_text_ok(&text) && gc_text_ok(&w.why);
    const struct gc_text *result = made ? &text : &w.why;
    gc_text_append(out, gc_text_str(result), result->len);
    if (!gc_text_ok(&text) || !gc_text_ok(&w.why))
        out->failed = true;
    gc_text_release(&w.line.plain);
    gc_text_release(&w.why);
    gc_text_release(&text);
    return made;
}
