/* systemd's readiness protocol: one datagram to the socket in NOTIFY_SOCKET. Own code, since it is
 * forty lines and libsystemd is a large thing to link for them. Thread: any. */
#ifndef GC_COMMON_SYS_SDNOTIFY_H
#define GC_COMMON_SYS_SDNOTIFY_H

#include <stdbool.h>

/* `state` is "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..." or several with newlines between.
 * True when it was sent; false when nobody asked (no NOTIFY_SOCKET) or it could not be sent: there
 * is nothing a daemon could do about it. Never blocks. */
bool gc_sdnotify(const char *state);

#endif
