/* codec_shape.c - the tables of records.def and messages.def, for the walkers. */
#include "proto/codec_shape.h"

#define AT(owner, field)              .name = #field, .at = offsetof(OWNER(owner), field)
#define COUNT_AT(owner, field)        .count_at = offsetof(OWNER(owner), n_##field)
#define ALL                           .first = 0, .last = UINT64_MAX
#define OF_SET(NAME)                  .first = GC_SET_##NAME##_FIRST, .last = GC_SET_##NAME##_LAST, .set = #NAME
#define U64(owner, field, doc)        {AT(owner, field), .kind = CODEC_U64, ALL},
#define ENUM(owner, field, NAME, doc) {AT(owner, field), .kind = CODEC_U64, OF_SET(NAME)},
#define F64(owner, field, doc)        {AT(owner, field), .kind = CODEC_F64},
#define FLAG(owner, field, doc)       {AT(owner, field), .kind = CODEC_FLAG},
#define ID(owner, field, doc)         {AT(owner, field), .kind = CODEC_ID},
#define STR(owner, field, most, doc)  {AT(owner, field), .kind = CODEC_STR, .max = (most)},
#define BIN(owner, field, most, doc)  {AT(owner, field), .kind = CODEC_BIN, .max = (most)},
#define VALUE(owner, field, doc)      {AT(owner, field), .kind = CODEC_VALUE},
#define LIST(owner, field, record, most, doc) \
    {AT(owner, field), COUNT_AT(owner, field), .kind = CODEC_LIST, .max = (most), .of = CODEC_SHAPE_##record},
#define U64S(owner, field, most, doc) \
    {AT(owner, field), COUNT_AT(owner, field), .kind = CODEC_U64S, .max = (most), ALL},
#define ENUMS(owner, field, NAME, most, doc) \
    {AT(owner, field), COUNT_AT(owner, field), .kind = CODEC_U64S, .max = (most), OF_SET(NAME)},

/* C has no empty arrays, and some messages no fields: each table ends with a row that is not counted. */
#define TABLE_END    \
    {                \
        .name = NULL \
    }                \
    }
#define SHAPE(name, type, table)                                                          \
    {                                                                                     \
        name, table, sizeof(table) / sizeof((table)[0]) - 1, sizeof(type), _Alignof(type) \
    }

#define OWNER(owner)         struct gc_##owner
#define REC_BEGIN(name, doc) static const struct codec_field record_##name[] = {
#define REC_END(name)        TABLE_END;
#include "proto/records.def"
#undef OWNER
#undef REC_BEGIN
#undef REC_END

#define OWNER(owner) struct gc_msg_##owner
#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) \
    static const struct codec_field message_##name[] = {
#define MSG_END(name) TABLE_END;
#include "proto/messages.def"
#undef OWNER
#undef MSG_BEGIN
#undef MSG_END
#undef U64
#undef ENUM
#undef F64
#undef FLAG
#undef ID
#undef STR
#undef BIN
#undef VALUE
#undef LIST
#undef U64S
#undef ENUMS

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
#define REC_BEGIN(name, doc) [CODEC_SHAPE_##name] = SHAPE(#name, struct gc_##name, record_##name),
#define REC_END(name)
const struct codec_shape codec_shapes[CODEC_SHAPES] = {
#include "proto/records.def"
};
#undef REC_BEGIN
#undef REC_END

#define MSG_BEGIN(NAME, name, number, direction, durable, bulk, doc) \
    [GC_MSG_##NAME] = SHAPE(#name, struct gc_msg_##name, message_##name),
#define MSG_END(name)
static const struct codec_shape messages[] = {
#include "proto/messages.def"
};
#undef MSG_BEGIN
#undef MSG_END

/* A type without a message has a hole in the array. */
const struct codec_shape *codec_message_shape(uint64_t type)
{
    return type < sizeof messages / sizeof messages[0] && messages[type].name != NULL ? &messages[type]
                                                                                      : NULL;
}
