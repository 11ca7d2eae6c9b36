/* Any bytes as a condition. What compiles is judged with fields of every kind, and keeps the laws of expr.h: != is the opposite of
 * ==, its fields lie in its text, `not (...)` turns its verdict round. */
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *room(size_t *ret)
{
    static _Alignas(16) uint8_t memory[2][(GC_EXPR_MAX_TEXT + 64) * 128];
    static unsigned which;
    *ret = sizeof memory[0];
    return memory[which++ & 1];
}

/* A value whose kind hangs on the name; null for some. */
static void resolve(void *context, struct gc_str field, struct gc_expr_value *ret)
{
    (void)context;
    switch (field.ptr[0] % 6) {
    case 0: return;
    case 1: *ret = (struct gc_expr_value){GC_EXPR_BOOL, .as.flag = field.len & 1}; return;
    case 2: *ret = (struct gc_expr_value){GC_EXPR_INT, .as.integer = (int64_t)field.len - 2}; return;
    case 3: *ret = (struct gc_expr_value){GC_EXPR_REAL, .as.real = 1.0 / ((double)field.len - 1)}; return;
    case 4: *ret = (struct gc_expr_value){GC_EXPR_STRING, .as.text = field}; return;
    default: *ret = (struct gc_expr_value){GC_EXPR_TEXT, .as.text = gc_str_part(field, 1, field.len)}; return;
    }
}

static enum gc_err parse(struct gc_str text, struct gc_expr *ret)
{
    struct gc_arena arena;
    struct gc_expr_fault fault;
    size_t bytes;
    void *memory = room(&bytes);
    gc_arena_init(&arena, memory, bytes);
    enum gc_err err = gc_expr_parse(text, &arena, ret, &fault);
    GC_ASSERT(err != GC_ERR_NOMEM);
    GC_ASSERT(err == GC_OK || fault.at <= text.len);
    GC_ASSERT(err == GC_OK || fault.expected != NULL);
    GC_ASSERT(err == GC_OK || arena.used == 0);
    return err;
}

static void check_opposite(struct gc_str text, bool verdict)
{
    static char turned[GC_EXPR_MAX_TEXT];
    struct gc_expr e;
    if (text.len + 6 > sizeof turned)
        return;
    memcpy(turned, "not (", 5);
    memcpy(turned + 5, text.ptr, text.len);
    turned[5 + text.len] = ')';
    if (parse(gc_str_from(turned, text.len + 6), &e) == GC_OK) /* else it was of the greatest depth already */
        GC_ASSERT(gc_expr_holds(&e, resolve, NULL) != verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gc_str text = {(const char *)data, size};
    struct gc_expr e;
    struct gc_str name;
    uint32_t cursor = 0;
    uint32_t at;
    if (parse(text, &e))
        return 0;
    while (gc_expr_field(&e, &cursor, &name, &at)) {
        GC_ASSERT(name.len > 0);
        GC_ASSERT(at + name.len <= size);
    }
    check_opposite(text, gc_expr_holds(&e, resolve, NULL));
    return 0;
}
