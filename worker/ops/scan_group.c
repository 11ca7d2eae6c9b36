/* group_near: items whose hashes are near each other. One pass over the results takes the hashes; what the items of the groups are
 * called is looked up in further passes, as many of the groups at a time as a bounded memory takes. */
#include <stdlib.h>

#include "common/json/json.h"
#include "proto/values.h"
#include "worker/ops/groups.h"
#include "worker/ops/near.h"
#include "worker/ops/published.h"
#include "worker/ops/save.h"
#include "worker/ops/scan.h"
#include "worker/ops/settings.h"
#include "worker/ops/stage.h"

enum { IN, SOURCE }; /* its inputs: its own, and the mapped op's */

enum {
    LINE = 64 << 10,         /* bytes of a line in memory, and a name */
    LAYOUT = 64 << 20,       /* bytes of what items are called, in memory at a time */
    SHOWN = 64 << 10,        /* bytes of groups in the value, and one group at least */
    SHOWN_GROUPS = 256,      /* of which so many are thought of */
    SHOWN_MEMBERS = 16,      /* with so many members each */
    SHOWN_LENGTH = 4096 - 64 /* called so at most */
};
_Static_assert(2 * SHOWN_MEMBERS * (SHOWN_LENGTH + 16) + SHOWN < GC_TASK_VALUES_MAX, "the value fits");
_Static_assert((uint64_t)SHOWN_GROUPS *SHOWN_MEMBERS *(SHOWN_LENGTH + 16) < LAYOUT, "all of them at once");

struct group_near {
    struct gc_run *run;
    struct gc_scan *scan;
    uint32_t field; /* place of the hash in the record */
    struct gc_groups groups;
    struct gc_layout layout;
    struct gc_published file; /* where the job asks for one */
    struct gc_text line;
    bool lost; /* memory for a part of a line ran out */
};

/* ---- install ---- */

/* The place of the hash in the records of its input. */
static enum gc_err find_field(const struct gc_step *step, uint32_t *ret, struct gc_fault *fault)
{
    struct gc_bytes name = gc_setting_string(step, "field", "");
    for (uint32_t i = 0; i < step->n_shape; i++) {
        if (step->shape[i].type != GC_TYPE_HASH || (name.len && !gc_bytes_equal(step->shape[i].name, name)))
            continue;
        *ret = i;
        return GC_OK;
    }
    if (name.len)
        return gc_fault_set(fault, GC_ERR_INVALID, "field: its input has no field '%.*s' that is a hash",
                            GC_STR_ARGS(gc_bytes_str(name)));
    return gc_fault_set(fault, GC_ERR_INVALID, "its input has no field that is a hash, such as phash makes");
}

enum gc_err gc_group_setup(struct gc_step_state *step, struct gc_fault *fault)
{
    uint32_t field;
    enum gc_err err = find_field(step->step, &field, fault);
    return err ? err : gc_published_setup(step, fault);
}

/* ---- passes ---- */

/* The hash in a record; false where the item has none. */
static bool hash_of(struct gc_bytes record, uint32_t field, uint64_t *ret)
{
    struct gc_value_token t;
    struct gc_bytes skipped;
    if (record.len == 0 || gc_value_next(&record, &t) || t.kind != GC_TOKEN_ARRAY || field >= t.n)
        return false;
    while (field-- > 0)
        if (gc_value_skip(&record, &skipped))
            return false;
    if (gc_value_next(&record, &t))
        return false;
    *ret = t.kind == GC_TOKEN_UINT ? t.unsigned_integer : (uint64_t)t.integer;
    return t.kind == GC_TOKEN_UINT || (t.kind == GC_TOKEN_INT && t.integer >= 0);
}

/* The next item that has a hash. */
static bool next(struct group_near *s, uint64_t *ret_item, uint64_t *ret_hash, struct gc_bytes *ret_source)
{
    struct gc_scan_item item;
    while (gc_scan_next_done(s->scan, &item)) {
        if (!hash_of(item.inputs[IN].value, s->field, ret_hash))
            continue;
        *ret_item = item.item;
        *ret_source = gc_bytes_of(NULL, 0);
        (void)gc_scan_string(item.inputs[SOURCE].value, ret_source);
        return true;
    }
    return false;
}

static enum gc_cause take_hashes(struct group_near *s)
{
    uint64_t item;
    uint64_t hash;
    struct gc_bytes source;
    while (next(s, &item, &hash, &source)) {
        enum gc_err err = gc_groups_add(&s->groups, (uint32_t)item, hash, (uint32_t)source.len);
        if (err == GC_ERR_LIMIT)
            return gc_run_fail(s->run, GC_CAUSE_TOO_LARGE,
                               "more than %u items: so many hashes are not compared in one task",
                               GC_NEAR_MAX_HASHES);
        if (err)
            return gc_run_fail(s->run, GC_CAUSE_OOM, "no memory for the hashes of %u items", s->groups.n);
    }
    return GC_CAUSE_NONE;
}
_Static_assert(GC_MAX_ITEMS - 1 <= UINT32_MAX, "the number of an item has 32 bits");

/* What the members of the groups laid out are called. */
static enum gc_cause name_members(struct group_near *s)
{
    uint64_t item;
    uint64_t hash;
    struct gc_bytes source;
    gc_scan_rewind(s->scan);
    for (uint32_t i = 0; i < s->groups.n && next(s, &item, &hash, &source); i++)
        if (!gc_layout_put(&s->layout, &s->groups, i, source))
            return gc_run_fail(s->run, GC_CAUSE_BAD_INPUT, "the results have changed while they were read");
    return GC_CAUSE_NONE;
}

/* ---- the members of a group: where it is laid out, from there; of one too large for that by a pass over all results ---- */

struct members {
    uint32_t group;
    bool laid_out;
    uint64_t at; /* of the layout's walk */
    uint32_t i;  /* of the pass: items so far */
};

static struct members begin_members(struct group_near *s, uint32_t group)
{
    struct members w = {.group = group, .laid_out = group >= s->layout.from && group < s->layout.to};
    if (!w.laid_out)
        gc_scan_rewind(s->scan);
    return w;
}

static bool next_member(struct group_near *s, struct members *w, struct gc_group_member *ret)
{
    uint64_t item;
    uint64_t hash;
    struct gc_bytes source;
    if (w->laid_out)
        return gc_layout_next(&s->layout, &s->groups, w->group, &w->at, ret);
    while (w->i < s->groups.n && next(s, &item, &hash, &source)) {
        if (s->groups.group[w->i++] != w->group)
            continue;
        *ret = (struct gc_group_member){(uint32_t)item, source.ptr != NULL, source};
        return true;
    }
    return false;
}

/* ---- the file: a group a line ---- */

enum column { ITEMS, SOURCES, SOURCES_BASE64 };
static const char *const columns[] = {"\"items\": [", "\"sources\": [", "\"sources_base64\": ["};

static void put_member(struct gc_text *t, enum column column, const struct gc_group_member *m)
{
    if (column == ITEMS)
        gc_json_u64(t, m->item);
    else if (!m->named || (column == SOURCES_BASE64 && gc_utf8_valid(m->source)))
        gc_json_null(t);
    else if (column == SOURCES)
        gc_json_bytes(t, m->source);
    else
        gc_json_base64(t, m->source);
}

/* What there is of the line into the file: a line may be longer than what should be in memory. */
static void flush_line(struct group_near *s)
{
    gc_published_put(&s->file, gc_bytes_of(s->line.ptr, s->line.len));
    s->lost = s->lost || !gc_text_ok(&s->line);
    gc_text_reset(&s->line);
}

/* *ret_valid: all that was to be told of is UTF-8. */
static void put_column(struct group_near *s, uint32_t group, enum column column, bool *ret_valid)
{
    struct gc_text *t = &s->line;
    struct gc_group_member m;
    bool first = true;
    *ret_valid = true;
    gc_text_put(t, ", ");
    gc_text_put(t, columns[column]);
    for (struct members w = begin_members(s, group); next_member(s, &w, &m); first = false) {
        if (!first)
            gc_text_put(t, ", ");
        put_member(t, column, &m);
        *ret_valid = *ret_valid && (!m.named || gc_utf8_valid(m.source));
        if (t->len > LINE)
            flush_line(s);
    }
    gc_text_putc(t, ']');
}

static void put_line(struct group_near *s, uint32_t group)
{
    bool valid;
    gc_text_format(&s->line, "{\"size\": %u", s->groups.groups[group].size);
    put_column(s, group, ITEMS, &valid);
    put_column(s, group, SOURCES, &valid);
    if (!valid)
        put_column(s, group, SOURCES_BASE64, &valid);
    gc_text_put(&s->line, "}\n");
    flush_line(s);
}

static enum gc_cause write_groups(struct group_near *s)
{
    enum gc_cause cause = GC_CAUSE_NONE;
    uint32_t end = 0; /* of those written */
    s->layout.members = UINT32_MAX;
    s->layout.longest = UINT32_MAX;
    while (!cause && end < s->groups.n_groups && !s->file.error) {
        s->layout.from = end;
        gc_layout_begin(&s->layout, &s->groups, UINT32_MAX);
        end = s->layout.to > end ? s->layout.to : end + 1; /* one too large for it is walked instead */
        if (s->layout.to > s->layout.from)
            cause = name_members(s);
        for (uint32_t k = s->layout.from; !cause && k < end && !s->file.error; k++)
            put_line(s, k);
        if (!cause && s->lost)
            cause = gc_run_fail(s->run, GC_CAUSE_OOM, "no memory for the line of a group");
    }
    return cause;
}

/* ---- the value ---- */

static void put_group(const struct group_near *s, uint32_t group, struct gc_buf *out)
{
    const struct gc_group *g = &s->groups.groups[group];
    struct gc_group_member m;
    gc_value_put_map(out, 3);
    gc_value_put_str(out, gc_str_bytes(GC_STR("size")));
    gc_value_put_uint(out, g->size);
    gc_value_put_str(out, gc_str_bytes(GC_STR("items")));
    gc_value_put_array(out, g->there);
    for (uint64_t at = 0; gc_layout_next(&s->layout, &s->groups, group, &at, &m);)
        gc_value_put_uint(out, m.item);
    gc_value_put_str(out, gc_str_bytes(GC_STR("sources")));
    gc_value_put_array(out, g->there);
    for (uint64_t at = 0; gc_layout_next(&s->layout, &s->groups, group, &at, &m);) {
        if (m.named)
            gc_value_put_str(out, m.source);
        else
            gc_value_put_nil(out);
    }
}

/* How many groups the value shows: as many as fit, and one at least. `out` is for trying. */
static uint32_t count_shown(const struct group_near *s, struct gc_buf *out)
{
    uint32_t n = 0;
    size_t start = out->len;
    while (n < s->layout.to) {
        put_group(s, n, out);
        if (!gc_buf_ok(out) || (n > 0 && out->len - start > SHOWN))
            break;
        n++;
    }
    out->len = start;
    out->overflow = false;
    return n;
}

static enum gc_cause put_record(struct group_near *s, unsigned distance, bool with_file, struct gc_cell *ret)
{
    struct gc_buf *out = &s->run->stage->scratch;
    uint32_t shown = count_shown(s, out);
    size_t start = out->len;
    gc_value_put_array(out, 9);
    gc_value_put_uint(out, s->groups.n);
    gc_value_put_uint(out, distance);
    gc_value_put_uint(out, s->groups.n_groups);
    gc_value_put_uint(out, s->groups.grouped);
    gc_value_put_array(out, shown);
    for (uint32_t k = 0; k < shown; k++)
        put_group(s, k, out);
    gc_value_put_uint(out, s->groups.n_groups - shown);
    if (with_file)
        gc_save_put_made(out, &s->file.made);
    for (int i = 0; i < 3 && !with_file; i++)
        gc_value_put_nil(out);
    ret->cached = with_file && s->file.there;
    return gc_cell_end_record(s->run, ret, start);
}

/* ---- the whole ---- */

static enum gc_cause find_groups(struct group_near *s, unsigned distance)
{
    enum gc_cause cause = take_hashes(s);
    if (!cause && gc_groups_find(&s->groups, distance))
        cause =
            gc_run_fail(s->run, GC_CAUSE_OOM, "no memory for comparing the hashes of %u items", s->groups.n);
    return cause;
}

static enum gc_cause file_groups(struct group_near *s, struct gc_step_state *st)
{
    enum gc_cause cause = gc_published_begin(s->run, st, &s->file);
    if (!cause && !s->file.there)
        cause = write_groups(s);
    return cause ? cause : gc_published_end(s->run, st, &s->file);
}

static enum gc_cause group(struct group_near *s, struct gc_step_state *st, struct gc_cell *ret)
{
    struct gc_fault fault;
    unsigned distance = (unsigned)gc_setting_int(st->step, "distance", 4);
    if (find_field(st->step, &s->field, &fault))
        return gc_run_fail(s->run, GC_CAUSE_OP_ERROR, "%s", fault.text);
    s->layout.capacity = LAYOUT;
    s->layout.memory = malloc(LAYOUT); /* what is not touched takes no memory */
    if (!s->layout.memory)
        return gc_run_fail(s->run, GC_CAUSE_OOM, "no memory for what items are called");
    enum gc_cause cause = find_groups(s, distance);
    if (!cause && st->to)
        cause = file_groups(s, st);
    if (cause)
        return cause;
    s->layout.from = 0;
    s->layout.members = SHOWN_MEMBERS;
    s->layout.longest = SHOWN_LENGTH;
    gc_layout_begin(&s->layout, &s->groups, SHOWN_GROUPS);
    cause = name_members(s);
    return cause ? cause : put_record(s, distance, st->to != NULL, ret);
}

enum gc_cause gc_group_scan(struct gc_run *run, struct gc_step_state *step, struct gc_scan *scan,
                            struct gc_cell *ret)
{
    struct group_near s = {.run = run, .scan = scan};
    gc_groups_init(&s.groups);
    enum gc_cause cause = group(&s, step, ret);
    gc_groups_release(&s.groups);
    gc_published_release(&s.file);
    gc_text_release(&s.line);
    free(s.layout.memory);
    return cause;
}
