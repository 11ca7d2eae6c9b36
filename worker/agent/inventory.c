/* inventory.c - what a HELLO tells of, row by row, and what the verdicts on the rows do.
 *
 * What has no room in it is dropped here as well: the coordinator gives to others what a worker does not tell of. */
#include "worker/agent/state.h"

static bool row(struct gc_agent *a, const struct agent_lease *l, uint64_t result, uint64_t first,
                uint64_t count)
{
    if (a->n_rows == GC_MAX_INVENTORY)
        return false;
    a->rows[a->n_rows] =
        (struct agent_row){.result = result, .lease = l->handle, .first = first, .count = count};
    a->held[a->n_rows] = (struct gc_held){
        .term = l->term,
        .lease = l->id,
        .run_no = l->run_no,
        .stage = l->stage,
        .kind = l->kind,
        .first = first,
        .count = count,
        .result = result != GC_HANDLE_NONE,
    };
    a->n_rows++;
    return true;
}

static void result_rows(struct gc_agent *a, const struct gc_list *list)
{
    GC_LIST_EACH_SAFE (it, after, list) {
        struct agent_result *r = GC_CONTAINER(it, struct agent_result, link);
        struct agent_lease *l = lease_at(a, r->lease);
        /* Pages go with their listing: its row says all that the coordinator needs. */
        r->named = r->kind == AGENT_PAGES || row(a, l, r->handle, r->first, r->count);
        if (!r->named) {
            result_release(a, r);
            (void)lease_settle(a, l);
        }
    }
}

/* The first item at or after `from` that a slice or a span of the lease has, and where what it has there ends. */
static bool next_piece(const struct gc_agent *a, const struct agent_lease *l, uint64_t from,
                       uint64_t *ret_first, uint64_t *ret_end)
{
    *ret_first = GC_UNSET;
    GC_LIST_EACH (it, &l->spans) {
        const struct agent_span *s = GC_CONTAINER(it, struct agent_span, link);
        if (s->first < from)
            continue;
        *ret_first = s->first;
        *ret_end = s->first + s->count;
        break;
    }
    for (uint32_t i = 0; l->slices > 0 && i < a->config.slots; i++) {
        const struct agent_slot *s = &a->slots[i];
        if (s->state == AGENT_BUSY && s->lease == l->handle && s->next >= from && s->next < *ret_first) {
            *ret_first = s->next;
            *ret_end = s->end;
        }
    }
    return *ret_first != GC_UNSET;
}

/* Pieces that touch are one row. */
static bool item_rows(struct gc_agent *a, const struct agent_lease *l)
{
    uint64_t first = 0, end = 0, from, to;
    for (uint64_t at = 0; next_piece(a, l, at, &from, &to); at = to) {
        if (from == end && end > first) {
            end = to;
            continue;
        }
        if (end > first && !row(a, l, GC_HANDLE_NONE, first, end - first))
            return false;
        first = from;
        end = to;
    }
    return end == first || row(a, l, GC_HANDLE_NONE, first, end - first);
}

static bool work_rows(struct gc_agent *a, const struct agent_lease *l)
{
    if (l->kind != GC_LEASE_LIST)
        return item_rows(a, l);
    bool pages = l->list != 0 || l->todo > 0 || l->parked.count > 0;
    /* Its last pages may be under way: the lease counts until they are acknowledged. */
    return !(pages || l->results > 0) || row(a, l, GC_HANDLE_NONE, l->first, l->count);
}

void inventory_fill(struct gc_agent *a, struct gc_msg_hello *hello)
{
    a->n_rows = 0;
    result_rows(a, &a->waiting);
    GC_LIST_EACH_SAFE (it, after, &a->leases) {
        struct agent_lease *l = GC_CONTAINER(it, struct agent_lease, link);
        uint32_t before = a->n_rows;
        if (work_rows(a, l))
            continue;
        a->n_rows = before;
        lease_drop_work(a, l);
        result_drop_all(a, l, true, 0, UINT64_MAX);
        (void)lease_settle(a, l);
    }
    hello->n_held = a->n_rows;
    hello->held = a->n_rows > 0 ? a->held : NULL;
}

static void judge_work(struct gc_agent *a, const struct agent_row *row, uint64_t verdict)
{
    struct agent_lease *l = gc_pool_at(&a->lease_pool, row->lease);
    if (!l || verdict == GC_VERDICT_KEEP || verdict == GC_VERDICT_SEND || verdict == GC_VERDICT_WANTED)
        return;
    if (l->kind == GC_LEASE_LIST)
        lease_cancel(a, l);
    else
        lease_cut(a, l, row->first, row->count);
}

static void judge_result(struct gc_agent *a, const struct agent_row *row, uint64_t verdict)
{
    struct agent_result *r = gc_pool_at(&a->result_pool, row->result);
    if (!r || verdict == GC_VERDICT_KEEP || verdict == GC_VERDICT_SEND)
        return;
    struct agent_lease *l = lease_at(a, r->lease);
    if (verdict == GC_VERDICT_WANTED)
        result_again(a, r);
    else
        result_release(a, r);
    (void)lease_settle(a, l);
}

void inventory_judge(struct gc_agent *a, const uint64_t *verdicts)
{
    for (uint32_t i = 0; i < a->n_rows; i++) {
        if (a->rows[i].result != GC_HANDLE_NONE)
            judge_result(a, &a->rows[i], verdicts[i]);
        else
            judge_work(a, &a->rows[i], verdicts[i]);
    }
    a->n_rows = 0;
}
