/* namer.h - hashes of the names that the items of a source give their outputs (proto/names.h). Inside of worker/lister.
 *
 * A relative name is taken as below the job's folder, and `.`, `..` and doubled slashes are resolved as text: names that differ only
 * in their spelling are one. Links and named roots are not looked through: who meets there is told when the second file is written.
 */
#ifndef GC_WORKER_LISTER_NAMER_H
#define GC_WORKER_LISTER_NAMER_H

#include "common/arena.h"
#include "common/error.h"
#include "common/naming/template.h"
#include "proto/message.h"

struct gc_namer {
    struct gc_bytes folder;
    uint32_t n;
    uint64_t nodes[GC_MAX_NAMINGS];
    struct gc_template templates[GC_MAX_NAMINGS];
};

/* From a source's program; parsed templates lie in the arena, and lead into the program. GC_ERR_INVALID: one is no template;
 * GC_ERR_NOMEM. */
enum gc_err gc_namer_init(struct gc_namer *n, const struct gc_program *program, struct gc_arena *arena,
                          struct gc_fault *fault) GC_MUST_CHECK;

/* Writes n->n hashes of GC_NAME_BYTES; zeros for a name that the item does not give. */
void gc_namer_hash(const struct gc_namer *n, const struct gc_template_item *item, uint8_t *ret);

#endif
