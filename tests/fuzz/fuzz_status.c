/* The status reader against arbitrary bytes:
 *
 *     byte 0: nodes of the stage; bytes 1 and 2: items of the range, little-endian; the rest: the status
 *
 * What is accepted is walked, and written again item by item: the bytes must be the same, since there is one form for each content. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/assert.h"
#include "proto/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct gc_status *s, uint64_t items)
{
    static uint8_t memory[3][1u << 20];
    static struct gc_status_writer w;
    struct gc_buf runs;
    struct gc_buf faults;
    struct gc_buf out;
    struct gc_status_iter run = {0};
    struct gc_status_iter fault = {0};
    struct gc_status_fault f[GC_MAX_STAGE_NODES];
    const uint8_t *pattern;
    uint64_t count;
    uint64_t seen = 0;
    gc_buf_init(&runs, memory[0], sizeof memory[0]);
    gc_buf_init(&faults, memory[1], sizeof memory[1]);
    gc_buf_init(&out, memory[2], sizeof memory[2]);
    gc_status_writer_init(&w, s->n_nodes, runs, faults);
    while (gc_status_run_next(s, &run, &count, &pattern)) {
        GC_ASSERT(run.item == seen);
        for (uint64_t i = 0; i < count; i++, seen++) {
            uint32_t n = 0;
            for (uint32_t node = 0; node < s->n_nodes; node++) {
                if (pattern[node] != GC_OUTCOME_FAILED)
                    continue;
                bool there = gc_status_fault_next(s, &fault, &f[n]);
                GC_ASSERT(there);
                GC_ASSERT(f[n].item == seen);
                GC_ASSERT(f[n].node == node);
                n++;
            }
            enum gc_err err = gc_status_writer_add(&w, pattern, f, n);
            GC_ASSERT(err == GC_OK);
        }
    }
    GC_ASSERT(seen == items);
    GC_ASSERT(!gc_status_fault_next(s, &fault, &f[0]));
    GC_ASSERT(gc_status_writer_size(&w) == s->bytes.len);
    enum gc_err err = gc_status_writer_finish(&w, &out);
    GC_ASSERT(err == GC_OK);
    GC_ASSERT(gc_bytes_equal(gc_buf_bytes(&out), s->bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gc_status s;
    if (size < 3)
        return 0;
    uint64_t items = (uint64_t)data[1] | (uint64_t)data[2] << 8;
    if (gc_status_check(gc_bytes_of(data + 3, size - 3), items, data[0], &s) == GC_OK)
        again(&s, items);
    return 0;
}
