/* place.h - where the coordinator is: an endpoint somebody named, or the private one of a state folder, with its socket.
 *
 * The socket of a private coordinator lies in its state folder. Where that path is too long for a socket (107 bytes) it lies in
 * $XDG_RUNTIME_DIR, else in /tmp/graphcap-UID, under a hash of the folder's device and inode: two names of one folder find the
 * same socket. The coordinator is told the path (--listen), so the rule stands here alone.
 */
#ifndef GC_CLIENT_PLACE_H
#define GC_CLIENT_PLACE_H

#include <stdbool.h>

#include "client/graphcap.h"
#include "common/error.h"

enum { GC_PLACE_SOCKET_PATH = 107 }; /* bytes of a socket's path, without the NUL: sizeof sun_path - 1 */

struct gc_place {
    char *endpoint; /* "ipc://..." */
    bool private;   /* the rest is only there then */
    char *state;    /* absolute, links resolved; the folder exists */
    char *socket;   /* the endpoint's path */
};

/* Reads options and environment as graphcap.h says. Makes a missing private folder. */
int gc_place_find(const struct graphcap_options *options, struct gc_place *ret, struct graphcap_error *error);
void gc_place_release(struct gc_place *place);

/* The rule above, for a folder that exists. Makes the folder of /tmp where that is used, and refuses it where it is not ours
 * alone. *ret is the caller's. */
int gc_place_socket(const char *state, char **ret, struct graphcap_error *error);

/* The endpoint that a config file names: "endpoint: ipc:///run/graphcap.sock". *ret NULL: none, or there is no such file. */
int gc_place_config(const char *path, char **ret, struct graphcap_error *error);

#endif
