#include "pictures.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

enum { OCTAVES = 5, FINEST = 3 << (OCTAVES - 1) };

struct field {
    int side;
    float weight;
    float values[(FINEST + 1) * (FINEST + 1)];
};

static float between(const struct field *f, float x, float y)
{
    int left = (int)x;
    int top = (int)y;
    float u = x - (float)left;
    float v = y - (float)top;
    const float *p = f->values + top * (f->side + 1) + left;
    float a = p[0] + (p[1] - p[0]) * u;
    float b = p[f->side + 1] + (p[f->side + 2] - p[f->side + 1]) * u;
    return a + (b - a) * v;
}

/* Adds a field of that strength to the bands from `first` on. */
static void add_field(uint64_t *seed, int width, int height, float strength, int first, int bands, float *to)
{
    static struct field fields[OCTAVES];
    for (int o = 0; o < OCTAVES; o++) {
        struct field *f = &fields[o];
        f->side = 3 << o;
        f->weight = strength / (float)(1 << o);
        for (int i = 0; i < (f->side + 1) * (f->side + 1); i++)
            f->values[i] = (float)(gc_suite_random(seed) % 2001) / 1000.0f - 1.0f;
    }
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            float sum = 0;
            for (int o = 0; o < OCTAVES; o++) {
                float side = (float)fields[o].side - 0.001f;
                sum += fields[o].weight *
                       between(&fields[o], side * (float)x / (float)width, side * (float)y / (float)height);
            }
            for (int i = first; i < first + bands; i++)
                to[(y * width + x) * 3 + i] += sum;
        }
    }
}

VipsImage *picture_of(const void *values, int width, int height, int bands, VipsBandFormat format,
                      VipsInterpretation as)
{
    size_t size = (size_t)width * (size_t)height * (size_t)bands * vips_format_sizeof(format);
    VipsImage *made = vips_image_new_from_memory_copy(values, size, width, height, bands, format);
    VipsImage *image;
    ck_assert_ptr_nonnull(made);
    ck_assert_int_eq(vips_copy(made, &image, "interpretation", as, NULL), 0);
    g_object_unref(made);
    return image;
}

VipsImage *picture(uint64_t seed, int width, int height)
{
    size_t n = (size_t)width * (size_t)height * 3;
    uint8_t *values = malloc(n);
    float *sums = calloc(n, sizeof *sums);
    uint64_t state = seed * 2654435761u + 1;
    add_field(&state, width, height, 100, 0, 3, sums); /* light */
    for (int i = 0; i < 3; i++)
        add_field(&state, width, height, 30, i, 1, sums); /* colour */
    for (size_t i = 0; i < n; i++)
        values[i] = (uint8_t)VIPS_CLIP(0, 128 + sums[i], 255);
    free(sums);
    VipsImage *image = picture_of(values, width, height, 3, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_sRGB);
    free(values);
    return image;
}

const char *picture_write(struct rig *r, VipsImage *image, const char *name)
{
    char *path = rig_keep(malloc(256));
    (void)snprintf(path, 256, "%s/%s", r->folder, name);
    ck_assert_msg(vips_image_write_to_file(image, path, NULL) == 0, "%s: %s", name, vips_error_buffer());
    g_object_unref(image);
    path[strcspn(path, "[")] = '\0';
    return path;
}

void record_fields(const struct rig *r, struct gc_value_token *fields, uint32_t n)
{
    struct gc_value_token head;
    struct gc_bytes in = gc_buf_bytes(&r->values);
    ck_assert_int_eq(gc_value_next(&in, &head), GC_OK);
    ck_assert_int_eq(head.kind, GC_TOKEN_ARRAY);
    ck_assert_uint_eq(head.n, n);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_int_eq(gc_value_next(&in, &fields[i]), GC_OK);
    ck_assert_uint_eq(in.len, 0);
}
