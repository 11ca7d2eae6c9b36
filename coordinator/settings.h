/* settings.h - the command line of gc-coordinator. */
#ifndef GC_COORDINATOR_SETTINGS_H
#define GC_COORDINATOR_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/sys/log.h"

enum { GC_SETTINGS_ENDPOINTS = 8, GC_SETTINGS_ROOTS = 64 };

struct gc_settings {
    const char *endpoints[GC_SETTINGS_ENDPOINTS];
    size_t n_endpoints;
    const char *state;
    bool private;
    mode_t
        user_mask; /* the umask that we were started with: our own files are kept closer, what jobs write is not */
    uint64_t executors; /* of the private worker; 0: its own choice */
    const char *roots[GC_SETTINGS_ROOTS];
    size_t n_roots;
    uint64_t idle_ns; /* a private one ends so long after its last client and run */
    int ready_fd;     /* gets a byte when we answer; -1: none */
    enum gc_log_level log_level;
};

/* GC_OK: go on. *ret_exit >= 0: help or the version were printed, or the fault on standard error; exit with that. */
void gc_settings_parse(int argc, char **argv, struct gc_settings *ret, int *ret_exit);

#endif
