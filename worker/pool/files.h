/* files.h - the files of a task: its input, its outputs' temporaries, and their publishing.
 *
 * Temporaries have no name where the file system can do that (O_TMPFILE): they vanish with the process. Elsewhere their name carries
 * run, node, item and token, and they are removed as soon as their lease is. A file that replaces another has such a name for a
 * moment as well. Those that a killed worker left are removed when the next life of it first makes one in the same folder.
 *
 * Publishing: durable, then, if the lease still holds, linked under its name without replacing anything, then the folder is made
 * durable. A file of the same bytes is already the output; with other bytes it is a failure of cause `output`. */
#ifndef GC_POOL_FILES_H
#define GC_POOL_FILES_H

#include <stdatomic.h>
#include <stdbool.h>

#include "common/roots/roots.h"
#include "worker/ops/ops.h"
#include "worker/pool/share.h"

#define GC_FILES_SWEPT 64u /* folders that are remembered: with more at a time, one is swept more than once */

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
    bool there;          /* skip, and it was there: fd is that file */
    uint32_t refused;    /* a cause */
    int fd;              /* the temporary, or -1 */
    int home;            /* folder of the temporary, or -1 */
    int folder;          /* of the final name: mostly the same, or -1 */
    char name[256];      /* final */
    char temporary[256]; /* empty: it has no name */
    char text[GC_SHARE_TEXT];
};

/* Opens a task's input. Returns the cause (NONE: *ret_fd is open), with a text. */
enum gc_cause gc_files_input(const struct gc_roots *roots, struct gc_str folder, struct gc_bytes path,
                             uint64_t max_file, int *ret_fd, char text[GC_SHARE_TEXT]);

/* Makes the temporary of an output (out: life, item, step, exists, by_digest are set), or says in it why not. */
void gc_files_output(const struct gc_roots *roots, struct gc_str folder, const struct gc_stage *stage,
                     const struct gc_task *task, const struct gc_files_token *token, struct gc_output *out);

/* Tells the disk to begin writing it: what follows waits less. */
void gc_files_start_sync(const struct gc_output *out);

/* Durable under its name. `fence_ns`: until when that is allowed. `path` and `digest` are for outputs named by digest.
 * GC_CAUSE_NONE; OUTPUT, with a text; INFRA: the disk, or the fence. */
enum gc_cause gc_files_publish(const struct gc_roots *roots, struct gc_str folder, struct gc_bytes path,
                               uint64_t bytes, const atomic_uint_fast64_t *fence_ns, struct gc_output *out);

/* Closes everything, removes the temporary. */
void gc_files_close(struct gc_output *out);

#endif
