#include "proto/states.h"

#include <stddef.h>

#define PICK(names, i) ((i) < sizeof(names) / sizeof((names)[0]) ? (names)[i] : "?")

static const char *const run_state_names[] = {
#define RUN_STATE(NAME, name, ended) [GC_RUN_##NAME] = (name),
#include "proto/states.def"
};

static const bool run_state_ended[] = {
#define RUN_STATE(NAME, name, ended) [GC_RUN_##NAME] = (ended),
#include "proto/states.def"
};

static const bool run_state_may[GC_RUN_STATES][GC_RUN_STATES] = {
#define RUN_MOVE(FROM, TO) [GC_RUN_##FROM][GC_RUN_##TO] = true,
#include "proto/states.def"
};

static const char *const outcome_names[] = {
#define OUTCOME(NAME, name) [GC_OUTCOME_##NAME] = (name),
#include "proto/states.def"
};

static const char *const cause_names[] = {
#define CAUSE(NAME, name, retried, text) [GC_CAUSE_##NAME] = (name),
#include "proto/states.def"
};

static const char *const cause_texts[] = {
#define CAUSE(NAME, name, retried, text) [GC_CAUSE_##NAME] = (text),
#include "proto/states.def"
};

static const uint8_t cause_retried[] = {
#define CAUSE(NAME, name, retried, text) [GC_CAUSE_##NAME] = (retried),
#include "proto/states.def"
};

static const char *const verdict_names[] = {
#define VERDICT(NAME, name) [GC_VERDICT_##NAME] = (name),
#include "proto/states.def"
};

static const char *const stage_kind_names[] = {
#define STAGE_KIND(NAME, name) [GC_STAGE_##NAME] = (name),
#include "proto/states.def"
};

static const char *const lease_kind_names[] = {
#define LEASE_KIND(NAME, name) [GC_LEASE_##NAME] = (name),
#include "proto/states.def"
};

static const char *const scope_names[] = {
#define SCOPE(NAME, name) [GC_SCOPE_##NAME] = (name),
#include "proto/states.def"
};

static const char *const type_names[] = {
#define TYPE(NAME, name) [GC_TYPE_##NAME] = (name),
#include "proto/states.def"
};

const char *gc_run_state_name(uint64_t state)
{
    return PICK(run_state_names, state);
}

const char *gc_outcome_name(uint64_t outcome)
{
    return PICK(outcome_names, outcome);
}

const char *gc_cause_name(uint64_t cause)
{
    return PICK(cause_names, cause);
}

const char *gc_cause_text(uint64_t cause)
{
    return PICK(cause_texts, cause);
}

const char *gc_verdict_name(uint64_t verdict)
{
    return PICK(verdict_names, verdict);
}

const char *gc_stage_kind_name(uint64_t kind)
{
    return PICK(stage_kind_names, kind);
}

const char *gc_lease_kind_name(uint64_t kind)
{
    return PICK(lease_kind_names, kind);
}

const char *gc_scope_name(uint64_t scope)
{
    return PICK(scope_names, scope);
}

const char *gc_type_name(uint64_t type)
{
    return PICK(type_names, type);
}

/* A cause that does not exist is never retried: the item fails, and somebody looks at it. */
unsigned gc_cause_retried(uint64_t cause)
{
    return cause < GC_CAUSES ? cause_retried[cause] : 0;
}

bool gc_run_state_ended(uint64_t state)
{
    return state < GC_RUN_STATES && run_state_ended[state];
}

bool gc_run_state_may(uint64_t from, uint64_t to)
{
    return from < GC_RUN_STATES && to < GC_RUN_STATES && run_state_may[from][to];
}
