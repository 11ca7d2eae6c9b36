#include "common/sys/log.h"

#include "common/assert.h"
#include "common/sys/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 4096, TAIL_SIZE = sizeof " cut=true\n" - 1 };

static const char *const level_names[] = {"error", "warn", "info", "debug"};

/* Set before the first thread starts, read ever after. */
static struct {
    const char *program;
    enum gc_log_level most;
    int fd;
} log_to = {.program = "graphcap", .most = GC_LOG_INFO, .fd = STDERR_FILENO};

void gc_log_init(const char *program, enum gc_log_level most)
{
    log_to.program = program;
    log_to.most = most;
}

void gc_log_to_fd(int fd)
{
    log_to.fd = fd;
}

bool gc_log_enabled(enum gc_log_level level)
{
    return level <= log_to.most;
}

enum gc_err gc_log_level_parse(struct gc_str name, enum gc_log_level *ret)
{
    for (size_t i = 0; i < GC_COUNT_OF(level_names); i++) {
        if (gc_str_is(name, level_names[i])) {
            *ret = (enum gc_log_level)i;
            return GC_OK;
        }
    }
    return GC_ERR_INVALID;
}

/* A line that grows until it is full, and keeps room for its tail. */
struct line {
    char text[LINE_SIZE];
    size_t len;
    bool cut;
};

static void put(struct line *line, const char *bytes, size_t len)
{
    size_t left = LINE_SIZE - TAIL_SIZE - line->len;
    if (line->cut || len > left) {
        line->cut = true;
        return;
    }
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* Bytes above 0x7f stay: they are mostly UTF-8 file names, and C1 controls do nothing in a terminal
 * that reads UTF-8. */
static bool is_plain(unsigned char c)
{
    return c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7f;
}

static void put_escaped(struct line *line, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '\n': put(line, "\\n", 2); return;
    case '\t': put(line, "\\t", 2); return;
    case '"': put(line, "\\\"", 2); return;
    case '\\': put(line, "\\\\", 2); return;
    default: break;
    }
    if (c < ' ' || c == 0x7f) {
        const char out[] = {'\\', 'x', hex[c >> 4], hex[c & 15]};
        put(line, out, sizeof out);
    } else {
        put(line, (const char *)&c, 1);
    }
}

static void put_value(struct line *line, struct gc_str value)
{
    size_t plain = 0;
    while (plain < value.len && is_plain((unsigned char)value.ptr[plain]))
        plain++;
    if (plain == value.len && plain > 0) {
        put(line, value.ptr, value.len);
        return;
    }
    put(line, "\"", 1);
    for (size_t i = 0; i < value.len && !line->cut; i++)
        put_escaped(line, (unsigned char)value.ptr[i]);
    put(line, "\"", 1);
}

static void put_field(struct line *line, const struct gc_log_field *field)
{
    char text[48];
    GC_STATIC_ASSERT(sizeof text >= GC_ID_TEXT_SIZE, "an id fits");
    size_t before = line->len;
    put(line, " ", 1);
    put_text(line, field->key);
    put(line, "=", 1);
    switch (field->type) {
    case GC_LOG_STR: put_value(line, field->str); break;
    case GC_LOG_U64:
        snprintf(text, sizeof text, "%llu", (unsigned long long)field->u64);
        put_text(line, text);
        break;
    case GC_LOG_I64:
        snprintf(text, sizeof text, "%lld", (long long)field->i64);
        put_text(line, text);
        break;
    case GC_LOG_F64:
        snprintf(text, sizeof text, "%.6g", field->f64);
        put_text(line, text);
        break;
    case GC_LOG_BOOL: put_text(line, field->yes ? "true" : "false"); break;
    case GC_LOG_RUN:
        gc_id_text(field->id, text);
        put_text(line, text);
        break;
    }
    /* Half a field says something else than the whole one. */
    if (line->cut)
        line->len = before;
}

void gc_log_write(enum gc_log_level level, const char *event, const struct gc_log_field *fields, size_t count)
{
    GC_ASSERT((size_t)level < GC_COUNT_OF(level_names));
    if (!gc_log_enabled(level))
        return;
    char time[GC_CLOCK_TEXT_SIZE];
    gc_clock_text(gc_clock_wall(), time);

    struct line line;
    line.len = 0;
    line.cut = false;
    put_text(&line, "time=");
    put_text(&line, time);
    const struct gc_log_field head[] = {
        gc_kv_str("level", level_names[level]),
        gc_kv_str("program", log_to.program),
        gc_kv_str("event", event),
    };
    for (size_t i = 0; i < GC_COUNT_OF(head); i++)
        put_field(&line, &head[i]);
    for (size_t i = 0; i < count && !line.cut; i++)
        put_field(&line, &fields[i]);

    const char *tail = line.cut ? " cut=true\n" : "\n";
    memcpy(line.text + line.len, tail, strlen(tail));
    ssize_t written = write(log_to.fd, line.text, line.len + strlen(tail));
    (void)written; /* there is nobody left to tell */
}
