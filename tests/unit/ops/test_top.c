/* top: the right items, the same bytes whatever the order and grouping, a state that fits, and broken states refused. */
#include "rig.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/values.h"
#include "worker/ops/reducer.h"

enum { ITEMS = 600, PARTS = 20 };

static const struct gc_op_field_row shape[] = {{"size", GC_TYPE_REAL}, {"name", GC_TYPE_STRING}};

struct item {
    bool is_int;
    int64_t integer;
    double real;
    uint8_t record[32];
    char source[200];
    struct gc_reduce_input input;
};
static struct item items[ITEMS];

/* Few values, so that many are equal, and whole ones equal to reals. */
static void make_items(uint64_t seed, size_t source_len)
{
    for (uint32_t i = 0; i < ITEMS; i++) {
        struct item *x = &items[i];
        struct gc_buf b;
        gc_buf_init(&b, x->record, sizeof x->record);
        gc_value_put_array(&b, 2);
        x->is_int = gc_suite_random(&seed) % 2;
        x->integer = (int64_t)(gc_suite_random(&seed) % 60) - 30;
        x->real = (double)x->integer + (double)(gc_suite_random(&seed) % 2) * 0.5;
        if (x->is_int)
            x->real = (double)x->integer;
        if (i % 37 == 36)
            gc_value_put_nil(&b), x->real = NAN;
        else if (x->is_int)
            gc_value_put_int(&b, x->integer);
        else
            gc_value_put_real(&b, x->real);
        gc_value_put_str(&b, gc_bytes_of("x", 1));
        (void)snprintf(x->source, sizeof x->source, "%0*u.jpg", (int)source_len, i);
        x->input = (struct gc_reduce_input){.value = gc_buf_bytes(&b),
                                            .shape = shape,
                                            .n_shape = 2,
                                            .item = i,
                                            .source = gc_str_bytes(gc_str_of(x->source))};
    }
}

static struct gc_step step_of(int64_t n, const char *order)
{
    static struct gc_setting config[3];
    config[0] = (struct gc_setting){gc_str_bytes(GC_STR("by")),
                                    {.kind = GC_VALUE_STRING, .as.string = gc_str_bytes(GC_STR("size"))}};
    config[1] = (struct gc_setting){gc_str_bytes(GC_STR("n")), {.kind = GC_VALUE_INT, .as.integer = n}};
    config[2] = (struct gc_setting){gc_str_bytes(GC_STR("order")),
                                    {.kind = GC_VALUE_STRING, .as.string = gc_str_bytes(gc_str_of(order))}};
    return (struct gc_step){.n_config = 3, .config = config};
}

static struct gc_bytes put(const void *state)
{
    struct gc_buf b;
    gc_buf_init(&b, rig_keep(malloc(GC_MAX_DELTA)), GC_MAX_DELTA);
    gc_reducer_top.put(state, &b);
    ck_assert(gc_buf_ok(&b));
    return gc_buf_bytes(&b);
}

/* ---- against a model: sort all, take the first n ---- */

static bool smallest;

static int by_rank(const void *a, const void *b)
{
    const struct item *x = &items[*(const uint32_t *)a];
    const struct item *y = &items[*(const uint32_t *)b];
    if (x->real != y->real)
        return (x->real > y->real) == smallest ? 1 : -1;
    return *(const uint32_t *)a > *(const uint32_t *)b ? 1 : -1;
}

static uint32_t model(uint32_t *order)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < ITEMS; i++)
        if (!isnan(items[i].real))
            order[n++] = i;
    qsort(order, n, sizeof order[0], by_rank);
    return n;
}

static void check_value(struct gc_bytes in, const uint32_t *order, uint32_t n)
{
    struct gc_value_token t;
    ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    ck_assert_int_eq(t.kind, GC_TOKEN_ARRAY);
    ck_assert_uint_eq(t.n, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct item *x = &items[order[i]];
        static const char *const keys[] = {"item", "source", "value"};
        ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
        ck_assert_uint_eq(t.n, 3);
        for (int k = 0; k < 3; k++) {
            ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
            ck_assert(gc_str_is(gc_bytes_str(t.bytes), keys[k]));
            ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
            if (k == 0)
                ck_assert_uint_eq(t.integer, order[i]);
            else if (k == 1)
                ck_assert(gc_str_is(gc_bytes_str(t.bytes), x->source));
            else if (x->is_int)
                ck_assert(t.kind == GC_TOKEN_INT && t.integer == x->integer);
            else
                ck_assert(t.kind == GC_TOKEN_REAL && t.real == x->real);
        }
    }
    ck_assert_uint_eq(in.len, 0);
}

START_TEST(the_best_first_and_ties_as_listed)
{
    static const uint32_t sizes[] = {1, 2, 10, 599, 1000};
    static uint32_t order[ITEMS];
    static uint8_t memory[1 << 18];
    make_items(7, 4);
    for (int k = 0; k < 2; k++) {
        smallest = k;
        uint32_t all = model(order);
        for (size_t i = 0; i < GC_COUNT_OF(sizes); i++) {
            struct gc_buf out;
            struct gc_step step = step_of(sizes[i], smallest ? "smallest" : "largest");
            void *s = gc_reducer_top.init(&step);
            for (uint32_t at = 0; at < ITEMS; at++)
                gc_reducer_top.add(s, &items[at].input);
            gc_buf_init(&out, memory, sizeof memory);
            gc_reducer_top.finish(s, &out);
            check_value(gc_buf_bytes(&out), order, sizes[i] < all ? sizes[i] : all);
            free(s);
        }
    }
}
END_TEST

/* ---- merges ---- */

static struct gc_bytes random_merge(const struct gc_step *step, uint64_t seed)
{
    void *states[PARTS];
    uint32_t n = 1 + (uint32_t)(gc_suite_random(&seed) % PARTS);
    uint32_t order[ITEMS];
    for (uint32_t i = 0; i < n; i++)
        states[i] = gc_reducer_top.init(step);
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t k = (uint32_t)(gc_suite_random(&seed) % (i + 1));
        order[i] = order[k];
        order[k] = i;
    }
    for (uint32_t i = 0; i < ITEMS; i++)
        gc_reducer_top.add(states[gc_suite_random(&seed) % n], &items[order[i]].input);
    while (n > 1) {
        uint32_t from = (uint32_t)(gc_suite_random(&seed) % n);
        void *moved = states[from];
        states[from] = states[--n];
        ck_assert_int_eq(gc_reducer_top.merge(states[gc_suite_random(&seed) % n], put(moved)), GC_OK);
        free(moved);
    }
    struct gc_bytes bytes = put(states[0]);
    free(states[0]);
    return bytes;
}

START_TEST(any_order_gives_the_same_bytes)
{
    struct gc_step step = step_of(25, "largest");
    make_items(11, 4);
    void *all = gc_reducer_top.init(&step);
    for (uint32_t i = 0; i < ITEMS; i++)
        gc_reducer_top.add(all, &items[i].input);
    struct gc_bytes wanted = put(all);
    free(all);
    for (uint64_t round = 1; round <= 60; round++)
        ck_assert_msg(gc_bytes_equal(wanted, random_merge(&step, round * 7919)), "round %lu", round);
}
END_TEST

/* ---- texts ---- */

static struct gc_bytes source_of(int64_t n, struct gc_bytes source)
{
    static uint8_t memory[1 << 18];
    struct gc_buf out;
    struct gc_value_token t;
    struct gc_step step = step_of(n, "largest");
    void *s = gc_reducer_top.init(&step);
    struct gc_reduce_input input = items[0].input;
    input.source = source;
    gc_reducer_top.add(s, &input);
    gc_buf_init(&out, memory, sizeof memory);
    gc_reducer_top.finish(s, &out);
    free(s);
    struct gc_bytes in = gc_buf_bytes(&out);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    ck_assert_int_eq(t.kind, GC_TOKEN_STR);
    return t.bytes;
}

START_TEST(long_texts_keep_their_end_and_other_bytes_stay)
{
    static char text[4096];
    make_items(1, 4);
    ck_assert(
        gc_bytes_equal(source_of(10, gc_bytes_of("a\xff/\x80.jpg", 8)), gc_bytes_of("a\xff/\x80.jpg", 8)));
    ck_assert_uint_eq(source_of(10, gc_bytes_of(NULL, 0)).len, 0);
    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa4", 2); /* of two bytes a character: none is cut in two */
    ck_assert(gc_bytes_equal(source_of(10, gc_bytes_of(text, sizeof text)), gc_bytes_of(text, sizeof text)));
    for (size_t len = 100; len < 200; len++) {
        struct gc_bytes got = source_of(1000, gc_bytes_of(text + len % 2, len));
        if (got.len == len)
            continue;
        ck_assert_uint_ge(got.len, 90);
        ck_assert(memcmp(got.ptr, "...\xc3", 4) == 0);
        ck_assert(memcmp(got.ptr + 3, text + len % 2 + len - (got.len - 3), got.len - 3) == 0);
    }
}
END_TEST

START_TEST(the_largest_state_fits)
{
    static uint8_t value[1 << 18];
    static char text[4096];
    memset(text, 'x', sizeof text);
    make_items(3, 4);
    for (int64_t n = 1; n <= 1000; n = n < 4 ? n + 1 : n * 6 + 40 > 1000 && n < 1000 ? 1000 : n * 6 + 40) {
        struct gc_buf out;
        struct gc_step step = step_of(n, "smallest");
        void *s = gc_reducer_top.init(&step);
        for (uint32_t i = 0; i < 2 * ITEMS; i++) {
            struct gc_reduce_input input = items[0].input;
            input.item = UINT64_MAX - i;
            input.source = gc_bytes_of(text, sizeof text);
            gc_reducer_top.add(s, &input);
        }
        ck_assert_uint_le(put(s).len, GC_MAX_DELTA);
        gc_buf_init(&out, value, GC_TASK_VALUES_MAX);
        gc_reducer_top.finish(s, &out);
        ck_assert(gc_buf_ok(&out));
        free(s);
    }
}
END_TEST

/* ---- what is no state ---- */

START_TEST(broken_states_are_refused)
{
    struct gc_step step = step_of(5, "largest");
    make_items(5, 4);
    void *s = rig_keep(gc_reducer_top.init(&step));
    for (uint32_t i = 0; i < 20; i++)
        gc_reducer_top.add(s, &items[i].input);
    struct gc_bytes good = put(s);
    for (size_t len = 0; len < good.len; len++)
        ck_assert_int_eq(gc_reducer_top.merge(s, gc_bytes_of(good.ptr, len)), GC_ERR_INVALID);
    /* of another n, and of another order */
    step = step_of(6, "largest");
    ck_assert_int_eq(gc_reducer_top.merge(rig_keep(gc_reducer_top.init(&step)), good), GC_ERR_INVALID);
    step = step_of(5, "smallest");
    ck_assert_int_eq(gc_reducer_top.merge(rig_keep(gc_reducer_top.init(&step)), good), GC_ERR_INVALID);
    ck_assert(gc_bytes_equal(good, put(s)));
    /* two entries in the wrong order */
    step = step_of(2, "largest");
    void *two = rig_keep(gc_reducer_top.init(&step));
    gc_reducer_top.add(two, &items[0].input);
    gc_reducer_top.add(two, &items[1].input);
    uint8_t swapped[128];
    struct gc_bytes b = put(two);
    size_t head = 5;
    size_t entry = (b.len - head) / 2;
    ck_assert_uint_eq(head + 2 * entry, b.len);
    memcpy(swapped, b.ptr, head);
    memcpy(swapped + head, b.ptr + head + entry, entry);
    memcpy(swapped + head + entry, b.ptr + head, entry);
    ck_assert_int_eq(gc_reducer_top.merge(rig_keep(gc_reducer_top.init(&step)), b), GC_OK);
    ck_assert_int_eq(gc_reducer_top.merge(rig_keep(gc_reducer_top.init(&step)), gc_bytes_of(swapped, b.len)),
                     GC_ERR_INVALID);
}
END_TEST

START_TEST(a_field_that_is_not_there_is_refused)
{
    static const struct {
        const char *by;
        const char *text; /* NULL: it is taken */
    } rows[] = {{"size", NULL},
                {"sise", "by: there is no field 'sise'; did you mean 'size'?"},
                {"depth", "by: there is no field 'depth'"},
                {"name", "by: the field 'name' is no number"},
                {"", "by: no name of a field"}};
    struct gc_field fields[2] = {{.name = gc_str_bytes(GC_STR("size")), .type = GC_TYPE_REAL},
                                 {.name = gc_str_bytes(GC_STR("name")), .type = GC_TYPE_STRING}};
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        struct gc_fault fault = {0};
        struct gc_step step = step_of(5, "largest");
        step.config[0].value.as.string = gc_str_bytes(gc_str_of(rows[i].by));
        step.shape = fields;
        step.n_shape = 2;
        enum gc_err err = gc_reducer_top.setup(&step, &fault);
        ck_assert_int_eq(err, rows[i].text ? GC_ERR_INVALID : GC_OK);
        ck_assert_str_eq(fault.text, rows[i].text ? rows[i].text : "");
        step.n_shape = 0; /* a map, or not known: nothing can be said */
        ck_assert_int_eq(gc_reducer_top.setup(&step, &fault), rows[i].by[0] ? GC_OK : GC_ERR_INVALID);
    }
}
END_TEST

/* Through a stage: the item's own number and text come with it. */
START_TEST(a_stage_hands_over_item_and_text)
{
    static struct rig r;
    static struct rig end;
    static uint8_t state[4096];
    static uint8_t value[4096];
    struct gc_buf s;
    struct gc_buf v;
    struct gc_value_token t;
    uint64_t taken;
    rig_init(&r);
    int echo = rig_step(&r, "echo", "", -1);
    rig_reducer(&r, "top", "by=item n=2", echo);
    rig_install(&r);
    gc_stage_delta_begin(r.stage);
    for (uint64_t i = 70; i < 75; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "t%lu", i);
        r.task.index = i;
        r.task.text = gc_str_bytes(gc_str_of(text));
        rig_run(&r, NULL);
        gc_stage_delta_add(r.stage);
    }
    gc_buf_init(&s, state, sizeof state);
    gc_buf_init(&v, value, sizeof value);
    ck_assert_int_eq(gc_stage_delta_take(r.stage, 0, &s, &taken), GC_OK);
    ck_assert_uint_eq(taken, 5);
    rig_init(&end);
    rig_install_reduce(&end, "top", "by=item n=2");
    ck_assert_int_eq(gc_stage_finish(end.stage, gc_buf_bytes(&s), &v, NULL), GC_OK);
    struct gc_bytes in = gc_buf_bytes(&v);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    ck_assert(gc_str_is(gc_bytes_str(t.bytes), "t74"));
    rig_release(&r);
    rig_release(&end);
}
END_TEST

GC_SUITE("top", GC_TEST(the_best_first_and_ties_as_listed), GC_TEST(any_order_gives_the_same_bytes),
         GC_TEST(long_texts_keep_their_end_and_other_bytes_stay), GC_TEST(the_largest_state_fits),
         GC_TEST(broken_states_are_refused), GC_TEST(a_field_that_is_not_there_is_refused),
         GC_TEST(a_stage_hands_over_item_and_text))
