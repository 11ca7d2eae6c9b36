/* proto/PROTOCOL.md says what the tables say and what the codec does.
 *
 *     test_codec_protocol                       checks
 *     test_codec_protocol --write PROTOCOL.md   writes the parts that are made (proto/gen-protocol.sh)
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arbitrary.h"
#include "proto/codec.h"
#include "protocol_doc.h"
#include "tests/unit/suite.h"

static char *slurp(const char *path)
{
    char *text = calloc(1, 1u << 20);
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        free(text);
        return NULL;
    }
    size_t n = fread(text, 1, (1u << 20) - 1, f);
    fclose(f);
    text[n] = '\0';
    return text;
}

static char *document(void)
{
    char path[4096];
    const char *source = getenv("GC_SOURCE");
    snprintf(path, sizeof path, "%s/proto/PROTOCOL.md", source != NULL ? source : ".");
    char *text = slurp(path);
    ck_assert_msg(text != NULL, "%s: %s", path, strerror(errno));
    return text;
}

START_TEST(made_parts_are_as_the_tables)
{
    const char *missing = "";
    char *text = document();
    char *made = doc_remade(text, &missing);
    ck_assert_msg(made != NULL, "the marks of part %s are missing", missing);
    size_t line = 1;
    size_t at = 0;
    while (text[at] != '\0' && text[at] == made[at])
        line += text[at++] == '\n';
    ck_assert_msg(text[at] == made[at],
                  "PROTOCOL.md differs from the tables at line %zu: run proto/gen-protocol.sh", line);
    free(made);
    free(text);
}
END_TEST

static int digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *p = c != '\0' ? strchr(digits, c) : NULL;
    return p != NULL ? (int)(p - digits) : -1;
}

/* The bytes of a block of hex: pairs up to the # of each line. */
static size_t unhex(const char *from, const char *to, uint8_t *ret, size_t room)
{
    size_t n = 0;
    while (from < to) {
        if (*from == '#') {
            while (from < to && *from != '\n')
                from++;
        } else if (*from == ' ' || *from == '\n') {
            from++;
        } else {
            ck_assert_int_ge(digit(from[0]), 0);
            ck_assert_int_ge(digit(from[1]), 0);
            ck_assert_uint_lt(n, room);
            ret[n++] = (uint8_t)(digit(from[0]) << 4 | digit(from[1]));
            from += 2;
        }
    }
    return n;
}

/* The next fenced block after *at, decoded. */
static size_t block(const char **at, uint8_t *ret, size_t room)
{
    const char *from = strstr(*at, "```\n");
    ck_assert_ptr_nonnull(from);
    from += 4;
    const char *to = strstr(from, "```\n");
    ck_assert_ptr_nonnull(to);
    *at = to + 4;
    return unhex(from, to, ret, room);
}

/* The hex as it stands in the document, read as somebody else's program would. */
START_TEST(the_example_decodes)
{
    static uint8_t frame[4096];
    static uint8_t bulk[4096];
    struct gc_codec *codec;
    struct gc_fault fault;
    char *text = document();
    const char *at = strstr(text, "<!-- made: example -->");
    ck_assert_ptr_nonnull(at);
    ck_assert_int_eq(gc_codec_new(GC_CODEC_SCRATCH, &codec), GC_OK);
    for (size_t i = 0; i < DOC_EXAMPLES; i++) {
        struct gc_msg want;
        struct gc_msg got;
        doc_example(i, &want);
        size_t n = block(&at, frame, sizeof frame);
        size_t n_bulk = want.bulk.len > 0 ? block(&at, bulk, sizeof bulk) : 0;
        enum gc_err err = gc_codec_decode(codec, gc_bytes_of(frame, n),
                                          gc_bytes_of(n_bulk > 0 ? bulk : NULL, n_bulk), &got, &fault);
        ck_assert_msg(err == GC_OK, "%s: %s", gc_msg_name(want.type), fault.text);
        ck_assert(msg_equal(&want, &got));
    }
    gc_codec_destroy(&codec);
    free(text);
}
END_TEST

/* Every message has a row in the table of what happens when it comes twice, and no other has. */
START_TEST(every_message_may_come_twice)
{
    char *text = document();
    const char *at = strstr(text, "| message | twice or late |");
    ck_assert_ptr_nonnull(at);
    char *end = strstr(at, "\n\n");
    ck_assert_ptr_nonnull(end);
    *end = '\0';
    enum gc_msg_type types[MSG_TYPES_MAX];
    size_t n = msg_types(types);
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        char cell[64];
        snprintf(cell, sizeof cell, "`%s`", gc_msg_name(types[i]));
        ck_assert_msg(strstr(at, cell) != NULL, "%s has no row", cell);
        found++;
    }
    size_t named = 0;
    for (const char *p = at; (p = strstr(p, "`")) != NULL; p++)
        named++;
    ck_assert_uint_eq(named, 2 * found);
    free(text);
}
END_TEST

/* The header's numbers in the prose. */
START_TEST(header_is_forty_bytes)
{
    char *text = document();
    char line[128];
    snprintf(line, sizeof line,
             "header        = magic version type body-length term session seq re  ; %u octets",
             GC_HEADER_BYTES);
    ck_assert_msg(strstr(text, line) != NULL, "%s", line);
    free(text);
}
END_TEST

static int write_document(const char *path)
{
    const char *missing = "";
    char *text = slurp(path);
    char *made = text != NULL ? doc_remade(text, &missing) : NULL;
    if (made == NULL) {
        fprintf(stderr, "%s: %s\n", path, text == NULL ? strerror(errno) : missing);
        free(text);
        return 1;
    }
    int rc = 0;
    if (strcmp(made, text) != 0) {
        FILE *f = fopen(path, "w");
        rc = f == NULL || fputs(made, f) < 0;
        if (f != NULL && fclose(f) != 0)
            rc = 1;
    }
    free(made);
    free(text);
    return rc;
}

int main(int argc, char **argv)
{
    const struct gc_suite_test tests[] = {GC_TEST(made_parts_are_as_the_tables), GC_TEST(the_example_decodes),
                                          GC_TEST(every_message_may_come_twice),
                                          GC_TEST(header_is_forty_bytes)};
    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_document(argv[2]);
    return gc_suite_run("codec: PROTOCOL.md", tests, sizeof tests / sizeof tests[0]);
}
