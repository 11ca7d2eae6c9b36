/* shell_line.h - one line of a POSIX shell, word by word: a word is made of pieces, each quoted for itself, so that whatever a job says
 * stands for itself and for nothing else. Pure; memory that is lacking is remembered in `out` (gc_text_ok). */
#ifndef GC_CLIENT_SHELL_LINE_H
#define GC_CLIENT_SHELL_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/json/text.h"
#include "common/slice.h"

/* Zeroed but for `out`; `plain` is to be released at the end. */
struct gc_shell_line {
    struct gc_text *out;
    struct gc_text plain; /* what came since the last piece of the word that is no plain text */
    bool begun;           /* the word has something in it */
};

/* Pieces of the word at hand, which each of them begins if it has to. */
void gc_shell_plain(struct gc_shell_line *l, const char *s, size_t len); /* any text */
void gc_shell_bytes(struct gc_shell_line *l, struct gc_bytes b);
void gc_shell_raw(struct gc_shell_line *l, const char *s, size_t len); /* a shell's words already */
void gc_shell_variable(struct gc_shell_line *l,
                       const char *text);   /* that the shell expands: ours, not the job's */
void gc_shell_end(struct gc_shell_line *l); /* of the word */

/* Releases a text that a piece was made of: what memory was lacking for is no shorter piece. */
void gc_shell_away(struct gc_shell_line *l, struct gc_text *made);

/* A name that stands outside of quotes: of nodes and outputs, which are letters, digits, _ . and - unless somebody lies. */
void gc_shell_safe(struct gc_text *out, struct gc_bytes name);

#endif
