/* JSON (RFC 8259) with the line of every value.
 *
 * Neither library at hand gives that: jansson's values have no positions, and libyaml, for which JSON is nearly YAML, refuses
 * surrogate pairs and tabs. So JSON is read here: no recursion, UTF-8 checked, into the same tree as YAML.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/spec/loader.h"
#include "common/assert.h"

struct reader {
    struct gc_loader *l;
    struct gc_tree_builder b;
    const char *at;
    const char *end;
    uint32_t line;
};

static bool wrong(struct reader *r, const char *what)
{
    gc_loader_error(r->l, GC_PLACE(r->line, NULL, ""), "no JSON: %s", what);
    return false;
}

static void skip_blank(struct reader *r)
{
    for (; r->at < r->end; r->at++) {
        if (*r->at == '\n')
            r->line++;
        else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\r')
            return;
    }
}

static bool take(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return false;
    r->at += len;
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool take_hex4(struct reader *r, uint32_t *ret)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        int digit = r->at < r->end ? hex_value(*r->at) : -1;
        if (digit < 0)
            return wrong(r, "\\u wants four hexadecimal digits");
        v = v << 4 | (uint32_t)digit;
    }
    *ret = v;
    return true;
}

/* After \u: one character, of two escapes where it is a surrogate pair. */
static bool take_unicode(struct reader *r, uint32_t *ret)
{
    uint32_t high;
    uint32_t low;
    if (!take_hex4(r, &high))
        return false;
    *ret = high;
    if (high < 0xd800 || high > 0xdfff)
        return true;
    if (high > 0xdbff || !take_word(r, "\\u"))
        return wrong(r, "half of a surrogate pair");
    if (!take_hex4(r, &low))
        return false;
    if (low < 0xdc00 || low > 0xdfff)
        return wrong(r, "half of a surrogate pair");
    *ret = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(lead[more] | c >> (6 * more));
    while (more-- > 0)
        *to++ = (char)(0x80 | (c >> (6 * more) & 0x3f));
    return to;
}

static bool take_escape(struct reader *r, char **to)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end)
        return wrong(r, "a string does not end");
    char c = *r->at++;
    const char *found = c ? strchr(names, c) : NULL;
    if (found) {
        *(*to)++ = meant[found - names];
        return true;
    }
    uint32_t character;
    if (c != 'u')
        return wrong(r, "an escape that is none (\\\\ is a backslash)");
    if (!take_unicode(r, &character))
        return false;
    *to = put_utf8(*to, character);
    return true;
}

/* Copies one UTF-8 character of two bytes or more; overlong forms, surrogates and what is above U+10FFFF are none. */
static bool take_utf8(struct reader *r, char **to)
{
    uint8_t lead = (uint8_t)*r->at;
    int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || r->end - r->at <= more)
        return wrong(r, "bytes that are no UTF-8");
    uint32_t c = lead & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        uint8_t next = (uint8_t)r->at[i];
        if ((next & 0xc0) != 0x80)
            return wrong(r, "bytes that are no UTF-8");
        c = c << 6 | (next & 0x3f);
    }
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return wrong(r, "bytes that are no UTF-8");
    memcpy(*to, r->at, (size_t)more + 1);
    *to += more + 1;
    r->at += more + 1;
    return true;
}

static const char *closing_quote(const struct reader *r)
{
    size_t left = (size_t)(r->end - r->at);
    size_t i = 0;
    while (i < left && r->at[i] != '"')
        i += r->at[i] == '\\' ? 2 : 1;
    return i < left ? r->at + i : NULL;
}

/* After the opening quote. No escape is shorter than what it stands for, so the quoted length is room enough. */
static bool take_string(struct reader *r, struct gc_str *ret)
{
    const char *quote = closing_quote(r);
    if (!quote)
        return wrong(r, "a string does not end");
    char *text = GC_LOADER_ARRAY(r->l, char, (size_t)(quote - r->at) + 1);
    if (!text)
        return false;
    char *to = text;
    while (r->at < quote) {
        if (*r->at == '\\') {
            r->at++;
            if (!take_escape(r, &to))
                return false;
        } else if ((uint8_t)*r->at < ' ') {
            return wrong(r, "a control character in a string (a line break is \\n)");
        } else if ((uint8_t)*r->at < 0x80) {
            *to++ = *r->at++;
        } else if (!take_utf8(r, &to)) {
            return false;
        }
    }
    *ret = gc_str_from(text, (size_t)(to - text));
    return take(r, '"');
}

static size_t digits(const char *at, const char *end)
{
    const char *p = at;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return (size_t)(p - at);
}

/* The length of the number at `at`, as JSON writes them; 0: it is none. */
static size_t number_len(const struct reader *r)
{
    const char *p = r->at + (*r->at == '-');
    size_t whole = digits(p, r->end);
    if (whole == 0 || (whole > 1 && *p == '0'))
        return 0;
    p += whole;
    if (p < r->end && *p == '.') {
        size_t fraction = digits(p + 1, r->end);
        if (fraction == 0)
            return 0;
        p += 1 + fraction;
    }
    if (p < r->end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < r->end && (*p == '+' || *p == '-');
        size_t exponent = digits(p, r->end);
        if (exponent == 0)
            return 0;
        p += exponent;
    }
    return (size_t)(p - r->at);
}

/* JSON's numbers are those of YAML's core schema that have no leading zeros. */
static bool take_number(struct reader *r, struct gc_tree *t)
{
    size_t len = number_len(r);
    if (len == 0)
        return wrong(r, "here should be a value");
    gc_scalar_core(r->l, gc_str_from(r->at, len), t); /* what is beyond 64 bits is told: read on */
    r->at += len;
    return true;
}

static bool take_literal(struct reader *r, struct gc_tree *t)
{
    if (take_word(r, "true") || take_word(r, "false")) {
        t->kind = GC_VALUE_BOOL;
        t->as.flag = r->at[-2] == 'u';
        return true;
    }
    if (take_word(r, "null")) {
        t->kind = GC_VALUE_NULL;
        return true;
    }
    return take_number(r, t);
}

static bool read_scalar(struct reader *r)
{
    struct gc_tree *t = gc_tree_new(r->l, GC_VALUE_STRING, r->line);
    if (!t)
        return false;
    bool good = take(r, '"') ? take_string(r, &t->as.string) : take_literal(r, t);
    return good && gc_tree_value(&r->b, t, t->line);
}

static bool read_key(struct reader *r)
{
    struct gc_str key;
    uint32_t line = r->line;
    if (!take(r, '"'))
        return wrong(r, "here should be a key in double quotes");
    if (!take_string(r, &key))
        return false;
    skip_blank(r);
    if (!take(r, ':'))
        return wrong(r, "a colon should stand behind the key");
    skip_blank(r);
    return gc_tree_key(&r->b, key, line);
}

/* Behind a value: closes what ends here, and stands before the next value, or at the end with depth 0. */
static bool after_value(struct reader *r)
{
    while (r->b.depth > 0) {
        bool map = r->b.stack[r->b.depth - 1].tree->kind == GC_VALUE_MAP;
        skip_blank(r);
        if (take(r, ',')) {
            skip_blank(r);
            return true;
        }
        if (!take(r, map ? '}' : ']'))
            return wrong(r, map ? "here should be a comma or }" : "here should be a comma or ]");
        gc_tree_close(&r->b);
    }
    return true;
}

/* One value, or the beginning of one that has entries. */
static bool step(struct reader *r)
{
    struct gc_tree *t;
    if (gc_tree_wants_key(&r->b) && !read_key(r))
        return false;
    if (r->at == r->end)
        return wrong(r, "the file ends too early");
    bool map = *r->at == '{';
    if (!map && *r->at != '[')
        return read_scalar(r) && after_value(r);
    r->at++;
    if (!gc_tree_open(&r->b, map ? GC_VALUE_MAP : GC_VALUE_LIST, r->line, &t))
        return false;
    skip_blank(r);
    if (!take(r, map ? '}' : ']'))
        return true;
    gc_tree_close(&r->b);
    return after_value(r);
}

struct gc_tree *gc_json_read(struct gc_loader *l, struct gc_str text)
{
    struct reader r = {.l = l, .at = text.ptr, .end = text.ptr + text.len, .line = 1};
    r.b.l = l;
    skip_blank(&r);
    if (r.at == r.end) {
        gc_loader_error(l, GC_PLACE(1, NULL, ""), "the file is empty");
        return NULL;
    }
    do {
        if (!step(&r) || l->err)
            return NULL;
    } while (r.b.depth > 0);
    skip_blank(&r);
    if (r.at != r.end) {
        wrong(&r, "something stands behind its end");
        return NULL;
    }
    return r.b.root;
}
