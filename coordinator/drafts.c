#include "coordinator/drafts.h"

#include <stdlib.h>
#include <string.h>

#include "common/assert.h"

struct draft {
    struct gc_link link;
    uint64_t number;
    uint64_t used_ns;
    size_t len;
    uint8_t bytes[];
};

static struct draft *draft_of(struct gc_link *link)
{
    return GC_CONTAINER(link, struct draft, link);
}

static void forget(struct gc_drafts *d, struct draft *draft)
{
    gc_list_remove(&d->kept, &draft->link);
    d->bytes -= draft->len;
    free(draft);
}

void gc_drafts_init(struct gc_drafts *d)
{
    *d = (struct gc_drafts){.next = GC_DRAFT_FIRST};
    gc_list_init(&d->kept);
}

void gc_drafts_release(struct gc_drafts *d)
{
    for (struct gc_link *it; (it = gc_list_first(&d->kept));)
        forget(d, draft_of(it));
}

uint64_t gc_drafts_keep(struct gc_drafts *d, struct gc_bytes plan, uint64_t now_ns)
{
    GC_ASSERT(plan.len <= GC_MAX_DOCUMENT);
    struct draft *draft = malloc(sizeof *draft + plan.len);
    if (!draft)
        return 0;
    while (d->kept.count >= GC_DRAFTS || d->bytes > GC_DRAFTS_BYTES - plan.len)
        forget(d, draft_of(gc_list_first(&d->kept)));
    *draft = (struct draft){.number = d->next++, .used_ns = now_ns, .len = plan.len};
    if (plan.len)
        memcpy(draft->bytes, plan.ptr, plan.len);
    gc_list_append(&d->kept, &draft->link);
    d->bytes += plan.len;
    return draft->number;
}

bool gc_drafts_find(struct gc_drafts *d, uint64_t number, uint64_t now_ns, struct gc_bytes *ret)
{
    GC_LIST_EACH (it, &d->kept) {
        struct draft *draft = draft_of(it);
        if (draft->number != number)
            continue;
        draft->used_ns = now_ns;
        gc_list_remove(&d->kept, &draft->link);
        gc_list_append(&d->kept, &draft->link);
        *ret = gc_bytes_of(draft->bytes, draft->len);
        return true;
    }
    return false;
}

void gc_drafts_tend(struct gc_drafts *d, uint64_t now_ns)
{
    struct gc_link *oldest;
    while ((oldest = gc_list_first(&d->kept)) && now_ns - draft_of(oldest)->used_ns >= GC_DRAFT_NS)
        forget(d, draft_of(oldest));
}
