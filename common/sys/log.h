/* One `key=value` line an event on standard error:
 *
 *     time=2026-01-31T23:59:59.999Z level=info program=gc-worker event=joined worker=w1 tasks=3
 *
 * A line is one write(2), so that lines of several threads and processes do not mix. Values with
 * blanks, quotes, `=` or control bytes are quoted, with \n \t \" \\ and \xHH inside: no value can
 * forge a line or reach a terminal. Lines are cut at 4 KiB, and end with `cut=true` then. What
 * cannot be written is dropped: logging never blocks a decision and never fails.
 *
 * The event's name is a constant in snake_case; what varies goes into fields. Thread: any, but
 * gc_log_init before the first thread.
 */
#ifndef GC_COMMON_SYS_LOG_H
#define GC_COMMON_SYS_LOG_H

#include "common/error.h"
#include "common/id.h"
#include "common/macros.h"
#include "common/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum gc_log_level {
    GC_LOG_ERROR = 0, /* somebody has to look */
    GC_LOG_WARN,      /* worth a look */
    GC_LOG_INFO,      /* what an operator follows */
    GC_LOG_DEBUG,
};

enum gc_log_type { GC_LOG_STR, GC_LOG_U64, GC_LOG_I64, GC_LOG_F64, GC_LOG_BOOL, GC_LOG_RUN };

struct gc_log_field {
    const char *key; /* a constant in snake_case */
    enum gc_log_type type;
    union {
        struct gc_str str;
        uint64_t u64;
        int64_t i64;
        double f64;
        bool yes;
        struct gc_id128 id;
    };
};

/* `program` is kept by pointer. Lines above `most` (less important) are dropped. */
void gc_log_init(const char *program, enum gc_log_level most);
bool gc_log_enabled(enum gc_log_level level);
/* The level of that name ("warn"), or GC_ERR_INVALID. */
GC_MUST_CHECK enum gc_err gc_log_level_parse(struct gc_str name, enum gc_log_level *ret);

/* Where lines go instead of standard error: for tests and for daemons with a log file. */
void gc_log_to_fd(int fd);

void gc_log_write(enum gc_log_level level, const char *event, const struct gc_log_field *fields,
                  size_t count);

/* gc_log(GC_LOG_INFO, "joined", gc_kv_str("worker", name), gc_kv_u64("tasks", n));
 * Fields are evaluated whether the level is enabled or not. */
#define gc_log(level, event, ...)                                              \
    gc_log_write((level), (event), (const struct gc_log_field[]){__VA_ARGS__}, \
                 GC_COUNT_OF(((const struct gc_log_field[]){__VA_ARGS__})))

/* An event without fields. */
static inline void gc_log_bare(enum gc_log_level level, const char *event)
{
    gc_log_write(level, event, NULL, 0);
}

static inline struct gc_log_field gc_kv_str(const char *key, const char *value)
{
    return (struct gc_log_field){.key = key, .type = GC_LOG_STR, .str = gc_str_of(value)};
}

static inline struct gc_log_field gc_kv_slice(const char *key, struct gc_str value)
{
    return (struct gc_log_field){.key = key, .type = GC_LOG_STR, .str = value};
}

static inline struct gc_log_field gc_kv_u64(const char *key, uint64_t value)
{
    return (struct gc_log_field){.key = key, .type = GC_LOG_U64, .u64 = value};
}

static inline struct gc_log_field gc_kv_i64(const char *key, int64_t value)
{
    return (struct gc_log_field){.key = key, .type = GC_LOG_I64, .i64 = value};
}

/* Six significant digits. */
static inline struct gc_log_field gc_kv_f64(const char *key, double value)
{
    return (struct gc_log_field){.key = key, .type = GC_LOG_F64, .f64 = value};
}

static inline struct gc_log_field gc_kv_bool(const char *key, bool value)
{
    return (struct gc_log_field){.key = key, .type = GC_LOG_BOOL, .yes = value};
}

/* A run, as people know it: r-... */
static inline struct gc_log_field gc_kv_run(const char *key, struct gc_id128 id)
{
    return (struct gc_log_field){.key = key, .type = GC_LOG_RUN, .id = id};
}

/* error=not-found */
static inline struct gc_log_field gc_kv_err(enum gc_err err)
{
    return gc_kv_str("error", gc_err_name(err));
}

/* text="..." of a fault; pair it with gc_kv_err(f->code). */
static inline struct gc_log_field gc_kv_text(const struct gc_fault *f)
{
    return gc_kv_str("text", f->text);
}

#endif
