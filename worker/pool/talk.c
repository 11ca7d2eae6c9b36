#include "worker/pool/talk.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "common/num.h"
#include "common/sys/clock.h"
#include "proto/message.h"
#include "worker/pool/fds.h"

void gc_talk_chunk(struct gc_talk *t, const struct gc_share_chunk *chunk)
{
    struct gc_share_msg msg = {.op = GC_SHARE_CHUNK};
    msg.as.chunk = *chunk;
    if (!gc_fds_send(t->sock, &msg, offsetof(struct gc_share_msg, as) + sizeof msg.as.chunk, NULL, 0, 0))
        _exit(0);
}

static void say(struct gc_talk *t, enum gc_share_op op, uint32_t cause, uint64_t item, uint64_t node,
                uint64_t count, const char *text)
{
    struct gc_share_msg msg = {.op = op, .cause = cause};
    msg.as.said.item = item;
    msg.as.said.node = node;
    msg.as.said.count = count;
    msg.as.said.len = (uint32_t)gc_min_size(strlen(text), GC_SHARE_TEXT);
    memcpy(msg.as.said.text, text, msg.as.said.len);
    /* A short one: the union's largest member is for tasks. */
    if (!gc_fds_send(t->sock, &msg, offsetof(struct gc_share_msg, as) + sizeof msg.as.said, NULL, 0, 0))
        _exit(0);
}

void gc_talk_say(struct gc_talk *t, enum gc_share_op op, uint64_t item, uint64_t count, const char *text)
{
    say(t, op, GC_CAUSE_NONE, item, GC_UNSET, count, text);
}

void gc_talk_fault(struct gc_talk *t, uint64_t item, uint64_t node, uint32_t cause, const char *text)
{
    say(t, GC_SHARE_FAULT, cause, item, node, 0, text);
}

uint64_t gc_talk_blame(struct gc_talk *t, uint64_t item)
{
    uint64_t now = gc_clock_now();
    struct gc_share_blame *b = &t->share->blame;
    atomic_store_explicit(&b->item, item, memory_order_relaxed);
    atomic_store_explicit(&b->node, GC_UNSET, memory_order_relaxed);
    /* Last: whoever sees a time sees what it is the time of. */
    atomic_store_explicit(&b->started_ns, now, memory_order_release);
    return now;
}

void gc_talk_touch(void *talk, uint32_t node)
{
    struct gc_talk *t = talk;
    atomic_store_explicit(&t->share->blame.node, node, memory_order_release);
}

void gc_talk_unblame(struct gc_talk *t)
{
    atomic_store_explicit(&t->share->blame.started_ns, 0, memory_order_release);
}
