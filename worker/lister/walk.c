#include "worker/lister/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/assert.h"

enum { MAX_ENTRIES = 1 << 26, PAUSE_EVERY = 64 };

struct entry {
    uint32_t name; /* place in names */
    uint16_t len;
    uint8_t type; /* DT_... */
};

/* One folder on the way down. */
struct level {
    int fd;
    dev_t device;
    ino_t inode;
    struct gc_place place;
    struct gc_glob_state state;
    size_t path_len; /* of this folder's path, with its slash */
    char *names;
    struct entry *entries;
    uint32_t n;
    uint32_t at;
};

struct gc_walk {
    const struct gc_roots *roots;
    const struct gc_glob *glob;
    bool follow;
    uint32_t depth;
    uint32_t steps;
    char path[GC_WALK_PATH + 256 + 2];
    char after[GC_WALK_PATH +
               1]; /* what of the path to go on behind is still ahead; only while going down along it */
    bool resuming;
    bool put_back;
    enum gc_walk_kind kind; /* of the last file */
    size_t path_len;
    struct level levels[GC_WALK_DEPTH];
};

/* ---- reading a folder ---- */

struct reading {
    char *names;
    size_t used;
    size_t room;
    struct entry *entries;
    uint32_t n;
    uint32_t capacity;
};

static bool grow(struct reading *r, size_t more)
{
    if (r->used + more > r->room) {
        size_t room = r->room ? r->room * 2 : 16384;
        char *names = room > UINT32_MAX ? NULL : realloc(r->names, room);
        if (!names)
            return false;
        r->names = names;
        r->room = room;
    }
    if (r->n == r->capacity) {
        uint32_t capacity = r->capacity ? r->capacity * 2 : 256;
        struct entry *entries =
            capacity > MAX_ENTRIES ? NULL : realloc(r->entries, capacity * sizeof *entries);
        if (!entries)
            return false;
        r->entries = entries;
        r->capacity = capacity;
    }
    return true;
}

static bool add_entry(struct reading *r, const struct dirent *d)
{
    size_t len = strlen(d->d_name);
    if (!grow(r, len + 1))
        return false;
    memcpy(r->names + r->used, d->d_name, len + 1);
    r->entries[r->n++] = (struct entry){.name = (uint32_t)r->used, .len = (uint16_t)len, .type = d->d_type};
    r->used += len + 1;
    return true;
}

static int by_name(const void *a, const void *b, void *names)
{
    const struct entry *x = a;
    const struct entry *y = b;
    return strcmp((const char *)names + x->name, (const char *)names + y->name);
}

static enum gc_err read_entries(DIR *dir, struct reading *r)
{
    const struct dirent *d;
    while ((errno = 0, d = readdir(dir)) != NULL) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (!add_entry(r, d))
            return GC_ERR_NOMEM;
    }
    return errno ? GC_ERR_IO : GC_OK;
}

static enum gc_err read_folder(const struct gc_roots *roots, struct level *l, struct gc_fault *fault)
{
    struct reading r = {0};
    int fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        int errnum = errno;
        if (fd >= 0)
            (void)close(fd);
        return gc_roots_fault(roots, &l->place, errnum, fault);
    }
    enum gc_err err = read_entries(dir, &r);
    int errnum = errno;
    (void)closedir(dir);
    if (err) {
        free(r.names);
        free(r.entries);
        return gc_roots_fault(roots, &l->place, err == GC_ERR_IO ? errnum : ENOMEM, fault);
    }
    if (r.n > 1)
        qsort_r(r.entries, r.n, sizeof *r.entries, by_name, r.names);
    l->names = r.names;
    l->entries = r.entries;
    l->n = r.n;
    return GC_OK;
}

/* ---- levels ---- */

static void leave(struct gc_walk *w)
{
    struct level *l = &w->levels[--w->depth];
    (void)close(l->fd);
    free(l->names);
    free(l->entries);
    *l = (struct level){.fd = -1};
}

/* The first entry at or behind the next part of the path to go on behind. */
static void skip_ahead(struct gc_walk *w, struct level *l)
{
    if (!w->resuming)
        return;
    char *slash = strchr(w->after, '/');
    if (slash)
        *slash = '\0';
    while (l->at < l->n && strcmp(l->names + l->entries[l->at].name, w->after) < 0)
        l->at++;
    bool there = l->at < l->n && strcmp(l->names + l->entries[l->at].name, w->after) == 0;
    if (there && slash) { /* go down it, and on behind the rest */
        memmove(w->after, slash + 1, strlen(slash + 1) + 1);
        return;
    }
    l->at += there; /* the file itself was given before */
    w->resuming = false;
}

/* Takes the descriptor. */
static enum gc_err enter(struct gc_walk *w, int fd, const struct gc_place *place,
                         const struct gc_glob_state *state, size_t path_len, struct gc_fault *fault)
{
    struct stat st;
    struct level *l = &w->levels[w->depth];
    GC_ASSERT(w->depth < GC_WALK_DEPTH);
    if (fstat(fd, &st) < 0) {
        int errnum = errno;
        (void)close(fd);
        return gc_roots_fault(w->roots, place, errnum, fault);
    }
    *l = (struct level){.fd = fd,
                        .device = st.st_dev,
                        .inode = st.st_ino,
                        .place = *place,
                        .state = *state,
                        .path_len = path_len};
    enum gc_err err = read_folder(w->roots, l, fault);
    w->depth++;
    if (err) {
        leave(w);
        return err;
    }
    skip_ahead(w, l);
    return GC_OK;
}

/* A folder that the walk is inside of already: a link back up. */
static bool inside(const struct gc_walk *w, int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return true;
    for (uint32_t i = 0; i < w->depth; i++)
        if (w->levels[i].device == st.st_dev && w->levels[i].inode == st.st_ino)
            return true;
    return false;
}

/* ---- entries ---- */

/* What an entry is; for a link, what it leads to. DT_UNKNOWN: nothing for us. */
static uint8_t type_of(const struct gc_walk *w, const struct level *l, const struct entry *e)
{
    struct stat st;
    const char *name = l->names + e->name;
    uint8_t type = e->type;
    if (type == DT_UNKNOWN) {
        if (fstatat(l->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return DT_UNKNOWN;
        type = S_ISLNK(st.st_mode)   ? DT_LNK
               : S_ISDIR(st.st_mode) ? DT_DIR
               : S_ISREG(st.st_mode) ? DT_REG
                                     : DT_UNKNOWN;
    }
    if (type != DT_LNK)
        return type == DT_DIR || type == DT_REG ? type : DT_UNKNOWN;
    int fd;
    struct gc_place place;
    if (!w->follow || gc_roots_step(w->roots, &l->place, l->fd, name, O_PATH, &fd, &place, NULL))
        return DT_UNKNOWN;
    bool known = fstat(fd, &st) == 0;
    (void)close(fd);
    return !known ? DT_UNKNOWN : S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_UNKNOWN;
}

/* A folder that went away since its parent was read, or a link that leads out, is no folder of ours; one that is there and cannot be
 * read ends the walk. */
static enum gc_err go_down(struct gc_walk *w, const struct level *l, struct gc_str name,
                           const struct gc_glob_state *state, struct gc_fault *fault)
{
    int fd;
    struct gc_place place;
    if (w->depth == GC_WALK_DEPTH)
        return gc_fault_set(fault, GC_ERR_LIMIT, "folders nested deeper than %d", GC_WALK_DEPTH);
    enum gc_err err =
        gc_roots_step(w->roots, &l->place, l->fd, name.ptr, O_RDONLY | O_DIRECTORY, &fd, &place, fault);
    bool again = !err && inside(w, fd);
    if (again)
        (void)close(fd);
    if (err || again) {
        w->resuming = false;
        return err == GC_ERR_NOT_FOUND || err == GC_ERR_DENIED ? GC_OK : err;
    }
    w->path[l->path_len + name.len] = '/';
    return enter(w, fd, &place, state, l->path_len + name.len + 1, fault);
}

/* The next entry of the deepest level. */
static enum gc_err visit(struct gc_walk *w, enum gc_walk_kind *ret_kind, struct gc_str *ret_path,
                         struct gc_fault *fault)
{
    struct level *l = &w->levels[w->depth - 1];
    const struct entry *e = &l->entries[l->at++];
    struct gc_str name = gc_str_from(l->names + e->name, e->len);
    uint8_t type = type_of(w, l, e);
    struct gc_glob_state state;
    *ret_kind = GC_WALK_PAUSE;
    bool resuming = w->resuming;
    w->resuming = resuming && type == DT_DIR; /* the path went down here, but it is no folder any more */
    if (type == DT_UNKNOWN)
        return GC_OK;
    if (l->path_len + name.len > GC_WALK_PATH)
        return gc_fault_set(fault, GC_ERR_LIMIT, "a path longer than %d bytes, below '%s'", GC_WALK_PATH,
                            l->place.rest);
    memcpy(w->path + l->path_len, name.ptr, name.len);
    if (type == DT_DIR) {
        if (!gc_glob_enter(w->glob, &l->state, name, &state)) {
            w->resuming = false;
            return GC_OK;
        }
        return go_down(w, l, name, &state, fault);
    }
    if (resuming) /* its place in the order was passed */
        return GC_OK;
    w->kind = gc_glob_takes(w->glob, &l->state, name) ? GC_WALK_TAKEN : GC_WALK_LEFT_OUT;
    w->path_len = l->path_len + name.len;
    *ret_kind = w->kind;
    *ret_path = gc_str_from(w->path, w->path_len);
    return GC_OK;
}

void gc_walk_put_back(struct gc_walk *w)
{
    GC_ASSERT(w->kind != GC_WALK_END);
    w->put_back = true;
}

enum gc_err gc_walk_next(struct gc_walk *w, enum gc_walk_kind *ret_kind, struct gc_str *ret_path,
                         struct gc_fault *fault)
{
    if (w->put_back) {
        w->put_back = false;
        *ret_kind = w->kind;
        *ret_path = gc_str_from(w->path, w->path_len);
        return GC_OK;
    }
    while (w->depth > 0) {
        struct level *l = &w->levels[w->depth - 1];
        if (l->at == l->n) {
            leave(w);
            w->resuming = false; /* the path ended in a folder that has nothing behind it */
            continue;
        }
        enum gc_err err = visit(w, ret_kind, ret_path, fault);
        if (err || *ret_kind != GC_WALK_PAUSE)
            return err;
        if (++w->steps % PAUSE_EVERY == 0)
            return GC_OK;
    }
    *ret_kind = GC_WALK_END;
    return GC_OK;
}

enum gc_err gc_walk_new(const struct gc_walk_options *o, struct gc_walk **ret, struct gc_fault *fault)
{
    int fd;
    struct gc_place place;
    struct gc_walk *w = calloc(1, sizeof *w);
    if (!w)
        return GC_ERR_NOMEM;
    w->roots = o->roots;
    w->glob = o->glob;
    w->follow = o->follow;
    w->resuming = o->after.len > 0;
    enum gc_err err = gc_str_copy(w->after, sizeof w->after, o->after)
                          ? GC_OK
                          : gc_fault_set(fault, GC_ERR_INVALID, "no cursor of this source");
    if (!err)
        err = gc_roots_place(o->roots, o->folder, o->path, &place, fault);
    if (!err)
        err = gc_roots_open(o->roots, o->folder, o->path, O_RDONLY | O_DIRECTORY, 0, true, &fd, fault);
    if (!err) {
        struct gc_glob_state start = gc_glob_start(o->glob);
        err = enter(w, fd, &place, &start, 0, fault);
    }
    if (err) {
        gc_walk_destroy(&w);
        return err;
    }
    *ret = w;
    return GC_OK;
}

void gc_walk_destroy(struct gc_walk **self_p)
{
    struct gc_walk *w = *self_p;
    *self_p = NULL;
    if (!w)
        return;
    while (w->depth > 0)
        leave(w);
    free(w);
}
