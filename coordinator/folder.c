#include "coordinator/folder.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macros.h"
#include "common/slice.h"

/* What may lie in a folder that has no database yet: left by whoever starts us, or by a start that ended before it made one. */
static const char *const harmless[] = {"coordinator.lock", "start.lock", "graphcap.sock", "log", "keys"};
/* What shows that there was one. */
static const char *const ours[] = {"worker", "artifacts", "graphcap.db-wal"};

enum kind { EMPTY, HAS_DATABASE, LOST_DATABASE, FOREIGN };

static bool among(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static enum kind kind_of(const char *name)
{
    if (strcmp(name, "graphcap.db") == 0)
        return HAS_DATABASE;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || among(name, harmless, GC_COUNT_OF(harmless)))
        return EMPTY;
    return among(name, ours, GC_COUNT_OF(ours)) ? LOST_DATABASE : FOREIGN;
}

/* A database decides; else the strangest entry does, and its name goes to `ret_name`. */
static enum kind look(DIR *dir, char *ret_name, size_t size)
{
    enum kind found = EMPTY;
    for (struct dirent *entry; (entry = readdir(dir));) {
        enum kind kind = kind_of(entry->d_name);
        if (kind == HAS_DATABASE)
            return kind;
        if (kind <= found)
            continue;
        found = kind;
        if (!gc_str_copy(ret_name, size, gc_str_of(entry->d_name)))
            ret_name[0] = '\0'; /* no name is that long */
    }
    return found;
}

static enum gc_err judge(const char *path, DIR *dir, bool *ret_new, struct gc_fault *f)
{
    struct stat st;
    if (fstat(dirfd(dir), &st) != 0)
        return gc_fault_set(f, gc_err_from_errno(errno), "%s: %s", path, strerror(errno));
    if (st.st_uid != geteuid())
        return gc_fault_set(f, GC_ERR_DENIED, "%s: the state folder belongs to another user", path);
    char name[256] = "";
    enum kind kind = look(dir, name, sizeof name);
    if (kind == FOREIGN)
        return gc_fault_set(f, GC_ERR_DENIED, "%s: not a state folder: it holds '%s'; name an empty folder",
                            path, name);
    if (kind == LOST_DATABASE)
        return gc_fault_set(
            f, GC_ERR_CORRUPT,
            "%s: '%s' is there, but graphcap.db is not: put it back, or move the folder away to start anew",
            path, name);
    *ret_new = kind == EMPTY;
    if (*ret_new && fchmod(dirfd(dir), 0700) != 0)
        return gc_fault_set(f, gc_err_from_errno(errno), "%s: cannot set mode 0700: %s", path,
                            strerror(errno));
    return GC_OK;
}

enum gc_err gc_folder_check(const char *path, bool *ret_new, struct gc_fault *f)
{
    DIR *dir = opendir(path);
    if (!dir && errno == ENOENT)
        return gc_fault_set(f, GC_ERR_NOT_FOUND,
                            "%s: there is no such state folder; make it first (mkdir -m 700)", path);
    if (!dir)
        return gc_fault_set(f, gc_err_from_errno(errno), "%s: %s", path, strerror(errno));
    enum gc_err err = judge(path, dir, ret_new, f);
    closedir(dir);
    return err;
}
