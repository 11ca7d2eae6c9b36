/* save: an image into the descriptor of a file, in the format of its name's ending. Nothing is published here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/assert.h"
#include "proto/values.h"
#include "worker/ops/libvips.h"
#include "worker/ops/load.h"
#include "worker/ops/save.h"
#include "worker/ops/saver.h"
#include "worker/ops/settings.h"
#include "worker/ops/sniff.h"
#include "worker/ops/stage.h"
#include "worker/ops/target.h"

const char *const gc_save_metadata[] = {"all", "icc", "none", NULL};
enum metadata { METADATA_ALL, METADATA_ICC, METADATA_NONE };

/* ---- install ---- */

/* One that is the op's and not the saver's, though that may have one of the same name. */
static bool own_setting(const struct gc_op_row *op, struct gc_str key)
{
    for (uint32_t i = 0; i < op->n_config; i++)
        if (gc_str_is(key, op->config[i].key))
            return true;
    return false;
}

static enum gc_err no_such_format(struct gc_str suffix, struct gc_fault *fault)
{
    char known[256];
    gc_saver_list(known, sizeof known);
    return gc_fault_set(fault, GC_ERR_INVALID, "to: no format is written as '%.*s'; there are %s",
                        GC_STR_ARGS(suffix), known);
}

enum gc_err gc_save_setup(struct gc_step_state *step, struct gc_fault *fault)
{
    struct gc_template *to = GC_ARENA_ONE(step->arena, struct gc_template);
    if (!to)
        return GC_ERR_NOMEM;
    enum gc_err err =
        gc_template_parse(gc_bytes_str(gc_setting_string(step->step, "to", "")), step->arena, to, fault);
    if (err)
        return gc_fault_context(fault, err, "to: ");
    const struct gc_saver *saver = NULL;
    if (to->suffix.len) {
        char name[32] = "x";
        if (!gc_str_copy(name + 1, sizeof name - 1, to->suffix) ||
            !(saver = gc_saver_of(gc_str_of(name), NULL)))
            return no_such_format(to->suffix, fault);
    }
    for (uint32_t i = 0; i < step->step->n_config; i++) {
        struct gc_str key = gc_bytes_str(step->step->config[i].key);
        bool known =
            own_setting(step->op, key) || (saver ? gc_saver_takes(saver, key) : gc_saver_any_takes(key));
        if (!known)
            return gc_fault_set(fault, GC_ERR_INVALID, "%.*s: %s has no such setting", GC_STR_ARGS(key),
                                saver ? saver->name : step->op->name);
    }
    step->to = to;
    return GC_OK;
}

/* ---- metadata ----
 * What may stay is decided on the image, by a list of what may and not of what must not, so that all versions of libvips do the
 * same and a kind of metadata that a later one learns to read is not published. Where nothing may stay the saver is told to strip
 * as well: it would make a new EXIF block otherwise. That block is left, and says the resolution alone, where a profile has to be
 * written by a libvips before 8.15, which strips all or nothing. */

static bool describes_pixels(const char *name)
{
    static const char *const names[] = {
        VIPS_META_PAGE_HEIGHT,
        VIPS_META_N_PAGES,
        "delay",
        "gif-delay",
        "loop",
        "gif-loop",
        "gif-palette",
        "background",
        VIPS_META_RESOLUTION_UNIT,
        "palette",
        "bits-per-sample",
        "palette-bit-depth",
        VIPS_META_SEQUENTIAL,
        VIPS_META_LOADER,
    };
    for (size_t i = 0; i < GC_COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void *list_fields(VipsImage *image, const char *name, GValue *value, void *list)
{
    (void)image;
    (void)value;
    if (!describes_pixels(name) && strcmp(name, VIPS_META_ICC_NAME) != 0)
        g_ptr_array_add(list, g_strdup(name));
    return NULL;
}

/* Some savers choose by an image's interpretation how wide a sample is, and then read it as that wide: 8-bit samples that are
 * called a 16-bit colour (`linear` with `uchar` leaves such) would be read beyond the end of each row, and what lies there published. */
static VipsInterpretation as_wide_as_it_is(const VipsImage *image)
{
    bool narrow = vips_format_sizeof(vips_image_get_format(image)) == 1;
    VipsInterpretation as = vips_image_get_interpretation(image);
    if (narrow && as == VIPS_INTERPRETATION_RGB16)
        return VIPS_INTERPRETATION_sRGB;
    if (narrow && as == VIPS_INTERPRETATION_GREY16)
        return VIPS_INTERPRETATION_B_W;
    return as;
}

static void remove_metadata(VipsImage *copy, enum metadata keep)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    (void)vips_image_map(copy, list_fields, names);
    for (guint i = 0; i < names->len; i++)
        (void)vips_image_remove(copy, names->pdata[i]);
    g_ptr_array_free(names, TRUE);
    if (keep == METADATA_NONE)
        (void)vips_image_remove(copy, VIPS_META_ICC_NAME);
}

/* The image under a header of its own, without what must not be published. Fields of the header itself are listed too, and cannot
 * be removed. */
static VipsImage *as_published(VipsImage *image, enum metadata keep)
{
    VipsImage *copy;
    if (vips_copy(image, &copy, "interpretation", as_wide_as_it_is(image), NULL))
        return NULL;
    if (keep != METADATA_ALL)
        remove_metadata(copy, keep);
    return copy;
}

/* 8.15 says which to keep; before, a saver keeps all or none. */
static void set_keep(VipsOperation *op, VipsImage *image, enum metadata keep, bool strip)
{
#if VIPS_MAJOR_VERSION > 8 || (VIPS_MAJOR_VERSION == 8 && VIPS_MINOR_VERSION >= 15)
    (void)image;
    VipsForeignKeep flags = strip || keep == METADATA_NONE ? VIPS_FOREIGN_KEEP_NONE
                            : keep == METADATA_ICC         ? VIPS_FOREIGN_KEEP_ICC
                                                           : VIPS_FOREIGN_KEEP_ALL;
    g_object_set(op, "keep", flags, NULL);
#else
    bool has_profile = vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0;
    strip = strip || keep == METADATA_NONE || (keep == METADATA_ICC && !has_profile);
    g_object_set(op, "strip", (gboolean)strip, NULL);
#endif
}

/* ---- writing ---- */

static enum gc_cause set_saver(struct gc_run *run, const struct gc_step_state *st,
                               const struct gc_saver *saver, VipsOperation *op)
{
    const struct gc_step *step = st->step;
    for (uint32_t i = 0; i < step->n_config; i++) {
        const struct gc_setting *s = &step->config[i];
        char name[GC_MAX_NAME + 1];
        struct gc_fault fault;
        if (own_setting(st->op, gc_bytes_str(s->key)) || s->value.kind == GC_VALUE_NULL)
            continue;
        if (!gc_saver_takes(saver, gc_bytes_str(s->key)) ||
            !gc_str_copy(name, sizeof name, gc_bytes_str(s->key)))
            return gc_run_fail(run, GC_CAUSE_OP_ERROR, "%.*s: %s has no such setting",
                               GC_STR_ARGS(gc_bytes_str(s->key)), saver->name);
        if (gc_vips_set(op, name, &s->value, &fault))
            return gc_run_fail(run, GC_CAUSE_OP_ERROR, "%s", fault.text);
    }
    return GC_CAUSE_NONE;
}

/* What the name's ending says to an operation that writes several kinds of file. */
static enum gc_cause set_suffix(struct gc_run *run, const struct gc_suffix *suffix, VipsOperation *op)
{
    if (!suffix->fixed ||
        vips_object_set_argument_from_string(VIPS_OBJECT(op), suffix->fixed, suffix->choice) == 0)
        return GC_CAUSE_NONE;
    vips_error_clear();
    return gc_run_fail(run, GC_CAUSE_UNSUPPORTED, "this libvips does not write %s", suffix->text);
}

static enum gc_cause set_image(struct gc_run *run, VipsOperation *op, VipsImage *image, enum metadata keep,
                               bool strip)
{
    VipsImage *clean = as_published(image, keep);
    if (!clean)
        return gc_run_vips_failed(run, GC_CAUSE_OP_ERROR, false);
    set_keep(op, clean, keep, strip);
    gc_vips_set_image(op, "in", clean);
    g_object_unref(clean);
    return GC_CAUSE_NONE;
}

static enum gc_cause make_saver(struct gc_run *run, const struct gc_step_state *st,
                                const struct gc_saver *saver, const struct gc_suffix *suffix,
                                VipsImage *image, VipsOperation **ret)
{
    enum metadata keep =
        (enum metadata)gc_setting_choice(st->step, "metadata", gc_save_metadata, METADATA_ICC);
    VipsOperation *op = vips_operation_new(saver->operation);
    if (!op) {
        vips_error_clear();
        return gc_run_fail(run, GC_CAUSE_UNSUPPORTED, "this libvips does not write %s", saver->name);
    }
    enum gc_cause cause = set_saver(run, st, saver, op);
    if (!cause)
        cause = set_suffix(run, suffix, op);
    if (!cause)
        cause = set_image(run, op, image, keep, saver->says_when);
    if (cause)
        g_object_unref(op);
    else
        *ret = op;
    return cause;
}

enum gc_cause gc_save_write_failed(struct gc_run *run, int error)
{
    bool full = error == ENOSPC || error == EDQUOT;
    return gc_run_fail(run, full ? GC_CAUSE_INFRA : GC_CAUSE_OUTPUT, "writing the output: %s",
                       strerror(error));
}

/* The disk was full, or the file cannot be written, or the image could not be made. */
static enum gc_cause write_failed(struct gc_run *run, const struct gc_saver *saver, const struct gc_target *t,
                                  const struct gc_cell *in)
{
    if (t->error) {
        vips_error_clear();
        return gc_save_write_failed(run, t->error);
    }
    enum gc_cause cause = gc_run_vips_failed(run, GC_CAUSE_OP_ERROR, in->streamed);
    char why[sizeof run->text];
    memcpy(why, run->text, sizeof why);
    (void)snprintf(run->text, sizeof run->text, "%d x %d pixels of %d x %s as %s: %.300s", in->width,
                   in->height, in->bands, vips_enum_nick(VIPS_TYPE_BAND_FORMAT, in->format), saver->name,
                   why);
    return cause;
}

/* Runs the saver (and consumes it). */
static enum gc_cause write_to(struct gc_run *run, const struct gc_saver *saver, VipsOperation *op,
                              const struct gc_cell *in, int fd, struct gc_output_made *made)
{
    struct gc_target target;
    enum gc_cause cause = GC_CAUSE_NONE;
    enum gc_err err = gc_target_init(&target, fd);
    if (err) {
        g_object_unref(op);
        gc_target_release(&target);
        return gc_run_fail(run, GC_CAUSE_OUTPUT, "writing the output: %s", gc_err_text(err));
    }
    gc_vips_set_object(op, "target", target.target);
    if (!gc_vips_build(op, NULL))
        cause = write_failed(run, saver, &target, in);
    else if (gc_target_result(&target, &made->bytes, &made->digest))
        cause = target.error ? write_failed(run, saver, &target, in)
                             : gc_run_fail(run, GC_CAUSE_OUTPUT, "nothing was written");
    gc_target_release(&target);
    return cause;
}

enum gc_cause gc_save_image(struct gc_run *run, const struct gc_step_state *st, const struct gc_cell *in,
                            int fd, struct gc_output_made *made)
{
    VipsOperation *op = NULL;
    const struct gc_suffix *suffix;
    const struct gc_saver *saver = gc_saver_of(gc_bytes_str(made->path), &suffix);
    if (!saver)
        return gc_run_fail(run, GC_CAUSE_OUTPUT, "no format is written under such a name");
    if (in->width > saver->max_side || in->height > saver->max_side)
        return gc_run_fail(run, GC_CAUSE_OP_ERROR, "%d x %d pixels: %s has room for %d a side", in->width,
                           in->height, saver->name, saver->max_side);
    if (saver->no_cmyk && vips_image_get_interpretation(in->image) == VIPS_INTERPRETATION_CMYK)
        return gc_run_fail(
            run, GC_CAUSE_OP_ERROR,
            "%d x %d pixels of cmyk as %s: it has no such colours; put colourspace with space: "
            "srgb before it",
            in->width, in->height, saver->name);
    enum gc_cause cause = make_saver(run, st, saver, suffix, in->image, &op);
    return cause ? cause : write_to(run, saver, op, in, fd, made);
}

/* ---- the value ---- */

void gc_save_put_made(struct gc_buf *out, const struct gc_output_made *made)
{
    char digest[GC_DIGEST_TEXT_SIZE];
    gc_digest_text(made->digest, digest);
    gc_value_put_str(out, made->path);
    gc_value_put_uint(out, made->bytes);
    gc_value_put_str(out, gc_str_bytes(gc_str_of(digest)));
}

static enum gc_cause put_record(struct gc_run *run, const struct gc_output_made *made, int width, int height,
                                struct gc_cell *ret)
{
    struct gc_buf *out = &run->stage->scratch;
    size_t start = out->len;
    gc_value_put_array(out, 5);
    gc_save_put_made(out, made);
    gc_value_put_int(out, width);
    gc_value_put_int(out, height);
    return gc_cell_end_record(run, ret, start);
}

enum gc_cause gc_save_name(struct gc_run *run, uint32_t at, const struct gc_digest *digest,
                           struct gc_bytes *ret)
{
    struct gc_buf *out = &run->stage->scratch;
    struct gc_fault fault;
    size_t start = out->len;
    enum gc_cause cause = gc_stage_path(run->stage, at, run->task, digest, out, &fault);
    if (cause)
        return gc_run_fail(run, cause, "%s", fault.text);
    *ret = gc_bytes_of(out->data + start, out->len - start);
    return GC_CAUSE_NONE;
}

static enum gc_cause size_of_file(struct gc_run *run, int fd, int *ret_width, int *ret_height)
{
    enum gc_cause cause = gc_load_size(run, fd, ret_width, ret_height);
    if (!cause || cause == GC_CAUSE_OOM)
        return cause;
    char why[sizeof run->text];
    memcpy(why, run->text, sizeof why);
    return gc_run_fail(run, GC_CAUSE_OUTPUT,
                       "the file that is there is no image (%.300s): remove it, or say exists: overwrite",
                       why);
}

enum gc_cause gc_save_tell(struct gc_run *run, int fd, struct gc_output_made *made, int *ret_width,
                           int *ret_height)
{
    if (lseek(fd, 0, SEEK_SET) < 0 || gc_digest_fd(fd, &made->digest, &made->bytes))
        return gc_run_fail(run, GC_CAUSE_OUTPUT, "the file that is there cannot be read");
    return size_of_file(run, fd, ret_width, ret_height);
}

/* The job says skip, and the file is there: what is said of it comes from the file itself. */
static enum gc_cause tell_of_file(struct gc_run *run, int fd, struct gc_output_made *made,
                                  struct gc_cell *ret)
{
    int width = 0;
    int height = 0;
    enum gc_cause cause = gc_save_tell(run, fd, made, &width, &height);
    if (!cause)
        cause = put_record(run, made, width, height, ret);
    ret->cached = true;
    return cause;
}

static const struct gc_task_output *output_of(const struct gc_task *task, uint32_t step)
{
    for (uint32_t i = 0; i < task->n_outputs; i++)
        if (task->outputs[i].step == step)
            return &task->outputs[i];
    return NULL;
}

static enum gc_cause write_new(struct gc_run *run, struct gc_step_state *st, int fd,
                               struct gc_output_made *made, struct gc_cell *ret)
{
    struct gc_cell *in;
    enum gc_cause cause = gc_run_image(run, st, 0, &in);
    if (cause)
        return cause;
    cause = gc_save_image(run, st, in, fd, made);
    if (!cause && st->to->by_digest)
        cause = gc_save_name(run, made->step, &made->digest, &made->path);
    if (!cause)
        cause = put_record(run, made, in->width, in->height, ret);
    if (!cause)
        run->result->made[run->result->n_made++] = *made;
    return cause;
}

enum gc_cause gc_save_begin(struct gc_run *run, struct gc_bytes *ret_path, const struct gc_task_output **ret)
{
    const struct gc_task_output *output = output_of(run->task, run->current);
    enum gc_cause cause = gc_save_name(run, run->current, NULL, ret_path);
    if (cause)
        return cause;
    if (output && output->refused)
        return gc_run_fail(run, (enum gc_cause)output->refused, "%.*s",
                           GC_STR_ARGS(gc_bytes_str(output->text)));
    if (!output || output->fd < 0)
        return gc_run_fail(run, GC_CAUSE_OUTPUT, "there is no file to write to");
    *ret = output;
    return GC_CAUSE_NONE;
}

enum gc_cause gc_save_run(struct gc_run *run, struct gc_step_state *st, struct gc_cell *ret)
{
    struct gc_output_made made = {.step = run->current};
    const struct gc_task_output *output;
    enum gc_cause cause = gc_save_begin(run, &made.path, &output);
    if (cause)
        return cause;
    return output->there ? tell_of_file(run, output->fd, &made, ret)
                         : write_new(run, st, output->fd, &made, ret);
}
