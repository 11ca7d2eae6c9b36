/* op.h - an op of our own, as its table row describes it, and what runs it. Inside of worker/ops.
 *
 * One row gives the catalogue entry, the check of a program's settings, and the code. The rows stand in table.c, sorted by name.
 *
 * How an op's `command` is to be read (the catalogue hands it on; a plan shows it filled in). It is a line of a shell:
 *   {item}            the item's file; of a node with a setting `path`, that file
 *   {in} {out} {NAME} the file of that input or output; or, where NAME is neither, the value of that setting, which is required.
 *   {options}         the settings that the job gives and the line does not name, each as a word of its own: --key=value, with - for _
 *                     in the key
 *   [{options,}]      the same behind a file's name, in the brackets that libvips reads there: [key=value,key=value]; the brackets
 *                     go with them where there are none. Behind {item} they are those of the node that decodes it
 *   {options !a b}    those but a and b; {options a b}: of these only a and b. So in brackets: [{options, a b}]
 * Values: numbers in decimal, true and false, strings as they are, lists as numbers between blanks. Whoever fills it in quotes for the
 * shell: a placeholder, with what touches it, is one word, but for {options} alone, which is as many as there are settings. The
 * rest of a template is plain words. Files between two ops are named .v: libvips' own format, which keeps everything.
 */
#ifndef GC_WORKER_OPS_OP_H
#define GC_WORKER_OPS_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/error.h"
#include "proto/message.h"

struct gc_run;
struct gc_cell;
struct gc_step_state;
struct gc_reducer;
struct gc_scan;

struct gc_op_input_row {
    const char *name;
    enum gc_type type;
    bool required;
    bool many;
};

struct gc_op_field_row {
    const char *name;
    enum gc_type type;
};

/* A setting. `type` ANY: its op looks at it itself. Choices end with NULL. A fallback is written as a value of the row's type. */
struct gc_op_config_row {
    const char *key;
    enum gc_type type;
    bool required;
    double min; /* numbers; min > max: no range */
    double max;
    const char *fallback; /* NULL: none; as text: "0.5", "true", "error" */
    const char *const *choices;
    const char *help;
};

#define GC_NO_RANGE 1.0, 0.0

struct gc_op_row {
    const char *name;
    const char *help;
    enum gc_scope scope;
    unsigned traits;
    unsigned cost;
    const struct gc_op_input_row *inputs;
    uint32_t n_inputs;
    enum gc_type output;
    const struct gc_op_config_row *config;
    uint32_t n_config;
    const struct gc_op_field_row *shape; /* none: a bare value, or, of an image, gc_image_shape */
    uint32_t n_shape;
    bool saver_config;   /* the catalogue adds the formats and settings of libvips' savers (saver.h) */
    const char *command; /* how the vips command does the same, as above; NULL: it does not */
    const char *command_on_file; /* the same where it takes over a decode */
    /* At install: looks at the settings beyond what the table checks. NULL: nothing more. Runs where libvips does not. */
    enum gc_err (*setup)(struct gc_step_state *step, struct gc_fault *fault);
    /* Fills *ret (zeroed) or returns a cause with its text in run->text. NULL: not an op of items. */
    enum gc_cause (*run)(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
    const struct gc_reducer *reducer;
    /* Of a reducing op that scans: reads all results of its inputs (scan.h) and fills *ret (zeroed), or returns a cause as `run`. */
    enum gc_cause (*scan)(struct gc_run *run, struct gc_step_state *step, struct gc_scan *scan,
                          struct gc_cell *ret);
    /* Endings of the file that it writes, NULL-terminated. NULL: a saver's, or it writes none. */
    const char *const *suffixes;
    const char *maps; /* of such an op: the op of items that the planner puts before it; NULL: none */
};

extern const struct gc_op_row gc_op_rows[];
extern const uint32_t gc_op_rows_n;

/* NULL: no op of ours has that name. */
const struct gc_op_row *gc_op_row_find(struct gc_bytes name);

/* The record of an image that no op kept: width, height, bands, format. */
extern const struct gc_op_field_row gc_image_shape[];
#define GC_IMAGE_SHAPE_N 4u

/* The runs, by file. */
enum gc_err gc_load_setup(struct gc_step_state *step, struct gc_fault *fault);
enum gc_cause gc_load_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
enum gc_err gc_save_setup(struct gc_step_state *step, struct gc_fault *fault);
enum gc_cause gc_save_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
enum gc_cause gc_describe_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
enum gc_cause gc_phash_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
enum gc_err gc_filter_setup(struct gc_step_state *step, struct gc_fault *fault);
enum gc_cause gc_filter_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
enum gc_cause gc_echo_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
enum gc_cause gc_noop_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
enum gc_cause gc_sleep_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
enum gc_err gc_fail_setup(struct gc_step_state *step, struct gc_fault *fault);
enum gc_cause gc_fail_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
enum gc_cause gc_source_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
enum gc_err gc_collect_setup(struct gc_step_state *step, struct gc_fault *fault);
enum gc_cause gc_collect_scan(struct gc_run *run, struct gc_step_state *step, struct gc_scan *scan,
                              struct gc_cell *ret);
enum gc_err gc_group_setup(struct gc_step_state *step, struct gc_fault *fault);
enum gc_cause gc_group_scan(struct gc_run *run, struct gc_step_state *step, struct gc_scan *scan,
                            struct gc_cell *ret);
enum gc_err gc_tile_setup(struct gc_step_state *step, struct gc_fault *fault);
enum gc_cause gc_tile_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);
enum gc_err gc_sheet_setup(struct gc_step_state *step, struct gc_fault *fault);
enum gc_cause gc_sheet_scan(struct gc_run *run, struct gc_step_state *step, struct gc_scan *scan,
                            struct gc_cell *ret);
/* Any offered operation of libvips: what its row in offered.def says. */
enum gc_cause gc_vips_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);

#endif
