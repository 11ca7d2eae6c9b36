#include "rig.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/manifest/items.h"
#include "proto/codec.h"

/* What lives as long as the process, where a leak checker finds it. */
void *rig_keep(void *memory)
{
    static void *kept[8192];
    static size_t n;
    ck_assert_uint_lt(n, 8192);
    ck_assert_ptr_nonnull(memory);
    return kept[n++] = memory;
}

void rig_init(struct rig *r)
{
    static char self[4096];
    *r = (struct rig){.folder = "/tmp/gc-lister-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(r->folder));
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    ck_assert_int_gt(n, 0);
    struct gc_lister_root root = {"", r->folder};
    struct gc_lister_start start = {.program = self, .roots = &root, .n_roots = 1};
    struct gc_fault fault = {0};
    ck_assert_msg(gc_lister_start(&start, &r->lister, &fault) == GC_OK, "%s", fault.text);
}

void rig_release(struct rig *r)
{
    char command[128];
    gc_lister_destroy(&r->lister);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", r->folder);
    ck_assert_int_eq(system(command), 0);
}

void rig_write(const struct rig *r, const char *path, const char *text)
{
    char whole[4096];
    (void)snprintf(whole, sizeof whole, "%s/%s", r->folder, path);
    for (char *p = whole + strlen(r->folder) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
        *p = '\0';
        (void)mkdir(whole, 0777);
    }
    FILE *f = fopen(whole, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

static struct gc_bytes bytes(const char *text)
{
    return gc_str_bytes(gc_str_of(text));
}

struct gc_bytes rig_program(const struct rig *r, const char *op, const char *const *settings, uint64_t limit)
{
    static struct gc_setting config[16];
    struct gc_step step = {.id = bytes("source"), .op = bytes(op), .decode = GC_UNSET, .config = config};
    for (; *settings; settings++) {
        struct gc_setting *s = &config[step.n_config++];
        const char *equals = strchr(*settings, '=');
        s->key = gc_bytes_of(*settings, (size_t)(equals - *settings));
        if (strcmp(equals + 1, "true") == 0)
            s->value = (struct gc_value){.kind = GC_VALUE_BOOL, .as.flag = true};
        else
            s->value = (struct gc_value){.kind = GC_VALUE_STRING, .as.string = bytes(equals + 1)};
    }
    struct gc_program p = {
        .kind = GC_STAGE_SOURCE, .folder = bytes(r->folder), .limit = limit, .n_steps = 1, .steps = &step};
    struct gc_buf out;
    void *memory = rig_keep(malloc(16384));
    gc_buf_init(&out, memory, 16384);
    ck_assert_int_eq(gc_encode_program(&p, &out), GC_OK);
    return gc_buf_bytes(&out);
}

struct gc_lister_reply rig_reply(struct rig *r)
{
    struct gc_lister_reply reply;
    while (!gc_lister_next(r->lister, &reply)) {
        struct pollfd p = {.fd = gc_lister_fd(r->lister), .events = gc_lister_events(r->lister)};
        ck_assert_int_eq(poll(&p, 1, 10000), 1);
        ck_assert_int_eq(gc_lister_pump(r->lister), GC_OK);
    }
    return reply;
}

static void add_names(struct found *f, struct gc_bytes block, uint64_t count)
{
    struct gc_bytes text;
    struct gc_bytes fields;
    ck_assert(gc_items_check(block, count));
    while (gc_items_next(&block, &text, &fields)) {
        if (f->names_len + text.len + 1 >= sizeof f->names)
            continue;
        memcpy(f->names + f->names_len, text.ptr, text.len);
        f->names_len += text.len;
        f->names[f->names_len++] = '\n';
        f->names[f->names_len] = '\0';
    }
}

static void take_page(struct found *f, const struct gc_lister_reply *reply)
{
    ck_assert_uint_eq(reply->page.first, f->count);
    ck_assert_uint_le(reply->page.count, GC_PAGE_ITEMS);
    ck_assert_uint_le(reply->page.bytes, GC_PAGE_BYTES + 65536);
    if (reply->page.inlined)
        add_names(f, reply->block, reply->page.count);
    if (f->pages < 64) {
        f->refs[f->pages] = reply->page;
        uint8_t *digest = rig_keep(malloc(32));
        memcpy(digest, reply->page.digest.ptr, 32);
        f->refs[f->pages].digest.ptr = digest;
    }
    f->pages++;
    f->count += reply->page.count;
}

void rig_list(struct rig *r, struct gc_bytes program, uint32_t pages, struct found *f)
{
    struct gc_list_request q = {.id = ++r->ids,
                                .program = program,
                                .cursor = {f->cursor, f->cursor_len},
                                .first = f->count,
                                .pages = pages};
    uint32_t before = f->pages;
    ck_assert_int_eq(gc_lister_list(r->lister, &q), GC_OK);
    f->lists++;
    for (bool last = false; !last;) {
        struct gc_lister_reply reply = rig_reply(r);
        ck_assert_uint_eq(reply.id, q.id);
        last = reply.last;
        if (reply.kind == GC_LISTER_FAILED) {
            f->cause = reply.cause;
            (void)snprintf(f->text, sizeof f->text, "%.*s", GC_STR_ARGS(gc_bytes_str(reply.text)));
            continue;
        }
        ck_assert_int_eq(reply.kind, GC_LISTER_FOUND);
        if (reply.has_page)
            take_page(f, &reply);
        memcpy(f->cursor, reply.cursor.ptr, reply.cursor.len);
        f->cursor_len = reply.cursor.len;
        f->ended = reply.ended;
        f->left_out = reply.left_out;
        (void)snprintf(f->note, sizeof f->note, "%.*s", GC_STR_ARGS(gc_bytes_str(reply.note)));
    }
    ck_assert_uint_le(f->pages - before, pages);
}

void rig_list_all(struct rig *r, struct gc_bytes program, uint32_t pages, struct found *f)
{
    while (!f->ended && !f->cause)
        rig_list(r, program, pages, f);
}
