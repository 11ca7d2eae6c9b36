#include "common/error.h"

#include "common/assert.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Indexed by number. The table has no gaps today; a row that is ever taken out leaves one, whose
 * NULL name reads as unknown. */
static const struct {
    const char *name;
    const char *text;
    enum gc_whose whose;
    int exit;
} rows[] = {
    [GC_OK] = {"ok", "no error", GC_WHOSE_NOBODY, 0},
#define GC_ERR_ROW(symbol, number, name, whose, exit, text) [number] = {name, text, GC_WHOSE_##whose, exit},
#include "common/errors.def"
#undef GC_ERR_ROW
};

static bool known(unsigned number)
{
    return number < GC_COUNT_OF(rows) && rows[number].name != NULL;
}

const char *gc_err_name(enum gc_err err)
{
    return known(err) ? rows[err].name : "unknown";
}

const char *gc_err_text(enum gc_err err)
{
    return known(err) ? rows[err].text : "an error without a text";
}

enum gc_err gc_err_from_number(unsigned number)
{
    return known(number) ? (enum gc_err)number : GC_ERR_INTERNAL;
}

int gc_err_exit(enum gc_err err)
{
    return known(err) ? rows[err].exit : 1;
}

enum gc_whose gc_err_whose(enum gc_err err)
{
    return known(err) ? rows[err].whose : GC_WHOSE_OURS;
}

enum gc_err gc_err_from_errno(int errnum)
{
    switch (errnum) {
    case 0: return GC_OK;
    case ENOENT:
    case ENOTDIR:
    case ESRCH: return GC_ERR_NOT_FOUND;
    case EEXIST: return GC_ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS: return GC_ERR_DENIED;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return GC_ERR_FULL;
    case ENOMEM: return GC_ERR_NOMEM;
    case EAGAIN:
    case EBUSY:
    case EMFILE:
    case ENFILE: return GC_ERR_BUSY;
    case ENAMETOOLONG:
    case E2BIG:
    case ELOOP: return GC_ERR_LIMIT;
    case ETIMEDOUT: return GC_ERR_TIMEOUT;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EPIPE: return GC_ERR_UNREACHABLE;
    case ENOSYS:
    case EOPNOTSUPP: return GC_ERR_UNSUPPORTED;
    case ECANCELED: return GC_ERR_CANCELLED;
    default: return GC_ERR_IO;
    }
}

enum gc_err gc_fault_set(struct gc_fault *f, enum gc_err code, const char *format, ...)
{
    GC_ASSERT(code != GC_OK);
    if (!f)
        return code;
    f->code = code;
    f->whose = gc_err_whose(code);
    va_list args;
    va_start(args, format);
    if (vsnprintf(f->text, sizeof f->text, format, args) < 0)
        f->text[0] = '\0';
    va_end(args);
    return code;
}

enum gc_err gc_fault_context(struct gc_fault *f, enum gc_err code, const char *format, ...)
{
    GC_ASSERT(code != GC_OK);
    if (!f)
        return code;
    if (f->code == GC_OK) {
        f->code = code;
        f->whose = gc_err_whose(code);
        f->text[0] = '\0';
    }
    const char *inner = f->text[0] ? f->text : gc_err_text(f->code);
    char whole[sizeof f->text];
    va_list args;
    va_start(args, format);
    int written = vsnprintf(whole, sizeof whole, format, args);
    va_end(args);
    if (written < 0)
        written = 0;
    size_t at = (size_t)written < sizeof whole ? (size_t)written : sizeof whole - 1;
    size_t left = sizeof whole - 1 - at;
    size_t len = strnlen(inner, left);
    memcpy(whole + at, inner, len);
    whole[at + len] = '\0';
    memcpy(f->text, whole, at + len + 1);
    return code;
}

void gc_fault_clear(struct gc_fault *f)
{
    f->code = GC_OK;
    f->whose = GC_WHOSE_NOBODY;
    f->text[0] = '\0';
}
