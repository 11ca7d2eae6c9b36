/* document.c - see document.h. */
#include "client/document.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "client/error.h"

/* Decoded, a document may be some ten times as large. Only what is used is ever touched. */
enum { ARENA_BYTES = 16 * GC_MAX_DOCUMENT };

struct part {
    struct gc_document *document;
    const struct gc_msg_get *get;
    uint64_t total;
};

static int part_answer(void *arg, const struct gc_msg *msg, struct graphcap_error *error)
{
    struct part *part = arg;
    struct gc_document *d = part->document;
    const struct gc_msg_data *data = &msg->as.data;
    if (msg->type != GC_MSG_DATA || data->what != part->get->what || data->index != d->len)
        return GC_NOT_THE_ANSWER;
    if (data->total > GC_MAX_DOCUMENT || msg->bulk.len > data->total - d->len ||
        (msg->bulk.len == 0 && d->len < data->total))
        return gc_fail(error, GRAPHCAP_MALFORMED,
                       "the coordinator sent a document whose lengths do not agree");
    if (!d->bytes && !(d->bytes = malloc(data->total ? data->total : 1)))
        return gc_fail_memory(error);
    if (part->total != GC_UNSET && part->total != data->total)
        return gc_fail(error, GRAPHCAP_STALE, "the document changed while it was read; try again");
    part->total = data->total;
    if (msg->bulk.len)
        memcpy(d->bytes + d->len, msg->bulk.ptr, msg->bulk.len);
    d->len += msg->bulk.len;
    return GRAPHCAP_OK;
}

static int get_parts(struct graphcap *gc, enum gc_get_what what, uint64_t run_no, struct gc_document *d,
                     struct graphcap_error *error)
{
    struct gc_msg msg = {.type = GC_MSG_GET, .as.get = {.what = what, .run_no = run_no}};
    struct part part = {d, &msg.as.get, GC_UNSET};
    int code;
    do {
        msg.as.get.index = d->len;
        code = gc_conn_ask(gc, &(struct gc_request){&msg, 1, part_answer, &part}, error);
    } while (code == GRAPHCAP_OK && d->len < part.total);
    return code;
}

int gc_document_get(struct graphcap *gc, enum gc_get_what what, uint64_t run_no, struct gc_document *ret,
                    struct graphcap_error *error)
{
    *ret = (struct gc_document){0};
    void *arena =
        mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED)
        return gc_fail_memory(error);
    gc_arena_init(&ret->arena, arena, ARENA_BYTES);
    int code = get_parts(gc, what, run_no, ret, error);
    if (code != GRAPHCAP_OK)
        gc_document_release(ret);
    return code;
}

void gc_document_release(struct gc_document *d)
{
    if (d->arena.base)
        munmap(d->arena.base, d->arena.size);
    free(d->bytes);
    *d = (struct gc_document){0};
}

/* ---- a run's plan ---- */

struct number {
    struct gc_id128 run;
    uint64_t run_no;
};

static int number_answer(void *arg, const struct gc_msg *msg, struct graphcap_error *error)
{
    struct number *number = arg;
    const struct gc_msg_run_list *list = &msg->as.run_list;
    if (msg->type != GC_MSG_RUN_LIST)
        return GC_NOT_THE_ANSWER;
    if (list->n_rows == 0)
        return gc_fail(error, GRAPHCAP_NOT_FOUND, "no such run here");
    if (!gc_id_equal(list->rows[0].run, number->run))
        return GC_NOT_THE_ANSWER;
    number->run_no = list->rows[0].run_no;
    return GRAPHCAP_OK;
}

int gc_plan_get_number(struct graphcap *gc, uint64_t number, struct gc_document *ret, struct gc_plan *plan,
                       struct graphcap_error *error)
{
    struct gc_fault fault = {0};
    int code = gc_document_get(gc, GC_GET_PLAN, number, ret, error);
    if (code != GRAPHCAP_OK)
        return code;
    enum gc_err err = gc_decode_plan(gc_bytes_of(ret->bytes, ret->len), &ret->arena, plan, &fault);
    if (err == GC_OK)
        return GRAPHCAP_OK;
    gc_document_release(ret);
    return gc_fail_context(error, gc_fail_fault(error, err, &fault), "the plan");
}

int gc_plan_get(struct graphcap *gc, const struct gc_id128 *run, struct gc_document *ret,
                uint64_t *ret_run_no, struct gc_plan *plan, struct graphcap_error *error)
{
    /* Of what is stored, which can be read when nothing can be written: an account tells of the latest changes, and waits for them. */
    struct gc_msg msg = {.type = GC_MSG_LIST_RUNS, .as.list_runs = {.before = GC_UNSET, .limit = 1}};
    struct number number = {*run, 0};
    char id[GC_ID_TEXT_SIZE];
    gc_id_text(*run, id);
    msg.as.list_runs.prefix = gc_str_bytes(gc_str_of(id));
    int code = gc_conn_ask(gc, &(struct gc_request){&msg, 1, number_answer, &number}, error);
    if (code == GRAPHCAP_OK)
        code = gc_plan_get_number(gc, number.run_no, ret, plan, error);
    if (code == GRAPHCAP_OK)
        *ret_run_no = number.run_no;
    return code;
}
