/* The sockets: each option read back, or shown by what it does where libzmq does not give it back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/socket.h"
#include "tests/unit/suite.h"

static char folder[] = "/tmp/gc-socket-XXXXXX";
static char path[64];
static char endpoint[80];
static struct gc_fault fault;
static zsock_t *router;

/* check forks for each test: the folder is the test's own. */
static void start(void)
{
    zsys_handler_set(NULL);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
}

static void listen_here(void)
{
    const char *endpoints[] = {endpoint};
    enum gc_err err = gc_socket_listen(endpoints, 1, &router, &fault);
    ck_assert_msg(err == GC_OK, "%s", fault.text);
}

static void end(void)
{
    zsock_destroy(&router);
    unlink(path);
    rmdir(folder);
}

static zsock_t *connect_here(void)
{
    zsock_t *s = NULL;
    ck_assert_int_eq(gc_socket_connect(endpoint, &s, &fault), GC_OK);
    return s;
}

/* Waits for something to read, two seconds at most. */
static enum gc_err receive(zsock_t *s, bool is_router, struct gc_frames *f)
{
    zmq_pollitem_t item = {.socket = zsock_resolve(s), .events = ZMQ_POLLIN};
    for (int i = 0; i < 200; i++) {
        enum gc_err err = gc_socket_recv(s, is_router, f);
        if (err != GC_ERR_BUSY)
            return err;
        (void)zmq_poll(&item, 1, 10);
    }
    return GC_ERR_BUSY;
}

static struct gc_bytes text(const char *s)
{
    return gc_bytes_of(s, strlen(s));
}

/* A dealer is busy until its connection stands. */
static void send_soon(zsock_t *s, struct gc_bytes frame, struct gc_bytes bulk)
{
    enum gc_err err = GC_ERR_BUSY;
    for (int i = 0; i < 400 && err == GC_ERR_BUSY; i++) {
        err = gc_socket_send(s, NULL, frame, bulk);
        if (err == GC_ERR_BUSY)
            usleep(5000);
    }
    ck_assert_int_eq(err, GC_OK);
}

static bool frame_is(zframe_t *f, const char *s)
{
    return f != NULL && gc_bytes_equal(gc_frame_bytes(f), text(s));
}

static int get(zsock_t *s, int option)
{
    int v = -1;
    size_t len = sizeof v;
    ck_assert_int_eq(zmq_getsockopt(zsock_resolve(s), option, &v, &len), 0);
    return v;
}

static void common_options(zsock_t *s)
{
    int64_t max = 0;
    size_t len = sizeof max;
    ck_assert_int_eq(get(s, ZMQ_SNDHWM), 256);
    ck_assert_int_eq(get(s, ZMQ_RCVHWM), 256);
    ck_assert_int_eq(get(s, ZMQ_HEARTBEAT_IVL), 2000);
    ck_assert_int_eq(get(s, ZMQ_HEARTBEAT_TIMEOUT), 6000);
    ck_assert_int_eq(get(s, ZMQ_HEARTBEAT_TTL), 6000);
    ck_assert_int_eq(get(s, ZMQ_HANDSHAKE_IVL), 5000);
    ck_assert_int_eq(get(s, ZMQ_RCVTIMEO), 0);
    ck_assert_int_eq(zmq_getsockopt(zsock_resolve(s), ZMQ_MAXMSGSIZE, &max, &len), 0);
    ck_assert_int_eq(max, (1024 + 64) * 1024);
    char id[300];
    len = sizeof id;
    ck_assert_int_eq(zmq_getsockopt(zsock_resolve(s), ZMQ_ROUTING_ID, id, &len), 0);
    ck_assert_uint_eq(len, 0); /* unset: a ROUTER makes one for each connection */
}

START_TEST(options)
{
    start();
    listen_here();
    zsock_t *dealer = connect_here();
    common_options(router);
    ck_assert_int_eq(get(router, ZMQ_BACKLOG), 4096);
    ck_assert_int_eq(get(router, ZMQ_LINGER), 0);
    common_options(dealer);
    ck_assert_int_eq(get(dealer, ZMQ_IMMEDIATE), 1);
    ck_assert_int_eq(get(dealer, ZMQ_RECONNECT_IVL), 200);
    ck_assert_int_eq(get(dealer, ZMQ_RECONNECT_IVL_MAX), 3000);
    ck_assert_int_eq(get(dealer, ZMQ_CONNECT_TIMEOUT), 3000);
    ck_assert_int_eq(get(dealer, ZMQ_LINGER), 1000);
    zsock_destroy(&dealer);
    end();
}
END_TEST

START_TEST(there_and_back)
{
    struct gc_frames f;
    start();
    listen_here();
    zsock_t *dealer = connect_here();
    ck_assert_int_eq(gc_socket_recv(router, true, &f), GC_ERR_BUSY);
    send_soon(dealer, text("hello"), (struct gc_bytes){0});
    ck_assert_int_eq(receive(router, true, &f), GC_OK);
    ck_assert(frame_is(f.frame, "hello"));
    ck_assert_ptr_null(f.bulk);
    ck_assert_ptr_null(gc_frame_bytes(f.bulk).ptr);
    struct gc_routing peer = f.peer;
    ck_assert_uint_gt(peer.len, 0);
    gc_frames_release(&f);
    gc_frames_release(&f); /* twice is once */

    ck_assert_int_eq(gc_socket_send(router, &peer, text("welcome"), text("bulk")), GC_OK);
    ck_assert_int_eq(receive(dealer, false, &f), GC_OK);
    ck_assert(frame_is(f.frame, "welcome"));
    ck_assert(frame_is(f.bulk, "bulk"));
    gc_frames_release(&f);

    /* The largest there is. */
    struct gc_bytes body =
        gc_bytes_of(calloc(1, GC_HEADER_BYTES + GC_MAX_BODY), GC_HEADER_BYTES + GC_MAX_BODY);
    struct gc_bytes bulk = gc_bytes_of(calloc(1, GC_MAX_BULK), GC_MAX_BULK);
    send_soon(dealer, body, bulk);
    ck_assert_int_eq(receive(router, true, &f), GC_OK);
    ck_assert(gc_bytes_equal(gc_frame_bytes(f.frame), body));
    ck_assert(gc_bytes_equal(gc_frame_bytes(f.bulk), bulk));
    gc_frames_release(&f);
    free((void *)body.ptr);
    free((void *)bulk.ptr);
    zsock_destroy(&dealer);
    end();
}
END_TEST

START_TEST(unknown_peer)
{
    struct gc_routing nobody = {.len = 5, .id = {0, 1, 2, 3, 4}};
    start();
    listen_here();
    ck_assert_int_eq(gc_socket_send(router, &nobody, text("x"), text("y")), GC_ERR_UNREACHABLE);
    ck_assert_int_eq(gc_socket_send(router, &nobody, text("x"), (struct gc_bytes){0}), GC_ERR_UNREACHABLE);
    end();
}
END_TEST

START_TEST(nobody_there)
{
    start();
    zsock_t *dealer = connect_here();
    ck_assert_int_eq(gc_socket_send(dealer, NULL, text("x"), (struct gc_bytes){0}), GC_ERR_BUSY);
    /* It connects when somebody comes. */
    listen_here();
    struct gc_frames f;
    send_soon(dealer, text("x"), (struct gc_bytes){0});
    ck_assert_int_eq(receive(router, true, &f), GC_OK);
    gc_frames_release(&f);
    zsock_destroy(&dealer);
    end();
}
END_TEST

/* A peer that does not read fills its pipe: the router says so and can still talk to others. */
START_TEST(full_pipe)
{
    struct gc_frames f;
    struct gc_routing slow;
    struct gc_routing other;
    start();
    listen_here();
    zsock_t *a = connect_here();
    send_soon(a, text("a"), (struct gc_bytes){0});
    ck_assert_int_eq(receive(router, true, &f), GC_OK);
    slow = f.peer;
    gc_frames_release(&f);
    zsock_t *b = connect_here();
    send_soon(b, text("b"), (struct gc_bytes){0});
    ck_assert_int_eq(receive(router, true, &f), GC_OK);
    other = f.peer;
    gc_frames_release(&f);

    static uint8_t bytes[8192];
    int sent = 0;
    enum gc_err err = GC_OK;
    for (int tries = 0; tries < 3; tries++) { /* the I/O thread moves some on meanwhile */
        while (sent < 100000 &&
               (err = gc_socket_send(router, &slow, gc_bytes_of(bytes, sizeof bytes), text("x"))) == GC_OK)
            sent++;
        usleep(20000);
    }
    ck_assert_int_eq(err, GC_ERR_BUSY);
    ck_assert_int_ge(sent, GC_SOCKET_HWM);
    ck_assert_int_lt(sent, 8 * GC_SOCKET_HWM);
    ck_assert_int_eq(gc_socket_send(router, &other, text("still here"), (struct gc_bytes){0}), GC_OK);
    ck_assert_int_eq(receive(b, false, &f), GC_OK);
    ck_assert(frame_is(f.frame, "still here"));
    gc_frames_release(&f);
    /* What was sent arrives whole. */
    for (int i = 0; i < sent; i++) {
        ck_assert_int_eq(receive(a, false, &f), GC_OK);
        ck_assert_uint_eq(zframe_size(f.frame), sizeof bytes);
        ck_assert(frame_is(f.bulk, "x"));
        gc_frames_release(&f);
    }
    zsock_destroy(&a);
    zsock_destroy(&b);
    end();
}
END_TEST

static void send_many(void *socket, int n, size_t size)
{
    char *bytes = calloc(1, size);
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(zmq_send(socket, bytes, size, i + 1 < n ? ZMQ_SNDMORE : 0), (int)size);
    free(bytes);
}

/* Messages of other forms are dropped, whole, whoever they come from, and the next good one is read. */
START_TEST(other_forms)
{
    static const struct {
        int n;
        size_t size;
    } some[] = {{3, 1},
                {4, 10},
                {63, 1},
                {64, 1},
                {65, 1},
                {66, 1},
                {67, 1},
                {500, 3},
                {1, GC_HEADER_BYTES + GC_MAX_BODY + 1},
                {2, GC_HEADER_BYTES + GC_MAX_BODY + 1}};
    struct gc_frames f;
    start();
    listen_here();
    zsock_t *plain = zsock_new(ZMQ_DEALER);
    zsock_set_linger(plain, 0);
    ck_assert_int_eq(zsock_connect(plain, "%s", endpoint), 0);
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        send_many(zsock_resolve(plain), some[i].n, some[i].size);
        send_many(zsock_resolve(plain), 1, 7);
        ck_assert_int_eq(receive(router, true, &f), GC_ERR_INVALID);
        ck_assert_ptr_null(f.frame);
        ck_assert_uint_gt(f.peer.len, 0); /* whose it was */
        int calls = 1;
        enum gc_err err;
        while ((err = receive(router, true, &f)) == GC_ERR_INVALID)
            calls++;
        ck_assert_int_eq(err, GC_OK);
        ck_assert_int_le(calls, 1 + some[i].n / GC_SOCKET_DRAIN);
        ck_assert_uint_eq(zframe_size(f.frame), 7);
        gc_frames_release(&f);
    }
    /* A bulk above the limit but below what libzmq lets through. */
    ck_assert_int_eq(zmq_send(zsock_resolve(plain), "x", 1, ZMQ_SNDMORE), 1);
    send_many(zsock_resolve(plain), 1, GC_MAX_BULK + 1);
    ck_assert_int_eq(receive(router, true, &f), GC_ERR_INVALID);
    zsock_destroy(&plain);

    /* A routing id longer than ours are. */
    zsock_t *named = zsock_new(ZMQ_DEALER);
    zsock_set_identity(named, "a name of one's own that is longer than thirty-two bytes");
    zsock_set_linger(named, 0);
    ck_assert_int_eq(zsock_connect(named, "%s", endpoint), 0);
    send_many(zsock_resolve(named), 1, 7);
    ck_assert_int_eq(receive(router, true, &f), GC_ERR_INVALID);
    ck_assert_uint_eq(f.peer.len, 0);
    zsock_destroy(&named);
    end();
}
END_TEST

/* A frame above ZMQ_MAXMSGSIZE ends its connection before anybody has made room for it. */
START_TEST(giant_frame)
{
    struct gc_frames f;
    start();
    listen_here();
    zsock_t *plain = zsock_new(ZMQ_DEALER);
    zsock_set_linger(plain, 0);
    ck_assert_int_eq(zsock_connect(plain, "%s", endpoint), 0);
    send_many(zsock_resolve(plain), 1, (size_t)GC_SOCKET_MAX_FRAME + 1);
    zsock_t *dealer = connect_here();
    send_soon(dealer, text("small"), (struct gc_bytes){0});
    ck_assert_int_eq(receive(router, true, &f), GC_OK);
    ck_assert(frame_is(f.frame, "small"));
    gc_frames_release(&f);
    usleep(100000);
    ck_assert_int_eq(gc_socket_recv(router, true, &f), GC_ERR_BUSY);
    zsock_destroy(&plain);
    zsock_destroy(&dealer);
    end();
}
END_TEST

/* ROUTER_HANDOVER is 0: a second peer with a routing id in use is not let in, and the first stays. */
START_TEST(no_handover)
{
    struct gc_frames f;
    start();
    listen_here();
    zsock_t *first = zsock_new(ZMQ_DEALER);
    zsock_set_identity(first, "same");
    zsock_set_linger(first, 0);
    ck_assert_int_eq(zsock_connect(first, "%s", endpoint), 0);
    send_many(zsock_resolve(first), 1, 3);
    ck_assert_int_eq(receive(router, true, &f), GC_OK);
    struct gc_routing same = f.peer;
    gc_frames_release(&f);
    zsock_t *second = zsock_new(ZMQ_DEALER);
    zsock_set_identity(second, "same");
    zsock_set_linger(second, 0);
    ck_assert_int_eq(zsock_connect(second, "%s", endpoint), 0);
    send_many(zsock_resolve(second), 1, 4);
    usleep(200000);
    ck_assert_int_eq(gc_socket_recv(router, true, &f), GC_ERR_BUSY);
    ck_assert_int_eq(gc_socket_send(router, &same, text("to the first"), (struct gc_bytes){0}), GC_OK);
    ck_assert_int_eq(receive(first, false, &f), GC_OK);
    gc_frames_release(&f);
    zsock_destroy(&first);
    zsock_destroy(&second);
    end();
}
END_TEST

START_TEST(which_endpoints)
{
    const char *refused[] = {
        "tcp://127.0.0.1:5555", "inproc://x", "ipc://", "ipc://@abstract", "ipc://*", "/tmp/x", ""};
    start();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        zsock_t *s = NULL;
        enum gc_err err = gc_socket_listen(&refused[i], 1, &s, &fault);
        ck_assert(err == GC_ERR_DENIED || err == GC_ERR_INVALID);
        ck_assert_ptr_null(s);
        ck_assert_int_eq(gc_socket_connect(refused[i], &s, &fault), err);
        ck_assert_ptr_null(s);
    }
    ck_assert_int_eq(gc_socket_listen(refused, 1, &router, &fault), GC_ERR_DENIED);
    char far[200];
    memset(far, 'x', sizeof far);
    memcpy(far, "ipc:///tmp/", 11);
    far[sizeof far - 1] = '\0';
    const char *long_one = far;
    ck_assert_int_eq(gc_socket_listen(&long_one, 1, &router, &fault), GC_ERR_LIMIT);
    const char *no_folder = "ipc:///tmp/gc-no-such-folder/s";
    ck_assert_int_eq(gc_socket_listen(&no_folder, 1, &router, &fault), GC_ERR_IO);
    ck_assert_ptr_nonnull(strstr(fault.text, "No such file"));

    /* Two at once; one that fails takes the other back. */
    char other[100];
    snprintf(other, sizeof other, "ipc://%s/t", folder);
    const char *both[] = {endpoint, other};
    ck_assert_int_eq(gc_socket_listen(both, 2, &router, &fault), GC_OK);
    zsock_t *s = NULL;
    ck_assert_int_eq(gc_socket_connect(other, &s, &fault), GC_OK);
    send_soon(s, text("x"), (struct gc_bytes){0});
    struct gc_frames f;
    ck_assert_int_eq(receive(router, true, &f), GC_OK);
    gc_frames_release(&f);
    zsock_destroy(&s);
    unlink(other + 6);
    end();
}
END_TEST

START_TEST(socket_file)
{
    struct stat st;
    zsock_t *second = NULL;
    const char *endpoints[] = {endpoint};
    start();
    umask(0);
    listen_here();
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert(S_ISSOCK(st.st_mode));
    ck_assert_uint_eq(st.st_mode & 07777, 0600);

    /* A living one is not taken over. */
    ck_assert_int_eq(gc_socket_listen(endpoints, 1, &second, &fault), GC_ERR_BUSY);
    ck_assert_ptr_nonnull(strstr(fault.text, "another process"));
    zsock_t *dealer = connect_here();
    struct gc_frames f;
    send_soon(dealer, text("x"), (struct gc_bytes){0});
    ck_assert_int_eq(receive(router, true, &f), GC_OK);
    gc_frames_release(&f);
    zsock_destroy(&dealer);

    /* A dead one is. */
    zsock_destroy(&router);
    for (int i = 0; i < 200 && gc_socket_listen(endpoints, 1, &router, &fault) != GC_OK; i++)
        usleep(10000); /* libzmq closes behind our back */
    ck_assert_ptr_nonnull(router);
    zsock_destroy(&router);
    usleep(100000);

    /* What is no socket is left alone. */
    unlink(path);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "precious", 8), 8);
    close(fd);
    ck_assert_int_eq(gc_socket_listen(endpoints, 1, &router, &fault), GC_ERR_EXISTS);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_size, 8);
    end();
}
END_TEST

/* How a plain connection is greeted: the number of bytes until end of file or two seconds have passed. */
static int greeted(const char *where)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct timeval tv = {.tv_sec = 2};
    char byte;
    memcpy(a.sun_path, where, strlen(where));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        return -1;
    ssize_t n = recv(fd, &byte, 1, 0);
    close(fd);
    return (int)n;
}

/* ZMQ_IPC_FILTER_UID: another user is let in by the file's mode here, and still refused. */
START_TEST(other_user)
{
    start();
    if (geteuid() != 0) {
        printf("skip: only root can become another user\n");
        end();
        return;
    }
    int go[2];
    ck_assert_int_eq(pipe(go), 0);
    pid_t child = fork(); /* before libzmq has threads */
    if (child == 0) {
        char c;
        if (read(go[0], &c, 1) != 1 || setgid(65534) != 0 || setuid(65534) != 0)
            _exit(99);
        if (access(path, W_OK) != 0)
            _exit(97);
        int n = greeted(path);
        _exit(n < 0 ? 98 : n);
    }
    listen_here();
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(chmod(path, 0666), 0);
    ck_assert_int_eq(greeted(path), 1); /* ours */
    ck_assert_int_eq(write(go[1], "x", 1), 1);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    if (WEXITSTATUS(status) == 97) {
        printf("skip: another user cannot reach the folder %s on this machine\n", folder);
        end();
        return;
    }
    ck_assert_int_eq(WEXITSTATUS(status), 0); /* connected, and cut off without a word */
    end();
}
END_TEST

GC_SUITE("socket", GC_TEST(options), GC_TEST(there_and_back), GC_TEST(unknown_peer), GC_TEST(nobody_there),
         GC_TEST(full_pipe), GC_TEST(other_forms), GC_TEST(giant_frame), GC_TEST(no_handover),
         GC_TEST(which_endpoints), GC_TEST(socket_file), GC_TEST(other_user))
