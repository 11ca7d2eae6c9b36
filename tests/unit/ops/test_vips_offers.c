/* Every offered operation, in a stage: it works on what it takes, says why not elsewhere, and gives the same pixels whether its input
 * is streamed or lies in memory. */
#include "recipes.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/ops/offer.h"

static struct rig r;

static const struct gc_op *offered(uint32_t i)
{
    return recipe_op(gc_offers[i].nickname); /* NULL: this libvips has it not */
}

/* Its image into a file, or its value alone. */
static int add_saved(const struct gc_op *op, int load, int *ret_op)
{
    *ret_op = recipe_add(&r, op, load);
    return op->outputs[0].type == GC_TYPE_IMAGE ? rig_step(&r, "save", "to=x.tif", *ret_op) : *ret_op;
}

/* What became of the steps that are not done. */
static const char *whole_fault(void)
{
    static char text[2048];
    size_t at = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < gc_stage_nodes(r.stage) && at < sizeof text; i++)
        if (r.result.pattern[i] != GC_OUTCOME_DONE)
            at += (size_t)snprintf(text + at, sizeof text - at, "[%u is %u: %s]", i, r.result.pattern[i],
                                   rig_text(&r, (int)i));
    return text;
}

START_TEST(every_offer_does_its_work)
{
    uint32_t done = 0;
    uint32_t failed = 0;
    for (uint32_t i = 0; i < gc_offers_n; i++) {
        const struct gc_op *op;
        int at;
        rig_init(&r);
        if (!(op = offered(i))) {
            rig_release(&r);
            continue;
        }
        const char *photo = rig_photo(&r, "x.png", 33, 17);
        int saved = add_saved(op, rig_step(&r, "load", "", -1), &at);
        rig_install(&r);
        rig_run(&r, photo);
        if (r.result.pattern[saved] == GC_OUTCOME_DONE)
            done++;
        else
            failed += printf("%s: %s\n", gc_offers[i].nickname, whole_fault()) > 0;
        (void)fflush(stdout);
        rig_release(&r);
    }
    ck_assert_msg(failed == 0, "%u operations, named above, did not do their work", failed);
    ck_assert_uint_ge(done, 190);
}
END_TEST

/* Sizes, bands and formats that nobody thought of. */
static void run_odd(uint32_t offer)
{
    static const char *const casts[] = {"format=ushort", "format=int", "format=float", "format=dpcomplex"};
    static const int sizes[][2] = {{1, 1}, {1, 40}, {40, 1}, {33, 17}};
    const struct gc_op *op;
    int at;
    rig_init(&r);
    if ((op = offered(offer))) {
        int load = rig_step(&r, "load", "", -1);
        (void)add_saved(op, load, &at);
        (void)add_saved(op, rig_step(&r, "bandjoin_const", "c=128", load), &at);
        for (size_t k = 0; k < GC_COUNT_OF(casts); k++)
            (void)add_saved(op, rig_step(&r, "cast", casts[k], load), &at);
        rig_install(&r);
        for (size_t k = 0; k < GC_COUNT_OF(sizes); k++) {
            rig_run(&r, rig_photo(&r, "x.png", sizes[k][0], sizes[k][1]));
            ck_assert_uint_eq(r.result.fault, GC_CAUSE_NONE);
            for (uint32_t n = 0; n < gc_stage_nodes(r.stage); n++)
                ck_assert_uint_ne(r.result.pattern[n], GC_OUTCOME_NONE);
        }
    }
    rig_release(&r);
}

/* Each in a process of its own: a crash is told with its name, and those behind it are tried as well. This process runs no operation
 * of libvips, so that a child can. */
START_TEST(odd_images_are_answered)
{
    uint32_t bad = 0;
    rig_init(&r);
    (void)recipe_catalogue();
    for (uint32_t i = 0; i < gc_offers_n; i++) {
        int status;
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            run_odd(i);
            _exit(0);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (status != 0)
            bad += printf("%s: status %d\n", gc_offers[i].nickname, status) > 0;
        (void)fflush(stdout);
    }
    rig_release(&r);
    ck_assert_msg(bad == 0, "%u operations, named above, died of an odd image", bad);
}
END_TEST

static bool same_files(const char *a, const char *b)
{
    return rig_shell("cmp -s '%s' '%s'", a, b);
}

/* The input is larger than what a decoder keeps of it, so that a second look at its start fails. */
START_TEST(streams_are_read_once_from_top_to_bottom)
{
    uint32_t same = 0;
    for (uint32_t i = 0; i < gc_offers_n; i++) {
        const struct gc_op *op;
        int at;
        rig_init(&r);
        if (gc_offers[i].access != GC_ACCESS_STREAM || !(op = offered(i)) ||
            op->outputs[0].type != GC_TYPE_IMAGE) {
            rig_release(&r);
            continue;
        }
        const char *photo = rig_photo(&r, "x.png", 33, 3000);
        int saved = add_saved(op, rig_step(&r, "load", "", -1), &at);
        int load = rig_step(&r, "load", "", -1);
        (void)rig_step(&r, "describe", "", load); /* a second reader: its pixels are in memory */
        int at_memory;
        int saved_memory = add_saved(op, load, &at_memory);
        rig_install(&r);
        rig_run(&r, photo);
        ck_assert_msg(r.result.pattern[saved] == r.result.pattern[saved_memory], "%s: %s%s",
                      gc_offers[i].nickname, rig_text(&r, at), rig_text(&r, saved));
        ck_assert_msg(r.result.pattern[saved] == GC_OUTCOME_DONE ||
                          strcmp(rig_text(&r, at), rig_text(&r, at_memory)) == 0,
                      "%s: %s", gc_offers[i].nickname, rig_text(&r, at));
        if (r.result.pattern[saved] == GC_OUTCOME_DONE) {
            ck_assert_msg(same_files(rig_output(&r, saved), rig_output(&r, saved_memory)), "%s",
                          gc_offers[i].nickname);
            same++;
        }
        rig_release(&r);
    }
    printf("%u operations make the same of a stream as of memory\n", same);
    ck_assert_uint_ge(same, 70);
}
END_TEST

GC_SUITE("offers", GC_TEST(every_offer_does_its_work), GC_TEST(odd_images_are_answered),
         GC_TEST(streams_are_read_once_from_top_to_bottom))
