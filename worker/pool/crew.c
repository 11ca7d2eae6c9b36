#include "worker/pool/crew.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/sys/clock.h"
#include "common/sys/log.h"
#include "common/sys/proc.h"
#include "worker/pool/seal_try.h"
#include "worker/pool/tender.h"

struct crew_entry {
    struct crew_entry *next;
    struct gc_crew_event event;
};

/* ---- events ---- */

void crew_post(struct gc_crew *crew, const struct gc_crew_event *event)
{
    struct crew_entry *e = malloc(sizeof *e);
    /* Few are ever out: one a slot, and a chunk a credit. Without them the account of items would be wrong for good. */
    GC_ASSERT(e != NULL);
    e->next = NULL;
    e->event = *event;
    pthread_mutex_lock(&crew->lock);
    if (crew->last)
        crew->last->next = e;
    else
        crew->first = e;
    crew->last = e;
    pthread_mutex_unlock(&crew->lock);
    uint64_t one = 1;
    ssize_t n = write(crew->event_fd, &one, sizeof one);
    (void)n; /* full is as good as written */
}

bool gc_crew_next(struct gc_crew *crew, struct gc_crew_event *ret)
{
    pthread_mutex_lock(&crew->lock);
    struct crew_entry *e = crew->first;
    if (e) {
        crew->first = e->next;
        if (!crew->first)
            crew->last = NULL;
    } else {
        uint64_t n;
        ssize_t got = read(crew->event_fd, &n, sizeof n);
        (void)got; /* under the lock: whoever posts next makes it readable again */
    }
    pthread_mutex_unlock(&crew->lock);
    if (!e)
        return false;
    *ret = e->event;
    free(e);
    return true;
}

int gc_crew_fd(const struct gc_crew *crew)
{
    return crew->event_fd;
}

/* ---- chunks ---- */

struct gc_crew_chunk *crew_chunk(struct gc_tender *t, size_t bytes)
{
    struct gc_crew *crew = t->crew;
    pthread_mutex_lock(&crew->lock);
    bool wanted;
    while ((wanted = tender_wanted(t)) && crew->credits == 0)
        pthread_cond_wait(&crew->credit, &crew->lock);
    if (wanted)
        crew->credits--;
    pthread_mutex_unlock(&crew->lock);
    if (!wanted)
        return NULL;
    struct gc_crew_chunk *chunk = malloc(sizeof *chunk + bytes);
    GC_ASSERT(chunk != NULL);
    chunk->len = bytes;
    return chunk;
}

void crew_chunk_drop(struct gc_crew *crew, struct gc_crew_chunk *chunk)
{
    free(chunk);
    pthread_mutex_lock(&crew->lock);
    crew->credits++;
    pthread_cond_signal(&crew->credit);
    pthread_mutex_unlock(&crew->lock);
}

void gc_crew_free(struct gc_crew *crew, uint64_t chunk)
{
    crew_chunk_drop(crew, (struct gc_crew_chunk *)(uintptr_t)chunk); // NOLINT(performance-no-int-to-ptr)
}

/* ---- orders ---- */

static void copy_given(struct tender_job *job, const struct gc_agent_slice *slice)
{
    for (uint32_t i = 0; i < slice->n_given; i++) {
        size_t len = gc_min_size(slice->given[i].text.len, GC_MAX_TEXT);
        job->given[i] = slice->given[i];
        if (len > 0)
            memcpy(job->given_texts[i], slice->given[i].text.ptr, len);
        job->given[i].text = (struct gc_bytes){job->given_texts[i], len};
    }
    job->slice.given = job->given;
}

void gc_crew_run(struct gc_crew *crew, const struct gc_agent_slice *slice, struct gc_blob *program,
                 struct gc_blob *input)
{
    GC_ASSERT(slice->slot < crew->config.slots);
    GC_ASSERT(slice->n_given <= GC_MAX_STAGE_NODES);
    struct tender_job *job = malloc(sizeof *job);
    GC_ASSERT(job != NULL); /* one a slot */
    job->slice = *slice;
    copy_given(job, slice);
    job->program = gc_blob_ref(program);
    job->input = gc_blob_ref(input);
    struct gc_tender *t = &crew->tenders[slice->slot];
    pthread_mutex_lock(&t->lock);
    GC_ASSERT(!t->job);
    t->job = job;
    pthread_cond_signal(&t->cond);
    pthread_mutex_unlock(&t->lock);
}

static void wake(struct gc_tender *t)
{
    uint64_t one = 1;
    ssize_t n = write(t->wake, &one, sizeof one);
    (void)n;
    pthread_mutex_lock(&t->crew->lock);
    pthread_cond_broadcast(&t->crew->credit); /* it may wait there */
    pthread_mutex_unlock(&t->crew->lock);
}

void gc_crew_kill(struct gc_crew *crew, uint32_t slot, uint64_t slice)
{
    struct gc_tender *t = &crew->tenders[slot];
    pthread_mutex_lock(&t->lock);
    t->kill = slice;
    pthread_mutex_unlock(&t->lock);
    wake(t);
}

void gc_crew_fence(struct gc_crew *crew, uint64_t until_ns)
{
    atomic_store(&crew->fence_ns, until_ns);
}

uint64_t gc_crew_item(const struct gc_crew *crew, uint32_t slot)
{
    struct gc_tender *t = &crew->tenders[slot];
    uint64_t item = GC_UNSET;
    pthread_mutex_lock(&t->lock);
    if (t->share && atomic_load_explicit(&t->share->blame.started_ns, memory_order_acquire) != 0)
        item = atomic_load_explicit(&t->share->blame.item, memory_order_relaxed);
    pthread_mutex_unlock(&t->lock);
    return item;
}

uint64_t gc_crew_memory(const struct gc_crew *crew)
{
    uint64_t sum = 0, one;
    pid_t zygote = gc_zygote_pid(crew->zygote);
    if (zygote > 0 && gc_proc_memory(zygote, NULL, &one) == GC_OK)
        sum += one;
    for (uint32_t i = 0; i < crew->started; i++) {
        /* A pid may be another's by now: it is a number for people. */
        int pid = __atomic_load_n(&crew->tenders[i].child.pid, __ATOMIC_RELAXED);
        if (pid > 0 && gc_proc_memory(pid, NULL, &one) == GC_OK)
            sum += one;
    }
    return sum;
}

/* ---- life ---- */

struct gc_bytes gc_crew_catalogue(const struct gc_crew *crew)
{
    return gc_zygote_catalogue(crew->zygote);
}

/* Before it takes work: once for all executors, which are of one kernel and one build. */
static enum gc_err prove_seal(struct gc_crew *crew, struct gc_fault *fault)
{
    struct gc_seal walls;
    uint64_t began = gc_clock_now();
    enum gc_err err = gc_seal_prove(crew->zygote, &walls, fault);
    if (err != GC_OK)
        return err;
    if (walls.sanitized)
        gc_log(GC_LOG_WARN, "executors_not_sealed",
               gc_kv_str("text", "this build has a sanitizer: for tests only"));
    else
        gc_log(walls.landlock > 0 ? GC_LOG_INFO : GC_LOG_WARN, "executors_sealed",
               gc_kv_bool("calls_filtered", walls.filtered), gc_kv_u64("landlock", walls.landlock),
               gc_kv_u64("us", (gc_clock_now() - began) / GC_US));
    return GC_OK;
}

static enum gc_err open_roots(struct gc_crew *crew, struct gc_fault *fault)
{
    struct gc_root roots[GC_ROOTS_MAX];
    if (crew->config.n_roots > GC_ROOTS_MAX)
        return gc_fault_set(fault, GC_ERR_LIMIT, "more than %d roots", GC_ROOTS_MAX);
    for (uint32_t i = 0; i < crew->config.n_roots; i++)
        roots[i] = (struct gc_root){crew->config.roots[i].name, crew->config.roots[i].path};
    return gc_roots_new(roots, crew->config.n_roots, &crew->roots, fault);
}

static enum gc_err start_tenders(struct gc_crew *crew, struct gc_fault *fault)
{
    crew->tenders = calloc(crew->config.slots, sizeof crew->tenders[0]);
    if (!crew->tenders)
        return gc_fault_set(fault, GC_ERR_NOMEM, "no memory for the tenders");
    for (uint32_t i = 0; i < crew->config.slots; i++) {
        struct gc_files_life *life = &crew->tenders[i].life;
        memcpy(&life->worker, crew->config.worker.b, sizeof life->worker);
        memcpy(&life->boot, crew->config.boot.b, sizeof life->boot);
        enum gc_err err = tender_start(&crew->tenders[i], crew, i);
        if (err != GC_OK)
            return gc_fault_set(fault, err, "a tender's thread cannot be started");
        crew->started++;
    }
    return GC_OK;
}

enum gc_err gc_crew_start(const struct gc_crew_config *config, struct gc_crew **ret, struct gc_fault *fault)
{
    struct gc_crew *crew = calloc(1, sizeof *crew);
    if (!crew)
        return gc_fault_set(fault, GC_ERR_NOMEM, "no memory for the crew");
    crew->config = *config;
    crew->credits = config->chunks;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->credit, NULL);
    crew->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum gc_err err =
        crew->event_fd >= 0 ? GC_OK : gc_fault_set(fault, GC_ERR_IO, "an eventfd: %s", strerror(errno));
    /* Before any thread. */
    if (err == GC_OK)
        err = gc_zygote_start(config->program, &crew->zygote, fault);
    if (err == GC_OK)
        err = prove_seal(crew, fault);
    if (err == GC_OK)
        err = open_roots(crew, fault);
    if (err == GC_OK)
        err = gc_sync_start(GC_SYNC_THREADS, &crew->sync, fault);
    if (err == GC_OK)
        err = start_tenders(crew, fault);
    if (err != GC_OK) {
        gc_crew_destroy(&crew);
        return err;
    }
    *ret = crew;
    return GC_OK;
}

void gc_crew_destroy(struct gc_crew **self_p)
{
    struct gc_crew *crew = *self_p;
    if (!crew)
        return;
    for (uint32_t i = 0; i < crew->started; i++) {
        struct gc_tender *t = &crew->tenders[i];
        pthread_mutex_lock(&t->lock);
        t->quit = true;
        pthread_cond_signal(&t->cond);
        pthread_mutex_unlock(&t->lock);
        wake(t);
    }
    for (uint32_t i = 0; i < crew->started; i++)
        tender_stop(&crew->tenders[i]);
    struct gc_crew_event event;
    while (crew->event_fd >= 0 && gc_crew_next(crew, &event)) {
        if (event.kind == GC_CREW_CHUNK)
            gc_crew_free(crew, event.chunk.chunk);
    }
    gc_sync_destroy(&crew->sync);
    gc_zygote_destroy(&crew->zygote);
    gc_roots_destroy(&crew->roots);
    if (crew->event_fd >= 0)
        close(crew->event_fd);
    pthread_cond_destroy(&crew->credit);
    pthread_mutex_destroy(&crew->lock);
    free(crew->tenders);
    free(crew);
    *self_p = NULL;
}
