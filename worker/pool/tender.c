/* tender.c - the thread, its executor's life, and what it hears of it. */
#include "worker/pool/tender.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/sys/clock.h"
#include "common/sys/log.h"
#include "common/sys/proc.h"
#include "worker/pool/fds.h"
#include "worker/pool/judge.h"

#define GRACE_NS  ((uint64_t)1000000000) /* beyond its timeout, for what is not a task's own time */
#define BURIAL_MS 10000
#define TELL_NS   ((uint64_t)1000000000) /* of what it prints, a line a second at most */

/* ---- the executor ---- */

/* Returns the memory shared before. */
static struct gc_share *set_share(struct gc_tender *t, struct gc_share *share)
{
    pthread_mutex_lock(&t->lock);
    struct gc_share *before = t->share;
    t->share = share;
    pthread_mutex_unlock(&t->lock);
    return before;
}

/* Takes in what it has printed: seldom, or the log would be its. */
static void listen_to(struct gc_tender *t)
{
    uint64_t before = t->said.bytes, now = gc_clock_now();
    char last[GC_SHARE_TEXT];
    gc_said_take(&t->said, t->child.said);
    if (t->said.bytes == before || now - t->told_ns < TELL_NS || !gc_log_enabled(GC_LOG_DEBUG))
        return;
    t->told_ns = now;
    if (gc_said_last(&t->said, last, sizeof last))
        gc_log(GC_LOG_DEBUG, "executor_said", gc_kv_u64("slot", t->slot), gc_kv_u64("bytes", t->said.bytes),
               gc_kv_str("last", last));
}

/* Its blame slot is read before. False: nobody can say how it ended. */
static bool end_executor(struct gc_tender *t, struct gc_zygote_status *ret)
{
    gc_zygote_kill(&t->child);
    bool known = gc_zygote_ended(&t->child, BURIAL_MS, ret);
    listen_to(t);
    gc_zygote_leave(&t->child);
    __atomic_store_n(&t->child.pid, 0, __ATOMIC_RELAXED);
    t->alive = false;
    for (unsigned i = 0; i < GC_SHARE_PLACES; i++)
        t->places[i].installed = false;
    munmap(set_share(t, NULL), sizeof *t->share);
    return known;
}

void tender_retire(struct gc_tender *t)
{
    struct gc_zygote_status status;
    if (t->alive)
        (void)end_executor(t, &status);
}

static struct gc_share *make_share(int *ret_fd)
{
    int fd = memfd_create("gc-executor", MFD_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct gc_share *share = MAP_FAILED;
    if (ftruncate(fd, (off_t)sizeof *share) == 0)
        share = mmap(NULL, sizeof *share, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (share == MAP_FAILED) {
        close(fd);
        return NULL;
    }
    *ret_fd = fd;
    return share;
}

static enum gc_err make_executor(struct gc_tender *t, struct gc_fault *fault)
{
    int memory;
    struct gc_share *share = make_share(&memory);
    if (!share)
        return gc_fault_set(fault, GC_ERR_NOMEM, "memory shared with an executor: %s", strerror(errno));
    uint64_t kills = gc_judge_kills();
    struct gc_zygote_child child;
    enum gc_err err = gc_zygote_fork(t->crew->zygote, GC_ZYGOTE_EXECUTOR, memory, &child, fault);
    close(memory);
    if (err != GC_OK) {
        munmap(share, sizeof *share);
        return err;
    }
    t->child = child;
    t->alive = true;
    t->born_ns = gc_clock_now();
    t->born_kills = kills;
    t->items = 0;
    gc_said_forget(&t->said);
    (void)set_share(t, share);
    return GC_OK;
}

static bool worn(const struct gc_tender *t)
{
    uint64_t bytes;
    if (t->items >= TENDER_RECYCLE_ITEMS && gc_clock_now() - t->born_ns >= TENDER_RECYCLE_NS)
        return true;
    return gc_proc_memory(t->child.pid, NULL, &bytes) == GC_OK && bytes > TENDER_RECYCLE_BYTES;
}

static enum gc_err need_executor(struct gc_tender *t, struct gc_fault *fault)
{
    if (t->alive && ((t->now->slice.fresh && t->items > 0) || worn(t)))
        tender_retire(t);
    return t->alive ? GC_OK : make_executor(t, fault);
}

/* ---- talking ---- */

bool tender_say(struct gc_tender *t, const void *msg, size_t len, const int *fds, unsigned n)
{
    return gc_fds_send(t->child.sock, msg, len, fds, n, MSG_DONTWAIT);
}

bool tender_order(struct gc_tender *t, enum gc_share_op op)
{
    struct gc_share_msg msg = {.op = op};
    return tender_say(t, &msg, offsetof(struct gc_share_msg, as) + sizeof msg.as.said, NULL, 0);
}

bool tender_wanted(struct gc_tender *t)
{
    pthread_mutex_lock(&t->lock);
    bool wanted = !t->quit && t->kill != t->now->slice.slice;
    pthread_mutex_unlock(&t->lock);
    return wanted;
}

static void drain_wake(struct gc_tender *t)
{
    uint64_t n;
    ssize_t got = read(t->wake, &n, sizeof n);
    (void)got;
}

/* When what the executor is at has had its time: a task its timeout; what is between tasks the same, since its last word. */
static uint64_t deadline(struct gc_tender *t)
{
    const struct gc_share_blame *blame = &t->share->blame;
    uint64_t started = atomic_load_explicit(&blame->started_ns, memory_order_acquire);
    uint64_t item = atomic_load_explicit(&blame->item, memory_order_relaxed);
    gc_watch_look(&t->watch, started, item, gc_clock_now());
    return gc_watch_until(&t->watch, t->heard_ns, t->now->program->timeout_ns, GRACE_NS);
}

static int wait_ms(uint64_t until)
{
    uint64_t now = gc_clock_now();
    uint64_t ms = until > now ? (until - now) / GC_MS + 1 : 0;
    /* The blame slot moves on without a word: look at it again. */
    return (int)gc_min_u64(ms, 1000);
}

static bool receive(struct gc_tender *t)
{
    int fds[GC_FDS_MAX];
    unsigned n = 0;
    memset(&t->msg, 0, offsetof(struct gc_share_msg, as) + sizeof t->msg.as.chunk);
    ssize_t len = gc_fds_recv(t->child.sock, &t->msg, sizeof t->msg, fds, &n, 0);
    gc_fds_close(fds, n);
    t->heard_ns = gc_clock_now();
    return len > 0;
}

enum gc_heard tender_hear(struct gc_tender *t)
{
    for (;;) {
        uint64_t until = deadline(t);
        struct pollfd p[4] = {{.fd = t->child.sock, .events = POLLIN},
                              {.fd = t->child.status, .events = POLLIN},
                              {.fd = t->wake, .events = POLLIN},
                              {.fd = t->publisher.event_fd, .events = POLLIN}};
        int n = poll(p, 4, wait_ms(until));
        if (n < 0 && errno != EINTR)
            return GC_HEARD_DEAD;
        listen_to(t);
        if (p[2].revents & POLLIN) {
            drain_wake(t);
            if (!tender_wanted(t))
                return GC_HEARD_KILL;
        }
        if (p[3].revents & POLLIN)
            return GC_HEARD_PUBLISHED;
        /* What it said before it died comes first. */
        if (p[0].revents & POLLIN)
            return receive(t) ? GC_HEARD_MSG : GC_HEARD_DEAD;
        if (p[0].revents || p[1].revents)
            return GC_HEARD_DEAD;
        if (n == 0 && gc_clock_now() >= deadline(t))
            return GC_HEARD_TIMEOUT;
    }
}

bool tender_await(struct gc_tender *t)
{
    for (;;) {
        struct pollfd p[2] = {{.fd = t->wake, .events = POLLIN},
                              {.fd = t->publisher.event_fd, .events = POLLIN}};
        if (poll(p, 2, -1) < 0)
            continue; /* a signal */
        if (p[0].revents & POLLIN)
            drain_wake(t);
        if (!tender_wanted(t))
            return false;
        if (p[1].revents & POLLIN)
            return true;
    }
}

/* ---- faults ---- */

void tender_fault(struct gc_tender *t, uint64_t item, uint64_t node, uint32_t cause, const char *text,
                  size_t len)
{
    struct gc_crew_event event = {.kind = GC_CREW_FAULT,
                                  .slot = t->slot,
                                  .slice = t->now->slice.slice,
                                  .item = item,
                                  .node = node,
                                  .cause = cause};
    event.text_len = (uint32_t)gc_min_size(len, GC_MAX_TEXT);
    memcpy(event.text, text, event.text_len);
    crew_post(t->crew, &event);
}

static void stopped(struct gc_tender *t)
{
    crew_post(t->crew, &(struct gc_crew_event){
                           .kind = GC_CREW_STOPPED, .slot = t->slot, .slice = t->now->slice.slice});
}

void tender_end_by(struct gc_tender *t, enum gc_heard heard)
{
    struct gc_share_blame *blame = &t->share->blame;
    uint64_t item = atomic_load(&blame->item), node = atomic_load(&blame->node);
    bool at = atomic_load(&blame->started_ns) != 0;
    struct gc_zygote_status status = {0};
    char text[GC_SHARE_TEXT];
    bool known = end_executor(t, &status);
    if (heard == GC_HEARD_KILL) {
        stopped(t);
        return;
    }
    uint32_t cause = GC_CAUSE_TIMEOUT;
    if (heard == GC_HEARD_TIMEOUT)
        snprintf(text, sizeof text, "it took longer than %.1f s", (double)t->now->program->timeout_ns / 1e9);
    else
        cause = known ? gc_judge(status.status, status.peak, gc_judge_kills() - t->born_kills, &t->said, text,
                                 sizeof text)
                      : (snprintf(text, sizeof text, "the zygote ended"), (uint32_t)GC_CAUSE_CRASH);
    /* With the zygote all executors go: none of their items is to blame. */
    bool blamed = at && (known || heard == GC_HEARD_TIMEOUT);
    bool sane = node == GC_UNSET || node < gc_stage_nodes(t->stage);
    gc_log(GC_LOG_WARN, "executor_ended", gc_kv_u64("slot", t->slot),
           gc_kv_str("cause", gc_cause_name(cause)), gc_kv_u64("run", t->now->slice.run_no),
           gc_kv_u64("item", blamed ? item : t->at), gc_kv_str("text", text));
    tender_fault(t, blamed ? item : GC_UNSET, blamed && sane ? node : GC_UNSET, cause, text, strlen(text));
}

/* ---- programs ---- */

static struct gc_tender_place *find_place(struct gc_tender *t, const struct gc_blob *program)
{
    struct gc_tender_place *oldest = &t->places[0];
    for (unsigned i = 0; i < GC_SHARE_PLACES; i++) {
        struct gc_tender_place *p = &t->places[i];
        if (p->program && p->program->id == program->id)
            return p;
        if (p->used < oldest->used)
            oldest = p;
    }
    return oldest;
}

static enum gc_err fill_place(struct gc_tender_place *p, struct gc_blob *program, struct gc_fault *fault)
{
    if (p->program && p->program->id == program->id)
        return GC_OK;
    gc_stage_destroy(&p->stage);
    gc_blob_unref(&p->program);
    p->installed = false;
    enum gc_err err = gc_stage_install(gc_blob_bytes(program), &p->stage, fault);
    if (err == GC_OK)
        p->program = gc_blob_ref(program);
    return err;
}

static enum gc_err install(struct gc_tender *t, struct gc_tender_place *p, struct gc_fault *fault)
{
    struct gc_share *share = t->share;
    struct gc_share_msg msg = {.op = GC_SHARE_PROGRAM};
    msg.as.program.place = t->place;
    msg.as.program.bytes = p->program->len;
    GC_ASSERT(p->program->len <= GC_SHARE_IN);
    memcpy(share->in, p->program->bytes, p->program->len);
    t->heard_ns = gc_clock_now();
    enum gc_heard heard =
        tender_say(t, &msg, offsetof(struct gc_share_msg, as) + sizeof msg.as.program, NULL, 0)
            ? tender_hear(t)
            : GC_HEARD_DEAD;
    if (heard != GC_HEARD_MSG)
        return gc_fault_set(fault, GC_ERR_UNREACHABLE, "an executor ended while it took up the program");
    if (t->msg.op != GC_SHARE_READY)
        return gc_fault_set(fault, GC_ERR_STATE, "an executor did not take up the program: %.*s",
                            (int)gc_min_u64(t->msg.as.said.len, GC_SHARE_TEXT),
                            (const char *)t->msg.as.said.text);
    p->installed = true;
    return GC_OK;
}

static enum gc_err need_program(struct gc_tender *t, struct gc_fault *fault)
{
    struct gc_tender_place *p = find_place(t, t->now->program);
    enum gc_err err = fill_place(p, t->now->program, fault);
    if (err != GC_OK)
        return err;
    p->used = ++t->uses;
    t->place = (uint32_t)(p - t->places);
    t->stage = p->stage;
    /* What is not of items is of one node. */
    gc_stage_needs(t->stage, t->now->slice.kind == GC_LEASE_ITEMS ? t->now->slice.want : 1, &t->needs);
    return p->installed ? GC_OK : install(t, p, fault);
}

/* ---- the thread ---- */

static void run_job(struct gc_tender *t)
{
    struct gc_fault fault = {0};
    enum gc_err err = need_executor(t, &fault);
    if (err == GC_OK)
        err = need_program(t, &fault);
    if (err == GC_OK && tender_wanted(t)) {
        t->heard_ns = gc_clock_now();
        gc_said_forget(&t->said);
        slice_run(t);
        return;
    }
    if (!tender_wanted(t)) {
        tender_retire(t); /* it may have an answer under way that nobody waits for */
        stopped(t);
        return;
    }
    if (err == GC_ERR_UNREACHABLE)
        tender_retire(t);
    /* A program that is refused once is refused always: waiting helps nobody, all nodes of its items have failed. */
    bool refused = err == GC_ERR_INVALID;
    gc_log(refused ? GC_LOG_DEBUG : GC_LOG_ERROR, "slice_not_begun", gc_kv_u64("slot", t->slot),
           gc_kv_err(err), gc_kv_text(&fault));
    tender_fault(t, refused ? t->now->slice.first : GC_UNSET, GC_UNSET,
                 refused ? GC_CAUSE_OP_ERROR : GC_CAUSE_INFRA, fault.text, strlen(fault.text));
}

static void free_job(struct tender_job *job)
{
    gc_blob_unref(&job->program);
    gc_blob_unref(&job->input);
    free(job);
}

static struct tender_job *next_job(struct gc_tender *t)
{
    pthread_mutex_lock(&t->lock);
    while (!t->job && !t->quit)
        pthread_cond_wait(&t->cond, &t->lock);
    struct tender_job *job = t->quit ? NULL : t->job;
    if (job)
        t->job = NULL;
    pthread_mutex_unlock(&t->lock);
    return job;
}

static void *tend(void *arg)
{
    struct gc_tender *t = arg;
    while ((t->now = next_job(t)) != NULL) {
        run_job(t);
        free_job(t->now);
    }
    tender_retire(t);
    for (unsigned i = 0; i < GC_SHARE_PLACES; i++) {
        gc_stage_destroy(&t->places[i].stage);
        gc_blob_unref(&t->places[i].program);
    }
    return NULL;
}

enum gc_err tender_start(struct gc_tender *t, struct gc_crew *crew, uint32_t slot)
{
    t->crew = crew;
    t->slot = slot;
    t->max_outputs = TENDER_MAX_OUTPUTS;
    t->outputs = calloc(t->max_outputs, sizeof t->outputs[0]);
    t->refusals = calloc(t->max_outputs, sizeof t->refusals[0]);
    t->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->cond, NULL);
    bool whole = t->outputs && t->refusals && t->wake >= 0 &&
                 gc_publisher_start(&t->publisher, crew->sync, &crew->fence_ns) == GC_OK;
    if (whole && pthread_create(&t->thread, NULL, tend, t) == 0)
        return GC_OK;
    gc_publisher_end(&t->publisher);
    free(t->outputs);
    free(t->refusals);
    if (t->wake >= 0)
        close(t->wake);
    return GC_ERR_NOMEM;
}

void tender_stop(struct gc_tender *t)
{
    pthread_join(t->thread, NULL);
    if (t->job)
        free_job(t->job);
    gc_publisher_end(&t->publisher);
    free(t->outputs);
    free(t->refusals);
    close(t->wake);
    pthread_cond_destroy(&t->cond);
    pthread_mutex_destroy(&t->lock);
}
