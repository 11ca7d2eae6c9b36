/* The table of our own ops. Sorted by name. */
#include "worker/ops/op.h"

#include "common/macros.h"
#include "proto/values.h"
#include "worker/ops/near.h"
#include "worker/ops/published.h"
#include "worker/ops/reducer.h"
#include "worker/ops/sniff.h"
#include "worker/ops/tile.h"

extern const char *const gc_fail_how[];
extern const char *const gc_fail_on_names[];
extern const char *const gc_save_metadata[];
extern const char *const gc_top_orders[];

#define CONFIG(rows) .config = (rows), .n_config = GC_COUNT_OF(rows)
#define INPUTS(rows) .inputs = (rows), .n_inputs = GC_COUNT_OF(rows)
#define SHAPE(rows)  .shape = (rows), .n_shape = GC_COUNT_OF(rows)

static const struct gc_op_input_row takes_item[] = {{"in", GC_TYPE_ITEM, false, false}};
static const struct gc_op_input_row takes_image[] = {{"in", GC_TYPE_IMAGE, true, false}};
static const struct gc_op_input_row takes_record[] = {{"in", GC_TYPE_RECORD, true, false}};
static const struct gc_op_input_row takes_any[] = {{"in", GC_TYPE_ANY, true, false}};
static const struct gc_op_input_row takes_anything[] = {{"in", GC_TYPE_ANY, false, true}};

const struct gc_op_field_row gc_image_shape[GC_IMAGE_SHAPE_N] = {
#define FIELD(name, type) {#name, type},
    GC_IMAGE_FIELDS(FIELD)
#undef FIELD
};

/* ---- sources: run by the lister ---- */

static const char *const links_choices[] = {"follow", "skip", NULL};
static const char *const format_choices[] = {"text", "csv", "jsonl", NULL};

static const struct gc_op_config_row files_config[] = {
    {"path", GC_TYPE_STRING, true, GC_NO_RANGE, NULL, NULL, "the folder; NAME:rest for a root of that name"},
    {"pattern", GC_TYPE_STRING, false, GC_NO_RANGE, "**/*", NULL,
     "which files below it: **/ for any folders, * ? [a-z] {a,b} within a name; names with a leading dot only where it has the dot"},
    {"case", GC_TYPE_BOOL, false, GC_NO_RANGE, "false", NULL, "whether a and A differ in the pattern"},
    {"links", GC_TYPE_STRING, false, GC_NO_RANGE, "follow", links_choices,
     "symbolic links: followed while below a root, or left out"},
};

static const struct gc_op_config_row list_config[] = {
    {"path", GC_TYPE_STRING, true, GC_NO_RANGE, NULL, NULL, "the manifest"},
    {"format", GC_TYPE_STRING, false, GC_NO_RANGE, NULL, format_choices,
     "by default as its name ends: .csv, .jsonl or .ndjson, else text"},
    {"column", GC_TYPE_STRING, false, GC_NO_RANGE, NULL, NULL,
     "which column (or key) is the item; the first by default, the others are its fields"},
};

/* ---- images ---- */

static const struct gc_op_config_row load_config[] = {
    {"fail_on", GC_TYPE_STRING, false, GC_NO_RANGE, "error", gc_fail_on_names,
     "what in a file fails it as damaged; what is only warned of is counted"},
    {"max_pixels", GC_TYPE_INT, false, 1, 10e9, "100000000", NULL,
     "an image of more fails as too-large, by its header"},
    {"max_file", GC_TYPE_INT, false, 1, 1e15, "1073741824", NULL, "a file of more bytes fails as too-large"},
    {"page", GC_TYPE_INT, false, 0, 100000, "0", NULL, "the first frame or page to take"},
    {"n", GC_TYPE_INT, false, -1, 100000, "1", NULL, "how many frames; -1: all"},
    {"loaders", GC_TYPE_LIST, false, GC_NO_RANGE, NULL, gc_loader_names,
     "further formats that it reads; their decoders are less hardened against hostile files, and they find no fonts but "
     "those inside a pdf: other text is drawn as boxes"},
    {"path", GC_TYPE_STRING, false, GC_NO_RANGE, NULL, NULL, "this one file, for a node without an input"},
    {"shrink_on_load", GC_TYPE_BOOL, false, GC_NO_RANGE, "true", NULL,
     "whether a reader may take over the decode and shrink while loading"},
    {"cascade", GC_TYPE_BOOL, false, GC_NO_RANGE, "false", NULL,
     "whether a thumbnail of this image may be made of the next larger one that stands before it in the job, instead of the file: "
     "faster, with pixels that differ a little"},
};

static const char *const exists_choices[] = {"error", "skip", "overwrite", NULL};
static const struct gc_op_config_row save_config[] = {
    {"to", GC_TYPE_STRING, true, GC_NO_RANGE, NULL, NULL,
     "the file's name; its ending is the format. {index} {path} {dir} {name} {stem} {ext} {digest} and fields of the item are filled in"},
    {"exists", GC_TYPE_STRING, false, GC_NO_RANGE, "error", exists_choices,
     "what to do where another file is there already"},
    {"metadata", GC_TYPE_STRING, false, GC_NO_RANGE, "icc", gc_save_metadata,
     "what of the input's metadata is written: icc is its colour profile"},
};
static const struct gc_op_field_row save_shape[] = {{"path", GC_TYPE_STRING},
                                                    {"bytes", GC_TYPE_INT},
                                                    {"digest", GC_TYPE_STRING},
                                                    {"width", GC_TYPE_INT},
                                                    {"height", GC_TYPE_INT}};

static const struct gc_op_field_row describe_shape[] = {
    {"width", GC_TYPE_INT},     {"height", GC_TYPE_INT},     {"bands", GC_TYPE_INT},
    {"format", GC_TYPE_STRING}, {"mean", GC_TYPE_REAL},      {"deviation", GC_TYPE_REAL},
    {"entropy", GC_TYPE_REAL},  {"sharpness", GC_TYPE_REAL}, {"colour", GC_TYPE_STRING},
    {"taken", GC_TYPE_STRING},
};

static const struct gc_op_field_row phash_shape[] = {{"hash", GC_TYPE_HASH}};

/* ---- without pixels ---- */

static const struct gc_op_config_row filter_config[] = {
    {"where", GC_TYPE_EXPRESSION, true, GC_NO_RANGE, NULL, NULL,
     "comparisons (== != < <= > >=), and, or, not, parentheses; numbers, 'texts', true, false, null; `any name` for one with blanks"},
};

static const struct gc_op_field_row echo_shape[] = {{"item", GC_TYPE_INT}, {"hash", GC_TYPE_HASH}};
static const struct gc_op_config_row sleep_config[] = {
    {"seconds", GC_TYPE_REAL, true, 0, 86400, NULL, NULL, "how long, an item"},
};
static const struct gc_op_config_row fail_config[] = {
    {"how", GC_TYPE_STRING, false, GC_NO_RANGE, "error", gc_fail_how,
     "an op's error, a crash of the executor, a hang, or all of its memory"},
    {"items", GC_TYPE_ANY, false, GC_NO_RANGE, NULL, NULL,
     "N: items whose number is a multiple of N; a list: the items of these numbers; by default all. The others pass"},
};

/* ---- reducers ---- */

static const struct gc_op_field_row summarize_shape[] = {{"items", GC_TYPE_INT}, {"fields", GC_TYPE_RECORD}};
static const struct gc_op_config_row histogram_config[] = {
    {"field", GC_TYPE_NUMBER_FIELD, true, GC_NO_RANGE, NULL, NULL, "which field of the record"},
    {"min", GC_TYPE_REAL, true, GC_NO_RANGE, NULL, NULL, "where the first bin begins"},
    {"max", GC_TYPE_REAL, true, GC_NO_RANGE, NULL, NULL,
     "where the last bin ends; the value itself lies in it"},
    {"bins", GC_TYPE_INT, false, 1, 4096, "10", NULL, "how many, of equal width"},
};
static const struct gc_op_config_row top_config[] = {
    {"n", GC_TYPE_INT, false, 1, 1000, "10", NULL, "how many items"},
    {"by", GC_TYPE_NUMBER_FIELD, true, GC_NO_RANGE, NULL, NULL,
     "which field of the record, one that is a number; items without it are left out"},
    {"order", GC_TYPE_STRING, false, GC_NO_RANGE, "largest", gc_top_orders, "which end of it comes first"},
};
static const struct gc_op_field_row histogram_shape[] = {
    {"counts", GC_TYPE_LIST}, {"below", GC_TYPE_INT}, {"above", GC_TYPE_INT}, {"items", GC_TYPE_INT}};

/* ---- reducers that read results ---- */

static const struct gc_op_config_row collect_config[] = {
    {"to", GC_TYPE_STRING, true, GC_NO_RANGE, NULL, NULL,
     "the file's name, ending in .jsonl or .ndjson; {digest} is filled in"},
    {"exists", GC_TYPE_STRING, false, GC_NO_RANGE, "error", exists_choices,
     "what to do where another file is there already"},
};
static const struct gc_op_field_row collect_shape[] = {
    {"path", GC_TYPE_STRING}, {"bytes", GC_TYPE_INT}, {"digest", GC_TYPE_STRING}, {"items", GC_TYPE_INT}};

static const struct gc_op_config_row group_config[] = {
    {"distance", GC_TYPE_INT, false, 0, GC_NEAR_MAX_DISTANCE, "4", NULL,
     "how many of the 64 bits may differ; a group is what hangs together by such pairs"},
    {"field", GC_TYPE_HASH_FIELD, false, GC_NO_RANGE, NULL, NULL,
     "which field of the record is the hash; by default the first that is one"},
    {"to", GC_TYPE_STRING, false, GC_NO_RANGE, NULL, NULL,
     "a file for all groups, one a line, ending in .jsonl or .ndjson; {digest} is filled in"},
    {"exists", GC_TYPE_STRING, false, GC_NO_RANGE, "error", exists_choices,
     "what to do where another file is there already"},
};
static const struct gc_op_field_row group_shape[] = {
    {"items", GC_TYPE_INT},   {"distance", GC_TYPE_INT}, {"groups", GC_TYPE_INT},
    {"grouped", GC_TYPE_INT}, {"largest", GC_TYPE_LIST}, {"left_out", GC_TYPE_INT},
    {"path", GC_TYPE_STRING}, {"bytes", GC_TYPE_INT},    {"digest", GC_TYPE_STRING},
};

#define TILE_SIZE                                                                    \
    {                                                                                \
        "size", GC_TYPE_INT, false, GC_TILE_MIN_SIZE, GC_TILE_MAX_SIZE, "128", NULL, \
            "pixels that a tile is wide or high at most"                             \
    }
#define TILE_LIMIT                                                                                        \
    {                                                                                                     \
        "limit", GC_TYPE_INT, false, 1, GC_TILE_MAX_LIMIT, "400", NULL,                                   \
            "how many items are shown; where there are more, a sample of them that is the same each time" \
    }
#define TILE_BACKGROUND                                                                                      \
    {                                                                                                        \
        "background", GC_TYPE_NUMBERS, false, GC_NO_RANGE, NULL, NULL,                                       \
            "behind and between the tiles: red, green and blue of 0 to 255, or one number; white by default" \
    }
static const struct gc_op_config_row tile_config[] = {TILE_SIZE, TILE_LIMIT, TILE_BACKGROUND};
static const struct gc_op_config_row sheet_config[] = {
    {"to", GC_TYPE_STRING, true, GC_NO_RANGE, NULL, NULL,
     "the file's name; its ending is the format, as for save; {digest} is filled in"},
    {"exists", GC_TYPE_STRING, false, GC_NO_RANGE, "error", exists_choices,
     "what to do where another file is there already"},
    {"columns", GC_TYPE_INT, false, 1, 1000, "12", NULL, "tiles in a row"},
    TILE_LIMIT,
    TILE_SIZE,
    TILE_BACKGROUND,
    {"gap", GC_TYPE_INT, false, 0, 256, "4", NULL, "pixels between tiles, and around them"},
};
static const struct gc_op_field_row sheet_shape[] = {
    {"path", GC_TYPE_STRING}, {"bytes", GC_TYPE_INT}, {"digest", GC_TYPE_STRING}, {"width", GC_TYPE_INT},
    {"height", GC_TYPE_INT},  {"items", GC_TYPE_INT}, {"of", GC_TYPE_INT}};

const struct gc_op_row gc_op_rows[] = {
    {.name = "collect",
     .help =
         "writes the values of all items that were done into one file, in the order of items: JSON Lines of {item, source, value}",
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_SCANS | GC_TRAIT_PUBLISH,
     .cost = 1,
     INPUTS(takes_any),
     .output = GC_TYPE_RECORD,
     CONFIG(collect_config),
     SHAPE(collect_shape),
     .suffixes = gc_lines_suffixes,
     .setup = gc_collect_setup,
     .scan = gc_collect_scan,
     .maps = "source"},
    {.name = "contact_sheet",
     .help =
         "small pictures of up to `limit` items in one image, in the order of items; of more items a sample. It may show fewer than `limit` where most items failed or were filtered out; of no items at all there is no file. Its value tells how many are shown, `of` how many that were done",
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_SCANS | GC_TRAIT_PUBLISH,
     .cost = 100,
     INPUTS(takes_image),
     .output = GC_TYPE_RECORD,
     CONFIG(sheet_config),
     SHAPE(sheet_shape),
     .saver_config = true,
     .setup = gc_sheet_setup,
     .scan = gc_sheet_scan,
     .maps = "tile"},
    {.name = "count",
     .help = "how many items were done",
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_PURE | GC_TRAIT_COMMUTES,
     .cost = 1,
     INPUTS(takes_any),
     .output = GC_TYPE_INT,
     .reducer = &gc_reducer_count},
    {.name = "describe",
     .help =
         "numbers about an image: width and height in pixels, bands, format of a band; mean and deviation of all values in its own scale; entropy of its grey in bits (0 to 8); sharpness: deviation of the Laplacian of its grey, in greys of 256; colour: the commonest, #rrggbb; taken: when, by EXIF, as ISO 8601",
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE,
     .cost = 30,
     INPUTS(takes_image),
     .output = GC_TYPE_RECORD,
     SHAPE(describe_shape),
     .run = gc_describe_run},
    {.name = "echo",
     .help =
         "the number of the item, and a hash of it as listed: XXH64 of its bytes with seed 0, as `xxhsum -H1` prints it",
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE,
     .cost = 1,
     INPUTS(takes_anything),
     .output = GC_TYPE_RECORD,
     SHAPE(echo_shape),
     .run = gc_echo_run},
    {.name = "fail",
     .help =
         "fails on some items, in the way asked for, and hands its input on for the others: to see what a fleet makes of it",
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PASSES,
     .cost = 1,
     INPUTS(takes_anything),
     .output = GC_TYPE_ANY,
     CONFIG(fail_config),
     .setup = gc_fail_setup,
     .run = gc_fail_run},
    {.name = "files",
     .help = "the files below a folder that a pattern takes; depth first, sorted by name within a folder",
     .scope = GC_SCOPE_SOURCE,
     .cost = 1,
     .output = GC_TYPE_ITEM,
     CONFIG(files_config)},
    {.name = "filter",
     .help =
         "hands its input on where a condition holds, and ends the item as skipped where it does not. Fields: those of a record; width height bands format of an image; index path dir name stem ext of the item, and its own",
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE | GC_TRAIT_PASSES,
     .cost = 1,
     INPUTS(takes_any),
     .output = GC_TYPE_ANY,
     CONFIG(filter_config),
     .setup = gc_filter_setup,
     .run = gc_filter_run},
    {.name = "group_near",
     .help =
         "groups of items whose hashes differ in few bits, such as those of pictures that look the same: how many, the largest of them, and all of them in a file. Of a group the value shows up to 16 items",
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_SCANS | GC_TRAIT_PUBLISH,
     .cost = 100,
     INPUTS(takes_record),
     .output = GC_TYPE_RECORD,
     CONFIG(group_config),
     SHAPE(group_shape),
     .suffixes = gc_lines_suffixes,
     .setup = gc_group_setup,
     .scan = gc_group_scan,
     .maps = "source"},
    {.name = "histogram",
     .help = "how often a field's value lies in each of some bins of equal width",
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_PURE | GC_TRAIT_COMMUTES,
     .cost = 1,
     INPUTS(takes_record),
     .output = GC_TYPE_RECORD,
     CONFIG(histogram_config),
     SHAPE(histogram_shape),
     .reducer = &gc_reducer_histogram},
    {.name = "list",
     .help = "the lines of a manifest: text, CSV with a header line, or JSON Lines",
     .scope = GC_SCOPE_SOURCE,
     .cost = 1,
     .output = GC_TYPE_ITEM,
     CONFIG(list_config)},
    {.name = "load",
     .help =
         "the item's file as an image, turned as its EXIF says: jpeg, png, webp, gif, tiff, and heif and avif where libvips has them",
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE | GC_TRAIT_DECODE | GC_TRAIT_READS_FILE,
     .cost = 100,
     INPUTS(takes_item),
     .output = GC_TYPE_IMAGE,
     CONFIG(load_config),
     .command = "vips autorot {item}[{options, page n fail_on}] {out}",
     .setup = gc_load_setup,
     .run = gc_load_run},
    {.name = "noop",
     .help = "does nothing and hands its input on",
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE | GC_TRAIT_PASSES,
     .cost = 1,
     INPUTS(takes_anything),
     .output = GC_TYPE_ANY,
     .run = gc_noop_run},
    {.name = "phash",
     .help =
         "a hash of what a picture looks like, of its lowest frequencies: hashes of one picture, scaled or compressed, differ in few bits (0 to 6), those of others in many. A picture of one colour has the hash 0",
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE,
     .cost = 10,
     INPUTS(takes_image),
     .output = GC_TYPE_RECORD,
     SHAPE(phash_shape),
     .run = gc_phash_run},
    {.name = "save",
     .help =
         "writes an image: the name's ending is the format (.jpg .png .webp .tif .gif .jp2 .ppm .pgm .pbm .pnm .pfm .hdr, and .avif .heic .jxl where libvips has them)",
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PUBLISH,
     .cost = 100,
     INPUTS(takes_image),
     .output = GC_TYPE_RECORD,
     CONFIG(save_config),
     SHAPE(save_shape),
     .saver_config = true,
     .command = "vips copy {in} {to}[{options, !exists metadata}]",
     .setup = gc_save_setup,
     .run = gc_save_run},
    {.name = "sleep",
     .help = "waits, and hands its input on",
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE | GC_TRAIT_PASSES,
     .cost = 1,
     INPUTS(takes_anything),
     .output = GC_TYPE_ANY,
     CONFIG(sleep_config),
     .run = gc_sleep_run},
    {.name = "source",
     .help = "the item as its source listed it: a path, or a line of a manifest",
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE,
     .cost = 1,
     INPUTS(takes_anything),
     .output = GC_TYPE_STRING,
     .run = gc_source_run},
    {.name = "summarize",
     .help =
         "of each numeric field of a record: count, min, max, mean, deviation (of a sample); exact, whatever the order",
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_PURE | GC_TRAIT_COMMUTES,
     .cost = 1,
     INPUTS(takes_record),
     .output = GC_TYPE_RECORD,
     SHAPE(summarize_shape),
     .reducer = &gc_reducer_summarize},
    {.name = "tile",
     .help =
         "the small picture of an item that may be in a contact sheet of `limit` items, as JPEG; of the others nothing. What contact_sheet reads",
     .scope = GC_SCOPE_ITEM,
     .traits = GC_TRAIT_PURE,
     .cost = 10,
     INPUTS(takes_image),
     .output = GC_TYPE_ANY,
     CONFIG(tile_config),
     .setup = gc_tile_setup,
     .run = gc_tile_run},
    {.name = "top",
     .help =
         "the items with the largest (or smallest) values of a field: a list of {item, source, value}, the first one first; equal values in the order of the list. A source is cut from the front where it is longer than an n-th of 128 KiB (102 bytes for n = 1000)",
     .scope = GC_SCOPE_REDUCE,
     .traits = GC_TRAIT_PURE | GC_TRAIT_COMMUTES,
     .cost = 1,
     INPUTS(takes_record),
     .output = GC_TYPE_LIST,
     CONFIG(top_config),
     .reducer = &gc_reducer_top},
};
const uint32_t gc_op_rows_n = GC_COUNT_OF(gc_op_rows);

const struct gc_op_row *gc_op_row_find(struct gc_bytes name)
{
    for (uint32_t i = 0; i < gc_op_rows_n; i++)
        if (gc_str_is(gc_bytes_str(name), gc_op_rows[i].name))
            return &gc_op_rows[i];
    return NULL;
}
