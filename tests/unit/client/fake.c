/* fake.c - see fake.h. */
#include "fake.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/sys/clock.h"
#include "proto/status.h"
#include "proto/values.h"

static const struct gc_id128 the_run = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static uint8_t bulk_memory[GC_MAX_BULK];

static struct gc_bytes text(const char *s)
{
    return gc_bytes_of(s, strlen(s));
}

const char *fake_run(void)
{
    static char id[GC_ID_TEXT_SIZE];
    gc_id_text(the_run, id);
    return id;
}

static void reply(struct fake *f, uint64_t re, struct gc_msg *msg)
{
    static uint8_t memory[GC_HEADER_BYTES + GC_MAX_BODY];
    struct gc_buf out;
    if (msg->type != GC_MSG_WELCOME && msg->type != GC_MSG_WHO && f->drop > 0) {
        f->drop--;
        return;
    }
    if (msg->type != GC_MSG_WELCOME && msg->type != GC_MSG_WHO && f->busy > 0) {
        f->busy--;
        *msg = (struct gc_msg){.type = GC_MSG_ERROR,
                               .as.error = {.code = GC_ERR_BUSY, .text = text("no worker has joined yet")}};
    }
    msg->re = re;
    msg->term = f->term;
    msg->session = 7;
    msg->seq = ++f->seq;
    gc_buf_init(&out, memory, sizeof memory);
    ck_assert_int_eq(gc_codec_encode(f->encoder, msg, &out), GC_OK);
    ck_assert_int_eq(gc_socket_send(f->router, &f->peer, gc_buf_bytes(&out), msg->bulk), GC_OK);
}

static void reply_error(struct fake *f, uint64_t re, enum gc_err code, const char *why)
{
    struct gc_msg msg = {.type = GC_MSG_ERROR, .as.error = {.code = code, .text = text(why)}};
    reply(f, re, &msg);
}

/* ---- joining ---- */

static void hello(struct fake *f, const struct gc_msg *msg)
{
    f->hellos++;
    ck_assert_uint_eq(msg->as.hello.role, GC_ROLE_CLIENT);
    if (f->deny) {
        reply_error(f, msg->seq, GC_ERR_DENIED, "your uid is not ours");
        return;
    }
    struct gc_msg welcome = {.type = GC_MSG_WELCOME, .as.welcome.version = text("fake")};
    f->known = true;
    f->watch_re = 0;
    reply(f, msg->seq, &welcome);
}

/* ---- submitting ---- */

static void part(struct fake *f, const struct gc_msg *msg)
{
    static uint8_t memory[1 << 20];
    struct gc_arena arena;
    struct gc_nodes nodes;
    struct gc_fault fault;
    gc_arena_init(&arena, memory, sizeof memory);
    ck_assert_int_eq(gc_decode_nodes(msg->bulk, &arena, &nodes, &fault), GC_OK);
    if (msg->as.submit_part.first == 0)
        f->nodes = 0;
    ck_assert_uint_eq(msg->as.submit_part.first, f->nodes);
    f->nodes += nodes.n_nodes;
    f->parts++;
}

static void end(struct fake *f, const struct gc_msg *msg)
{
    static struct gc_problem problems[2];
    problems[0] =
        (struct gc_problem){.node = 1, .field = text("config.width"), .text = text("must be 1 to 10000000")};
    problems[1] = (struct gc_problem){
        .node = GC_UNSET, .field = text("name"), .text = text("is dull"), .warning = true};
    f->ends++;
    f->run = msg->as.submit_end.run;
    struct gc_msg submitted = {.type = GC_MSG_SUBMITTED,
                               .as.submitted = {.run = f->run, .accepted = !f->refuse, .run_no = 1}};
    if (f->refuse) {
        submitted.as.submitted.n_problems = 2;
        submitted.as.submitted.problems = problems;
    }
    reply(f, msg->seq, &submitted);
}

/* ---- the run ---- */

static void info(struct fake *f, uint64_t re)
{
    static struct gc_node_info nodes[3];
    static struct gc_source_info source;
    struct gc_buf bulk;
    uint64_t bad = (FAKE_ITEMS + FAKE_BAD - 1) / FAKE_BAD;
    nodes[0] = (struct gc_node_info){.id = text("photos"),
                                     .op = text("files"),
                                     .per_item = true,
                                     .total_known = true,
                                     .total = FAKE_ITEMS,
                                     .done = FAKE_ITEMS};
    nodes[1] = nodes[0];
    nodes[1].id = text("tone");
    nodes[1].op = text("describe");
    nodes[1].done = FAKE_ITEMS - bad;
    nodes[1].failed = bad;
    nodes[2] = (struct gc_node_info){
        .id = text("total"), .op = text("count"), .total_known = true, .total = 1, .done = 1};
    source = (struct gc_source_info){
        .node = 0, .items = FAKE_ITEMS, .ended = true, .left_out = 2, .note = text("2 txt left out")};
    gc_buf_init(&bulk, bulk_memory, sizeof bulk_memory);
    struct gc_node_infos all = {.n_nodes = 3, .nodes = nodes};
    ck_assert_int_eq(gc_encode_node_infos(&all, &bulk), GC_OK);
    struct gc_msg msg = {.type = GC_MSG_RUN_INFO, .bulk = gc_buf_bytes(&bulk)};
    msg.as.run_info = (struct gc_msg_run_info){.run = the_run,
                                               .run_no = 1,
                                               .job = text("fake_job"),
                                               .state = (uint64_t)f->state,
                                               .active_ns = 2000000000,
                                               .pixels = 5000000,
                                               .n_sources = 1,
                                               .sources = &source,
                                               .n_nodes = 3};
    f->told_state = f->state;
    reply(f, re, &msg);
}

static void show(struct fake *f, const struct gc_msg *msg)
{
    f->shows++;
    if (!gc_id_equal(msg->as.show.run, the_run)) {
        reply_error(f, msg->seq, GC_ERR_NOT_FOUND, "no such run");
        return;
    }
    if (msg->as.show.watch)
        f->watch_re = msg->seq;
    info(f, msg->seq);
}

static void list_runs(struct fake *f, const struct gc_msg *msg)
{
    static struct gc_run_row row;
    struct gc_id_range range;
    row =
        (struct gc_run_row){.run = the_run, .run_no = 1, .job = text("fake_job"), .state = GC_RUN_COMPLETED};
    struct gc_bytes prefix = msg->as.list_runs.prefix;
    bool in = prefix.len == 0 ||
              (gc_id_parse_prefix(gc_bytes_str(prefix), &range) == GC_OK && gc_id_in(range, the_run));
    struct gc_msg list = {.type = GC_MSG_RUN_LIST,
                          .as.run_list = {.n_rows = in && msg->as.list_runs.before > 1, .rows = &row}};
    reply(f, msg->seq, &list);
}

/* ---- plan and pages ---- */

/* Of one step. */
static struct gc_bytes program(uint64_t stage, enum gc_stage_kind kind, const char *id, const char *op)
{
    static uint8_t memory[3][512];
    struct gc_buf out;
    struct gc_step_input from_item = {.step = GC_UNSET, .slot = text("in")};
    struct gc_step step = {.node = stage, .id = text(id), .op = text(op), .decode = GC_UNSET};
    if (kind == GC_STAGE_ITEM) {
        step.n_inputs = 1;
        step.inputs = &from_item;
    }
    struct gc_program p = {.stage = stage, .kind = kind, .n_steps = 1, .steps = &step};
    gc_buf_init(&out, memory[stage], sizeof memory[stage]);
    ck_assert_int_eq(gc_encode_program(&p, &out), GC_OK);
    return gc_buf_bytes(&out);
}

static void catalogue(struct fake *f, const struct gc_msg *msg)
{
    struct gc_op op = {
        .name = text("describe"), .scope = GC_SCOPE_ITEM, .command = text("vips stats {item}")};
    struct gc_catalogue c = {.build = text("fake"), .n_ops = 1, .ops = &op};
    struct gc_buf bulk;
    gc_buf_init(&bulk, bulk_memory, sizeof bulk_memory);
    ck_assert_int_eq(gc_encode_catalogue(&c, &bulk), GC_OK);
    struct gc_msg data = {.type = GC_MSG_DATA,
                          .as.data = {.what = GC_GET_CATALOGUE, .total = bulk.len},
                          .bulk = gc_buf_bytes(&bulk)};
    reply(f, msg->seq, &data);
}

static void plan(struct fake *f, const struct gc_msg *msg)
{
    struct gc_field shape[] = {{.name = text("mean"), .type = GC_TYPE_REAL},
                               {.name = text("name"), .type = GC_TYPE_STRING}};
    struct gc_plan_node nodes[] = {
        {.id = text("photos"),
         .op = text("files"),
         .stage = 0,
         .scope = GC_SCOPE_SOURCE,
         .per_item = true,
         .max_bad = GC_UNSET,
         .max_bad_ppm = GC_UNSET},
        {.id = text("tone"),
         .op = text("describe"),
         .stage = 1,
         .scope = GC_SCOPE_ITEM,
         .per_item = true,
         .max_bad = GC_UNSET,
         .max_bad_ppm = 100000,
         .n_shape = 2,
         .shape = shape},
        {.id = text("total"),
         .op = text("count"),
         .stage = 2,
         .scope = GC_SCOPE_REDUCE,
         .max_bad = GC_UNSET,
         .max_bad_ppm = GC_UNSET},
    };
    uint64_t zero = 0, one = 1, two = 2;
    struct gc_plan_stage stages[] = {
        {.kind = GC_STAGE_SOURCE,
         .source = GC_UNSET,
         .n_nodes = 1,
         .nodes = &zero,
         .n_below = 1,
         .below = &zero,
         .program = program(0, GC_STAGE_SOURCE, "photos", "files")},
        {.kind = GC_STAGE_ITEM,
         .source = 0,
         .n_nodes = 1,
         .nodes = &one,
         .n_below = 1,
         .below = &zero,
         .n_reducers = 1,
         .reducers = &two,
         .program = program(1, GC_STAGE_ITEM, "tone", "describe")},
        {.kind = GC_STAGE_REDUCE,
         .source = 1,
         .n_nodes = 1,
         .nodes = &two,
         .n_below = 1,
         .below = &zero,
         .program = program(2, GC_STAGE_REDUCE, "total", "count")},
    };
    struct gc_plan p = {.n_nodes = 3, .nodes = nodes, .n_stages = 3, .stages = stages};
    struct gc_buf bulk;
    gc_buf_init(&bulk, bulk_memory, sizeof bulk_memory);
    ck_assert_int_eq(gc_encode_plan(&p, &bulk), GC_OK);
    /* In two parts, so that the client has to put it together. */
    uint64_t half = bulk.len / 2;
    uint64_t from = msg->as.get.index;
    struct gc_msg data = {.type = GC_MSG_DATA,
                          .as.data = {.what = GC_GET_PLAN, .index = from, .total = bulk.len}};
    ck_assert(from == 0 || from == half);
    data.bulk = gc_bytes_of(bulk.data + from, from ? bulk.len - half : half);
    reply(f, msg->seq, &data);
}

/* Item 500's name is no UTF-8. */
static void page(struct fake *f, const struct gc_msg *msg)
{
    struct gc_buf bulk;
    struct gc_page p = {.first = msg->as.get.index * FAKE_PAGE, .inlined = true};
    if (p.first >= FAKE_ITEMS) {
        reply_error(f, msg->seq, GC_ERR_NOT_FOUND, "no such page");
        return;
    }
    p.count = FAKE_ITEMS - p.first < FAKE_PAGE ? FAKE_ITEMS - p.first : FAKE_PAGE;
    gc_buf_init(&bulk, bulk_memory, sizeof bulk_memory);
    for (uint64_t i = p.first; i < p.first + p.count; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, i == 500 ? "a\xff%03d.jpg" : "a%03d.jpg", (int)i);
        gc_buf_put_varint(&bulk, (uint64_t)n);
        gc_buf_append(&bulk, name, (size_t)n);
        gc_buf_put_varint(&bulk, 0);
    }
    uint8_t digest[32] = {0};
    p.bytes = bulk.len;
    p.digest = gc_bytes_of(digest, 32);
    struct gc_msg data = {.type = GC_MSG_DATA, .bulk = gc_buf_bytes(&bulk)};
    data.as.data =
        (struct gc_msg_data){.what = GC_GET_PAGE, .index = msg->as.get.index, .n_page = 1, .page = &p};
    reply(f, msg->seq, &data);
}

static void get(struct fake *f, const struct gc_msg *msg)
{
    f->gets++;
    if (msg->as.get.what == GC_GET_PLAN)
        plan(f, msg);
    else if (msg->as.get.what == GC_GET_PAGE)
        page(f, msg);
    else if (msg->as.get.what == GC_GET_CATALOGUE)
        catalogue(f, msg);
    else
        reply_error(f, msg->seq, GC_ERR_NOT_FOUND, "the fake has no such thing");
}

/* ---- results ---- */

static void item_batch(struct gc_buf *bulk, uint64_t number, struct gc_batch *ret)
{
    static struct gc_status_writer writer;
    static uint8_t runs[4096], faults[4096];
    struct gc_buf r, q;
    uint64_t first = number * FAKE_BATCH;
    gc_buf_init(&r, runs, sizeof runs);
    gc_buf_init(&q, faults, sizeof faults);
    gc_status_writer_init(&writer, 1, r, q);
    for (uint64_t i = first; i < first + FAKE_BATCH; i++) {
        uint8_t outcome = i % FAKE_BAD ? GC_OUTCOME_DONE : GC_OUTCOME_FAILED;
        struct gc_status_fault fault = {
            .cause = GC_CAUSE_DAMAGED, .attempts = 1, .text = text("premature end of file")};
        ck_assert_int_eq(gc_status_writer_add(&writer, &outcome, &fault, i % FAKE_BAD == 0), GC_OK);
    }
    size_t from = bulk->len;
    ck_assert_int_eq(gc_status_writer_finish(&writer, bulk), GC_OK);
    *ret = (struct gc_batch){.seq = number + 1,
                             .stage = 1,
                             .first = first,
                             .count = FAKE_BATCH,
                             .worker = text(number % 2 ? "odd" : "even"),
                             .status = bulk->len - from};
    from = bulk->len;
    for (uint64_t i = first; i < first + FAKE_BATCH; i++) {
        if (i % FAKE_BAD == 0)
            continue;
        gc_value_put_array(bulk, 2);
        gc_value_put_real(bulk, (double)i / 2);
        gc_value_put_str(bulk, text("x"));
    }
    ret->values = bulk->len - from;
}

static void reduce_batch(struct gc_buf *bulk, struct gc_batch *ret)
{
    static const uint8_t status[] = {1, 1, GC_OUTCOME_DONE, 1, 1, 0, 0};
    gc_buf_append(bulk, status, sizeof status);
    gc_value_put_uint(bulk, FAKE_ITEMS);
    *ret = (struct gc_batch){
        .seq = 500, .stage = 2, .count = 1, .status = sizeof status, .values = bulk->len - sizeof status};
}

static void results(struct fake *f, const struct gc_msg *msg)
{
    static struct gc_batch rows[FAKE_PORTION];
    const struct gc_msg_results *q = &msg->as.results;
    struct gc_buf bulk;
    uint32_t n = 0;
    f->results++;
    gc_buf_init(&bulk, bulk_memory, sizeof bulk_memory);
    uint64_t number = q->by_commit ? q->after : q->after / FAKE_BATCH;
    const uint64_t last = FAKE_ITEMS / FAKE_BATCH;
    if (q->stage == 2 && q->after < (q->by_commit ? 500u : 1u) && !q->failures)
        reduce_batch(&bulk, &rows[n++]);
    for (; q->stage == 1 && number < last && n < FAKE_PORTION; number++) {
        size_t before = bulk.len;
        item_batch(&bulk, number, &rows[n]);
        bool failed = number * FAKE_BATCH % FAKE_BAD == 0 ||
                      (number * FAKE_BATCH) / FAKE_BAD != (number * FAKE_BATCH + 9) / FAKE_BAD;
        if (q->failures && !failed)
            bulk.len = before;
        else
            n++;
    }
    struct gc_msg batches = {.type = GC_MSG_BATCHES, .bulk = gc_buf_bytes(&bulk)};
    batches.as.batches =
        (struct gc_msg_batches){.run = the_run, .stage = q->stage, .n_batches = n, .batches = rows};
    batches.as.batches.next = q->stage == 2 ? 500 : q->by_commit ? number : number * FAKE_BATCH;
    batches.as.batches.more = q->stage == 1 && number < last;
    batches.as.batches.ended = gc_run_state_ended((uint64_t)f->state);
    reply(f, msg->seq, &batches);
}

/* ---- the thread ---- */

static void handle(struct fake *f, const struct gc_msg *msg)
{
    struct gc_msg answer = {.type = GC_MSG_WHO};
    if (msg->type != GC_MSG_HELLO && msg->type != GC_MSG_BYE && (!f->known || msg->term != f->term)) {
        reply(f, msg->seq, &answer);
        return;
    }
    switch ((unsigned)msg->type) {
    case GC_MSG_HELLO: hello(f, msg); break;
    case GC_MSG_SUBMIT_BEGIN: f->begins++; break;
    case GC_MSG_SUBMIT_PART: part(f, msg); break;
    case GC_MSG_SUBMIT_END: end(f, msg); break;
    case GC_MSG_SHOW: show(f, msg); break;
    case GC_MSG_GET: get(f, msg); break;
    case GC_MSG_RESULTS: results(f, msg); break;
    case GC_MSG_LIST_RUNS: list_runs(f, msg); break;
    case GC_MSG_CONTROL:
        answer.type = GC_MSG_OK;
        reply(f, msg->seq, &answer);
        break;
    default: break;
    }
}

static void receive(struct fake *f)
{
    struct gc_frames frames = {0};
    struct gc_msg msg;
    struct gc_fault fault = {0};
    if (gc_socket_recv(f->router, true, &frames) != GC_OK) {
        if (f->known && f->watch_re && f->told_state != f->state)
            info(f, f->watch_re);
        gc_clock_sleep(1000000);
        return;
    }
    f->peer = frames.peer;
    struct gc_bytes frame = {zframe_data(frames.frame), zframe_size(frames.frame)};
    struct gc_bytes bulk = {frames.bulk ? zframe_data(frames.bulk) : NULL,
                            frames.bulk ? zframe_size(frames.bulk) : 0};
    ck_assert_msg(gc_codec_decode(f->codec, frame, bulk, &msg, &fault) == GC_OK, "%s", fault.text);
    handle(f, &msg);
    gc_frames_release(&frames);
}

static void *serve(void *arg)
{
    struct fake *f = arg;
    const char *endpoints[] = {f->endpoint};
    struct gc_fault fault = {0};
    ck_assert_msg(gc_socket_listen(endpoints, 1, &f->router, &fault) == GC_OK, "%s", fault.text);
    while (!f->stop)
        receive(f);
    zsock_destroy(&f->router);
    return NULL;
}

void fake_start(struct fake *f)
{
    char path[160];
    strcpy(f->folder, "/tmp/gc-fake-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(f->folder));
    (void)snprintf(f->endpoint, sizeof f->endpoint, "ipc://%s/c.sock", f->folder);
    (void)snprintf(path, sizeof path, "%s/c.sock", f->folder);
    zsys_handler_set(NULL);
    zsys_init(); /* once, before there are two threads that would */
    f->term = 5;
    ck_assert_int_eq(gc_codec_new(GC_CODEC_SCRATCH, &f->codec), GC_OK);
    ck_assert_int_eq(gc_codec_new(GC_CODEC_SCRATCH, &f->encoder), GC_OK);
    ck_assert_int_eq(pthread_create(&f->thread, NULL, serve, f), 0);
    while (access(path, F_OK) != 0)
        gc_clock_sleep(1000000);
}

void fake_stop(struct fake *f)
{
    f->stop = true;
    pthread_join(f->thread, NULL);
    gc_codec_destroy(&f->codec);
    gc_codec_destroy(&f->encoder);
    (void)unlink(f->endpoint + strlen("ipc://")); /* its listener leaves it */
    (void)rmdir(f->folder);
}

void fake_restart(struct fake *f)
{
    f->term++;
    f->known = false;
}

struct graphcap *fake_connect(struct fake *f)
{
    struct graphcap_options options = {.size = sizeof options, .endpoint = f->endpoint};
    struct graphcap_error error = {0};
    struct graphcap *gc = NULL;
    ck_assert_msg(graphcap_connect(&options, &gc, &error) == GRAPHCAP_OK, "%s", error.text);
    return gc;
}
