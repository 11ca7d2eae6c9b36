/* The child: reads requests, hands them to its two threads, and sends pages that have waited long enough. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/sys/clock.h"
#include "common/sys/file.h"
#include "common/sys/log.h"
#include "worker/lister/job.h"
#include "worker/lister/seal.h"
#include "worker/lister/wire.h"

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct gc_lister_job *first;
    struct gc_lister_job *last;
    struct gc_lister_job *running;
};

struct server {
    struct gc_link link;
    struct gc_roots *roots; /* NULL: they could not be opened; why is in fault */
    struct gc_fault fault;
    bool has_roots;
    struct gc_pages pages;
    struct gc_files_cache *cache;
    struct queue lists;
    struct queue reads;
    uint8_t *in;
    size_t in_len;
};

/* ---- replies ---- */

void gc_link_send(struct gc_link *l, const struct gc_lister_reply *r)
{
    static const uint8_t kinds[] = {[GC_LISTER_FOUND] = GC_FRAME_FOUND,
                                    [GC_LISTER_BLOCK] = GC_FRAME_BLOCK,
                                    [GC_LISTER_FAILED] = GC_FRAME_FAILED};
    struct gc_buf out;
    (void)pthread_mutex_lock(&l->lock);
    gc_buf_init(&out, l->frame, GC_FRAME_MAX);
    size_t start = gc_frame_begin(&out, kinds[r->kind], r->id);
    gc_wire_put_reply(&out, r);
    bool fits = gc_frame_end(&out, start);
    GC_ASSERT(fits);
    if (gc_file_write_all(l->fd, out.data, out.len))
        _exit(0); /* the parent is gone */
    (void)pthread_mutex_unlock(&l->lock);
}

/* ---- queues ---- */

static void queue_init(struct queue *q)
{
    if (pthread_mutex_init(&q->lock, NULL) || pthread_cond_init(&q->more, NULL))
        GC_NEVER("no lock can be made");
}

static void push(struct queue *q, struct gc_lister_job *job)
{
    (void)pthread_mutex_lock(&q->lock);
    if (q->last)
        q->last->next = job;
    else
        q->first = job;
    q->last = job;
    (void)pthread_cond_signal(&q->more);
    (void)pthread_mutex_unlock(&q->lock);
}

static struct gc_lister_job *pop(struct queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    while (!q->first)
        (void)pthread_cond_wait(&q->more, &q->lock);
    struct gc_lister_job *job = q->first;
    q->first = job->next;
    if (!q->first)
        q->last = NULL;
    q->running = job;
    (void)pthread_mutex_unlock(&q->lock);
    return job;
}

static void end_job(struct queue *q, struct gc_lister_job *job)
{
    (void)pthread_mutex_lock(&q->lock);
    q->running = NULL;
    (void)pthread_mutex_unlock(&q->lock);
    free(job->bytes);
    free(job);
}

static void cancel(struct queue *q, uint64_t id)
{
    (void)pthread_mutex_lock(&q->lock);
    if (q->running && q->running->id == id)
        atomic_store(&q->running->cancelled, true);
    for (struct gc_lister_job *job = q->first; job; job = job->next)
        if (job->id == id)
            atomic_store(&job->cancelled, true);
    (void)pthread_mutex_unlock(&q->lock);
}

/* ---- the threads ---- */

static void refuse(struct server *s, const struct gc_lister_job *job, uint32_t cause, const char *text)
{
    struct gc_lister_reply r = {.kind = GC_LISTER_FAILED, .id = job->id, .last = true, .cause = cause};
    r.text = gc_str_bytes(gc_str_of(text));
    gc_link_send(&s->link, &r);
}

static void run_list(struct server *s, struct gc_lister_job *job)
{
    struct gc_source source;
    struct gc_fault fault = {0};
    if (gc_source_init(&source, job->program, &fault)) {
        refuse(s, job, GC_CAUSE_OP_ERROR, fault.text);
        return;
    }
    struct gc_str op = gc_bytes_str(source.step->op);
    bool files = gc_str_is(op, "files");
    bool list = gc_str_is(op, "list");
    gc_source_release(&source);
    if (files)
        gc_files_run(s->cache, s->roots, &s->pages, job);
    else if (list)
        gc_list_run(s->roots, &s->pages, job);
    else
        refuse(s, job, GC_CAUSE_OP_ERROR, "not a source that this worker lists");
}

static void *serve_lists(void *arg)
{
    struct server *s = arg;
    for (;;) {
        struct gc_lister_job *job = pop(&s->lists);
        if (!s->roots)
            refuse(s, job, GC_CAUSE_UNREADABLE, s->fault.text);
        else if (!atomic_load(&job->cancelled))
            run_list(s, job);
        end_job(&s->lists, job);
    }
    return NULL;
}

static void *serve_reads(void *arg)
{
    struct server *s = arg;
    for (;;) {
        struct gc_lister_job *job = pop(&s->reads);
        if (!s->roots)
            refuse(s, job, GC_CAUSE_UNREADABLE, s->fault.text);
        else if (!atomic_load(&job->cancelled))
            gc_page_run(s->roots, &s->link, job);
        end_job(&s->reads, job);
    }
    return NULL;
}

static bool start_thread(void *(*run)(void *), struct server *s)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, s))
        return false;
    return pthread_detach(thread) == 0;
}

/* ---- requests ---- */

static bool take_roots(struct server *s, const struct gc_frame *f)
{
    struct gc_reader in;
    uint32_t n;
    struct gc_root roots[GC_ROOTS_MAX];
    struct gc_lister_root sealed[GC_ROOTS_MAX];
    gc_reader_init(&in, f->body);
    if (s->has_roots || !gc_reader_u32(&in, &n) || n > GC_ROOTS_MAX)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        struct gc_bytes name; /* both with their NUL */
        struct gc_bytes path;
        if (!gc_wire_bytes(&in, &name) || !gc_wire_bytes(&in, &path) || name.len == 0 || path.len == 0 ||
            name.ptr[name.len - 1] || path.ptr[path.len - 1])
            return false;
        roots[i] = (struct gc_root){(const char *)name.ptr, (const char *)path.ptr};
        sealed[i] = (struct gc_lister_root){roots[i].name, roots[i].path};
    }
    s->has_roots = true;
    if (gc_roots_new(roots, n, &s->roots, &s->fault))
        s->roots = NULL;
    gc_lister_seal(sealed, n);
    return start_thread(serve_lists, s) && start_thread(serve_reads, s);
}

static bool parse_job(struct gc_lister_job *job)
{
    struct gc_reader in;
    gc_reader_init(&in, job->program); /* the body, until it is cut */
    if (!gc_wire_bytes(&in, &job->program))
        return false;
    if (!job->is_list)
        return gc_wire_page(&in, &job->page) && gc_reader_done(&in);
    return gc_wire_bytes(&in, &job->cursor) && gc_reader_u64(&in, &job->first) &&
           gc_reader_u32(&in, &job->pages) && gc_reader_done(&in);
}

static bool take_job(struct server *s, const struct gc_frame *f)
{
    struct gc_lister_job *job = calloc(1, sizeof *job);
    uint8_t *bytes = malloc(f->body.len + 1);
    if (!job || !bytes || !s->has_roots) {
        free(job);
        free(bytes);
        return false;
    }
    if (f->body.len)
        memcpy(bytes, f->body.ptr, f->body.len);
    job->id = f->id;
    job->is_list = f->kind == GC_FRAME_LIST;
    job->bytes = bytes;
    job->program = gc_bytes_of(bytes, f->body.len);
    if (!parse_job(job)) {
        free(bytes);
        free(job);
        return false;
    }
    push(job->is_list ? &s->lists : &s->reads, job);
    return true;
}

static bool take_frame(struct server *s, const struct gc_frame *f)
{
    switch (f->kind) {
    case GC_FRAME_ROOTS: return take_roots(s, f);
    case GC_FRAME_LIST:
    case GC_FRAME_PAGE: return take_job(s, f);
    case GC_FRAME_CANCEL:
        cancel(&s->lists, f->id);
        cancel(&s->reads, f->id);
        return true;
    default: return false;
    }
}

/* Reads what is there and takes whole frames off it. False: the parent is gone, or does not speak our language. */
static bool read_requests(struct server *s)
{
    ssize_t n = read(s->link.fd, s->in + s->in_len, GC_FRAME_MAX - s->in_len);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (n <= 0)
        return false;
    s->in_len += (size_t)n;
    size_t at = 0;
    for (;;) {
        struct gc_frame f;
        size_t len;
        if (!gc_frame_take(gc_bytes_of(s->in + at, s->in_len - at), &f, &len))
            return false;
        if (len == 0)
            break;
        if (!take_frame(s, &f))
            return false;
        at += len;
    }
    memmove(s->in, s->in + at, s->in_len - at);
    s->in_len -= at;
    return true;
}

static int timeout_ms(uint64_t ns)
{
    /* half of a page's age: one that begins right after this look is seen in time */
    uint64_t ms = ns == UINT64_MAX ? 100 : ns / GC_MS + 1;
    return ms > 100 ? 100 : (int)ms;
}

static void serve(struct server *s)
{
    for (;;) {
        struct pollfd p = {.fd = s->link.fd, .events = POLLIN};
        uint64_t wait = gc_pages_flush_old(&s->pages, gc_clock_now());
        int n = poll(&p, 1, timeout_ms(wait));
        if (n < 0 && errno != EINTR)
            return;
        if (n > 0 && !read_requests(s))
            return;
    }
}

int gc_lister_main(int fd)
{
    static struct server s;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, "gc-lister");
    s.link.fd = fd;
    s.link.frame = malloc(GC_FRAME_MAX);
    s.in = malloc(GC_FRAME_MAX);
    s.cache = gc_files_cache_new();
    if (!s.link.frame || !s.in || !s.cache || pthread_mutex_init(&s.link.lock, NULL) ||
        gc_pages_init(&s.pages, &s.link)) {
        gc_log_bare(GC_LOG_ERROR, "lister_no_memory");
        return 1;
    }
    queue_init(&s.lists);
    queue_init(&s.reads);
    serve(&s);
    _exit(0); /* threads may hold locks: nothing is to be tidied */
}
