/* planned.c - a whole submission becomes a plan: decoded, checked against the fleet, its programs encoded. */
#include <string.h>

#include "common/assert.h"
#include "coordinator/plan/plan.h"
#include "coordinator/submit.h"
#include "proto/codec.h"

/* The job's documents spread into structs, the plan, its programs and a trial of its encoding. Touched as far as it is needed. */
#define PLAN_BYTES ((size_t)GC_MAX_DOCUMENT * 32u)

static enum gc_err no_room(struct gc_fault *f)
{
    return gc_fault_set(f, GC_ERR_LIMIT, "the job is too large to be planned");
}

/* The submission's bytes may be closed before the plan is stored: decoded strings point into a copy in the arena. */
static bool copy(struct gc_arena *arena, struct gc_bytes *bytes)
{
    uint8_t *to = GC_ARENA_ARRAY(arena, uint8_t, bytes->len);
    if (!to)
        return false;
    if (bytes->len)
        memcpy(to, bytes->ptr, bytes->len);
    bytes->ptr = to;
    return true;
}

static enum gc_err decode_nodes(const struct gc_submission *sub, struct gc_arena *arena,
                                struct gc_node *nodes, struct gc_fault *f)
{
    uint64_t n = 0;
    for (const struct gc_submit_part *part = sub->parts; part; part = part->next) {
        struct gc_nodes decoded;
        struct gc_bytes bytes = part->bytes;
        if (!copy(arena, &bytes))
            return no_room(f);
        enum gc_err err = gc_decode_nodes(bytes, arena, &decoded, f);
        if (err != GC_OK)
            return err;
        GC_ASSERT(n + decoded.n_nodes <= sub->n_nodes); /* counted when it came */
        memcpy(nodes + n, decoded.nodes, decoded.n_nodes * sizeof *nodes);
        n += decoded.n_nodes;
    }
    GC_ASSERT(n == sub->n_nodes);
    return GC_OK;
}

static enum gc_err encode_program(struct gc_program *program, struct gc_arena *arena, struct gc_bytes *ret,
                                  struct gc_fault *f)
{
    /* Written at the end of what is used, and taken once it is known how long it became. */
    size_t left = gc_arena_left(arena);
    struct gc_buf out;
    gc_buf_init(&out, arena->base + arena->used, left < GC_MAX_BULK ? left : GC_MAX_BULK);
    if (gc_encode_program(program, &out) != GC_OK || !gc_buf_ok(&out))
        return no_room(f);
    uint8_t *kept = GC_ARENA_ARRAY(arena, uint8_t, out.len);
    GC_ASSERT(kept == out.data);
    *ret = gc_bytes_of(kept, out.len);
    return GC_OK;
}

/* What the store and GET want is one document each: a plan that is longer is refused now, not when it is committed. What was
 * written stays at the end of the arena: *ret is for who takes no more of it. */
static enum gc_err try_plan(const struct gc_plan *plan, struct gc_arena *arena, struct gc_bytes *ret,
                            struct gc_fault *f)
{
    size_t mark = gc_arena_mark(arena);
    uint8_t *memory = GC_ARENA_ARRAY(arena, uint8_t, GC_MAX_DOCUMENT);
    if (!memory)
        return no_room(f);
    struct gc_buf out;
    gc_buf_init(&out, memory, GC_MAX_DOCUMENT);
    bool fits = gc_encode_plan(plan, &out) == GC_OK && gc_buf_ok(&out);
    gc_arena_rewind(arena, mark);
    *ret = gc_buf_bytes(&out);
    return fits ? GC_OK : no_room(f);
}

static enum gc_err encode_programs(const struct gc_submission *sub, struct gc_plan_draft *draft,
                                   uint64_t run_no, struct gc_arena *arena, struct gc_bytes *ret,
                                   struct gc_fault *f)
{
    enum gc_err err = GC_OK;
    for (uint32_t i = 0; i < draft->plan.n_stages && err == GC_OK; i++) {
        draft->programs[i].run = sub->run;
        draft->programs[i].run_no = run_no;
        err = encode_program(&draft->programs[i], arena, &draft->plan.stages[i].program, f);
    }
    return err == GC_OK ? try_plan(&draft->plan, arena, ret, f) : err;
}

static enum gc_err plan(const struct gc_submission *sub, const struct gc_catalogue *catalogue,
                        uint64_t run_no, struct gc_arena *arena, struct gc_planned *ret, struct gc_fault *f)
{
    struct gc_bytes job = sub->job;
    struct gc_node *nodes = GC_ARENA_ARRAY(arena, struct gc_node, sub->n_nodes);
    if (!nodes || !copy(arena, &job))
        return no_room(f);
    enum gc_err err = gc_decode_job(job, arena, &ret->job, f);
    if (err == GC_OK)
        err = decode_nodes(sub, arena, nodes, f);
    struct gc_plan_draft draft;
    if (err == GC_OK &&
        gc_plan_make(&ret->job, nodes, (uint32_t)sub->n_nodes, catalogue, arena, &draft) != GC_OK)
        err = no_room(f);
    if (err == GC_OK && draft.accepted)
        err = encode_programs(sub, &draft, run_no, arena, &ret->document, f);
    if (err != GC_OK)
        return err;
    ret->plan = draft.plan;
    ret->accepted = draft.accepted;
    ret->n_problems = draft.n_problems < GC_MAX_PROBLEMS ? draft.n_problems : GC_MAX_PROBLEMS;
    ret->problems = draft.problems;
    ret->more = draft.more;
    return GC_OK;
}

enum gc_err gc_submit_plan(const struct gc_submission *sub, const struct gc_catalogue *catalogue,
                           uint64_t run_no, struct gc_mapping *ret_memory, const struct gc_planned **ret,
                           struct gc_fault *f)
{
    struct gc_mapping memory;
    struct gc_arena arena;
    GC_ASSERT(sub->received == sub->n_nodes);
    if (gc_mapping_make(PLAN_BYTES, &memory) != GC_OK)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory to plan the job");
    gc_arena_init(&arena, memory.base, memory.size);
    struct gc_planned *made = GC_ARENA_ONE(&arena, struct gc_planned);
    GC_ASSERT(made != NULL); /* the first thing in it */
    enum gc_err err = plan(sub, catalogue, run_no, &arena, made, f);
    if (err != GC_OK) {
        gc_mapping_release(&memory);
        return err;
    }
    *ret = made;
    *ret_memory = memory;
    return GC_OK;
}
