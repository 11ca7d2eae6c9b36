/* A scanning reducer, simulated: reads the parts as they were kept, and holds the store and the wire to what proto/scan.h says of them:
 * in order, none twice, none left out. */
#include "proto/scan.h"
#include "common/assert.h"
#include "tests/sim/inside.h"

/* Where a scan stands. */
struct scan {
    const struct gc_step *step;
    uint64_t item;
    uint64_t digest;
};

static uint64_t take_value(struct gc_bytes *values)
{
    struct gc_value_token token;
    enum gc_err err = gc_value_next(values, &token);
    GC_ASSERT(err == GC_OK);
    GC_ASSERT(token.kind == GC_TOKEN_INT || token.kind == GC_TOKEN_UINT);
    return token.kind == GC_TOKEN_UINT ? token.unsigned_integer : (uint64_t)token.integer;
}

static void scan_item(struct scan *s, const uint8_t *pattern, uint32_t n_nodes, struct gc_bytes *values)
{
    uint64_t value[GC_MAX_STAGE_NODES] = {0};
    for (uint32_t i = 0; i < n_nodes; i++)
        if (pattern[i] == GC_OUTCOME_DONE)
            value[i] = take_value(values);
    for (uint32_t k = 0; k < s->step->n_inputs; k++) {
        uint64_t from = s->step->inputs[k].step;
        GC_ASSERT(from == GC_UNSET || from < n_nodes);
        s->digest = from == GC_UNSET
                        ? sim_job_digest(s->digest, s->item, GC_OUTCOME_DONE, s->item)
                        : sim_job_digest(s->digest, s->item, (enum gc_outcome)pattern[from], value[from]);
    }
    s->item++;
}

static void scan_part(struct scan *s, const struct gc_scan_part *part, uint32_t n_nodes)
{
    struct gc_status status;
    struct gc_status_iter it = {0};
    struct gc_bytes values = part->values;
    uint64_t count;
    const uint8_t *pattern;
    GC_ASSERT(part->first == s->item);
    enum gc_err err = gc_status_check(part->status, part->count, n_nodes, &status);
    GC_ASSERT(err == GC_OK);
    while (gc_status_run_next(&status, &it, &count, &pattern))
        for (; count > 0; count--)
            scan_item(s, pattern, n_nodes, &values);
    GC_ASSERT(values.len == 0);
    GC_ASSERT(s->item == part->first + part->count);
}

void sim_scan(const struct thing *results, const struct gc_program *program, uint64_t *ret_count,
              uint64_t *ret_digest)
{
    struct scan s = {.step = &program->steps[0]};
    struct gc_reader in;
    struct gc_scan_part part;
    GC_ASSERT(results && results->what == GC_GET_RESULTS);
    GC_ASSERT(program->scanned <= GC_MAX_STAGE_NODES);
    gc_reader_init(&in, gc_bytes_of(results->memory, results->len));
    while (gc_scan_part_take(&in, &part))
        scan_part(&s, &part, (uint32_t)program->scanned);
    GC_ASSERT(gc_reader_done(&in));
    *ret_count = s.item;
    *ret_digest = s.digest;
}
