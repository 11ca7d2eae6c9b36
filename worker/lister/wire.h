/* wire.h - what goes between a worker and its lister: frames of { u32 length of what follows, u8 kind, u64 id, body } on a stream.
 * Numbers are little endian; bytes are { u32 length, bytes }. Both ends are one program of one version. Pure. */
#ifndef GC_WORKER_LISTER_WIRE_H
#define GC_WORKER_LISTER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/slice.h"
#include "worker/lister/lister.h"

enum gc_frame_kind {
    GC_FRAME_ROOTS = 1, /* the first: u32 count, { name, path } */
    GC_FRAME_LIST,      /* program, cursor, u64 first, u32 pages */
    GC_FRAME_PAGE,      /* program, page */
    GC_FRAME_CANCEL,
    GC_FRAME_FOUND,  /* u8 flags, page if there is one, cursor, u64 left out, note, block */
    GC_FRAME_BLOCK,  /* block */
    GC_FRAME_FAILED, /* u32 cause, text */
};

enum { GC_FRAME_HEAD = 4 + 1 + 8, GC_FRAME_MAX = 2 << 20 };

struct gc_frame {
    uint8_t kind;
    uint64_t id;
    struct gc_bytes body;
};

/* Begins a frame at the end of `b`; gc_frame_end fills in its length. False: it did not fit, and is gone. */
size_t gc_frame_begin(struct gc_buf *b, uint8_t kind, uint64_t id);
bool gc_frame_end(struct gc_buf *b, size_t start);

/* The first frame of `bytes` and its whole length; 0: not all of it is there. False: no frame of ours. */
bool gc_frame_take(struct gc_bytes bytes, struct gc_frame *ret, size_t *ret_len);

void gc_wire_put_bytes(struct gc_buf *b, struct gc_bytes v);
bool gc_wire_bytes(struct gc_reader *in, struct gc_bytes *ret);
void gc_wire_put_page(struct gc_buf *b, const struct gc_page *page);
bool gc_wire_page(struct gc_reader *in, struct gc_page *ret);
void gc_wire_put_reply(struct gc_buf *b, const struct gc_lister_reply *r); /* a whole frame's body */
bool gc_wire_reply(const struct gc_frame *f, struct gc_lister_reply *ret);

#endif
