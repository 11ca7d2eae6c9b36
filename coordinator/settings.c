#include "coordinator/settings.h"

#include <czmq.h>
#include <sodium.h>
#include <stdio.h>

#include "common/options.h"
#include "common/sys/clock.h"
#include "common/version.h"
#include "coordinator/store/store.h"
#include "proto/codec.h"

static void print_version(void)
{
    int major, minor, patch;
    zmq_version(&major, &minor, &patch);
    printf("gc-coordinator %s\nlibzmq %d.%d.%d\nczmq %d.%d.%d\n%s\n%s\nlibsodium %s\n", GC_VERSION, major,
           minor, patch, CZMQ_VERSION_MAJOR, CZMQ_VERSION_MINOR, CZMQ_VERSION_PATCH, gc_codec_library(),
           gc_store_library(), sodium_version_string());
}

static int usage_error(const struct gc_fault *f)
{
    fprintf(stderr, "%s\n", f->text);
    return gc_err_exit(GC_ERR_USAGE);
}

struct raw {
    struct gc_option_list endpoints;
    struct gc_option_list roots;
    uint64_t ready_fd;
    const char *log_level;
    bool version;
};

/* What the table cannot say. */
static enum gc_err check(struct gc_settings *s, const struct raw *raw, struct gc_fault *f)
{
    if (s->n_endpoints == 0)
        return gc_fault_set(f, GC_ERR_USAGE, "gc-coordinator: --listen is required");
    if (!s->state)
        return gc_fault_set(f, GC_ERR_USAGE, "gc-coordinator: --state is required");
    if (!s->private && (s->n_roots > 0 || s->executors > 0))
        return gc_fault_set(f, GC_ERR_USAGE, "gc-coordinator: --root and --executors are for --private");
    if (raw->ready_fd != UINT64_MAX && raw->ready_fd > 1023)
        return gc_fault_set(f, GC_ERR_USAGE, "gc-coordinator: --ready-fd: no such descriptor");
    s->ready_fd = raw->ready_fd == UINT64_MAX ? -1 : (int)raw->ready_fd;
    if (gc_log_level_parse(gc_str_of(raw->log_level), &s->log_level) != GC_OK)
        return gc_fault_set(f, GC_ERR_USAGE, "gc-coordinator: --log: error, warn, info or debug");
    return GC_OK;
}

static enum gc_err parse(int argc, char **argv, struct gc_settings *s, struct raw *raw, int *ret_exit,
                         struct gc_fault *f)
{
    const struct gc_option options[] = {
        {0, "listen", GC_OPTION_LIST, &raw->endpoints, "ENDPOINT", "answer here: ipc:///path/of/socket", 0},
        {0, "state", GC_OPTION_STRING, &s->state, "DIR", "folder that keeps everything; it exists", 0},
        {0, "private", GC_OPTION_FLAG, &s->private, NULL, "start a worker too, and end when nobody needs us",
         0},
        {'j', "executors", GC_OPTION_U64, &s->executors, "N", "with --private: executors of the worker", 0},
        {0, "root", GC_OPTION_LIST, &raw->roots, "[NAME=]DIR", "with --private: folder the worker may use",
         0},
        {0, "log", GC_OPTION_STRING, &raw->log_level, "LEVEL", "error, warn, info (default) or debug", 0},
        {0, "idle", GC_OPTION_DURATION, &s->idle_ns, "TIME", "with --private: end so long after the last use",
         0},
        {0, "ready-fd", GC_OPTION_U64, &raw->ready_fd, "FD", "write a byte there when we answer",
         GC_OPTION_HIDDEN},
        {'V', "version", GC_OPTION_FLAG, &raw->version, NULL, "print versions", 0},
        {.type = GC_OPTION_END},
    };
    const struct gc_usage usage = {
        .program = "gc-coordinator",
        .about =
            "Plans runs, leases their tasks to workers and keeps what came of them in the state folder.\n"
            "Logs one key=value line an event on standard error; SIGTERM ends it cleanly.",
        .options = options,
    };
    struct gc_words words;
    enum gc_err err = gc_options_parse(&usage, argc, argv, &words, f);
    if (err != GC_OK)
        return err;
    if (words.help || raw->version) {
        if (words.help)
            gc_options_print_help(&usage, stdout);
        else
            print_version();
        *ret_exit = 0;
    }
    return GC_OK;
}

void gc_settings_parse(int argc, char **argv, struct gc_settings *ret, int *ret_exit)
{
    struct gc_fault f;
    *ret = (struct gc_settings){.ready_fd = -1, .idle_ns = 60 * GC_SEC};
    struct raw raw = {.endpoints = {ret->endpoints, 0, GC_SETTINGS_ENDPOINTS},
                      .roots = {ret->roots, 0, GC_SETTINGS_ROOTS},
                      .ready_fd = UINT64_MAX,
                      .log_level = "info"};
    *ret_exit = -1;
    gc_fault_clear(&f);
    enum gc_err err = parse(argc, argv, ret, &raw, ret_exit, &f);
    ret->n_endpoints = raw.endpoints.count;
    ret->n_roots = raw.roots.count;
    if (err == GC_OK && *ret_exit < 0)
        err = check(ret, &raw, &f);
    if (err != GC_OK)
        *ret_exit = usage_error(&f);
}
