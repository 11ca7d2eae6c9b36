/* error.c - see error.h. */
#include "client/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One row an error in common/errors.def must have its member in graphcap.h, under the same number. */
#define GC_ERR_ROW(symbol, number, name, whose, exit, text) \
    GC_STATIC_ASSERT((int)GRAPHCAP_##symbol == (int)GC_ERR_##symbol, "graphcap.h and errors.def agree");
#include "common/errors.def"
#undef GC_ERR_ROW

enum { EXIT_INTERRUPTED = 130 };

static int exit_of(int code)
{
    if (code == GRAPHCAP_INTERRUPTED)
        return EXIT_INTERRUPTED;
    return gc_err_exit(gc_err_from_number((unsigned)code));
}

static void set_code(struct graphcap_error *error, int code)
{
    error->code = code;
    error->exit = exit_of(code);
}

int gc_fail(struct graphcap_error *error, int code, const char *format, ...)
{
    if (!error)
        return code;
    set_code(error, code);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return code;
}

int gc_fail_fault(struct graphcap_error *error, enum gc_err code, const struct gc_fault *fault)
{
    const char *text = fault && fault->code != GC_OK && fault->text[0] ? fault->text : gc_err_text(code);
    return gc_fail(error, (int)code, "%s", text);
}

int gc_fail_context(struct graphcap_error *error, int code, const char *format, ...)
{
    if (!error)
        return code;
    char context[sizeof error->text];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(context, sizeof context, format, args);
    va_end(args);
    if (n < 0 || (size_t)n + sizeof ": " > sizeof context)
        return code;
    memcpy(context + n, ": ", sizeof ": ");
    size_t len = strlen(context);
    size_t room = sizeof error->text - 1 - len;
    memmove(error->text + len, error->text, room);
    memcpy(error->text, context, len);
    error->text[sizeof error->text - 1] = '\0';
    return code;
}

int gc_fail_memory(struct graphcap_error *error)
{
    return gc_fail(error, GRAPHCAP_NOMEM, "out of memory");
}

const char *graphcap_code_name(int code)
{
    if (code == GRAPHCAP_OK)
        return "ok";
    return code == GRAPHCAP_INTERRUPTED ? "interrupted" : gc_err_name((enum gc_err)code);
}
