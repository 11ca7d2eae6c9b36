/* out.c - printing: stdout for what was asked for, stderr for people, and texts from outside made harmless. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/gcctl/gcctl.h"
#include "client/gcctl/progress.h"

/* ---- stderr ---- */

static void put_message(struct gcctl *g, const char *before, const char *format, va_list args)
    GC_PRINTF(3, 0);

static void put_message(struct gcctl *g, const char *before, const char *format, va_list args)
{
    progress_clear(g);
    (void)fputs(before, stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
}

void gcctl_say(struct gcctl *g, const char *format, ...)
{
    if (g->options->quiet)
        return;
    va_list args;
    va_start(args, format);
    put_message(g, "", format, args);
    va_end(args);
}

void gcctl_warn(struct gcctl *g, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_message(g, "gcctl: ", format, args);
    va_end(args);
}

int gcctl_fail(struct gcctl *g, const struct graphcap_error *error)
{
    char text[2 * sizeof error->text];
    gcctl_warn(g, "%s", gcctl_plain(text, sizeof text, error->text, strlen(error->text)));
    if (g->options->verbose)
        gcctl_warn(g, "(error %s, exit %d)", graphcap_code_name(error->code), error->exit);
    return error->exit;
}

int gcctl_usage(struct gcctl *g, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_message(g, "gcctl: ", format, args);
    va_end(args);
    return GCCTL_USAGE;
}

/* ---- stdout ---- */

static void remember(struct gcctl *g, bool failed)
{
    if (failed && !g->refused)
        g->refused = errno ? errno : EIO;
}

void gcctl_put(struct gcctl *g, const char *bytes, size_t len)
{
    remember(g, fwrite(bytes, 1, len, stdout) != len);
}

void gcctl_print(struct gcctl *g, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    remember(g, vprintf(format, args) < 0);
    va_end(args);
}

void gcctl_line(struct gcctl *g, const char *json)
{
    gcctl_put(g, json, strlen(json));
    gcctl_put(g, "\n", 1);
}

bool gcctl_flush(struct gcctl *g)
{
    remember(g, fflush(stdout) != 0);
    if (!g->refused)
        return true;
    gcctl_warn(g, "standard output cannot be written: %s", strerror(g->refused));
    return false;
}

/* ---- texts ---- */

/* The length of the well-formed UTF-8 character at the start that may be shown as it is; 0: escape this byte. */
static size_t printable(const unsigned char *s, size_t len)
{
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool outside = (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f);
    bool control = s[0] == 0xc2 && s[1] < 0xa0;
    return overlong || outside || control ? 0 : n;
}

/* How much of `bytes` is used for at most `room` bytes of output; *ret_len is how many these are. */
static size_t measure(const char *bytes, size_t len, size_t room, size_t *ret_len)
{
    size_t at = 0;
    *ret_len = 0;
    while (at < len) {
        size_t n = printable((const unsigned char *)bytes + at, len - at);
        if (*ret_len + (n ? n : 4) > room)
            break;
        *ret_len += n ? n : 4;
        at += n ? n : 1;
    }
    return at;
}

const char *gcctl_plain(char *to, size_t size, const char *bytes, size_t len)
{
    static const char ellipsis[] = "...";
    size_t used;
    size_t end = measure(bytes, len, size - 1, &used);
    bool whole = end == len;
    if (!whole)
        end = measure(bytes, len, size > sizeof ellipsis ? size - sizeof ellipsis : 0, &used);
    char *out = to;
    for (size_t at = 0; at < end;) {
        const unsigned char *s = (const unsigned char *)bytes + at;
        size_t n = printable(s, len - at);
        if (n)
            memcpy(out, s, n);
        else
            (void)snprintf(out, 5, "\\x%02x", s[0]);
        out += n ? n : 4;
        at += n ? n : 1;
    }
    *out = '\0';
    if (!whole && size > sizeof ellipsis)
        memcpy(out, ellipsis, sizeof ellipsis);
    return to;
}

const char *gcctl_duration(char to[32], uint64_t ns)
{
    uint64_t s = ns / 1000000000u;
    unsigned long long whole = s;
    if (s < 60)
        (void)snprintf(to, 32, "%.1f s", (double)ns / 1e9);
    else if (s < 3600)
        (void)snprintf(to, 32, "%llu m %02llu s", whole / 60, whole % 60);
    else if (s < 86400)
        (void)snprintf(to, 32, "%llu h %02llu m", whole / 3600, whole % 3600 / 60);
    else
        (void)snprintf(to, 32, "%llu d %02llu h", whole / 86400, whole % 86400 / 3600);
    return to;
}

const char *gcctl_bytes(char to[32], uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double v = (double)bytes;
    size_t unit = 0;
    while (v >= 999.95 && unit + 1 < GC_COUNT_OF(units)) {
        v /= 1000;
        unit++;
    }
    (void)snprintf(to, 32, unit ? "%.1f %s" : "%.0f %s", v, units[unit]);
    return to;
}

const char *gcctl_time(char to[32], uint64_t wall_ns)
{
    time_t t = (time_t)(wall_ns / 1000000000u);
    struct tm local;
    if (wall_ns == 0 || !localtime_r(&t, &local) || strftime(to, 32, "%Y-%m-%d %H:%M:%S", &local) == 0)
        (void)snprintf(to, 32, "-");
    return to;
}

const char *gcctl_plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

uint64_t gcctl_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
