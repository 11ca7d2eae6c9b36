#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/manifest/items.h"
#include "common/num.h"
#include "common/sys/clock.h"
#include "worker/lister/job.h"

static const uint64_t old_ns = 200 * GC_MS;

enum gc_err gc_pages_init(struct gc_pages *p, struct gc_link *link)
{
    *p = (struct gc_pages){.link = link};
    void *block = malloc(GC_PAGE_BYTES);
    void *names = malloc(GC_PAGE_BYTES);
    if (!block || !names || pthread_mutex_init(&p->lock, NULL)) {
        free(block);
        free(names);
        return GC_ERR_NOMEM;
    }
    gc_buf_init(&p->block, block, GC_PAGE_BYTES);
    gc_buf_init(&p->names, names, GC_PAGE_BYTES);
    return GC_OK;
}

/* ---- all below holds the lock ---- */

static void empty(struct gc_pages *p)
{
    p->count = 0;
    p->bytes = 0;
    p->block_bytes = 0;
    gc_buf_reset(&p->block);
    gc_buf_reset(&p->names);
    gc_digest_init(&p->digest);
}

static void describe(struct gc_pages *p, struct gc_digest *digest, struct gc_lister_reply *r)
{
    *digest = p->inlined ? gc_digest_of(gc_buf_bytes(&p->block)) : gc_digest_final(&p->digest);
    r->has_page = true;
    r->page = (struct gc_page){
        .first = p->next,
        .count = p->count,
        .inlined = p->inlined,
        .bytes = p->inlined ? p->block.len : p->bytes,
        .offset = p->inlined ? 0 : p->offset,
        .digest = gc_bytes_of(digest->b, sizeof digest->b),
    };
    if (p->inlined)
        r->block = gc_buf_bytes(&p->block);
    r->n_named = p->n_named;
    memcpy(r->named, p->named, sizeof r->named);
    r->names = gc_buf_bytes(&p->names);
}

/* The counts travel in the cursor, before the place, so that they go on where they were. */
static struct gc_bytes whole_cursor(const struct gc_pages *p, struct gc_buf *out)
{
    if (p->counts)
        gc_tally_put(&p->tally, out);
    (void)gc_buf_append(out, p->cursor, p->cursor_len);
    GC_ASSERT(gc_buf_ok(out));
    return gc_buf_bytes(out);
}

/* Sends what there is as a page; where there is nothing, the word that it is the end. */
static void send(struct gc_pages *p, bool end)
{
    struct gc_digest digest;
    struct gc_buf cursor;
    uint8_t cursor_bytes[GC_MAX_PATH];
    char note[GC_MAX_TEXT] = "";
    struct gc_lister_reply r = {.kind = GC_LISTER_FOUND, .id = p->job->id, .ended = end && p->ended};
    if (p->count > 0)
        describe(p, &digest, &r);
    if (p->counts) {
        gc_tally_note(&p->tally, note, sizeof note);
        r.left_out = gc_tally_left_out(&p->tally);
    }
    gc_buf_init(&cursor, cursor_bytes, sizeof cursor_bytes);
    r.cursor = whole_cursor(p, &cursor);
    r.note = gc_str_bytes(gc_str_of(note));
    p->next += p->count;
    p->left -= p->count > 0;
    r.last = end || p->left == 0;
    if (!atomic_load(&p->job->cancelled))
        gc_link_send(p->link, &r);
    p->told = r.last;
    empty(p);
}

static void send_page(struct gc_pages *p)
{
    if (p->count > 0)
        send(p, false);
}

static void set_cursor(struct gc_pages *p, struct gc_bytes cursor)
{
    GC_ASSERT(cursor.len <= sizeof p->cursor);
    if (cursor.len)
        memcpy(p->cursor, cursor.ptr, cursor.len);
    p->cursor_len = cursor.len;
}

/* Makes room for an item of that size; false: there is no page for it. Blocks and names share the room, so that a page that stands for
 * a block is no larger a message than one that is one. */
static bool make_room(struct gc_pages *p, size_t block)
{
    size_t names = p->n_named * (size_t)GC_NAME_BYTES;
    if (p->count < GC_PAGE_ITEMS && p->block_bytes + block + p->names.len + names <= GC_PAGE_BYTES)
        return p->left > 0;
    send_page(p);
    return p->count == 0 && p->left > 0;
}

static void begin_item(struct gc_pages *p, struct gc_bytes text, struct gc_bytes fields)
{
    if (p->count == 0)
        p->begun_ns = gc_clock_now();
    if (p->n_named > 0) {
        const struct gc_template_item item = {
            .index = p->next + p->count, .path = gc_bytes_str(text), .fields = fields};
        uint8_t *hashes = gc_buf_reserve(&p->names, p->n_named * (size_t)GC_NAME_BYTES);
        GC_ASSERT(hashes != NULL); /* room was made */
        gc_namer_hash(p->namer, &item, hashes);
    }
    p->count++;
}

/* ---- with the lock taken here ---- */

void gc_pages_begin(struct gc_pages *p, struct gc_lister_job *job, bool inlined, const struct gc_tally *tally,
                    struct gc_bytes place)
{
    (void)pthread_mutex_lock(&p->lock);
    p->job = job;
    p->next = job->first;
    p->left = job->pages;
    p->inlined = inlined;
    p->ended = false;
    p->told = false;
    p->namer = NULL;
    p->n_named = 0;
    p->counts = tally != NULL;
    if (tally)
        p->tally = *tally;
    set_cursor(p, place);
    empty(p);
    (void)pthread_mutex_unlock(&p->lock);
}

void gc_pages_name(struct gc_pages *p, const struct gc_namer *namer)
{
    (void)pthread_mutex_lock(&p->lock);
    GC_ASSERT(p->count == 0);
    p->namer = namer;
    p->n_named = namer->n;
    memcpy(p->named, namer->nodes, sizeof p->named);
    (void)pthread_mutex_unlock(&p->lock);
}

bool gc_pages_wanted(struct gc_pages *p)
{
    (void)pthread_mutex_lock(&p->lock);
    bool left = p->left > 0;
    (void)pthread_mutex_unlock(&p->lock);
    return left && !atomic_load(&p->job->cancelled);
}

bool gc_pages_add(struct gc_pages *p, struct gc_bytes text, struct gc_bytes fields, struct gc_bytes cursor)
{
    (void)pthread_mutex_lock(&p->lock);
    size_t size = gc_items_size(text.len, fields.len);
    bool room = make_room(p, size);
    if (room) {
        begin_item(p, text, fields);
        bool put = gc_items_put(&p->block, text, fields);
        GC_ASSERT(put);
        if (p->counts)
            gc_tally_add(&p->tally, gc_bytes_str(text), true);
        p->block_bytes += size;
        set_cursor(p, cursor);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return room;
}

bool gc_pages_refer(struct gc_pages *p, struct gc_bytes record, uint64_t offset,
                    const struct gc_listed_item *item, struct gc_bytes cursor)
{
    (void)pthread_mutex_lock(&p->lock);
    size_t block = item ? gc_items_size(item->text.len, item->fields.len) : 0;
    /* empty lines at a page's start belong to no page: they are only passed */
    bool inside = item || p->count > 0;
    bool room = !inside || make_room(p, block);
    if (room) {
        inside = item || p->count > 0;
        if (inside && p->count == 0)
            p->offset = offset;
        if (item)
            begin_item(p, item->text, item->fields);
        if (inside) {
            gc_digest_update(&p->digest, record);
            p->bytes += record.len;
        }
        p->block_bytes += block;
        set_cursor(p, cursor);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return room;
}

void gc_pages_skip(struct gc_pages *p, struct gc_str path, struct gc_bytes cursor)
{
    (void)pthread_mutex_lock(&p->lock);
    gc_tally_add(&p->tally, path, false);
    set_cursor(p, cursor);
    (void)pthread_mutex_unlock(&p->lock);
}

void gc_pages_end(struct gc_pages *p, bool ended)
{
    (void)pthread_mutex_lock(&p->lock);
    p->ended = ended;
    if (!p->told) /* else its pages are used up, and that was said */
        send(p, true);
    p->job = NULL;
    (void)pthread_mutex_unlock(&p->lock);
}

void gc_pages_fail(struct gc_pages *p, uint32_t cause, struct gc_str text)
{
    (void)pthread_mutex_lock(&p->lock);
    send_page(p);
    struct gc_lister_reply r = {
        .kind = GC_LISTER_FAILED, .id = p->job->id, .cause = cause, .text = gc_str_bytes(text)};
    if (!p->told && !atomic_load(&p->job->cancelled)) /* told: who goes on from there fails then */
        gc_link_send(p->link, &r);
    p->job = NULL;
    (void)pthread_mutex_unlock(&p->lock);
}

uint64_t gc_pages_flush_old(struct gc_pages *p, uint64_t now_ns)
{
    uint64_t wait = UINT64_MAX;
    (void)pthread_mutex_lock(&p->lock);
    if (p->job && p->count > 0) {
        uint64_t age = gc_sub_u64_floored(now_ns, p->begun_ns);
        if (age >= old_ns)
            send_page(p);
        if (p->count > 0)
            wait = age < old_ns ? old_ns - age : old_ns;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return wait;
}
