/* private.h - starting the coordinator of a state folder.
 *
 * gc-coordinator --private --state DIR --listen ipc://SOCKET --ready-fd 3 [--executors N]
 *
 * It writes a byte to descriptor 3 when it answers, which is the event that the starter waits for. Several programs that start
 * one at once take turns at DIR/start.lock: the first starts it, the others find it. Its messages go to DIR/log/coordinator.log.
 */
#ifndef GC_CLIENT_PRIVATE_H
#define GC_CLIENT_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "client/graphcap.h"
#include "client/place.h"

struct gc_private {
    const struct gc_place *place;
    const char *bindir; /* NULL: as graphcap.h says */
    uint32_t executors; /* 0: the daemon's choice */
    int wake;           /* readable: stop waiting */
};

/* Whether somebody listens on the socket. Never waits. */
bool gc_private_alive(const char *socket_path);

/* Returns when a coordinator answers there. *ret_child is its pid where this call started it (the caller reaps it), else 0.
 * GRAPHCAP_UNREACHABLE with the last words of its log where it does not come up. */
int gc_private_start(const struct gc_private *p, pid_t *ret_child, struct graphcap_error *error);

/* The daemon's file. *ret is the caller's. */
int gc_private_program(const char *bindir, const char *name, char **ret, struct graphcap_error *error);

/* The file that this library was loaded from (a program that holds it: the program). The caller frees it; NULL: not known. */
char *gc_private_library(void);

#endif
