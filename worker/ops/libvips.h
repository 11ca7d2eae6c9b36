/* libvips.h - libvips' errors and operations behind one door. Inside of worker/ops.
 *
 * libvips keeps its errors in one buffer of the process, and a failure deep in a pipeline leaves several lines there. Whoever sees
 * a call of libvips fail takes them out at once through gc_vips_error.
 */
#ifndef GC_WORKER_OPS_LIBVIPS_H
#define GC_WORKER_OPS_LIBVIPS_H

#include <stdbool.h>
#include <stddef.h>

#include <vips/vips.h>

#include "common/error.h"
#include "proto/message.h"

/* What an error is about, as far as its domain and text tell. */
enum gc_vips_kind {
    GC_VIPS_OTHER,
    GC_VIPS_LOADER,    /* from the decoder of the input */
    GC_VIPS_TRUNCATED, /* ... which found the end of the file too early */
    GC_VIPS_MEMORY,    /* an allocation failed */
    GC_VIPS_LIMIT,     /* a limit of the decoder's own, against bombs */
};

/* The first line of the error buffer, printable, cut at `cap` - 1 bytes; the buffer is empty afterwards. */
enum gc_vips_kind gc_vips_error(char *text, size_t cap);

/* How often libvips has warned since gc_vips_init: a decoder that met something odd and went on. */
unsigned gc_vips_warnings(void);

/* Sets one argument of an operation that is not built yet from a setting, checked against the argument's own type, range and
 * choices. GC_ERR_INVALID with the reason. */
enum gc_err gc_vips_set(VipsOperation *op, const char *name, const struct gc_value *value,
                        struct gc_fault *fault) GC_MUST_CHECK;

/* Sets what a pipeline hands in. */
void gc_vips_set_image(VipsOperation *op, const char *name, VipsImage *image);
void gc_vips_set_object(VipsOperation *op, const char *name, void *object);

/* Makes an image's blocks of metadata its own. heifload of 8.14 lends those of its image to all images made from it, and frees them
 * with its image, which goes once pixels are in memory: found by the address sanitizer, in the colour profile. */
void gc_vips_own_metadata(VipsImage *image);

/* The same with a list of images. */
void gc_vips_set_images(VipsOperation *op, const char *name, VipsImage *const *images, uint32_t n);

/* Runs it (consumes the reference). On success *ret_out (may be NULL) is a reference to its image output `out`; on failure the
 * error buffer says why. */
bool gc_vips_build(VipsOperation *op, VipsImage **ret_out);

#endif
