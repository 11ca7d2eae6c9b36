#include "worker/pool/fds.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(GC_FDS_MAX * sizeof(int))];
};

bool gc_fds_pair(int ret[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) == 0;
}

bool gc_fds_send(int sock, const void *msg, size_t len, const int *fds, unsigned n, int flags)
{
    if (n > GC_FDS_MAX) {
        errno = EMSGSIZE;
        return false;
    }
    union control control;
    struct iovec iov = {(void *)(uintptr_t)msg, len};
    struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
    if (n > 0) {
        memset(&control, 0, sizeof control);
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(n * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n * sizeof(int));
    }
    ssize_t sent;
    do
        sent = sendmsg(sock, &header, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)len;
}

void gc_fds_close(int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

static unsigned take_fds(struct msghdr *header, int *fds)
{
    unsigned n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count && n < GC_FDS_MAX; i++)
            memcpy(&fds[n++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
    }
    return n;
}

ssize_t gc_fds_recv(int sock, void *msg, size_t cap, int fds[GC_FDS_MAX], unsigned *ret_n, int flags)
{
    union control control;
    struct iovec iov = {msg, cap};
    struct msghdr header = {.msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    ssize_t len;
    do
        len = recvmsg(sock, &header, flags | MSG_CMSG_CLOEXEC);
    while (len < 0 && errno == EINTR);
    *ret_n = 0;
    if (len < 0)
        return errno == ECONNRESET ? 0 : -1;
    unsigned n = take_fds(&header, fds);
    if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        gc_fds_close(fds, n);
        errno = EMSGSIZE;
        return -1;
    }
    *ret_n = n;
    return len;
}
