/* settings.h - gc-worker's command line. */
#ifndef GC_WORKER_SETTINGS_H
#define GC_WORKER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/sys/log.h"
#include "worker/pool/crew.h"

#define GC_SETTINGS_ROOTS 64u

struct gc_settings {
    const char *endpoint;
    const char *state;
    uint32_t executors;
    bool private;
    enum gc_log_level log_level;
    struct gc_crew_root roots[GC_SETTINGS_ROOTS]; /* absolute; live until the process ends */
    uint32_t n_roots;
};

/* *ret_exit: what to exit with at once (help, version, a wrong command line, which was told); -1: go on. */
void gc_settings_parse(int argc, char **argv, struct gc_settings *ret, int *ret_exit);

#endif
