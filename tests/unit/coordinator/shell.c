#include "shell.h"

#include <check.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sys/clock.h"
#include "common/sys/digest.h"
#include "common/sys/log.h"
#include "coordinator/loop.h"
#include "proto/status.h"

/* ---- the coordinator ---- */

void shell_make(struct shell *s)
{
    strcpy(s->folder, "/tmp/gc-shell-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(s->folder));
    snprintf(s->endpoint, sizeof s->endpoint, "ipc://%s/graphcap.sock", s->folder);
    s->pid = 0;
}

int shell_serve(char **argv)
{
    static struct gc_loop loop;
    struct gc_settings settings = {.endpoints = {argv[3]},
                                   .n_endpoints = 1,
                                   .state = argv[2],
                                   .idle_ns = 60 * GC_S,
                                   .ready_fd = atoi(argv[4])};
    struct gc_fault f;
    gc_fault_clear(&f);
    gc_log_init("test", getenv("GC_TEST_LOG") ? GC_LOG_DEBUG : GC_LOG_ERROR);
    zsys_handler_set(NULL);
    enum gc_err err = gc_loop_init(&loop, &settings, &f);
    if (err == GC_OK)
        err = gc_loop_run(&loop, &f);
    gc_loop_release(&loop);
    zsys_shutdown();
    if (err != GC_OK)
        fprintf(stderr, "coordinator: %s\n", f.text);
    return err == GC_OK ? 0 : 1;
}

/* By exec: a context of zmq does not survive a fork, and this process may have one. */
void shell_start(struct shell *s)
{
    int ends[2];
    char byte, fd[16];
    ck_assert_int_eq(pipe(ends), 0);
    snprintf(fd, sizeof fd, "%d", ends[1]);
    s->pid = fork();
    ck_assert_int_ge(s->pid, 0);
    if (s->pid == 0) {
        close(ends[0]);
        execl("/proc/self/exe", "test", "--coordinator", s->folder, s->endpoint, fd, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    close(ends[0]);
}

void shell_stop(struct shell *s)
{
    int status;
    kill(s->pid, SIGTERM);
    ck_assert_int_eq(waitpid(s->pid, &status, 0), s->pid);
    ck_assert_int_eq(status, 0);
    s->pid = 0;
}

void shell_kill(struct shell *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void shell_remove(struct shell *s)
{
    if (s->pid)
        shell_kill(s);
    nftw(s->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- peers ---- */

struct gc_id128 shell_id(uint64_t number)
{
    struct gc_id128 id = {{0}};
    for (int i = 0; i < 8; i++)
        id.b[15 - i] = (uint8_t)(number >> (8 * i));
    id.b[0] = 7;
    return id;
}

static struct gc_bytes text(const char *t)
{
    return gc_bytes_of(t, strlen(t));
}

uint64_t peer_send(struct peer *p, struct gc_msg msg)
{
    static uint8_t memory[GC_HEADER_BYTES + GC_MAX_BODY];
    struct gc_buf out;
    gc_buf_init(&out, memory, sizeof memory);
    msg.term = p->term;
    msg.session = p->session;
    msg.seq = ++p->seq;
    enum gc_err err = gc_codec_encode(p->codec, &msg, &out);
    ck_assert_msg(err == GC_OK, "%s: %s", gc_msg_name(msg.type), gc_err_name(err));
    do {
        err = gc_socket_send(p->socket, NULL, gc_buf_bytes(&out), msg.bulk);
        if (err == GC_ERR_BUSY)
            gc_clock_sleep(GC_MS);
    } while (err == GC_ERR_BUSY);
    ck_assert_int_eq(err, GC_OK);
    return p->seq;
}

/* False: nothing came in that time. */
static bool receive(struct peer *p, int ms)
{
    struct gc_fault f;
    gc_fault_clear(&f);
    gc_frames_release(&p->frames);
    uint64_t end = gc_clock_now() + (uint64_t)ms * GC_MS;
    for (;;) {
        enum gc_err err = gc_socket_recv(p->socket, false, &p->frames);
        if (err == GC_OK)
            break;
        ck_assert_int_eq(err, GC_ERR_BUSY);
        if (gc_clock_now() >= end)
            return false;
        zmq_pollitem_t item = {.socket = zsock_resolve(p->socket), .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, 20);
    }
    enum gc_err err = gc_codec_decode(p->codec, gc_frame_bytes(p->frames.frame),
                                      gc_frame_bytes(p->frames.bulk), &p->msg, &f);
    ck_assert_msg(err == GC_OK, "%s", f.text);
    return true;
}

const struct gc_msg *peer_receive(struct peer *p)
{
    ck_assert_msg(receive(p, 10000), "nothing came in ten seconds");
    return &p->msg;
}

bool peer_silent(struct peer *p, int ms)
{
    return !receive(p, ms);
}

const struct gc_msg *peer_expect(struct peer *p, enum gc_msg_type type)
{
    for (;;) {
        const struct gc_msg *msg = peer_receive(p);
        if (msg->type == type)
            return msg;
        ck_assert_msg(msg->type != GC_MSG_ERROR, "ERROR %llu: %.*s, waiting for %s",
                      (unsigned long long)msg->as.error.code, GC_STR_ARGS(gc_bytes_str(msg->as.error.text)),
                      gc_msg_name(type));
    }
}

static uint64_t say_hello(struct peer *p)
{
    struct gc_msg msg = {.type = GC_MSG_HELLO};
    msg.as.hello = (struct gc_msg_hello){
        .role = p->role, .name = text("tester"), .version = text("1"), .peer = p->id, .boot = shell_id(1)};
    if (p->role == GC_ROLE_WORKER) {
        msg.as.hello.slots = 1;
        msg.as.hello.catalogue = gc_bytes_of(p->catalogue.b, sizeof p->catalogue.b);
    }
    return peer_send(p, msg);
}

void peer_join(struct peer *p)
{
    uint64_t seq;
    p->term = p->session = 0;
    do {
        seq = say_hello(p);
        p->msg.type = GC_MSG_NONE;
        while (p->msg.type != GC_MSG_WELCOME && receive(p, 500))
            continue;
    } while (p->msg.type != GC_MSG_WELCOME || p->msg.re != seq);
    p->term = p->msg.term;
    p->session = p->msg.session;
}

struct peer *peer_new(const struct shell *s, enum gc_role role, uint64_t number)
{
    struct peer *p = calloc(1, sizeof *p);
    struct gc_fault f;
    zsys_handler_set(NULL);
    ck_assert_int_eq(gc_codec_new(GC_CODEC_SCRATCH, &p->codec), GC_OK);
    ck_assert_int_eq(gc_socket_connect(s->endpoint, &p->socket, &f), GC_OK);
    p->role = role;
    p->id = shell_id(1000 * role + number);
    p->catalogue = gc_digest_of(shell_catalogue());
    peer_join(p);
    return p;
}

void peer_free(struct peer *p)
{
    gc_frames_release(&p->frames);
    gc_codec_destroy(&p->codec);
    zsock_destroy(&p->socket);
    free(p);
}

/* ---- a job ---- */

struct gc_bytes shell_catalogue(void)
{
    static uint8_t memory[8192];
    struct gc_op_output item[] = {{text("out"), GC_TYPE_ITEM}}, number[] = {{text("out"), GC_TYPE_INT}};
    struct gc_op_input in[] = {{.name = text("in"), .type = GC_TYPE_ITEM, .required = true}};
    struct gc_op ops[] = {
        {.name = text("numbers"), .scope = GC_SCOPE_SOURCE, .cost = 1, .n_outputs = 1, .outputs = item},
        {.name = text("twice"),
         .scope = GC_SCOPE_ITEM,
         .traits = GC_TRAIT_PURE,
         .cost = 1,
         .n_inputs = 1,
         .inputs = in,
         .n_outputs = 1,
         .outputs = number},
    };
    struct gc_catalogue catalogue = {.build = text("test"), .n_ops = 2, .ops = ops};
    struct gc_buf out;
    gc_buf_init(&out, memory, sizeof memory);
    ck_assert_int_eq(gc_encode_catalogue(&catalogue, &out), GC_OK);
    return gc_buf_bytes(&out);
}

struct peer *shell_worker(const struct shell *s, uint64_t number)
{
    struct peer *p = peer_new(s, GC_ROLE_WORKER, number);
    if (!p->msg.as.welcome.want_catalogue)
        return p;
    struct gc_bytes bytes = shell_catalogue();
    size_t half = bytes.len / 2; /* two parts, so that they are put together */
    struct gc_msg msg = {.type = GC_MSG_CATALOGUE, .bulk = gc_bytes_of(bytes.ptr, half)};
    msg.as.catalogue =
        (struct gc_msg_catalogue){.digest = gc_bytes_of(p->catalogue.b, 32), .total = bytes.len};
    peer_send(p, msg);
    peer_expect(p, GC_MSG_OK);
    msg.as.catalogue.offset = half;
    msg.bulk = gc_bytes_of(bytes.ptr + half, bytes.len - half);
    peer_send(p, msg);
    peer_expect(p, GC_MSG_OK);
    return p;
}

uint64_t shell_submit(struct peer *client, uint64_t number, bool dry)
{
    static uint8_t memory[2][8192];
    struct gc_input from_numbers[] = {{.node = 0}};
    struct gc_node nodes[] = {
        {.id = text("numbers"), .op = text("numbers")},
        {.id = text("doubled"), .op = text("twice"), .n_inputs = 1, .inputs = from_numbers}};
    struct gc_nodes part = {.n_nodes = 2, .nodes = nodes};
    struct gc_job job = {.name = text("doubling"),
                         .metadata = text("{}"),
                         .priority = 4,
                         .folder = text("/tmp"),
                         .limit = GC_UNSET,
                         .n_nodes = 2};
    struct gc_buf out[2];
    for (int i = 0; i < 2; i++)
        gc_buf_init(&out[i], memory[i], sizeof memory[i]);
    ck_assert_int_eq(gc_encode_job(&job, &out[0]), GC_OK);
    ck_assert_int_eq(gc_encode_nodes(&part, &out[1]), GC_OK);
    struct gc_msg begin = {.type = GC_MSG_SUBMIT_BEGIN, .bulk = gc_buf_bytes(&out[0])};
    begin.as.submit_begin = (struct gc_msg_submit_begin){.run = shell_id(number), .dry = dry};
    peer_send(client, begin);
    struct gc_msg nodes_msg = {.type = GC_MSG_SUBMIT_PART, .bulk = gc_buf_bytes(&out[1])};
    nodes_msg.as.submit_part.run = shell_id(number);
    peer_send(client, nodes_msg);
    struct gc_msg end = {.type = GC_MSG_SUBMIT_END};
    end.as.submit_end.run = shell_id(number);
    return peer_send(client, end);
}

/* ---- a worker's work ---- */

static void get(struct peer *w, enum gc_get_what what, const struct gc_msg_lease *lease, uint64_t index)
{
    struct gc_msg msg = {.type = GC_MSG_GET};
    msg.as.get =
        (struct gc_msg_get){.what = what, .run_no = lease->run_no, .stage = lease->stage, .index = index};
    peer_send(w, msg);
}

static void list(struct peer *w, const struct gc_msg_lease *lease, uint64_t term, uint64_t items)
{
    static uint8_t block[1 << 16];
    uint8_t digest[32] = {5};
    struct gc_buf out;
    gc_buf_init(&out, block, sizeof block);
    for (uint64_t i = 0; i < items; i++) {
        char name[16];
        int len = snprintf(name, sizeof name, "%llu", (unsigned long long)i);
        gc_buf_put_varint(&out, (uint64_t)len);
        gc_buf_append(&out, name, (size_t)len);
        gc_buf_put_varint(&out, 0);
    }
    struct gc_page page = {
        .first = 0, .count = items, .inlined = true, .bytes = out.len, .digest = gc_bytes_of(digest, 32)};
    struct gc_msg msg = {.type = GC_MSG_PAGES, .bulk = gc_buf_bytes(&out)};
    msg.as.pages = (struct gc_msg_pages){.term = term,
                                         .lease = lease->lease,
                                         .run_no = lease->run_no,
                                         .stage = lease->stage,
                                         .n_pages = 1,
                                         .pages = &page,
                                         .ended = true,
                                         .last = true,
                                         .cursor = text("end"),
                                         .note = text("all")};
    peer_send(w, msg);
}

static void do_items(struct peer *w, const struct gc_msg_lease *lease, uint64_t term)
{
    static uint8_t bulk[1 << 16], runs[1024], faults[1024];
    static struct gc_status_writer writer;
    struct gc_buf out, runs_buf, faults_buf;
    gc_buf_init(&out, bulk, sizeof bulk);
    gc_buf_init(&runs_buf, runs, sizeof runs);
    gc_buf_init(&faults_buf, faults, sizeof faults);
    gc_status_writer_init(&writer, 1, runs_buf, faults_buf);
    const uint8_t done = GC_OUTCOME_DONE;
    for (uint64_t i = 0; i < lease->count; i++)
        ck_assert_int_eq(gc_status_writer_add(&writer, &done, NULL, 0), GC_OK);
    ck_assert_int_eq(gc_status_writer_finish(&writer, &out), GC_OK);
    size_t status = out.len;
    for (uint64_t i = 0; i < lease->count; i++)
        gc_buf_put_u8(&out, (uint8_t)((lease->first + i) & 0x7f)); /* a positive fixint of msgpack */
    struct gc_msg msg = {.type = GC_MSG_RESULT, .bulk = gc_buf_bytes(&out)};
    msg.as.result = (struct gc_msg_result){.term = term,
                                           .lease = lease->lease,
                                           .run_no = lease->run_no,
                                           .stage = lease->stage,
                                           .kind = GC_LEASE_ITEMS,
                                           .first = lease->first,
                                           .count = lease->count,
                                           .busy_ns = lease->count * 1000,
                                           .status = status,
                                           .values = out.len - status};
    peer_send(w, msg);
}

static void on_lease(struct peer *w, uint64_t items)
{
    struct gc_msg_lease lease = w->msg.as.lease; /* its lists are not looked at */
    uint64_t term = w->term;
    if (lease.kind == GC_LEASE_LIST) {
        get(w, GC_GET_PROGRAM, &lease, 0);
        list(w, &lease, term, items);
    } else {
        get(w, GC_GET_PAGE, &lease, lease.page);
        do_items(w, &lease, term);
    }
}

static void on_data(const struct gc_msg *msg)
{
    const struct gc_msg_data *data = &msg->as.data;
    ck_assert_uint_gt(msg->bulk.len, 0);
    ck_assert_uint_eq(data->total, msg->bulk.len);
    if (data->what == GC_GET_PAGE) {
        ck_assert_uint_eq(data->n_page, 1);
        ck_assert_uint_eq(data->stage, 0); /* the source's, whoever asked */
    }
}

uint64_t shell_work(struct peer *worker, struct peer *client, uint64_t number, uint64_t items)
{
    uint64_t committed = 0;
    struct gc_msg show = {.type = GC_MSG_SHOW};
    show.as.show = (struct gc_msg_show){.run = shell_id(number), .watch = true};
    peer_send(client, show);
    for (bool ended = false; !ended;) {
        if (receive(worker, 10)) {
            const struct gc_msg *msg = &worker->msg;
            if (msg->type == GC_MSG_LEASE)
                on_lease(worker, items);
            else if (msg->type == GC_MSG_DATA)
                on_data(msg);
            else if (msg->type == GC_MSG_RESULT_ACK)
                committed += msg->as.result_ack.verdict == GC_VERDICT_COMMITTED;
            else
                ck_assert_int_ne(msg->type, GC_MSG_ERROR);
        }
        if (receive(client, 1) && client->msg.type == GC_MSG_RUN_INFO)
            ended = gc_run_state_ended(client->msg.as.run_info.state);
    }
    return committed;
}
