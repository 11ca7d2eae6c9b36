/* Results of a stage as a scanning reducer reads them, and such a reducer run on them, for tests. */
#ifndef GC_TESTS_UNIT_OPS_SPOOL_H
#define GC_TESTS_UNIT_OPS_SPOOL_H

#include "proto/status.h"
#include "rig.h"

struct spool {
    int fd;
    uint32_t n_nodes;
    uint64_t item; /* the next one */
    uint64_t first;
    struct gc_status_writer status;
    struct gc_buf values; /* of the next part */
    uint8_t memory[3][1 << 20];
};

void spool_init(struct spool *s, uint32_t n_nodes);
void spool_release(struct spool *s);
/* The next item: a letter a node (d done, c cached, w warned, f failed, s skipped, - none). Values of those that are done have been put
 * into s->values before. */
void spool_item(struct spool *s, const char *outcomes);
/* Ends the part. */
void spool_part(struct spool *s);
/* Bytes as they are. */
void spool_bytes(struct spool *s, const void *bytes, size_t len);

/* Installs the op as a REDUCE stage that reads `scanned` nodes, of which its inputs are `bits` ("0 1"; - is the item itself). Fields of
 * its first input's record: "name:type name:type" (hash int string real), or "". */
void spool_install(struct rig *r, const char *op, const char *settings, uint32_t scanned, const char *bits,
                   const char *shape);
/* Only whether it can be installed: the text of the fault, "" where it can. */
const char *spool_refused(const char *op, const char *settings, uint32_t scanned, const char *bits,
                          const char *shape);
/* Runs it on the spool, the output into rig_output(r, 0). */
void spool_run(struct rig *r, struct spool *s);
/* The same where that file is there and is to stay. */
void spool_run_on_file(struct rig *r, struct spool *s);

/* The value of the last run as JSON. */
const char *spool_value(struct rig *r, const char *shape);
/* What is in the output. */
const char *spool_output(struct rig *r);

#endif
