#include "worker/home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/sys/file.h"
#include "common/sys/log.h"
#include "common/sys/random.h"

#define LOCK "worker.lock"
#define ID   "worker.id"

static enum gc_err lock(const char *folder, struct gc_home *h, struct gc_fault *f)
{
    char *path = NULL;
    if (asprintf(&path, "%s/" LOCK, folder) < 0)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory");
    pid_t holder = 0;
    enum gc_err err = gc_file_lock(path, &h->lock_fd, &holder, f);
    if (err == GC_ERR_BUSY)
        err =
            gc_fault_set(f, err, "%s: another gc-worker has this folder (process %ld)", folder, (long)holder);
    free(path);
    return err;
}

/* The same form as a run's id: 26 characters. */
static enum gc_err read_id(const char *path, struct gc_id128 *ret, struct gc_fault *f)
{
    char *text;
    size_t len;
    enum gc_err err = gc_file_read(path, 64, &text, &len, f);
    if (err != GC_OK)
        return err;
    while (len > 0 && text[len - 1] == '\n')
        len--;
    err = gc_id_parse(gc_str_from(text, len), ret);
    free(text);
    return err == GC_OK ? GC_OK : gc_fault_set(f, GC_ERR_CORRUPT, "%s: not a worker's id", path);
}

static enum gc_err make_id(const char *path, struct gc_id128 *ret, struct gc_fault *f)
{
    char text[GC_ID_TEXT_SIZE + 1];
    struct gc_id128 id = gc_random_id();
    gc_id_text(id, text);
    size_t len = strlen(text);
    text[len++] = '\n';
    enum gc_err err = gc_file_write(path, gc_bytes_of(text, len), 0600, f);
    if (err == GC_OK) {
        *ret = id;
        gc_log(GC_LOG_INFO, "state_folder_made", gc_kv_str("file", path));
    }
    return err;
}

static enum gc_err look(const char *folder, struct gc_fault *f)
{
    struct stat st;
    if (stat(folder, &st) != 0)
        return gc_fault_set(f, GC_ERR_NOT_FOUND, "%s: the state folder is not there: %s", folder,
                            strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return gc_fault_set(f, GC_ERR_INVALID, "%s: the state folder is no folder", folder);
    if (st.st_uid != geteuid())
        return gc_fault_set(f, GC_ERR_DENIED, "%s: the state folder belongs to another user", folder);
    return GC_OK;
}

enum gc_err gc_home_open(const char *folder, struct gc_home *ret, struct gc_fault *f)
{
    enum gc_err err = look(folder, f);
    if (err == GC_OK)
        err = lock(folder, ret, f);
    char *path = NULL;
    if (err == GC_OK && asprintf(&path, "%s/" ID, folder) < 0)
        err = gc_fault_set(f, GC_ERR_NOMEM, "no memory");
    if (err != GC_OK)
        return err;
    err = read_id(path, &ret->worker, f);
    if (err == GC_ERR_NOT_FOUND) {
        (void)chmod(folder, 0700);
        err = make_id(path, &ret->worker, f);
    }
    free(path);
    return err;
}
