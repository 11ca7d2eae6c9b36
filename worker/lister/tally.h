/* tally.h - how many files a listing took and left out, by extension; small enough to travel in a cursor. Pure. */
#ifndef GC_WORKER_LISTER_TALLY_H
#define GC_WORKER_LISTER_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/slice.h"

/* The extensions met first have a row of their own, all later ones share "others". */
enum {
    GC_TALLY_ROWS = 12,
    GC_TALLY_EXTENSION = 12,
    GC_TALLY_BYTES = (GC_TALLY_ROWS + 1) * (GC_TALLY_EXTENSION + 1 + 20) + 1
};

struct gc_tally_row {
    uint8_t len; /* 0: without an extension, or the others */
    char extension[GC_TALLY_EXTENSION];
    uint64_t taken;
    uint64_t left_out;
};

struct gc_tally {
    uint32_t n;
    struct gc_tally_row rows[GC_TALLY_ROWS];
    struct gc_tally_row others;
};

void gc_tally_add(struct gc_tally *t, struct gc_str path, bool taken);
uint64_t gc_tally_left_out(const struct gc_tally *t);

/* "120 taken (jpg 100, png 20), 7 left out (txt 5, no extension 2)" */
void gc_tally_note(const struct gc_tally *t, char *text, size_t cap);

void gc_tally_put(const struct gc_tally *t, struct gc_buf *out); /* at most GC_TALLY_BYTES */
bool gc_tally_take(struct gc_reader *in, struct gc_tally *ret);

#endif
