#include "protocol_doc.h"

#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "proto/codec.h"
#include "proto/status.h"
#include "proto/values.h"

/* ---- limits ---- */

static void write_limits(FILE *out)
{
    static const struct {
        const char *name;
        uint64_t value;
        const char *text;
    } limits[] = {
#define LIMIT(name, text) {#name, name, text}
        LIMIT(GC_WIRE_VERSION, "version of everything on this page"),
        LIMIT(GC_MAX_BODY, "bytes of a body"),
        LIMIT(GC_MAX_BULK, "bytes of a bulk frame"),
        LIMIT(GC_MAX_DEPTH, "containers open at once"),
        LIMIT(GC_MAX_CONTAINER, "elements of a container"),
        LIMIT(GC_MAX_DOCUMENT, "bytes of a document, reassembled"),
        LIMIT(GC_MAX_DOCUMENT_OBJECTS, "objects in a document"),
        LIMIT(GC_MAX_NAME, "bytes of a name"),
        LIMIT(GC_MAX_PATH, "bytes of a path or cursor"),
        LIMIT(GC_MAX_TEXT, "bytes of a text for people"),
        LIMIT(GC_MAX_HELP, "bytes of an op's help"),
        LIMIT(GC_MAX_STRING, "bytes of a string in a config"),
        LIMIT(GC_MAX_METADATA, "bytes of a job's metadata"),
        LIMIT(GC_MAX_CONFIG, "settings of a node, keys of a map in a config"),
        LIMIT(GC_MAX_JOB_NODES, "nodes of a job"),
        LIMIT(GC_MAX_STAGE_NODES, "nodes of a stage"),
        LIMIT(GC_MAX_STAGES, "stages of a plan"),
        LIMIT(GC_MAX_INPUTS, "inputs of a node"),
        LIMIT(GC_MAX_FIELDS, "fields of a record value"),
        LIMIT(GC_MAX_TAGS, "tags of a job"),
        LIMIT(GC_MAX_OPS, "ops of a catalogue"),
        LIMIT(GC_MAX_CHOICES, "choices of a config key"),
        LIMIT(GC_MAX_PROBLEMS, "problems named in one answer"),
        LIMIT(GC_MAX_INVENTORY, "entries of an inventory, leases of a beat"),
        LIMIT(GC_MAX_SLOTS, "executors of a worker"),
        LIMIT(GC_MAX_LEASE_ITEMS, "items of a lease"),
        LIMIT(GC_CHUNK_ITEMS, "items of a RESULT"),
        LIMIT(GC_PAGE_ITEMS, "items of a page"),
        LIMIT(GC_PAGES_A_MESSAGE, "pages of a PAGES"),
        LIMIT(GC_PAGES_AHEAD, "pages of a LIST lease"),
        LIMIT(GC_MERGE_INPUTS, "states that one merge takes"),
        LIMIT(GC_MAX_DELTA, "bytes of a reducer's state"),
        LIMIT(GC_MAX_PATTERNS, "distinct patterns of a status"),
        LIMIT(GC_RESULT_WINDOW, "results a worker may have unacknowledged"),
        LIMIT(GC_BEAT_NS, "between two beats"),
        LIMIT(GC_LEASE_NS, "what is not renewed for so long is lost"),
        LIMIT(GC_FENCE_NS, "a worker whose last acknowledged beat is older stops"),
        LIMIT(GC_GRACE_NS, "after a restart, for workers to come back"),
        LIMIT(GC_RESEND_NS, "after which an unanswered request is sent again"),
    };
    fprintf(out, "| limit | value | of what |\n|---|--:|---|\n");
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        uint64_t v = limits[i].value;
        size_t len = strlen(limits[i].name);
        if (strcmp(limits[i].name + len - 3, "_NS") == 0)
            fprintf(out, "| `%s` | %llu s | %s |\n", limits[i].name, (unsigned long long)(v / GC_S),
                    limits[i].text);
        else
            fprintf(out, "| `%s` | %llu | %s |\n", limits[i].name, (unsigned long long)v, limits[i].text);
    }
    fprintf(out, "\n");
}

/* ---- sets ---- */

static void write_sets(FILE *out)
{
    fprintf(out, "| set | numbers |\n|---|---|\n");
    fprintf(out, "| ROLE | %d client, %d worker |\n", GC_ROLE_CLIENT, GC_ROLE_WORKER);
    fprintf(out, "| ACTION | %d pause, %d resume, %d cancel |\n", GC_ACTION_PAUSE, GC_ACTION_RESUME,
            GC_ACTION_CANCEL);
    fprintf(
        out,
        "| GET | %d program, %d page, %d deltas, %d cursor, %d catalogue (union of the fleet's), %d plan, %d results |\n",
        GC_GET_PROGRAM, GC_GET_PAGE, GC_GET_DELTAS, GC_GET_CURSOR, GC_GET_CATALOGUE, GC_GET_PLAN,
        GC_GET_RESULTS);
    const char *comma;
#define NEXT(number, name)                               \
    fprintf(out, "%s%d %s", comma, (int)(number), name); \
    comma = ", ";
#define BEGIN(set)                \
    fprintf(out, "| %s | ", set); \
    comma = "";
#define END fprintf(out, " |\n")
    BEGIN("RUN_STATE")
#define RUN_STATE(NAME, name, ended) NEXT(GC_RUN_##NAME, name)
#include "proto/states.def"
    END;
    BEGIN("OUTCOME")
#define OUTCOME(NAME, name) NEXT(GC_OUTCOME_##NAME, name)
#include "proto/states.def"
    END;
    BEGIN("CAUSE")
#define CAUSE(NAME, name, retried, text) NEXT(GC_CAUSE_##NAME, name)
#include "proto/states.def"
    END;
    BEGIN("VERDICT")
#define VERDICT(NAME, name) NEXT(GC_VERDICT_##NAME, name)
#include "proto/states.def"
    END;
    BEGIN("STAGE_KIND")
#define STAGE_KIND(NAME, name) NEXT(GC_STAGE_##NAME, name)
#include "proto/states.def"
    END;
    BEGIN("LEASE_KIND")
#define LEASE_KIND(NAME, name) NEXT(GC_LEASE_##NAME, name)
#include "proto/states.def"
    END;
    BEGIN("SCOPE")
#define SCOPE(NAME, name) NEXT(GC_SCOPE_##NAME, name)
#include "proto/states.def"
    END;
    BEGIN("TYPE")
#define TYPE(NAME, name) NEXT(GC_TYPE_##NAME, name)
#include "proto/states.def"
    END;
    BEGIN("TRAIT (bits)")
#define TRAIT(NAME, bit, name, text) NEXT(bit, name)
#include "proto/states.def"
    END;
    fprintf(out, "\n| cause | retried | |\n|---|---|---|\n");
#define CAUSE(NAME, name, retried, text)       \
    fprintf(out, "| %s | %s | %s |\n", name,   \
            (retried) == 0   ? "never"         \
            : (retried) == 1 ? "counted"       \
                             : "with backoff", \
            text);
#include "proto/states.def"
    fprintf(out, "\n");
}

/* ---- records and messages ---- */

static void row(FILE *out, const char *field, const char *type, const char *doc)
{
    fprintf(out, "| `%s` | %s | %s |\n", field, type, doc);
}

#define U64(owner, field, doc)               row(out, #field, "u64", doc);
#define F64(owner, field, doc)               row(out, #field, "f64", doc);
#define FLAG(owner, field, doc)              row(out, #field, "bool", doc);
#define ID(owner, field, doc)                row(out, #field, "id", doc);
#define STR(owner, field, max, doc)          row(out, #field, "str ≤ " #max, doc);
#define BIN(owner, field, max, doc)          row(out, #field, "bin ≤ " #max, doc);
#define VALUE(owner, field, doc)             row(out, #field, "value", doc);
#define LIST(owner, field, record, max, doc) row(out, #field, "[`" #record "`] ≤ " #max, doc);
#define U64S(owner, field, max, doc)         row(out, #field, "[u64] ≤ " #max, doc);
#define ENUM(owner, field, SET, doc)         row(out, #field, #SET, doc);
#define ENUMS(owner, field, SET, max, doc)   row(out, #field, "[" #SET "] ≤ " #max, doc);

static void write_records(FILE *out)
{
#define REC_BEGIN(name, doc) \
    fprintf(out, "#### `%s`%s%s\n\n| field | type | |\n|---|---|---|\n", #name, *(doc) ? ": " : "", doc);
#define REC_END(name) fprintf(out, "\n");
#include "proto/records.def"
#undef REC_BEGIN
#undef REC_END
}

static const char *direction_text(enum gc_direction d)
{
    switch (d) {
    case GC_DIR_ANY_C: return "any peer → coordinator";
    case GC_DIR_CLIENT_C: return "client → coordinator";
    case GC_DIR_WORKER_C: return "worker → coordinator";
    case GC_DIR_C_ANY: return "coordinator → any peer";
    case GC_DIR_C_CLIENT: return "coordinator → client";
    case GC_DIR_C_WORKER: return "coordinator → worker";
    }
    GC_NEVER("a direction");
}

static void message_begin(FILE *out, enum gc_msg_type type, const char *doc)
{
    fprintf(out, "#### %d %s\n\n%s%s%s%s%s\n\n", (int)type, gc_msg_name(type),
            direction_text(gc_msg_direction(type)),
            gc_msg_durable(type) ? "; after what it tells of is durable" : "",
            gc_msg_has_bulk(type) ? "; with bulk" : "", *doc ? ": " : "", doc);
}

static void write_messages(FILE *out)
{
    bool table = false;
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) \
    message_begin(out, GC_MSG_##NAME, doc);                          \
    table = false;
/* An empty message has no table. The head is written with the first row. */
#undef U64
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUM
#undef ENUMS
#define ROW(field, type, doc)                                \
    if (!table)                                              \
        fprintf(out, "| field | type | |\n|---|---|---|\n"); \
    table = true;                                            \
    row(out, field, type, doc);
#define U64(owner, field, doc)               ROW(#field, "u64", doc)
#define F64(owner, field, doc)               ROW(#field, "f64", doc)
#define FLAG(owner, field, doc)              ROW(#field, "bool", doc)
#define ID(owner, field, doc)                ROW(#field, "id", doc)
#define STR(owner, field, max, doc)          ROW(#field, "str ≤ " #max, doc)
#define BIN(owner, field, max, doc)          ROW(#field, "bin ≤ " #max, doc)
#define VALUE(owner, field, doc)             ROW(#field, "value", doc)
#define LIST(owner, field, record, max, doc) ROW(#field, "[`" #record "`] ≤ " #max, doc)
#define U64S(owner, field, max, doc)         ROW(#field, "[u64] ≤ " #max, doc)
#define ENUM(owner, field, SET, doc)         ROW(#field, #SET, doc)
#define ENUMS(owner, field, SET, max, doc)   ROW(#field, "[" #SET "] ≤ " #max, doc)
#define MSG_END(name) \
    if (table)        \
        fprintf(out, "\n");
#include "proto/messages.def"
#undef MSG_BEGIN
#undef MSG_END
}
#undef U64
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUM
#undef ENUMS

/* ---- the example ---- */

/* A worker of two executors joins, is granted four thumbnails of run 3, stage 1, and reports them: two done, one of a truncated file,
 * one that was there already. */

static struct gc_bytes bytes_of(const char *text)
{
    return gc_bytes_of(text, strlen(text));
}

static struct gc_id128 id_of(uint8_t first)
{
    struct gc_id128 id;
    for (size_t i = 0; i < sizeof id.b; i++)
        id.b[i] = (uint8_t)(first + i);
    return id;
}

static struct gc_bytes example_bulk(uint64_t *ret_status, uint64_t *ret_values)
{
    static uint8_t memory[3][256];
    static struct gc_status_writer w;
    struct gc_buf runs;
    struct gc_buf faults;
    struct gc_buf out;
    const uint8_t done = GC_OUTCOME_DONE;
    const uint8_t failed = GC_OUTCOME_FAILED;
    const uint8_t cached = GC_OUTCOME_CACHED;
    const struct gc_status_fault why = {
        .cause = GC_CAUSE_DAMAGED, .attempts = 1, .text = bytes_of("premature end of JPEG image")};
    gc_buf_init(&runs, memory[0], sizeof memory[0]);
    gc_buf_init(&faults, memory[1], sizeof memory[1]);
    gc_buf_init(&out, memory[2], sizeof memory[2]);
    gc_status_writer_init(&w, 1, runs, faults);
    enum gc_err err = gc_status_writer_add(&w, &done, NULL, 0);
    err = err != GC_OK ? err : gc_status_writer_add(&w, &done, NULL, 0);
    err = err != GC_OK ? err : gc_status_writer_add(&w, &failed, &why, 1);
    err = err != GC_OK ? err : gc_status_writer_add(&w, &cached, NULL, 0);
    err = err != GC_OK ? err : gc_status_writer_finish(&w, &out);
    GC_ASSERT(err == GC_OK);
    *ret_status = out.len;
    static const int sizes[3][2] = {{512, 341}, {384, 512}, {512, 512}};
    for (int i = 0; i < 3; i++) {
        gc_value_put_array(&out, 4);
        gc_value_put_int(&out, sizes[i][0]);
        gc_value_put_int(&out, sizes[i][1]);
        gc_value_put_int(&out, 3);
        gc_value_put_str(&out, bytes_of("webp"));
    }
    GC_ASSERT(gc_buf_ok(&out));
    *ret_values = out.len - *ret_status;
    return gc_buf_bytes(&out);
}

void doc_example(size_t i, struct gc_msg *m)
{
    static uint8_t digest[32];
    for (size_t b = 0; b < sizeof digest; b++)
        digest[b] = (uint8_t)(0xd0 + b);
    memset(m, 0, sizeof *m);
    m->term = i == 0 ? 0 : 7;
    m->session = i == 0 ? 0 : 12;
    switch (i) {
    case 0:
        m->type = GC_MSG_HELLO;
        m->seq = 1;
        m->as.hello = (struct gc_msg_hello){.role = GC_ROLE_WORKER,
                                            .name = bytes_of("w1"),
                                            .version = bytes_of("0.1.0"),
                                            .peer = id_of(0x10),
                                            .boot = id_of(0x30),
                                            .slots = 2,
                                            .catalogue = gc_bytes_of(digest, sizeof digest)};
        return;
    case 1:
        m->type = GC_MSG_WELCOME;
        m->seq = 1;
        m->re = 1;
        m->as.welcome = (struct gc_msg_welcome){.version = bytes_of("0.1.0"),
                                                .beat_ns = GC_BEAT_NS,
                                                .lease_ns = GC_LEASE_NS,
                                                .window = GC_RESULT_WINDOW};
        return;
    case 2:
        m->type = GC_MSG_LEASE;
        m->seq = 2;
        m->as.lease = (struct gc_msg_lease){.lease = 41,
                                            .run_no = 3,
                                            .stage = 1,
                                            .kind = GC_LEASE_ITEMS,
                                            .first = 100,
                                            .count = 4,
                                            .want = 1,
                                            .scan = GC_UNSET};
        return;
    case 3:
        m->type = GC_MSG_RESULT;
        m->seq = 2;
        m->as.result = (struct gc_msg_result){.term = 7,
                                              .lease = 41,
                                              .run_no = 3,
                                              .stage = 1,
                                              .kind = GC_LEASE_ITEMS,
                                              .first = 100,
                                              .count = 4,
                                              .busy_ns = 95000000,
                                              .pixels = 18000000};
        m->bulk = example_bulk(&m->as.result.status, &m->as.result.values);
        return;
    default:
        m->type = GC_MSG_RESULT_ACK;
        m->seq = 3;
        m->re = 2;
        m->as.result_ack = (struct gc_msg_result_ack){
            .term = 7, .lease = 41, .first = 100, .count = 4, .verdict = GC_VERDICT_COMMITTED};
        return;
    }
}

/* `len` bytes, sixteen a line, the name on the first. */
static void hex(FILE *out, const uint8_t *bytes, size_t len, const char *name)
{
    for (size_t i = 0; i < len || i == 0; i += 16) {
        char line[16 * 3 + 1] = "";
        for (size_t k = i; k < i + 16 && k < len; k++)
            snprintf(line + 3 * (k - i), 4, "%02x ", bytes[k]);
        if (i == 0)
            fprintf(out, "%-48s# %s\n", line, name);
        else
            fprintf(out, "%.*s\n", (int)(strlen(line) - 1), line);
    }
}

static void hex_values(FILE *out, struct gc_bytes values)
{
    struct gc_bytes value;
    while (values.len > 0) {
        enum gc_err err = gc_value_skip(&values, &value);
        GC_ASSERT(err == GC_OK);
        hex(out, value.ptr, value.len, "value");
    }
}

/* The names of a message's fields in order. */
#define U64(owner, field, doc)               #field,
#define F64(owner, field, doc)               #field,
#define FLAG(owner, field, doc)              #field,
#define ID(owner, field, doc)                #field,
#define STR(owner, field, max, doc)          #field,
#define BIN(owner, field, max, doc)          #field,
#define VALUE(owner, field, doc)             #field,
#define LIST(owner, field, record, max, doc) #field,
#define U64S(owner, field, max, doc)         #field,
#define ENUM(owner, field, SET, doc)         #field,
#define ENUMS(owner, field, SET, max, doc)   #field,
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) \
    static const char *const names_##name[] = {
#define MSG_END(name) \
    NULL              \
    }                 \
    ;
#include "proto/messages.def"
#undef MSG_BEGIN
#undef MSG_END
#undef U64
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUM
#undef ENUMS
#define U64(...)
#define F64(...)
#define FLAG(...)
#define ID(...)
#define STR(...)
#define BIN(...)
#define VALUE(...)
#define LIST(...)
#define U64S(...)
#define ENUM(...)
#define ENUMS(...)
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) [GC_MSG_##NAME] = names_##name,
#define MSG_END(name)
static const char *const *const field_names[] = {
#include "proto/messages.def"
};

static void write_frame(FILE *out, struct gc_bytes frame, enum gc_msg_type type)
{
    static const struct {
        const char *name;
        size_t len;
    } header[] = {{"magic", 2}, {"version", 1}, {"type", 1}, {"body length", 4},
                  {"term", 8},  {"session", 8}, {"seq", 8},  {"re", 8}};
    const uint8_t *p = frame.ptr;
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) {
        hex(out, p, header[i].len, header[i].name);
        p += header[i].len;
    }
    struct gc_bytes body = gc_bytes_of(p, frame.len - GC_HEADER_BYTES);
    struct gc_value_token array;
    enum gc_err err = gc_value_next(&body, &array);
    GC_ASSERT(err == GC_OK);
    hex(out, p, (size_t)(body.ptr - p), "the body: an array of the fields");
    for (const char *const *name = field_names[type]; *name != NULL; name++) {
        struct gc_bytes field;
        err = gc_value_skip(&body, &field);
        GC_ASSERT(err == GC_OK);
        hex(out, field.ptr, field.len, *name);
    }
}

static void write_example(FILE *out)
{
    static const char *const says[DOC_EXAMPLES] = {
        "The worker, its first message on a new connection. It holds nothing.",
        "The coordinator, in its 7th term, opens session 12. It has the worker's catalogue.",
        "The coordinator grants four items of run 3, stage 1; the worker has its program and page 0 already.",
        "The worker reports all four: two done, one whose file is damaged, one whose output was there already.",
        "The coordinator, after the batch is on disk.",
    };
    static uint8_t memory[GC_FRAME_BYTES];
    struct gc_codec *codec;
    enum gc_err err = gc_codec_new(GC_CODEC_SCRATCH, &codec);
    GC_ASSERT(err == GC_OK);
    for (size_t i = 0; i < DOC_EXAMPLES; i++) {
        struct gc_msg m;
        struct gc_buf buf;
        doc_example(i, &m);
        gc_buf_init(&buf, memory, sizeof memory);
        err = gc_codec_encode(codec, &m, &buf);
        GC_ASSERT(err == GC_OK);
        fprintf(out, "**%s.** %s\n\n```\n", gc_msg_name(m.type), says[i]);
        write_frame(out, gc_buf_bytes(&buf), m.type);
        if (m.bulk.len > 0) {
            fprintf(out, "```\n\nIts bulk:\n\n```\n");
            hex(out, m.bulk.ptr, (size_t)m.as.result.status,
                "status: 1 node, 3 patterns, their outcomes, 3 runs, 1 fault");
            hex_values(out, gc_bytes_of(m.bulk.ptr + m.as.result.status, m.bulk.len - m.as.result.status));
        }
        fprintf(out, "```\n\n");
    }
    gc_codec_destroy(&codec);
}

/* ---- the document ---- */

const struct doc_part doc_parts[] = {
    {"example", write_example},   {"sets", write_sets},       {"limits", write_limits},
    {"messages", write_messages}, {"records", write_records},
};
const size_t doc_n_parts = sizeof doc_parts / sizeof doc_parts[0];

char *doc_remade(const char *text, const char **ret_missing)
{
    char *made = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&made, &size);
    GC_ASSERT(out != NULL);
    for (size_t i = 0; i < doc_n_parts; i++) {
        char begin[64];
        char end[64];
        snprintf(begin, sizeof begin, "<!-- made: %s -->\n", doc_parts[i].name);
        snprintf(end, sizeof end, "<!-- end: %s -->", doc_parts[i].name);
        const char *from = strstr(text, begin);
        const char *to = from != NULL ? strstr(from, end) : NULL;
        if (to == NULL) {
            *ret_missing = doc_parts[i].name;
            fclose(out);
            free(made);
            return NULL;
        }
        from += strlen(begin);
        fwrite(text, 1, (size_t)(from - text), out);
        fputc('\n', out);
        doc_parts[i].write(out);
        text = to;
    }
    fputs(text, out);
    fclose(out);
    return made;
}
