/* talk.h - the executor's voice: short messages to its tender, and the blame slot. */
#ifndef GC_POOL_TALK_H
#define GC_POOL_TALK_H

#include <stdint.h>

#include "worker/pool/share.h"

struct gc_talk {
    int sock;
    struct gc_share *share;
};

/* Ends the process where nobody hears it: there is nothing left to do then. */
void gc_talk_chunk(struct gc_talk *t, const struct gc_share_chunk *chunk);
void gc_talk_say(struct gc_talk *t, enum gc_share_op op, uint64_t item, uint64_t count, const char *text);
void gc_talk_fault(struct gc_talk *t, uint64_t item, uint64_t node, uint32_t cause, const char *text);

/* The item is about to be touched; returns the time. */
uint64_t gc_talk_blame(struct gc_talk *t, uint64_t item);
/* For struct gc_blame: a node is about to be touched. */
void gc_talk_touch(void *talk, uint32_t node);
void gc_talk_unblame(struct gc_talk *t);

#endif
