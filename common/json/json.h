/* json.h - JSON, appended to a struct gc_text: always valid UTF-8, on one line, without a control byte.
 *
 * Own, since values come as msgpack whose field names stand in the node's shape, and a million of them should not become a
 * million trees first. Bytes that are no UTF-8 become U+FFFD, one for each maximal wrong part as Unicode recommends; control
 * characters (C0, DEL, C1) are escaped, so that printing JSON on a terminal is harmless.
 *
 * gc_json_key and gc_json_item put the comma where one is needed, by looking at what was written last.
 */
#ifndef GC_COMMON_JSON_JSON_H
#define GC_COMMON_JSON_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/json/text.h"
#include "common/slice.h"
#include "proto/message.h"

void gc_json_open(struct gc_text *t, char bracket); /* '{' or '[' */
void gc_json_close(struct gc_text *t, char bracket);
void gc_json_key(struct gc_text *t, const char *key); /* a constant of ours: is not escaped */
void gc_json_key_bytes(struct gc_text *t, struct gc_bytes key);
void gc_json_item(struct gc_text *t); /* before each element of an array */

void gc_json_bytes(struct gc_text *t, struct gc_bytes s); /* a string */
void gc_json_str(struct gc_text *t, const char *s);       /* a string; NULL: null */
void gc_json_u64(struct gc_text *t, uint64_t v);          /* GC_UNSET: null */
void gc_json_i64(struct gc_text *t, int64_t v);
/* The shortest digits that read back as the same number; NaN and infinities, which JSON has not: null. */
void gc_json_real(struct gc_text *t, double v);
void gc_json_fixed(struct gc_text *t, double v, int digits); /* for measured numbers */
void gc_json_time(struct gc_text *t, uint64_t wall_ns);      /* "2026-01-31T23:59:59.999Z"; 0: null */
void gc_json_bool(struct gc_text *t, bool v);
void gc_json_null(struct gc_text *t);
void gc_json_base64(struct gc_text *t, struct gc_bytes s); /* a string */

/* "KEY": "text", and beside it "KEY_base64" with the exact bytes where these are no UTF-8. */
void gc_json_named_bytes(struct gc_text *t, const char *key, struct gc_bytes s);

bool gc_utf8_valid(struct gc_bytes s);
/* The length of the well-formed character at the start of `s`, 0 where there is none; then *ret_wrong is how many bytes the
 * wrong part has, at least 1. `s` is not empty. */
size_t gc_utf8_next(struct gc_bytes s, size_t *ret_wrong);

/* One value of a result (proto/values.h). A record's array gets the names of `shape`, where it has as many elements.
 * GC_ERR_INVALID: not a value; what was written is to be thrown away. */
enum gc_err gc_json_value(struct gc_text *t, struct gc_bytes value, const struct gc_field *shape,
                          uint32_t n_shape) GC_MUST_CHECK;

/* The fields of an item: one map, or nothing; those without a name are left out. *ret_any: whether there was one with. */
enum gc_err gc_json_fields(struct gc_text *t, struct gc_bytes fields, bool *ret_any) GC_MUST_CHECK;

/* A config value. */
void gc_json_tree(struct gc_text *t, const struct gc_value *v);

#endif
