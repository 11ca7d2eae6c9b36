/* Statuses: what the writer makes, the reader takes; nothing else is taken. */
#include <stdlib.h>
#include <string.h>

#include "proto/status.h"
#include "tests/unit/suite.h"

#define MANY 5000u

static uint8_t memory[3][1 << 17];
static struct gc_status_writer writer;
static struct gc_buf out;

static uint64_t state;
static uint64_t random_below(uint64_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
}

static void start(uint32_t n_nodes)
{
    struct gc_buf runs;
    struct gc_buf faults;
    gc_buf_init(&runs, memory[0], sizeof memory[0]);
    gc_buf_init(&faults, memory[1], sizeof memory[1]);
    gc_buf_init(&out, memory[2], sizeof memory[2]);
    gc_status_writer_init(&writer, n_nodes, runs, faults);
}

static void add(const uint8_t *pattern, uint32_t n_nodes, const char *text)
{
    struct gc_status_fault faults[GC_MAX_STAGE_NODES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_nodes; i++) {
        if (pattern[i] == GC_OUTCOME_FAILED) {
            faults[n++] = (struct gc_status_fault){.node = i,
                                                   .cause = GC_CAUSE_DAMAGED,
                                                   .attempts = 1 + i,
                                                   .text = gc_bytes_of(text, strlen(text))};
        }
    }
    ck_assert_int_eq(gc_status_writer_add(&writer, pattern, faults, n), GC_OK);
}

static struct gc_bytes finish(void)
{
    size_t size = gc_status_writer_size(&writer);
    size_t before = out.len;
    ck_assert_int_eq(gc_status_writer_finish(&writer, &out), GC_OK);
    ck_assert_uint_eq(out.len - before, size);
    ck_assert_uint_eq(writer.count, 0);
    return gc_bytes_of(out.data + before, size);
}

START_TEST(one_outcome_is_nine_bytes)
{
    struct gc_status s;
    struct gc_status_iter it = {0};
    const uint8_t *pattern;
    uint64_t count;
    start(1);
    uint8_t done = GC_OUTCOME_DONE;
    unsigned refused = 0;
    for (uint32_t i = 0; i < 1000000; i++)
        refused += gc_status_writer_add(&writer, &done, NULL, 0) != GC_OK;
    ck_assert_uint_eq(refused, 0);
    struct gc_bytes b = finish();
    ck_assert_uint_eq(b.len, 9);
    ck_assert_int_eq(gc_status_check(b, 1000000, 1, &s), GC_OK);
    ck_assert(gc_status_run_next(&s, &it, &count, &pattern));
    ck_assert_uint_eq(count, 1000000);
    ck_assert_uint_eq(it.item, 0);
    ck_assert_uint_eq(pattern[0], GC_OUTCOME_DONE);
    ck_assert(!gc_status_run_next(&s, &it, &count, &pattern));
    ck_assert_int_eq(gc_status_check(b, 999999, 1, &s), GC_ERR_INVALID);
    ck_assert_int_eq(gc_status_check(b, 1000001, 1, &s), GC_ERR_INVALID);
    ck_assert_int_eq(gc_status_check(b, 1000000, 2, &s), GC_ERR_INVALID);
    ck_assert_int_eq(gc_status_check(b, 1000000, 0, &s), GC_ERR_INVALID);
    ck_assert_int_eq(gc_status_check(b, 1000000, GC_MAX_STAGE_NODES + 1, &s), GC_ERR_INVALID);
}
END_TEST

START_TEST(nothing)
{
    struct gc_status s;
    struct gc_status_iter it = {0};
    uint64_t count;
    const uint8_t *pattern;
    struct gc_status_fault f;
    start(3);
    ck_assert_int_eq(gc_status_check(finish(), 0, 3, &s), GC_OK);
    ck_assert(!gc_status_run_next(&s, &it, &count, &pattern));
    ck_assert(!gc_status_fault_next(&s, &it, &f));
}
END_TEST

/* Random outcomes against a plain array of them. */
START_TEST(model)
{
    static uint8_t want[MANY][GC_MAX_STAGE_NODES];
    for (uint64_t seed = 1; seed <= 200; seed++) {
        state = seed;
        uint32_t n_nodes = 1 + (uint32_t)random_below(seed % 3 == 0 ? GC_MAX_STAGE_NODES : 4);
        uint32_t n = 1 + (uint32_t)random_below(400);
        uint8_t patterns[8][GC_MAX_STAGE_NODES];
        for (int p = 0; p < 8; p++) {
            for (uint32_t i = 0; i < n_nodes; i++)
                patterns[p][i] = (uint8_t)random_below(GC_OUTCOMES);
        }
        start(n_nodes);
        for (uint32_t i = 0; i < n; i++) {
            if (i == 0 || random_below(3) == 0)
                memcpy(want[i], patterns[random_below(8)], n_nodes);
            else
                memcpy(want[i], want[i - 1], n_nodes);
            add(want[i], n_nodes, seed % 2 ? "why" : "");
        }
        struct gc_bytes b = finish();
        struct gc_status s;
        ck_assert_int_eq(gc_status_check(b, n, n_nodes, &s), GC_OK);
        struct gc_status_iter it = {0};
        uint64_t count;
        const uint8_t *pattern;
        uint64_t items = 0;
        while (gc_status_run_next(&s, &it, &count, &pattern)) {
            ck_assert_uint_eq(it.item, items);
            ck_assert_uint_eq(it.next, items + count);
            for (uint64_t i = 0; i < count; i++)
                ck_assert_mem_eq(want[items++], pattern, n_nodes);
        }
        ck_assert_uint_eq(items, n);
        struct gc_status_fault f;
        it = (struct gc_status_iter){0};
        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t node = 0; node < n_nodes; node++) {
                if (want[i][node] != GC_OUTCOME_FAILED)
                    continue;
                ck_assert(gc_status_fault_next(&s, &it, &f));
                ck_assert_uint_eq(f.item, i);
                ck_assert_uint_eq(f.node, node);
                ck_assert_uint_eq(f.cause, GC_CAUSE_DAMAGED);
                ck_assert_uint_eq(f.attempts, 1 + node);
                ck_assert_uint_eq(f.text.len, seed % 2 ? 3 : 0);
            }
        }
        ck_assert(!gc_status_fault_next(&s, &it, &f));
    }
}
END_TEST

/* What is accepted has one form only: written again item by item it gives the same bytes. */
static bool canonical(const struct gc_status *s)
{
    struct gc_status_iter runs = {0};
    struct gc_status_iter faults = {0};
    const uint8_t *pattern;
    uint64_t count;
    start(s->n_nodes);
    while (gc_status_run_next(s, &runs, &count, &pattern)) {
        for (uint64_t i = 0; i < count; i++) {
            struct gc_status_fault f[GC_MAX_STAGE_NODES];
            uint32_t n = 0;
            for (uint32_t node = 0; node < s->n_nodes; node++) {
                if (pattern[node] == GC_OUTCOME_FAILED)
                    ck_assert(gc_status_fault_next(s, &faults, &f[n++]));
            }
            ck_assert_int_eq(gc_status_writer_add(&writer, pattern, f, n), GC_OK);
        }
    }
    return gc_bytes_equal(finish(), s->bytes);
}

static size_t sample(uint8_t *to)
{
    static const uint8_t patterns[4][3] = {{1, 1, 1}, {1, 2, 3}, {2, 3, 2}, {4, 5, 0}};
    static const uint8_t order[] = {0, 0, 0, 1, 0, 2, 2, 2, 3, 1, 1};
    start(3);
    for (size_t i = 0; i < sizeof order; i++)
        add(patterns[order[i]], 3, "broken");
    struct gc_bytes b = finish();
    memcpy(to, b.ptr, b.len);
    return b.len;
}
#define SAMPLE_ITEMS 11

START_TEST(truncated)
{
    uint8_t bytes[512];
    size_t len = sample(bytes);
    struct gc_status s;
    ck_assert_int_eq(gc_status_check(gc_bytes_of(bytes, len), SAMPLE_ITEMS, 3, &s), GC_OK);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut > 0 ? cut : 1);
        memcpy(exact, bytes, cut);
        ck_assert_int_eq(gc_status_check(gc_bytes_of(exact, cut), SAMPLE_ITEMS, 3, &s), GC_ERR_INVALID);
        free(exact);
    }
    bytes[len] = 0;
    ck_assert_int_eq(gc_status_check(gc_bytes_of(bytes, len + 1), SAMPLE_ITEMS, 3, &s), GC_ERR_INVALID);
}
END_TEST

START_TEST(flipped)
{
    uint8_t bytes[512];
    size_t len = sample(bytes);
    unsigned taken = 0;
    for (size_t at = 0; at < len; at++) {
        for (unsigned mask = 1; mask < 256; mask++) {
            struct gc_status s;
            bytes[at] ^= (uint8_t)mask;
            if (gc_status_check(gc_bytes_of(bytes, len), SAMPLE_ITEMS, 3, &s) == GC_OK) {
                taken++;
                ck_assert(canonical(&s));
            }
            bytes[at] ^= (uint8_t)mask;
        }
    }
    ck_assert_uint_gt(taken, 0); /* texts, causes and attempts may be anything */
}
END_TEST

static enum gc_err check(const void *bytes, size_t len, uint64_t count, uint32_t n_nodes)
{
    struct gc_status s;
    return gc_status_check(gc_bytes_of(bytes, len), count, n_nodes, &s);
}
#define CHECK(literal, count, n_nodes) check(literal, sizeof(literal) - 1, count, n_nodes)

START_TEST(refused)
{
    /* nodes, patterns, outcomes, runs, {count, pattern}, faults, {item, node, cause, attempts, length, text} */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\1"
                           "\1"
                           "\4\0"
                           "\0",
                           4, 1),
                     GC_OK);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\6"
                           "\1"
                           "\4\0"
                           "\0",
                           4, 1),
                     GC_ERR_INVALID); /* no outcome */
    ck_assert_int_eq(CHECK("\1"
                           "\2"
                           "\1\1"
                           "\2"
                           "\2\0\2\1"
                           "\0",
                           4, 1),
                     GC_ERR_INVALID); /* a pattern twice */
    ck_assert_int_eq(CHECK("\1"
                           "\2"
                           "\1\3"
                           "\2"
                           "\2\1\2\0"
                           "\0",
                           4, 1),
                     GC_ERR_INVALID); /* not by first use */
    ck_assert_int_eq(CHECK("\1"
                           "\2"
                           "\1\3"
                           "\1"
                           "\4\0"
                           "\0",
                           4, 1),
                     GC_ERR_INVALID); /* never used */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\1"
                           "\2"
                           "\2\0\2\0"
                           "\0",
                           4, 1),
                     GC_ERR_INVALID); /* not folded */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\1"
                           "\1"
                           "\4\1"
                           "\0",
                           4, 1),
                     GC_ERR_INVALID); /* no such pattern */
    ck_assert_int_eq(CHECK("\1"
                           "\2"
                           "\1\3"
                           "\3"
                           "\2\0\0\1\2\0"
                           "\0",
                           4, 1),
                     GC_ERR_INVALID); /* an empty run */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\1"
                           "\1"
                           "\x84\0\0"
                           "\0",
                           4, 1),
                     GC_ERR_INVALID); /* a long 4 */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\1"
                           "\1"
                           "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0"
                           "\0",
                           4, 1),
                     GC_ERR_INVALID);
    ck_assert_int_eq(CHECK("\1"
                           "\x41"
                           "\1",
                           4, 1),
                     GC_ERR_INVALID); /* 65 patterns */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\1"
                           "\xff\xff\xff\xff\x0f"
                           "\4\0"
                           "\0",
                           4, 1),
                     GC_ERR_INVALID);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\1"
                           "\xff\xff\xff\xff\x1f"
                           "\4\0"
                           "\0",
                           4, 1),
                     GC_ERR_INVALID); /* runs above 2^32 */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\1"
                           "\1"
                           "\4\0"
                           "\1",
                           4, 1),
                     GC_ERR_INVALID);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\1"
                           "\1"
                           "\4\0"
                           "\xff\xff\xff\xff\x1f",
                           4, 1),
                     GC_ERR_INVALID);
    /* One failed item: exactly its fault. */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\1"
                           "\0\0\6\1\1x",
                           1, 1),
                     GC_OK);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\1"
                           "\0\0\0\1\1x",
                           1, 1),
                     GC_ERR_INVALID); /* no cause */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\0",
                           1, 1),
                     GC_ERR_INVALID);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\2"
                           "\0\0\6\1\1x",
                           1, 1),
                     GC_ERR_INVALID);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\1"
                           "\1\0\6\1\1x",
                           1, 1),
                     GC_ERR_INVALID);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\1"
                           "\0\1\6\1\1x",
                           1, 1),
                     GC_ERR_INVALID);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\1"
                           "\0\x40\6\1\1x",
                           1, 1),
                     GC_ERR_INVALID);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\1"
                           "\0\0\x0e\1\1x",
                           1, 1),
                     GC_ERR_INVALID);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\1"
                           "\0\0\6\1\1\0",
                           1, 1),
                     GC_ERR_INVALID); /* NUL */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\1"
                           "\0\0\6\1\2x",
                           1, 1),
                     GC_ERR_INVALID);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\1"
                           "\0\0\6\1\x81\4x",
                           1, 1),
                     GC_ERR_INVALID); /* 513 */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\1\0"
                           "\1"
                           "\0\0\6\1\1xy",
                           1, 1),
                     GC_ERR_INVALID);
    /* A run of 2^60 failed items without faults costs nothing to refuse. */
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\2"
                           "\1"
                           "\x80\x80\x80\x80\x80\x80\x80\x80\x10\0"
                           "\0",
                           UINT64_C(1) << 60, 1),
                     GC_ERR_INVALID);
    ck_assert_int_eq(CHECK("\1"
                           "\1"
                           "\1"
                           "\1"
                           "\x80\x80\x80\x80\x80\x80\x80\x80\x10\0"
                           "\0",
                           UINT64_C(1) << 60, 1),
                     GC_OK);
}
END_TEST

START_TEST(too_many_patterns)
{
    struct gc_status s;
    start(2);
    for (unsigned i = 0; i < 36; i++) {
        uint8_t p[2] = {(uint8_t)(i % 6), (uint8_t)(i / 6)};
        add(p, 2, "");
    }
    ck_assert_int_eq(gc_status_check(finish(), 36, 2, &s), GC_OK);

    start(3);
    unsigned n = 0;
    enum gc_err err = GC_OK;
    while (err == GC_OK) {
        uint8_t p[3] = {3, (uint8_t)(n / 5 % 5 + (n / 5 % 5 >= 2)), (uint8_t)(n % 5 + (n % 5 >= 2))};
        p[0] = (uint8_t)(n / 25 + (n / 25 >= 2));
        err = gc_status_writer_add(&writer, p, NULL, 0);
        n += err == GC_OK;
    }
    ck_assert_int_eq(err, GC_ERR_LIMIT);
    ck_assert_uint_eq(n, GC_MAX_PATTERNS);
    ck_assert_uint_eq(writer.count, GC_MAX_PATTERNS); /* the refused item left no trace */
    ck_assert_int_eq(gc_status_check(finish(), n, 3, &s), GC_OK);
    ck_assert_uint_eq(s.n_patterns, GC_MAX_PATTERNS);
}
END_TEST

/* Small memory: a refused item leaves nothing behind, and what was taken can always be finished. */
START_TEST(full)
{
    static const uint8_t patterns[3][2] = {{1, 1}, {1, 2}, {2, 2}};
    for (size_t room_runs = 0; room_runs < 60; room_runs += 3) {
        for (size_t room_faults = 0; room_faults < 60; room_faults += 5) {
            struct gc_buf runs;
            struct gc_buf faults;
            gc_buf_init(&runs, memory[0], room_runs);
            gc_buf_init(&faults, memory[1], room_faults);
            gc_buf_init(&out, memory[2], sizeof memory[2]);
            gc_status_writer_init(&writer, 2, runs, faults);
            uint64_t taken = 0;
            for (unsigned i = 0; i < 50; i++) {
                const uint8_t *p = patterns[i * 7 % 3];
                struct gc_status_fault f[2] = {
                    {.node = p[0] == 2 ? 0 : 1,
                     .cause = GC_CAUSE_OUTPUT,
                     .attempts = 300,
                     .text = gc_bytes_of("no", 2)},
                    {.node = 1, .cause = GC_CAUSE_OUTPUT, .attempts = 1},
                };
                enum gc_err err = gc_status_writer_add(&writer, p, f, (uint32_t)((p[0] == 2) + (p[1] == 2)));
                ck_assert(err == GC_OK || err == GC_ERR_LIMIT);
                taken += err == GC_OK;
            }
            ck_assert_uint_eq(writer.count, taken);
            size_t size = gc_status_writer_size(&writer);
            for (size_t room = 0; room < size; room++) {
                struct gc_buf small;
                gc_buf_init(&small, memory[2], room);
                ck_assert_int_eq(gc_status_writer_finish(&writer, &small), GC_ERR_LIMIT);
                ck_assert_uint_eq(small.len, 0);
            }
            struct gc_status s;
            ck_assert_int_eq(gc_status_check(finish(), taken, 2, &s), GC_OK);
        }
    }
    struct gc_buf spoilt;
    gc_buf_init(&spoilt, memory[2], 1);
    ck_assert(!gc_buf_put_u16(&spoilt, 1));
    spoilt.capacity = sizeof memory[2];
    ck_assert_int_eq(gc_status_writer_finish(&writer, &spoilt), GC_ERR_LIMIT);
}
END_TEST

/* A stage that only feeds reducers: its items end, and say nothing of any node. */
START_TEST(no_nodes)
{
    struct gc_status s;
    struct gc_status_iter it = {0};
    const uint8_t none = GC_OUTCOME_NONE;
    const uint8_t *pattern;
    uint64_t count;
    start(0);
    for (int i = 0; i < 300; i++)
        add(&none, 0, "");
    struct gc_bytes bytes = finish();
    ck_assert_int_eq(gc_status_check(bytes, 300, 0, &s), GC_OK);
    ck_assert(gc_status_run_next(&s, &it, &count, &pattern));
    ck_assert_uint_eq(count, 300);
    ck_assert(!gc_status_run_next(&s, &it, &count, &pattern));
    ck_assert_int_eq(gc_status_check(bytes, 299, 0, &s), GC_ERR_INVALID);
    ck_assert_int_eq(gc_status_check(bytes, 300, 1, &s), GC_ERR_INVALID);
}
END_TEST

GC_SUITE("proto: status", GC_TEST(no_nodes), GC_TEST(one_outcome_is_nine_bytes), GC_TEST(nothing),
         GC_TEST(model), GC_TEST(truncated), GC_TEST(flipped), GC_TEST(refused), GC_TEST(too_many_patterns),
         GC_TEST(full))
