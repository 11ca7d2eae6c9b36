#include "common/hash.h"
#include "tests/unit/suite.h"

/* The vectors of xxHash's own self-test: bytes from its generator, with seeds 0 and PRIME32. */
static void sanity_buffer(uint8_t *buffer, size_t len)
{
    uint64_t state = 2654435761u;
    for (size_t i = 0; i < len; i++) {
        buffer[i] = (uint8_t)(state >> 56);
        state *= UINT64_C(11400714785074694797);
    }
}

START_TEST(is_xxh64)
{
    uint8_t buffer[256];
    sanity_buffer(buffer, sizeof buffer);
    const uint64_t prime32 = 2654435761u;
    ck_assert_uint_eq(gc_hash_bytes(NULL, 0, 0), UINT64_C(0xef46db3751d8e999));
    ck_assert_uint_eq(gc_hash_bytes(NULL, 0, prime32), UINT64_C(0xac75fda2929b17ef));
    ck_assert_uint_eq(gc_hash_bytes(buffer, 1, 0), UINT64_C(0xe934a84adb052768));
    ck_assert_uint_eq(gc_hash_bytes(buffer, 1, prime32), UINT64_C(0x5014607643a9b4c3));
    ck_assert_uint_eq(gc_hash_bytes(buffer, 4, 0), UINT64_C(0x9136a0dca57457ee));
    ck_assert_uint_eq(gc_hash_bytes(buffer, 14, 0), UINT64_C(0x8282dcc4994e35c8));
    ck_assert_uint_eq(gc_hash_bytes(buffer, 14, prime32), UINT64_C(0xc3bd6bf63deb6df0));
    ck_assert_uint_eq(gc_hash_bytes(buffer, 222, 0), UINT64_C(0xb641ae8cb691c174));
    ck_assert_uint_eq(gc_hash_bytes(buffer, 222, prime32), UINT64_C(0x20cb8ab7ae10c14a));
    ck_assert_uint_eq(gc_hash_bytes("abc", 3, 0), UINT64_C(0x44bc2cf5ad770999));
}
END_TEST

START_TEST(the_place_of_the_bytes_does_not_count)
{
    uint8_t buffer[128 + 8];
    sanity_buffer(buffer, 101);
    const uint64_t expected = gc_hash_bytes(buffer, 101, 0);
    for (size_t shift = 0; shift < 8; shift++) {
        sanity_buffer(buffer + shift, 101);
        ck_assert_uint_eq(gc_hash_bytes(buffer + shift, 101, 0), expected);
    }
}
END_TEST

START_TEST(every_byte_counts)
{
    uint8_t buffer[100];
    sanity_buffer(buffer, sizeof buffer);
    uint64_t whole = gc_hash_bytes(buffer, sizeof buffer, 0);
    for (size_t i = 0; i < sizeof buffer; i++) {
        buffer[i] ^= 1;
        ck_assert_uint_ne(gc_hash_bytes(buffer, sizeof buffer, 0), whole);
        buffer[i] ^= 1;
    }
}
END_TEST

START_TEST(numbers_are_spread)
{
    /* SplitMix64's first outputs from state 0: Vigna's reference. */
    ck_assert_uint_eq(gc_hash_u64(0), UINT64_C(0xe220a8397b1dcdaf));
    ck_assert_uint_eq(gc_hash_u64(UINT64_C(0x9e3779b97f4a7c15)), UINT64_C(0x6e789e6aa1b965f4));
    ck_assert_uint_ne(gc_hash_more(gc_hash_u64(1), 2), gc_hash_more(gc_hash_u64(2), 1));
}
END_TEST

GC_SUITE("hash", GC_TEST(is_xxh64), GC_TEST(the_place_of_the_bytes_does_not_count),
         GC_TEST(every_byte_counts), GC_TEST(numbers_are_spread))
