/* gc-sim [--seed N] [--seeds N] [--calm] [--trace]: runs seeds one after the other and says what was done. A failure prints the seed,
 * the step and the line that runs it again; an assert that fails does so through the line printed before each seed with --verbose. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/sim.h"

static uint64_t current;

/* An assert ends the process: say which seed it was. Only what may be called from a signal handler. */
static size_t put_text(char *to, const char *from)
{
    size_t n = 0;
    for (; from[n]; n++)
        to[n] = from[n];
    return n;
}

static size_t put_number(char *to, uint64_t v)
{
    char digits[24];
    size_t k = 0, n = 0;
    do
        digits[k++] = (char)('0' + v % 10);
    while ((v /= 10) != 0);
    while (k > 0)
        to[n++] = digits[--k];
    return n;
}

static void on_abort(int signo)
{
    char text[160];
    size_t n = put_text(text, "gc-sim: an assert failed: seed ");
    n += put_number(text + n, current);
    n += put_text(text + n, ", step ");
    n += put_number(text + n, sim_steps_now ? *sim_steps_now : 0);
    n += put_text(text + n, ". Again: gc-sim --seed ");
    n += put_number(text + n, current);
    text[n++] = '\n';
    ssize_t written = write(2, text, n);
    (void)written;
    signal(signo, SIG_DFL);
    raise(signo);
}

static uint64_t number(const char *text)
{
    char *end;
    unsigned long long v = strtoull(text, &end, 10);
    if (*end || end == text) {
        fprintf(stderr, "gc-sim: '%s' is no number\n", text);
        exit(2);
    }
    return v;
}

static int report(const struct sim_counters *c, uint64_t seeds, uint64_t steps, uint64_t failed, bool demand)
{
    int missing = 0;
    printf("%" PRIu64 " seeds, %" PRIu64 " failed, %" PRIu64 " steps (%" PRIu64 " a seed); faults done:",
           seeds, failed, steps, seeds ? steps / seeds : 0);
#define X(name)                             \
    printf(" " #name "=%" PRIu64, c->name); \
    missing += c->name == 0;
    SIM_COUNTERS(X)
#undef X
    putchar('\n');
    if (demand && missing) {
        printf("void: %d kinds of fault were never done\n", missing);
        return 1;
    }
    return failed != 0;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, seeds = 1, failed = 0, total = 0;
    struct sim_options options = {.max_steps = 3000000};
    struct sim_counters counters = {0};
    bool twice = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            first = number(argv[++i]);
        else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
            seeds = number(argv[++i]);
        else if (strcmp(argv[i], "--calm") == 0)
            options.calm = true;
        else if (strcmp(argv[i], "--trace") == 0)
            options.trace = true;
        else if (strcmp(argv[i], "--twice") == 0)
            twice = true;
        else {
            fprintf(stderr, "usage: gc-sim [--seed N] [--seeds N] [--calm] [--trace] [--twice]\n"
                            "  --twice  runs each seed again and compares the traces\n");
            return 2;
        }
    }
    signal(SIGABRT, on_abort);
    for (uint64_t i = 0; i < seeds; i++) {
        uint64_t steps, trace, again;
        options.seed = current = first + i;
        if (!sim_run(&options, &counters, &steps, &trace))
            failed++;
        total += steps;
        if (twice) {
            (void)sim_run(&options, &counters, &steps, &again);
            if (again != trace) {
                fprintf(stderr, "seed %" PRIu64 ": a second run went another way\n", options.seed);
                failed++;
            }
        }
    }
    return report(&counters, seeds, total, failed, !options.calm && seeds >= 100);
}
