/* Frames and records that nobody honest sends. Whatever the decoder accepts must be a message that the encoder would have sent: that
 * is checked by encoding it again, so the encoder's asserts are the oracle. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arbitrary.h"
#include "proto/codec.h"

static struct gc_codec *codec;
static struct gc_arena arena;
static struct gc_buf out;
static struct gc_buf again;
static struct gc_fault fault;

static void setup(void)
{
    ck_assert_int_eq(gc_codec_new(GC_CODEC_SCRATCH, &codec), GC_OK);
    gc_arena_init(&arena, malloc(16u << 20), 16u << 20);
    gc_buf_init(&out, malloc(GC_FRAME_BYTES + 16), GC_FRAME_BYTES + 16);
    gc_buf_init(&again, malloc(GC_FRAME_BYTES), GC_FRAME_BYTES);
}

static void teardown(void)
{
    gc_codec_destroy(&codec);
    free(arena.base);
    free(out.data);
    free(again.data);
}

static void make(enum gc_msg_type type, uint64_t seed, size_t budget, struct gc_msg *msg)
{
    gc_arena_rewind(&arena, 0);
    struct arbitrary a = {.state = seed, .arena = &arena, .budget = budget};
    arbitrary_msg(&a, type, msg);
    ck_assert_int_eq(gc_codec_encode(codec, msg, &out), GC_OK);
}

static void body_length(uint8_t *frame, size_t body)
{
    for (int i = 0; i < 4; i++)
        frame[4 + i] = (uint8_t)(body >> (8 * i));
}

/* The frame in a block of its own, so that a read behind its end is seen by a sanitizer. */
static enum gc_err decode(const uint8_t *frame, size_t len, struct gc_bytes bulk)
{
    struct gc_msg msg;
    uint8_t *exact = malloc(len > 0 ? len : 1);
    memcpy(exact, frame, len);
    gc_fault_clear(&fault);
    enum gc_err err = gc_codec_decode(codec, gc_bytes_of(exact, len), bulk, &msg, &fault);
    if (err == GC_OK) {
        ck_assert_int_eq(gc_codec_encode(codec, &msg, &again), GC_OK);
    } else {
        ck_assert(err == GC_ERR_INVALID || err == GC_ERR_LIMIT || err == GC_ERR_VERSION);
        ck_assert_int_eq(fault.code, err);
        ck_assert_int_eq(fault.whose, GC_WHOSE_PEER);
        ck_assert_uint_gt(strlen(fault.text), 0);
    }
    free(exact);
    return err;
}

START_TEST(truncated)
{
    enum gc_msg_type types[MSG_TYPES_MAX];
    size_t n = msg_types(types);
    for (size_t t = 0; t < n; t++) {
        struct gc_msg msg;
        make(types[t], 1 + t, 600, &msg);
        for (size_t len = 0; len < out.len; len++) {
            ck_assert_int_ne(decode(out.data, len, msg.bulk), GC_OK);
            if (len < GC_HEADER_BYTES)
                continue;
            /* Once more with a header that knows of the cut. */
            uint8_t *cut = malloc(len);
            memcpy(cut, out.data, len);
            body_length(cut, len - GC_HEADER_BYTES);
            ck_assert_int_ne(decode(cut, len, msg.bulk), GC_OK);
            free(cut);
        }
        /* One byte more. */
        size_t len = out.len;
        out.data[len] = 0xc0;
        ck_assert_int_ne(decode(out.data, len + 1, msg.bulk), GC_OK);
        body_length(out.data, len + 1 - GC_HEADER_BYTES);
        ck_assert_int_ne(decode(out.data, len + 1, msg.bulk), GC_OK);
    }
}
END_TEST

START_TEST(flipped)
{
    enum gc_msg_type types[MSG_TYPES_MAX];
    size_t n = msg_types(types);
    static const uint8_t masks[] = {0x01, 0x80, 0xff, 0x10};
    for (size_t t = 0; t < n; t++) {
        for (uint64_t seed = 0; seed < 3; seed++) {
            struct gc_msg msg;
            make(types[t], seed << 8 | t, 500, &msg);
            for (size_t at = 0; at < out.len; at++) {
                for (size_t m = 0; m < sizeof masks; m++) {
                    out.data[at] ^= masks[m];
                    (void)decode(out.data, out.len, msg.bulk);
                    out.data[at] ^= masks[m];
                }
            }
        }
    }
}
END_TEST

/* A body of our own for a type. */
static enum gc_err decode_body(enum gc_msg_type type, const void *body, size_t len, struct gc_bytes bulk)
{
    uint8_t *frame = calloc(1, GC_HEADER_BYTES + len);
    frame[0] = 'G';
    frame[1] = 'C';
    frame[2] = GC_WIRE_VERSION;
    frame[3] = (uint8_t)type;
    body_length(frame, len);
    memcpy(frame + GC_HEADER_BYTES, body, len);
    enum gc_err err = decode(frame, GC_HEADER_BYTES + len, bulk);
    free(frame);
    return err;
}
#define BODY(type, literal) decode_body(type, literal, sizeof(literal) - 1, (struct gc_bytes){0})

START_TEST(bombs)
{
    uint8_t deep[34];
    enum gc_msg_type types[MSG_TYPES_MAX];
    size_t n = msg_types(types);
    memset(deep, 0x91, sizeof deep);
    deep[33] = 0xc0;
    for (size_t t = 0; t < n; t++) {
        ck_assert_int_ne(BODY(types[t], "\xdd\xff\xff\xff\xff"), GC_OK);
        ck_assert_int_ne(BODY(types[t], "\xdf\xff\xff\xff\xff"), GC_OK);
        ck_assert_int_ne(BODY(types[t], "\x91\xdd\x0f\xff\xff\xff"), GC_OK);
        ck_assert_int_ne(decode_body(types[t], deep, sizeof deep, (struct gc_bytes){0}),
                         GC_OK); /* depth 33 */
        ck_assert_int_ne(decode_body(types[t], "", 0, (struct gc_bytes){0}), GC_OK);
        ck_assert_int_ne(BODY(types[t], "\xc0"), GC_OK);
        ck_assert_int_ne(BODY(types[t], "\x80"), GC_OK);
        ck_assert_int_ne(BODY(types[t], "\xd4\x01\x01"), GC_OK);
    }
    /* A full body of nils: 24 times its size when unpacked, and no more than that. */
    uint8_t *nils = malloc(GC_MAX_BODY);
    memset(nils, 0xc0, GC_MAX_BODY);
    nils[0] = 0xdc;
    nils[1] = 15;
    nils[2] = 0xff;
    for (size_t at = 3, i = 0; i < 15;
         i++) { /* fifteen arrays of 4,000 and their nils, and 4,080 nils behind */
        nils[at] = 0xdc;
        nils[at + 1] = 4000 >> 8;
        nils[at + 2] = (uint8_t)(4000 & 0xff);
        at += 4003;
    }
    size_t len = 3 + 15 * 4003 + (15 * 256 + 255 - 15);
    ck_assert_int_ne(decode_body(GC_MSG_BEAT, nils, len, (struct gc_bytes){0}), GC_OK);
    ck_assert_str_eq(fault.text, "beat: not an array of its 4 fields");
    free(nils);
}
END_TEST

START_TEST(garbage)
{
    struct arbitrary a = {.state = 99, .arena = &arena};
    for (int i = 0; i < 20000; i++) {
        uint8_t frame[200];
        size_t len = arbitrary_below(&a, sizeof frame + 1);
        for (size_t b = 0; b < len; b++)
            frame[b] = (uint8_t)arbitrary_u64(&a);
        (void)decode(frame, len, (struct gc_bytes){0});
        if (len < GC_HEADER_BYTES)
            continue;
        frame[0] = 'G';
        frame[1] = 'C';
        frame[2] = GC_WIRE_VERSION;
        frame[3] = (uint8_t)arbitrary_below(&a, 48);
        body_length(frame, len - GC_HEADER_BYTES);
        (void)decode(frame, len, (struct gc_bytes){0});
    }
}
END_TEST

START_TEST(headers)
{
    struct gc_msg msg;
    make(GC_MSG_BEAT_ACK, 1, 100, &msg);
    size_t len = out.len;
    struct gc_bytes none = {0};
    ck_assert_int_eq(decode(out.data, len, none), GC_OK);

    out.data[0] ^= 1;
    ck_assert_int_eq(decode(out.data, len, none), GC_ERR_INVALID);
    out.data[0] ^= 1;

    /* A later version may have another header and another body: nothing behind the version is looked at. */
    out.data[2] = GC_WIRE_VERSION + 1;
    ck_assert_int_eq(decode(out.data, len, none), GC_ERR_VERSION);
    ck_assert_int_eq(decode(out.data, 3, none), GC_ERR_VERSION);
    ck_assert_ptr_nonnull(strstr(fault.text, "version 2"));
    out.data[2] = GC_WIRE_VERSION;

    static const uint8_t not_types[] = {0, 10, 15, 26, 31, 45, 255};
    uint8_t type = out.data[3];
    for (size_t i = 0; i < sizeof not_types; i++) {
        out.data[3] = not_types[i];
        ck_assert_int_eq(decode(out.data, len, none), GC_ERR_INVALID);
    }
    out.data[3] = type;

    body_length(out.data, len - GC_HEADER_BYTES + 1);
    ck_assert_int_eq(decode(out.data, len, none), GC_ERR_INVALID);
    body_length(out.data, len - GC_HEADER_BYTES - 1);
    ck_assert_int_eq(decode(out.data, len, none), GC_ERR_INVALID);
    body_length(out.data, GC_MAX_BODY + 1);
    ck_assert_int_eq(decode(out.data, len, none), GC_ERR_LIMIT);
    body_length(out.data, 0xffffffff);
    ck_assert_int_eq(decode(out.data, len, none), GC_ERR_LIMIT);

    uint8_t *large = calloc(1, GC_FRAME_BYTES + 1);
    memcpy(large, out.data, GC_HEADER_BYTES);
    body_length(large, GC_MAX_BODY + 1);
    ck_assert_int_eq(decode(large, GC_FRAME_BYTES + 1, none), GC_ERR_LIMIT);
    free(large);
    /* Nobody need want to know why. */
    ck_assert_int_eq(gc_codec_decode(codec, none, none, &msg, NULL), GC_ERR_INVALID);
}
END_TEST

START_TEST(bulks)
{
    struct gc_msg msg;
    uint8_t *bulk = calloc(1, GC_MAX_BULK + 1);
    make(GC_MSG_WHO, 1, 100, &msg);
    ck_assert_int_eq(decode(out.data, out.len, gc_bytes_of(bulk, 1)), GC_ERR_INVALID);
    ck_assert_int_eq(decode(out.data, out.len, gc_bytes_of(bulk, 0)), GC_ERR_INVALID);
    make(GC_MSG_SUBMIT_PART, 1, 100, &msg);
    ck_assert_int_eq(decode(out.data, out.len, gc_bytes_of(bulk, 1)), GC_OK);
    ck_assert_int_eq(decode(out.data, out.len, gc_bytes_of(bulk, GC_MAX_BULK)), GC_OK);
    ck_assert_int_eq(decode(out.data, out.len, gc_bytes_of(bulk, GC_MAX_BULK + 1)), GC_ERR_LIMIT);

    /* Lengths that do not add up to the bulk. */
    static const enum gc_msg_type cut[] = {GC_MSG_RESULT, GC_MSG_BATCHES, GC_MSG_PAGES};
    for (size_t t = 0; t < sizeof cut / sizeof cut[0]; t++) {
        for (uint64_t seed = 0; seed < 200; seed++) {
            make(cut[t], seed, 2000, &msg);
            ck_assert_int_eq(decode(out.data, out.len, msg.bulk), GC_OK);
            ck_assert_int_eq(decode(out.data, out.len, gc_bytes_of(bulk, msg.bulk.len + 1)), GC_ERR_INVALID);
            if (msg.bulk.len > 0)
                ck_assert_int_eq(decode(out.data, out.len, gc_bytes_of(bulk, msg.bulk.len - 1)),
                                 GC_ERR_INVALID);
        }
    }
    free(bulk);
}
END_TEST

/* Each field of one message with each wrong type, and each limit passed by one. FAULT has five numbers, one of them of a closed
 * set, and a string: [term, lease, item, node, cause, text]. */
START_TEST(fields)
{
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x96\x01\x02\x03\x00\x01\xa1x"), GC_OK);
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x95\x01\x02\x03\x00\x01"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x97\x01\x02\x03\x00\x01\xa1x\xc0"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x96\xff\x02\x03\x00\x01\xa1x"), GC_ERR_INVALID);
    ck_assert_str_eq(fault.text, "fault.term: not an unsigned number");
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x96\xc0\x02\x03\x00\x01\xa1x"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x96\xc3\x02\x03\x00\x01\xa1x"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x96\xa1x\x02\x03\x00\x01\xa1x"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x96\x90\x02\x03\x00\x01\xa1x"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x96\xca\x3f\x80\x00\x00\x02\x03\x00\x01\xa1x"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x96\x01\x02\x03\x00\x00\xa1x"), GC_ERR_INVALID);
    ck_assert_str_eq(fault.text, "fault.cause: 0 is no CAUSE");
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x96\x01\x02\x03\x00\x0e\xa1x"), GC_ERR_INVALID);
    ck_assert_str_eq(fault.text, "fault.cause: 14 is no CAUSE");
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x96\x01\x02\x03\x00\x01\xa1\x00"), GC_ERR_INVALID);
    ck_assert_str_eq(fault.text, "fault.text: a string with a NUL in it");
    ck_assert_int_eq(BODY(GC_MSG_FAULT, "\x96\x01\x02\x03\x00\x01\xc4\x01x"), GC_ERR_INVALID);
    ck_assert_str_eq(fault.text, "fault.text: not a string");
    uint8_t body[9 + GC_MAX_TEXT + 1] = "\x96\x01\x02\x03\x00\x01\xda";
    for (size_t len = GC_MAX_TEXT; len <= GC_MAX_TEXT + 1; len++) {
        body[7] = (uint8_t)(len >> 8);
        body[8] = (uint8_t)len;
        memset(body + 9, 'x', len);
        ck_assert_int_eq(decode_body(GC_MSG_FAULT, body, 9 + len, (struct gc_bytes){0}),
                         len <= GC_MAX_TEXT ? GC_OK : GC_ERR_INVALID);
    }
    ck_assert_str_eq(fault.text, "fault.text: a string above its limit");
    /* Flags, ids, lists and their numbers. CONTROL: [run, action]; SHOW: [run, watch]; GET: [what, run, stage, index, ids]. */
#define ID16 "0123456789abcdef"
    ck_assert_int_eq(BODY(GC_MSG_CONTROL, "\x92\xc4\x10" ID16 "\x01"), GC_OK);
    ck_assert_int_eq(BODY(GC_MSG_CONTROL, "\x92\xc4\x10" ID16 "\x04"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_CONTROL, "\x92\xb0" ID16 "\x01"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_CONTROL, "\x92\xc4\x11" ID16 "x\x01"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_CONTROL, "\x92\xc4\x0f"
                                          "123456789abcdef"
                                          "\x01"),
                     GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_SHOW, "\x92\xc4\x10" ID16 "\xc3"), GC_OK);
    ck_assert_int_eq(BODY(GC_MSG_SHOW, "\x92\xc4\x10" ID16 "\x01"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_GET, "\x95\x03\x01\x01\x01\x92\x01\x02"), GC_OK);
    ck_assert_int_eq(BODY(GC_MSG_GET, "\x95\x03\x01\x01\x01\x92\x01\xff"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_GET, "\x95\x03\x01\x01\x01\x81\x01\x02"), GC_ERR_INVALID);
    ck_assert_int_eq(BODY(GC_MSG_GET, "\x95\x08\x01\x01\x01\x90"), GC_ERR_INVALID);
    uint8_t get[8 + GC_MERGE_INPUTS + 1] = "\x95\x03\x01\x01\x01\xdc\x00";
    get[7] = GC_MERGE_INPUTS;
    ck_assert_int_eq(decode_body(GC_MSG_GET, get, 8 + GC_MERGE_INPUTS, (struct gc_bytes){0}), GC_OK);
    get[7]++;
    ck_assert_int_eq(decode_body(GC_MSG_GET, get, 9 + GC_MERGE_INPUTS, (struct gc_bytes){0}), GC_ERR_INVALID);
    /* WELCOME: verdicts are of a closed set, each of them. */
    ck_assert_int_eq(BODY(GC_MSG_WELCOME, "\x96\xa0\x01\x01\x01\x92\x04\x06\xc2"), GC_OK);
    ck_assert_int_eq(BODY(GC_MSG_WELCOME, "\x96\xa0\x01\x01\x01\x92\x04\x07\xc2"), GC_ERR_INVALID);
    ck_assert_str_eq(fault.text, "welcome.verdicts: 7 is no VERDICT");
    /* A list of records: the fault names the record's field. BEAT: [sent, rss, leases, running[[lease, item]]]. */
    ck_assert_int_eq(BODY(GC_MSG_BEAT, "\x94\x01\x01\x90\x91\x92\x01\x02"), GC_OK);
    ck_assert_int_eq(BODY(GC_MSG_BEAT, "\x94\x01\x01\x90\x91\x92\x01\xc2"), GC_ERR_INVALID);
    ck_assert_str_eq(fault.text, "running.item: not an unsigned number");
    ck_assert_int_eq(BODY(GC_MSG_BEAT, "\x94\x01\x01\x90\x91\x91\x01"), GC_ERR_INVALID);
    ck_assert_str_eq(fault.text, "running: not an array of its 2 fields");
    ck_assert_int_eq(BODY(GC_MSG_BEAT, "\x94\x01\x01\x90\x01"), GC_ERR_INVALID);
    /* PAGES: cursor is BIN. */
    ck_assert_int_eq(BODY(GC_MSG_PAGES, "\x9b\x01\x01\x01\x01\x90\x90\xc2\xc2\xc4\x00\x00\xa0"), GC_OK);
    ck_assert_int_eq(BODY(GC_MSG_PAGES, "\x9b\x01\x01\x01\x01\x90\x90\xc2\xc2\xa0\x00\xa0"), GC_ERR_INVALID);
}
END_TEST

/* A codec with little scratch refuses what does not fit, and goes on. */
START_TEST(scratch_full)
{
    struct gc_codec *small;
    struct gc_msg msg;
    struct gc_msg back;
    ck_assert_int_eq(gc_codec_new(64, &small), GC_OK);
    make(GC_MSG_BEAT, 3, 0, &msg);
    struct gc_running running[10] = {{0}};
    uint64_t leases[10] = {0};
    msg.as.beat.running = running;
    msg.as.beat.n_running = 10;
    ck_assert_int_eq(gc_codec_encode(small, &msg, &out), GC_OK);
    ck_assert_int_eq(gc_codec_decode(small, gc_buf_bytes(&out), (struct gc_bytes){0}, &back, &fault),
                     GC_ERR_LIMIT);
    msg.as.beat.n_running = 0;
    msg.as.beat.leases = leases;
    msg.as.beat.n_leases = 10;
    ck_assert_int_eq(gc_codec_encode(small, &msg, &out), GC_OK);
    ck_assert_int_eq(gc_codec_decode(small, gc_buf_bytes(&out), (struct gc_bytes){0}, &back, &fault),
                     GC_ERR_LIMIT);
    for (int i = 0; i < 1000; i++) { /* scratch is given back between messages */
        msg.as.beat.n_leases = 5;
        ck_assert_int_eq(gc_codec_encode(small, &msg, &out), GC_OK);
        ck_assert_int_eq(gc_codec_decode(small, gc_buf_bytes(&out), (struct gc_bytes){0}, &back, &fault),
                         GC_OK);
    }
    gc_codec_destroy(&small);
}
END_TEST

/* ---- records ---- */

static struct gc_setting setting;

static enum gc_err decode_setting(const void *bytes, size_t len)
{
    gc_arena_rewind(&arena, 0);
    gc_fault_clear(&fault);
    enum gc_err err = gc_decode_setting(gc_bytes_of(bytes, len), &arena, &setting, &fault);
    ck_assert_int_eq(fault.code, err);
    if (err != GC_OK)
        ck_assert_uint_eq(gc_arena_mark(&arena), 0);
    return err;
}
#define SETTING(literal) decode_setting(literal, sizeof(literal) - 1)

START_TEST(values)
{
    ck_assert_int_eq(SETTING("\x92\xa1k\xc0"), GC_OK);
    ck_assert_int_eq(setting.value.kind, GC_VALUE_NULL);
    ck_assert_int_eq(SETTING("\x92\xa1k\xff"), GC_OK);
    ck_assert_int_eq(setting.value.as.integer, -1);
    ck_assert_int_eq(SETTING("\x92\xa1k\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), GC_OK);
    ck_assert_int_eq(setting.value.as.integer, INT64_MAX);
    ck_assert_int_eq(SETTING("\x92\xa1k\xcf\x80\x00\x00\x00\x00\x00\x00\x00"), GC_ERR_INVALID);
    ck_assert_int_eq(SETTING("\x92\xa1k\xca\x3f\xc0\x00\x00"), GC_OK); /* a float of 4 bytes */
    ck_assert_double_eq(setting.value.as.real, 1.5);
    ck_assert_int_eq(SETTING("\x92\xa1k\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), GC_ERR_INVALID); /* NaN */
    ck_assert_int_eq(SETTING("\x92\xa1k\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"), GC_OK);          /* infinity */
    ck_assert_int_eq(SETTING("\x92\xa1k\xa1\x00"), GC_ERR_INVALID);
    ck_assert_int_eq(SETTING("\x92\xa1k\xc4\x01x"), GC_ERR_INVALID); /* bytes are no value */
    ck_assert_int_eq(SETTING("\x92\xa1k\x82\xa1"
                             "a\x01\xa1"
                             "b\x91\xc3"),
                     GC_OK);
    ck_assert_int_eq(setting.value.kind, GC_VALUE_MAP);
    ck_assert_uint_eq(setting.value.n, 2);
    ck_assert_int_eq(setting.value.as.items[1].kind, GC_VALUE_LIST);
    ck_assert_int_eq(SETTING("\x92\xa1k\x82\xa1"
                             "a\x01\xa1"
                             "a\x02"),
                     GC_ERR_INVALID);
    ck_assert_str_eq(fault.text, "setting.value: a key twice");
    ck_assert_int_eq(SETTING("\x92\xa1k\x81\x01\x01"), GC_ERR_INVALID); /* a key that is no string */
    ck_assert_int_eq(SETTING("\x92\xa1k\x81\xa1"
                             "a\xc4\x00"),
                     GC_ERR_INVALID);
    ck_assert_int_eq(SETTING("\x92\xa1k\x91\xc4\x00"), GC_ERR_INVALID);
    ck_assert_int_eq(SETTING("\x92\xa1k\x91\x91\x91\x91\x91\x91\x91\xc0"), GC_OK);
    ck_assert_int_eq(SETTING("\x92\xa1k\x91\x91\x91\x91\x91\x91\x91\x91\xc0"), GC_ERR_INVALID);
    ck_assert_int_eq(SETTING("\xdd\xff\xff\xff\xff"), GC_ERR_INVALID);
    ck_assert_int_eq(decode_setting("", 0), GC_ERR_INVALID);

    /* 129 keys. */
    uint8_t map[6 + 4 * (GC_MAX_CONFIG + 1)] = "\x92\xa1k\xde";
    for (size_t n = GC_MAX_CONFIG; n <= GC_MAX_CONFIG + 1; n++) {
        map[4] = (uint8_t)(n >> 8);
        map[5] = (uint8_t)n;
        for (size_t i = 0; i < n; i++) {
            uint8_t *pair = map + 6 + 4 * i;
            pair[0] = 0xa2;
            pair[1] = (uint8_t)('a' + i / 16);
            pair[2] = (uint8_t)('a' + i % 16);
            pair[3] = 0xc0;
        }
        ck_assert_int_eq(decode_setting(map, 6 + 4 * n), n <= GC_MAX_CONFIG ? GC_OK : GC_ERR_INVALID);
    }

    /* Arenas that are too small for a list, a map's values, a map's keys. */
    static const char list[] = "\x92\xa1k\x92\x01\x02";
    static const char pairs[] = "\x92\xa1k\x82\xa1"
                                "a\x01\xa1"
                                "b\x02";
    uint8_t block[128];
    for (size_t room = 0; room < 96; room += 8) {
        struct gc_arena little;
        gc_arena_init(&little, block, room);
        enum gc_err err = gc_decode_setting(gc_bytes_of(list, sizeof list - 1), &little, &setting, NULL);
        ck_assert_int_eq(err, room < 64 ? GC_ERR_LIMIT : GC_OK);
        gc_arena_init(&little, block, room);
        err = gc_decode_setting(gc_bytes_of(pairs, sizeof pairs - 1), &little, &setting, NULL);
        ck_assert_int_eq(err, GC_ERR_LIMIT);
    }
}
END_TEST

/* A NaN is nobody's limit: compared with anything it says no. */
START_TEST(reals)
{
    struct gc_op_config in = {.key = gc_bytes_of("k", 1), .min = 1.5, .max = 1.5};
    struct gc_op_config back;
    gc_buf_reset(&out);
    ck_assert_int_eq(gc_encode_op_config(&in, &out), GC_OK);
    gc_arena_rewind(&arena, 0);
    ck_assert_int_eq(gc_decode_op_config(gc_buf_bytes(&out), &arena, &back, &fault), GC_OK);
    ck_assert(back.min == 1.5 && back.max == 1.5);
    static const uint8_t real[] = {0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0}; /* 1.5 */
    uint8_t *at = memmem(out.data, out.len, real, sizeof real);
    ck_assert_ptr_nonnull(at);
    at[1] = 0x7f; /* and with f8: a quiet NaN */
    ck_assert_int_eq(gc_decode_op_config(gc_buf_bytes(&out), &arena, &back, &fault), GC_ERR_INVALID);
    ck_assert_str_eq(fault.text, "op_config.min: not a real number");
}
END_TEST

/* The encoder counts objects as the reader's guard does: a document of exactly the most there may be passes both, and one object more,
 * wherever the last container stands, is not made. */
START_TEST(a_document_of_too_many_objects_is_not_made)
{
    static struct gc_value nils[GC_MAX_CONTAINER]; /* zero: null */
    static struct gc_setting settings[2][GC_MAX_CONFIG];
    struct gc_input input = {.output = gc_bytes_of("a", 1)};
    struct gc_node all[3] = {{.n_config = GC_MAX_CONFIG, .config = settings[0]},
                             {.n_config = GC_MAX_CONFIG, .config = settings[1]},
                             {.n_inputs = 1, .inputs = &input}};
    struct gc_nodes nodes = {.n_nodes = 3, .nodes = all};
    for (uint32_t i = 0; i < 2 * GC_MAX_CONFIG; i++)
        settings[i / GC_MAX_CONFIG][i % GC_MAX_CONFIG].value =
            (struct gc_value){.kind = GC_VALUE_LIST, .n = GC_MAX_CONTAINER, .as.items = nils};
    /* Fields of the records and elements of the lists, but for the last list of the second node. */
    const uint32_t node_fields = 6, input_fields = 3, setting_fields = 2;
    const uint32_t third = node_fields + 1 + input_fields;
    const uint32_t others = 1 + 3 + 2 * (node_fields + GC_MAX_CONFIG * (1 + setting_fields)) +
                            (2 * GC_MAX_CONFIG - 1) * GC_MAX_CONTAINER + third;
    ck_assert_uint_lt(others, GC_MAX_DOCUMENT_OBJECTS);
    size_t room = GC_MAX_DOCUMENT + 100;
    struct gc_buf large;
    gc_buf_init(&large, malloc(room), room);
    for (uint32_t over = 0; over <= third + 1; over++) {
        settings[1][GC_MAX_CONFIG - 1].value.n = GC_MAX_DOCUMENT_OBJECTS - others + over;
        gc_buf_reset(&large);
        ck_assert_int_eq(gc_encode_nodes(&nodes, &large), over == 0 ? GC_OK : GC_ERR_LIMIT);
        ck_assert_int_eq(large.len == 0, over > 0);
        if (over > 0)
            continue;
        struct gc_arena wide; /* a value takes some 40 times its byte */
        struct gc_nodes back;
        gc_arena_init(&wide, malloc(64u << 20), 64u << 20);
        ck_assert_int_eq(gc_decode_nodes(gc_buf_bytes(&large), &wide, &back, &fault), GC_OK);
        ck_assert_uint_eq(back.n_nodes, 3);
        free(wide.base);
    }
    free(large.data);
}
END_TEST

START_TEST(document_limits)
{
    /* More bytes than a document, and more objects than one: the second is found by the guard, before any memory is taken. */
    size_t len = GC_MAX_DOCUMENT + 1;
    uint8_t *bytes = malloc(len);
    memset(bytes, 0xc0, len);
    struct gc_nodes nodes;
    ck_assert_int_eq(gc_decode_nodes(gc_bytes_of(bytes, len), &arena, &nodes, &fault), GC_ERR_LIMIT);
    bytes[0] = 0xdc; /* 1,000 arrays of 4,000 nils */
    bytes[1] = 1000 >> 8;
    bytes[2] = (uint8_t)(1000 & 0xff);
    for (size_t i = 0, at = 3; i < 1000; i++, at += 4003) {
        bytes[at] = 0xdc;
        bytes[at + 1] = 4000 >> 8;
        bytes[at + 2] = (uint8_t)(4000 & 0xff);
    }
    ck_assert_int_eq(gc_decode_nodes(gc_bytes_of(bytes, 3 + 1000 * 4003), &arena, &nodes, &fault),
                     GC_ERR_LIMIT);
    ck_assert_str_eq(fault.text, "nodes: too many objects");
    free(bytes);
}
END_TEST

START_TEST(records_truncated_and_flipped)
{
    struct gc_nodes in = {.n_nodes = 8};
    struct gc_nodes back;
    struct gc_arena scratch;
    gc_arena_init(&scratch, malloc(1 << 20), 1 << 20);
    gc_arena_rewind(&arena, 0);
    struct arbitrary a = {.state = 5, .arena = &arena, .budget = 1500};
    in.nodes = GC_ARENA_ARRAY(&arena, struct gc_node, 8);
    memset(in.nodes, 0, 8 * sizeof *in.nodes);
    for (int i = 0; i < 8; i++)
        arbitrary_node(&a, &in.nodes[i]);
    gc_buf_reset(&out);
    ck_assert_int_eq(gc_encode_nodes(&in, &out), GC_OK);
    for (size_t len = 0; len < out.len; len++) {
        uint8_t *cut = malloc(len > 0 ? len : 1);
        memcpy(cut, out.data, len);
        ck_assert_int_ne(gc_decode_nodes(gc_bytes_of(cut, len), &scratch, &back, &fault), GC_OK);
        free(cut);
    }
    for (size_t at = 0; at < out.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            gc_arena_rewind(&scratch, 0);
            out.data[at] ^= (uint8_t)(1u << bit);
            if (gc_decode_nodes(gc_buf_bytes(&out), &scratch, &back, &fault) == GC_OK) {
                gc_buf_reset(&again);
                ck_assert_int_eq(gc_encode_nodes(&back, &again), GC_OK);
            }
            out.data[at] ^= (uint8_t)(1u << bit);
        }
    }
    free(scratch.base);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("codec: hostile bytes");
    TCase *tc = tcase_create("all");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, truncated);
    tcase_add_test(tc, flipped);
    tcase_add_test(tc, bombs);
    tcase_add_test(tc, garbage);
    tcase_add_test(tc, headers);
    tcase_add_test(tc, bulks);
    tcase_add_test(tc, fields);
    tcase_add_test(tc, scratch_full);
    tcase_add_test(tc, values);
    tcase_add_test(tc, reals);
    tcase_add_test(tc, a_document_of_too_many_objects_is_not_made);
    tcase_add_test(tc, document_limits);
    tcase_add_test(tc, records_truncated_and_flipped);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
