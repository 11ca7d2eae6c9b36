#include "coordinator/core/pages.h"

#include "coordinator/core/inside.h"
#include "coordinator/core/result.h"

static uint64_t items_in(const struct gc_msg_pages *pages)
{
    uint64_t items = 0;
    for (uint32_t i = 0; i < pages->n_pages; i++)
        items += pages->pages[i].count;
    return items;
}

/* What follows the blocks in the bulk are names; the codec has seen to the lengths. */
static size_t blocks_in(const struct gc_msg_pages *pages)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < pages->n_pages; i++)
        bytes += pages->pages[i].inlined ? pages->pages[i].bytes : 0;
    return (size_t)bytes;
}

static void answer(struct gc_core *core, gc_peer peer, const struct gc_msg *msg, enum gc_verdict verdict)
{
    const struct gc_msg_pages *pages = &msg->as.pages;
    uint64_t first = pages->n_pages > 0 ? pages->pages[0].first : 0;
    core_result_ack(core, peer, msg->seq, pages->lease, first, items_in(pages), verdict);
}

static void refuse(struct gc_core *core, gc_peer peer, const struct gc_msg *msg, enum gc_verdict verdict)
{
    struct core_run *run = core_run_by_no(core, msg->as.pages.run_no);
    if (run)
        run->refused++;
    answer(core, peer, msg, verdict);
}

/* Said before: all its pages are there. Without a page it can only be the end that was said. */
static bool repeated(const struct core_stage *stage, const struct gc_msg_pages *pages)
{
    if (!stage || stage->kind != GC_STAGE_SOURCE)
        return false;
    if (pages->n_pages == 0)
        return stage->dataset.ended;
    return pages->pages[0].first + items_in(pages) <= stage->dataset.items;
}

static void commit(struct gc_core *core, const struct core_stage *stage, const struct gc_msg *msg)
{
    const struct gc_msg_pages *pages = &msg->as.pages;
    struct gc_commit_pages *commit = &core_commit(core, GC_COMMIT_PAGES)->as.pages;
    commit->run_no = stage->run->no;
    commit->stage = stage->index;
    commit->index = stage->dataset.n_pages - pages->n_pages;
    commit->n_pages = pages->n_pages;
    commit->pages = pages->pages;
    size_t blocks = blocks_in(pages);
    commit->blocks = gc_bytes_of(msg->bulk.ptr, blocks);
    commit->n_named = pages->n_named;
    commit->named = pages->named;
    commit->names = gc_bytes_of(msg->bulk.ptr + blocks, msg->bulk.len - blocks);
    commit->cursor = pages->cursor;
    commit->ended = pages->ended;
    commit->left_out = pages->left_out;
    commit->note = pages->note;
}

/* The lease goes when it says so, or its pages are used up; its history is over, since it has brought something. */
static void use(struct gc_core *core, struct core_lease *lease, const struct gc_msg_pages *pages)
{
    struct core_odd *odd = lease->odd;
    lease->odd = NULL;
    if (pages->ended || pages->last)
        core_lease_free(core, lease);
    else
        core_lease_shed(core, lease, pages->n_pages);
    if (!odd)
        return;
    if (odd->waits > 0)
        core_run_fine(core, odd->stage->run);
    core_odd_free(core, odd);
}

static void spread(struct gc_core *core, struct core_stage *source)
{
    GC_LIST_EACH (it, &source->dataset.consumers) {
        struct core_stage *stage = GC_CONTAINER(it, struct core_stage, consumer);
        core_stage_touch(core, stage);
        /* Now that all is listed, a share of the items can be judged. */
        if (source->dataset.ended && !core_run_judge(core, stage))
            return;
    }
    core_stage_settle(core, source);
}

static void accept(struct gc_core *core, struct core_lease *lease, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_msg_pages *pages = &msg->as.pages;
    struct core_stage *stage = lease->stage;
    stage->dataset.ended = pages->ended;
    core_dataset_note(&stage->dataset, pages->left_out, pages->note);
    commit(core, stage, msg);
    use(core, lease, pages);
    answer(core, peer, msg, GC_VERDICT_COMMITTED);
    core_stage_touch(core, stage);
    core_run_changed(core, stage->run);
    spread(core, stage);
}

static bool matches(const struct core_lease *lease, const struct gc_msg_pages *pages)
{
    return lease->kind == GC_LEASE_LIST && lease->stage->run->no == pages->run_no &&
           lease->stage->index == pages->stage && pages->n_pages <= lease->left;
}

void core_pages_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_msg_pages *pages = &msg->as.pages;
    struct core_worker *worker = core_worker_by_peer(core, peer);
    struct core_lease *lease = core_lease_find(core, worker, pages->term, pages->lease);
    struct core_stage *stage = core_run_stage(core, pages->run_no, pages->stage);
    if (lease && !matches(lease, pages))
        core_error(core, peer, msg->seq, GC_ERR_INVALID,
                   "the lease is of another run, stage or kind, or for fewer pages");
    else if (!lease || lease->stage->ended ||
             !core_dataset_follows(&stage->dataset, pages->pages, pages->n_pages))
        refuse(core, peer, msg, repeated(stage, pages) ? GC_VERDICT_ALREADY : GC_VERDICT_STALE);
    else if (!core_dataset_add(core, &stage->dataset, pages->pages, pages->n_pages))
        core_error(core, peer, msg->seq, GC_ERR_BUSY, "no room for pages");
    else
        accept(core, lease, peer, msg);
}
