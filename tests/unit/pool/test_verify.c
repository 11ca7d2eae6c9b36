/* Blobs, messages with descriptors, and whether what an executor hands in is sound. */
#include "proto/values.h"
#include "tests/unit/suite.h"
#include "worker/pool/blob.h"
#include "worker/pool/fds.h"
#include "worker/pool/verify.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- verify ---- */

static uint8_t room[3][4096];

static struct gc_bytes status(const uint8_t *patterns, uint64_t count, uint32_t n_nodes)
{
    static struct gc_status_writer w;
    struct gc_buf runs, faults, out;
    gc_buf_init(&runs, room[0], sizeof room[0]);
    gc_buf_init(&faults, room[1], sizeof room[1]);
    gc_buf_init(&out, room[2], sizeof room[2]);
    gc_status_writer_init(&w, n_nodes, runs, faults);
    struct gc_status_fault fault = {.cause = GC_CAUSE_OP_ERROR, .attempts = 1};
    for (uint64_t i = 0; i < count; i++) {
        bool failed = memchr(patterns + i * n_nodes, GC_OUTCOME_FAILED, n_nodes) != NULL;
        ck_assert_int_eq(gc_status_writer_add(&w, patterns + i * n_nodes, &fault, failed), GC_OK);
    }
    ck_assert_int_eq(gc_status_writer_finish(&w, &out), GC_OK);
    return gc_buf_bytes(&out);
}

static struct gc_bytes values(struct gc_buf *buf, uint8_t memory[64], uint32_t n)
{
    gc_buf_init(buf, memory, 64);
    for (uint32_t i = 0; i < n; i++)
        gc_value_put_int(buf, i);
    return gc_buf_bytes(buf);
}

START_TEST(sound_chunks)
{
    /* Three items of two nodes: done done, done failed, warned skipped. */
    static const uint8_t patterns[] = {GC_OUTCOME_DONE,    GC_OUTCOME_DONE,   GC_OUTCOME_FAILED,
                                       GC_OUTCOME_SKIPPED, GC_OUTCOME_WARNED, GC_OUTCOME_SKIPPED};
    struct gc_buf buf;
    uint8_t memory[64];
    struct gc_bytes s = status(patterns, 3, 2);
    ck_assert_ptr_null(gc_verify_items(s, values(&buf, memory, 3), 3, 2, 3));
    ck_assert_ptr_nonnull(gc_verify_items(s, values(&buf, memory, 2), 3, 2, 3));
    ck_assert_ptr_nonnull(gc_verify_items(s, values(&buf, memory, 4), 3, 2, 3));
    ck_assert_ptr_nonnull(gc_verify_items(s, (struct gc_bytes){(const uint8_t *)"\xc1\xc1\xc1", 3}, 3, 2, 3));
    ck_assert_ptr_nonnull(gc_verify_items(s, values(&buf, memory, 3), 4, 2, 3));
    ck_assert_ptr_nonnull(gc_verify_items(s, values(&buf, memory, 3), 3, 3, 3));
    /* Outcomes of a node that was not wanted. */
    ck_assert_ptr_nonnull(gc_verify_items(s, values(&buf, memory, 3), 3, 2, 1));
}
END_TEST

START_TEST(sound_finishes)
{
    static const uint8_t done[] = {GC_OUTCOME_DONE}, failed[] = {GC_OUTCOME_FAILED},
                         none[] = {GC_OUTCOME_NONE};
    struct gc_buf buf;
    uint8_t memory[64];
    ck_assert_ptr_null(gc_verify_finish(status(done, 1, 1), values(&buf, memory, 1), 1, false));
    ck_assert_ptr_nonnull(gc_verify_finish(status(done, 1, 1), values(&buf, memory, 1), 0, false));
    ck_assert_ptr_nonnull(gc_verify_finish(status(done, 1, 1), values(&buf, memory, 0), 1, false));
    ck_assert_ptr_null(gc_verify_finish(status(failed, 1, 1), values(&buf, memory, 0), 0, false));
    ck_assert_ptr_nonnull(gc_verify_finish(status(failed, 1, 1), values(&buf, memory, 0), 1, false));
    ck_assert_ptr_nonnull(gc_verify_finish(status(none, 1, 1), values(&buf, memory, 0), 0, false));
    ck_assert_ptr_nonnull(gc_verify_finish((struct gc_bytes){0}, values(&buf, memory, 0), 0, false));
    /* Who has read results keeps no state. */
    ck_assert_ptr_null(gc_verify_finish(status(done, 1, 1), values(&buf, memory, 1), 0, true));
    ck_assert_ptr_nonnull(gc_verify_finish(status(done, 1, 1), values(&buf, memory, 1), 1, true));
    ck_assert_ptr_null(gc_verify_finish(status(failed, 1, 1), values(&buf, memory, 0), 0, true));
    ck_assert_ptr_nonnull(gc_verify_finish(status(failed, 1, 1), values(&buf, memory, 1), 0, true));
}
END_TEST

/* ---- blobs ---- */

START_TEST(pages_are_indexed)
{
    static const uint8_t block[] = "\x01"
                                   "a"
                                   "\x00"
                                   "\x02"
                                   "bc"
                                   "\x01"
                                   "\x80"
                                   "\x00"
                                   "\x00";
    struct gc_blob *page = gc_blob_new(GC_BLOB_PAGE, (struct gc_bytes){block, sizeof block - 1});
    ck_assert_int_eq(gc_blob_index(page, 3), GC_OK);
    struct gc_bytes items = gc_blob_items(page, 1, 2), text, fields;
    ck_assert(gc_blob_next_item(&items, &text, &fields));
    ck_assert_int_eq(memcmp(text.ptr, "bc", 2), 0);
    ck_assert_uint_eq(fields.len, 1);
    ck_assert(gc_blob_next_item(&items, &text, &fields));
    ck_assert_uint_eq(text.len, 0);
    ck_assert(!gc_blob_next_item(&items, &text, &fields));
    ck_assert_uint_eq(gc_blob_items(page, 3, 0).len, 0);
    struct gc_blob *same = gc_blob_ref(page);
    gc_blob_unref(&same);
    ck_assert_ptr_null(same);
    gc_blob_unref(&page);
    gc_blob_unref(&page);
    for (uint32_t wrong = 0; wrong < 6; wrong++) {
        if (wrong == 3)
            continue;
        page = gc_blob_new(GC_BLOB_PAGE, (struct gc_bytes){block, sizeof block - 1});
        ck_assert_int_eq(gc_blob_index(page, wrong < 5 ? wrong : GC_PAGE_ITEMS + 1), GC_ERR_CORRUPT);
        gc_blob_unref(&page);
    }
}
END_TEST

START_TEST(states_are_added)
{
    static const uint8_t state[GC_MAX_DELTA + 1];
    struct gc_blob *states = gc_blob_new(GC_BLOB_STATES, (struct gc_bytes){0});
    ck_assert_int_eq(gc_blob_add_state(states, (struct gc_bytes){state, sizeof state}), GC_ERR_LIMIT);
    for (uint32_t i = 0; i < GC_MERGE_INPUTS; i++)
        ck_assert_int_eq(gc_blob_add_state(states, (struct gc_bytes){state, i}), GC_OK);
    ck_assert_int_eq(gc_blob_add_state(states, (struct gc_bytes){state, 1}), GC_ERR_LIMIT);
    ck_assert_uint_eq(states->len, GC_MERGE_INPUTS * (GC_MERGE_INPUTS - 1) / 2);
    gc_blob_unref(&states);
}
END_TEST

/* ---- descriptors ---- */

START_TEST(descriptors_travel)
{
    int pair[2], got[GC_FDS_MAX], sent[GC_FDS_MAX + 1];
    unsigned n;
    char text[8];
    ck_assert(gc_fds_pair(pair));
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (unsigned i = 0; i <= GC_FDS_MAX; i++)
        sent[i] = null;
    ck_assert(gc_fds_send(pair[0], "abc", 3, sent, GC_FDS_MAX, 0));
    ck_assert_int_eq(gc_fds_recv(pair[1], text, sizeof text, got, &n, 0), 3);
    ck_assert_uint_eq(n, GC_FDS_MAX);
    ck_assert_int_eq(fcntl(got[5], F_GETFD), FD_CLOEXEC);
    gc_fds_close(got, n);
    ck_assert_int_eq(got[0], -1);
    ck_assert(!gc_fds_send(pair[0], "abc", 3, sent, GC_FDS_MAX + 1, 0));
    /* One that does not fit is dropped with its descriptors. */
    ck_assert(gc_fds_send(pair[0], "0123456789", 10, sent, 2, 0));
    ck_assert_int_eq(gc_fds_recv(pair[1], text, sizeof text, got, &n, 0), -1);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(gc_fds_recv(pair[1], text, sizeof text, got, &n, MSG_DONTWAIT), -1);
    close(pair[0]);
    ck_assert_int_eq(gc_fds_recv(pair[1], text, sizeof text, got, &n, 0), 0);
    ck_assert(!gc_fds_send(pair[1], "abc", 3, NULL, 0, 0));
    close(pair[1]);
    close(null);
}
END_TEST

GC_SUITE("pool verify", GC_TEST(sound_chunks), GC_TEST(sound_finishes), GC_TEST(pages_are_indexed),
         GC_TEST(states_are_added), GC_TEST(descriptors_travel))
