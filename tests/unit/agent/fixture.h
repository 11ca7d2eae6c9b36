/* fixture.h - an agent, and every effect of a step as one line of text, so that a test names all of them and none goes unseen. */
#ifndef GC_TESTS_AGENT_FIXTURE_H
#define GC_TESTS_AGENT_FIXTURE_H

#include <check.h>

#include "worker/agent/agent.h"

struct fixture {
    struct gc_agent *agent;
    void *memory;
    uint64_t now;
    uint64_t term; /* of the coordinator that speaks */
    uint64_t session;
    uint64_t said;     /* by the coordinator */
    uint64_t seq;      /* of the agent's last message */
    uint64_t hello;    /* seq of its last HELLO */
    uint32_t held;     /* rows in it */
    uint64_t asked[8]; /* seqs of its last GETs, the newest first */
    uint64_t lost;     /* chunk of the last FREE */
    struct gc_agent_effects fx;
    char text[32768]; /* the effects of the last step */
};

void fixture_open(struct fixture *f,
                  const struct gc_agent_config *config); /* zeroes mean: 2 slots, defaults */
void fixture_close(struct fixture *f);

/* Steps, checks the agent's own invariants, and leaves the effects in f->text. */
void fixture_step(struct fixture *f, struct gc_agent_event *event);
/* Asserts that the last step had exactly these effects. */
#define expect(f, lines) ck_assert_str_eq((f)->text, (lines))

void timer(struct fixture *f, uint64_t later_ns);
void say(struct fixture *f, struct gc_msg *msg); /* header filled with term and session where they are 0 */
void welcome(struct fixture *f, uint32_t n, const uint64_t *verdicts);
/* HELLO, WELCOME, BEAT: in session in term 1. */
void join(struct fixture *f);
void beat_ack(struct fixture *f, uint64_t sent_ns);

struct gc_msg lease_items(uint64_t id, uint64_t first,
                          uint64_t count); /* of run 1, stage 2, the run itself as page: none */
struct gc_msg lease_paged(uint64_t id, uint64_t page, uint64_t page_first, uint64_t first, uint64_t count);
struct gc_msg lease_of(uint64_t id, enum gc_lease_kind kind);
void ack(struct fixture *f, uint64_t lease, uint64_t first, uint64_t count, enum gc_verdict verdict);
void recall(struct fixture *f, uint64_t lease);
void cancel(struct fixture *f, uint64_t lease);
/* Answers the agent's GET number `back` (0: the last one) for what the fixture renders it as. */
void data(struct fixture *f, uint32_t back, enum gc_get_what what, uint64_t stage, uint64_t index);
void thing(struct fixture *f, uint64_t name, enum gc_err err);
/* The program of run 1, stage 2 is asked for, given and usable: thing_1. */
void program(struct fixture *f);

void chunk(struct fixture *f, uint32_t slot, uint64_t slice, uint64_t first, uint64_t count, uint64_t name);
void fault(struct fixture *f, uint32_t slot, uint64_t slice, uint64_t item, enum gc_cause cause);
void stopped(struct fixture *f, uint32_t slot, uint64_t slice);
void pages(struct fixture *f, uint64_t list, uint64_t name, bool last);
void unlisted(struct fixture *f, uint64_t list, enum gc_cause cause);
void drain(struct fixture *f);

/* Name of the n-th thing that the agent ever made, the first being 1: its handle. */
uint64_t thing_name(uint32_t n);

#endif
