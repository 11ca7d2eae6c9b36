/* Reducers: the same bytes whatever the order and grouping of merges, and the right numbers. */
#include "rig.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/values.h"
#include "worker/ops/exact.h"
#include "worker/ops/reducer.h"

enum { ITEMS = 400, PARTS = 24 };

static const struct gc_op_field_row shape[] = {
    {"a", GC_TYPE_REAL}, {"b", GC_TYPE_INT}, {"c", GC_TYPE_STRING}};

/* Reals of all sizes, which floating point would sum differently in each order. */
static double real_of(uint64_t *seed)
{
    double x = (double)(int64_t)gc_suite_random(seed);
    return ldexp(x, (int)(gc_suite_random(seed) % 200) - 160);
}

static size_t record(uint64_t *seed, uint8_t *memory, size_t room)
{
    struct gc_buf b;
    gc_buf_init(&b, memory, room);
    gc_value_put_array(&b, 3);
    if (gc_suite_random(seed) % 10 == 0)
        gc_value_put_nil(&b);
    else
        gc_value_put_real(&b, real_of(seed));
    gc_value_put_int(&b, (int64_t)gc_suite_random(seed));
    gc_value_put_str(&b, gc_bytes_of("x", 1));
    ck_assert(gc_buf_ok(&b));
    return b.len;
}

static struct gc_bytes put(const struct gc_reducer *red, const void *state)
{
    struct gc_buf b;
    uint8_t *memory = rig_keep(malloc(8192));
    gc_buf_init(&b, memory, 8192);
    red->put(state, &b);
    ck_assert(gc_buf_ok(&b));
    return gc_buf_bytes(&b);
}

/* Deals the items out to states at random and merges those two by two in random order. */
static struct gc_bytes random_merge(const struct gc_reducer *red, const struct gc_step *step,
                                    const struct gc_reduce_input *items, uint64_t seed)
{
    void *states[PARTS];
    struct gc_bytes bytes[PARTS];
    uint32_t n = 1 + (uint32_t)(gc_suite_random(&seed) % PARTS);
    for (uint32_t i = 0; i < n; i++)
        states[i] = red->init(step);
    uint32_t order[ITEMS];
    for (uint32_t i = 0; i < ITEMS; i++)
        order[i] = i;
    for (uint32_t i = ITEMS - 1; i > 0; i--) {
        uint32_t k = (uint32_t)(gc_suite_random(&seed) % (i + 1));
        uint32_t t = order[i];
        order[i] = order[k];
        order[k] = t;
    }
    for (uint32_t i = 0; i < ITEMS; i++)
        red->add(states[gc_suite_random(&seed) % n], &items[order[i]]);
    for (uint32_t i = 0; i < n; i++) {
        bytes[i] = put(red, states[i]);
        free(states[i]);
    }
    while (n > 1) {
        uint32_t a = (uint32_t)(gc_suite_random(&seed) % n);
        uint32_t b = (a + 1 + (uint32_t)(gc_suite_random(&seed) % (n - 1))) % n;
        void *s = red->init(step);
        ck_assert_int_eq(red->merge(s, bytes[a]), GC_OK);
        ck_assert_int_eq(red->merge(s, bytes[b]), GC_OK);
        bytes[a] = put(red, s);
        free(s);
        bytes[b] = bytes[--n];
        if (a == n)
            bytes[b] = bytes[a];
    }
    return bytes[0];
}

static void any_order(const struct gc_reducer *red, struct gc_step *step)
{
    static uint8_t memory[ITEMS][64];
    struct gc_reduce_input items[ITEMS];
    uint64_t seed = 20260131;
    for (uint32_t i = 0; i < ITEMS; i++)
        items[i] = (struct gc_reduce_input){
            .value = {memory[i], record(&seed, memory[i], sizeof memory[i])}, .shape = shape, .n_shape = 3};
    void *all = red->init(step);
    for (uint32_t i = 0; i < ITEMS; i++)
        red->add(all, &items[i]);
    struct gc_bytes wanted = put(red, all);
    free(all);
    for (uint64_t round = 1; round <= 60; round++)
        ck_assert_msg(gc_bytes_equal(wanted, random_merge(red, step, items, round * 7919)), "round %lu",
                      round);
}

START_TEST(count_in_any_order)
{
    struct gc_step step = {.n_config = 0};
    any_order(&gc_reducer_count, &step);
}
END_TEST

START_TEST(summarize_in_any_order)
{
    struct gc_step step = {.n_config = 0};
    any_order(&gc_reducer_summarize, &step);
}
END_TEST

START_TEST(histogram_in_any_order)
{
    struct gc_setting config[] = {
        {gc_str_bytes(GC_STR("field")), {.kind = GC_VALUE_STRING, .as.string = {(const uint8_t *)"a", 1}}},
        {gc_str_bytes(GC_STR("min")), {.kind = GC_VALUE_REAL, .as.real = -1e6}},
        {gc_str_bytes(GC_STR("max")), {.kind = GC_VALUE_REAL, .as.real = 1e6}},
        {gc_str_bytes(GC_STR("bins")), {.kind = GC_VALUE_INT, .as.integer = 50}},
    };
    struct gc_step step = {.n_config = 4, .config = config};
    any_order(&gc_reducer_histogram, &step);
}
END_TEST

START_TEST(broken_states_are_refused)
{
    struct gc_step step = {.n_config = 0};
    uint64_t seed = 5;
    void *s = rig_keep(gc_reducer_summarize.init(&step));
    uint8_t memory[64];
    struct gc_reduce_input item = {
        .value = {memory, record(&seed, memory, sizeof memory)}, .shape = shape, .n_shape = 3};
    gc_reducer_summarize.add(s, &item);
    struct gc_bytes good = put(&gc_reducer_summarize, s);
    for (size_t len = 0; len < good.len; len++)
        ck_assert_int_eq(gc_reducer_summarize.merge(s, gc_bytes_of(good.ptr, len)), GC_ERR_INVALID);
    ck_assert(gc_bytes_equal(good, put(&gc_reducer_summarize, s)));
    ck_assert_int_eq(gc_reducer_count.merge(rig_keep(gc_reducer_count.init(&step)), good), GC_ERR_INVALID);
}
END_TEST

/* Against long double on numbers for which that is exact, and on numbers where floating point loses all. */
START_TEST(mean_and_deviation_are_right)
{
    struct gc_exact e = {0};
    for (int i = 1; i <= 1000; i++)
        gc_exact_add_int(&e, i);
    ck_assert_double_eq(gc_exact_mean(&e, 1000), 500.5);
    ck_assert_double_eq_tol(gc_exact_deviation(&e, 1000), sqrt(1000.0 * 1001.0 / 12.0), 1e-12);
    e = (struct gc_exact){0};
    gc_exact_add_real(&e, 1e300);
    gc_exact_add_real(&e, 1.0);
    gc_exact_add_real(&e, -1e300);
    ck_assert_double_eq(gc_exact_mean(&e, 3), 1.0 / 3.0);
    e = (struct gc_exact){0};
    for (int i = 0; i < 1000; i++)
        gc_exact_add_real(&e, 1e9 + (i % 2 ? 1e-3 : -1e-3));
    ck_assert_double_eq_tol(gc_exact_deviation(&e, 1000), 1e-3 * sqrt(1000.0 / 999.0),
                            1e-7); /* the numbers themselves are rounded to that */
    e = (struct gc_exact){0};
    gc_exact_add_real(&e, -5e-324);
    gc_exact_add_int(&e, INT64_MIN);
    gc_exact_add_int(&e, INT64_MAX);
    ck_assert_double_eq(gc_exact_mean(&e, 1), -1.0);
    ck_assert_double_eq(gc_exact_deviation(&e, 1), 0);
}
END_TEST

/* Through the stage: only what was added is in the delta, and a run that was not added is not. */
START_TEST(deltas_hold_what_was_added)
{
    static struct rig r;
    static struct rig end;
    struct gc_value_token t;
    uint8_t states[3][4096];
    struct gc_bytes views[3];
    rig_init(&r);
    int echo = rig_step(&r, "echo", "", -1);
    int bad = rig_step(&r, "fail", "items=5", echo);
    rig_reducer(&r, "count", "", bad);
    rig_install(&r);
    ck_assert_uint_eq(gc_stage_reducers(r.stage), 1);
    for (int chunk = 0; chunk < 3; chunk++) {
        struct gc_buf b;
        uint64_t items;
        gc_stage_delta_begin(r.stage);
        for (uint64_t i = 0; i < 20; i++) {
            r.task.index = (uint64_t)chunk * 20 + i;
            r.task.text = gc_str_bytes(GC_STR("x"));
            rig_run(&r, NULL);
            if (i != 3)
                gc_stage_delta_add(r.stage);
        }
        gc_buf_init(&b, states[chunk], sizeof states[chunk]);
        ck_assert_int_eq(gc_stage_delta_take(r.stage, 0, &b, &items), GC_OK);
        ck_assert_uint_eq(items, 15);
        views[chunk] = gc_buf_bytes(&b);
    }
    rig_init(&end);
    rig_install_reduce(&end, "count", "");
    uint8_t merged[4096];
    uint8_t value[64];
    struct gc_buf m;
    struct gc_buf v;
    gc_buf_init(&m, merged, sizeof merged);
    gc_buf_init(&v, value, sizeof value);
    ck_assert_int_eq(gc_stage_merge(end.stage, views, 3, &m, NULL), GC_OK);
    ck_assert_int_eq(gc_stage_finish(end.stage, gc_buf_bytes(&m), &v, NULL), GC_OK);
    struct gc_bytes in = gc_buf_bytes(&v);
    ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    ck_assert_int_eq(t.integer, 45);
    gc_buf_reset(&m);
    ck_assert_int_eq(gc_stage_merge(end.stage, NULL, 0, &m, NULL), GC_OK); /* no items at all */
    gc_buf_reset(&v);
    ck_assert_int_eq(gc_stage_finish(end.stage, gc_buf_bytes(&m), &v, NULL), GC_OK);
    rig_release(&r);
    rig_release(&end);
}
END_TEST

START_TEST(summarize_names_its_fields)
{
    static struct rig r;
    static struct rig end;
    uint8_t state[4096];
    uint8_t value[4096];
    uint64_t items;
    struct gc_buf s;
    struct gc_buf v;
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.png", 90, 60);
    int load = rig_step(&r, "load", "", -1);
    int tone = rig_step(&r, "describe", "", load);
    rig_reducer(&r, "summarize", "", tone);
    rig_reducer(&r, "histogram", "field=mean min=0 max=255 bins=4", tone);
    rig_install(&r);
    gc_stage_delta_begin(r.stage);
    rig_run(&r, photo);
    gc_stage_delta_add(r.stage);
    gc_buf_init(&s, state, sizeof state);
    gc_buf_init(&v, value, sizeof value);
    ck_assert_int_eq(gc_stage_delta_take(r.stage, 0, &s, &items), GC_OK);
    ck_assert_uint_eq(items, 1);
    rig_init(&end);
    rig_install_reduce(&end, "summarize", "");
    ck_assert_int_eq(gc_stage_finish(end.stage, gc_buf_bytes(&s), &v, NULL), GC_OK);
    struct gc_value_token t;
    struct gc_bytes in = gc_buf_bytes(&v);
    struct gc_bytes skipped;
    ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    ck_assert_int_eq(gc_value_skip(&in, &skipped), GC_OK);
    ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    ck_assert_uint_eq(t.n, 7); /* bands deviation entropy height mean sharpness width */
    ck_assert_int_eq(gc_value_next(&in, &t), GC_OK);
    ck_assert(gc_str_is(gc_bytes_str(t.bytes), "bands"));
    rig_release(&r);
    rig_release(&end);
}
END_TEST

GC_SUITE("reduce", GC_TEST(count_in_any_order), GC_TEST(summarize_in_any_order),
         GC_TEST(histogram_in_any_order), GC_TEST(broken_states_are_refused),
         GC_TEST(mean_and_deviation_are_right), GC_TEST(deltas_hold_what_was_added),
         GC_TEST(summarize_names_its_fields))
