/* collect: the values of all items as a file of JSON Lines, one item a line, in the order of items. */
#include "common/json/json.h"
#include "proto/values.h"
#include "worker/ops/published.h"
#include "worker/ops/save.h"
#include "worker/ops/scan.h"
#include "worker/ops/stage.h"

enum { IN, SOURCE }; /* its inputs: its own, and the mapped op's */

enum gc_err gc_collect_setup(struct gc_step_state *step, struct gc_fault *fault)
{
    return gc_published_setup(step, fault);
}

/* As `gcctl results` prints it. */
static enum gc_err put_line(struct gc_text *line, const struct gc_scan_item *item, const struct gc_step *step)
{
    struct gc_bytes source;
    gc_text_reset(line);
    gc_json_open(line, '{');
    gc_json_key(line, "item");
    gc_json_u64(line, item->item);
    if (gc_scan_string(item->inputs[SOURCE].value, &source)) {
        gc_json_named_bytes(line, "source", source);
    } else {
        gc_json_key(line, "source");
        gc_json_null(line);
    }
    gc_json_key(line, "value");
    enum gc_err err = GC_OK;
    if (item->inputs[IN].value.len)
        err = gc_json_value(line, item->inputs[IN].value, step->shape, step->n_shape);
    else
        gc_json_null(line);
    gc_json_close(line, '}');
    gc_text_putc(line, '\n');
    return err;
}

static enum gc_cause write_lines(struct gc_run *run, const struct gc_step *step, struct gc_scan *scan,
                                 struct gc_published *file, uint64_t *ret_items)
{
    struct gc_text line = {0};
    struct gc_scan_item item;
    enum gc_cause cause = GC_CAUSE_NONE;
    *ret_items = 0;
    while (!cause && !file->error && gc_scan_next_done(scan, &item)) {
        if (put_line(&line, &item, step))
            cause = gc_run_fail(run, GC_CAUSE_BAD_INPUT, "the value of item %llu is no value of its node",
                                (unsigned long long)item.item);
        else if (!gc_text_ok(&line))
            cause = gc_run_fail(run, GC_CAUSE_OOM, "no memory for the line of an item");
        else
            gc_published_put(file, gc_bytes_of(line.ptr, line.len));
        ++*ret_items;
    }
    gc_text_release(&line);
    return cause;
}

static enum gc_cause put_record(struct gc_run *run, const struct gc_published *file, uint64_t items,
                                struct gc_cell *ret)
{
    struct gc_buf *out = &run->stage->scratch;
    size_t start = out->len;
    gc_value_put_array(out, 4);
    gc_save_put_made(out, &file->made);
    if (file->there)
        gc_value_put_nil(out); /* whoever wrote it knows */
    else
        gc_value_put_uint(out, items);
    ret->cached = file->there;
    return gc_cell_end_record(run, ret, start);
}

enum gc_cause gc_collect_scan(struct gc_run *run, struct gc_step_state *step, struct gc_scan *scan,
                              struct gc_cell *ret)
{
    struct gc_published file;
    uint64_t items = 0;
    enum gc_cause cause = gc_published_begin(run, step, &file);
    if (!cause && !file.there)
        cause = write_lines(run, step->step, scan, &file, &items);
    if (!cause)
        cause = gc_published_end(run, step, &file);
    if (!cause)
        cause = put_record(run, &file, items, ret);
    gc_published_release(&file);
    return cause;
}
