/* scan.c - see scan.h. */
#include "worker/ops/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/assert.h"
#include "proto/limits.h"
#include "proto/scan.h"
#include "proto/status.h"
#include "proto/values.h"

/* A part came as the bulk of a message. With room for two, moving what is left to the front costs less than reading it did. */
enum { BLOCK = 2 * GC_MAX_BULK };

/* The part being read. */
struct part {
    struct gc_status status;
    struct gc_status_iter at;
    uint64_t left; /* items of the status' run that were not given yet */
    const uint8_t *pattern;
    struct gc_bytes values; /* of the items not given yet */
};

struct gc_scan {
    int spool;
    uint32_t n_nodes;
    uint32_t n_inputs;
    uint64_t inputs[GC_SCAN_INPUTS]; /* bits; GC_UNSET: the item itself */
    uint64_t item;                   /* the next one */
    uint64_t end;                    /* of the part */
    struct part part;
    uint8_t *block; /* bytes of the spool: [from, to) is not taken yet, the part lies before it */
    size_t from;
    size_t to;
    bool drained; /* the spool has no more */
    enum gc_err err;
    int error; /* errno of a failed read */
    const char *what;
};

enum gc_err gc_scan_open(int spool, uint32_t n_nodes, const struct gc_step *step, struct gc_scan **ret)
{
    GC_ASSERT(n_nodes <= GC_MAX_STAGE_NODES);
    GC_ASSERT(step->n_inputs >= 1);
    GC_ASSERT(step->n_inputs <= GC_SCAN_INPUTS);
    struct gc_scan *s = calloc(1, sizeof *s);
    if (!s)
        return GC_ERR_NOMEM;
    *s = (struct gc_scan){.spool = spool, .n_nodes = n_nodes, .n_inputs = step->n_inputs};
    for (uint32_t i = 0; i < s->n_inputs; i++) {
        s->inputs[i] = step->inputs[i].step;
        GC_ASSERT(s->inputs[i] == GC_UNSET || s->inputs[i] < n_nodes);
    }
    s->block = malloc(BLOCK);
    if (!s->block) {
        gc_scan_close(&s);
        return GC_ERR_NOMEM;
    }
    gc_scan_rewind(s);
    *ret = s;
    return GC_OK;
}

void gc_scan_close(struct gc_scan **self_p)
{
    if (*self_p)
        free((*self_p)->block);
    free(*self_p);
    *self_p = NULL;
}

static void fail(struct gc_scan *s, enum gc_err err, const char *what)
{
    s->err = err;
    s->what = what;
}

void gc_scan_rewind(struct gc_scan *s)
{
    s->item = s->end = 0;
    s->part = (struct part){.left = 0};
    s->from = s->to = 0;
    s->drained = false;
    s->err = GC_OK;
    if (lseek(s->spool, 0, SEEK_SET) < 0) {
        s->error = errno;
        fail(s, GC_ERR_IO, "cannot be read");
    }
}

enum gc_err gc_scan_ended(const struct gc_scan *s, struct gc_fault *fault)
{
    if (!s->err)
        return GC_OK;
    if (s->err == GC_ERR_IO)
        return gc_fault_set(fault, s->err, "the results %s: %s", s->what, strerror(s->error));
    return gc_fault_set(fault, s->err, "the results are damaged behind item %llu: %s",
                        (unsigned long long)s->item, s->what);
}

/* ---- parts ---- */

/* More of the spool behind what is left of it. */
static bool fill(struct gc_scan *s)
{
    memmove(s->block, s->block + s->from, s->to - s->from);
    s->to -= s->from;
    s->from = 0;
    while (s->to < BLOCK && !s->drained) {
        ssize_t n = read(s->spool, s->block + s->to, BLOCK - s->to);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            s->error = errno;
            fail(s, GC_ERR_IO, "cannot be read");
            return false;
        }
        s->drained = n == 0;
        s->to += (size_t)n;
    }
    return true;
}

/* The next part off the block, filling it where it holds none whole. False at the end, and where the bytes are none. */
static bool take_part(struct gc_scan *s, struct gc_scan_part *ret)
{
    for (;;) {
        struct gc_reader in;
        gc_reader_init(&in, gc_bytes_of(s->block + s->from, s->to - s->from));
        if (gc_scan_part_take(&in, ret)) {
            s->from = s->to - gc_reader_left(&in);
            return true;
        }
        size_t left = s->to - s->from;
        if (left == 0 && s->drained)
            return false;
        if (s->drained || left >= GC_MAX_BULK) {
            fail(s, GC_ERR_CORRUPT, s->drained ? "they are cut off" : "what follows is no part of them");
            return false;
        }
        if (!fill(s))
            return false;
    }
}

static bool next_part(struct gc_scan *s)
{
    struct gc_scan_part p;
    if (s->part.values.len) {
        fail(s, GC_ERR_CORRUPT, "a part has more values than its outcomes say");
        return false;
    }
    if (!take_part(s, &p))
        return false;
    if (p.first != s->item || p.count == 0 || p.count > GC_MAX_ITEMS - p.first) {
        fail(s, GC_ERR_CORRUPT, "the parts do not follow on each other");
        return false;
    }
    s->part = (struct part){.values = p.values};
    if (gc_status_check(p.status, p.count, s->n_nodes, &s->part.status)) {
        fail(s, GC_ERR_CORRUPT, "a part's outcomes are not to be read");
        return false;
    }
    s->end = p.first + p.count;
    return true;
}

/* ---- items ---- */

/* The item's nodes in order: their outcomes, and the values of those that are done. */
static bool take_item(struct gc_scan *s, struct gc_scan_item *ret)
{
    for (uint32_t node = 0; node < s->n_nodes; node++) {
        struct gc_scan_value v = {.outcome = (enum gc_outcome)s->part.pattern[node]};
        if (gc_scan_done(v.outcome) && gc_value_skip(&s->part.values, &v.value)) {
            fail(s, GC_ERR_CORRUPT, "a value is missing or is none");
            return false;
        }
        for (uint32_t i = 0; i < s->n_inputs; i++)
            if (s->inputs[i] == node)
                ret->inputs[i] = v;
    }
    return true;
}

bool gc_scan_next(struct gc_scan *s, struct gc_scan_item *ret)
{
    if (s->err)
        return false;
    if (s->item == s->end && !next_part(s))
        return false;
    if (s->part.left == 0) {
        bool more = gc_status_run_next(&s->part.status, &s->part.at, &s->part.left, &s->part.pattern);
        GC_ASSERT(more); /* the check saw as many items as the part has */
    }
    *ret = (struct gc_scan_item){.item = s->item};
    for (uint32_t i = 0; i < s->n_inputs; i++)
        if (s->inputs[i] == GC_UNSET)
            ret->inputs[i].outcome = GC_OUTCOME_DONE;
    if (!take_item(s, ret))
        return false;
    s->part.left--;
    s->item++;
    return true;
}

bool gc_scan_next_done(struct gc_scan *s, struct gc_scan_item *ret)
{
    while (gc_scan_next(s, ret))
        if (gc_scan_done(ret->inputs[0].outcome))
            return true;
    return false;
}

bool gc_scan_string(struct gc_bytes value, struct gc_bytes *ret)
{
    struct gc_value_token t;
    if (value.len == 0 || gc_value_next(&value, &t) || t.kind != GC_TOKEN_STR)
        return false;
    *ret = t.bytes;
    return true;
}
