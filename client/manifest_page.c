/* manifest_page.c - see manifest_page.h. */
#include "client/manifest_page.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/manifest/items.h"
#include "common/manifest/manifest.h"
#include "common/sys/digest.h"
#include "common/sys/file.h"
#include "proto/codec.h"

/* What the source's config says of its manifest. */
struct source {
    char path[GC_MAX_PATH * 2];
    struct gc_str format;
    struct gc_str column;
};

static struct gc_str setting(const struct gc_step *step, const char *key)
{
    for (uint32_t i = 0; i < step->n_config; i++) {
        const struct gc_setting *s = &step->config[i];
        if (gc_str_is(gc_bytes_str(s->key), key) && s->value.kind == GC_VALUE_STRING)
            return gc_bytes_str(s->value.as.string);
    }
    return (struct gc_str){NULL, 0};
}

static bool find_source(const struct gc_program *program, struct source *ret)
{
    if (program->n_steps != 1)
        return false;
    struct gc_str path = setting(&program->steps[0], "path");
    struct gc_str folder = gc_bytes_str(program->folder);
    *ret = (struct source){.format = setting(&program->steps[0], "format"),
                           .column = setting(&program->steps[0], "column")};
    if (path.len == 0 || memchr(path.ptr, '\0', path.len))
        return false;
    if (path.ptr[0] == '/')
        folder.len = 0;
    int n = snprintf(ret->path, sizeof ret->path, "%.*s%s%.*s", GC_STR_ARGS(folder), folder.len ? "/" : "",
                     GC_STR_ARGS(path));
    return n > 0 && (size_t)n < sizeof ret->path;
}

/* A CSV's header names the columns of every page. */
static bool read_head(struct gc_manifest *m, int fd)
{
    static const size_t most = GC_MANIFEST_LINE + 1;
    struct gc_fault fault;
    size_t len;
    uint64_t lines;
    uint8_t *start = malloc(most);
    ssize_t n = start ? pread(fd, start, most, 0) : -1;
    bool ok = n >= 0 && gc_manifest_head(m, gc_bytes_of(start, (size_t)n), (size_t)n < most, &len, &lines,
                                         &fault) == GC_OK;
    free(start);
    return ok;
}

/* Every record of `bytes` into `block`. */
static bool parse(struct gc_manifest *m, struct gc_bytes bytes, struct gc_buf *block)
{
    struct gc_fault fault;
    while (bytes.len) {
        size_t len;
        uint64_t lines;
        bool empty;
        struct gc_bytes text, fields;
        if (gc_manifest_cut(m, bytes, true, &len, &lines) != GC_OK || len == 0 || len > bytes.len)
            return false;
        if (gc_manifest_parse(m, gc_bytes_of(bytes.ptr, len), &empty, &text, &fields, &fault) != GC_OK)
            return false;
        if (!empty && !gc_items_put(block, text, fields))
            return false;
        bytes = gc_bytes_of(bytes.ptr + len, bytes.len - len);
    }
    return true;
}

/* The bytes that were listed, or none: what has another digest is another list. */
static uint8_t *read_bytes(int fd, const struct gc_page *page)
{
    uint8_t *bytes = page->bytes <= GC_PAGE_BYTES * 2u ? malloc(page->bytes + 1) : NULL;
    if (!bytes || gc_file_pread(fd, bytes, page->bytes, page->offset) != GC_OK) {
        free(bytes);
        return NULL;
    }
    struct gc_digest digest = gc_digest_of(gc_bytes_of(bytes, page->bytes));
    if (gc_bytes_equal(page->digest, gc_bytes_of(digest.b, sizeof digest.b)))
        return bytes;
    free(bytes);
    return NULL;
}

static bool read_page(struct gc_manifest *m, int fd, const struct gc_page *page, uint8_t **ret,
                      size_t *ret_len)
{
    /* Field names are written again with each item, and the text of one may be longer than its record. */
    const size_t room = 16u * GC_PAGE_BYTES;
    struct gc_buf block;
    uint8_t *bytes = read_head(m, fd) ? read_bytes(fd, page) : NULL;
    uint8_t *memory = bytes ? malloc(room) : NULL;
    gc_buf_init(&block, memory, memory ? room : 0);
    bool ok = memory && parse(m, gc_bytes_of(bytes, page->bytes), &block) &&
              gc_items_check(gc_buf_bytes(&block), page->count);
    free(bytes);
    if (!ok) {
        free(memory);
        return false;
    }
    uint8_t *fitted = realloc(memory, block.len + 1);
    *ret = fitted ? fitted : memory;
    *ret_len = block.len;
    return true;
}

static bool open_and_read(const struct source *source, const struct gc_page *page, uint8_t **ret,
                          size_t *ret_len)
{
    enum gc_manifest_format format;
    struct gc_manifest *m = NULL;
    if (gc_manifest_format_of(source->format, gc_str_of(source->path), &format) != GC_OK)
        return false;
    int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo would wait for ever */
    if (fd < 0)
        return false;
    bool ok = gc_manifest_new(format, source->column, &m) == GC_OK && read_page(m, fd, page, ret, ret_len);
    if (m)
        gc_manifest_destroy(&m);
    close(fd);
    return ok;
}

bool gc_manifest_page(struct gc_bytes encoded, const struct gc_page *page, uint8_t **ret, size_t *ret_len)
{
    enum { ARENA_BYTES = 4 * GC_MAX_DOCUMENT };
    struct gc_arena arena;
    struct gc_program program;
    struct gc_fault fault;
    struct source source;
    void *memory =
        mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    gc_arena_init(&arena, memory, ARENA_BYTES);
    bool ok = gc_decode_program(encoded, &arena, &program, &fault) == GC_OK &&
              find_source(&program, &source) && open_and_read(&source, page, ret, ret_len);
    munmap(memory, ARENA_BYTES);
    return ok;
}
