#include "arbitrary.h"

#include <string.h>

#include "common/assert.h"

uint64_t arbitrary_u64(struct arbitrary *a)
{
    uint64_t z = (a->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t arbitrary_below(struct arbitrary *a, uint64_t n)
{
    return arbitrary_u64(a) % n;
}

/* Of any length in bits, and often a value at an edge of msgpack's widths. */
static uint64_t any_number(struct arbitrary *a)
{
    static const uint64_t edges[] = {
        0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX, UINT64_C(1) << 32, INT64_MAX, UINT64_MAX};
    if (arbitrary_below(a, 3) == 0)
        return edges[arbitrary_below(a, sizeof edges / sizeof edges[0])];
    return arbitrary_u64(a) >> arbitrary_below(a, 64);
}

static void *make(struct arbitrary *a, size_t n, size_t size)
{
    void *p = gc_arena_take_array(a->arena, n, size, 16);
    GC_ASSERT(p != NULL);
    return p;
}

static size_t spend(struct arbitrary *a, size_t bytes)
{
    if (bytes > a->budget)
        bytes = a->budget;
    a->budget -= bytes;
    return bytes;
}

static struct gc_bytes any_bytes(struct arbitrary *a, size_t max, bool nul)
{
    uint64_t how = arbitrary_below(a, 40);
    size_t len = how == 0  ? max
                 : how < 4 ? arbitrary_below(a, max + 1)
                           : arbitrary_below(a, (max < 40 ? max : 40) + 1);
    len = spend(a, len);
    uint8_t *p = make(a, len, 1);
    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)(nul ? arbitrary_below(a, 256) : 1 + arbitrary_below(a, 255));
    return gc_bytes_of(p, len);
}

static uint32_t any_count(struct arbitrary *a, size_t max, size_t size)
{
    uint64_t how = arbitrary_below(a, 12);
    size_t n = how == 0 ? max : how < 4 ? 0 : arbitrary_below(a, (max < 5 ? max : 5) + 1);
    return (uint32_t)(spend(a, n * size) / size);
}

static double any_real(struct arbitrary *a)
{
    static const double some[] = {0.0, -0.0, 1.5, -1e300, 4.9e-324, __builtin_inf(), -__builtin_inf()};
    if (arbitrary_below(a, 2) == 0)
        return some[arbitrary_below(a, sizeof some / sizeof some[0])];
    return (double)(int64_t)arbitrary_u64(a) / 1024.0;
}

static struct gc_id128 any_id(struct arbitrary *a)
{
    struct gc_id128 id;
    for (size_t i = 0; i < sizeof id.b; i++)
        id.b[i] = (uint8_t)arbitrary_u64(a);
    return id;
}

/* Nested twice at most: with the records around it no deeper than GC_MAX_DEPTH. */
static struct gc_value any_value(struct arbitrary *a, int nest)
{
    struct gc_value v = {.kind = (enum gc_value_kind)arbitrary_below(a, nest > 0 ? 7 : 5)};
    switch (v.kind) {
    case GC_VALUE_NULL: break;
    case GC_VALUE_BOOL: v.as.flag = arbitrary_below(a, 2); break;
    case GC_VALUE_INT: v.as.integer = (int64_t)any_number(a); break;
    case GC_VALUE_REAL: v.as.real = any_real(a); break;
    case GC_VALUE_STRING: v.as.string = any_bytes(a, GC_MAX_STRING, false); break;
    case GC_VALUE_LIST:
    case GC_VALUE_MAP:
        v.n = any_count(a, 20, 32);
        v.as.items = make(a, v.n, sizeof *v.as.items);
        v.keys = v.kind == GC_VALUE_MAP ? make(a, v.n, sizeof *v.keys) : NULL;
        for (uint32_t i = 0; i < v.n; i++) {
            v.as.items[i] = any_value(a, nest - 1);
            if (v.kind == GC_VALUE_MAP) { /* the number makes each key another */
                uint8_t *key = make(a, 2, 1);
                key[0] = (uint8_t)(1 + i);
                key[1] = 'k';
                v.keys[i] = gc_bytes_of(key, 2);
            }
        }
        break;
    }
    return v;
}

static bool same_real(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_value(const struct gc_value *a, const struct gc_value *b)
{
    if (a->kind != b->kind || a->n != b->n)
        return false;
    switch (a->kind) {
    case GC_VALUE_NULL: return true;
    case GC_VALUE_BOOL: return a->as.flag == b->as.flag;
    case GC_VALUE_INT: return a->as.integer == b->as.integer;
    case GC_VALUE_REAL: return same_real(a->as.real, b->as.real);
    case GC_VALUE_STRING: return gc_bytes_equal(a->as.string, b->as.string);
    case GC_VALUE_LIST:
    case GC_VALUE_MAP:
        for (uint32_t i = 0; i < a->n; i++) {
            if (a->kind == GC_VALUE_MAP && !gc_bytes_equal(a->keys[i], b->keys[i]))
                return false;
            if (!same_value(&a->as.items[i], &b->as.items[i]))
                return false;
        }
        return true;
    }
    return false;
}

/* ---- contents from the tables ---- */

#define U64(owner, field, doc) r->field = any_number(a);
#define ENUM(owner, field, SET, doc) \
    r->field = GC_SET_##SET##_FIRST + arbitrary_below(a, GC_SET_##SET##_LAST - GC_SET_##SET##_FIRST + 1);
#define F64(owner, field, doc)      r->field = any_real(a);
#define FLAG(owner, field, doc)     r->field = arbitrary_below(a, 2);
#define ID(owner, field, doc)       r->field = any_id(a);
#define STR(owner, field, max, doc) r->field = any_bytes(a, max, false);
#define BIN(owner, field, max, doc) r->field = any_bytes(a, max, true);
#define VALUE(owner, field, doc)    r->field = any_value(a, 2);
#define LIST(owner, field, record, max, doc)            \
    r->n_##field = any_count(a, max, sizeof *r->field); \
    r->field = make(a, r->n_##field, sizeof *r->field); \
    for (uint32_t i = 0; i < r->n_##field; i++)         \
        arbitrary_##record(a, &r->field[i]);
#define U64S(owner, field, max, doc)            \
    r->n_##field = any_count(a, max, 9);        \
    r->field = make(a, r->n_##field, 8);        \
    for (uint32_t i = 0; i < r->n_##field; i++) \
        r->field[i] = any_number(a);
#define ENUMS(owner, field, SET, max, doc)      \
    r->n_##field = any_count(a, max, 9);        \
    r->field = make(a, r->n_##field, 8);        \
    for (uint32_t i = 0; i < r->n_##field; i++) \
        r->field[i] =                           \
            GC_SET_##SET##_FIRST + arbitrary_below(a, GC_SET_##SET##_LAST - GC_SET_##SET##_FIRST + 1);
#define REC_BEGIN(name, doc)                                        \
    void arbitrary_##name(struct arbitrary *a, struct gc_##name *r) \
    {
#define REC_END(name) }
#include "proto/records.def"
#undef REC_BEGIN
#undef REC_END
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc)               \
    static void arbitrary_msg_##name(struct arbitrary *a, struct gc_msg_##name *r) \
    {                                                                              \
        (void)a;                                                                   \
        (void)r;
#define MSG_END(name) }
#include "proto/messages.def"
#undef MSG_BEGIN
#undef MSG_END
#undef U64
#undef ENUM
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUMS

/* ---- comparison from the tables ---- */

#define U64(owner, field, doc)       same &= a->field == b->field;
#define ENUM(owner, field, SET, doc) same &= a->field == b->field;
#define F64(owner, field, doc)       same &= same_real(a->field, b->field);
#define FLAG(owner, field, doc)      same &= a->field == b->field;
#define ID(owner, field, doc)        same &= gc_id_equal(a->field, b->field);
#define STR(owner, field, max, doc)  same &= gc_bytes_equal(a->field, b->field);
#define BIN(owner, field, max, doc)  same &= gc_bytes_equal(a->field, b->field);
#define VALUE(owner, field, doc)     same &= same_value(&a->field, &b->field);
#define LIST(owner, field, record, max, doc)            \
    same &= a->n_##field == b->n_##field;               \
    for (uint32_t i = 0; same && i < a->n_##field; i++) \
        same &= equal_##record(&a->field[i], &b->field[i]);
#define U64S(owner, field, max, doc)                    \
    same &= a->n_##field == b->n_##field;               \
    for (uint32_t i = 0; same && i < a->n_##field; i++) \
        same &= a->field[i] == b->field[i];
#define ENUMS(owner, field, SET, max, doc) U64S(owner, field, max, doc)
#define REC_BEGIN(name, doc)                                                \
    bool equal_##name(const struct gc_##name *a, const struct gc_##name *b) \
    {                                                                       \
        bool same = true;
#define REC_END(name) \
    return same;      \
    }
#include "proto/records.def"
#undef REC_BEGIN
#undef REC_END
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc)                           \
    static bool equal_msg_##name(const struct gc_msg_##name *a, const struct gc_msg_##name *b) \
    {                                                                                          \
        bool same = true;                                                                      \
        (void)a;                                                                               \
        (void)b;
#define MSG_END(name) \
    return same;      \
    }
#include "proto/messages.def"
#undef MSG_BEGIN
#undef MSG_END
#undef U64
#undef ENUM
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUMS

/* ---- whole messages ---- */

static struct gc_bytes any_bulk(struct arbitrary *a, size_t len)
{
    uint8_t *p = make(a, len, 1);
    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)arbitrary_u64(a);
    return gc_bytes_of(p, len);
}

static struct gc_bytes any_digest(struct arbitrary *a)
{
    return any_bulk(a, sizeof(struct gc_digest));
}

static void range(struct arbitrary *a, uint64_t *first, uint64_t *count, uint64_t most)
{
    *count = 1 + arbitrary_below(a, most);
    *first = arbitrary_below(a, GC_MAX_ITEMS - *count + 1);
}

static size_t pages_mended(struct arbitrary *a, struct gc_page *pages, uint32_t n)
{
    size_t bytes = 0;
    uint64_t first = arbitrary_below(a, 1000000);
    for (uint32_t i = 0; i < n; i++) {
        pages[i].first = first;
        pages[i].count = 1 + arbitrary_below(a, GC_PAGE_ITEMS);
        first += pages[i].count;
        pages[i].digest = any_digest(a);
        if (pages[i].inlined)
            pages[i].bytes = arbitrary_below(a, 500);
        bytes += pages[i].inlined ? pages[i].bytes : 0;
    }
    return bytes;
}

/* What the tables cannot say: the relations that gc_msg_wrong asks for. */
static void mend(struct arbitrary *a, struct gc_msg *m)
{
    size_t bulk = 0;
    switch ((int)m->type) { /* most types have nothing to mend */
    case GC_MSG_HELLO:
        if (m->as.hello.role == GC_ROLE_CLIENT) {
            m->as.hello.n_held = 0;
        } else {
            m->as.hello.slots = 1 + arbitrary_below(a, GC_MAX_SLOTS);
            m->as.hello.catalogue = any_digest(a);
        }
        break;
    case GC_MSG_CATALOGUE:
        m->as.catalogue.digest = any_digest(a);
        bulk = arbitrary_below(a, 5000);
        m->as.catalogue.offset = arbitrary_below(a, 100000);
        m->as.catalogue.total = m->as.catalogue.offset + bulk + arbitrary_below(a, 100000);
        break;
    case GC_MSG_LEASE:
        if (m->as.lease.kind == GC_LEASE_ITEMS)
            range(a, &m->as.lease.first, &m->as.lease.count, GC_MAX_LEASE_ITEMS);
        else if (m->as.lease.kind == GC_LEASE_LIST)
            m->as.lease.count = 1 + arbitrary_below(a, GC_PAGES_AHEAD);
        else if (m->as.lease.n_deltas == 0)
            m->as.lease.kind = GC_LEASE_FINISH;
        if (m->as.lease.kind != GC_LEASE_FINISH || m->as.lease.n_deltas > 0)
            m->as.lease.scan = GC_UNSET;
        break;
    case GC_MSG_RESULT: {
        struct gc_msg_result *r = &m->as.result;
        if (r->kind == GC_LEASE_LIST)
            r->kind = GC_LEASE_ITEMS;
        range(a, &r->first, &r->count, r->kind == GC_LEASE_ITEMS ? GC_CHUNK_ITEMS : 1);
        r->status = arbitrary_below(a, 300);
        r->values = arbitrary_below(a, 300);
        bulk = r->status + r->values;
        for (uint32_t i = 0; i < r->n_deltas; i++) {
            r->deltas[i].bytes = arbitrary_below(a, 100);
            bulk += r->deltas[i].bytes;
        }
        break;
    }
    case GC_MSG_PAGES: {
        struct gc_msg_pages *p = &m->as.pages;
        bulk = pages_mended(a, p->pages, p->n_pages);
        for (uint32_t i = 0; i < p->n_pages; i++)
            p->pages[i].count = 1 + p->pages[i].count % 5;
        for (uint32_t i = 1; i < p->n_pages; i++)
            p->pages[i].first = p->pages[i - 1].first + p->pages[i - 1].count;
        for (uint32_t i = 0; i < p->n_pages; i++)
            bulk += p->pages[i].count * p->n_named * GC_NAME_BYTES;
        break;
    }
    case GC_MSG_DATA: {
        struct gc_msg_data *d = &m->as.data;
        if (d->what == GC_GET_PAGE && d->n_page == 0)
            d->what = GC_GET_PROGRAM;
        if (d->what == GC_GET_RESULTS) {
            d->index = arbitrary_below(a, 100000);
            d->total = arbitrary_below(a, 2) ? GC_UNSET : d->index + 1 + arbitrary_below(a, 100000);
        }
        if (d->what == GC_GET_PAGE) {
            d->clashes = arbitrary_below(a, 100);
            bulk = pages_mended(a, d->page, d->n_page) + d->clashes;
        }
        if (d->what == GC_GET_DELTAS) {
            for (uint32_t i = 0; i < d->n_lengths; i++) {
                d->lengths[i] = arbitrary_below(a, 100);
                bulk += d->lengths[i];
            }
        }
        if (d->what == GC_GET_CATALOGUE || d->what == GC_GET_PLAN) {
            bulk = arbitrary_below(a, 5000);
            d->index = arbitrary_below(a, 100000);
            d->total = d->index + bulk;
        }
        break;
    }
    case GC_MSG_BATCHES:
        for (uint32_t i = 0; i < m->as.batches.n_batches; i++) {
            m->as.batches.batches[i].status = arbitrary_below(a, 30);
            m->as.batches.batches[i].values = arbitrary_below(a, 30);
            bulk += m->as.batches.batches[i].status + m->as.batches.batches[i].values;
        }
        break;
    default: bulk = gc_msg_has_bulk(m->type) ? arbitrary_below(a, 2000) : 0; break;
    }
    if (bulk > 0)
        m->bulk = any_bulk(a, bulk);
}

void arbitrary_msg(struct arbitrary *a, enum gc_msg_type type, struct gc_msg *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->type = type;
    ret->term = any_number(a);
    ret->session = any_number(a);
    ret->seq = any_number(a);
    ret->re = any_number(a);
    switch (type) {
#define U64(...)
#define F64(...)
#define FLAG(...)
#define ID(...)
#define STR(...)
#define BIN(...)
#define VALUE(...)
#define LIST(...)
#define U64S(...)
#define ENUM(...)
#define ENUMS(...)
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) \
    case GC_MSG_##NAME:                                              \
        arbitrary_msg_##name(a, &ret->as.name);                      \
        break;
#define MSG_END(name)
#include "proto/messages.def"
#undef MSG_BEGIN
    case GC_MSG_NONE: GC_NEVER("no message");
    }
    mend(a, ret);
}

bool msg_equal(const struct gc_msg *a, const struct gc_msg *b)
{
    if (a->type != b->type || a->term != b->term || a->session != b->session || a->seq != b->seq ||
        a->re != b->re)
        return false;
    if (!gc_bytes_equal(a->bulk, b->bulk))
        return false;
    switch (a->type) {
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) \
    case GC_MSG_##NAME:                                              \
        return equal_msg_##name(&a->as.name, &b->as.name);
#include "proto/messages.def"
#undef MSG_BEGIN
    case GC_MSG_NONE: break;
    }
    return false;
}

size_t msg_types(enum gc_msg_type ret[MSG_TYPES_MAX])
{
    static const enum gc_msg_type types[] = {
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) GC_MSG_##NAME,
#include "proto/messages.def"
    };
    size_t n = sizeof types / sizeof types[0];
    GC_ASSERT(n <= MSG_TYPES_MAX);
    memcpy(ret, types, sizeof types);
    return n;
}
