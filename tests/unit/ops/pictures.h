/* Pictures for tests of ops that look at pixels, made from numbers; the same each time. */
#ifndef GC_TESTS_UNIT_OPS_PICTURES_H
#define GC_TESTS_UNIT_OPS_PICTURES_H

#include <stdint.h>

#include <vips/vips.h>

#include "proto/values.h"
#include "rig.h"

/* 8-bit sRGB with the spectrum that photos have: smooth fields of ever finer grain and ever less weight. Each seed another one. */
VipsImage *picture(uint64_t seed, int width, int height);
/* An image of these values, `bands` of them a pixel; copied. */
VipsImage *picture_of(const void *values, int width, int height, int bands, VipsBandFormat format,
                      VipsInterpretation as);
/* Takes the reference and writes it into the rig's folder; `name` may have options in brackets. Returns the path without them. */
const char *picture_write(struct rig *r, VipsImage *image, const char *name);

/* The fields of the only value of the rig's last run, which is a record of n. */
void record_fields(const struct rig *r, struct gc_value_token *fields, uint32_t n);

#endif
