/* save.h - what an op that writes a file shares with `save`: the file's name and descriptor, and the writing of an image into it.
 * Inside of worker/ops. */
#ifndef GC_WORKER_OPS_SAVE_H
#define GC_WORKER_OPS_SAVE_H

#include "worker/ops/stage.h"

/* The output of the step in execution: its name, kept in the run's scratch, and its descriptor; or the cause why there is none. */
enum gc_cause gc_save_begin(struct gc_run *run, struct gc_bytes *ret_path,
                            const struct gc_task_output **ret) GC_MUST_CHECK;
/* The name again, where it hangs on the digest of what was written. */
enum gc_cause gc_save_name(struct gc_run *run, uint32_t at, const struct gc_digest *digest,
                           struct gc_bytes *ret) GC_MUST_CHECK;
/* Writes an image into `fd`, in the format of the ending of made->path and with the step's settings for it; fills in made's bytes and
 * digest. */
enum gc_cause gc_save_image(struct gc_run *run, const struct gc_step_state *st, const struct gc_cell *in,
                            int fd, struct gc_output_made *made) GC_MUST_CHECK;
/* Of a file that is there already and stays: its bytes and digest into `made`, and its size by its header. */
enum gc_cause gc_save_tell(struct gc_run *run, int fd, struct gc_output_made *made, int *ret_width,
                           int *ret_height) GC_MUST_CHECK;
/* The first three fields of the record of whoever writes a file: path, bytes, digest. */
void gc_save_put_made(struct gc_buf *out, const struct gc_output_made *made);
/* The cause of a write that failed with this errno, and its text: a full disk may have room later. */
enum gc_cause gc_save_write_failed(struct gc_run *run, int error) GC_MUST_CHECK;

#endif
