#include "worker/pool/sync.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/list.h"

/* On its caller's stack. */
struct work {
    struct gc_link link; /* sync.works, while some of it is not begun */
    const int *fds;
    int *errnums;
    uint32_t n;
    uint32_t next;
    uint32_t left; /* not through */
    pthread_cond_t through;
};

struct gc_sync {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct gc_list works; /* under the lock */
    bool quit;
    uint32_t started;
    pthread_t threads[];
};

/* One file of it, with the lock given up meanwhile. */
static void sync_one(struct gc_sync *s, struct work *w)
{
    uint32_t i = w->next++;
    if (w->next == w->n)
        gc_list_remove(&s->works, &w->link);
    pthread_mutex_unlock(&s->lock);
    int failed;
    do
        failed = fsync(w->fds[i]);
    while (failed && errno == EINTR);
    int errnum = failed ? errno : 0;
    pthread_mutex_lock(&s->lock);
    w->errnums[i] = errnum;
    if (--w->left == 0)
        pthread_cond_signal(&w->through);
}

static void *sync_all(void *arg)
{
    struct gc_sync *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->quit) {
        struct gc_link *first = gc_list_first(&s->works);
        if (first)
            sync_one(s, GC_CONTAINER(first, struct work, link));
        else
            pthread_cond_wait(&s->more, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

void gc_sync_files(struct gc_sync *s, const int *fds, uint32_t n, int *ret_errnums)
{
    if (n == 0)
        return;
    struct work w = {.fds = fds, .errnums = ret_errnums, .n = n, .left = n};
    pthread_cond_init(&w.through, NULL);
    pthread_mutex_lock(&s->lock);
    gc_list_append(&s->works, &w.link);
    if (n > 1)
        pthread_cond_broadcast(&s->more);
    while (w.next < w.n)
        sync_one(s, &w);
    while (w.left > 0)
        pthread_cond_wait(&w.through, &s->lock);
    pthread_mutex_unlock(&s->lock);
    pthread_cond_destroy(&w.through);
}

enum gc_err gc_sync_start(uint32_t threads, struct gc_sync **ret, struct gc_fault *f)
{
    struct gc_sync *s = calloc(1, sizeof *s + threads * sizeof s->threads[0]);
    if (!s)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the threads that sync");
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->more, NULL);
    gc_list_init(&s->works);
    while (s->started < threads && pthread_create(&s->threads[s->started], NULL, sync_all, s) == 0)
        s->started++;
    if (s->started < threads) {
        gc_sync_destroy(&s);
        return gc_fault_set(f, GC_ERR_NOMEM, "a thread that syncs cannot be started");
    }
    *ret = s;
    return GC_OK;
}

void gc_sync_destroy(struct gc_sync **self_p)
{
    struct gc_sync *s = *self_p;
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->quit = true;
    pthread_cond_broadcast(&s->more);
    pthread_mutex_unlock(&s->lock);
    for (uint32_t i = 0; i < s->started; i++)
        pthread_join(s->threads[i], NULL);
    pthread_cond_destroy(&s->more);
    pthread_mutex_destroy(&s->lock);
    free(s);
    *self_p = NULL;
}
