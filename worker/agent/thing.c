/* thing.c - what is pulled from the coordinator and kept by the shell: programs, pages, cursors, states, results.
 *
 * Programs and pages are shared by the leases that need them and kept for a while when none does; cursors, states and results belong
 * to one lease. A page that is a reference into a manifest also needs the program of the source that listed it. Results come in parts
 * without number: the next is asked for when the shell has put the one before away. */
#include "worker/agent/state.h"

static struct agent_thing *thing_of(struct gc_link *link)
{
    return GC_CONTAINER(link, struct agent_thing, link);
}

static struct agent_thing *thing_of_all(struct gc_link *link)
{
    return GC_CONTAINER(link, struct agent_thing, all);
}

static void destroy(struct gc_agent *a, struct agent_thing *t)
{
    GC_ASSERT(t->refs == 0);
    if (t->state == AGENT_ASKED)
        gc_list_remove(&a->asked, &t->link);
    else if (t->state == AGENT_DERIVED)
        gc_list_remove(&a->derived, &t->link);
    else if (gc_link_linked(&t->link))
        gc_list_remove(&a->spare, &t->link);
    if (t->told)
        fx_add(a, GC_AFX_DROP)->as.drop = t->handle;
    uint64_t program = t->program;
    gc_list_remove(&a->things, &t->all);
    gc_pool_give(&a->thing_pool, t->handle);
    thing_release(a, program);
}

static void ask(struct gc_agent *a, struct agent_thing *t)
{
    struct gc_msg *msg = fx_send(a, GC_MSG_GET);
    msg->as.get = (struct gc_msg_get){
        .what = t->what,
        .run_no = t->run_no,
        .stage = t->stage,
        .index = t->index,
        .n_ids = t->n_ids - t->got,
        .ids = t->n_ids > t->got ? t->ids + t->got : NULL,
    };
    if (t->seq_first == 0)
        t->seq_first = msg->seq;
    t->seq_last = msg->seq;
    t->asked_ns = a->now_ns;
}

static struct agent_thing *make(struct gc_agent *a, enum gc_get_what what, uint64_t run_no, uint64_t stage,
                                uint64_t index)
{
    if (gc_pool_full(&a->thing_pool) && a->spare.count > 0)
        destroy(a, thing_of(gc_list_first(&a->spare)));
    uint64_t handle;
    struct agent_thing *t = gc_pool_take(&a->thing_pool, &handle);
    if (!t)
        return NULL;
    t->handle = handle;
    t->what = what;
    t->run_no = run_no;
    t->stage = stage;
    t->index = index;
    t->refs = 1;
    gc_list_append(&a->things, &t->all);
    gc_list_append(&a->asked, &t->link);
    return t;
}

static struct agent_thing *find(struct gc_agent *a, enum gc_get_what what, uint64_t run_no, uint64_t stage,
                                uint64_t index)
{
    GC_LIST_EACH (it, &a->things) {
        struct agent_thing *t = thing_of_all(it);
        if (!t->lost && t->what == what && t->run_no == run_no && t->stage == stage && t->index == index)
            return t;
    }
    return NULL;
}

struct agent_thing *thing_take(struct gc_agent *a, enum gc_get_what what, uint64_t run_no, uint64_t stage,
                               uint64_t index)
{
    bool shared = what == GC_GET_PROGRAM || what == GC_GET_PAGE;
    struct agent_thing *t = shared ? find(a, what, run_no, stage, index) : NULL;
    if (!t) {
        t = make(a, what, run_no, stage, index);
        if (t)
            ask(a, t);
        return t;
    }
    if (t->state == AGENT_READY && t->refs == 0)
        gc_list_remove(&a->spare, &t->link);
    t->refs++;
    return t;
}

struct agent_thing *thing_take_deltas(struct gc_agent *a, uint64_t run_no, uint64_t stage,
                                      const uint64_t *ids, uint32_t n)
{
    GC_ASSERT(n >= 1);
    GC_ASSERT(n <= GC_MERGE_INPUTS);
    struct agent_thing *t = make(a, GC_GET_DELTAS, run_no, stage, 0);
    if (!t)
        return NULL;
    t->n_ids = n;
    memcpy(t->ids, ids, n * sizeof ids[0]);
    ask(a, t);
    return t;
}

void thing_release(struct gc_agent *a, uint64_t handle)
{
    struct agent_thing *t = gc_pool_at(&a->thing_pool, handle);
    if (!t)
        return;
    GC_ASSERT(t->refs > 0);
    if (--t->refs > 0)
        return;
    bool shared = t->what == GC_GET_PROGRAM || t->what == GC_GET_PAGE;
    if (t->state != AGENT_READY || !shared) {
        destroy(a, t);
        return;
    }
    gc_list_append(&a->spare, &t->link);
    if (a->spare.count > AGENT_CACHE)
        destroy(a, thing_of(gc_list_first(&a->spare)));
}

bool thing_ready(const struct gc_agent *a, uint64_t handle)
{
    const struct agent_thing *t = gc_pool_at(&a->thing_pool, handle);
    return !t || t->state == AGENT_READY;
}

/* ---- what comes ---- */

static void keep(struct gc_agent *a, struct agent_thing *t, bool last, const struct gc_msg_data *data,
                 struct gc_bytes bulk)
{
    t->told = true;
    struct gc_agent_effect *fx = fx_add(a, GC_AFX_KEEP);
    fx->as.keep.thing = t->handle;
    fx->as.keep.what = t->what;
    fx->as.keep.run_no = t->run_no;
    fx->as.keep.stage = t->stage;
    fx->as.keep.program = t->program;
    fx->as.keep.last = last;
    fx->as.keep.data = data;
    fx->as.keep.bulk = bulk;
}

static void kept_whole(struct gc_agent *a, struct agent_thing *t, const struct gc_msg *msg)
{
    gc_list_remove(&a->asked, &t->link);
    t->state = AGENT_KEPT;
    keep(a, t, true, &msg->as.data, msg->bulk);
}

/* The page's own bytes are on this worker's disk; how they are cut into items is in the source's program. */
static void derive(struct gc_agent *a, struct agent_thing *t)
{
    gc_list_remove(&a->derived, &t->link);
    t->state = AGENT_KEPT;
    t->data = (struct gc_msg_data){
        .what = GC_GET_PAGE,
        .run_no = t->run_no,
        .stage = t->stage,
        .index = t->index,
        .n_page = 1,
        .page = &t->page,
    };
    keep(a, t, true, &t->data, (struct gc_bytes){0});
}

static void reference(struct gc_agent *a, struct agent_thing *t, const struct gc_msg_data *data)
{
    struct agent_thing *program = thing_take(a, GC_GET_PROGRAM, data->run_no, data->stage, 0);
    if (!program)
        return; /* no room: it is asked for again when that is due */
    t->page = data->page[0];
    memcpy(t->digest, data->page[0].digest.ptr, sizeof t->digest);
    t->page.digest = (struct gc_bytes){t->digest, sizeof t->digest};
    t->program = program->handle;
    gc_list_remove(&a->asked, &t->link);
    gc_list_append(&a->derived, &t->link);
    t->state = AGENT_DERIVED;
}

/* What of it is still missing: a new question. */
static void ask_next(struct gc_agent *a, struct agent_thing *t)
{
    t->state = AGENT_ASKED;
    t->seq_first = 0;
    t->seq_last = 0;
    t->asked_ns = a->now_ns;
    gc_list_append(&a->asked, &t->link);
    if (a->joined)
        ask(a, t); /* else with the session */
}

static void deltas(struct gc_agent *a, struct agent_thing *t, const struct gc_msg *msg)
{
    const struct gc_msg_data *data = &msg->as.data;
    if (data->n_lengths == 0 || data->n_lengths > t->n_ids - t->got)
        return;
    t->got += data->n_lengths;
    if (t->got == t->n_ids) {
        kept_whole(a, t, msg);
        return;
    }
    keep(a, t, false, data, msg->bulk);
    gc_list_remove(&a->asked, &t->link);
    ask_next(a, t);
}

/* Only the part asked for counts, and one that leads on: else it is asked for again when that is due. */
static void results(struct gc_agent *a, struct agent_thing *t, const struct gc_msg *msg)
{
    const struct gc_msg_data *data = &msg->as.data;
    if (data->stage != t->stage || data->index != t->index || data->total <= t->index)
        return;
    gc_list_remove(&a->asked, &t->link);
    t->state = AGENT_KEPT;
    t->index = data->total;
    keep(a, t, t->index == GC_UNSET, data, msg->bulk);
}

/* Which thing it is is told by the question, its first or its last sending: DATA of a page names another stage than GET, and the
 * states and the cursor of one lease are not those of another. */
static struct agent_thing *asked_by(struct gc_agent *a, uint64_t re)
{
    GC_LIST_EACH (it, &a->asked) {
        struct agent_thing *t = thing_of(it);
        if (re != 0 && (re == t->seq_first || re == t->seq_last))
            return t;
    }
    return NULL;
}

void thing_data(struct gc_agent *a, const struct gc_msg *msg)
{
    struct agent_thing *t = asked_by(a, msg->re);
    if (!t || t->what != msg->as.data.what || t->run_no != msg->as.data.run_no)
        return;
    if (t->what == GC_GET_DELTAS)
        deltas(a, t, msg);
    else if (t->what == GC_GET_RESULTS)
        results(a, t, msg);
    else if (t->what == GC_GET_PAGE && !msg->as.data.page[0].inlined)
        reference(a, t, &msg->as.data);
    else
        kept_whole(a, t, msg);
}

void thing_error(struct gc_agent *a, const struct gc_msg *msg)
{
    struct agent_thing *t = asked_by(a, msg->re);
    /* What has no room now is asked for again when that is due. */
    if (!t || msg->as.error.code == GC_ERR_BUSY || msg->as.error.code == GC_ERR_FULL)
        return;
    t->lost = true;
    lease_lost_thing(a, t->handle, (struct gc_bytes){0});
}

void thing_kept(struct gc_agent *a, uint64_t handle, enum gc_err err, struct gc_bytes text)
{
    struct agent_thing *t = gc_pool_at(&a->thing_pool, handle);
    if (!t || t->state != AGENT_KEPT)
        return;
    if (err == GC_OK) {
        if (t->what == GC_GET_RESULTS && t->index != GC_UNSET)
            ask_next(a, t);
        else
            t->state = AGENT_READY;
        return;
    }
    bool whole = t->what != GC_GET_DELTAS && t->what != GC_GET_RESULTS;
    if (err == GC_ERR_CORRUPT && whole) {
        /* It came with other bytes than its digest says: asked for again, but not at once. */
        thing_release(a, t->program);
        t->program = GC_HANDLE_NONE;
        t->told = false;
        t->state = AGENT_ASKED;
        t->asked_ns = a->now_ns;
        gc_list_append(&a->asked, &t->link);
        return;
    }
    t->lost = true;
    lease_lost_thing(a, handle, text.len > 0 ? text : gc_str_bytes(gc_str_of(gc_err_text(err))));
}

/* ---- asking again ---- */

void thing_ask_again(struct gc_agent *a)
{
    GC_LIST_EACH (it, &a->asked) {
        thing_of(it)->seq_first = 0;
        ask(a, thing_of(it));
    }
}

void thing_turn(struct gc_agent *a)
{
    GC_LIST_EACH_SAFE (it, after, &a->derived) {
        if (thing_ready(a, thing_of(it)->program))
            derive(a, thing_of(it));
    }
    if (!a->joined)
        return;
    /* What is asked for again goes to the end, as one that is not due. */
    for (struct gc_link *first = gc_list_first(&a->asked); first; first = gc_list_first(&a->asked)) {
        struct agent_thing *t = thing_of(first);
        if (a->now_ns - t->asked_ns < GC_RESEND_NS)
            break;
        gc_list_remove(&a->asked, &t->link);
        gc_list_append(&a->asked, &t->link);
        ask(a, t);
    }
}
