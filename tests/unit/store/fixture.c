#include "fixture.h"

#include <check.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/sys/digest.h"
#include "proto/codec.h"

void fixture_folder(char ret[64])
{
    const char *base = getenv("TMPDIR");
    int len = snprintf(ret, 64, "%s/gc-store-XXXXXX", base && strlen(base) < 40 ? base : "/tmp");
    ck_assert_int_lt(len, 64);
    ck_assert_ptr_nonnull(mkdtemp(ret));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void fixture_remove(const char *folder)
{
    ck_assert_int_eq(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

struct gc_store *fixture_open_small(const char *folder, uint64_t pages)
{
    struct gc_store *s = NULL;
    struct gc_fault f;
    gc_fault_clear(&f);
    struct gc_store_options options = {.max_pages = pages};
    enum gc_err err = gc_store_open(folder, &options, &s, &f);
    ck_assert_msg(err == GC_OK, "%s: %s", gc_err_name(err), f.text);
    return s;
}

struct gc_store *fixture_open(const char *folder)
{
    return fixture_open_small(folder, 0);
}

struct gc_id128 fixture_id(uint64_t number)
{
    struct gc_id128 id = {{0}};
    for (int i = 0; i < 8; i++)
        id.b[i] = id.b[15 - i] = (uint8_t)(number >> (8 * (7 - i)));
    return id;
}

static struct gc_bytes text(const char *t)
{
    return gc_bytes_of(t, strlen(t));
}

struct gc_commit fixture_run(uint64_t run_no)
{
    static struct gc_pair tags[1];
    static struct gc_policy policy[1];
    static struct gc_job job;
    static uint64_t nodes[FIXTURE_STAGES][2] = {{0}, {1, 2}, {3}};
    static uint64_t below[FIXTURE_STAGES][2] = {{0}, {2, 0}, {0}};
    static uint64_t reducers[1] = {FIXTURE_REDUCE};
    static struct gc_plan_node plan_nodes[4];
    static struct gc_plan_stage stages[FIXTURE_STAGES];
    static struct gc_plan plan;
    static const char *const ids[] = {"photos", "image", "tone", "summary"};
    tags[0] = (struct gc_pair){text("release"), text("v1")};
    policy[0] = (struct gc_policy){1, GC_UNSET, GC_UNSET, GC_UNSET, 100000};
    job = (struct gc_job){.name = text("web_photos"),
                          .description = text("every photo"),
                          .n_tags = 1,
                          .tags = tags,
                          .metadata = text("{}"),
                          .priority = 4,
                          .n_policy = 1,
                          .policy = policy,
                          .folder = text("/data"),
                          .limit = GC_UNSET,
                          .n_nodes = 4};
    for (uint64_t i = 0; i < 4; i++)
        plan_nodes[i] = (struct gc_plan_node){.id = text(ids[i]),
                                              .op = text("op"),
                                              .stage = i == 0   ? 0
                                                       : i == 3 ? 2
                                                                : 1,
                                              .per_item = i == 1 || i == 2,
                                              .max_bad = GC_UNSET,
                                              .max_bad_ppm = 100000};
    static const enum gc_stage_kind kinds[] = {GC_STAGE_SOURCE, GC_STAGE_ITEM, GC_STAGE_REDUCE};
    static const char *const programs[] = {"list", "load and describe", "summarize"};
    for (uint32_t i = 0; i < FIXTURE_STAGES; i++)
        stages[i] = (struct gc_plan_stage){.kind = kinds[i],
                                           .source = i == 0 ? GC_UNSET : i - 1,
                                           .n_nodes = i == FIXTURE_ITEM ? 2 : 1,
                                           .nodes = nodes[i],
                                           .n_reducers = i == FIXTURE_ITEM,
                                           .reducers = reducers,
                                           .n_below = i == FIXTURE_ITEM ? 2 : 1,
                                           .below = below[i],
                                           .retries = 1,
                                           .suspicions = 3,
                                           .timeout_ns = 1,
                                           .program = text(programs[i])};
    plan = (struct gc_plan){.n_nodes = 4, .nodes = plan_nodes, .n_stages = FIXTURE_STAGES, .stages = stages};
    return (struct gc_commit){.kind = GC_COMMIT_RUN,
                              .as.run = {.run_no = run_no,
                                         .run = fixture_id(run_no),
                                         .state = GC_RUN_RUNNING,
                                         .created_ns = 1000 + run_no,
                                         .job = &job,
                                         .plan = &plan}};
}

static struct gc_bytes make_status(uint64_t count, bool bad)
{
    static uint8_t bytes[4096], runs[1024], faults[1024];
    static struct gc_status_writer writer;
    struct gc_buf runs_buf, faults_buf, out;
    gc_buf_init(&runs_buf, runs, sizeof runs);
    gc_buf_init(&faults_buf, faults, sizeof faults);
    gc_buf_init(&out, bytes, sizeof bytes);
    gc_status_writer_init(&writer, 2, runs_buf, faults_buf);
    const uint8_t good[2] = {GC_OUTCOME_DONE, GC_OUTCOME_DONE};
    const uint8_t failed[2] = {GC_OUTCOME_FAILED, GC_OUTCOME_SKIPPED};
    struct gc_status_fault fault = {
        .node = 0, .cause = GC_CAUSE_DAMAGED, .attempts = 0, .text = text("truncated")};
    for (uint64_t i = 0; i < count; i++) {
        bool last = bad && i + 1 == count;
        enum gc_err err = gc_status_writer_add(&writer, last ? failed : good, &fault, last ? 1 : 0);
        ck_assert_int_eq(err, GC_OK);
    }
    enum gc_err err = gc_status_writer_finish(&writer, &out);
    ck_assert_int_eq(err, GC_OK);
    return gc_buf_bytes(&out);
}

struct gc_commit fixture_batch(uint64_t run_no, uint64_t first, uint64_t count, bool bad, size_t size)
{
    static uint8_t values[GC_MAX_BULK];
    ck_assert_uint_le(size, sizeof values);
    memset(values, (int)(first % 251), size);
    return (struct gc_commit){.kind = GC_COMMIT_BATCH,
                              .as.batch = {.run_no = run_no,
                                           .stage = FIXTURE_ITEM,
                                           .first = first,
                                           .count = count,
                                           .lease = (UINT64_C(3) << 40) | first,
                                           .busy_ns = 5 * count,
                                           .pixels = 100 * count,
                                           .worker = text("w1"),
                                           .status = make_status(count, bad),
                                           .values = gc_bytes_of(values, size)}};
}

struct gc_commit fixture_state(uint64_t run_no, enum gc_run_state state)
{
    static struct gc_node_info nodes[1];
    static struct gc_source_info sources[1];
    nodes[0] = (struct gc_node_info){
        .id = text("image"), .op = text("load"), .stage = 1, .per_item = true, .done = 7};
    sources[0] = (struct gc_source_info){
        .node = 0, .items = 7, .ended = true, .left_out = 2, .note = text("jpg 7, txt 2")};
    bool ended = gc_run_state_ended(state);
    return (struct gc_commit){.kind = GC_COMMIT_RUN_STATE,
                              .as.run_state = {.run_no = run_no,
                                               .state = state,
                                               .text = text("a warning"),
                                               .started_ns = 2000,
                                               .ended_ns = ended ? 3000 : 0,
                                               .active_ns = 900,
                                               .pixels = 700,
                                               .refused = 1,
                                               .n_nodes = ended,
                                               .nodes = nodes,
                                               .n_sources = ended,
                                               .sources = sources}};
}

void fixture_commit(struct gc_store *s, struct gc_commit c)
{
    struct gc_fault f;
    gc_fault_clear(&f);
    enum gc_err err = gc_store_begin(s, &f);
    if (err == GC_OK)
        err = gc_store_apply(s, &c, &f);
    if (err == GC_OK)
        err = gc_store_commit(s, &f);
    ck_assert_msg(err == GC_OK, "%s: %s", gc_err_name(err), f.text);
}

/* ---- text ---- */

static void hex(FILE *to, const char *name, struct gc_bytes bytes)
{
    char digest[GC_DIGEST_TEXT_SIZE];
    gc_digest_text(gc_digest_of(bytes), digest);
    fprintf(to, " %s=%zu:%.16s", name, bytes.len, digest);
}

static void number(FILE *to, const char *name, uint64_t v)
{
    fprintf(to, " %s=%llu", name, (unsigned long long)v);
}

static void describe_run(FILE *to, const struct gc_commit_run *c)
{
    static uint8_t memory[GC_MAX_DOCUMENT];
    struct gc_buf buf;
    gc_buf_init(&buf, memory, sizeof memory);
    enum gc_err err = gc_encode_job(c->job, &buf);
    ck_assert_int_eq(err, GC_OK);
    hex(to, "job", gc_buf_bytes(&buf));
    gc_buf_reset(&buf);
    err = gc_encode_plan(c->plan, &buf);
    ck_assert_int_eq(err, GC_OK);
    hex(to, "plan", gc_buf_bytes(&buf));
    hex(to, "id", gc_bytes_of(c->run.b, sizeof c->run.b));
    number(to, "run", c->run_no);
    number(to, "state", c->state);
    number(to, "created", c->created_ns);
}

static void describe_pages(FILE *to, const struct gc_commit_pages *c)
{
    number(to, "run", c->run_no);
    number(to, "stage", c->stage);
    number(to, "index", c->index);
    number(to, "ended", c->ended);
    number(to, "left_out", c->left_out);
    hex(to, "note", c->note);
    hex(to, "cursor", c->cursor);
    for (uint32_t i = 0; i < c->n_pages; i++) {
        fprintf(to, " [");
        number(to, "first", c->pages[i].first);
        number(to, "count", c->pages[i].count);
        number(to, "inlined", c->pages[i].inlined);
        number(to, "bytes", c->pages[i].bytes);
        number(to, "offset", c->pages[i].offset);
        hex(to, "digest", c->pages[i].digest);
        fprintf(to, " ]");
    }
}

static void describe_batch(FILE *to, const struct gc_commit_batch *c)
{
    number(to, "run", c->run_no);
    number(to, "stage", c->stage);
    number(to, "first", c->first);
    number(to, "count", c->count);
    number(to, "lease", c->lease);
    number(to, "busy", c->busy_ns);
    number(to, "pixels", c->pixels);
    hex(to, "worker", c->worker);
    hex(to, "status", c->status);
}

static void describe_odd(FILE *to, const struct gc_commit_odd *c)
{
    number(to, "run", c->run_no);
    number(to, "stage", c->stage);
    number(to, "item", c->item);
    number(to, "attempts", c->attempts);
    number(to, "suspicions", c->suspicions);
    number(to, "counted", c->counted);
    for (uint32_t i = 0; i < c->n_given; i++) {
        number(to, "node", c->given[i].node);
        number(to, "cause", c->given[i].cause);
        number(to, "tries", c->given[i].attempts);
        hex(to, "text", c->given[i].text);
    }
}

static void describe_state(FILE *to, const struct gc_commit_run_state *c)
{
    number(to, "run", c->run_no);
    number(to, "state", c->state);
    number(to, "started", c->started_ns);
    number(to, "ended", c->ended_ns);
    number(to, "active", c->active_ns);
    number(to, "pixels", c->pixels);
    number(to, "refused", c->refused);
    hex(to, "text", c->text);
}

void fixture_describe(FILE *to, const struct gc_commit *c)
{
    static const char *const names[] = {"none",   "run", "state",    "pages", "batch",
                                        "merged", "odd", "frontier", "worker"};
    fputs(names[c->kind], to);
    switch (c->kind) {
    case GC_COMMIT_RUN: describe_run(to, &c->as.run); break;
    case GC_COMMIT_RUN_STATE: describe_state(to, &c->as.run_state); break;
    case GC_COMMIT_PAGES: describe_pages(to, &c->as.pages); break;
    case GC_COMMIT_BATCH: describe_batch(to, &c->as.batch); break;
    case GC_COMMIT_MERGED:
        number(to, "run", c->as.merged.run_no);
        number(to, "stage", c->as.merged.stage);
        number(to, "id", c->as.merged.output.id);
        number(to, "items", c->as.merged.output.items);
        break;
    case GC_COMMIT_ODD: describe_odd(to, &c->as.odd); break;
    case GC_COMMIT_FRONTIER:
        number(to, "run", c->as.frontier.run_no);
        number(to, "stage", c->as.frontier.stage);
        number(to, "frontier", c->as.frontier.frontier);
        break;
    case GC_COMMIT_WORKER:
        hex(to, "id", gc_bytes_of(c->as.worker.worker.b, 16));
        hex(to, "name", c->as.worker.name);
        number(to, "holds", c->as.worker.holds);
        break;
    case GC_COMMIT_NONE: break;
    }
    fputc('\n', to);
}

static void on_commit(void *arg, const struct gc_commit *c)
{
    fixture_describe(arg, c);
}

char *fixture_recovered(struct gc_store *s)
{
    char *lines = NULL;
    size_t len;
    FILE *to = open_memstream(&lines, &len);
    ck_assert_ptr_nonnull(to);
    struct gc_fault f;
    gc_fault_clear(&f);
    enum gc_err err = gc_store_recover(s, on_commit, to, &f);
    ck_assert_msg(err == GC_OK, "%s: %s", gc_err_name(err), f.text);
    fclose(to);
    return lines;
}
