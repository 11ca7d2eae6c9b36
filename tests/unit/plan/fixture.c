#include "fixture.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define B(literal)                                      \
    {                                                   \
        (const uint8_t *)(literal), sizeof(literal) - 1 \
    }
#define NO_RANGE .min = 1, .max = 0

#define OUT(kind)                                      \
    .n_outputs = 1, .outputs = (struct gc_op_output[]) \
    {                                                  \
        {                                              \
            B("out"), GC_TYPE_##kind                   \
        }                                              \
    }
#define IN(...)                      \
    .inputs = (struct gc_op_input[]) \
    {                                \
        __VA_ARGS__                  \
    }

static struct gc_name sizes[] = {{B("both")}, {B("up")}, {B("down")}, {B("force")}};

static struct gc_name loaders[] = {{B("svg")}, {B("pdf")}};

static struct gc_name jpeg[] = {{B(".jpg")}, {B(".jpeg")}};
static struct gc_name webp[] = {{B(".webp")}};
static struct gc_name png[] = {{B(".png")}};
static struct gc_name both_settings[] = {{B("Q")}, {B("lossless")}};
static struct gc_name quality[] = {{B("Q")}};
static struct gc_op_format formats[] = {
    {.n_suffixes = 2, .suffixes = jpeg, .n_settings = 1, .settings = quality},
    {.n_suffixes = 1, .suffixes = png},
    {.n_suffixes = 1, .suffixes = webp, .n_settings = 2, .settings = both_settings},
};

static struct gc_op ops[] = {
    {.name = B("files"),
     .scope = GC_SCOPE_SOURCE,
     OUT(ITEM),
     .n_config = 2,
     .config =
         (struct gc_op_config[]){
             {.key = B("path"), .type = GC_TYPE_STRING, .required = true, NO_RANGE},
             {.key = B("pattern"),
              .type = GC_TYPE_STRING,
              NO_RANGE,
              .fallback = {.kind = GC_VALUE_STRING, .as.string = B("**/*")}},
         }},
    {.name = B("list"),
     .scope = GC_SCOPE_SOURCE,
     OUT(ITEM),
     .n_config = 1,
     .config =
         (struct gc_op_config[]){{.key = B("path"), .type = GC_TYPE_STRING, .required = true, NO_RANGE}}},
    {.name = B("pages"),
     .scope = GC_SCOPE_SOURCE,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_ITEM}),
     OUT(ITEM)},
    {.name = B("load"),
     .scope = GC_SCOPE_ITEM,
     .cost = 100,
     .traits = GC_TRAIT_PURE | GC_TRAIT_DECODE | GC_TRAIT_READS_FILE,
     .n_inputs = 1,
     IN({.name = B("item"), .type = GC_TYPE_ITEM}),
     .n_outputs = 2,
     .outputs = (struct gc_op_output[]){{B("image"), GC_TYPE_IMAGE}, {B("exif"), GC_TYPE_RECORD}},
     .n_config = 4,
     .config =
         (struct gc_op_config[]){
             {.key = B("path"), .type = GC_TYPE_STRING, NO_RANGE},
             {.key = B("cascade"), .type = GC_TYPE_BOOL, NO_RANGE},
             {.key = B("shrink_on_load"),
              .type = GC_TYPE_BOOL,
              NO_RANGE,
              .fallback = {.kind = GC_VALUE_BOOL, .as.flag = true}},
             {.key = B("loaders"), .type = GC_TYPE_LIST, NO_RANGE, .n_choices = 2, .choices = loaders},
         }},
    {.name = B("stat"),
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_READS_FILE,
     .n_inputs = 1,
     IN({.name = B("item"), .type = GC_TYPE_ITEM, .required = true}),
     OUT(RECORD)},
    {.name = B("thumbnail_image"),
     .scope = GC_SCOPE_ITEM,
     .cost = 20,
     .traits = GC_TRAIT_PURE | GC_TRAIT_SHRINK_ON_LOAD,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true}),
     OUT(IMAGE),
     .n_config = 4,
     .config =
         (struct gc_op_config[]){
             {.key = B("width"), .type = GC_TYPE_INT, .required = true, .min = 1, .max = 10000000},
             {.key = B("height"), .type = GC_TYPE_INT, .min = 1, .max = 10000000},
             {.key = B("size"), .type = GC_TYPE_STRING, NO_RANGE, .n_choices = 4, .choices = sizes},
             {.key = B("linear"), .type = GC_TYPE_BOOL, NO_RANGE},
         }},
    {.name = B("shrink_beside"),
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE | GC_TRAIT_SHRINK_ON_LOAD,
     .n_inputs = 2,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true},
        {.name = B("beside"), .type = GC_TYPE_IMAGE, .required = true}),
     OUT(IMAGE)},
    {.name = B("sharpen"),
     .scope = GC_SCOPE_ITEM,
     .cost = 20,
     .traits = GC_TRAIT_PURE,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true}),
     OUT(IMAGE),
     .n_config = 3,
     .config =
         (struct gc_op_config[]){
             {.key = B("sigma"), .type = GC_TYPE_REAL, .min = 0.000001, .max = 10},
             {.key = B("weights"), .type = GC_TYPE_NUMBERS, NO_RANGE},
             {.key = B("note"), .type = GC_TYPE_ANY, NO_RANGE},
         }},
    {.name = B("composite2"),
     .scope = GC_SCOPE_ITEM,
     .cost = 30,
     .traits = GC_TRAIT_PURE,
     .n_inputs = 3,
     IN({.name = B("base"), .type = GC_TYPE_IMAGE, .required = true},
        {.name = B("overlay"), .type = GC_TYPE_IMAGE, .required = true},
        {.name = B("opacity"), .type = GC_TYPE_REAL}),
     OUT(IMAGE)},
    {.name = B("arrayjoin"),
     .scope = GC_SCOPE_ITEM,
     .cost = 5,
     .traits = GC_TRAIT_PURE,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true, .many = true}),
     OUT(IMAGE)},
    {.name = B("avg"),
     .scope = GC_SCOPE_ITEM,
     .cost = 10,
     .traits = GC_TRAIT_PURE,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true}),
     .n_outputs = 2,
     .outputs = (struct gc_op_output[]){{B("out"), GC_TYPE_REAL}, {B("pixels"), GC_TYPE_INT}}},
    {.name = B("noop"),
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE | GC_TRAIT_PASSES,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_ANY, .many = true}),
     OUT(ANY)},
    {.name = B("filter"),
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE | GC_TRAIT_PASSES,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_ANY, .required = true}),
     OUT(ANY),
     .n_config = 1,
     .config =
         (struct gc_op_config[]){
             {.key = B("where"), .type = GC_TYPE_EXPRESSION, .required = true, NO_RANGE}}},
    {.name = B("save"),
     .scope = GC_SCOPE_ITEM,
     .cost = 100,
     .traits = GC_TRAIT_PUBLISH,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true}),
     OUT(RECORD),
     .n_config = 4,
     .config =
         (struct gc_op_config[]){
             {.key = B("to"), .type = GC_TYPE_STRING, .required = true, NO_RANGE},
             {.key = B("Q"), .type = GC_TYPE_INT, .min = 1, .max = 100},
             {.key = B("lossless"), .type = GC_TYPE_BOOL, NO_RANGE},
             {.key = B("exists"), .type = GC_TYPE_STRING, NO_RANGE},
         },
     .n_formats = 3,
     .formats = formats,
     .n_shape = 2,
     .shape = (struct gc_field[]){{B("path"), GC_TYPE_STRING}, {B("bytes"), GC_TYPE_INT}}},
    {.name = B("describe"),
     .scope = GC_SCOPE_ITEM,
     .cost = 30,
     .traits = GC_TRAIT_PURE,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true}),
     OUT(RECORD),
     .n_shape = 1,
     .shape = (struct gc_field[]){{B("mean"), GC_TYPE_REAL}}},
    {.name = B("summarize"),
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_PURE | GC_TRAIT_COMMUTES,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_RECORD, .required = true}),
     OUT(RECORD)},
    {.name = B("count"),
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_PURE | GC_TRAIT_COMMUTES,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_ANY}),
     OUT(INT)},
    {.name = B("contact_sheet"),
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_PUBLISH | GC_TRAIT_COMMUTES,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true}),
     OUT(RECORD),
     .n_config = 1,
     .config = (struct gc_op_config[]){{.key = B("to"), .type = GC_TYPE_STRING, .required = true, NO_RANGE}}},
    {.name = B("ranking"),
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_PURE | GC_TRAIT_COMMUTES,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_RECORD, .required = true}),
     OUT(RECORD),
     .n_config = 2,
     .config =
         (struct gc_op_config[]){{.key = B("by"), .type = GC_TYPE_NUMBER_FIELD, .required = true, NO_RANGE},
                                 {.key = B("like"), .type = GC_TYPE_HASH_FIELD, NO_RANGE}}},
    {.name = B("together"),
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_PURE | GC_TRAIT_COMMUTES,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_ANY, .required = true, .many = true}),
     OUT(INT)},
    {.name = B("regions"), /* tells more of its image than any does */
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true}),
     .n_outputs = 2,
     .outputs = (struct gc_op_output[]){{B("mask"), GC_TYPE_IMAGE}, {B("edges"), GC_TYPE_IMAGE}},
     .n_shape = 5,
     .shape = (struct gc_field[]){{B("width"), GC_TYPE_INT},
                                  {B("height"), GC_TYPE_INT},
                                  {B("bands"), GC_TYPE_INT},
                                  {B("format"), GC_TYPE_STRING},
                                  {B("segments"), GC_TYPE_INT}}},
    {.name = B("stamp"),
     .scope = GC_SCOPE_ITEM,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true}),
     OUT(IMAGE)},
    {.name = B("echo"),
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_ANY, .many = true}),
     OUT(RECORD)},
    {.name = B("marks"),
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true}),
     OUT(RECORD),
     .n_config = 2,
     .config =
         (struct gc_op_config[]){
             {.key = B("cells"), .type = GC_TYPE_INT, .min = 1, .max = 64},
             {.key = B("note"), .type = GC_TYPE_ANY, NO_RANGE},
         },
     .n_shape = 2,
     .shape = (struct gc_field[]){{B("mark"), GC_TYPE_HASH}, {B("clear"), GC_TYPE_BOOL}}},
    {.name = B("twins"),
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_PURE | GC_TRAIT_SCANS,
     .maps = B("marks"),
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_IMAGE, .required = true}),
     OUT(RECORD),
     .n_config = 3,
     .config =
         (struct gc_op_config[]){
             {.key = B("distance"), .type = GC_TYPE_INT, .min = 0, .max = 64},
             {.key = B("cells"), .type = GC_TYPE_INT, .min = 1, .max = 64},
             {.key = B("note"), .type = GC_TYPE_ANY, NO_RANGE},
         }},
    {.name = B("collected"),
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_SCANS,
     .n_inputs = 1,
     IN({.name = B("in"), .type = GC_TYPE_ANY, .required = true, .many = true}),
     OUT(LIST)},
    {.name = B("sleep"), .scope = GC_SCOPE_ITEM, .n_inputs = 1, IN({.name = B("in"), .type = GC_TYPE_ANY})},
};

enum { N_OPS = sizeof ops / sizeof ops[0] };

static int by_name(const void *a, const void *b)
{
    const struct gc_op *x = a;
    const struct gc_op *y = b;
    return gc_str_compare(gc_bytes_str(x->name), gc_bytes_str(y->name));
}

/* Reversed letters: another order too, so nothing can hang on it. */
static struct gc_bytes reversed(struct gc_bytes name)
{
    static uint8_t room[16384];
    static size_t used;
    ck_assert_uint_le(used + name.len, sizeof room);
    uint8_t *to = room + used;
    for (size_t i = 0; i < name.len; i++)
        to[i] = name.ptr[name.len - 1 - i];
    used += name.len;
    return gc_bytes_of(to, name.len);
}

struct gc_bytes op_name(const char *name, bool other)
{
    struct gc_bytes b = gc_str_bytes(gc_str_of(name));
    return other ? reversed(b) : b;
}

const struct gc_catalogue *catalogue(bool other)
{
    static struct gc_op renamed[N_OPS];
    static struct gc_catalogue both[2];
    if (both[0].n_ops == 0) {
        memcpy(renamed, ops, sizeof ops);
        for (size_t i = 0; i < N_OPS; i++) {
            renamed[i].name = reversed(ops[i].name);
            renamed[i].maps = reversed(ops[i].maps);
        }
        qsort(ops, N_OPS, sizeof ops[0], by_name);
        qsort(renamed, N_OPS, sizeof renamed[0], by_name);
        both[0] = (struct gc_catalogue){.n_ops = N_OPS, .ops = ops};
        both[1] = (struct gc_catalogue){.n_ops = N_OPS, .ops = renamed};
    }
    return &both[other];
}

struct fixture *fixture(void)
{
    static struct fixture f;
    static uint8_t strings[1 << 20];
    static uint8_t memory[4 << 20];
    memset(&f, 0, sizeof f);
    gc_arena_init(&f.strings, strings, sizeof strings);
    gc_arena_init(&f.arena, memory, sizeof memory);
    f.job.name = gc_str_bytes(GC_STR("test"));
    f.job.folder = gc_str_bytes(GC_STR("/home/me"));
    f.job.limit = GC_UNSET;
    return &f;
}

static struct gc_bytes keep(struct fixture *f, const char *text, size_t len)
{
    uint8_t *p = gc_arena_take(&f->strings, len, 1);
    ck_assert_ptr_nonnull(p);
    memcpy(p, text, len);
    return gc_bytes_of(p, len);
}

uint32_t index_of(const struct fixture *f, const char *id)
{
    for (uint32_t i = 0; i < f->n; i++)
        if (gc_str_is(gc_bytes_str(f->nodes[i].id), id))
            return i;
    ck_abort_msg("the test has no node %s", id);
}

static struct gc_input input(struct fixture *f, char *word)
{
    struct gc_input in = {0};
    char *colon = strchr(word, ':');
    if (colon) {
        in.slot = keep(f, word, (size_t)(colon - word));
        word = colon + 1;
    }
    char *dot = strchr(word, '.');
    if (dot) {
        in.output = keep(f, dot + 1, strlen(dot + 1));
        *dot = '\0';
    }
    in.node = word[0] == '#' ? strtoull(word + 1, NULL, 10) : index_of(f, word);
    return in;
}

static struct gc_value value(struct fixture *f, const char *word)
{
    char *end;
    struct gc_value v = {.kind = GC_VALUE_INT, .as.integer = strtoll(word, &end, 10)};
    if (*word && !*end)
        return v;
    v = (struct gc_value){.kind = GC_VALUE_REAL, .as.real = strtod(word, &end)};
    if (*word && !*end)
        return v;
    if (!strcmp(word, "null"))
        return (struct gc_value){.kind = GC_VALUE_NULL};
    if (!strcmp(word, "true") || !strcmp(word, "false"))
        return (struct gc_value){.kind = GC_VALUE_BOOL, .as.flag = *word == 't'};
    if (!strcmp(word, "[]") || !strcmp(word, "{}"))
        return (struct gc_value){.kind = *word == '[' ? GC_VALUE_LIST : GC_VALUE_MAP};
    word += *word == '\'';
    return (struct gc_value){.kind = GC_VALUE_STRING, .as.string = keep(f, word, strlen(word))};
}

static void inputs(struct fixture *f, struct gc_node *n, char *word)
{
    n->inputs = gc_arena_take(&f->strings, GC_MAX_INPUTS * sizeof(struct gc_input), 16);
    ck_assert_ptr_nonnull(n->inputs);
    char *rest = NULL;
    for (char *w = strtok_r(word, ",", &rest); w && strcmp(w, "-"); w = strtok_r(NULL, ",", &rest))
        n->inputs[n->n_inputs++] = input(f, w);
}

static void setting(struct fixture *f, struct gc_node *n, char *word)
{
    char *equals = strchr(word, '=');
    ck_assert_ptr_nonnull(equals);
    n->config[n->n_config++] = (struct gc_setting){
        .key = keep(f, word, (size_t)(equals - word)),
        .value = value(f, equals + 1),
    };
}

struct gc_node *node(struct fixture *f, const char *line)
{
    enum { MOST_SETTINGS = 16 };
    char text[1024];
    ck_assert(gc_str_copy(text, sizeof text, gc_str_of(line)));
    struct gc_node *n = &f->nodes[f->n];
    char *rest = NULL;
    char *id = strtok_r(text, " ", &rest);
    char *op = strtok_r(NULL, " ", &rest);
    n->id = keep(f, id, strlen(id));
    n->op = f->other ? op_name(op, true) : gc_bytes_of(NULL, 0);
    n->op = f->other ? keep(f, (const char *)n->op.ptr, n->op.len) : keep(f, op, strlen(op));
    n->config = gc_arena_take(&f->strings, MOST_SETTINGS * sizeof(struct gc_setting), 16);
    char *word = strtok_r(NULL, " ", &rest);
    if (word && !strchr(word, '=')) {
        inputs(f, n, word);
        word = strtok_r(NULL, " ", &rest);
    }
    for (; word; word = strtok_r(NULL, " ", &rest))
        setting(f, n, word);
    f->job.n_nodes = ++f->n;
    return n;
}

struct gc_policy *policy_of(struct fixture *f, struct gc_node *n)
{
    struct gc_policy *p = gc_arena_take(&f->strings, sizeof *p, 16);
    *p = (struct gc_policy){GC_UNSET, GC_UNSET, GC_UNSET, GC_UNSET, GC_UNSET};
    if (n) {
        n->n_policy = 1;
        n->policy = p;
    } else {
        f->job.n_policy = 1;
        f->job.policy = p;
    }
    return p;
}

const struct gc_plan_draft *plan(struct fixture *f)
{
    ck_assert_int_eq(gc_plan_make(&f->job, f->nodes, f->n, catalogue(f->other), &f->arena, &f->draft), GC_OK);
    return &f->draft;
}

static void tell(const struct fixture *f)
{
    for (uint32_t i = 0; i < f->draft.n_problems; i++) {
        const struct gc_problem *p = &f->draft.problems[i];
        struct gc_bytes id = p->node == GC_UNSET ? gc_str_bytes(GC_STR("the job")) : f->nodes[p->node].id;
        fprintf(stderr, "  %s %.*s: %.*s: %.*s\n", p->warning ? "warning" : "error",
                GC_STR_ARGS(gc_bytes_str(id)), GC_STR_ARGS(gc_bytes_str(p->field)),
                GC_STR_ARGS(gc_bytes_str(p->text)));
    }
}

const struct gc_plan *good(struct fixture *f)
{
    plan(f);
    if (f->draft.n_problems)
        tell(f);
    ck_assert_uint_eq(f->draft.n_problems, 0);
    ck_assert(f->draft.accepted);
    return &f->draft.plan;
}

static bool holds(struct gc_bytes text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static void has(const struct fixture *f, const char *id, const char *field, const char *part, bool warning)
{
    uint64_t at = id ? index_of(f, id) : GC_UNSET;
    for (uint32_t i = 0; i < f->draft.n_problems; i++) {
        const struct gc_problem *p = &f->draft.problems[i];
        if (p->node == at && p->warning == warning && gc_str_is(gc_bytes_str(p->field), field) &&
            holds(p->text, part))
            return;
    }
    tell(f);
    ck_abort_msg("nothing says '%s' of %s.%s", part, id ? id : "the job", field);
}

void has_error(const struct fixture *f, const char *id, const char *field, const char *part)
{
    ck_assert(!f->draft.accepted);
    has(f, id, field, part, false);
}

void has_warning(const struct fixture *f, const char *id, const char *field, const char *part)
{
    has(f, id, field, part, true);
}

void has_problems(const struct fixture *f, uint32_t n)
{
    if (f->draft.n_problems != n)
        tell(f);
    ck_assert_uint_eq(f->draft.n_problems, n);
}

void has_reason(const struct fixture *f, const char *id, const char *part)
{
    const struct gc_plan *p = &f->draft.plan;
    struct gc_bytes text = {0};
    for (uint32_t i = 0; i < p->n_reasons; i++)
        if (p->reasons[i].node == index_of(f, id))
            text = p->reasons[i].text;
    if (part[0] ? !holds(text, part) : text.len != 0)
        ck_abort_msg("the reason of %s is '%.*s', not '%s'", id, GC_STR_ARGS(gc_bytes_str(text)), part);
}

const struct gc_step *step_of(const struct fixture *f, const char *id)
{
    uint32_t at = index_of(f, id);
    for (uint32_t s = 0; s < f->draft.plan.n_stages; s++)
        for (uint32_t i = 0; i < f->draft.programs[s].n_steps; i++)
            if (f->draft.programs[s].steps[i].node == at && f->draft.programs[s].kind != GC_STAGE_REDUCE)
                return &f->draft.programs[s].steps[i];
    ck_abort_msg("no step is %s's", id);
}
