/* published.c - see published.h. */
#include "worker/ops/published.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"
#include "worker/ops/save.h"
#include "worker/ops/settings.h"
#include "worker/ops/stage.h"

enum { BLOCK = 256 << 10 };

/* ---- install ---- */

const char *const gc_lines_suffixes[] = {".jsonl", ".ndjson", NULL};

static bool ends_in_one(const struct gc_template *to, const char *const *suffixes)
{
    for (; *suffixes; suffixes++)
        if (gc_str_is(to->suffix, *suffixes))
            return true;
    return false;
}

enum gc_err gc_published_one_name(const struct gc_template *to, struct gc_fault *fault)
{
    for (uint32_t i = 0; i < to->n; i++)
        if (to->parts[i].kind != GC_PART_TEXT && to->parts[i].kind != GC_PART_DIGEST)
            return gc_fault_set(
                fault, GC_ERR_INVALID,
                "to: it hangs on an item, and this op writes one file for the run; {digest} is all that it may name");
    return GC_OK;
}

enum gc_err gc_published_setup(struct gc_step_state *step, struct gc_fault *fault)
{
    const char *const *suffixes = step->op->suffixes;
    GC_ASSERT(suffixes != NULL);
    struct gc_bytes text = gc_setting_string(step->step, "to", "");
    if (text.len == 0 && !gc_setting(step->step, "to"))
        return GC_OK;
    struct gc_template *to = GC_ARENA_ONE(step->arena, struct gc_template);
    if (!to)
        return GC_ERR_NOMEM;
    enum gc_err err = gc_template_parse(gc_bytes_str(text), step->arena, to, fault);
    if (err)
        return gc_fault_context(fault, err, "to: ");
    err = gc_published_one_name(to, fault);
    if (err)
        return err;
    if (!ends_in_one(to, suffixes))
        return gc_fault_set(fault, GC_ERR_INVALID, "to: '%.*s' does not end in %s%s%s",
                            GC_STR_ARGS(gc_bytes_str(text)), suffixes[0], suffixes[1] ? " or " : "",
                            suffixes[1] ? suffixes[1] : "");
    step->to = to;
    return GC_OK;
}

/* ---- the file ---- */

enum gc_cause gc_published_begin(struct gc_run *run, struct gc_step_state *step, struct gc_published *ret)
{
    GC_ASSERT(step->to != NULL);
    const struct gc_task_output *output;
    *ret = (struct gc_published){.made.step = run->current, .fd = -1};
    enum gc_cause cause = gc_save_begin(run, &ret->made.path, &output);
    if (cause)
        return cause;
    ret->fd = output->fd;
    ret->there = output->there;
    if (ret->there)
        return GC_CAUSE_NONE;
    ret->block = malloc(BLOCK);
    if (!ret->block)
        return gc_run_fail(run, GC_CAUSE_OOM, "no memory for writing the output");
    struct stat st;
    if (fstat(ret->fd, &st) < 0 || (st.st_size > 0 && ftruncate(ret->fd, 0) < 0) ||
        lseek(ret->fd, 0, SEEK_SET) < 0) /* what an earlier try left behind goes */
        ret->error = errno;
    gc_digest_init(&ret->digest);
    return GC_CAUSE_NONE;
}

static void flush(struct gc_published *p)
{
    size_t at = 0;
    gc_digest_update(&p->digest, gc_bytes_of(p->block, p->len));
    while (at < p->len && !p->error) {
        ssize_t n = write(p->fd, p->block + at, p->len - at);
        if (n < 0 && errno != EINTR)
            p->error = errno;
        else if (n > 0)
            at += (size_t)n;
    }
    p->made.bytes += at;
    p->len = 0;
}

void gc_published_put(struct gc_published *p, struct gc_bytes bytes)
{
    GC_ASSERT(!p->there);
    while (bytes.len && !p->error) {
        size_t n = gc_min_size(bytes.len, BLOCK - p->len);
        memcpy(p->block + p->len, bytes.ptr, n);
        p->len += n;
        bytes = gc_bytes_of(bytes.ptr + n, bytes.len - n);
        if (p->len == BLOCK)
            flush(p);
    }
}

static enum gc_cause tell_of_file(struct gc_run *run, struct gc_published *p)
{
    if (lseek(p->fd, 0, SEEK_SET) < 0 || gc_digest_fd(p->fd, &p->made.digest, &p->made.bytes))
        return gc_run_fail(run, GC_CAUSE_OUTPUT, "the file that is there cannot be read");
    return GC_CAUSE_NONE;
}

enum gc_cause gc_published_end(struct gc_run *run, struct gc_step_state *step, struct gc_published *p)
{
    if (p->there)
        return tell_of_file(run, p);
    flush(p);
    if (p->error == EFBIG) /* the walls of the executor, or the file system's own */
        return gc_run_fail(run, GC_CAUSE_TOO_LARGE,
                           "%llu bytes were written, and no more may be in one file: fewer items or smaller "
                           "values are needed",
                           (unsigned long long)p->made.bytes);
    if (p->error)
        return gc_save_write_failed(run, p->error);
    p->made.digest = gc_digest_final(&p->digest);
    if (step->to->by_digest) {
        enum gc_cause cause = gc_save_name(run, p->made.step, &p->made.digest, &p->made.path);
        if (cause)
            return cause;
    }
    run->result->made[run->result->n_made++] = p->made;
    return GC_CAUSE_NONE;
}

void gc_published_release(struct gc_published *p)
{
    free(p->block);
    p->block = NULL;
}
