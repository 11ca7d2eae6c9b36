/* errand.c - questions to the store, and their answers as parcels. */
#include "coordinator/errand.h"

#include "common/assert.h"
#include "common/sys/log.h"

#define RUN_ROWS   256u
#define BATCH_ROWS 256u

/* One question at hand. */
struct ask {
    struct gc_store *store;
    struct gc_packer *packer;
    struct gc_arena *arena;
    const struct gc_errand *errand;
    struct gc_fault *f;
    struct gc_msg reply;
};

/* ---- GET ---- */

static enum gc_err get_page(struct ask *a, const struct gc_msg_get *get, struct gc_msg_data *data)
{
    uint8_t *digest = GC_ARENA_ARRAY(a->arena, uint8_t, 32);
    struct gc_page *page = GC_ARENA_ONE(a->arena, struct gc_page);
    GC_ASSERT(digest && page);
    enum gc_err err = gc_store_page(a->store, get->run_no, get->stage, get->index, page, &data->stage, digest,
                                    &a->packer->bulk, &data->clashes, a->f);
    if (err == GC_OK) {
        data->n_page = 1;
        data->page = page;
        data->total = a->packer->bulk.len;
    }
    return err;
}

static enum gc_err get_deltas(struct ask *a, const struct gc_msg_get *get, struct gc_msg_data *data)
{
    data->lengths = GC_ARENA_ARRAY(a->arena, uint64_t, GC_MERGE_INPUTS);
    GC_ASSERT(data->lengths);
    enum gc_err err = gc_store_deltas(a->store, get->run_no, get->ids, get->n_ids, &a->packer->bulk,
                                      data->lengths, &data->n_lengths, a->f);
    data->total = a->packer->bulk.len;
    return err;
}

static enum gc_err answer_get(struct ask *a)
{
    const struct gc_msg_get *get = &a->errand->msg.as.get;
    struct gc_msg_data *data = &a->reply.as.data;
    struct gc_buf *bulk = &a->packer->bulk;
    a->reply.type = GC_MSG_DATA;
    *data = (struct gc_msg_data){
        .what = get->what, .run_no = get->run_no, .stage = get->stage, .index = get->index};
    enum gc_err err = GC_ERR_INVALID;
    switch ((enum gc_get_what)get->what) {
    case GC_GET_PROGRAM:
        err = gc_store_program(a->store, get->run_no, get->stage, get->index, bulk, &data->total, a->f);
        break;
    case GC_GET_PLAN: err = gc_store_plan(a->store, get->run_no, get->index, bulk, &data->total, a->f); break;
    case GC_GET_PAGE: err = get_page(a, get, data); break;
    case GC_GET_DELTAS: err = get_deltas(a, get, data); break;
    case GC_GET_CURSOR:
        err = gc_store_cursor(a->store, get->run_no, get->stage, bulk, a->f);
        data->total = bulk->len;
        break;
    case GC_GET_RESULTS:
        err = gc_store_scan(a->store, get->run_no, get->stage, get->index, bulk, &data->total, a->f);
        break;
    case GC_GET_CATALOGUE: GC_NEVER("the loop has the catalogue"); /* answered there */
    }
    a->reply.bulk = gc_buf_bytes(bulk);
    return err;
}

/* ---- what clients ask ---- */

static enum gc_err answer_results(struct ask *a)
{
    const struct gc_msg_results *q = &a->errand->msg.as.results;
    struct gc_store_query query = {.run = q->run,
                                   .stage = q->stage,
                                   .by_commit = q->by_commit,
                                   .after = q->after,
                                   .failures = q->failures};
    struct gc_batch *rows = GC_ARENA_ARRAY(a->arena, struct gc_batch, BATCH_ROWS);
    GC_ASSERT(rows);
    struct gc_store_batches got;
    enum gc_err err =
        gc_store_results(a->store, &query, a->arena, rows, BATCH_ROWS, &a->packer->bulk, &got, a->f);
    if (err != GC_OK)
        return err;
    a->reply.type = GC_MSG_BATCHES;
    a->reply.as.batches = (struct gc_msg_batches){.run = q->run,
                                                  .stage = q->stage,
                                                  .n_batches = got.n,
                                                  .batches = rows,
                                                  .next = got.next,
                                                  .more = got.more,
                                                  .ended = got.ended};
    a->reply.bulk = gc_buf_bytes(&a->packer->bulk);
    return GC_OK;
}

static enum gc_err answer_list(struct ask *a)
{
    const struct gc_msg_list_runs *q = &a->errand->msg.as.list_runs;
    struct gc_id_range ids;
    memset(ids.low.b, 0, sizeof ids.low.b);
    memset(ids.high.b, 0xff, sizeof ids.high.b);
    if (q->prefix.len > 0 && gc_id_parse_prefix(gc_bytes_str(q->prefix), &ids) != GC_OK)
        return gc_fault_set(a->f, GC_ERR_INVALID, "'%.*s' is not the beginning of a run's id",
                            GC_STR_ARGS(gc_bytes_str(q->prefix)));
    uint32_t max = q->limit == 0 || q->limit > RUN_ROWS ? RUN_ROWS : (uint32_t)q->limit;
    struct gc_run_row *rows = GC_ARENA_ARRAY(a->arena, struct gc_run_row, RUN_ROWS);
    GC_ASSERT(rows);
    struct gc_msg_run_list *list = &a->reply.as.run_list;
    a->reply.type = GC_MSG_RUN_LIST;
    list->rows = rows;
    return gc_store_runs(a->store, q->before, ids, max, a->arena, rows, &list->n_rows, &list->more, a->f);
}

static enum gc_err answer_show(struct ask *a)
{
    a->reply.type = GC_MSG_RUN_INFO;
    enum gc_err err = gc_store_account(a->store, a->errand->msg.as.show.run, a->arena, &a->reply.as.run_info,
                                       &a->packer->bulk, a->f);
    a->reply.bulk = gc_buf_bytes(&a->packer->bulk);
    return err;
}

/* The core does not have the run: it has ended, or never was. What is so already is done; nothing else is possible. */
static enum gc_err answer_control(struct ask *a)
{
    const struct gc_msg_control *q = &a->errand->msg.as.control;
    uint64_t run_no, state;
    enum gc_err err = gc_store_find_run(a->store, q->run, &run_no, &state, a->f);
    if (err != GC_OK)
        return err;
    a->reply.type = GC_MSG_OK;
    if (q->action == GC_ACTION_CANCEL && state == GC_RUN_CANCELLED)
        return GC_OK;
    return gc_fault_set(a->f, GC_ERR_STATE, "the run has ended: it is %s", gc_run_state_name(state));
}

static enum gc_err answer(struct ask *a)
{
    switch ((unsigned)a->errand->msg.type) {
    case GC_MSG_GET: return answer_get(a);
    case GC_MSG_RESULTS: return answer_results(a);
    case GC_MSG_LIST_RUNS: return answer_list(a);
    case GC_MSG_SHOW: return answer_show(a);
    case GC_MSG_CONTROL: return answer_control(a);
    default: GC_NEVER("a question that the store has no answer to");
    }
}

static void answer_unit(struct gc_store *store, struct gc_packer *packer, struct gc_arena *arena,
                        struct gc_unit *unit)
{
    struct gc_fault fault;
    struct ask a = {.store = store, .packer = packer, .arena = arena, .errand = &unit->errand, .f = &fault};
    const struct gc_msg *msg = &unit->errand.msg;
    gc_fault_clear(&fault);
    gc_buf_reset(&packer->bulk);
    a.reply.re = msg->seq;
    enum gc_err err = answer(&a);
    if (err == GC_ERR_CORRUPT || err == GC_ERR_IO)
        gc_log(GC_LOG_ERROR, "read_failed", gc_kv_err(err), gc_kv_text(&fault));
    gc_peer peer = unit->errand.peer;
    struct gc_parcel *parcel = err == GC_OK ? gc_parcel_new(packer, peer, &a.reply)
                                            : gc_parcel_error(packer, peer, msg->seq, err, fault.text);
    if (parcel)
        gc_list_append(&unit->parcels, &parcel->link);
}

static void look_up(struct gc_store *store, struct gc_errand *e)
{
    uint64_t state;
    struct gc_fault fault;
    gc_fault_clear(&fault);
    e->err = gc_store_find_run(store, e->run, &e->run_no, &state, &fault);
    if (e->err != GC_OK && e->err != GC_ERR_NOT_FOUND)
        gc_log(GC_LOG_ERROR, "read_failed", gc_kv_err(e->err), gc_kv_text(&fault));
}

/* On a full disk it is not kept: it lives in memory, and a worker will bring it again after a restart. */
static enum gc_err keep_catalogue(struct gc_store *store, const struct gc_errand *e, struct gc_fault *f)
{
    enum gc_err err = gc_store_put_catalogue(store, e->digest, e->bytes, f);
    if (err == GC_ERR_FULL)
        gc_log(GC_LOG_WARN, "catalogue_not_kept", gc_kv_text(f));
    return err == GC_ERR_FULL ? GC_OK : err;
}

enum gc_err gc_errand_run(struct gc_store *store, struct gc_packer *packer, struct gc_arena *arena,
                          struct gc_unit *unit, struct gc_fault *f)
{
    switch (unit->errand.kind) {
    case GC_ERRAND_NONE: return GC_OK;
    case GC_ERRAND_ANSWER: answer_unit(store, packer, arena, unit); return GC_OK;
    case GC_ERRAND_LOOKUP: look_up(store, &unit->errand); return GC_OK;
    case GC_ERRAND_CATALOGUE: return keep_catalogue(store, &unit->errand, f);
    }
    GC_NEVER("an errand of no kind");
}
