#include "rig.h"

#include <check.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vips/vips.h>

#include "proto/codec.h"
#include "worker/ops/saver.h"

/* What lives as long as the process, where a leak checker finds it. */
void *rig_keep(void *memory)
{
    static void *kept[65536];
    static size_t n;
    ck_assert_uint_lt(n, 65536);
    ck_assert_ptr_nonnull(memory);
    return kept[n++] = memory;
}

void rig_init(struct rig *r)
{
    static bool started;
    memset(r, 0, sizeof *r);
    if (!started) {
        struct gc_fault fault = {0};
        ck_assert_msg(gc_ops_init("test", &fault) == GC_OK, "%s", fault.text);
        started = true;
    }
    strcpy(r->folder, "/tmp/gc-ops-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(r->folder));
    r->program.kind = GC_STAGE_ITEM;
    r->program.steps = r->steps;
    r->program.folder = gc_str_bytes(GC_STR("/"));
    gc_buf_init(&r->values, r->values_memory, sizeof r->values_memory);
    for (int i = 0; i < RIG_MAX; i++)
        r->outputs[i] = -1;
}

void rig_release(struct rig *r)
{
    gc_stage_destroy(&r->stage);
    for (int i = 0; i < RIG_MAX; i++)
        if (r->outputs[i] >= 0)
            (void)close(r->outputs[i]);
    ck_assert(rig_shell("rm -rf '%s'", r->folder));
}

static struct gc_value scalar(const char *text, size_t len)
{
    char *copy = rig_keep(strndup(text, len));
    char *end;
    if (strcmp(copy, "true") == 0 || strcmp(copy, "false") == 0)
        return (struct gc_value){.kind = GC_VALUE_BOOL, .as.flag = copy[0] == 't'};
    long n = strtol(copy, &end, 10);
    if (*copy && !*end)
        return (struct gc_value){.kind = GC_VALUE_INT, .as.integer = n};
    double x = strtod(copy, &end);
    if (*copy && !*end)
        return (struct gc_value){.kind = GC_VALUE_REAL, .as.real = x};
    return (struct gc_value){.kind = GC_VALUE_STRING, .as.string = gc_bytes_of(copy, len)};
}

static struct gc_value scalars(const char *text, size_t len)
{
    enum { MAX = 16 };
    if (!memchr(text, ',', len))
        return scalar(text, len);
    struct gc_value *items = rig_keep(calloc(MAX, sizeof *items));
    uint32_t n = 0;
    for (size_t at = 0; at < len && n < MAX;) {
        size_t part = strcspn(text + at, ", ");
        items[n++] = scalar(text + at, part);
        at += part + 1;
    }
    return (struct gc_value){.kind = GC_VALUE_LIST, .n = n, .as.items = items};
}

int rig_step(struct rig *r, const char *op, const char *settings, int from)
{
    int at = (int)r->program.n_steps++;
    struct gc_step *step = &r->steps[at];
    *step = (struct gc_step){.node = (uint64_t)at,
                             .id = gc_str_bytes(gc_str_of(op)),
                             .op = gc_str_bytes(gc_str_of(op)),
                             .decode = GC_UNSET};
    step->config = r->config[at];
    step->inputs = r->inputs[at];
    if (from >= 0) {
        r->inputs[at][0] = (struct gc_step_input){.step = (uint64_t)from};
        step->n_inputs = 1;
    }
    for (const char *p = settings; *p;) {
        size_t len = strcspn(p, " ");
        size_t key = strcspn(p, "=");
        r->config[at][step->n_config++] =
            (struct gc_setting){.key = gc_bytes_of(p, key), .value = scalars(p + key + 1, len - key - 1)};
        p += len + (p[len] == ' ');
    }
    return at;
}

void rig_push_down(struct rig *r, int decode)
{
    r->steps[r->program.n_steps - 1].decode = (uint64_t)decode;
}

void rig_name(struct rig *r, int step, const char *id)
{
    r->steps[step].id = gc_str_bytes(gc_str_of(id));
}

void rig_hoist(struct rig *r)
{
    r->steps[r->program.n_steps - 1].hoisted = true;
}

void rig_also(struct rig *r, int from)
{
    struct gc_step *step = &r->steps[r->program.n_steps - 1];
    ck_assert_uint_lt(step->n_inputs, RIG_INPUTS);
    r->inputs[r->program.n_steps - 1][step->n_inputs++] = (struct gc_step_input){.step = (uint64_t)from};
}

void rig_slot(struct rig *r, const char *slot, int from, const char *output)
{
    struct gc_step *step = &r->steps[r->program.n_steps - 1];
    rig_also(r, from);
    r->inputs[r->program.n_steps - 1][step->n_inputs - 1].slot = gc_str_bytes(gc_str_of(slot));
    if (output)
        r->inputs[r->program.n_steps - 1][step->n_inputs - 1].output = gc_str_bytes(gc_str_of(output));
}

void rig_names(struct rig *r, const char *key, const char *names)
{
    struct gc_step *step = &r->steps[r->program.n_steps - 1];
    struct gc_value *items = rig_keep(calloc(16, sizeof *items));
    uint32_t n = 0;
    for (const char *p = names; *p; n++) {
        size_t len = strcspn(p, " ");
        ck_assert_uint_lt(n, 16);
        items[n] = (struct gc_value){.kind = GC_VALUE_STRING, .as.string = gc_bytes_of(p, len)};
        p += len + (p[len] == ' ');
    }
    r->config[r->program.n_steps - 1][step->n_config++] = (struct gc_setting){
        .key = gc_str_bytes(gc_str_of(key)), .value = {.kind = GC_VALUE_LIST, .n = n, .as.items = items}};
}

void rig_reducer(struct rig *r, const char *op, const char *settings, int from)
{
    r->steps[rig_step(r, op, settings, from)].reduce = true;
}

struct gc_bytes rig_encode(const struct gc_program *p)
{
    struct gc_buf out;
    void *memory = rig_keep(malloc(65536));
    gc_buf_init(&out, memory, 65536);
    ck_assert_int_eq(gc_encode_program(p, &out), GC_OK);
    return gc_buf_bytes(&out);
}

void rig_install(struct rig *r)
{
    struct gc_fault fault = {0};
    ck_assert_msg(gc_stage_install(rig_encode(&r->program), &r->stage, &fault) == GC_OK, "%s", fault.text);
}

void rig_install_reduce(struct rig *r, const char *op, const char *settings)
{
    r->program.kind = GC_STAGE_REDUCE;
    (void)rig_step(r, op, settings, -1);
    rig_install(r);
}

static void touch(void *context, uint32_t node)
{
    struct rig *r = context;
    if (r->touched < 64)
        r->touches[r->touched++] = node;
}

const char *rig_output(struct rig *r, int step)
{
    static char paths[RIG_MAX][128];
    (void)snprintf(paths[step], sizeof paths[step], "%s/out%d", r->folder, step);
    return paths[step];
}

/* As a tender does; what a test has refused is not opened. */
static void open_inputs(struct rig *r, const struct gc_stage_needs *needs, const char *input)
{
    r->task.inputs = r->files;
    r->task.n_inputs = needs->n_inputs;
    if (input && !r->task.text.ptr)
        r->task.text = gc_str_bytes(gc_str_of(input));
    for (uint32_t i = 0; i < needs->n_inputs; i++) {
        struct gc_task_input *in = &r->files[i];
        char path[256];
        in->file = needs->inputs[i].file;
        in->fd = -1;
        bool named = gc_str_copy(path, sizeof path, gc_bytes_str(needs->inputs[i].path));
        ck_assert(named);
        if (in->refused || (!path[0] && !input))
            continue;
        in->fd = open(path[0] ? path : input, O_RDONLY);
        ck_assert_msg(in->fd >= 0, "%s", path[0] ? path : input);
    }
}

static void close_inputs(struct rig *r)
{
    for (uint32_t i = 0; i < r->task.n_inputs; i++)
        if (r->files[i].fd >= 0)
            (void)close(r->files[i].fd);
    r->task.n_inputs = 0;
}

void rig_run(struct rig *r, const char *input)
{
    struct gc_stage_needs needs;
    struct gc_task_output outputs[RIG_MAX];
    uint32_t n = gc_stage_nodes(r->stage);
    if (r->task.want == 0)
        r->task.want = n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
    gc_stage_needs(r->stage, r->task.want, &needs);
    open_inputs(r, &needs, input);
    for (uint32_t i = 0; i < needs.n_outputs; i++) {
        int fd = open(rig_output(r, (int)needs.outputs[i].step), O_RDWR | O_CREAT | O_TRUNC, 0666);
        if (r->outputs[needs.outputs[i].step] >= 0)
            (void)close(r->outputs[needs.outputs[i].step]); /* of the run before */
        r->outputs[needs.outputs[i].step] = fd;
        outputs[i] = (struct gc_task_output){.step = needs.outputs[i].step, .fd = fd};
    }
    r->task.outputs = outputs;
    r->task.n_outputs = needs.n_outputs;
    gc_buf_reset(&r->values);
    r->touched = 0;
    gc_stage_run(r->stage, &r->task, (struct gc_blame){touch, r}, &r->values, &r->result);
    close_inputs(r);
    r->task.outputs = NULL;
    r->task.n_outputs = 0;
}

static const struct gc_status_fault *fault_of(const struct rig *r, int node)
{
    for (uint32_t i = 0; i < r->result.n_faults; i++)
        if (r->result.faults[i].node == (uint32_t)node)
            return &r->result.faults[i];
    return NULL;
}

uint32_t rig_cause(const struct rig *r, int node)
{
    const struct gc_status_fault *f = fault_of(r, node);
    return f ? f->cause : GC_CAUSE_NONE;
}

const char *rig_text(const struct rig *r, int node)
{
    static char text[GC_MAX_TEXT + 1];
    const struct gc_status_fault *f = fault_of(r, node);
    (void)snprintf(text, sizeof text, "%.*s", f ? (int)f->text.len : 0, f ? (const char *)f->text.ptr : "");
    return text;
}

/* ---- images ---- */

const char *rig_photo(struct rig *r, const char *name, int width, int height)
{
    static char paths[16][192];
    static int n;
    char *path = paths[n++ % 16];
    VipsImage *x;
    VipsImage *noise;
    VipsImage *all;
    VipsImage *rgb;
    (void)snprintf(path, 192, "%s/%s", r->folder, name);
    /* a picture with edges, a gradient and some noise, the same each time */
    ck_assert_int_eq(vips_xyz(&x, width, height, NULL), 0);
    ck_assert_int_eq(vips_sines(&noise, width, height, "hfreq", 9.0, "vfreq", 5.0, NULL), 0);
    VipsImage *parts[2] = {x, noise};
    ck_assert_int_eq(vips_bandjoin(parts, &all, 2, NULL), 0);
    double a[3] = {255.0 / width, 255.0 / height, 127.0};
    double b[3] = {0, 0, 128};
    VipsImage *linear;
    ck_assert_int_eq(vips_linear(all, &linear, a, b, 3, "uchar", TRUE, NULL), 0);
    ck_assert_int_eq(vips_copy(linear, &rgb, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    ck_assert_msg(vips_image_write_to_file(rgb, path, NULL) == 0, "%s", vips_error_buffer());
    VipsImage *done[] = {x, noise, all, linear, rgb};
    for (size_t i = 0; i < 5; i++)
        g_object_unref(done[i]);
    return path;
}

VipsImage *rig_open(const char *path)
{
    vips_operation_block_set("VipsForeignLoad", FALSE);
    VipsImage *image = vips_image_new_from_file(path, NULL);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    ck_assert_msg(image != NULL, "%s: %s", path, vips_error_buffer());
    return image;
}

const char *rig_truncated(struct rig *r, const char *from, const char *name, double part)
{
    static char path[192];
    struct stat st;
    ck_assert_int_eq(stat(from, &st), 0);
    (void)snprintf(path, sizeof path, "%s/%s", r->folder, name);
    ck_assert(rig_shell("head -c %ld '%s' > '%s'", (long)((double)st.st_size * part), from, path));
    return path;
}

bool rig_shell(const char *format, ...)
{
    char command[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(command, sizeof command, format, args);
    va_end(args);
    return system(command) == 0;
}

static bool same(const char *a, const char *b, const char *options)
{
    char names[2][256];
    (void)snprintf(names[0], sizeof names[0], "%s%s", a, options);
    (void)snprintf(names[1], sizeof names[1], "%s%s", b, options);
    VipsImage *images[2] = {rig_open(names[0]), rig_open(names[1])};
    void *pixels[2];
    size_t len[2];
    for (int i = 0; i < 2; i++) {
        pixels[i] = vips_image_write_to_memory(images[i], &len[i]);
        ck_assert_msg(pixels[i] != NULL, "%s", vips_error_buffer());
    }
    bool equal = vips_image_get_width(images[0]) == vips_image_get_width(images[1]) &&
                 vips_image_get_bands(images[0]) == vips_image_get_bands(images[1]) &&
                 vips_image_get_format(images[0]) == vips_image_get_format(images[1]) && len[0] == len[1] &&
                 memcmp(pixels[0], pixels[1], len[0]) == 0;
    for (int i = 0; i < 2; i++) {
        g_free(pixels[i]);
        g_object_unref(images[i]);
    }
    return equal;
}

bool rig_same_pixels(const char *a, const char *b)
{
    return same(a, b, "");
}

bool rig_same_pages(const char *a, const char *b)
{
    return same(a, b, "[n=-1]");
}

/* HEVC's and AV1's encoders are packages of their own. */
static bool has_encoder(const char *suffix)
{
    if (strcmp(suffix, ".avif") != 0 && strcmp(suffix, ".heic") != 0 && strcmp(suffix, ".heif") != 0)
        return true;
    VipsImage *black;
    void *bytes = NULL;
    size_t len;
    int compression =
        strcmp(suffix, ".avif") == 0 ? VIPS_FOREIGN_HEIF_COMPRESSION_AV1 : VIPS_FOREIGN_HEIF_COMPRESSION_HEVC;
    ck_assert_int_eq(vips_black(&black, 64, 64, "bands", 3, NULL), 0);
    bool ok = vips_heifsave_buffer(black, &bytes, &len, "compression", compression, NULL) == 0;
    vips_error_clear();
    g_free(bytes);
    g_object_unref(black);
    return ok;
}

bool rig_writes(const char *suffix)
{
    char name[16];
    (void)snprintf(name, sizeof name, "x%s", suffix);
    const struct gc_saver *saver = gc_saver_of(gc_str_of(name), NULL);
    ck_assert_ptr_nonnull(saver);
    bool ok = vips_class_find("VipsOperation", saver->operation) && has_encoder(suffix);
    if (!ok)
        printf("not tried: this libvips writes no %s\n", suffix);
    return ok;
}
