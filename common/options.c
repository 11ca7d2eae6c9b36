#include "common/options.h"

#include "common/assert.h"
#include "common/nearest.h"
#include "common/num.h"
#include "common/quantity.h"
#include "common/slice.h"

#include <string.h>

enum {
    MAX_OPTIONS = 128, /* of a command and its globals together: what `seen` holds */
    HELP_COLUMN = 30,  /* where the options' texts begin */
};

static const struct gc_option nothing[] = {{.type = GC_OPTION_END}};

/* Row i of the options followed by the globals; the END row at the end. */
static const struct gc_option *row_at(const struct gc_usage *usage, size_t i)
{
    const struct gc_option *row = usage->options ? usage->options : nothing;
    for (; row->type != GC_OPTION_END; row++) {
        if (i-- == 0)
            return row;
    }
    for (row = usage->globals ? usage->globals : nothing; row->type != GC_OPTION_END && i > 0; row++)
        i--;
    return row;
}

static size_t row_count(const struct gc_usage *usage)
{
    size_t n = 0;
    while (row_at(usage, n)->type != GC_OPTION_END)
        n++;
    GC_ASSERT(n <= MAX_OPTIONS);
    return n;
}

static const struct gc_option *find_long(const struct gc_option *table, struct gc_str name)
{
    for (const struct gc_option *row = table; row && row->type != GC_OPTION_END; row++) {
        if (gc_str_is(name, row->long_name))
            return row;
    }
    return NULL;
}

static const struct gc_option *find_short(const struct gc_option *table, char letter)
{
    for (const struct gc_option *row = table; row && row->type != GC_OPTION_END; row++) {
        if (row->short_name && row->short_name == letter)
            return row;
    }
    return NULL;
}

/* The name in "--name=value", without the dashes. */
static struct gc_str long_name_of(const char *argument)
{
    const char *name = argument + 2;
    const char *equals = strchr(name, '=');
    return gc_str_from(name, equals ? (size_t)(equals - name) : strlen(name));
}

typedef const struct gc_option *const *tables_of;

static const struct gc_option *find_long_in(tables_of tables, size_t table_count, struct gc_str name)
{
    const struct gc_option *found = NULL;
    for (size_t t = 0; t < table_count && !found; t++)
        found = find_long(tables[t], name);
    return found;
}

static const struct gc_option *find_short_in(tables_of tables, size_t table_count, char letter)
{
    const struct gc_option *found = NULL;
    for (size_t t = 0; t < table_count && !found; t++)
        found = find_short(tables[t], letter);
    return found;
}

/* What an option argument is for whoever only looks where the words are. */
struct glance {
    bool takes_next; /* its value is the next argument */
    bool help;
};

static struct glance glance_at(tables_of tables, size_t table_count, const char *argument)
{
    struct glance glance = {false, false};
    if (argument[1] == '-') {
        struct gc_str name = long_name_of(argument);
        const struct gc_option *option = find_long_in(tables, table_count, name);
        glance.help = !option && gc_str_is(name, "help");
        glance.takes_next = option && option->type != GC_OPTION_FLAG && !strchr(argument, '=');
        return glance;
    }
    for (const char *letter = argument + 1; *letter; letter++) {
        const struct gc_option *option = find_short_in(tables, table_count, *letter);
        glance.help = glance.help || (!option && *letter == 'h');
        if (option && option->type != GC_OPTION_FLAG) {
            glance.takes_next = letter[1] == '\0';
            break;
        }
    }
    return glance;
}

static bool is_option(const char *argument)
{
    return argument[0] == '-' && argument[1] != '\0';
}

static enum gc_err unknown_long(const struct gc_usage *usage, struct gc_str name, struct gc_fault *f)
{
    struct gc_nearest nearest;
    gc_nearest_init(&nearest, name);
    for (size_t i = 0; i < row_count(usage); i++) {
        if (!(row_at(usage, i)->flags & GC_OPTION_HIDDEN))
            gc_nearest_offer(&nearest, gc_str_of(row_at(usage, i)->long_name));
    }
    gc_nearest_offer(&nearest, GC_STR("help"));
    if (!gc_nearest_found(&nearest))
        return gc_fault_set(f, GC_ERR_USAGE, "%s: unknown option --%.*s", usage->program, GC_STR_ARGS(name));
    return gc_fault_set(f, GC_ERR_USAGE, "%s: unknown option --%.*s; did you mean --%.*s?", usage->program,
                        GC_STR_ARGS(name), GC_STR_ARGS(nearest.best));
}

static enum gc_err store(const struct gc_usage *usage, const struct gc_option *option, const char *value,
                         struct gc_fault *f)
{
    struct gc_str text = gc_str_of(value);
    const char *wanted = "";
    enum gc_err err = GC_OK;
    switch (option->type) {
    case GC_OPTION_FLAG: *(bool *)option->value = true; return GC_OK;
    case GC_OPTION_STRING: *(const char **)option->value = value; return GC_OK;
    case GC_OPTION_U64:
        err = gc_quantity_u64(text, option->value);
        wanted = "a whole number";
        break;
    case GC_OPTION_DURATION:
        err = gc_quantity_duration(text, option->value);
        wanted = "a time such as 500ms, 90s or 1h30m";
        break;
    case GC_OPTION_BYTES:
        err = gc_quantity_bytes(text, option->value);
        wanted = "a size such as 4096, 64MiB or 2GB";
        break;
    case GC_OPTION_LIST: {
        struct gc_option_list *list = option->value;
        if (list->count == list->capacity)
            return gc_fault_set(f, GC_ERR_USAGE, "%s: --%s is given more than %zu times", usage->program,
                                option->long_name, list->capacity);
        list->items[list->count++] = value;
        return GC_OK;
    }
    case GC_OPTION_END: GC_NEVER("a value for the END row");
    }
    if (err == GC_ERR_LIMIT)
        return gc_fault_set(f, GC_ERR_USAGE, "%s: --%s: '%s' is too large", usage->program, option->long_name,
                            value);
    if (err != GC_OK)
        return gc_fault_set(f, GC_ERR_USAGE, "%s: --%s: '%s' is not %s", usage->program, option->long_name,
                            value, wanted);
    return GC_OK;
}

/* Which rows were given. */
struct seen {
    bool rows[MAX_OPTIONS];
};

static enum gc_err mark_seen(const struct gc_usage *usage, const struct gc_option *option, struct seen *seen,
                             struct gc_fault *f)
{
    size_t i = 0;
    while (row_at(usage, i) != option)
        i++;
    bool again = seen->rows[i];
    seen->rows[i] = true;
    if (!again || option->type == GC_OPTION_FLAG || option->type == GC_OPTION_LIST ||
        (option->flags & GC_OPTION_REPEATABLE))
        return GC_OK;
    return gc_fault_set(f, GC_ERR_USAGE, "%s: --%s is given twice", usage->program, option->long_name);
}

/* The command line as it is gone through. */
struct walk {
    const struct gc_usage *usage;
    const struct gc_option *tables[2];
    int argc;
    char **argv;
    int at; /* the argument at hand */
    struct seen seen;
};

/* One option with its value, which is `here` where that is not NULL and else the next argument. */
static enum gc_err take_value(struct walk *w, const struct gc_option *option, const char *here,
                              struct gc_fault *f)
{
    enum gc_err err = mark_seen(w->usage, option, &w->seen, f);
    if (err != GC_OK)
        return err;
    if (option->type != GC_OPTION_FLAG && !here) {
        if (w->at + 1 >= w->argc)
            return gc_fault_set(f, GC_ERR_USAGE, "%s: --%s wants %s", w->usage->program, option->long_name,
                                option->argument);
        here = w->argv[++w->at];
    }
    return store(w->usage, option, here, f);
}

static enum gc_err take_long(struct walk *w, struct gc_fault *f)
{
    const char *argument = w->argv[w->at];
    const char *equals = strchr(argument, '=');
    struct gc_str name = long_name_of(argument);
    const struct gc_option *option = find_long_in(w->tables, GC_COUNT_OF(w->tables), name);
    if (!option)
        return unknown_long(w->usage, name, f);
    if (option->type == GC_OPTION_FLAG && equals)
        return gc_fault_set(f, GC_ERR_USAGE, "%s: --%s takes no value", w->usage->program, option->long_name);
    return take_value(w, option, equals ? equals + 1 : NULL, f);
}

/* A bundle: flags, and at its end perhaps one option whose value is the rest. */
static enum gc_err take_short(struct walk *w, struct gc_fault *f)
{
    for (const char *letter = w->argv[w->at] + 1; *letter; letter++) {
        const struct gc_option *option = find_short_in(w->tables, GC_COUNT_OF(w->tables), *letter);
        if (!option)
            return gc_fault_set(f, GC_ERR_USAGE, "%s: unknown option -%c", w->usage->program, *letter);
        bool is_flag = option->type == GC_OPTION_FLAG;
        enum gc_err err = take_value(w, option, !is_flag && letter[1] ? letter + 1 : NULL, f);
        if (err != GC_OK || !is_flag)
            return err;
    }
    return GC_OK;
}

/* Whether help is asked for anywhere among the options. Values are not looked into. */
static bool wants_help(const struct walk *w)
{
    for (int i = 1; i < w->argc && strcmp(w->argv[i], "--") != 0; i++) {
        if (!is_option(w->argv[i]))
            continue;
        struct glance glance = glance_at(w->tables, GC_COUNT_OF(w->tables), w->argv[i]);
        if (glance.help)
            return true;
        i += glance.takes_next;
    }
    return false;
}

static enum gc_err check_words(const struct gc_usage *usage, const struct gc_words *words, struct gc_fault *f)
{
    if (words->count > usage->max_words)
        return gc_fault_set(f, GC_ERR_USAGE, "%s: '%s' is one argument too many", usage->program,
                            words->items[usage->max_words]);
    if (words->count < usage->min_words)
        return gc_fault_set(f, GC_ERR_USAGE, "%s: %s is missing", usage->program,
                            usage->words ? usage->words : "an argument");
    return GC_OK;
}

enum gc_err gc_options_parse(const struct gc_usage *usage, int argc, char **argv, struct gc_words *ret_words,
                             struct gc_fault *f)
{
    GC_ASSERT(argc >= 1);
    struct walk w = {
        .usage = usage, .tables = {usage->options, usage->globals}, .argc = argc, .argv = argv, .at = 1};
    struct gc_words words = {.items = argv + 1};
    if (wants_help(&w)) {
        words.help = true;
        *ret_words = words;
        return GC_OK;
    }

    bool options_over = false;
    for (; w.at < argc; w.at++) {
        char *argument = argv[w.at];
        enum gc_err err = GC_OK;
        if (!options_over && strcmp(argument, "--") == 0)
            options_over = true;
        else if (options_over || !is_option(argument))
            words.items[words.count++] = argument; /* never ahead of w.at */
        else
            err = argument[1] == '-' ? take_long(&w, f) : take_short(&w, f);
        if (err != GC_OK)
            return err;
    }
    for (size_t i = 0; i < row_count(usage); i++) {
        const struct gc_option *option = row_at(usage, i);
        if ((option->flags & GC_OPTION_REQUIRED) && !w.seen.rows[i])
            return gc_fault_set(f, GC_ERR_USAGE, "%s: --%s is required", usage->program, option->long_name);
    }
    enum gc_err err = check_words(usage, &words, f);
    if (err == GC_OK)
        *ret_words = words;
    return err;
}

int gc_options_first_word(const struct gc_option *const tables[], size_t table_count, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            return i + 1 < argc ? i + 1 : 0;
        if (!is_option(argv[i]))
            return i;
        i += glance_at(tables, table_count, argv[i]).takes_next;
    }
    return 0;
}

static void print_rows(const struct gc_option *table, FILE *to)
{
    for (const struct gc_option *row = table; row && row->type != GC_OPTION_END; row++) {
        if (row->flags & GC_OPTION_HIDDEN)
            continue;
        char left[128];
        char letter[] = {row->short_name ? '-' : ' ', row->short_name ? row->short_name : ' ',
                         row->short_name ? ',' : ' ', '\0'};
        int width = snprintf(left, sizeof left, "  %s --%s%s%s", letter, row->long_name,
                             row->argument ? " " : "", row->argument ? row->argument : "");
        /* A name that reaches into the text's column gets a line of its own. */
        if (width >= HELP_COLUMN)
            fprintf(to, "%s\n%*s", left, HELP_COLUMN, "");
        else
            fprintf(to, "%-*s", HELP_COLUMN, left);
        bool many = row->type == GC_OPTION_LIST;
        bool required = (row->flags & GC_OPTION_REQUIRED) != 0;
        fprintf(to, "%s%s%s\n", row->help, required ? " (required)" : "", many ? " (may be repeated)" : "");
    }
}

static bool has_rows(const struct gc_option *table)
{
    return table && table->type != GC_OPTION_END;
}

void gc_options_print_help(const struct gc_usage *usage, FILE *to)
{
    fprintf(to, "usage: %s%s%s%s\n", usage->program, has_rows(usage->options) ? " [OPTIONS]" : "",
            usage->words ? " " : "", usage->words ? usage->words : "");
    if (usage->about)
        fprintf(to, "\n%s\n", usage->about);
    fputs("\noptions:\n", to);
    print_rows(usage->options, to);
    const struct gc_option help[] = {
        {'h', "help", GC_OPTION_FLAG, NULL, NULL, "print this", 0},
        {.type = GC_OPTION_END},
    };
    print_rows(help, to);
    if (has_rows(usage->globals)) {
        fputs("\nof every command:\n", to);
        print_rows(usage->globals, to);
    }
}
