/* A tender with executors that are not honest: what they say is checked, and what they should not get they do not get.
 *
 * The executor is a child of the test that speaks share.h's words as its part tells it to. The stage loads an image and saves it. */
#include "proto/values.h"
#include "tests/unit/suite.h"
#include "worker/pool/fds.h"
#include "worker/pool/judge.h"
#include "worker/pool/tender.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ITEMS = 10, NODES = 2, SAVE = 1 };

static char folder[] = "/tmp/gc-slice-XXXXXX";
static struct gc_crew crew;
static struct gc_tender t;
static struct tender_job job;
static int status_end, said_end;
static int unread; /* bytes that the executor may leave unread; 0: as the system has it */

/* ---- a program ---- */

static void put_str(struct gc_buf *b, const char *text)
{
    gc_value_put_str(b, (struct gc_bytes){(const uint8_t *)text, strlen(text)});
}

static void put_step(struct gc_buf *b, uint64_t node, const char *op, uint64_t traits, uint64_t input,
                     const char *to, const char *exists)
{
    gc_value_put_array(b, 11);
    gc_value_put_uint(b, node);
    put_str(b, op);
    put_str(b, op);
    gc_value_put_uint(b, traits);
    gc_value_put_array(b, 1); /* inputs */
    gc_value_put_array(b, 3);
    gc_value_put_uint(b, input);
    put_str(b, "");
    put_str(b, "in");
    gc_value_put_array(b, to ? 2 : 0); /* config */
    if (to) {
        gc_value_put_array(b, 2);
        put_str(b, "to");
        put_str(b, to);
        gc_value_put_array(b, 2);
        put_str(b, "exists");
        put_str(b, exists);
    }
    gc_value_put_array(b, 0); /* shape */
    gc_value_put_uint(b, GC_UNSET);
    gc_value_put_bool(b, false);
    gc_value_put_bool(b, false);
    gc_value_put_uint(b, to ? 0 : 1);
}

static struct gc_blob *program(const char *to, const char *exists)
{
    static uint8_t memory[4096];
    struct gc_buf b;
    gc_buf_init(&b, memory, sizeof memory);
    gc_value_put_array(&b, 10);
    gc_value_put_bin(&b, (struct gc_bytes){(const uint8_t *)"0123456789abcdef", 16});
    gc_value_put_uint(&b, 1);
    gc_value_put_uint(&b, 1);
    gc_value_put_uint(&b, GC_STAGE_ITEM);
    put_str(&b, folder);
    gc_value_put_uint(&b, 20 * GC_S);
    gc_value_put_uint(&b, GC_UNSET);
    gc_value_put_array(&b, 0);
    gc_value_put_uint(&b, 0);
    gc_value_put_array(&b, NODES);
    put_step(&b, 0, "load", GC_TRAIT_DECODE | GC_TRAIT_READS_FILE, GC_UNSET, NULL, NULL);
    put_step(&b, 1, "save", GC_TRAIT_PUBLISH, 0, to, exists);
    ck_assert(gc_buf_ok(&b));
    struct gc_blob *blob = gc_blob_new(GC_BLOB_PROGRAM, gc_buf_bytes(&b));
    ck_assert_ptr_nonnull(blob);
    blob->timeout_ns = 20 * GC_S;
    blob->folder_len = strlen(folder);
    memcpy(blob->folder, folder, blob->folder_len);
    return blob;
}

/* "i0" to "i9": files that are not there; that is the executor's to say, and it says what its part is. */
static struct gc_blob *page(void)
{
    uint8_t block[ITEMS * 4];
    for (uint8_t i = 0; i < ITEMS; i++)
        memcpy(block + i * 4, (uint8_t[]){2, 'i', (uint8_t)('0' + i), 0}, 4);
    struct gc_blob *blob = gc_blob_new(GC_BLOB_PAGE, (struct gc_bytes){block, sizeof block});
    ck_assert_ptr_nonnull(blob);
    ck_assert_int_eq(gc_blob_index(blob, ITEMS), GC_OK);
    return blob;
}

/* ---- the executor: in a child. What it does not expect ends it, which the tender tells as a crash ---- */

struct fake {
    int sock;
    struct gc_share *share;
    struct gc_share_msg msg;
    uint64_t first, end; /* of the slice */
    bool sent[ITEMS];
    bool refused[ITEMS];
    int out[ITEMS];
    uint32_t n_made;
};

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Its next word; a task's output is set aside. */
static uint32_t hear(struct fake *f)
{
    int fds[GC_FDS_MAX];
    unsigned n = 0;
    if (gc_fds_recv(f->sock, &f->msg, sizeof f->msg, fds, &n, 0) <= 0)
        _exit(0);
    if (f->msg.op == GC_SHARE_TASK) {
        const struct gc_share_task *task = &f->msg.as.task;
        must(task->item < ITEMS && task->n_outputs == 1);
        f->sent[task->item] = true;
        f->refused[task->item] = task->outputs[0].refused != 0;
        f->out[task->item] = n > 0 ? fds[n - 1] : -1;
    } else if (f->msg.op == GC_SHARE_SLICE) {
        f->first = f->msg.as.slice.first;
        f->end = f->first + f->msg.as.slice.count;
        memset(f->sent, 0, sizeof f->sent);
    }
    return f->msg.op;
}

static void say(struct fake *f, uint32_t op, uint64_t item, uint64_t count)
{
    struct gc_share_msg msg = {.op = op};
    msg.as.said.item = item;
    msg.as.said.count = count;
    msg.as.said.node = GC_UNSET;
    must(gc_fds_send(f->sock, &msg, offsetof(struct gc_share_msg, as) + sizeof msg.as.said, NULL, 0, 0));
}

static void made(struct fake *f, uint64_t item, uint32_t step, uint64_t bytes)
{
    f->share->made[f->n_made++] = (struct gc_share_made){.item = item, .step = step, .bytes = bytes};
}

static const char *bytes_of(uint64_t item)
{
    static const char *const bytes[ITEMS] = {"zero", "one", "two",   "three", "four",
                                             "five", "six", "seven", "eight", "nine"};
    return bytes[item];
}

/* Runs one item: writes its output, where it may, and says that it took it. */
static void do_item(struct fake *f, uint64_t item)
{
    while (!f->sent[item])
        must(hear(f) == GC_SHARE_TASK);
    const char *bytes = bytes_of(item);
    if (!f->refused[item]) {
        must(write(f->out[item], bytes, strlen(bytes)) == (ssize_t)strlen(bytes));
        made(f, item, SAVE, strlen(bytes));
    }
    close(f->out[item]);
    say(f, GC_SHARE_TOOK, item, 0);
}

/* An honest chunk of items that were loaded and, where they might, saved. */
static struct gc_share_chunk chunk_of(struct fake *f, uint64_t first, uint64_t count)
{
    static struct gc_status_writer w;
    static uint8_t room[2][4096];
    struct gc_buf runs, faults, status, values;
    gc_buf_init(&runs, room[0], sizeof room[0]);
    gc_buf_init(&faults, room[1], sizeof room[1]);
    gc_buf_init(&status, f->share->status, sizeof f->share->status);
    gc_buf_init(&values, f->share->values, sizeof f->share->values);
    gc_status_writer_init(&w, NODES, runs, faults);
    for (uint64_t i = first; i < first + count; i++) {
        uint8_t pattern[NODES] = {GC_OUTCOME_DONE, f->refused[i] ? GC_OUTCOME_FAILED : GC_OUTCOME_DONE};
        struct gc_status_fault fault = {.node = SAVE, .cause = GC_CAUSE_OUTPUT, .attempts = 1};
        must(gc_status_writer_add(&w, pattern, &fault, f->refused[i]) == GC_OK);
        gc_value_put_nil(&values);
        if (!f->refused[i])
            gc_value_put_nil(&values);
    }
    must(gc_status_writer_finish(&w, &status) == GC_OK);
    struct gc_share_chunk c = {
        .first = first, .count = count, .status = status.len, .values = values.len, .n_made = f->n_made};
    f->n_made = 0;
    return c;
}

static void say_chunk(struct fake *f, const struct gc_share_chunk *c)
{
    struct gc_share_msg msg = {.op = GC_SHARE_CHUNK};
    msg.as.chunk = *c;
    must(gc_fds_send(f->sock, &msg, offsetof(struct gc_share_msg, as) + sizeof msg.as.chunk, NULL, 0, 0));
}

static bool may_go_on(struct fake *f)
{
    uint32_t op;
    while ((op = hear(f)) == GC_SHARE_TASK)
        continue;
    must(op == GC_SHARE_GO || op == GC_SHARE_STOP);
    return op == GC_SHARE_GO;
}

/* Two items a chunk, slice after slice. */
static void honest(struct fake *f)
{
    for (;;) {
        while (hear(f) != GC_SHARE_SLICE)
            continue;
        uint64_t item = f->first, end = f->end;
        for (bool on = true; on && item < end; item += 2) {
            do_item(f, item);
            do_item(f, item + 1);
            struct gc_share_chunk c = chunk_of(f, item, 2);
            say_chunk(f, &c);
            on = may_go_on(f);
        }
    }
}

/* ---- the tender ---- */

static void begin(const char *to, const char *exists)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    struct gc_root root = {"", folder};
    memset(&crew, 0, sizeof crew);
    ck_assert_int_eq(gc_roots_new(&root, 1, &crew.roots, NULL), GC_OK);
    crew.config.slots = 1;
    crew.credits = ITEMS;
    crew.event_fd = eventfd(0, EFD_NONBLOCK);
    atomic_store(&crew.fence_ns, UINT64_MAX);
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.credit, NULL);
    job = (struct tender_job){.program = program(to, exists), .input = page()};
    job.slice = (struct gc_agent_slice){.slice = 1,
                                        .term = 1,
                                        .lease = 1,
                                        .run_no = 1,
                                        .kind = GC_LEASE_ITEMS,
                                        .count = ITEMS,
                                        .want = 3,
                                        .given = job.given};
}

static pid_t child;

static void *bury(void *arg)
{
    struct gc_zygote_status status = {.word = GC_ZYGOTE_ENDED, .pid = child};
    (void)arg;
    ck_assert_int_eq(waitpid(child, &status.status, 0), child);
    gc_fds_send(status_end, &status, sizeof status, NULL, 0, 0);
    return NULL;
}

static void make_tender(int sock, struct gc_share *share)
{
    int status[2], said[2];
    struct gc_fault fault = {0};
    memset(&t, 0, sizeof t);
    ck_assert(gc_fds_pair(status));
    ck_assert_int_eq(pipe2(said, O_NONBLOCK), 0);
    status_end = status[1];
    said_end = said[1];
    t.crew = &crew;
    t.now = &job;
    t.share = share;
    t.alive = true;
    t.born_kills = gc_judge_kills();
    if (unread)
        ck_assert_int_eq(setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &unread, sizeof unread), 0);
    t.child = (struct gc_zygote_child){.pidfd = (int)syscall(SYS_pidfd_open, child, 0),
                                       .pid = child,
                                       .sock = sock,
                                       .status = status[0],
                                       .said = said[0]};
    ck_assert_int_ge(t.child.pidfd, 0);
    t.wake = eventfd(0, EFD_NONBLOCK);
    t.max_outputs = TENDER_MAX_OUTPUTS;
    t.outputs = calloc(t.max_outputs, sizeof t.outputs[0]);
    t.refusals = calloc(t.max_outputs, sizeof t.refusals[0]);
    pthread_mutex_init(&t.lock, NULL);
    ck_assert_int_eq(gc_stage_install(gc_blob_bytes(job.program), &t.stage, &fault), GC_OK);
    gc_stage_needs(t.stage, job.slice.want, &t.needs);
    ck_assert_uint_eq(t.needs.n_outputs, 1);
    ck_assert_int_eq(gc_sync_start(2, &crew.sync, NULL), GC_OK);
    ck_assert_int_eq(gc_publisher_start(&t.publisher, crew.sync, &crew.fence_ns), GC_OK);
}

/* What another thread does meanwhile; NULL: nothing. */
static void *(*beside)(void *);

/* The slice, with an executor that plays its part. */
static void run(void (*play)(struct fake *f))
{
    int pair[2];
    pthread_t grave, other;
    struct gc_share *share =
        mmap(NULL, sizeof *share, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(share, MAP_FAILED);
    ck_assert(gc_fds_pair(pair));
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        static struct fake f;
        close(pair[0]);
        f = (struct fake){.sock = pair[1], .share = share};
        play(&f);
        _exit(0);
    }
    close(pair[1]);
    make_tender(pair[0], share);
    ck_assert_int_eq(pthread_create(&grave, NULL, bury, NULL), 0);
    if (beside)
        ck_assert_int_eq(pthread_create(&other, NULL, beside, NULL), 0);
    slice_run(&t);
    if (beside)
        pthread_join(other, NULL);
    ck_assert_uint_eq(t.n_outputs, 0); /* all is closed */
    ck_assert(!gc_publisher_busy(&t.publisher));
    tender_retire(&t);
    pthread_join(grave, NULL);
    gc_publisher_end(&t.publisher);
    gc_sync_destroy(&crew.sync);
    gc_stage_destroy(&t.stage);
}

static void end(void)
{
    char command[128];
    struct gc_crew_event event;
    ck_assert(!gc_crew_next(&crew, &event)); /* a test looks at all of them */
    ck_assert_uint_eq(crew.credits, ITEMS);
    free(t.outputs);
    free(t.refusals);
    close(t.wake);
    close(status_end);
    close(said_end);
    close(crew.event_fd);
    gc_blob_unref(&job.program);
    gc_blob_unref(&job.input);
    gc_roots_destroy(&crew.roots);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static void expect_chunk(uint64_t first, uint64_t count)
{
    struct gc_crew_event e;
    ck_assert(gc_crew_next(&crew, &e));
    ck_assert_int_eq(e.kind, GC_CREW_CHUNK);
    ck_assert_uint_eq(e.chunk.first, first);
    ck_assert_uint_eq(e.chunk.count, count);
    gc_crew_free(&crew, e.chunk.chunk);
}

static void expect_fault(uint64_t item, uint32_t cause, const char *text)
{
    struct gc_crew_event e;
    ck_assert(gc_crew_next(&crew, &e));
    ck_assert_int_eq(e.kind, GC_CREW_FAULT);
    ck_assert_uint_eq(e.item, item);
    ck_assert_uint_eq(e.cause, cause);
    char got[GC_MAX_TEXT + 1] = "";
    memcpy(got, e.text, e.text_len);
    ck_assert_msg(strstr(got, text) != NULL, "'%s' is not in '%s'", text, got);
}

static void path_of(uint64_t item, char path[128])
{
    snprintf(path, 128, "%s/out/%llu.webp", folder, (unsigned long long)item);
}

/* NULL: there is no such file. */
static void holds(uint64_t item, const char *text)
{
    char path[128], got[64] = "";
    path_of(item, path);
    FILE *f = fopen(path, "r");
    ck_assert_int_eq(f != NULL, text != NULL);
    if (!f)
        return;
    ck_assert_ptr_nonnull(fgets(got, sizeof got, f));
    fclose(f);
    ck_assert_str_eq(got, text);
}

static void put(uint64_t item, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/out", folder);
    ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
    path_of(item, path);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

/* ---- what is published ---- */

START_TEST(an_honest_one)
{
    begin("out/{index}.webp", "error");
    run(honest);
    for (uint64_t i = 0; i < ITEMS; i += 2)
        expect_chunk(i, 2);
    for (uint64_t i = 0; i < ITEMS; i++)
        holds(i, bytes_of(i));
    end();
}
END_TEST

START_TEST(what_is_refused_runs_again)
{
    begin("out/{index}.webp", "error");
    put(1, "one"); /* the same bytes */
    put(2, "other");
    put(5, "others");
    run(honest);
    for (uint64_t i = 0; i < ITEMS; i += 2)
        expect_chunk(i, 2);
    holds(1, "one");
    holds(2, "other");
    holds(3, "three");
    holds(5, "others");
    end();
}
END_TEST

START_TEST(overwriting)
{
    begin("out/{index}.webp", "overwrite");
    put(2, "other");
    run(honest);
    for (uint64_t i = 0; i < ITEMS; i += 2)
        expect_chunk(i, 2);
    holds(2, "two");
    end();
}
END_TEST

START_TEST(nothing_behind_the_fence)
{
    begin("out/{index}.webp", "error");
    atomic_store(&crew.fence_ns, 1);
    run(honest);
    expect_fault(0, GC_CAUSE_INFRA, "the lease may be somebody else's");
    for (uint64_t i = 0; i < ITEMS; i++)
        holds(i, NULL);
    end();
}
END_TEST

static void dies_later(struct fake *f)
{
    while (hear(f) != GC_SHARE_SLICE)
        continue;
    for (uint64_t i = 0; i < 2; i++)
        do_item(f, i);
    struct gc_share_chunk c = chunk_of(f, 0, 2);
    say_chunk(f, &c);
    must(may_go_on(f));
    do_item(f, 2);
    atomic_store(&f->share->blame.item, 3);
    atomic_store(&f->share->blame.started_ns, 1);
    abort();
}

START_TEST(what_was_made_before_a_death_counts)
{
    begin("out/{index}.webp", "error");
    run(dies_later);
    expect_chunk(0, 2);
    expect_fault(3, GC_CAUSE_CRASH, "SIGABRT");
    holds(1, "one");
    holds(2, NULL); /* it was in no chunk */
    end();
}
END_TEST

/* At an item for ever: its blame slot says so. */
static void hangs(struct fake *f)
{
    while (hear(f) != GC_SHARE_SLICE)
        continue;
    do_item(f, 0);
    atomic_store(&f->share->blame.item, 1);
    atomic_store(&f->share->blame.started_ns, 1);
    for (;;)
        hear(f);
}

static void *kill_it(void *arg)
{
    (void)arg;
    while (gc_crew_item(&crew, 0) != 1)
        usleep(1000);
    gc_crew_kill(&crew, 0, 1);
    return NULL;
}

START_TEST(a_slice_that_is_killed)
{
    struct gc_crew_event e;
    begin("out/{index}.webp", "error");
    crew.tenders = &t;
    beside = kill_it;
    run(hangs);
    ck_assert(gc_crew_next(&crew, &e));
    ck_assert_int_eq(e.kind, GC_CREW_STOPPED);
    ck_assert_uint_eq(e.slice, 1);
    holds(0, NULL);
    end();
}
END_TEST

/* ---- lies ---- */

static struct gc_share_chunk lie;
static struct fake *liar;

/* Two items as they should be, then a chunk of them as `tell` has it. */
static void (*tell)(struct gc_share_chunk *c);

static void lies(struct fake *f)
{
    liar = f;
    while (hear(f) != GC_SHARE_SLICE)
        continue;
    for (uint64_t i = 0; i < 2; i++)
        do_item(f, i);
    lie = chunk_of(f, 0, 2);
    tell(&lie);
    say_chunk(f, &lie);
    (void)may_go_on(f);
    for (;;)
        hear(f);
}

static void another_first(struct gc_share_chunk *c)
{
    c->first = 1;
}
static void no_items(struct gc_share_chunk *c)
{
    c->count = 0;
}
static void all_items_and_more(struct gc_share_chunk *c)
{
    c->count = ITEMS + 1;
}
static void items_it_was_not_given(struct gc_share_chunk *c)
{
    c->count = ITEMS;
}
static void far_too_many(struct gc_share_chunk *c)
{
    c->count = UINT64_MAX;
}
static void a_large_status(struct gc_share_chunk *c)
{
    c->status = GC_SHARE_STATUS + 1;
}
static void large_values(struct gc_share_chunk *c)
{
    c->values = UINT64_MAX;
}
static void too_many_files(struct gc_share_chunk *c)
{
    c->n_made = GC_SHARE_MADE + 1;
}
static void too_many_states(struct gc_share_chunk *c)
{
    c->n_deltas = GC_MAX_STAGE_NODES + 1;
}
static void states_of_nobody(struct gc_share_chunk *c)
{
    c->n_deltas = 1;
}
static void no_status(struct gc_share_chunk *c)
{
    c->status = 0;
}
static void no_values(struct gc_share_chunk *c)
{
    c->values = 0;
}
static void a_broken_status(struct gc_share_chunk *c)
{
    memset(liar->share->status, 0xff, c->status);
}
static void a_large_state(struct gc_share_chunk *c)
{
    c->n_deltas = 1;
    c->delta_bytes[0] = GC_MAX_DELTA + 1;
}
static void large_states(struct gc_share_chunk *c)
{
    c->n_deltas = GC_MAX_STAGE_NODES;
    for (uint32_t i = 0; i < c->n_deltas; i++)
        c->delta_bytes[i] = GC_MAX_DELTA;
}

START_TEST(chunks_that_are_none)
{
    static const struct {
        void (*tell)(struct gc_share_chunk *c);
        const char *text;
    } rows[] = {{another_first, "another range"},
                {no_items, "another range"},
                {all_items_and_more, "another range"},
                {items_it_was_not_given, "items that it was not given"},
                {far_too_many, "another range"},
                {a_large_status, "more than there is room for"},
                {large_values, "more than there is room for"},
                {too_many_files, "more than there is room for"},
                {too_many_states, "more states than reducers"},
                {states_of_nobody, "states of other reducers"},
                {no_status, "status"},
                {no_values, "value"},
                {a_broken_status, "status"},
                {a_large_state, "a state that is too large"},
                {large_states, "too large together"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin("out/{index}.webp", "error");
        tell = rows[i].tell;
        run(lies);
        expect_fault(0, GC_CAUSE_CRASH, rows[i].text);
        holds(0, NULL);
        end();
    }
}
END_TEST

/* What it says of files is taken for what it is: a file that was asked for, whole, is published; nothing else is. */
static void files_of_others(struct gc_share_chunk *c)
{
    liar->n_made = (uint32_t)c->n_made;
    made(liar, 0, SAVE, 4);          /* twice */
    made(liar, 1, 0, 4);             /* of a step that writes none */
    made(liar, 1, UINT32_MAX, 4);    /* of no step */
    made(liar, 3, SAVE, 5);          /* of an item that is not in the chunk */
    made(liar, UINT64_MAX, SAVE, 4); /* of no item */
    c->n_made = liar->n_made;
}

START_TEST(files_that_it_did_not_make)
{
    begin("out/{index}.webp", "error");
    tell = files_of_others;
    job.slice.count = 2;
    run(lies);
    expect_chunk(0, 2);
    holds(0, "zero");
    holds(1, "one");
    holds(3, NULL);
    end();
}
END_TEST

static void another_length(struct fake *f)
{
    for (;;) {
        while (hear(f) != GC_SHARE_SLICE)
            continue;
        for (uint64_t i = f->first; i < f->end; i++)
            do_item(f, i);
        f->share->made[0].bytes = f->refused[0] ? f->share->made[0].bytes : 3;
        struct gc_share_chunk c = chunk_of(f, f->first, f->end - f->first);
        say_chunk(f, &c);
        (void)may_go_on(f);
    }
}

START_TEST(a_file_of_another_length)
{
    begin("out/{index}.webp", "error");
    job.slice.count = 2;
    run(another_length);
    expect_chunk(0, 2); /* in which the first is a failure */
    holds(0, NULL);
    holds(1, "one");
    end();
}
END_TEST

static void names_another_task(struct fake *f)
{
    while (hear(f) != GC_SHARE_SLICE)
        continue;
    say(f, GC_SHARE_TOOK, 1, 0);
    for (;;)
        hear(f);
}

static void takes_without_end(struct fake *f)
{
    while (hear(f) != GC_SHARE_SLICE)
        continue;
    for (uint64_t i = 0;; i++) {
        say(f, GC_SHARE_TOOK, i, 0);
        if (i + 1 == ITEMS)
            say(f, GC_SHARE_TOOK, i + 1, 0);
        hear(f);
    }
}

static void says_what_is_not_its_to_say(struct fake *f)
{
    while (hear(f) != GC_SHARE_SLICE)
        continue;
    say(f, GC_SHARE_GO, 0, 0);
    for (;;)
        hear(f);
}

static void gives_up_more_than_it_has(struct fake *f)
{
    while (hear(f) != GC_SHARE_SLICE)
        continue;
    say(f, GC_SHARE_OVER, 0, UINT64_MAX);
    for (;;)
        hear(f);
}

/* It takes one task after the other, and reads none. */
static void takes_unseen(struct fake *f)
{
    while (hear(f) != GC_SHARE_SLICE)
        continue;
    for (uint64_t i = 0; i < ITEMS; i++)
        say(f, GC_SHARE_TOOK, i, 0);
    pause();
}

START_TEST(one_that_does_not_listen)
{
    begin("out/{index}.webp", "error");
    /* One task more than are sent ahead, and not all of them; the kernel doubles it for what it keeps with each. */
    unread = (GC_SHARE_AHEAD + 1) *
             (int)(offsetof(struct gc_share_msg, as.task.outputs) + sizeof(struct gc_share_output));
    run(takes_unseen);
    expect_fault(GC_UNSET, GC_CAUSE_CRASH, "SIGKILL");
    end();
}
END_TEST

START_TEST(words_that_are_none)
{
    static const struct {
        void (*play)(struct fake *f);
        const char *text;
    } rows[] = {{names_another_task, "another task than the next"},
                {takes_without_end, "another task than the next"},
                {says_what_is_not_its_to_say, "a word that is not its to say"},
                {gives_up_more_than_it_has, "another range"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin("out/{index}.webp", "error");
        run(rows[i].play);
        expect_fault(0, GC_CAUSE_CRASH, rows[i].text);
        end();
    }
}
END_TEST

GC_SUITE("pool slice", GC_TEST(an_honest_one), GC_TEST(what_is_refused_runs_again), GC_TEST(overwriting),
         GC_TEST(nothing_behind_the_fence), GC_TEST(what_was_made_before_a_death_counts),
         GC_TEST(a_slice_that_is_killed), GC_TEST(chunks_that_are_none), GC_TEST(files_that_it_did_not_make),
         GC_TEST(a_file_of_another_length), GC_TEST(one_that_does_not_listen), GC_TEST(words_that_are_none))
