/* writer.c - see writer.h. */
#include "coordinator/writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/sys/log.h"
#include "coordinator/errand.h"

struct gc_writer {
    /* The loop's alone. */
    uint32_t commits;
    uint32_t units;
    size_t bytes;

    /* The thread's alone. */
    struct gc_store *store;
    struct gc_packer packer;
    struct gc_arena arena; /* for errands; emptied before each */
    struct gc_mapping arena_memory;
    struct gc_list round;

    int event_fd;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    struct gc_list waiting;
    struct gc_list back;
    enum gc_writer_state state;
    bool stop;
};

/* A run's list with its tags, or an account: what errands decode and build beside their bulk. */
#define ARENA_BYTES ((size_t)32 * 1024 * 1024)

static struct gc_unit *unit_of(struct gc_link *link)
{
    return GC_CONTAINER(link, struct gc_unit, link);
}

static void append_all(struct gc_list *to, struct gc_list *from)
{
    for (struct gc_link *it; (it = gc_list_take_first(from));)
        gc_list_append(to, it);
}

static void signal_loop(struct gc_writer *w)
{
    uint64_t one = 1;
    ssize_t n = write(w->event_fd, &one, sizeof one);
    GC_ASSERT(n == (ssize_t)sizeof one || errno == EAGAIN); /* a counter that is full has been signalled */
}

/* ---- the thread ---- */

static void set_state(struct gc_writer *w, enum gc_writer_state state)
{
    pthread_mutex_lock(&w->lock);
    bool changed = w->state != state;
    w->state = state;
    pthread_mutex_unlock(&w->lock);
    if (changed)
        signal_loop(w);
}

static void give_back(struct gc_writer *w, struct gc_list *units)
{
    pthread_mutex_lock(&w->lock);
    append_all(&w->back, units);
    pthread_mutex_unlock(&w->lock);
    signal_loop(w);
}

static enum gc_err apply_unit(struct gc_writer *w, const struct gc_unit *unit, struct gc_fault *f)
{
    enum gc_err err = GC_OK;
    for (uint32_t i = 0; i < unit->n_commits && err == GC_OK; i++)
        err = gc_store_apply(w->store, &unit->commits[i], f);
    return err;
}

static enum gc_err commit_round(struct gc_writer *w, struct gc_fault *f)
{
    bool any = false;
    GC_LIST_EACH (it, &w->round)
        any = any || unit_of(it)->n_commits > 0;
    if (!any)
        return GC_OK;
    enum gc_err err = gc_store_begin(w->store, f);
    for (struct gc_link *it = gc_list_first(&w->round); it && err == GC_OK; it = gc_list_next(&w->round, it))
        err = apply_unit(w, unit_of(it), f);
    return err == GC_OK ? gc_store_commit(w->store, f) : err;
}

static enum gc_err run_errand(struct gc_writer *w, struct gc_unit *unit, struct gc_fault *f)
{
    if (unit->errand.kind == GC_ERRAND_NONE)
        return GC_OK;
    gc_arena_rewind(&w->arena, 0);
    return gc_errand_run(w->store, &w->packer, &w->arena, unit, f);
}

/* While the disk is full: whoever only wants to read goes first. */
static enum gc_err let_readers_pass(struct gc_writer *w, struct gc_fault *f)
{
    struct gc_list readers;
    enum gc_err err = GC_OK;
    gc_list_init(&readers);
    GC_LIST_EACH_SAFE (it, after, &w->round) {
        struct gc_unit *unit = unit_of(it);
        if (unit->n_commits > 0 || unit->errand.kind == GC_ERRAND_NONE ||
            unit->errand.kind == GC_ERRAND_CATALOGUE)
            continue;
        if (err == GC_OK)
            err = run_errand(w, unit, f);
        gc_list_remove(&w->round, it);
        gc_list_append(&readers, it);
    }
    give_back(w, &readers);
    return err;
}

static enum gc_err do_round(struct gc_writer *w, struct gc_fault *f)
{
    enum gc_err err = commit_round(w, f);
    for (struct gc_link *it = gc_list_first(&w->round); it && err == GC_OK; it = gc_list_next(&w->round, it))
        err = run_errand(w, unit_of(it), f);
    if (err == GC_ERR_FULL)
        return err;
    if (err == GC_OK)
        give_back(w, &w->round);
    return err == GC_OK ? gc_store_tidy(w->store, f) : err;
}

static void wait_until(struct gc_writer *w, uint64_t ns)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t at = (uint64_t)until.tv_nsec + ns;
    until.tv_sec += (time_t)(at / GC_S);
    until.tv_nsec = (long)(at % GC_S);
    pthread_cond_timedwait(&w->wake, &w->lock, &until);
}

/* Takes what waits into the round; false: it is time to end. */
static bool next_round(struct gc_writer *w, bool full)
{
    pthread_mutex_lock(&w->lock);
    if (full && !w->stop)
        wait_until(w, GC_WRITER_RETRY_NS);
    while (!full && !w->stop && gc_list_empty(&w->waiting))
        pthread_cond_wait(&w->wake, &w->lock);
    append_all(&w->round, &w->waiting);
    bool go_on = !w->stop || (!full && !gc_list_empty(&w->round));
    pthread_mutex_unlock(&w->lock);
    return go_on;
}

static void log_full(enum gc_err err, bool was_full, const struct gc_fault *f)
{
    if (err == GC_ERR_FULL && !was_full)
        gc_log(GC_LOG_ERROR, "disk_full", gc_kv_text(f));
    if (err == GC_OK && was_full)
        gc_log_bare(GC_LOG_INFO, "disk_has_room");
}

static void *thread_main(void *arg)
{
    struct gc_writer *w = arg;
    bool full = false;
    while (next_round(w, full)) {
        struct gc_fault f;
        gc_fault_clear(&f);
        enum gc_err err = do_round(w, &f);
        log_full(err, full, &f);
        full = err == GC_ERR_FULL;
        if (full)
            err = let_readers_pass(w, &f);
        if (err != GC_OK) {
            gc_log(GC_LOG_ERROR, "store_failed", gc_kv_err(err), gc_kv_text(&f));
            set_state(w, GC_WRITER_BROKEN);
            return NULL;
        }
        set_state(w, full ? GC_WRITER_FULL : GC_WRITER_FINE);
    }
    return NULL;
}

/* ---- the loop's side ---- */

static enum gc_err make(struct gc_writer *w, uint64_t term, struct gc_fault *f)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&w->lock, NULL);
    gc_list_init(&w->round);
    gc_list_init(&w->waiting);
    gc_list_init(&w->back);
    w->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->event_fd < 0)
        return gc_fault_set(f, gc_err_from_errno(errno), "eventfd: %s", strerror(errno));
    if (gc_mapping_make(ARENA_BYTES, &w->arena_memory) != GC_OK ||
        gc_packer_init(&w->packer, term, 4096) != GC_OK)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the store's thread");
    gc_arena_init(&w->arena, w->arena_memory.base, w->arena_memory.size);
    return GC_OK;
}

static void destroy(struct gc_writer *w)
{
    struct gc_list *lists[] = {&w->round, &w->waiting, &w->back};
    for (size_t i = 0; i < GC_COUNT_OF(lists); i++)
        for (struct gc_link *it; (it = gc_list_take_first(lists[i]));)
            gc_unit_free(unit_of(it));
    gc_packer_release(&w->packer);
    gc_mapping_release(&w->arena_memory);
    if (w->event_fd >= 0)
        close(w->event_fd);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

enum gc_err gc_writer_start(struct gc_store *store, uint64_t term, struct gc_writer **ret, struct gc_fault *f)
{
    struct gc_writer *w = calloc(1, sizeof *w);
    if (!w)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the store's thread");
    w->store = store;
    enum gc_err err = make(w, term, f);
    int code = err == GC_OK ? pthread_create(&w->thread, NULL, thread_main, w) : 0;
    if (code != 0)
        err = gc_fault_set(f, gc_err_from_errno(code), "cannot start a thread: %s", strerror(code));
    if (err != GC_OK) {
        destroy(w);
        return err;
    }
    *ret = w;
    return GC_OK;
}

void gc_writer_stop(struct gc_writer **self_p)
{
    struct gc_writer *w = *self_p;
    *self_p = NULL;
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    destroy(w);
}

int gc_writer_fd(const struct gc_writer *w)
{
    return w->event_fd;
}

void gc_writer_put(struct gc_writer *w, struct gc_unit *unit)
{
    w->commits += unit->n_commits > 0;
    w->units++;
    w->bytes += unit->bytes;
    pthread_mutex_lock(&w->lock);
    gc_list_append(&w->waiting, &unit->link);
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

enum gc_writer_state gc_writer_take(struct gc_writer *w, struct gc_list *to)
{
    struct gc_list taken;
    uint64_t count;
    gc_list_init(&taken);
    if (read(w->event_fd, &count, sizeof count) < 0)
        GC_ASSERT(errno == EAGAIN || errno == EINTR);
    pthread_mutex_lock(&w->lock);
    append_all(&taken, &w->back);
    enum gc_writer_state state = w->state;
    pthread_mutex_unlock(&w->lock);
    GC_LIST_EACH (it, &taken) {
        const struct gc_unit *unit = unit_of(it);
        w->commits -= unit->n_commits > 0;
        w->units--;
        GC_ASSERT(w->bytes >= unit->bytes);
        w->bytes -= unit->bytes;
    }
    append_all(to, &taken);
    return state;
}

uint32_t gc_writer_commits(const struct gc_writer *w)
{
    return w->commits;
}

bool gc_writer_loaded(const struct gc_writer *w)
{
    return w->units >= GC_WRITER_UNITS || w->bytes >= GC_WRITER_BYTES;
}
