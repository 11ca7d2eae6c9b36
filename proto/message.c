#include "proto/message.h"

#include "common/num.h"

struct fact {
    const char *name;
    enum gc_direction direction;
    bool durable;
    bool has_bulk;
};

#define U64(...)
#define F64(...)
#define FLAG(...)
#define ID(...)
#define STR(...)
#define BIN(...)
#define VALUE(...)
#define LIST(...)
#define U64S(...)
#define ENUM(...)
#define ENUMS(...)
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) \
    [GC_MSG_##NAME] = {#NAME, GC_DIR_##direction, durable, bulk},
#define MSG_END(name)
static const struct fact facts[] = {
#include "proto/messages.def"
};

/* Types come out of frames as plain numbers, so anything may be asked for. */
static const struct fact *fact_of(enum gc_msg_type type)
{
    static const struct fact none = {0};
    size_t i = (size_t)type;
    return i < sizeof facts / sizeof facts[0] ? &facts[i] : &none;
}

const char *gc_msg_name(enum gc_msg_type type)
{
    return fact_of(type)->name;
}

enum gc_direction gc_msg_direction(enum gc_msg_type type)
{
    return fact_of(type)->direction;
}

bool gc_msg_durable(enum gc_msg_type type)
{
    return fact_of(type)->durable;
}

bool gc_msg_has_bulk(enum gc_msg_type type)
{
    return fact_of(type)->has_bulk;
}

/* Lengths are added up as far as the bulk goes and no further, so that no sum can overflow. */
static bool take(uint64_t *left, uint64_t bytes)
{
    if (bytes > *left)
        return false;
    *left -= bytes;
    return true;
}

static bool range_fits(uint64_t first, uint64_t count, uint64_t most)
{
    return count >= 1 && count <= most && first <= GC_MAX_ITEMS && count <= GC_MAX_ITEMS - first;
}

static const char *hello_wrong(const struct gc_msg_hello *hello)
{
    if (hello->role != GC_ROLE_WORKER)
        return hello->n_held == 0 ? NULL : "a client holds nothing";
    if (hello->slots < 1 || hello->slots > GC_MAX_SLOTS)
        return "number of executors";
    if (hello->catalogue.len != sizeof(struct gc_digest))
        return "length of a digest";
    return NULL;
}

static const char *lease_wrong(const struct gc_msg_lease *lease)
{
    if (lease->scan != GC_UNSET && (lease->kind != GC_LEASE_FINISH || lease->n_deltas > 0))
        return "a scan that is no FINISH, or has states";
    switch ((enum gc_lease_kind)lease->kind) {
    case GC_LEASE_ITEMS:
        return range_fits(lease->first, lease->count, GC_MAX_LEASE_ITEMS) ? NULL : "range of items";
    case GC_LEASE_LIST: return lease->count >= 1 && lease->count <= GC_PAGES_AHEAD ? NULL : "number of pages";
    case GC_LEASE_MERGE: return lease->n_deltas >= 1 ? NULL : "nothing to merge";
    case GC_LEASE_FINISH:
    case GC_LEASE_KINDS: break;
    }
    return NULL;
}

static const char *result_wrong(const struct gc_msg_result *result, uint64_t bulk)
{
    if (result->kind == GC_LEASE_LIST)
        return "the result of a LIST lease is PAGES";
    if (!range_fits(result->first, result->count, result->kind == GC_LEASE_ITEMS ? GC_CHUNK_ITEMS : 1))
        return "range of items";
    if (!take(&bulk, result->status) || !take(&bulk, result->values))
        return "lengths in the bulk";
    for (uint32_t i = 0; i < result->n_deltas; i++) {
        if (result->deltas[i].bytes > GC_MAX_DELTA || !take(&bulk, result->deltas[i].bytes))
            return "lengths in the bulk";
    }
    return bulk == 0 ? NULL : "lengths in the bulk";
}

/* `behind`: bytes behind the blocks. */
static const char *pages_wrong(const struct gc_page *pages, uint32_t n, uint64_t behind, uint64_t bulk)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!range_fits(pages[i].first, pages[i].count, GC_PAGE_ITEMS))
            return "range of items";
        if (i > 0 && pages[i].first != pages[i - 1].first + pages[i - 1].count)
            return "pages that do not follow one another";
        if (pages[i].digest.len != sizeof(struct gc_digest))
            return "length of a digest";
        if (pages[i].inlined && !take(&bulk, pages[i].bytes))
            return "lengths in the bulk";
    }
    return bulk == behind ? NULL : "lengths in the bulk";
}

static const char *listed_wrong(const struct gc_msg_pages *pages, uint64_t bulk)
{
    uint64_t items = 0;
    for (uint32_t i = 0; i < pages->n_pages; i++)
        items += gc_min_u64(pages->pages[i].count, GC_PAGE_ITEMS);
    return pages_wrong(pages->pages, pages->n_pages, items * pages->n_named * GC_NAME_BYTES, bulk);
}

static const char *part_wrong(uint64_t total, uint64_t offset, uint64_t bulk)
{
    return total <= GC_MAX_DOCUMENT && take(&total, offset) && take(&total, bulk) ? NULL
                                                                                  : "part of a document";
}

static const char *data_wrong(const struct gc_msg_data *data, uint64_t bulk)
{
    switch ((enum gc_get_what)data->what) {
    case GC_GET_PAGE:
        return data->n_page == 1 ? pages_wrong(data->page, 1, data->clashes, bulk)
                                 : "DATA of a page names one page";
    case GC_GET_DELTAS:
        for (uint32_t i = 0; i < data->n_lengths; i++) {
            if (!take(&bulk, data->lengths[i]))
                return "lengths in the bulk";
        }
        return bulk == 0 ? NULL : "lengths in the bulk";
    case GC_GET_CATALOGUE:
    case GC_GET_PLAN: return part_wrong(data->total, data->index, bulk);
    case GC_GET_RESULTS: return data->total > data->index ? NULL : "results that lead back";
    case GC_GET_PROGRAM:
    case GC_GET_CURSOR: break;
    }
    return NULL;
}

static const char *batches_wrong(const struct gc_msg_batches *batches, uint64_t bulk)
{
    for (uint32_t i = 0; i < batches->n_batches; i++) {
        if (!take(&bulk, batches->batches[i].status) || !take(&bulk, batches->batches[i].values))
            return "lengths in the bulk";
    }
    return bulk == 0 ? NULL : "lengths in the bulk";
}

const char *gc_msg_wrong(const struct gc_msg *msg)
{
    if (msg->bulk.len > GC_MAX_BULK)
        return "a bulk above the limit";
    if (msg->bulk.len > 0 && !gc_msg_has_bulk(msg->type))
        return "a bulk where none may be";
    /* Only the types with something to contradict. */
    if (msg->type == GC_MSG_HELLO)
        return hello_wrong(&msg->as.hello);
    if (msg->type == GC_MSG_CATALOGUE) {
        if (msg->as.catalogue.digest.len != sizeof(struct gc_digest))
            return "length of a digest";
        return part_wrong(msg->as.catalogue.total, msg->as.catalogue.offset, msg->bulk.len);
    }
    if (msg->type == GC_MSG_LEASE)
        return lease_wrong(&msg->as.lease);
    if (msg->type == GC_MSG_RESULT)
        return result_wrong(&msg->as.result, msg->bulk.len);
    if (msg->type == GC_MSG_PAGES)
        return listed_wrong(&msg->as.pages, msg->bulk.len);
    if (msg->type == GC_MSG_DATA)
        return data_wrong(&msg->as.data, msg->bulk.len);
    if (msg->type == GC_MSG_BATCHES)
        return batches_wrong(&msg->as.batches, msg->bulk.len);
    return NULL;
}
