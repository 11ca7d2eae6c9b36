/* bare_loop.c - what libvips does with pictures when nobody schedules, seals, records or publishes: the bound for the benchmark.
 *
 *   bare_loop MODE PROCESSES OUT-FOLDER FILE...
 *
 * As many processes as asked for take the files in turn; each runs libvips with one thread, as an executor does. Outputs are
 * OUT-FOLDER/NUMBER[-SIZE].webp; one syncfs ends it all. It does not look at the clock: who starts it does.
 * Modes:
 *   pixels      prints the megapixels of the files, by their headers
 *   web         thumbnail 512 -> sharpen -> WebP, with shrink on load
 *   web-full    the same from a full decode
 *   files-png   op by op, each op reading and writing a file of its own: PNG between
 *   files-v     the same with libvips' own uncompressed format between
 *   five-loads  five sizes of each picture, each a shrink-on-load decode of its own
 *   five-shared the five sizes from one full decode in memory
 *   five-chain  the five sizes, each from the one above it
 *   tone        load -> the statistics of all pixels (no output)
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vips/vips.h>

static const int sizes[] = {1600, 1024, 512, 256, 128};
enum { SIZES = sizeof sizes / sizeof sizes[0], QUALITY = 80 };

struct shared {
    atomic_int next;
    atomic_int failed;
};

static const char *out_folder;

static bool webp(VipsImage *image, int number, int size)
{
    char path[4096];
    (void)snprintf(path, sizeof path, size ? "%s/%d-%d.webp" : "%s/%d.webp", out_folder, number, size);
    return vips_webpsave(image, path, "Q", QUALITY, NULL) == 0;
}

/* Takes the reference. */
static bool sharpened(VipsImage *small, int number)
{
    VipsImage *crisp;
    bool ok = small && vips_sharpen(small, &crisp, "sigma", 0.6, NULL) == 0;
    if (small)
        g_object_unref(small);
    if (!ok)
        return false;
    ok = webp(crisp, number, 0);
    g_object_unref(crisp);
    return ok;
}

static VipsImage *thumbnail(const char *file, int size)
{
    VipsImage *small = NULL;
    if (vips_thumbnail(file, &small, size, "size", VIPS_SIZE_DOWN, "fail_on", VIPS_FAIL_ON_ERROR, NULL))
        return NULL;
    return small;
}

static VipsImage *thumbnail_image(VipsImage *image, int size)
{
    VipsImage *small = NULL;
    if (vips_thumbnail_image(image, &small, size, "size", VIPS_SIZE_DOWN, NULL))
        return NULL;
    return small;
}

/* Takes the reference. */
static VipsImage *in_memory(VipsImage *image)
{
    VipsImage *memory = image ? vips_image_copy_memory(image) : NULL;
    if (image)
        g_object_unref(image);
    return memory;
}

static VipsImage *whole(const char *file)
{
    VipsImage *image = in_memory(vips_image_new_from_file(file, "access", VIPS_ACCESS_SEQUENTIAL, NULL));
    VipsImage *turned = NULL;
    if (image && vips_autorot(image, &turned, NULL))
        turned = NULL;
    if (image)
        g_object_unref(image);
    return turned;
}

static bool web(const char *file, int number)
{
    return sharpened(thumbnail(file, 512), number);
}

static bool web_full(const char *file, int number)
{
    VipsImage *image = whole(file);
    VipsImage *small = image ? thumbnail_image(image, 512) : NULL;
    if (image)
        g_object_unref(image);
    return sharpened(small, number);
}

/* One op by itself: its output goes to a file, and the next begins with that file. Takes the reference. */
static VipsImage *through_file(VipsImage *image, int number, int op, const char *ending)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%d.%d.%s", out_folder, number, op, ending);
    bool ok = image && vips_image_write_to_file(image, path, NULL) == 0;
    if (image)
        g_object_unref(image);
    VipsImage *again = ok ? vips_image_new_from_file(path, "access", VIPS_ACCESS_SEQUENTIAL, NULL) : NULL;
    VipsImage *loaded = in_memory(again);
    (void)unlink(path);
    return loaded;
}

static bool op_by_op(const char *file, int number, const char *ending)
{
    VipsImage *image = through_file(whole(file), number, 0, ending);
    VipsImage *small = image ? through_file(thumbnail_image(image, 512), number, 1, ending) : NULL;
    VipsImage *crisp = NULL;
    if (image)
        g_object_unref(image);
    if (small && vips_sharpen(small, &crisp, "sigma", 0.6, NULL))
        crisp = NULL;
    if (small)
        g_object_unref(small);
    crisp = through_file(crisp, number, 2, ending);
    bool ok = crisp && webp(crisp, number, 0);
    if (crisp)
        g_object_unref(crisp);
    return ok;
}

static bool files_png(const char *file, int number)
{
    return op_by_op(file, number, "png");
}

static bool files_v(const char *file, int number)
{
    return op_by_op(file, number, "v");
}

static bool five_loads(const char *file, int number)
{
    bool ok = true;
    for (int i = 0; i < SIZES && ok; i++) {
        VipsImage *small = thumbnail(file, sizes[i]);
        ok = small && webp(small, number, sizes[i]);
        if (small)
            g_object_unref(small);
    }
    return ok;
}

/* Each size from `image`, or, in a chain, from the size before. Takes the reference. */
static bool five_from(VipsImage *image, int number, bool chain)
{
    bool ok = image != NULL;
    for (int i = 0; i < SIZES && ok; i++) {
        VipsImage *small = thumbnail_image(image, sizes[i]);
        if (chain && small)
            small = in_memory(small);
        ok = small && webp(small, number, sizes[i]);
        if (chain && ok) {
            VipsImage *above = image;
            image = small;
            small = above;
        }
        if (small)
            g_object_unref(small);
    }
    if (image)
        g_object_unref(image);
    return ok;
}

static bool five_shared(const char *file, int number)
{
    return five_from(whole(file), number, false);
}

static bool five_chain(const char *file, int number)
{
    VipsImage *first = in_memory(thumbnail(file, sizes[0]));
    return five_from(first, number, true);
}

static bool tone(const char *file, int number)
{
    (void)number;
    VipsImage *image = vips_image_new_from_file(file, "access", VIPS_ACCESS_SEQUENTIAL, NULL);
    VipsImage *numbers = NULL;
    bool ok = image && vips_stats(image, &numbers, NULL) == 0;
    if (numbers)
        g_object_unref(numbers);
    if (image)
        g_object_unref(image);
    return ok;
}

static const struct mode {
    const char *name;
    bool (*run)(const char *file, int number);
} modes[] = {
    {"web", web},
    {"web-full", web_full},
    {"files-png", files_png},
    {"files-v", files_v},
    {"five-loads", five_loads},
    {"five-shared", five_shared},
    {"five-chain", five_chain},
    {"tone", tone},
};

static const struct mode *mode_of(const char *name)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    return NULL;
}

static void work(const struct mode *mode, struct shared *shared, char **files, int n)
{
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    for (;;) {
        int i = atomic_fetch_add(&shared->next, 1);
        if (i >= n)
            return;
        if (!mode->run(files[i], i)) {
            (void)fprintf(stderr, "%s: %s", files[i], vips_error_buffer());
            vips_error_clear();
            atomic_fetch_add(&shared->failed, 1);
        }
    }
}

static bool run_all(const struct mode *mode, struct shared *shared, int processes, char **files, int n)
{
    for (int i = 0; i < processes; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return false;
        if (pid == 0) {
            if (vips_init("bare_loop"))
                _exit(1);
            work(mode, shared, files, n);
            _exit(0);
        }
    }
    bool ok = true;
    for (int i = 0; i < processes; i++) {
        int status;
        ok = wait(&status) > 0 && status == 0 && ok;
    }
    int fd = open(out_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = fd >= 0 && syncfs(fd) == 0 && ok;
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static void print_pixels(char **files, int n)
{
    double pixels = 0;
    for (int i = 0; i < n; i++) {
        VipsImage *image = vips_image_new_from_file(files[i], NULL);
        if (!image)
            continue;
        pixels += (double)vips_image_get_width(image) * (double)vips_image_get_height(image);
        g_object_unref(image);
    }
    printf("%.6f\n", pixels / 1e6);
}

int main(int argc, char **argv)
{
    bool count = argc > 4 && strcmp(argv[1], "pixels") == 0;
    const struct mode *mode = argc > 4 ? mode_of(argv[1]) : NULL;
    int processes = argc > 4 ? atoi(argv[2]) : 0;
    if ((!mode && !count) || processes < 1) {
        (void)fprintf(stderr, "usage: bare_loop MODE PROCESSES OUT-FOLDER FILE...\n");
        return 2;
    }
    if (count) {
        if (vips_init(argv[0]))
            return 1;
        print_pixels(argv + 4, argc - 4);
        return 0;
    }
    out_folder = argv[3];
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 1;
    bool ok = run_all(mode, shared, processes, argv + 4, argc - 4);
    return ok && atomic_load(&shared->failed) == 0 ? 0 : 1;
}
