/* top: the n items with the largest (or smallest) value of a field; of equal values the item that was listed first.
 * State: tag, varint n, u8 order, varint entries, and for each entry, the best first: varint item, u8 kind of the value (0 int,
 * 1 real), u64 the value (an int in two's complement, the bits of a double), varint length, source. Value: a list of maps
 * { item, source, value }.
 *
 * A state must fit a delta whatever the items' texts, so a text has an n-th of it: what is longer is "..." and its end. Cost:
 * O(log n) for an item that is in, and moving n small numbers; O(1) for one that is not. */
#include <stdlib.h>
#include <string.h>

#include "common/num.h"
#include "proto/values.h"
#include "worker/ops/reducer.h"
#include "worker/ops/settings.h"

enum { DEFAULT_N = 10, MAX_N = 1000, ENTRY = 2 * GC_VARINT_MAX + 9, HEAD = 2 + 1 + 2 * GC_VARINT_MAX };

const char *const gc_top_orders[] = {"largest", "smallest", NULL};
enum order { LARGEST, SMALLEST };

struct entry {
    uint64_t item; /* GC_UNSET: not an item of a source */
    struct gc_number value;
    uint32_t len;
    char *source; /* its slot of `texts` */
};

struct top {
    char by[GC_MAX_NAME + 1];
    enum order order;
    uint32_t most; /* entries at most */
    uint32_t n;
    uint32_t room;   /* bytes of a text, at most */
    uint32_t *ranks; /* which entry is first, second...: n of them; those behind are free */
    struct entry *entries;
    char *texts;
};

GC_STATIC_ASSERT(HEAD + MAX_N * (ENTRY + 64) <= GC_MAX_DELTA, "the largest state has room for texts");

static enum gc_err top_setup(const struct gc_step *step, struct gc_fault *fault)
{
    return gc_reduce_check_field(step, "by", fault);
}

static void top_clear(void *state)
{
    struct top *t = state;
    t->n = 0;
    for (uint32_t i = 0; i < t->most; i++) {
        t->ranks[i] = i;
        t->entries[i].source = t->texts + (size_t)i * t->room;
    }
}

/* One block, as free() has to release it. */
static void *top_init(const struct gc_step *step)
{
    uint32_t most = (uint32_t)gc_clamp_u64((uint64_t)gc_setting_int(step, "n", DEFAULT_N), 1, MAX_N);
    uint32_t room = (uint32_t)gc_min_u64(GC_MAX_PATH, (GC_MAX_DELTA - HEAD) / most - ENTRY);
    struct top *t = calloc(1, sizeof *t + most * (sizeof(struct entry) + sizeof(uint32_t) + (size_t)room));
    if (!t)
        return NULL;
    t->most = most;
    t->room = room;
    t->entries = (struct entry *)(t + 1);
    t->ranks = (uint32_t *)(t->entries + most);
    t->texts = (char *)(t->ranks + most);
    t->order = (enum order)gc_setting_choice(step, "order", gc_top_orders, LARGEST);
    if (!gc_str_copy(t->by, sizeof t->by, gc_bytes_str(gc_setting_string(step, "by", "")))) {
        free(t);
        return NULL;
    }
    top_clear(t);
    return t;
}

/* ---- the order ---- */

/* Whether a stands before b. */
static bool before(const struct top *t, const struct gc_number *a, uint64_t a_item, const struct entry *b)
{
    int order = gc_number_compare(a, &b->value);
    if (order == 0)
        return a_item < b->item;
    return t->order == LARGEST ? order > 0 : order < 0;
}

/* The rank that it gets; t->most: none. */
static uint32_t rank_of(const struct top *t, const struct gc_number *value, uint64_t item)
{
    uint32_t low = 0;
    uint32_t high = t->n;
    if (t->n == t->most && !before(t, value, item, &t->entries[t->ranks[t->n - 1]]))
        return t->most;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (before(t, value, item, &t->entries[t->ranks[middle]]))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The end of a text that has no room, from where a character begins. */
static uint32_t cut(char *to, uint32_t room, struct gc_bytes text)
{
    if (text.len <= room) {
        if (text.len)
            memcpy(to, text.ptr, text.len);
        return (uint32_t)text.len;
    }
    size_t from = text.len - (room - 3);
    for (int i = 0; i < 3 && from < text.len && (text.ptr[from] & 0xc0) == 0x80; i++)
        from++;
    memcpy(to, "...", 3);
    memcpy(to + 3, text.ptr + from, text.len - from);
    return (uint32_t)(text.len - from) + 3;
}

static void insert(struct top *t, const struct gc_number *value, uint64_t item, struct gc_bytes source)
{
    uint32_t rank = rank_of(t, value, item);
    if (rank == t->most)
        return;
    /* the entry of the last rank, which falls out, or the first free one */
    uint32_t last = t->n < t->most ? t->n++ : t->n - 1;
    uint32_t slot = t->ranks[last];
    memmove(&t->ranks[rank + 1], &t->ranks[rank], (last - rank) * sizeof t->ranks[0]);
    t->ranks[rank] = slot;
    struct entry *e = &t->entries[slot];
    e->item = item;
    e->value = *value;
    e->len = cut(e->source, t->room, source);
}

static void top_add(void *state, const struct gc_reduce_input *input)
{
    struct top *t = state;
    struct gc_number value;
    if (gc_reduce_field(input, gc_str_of(t->by), &value))
        insert(t, &value, input->item, input->source);
}

/* ---- in bytes ---- */

static void top_put(const void *state, struct gc_buf *out)
{
    const struct top *t = state;
    gc_state_put_tag(out, GC_STATE_TOP, 1);
    (void)gc_buf_put_varint(out, t->most);
    (void)gc_buf_put_u8(out, (uint8_t)t->order);
    (void)gc_buf_put_varint(out, t->n);
    for (uint32_t i = 0; i < t->n; i++) {
        const struct entry *e = &t->entries[t->ranks[i]];
        uint64_t bits = (uint64_t)e->value.integer;
        if (!e->value.is_int)
            memcpy(&bits, &e->value.real, sizeof bits);
        (void)gc_buf_put_varint(out, e->item);
        (void)gc_buf_put_u8(out, e->value.is_int ? 0 : 1);
        (void)gc_buf_put_u64(out, bits);
        (void)gc_buf_put_varint(out, e->len);
        (void)gc_buf_append(out, e->source, e->len);
    }
}

struct read {
    uint64_t item;
    struct gc_number value;
    struct gc_bytes source;
};

static bool take_entry(struct gc_reader *in, uint32_t room, struct read *ret)
{
    uint8_t kind;
    uint64_t bits;
    uint64_t len;
    if (!gc_reader_varint(in, &ret->item) || !gc_reader_u8(in, &kind) || kind > 1 ||
        !gc_reader_u64(in, &bits) || !gc_reader_varint(in, &len) || len > room ||
        !gc_reader_bytes(in, (size_t)len, &ret->source))
        return false;
    if (kind == 0) {
        ret->value =
            (struct gc_number){.is_int = true, .integer = (int64_t)bits, .real = (double)(int64_t)bits};
        return true;
    }
    ret->value = (struct gc_number){.is_int = false};
    memcpy(&ret->value.real, &bits, sizeof bits);
    return gc_number_is_finite(&ret->value);
}

/* Reads the head; then `ret_n` entries follow. */
static bool take_head(const struct top *t, struct gc_reader *in, uint64_t *ret_n)
{
    uint64_t most;
    uint8_t order;
    return gc_state_take_tag(in, GC_STATE_TOP, 1) && gc_reader_varint(in, &most) && most == t->most &&
           gc_reader_u8(in, &order) && order == t->order && gc_reader_varint(in, ret_n) && *ret_n <= t->most;
}

/* Whole, and in its order. */
static bool is_state(const struct top *t, struct gc_bytes bytes)
{
    struct gc_reader in;
    uint64_t n;
    struct read r;
    struct entry last = {.len = 0};
    gc_reader_init(&in, bytes);
    if (!take_head(t, &in, &n))
        return false;
    for (uint64_t i = 0; i < n; i++) {
        if (!take_entry(&in, t->room, &r))
            return false;
        struct entry e = {.item = r.item, .value = r.value};
        if (i > 0 && !before(t, &last.value, last.item, &e))
            return false;
        last = e;
    }
    return gc_reader_done(&in);
}

static enum gc_err top_merge(void *state, struct gc_bytes bytes)
{
    struct top *t = state;
    struct gc_reader in;
    uint64_t n;
    struct read r;
    if (!is_state(t, bytes))
        return GC_ERR_INVALID;
    gc_reader_init(&in, bytes);
    bool ok = take_head(t, &in, &n);
    for (uint64_t i = 0; ok && i < n; i++) {
        ok = take_entry(&in, t->room, &r);
        if (ok)
            insert(t, &r.value, r.item, r.source);
    }
    return ok ? GC_OK : GC_ERR_INVALID;
}

static void put_key(struct gc_buf *out, const char *key)
{
    gc_value_put_str(out, gc_str_bytes(gc_str_of(key)));
}

static void top_finish(const void *state, struct gc_buf *value)
{
    const struct top *t = state;
    gc_value_put_array(value, t->n);
    for (uint32_t i = 0; i < t->n; i++) {
        const struct entry *e = &t->entries[t->ranks[i]];
        gc_value_put_map(value, 3);
        put_key(value, "item");
        if (e->item == GC_UNSET)
            gc_value_put_nil(value);
        else
            gc_value_put_uint(value, e->item);
        put_key(value, "source");
        gc_value_put_str(value, gc_bytes_of(e->source, e->len));
        put_key(value, "value");
        if (e->value.is_int)
            gc_value_put_int(value, e->value.integer);
        else
            gc_value_put_real(value, e->value.real);
    }
}

const struct gc_reducer gc_reducer_top = {
    .setup = top_setup,
    .init = top_init,
    .clear = top_clear,
    .add = top_add,
    .merge = top_merge,
    .put = top_put,
    .finish = top_finish,
};
