#include "worker/lister/namer.h"

#include <string.h>

#include "common/assert.h"
#include "common/sys/digest.h"

enum gc_err gc_namer_init(struct gc_namer *n, const struct gc_program *program, struct gc_arena *arena,
                          struct gc_fault *fault)
{
    *n = (struct gc_namer){.folder = program->folder};
    GC_ASSERT(program->n_names <= GC_MAX_NAMINGS);
    for (; n->n < program->n_names; n->n++) {
        const struct gc_naming *naming = &program->names[n->n];
        enum gc_err err = gc_template_parse(gc_bytes_str(naming->to), arena, &n->templates[n->n], fault);
        if (err)
            return gc_fault_context(fault, err, "names of outputs: ");
        n->nodes[n->n] = naming->node;
    }
    return GC_OK;
}

/* One component more, or one less. What goes above the top stays at the top, as the kernel has it. */
static void step(struct gc_buf *out, struct gc_str part)
{
    if (part.len == 0 || gc_str_is(part, "."))
        return;
    if (!gc_str_is(part, "..")) {
        (void)gc_buf_put_u8(out, '/');
        (void)gc_buf_put_str(out, part);
        return;
    }
    while (out->len > 0 && out->data[--out->len] != '/')
        ;
}

static void walk(struct gc_buf *out, struct gc_str path)
{
    for (size_t at = 0; at <= path.len;) {
        const char *slash = at < path.len ? memchr(path.ptr + at, '/', path.len - at) : NULL;
        size_t end = slash ? (size_t)(slash - path.ptr) : path.len;
        step(out, gc_str_part(path, at, end));
        at = end + 1;
    }
}

/* The name as one text for all its spellings. */
static bool plain_name(const struct gc_namer *n, const struct gc_template *t,
                       const struct gc_template_item *item, struct gc_buf *out)
{
    uint8_t memory[GC_MAX_PATH];
    struct gc_buf name;
    struct gc_fault fault;
    gc_buf_init(&name, memory, sizeof memory);
    if (gc_template_fill(t, item, &name, &fault))
        return false; /* that item's node fails by itself, and says why */
    struct gc_str text = gc_bytes_str(gc_buf_bytes(&name));
    if (text.len > 0 && text.ptr[0] != '/')
        walk(out, gc_bytes_str(n->folder));
    walk(out, text);
    return gc_buf_ok(out);
}

void gc_namer_hash(const struct gc_namer *n, const struct gc_template_item *item, uint8_t *ret)
{
    uint8_t memory[2 * GC_MAX_PATH + 2];
    struct gc_buf plain;
    memset(ret, 0, n->n * (size_t)GC_NAME_BYTES);
    for (uint32_t i = 0; i < n->n; i++) {
        gc_buf_init(&plain, memory, sizeof memory);
        if (!plain_name(n, &n->templates[i], item, &plain))
            continue;
        struct gc_digest digest = gc_digest_of(gc_buf_bytes(&plain));
        memcpy(ret + i * (size_t)GC_NAME_BYTES, digest.b, GC_NAME_BYTES);
    }
}
