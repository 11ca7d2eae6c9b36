/* The names that a job's outputs will have: can two items make one?
 *
 * A publishing op (by trait) names its file by the template `to`. One-to-one by construction are {index}, {path}, {digest}, and
 * {dir} together with {name} or {stem}. {name} or {stem} alone are where the source takes one folder only. Whatever passes here
 * is not believed: unless a name is one-to-one in all cases, the source's program tells the lister to hash it for each item, and an
 * item that makes it again fails as `output`. The words here are for the user who would find out in the morning.
 */
#include "common/nearest.h"
#include "coordinator/plan/planner.h"

#include <string.h>

enum field {
    FIELD_INDEX = 1 << 0,
    FIELD_PATH = 1 << 1,
    FIELD_DIR = 1 << 2,
    FIELD_NAME = 1 << 3,
    FIELD_STEM = 1 << 4,
    FIELD_EXT = 1 << 5,
    FIELD_DIGEST = 1 << 6,
    FIELD_OTHER = 1 << 7, /* of a manifest, as far as the planner can tell */
};

static const struct {
    struct gc_str name;
    unsigned field;
} FIELDS[] = {
    {GC_STR_INIT("index"), FIELD_INDEX},   {GC_STR_INIT("path"), FIELD_PATH}, {GC_STR_INIT("dir"), FIELD_DIR},
    {GC_STR_INIT("name"), FIELD_NAME},     {GC_STR_INIT("stem"), FIELD_STEM}, {GC_STR_INIT("ext"), FIELD_EXT},
    {GC_STR_INIT("digest"), FIELD_DIGEST},
};

enum found { NO_FIELD, A_FIELD, A_STRAY_BRACE };

/* The next {field} of a template; its rest stays in *text. A brace that is written twice stands for itself. */
static enum found next_field(struct gc_str *text, struct gc_str *ret)
{
    for (size_t i = 0; i < text->len; i++) {
        char c = text->ptr[i];
        if (c != '{' && c != '}')
            continue;
        if (i + 1 < text->len && text->ptr[i + 1] == c) {
            i++;
            continue;
        }
        struct gc_str rest = gc_str_part(*text, i + 1, text->len);
        const char *close = c == '{' && rest.len ? memchr(rest.ptr, '}', rest.len) : NULL;
        if (!close || close == rest.ptr)
            return A_STRAY_BRACE;
        size_t len = (size_t)(close - rest.ptr);
        *ret = gc_str_part(rest, 0, len);
        *text = gc_str_part(rest, len + 1, rest.len);
        return A_FIELD;
    }
    return NO_FIELD;
}

static unsigned field_of(struct gc_str name, struct gc_nearest *near)
{
    gc_nearest_init(near, name);
    for (size_t i = 0; i < GC_COUNT_OF(FIELDS); i++) {
        if (gc_str_equal(FIELDS[i].name, name))
            return FIELDS[i].field;
        gc_nearest_offer(near, FIELDS[i].name);
    }
    return FIELD_OTHER;
}

/* The set of fields that a template has, and what comes behind the last of them; false where it is no template. Likely misspelt
 * ones are told. */
static bool fields_of(struct gc_planner *p, uint32_t node, struct gc_bytes at, struct gc_str template,
                      unsigned *ret, struct gc_str *ret_tail)
{
    struct gc_str text = template;
    struct gc_str name;
    enum found found;
    *ret = 0;
    while ((found = next_field(&text, &name)) == A_FIELD) {
        struct gc_nearest near;
        unsigned field = field_of(name, &near);
        if (field == FIELD_OTHER && gc_nearest_found(&near))
            gc_plan_warn(
                p, node, at,
                "'{%b}' is a field of a manifest, if there is one of that name; did you mean '{%b}'?",
                gc_str_bytes(name), gc_str_bytes(near.best));
        *ret |= field;
    }
    if (found == A_STRAY_BRACE)
        gc_plan_error(
            p, node, at,
            "'%b' has a brace that belongs to no {field}; one that stands for itself is written twice",
            gc_str_bytes(template));
    *ret_tail = text;
    return found != A_STRAY_BRACE;
}

/* Whether items of a source can lie in several folders: a pattern without a slash takes one folder, a source without a pattern
 * (a manifest) may name any. */
static bool many_folders(const struct gc_planner *p, uint32_t source)
{
    const struct gc_value *pattern = gc_plan_setting(&p->v[source], "pattern");
    if (!pattern || pattern->kind != GC_VALUE_STRING || pattern->as.string.len == 0)
        return true;
    return memchr(pattern->as.string.ptr, '/', pattern->as.string.len) != NULL;
}

static bool one_to_one(unsigned set)
{
    if (set & (FIELD_INDEX | FIELD_PATH | FIELD_DIGEST | FIELD_OTHER))
        return true;
    return (set & FIELD_DIR) && (set & (FIELD_NAME | FIELD_STEM));
}

/* {stem} is not: a.jpg and a.png have one. A folder holds a path once, a manifest may name it again. Names by their digest cannot be
 * compared beforehand, nor need they. */
static bool always_one_to_one(const struct gc_planner *p, uint32_t source, unsigned set)
{
    if ((set & FIELD_DIGEST) || set == FIELD_INDEX) /* {index} beside another: 1 and "1a" meet 11 and "a" */
        return true;
    if (!gc_plan_setting(&p->v[source], "pattern"))
        return false;
    return (set & FIELD_PATH) || ((set & FIELD_DIR) && (set & FIELD_NAME));
}

static void check_item_name(struct gc_planner *p, uint32_t node, struct gc_bytes field, struct gc_bytes to,
                            unsigned set)
{
    if (one_to_one(set) || p->job->limit == 1)
        return;
    if (set & (FIELD_NAME | FIELD_STEM)) {
        if (many_folders(p, p->v[node].source))
            gc_plan_warn(
                p, node, field,
                "items of one name in two folders would both write '%b': put {dir} before it, or {index}",
                to);
    } else if (set) {
        gc_plan_warn(p, node, field,
                     "many items would write the same '%b': put {dir} and {stem} into it, or {index}", to);
    } else {
        gc_plan_error(p, node, field, "every item would write '%b': put {dir} and {stem} into it, or {index}",
                      to);
    }
}

static bool publishes(const struct gc_plan_vertex *v)
{
    return v->known && gc_plan_has(v, GC_TRAIT_PUBLISH);
}

/* Nodes that name their files alike, for the same items or both once for the run, want the same ones; unless a filter before each lets
 * the one pass what the other does not. */
static void check_others(struct gc_planner *p, uint32_t node, struct gc_bytes field, struct gc_bytes to)
{
    const struct gc_plan_vertex *v = &p->v[node];
    for (uint32_t i = 0; i < node; i++) {
        const struct gc_plan_vertex *other = &p->v[i];
        if (!publishes(other) || other->per_item != v->per_item ||
            (v->per_item && other->source != v->source))
            continue;
        const struct gc_value *name = gc_plan_setting(other, "to");
        if (!name || name->kind != GC_VALUE_STRING || !gc_bytes_equal(name->as.string, to))
            continue;
        gc_plan_warn(p, node, field,
                     "'%b' is what '%b' writes as well: an item that comes to both has one file for two", to,
                     other->node->id);
        return;
    }
}

static void check_node(struct gc_planner *p, uint32_t node)
{
    const struct gc_plan_vertex *v = &p->v[node];
    const struct gc_value *to = gc_plan_setting(v, "to");
    if (!to || to->kind != GC_VALUE_STRING)
        return;
    struct gc_bytes field = gc_str_bytes(GC_STR("config.to"));
    unsigned set;
    struct gc_str tail;
    if (!fields_of(p, node, field, gc_bytes_str(to->as.string), &set, &tail))
        return;
    gc_plan_format(p, node, field, tail, set == 0);
    if (!(set & FIELD_DIGEST))
        check_others(p, node, field, to->as.string);
    p->v[node].compared = v->per_item && !v->sifted && !always_one_to_one(p, v->source, set);
    if (v->per_item)
        check_item_name(p, node, field, to->as.string, set);
    else if (set & ~(unsigned)FIELD_DIGEST)
        gc_plan_error(p, node, field, "'%b' names a field of an item, and '%b' writes one file for the run",
                      to->as.string, v->node->id);
}

/* Names are compared when items are listed, and then nobody knows yet what a filter will let pass: a.png has no claim to a name if
 * only a.jpg comes as far. Names of what is sifted are compared when they are written. */
static bool is_sifted(const struct gc_planner *p, uint32_t node)
{
    const struct gc_plan_vertex *v = &p->v[node];
    bool sifted = false;
    for (uint32_t i = 0; v->known && i < v->node->n_inputs && !sifted; i++) {
        const struct gc_plan_vertex *from = &p->v[v->node->inputs[i].node];
        sifted = from->sifted || gc_plan_has(from, GC_TRAIT_PASSES);
    }
    return sifted;
}

void gc_plan_publish(struct gc_planner *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        p->v[i].sifted = is_sifted(p, i);
        if (publishes(&p->v[i]))
            check_node(p, i);
    }
}

/* The names that are to be compared go to the program of the source whose items make them. */
void gc_plan_compare(struct gc_planner *p)
{
    for (uint32_t i = 0; i < p->n && !p->full; i++) {
        const struct gc_plan_vertex *v = &p->v[i];
        if (!v->compared)
            continue;
        struct gc_program *program = &p->draft->programs[p->v[v->source].runs_in];
        if (!program->names)
            program->names = GC_PLANNER_ARRAY(p, struct gc_naming, GC_MAX_NAMINGS);
        if (program->n_names == GC_MAX_NAMINGS)
            gc_plan_warn(
                p, i, gc_str_bytes(GC_STR("config.to")),
                "names of outputs are compared for %u nodes of a source, and '%b' is beyond them: two of its "
                "items that make one name are only found when the second is written",
                (uint64_t)GC_MAX_NAMINGS, v->node->id);
        else if (program->names)
            program->names[program->n_names++] =
                (struct gc_naming){.node = i, .to = gc_plan_setting(v, "to")->as.string};
    }
}
