#include "worker/lister/wire.h"

#include <string.h>

#include "common/assert.h"

size_t gc_frame_begin(struct gc_buf *b, uint8_t kind, uint64_t id)
{
    size_t start = b->len;
    (void)gc_buf_put_u32(b, 0);
    (void)gc_buf_put_u8(b, kind);
    (void)gc_buf_put_u64(b, id);
    return start;
}

bool gc_frame_end(struct gc_buf *b, size_t start)
{
    if (!gc_buf_ok(b)) {
        b->overflow = false;
        b->len = start;
        return false;
    }
    struct gc_buf at;
    GC_ASSERT(b->len - start >= GC_FRAME_HEAD);
    GC_ASSERT(b->len - start <= GC_FRAME_MAX);
    gc_buf_init(&at, b->data + start, 4);
    (void)gc_buf_put_u32(&at, (uint32_t)(b->len - start - 4));
    return true;
}

bool gc_frame_take(struct gc_bytes bytes, struct gc_frame *ret, size_t *ret_len)
{
    struct gc_reader in;
    uint32_t len;
    *ret_len = 0;
    gc_reader_init(&in, bytes);
    if (bytes.len < 4)
        return true;
    if (!gc_reader_u32(&in, &len) || len < GC_FRAME_HEAD - 4 || len > GC_FRAME_MAX - 4)
        return false;
    if (gc_reader_left(&in) < len)
        return true;
    if (!gc_reader_u8(&in, &ret->kind) || !gc_reader_u64(&in, &ret->id) ||
        !gc_reader_bytes(&in, len - (GC_FRAME_HEAD - 4), &ret->body))
        return false;
    *ret_len = (size_t)len + 4;
    return true;
}

void gc_wire_put_bytes(struct gc_buf *b, struct gc_bytes v)
{
    (void)gc_buf_put_u32(b, (uint32_t)v.len);
    (void)gc_buf_append(b, v.ptr, v.len);
}

bool gc_wire_bytes(struct gc_reader *in, struct gc_bytes *ret)
{
    uint32_t len;
    return gc_reader_u32(in, &len) && gc_reader_bytes(in, len, ret);
}

void gc_wire_put_page(struct gc_buf *b, const struct gc_page *page)
{
    (void)gc_buf_put_u64(b, page->first);
    (void)gc_buf_put_u64(b, page->count);
    (void)gc_buf_put_u8(b, page->inlined);
    (void)gc_buf_put_u64(b, page->bytes);
    (void)gc_buf_put_u64(b, page->offset);
    gc_wire_put_bytes(b, page->digest);
}

bool gc_wire_page(struct gc_reader *in, struct gc_page *ret)
{
    uint8_t inlined;
    if (!gc_reader_u64(in, &ret->first) || !gc_reader_u64(in, &ret->count) || !gc_reader_u8(in, &inlined) ||
        !gc_reader_u64(in, &ret->bytes) || !gc_reader_u64(in, &ret->offset) ||
        !gc_wire_bytes(in, &ret->digest))
        return false;
    ret->inlined = inlined != 0;
    return ret->digest.len == sizeof(struct gc_digest);
}

enum { FLAG_PAGE = 1, FLAG_ENDED = 2, FLAG_LAST = 4 };

static void put_names(struct gc_buf *b, const struct gc_lister_reply *r)
{
    (void)gc_buf_put_u32(b, r->n_named);
    for (uint32_t i = 0; i < r->n_named; i++)
        (void)gc_buf_put_u64(b, r->named[i]);
    gc_wire_put_bytes(b, r->names);
}

/* A hash of each name of each item. */
static bool take_names(struct gc_reader *in, struct gc_lister_reply *r)
{
    if (!gc_reader_u32(in, &r->n_named) || r->n_named > GC_MAX_NAMINGS)
        return false;
    for (uint32_t i = 0; i < r->n_named; i++)
        if (!gc_reader_u64(in, &r->named[i]))
            return false;
    uint64_t items = r->has_page ? r->page.count : 0;
    return gc_wire_bytes(in, &r->names) && r->names.len == items * r->n_named * GC_NAME_BYTES;
}

void gc_wire_put_reply(struct gc_buf *b, const struct gc_lister_reply *r)
{
    switch (r->kind) {
    case GC_LISTER_FOUND:
        (void)gc_buf_put_u8(b, (uint8_t)((r->has_page ? FLAG_PAGE : 0) | (r->ended ? FLAG_ENDED : 0) |
                                         (r->last ? FLAG_LAST : 0)));
        if (r->has_page)
            gc_wire_put_page(b, &r->page);
        gc_wire_put_bytes(b, r->cursor);
        (void)gc_buf_put_u64(b, r->left_out);
        gc_wire_put_bytes(b, r->note);
        put_names(b, r);
        gc_wire_put_bytes(b, r->block);
        return;
    case GC_LISTER_BLOCK: gc_wire_put_bytes(b, r->block); return;
    case GC_LISTER_FAILED:
        (void)gc_buf_put_u32(b, r->cause);
        gc_wire_put_bytes(b, r->text);
        return;
    }
    GC_NEVER("a reply of no kind");
}

static bool take_found(struct gc_reader *in, struct gc_lister_reply *r)
{
    uint8_t flags;
    if (!gc_reader_u8(in, &flags))
        return false;
    r->kind = GC_LISTER_FOUND;
    r->has_page = flags & FLAG_PAGE;
    r->ended = flags & FLAG_ENDED;
    r->last = flags & FLAG_LAST;
    if (r->has_page && !gc_wire_page(in, &r->page))
        return false;
    return gc_wire_bytes(in, &r->cursor) && r->cursor.len <= GC_MAX_PATH && gc_reader_u64(in, &r->left_out) &&
           gc_wire_bytes(in, &r->note) && r->note.len < GC_MAX_TEXT && take_names(in, r) &&
           gc_wire_bytes(in, &r->block);
}

bool gc_wire_reply(const struct gc_frame *f, struct gc_lister_reply *ret)
{
    struct gc_reader in;
    bool ok = false;
    *ret = (struct gc_lister_reply){.id = f->id, .last = true};
    gc_reader_init(&in, f->body);
    if (f->kind == GC_FRAME_FOUND) {
        ok = take_found(&in, ret);
    } else if (f->kind == GC_FRAME_BLOCK) {
        ret->kind = GC_LISTER_BLOCK;
        ok = gc_wire_bytes(&in, &ret->block);
    } else if (f->kind == GC_FRAME_FAILED) {
        ret->kind = GC_LISTER_FAILED;
        ok = gc_reader_u32(&in, &ret->cause) && ret->cause > GC_CAUSE_NONE && ret->cause < GC_CAUSES &&
             gc_wire_bytes(&in, &ret->text) && ret->text.len < GC_MAX_TEXT;
    }
    return ok && gc_reader_done(&in);
}
