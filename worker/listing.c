#include "worker/listing.h"

#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/sys/log.h"
#include "worker/loop.h"

#define AGAIN_NS       (1000u * (uint64_t)1000000)
#define REPLIES_A_TURN 64

/* What a PAGES message points to. Its name has the lowest bit set, which no pointer of the crew's has. */
struct found {
    struct gc_msg_pages pages;
    struct gc_page page;
    uint8_t digest[32];
    uint8_t note[GC_MAX_TEXT];
    uint8_t cursor[GC_MAX_PATH];
    uint64_t named[GC_MAX_NAMINGS];
    size_t len;
    uint8_t block[]; /* and the names behind it */
};

/* Requests of listings and of pages share the lister's ids. */
static uint64_t id_of_list(uint64_t list)
{
    return list << 1;
}

static uint64_t id_of_thing(uint64_t thing)
{
    return thing << 1 | 1;
}

static enum gc_err begin(struct gc_listing *l, struct gc_fault *f)
{
    const struct gc_lister_start start = {.program = l->program, .roots = l->roots, .n_roots = l->n_roots};
    return gc_lister_start(&start, &l->lister, f);
}

enum gc_err gc_listing_start(struct gc_listing *l, const char *program, const struct gc_crew_root *roots,
                             uint32_t n_roots, struct gc_fault *f)
{
    *l = (struct gc_listing){.program = program, .n_roots = n_roots};
    GC_ASSERT(n_roots <= GC_COUNT_OF(l->roots));
    for (uint32_t i = 0; i < n_roots; i++)
        l->roots[i] = (struct gc_lister_root){.name = roots[i].name, .path = roots[i].path};
    return begin(l, f);
}

void gc_listing_stop(struct gc_listing *l)
{
    if (l->lister)
        gc_lister_destroy(&l->lister);
}

/* ---- asking ---- */

static uint64_t *place_of(struct gc_listing *l, uint64_t list)
{
    for (unsigned i = 0; i < GC_COUNT_OF(l->lists); i++) {
        if (l->lists[i] == list)
            return &l->lists[i];
    }
    return NULL;
}

bool gc_listing_begin(struct gc_listing *l, const struct gc_agent_list *list, struct gc_things *things,
                      struct gc_fault *f)
{
    const struct gc_blob *program = gc_things_blob(things, list->program),
                         *cursor = gc_things_blob(things, list->cursor);
    uint64_t *place = place_of(l, 0);
    GC_ASSERT(place != NULL);
    if (!l->lister || !program) {
        (void)gc_fault_set(f, GC_ERR_UNREACHABLE, "there is no lister now");
        return false;
    }
    const struct gc_list_request request = {
        .id = id_of_list(list->list),
        .program = gc_blob_bytes(program),
        .cursor = cursor ? gc_blob_bytes(cursor) : (struct gc_bytes){0},
        .first = list->first,
        .pages = (uint32_t)gc_min_u64(list->pages, GC_PAGES_AHEAD),
    };
    enum gc_err err = gc_lister_list(l->lister, &request);
    if (err != GC_OK) {
        (void)gc_fault_set(f, err, "the lister takes no more: %s", gc_err_text(err));
        return false;
    }
    *place = list->list;
    return true;
}

void gc_listing_end(struct gc_listing *l, uint64_t list)
{
    uint64_t *place = place_of(l, list);
    if (place)
        *place = 0;
    if (place && l->lister)
        gc_lister_cancel(l->lister, id_of_list(list));
}

void gc_listing_read(struct gc_listing *l, const struct gc_thing *thing, struct gc_things *things)
{
    const struct gc_blob *program = gc_things_blob(things, thing->program);
    if (!l->lister || !program)
        return; /* asked again with the next lister */
    enum gc_err err =
        gc_lister_page(l->lister, id_of_thing(thing->name), gc_blob_bytes(program), &thing->page);
    if (err != GC_OK)
        l->retry_ns = 1; /* full: at the next turn */
}

void gc_listing_unread(struct gc_listing *l, uint64_t thing)
{
    if (l->lister)
        gc_lister_cancel(l->lister, id_of_thing(thing));
}

/* ---- what comes back ---- */

bool gc_listing_owns(uint64_t chunk)
{
    return chunk & 1;
}

void gc_listing_free(struct gc_listing *l, uint64_t chunk)
{
    free((struct found *)(uintptr_t)(chunk & ~(uint64_t)1)); // NOLINT(performance-no-int-to-ptr)
    GC_ASSERT(l->out > 0);
    l->out--;
}

static struct gc_bytes copy(uint8_t *to, size_t room, struct gc_bytes from)
{
    size_t len = gc_min_size(from.len, room);
    if (len > 0)
        memcpy(to, from.ptr, len);
    return (struct gc_bytes){to, len};
}

static struct found *make_found(const struct gc_lister_reply *r)
{
    size_t len = r->block.len + r->names.len;
    struct found *found = malloc(sizeof *found + len);
    if (!found)
        return NULL;
    found->page = r->page;
    found->page.digest = copy(found->digest, sizeof found->digest, r->page.digest);
    found->len = len;
    (void)copy(found->block, r->block.len, r->block);
    (void)copy(found->block + r->block.len, r->names.len, r->names);
    memcpy(found->named, r->named, sizeof found->named);
    found->pages = (struct gc_msg_pages){
        .n_pages = r->has_page,
        .pages = r->has_page ? &found->page : NULL,
        .n_named = r->has_page ? r->n_named : 0,
        .named = found->named,
        .ended = r->ended,
        .last = r->last,
        .cursor = copy(found->cursor, sizeof found->cursor, r->cursor),
        .left_out = r->left_out,
        .note = copy(found->note, sizeof found->note, r->note),
    };
    return found;
}

static void unlisted(struct gc_loop *loop, uint64_t list, uint32_t cause, struct gc_bytes text)
{
    struct gc_agent_event event = {.kind = GC_AEV_UNLISTED};
    event.as.unlisted.list = list;
    event.as.unlisted.cause = cause;
    event.as.unlisted.text = text;
    gc_loop_step(loop, &event);
}

static void list_reply(struct gc_loop *loop, const struct gc_lister_reply *r)
{
    struct gc_listing *l = &loop->listing;
    uint64_t list = r->id >> 1;
    uint64_t *place = place_of(l, list);
    if (!place)
        return; /* it was stopped */
    if (r->last)
        *place = 0;
    if (r->kind == GC_LISTER_FAILED) {
        unlisted(loop, list, r->cause, r->text);
        return;
    }
    struct found *found = make_found(r);
    if (!found) {
        gc_listing_end(l, list);
        unlisted(loop, list, GC_CAUSE_INFRA, gc_str_bytes(GC_STR("no memory for a page")));
        return;
    }
    l->out++;
    struct gc_agent_event event = {.kind = GC_AEV_PAGES};
    event.as.pages.list = list;
    event.as.pages.chunk = (uint64_t)(uintptr_t)found | 1;
    event.as.pages.pages = &found->pages;
    event.as.pages.bulk = (struct gc_bytes){found->len > 0 ? found->block : NULL, found->len};
    gc_loop_step(loop, &event);
}

static void page_reply(struct gc_loop *loop, const struct gc_lister_reply *r)
{
    /* The name lost its highest bit in the id; generations do not get so far. */
    struct gc_thing *thing = gc_things_at(&loop->things, r->id >> 1);
    if (!thing || !thing->reading)
        return;
    struct gc_agent_event event = {.kind = GC_AEV_THING};
    event.as.thing.thing = thing->name;
    event.as.thing.err = r->kind == GC_LISTER_BLOCK ? gc_things_read(thing, r->block)
                                                    : gc_things_missing(thing, r->cause, r->text);
    gc_loop_step(loop, &event);
}

/* ---- its death ---- */

static void ask_again(struct gc_loop *loop)
{
    for (uint32_t i = 0; i < loop->things.n; i++) {
        if (loop->things.list[i].reading)
            gc_listing_read(&loop->listing, &loop->things.list[i], &loop->things);
    }
}

static void lost(struct gc_loop *loop)
{
    struct gc_listing *l = &loop->listing;
    gc_log_bare(GC_LOG_WARN, "lister_lost");
    gc_lister_destroy(&l->lister);
    l->retry_ns = loop->now_ns;
    for (unsigned i = 0; i < GC_COUNT_OF(l->lists); i++) {
        uint64_t list = l->lists[i];
        l->lists[i] = 0;
        if (list != 0)
            unlisted(loop, list, GC_CAUSE_CRASH, gc_str_bytes(GC_STR("the lister ended")));
    }
}

static void again(struct gc_loop *loop)
{
    struct gc_listing *l = &loop->listing;
    struct gc_fault fault = {0};
    l->retry_ns = 0;
    if (!l->lister && begin(l, &fault) != GC_OK) {
        gc_log(GC_LOG_ERROR, "lister_not_started", gc_kv_text(&fault));
        l->retry_ns = loop->now_ns + AGAIN_NS;
        return;
    }
    ask_again(loop);
}

void gc_listing_turn(struct gc_loop *loop)
{
    struct gc_listing *l = &loop->listing;
    if (l->retry_ns != 0 && loop->now_ns >= l->retry_ns)
        again(loop);
    if (!l->lister)
        return;
    enum gc_err err = gc_lister_pump(l->lister);
    struct gc_lister_reply reply;
    for (int i = 0;
         i < REPLIES_A_TURN && l->out < GC_LISTING_PAGES && l->lister && gc_lister_next(l->lister, &reply);
         i++) {
        if (reply.id & 1)
            page_reply(loop, &reply);
        else
            list_reply(loop, &reply);
    }
    if (err != GC_OK)
        lost(loop);
}
