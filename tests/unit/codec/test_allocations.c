/* After gc_codec_new the codec takes no memory: malloc and its kin are counted while messages come and go, good ones and bad. Where it
 * does take some (a new codec, a document on its own) there may be none: the calls are made to fail, one at a time. */
#include <stdlib.h>
#include <string.h>

#include "arbitrary.h"
#include "proto/codec.h"
#include "tests/unit/suite.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTING 0 /* a sanitizer has an allocator of its own */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define COUNTING 0
#endif
#endif
#ifndef COUNTING
#define COUNTING 1
#endif

static unsigned long calls;

#if COUNTING
static unsigned long failing; /* the call with this number finds no memory; 0: none */

/* glibc's own names for what the program's malloc stands before. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

/* Seen by the libraries too: msgpack's calls are those that matter. */
#define FOR_ALL __attribute__((visibility("default")))

FOR_ALL void *malloc(size_t size)
{
    return ++calls == failing ? NULL : __libc_malloc(size);
}

FOR_ALL void *calloc(size_t n, size_t size)
{
    calls++;
    return __libc_calloc(n, size);
}

FOR_ALL void *realloc(void *p, size_t size)
{
    calls++;
    return __libc_realloc(p, size);
}
#endif

START_TEST(messages_take_no_memory)
{
    struct gc_codec *codec;
    struct gc_arena arena;
    struct gc_buf out;
    struct gc_fault fault;
    enum gc_msg_type types[MSG_TYPES_MAX];
    size_t n = msg_types(types);
    gc_arena_init(&arena, malloc(4u << 20), 4u << 20);
    gc_buf_init(&out, malloc(GC_FRAME_BYTES), GC_FRAME_BYTES);
    ck_assert_int_eq(gc_codec_new(GC_CODEC_SCRATCH, &codec), GC_OK);
#if COUNTING
    ck_assert_uint_gt(calls, 0); /* the counter counts */
#endif
    unsigned long before = calls;
    for (uint64_t round = 0; round < 20; round++) {
        for (size_t t = 0; t < n; t++) {
            struct gc_msg msg;
            struct gc_msg back;
            gc_arena_rewind(&arena, 0);
            struct arbitrary a = {.state = round << 8 | t, .arena = &arena, .budget = 20000};
            arbitrary_msg(&a, types[t], &msg);
            if (gc_codec_encode(codec, &msg, &out) != GC_OK)
                abort();
            if (gc_codec_decode(codec, gc_buf_bytes(&out), msg.bulk, &back, &fault) != GC_OK)
                abort();
            for (size_t at = 0; at < out.len; at += 1 + out.len / 50) {
                out.data[at] ^= 0x80;
                (void)!gc_codec_decode(codec, gc_buf_bytes(&out), msg.bulk, &back, &fault);
                out.data[at] ^= 0x80;
            }
        }
        /* The largest body in objects there is: 16 arrays of 4,000 nils. */
        gc_buf_reset(&out);
        gc_buf_append(&out, "GC\x01\x05", 4);
        gc_buf_put_u32(&out, 1 + 15 * 4003);
        memset(gc_buf_reserve(&out, 32), 0, 32);
        gc_buf_put_u8(&out, 0x9f);
        for (int i = 0; i < 15; i++) {
            gc_buf_append(&out, "\xdc\x0f\xa0", 3);
            memset(gc_buf_reserve(&out, 4000), 0xc0, 4000);
        }
        struct gc_msg back;
        if (gc_codec_decode(codec, gc_buf_bytes(&out), (struct gc_bytes){0}, &back, &fault) != GC_ERR_INVALID)
            abort();
    }
    ck_assert_uint_eq(calls, before);
    gc_codec_destroy(&codec);
    free(arena.base);
    free(out.data);
}
END_TEST

#if COUNTING
START_TEST(a_codec_without_memory_is_none)
{
    struct gc_codec *const nothing = (struct gc_codec *)&calls;
    struct gc_codec *codec = nothing;
    unsigned long before = calls;
    enum gc_err made = gc_codec_new(100, &codec);
    unsigned long takes = calls - before;
    ck_assert_int_eq(made, GC_OK);
    ck_assert_uint_ge(takes, 2); /* itself and its zone */
    gc_codec_destroy(&codec);
    for (unsigned long n = 1; n <= takes; n++) {
        codec = nothing;
        failing = calls + n;
        enum gc_err err = gc_codec_new(100, &codec);
        failing = 0; /* check's own asserts need some */
        ck_assert_int_eq(err, GC_ERR_NOMEM);
        ck_assert_ptr_eq(codec, nothing);
    }
}
END_TEST

START_TEST(a_document_without_memory_is_our_fault)
{
    static uint8_t memory[1000];
    struct gc_arena arena;
    struct gc_buf out;
    struct gc_fault fault;
    struct gc_pair in = {.key = gc_bytes_of("k", 1), .value = gc_bytes_of("v", 1)};
    struct gc_pair back;
    struct gc_pair untouched;
    gc_arena_init(&arena, memory, sizeof memory);
    gc_buf_init(&out, malloc(100), 100);
    ck_assert_int_eq(gc_encode_pair(&in, &out), GC_OK);
    memset(&untouched, 0x5a, sizeof untouched);
    back = untouched;
    gc_fault_clear(&fault);
    failing = calls + 1;
    enum gc_err err = gc_decode_pair(gc_buf_bytes(&out), &arena, &back, &fault);
    failing = 0;
    ck_assert_int_eq(err, GC_ERR_NOMEM);
    ck_assert_int_eq(fault.code, GC_ERR_NOMEM);
    ck_assert_int_ne(fault.whose, GC_WHOSE_PEER);
    ck_assert_mem_eq(&back, &untouched, sizeof back);
    ck_assert_uint_eq(gc_arena_mark(&arena), 0);
    /* With memory it is what it was. */
    ck_assert_int_eq(gc_decode_pair(gc_buf_bytes(&out), &arena, &back, &fault), GC_OK);
    ck_assert(gc_bytes_equal(back.key, in.key));
    free(out.data);
}
END_TEST

GC_SUITE("codec: allocations", GC_TEST(messages_take_no_memory), GC_TEST(a_codec_without_memory_is_none),
         GC_TEST(a_document_without_memory_is_our_fault))
#else
GC_SUITE("codec: allocations", GC_TEST(messages_take_no_memory))
#endif
