/* fds.h - messages with descriptors over a SOCK_SEQPACKET pair. Thread: any, one a socket and direction. */
#ifndef GC_POOL_FDS_H
#define GC_POOL_FDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define GC_FDS_MAX 72u /* of one message: some inputs, and an output for each node */

/* Both ends close-on-exec. False: errno says why. */
bool gc_fds_pair(int ret[2]);

/* One message, all of it or false (the peer is gone, or errno). `flags`: MSG_DONTWAIT or 0. The descriptors stay the caller's. */
bool gc_fds_send(int sock, const void *msg, size_t len, const int *fds, unsigned n, int flags);

/* Its length; 0: the peer is gone; -1: errno (EMSGSIZE: it or its descriptors did not fit, and it was dropped). The descriptors are
 * the caller's, close-on-exec. */
ssize_t gc_fds_recv(int sock, void *msg, size_t cap, int fds[GC_FDS_MAX], unsigned *ret_n, int flags);

void gc_fds_close(int *fds, unsigned n);

#endif
