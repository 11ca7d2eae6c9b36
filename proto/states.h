/* states.h - enums and names of the closed sets of states.def. Pure. */
#ifndef GC_PROTO_STATES_H
#define GC_PROTO_STATES_H

#include <stdbool.h>
#include <stdint.h>

enum gc_run_state {
#define RUN_STATE(NAME, name, ended) GC_RUN_##NAME,
#include "proto/states.def"
    GC_RUN_STATES
};
enum gc_outcome {
#define OUTCOME(NAME, name) GC_OUTCOME_##NAME,
#include "proto/states.def"
    GC_OUTCOMES
};
enum gc_cause {
#define CAUSE(NAME, name, retried, text) GC_CAUSE_##NAME,
#include "proto/states.def"
    GC_CAUSES
};
enum gc_verdict {
#define VERDICT(NAME, name) GC_VERDICT_##NAME,
#include "proto/states.def"
    GC_VERDICTS
};
enum gc_stage_kind {
#define STAGE_KIND(NAME, name) GC_STAGE_##NAME,
#include "proto/states.def"
    GC_STAGE_KINDS
};
enum gc_lease_kind {
#define LEASE_KIND(NAME, name) GC_LEASE_##NAME,
#include "proto/states.def"
    GC_LEASE_KINDS
};
enum gc_scope {
#define SCOPE(NAME, name) GC_SCOPE_##NAME,
#include "proto/states.def"
    GC_SCOPES
};
enum gc_type {
#define TYPE(NAME, name) GC_TYPE_##NAME,
#include "proto/states.def"
    GC_TYPES
};
enum gc_trait {
#define TRAIT(NAME, bit, name, text) GC_TRAIT_##NAME = 1u << (bit),
#include "proto/states.def"
};

/* Names as people and JSON see them; "?" for a number outside the set. */
const char *gc_run_state_name(uint64_t state);
const char *gc_outcome_name(uint64_t outcome);
const char *gc_cause_name(uint64_t cause);
const char *gc_cause_text(uint64_t cause);
const char *gc_verdict_name(uint64_t verdict);
const char *gc_stage_kind_name(uint64_t kind);
const char *gc_lease_kind_name(uint64_t kind);
const char *gc_scope_name(uint64_t scope);
const char *gc_type_name(uint64_t type);

/* How a cause is retried: 0 never, 1 counted against `retries`, 2 with backoff and not counted. */
unsigned gc_cause_retried(uint64_t cause);
bool gc_run_state_ended(uint64_t state);
bool gc_run_state_may(uint64_t from, uint64_t to);

#endif
