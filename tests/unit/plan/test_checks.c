/* What is checked of conditions and of the files that a job writes. */
#include "common/expr.h"
#include "fixture.h"
#include "tests/unit/suite.h"

#include <string.h>

/* A line has no blanks within a setting: the condition is set afterwards. */
static void filter(struct fixture *f, const char *line, const char *where)
{
    struct gc_node *n = node(f, line);
    n->config[n->n_config++] = (struct gc_setting){
        .key = gc_str_bytes(GC_STR("where")),
        .value = {.kind = GC_VALUE_STRING, .as.string = gc_str_bytes(gc_str_of(where))},
    };
}

static void images(struct fixture *f)
{
    node(f, "photos files - path=photos");
    node(f, "rows list - path=rows.csv");
    node(f, "image load photos");
    node(f, "scan load rows");
    node(f, "logo load - path=logo.png");
    node(f, "tone describe image");
}

START_TEST(conditions_that_are_right)
{
    struct fixture *f = fixture();
    images(f);
    filter(f, "a filter image", "width >= 800 and not (format == 'uchar' or height < bands)");
    filter(f, "b filter tone", "mean > 0.5 or ext == 'gif' and index < 1e3");
    filter(f, "c filter photos", "stem != name and dir == path");
    filter(f, "d filter scan", "customer == 'me' and width > 5"); /* a column, it may be */
    filter(f, "e filter rows", "`date taken` > '2020'");
    filter(f, "g filter logo", "width == height");
    filter(f, "h filter a", "width < 9000");         /* an image still */
    filter(f, "i filter image.exif", "Make == 'x'"); /* a record of no known shape */
    good(f);
}
END_TEST

START_TEST(texts_that_are_no_conditions)
{
    struct fixture *f = fixture();
    images(f);
    filter(f, "a filter image", "width >= and height");
    filter(f, "b filter image", "width >");
    filter(f, "c filter image", "width > 5)");
    filter(f, "d filter image", "");
    char deep[2 * (GC_EXPR_MAX_DEPTH + 1) + 6] = "";
    memset(deep, '(', GC_EXPR_MAX_DEPTH + 1);
    memcpy(deep + GC_EXPR_MAX_DEPTH + 1, "width", 5);
    memset(deep + GC_EXPR_MAX_DEPTH + 6, ')', GC_EXPR_MAX_DEPTH + 1);
    filter(f, "e filter image", deep);
    node(f, "g filter image where=5");
    node(f, "h filter image");
    plan(f);
    has_error(f, "a", "config.where", "at character 10, before 'and height'");
    has_error(f, "b", "config.where", "at its end");
    has_error(f, "c", "config.where", "at character 10, before ')'");
    has_error(f, "d", "config.where", "is no condition: expected ");
    has_error(f, "e", "config.where", "is too long or too deep for a condition");
    has_error(f, "g", "config.where", "must be a condition, not an integer");
    has_error(f, "h", "config.where", "is missing: op 'filter' needs it, a condition");
    has_problems(f, 7);
}
END_TEST

START_TEST(fields_that_are_not_there)
{
    struct fixture *f = fixture();
    images(f);
    filter(f, "a filter image", "widht > 5 and rating > 3");
    filter(f, "b filter tone", "width > 5");
    filter(f, "c filter scan", "widht > 5 and rating > 3");
    filter(f, "d filter logo", "stem == 'x'");
    filter(f, "e filter photos", "size > 5");
    node(f, "number avg logo");
    filter(f, "g filter number", "mean > 5");
    filter(f, "h filter - ", "x");
    filter(f, "i filter b", "maen == 3"); /* as b hands the record on */
    plan(f);
    has_error(f, "a", "config.where", "there is no field 'widht' here; did you mean 'width'?");
    has_error(
        f, "a", "config.where",
        "there is no field 'rating' here, but 'width', 'height', 'bands', 'format', 'index', 'path', 'dir', 'name', "
        "'stem', 'ext'");
    has_error(f, "b", "config.where", "there is no field 'width' here, but 'mean', 'index', 'path'");
    has_warning(f, "c", "config.where",
                "'widht' may be a field of the items, if they have one of that name; did you mean 'width'?");
    has_error(f, "d", "config.where",
              "there is no field 'stem' here, but 'width', 'height', 'bands', 'format'");
    has_error(f, "e", "config.where", "there is no field 'size' here, but 'index', 'path'");
    has_error(f, "g", "config.where", "there is no field 'mean' here, nor any other");
    has_error(f, "h", "inputs", "needs any value as its input");
    has_error(f, "h", "config.where", "there is no field 'x' here, nor any other");
    has_error(f, "i", "config.where", "there is no field 'maen' here; did you mean 'mean'?");
    has_problems(f, 10);
}
END_TEST

START_TEST(names_of_fields)
{
    struct fixture *f = fixture();
    images(f);
    node(f, "mark marks image");
    node(f, "a ranking mark by=clear like=marc");
    node(f, "b ranking tone by=maen like=mean");
    node(f, "c ranking tone by=5");
    node(f, "d ranking image.exif by=Make like=x"); /* a record of no known shape */
    node(f, "e ranking tone by=colour");
    plan(f);
    has_error(f, "a", "config.by", "no field of what it reads is a number");
    has_error(f, "a", "config.like", "there is no field 'marc' here that is a hash; did you mean 'mark'?");
    has_error(f, "b", "config.by", "there is no field 'maen' here that is a number; did you mean 'mean'?");
    has_error(f, "b", "config.like", "no field of what it reads is a hash");
    has_error(f, "c", "config.by", "must be the name of a field, not an integer");
    has_error(f, "c", "config.like", "no field of what it reads is a hash");
    has_error(f, "e", "config.by", "there is no field 'colour' here that is a number, but 'mean'");
    has_error(f, "e", "config.like", "no field of what it reads is a hash");
    has_problems(f, 8);
}
END_TEST

START_TEST(of_an_op_that_is_not_known_no_field_is_judged)
{
    struct fixture *f = fixture();
    images(f);
    node(f, "x xyzzyplugh image");
    filter(f, "a filter x", "anything > 5");
    filter(f, "b filter x", "anything >");
    plan(f);
    has_error(f, "x", "op", "there is no op");
    has_error(f, "b", "config.where", "is no condition");
    has_problems(f, 2);
}
END_TEST

START_TEST(names_with_an_ending)
{
    struct fixture *f = fixture();
    images(f);
    node(f, "a save image to={path}.webp Q=80 lossless=true exists=skip");
    node(f, "b save image to={path}.JPEG Q=80 exists=skip");
    node(f, "c save image to={path}.png exists=skip");
    node(f, "d save image to=out/{dir}/{name} lossless=true"); /* its ending is the item's */
    node(f, "e save image to={dir}/{stem}.{ext} lossless=true");
    node(f, "g save image to={path}_small lossless=true");
    node(f, "h save logo to=logo.v2.jpg");
    node(f, "i save image to=a.png/{path}");
    good(f);
}
END_TEST

START_TEST(names_without_a_format)
{
    struct fixture *f = fixture();
    images(f);
    node(f, "a save image to={path}.wepb");
    node(f, "b save image to={path}.pdf");
    node(f, "c save logo to=out.png/logo");
    node(f, "d save image to={path}/small");
    node(f, "e save image to={path}.");
    plan(f);
    has_error(
        f, "a", "config.to",
        "op 'save' writes no file that ends in '.wepb'; did you mean '.webp'? (it writes '.jpg', '.jpeg', '.png', '.webp')");
    has_error(f, "b", "config.to",
              "op 'save' writes no file that ends in '.pdf', but '.jpg', '.jpeg', '.png', '.webp'");
    has_error(f, "c", "config.to", "names no kind of file: its ending is to be one of '.jpg', '.jpeg'");
    has_error(f, "d", "config.to", "names no kind of file");
    has_error(f, "e", "config.to", "writes no file that ends in '.'");
    has_problems(f, 5);
}
END_TEST

START_TEST(settings_that_a_format_has_not)
{
    struct fixture *f = fixture();
    images(f);
    node(f, "a save image to={path}.png Q=80 lossless=true");
    node(f, "b save image to={path}.jpg Q=80 lossless=true");
    node(f, "c save image to=c/{path}.png what=5");
    plan(f);
    has_error(f, "a", "config.Q",
              "a file that ends in '.png' has no such setting: it is one of '.jpg', '.jpeg', '.webp'");
    has_error(f, "a", "config.lossless", "it is one of '.webp'");
    has_error(f, "b", "config.lossless",
              "a file that ends in '.jpg' has no such setting: it is one of '.webp'");
    has_error(f, "c", "config.what", "has no such setting");
    has_problems(f, 4);
}
END_TEST

GC_SUITE("plan: conditions and formats", GC_TEST(conditions_that_are_right),
         GC_TEST(texts_that_are_no_conditions), GC_TEST(fields_that_are_not_there), GC_TEST(names_of_fields),
         GC_TEST(of_an_op_that_is_not_known_no_field_is_judged), GC_TEST(names_with_an_ending),
         GC_TEST(names_without_a_format), GC_TEST(settings_that_a_format_has_not))
