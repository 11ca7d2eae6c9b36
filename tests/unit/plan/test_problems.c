/* Every way in which a job can be wrong, and that all of it is told at once. */
#include "fixture.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

START_TEST(no_nodes)
{
    struct fixture *f = fixture();
    plan(f);
    has_error(f, NULL, "nodes", "the job has no nodes");
}
END_TEST

START_TEST(counts_that_differ)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    f->job.n_nodes = 2;
    plan(f);
    has_error(f, NULL, "nodes", "says that it has 2 nodes, and 1 came");
    f->n = GC_MAX_JOB_NODES + 1;
    f->job.n_nodes = f->n;
    plan(f);
    has_error(f, NULL, "nodes", "the job has 513 nodes, the limit is 512");
}
END_TEST

START_TEST(ids)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "a files - path=b");
    node(f, "c files - path=b")->id.len = 0;
    node(f, "d files - path=b")->id.len = 0;
    plan(f);
    ck_assert_uint_eq(f->draft.problems[0].node, 1);
    ck_assert(gc_str_is(gc_bytes_str(f->draft.problems[0].text), "Node with id a already exists"));
    has_error(f, "", "id", "is missing");
    has_problems(f, 3);
}
END_TEST

START_TEST(ops_that_are_not_there)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "b thumbnial_image a wdith=5");
    node(f, "c sharpen b sigma=11");
    node(f, "d xyzzyplugh b");
    plan(f);
    has_error(f, "b", "op", "there is no op 'thumbnial_image'; did you mean 'thumbnail_image'?");
    has_error(f, "c", "config.sigma", "must lie between 1e-6 and 10, not be 11");
    has_error(f, "d", "op", "there is no op 'xyzzyplugh' (`gcctl ops` lists them)");
    has_problems(f, 3); /* nothing is said twice of what hangs on them */
}
END_TEST

START_TEST(no_catalogue)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    struct gc_catalogue none = {0};
    ck_assert_int_eq(gc_plan_make(&f->job, f->nodes, f->n, &none, &f->arena, &f->draft), GC_OK);
    has_error(f, "a", "op", "no worker has told what it can do yet");
}
END_TEST

START_TEST(keys)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "i load a");
    node(f, "t thumbnail_image i wdith=512 hieght=3 colour=red");
    node(f, "u thumbnail_image i height=5 height=6");
    node(f, "s stat a speed=1");
    plan(f);
    has_error(f, "t", "config.wdith", "op 'thumbnail_image' has no such setting; did you mean 'width'?");
    has_error(f, "t", "config.hieght", "did you mean 'height'?");
    has_error(f, "t", "config.colour", "has no such setting (`gcctl ops thumbnail_image` shows what it has)");
    has_error(f, "u", "config.height", "is set twice");
    has_error(f, "u", "config.width", "is missing: op 'thumbnail_image' needs it, an integer");
    has_error(f, "s", "config.speed", "op 'stat' has no settings");
    has_problems(f, 6);
}
END_TEST

START_TEST(types)
{
    struct fixture *f = fixture();
    node(f, "a files - path=5");
    node(f, "i load a shrink_on_load=maybe loaders=svg");
    node(f, "t thumbnail_image i width=wide linear=3 height=1.5 size=[]");
    node(f, "s sharpen i sigma=big");
    node(f, "u sharpen i sigma={}");
    node(f, "b list - path=null");
    node(f, "c list - path=true");
    node(f, "d list - path=0.5");
    node(f, "e thumbnail_image i width=1e300 linear=null");
    plan(f);
    has_error(f, "a", "config.path", "must be a string, not an integer: put it into quotes");
    has_error(f, "i", "config.shrink_on_load", "must be true or false, not 'maybe'");
    has_error(f, "i", "config.loaders", "must be a list, not 'svg'");
    has_error(f, "t", "config.width", "must be an integer, not 'wide'");
    has_error(f, "t", "config.linear", "must be true or false, not an integer");
    has_error(f, "t", "config.height", "must be an integer, not a number");
    has_error(f, "t", "config.size", "must be a string, not a list");
    has_error(f, "s", "config.sigma", "must be a number, not 'big'");
    has_error(f, "u", "config.sigma", "must be a number, not a map");
    has_error(f, "b", "config.path", "has no value: it must be a string");
    has_error(f, "c", "config.path", "must be a string, not true or false: put it into quotes");
    has_error(f, "d", "config.path", "must be a string, not a number: put it into quotes");
    has_error(f, "e", "config.width", "must be an integer, not a number");
    has_error(f, "e", "config.linear", "has no value: it must be true or false");
    has_problems(f, 14);
}
END_TEST

START_TEST(choices_in_a_list)
{
    struct fixture *f = fixture();
    struct gc_value names[] = {{.kind = GC_VALUE_STRING, .as.string = gc_str_bytes(GC_STR("pdf"))},
                               {.kind = GC_VALUE_STRING, .as.string = gc_str_bytes(GC_STR("svgx"))},
                               {.kind = GC_VALUE_INT, .as.integer = 3}};
    node(f, "a files - path=a");
    node(f, "i load a loaders=[]")->config[0].value =
        (struct gc_value){.kind = GC_VALUE_LIST, .n = 3, .as.items = names};
    node(f, "j load a loaders=[]")->config[0].value =
        (struct gc_value){.kind = GC_VALUE_LIST, .n = 1, .as.items = names};
    node(f, "k load a loaders=[]");
    plan(f);
    has_error(f, "i", "config.loaders", "cannot be 'svgx'; did you mean 'svg'? (it is one of 'svg', 'pdf')");
    has_problems(f, 1); /* what its numbers mean is the op's to say */
}
END_TEST

START_TEST(a_number_or_a_list_of_them)
{
    struct fixture *f = fixture();
    struct gc_value items[] = {{.kind = GC_VALUE_INT, .as.integer = 3},
                               {.kind = GC_VALUE_REAL, .as.real = 0.5},
                               {.kind = GC_VALUE_STRING, .as.string = gc_str_bytes(GC_STR("red"))}};
    node(f, "p files - path=a");
    node(f, "i load p");
    node(f, "a sharpen i weights=3");
    node(f, "b sharpen i weights=0.5");
    node(f, "c sharpen i weights='4"); /* as a parameter comes */
    node(f, "d sharpen i weights=[]")->config[0].value =
        (struct gc_value){.kind = GC_VALUE_LIST, .n = 2, .as.items = items};
    good(f);
    ck_assert_uint_eq(step_of(f, "c")->config[0].value.kind, GC_VALUE_REAL);
    node(f, "e sharpen i weights=red");
    node(f, "f sharpen i weights=[]");
    node(f, "g sharpen i weights=[]")->config[0].value =
        (struct gc_value){.kind = GC_VALUE_LIST, .n = 3, .as.items = items};
    node(f, "h sharpen i weights=true");
    plan(f);
    has_error(f, "e", "config.weights", "must be a number, or a list of them, not 'red'");
    has_error(f, "f", "config.weights", "must be a number, or a list of one at least");
    has_error(f, "g", "config.weights", "must be a number, or a list of one at least");
    has_error(f, "h", "config.weights", "must be a number, or a list of them, not true or false");
    has_problems(f, 4);
}
END_TEST

START_TEST(ranges_and_choices)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "i load a");
    node(f, "t thumbnail_image i width=0 size=don");
    node(f, "u thumbnail_image i width=10000001 size=sideways");
    node(f, "v save i to={path} Q=-5");
    node(f, "w sharpen i sigma=nan");
    node(f, "x sharpen i sigma=inf");
    node(f, "y sharpen i sigma=-inf");
    node(f, "z sharpen i sigma=1e20");
    node(f, "q sharpen i sigma=-0.25");
    node(f, "r sharpen i sigma=1e-9");
    plan(f);
    has_error(f, "t", "config.width", "must lie between 1 and 10000000, not be 0");
    has_error(f, "t", "config.size",
              "cannot be 'don'; did you mean 'down'? (it is one of 'both', 'up', 'down', 'force')");
    has_error(f, "u", "config.width", "not be 10000001");
    has_error(f, "u", "config.size", "cannot be 'sideways': it is one of 'both'");
    has_error(f, "v", "config.Q", "between 1 and 100, not be -5");
    has_error(f, "w", "config.sigma", "not be nan");
    has_error(f, "x", "config.sigma", "not be inf");
    has_error(f, "y", "config.sigma", "not be -inf");
    has_error(f, "z", "config.sigma", "not be 1e20");
    has_error(f, "q", "config.sigma", "not be -0.25");
    has_error(f, "r", "config.sigma", "not be 1e-9");
    has_problems(f, 11);
}
END_TEST

static const struct gc_value *typed_value(struct fixture *f, const char *id, uint32_t at)
{
    return &step_of(f, id)->config[at].value;
}

START_TEST(values_take_the_type_of_their_field)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "i load a shrink_on_load='false");
    node(f, "t thumbnail_image i width='512 height=1e3 linear='true");
    node(f, "s sharpen i sigma=2 note={}");
    node(f, "u sharpen i sigma='0.6 note='5");
    node(f, "v thumbnail_image i width='+7");
    good(f);
    ck_assert_int_eq(typed_value(f, "i", 0)->kind, GC_VALUE_BOOL);
    ck_assert(!typed_value(f, "i", 0)->as.flag);
    ck_assert_int_eq(typed_value(f, "t", 0)->as.integer, 512);
    ck_assert_int_eq(typed_value(f, "t", 1)->kind, GC_VALUE_INT);
    ck_assert_int_eq(typed_value(f, "t", 1)->as.integer, 1000);
    ck_assert(typed_value(f, "t", 2)->as.flag);
    ck_assert_int_eq(typed_value(f, "s", 0)->kind, GC_VALUE_REAL);
    ck_assert_double_eq(typed_value(f, "s", 0)->as.real, 2.0);
    ck_assert_int_eq(typed_value(f, "s", 1)->kind, GC_VALUE_MAP);
    ck_assert_double_eq(typed_value(f, "u", 0)->as.real, 0.6);
    ck_assert_int_eq(typed_value(f, "u", 1)->kind, GC_VALUE_STRING); /* any: as it stands */
    ck_assert_int_eq(typed_value(f, "v", 0)->as.integer, 7);
}
END_TEST

static bool takes_sigma(const char *text)
{
    struct fixture *f = fixture();
    char line[128];
    snprintf(line, sizeof line, "s sharpen i note='%s sigma='%s", text, text);
    node(f, "i load - path=a");
    node(f, line);
    plan(f);
    return f->draft.accepted;
}

START_TEST(numbers_in_text)
{
    ck_assert(takes_sigma("1"));
    ck_assert(takes_sigma("1."));
    ck_assert(takes_sigma(".5"));
    ck_assert(takes_sigma("5e-1"));
    ck_assert(takes_sigma("50E-1"));
    ck_assert(takes_sigma("0.00005e+4"));
    ck_assert(!takes_sigma(""));
    ck_assert(!takes_sigma("."));
    ck_assert(!takes_sigma("-"));
    ck_assert(!takes_sigma("e5"));
    ck_assert(!takes_sigma("1e"));
    ck_assert(!takes_sigma("1e5000"));
    ck_assert(!takes_sigma("1e99999999999999999999999"));
    ck_assert(!takes_sigma("1x"));
    ck_assert(!takes_sigma("1.5.5"));
    ck_assert(!takes_sigma("-1"));
    ck_assert(!takes_sigma("0x10"));
    ck_assert(!takes_sigma("1e-23")); /* no exact power */
    ck_assert(!takes_sigma("1e23"));
    ck_assert(!takes_sigma("1.00000000000000001")); /* more digits than a double has */
    ck_assert(!takes_sigma("99999999999999999999999"));
    ck_assert(!takes_sigma("1.99999999999999999999999"));
    struct fixture *f = fixture();
    node(f, "i load - path=a");
    node(f, "t thumbnail_image i width='99999999999999999999");
    node(f, "u thumbnail_image i width='9223372036854775808");
    node(f, "v thumbnail_image i width='-");
    node(f, "w thumbnail_image i width='12x");
    node(f, "x thumbnail_image i width='-4");
    plan(f);
    has_error(f, "u", "config.width", "must be an integer");
    has_error(f, "x", "config.width", "not be -4");
    has_problems(f, 5);
}
END_TEST

START_TEST(large_integers_for_a_number)
{
    struct fixture *f = fixture();
    node(f, "i load - path=a");
    node(f, "s sharpen i sigma=9007199254740993");
    node(f, "t sharpen i sigma=-9007199254740993");
    node(f, "u sharpen i sigma=9007199254740992");
    plan(f);
    has_error(f, "s", "config.sigma", "must be a number, not an integer");
    has_error(f, "t", "config.sigma", "must be a number, not an integer");
    has_error(f, "u", "config.sigma", "must lie between");
}
END_TEST

START_TEST(inputs_that_are_too_many_or_missing)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "b files a path=a");
    node(f, "i load a");
    node(f, "t sharpen i,i");
    node(f, "c composite2 i");
    node(f, "d composite2 i,i,i,i");
    node(f, "s stat");
    node(f, "l load");
    plan(f);
    has_error(f, "b", "inputs[0]", "op 'files' takes no inputs");
    has_error(f, "t", "inputs[1]", "op 'sharpen' takes 1 input, this is one too many");
    has_error(f, "c", "inputs", "op 'composite2' needs an image as its input 'overlay'");
    has_error(f, "d", "inputs[3]", "op 'composite2' takes 3 inputs");
    has_error(f, "d", "inputs[2]", "takes a number, 'i' gives an image");
    has_error(f, "s", "inputs", "op 'stat' needs an item of a source as its input 'item'");
    has_error(f, "l", "inputs", "has nothing to read: give it the node that lists the items");
}
END_TEST

START_TEST(inputs_by_name)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "i load a");
    node(f, "v avg i");
    node(f, "c composite2 overlay:i,base:i,opacity:v.pixels");
    node(f, "d composite2 overlay:i,i,v");
    good(f);
    ck_assert(gc_str_is(gc_bytes_str(step_of(f, "c")->inputs[0].slot), "overlay"));
    ck_assert(gc_str_is(gc_bytes_str(step_of(f, "c")->inputs[2].output), "pixels"));
    ck_assert(
        gc_str_is(gc_bytes_str(step_of(f, "d")->inputs[1].slot), "base")); /* the name took the second */
    ck_assert(gc_str_is(gc_bytes_str(step_of(f, "d")->inputs[2].slot), "opacity"));
    ck_assert_uint_eq(step_of(f, "v")->readers, 1);
}
END_TEST

START_TEST(wrong_names_of_inputs)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "i load a");
    node(f, "c composite2 bsae:i,overlay:i");
    node(f, "d composite2 base:i,overlay:i,zzzzzz:i");
    node(f, "e composite2 base:i,base:i,overlay:i");
    node(f, "g echo i.exfi");
    node(f, "h echo i.zzzzzz");
    node(f, "z sleep i");
    node(f, "y echo z");
    plan(f);
    has_error(f, "c", "inputs.bsae", "op 'composite2' has no such input; did you mean 'base'?");
    has_error(f, "d", "inputs.zzzzzz", "op 'composite2' has no such input");
    has_error(f, "e", "inputs.base", "is given twice");
    has_error(f, "g", "inputs[0]", "node 'i' has no output 'exfi'; did you mean 'exif'?");
    has_error(f, "h", "inputs[0]", "node 'i' has no output 'zzzzzz' (its op is 'load')");
    has_error(f, "y", "inputs[0]", "node 'z' gives no value (its op is 'sleep')");
    has_problems(f, 6);
}
END_TEST

START_TEST(types_of_inputs)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "t thumbnail_image a width=5");
    node(f, "i load a");
    node(f, "s summarize i");
    node(f, "v avg i");
    node(f, "u sharpen v");
    node(f, "w load i");
    node(f, "n count v");
    node(f, "x stat v.pixels");
    plan(f);
    has_error(
        f, "t", "inputs[0]",
        "op 'thumbnail_image' takes an image, 'a' gives an item of a source; did you leave out a node with op 'load'?");
    has_error(f, "s", "inputs[0]", "op 'summarize' takes a record, 'i' gives an image");
    has_error(f, "u", "inputs[0]", "op 'sharpen' takes an image, 'v' gives a number");
    has_error(f, "w", "inputs[0]", "op 'load' takes an item of a source, 'i' gives an image");
    has_error(f, "x", "inputs[0]", "'v' gives an integer");
    has_problems(f, 5);
}
END_TEST

START_TEST(an_order_that_is_none)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "b echo #2");
    node(f, "c echo #1");
    node(f, "d echo #3");
    node(f, "e echo #77");
    node(f, "g echo e");
    plan(f);
    has_error(f, "b", "inputs[0]", "Cycle detected in the DAG");
    has_error(f, "d", "inputs[0]", "Cycle detected in the DAG: 'd' depends on 'd'");
    has_error(f, "e", "inputs[0]", "Node 'e' depends on undefined node '77'");
    has_problems(f, 3);
}
END_TEST

START_TEST(two_sources_do_not_meet)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "b files - path=b");
    node(f, "x load a");
    node(f, "y load b");
    node(f, "c composite2 x,y");
    node(f, "n count c");
    node(f, "m echo x,x,y,y");
    plan(f);
    has_error(f, "c", "inputs[1]", "items of two sources meet here, 'a' and 'b'");
    has_error(f, "c", "inputs[1]", "zip and cross will, they come later");
    has_error(f, "m", "inputs[2]", "items of two sources");
    has_problems(f, 2);
}
END_TEST

START_TEST(scopes_that_are_not_carried_out)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "x load a");
    node(f, "logo load - path=logo.png");
    node(f, "n count x");
    node(f, "p echo n");
    node(f, "q echo p");
    node(f, "r echo x,n");
    node(f, "s count n");
    node(f, "t count");
    node(f, "u pages a");
    node(f, "w contact_sheet logo to=sheet.jpg");
    node(f, "z together x,logo");
    plan(f);
    has_error(f, "p", "inputs[0]",
              "'n' is known when all items are done: a node 'p' that goes on from there");
    has_error(f, "r", "inputs[1]",
              "'n' is known when all items are done: a node 'r' that goes on from there");
    has_error(f, "s", "inputs[0]", "'n' is known when all items are done: a node 's'");
    has_error(f, "t", "inputs", "reduces items, and there is no source above it");
    has_error(f, "u", "inputs[0]", "a source that takes an input is not carried out yet");
    has_error(f, "w", "inputs", "op 'contact_sheet' reduces items, and there is no source above it");
    has_error(
        f, "z", "inputs[1]",
        "'logo' is one value for the run, and op 'together' reduces the values of items: give it to a node before it");
    has_problems(f, 7);
}
END_TEST

START_TEST(values_of_the_run_that_items_cannot_see)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "x load a");
    node(f, "logo load - path=logo.png");
    node(f, "kept save logo to=logo.webp");
    node(f, "slow stamp logo");
    node(f, "mark sharpen slow");
    node(f, "c composite2 x,mark");
    node(f, "d echo x,kept");
    node(f, "e echo c"); /* sees it through c, and nothing is wrong with that */
    plan(f);
    has_error(
        f, "c", "inputs[1]",
        "'mark' is one value for the run, and each executor that shows it to its items works it out for itself: 'slow' "
        "cannot be done more than once, since op 'stamp' is not pure");
    has_error(f, "d", "inputs[1]", "'kept' cannot be done more than once, since op 'save' writes a file");
    has_problems(f, 2);
}
END_TEST

START_TEST(types_that_are_handed_on)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "x load a");
    node(f, "same noop x");
    node(f, "out save same to={path}.webp"); /* as it is an image */
    node(f, "tone describe same");
    node(f, "big filter tone where=mean>1");
    node(f, "again noop big,x");
    node(f, "b save again to={path}.png");
    node(f, "n avg a.pixels");
    node(f, "p thumbnail_image n width=3"); /* n itself is a number */
    node(f, "item noop a");
    node(f, "q sharpen item");
    node(f, "r echo same.other");
    node(f, "nothing noop");
    node(f, "s sharpen nothing"); /* whatever it is */
    node(f, "exif noop x.exif");
    node(f, "t sharpen exif");
    plan(f);
    has_error(f, "b", "inputs[0]",
              "op 'save' takes an image, 'again' hands on a record, which it has from 'tone'");
    has_error(f, "n", "inputs[0]", "node 'a' has no output 'pixels'");
    has_error(f, "p", "inputs[0]", "op 'thumbnail_image' takes an image, 'n' gives a number");
    has_error(
        f, "q", "inputs[0]",
        "'item' hands on an item of a source, which it has from 'a'; did you leave out a node with op 'load'?");
    has_error(f, "r", "inputs[0]", "node 'same' has no output 'other'");
    has_error(f, "t", "inputs[0]", "'exif' hands on a record, which it has from 'x'");
    has_problems(f, 6);
}
END_TEST

START_TEST(no_more_than_are_kept)
{
    struct fixture *f = fixture();
    char line[32];
    for (unsigned i = 0; i < 300; i++) {
        snprintf(line, sizeof line, "n%u nothing_like_it", i);
        node(f, line);
    }
    plan(f);
    has_problems(f, GC_MAX_PROBLEMS);
    ck_assert_uint_eq(f->draft.more, 300 - GC_MAX_PROBLEMS);
    ck_assert(!f->draft.accepted);
}
END_TEST

START_TEST(long_texts_are_cut)
{
    struct fixture *f = fixture();
    char id[GC_MAX_NAME + 1];
    memset(id, 'x', sizeof id);
    id[GC_MAX_NAME] = '\0';
    for (size_t i = 1; i + 1 < GC_MAX_NAME; i += 2)
        memcpy(id + i, "\xc3\xa4", 2);
    struct gc_node *a = node(f, "a load - path=a");
    a->op = a->id = gc_bytes_of(id, GC_MAX_NAME);
    struct gc_node *b = node(f, "b thumbnail_image - width=1");
    b->config[0].key = gc_bytes_of(id, GC_MAX_NAME);
    struct gc_node *c = node(f, "c load -");
    c->inputs[0] = (struct gc_input){.node = 1, .output = gc_bytes_of(id, GC_MAX_NAME)};
    c->n_inputs = 1;
    c->inputs[0].slot = gc_bytes_of(id, GC_MAX_NAME);
    plan(f);
    for (uint32_t i = 0; i < f->draft.n_problems; i++) {
        ck_assert_uint_le(f->draft.problems[i].field.len, GC_MAX_NAME);
        ck_assert_uint_le(f->draft.problems[i].text.len, GC_MAX_TEXT);
    }
    /* "config." and the key is over a field's length: cut, marked, at the end of a character */
    bool found = false;
    for (uint32_t i = 0; i < f->draft.n_problems; i++) {
        struct gc_bytes field = f->draft.problems[i].field;
        if (!gc_str_starts(gc_bytes_str(field), GC_STR("config.x")))
            continue;
        found = true;
        ck_assert(gc_str_ends(gc_bytes_str(field), GC_STR("\xa4...")));
    }
    ck_assert(found);
}
END_TEST

START_TEST(an_arena_that_is_too_small)
{
    struct fixture *f = fixture();
    node(f, "a files - path=a");
    node(f, "i load a");
    node(f, "t thumbnail_image i width=5");
    node(f, "u thumbnail_image i width=5");
    node(f, "s save t to={path}");
    node(f, "n count t");
    node(f, "x echo");
    static uint8_t memory[1 << 20];
    size_t needed = 0;
    for (size_t size = 0; size <= sizeof memory; size += size < 20000 ? 8 : 64) {
        struct gc_arena arena;
        gc_arena_init(&arena, memory, size);
        struct gc_plan_draft draft = {.n_problems = 77};
        enum gc_err err = gc_plan_make(&f->job, f->nodes, f->n, catalogue(false), &arena, &draft);
        if (err == GC_OK) {
            needed = size;
            ck_assert(draft.accepted);
            break;
        }
        ck_assert_int_eq(err, GC_ERR_NOMEM);
        ck_assert_uint_eq(draft.n_problems, 77); /* untouched */
    }
    ck_assert_uint_gt(needed, 10000);
}
END_TEST

/* The largest job there can be, all of it wrong: the arena that plan.h names is enough. */
START_TEST(the_largest_job)
{
    static uint8_t memory[GC_PLAN_ARENA];
    static struct gc_setting config[GC_MAX_CONFIG];
    static struct gc_input inputs[GC_MAX_INPUTS];
    static char names[GC_MAX_CONFIG][GC_MAX_NAME];
    struct fixture *f = fixture();
    for (unsigned i = 0; i < GC_MAX_CONFIG; i++) {
        memset(names[i], 'x', sizeof names[i]);
        names[i][i] = 'y';
        config[i] = (struct gc_setting){.key = gc_bytes_of(names[i], sizeof names[i])};
    }
    for (unsigned i = 0; i < GC_MAX_INPUTS; i++)
        inputs[i].output = inputs[i].slot = gc_bytes_of(names[i], sizeof names[i]);
    node(f, "a files - path=a");
    for (unsigned i = 1; i < GC_MAX_JOB_NODES; i++) {
        char line[32];
        snprintf(line, sizeof line, "n%u %s", i, i % 2 ? "echo" : "count");
        struct gc_node *n = node(f, line);
        n->n_config = GC_MAX_CONFIG;
        n->config = config;
        n->n_inputs = GC_MAX_INPUTS;
        n->inputs = inputs;
    }
    gc_arena_init(&f->arena, memory, sizeof memory);
    plan(f);
    has_problems(f, GC_MAX_PROBLEMS);
    ck_assert_uint_gt(f->draft.more, 90000);
}
END_TEST

GC_SUITE("plan: problems", GC_TEST(no_nodes), GC_TEST(counts_that_differ), GC_TEST(ids),
         GC_TEST(ops_that_are_not_there), GC_TEST(no_catalogue), GC_TEST(keys), GC_TEST(types),
         GC_TEST(ranges_and_choices), GC_TEST(choices_in_a_list), GC_TEST(a_number_or_a_list_of_them),
         GC_TEST(values_take_the_type_of_their_field), GC_TEST(numbers_in_text),
         GC_TEST(large_integers_for_a_number), GC_TEST(inputs_that_are_too_many_or_missing),
         GC_TEST(inputs_by_name), GC_TEST(wrong_names_of_inputs), GC_TEST(types_of_inputs),
         GC_TEST(an_order_that_is_none), GC_TEST(two_sources_do_not_meet),
         GC_TEST(scopes_that_are_not_carried_out), GC_TEST(values_of_the_run_that_items_cannot_see),
         GC_TEST(types_that_are_handed_on), GC_TEST(no_more_than_are_kept), GC_TEST(long_texts_are_cut),
         GC_TEST(an_arena_that_is_too_small), GC_TEST(the_largest_job))
