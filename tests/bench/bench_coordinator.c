/* bench_coordinator [ITEMS [CHUNK [VALUE]]]: what one coordinator process takes in, with a worker that computes nothing.
 *
 * A source of ITEMS items in pages of 4096, an op of VALUE bytes an item, handed in CHUNK items a result as fast as the result
 * window lets. Prints tasks a second from the first lease to the run's end, the coordinator's CPU and peak memory, its file, and
 * how long a start takes after kill -9. GC_BIN names the folder of gc-coordinator. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sys/clock.h"
#include "common/sys/digest.h"
#include "common/sys/proc.h"
#include "proto/codec.h"
#include "proto/socket.h"
#include "proto/status.h"

static uint64_t items = 1000000, chunk = 4096, value_bytes = 16;
static char folder[64], endpoint[128], program[4096];
static pid_t coordinator;

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_coordinator: %s\n", what);
    if (coordinator)
        kill(coordinator, SIGKILL);
    exit(1);
}

static struct gc_bytes text(const char *t)
{
    return gc_bytes_of(t, strlen(t));
}

static uint64_t start(void)
{
    int ends[2];
    char byte, listen_at[160], fd[16];
    need(pipe(ends) == 0, "pipe");
    snprintf(listen_at, sizeof listen_at, "%s", endpoint);
    snprintf(fd, sizeof fd, "%d", ends[1]);
    uint64_t begun = gc_clock_now();
    coordinator = fork();
    if (coordinator == 0) {
        close(ends[0]);
        execl(program, program, "--listen", listen_at, "--state", folder, "--log",
              getenv("GC_LOG") ? getenv("GC_LOG") : "error", "--ready-fd", fd, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    need(read(ends[0], &byte, 1) == 1, "gc-coordinator does not start");
    close(ends[0]);
    return gc_clock_now() - begun;
}

/* ---- peers ---- */

struct peer {
    zsock_t *socket;
    struct gc_codec *codec;
    struct gc_frames frames;
    struct gc_msg msg;
    uint64_t term, session, seq;
};

static void say(struct peer *p, struct gc_msg msg)
{
    static uint8_t memory[GC_HEADER_BYTES + GC_MAX_BODY];
    struct gc_buf out;
    gc_buf_init(&out, memory, sizeof memory);
    msg.term = p->term;
    msg.session = p->session;
    msg.seq = ++p->seq;
    need(gc_codec_encode(p->codec, &msg, &out) == GC_OK, "encoding");
    enum gc_err err;
    while ((err = gc_socket_send(p->socket, NULL, gc_buf_bytes(&out), msg.bulk)) == GC_ERR_BUSY)
        gc_clock_sleep(GC_MS / 10);
    need(err == GC_OK, "sending");
}

static bool hear(struct peer *p, long ms)
{
    struct gc_fault f;
    gc_frames_release(&p->frames);
    while (gc_socket_recv(p->socket, false, &p->frames) != GC_OK) {
        zmq_pollitem_t item = {.socket = zsock_resolve(p->socket), .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, ms) == 0)
            return false;
    }
    need(gc_codec_decode(p->codec, gc_frame_bytes(p->frames.frame), gc_frame_bytes(p->frames.bulk), &p->msg,
                         &f) == GC_OK,
         "decoding");
    if (p->msg.type == GC_MSG_ERROR)
        fprintf(stderr, "ERROR %.*s\n", GC_STR_ARGS(gc_bytes_str(p->msg.as.error.text)));
    return true;
}

static void wait_for(struct peer *p, enum gc_msg_type type)
{
    do
        need(hear(p, 10000), gc_msg_name(type));
    while (p->msg.type != type);
}

static void join(struct peer *p, enum gc_role role, const struct gc_digest *catalogue)
{
    struct gc_fault f;
    struct gc_msg msg = {.type = GC_MSG_HELLO};
    need(gc_codec_new(GC_CODEC_SCRATCH, &p->codec) == GC_OK &&
             gc_socket_connect(endpoint, &p->socket, &f) == GC_OK,
         "connect");
    msg.as.hello = (struct gc_msg_hello){.role = role, .name = text("bench"), .version = text("1")};
    msg.as.hello.peer.b[0] = msg.as.hello.boot.b[0] = (uint8_t)role;
    if (role == GC_ROLE_WORKER) {
        msg.as.hello.slots = 8;
        msg.as.hello.catalogue = gc_bytes_of(catalogue->b, sizeof catalogue->b);
    }
    say(p, msg);
    wait_for(p, GC_MSG_WELCOME);
    p->term = p->msg.term;
    p->session = p->msg.session;
}

/* ---- the job ---- */

static void announce(struct peer *worker)
{
    static uint8_t memory[8192];
    struct gc_op_output item[] = {{text("out"), GC_TYPE_ITEM}}, any[] = {{text("out"), GC_TYPE_ANY}};
    struct gc_op_input in[] = {{.name = text("in"), .type = GC_TYPE_ITEM, .required = true}};
    struct gc_op ops[] = {
        {.name = text("numbers"), .scope = GC_SCOPE_SOURCE, .n_outputs = 1, .outputs = item},
        {.name = text("twice"),
         .scope = GC_SCOPE_ITEM,
         .n_inputs = 1,
         .inputs = in,
         .n_outputs = 1,
         .outputs = any}};
    struct gc_catalogue catalogue = {.build = text("bench"), .n_ops = 2, .ops = ops};
    struct gc_buf out;
    gc_buf_init(&out, memory, sizeof memory);
    need(gc_encode_catalogue(&catalogue, &out) == GC_OK, "catalogue");
    struct gc_digest digest = gc_digest_of(gc_buf_bytes(&out));
    join(worker, GC_ROLE_WORKER, &digest);
    struct gc_msg msg = {.type = GC_MSG_CATALOGUE, .bulk = gc_buf_bytes(&out)};
    msg.as.catalogue = (struct gc_msg_catalogue){.digest = gc_bytes_of(digest.b, 32), .total = out.len};
    say(worker, msg);
    wait_for(worker, GC_MSG_OK);
}

static void submit(struct peer *client)
{
    static uint8_t memory[2][8192];
    struct gc_input from[] = {{.node = 0}};
    struct gc_node nodes[] = {{.id = text("numbers"), .op = text("numbers")},
                              {.id = text("doubled"), .op = text("twice"), .n_inputs = 1, .inputs = from}};
    struct gc_nodes part = {.n_nodes = 2, .nodes = nodes};
    struct gc_job job = {.name = text("bench"),
                         .metadata = text("{}"),
                         .priority = 4,
                         .folder = text("/tmp"),
                         .limit = GC_UNSET,
                         .n_nodes = 2};
    struct gc_buf out[2];
    gc_buf_init(&out[0], memory[0], sizeof memory[0]);
    gc_buf_init(&out[1], memory[1], sizeof memory[1]);
    need(gc_encode_job(&job, &out[0]) == GC_OK && gc_encode_nodes(&part, &out[1]) == GC_OK, "job");
    say(client, (struct gc_msg){.type = GC_MSG_SUBMIT_BEGIN,
                                .bulk = gc_buf_bytes(&out[0]),
                                .as.submit_begin.run = {{1}}});
    say(client, (struct gc_msg){
                    .type = GC_MSG_SUBMIT_PART, .bulk = gc_buf_bytes(&out[1]), .as.submit_part.run = {{1}}});
    say(client, (struct gc_msg){.type = GC_MSG_SUBMIT_END, .as.submit_end.run = {{1}}});
    wait_for(client, GC_MSG_SUBMITTED);
    need(client->msg.as.submitted.accepted, "the job is refused");
    say(client, (struct gc_msg){.type = GC_MSG_SHOW, .as.show = {.run = {{1}}, .watch = true}});
}

/* ---- work ---- */

static uint64_t listed;

static void list(struct peer *w, const struct gc_msg_lease *lease)
{
    static uint8_t block[GC_MAX_BULK], digest[32];
    struct gc_page pages[GC_PAGES_A_MESSAGE];
    struct gc_buf out;
    gc_buf_init(&out, block, sizeof block);
    uint64_t most = lease->count < 8 ? lease->count : 8, n = 0;
    for (; n < most && listed < items; n++) {
        uint64_t count = items - listed < GC_PAGE_ITEMS ? items - listed : GC_PAGE_ITEMS;
        size_t before = out.len;
        for (uint64_t i = 0; i < count; i++) {
            char name[32];
            int len = snprintf(name, sizeof name, "%08llu", (unsigned long long)(listed + i));
            gc_buf_put_varint(&out, (uint64_t)len);
            gc_buf_append(&out, name, (size_t)len);
            gc_buf_put_varint(&out, 0);
        }
        pages[n] = (struct gc_page){.first = listed,
                                    .count = count,
                                    .inlined = true,
                                    .bytes = out.len - before,
                                    .digest = gc_bytes_of(digest, 32)};
        listed += count;
    }
    struct gc_msg msg = {.type = GC_MSG_PAGES, .bulk = gc_buf_bytes(&out)};
    msg.as.pages = (struct gc_msg_pages){.term = w->term,
                                         .lease = lease->lease,
                                         .run_no = lease->run_no,
                                         .stage = lease->stage,
                                         .n_pages = (uint32_t)n,
                                         .pages = pages,
                                         .ended = listed == items,
                                         .last = true,
                                         .cursor = text("c")};
    say(w, msg);
}

static void result(struct peer *w, const struct gc_msg_lease *lease, uint64_t first, uint64_t count)
{
    static uint8_t bulk[GC_MAX_BULK], runs[1024], faults[64];
    static struct gc_status_writer writer;
    const uint8_t done = GC_OUTCOME_DONE;
    struct gc_buf out, runs_buf, faults_buf;
    gc_buf_init(&out, bulk, sizeof bulk);
    gc_buf_init(&runs_buf, runs, sizeof runs);
    gc_buf_init(&faults_buf, faults, sizeof faults);
    gc_status_writer_init(&writer, 1, runs_buf, faults_buf);
    bool ok = true;
    for (uint64_t i = 0; i < count && ok; i++)
        ok = gc_status_writer_add(&writer, &done, NULL, 0) == GC_OK;
    need(ok && gc_status_writer_finish(&writer, &out) == GC_OK, "status");
    size_t status = out.len;
    need(gc_buf_reserve(&out, count * value_bytes) != NULL, "values do not fit");
    struct gc_msg msg = {.type = GC_MSG_RESULT, .bulk = gc_buf_bytes(&out)};
    msg.as.result = (struct gc_msg_result){.term = w->term,
                                           .lease = lease->lease,
                                           .run_no = lease->run_no,
                                           .stage = lease->stage,
                                           .kind = GC_LEASE_ITEMS,
                                           .first = first,
                                           .count = count,
                                           .busy_ns = count * 1000,
                                           .status = status,
                                           .values = out.len - status};
    say(w, msg);
}

/* Leases that wait for room in the window, oldest first. */
static struct gc_msg_lease held[4096];
static uint64_t held_at[4096];
static size_t held_first, held_end;
static uint64_t window, results, refused;

static void push(struct peer *w)
{
    while (held_first < held_end && window < GC_RESULT_WINDOW) {
        const struct gc_msg_lease *lease = &held[held_first % 4096];
        uint64_t *at = &held_at[held_first % 4096];
        uint64_t left = lease->first + lease->count - *at, n = left < chunk ? left : chunk;
        result(w, lease, *at, n);
        *at += n;
        window++;
        results++;
        if (*at == lease->first + lease->count)
            held_first++;
    }
}

static void beat(struct peer *w)
{
    static uint64_t ids[GC_MAX_INVENTORY];
    uint32_t n = 0;
    for (size_t i = held_first; i < held_end; i++)
        ids[n++] = held[i % 4096].lease;
    struct gc_msg msg = {.type = GC_MSG_BEAT};
    msg.as.beat = (struct gc_msg_beat){.sent_ns = gc_clock_now(), .n_leases = n, .leases = ids};
    say(w, msg);
}

static void take(struct peer *w)
{
    if (w->msg.type == GC_MSG_RESULT_ACK && w->msg.as.result_ack.verdict != GC_VERDICT_COMMITTED)
        refused++; /* a lease that was given to others, after the coordinator stood still for long */
    if (w->msg.type == GC_MSG_RESULT_ACK && window > 0)
        window--;
    if (w->msg.type != GC_MSG_LEASE)
        return;
    if (w->msg.as.lease.kind == GC_LEASE_LIST) {
        struct gc_msg_lease lease = w->msg.as.lease;
        list(w, &lease);
        window++; /* PAGES is acknowledged too */
        return;
    }
    held[held_end % 4096] = w->msg.as.lease;
    held_at[held_end++ % 4096] = w->msg.as.lease.first;
}

static void work(struct peer *w, struct peer *client)
{
    uint64_t beat_ns = gc_clock_now();
    for (;;) {
        if (hear(w, 1))
            take(w);
        push(w);
        if (gc_clock_now() - beat_ns > GC_BEAT_NS / 2) {
            beat(w);
            beat_ns = gc_clock_now();
        }
        if (hear(client, 0) && client->msg.type == GC_MSG_RUN_INFO &&
            gc_run_state_ended(client->msg.as.run_info.state))
            return;
    }
}

static double cpu_of(pid_t pid)
{
    char path[64];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    need(f && fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2,
         path);
    fclose(f);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

int main(int argc, char **argv)
{
    uint64_t *numbers[] = {&items, &chunk, &value_bytes};
    for (int i = 1; i < argc && i <= 3; i++)
        *numbers[i - 1] = strtoull(argv[i], NULL, 10);
    snprintf(program, sizeof program, "%s/gc-coordinator", getenv("GC_BIN") ? getenv("GC_BIN") : ".");
    const char *below = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/gc-bench-XXXXXX", below ? below : "/tmp");
    need(mkdtemp(folder) != NULL, "mkdtemp");
    snprintf(endpoint, sizeof endpoint, "ipc://%s/graphcap.sock", folder);
    zsys_handler_set(NULL);
    start();
    struct peer worker = {.socket = NULL}, client = {.socket = NULL};
    announce(&worker);
    join(&client, GC_ROLE_CLIENT, NULL);
    submit(&client);
    uint64_t begun = gc_clock_now(), peak, now;
    work(&worker, &client);
    double seconds = (double)(gc_clock_now() - begun) / (double)GC_S;
    need(client.msg.as.run_info.state == GC_RUN_COMPLETED, "the run is not completed");
    need(gc_proc_memory(coordinator, &peak, &now) == GC_OK, "memory");
    double cpu = cpu_of(coordinator);
    kill(coordinator, SIGKILL);
    waitpid(coordinator, NULL, 0);
    uint64_t again = start();
    struct stat st;
    char db[96], clean[96];
    snprintf(db, sizeof db, "%s/graphcap.db", folder);
    need(stat(db, &st) == 0, db);
    printf(
        "%llu items, %llu a result, %llu bytes: %.2f s, %.0f tasks/s, %llu results (%llu refused, %.0f/s), cpu %.2f s, peak %.1f MB, "
        "file %.1f MB, start after kill %.0f ms\n",
        (unsigned long long)items, (unsigned long long)chunk, (unsigned long long)value_bytes, seconds,
        (double)items / seconds, (unsigned long long)results, (unsigned long long)refused,
        (double)results / seconds, cpu, (double)peak / 1e6, (double)st.st_size / 1e6, (double)again / 1e6);
    kill(coordinator, SIGTERM);
    waitpid(coordinator, NULL, 0);
    zsock_destroy(&worker.socket);
    zsock_destroy(&client.socket);
    snprintf(clean, sizeof clean, "rm -r %s", folder);
    return system(clean) == 0 ? 0 : 1;
}
