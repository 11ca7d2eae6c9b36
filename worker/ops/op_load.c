/* load: the item's file as an image. Its header is read here; pixels when somebody pulls them. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/assert.h"
#include "worker/ops/libvips.h"
#include "worker/ops/load.h"
#include "worker/ops/settings.h"
#include "worker/ops/sniff.h"

const char *const gc_fail_on_names[] = {"none", "truncated", "error", "warning", NULL};

VipsFailOn gc_load_fail_on(const struct gc_step *step)
{
    return (VipsFailOn)gc_setting_choice(step, "fail_on", gc_fail_on_names, VIPS_FAIL_ON_ERROR);
}

enum gc_err gc_load_setup(struct gc_step_state *step, struct gc_fault *fault)
{
    struct gc_bytes path = gc_setting_string(step->step, "path", "");
    if (path.len > GC_MAX_PATH)
        return gc_fault_set(fault, GC_ERR_INVALID, "path: longer than %u bytes", GC_MAX_PATH);
    return GC_OK;
}

static enum gc_cause source_of(struct gc_run *run, int fd, VipsSource **ret)
{
    if (lseek(fd, 0, SEEK_SET) < 0)
        return gc_run_fail(run, GC_CAUSE_UNREADABLE, "%s", strerror(errno));
    *ret = vips_source_new_from_descriptor(fd);
    return *ret ? GC_CAUSE_NONE : gc_run_vips_failed(run, GC_CAUSE_UNREADABLE, false);
}

enum gc_cause gc_load_source(struct gc_run *run, VipsSource **ret)
{
    if (run->task->input < 0)
        return gc_run_fail(run, GC_CAUSE_MISSING, "there is no file to read");
    return source_of(run, run->task->input, ret);
}

enum gc_cause gc_load_failed(struct gc_run *run, bool pixels)
{
    enum gc_vips_kind kind = gc_vips_error(run->text, sizeof run->text);
    run->pulled = false;
    if (kind == GC_VIPS_MEMORY)
        return GC_CAUSE_OOM;
    run->by_decoder = kind == GC_VIPS_LIMIT;
    if (run->by_decoder)
        return GC_CAUSE_TOO_LARGE;
    if (kind == GC_VIPS_OTHER && pixels)
        return GC_CAUSE_OP_ERROR;
    return pixels || kind == GC_VIPS_TRUNCATED ? GC_CAUSE_DAMAGED : GC_CAUSE_BAD_INPUT;
}

/* ---- the file ---- */

static enum gc_cause check_file(struct gc_run *run, const struct gc_step *step)
{
    struct stat st;
    int64_t max = gc_setting_int(step, "max_file", INT64_C(1) << 30);
    if (run->task->input_refused)
        return gc_run_fail(run, (enum gc_cause)run->task->input_refused, "%.*s",
                           GC_STR_ARGS(gc_bytes_str(run->task->input_text)));
    if (run->task->input < 0)
        return gc_run_fail(run, GC_CAUSE_MISSING, "there is no file to read");
    if (fstat(run->task->input, &st) < 0)
        return gc_run_fail(run, GC_CAUSE_UNREADABLE, "%s", strerror(errno));
    if (st.st_size > max)
        return gc_run_fail(run, GC_CAUSE_TOO_LARGE, "a file of %lld bytes, max_file is %lld",
                           (long long)st.st_size, (long long)max);
    return GC_CAUSE_NONE;
}

static enum gc_cause find_format(struct gc_run *run, int fd, const struct gc_format **ret)
{
    uint8_t head[GC_SNIFF_BYTES];
    ssize_t n = pread(fd, head, sizeof head, 0);
    if (n < 0)
        return gc_run_fail(run, GC_CAUSE_UNREADABLE, "%s", strerror(errno));
    if (n == 0)
        return gc_run_fail(run, GC_CAUSE_BAD_INPUT, "the file is empty");
    *ret = gc_sniff(head, (size_t)n);
    if (!*ret)
        return gc_run_fail(run, GC_CAUSE_UNSUPPORTED, "none of the formats that load reads");
    return GC_CAUSE_NONE;
}

/* ---- the header ---- */

static enum gc_cause open_image(struct gc_run *run, int fd, const struct gc_format *format,
                                VipsOperation **ret)
{
    VipsOperation *op = vips_operation_new(format->loader);
    if (!op) {
        vips_error_clear();
        return gc_run_fail(run, GC_CAUSE_UNSUPPORTED, "this libvips has no decoder for %s", format->name);
    }
    VipsSource *source;
    enum gc_cause cause = source_of(run, fd, &source);
    if (cause) {
        g_object_unref(op);
        return cause;
    }
    gc_vips_set_object(op, "source", source);
    g_object_unref(source);
    g_object_set(op, "access", VIPS_ACCESS_SEQUENTIAL, NULL);
    *ret = op;
    return GC_CAUSE_NONE;
}

static bool is_cut(int fd)
{
    struct stat st;
    uint8_t head[GC_SNIFF_BYTES];
    ssize_t n = pread(fd, head, sizeof head, 0);
    return n > 0 && fstat(fd, &st) == 0 && gc_sniff_cut(head, (size_t)n, (uint64_t)st.st_size);
}

static enum gc_cause open_input(struct gc_run *run, const struct gc_step *step, VipsImage **ret)
{
    const struct gc_format *format;
    VipsOperation *op;
    enum gc_cause cause = find_format(run, run->task->input, &format);
    if (!cause)
        cause = open_image(run, run->task->input, format, &op);
    if (cause)
        return cause;
    g_object_set(op, "fail_on", gc_load_fail_on(step), NULL);
    if (format->pages)
        g_object_set(op, "page", (int)gc_setting_int(step, "page", 0), "n", (int)gc_setting_int(step, "n", 1),
                     NULL);
    if (gc_vips_build(op, ret)) {
        gc_vips_own_metadata(*ret);
        return GC_CAUSE_NONE;
    }
    cause = gc_load_failed(run, false);
    return cause == GC_CAUSE_BAD_INPUT && is_cut(run->task->input) ? GC_CAUSE_DAMAGED : cause;
}

enum gc_cause gc_load_size(struct gc_run *run, int fd, int *ret_width, int *ret_height)
{
    const struct gc_format *format;
    VipsOperation *op;
    VipsImage *image;
    enum gc_cause cause = find_format(run, fd, &format);
    if (!cause)
        cause = open_image(run, fd, format, &op);
    if (cause)
        return cause;
    if (!gc_vips_build(op, &image))
        return gc_load_failed(run, false);
    *ret_width = vips_image_get_width(image);
    *ret_height = vips_image_get_height(image);
    g_object_unref(image);
    return GC_CAUSE_NONE;
}

static enum gc_cause check_pixels(struct gc_run *run, const struct gc_step *step, const VipsImage *image)
{
    int64_t max = gc_setting_int(step, "max_pixels", GC_MAX_PIXELS_DEFAULT);
    int64_t pixels = (int64_t)vips_image_get_width(image) * vips_image_get_height(image);
    if (pixels > max)
        return gc_run_fail(run, GC_CAUSE_TOO_LARGE, "%d x %d pixels, max_pixels is %lld",
                           vips_image_get_width(image), vips_image_get_height(image), (long long)max);
    return GC_CAUSE_NONE;
}

/* Turns it by EXIF. What is turned by a quarter or mirrored is read in another order than it is decoded: its pixels go into memory. */
static enum gc_cause turn(struct gc_run *run, struct gc_cell *cell, VipsImage *image)
{
    int orientation = vips_image_get_orientation(image);
    gc_cell_set_image(cell, image, true);
    if (orientation <= 1)
        return GC_CAUSE_NONE;
    enum gc_cause cause = cell->readers ? gc_cell_materialise(run, cell) : GC_CAUSE_NONE;
    if (cause)
        return cause;
    VipsImage *turned;
    if (vips_autorot(cell->image, &turned, NULL))
        return gc_run_vips_failed(run, GC_CAUSE_OP_ERROR, false);
    bool streamed = cell->streamed;
    gc_cell_release(cell);
    gc_cell_set_image(cell, turned, streamed);
    return GC_CAUSE_NONE;
}

enum gc_cause gc_load_run(struct gc_run *run, struct gc_step_state *st, struct gc_cell *ret)
{
    VipsImage *image = NULL;
    enum gc_cause cause = check_file(run, st->step);
    if (!cause)
        cause = open_input(run, st->step, &image);
    if (cause)
        return cause;
    cause = check_pixels(run, st->step, image);
    if (cause) {
        g_object_unref(image);
        return cause;
    }
    run->result->pixels += (uint64_t)vips_image_get_width(image) * (uint64_t)vips_image_get_height(image);
    return turn(run, ret, image);
}
