/* hello.h - HELLO: who is there, and what becomes of what it says it holds. */
#ifndef GC_CORE_HELLO_H
#define GC_CORE_HELLO_H

#include "coordinator/core/core.h"

void core_hello_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);

#endif
