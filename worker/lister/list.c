/* list: a manifest becomes pages that are references into it. Each record is parsed when it is cut, so that a bad line is named with
 * its number before anything of its page runs, and so that no page's block of items is too large for a message. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/manifest/items.h"
#include "common/manifest/manifest.h"
#include "worker/lister/job.h"

enum { WINDOW = 1 << 20 };

/* A manifest, and the window of it that is in memory. */
struct reading {
    struct gc_source source;
    struct gc_manifest *manifest;
    int fd;
    uint8_t *window;
    size_t len;      /* bytes in it */
    size_t at;       /* the next record */
    uint64_t offset; /* of the window in the file */
    bool last;       /* nothing comes after it */
    uint64_t line;   /* number of the next line */
};

static void release(struct reading *r)
{
    gc_manifest_destroy(&r->manifest);
    gc_source_release(&r->source);
    free(r->window);
    if (r->fd >= 0)
        (void)close(r->fd);
    r->fd = -1;
}

/* ---- reading ---- */

/* Moves what is left to the front and reads behind it. */
static enum gc_err refill(struct reading *r, struct gc_fault *fault)
{
    memmove(r->window, r->window + r->at, r->len - r->at);
    r->offset += r->at;
    r->len -= r->at;
    r->at = 0;
    while (r->len < WINDOW && !r->last) {
        ssize_t n = pread(r->fd, r->window + r->len, WINDOW - r->len, (off_t)(r->offset + r->len));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gc_fault_set(fault, GC_ERR_IO, "reading the manifest: %s", strerror(errno));
        r->last = n == 0;
        r->len += (size_t)n;
    }
    return GC_OK;
}

static enum gc_err open_manifest(struct reading *r, const struct gc_roots *roots, struct gc_bytes program,
                                 struct gc_fault *fault)
{
    struct stat st;
    enum gc_manifest_format format;
    enum gc_err err = gc_source_init(&r->source, program, fault);
    if (err)
        return err;
    struct gc_str path = gc_source_string(&r->source, "path", "");
    if (gc_manifest_format_of(gc_source_string(&r->source, "format", ""), path, &format))
        return gc_fault_set(fault, GC_ERR_INVALID, "format: none of text, csv, jsonl");
    err = gc_manifest_new(format, gc_source_string(&r->source, "column", ""), &r->manifest);
    if (err)
        return gc_fault_set(fault, err, "column: %s", gc_err_text(err));
    err =
        gc_roots_open(roots, gc_bytes_str(r->source.program.folder), path, O_RDONLY, 0, true, &r->fd, fault);
    if (err)
        return err;
    if (fstat(r->fd, &st) < 0 || !S_ISREG(st.st_mode))
        return gc_fault_set(fault, GC_ERR_INVALID, "the manifest is not a regular file");
    r->window = malloc(WINDOW);
    return r->window ? GC_OK : GC_ERR_NOMEM;
}

/* Opens it and takes the header; the next record is then the first. */
static enum gc_err begin(struct reading *r, const struct gc_roots *roots, struct gc_bytes program,
                         struct gc_fault *fault)
{
    size_t head;
    uint64_t lines;
    *r = (struct reading){.fd = -1, .line = 1};
    enum gc_err err = open_manifest(r, roots, program, fault);
    if (!err)
        err = refill(r, fault);
    if (!err)
        err = gc_manifest_head(r->manifest, gc_bytes_of(r->window, r->len), r->last, &head, &lines, fault);
    if (err)
        return err;
    r->at = head;
    r->line += lines;
    return GC_OK;
}

static enum gc_err go_to(struct reading *r, uint64_t offset, uint64_t line, struct gc_fault *fault)
{
    r->offset = offset;
    r->len = r->at = 0;
    r->line = line;
    r->last = false;
    return refill(r, fault);
}

/* ---- records ---- */

struct record {
    struct gc_bytes bytes;
    uint64_t offset;
    uint64_t lines;
    bool empty;
    struct gc_bytes text;
    struct gc_bytes fields;
};

/* The next record; false: there is none. */
static enum gc_err next_record(struct reading *r, struct record *ret, bool *ret_there, struct gc_fault *fault)
{
    size_t len = 0;
    enum gc_err err = gc_manifest_cut(r->manifest, gc_bytes_of(r->window + r->at, r->len - r->at), r->last,
                                      &len, &ret->lines);
    if (!err && len == 0 && !r->last) {
        err = refill(r, fault);
        if (err)
            return err;
        err = gc_manifest_cut(r->manifest, gc_bytes_of(r->window, r->len), r->last, &len, &ret->lines);
    }
    if (err)
        return gc_fault_set(fault, GC_ERR_LIMIT, "line %" PRIu64 ": longer than %u bytes", r->line,
                            GC_MANIFEST_LINE);
    *ret_there = len > 0;
    if (len == 0)
        return GC_OK;
    ret->bytes = gc_bytes_of(r->window + r->at, len);
    ret->offset = r->offset + r->at;
    err = gc_manifest_parse(r->manifest, ret->bytes, &ret->empty, &ret->text, &ret->fields, fault);
    return err ? gc_fault_context(fault, err, "line %" PRIu64 ": ", r->line) : GC_OK;
}

static void pass(struct reading *r, const struct record *record)
{
    r->at += record->bytes.len;
    r->line += record->lines;
}

/* ---- LIST ---- */

enum { CURSOR = 16 };

static struct gc_bytes put_cursor(uint8_t memory[CURSOR], uint64_t offset, uint64_t line)
{
    struct gc_buf out;
    gc_buf_init(&out, memory, CURSOR);
    (void)gc_buf_put_u64(&out, offset);
    (void)gc_buf_put_u64(&out, line);
    return gc_buf_bytes(&out);
}

static bool take_cursor(struct gc_bytes cursor, uint64_t *ret_offset, uint64_t *ret_line)
{
    struct gc_reader in;
    gc_reader_init(&in, cursor);
    return gc_reader_u64(&in, ret_offset) && gc_reader_u64(&in, ret_line) && gc_reader_done(&in);
}

static enum gc_err list_records(struct reading *r, struct gc_pages *pages, uint64_t room, bool *ret_ended,
                                struct gc_fault *fault)
{
    bool there = true;
    *ret_ended = room == 0;
    while (!*ret_ended && gc_pages_wanted(pages)) {
        uint8_t memory[CURSOR];
        struct record record;
        enum gc_err err = next_record(r, &record, &there, fault);
        if (err)
            return err;
        *ret_ended = !there;
        if (!there)
            continue;
        struct gc_bytes cursor = put_cursor(memory, record.offset + record.bytes.len, r->line + record.lines);
        const struct gc_listed_item item = {record.text, record.fields};
        if (!gc_pages_refer(pages, record.bytes, record.offset, record.empty ? NULL : &item, cursor))
            return GC_OK;
        pass(r, &record);
        room -= !record.empty;
        *ret_ended = room == 0;
    }
    return GC_OK;
}

void gc_list_run(const struct gc_roots *roots, struct gc_pages *pages, struct gc_lister_job *job)
{
    struct gc_fault fault = {0};
    struct reading r;
    uint64_t offset;
    uint64_t line;
    bool ended = false;
    gc_pages_begin(pages, job, false, NULL, job->cursor);
    enum gc_err err = begin(&r, roots, job->program, &fault);
    if (!err && job->cursor.len > 0)
        err = take_cursor(job->cursor, &offset, &line)
                  ? go_to(&r, offset, line, &fault)
                  : gc_fault_set(&fault, GC_ERR_INVALID, "no cursor of this source");
    if (!err)
        gc_pages_name(pages, &r.source.namer);
    if (!err)
        err = list_records(&r, pages, gc_source_room(&r.source, job->first), &ended, &fault);
    if (err)
        gc_pages_fail(pages, gc_cause_of(err), gc_str_of(fault.text[0] ? fault.text : gc_err_text(err)));
    else
        gc_pages_end(pages, ended);
    release(&r);
}

/* ---- PAGE ---- */

/* The page's bytes, if they are still what was listed. */
static enum gc_err read_page(struct reading *r, const struct gc_page *page, struct gc_fault *fault)
{
    if (page->bytes > WINDOW)
        return gc_fault_set(fault, GC_ERR_INVALID, "a page of too many bytes");
    enum gc_err err = go_to(r, page->offset, 0, fault);
    if (err)
        return err;
    struct gc_digest digest = {{0}};
    if (r->len >= page->bytes)
        digest = gc_digest_of(gc_bytes_of(r->window, (size_t)page->bytes));
    if (r->len < page->bytes || memcmp(digest.b, page->digest.ptr, sizeof digest.b) != 0)
        return gc_fault_set(fault, GC_ERR_NOT_FOUND, "the manifest has changed since it was listed");
    r->len = (size_t)page->bytes;
    r->last = true;
    return GC_OK;
}

static enum gc_err make_block(struct reading *r, const struct gc_page *page, struct gc_buf *block,
                              struct gc_fault *fault)
{
    struct record record;
    bool there = true;
    uint64_t n = 0;
    for (;;) {
        enum gc_err err = next_record(r, &record, &there, fault);
        if (err)
            return err;
        if (!there)
            break;
        if (!record.empty && !gc_items_put(block, record.text, record.fields))
            return gc_fault_set(fault, GC_ERR_INVALID, "a page of too large items");
        n += !record.empty;
        pass(r, &record);
    }
    if (n != page->count)
        return gc_fault_set(fault, GC_ERR_INVALID, "%" PRIu64 " items where %" PRIu64 " were listed", n,
                            page->count);
    return GC_OK;
}

void gc_page_run(const struct gc_roots *roots, struct gc_link *link, struct gc_lister_job *job)
{
    struct gc_fault fault = {0};
    struct reading r;
    struct gc_buf block;
    void *memory = malloc(GC_PAGE_BYTES);
    struct gc_lister_reply reply = {.kind = GC_LISTER_BLOCK, .id = job->id, .last = true};
    gc_buf_init(&block, memory, memory ? GC_PAGE_BYTES : 0);
    enum gc_err err = begin(&r, roots, job->program, &fault);
    if (!err)
        err = read_page(&r, &job->page, &fault);
    if (!err)
        err = make_block(&r, &job->page, &block, &fault);
    reply.block = gc_buf_bytes(&block);
    if (err) {
        const char *text = fault.text[0] ? fault.text : gc_err_text(err);
        reply = (struct gc_lister_reply){
            .kind = GC_LISTER_FAILED, .id = job->id, .last = true, .cause = gc_cause_of(err)};
        reply.text = gc_str_bytes(gc_str_of(text));
    }
    if (!atomic_load(&job->cancelled))
        gc_link_send(link, &reply);
    release(&r);
    free(memory);
}
