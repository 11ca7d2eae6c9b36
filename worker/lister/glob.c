#include "worker/lister/glob.h"

#include <stdlib.h>
#include <string.h>

#include "common/assert.h"

enum { MAX_PATTERN = 4096, MAX_EXPANDED = 256 * 1024 };

struct position {
    struct gc_str part;
    bool any_folders; /* ** */
    bool last;        /* of its alternative: for files */
};

struct gc_glob {
    bool with_case;
    uint32_t n;
    struct position positions[GC_GLOB_POSITIONS];
    struct gc_glob_state starts;
    size_t used;
    char *text; /* the alternatives, written out */
};

/* ---- one name ---- */

static unsigned char fold(const struct gc_glob *g, char c)
{
    return (unsigned char)(!g->with_case && c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Behind a '[': whether `c` is of the set; *ret_end: behind the ']'. False and no end where it does not close: then '[' is itself. */
static bool in_set(const struct gc_glob *g, struct gc_str p, size_t at, char c, size_t *ret_end)
{
    bool negated = at < p.len && (p.ptr[at] == '!' || p.ptr[at] == '^');
    bool found = false;
    unsigned char x = fold(g, c);
    size_t begin = at += negated;
    *ret_end = 0;
    for (; at < p.len && (p.ptr[at] != ']' || at == begin); at++) {
        unsigned char low = fold(g, p.ptr[at]);
        unsigned char high = low;
        if (at + 2 < p.len && p.ptr[at + 1] == '-' && p.ptr[at + 2] != ']') {
            high = fold(g, p.ptr[at + 2]);
            at += 2;
        }
        found = found || (x >= low && x <= high);
    }
    if (at >= p.len)
        return false;
    *ret_end = at + 1;
    return found != negated;
}

/* A character: a byte, or a UTF-8 sequence. */
static size_t character(struct gc_str name, size_t at)
{
    size_t end = at + 1;
    if ((unsigned char)name.ptr[at] >= 0xc0)
        while (end < name.len && ((unsigned char)name.ptr[end] & 0xc0) == 0x80)
            end++;
    return end;
}

/* Matches one element of the pattern that is no star; moves both on. */
static bool one(const struct gc_glob *g, struct gc_str p, size_t *p_at, struct gc_str name, size_t *at)
{
    size_t end;
    if (*p_at >= p.len || *at >= name.len)
        return false;
    char c = p.ptr[*p_at];
    if (c == '?') {
        *at = character(name, *at);
        ++*p_at;
        return true;
    }
    if (c == '[') {
        bool member = in_set(g, p, *p_at + 1, name.ptr[*at], &end);
        if (end) {
            *p_at = end;
            ++*at;
            return member;
        }
    }
    if (c == '\\' && *p_at + 1 < p.len)
        c = p.ptr[++*p_at];
    ++*p_at;
    return fold(g, c) == fold(g, name.ptr[(*at)++]);
}

/* The last star takes one character more whenever what follows it does not match: linear for one star, never exponential. */
static bool matches(const struct gc_glob *g, struct gc_str p, struct gc_str name)
{
    size_t p_at = 0;
    size_t at = 0;
    size_t star = SIZE_MAX;
    size_t star_at = 0;
    if (name.len > 0 && name.ptr[0] == '.' && !(p.len > 0 && p.ptr[0] == '.') &&
        !gc_str_starts(p, GC_STR("\\.")))
        return false;
    while (at < name.len) {
        if (p_at < p.len && p.ptr[p_at] == '*') {
            star = ++p_at;
            star_at = at;
            continue;
        }
        if (one(g, p, &p_at, name, &at))
            continue;
        if (star == SIZE_MAX)
            return false;
        p_at = star;
        at = ++star_at;
    }
    while (p_at < p.len && p.ptr[p_at] == '*')
        p_at++;
    return p_at == p.len;
}

/* ---- sets of positions ---- */

static bool has(const struct gc_glob_state *s, uint32_t i)
{
    return s->bits[i / 64] >> (i % 64) & 1;
}

/* A position behind ** is next as well: ** may stand for no folder. */
static void add(const struct gc_glob *g, struct gc_glob_state *s, uint32_t i)
{
    for (;; i++) {
        s->bits[i / 64] |= UINT64_C(1) << (i % 64);
        if (!g->positions[i].any_folders)
            return;
        GC_ASSERT(!g->positions[i].last);
    }
}

static bool none(const struct gc_glob_state *s)
{
    uint64_t all = 0;
    for (int i = 0; i < GC_GLOB_WORDS; i++)
        all |= s->bits[i];
    return all == 0;
}

struct gc_glob_state gc_glob_start(const struct gc_glob *g)
{
    return g->starts;
}

bool gc_glob_enter(const struct gc_glob *g, const struct gc_glob_state *in, struct gc_str name,
                   struct gc_glob_state *ret)
{
    struct gc_glob_state next = {{0}};
    for (uint32_t i = 0; i < g->n; i++) {
        const struct position *p = &g->positions[i];
        if (!has(in, i))
            continue;
        if (p->any_folders && name.len > 0 && name.ptr[0] != '.')
            add(g, &next, i);
        else if (!p->any_folders && !p->last && matches(g, p->part, name))
            add(g, &next, i + 1);
    }
    *ret = next;
    return !none(&next);
}

bool gc_glob_takes(const struct gc_glob *g, const struct gc_glob_state *in, struct gc_str name)
{
    for (uint32_t i = 0; i < g->n; i++)
        if (has(in, i) && g->positions[i].last && matches(g, g->positions[i].part, name))
            return true;
    return false;
}

/* ---- parsing ---- */

static enum gc_err add_position(struct gc_glob *g, struct position p, struct gc_fault *fault)
{
    if (g->n == GC_GLOB_POSITIONS)
        return gc_fault_set(fault, GC_ERR_INVALID, "the pattern has too many alternatives");
    g->positions[g->n++] = p;
    return GC_OK;
}

/* One alternative, without braces, into its parts. */
static enum gc_err add_alternative(struct gc_glob *g, struct gc_str text, struct gc_fault *fault)
{
    uint32_t first = g->n;
    enum gc_err err = GC_OK;
    for (size_t at = 0; !err && at <= text.len;) {
        size_t end = at;
        while (end < text.len && text.ptr[end] != '/')
            end++;
        struct gc_str part = gc_str_part(text, at, end);
        bool any = gc_str_is(part, "**");
        bool again = any && g->n > first && g->positions[g->n - 1].any_folders;
        at = end + 1;
        if (gc_str_is(part, ".."))
            return gc_fault_set(fault, GC_ERR_INVALID, "'..' in the pattern leads out of the folder");
        if (part.len > 0 && !gc_str_is(part, ".") && !again)
            err = add_position(g, (struct position){.part = part, .any_folders = any}, fault);
    }
    if (!err && g->n > first && g->positions[g->n - 1].any_folders) /* ** at the end: every file below */
        err = add_position(g, (struct position){.part = GC_STR("*")}, fault);
    if (err)
        return err;
    if (g->n == first)
        return gc_fault_set(fault, GC_ERR_INVALID, "an empty pattern");
    g->positions[g->n - 1].last = true;
    add(g, &g->starts, first);
    return GC_OK;
}

/* The brace that closes the one at `open`, and the commas of that level in between. */
static size_t closing(struct gc_str p, size_t open)
{
    unsigned depth = 0;
    for (size_t i = open; i < p.len; i++) {
        if (p.ptr[i] == '\\')
            i++;
        else if (p.ptr[i] == '{')
            depth++;
        else if (p.ptr[i] == '}' && --depth == 0)
            return i;
    }
    return p.len;
}

static size_t next_comma(struct gc_str p, size_t from, size_t end)
{
    unsigned depth = 0;
    for (size_t i = from; i < end; i++) {
        if (p.ptr[i] == '\\')
            i++;
        else if (p.ptr[i] == '{')
            depth++;
        else if (p.ptr[i] == '}')
            depth--;
        else if (p.ptr[i] == ',' && depth == 0)
            return i;
    }
    return end;
}

static size_t first_brace(struct gc_str p)
{
    for (size_t i = 0; i < p.len; i++) {
        if (p.ptr[i] == '\\')
            i++;
        else if (p.ptr[i] == '{')
            return i;
    }
    return p.len;
}

static enum gc_err write_out(struct gc_glob *g, struct gc_str a, struct gc_str b, struct gc_str c,
                             struct gc_str *ret, struct gc_fault *fault)
{
    size_t len = a.len + b.len + c.len;
    if (len > MAX_EXPANDED - g->used)
        return gc_fault_set(fault, GC_ERR_INVALID, "the pattern has too many alternatives");
    char *to = g->text + g->used;
    memcpy(to, a.ptr, a.len);
    memcpy(to + a.len, b.ptr, b.len);
    memcpy(to + a.len + b.len, c.ptr, c.len);
    g->used += len;
    *ret = gc_str_from(to, len);
    return GC_OK;
}

/* Replaces the first brace by each of its alternatives; what comes out without one is added. */
static enum gc_err expand(struct gc_glob *g, struct gc_str p, struct gc_fault *fault)
{
    size_t open = first_brace(p);
    if (open == p.len)
        return add_alternative(g, p, fault);
    size_t close = closing(p, open);
    if (close >= p.len)
        return gc_fault_set(fault, GC_ERR_INVALID, "a brace of the pattern is not closed");
    for (size_t at = open + 1; at <= close;) {
        size_t end = next_comma(p, at, close);
        struct gc_str next;
        enum gc_err err = write_out(g, gc_str_part(p, 0, open), gc_str_part(p, at, end),
                                    gc_str_part(p, close + 1, p.len), &next, fault);
        if (!err)
            err = expand(g, next, fault);
        if (err)
            return err;
        at = end + 1;
    }
    return GC_OK;
}

enum gc_err gc_glob_new(struct gc_str pattern, bool with_case, struct gc_glob **ret, struct gc_fault *fault)
{
    if (pattern.len == 0 || pattern.len > MAX_PATTERN || pattern.ptr[0] == '/')
        return gc_fault_set(fault, GC_ERR_INVALID, "a pattern is relative, and has 1 to %d bytes",
                            MAX_PATTERN);
    struct gc_glob *g = calloc(1, sizeof *g);
    char *text = malloc(MAX_EXPANDED);
    if (!g || !text) {
        free(g);
        free(text);
        return GC_ERR_NOMEM;
    }
    g->with_case = with_case;
    g->text = text;
    struct gc_str own;
    enum gc_err err = write_out(g, pattern, GC_STR(""), GC_STR(""), &own, fault);
    if (!err)
        err = expand(g, own, fault);
    if (err) {
        gc_glob_destroy(&g);
        return err;
    }
    *ret = g;
    return GC_OK;
}

void gc_glob_destroy(struct gc_glob **self_p)
{
    if (*self_p)
        free((*self_p)->text);
    free(*self_p);
    *self_p = NULL;
}
