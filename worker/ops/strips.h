/* strips.h - an image's pixels from top to bottom, some rows at a time: as they are, and as 8 bits of grey or sRGB. Inside of
 * worker/ops.
 *
 *     struct gc_strips s;
 *     struct gc_strip strip;
 *     bool ok = gc_strips_open(&s, image, height, true);
 *     while (ok && gc_strips_next(&s, &strip)) ...
 *     ok = ok && gc_strips_done(&s);         false: libvips' error buffer says why
 *     gc_strips_close(&s);
 *
 * Each pixel is decoded and computed once, in the order of the rows, so a streamed image is read as it comes; what is held is a few
 * strips, whatever the height. Colours: sRGB by vips_colourspace (CMYK by its profile, 16 bits cut to 8, float clipped); 8-bit sRGB
 * and grey are taken as they are, so that they are the same bytes with every libvips.
 */
#ifndef GC_WORKER_OPS_STRIPS_H
#define GC_WORKER_OPS_STRIPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vips/vips.h>

struct gc_strip {
    int y; /* of its first row */
    int rows;
    const uint8_t *own; /* the image's own values; NULL where they were not asked for */
    size_t own_stride;  /* bytes from row to row */
    const uint8_t *tone;
    size_t tone_stride;
};

struct gc_strips {
    VipsImage *own_image;
    VipsImage *tone_image;
    VipsRegion *own; /* NULL: not asked for, or the same as tone */
    bool same;
    VipsRegion *tone;
    int height;
    int next;
    bool failed;
    int width;
    int tone_bands; /* from pixel to pixel in `tone` */
    bool coloured;  /* tone is red, green, blue; else one grey */
    int alpha;      /* which band of tone it is; -1: none */
    bool toneless; /* of no colour space (bands of something else): grey is its first band, cut to 0 to 255 */
};

/* The first `height` rows of it. `own`: wants the image's own values too. False: it cannot be read. Close it in any case. */
bool gc_strips_open(struct gc_strips *s, VipsImage *image, int height, bool own);
bool gc_strips_next(struct gc_strips *s, struct gc_strip *ret);
/* All rows were read. */
bool gc_strips_done(const struct gc_strips *s);
void gc_strips_close(struct gc_strips *s);

/* The grey of a pixel: the luma of BT.601 in whole numbers; that of a grey one is itself. */
static inline uint8_t gc_luma(uint32_t r, uint32_t g, uint32_t b)
{
    return (uint8_t)((19595 * r + 38470 * g + 7471 * b + 32768) >> 16);
}

/* Rows of one frame: the whole height where there is one frame alone. */
int gc_frame_height(VipsImage *image);

#endif
