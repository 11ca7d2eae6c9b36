#include "common/options.h"
#include "common/slice.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

/* One command with an option of each type, parsed from a line of words. */
static bool follow, quiet;
static const char *node, *state;
static uint64_t limit, wait, memory;
static const char *set_items[2];
static struct gc_option_list set;

static const struct gc_option options[] = {
    {'f', "follow", GC_OPTION_FLAG, &follow, NULL, "go on as results come", 0},
    {0, "node", GC_OPTION_STRING, &node, "ID", "only this node's", 0},
    {'n', "limit", GC_OPTION_U64, &limit, "N", "at most N", GC_OPTION_REPEATABLE},
    {'w', "wait", GC_OPTION_DURATION, &wait, "TIME", "how long to wait", 0},
    {0, "memory", GC_OPTION_BYTES, &memory, "SIZE", "of an executor", 0},
    {0, "set", GC_OPTION_LIST, &set, "NODE.KEY=VALUE", "override the config of a node in the job file", 0},
    {0, "secret", GC_OPTION_FLAG, &quiet, NULL, "not told", GC_OPTION_HIDDEN},
    {.type = GC_OPTION_END},
};
static const struct gc_option globals[] = {
    {'q', "quiet", GC_OPTION_FLAG, &quiet, NULL, "print nothing", 0},
    {0, "state", GC_OPTION_STRING, &state, "DIR", "the state folder", 0},
    {.type = GC_OPTION_END},
};
static const struct gc_usage usage = {
    .program = "gcctl results",
    .words = "RUN",
    .about = "Prints results.",
    .options = options,
    .globals = globals,
    .min_words = 1,
    .max_words = 2,
};

static struct gc_words words;
static struct gc_fault fault;
static char line_copy[512];
static char *argv[32];
static int argc;

static void split(const char *line)
{
    snprintf(line_copy, sizeof line_copy, "results%s%s", line[0] ? " " : "", line);
    argc = 0;
    for (char *rest = line_copy, *word; (word = strsep(&rest, " "));)
        argv[argc++] = word;
    argv[argc] = NULL;
}

static enum gc_err parse(const char *line)
{
    follow = quiet = false;
    node = state = NULL;
    limit = wait = memory = 0;
    set = (struct gc_option_list){set_items, 0, GC_COUNT_OF(set_items)};
    gc_fault_clear(&fault);
    split(line);
    return gc_options_parse(&usage, argc, argv, &words, &fault);
}

static void refused(const char *line, const char *text)
{
    ck_assert_int_eq(parse(line), GC_ERR_USAGE);
    ck_assert_str_eq(fault.text, text);
    ck_assert_int_eq(fault.whose, GC_WHOSE_USER);
}

START_TEST(each_type_is_stored)
{
    ck_assert_int_eq(
        parse("--follow --node tone -n 5 --wait=1m30s --memory 2GiB --set a.b=1 --set=c.d=2 r-x"), GC_OK);
    ck_assert(follow);
    ck_assert_str_eq(node, "tone");
    ck_assert_uint_eq(limit, 5);
    ck_assert_uint_eq(wait, UINT64_C(90000000000));
    ck_assert_uint_eq(memory, UINT64_C(2) << 30);
    ck_assert_uint_eq(set.count, 2);
    ck_assert_str_eq(set.items[0], "a.b=1");
    ck_assert_str_eq(set.items[1], "c.d=2");
    ck_assert_uint_eq(words.count, 1);
    ck_assert_str_eq(words.items[0], "r-x");
}
END_TEST

START_TEST(options_stand_anywhere)
{
    ck_assert_int_eq(parse("r-x -q --node tone r-y --state /s"), GC_OK);
    ck_assert(quiet);
    ck_assert_str_eq(node, "tone");
    ck_assert_str_eq(state, "/s");
    ck_assert_uint_eq(words.count, 2);
    ck_assert_str_eq(words.items[0], "r-x");
    ck_assert_str_eq(words.items[1], "r-y");
}
END_TEST

START_TEST(two_dashes_end_them_and_one_is_a_word)
{
    ck_assert_int_eq(parse("-- --follow -q"), GC_OK);
    ck_assert(!follow && !quiet);
    ck_assert_str_eq(words.items[0], "--follow");
    ck_assert_int_eq(parse("-"), GC_OK);
    ck_assert_str_eq(words.items[0], "-");
    ck_assert_int_eq(parse("--node -- r-x"), GC_OK); /* a value is not looked into */
    ck_assert_str_eq(node, "--");
}
END_TEST

START_TEST(letters_go_together)
{
    ck_assert_int_eq(parse("-qfn7 r-x"), GC_OK);
    ck_assert(quiet && follow);
    ck_assert_uint_eq(limit, 7);
    ck_assert_int_eq(parse("-qn 8 r-x"), GC_OK);
    ck_assert_uint_eq(limit, 8);
    refused("-qz r-x", "gcctl results: unknown option -z");
    refused("-q-f r-x", "gcctl results: unknown option --");
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
    refused("--folow r-x", "gcctl results: unknown option --folow; did you mean --follow?");
    refused("--stat /s r-x", "gcctl results: unknown option --stat; did you mean --state?");
    refused("--xyzzy=1 r-x", "gcctl results: unknown option --xyzzy");
    refused("--fol r-x", "gcctl results: unknown option --fol");
    refused("--limit many r-x", "gcctl results: --limit: 'many' is not a whole number");
    refused("--limit= r-x", "gcctl results: --limit: '' is not a whole number");
    refused("--limit 99999999999999999999 r-x",
            "gcctl results: --limit: '99999999999999999999' is too large");
    refused("--wait 5 r-x", "gcctl results: --wait: '5' is not a time such as 500ms, 90s or 1h30m");
    refused("--memory big r-x", "gcctl results: --memory: 'big' is not a size such as 4096, 64MiB or 2GB");
    refused("r-x --node", "gcctl results: --node wants ID");
    refused("--follow=yes r-x", "gcctl results: --follow takes no value");
    refused("--node a --node b r-x", "gcctl results: --node is given twice");
    refused("--set 1 --set 2 --set 3 r-x", "gcctl results: --set is given more than 2 times");
    refused("", "gcctl results: RUN is missing");
    refused("a b c", "gcctl results: 'c' is one argument too many");
}
END_TEST

START_TEST(some_may_come_again)
{
    ck_assert_int_eq(parse("-n 1 -n 2 -q -q r-x"), GC_OK);
    ck_assert_uint_eq(limit, 2);
}
END_TEST

START_TEST(required_is_required)
{
    const char *connect = NULL;
    const struct gc_option needs[] = {
        {0, "connect", GC_OPTION_STRING, &connect, "ENDPOINT", "the coordinator", GC_OPTION_REQUIRED},
        {.type = GC_OPTION_END},
    };
    const struct gc_usage daemon = {.program = "gc-worker", .options = needs};
    split("--connect x");
    ck_assert_int_eq(gc_options_parse(&daemon, argc, argv, &words, NULL), GC_OK);
    ck_assert_str_eq(connect, "x");
    argc = 1;
    ck_assert_int_eq(gc_options_parse(&daemon, argc, argv, &words, &fault), GC_ERR_USAGE);
    ck_assert_str_eq(fault.text, "gc-worker: --connect is required");
}
END_TEST

START_TEST(help_wins)
{
    ck_assert_int_eq(parse("--nonsense --help"), GC_OK);
    ck_assert(words.help);
    ck_assert_int_eq(parse("-qh"), GC_OK);
    ck_assert(words.help);
    ck_assert_int_eq(parse("-- --help"), GC_OK);
    ck_assert(!words.help);
    ck_assert_int_eq(parse("--node --help r-x"), GC_OK);
    ck_assert(!words.help);
    ck_assert_int_eq(parse("-n5h r-x"), GC_ERR_USAGE);
}
END_TEST

START_TEST(the_command_is_found_behind_options)
{
    const struct gc_option *const tables[] = {globals, options};
    const struct {
        const char *line;
        int word;
    } rows[] = {
        {"results r-x", 1},
        {"-q --state /s results r-x", 4},
        {"--state=/s results", 2},
        {"-qn 5 results", 3},
        {"-qn5 results", 2},
        {"--unknown results", 2},
        {"-- results", 2},
        {"--follow", 0},
        {"-q --", 0},
    };
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        split(rows[i].line);
        ck_assert_int_eq(gc_options_first_word(tables, 2, argc, argv), rows[i].word);
    }
}
END_TEST

START_TEST(help_shows_the_table)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    gc_options_print_help(&usage, to);
    fclose(to);
    ck_assert_str_eq(
        text,
        "usage: gcctl results [OPTIONS] RUN\n"
        "\n"
        "Prints results.\n"
        "\n"
        "options:\n"
        "  -f, --follow                go on as results come\n"
        "      --node ID               only this node's\n"
        "  -n, --limit N               at most N\n"
        "  -w, --wait TIME             how long to wait\n"
        "      --memory SIZE           of an executor\n"
        "      --set NODE.KEY=VALUE    override the config of a node in the job file (may be repeated)\n"
        "  -h, --help                  print this\n"
        "\n"
        "of every command:\n"
        "  -q, --quiet                 print nothing\n"
        "      --state DIR             the state folder\n");
    free(text);
}
END_TEST

GC_SUITE("options", GC_TEST(each_type_is_stored), GC_TEST(options_stand_anywhere),
         GC_TEST(two_dashes_end_them_and_one_is_a_word), GC_TEST(letters_go_together),
         GC_TEST(what_is_wrong_is_named), GC_TEST(some_may_come_again), GC_TEST(required_is_required),
         GC_TEST(help_wins), GC_TEST(the_command_is_found_behind_options), GC_TEST(help_shows_the_table))
