#include "worker/pool/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/buf.h"

static atomic_uint_fast64_t last_id;

struct gc_blob *gc_blob_new(enum gc_blob_kind kind, struct gc_bytes bytes)
{
    struct gc_blob *b = calloc(1, sizeof *b);
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    if (!b || !copy) {
        free(b);
        free(copy);
        return NULL;
    }
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    b->kind = kind;
    b->fd = -1;
    b->bytes = copy;
    b->len = bytes.len;
    b->id = atomic_fetch_add(&last_id, 1) + 1;
    atomic_init(&b->refs, 1);
    return b;
}

struct gc_blob *gc_blob_ref(struct gc_blob *b)
{
    if (b)
        atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

void gc_blob_unref(struct gc_blob **b_p)
{
    struct gc_blob *b = *b_p;
    *b_p = NULL;
    if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (b->fd >= 0)
        close(b->fd);
    free(b->starts);
    free(b->clashes);
    free(b->bytes);
    free(b);
}

bool gc_blob_next_item(struct gc_bytes *items, struct gc_bytes *ret_text, struct gc_bytes *ret_fields)
{
    struct gc_reader r;
    uint64_t text, fields;
    gc_reader_init(&r, *items);
    bool whole = gc_reader_varint(&r, &text) && text <= gc_reader_left(&r) &&
                 gc_reader_bytes(&r, (size_t)text, ret_text) && gc_reader_varint(&r, &fields) &&
                 fields <= gc_reader_left(&r) && gc_reader_bytes(&r, (size_t)fields, ret_fields);
    if (whole)
        *items = (struct gc_bytes){r.at, gc_reader_left(&r)};
    return whole;
}

enum gc_err gc_blob_index(struct gc_blob *b, uint32_t count)
{
    GC_ASSERT(b->kind == GC_BLOB_PAGE);
    GC_ASSERT(!b->starts);
    if (count > GC_PAGE_ITEMS)
        return GC_ERR_CORRUPT;
    b->starts = malloc((count + 1u) * sizeof b->starts[0]);
    if (!b->starts)
        return GC_ERR_NOMEM;
    struct gc_bytes left = gc_blob_bytes(b), text, fields;
    for (uint32_t i = 0; i < count; i++) {
        b->starts[i] = (uint32_t)(b->len - left.len);
        if (!gc_blob_next_item(&left, &text, &fields))
            return GC_ERR_CORRUPT;
    }
    b->starts[count] = (uint32_t)b->len;
    b->count = count;
    return left.len == 0 ? GC_OK : GC_ERR_CORRUPT;
}

enum gc_err gc_blob_add_state(struct gc_blob *b, struct gc_bytes state)
{
    GC_ASSERT(b->kind == GC_BLOB_STATES);
    if (b->n_states == GC_MERGE_INPUTS || state.len > GC_MAX_DELTA)
        return GC_ERR_LIMIT;
    uint8_t *grown = realloc(b->bytes, b->len + state.len + 1);
    if (!grown)
        return GC_ERR_NOMEM;
    b->bytes = grown;
    if (state.len > 0)
        memcpy(grown + b->len, state.ptr, state.len);
    b->len += state.len;
    b->lengths[b->n_states++] = state.len;
    return GC_OK;
}

/* ---- clashes ---- */

static int compare(uint64_t item, uint64_t node, const struct gc_clash *c)
{
    if (item != c->item)
        return item < c->item ? -1 : 1;
    return node == c->node ? 0 : node < c->node ? -1 : 1;
}

static uint32_t count_clashes(struct gc_bytes bytes)
{
    struct gc_reader in;
    struct gc_clash clash;
    uint32_t n = 0;
    gc_reader_init(&in, bytes);
    while (gc_clash_take(&in, &clash))
        n++;
    return gc_reader_done(&in) ? n : 0;
}

enum gc_err gc_blob_add_clashes(struct gc_blob *b, struct gc_bytes bytes)
{
    struct gc_reader in;
    GC_ASSERT(b->kind == GC_BLOB_PAGE);
    GC_ASSERT(!b->clashes);
    uint32_t n = count_clashes(bytes);
    if (bytes.len == 0 || n == 0)
        return bytes.len == 0 ? GC_OK : GC_ERR_CORRUPT;
    b->clashes = calloc(n, sizeof b->clashes[0]);
    if (!b->clashes)
        return GC_ERR_NOMEM;
    gc_reader_init(&in, bytes);
    while (b->n_clashes < n && gc_clash_take(&in, &b->clashes[b->n_clashes])) {
        const struct gc_clash *c = &b->clashes[b->n_clashes];
        if (b->n_clashes > 0 && compare(c->item, c->node, c - 1) <= 0)
            return GC_ERR_CORRUPT;
        b->n_clashes++;
    }
    return GC_OK;
}

const struct gc_clash *gc_blob_clash(const struct gc_blob *b, uint64_t item, uint64_t node)
{
    uint32_t low = 0, high = b->n_clashes;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int c = compare(item, node, &b->clashes[middle]);
        if (c == 0)
            return &b->clashes[middle];
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* ---- spools ---- */

/* Where the file system knows no files without a name it loses its name at once. */
static int make_unnamed(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EISDIR && errno != EOPNOTSUPP && errno != EINVAL))
        return fd;
    char path[GC_MAX_PATH];
    int len = snprintf(path, sizeof path, "%s/.graphcap-results-XXXXXX", folder);
    if (len < 0 || (size_t)len >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static enum gc_err spool_failed(const struct gc_blob *b, const char *folder, struct gc_fault *f)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    return gc_fault_set(f, full ? GC_ERR_FULL : GC_ERR_IO,
                        "%s: %s the results that a reducer reads (after %llu bytes): %s", folder,
                        full ? "there is no room here for" : "this folder does not take",
                        (unsigned long long)b->spooled, strerror(errno));
}

enum gc_err gc_blob_spool(struct gc_blob *b, const char *folder, struct gc_bytes part, struct gc_fault *f)
{
    GC_ASSERT(b->kind == GC_BLOB_SPOOL);
    if (b->fd < 0)
        b->fd = make_unnamed(folder);
    if (b->fd < 0)
        return spool_failed(b, folder, f);
    while (part.len > 0) {
        ssize_t n = write(b->fd, part.ptr, part.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return spool_failed(b, folder, f);
        part = (struct gc_bytes){part.ptr + n, part.len - (size_t)n};
        b->spooled += (uint64_t)n;
    }
    return GC_OK;
}

enum gc_err gc_blob_open_spool(const struct gc_blob *b, int *ret_fd, struct gc_fault *f)
{
    GC_ASSERT(b->kind == GC_BLOB_SPOOL);
    GC_ASSERT(b->fd >= 0);
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", b->fd);
    *ret_fd = open(self, O_RDONLY | O_CLOEXEC);
    return *ret_fd >= 0 ? GC_OK
                        : gc_fault_set(f, GC_ERR_IO, "opening the results to be read: %s", strerror(errno));
}

struct gc_bytes gc_blob_items(const struct gc_blob *b, uint32_t first, uint32_t count)
{
    GC_ASSERT(first <= b->count);
    GC_ASSERT(count <= b->count - first);
    return (struct gc_bytes){b->bytes + b->starts[first], b->starts[first + count] - b->starts[first]};
}

struct gc_bytes gc_blob_bytes(const struct gc_blob *b)
{
    return (struct gc_bytes){b->bytes, b->len};
}
