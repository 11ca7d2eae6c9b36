/* The guard alone: hand-made bytes, one rule each. */
#include <stdlib.h>
#include <string.h>

#include "proto/guard.h"
#include "proto/limits.h"
#include "tests/unit/suite.h"

static size_t objects;

static enum gc_err guard(const void *bytes, size_t len)
{
    objects = SIZE_MAX;
    return gc_guard(gc_bytes_of(bytes, len), 1000000, &objects);
}
#define GUARD(literal) guard(literal, sizeof(literal) - 1)

START_TEST(scalars)
{
    ck_assert_int_eq(GUARD("\xc0"), GC_OK);
    ck_assert_uint_eq(objects, 0);
    ck_assert_int_eq(GUARD("\x7f"), GC_OK);
    ck_assert_int_eq(GUARD("\xe0"), GC_OK);
    ck_assert_int_eq(GUARD("\xc2"), GC_OK);
    ck_assert_int_eq(GUARD("\xc3"), GC_OK);
    ck_assert_int_eq(GUARD("\xcc\x01"), GC_OK);
    ck_assert_int_eq(GUARD("\xcd\x01\x02"), GC_OK);
    ck_assert_int_eq(GUARD("\xce\x01\x02\x03\x04"), GC_OK);
    ck_assert_int_eq(GUARD("\xcf\x01\x02\x03\x04\x05\x06\x07\x08"), GC_OK);
    ck_assert_int_eq(GUARD("\xd0\x01"), GC_OK);
    ck_assert_int_eq(GUARD("\xd3\x01\x02\x03\x04\x05\x06\x07\x08"), GC_OK);
    ck_assert_int_eq(GUARD("\xca\x01\x02\x03\x04"), GC_OK);
    ck_assert_int_eq(GUARD("\xcb\x01\x02\x03\x04\x05\x06\x07\x08"), GC_OK);
    ck_assert_int_eq(GUARD("\xa3xyz"), GC_OK);
    ck_assert_int_eq(GUARD("\xd9\x03xyz"), GC_OK);
    ck_assert_int_eq(GUARD("\xda\x00\x03xyz"), GC_OK);
    ck_assert_int_eq(GUARD("\xdb\x00\x00\x00\x03xyz"), GC_OK);
    ck_assert_int_eq(GUARD("\xc4\x03xyz"), GC_OK);
    ck_assert_int_eq(GUARD("\xc5\x00\x03xyz"), GC_OK);
    ck_assert_int_eq(GUARD("\xc6\x00\x00\x00\x03xyz"), GC_OK);
}
END_TEST

START_TEST(containers)
{
    ck_assert_int_eq(GUARD("\x90"), GC_OK);
    ck_assert_uint_eq(objects, 0);
    ck_assert_int_eq(GUARD("\x92\x01\x02"), GC_OK);
    ck_assert_uint_eq(objects, 2);
    ck_assert_int_eq(GUARD("\x82\x01\x02\x03\x04"), GC_OK);
    ck_assert_uint_eq(objects, 4);
    ck_assert_int_eq(GUARD("\xdc\x00\x02\x01\x90"), GC_OK);
    ck_assert_uint_eq(objects, 2);
    ck_assert_int_eq(GUARD("\xde\x00\x01\x01\x91\xc0"), GC_OK);
    ck_assert_uint_eq(objects, 3);
    ck_assert_int_eq(GUARD("\xdf\x00\x00\x00\x01\x01\x02"), GC_OK);
    ck_assert_uint_eq(objects, 2);
}
END_TEST

START_TEST(lies)
{
    ck_assert_int_eq(guard("", 0), GC_ERR_INVALID);
    /* The five bytes that ask a believer for gigabytes, and their like. */
    ck_assert_int_eq(GUARD("\xdd\xff\xff\xff\xff"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xdf\xff\xff\xff\xff"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xdd\x10\x00\x00\x00"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xdc\xff\xff"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\x91\xdd\xff\xff\xff\xff"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xdb\xff\xff\xff\xff"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xc6\xff\xff\xff\xff"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xa2x"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xd9\x02x"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\x93\x01\x02"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\x82\x01\x02\x03"), GC_ERR_INVALID);
    /* Cut inside a number. */
    ck_assert_int_eq(GUARD("\xcd\x01"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xcb\x01\x02\x03\x04\x05\x06\x07"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xdc\x00"), GC_ERR_INVALID);
    /* Extension types and the byte that means nothing. */
    ck_assert_int_eq(GUARD("\xd4\x01\x02"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xd8\x01zzzzzzzzzzzzzzzz"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xc7\x01\x01\x01"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xc9\x00\x00\x00\x01\x01\x01"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\xc1"), GC_ERR_INVALID);
    /* Something behind the one object. */
    ck_assert_int_eq(GUARD("\xc0\xc0"), GC_ERR_INVALID);
    ck_assert_int_eq(GUARD("\x91\xc0\xc0"), GC_ERR_INVALID);
}
END_TEST

START_TEST(depth)
{
    uint8_t bytes[64];
    for (size_t deep = 1; deep <= 40; deep++) {
        memset(bytes, 0x91, deep);
        bytes[deep] = 0xc0;
        ck_assert_int_eq(guard(bytes, deep + 1), deep <= GC_MAX_DEPTH ? GC_OK : GC_ERR_INVALID);
        memset(bytes, 0x91, deep);
        bytes[deep - 1] = 0x90;
        ck_assert_int_eq(guard(bytes, deep), deep <= GC_MAX_DEPTH ? GC_OK : GC_ERR_INVALID);
    }
    /* Depth is of what is open, not of what there was: siblings do not add up. */
    ck_assert_int_eq(GUARD("\x9a\x91\x91\xc0\x91\x91\xc0\x90\x90\x90\x80\x80\x91\x90\xc0\x91\x91\x91\xc0"),
                     GC_OK);
}
END_TEST

START_TEST(counts)
{
    size_t n = GC_MAX_CONTAINER + 1;
    uint8_t *bytes = malloc(3 + n);
    memset(bytes + 3, 0, n);
    bytes[0] = 0xdc;
    bytes[1] = (uint8_t)(n >> 8);
    bytes[2] = (uint8_t)n;
    ck_assert_int_eq(guard(bytes, 3 + n), GC_ERR_INVALID);
    n--;
    bytes[1] = (uint8_t)(n >> 8);
    bytes[2] = (uint8_t)n;
    ck_assert_int_eq(guard(bytes, 3 + n), GC_OK);
    ck_assert_uint_eq(objects, n);

    /* The limit of objects counts what all containers hold. */
    struct gc_bytes b = gc_bytes_of("\x92\x92\x01\x02\x81\x03\x04", 7);
    ck_assert_int_eq(gc_guard(b, 6, &objects), GC_OK);
    ck_assert_uint_eq(objects, 6);
    objects = 77;
    ck_assert_int_eq(gc_guard(b, 5, &objects), GC_ERR_LIMIT);
    ck_assert_uint_eq(objects, 77);
    free(bytes);
}
END_TEST

GC_SUITE("codec: the guard", GC_TEST(scalars), GC_TEST(containers), GC_TEST(lies), GC_TEST(depth),
         GC_TEST(counts))
