#include "common/expr.h"

#include "common/assert.h"
#include "common/decimal.h"
#include "common/num.h"

/* ---- the compiled form ----
 * Postfix. Operands stand right before the comparison (two of them) or the test (one) that they belong to. */

enum code_kind { CODE_FIELD, CODE_LITERAL, CODE_COMPARE, CODE_TEST, CODE_NOT, CODE_AND, CODE_OR };

enum relation { EQUAL, DIFFERENT, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

struct gc_expr_code {
    enum code_kind kind;
    uint32_t at;                /* FIELD: its byte in the text */
    enum relation relation;     /* COMPARE */
    struct gc_str name;         /* FIELD */
    struct gc_expr_value value; /* LITERAL */
};

/* The truth values under way stand in one word: below each level of parentheses waits one of an `or` and one of an `and`. */
GC_STATIC_ASSERT(2 * GC_EXPR_MAX_DEPTH + 3 <= 64, "a condition's stack is 64 bits");

/* ---- tokens ---- */

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_LITERAL,
    TOKEN_RELATION,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_NOT,
    TOKEN_AND,
    TOKEN_OR,
};

struct token {
    enum token_kind kind;
    uint32_t at;
    enum relation relation;
    struct gc_str name;
    struct gc_expr_value value;
};

struct parser {
    struct gc_str text;
    size_t next; /* where the token behind this one begins */
    struct token token;
    struct gc_expr_code *code;
    uint32_t n;
    uint32_t capacity;
    uint32_t depth;
    struct gc_expr_fault *fault;
};

static enum gc_err wrong(struct parser *p, size_t at, const char *expected)
{
    *p->fault = (struct gc_expr_fault){.at = (uint32_t)at, .expected = expected};
    return GC_ERR_INVALID;
}

static bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c > 127;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool goes_on(char c)
{
    return begins_name(c) || is_digit(c) || c == '.' || c == '-';
}

static enum gc_err take_quoted(struct parser *p, char quote, const char *expected, struct gc_str *ret)
{
    size_t from = p->token.at + 1;
    const char *end = from < p->text.len ? memchr(p->text.ptr + from, quote, p->text.len - from) : NULL;
    if (!end)
        return wrong(p, p->text.len, expected);
    size_t to = (size_t)(end - p->text.ptr);
    *ret = gc_str_part(p->text, from, to);
    p->next = to + 1;
    return GC_OK;
}

static enum gc_err take_number(struct parser *p)
{
    size_t end = (size_t)p->token.at + 1;
    while (end < p->text.len &&
           (goes_on(p->text.ptr[end]) ||
            (p->text.ptr[end] == '+' && (p->text.ptr[end - 1] == 'e' || p->text.ptr[end - 1] == 'E'))))
        end++;
    struct gc_str text = gc_str_part(p->text, p->token.at, end);
    struct gc_expr_value *v = &p->token.value;
    p->token.kind = TOKEN_LITERAL;
    p->next = end;
    if (gc_decimal_int(text, &v->as.integer))
        v->kind = GC_EXPR_INT;
    else if (gc_decimal_real(text, &v->as.real))
        v->kind = GC_EXPR_REAL;
    else
        return wrong(p, p->token.at, "a number in decimal, not too large");
    return GC_OK;
}

/* Words of the language, and else a field. */
static void take_word(struct parser *p)
{
    static const struct {
        const char *text;
        enum token_kind kind;
        struct gc_expr_value value;
    } words[] = {
        {"and", TOKEN_AND, {.kind = GC_EXPR_NULL}},
        {"or", TOKEN_OR, {.kind = GC_EXPR_NULL}},
        {"not", TOKEN_NOT, {.kind = GC_EXPR_NULL}},
        {"null", TOKEN_LITERAL, {.kind = GC_EXPR_NULL}},
        {"true", TOKEN_LITERAL, {.kind = GC_EXPR_BOOL, .as.flag = true}},
        {"false", TOKEN_LITERAL, {.kind = GC_EXPR_BOOL, .as.flag = false}},
    };
    size_t end = p->token.at;
    while (end < p->text.len && goes_on(p->text.ptr[end]))
        end++;
    p->token.kind = TOKEN_NAME;
    p->token.name = gc_str_part(p->text, p->token.at, end);
    p->next = end;
    for (size_t i = 0; i < GC_COUNT_OF(words); i++) {
        if (!gc_str_is(p->token.name, words[i].text))
            continue;
        p->token.kind = words[i].kind;
        p->token.value = words[i].value;
    }
}

static enum gc_err take_sign(struct parser *p)
{
    static const struct {
        struct gc_str text;
        enum token_kind kind;
        enum relation relation;
    } signs[] = {
        {GC_STR_INIT("=="), TOKEN_RELATION, EQUAL},      {GC_STR_INIT("!="), TOKEN_RELATION, DIFFERENT},
        {GC_STR_INIT("<="), TOKEN_RELATION, LESS_EQUAL}, {GC_STR_INIT(">="), TOKEN_RELATION, GREATER_EQUAL},
        {GC_STR_INIT("<"), TOKEN_RELATION, LESS},        {GC_STR_INIT(">"), TOKEN_RELATION, GREATER},
        {GC_STR_INIT("("), TOKEN_OPEN, EQUAL},           {GC_STR_INIT(")"), TOKEN_CLOSE, EQUAL},
    };
    struct gc_str left = gc_str_part(p->text, p->token.at, p->text.len);
    for (size_t i = 0; i < GC_COUNT_OF(signs); i++) {
        if (!gc_str_starts(left, signs[i].text))
            continue;
        p->token.kind = signs[i].kind;
        p->token.relation = signs[i].relation;
        p->next = p->token.at + signs[i].text.len;
        return GC_OK;
    }
    switch (*left.ptr) {
    case '=': return wrong(p, p->token.at, "'==' for a comparison");
    case '!': return wrong(p, p->token.at, "'!=', or the word 'not'");
    case '&': return wrong(p, p->token.at, "the word 'and'");
    case '|': return wrong(p, p->token.at, "the word 'or'");
    default:
        return wrong(p, p->token.at, "a field, a number, a text in quotes, a comparison or a parenthesis");
    }
}

/* Moves on to the next token. */
static enum gc_err advance(struct parser *p)
{
    size_t at = p->next;
    while (at < p->text.len && (p->text.ptr[at] == ' ' || p->text.ptr[at] == '\t' ||
                                p->text.ptr[at] == '\n' || p->text.ptr[at] == '\r'))
        at++;
    p->token = (struct token){.kind = TOKEN_END, .at = (uint32_t)at};
    p->next = at;
    if (at == p->text.len)
        return GC_OK;
    char c = p->text.ptr[at];
    if (c == '\'' || c == '"') {
        p->token.kind = TOKEN_LITERAL;
        p->token.value.kind = GC_EXPR_STRING;
        return take_quoted(p, c, c == '"' ? "a \" that ends the text" : "a ' that ends the text",
                           &p->token.value.as.text);
    }
    if (c == '`') {
        p->token.kind = TOKEN_NAME;
        enum gc_err err = take_quoted(p, c, "a ` that ends the field's name", &p->token.name);
        return err || p->token.name.len > 0 ? err : wrong(p, at + 1, "the name of a field");
    }
    if (begins_name(c)) {
        take_word(p);
        return GC_OK;
    }
    char second = at + 1 < p->text.len ? p->text.ptr[at + 1] : '\0';
    if (is_digit(c) || ((c == '-' || c == '+' || c == '.') && (is_digit(second) || second == '.')))
        return take_number(p);
    return take_sign(p);
}

/* ---- parsing ---- */

/* Each piece of code has a byte of the text to itself, but for the test of a field that is a condition alone: there is one
 * operand, or one word, between any two of these. */
static void put(struct parser *p, struct gc_expr_code code)
{
    GC_ASSERT(p->n < p->capacity);
    p->code[p->n++] = code;
}

static enum gc_err parse_or(struct parser *p);

static enum gc_err parse_operand(struct parser *p, const char *expected)
{
    const struct token *t = &p->token;
    if (t->kind == TOKEN_NAME)
        put(p, (struct gc_expr_code){.kind = CODE_FIELD, .at = t->at, .name = t->name});
    else if (t->kind == TOKEN_LITERAL)
        put(p, (struct gc_expr_code){.kind = CODE_LITERAL, .at = t->at, .value = t->value});
    else
        return wrong(p, t->at, expected);
    return advance(p);
}

/* Whether a token may stand alone as a condition. */
static bool is_condition(const struct token *t)
{
    return t->kind == TOKEN_NAME || (t->kind == TOKEN_LITERAL && t->value.kind == GC_EXPR_BOOL);
}

static enum gc_err parse_comparison(struct parser *p)
{
    bool alone = is_condition(&p->token);
    enum gc_err err = parse_operand(p, "a field, a number, a text in quotes, 'not' or '('");
    if (err)
        return err;
    if (p->token.kind != TOKEN_RELATION) {
        if (!alone)
            return wrong(p, p->token.at, "a comparison: one of == != < <= > >=");
        put(p, (struct gc_expr_code){.kind = CODE_TEST});
        return GC_OK;
    }
    enum relation relation = p->token.relation;
    err = advance(p);
    if (!err)
        err = parse_operand(p, "a field, a number or a text in quotes");
    if (!err)
        put(p, (struct gc_expr_code){.kind = CODE_COMPARE, .relation = relation});
    return err;
}

static enum gc_err parse_group(struct parser *p)
{
    if (p->depth == GC_EXPR_MAX_DEPTH) {
        (void)wrong(p, p->token.at, "no more than 30 parentheses within each other");
        return GC_ERR_LIMIT;
    }
    p->depth++;
    enum gc_err err = advance(p);
    if (!err)
        err = parse_or(p);
    if (err)
        return err;
    p->depth--;
    if (p->token.kind != TOKEN_CLOSE)
        return wrong(p, p->token.at, "'and', 'or' or ')'");
    return advance(p);
}

static enum gc_err parse_not(struct parser *p)
{
    bool negated = false;
    for (; p->token.kind == TOKEN_NOT; negated = !negated) {
        enum gc_err err = advance(p);
        if (err)
            return err;
    }
    enum gc_err err = p->token.kind == TOKEN_OPEN ? parse_group(p) : parse_comparison(p);
    if (!err && negated)
        put(p, (struct gc_expr_code){.kind = CODE_NOT});
    return err;
}

static enum gc_err parse_and(struct parser *p)
{
    enum gc_err err = parse_not(p);
    while (!err && p->token.kind == TOKEN_AND) {
        err = advance(p);
        if (!err)
            err = parse_not(p);
        if (!err)
            put(p, (struct gc_expr_code){.kind = CODE_AND});
    }
    return err;
}

static enum gc_err parse_or(struct parser *p)
{
    enum gc_err err = parse_and(p);
    while (!err && p->token.kind == TOKEN_OR) {
        err = advance(p);
        if (!err)
            err = parse_and(p);
        if (!err)
            put(p, (struct gc_expr_code){.kind = CODE_OR});
    }
    return err;
}

static enum gc_err parse(struct parser *p)
{
    enum gc_err err = advance(p);
    if (!err)
        err = parse_or(p);
    if (err || p->token.kind == TOKEN_END)
        return err;
    if (p->token.kind == TOKEN_RELATION)
        return wrong(p, p->token.at, "'and' or 'or': a comparison has two operands");
    return wrong(p, p->token.at, "'and', 'or' or the end");
}

enum gc_err gc_expr_parse(struct gc_str text, struct gc_arena *arena, struct gc_expr *ret,
                          struct gc_expr_fault *fault)
{
    struct parser p = {.text = text, .fault = fault, .capacity = (uint32_t)text.len + 1};
    size_t mark = gc_arena_mark(arena);
    *fault = (struct gc_expr_fault){0};
    if (text.len > GC_EXPR_MAX_TEXT) {
        (void)wrong(&p, GC_EXPR_MAX_TEXT, "no more than 4096 bytes");
        return GC_ERR_LIMIT;
    }
    p.code = GC_ARENA_ARRAY(arena, struct gc_expr_code, p.capacity);
    if (!p.code)
        return GC_ERR_NOMEM;
    enum gc_err err = parse(&p);
    gc_arena_rewind(arena, mark);
    if (err)
        return err;
    const struct gc_expr_code *kept = GC_ARENA_ARRAY(arena, struct gc_expr_code, p.n);
    GC_ASSERT(kept == p.code); /* the same place: what is behind it is given back */
    *ret = (struct gc_expr){.code = kept, .n = p.n};
    return GC_OK;
}

bool gc_expr_field(const struct gc_expr *e, uint32_t *cursor, struct gc_str *ret_name, uint32_t *ret_at)
{
    for (; *cursor < e->n; ++*cursor) {
        const struct gc_expr_code *c = &e->code[*cursor];
        if (c->kind != CODE_FIELD)
            continue;
        *ret_name = c->name;
        *ret_at = c->at;
        ++*cursor;
        return true;
    }
    return false;
}

/* ---- judging ---- */

enum order { ORDER_NONE, ORDER_LESS, ORDER_EQUAL, ORDER_GREATER, ORDER_SAME };

static enum order order_of(int compared)
{
    return compared < 0 ? ORDER_LESS : compared > 0 ? ORDER_GREATER : ORDER_EQUAL;
}

static enum order order_reals(double a, double b)
{
    return a < b ? ORDER_LESS : a > b ? ORDER_GREATER : a == b ? ORDER_EQUAL : ORDER_NONE;
}

/* Exactly: a double that is not a whole number of 64 bits has a place between them all the same. */
static enum order order_int_real(int64_t a, double b)
{
    const double bound = 9223372036854775808.0; /* 2^63 */
    if (b != b)
        return ORDER_NONE;
    if (b >= bound)
        return ORDER_LESS;
    if (b < -bound)
        return ORDER_GREATER;
    int64_t whole = (int64_t)b;
    if (a != whole)
        return a < whole ? ORDER_LESS : ORDER_GREATER;
    return order_reals(0, b - (double)whole);
}

static enum order reversed(enum order o)
{
    return o == ORDER_LESS ? ORDER_GREATER : o == ORDER_GREATER ? ORDER_LESS : o;
}

static bool is_number(const struct gc_expr_value *v)
{
    return v->kind == GC_EXPR_INT || v->kind == GC_EXPR_REAL;
}

/* What a text of no stated kind spells. */
static bool spelt_number(struct gc_expr_value *v)
{
    struct gc_str text = v->as.text;
    if (gc_decimal_int(text, &v->as.integer))
        v->kind = GC_EXPR_INT;
    else if (gc_decimal_real(text, &v->as.real))
        v->kind = GC_EXPR_REAL;
    return is_number(v);
}

static void spelt_bool(struct gc_expr_value *v)
{
    bool yes = gc_str_is(v->as.text, "true");
    if (yes || gc_str_is(v->as.text, "false"))
        *v = (struct gc_expr_value){.kind = GC_EXPR_BOOL, .as.flag = yes};
}

/* Gives a text of no stated kind the kind that the other side asks for. */
static void settle_kind(struct gc_expr_value *v, const struct gc_expr_value *other)
{
    if (is_number(other) && spelt_number(v))
        return;
    if (other->kind == GC_EXPR_BOOL)
        spelt_bool(v);
    if (v->kind == GC_EXPR_TEXT)
        v->kind = GC_EXPR_STRING;
}

static void settle_kinds(struct gc_expr_value *a, struct gc_expr_value *b)
{
    struct gc_expr_value x = *a;
    struct gc_expr_value y = *b;
    if (a->kind == GC_EXPR_TEXT && b->kind == GC_EXPR_TEXT && spelt_number(&x) && spelt_number(&y)) {
        *a = x;
        *b = y;
        return;
    }
    if (a->kind == GC_EXPR_TEXT)
        settle_kind(a, b);
    if (b->kind == GC_EXPR_TEXT)
        settle_kind(b, a);
}

static enum order order_numbers(const struct gc_expr_value *a, const struct gc_expr_value *b)
{
    if (a->kind == GC_EXPR_INT && b->kind == GC_EXPR_INT)
        return order_of((a->as.integer > b->as.integer) - (a->as.integer < b->as.integer));
    if (a->kind == GC_EXPR_INT)
        return order_int_real(a->as.integer, b->as.real);
    if (b->kind == GC_EXPR_INT)
        return reversed(order_int_real(b->as.integer, a->as.real));
    return order_reals(a->as.real, b->as.real);
}

int gc_expr_compare_numbers(const struct gc_expr_value *a, const struct gc_expr_value *b)
{
    GC_ASSERT(is_number(a));
    GC_ASSERT(is_number(b));
    enum order o = order_numbers(a, b);
    return o == ORDER_LESS ? -1 : o == ORDER_GREATER;
}

/* SAME: equal, of a kind that has no order. */
static enum order order_values(struct gc_expr_value a, struct gc_expr_value b)
{
    settle_kinds(&a, &b);
    if (is_number(&a) && is_number(&b))
        return order_numbers(&a, &b);
    if (a.kind != b.kind)
        return ORDER_NONE;
    if (a.kind == GC_EXPR_STRING)
        return order_of(gc_str_compare(a.as.text, b.as.text));
    bool same = a.kind == GC_EXPR_NULL || a.as.flag == b.as.flag;
    return same ? ORDER_SAME : ORDER_NONE;
}

static bool compare(struct gc_expr_value a, struct gc_expr_value b, enum relation relation)
{
    enum order o = order_values(a, b);
    switch (relation) {
    case EQUAL: return o == ORDER_EQUAL || o == ORDER_SAME;
    case DIFFERENT: return o != ORDER_EQUAL && o != ORDER_SAME;
    case LESS: return o == ORDER_LESS;
    case LESS_EQUAL: return o == ORDER_LESS || o == ORDER_EQUAL;
    case GREATER: return o == ORDER_GREATER;
    case GREATER_EQUAL: return o == ORDER_GREATER || o == ORDER_EQUAL;
    }
    GC_NEVER("a relation that is none");
}

static struct gc_expr_value value_of(const struct gc_expr_code *c, gc_expr_resolve *resolve, void *context)
{
    struct gc_expr_value v = {.kind = GC_EXPR_NULL};
    if (c->kind == CODE_LITERAL)
        return c->value;
    GC_ASSERT(c->kind == CODE_FIELD);
    resolve(context, c->name, &v);
    return v;
}

static bool is_true(struct gc_expr_value v)
{
    const struct gc_expr_value yes = {.kind = GC_EXPR_BOOL, .as.flag = true};
    return compare(v, yes, EQUAL);
}

bool gc_expr_holds(const struct gc_expr *e, gc_expr_resolve *resolve, void *context)
{
    uint64_t stack = 0; /* the top is bit 0 */
    GC_ASSERT(e->n > 0);
    for (uint32_t i = 0; i < e->n; i++) {
        const struct gc_expr_code *c = &e->code[i];
        bool top = stack & 1;
        switch (c->kind) {
        case CODE_FIELD:
        case CODE_LITERAL: break; /* read by what stands behind it */
        case CODE_COMPARE:
            stack = stack << 1 | compare(value_of(c - 2, resolve, context), value_of(c - 1, resolve, context),
                                         c->relation);
            break;
        case CODE_TEST: stack = stack << 1 | is_true(value_of(c - 1, resolve, context)); break;
        case CODE_NOT: stack ^= 1; break;
        case CODE_AND: stack = (stack >> 1) & (top ? UINT64_MAX : ~UINT64_C(1)); break;
        case CODE_OR: stack = (stack >> 1) | top; break;
        }
    }
    return stack & 1;
}
