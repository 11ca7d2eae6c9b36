#include "worker/ops/command.h"

#include <string.h>

static void put(struct gc_buf *out, const char *text)
{
    (void)gc_buf_append(out, text, strlen(text));
}

static void put_placeholder(struct gc_buf *out, const char *name)
{
    put(out, " {");
    put(out, name);
    put(out, "}");
}

static bool may_be_negative(const GParamSpec *spec)
{
    if (G_IS_PARAM_SPEC_INT(spec))
        return G_PARAM_SPEC_INT(spec)->minimum < 0;
    if (G_IS_PARAM_SPEC_DOUBLE(spec))
        return G_PARAM_SPEC_DOUBLE(spec)->minimum < 0;
    return G_IS_PARAM_SPEC_BOXED(spec);
}

/* What the command does not take as a word: truth values are options always, values that it makes are printed. */
static bool is_word(const struct gc_form_part *part)
{
    return part->required && part->role != GC_FORM_MADE_VALUE && !G_IS_PARAM_SPEC_BOOLEAN(part->spec);
}

/* An image that it makes only where it is asked to. */
static void put_option(struct gc_buf *out, const struct gc_form_part *part)
{
    put(out, " --");
    put(out, part->spec->name);
    put(out, "={");
    put(out, part->name);
    put(out, "}");
}

void gc_command_put(struct gc_buf *out, const struct gc_form *form)
{
    const char *canvas = NULL;
    bool dashes = false;
    for (uint32_t i = 0; i < form->n_parts; i++)
        if (form->parts[i].role == GC_FORM_CANVAS)
            canvas = form->parts[i].name;
    if (canvas) {
        put(out, "vips copy");
        put_placeholder(out, canvas);
        put(out, " {out} && ");
    }
    put(out, "vips ");
    put(out, form->nickname);
    for (uint32_t i = 0; i < form->n_parts; i++) {
        const struct gc_form_part *part = &form->parts[i];
        if (part->role == GC_FORM_MADE_IMAGE && !part->required)
            put_option(out, part);
        if (!is_word(part))
            continue;
        if (!dashes && part->role == GC_FORM_SETTING && may_be_negative(part->spec)) {
            put(out, " {options} --");
            dashes = true;
        }
        put_placeholder(out, part->role == GC_FORM_CANVAS ? "out" : part->name);
    }
    if (!dashes)
        put(out, " {options}");
}
