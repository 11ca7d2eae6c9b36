/* A source's program and its settings. */
#include <stdlib.h>
#include <string.h>

#include "proto/codec.h"
#include "worker/lister/job.h"

/* A source's program is one step and some names: small, whatever it says of its length. */
enum { ARENA = 512 * 1024, MAX_PROGRAM = 256 * 1024 };

/* A source outlives the request that brought its program: the decoded one leads into bytes of its own. */
static enum gc_err decode(struct gc_source *s, struct gc_bytes program, struct gc_fault *fault)
{
    if (program.len == 0 || program.len > MAX_PROGRAM)
        return gc_fault_set(fault, GC_ERR_INVALID, "no program of a source");
    uint8_t *copy = GC_ARENA_ARRAY(&s->arena, uint8_t, program.len);
    if (!copy)
        return GC_ERR_NOMEM;
    memcpy(copy, program.ptr, program.len);
    return gc_decode_program(gc_bytes_of(copy, program.len), &s->arena, &s->program, fault);
}

enum gc_err gc_source_init(struct gc_source *s, struct gc_bytes program, struct gc_fault *fault)
{
    void *memory = malloc(ARENA);
    *s = (struct gc_source){0};
    gc_arena_init(&s->arena, memory, memory ? ARENA : 0);
    enum gc_err err = memory ? decode(s, program, fault) : GC_ERR_NOMEM;
    if (!err && (s->program.kind != GC_STAGE_SOURCE || s->program.n_steps != 1))
        err = gc_fault_set(fault, GC_ERR_INVALID, "not the program of a source");
    if (!err)
        err = gc_namer_init(&s->namer, &s->program, &s->arena, fault);
    if (err) {
        gc_source_release(s);
        return err;
    }
    s->step = &s->program.steps[0];
    return GC_OK;
}

void gc_source_release(struct gc_source *s)
{
    free(s->arena.base);
    *s = (struct gc_source){0};
}

const struct gc_value *gc_source_setting(const struct gc_source *s, const char *key)
{
    for (uint32_t i = 0; i < s->step->n_config; i++)
        if (gc_str_is(gc_bytes_str(s->step->config[i].key), key))
            return s->step->config[i].value.kind == GC_VALUE_NULL ? NULL : &s->step->config[i].value;
    return NULL;
}

struct gc_str gc_source_string(const struct gc_source *s, const char *key, const char *fallback)
{
    const struct gc_value *v = gc_source_setting(s, key);
    return v && v->kind == GC_VALUE_STRING ? gc_bytes_str(v->as.string) : gc_str_of(fallback);
}

bool gc_source_flag(const struct gc_source *s, const char *key, bool fallback)
{
    const struct gc_value *v = gc_source_setting(s, key);
    return v && v->kind == GC_VALUE_BOOL ? v->as.flag : fallback;
}

uint64_t gc_source_room(const struct gc_source *s, uint64_t first)
{
    uint64_t limit = s->program.limit < GC_MAX_ITEMS ? s->program.limit : GC_MAX_ITEMS;
    return limit > first ? limit - first : 0;
}

uint32_t gc_cause_of(enum gc_err err)
{
    switch ((int)err) {
    case GC_ERR_NOT_FOUND: return GC_CAUSE_MISSING;
    case GC_ERR_DENIED: return GC_CAUSE_NOT_ALLOWED;
    case GC_ERR_INVALID:
    case GC_ERR_LIMIT: return GC_CAUSE_BAD_INPUT;
    default: return GC_CAUSE_UNREADABLE;
    }
}
