/* message.h - the structs of records.def and messages.def, and what surrounds them.
 *
 * A decoded message is valid (every length, count and enum range checked) and bounded. Its pointers lead into the received
 * frames and into the scratch arena given to the decoder: it lives until the next decode. Nobody behind proto/ sees msgpack.
 */
#ifndef GC_PROTO_MESSAGE_H
#define GC_PROTO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/id.h"
#include "common/slice.h"
#include "proto/limits.h"
#include "proto/states.h"

#define GC_UNSET UINT64_MAX /* a number that is not there */

/* A tree of config values. Strings and children live where the tree was made (an arena). */
enum gc_value_kind {
    GC_VALUE_NULL,
    GC_VALUE_BOOL,
    GC_VALUE_INT,
    GC_VALUE_REAL,
    GC_VALUE_STRING,
    GC_VALUE_LIST, /* n values at items */
    GC_VALUE_MAP,  /* n pairs: keys[i] (strings), items[i] */
};

struct gc_value {
    enum gc_value_kind kind;
    uint32_t n;
    union {
        bool flag;
        int64_t integer;
        double real;
        struct gc_bytes string;
        struct gc_value *items;
    } as;
    struct gc_bytes *keys;
};

// NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared takes none
#define U64(owner, field, doc)      uint64_t field;
#define F64(owner, field, doc)      double field;
#define FLAG(owner, field, doc)     bool field;
#define ID(owner, field, doc)       struct gc_id128 field;
#define STR(owner, field, max, doc) struct gc_bytes field;
#define BIN(owner, field, max, doc) struct gc_bytes field;
#define VALUE(owner, field, doc)    struct gc_value field;
#define LIST(owner, field, record, max, doc) \
    uint32_t n_##field;                      \
    struct gc_##record *field;
#define U64S(owner, field, max, doc) \
    uint32_t n_##field;              \
    uint64_t *field;
#define ENUM(owner, field, set, doc) uint64_t field;
#define ENUMS(owner, field, set, max, doc) \
    uint32_t n_##field;                    \
    uint64_t *field;
// NOLINTEND(bugprone-macro-parentheses)
#define REC_BEGIN(name, doc) struct gc_##name {
#define REC_END(name) \
    }                 \
    ;
#include "proto/records.def"
#undef REC_BEGIN
#undef REC_END

/* An empty message still needs a member in C. */
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) \
    struct gc_msg_##name {                                           \
        uint8_t gc_unused;
#define MSG_END(name) \
    }                 \
    ;
#include "proto/messages.def"
#undef MSG_BEGIN
#undef MSG_END
#undef U64
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUM
#undef ENUMS

enum gc_msg_type {
    GC_MSG_NONE = 0,
#define U64(...)
#define F64(...)
#define FLAG(...)
#define ID(...)
#define STR(...)
#define BIN(...)
#define VALUE(...)
#define LIST(...)
#define U64S(...)
#define ENUM(...)
#define ENUMS(...)
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) GC_MSG_##NAME = (number),
#define MSG_END(name)
#include "proto/messages.def"
#undef MSG_BEGIN
#undef MSG_END
};

enum gc_role { GC_ROLE_NONE, GC_ROLE_CLIENT, GC_ROLE_WORKER };
enum gc_action { GC_ACTION_PAUSE = 1, GC_ACTION_RESUME, GC_ACTION_CANCEL };
enum gc_get_what {
    GC_GET_PROGRAM = 1,
    GC_GET_PAGE,
    GC_GET_DELTAS,
    GC_GET_CURSOR,
    GC_GET_CATALOGUE,
    GC_GET_PLAN,
    GC_GET_RESULTS, /* of a stage, by item: scan.h */
};
enum gc_direction {
    GC_DIR_ANY_C = 1,
    GC_DIR_CLIENT_C,
    GC_DIR_WORKER_C,
    GC_DIR_C_ANY,
    GC_DIR_C_CLIENT,
    GC_DIR_C_WORKER,
};

/* The closed sets that ENUM fields take their values from: the first member and the last. CAUSE leaves out GC_CAUSE_NONE, since a
 * failure without a cause is none. */
#define GC_SET_ROLE_FIRST       GC_ROLE_CLIENT
#define GC_SET_ROLE_LAST        GC_ROLE_WORKER
#define GC_SET_ACTION_FIRST     GC_ACTION_PAUSE
#define GC_SET_ACTION_LAST      GC_ACTION_CANCEL
#define GC_SET_GET_FIRST        GC_GET_PROGRAM
#define GC_SET_GET_LAST         GC_GET_RESULTS
#define GC_SET_RUN_STATE_FIRST  0
#define GC_SET_RUN_STATE_LAST   (GC_RUN_STATES - 1)
#define GC_SET_CAUSE_FIRST      GC_CAUSE_MISSING
#define GC_SET_CAUSE_LAST       (GC_CAUSES - 1)
#define GC_SET_VERDICT_FIRST    0
#define GC_SET_VERDICT_LAST     (GC_VERDICTS - 1)
#define GC_SET_STAGE_KIND_FIRST 0
#define GC_SET_STAGE_KIND_LAST  (GC_STAGE_KINDS - 1)
#define GC_SET_LEASE_KIND_FIRST 0
#define GC_SET_LEASE_KIND_LAST  (GC_LEASE_KINDS - 1)
#define GC_SET_SCOPE_FIRST      0
#define GC_SET_SCOPE_LAST       (GC_SCOPES - 1)
#define GC_SET_TYPE_FIRST       0
#define GC_SET_TYPE_LAST        (GC_TYPES - 1)

/* What every frame carries before its body: 40 bytes, little endian, in this order.
 *   magic u16 | version u8 | type u8 | body length u32 | term u64 | session u64 | seq u64 | re u64 */
#define GC_HEADER_BYTES 40u

struct gc_msg {
    enum gc_msg_type type;
    uint64_t term;    /* the coordinator's life it was said in; 0: not known yet */
    uint64_t session; /* the worker's or client's, as WELCOME gave it; 0 before */
    uint64_t seq;     /* the sender's count, from 1 */
    uint64_t re;      /* seq that this answers; 0: none */
    struct gc_bytes bulk;
    union {
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) struct gc_msg_##name name;
#define MSG_END(name)
#include "proto/messages.def"
#undef MSG_BEGIN
#undef MSG_END
    } as;
};
#undef U64
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUM
#undef ENUMS

/* Facts of the table, by type; NULL or 0 for a type that does not exist. Pure. */
const char *gc_msg_name(enum gc_msg_type type);
enum gc_direction gc_msg_direction(enum gc_msg_type type);
bool gc_msg_durable(enum gc_msg_type type);
bool gc_msg_has_bulk(enum gc_msg_type type);

/* What the field table cannot say: ranges that fit, digests of full length, lengths that add up to exactly the bulk, so that who
 * cuts the bulk into its parts need not look again. NULL: nothing is wrong; else a few words about what is. The decoder refuses
 * such a message, the encoder asserts that there is none. Pure. */
const char *gc_msg_wrong(const struct gc_msg *msg);

#endif
