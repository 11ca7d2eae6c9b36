/* watch.h - how long an executor has been at its item, by the clock of who tends it.
 *
 * The blame slot is the executor's own memory: an honest one writes there what it begins, and when. One that image code has taken over
 * could write a later time again and again, and never be late. So a time is believed only between two looks, and only for an item that
 * comes after the last one: whatever it writes, an item has its timeout and at most the time between two looks, and a slice ends.
 * Pure. */
#ifndef GC_POOL_WATCH_H
#define GC_POOL_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct gc_watch {
    uint64_t end;       /* first item behind the slice */
    uint64_t next;      /* the least item that would be another one */
    uint64_t since_ns;  /* the last one began */
    uint64_t looked_ns; /* the last look */
    bool at;            /* it says that it is at one */
};

/* An order for items [first, end) goes out. */
void gc_watch_begin(struct gc_watch *w, uint64_t first, uint64_t end, uint64_t now_ns);
/* The blame slot as it stands now. `started_ns` 0: it is at nothing. */
void gc_watch_look(struct gc_watch *w, uint64_t started_ns, uint64_t item, uint64_t now_ns);
/* When it has had its time: what it is at its timeout; between two the same and `grace_ns`, since it began the last one or was
 * `heard`. */
uint64_t gc_watch_until(const struct gc_watch *w, uint64_t heard_ns, uint64_t timeout_ns, uint64_t grace_ns);

#endif
