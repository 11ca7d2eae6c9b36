#include "proto/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/assert.h"

#define FRAME_MAX (GC_HEADER_BYTES + GC_MAX_BODY)
#define BACKLOG   4096

struct option {
    int name;
    int value;
    const char *text;
};
#define OPTION(name, value) \
    {                       \
        name, value, #name  \
    }

static const struct option common_options[] = {
    OPTION(ZMQ_SNDHWM, GC_SOCKET_HWM),
    OPTION(ZMQ_RCVHWM, GC_SOCKET_HWM),
    /* Half-open connections: a peer whose machine is gone sends no FIN. */
    OPTION(ZMQ_HEARTBEAT_IVL, 2000),
    OPTION(ZMQ_HEARTBEAT_TIMEOUT, 6000),
    OPTION(ZMQ_HEARTBEAT_TTL, 6000),
    /* Who connects and says nothing holds a descriptor for so long, not for the default's 30 s. */
    OPTION(ZMQ_HANDSHAKE_IVL, 5000),
    /* gc_socket_recv asks first whether there is something; this makes sure that it never waits all the same. */
    OPTION(ZMQ_RCVTIMEO, 0),
};

static const struct option router_options[] = {
    /* A peer that does not exist, or whose pipe is full, is an error instead of silence. */
    OPTION(ZMQ_ROUTER_MANDATORY, 1),
    /* Nobody takes over a routing id that is in use. Ours are made by libzmq, one for each connection. */
    OPTION(ZMQ_ROUTER_HANDOVER, 0),
    OPTION(ZMQ_BACKLOG, BACKLOG),
    /* What must arrive is said again by the protocol; a coordinator that ends waits for no peer. */
    OPTION(ZMQ_LINGER, 0),
};

static const struct option dealer_options[] = {
    /* Nothing queues for a connection that is not there: a send says so, and the sender keeps it. */
    OPTION(ZMQ_IMMEDIATE, 1),
    /* From 200 ms doubling to 3 s; libzmq adds a random part, so that a fleet does not come back in step. */
    OPTION(ZMQ_RECONNECT_IVL, 200),
    OPTION(ZMQ_RECONNECT_IVL_MAX, 3000),
    OPTION(ZMQ_CONNECT_TIMEOUT, 3000),
    /* For a BYE or a last request of a command; everything else is acknowledged before its sender ends. */
    OPTION(ZMQ_LINGER, 1000),
};

static enum gc_err io(struct gc_fault *f, const char *what, const char *which)
{
    return gc_fault_set(f, GC_ERR_IO, "%s %s: %s", what, which, zmq_strerror(zmq_errno()));
}

static enum gc_err set_options(zsock_t *s, const struct option *options, size_t n, struct gc_fault *fault)
{
    for (size_t i = 0; i < n; i++) {
        if (zmq_setsockopt(zsock_resolve(s), options[i].name, &options[i].value, sizeof options[i].value) !=
            0)
            return io(fault, "setting", options[i].text);
    }
    return GC_OK;
}

/* A socket of the type with the options that both kinds have and its own. */
static enum gc_err make(int type, const struct option *options, size_t n, zsock_t **ret,
                        struct gc_fault *fault)
{
    zsock_t *s = zsock_new(type);
    if (s == NULL)
        return io(fault, "making", "a socket");
    enum gc_err err = set_options(s, common_options, sizeof common_options / sizeof common_options[0], fault);
    if (err == GC_OK)
        err = set_options(s, options, n, fault);
    int64_t max = GC_SOCKET_MAX_FRAME;
    if (err == GC_OK && zmq_setsockopt(zsock_resolve(s), ZMQ_MAXMSGSIZE, &max, sizeof max) != 0)
        err = io(fault, "setting", "ZMQ_MAXMSGSIZE");
    if (err != GC_OK) {
        zsock_destroy(&s);
        return err;
    }
    *ret = s;
    return GC_OK;
}

/* The path of an ipc endpoint as an address. */
static enum gc_err address_of(const char *endpoint, struct sockaddr_un *ret, struct gc_fault *fault)
{
    static const char scheme[] = "ipc://";
    const char *path = endpoint + sizeof scheme - 1;
    if (strncmp(endpoint, scheme, sizeof scheme - 1) != 0)
        return gc_fault_set(fault, GC_ERR_DENIED,
                            "%s: only ipc:// is allowed, since nothing else is encrypted yet", endpoint);
    /* "@x" would be an abstract name, which has no owner and no mode; "*" a file of libzmq's choice. */
    if (path[0] == '\0' || path[0] == '@' || path[0] == '*')
        return gc_fault_set(fault, GC_ERR_INVALID, "%s: not the path of a socket file", endpoint);
    if (strlen(path) >= sizeof ret->sun_path)
        return gc_fault_set(fault, GC_ERR_LIMIT, "%s: the path of a socket has at most %zu bytes", endpoint,
                            sizeof ret->sun_path - 1);
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, path, strlen(path));
    return GC_OK;
}

/* Something has the path. A socket that nobody listens on any more is removed, everything else left alone. */
static enum gc_err remove_stale(const struct sockaddr_un *a, struct gc_fault *fault)
{
    struct stat st;
    if (lstat(a->sun_path, &st) != 0)
        return errno == ENOENT ? GC_OK : io(fault, "looking at", a->sun_path);
    if (!S_ISSOCK(st.st_mode))
        return gc_fault_set(fault, GC_ERR_EXISTS, "%s is there and is no socket", a->sun_path);
    if (st.st_uid != geteuid())
        return gc_fault_set(fault, GC_ERR_DENIED, "%s is another user's socket", a->sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return io(fault, "looking at", a->sun_path);
    /* EAGAIN is a living listener whose backlog is full. */
    int rc = connect(fd, (const struct sockaddr *)a, sizeof *a);
    int why = errno;
    (void)close(fd);
    if (rc == 0 || why == EAGAIN)
        return gc_fault_set(fault, GC_ERR_BUSY, "another process listens on %s", a->sun_path);
    if (why != ECONNREFUSED && why != ENOENT) {
        errno = why;
        return io(fault, "looking at", a->sun_path);
    }
    if (unlink(a->sun_path) != 0 && errno != ENOENT)
        return io(fault, "removing", a->sun_path);
    return GC_OK;
}

/* The listening descriptor is made here and handed to libzmq, because libzmq removes whatever has the path before it binds (so it
 * would take a living coordinator's address) and makes the file with the process's umask. The mode of the socket is given to the
 * descriptor before bind, from which Linux takes the file's: there is no moment at which another user may connect. */
static enum gc_err listen_fd(const struct sockaddr_un *a, int *ret_fd, struct gc_fault *fault)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return io(fault, "making", "a socket");
    enum gc_err err = GC_OK;
    if (fchmod(fd, 0600) != 0)
        err = io(fault, "setting the mode of", a->sun_path);
    if (err == GC_OK && bind(fd, (const struct sockaddr *)a, sizeof *a) != 0) {
        err = errno == EADDRINUSE ? remove_stale(a, fault) : io(fault, "binding", a->sun_path);
        if (err == GC_OK && bind(fd, (const struct sockaddr *)a, sizeof *a) != 0)
            err = io(fault, "binding", a->sun_path);
    }
    if (err == GC_OK && listen(fd, BACKLOG) != 0)
        err = io(fault, "listening on", a->sun_path);
    if (err != GC_OK) {
        (void)close(fd);
        return err;
    }
    *ret_fd = fd;
    return GC_OK;
}

static enum gc_err bind_one(zsock_t *s, const char *endpoint, struct gc_fault *fault)
{
    struct sockaddr_un a;
    int fd = -1;
    enum gc_err err = address_of(endpoint, &a, fault);
    if (err == GC_OK)
        err = listen_fd(&a, &fd, fault);
    if (err != GC_OK)
        return err;
    /* Once bound, the descriptor is libzmq's. */
    if (zmq_setsockopt(zsock_resolve(s), ZMQ_USE_FD, &fd, sizeof fd) != 0 ||
        zmq_bind(zsock_resolve(s), endpoint) != 0) {
        err = io(fault, "binding", endpoint);
        (void)close(fd);
        return err;
    }
    return GC_OK;
}

enum gc_err gc_socket_listen(const char *const *endpoints, size_t n, zsock_t **ret, struct gc_fault *fault)
{
    zsock_t *s = NULL;
    uid_t uid = geteuid();
    GC_ASSERT(n >= 1);
    enum gc_err err =
        make(ZMQ_ROUTER, router_options, sizeof router_options / sizeof router_options[0], &s, fault);
    if (err != GC_OK)
        return err;
    if (zmq_setsockopt(zsock_resolve(s), ZMQ_IPC_FILTER_UID, &uid, sizeof uid) != 0)
        err = io(fault, "setting", "ZMQ_IPC_FILTER_UID");
    for (size_t i = 0; i < n && err == GC_OK; i++)
        err = bind_one(s, endpoints[i], fault);
    if (err != GC_OK) {
        zsock_destroy(&s);
        return err;
    }
    *ret = s;
    return GC_OK;
}

enum gc_err gc_socket_connect(const char *endpoint, zsock_t **ret, struct gc_fault *fault)
{
    zsock_t *s = NULL;
    struct sockaddr_un a;
    enum gc_err err = address_of(endpoint, &a, fault);
    if (err == GC_OK)
        err = make(ZMQ_DEALER, dealer_options, sizeof dealer_options / sizeof dealer_options[0], &s, fault);
    if (err != GC_OK)
        return err;
    if (zmq_connect(zsock_resolve(s), endpoint) != 0) {
        err = io(fault, "connecting to", endpoint);
        zsock_destroy(&s);
        return err;
    }
    *ret = s;
    return GC_OK;
}

/* NULL: an error that is no signal. */
static zframe_t *next_frame(zsock_t *s)
{
    zframe_t *f;
    do {
        f = zframe_recv(s);
    } while (f == NULL && zmq_errno() == EINTR);
    return f;
}

/* Throws away what is left of the message that is being read, or GC_SOCKET_DRAIN frames of it. That a part of a message is read is
 * kept by libzmq (RCVMORE), so the next call knows. */
static void drain(zsock_t *s)
{
    for (int i = 0; i < GC_SOCKET_DRAIN && zsock_rcvmore(s); i++) {
        zframe_t *f = next_frame(s);
        if (f == NULL)
            return;
        zframe_destroy(&f);
    }
}

static enum gc_err take_peer(zsock_t *s, struct gc_routing *ret)
{
    zframe_t *f = next_frame(s);
    if (f == NULL)
        return GC_ERR_IO;
    size_t len = zframe_size(f);
    if (len > 0 && len <= GC_ROUTING_ID) {
        ret->len = (uint8_t)len;
        memcpy(ret->id, zframe_data(f), len);
    }
    zframe_destroy(&f);
    return ret->len > 0 && zsock_rcvmore(s) ? GC_OK : GC_ERR_INVALID;
}

/* The frame, and its bulk if there is more; then nothing may be left. */
static enum gc_err take_frames(zsock_t *s, struct gc_frames *f)
{
    f->frame = next_frame(s);
    if (f->frame == NULL)
        return GC_ERR_IO;
    if (zframe_size(f->frame) > FRAME_MAX)
        return GC_ERR_INVALID;
    if (!zsock_rcvmore(s))
        return GC_OK;
    f->bulk = next_frame(s);
    if (f->bulk == NULL)
        return GC_ERR_IO;
    return zframe_size(f->bulk) > GC_MAX_BULK || zsock_rcvmore(s) ? GC_ERR_INVALID : GC_OK;
}

enum gc_err gc_socket_recv(zsock_t *s, bool router, struct gc_frames *ret)
{
    *ret = (struct gc_frames){.frame = NULL};
    if (zsock_rcvmore(s)) { /* the rest of a message that was too long for one call */
        drain(s);
        return GC_ERR_INVALID;
    }
    int events = zsock_events(s);
    if (events < 0)
        return GC_ERR_IO;
    if ((events & ZMQ_POLLIN) == 0)
        return GC_ERR_BUSY;
    enum gc_err err = router ? take_peer(s, &ret->peer) : GC_OK;
    if (err == GC_OK)
        err = take_frames(s, ret);
    if (err != GC_OK) {
        gc_frames_release(ret);
        drain(s);
    }
    return err;
}

void gc_frames_release(struct gc_frames *f)
{
    zframe_destroy(&f->frame);
    zframe_destroy(&f->bulk);
}

static enum gc_err send_part(zsock_t *s, const void *bytes, size_t len, bool more)
{
    int rc;
    do {
        rc = zmq_send(zsock_resolve(s), bytes, len, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
    } while (rc < 0 && zmq_errno() == EINTR);
    if (rc >= 0)
        return GC_OK;
    if (zmq_errno() == EAGAIN)
        return GC_ERR_BUSY;
    return zmq_errno() == EHOSTUNREACH ? GC_ERR_UNREACHABLE : GC_ERR_IO;
}

/* A pipe counts whole messages, so only the first part can find it full. A peer that goes away between two parts is no error here:
 * libzmq throws the message away whole, and that a send is no delivery holds anyway. */
enum gc_err gc_socket_send(zsock_t *s, const struct gc_routing *to, struct gc_bytes frame,
                           struct gc_bytes bulk)
{
    GC_ASSERT(frame.len > 0);
    GC_ASSERT(frame.len <= FRAME_MAX);
    GC_ASSERT(bulk.len <= GC_MAX_BULK);
    enum gc_err err = GC_OK;
    if (to != NULL) {
        GC_ASSERT(to->len > 0);
        err = send_part(s, to->id, to->len, true);
    }
    if (err == GC_OK)
        err = send_part(s, frame.ptr, frame.len, bulk.len > 0);
    if (err == GC_OK && bulk.len > 0)
        err = send_part(s, bulk.ptr, bulk.len, false);
    return err;
}
