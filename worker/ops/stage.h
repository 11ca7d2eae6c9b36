/* stage.h - an installed stage and one run of it. Inside of worker/ops.
 *
 * A *cell* is what a step has made in this run: an image, a record, or the item handed through. Images are libvips pipelines:
 * nothing is decoded until somebody pulls. Three rules keep them right:
 *   - A *streamed* image comes from a decoder that reads from top to bottom once. Only one reader may pull it, and only one
 *     streamed image may use the item's descriptor at a time. Where there are more readers the cell is materialised: its pixels
 *     are in memory, computed once.
 *   - Pixels are pulled at the end, so that a truncated file fails in `save`. A task in which pulling failed runs once more,
 *     *carefully*: each image is materialised where it was made, and the step in which that fails is the one to blame.
 *   - A cell lets go of its image when its last reader has run; what its value needs was written down when it was made.
 */
#ifndef GC_WORKER_OPS_STAGE_H
#define GC_WORKER_OPS_STAGE_H

#include <vips/vips.h>

#include "common/arena.h"
#include "worker/ops/op.h"
#include "worker/ops/ops.h"
#include "common/naming/template.h"

struct gc_offer;

enum gc_cell_kind { GC_CELL_NONE, GC_CELL_ITEM, GC_CELL_IMAGE, GC_CELL_RECORD };

struct gc_cell {
    enum gc_cell_kind kind;
    VipsImage *image; /* owned; NULL where nobody reads it any more */
    bool streamed;
    uint32_t readers; /* steps of this run that have not read it yet */
    int width;
    int height;
    int bands;
    VipsBandFormat format;
    struct gc_bytes record; /* one value, in the run's scratch; empty: nil */
    bool silent;            /* commit nil: the cell belongs to another step */
    bool cached;            /* its outcome is CACHED */
};

struct gc_step_state {
    const struct gc_step *step;
    struct gc_arena *arena;       /* the stage's, for what is kept of the settings */
    const struct gc_op_row *op;   /* of ours; or */
    const struct gc_offer *offer; /* of libvips */
    uint64_t ancestors;           /* steps it hangs on */
    uint32_t decodes;             /* how many steps take over its decode */
    struct gc_template *to;       /* save */
    void *delta;                  /* reducers: the chunk's state */
    uint64_t delta_items;
};

enum gc_step_fate { GC_FATE_IDLE, GC_FATE_DONE, GC_FATE_FAILED, GC_FATE_SKIPPED, GC_FATE_GIVEN };

struct gc_run {
    struct gc_stage *stage;
    const struct gc_task *task;
    struct gc_blame blame;
    struct gc_task_result *result;
    uint64_t needed;  /* steps that must run: the wanted ones and what they hang on */
    uint32_t current; /* step in execution */
    bool careful;
    bool by_decoder; /* the failure is a limit of the decoder's own */
    bool pulled;     /* the failure came while pixels were pulled: where it began is not known yet */
    enum gc_step_fate fate[GC_MAX_STAGE_NODES];
    uint32_t cause[GC_MAX_STAGE_NODES];
    char text[GC_MAX_TEXT]; /* of the failure at hand; NUL-terminated */
};

struct gc_stage {
    struct gc_program program; /* in arena and bytes */
    uint8_t *bytes;
    struct gc_arena arena;
    uint32_t n_nodes;
    uint32_t n_reducers;
    int64_t max_pixels; /* of any image: the default, or what a `load` of it allows beyond */
    struct gc_step_state steps[GC_MAX_STAGE_NODES];
    struct gc_cell cells[GC_MAX_STAGE_NODES];
    uint8_t *scratch_memory;
    struct gc_buf scratch; /* records, texts and paths of this run */
    uint64_t feeds;        /* reducing steps that the last run feeds */
    struct gc_run run;
};

#define GC_STAGE_SCRATCH (512u * 1024u)
/* An image above so many pixels is refused wherever it appears, unless `load` says otherwise. */
#define GC_MAX_PIXELS_DEFAULT 100000000

/* The cell that the step reads at `slot`; NULL: it reads none there. */
struct gc_cell *gc_run_input(struct gc_run *run, const struct gc_step_state *step, uint32_t slot);
/* The image at `slot`; on failure the cause, with text. */
enum gc_cause gc_run_image(struct gc_run *run, const struct gc_step_state *step, uint32_t slot,
                           struct gc_cell **ret);

/* Sets run->text and returns `cause`, so that a failure is one line. */
enum gc_cause gc_run_fail(struct gc_run *run, enum gc_cause cause, const char *format, ...) GC_PRINTF(3, 4);
/* The same from libvips' error buffer, which it clears. `pulling`: pixels were being pulled, so that an earlier step may be at fault. */
enum gc_cause gc_run_vips_failed(struct gc_run *run, enum gc_cause cause, bool pulling);
/* The same where an operation could not be built on an input that is `streamed` or not. */
enum gc_cause gc_run_build_failed(struct gc_run *run, bool streamed);

/* Takes the reference: fills the cell with an image. */
void gc_cell_set_image(struct gc_cell *cell, VipsImage *image, bool streamed);
/* Its pixels are in memory afterwards. */
enum gc_cause gc_cell_materialise(struct gc_run *run, struct gc_cell *cell);
/* Ends a record begun in the run's scratch at `start`: the cell is that record. */
enum gc_cause gc_cell_end_record(struct gc_run *run, struct gc_cell *cell, size_t start);
void gc_cell_release(struct gc_cell *cell);

/* The libvips operation `nickname` with the step's settings, not built yet; on failure none. */
enum gc_cause gc_vips_make(struct gc_run *run, const struct gc_step *step, const char *nickname,
                           VipsOperation **ret);
/* A step that takes over the decode of another. */
enum gc_cause gc_pushdown_run(struct gc_run *run, struct gc_step_state *step, struct gc_cell *ret);

/* run.c's half for install.c */
void gc_stage_reset_cells(struct gc_stage *s);

#endif
