#include "rig.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "proto/status.h"

static struct gc_bytes bytes(const char *text)
{
    return gc_bytes_of(text, strlen(text));
}

/* ---- the core ---- */

void rig_make(struct rig *rig, struct gc_core_config config, bool closed)
{
    memset(rig, 0, sizeof *rig);
    if (config.term == 0)
        config.term = 1;
    if (config.blocks == 0)
        config.blocks = 4096;
    if (config.odd == 0)
        config.odd = 1024;
    rig->size = gc_core_size(&config);
    rig->memory =
        mmap(NULL, rig->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(rig->memory, MAP_FAILED);
    struct gc_arena arena;
    gc_arena_init(&arena, rig->memory, rig->size);
    ck_assert_int_eq(gc_core_init(&arena, &config, &rig->core), GC_OK);
    rig->now = 100 * GC_S;
    rig->term = config.term;
    if (!closed)
        rig_open(rig);
}

void rig_open(struct rig *rig)
{
    rig_step(rig, (struct gc_event){.kind = GC_EV_RECOVERED});
}

void rig_end(struct rig *rig)
{
    expect_none(rig);
    munmap(rig->memory, rig->size);
}

void rig_step(struct rig *rig, struct gc_event event)
{
    expect_none(rig);
    event.now_ns = rig->now;
    event.wall_ns = rig->now + 1000000 * GC_S;
    rig->effects = gc_core_step(rig->core, &event);
    rig->seen = 0;
    gc_core_check(rig->core);
    for (uint32_t i = 0; i < rig->effects.n && rig->log; i++) {
        if (rig->effects.list[i].kind == GC_FX_COMMIT)
            rig_log_add(rig->log, &rig->effects.list[i].as.commit);
    }
}

void rig_message(struct rig *rig, gc_peer peer, struct gc_msg *msg)
{
    msg->seq = ++rig->seq;
    rig_step(rig, (struct gc_event){.kind = GC_EV_MESSAGE, .peer = peer, .as.msg = msg});
}

void rig_wait(struct rig *rig, uint64_t ns)
{
    rig->now += ns;
    rig_step(rig, (struct gc_event){.kind = GC_EV_TIMER});
}

void rig_settle(struct rig *rig)
{
    expect_none(rig);
    while (gc_core_deadline(rig->core) <= rig->now) {
        rig_step(rig, (struct gc_event){.kind = GC_EV_TIMER});
        expect_none(rig);
    }
}

/* ---- plans ---- */

struct gc_id128 rig_id(uint64_t n)
{
    struct gc_id128 id = {{0}};
    memcpy(id.b, &n, sizeof n);
    id.b[15] = 7;
    return id;
}

static uint64_t or_unset(uint64_t n)
{
    return n == 0 ? GC_UNSET : n;
}

static void add_node(struct rig_plan *box, struct rig_shape shape, const char *id, uint32_t stage,
                     bool per_item)
{
    box->nodes[box->plan.n_nodes++] = (struct gc_plan_node){.id = bytes(id),
                                                            .op = bytes("op"),
                                                            .stage = stage,
                                                            .per_item = per_item,
                                                            .max_bad = or_unset(shape.max_bad),
                                                            .max_bad_ppm = or_unset(shape.max_bad_ppm)};
}

static struct gc_plan_stage *add_stage(struct rig_plan *box, struct rig_shape shape, enum gc_stage_kind kind,
                                       uint64_t source)
{
    struct gc_plan_stage *stage = &box->stages[box->plan.n_stages++];
    *stage = (struct gc_plan_stage){
        .kind = kind, .source = source, .retries = shape.retries, .suspicions = shape.suspicions};
    return stage;
}

static void add_items(struct rig_plan *box, struct rig_shape shape)
{
    static const char *names[] = {"a", "b", "c", "d"};
    uint32_t index = box->plan.n_stages;
    struct gc_plan_stage *stage = add_stage(box, shape, GC_STAGE_ITEM, shape.source ? 0 : GC_UNSET);
    stage->n_nodes = stage->n_below = shape.nodes;
    stage->nodes = box->sets[0];
    stage->below = box->sets[1];
    for (uint32_t i = 0; i < shape.nodes; i++) {
        stage->nodes[i] = box->plan.n_nodes;
        stage->below[i] = (UINT64_MAX >> (64 - shape.nodes)) & ~((UINT64_C(2) << i) - 1);
        add_node(box, shape, names[i % 4], index, shape.source);
    }
    stage->n_reducers = shape.reducers;
    stage->reducers = box->sets[2];
    for (uint32_t i = 0; i < shape.reducers; i++)
        stage->reducers[i] = index + 1 + i;
}

void rig_plan(struct rig_plan *box, struct rig_shape shape)
{
    memset(box, 0, sizeof *box);
    if (shape.suspicions == 0)
        shape.suspicions = 3;
    box->job = (struct gc_job){
        .name = bytes("job"), .priority = shape.priority ? shape.priority : 4, .limit = GC_UNSET};
    box->plan.nodes = box->nodes;
    box->plan.stages = box->stages;
    if (shape.source) {
        struct gc_plan_stage *stage = add_stage(box, shape, GC_STAGE_SOURCE, GC_UNSET);
        stage->n_nodes = stage->n_below = 1;
        stage->nodes = box->sets[3];
        stage->below = box->sets[4];
        add_node(box, shape, "photos", 0, true);
    }
    uint64_t feeder = box->plan.n_stages;
    add_items(box, shape);
    for (uint32_t i = 0; i < shape.reducers + shape.scanners; i++) {
        struct gc_plan_stage *stage = add_stage(box, shape, GC_STAGE_REDUCE, feeder);
        stage->scan = i >= shape.reducers;
        stage->n_nodes = stage->n_below = 1;
        stage->nodes = &box->sets[5][i];
        stage->below = &box->sets[6][i];
        box->sets[5][i] = box->plan.n_nodes;
        add_node(box, shape, stage->scan ? "twins" : "sum", (uint32_t)feeder + 1 + i, false);
    }
    if (shape.beside) {
        uint32_t index = box->plan.n_stages;
        struct gc_plan_stage *stage = add_stage(box, shape, GC_STAGE_ITEM, 0);
        stage->n_nodes = stage->n_below = 1;
        stage->nodes = &box->sets[7][0];
        stage->below = &box->sets[8][0];
        box->sets[7][0] = box->plan.n_nodes;
        add_node(box, shape, "z", index, true);
    }
    box->job.n_nodes = box->plan.n_nodes;
}

void rig_submit(struct rig *rig, uint64_t id, struct rig_plan *box, bool paused)
{
    struct gc_event event = {.kind = GC_EV_SUBMIT, .peer = CLIENT};
    event.as.submit.re = ++rig->seq;
    event.as.submit.run = rig_id(id);
    event.as.submit.paused = paused;
    event.as.submit.job = &box->job;
    event.as.submit.plan = &box->plan;
    rig_step(rig, event);
}

void rig_run(struct rig *rig, uint64_t id, struct rig_shape shape)
{
    struct rig_plan *box = malloc(sizeof *box);
    rig_plan(box, shape);
    rig_submit(rig, id, box, false);
    const struct gc_commit *commit = expect_commit(rig, GC_COMMIT_RUN);
    ck_assert(gc_id_equal(commit->as.run.run, rig_id(id)));
    ck_assert_uint_eq(commit->as.run.state, GC_RUN_PENDING);
    const struct gc_msg *msg = expect_send(rig, CLIENT, GC_MSG_SUBMITTED);
    ck_assert(msg->as.submitted.accepted);
    ck_assert_uint_eq(msg->as.submitted.run_no, commit->as.run.run_no);
    ck_assert_uint_eq(msg->re, rig->seq);
    free(box);
}

/* ---- workers ---- */

void rig_hello(struct rig *rig, gc_peer peer, uint64_t worker, uint64_t boot, uint64_t slots,
               struct rig_held held)
{
    static uint8_t digest[32];
    struct gc_msg msg = {.type = GC_MSG_HELLO};
    msg.as.hello = (struct gc_msg_hello){.role = GC_ROLE_WORKER,
                                         .name = bytes("worker"),
                                         .version = bytes("1"),
                                         .peer = rig_id(worker),
                                         .boot = rig_id(boot),
                                         .slots = slots,
                                         .catalogue = gc_bytes_of(digest, sizeof digest),
                                         .n_held = held.n,
                                         .held = (struct gc_held *)(uintptr_t)held.list};
    rig_message(rig, peer, &msg);
}

void rig_join(struct rig *rig, gc_peer worker, uint64_t slots)
{
    rig_hello(rig, worker, worker, worker, slots, (struct rig_held){0});
    const struct gc_msg *msg = expect_send(rig, worker, GC_MSG_WELCOME);
    ck_assert_uint_eq(msg->re, rig->seq);
    ck_assert_uint_eq(msg->as.welcome.n_verdicts, 0);
    ck_assert_uint_eq(msg->as.welcome.window, GC_RESULT_WINDOW);
}

void rig_beat(struct rig *rig, gc_peer peer, const uint64_t *leases, uint32_t n,
              const struct gc_running *running, uint32_t n_running)
{
    struct gc_msg msg = {.type = GC_MSG_BEAT};
    msg.as.beat = (struct gc_msg_beat){.sent_ns = rig->now + 5,
                                       .rss = 4096,
                                       .n_leases = n,
                                       .leases = (uint64_t *)(uintptr_t)leases,
                                       .n_running = n_running,
                                       .running = (struct gc_running *)(uintptr_t)running};
    rig_message(rig, peer, &msg);
    ck_assert_uint_eq(expect_send(rig, peer, GC_MSG_BEAT_ACK)->as.beat_ack.sent_ns, rig->now + 5);
}

void rig_pages(struct rig *rig, gc_peer peer, const struct rig_lease *lease, uint64_t first, uint32_t n,
               uint64_t items, bool ended, bool last)
{
    static uint8_t digest[32];
    struct gc_page pages[GC_PAGES_A_MESSAGE];
    struct gc_msg msg = {.type = GC_MSG_PAGES};
    for (uint32_t i = 0; i < n; i++)
        pages[i] = (struct gc_page){.first = first + i * items,
                                    .count = items,
                                    .bytes = 1,
                                    .digest = gc_bytes_of(digest, sizeof digest)};
    msg.as.pages = (struct gc_msg_pages){.term = lease->id >> 40,
                                         .lease = lease->id,
                                         .run_no = lease->run_no,
                                         .stage = lease->stage,
                                         .n_pages = n,
                                         .pages = pages,
                                         .ended = ended,
                                         .last = last,
                                         .cursor = bytes("cursor"),
                                         .left_out = 3,
                                         .note = bytes("note")};
    rig_message(rig, peer, &msg);
}

static size_t write_status(uint8_t *out, size_t room, uint64_t count, uint32_t nodes, const uint8_t *pattern)
{
    static struct gc_status_writer writer;
    static uint8_t runs_memory[4096], faults_memory[128 * 1024];
    struct gc_buf runs, faults, whole;
    gc_buf_init(&runs, runs_memory, sizeof runs_memory);
    gc_buf_init(&faults, faults_memory, sizeof faults_memory);
    gc_buf_init(&whole, out, room);
    gc_status_writer_init(&writer, nodes, runs, faults);
    struct gc_status_fault list[GC_MAX_STAGE_NODES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < nodes; i++) {
        if (pattern[i] == GC_OUTCOME_FAILED)
            list[n++] = (struct gc_status_fault){
                .node = i, .cause = GC_CAUSE_DAMAGED, .attempts = 1, .text = bytes("truncated")};
    }
    for (uint64_t i = 0; i < count; i++)
        ck_assert_int_eq(gc_status_writer_add(&writer, pattern, list, n), GC_OK);
    ck_assert_int_eq(gc_status_writer_finish(&writer, &whole), GC_OK);
    return gc_buf_bytes(&whole).len;
}

struct gc_msg rig_result_msg(struct rig *rig, const struct rig_lease *lease, struct rig_result result)
{
    static struct gc_delta deltas[GC_MAX_STAGE_NODES];
    uint8_t pattern[GC_MAX_STAGE_NODES];
    memset(pattern, (int)result.outcome, sizeof pattern);
    size_t status = write_status(rig->bulk, RIG_BULK, result.count, result.nodes,
                                 result.pattern ? result.pattern : pattern);
    size_t values = result.count; /* a byte an item */
    memset(rig->bulk + status, 0xc0, values + result.reducers);
    for (uint32_t i = 0; i < result.reducers; i++)
        deltas[i] = (struct gc_delta){.reducer = i, .items = result.count, .bytes = 1};
    struct gc_msg msg = {.type = GC_MSG_RESULT,
                         .bulk = gc_bytes_of(rig->bulk, status + values + result.reducers)};
    msg.as.result = (struct gc_msg_result){.term = lease->id >> 40,
                                           .lease = lease->id,
                                           .run_no = lease->run_no,
                                           .stage = lease->stage,
                                           .kind = lease->kind,
                                           .first = result.first,
                                           .count = result.count,
                                           .busy_ns = result.busy_ns,
                                           .pixels = 10 * result.count,
                                           .status = status,
                                           .values = values,
                                           .n_deltas = result.reducers,
                                           .deltas = deltas};
    return msg;
}

void rig_result(struct rig *rig, gc_peer peer, const struct rig_lease *lease, struct rig_result result)
{
    struct gc_msg msg = rig_result_msg(rig, lease, result);
    rig_message(rig, peer, &msg);
}

static struct gc_msg reduce_msg(struct rig *rig, const struct rig_lease *lease, size_t status, size_t values,
                                uint32_t n)
{
    static struct gc_delta delta = {.reducer = 0, .items = 1, .bytes = 4};
    struct gc_msg msg = {.type = GC_MSG_RESULT, .bulk = gc_bytes_of(rig->bulk, status + values + 4 * n)};
    msg.as.result = (struct gc_msg_result){.term = lease->id >> 40,
                                           .lease = lease->id,
                                           .run_no = lease->run_no,
                                           .stage = lease->stage,
                                           .kind = lease->kind,
                                           .count = 1,
                                           .busy_ns = 7,
                                           .status = status,
                                           .values = values,
                                           .n_deltas = n,
                                           .deltas = &delta};
    return msg;
}

void rig_merged(struct rig *rig, gc_peer peer, const struct rig_lease *lease)
{
    struct gc_msg msg = reduce_msg(rig, lease, 0, 4, 0);
    rig_message(rig, peer, &msg);
}

void rig_finished(struct rig *rig, gc_peer peer, const struct rig_lease *lease, enum gc_outcome outcome)
{
    uint8_t pattern[] = {(uint8_t)outcome};
    size_t status = write_status(rig->bulk, RIG_BULK, 1, 1, pattern);
    bool made = outcome == GC_OUTCOME_DONE || outcome == GC_OUTCOME_CACHED || outcome == GC_OUTCOME_WARNED;
    struct gc_msg msg = reduce_msg(rig, lease, status, made ? 2 : 0, made && lease->scan == GC_UNSET);
    rig_message(rig, peer, &msg);
}

void rig_fault(struct rig *rig, gc_peer peer, const struct rig_lease *lease, uint64_t item, uint64_t node,
               uint64_t cause)
{
    struct gc_msg msg = {.type = GC_MSG_FAULT};
    msg.as.fault = (struct gc_msg_fault){.term = lease->id >> 40,
                                         .lease = lease->id,
                                         .item = item,
                                         .node = node,
                                         .cause = cause,
                                         .text = bytes("it broke")};
    rig_message(rig, peer, &msg);
}

void rig_recalled(struct rig *rig, gc_peer peer, uint64_t lease, uint64_t from)
{
    struct gc_msg msg = {.type = GC_MSG_RECALLED};
    msg.as.recalled = (struct gc_msg_recalled){.lease = lease, .from = from};
    rig_message(rig, peer, &msg);
}

/* ---- clients ---- */

void rig_control(struct rig *rig, uint64_t id, enum gc_action action)
{
    struct gc_msg msg = {.type = GC_MSG_CONTROL};
    msg.as.control.run = rig_id(id);
    msg.as.control.action = action;
    rig_message(rig, CLIENT, &msg);
}

void rig_show(struct rig *rig, gc_peer peer, uint64_t id, bool watch)
{
    struct gc_msg msg = {.type = GC_MSG_SHOW};
    msg.as.show.run = rig_id(id);
    msg.as.show.watch = watch;
    rig_message(rig, peer, &msg);
}

struct gc_msg_run_info rig_info(struct rig *rig, uint64_t id)
{
    rig_show(rig, CLIENT, id, false);
    return expect_send(rig, CLIENT, GC_MSG_RUN_INFO)->as.run_info;
}

struct gc_node_info rig_node(struct rig *rig, uint64_t id, uint32_t node)
{
    rig_show(rig, CLIENT, id, false);
    expect_send(rig, CLIENT, GC_MSG_RUN_INFO);
    const struct gc_effect *effect = &rig->effects.list[rig->seen - 1];
    ck_assert_uint_lt(node, effect->nodes.n_nodes);
    return effect->nodes.nodes[node];
}
