#include "worker/pool/publisher.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/assert.h"

static bool next_batch(struct gc_publisher *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->state != GC_PUBLISHER_BUSY && !p->quit)
        pthread_cond_wait(&p->cond, &p->lock);
    bool busy = p->state == GC_PUBLISHER_BUSY;
    pthread_mutex_unlock(&p->lock);
    return busy;
}

static void through(struct gc_publisher *p)
{
    uint64_t one = 1;
    pthread_mutex_lock(&p->lock);
    p->state = GC_PUBLISHER_THROUGH;
    pthread_cond_broadcast(&p->cond);
    pthread_mutex_unlock(&p->lock);
    ssize_t n = write(p->event_fd, &one, sizeof one);
    (void)n; /* one batch at a time: it is not full */
}

static void *publish_batches(void *arg)
{
    struct gc_publisher *p = arg;
    while (next_batch(p)) {
        p->cause = gc_publish(&p->publish, p->outputs, p->n, &p->item);
        through(p);
    }
    return NULL;
}

void gc_publisher_begin(struct gc_publisher *p, uint32_t n)
{
    GC_ASSERT(n <= GC_PUBLISH_BATCH);
    p->n = n;
    atomic_store(&p->publish.stop, false);
    pthread_mutex_lock(&p->lock);
    GC_ASSERT(p->state == GC_PUBLISHER_IDLE);
    p->state = GC_PUBLISHER_BUSY;
    pthread_cond_broadcast(&p->cond);
    pthread_mutex_unlock(&p->lock);
}

bool gc_publisher_busy(struct gc_publisher *p)
{
    pthread_mutex_lock(&p->lock);
    bool busy = p->state != GC_PUBLISHER_IDLE;
    pthread_mutex_unlock(&p->lock);
    return busy;
}

void gc_publisher_take(struct gc_publisher *p, bool stop)
{
    if (stop)
        atomic_store(&p->publish.stop, true);
    pthread_mutex_lock(&p->lock);
    GC_ASSERT(p->state != GC_PUBLISHER_IDLE);
    while (p->state == GC_PUBLISHER_BUSY)
        pthread_cond_wait(&p->cond, &p->lock);
    p->state = GC_PUBLISHER_IDLE;
    pthread_mutex_unlock(&p->lock);
    /* Its writing may come a little later than its state. */
    uint64_t one;
    ssize_t n = read(p->event_fd, &one, sizeof one);
    GC_ASSERT(n == sizeof one);
}

void gc_publisher_clear(struct gc_publisher *p)
{
    for (uint32_t i = 0; i < p->n; i++)
        gc_files_close(&p->outputs[i]);
    p->n = 0;
}

enum gc_err gc_publisher_start(struct gc_publisher *p, struct gc_sync *sync,
                               const atomic_uint_fast64_t *fence_ns)
{
    memset(p, 0, sizeof *p);
    p->publish.sync = sync;
    p->publish.fence_ns = fence_ns;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->cond, NULL);
    p->outputs = calloc(GC_PUBLISH_BATCH, sizeof p->outputs[0]);
    p->event_fd = eventfd(0, EFD_CLOEXEC);
    if (p->outputs && p->event_fd >= 0 && pthread_create(&p->thread, NULL, publish_batches, p) == 0)
        return GC_OK;
    free(p->outputs);
    p->outputs = NULL;
    if (p->event_fd >= 0)
        close(p->event_fd);
    return GC_ERR_NOMEM;
}

void gc_publisher_end(struct gc_publisher *p)
{
    if (!p->outputs)
        return;
    if (gc_publisher_busy(p)) {
        gc_publisher_take(p, true);
        gc_publisher_clear(p);
    }
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    pthread_cond_broadcast(&p->cond);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    free(p->outputs);
    p->outputs = NULL;
    close(p->event_fd);
    pthread_cond_destroy(&p->cond);
    pthread_mutex_destroy(&p->lock);
}
