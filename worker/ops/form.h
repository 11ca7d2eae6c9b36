/* form.h - what an offered operation takes and makes: libvips' own arguments, seen through the review of offered.def.
 *
 * Forms are made by introspection, when first asked for, and live as long as the process: one lookup an item costs nothing. Wants
 * gc_ops_init; runs no operation. One thread.
 *
 * The order of parts is the order in which the vips command wants them. Names are spelt as jobs spell them, with '_'; libvips' own
 * spelling is in the spec.
 */
#ifndef GC_WORKER_OPS_FORM_H
#define GC_WORKER_OPS_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include <vips/vips.h>

#include "proto/limits.h"
#include "worker/ops/offer.h"

enum gc_form_role {
    GC_FORM_IMAGE,      /* an image that it takes */
    GC_FORM_IMAGES,     /* a list of images that it takes */
    GC_FORM_CANVAS,     /* an image that it paints on: taken, and made */
    GC_FORM_SETTING,    /* anything else that it takes */
    GC_FORM_MADE_IMAGE, /* an image that it makes */
    GC_FORM_MADE_VALUE, /* a number, a truth value, a word or a list of numbers that it makes */
};

struct gc_form_part {
    char name[40];
    enum gc_form_role role;
    bool required;
    GParamSpec *spec; /* libvips' own */
    VipsArgumentFlags flags;
};

#define GC_FORM_PARTS 40u

struct gc_form {
    const char *nickname;
    const char *help; /* libvips' own */
    uint32_t n_parts;
    struct gc_form_part parts[GC_FORM_PARTS];
    uint32_t n_taken;  /* images, lists and canvases among them */
    uint32_t n_images; /* made, a canvas too */
    uint32_t n_values; /* made, but for those that a record of an image has no place for */
};

/* NULL: this libvips has no such operation, or one of another form than could be used. */
const struct gc_form *gc_form_of(const struct gc_offer *offer);

/* Values that belong to the record: all of an operation that makes no image; else those whose names an image's own fields leave free. */
bool gc_form_tells(const struct gc_form *form, const struct gc_form_part *part);

/* Whether its one value stands for itself: no record around it. */
bool gc_form_bare(const struct gc_form *form);

/* What a job calls an image that it makes; a canvas is called "out". */
const char *gc_form_output(const struct gc_form_part *part);

#endif
