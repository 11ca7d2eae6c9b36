/* saver.h - the formats that `save` writes, and which of libvips' settings each takes. */
#ifndef GC_WORKER_OPS_SAVER_H
#define GC_WORKER_OPS_SAVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/slice.h"
#include "proto/message.h"

struct gc_saver {
    const char *operation;       /* of libvips, writing to a target */
    int max_side;                /* the format's own limit */
    const char *suffixes[4];     /* lower case, with the dot */
    const char *const *settings; /* those of the operation's arguments that a job may set; NULL-terminated */
};

/* By the ending of a name, in any case; NULL: none of them. Pure. */
const struct gc_saver *gc_saver_of(struct gc_str path);
bool gc_saver_takes(const struct gc_saver *saver, struct gc_str setting);
/* Whether any saver takes it. */
bool gc_saver_any_takes(struct gc_str setting);

/* The settings of all savers of this libvips as catalogue entries: one of a name, its range the union of theirs. Appends to
 * rows[*n], which has room for `max`. Wants gc_ops_init. */
enum gc_err gc_saver_describe(struct gc_arena *arena, struct gc_op_config *rows, uint32_t *n,
                              uint32_t max) GC_MUST_CHECK;

#endif
