#include "worker/settings.h"

#include <czmq.h>
#include <jansson.h>
#include <limits.h>
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/options.h"
#include "common/version.h"
#include "proto/codec.h"
#include "worker/ops/ops.h"

struct raw {
    const char *roots[GC_SETTINGS_ROOTS];
    struct gc_option_list root_list;
    uint64_t executors;
    const char *log_level;
    bool version;
};

/* ---- --version ---- */

/* libvips and what it is built with are known to the catalogue. */
static void print_build(void)
{
    static uint8_t bytes[GC_MAX_DOCUMENT];
    struct gc_buf buf;
    struct gc_arena arena;
    struct gc_catalogue catalogue;
    struct gc_fault fault;
    size_t room = (size_t)64 << 20;
    void *memory = malloc(room);
    gc_buf_init(&buf, bytes, sizeof bytes);
    gc_arena_init(&arena, memory, memory ? room : 0);
    if (gc_ops_init("gc-worker", &fault) == GC_OK && gc_ops_catalogue(&buf, &fault) == GC_OK &&
        gc_decode_catalogue(gc_buf_bytes(&buf), &arena, &catalogue, &fault) == GC_OK)
        printf("%.*s\n", GC_STR_ARGS(gc_bytes_str(catalogue.build)));
    free(memory);
}

static void print_version(void)
{
    int major, minor, patch;
    zmq_version(&major, &minor, &patch);
    printf("gc-worker %s\nlibzmq %d.%d.%d\nczmq %d.%d.%d\n%s\njansson %s\nlibsodium %s\n", GC_VERSION, major,
           minor, patch, CZMQ_VERSION_MAJOR, CZMQ_VERSION_MINOR, CZMQ_VERSION_PATCH, gc_codec_library(),
           jansson_version_str(), sodium_version_string());
    print_build();
}

/* ---- roots ---- */

static bool is_name(const char *text, size_t len)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    return len > 0 && strspn(text, allowed) >= len;
}

static const char *absolute(const char *path)
{
    if (path[0] == '/')
        return path;
    char here[PATH_MAX];
    char *whole = NULL;
    if (!getcwd(here, sizeof here) || asprintf(&whole, "%s/%s", here, path) < 0)
        return NULL;
    return whole; /* kept until the process ends */
}

static enum gc_err add_root(struct gc_settings *s, const char *text, struct gc_fault *f)
{
    const char *equals = strchr(text, '=');
    const char *name = "";
    if (equals && is_name(text, (size_t)(equals - text))) {
        name = strndup(text, (size_t)(equals - text));
        text = equals + 1;
    }
    const char *path = text[0] ? absolute(text) : NULL;
    if (!name || !path)
        return gc_fault_set(f, GC_ERR_USAGE, "gc-worker: --root: no folder is named");
    s->roots[s->n_roots++] = (struct gc_crew_root){name, path};
    return GC_OK;
}

/* ---- the whole ---- */

static uint32_t processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : (n > (int)GC_MAX_SLOTS ? GC_MAX_SLOTS : (uint32_t)n);
}

static enum gc_err check(struct gc_settings *s, const struct raw *raw, struct gc_fault *f)
{
    if (!s->endpoint)
        return gc_fault_set(f, GC_ERR_USAGE, "gc-worker: --connect is required");
    if (!s->state)
        return gc_fault_set(f, GC_ERR_USAGE, "gc-worker: --state is required");
    if (raw->executors > GC_MAX_SLOTS)
        return gc_fault_set(f, GC_ERR_USAGE, "gc-worker: --executors: %u at most", GC_MAX_SLOTS);
    if (gc_log_level_parse(gc_str_of(raw->log_level), &s->log_level) != GC_OK)
        return gc_fault_set(f, GC_ERR_USAGE, "gc-worker: --log: error, warn, info or debug");
    s->executors = raw->executors > 0 ? (uint32_t)raw->executors : processors();
    for (size_t i = 0; i < raw->root_list.count; i++) {
        enum gc_err err = add_root(s, raw->roots[i], f);
        if (err != GC_OK)
            return err;
    }
    /* A private worker has what its user may. */
    if (s->private && s->n_roots == 0)
        return add_root(s, "/", f);
    if (s->n_roots == 0)
        return gc_fault_set(f, GC_ERR_USAGE,
                            "gc-worker: --root is required: the folders that jobs may read and write");
    return GC_OK;
}

static enum gc_err parse(int argc, char **argv, struct gc_settings *s, struct raw *raw, int *ret_exit,
                         struct gc_fault *f)
{
    const struct gc_option options[] = {
        {0, "connect", GC_OPTION_STRING, &s->endpoint, "ENDPOINT", "the coordinator: ipc:///path/of/socket",
         0},
        {0, "state", GC_OPTION_STRING, &s->state, "DIR", "folder that keeps this worker's id; it exists", 0},
        {'j', "executors", GC_OPTION_U64, &raw->executors, "N",
         "images at a time; as many as processors by default", 0},
        {0, "root", GC_OPTION_LIST, &raw->root_list, "[NAME=]DIR",
         "a folder that jobs may read and write; several are fine", 0},
        {0, "private", GC_OPTION_FLAG, &s->private, NULL,
         "jobs may what our user may; end when the coordinator has been away for a minute", 0},
        {0, "log", GC_OPTION_STRING, &raw->log_level, "LEVEL", "error, warn, info (default) or debug", 0},
        {'V', "version", GC_OPTION_FLAG, &raw->version, NULL, "print versions", 0},
        {.type = GC_OPTION_END},
    };
    const struct gc_usage usage = {
        .program = "gc-worker",
        .about =
            "Runs tasks for a coordinator, images in sealed processes of their own.\n"
            "Logs one key=value line an event on standard error. SIGTERM lets what has started end; a second one does not.",
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
    *ret = (struct gc_settings){0};
    struct raw raw = {.log_level = "info"};
    raw.root_list = (struct gc_option_list){raw.roots, 0, GC_SETTINGS_ROOTS};
    *ret_exit = -1;
    gc_fault_clear(&f);
    enum gc_err err = parse(argc, argv, ret, &raw, ret_exit, &f);
    if (err == GC_OK && *ret_exit < 0)
        err = check(ret, &raw, &f);
    if (err == GC_OK)
        return;
    fprintf(stderr, "%s\n", f.text);
    *ret_exit = gc_err_exit(GC_ERR_USAGE);
}
