#include "coordinator/core/effects.h"

#include <string.h>

#include "common/assert.h"
#include "coordinator/core/inside.h"

size_t core_effects_size(void)
{
    return CORE_EFFECTS * sizeof(struct gc_effect) + CORE_SCRATCH_BYTES + 64;
}

enum gc_err core_effects_init(struct gc_core *core, struct gc_arena *arena)
{
    struct core_effects *fx = &core->effects;
    fx->list = GC_ARENA_ARRAY(arena, struct gc_effect, CORE_EFFECTS);
    void *scratch = gc_arena_take(arena, CORE_SCRATCH_BYTES, 16);
    if (!fx->list || !scratch)
        return GC_ERR_NOMEM;
    gc_arena_init(&fx->scratch, scratch, CORE_SCRATCH_BYTES);
    return GC_OK;
}

void core_effects_reset(struct gc_core *core)
{
    core->effects.n = 0;
    gc_arena_rewind(&core->effects.scratch, 0);
}

static struct gc_effect *append(struct gc_core *core, enum gc_effect_kind kind, gc_peer peer)
{
    struct core_effects *fx = &core->effects;
    GC_ASSERT(fx->n < CORE_EFFECTS);
    struct gc_effect *effect = &fx->list[fx->n++];
    memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    effect->peer = peer;
    return effect;
}

struct gc_msg *core_send(struct gc_core *core, gc_peer peer, enum gc_msg_type type, uint64_t re)
{
    GC_ASSERT(peer != 0);
    struct gc_msg *msg = &append(core, GC_FX_SEND, peer)->as.msg;
    msg->type = type;
    msg->re = re;
    return msg;
}

void core_error(struct gc_core *core, gc_peer peer, uint64_t re, enum gc_err code, const char *text)
{
    struct gc_msg_error *error = &core_send(core, peer, GC_MSG_ERROR, re)->as.error;
    error->code = code;
    error->text = core_text(text);
}

struct gc_commit *core_commit(struct gc_core *core, enum gc_commit_kind kind)
{
    struct gc_commit *commit = &append(core, GC_FX_COMMIT, 0)->as.commit;
    commit->kind = kind;
    return commit;
}

void core_read(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    append(core, GC_FX_READ, peer)->as.read = msg;
}

void *core_scratch(struct gc_core *core, size_t count, size_t size)
{
    void *p = gc_arena_take_array(&core->effects.scratch, count, size, 16);
    GC_ASSERT(p != NULL);
    memset(p, 0, count * size);
    return p;
}

struct gc_bytes core_text(const char *text)
{
    return gc_bytes_of(text, strlen(text));
}
