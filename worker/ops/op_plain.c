/* The ops that touch no pixel: echo noop sleep fail. For tests of a fleet, and for measuring it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/sys/clock.h"
#include "proto/values.h"
#include "worker/ops/settings.h"
#include "worker/ops/stage.h"

/* {item, hash}: both nil where the run itself is the item. */
enum gc_cause gc_echo_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret)
{
    (void)step;
    struct gc_buf *out = &run->stage->scratch;
    const struct gc_task *task = run->task;
    size_t start = out->len;
    gc_value_put_array(out, 2);
    if (task->index == GC_UNSET) {
        gc_value_put_nil(out);
        gc_value_put_nil(out);
    } else {
        gc_value_put_uint(out, task->index);
        gc_value_put_uint(out, gc_hash_bytes(task->text.ptr, task->text.len, 0));
    }
    return gc_cell_end_record(run, ret, start);
}

void gc_run_pass(struct gc_run *run, const struct gc_step_state *step, struct gc_cell *ret)
{
    struct gc_cell *in = gc_run_input(run, step, 0);
    ret->kind = GC_CELL_ITEM;
    if (in && in->kind == GC_CELL_IMAGE && in->image)
        gc_cell_set_image(ret, g_object_ref(in->image), in->streamed);
    else if (in) {
        ret->kind = in->kind;
        ret->record = in->record;
    }
    ret->silent = true;
}

enum gc_cause gc_noop_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret)
{
    gc_run_pass(run, step, ret);
    return GC_CAUSE_NONE;
}

enum gc_cause gc_sleep_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret)
{
    double seconds = gc_setting_real(step->step, "seconds", 0);
    if (!run->careful) /* the second time round it has slept already */
        gc_clock_sleep((uint64_t)(seconds * 1e9));
    gc_run_pass(run, step, ret);
    return GC_CAUSE_NONE;
}

/* ---- fail ---- */

enum how { HOW_ERROR, HOW_CRASH, HOW_HANG, HOW_MEMORY };
const char *const gc_fail_how[] = {"error", "crash", "hang", "memory", NULL};

enum gc_err gc_fail_setup(struct gc_step_state *step, struct gc_fault *fault)
{
    const struct gc_value *items = gc_setting(step->step, "items");
    int64_t n;
    if (!items || (gc_value_as_int(items, &n) && n > 0))
        return GC_OK;
    if (items->kind != GC_VALUE_LIST)
        return gc_fault_set(fault, GC_ERR_INVALID,
                            "items: neither a number above 0 nor a list of item numbers");
    for (uint32_t i = 0; i < items->n; i++)
        if (!gc_value_as_int(&items->as.items[i], &n) || n < 0)
            return gc_fault_set(fault, GC_ERR_INVALID, "items: not a list of item numbers");
    return GC_OK;
}

static bool hits(const struct gc_step *step, uint64_t index)
{
    const struct gc_value *items = gc_setting(step, "items");
    int64_t n = 1;
    if (!items || index == GC_UNSET)
        return true;
    if (items->kind != GC_VALUE_LIST)
        return !gc_value_as_int(items, &n) || index % (uint64_t)n == 0;
    for (uint32_t i = 0; i < items->n; i++)
        if (gc_value_as_int(&items->as.items[i], &n) && (uint64_t)n == index)
            return true;
    return false;
}

/* Takes memory until there is none, touching all of it. */
static enum gc_cause eat(struct gc_run *run)
{
    enum { BLOCK = 16 << 20 };
    struct block {
        struct block *next;
    } *all = NULL;
    for (;;) {
        struct block *b = malloc(BLOCK);
        if (!b)
            break;
        memset(b, 0x5a, BLOCK);
        b->next = all;
        all = b;
    }
    while (all) {
        struct block *next = all->next;
        free(all);
        all = next;
    }
    return gc_run_fail(run, GC_CAUSE_OOM, "no memory is left, as asked");
}

enum gc_cause gc_fail_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret)
{
    gc_run_pass(run, step, ret);
    if (!hits(step->step, run->task->index))
        return GC_CAUSE_NONE;
    switch ((enum how)gc_setting_choice(step->step, "how", gc_fail_how, HOW_ERROR)) {
    case HOW_ERROR: break;
    case HOW_CRASH: abort();
    case HOW_HANG:
        for (;;)
            gc_clock_sleep(GC_SEC);
    case HOW_MEMORY: return eat(run);
    }
    return gc_run_fail(run, GC_CAUSE_OP_ERROR, "fails, as asked");
}
