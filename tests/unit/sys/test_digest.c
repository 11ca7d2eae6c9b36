#include "common/sys/digest.h"
#include "common/sys/random.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void expect(struct gc_digest d, const char *hex)
{
    char text[GC_DIGEST_TEXT_SIZE];
    gc_digest_text(d, text);
    ck_assert_str_eq(text, hex);
}

/* Of `b2sum -l 256`. */
static const char EMPTY[] = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8";
static const char ABC[] = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";

START_TEST(is_b2sum)
{
    expect(gc_digest_of((struct gc_bytes){NULL, 0}), EMPTY);
    expect(gc_digest_of(gc_bytes_of("abc", 3)), ABC);
}
END_TEST

START_TEST(parts_are_the_whole)
{
    struct gc_digest_stream s;
    gc_digest_init(&s);
    gc_digest_update(&s, gc_bytes_of("a", 1));
    gc_digest_update(&s, (struct gc_bytes){NULL, 0});
    gc_digest_update(&s, gc_bytes_of("bc", 2));
    expect(gc_digest_final(&s), ABC);
    gc_digest_init(&s);
    expect(gc_digest_final(&s), EMPTY);
}
END_TEST

START_TEST(of_a_descriptor)
{
    FILE *file = tmpfile();
    char part[1000];
    memset(part, 'x', sizeof part);
    struct gc_digest_stream s;
    gc_digest_init(&s);
    for (int i = 0; i < 300; i++) {
        ck_assert_uint_eq(fwrite(part, 1, sizeof part, file), sizeof part);
        gc_digest_update(&s, gc_bytes_of(part, sizeof part));
    }
    fflush(file);
    ck_assert_int_eq(lseek(fileno(file), 0, SEEK_SET), 0);
    struct gc_digest d;
    uint64_t len;
    ck_assert_int_eq(gc_digest_fd(fileno(file), &d, &len), GC_OK);
    ck_assert_uint_eq(len, 300000);
    ck_assert(gc_digest_equal(d, gc_digest_final(&s)));
    ck_assert_int_eq(gc_digest_fd(fileno(file), &d, NULL), GC_OK); /* at its end: nothing */
    expect(d, EMPTY);
    fclose(file);
    int dir = open("/", O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(gc_digest_fd(dir, &d, NULL), GC_ERR_IO);
    close(dir);
}
END_TEST

START_TEST(random_is_random)
{
    ck_assert(!gc_id_equal(gc_random_id(), gc_random_id()));
    ck_assert(!gc_id_none(gc_random_id()));
    ck_assert_uint_ne(gc_random_u64(), gc_random_u64());
    uint8_t bytes[1000] = {0};
    gc_random_bytes(bytes, sizeof bytes);
    size_t ones = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        ones += (size_t)__builtin_popcount(bytes[i]);
    ck_assert_uint_gt(ones, 3600); /* 4000 expected; this far off is one run in 10^18 */
    ck_assert_uint_lt(ones, 4400);
    gc_random_bytes(NULL, 0);
}
END_TEST

GC_SUITE("digest", GC_TEST(is_b2sum), GC_TEST(parts_are_the_whole), GC_TEST(of_a_descriptor),
         GC_TEST(random_is_random))
