/* Plain scalars as YAML 1.2's core schema types them (10.3.2), so `no` is a string and 010 is ten. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/spec/loader.h"
#include "common/quantity.h"

static bool one_of(struct gc_str text, const char *a, const char *b, const char *c)
{
    return gc_str_is(text, a) || gc_str_is(text, b) || gc_str_is(text, c);
}

static size_t count_digits(struct gc_str text, size_t from, bool (*is)(char))
{
    size_t n = 0;
    while (from + n < text.len && is(text.ptr[from + n]))
        n++;
    return n;
}

static bool is_decimal(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

static bool is_hex(char c)
{
    return isxdigit((unsigned char)c) != 0;
}

static size_t sign_len(struct gc_str text)
{
    return text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
}

/* The base of an integer; 0: it is none. */
static int integer_base(struct gc_str text)
{
    size_t sign = sign_len(text);
    if (text.len > sign && count_digits(text, sign, is_decimal) == text.len - sign)
        return 10;
    if (text.len > 2 && gc_str_starts(text, GC_STR("0o")) && count_digits(text, 2, is_octal) == text.len - 2)
        return 8;
    if (text.len > 2 && gc_str_starts(text, GC_STR("0x")) && count_digits(text, 2, is_hex) == text.len - 2)
        return 16;
    return 0;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_real(struct gc_str text)
{
    size_t at = sign_len(text);
    size_t whole = count_digits(text, at, is_decimal);
    at += whole;
    if (at < text.len && text.ptr[at] == '.') {
        size_t fraction = count_digits(text, at + 1, is_decimal);
        if (whole + fraction == 0)
            return false;
        at += 1 + fraction;
    } else if (whole == 0) {
        return false;
    }
    if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        at++;
        at += sign_len(gc_str_part(text, at, text.len));
        size_t exponent = count_digits(text, at, is_decimal);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return at == text.len;
}

/* .inf with a sign, .nan without. */
static bool special_real(struct gc_str text, double *ret)
{
    struct gc_str rest = gc_str_part(text, sign_len(text), text.len);
    if (one_of(rest, ".inf", ".Inf", ".INF"))
        *ret = text.ptr[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    else if (one_of(text, ".nan", ".NaN", ".NAN"))
        *ret = (double)NAN;
    else
        return false;
    return true;
}

static bool set_integer(struct gc_loader *l, struct gc_str text, int base, struct gc_tree *ret)
{
    struct gc_str copy = gc_loader_copy(l, text); /* strtoll wants a NUL */
    errno = 0;
    long long v = strtoll(copy.ptr + (base == 10 ? 0 : 2), NULL, base);
    if (errno == ERANGE) {
        gc_loader_error(l, GC_PLACE(ret->line, NULL, ""),
                        "%.40s is beyond 64 bits: put it into quotes, or write it with .0", copy.ptr);
        return false;
    }
    ret->kind = GC_VALUE_INT;
    ret->as.integer = v;
    return true;
}

bool gc_scalar_core(struct gc_loader *l, struct gc_str text, struct gc_tree *ret)
{
    int base = integer_base(text);
    double real;
    if (text.len == 0 || gc_str_is(text, "~") || one_of(text, "null", "Null", "NULL")) {
        ret->kind = GC_VALUE_NULL;
    } else if (one_of(text, "true", "True", "TRUE") || one_of(text, "false", "False", "FALSE")) {
        ret->kind = GC_VALUE_BOOL;
        ret->as.flag = text.ptr[0] == 't' || text.ptr[0] == 'T';
    } else if (base) {
        return set_integer(l, text, base, ret);
    } else if (special_real(text, &real)) {
        ret->kind = GC_VALUE_REAL;
        ret->as.real = real;
    } else if (is_real(text)) {
        ret->kind = GC_VALUE_REAL;
        ret->as.real = strtod_l(gc_loader_copy(l, text).ptr, NULL, l->c_locale);
    } else {
        ret->kind = GC_VALUE_STRING;
        ret->as.string = gc_loader_copy(l, text);
    }
    return true;
}

bool gc_scalar_u64(const struct gc_tree *t, uint64_t *ret)
{
    if (t->kind == GC_VALUE_STRING)
        return gc_quantity_u64(t->as.string, ret) == GC_OK;
    if (t->kind != GC_VALUE_INT || t->as.integer < 0)
        return false;
    *ret = (uint64_t)t->as.integer;
    return true;
}

bool gc_scalar_bool(const struct gc_tree *t, bool *ret)
{
    bool text = t->kind == GC_VALUE_STRING;
    if (text && gc_str_is(t->as.string, "true"))
        *ret = true;
    else if (text && gc_str_is(t->as.string, "false"))
        *ret = false;
    else if (t->kind == GC_VALUE_BOOL)
        *ret = t->as.flag;
    else
        return false;
    return true;
}
