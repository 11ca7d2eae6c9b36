/* saver.h - the formats that `save` writes: a closed table of which endings ask for each, and which settings it takes. */
#ifndef GC_WORKER_OPS_SAVER_H
#define GC_WORKER_OPS_SAVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/slice.h"
#include "proto/message.h"

/* An ending that asks for a format. One operation of libvips may write several kinds of file, and does not see the name: `fixed`
 * is the choice that says which, of the operation's argument of that name. */
struct gc_suffix {
    const char *text; /* lower case, with the dot; NULL ends a list of them */
    const char *fixed;
    const char *choice;
};

struct gc_saver {
    const char *name;       /* for people: "jpeg" */
    const char *operation;  /* of libvips, writing to a target */
    const char *class_name; /* what block and unblock call it */
    int max_side;           /* the format's own limit */
    bool no_cmyk;           /* it would write CMYK under the name of RGB and alpha */
    bool says_when;         /* it writes the time, and so other bytes each time, unless it is told to strip */
    struct gc_suffix suffixes[6];
    const char *const *settings; /* those of the operation's arguments that a job may set; NULL-terminated */
};

extern const struct gc_saver gc_savers[];
extern const uint32_t gc_savers_n;

/* By the ending of a name, in any case; NULL: none of them. *ret_suffix may be NULL. Pure. */
const struct gc_saver *gc_saver_of(struct gc_str path, const struct gc_suffix **ret_suffix);
bool gc_saver_takes(const struct gc_saver *saver, struct gc_str setting);
/* Whether any saver takes it. */
bool gc_saver_any_takes(struct gc_str setting);
/* All endings between blanks, cut at `cap`: for a message. */
void gc_saver_list(char *text, size_t cap);

/* The settings of all savers of this libvips as catalogue entries: one of a name, its range the union of theirs. Appends to
 * rows[*n], which has room for `max`. Wants gc_ops_init. */
enum gc_err gc_saver_describe(struct gc_arena *arena, struct gc_op_config *rows, uint32_t *n,
                              uint32_t max) GC_MUST_CHECK;
/* The formats that this libvips writes, with those of their settings that it knows. Wants gc_ops_init. */
enum gc_err gc_saver_formats(struct gc_arena *arena, struct gc_op_format **ret,
                             uint32_t *ret_n) GC_MUST_CHECK;

#endif
