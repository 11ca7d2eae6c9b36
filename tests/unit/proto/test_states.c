/* Tables: names, moves, facts of messages, and what contradicts itself in a message. */
#include <stdlib.h>
#include <string.h>

#include "proto/message.h"
#include "tests/unit/suite.h"

START_TEST(names)
{
    ck_assert_str_eq(gc_run_state_name(GC_RUN_PARTIAL), "partial");
    ck_assert_str_eq(gc_run_state_name(GC_RUN_STATES), "?");
    ck_assert_str_eq(gc_outcome_name(GC_OUTCOME_WARNED), "warned");
    ck_assert_str_eq(gc_outcome_name(UINT64_MAX), "?");
    ck_assert_str_eq(gc_cause_name(GC_CAUSE_BAD_INPUT), "bad-input");
    ck_assert_str_eq(gc_cause_text(GC_CAUSE_CRASH), "the executor died");
    ck_assert_str_eq(gc_cause_name(GC_CAUSES), "?");
    ck_assert_str_eq(gc_cause_text(GC_CAUSES), "?");
    ck_assert_str_eq(gc_verdict_name(GC_VERDICT_SEND), "send");
    ck_assert_str_eq(gc_verdict_name(GC_VERDICTS), "?");
    ck_assert_str_eq(gc_stage_kind_name(GC_STAGE_REDUCE), "reduce");
    ck_assert_str_eq(gc_stage_kind_name(GC_STAGE_KINDS), "?");
    ck_assert_str_eq(gc_lease_kind_name(GC_LEASE_FINISH), "finish");
    ck_assert_str_eq(gc_lease_kind_name(GC_LEASE_KINDS), "?");
    ck_assert_str_eq(gc_scope_name(GC_SCOPE_ITEM), "item");
    ck_assert_str_eq(gc_scope_name(GC_SCOPES), "?");
    ck_assert_str_eq(gc_type_name(GC_TYPE_LIST), "list");
    ck_assert_str_eq(gc_type_name(GC_TYPES), "?");
}
END_TEST

START_TEST(causes)
{
    ck_assert_uint_eq(gc_cause_retried(GC_CAUSE_DAMAGED), 0);
    ck_assert_uint_eq(gc_cause_retried(GC_CAUSE_OOM), 1);
    ck_assert_uint_eq(gc_cause_retried(GC_CAUSE_INFRA), 2);
    ck_assert_uint_eq(gc_cause_retried(GC_CAUSES), 0);
}
END_TEST

START_TEST(moves)
{
    int legal = 0;
    for (uint64_t from = 0; from <= GC_RUN_STATES; from++) {
        for (uint64_t to = 0; to <= GC_RUN_STATES; to++) {
            if (!gc_run_state_may(from, to))
                continue;
            legal++;
            ck_assert(!gc_run_state_ended(from)); /* nothing leaves an end */
            ck_assert_uint_ne(from, to);
        }
    }
    ck_assert_int_eq(legal, 13);
    ck_assert(gc_run_state_may(GC_RUN_PAUSED, GC_RUN_COMPLETED));
    ck_assert(!gc_run_state_may(GC_RUN_PENDING, GC_RUN_COMPLETED));
    ck_assert(!gc_run_state_may(GC_RUN_COMPLETED, GC_RUN_RUNNING));
    ck_assert(gc_run_state_ended(GC_RUN_CANCELLED));
    ck_assert(!gc_run_state_ended(GC_RUN_STATES));
}
END_TEST

START_TEST(facts)
{
    ck_assert_str_eq(gc_msg_name(GC_MSG_SUBMIT_BEGIN), "SUBMIT_BEGIN");
    ck_assert_ptr_null(gc_msg_name(GC_MSG_NONE));
    ck_assert_ptr_null(gc_msg_name((enum gc_msg_type)10));
    ck_assert_ptr_null(gc_msg_name((enum gc_msg_type)45));
    ck_assert_ptr_null(gc_msg_name((enum gc_msg_type)255));
    ck_assert_int_eq(gc_msg_direction(GC_MSG_RESULT), GC_DIR_WORKER_C);
    ck_assert_int_eq(gc_msg_direction((enum gc_msg_type)200), 0);
    ck_assert(gc_msg_durable(GC_MSG_RESULT_ACK));
    ck_assert(!gc_msg_durable(GC_MSG_WELCOME));
    ck_assert(gc_msg_has_bulk(GC_MSG_RESULT));
    ck_assert(!gc_msg_has_bulk(GC_MSG_HELLO));
    ck_assert(!gc_msg_has_bulk((enum gc_msg_type)99));
}
END_TEST

static uint8_t bytes[GC_MAX_BULK + 1];

static const char *wrong(struct gc_msg m)
{
    const char *w = gc_msg_wrong(&m);
    return w != NULL ? w : "";
}

static struct gc_msg of(enum gc_msg_type type, size_t bulk)
{
    return (struct gc_msg){.type = type, .bulk = gc_bytes_of(bytes, bulk)};
}

START_TEST(wrong_bulks)
{
    ck_assert_str_eq(wrong(of(GC_MSG_WHO, 0)), "");
    ck_assert_str_ne(wrong(of(GC_MSG_WHO, 1)), "");
    ck_assert_str_eq(wrong(of(GC_MSG_SUBMIT_PART, GC_MAX_BULK)), "");
    ck_assert_str_ne(wrong(of(GC_MSG_SUBMIT_PART, GC_MAX_BULK + 1)), "");
}
END_TEST

START_TEST(wrong_hello)
{
    struct gc_held held[1] = {{0}};
    struct gc_msg m = of(GC_MSG_HELLO, 0);
    m.as.hello.role = GC_ROLE_CLIENT;
    ck_assert_str_eq(wrong(m), "");
    m.as.hello.held = held;
    m.as.hello.n_held = 1;
    ck_assert_str_ne(wrong(m), "");
    m.as.hello.role = GC_ROLE_WORKER;
    m.as.hello.catalogue = gc_bytes_of(bytes, 32);
    ck_assert_str_ne(wrong(m), ""); /* no executor */
    m.as.hello.slots = GC_MAX_SLOTS + 1;
    ck_assert_str_ne(wrong(m), "");
    m.as.hello.slots = GC_MAX_SLOTS;
    ck_assert_str_eq(wrong(m), "");
    m.as.hello.catalogue.len = 31;
    ck_assert_str_ne(wrong(m), "");
}
END_TEST

START_TEST(wrong_catalogue)
{
    struct gc_msg m = of(GC_MSG_CATALOGUE, 100);
    m.as.catalogue.total = 150;
    m.as.catalogue.offset = 50;
    ck_assert_str_ne(wrong(m), ""); /* no digest */
    m.as.catalogue.digest = gc_bytes_of(bytes, 32);
    ck_assert_str_eq(wrong(m), "");
    m.as.catalogue.offset = 51;
    ck_assert_str_ne(wrong(m), "");
    m.as.catalogue.offset = UINT64_MAX - 10;
    ck_assert_str_ne(wrong(m), "");
    m.as.catalogue.offset = 0;
    m.as.catalogue.total = GC_MAX_DOCUMENT + 1;
    ck_assert_str_ne(wrong(m), "");
}
END_TEST

START_TEST(wrong_lease)
{
    uint64_t ids[2] = {1, 2};
    struct gc_msg m = of(GC_MSG_LEASE, 0);
    m.as.lease.kind = GC_LEASE_ITEMS;
    m.as.lease.scan = GC_UNSET;
    ck_assert_str_ne(wrong(m), ""); /* of nothing */
    m.as.lease.count = GC_MAX_LEASE_ITEMS;
    ck_assert_str_eq(wrong(m), "");
    m.as.lease.count++;
    ck_assert_str_ne(wrong(m), "");
    m.as.lease.count = 2;
    m.as.lease.first = GC_MAX_ITEMS - 1;
    ck_assert_str_ne(wrong(m), "");
    m.as.lease.first = UINT64_MAX;
    ck_assert_str_ne(wrong(m), "");
    m.as.lease.kind = GC_LEASE_LIST;
    ck_assert_str_eq(wrong(m), "");
    m.as.lease.count = 0;
    ck_assert_str_ne(wrong(m), "");
    m.as.lease.count = GC_PAGES_AHEAD + 1;
    ck_assert_str_ne(wrong(m), "");
    m.as.lease.kind = GC_LEASE_FINISH; /* of a reducer that was fed nothing */
    ck_assert_str_eq(wrong(m), "");
    m.as.lease.kind = GC_LEASE_MERGE;
    ck_assert_str_ne(wrong(m), "");
    m.as.lease.deltas = ids;
    m.as.lease.n_deltas = 2;
    ck_assert_str_eq(wrong(m), "");
    m.as.lease.scan = 1;
    ck_assert_str_ne(wrong(m), ""); /* of states */
    m.as.lease.kind = GC_LEASE_FINISH;
    ck_assert_str_ne(wrong(m), "");
    m.as.lease.n_deltas = 0;
    ck_assert_str_eq(wrong(m), "");
    m.as.lease.kind = GC_LEASE_ITEMS;
    m.as.lease.count = 1;
    m.as.lease.first = 0;
    ck_assert_str_ne(wrong(m), "");
}
END_TEST

START_TEST(wrong_result)
{
    struct gc_delta deltas[2] = {{.bytes = 5}, {.bytes = 6}};
    struct gc_msg m = of(GC_MSG_RESULT, 24);
    m.as.result = (struct gc_msg_result){.kind = GC_LEASE_ITEMS,
                                         .first = 7,
                                         .count = 10,
                                         .status = 3,
                                         .values = 10,
                                         .deltas = deltas,
                                         .n_deltas = 2};
    ck_assert_str_eq(wrong(m), "");
    m.bulk.len++;
    ck_assert_str_ne(wrong(m), "");
    m.bulk.len -= 2;
    ck_assert_str_ne(wrong(m), "");
    m.bulk.len++;
    m.as.result.values = UINT64_MAX; /* would wrap */
    ck_assert_str_ne(wrong(m), "");
    m.as.result.values = 10;
    m.as.result.status = 25;
    ck_assert_str_ne(wrong(m), "");
    m.as.result.status = 3;
    deltas[1].bytes = GC_MAX_DELTA + 1;
    m.bulk.len = 18 + GC_MAX_DELTA + 1;
    ck_assert_str_ne(wrong(m), "");
    m.bulk.len--;
    deltas[1].bytes--;
    ck_assert_str_eq(wrong(m), "");
    m.as.result.count = GC_CHUNK_ITEMS + 1;
    ck_assert_str_ne(wrong(m), "");
    m.as.result.kind = GC_LEASE_MERGE;
    m.as.result.count = 2;
    ck_assert_str_ne(wrong(m), "");
    m.as.result.count = 1;
    ck_assert_str_eq(wrong(m), "");
    m.as.result.kind = GC_LEASE_LIST;
    ck_assert_str_ne(wrong(m), "");
}
END_TEST

START_TEST(wrong_pages)
{
    struct gc_page pages[2] = {
        {.first = 10, .count = 5, .inlined = true, .bytes = 8, .digest = gc_bytes_of(bytes, 32)},
        {.first = 15, .count = 1, .inlined = false, .bytes = 1000000, .digest = gc_bytes_of(bytes, 32)},
    };
    struct gc_msg m = of(GC_MSG_PAGES, 8);
    m.as.pages.pages = pages;
    m.as.pages.n_pages = 2;
    ck_assert_str_eq(wrong(m), "");
    pages[1].first = 16; /* a gap */
    ck_assert_str_ne(wrong(m), "");
    pages[1].first = 15;
    pages[1].count = GC_PAGE_ITEMS + 1;
    ck_assert_str_ne(wrong(m), "");
    pages[1].count = 1;
    pages[1].digest.len = 0;
    ck_assert_str_ne(wrong(m), "");
    pages[1].digest.len = 32;
    pages[1].inlined = true;
    ck_assert_str_ne(wrong(m), "");
    pages[1].bytes = UINT64_MAX;
    ck_assert_str_ne(wrong(m), "");
    pages[1].bytes = 12;
    m.bulk.len = 20;
    ck_assert_str_eq(wrong(m), "");
    m.as.pages.n_pages = 0;
    ck_assert_str_ne(wrong(m), "");
    m.bulk.len = 0;
    ck_assert_str_eq(wrong(m), "");
}
END_TEST

START_TEST(wrong_data)
{
    uint64_t lengths[2] = {3, 4};
    struct gc_page page = {
        .first = 0, .count = 5, .inlined = true, .bytes = 8, .digest = gc_bytes_of(bytes, 32)};
    struct gc_msg m = of(GC_MSG_DATA, 7);
    m.as.data.what = GC_GET_DELTAS;
    m.as.data.lengths = lengths;
    m.as.data.n_lengths = 2;
    ck_assert_str_eq(wrong(m), "");
    lengths[1] = 3;
    ck_assert_str_ne(wrong(m), "");
    lengths[1] = UINT64_MAX;
    ck_assert_str_ne(wrong(m), "");
    m.as.data.what = GC_GET_PAGE;
    ck_assert_str_ne(wrong(m), "");
    m.as.data.page = &page;
    m.as.data.n_page = 1;
    ck_assert_str_ne(wrong(m), "");
    m.bulk.len = 8;
    ck_assert_str_eq(wrong(m), "");
    m.as.data.what = GC_GET_PLAN;
    m.as.data.total = 100;
    m.as.data.index = 92;
    ck_assert_str_eq(wrong(m), "");
    m.as.data.what = GC_GET_CATALOGUE;
    m.as.data.index = 93;
    ck_assert_str_ne(wrong(m), "");
    m.as.data.what = GC_GET_CURSOR;
    ck_assert_str_eq(wrong(m), "");
    m.as.data.what = GC_GET_PROGRAM;
    ck_assert_str_eq(wrong(m), "");
    m.as.data.what = GC_GET_RESULTS; /* the next part begins at 100, which is above 93 */
    ck_assert_str_eq(wrong(m), "");
    m.as.data.index = 100;
    ck_assert_str_ne(wrong(m), "");
    m.as.data.total = GC_UNSET;
    ck_assert_str_eq(wrong(m), "");
    m.as.data.index = GC_UNSET;
    ck_assert_str_ne(wrong(m), "");
}
END_TEST

START_TEST(wrong_batches)
{
    struct gc_batch batches[2] = {{.status = 1, .values = 2}, {.status = 3, .values = 4}};
    struct gc_msg m = of(GC_MSG_BATCHES, 10);
    m.as.batches.batches = batches;
    m.as.batches.n_batches = 2;
    ck_assert_str_eq(wrong(m), "");
    m.bulk.len = 11;
    ck_assert_str_ne(wrong(m), "");
    m.bulk.len = 5;
    ck_assert_str_ne(wrong(m), "");
    m.bulk.len = 9;
    ck_assert_str_ne(wrong(m), "");
}
END_TEST

GC_SUITE("proto: states and messages", GC_TEST(names), GC_TEST(causes), GC_TEST(moves), GC_TEST(facts),
         GC_TEST(wrong_bulks), GC_TEST(wrong_hello), GC_TEST(wrong_catalogue), GC_TEST(wrong_lease),
         GC_TEST(wrong_result), GC_TEST(wrong_pages), GC_TEST(wrong_data), GC_TEST(wrong_batches))
