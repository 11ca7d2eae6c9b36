/* A page under construction: it goes when it is full, and when it is old, though nothing more comes. */
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/sys/clock.h"
#include "worker/lister/job.h"
#include "worker/lister/wire.h"

static int pair[2];
static struct gc_link link_;
static struct gc_pages pages;
static struct gc_lister_job job;
static uint8_t memory[GC_FRAME_MAX];
static size_t have;

static void begin(uint32_t n)
{
    struct gc_tally none = {0};
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    link_.fd = pair[0];
    link_.frame = malloc(GC_FRAME_MAX);
    ck_assert_int_eq(pthread_mutex_init(&link_.lock, NULL), 0);
    ck_assert_int_eq(gc_pages_init(&pages, &link_), GC_OK);
    job.id = 5;
    job.pages = n;
    gc_pages_begin(&pages, &job, true, &none, gc_bytes_of(NULL, 0));
}

static bool add(const char *name)
{
    struct gc_bytes text = gc_str_bytes(gc_str_of(name));
    return gc_pages_add(&pages, text, gc_bytes_of(NULL, 0), text);
}

/* The next reply, or false where none is there. */
static bool reply(struct gc_lister_reply *ret)
{
    static size_t used;
    struct gc_frame f;
    size_t len;
    ssize_t n = recv(pair[1], memory + have, sizeof memory - have, MSG_DONTWAIT);
    have += n > 0 ? (size_t)n : 0;
    ck_assert(gc_frame_take(gc_bytes_of(memory + used, have - used), &f, &len));
    if (len == 0)
        return false;
    used += len;
    ck_assert(gc_wire_reply(&f, ret));
    return true;
}

START_TEST(old_pages_go)
{
    struct gc_lister_reply r;
    begin(3);
    uint64_t now = gc_clock_now();
    ck_assert_uint_eq(gc_pages_flush_old(&pages, now), UINT64_MAX);
    ck_assert(add("a.jpg"));
    uint64_t wait = gc_pages_flush_old(&pages, now);
    ck_assert_uint_le(wait, 200 * GC_MS);
    ck_assert(!reply(&r));
    (void)gc_pages_flush_old(&pages, gc_clock_now() + 200 * GC_MS);
    ck_assert(reply(&r));
    ck_assert(r.has_page);
    ck_assert(!r.last);
    ck_assert_uint_eq(r.page.count, 1);
    gc_pages_end(&pages, true);
    ck_assert(reply(&r));
    ck_assert(r.last);
    ck_assert(r.ended);
    ck_assert(!r.has_page);
    ck_assert(gc_str_is(gc_bytes_str(r.note), "1 taken (jpg 1), 0 left out"));
}
END_TEST

START_TEST(the_last_page_says_so)
{
    struct gc_lister_reply r;
    begin(1);
    ck_assert(add("a.jpg"));
    (void)gc_pages_flush_old(&pages, gc_clock_now() + 300 * GC_MS);
    ck_assert(reply(&r));
    ck_assert(r.last);
    ck_assert(!r.ended); /* nobody knows yet */
    ck_assert(!gc_pages_wanted(&pages));
    ck_assert(!add("b.jpg"));
    gc_pages_end(&pages, false);
    ck_assert(!reply(&r));
}
END_TEST

START_TEST(full_pages_go)
{
    struct gc_lister_reply r;
    char name[32];
    begin(2);
    for (int i = 0; i < 4100; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        ck_assert(add(name));
        if (i < 4096)
            ck_assert(!reply(&r));
    }
    ck_assert(reply(&r));
    ck_assert_uint_eq(r.page.count, GC_PAGE_ITEMS);
    ck_assert_uint_eq(r.page.first, 0);
    gc_pages_end(&pages, true);
    ck_assert(reply(&r));
    ck_assert_uint_eq(r.page.first, GC_PAGE_ITEMS);
    ck_assert_uint_eq(r.page.count, 4);
    ck_assert(r.ended);
}
END_TEST

START_TEST(a_cancelled_job_says_nothing)
{
    struct gc_lister_reply r;
    begin(2);
    ck_assert(add("a"));
    atomic_store(&job.cancelled, true);
    ck_assert(!gc_pages_wanted(&pages));
    gc_pages_end(&pages, true);
    ck_assert(!reply(&r));
}
END_TEST

GC_SUITE("pages", GC_TEST(old_pages_go), GC_TEST(the_last_page_says_so), GC_TEST(full_pages_go),
         GC_TEST(a_cancelled_job_says_nothing))
