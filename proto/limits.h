/* limits.h - every bound of the system, in one place, with the relations between them asserted.
 *
 * A limit is a promise to the other side: what is refused, and with which error, is known before any byte is sent.
 * Nothing in core, agent or codec grows beyond what is written here. Units are in the names or beside them.
 */
#ifndef GC_PROTO_LIMITS_H
#define GC_PROTO_LIMITS_H

#include <stdint.h>

/* The wire. */
#define GC_WIRE_MAGIC           0x4347u /* "GC" little-endian */
#define GC_WIRE_VERSION         1u
#define GC_MAX_BODY             65536u   /* bytes of the msgpack body of one message */
#define GC_MAX_BULK             1048576u /* bytes of the raw frame behind it */
#define GC_MAX_DEPTH            8u       /* nesting of containers in a body */
#define GC_MAX_CONTAINER        4096u    /* elements of one container in a body */
#define GC_MAX_DOCUMENT         4194304u /* bytes of a catalogue, a plan or a whole submitted job, reassembled */
#define GC_MAX_DOCUMENT_OBJECTS 1048576u /* msgpack objects in it, of some 24 bytes each in a decoder */

/* Names and texts (bytes). */
#define GC_MAX_NAME     128u /* node id, op, input, config key, job name, worker name, tag key */
#define GC_MAX_PATH     4096u
#define GC_MAX_TEXT     512u /* an error's or failure's text */
#define GC_MAX_HELP     1024u
#define GC_MAX_STRING   16384u /* a string in a job's config */
#define GC_MAX_METADATA 32768u /* a job's metadata, as JSON text */

/* Jobs. */
#define GC_MAX_JOB_NODES    512u
#define GC_MAX_STAGE_NODES  64u  /* nodes of one stage: a task's node sets are 64-bit masks */
#define GC_MAX_STAGE_INPUTS 8u   /* files that a task reads: its item's, and those of paths */
#define GC_MAX_STAGES       128u /* of one run */
#define GC_MAX_INPUTS       64u  /* of one node */
#define GC_MAX_CONFIG       128u /* settings of one node */
#define GC_MAX_TAGS         64u
#define GC_MAX_PROBLEMS     256u                /* named in one answer to a submit */
#define GC_MAX_ITEMS        (UINT64_C(1) << 32) /* of one data set */

/* Catalogue. */
#define GC_MAX_OPS     1024u
#define GC_MAX_CHOICES 256u
#define GC_MAX_FIELDS  64u /* of one record value */
#define GC_NAME_BYTES  16u /* hash of an output's name: two names do not share it by chance */
#define GC_MAX_NAMINGS 8u  /* names of outputs that are compared, of one item */
#define GC_MAX_FORMATS 32u /* that one op writes */

/* Work. */
#define GC_BLOCK_ITEMS        4096u   /* items a block of states */
#define GC_PAGE_ITEMS         4096u   /* items a page, at most */
#define GC_PAGE_BYTES         524288u /* text of a page, at most */
#define GC_PAGES_AHEAD        64u     /* pages listed beyond the first unleased item */
#define GC_PAGES_A_MESSAGE    16u
#define GC_MAX_LEASE_ITEMS    65536u  /* items of one lease, at most */
#define GC_CHUNK_ITEMS        4096u   /* items of one RESULT, at most */
#define GC_LEASES_A_SLOT      2u      /* leases a worker may hold for each of its executors */
#define GC_MAX_SLOTS          256u    /* executors of one worker */
#define GC_MAX_INVENTORY      1024u   /* leases and unacknowledged results in a HELLO */
#define GC_RESULT_WINDOW      64u     /* results a worker may have unacknowledged */
#define GC_MERGE_INPUTS       32u     /* deltas one merge consumes */
#define GC_MAX_DELTA          131072u /* bytes of a reducer's state */
#define GC_MAX_PATTERNS       64u     /* distinct outcome vectors in one status */
#define GC_RETRIES_DEFAULT    1u
#define GC_SUSPICIONS_DEFAULT 3u
#define GC_LIMITLESS_MAX      1000000u /* largest retries, suspicions */

/* The coordinator. */
#define GC_MAX_RUNS      1024u /* runs that have not ended */
#define GC_MAX_WORKERS   16384u
#define GC_MAX_PEERS     32768u
#define GC_MAX_LEASES    131072u
#define GC_MAX_ODD       1048576u /* items with a history: retried, suspected, backed off */
#define GC_MAX_SPANS     262144u  /* returned ranges that wait to be leased again */
#define GC_MAX_WATCHERS  4096u
#define GC_GRANTS_A_STEP 64u /* leases granted in one step; more are granted in the next */

/* Time (nanoseconds). */
#define GC_MS       ((uint64_t)1000000) /* spelt as in common/sys/clock.h: a shell includes both */
#define GC_S        (1000u * GC_MS)
#define GC_LEASE_NS (10u * GC_S)
#define GC_BEAT_NS  (2u * GC_S)
#define GC_FENCE_NS \
    (GC_LEASE_NS - GC_BEAT_NS)             /* a worker whose last acknowledged beat is older stops its work */
#define GC_GRACE_NS           (15u * GC_S) /* after a restart, how long orphaned items wait for their workers */
#define GC_LEASE_TARGET_NS    (100u * GC_MS) /* work in one lease, by the measured time a task */
#define GC_FLUSH_NS           (200u * GC_MS) /* an executor hands in what it has at least this often */
#define GC_WATCH_NS           (200u * GC_MS) /* a watcher is told at most this often */
#define GC_BACKOFF_NS         (500u * GC_MS) /* first wait of an infra failure; doubles to */
#define GC_BACKOFF_MAX_NS     (30u * GC_S)
#define GC_TIMEOUT_DEFAULT_NS (60u * GC_S)
#define GC_SCAN_TIMEOUT_NS    (3600u * GC_S) /* of a task that reads all results of a stage */
#define GC_RESEND_NS          (3u * GC_S) /* an unanswered request or unacknowledged result is sent again */

_Static_assert(GC_MAX_STAGE_NODES <= 64, "node sets are 64-bit masks");
_Static_assert(GC_FENCE_NS + GC_BEAT_NS <= GC_LEASE_NS, "a worker stops before its lease is given away");
_Static_assert(GC_BLOCK_ITEMS % 64 == 0, "a block is whole words of states");
_Static_assert(GC_CHUNK_ITEMS <= GC_MAX_LEASE_ITEMS, "a result lies inside its lease");
_Static_assert(GC_GRACE_NS > GC_LEASE_NS, "workers that live come back within the grace");
_Static_assert(GC_PAGE_BYTES < GC_MAX_BULK, "a page fits one message");
_Static_assert(GC_MAX_DELTA * 2u < GC_MAX_BULK, "states fit a message");

#endif
