/* fx.c - the list of effects. Its size is reckoned from the capacities (agent.c), so that it cannot be full. */
#include "worker/agent/state.h"

struct gc_agent_effect *fx_add(struct gc_agent *a, enum gc_agent_effect_kind kind)
{
    GC_ASSERT(a->n_effects < a->max_effects);
    struct gc_agent_effect *fx = &a->effects[a->n_effects++];
    memset(fx, 0, sizeof *fx);
    fx->kind = kind;
    return fx;
}

struct gc_msg *fx_send(struct gc_agent *a, enum gc_msg_type type)
{
    struct gc_msg *msg = &fx_add(a, GC_AFX_SEND)->as.msg;
    msg->type = type;
    msg->term = a->term;
    msg->session = a->joined ? a->session : 0;
    msg->seq = ++a->seq;
    return msg;
}

void fx_free(struct gc_agent *a, uint64_t chunk)
{
    GC_ASSERT(chunk != 0);
    fx_add(a, GC_AFX_FREE)->as.free = chunk;
}
