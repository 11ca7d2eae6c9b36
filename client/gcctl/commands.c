/* commands.c - from argv to a command: the global options, the general help, and the call. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/gcctl/commands.h"
#include "client/gcctl/gcctl.h"
#include "common/nearest.h"

const struct gcctl_command *const gcctl_commands[] = {
    &command_run,    &command_submit, &command_validate, &command_plan,     &command_ls,    &command_show,
    &command_watch,  &command_wait,   &command_results,  &command_failures, &command_pause, &command_resume,
    &command_cancel, &command_ops,    &command_workers,  &command_help,     NULL,
};

static struct gcctl_options options;

static const struct gc_option globals[] = {
    {0, "connect", GC_OPTION_STRING, &options.connect, "ENDPOINT",
     "the coordinator, as ipc:///PATH (else GRAPHCAP_ENDPOINT, else ~/.config/graphcap/config.yaml)", 0},
    {0, "state", GC_OPTION_STRING, &options.state, "DIR",
     "the private coordinator of this folder, joined or started (else GRAPHCAP_STATE, else ~/.local/state/graphcap)",
     0},
    {0, "json", GC_OPTION_FLAG, &options.json, NULL,
     "one JSON value on standard output and nothing else there", 0},
    {'q', "quiet", GC_OPTION_FLAG, &options.quiet, NULL, "errors only", 0},
    {'v', "verbose", GC_OPTION_FLAG, &options.verbose, NULL, "more of what happens", 0},
    {'V', "version", GC_OPTION_FLAG, &options.version, NULL,
     "print the versions of graphcap and its libraries", 0},
    {0},
};

static const struct gc_option none[] = {{0}};

static const struct gcctl_command *find(const char *name)
{
    for (size_t i = 0; gcctl_commands[i]; i++) {
        if (strcmp(gcctl_commands[i]->name, name) == 0)
            return gcctl_commands[i];
    }
    return NULL;
}

static int unknown(struct gcctl *g, const char *name)
{
    struct gc_nearest nearest;
    char plain[64];
    gc_nearest_init(&nearest, gc_str_of(name));
    for (size_t i = 0; gcctl_commands[i]; i++)
        gc_nearest_offer(&nearest, gc_str_of(gcctl_commands[i]->name));
    gcctl_plain(plain, sizeof plain, name, strlen(name));
    if (gc_nearest_found(&nearest))
        return gcctl_usage(g, "no command '%s'; did you mean '%.*s'? `gcctl --help` lists the commands",
                           plain, GC_STR_ARGS(nearest.best));
    return gcctl_usage(g, "no command '%s'; `gcctl --help` lists the commands", plain);
}

/* ---- help ---- */

static struct gc_usage usage_of(const struct gcctl_command *c, char *program, size_t size)
{
    (void)snprintf(program, size, "gcctl %s", c->name);
    return (struct gc_usage){
        .program = program,
        .words = c->words,
        .about = c->about,
        .options = c->options ? c->options : none,
        .globals = globals,
        .min_words = c->min_words,
        .max_words = c->max_words,
    };
}

static void print_general_help(FILE *to)
{
    const struct gc_usage usage = {.program = "gcctl",
                                   .words = "COMMAND ...",
                                   .about = NULL,
                                   .options = none,
                                   .globals = globals,
                                   .max_words = SIZE_MAX};
    fputs("gcctl submits image jobs to graphcap, follows their runs, and reads what they made.\n\n", to);
    gc_options_print_help(&usage, to);
    fputs("\nCommands:\n", to);
    for (size_t i = 0; gcctl_commands[i]; i++)
        fprintf(to, "  %-10s %s\n", gcctl_commands[i]->name, gcctl_commands[i]->brief);
    fputs(
        "\n`gcctl COMMAND --help` tells more. RUN is r-... or any beginning of it that only one run has.\n"
        "Exit codes: 0 completed, 1 failed, 2 usage or job file, 3 no coordinator, 4 not allowed, 5 partial, 6 cancelled,\n"
        "7 no such run, node or item, 8 other version, 130 interrupted.\n",
        to);
}

static int run_help(struct gcctl *g, const struct gc_words *words)
{
    char program[64];
    if (words->count == 0) {
        print_general_help(stdout);
        return GCCTL_OK;
    }
    const struct gcctl_command *c = find(words->items[0]);
    if (!c)
        return unknown(g, words->items[0]);
    struct gc_usage usage = usage_of(c, program, sizeof program);
    gc_options_print_help(&usage, stdout);
    return GCCTL_OK;
}

const struct gcctl_command command_help = {
    .name = "help",
    .words = "[COMMAND]",
    .brief = "this, or what a command does",
    .about = "Prints the help of a command.",
    .max_words = 1,
    .run = run_help,
};

/* ---- the call ---- */

/* The fault names the program itself. */
static int wrong_use(const struct gc_fault *fault, const char *program)
{
    fprintf(stderr, "%s (`%s --help` tells more)\n", fault->text, program);
    return GCCTL_USAGE;
}

/* Options that belong to no command yet: gcctl --version, gcctl --help, or a word is missing. */
static int without_command(struct gcctl *g, int argc, char **argv)
{
    struct gc_words words;
    struct gc_fault fault = {0};
    const struct gc_usage usage = {.program = "gcctl",
                                   .words = "COMMAND ...",
                                   .options = none,
                                   .globals = globals,
                                   .max_words = SIZE_MAX};
    if (gc_options_parse(&usage, argc, argv, &words, &fault) != GC_OK)
        return wrong_use(&fault, "gcctl");
    if (options.version)
        gcctl_print(g, "%s\n", graphcap_versions());
    else if (words.help)
        print_general_help(stdout);
    else
        return gcctl_usage(g, "no command; `gcctl --help` lists them");
    return GCCTL_OK;
}

static int call(struct gcctl *g, const struct gcctl_command *c, int argc, char **argv)
{
    char program[64];
    struct gc_words words;
    struct gc_fault fault = {0};
    struct gc_usage usage = usage_of(c, program, sizeof program);
    if (gc_options_parse(&usage, argc, argv, &words, &fault) != GC_OK)
        return wrong_use(&fault, program);
    if (words.help) {
        gc_options_print_help(&usage, stdout);
        return GCCTL_OK;
    }
    if (options.version) {
        gcctl_print(g, "%s\n", graphcap_versions());
        return GCCTL_OK;
    }
    return c->run(g, &words);
}

/* The command's place in argv; 0: none. All options of all commands are known then, so that a value is not taken for it. */
static int command_at(int argc, char **argv)
{
    const struct gc_option *tables[GC_COUNT_OF(gcctl_commands) + 1];
    size_t n = 0;
    tables[n++] = globals;
    for (size_t i = 0; gcctl_commands[i]; i++) {
        if (gcctl_commands[i]->options)
            tables[n++] = gcctl_commands[i]->options;
    }
    return gc_options_first_word(tables, n, argc, argv);
}

static bool colours(void)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no && no[0]) && term && strcmp(term, "dumb") != 0;
}

int gcctl_main(int argc, char **argv)
{
    const char *term = getenv("TERM");
    struct gcctl g = {
        .options = &options,
        .terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0,
        .colour = colours(),
    };
    int at = command_at(argc, argv);
    int exit_code;
    if (at <= 0) {
        exit_code = without_command(&g, argc, argv);
    } else {
        const struct gcctl_command *c = find(argv[at]);
        for (int i = at; c && i < argc; i++) /* the NULL behind the last too */
            argv[i] = argv[i + 1];
        exit_code = c ? call(&g, c, argc - 1, argv) : unknown(&g, argv[at]);
    }
    graphcap_close(&g.gc);
    if (!gcctl_flush(&g) && exit_code == GCCTL_OK)
        exit_code = GCCTL_FAILED;
    return exit_code;
}
