/* How many files one task may read. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <stdio.h>

enum { OTHERS = GC_MAX_STAGE_INPUTS - 1 }; /* beside the item's own */

/* Items that see `n` images of the run, each of a file of its own, one after the other. */
static struct fixture *watermarks(unsigned n)
{
    struct fixture *f = fixture();
    node(f, "photos files - path=photos");
    node(f, "seen0 load photos");
    for (unsigned i = 1; i <= n; i++) {
        char line[128];
        snprintf(line, sizeof line, "mark%u load - path=%u.png", i, i);
        node(f, line);
        snprintf(line, sizeof line, "seen%u composite2 seen%u,mark%u", i, i - 1, i);
        node(f, line);
    }
    return f;
}

START_TEST(as_many_as_go_with_a_task)
{
    const struct gc_plan_draft *d = plan(watermarks(OTHERS));
    ck_assert(d->accepted);
    ck_assert_uint_eq(d->n_problems, 0);
}
END_TEST

START_TEST(one_more)
{
    struct fixture *f = watermarks(OTHERS + 1);
    ck_assert(!plan(f)->accepted);
    char id[32];
    snprintf(id, sizeof id, "mark%u", (unsigned)OTHERS + 1);
    has_error(f, id, "config.path", "one file too many");
    has_problems(f, 1);
}
END_TEST

/* However many nodes read it. */
START_TEST(a_file_counts_once)
{
    struct fixture *f = watermarks(OTHERS);
    node(f, "again load - path=1.png");
    node(f, "seen composite2 seen1,again");
    ck_assert(plan(f)->accepted);
}
END_TEST

START_TEST(the_item_has_its_place)
{
    struct fixture *f = watermarks(OTHERS);
    node(f, "twice load photos");
    ck_assert(plan(f)->accepted);
}
END_TEST

/* Files that have nothing to do with each other are no one task's. */
START_TEST(unrelated_files_are_read_apart)
{
    struct fixture *f = fixture();
    for (unsigned i = 0; i < 3 * OTHERS; i++) {
        char line[64];
        snprintf(line, sizeof line, "mark%u load - path=%u.png", i, i);
        node(f, line);
    }
    const struct gc_plan *p = good(f);
    ck_assert_uint_eq(p->n_stages, 3);
    for (uint32_t s = 0; s < 3; s++)
        ck_assert_uint_eq(p->stages[s].n_nodes, OTHERS);
}
END_TEST

GC_SUITE("plan: files of a task", GC_TEST(unrelated_files_are_read_apart), GC_TEST(as_many_as_go_with_a_task),
         GC_TEST(one_more), GC_TEST(a_file_counts_once), GC_TEST(the_item_has_its_place))
