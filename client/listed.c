/* listed.c - see listed.h. */
#include "client/listed.h"

#include <stdlib.h>
#include <string.h>

#include "client/error.h"
#include "client/manifest_page.h"
#include "common/manifest/items.h"

enum {
    CACHED_PAGES =
        8, /* results in commit order come from as many places as there are executors, near each other */
    MAX_PROBES = 64,
};

/* A page whose items can be read one after the other; position is where the next one begins. */
struct page {
    bool there;
    uint64_t index;
    uint64_t first;
    uint64_t count;
    bool known; /* its block is at hand */
    uint8_t *block;
    size_t len;
    uint64_t used; /* when, for choosing which one goes */
    uint64_t at;   /* item, relative to first, that begins at `offset` */
    size_t offset;
};

struct gc_listed {
    struct graphcap *gc;
    const struct gc_plan *plan;
    uint64_t run_no;
    uint64_t ask_stage; /* what GET names: a reader of the source, since workers name that too */
    uint64_t source;
    uint64_t clock;
    struct page pages[CACHED_PAGES];
};

int gc_listed_open(struct graphcap *gc, uint64_t run_no, const struct gc_plan *plan, uint64_t stage,
                   struct gc_listed **ret, struct graphcap_error *error)
{
    struct gc_listed *items = calloc(1, sizeof *items);
    if (!items)
        return gc_fail_memory(error);
    *items = (struct gc_listed){.gc = gc, .plan = plan, .run_no = run_no, .ask_stage = stage};
    items->source = plan->stages[stage].kind == GC_STAGE_SOURCE ? stage : plan->stages[stage].source;
    *ret = items;
    return GRAPHCAP_OK;
}

void gc_listed_close(struct gc_listed **items_p)
{
    if (!*items_p)
        return;
    for (size_t i = 0; i < CACHED_PAGES; i++)
        free((*items_p)->pages[i].block);
    free(*items_p);
    *items_p = NULL;
}

/* ---- fetching a page ---- */

struct fetch {
    struct gc_listed *items;
    struct page *page;
};

static int page_answer(void *arg, const struct gc_msg *msg, struct graphcap_error *error)
{
    struct fetch *fetch = arg;
    struct page *page = fetch->page;
    const struct gc_msg_data *data = &msg->as.data;
    if (msg->type != GC_MSG_DATA || data->what != GC_GET_PAGE || data->index != page->index ||
        data->n_page != 1)
        return GC_NOT_THE_ANSWER;
    const struct gc_page *p = &data->page[0];
    page->there = true;
    page->first = p->first;
    page->count = p->count;
    if (!p->inlined) {
        const struct gc_listed *items = fetch->items;
        page->known =
            gc_manifest_page(items->plan->stages[items->source].program, p, &page->block, &page->len);
        return GRAPHCAP_OK;
    }
    page->known = true;
    page->len = (size_t)p->bytes; /* clashes of names follow it, which are the workers' */
    page->block = malloc(page->len + 1);
    if (!page->block)
        return gc_fail_memory(error);
    if (page->len)
        memcpy(page->block, msg->bulk.ptr, page->len);
    return GRAPHCAP_OK;
}

static struct page *page_to_replace(struct gc_listed *items)
{
    struct page *oldest = &items->pages[0];
    for (size_t i = 0; i < CACHED_PAGES; i++) {
        struct page *p = &items->pages[i];
        if (!p->there)
            return p;
        if (p->used < oldest->used)
            oldest = p;
    }
    return oldest;
}

/* *ret NULL: there is no page of that index. */
static int fetch_page(struct gc_listed *items, uint64_t index, struct page **ret,
                      struct graphcap_error *error)
{
    struct gc_msg msg = {.type = GC_MSG_GET};
    msg.as.get = (struct gc_msg_get){
        .what = GC_GET_PAGE, .run_no = items->run_no, .stage = items->ask_stage, .index = index};
    struct page *page = page_to_replace(items);
    free(page->block);
    *page = (struct page){.index = index, .used = ++items->clock};
    struct fetch fetch = {items, page};
    struct graphcap_error local;
    int code =
        gc_conn_ask(items->gc, &(struct gc_request){&msg, 1, page_answer, &fetch}, error ? error : &local);
    *ret = code == GRAPHCAP_OK ? page : NULL;
    return code == GRAPHCAP_NOT_FOUND ? GRAPHCAP_OK : code;
}

/* ---- which page ---- */

static bool holds(const struct page *p, uint64_t item)
{
    return p->there && item >= p->first && item - p->first < p->count;
}

/* What the cached pages say: the item is on a page of index low or above, below high; low begins with item `low_first`. */
struct bracket {
    uint64_t low, low_first, high, size;
};

static struct bracket bracket(const struct gc_listed *items, uint64_t item)
{
    struct bracket b = {0, 0, GC_UNSET, GC_PAGE_ITEMS};
    for (size_t i = 0; i < CACHED_PAGES; i++) {
        const struct page *p = &items->pages[i];
        if (!p->there)
            continue;
        if (p->first + p->count <= item && p->index + 1 > b.low) {
            b.low = p->index + 1;
            b.low_first = p->first + p->count;
            b.size = p->count ? p->count : 1;
        }
        if (p->first > item && p->index < b.high)
            b.high = p->index;
    }
    return b;
}

static int search(struct gc_listed *items, uint64_t item, struct page **ret, struct graphcap_error *error)
{
    uint64_t end = GC_UNSET; /* no page of this index or above */
    *ret = NULL;
    for (int probes = 0; probes < MAX_PROBES; probes++) {
        struct bracket b = bracket(items, item);
        uint64_t high = b.high < end ? b.high : end;
        if (b.low >= high)
            return GRAPHCAP_OK;
        uint64_t guess = b.low + (item - b.low_first) / b.size;
        /* Sizes that differ make the estimate wrong for ever; half of the bracket is always progress. */
        if (guess >= high || probes > MAX_PROBES / 4)
            guess = high == GC_UNSET ? b.low + (UINT64_C(1) << (probes / 2)) : b.low + (high - b.low) / 2;
        int code = fetch_page(items, guess, ret, error);
        if (code != GRAPHCAP_OK)
            return code;
        if (!*ret)
            end = guess;
        else if (holds(*ret, item))
            return GRAPHCAP_OK;
        *ret = NULL;
    }
    return GRAPHCAP_OK;
}

static int find_page(struct gc_listed *items, uint64_t item, struct page **ret, struct graphcap_error *error)
{
    for (size_t i = 0; i < CACHED_PAGES; i++) {
        struct page *p = &items->pages[i];
        if (!holds(p, item))
            continue;
        p->used = ++items->clock;
        *ret = p;
        return GRAPHCAP_OK;
    }
    return search(items, item, ret, error);
}

/* ---- an item of a page ---- */

static int read_from(struct page *p, uint64_t at, struct gc_item *ret, struct graphcap_error *error)
{
    if (at < p->at)
        p->at = p->offset = 0;
    struct gc_bytes block = gc_bytes_of(p->block + p->offset, p->len - p->offset);
    bool ok = true;
    while (ok && p->at <= at) {
        ok = gc_items_next(&block, &ret->text, &ret->fields);
        p->at += ok;
    }
    p->offset = p->len - block.len;
    return ok ? GRAPHCAP_OK
              : gc_fail(error, GRAPHCAP_CORRUPT, "page %llu of the items cannot be read",
                        (unsigned long long)p->index);
}

int gc_listed_get(struct gc_listed *items, uint64_t item, struct gc_item *ret, struct graphcap_error *error)
{
    struct page *page;
    *ret = (struct gc_item){0};
    int code = find_page(items, item, &page, error);
    if (code != GRAPHCAP_OK || !page)
        return code;
    ret->there = true;
    ret->known = page->known;
    return page->known ? read_from(page, item - page->first, ret, error) : GRAPHCAP_OK;
}
