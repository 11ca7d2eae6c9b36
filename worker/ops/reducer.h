/* reducer.h - what a reducing op does: a state that items are added to, that merges in any order, and that ends as a value. Pure.
 *
 * A state in memory is of the reducer's own type; in bytes it is canonical: equal contents have equal bytes. Sums are exact
 * (integers, exact.h), so a state does not depend on the order or grouping of adds and merges.
 */
#ifndef GC_WORKER_OPS_REDUCER_H
#define GC_WORKER_OPS_REDUCER_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "proto/message.h"
#include "worker/ops/op.h"

/* What an item hands in: its number and text as listed, and the value of the step that the reducer reads. `shape` names the fields of
 * a record value; none: the record is a map, or no record. */
struct gc_reduce_input {
    struct gc_bytes value; /* values.h; empty: nil */
    const struct gc_op_field_row *shape;
    uint32_t n_shape;
    uint64_t item;          /* GC_UNSET: not an item of a source */
    struct gc_bytes source; /* any bytes; borrowed */
};

struct gc_reducer {
    enum gc_err (*setup)(const struct gc_step *step,
                         struct gc_fault *fault); /* checks the settings; may be NULL */
    void *(*init)(
        const struct gc_step *step); /* the state of no items; NULL: no memory. free() releases it */
    void (*clear)(void *state);
    void (*add)(void *state, const struct gc_reduce_input *input);
    /* The state in bytes is added to it; GC_ERR_INVALID: it is none, and `state` is as it was before. */
    enum gc_err (*merge)(void *state, struct gc_bytes bytes);
    void (*put)(const void *state, struct gc_buf *out); /* in bytes; a full buffer is remembered in it */
    void (*finish)(const void *state, struct gc_buf *value);
};

extern const struct gc_reducer gc_reducer_count;
extern const struct gc_reducer gc_reducer_summarize;
extern const struct gc_reducer gc_reducer_histogram;
extern const struct gc_reducer gc_reducer_top;

/* What stands before a state's own bytes: whose it is, and of which form. */
void gc_state_put_tag(struct gc_buf *out, uint8_t op, uint8_t form);
bool gc_state_take_tag(struct gc_reader *in, uint8_t op, uint8_t form);

enum { GC_STATE_COUNT = 1, GC_STATE_SUMMARIZE = 2, GC_STATE_HISTOGRAM = 3, GC_STATE_TOP = 4 };

/* The numeric value of a field of a record value by name; false where there is none. */
struct gc_number {
    bool is_int; /* else real, and finite */
    int64_t integer;
    double real;
};
bool gc_reduce_field(const struct gc_reduce_input *input, struct gc_str name, struct gc_number *ret);

bool gc_number_is_finite(const struct gc_number *v);
/* Below 0, 0, above 0: exactly, a whole number with a real too. Both finite. */
int gc_number_compare(const struct gc_number *a, const struct gc_number *b);

/* Any field of a record value by name, and the type that its shape states (ANY: the record is a map); false where there is none. */
struct gc_value_token;
bool gc_reduce_find(const struct gc_reduce_input *input, struct gc_str name, struct gc_value_token *ret,
                    enum gc_type *ret_type);

/* At setup: the setting `key` is the name of a field, and where the step's shape is known, one of its numbers. */
enum gc_err gc_reduce_check_field(const struct gc_step *step, const char *key,
                                  struct gc_fault *fault) GC_MUST_CHECK;

/* Walks the numeric fields of a record value. Start with a zeroed walk. */
struct gc_field_walk {
    bool begun;
    bool map;
    uint32_t at;
    uint32_t n;
    struct gc_bytes left;
};
bool gc_reduce_next(const struct gc_reduce_input *input, struct gc_field_walk *walk, struct gc_str *ret_name,
                    struct gc_number *ret);

#endif
