/* load.h - opening a file: what `load` does, and what steps that take over its decode share. Inside of worker/ops.
 *
 * `load` looks at the first bytes, then at the header: format, size and limits are settled before a pixel is decoded. Who takes over
 * its decode opens the file once more, with a source of its own (source.h), or reads the pixels that all of them share: for each
 * file the cheaper, pushdown.c says how that is found.
 */
#ifndef GC_WORKER_OPS_LOAD_H
#define GC_WORKER_OPS_LOAD_H

#include <vips/vips.h>

#include "worker/ops/sniff.h"
#include "worker/ops/stage.h"

/* A pixel above so many bytes counts as several: max_pixels bounds memory, and an image may have thousands of bands. */
#define GC_LOAD_PIXEL_BYTES 16

/* A new source on the file that a `load` step reads; gc_load_run has found it open. */
enum gc_cause gc_load_source(struct gc_run *run, const struct gc_step_state *load, VipsSource **ret);

/* The setting fail_on of a `load` step. */
VipsFailOn gc_load_fail_on(const struct gc_step *step);
/* Its settings page and n. */
int gc_load_page(const struct gc_step *step);
int gc_load_n(const struct gc_step *step);

/* The cause of a failed decoder, from libvips' error buffer. `pixels`: the header was read. */
enum gc_cause gc_load_failed(struct gc_run *run, bool pixels);

/* Width and height of an image file (as it lies there, not turned) by its header; of any format that is read here. */
enum gc_cause gc_load_size(struct gc_run *run, int fd, int *ret_width, int *ret_height);

/* Whether the file holds a small copy of its image beside it (GC_SHRINKS_THUMBNAIL). Reads the header again. */
bool gc_load_has_thumbnail(struct gc_run *run, const struct gc_step_state *load, int width);

/* What counts against max_pixels. */
int64_t gc_load_pixels(int width, int height, int bands, VipsBandFormat format);

/* Which of the steps that take over the decode of step `at` are to read its pixels from memory, all of them the same: each of the
 * others decodes the file for itself. `image`: its header. Pixels are the same either way. */
uint64_t gc_pushdown_sharers(struct gc_run *run, uint32_t at, VipsImage *image);

#endif
