/* task.c - the descriptors of a task, and what becomes of its outputs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"
#include "worker/pool/fds.h"
#include "worker/pool/tender.h"

static struct gc_str folder_of(const struct gc_tender *t)
{
    return (struct gc_str){t->now->program->folder, t->now->program->folder_len};
}

/* The item as its page has it. */
static void describe(const struct gc_tender *t, uint64_t item, struct gc_task *task)
{
    const struct gc_agent_slice *s = &t->now->slice;
    *task = (struct gc_task){.index = GC_UNSET, .want = s->want, .given = s->given, .n_given = s->n_given};
    const struct gc_blob *page = t->now->input;
    if (!page || page->kind != GC_BLOB_PAGE)
        return;
    task->index = item;
    if (page->missing != GC_CAUSE_NONE)
        return;
    struct gc_bytes bytes = gc_blob_items(page, (uint32_t)(item - s->page_first), 1);
    bool whole = gc_blob_next_item(&bytes, &task->text, &task->fields);
    GC_ASSERT(whole);
}

/* ---- opening ---- */

static void copy_text(uint8_t to[GC_SHARE_TEXT], uint32_t *ret_len, const char *from)
{
    *ret_len = (uint32_t)strnlen(from, GC_SHARE_TEXT);
    memcpy(to, from, *ret_len);
}

/* The item's own file, or one that all items read: that is opened once a slice. */
static void open_input(struct gc_tender *t, const struct gc_task *task, uint32_t i,
                       struct gc_share_input *out, int *fds, unsigned *n)
{
    const struct gc_stage_input *need = &t->needs.inputs[i];
    const struct gc_blob *page = t->now->input;
    bool of_item = need->path.len == 0;
    out->file = need->file;
    if (of_item && page && page->missing != GC_CAUSE_NONE) {
        out->refused = page->missing;
        out->len = (uint32_t)gc_min_size(page->text_len, GC_SHARE_TEXT);
        memcpy(out->text, page->text, out->len);
        return;
    }
    char text[GC_SHARE_TEXT] = "";
    struct gc_bytes path = of_item ? task->text : need->path;
    int *fd = of_item ? &fds[*n] : &t->kept[i];
    if (of_item || *fd < 0)
        out->refused = gc_files_input(t->crew->roots, folder_of(t), path, need->max_file, fd, text);
    copy_text(out->text, &out->len, text);
    if (out->refused == GC_CAUSE_NONE)
        fds[(*n)++] = *fd;
}

void task_begin(struct gc_tender *t)
{
    for (uint32_t i = 0; i < GC_MAX_STAGE_INPUTS; i++)
        t->kept[i] = -1;
}

void task_end(struct gc_tender *t)
{
    for (uint32_t i = 0; i < GC_MAX_STAGE_INPUTS; i++)
        if (t->kept[i] >= 0)
            (void)close(t->kept[i]);
    task_begin(t);
}

/* Those of items that are handed in are not asked for again: what is left are outputs of one chunk. */
static void forget_refusals(struct gc_tender *t)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->n_refusals; i++) {
        if (t->refusals[i].item >= t->done)
            t->refusals[kept++] = t->refusals[i];
    }
    t->n_refusals = kept;
}

static const struct gc_refusal *refused_before(const struct gc_tender *t, uint64_t item, uint32_t step)
{
    for (uint32_t i = 0; i < t->n_refusals; i++) {
        if (t->refusals[i].item == item && t->refusals[i].step == step)
            return &t->refusals[i];
    }
    return NULL;
}

/* Another item, or another node, has the name: found when they were listed. */
static bool clashes(const struct gc_tender *t, const struct gc_task *task, const struct gc_stage_output *need,
                    struct gc_output *o)
{
    const struct gc_blob *page = t->now->input;
    const struct gc_clash *c =
        page && page->kind == GC_BLOB_PAGE ? gc_blob_clash(page, o->item, need->node) : NULL;
    uint8_t path[GC_MAX_PATH];
    struct gc_buf buf;
    struct gc_fault fault;
    if (!c)
        return false;
    gc_buf_init(&buf, path, sizeof path);
    if (gc_stage_path(t->stage, need->step, task, NULL, &buf, &fault) != GC_CAUSE_NONE)
        return false; /* that is its own failure, and said in its own words */
    o->refused = GC_CAUSE_OUTPUT;
    if (c->first_item == o->item)
        snprintf(o->text, sizeof o->text, "another node of this item writes '%.*s' as well",
                 (int)gc_min_size(buf.len, 200), (const char *)path);
    else
        snprintf(o->text, sizeof o->text,
                 "item %llu writes '%.*s' as well: give the name more of the item, {dir}, {name} or {index}",
                 (unsigned long long)c->first_item, (int)gc_min_size(buf.len, 200), (const char *)path);
    return true;
}

static void open_at(struct gc_tender *t, const struct gc_task *task, const struct gc_files_token *token,
                    struct gc_output *o)
{
    uint8_t path[GC_MAX_PATH];
    struct gc_buf buf;
    struct gc_fault fault = {0};
    gc_buf_init(&buf, path, sizeof path);
    enum gc_cause cause = gc_stage_path(t->stage, o->step, task, NULL, &buf, &fault);
    if (cause == GC_CAUSE_NONE)
        gc_files_output(t->crew->roots, folder_of(t), gc_buf_bytes(&buf), token, o);
    else
        gc_files_refuse(o, cause, fault.text);
}

static void open_output(struct gc_tender *t, const struct gc_task *task, uint64_t item, uint32_t i,
                        struct gc_share_output *out, int *fds, unsigned *n)
{
    const struct gc_stage_output *need = &t->needs.outputs[i];
    const struct gc_agent_slice *s = &t->now->slice;
    GC_ASSERT(t->n_outputs < t->max_outputs);
    struct gc_output *o = &t->outputs[t->n_outputs++];
    *o = (struct gc_output){.life = &t->life,
                            .item = item,
                            .step = need->step,
                            .exists = need->exists,
                            .by_digest = need->by_digest,
                            .fd = -1,
                            .home = -1,
                            .folder = -1};
    const struct gc_refusal *before = refused_before(t, item, need->step);
    const struct gc_files_token token = {.run_no = s->run_no, .term = s->term, .lease = s->lease};
    if (before) {
        o->refused = before->cause;
        memcpy(o->text, before->text, sizeof o->text);
    } else if (!clashes(t, task, need, o)) {
        open_at(t, task, &token, o);
    }
    out->step = need->step;
    out->there = o->there;
    out->refused = o->refused;
    copy_text(out->text, &out->len, o->text);
    if (o->refused == GC_CAUSE_NONE)
        fds[(*n)++] = o->fd;
}

bool task_send(struct gc_tender *t)
{
    uint64_t item = t->sent;
    struct gc_share_msg msg;
    memset(&msg, 0, offsetof(struct gc_share_msg, as.task.outputs));
    msg.op = GC_SHARE_TASK;
    msg.as.task.item = item;
    int fds[GC_FDS_MAX];
    _Static_assert(GC_MAX_STAGE_INPUTS + GC_MAX_STAGE_NODES <= GC_FDS_MAX, "the files of a task fit");
    unsigned n = 0;
    struct gc_task task;
    describe(t, item, &task);
    unsigned own = 0; /* the item's file comes first */
    for (uint32_t i = 0; i < t->needs.n_inputs; i++) {
        open_input(t, &task, i, &msg.as.task.inputs[i], fds, &n);
        if (t->needs.inputs[i].path.len == 0)
            own = n;
    }
    msg.as.task.n_inputs = t->needs.n_inputs;
    for (uint32_t i = 0; i < t->needs.n_outputs; i++)
        open_output(t, &task, item, i, &msg.as.task.outputs[i], fds, &n);
    msg.as.task.n_outputs = t->needs.n_outputs;
    t->sent++;
    size_t len =
        offsetof(struct gc_share_msg, as.task.outputs) + t->needs.n_outputs * sizeof msg.as.task.outputs[0];
    bool heard = tender_say(t, &msg, len, fds, n);
    gc_fds_close(fds, own); /* outputs stay: they are to be published */
    return heard;
}

/* ---- publishing ---- */

static struct gc_output *find_output(struct gc_tender *t, uint64_t item, uint32_t step)
{
    for (uint32_t i = 0; i < t->n_outputs; i++) {
        if (t->outputs[i].item == item && t->outputs[i].step == step)
            return &t->outputs[i];
    }
    return NULL;
}

static void note_refusal(struct gc_tender *t, const struct gc_output *o)
{
    if (refused_before(t, o->item, o->step))
        return;
    GC_ASSERT(t->n_refusals < t->max_outputs);
    struct gc_refusal *r = &t->refusals[t->n_refusals++];
    r->item = o->item;
    r->step = o->step;
    r->cause = o->refused;
    memcpy(r->text, o->text, sizeof r->text);
}

/* The name of an output that is named by its digest. */
static void place(struct gc_tender *t, const struct gc_digest *digest, struct gc_output *o)
{
    struct gc_task task;
    struct gc_fault fault = {0};
    uint8_t path[GC_MAX_PATH];
    struct gc_buf buf;
    gc_buf_init(&buf, path, sizeof path);
    describe(t, o->item, &task);
    enum gc_cause cause = gc_stage_path(t->stage, o->step, &task, digest, &buf, &fault);
    if (cause == GC_CAUSE_NONE)
        gc_files_place(t->crew->roots, folder_of(t), gc_buf_bytes(&buf), o);
    else
        gc_files_refuse(o, cause, fault.text);
}

bool task_made(struct gc_tender *t, uint64_t count, const struct gc_share_made *made, uint32_t n_made)
{
    bool any = false;
    for (uint32_t i = 0; i < n_made; i++) {
        /* A copy: the executor can still write there. */
        struct gc_share_made m = made[i];
        struct gc_output *o =
            m.item >= t->at && m.item - t->at < count ? find_output(t, m.item, m.step) : NULL;
        if (!o || o->fd < 0 || o->made)
            continue; /* nobody asked for it, or it was told before: there is no file to publish */
        o->made = true;
        o->bytes = m.bytes;
        o->digest = m.digest;
        if (o->by_digest)
            place(t, &o->digest, o);
        any |= !o->there;
    }
    return any;
}

uint32_t task_split(struct gc_tender *t, uint64_t end, struct gc_output *ret)
{
    uint32_t kept = 0, n = 0;
    for (uint32_t i = 0; i < t->n_outputs; i++) {
        if (t->outputs[i].item < end)
            ret[n++] = t->outputs[i];
        else
            t->outputs[kept++] = t->outputs[i];
    }
    t->n_outputs = kept;
    return n;
}

void task_note(struct gc_tender *t, const struct gc_output *outputs, uint32_t n)
{
    forget_refusals(t);
    for (uint32_t i = 0; i < n; i++) {
        if (outputs[i].made && outputs[i].refused != GC_CAUSE_NONE)
            note_refusal(t, &outputs[i]);
    }
}

void task_close(struct gc_tender *t, uint64_t end)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->n_outputs; i++) {
        if (t->outputs[i].item < end)
            gc_files_close(&t->outputs[i]);
        else
            t->outputs[kept++] = t->outputs[i];
    }
    t->n_outputs = kept;
}
