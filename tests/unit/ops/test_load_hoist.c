/* Hoisted steps: nodes of the run that steps of items read. Computed once, kept, and blamed by name. */
#include "rig.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vips/vips.h>

#include "proto/values.h"
#include "worker/ops/stage.h"

static struct rig r;

static const char *in_folder(const char *name)
{
    static char paths[8][192];
    static int n;
    char *path = paths[n++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", r.folder, name);
    return path;
}

/* A setting `path` with a file in the rig's folder. */
static const char *path_of(const char *name)
{
    char *settings = rig_keep(malloc(256));
    (void)snprintf(settings, 256, "path=%s/%s", r.folder, name);
    return settings;
}

/* Nodes: load, and a save of the hoisted thumbnail of a logo; the last step is hoisted. Returns the save. */
static int watermark(int *ret_logo, int *ret_mark)
{
    enum { LOAD, SAVE, LOGO, MARK };
    (void)rig_step(&r, "load", "", -1);
    int saved = rig_step(&r, "save", "to=x.tif", MARK);
    *ret_logo = rig_step(&r, "load", path_of("logo.png"), -1);
    rig_hoist(&r);
    *ret_mark = rig_step(&r, "thumbnail_image", "width=20", LOGO);
    rig_push_down(&r, LOGO);
    rig_hoist(&r);
    ck_assert_int_eq(*ret_mark, MARK);
    rig_name(&r, *ret_logo, "logo");
    rig_name(&r, *ret_mark, "mark");
    rig_install(&r);
    return saved;
}

START_TEST(it_is_computed_once_and_kept)
{
    int logo;
    int mark;
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 60, 40);
    (void)rig_photo(&r, "logo.png", 200, 100);
    int saved = watermark(&logo, &mark);
    ck_assert_uint_eq(gc_stage_nodes(r.stage), 2); /* it is no node of this stage */
    ck_assert(rig_shell("cd '%s' && vips thumbnail logo.png wanted.tif 20", r.folder));
    for (int i = 0; i < 3; i++) {
        rig_run(&r, photo);
        ck_assert_msg(r.result.n_faults == 0, "%s", rig_text(&r, saved));
        ck_assert_uint_eq(r.result.pixels, 2400); /* the item's, not the logo's */
        ck_assert_uint_eq(r.touched, 2);          /* who reads it is to blame while it is computed */
        ck_assert_uint_eq(r.touches[0], 0);
        ck_assert_uint_eq(r.touches[1], 1);
        ck_assert(rig_same_pixels(in_folder("wanted.tif"), rig_output(&r, saved)));
        (void)rig_photo(&r, "logo.png", 90, 80); /* what it was made of is not looked at again */
    }
    ck_assert_ptr_null(r.stage->cells[logo].image); /* only what items read is kept */
    ck_assert_ptr_nonnull(r.stage->cells[mark].image);
    rig_release(&r);
}
END_TEST

/* Its file that cannot be opened any more fails nobody once the step is there. */
START_TEST(a_file_is_needed_until_it_is_there)
{
    int logo;
    int mark;
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 60, 40);
    (void)rig_photo(&r, "logo.png", 200, 100);
    int saved = watermark(&logo, &mark);
    struct gc_stage_needs needs;
    gc_stage_needs(r.stage, 3, &needs);
    ck_assert_uint_eq(needs.n_inputs, 2);
    gc_stage_needs(r.stage, 1, &needs); /* `load` alone does not read it */
    ck_assert_uint_eq(needs.n_inputs, 1);
    rig_run(&r, photo);
    ck_assert_uint_eq(r.result.n_faults, 0);
    r.files[1].refused = GC_CAUSE_MISSING;
    rig_run(&r, photo);
    ck_assert_uint_eq(r.result.n_faults, 0);
    ck_assert_uint_eq(r.result.pattern[saved], GC_OUTCOME_DONE);
    rig_release(&r);
}
END_TEST

/* A cause that is never retried is remembered; the others of the item have their results. */
START_TEST(its_failure_is_that_of_who_reads_it)
{
    int logo;
    int mark;
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 60, 40);
    const char *whole = rig_photo(&r, "whole.png", 600, 400);
    (void)rig_truncated(&r, whole, "logo.png", 0.5);
    int saved = watermark(&logo, &mark);
    for (int i = 0; i < 2; i++) {
        rig_run(&r, photo);
        ck_assert_uint_eq(r.result.pattern[0], GC_OUTCOME_DONE);
        ck_assert_uint_eq(rig_cause(&r, saved), GC_CAUSE_DAMAGED);
        ck_assert_msg(strncmp(rig_text(&r, saved), "of 'logo': ", 11) == 0, "%s", rig_text(&r, saved));
        ck_assert_uint_eq(r.result.n_made, 0);
        (void)rig_photo(&r, "logo.png", 90, 80);
    }
    gc_stage_delta_begin(r.stage); /* another chunk: the file may have been mended */
    rig_run(&r, photo);
    ck_assert_uint_eq(r.result.n_faults, 0);
    rig_release(&r);
}
END_TEST

START_TEST(a_refused_file_is_told_by_its_step)
{
    int logo;
    int mark;
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 60, 40);
    (void)rig_photo(&r, "logo.png", 200, 100);
    int saved = watermark(&logo, &mark);
    r.files[1].refused = GC_CAUSE_NOT_ALLOWED;
    r.files[1].text = gc_str_bytes(GC_STR("outside"));
    rig_run(&r, photo);
    ck_assert_uint_eq(rig_cause(&r, saved), GC_CAUSE_NOT_ALLOWED);
    ck_assert_str_eq(rig_text(&r, saved), "of 'logo': outside");
    ck_assert_uint_eq(r.result.pattern[0], GC_OUTCOME_DONE);
    rig_release(&r);
}
END_TEST

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* Lack of memory is the task's, and is tried again. */
START_TEST(lack_of_memory_is_not_remembered)
{
    if (SANITIZED)
        return; /* the sanitizer does not live under a limit of its address space */
    rig_init(&r);
    int first = rig_step(&r, "noop", "", -1);
    int reader = rig_step(&r, "noop", "", 2);
    (void)rig_step(&r, "fail", "how=memory", -1);
    rig_hoist(&r);
    rig_install(&r);
    struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    for (int i = 0; i < 2; i++) {
        rig_run(&r, NULL);
        ck_assert_uint_eq(r.result.fault, GC_CAUSE_OOM);
        ck_assert_uint_eq(r.result.fault_node, (uint32_t)reader);
        ck_assert_msg(strncmp(r.result.fault_text, "of 'fail': ", 11) == 0, "%s", r.result.fault_text);
    }
    ck_assert_int_eq(r.stage->steps[2].hoist.state, GC_HOIST_IDLE);
    (void)first;
    rig_release(&r);
}
END_TEST

/* A condition that does not hold for the run holds for no item. */
START_TEST(a_skip_is_that_of_who_reads_it)
{
    rig_init(&r);
    const char *photo = rig_photo(&r, "photo.jpg", 60, 40);
    (void)rig_photo(&r, "logo.png", 200, 100);
    (void)rig_step(&r, "load", "", -1);
    int reader = rig_step(&r, "noop", "", 3);
    (void)rig_step(&r, "load", path_of("logo.png"), -1);
    rig_hoist(&r);
    (void)rig_step(&r, "filter", "where=width>200", 2);
    rig_hoist(&r);
    rig_install(&r);
    for (int i = 0; i < 2; i++) {
        rig_run(&r, photo);
        ck_assert_uint_eq(r.result.n_faults, 0);
        ck_assert_uint_eq(r.result.pattern[0], GC_OUTCOME_DONE);
        ck_assert_uint_eq(r.result.pattern[reader], GC_OUTCOME_SKIPPED);
    }
    rig_release(&r);
}
END_TEST

/* A record outlives the scratch of the run in which it was made; and a reducer knows its fields from the program. */
START_TEST(a_record_is_kept)
{
    enum { FIELDS = 10 };
    static struct gc_field shape[FIELDS];
    static const char *const names[FIELDS] = {"wide", "high", "c", "d", "e", "f", "g", "h", "i", "j"};
    uint8_t memory[4096];
    struct gc_buf state;
    uint64_t items;
    rig_init(&r);
    (void)rig_photo(&r, "logo.png", 200, 100);
    const char *photo = rig_photo(&r, "photo.jpg", 60, 40);
    for (int i = 0; i < FIELDS; i++)
        shape[i] = (struct gc_field){.name = gc_str_bytes(gc_str_of(names[i])), .type = GC_TYPE_ANY};
    int load = rig_step(&r, "load", "", -1);
    int pass = rig_step(&r, "noop", "", 3);
    rig_also(&r, load);
    (void)rig_step(&r, "load", path_of("logo.png"), -1);
    rig_hoist(&r);
    (void)rig_step(&r, "describe", "", 2);
    rig_hoist(&r);
    rig_reducer(&r, "summarize", "", pass);
    r.steps[4].shape = shape;
    r.steps[4].n_shape = FIELDS;
    rig_install(&r);
    gc_stage_delta_begin(r.stage);
    for (int i = 0; i < 3; i++) {
        rig_run(&r, photo);
        ck_assert_uint_eq(r.result.n_faults, 0);
        gc_stage_delta_add(r.stage);
    }
    gc_buf_init(&state, memory, sizeof memory);
    ck_assert_int_eq(gc_stage_delta_take(r.stage, 0, &state, &items), GC_OK);
    ck_assert_uint_eq(items, 3);
    struct rig *end = rig_keep(calloc(1, sizeof *end));
    struct gc_fault fault;
    uint8_t value_memory[4096];
    struct gc_buf value;
    rig_init(end);
    rig_install_reduce(end, "summarize", "");
    gc_buf_init(&value, value_memory, sizeof value_memory);
    ck_assert_int_eq(gc_stage_finish(end->stage, gc_buf_bytes(&state), &value, &fault), GC_OK);
    ck_assert_ptr_nonnull(memmem(value_memory, value.len, "wide", 4));
    ck_assert_ptr_nonnull(memmem(value_memory, value.len, "high", 4));
    ck_assert_ptr_null(memmem(value_memory, value.len, "width", 5)); /* as the op before it calls it */
    rig_release(end);
    rig_release(&r);
}
END_TEST

/* In its own stage nobody reads it, and it is made all the same: that it cannot be is said there, once. */
START_TEST(its_own_stage_makes_it)
{
    rig_init(&r);
    const char *whole = rig_photo(&r, "whole.png", 600, 400);
    (void)rig_truncated(&r, whole, "logo.png", 0.5);
    int logo = rig_step(&r, "load", path_of("logo.png"), -1);
    int mark = rig_step(&r, "thumbnail_image", "width=20", logo);
    rig_push_down(&r, logo);
    rig_install(&r);
    r.task.index = GC_UNSET;
    rig_run(&r, NULL);
    ck_assert_uint_eq(rig_cause(&r, logo), GC_CAUSE_DAMAGED);
    ck_assert_uint_eq(r.result.pattern[mark], GC_OUTCOME_SKIPPED);
    (void)rig_photo(&r, "logo.png", 90, 80);
    rig_run(&r, NULL);
    ck_assert_uint_eq(r.result.n_faults, 0);
    rig_release(&r);
}
END_TEST

/* ---- what is no such program ---- */

static void refused(const char *why)
{
    struct gc_fault fault = {0};
    ck_assert_int_eq(gc_stage_install(rig_encode(&r.program), &r.stage, &fault), GC_ERR_INVALID);
    ck_assert_msg(strstr(fault.text, why) != NULL, "%s", fault.text);
    rig_release(&r);
}

START_TEST(programs_in_another_order_are_refused)
{
    rig_init(&r); /* it reads a node */
    int load = rig_step(&r, "load", "", -1);
    (void)rig_step(&r, "thumbnail_image", "width=20", load);
    rig_hoist(&r);
    refused("does not come before it");

    rig_init(&r); /* a node behind it */
    (void)rig_step(&r, "echo", "", -1);
    rig_hoist(&r);
    (void)rig_step(&r, "echo", "", -1);
    refused("behind those that stand behind the nodes");

    rig_init(&r); /* it would publish in each executor */
    (void)rig_step(&r, "noop", "", 1);
    (void)rig_step(&r, "load", "path=/x", -1);
    rig_hoist(&r);
    (void)rig_step(&r, "save", "to=x.png", 1);
    rig_hoist(&r);
    refused("writes a file");

    rig_init(&r); /* a later one of its kind */
    (void)rig_step(&r, "noop", "", 1);
    (void)rig_step(&r, "noop", "", 2);
    rig_hoist(&r);
    (void)rig_step(&r, "noop", "", -1);
    rig_hoist(&r);
    refused("does not come before it");

    rig_init(&r); /* a reducer reads nodes */
    (void)rig_step(&r, "echo", "", -1);
    (void)rig_step(&r, "echo", "", -1);
    rig_hoist(&r);
    rig_reducer(&r, "count", "", 1);
    refused("does not come before it");

    rig_init(&r); /* only an op that shrinks on load takes a decode over */
    load = rig_step(&r, "load", "", -1);
    (void)rig_step(&r, "sharpen", "", load);
    rig_push_down(&r, load);
    refused("takes over a decode");
}
END_TEST

GC_SUITE("load_hoist", GC_TEST(it_is_computed_once_and_kept), GC_TEST(a_file_is_needed_until_it_is_there),
         GC_TEST(its_failure_is_that_of_who_reads_it), GC_TEST(a_refused_file_is_told_by_its_step),
         GC_TEST(lack_of_memory_is_not_remembered), GC_TEST(a_skip_is_that_of_who_reads_it),
         GC_TEST(a_record_is_kept), GC_TEST(its_own_stage_makes_it),
         GC_TEST(programs_in_another_order_are_refused))
