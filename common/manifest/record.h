/* record.h - one record of CSV or JSON Lines. Inside of common/manifest. */
#ifndef GC_COMMON_MANIFEST_RECORD_H
#define GC_COMMON_MANIFEST_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/manifest/manifest.h"
#include "common/slice.h"
#include "proto/limits.h"

struct gc_manifest {
    enum gc_manifest_format format;
    size_t column_len;
    uint8_t column[GC_MAX_NAME];
    uint32_t n_columns; /* CSV: as the header says */
    uint32_t main;      /* the column that is the item */
    size_t name_lens[GC_MAX_FIELDS];
    uint8_t names[GC_MAX_FIELDS][GC_MAX_NAME];
    uint8_t scratch[GC_MANIFEST_LINE]; /* values without their quotes; the item's text */
    uint8_t fields[GC_MANIFEST_LINE];  /* the map of the record at hand */
};

/* Walks the values of a CSV record. Quoted ones are written into `scratch` without their quotes, one behind the other. */
struct gc_csv {
    struct gc_bytes left;
    uint8_t *scratch;
    size_t room;
    bool ended;
    bool bad; /* a quote in the wrong place */
};
void gc_csv_init(struct gc_csv *c, struct gc_bytes record, uint8_t *scratch, size_t room);
bool gc_csv_next(struct gc_csv *c, struct gc_bytes *ret);

enum gc_err gc_manifest_parse_csv(struct gc_manifest *m, struct gc_bytes line, struct gc_bytes *ret_text,
                                  struct gc_bytes *ret_fields, struct gc_fault *fault) GC_MUST_CHECK;
/* *ret_empty: the line is blank. */
enum gc_err gc_manifest_parse_json(struct gc_manifest *m, struct gc_bytes line, bool *ret_empty,
                                   struct gc_bytes *ret_text, struct gc_bytes *ret_fields,
                                   struct gc_fault *fault) GC_MUST_CHECK;

#endif
