/* stage.h - an installed stage and one run of it. Inside of worker/ops.
 *
 * A *cell* is what a step has made in this run: an image, a record, or the item handed through. Images are libvips pipelines:
 * nothing is decoded until somebody pulls. Three rules keep them right:
 *   - A *streamed* image comes from a decoder that reads from top to bottom once. Only one reader may pull it. Where there are more
 *     readers, or one that reads in another order, the cell is materialised: its pixels are in memory, computed once. Several decodes
 *     of one file do not disturb each other (source.h).
 *   - Pixels are pulled at the end, so that a truncated file fails in `save`. A task in which pulling failed runs once more,
 *     *carefully*: each image is materialised where it was made, and the step in which that fails is the one to blame.
 *   - A cell lets go of its image when its last reader has run; what its value needs was written down when it was made.
 *
 * An op that makes several images has a cell of its own for each: the step's, with the first, and *sides* for the others, which
 * live and go with it. Who reads any of them is a reader of the step's cell.
 */
#ifndef GC_WORKER_OPS_STAGE_H
#define GC_WORKER_OPS_STAGE_H

#include <vips/vips.h>

#include "common/arena.h"
#include "common/naming/template.h"
#include "worker/ops/op.h"
#include "worker/ops/ops.h"

struct gc_format;
struct gc_offer;
struct gc_expr;

enum gc_cell_kind { GC_CELL_NONE, GC_CELL_ITEM, GC_CELL_IMAGE, GC_CELL_RECORD };

struct gc_cell {
    enum gc_cell_kind kind;
    VipsImage *image; /* owned; NULL where nobody reads it any more */
    bool streamed;
    uint32_t readers; /* steps of this run that have not read it yet */
    uint32_t pullers; /* those of all its readers that pull pixels of it */
    int width;
    int height;
    int bands;
    VipsBandFormat format;
    struct gc_bytes record; /* one value, in the run's scratch; empty: nil */
    struct gc_bytes fields; /* of an image: values behind its own four, in the run's scratch */
    uint32_t n_fields;
    const char *output;    /* what a job calls it; NULL: "out" */
    struct gc_cell *sides; /* the stage's; NULL: it is a side itself */
    uint32_t n_sides;
    bool silent; /* commit nil: the cell belongs to another step */
    bool cached; /* its outcome is CACHED */
};

/* Images that one operation makes beside its first, at most. */
#define GC_CELL_SIDES 3u

/* Of a step that decodes: the file at hand, and who takes over (load.h). */
struct gc_decode {
    const struct gc_format *format;
    VipsImage *shared; /* owned; its pixels in memory, as they lie in the file; NULL: none are shared */
    uint64_t sharers;  /* steps that have yet to read them */
};

/* What became of a hoisted step. */
enum gc_hoist_state { GC_HOIST_IDLE, GC_HOIST_DONE, GC_HOIST_FAILED, GC_HOIST_SKIPPED };

struct gc_hoist {
    enum gc_hoist_state state;
    bool held;           /* a node reads it: it stays */
    enum gc_cause cause; /* FAILED */
    uint32_t culprit;    /* FAILED: the hoisted step that is to blame */
    char *text;          /* FAILED: owned */
    uint8_t *record;     /* DONE, a record: owned, what the cell points to */
};

struct gc_step_state {
    const struct gc_step *step;
    struct gc_arena *arena;       /* the stage's, for what is kept of the settings */
    const struct gc_op_row *op;   /* of ours; or */
    const struct gc_offer *offer; /* of libvips */
    uint64_t ancestors;           /* steps it hangs on */
    uint32_t file;                /* of a step that reads one: which of the stage's */
    struct gc_decode decode;      /* of a step that decodes */
    struct gc_hoist hoist;        /* of a hoisted step */
    struct gc_template *to;       /* save */
    struct gc_expr *where;        /* filter */
    void *delta;                  /* reducers: the chunk's state */
    uint64_t delta_items;
    /* Fields of the record that its first input brings; NULL: it is a map, or no record. */
    const struct gc_op_field_row *shape;
    uint32_t n_shape;
};

enum gc_step_fate { GC_FATE_IDLE, GC_FATE_DONE, GC_FATE_FAILED, GC_FATE_SKIPPED, GC_FATE_GIVEN };

struct gc_run {
    struct gc_stage *stage;
    const struct gc_task *task;
    struct gc_blame blame;
    struct gc_task_result *result;
    uint64_t needed;  /* steps that must run: the wanted ones and what they hang on */
    uint64_t idle;    /* nodes that pull no pixels: run.c says which */
    uint32_t current; /* step in execution */
    bool careful;
    bool skipped;    /* the op has ended the item at its step: no failure, and nothing below it runs */
    bool by_decoder; /* the failure is a limit of the decoder's own */
    unsigned warned; /* libvips' count of warnings when it began */
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
    uint32_t n_hoisted; /* steps [n_nodes, n_nodes + n_hoisted); reducers behind them */
    uint32_t n_reducers;
    uint32_t n_files;
    struct gc_bytes paths[GC_MAX_STAGE_INPUTS]; /* of the files; 0: empty, the item's own */
    int64_t max_pixels; /* of any image: the default, or what a `load` of it allows beyond */
    struct gc_step_state steps[GC_MAX_STAGE_NODES];
    struct gc_cell cells[GC_MAX_STAGE_NODES];
    struct gc_cell sides[GC_MAX_STAGE_NODES][GC_CELL_SIDES];
    uint8_t *scratch_memory;
    struct gc_buf scratch; /* records, texts and paths of this run */
    uint64_t feeds;        /* reducing steps that the last run feeds */
    struct gc_run run;
};

#define GC_STAGE_SCRATCH (512u * 1024u)
/* An image above so many pixels is refused wherever it appears, unless `load` says otherwise. */
#define GC_MAX_PIXELS_DEFAULT 100000000
/* And a file above so many bytes. */
#define GC_MAX_FILE_DEFAULT (INT64_C(1) << 30)

/* The cell that the step reads at `slot`, of the output that its input names; NULL: it reads none there. */
struct gc_cell *gc_run_input(struct gc_run *run, const struct gc_step_state *step, uint32_t slot);
/* The image at `slot`; on failure the cause, with text. */
enum gc_cause gc_run_image(struct gc_run *run, const struct gc_step_state *step, uint32_t slot,
                           struct gc_cell **ret);

/* The steps of this run that take over the decode of step `at`. */
uint64_t gc_run_takers(const struct gc_run *run, uint32_t at);
/* Runs one step: its cell is filled, and in memory where it must be; or the cause. */
enum gc_cause gc_run_op(struct gc_run *run, uint32_t at);
/* Who is at fault where a step's pixels failed for `cause`: it, or the decoder that it took over. */
uint32_t gc_run_culprit(const struct gc_run *run, uint32_t at, enum gc_cause cause);

/* The first of the stage's reducing steps. */
static inline uint32_t gc_stage_first_reducer(const struct gc_stage *s)
{
    return s->n_nodes + s->n_hoisted;
}

static inline bool gc_stage_is_hoisted(const struct gc_stage *s, uint64_t step)
{
    return step >= s->n_nodes && step < gc_stage_first_reducer(s);
}

/* hoist.c: sees to it that the hoisted steps which node `at` hangs on are there. The cause of one that is not, with its text in
 * run->text; or run->skipped, where one has ended as such. Costs nothing once they are there. */
enum gc_cause gc_hoist_for(struct gc_run *run, uint32_t at);
/* At install, once steps are linked. */
void gc_hoist_setup(struct gc_stage *s);
void gc_hoist_release(struct gc_stage *s);
/* Where one has failed, all are made anew. */
void gc_hoist_forget(struct gc_stage *s);

void gc_decode_release(struct gc_decode *d);

/* Sets run->text and returns `cause`, so that a failure is one line. */
enum gc_cause gc_run_fail(struct gc_run *run, enum gc_cause cause, const char *format, ...) GC_PRINTF(3, 4);
/* The same from libvips' error buffer, which it clears. `pulling`: pixels were being pulled, so that an earlier step may be at fault. */
enum gc_cause gc_run_vips_failed(struct gc_run *run, enum gc_cause cause, bool pulling);
/* The same where an operation could not be built on an input that is `streamed` or not. */
enum gc_cause gc_run_build_failed(struct gc_run *run, bool streamed);

/* Takes the reference: fills the cell with an image. */
void gc_cell_set_image(struct gc_cell *cell, VipsImage *image, bool streamed);
/* Hands the first input on; its own value is nil. */
void gc_run_pass(struct gc_run *run, const struct gc_step_state *step, struct gc_cell *ret);
/* Another image of the same step, under its own name (which must live as long as the run). */
void gc_cell_add_side(struct gc_cell *cell, const char *output, VipsImage *image, bool streamed);
/* Its pixels are in memory afterwards, and those of its sides. */
enum gc_cause gc_cell_materialise(struct gc_run *run, struct gc_cell *cell);
/* Its pixels in memory of their own, to be painted on; the reference is the caller's. */
enum gc_cause gc_cell_copy(struct gc_run *run, const struct gc_cell *cell, VipsImage **ret);
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
