/* codec.h - messages and records to bytes and back. The only user of msgpack in the tree is codec.c.
 *
 * Decoding trusts nothing: the guard (guard.h) walks the bytes without allocating, then msgpack unpacks into one zone sized
 * from the guard's bound and cleared between messages, then the table checks arity, types, lengths, counts. Encoding asserts
 * that the caller kept the limits, except for the whole's size, which is an error.
 * A codec belongs to one thread. Memory: what gc_codec_new takes, then never more.
 */
#ifndef GC_PROTO_CODEC_H
#define GC_PROTO_CODEC_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/error.h"
#include "proto/message.h"

struct gc_codec;

/* The library behind it, with its version: "msgpack 3.3.0". Static. */
const char *gc_codec_library(void);

/* `scratch`: bytes for decoded structs, taken once from malloc. GC_CODEC_SCRATCH is enough for any message. */
#define GC_CODEC_SCRATCH 4194304u
enum gc_err gc_codec_new(size_t scratch, struct gc_codec **ret) GC_MUST_CHECK;
void gc_codec_destroy(struct gc_codec **self_p);

/* Header and body into `out` (cleared first); the bulk is sent as it is, as the second frame.
 * GC_ERR_LIMIT: the body is over GC_MAX_BODY, or `out` is too small (GC_FRAME_BYTES is enough for any message). */
#define GC_FRAME_BYTES (GC_HEADER_BYTES + GC_MAX_BODY)
enum gc_err gc_codec_encode(struct gc_codec *c, const struct gc_msg *msg, struct gc_buf *out) GC_MUST_CHECK;

/* Decodes one message from its frame and its bulk frame (ptr NULL: none was sent). On success the pointers in *ret lead into
 * `frame`, `bulk` and the codec's scratch, until the next decode. Errors: GC_ERR_VERSION (another wire version; *fault says
 * which), GC_ERR_INVALID (what and where is in *fault), GC_ERR_LIMIT (larger than anybody may send). Of all of them *fault says that
 * they are the peer's. *fault may be NULL. */
enum gc_err gc_codec_decode(struct gc_codec *c, struct gc_bytes frame, struct gc_bytes bulk,
                            struct gc_msg *ret, struct gc_fault *fault) GC_MUST_CHECK;

/* Records on their own (plans, programs, catalogues, parts of a submission). For each record NAME of records.def:
 *   gc_encode_NAME(const struct gc_NAME *, struct gc_buf *out)            appends
 *   gc_decode_NAME(bytes, struct gc_arena *, struct gc_NAME *ret, fault)  everything it points to lies in `bytes` or the arena
 * Bounds of a document: GC_MAX_DOCUMENT bytes, GC_MAX_DOCUMENT_OBJECTS objects, containers of GC_MAX_CONTAINER.
 * Encoding: GC_ERR_LIMIT when it does not fit or is nested deeper than GC_MAX_DEPTH; GC_ERR_INVALID for a config value that cannot
 * be sent (NUL in a string, a key twice, a real that is no number). `out` is then as it was.
 * Decoding: GC_ERR_INVALID, GC_ERR_LIMIT (also: the arena is full), GC_ERR_NOMEM; the arena is then as it was. */
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
#define REC_BEGIN(name, doc)                                                                        \
    enum gc_err gc_encode_##name(const struct gc_##name *in, struct gc_buf *out) GC_MUST_CHECK;     \
    enum gc_err gc_decode_##name(struct gc_bytes in, struct gc_arena *arena, struct gc_##name *ret, \
                                 struct gc_fault *fault) GC_MUST_CHECK;
#define REC_END(name)
#include "proto/records.def"
#undef REC_BEGIN
#undef REC_END
#undef U64
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUM
#undef ENUMS

#endif
