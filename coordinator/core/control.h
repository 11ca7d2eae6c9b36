/* control.h - CONTROL: pause, resume, cancel. Idempotent. */
#ifndef GC_CORE_CONTROL_H
#define GC_CORE_CONTROL_H

#include "coordinator/core/core.h"

void core_control_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);

#endif
