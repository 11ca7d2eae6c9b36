/* account.h - a run's counters: from outcomes in, to node infos and commits out, and what max_bad says about them. */
#ifndef GC_CORE_ACCOUNT_H
#define GC_CORE_ACCOUNT_H

#include "coordinator/core/core.h"

struct core_node;
struct core_run;
struct core_stage;

/* Adds the outcomes of a checked status of a batch of the stage. */
void core_account_add(struct core_stage *stage, const struct gc_status *status);
/* Whether every outcome in it says something. */
bool core_account_legal(const struct gc_status *status);

uint64_t core_node_total(const struct core_node *node);
uint64_t core_node_done(const struct core_node *node);
uint64_t core_node_failed(const struct core_node *node);
uint64_t core_node_skipped(const struct core_node *node);
/* Whether it has more failures than it may: a number at once, a share once all items are listed. */
bool core_node_exceeds(const struct core_node *node);

/* In scratch; for RUN_INFO and the commit of a run's end. */
struct gc_node_infos core_account_nodes(struct gc_core *core, const struct core_run *run);
void core_account_sources(struct gc_core *core, const struct core_run *run, uint32_t *ret_n,
                          struct gc_source_info **ret);
void core_account_commit(struct gc_core *core, const struct core_run *run, bool with_nodes);

#endif
