/* The parent's end: a socket, bytes that wait to be sent, bytes that came. Nothing here waits. */
#include "worker/lister/lister.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/sys/proc.h"
#include "worker/lister/wire.h"

struct gc_lister {
    pid_t pid;
    int fd;
    bool gone;
    uint32_t n_waiting;
    uint64_t waiting[GC_LISTER_WAITING];
    uint8_t *out;
    size_t out_len;
    size_t out_at; /* sent so far */
    size_t out_room;
    uint8_t *in; /* GC_FRAME_MAX */
    size_t in_len;
    size_t in_at; /* taken so far */
};

/* ---- start and end ---- */

static enum gc_err put_frame(struct gc_lister *l, const struct gc_buf *frame);

static enum gc_err send_roots(struct gc_lister *l, const struct gc_lister_start *start)
{
    size_t room = GC_FRAME_HEAD + 4;
    for (uint32_t i = 0; i < start->n_roots; i++)
        room += strlen(start->roots[i].name) + strlen(start->roots[i].path) + 10;
    uint8_t *memory = room <= GC_FRAME_MAX ? malloc(room) : NULL;
    if (!memory)
        return GC_ERR_NOMEM;
    struct gc_buf b;
    gc_buf_init(&b, memory, room);
    size_t at = gc_frame_begin(&b, GC_FRAME_ROOTS, 0);
    (void)gc_buf_put_u32(&b, start->n_roots);
    for (uint32_t i = 0; i < start->n_roots; i++) {
        gc_wire_put_bytes(&b, gc_bytes_of(start->roots[i].name, strlen(start->roots[i].name) + 1));
        gc_wire_put_bytes(&b, gc_bytes_of(start->roots[i].path, strlen(start->roots[i].path) + 1));
    }
    bool fits = gc_frame_end(&b, at);
    GC_ASSERT(fits);
    enum gc_err err = put_frame(l, &b);
    free(memory);
    return err;
}

static enum gc_err spawn(struct gc_lister *l, const char *program, struct gc_fault *fault)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return gc_fault_set(fault, gc_err_from_errno(errno), "the lister's socket: %s", strerror(errno));
    l->fd = pair[0];
    int fds[] = {-1, -1, STDERR_FILENO, pair[1]};
    GC_STATIC_ASSERT(GC_LISTER_FD == 3, "the socket is the fourth");
    char *argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "--lister", NULL};
    struct gc_proc_spawn spec = {.path = program, .argv = argv, .fds = fds, .fd_count = 4};
    enum gc_err err = gc_proc_spawn(&spec, &l->pid, fault);
    (void)close(pair[1]);
    if (err)
        return err;
    if (fcntl(l->fd, F_SETFL, O_NONBLOCK) < 0)
        return gc_fault_set(fault, GC_ERR_IO, "the lister's socket: %s", strerror(errno));
    return GC_OK;
}

enum gc_err gc_lister_start(const struct gc_lister_start *start, struct gc_lister **ret,
                            struct gc_fault *fault)
{
    struct gc_lister *l = calloc(1, sizeof *l);
    if (!l)
        return gc_fault_set(fault, GC_ERR_NOMEM, "no memory for a lister");
    l->fd = -1;
    l->in = malloc(GC_FRAME_MAX);
    enum gc_err err = l->in ? spawn(l, start->program, fault) : GC_ERR_NOMEM;
    if (!err)
        err = send_roots(l, start);
    if (err) {
        gc_lister_destroy(&l);
        return err;
    }
    *ret = l;
    return GC_OK;
}

void gc_lister_destroy(struct gc_lister **self_p)
{
    struct gc_lister *l = *self_p;
    *self_p = NULL;
    if (!l)
        return;
    if (l->fd >= 0)
        (void)close(l->fd);
    if (l->pid > 0) {
        (void)kill(l->pid, SIGKILL);
        while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    free(l->out);
    free(l->in);
    free(l);
}

int gc_lister_fd(const struct gc_lister *l)
{
    return l->fd;
}

short gc_lister_events(const struct gc_lister *l)
{
    return (short)(POLLIN | (l->out_at < l->out_len ? POLLOUT : 0));
}

pid_t gc_lister_pid(const struct gc_lister *l)
{
    return l->pid;
}

/* ---- requests ---- */

static enum gc_err put_frame(struct gc_lister *l, const struct gc_buf *frame)
{
    if (l->out_at == l->out_len)
        l->out_at = l->out_len = 0;
    if (l->out_len + frame->len > l->out_room) {
        size_t room = (l->out_len + frame->len) * 2;
        uint8_t *out = realloc(l->out, room);
        if (!out)
            return GC_ERR_NOMEM;
        l->out = out;
        l->out_room = room;
    }
    memcpy(l->out + l->out_len, frame->data, frame->len);
    l->out_len += frame->len;
    return GC_OK;
}

static uint32_t find(const struct gc_lister *l, uint64_t id)
{
    uint32_t i = 0;
    while (i < l->n_waiting && l->waiting[i] != id)
        i++;
    return i;
}

static void forget(struct gc_lister *l, uint32_t i)
{
    l->waiting[i] = l->waiting[--l->n_waiting];
}

/* A request of `kind` whose body is made by the caller between begin and end. */
struct request {
    struct gc_buf b;
    size_t start;
};

static enum gc_err begin_request(struct gc_lister *l, uint8_t kind, uint64_t id, size_t body,
                                 struct request *r)
{
    if (l->gone)
        return GC_ERR_UNREACHABLE;
    if (l->n_waiting == GC_LISTER_WAITING)
        return GC_ERR_BUSY;
    GC_ASSERT(find(l, id) == l->n_waiting);
    if (body > GC_FRAME_MAX - GC_FRAME_HEAD)
        return GC_ERR_LIMIT;
    void *memory = malloc(GC_FRAME_HEAD + body);
    if (!memory)
        return GC_ERR_NOMEM;
    gc_buf_init(&r->b, memory, GC_FRAME_HEAD + body);
    r->start = gc_frame_begin(&r->b, kind, id);
    return GC_OK;
}

static enum gc_err end_request(struct gc_lister *l, uint64_t id, struct request *r)
{
    bool fits = gc_frame_end(&r->b, r->start);
    GC_ASSERT(fits);
    enum gc_err err = put_frame(l, &r->b);
    free(r->b.data);
    if (!err)
        l->waiting[l->n_waiting++] = id;
    return err;
}

enum gc_err gc_lister_list(struct gc_lister *l, const struct gc_list_request *r)
{
    struct request q;
    enum gc_err err = begin_request(l, GC_FRAME_LIST, r->id, r->program.len + r->cursor.len + 20, &q);
    if (err)
        return err;
    gc_wire_put_bytes(&q.b, r->program);
    gc_wire_put_bytes(&q.b, r->cursor);
    (void)gc_buf_put_u64(&q.b, r->first);
    (void)gc_buf_put_u32(&q.b, r->pages);
    return end_request(l, r->id, &q);
}

enum gc_err gc_lister_page(struct gc_lister *l, uint64_t id, struct gc_bytes program,
                           const struct gc_page *page)
{
    struct request q;
    enum gc_err err = begin_request(l, GC_FRAME_PAGE, id, program.len + page->digest.len + 41, &q);
    if (err)
        return err;
    gc_wire_put_bytes(&q.b, program);
    gc_wire_put_page(&q.b, page);
    return end_request(l, id, &q);
}

void gc_lister_cancel(struct gc_lister *l, uint64_t id)
{
    uint8_t memory[GC_FRAME_HEAD];
    struct gc_buf b;
    uint32_t i = find(l, id);
    if (i == l->n_waiting)
        return;
    forget(l, i);
    gc_buf_init(&b, memory, sizeof memory);
    size_t start = gc_frame_begin(&b, GC_FRAME_CANCEL, id);
    bool fits = gc_frame_end(&b, start);
    GC_ASSERT(fits);
    if (put_frame(l, &b))
        l->gone = true; /* without memory for 13 bytes: whoever looks after us starts anew */
}

/* ---- bytes ---- */

static void push_out(struct gc_lister *l)
{
    while (!l->gone && l->out_at < l->out_len) {
        ssize_t n = send(l->fd, l->out + l->out_at, l->out_len - l->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n < 0)
            l->gone = true;
        else
            l->out_at += (size_t)n;
    }
}

static void pull_in(struct gc_lister *l)
{
    memmove(l->in, l->in + l->in_at, l->in_len - l->in_at);
    l->in_len -= l->in_at;
    l->in_at = 0;
    while (!l->gone && l->in_len < GC_FRAME_MAX) {
        ssize_t n = recv(l->fd, l->in + l->in_len, GC_FRAME_MAX - l->in_len, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0)
            l->gone = true;
        else
            l->in_len += (size_t)n;
    }
}

enum gc_err gc_lister_pump(struct gc_lister *l)
{
    push_out(l);
    pull_in(l);
    /* what came whole before the child went is still good */
    return l->gone && l->in_len == 0 ? GC_ERR_UNREACHABLE : GC_OK;
}

bool gc_lister_next(struct gc_lister *l, struct gc_lister_reply *ret)
{
    for (;;) {
        struct gc_frame f;
        size_t len;
        struct gc_bytes left = gc_bytes_of(l->in + l->in_at, l->in_len - l->in_at);
        bool ours = gc_frame_take(left, &f, &len) && (len == 0 || gc_wire_reply(&f, ret));
        if (!ours || (len == 0 && l->gone)) {
            l->gone = true; /* half a frame, or none of ours: nothing behind it can be trusted */
            l->in_len = l->in_at = 0;
            return false;
        }
        if (len == 0)
            return false;
        l->in_at += len;
        uint32_t i = find(l, ret->id);
        if (i == l->n_waiting)
            continue; /* cancelled */
        if (ret->last)
            forget(l, i);
        return true;
    }
}
