/* Valid uses of every offered operation: settings, what has to be done to a picture before it takes it, and its other images. */
#ifndef GC_TESTS_UNIT_OPS_RECIPES_H
#define GC_TESTS_UNIT_OPS_RECIPES_H

#include "proto/message.h"
#include "rig.h"

/* The catalogue of this libvips; kept with the process. */
const struct gc_catalogue *recipe_catalogue(void);
/* NULL: it is not there. */
const struct gc_op *recipe_op(const char *name);

/* Adds the op and what it needs, below the step `from` that gives a picture. Returns its step. */
int recipe_add(struct rig *r, const struct gc_op *op, int from);

#endif
