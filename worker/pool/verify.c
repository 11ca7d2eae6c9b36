#include "worker/pool/verify.h"

#include "proto/values.h"

static bool has_value(uint8_t outcome)
{
    return outcome == GC_OUTCOME_DONE || outcome == GC_OUTCOME_CACHED || outcome == GC_OUTCOME_WARNED;
}

/* How many values a task of this pattern has; false: it does not fit what was wanted. */
static bool count_pattern(const uint8_t *pattern, uint32_t n_nodes, uint64_t want, uint64_t *ret)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < n_nodes; i++) {
        bool wanted = want >> i & 1;
        if (wanted == (pattern[i] == GC_OUTCOME_NONE))
            return false;
        n += has_value(pattern[i]);
    }
    *ret = n;
    return true;
}

static const char *values_wrong(struct gc_bytes values, uint64_t n)
{
    struct gc_bytes one;
    for (; n > 0; n--) {
        if (gc_value_skip(&values, &one) != GC_OK)
            return "values that are none, or too few";
    }
    return values.len == 0 ? NULL : "more values than outcomes";
}

const char *gc_verify_items(struct gc_bytes status, struct gc_bytes values, uint64_t count, uint32_t n_nodes,
                            uint64_t want)
{
    struct gc_status s;
    if (gc_status_check(status, count, n_nodes, &s) != GC_OK)
        return "a status that is none";
    struct gc_status_iter it = {0};
    uint64_t run, n = 0, each;
    const uint8_t *pattern;
    while (gc_status_run_next(&s, &it, &run, &pattern)) {
        if (!count_pattern(pattern, n_nodes, want, &each))
            return "outcomes of other nodes than were wanted";
        n += run * each;
    }
    return values_wrong(values, n);
}

const char *gc_verify_finish(struct gc_bytes status, struct gc_bytes value, uint32_t n_deltas, bool scan)
{
    struct gc_status s;
    if (gc_status_check(status, 1, 1, &s) != GC_OK)
        return "a status that is none";
    uint64_t n;
    if (!count_pattern(s.patterns, 1, 1, &n) || n_deltas != (scan ? 0 : n))
        return "a state without a value, or the other way round";
    return values_wrong(value, n);
}
