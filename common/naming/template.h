/* template.h - the names of outputs: `out/{dir}/{stem}.webp`, parsed once, filled in for each item. Pure; no libvips.
 *
 *   {index}   the item's number          {path}  the item as listed        {dir}   its folder, relative to the source's path
 *   {name}    the last part of the path  {stem}  that without its ending   {ext}   the ending, without the dot
 *   {digest}  BLAKE2b (32 bytes, hex) of what was written                  {other} a field of the item
 * `{{` and `}}` stand for themselves. Where a filled-in part is empty the slashes around it become one, so that `out/{dir}/x` is
 * `out/x` for an item that lies in the source's path itself.
 */
#ifndef GC_COMMON_NAMING_TEMPLATE_H
#define GC_COMMON_NAMING_TEMPLATE_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/error.h"
#include "common/id.h"
#include "common/slice.h"

enum gc_part {
    GC_PART_TEXT,
    GC_PART_INDEX,
    GC_PART_PATH,
    GC_PART_DIR,
    GC_PART_NAME,
    GC_PART_STEM,
    GC_PART_EXT,
    GC_PART_DIGEST,
    GC_PART_FIELD,
};

struct gc_template_part {
    enum gc_part kind;
    struct gc_str text; /* TEXT: itself; FIELD: its name */
};

struct gc_template {
    uint32_t n;
    struct gc_template_part *parts;
    struct gc_str suffix; /* the ending that every name gets, with its dot; empty: it hangs on the item */
    bool by_digest;
};

/* What a name is made from. `base`: how many bytes of `path` are the source's path. */
struct gc_template_item {
    uint64_t index; /* GC_UNSET: there is none */
    struct gc_str path;
    struct gc_bytes fields; /* one msgpack map, or nothing */
    const struct gc_digest *digest;
};

/* Parts and texts lie in the arena. GC_ERR_INVALID with the reason; GC_ERR_NOMEM. */
enum gc_err gc_template_parse(struct gc_str text, struct gc_arena *arena, struct gc_template *ret,
                              struct gc_fault *fault) GC_MUST_CHECK;

/* Appends the name. GC_ERR_INVALID: the item gives no name (no such field, a control character, `..` in a filled-in part, a part
 * above 255 bytes, nothing left); GC_ERR_LIMIT: longer than GC_MAX_PATH, or `out` is too small. Nothing is appended on failure. */
enum gc_err gc_template_fill(const struct gc_template *t, const struct gc_template_item *item,
                             struct gc_buf *out, struct gc_fault *fault) GC_MUST_CHECK;

struct gc_value_token;

/* What {name} stands for, for whoever asks by its name: the item's number as an int, a part of its path as a string, or one of its
 * fields as it is kept. False: the item has none of that name; nor has it a digest. */
bool gc_template_lookup(struct gc_str name, const struct gc_template_item *item, struct gc_value_token *ret);

#endif
