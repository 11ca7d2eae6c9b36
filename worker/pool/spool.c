#include "worker/pool/spool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/list.h"

struct entry {
    struct gc_link link; /* in waiting, then in done */
    struct gc_blob *blob;
    struct gc_spooled answer;
    size_t len;
    uint8_t bytes[];
};

struct gc_spooler {
    char *folder;
    int event_fd;
    bool running;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct gc_list waiting; /* under the lock, all that follows */
    struct gc_list done;
    bool quit;
};

static struct entry *take_first(struct gc_list *list)
{
    struct gc_link *first = gc_list_first(list);
    if (!first)
        return NULL;
    gc_list_remove(list, first);
    return GC_CONTAINER(first, struct entry, link);
}

/* ---- the thread ---- */

static struct entry *next_part(struct gc_spooler *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->waiting.count == 0 && !s->quit)
        pthread_cond_wait(&s->cond, &s->lock);
    struct entry *e = take_first(&s->waiting);
    pthread_mutex_unlock(&s->lock);
    return e;
}

static void answer(struct gc_spooler *s, struct entry *e)
{
    pthread_mutex_lock(&s->lock);
    gc_list_append(&s->done, &e->link);
    pthread_mutex_unlock(&s->lock);
    uint64_t one = 1;
    ssize_t n = write(s->event_fd, &one, sizeof one);
    (void)n; /* full is as good as written */
}

static void *write_parts(void *arg)
{
    struct gc_spooler *s = arg;
    struct entry *e;
    while ((e = next_part(s)) != NULL) {
        struct gc_fault fault = {0};
        e->answer.err = gc_blob_spool(e->blob, s->folder, (struct gc_bytes){e->bytes, e->len}, &fault);
        memcpy(e->answer.text, fault.text, strnlen(fault.text, sizeof e->answer.text - 1));
        gc_blob_unref(&e->blob);
        answer(s, e);
    }
    return NULL;
}

/* ---- the loop's side ---- */

enum gc_err gc_spooler_append(struct gc_spooler *s, uint64_t thing, struct gc_blob *blob,
                              struct gc_bytes part)
{
    GC_ASSERT(blob->kind == GC_BLOB_SPOOL);
    struct entry *e = malloc(sizeof *e + part.len);
    if (!e)
        return GC_ERR_NOMEM;
    *e = (struct entry){.blob = gc_blob_ref(blob), .answer.thing = thing, .len = part.len};
    if (part.len > 0)
        memcpy(e->bytes, part.ptr, part.len);
    pthread_mutex_lock(&s->lock);
    gc_list_append(&s->waiting, &e->link);
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->lock);
    return GC_OK;
}

int gc_spooler_fd(const struct gc_spooler *s)
{
    return s->event_fd;
}

bool gc_spooler_next(struct gc_spooler *s, struct gc_spooled *ret)
{
    pthread_mutex_lock(&s->lock);
    struct entry *e = take_first(&s->done);
    if (!e) {
        uint64_t n;
        ssize_t got = read(s->event_fd, &n, sizeof n);
        (void)got; /* under the lock: who answers next makes it readable again */
    }
    pthread_mutex_unlock(&s->lock);
    if (!e)
        return false;
    *ret = e->answer;
    free(e);
    return true;
}

/* ---- life ---- */

enum gc_err gc_spooler_start(const char *folder, struct gc_spooler **ret, struct gc_fault *f)
{
    struct gc_spooler *s = calloc(1, sizeof *s);
    if (!s)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the spooler");
    gc_list_init(&s->waiting);
    gc_list_init(&s->done);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->cond, NULL);
    s->folder = strdup(folder);
    s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->running = s->folder && s->event_fd >= 0 && pthread_create(&s->thread, NULL, write_parts, s) == 0;
    if (!s->running) {
        gc_spooler_destroy(&s);
        return gc_fault_set(f, GC_ERR_NOMEM, "the thread that keeps results cannot be started");
    }
    *ret = s;
    return GC_OK;
}

void gc_spooler_destroy(struct gc_spooler **self_p)
{
    struct gc_spooler *s = *self_p;
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->quit = true;
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->lock);
    if (s->running)
        pthread_join(s->thread, NULL);
    struct gc_spooled spooled;
    while (s->event_fd >= 0 && gc_spooler_next(s, &spooled))
        continue;
    if (s->event_fd >= 0)
        close(s->event_fd);
    pthread_cond_destroy(&s->cond);
    pthread_mutex_destroy(&s->lock);
    free(s->folder);
    free(s);
    *self_p = NULL;
}
