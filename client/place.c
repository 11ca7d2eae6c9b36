/* place.c - see place.h. */
#include "client/place.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/error.h"
#include "common/hash.h"
#include "common/json/text.h"
#include "common/sys/file.h"

enum { MAX_CONFIG = 65536 };

static const char *home(void)
{
    const char *dir = getenv("HOME");
    if (dir && dir[0] == '/')
        return dir;
    /* Daemons and cron jobs may have no HOME. Not thread-safe, and read before any thread of ours could be there. */
    const struct passwd *entry = getpwuid(getuid());
    return entry && entry->pw_dir && entry->pw_dir[0] == '/' ? entry->pw_dir : NULL;
}

static const char *set_variable(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

/* a, then `between`, then b. */
static int join(char **ret, struct graphcap_error *error, const char *between, const char *a, const char *b)
{
    size_t size = strlen(between) + strlen(a) + strlen(b) + 1;
    char *path = malloc(size);
    if (!path)
        return gc_fail_memory(error);
    (void)snprintf(path, size, "%s%s%s", a, between, b);
    *ret = path;
    return GRAPHCAP_OK;
}

/* ---- the config file ---- */

static struct gc_str trim(struct gc_str s)
{
    while (s.len && strchr(" \t\r", s.ptr[0]))
        s = gc_str_part(s, 1, s.len);
    while (s.len && strchr(" \t\r", s.ptr[s.len - 1]))
        s = gc_str_part(s, 0, s.len - 1);
    return s;
}

static struct gc_str unquote(struct gc_str s)
{
    bool quoted = s.len >= 2 && (s.ptr[0] == '"' || s.ptr[0] == '\'') && s.ptr[s.len - 1] == s.ptr[0];
    return quoted ? gc_str_part(s, 1, s.len - 1) : s;
}

/* One line; sets *value where it is the endpoint's. False: it is none that we know. */
static bool config_line(struct gc_str line, struct gc_str *value)
{
    line = trim(line);
    const char *comment = line.len ? memchr(line.ptr, '#', line.len) : NULL;
    if (comment && (comment == line.ptr || comment[-1] == ' ' || comment[-1] == '\t'))
        line = trim(gc_str_part(line, 0, (size_t)(comment - line.ptr)));
    if (line.len == 0 || gc_str_is(line, "---"))
        return true;
    if (!gc_str_starts(line, GC_STR("endpoint:")))
        return false;
    *value = unquote(trim(gc_str_part(line, strlen("endpoint:"), line.len)));
    return value->len > 0;
}

static int read_config(const char *path, struct gc_str text, char **ret, struct graphcap_error *error)
{
    struct gc_str value = {NULL, 0};
    for (unsigned number = 1; text.len; number++) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end ? (size_t)(end - text.ptr) : text.len;
        if (!config_line(gc_str_part(text, 0, len), &value))
            return gc_fail(error, GRAPHCAP_INVALID,
                           "%s:%u: not understood; the file may hold one setting: `endpoint: ipc:///PATH`",
                           path, number);
        text = gc_str_part(text, len + 1, text.len);
    }
    if (value.len == 0)
        return GRAPHCAP_OK;
    *ret = strndup(value.ptr, value.len);
    return *ret ? GRAPHCAP_OK : gc_fail_memory(error);
}

int gc_place_config(const char *path, char **ret, struct graphcap_error *error)
{
    char *data;
    size_t len;
    struct gc_fault fault = {0};
    *ret = NULL;
    enum gc_err err = gc_file_read(path, MAX_CONFIG, &data, &len, &fault);
    if (err == GC_ERR_NOT_FOUND)
        return GRAPHCAP_OK;
    if (err != GC_OK)
        return gc_fail_fault(error, err, &fault);
    int code = read_config(path, gc_str_from(data, len), ret, error);
    free(data);
    return code;
}

static int configured(char **ret, struct graphcap_error *error)
{
    const char *base = set_variable("XDG_CONFIG_HOME");
    const char *dir = home();
    char *path;
    int code;
    *ret = NULL;
    if (base && base[0] == '/')
        code = join(&path, error, "/", base, "graphcap/config.yaml");
    else if (dir)
        code = join(&path, error, "/", dir, ".config/graphcap/config.yaml");
    else
        return GRAPHCAP_OK;
    if (code != GRAPHCAP_OK)
        return code;
    code = gc_place_config(path, ret, error);
    free(path);
    return code;
}

/* ---- the private socket ---- */

static bool fits(const char *path)
{
    return strlen(path) <= GC_PLACE_SOCKET_PATH;
}

/* A folder in /tmp can be made by anybody before we come: it must be a folder, ours, and closed to others. */
static int own_folder(const char *path, struct graphcap_error *error)
{
    struct stat st;
    if (mkdir(path, 0700) == 0)
        return GRAPHCAP_OK;
    if (errno != EEXIST)
        return gc_fail(error, (int)gc_err_from_errno(errno), "%s: cannot make the folder for the socket: %s",
                       path, strerror(errno));
    if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return gc_fail(
            error, GRAPHCAP_DENIED,
            "%s: must be a folder of ours with mode 0700 to hold the socket; remove it, or use a shorter --state DIR",
            path);
    return GRAPHCAP_OK;
}

static uint64_t folder_hash(const struct stat *st)
{
    uint64_t numbers[2] = {(uint64_t)st->st_dev, (uint64_t)st->st_ino};
    return gc_hash_bytes(numbers, sizeof numbers, 0);
}

static int runtime_socket(const struct stat *st, char **ret, struct graphcap_error *error)
{
    const char *runtime = set_variable("XDG_RUNTIME_DIR");
    char name[64];
    struct stat dir;
    (void)snprintf(name, sizeof name, "graphcap-%016" PRIx64 ".sock", folder_hash(st));
    if (runtime && runtime[0] == '/' && stat(runtime, &dir) == 0 && S_ISDIR(dir.st_mode)) {
        int code = join(ret, error, "/", runtime, name);
        if (code != GRAPHCAP_OK || fits(*ret))
            return code;
        free(*ret);
    }
    char folder[64];
    (void)snprintf(folder, sizeof folder, "/tmp/graphcap-%lu", (unsigned long)geteuid());
    int code = own_folder(folder, error);
    return code == GRAPHCAP_OK ? join(ret, error, "/", folder, name) : code;
}

int gc_place_socket(const char *state, char **ret, struct graphcap_error *error)
{
    struct stat st;
    char *path;
    if (stat(state, &st) != 0)
        return gc_fail(error, (int)gc_err_from_errno(errno), "%s: %s", state, strerror(errno));
    int code = join(&path, error, "/", state, "graphcap.sock");
    if (code != GRAPHCAP_OK)
        return code;
    if (fits(path)) {
        *ret = path;
        return GRAPHCAP_OK;
    }
    free(path);
    return runtime_socket(&st, ret, error);
}

/* ---- the choice ---- */

/* The state folder as it was named, made where it is missing. The caller frees *ret. */
static int state_folder(const char *named, char **ret, struct graphcap_error *error)
{
    char *path = NULL;
    struct gc_fault fault = {0};
    int code = GRAPHCAP_OK;
    if (named)
        path = strdup(named);
    else if (home())
        code = join(&path, error, "/", home(), ".local/state/graphcap");
    else
        return gc_fail(error, GRAPHCAP_NOT_FOUND,
                       "no home folder: name a state folder with --state DIR or GRAPHCAP_STATE");
    if (code != GRAPHCAP_OK)
        return code;
    if (!path)
        return gc_fail_memory(error);
    enum gc_err err = gc_file_make_dirs(path, 0700, &fault);
    if (err != GC_OK)
        code = gc_fail_context(error, gc_fail_fault(error, err, &fault), "state folder");
    else if (!(*ret = realpath(path, NULL)))
        code = gc_fail(error, (int)gc_err_from_errno(errno), "state folder %s: %s", path, strerror(errno));
    free(path);
    return code;
}

static int private_place(const char *named, struct gc_place *ret, struct graphcap_error *error)
{
    struct gc_place place = {.private = true};
    int code = state_folder(named, &place.state, error);
    if (code == GRAPHCAP_OK)
        code = gc_place_socket(place.state, &place.socket, error);
    if (code == GRAPHCAP_OK)
        code = join(&place.endpoint, error, "", "ipc://", place.socket);
    if (code != GRAPHCAP_OK) {
        gc_place_release(&place);
        return code;
    }
    *ret = place;
    return GRAPHCAP_OK;
}

static int named_place(const char *endpoint, struct gc_place *ret, struct graphcap_error *error)
{
    if (strncmp(endpoint, "ipc:///", 7) != 0)
        return gc_fail(error, GRAPHCAP_USAGE,
                       "%s: not an endpoint that this version can use; it is ipc:// and an absolute path",
                       endpoint);
    *ret = (struct gc_place){.endpoint = strdup(endpoint)};
    return ret->endpoint ? GRAPHCAP_OK : gc_fail_memory(error);
}

int gc_place_find(const struct graphcap_options *options, struct gc_place *ret, struct graphcap_error *error)
{
    if (options->endpoint)
        return named_place(options->endpoint, ret, error);
    /* What is said in the call counts before what lies in the environment. */
    if (options->state)
        return private_place(options->state, ret, error);
    if (set_variable("GRAPHCAP_ENDPOINT"))
        return named_place(set_variable("GRAPHCAP_ENDPOINT"), ret, error);
    char *endpoint;
    int code = configured(&endpoint, error);
    if (code != GRAPHCAP_OK)
        return code;
    if (!endpoint)
        return private_place(set_variable("GRAPHCAP_STATE"), ret, error);
    code = named_place(endpoint, ret, error);
    free(endpoint);
    return code;
}

void gc_place_release(struct gc_place *place)
{
    free(place->endpoint);
    free(place->state);
    free(place->socket);
    *place = (struct gc_place){0};
}
