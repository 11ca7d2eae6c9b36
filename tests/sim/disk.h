/* disk.h - the simulated store: a log of commits, of which a crash loses what was not durable yet. It answers what a shell reads.
 *
 * Transactions (units) are handed in whole; one commit at a time is under way, and the next takes all that came during it, as the
 * real store thread does. Deep copies: nothing here points into core or event.
 */
#ifndef GC_SIM_DISK_H
#define GC_SIM_DISK_H

#include "common/buf.h"
#include "tests/sim/sim.h"

struct sim_mem; /* memory that is freed at once, at the end of a seed */
struct sim_mem *sim_mem_new(void);
void sim_mem_destroy(struct sim_mem **self_p);
void *sim_mem_take(struct sim_mem *m, size_t bytes);
struct gc_bytes sim_mem_copy(struct sim_mem *m, struct gc_bytes bytes);

struct sim_disk {
    struct sim_mem *mem;
    struct gc_commit *log; /* durable, in order */
    size_t n, capacity;
    uint64_t term;
};

struct gc_commit sim_commit_copy(struct sim_mem *m, const struct gc_commit *c);
void sim_disk_append(struct sim_disk *d, const struct gc_commit *c);

/* What GET answers; false: it is not there. */
bool sim_disk_program(const struct sim_disk *d, uint64_t run_no, uint64_t stage, struct gc_bytes *ret);
bool sim_disk_page(const struct sim_disk *d, uint64_t run_no, uint64_t stage, uint64_t index,
                   struct gc_page *ret_page, struct gc_bytes *ret_block);
bool sim_disk_cursor(const struct sim_disk *d, uint64_t run_no, uint64_t stage, struct gc_bytes *ret);
/* Appends up to `max` batches of a stage as parts, from item `index` on; *ret_next as DATA says it. */
void sim_disk_scan(const struct sim_disk *d, uint64_t run_no, uint64_t stage, uint64_t index, uint64_t max,
                   struct gc_buf *out, uint64_t *ret_next);
bool sim_disk_delta(const struct sim_disk *d, uint64_t run_no, uint64_t id, struct gc_bytes *ret);
/* The last state of a run; false: no such run. */
bool sim_disk_run(const struct sim_disk *d, const struct gc_id128 *run, uint64_t *ret_run_no,
                  uint64_t *ret_state, const struct gc_commit_run_state **ret_last);

#endif
