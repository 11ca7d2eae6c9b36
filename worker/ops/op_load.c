/* load: a file as an image. Its header is read here; pixels when somebody pulls them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/assert.h"
#include "worker/ops/libvips.h"
#include "worker/ops/load.h"
#include "worker/ops/settings.h"
#include "worker/ops/source.h"

/* ---- settings ---- */

const char *const gc_fail_on_names[] = {"none", "truncated", "error", "warning", NULL};

VipsFailOn gc_load_fail_on(const struct gc_step *step)
{
    return (VipsFailOn)gc_setting_choice(step, "fail_on", gc_fail_on_names, VIPS_FAIL_ON_ERROR);
}

int gc_load_page(const struct gc_step *step)
{
    return (int)gc_setting_int(step, "page", 0);
}

int gc_load_n(const struct gc_step *step)
{
    return (int)gc_setting_int(step, "n", 1);
}

static bool named(const struct gc_value *list, const char *name)
{
    for (uint32_t i = 0; list && list->kind == GC_VALUE_LIST && i < list->n; i++)
        if (list->as.items[i].kind == GC_VALUE_STRING &&
            gc_str_is(gc_bytes_str(list->as.items[i].as.string), name))
            return true;
    return false;
}

static enum gc_err check_loader(const struct gc_value *v, struct gc_fault *fault)
{
    if (v->kind != GC_VALUE_STRING)
        return gc_fault_set(fault, GC_ERR_INVALID, "loaders: not a list of names");
    struct gc_str name = gc_bytes_str(v->as.string);
    for (uint32_t i = 0; i < gc_formats_n; i++) {
        const struct gc_format *f = &gc_formats[i];
        if (!gc_str_is(name, f->name))
            continue;
        if (!f->loader)
            return gc_fault_set(fault, GC_ERR_INVALID, "loaders: %s is not read: %s", f->name, f->why);
        return f->asked ? GC_OK
                        : gc_fault_set(fault, GC_ERR_INVALID, "loaders: %s is read without it", f->name);
    }
    return gc_fault_set(fault, GC_ERR_INVALID, "loaders: '%.*s' is none of its choices", GC_STR_ARGS(name));
}

enum gc_err gc_load_setup(struct gc_step_state *step, struct gc_fault *fault)
{
    struct gc_bytes path = gc_setting_string(step->step, "path", "");
    if (path.len > GC_MAX_PATH)
        return gc_fault_set(fault, GC_ERR_INVALID, "path: longer than %u bytes", GC_MAX_PATH);
    if (path.len && step->step->n_inputs)
        return gc_fault_set(fault, GC_ERR_INVALID, "path: it has an input, which says what to load");
    if (gc_load_n(step->step) == 0)
        return gc_fault_set(fault, GC_ERR_INVALID, "n: no frame at all; -1 takes all");
    const struct gc_value *loaders = gc_setting(step->step, "loaders");
    for (uint32_t i = 0; loaders && i < loaders->n; i++) {
        enum gc_err err = check_loader(&loaders->as.items[i], fault);
        if (err)
            return err;
    }
    return GC_OK;
}

/* ---- the file ---- */

static const struct gc_task_input *input_of(const struct gc_task *task, uint32_t file)
{
    for (uint32_t i = 0; i < task->n_inputs; i++)
        if (task->inputs[i].file == file)
            return &task->inputs[i];
    return NULL;
}

static enum gc_cause source_of(struct gc_run *run, int fd, VipsSource **ret)
{
    *ret = gc_source_new(fd);
    return *ret ? GC_CAUSE_NONE : gc_run_vips_failed(run, GC_CAUSE_UNREADABLE, false);
}

enum gc_cause gc_load_source(struct gc_run *run, const struct gc_step_state *load, VipsSource **ret)
{
    const struct gc_task_input *input = input_of(run->task, load->file);
    if (!input || input->fd < 0)
        return gc_run_fail(run, GC_CAUSE_MISSING, "there is no file to read");
    return source_of(run, input->fd, ret);
}

static enum gc_cause check_file(struct gc_run *run, const struct gc_step_state *st, int *ret_fd)
{
    struct stat file;
    int64_t max = gc_setting_int(st->step, "max_file", GC_MAX_FILE_DEFAULT);
    const struct gc_task_input *input = input_of(run->task, st->file);
    if (input && input->refused)
        return gc_run_fail(run, (enum gc_cause)input->refused, "%.*s",
                           GC_STR_ARGS(gc_bytes_str(input->text)));
    if (!input || input->fd < 0)
        return gc_run_fail(run, GC_CAUSE_MISSING, "there is no file to read");
    if (fstat(input->fd, &file) < 0)
        return gc_run_fail(run, GC_CAUSE_UNREADABLE, "%s", strerror(errno));
    if (file.st_size > max)
        return gc_run_fail(run, GC_CAUSE_TOO_LARGE, "a file of %lld bytes, max_file is %lld",
                           (long long)file.st_size, (long long)max);
    *ret_fd = input->fd;
    return GC_CAUSE_NONE;
}

/* ---- the format ---- */

static enum gc_cause unknown_format(struct gc_run *run)
{
    char names[128] = "";
    for (uint32_t i = 0; i < gc_formats_n; i++)
        if (gc_formats[i].loader && !gc_formats[i].asked) {
            size_t len = strlen(names);
            (void)snprintf(names + len, sizeof names - len, "%s%s", len ? " " : "", gc_formats[i].name);
        }
    return gc_run_fail(run, GC_CAUSE_UNSUPPORTED,
                       "its first bytes are those of no image format known here; load reads %s", names);
}

/* `step`: of `load`; NULL: every format that is read here will do. */
static enum gc_cause find_format(struct gc_run *run, const struct gc_step *step, int fd,
                                 const struct gc_format **ret)
{
    uint8_t head[GC_SNIFF_BYTES];
    ssize_t n = pread(fd, head, sizeof head, 0);
    if (n < 0)
        return gc_run_fail(run, GC_CAUSE_UNREADABLE, "%s", strerror(errno));
    if (n == 0)
        return gc_run_fail(run, GC_CAUSE_BAD_INPUT, "the file is empty");
    const struct gc_format *format = gc_sniff(head, (size_t)n);
    if (!format)
        return unknown_format(run);
    if (!format->loader)
        return gc_run_fail(run, GC_CAUSE_UNSUPPORTED, "a file of format %s is not read: %s", format->name,
                           format->why);
    if (!g_type_from_name(format->loader_class))
        return gc_run_fail(run, GC_CAUSE_UNSUPPORTED,
                           "a file of format %s: this worker's libvips has no decoder for it", format->name);
    if (format->asked && step && !named(gc_setting(step, "loaders"), format->name))
        return gc_run_fail(run, GC_CAUSE_UNSUPPORTED, "a file of format %s: loaders: [%s] makes load read it",
                           format->name, format->name);
    *ret = format;
    return GC_CAUSE_NONE;
}

/* ---- the header ---- */

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

/* The format's own loader on the file, to be built between gc_decoder_unblock and _block. */
static enum gc_cause make_loader(struct gc_run *run, int fd, const struct gc_format *format,
                                 VipsOperation **ret)
{
    VipsSource *source;
    enum gc_cause cause = source_of(run, fd, &source);
    if (cause)
        return cause;
    VipsOperation *op = vips_operation_new(format->loader);
    if (!op) {
        g_object_unref(source);
        return gc_run_vips_failed(run, GC_CAUSE_UNSUPPORTED, false);
    }
    gc_vips_set_object(op, "source", source);
    g_object_unref(source);
    g_object_set(op, "access", VIPS_ACCESS_SEQUENTIAL, NULL);
    *ret = op;
    return GC_CAUSE_NONE;
}

static bool build(VipsOperation *op, const struct gc_format *format, VipsImage **ret)
{
    gc_decoder_unblock(format);
    bool ok = gc_vips_build(op, ret);
    gc_decoder_block(format);
    return ok;
}

static bool is_cut(int fd)
{
    struct stat st;
    uint8_t head[GC_SNIFF_BYTES];
    ssize_t n = pread(fd, head, sizeof head, 0);
    return n > 0 && fstat(fd, &st) == 0 && gc_sniff_cut(head, (size_t)n, (uint64_t)st.st_size);
}

/* Decoders of formats with frames find out themselves. */
static enum gc_cause check_frames(struct gc_run *run, const struct gc_step *step,
                                  const struct gc_format *format)
{
    if (format->pages || (gc_load_page(step) == 0 && gc_load_n(step) <= 1))
        return GC_CAUSE_NONE;
    return gc_run_fail(run, GC_CAUSE_BAD_INPUT,
                       "a file of format %s is read as one frame: there is no page %d", format->name,
                       gc_load_page(step) > 0 ? gc_load_page(step) : 1);
}

static enum gc_cause open_image(struct gc_run *run, struct gc_step_state *st, int fd, VipsImage **ret)
{
    VipsOperation *op = NULL;
    enum gc_cause cause = find_format(run, st->step, fd, &st->decode.format);
    if (!cause)
        cause = check_frames(run, st->step, st->decode.format);
    if (!cause)
        cause = make_loader(run, fd, st->decode.format, &op);
    if (cause)
        return cause;
    g_object_set(op, "fail_on", gc_load_fail_on(st->step), NULL);
    if (st->decode.format->pages)
        g_object_set(op, "page", gc_load_page(st->step), "n", gc_load_n(st->step), NULL);
    if (build(op, st->decode.format, ret)) {
        gc_vips_own_metadata(*ret);
        return GC_CAUSE_NONE;
    }
    cause = gc_load_failed(run, false);
    return cause == GC_CAUSE_BAD_INPUT && is_cut(fd) ? GC_CAUSE_DAMAGED : cause;
}

enum gc_cause gc_load_size(struct gc_run *run, int fd, int *ret_width, int *ret_height)
{
    const struct gc_format *format;
    VipsOperation *op = NULL;
    VipsImage *image;
    enum gc_cause cause = find_format(run, NULL, fd, &format);
    if (!cause)
        cause = make_loader(run, fd, format, &op);
    if (cause)
        return cause;
    if (!build(op, format, &image))
        return gc_load_failed(run, false);
    *ret_width = vips_image_get_width(image);
    *ret_height = vips_image_get_height(image);
    g_object_unref(image);
    return GC_CAUSE_NONE;
}

bool gc_load_has_thumbnail(struct gc_run *run, const struct gc_step_state *load, int width)
{
    const struct gc_task_input *input = input_of(run->task, load->file);
    VipsOperation *op = NULL;
    VipsImage *image;
    if (!input || make_loader(run, input->fd, load->decode.format, &op))
        return true;
    g_object_set(op, "thumbnail", TRUE, NULL);
    if (!build(op, load->decode.format, &image)) {
        vips_error_clear();
        return true;
    }
    bool smaller = vips_image_get_width(image) < width;
    g_object_unref(image);
    return smaller;
}

/* ---- limits ---- */

int64_t gc_load_pixels(int width, int height, int bands, VipsBandFormat format)
{
    int64_t pixels = (int64_t)width * height;
    int64_t bytes = (int64_t)bands * (int64_t)vips_format_sizeof(format);
    int64_t worth = bytes > GC_LOAD_PIXEL_BYTES ? (bytes + GC_LOAD_PIXEL_BYTES - 1) / GC_LOAD_PIXEL_BYTES : 1;
    return pixels > INT64_MAX / worth ? INT64_MAX : pixels * worth;
}

/* All frames that were asked for: the header's height is of all of them. */
static enum gc_cause check_pixels(struct gc_run *run, const struct gc_step *step, const VipsImage *image)
{
    int64_t max = gc_setting_int(step, "max_pixels", GC_MAX_PIXELS_DEFAULT);
    int width = vips_image_get_width(image);
    int height = vips_image_get_height(image);
    int bands = vips_image_get_bands(image);
    if (gc_load_pixels(width, height, bands, vips_image_get_format(image)) <= max)
        return GC_CAUSE_NONE;
    if ((int64_t)width * height > max)
        return gc_run_fail(run, GC_CAUSE_TOO_LARGE, "%d x %d pixels, max_pixels is %lld", width, height,
                           (long long)max);
    return gc_run_fail(run, GC_CAUSE_TOO_LARGE,
                       "%d x %d pixels of %d bands, as much as %lld of %d bytes; max_pixels is %lld", width,
                       height, bands,
                       (long long)gc_load_pixels(width, height, bands, vips_image_get_format(image)),
                       GC_LOAD_PIXEL_BYTES, (long long)max);
}

/* ---- the image ---- */

/* Turns it by EXIF. What is turned by a quarter or mirrored is read in another order than it is decoded: its pixels go into memory. */
static enum gc_cause turn(struct gc_run *run, struct gc_cell *cell)
{
    if (vips_image_get_orientation(cell->image) <= 1)
        return GC_CAUSE_NONE;
    enum gc_cause cause = cell->pullers && cell->streamed ? gc_cell_materialise(run, cell) : GC_CAUSE_NONE;
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

/* Decodes it now, for all who share it. */
static enum gc_cause share(struct gc_run *run, struct gc_step_state *st, struct gc_cell *cell)
{
    st->decode.sharers = gc_pushdown_sharers(run, run->current, cell->image);
    if (!st->decode.sharers)
        return GC_CAUSE_NONE;
    enum gc_cause cause = gc_cell_materialise(run, cell);
    if (!cause)
        st->decode.shared = g_object_ref(cell->image);
    return cause;
}

enum gc_cause gc_load_run(struct gc_run *run, struct gc_step_state *st, struct gc_cell *ret)
{
    int fd = -1;
    VipsImage *image = NULL;
    enum gc_cause cause = check_file(run, st, &fd);
    if (!cause)
        cause = open_image(run, st, fd, &image);
    if (cause)
        return cause;
    gc_cell_set_image(ret, image, true);
    cause = check_pixels(run, st->step, image);
    if (cause)
        return cause;
    if (!(run->idle >> run->current & 1))
        run->result->pixels += (uint64_t)vips_image_get_width(image) * (uint64_t)vips_image_get_height(image);
    cause = share(run, st, ret);
    return cause ? cause : turn(run, ret);
}
