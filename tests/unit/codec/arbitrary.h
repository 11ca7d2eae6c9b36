/* Random but valid contents for every message and record, and deep comparison: both made from the tables by macros of their own, so
 * that the codec's reading of the tables is checked against a second one. */
#ifndef GC_TESTS_CODEC_ARBITRARY_H
#define GC_TESTS_CODEC_ARBITRARY_H

#include "common/arena.h"
#include "proto/message.h"

struct arbitrary {
    uint64_t state;         /* of the generator: the same seed makes the same contents */
    struct gc_arena *arena; /* where contents go */
    size_t budget;          /* bytes of strings and elements that may still be made */
};

uint64_t arbitrary_u64(struct arbitrary *a);
/* 0 .. n - 1. */
uint64_t arbitrary_below(struct arbitrary *a, uint64_t n);

/* A whole message that gc_msg_wrong has nothing against; its bulk lies in the arena. */
void arbitrary_msg(struct arbitrary *a, enum gc_msg_type type, struct gc_msg *ret);
bool msg_equal(const struct gc_msg *a, const struct gc_msg *b);

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
#define REC_BEGIN(name, doc)                                         \
    void arbitrary_##name(struct arbitrary *a, struct gc_##name *r); \
    bool equal_##name(const struct gc_##name *a, const struct gc_##name *b);
#define REC_END(name)
#include "proto/records.def"
#undef REC_BEGIN
#undef REC_END
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

/* The types that exist, in order of their numbers. */
#define MSG_TYPES_MAX 64
size_t msg_types(enum gc_msg_type ret[MSG_TYPES_MAX]);

#endif
