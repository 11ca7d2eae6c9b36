/* A command line as a table: one row an option gives the parser, its errors and the --help text.
 *
 *     bool follow = false; const char *node = NULL; uint64_t limit = 0;
 *     const struct gc_option options[] = {
 *         {'f', "follow", GC_OPTION_FLAG, &follow, NULL, "go on as results come"},
 *         {0, "node", GC_OPTION_STRING, &node, "ID", "only this node's"},
 *         {'n', "limit", GC_OPTION_U64, &limit, "N", "at most N"},
 *         {0},
 *     };
 *     const struct gc_usage usage = {.program = "gcctl results", .words = "RUN", .about = "...",
 *                                    .options = options, .min_words = 1, .max_words = 1};
 *     struct gc_words words;
 *     enum gc_err err = gc_options_parse(&usage, argc, argv, &words, &fault);
 *
 * Options may stand before, between and behind the words; `--` ends them; `-` alone is a word.
 * Forms: --name VALUE, --name=VALUE, -n VALUE, -nVALUE, and flags together as -qv. Names are never
 * abbreviated: an unknown one is refused with the nearest that exists. An option given twice is an
 * error unless it is a flag, a list, or GC_OPTION_REPEATABLE (the last one counts).
 * `-h` and `--help` need no row and win over every error.
 *
 * Values point into argv and live as long as it. Not for the pure parts: printing uses stdio.
 * Thread: any.
 */
#ifndef GC_COMMON_OPTIONS_H
#define GC_COMMON_OPTIONS_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum gc_option_type {
    GC_OPTION_END = 0,  /* the row behind the last */
    GC_OPTION_FLAG,     /* value: bool, becomes true */
    GC_OPTION_STRING,   /* value: const char * */
    GC_OPTION_U64,      /* value: uint64_t */
    GC_OPTION_DURATION, /* value: uint64_t, nanoseconds; as common/quantity.h */
    GC_OPTION_BYTES,    /* value: uint64_t, bytes; as common/quantity.h */
    GC_OPTION_LIST,     /* value: struct gc_option_list, one more entry each time */
};

enum {
    GC_OPTION_REQUIRED = 1u << 0,
    GC_OPTION_REPEATABLE = 1u << 1,
    GC_OPTION_HIDDEN = 1u << 2, /* works, but --help does not tell */
};

/* The caller's array; a value too many is a fault that says so. */
struct gc_option_list {
    const char **items;
    size_t count;
    size_t capacity;
};

struct gc_option {
    char short_name;       /* 0: none */
    const char *long_name; /* without the dashes; every option has one */
    enum gc_option_type type;
    void *value;          /* written only when the option is given; never NULL */
    const char *argument; /* the argument's name in help, "DIR"; NULL for flags */
    const char *help;     /* one sentence or less, lower case, no full stop */
    unsigned flags;
};

struct gc_usage {
    const char *program;             /* "gcctl run" */
    const char *words;               /* the words in the usage line, "SPEC"; NULL: none */
    const char *about;               /* what it does, a few lines */
    const struct gc_option *options; /* ends with GC_OPTION_END */
    const struct gc_option *globals; /* those of all commands, shown apart; NULL: none */
    size_t min_words;
    size_t max_words; /* SIZE_MAX: any number */
};

struct gc_words {
    char **items; /* inside argv, in their order */
    size_t count;
    bool help; /* --help was given: print it and exit 0; nothing else was checked */
};

/* argv[0] is skipped (the program, or the command). Words are moved to the front of argv[1..].
 * GC_ERR_USAGE with a text that names the option and, where one is near, the likely one. */
GC_MUST_CHECK enum gc_err gc_options_parse(const struct gc_usage *usage, int argc, char **argv,
                                           struct gc_words *ret_words, struct gc_fault *f);

/* The index in argv of the first word, for a program whose command may stand behind options:
 * options of all the tables are known, an unknown one is taken to have no argument. 0 when there is
 * none. */
int gc_options_first_word(const struct gc_option *const tables[], size_t table_count, int argc, char **argv);

/* Usage line, about, options in columns. */
void gc_options_print_help(const struct gc_usage *usage, FILE *to);

#endif
