/* The heap of happenings and the network. */
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "tests/sim/world.h"

static bool before(const struct sim_happening *a, const struct sim_happening *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

struct sim_happening *sim_will(struct sim_world *w, uint64_t at_ns, enum sim_kind kind, uint32_t party,
                               uint64_t life)
{
    struct sim_happening *h = calloc(1, sizeof *h);
    GC_ASSERT(h);
    *h = (struct sim_happening){.at_ns = at_ns < w->now_ns ? w->now_ns : at_ns,
                                .order = w->order++,
                                .kind = kind,
                                .party = party,
                                .life = life};
    if (w->n_heap == w->heap_capacity) {
        w->heap_capacity = w->heap_capacity ? w->heap_capacity * 2 : 256;
        w->heap = realloc(w->heap, w->heap_capacity * sizeof(struct sim_happening *));
        GC_ASSERT(w->heap);
    }
    size_t i = w->n_heap++;
    for (; i > 0 && before(h, w->heap[(i - 1) / 2]); i = (i - 1) / 2)
        w->heap[i] = w->heap[(i - 1) / 2];
    w->heap[i] = h;
    return h;
}

struct sim_happening *sim_next(struct sim_world *w)
{
    if (!w->n_heap)
        return NULL;
    struct sim_happening *top = w->heap[0], *last = w->heap[--w->n_heap];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= w->n_heap)
            break;
        if (child + 1 < w->n_heap && before(w->heap[child + 1], w->heap[child]))
            child++;
        if (!before(w->heap[child], last))
            break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    if (w->n_heap)
        w->heap[i] = last;
    w->now_ns = top->at_ns;
    return top;
}

void sim_forget(struct sim_happening *h)
{
    free(h->bytes);
    free(h);
}

void sim_note(struct sim_world *w, uint64_t what, uint64_t a, uint64_t b)
{
    w->trace = sim_mix(sim_mix(w->trace, what), sim_mix(a, b));
}

void sim_encode(struct sim_world *w, const struct gc_msg *msg, struct sim_saying *ret)
{
    size_t room = GC_HEADER_BYTES + GC_MAX_BODY;
    uint8_t *bytes = malloc(room + msg->bulk.len);
    GC_ASSERT(bytes);
    struct gc_buf out;
    gc_buf_init(&out, bytes, room);
    enum gc_err err = gc_codec_encode(w->codec, msg, &out);
    GC_ASSERT(err == GC_OK);
    ret->frame = gc_buf_bytes(&out).len;
    ret->bulk = msg->bulk.len;
    if (msg->bulk.len)
        memcpy(bytes + ret->frame, msg->bulk.ptr, msg->bulk.len);
    ret->bytes = bytes;
}

static void travel(struct sim_world *w, const struct sim_saying *s, uint32_t to, uint64_t to_life,
                   uint32_t from, uint64_t from_life)
{
    uint64_t delay = sim_rng_between(&w->rng, w->faults.delay_min_ns, w->faults.delay_max_ns);
    struct sim_happening *h = sim_will(w, w->now_ns + delay, SIM_DELIVER, to, to_life);
    h->a = from;
    h->b = from_life;
    h->frame = s->frame;
    h->bulk = s->bulk;
    h->bytes = malloc(s->frame + s->bulk + 1);
    GC_ASSERT(h->bytes);
    memcpy(h->bytes, s->bytes, s->frame + s->bulk);
}

/* Takes the bytes. A message may be lost, may come twice, and is as late as its delay: two on one connection may change places. */
void sim_post(struct sim_world *w, struct sim_saying s, uint32_t from, uint64_t from_life, uint32_t to,
              uint64_t to_life)
{
    bool dropped = !w->healed && sim_rng_chance(&w->rng, w->faults.drop);
    bool twice = !w->healed && sim_rng_chance(&w->rng, w->faults.duplicate);
    w->counters->dropped += dropped;
    w->counters->duplicated += !dropped && twice;
    if (!dropped)
        travel(w, &s, to, to_life, from, from_life);
    if (!dropped && twice)
        travel(w, &s, to, to_life, from, from_life);
    free(s.bytes);
}

bool sim_decode(struct sim_world *w, const struct sim_happening *h, struct gc_msg *ret)
{
    struct gc_fault fault;
    struct gc_bytes bulk = h->bulk ? gc_bytes_of(h->bytes + h->frame, h->bulk) : (struct gc_bytes){0};
    return gc_codec_decode(w->codec, gc_bytes_of(h->bytes, h->frame), bulk, ret, &fault) == GC_OK;
}
