/* files: a walk becomes pages of inlined items. The walk is kept for the next job of the same source, which mostly goes on where this
 * one stopped: a folder of millions is read and sorted once, not once a job. */
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "proto/values.h"
#include "worker/lister/glob.h"
#include "worker/lister/job.h"
#include "worker/lister/walk.h"

enum { KEPT = 4 };

struct kept {
    uint64_t used; /* when: the oldest makes room */
    struct gc_digest program;
    struct gc_source source;
    struct gc_glob *glob;
    struct gc_walk *walk;
    size_t place_len; /* behind what it is */
    char place[GC_WALK_PATH + 1];
};

struct gc_files_cache {
    uint64_t clock;
    struct kept kept[KEPT];
};

struct gc_files_cache *gc_files_cache_new(void)
{
    return calloc(1, sizeof(struct gc_files_cache));
}

static void drop(struct kept *k)
{
    gc_walk_destroy(&k->walk);
    gc_glob_destroy(&k->glob);
    gc_source_release(&k->source);
    *k = (struct kept){0};
}

/* ---- where to go on ---- */

static bool split_cursor(struct gc_bytes cursor, struct gc_tally *ret_tally, struct gc_str *ret_place)
{
    struct gc_reader in;
    struct gc_bytes place;
    *ret_tally = (struct gc_tally){0};
    *ret_place = GC_STR("");
    if (cursor.len == 0)
        return true;
    gc_reader_init(&in, cursor);
    if (!gc_tally_take(&in, ret_tally) || !gc_reader_bytes(&in, gc_reader_left(&in), &place) ||
        place.len > GC_WALK_PATH)
        return false;
    *ret_place = gc_bytes_str(place);
    return true;
}

static struct kept *find_kept(struct gc_files_cache *c, const struct gc_digest *program, struct gc_str place)
{
    for (int i = 0; i < KEPT; i++) {
        struct kept *k = &c->kept[i];
        if (k->walk && gc_digest_equal(k->program, *program) &&
            gc_str_equal(gc_str_from(k->place, k->place_len), place))
            return k;
    }
    return NULL;
}

static struct kept *oldest(struct gc_files_cache *c)
{
    struct kept *k = &c->kept[0];
    for (int i = 1; i < KEPT; i++)
        if (c->kept[i].used < k->used)
            k = &c->kept[i];
    return k;
}

static enum gc_err start(struct kept *k, const struct gc_roots *roots, struct gc_bytes program,
                         struct gc_str place, struct gc_fault *fault)
{
    drop(k);
    enum gc_err err = gc_source_init(&k->source, program, fault);
    if (!err)
        err = gc_glob_new(gc_source_string(&k->source, "pattern", "**/*"),
                          gc_source_flag(&k->source, "case", false), &k->glob, fault);
    if (err)
        return err;
    struct gc_walk_options o = {
        .roots = roots,
        .folder = gc_bytes_str(k->source.program.folder),
        .path = gc_source_string(&k->source, "path", ""),
        .glob = k->glob,
        .follow = !gc_str_is(gc_source_string(&k->source, "links", "follow"), "skip"),
        .after = place,
    };
    return gc_walk_new(&o, &k->walk, fault);
}

/* ---- items ---- */

/* What stands before each relative path: the source's own path as the job has it, with one slash; nothing for the job's folder. */
struct prefix {
    size_t len;
    char text[GC_MAX_PATH + 2];
    size_t fields_len;
    uint8_t fields[16];
};

static bool make_prefix(const struct gc_roots *roots, struct gc_str path, struct prefix *ret)
{
    struct gc_buf fields;
    *ret = (struct prefix){0};
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    while (path.len > 2 && path.ptr[0] == '.' && path.ptr[1] == '/')
        path = gc_str_part(path, 2, path.len);
    if (path.len > GC_MAX_PATH)
        return false;
    if (!gc_str_is(path, ".") && path.len > 0) {
        memcpy(ret->text, path.ptr, path.len);
        ret->len = path.len;
        bool only_root = gc_roots_named(roots, path) && path.ptr[path.len - 1] == ':';
        if (!only_root && path.ptr[path.len - 1] != '/')
            ret->text[ret->len++] = '/';
    }
    if (ret->len == 0)
        return true;
    gc_buf_init(&fields, ret->fields, sizeof ret->fields);
    gc_value_put_map(&fields, 1);
    gc_value_put_str(&fields, gc_bytes_of(NULL, 0));
    gc_value_put_uint(&fields, ret->len);
    ret->fields_len = fields.len;
    return gc_buf_ok(&fields);
}

/* A name that would be taken for NAME:rest gets a "./" in front. */
static bool add_item(struct gc_pages *pages, const struct gc_roots *roots, const struct prefix *prefix,
                     struct gc_str relative)
{
    char text[GC_MAX_PATH + 2 + GC_WALK_PATH + 2];
    size_t len = 0;
    if (prefix->len == 0 && gc_roots_named(roots, relative)) {
        memcpy(text, "./", 2);
        len = 2;
    }
    memcpy(text + len, prefix->text, prefix->len);
    len += prefix->len;
    memcpy(text + len, relative.ptr, relative.len);
    len += relative.len;
    return gc_pages_add(pages, gc_bytes_of(text, len), gc_bytes_of(prefix->fields, prefix->fields_len),
                        gc_str_bytes(relative));
}

/* ---- the job ---- */

static void remember(struct kept *k, struct gc_str place)
{
    memcpy(k->place, place.ptr, place.len);
    k->place_len = place.len;
}

struct listing {
    const struct gc_roots *roots;
    struct gc_pages *pages;
    struct gc_lister_job *job;
    struct kept *kept;
    struct prefix prefix;
    uint64_t room; /* items until the job's limit */
};

/* Until the end (true), the limit (true), or the job's pages are used up (false). */
static enum gc_err list_all(struct listing *l, bool *ret_ended, struct gc_fault *fault)
{
    enum gc_walk_kind kind = GC_WALK_PAUSE;
    struct gc_str path;
    *ret_ended = l->room == 0;
    while (!*ret_ended && gc_pages_wanted(l->pages)) {
        enum gc_err err = gc_walk_next(l->kept->walk, &kind, &path, fault);
        if (err)
            return err;
        if (kind == GC_WALK_TAKEN && !add_item(l->pages, l->roots, &l->prefix, path)) {
            gc_walk_put_back(l->kept->walk);
            return GC_OK;
        }
        if (kind == GC_WALK_LEFT_OUT)
            gc_pages_skip(l->pages, path, gc_str_bytes(path));
        if (kind == GC_WALK_TAKEN || kind == GC_WALK_LEFT_OUT)
            remember(l->kept, path);
        l->room -= kind == GC_WALK_TAKEN;
        *ret_ended = kind == GC_WALK_END || l->room == 0;
    }
    return GC_OK;
}

/* Opens the walk, or takes the one that was kept. */
static enum gc_err prepare(struct gc_files_cache *cache, struct listing *l, struct gc_str place,
                           struct gc_fault *fault)
{
    struct gc_digest program = gc_digest_of(l->job->program);
    struct kept *k = find_kept(cache, &program, place);
    l->kept = k ? k : oldest(cache);
    l->kept->used = ++cache->clock;
    if (k)
        return GC_OK;
    enum gc_err err = start(l->kept, l->roots, l->job->program, place, fault);
    l->kept->used = cache->clock;
    l->kept->program = program;
    if (!err)
        remember(l->kept, place);
    return err;
}

void gc_files_run(struct gc_files_cache *cache, const struct gc_roots *roots, struct gc_pages *pages,
                  struct gc_lister_job *job)
{
    struct gc_fault fault = {0};
    struct gc_tally tally;
    struct gc_str place;
    struct listing l = {.roots = roots, .pages = pages, .job = job};
    bool ended = false;
    bool good = split_cursor(job->cursor, &tally, &place);
    gc_pages_begin(pages, job, true, &tally, gc_str_bytes(place));
    enum gc_err err = good ? GC_OK : gc_fault_set(&fault, GC_ERR_INVALID, "no cursor of this source");
    if (!err)
        err = prepare(cache, &l, place, &fault);
    if (!err && !make_prefix(roots, gc_source_string(&l.kept->source, "path", ""), &l.prefix))
        err = gc_fault_set(&fault, GC_ERR_LIMIT, "path: too long");
    if (!err) {
        gc_pages_name(pages, &l.kept->source.namer);
        l.room = gc_source_room(&l.kept->source, job->first);
        err = list_all(&l, &ended, &fault);
    }
    if (l.kept && (err || ended))
        drop(l.kept);
    if (err)
        gc_pages_fail(pages, gc_cause_of(err), gc_str_of(fault.text[0] ? fault.text : gc_err_text(err)));
    else
        gc_pages_end(pages, ended);
}
