/* Texts without printf, and the list of problems. */
#include "common/assert.h"
#include "common/buf.h"
#include "coordinator/plan/planner.h"

#include <stdarg.h>
#include <string.h>

static const char CUT[] = "...";

static void put_u64(struct gc_buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    gc_buf_append(b, digits + at, sizeof digits - at);
}

/* A fraction in millionths, without the zeros at its end. */
static void put_millionths(struct gc_buf *b, uint64_t millionths)
{
    if (millionths == 0)
        return;
    gc_buf_put_u8(b, '.');
    for (uint64_t digit = 100000; millionths; digit /= 10) {
        gc_buf_put_u8(b, (uint8_t)('0' + millionths / digit));
        millionths %= digit;
    }
}

/* A double for people: ranges and settings are small decimals nearly always; what is not gets a power of ten. */
static void put_real(struct gc_buf *b, double v)
{
    if (v != v) {
        gc_buf_put_str(b, GC_STR("nan"));
        return;
    }
    if (v < 0)
        gc_buf_put_u8(b, '-');
    double size = v < 0 ? -v : v;
    if (size > 1.7976931348623157e308) {
        gc_buf_put_str(b, GC_STR("inf"));
        return;
    }
    int exponent = 0;
    bool large = size >= 1e15;
    bool small = size != 0 && size < 1e-4;
    for (; large && size >= 10; exponent++)
        size /= 10;
    for (; small && size < 1; exponent--)
        size *= 10;
    uint64_t whole = (uint64_t)size;
    uint64_t millionths = (uint64_t)((size - (double)whole) * 1e6 + 0.5);
    put_u64(b, whole + millionths / 1000000);
    put_millionths(b, millionths % 1000000);
    if (exponent == 0)
        return;
    gc_buf_put_u8(b, 'e');
    if (exponent < 0)
        gc_buf_put_u8(b, '-');
    put_u64(b, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

/* gc_buf writes all of a piece or nothing; here a piece that does not fit is cut, and the rest dropped. */
static void put_bytes(struct gc_buf *b, struct gc_bytes bytes)
{
    size_t room = gc_buf_left(b);
    gc_buf_append(b, bytes.ptr, bytes.len < room ? bytes.len : room);
    if (bytes.len > room)
        b->overflow = true;
}

static void put_argument(struct gc_buf *b, char conversion, va_list *arguments)
{
    switch (conversion) {
    case 'b': put_bytes(b, va_arg(*arguments, struct gc_bytes)); break;
    case 's': put_bytes(b, gc_str_bytes(gc_str_of(va_arg(*arguments, const char *)))); break;
    case 'u': put_u64(b, va_arg(*arguments, uint64_t)); break;
    case 'g': put_real(b, va_arg(*arguments, double)); break;
    default: GC_NEVER("a conversion that text.c does not know");
    }
}

static void put_format(struct gc_buf *b, const char *format, va_list *arguments)
{
    for (; *format; format++) {
        if (*format != '%')
            gc_buf_put_u8(b, (uint8_t)*format);
        else
            put_argument(b, *++format, arguments);
    }
}

/* Marks that the text was cut, and not in the middle of a UTF-8 character. */
static size_t cut(uint8_t *text, size_t max)
{
    size_t at = max - (sizeof CUT - 1);
    while (at > 0 && (text[at] & 0xc0) == 0x80)
        at--;
    memcpy(text + at, CUT, sizeof CUT - 1);
    return at + sizeof CUT - 1;
}

static struct gc_bytes text_of(struct gc_planner *p, size_t max, const char *format, va_list *arguments)
{
    uint8_t text[GC_MAX_TEXT];
    GC_ASSERT(max <= sizeof text);
    struct gc_buf b;
    gc_buf_init(&b, text, max);
    put_format(&b, format, arguments);
    size_t len = gc_buf_ok(&b) ? b.len : cut(text, b.len);
    uint8_t *kept = GC_PLANNER_ARRAY(p, uint8_t, len);
    if (!kept)
        return gc_bytes_of(NULL, 0);
    memcpy(kept, text, len);
    return gc_bytes_of(kept, len);
}

struct gc_bytes gc_plan_text(struct gc_planner *p, size_t max, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct gc_bytes text = text_of(p, max, format, &arguments);
    va_end(arguments);
    return text;
}

struct gc_bytes gc_plan_field(struct gc_planner *p, const char *prefix, struct gc_bytes name)
{
    return gc_plan_text(p, GC_MAX_NAME, "%s%b", prefix, name);
}

struct gc_bytes gc_plan_names(struct gc_planner *p, const struct gc_name *names, uint32_t n)
{
    enum { ROOM = 240 }; /* leaves half of a problem's text to the sentence around it */
    uint8_t text[ROOM];
    struct gc_buf b;
    gc_buf_init(&b, text, sizeof text);
    for (uint32_t i = 0; i < n; i++) {
        size_t before = b.len;
        gc_buf_put_str(&b, i ? GC_STR(", '") : GC_STR("'"));
        gc_buf_append(&b, names[i].text.ptr, names[i].text.len);
        gc_buf_put_u8(&b, '\'');
        if (!gc_buf_ok(&b))
            return gc_plan_text(p, GC_MAX_TEXT, "%b and %u more", gc_bytes_of(text, before),
                                (uint64_t)(n - i));
    }
    return gc_plan_text(p, GC_MAX_TEXT, "%b", gc_buf_bytes(&b));
}

static void add_problem(struct gc_planner *p, uint32_t node, struct gc_bytes field, bool warning,
                        const char *format, va_list *arguments)
{
    struct gc_plan_draft *d = p->draft;
    if (!warning)
        p->errors = true;
    if (d->n_problems == GC_MAX_PROBLEMS) {
        d->more++;
        return;
    }
    struct gc_bytes text = text_of(p, GC_MAX_TEXT, format, arguments);
    d->problems[d->n_problems++] = (struct gc_problem){
        .node = node == GC_PLAN_NONE ? GC_UNSET : p->v[node].told,
        .field = field,
        .text = text,
        .warning = warning,
    };
}

void gc_plan_error(struct gc_planner *p, uint32_t node, struct gc_bytes field, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_problem(p, node, field, false, format, &arguments);
    va_end(arguments);
}

void gc_plan_warn(struct gc_planner *p, uint32_t node, struct gc_bytes field, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_problem(p, node, field, true, format, &arguments);
    va_end(arguments);
}

struct gc_plan_texts gc_plan_texts_begin(const struct gc_planner *p)
{
    return (struct gc_plan_texts){gc_arena_mark(p->arena), p->draft->n_problems};
}

void gc_plan_texts_end(struct gc_planner *p, struct gc_plan_texts since)
{
    if (p->draft->n_problems == since.problems)
        gc_arena_rewind(p->arena, since.mark);
}
