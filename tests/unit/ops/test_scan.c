/* The walk over results, and the ops that read them without a pixel: what they write is worked out by hand here. */
#include "spool.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/sys/digest.h"
#include "proto/codec.h"
#include "proto/scan.h"
#include "proto/values.h"
#include "worker/ops/scan.h"

static struct rig r;
static struct spool s;

static void put_text(const char *text)
{
    gc_value_put_str(&s.values, gc_str_bytes(gc_str_of(text)));
}

/* ---- the walk ---- */

static struct gc_step_input inputs[2] = {{.step = 2}, {.step = 0}};
static struct gc_step step = {.n_inputs = 2, .inputs = inputs};

/* Six items in three parts, of three nodes. */
static void six_items(void)
{
    static const char *const outcomes[6] = {"ddd", "dfs", "wdc", "---", "s-d", "dsw"};
    spool_init(&s, 3);
    for (uint32_t i = 0; i < 6; i++) {
        for (uint32_t node = 0; node < 3; node++)
            if (strchr("dcw", outcomes[i][node]))
                gc_value_put_int(&s.values, (int64_t)(10 * i + node));
        spool_item(&s, outcomes[i]);
        if (i == 0 || i == 3 || i == 5)
            spool_part(&s);
    }
}

static int64_t number(struct gc_bytes value)
{
    struct gc_value_token t;
    ck_assert_int_eq(gc_value_next(&value, &t), GC_OK);
    ck_assert_uint_eq(value.len, 0);
    return t.integer;
}

START_TEST(each_item_comes_once_with_its_values)
{
    static const enum gc_outcome wanted[6][2] = {
        {GC_OUTCOME_DONE, GC_OUTCOME_DONE},     {GC_OUTCOME_SKIPPED, GC_OUTCOME_DONE},
        {GC_OUTCOME_CACHED, GC_OUTCOME_WARNED}, {GC_OUTCOME_NONE, GC_OUTCOME_NONE},
        {GC_OUTCOME_DONE, GC_OUTCOME_SKIPPED},  {GC_OUTCOME_WARNED, GC_OUTCOME_DONE}};
    struct gc_scan *scan;
    struct gc_scan_item item;
    six_items();
    ck_assert_int_eq(gc_scan_open(s.fd, 3, &step, &scan), GC_OK);
    for (int pass = 0; pass < 2; pass++) {
        for (uint64_t i = 0; i < 6; i++) {
            ck_assert(gc_scan_next(scan, &item));
            ck_assert_uint_eq(item.item, i);
            for (int k = 0; k < 2; k++) {
                ck_assert_int_eq(item.inputs[k].outcome, wanted[i][k]);
                if (gc_scan_done(wanted[i][k]))
                    ck_assert_int_eq(number(item.inputs[k].value), (int64_t)(10 * i) + (k == 0 ? 2 : 0));
                else
                    ck_assert_uint_eq(item.inputs[k].value.len, 0);
            }
        }
        ck_assert(!gc_scan_next(scan, &item));
        ck_assert_int_eq(gc_scan_ended(scan, NULL), GC_OK);
        gc_scan_rewind(scan);
    }
    for (int i = 0; i < 4; i++) {
        static const uint64_t done[] = {0, 2, 4, 5};
        ck_assert(gc_scan_next_done(scan, &item));
        ck_assert_uint_eq(item.item, done[i]);
    }
    ck_assert(!gc_scan_next_done(scan, &item));
    gc_scan_close(&scan);
    spool_release(&s);
}
END_TEST

/* More than the walk has in memory, in parts as large as a message may be: one value of all but 1 MiB among small ones. */
START_TEST(parts_of_any_size)
{
    static uint8_t large[(1 << 20) - 200];
    struct gc_scan *scan;
    struct gc_scan_item item;
    struct gc_step_input in = {.step = 0};
    struct gc_step one = {.n_inputs = 1, .inputs = &in};
    uint64_t seed = 7;
    size_t lengths[40];
    spool_init(&s, 1);
    memset(large, 'x', sizeof large);
    for (uint32_t i = 0; i < 40; i++) {
        lengths[i] = i % 3 == 0 ? sizeof large : gc_suite_random(&seed) % 100000;
        gc_value_put_str(&s.values, gc_bytes_of(large, lengths[i]));
        spool_item(&s, "d");
        spool_part(&s);
    }
    ck_assert_int_eq(gc_scan_open(s.fd, 1, &one, &scan), GC_OK);
    for (uint32_t i = 0; i < 40; i++) {
        struct gc_bytes text;
        ck_assert(gc_scan_next(scan, &item));
        ck_assert(gc_scan_string(item.inputs[0].value, &text));
        ck_assert_uint_eq(text.len, lengths[i]);
    }
    ck_assert(!gc_scan_next(scan, &item));
    ck_assert_int_eq(gc_scan_ended(scan, NULL), GC_OK);
    gc_scan_close(&scan);
    spool_release(&s);
}
END_TEST

/* Walks to the end whatever comes; what it says then. */
static enum gc_err walked(void)
{
    struct gc_scan *scan;
    struct gc_scan_item item;
    ck_assert_int_eq(gc_scan_open(s.fd, 3, &step, &scan), GC_OK);
    while (gc_scan_next(scan, &item))
        for (int k = 0; k < 2; k++)
            if (gc_scan_done(item.inputs[k].outcome))
                ck_assert_uint_gt(item.inputs[k].value.len, 0);
    enum gc_err err = gc_scan_ended(scan, NULL);
    ck_assert(!gc_scan_next(scan, &item)); /* it stays where it ended */
    gc_scan_close(&scan);
    return err;
}

START_TEST(what_is_cut_off_is_damaged)
{
    uint8_t bytes[512];
    six_items();
    ssize_t len = pread(s.fd, bytes, sizeof bytes, 0);
    ck_assert_int_gt(len, 30);
    ck_assert_int_eq(walked(), GC_OK);
    int whole = 0; /* a cut between parts leaves fewer of them: that is for whoever pulls them to see */
    for (ssize_t cut = 0; cut < len; cut++) {
        ck_assert_int_eq(ftruncate(s.fd, 0), 0);
        ck_assert_int_eq(pwrite(s.fd, bytes, (size_t)cut, 0), cut);
        enum gc_err err = walked();
        ck_assert(err == GC_OK || err == GC_ERR_CORRUPT);
        whole += err == GC_OK;
    }
    ck_assert_int_eq(whole, 3);
    spool_release(&s);
}
END_TEST

/* Any byte changed to any other: an error or not, never more than that. The sanitizers watch. */
START_TEST(hostile_bytes)
{
    uint8_t bytes[512];
    six_items();
    ssize_t len = pread(s.fd, bytes, sizeof bytes, 0);
    int refused = 0;
    for (ssize_t at = 0; at < len; at++) {
        for (int with = 0; with < 256; with += 3) {
            uint8_t changed = (uint8_t)(bytes[at] ^ (with | 1));
            ck_assert_int_eq(pwrite(s.fd, &changed, 1, at), 1);
            refused += walked() != GC_OK;
        }
        ck_assert_int_eq(pwrite(s.fd, &bytes[at], 1, at), 1);
    }
    ck_assert_int_gt(refused, (int)len * 30);
    ck_assert_int_eq(walked(), GC_OK);
    spool_release(&s);
}
END_TEST

START_TEST(parts_out_of_order_are_damaged)
{
    six_items();
    s.first = s.item = 7; /* item 6 is nowhere */
    gc_value_put_int(&s.values, 1);
    spool_item(&s, "ssd");
    spool_part(&s);
    ck_assert_int_eq(walked(), GC_ERR_CORRUPT);
    spool_release(&s);
    six_items();
    s.first = s.item = 5; /* item 5 again */
    gc_value_put_int(&s.values, 1);
    spool_item(&s, "ssd");
    spool_part(&s);
    ck_assert_int_eq(walked(), GC_ERR_CORRUPT);
    spool_release(&s);
    six_items();
    gc_value_put_int(&s.values, 1);
    gc_value_put_int(&s.values, 2); /* whose is this? */
    spool_item(&s, "ssd");
    spool_part(&s);
    gc_value_put_int(&s.values, 1);
    spool_item(&s, "ssd");
    spool_part(&s);
    ck_assert_int_eq(walked(), GC_ERR_CORRUPT);
    spool_release(&s);
}
END_TEST

/* ---- collect ---- */

#define COLLECT_SHAPE "path:s bytes:i digest:s items:i"

static void put_record(uint64_t hash, double mean)
{
    gc_value_put_array(&s.values, 2);
    gc_value_put_uint(&s.values, hash);
    gc_value_put_real(&s.values, mean);
}

/* Nodes: something that fails at item 1, the record, the source. */
static void fill_collect(void)
{
    spool_init(&s, 3);
    gc_value_put_nil(&s.values);
    put_record(0xfedcba9876543210u, 0.5);
    put_text("photos/a.jpg");
    spool_item(&s, "ddd");
    gc_value_put_nil(&s.values);
    put_text("photos/bad.jpg");
    spool_item(&s, "dfd");
    spool_part(&s);
    put_record(1, -3);
    put_text("photos/\"q\"\n.jpg");
    spool_item(&s, "fwd");
    put_record(2, 1e300);
    put_text("photos/\xff.jpg");
    spool_item(&s, "scd");
    spool_part(&s);
    put_text("photos/filtered.jpg");
    spool_item(&s, "ssd");
    put_record(3, 0.1);
    spool_item(&s, "sdf");
    spool_part(&s);
}

static const char collected[] =
    "{\"item\": 0, \"source\": \"photos/a.jpg\", \"value\": {\"hash\": \"fedcba9876543210\", \"mean\": 0.5}}\n"
    "{\"item\": 2, \"source\": \"photos/\\\"q\\\"\\n.jpg\", \"value\": {\"hash\": \"0000000000000001\", \"mean\": -3.0}}\n"
    "{\"item\": 3, \"source\": \"photos/\xef\xbf\xbd.jpg\", \"source_base64\": \"cGhvdG9zL/8uanBn\", \"value\": {\"hash\": \"0000000000000002\", \"mean\": 1e+300}}\n"
    "{\"item\": 5, \"source\": null, \"value\": {\"hash\": \"0000000000000003\", \"mean\": 0.1}}\n";

static void digest_text(const char *bytes, size_t len, char *ret)
{
    gc_digest_text(gc_digest_of(gc_bytes_of(bytes, len)), ret);
}

START_TEST(collect_writes_a_line_an_item)
{
    char wanted[512];
    char digest[GC_DIGEST_TEXT_SIZE];
    rig_init(&r);
    fill_collect();
    spool_install(&r, "collect", "to=out/all.jsonl", 3, "1 2", "hash:h mean:r");
    spool_run(&r, &s);
    ck_assert_msg(r.result.pattern[0] == GC_OUTCOME_DONE, "%s", rig_text(&r, 0));
    ck_assert_str_eq(spool_output(&r), collected);
    digest_text(collected, sizeof collected - 1, digest);
    (void)snprintf(wanted, sizeof wanted,
                   "{\"path\": \"out/all.jsonl\", \"bytes\": %zu, \"digest\": \"%s\", \"items\": 4}",
                   sizeof collected - 1, digest);
    ck_assert_str_eq(spool_value(&r, COLLECT_SHAPE), wanted);
    ck_assert_uint_eq(r.result.n_made, 1);
    ck_assert_uint_eq(r.result.made[0].bytes, sizeof collected - 1);
    /* again, over what is there: the same bytes and no more */
    spool_run(&r, &s);
    ck_assert_str_eq(spool_output(&r), collected);
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(collect_names_its_file_by_digest)
{
    char wanted[512];
    char digest[GC_DIGEST_TEXT_SIZE];
    struct gc_stage_needs needs;
    rig_init(&r);
    fill_collect();
    spool_install(&r, "collect", "to=out/{digest}.ndjson exists=overwrite", 3, "1 2", "hash:h mean:r");
    gc_stage_needs(r.stage, 1, &needs);
    ck_assert_uint_eq(needs.n_outputs, 1);
    ck_assert(needs.outputs[0].by_digest);
    ck_assert_int_eq(needs.outputs[0].exists, GC_EXISTS_OVERWRITE);
    ck_assert(gc_str_is(gc_bytes_str(needs.outputs[0].suffix), ".ndjson"));
    spool_run(&r, &s);
    digest_text(collected, sizeof collected - 1, digest);
    (void)snprintf(wanted, sizeof wanted, "out/%s.ndjson", digest);
    ck_assert(gc_str_is(gc_bytes_str(r.result.made[0].path), wanted));
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(collect_of_nothing_is_an_empty_file)
{
    rig_init(&r);
    spool_init(&s, 3);
    spool_install(&r, "collect", "to=all.jsonl", 3, "1 2", "");
    spool_run(&r, &s);
    ck_assert_int_eq(r.result.pattern[0], GC_OUTCOME_DONE);
    ck_assert_str_eq(spool_output(&r), "");
    ck_assert_uint_eq(r.result.n_made, 1);
    ck_assert_uint_eq(r.result.made[0].bytes, 0);
    spool_release(&s);
    rig_release(&r);
}
END_TEST

/* Items themselves, as a source lists them: there is no node whose value it could be. */
START_TEST(collect_of_items)
{
    rig_init(&r);
    spool_init(&s, 1);
    put_text("a");
    put_text("b");
    spool_item(&s, "d");
    spool_item(&s, "d");
    spool_part(&s);
    spool_install(&r, "collect", "to=all.jsonl", 1, "- 0", "");
    spool_run(&r, &s);
    ck_assert_str_eq(spool_output(&r), "{\"item\": 0, \"source\": \"a\", \"value\": null}\n"
                                       "{\"item\": 1, \"source\": \"b\", \"value\": null}\n");
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(collect_leaves_a_file_that_is_to_stay)
{
    char wanted[512];
    char digest[GC_DIGEST_TEXT_SIZE];
    rig_init(&r);
    fill_collect();
    spool_install(&r, "collect", "to=all.jsonl exists=skip", 3, "1 2", "hash:h mean:r");
    ck_assert(rig_shell("printf 'as it was' > '%s'", rig_output(&r, 0)));
    spool_run_on_file(&r, &s);
    ck_assert_int_eq(r.result.pattern[0], GC_OUTCOME_CACHED);
    ck_assert_str_eq(spool_output(&r), "as it was");
    digest_text("as it was", 9, digest);
    (void)snprintf(wanted, sizeof wanted,
                   "{\"path\": \"all.jsonl\", \"bytes\": 9, \"digest\": \"%s\", \"items\": null}", digest);
    ck_assert_str_eq(spool_value(&r, COLLECT_SHAPE), wanted);
    ck_assert_uint_eq(r.result.n_made, 0);
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(a_full_disk_is_no_fault_of_the_op)
{
    rig_init(&r);
    fill_collect();
    spool_install(&r, "collect", "to=all.jsonl", 3, "1 2", "hash:h mean:r");
    ck_assert(rig_shell("ln -s /dev/full '%s'", rig_output(&r, 0)));
    spool_run(&r, &s);
    ck_assert_int_eq(r.result.fault, GC_CAUSE_INFRA);
    ck_assert_uint_eq(r.result.n_made, 0);
    ck_assert_uint_eq(r.values.len, 0);
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(a_file_too_large_says_so)
{
    rig_init(&r);
    fill_collect();
    spool_install(&r, "collect", "to=all.jsonl", 3, "1 2", "hash:h mean:r");
    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, 100}), 0);
    spool_run(&r, &s);
    ck_assert_int_eq(rig_cause(&r, 0), GC_CAUSE_TOO_LARGE);
    ck_assert_ptr_nonnull(strstr(rig_text(&r, 0), "100 bytes were written, and no more may be in one file"));
    ck_assert_uint_eq(r.result.n_made, 0);
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(damaged_results_fail_the_op)
{
    rig_init(&r);
    fill_collect();
    spool_bytes(&s, "\xff", 1);
    spool_install(&r, "collect", "to=all.jsonl", 3, "1 2", "hash:h mean:r");
    spool_run(&r, &s);
    ck_assert_int_eq(r.result.pattern[0], GC_OUTCOME_FAILED);
    ck_assert_int_eq(rig_cause(&r, 0), GC_CAUSE_BAD_INPUT);
    ck_assert_str_eq(rig_text(&r, 0), "the results are damaged behind item 6: they are cut off");
    ck_assert_uint_eq(r.result.n_made, 0);
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(wrong_programs_are_refused)
{
    ck_assert_str_eq(spool_refused("collect", "to=all.jsonl", 3, "1 2", ""), "");
    ck_assert_str_eq(spool_refused("collect", "to=all.csv", 3, "1 2", ""),
                     "node 'collect': to: 'all.csv' does not end in .jsonl or .ndjson");
    ck_assert_ptr_nonnull(
        strstr(spool_refused("collect", "to={stem}.jsonl", 3, "1 2", ""), "to: it hangs on an item"));
    ck_assert_str_eq(spool_refused("collect", "", 3, "1 2", ""), "node 'collect': to: op collect needs it");
    ck_assert_str_ne(spool_refused("collect", "to=all.jsonl", 3, "1 3", ""), "");
    ck_assert_str_ne(spool_refused("collect", "to=all.jsonl", 3, "1", ""), "");
    ck_assert_str_ne(spool_refused("collect", "to=all.jsonl", 65, "1 2", ""), "");
    ck_assert_str_ne(spool_refused("group_near", "", 3, "1 2", "mean:r"), "");
    ck_assert_str_ne(spool_refused("group_near", "field=mean", 3, "1 2", "hash:h mean:r"), "");
    ck_assert_str_ne(spool_refused("group_near", "distance=17", 3, "1 2", "hash:h mean:r"), "");
}
END_TEST

/* What the planner goes by: the op that is put before it, which settings that shares, which files it writes. */
START_TEST(the_catalogue_tells_of_them)
{
    static uint8_t bytes[GC_MAX_DOCUMENT];
    static uint8_t memory[16 << 20];
    struct gc_buf b;
    struct gc_arena arena;
    struct gc_catalogue c;
    struct gc_fault fault = {0};
    unsigned found = 0;
    rig_init(&r);
    gc_buf_init(&b, bytes, sizeof bytes);
    ck_assert_msg(gc_ops_catalogue(&b, &fault) == GC_OK, "%s", fault.text);
    gc_arena_init(&arena, memory, sizeof memory);
    ck_assert_int_eq(gc_decode_catalogue(gc_buf_bytes(&b), &arena, &c, &fault), GC_OK);
    for (uint32_t i = 0; i < c.n_ops; i++) {
        const struct gc_op *op = &c.ops[i];
        struct gc_str name = gc_bytes_str(op->name);
        bool sheet = gc_str_is(name, "contact_sheet");
        bool lines = gc_str_is(name, "collect") || gc_str_is(name, "group_near");
        ck_assert_int_eq((op->traits & GC_TRAIT_SCANS) != 0, sheet || lines);
        ck_assert(gc_str_is(gc_bytes_str(op->maps), sheet ? "tile" : lines ? "source" : ""));
        found += sheet || lines;
        for (uint32_t k = 0; lines && k < 2; k++) {
            ck_assert_uint_eq(op->n_formats, 1);
            ck_assert(gc_str_is(gc_bytes_str(op->formats[0].suffixes[k].text), k ? ".ndjson" : ".jsonl"));
        }
        unsigned shared = 0;
        for (uint32_t k = 0; sheet && k < op->n_config; k++) {
            struct gc_str key = gc_bytes_str(op->config[k].key);
            shared += gc_str_is(key, "size") || gc_str_is(key, "limit") || gc_str_is(key, "background");
            ck_assert(!gc_str_is(key, "background") ||
                      gc_str_starts(gc_bytes_str(op->config[k].help), GC_STR("behind and between")));
        }
        ck_assert(!sheet || shared == 3); /* one of each, though savers have a background too */
        ck_assert(!sheet || op->n_formats > 4);
    }
    ck_assert_uint_eq(found, 3);
    rig_release(&r);
}
END_TEST

/* ---- source ---- */

START_TEST(source_is_the_item_as_listed)
{
    struct gc_bytes text;
    rig_init(&r);
    (void)rig_step(&r, "source", "", -1);
    rig_install(&r);
    r.task.index = 3;
    r.task.text = gc_str_bytes(GC_STR("a\xff/b.jpg"));
    rig_run(&r, NULL);
    ck_assert_int_eq(r.result.pattern[0], GC_OUTCOME_DONE);
    ck_assert(gc_scan_string(gc_buf_bytes(&r.values), &text));
    ck_assert(gc_bytes_equal(text, r.task.text));
    rig_release(&r);
}
END_TEST

/* ---- group_near ---- */

#define GROUP_SHAPE "items:i distance:i groups:i grouped:i largest:i left_out:i path:s bytes:i digest:s"

static void put_hash(uint64_t hash, const char *source)
{
    put_record(hash, 0);
    put_text(source);
    spool_item(&s, "dd");
}

/* 1 3 7 9 hang together (0 3 f 1f: a chain of single bits and pairs), 0 and 4 are equal, 5 lies alone; 2 failed, 6 has no hash. */
static void fill_group(void)
{
    spool_init(&s, 2);
    put_hash(0xffff0000ffff0000u, "a0");
    put_hash(0, "b1");
    put_text("failed");
    spool_item(&s, "fd");
    put_hash(0x3, "b3");
    spool_part(&s);
    put_hash(0xffff0000ffff0000u, "a\xff");
    put_hash(0x123456789abcdef0u, "c5");
    gc_value_put_array(&s.values, 2);
    gc_value_put_nil(&s.values);
    gc_value_put_real(&s.values, 1);
    put_text("none");
    spool_item(&s, "dd");
    put_hash(0xf, "b7");
    put_hash(UINT64_MAX, "d8");
    put_hash(0x1f, "b9");
    spool_part(&s);
}

static const char grouped[] =
    "{\"size\": 4, \"items\": [1, 3, 7, 9], \"sources\": [\"b1\", \"b3\", \"b7\", \"b9\"]}\n"
    "{\"size\": 2, \"items\": [0, 4], \"sources\": [\"a0\", \"a\xef\xbf\xbd\"], "
    "\"sources_base64\": [null, \"Yf8=\"]}\n";

START_TEST(group_near_tells_of_groups)
{
    rig_init(&r);
    fill_group();
    spool_install(&r, "group_near", "distance=2", 2, "0 1", "hash:h mean:r");
    spool_run(&r, &s);
    ck_assert_msg(r.result.pattern[0] == GC_OUTCOME_DONE, "%s", rig_text(&r, 0));
    ck_assert_str_eq(spool_value(&r, GROUP_SHAPE),
                     "{\"items\": 8, \"distance\": 2, \"groups\": 2, \"grouped\": 6, \"largest\": ["
                     "{\"size\": 4, \"items\": [1, 3, 7, 9], \"sources\": [\"b1\", \"b3\", \"b7\", \"b9\"]}, "
                     "{\"size\": 2, \"items\": [0, 4], \"sources\": [\"a0\", \"a\xef\xbf\xbd\"]}], "
                     "\"left_out\": 0, \"path\": null, \"bytes\": null, \"digest\": null}");
    ck_assert_uint_eq(r.result.n_made, 0);
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(group_near_writes_all_groups)
{
    char wanted[160];
    char digest[GC_DIGEST_TEXT_SIZE];
    rig_init(&r);
    fill_group();
    spool_install(&r, "group_near", "distance=2 field=hash to=twins.jsonl", 2, "0 1", "hash:h mean:r");
    spool_run(&r, &s);
    ck_assert_msg(r.result.pattern[0] == GC_OUTCOME_DONE, "%s", rig_text(&r, 0));
    ck_assert_str_eq(spool_output(&r), grouped);
    digest_text(grouped, sizeof grouped - 1, digest);
    (void)snprintf(wanted, sizeof wanted, "\"path\": \"twins.jsonl\", \"bytes\": %zu, \"digest\": \"%s\"}",
                   sizeof grouped - 1, digest);
    ck_assert_ptr_nonnull(strstr(spool_value(&r, GROUP_SHAPE), wanted));
    spool_release(&s);
    rig_release(&r);
}
END_TEST

START_TEST(group_near_of_nothing)
{
    rig_init(&r);
    spool_init(&s, 2);
    spool_install(&r, "group_near", "to=twins.jsonl", 2, "0 1", "hash:h mean:r");
    spool_run(&r, &s);
    ck_assert_str_eq(spool_output(&r), "");
    ck_assert_ptr_nonnull(
        strstr(spool_value(&r, GROUP_SHAPE),
               "{\"items\": 0, \"distance\": 4, \"groups\": 0, \"grouped\": 0, \"largest\": [], "
               "\"left_out\": 0, \"path\": \"twins.jsonl\""));
    spool_release(&s);
    rig_release(&r);
}
END_TEST

/* 3,000 pairs with long names, and one group of 40: the value shows the large one's first sixteen, and as many pairs as fit. */
START_TEST(group_near_shows_what_fits)
{
    static char name[300];
    rig_init(&r);
    spool_init(&s, 2);
    memset(name, 'n', sizeof name - 1);
    for (uint64_t i = 0; i < 6040; i++) {
        put_hash(i < 6000 ? (i % 3000 + 1) * 0x9e3779b97f4a7c15u : 0, name);
        if (i % 500 == 0)
            spool_part(&s);
    }
    spool_part(&s);
    spool_install(&r, "group_near", "distance=0", 2, "0 1", "hash:h mean:r");
    spool_run(&r, &s);
    ck_assert_msg(r.result.pattern[0] == GC_OUTCOME_DONE, "%s", rig_text(&r, 0));
    ck_assert_uint_lt(r.values.len, 70000);
    ck_assert_uint_gt(r.values.len, 60000);
    const char *value = spool_value(&r, GROUP_SHAPE);
    ck_assert_ptr_nonnull(
        strstr(value, "\"groups\": 3001, \"grouped\": 6040, \"largest\": [{\"size\": 40, \"items\": [6000, "
                      "6001, 6002, 6003, 6004, 6005, 6006, 6007, 6008, 6009, 6010, 6011, 6012, 6013, 6014, "
                      "6015], \"sources\": ["));
    ck_assert_ptr_nonnull(strstr(value, "{\"size\": 2, \"items\": [0, 3000], \"sources\": ["));
    unsigned shown = 0;
    for (const char *at = value; (at = strstr(at, "\"size\"")); at++)
        shown++;
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "\"left_out\": %u,", 3001 - shown);
    ck_assert_ptr_nonnull(strstr(value, wanted));
    spool_release(&s);
    rig_release(&r);
}
END_TEST

/* A group whose names are more than is laid out at a time, behind one that is not, and before one: all are in the file, whole. */
START_TEST(group_near_writes_groups_of_any_size)
{
    enum { LARGE = 280, LENGTH = 250000, SMALL = 300 };
    static char name[LENGTH + 1];
    rig_init(&r);
    spool_init(&s, 2);
    for (uint32_t i = 0; i < SMALL; i++) {
        (void)snprintf(name, sizeof name, "small-%u", i);
        put_hash(UINT64_MAX, name);
    }
    spool_part(&s);
    for (uint32_t i = 0; i < LARGE; i++) {
        memset(name, 'a' + (char)(i % 26), LENGTH);
        put_hash(i & 1, name);
        spool_part(&s);
    }
    put_hash(0xff00ff00ff00ff00u, "x");
    put_hash(0xff00ff00ff00ff00u, "y");
    spool_part(&s);
    spool_install(&r, "group_near", "distance=1 to=all.jsonl", 2, "0 1", "hash:h mean:r");
    spool_run(&r, &s);
    ck_assert_msg(r.result.pattern[0] == GC_OUTCOME_DONE, "%s", rig_text(&r, 0));
    ck_assert(rig_shell("python3 - '%s' <<'EOF'\n"
                        "import json, sys\n"
                        "g = [json.loads(line) for line in open(sys.argv[1])]\n"
                        "assert [x['size'] for x in g] == [300, 280, 2]\n"
                        "assert g[0]['sources'] == ['small-%%d' %% i for i in range(300)]\n"
                        "assert g[1]['items'] == list(range(300, 580))\n"
                        "assert g[1]['sources'] == [chr(97 + i %% 26) * 250000 for i in range(280)]\n"
                        "assert g[2]['items'] == [580, 581] and g[2]['sources'] == ['x', 'y']\n"
                        "EOF\n",
                        rig_output(&r, 0)));
    ck_assert_ptr_nonnull(
        strstr(spool_value(&r, GROUP_SHAPE), "null, null")); /* names too long to be shown */
    spool_release(&s);
    rig_release(&r);
}
END_TEST

GC_SUITE("scan", GC_TEST(each_item_comes_once_with_its_values), GC_TEST(parts_of_any_size),
         GC_TEST(what_is_cut_off_is_damaged), GC_TEST(hostile_bytes), GC_TEST(parts_out_of_order_are_damaged),
         GC_TEST(collect_writes_a_line_an_item), GC_TEST(collect_names_its_file_by_digest),
         GC_TEST(collect_of_nothing_is_an_empty_file), GC_TEST(collect_of_items),
         GC_TEST(collect_leaves_a_file_that_is_to_stay), GC_TEST(a_full_disk_is_no_fault_of_the_op),
         GC_TEST(a_file_too_large_says_so), GC_TEST(damaged_results_fail_the_op),
         GC_TEST(wrong_programs_are_refused), GC_TEST(the_catalogue_tells_of_them),
         GC_TEST(source_is_the_item_as_listed), GC_TEST(group_near_tells_of_groups),
         GC_TEST(group_near_writes_all_groups), GC_TEST(group_near_of_nothing),
         GC_TEST(group_near_shows_what_fits), GC_TEST(group_near_writes_groups_of_any_size))
