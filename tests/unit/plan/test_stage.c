/* The cut, the programs, push-down and reasons, and that none of it hangs on a name. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static void web_job(struct fixture *f)
{
    node(f, "photos files - path=photos");
    node(f, "image load photos");
    node(f, "small thumbnail_image image width=512 size=down");
    node(f, "crisp sharpen small sigma=0.6");
    node(f, "saved save crisp to=out/{dir}/{stem}.webp Q=80");
    node(f, "tone describe small");
    node(f, "summary summarize tone");
    node(f, "sheet contact_sheet small to=out/sheet.jpg");
}

START_TEST(the_main_job)
{
    struct fixture *f = fixture();
    web_job(f);
    f->job.limit = 100;
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 4);
    ck_assert_uint_eq(p->stages[0].kind, GC_STAGE_SOURCE);
    ck_assert_uint_eq(p->stages[0].source, GC_UNSET);
    ck_assert_uint_eq(p->stages[0].n_nodes, 1);
    ck_assert_uint_eq(f->draft.programs[0].limit, 100);
    ck_assert_uint_eq(f->draft.programs[0].steps[0].node, 0);

    const struct gc_plan_stage *items = &p->stages[1];
    ck_assert_uint_eq(items->kind, GC_STAGE_ITEM);
    ck_assert_uint_eq(items->source, 0);
    ck_assert_uint_eq(items->n_nodes, 5);
    ck_assert_uint_eq(items->nodes[4], index_of(f, "tone"));
    ck_assert_uint_eq(items->n_below, 5);
    ck_assert_uint_eq(items->below[0], 0x1e); /* load: all the others */
    ck_assert_uint_eq(items->below[1], 0x1c);
    ck_assert_uint_eq(items->below[2], 0x08);
    ck_assert_uint_eq(items->below[3], 0);
    ck_assert_uint_eq(items->n_reducers, 2);
    ck_assert_uint_eq(items->reducers[0], 2);
    ck_assert_uint_eq(items->reducers[1], 3);
    ck_assert(!items->pure); /* save */
    ck_assert_uint_eq(p->stages[2].kind, GC_STAGE_REDUCE);
    ck_assert_uint_eq(p->stages[2].source, 1);
    ck_assert_uint_eq(p->stages[2].nodes[0], index_of(f, "summary"));
    ck_assert(p->stages[2].pure);
}
END_TEST

START_TEST(programs_of_the_main_job)
{
    struct fixture *f = fixture();
    web_job(f);
    good(f);
    const struct gc_program *items = &f->draft.programs[1];
    ck_assert_uint_eq(items->stage, 1);
    ck_assert_uint_eq(items->kind, GC_STAGE_ITEM);
    ck_assert_uint_eq(items->limit, GC_UNSET);
    ck_assert(gc_str_is(gc_bytes_str(items->folder), "/home/me"));
    ck_assert_uint_eq(items->n_steps, 7);
    ck_assert_uint_eq(items->steps[0].inputs[0].step, GC_UNSET); /* the item itself */
    ck_assert(gc_str_is(gc_bytes_str(items->steps[0].inputs[0].slot), "item"));
    ck_assert_uint_eq(items->steps[1].inputs[0].step, 0);
    ck_assert_uint_eq(items->steps[1].readers, 3);
    ck_assert_uint_eq(items->steps[0].readers, 1);
    ck_assert_uint_eq(items->steps[3].readers, 0);
    ck_assert(!items->steps[4].reduce);
    ck_assert(items->steps[5].reduce);
    ck_assert_uint_eq(items->steps[5].node, index_of(f, "summary"));
    ck_assert_uint_eq(items->steps[5].inputs[0].step, 4);
    ck_assert_uint_eq(items->steps[6].inputs[0].step, 1);

    const struct gc_program *summary = &f->draft.programs[2];
    ck_assert_uint_eq(summary->n_steps, 1);
    ck_assert(summary->steps[0].reduce);
    ck_assert_uint_eq(summary->steps[0].n_inputs, 0);
}
END_TEST

START_TEST(nodes_of_the_main_job)
{
    struct fixture *f = fixture();
    web_job(f);
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_nodes, 8);
    ck_assert(p->nodes[0].per_item);
    ck_assert(p->nodes[1].per_item);
    ck_assert(!p->nodes[6].per_item);
    ck_assert_uint_eq(p->nodes[6].stage, 2);
    ck_assert_uint_eq(p->nodes[4].stage, 1);
    ck_assert_uint_eq(p->nodes[6].scope, GC_SCOPE_REDUCE);
    ck_assert_uint_eq(p->nodes[1].n_shape, 4); /* an image: width, height, bands, format */
    ck_assert(gc_str_is(gc_bytes_str(p->nodes[1].shape[0].name), "width"));
    ck_assert_uint_eq(p->nodes[1].shape[3].type, GC_TYPE_STRING);
    ck_assert_uint_eq(p->nodes[4].n_shape, 2); /* save's own */
    ck_assert(gc_str_is(gc_bytes_str(p->nodes[4].shape[0].name), "path"));
    ck_assert_uint_eq(p->nodes[6].n_shape, 0);
}
END_TEST

START_TEST(a_sole_reader_takes_over_the_decode)
{
    struct fixture *f = fixture();
    web_job(f);
    good(f);
    ck_assert_uint_eq(step_of(f, "small")->decode, 0);
    ck_assert_uint_eq(step_of(f, "crisp")->decode, GC_UNSET);
    has_reason(f, "small", "pushed down: takes over the decode of 'image'");
    has_reason(f, "image",
               "fused: 'image', 'small', 'crisp', 'saved', 'tone', 'summary', 'sheet' run as one task");
    has_reason(f, "crisp", "");
}
END_TEST

START_TEST(several_may_take_over_one_decode)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=.");
    node(f, "image load photos");
    node(f, "small thumbnail_image image width=1");
    node(f, "large thumbnail_image image width=2");
    good(f);
    ck_assert_uint_eq(step_of(f, "small")->decode, 0);
    ck_assert_uint_eq(step_of(f, "large")->decode, 0);
    has_reason(
        f, "small",
        "pushed down: takes over the decode of 'image' and shrinks while loading; 'large' reads 'image' too, by a "
        "decode of its own or a shared one, whichever is cheaper for the file's format");
    has_reason(f, "large", "'small' reads 'image' too");
    ck_assert_uint_eq(f->draft.plan.n_reasons,
                      3); /* fused; nobody reads the pixels of 'image': it is not materialised */
}
END_TEST

/* A node that is added for something else changes nobody's pixels. */
START_TEST(no_other_reader_forbids_it)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=.");
    node(f, "image load photos");
    node(f, "small thumbnail_image image width=1");
    node(f, "exif echo image.exif");
    node(f, "tone describe image");
    node(f, "crisp sharpen image");
    good(f);
    ck_assert_uint_eq(step_of(f, "small")->decode, 0);
    ck_assert_uint_eq(step_of(f, "crisp")->decode, GC_UNSET);
    ck_assert_uint_eq(step_of(f, "image")->readers, 3); /* of its first output */
    has_reason(f, "small", "'exif', 'tone', 'crisp' read 'image' too, by a decode of their own");
    has_reason(f, "image",
               "; materialised: 'tone', 'crisp' read it, so its pixels are kept; else the work behind "
               "them (cost 100) were done 2 times");
}
END_TEST

START_TEST(pixels_are_kept_where_several_read_them)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=.");
    node(f, "image load photos");
    node(f, "small thumbnail_image image width=1");
    node(f, "crisp sharpen small");
    node(f, "again sharpen crisp");
    node(f, "one save again to={path}.webp");
    node(f, "two save again to={path}.png");
    node(f, "sheet contact_sheet again to=sheet.jpg");
    node(f, "both arrayjoin again,again");
    node(f, "next sharpen both");
    node(f, "tone describe next");
    node(f, "mean avg next");
    node(f, "more echo mean,mean");
    node(f, "over sharpen again");
    node(f, "twin composite2 over,over");
    good(f);
    /* load 100, thumbnail 20, sharpen 20 twice; behind a cut only what comes after it: arrayjoin 5, sharpen 20 */
    has_reason(
        f, "again",
        "materialised: 'one', 'two', 'both', 'over' read it, so its pixels are kept; else the work behind "
        "them (cost 160) were done 5 times"); /* 'both' reads it twice, 'sheet' no pixels */
    has_reason(
        f, "next",
        "materialised: 'tone', 'mean' read it, so its pixels are kept; else the work behind them (cost 25)");
    has_reason(
        f, "over",
        "materialised: 'twin' reads it, so its pixels are kept; else the work behind them (cost 20) were "
        "done 2 times");
    has_reason(f, "crisp", ""); /* one reader */
    has_reason(f, "both", "");
    has_reason(f, "mean", ""); /* a number */
}
END_TEST

START_TEST(the_config_forbids_it)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=.");
    node(f, "image load photos shrink_on_load=false");
    node(f, "small thumbnail_image image width=1");
    good(f);
    ck_assert_uint_eq(step_of(f, "small")->decode, GC_UNSET);
    has_reason(f, "small",
               "not pushed down because shrink_on_load of 'image' is false: all its pixels are decoded");
}
END_TEST

START_TEST(only_a_decode_is_taken_over)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=.");
    node(f, "image load photos");
    node(f, "crisp sharpen image");
    node(f, "small thumbnail_image crisp width=1");
    node(f, "what noop");
    node(f, "seen noop what,photos");
    node(f, "odd thumbnail_image seen width=1");
    good(f);
    ck_assert_uint_eq(step_of(f, "small")->decode, GC_UNSET);
    has_reason(f, "small", "not pushed down because it reads 'crisp', which is no decode");
    ck_assert_uint_eq(step_of(f, "odd")->decode, GC_UNSET);
    has_reason(f, "odd", "it reads 'what', which is no decode");
}
END_TEST

/* A filter changes no pixel of what comes after it. */
START_TEST(a_decode_is_taken_over_through_what_hands_it_on)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=.");
    node(f, "image load photos");
    node(f, "large filter image where=width");
    node(f, "same noop large,photos");
    node(f, "small thumbnail_image same width=1");
    node(f, "tiny thumbnail_image large width=2");
    node(f, "tone describe large");
    node(f, "exif noop image.exif");
    node(f, "told echo exif");
    good(f);
    ck_assert_uint_eq(step_of(f, "small")->decode, 0);
    ck_assert_uint_eq(step_of(f, "tiny")->decode, 0);
    has_reason(f, "small",
               "takes over the decode of 'image' and shrinks while loading; 'tiny', 'tone' read 'image' too");
    has_reason(f, "large", "materialised: 'same', 'tone' read it,"); /* 'tiny' reads the file */
    has_reason(f, "same", "");
}
END_TEST

START_TEST(a_step_that_reads_twice_is_one_reader)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=.");
    node(f, "image load photos");
    node(f, "both composite2 image,image");
    good(f);
    ck_assert_uint_eq(step_of(f, "image")->readers, 1);
    ck_assert_uint_eq(step_of(f, "both")->n_inputs, 2);
    ck_assert(gc_str_is(gc_bytes_str(step_of(f, "both")->inputs[1].slot), "overlay"));
}
END_TEST

static void watermark(struct fixture *f)
{
    node(f, "logo load - path=logo.png");
    node(f, "photos files - path=.");
    node(f, "image load photos");
    node(f, "mark thumbnail_image logo width=64");
    node(f, "small thumbnail_image image width=512");
    node(f, "stamped composite2 small,mark");
    node(f, "kept save mark to=mark.png");
    node(f, "saved save stamped to={path}.webp");
    node(f, "tone describe stamped");
    node(f, "all count tone");
}

START_TEST(items_see_a_value_of_the_run)
{
    struct fixture *f = fixture();
    watermark(f);
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 4); /* photos; its items; the run; all */
    const struct gc_plan_stage *items = &p->stages[1];
    const struct gc_program *program = &f->draft.programs[1];
    ck_assert_uint_eq(items->n_nodes, 5);
    ck_assert_uint_eq(items->n_below, 5);
    ck_assert_uint_eq(items->below[0], 0x1e); /* image, small, stamped, saved, tone */
    ck_assert_uint_eq(items->below[2], 0x18);
    ck_assert_uint_eq(items->n_reducers, 1);
    ck_assert_uint_eq(program->n_steps, 8);
    for (uint32_t i = 0; i < 8; i++)
        ck_assert(program->steps[i].hoisted == (i == 5 || i == 6));
    ck_assert_uint_eq(program->steps[5].node, index_of(f, "logo"));
    ck_assert_uint_eq(program->steps[5].n_inputs, 0);
    ck_assert_uint_eq(program->steps[6].node, index_of(f, "mark"));
    ck_assert_uint_eq(program->steps[6].inputs[0].step, 5);
    ck_assert_uint_eq(program->steps[6].decode, 5);  /* as in its own stage: the same pixels */
    ck_assert_uint_eq(program->steps[6].readers, 1); /* kept is not here */
    ck_assert(program->steps[7].reduce);
    const struct gc_step *stamped = &program->steps[2];
    ck_assert_uint_eq(stamped->inputs[0].step, 1);
    ck_assert_uint_eq(stamped->inputs[1].step, 6);
    ck_assert(gc_str_is(gc_bytes_str(stamped->inputs[1].slot), "overlay"));
    ck_assert(p->nodes[index_of(f, "stamped")].per_item);
    has_reason(f, "mark", "computed once for the run, and once in each executor, for 'stamped'");
    has_reason(f, "logo", "computed once for the run, and once in each executor, for 'mark'");
    has_reason(f, "image", "fused: 'image', 'small', 'stamped', 'saved', 'tone', 'all' run as one task");
}
END_TEST

START_TEST(the_run_commits_what_items_see)
{
    struct fixture *f = fixture();
    watermark(f);
    const struct gc_plan *p = good(f);
    const struct gc_plan_stage *run = &p->stages[2];
    const struct gc_program *program = &f->draft.programs[2];
    ck_assert_uint_eq(run->source, GC_UNSET);
    ck_assert_uint_eq(run->n_nodes, 3);
    ck_assert_uint_eq(p->nodes[index_of(f, "mark")].stage, 2);
    ck_assert(!p->nodes[index_of(f, "mark")].per_item);
    ck_assert_uint_eq(program->n_steps, 3);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert(!program->steps[i].hoisted);
    ck_assert_uint_eq(program->steps[1].inputs[0].step, 0);
    ck_assert_uint_eq(program->steps[1].decode, 0);
    has_reason(f, "mark", "pushed down: takes over the decode of 'logo'");
}
END_TEST

START_TEST(a_decode_of_the_run_is_not_taken_over_by_items)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=.");
    node(f, "image load photos");
    node(f, "logo load - path=logo.png");
    node(f, "odd shrink_beside logo,image");
    node(f, "even shrink_beside image,logo");
    good(f);
    ck_assert_uint_eq(step_of(f, "odd")->decode, GC_UNSET);
    ck_assert_uint_eq(step_of(f, "even")->decode, 0);
    has_reason(f, "odd", "not pushed down because 'logo' is decoded once for the run");
}
END_TEST

/* Seventy nodes that hang on nothing but the source and the logo fall into two stages, and each has its own logo. */
START_TEST(stages_that_see_the_same)
{
    struct fixture *f = fixture();
    char line[64];
    node(f, "photos files - path=.");
    node(f, "logo load - path=logo.png");
    for (unsigned i = 0; i < 70; i++) {
        snprintf(line, sizeof line, "n%u echo photos%s", i, i % 2 ? "" : ",logo");
        node(f, line);
    }
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 4);
    ck_assert_uint_eq(p->stages[1].n_nodes, 63);
    ck_assert_uint_eq(f->draft.programs[1].n_steps, 64);
    ck_assert(f->draft.programs[1].steps[63].hoisted);
    ck_assert_uint_eq(f->draft.programs[1].steps[62].inputs[1].step, 63);
    ck_assert_uint_eq(p->stages[2].n_nodes, 7);
    ck_assert_uint_eq(f->draft.programs[2].n_steps, 8);
    ck_assert(f->draft.programs[2].steps[7].hoisted);
    ck_assert_uint_eq(p->stages[3].n_nodes, 1);
    has_reason(f, "logo", "computed once for the run, and once in each executor, for 'n0', 'n2'");
    ck_assert_uint_eq(p->n_reasons, 3); /* fused twice, logo once */
}
END_TEST

START_TEST(what_items_see_counts)
{
    struct fixture *f = fixture();
    char line[64];
    node(f, "photos files - path=.");
    node(f, "logo load - path=logo.png");
    node(f, "n0 echo photos,logo");
    for (unsigned i = 1; i < GC_MAX_STAGE_NODES; i++) {
        snprintf(line, sizeof line, "n%u echo n%u", i, i - 1);
        node(f, line);
    }
    plan(f);
    has_error(
        f, "n0", "",
        "65 nodes hang together with 'n0', with those of the run that its items see; at most 64 can run as one stage");
    has_problems(f, 1);
}
END_TEST

START_TEST(a_run_without_a_source)
{
    struct fixture *f = fixture();
    node(f, "logo load - path=logo.png");
    node(f, "small thumbnail_image logo width=64");
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 1);
    ck_assert_uint_eq(p->stages[0].kind, GC_STAGE_ITEM);
    ck_assert_uint_eq(p->stages[0].source, GC_UNSET);
    ck_assert(p->stages[0].pure);
    ck_assert(!p->nodes[0].per_item);
    ck_assert_uint_eq(step_of(f, "small")->decode, 0);
}
END_TEST

START_TEST(two_sources_and_a_run)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "b list - path=b.csv");
    node(f, "x echo");
    node(f, "one load a");
    node(f, "two load b");
    node(f, "n count b");
    node(f, "m count two");
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 7);
    ck_assert_uint_eq(p->nodes[index_of(f, "a")].stage, 0);
    ck_assert_uint_eq(p->nodes[index_of(f, "one")].stage, 1);
    ck_assert_uint_eq(p->nodes[index_of(f, "b")].stage, 2);
    ck_assert_uint_eq(p->nodes[index_of(f, "two")].stage, 3);
    ck_assert_uint_eq(p->nodes[index_of(f, "x")].stage, 4);
    ck_assert_uint_eq(p->nodes[index_of(f, "n")].stage, 5);
    ck_assert_uint_eq(p->stages[5].source, 3);
    ck_assert_uint_eq(p->stages[3].source, 2);
    ck_assert_uint_eq(p->stages[1].source, 0);
    for (uint32_t s = 0; s < p->n_stages; s++)
        if (p->stages[s].kind == GC_STAGE_REDUCE)
            ck_assert_uint_lt(p->stages[s].source, s);
    has_reason(f, "one", ""); /* alone in its stage */
}
END_TEST

START_TEST(counting_items_needs_no_node)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "n count a");
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 3);
    ck_assert_uint_eq(p->stages[1].n_nodes, 0);
    ck_assert_uint_eq(p->stages[1].n_reducers, 1);
    ck_assert_uint_eq(f->draft.programs[1].n_steps, 1);
    ck_assert_uint_eq(f->draft.programs[1].steps[0].inputs[0].step, GC_UNSET);
}
END_TEST

START_TEST(a_source_alone)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    ck_assert_uint_eq(good(f)->n_stages, 1);
}
END_TEST

static void many(struct fixture *f, const char *source, uint32_t n, const char *op, bool chain)
{
    char line[64];
    for (uint32_t i = 0; i < n; i++) {
        if (chain && i)
            snprintf(line, sizeof line, "%s%u %s %s%u", op, i, op, op, i - 1);
        else
            snprintf(line, sizeof line, "%s%u %s %s", op, i, op, source);
        node(f, line);
    }
}

START_TEST(sixty_four_nodes_are_one_stage)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    many(f, "a", GC_MAX_STAGE_NODES, "echo", true);
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 2);
    ck_assert_uint_eq(p->stages[1].below[0], UINT64_MAX - 1);
    ck_assert_uint_eq(p->stages[1].below[63], 0);
    has_reason(f, "echo0", " more run as one task");
}
END_TEST

START_TEST(a_chain_of_more_is_refused)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    many(f, "a", GC_MAX_STAGE_NODES + 1, "echo", true);
    node(f, "x echo");
    plan(f);
    has_error(f, "echo0", "", "65 nodes hang together with 'echo0'; at most 64");
    has_problems(f, 1);
}
END_TEST

START_TEST(more_that_do_not_depend_are_several_stages)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    many(f, "a", 40, "echo", true);
    many(f, "a", 30, "stat", false);
    node(f, "n count stat29");
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 4);
    ck_assert_uint_eq(p->stages[1].n_nodes, 64);
    ck_assert_uint_eq(p->stages[2].n_nodes, 6);
    ck_assert_uint_eq(p->stages[2].n_reducers, 1);
    ck_assert_uint_eq(p->stages[2].source, 0);
    ck_assert_uint_eq(p->stages[3].source, 2);
}
END_TEST

START_TEST(components_that_join_late_stay_together)
{
    struct fixture *f = fixture();
    many(f, "-", 70, "sleep", false);
    node(f, "x echo"); /* 71 nodes of the run in 69 components and one of three */
    node(f, "y echo");
    node(f, "z echo y,x");
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 2);
    ck_assert_uint_eq(p->nodes[index_of(f, "x")].stage, p->nodes[index_of(f, "z")].stage);
    ck_assert_uint_eq(p->nodes[index_of(f, "y")].stage, p->nodes[index_of(f, "z")].stage);
}
END_TEST

START_TEST(too_many_stages)
{
    struct fixture *f = fixture();
    char line[64];
    for (unsigned i = 0; i < 64; i++) {
        snprintf(line, sizeof line, "s%u files - path=a", i);
        node(f, line);
        snprintf(line, sizeof line, "n%u count s%u", i, i);
        node(f, line);
    }
    plan(f);
    has_error(f, NULL, "nodes", "more than 128 stages");
    has_problems(f, 1);
}
END_TEST

START_TEST(too_many_stages_of_sources)
{
    struct fixture *f = fixture();
    char line[64];
    for (unsigned i = 0; i < 129; i++) {
        snprintf(line, sizeof line, "s%u files - path=a", i);
        node(f, line);
    }
    plan(f);
    has_error(f, NULL, "nodes", "more than 128 stages");
    f = fixture();
    for (unsigned i = 0; i < 128; i++) {
        snprintf(line, sizeof line, "s%u files - path=a", i);
        node(f, line);
    }
    node(f, "x echo");
    plan(f);
    has_error(f, NULL, "nodes", "more than 128 stages");
}
END_TEST

static void wide_job(struct fixture *f)
{
    watermark(f);
    node(f, "large thumbnail_image image width=2000");
    node(f, "same noop large");
    node(f, "half filter same where='width>5");
    node(f, "crisp sharpen half");
    node(f, "one save crisp to=one/{path}.webp");
    node(f, "two save crisp to=two/{path}.png");
    node(f, "exif noop image.exif");
    node(f, "full load photos shrink_on_load=false");
    node(f, "tiny thumbnail_image full width=9");
}

static void scan_job(struct fixture *f)
{
    node(f, "photos files - path=photos");
    node(f, "image load photos");
    node(f, "same twins image cells=8 distance=3");
    node(f, "alike twins image cells=8 distance=9");
    node(f, "coarse twins image cells=4");
    node(f, "tone describe image");
    node(f, "all collected tone,image,photos");
    node(f, "n count photos");
}

static void same_steps(const struct gc_program *a, const struct gc_program *b)
{
    ck_assert_uint_eq(a->n_steps, b->n_steps);
    ck_assert_uint_eq(a->scanned, b->scanned);
    for (uint32_t i = 0; i < a->n_steps; i++) {
        ck_assert_uint_eq(a->steps[i].node, b->steps[i].node);
        ck_assert_uint_eq(a->steps[i].decode, b->steps[i].decode);
        ck_assert_uint_eq(a->steps[i].readers, b->steps[i].readers);
        ck_assert(a->steps[i].hoisted == b->steps[i].hoisted);
        ck_assert_uint_eq(a->steps[i].n_inputs, b->steps[i].n_inputs);
        for (uint32_t k = 0; k < a->steps[i].n_inputs; k++)
            ck_assert_uint_eq(a->steps[i].inputs[k].step, b->steps[i].inputs[k].step);
        ck_assert(!gc_bytes_equal(a->steps[i].op, b->steps[i].op));
    }
}

static void same_plan(const struct gc_plan_draft *x, const struct gc_plan_draft *y)
{
    const struct gc_plan *a = &x->plan;
    const struct gc_plan *b = &y->plan;
    ck_assert_uint_eq(a->n_stages, b->n_stages);
    for (uint32_t s = 0; s < a->n_stages; s++) {
        ck_assert_uint_eq(a->stages[s].kind, b->stages[s].kind);
        ck_assert_uint_eq(a->stages[s].source, b->stages[s].source);
        ck_assert(a->stages[s].scan == b->stages[s].scan);
        ck_assert_uint_eq(a->stages[s].n_nodes, b->stages[s].n_nodes);
        ck_assert_mem_eq(a->stages[s].nodes, b->stages[s].nodes, a->stages[s].n_nodes * sizeof(uint64_t));
        ck_assert_mem_eq(a->stages[s].below, b->stages[s].below, a->stages[s].n_below * sizeof(uint64_t));
        same_steps(&x->programs[s], &y->programs[s]);
    }
    bool added = false; /* its id has its op's name, which is as long under the other */
    for (uint32_t i = 0; i < a->n_nodes; i++) {
        ck_assert(a->nodes[i].added == b->nodes[i].added);
        added = added || a->nodes[i].added;
    }
    ck_assert_uint_eq(a->n_reasons, b->n_reasons);
    for (uint32_t i = 0; i < a->n_reasons; i++) {
        ck_assert_uint_eq(a->reasons[i].node, b->reasons[i].node);
        ck_assert_uint_eq(a->reasons[i].text.len, b->reasons[i].text.len);
        ck_assert(added || gc_bytes_equal(a->reasons[i].text, b->reasons[i].text));
    }
}

/* The same job with every op under another name. */
static void renamed(void (*job)(struct fixture *f))
{
    static struct fixture plain;
    static uint8_t memory[4 << 20];
    struct fixture *f = fixture();
    job(f);
    good(f);
    plain = *f;
    f = fixture();
    gc_arena_init(&f->arena, memory, sizeof memory);
    /* The first plan's strings are written anew with the same bytes. */
    f->other = true;
    job(f);
    good(f);
    same_plan(&plain.draft, &f->draft);
}

START_TEST(no_decision_hangs_on_a_name)
{
    renamed(web_job);
    renamed(wide_job);
    renamed(scan_job);
}
END_TEST

GC_SUITE("plan: stages", GC_TEST(the_main_job), GC_TEST(programs_of_the_main_job),
         GC_TEST(nodes_of_the_main_job), GC_TEST(a_sole_reader_takes_over_the_decode),
         GC_TEST(several_may_take_over_one_decode), GC_TEST(no_other_reader_forbids_it),
         GC_TEST(pixels_are_kept_where_several_read_them), GC_TEST(items_see_a_value_of_the_run),
         GC_TEST(stages_that_see_the_same), GC_TEST(what_items_see_counts),
         GC_TEST(the_run_commits_what_items_see), GC_TEST(a_decode_of_the_run_is_not_taken_over_by_items),
         GC_TEST(the_config_forbids_it), GC_TEST(only_a_decode_is_taken_over),
         GC_TEST(a_decode_is_taken_over_through_what_hands_it_on),
         GC_TEST(a_step_that_reads_twice_is_one_reader), GC_TEST(a_run_without_a_source),
         GC_TEST(two_sources_and_a_run), GC_TEST(counting_items_needs_no_node), GC_TEST(a_source_alone),
         GC_TEST(sixty_four_nodes_are_one_stage), GC_TEST(a_chain_of_more_is_refused),
         GC_TEST(more_that_do_not_depend_are_several_stages),
         GC_TEST(components_that_join_late_stay_together), GC_TEST(too_many_stages),
         GC_TEST(too_many_stages_of_sources), GC_TEST(no_decision_hangs_on_a_name))
