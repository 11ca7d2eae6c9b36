#include "proto/status.h"

#include <string.h>

#include "common/assert.h"

/* The longest encoded run: a count and a pattern's index, which is below GC_MAX_PATTERNS. */
#define RUN_BYTES (GC_VARINT_MAX + 1u)
_Static_assert(GC_MAX_PATTERNS <= 128, "a pattern's index is a varint of one byte");
_Static_assert(GC_OUTCOMES <= 256, "an outcome is a byte");

/* ---- reading ---- */

static bool read_u32(struct gc_reader *r, uint64_t most, uint32_t *ret)
{
    uint64_t v;
    if (!gc_reader_varint(r, &v) || v > most)
        return false;
    *ret = (uint32_t)v;
    return true;
}

static const uint8_t *pattern_at(const uint8_t *patterns, uint32_t n_nodes, uint64_t i)
{
    return patterns + (size_t)i * n_nodes;
}

static bool patterns_fine(const struct gc_status *s)
{
    for (uint32_t i = 0; i < s->n_patterns; i++) {
        const uint8_t *p = pattern_at(s->patterns, s->n_nodes, i);
        for (uint32_t node = 0; node < s->n_nodes; node++) {
            if (p[node] >= GC_OUTCOMES)
                return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (memcmp(p, pattern_at(s->patterns, s->n_nodes, j), s->n_nodes) == 0)
                return false;
        }
    }
    return true;
}

static bool run_read(struct gc_reader *r, uint64_t *ret_count, uint64_t *ret_pattern)
{
    return gc_reader_varint(r, ret_count) && gc_reader_varint(r, ret_pattern);
}

/* Leaves the runs' bytes in s->runs. */
static bool runs_fine(struct gc_status *s, struct gc_reader *r, uint64_t count)
{
    const uint8_t *start = r->at;
    uint64_t items = 0;
    uint64_t used = 0;
    uint64_t before = UINT64_MAX;
    for (uint32_t i = 0; i < s->n_runs; i++) {
        uint64_t n;
        uint64_t pattern;
        if (!run_read(r, &n, &pattern))
            return false;
        if (n == 0 || n > count - items)
            return false;
        if (pattern > used || pattern >= s->n_patterns || pattern == before)
            return false;
        used += pattern == used;
        items += n;
        before = pattern;
    }
    s->runs = gc_bytes_of(start, (size_t)(r->at - start));
    return items == count && used == s->n_patterns;
}

static bool fault_read(struct gc_reader *r, struct gc_status_fault *ret)
{
    uint64_t len;
    return gc_reader_varint(r, &ret->item) && read_u32(r, GC_MAX_STAGE_NODES - 1, &ret->node) &&
           read_u32(r, GC_CAUSES - 1, &ret->cause) && ret->cause != GC_CAUSE_NONE &&
           gc_reader_varint(r, &ret->attempts) && gc_reader_varint(r, &len) && len <= GC_MAX_TEXT &&
           gc_reader_bytes(r, (size_t)len, &ret->text);
}

static bool has_nul(struct gc_bytes text)
{
    return text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL;
}

/* Every step of the inner loop that finds a failed node takes a fault off the bytes or ends the walk, and runs without a failed
 * node are passed over whole: the work is bounded by the bytes, whatever the counts say. */
static bool faults_fine(const struct gc_status *s)
{
    struct gc_reader r;
    struct gc_status_iter it = {0};
    uint64_t count;
    const uint8_t *pattern;
    gc_reader_init(&r, s->faults);
    uint32_t seen = 0;
    while (gc_status_run_next(s, &it, &count, &pattern)) {
        if (memchr(pattern, GC_OUTCOME_FAILED, s->n_nodes) == NULL)
            continue;
        for (uint64_t item = it.item; item < it.next; item++) {
            for (uint32_t node = 0; node < s->n_nodes; node++) {
                if (pattern[node] != GC_OUTCOME_FAILED)
                    continue;
                struct gc_status_fault f;
                if (!fault_read(&r, &f) || f.item != item || f.node != node || has_nul(f.text))
                    return false;
                seen++;
            }
        }
    }
    return seen == s->n_faults && gc_reader_done(&r);
}

enum gc_err gc_status_check(struct gc_bytes bytes, uint64_t count, uint32_t n_nodes, struct gc_status *ret)
{
    struct gc_status s = {.bytes = bytes};
    struct gc_reader r;
    struct gc_bytes patterns;
    if (n_nodes > GC_MAX_STAGE_NODES)
        return GC_ERR_INVALID;
    gc_reader_init(&r, bytes);
    if (!read_u32(&r, GC_MAX_STAGE_NODES, &s.n_nodes) || s.n_nodes != n_nodes)
        return GC_ERR_INVALID;
    if (!read_u32(&r, GC_MAX_PATTERNS, &s.n_patterns))
        return GC_ERR_INVALID;
    if (!gc_reader_bytes(&r, (size_t)s.n_patterns * n_nodes, &patterns))
        return GC_ERR_INVALID;
    s.patterns = patterns.ptr;
    if (!patterns_fine(&s))
        return GC_ERR_INVALID;
    if (!read_u32(&r, UINT32_MAX, &s.n_runs) || !runs_fine(&s, &r, count))
        return GC_ERR_INVALID;
    if (!read_u32(&r, UINT32_MAX, &s.n_faults))
        return GC_ERR_INVALID;
    s.faults = gc_bytes_of(r.at, gc_reader_left(&r));
    if (!faults_fine(&s))
        return GC_ERR_INVALID;
    *ret = s;
    return GC_OK;
}

static void reader_at(struct gc_reader *r, struct gc_bytes bytes, size_t at)
{
    GC_ASSERT(at <= bytes.len);
    gc_reader_init(r, gc_bytes_of(bytes.ptr + at, bytes.len - at));
}

bool gc_status_run_next(const struct gc_status *s, struct gc_status_iter *it, uint64_t *ret_count,
                        const uint8_t **ret_pattern)
{
    struct gc_reader r;
    uint64_t pattern = 0;
    if (it->at == s->runs.len)
        return false;
    reader_at(&r, s->runs, it->at);
    bool ok = run_read(&r, ret_count, &pattern);
    GC_ASSERT(ok);
    GC_ASSERT(pattern < s->n_patterns);
    *ret_pattern = pattern_at(s->patterns, s->n_nodes, pattern);
    it->at = (size_t)(r.at - s->runs.ptr);
    it->item = it->next;
    it->next += *ret_count;
    return true;
}

bool gc_status_fault_next(const struct gc_status *s, struct gc_status_iter *it, struct gc_status_fault *ret)
{
    struct gc_reader r;
    if (it->at == s->faults.len)
        return false;
    reader_at(&r, s->faults, it->at);
    bool ok = fault_read(&r, ret);
    GC_ASSERT(ok);
    it->at = (size_t)(r.at - s->faults.ptr);
    it->item = ret->item;
    it->next = ret->item + 1;
    return true;
}

/* ---- building ---- */

void gc_status_writer_init(struct gc_status_writer *w, uint32_t n_nodes, struct gc_buf runs,
                           struct gc_buf faults)
{
    GC_ASSERT(n_nodes <= GC_MAX_STAGE_NODES);
    *w = (struct gc_status_writer){.n_nodes = n_nodes, .runs = runs, .faults = faults};
    gc_buf_reset(&w->runs);
    gc_buf_reset(&w->faults);
}

static size_t fault_bytes(uint64_t item, const struct gc_status_fault *f)
{
    return gc_varint_size(item) + gc_varint_size(f->node) + gc_varint_size(f->cause) +
           gc_varint_size(f->attempts) + gc_varint_size(f->text.len) + f->text.len;
}

/* The caller's faults are those of the pattern, and what the reader will take. Returns their bytes. */
static size_t faults_checked(const struct gc_status_writer *w, const uint8_t *pattern,
                             const struct gc_status_fault *faults, uint32_t n_faults)
{
    size_t bytes = 0;
    uint32_t f = 0;
    for (uint32_t node = 0; node < w->n_nodes; node++) {
        GC_ASSERT(pattern[node] < GC_OUTCOMES);
        if (pattern[node] != GC_OUTCOME_FAILED)
            continue;
        GC_ASSERT(f < n_faults);
        GC_ASSERT(faults[f].node == node);
        GC_ASSERT(faults[f].cause != GC_CAUSE_NONE);
        GC_ASSERT(faults[f].cause < GC_CAUSES);
        GC_ASSERT(faults[f].text.len <= GC_MAX_TEXT);
        GC_ASSERT(!has_nul(faults[f].text));
        bytes += fault_bytes(w->count, &faults[f]);
        f++;
    }
    GC_ASSERT(f == n_faults);
    return bytes;
}

static uint32_t pattern_find(const struct gc_status_writer *w, const uint8_t *pattern)
{
    uint32_t i = 0;
    while (i < w->n_patterns && memcmp(w->patterns[i], pattern, w->n_nodes) != 0)
        i++;
    return i;
}

static size_t run_bytes(const struct gc_status_writer *w)
{
    return w->run.count == 0 ? 0 : gc_varint_size(w->run.count) + gc_varint_size(w->run.pattern);
}

static void run_close(struct gc_status_writer *w)
{
    if (w->run.count == 0)
        return;
    gc_buf_put_varint(&w->runs, w->run.count);
    gc_buf_put_varint(&w->runs, w->run.pattern);
    w->n_runs++;
    w->run.count = 0;
}

enum gc_err gc_status_writer_add(struct gc_status_writer *w, const uint8_t *pattern,
                                 const struct gc_status_fault *faults, uint32_t n_faults)
{
    /* All that can fail is found out first, so that a refused item leaves no trace. */
    size_t bytes = faults_checked(w, pattern, faults, n_faults);
    if (bytes > gc_buf_left(&w->faults))
        return GC_ERR_LIMIT;
    bool same = w->run.count > 0 && memcmp(w->patterns[w->run.pattern], pattern, w->n_nodes) == 0;
    if (!same) {
        uint32_t i = pattern_find(w, pattern);
        if (i == GC_MAX_PATTERNS)
            return GC_ERR_LIMIT;
        /* Room is kept for the run that this item opens, so that finish cannot fail for want of it. */
        if (run_bytes(w) + RUN_BYTES > gc_buf_left(&w->runs))
            return GC_ERR_LIMIT;
        run_close(w);
        if (i == w->n_patterns) {
            memcpy(w->patterns[i], pattern, w->n_nodes);
            w->n_patterns++;
        }
        w->run.pattern = i;
    }
    w->run.count++;
    for (uint32_t f = 0; f < n_faults; f++) {
        gc_buf_put_varint(&w->faults, w->count);
        gc_buf_put_varint(&w->faults, faults[f].node);
        gc_buf_put_varint(&w->faults, faults[f].cause);
        gc_buf_put_varint(&w->faults, faults[f].attempts);
        gc_buf_put_varint(&w->faults, faults[f].text.len);
        gc_buf_append(&w->faults, faults[f].text.ptr, faults[f].text.len);
    }
    w->n_faults += n_faults;
    w->count++;
    GC_ASSERT(gc_buf_ok(&w->faults));
    GC_ASSERT(gc_buf_ok(&w->runs));
    return GC_OK;
}

size_t gc_status_writer_size(const struct gc_status_writer *w)
{
    uint32_t n_runs = w->n_runs + (w->run.count > 0);
    return gc_varint_size(w->n_nodes) + gc_varint_size(w->n_patterns) + (size_t)w->n_patterns * w->n_nodes +
           gc_varint_size(n_runs) + w->runs.len + run_bytes(w) + gc_varint_size(w->n_faults) + w->faults.len;
}

enum gc_err gc_status_writer_finish(struct gc_status_writer *w, struct gc_buf *out)
{
    size_t size = gc_status_writer_size(w);
    if (!gc_buf_ok(out) || size > gc_buf_left(out))
        return GC_ERR_LIMIT;
    size_t start = out->len;
    run_close(w);
    gc_buf_put_varint(out, w->n_nodes);
    gc_buf_put_varint(out, w->n_patterns);
    for (uint32_t i = 0; i < w->n_patterns; i++)
        gc_buf_append(out, w->patterns[i], w->n_nodes);
    gc_buf_put_varint(out, w->n_runs);
    gc_buf_append(out, w->runs.data, w->runs.len);
    gc_buf_put_varint(out, w->n_faults);
    gc_buf_append(out, w->faults.data, w->faults.len);
    GC_ASSERT(gc_buf_ok(out));
    GC_ASSERT(out->len - start == size);
    gc_status_writer_init(w, w->n_nodes, w->runs, w->faults);
    return GC_OK;
}
