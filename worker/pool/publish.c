#include "worker/pool/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/sys/clock.h"
#include "common/sys/digest.h"
#include "common/sys/random.h"

static bool wanted(const struct gc_output *out)
{
    return out->made && !out->there && out->refused == GC_CAUSE_NONE;
}

/* ---- durable ---- */

static bool has_digest(int fd, const struct gc_digest *digest)
{
    uint8_t bytes[16384];
    struct gc_digest_stream stream;
    off_t at = 0;
    ssize_t n;
    gc_digest_init(&stream);
    while ((n = pread(fd, bytes, sizeof bytes, at)) > 0) {
        gc_digest_update(&stream, (struct gc_bytes){bytes, (size_t)n});
        at += n;
    }
    struct gc_digest got = gc_digest_final(&stream);
    return n == 0 && memcmp(got.b, digest->b, sizeof got.b) == 0;
}

/* The executor's word is not taken for the length, nor for the digest where that is the name. */
static void check(struct gc_output *out)
{
    struct stat st;
    const char *wrong = NULL;
    if (fstat(out->fd, &st) != 0 || (uint64_t)st.st_size != out->bytes)
        wrong = "not as long as its op says";
    else if (out->by_digest && !has_digest(out->fd, &out->digest))
        wrong = "its bytes have another digest";
    if (!wrong)
        return;
    out->refused = GC_CAUSE_OUTPUT;
    snprintf(out->text, sizeof out->text, "'%.120s': %s", out->name, wrong);
}

/* False: the disk has failed. */
static bool sync_files(struct gc_publish *p, struct gc_output *outputs, uint32_t n)
{
    uint32_t files = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (wanted(&outputs[i]))
            check(&outputs[i]);
        if (!wanted(&outputs[i]))
            continue;
        p->whose[files] = i;
        p->fds[files++] = outputs[i].fd;
    }
    gc_sync_files(p->sync, p->fds, files, p->errnums);
    bool whole = true;
    for (uint32_t i = 0; i < files; i++) {
        struct gc_output *out = &outputs[p->whose[i]];
        errno = p->errnums[i];
        if (errno == 0)
            continue;
        gc_files_refuse_errno(out, "writing it to the disk");
        out->refused = GC_CAUSE_INFRA;
        whole = false;
    }
    return whole;
}

/* ---- names ---- */

static bool same_bytes(int a, int b, uint64_t len)
{
    uint8_t mine[16384], theirs[16384];
    for (uint64_t at = 0; at < len;) {
        size_t n = (size_t)gc_min_u64(len - at, sizeof mine);
        ssize_t got = pread(a, mine, n, (off_t)at);
        ssize_t had = got > 0 ? pread(b, theirs, (size_t)got, (off_t)at) : -1;
        if (got <= 0 || had != got || memcmp(mine, theirs, (size_t)got) != 0)
            return false;
        at += (uint64_t)got;
    }
    return true;
}

/* A file of that name is there already. */
static void compare(struct gc_output *out)
{
    int fd = openat(out->folder, out->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    bool same = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == out->bytes &&
                same_bytes(out->fd, fd, out->bytes);
    if (fd >= 0)
        close(fd);
    if (same)
        return;
    out->refused = GC_CAUSE_OUTPUT;
    snprintf(out->text, sizeof out->text, "'%.200s' exists with other bytes", out->name);
}

static int link_as(const struct gc_output *out, const char *name)
{
    if (out->temporary[0] != '\0')
        return linkat(out->home, out->temporary, out->folder, name, 0);
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", out->fd);
    return linkat(AT_FDCWD, self, out->folder, name, AT_SYMLINK_FOLLOW);
}

/* Over whatever is there: under a name of its own first, since a link replaces nothing. */
static int replace(const struct gc_output *out)
{
    char aside[128];
    snprintf(aside, sizeof aside, GC_FILES_PREFIX "%016llx-%016llx-%016llx",
             (unsigned long long)out->life->worker, (unsigned long long)out->life->boot,
             (unsigned long long)gc_random_u64());
    if (link_as(out, aside) != 0)
        return -1;
    if (renameat(out->folder, aside, out->folder, out->name) == 0)
        return 0;
    int errnum = errno;
    unlinkat(out->folder, aside, 0);
    errno = errnum;
    return -1;
}

static void give_name(struct gc_output *out)
{
    int failed = link_as(out, out->name);
    if (failed && errno == EEXIST) {
        if (out->exists != GC_EXISTS_OVERWRITE) {
            compare(out);
            return;
        }
        failed = replace(out);
    }
    if (failed)
        gc_files_refuse_errno(out, "giving it its name");
}

/* The clock is asked for each: between two of them the process may have slept. */
static void give_names(struct gc_publish *p, struct gc_output *outputs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!wanted(&outputs[i]))
            continue;
        if (gc_clock_now() >= atomic_load(p->fence_ns) || atomic_load(&p->stop))
            gc_files_refuse(&outputs[i], GC_CAUSE_INFRA, "the lease may be somebody else's by now");
        else
            give_name(&outputs[i]);
    }
}

/* ---- folders ---- */

static bool same_folder(const struct gc_publish_folder *a, const struct gc_publish_folder *b)
{
    return a->inode == b->inode && a->device == b->device;
}

static bool is_durable(const struct gc_publish *p, const struct gc_publish_folder *f)
{
    const struct gc_publish_folder *set = p->durable[f->inode % GC_PUBLISH_SETS];
    for (uint32_t i = 0; i < GC_PUBLISH_WAYS; i++)
        if (same_folder(&set[i], f))
            return true;
    return false;
}

static void remember(struct gc_publish *p, const struct gc_publish_folder *f)
{
    struct gc_publish_folder *set = p->durable[f->inode % GC_PUBLISH_SETS];
    if (is_durable(p, f))
        return;
    memmove(set + 1, set, (GC_PUBLISH_WAYS - 1) * sizeof set[0]);
    set[0] = *f;
}

/* Makes those that were collected durable. 0, or why one is not. Where a file system cannot sync a folder it has to do without.
 * `all`: nothing that lies above one of them is missing. */
static int sync_folders(struct gc_publish *p, bool all)
{
    int failed = 0;
    gc_sync_files(p->sync, p->fds, p->n_folders, p->errnums);
    for (uint32_t i = 0; i < p->n_folders; i++) {
        close(p->fds[i]);
        bool cannot = p->errnums[i] == EINVAL || p->errnums[i] == EROFS || p->errnums[i] == EOPNOTSUPP;
        if (p->errnums[i] != 0 && !cannot)
            failed = p->errnums[i];
    }
    for (uint32_t i = 0; i < p->n_folders && all && failed == 0; i++)
        remember(p, &p->folders[i]);
    p->n_folders = 0;
    return failed;
}

static bool is_collected(const struct gc_publish *p, const struct gc_publish_folder *f)
{
    /* From the end: outputs of one folder follow each other. */
    for (uint32_t i = p->n_folders; i > 0; i--) {
        if (same_folder(&p->folders[i - 1], f))
            return true;
    }
    return false;
}

/* The folder, and those above it that are not known to be durable, up to where the file system begins or this process may not look:
 * nothing above that was made here. */
static int collect(struct gc_publish *p, int folder)
{
    struct gc_publish_folder below = {0};
    int at = folder, failed = 0;
    for (bool first = true;; first = false) {
        int fd = openat(at, first ? "." : "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) != 0) {
            failed = first ? errno : 0;
            if (fd >= 0)
                close(fd);
            return failed;
        }
        struct gc_publish_folder f = {st.st_dev, st.st_ino};
        bool top = !first && (f.device != below.device || f.inode == below.inode);
        if (top || is_collected(p, &f)) {
            close(fd);
            return 0;
        }
        if (p->n_folders == GC_PUBLISH_BATCH && (failed = sync_folders(p, false)) != 0) {
            close(fd);
            return failed;
        }
        bool known = is_durable(p, &f);
        p->folders[p->n_folders] = f;
        p->fds[p->n_folders++] = fd;
        if (known)
            return 0;
        below = f;
        at = fd;
    }
}

static int settle_folders(struct gc_publish *p, struct gc_output *outputs, uint32_t n)
{
    int failed = 0;
    for (uint32_t i = 0; i < n && failed == 0; i++) {
        if (wanted(&outputs[i]))
            failed = collect(p, outputs[i].folder);
    }
    int failed_too = sync_folders(p, failed == 0);
    return failed ? failed : failed_too;
}

/* ---- all of it ---- */

static void refuse_all(struct gc_output *outputs, uint32_t n, int errnum)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!wanted(&outputs[i]))
            continue;
        errno = errnum;
        gc_files_refuse_errno(&outputs[i], "writing its folder to the disk");
        outputs[i].refused = GC_CAUSE_INFRA;
    }
}

enum gc_cause gc_publish(struct gc_publish *p, struct gc_output *outputs, uint32_t n, uint64_t *ret_item)
{
    GC_ASSERT(n <= GC_PUBLISH_BATCH);
    if (sync_files(p, outputs, n)) {
        give_names(p, outputs, n);
        int failed = settle_folders(p, outputs, n);
        if (failed)
            refuse_all(outputs, n, failed);
    }
    enum gc_cause worst = GC_CAUSE_NONE;
    for (uint32_t i = 0; i < n; i++) {
        const struct gc_output *out = &outputs[i];
        if (!out->made || out->refused == GC_CAUSE_NONE || worst == GC_CAUSE_INFRA)
            continue;
        worst = out->refused == GC_CAUSE_INFRA ? GC_CAUSE_INFRA : GC_CAUSE_OUTPUT;
        *ret_item = out->item;
    }
    return worst;
}
