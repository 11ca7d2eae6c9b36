/* Programs, tasks and small images for tests of stages. */
#ifndef GC_TESTS_UNIT_OPS_RIG_H
#define GC_TESTS_UNIT_OPS_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"
#include "worker/ops/ops.h"

#define RIG_MAX    64
#define RIG_INPUTS 8

/* A program under construction. */
struct rig {
    struct gc_program program;
    struct gc_step steps[RIG_MAX];
    struct gc_setting config[RIG_MAX][16];
    struct gc_step_input inputs[RIG_MAX][RIG_INPUTS];
    struct gc_stage *stage;
    /* the last run */
    struct gc_task task;
    struct gc_task_input files[GC_MAX_STAGE_INPUTS]; /* a test may refuse them */
    struct gc_task_result result;
    uint8_t values_memory[GC_TASK_VALUES_MAX];
    struct gc_buf values;
    char folder[64];
    int outputs[RIG_MAX];
    uint32_t touched;
    uint32_t touches[64];
};

void *rig_keep(void *memory); /* freed with the process; no leak */
void rig_init(struct rig *r); /* starts libvips: once a test */
void rig_release(struct rig *r);

/* Adds a step. `settings`: "key=value key=value", values as YAML's core scalars, with commas a list. `from`: its input, or -1. Returns its index. */
int rig_step(struct rig *r, const char *op, const char *settings, int from);
/* The last step takes over the decode of step `decode`. */
void rig_push_down(struct rig *r, int decode);
/* Another id than the name of its op. */
void rig_name(struct rig *r, int step, const char *id);
/* The last step is a hoisted one. */
void rig_hoist(struct rig *r);
/* Another input of the last step. */
void rig_also(struct rig *r, int from);
/* The same by the name of the op's input, and of an output of the step that it comes from (NULL: the first). */
void rig_slot(struct rig *r, const char *slot, int from, const char *output);
/* A list of names as a setting of the last step. */
void rig_names(struct rig *r, const char *key, const char *names);
void rig_reducer(struct rig *r, const char *op, const char *settings, int from);
void rig_install(struct rig *r);
/* Installs the one step as a REDUCE stage. */
void rig_install_reduce(struct rig *r, const char *op, const char *settings);

/* Runs it on a file (NULL: none) with all nodes wanted, outputs in temporary files. */
void rig_run(struct rig *r, const char *input);
/* The path of the output of a step. */
const char *rig_output(struct rig *r, int step);

/* Cause of a failed node; GC_CAUSE_NONE: there is no fault of it. */
uint32_t rig_cause(const struct rig *r, int node);
const char *rig_text(const struct rig *r, int node);

/* Writes images into the rig's folder and returns their paths, in memory of the rig's folder's life. */
const char *rig_photo(struct rig *r, const char *name, int width, int height);
/* Opens one in this process, in which decoders are blocked. */
struct _VipsImage *rig_open(
    const char *path); /* options in brackets behind the name, as libvips reads them */
const char *rig_truncated(struct rig *r, const char *from, const char *name, double part);
/* Runs a shell command; false: it failed. */
/* Whether this libvips writes such files, and has an encoder for it: HEIF's are plug-ins. Says so where it does not. */
bool rig_writes(const char *suffix);
bool rig_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Whether two image files have the same pixels; and those of all their pages. */
bool rig_same_pixels(const char *a, const char *b);
bool rig_same_pages(const char *a, const char *b);

/* Encodes a program for gc_stage_install. */
struct gc_bytes rig_encode(const struct gc_program *p);

#endif
