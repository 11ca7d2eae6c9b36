/* The main of a unit test: which tests it has, and which of them must die of an assert.
 *
 *     GC_SUITE("arena", GC_TEST(takes_aligned), GC_TEST_ABORTS(refuses_odd_alignment))
 *
 * check forks for each test, so that one may abort. */
#ifndef GC_TESTS_UNIT_SUITE_H
#define GC_TESTS_UNIT_SUITE_H

#include <check.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct gc_suite_test {
    const TTest *test;
    int signal; /* that must end it; 0: none */
};

#define GC_TEST(test)        ((struct gc_suite_test){(test), 0})
#define GC_TEST_ABORTS(test) ((struct gc_suite_test){(test), SIGABRT})

static inline int gc_suite_run(const char *name, const struct gc_suite_test *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    suite_add_tcase(suite, tcase);
    for (size_t i = 0; i < count; i++)
        tcase_add_test_raise_signal(tcase, tests[i].test, tests[i].signal);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define GC_SUITE(name, ...)                                               \
    int main(void)                                                        \
    {                                                                     \
        const struct gc_suite_test tests[] = {__VA_ARGS__};               \
        return gc_suite_run(name, tests, sizeof tests / sizeof tests[0]); \
    }

/* A sequence of numbers for tests against a model; the seed is in the test, so a failure repeats. */
static inline uint64_t gc_suite_random(uint64_t *state)
{
    /* xorshift64*, Vigna 2016 */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

#endif
