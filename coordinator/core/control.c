#include "coordinator/core/control.h"

#include "coordinator/core/inside.h"

/* Started items end; what has not started is asked back, some leases a step. */
static void pause(struct gc_core *core, struct core_run *run)
{
    if (run->state == GC_RUN_PAUSED)
        return;
    core_run_move(core, run, GC_RUN_PAUSED);
    if (!gc_link_linked(&run->pausing))
        gc_list_append(&core->runs.pausing, &run->pausing);
}

static void resume(struct gc_core *core, struct core_run *run)
{
    if (run->state == GC_RUN_PAUSED)
        core_run_move(core, run, GC_RUN_RUNNING);
}

void core_control_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    struct core_run *run = core_run_by_id(core, &msg->as.control.run);
    if (!run) {
        core_read(core, peer, msg);
        return;
    }
    switch ((enum gc_action)msg->as.control.action) {
    case GC_ACTION_PAUSE: pause(core, run); break;
    case GC_ACTION_RESUME: resume(core, run); break;
    case GC_ACTION_CANCEL: core_run_end(core, run, GC_RUN_CANCELLED); break;
    default: core_error(core, peer, msg->seq, GC_ERR_INVALID, "no such action"); return;
    }
    core_send(core, peer, GC_MSG_OK, msg->seq);
}
