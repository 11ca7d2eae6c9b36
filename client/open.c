/* open.c - opening and closing a connection: graphcap_connect and what goes with it. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/connection.h"
#include "client/error.h"
#include "common/sys/clock.h"
#include "common/sys/random.h"

#define PATIENCE_NS (20u * GC_SEC)

enum {
    OUT_BYTES = GC_HEADER_BYTES + GC_MAX_BODY + 64,
    /* Decoded, a document of GC_MAX_DOCUMENT bytes may be some ten times as large. Only what is used is ever touched. */
    ARENA_BYTES = 16 * GC_MAX_DOCUMENT,
};

/* czmq would take SIGINT and SIGTERM away from the program. Must come before the first socket. */
static void keep_signals(void)
{
    zsys_handler_set(NULL);
}

/* The caller's options, with what his version of the struct lacks as 0. */
static struct graphcap_options whole_options(const struct graphcap_options *given)
{
    struct graphcap_options o = {0};
    if (given)
        memcpy(&o, given, given->size < sizeof o ? given->size : sizeof o);
    return o;
}

static char *copy_or_null(const char *s, bool *failed)
{
    char *copy = s ? strdup(s) : NULL;
    *failed = *failed || (s && !copy);
    return copy;
}

static int allocate(struct graphcap *gc, const struct graphcap_options *o, struct graphcap_error *error)
{
    bool failed = false;
    gc->bindir = copy_or_null(o->bindir, &failed);
    gc->name = copy_or_null(o->name ? o->name : program_invocation_short_name, &failed);
    void *out = malloc(OUT_BYTES);
    void *arena =
        mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena != MAP_FAILED)
        gc_arena_init(&gc->arena, arena, ARENA_BYTES);
    if (out)
        gc_buf_init(&gc->out, out, OUT_BYTES);
    if (failed || !out || arena == MAP_FAILED || gc_codec_new(GC_CODEC_SCRATCH, &gc->codec) != GC_OK)
        return gc_fail_memory(error);
    gc->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (gc->wake < 0)
        return gc_fail(error, (int)gc_err_from_errno(errno), "eventfd: %s", strerror(errno));
    return GRAPHCAP_OK;
}

/* The socket path that the check from outside tries: an endpoint of a shared coordinator has one too. */
static int set_socket_path(struct gc_place *place, struct graphcap_error *error)
{
    if (!place->socket)
        place->socket = strdup(place->endpoint + strlen("ipc://"));
    return place->socket ? GRAPHCAP_OK : gc_fail_memory(error);
}

static int join(struct graphcap *gc, struct graphcap_error *error)
{
    struct gc_fault fault = {0};
    int code = gc_conn_check(gc, error);
    if (code != GRAPHCAP_OK)
        return code;
    enum gc_err err = gc_socket_connect(gc->place.endpoint, &gc->socket, &fault);
    if (err != GC_OK)
        return gc_fail_fault(error, err, &fault);
    code = gc_conn_begin(gc, error);
    while (code == GRAPHCAP_OK && !gc->joined) {
        const struct gc_msg *msg;
        code = gc_conn_pump(gc, UINT64_MAX, &msg, error);
    }
    return code;
}

int graphcap_connect(const struct graphcap_options *options, struct graphcap **ret,
                     struct graphcap_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct graphcap_options o = whole_options(options);
    struct graphcap *gc = calloc(1, sizeof *gc);
    if (!gc)
        return gc_fail_memory(error);
    gc->wake = -1;
    gc->owner = getpid();
    gc->executors = o.executors;
    gc->patience_ns = o.patience_ns ? o.patience_ns : PATIENCE_NS;
    gc->notice = o.notice;
    gc->notice_arg = o.notice_arg;
    gc->peer = gc_random_id();
    gc->boot = gc_random_id();
    gc->heard_ns = gc_clock_now();
    pthread_once(&once, keep_signals);

    int code = allocate(gc, &o, error);
    if (code == GRAPHCAP_OK)
        code = gc_place_find(&o, &gc->place, error);
    if (code == GRAPHCAP_OK)
        code = set_socket_path(&gc->place, error);
    if (code == GRAPHCAP_OK)
        code = join(gc, error);
    if (code != GRAPHCAP_OK) {
        graphcap_close(&gc);
        return code;
    }
    *ret = gc;
    return GRAPHCAP_OK;
}

static void say_bye(struct graphcap *gc)
{
    struct gc_msg bye = {.type = GC_MSG_BYE};
    uint64_t seq;
    if (gc->joined)
        (void)gc_conn_send(gc, &bye, &seq); /* as a courtesy: a client that says nothing is forgotten too */
}

void graphcap_close(struct graphcap **gc_p)
{
    struct graphcap *gc = *gc_p;
    if (!gc)
        return;
    *gc_p = NULL;
    if (gc->owner == getpid() && gc->socket) {
        say_bye(gc);
        gc_frames_release(&gc->frames);
        zsock_destroy(&gc->socket);
    } /* else the socket is the parent's, and closing it here would disturb libzmq's threads, which we do not have */
    if (gc->child && gc->owner == getpid())
        (void)waitpid(gc->child, NULL, WNOHANG);
    if (gc->codec)
        gc_codec_destroy(&gc->codec);
    if (gc->arena.base)
        munmap(gc->arena.base, gc->arena.size);
    if (gc->wake >= 0)
        close(gc->wake);
    gc_place_release(&gc->place);
    free(gc->out.data);
    free(gc->bindir);
    free(gc->name);
    free(gc);
}

void graphcap_interrupt(struct graphcap *gc)
{
    int was = errno; /* signal handlers must leave it as it is */
    uint64_t one = 1;
    ssize_t n = write(gc->wake, &one, sizeof one);
    (void)n; /* full: it is awake already */
    errno = was;
}

const char *graphcap_endpoint(const struct graphcap *gc)
{
    return gc->place.endpoint;
}

int graphcap_is_private(const struct graphcap *gc)
{
    return gc->place.private;
}

void graphcap_set_patience(struct graphcap *gc, uint64_t patience_ns)
{
    gc->patience_ns = patience_ns ? patience_ns : PATIENCE_NS;
}

struct gc_arena *gc_conn_arena(struct graphcap *gc)
{
    gc_arena_init(&gc->arena, gc->arena.base, gc->arena.size);
    return &gc->arena;
}

int gc_conn_run_id(const char *text, struct gc_id128 *ret, struct graphcap_error *error)
{
    if (text && gc_id_parse(gc_str_of(text), ret) == GC_OK)
        return GRAPHCAP_OK;
    return gc_fail(error, GRAPHCAP_INVALID, "%.64s: not the id of a run, which is r- and 26 characters",
                   text ? text : "(none)");
}
