#include "common/quantity.h"
#include "tests/unit/suite.h"

struct row {
    const char *text;
    enum gc_err err;
    uint64_t value;
};

typedef enum gc_err parse_fn(struct gc_str text, uint64_t *ret);

static void check_rows(parse_fn *parse, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t v = 12345;
        enum gc_err err = parse(gc_str_of(rows[i].text), &v);
        ck_assert_msg(err == rows[i].err, "'%s': %s", rows[i].text, gc_err_name(err));
        uint64_t expected = err == GC_OK ? rows[i].value : 12345;
        ck_assert_msg(v == expected, "'%s': %llu", rows[i].text, (unsigned long long)v);
    }
}

START_TEST(numbers)
{
    const struct row rows[] = {
        {"0", GC_OK, 0},
        {"007", GC_OK, 7},
        {"18446744073709551615", GC_OK, UINT64_MAX},
        {"18446744073709551616", GC_ERR_LIMIT, 0},
        {"99999999999999999999", GC_ERR_LIMIT, 0},
        {"", GC_ERR_INVALID, 0},
        {"-1", GC_ERR_INVALID, 0},
        {"+1", GC_ERR_INVALID, 0},
        {" 1", GC_ERR_INVALID, 0},
        {"1 ", GC_ERR_INVALID, 0},
        {"0x10", GC_ERR_INVALID, 0},
        {"1.5", GC_ERR_INVALID, 0},
    };
    check_rows(gc_quantity_u64, rows, GC_COUNT_OF(rows));
}
END_TEST

START_TEST(durations)
{
    const uint64_t s = UINT64_C(1000000000);
    const struct row rows[] = {
        {"0", GC_OK, 0},
        {"90s", GC_OK, 90 * s},
        {"1h30m", GC_OK, 5400 * s},
        {"1d2h3m4s5ms6us7ns", GC_OK, 93784 * s + 5006007},
        {"500ms", GC_OK, s / 2},
        {"0.1s", GC_OK, s / 10},
        {"1m0.5s", GC_OK, 60 * s + s / 2},
        {"1.9999999999999999999ns", GC_OK, 1},
        {"213503d", GC_OK, 86400 * s * 213503},
        {"213504d", GC_ERR_LIMIT, 0},
        {"213503d24h", GC_ERR_LIMIT, 0},
        {"90", GC_ERR_INVALID, 0},
        {"s", GC_ERR_INVALID, 0},
        {"", GC_ERR_INVALID, 0},
        {"1s1m", GC_ERR_INVALID, 0},
        {"1s1s", GC_ERR_INVALID, 0},
        {"1.5h30m", GC_ERR_INVALID, 0},
        {"1.s", GC_ERR_INVALID, 0},
        {".5s", GC_ERR_INVALID, 0},
        {"-1s", GC_ERR_INVALID, 0},
        {"1 s", GC_ERR_INVALID, 0},
        {"1S", GC_ERR_INVALID, 0},
        {"1fortnight", GC_ERR_INVALID, 0},
    };
    check_rows(gc_quantity_duration, rows, GC_COUNT_OF(rows));
}
END_TEST

START_TEST(sizes)
{
    const struct row rows[] = {
        {"4096", GC_OK, 4096},
        {"1kB", GC_OK, 1000},
        {"1KiB", GC_OK, 1024},
        {"1.5GiB", GC_OK, UINT64_C(3) << 29},
        {"0.3B", GC_OK, 0},
        {"2TB", GC_OK, UINT64_C(2000000000000)},
        {"16777215TiB", GC_OK, UINT64_C(16777215) << 40},
        {"16777216TiB", GC_ERR_LIMIT, 0},
        {"1K", GC_ERR_INVALID, 0},
        {"1GiBx", GC_ERR_INVALID, 0},
        {"1GiB1MiB", GC_ERR_INVALID, 0},
        {"GiB", GC_ERR_INVALID, 0},
        {"", GC_ERR_INVALID, 0},
    };
    check_rows(gc_quantity_bytes, rows, GC_COUNT_OF(rows));
}
END_TEST

GC_SUITE("quantity", GC_TEST(numbers), GC_TEST(durations), GC_TEST(sizes))
