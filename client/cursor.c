/* cursor.c - see cursor.h. */
#include "client/cursor.h"

#include "common/quantity.h"

static bool begun(const struct gc_walk_at *at)
{
    return at->seq != 0 || at->item != 0 || at->bit != 0;
}

static void put_commit(struct gc_text *t, const struct gc_cursor *c)
{
    const char *between = "";
    for (uint32_t i = 0; i < c->n_stages; i++) {
        const struct gc_walk_at *at = &c->at[i];
        if (!begun(at))
            continue;
        gc_text_format(t, "%s%u.%llu.%llu.%u", between, i, (unsigned long long)at->seq,
                       (unsigned long long)at->item, at->bit);
        between = "_";
    }
}

void gc_cursor_put(struct gc_text *t, const struct gc_cursor *c)
{
    gc_text_putc(t, (char)c->kind);
    if (c->kind == GC_CURSOR_COMMIT)
        put_commit(t, c);
    else if (c->kind == GC_CURSOR_SOURCE)
        gc_text_format(t, "%llu", (unsigned long long)c->at->item);
    else
        gc_text_format(t, "%llu.%llu.%u", (unsigned long long)c->stage, (unsigned long long)c->at->item,
                       c->at->bit);
}

/* Takes `n` numbers with dots between them off the front of *text. */
static bool numbers(struct gc_str *text, uint64_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = 0;
        while (len < text->len && text->ptr[len] >= '0' && text->ptr[len] <= '9')
            len++;
        if (gc_quantity_u64(gc_str_part(*text, 0, len), &to[i]) != GC_OK)
            return false;
        *text = gc_str_part(*text, len, text->len);
        if (i + 1 == n)
            break;
        if (!gc_str_starts(*text, GC_STR(".")))
            return false;
        *text = gc_str_part(*text, 1, text->len);
    }
    return true;
}

static bool parse_commit(struct gc_str text, struct gc_cursor *c)
{
    while (text.len) {
        uint64_t v[4];
        if (!numbers(&text, v, 4) || v[0] >= c->n_stages || v[3] > GC_MAX_STAGE_NODES)
            return false;
        c->at[v[0]] = (struct gc_walk_at){v[1], v[2], (uint32_t)v[3]};
        if (text.len && !gc_str_starts(text, GC_STR("_")))
            return false;
        text = gc_str_part(text, text.len ? 1 : 0, text.len);
    }
    return true;
}

bool gc_cursor_parse(const char *text, struct gc_cursor *c)
{
    struct gc_str rest = gc_str_of(text);
    uint64_t v[3] = {0};
    if (rest.len == 0 || rest.ptr[0] != (char)c->kind)
        return false;
    rest = gc_str_part(rest, 1, rest.len);
    if (c->kind == GC_CURSOR_COMMIT)
        return parse_commit(rest, c);
    if (!numbers(&rest, v, c->kind == GC_CURSOR_ITEM ? 3 : 1) || rest.len || v[2] > GC_MAX_STAGE_NODES)
        return false;
    if (c->kind == GC_CURSOR_ITEM)
        c->stage = v[0];
    c->at[0] = (struct gc_walk_at){0, c->kind == GC_CURSOR_ITEM ? v[1] : v[0], (uint32_t)v[2]};
    return true;
}
