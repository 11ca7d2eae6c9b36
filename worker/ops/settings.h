/* settings.h - reading a step's settings. Pure. What is read here was checked at install against the op's table row. */
#ifndef GC_WORKER_OPS_SETTINGS_H
#define GC_WORKER_OPS_SETTINGS_H

#include "common/error.h"
#include "proto/message.h"
#include "worker/ops/op.h"

/* NULL: not set (or null). */
const struct gc_value *gc_setting(const struct gc_step *step, const char *key);

int64_t gc_setting_int(const struct gc_step *step, const char *key, int64_t fallback);
double gc_setting_real(const struct gc_step *step, const char *key, double fallback);
struct gc_bytes gc_setting_string(const struct gc_step *step, const char *key, const char *fallback);
/* The place of the string among `choices`, or of the fallback where it is not set. */
uint32_t gc_setting_choice(const struct gc_step *step, const char *key, const char *const *choices,
                           uint32_t fallback);

/* An int, or a real without a fraction. */
bool gc_value_as_int(const struct gc_value *v, int64_t *ret);
bool gc_value_as_real(const struct gc_value *v, double *ret);

/* Every setting is one of the row's, with its type, range and choices, and the required ones are there. */
enum gc_err gc_settings_check(const struct gc_op_row *row, const struct gc_step *step,
                              struct gc_fault *fault) GC_MUST_CHECK;

#endif
