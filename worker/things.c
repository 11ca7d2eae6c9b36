#include "worker/things.h"

#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/pool.h"
#include "common/sys/digest.h"
#include "common/sys/log.h"
#include "proto/codec.h"

enum gc_err gc_things_init(struct gc_things *t, uint32_t n)
{
    *t = (struct gc_things){.n = n, .scratch_size = (size_t)GC_MAX_DOCUMENT_OBJECTS * 24};
    t->list = calloc(n, sizeof t->list[0]);
    t->scratch = malloc(t->scratch_size); /* touched as programs need it */
    return t->list && t->scratch ? GC_OK : GC_ERR_NOMEM;
}

void gc_things_release(struct gc_things *t)
{
    for (uint32_t i = 0; t->list && i < t->n; i++)
        gc_things_drop(t, t->list[i].name);
    free(t->list);
    free(t->scratch);
    *t = (struct gc_things){0};
}

struct gc_thing *gc_things_at(struct gc_things *t, uint64_t name)
{
    uint32_t index = gc_handle_index(name);
    return name != 0 && index < t->n && t->list[index].name == name ? &t->list[index] : NULL;
}

struct gc_blob *gc_things_blob(struct gc_things *t, uint64_t name)
{
    struct gc_thing *thing = gc_things_at(t, name);
    return thing ? thing->blob : NULL;
}

void gc_things_drop(struct gc_things *t, uint64_t name)
{
    struct gc_thing *thing = gc_things_at(t, name);
    if (!thing)
        return;
    gc_blob_unref(&thing->blob);
    free(thing->clashes);
    *thing = (struct gc_thing){0};
}

/* ---- keeping ---- */

static enum gc_err make(struct gc_thing *thing, enum gc_blob_kind kind, struct gc_bytes bytes)
{
    thing->blob = gc_blob_new(kind, bytes);
    return thing->blob ? GC_OK : GC_ERR_NOMEM;
}

static enum gc_err keep_program(struct gc_things *t, struct gc_thing *thing, struct gc_bytes bytes)
{
    struct gc_arena arena;
    struct gc_program program;
    struct gc_fault fault = {0};
    gc_arena_init(&arena, t->scratch, t->scratch_size);
    enum gc_err err = gc_decode_program(bytes, &arena, &program, &fault);
    if (err != GC_OK) {
        gc_log(GC_LOG_ERROR, "program_malformed", gc_kv_err(err), gc_kv_text(&fault));
        return GC_ERR_INVALID;
    }
    err = make(thing, GC_BLOB_PROGRAM, bytes);
    if (err != GC_OK)
        return err;
    struct gc_blob *b = thing->blob;
    b->timeout_ns = program.timeout_ns == 0 || program.timeout_ns == GC_UNSET ? GC_TIMEOUT_DEFAULT_NS
                                                                              : program.timeout_ns;
    b->folder_len = gc_min_size(program.folder.len, sizeof b->folder);
    if (b->folder_len > 0)
        memcpy(b->folder, program.folder.ptr, b->folder_len);
    return GC_OK;
}

/* What a page's items may not write; until its block is there. */
static enum gc_err keep_clashes(struct gc_thing *thing, struct gc_bytes clashes)
{
    free(thing->clashes);
    thing->clashes = NULL;
    thing->clashes_len = clashes.len;
    if (clashes.len == 0)
        return GC_OK;
    thing->clashes = malloc(clashes.len);
    if (!thing->clashes)
        return GC_ERR_NOMEM;
    memcpy(thing->clashes, clashes.ptr, clashes.len);
    return GC_OK;
}

static enum gc_err make_page(struct gc_thing *thing, struct gc_bytes block)
{
    enum gc_err err = make(thing, GC_BLOB_PAGE, block);
    return err == GC_OK ? gc_blob_add_clashes(thing->blob, gc_bytes_of(thing->clashes, thing->clashes_len))
                        : err;
}

static enum gc_err keep_page(struct gc_thing *thing, const struct gc_agent_effect *keep)
{
    const struct gc_page *page = &keep->as.keep.data->page[0];
    struct gc_bytes bulk = keep->as.keep.bulk;
    size_t block = bulk.len - (size_t)gc_min_u64(keep->as.keep.data->clashes, bulk.len);
    enum gc_err err = keep_clashes(thing, gc_bytes_of(bulk.ptr + block, bulk.len - block));
    if (err != GC_OK)
        return err;
    if (!page->inlined) {
        thing->page = *page;
        memcpy(thing->digest, page->digest.ptr, sizeof thing->digest);
        thing->page.digest = (struct gc_bytes){thing->digest, sizeof thing->digest};
        thing->program = keep->as.keep.program;
        thing->reading = true;
        return GC_ERR_STATE;
    }
    struct gc_digest digest = gc_digest_of(gc_bytes_of(bulk.ptr, block));
    if (memcmp(digest.b, page->digest.ptr, sizeof digest.b) != 0)
        return GC_ERR_CORRUPT;
    err = make_page(thing, gc_bytes_of(bulk.ptr, block));
    return err == GC_OK ? gc_blob_index(thing->blob, (uint32_t)gc_min_u64(page->count, UINT32_MAX)) : err;
}

static enum gc_err keep_states(struct gc_thing *thing, const struct gc_agent_effect *keep)
{
    const struct gc_msg_data *data = keep->as.keep.data;
    struct gc_bytes left = keep->as.keep.bulk;
    enum gc_err err = thing->blob ? GC_OK : make(thing, GC_BLOB_STATES, (struct gc_bytes){0});
    for (uint32_t i = 0; err == GC_OK && i < data->n_lengths; i++) {
        size_t len = (size_t)gc_min_u64(data->lengths[i], left.len);
        err = gc_blob_add_state(thing->blob, (struct gc_bytes){left.ptr, len});
        left = (struct gc_bytes){left.ptr + len, left.len - len};
    }
    return err != GC_OK || keep->as.keep.last ? err : GC_ERR_STATE;
}

static enum gc_err keep_results(struct gc_thing *thing)
{
    enum gc_err err = thing->blob ? GC_OK : make(thing, GC_BLOB_SPOOL, (struct gc_bytes){0});
    return err == GC_OK ? GC_ERR_STATE : err;
}

static enum gc_err keep_by_kind(struct gc_things *t, struct gc_thing *thing,
                                const struct gc_agent_effect *keep)
{
    switch (keep->as.keep.what) {
    case GC_GET_PROGRAM: return keep_program(t, thing, keep->as.keep.bulk);
    case GC_GET_PAGE: return keep_page(thing, keep);
    case GC_GET_DELTAS: return keep_states(thing, keep);
    case GC_GET_CURSOR: return make(thing, GC_BLOB_CURSOR, keep->as.keep.bulk);
    case GC_GET_RESULTS: return keep_results(thing);
    case GC_GET_CATALOGUE:
    case GC_GET_PLAN: break;
    }
    GC_NEVER("a thing that no agent asks for");
}

enum gc_err gc_things_keep(struct gc_things *t, const struct gc_agent_effect *keep)
{
    uint32_t index = gc_handle_index(keep->as.keep.thing);
    GC_ASSERT(index < t->n);
    struct gc_thing *thing = &t->list[index];
    if (thing->name != keep->as.keep.thing) {
        gc_things_drop(t, thing->name);
        *thing = (struct gc_thing){.name = keep->as.keep.thing, .what = keep->as.keep.what};
    }
    enum gc_err err = keep_by_kind(t, thing, keep);
    if (err != GC_OK && err != GC_ERR_STATE)
        gc_things_drop(t, keep->as.keep.thing);
    return err;
}

enum gc_err gc_things_read(struct gc_thing *thing, struct gc_bytes block)
{
    thing->reading = false;
    enum gc_err err = make_page(thing, block);
    return err == GC_OK ? gc_blob_index(thing->blob, (uint32_t)thing->page.count) : err;
}

enum gc_err gc_things_missing(struct gc_thing *thing, uint32_t cause, struct gc_bytes text)
{
    thing->reading = false;
    enum gc_err err = make(thing, GC_BLOB_PAGE, (struct gc_bytes){0});
    if (err != GC_OK)
        return err;
    thing->blob->missing = cause;
    thing->blob->text_len = gc_min_size(text.len, GC_MAX_TEXT);
    if (thing->blob->text_len > 0)
        memcpy(thing->blob->text, text.ptr, thing->blob->text_len);
    return GC_OK;
}
