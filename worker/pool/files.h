/* files.h - the files of a task: its input and the temporaries of its outputs. publish.h gives them their names.
 *
 * Temporaries have no name where the file system can do that (O_TMPFILE): they vanish with the process. Elsewhere their name carries
 * run, node, item and token, and they are removed as soon as their lease is. A file that replaces another has such a name for a
 * moment as well. Those that a killed worker left are removed when the next life of it first opens an output there that may need
 * such a name. */
#ifndef GC_POOL_FILES_H
#define GC_POOL_FILES_H

#include <stdbool.h>

#include "common/roots/roots.h"
#include "worker/ops/ops.h"
#include "worker/pool/share.h"

#define GC_FILES_PREFIX ".graphcap-" /* of temporaries' names: then worker-boot-... */
#define GC_FILES_SWEPT  64u /* folders that are remembered: with more at a time, one is swept more than once */

/* Of this worker, and of this life of it: for names. And the folders that hold nothing of an earlier life. One a thread. */
struct gc_files_life {
    uint64_t worker;
    uint64_t boot;
    struct {
        uint64_t device;
        uint64_t inode;
    } swept[GC_FILES_SWEPT];
};

struct gc_files_token {
    uint64_t run_no;
    uint64_t term;
    uint64_t lease;
};

struct gc_output {
    struct gc_files_life *life;
    uint64_t item;
    uint32_t step;
    enum gc_exists exists;
    bool by_digest;
    bool there;              /* skip, and it was there: fd is that file */
    uint32_t refused;        /* a cause */
    bool made;               /* the executor says that it is whole, */
    uint64_t bytes;          /* and so long, */
    struct gc_digest digest; /* with this digest */
    int fd;                  /* the temporary, or -1 */
    int home;                /* folder of the temporary, or -1 */
    int folder;              /* of the final name: mostly the same, or -1 */
    char name[256];          /* final */
    char temporary[160];     /* empty: it has no name */
    char text[GC_SHARE_TEXT];
};

/* Opens a task's input. Returns the cause (NONE: *ret_fd is open), with a text. */
enum gc_cause gc_files_input(const struct gc_roots *roots, struct gc_str folder, struct gc_bytes path,
                             uint64_t max_file, int *ret_fd, char text[GC_SHARE_TEXT]);

/* Makes the temporary of an output that is to be named `path` (out: life, item, step, exists, by_digest are set), or says in it why
 * not. One that is named by its digest has no folder yet: its temporary lies in `folder` itself. */
void gc_files_output(const struct gc_roots *roots, struct gc_str folder, struct gc_bytes path,
                     const struct gc_files_token *token, struct gc_output *out);
/* The folder and the name of one that is named by its digest, once that is known; or says in it why not. */
void gc_files_place(const struct gc_roots *roots, struct gc_str folder, struct gc_bytes path,
                    struct gc_output *out);
void gc_files_refuse(struct gc_output *out, enum gc_cause cause, const char *text);
/* From errno: a full or broken disk is the machine's fault (INFRA), all else the output's. `what`: was tried. */
void gc_files_refuse_errno(struct gc_output *out, const char *what);

/* Tells the disk to begin writing it: what follows waits less. */
void gc_files_start_sync(const struct gc_output *out);

/* Closes everything, removes the temporary. */
void gc_files_close(struct gc_output *out);

#endif
