/* catalogue.c - see catalogue.h. */
#include "coordinator/catalogue.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/sys/digest.h"
#include "coordinator/plan/plan.h"
#include "proto/codec.h"

/* Where catalogues are spread into structs: a document grows eightfold at most, and the union holds pointers besides. Mapped, and
 * touched as far as it is needed. */
#define DECODE_BYTES ((size_t)GC_MAX_DOCUMENT * 16u)

void gc_catalogues_init(struct gc_catalogues *c)
{
    *c = (struct gc_catalogues){.n = 0};
}

void gc_catalogues_release(struct gc_catalogues *c)
{
    for (uint32_t i = 0; i < c->n; i++)
        free(c->known[i].bytes);
    for (uint32_t i = 0; i < GC_CATALOGUES_COMING; i++)
        free(c->coming[i].bytes);
    gc_mapping_release(&c->memory);
    gc_catalogues_init(c);
}

bool gc_catalogues_knows(const struct gc_catalogues *c, const struct gc_digest *digest)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (gc_digest_equal(c->known[i].digest, *digest))
            return true;
    return false;
}

const struct gc_catalogue *gc_catalogues_union(const struct gc_catalogues *c)
{
    return c->n > 0 ? &c->joined : NULL;
}

/* ---- the union ---- */

static enum gc_err encode_union(const struct gc_catalogue *joined, struct gc_arena *arena,
                                struct gc_bytes *ret)
{
    uint8_t *memory = GC_ARENA_ARRAY(arena, uint8_t, GC_MAX_DOCUMENT);
    if (!memory)
        return GC_ERR_NOMEM;
    struct gc_buf out;
    gc_buf_init(&out, memory, GC_MAX_DOCUMENT);
    enum gc_err err = gc_encode_catalogue(joined, &out);
    if (err == GC_OK)
        *ret = gc_buf_bytes(&out);
    return err;
}

/* Joins the known ones and the one in front of them, in a mapping of its own, so that a failure leaves the old union. */
static enum gc_err join(const struct gc_catalogue_known *known, uint32_t n, struct gc_catalogues *into,
                        struct gc_fault *f)
{
    struct gc_mapping memory;
    struct gc_arena arena;
    const struct gc_catalogue *all[GC_CATALOGUES];
    struct gc_catalogue decoded[GC_CATALOGUES], joined;
    struct gc_bytes encoded;
    if (gc_mapping_make(DECODE_BYTES * 2, &memory) != GC_OK)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the catalogue");
    gc_arena_init(&arena, memory.base, memory.size);
    enum gc_err err = GC_OK;
    for (uint32_t i = 0; i < n && err == GC_OK; i++) {
        all[i] = &decoded[i];
        err = gc_decode_catalogue(gc_bytes_of(known[i].bytes, known[i].len), &arena, &decoded[i], f);
    }
    if (err == GC_OK)
        err = gc_catalogue_union(all, n, &arena, &joined);
    if (err == GC_OK)
        err = encode_union(&joined, &arena, &encoded);
    if (err != GC_OK) {
        gc_mapping_release(&memory);
        return err;
    }
    gc_mapping_release(&into->memory);
    into->memory = memory;
    into->joined = joined;
    into->encoded = encoded;
    return GC_OK;
}

/* ---- one more ---- */

enum gc_err gc_catalogues_add(struct gc_catalogues *c, struct gc_digest digest, struct gc_bytes bytes,
                              struct gc_fault *f)
{
    if (gc_catalogues_knows(c, &digest))
        return GC_OK;
    struct gc_digest real = gc_digest_of(bytes);
    if (!gc_digest_equal(real, digest))
        return gc_fault_set(f, GC_ERR_INVALID, "a catalogue's bytes are not those of its digest");
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
    if (!copy)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for a catalogue");
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    struct gc_catalogue_known after[GC_CATALOGUES];
    uint32_t kept = c->n < GC_CATALOGUES ? c->n : GC_CATALOGUES - 1;
    after[0] = (struct gc_catalogue_known){.digest = digest, .bytes = copy, .len = bytes.len};
    memcpy(after + 1, c->known, kept * sizeof *after);
    enum gc_err err = join(after, kept + 1, c, f);
    if (err != GC_OK) {
        free(copy);
        return err;
    }
    if (kept < c->n)
        free(c->known[kept].bytes);
    c->n = kept + 1;
    memcpy(c->known, after, c->n * sizeof *after);
    return GC_OK;
}

/* ---- parts ---- */

static struct gc_catalogue_coming *find_coming(struct gc_catalogues *c, const struct gc_digest *digest)
{
    for (uint32_t i = 0; i < GC_CATALOGUES_COMING; i++)
        if (c->coming[i].bytes && gc_digest_equal(c->coming[i].digest, *digest))
            return &c->coming[i];
    return NULL;
}

static void forget(struct gc_catalogue_coming *coming)
{
    free(coming->bytes);
    *coming = (struct gc_catalogue_coming){.bytes = NULL};
}

/* A free slot, or the one used longest ago. */
static struct gc_catalogue_coming *free_slot(struct gc_catalogues *c)
{
    struct gc_catalogue_coming *best = &c->coming[0];
    for (uint32_t i = 0; i < GC_CATALOGUES_COMING; i++) {
        if (!c->coming[i].bytes)
            return &c->coming[i];
        if (c->coming[i].used < best->used)
            best = &c->coming[i];
    }
    forget(best);
    return best;
}

static struct gc_catalogue_coming *begin(struct gc_catalogues *c, const struct gc_digest *digest,
                                         uint64_t total)
{
    struct gc_catalogue_coming *coming = free_slot(c);
    coming->bytes = malloc(total);
    if (!coming->bytes)
        return NULL;
    coming->digest = *digest;
    coming->total = total;
    coming->have = 0;
    return coming;
}

enum gc_err gc_catalogues_part(struct gc_catalogues *c, const struct gc_msg_catalogue *part,
                               struct gc_bytes bulk, bool *ret_whole, struct gc_fault *f)
{
    struct gc_digest digest;
    *ret_whole = false;
    if (part->digest.len != sizeof digest.b || part->total == 0 || part->total > GC_MAX_DOCUMENT ||
        part->offset > part->total || bulk.len > part->total - part->offset)
        return gc_fault_set(f, GC_ERR_INVALID, "a part of a catalogue that cannot be");
    memcpy(digest.b, part->digest.ptr, sizeof digest.b);
    if (gc_catalogues_knows(c, &digest))
        return GC_OK;
    struct gc_catalogue_coming *coming = find_coming(c, &digest);
    if (!coming && part->offset == 0)
        coming = begin(c, &digest, part->total);
    if (!coming || coming->total != part->total || coming->have != part->offset)
        return GC_OK; /* not the next one: another worker was faster, or it begins again */
    if (bulk.len)
        memcpy(coming->bytes + coming->have, bulk.ptr, bulk.len);
    coming->have += bulk.len;
    coming->used = ++c->uses;
    if (coming->have < coming->total)
        return GC_OK;
    enum gc_err err = gc_catalogues_add(c, digest, gc_bytes_of(coming->bytes, coming->total), f);
    forget(coming);
    *ret_whole = err == GC_OK;
    return err;
}
