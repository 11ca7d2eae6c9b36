#include "client/shell_line.h"

#include <string.h>

static bool is_safe(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_-./:=,+@%", c));
}

void gc_shell_safe(struct gc_text *out, struct gc_bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        gc_text_putc(out, is_safe((char)name.ptr[i]) && name.ptr[i] != '/' ? (char)name.ptr[i] : '_');
}

/* In single quotes everything stands for itself but the quote; control bytes are spelt, since a terminal would obey them. */
static void put_quoted(struct gc_text *out, const char *s, size_t len)
{
    bool open = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        bool control = (c < 0x20 && c != '\n') || c == 0x7f;
        bool inside = !control && c != '\'';
        if (inside != open)
            gc_text_putc(out, '\'');
        open = inside;
        if (control)
            gc_text_format(out, "\"$(printf '\\%03o')\"", c);
        else
            gc_text_put(out, c == '\'' ? "\\'" : (char[]){(char)c, '\0'});
    }
    if (open)
        gc_text_putc(out, '\'');
}

static void flush_plain(struct gc_shell_line *l)
{
    const char *s = gc_text_str(&l->plain);
    bool safe = true;
    for (size_t i = 0; i < l->plain.len && safe; i++)
        safe = is_safe(s[i]);
    if (safe)
        gc_text_append(l->out, s, l->plain.len);
    else
        put_quoted(l->out, s, l->plain.len);
    l->out->failed = l->out->failed || !gc_text_ok(&l->plain);
    gc_text_reset(&l->plain);
}

static void begin_word(struct gc_shell_line *l)
{
    if (!l->begun && l->out->len)
        gc_text_putc(l->out, ' ');
    l->begun = true;
}

void gc_shell_plain(struct gc_shell_line *l, const char *s, size_t len)
{
    begin_word(l);
    gc_text_append(&l->plain, s, len);
}

void gc_shell_raw(struct gc_shell_line *l, const char *s, size_t len)
{
    begin_word(l);
    flush_plain(l);
    gc_text_append(l->out, s, len);
}

void gc_shell_bytes(struct gc_shell_line *l, struct gc_bytes b)
{
    gc_shell_plain(l, (const char *)b.ptr, b.len);
}

void gc_shell_variable(struct gc_shell_line *l, const char *text)
{
    begin_word(l);
    flush_plain(l);
    gc_text_format(l->out, "\"%s\"", text);
}

void gc_shell_away(struct gc_shell_line *l, struct gc_text *made)
{
    l->out->failed = l->out->failed || !gc_text_ok(made);
    gc_text_release(made);
}

void gc_shell_end(struct gc_shell_line *l)
{
    if (l->begun)
        flush_plain(l);
    l->begun = false;
}
