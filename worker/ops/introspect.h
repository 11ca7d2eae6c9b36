/* introspect.h - what libvips says of its operations, as entries of the catalogue. Inside of worker/ops. */
#ifndef GC_WORKER_OPS_INTROSPECT_H
#define GC_WORKER_OPS_INTROSPECT_H

#include <stdbool.h>

#include <vips/vips.h>

#include "common/arena.h"
#include "common/error.h"
#include "proto/message.h"

/* Whether an argument is a setting of a job: an input that is no image, no file, and not deprecated. */
bool gc_vips_is_setting(GParamSpec *spec, VipsArgumentFlags flags);

/* The setting that an argument is: name with '_', type, range, default, choices, help. */
enum gc_err gc_vips_describe(GParamSpec *spec, VipsArgumentFlags flags, struct gc_arena *arena,
                             struct gc_op_config *ret) GC_MUST_CHECK;

/* Makes the values of an enumeration the choices of a setting. */
enum gc_err gc_vips_describe_names(const char *type, struct gc_arena *arena,
                                   struct gc_op_config *ret) GC_MUST_CHECK;
/* Whether it is a value: an enumeration ends with its own length. */
bool gc_vips_is_value(const GEnumValue *value);

/* An operation's setting by name; GC_ERR_NOT_FOUND where this libvips has it not. */
enum gc_err gc_vips_setting(const char *nickname, const char *name, struct gc_arena *arena,
                            struct gc_op_config *ret) GC_MUST_CHECK;

/* Copies into the arena; a NULL pointer where it is full. */
struct gc_bytes gc_arena_text(struct gc_arena *arena, const char *text);

/* The interpolators that a job may name; NULL-terminated. */
extern const char *const gc_vips_interpolators[];
/* The profiles that lie inside of libvips: any other name would be a file. NULL-terminated. The first is "none", which a setting that
 * must be there does not take. */
extern const char *const gc_vips_profiles[];

#endif
