/* The guard against arbitrary bytes. What it lets through must be msgpack for msgpack too, must need exactly the room that it said,
 * and must be one value for our own cursor; what our cursor refuses it must refuse. */
#include <msgpack.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/assert.h"
#include "proto/guard.h"
#include "proto/limits.h"
#include "proto/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unpack(const uint8_t *data, size_t size, size_t objects)
{
    msgpack_zone zone;
    msgpack_object o;
    size_t off = 0;
    bool made = msgpack_zone_init(&zone, (objects + 1) * sizeof(msgpack_object));
    GC_ASSERT(made);
    const void *chunk = zone.chunk_list.head;
    msgpack_unpack_return rc = msgpack_unpack((const char *)data, size, &off, &zone, &o);
    GC_ASSERT(rc == MSGPACK_UNPACK_SUCCESS);
    GC_ASSERT(off == size);
    GC_ASSERT(zone.chunk_list.head == chunk); /* nothing was taken beyond the first chunk */
    msgpack_zone_destroy(&zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gc_bytes rest = {data, size};
    struct gc_bytes value;
    size_t objects = 0;
    enum gc_err err = gc_guard(gc_bytes_of(data, size), GC_MAX_DOCUMENT_OBJECTS, &objects);
    bool whole = gc_value_skip(&rest, &value) == GC_OK && rest.len == 0;
    GC_ASSERT((err == GC_OK) == whole); /* so few bytes hold no more objects than the limit */
    if (err != GC_OK)
        return 0;
    GC_ASSERT(objects < size);
    unpack(data, size, objects);
    size_t same = 0;
    GC_ASSERT(gc_guard(gc_bytes_of(data, size), objects, &same) == GC_OK);
    GC_ASSERT(same == objects);
    if (objects > 0)
        GC_ASSERT(gc_guard(gc_bytes_of(data, size), objects - 1, &same) == GC_ERR_LIMIT);
    return 0;
}
