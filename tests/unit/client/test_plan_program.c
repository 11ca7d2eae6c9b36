/* A plan in the words of the vips command: templates filled in, and nothing of a job that a shell would take for its own. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/plan_program.h"
#include "common/macros.h"
#include "proto/limits.h"
#include "proto/states.h"

static struct gc_bytes text(const char *s)
{
    return gc_str_bytes(gc_str_of(s));
}

#define VALUE(kind_, member, v)                          \
    (struct gc_value)                                    \
    {                                                    \
        .kind = GC_VALUE_##kind_, .as = {.member = (v) } \
    }

static struct gc_op_input one_input[] = {{.type = GC_TYPE_IMAGE}};
static struct gc_op_output outputs[] = {{.type = GC_TYPE_IMAGE}, {.type = GC_TYPE_IMAGE}};

/* Sorted by name. */
enum { GREY, LOAD, NOTE, SAVE, SHARE, SPLIT, THUMB, N_OPS };
static struct gc_op ops[N_OPS];
static struct gc_catalogue catalogue = {.n_ops = N_OPS, .ops = ops};

static void op(int at, const char *name, const char *command, const char *on_file)
{
    ops[at] = (struct gc_op){.name = text(name),
                             .n_inputs = 1,
                             .inputs = one_input,
                             .n_outputs = at == SPLIT ? 2 : 1,
                             .outputs = outputs,
                             .command = text(command),
                             .command_on_file = text(on_file)};
}

static struct gc_plan plan;
static struct gc_plan_node nodes[8];
static struct gc_plan_stage stages[3];
static struct gc_program programs[3];
static struct gc_step steps[3][8];
static struct gc_step_input inputs[3][8][3];
static struct gc_setting settings[3][8][6];
static uint64_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 7};
static const struct gc_plan_view view = {&plan, programs, &catalogue};

/* photos → image → small, and what a test puts behind them. */
static void begin(void)
{
    one_input[0].name = text("in");
    outputs[0].name = text("out");
    outputs[1].name = text("mask");
    op(GREY, "grey", "vips grey {in} {out} {options}", "");
    op(LOAD, "load", "vips autorot {item}[{options, page}] {out}", "");
    op(NOTE, "note", "", "");
    op(SAVE, "save", "vips copy {in} {to}[{options, !exists}]", "");
    op(SHARE, "share", "vips one {in} {out} && vips two {out} --deep={mask}", "");
    op(SPLIT, "split", "vips split {in} {out} --mask={mask} {options deep} -- {left}", "");
    op(THUMB, "thumb", "vips thumbnail_image {in} {out} {width}",
       "vips thumbnail {item}[{options, page}] {out} {width} {options !size}");
    memset(steps, 0, sizeof steps);
    memset(inputs, 0, sizeof inputs);
    memset(settings, 0, sizeof settings);
    memset(programs, 0, sizeof programs);
    for (uint32_t i = 0; i < 8; i++)
        nodes[i] = (struct gc_plan_node){.id = text("n")};
    stages[0] =
        (struct gc_plan_stage){.kind = GC_STAGE_SOURCE, .source = GC_UNSET, .n_nodes = 1, .nodes = numbers};
    stages[1] = (struct gc_plan_stage){.kind = GC_STAGE_ITEM, .source = 0};
    stages[2] = (struct gc_plan_stage){.kind = GC_STAGE_ITEM, .source = GC_UNSET};
    plan = (struct gc_plan){.n_nodes = 8, .nodes = nodes, .n_stages = 3, .stages = stages};
    for (uint32_t s = 0; s < 3; s++) {
        programs[s].kind = stages[s].kind;
        programs[s].steps = steps[s];
    }
    nodes[0].id = text("photos");
    steps[0][0] = (struct gc_step){.id = text("photos"), .op = text("files"), .decode = GC_UNSET};
    programs[0].n_steps = 1;
}

static struct gc_step *step(uint32_t stage, const char *id, const char *name, uint64_t from)
{
    uint32_t at = programs[stage].n_steps++;
    struct gc_step *s = &steps[stage][at];
    *s = (struct gc_step){.id = text(id),
                          .op = text(name),
                          .decode = GC_UNSET,
                          .inputs = inputs[stage][at],
                          .config = settings[stage][at]};
    inputs[stage][at][s->n_inputs++] = (struct gc_step_input){.step = from, .slot = text("in")};
    return s;
}

static void set(struct gc_step *s, const char *key, struct gc_value value)
{
    s->config[s->n_config++] = (struct gc_setting){text(key), value};
}

static void set_text(struct gc_step *s, const char *key, const char *value)
{
    set(s, key, VALUE(STRING, string, text(value)));
}

static void is_command(uint32_t stage, uint32_t at, const char *expected)
{
    struct gc_text line = {0};
    ck_assert_ptr_null(gc_plan_view_wrong(&view));
    ck_assert(gc_plan_command(&view, stage, at, &line));
    ck_assert_str_eq(gc_text_str(&line), expected);
    gc_text_release(&line);
}

static void is_none(uint32_t stage, uint32_t at, const char *why)
{
    struct gc_text line = {0};
    ck_assert_ptr_null(gc_plan_view_wrong(&view));
    ck_assert(!gc_plan_command(&view, stage, at, &line));
    ck_assert_str_eq(gc_text_str(&line), why);
    gc_text_release(&line);
}

START_TEST(templates)
{
    begin();
    struct gc_step *load = step(1, "image", "load", GC_UNSET);
    set(load, "page", VALUE(INT, integer, 2));
    set(load, "limit", VALUE(INT, integer, 5)); /* not asked for */
    struct gc_step *small = step(1, "small", "thumb", 0);
    set(small, "width", VALUE(INT, integer, 512));
    step(1, "plain", "grey", 1);
    struct gc_step *grey = step(1, "grey", "grey", 1);
    set(grey, "two_words", VALUE(BOOL, flag, true));
    set(grey, "untrue", VALUE(BOOL, flag, false)); /* the command would take --untrue=false for true */
    set(grey, "sigma", VALUE(REAL, real, 0.1));
    set(grey, "nothing", (struct gc_value){.kind = GC_VALUE_NULL});
    is_command(1, 0, "vips autorot \"$IN\"'[page=2]' \"$T/image.v\"");
    is_command(1, 1, "vips thumbnail_image \"$T/image.v\" \"$T/small.v\" 512");
    is_command(1, 2, "vips grey \"$T/small.v\" \"$T/plain.v\"");
    is_command(1, 3, "vips grey \"$T/small.v\" \"$T/grey.v\" --two-words=true --sigma=0.1");
}
END_TEST

START_TEST(over_a_decode)
{
    begin();
    struct gc_step *load = step(1, "image", "load", GC_UNSET);
    set(load, "page", VALUE(INT, integer, 2));
    struct gc_step *small = step(1, "small", "thumb", 0);
    small->decode = 0;
    set(small, "width", VALUE(INT, integer, 512));
    set_text(small, "size", "down");
    set_text(small, "crop", "centre");
    is_command(1, 1, "vips thumbnail \"$IN\"'[page=2]' \"$T/small.v\" 512 --crop=centre");
    struct gc_text program = {0};
    gc_plan_program(&view, &program);
    ck_assert_ptr_nonnull(strstr(gc_text_str(&program), "# image: who reads it decodes the file"));
    ck_assert_ptr_null(strstr(gc_text_str(&program), "autorot"));
    gc_text_release(&program);
}
END_TEST

START_TEST(two_outputs_and_a_dash)
{
    begin();
    step(1, "image", "load", GC_UNSET);
    struct gc_step *split = step(1, "split", "split", 0);
    set(split, "left", VALUE(INT, integer, -5));
    set_text(split, "deep", "yes");
    set_text(split, "shallow", "no");
    step(1, "a", "grey", 1);
    step(1, "b", "grey", 1)->inputs[0].output = text("mask");
    step(1, "c", "share", 1)->inputs[0].output = text("out");
    is_command(1, 1, "vips split \"$T/image.v\" \"$T/split.v\" --mask=\"$T/split.mask.v\" --deep=yes -- -5");
    is_command(1, 2, "vips grey \"$T/split.v\" \"$T/a.v\"");
    is_command(1, 3, "vips grey \"$T/split.mask.v\" \"$T/b.v\"");
    is_none(1, 4, "it needs a number or a text as 'mask'"); /* share has no such output */
    ops[SHARE].n_outputs = 2;
    is_command(1, 4, "vips one \"$T/split.v\" \"$T/c.v\" && vips two \"$T/c.v\" --deep=\"$T/c.mask.v\"");
    struct gc_step *small = step(1, "small", "thumb", 0);
    set(small, "width", VALUE(INT, integer, -7));
    is_command(1, 5, "vips thumbnail_image \"$T/image.v\" \"$T/small.v\" ' -7'");
}
END_TEST

START_TEST(what_has_no_command)
{
    begin();
    step(1, "image", "load", GC_UNSET);
    step(1, "note", "note", 0);
    step(1, "after", "grey", 1);
    step(1, "later", "grey", 2);
    step(1, "gone", "nothing", 0);
    struct gc_step *two = step(1, "two", "grey", 0);
    two->inputs[two->n_inputs++] = (struct gc_step_input){.step = 1, .slot = text("opacity")};
    step(1, "bare", "thumb", 0);
    step(1, "alone", "grey", 0)->n_inputs = 0;
    is_none(1, 1, "note has no vips command");
    is_none(1, 2, "it reads 'note', which no vips command makes");
    is_none(1, 3, "it reads 'after', which no vips command makes");
    is_none(1, 4, "no worker has the op 'nothing' any more");
    is_none(1, 5, "the vips command cannot be given its 'opacity'");
    is_none(1, 6, "it needs a number or a text as 'width'");
    is_none(1, 7, "it has no input 'in'");
    struct gc_step *logo = step(2, "logo", "load", GC_UNSET);
    is_none(2, 0, "'logo' has no file to read");
    set_text(logo, "path", "logo.png");
    is_command(2, 0, "vips autorot logo.png \"$T/logo.v\"");
}
END_TEST

START_TEST(an_input_that_says_to_what_it_belongs)
{
    static struct gc_op_input of[] = {{.type = GC_TYPE_ANY}};
    begin();
    of[0].name = text("of");
    op(GREY, "grey", "vips noise {out} {options}", "");
    ops[GREY].inputs = of;
    step(1, "image", "load", GC_UNSET);
    step(1, "note", "note", 0);
    step(1, "noise", "grey", 1)->inputs[0].slot = text("of");
    step(1, "after", "share", 2);
    ops[SHARE].command = text("vips one {in} {out}");
    is_command(1, 2, "vips noise \"$T/noise.v\"");
    is_command(1, 3, "vips one \"$T/noise.v\" \"$T/after.v\"");
    of[0].required = true;
    is_none(1, 2, "the vips command cannot be given its 'of'");
}
END_TEST

START_TEST(over_a_decode_that_is_handed_on)
{
    begin();
    step(1, "image", "load", GC_UNSET);
    step(1, "same", "note", 0)->traits = GC_TRAIT_PASSES;
    struct gc_step *small = step(1, "small", "thumb", 1);
    small->decode = 0;
    set(small, "width", VALUE(INT, integer, 5));
    is_command(1, 2, "vips thumbnail \"$IN\" \"$T/small.v\" 5");
    struct gc_text program = {0};
    gc_plan_program(&view, &program);
    ck_assert_ptr_nonnull(strstr(gc_text_str(&program), "# image: who reads it decodes the file"));
    gc_text_reset(&program);
    step(1, "grey", "grey", 1);
    gc_plan_program(&view, &program);
    ck_assert_ptr_nonnull(strstr(gc_text_str(&program), "vips autorot \"$IN\" \"$T/image.v\"\n"));
    gc_text_release(&program);
}
END_TEST

START_TEST(steps_that_hand_on)
{
    begin();
    step(1, "image", "load", GC_UNSET);
    struct gc_step *split = step(1, "split", "split", 0);
    set(split, "left", VALUE(INT, integer, 5));
    struct gc_step *same = step(1, "same", "note", 1);
    same->traits = GC_TRAIT_PASSES;
    same->inputs[0].output = text("mask");
    step(1, "again", "note", 2)->traits = GC_TRAIT_PASSES;
    step(1, "grey", "grey", 3);
    step(1, "item", "note", GC_UNSET)->traits = GC_TRAIT_PASSES;
    step(1, "raw", "grey", 5);
    is_command(1, 4, "vips grey \"$T/split.mask.v\" \"$T/grey.v\"");
    is_command(1, 6, "vips grey \"$IN\" \"$T/raw.v\"");
}
END_TEST

START_TEST(what_is_published)
{
    begin();
    step(1, "image", "load", GC_UNSET);
    struct gc_step *saved = step(1, "saved", "save", 0);
    saved->traits = GC_TRAIT_PUBLISH;
    set_text(saved, "to", "out/{dir}/{stem}.tar.webp");
    is_command(1, 1, "vips copy \"$T/image.v\" \"$OUT/saved.webp\"");
    set(saved, "Q", VALUE(INT, integer, 80));
    set_text(saved, "exists", "skip");
    set_text(saved, "comment", "a, \"b\" \\ [c]");
    is_command(1, 1,
               "vips copy \"$T/image.v\" \"$OUT/saved.webp\"'[Q=80,comment=\"a, \\\"b\\\" \\\\ [c]\"]'");
    saved->config[0].value.as.string = text("out/{name}");
    saved->n_config = 1;
    is_command(1, 1, "vips copy \"$T/image.v\" \"$OUT/saved.${IN##*.}\"");
    saved->config[0].value.as.string = text("x.y/{dir}/z");
    is_command(1, 1, "vips copy \"$T/image.v\" \"$OUT/saved.${IN##*.}\"");
    saved->config[0].value.as.string = text("x");
    is_command(1, 1, "vips copy \"$T/image.v\" \"$OUT/saved.${IN##*.}\"");
}
END_TEST

START_TEST(lists_and_values_that_cannot_be_told)
{
    begin();
    struct gc_value items[] = {VALUE(INT, integer, 255), VALUE(REAL, real, 0.5)};
    struct gc_value list = {.kind = GC_VALUE_LIST, .n = 2, .as.items = items};
    struct gc_value nested = {.kind = GC_VALUE_LIST, .n = 1, .as.items = &list};
    step(1, "image", "load", GC_UNSET);
    struct gc_step *grey = step(1, "grey", "grey", 0);
    set(grey, "background", list);
    is_command(1, 1, "vips grey \"$T/image.v\" \"$T/grey.v\" '--background=255 0.5'");
    grey->config[0].value = nested;
    is_none(1, 1, "a vips command cannot be told its 'background'");
    grey->config[0].value = (struct gc_value){.kind = GC_VALUE_MAP};
    is_none(1, 1, "a vips command cannot be told its 'background'");
}
END_TEST

/* A shell, given what was quoted, has to give it back. */
static void survives(const char *value)
{
    char command[4096], answer[1024] = "";
    struct gc_text line = {0};
    begin();
    ops[GREY].command = text("printf %s {value}");
    struct gc_step *grey = step(1, "grey", "grey", GC_UNSET);
    grey->n_inputs = 0;
    set_text(grey, "value", value);
    ck_assert(gc_plan_command(&view, 1, 0, &line));
    (void)snprintf(command, sizeof command, "%s", gc_text_str(&line));
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    size_t n = fread(answer, 1, sizeof answer - 1, pipe);
    ck_assert_int_eq(pclose(pipe), 0);
    answer[n] = '\0';
    ck_assert_str_eq(answer, value);
    for (size_t i = 0; i < line.len; i++)
        ck_assert((unsigned char)line.ptr[i] >= 0x20 || line.ptr[i] == '\n');
    gc_text_release(&line);
}

START_TEST(a_shell_gives_back_what_was_quoted)
{
    survives("plain");
    survives("two words");
    survives("it's; echo 'x' `id` $(id) $HOME \"\\");
    survives("'");
    survives("''a''");
    survives("* ? [a-z] ~ # ! & | < > ( ) { }");
    survives("tab\there, escape\033[31m and delete\177.");
    survives("two\nlines");
    survives("na\xc3\xafve \xff bytes");
    survives("100%");
}
END_TEST

/* What would end a comment, or stand in quotes that a shell looks into, has no power. */
START_TEST(names_have_no_power)
{
    begin();
    nodes[0].id = text("a}; touch x; ${b");
    struct gc_step *load = step(1, "\"$(touch x)`touch y`\n/../z", "load", GC_UNSET);
    struct gc_step *saved = step(1, "saved\ntouch x", "save", 0);
    saved->traits = GC_TRAIT_PUBLISH;
    set_text(saved, "to", "{name}\ntouch x #.png");
    step(1, "no\ntouch x", "note\ntouch y", 0);
    (void)load;
    struct gc_text program = {0};
    ck_assert_ptr_null(gc_plan_view_wrong(&view));
    gc_plan_program(&view, &program);
    const char *p = gc_text_str(&program);
    ck_assert_msg(strstr(p, "\ntouch") == NULL, "%s", p);
    ck_assert_msg(strstr(p, "$(touch") == NULL, "%s", p);
    ck_assert_msg(strstr(p, "`") == NULL, "%s", p);
    ck_assert_ptr_nonnull(strstr(p, "IN=${IN:?is to be a file that a___touch_x____b lists}\n"));
    ck_assert_ptr_nonnull(strstr(p, "\"$T/___touch_x__touch_y___.._z.v\""));
    ck_assert_ptr_nonnull(strstr(p, "# saved?touch x: {name}?touch x #.png\n"));
    gc_text_release(&program);
}
END_TEST

START_TEST(the_run_comes_first)
{
    begin();
    set_text(step(2, "logo", "load", GC_UNSET), "path", "a logo.png");
    step(1, "image", "load", GC_UNSET);
    step(1, "seen", "grey", 2);
    struct gc_step *hoisted = step(1, "logo", "load", GC_UNSET);
    set_text(hoisted, "path", "a logo.png");
    hoisted->hoisted = true;
    struct gc_step *sum = step(1, "sum", "note", 0);
    sum->reduce = true;
    struct gc_text program = {0};
    ck_assert_ptr_null(gc_plan_view_wrong(&view));
    gc_plan_program(&view, &program);
    ck_assert_str_eq(gc_text_str(&program), "set -eu\n"
                                            "IN=${IN:?is to be a file that photos lists}\n"
                                            "OUT=${OUT:-.}\n"
                                            "T=$(mktemp -d)\n"
                                            "trap 'rm -rf \"$T\"' EXIT\n"
                                            "vips autorot 'a logo.png' \"$T/logo.v\"\n"
                                            "vips autorot \"$IN\" \"$T/image.v\"\n"
                                            "vips grey \"$T/logo.v\" \"$T/seen.v\"\n"
                                            "# sum: note has no vips command\n");
    gc_text_release(&program);
}
END_TEST

START_TEST(two_sources)
{
    begin();
    stages[2] = (struct gc_plan_stage){
        .kind = GC_STAGE_SOURCE, .source = GC_UNSET, .n_nodes = 1, .nodes = numbers + 1};
    programs[2].kind = GC_STAGE_SOURCE;
    nodes[1].id = text("others");
    stages[1].source = 2;
    step(1, "image", "load", GC_UNSET);
    is_command(1, 0, "vips autorot \"$IN2\" \"$T/image.v\"");
    struct gc_text program = {0};
    gc_plan_program(&view, &program);
    ck_assert_ptr_nonnull(strstr(gc_text_str(&program), "IN2=${IN2:?is to be a file that others lists}\n"));
    gc_text_release(&program);
}
END_TEST

/* Each index that a plan from the wire may have wrong. */
START_TEST(plans_that_lead_nowhere)
{
    struct gc_reason reason = {.node = 8};
    begin();
    struct gc_step *image = step(1, "image", "load", GC_UNSET);
    struct gc_step *small = step(1, "small", "thumb", 0);
    ck_assert_ptr_null(gc_plan_view_wrong(&view));
    image->node = 8;
    ck_assert_str_eq(gc_plan_view_wrong(&view), "a step of a node that is not there");
    image->node = 0;
    small->decode = 2;
    ck_assert_str_eq(gc_plan_view_wrong(&view), "a decode that is not there");
    small->decode = GC_UNSET;
    small->inputs[0].step = 2;
    ck_assert_str_eq(gc_plan_view_wrong(&view), "an input that does not come before its reader");
    small->inputs[0].step = 1;
    ck_assert_ptr_nonnull(gc_plan_view_wrong(&view));
    small->inputs[0].step = 0;
    image->hoisted = true;
    ck_assert_ptr_null(gc_plan_view_wrong(&view));
    image->inputs[0].step = 1;
    ck_assert_ptr_nonnull(gc_plan_view_wrong(&view));
    image->inputs[0].step = GC_UNSET;
    stages[1].source = 3;
    ck_assert_str_eq(gc_plan_view_wrong(&view), "a stage that is not there");
    stages[1].source = 0;
    uint64_t far = 8;
    stages[1].n_nodes = 1;
    stages[1].nodes = &far;
    ck_assert_str_eq(gc_plan_view_wrong(&view), "a stage of a node that is not there");
    stages[1].n_nodes = 0;
    plan.n_reasons = 1;
    plan.reasons = &reason;
    ck_assert_str_eq(gc_plan_view_wrong(&view), "a reason of a node that is not there");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("plan as a program");
    TCase *t = tcase_create("lines");
    tcase_add_test(t, templates);
    tcase_add_test(t, over_a_decode);
    tcase_add_test(t, two_outputs_and_a_dash);
    tcase_add_test(t, what_has_no_command);
    tcase_add_test(t, an_input_that_says_to_what_it_belongs);
    tcase_add_test(t, over_a_decode_that_is_handed_on);
    tcase_add_test(t, steps_that_hand_on);
    tcase_add_test(t, what_is_published);
    tcase_add_test(t, lists_and_values_that_cannot_be_told);
    tcase_add_test(t, a_shell_gives_back_what_was_quoted);
    tcase_add_test(t, names_have_no_power);
    tcase_add_test(t, the_run_comes_first);
    tcase_add_test(t, two_sources);
    tcase_add_test(t, plans_that_lead_nowhere);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
