/* records.c - lists of records in one column: { varint length, record }, as many as there are. */
#include "coordinator/store/db.h"
#include "proto/codec.h"

#define RECORD_BYTES \
    (GC_MAX_TEXT + 64u) /* a given or a source_info: one text of that length and a few numbers */

static enum gc_err append(struct gc_buf *out, struct gc_bytes record)
{
    bool ok = gc_buf_put_varint(out, record.len) && gc_buf_append(out, record.ptr, record.len);
    return ok ? GC_OK : GC_ERR_LIMIT;
}

static bool next(struct gc_reader *in, struct gc_bytes *ret)
{
    uint64_t len;
    return gc_reader_varint(in, &len) && gc_reader_bytes(in, len, ret);
}

enum gc_err gc_given_encode(const struct gc_given *given, uint32_t n, struct gc_buf *out)
{
    uint8_t memory[RECORD_BYTES];
    enum gc_err err = GC_OK;
    for (uint32_t i = 0; i < n && err == GC_OK; i++) {
        struct gc_buf one;
        gc_buf_init(&one, memory, sizeof memory);
        err = gc_encode_given(&given[i], &one);
        if (err == GC_OK)
            err = append(out, gc_buf_bytes(&one));
    }
    return err;
}

enum gc_err gc_given_decode(struct gc_bytes in, struct gc_arena *arena, struct gc_given *given,
                            uint32_t *ret_n)
{
    struct gc_reader reader;
    gc_reader_init(&reader, in);
    uint32_t n = 0;
    while (gc_reader_left(&reader) > 0) {
        struct gc_bytes one;
        if (n == GC_MAX_STAGE_NODES || !next(&reader, &one))
            return GC_ERR_CORRUPT;
        enum gc_err err = gc_decode_given(one, arena, &given[n++], NULL);
        if (err != GC_OK)
            return GC_ERR_CORRUPT;
    }
    *ret_n = n;
    return GC_OK;
}

enum gc_err gc_sources_encode(const struct gc_source_info *sources, uint32_t n, struct gc_buf *out)
{
    uint8_t memory[RECORD_BYTES];
    enum gc_err err = GC_OK;
    for (uint32_t i = 0; i < n && err == GC_OK; i++) {
        struct gc_buf one;
        gc_buf_init(&one, memory, sizeof memory);
        err = gc_encode_source_info(&sources[i], &one);
        if (err == GC_OK)
            err = append(out, gc_buf_bytes(&one));
    }
    return err;
}

enum gc_err gc_sources_decode(struct gc_bytes in, struct gc_arena *arena, struct gc_source_info *sources,
                              uint32_t *ret_n)
{
    struct gc_reader reader;
    gc_reader_init(&reader, in);
    uint32_t n = 0;
    while (gc_reader_left(&reader) > 0) {
        struct gc_bytes one;
        if (n == GC_MAX_STAGES || !next(&reader, &one))
            return GC_ERR_CORRUPT;
        enum gc_err err = gc_decode_source_info(one, arena, &sources[n++], NULL);
        if (err != GC_OK)
            return GC_ERR_CORRUPT;
    }
    *ret_n = n;
    return GC_OK;
}
