/* describe: a record of numbers about an image, from one pass over its pixels.
 *
 *   width height bands format   as libvips has them: `height` of all frames of an animation, one above the other; "uchar", "ushort"...
 *   mean deviation              of all values of all bands, alpha too, in the image's own scale (libvips' avg and deviate; of a
 *                               complex image, of its real parts); nil where a value is infinite or none
 *   entropy                     in bits, 0 to 8, of the histogram of its grey
 *   sharpness                   deviation of the Laplacian of its grey (4 times a pixel less its four neighbours): in greys; low for
 *                               what is out of focus; 0 for less than 3 pixels a side
 *   colour                      "#rrggbb", the mean of the fullest of 16 x 16 x 16 boxes of sRGB (the first of equally full ones);
 *                               pixels of less than half alpha do not count; nil where none counts, and without a colour space
 *   taken                       when, by EXIF (DateTimeOriginal, else DateTimeDigitized), in the form of ISO 8601:
 *                               "2019-06-01T12:00:00", with "+02:00" where EXIF says that; or nil
 *
 * Its grey is the luma of BT.601 of 8 bits of sRGB (strips.h). Whole numbers are added up as such, so that the first six places hang
 * on the pixels alone. Memory: some rows, and 160 KiB. Cost: about twice that of libvips' stats alone.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/values.h"
#include "worker/ops/libvips.h"
#include "worker/ops/stage.h"
#include "worker/ops/strips.h"

/* Of 2^36 values of 16 bits the squares, times their number, have 104 bits. */
__extension__ typedef unsigned __int128 gc_wide;

enum { BOXES = 16 * 16 * 16, HALF_ALPHA = 128 };

struct box {
    uint64_t count;
    uint64_t sum[3];
};

/* Sums of the image's own values: of up to 16 bits as whole numbers; of the others as reals, less the first value: what all have in
 * common must not drown what they have not. */
struct moments {
    uint64_t n;
    int64_t whole;
    gc_wide whole_squares;
    double real;
    double real_squares;
    double about; /* the first value */
};

struct facts {
    struct moments own;
    uint64_t greys[256];
    uint64_t edges; /* pixels that have four neighbours */
    int64_t edge_sum;
    uint64_t edge_squares;
    struct box boxes[BOXES];
    uint8_t *rows[3]; /* of grey: the last ones, by their number modulo 3 */
    int frame;        /* rows of a frame */
};

/* ---- mean and deviation ---- */

/* Each adds the `n` values of a row. Squares of 16 bits are summed in 64 bits: there is room for 2^32 of them. */
#define ADD_WHOLE(name, type)                                         \
    static void name(struct moments *m, const void *values, size_t n) \
    {                                                                 \
        const type *v = values;                                       \
        int64_t sum = 0;                                              \
        uint64_t squares = 0;                                         \
        for (size_t i = 0; i < n; i++) {                              \
            sum += v[i];                                              \
            squares += (uint64_t)((int64_t)v[i] * v[i]);              \
        }                                                             \
        m->whole += sum;                                              \
        m->whole_squares += squares;                                  \
    }

/* `step`: a complex value is two. */
#define ADD_REAL(name, type, step)                                    \
    static void name(struct moments *m, const void *values, size_t n) \
    {                                                                 \
        const type *v = values;                                       \
        if (m->n == 0)                                                \
            m->about = (double)v[0];                                  \
        for (size_t i = 0; i < n; i++) {                              \
            double d = (double)v[i * (step)] - m->about;              \
            m->real += d;                                             \
            m->real_squares += d * d;                                 \
        }                                                             \
    }

ADD_WHOLE(add_uchar, uint8_t)
ADD_WHOLE(add_char, int8_t)
ADD_WHOLE(add_ushort, uint16_t)
ADD_WHOLE(add_short, int16_t)
ADD_REAL(add_uint, uint32_t, 1)
ADD_REAL(add_int, int32_t, 1)
ADD_REAL(add_float, float, 1)
ADD_REAL(add_double, double, 1)
ADD_REAL(add_complex, float, 2)
ADD_REAL(add_dpcomplex, double, 2)

static void add_values(struct moments *m, VipsBandFormat format, const void *values, size_t n)
{
    switch (format) {
    case VIPS_FORMAT_UCHAR: add_uchar(m, values, n); break;
    case VIPS_FORMAT_CHAR: add_char(m, values, n); break;
    case VIPS_FORMAT_USHORT: add_ushort(m, values, n); break;
    case VIPS_FORMAT_SHORT: add_short(m, values, n); break;
    case VIPS_FORMAT_UINT: add_uint(m, values, n); break;
    case VIPS_FORMAT_INT: add_int(m, values, n); break;
    case VIPS_FORMAT_FLOAT: add_float(m, values, n); break;
    case VIPS_FORMAT_DOUBLE: add_double(m, values, n); break;
    case VIPS_FORMAT_COMPLEX: add_complex(m, values, n); break;
    case VIPS_FORMAT_DPCOMPLEX: add_dpcomplex(m, values, n); break;
    case VIPS_FORMAT_NOTSET:
    case VIPS_FORMAT_LAST: break;
    }
    m->n += n;
}

static double mean_of(const struct moments *m)
{
    double n = (double)m->n;
    return ((double)m->whole + m->real) / n + m->about;
}

/* n * squares - sum * sum, in whole numbers where they are: nothing cancels. */
static double deviation_of(const struct moments *m)
{
    double n = (double)m->n;
    double spread;
    if (m->n < 2)
        return 0;
    if (m->whole_squares) {
        uint64_t sum = m->whole < 0 ? -(uint64_t)m->whole : (uint64_t)m->whole;
        gc_wide square = (gc_wide)sum * sum;
        gc_wide scaled = m->whole_squares * m->n;
        spread = (double)(scaled - square) / n;
    } else {
        spread = m->real_squares - m->real * m->real / n;
    }
    return spread > 0 ? sqrt(spread / (n - 1)) : spread <= 0 ? 0 : spread;
}

/* ---- grey ---- */

static void take_grey(const struct gc_strips *s, const uint8_t *p, uint8_t *row, uint64_t greys[256])
{
    for (int x = 0; x < s->width; x++, p += s->tone_bands) {
        row[x] = s->coloured ? gc_luma(p[0], p[1], p[2]) : p[0];
        greys[row[x]]++;
    }
}

/* Of the row before the one that has just come: it has its neighbours now. */
static void take_edges(struct facts *f, int width, int y)
{
    int above = y % f->frame;
    if (above < 2 || width < 3)
        return;
    const uint8_t *up = f->rows[(y - 2) % 3];
    const uint8_t *at = f->rows[(y - 1) % 3];
    const uint8_t *below = f->rows[y % 3];
    for (int x = 1; x < width - 1; x++) {
        int edge = 4 * at[x] - at[x - 1] - at[x + 1] - up[x] - below[x];
        f->edge_sum += edge;
        f->edge_squares += (uint64_t)(edge * edge);
    }
    f->edges += (uint64_t)(width - 2);
}

static double entropy_of(const struct facts *f)
{
    double all = 0;
    double sum = 0;
    for (int i = 0; i < 256; i++)
        all += (double)f->greys[i];
    for (int i = 0; i < 256; i++)
        if (f->greys[i])
            sum += (double)f->greys[i] * log2((double)f->greys[i]);
    double bits = log2(all) - sum / all;
    return bits > 0 ? bits : 0;
}

static double sharpness_of(const struct facts *f)
{
    struct moments m = {.n = f->edges, .whole = f->edge_sum, .whole_squares = f->edge_squares};
    return deviation_of(&m);
}

/* ---- colour ---- */

static void take_colours(const struct gc_strips *s, const uint8_t *p, struct box *boxes)
{
    for (int x = 0; x < s->width; x++, p += s->tone_bands) {
        if (s->alpha >= 0 && p[s->alpha] < HALF_ALPHA)
            continue;
        unsigned r = p[0];
        unsigned g = s->coloured ? p[1] : r;
        unsigned b = s->coloured ? p[2] : r;
        struct box *box = &boxes[r >> 4 << 8 | g >> 4 << 4 | b >> 4];
        box->count++;
        box->sum[0] += r;
        box->sum[1] += g;
        box->sum[2] += b;
    }
}

static void put_colour(struct gc_buf *out, const struct box *boxes)
{
    char text[8];
    unsigned rgb[3];
    const struct box *best = &boxes[0];
    for (size_t i = 1; i < BOXES; i++)
        if (boxes[i].count > best->count)
            best = &boxes[i];
    if (best->count == 0) {
        gc_value_put_nil(out);
        return;
    }
    for (int k = 0; k < 3; k++)
        rgb[k] = (unsigned)((best->sum[k] + best->count / 2) / best->count);
    (void)snprintf(text, sizeof text, "#%02x%02x%02x", rgb[0] & 0xff, rgb[1] & 0xff, rgb[2] & 0xff);
    gc_value_put_str(out, gc_str_bytes(gc_str_of(text)));
}

/* ---- the pass ---- */

static void take_strip(struct facts *f, const struct gc_strips *s, const struct gc_strip *strip,
                       VipsImage *image)
{
    size_t values = (size_t)s->width * (size_t)vips_image_get_bands(image);
    for (int i = 0; i < strip->rows; i++) {
        int y = strip->y + i;
        const uint8_t *tone = strip->tone + (size_t)i * strip->tone_stride;
        add_values(&f->own, vips_image_get_format(image), strip->own + (size_t)i * strip->own_stride, values);
        take_grey(s, tone, f->rows[y % 3], f->greys);
        take_edges(f, s->width, y);
        if (!s->toneless)
            take_colours(s, tone, f->boxes);
    }
}

static bool find_facts(VipsImage *image, struct facts *f)
{
    struct gc_strips s;
    struct gc_strip strip;
    f->frame = gc_frame_height(image);
    bool ok = gc_strips_open(&s, image, vips_image_get_height(image), true);
    while (ok && gc_strips_next(&s, &strip))
        take_strip(f, &s, &strip, s.own_image);
    ok = ok && gc_strips_done(&s);
    gc_strips_close(&s);
    return ok;
}

/* ---- when ---- */

/* EXIF's text as libvips shows it: "2019:06:01 12:00:00 (2019:06:01 12:00:00, ASCII, 20 components, 20 bytes)". NULL: not there. */
static const char *exif_text(VipsImage *image, const char *name)
{
    const char *text;
    if (!vips_image_get_typeof(image, name))
        return NULL;
    if (vips_image_get_string(image, name, &text) == 0)
        return text;
    vips_error_clear();
    return NULL;
}

/* Whether it begins as `form` has it: 0 stands for any digit. */
static bool has_form(const char *text, const char *form)
{
    for (; *form; text++, form++)
        if (*form == '0' ? *text < '0' || *text > '9' : *text != *form)
            return false;
    return true;
}

static bool find_date(VipsImage *image, const char *date, const char *offset, char ret[32])
{
    const char *text = exif_text(image, date);
    const char *zone = exif_text(image, offset);
    if (!text || !has_form(text, "0000:00:00 00:00:00") || strncmp(text, "0000", 4) == 0)
        return false;
    bool zoned = zone && (has_form(zone, "+00:00") || has_form(zone, "-00:00"));
    (void)snprintf(ret, 32, "%.4s-%.2s-%.2sT%.8s%.*s", text, text + 5, text + 8, text + 11, zoned ? 6 : 0,
                   zoned ? zone : "");
    return true;
}

static void put_taken(struct gc_buf *out, VipsImage *image)
{
    char text[32];
    if (find_date(image, "exif-ifd2-DateTimeOriginal", "exif-ifd2-OffsetTimeOriginal", text) ||
        find_date(image, "exif-ifd2-DateTimeDigitized", "exif-ifd2-OffsetTimeDigitized", text))
        gc_value_put_str(out, gc_str_bytes(gc_str_of(text)));
    else
        gc_value_put_nil(out);
}

/* ---- the record ---- */

static void put_number(struct gc_buf *out, double v)
{
    if (isfinite(v))
        gc_value_put_real(out, v);
    else
        gc_value_put_nil(out);
}

static enum gc_cause put_record(struct gc_run *run, const struct gc_cell *in, const struct facts *f,
                                struct gc_cell *ret)
{
    struct gc_buf *out = &run->stage->scratch;
    size_t start = out->len;
    gc_value_put_array(out, 10);
    gc_value_put_int(out, in->width);
    gc_value_put_int(out, in->height);
    gc_value_put_int(out, in->bands);
    gc_value_put_str(out, gc_str_bytes(gc_str_of(vips_enum_nick(VIPS_TYPE_BAND_FORMAT, in->format))));
    put_number(out, mean_of(&f->own));
    put_number(out, deviation_of(&f->own));
    gc_value_put_real(out, entropy_of(f));
    gc_value_put_real(out, sharpness_of(f));
    put_colour(out, f->boxes);
    put_taken(out, in->image);
    return gc_cell_end_record(run, ret, start);
}

/* With three rows of grey behind it. */
static struct facts *make_facts(int width)
{
    size_t row = (size_t)width;
    struct facts *f = calloc(1, sizeof *f + 3 * row);
    for (size_t i = 0; f && i < 3; i++)
        f->rows[i] = (uint8_t *)(f + 1) + i * row;
    return f;
}

enum gc_cause gc_describe_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret)
{
    struct gc_cell *in;
    enum gc_cause cause = gc_run_image(run, step, 0, &in);
    if (cause)
        return cause;
    struct facts *f = make_facts(in->width);
    if (!f)
        return gc_run_fail(run, GC_CAUSE_OOM, "no memory for its sums");
    if (find_facts(in->image, f))
        cause = put_record(run, in, f, ret);
    else
        cause = gc_run_vips_failed(run, GC_CAUSE_OP_ERROR, true);
    free(f);
    return cause;
}
