/* gcctl.h - what the commands of gcctl share: the table they stand in, the global options, the connection, and printing.
 *
 * A command is a row: a name, its words and options, and a function that is called with the words and returns what the program
 * exits with. Options lie in static storage of the command's file, since one process runs one command.
 *
 * Printing. What was asked for goes to stdout: JSON, or a table for people. Progress, reports, notes and errors go to stderr.
 * Text that came from files or workers (names, messages) is printed with its control bytes escaped.
 */
#ifndef GC_GCCTL_GCCTL_H
#define GC_GCCTL_GCCTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "client/graphcap.h"
#include "common/macros.h"
#include "common/options.h"

/* What scripts hold on to; the rest comes from errors (graphcap_error.exit). */
enum gcctl_exit {
    GCCTL_OK = 0,
    GCCTL_FAILED = 1,
    GCCTL_USAGE = 2,
    GCCTL_PARTIAL = 5,
    GCCTL_CANCELLED = 6,
    GCCTL_INTERRUPTED = 130,
};

struct gcctl_options {
    const char *connect;
    const char *state;
    bool json;
    bool quiet;
    bool verbose;
    bool version;
};

struct gcctl {
    struct gcctl_options *options;
    struct graphcap *gc; /* NULL: not connected */
    bool terminal;       /* stderr is one: progress may be drawn */
    bool colour;         /* stdout may have colours */
    bool drawn;          /* a progress line stands on the terminal */
    int refused;         /* stdout could not be written: errno, told at the end */
};

struct gcctl_command {
    const char *name;
    const char *words; /* of the usage line */
    const char *brief; /* for the list of commands */
    const char *about; /* for its help */
    const struct gc_option *options;
    size_t min_words;
    size_t max_words;
    int (*run)(struct gcctl *g, const struct gc_words *words);
};

/* The table, ends with a row without a name. Its order is that of the help. */
extern const struct gcctl_command *const gcctl_commands[];

/* All of the program but its main: what it exits with. */
int gcctl_main(int argc, char **argv);

/* ---- session.c ---- */

/* Connects; false after having said why, with *ret_exit. `executors`: of a private worker that is started. */
bool gcctl_connect(struct gcctl *g, uint32_t executors, int *ret_exit);
/* Connects and finds the run that `prefix` stands for. */
bool gcctl_find(struct gcctl *g, const char *prefix, char run[GRAPHCAP_RUN_SIZE], int *ret_exit);

/* ---- out.c ---- */

/* A line to people on stderr, not with -q; the text is ours and is not escaped. */
void gcctl_say(struct gcctl *g, const char *format, ...) GC_PRINTF(2, 3);
/* The same with -q too. */
void gcctl_warn(struct gcctl *g, const char *format, ...) GC_PRINTF(2, 3);
/* Prints the error and returns what to exit with. */
int gcctl_fail(struct gcctl *g, const struct graphcap_error *error);
int gcctl_usage(struct gcctl *g, const char *format, ...) GC_PRINTF(2, 3);

/* stdout. */
void gcctl_put(struct gcctl *g, const char *bytes, size_t len);
void gcctl_print(struct gcctl *g, const char *format, ...) GC_PRINTF(2, 3);
void gcctl_line(struct gcctl *g,
                const char *json); /* a line, seen by its reader at once where that is a pipe's other end */
/* What is left is written; false and said where it could not be (a full disk). */
bool gcctl_flush(struct gcctl *g);

/* Bytes as people may see them: control bytes and what is no UTF-8 as \xHH. Writes at most `size` bytes with the NUL, an ellipsis
 * where it does not fit. Returns `to`. */
const char *gcctl_plain(char *to, size_t size, const char *bytes, size_t len);

/* "12.3 s", "4 m 05 s", "2 h 05 m"; "1.2 GB"; "3 days ago". */
const char *gcctl_duration(char to[32], uint64_t ns);
const char *gcctl_bytes(char to[32], uint64_t bytes);
/* Local time, "2026-01-31 23:59:59"; "-" for 0. */
const char *gcctl_time(char to[32], uint64_t wall_ns);
/* "" and "s". */
const char *gcctl_plural(uint64_t n);

uint64_t gcctl_now(void); /* monotonic ns */

#endif
