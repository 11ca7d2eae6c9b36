#include "worker/ops/target.h"

#include <errno.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"

static gint64 on_write(VipsTargetCustom *custom, const void *data, gint64 length, struct gc_target *t)
{
    (void)custom;
    if (t->error || length < 0)
        return -1;
    ssize_t n;
    do
        n = pwrite(t->fd, data, (size_t)length, (off_t)t->at);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        t->error = errno;
        return -1;
    }
    if (!t->went_back)
        gc_digest_update(&t->digest, gc_bytes_of(data, (size_t)n));
    t->at += (uint64_t)n;
    t->bytes = gc_max_u64(t->bytes, t->at);
    return n;
}

/* 8.13 and later: formats that patch what they wrote read and seek. */
static gint64 on_read(VipsTargetCustom *custom, void *data, gint64 length, struct gc_target *t)
{
    (void)custom;
    ssize_t n = pread(t->fd, data, (size_t)length, (off_t)t->at);
    if (n < 0) {
        t->error = errno;
        return -1;
    }
    t->at += (uint64_t)n;
    return n;
}

static gint64 on_seek(VipsTargetCustom *custom, gint64 offset, int whence, struct gc_target *t)
{
    (void)custom;
    int64_t from = whence == SEEK_CUR ? (int64_t)t->at : whence == SEEK_END ? (int64_t)t->bytes : 0;
    int64_t to;
    if (!gc_add_i64(from, offset, &to) || to < 0)
        return -1;
    t->went_back = t->went_back || (uint64_t)to != t->bytes;
    t->at = (uint64_t)to;
    return to;
}

static int on_end(VipsTargetCustom *custom, struct gc_target *t)
{
    (void)custom;
    t->ended = true;
    return t->error ? -1 : 0;
}

enum gc_err gc_target_init(struct gc_target *t, int fd)
{
    *t = (struct gc_target){.fd = fd};
    /* what an earlier try left behind */
    if (ftruncate(fd, 0) < 0)
        return gc_err_from_errno(errno);
    gc_digest_init(&t->digest);
    t->target = vips_target_custom_new();
    if (!t->target)
        return GC_ERR_NOMEM;
    g_signal_connect(t->target, "write", G_CALLBACK(on_write), t);
    g_signal_connect(t->target, "read", G_CALLBACK(on_read), t);
    g_signal_connect(t->target, "seek", G_CALLBACK(on_seek), t);
    g_signal_connect(t->target, "end", G_CALLBACK(on_end), t);
    return GC_OK;
}

enum gc_err gc_target_result(struct gc_target *t, uint64_t *ret_bytes, struct gc_digest *ret_digest)
{
    if (t->error)
        return gc_err_from_errno(t->error);
    if (t->went_back) {
        if (lseek(t->fd, 0, SEEK_SET) < 0)
            return gc_err_from_errno(errno);
        enum gc_err err = gc_digest_fd(t->fd, ret_digest, ret_bytes);
        if (err)
            return err;
    } else {
        *ret_digest = gc_digest_final(&t->digest);
        *ret_bytes = t->bytes;
    }
    return *ret_bytes > 0 ? GC_OK : GC_ERR_IO;
}

void gc_target_release(struct gc_target *t)
{
    if (t->target)
        g_object_unref(t->target);
    t->target = NULL;
}
