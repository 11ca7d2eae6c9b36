/* source: the item as its source listed it. What a reducer that reads results names items by. */
#include "proto/values.h"
#include "worker/ops/stage.h"

enum gc_cause gc_source_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret)
{
    (void)step;
    struct gc_buf *out = &run->stage->scratch;
    size_t start = out->len;
    if (run->task->index == GC_UNSET)
        gc_value_put_nil(out);
    else
        gc_value_put_str(out, run->task->text);
    return gc_cell_end_record(run, ret, start);
}
