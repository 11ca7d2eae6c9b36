/* manifest.h - the lines of a manifest as items: plain text, CSV with a header line, or JSON Lines.
 *
 * A manifest is never copied: a page of it is an offset, a length and a digest, cut where a record ends, and who wants the items
 * parses those bytes. The same code does it for the lister (which cuts), and for a client that shows what was listed.
 *
 *   text    a line is the item
 *   csv     RFC 4180, with a header line; a quoted value may hold commas, quotes (doubled) and line breaks. The item is the value of
 *           `column` (the first by default), the other columns are its fields, as strings
 *   jsonl   a line is a JSON string, which is the item, or an object: the item is the value of the key `column` (the first key by
 *           default), a string or a number, and the other keys are its fields. KEY_base64 stands for a KEY whose bytes are no UTF-8
 * Lines end in LF or CRLF, the last one may lack it; a byte order mark is skipped, and so are empty lines.
 *
 * One thread a manifest. Memory: GC_MANIFEST_LINE and the header, taken by gc_manifest_new.
 */
#ifndef GC_COMMON_MANIFEST_MANIFEST_H
#define GC_COMMON_MANIFEST_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/slice.h"

#define GC_MANIFEST_LINE \
    65536u /* bytes of a record, at most; of an item's text and fields together as well */

enum gc_manifest_format { GC_MANIFEST_TEXT, GC_MANIFEST_CSV, GC_MANIFEST_JSONL };

/* "text", "csv", "jsonl"; empty: by the path's ending (.csv; .jsonl, .ndjson; else text). GC_ERR_INVALID. */
enum gc_err gc_manifest_format_of(struct gc_str name, struct gc_str path,
                                  enum gc_manifest_format *ret) GC_MUST_CHECK;

struct gc_manifest;

/* `column`: empty for the first. GC_ERR_NOMEM, GC_ERR_LIMIT (a name above GC_MAX_NAME). */
enum gc_err gc_manifest_new(enum gc_manifest_format format, struct gc_str column,
                            struct gc_manifest **ret) GC_MUST_CHECK;
void gc_manifest_destroy(struct gc_manifest **self_p);

/* How many bytes the record at the start of `bytes` has, with its line break; 0: `bytes` ends before it does. `last`: nothing comes
 * after these bytes, so what is there is a record. *ret_lines: line breaks in it. GC_ERR_LIMIT: longer than GC_MANIFEST_LINE. */
enum gc_err gc_manifest_cut(const struct gc_manifest *m, struct gc_bytes bytes, bool last, size_t *ret_len,
                            uint64_t *ret_lines) GC_MUST_CHECK;

/* CSV: takes the header from the start of the file, before anything is parsed; *ret_len: where the records begin. Other formats: the
 * byte order mark's length, if there is one. GC_ERR_INVALID: no such column, columns of one name, no header. */
enum gc_err gc_manifest_head(struct gc_manifest *m, struct gc_bytes start, bool last, size_t *ret_len,
                             uint64_t *ret_lines, struct gc_fault *fault) GC_MUST_CHECK;

/* One whole record, as gc_manifest_cut cut it. *ret_empty: an empty line, no item. Text and fields live until the next call (or in
 * `record`). GC_ERR_INVALID with the reason: more or fewer values than columns, no JSON, an item without text. */
enum gc_err gc_manifest_parse(struct gc_manifest *m, struct gc_bytes record, bool *ret_empty,
                              struct gc_bytes *ret_text, struct gc_bytes *ret_fields,
                              struct gc_fault *fault) GC_MUST_CHECK;

#endif
