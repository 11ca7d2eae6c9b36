/* list.c - LIST leases: the lister's side of them. Its pages are results (result.c). */
#include "worker/agent/state.h"

static struct agent_lease *by_list(struct gc_agent *a, uint64_t list)
{
    GC_LIST_EACH (it, &a->leases) {
        struct agent_lease *l = GC_CONTAINER(it, struct agent_lease, link);
        if (list != 0 && l->list == list)
            return l;
    }
    return NULL;
}

void list_start(struct gc_agent *a, struct agent_lease *l)
{
    GC_ASSERT(l->kind == GC_LEASE_LIST);
    GC_ASSERT(l->list == 0);
    l->list = ++a->last_list;
    a->listing++;
    fx_add(a, GC_AFX_LIST)->as.list = (struct gc_agent_list){
        .list = l->list,
        .run_no = l->run_no,
        .stage = l->stage,
        .first = l->first,
        .pages = l->count,
        .program = l->program,
        .cursor = l->input,
    };
}

static void ended(struct gc_agent *a, struct agent_lease *l)
{
    GC_ASSERT(a->listing > 0);
    l->list = 0;
    a->listing--;
}

void list_stop(struct gc_agent *a, struct agent_lease *l)
{
    if (l->list == 0)
        return;
    fx_add(a, GC_AFX_LIST_STOP)->as.list_stop = l->list;
    ended(a, l);
}

void list_pages(struct gc_agent *a, uint64_t list, uint64_t chunk, const struct gc_msg_pages *pages,
                struct gc_bytes bulk)
{
    struct agent_lease *l = by_list(a, list);
    struct agent_result *r = l ? result_new(a, l, AGENT_PAGES) : NULL;
    if (!r) {
        fx_free(a, chunk);
        /* Without these pages the later ones are of no use: the listing begins again where it is known to be. */
        if (l)
            lease_cancel(a, l);
        return;
    }
    r->chunk.chunk = chunk;
    r->chunk.bulk = bulk;
    r->pages = pages;
    result_queue(a, r);
    if (pages->last)
        ended(a, l);
}

void list_failed(struct gc_agent *a, uint64_t list, uint32_t cause, struct gc_bytes text)
{
    struct agent_lease *l = by_list(a, list);
    if (!l)
        return;
    ended(a, l);
    /* Where there is no room to say it, the lease is dropped, and listed again from where it is known to be. */
    (void)result_fault(a, l, 0, GC_UNSET, cause, text);
    (void)lease_settle(a, l);
}
