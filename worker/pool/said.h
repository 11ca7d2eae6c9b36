/* said.h - what an executor prints on its standard output and error, of which the end is kept.
 *
 * It prints into a pipe that never blocks it: what does not fit is lost. Whoever tends it reads now and then, at most a pipe's worth a
 * time, so that printing without end costs neither memory, nor disk, nor time of ours. A library that dies often says why in its
 * last line (glibc, C++, GLib): that goes into the fault's text.
 * What it says is image code's word: made printable, cut, and believed in nothing. Thread: one. */
#ifndef GC_POOL_SAID_H
#define GC_POOL_SAID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GC_SAID_KEPT 1024u

struct gc_said {
    char kept[GC_SAID_KEPT]; /* the last bytes */
    size_t len;
    uint64_t bytes; /* that were read since gc_said_forget */
};

/* Reads what there is in `fd`, which does not block. */
void gc_said_take(struct gc_said *s, int fd);
/* What comes now is about something else. */
void gc_said_forget(struct gc_said *s);

/* The last line with something on it, without what is not printable, at most `cap` - 1 bytes: from its start. False: there is none. */
bool gc_said_last(const struct gc_said *s, char *text, size_t cap);
/* Whether it holds `what`. */
bool gc_said_holds(const struct gc_said *s, const char *what);

#endif
